/* SPDX-License-Identifier: Apache-2.0 */
/* stdout.c - results go to standard output. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "sinks/options.h"
#include "sinks/sink.h"

enum { PIECE = 4096 }; /* what a pipe that is writable takes without blocking (PIPE_BUF) */

/* Never blocks: the descriptor may be shared, so it is asked first and not made non-blocking. */
static weir_status write_piece(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                               weir_error **error)
{
    struct pollfd ready = {.fd = STDOUT_FILENO, .events = POLLOUT};

    *fd = STDOUT_FILENO;
    if (poll(&ready, 1, 0) == 0)
        return WEIR_AGAIN;
    ssize_t written = write(STDOUT_FILENO, bytes.data, bytes.size < PIECE ? bytes.size : PIECE);
    if (written < 0 && (errno == EINTR || errno == EAGAIN))
        return errno == EINTR ? WEIR_OK : WEIR_AGAIN;
    if (written < 0 && errno == EPIPE)
        return weir_error_set(error, WEIR_CLOSED,
                              "sink '%s': nobody reads standard output any more",
                              sink->module->name);
    *fd = -1;
    if (written < 0)
        return weir_error_set(error, WEIR_IO, "sink '%s': cannot write to standard output: %s",
                              sink->module->name, strerror(errno));
    *ret_written = (size_t)written;
    return WEIR_OK;
}

static weir_status open_stdout(weir_sink *sink, weir_error **error)
{
    weir_buffer header = {0};
    weir_status status = WEIR_OK;
    size_t at = 0, written;
    int fd;

    if (sink->format != WEIR_FORMAT_CSV)
        return WEIR_OK;
    if (weir_csv_header(sink->type, &header) != WEIR_OK)
        status = weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
    weir_buffer_append(&header, "\n", 1);
    while (status == WEIR_OK && at < header.size) {
        const void *rest = header.data + at;
        written = 0;
        status = write_piece(sink, (weir_slice){rest, header.size - at}, &written, &fd, error);
        at += written;
    }
    weir_buffer_free(&header);
    return status;
}

const weir_sink_kind weir_stdout_sink = {
    .base = {.name = "stdout",
             .summary = "Writes each result to standard output, as JSON lines, CSV or "
                        "MessagePack.",
             .options = weir_stdout_options,
             .option_count = sizeof weir_stdout_options / sizeof *weir_stdout_options,
             .config_size = sizeof(weir_stdout_config)},
    .open = open_stdout,
    .write = write_piece,
};
