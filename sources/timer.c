/* SPDX-License-Identifier: Apache-2.0 */
/* timer.c - a tick at a fixed beat. */
#include "sources/timer.h"
#include "sources/options.h"

#include <string.h>

/* The built-in type Tick, as it is generated. */
typedef struct tick {
    int64_t time; /* when it was due */
    uint64_t n;   /* counts from 1 */
} tick;

typedef struct timer_state {
    int64_t due;
    uint64_t count;
} timer_state;

static int64_t interval(const weir_source *source)
{
    const weir_timer_config *config = source->config;

    return config->every;
}

static weir_status open_timer(weir_source *source, weir_error **error)
{
    timer_state *timer = source->state;

    if (source->type->size != sizeof(tick))
        return weir_error_set_at(error, WEIR_SPEC, source->module->place,
                                 "source '%s': a timer gives Tick, not %s", source->module->name,
                                 source->type->name);
    timer->due = source->host->now(source) + interval(source);
    source->host->wake_at(source, timer->due);
    return WEIR_OK;
}

/* Beats that were missed while the loop was busy are one tick: the newest. */
static weir_status read_timer(weir_source *source, size_t limit, weir_error **error)
{
    timer_state *timer = source->state;
    int64_t now = source->host->now(source), every = interval(source);

    (void)limit;
    (void)error;
    weir_source_begin(source, 0);
    if (now < timer->due)
        return WEIR_AGAIN;
    timer->due += (now - timer->due) / every * every;
    tick event = {.time = timer->due, .n = ++timer->count};
    memcpy(source->values, &event, sizeof event);
    source->span.raw = NULL;
    source->span.count = 1;
    source->span.first_position = (int64_t)timer->count - 1;
    timer->due += every;
    source->host->wake_at(source, timer->due);
    return WEIR_OK;
}

const weir_source_kind weir_timer_source = {
    .base = {.name = "timer",
             .summary = "Gives a Tick {time, n} at a fixed beat, the first one interval after the "
                        "start.",
             .options = weir_timer_options,
             .option_count = sizeof weir_timer_options / sizeof *weir_timer_options,
             .config_size = sizeof(weir_timer_config)},
    .state_size = sizeof(timer_state),
    .open = open_timer,
    .read = read_timer,
    .ticks = true,
};
