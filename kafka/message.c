/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - records as frames in a sink's buffer: a head of sizes, then the pieces.
 *
 * Frames never leave the process; they are how a result that was encoded with its firing keeps its
 * key, topic and headers until the producer takes it.
 */
#include "kafka/message.h"

#include <stdio.h>
#include <string.h>

typedef struct head {
    uint32_t size;    /* of the whole frame */
    uint32_t topic;   /* bytes; 0: the sink's */
    uint32_t key;     /* bytes, or KAFKA_ABSENT */
    uint32_t headers; /* bytes */
    uint32_t has_value;
    uint32_t spare;
    int64_t time;
} head;

static void patch(weir_buffer *out, size_t start, const head *with)
{
    if (!out->failed)
        memcpy(out->data + start, with, sizeof *with);
}

static head head_at(const weir_buffer *out, size_t start)
{
    head found = {0};

    if (!out->failed)
        memcpy(&found, out->data + start, sizeof found);
    return found;
}

/* --- Making --- */

static void begin_frame(weir_buffer *out, size_t *ret_start, weir_slice topic,
                        const weir_slice *key)
{
    head fresh = {.topic = (uint32_t)topic.size,
                  .key = key != NULL ? (uint32_t)key->size : KAFKA_ABSENT};

    *ret_start = out->size;
    weir_buffer_append(out, &fresh, sizeof fresh);
    if (topic.size != 0)
        weir_buffer_append(out, topic.data, topic.size);
    if (key != NULL && key->size != 0)
        weir_buffer_append(out, key->data, key->size);
}

static void add_header(weir_buffer *out, const char *name, weir_slice value)
{
    uint32_t sizes[2] = {(uint32_t)strlen(name),
                         value.data != NULL ? (uint32_t)value.size : KAFKA_ABSENT};

    weir_buffer_append(out, sizes, sizeof sizes);
    weir_buffer_append(out, name, sizes[0]);
    if (value.size != 0)
        weir_buffer_append(out, value.data, value.size);
}

static void begin_body(weir_buffer *out, size_t start, int64_t time)
{
    head now = head_at(out, start);
    size_t before = sizeof now + now.topic + (now.key != KAFKA_ABSENT ? now.key : 0);

    now.headers = (uint32_t)(out->size - start - before);
    now.time = time;
    patch(out, start, &now);
}

static void end_frame(weir_buffer *out, size_t start, bool has_value)
{
    head now = head_at(out, start);

    now.size = (uint32_t)(out->size - start);
    now.has_value = has_value;
    patch(out, start, &now);
}

/* --- Fields as bytes --- */

static int64_t integer_of(const weir_field *field, const unsigned char *at)
{
    int64_t wide = 0;
    int32_t word;
    int16_t half;

    switch ((int)field->kind) {
    case WEIR_VALUE_I8:
        return (int8_t)*at;
    case WEIR_VALUE_BOOL:
    case WEIR_VALUE_U8:
        return *at;
    case WEIR_VALUE_I16:
        memcpy(&half, at, sizeof half);
        return half;
    case WEIR_VALUE_U16:
        memcpy(&half, at, sizeof half);
        return (uint16_t)half;
    case WEIR_VALUE_U32:
        memcpy(&word, at, sizeof word);
        return (uint32_t)word;
    case WEIR_VALUE_I32:
    case WEIR_VALUE_DATE:
    case WEIR_VALUE_ENUM:
        memcpy(&word, at, sizeof word);
        return word;
    default:
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
}

static weir_slice text_of(const char *text, size_t size)
{
    const void *data = text;

    return (weir_slice){data, size};
}

/* Decimal text, at the end of `room`: printf is felt where each record has some. */
static weir_slice decimal(bool negative, uint64_t number, char room[24])
{
    char *at = room + 24;

    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    if (negative)
        *--at = '-';
    return text_of(at, (size_t)(room + 24 - at));
}

static weir_slice signed_decimal(int64_t number, char room[24])
{
    return decimal(number < 0, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, room);
}

/* Strings and bytes as they are, enums by name, all else as decimal text. False: it is absent. */
static bool bytes_of(const weir_field *field, const void *value, char room[24], weir_slice *ret)
{
    const unsigned char *at = (const unsigned char *)value + field->offset;
    uint32_t size;
    bool there = true;

    if (field->optional)
        memcpy(&there, (const unsigned char *)value + field->has_offset, sizeof there);
    if (!there)
        return false;
    const weir_enumerator *name = NULL;
    if (field->kind == WEIR_VALUE_ENUM)
        name = weir_enum_find(field->type, (int32_t)integer_of(field, at));
    if (field->kind == WEIR_VALUE_STRING) {
        const void *text = at;
        *ret = (weir_slice){at, strnlen(text, field->size)};
    } else if (field->kind == WEIR_VALUE_BYTES) {
        memcpy(&size, (const unsigned char *)value + field->size_offset, sizeof size);
        *ret = (weir_slice){at, size};
    } else if (name != NULL) {
        *ret = text_of(name->name, name->size);
    } else if (field->kind == WEIR_VALUE_U64) {
        *ret = decimal(false, (uint64_t)integer_of(field, at), room);
    } else {
        *ret = signed_decimal(integer_of(field, at), room);
    }
    return true;
}

static weir_status too_large(const kafka_outline *outline, size_t size, weir_wire_error *error)
{
    *error = (weir_wire_error){.status = WEIR_ENCODE, .fault = WEIR_WIRE_LENGTH};
    snprintf(error->message, sizeof error->message,
             "the record has %zu bytes, and 'message.max.bytes' is %zu", size, outline->max_size);
    return WEIR_ENCODE;
}

weir_status kafka_frame_value(const kafka_outline *outline, const weir_sink *sink,
                              const void *value, weir_buffer *out, weir_wire_error *error)
{
    weir_slice key, topic = {NULL, 0}, header;
    char room[24], key_room[24], topic_room[24];
    size_t start;

    if (outline->topic != NULL)
        bytes_of(outline->topic, value, topic_room, &topic);
    bool has_key = outline->key != NULL && bytes_of(outline->key, value, key_room, &key);
    begin_frame(out, &start, topic, has_key ? &key : NULL);
    for (size_t i = 0; i < outline->header_count; i++)
        if (bytes_of(outline->headers[i], value, room, &header))
            add_header(out, outline->header_names[i], header);
    begin_body(out, start, 0);
    weir_status status = weir_encode(sink->type, sink->format, value, out, error);
    end_frame(out, start, true);
    if (status == WEIR_OK && out->size - start - sizeof(head) > outline->max_size)
        return too_large(outline, out->size - start - sizeof(head), error);
    return status;
}

/* --- Dead letters --- */

static void add_text(weir_buffer *out, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        add_header(out, name, text_of(text, strlen(text)));
}

static void add_number(weir_buffer *out, const char *name, int64_t number)
{
    char room[24];

    add_header(out, name, signed_decimal(number, room));
}

/* Where it came from, and why it is here. */
static void add_story(weir_buffer *out, const weir_dead_letter *letter,
                      const weir_original *original)
{
    add_text(out, "weir-source", letter->source);
    if (original != NULL)
        add_text(out, "weir-topic", original->topic);
    add_number(out, "weir-partition", original != NULL ? original->partition : letter->partition);
    add_number(out, "weir-offset", letter->position);
    add_text(out, "weir-reason", letter->reason);
    add_text(out, "weir-node", letter->node);
    if (letter->firing != 0)
        add_number(out, "weir-firing", (int64_t)letter->firing);
    add_text(out, "weir-version", WEIR_VERSION);
    if (original == NULL)
        add_text(out, "weir-reencoded", "true");
}

/* Without the record there is what the letter shows of it. */
static weir_slice value_of_letter(const weir_dead_letter *letter)
{
    static const char mark[] = "re-encoded: ";
    weir_slice raw = {letter->raw, letter->raw_size};

    if (raw.size >= sizeof mark - 1 && memcmp(raw.data, mark, sizeof mark - 1) == 0)
        return (weir_slice){raw.data + sizeof mark - 1, raw.size - (sizeof mark - 1)};
    return raw;
}

weir_status kafka_frame_letter(const weir_dead_letter *letter, const weir_original *original,
                               size_t max_size, weir_buffer *out, weir_wire_error *error)
{
    weir_slice value = original != NULL ? original->value : value_of_letter(letter);
    size_t head_room = 4096, most = max_size > head_room ? max_size - head_room : 0;
    bool cut = value.size > most;
    bool has_key = original != NULL && original->key.data != NULL;
    size_t start;

    begin_frame(out, &start, (weir_slice){NULL, 0}, has_key ? &original->key : NULL);
    for (size_t i = 0; original != NULL && i < original->header_count; i++)
        add_header(out, original->headers[i].name, original->headers[i].value);
    add_story(out, letter, original);
    if (cut) /* the producer takes no record as long */
        add_number(out, "weir-cut-from", (int64_t)value.size);
    value.size = cut ? most : value.size;
    begin_body(out, start, original != NULL ? original->time : 0);
    if (value.size != 0)
        weir_buffer_append(out, value.data, value.size);
    end_frame(out, start, value.data != NULL);
    if (!out->failed)
        return WEIR_OK;
    *error = (weir_wire_error){.status = WEIR_NOMEM, .fault = WEIR_WIRE_NOMEM};
    snprintf(error->message, sizeof error->message, "out of memory");
    return WEIR_NOMEM;
}

/* --- Taking apart --- */

static weir_slice next(weir_slice *rest, size_t size)
{
    weir_slice piece = {rest->data, size};

    rest->data += size;
    rest->size -= size;
    return piece;
}

void kafka_frame_read(weir_slice bytes, kafka_frame *ret)
{
    head now;

    memcpy(&now, bytes.data, sizeof now);
    weir_slice rest = {bytes.data + sizeof now, now.size - sizeof now};
    *ret = (kafka_frame){.size = now.size, .time = now.time};
    ret->topic = next(&rest, now.topic);
    if (now.key != KAFKA_ABSENT)
        ret->key = next(&rest, now.key);
    ret->headers = next(&rest, now.headers);
    if (now.has_value != 0)
        ret->value = rest;
}

rd_kafka_headers_t *kafka_frame_headers(const kafka_frame *frame)
{
    weir_slice rest = frame->headers;
    rd_kafka_headers_t *headers = rest.size != 0 ? rd_kafka_headers_new(12) : NULL;

    while (rest.size != 0) {
        uint32_t sizes[2];
        memcpy(sizes, next(&rest, sizeof sizes).data, sizeof sizes);
        const void *name = next(&rest, sizes[0]).data;
        const void *value = sizes[1] != KAFKA_ABSENT ? next(&rest, sizes[1]).data : NULL;
        rd_kafka_header_add(headers, name, sizes[0], value, value != NULL ? sizes[1] : 0);
    }
    return headers;
}
