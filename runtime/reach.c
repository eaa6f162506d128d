/* SPDX-License-Identifier: Apache-2.0 */
/* reach.c - which sinks the events of a source may come to, by graphs, by what these feed back, and
 * as dead letters: its commits wait for these sinks, and for no others (rule E18). */
#include <string.h>

#include "runtime/runtime.h"

typedef struct reach {
    const weir_program *program;
    bool *accumulators, *sinks;
} reach;

static void reach_sink(const reach *r, int sink)
{
    if (sink != WEIR_NO_SINK && sink != WEIR_SILENT)
        r->sinks[sink] = true;
}

/* True: it comes to an accumulator that was not reached before. */
static bool follow_graph(const reach *r, const weir_module_graph *graph)
{
    bool more = false;

    reach_sink(r, weir_dead_sink(r->program, graph->dead_letters, WEIR_NO_SINK));
    for (uint32_t o = 0; o < graph->outlet_count; o++) {
        const weir_module_outlet *outlet = &graph->outlets[o];
        if (outlet->sink != WEIR_NONE)
            r->sinks[outlet->sink] = true;
        if (outlet->accumulator == WEIR_NONE || r->accumulators[outlet->accumulator])
            continue;
        r->accumulators[outlet->accumulator] = true;
        reach_sink(r, r->program->dead_sink); /* of what finds no place there */
        more = true;
    }
    return more;
}

static bool reads_what_is_reached(const reach *r, const weir_module_reactor *reactor)
{
    for (uint32_t i = 0; i < reactor->input_count; i++)
        if (r->accumulators[reactor->inputs[i].accumulator])
            return true;
    return false;
}

static bool follow_reactors(const reach *r)
{
    const weir_module *module = r->program->module;
    bool more = false;

    for (uint32_t i = 0; i < module->reactor_count; i++) {
        const weir_module_reactor *reactor = &module->reactors[i];
        for (uint32_t g = 0; g < reactor->graph_count && reads_what_is_reached(r, reactor); g++)
            more = follow_graph(r, &module->graphs[reactor->graphs[g]]) || more;
    }
    return more;
}

static void follow_source(const reach *r, uint32_t source)
{
    const weir_program *program = r->program;
    const weir_module *module = program->module;

    memset(r->sinks, 0, module->sink_count * sizeof *r->sinks);
    for (uint32_t i = 0; i < module->accumulator_count; i++)
        r->accumulators[i] = module->accumulators[i].source == source;
    reach_sink(r, program->sources[source].sink);
    while (follow_reactors(r))
        ;
}

static bool note_sinks(const reach *r, weir_source_work *work)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < r->program->module->sink_count; i++)
        count += r->sinks[i];
    work->awaits = weir_alloc_array(count, sizeof *work->awaits);
    for (uint32_t i = 0; i < r->program->module->sink_count && work->awaits != NULL; i++)
        if (r->sinks[i])
            work->awaits[work->await_count++].sink = &r->program->sinks[i];
    return work->awaits != NULL;
}

bool weir_reach_find(weir_program *program)
{
    const weir_module *module = program->module;
    const reach r = {.program = program,
                     .accumulators = weir_alloc_array(module->accumulator_count, sizeof(bool)),
                     .sinks = weir_alloc_array(module->sink_count, sizeof(bool))};
    bool good = r.accumulators != NULL && r.sinks != NULL;

    for (uint32_t i = 0; i < module->source_count && good; i++) {
        follow_source(&r, i);
        good = note_sinks(&r, &program->sources[i]);
    }
    weir_free(r.accumulators);
    weir_free(r.sinks);
    return good;
}
