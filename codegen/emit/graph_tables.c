/* SPDX-License-Identifier: Apache-2.0 */
/* graph_tables.c - what the runtime knows of a graph: nodes, edges, outlets, results, its call. */
#include <string.h>

#include "codegen/emit/graph_plan.h"
#include "codegen/emit/prototypes.h"

static void put_index(emitter *e, const char *member, size_t index)
{
    if (index == SIZE_MAX)
        EMIT(e, 8, ".%s = WEIR_NONE,", member);
    else
        EMIT(e, 8, ".%s = %zu,", member, index);
}

static void emit_node_table(emitter *e, const graph_plan *plan, const spec_graph *graph)
{
    EMIT(e, 0, "static const weir_module_node %s_node_table[] = {", emit_graph_name(e, graph).text);
    for (size_t i = 0; i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        EMIT(e, 4, "{");
        EMIT(e, 8, ".name = \"%s\",", node->name);
        emit_doc(e, node->doc);
        put_index(e, "counter", plan->nodes[i].counter);
        put_index(e, "after", plan->nodes[i].after);
        EMIT(e, 8, ".place = {%s_spec, %u, %u},", e->module.text, node->where.line,
             node->where.column);
        EMIT(e, 4, "},");
    }
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static size_t emit_edges(emitter *e, const graph_plan *plan, const spec_graph *graph)
{
    size_t edges = 0;

    EMIT(e, 0, "static const weir_module_edge %s_edge_table[] = {", emit_graph_name(e, graph).text);
    for (size_t n = 0; n < graph->node_count; n++)
        for (size_t i = 0; i < graph->nodes[n].in_count; i++, edges++) {
            const spec_operand *operand = &graph->nodes[n].in[i];
            bool inner = operand->node != NULL;
            bool route = operand->kind == SPEC_FROM_ROUTE;
            EMIT(e, 4, "{");
            if (route)
                EMIT(e, 8, ".label = \"%s\",", operand->route);
            put_index(e, "from_input", inner ? SIZE_MAX : emit_input_index(graph, operand));
            put_index(e, "from_node", inner ? operand->node->index : SIZE_MAX);
            put_index(e, "to_node", n);
            put_index(e, "counter",
                      route ? plan->nodes[operand->node->index].first_route + operand->route_index
                            : SIZE_MAX);
            if (operand->optional)
                EMIT(e, 8, ".optional = true,");
            EMIT(e, 4, "},");
        }
    EMIT(e, 0, "};");
    emit_blank(e->out);
    return edges;
}

static void emit_outlet(emitter *e, const spec_node *node, const spec_target *target)
{
    EMIT(e, 4, "{");
    EMIT(e, 8, ".node = %zu,", node->index);
    put_index(e, "sink", target != NULL && target->sink != NULL ? target->sink->index : SIZE_MAX);
    put_index(e, "accumulator",
              target != NULL && target->accumulator != NULL ? target->accumulator->index
                                                            : SIZE_MAX);
    EMIT(e, 8, ".type = &%s_type,", emit_type(e->model, node->out).text);
    EMIT(e, 4, "},");
}

static void emit_outlets(emitter *e, const graph_plan *plan, const spec_graph *graph)
{
    c_name name = emit_graph_name(e, graph);

    if (plan->outlet_count == 0)
        return;
    EMIT(e, 0, "static const weir_module_outlet %s_outlet_table[] = {", name.text);
    for (size_t n = 0; n < graph->node_count; n++) {
        const spec_node *node = &graph->nodes[n];
        for (size_t i = 0; i < plan->nodes[n].outlets; i++)
            emit_outlet(e, node, node->to_count != 0 ? &node->to[i] : NULL);
    }
    EMIT(e, 0, "};");
    emit_blank(e->out);
    EMIT(e, 0, "static const weir_module_member %s_output_table[] = {", name.text);
    for (size_t n = 0; n < graph->node_count; n++) {
        const spec_node *node = &graph->nodes[n];
        if (emit_gives_result(node))
            EMIT(e, 4, "{\"%s\", &%s_type, offsetof(%s_out, %s), offsetof(%s_out, has_%s)},",
                 node->name, emit_type(e->model, node->out).text, name.text,
                 emit_member(node->name).text, name.text, node->name);
    }
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

/* A list and a string are pointers already. */
static void emit_arg(emitter *e, const graph_input *input, const spec_field *arg)
{
    const spec_shape *shape = &arg->shape;
    const char *address = shape->list || shape->type->kind == SPEC_STRING ? "" : "&";
    c_name member = emit_member(arg->name);

    if (shape->optional)
        EMIT(e, 4, "in.%s = given->has_%s ? %sgiven->%s : NULL;", input->name, arg->name, address,
             member.text);
    else
        EMIT(e, 4, "in.%s = %sgiven->%s;", input->name, address, member.text);
    if (shape->list && shape->min != shape->max)
        EMIT(e, 4, "in.%s_count = given->%s_count;", input->name, arg->name);
    else if (shape->list)
        EMIT(e, 4, "in.%s_count = %u;", input->name, shape->max);
}

/* The call of a graph that has arguments, from a value of its args type. */
static void emit_args_call(emitter *e, const spec_graph *graph)
{
    c_name name = emit_graph_name(e, graph);
    graph_input inputs[EMIT_INPUTS];
    size_t count = emit_graph_inputs(e, graph, inputs, EMIT_INPUTS);

    EMIT(e, 0,
         "static weir_status %s_call_args(const void *args, int64_t now, const void *params, "
         "void *state, void *out, weir_error **error)",
         name.text);
    EMIT(e, 0, "{");
    EMIT(e, 4, "const %s *given = args;", emit_args_name(e, graph).text);
    EMIT(e, 4, "%s_in in = {.now_ = now};", name.text);
    emit_blank(e->out);
    if (e->params != NULL)
        EMIT(e, 4, "in.params_ = params;");
    else
        EMIT(e, 4, "(void)params;");
    for (size_t i = 0; i < count; i++)
        emit_arg(e, &inputs[i], &graph->args.items[inputs[i].index]);
    EMIT(e, 4, "return %s_call(&in, state, out, error);", name.text);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

static void emit_entry(emitter *e, const graph_plan *plan, const spec_graph *graph, size_t edges)
{
    c_name name = emit_graph_name(e, graph);

    EMIT(e, 4, "{");
    EMIT(e, 8, ".name = \"%s\",", graph->name);
    emit_doc(e, graph->doc);
    put_index(e, "reactor", graph->reactor != NULL ? graph->reactor->index : SIZE_MAX);
    EMIT(e, 8, ".run = %s_run,", name.text);
    if (emit_graph_has_state(graph)) {
        EMIT(e, 8, ".state_size = sizeof(%s_state),", name.text);
        if (graph->reactor != NULL)
            EMIT(e, 8, ".state_offset = offsetof(%s_states, %s),",
                 emit_room_name(e, graph->reactor->name).text, emit_member(graph->name).text);
    }
    EMIT(e, 8, ".nodes = %s_node_table, .node_count = %zu,", name.text, graph->node_count);
    EMIT(e, 8, ".edges = %s_edge_table, .edge_count = %zu,", name.text, edges);
    if (plan->outlet_count != 0) {
        EMIT(e, 8, ".outlets = %s_outlet_table, .outlet_count = %zu,", name.text,
             plan->outlet_count);
        EMIT(e, 8, ".outputs = %s_output_table, .output_count = %zu,", name.text,
             plan->result_count);
        EMIT(e, 8, ".out_size = sizeof(%s_out),", name.text);
    }
    EMIT(e, 8, ".count_size = %zu,", plan->count_size);
    if (graph->args.count != 0)
        EMIT(e, 8, ".call = %s_call_args, .args = &%s_type,", name.text,
             emit_args_name(e, graph).text);
    if (graph->dead_letters.text != NULL)
        EMIT(e, 8, ".dead_letters = \"%s\",", graph->dead_letters.text);
    if (graph->settings.count != 0)
        EMIT(e, 8, ".settings = {%s_graph_%s_settings, %zu},", e->module.text, graph->name,
             graph->settings.count);
    EMIT(e, 8, ".place = {%s_spec, %u, %u},", e->module.text, graph->where.line,
         graph->where.column);
    EMIT(e, 4, "},");
}

void emit_graph_tables(emitter *e)
{
    const spec *model = e->model;
    graph_plan *plans = weir_arena_alloc(&e->arena, (model->graph_count + 1) * sizeof *plans);
    size_t *edges = weir_arena_alloc(&e->arena, (model->graph_count + 1) * sizeof *edges);

    if (plans == NULL || edges == NULL) {
        e->out->failed = true;
        return;
    }
    for (size_t i = 0; i < model->graph_count; i++) {
        const spec_graph *graph = &model->graphs[i];
        if (!graph_plan_make(graph, &e->arena, &plans[i])) {
            e->out->failed = true;
            return;
        }
        emit_node_table(e, &plans[i], graph);
        edges[i] = emit_edges(e, &plans[i], graph);
        emit_outlets(e, &plans[i], graph);
        if (graph->args.count != 0)
            emit_args_call(e, graph);
        emit_settings(e, "graph", graph->name, &graph->settings);
    }
    if (model->graph_count == 0)
        return;
    EMIT(e, 0, "static const weir_module_graph %s_graphs[] = {", e->module.text);
    for (size_t i = 0; i < model->graph_count; i++)
        emit_entry(e, &plans[i], &model->graphs[i], edges[i]);
    EMIT(e, 0, "};");
    emit_blank(e->out);
}
