/* SPDX-License-Identifier: Apache-2.0 */
/* prototypes.h - what the header declares and the source defines. */
#ifndef WEIR_CODEGEN_EMIT_PROTOTYPES_H
#define WEIR_CODEGEN_EMIT_PROTOTYPES_H

#include "codegen/emit/module.h"

enum { EMIT_INPUTS = 64 }; /* of a graph, at the most, as check has it */

void emit_prototypes(emitter *e);
void emit_node_comment(emitter *e, const spec_node *node, int indent);
void emit_call_prototype(emitter *e, const spec_graph *graph, const char *end);
void emit_accumulator_prototype(emitter *e, const spec_accumulator *accumulator, const char *end);
/* False: another accumulator before this one polls the same C function. */
bool emit_first_call(const spec *model, const spec_accumulator *accumulator);
c_name emit_poll_name(const emitter *e, const spec_accumulator *accumulator);
void emit_decode_prototype(emitter *e, const spec_source *source, const char *end);
bool emit_is_raw(const spec_source *source);

/* `static const weir_setting MODULE_ROOM_OWNER_settings[]`, where there are any. */
void emit_settings(emitter *e, const char *room, const char *owner, const spec_settings *settings);
/* `.doc = "...",`, where there is one; cut, where C could not hold it. */
void emit_doc(emitter *e, const char *doc);
void emit_graph_tables(emitter *e);
/* `.MEMBER = "text",`, where there is one; `.place = {..},`. */
void emit_text(emitter *e, const char *member, const char *text);
void emit_place(emitter *e, weir_place where);

/* Task functions: their prototypes, or bodies to begin with; and the tables of workflows. */
void emit_task_functions(emitter *e, bool bodies);
void emit_workflows(emitter *e);

/* A node whose result leaves the graph: it is sent, or a call gives it. */
bool emit_gives_result(const spec_node *node);
bool emit_has_results(const spec_graph *graph);

#endif
