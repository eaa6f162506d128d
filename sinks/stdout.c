/* SPDX-License-Identifier: Apache-2.0 */
/* stdout.c - results go to standard output. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/options.h"
#include "sinks/output.h"
#include "sinks/sink.h"

/* Standard output may be shared, so it is never made non-blocking; a pipe can be opened again. */
static int open_again(void)
{
    struct stat found;

    if (fstat(STDOUT_FILENO, &found) != 0 || !S_ISFIFO(found.st_mode))
        return -1;
    return open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

static weir_status open_stdout(weir_sink *sink, weir_error **error)
{
    weir_output *output = sink->state;
    int own = open_again();

    output->name = "standard output";
    weir_status status =
        weir_output_open(output, sink, own >= 0 ? own : STDOUT_FILENO, own >= 0, error);
    return status == WEIR_OK ? weir_output_begin(output, sink, error) : status;
}

static weir_status write_stdout(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                                weir_error **error)
{
    return weir_output_write(sink->state, sink, bytes, ret_written, fd, error);
}

static void close_stdout(weir_sink *sink)
{
    weir_output_close(sink->state);
}

const weir_sink_kind weir_stdout_sink = {
    .base = {.name = "stdout",
             .summary = "Writes each result to standard output, as JSON lines, CSV or "
                        "MessagePack.",
             .options = weir_stdout_options,
             .option_count = sizeof weir_stdout_options / sizeof *weir_stdout_options,
             .config_size = sizeof(weir_stdout_config)},
    .state_size = sizeof(weir_output),
    .open = open_stdout,
    .write = write_stdout,
    .close = close_stdout,
};
