/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - the explicit registry; its order is that of the reference. */
#include <string.h>

#include "graph/options.h"
#include "runtime/runtime.h"
#include "sources/channel.h"
#include "sources/file.h"
#include "sources/timer.h"
#include "sources/unix.h"

static const weir_source_kind *const sources[] = {&weir_channel, &weir_file, &weir_timer_source,
                                                  &weir_unix_source};

static const weir_accumulator_kind *const accumulators[] = {
    &weir_passthrough, &weir_stream, &weir_polling, &weir_batch, &weir_state,
};

static const weir_sink_kind *const sinks[] = {
    &weir_callback_sink,
    &weir_file_sink,
    &weir_stdout_sink,
};

static const weir_kinds builtin = {
    .generation = WEIR_GENERATION,
    .sources = sources,
    .source_count = sizeof sources / sizeof *sources,
    .accumulators = accumulators,
    .accumulator_count = sizeof accumulators / sizeof *accumulators,
    .sinks = sinks,
    .sink_count = sizeof sinks / sizeof *sinks,
};

const weir_kinds *weir_builtin_kinds(void)
{
    return &builtin;
}

const weir_source_kind *weir_source_kind_find(const weir_kinds *kinds, const char *name)
{
    for (size_t i = 0; kinds != NULL && i < kinds->source_count; i++)
        if (strcmp(kinds->sources[i]->base.name, name) == 0)
            return kinds->sources[i];
    return kinds != &builtin ? weir_source_kind_find(&builtin, name) : NULL;
}

const weir_accumulator_kind *weir_accumulator_kind_find(const weir_kinds *kinds, const char *name)
{
    for (size_t i = 0; kinds != NULL && i < kinds->accumulator_count; i++)
        if (strcmp(kinds->accumulators[i]->base.name, name) == 0)
            return kinds->accumulators[i];
    return kinds != &builtin ? weir_accumulator_kind_find(&builtin, name) : NULL;
}

const weir_sink_kind *weir_sink_kind_find(const weir_kinds *kinds, const char *name)
{
    for (size_t i = 0; kinds != NULL && i < kinds->sink_count; i++)
        if (strcmp(kinds->sinks[i]->base.name, name) == 0)
            return kinds->sinks[i];
    return kinds != &builtin ? weir_sink_kind_find(&builtin, name) : NULL;
}

static const weir_option module_options[] = {
    {.name = "max_rounds",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .offset = offsetof(weir_module_config, max_rounds),
     .help = "How often feedback goes round before it becomes a dead letter."},
};

/* --- The catalog: the same kinds, and the options of the rest --- */

static const weir_kind *const source_heads[] = {&weir_channel.base, &weir_file.base,
                                                &weir_timer_source.base, &weir_unix_source.base};

static const weir_kind *const accumulator_heads[] = {
    &weir_passthrough.base, &weir_stream.base, &weir_polling.base,
    &weir_batch.base,       &weir_state.base,
};

static const weir_kind *const sink_heads[] = {
    &weir_callback_sink.base,
    &weir_file_sink.base,
    &weir_stdout_sink.base,
};

#define LIST(items)                                                                                \
    {                                                                                              \
        items, sizeof(items) / sizeof *(items)                                                     \
    }

static const weir_catalog catalog = {
    .sources = LIST(source_heads),
    .accumulators = LIST(accumulator_heads),
    .sinks = LIST(sink_heads),
    .every_source = LIST(weir_source_options),
    .reactor = LIST(weir_reactor_options),
    .graph = LIST(weir_graph_options),
    .top = LIST(module_options),
};

const weir_catalog *weir_builtin_catalog(void)
{
    return &catalog;
}
