/* SPDX-License-Identifier: Apache-2.0 */
/* csv_write.c - writes CSV (RFC 4180) of flat types, driven by their field tables. */
#include "core/buffer.h"
#include "core/calendar.h"
#include "wire/csv.h"
#include "wire/decimal.h"
#include "wire/values.h"

#include <math.h>

static unsigned char *put_cell(unsigned char *at, const char *text, size_t size)
{
    static const bool asks[256] = {[','] = true, ['"'] = true, ['\n'] = true, ['\r'] = true};
    bool quoted = false;

    for (size_t i = 0; i < size; i++)
        quoted |= asks[(unsigned char)text[i]];
    if (!quoted) {
        memcpy(at, text, size);
        return at + size;
    }
    *at++ = '"';
    for (size_t i = 0; i < size; i++) {
        *at++ = (unsigned char)text[i];
        if (text[i] == '"')
            *at++ = '"';
    }
    *at = '"';
    return at + 1;
}

/* ASCII that asks for no quotes, by whole words; NULL: it is another string. */
static unsigned char *put_plain(unsigned char *at, const char *text, size_t capacity)
{
    for (size_t i = 0; i + 8 <= capacity; i += 8) {
        uint64_t word = weir_load_le(text + i);
        uint64_t special = ((word - 0x2020202020202020u) & ~word & WEIR_BYTE_HIGHS) |
                           weir_zero_bytes(word ^ 0x2c2c2c2c2c2c2c2cu) |
                           weir_zero_bytes(word ^ 0x2222222222222222u) | (word & WEIR_BYTE_HIGHS);
        weir_store_le(at + i, word);
        if (special != 0) {
            size_t size = i + (size_t)__builtin_ctzll(special) / 8;
            return size != 0 && text[size] == '\0' ? at + size : NULL;
        }
    }
    return NULL;
}

static unsigned char *put_string(weir_writer *writer, unsigned char *at, const weir_field *field,
                                 const char *text)
{
    uint64_t odd;
    unsigned char *plain = put_plain(at, text, field->size + (size_t)1);

    if (WEIR_LIKELY(plain != NULL))
        return plain;
    size_t size = weir_string_size(text, field->size + 1, &odd);
    if (size > field->size || odd != 0)
        if (!weir_check_string(writer, text, size, field->size + 1))
            return NULL;
    if (size == 0 && field->optional)
        return weir_put(at, "\"\"", 2);
    return put_cell(at, text, size);
}

static unsigned char *put_bytes(weir_writer *writer, unsigned char *at, const weir_field *field,
                                const uint8_t *bytes, uint32_t size)
{
    if (size > field->size)
        return weir_write_fail(writer, WEIR_WIRE_LENGTH, "%u bytes, at most %u", size, field->size);
    if (size == 0 && field->optional)
        return weir_put(at, "\"\"", 2);
    return (unsigned char *)wire_base64_print((char *)at, bytes, size);
}

static unsigned char *put_enum(weir_writer *writer, unsigned char *at, const weir_type *type,
                               int32_t number)
{
    const weir_enumerator *found = weir_enum_find(type, number);

    if (found == NULL)
        return weir_write_fail(writer, WEIR_WIRE_ENUM, "%d is no value of %s", number, type->name);
    return put_cell(at, found->name, found->size);
}

static unsigned char *put_date(weir_writer *writer, unsigned char *at, int32_t days)
{
    at = (unsigned char *)weir_calendar_print_date((char *)at, days);
    return at != NULL ? at
                      : weir_write_fail(writer, WEIR_WIRE_RANGE,
                                        "the date is not within years 0 and 9999");
}

static unsigned char *put_timestamp(unsigned char *at, const weir_field *field, int64_t ns)
{
    if (field->time_form == WEIR_TIME_ISO)
        return (unsigned char *)weir_calendar_print_time((char *)at, ns);
    if (field->time_form == WEIR_TIME_NS && ns >= 0)
        return (unsigned char *)wire_print_u64((char *)at, (uint64_t)ns);
    return weir_json_write_i64(at, weir_time_units(field->time_form, ns));
}

static unsigned char *put_number(weir_writer *writer, unsigned char *at, const weir_field *field,
                                 const void *member)
{
    unsigned char *end = (unsigned char *)wire_value_print_number((char *)at, field->kind, member);

    return end != NULL ? end
                       : weir_write_fail(writer, WEIR_WIRE_NOT_FINITE,
                                         "NaN and infinity cannot be written as text");
}

static unsigned char *put_value(weir_writer *writer, unsigned char *at, const weir_field *field,
                                const unsigned char *value)
{
    const void *member = value + field->offset;
    const void *size = value + field->size_offset;

    if (field->kind == WEIR_VALUE_F64 && isfinite(*(const double *)member))
        return (unsigned char *)wire_print_f64((char *)at, *(const double *)member);
    if (field->kind == WEIR_VALUE_STRING)
        return put_string(writer, at, field, member);
    if (field->kind == WEIR_VALUE_TIMESTAMP)
        return put_timestamp(at, field, *(const int64_t *)member);
    if (field->kind == WEIR_VALUE_BYTES)
        return put_bytes(writer, at, field, member, *(const uint32_t *)size);
    if (field->kind == WEIR_VALUE_BOOL)
        return weir_json_write_bool(at, *(const bool *)member);
    if (field->kind == WEIR_VALUE_DURATION)
        return weir_json_write_i64(at, *(const int64_t *)member);
    if (field->kind == WEIR_VALUE_DATE)
        return put_date(writer, at, *(const int32_t *)member);
    if (field->kind == WEIR_VALUE_ENUM)
        return put_enum(writer, at, field->type, *(const int32_t *)member);
    return put_number(writer, at, field, member);
}

static unsigned char *put_record(weir_writer *writer, unsigned char *at, const weir_type *type,
                                 const unsigned char *value)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const weir_field *field = &type->fields[i];
        if (i != 0)
            *at++ = ',';
        if (field->optional && !*(const bool *)(value + field->has_offset))
            continue;
        at = put_value(writer, at, field, value);
        if (at == NULL)
            return weir_in_field(writer->error, field->name);
    }
    return at;
}

/* A record is never longer than the JSON object: doubled quotes against escapes, no keys. */
weir_status wire_csv_write(const weir_type *type, const void *value, weir_buffer *buffer,
                           weir_wire_error *error)
{
    weir_writer writer = {error, false};

    if (!weir_buffer_room(buffer, type->json_max + WEIR_WRITE_SLACK)) {
        weir_write_fail(&writer, WEIR_WIRE_NOMEM, "no memory, or no room, for the record");
        return error->status = WEIR_NOMEM;
    }
    unsigned char *at = (unsigned char *)buffer->data + buffer->size;
    at = put_record(&writer, at, type, value);
    if (at != NULL)
        buffer->size = (size_t)((char *)at - buffer->data);
    buffer->data[buffer->size] = '\0';
    return at != NULL ? WEIR_OK : error->status;
}

weir_status weir_csv_header(const weir_type *type, weir_buffer *buffer)
{
    size_t room = WEIR_WRITE_SLACK;

    for (uint32_t i = 0; i < type->field_count; i++)
        room += 2 * strlen(type->fields[i].wire) + 3;
    if (!weir_buffer_reserve(buffer, room))
        return WEIR_NOMEM;
    unsigned char *at = (unsigned char *)buffer->data + buffer->size;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i != 0)
            *at++ = ',';
        at = put_cell(at, type->fields[i].wire, strlen(type->fields[i].wire));
    }
    *at = '\0';
    buffer->size = (size_t)((char *)at - buffer->data);
    return WEIR_OK;
}
