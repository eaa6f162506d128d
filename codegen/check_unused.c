/* SPDX-License-Identifier: Apache-2.0 */
/* check_unused.c - what nobody reads or writes is an error: most often a name that was misspelt. */
#include <string.h>

#include "codegen/check.h"

static void check_accumulators_used(checker *check)
{
    const spec *model = check->model;
    size_t count;
    bool *read = front_array(check->front, model->accumulator_count, sizeof(bool), &count);

    for (size_t i = 0; read != NULL && i < model->reactor_count; i++)
        for (size_t j = 0; j < model->reactors[i]->input_count; j++)
            read[model->reactors[i]->inputs[j].accumulator->index] = true;
    for (size_t i = 0; i < count; i++)
        if (!read[i])
            diagnostics_error(check->log, model->accumulators[i]->where,
                              "nobody reads the accumulator '%s'", model->accumulators[i]->name);
}

static void check_rooms_used(checker *check)
{
    const spec *model = check->model;

    for (size_t i = 0; i < model->source_count; i++)
        if (!check->source_read[i])
            diagnostics_error(check->log, model->sources[i].where, "nobody reads the source '%s'",
                              model->sources[i].name);
    for (size_t i = 0; i < model->reactor_count; i++)
        if (model->reactors[i]->graph_count == 0)
            diagnostics_error(check->log, model->reactors[i]->where,
                              "the reactor '%s' fires no graph: none has `trigger: %s`",
                              model->reactors[i]->name, model->reactors[i]->name);
    for (size_t i = 0; i < model->sink_count; i++)
        if (!check->sink_written[i] && model->sinks[i].type != NULL)
            diagnostics_error(check->log, model->sinks[i].where, "nobody writes to the sink '%s'",
                              model->sinks[i].name);
}

/* --- Inside a graph --- */

static bool route_is_read(const spec_graph *graph, const spec_node *node, size_t route)
{
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t j = 0; j < graph->nodes[i].in_count; j++) {
            const spec_operand *operand = &graph->nodes[i].in[j];
            if (operand->node == node && operand->kind == SPEC_FROM_ROUTE &&
                operand->route_index == route)
                return true;
        }
    return false;
}

static void check_routes_read(checker *check, const spec_graph *graph, const spec_node *node)
{
    for (size_t i = 0; i < node->route_count; i++) {
        const spec_route *route = &node->routes[i];
        if (route->type == NULL || route_is_read(graph, node, i))
            continue;
        diagnostics_error(check->log, route->where,
                          "nobody reads the route '%s.%s'; where nothing is to be done, write "
                          "`%s: none`",
                          node->name, route->name, route->name);
    }
}

static bool arg_is_read(const spec_graph *graph, const spec_field *arg)
{
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t j = 0; j < graph->nodes[i].in_count; j++)
            if (graph->nodes[i].in[j].arg == arg)
                return true;
    return false;
}

static void check_graph_used(checker *check, const spec_graph *graph)
{
    for (size_t i = 0; i < graph->args.count; i++)
        if (!arg_is_read(graph, &graph->args.items[i]))
            diagnostics_error(check->log, graph->args.items[i].where,
                              "no node of '%s' reads the argument '%s'", graph->name,
                              graph->args.items[i].name);
    for (size_t i = 0; i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        check_routes_read(check, graph, node);
        /* What a call gives are structs: a window is no result. */
        bool result = graph->reactor == NULL && !node->out_window;
        if (!result && node->terminal && node->route_count == 0 && node->to_count == 0)
            diagnostics_error(check->log, node->where,
                              node->out_window
                                  ? "nobody reads the window that '%s' passes on"
                                  : "nobody reads what '%s' gives; send it somewhere with `to:`",
                              node->name);
    }
}

void check_unused(checker *check)
{
    /* What could not be read may be what uses the rest. */
    if (check->front->lost || check->front->unread != NULL || check->front->section_unread)
        return;
    check_rooms_used(check);
    check_accumulators_used(check);
    for (size_t i = 0; i < check->model->graph_count; i++)
        check_graph_used(check, &check->model->graphs[i]);
}
