/* SPDX-License-Identifier: Apache-2.0 */
/* topology.c - a module as data: weir graph --json. */
#include "cli/run.h"

static json_t *name_or_null(bool named, const char *name)
{
    return named ? json_string(name) : json_null();
}

static json_t *source_json(const weir_module_source *source)
{
    return json_pack("{s:s, s:s, s:s, s:i}", "name", source->name, "kind", source->kind, "type",
                     source->type->name, "line", (int)source->place.line);
}

static json_t *accumulator_json(const weir_module *module, uint32_t index)
{
    const weir_module_accumulator *accumulator = &module->accumulators[index];
    bool fed = accumulator->source != WEIR_NONE;

    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:b, s:b, s:i}", "name", accumulator->name, "kind",
                     accumulator->kind, "source",
                     name_or_null(fed, fed ? module->sources[accumulator->source].name : NULL),
                     "type", accumulator->type->name, "boundary", accumulator->boundary->name,
                     "window", accumulator->window, "keyed", accumulator->key_part_count != 0,
                     "line", (int)accumulator->place.line);
}

static const char *input_name(const weir_module *module, const weir_module_reactor *reactor,
                              uint32_t input)
{
    return module->accumulators[reactor->inputs[input].accumulator].name;
}

/* "a", {"when_any": [...]} or {"when_all": [...]} */
static json_t *criterion_json(const weir_module *module, const weir_module_reactor *reactor,
                              const weir_criterion **at)
{
    const weir_criterion *criterion = (*at)++;
    json_t *children, *json;

    if (criterion->kind == WEIR_CRITERION_INPUT)
        return json_string(input_name(module, reactor, criterion->input));
    children = json_array();
    for (uint32_t i = 0; i < criterion->count; i++)
        json_array_append_new(children, criterion_json(module, reactor, at));
    json = json_object();
    json_object_set_new(json, criterion->kind == WEIR_CRITERION_ANY ? "when_any" : "when_all",
                        children);
    return json;
}

static json_t *reactor_json(const weir_module *module, const weir_module_reactor *reactor)
{
    const weir_criterion *at = reactor->criteria;
    json_t *inputs = json_array(), *graphs = json_array();

    for (uint32_t i = 0; i < reactor->input_count; i++)
        json_array_append_new(inputs,
                              json_pack("{s:s, s:b, s:b}", "name", input_name(module, reactor, i),
                                        "criteria", reactor->inputs[i].criteria, "required",
                                        reactor->inputs[i].required));
    for (uint32_t i = 0; i < reactor->graph_count; i++)
        json_array_append_new(graphs, json_string(module->graphs[reactor->graphs[i]].name));
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:i}", "name", reactor->name, "strategy",
                     reactor->strategy == WEIR_LATEST ? "latest" : "sequential", "criteria",
                     criterion_json(module, reactor, &at), "inputs", inputs, "graphs", graphs,
                     "line", (int)reactor->place.line);
}

/* Where an edge comes from: a node, an input of the reactor, or an argument of a call. */
static const char *edge_from(const weir_module *module, const weir_module_graph *graph,
                             const weir_module_edge *edge)
{
    if (edge->from_node != WEIR_NONE)
        return graph->nodes[edge->from_node].name;
    if (graph->reactor == WEIR_NONE)
        return graph->args->fields[edge->from_input].name;
    return input_name(module, &module->reactors[graph->reactor], edge->from_input);
}

static json_t *edge_json(const weir_module *module, const weir_module_graph *graph,
                         const weir_module_edge *edge)
{
    return json_pack("{s:s, s:s, s:s?, s:b}", "from", edge_from(module, graph, edge), "to",
                     graph->nodes[edge->to_node].name, "route", edge->label, "optional",
                     edge->optional);
}

static json_t *outlet_json(const weir_module *module, const weir_module_graph *graph,
                           const weir_module_outlet *outlet)
{
    bool sink = outlet->sink != WEIR_NONE, fed = outlet->accumulator != WEIR_NONE;

    return json_pack(
        "{s:s, s:s, s:o, s:o}", "node", graph->nodes[outlet->node].name, "type", outlet->type->name,
        "sink", name_or_null(sink, sink ? module->sinks[outlet->sink].name : NULL), "accumulator",
        name_or_null(fed, fed ? module->accumulators[outlet->accumulator].name : NULL));
}

static json_t *graph_json(const weir_module *module, const weir_module_graph *graph)
{
    json_t *nodes = json_array(), *edges = json_array(), *outlets = json_array();
    bool fired = graph->reactor != WEIR_NONE;

    for (uint32_t i = 0; i < graph->node_count; i++)
        json_array_append_new(nodes, json_pack("{s:s, s:s?, s:i}", "name", graph->nodes[i].name,
                                               "doc", graph->nodes[i].doc, "line",
                                               (int)graph->nodes[i].place.line));
    for (uint32_t i = 0; i < graph->edge_count; i++)
        json_array_append_new(edges, edge_json(module, graph, &graph->edges[i]));
    for (uint32_t i = 0; i < graph->outlet_count; i++)
        json_array_append_new(outlets, outlet_json(module, graph, &graph->outlets[i]));
    return json_pack(
        "{s:s, s:s?, s:o, s:o, s:o, s:o, s:i}", "name", graph->name, "doc", graph->doc, "reactor",
        name_or_null(fired, fired ? module->reactors[graph->reactor].name : NULL), "nodes", nodes,
        "edges", edges, "outlets", outlets, "line", (int)graph->place.line);
}

json_t *cli_topology(const weir_module *module)
{
    json_t *sources = json_array(), *accumulators = json_array(), *reactors = json_array();
    json_t *graphs = json_array(), *sinks = json_array();

    for (uint32_t i = 0; i < module->source_count; i++)
        json_array_append_new(sources, source_json(&module->sources[i]));
    for (uint32_t i = 0; i < module->accumulator_count; i++)
        json_array_append_new(accumulators, accumulator_json(module, i));
    for (uint32_t i = 0; i < module->reactor_count; i++)
        json_array_append_new(reactors, reactor_json(module, &module->reactors[i]));
    for (uint32_t i = 0; i < module->graph_count; i++)
        json_array_append_new(graphs, graph_json(module, &module->graphs[i]));
    for (uint32_t i = 0; i < module->sink_count; i++)
        json_array_append_new(
            sinks, json_pack("{s:s, s:s, s:s?, s:i}", "name", module->sinks[i].name, "kind",
                             module->sinks[i].kind, "type",
                             module->sinks[i].type != NULL ? module->sinks[i].type->name : NULL,
                             "line", (int)module->sinks[i].place.line));
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "module", module->name, "spec",
                     module->spec, "sources", sources, "accumulators", accumulators, "reactors",
                     reactors, "graphs", graphs, "sinks", sinks);
}
