/* SPDX-License-Identifier: Apache-2.0 */
/* json_write.c - JSON out of members; room is reserved. */
#include "core/calendar.h"
#include "wire/decimal.h"
#include "wire/values.h"

#include <math.h>

static unsigned char *put_text(unsigned char *at, const char *text)
{
    size_t size = strlen(text);

    memcpy(at, text, size);
    return at + size;
}

unsigned char *weir_json_write_bool(unsigned char *at, bool value)
{
    return put_text(at, value ? "true" : "false");
}

unsigned char *weir_json_write_u64(unsigned char *at, uint64_t value)
{
    return (unsigned char *)wire_print_u64((char *)at, value);
}

unsigned char *weir_json_write_i64(unsigned char *at, int64_t value)
{
    *at = '-';
    return weir_json_write_u64(at + (value < 0), value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* For people it is written as they know it; a receiver would not take it. */
static unsigned char *not_finite(weir_writer *writer, unsigned char *at, double value)
{
    if (writer->lenient)
        return put_text(at, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
    return weir_write_fail(writer, WEIR_WIRE_NOT_FINITE, "%s cannot be written as text",
                           isnan(value) ? "NaN" : "infinity");
}

unsigned char *weir_json_write_f64(weir_writer *writer, unsigned char *at, double value)
{
    if (WEIR_UNLIKELY(!isfinite(value)))
        return not_finite(writer, at, value);
    return (unsigned char *)wire_print_f64((char *)at, value);
}

unsigned char *weir_json_write_f32(weir_writer *writer, unsigned char *at, float value)
{
    if (WEIR_UNLIKELY(!isfinite(value)))
        return not_finite(writer, at, (double)value);
    return (unsigned char *)wire_print_f32((char *)at, value);
}

/* --- Strings --- */

static unsigned char *put_escape(unsigned char *at, unsigned char byte)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    const char *found = strchr(from, byte);

    *at++ = '\\';
    if (found != NULL) {
        *at = (unsigned char)to[found - from];
        return at + 1;
    }
    at = put_text(at, "u00");
    *at++ = (unsigned char)hex[byte >> 4];
    *at++ = (unsigned char)hex[byte & 15];
    return at;
}

static unsigned char *put_string(unsigned char *at, const char *text, size_t size)
{
    *at++ = '"';
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (WEIR_UNLIKELY(byte < 0x20 || byte == '"' || byte == '\\'))
            at = put_escape(at, byte);
        else
            *at++ = byte;
    }
    *at = '"';
    return at + 1;
}

unsigned char *weir_json_write_string(weir_writer *writer, unsigned char *at, const char *text,
                                      size_t capacity)
{
    uint64_t odd;
    size_t size = weir_string_size(text, capacity, &odd);

    if (WEIR_UNLIKELY((odd != 0 || size == capacity) &&
                      !weir_check_string(writer, text, size, capacity)))
        return NULL;
    return put_string(at, text, size);
}

unsigned char *weir_json_write_bytes(weir_writer *writer, unsigned char *at, const uint8_t *bytes,
                                     uint32_t size, uint32_t capacity)
{
    if (size > capacity)
        return weir_write_fail(writer, WEIR_WIRE_LENGTH, "%u bytes, at most %u", size, capacity);
    *at = '"';
    at = (unsigned char *)wire_base64_print((char *)at + 1, bytes, size);
    *at = '"';
    return at + 1;
}

/* --- Times, enums, numbers as text --- */

unsigned char *weir_json_write_timestamp(unsigned char *at, weir_time_form form, int64_t value)
{
    if (form != WEIR_TIME_ISO)
        return weir_json_write_i64(at, weir_time_units(form, value));
    *at = '"';
    at = (unsigned char *)weir_calendar_print_time((char *)at + 1, value);
    *at = '"';
    return at + 1;
}

unsigned char *weir_json_write_date(weir_writer *writer, unsigned char *at, int32_t value)
{
    *at = '"';
    at = (unsigned char *)weir_calendar_print_date((char *)at + 1, value);
    if (at == NULL)
        return weir_write_fail(writer, WEIR_WIRE_RANGE, "the date is not within years 0 and 9999");
    *at = '"';
    return at + 1;
}

unsigned char *weir_json_write_enum(weir_writer *writer, unsigned char *at, const weir_type *type,
                                    int32_t value)
{
    const weir_enumerator *found = weir_enum_find(type, value);

    if (found != NULL)
        return put_string(at, found->name, found->size);
    if (writer->lenient)
        return weir_json_write_i64(at, value);
    return weir_write_fail(writer, WEIR_WIRE_ENUM, "%d is no value of %s", value, type->name);
}

unsigned char *weir_json_write_text_number(weir_writer *writer, unsigned char *at,
                                           weir_value_kind kind, const void *value)
{
    char *end = wire_value_print_number((char *)at + 1, kind, value);

    if (end == NULL)
        return not_finite(writer, at, (double)NAN);
    *at = '"';
    *end = '"';
    return (unsigned char *)end + 1;
}
