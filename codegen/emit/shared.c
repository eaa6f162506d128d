/* SPDX-License-Identifier: Apache-2.0 */
/* shared.c - names, inputs and prototypes that several emitters write. */
#include <stdio.h>
#include <string.h>

#include "codegen/emit/prototypes.h"
#include "codegen/roots.h"

static c_name joined(const char *first, const char *second)
{
    c_name name;

    snprintf(name.text, sizeof name.text, "%.150s_%.100s", first, second);
    return name;
}

c_name emit_room_name(const emitter *e, const char *room)
{
    return joined(e->module.text, room);
}

c_name emit_graph_name(const emitter *e, const spec_graph *graph)
{
    return joined(e->module.text, graph->name);
}

c_name emit_args_name(const emitter *e, const spec_graph *graph)
{
    return joined(e->module.text, emit_snake(joined(graph->name, "args").text).text);
}

c_name emit_node_name(const emitter *e, const spec_node *node)
{
    return joined(emit_graph_name(e, node->graph).text, node->name);
}

c_name emit_route_name(const emitter *e, const spec_node *node, const spec_route *route)
{
    return emit_upper(joined(emit_node_name(e, node).text, route->name).text);
}

bool emit_graph_has_state(const spec_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i].state.count != 0)
            return true;
    return false;
}

bool emit_reactor_has_state(const spec_reactor *reactor)
{
    for (size_t i = 0; i < reactor->graph_count; i++)
        if (emit_graph_has_state(reactor->graphs[i]))
            return true;
    return false;
}

/* --- Inputs --- */

static size_t index_in_reactor(const spec_reactor *reactor, const spec_accumulator *accumulator)
{
    for (size_t i = 0; i < reactor->input_count; i++)
        if (reactor->inputs[i].accumulator == accumulator)
            return i;
    return 0;
}

size_t emit_input_index(const spec_graph *graph, const spec_operand *operand)
{
    if (operand->kind == SPEC_FROM_ARG)
        return (size_t)(operand->arg - graph->args.items);
    return graph->reactor != NULL ? index_in_reactor(graph->reactor, operand->accumulator) : 0;
}

static graph_input input_of(const emitter *e, const spec_graph *graph, const spec_operand *operand)
{
    bool arg = operand->kind == SPEC_FROM_ARG;
    weir_arena *arena = (weir_arena *)(uintptr_t)&e->arena;

    return (graph_input){
        .name = weir_arena_printf(arena, "%s", emit_variable(operand->name).text),
        .type = operand->type,
        .window = operand->window,
        .optional = arg && (operand->arg->shape.optional || operand->window),
        .accumulator = operand->accumulator,
        .index = emit_input_index(graph, operand),
    };
}

size_t emit_graph_inputs(const emitter *e, const spec_graph *graph, graph_input *inputs,
                         size_t room)
{
    bool seen[EMIT_INPUTS] = {false}, needed[EMIT_INPUTS] = {false};
    size_t count = 0;

    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t i = 0; i < graph->nodes[n].in_count; i++) {
            const spec_operand *operand = &graph->nodes[n].in[i];
            if (operand->kind == SPEC_FROM_NODE || operand->kind == SPEC_FROM_ROUTE)
                continue;
            size_t index = emit_input_index(graph, operand);
            needed[index] |= !operand->optional;
            if (!seen[index] && count < room)
                inputs[count++] = input_of(e, graph, operand);
            seen[index] = true;
        }
    for (size_t i = 0; i < count; i++)
        inputs[i].optional |= !needed[inputs[i].index];
    return count;
}

/* --- Prototypes --- */

void emit_parameter(const emitter *e, weir_buffer *out, const char *name, const spec_type *type,
                    bool window)
{
    weir_buffer_printf(out, "const %s *%s", emit_type(e->model, type).text, name);
    if (window)
        weir_buffer_printf(out, ", size_t %s_count", name);
}

void emit_node_prototype(const emitter *e, const spec_node *node, const char *storage,
                         const char *end)
{
    weir_arena *arena = (weir_arena *)(uintptr_t)&e->arena;
    c_name name = emit_node_name(e, node);
    weir_buffer line = {0};

    weir_buffer_printf(&line, "%sweir_status %s(weir_firing *firing", storage, name.text);
    for (size_t i = 0; i < node->in_count; i++) {
        const spec_operand *operand = &node->in[i];
        if (operand->type == NULL) /* a route without payload orders, and gives nothing */
            continue;
        weir_buffer_text(&line, ", ");
        emit_parameter(e, &line, spec_operand_name(operand, arena), operand->type, operand->window);
    }
    if (node->state.count != 0)
        weir_buffer_printf(&line, ", %s_state *state", name.text);
    if (node->route_count != 0)
        weir_buffer_printf(&line, ", %s_out *out)%s", name.text, end);
    else
        weir_buffer_printf(&line, ", %s *out)%s", emit_type(e->model, node->out).text, end);
    if (line.failed)
        e->out->failed = true;
    else
        emit_line(e->out, 0, "%s", line.data);
    weir_buffer_free(&line);
}
