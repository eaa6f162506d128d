/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - scalars whose form on the wire is text or a number of any kind. */
#include "wire/values.h"
#include "core/calendar.h"
#include "core/text.h"
#include "wire/decimal.h"

#include <math.h>

/* --- Numbers --- */

void wire_value_bounds(weir_value_kind kind, int64_t *ret_min, int64_t *ret_max)
{
    static const struct {
        int64_t min, max;
    } bounds[] = {
        [WEIR_VALUE_I8] = {INT8_MIN, INT8_MAX},    [WEIR_VALUE_I16] = {INT16_MIN, INT16_MAX},
        [WEIR_VALUE_I32] = {INT32_MIN, INT32_MAX}, [WEIR_VALUE_I64] = {INT64_MIN, INT64_MAX},
        [WEIR_VALUE_U8] = {0, UINT8_MAX},          [WEIR_VALUE_U16] = {0, UINT16_MAX},
        [WEIR_VALUE_U32] = {0, UINT32_MAX},
    };
    *ret_min = bounds[kind].min;
    *ret_max = bounds[kind].max;
}

static size_t integer_size(weir_value_kind kind)
{
    static const size_t sizes[] = {
        [WEIR_VALUE_I8] = 1, [WEIR_VALUE_I16] = 2, [WEIR_VALUE_I32] = 4, [WEIR_VALUE_I64] = 8,
        [WEIR_VALUE_U8] = 1, [WEIR_VALUE_U16] = 2, [WEIR_VALUE_U32] = 4, [WEIR_VALUE_U64] = 8,
    };
    return sizes[kind];
}

/* The low bytes of a number in two's complement are the number in the narrower type. */
void wire_value_store(weir_value_kind kind, int64_t number, void *ret)
{
    size_t size = integer_size(kind);
    const char *bytes = (const char *)&number;

    memcpy(ret, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? bytes : bytes + 8 - size, size);
}

int64_t wire_value_load(weir_value_kind kind, const void *from)
{
    size_t size = integer_size(kind);
    unsigned shift = (unsigned)(64 - 8 * size);
    uint64_t word = 0;
    char *bytes = (char *)&word;

    memcpy(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? bytes : bytes + 8 - size, from, size);
    return kind >= WEIR_VALUE_U8 ? (int64_t)word : (int64_t)(word << shift) >> shift;
}

static bool whole_magnitude(weir_reader *reader, const unsigned char *at,
                            const wire_decimal *decimal, uint64_t *ret)
{
    wire_integer_result result = wire_decimal_integer(decimal, ret);

    if (result == WIRE_INTEGER_FRACTION)
        weir_read_fail(reader, at, WEIR_WIRE_TYPE, "expected an integer, found a fraction");
    if (result == WIRE_INTEGER_RANGE)
        weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the integer is beyond 64 bits");
    return result == WIRE_INTEGER_OK;
}

static bool out_of_range(weir_reader *reader, const unsigned char *at, int64_t min, int64_t max)
{
    weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the integer is not within %lld and %lld",
                   (long long)min, (long long)max);
    return false;
}

bool wire_value_integer(weir_reader *reader, const unsigned char *at, const wire_decimal *decimal,
                        int64_t min, int64_t max, int64_t *ret)
{
    uint64_t magnitude;

    if (!whole_magnitude(reader, at, decimal, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + decimal->negative)
        return out_of_range(reader, at, min, max);
    *ret = decimal->negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return (*ret >= min && *ret <= max) || out_of_range(reader, at, min, max);
}

bool wire_value_u64(weir_reader *reader, const unsigned char *at, const wire_decimal *decimal,
                    uint64_t *ret)
{
    if (!whole_magnitude(reader, at, decimal, ret))
        return false;
    if (!decimal->negative || *ret == 0)
        return true;
    weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the integer is negative");
    return false;
}

bool wire_value_f64(weir_reader *reader, const unsigned char *at, const wire_decimal *decimal,
                    double *ret)
{
    *ret = wire_decimal_f64(decimal);
    if (WEIR_LIKELY(isfinite(*ret)))
        return true;
    weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the number is beyond what an f64 holds");
    return false;
}

bool wire_value_f32(weir_reader *reader, const unsigned char *at, const wire_decimal *decimal,
                    float *ret)
{
    *ret = wire_decimal_f32(decimal);
    if (WEIR_LIKELY(isfinite(*ret)))
        return true;
    weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the number is beyond what an f32 holds");
    return false;
}

static bool narrow_integer(weir_reader *reader, const unsigned char *at,
                           const wire_decimal *decimal, weir_value_kind kind, void *ret)
{
    int64_t min, max, number;

    wire_value_bounds(kind, &min, &max);
    if (!wire_value_integer(reader, at, decimal, min, max, &number))
        return false;
    wire_value_store(kind, number, ret);
    return true;
}

bool wire_value_number(weir_reader *reader, const unsigned char *at, weir_text text,
                       weir_value_kind kind, void *ret)
{
    wire_decimal decimal;
    const char *end = text.data + text.size, *fault;
    int64_t plain;

    if (kind == WEIR_VALUE_I64 && text.size != 0 &&
        wire_integer_short(text.data, end, &plain) == end) {
        memcpy(ret, &plain, sizeof plain);
        return true;
    }
    if (wire_decimal_scan(text.data, end, &decimal, &fault) != end) {
        weir_read_fail(reader, at, WEIR_WIRE_TYPE, "expected a number, found other text");
        return false;
    }
    if (kind == WEIR_VALUE_F64)
        return wire_value_f64(reader, at, &decimal, ret);
    if (kind == WEIR_VALUE_F32)
        return wire_value_f32(reader, at, &decimal, ret);
    if (kind == WEIR_VALUE_U64)
        return wire_value_u64(reader, at, &decimal, ret);
    return narrow_integer(reader, at, &decimal, kind, ret);
}

char *wire_value_print_number(char *at, weir_value_kind kind, const void *value)
{
    double f64;
    float f32;
    int64_t number;

    if (kind == WEIR_VALUE_F64) {
        memcpy(&f64, value, sizeof f64);
        return isfinite(f64) ? wire_print_f64(at, f64) : NULL;
    }
    if (kind == WEIR_VALUE_F32) {
        memcpy(&f32, value, sizeof f32);
        return isfinite(f32) ? wire_print_f32(at, f32) : NULL;
    }
    number = wire_value_load(kind, value);
    if (kind == WEIR_VALUE_U64 || number >= 0)
        return wire_print_u64(at, (uint64_t)number);
    *at = '-';
    return wire_print_u64(at + 1, 0 - (uint64_t)number);
}

/* --- Times --- */

bool wire_value_time_units(weir_reader *reader, const unsigned char *at, int64_t units,
                           weir_time_form form, int64_t *ret)
{
    static const int64_t factors[] = {1, 1000, 1000000, 1000000000, 1};

    if (!__builtin_mul_overflow(units, factors[form], ret))
        return true;
    weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the time is beyond 64 bits of nanoseconds");
    return false;
}

bool wire_value_timestamp(weir_reader *reader, const unsigned char *at, weir_text text,
                          int64_t *ret)
{
    bool range;

    if (!weir_calendar_read_time(text.data, text.size, ret, &range)) {
        weir_read_fail(reader, at, WEIR_WIRE_TYPE,
                       "expected a time as in 2024-03-01T12:00:00Z, found other text");
        return false;
    }
    if (!range)
        return true;
    weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the time is beyond 64 bits of nanoseconds");
    return false;
}

bool wire_value_duration(weir_reader *reader, const unsigned char *at, weir_text text, int64_t *ret)
{
    char copy[64];
    bool fits = text.size < sizeof copy && memchr(text.data, '\0', text.size) == NULL;

    if (fits) {
        memcpy(copy, text.data, text.size);
        copy[text.size] = '\0';
        if (weir_text_duration(copy, ret))
            return true;
    }
    weir_read_fail(reader, at, WEIR_WIRE_TYPE, "expected a duration as in 250ms, found other text");
    return false;
}

bool wire_value_date(weir_reader *reader, const unsigned char *at, weir_text text, int32_t *ret)
{
    if (weir_calendar_read_date(text.data, text.size, ret))
        return true;
    weir_read_fail(reader, at, WEIR_WIRE_TYPE,
                   "expected a date as in 2024-03-01, found other text");
    return false;
}

/* --- Enums --- */

bool wire_value_enum(weir_reader *reader, const unsigned char *at, weir_text text,
                     const weir_type *type, int32_t *ret)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t shown = 0, next;

    if (weir_enum_number(type, text.data, text.size, ret))
        return true;
    if (wire_utf8_fault(bytes, bytes + text.size) != NULL) {
        weir_read_fail(reader, at, WEIR_WIRE_UTF8, "bad UTF-8");
        return false;
    }
    /* As many whole characters as fit: a message is UTF-8 too. */
    while (shown < text.size &&
           (next = shown + wire_utf8_size(bytes + shown, bytes + text.size)) <= 64)
        shown = next;
    weir_read_fail(reader, at, WEIR_WIRE_ENUM, "'%.*s' is no value of %s", (int)shown, text.data,
                   type->name);
    return false;
}

bool wire_value_enum_number(weir_reader *reader, const unsigned char *at, int64_t number,
                            const weir_type *type, int32_t *ret)
{
    *ret = (int32_t)number;
    if (number >= INT32_MIN && number <= INT32_MAX && weir_enum_find(type, *ret) != NULL)
        return true;
    weir_read_fail(reader, at, WEIR_WIRE_ENUM, "%lld is no value of %s", (long long)number,
                   type->name);
    return false;
}
