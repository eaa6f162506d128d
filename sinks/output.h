/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - writes results to a descriptor: a file, a pipe, a terminal.
 *
 * To a regular file it writes all that it is given or nothing, so that no half result stays there
 * when the disk is full. To what can be full for a while it writes what is taken, and never blocks.
 */
#ifndef WEIR_SINKS_OUTPUT_H
#define WEIR_SINKS_OUTPUT_H

#include "core/buffer.h"
#include <weir/sinks.h>

typedef struct weir_output {
    int fd;   /* -1: none */
    bool own; /* it is closed in the end */
    bool regular;
    bool blocks;      /* it is asked first, and given what it takes without blocking */
    int64_t size;     /* of a regular file */
    weir_buffer head; /* goes before the next results: a header row */
    const char *name; /* for messages */
} weir_output;

/* Of an open descriptor, which may block unless it is `own`. */
WEIR_MUST_USE weir_status weir_output_open(weir_output *output, const weir_sink *sink, int fd,
                                           bool own, weir_error **error);
void weir_output_close(weir_output *output);

/* As a sink kind's `write`. */
WEIR_MUST_USE weir_status weir_output_write(weir_output *output, const weir_sink *sink,
                                            weir_slice bytes, size_t *ret_written, int *fd,
                                            weir_error **error);

/* Writes the head, where it is taken at once. */
WEIR_MUST_USE weir_status weir_output_begin(weir_output *output, const weir_sink *sink,
                                            weir_error **error);

/* "sink 'x': cannot DO 'NAME': the reason of errno" */
weir_status weir_output_failed(const weir_output *output, const weir_sink *sink, const char *what,
                               weir_error **error);

#endif
