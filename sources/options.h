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

/* How messages are told apart, of every kind that reads a stream of bytes. */
enum { WEIR_FRAMING_AUTO, WEIR_FRAMING_LINES, WEIR_FRAMING_LENGTH, WEIR_FRAMING_FIXED };

typedef struct weir_framing_config {
    int framing;      /* WEIR_FRAMING_... */
    int length_bytes; /* as a power of two */
    int64_t record_size;
    int64_t max_size;
} weir_framing_config;

typedef struct weir_file_source_config {
    char *path;
    int format;
    weir_framing_config framing;
} weir_file_source_config;

typedef struct weir_timer_config {
    int64_t every; /* nanoseconds */
} weir_timer_config;

typedef struct weir_unix_config {
    char *path;
    int format;
    weir_framing_config framing;
    int64_t max_clients;
} weir_unix_config;

extern const weir_option weir_timer_options[1];
extern const weir_option weir_unix_options[7];
extern const weir_option weir_source_options[2];
extern const weir_option weir_channel_options[2];
extern const weir_option weir_file_source_options[6];

#endif
