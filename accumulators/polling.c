/* SPDX-License-Identifier: Apache-2.0 */
/* polling.c - asks a C function for a value at a fixed beat. */
#include "accumulators/accumulator.h"
#include "accumulators/options.h"

#include <string.h>

/* A cell: the beat, then the value of the newest poll. */
typedef struct polling_cell {
    weir_cell cell;
    int64_t due;
    _Alignas(16) unsigned char value[];
} polling_cell;

static size_t cell_size(const weir_accumulator *accumulator)
{
    return sizeof(polling_cell) + accumulator->module->boundary->size;
}

static void start(weir_accumulator *accumulator, weir_cell *cell)
{
    const weir_polling_config *config = accumulator->config;
    polling_cell *polling = (polling_cell *)(void *)cell;

    polling->due = weir_later(accumulator->host->now(accumulator), config->every);
    accumulator->host->flush_at(accumulator, cell, polling->due);
}

/* Beats that were missed while a poll took too long are one. */
static int64_t next_beat(int64_t due, int64_t every, int64_t now)
{
    return weir_later(due,
                      now < weir_later(due, every) ? every : ((now - due) / every + 1) * every);
}

static weir_status flush(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                         const void **boundary, weir_ticket **ticket)
{
    const weir_polling_config *config = accumulator->config;
    polling_cell *polling = (polling_cell *)(void *)cell;

    (void)ticket;
    memset(polling->value, 0, accumulator->module->boundary->size);
    weir_status status = config->on_loop
                             ? accumulator->module->poll(firing, polling->value)
                             : accumulator->host->poll(accumulator, firing, polling->value);
    int64_t now = accumulator->host->now(accumulator);
    if (now >= polling->due) {
        polling->due = next_beat(polling->due, config->every, now);
        accumulator->host->flush_at(accumulator, cell, polling->due);
    }
    *boundary = polling->value;
    return status == WEIR_SKIP ? WEIR_AGAIN : status;
}

/* An injected event stands for a poll's answer. */
static weir_status take(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                        weir_event *event, const void **boundary, weir_ticket **ticket)
{
    (void)accumulator;
    (void)cell;
    (void)firing;
    (void)ticket;
    *boundary = event->value;
    return WEIR_OK;
}

const weir_accumulator_kind weir_polling = {
    .base = {.name = "polling",
             .summary = "Asks a C function for a value at a fixed beat.",
             .options = weir_polling_options,
             .option_count = sizeof weir_polling_options / sizeof *weir_polling_options,
             .config_size = sizeof(weir_polling_config)},
    .cell_size = cell_size,
    .start = start,
    .take = take,
    .flush = flush,
};
