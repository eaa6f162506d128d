/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - the explicit registry; its order is that of the reference. */
#include <string.h>

#include "graph/options.h"
#include "runtime/runtime.h"
#include "sources/channel.h"
#include "sources/file.h"

static const weir_source_kind *const sources[] = {&weir_channel, &weir_file};

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

#define TABLE(options) ((weir_option_table){options, sizeof(options) / sizeof *(options)})

weir_option_table weir_options_of_sources(void)
{
    return TABLE(weir_source_options);
}

weir_option_table weir_options_of_reactors(void)
{
    return (weir_option_table){weir_reactor_options, weir_reactor_option_count};
}

weir_option_table weir_options_of_graphs(void)
{
    return TABLE(weir_graph_options);
}

weir_option_table weir_options_of_modules(void)
{
    return TABLE(module_options);
}
