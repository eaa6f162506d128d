/* SPDX-License-Identifier: Apache-2.0 */
/* sink_options.c - the options of the sink that starts workflows. */
#include "workflow/sink_options.h"

#include <stddef.h>

#define AT(member) .offset = offsetof(workflow_sink_config, member)

const weir_option workflow_sink_options[WORKFLOW_SINK_OPTIONS] = {
    {.name = "workflow",
     .type = WEIR_OPTION_TEXT,
     .required = true,
     AT(workflow),
     .help = "The workflow that is started; one of the same spec."},
    {.name = "store",
     .type = WEIR_OPTION_TEXT,
     .required = true,
     AT(store),
     .help = "Where its executions are kept: sqlite:FILE (relative to the spec) or "
             "postgresql://USER@HOST/DATABASE."},
    {.name = "input",
     .type = WEIR_OPTION_FIELDS,
     AT(input),
     .help = "The workflow's input: the field that each of its keys is set from. Without it all "
             "fields are the input."},
    {.name = "key",
     .type = WEIR_OPTION_FIELD,
     AT(key),
     .help = "The field with the key of the execution: one key is one execution. Without it, or "
             "where the field is absent, the key names the events that the result came of."},
    {.name = "buffer",
     .type = WEIR_OPTION_SIZE,
     .fallback = "1MiB",
     .min = 4096,
     .max = 1 << 30,
     AT(buffer),
     .help = "So much waits for the store, and as much again before it; then the reactors that "
             "write to the sink are held."},
    {.name = "give_up",
     .type = WEIR_OPTION_DURATION,
     .fallback = "forever",
     .min = 1000000,
     .max = INT64_MAX,
     .forever = "forever",
     AT(give_up),
     .help = "A store that is not to be had is waited for; after so long the run ends with the "
             "error."},
};
