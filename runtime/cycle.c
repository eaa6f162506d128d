/* SPDX-License-Identifier: Apache-2.0 */
/* cycle.c - names the way that feedback goes round: from a reactor through accumulators and other
 * reactors back to itself. A breadth-first search, so that the shortest way is named.
 */
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "runtime/runtime.h"

/* How an accumulator was reached. */
typedef struct step {
    const weir_reactor *reactor; /* NULL: not yet */
    uint32_t from;               /* the accumulator that the reactor reads */
} step;

typedef struct search {
    const weir_program *program;
    const weir_reactor *goal;
    step *steps;     /* per accumulator */
    uint32_t *queue; /* of accumulators */
    uint32_t head, tail;
} search;

static void reach(search *way, uint32_t accumulator, const weir_reactor *reactor, uint32_t from)
{
    if (way->steps[accumulator].reactor != NULL)
        return;
    way->steps[accumulator] = (step){reactor, from};
    way->queue[way->tail++] = accumulator;
}

static void reach_from(search *way, const weir_reactor *reactor, uint32_t from)
{
    for (uint32_t g = 0; g < reactor->module->graph_count; g++) {
        const weir_module_graph *graph = reactor->graphs[g].module;
        for (uint32_t o = 0; o < graph->outlet_count; o++)
            if (graph->outlets[o].accumulator != WEIR_NONE)
                reach(way, graph->outlets[o].accumulator, reactor, from);
    }
}

/* The last accumulator before the goal; WEIR_NONE: no way leads there. */
static uint32_t find(search *way)
{
    while (way->head < way->tail) {
        uint32_t at = way->queue[way->head++];
        const weir_accumulator_work *work = &way->program->accumulators[at];
        for (uint32_t r = 0; r < work->route_count; r++) {
            const weir_route *route = &work->routes[r];
            if ((route->reactor->criteria_mask >> route->input & 1) == 0)
                continue;
            if (route->reactor == way->goal)
                return at;
            reach_from(way, route->reactor, at);
        }
    }
    return WEIR_NONE;
}

static void write_way(const search *way, uint32_t accumulator, weir_buffer *text)
{
    const step *last = &way->steps[accumulator];

    if (last->reactor != way->goal)
        write_way(way, last->from, text);
    weir_buffer_printf(text, "%s -> %s -> ", last->reactor->module->name,
                       way->program->accumulators[accumulator].accumulator.module->name);
}

bool weir_cycle_name(const weir_program *program, const weir_reactor *reactor,
                     const weir_accumulator_work *first, char *text, size_t size)
{
    uint32_t count = program->module->accumulator_count, last = WEIR_NONE;
    search way = {.program = program,
                  .goal = reactor,
                  .steps = weir_alloc_array(count, sizeof *way.steps),
                  .queue = weir_alloc_array(count, sizeof *way.queue)};
    weir_buffer names = {0};

    if (way.steps != NULL && way.queue != NULL) {
        reach(&way, (uint32_t)(first - program->accumulators), reactor, WEIR_NONE);
        last = find(&way);
    }
    if (last != WEIR_NONE)
        write_way(&way, last, &names);
    if (last != WEIR_NONE && !names.failed)
        snprintf(text, size, "%s%s", names.data, reactor->module->name);
    else
        snprintf(text, size, "%s -> %s", reactor->module->name, first->accumulator.module->name);
    weir_buffer_free(&names);
    weir_free(way.steps);
    weir_free(way.queue);
    return last != WEIR_NONE;
}
