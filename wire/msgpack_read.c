/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_read.c - the rarer forms of MessagePack, and what is none. */
#include "wire/decimal.h"
#include "wire/values.h"

#include <math.h>

/* --- Heads: the first byte of a value and the number that follows it --- */

typedef enum value_form {
    FORM_INTEGER, /* number, negative when `sign` is set */
    FORM_FLOAT,
    FORM_NIL,
    FORM_BOOL,
    FORM_STRING, /* number is the size of what follows */
    FORM_BYTES,
    FORM_EXTENSION, /* number is the size behind the type byte, `kind` that byte */
    FORM_ARRAY,     /* number is the count */
    FORM_MAP,
} value_form;

typedef struct value_head {
    value_form form;
    bool sign;
    int8_t kind;
    uint64_t number;
    double value; /* of a float */
} value_head;

static uint64_t load_size(const unsigned char *at, unsigned size)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < size; i++)
        number = number << 8 | at[i];
    return number;
}

/* 0xc0 to 0xdf: the form, and how many bytes its number takes. */
static const struct {
    uint8_t form, size;
} wide_heads[] = {
    {FORM_NIL, 0},       {FORM_NIL, 0},       {FORM_BOOL, 0},      {FORM_BOOL, 0},
    {FORM_BYTES, 1},     {FORM_BYTES, 2},     {FORM_BYTES, 4},     {FORM_EXTENSION, 1},
    {FORM_EXTENSION, 2}, {FORM_EXTENSION, 4}, {FORM_FLOAT, 4},     {FORM_FLOAT, 8},
    {FORM_INTEGER, 1},   {FORM_INTEGER, 2},   {FORM_INTEGER, 4},   {FORM_INTEGER, 8},
    {FORM_INTEGER, 1},   {FORM_INTEGER, 2},   {FORM_INTEGER, 4},   {FORM_INTEGER, 8},
    {FORM_EXTENSION, 0}, {FORM_EXTENSION, 0}, {FORM_EXTENSION, 0}, {FORM_EXTENSION, 0},
    {FORM_EXTENSION, 0}, {FORM_STRING, 1},    {FORM_STRING, 2},    {FORM_STRING, 4},
    {FORM_ARRAY, 2},     {FORM_ARRAY, 4},     {FORM_MAP, 2},       {FORM_MAP, 4},
};

static void head_float(value_head *head, unsigned size)
{
    if (size == 4) {
        uint32_t bits = (uint32_t)head->number;
        float value;
        memcpy(&value, &bits, sizeof value);
        head->value = (double)value;
    } else {
        memcpy(&head->value, &head->number, sizeof head->value);
    }
}

/* What needs more than the number: signs, floats, extensions. */
static const unsigned char *finish_head(weir_reader *reader, const unsigned char *at, uint8_t byte,
                                        unsigned size, value_head *ret)
{
    if (byte == 0xc3)
        ret->number = 1;
    if (byte >= 0xd0 && byte <= 0xd3) {
        unsigned shift = 64 - 8 * size;
        ret->number = (uint64_t)((int64_t)(ret->number << shift) >> shift);
        ret->sign = ret->number >> 63 != 0;
    }
    if (byte >= 0xd4 && byte <= 0xd8)
        ret->number = (uint64_t)1 << (byte - 0xd4);
    if (ret->form == FORM_FLOAT)
        head_float(ret, size);
    if (ret->form != FORM_EXTENSION)
        return at;
    if (at == reader->end)
        return weir_read_truncated(reader);
    ret->kind = (int8_t)*at;
    return at + 1;
}

/* Reads a head; what follows a string, bytes or extension is checked to be there. */
static const unsigned char *read_head(weir_reader *reader, const unsigned char *at, value_head *ret)
{
    if (at == reader->end)
        return weir_read_truncated(reader);
    uint8_t byte = *at++;
    *ret = (value_head){.form = FORM_INTEGER, .number = byte};
    if (byte >= 0xe0) {
        ret->number = (uint64_t)(int8_t)byte;
        ret->sign = true;
    } else if (byte >= 0xc0) {
        unsigned size = wide_heads[byte - 0xc0].size;
        if (byte == 0xc1)
            return weir_read_fail(reader, at - 1, WEIR_WIRE_MALFORMED,
                                  "malformed: 0xc1 means nothing");
        if ((size_t)(reader->end - at) < size)
            return weir_read_truncated(reader);
        ret->form = wide_heads[byte - 0xc0].form;
        ret->number = load_size(at, size);
        at = finish_head(reader, at + size, byte, size, ret);
    } else if (byte >= 0x80) {
        ret->form = byte >= 0xa0 ? FORM_STRING : byte >= 0x90 ? FORM_ARRAY : FORM_MAP;
        ret->number = byte & (byte >= 0xa0 ? 0x1fu : 0x0fu);
    }
    bool sized = ret->form >= FORM_STRING && ret->form <= FORM_EXTENSION;
    if (at != NULL && sized && ret->number > (size_t)(reader->end - at))
        return weir_read_truncated(reader);
    return at;
}

static void *wrong_type(weir_reader *reader, const unsigned char *at, const value_head *head,
                        const char *expected)
{
    static const char *const names[] = {"an integer",   "a float",  "nil",
                                        "a bool",       "a string", "bytes",
                                        "an extension", "an array", "a map"};
    return weir_read_fail(reader, at, WEIR_WIRE_TYPE, "expected %s, found %s", expected,
                          names[head->form]);
}

/* Reads a head of one form. */
static const unsigned char *expect(weir_reader *reader, const unsigned char *at, value_form form,
                                   const char *expected, value_head *ret)
{
    const unsigned char *next = read_head(reader, at, ret);

    return next == NULL || ret->form == form ? next : wrong_type(reader, at, ret, expected);
}

/* --- Maps and arrays --- */

static const unsigned char *too_deep(weir_reader *reader, const unsigned char *at)
{
    return weir_read_fail(reader, at, WEIR_WIRE_DEEP, "nested deeper than %d levels",
                          WEIR_WIRE_DEPTH);
}

static const unsigned char *deeper(weir_reader *reader, const unsigned char *at,
                                   const unsigned char *next)
{
    if (reader->depth == 0)
        return too_deep(reader, at);
    reader->depth--;
    return next;
}

const unsigned char *weir_msgpack_slow_map(weir_reader *reader, const unsigned char *at,
                                           uint32_t *ret_left)
{
    value_head head = {0};
    const unsigned char *next;

    *ret_left = 0;
    next = expect(reader, at, FORM_MAP, "a map", &head);
    if (next == NULL)
        return NULL;
    *ret_left = (uint32_t)head.number;
    return deeper(reader, at, next);
}

const unsigned char *weir_msgpack_open_array(weir_reader *reader, const unsigned char *at,
                                             uint32_t min, uint32_t max, uint32_t *ret_count)
{
    value_head head = {0};
    const unsigned char *next = expect(reader, at, FORM_ARRAY, "an array", &head);

    *ret_count = 0;
    if (next == NULL)
        return NULL;
    if (head.number < min || head.number > max)
        return weir_read_fail(reader, at, WEIR_WIRE_LENGTH, "%u items, expected %u to %u",
                              (unsigned)head.number, min, max);
    *ret_count = (uint32_t)head.number;
    return deeper(reader, at, next);
}

const unsigned char *weir_msgpack_read_key(weir_reader *reader, const unsigned char *at,
                                           weir_text *ret_key)
{
    value_head head = {0};

    *ret_key = (weir_text){NULL, 0};
    const unsigned char *next = read_head(reader, at, &head);
    if (next == NULL)
        return NULL;
    if (head.form != FORM_STRING)
        return weir_msgpack_skip(reader, at);
    *ret_key = (weir_text){(const char *)next, (size_t)head.number};
    return next + head.number;
}

/* `left[level]` counts the values still to come of the arrays and maps that are open. */
const unsigned char *weir_msgpack_skip(weir_reader *reader, const unsigned char *at)
{
    uint64_t left[WEIR_WIRE_DEPTH + 1] = {1};
    uint32_t level = 0;
    value_head head = {0};

    while (level != 0 || left[0] != 0) {
        if (left[level] == 0) {
            level--;
            continue;
        }
        left[level]--;
        const unsigned char *next = read_head(reader, at, &head);
        if (next == NULL)
            return NULL;
        if (head.form >= FORM_STRING && head.form <= FORM_EXTENSION)
            next += head.number;
        if (head.form >= FORM_ARRAY) {
            if (level == reader->depth)
                return too_deep(reader, at);
            left[++level] = head.form == FORM_MAP ? 2 * head.number : head.number;
        }
        at = next;
    }
    return at;
}

weir_status weir_msgpack_size(weir_slice bytes, size_t *ret_size, weir_wire_error *error)
{
    weir_reader reader;

    reader.start = bytes.data;
    reader.end = bytes.data + bytes.size;
    reader.error = error;
    reader.depth = WEIR_WIRE_DEPTH;
    const unsigned char *next = weir_msgpack_skip(&reader, reader.start);
    if (next == NULL)
        return error->fault == WEIR_WIRE_TRUNCATED ? WEIR_AGAIN : error->status;
    *ret_size = (size_t)(next - reader.start);
    return WEIR_OK;
}

/* --- Numbers --- */

const unsigned char *weir_msgpack_read_bool(weir_reader *reader, const unsigned char *at, bool *ret)
{
    value_head head = {0};

    *ret = false;
    at = expect(reader, at, FORM_BOOL, "a bool", &head);
    if (at != NULL)
        *ret = head.number != 0;
    return at;
}

const unsigned char *weir_msgpack_slow_f64(weir_reader *reader, const unsigned char *at,
                                           double *ret)
{
    value_head head = {0};
    const unsigned char *next = read_head(reader, at, &head);

    if (next == NULL)
        return NULL;
    if (head.form == FORM_INTEGER)
        *ret = head.sign ? (double)(int64_t)head.number : (double)head.number;
    else if (head.form == FORM_FLOAT)
        *ret = head.value;
    else
        return wrong_type(reader, at, &head, "a number");
    return next;
}

const unsigned char *weir_msgpack_read_f32(weir_reader *reader, const unsigned char *at, float *ret)
{
    value_head head = {0};
    const unsigned char *next = read_head(reader, at, &head);

    if (next == NULL)
        return NULL;
    if (head.form == FORM_INTEGER)
        *ret = head.sign ? (float)(int64_t)head.number : (float)head.number;
    else if (head.form != FORM_FLOAT)
        return wrong_type(reader, at, &head, "a number");
    else if (isfinite(head.value) && !isfinite((float)head.value))
        return weir_read_fail(reader, at, WEIR_WIRE_RANGE,
                              "the number is beyond what an f32 holds");
    else
        *ret = (float)head.value;
    return next;
}

/* Makes an integer head of a float that holds one: 2^63 and 2^64 are the first beyond. */
static bool whole_float(value_head *head)
{
    double value = head->value;

    if (!(value >= -0x1p63 && value < 0x1p64))
        return false;
    head->sign = value < 0;
    head->number = head->sign ? (uint64_t)(int64_t)value : (uint64_t)value;
    return value == (head->sign ? (double)(int64_t)head->number : (double)head->number);
}

/* An integer by value, of either sign. */
static const unsigned char *read_whole(weir_reader *reader, const unsigned char *at,
                                       value_head *head)
{
    const unsigned char *next = read_head(reader, at, head);

    if (next == NULL || head->form == FORM_INTEGER)
        return next;
    if (head->form != FORM_FLOAT)
        return wrong_type(reader, at, head, "an integer");
    if (whole_float(head))
        return next;
    if (!isfinite(head->value) || fabs(head->value) < 0x1p63)
        return weir_read_fail(reader, at, WEIR_WIRE_TYPE,
                              "expected an integer, found a float that holds none");
    return weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the integer is beyond 64 bits");
}

const unsigned char *weir_msgpack_read_integer(weir_reader *reader, const unsigned char *at,
                                               int64_t min, int64_t max, int64_t *ret)
{
    value_head head = {0};
    const unsigned char *next = read_whole(reader, at, &head);

    if (next == NULL)
        return NULL;
    *ret = (int64_t)head.number;
    if ((!head.sign && *ret < 0) || *ret < min || *ret > max)
        return weir_read_fail(reader, at, WEIR_WIRE_RANGE,
                              "the integer is not within %lld and %lld", (long long)min,
                              (long long)max);
    return next;
}

const unsigned char *weir_msgpack_read_u64(weir_reader *reader, const unsigned char *at,
                                           uint64_t *ret)
{
    value_head head = {0};
    const unsigned char *next = read_whole(reader, at, &head);

    if (next == NULL)
        return NULL;
    if (head.sign)
        return weir_read_fail(reader, at, WEIR_WIRE_RANGE, "the integer is negative");
    *ret = head.number;
    return next;
}

/* --- Strings, bytes --- */

const unsigned char *weir_msgpack_slow_string(weir_reader *reader, const unsigned char *at,
                                              char *ret, size_t capacity)
{
    value_head head = {0};
    const unsigned char *next = expect(reader, at, FORM_STRING, "a string", &head);

    if (next == NULL)
        return NULL;
    if (head.number >= capacity)
        return weir_read_fail(reader, at, WEIR_WIRE_LENGTH, "the string has %u bytes, at most %zu",
                              (unsigned)head.number, capacity - 1);
    return weir_read_text(reader, next, (size_t)head.number, ret, capacity);
}

const unsigned char *weir_msgpack_read_bytes(weir_reader *reader, const unsigned char *at,
                                             uint32_t *ret_size, uint8_t *ret, uint32_t capacity)
{
    value_head head = {0};
    const unsigned char *next = expect(reader, at, FORM_BYTES, "bytes", &head);

    if (next == NULL)
        return NULL;
    if (head.number > capacity)
        return weir_read_fail(reader, at, WEIR_WIRE_LENGTH, "%u bytes, at most %u",
                              (unsigned)head.number, capacity);
    *ret_size = (uint32_t)head.number;
    memcpy(ret, next, head.number);
    return next + head.number;
}

/* --- Times, enums, numbers as text --- */

/* The timestamp extension: 32 bits of seconds; 30 of nanoseconds, 34 of seconds; 32 and 64. */
static const unsigned char *read_extension(weir_reader *reader, const unsigned char *at,
                                           const value_head *head, const unsigned char *bytes,
                                           int64_t *ret)
{
    uint64_t word = head->number >= 8 ? weir_load_be(bytes) : 0;
    int64_t seconds, ns = 0;

    if (head->kind != -1 || (head->number != 4 && head->number != 8 && head->number != 12))
        return wrong_type(reader, at, head, "a time");
    if (head->number == 4) {
        seconds = (int64_t)load_size(bytes, 4);
    } else if (head->number == 8) {
        ns = (int64_t)(word >> 34);
        seconds = (int64_t)(word & 0x3ffffffffu);
    } else {
        ns = (int64_t)load_size(bytes, 4);
        seconds = (int64_t)weir_load_be(bytes + 4);
    }
    if (ns > 999999999)
        return weir_read_fail(reader, at, WEIR_WIRE_MALFORMED,
                              "malformed: a time of more than 999999999 nanoseconds");
    bool before = seconds < 0 && ns != 0;
    if (__builtin_mul_overflow(seconds + before, 1000000000, ret) ||
        __builtin_add_overflow(*ret, before ? ns - 1000000000 : ns, ret))
        return weir_read_fail(reader, at, WEIR_WIRE_RANGE,
                              "the time is beyond 64 bits of nanoseconds");
    return bytes + head->number;
}

const unsigned char *weir_msgpack_slow_timestamp(weir_reader *reader, const unsigned char *at,
                                                 weir_time_form form, int64_t *ret)
{
    value_head head = {0};
    int64_t units;
    const unsigned char *next = read_head(reader, at, &head);

    if (next == NULL)
        return NULL;
    if (head.form == FORM_EXTENSION)
        return read_extension(reader, at, &head, next, ret);
    if (head.form != FORM_INTEGER && head.form != FORM_FLOAT)
        return wrong_type(reader, at, &head, "a time");
    next = weir_msgpack_read_i64(reader, at, &units);
    return next != NULL && wire_value_time_units(reader, at, units, form, ret) ? next : NULL;
}

/* Whether a string comes next, and its text. NULL: the value is broken. */
static const unsigned char *peek_text(weir_reader *reader, const unsigned char *at, bool *ret_is,
                                      weir_text *ret_text)
{
    value_head head = {0};
    const unsigned char *next = read_head(reader, at, &head);

    if (next == NULL)
        return NULL;
    *ret_is = head.form == FORM_STRING;
    *ret_text = (weir_text){(const char *)next, (size_t)head.number};
    return *ret_is ? next + head.number : next;
}

const unsigned char *weir_msgpack_read_duration(weir_reader *reader, const unsigned char *at,
                                                int64_t *ret)
{
    weir_text text;
    bool is;
    const unsigned char *next = peek_text(reader, at, &is, &text);

    if (next == NULL || !is)
        return next == NULL ? NULL : weir_msgpack_read_i64(reader, at, ret);
    return wire_value_duration(reader, at, text, ret) ? next : NULL;
}

const unsigned char *weir_msgpack_read_date(weir_reader *reader, const unsigned char *at,
                                            int32_t *ret)
{
    value_head head = {0};
    const unsigned char *next = expect(reader, at, FORM_STRING, "a date", &head);

    if (next == NULL ||
        !wire_value_date(reader, at, (weir_text){(const char *)next, (size_t)head.number}, ret))
        return NULL;
    return next + head.number;
}

const unsigned char *weir_msgpack_read_enum(weir_reader *reader, const unsigned char *at,
                                            const weir_type *type, int32_t *ret)
{
    weir_text text;
    int64_t number;
    bool is;
    const unsigned char *next = peek_text(reader, at, &is, &text);

    if (next == NULL)
        return NULL;
    if (is)
        return wire_value_enum(reader, at, text, type, ret) ? next : NULL;
    next = weir_msgpack_read_i64(reader, at, &number);
    return next != NULL && wire_value_enum_number(reader, at, number, type, ret) ? next : NULL;
}

const unsigned char *weir_msgpack_read_text_number(weir_reader *reader, const unsigned char *at,
                                                   weir_value_kind kind, void *ret)
{
    weir_text text;
    int64_t min, max, number;
    bool is;
    const unsigned char *next = peek_text(reader, at, &is, &text);

    if (next == NULL)
        return NULL;
    if (is)
        return wire_value_number(reader, at, text, kind, ret) ? next : NULL;
    if (kind == WEIR_VALUE_F64)
        return weir_msgpack_read_f64(reader, at, ret);
    if (kind == WEIR_VALUE_F32)
        return weir_msgpack_read_f32(reader, at, ret);
    if (kind == WEIR_VALUE_U64)
        return weir_msgpack_read_u64(reader, at, ret);
    wire_value_bounds(kind, &min, &max);
    next = weir_msgpack_read_integer(reader, at, min, max, &number);
    if (next != NULL)
        wire_value_store(kind, number, ret);
    return next;
}
