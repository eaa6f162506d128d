/* SPDX-License-Identifier: Apache-2.0 */
/* hand.c - what a host does by hand: moving time, flushing. */
#include <string.h>

#include "runtime/runtime.h"

weir_status weir_runtime_advance(weir_runtime *runtime, int64_t time, weir_error **error)
{
    if (runtime->config.mode != WEIR_MODE_TEST)
        return weir_error_set(error, WEIR_STATE, "only the time of WEIR_MODE_TEST moves by hand");
    weir_run_timers(runtime, time);
    weir_clock_advance(&runtime->clock, time);
    weir_ask_latest(runtime);
    weir_flush_sinks(runtime);
    return WEIR_OK;
}

static weir_accumulator_work *find_accumulator(const weir_runtime *runtime, const char *name)
{
    for (const weir_program *program = runtime->programs; program != NULL; program = program->next)
        for (uint32_t i = 0; i < program->module->accumulator_count; i++)
            if (strcmp(program->module->accumulators[i].name, name) == 0)
                return &program->accumulators[i];
    return NULL;
}

weir_status weir_runtime_flush(weir_runtime *runtime, const char *accumulator, weir_error **error)
{
    weir_accumulator_work *work = find_accumulator(runtime, accumulator);

    if (work == NULL)
        return weir_error_set(error, WEIR_NOT_FOUND, "there is no accumulator '%s'", accumulator);
    if (work->accumulator.kind->flush == NULL)
        return weir_error_set(error, WEIR_STATE, "accumulator '%s' keeps nothing to flush",
                              accumulator);
    for (weir_cell *cell = weir_cells_next(&work->cells, NULL); cell != NULL;
         cell = weir_cells_next(&work->cells, cell))
        if (cell->accumulator != NULL)
            weir_flush_cell(work, cell);
    weir_route_settle(runtime);
    return WEIR_OK;
}
