/* SPDX-License-Identifier: Apache-2.0 */
/* expr.c - the parts of generated expressions that are too long to stand in line: text. */
#include <weir/expr.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/calendar.h"
#include "core/text.h"
#include "wire/values.h"

enum { NUMBER_TEXT = 40 };

bool weir_as_bool(bool value)
{
    return value;
}

int64_t weir_as_i64(int64_t value)
{
    return value;
}

uint64_t weir_as_u64(uint64_t value)
{
    return value;
}

double weir_as_f64(double value)
{
    return value;
}

const char *weir_as_text(const char *text)
{
    return text;
}

int weir_bytes_compare(const void *a, size_t a_size, const void *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

bool weir_text_ends_with(const char *text, const char *part)
{
    size_t size = strlen(text), part_size = strlen(part);

    return part_size <= size && memcmp(text + size - part_size, part, part_size) == 0;
}

int64_t weir_text_length(const char *text)
{
    int64_t length = 0;

    for (; *text != '\0'; text++)
        length += ((unsigned char)*text & 0xc0) != 0x80;
    return length;
}

bool weir_bytes_copy(void *out, size_t room, const void *data, size_t size)
{
    if (size > room)
        return false;
    memmove(out, data, size);
    memset((char *)out + size, 0, room - size);
    return true;
}

bool weir_text_copy(char *out, size_t room, const char *text)
{
    size_t size = strlen(text);

    return size < room && weir_bytes_copy(out, room, text, size);
}

bool weir_text_join(char *out, size_t room, const char *left, const char *right)
{
    size_t size = strlen(left);

    return weir_text_copy(out, room, left) && weir_text_copy(out + size, room - size, right);
}

/* --- Values as text --- */

void weir_text_from_bool(char *out, size_t room, bool value)
{
    weir_text_copy(out, room, value ? "true" : "false");
}

void weir_text_from_i64(char *out, size_t room, int64_t value)
{
    snprintf(out, room, "%" PRId64, value);
}

void weir_text_from_u64(char *out, size_t room, uint64_t value)
{
    snprintf(out, room, "%" PRIu64, value);
}

/* The program's locale may have another decimal point than the language. */
static void put_point(char *text)
{
    char *comma = strpbrk(text, ",");

    if (comma != NULL)
        *comma = '.';
}

/* Tries precisions from 1 on until the text reads back as the value: the shortest. */
static void print_number(char *out, size_t room, double value, int most, bool single)
{
    char text[NUMBER_TEXT];

    if (!isfinite(value)) {
        weir_text_copy(out, room, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 1; digits <= most; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
            break;
    }
    put_point(text);
    weir_text_copy(out, room, text);
}

void weir_text_from_f32(char *out, size_t room, float value)
{
    print_number(out, room, (double)value, 9, true);
}

void weir_text_from_f64(char *out, size_t room, double value)
{
    print_number(out, room, value, 17, false);
}

void weir_text_from_timestamp(char *out, size_t room, int64_t ns)
{
    char text[WEIR_CALENDAR_TIME + 1];

    *weir_calendar_print_time(text, ns) = '\0';
    weir_text_copy(out, room, text);
}

/* CEL writes durations in seconds: "1.5s". */
void weir_text_from_duration(char *out, size_t room, int64_t ns)
{
    uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, fraction = magnitude % 1000000000;
    char text[NUMBER_TEXT];
    int size = snprintf(text, sizeof text, "%s%" PRIu64, ns < 0 ? "-" : "", magnitude / 1000000000);

    if (fraction != 0) {
        size += snprintf(text + size, sizeof text - (size_t)size, ".%09" PRIu64, fraction);
        while (text[size - 1] == '0')
            size--;
    }
    text[size] = 's';
    text[size + 1] = '\0';
    weir_text_copy(out, room, text);
}

bool weir_text_from_bytes(char *out, size_t room, const void *data, size_t size)
{
    const unsigned char *at = data;
    bool text = wire_utf8_fault(at, at + size) == NULL && memchr(at, '\0', size) == NULL;

    return text && size < room && weir_bytes_copy(out, room, data, size);
}

bool weir_text_from_date(char *out, size_t room, int32_t days)
{
    char text[WEIR_CALENDAR_DATE + 1];
    char *end = weir_calendar_print_date(text, days);

    if (end == NULL)
        return false;
    *end = '\0';
    return weir_text_copy(out, room, text);
}

/* --- Text as values --- */

bool weir_bool_from_text(const char *text, bool *ret)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true},   {"True", true},   {"TRUE", true},   {"t", true},  {"1", true},
                 {"false", false}, {"False", false}, {"FALSE", false}, {"f", false}, {"0", false}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].text, text) == 0) {
            *ret = words[i].value;
            return true;
        }
    }
    return false;
}

bool weir_i64_from_text(const char *text, int64_t *ret)
{
    return weir_text_integer(text, ret);
}

bool weir_u64_from_text(const char *text, uint64_t *ret)
{
    uint64_t value = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return false;
    }
    *ret = value;
    return *text != '\0';
}

bool weir_f64_from_text(const char *text, double *ret)
{
    return weir_text_number(text, ret);
}

bool weir_timestamp_from_text(const char *text, int64_t *ret_ns)
{
    bool range = false;

    return weir_calendar_read_time(text, strlen(text), ret_ns, &range) && !range;
}

bool weir_duration_from_text(const char *text, int64_t *ret_ns)
{
    return weir_text_duration(text, ret_ns);
}
