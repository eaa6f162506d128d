/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - events from files: CSV, JSON lines, a MessagePack stream.
 *
 * Files are read in pieces into one buffer, which grows up to a record's limit. A position is the
 * number of the record over all files, counted from 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "sources/file.h"
#include "sources/options.h"
#include "sources/source.h"

enum { PIECE = 256 * 1024, RECORD_LIMIT = 16 << 20 };

typedef struct file_state {
    glob_t paths;
    bool globbed;
    size_t next_path;
    int fd;
    bool header_read; /* of this file, where it is CSV */
    bool end;         /* of this file */
    weir_buffer bytes;
    size_t at; /* what has been handed on */
    weir_csv_scan scan;
    int64_t position;
} file_state;

static const char *path_of(const file_state *file)
{
    return file->paths.gl_pathv[file->next_path - 1];
}

static weir_status open_source(weir_source *source, weir_error **error)
{
    const weir_file_source_config *config = source->config;
    file_state *file = source->state;
    weir_buffer path = {0};

    file->fd = -1;
    if (config->path[0] != '/' && strcmp(config->path, "-") != 0 && source->folder != NULL)
        weir_buffer_printf(&path, "%s/", source->folder);
    weir_buffer_text(&path, config->path);
    if (path.failed)
        return weir_error_set(error, WEIR_NOMEM, "source '%s': out of memory",
                              source->module->name);
    int failed = glob(path.data, GLOB_NOCHECK, NULL, &file->paths);
    weir_buffer_free(&path);
    file->globbed = failed == 0;
    if (failed != 0)
        return weir_error_set(error, WEIR_IO, "source '%s': cannot look for '%s'",
                              source->module->name, config->path);
    /* A file that cannot be read is told at the start, not after an hour. */
    for (size_t i = 0; i < file->paths.gl_pathc; i++)
        if (strcmp(file->paths.gl_pathv[i], "-") != 0 && access(file->paths.gl_pathv[i], R_OK) != 0)
            return weir_error_set_at(error, WEIR_IO, source->module->place,
                                     "source '%s': cannot read '%s': %s", source->module->name,
                                     file->paths.gl_pathv[i], strerror(errno));
    source->health = WEIR_SOURCE_LIVE;
    return WEIR_OK;
}

static void close_source(weir_source *source)
{
    file_state *file = source->state;

    if (file->fd > STDIN_FILENO)
        close(file->fd);
    if (file->globbed)
        globfree(&file->paths);
    weir_buffer_free(&file->bytes);
}

/* --- Bytes ------------------------------------------------------------------------------------ */

static weir_status next_file(weir_source *source, weir_error **error)
{
    file_state *file = source->state;

    if (file->fd > STDIN_FILENO)
        close(file->fd);
    file->fd = -1;
    if (file->next_path == file->paths.gl_pathc)
        return WEIR_CLOSED;
    file->next_path++;
    file->header_read = false;
    file->end = false;
    file->fd =
        strcmp(path_of(file), "-") == 0 ? STDIN_FILENO : open(path_of(file), O_RDONLY | O_CLOEXEC);
    if (file->fd < 0)
        return weir_error_set(error, WEIR_IO, "source '%s': cannot open '%s': %s",
                              source->module->name, path_of(file), strerror(errno));
    return WEIR_OK;
}

/* Moves what is left to the front and reads on. */
static weir_status read_more(weir_source *source, weir_error **error)
{
    file_state *file = source->state;
    weir_buffer *bytes = &file->bytes;

    if (file->at != 0) {
        memmove(bytes->data, bytes->data + file->at, bytes->size - file->at);
        bytes->size -= file->at;
        file->at = 0;
    }
    if (bytes->size >= RECORD_LIMIT)
        return weir_error_set(
            error, WEIR_LIMIT, "source '%s': record %lld of '%s' is longer than %d MiB",
            source->module->name, (long long)file->position, path_of(file), RECORD_LIMIT >> 20);
    if (!weir_buffer_reserve(bytes, PIECE))
        return weir_error_set(error, WEIR_NOMEM, "source '%s': out of memory",
                              source->module->name);
    ssize_t size = read(file->fd, bytes->data + bytes->size, PIECE);
    if (size < 0 && errno == EINTR)
        return WEIR_OK;
    if (size < 0)
        return weir_error_set(error, WEIR_IO, "source '%s': cannot read '%s': %s",
                              source->module->name, path_of(file), strerror(errno));
    file->end = size == 0;
    bytes->size += (size_t)size;
    return WEIR_OK;
}

/* --- Records ---------------------------------------------------------------------------------- */

typedef struct frame {
    size_t size, next; /* without and with what ends it */
} frame;

static weir_status find_line(weir_slice rest, bool last, frame *found)
{
    const unsigned char *end = memchr(rest.data, '\n', rest.size);

    if (end == NULL && !last)
        return WEIR_AGAIN;
    found->size = end != NULL ? (size_t)(end - rest.data) : rest.size;
    found->next = end != NULL ? found->size + 1 : found->size;
    if (found->size != 0 && rest.data[found->size - 1] == '\r')
        found->size--;
    return WEIR_OK;
}

static weir_status find_message(weir_slice rest, bool last, frame *found)
{
    weir_wire_error error;
    weir_status status = weir_msgpack_size(rest, &found->size, &error);

    /* What cannot be framed ends the file: nothing after it can be found. */
    if (status == WEIR_DECODE || (status == WEIR_AGAIN && last)) {
        found->size = rest.size;
        status = WEIR_OK;
    }
    found->next = found->size;
    return status;
}

static weir_status find_record(weir_source *source, weir_slice rest, frame *found)
{
    file_state *file = source->state;

    if (source->format == WEIR_FORMAT_MSGPACK)
        return find_message(rest, file->end, found);
    if (source->format == WEIR_FORMAT_JSON)
        return find_line(rest, file->end, found);
    weir_status status = weir_csv_record(rest, file->end, &file->scan, &found->size, &found->next);
    if (status == WEIR_DECODE) {
        found->size = found->next = rest.size;
        status = WEIR_OK;
    }
    if (status == WEIR_OK)
        file->scan = (weir_csv_scan){0};
    return status;
}

static bool is_blank(weir_slice record)
{
    for (size_t i = 0; i < record.size; i++)
        if (record.data[i] != ' ' && record.data[i] != '\t')
            return false;
    return true;
}

/* Hands one record on. WEIR_AGAIN: more bytes are needed; WEIR_FULL: the span is full. */
static weir_status put_record(weir_source *source, weir_error **error)
{
    file_state *file = source->state;
    const void *data = file->bytes.data + file->at;
    weir_slice rest = {data, file->bytes.size - file->at};
    frame found = {0, 0};

    if (rest.size == 0)
        return WEIR_AGAIN;
    weir_csv_scan scan = file->scan;
    weir_status status = find_record(source, rest, &found);
    if (status != WEIR_OK)
        return status;
    weir_slice record = {rest.data, found.size};
    bool text = source->format != WEIR_FORMAT_MSGPACK;
    if (source->format == WEIR_FORMAT_CSV && !file->header_read) {
        file->header_read = true;
        status = weir_source_header(source, record, error);
    } else if (!text || !is_blank(record)) {
        status = weir_source_put(source, record, file->position);
        if (status == WEIR_OK)
            file->position++;
    }
    if (status == WEIR_OK)
        file->at += found.next;
    else if (status == WEIR_FULL)
        file->scan = scan;
    return status;
}

static weir_status step(weir_source *source, weir_error **error)
{
    file_state *file = source->state;

    if (file->fd < 0)
        return next_file(source, error);
    weir_status status = put_record(source, error);
    if (status != WEIR_AGAIN)
        return status;
    if (file->end)
        return next_file(source, error);
    /* The span's raw bytes lie in the buffer: it moves only while the span is empty. */
    return source->span.count != 0 ? WEIR_FULL : read_more(source, error);
}

static weir_status read_source(weir_source *source, size_t limit, weir_error **error)
{
    weir_status status = WEIR_OK;

    weir_source_begin(source, 0);
    while (status == WEIR_OK && source->span.count < limit && !source->refusal.waiting)
        status = step(source, error);
    return source->span.count != 0 || source->refusal.waiting ? WEIR_OK : status;
}

const weir_source_kind weir_file = {
    .base = {.name = "file",
             .summary = "Reads events from files: CSV, JSON lines or a MessagePack stream.",
             .options = weir_file_source_options,
             .option_count = sizeof weir_file_source_options / sizeof *weir_file_source_options,
             .config_size = sizeof(weir_file_source_config)},
    .state_size = sizeof(file_state),
    .open = open_source,
    .read = read_source,
    .close = close_source,
    .reads_bytes = true,
    .replays = true,
};
