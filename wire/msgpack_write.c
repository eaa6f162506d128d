/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_write.c - MessagePack in its smallest forms. */
#include "core/calendar.h"
#include "wire/decimal.h"
#include "wire/values.h"

/* Writes a head: its byte, then the low `size` bytes of `number`. */
static unsigned char *put_head(unsigned char *at, unsigned byte, uint64_t number, unsigned size)
{
    *at++ = (unsigned char)byte;
    weir_store_be(at, size == 0 ? 0 : number << (64 - 8 * size));
    return at + size;
}

unsigned char *weir_msgpack_write_small(unsigned char *at, int64_t value)
{
    if (value >= -32 && value < 128)
        return put_head(at, (uint8_t)value, 0, 0);
    unsigned base = value < 0 ? 0xd0 : 0xcc;
    uint64_t span = value < 0 ? (uint64_t)~value << 1 : (uint64_t)value;
    unsigned step = span <= UINT8_MAX ? 0 : span <= UINT16_MAX ? 1 : span <= UINT32_MAX ? 2 : 3;
    return put_head(at, base + step, (uint64_t)value, 1u << step);
}

unsigned char *weir_msgpack_write_map(unsigned char *at, uint32_t count)
{
    if (count < 16)
        return put_head(at, 0x80 | count, 0, 0);
    return count <= UINT16_MAX ? put_head(at, 0xde, count, 2) : put_head(at, 0xdf, count, 4);
}

unsigned char *weir_msgpack_write_array(unsigned char *at, uint32_t count)
{
    if (count < 16)
        return put_head(at, 0x90 | count, 0, 0);
    return count <= UINT16_MAX ? put_head(at, 0xdc, count, 2) : put_head(at, 0xdd, count, 4);
}

unsigned char *weir_msgpack_write_text(unsigned char *at, const char *text, size_t size)
{
    if (size < 32)
        at = put_head(at, 0xa0 | (unsigned)size, 0, 0);
    else if (size <= UINT8_MAX)
        at = put_head(at, 0xd9, size, 1);
    else
        at = size <= UINT16_MAX ? put_head(at, 0xda, size, 2) : put_head(at, 0xdb, size, 4);
    memcpy(at, text, size);
    return at + size;
}

unsigned char *weir_msgpack_write_bytes(weir_writer *writer, unsigned char *at,
                                        const uint8_t *bytes, uint32_t size, uint32_t capacity)
{
    if (size > capacity)
        return weir_write_fail(writer, WEIR_WIRE_LENGTH, "%u bytes, at most %u", size, capacity);
    if (size <= UINT8_MAX)
        at = put_head(at, 0xc4, size, 1);
    else
        at = size <= UINT16_MAX ? put_head(at, 0xc5, size, 2) : put_head(at, 0xc6, size, 4);
    memcpy(at, bytes, size);
    return at + size;
}

unsigned char *weir_msgpack_write_date(weir_writer *writer, unsigned char *at, int32_t value)
{
    char text[16];

    if (weir_calendar_print_date(text, value) == NULL)
        return weir_write_fail(writer, WEIR_WIRE_RANGE, "the date is not within years 0 and 9999");
    return weir_msgpack_write_text(at, text, WEIR_CALENDAR_DATE);
}

unsigned char *weir_msgpack_write_enum(weir_writer *writer, unsigned char *at,
                                       const weir_type *type, int32_t value)
{
    const weir_enumerator *found = weir_enum_find(type, value);

    if (found == NULL)
        return weir_write_fail(writer, WEIR_WIRE_ENUM, "%d is no value of %s", value, type->name);
    return weir_msgpack_write_text(at, found->name, found->size);
}

unsigned char *weir_msgpack_write_text_number(weir_writer *writer, unsigned char *at,
                                              weir_value_kind kind, const void *value)
{
    char text[WIRE_FLOAT_TEXT + 16];
    char *end = wire_value_print_number(text, kind, value);

    if (end == NULL)
        return weir_write_fail(writer, WEIR_WIRE_NOT_FINITE,
                               "NaN and infinity cannot be written as text");
    return weir_msgpack_write_text(at, text, (size_t)(end - text));
}

static unsigned char *write_plain_field(weir_writer *writer, unsigned char *at,
                                        const weir_field *field, const void *member)
{
    if (field->kind == WEIR_VALUE_STRING)
        return weir_msgpack_write_string(writer, at, member, field->size + (size_t)1);
    if (field->kind == WEIR_VALUE_F64)
        return weir_msgpack_write_f64(at, *(const double *)member);
    return weir_msgpack_write_i64(at, *(const int64_t *)member);
}

unsigned char *weir_msgpack_write_plain(unsigned char *at, const void *value,
                                        weir_wire_error *error, const weir_type *type)
{
    weir_writer writer = {error, false};

    at = weir_msgpack_write_map(at, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const weir_field *field = &type->fields[i];
        const void *member = (const unsigned char *)value + field->offset;
        at = weir_msgpack_write_text(at, field->wire, strlen(field->wire));
        at = write_plain_field(&writer, at, field, member);
        if (at == NULL)
            return weir_in_field(error, field->name);
    }
    return at;
}
