/* SPDX-License-Identifier: Apache-2.0 */
/* check_graphs.c - graphs: who fires them, and which of their results leave. */
#include <string.h>

#include "codegen/check.h"
#include "codegen/needs.h"
#include "codegen/roots.h"

/* A graph with criteria of its own has a reactor of its name. */
static const spec_reactor *own_reactor(const checker *check, const spec_graph *graph)
{
    const spec *model = check->model;
    long index = check_find(&check->reactors, graph->name);

    /* One under `reactors:` of the same name, an error by itself, stands before it. */
    for (size_t i = index != CHECK_NONE ? (size_t)index : model->reactor_count;
         i < model->reactor_count; i++)
        if (model->reactors[i]->implied && strcmp(model->reactors[i]->name, graph->name) == 0)
            return model->reactors[i];
    return NULL;
}

static void find_reactor(checker *check, spec_graph *graph)
{
    if (graph->trigger.text == NULL) {
        graph->reactor = own_reactor(check, graph);
        return;
    }
    long index = check_resolve(check, &check->reactors, &graph->trigger, "reactor");
    if (index == CHECK_NONE)
        return;
    graph->reactor = check->model->reactors[index];
    if (graph->reactor->implied) {
        diagnostics_error(check->log, graph->trigger.where,
                          "'%s' is a graph; give its criteria a name under `reactors:` to share "
                          "them",
                          graph->trigger.text);
        diagnostics_note(check->log, graph->reactor->where, "the graph");
    }
}

/* A node whose result no other node reads is where the graph ends. */
static void find_terminals(spec_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++)
        graph->nodes[i].terminal = true;
    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t j = 0; j < graph->nodes[i].in_count; j++)
            if (graph->nodes[i].in[j].node != NULL)
                graph->nodes[graph->nodes[i].in[j].node->index].terminal = false;
}

static void check_graph_options(checker *check, const spec_graph *graph)
{
    const char *what = weir_arena_printf(&check->model->arena, "graph '%s'", graph->name);

    check_settings(check, &graph->settings,
                   &(check_options){.what = what != NULL ? what : "the graph",
                                    .where = graph->where,
                                    .lists = &check->front->kinds->graph,
                                    .list_count = 1,
                                    .section = &spec_graph_section,
                                    .near = &check->front->kinds->reactor});
}

/* `to:` names sinks and accumulators. */
static void find_clashes(checker *check)
{
    for (size_t i = 0; i < check->model->accumulator_count; i++) {
        const spec_accumulator *accumulator = check->model->accumulators[i];
        long sink = check_find(&check->sinks, accumulator->name);
        if (sink == CHECK_NONE || accumulator->implied)
            continue;
        const spec_sink *other = &check->model->sinks[sink];
        diagnostics_error(check->log, other->where,
                          "'%s' is the name of an accumulator too, and `to:` could mean both",
                          other->name);
        diagnostics_note(check->log, accumulator->where, "the accumulator");
    }
}

/* A node that reads two routes of one node waits for what never comes. */
static void check_reachable(checker *check, const spec_graph *graph)
{
    weir_arena *arena = &check->model->arena;
    const node_needs *needs = spec_route_needs(graph, arena);

    if (needs == NULL)
        check->log->failed = true;
    for (size_t i = 0; needs != NULL && i < graph->node_count; i++)
        if (needs[i].other != NULL)
            diagnostics_error(check->log, needs[i].other->where,
                              "'%s' can never run: '%s' and '%s' never come in one firing; read "
                              "one of them as optional",
                              graph->nodes[i].name, spec_operand_path(needs[i].one, arena),
                              spec_operand_path(needs[i].other, arena));
}

void check_graphs(checker *check)
{
    find_clashes(check);
    for (size_t i = 0; i < check->model->graph_count; i++) {
        spec_graph *graph = &check->model->graphs[i];
        find_reactor(check, graph);
        size_t errors = check->log->errors;
        check_nodes(check, graph);
        if (errors == check->log->errors)
            check_reachable(check, graph);
        find_terminals(graph);
        check_graph_options(check, graph);
    }
}
