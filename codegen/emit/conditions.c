/* SPDX-License-Identifier: Apache-2.0 */
/* conditions.c - what a spec writes as expressions: `where:`, `set:`, `update:`. */
#include <string.h>

#include "codegen/emit/body.h"
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

static const char *type_name(void *arg, const spec_type *type)
{
    emitter *e = arg;

    return weir_arena_printf(&e->arena, "%s", emit_type(e->model, type).text);
}

expr_output emit_output(emitter *e, int indent)
{
    return (expr_output){.arena = &e->arena,
                         .out = e->out,
                         .indent = indent,
                         .fail = "return weir_fail(firing, ",
                         .enumerator = enumerator_name,
                         .type_name = type_name,
                         .arg = e};
}

void emit_condition(emitter *e, const spec_expression *condition, expr_output *output)
{
    if (condition->text == NULL)
        return;
    emit_comment(e->out, output->indent, NULL, condition->where);
    const char *value = expr_emit(output, condition->tree);
    if (value == NULL) {
        e->out->failed = true;
        return;
    }
    EMIT(e, output->indent, "if (!(%s))", value);
    EMIT(e, output->indent + 4, "return WEIR_SKIP;");
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

/* --- Accumulators --- */

static void emit_filter(emitter *e, const spec_accumulator *accumulator)
{
    function_body body;

    body_begin(&body, e);
    expr_output output = emit_output(e, 4);
    emit_condition(e, &accumulator->filter, &output);
    EMIT(e, 4, "return WEIR_OK;");
    body_end(&body);
    EMIT(e, 0, "static weir_status %s_where(weir_firing *firing, const void *value)",
         emit_room_name(e, accumulator->name).text);
    EMIT(e, 0, "{");
    bool event = body_names(&body, "event");
    if (event)
        EMIT(e, 4, "const %s *event = value;", emit_type(e->model, accumulator->type).text);
    body_declared(&body, event);
    if (!event)
        EMIT(e, 4, "(void)value;");
    body_put(&body);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

static void emit_stream_body(emitter *e, const spec_accumulator *accumulator)
{
    expr_output output = emit_output(e, 4);

    if (accumulator->calls) {
        EMIT(e, 4, "return %s(firing, event, %sout);", emit_room_name(e, accumulator->name).text,
             accumulator->state.count != 0 ? "state, " : "");
        return;
    }
    emit_assignments(e, &accumulator->update, "state->", &output);
    emit_condition(e, &accumulator->filter, &output);
    emit_assignments(e, &accumulator->set, "out->", &output);
    EMIT(e, 4, "return WEIR_OK;");
}

/* `const market_quote *event = value;` where the body reads it. */
static bool emit_view(const function_body *body, const char *type, const char *name,
                      const char *from)
{
    bool read = body_names(body, name);

    if (read)
        EMIT(body->e, 4, "%s *%s = %s;", type, name, from);
    return read;
}

/* A stream's function: the state, then its condition, then what it gives. */
static void emit_stream(emitter *e, const spec_accumulator *accumulator)
{
    c_name name = emit_room_name(e, accumulator->name);
    c_name event_type = emit_type(e->model, accumulator->type);
    function_body body;

    body_begin(&body, e);
    emit_stream_body(e, accumulator);
    body_end(&body);
    EMIT(e, 0,
         "static weir_status %s_update(weir_firing *firing, const void *value, void *cell, "
         "void *result)",
         name.text);
    EMIT(e, 0, "{");
    const char *const_event = weir_arena_printf(&e->arena, "const %s", event_type.text);
    const char *state_type = weir_arena_printf(&e->arena, "%s_state", name.text);
    bool event = emit_view(&body, const_event, "event", "value");
    bool state = emit_view(&body, state_type, "state", "cell");
    bool out = emit_view(&body, emit_type(e->model, accumulator->boundary).text, "out", "result");
    body_declared(&body, event || state || out);
    if (!event)
        EMIT(e, 4, "(void)value;");
    if (!state)
        EMIT(e, 4, "(void)cell;");
    if (!out)
        EMIT(e, 4, "(void)result;");
    body_put(&body);
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

/* --- Nodes --- */

/* A function of a node's inputs: what its body does not read is told. */
static void put_node_function(function_body *body, const spec_node *node, const char *out)
{
    emitter *e = body->e;

    EMIT(e, 0, "{");
    body_declared(body, false);
    for (size_t i = 0; i < node->in_count; i++) {
        const char *name = spec_operand_name(&node->in[i], &e->arena);
        if (node->in[i].type == NULL || name == NULL)
            continue;
        body_unused(body, name);
        if (node->in[i].window)
            body_unused(body, weir_arena_printf(&e->arena, "%s_count", name));
    }
    if (out != NULL)
        body_unused(body, out);
    body_put(body);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

static void emit_set_node(emitter *e, const spec_node *node)
{
    expr_output output;
    function_body body;

    body_begin(&body, e);
    output = emit_output(e, 4);
    if (node->copy_from != NULL)
        EMIT(e, 4, "*out = *%s;", spec_operand_name(node->copy_from, &e->arena));
    emit_assignments(e, &node->set, "out->", &output);
    EMIT(e, 4, "return WEIR_OK;");
    body_end(&body);
    emit_node_comment(e, node, 0);
    emit_node_prototype(e, node, "static inline ", "");
    put_node_function(&body, node, "out");
}

/* The condition of a node is a function of the same inputs. */
static void emit_node_filter(emitter *e, const spec_node *node)
{
    weir_buffer line = {0};
    function_body body;

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
    body_begin(&body, e);
    expr_output output = emit_output(e, 4);
    emit_condition(e, &node->filter, &output);
    EMIT(e, 4, "return WEIR_OK;");
    body_end(&body);
    if (line.failed)
        e->out->failed = true;
    else
        EMIT(e, 0, "%s", line.data);
    weir_buffer_free(&line);
    put_node_function(&body, node, NULL);
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
