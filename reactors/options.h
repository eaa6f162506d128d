/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of a reactor. */
#ifndef WEIR_REACTORS_OPTIONS_H
#define WEIR_REACTORS_OPTIONS_H

#include <weir/core.h>

enum {
    WEIR_CAPACITY_DEFAULT = 1024,
    WEIR_CAPACITY_DEFAULT_KEYED = 64,
};

typedef struct weir_reactor_config {
    int64_t capacity; /* 0: not set; the default depends on whether there are keys */
    int64_t wait;     /* nanoseconds; INT64_MAX: for ever */
    int64_t warming;  /* nanoseconds */
    int64_t max_keys;
    int64_t ttl; /* nanoseconds; INT64_MAX: for ever */
} weir_reactor_config;

extern const weir_option weir_reactor_options[5];

#endif
