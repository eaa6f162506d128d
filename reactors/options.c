/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of a reactor. */
#include "reactors/options.h"

const weir_option weir_reactor_options[5] = {
    {.name = "capacity",
     .type = WEIR_OPTION_INTEGER,
     .min = 1,
     .max = 65536,
     .offset = offsetof(weir_reactor_config, capacity),
     .help = "How many boundaries wait in the queue of each input: 1024, with keys 64 a key. When "
             "it is full and a partner is missing, the oldest becomes a dead letter; when firing "
             "is held, its source is read no further."},
    {.name = "wait",
     .type = WEIR_OPTION_DURATION,
     .fallback = "5m",
     .min = 1,
     .max = INT64_MAX,
     .forever = "forever",
     .offset = offsetof(weir_reactor_config, wait),
     .help = "How long a boundary waits for its partners before it becomes a dead letter; time in "
             "which firing is held does not count."},
    {.name = "warming",
     .type = WEIR_OPTION_DURATION,
     .fallback = "30s",
     .min = 1,
     .max = INT64_MAX,
     .offset = offsetof(weir_reactor_config, warming),
     .help = "How long a required input may be without a value before health is degraded."},
    {.name = "max_keys",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "1000000",
     .min = 1,
     .max = 100000000,
     .offset = offsetof(weir_reactor_config, max_keys),
     .help = "How many keys are kept, also by the accumulators that it reads (by the most of their "
             "reactors); an event with another one becomes a dead letter."},
    {.name = "ttl",
     .type = WEIR_OPTION_DURATION,
     .fallback = "forever",
     .min = 1,
     .max = INT64_MAX,
     .forever = "forever",
     .offset = offsetof(weir_reactor_config, ttl),
     .help = "How long after its last event a key is forgotten, also by the accumulators that it "
             "reads (by the longest of their reactors); what waits under it becomes dead letters."},
};
