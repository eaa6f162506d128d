/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of the accumulator kinds. */
#ifndef WEIR_ACCUMULATORS_OPTIONS_H
#define WEIR_ACCUMULATORS_OPTIONS_H

#include <weir/core.h>

typedef struct weir_polling_config {
    int64_t every; /* nanoseconds */
    bool on_loop;  /* `inline: true` */
} weir_polling_config;

typedef struct weir_batch_config {
    int64_t max_size;
    int64_t every;    /* nanoseconds; 0: none */
    char *flush_with; /* a reactor, or NULL */
} weir_batch_config;

typedef struct weir_state_config {
    int64_t size;
} weir_state_config;

extern const weir_option weir_polling_options[2];
extern const weir_option weir_batch_options[3];
extern const weir_option weir_state_options[1];

#endif
