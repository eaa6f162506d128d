/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.c - JSON (RFC 8259) from bytes into members, without a tree between. */
#include "wire/decimal.h"
#include "wire/json.h"
#include "wire/values.h"

/* --- Structure --- */

const unsigned char *weir_json_space(const weir_reader *reader, const unsigned char *at)
{
    while (at < reader->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

void *wire_json_malformed(weir_reader *reader, const unsigned char *at, const char *expected)
{
    if (at >= reader->end)
        return weir_read_truncated(reader);
    return weir_read_fail(reader, at, WEIR_WIRE_MALFORMED, "malformed JSON: expected %s", expected);
}

static void *too_deep(weir_reader *reader, const unsigned char *at)
{
    return weir_read_fail(reader, at, WEIR_WIRE_DEEP, "nested deeper than %d levels",
                          WEIR_WIRE_DEPTH);
}

/* Goes past a literal, of which a truncated message may hold a part. */
static const unsigned char *literal(weir_reader *reader, const unsigned char *at, const char *word)
{
    for (; *word != '\0'; word++, at++)
        if (at == reader->end || *at != (unsigned char)*word)
            return wire_json_malformed(reader, at, "a value");
    return at;
}

/* --- Objects and arrays --- */

static const unsigned char *key_and_colon(weir_reader *reader, const unsigned char *at,
                                          weir_text *ret)
{
    if (at == reader->end || *at != '"')
        return wire_json_malformed(reader, at, "a key");
    at = wire_json_text(reader, at, ret);
    if (at == NULL)
        return NULL;
    at = weir_json_space(reader, at);
    if (at == reader->end || *at != ':')
        return wire_json_malformed(reader, at, "a colon");
    return weir_json_space(reader, at + 1);
}

const unsigned char *weir_json_slow_next(const weir_reader *reader, const unsigned char *at,
                                         const char *key, size_t size)
{
    size_t space = reader->end - at > 1 && at[1] == ' ';

    if ((size_t)(reader->end - at) < size + space || *at != (unsigned char)*key ||
        memcmp(at + 1 + space, key + 1, size - 1) != 0)
        return NULL;
    return weir_json_space(reader, at + space + size);
}

const unsigned char *weir_json_read_key(weir_reader *reader, const unsigned char *at,
                                        unsigned char before, weir_text *ret_key)
{
    *ret_key = (weir_text){NULL, 0};
    at = weir_json_space(reader, at);
    if (at < reader->end && *at == '}')
        return at + 1;
    if (at == reader->end || *at != before)
        return wire_json_malformed(reader, at, "a comma or the object's end");
    at = weir_json_space(reader, at + 1);
    if (before == '{' && at < reader->end && *at == '}')
        return at + 1;
    return key_and_colon(reader, at, ret_key);
}

/* Says what stands where something else was expected: broken JSON, or a value of another type. */
void *wire_json_wrong_type(weir_reader *reader, const unsigned char *at, const char *expected)
{
    if (weir_json_skip(reader, at) == NULL)
        return NULL;
    const char *found = *at == '"'   ? "text"
                        : *at == '{' ? "an object"
                        : *at == '[' ? "an array"
                        : *at == 'n' ? "null"
                        : *at == 't' ? "true"
                        : *at == 'f' ? "false"
                                     : "a number";
    return weir_read_fail(reader, at, WEIR_WIRE_TYPE, "expected %s, found %s", expected, found);
}

const unsigned char *weir_json_open_object(weir_reader *reader, const unsigned char *at)
{
    if (at == reader->end || *at != '{')
        return wire_json_wrong_type(reader, at, "an object");
    if (reader->depth == 0)
        return too_deep(reader, at);
    reader->depth--;
    return at;
}

const unsigned char *weir_json_open_array(weir_reader *reader, const unsigned char *at)
{
    if (at == reader->end || *at != '[')
        return wire_json_wrong_type(reader, at, "an array");
    if (reader->depth == 0)
        return too_deep(reader, at);
    reader->depth--;
    return weir_json_space(reader, at + 1);
}

bool weir_json_item(weir_reader *reader, const unsigned char **at, uint32_t count, uint32_t max)
{
    const unsigned char *next = weir_json_space(reader, *at);

    if (next < reader->end && *next == ']') {
        *at = next + 1;
        return false;
    }
    if (count != 0 && (next == reader->end || *next != ',')) {
        *at = wire_json_malformed(reader, next, "a comma or the array's end");
        return false;
    }
    next = count == 0 ? next : weir_json_space(reader, next + 1);
    *at = next;
    if (count == max)
        *at = weir_read_fail(reader, next, WEIR_WIRE_LENGTH, "more than %u items", max);
    return *at != NULL;
}

const unsigned char *weir_json_close_array(weir_reader *reader, const unsigned char *array,
                                           const unsigned char *at, uint32_t count, uint32_t min)
{
    reader->depth++;
    if (count < min)
        return weir_read_fail(reader, array, WEIR_WIRE_LENGTH, "%u items, expected at least %u",
                              count, min);
    return at;
}

/* --- Skipping: structure only --- */

static const unsigned char *scan_number(weir_reader *reader, const unsigned char *at,
                                        wire_decimal *ret)
{
    const char *fault;
    const char *next = wire_decimal_scan((const char *)at, (const char *)reader->end, ret, &fault);

    if (next == NULL)
        return wire_json_malformed(reader, (const unsigned char *)fault, "a digit");
    return (const unsigned char *)next;
}

static const unsigned char *skip_scalar(weir_reader *reader, const unsigned char *at)
{
    wire_decimal decimal;

    if (at == reader->end)
        return weir_read_truncated(reader);
    if (*at == '"')
        return wire_json_skip_string(reader, at);
    if (*at == '-' || (*at >= '0' && *at <= '9'))
        return scan_number(reader, at, &decimal);
    return literal(reader, at, *at == 't' ? "true" : *at == 'f' ? "false" : "null");
}

/* Where a skip stands: the brackets that are open, one bit each, set for an object. */
typedef struct skip_state {
    uint64_t objects;
    uint32_t level;
    bool first; /* a bracket was just opened */
} skip_state;

/* Goes past what stands between values: commas, keys, closing brackets. Stops before the next
 * value, or behind the last bracket. */
static const unsigned char *skip_between(weir_reader *reader, const unsigned char *at,
                                         skip_state *state)
{
    weir_text key;

    while (state->level != 0) {
        bool object = (state->objects & 1) != 0;
        at = weir_json_space(reader, at);
        if (at < reader->end && *at == (object ? '}' : ']')) {
            state->objects >>= 1;
            state->level--;
            state->first = false;
            at++;
            continue;
        }
        if (!state->first) {
            if (at == reader->end || *at != ',')
                return wire_json_malformed(reader, at, "a comma or a closing bracket");
            at = weir_json_space(reader, at + 1);
        }
        state->first = false;
        return object ? key_and_colon(reader, at, &key) : at;
    }
    return at;
}

const unsigned char *weir_json_skip(weir_reader *reader, const unsigned char *at)
{
    skip_state state = {0};

    do {
        if (at < reader->end && (*at == '{' || *at == '[')) {
            if (state.level == reader->depth)
                return too_deep(reader, at);
            state = (skip_state){state.objects << 1 | (*at == '{'), state.level + 1, true};
            at++;
        } else {
            at = skip_scalar(reader, at);
        }
        if (at == NULL)
            return NULL;
        at = skip_between(reader, at, &state);
    } while (at != NULL && state.level != 0);
    return at;
}

/* --- Numbers --- */

const unsigned char *weir_json_read_bool(weir_reader *reader, const unsigned char *at, bool *ret)
{
    *ret = at < reader->end && *at == 't';
    if (at < reader->end && (*at == 't' || *at == 'f'))
        return literal(reader, at, *ret ? "true" : "false");
    return wire_json_wrong_type(reader, at, "a bool");
}

static const unsigned char *read_number(weir_reader *reader, const unsigned char *at,
                                        const char *expected, wire_decimal *ret)
{
    if (at < reader->end && (*at == '-' || (*at >= '0' && *at <= '9')))
        return scan_number(reader, at, ret);
    return wire_json_wrong_type(reader, at, expected);
}

const unsigned char *weir_json_read_f64(weir_reader *reader, const unsigned char *at, double *ret)
{
    wire_decimal decimal;
    const char *simple = wire_decimal_short((const char *)at, (const char *)reader->end, ret);

    if (WEIR_LIKELY(simple != NULL))
        return (const unsigned char *)simple;
    const unsigned char *next = read_number(reader, at, "a number", &decimal);
    return next != NULL && wire_value_f64(reader, at, &decimal, ret) ? next : NULL;
}

const unsigned char *weir_json_read_f32(weir_reader *reader, const unsigned char *at, float *ret)
{
    wire_decimal decimal;
    const unsigned char *next = read_number(reader, at, "a number", &decimal);
    return next != NULL && wire_value_f32(reader, at, &decimal, ret) ? next : NULL;
}

const unsigned char *weir_json_read_u64(weir_reader *reader, const unsigned char *at, uint64_t *ret)
{
    wire_decimal decimal;
    const unsigned char *next = read_number(reader, at, "an integer", &decimal);
    return next != NULL && wire_value_u64(reader, at, &decimal, ret) ? next : NULL;
}

/* An integer that is written as one and fits. */
static const unsigned char *plain_integer(const weir_reader *reader, const unsigned char *at,
                                          int64_t *ret)
{
    const char *end = (const char *)reader->end;
    const char *next = at < reader->end ? wire_integer_short((const char *)at, end, ret) : NULL;

    if (next == NULL || (next < end && (*next == '.' || (*next | 0x20) == 'e')))
        return NULL;
    return (const unsigned char *)next;
}

const unsigned char *weir_json_read_integer(weir_reader *reader, const unsigned char *at,
                                            int64_t min, int64_t max, int64_t *ret)
{
    wire_decimal decimal;
    const unsigned char *next = plain_integer(reader, at, ret);

    if (WEIR_LIKELY(next != NULL && *ret >= min && *ret <= max))
        return next;
    next = read_number(reader, at, "an integer", &decimal);
    return next != NULL && wire_value_integer(reader, at, &decimal, min, max, ret) ? next : NULL;
}

/* --- Values that may be text --- */

static bool is_text(const weir_reader *reader, const unsigned char *at)
{
    return at < reader->end && *at == '"';
}

static bool is_number(const weir_reader *reader, const unsigned char *at)
{
    return at < reader->end && (*at == '-' || (*at >= '0' && *at <= '9'));
}

const unsigned char *weir_json_read_timestamp(weir_reader *reader, const unsigned char *at,
                                              weir_time_form form, int64_t *ret)
{
    bool plain = form == WEIR_TIME_NS || form == WEIR_TIME_ISO;
    const unsigned char *whole = plain ? plain_integer(reader, at, ret) : NULL;
    weir_text text;
    int64_t units;

    if (WEIR_LIKELY(whole != NULL))
        return whole;
    if (is_text(reader, at)) {
        const unsigned char *next = wire_json_text(reader, at, &text);
        return next != NULL && wire_value_timestamp(reader, at, text, ret) ? next : NULL;
    }
    if (!is_number(reader, at))
        return wire_json_wrong_type(reader, at, "a time");
    const unsigned char *next = weir_json_read_i64(reader, at, &units);
    return next != NULL && wire_value_time_units(reader, at, units, form, ret) ? next : NULL;
}

const unsigned char *weir_json_read_duration(weir_reader *reader, const unsigned char *at,
                                             int64_t *ret)
{
    weir_text text;

    if (!is_text(reader, at))
        return is_number(reader, at) ? weir_json_read_i64(reader, at, ret)
                                     : wire_json_wrong_type(reader, at, "a duration");
    const unsigned char *next = wire_json_text(reader, at, &text);
    return next != NULL && wire_value_duration(reader, at, text, ret) ? next : NULL;
}

const unsigned char *weir_json_read_date(weir_reader *reader, const unsigned char *at, int32_t *ret)
{
    weir_text text;

    if (!is_text(reader, at))
        return wire_json_wrong_type(reader, at, "a date");
    const unsigned char *next = wire_json_text(reader, at, &text);
    return next != NULL && wire_value_date(reader, at, text, ret) ? next : NULL;
}

const unsigned char *weir_json_read_enum(weir_reader *reader, const unsigned char *at,
                                         const weir_type *type, int32_t *ret)
{
    weir_text text;
    int64_t number;

    if (is_text(reader, at)) {
        const unsigned char *next = wire_json_text(reader, at, &text);
        return next != NULL && wire_value_enum(reader, at, text, type, ret) ? next : NULL;
    }
    if (!is_number(reader, at))
        return wire_json_wrong_type(reader, at, "an enum value");
    const unsigned char *next = weir_json_read_i64(reader, at, &number);
    return next != NULL && wire_value_enum_number(reader, at, number, type, ret) ? next : NULL;
}

const unsigned char *weir_json_read_text_number(weir_reader *reader, const unsigned char *at,
                                                weir_value_kind kind, void *ret)
{
    weir_text text;
    const unsigned char *next;

    if (is_text(reader, at)) {
        next = wire_json_text(reader, at, &text);
    } else {
        wire_decimal decimal;
        next = read_number(reader, at, "a number", &decimal);
        text = (weir_text){(const char *)at, next != NULL ? (size_t)(next - at) : 0};
    }
    return next != NULL && wire_value_number(reader, at, text, kind, ret) ? next : NULL;
}
