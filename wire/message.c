/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - whole messages, by a type's descriptor; and strings in members. */
#include "core/buffer.h"
#include "wire/csv.h"
#include "wire/values.h"

#include <stdio.h>

static const unsigned char *read_json(weir_reader *reader, const weir_type *type, void *value)
{
    if (reader->end - reader->start >= 3 && memcmp(reader->start, "\xef\xbb\xbf", 3) == 0)
        return weir_read_fail(reader, reader->start, WEIR_WIRE_MALFORMED,
                              "malformed JSON: it begins with a byte order mark");
    const unsigned char *at = reader->start;
    if (*at <= ' ')
        at = weir_json_space(reader, at);
    if (at == reader->end)
        return weir_read_truncated(reader);
    at = type->read_json(reader, at, value);
    return at == NULL || at == reader->end ? at : weir_json_space(reader, at);
}

/* All but a MessagePack that is not empty. */
static WEIR_APART const unsigned char *read_other(weir_reader *reader, const weir_type *type,
                                                  weir_format format, void *value)
{
    if (format == WEIR_FORMAT_CSV) {
        weir_read_fail(reader, reader->start, WEIR_WIRE_MALFORMED, "CSV is read by its header");
        reader->error->status = WEIR_INVALID;
        return NULL;
    }
    if (reader->end == reader->start)
        return weir_read_truncated(reader);
    return read_json(reader, type, value);
}

weir_status weir_decode(const weir_type *type, weir_format format, weir_slice bytes, void *value,
                        weir_wire_error *error)
{
    weir_reader reader;
    const unsigned char *at;

    reader.start = bytes.data;
    reader.end = bytes.data + bytes.size;
    reader.error = error;
    reader.depth = WEIR_WIRE_DEPTH;
    if (WEIR_LIKELY(format == WEIR_FORMAT_MSGPACK && bytes.size != 0))
        at = type->read_msgpack(&reader, reader.start, value);
    else
        at = read_other(&reader, type, format, value);
    if (WEIR_LIKELY(at == reader.end && at != NULL))
        return WEIR_OK;
    if (at != NULL)
        weir_read_fail(&reader, at, WEIR_WIRE_TRAILING, "%zu trailing bytes",
                       (size_t)(reader.end - at));
    return error->status;
}

weir_status weir_decode_first(const weir_type *type, weir_slice bytes, void *value,
                              size_t *ret_size, weir_wire_error *error)
{
    weir_reader reader;

    reader.start = bytes.data;
    reader.end = bytes.data + bytes.size;
    reader.error = error;
    reader.depth = WEIR_WIRE_DEPTH;
    const unsigned char *at = type->read_msgpack(&reader, reader.start, value);
    if (at == NULL)
        return error->status;
    *ret_size = (size_t)(at - bytes.data);
    return WEIR_OK;
}

static weir_status no_memory(weir_wire_error *error)
{
    *error = (weir_wire_error){.status = WEIR_NOMEM, .fault = WEIR_WIRE_NOMEM};
    snprintf(error->message, sizeof error->message, "no memory, or no room, for the message");
    return WEIR_NOMEM;
}

static weir_status write_value(const weir_type *type, weir_format format, const void *value,
                               weir_buffer *buffer, weir_writer *writer)
{
    bool msgpack = format == WEIR_FORMAT_MSGPACK;
    size_t max = msgpack ? type->msgpack_max : type->json_max;

    if (!weir_buffer_room(buffer, max + WEIR_WRITE_SLACK))
        return no_memory(writer->error);
    unsigned char *at = (unsigned char *)buffer->data + buffer->size;
    at = msgpack ? type->write_msgpack(writer, at, value) : type->write_json(writer, at, value);
    if (at != NULL)
        buffer->size = (size_t)((char *)at - buffer->data);
    buffer->data[buffer->size] = '\0';
    return at != NULL ? WEIR_OK : writer->error->status;
}

static WEIR_APART weir_status encode_any(const weir_type *type, weir_format format,
                                         const void *value, weir_buffer *buffer,
                                         weir_wire_error *error)
{
    weir_writer writer = {error, false};

    return write_value(type, format, value, buffer, &writer);
}

weir_status weir_encode(const weir_type *type, weir_format format, const void *value,
                        weir_buffer *buffer, weir_wire_error *error)
{
    size_t room = type->msgpack_max + WEIR_WRITE_SLACK;

    /* What little it keeps over the one call matters here. */
    if (format != WEIR_FORMAT_MSGPACK || type->put_msgpack == NULL || buffer->failed ||
        room >= buffer->capacity - buffer->size)
        return format == WEIR_FORMAT_CSV ? wire_csv_write(type, value, buffer, error)
                                         : encode_any(type, format, value, buffer, error);
    unsigned char *at = (unsigned char *)buffer->data + buffer->size;
    at = type->put_msgpack(at, value, error);
    if (WEIR_UNLIKELY(at == NULL)) {
        buffer->data[buffer->size] = '\0';
        return error->status;
    }
    *at = '\0';
    buffer->size = (size_t)((char *)at - buffer->data);
    return WEIR_OK;
}

size_t weir_value_print(const weir_type *type, const void *value, char *text, size_t size)
{
    weir_buffer buffer = {0};
    weir_wire_error error;
    weir_writer writer = {&error, true};
    int length;

    if (write_value(type, WEIR_FORMAT_JSON, value, &buffer, &writer) == WEIR_OK)
        length = snprintf(text, size, "%s", buffer.data);
    else
        length = snprintf(text, size, "<%s %s: %s>", type->name, error.path, error.message);
    weir_buffer_free(&buffer);
    return length < 0 ? 0 : (size_t)length;
}

const char *weir_format_of_path(const char *path)
{
    static const struct {
        const char *ending, *format;
    } endings[] = {
        {".csv", "csv"},     {".json", "json"},       {".jsonl", "json"},
        {".ndjson", "json"}, {".msgpack", "msgpack"}, {".mpk", "msgpack"},
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i].ending) == 0)
            return endings[i].format;
    return NULL;
}

/* --- Strings --- */

#define ONES 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

const unsigned char weir_byte_masks[128] = {ONES, ONES, ONES, ONES, ONES, ONES, ONES, ONES};

bool weir_copy_last(const unsigned char *from, size_t size, char *ret, size_t capacity)
{
    unsigned char room[64] = {0};

    memcpy(room, from, size);
    return weir_copy_ascii(room, room + sizeof room, size, ret, capacity);
}

weir_status weir_string_set(char *member, size_t capacity, const char *text)
{
    size_t size = strnlen(text, capacity);

    if (size == capacity)
        return WEIR_LIMIT;
    memcpy(member, text, size);
    memset(member + size, 0, capacity - size);
    return WEIR_OK;
}

const unsigned char *weir_read_text(weir_reader *reader, const unsigned char *at, size_t size,
                                    char *ret, size_t capacity)
{
    const unsigned char *nul = size == 0 ? NULL : memchr(at, '\0', size);
    const unsigned char *fault = wire_utf8_fault(at, at + size);

    if (nul != NULL && (fault == NULL || nul < fault))
        return weir_read_fail(reader, nul, WEIR_WIRE_NUL, "a NUL in a string");
    if (fault != NULL)
        return weir_read_fail(reader, fault, WEIR_WIRE_UTF8, "bad UTF-8");
    memcpy(ret, at, size);
    memset(ret + size, 0, capacity - size);
    return at + size;
}

bool weir_check_string(weir_writer *writer, const char *text, size_t size, size_t capacity)
{
    const unsigned char *start = (const unsigned char *)text;

    if (size == capacity) {
        weir_write_fail(writer, WEIR_WIRE_LENGTH, "the string has no end within its %zu bytes",
                        capacity);
        return false;
    }
    if (wire_utf8_fault(start, start + size) == NULL || writer->lenient)
        return true;
    weir_write_fail(writer, WEIR_WIRE_UTF8, "bad UTF-8");
    return false;
}
