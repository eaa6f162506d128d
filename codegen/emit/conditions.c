/* SPDX-License-Identifier: Apache-2.0 */
/* conditions.c - what a spec writes as expressions: `where:`, `set:`, `update:`. */
#include <string.h>

#include "codegen/emit/prototypes.h"
#include "codegen/expr/expr.h"
#include "codegen/roots.h"

static const char *enumerator_name(void *arg, const spec_type *type,
                                   const spec_enumerator *enumerator)
{
    emitter *e = arg;

    return weir_arena_printf(&e->arena, "%s",
                             emit_enumerator(e->model, type, enumerator->name).text);
}

static expr_output output_of(emitter *e, int indent)
{
    return (expr_output){.arena = &e->arena,
                         .out = e->out,
                         .indent = indent,
                         .fail = "return weir_fail(firing, ",
                         .enumerator = enumerator_name,
                         .arg = e};
}

/* A word of the text, not a part of a longer one: whether an expression speaks of the parameters.
 */
bool emit_reads_params(const spec_expression *expression)
{
    return expression->text != NULL && strstr(expression->text, "params.") != NULL;
}

static void emit_place(emitter *e, weir_place where, int indent)
{
    emit_comment(e->out, indent, NULL, where);
}

void emit_condition(emitter *e, const spec_expression *condition, int indent)
{
    if (condition->text == NULL)
        return;
    expr_output output = output_of(e, indent);
    emit_place(e, condition->where, indent);
    const char *value = expr_emit(&output, condition->tree);
    if (value == NULL) {
        e->out->failed = true;
        return;
    }
    EMIT(e, indent, "if (!(%s))", value);
    EMIT(e, indent + 4, "return WEIR_SKIP;");
}

static void emit_assignments(emitter *e, const spec_assignments *assignments, const char *members,
                             expr_output *output)
{
    for (size_t i = 0; i < assignments->count; i++) {
        const spec_assignment *assignment = &assignments->items[i];
        if (!expr_emit_assign(output, assignment->value.tree, assignment->target, members))
            e->out->failed = true;
    }
}

static bool assignments_read_params(const spec_assignments *assignments)
{
    for (size_t i = 0; i < assignments->count; i++)
        if (emit_reads_params(&assignments->items[i].value))
            return true;
    return false;
}

/* Declares what roots.c says that an expression may name, and keeps the compiler quiet about what
 * this one does not. */
static void emit_common(emitter *e, bool params)
{
    if (params)
        EMIT(e, 4, "const %s_params *params = firing->params;", e->module.text);
}

/* --- Accumulators --------------------------------------------------------------------------------
 */

static void emit_filter(emitter *e, const spec_accumulator *accumulator)
{
    c_name name = emit_room_name(e, accumulator->name);

    EMIT(e, 0, "static weir_status %s_where(weir_firing *firing, const void *value)", name.text);
    EMIT(e, 0, "{");
    EMIT(e, 4, "const %s *event = value;", emit_type(e->model, accumulator->type).text);
    emit_common(e, emit_reads_params(&accumulator->filter));
    emit_blank(e->out);
    EMIT(e, 4, "(void)firing;");
    EMIT(e, 4, "(void)event;");
    emit_condition(e, &accumulator->filter, 4);
    EMIT(e, 4, "return WEIR_OK;");
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* A stream's function: the state, then its condition, then what it gives. */
static void emit_stream(emitter *e, const spec_accumulator *accumulator)
{
    c_name name = emit_room_name(e, accumulator->name);
    bool params = assignments_read_params(&accumulator->update) ||
                  assignments_read_params(&accumulator->set) ||
                  emit_reads_params(&accumulator->filter);

    EMIT(e, 0,
         "static weir_status %s_update(weir_firing *firing, const void *value, void *cell, "
         "void *result)",
         name.text);
    EMIT(e, 0, "{");
    EMIT(e, 4, "const %s *event = value;", emit_type(e->model, accumulator->type).text);
    if (accumulator->state.count != 0)
        EMIT(e, 4, "%s_state *state = cell;", name.text);
    EMIT(e, 4, "%s *out = result;", emit_type(e->model, accumulator->boundary).text);
    emit_common(e, params && !accumulator->calls);
    emit_blank(e->out);
    if (accumulator->state.count == 0)
        EMIT(e, 4, "(void)cell;");
    if (accumulator->calls) {
        EMIT(e, 4, "return %s(firing, event, %sout);", name.text,
             accumulator->state.count != 0 ? "state, " : "");
    } else {
        expr_output output = output_of(e, 4);
        EMIT(e, 4, "(void)firing;");
        EMIT(e, 4, "(void)event;");
        emit_assignments(e, &accumulator->update, "state->", &output);
        emit_condition(e, &accumulator->filter, 4);
        emit_assignments(e, &accumulator->set, "out->", &output);
        EMIT(e, 4, "return WEIR_OK;");
    }
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

static void emit_poll(emitter *e, const spec_accumulator *accumulator)
{
    EMIT(e, 0, "static weir_status %s_poll(weir_firing *firing, void *result)",
         emit_room_name(e, accumulator->name).text);
    EMIT(e, 0, "{");
    EMIT(e, 4, "return %s(firing, result);", emit_poll_name(e, accumulator).text);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

void emit_expressions_of_accumulators(emitter *e)
{
    for (size_t i = 0; i < e->model->accumulator_count; i++) {
        const spec_accumulator *accumulator = e->model->accumulators[i];
        bool stream = accumulator->form == SPEC_STREAM;
        if (accumulator->filter.text != NULL && (!stream || accumulator->calls))
            emit_filter(e, accumulator);
        if (stream)
            emit_stream(e, accumulator);
        if (accumulator->form == SPEC_POLLING)
            emit_poll(e, accumulator);
    }
}

/* --- Nodes ---------------------------------------------------------------------------------------
 */

static void emit_set_node(emitter *e, const spec_node *node)
{
    expr_output output = output_of(e, 4);

    emit_node_comment(e, node, 0);
    emit_node_prototype(e, node, "static inline ", "");
    EMIT(e, 0, "{");
    bool params = assignments_read_params(&node->set);
    emit_common(e, params);
    if (params)
        emit_blank(e->out);
    EMIT(e, 4, "(void)firing;");
    for (size_t i = 0; i < node->in_count; i++) {
        if (node->in[i].type == NULL)
            continue;
        EMIT(e, 4, "(void)%s;", spec_operand_name(&node->in[i], &e->arena));
        if (node->in[i].window)
            EMIT(e, 4, "(void)%s_count;", spec_operand_name(&node->in[i], &e->arena));
    }
    if (node->copy_from != NULL)
        EMIT(e, 4, "*out = *%s;", spec_operand_name(node->copy_from, &e->arena));
    emit_assignments(e, &node->set, "out->", &output);
    EMIT(e, 4, "return WEIR_OK;");
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* The condition of a node is a function of the same inputs. */
static void emit_node_filter(emitter *e, const spec_node *node)
{
    weir_buffer line = {0};

    weir_buffer_printf(&line, "static inline weir_status %s_where(weir_firing *firing",
                       emit_node_name(e, node).text);
    for (size_t i = 0; i < node->in_count; i++) {
        if (node->in[i].type == NULL)
            continue;
        weir_buffer_text(&line, ", ");
        emit_parameter(e, &line, spec_operand_name(&node->in[i], &e->arena), node->in[i].type,
                       node->in[i].window);
    }
    weir_buffer_text(&line, ")");
    if (line.failed) {
        e->out->failed = true;
        weir_buffer_free(&line);
        return;
    }
    EMIT(e, 0, "%s", line.data);
    weir_buffer_free(&line);
    EMIT(e, 0, "{");
    emit_common(e, emit_reads_params(&node->filter));
    if (emit_reads_params(&node->filter))
        emit_blank(e->out);
    EMIT(e, 4, "(void)firing;");
    for (size_t i = 0; i < node->in_count; i++) {
        if (node->in[i].type == NULL)
            continue;
        EMIT(e, 4, "(void)%s;", spec_operand_name(&node->in[i], &e->arena));
        if (node->in[i].window)
            EMIT(e, 4, "(void)%s_count;", spec_operand_name(&node->in[i], &e->arena));
    }
    emit_condition(e, &node->filter, 4);
    EMIT(e, 4, "return WEIR_OK;");
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

void emit_expression_nodes(emitter *e, const spec_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        if (graph->nodes[i].filter.text != NULL)
            emit_node_filter(e, &graph->nodes[i]);
        if (graph->nodes[i].form == SPEC_NODE_SET)
            emit_set_node(e, &graph->nodes[i]);
    }
}
