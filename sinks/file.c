/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - results go to a file, which may be rotated by size.
 *
 *     PATH -> PATH.1 -> PATH.2 ... PATH.keep, the oldest
 *
 * A write that fails leaves the file as it was and the bytes with the sink, which tries again. A
 * rotation that fails is tried again after the next write; until then the file grows on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/options.h"
#include "sinks/output.h"
#include "sinks/sink.h"

typedef struct file_state {
    char *path;
    weir_output output;
    bool unsynced;
    bool new_name; /* its folder does not know it durably yet */
} file_state;

static const weir_file_sink_config *config_of(const weir_sink *sink)
{
    return sink->config;
}

static weir_status failed(const weir_sink *sink, const char *what, weir_error **error)
{
    const file_state *file = sink->state;

    return weir_output_failed(&file->output, sink, what, error);
}

/* --- Opening --- */

/* It is read too, for its last byte; but a pipe opened for both would be its own reader. */
static int open_path(const file_state *file, bool fresh)
{
    int flags = O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | (fresh ? O_TRUNC : 0);
    struct stat found;
    bool pipe = stat(file->path, &found) == 0 && S_ISFIFO(found.st_mode);
    int fd = open(file->path, (pipe ? O_WRONLY : O_RDWR) | flags, 0666);

    return fd < 0 && errno == EACCES ? open(file->path, O_WRONLY | flags, 0666) : fd;
}

static weir_status open_file(weir_sink *sink, bool fresh, weir_error **error)
{
    file_state *file = sink->state;

    int fd = open_path(file, fresh);
    if (fd < 0 && errno == ENXIO)
        return weir_error_set_at(error, WEIR_IO, sink->module->place,
                                 "sink '%s': nobody reads the pipe '%s'; start its reader first",
                                 sink->module->name, file->path);
    if (fd < 0)
        return weir_error_set_at(error, WEIR_IO, sink->module->place,
                                 "sink '%s': cannot open '%s': %s%s", sink->module->name,
                                 file->path, strerror(errno),
                                 errno == ENOENT ? "; make its folder first" : "");
    weir_status status = weir_output_open(&file->output, sink, fd, true, error);
    file->new_name = file->output.size == 0;
    if (status == WEIR_OK)
        status = weir_output_begin(&file->output, sink, error);
    file->unsynced = file->unsynced || file->output.size != 0;
    return status;
}

static weir_status open_sink(weir_sink *sink, weir_error **error)
{
    file_state *file = sink->state;
    weir_buffer path = {0};

    file->output.fd = -1;
    if (config_of(sink)->path[0] != '/' && sink->folder != NULL)
        weir_buffer_printf(&path, "%s/", sink->folder);
    weir_buffer_text(&path, config_of(sink)->path);
    file->path = path.data;
    file->output.name = path.data;
    if (path.failed)
        return weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
    return open_file(sink, sink->fresh, error);
}

/* --- Syncing --- */

/* A name lasts once its folder is on the disk too. */
static bool sync_folder(const file_state *file)
{
    const char *slash = strrchr(file->path, '/');
    weir_buffer folder = {0};

    weir_buffer_text(&folder, slash == file->path ? "/" : ".");
    if (slash != NULL && slash != file->path) {
        folder.size = 0;
        weir_buffer_append(&folder, file->path, (size_t)(slash - file->path));
    }
    if (folder.failed)
        errno = ENOMEM;
    int fd = folder.failed ? -1 : open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    weir_buffer_free(&folder);
    return good;
}

static weir_status force(weir_sink *sink, weir_error **error)
{
    file_state *file = sink->state;

    if (!file->output.regular || file->output.fd < 0)
        return WEIR_OK;
    if (file->unsynced && fdatasync(file->output.fd) != 0)
        return failed(sink, "force to the disk", error);
    file->unsynced = false;
    if (file->new_name && !sync_folder(file))
        return failed(sink, "force to the disk the name of", error);
    file->new_name = false;
    return WEIR_OK;
}

static weir_status sync_file(weir_sink *sink, bool last, weir_error **error)
{
    int policy = config_of(sink)->fsync;

    if (policy == WEIR_FSYNC_NEVER || (policy == WEIR_FSYNC_END && !last))
        return WEIR_OK;
    return force(sink, error);
}

/* --- Rotating --- */

/* PATH.number; PATH itself for 0. */
static bool numbered(const file_state *file, int64_t number, weir_buffer *ret)
{
    ret->size = 0;
    weir_buffer_text(ret, file->path);
    if (number != 0)
        weir_buffer_printf(ret, ".%lld", (long long)number);
    return !ret->failed;
}

static weir_status rename_all(const weir_sink *sink, weir_error **error)
{
    const file_state *file = sink->state;
    weir_buffer from = {0}, to = {0};
    weir_status status = WEIR_OK;

    for (int64_t number = config_of(sink)->keep; number > 0 && status == WEIR_OK; number--)
        if (!numbered(file, number - 1, &from) || !numbered(file, number, &to))
            status =
                weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
        else if (rename(from.data, to.data) != 0 && errno != ENOENT)
            status = failed(sink, "rotate", error);
    weir_buffer_free(&from);
    weir_buffer_free(&to);
    return status;
}

static weir_status rotate(weir_sink *sink, weir_error **error)
{
    file_state *file = sink->state;
    weir_status status = config_of(sink)->fsync == WEIR_FSYNC_NEVER ? WEIR_OK : force(sink, error);

    if (status == WEIR_OK)
        status = rename_all(sink, error);
    if (status != WEIR_OK)
        return status;
    weir_output_close(&file->output);
    return open_file(sink, false, error);
}

/* --- Writing --- */

static weir_status write_results(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                                 weir_error **error)
{
    file_state *file = sink->state;
    int64_t limit = config_of(sink)->rotate;

    *fd = -1;
    if (file->output.fd < 0) { /* it could not be opened after a rotation */
        weir_status status = open_file(sink, false, error);
        if (status != WEIR_OK)
            return status;
    }
    weir_status status = weir_output_write(&file->output, sink, bytes, ret_written, fd, error);
    file->unsynced = file->unsynced || *ret_written != 0;
    /* Only behind whole results, so that none is torn. */
    if (status == WEIR_OK && limit != 0 && file->output.size >= limit &&
        *ret_written == bytes.size && file->output.regular)
        return rotate(sink, error);
    return status;
}

static void close_file(weir_sink *sink)
{
    file_state *file = sink->state;

    weir_output_close(&file->output);
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
    .write = write_results,
    .sync = sync_file,
    .close = close_file,
};
