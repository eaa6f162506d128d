/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of the sink kinds. */
#ifndef WEIR_SINKS_OPTIONS_H
#define WEIR_SINKS_OPTIONS_H

#include <weir/core.h>

enum { WEIR_FSYNC_NEVER, WEIR_FSYNC_TURN, WEIR_FSYNC_END };

typedef struct weir_file_sink_config {
    char *path;
    int64_t rotate; /* bytes; 0: never */
    int64_t keep;   /* rotated files */
    int fsync;      /* WEIR_FSYNC_... */
    int format;
    int64_t buffer;  /* bytes */
    int64_t give_up; /* nanoseconds */
} weir_file_sink_config;

typedef struct weir_stdout_config {
    int format;
    int64_t buffer;
    int64_t give_up;
} weir_stdout_config;

extern const weir_option weir_file_sink_options[7];
extern const weir_option weir_stdout_options[3];

#endif
