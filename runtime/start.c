/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - opens what a program reads and writes, and what its kinds may ask of the engine. */
#include <stdio.h>
#include <string.h>

#include "runtime/runtime.h"
#include "sources/channel.h"

/* --- What accumulators ask --- */

static weir_runtime *runtime_of(const weir_accumulator *accumulator)
{
    const weir_accumulator_work *work = accumulator->host_arg;

    return work->program->runtime;
}

static void settle(weir_accumulator *accumulator, weir_cell *cell, const void *from, size_t size)
{
    const weir_accumulator_work *work = accumulator->host_arg;

    (void)cell;
    for (uint32_t i = 0; i < work->route_count; i++)
        weir_reactor_settle(work->routes[i].reactor, from, size);
}

static void flush_at(weir_accumulator *accumulator, weir_cell *cell, int64_t time)
{
    weir_timers *timers = &runtime_of(accumulator)->timers;
    weir_timer *timer = &weir_cell_head_of(cell)->timer;

    if (time == INT64_MAX)
        weir_timer_disarm(timers, timer);
    else
        weir_timer_arm(timers, timer, time);
}

static int64_t now_of_accumulator(const weir_accumulator *accumulator)
{
    return runtime_of(accumulator)->clock.now;
}

const weir_accumulator_host weir_runtime_accumulator_host = {
    .settle = settle,
    .flush_at = flush_at,
    .now = now_of_accumulator,
    .poll = weir_poll_aside,
};

/* --- What sources ask --- */

static void wake(weir_source *source)
{
    const weir_source_work *work = source->host_arg;

    weir_loop_wake(work->program->runtime);
}

static weir_status watch(weir_source *source, int fd, weir_error **error)
{
    weir_source_work *work = source->host_arg;

    (void)error;
    weir_watch_set(work->program->runtime, &work->watch, fd, EV_READ);
    return WEIR_OK;
}

/* The loop looks at every source in each turn: all it needs is a reason to take one. In virtual
 * time a turn may be far away. */
static void on_time(weir_timer *timer)
{
    weir_source_work *work = timer->arg;

    if (work->source.kind->ticks && work->program->runtime->clock.is_virtual)
        weir_source_tick(work);
}

static void wake_at(weir_source *source, int64_t time)
{
    weir_source_work *work = source->host_arg;
    weir_timers *timers = &work->program->runtime->timers;

    if (time == INT64_MAX)
        weir_timer_disarm(timers, &work->timer);
    else
        weir_timer_arm(timers, &work->timer, time);
}

static int64_t now_of_source(weir_source *source)
{
    const weir_source_work *work = source->host_arg;

    return work->program->runtime->clock.now;
}

static void log_of_source(weir_source *source, weir_level level, const char *message)
{
    const weir_source_work *work = source->host_arg;

    weir_runtime_log(work->program->runtime, level, "sources", source->module->name, "%s", message);
}

const weir_source_host weir_runtime_source_host = {
    .wake = wake,
    .watch = watch,
    .wake_at = wake_at,
    .now = now_of_source,
    .log = log_of_source,
};

/* --- What sinks ask --- */

static void watch_answers(weir_sink *sink, int fd)
{
    const weir_sink_work *work = sink->host_arg;
    weir_program *program = work->owner;

    weir_watch_set(program->runtime, &program->answer_watches[work - program->sinks], fd, EV_READ);
}

static weir_sink *sink_at(weir_sink *sink, uint32_t place)
{
    const weir_sink_work *work = sink->host_arg;
    const weir_program *program = work->owner;

    return place < program->module->sink_count ? &program->sinks[place].sink : NULL;
}

static weir_source *source_at(weir_sink *sink, uint32_t place)
{
    const weir_sink_work *work = sink->host_arg;
    const weir_program *program = work->owner;

    return place < program->module->source_count ? &program->sources[place].source : NULL;
}

static void log_of_sink(weir_sink *sink, weir_level level, const char *message)
{
    const weir_sink_work *work = sink->host_arg;
    const weir_program *program = work->owner;

    weir_runtime_log(program->runtime, level, "sinks", sink->module->name, "%s", message);
}

static const weir_module *module_of(weir_sink *sink)
{
    const weir_sink_work *work = sink->host_arg;
    const weir_program *program = work->owner;

    return program->module;
}

const weir_sink_host weir_runtime_sink_host = {.watch = watch_answers,
                                               .sink = sink_at,
                                               .source = source_at,
                                               .log = log_of_sink,
                                               .module = module_of,
                                               .provenance = weir_sink_provenance,
                                               .identify = weir_sink_identify};

/* --- Starting --- */

/* The word of a choice at `index`, copied into `word`. */
static const char *word_at(const char *choices, int index, char *word, size_t size)
{
    for (; index > 0; index--)
        choices += strcspn(choices, "|") + 1;
    snprintf(word, size, "%.*s", (int)strcspn(choices, "|"), choices);
    return word;
}

/* The kind's option of that name and type, in `config`; NULL: it has none. */
static const void *member_of(const weir_kind *kind, const void *config, const char *name,
                             weir_option_type type, const weir_option **ret_option)
{
    for (size_t i = 0; i < kind->option_count; i++) {
        const weir_option *option = &kind->options[i];
        if (strcmp(option->name, name) != 0 || option->type != type)
            continue;
        *ret_option = option;
        return (const char *)config + option->offset;
    }
    return NULL;
}

static const char *choice_of(const weir_kind *kind, const void *config, const char *name,
                             char *word, size_t size)
{
    const weir_option *option;
    const int *member = member_of(kind, config, name, WEIR_OPTION_CHOICE, &option);

    return member != NULL ? word_at(option->choices, *member, word, size) : NULL;
}

static int64_t integer_of(const weir_kind *kind, const void *config, const char *name,
                          weir_option_type type, int64_t otherwise)
{
    const weir_option *option;
    const int64_t *member = member_of(kind, config, name, type, &option);

    return member != NULL ? *member : otherwise;
}

/* The format by the option of that name, or by the ending of the path. */
static const char *format_of(const weir_kind *kind, const void *config, char *word, size_t size)
{
    const char *format = choice_of(kind, config, "format", word, size);
    const weir_option *option;
    char *const *path = member_of(kind, config, "path", WEIR_OPTION_PATH, &option);

    if (format != NULL && strcmp(format, "auto") != 0)
        return format;
    format = path != NULL ? weir_format_of_path(*path) : NULL;
    return format != NULL ? format : "json";
}

weir_status weir_source_open(weir_source_work *work, weir_error **error)
{
    weir_source *source = &work->source;
    const weir_source_kind *kind = source->kind;
    const char *format = NULL;
    char word[32];

    if (source->state != NULL)
        return WEIR_OK;
    work->timer = (weir_timer){.fire = on_time, .arg = work, .rank = work->rank};
    source->firing.params = work->program->params;
    source->firing.user = work->program->runtime->user;
    source->state = weir_alloc(kind->state_size);
    if (source->state == NULL || !weir_timers_reserve(&work->program->runtime->timers))
        return weir_error_set(error, WEIR_NOMEM, "source '%s': out of memory",
                              source->module->name);
    if (kind->reads_bytes)
        format = format_of(&kind->base, source->config, word, sizeof word);
    weir_status status = weir_source_prepare(source, format, error);
    if (status == WEIR_OK && kind->open != NULL)
        status = kind->open(source, error);
    return status;
}

/* In replay what has no history has ended at once, and is not even opened: the live one may run
 * beside. A timer begins when time does. */
static weir_status start_source(weir_source_work *work, weir_error **error)
{
    weir_source *source = &work->source;

    if (work->program->runtime->config.mode == WEIR_MODE_REPLAY && !source->kind->replays) {
        source->ended = true;
        source->health = WEIR_SOURCE_ENDED;
        return WEIR_OK;
    }
    weir_status status = weir_source_open(work, error);
    if (status == WEIR_OK && source->health == WEIR_SOURCE_STARTING)
        source->health = WEIR_SOURCE_LIVE;
    return status;
}

static weir_status start_ticks(weir_source_work *work, weir_error **error)
{
    weir_source *source = &work->source;

    if (!source->kind->ticks || source->state != NULL)
        return WEIR_OK;
    source->ended = false;
    source->health = WEIR_SOURCE_LIVE;
    return weir_source_open(work, error);
}

/* A channel stays as it is, closed: another thread may be in a push. */
void weir_source_stop(weir_source_work *work)
{
    weir_source *source = &work->source;

    source->health = WEIR_SOURCE_ENDED;
    if (source->kind == &weir_channel || source->state == NULL)
        return;
    weir_watch_set(work->program->runtime, &work->watch, -1, EV_READ);
    weir_timer_disarm(&work->program->runtime->timers, &work->timer);
    if (source->kind->measure != NULL)
        source->kind->measure(source, &work->last_gauges);
    work->last_gauges.buffered = work->last_gauges.clients = 0;
    if (source->kind->close != NULL)
        source->kind->close(source);
    weir_free(source->state);
    source->state = NULL;
}

static weir_status start_sink(weir_sink_work *work, weir_error **error)
{
    const weir_sink *sink = &work->sink;
    const weir_kind *kind = &sink->kind->base;
    const char *format = NULL;
    char word[32];

    if (sink->kind->write != NULL)
        format = format_of(kind, sink->config, word, sizeof word);
    work->buffer = (size_t)integer_of(kind, sink->config, "buffer", WEIR_OPTION_SIZE, 1 << 20);
    work->sink.metrics.limit = sink->kind->write != NULL ? work->buffer : 0;
    work->give_up = integer_of(kind, sink->config, "give_up", WEIR_OPTION_DURATION, 60000000000);
    return weir_sink_start(work, format, error);
}

/* Accumulators with a beat of their own (polling) begin it. */
static weir_status start_accumulator(weir_accumulator_work *work, weir_error **error)
{
    weir_accumulator *accumulator = &work->accumulator;

    if (accumulator->kind->start == NULL)
        return WEIR_OK;
    bool full;
    weir_cell *cell = weir_cells_find(&work->cells, NULL, 0, 0, &full);
    if (cell == NULL)
        return weir_error_set(error, WEIR_NOMEM, "accumulator '%s': out of memory",
                              accumulator->module->name);
    accumulator->kind->start(accumulator, cell);
    return WEIR_OK;
}

/* What waits for ever would keep a source from ever committing (rule E7). */
static weir_status check_wait(const weir_program *program, const weir_reactor *reactor,
                              weir_error **error)
{
    const weir_module *module = program->module;

    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        const weir_module_input *input = &reactor->module->inputs[i];
        uint32_t source = module->accumulators[input->accumulator].source;
        if (reactor->config.wait == INT64_MAX && input->criteria && source != WEIR_NONE &&
            program->sources[source].source.origin.commits)
            return weir_error_set_at(error, WEIR_SPEC, reactor->module->place,
                                     "reactor '%s' cannot wait forever: source '%s' commits, and "
                                     "nothing after what waits could be committed; give 'wait' a "
                                     "time",
                                     reactor->module->name, module->sources[source].name);
    }
    return WEIR_OK;
}

weir_status weir_program_start(weir_program *program, weir_error **error)
{
    const weir_module *module = program->module;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < module->reactor_count; i++)
        program->reactors[i].firing.user = program->runtime->user;
    for (uint32_t i = 0; i < module->accumulator_count; i++)
        program->accumulators[i].firing.user = program->runtime->user;
    for (uint32_t i = 0; i < module->sink_count && status == WEIR_OK; i++)
        status = start_sink(&program->sinks[i], error);
    if (status == WEIR_OK)
        status = weir_joint_begin(program, error);
    for (uint32_t i = 0; i < module->source_count && status == WEIR_OK; i++)
        status = start_source(&program->sources[i], error);
    for (uint32_t i = 0; i < module->reactor_count && status == WEIR_OK; i++)
        status = check_wait(program, &program->reactors[i], error);
    return status;
}

weir_status weir_program_start_time(weir_program *program, weir_error **error)
{
    const weir_module *module = program->module;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < module->reactor_count; i++)
        program->reactors[i].started = program->runtime->clock.now;
    for (uint32_t i = 0; i < module->source_count && status == WEIR_OK; i++)
        status = start_ticks(&program->sources[i], error);
    for (uint32_t i = 0; i < module->accumulator_count && status == WEIR_OK; i++)
        status = start_accumulator(&program->accumulators[i], error);
    return status;
}
