/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - events from files, pipes and terminals.
 *
 * A position is the number of the message over all files, counted from 0. What can be waited for (a
 * pipe, a terminal) is watched and never blocks the loop; a file is read piece by piece, a few
 * pieces a turn. A file that is truncated while it is read ends there; one that is removed is read
 * to its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "sources/file.h"
#include "sources/framer.h"
#include "sources/source.h"

enum { PIECE = 256 * 1024, PIECES_AT_ONCE = 16 };

/* A file that was begun: what tells it from another one of its name, and its first position. */
typedef struct file_mark {
    int64_t first;
    uint64_t inode;
    int64_t born; /* nanoseconds; 0: the file system does not know */
    bool regular;
} file_mark;

typedef struct file_state {
    glob_t paths;
    bool globbed;
    file_mark *marks; /* of the first `next_path` */
    size_t next_path;
    int fd;
    bool waits;       /* it can be waited for */
    bool header_read; /* of this file, where it is CSV */
    weir_framer framer;
    int64_t position;
    uint64_t read, total; /* bytes; of what is no file the total is unknown */
} file_state;

static const weir_file_source_config *config_of(const weir_source *source)
{
    return source->config;
}

static const char *path_of(const file_state *file)
{
    return file->paths.gl_pathv[file->next_path - 1];
}

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* --- At the start --- */

static weir_status refuse_path(const weir_source *source, const char *path, const char *why,
                               weir_error **error)
{
    return weir_error_set_at(error, WEIR_IO, source->module->place,
                             "source '%s': cannot read '%s': %s", source->module->name, path, why);
}

/* A file that cannot be read is told at the start, not after an hour. */
static weir_status check_path(const weir_source *source, const char *path, weir_error **error)
{
    file_state *file = source->state;
    struct stat found;

    if (is_stdin(path))
        return WEIR_OK;
    if (stat(path, &found) != 0)
        return refuse_path(source, path, strerror(errno), error);
    if (S_ISDIR(found.st_mode))
        return refuse_path(source, path, "it is a folder; name its files, such as FOLDER/*.csv",
                           error);
    /* To open a pipe would be seen at its other end. */
    if (!S_ISREG(found.st_mode))
        return access(path, R_OK) == 0 ? WEIR_OK
                                       : refuse_path(source, path, strerror(errno), error);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refuse_path(source, path, strerror(errno), error);
    close(fd);
    file->total += (uint64_t)found.st_size;
    return WEIR_OK;
}

/* The path; as a pattern, in which only the spec itself may have wildcards, not its folder. */
static bool write_path(const weir_source *source, bool pattern, weir_buffer *ret)
{
    const char *path = config_of(source)->path;

    if (path[0] != '/' && !is_stdin(path) && source->folder != NULL) {
        for (const char *at = source->folder; *at != '\0'; at++)
            weir_buffer_printf(ret, "%s%c", pattern && strchr("*?[\\", *at) != NULL ? "\\" : "",
                               *at);
        weir_buffer_text(ret, "/");
    }
    weir_buffer_text(ret, path);
    return !ret->failed;
}

static weir_status none_found(const weir_source *source, int reason, const char *path,
                              weir_error **error)
{
    if (reason != GLOB_NOMATCH)
        return refuse_path(source, path, "its folder cannot be read", error);
    return refuse_path(source, path,
                       strpbrk(config_of(source)->path, "*?[") != NULL
                           ? "no file has a name like that"
                           : "No such file or directory",
                       error);
}

static weir_status find_paths(weir_source *source, weir_error **error)
{
    file_state *file = source->state;
    weir_buffer pattern = {0}, path = {0};
    weir_status status = WEIR_OK;
    int failed = GLOB_NOSPACE;

    if (write_path(source, true, &pattern) && write_path(source, false, &path))
        failed = glob(pattern.data, is_stdin(pattern.data) ? GLOB_NOCHECK : 0, NULL, &file->paths);
    file->globbed = failed == 0;
    if (failed == GLOB_NOSPACE)
        status =
            weir_error_set(error, WEIR_NOMEM, "source '%s': out of memory", source->module->name);
    else if (failed != 0)
        status = none_found(source, failed, path.data, error);
    weir_buffer_free(&pattern);
    weir_buffer_free(&path);
    return status;
}

static weir_status open_source(weir_source *source, weir_error **error)
{
    file_state *file = source->state;

    file->fd = -1;
    weir_status status =
        weir_framer_init(&file->framer, source, &config_of(source)->framing, error);
    if (status == WEIR_OK)
        status = find_paths(source, error);
    for (size_t i = 0; status == WEIR_OK && i < file->paths.gl_pathc; i++)
        status = check_path(source, file->paths.gl_pathv[i], error);
    if (status == WEIR_OK &&
        (file->marks = weir_alloc_array(file->paths.gl_pathc, sizeof *file->marks)) == NULL)
        status =
            weir_error_set(error, WEIR_NOMEM, "source '%s': out of memory", source->module->name);
    return status;
}

static void close_source(weir_source *source)
{
    file_state *file = source->state;

    if (file->fd > STDIN_FILENO)
        close(file->fd);
    if (file->globbed)
        globfree(&file->paths);
    weir_free(file->marks);
    weir_framer_free(&file->framer);
}

static void measure(weir_source *source, weir_source_gauges *ret)
{
    const file_state *file = source->state;
    const weir_framer *framer = &file->framer;

    ret->buffered = framer->bytes.size - framer->at;
    ret->buffer_limit = framer->limit + framer->head + PIECE;
    ret->read = file->read;
    ret->total = file->total;
}

/* --- Bytes --- */

/* What lay behind bytes that are no MessagePack went unread: nobody should find that out later. */
static void tell_dropped(weir_source *source)
{
    const file_state *file = source->state;
    weir_buffer text = {0};

    if (file->framer.dropped == 0)
        return;
    weir_buffer_printf(&text, "%llu bytes of '%s' were passed over: see its last dead letter",
                       (unsigned long long)file->framer.dropped, path_of(file));
    source->host->log(source, WEIR_WARNING, text.failed ? "bytes were passed over" : text.data);
    weir_buffer_free(&text);
}

static weir_status leave_file(weir_source *source, weir_error **error)
{
    file_state *file = source->state;
    weir_status status = file->waits ? source->host->watch(source, -1, error) : WEIR_OK;

    if (file->fd >= 0)
        tell_dropped(source);
    if (file->fd > STDIN_FILENO)
        close(file->fd);
    file->fd = -1;
    file->waits = false;
    return status;
}

/* A file that took the place of another one has another inode, or was born later. */
static void mark(file_state *file, const struct stat *found)
{
    struct statx more;

    file_mark *mark = &file->marks[file->next_path - 1];
    *mark = (file_mark){
        .first = file->position, .inode = found->st_ino, .regular = S_ISREG(found->st_mode)};
    if (statx(file->fd, "", AT_EMPTY_PATH, STATX_BTIME, &more) == 0 &&
        (more.stx_mask & STATX_BTIME) != 0)
        mark->born = more.stx_btime.tv_sec * 1000000000 + more.stx_btime.tv_nsec;
}

static weir_status next_file(weir_source *source, weir_error **error)
{
    file_state *file = source->state;
    struct stat found;
    weir_status status = leave_file(source, error);

    if (status != WEIR_OK || file->next_path == file->paths.gl_pathc)
        return status != WEIR_OK ? status : WEIR_CLOSED;
    file->next_path++;
    file->header_read = false;
    weir_framer_reset(&file->framer);
    file->fd = is_stdin(path_of(file)) ? STDIN_FILENO
                                       : open(path_of(file), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &found) != 0)
        return refuse_path(source, path_of(file), strerror(errno), error);
    mark(file, &found);
    file->waits = S_ISFIFO(found.st_mode) || S_ISSOCK(found.st_mode) || isatty(file->fd) == 1;
    return file->waits ? source->host->watch(source, file->fd, error) : WEIR_OK;
}

/* Standard input belongs to others too: it is asked, and not made non-blocking. */
static bool is_readable(const file_state *file)
{
    struct pollfd ready = {.fd = file->fd, .events = POLLIN};

    return !file->waits || poll(&ready, 1, 0) != 0;
}

static weir_status read_piece(weir_source *source, weir_error **error)
{
    file_state *file = source->state;

    if (!is_readable(file))
        return WEIR_AGAIN;
    unsigned char *room = weir_framer_room(&file->framer, PIECE);
    if (room == NULL)
        return weir_error_set(error, WEIR_NOMEM, "source '%s': out of memory",
                              source->module->name);
    ssize_t size = read(file->fd, room, PIECE);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return WEIR_AGAIN;
    if (size < 0)
        return refuse_path(source, path_of(file), strerror(errno), error);
    file->read += (uint64_t)size;
    weir_framer_add(&file->framer, (size_t)size);
    if (size == 0)
        weir_framer_end(&file->framer, false);
    return WEIR_OK;
}

/* After a few pieces without a message the others have their turn. */
static weir_status read_on(weir_source *source, int *pieces, weir_error **error)
{
    if (++*pieces <= PIECES_AT_ONCE)
        return read_piece(source, error);
    source->host->wake(source);
    return WEIR_AGAIN;
}

/* --- Messages --- */

static weir_status read_header(weir_source *source, weir_error **error)
{
    file_state *file = source->state;
    weir_frame frame;

    weir_status status = weir_framer_next(&file->framer, &frame);
    if (status != WEIR_OK)
        return status;
    if (frame.fault != NULL)
        return weir_error_set(error, WEIR_DECODE, "source '%s': the header row of '%s': %s",
                              source->module->name, path_of(file), frame.fault);
    status = weir_source_header(source, frame.message, path_of(file), error);
    file->header_read = status == WEIR_OK;
    weir_framer_take(&file->framer);
    return status;
}

static weir_status put(weir_source *source, size_t limit, weir_error **error)
{
    file_state *file = source->state;

    if (file->framer.form == WEIR_FRAMER_CSV && !file->header_read) {
        weir_status status = read_header(source, error);
        if (status != WEIR_OK)
            return status;
    }
    return weir_framer_put(&file->framer, source, limit, &file->position);
}

static weir_status read_source(weir_source *source, size_t limit, weir_error **error)
{
    const file_state *file = source->state;
    weir_status status = WEIR_OK;
    int pieces = 0;

    weir_source_begin(source, 0);
    while (status == WEIR_OK) {
        weir_status found = file->fd < 0 ? WEIR_CLOSED : put(source, limit, error);
        if (found != WEIR_AGAIN && found != WEIR_CLOSED)
            return found == WEIR_FULL ? WEIR_OK : found;
        /* The span's raw bytes lie in the buffer: it moves only while the span is empty. */
        if (source->span.count != 0 || source->refusal.waiting)
            return WEIR_OK;
        status = found == WEIR_AGAIN ? read_on(source, &pieces, error) : next_file(source, error);
    }
    return status;
}

/* By the file and the message's number in it: other files may have come before it since. What came
 * of a pipe does not come again. */
static bool identify(const weir_source *source, int32_t partition, int64_t position, char *ret,
                     size_t size)
{
    const file_state *file = source->state;
    size_t at = file->next_path;

    (void)partition;
    while (at > 0 && file->marks[at - 1].first > position)
        at--;
    if (at == 0 || !file->marks[at - 1].regular)
        return false;
    const file_mark *mark = &file->marks[at - 1];
    const char *path = file->paths.gl_pathv[at - 1], *slash = strrchr(path, '/');
    snprintf(ret, size, "%.64s@%llx.%llx:%lld", slash != NULL ? slash + 1 : path,
             (unsigned long long)mark->inode, (unsigned long long)mark->born,
             (long long)(position - mark->first));
    return true;
}

const weir_source_kind weir_file = {
    .base = {.name = "file",
             .summary = "Reads events from files, pipes and terminals: CSV, JSON lines, a "
                        "MessagePack stream, or bytes that a C function decodes.",
             .options = weir_file_source_options,
             .option_count = sizeof weir_file_source_options / sizeof *weir_file_source_options,
             .config_size = sizeof(weir_file_source_config)},
    .state_size = sizeof(file_state),
    .open = open_source,
    .read = read_source,
    .close = close_source,
    .measure = measure,
    .identify = identify,
    .reads_bytes = true,
    .replays = true,
};
