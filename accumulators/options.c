/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of the accumulator kinds. */
#include "accumulators/options.h"

const weir_option weir_polling_options[2] = {
    {.name = "every",
     .type = WEIR_OPTION_DURATION,
     .required = true,
     .min = 1000,
     .max = INT64_MAX,
     .offset = offsetof(weir_polling_config, every),
     .help = "The time between two polls; the first comes one such time after the start, and polls "
             "that were missed count as one."},
    {.name = "inline",
     .type = WEIR_OPTION_BOOL,
     .fallback = "false",
     .offset = offsetof(weir_polling_config, on_loop),
     .help = "Polls on the runtime's own thread, for functions that never wait."},
};

const weir_option weir_batch_options[3] = {
    {.name = "max_size",
     .type = WEIR_OPTION_INTEGER,
     .required = true,
     .min = 1,
     .max = 1000000,
     .offset = offsetof(weir_batch_config, max_size),
     .help = "A batch of so many events is flushed at once."},
    {.name = "every",
     .type = WEIR_OPTION_DURATION,
     .min = 1000,
     .max = INT64_MAX,
     .offset = offsetof(weir_batch_config, every),
     .help = "A batch is flushed so long after its first event; without it only size, "
             "`flush_with` and the end flush."},
    {.name = "flush_with",
     .type = WEIR_OPTION_TEXT,
     .offset = offsetof(weir_batch_config, flush_with),
     .help = "A reactor: the batch is flushed after each of its firings."},
};

const weir_option weir_state_options[1] = {
    {.name = "size",
     .type = WEIR_OPTION_INTEGER,
     .required = true,
     .min = 1,
     .max = 1000000,
     .offset = offsetof(weir_state_config, size),
     .help = "How many of the newest values are kept."},
};
