/* SPDX-License-Identifier: Apache-2.0 */
/* join.c - joins the rooms of a program: who feeds whom, and which sources may take the shortcut.
 */
#include <string.h>

#include "accumulators/options.h"
#include "runtime/runtime.h"
#include "sources/channel.h"

static weir_outlet target_of(weir_program *program, weir_reactor *reactor,
                             const weir_module_outlet *module, weir_feedback_target *target)
{
    if (module->sink != WEIR_NONE)
        return weir_sink_outlet(&program->sinks[module->sink]);
    *target = (weir_feedback_target){reactor, &program->accumulators[module->accumulator]};
    return weir_feedback_outlet(target);
}

static bool join_graphs(weir_program *program)
{
    const weir_module *module = program->module;
    uint32_t outlets = 0, counts = 0;

    for (uint32_t g = 0; g < module->graph_count; g++) {
        outlets += module->graphs[g].outlet_count;
        counts += module->graphs[g].count_size;
    }
    program->outlets = weir_alloc_array(outlets, sizeof *program->outlets);
    program->targets = weir_alloc_array(outlets, sizeof *program->targets);
    program->counts = weir_alloc_array(counts, sizeof *program->counts);
    if (program->outlets == NULL || program->targets == NULL || program->counts == NULL)
        return false;
    outlets = counts = 0;
    for (uint32_t r = 0; r < module->reactor_count; r++) {
        weir_reactor *reactor = &program->reactors[r];
        for (uint32_t g = 0; g < reactor->module->graph_count; g++) {
            const weir_module_graph *graph = reactor->graphs[g].module;
            reactor->frames[g].outlets = program->outlets + outlets;
            reactor->frames[g].counts = program->counts + counts;
            for (uint32_t o = 0; o < graph->outlet_count; o++) {
                weir_outlet *outlet = &program->outlets[outlets + o];
                *outlet =
                    target_of(program, reactor, &graph->outlets[o], &program->targets[outlets + o]);
                outlet->node = graph->outlets[o].node;
            }
            outlets += graph->outlet_count;
            counts += graph->count_size;
        }
    }
    return true;
}

static uint64_t inputs_fed_by(const weir_program *program, const weir_module_reactor *reactor,
                              uint32_t source)
{
    uint64_t bits = 0;

    for (uint32_t i = 0; i < reactor->input_count && source != WEIR_NONE; i++)
        if (program->module->accumulators[reactor->inputs[i].accumulator].source == source)
            bits |= 1ull << i;
    return bits;
}

static bool join_accumulator(weir_program *program, uint32_t index)
{
    weir_accumulator_work *work = &program->accumulators[index];
    const weir_module *module = program->module;
    uint32_t count = 0;

    for (uint32_t r = 0; r < module->reactor_count; r++)
        for (uint32_t i = 0; i < module->reactors[r].input_count; i++)
            count += module->reactors[r].inputs[i].accumulator == index;
    work->routes = weir_alloc_array(count, sizeof *work->routes);
    if (work->routes == NULL)
        return false;
    for (uint32_t r = 0; r < module->reactor_count; r++)
        for (uint32_t i = 0; i < module->reactors[r].input_count; i++)
            if (module->reactors[r].inputs[i].accumulator == index)
                work->routes[work->route_count++] = (weir_route){
                    &program->reactors[r], i,
                    inputs_fed_by(program, &module->reactors[r], work->accumulator.module->source)};
    return true;
}

/* All shortcuts are for one passthrough without condition that feeds one reactor. */
static const weir_route *only_route(const weir_source_work *work)
{
    if (work->accumulator_count != 1)
        return NULL;
    const weir_accumulator_work *accumulator = work->accumulators[0];
    if (accumulator->route_count != 1 || accumulator->accumulator.kind != &weir_passthrough ||
        accumulator->accumulator.module->where != NULL ||
        accumulator->routes[0].reactor->key_words != accumulator->key_words)
        return NULL;
    return &accumulator->routes[0];
}

/* Of a burst only the newest matters: a `latest` reactor without keys that waits for nothing else.
 */
static bool collapses(const weir_route *route)
{
    return route->reactor->module->strategy == WEIR_LATEST && route->reactor->key_words == 0 &&
           route->reactor->criteria_mask == 1ull << route->input;
}

/* What goes back as an event needs the ticket of its firing, and so does a sink that asks for it.
 */
static bool needs_tickets(const weir_program *program, const weir_module_outlet *outlet)
{
    return outlet->sink == WEIR_NONE || program->sinks[outlet->sink].sink.kind->asks_provenance;
}

/* A sequential reactor fires on each of its boundaries, with or without key. */
static bool is_quick(const weir_program *program, const weir_route *route)
{
    const weir_module_reactor *reactor = route->reactor->module;
    const weir_criterion *criteria = reactor->criteria;

    if (reactor->strategy != WEIR_SEQUENTIAL || route->reactor->tells)
        return false;
    for (uint32_t g = 0; g < reactor->graph_count; g++) {
        const weir_module_graph *graph = route->reactor->graphs[g].module;
        for (uint32_t o = 0; o < graph->outlet_count; o++)
            if (needs_tickets(program, &graph->outlets[o]))
                return false;
    }
    if (criteria->kind == WEIR_CRITERION_INPUT)
        return criteria->input == route->input;
    if (criteria->kind != WEIR_CRITERION_ANY)
        return false;
    for (uint32_t i = 1; i < reactor->criterion_count; i++)
        if (criteria[i].kind != WEIR_CRITERION_INPUT)
            return false;
    return (route->reactor->criteria_mask >> route->input & 1) != 0;
}

static bool join_source(weir_program *program, uint32_t index)
{
    weir_source_work *work = &program->sources[index];
    const weir_module *module = program->module;

    work->accumulators =
        weir_alloc_array(module->accumulator_count, sizeof(weir_accumulator_work *));
    if (work->accumulators == NULL)
        return false;
    for (uint32_t a = 0; a < module->accumulator_count; a++)
        if (module->accumulators[a].source == index)
            work->accumulators[work->accumulator_count++] = &program->accumulators[a];
    const weir_route *route = only_route(work);
    work->quick = route != NULL && is_quick(program, route);
    work->collapses = route != NULL && collapses(route);
    for (uint32_t a = 0; a < work->accumulator_count && work->source.kind == &weir_channel; a++) {
        const weir_module_accumulator *accumulator = work->accumulators[a]->accumulator.module;
        if (accumulator->key_part_count != 0)
            weir_channel_set_key(&work->source, accumulator->key_parts,
                                 accumulator->key_part_count);
    }
    return true;
}

/* A batch with `flush_with` follows the firings of that reactor. */
static void join_flush(weir_program *program, weir_accumulator_work *work)
{
    const weir_batch_config *config = work->accumulator.config;

    if (work->accumulator.kind != &weir_batch || config->flush_with == NULL)
        return;
    for (uint32_t r = 0; r < program->module->reactor_count; r++) {
        weir_reactor *reactor = &program->reactors[r];
        if (strcmp(reactor->module->name, config->flush_with) != 0)
            continue;
        reactor->tells = true;
        work->flush_with = reactor;
    }
}

bool weir_program_join(weir_program *program)
{
    const weir_module *module = program->module;
    bool good = join_graphs(program);

    for (uint32_t i = 0; i < module->accumulator_count && good; i++)
        good = join_accumulator(program, i);
    for (uint32_t i = 0; i < module->accumulator_count && good; i++)
        join_flush(program, &program->accumulators[i]);
    for (uint32_t i = 0; i < module->source_count && good; i++)
        good = join_source(program, i);
    program->dead_sink = weir_dead_sink(program, module->dead_letters, WEIR_NO_SINK);
    for (uint32_t i = 0; i < module->source_count && good; i++)
        program->sources[i].sink =
            weir_dead_sink(program, module->sources[i].dead_letters, program->dead_sink);
    return good && weir_reach_find(program);
}
