/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - small readings of text: durations, sizes, numbers, and names that were nearly right. */
#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

typedef struct unit {
    const char *name;
    int64_t factor;
} unit;

/* A unit that another begins with stands after it. */
static const unit durations[] = {
    {"ns", 1},          {"us", 1000},         {"ms", 1000000},       {"s", 1000000000},
    {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
};

static const unit sizes[] = {
    {"KiB", 1 << 10},
    {"MiB", 1 << 20},
    {"GiB", 1 << 30},
};

static const unit *match_unit(const char **text, const unit *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(*text, units[i].name, length) == 0) {
            *text += length;
            return &units[i];
        }
    }
    return NULL;
}

/* Adds one "1.5s" to *total. The fraction must come out as whole nanoseconds. */
static bool add_term(const char **text, int64_t *total)
{
    int64_t whole = 0, fraction = 0, scale = 1;
    const char *digits = *text;

    for (; isdigit((unsigned char)**text); (*text)++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, **text - '0', &whole))
            return false;
    if (*text == digits)
        return false;
    if (**text == '.') {
        const char *point = ++*text;
        for (; isdigit((unsigned char)**text); (*text)++) {
            if (*text - point >= 14)
                return false;
            fraction = fraction * 10 + (**text - '0');
            scale *= 10;
        }
        if (*text == point)
            return false;
    }
    const unit *found = match_unit(text, durations, sizeof durations / sizeof *durations);
    if (found == NULL)
        return false;
    wide ns = (wide)whole * found->factor * scale + (wide)fraction * found->factor;
    if (ns % scale != 0)
        return false;
    ns = ns / scale + *total;
    if (ns > INT64_MAX)
        return false;
    *total = (int64_t)ns;
    return true;
}

bool weir_text_duration(const char *text, int64_t *ret_ns)
{
    int64_t total = 0;
    bool negative = *text == '-';

    if (negative)
        text++;
    do {
        if (!add_term(&text, &total))
            return false;
    } while (*text != '\0');
    *ret_ns = negative ? -total : total;
    return true;
}

bool weir_text_lacks_unit(const char *text)
{
    return text[strspn(text, "+-.0123456789eE")] == '\0';
}

const char *weir_text_amount(weir_option_type type, int64_t value, char *text, size_t size)
{
    bool duration = type == WEIR_OPTION_DURATION;
    const unit *units = duration ? durations : sizes, *found = NULL;
    size_t count = duration ? sizeof durations / sizeof *durations : sizeof sizes / sizeof *sizes;

    for (size_t i = 0; i < count && (duration || type == WEIR_OPTION_SIZE); i++)
        if (value != 0 && value % units[i].factor == 0)
            found = &units[i];
    snprintf(text, size, "%lld%s", (long long)(found != NULL ? value / found->factor : value),
             found != NULL ? found->name
             : duration    ? "s"
                           : "");
    return text;
}

bool weir_text_integer(const char *text, int64_t *ret)
{
    char *end;

    if (!isdigit((unsigned char)*text) && *text != '-')
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        return false;
    *ret = value;
    return true;
}

bool weir_text_size(const char *text, int64_t *ret_bytes)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    const unit *found = match_unit(&rest, sizes, sizeof sizes / sizeof *sizes);
    char number[24];

    if (*rest != '\0' || digits == 0 || digits >= sizeof number)
        return false;
    memcpy(number, text, digits);
    number[digits] = '\0';
    return weir_text_integer(number, ret_bytes) &&
           !__builtin_mul_overflow(*ret_bytes, found != NULL ? found->factor : 1, ret_bytes);
}

bool weir_text_number(const char *text, double *ret)
{
    /* Only what a decimal number is made of: strtod would also take "inf", "0x1p3" and spaces. */
    if (*text == '\0' || !weir_text_lacks_unit(text))
        return false;
    char *end;
    double value = strtod(text, &end);
    if (*end != '\0' || !isfinite(value))
        return false;
    *ret = value;
    return true;
}

static const char decimals[] = "0123456789";

/* "", "e3", "E-07" */
static bool is_exponent(const char *text)
{
    if (*text == '\0')
        return true;
    if (*text != 'e' && *text != 'E')
        return false;
    text += text[1] == '+' || text[1] == '-' ? 2 : 1;
    return *text != '\0' && text[strspn(text, decimals)] == '\0';
}

bool weir_text_decimal(const char *text, weir_buffer *to)
{
    const char *whole = text + (*text == '+' || *text == '-');
    int wholes = (int)strspn(whole, decimals);
    const char *fraction = whole + wholes + (whole[wholes] == '.');
    int fractions = whole[wholes] == '.' ? (int)strspn(fraction, decimals) : 0;

    if (wholes + fractions == 0 || !is_exponent(fraction + fractions))
        return false;
    for (; wholes > 1 && *whole == '0'; wholes--)
        whole++;
    weir_buffer_text(to, *text == '-' ? "-" : "");
    weir_buffer_printf(to, "%.*s", wholes != 0 ? wholes : 1, wholes != 0 ? whole : "0");
    weir_buffer_printf(to, "%s%.*s%s", fractions != 0 ? "." : "", fractions, fraction,
                       fraction + fractions);
    return true;
}

enum { NAME_LIMIT = 64 }; /* longer names are not compared */

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* A name differs from another where a person would see it: case, '-' and '_' hardly count. */
static bool alike(char a, char b)
{
    if (a == '-')
        a = '_';
    if (b == '-')
        b = '_';
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static bool swapped(const char *a, size_t i, const char *b, size_t j)
{
    return i > 1 && j > 1 && alike(a[i - 1], b[j - 2]) && alike(a[i - 2], b[j - 1]);
}

/* How many letters to change, add, drop or swap with their neighbour. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NAME_LIMIT + 1], length = strlen(b);
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= length; j++)
        above[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + !alike(a[i - 1], b[j - 1]));
            if (swapped(a, i, b, j) && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[length];
}

void weir_nearest_offer(weir_nearest *nearest, const char *candidate)
{
    size_t length = strlen(nearest->wanted), other = strlen(candidate);
    size_t allowed = length <= 3 ? 1 : length <= 8 ? 2 : 3;

    if (length > NAME_LIMIT || other > NAME_LIMIT || length > other + allowed ||
        other > length + allowed)
        return;
    size_t distance = edit_distance(nearest->wanted, candidate);
    if (distance > allowed || distance >= length ||
        (nearest->name != NULL && distance >= nearest->distance))
        return;
    nearest->name = candidate;
    nearest->distance = distance;
}

const char *weir_nearest_hint(const weir_nearest *nearest, char *text, size_t size)
{
    text[0] = '\0';
    if (nearest->name != NULL)
        snprintf(text, size, "; did you mean '%s'?", nearest->name);
    return text;
}
