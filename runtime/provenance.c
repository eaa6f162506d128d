/* SPDX-License-Identifier: Apache-2.0 */
/* provenance.c - where a result comes from: the graph and node, and the events that its firing
 * took.
 */
#include <string.h>

#include "runtime/runtime.h"

/* The graph whose outlet it is; *ret_reactor has it. NULL: it is nobody's. */
static const weir_module_graph *graph_of(const weir_program *program, const weir_outlet *outlet,
                                         weir_reactor **ret_reactor)
{
    for (uint32_t r = 0; r < program->module->reactor_count; r++) {
        weir_reactor *reactor = &program->reactors[r];
        for (uint32_t g = 0; g < reactor->module->graph_count; g++) {
            const weir_module_graph *graph = reactor->graphs[g].module;
            const weir_outlet *first = reactor->frames[g].outlets;
            if (outlet < first || outlet >= first + graph->outlet_count)
                continue;
            *ret_reactor = reactor;
            return graph;
        }
    }
    return NULL;
}

static const weir_source *source_of(const weir_program *program, const weir_origin *origin)
{
    for (uint32_t i = 0; i < program->module->source_count; i++)
        if (&program->sources[i].source.origin == origin)
            return &program->sources[i].source;
    return NULL;
}

static bool identify(const weir_source *source, int32_t partition, int64_t position, char *ret,
                     size_t size)
{
    return source != NULL && source->kind->identify != NULL && source->state != NULL &&
           source->kind->identify(source, partition, position, ret, size);
}

typedef struct visit_events {
    const weir_program *program;
    weir_take_event take;
    void *arg;
} visit_events;

static void visit(weir_ticket *ticket, void *arg)
{
    const visit_events *events = arg;
    const weir_source *source = source_of(events->program, ticket->origin);
    char name[256];
    bool named = identify(source, ticket->partition, ticket->position, name, sizeof name);

    events->take(events->arg, &(weir_taken){.source = ticket->origin->name,
                                            .partition = ticket->partition,
                                            .position = ticket->position,
                                            .name = named ? name : NULL});
}

void weir_sink_provenance(weir_sink *sink, weir_provenance *ret, weir_take_event take, void *arg)
{
    const weir_sink_work *work = sink->host_arg;
    const weir_program *program = work->owner;
    visit_events events = {program, take, arg};
    weir_reactor *reactor = NULL;
    const weir_module_graph *graph = graph_of(program, work->outlet, &reactor);

    *ret = (weir_provenance){.graph = "", .node = ""};
    if (graph == NULL)
        return;
    ret->graph = graph->name;
    ret->node = graph->nodes[work->outlet->node].name;
    ret->outlet = (uint32_t)(work->outlet - program->outlets);
    if (work->firing->key != NULL)
        ret->key = (weir_slice){work->firing->key, reactor->key_words * sizeof(uint64_t)};
    uint32_t burial = ++*reactor->burials; /* an event that came by two ways is given once */
    for (uint32_t i = 0; reactor->tickets != NULL && i < reactor->module->input_count; i++)
        if (reactor->tickets[i] != NULL)
            weir_ticket_walk(reactor->tickets[i], burial, visit, &events);
}

bool weir_sink_identify(weir_sink *sink, const char *source, int32_t partition, int64_t position,
                        char *ret, size_t size)
{
    const weir_sink_work *work = sink->host_arg;
    const weir_program *program = work->owner;

    for (uint32_t i = 0; i < program->module->source_count; i++)
        if (strcmp(program->module->sources[i].name, source) == 0)
            return identify(&program->sources[i].source, partition, position, ret, size);
    return false;
}
