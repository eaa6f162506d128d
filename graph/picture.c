/* SPDX-License-Identifier: Apache-2.0 */
/* picture.c - a module as a picture: sources, accumulators, graphs with their nodes, sinks. */
#include "graph/picture.h"

#include <string.h>

/* Names are words of letters, digits and '_'; only documentation may hold anything. */
static void put_text(weir_buffer *out, const char *text)
{
    for (; *text != '\0'; text++)
        weir_buffer_printf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "",
                           (unsigned char)*text < ' ' ? ' ' : *text);
}

/* What never ran is grey, what ran is the greener the more often: by powers of ten. */
static const char *colour_of(uint64_t count)
{
    static const char *const colours[] = {"gray95",  "#e9f5e1", "#c9e7b6",
                                          "#a3d68a", "#7cc35f", "#58ad3b"};
    size_t power = 0;

    if (count == UINT64_MAX)
        return "white";
    for (; count != 0 && power < 5; count /= 10)
        power++;
    return colours[power];
}

static void put_count(weir_buffer *out, uint64_t count)
{
    if (count != UINT64_MAX)
        weir_buffer_printf(out, "\\n%llu", (unsigned long long)count);
}

static void put_outer(const weir_module *module, const weir_picture_counts *counts,
                      weir_buffer *out)
{
    for (uint32_t i = 0; i < module->source_count; i++) {
        uint64_t count = counts != NULL ? counts->source(counts->arg, i) : UINT64_MAX;
        weir_buffer_printf(out, "  source%u [shape=cds, fillcolor=\"%s\", label=\"%s\\n%s", i,
                           colour_of(count), module->sources[i].name, module->sources[i].kind);
        put_count(out, count);
        weir_buffer_text(out, "\"];\n");
    }
    for (uint32_t i = 0; i < module->accumulator_count; i++) {
        const weir_module_accumulator *accumulator = &module->accumulators[i];
        weir_buffer_printf(out, "  accumulator%u [shape=box3d, label=\"%s\\n%s%s\"];\n", i,
                           accumulator->name, accumulator->kind,
                           accumulator->key_part_count != 0 ? ", keyed" : "");
        if (accumulator->source != WEIR_NONE)
            weir_buffer_printf(out, "  source%u -> accumulator%u;\n", accumulator->source, i);
    }
    for (uint32_t i = 0; i < module->sink_count; i++)
        weir_buffer_printf(out, "  sink%u [shape=note, label=\"%s\\n%s\"];\n", i,
                           module->sinks[i].name, module->sinks[i].kind);
}

/* "when_any(a, when_all(b, c))" */
static const weir_criterion *put_criteria(const weir_module *module,
                                          const weir_module_reactor *reactor,
                                          const weir_criterion *criterion, weir_buffer *out)
{
    const weir_criterion *next = criterion + 1;

    if (criterion->kind == WEIR_CRITERION_INPUT) {
        weir_buffer_text(out,
                         module->accumulators[reactor->inputs[criterion->input].accumulator].name);
        return next;
    }
    weir_buffer_text(out, criterion->kind == WEIR_CRITERION_ANY ? "when_any(" : "when_all(");
    for (uint32_t i = 0; i < criterion->count; i++) {
        weir_buffer_text(out, i != 0 ? ", " : "");
        next = put_criteria(module, reactor, next, out);
    }
    weir_buffer_text(out, ")");
    return next;
}

static void put_nodes(const weir_module_graph *graph, uint32_t index,
                      const weir_picture_counts *counts, weir_buffer *out)
{
    for (uint32_t i = 0; i < graph->node_count; i++) {
        uint64_t count = counts != NULL ? counts->node(counts->arg, graph, i) : UINT64_MAX;
        weir_buffer_printf(out, "    node%u_%u [fillcolor=\"%s\", label=\"%s", index, i,
                           colour_of(count), graph->nodes[i].name);
        put_count(out, count);
        weir_buffer_text(out, "\"");
        if (graph->nodes[i].doc != NULL) {
            weir_buffer_text(out, ", tooltip=\"");
            put_text(out, graph->nodes[i].doc);
            weir_buffer_text(out, "\"");
        }
        weir_buffer_text(out, "];\n");
    }
}

static void put_cluster(const weir_module *module, uint32_t index,
                        const weir_picture_counts *counts, weir_buffer *out)
{
    const weir_module_graph *graph = &module->graphs[index];

    weir_buffer_printf(out, "  subgraph cluster%u {\n    style=rounded;\n    label=\"%s", index,
                       graph->name);
    if (graph->reactor != WEIR_NONE) {
        const weir_module_reactor *reactor = &module->reactors[graph->reactor];
        weir_buffer_printf(out, "\\n%s ",
                           reactor->strategy == WEIR_LATEST ? "latest" : "sequential");
        put_criteria(module, reactor, reactor->criteria, out);
    }
    weir_buffer_text(out, "\";\n");
    put_nodes(graph, index, counts, out);
    weir_buffer_text(out, "  }\n");
}

static void put_edges(const weir_module *module, uint32_t index, const weir_picture_counts *counts,
                      weir_buffer *out)
{
    const weir_module_graph *graph = &module->graphs[index];

    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const weir_module_edge *edge = &graph->edges[i];
        bool argument = edge->from_node == WEIR_NONE && graph->reactor == WEIR_NONE;
        if (argument)
            continue;
        if (edge->from_node != WEIR_NONE)
            weir_buffer_printf(out, "  node%u_%u", index, edge->from_node);
        else
            weir_buffer_printf(
                out, "  accumulator%u",
                module->reactors[graph->reactor].inputs[edge->from_input].accumulator);
        weir_buffer_printf(out, " -> node%u_%u [style=%s", index, edge->to_node,
                           edge->optional ? "dashed" : "solid");
        if (edge->label != NULL) {
            weir_buffer_printf(out, ", label=\"%s", edge->label);
            if (counts != NULL && edge->counter != WEIR_NONE)
                put_count(out, counts->route(counts->arg, graph, edge->counter));
            weir_buffer_text(out, "\"");
        }
        weir_buffer_text(out, "];\n");
    }
    for (uint32_t i = 0; i < graph->outlet_count; i++) {
        const weir_module_outlet *outlet = &graph->outlets[i];
        if (outlet->sink != WEIR_NONE)
            weir_buffer_printf(out, "  node%u_%u -> sink%u;\n", index, outlet->node, outlet->sink);
        else if (outlet->accumulator != WEIR_NONE)
            weir_buffer_printf(out, "  node%u_%u -> accumulator%u [constraint=false];\n", index,
                               outlet->node, outlet->accumulator);
    }
}

void weir_module_dot(const weir_module *module, const weir_picture_counts *counts, weir_buffer *out)
{
    weir_buffer_printf(out,
                       "digraph \"%s\" {\n  rankdir=LR;\n"
                       "  node [shape=box, style=\"filled\", fillcolor=white, "
                       "fontname=\"sans-serif\", fontsize=11];\n"
                       "  edge [fontname=\"sans-serif\", fontsize=9];\n",
                       module->name);
    put_outer(module, counts, out);
    for (uint32_t i = 0; i < module->graph_count; i++)
        put_cluster(module, i, counts, out);
    for (uint32_t i = 0; i < module->graph_count; i++)
        put_edges(module, i, counts, out);
    weir_buffer_text(out, "}\n");
}
