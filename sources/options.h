/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of every source, and of the source kinds. */
#ifndef WEIR_SOURCES_OPTIONS_H
#define WEIR_SOURCES_OPTIONS_H

#include <weir/core.h>

typedef struct weir_source_config {
    int64_t turn;
    int64_t max_in_flight;
} weir_source_config;

enum { WEIR_ON_FULL_FAIL, WEIR_ON_FULL_BLOCK, WEIR_ON_FULL_DROP_OLDEST, WEIR_ON_FULL_CONFLATE };

typedef struct weir_channel_config {
    int64_t capacity;
    int on_full; /* WEIR_ON_FULL_... */
} weir_channel_config;

typedef struct weir_file_source_config {
    char *path;
    int format;
} weir_file_source_config;

typedef struct weir_timer_config {
    int64_t every; /* nanoseconds */
} weir_timer_config;

enum { WEIR_FRAMING_LINES, WEIR_FRAMING_LENGTH };

typedef struct weir_unix_config {
    char *path;
    int framing; /* WEIR_FRAMING_... */
    int format;
    int64_t max_size;
} weir_unix_config;

extern const weir_option weir_timer_options[1];
extern const weir_option weir_unix_options[4];
extern const weir_option weir_source_options[2];
extern const weir_option weir_channel_options[2];
extern const weir_option weir_file_source_options[2];

#endif
