/* SPDX-License-Identifier: Apache-2.0 */
/* module.h - a checked spec as C: MODULE.weir.h and MODULE.weir.c, and bodies to begin with. */
#ifndef WEIR_CODEGEN_EMIT_MODULE_H
#define WEIR_CODEGEN_EMIT_MODULE_H

#include "codegen/emit/names.h"
#include "codegen/expr/expr.h"
#include "codegen/model.h"
#include "core/buffer.h"

/* What all emitters of one module share. */
typedef struct emitter {
    const spec *model;
    const spec_type *params; /* NULL: none */
    weir_arena arena;
    weir_buffer *out;
    c_name module; /* its name as a C prefix: market */
    c_name upper;  /* MARKET */
} emitter;

/* The three files. A buffer that failed says so itself; `header` is the name that the source
 * includes. False: out of memory. */
bool emit_header(const spec *model, weir_buffer *out);
bool emit_source(const spec *model, const char *header, weir_buffer *out);
bool emit_scaffold(const spec *model, const char *header, weir_buffer *out);

/* The module's name; "types" of a spec of types only. */
const char *emit_module_name(const spec *model);

/* --- Between the files of the emitter --- */

#define EMIT(e, indent, ...) emit_line((e)->out, indent, __VA_ARGS__)

/* market_quote_maker, market_quote_maker_decide */
c_name emit_graph_name(const emitter *e, const spec_graph *graph);
c_name emit_args_name(const emitter *e, const spec_graph *graph); /* market_quote_maker_args */
c_name emit_node_name(const emitter *e, const spec_node *node);
/* MARKET_QUOTE_MAKER_DECIDE_TRADE */
c_name emit_route_name(const emitter *e, const spec_node *node, const spec_route *route);
c_name emit_room_name(const emitter *e, const char *room); /* market_orderbook */

/* The inputs of a graph: the accumulators (or args) that its nodes read, each once. */
typedef struct graph_input {
    const char *name; /* in C */
    const spec_type *type;
    bool window;
    bool optional;                       /* nobody needs it */
    const spec_accumulator *accumulator; /* NULL: an argument */
    size_t index;                        /* in the reactor's inputs, or in the args */
} graph_input;

/* Where the reactor's inputs, or the arguments, hold what an operand reads. */
size_t emit_input_index(const spec_graph *graph, const spec_operand *operand);

size_t emit_graph_inputs(const emitter *e, const spec_graph *graph, graph_input *inputs,
                         size_t room);

/* `const market_quote *orderbook`; a window `const market_trade *trades, size_t trades_count`. */
void emit_parameter(const emitter *e, weir_buffer *out, const char *name, const spec_type *type,
                    bool window);

/* The prototype of a node function, ended by `end`. */
void emit_node_prototype(const emitter *e, const spec_node *node, const char *storage,
                         const char *end);

bool emit_graph_has_state(const spec_graph *graph);
bool emit_reactor_has_state(const spec_reactor *reactor);

void emit_expressions_of_accumulators(emitter *e);
void emit_expression_nodes(emitter *e, const spec_graph *graph);
/* Where the expressions of one C function go; it counts the temporaries that they need. */
expr_output emit_output(emitter *e, int indent);
/* The statements of a condition, and `return` of WEIR_SKIP where it is false. */
void emit_condition(emitter *e, const spec_expression *condition, expr_output *output);

void emit_graph_body(emitter *e, const spec_graph *graph);
void emit_graph_call(emitter *e, const spec_graph *graph);
void emit_reactor(emitter *e, const spec_reactor *reactor);
void emit_tables(emitter *e);

#endif
