/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - results go to a file, which may be rotated by size.
 *
 * A write that fails (a full disk) leaves the bytes with the sink, which tries again; a partly
 * written line goes on where it stopped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/options.h"
#include "sinks/sink.h"

typedef struct file_state {
    char *path;
    int fd;
    int64_t size;
    bool unsynced;
} file_state;

static weir_status failed(const weir_sink *sink, const char *what, weir_error **error)
{
    const file_state *file = sink->state;

    return weir_error_set(error, WEIR_IO, "sink '%s': cannot %s '%s': %s", sink->module->name, what,
                          file->path, strerror(errno));
}

static weir_status open_file(weir_sink *sink, bool fresh, weir_error **error)
{
    file_state *file = sink->state;
    struct stat stat;

    file->fd =
        open(file->path, O_WRONLY | O_CREAT | O_CLOEXEC | (fresh ? O_TRUNC : O_APPEND), 0666);
    if (file->fd < 0 || fstat(file->fd, &stat) != 0)
        return failed(sink, "open", error);
    file->size = stat.st_size;
    return WEIR_OK;
}

/* A CSV file begins with its header row. */
static weir_status write_header(weir_sink *sink, weir_error **error)
{
    file_state *file = sink->state;
    weir_buffer header = {0};
    weir_status status = WEIR_OK;

    if (sink->format != WEIR_FORMAT_CSV || file->size != 0)
        return WEIR_OK;
    if (weir_csv_header(sink->type, &header) != WEIR_OK)
        status = weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
    weir_buffer_append(&header, "\n", 1);
    if (status == WEIR_OK && write(file->fd, header.data, header.size) != (ssize_t)header.size)
        status = failed(sink, "write to", error);
    file->size += (int64_t)header.size;
    weir_buffer_free(&header);
    return status;
}

static weir_status open_sink(weir_sink *sink, weir_error **error)
{
    const weir_file_sink_config *config = sink->config;
    file_state *file = sink->state;
    weir_buffer path = {0};

    file->fd = -1;
    if (config->path[0] != '/' && sink->folder != NULL)
        weir_buffer_printf(&path, "%s/", sink->folder);
    weir_buffer_text(&path, config->path);
    file->path = path.data;
    if (path.failed)
        return weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
    weir_status status = open_file(sink, sink->fresh, error);
    return status == WEIR_OK ? write_header(sink, error) : status;
}

/* PATH.4 -> PATH.5, ... PATH -> PATH.1; the oldest is overwritten. */
static weir_status rotate(weir_sink *sink, weir_error **error)
{
    const weir_file_sink_config *config = sink->config;
    file_state *file = sink->state;
    char from[4096], to[4096];

    for (int64_t number = config->keep; number > 0; number--) {
        snprintf(from, sizeof from, number > 1 ? "%s.%lld" : "%s", file->path,
                 (long long)number - 1);
        snprintf(to, sizeof to, "%s.%lld", file->path, (long long)number);
        if (rename(from, to) != 0 && errno != ENOENT)
            return failed(sink, "rotate", error);
    }
    close(file->fd);
    weir_status status = open_file(sink, true, error);
    return status == WEIR_OK ? write_header(sink, error) : status;
}

/* Up to the end of the last whole line, so that no line is torn by a rotation. */
static weir_status write_file(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                              weir_error **error)
{
    const weir_file_sink_config *config = sink->config;
    file_state *file = sink->state;

    *fd = -1;
    if (file->fd < 0) {
        weir_status status = open_file(sink, false, error);
        if (status != WEIR_OK)
            return status;
    }
    ssize_t written = write(file->fd, bytes.data, bytes.size);
    if (written < 0 && errno == EINTR)
        return WEIR_OK;
    if (written < 0)
        return failed(sink, "write to", error);
    *ret_written = (size_t)written;
    file->size += written;
    file->unsynced = true;
    if (config->rotate != 0 && file->size >= config->rotate && *ret_written == bytes.size)
        return rotate(sink, error);
    return WEIR_OK;
}

static weir_status sync_file(weir_sink *sink, weir_error **error)
{
    const weir_file_sink_config *config = sink->config;
    file_state *file = sink->state;

    if (config->fsync != WEIR_FSYNC_TURN || !file->unsynced)
        return WEIR_OK;
    if (fdatasync(file->fd) != 0)
        return failed(sink, "force to the disk", error);
    file->unsynced = false;
    return WEIR_OK;
}

static void close_file(weir_sink *sink)
{
    const weir_file_sink_config *config = sink->config;
    file_state *file = sink->state;

    if (file->fd >= 0) {
        if (config->fsync != WEIR_FSYNC_NEVER && file->unsynced)
            fdatasync(file->fd);
        close(file->fd);
    }
    weir_free(file->path);
}

const weir_sink_kind weir_file_sink = {
    .base = {.name = "file",
             .summary = "Writes each result to a file, as JSON lines, CSV or MessagePack.",
             .options = weir_file_sink_options,
             .option_count = sizeof weir_file_sink_options / sizeof *weir_file_sink_options,
             .config_size = sizeof(weir_file_sink_config)},
    .state_size = sizeof(file_state),
    .open = open_sink,
    .write = write_file,
    .sync = sync_file,
    .close = close_file,
};
