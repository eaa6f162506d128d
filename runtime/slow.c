/* SPDX-License-Identifier: Apache-2.0 */
/* slow.c - names reactors whose graphs keep the runtime waiting (rule E22).
 *
 * The clock is read once a span, not once a firing. A span that took longer than the pace of the
 * one before explains, by more than `slow:`, had a run that did.
 */
#include "runtime/runtime.h"

static const int64_t log_every = 60000000000;

static bool is_slow(const weir_reactor *reactor, int64_t excess)
{
    for (uint32_t g = 0; g < reactor->module->graph_count; g++)
        if (excess > reactor->graphs[g].config.slow)
            return true;
    return false;
}

static void name(weir_runtime *runtime, const weir_source_work *work, weir_reactor *reactor,
                 size_t count, int64_t elapsed)
{
    int64_t now = weir_monotonic_now();

    reactor->metrics.slow++;
    if (reactor->slow_logged != 0 && now - reactor->slow_logged < log_every)
        return;
    reactor->slow_logged = now;
    weir_runtime_log(runtime, WEIR_WARNING, "reactors", reactor->module->name,
                     "%zu event%s of source '%s' took %.0f ms: a node runs longer than 'slow', and "
                     "all else waits for it",
                     count, count == 1 ? "" : "s", work->source.module->name,
                     (double)elapsed / 1e6);
}

void weir_judge_span(weir_source_work *work, size_t count, int64_t elapsed)
{
    weir_runtime *runtime = work->program->runtime;
    int64_t excess = count == 1 ? elapsed : elapsed - work->pace * (int64_t)count;

    if (excess <= runtime->slow || (count != 1 && work->pace == 0)) {
        work->pace = elapsed / (int64_t)count + 1;
        return;
    }
    for (uint32_t a = 0; a < work->accumulator_count; a++)
        for (uint32_t r = 0; r < work->accumulators[a]->route_count; r++) {
            weir_reactor *reactor = work->accumulators[a]->routes[r].reactor;
            if (is_slow(reactor, excess))
                name(runtime, work, reactor, count, elapsed);
        }
}
