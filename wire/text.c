/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - UTF-8, base64, and the calendar. */
#include "wire/decimal.h"
#include "wire/values.h"

#include <stdio.h>

/* --- UTF-8 -------------------------------------------------------------------------------------
 */

size_t wire_utf8_size(const unsigned char *at, const unsigned char *end)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = *at < 0x80   ? 1
                  : *at < 0xc2 ? 0
                  : *at < 0xe0 ? 2
                  : *at < 0xf0 ? 3
                  : *at < 0xf5 ? 4
                               : 0;

    if (size <= 1)
        return size;
    if ((size_t)(end - at) < size)
        return 0;
    uint32_t point = *at & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (at[i] & 0x3fu);
    }
    return point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? 0
                                                                                          : size;
}

bool wire_utf8_cut(const unsigned char *at, const unsigned char *end)
{
    unsigned char whole[4] = {0x80, 0x80, 0x80, 0x80};
    size_t size = (size_t)(end - at);

    if (size == 0 || size >= sizeof whole)
        return false;
    memcpy(whole, at, size);
    /* After these two the least continuation bytes would make an overlong form. */
    if (size == 1 && (whole[0] == 0xe0 || whole[0] == 0xf0))
        whole[1] = 0xb0;
    return wire_utf8_size(whole, whole + sizeof whole) > size;
}

const unsigned char *wire_utf8_fault(const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        if (end - at >= 8 && (weir_load_le(at) & WEIR_BYTE_HIGHS) == 0) {
            at += 8;
            continue;
        }
        size_t size = wire_utf8_size(at, end);
        if (size == 0)
            return at;
        at += size;
    }
    return NULL;
}

/* --- Base64 ------------------------------------------------------------------------------------
 */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (int)c - 'A';
    if (c >= 'a' && c <= 'z')
        return (int)c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return (int)c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

wire_base64_result wire_base64_take(wire_base64 *base64, uint32_t character)
{
    int value = base64_value(character);

    if (character == '=' && base64->count >= 2) {
        base64->padded++;
        value = 0;
    } else if (value < 0 || base64->padded != 0) {
        return WIRE_BASE64_MALFORMED;
    }
    base64->bits = base64->bits << 6 | (uint32_t)value;
    if (++base64->count < 4)
        return WIRE_BASE64_OK;
    /* What the padding cuts off must be zero: one way only to write the same bytes. */
    uint32_t whole = 3 - base64->padded;
    if ((base64->bits & ((1u << (8 * base64->padded)) - 1)) != 0)
        return WIRE_BASE64_MALFORMED;
    if (base64->capacity - base64->size < whole)
        return WIRE_BASE64_LONG;
    for (uint32_t i = 0; i < whole; i++)
        base64->ret[base64->size++] = (uint8_t)(base64->bits >> (16 - 8 * i));
    base64->count = base64->padded != 0 ? 5 : 0; /* nothing may follow padding */
    base64->bits = 0;
    return WIRE_BASE64_OK;
}

bool wire_base64_whole(const wire_base64 *base64)
{
    return base64->count == 0 || base64->count == 5;
}

char *wire_base64_print(char *at, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;
        if (i + 1 < size)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < size)
            bits |= bytes[i + 2];
        *at++ = alphabet[bits >> 18];
        *at++ = alphabet[bits >> 12 & 63];
        *at++ = i + 1 < size ? alphabet[bits >> 6 & 63] : '=';
        *at++ = i + 2 < size ? alphabet[bits & 63] : '=';
    }
    return at;
}

/* --- The calendar: proleptic Gregorian, UTC ----------------------------------------------------
 */

enum { DAY_S = 86400, LEAST_DAY = -719528, MOST_DAY = 2932896 }; /* 0000-01-01, 9999-12-31 */

/* Days since 1970 of a date; years begin in March, so that the leap day is their last. */
static int32_t days_of(int year, int month, int day)
{
    year -= month <= 2;
    int era = (year >= 0 ? year : year - 399) / 400;
    int of_era = year - era * 400, of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719468;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Takes `count` digits from the text's front. */
static bool take_digits(weir_text *text, int count, int *ret)
{
    *ret = 0;
    if (text->size < (size_t)count)
        return false;
    for (int i = 0; i < count; i++) {
        unsigned digit = (unsigned char)text->data[i] - '0';
        if (digit > 9)
            return false;
        *ret = *ret * 10 + (int)digit;
    }
    text->data += count;
    text->size -= (size_t)count;
    return true;
}

static bool take(weir_text *text, const char *any)
{
    if (text->size == 0 || *text->data == '\0' || strchr(any, *text->data) == NULL)
        return false;
    text->data++;
    text->size--;
    return true;
}

static bool take_date(weir_text *text, int32_t *ret_days)
{
    int year, month, day;

    if (!take_digits(text, 4, &year) || !take(text, "-") || !take_digits(text, 2, &month) ||
        !take(text, "-") || !take_digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *ret_days = days_of(year, month, day);
    return true;
}

bool wire_date_read(weir_text text, int32_t *ret_days)
{
    return take_date(&text, ret_days) && text.size == 0;
}

/* "12:34:56.789": seconds of the day, and nanoseconds; further digits do not count. A leap second
 * is the second after it. */
static bool take_clock(weir_text *text, int *ret_s, int *ret_ns)
{
    int hour, minute, second, digit, unit = 100000000;

    if (!take_digits(text, 2, &hour) || !take(text, ":") || !take_digits(text, 2, &minute) ||
        !take(text, ":") || !take_digits(text, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *ret_s = (hour * 60 + minute) * 60 + second;
    *ret_ns = 0;
    if (!take(text, "."))
        return true;
    if (!take_digits(text, 1, &digit))
        return false;
    do {
        *ret_ns += digit * unit;
        unit /= 10;
    } while (take_digits(text, 1, &digit));
    return true;
}

static bool take_zone(weir_text *text, int *ret_s)
{
    int hour, minute;

    *ret_s = 0;
    if (take(text, "Zz"))
        return true;
    int sign = text->size != 0 && *text->data == '-' ? -1 : 1;
    if (!take(text, "+-") || !take_digits(text, 2, &hour) || !take(text, ":") ||
        !take_digits(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *ret_s = sign * (hour * 60 + minute) * 60;
    return true;
}

bool wire_time_read(weir_text text, int64_t *ret_ns, bool *ret_range)
{
    int32_t days;
    int second = 0, ns = 0, zone = 0;

    if (!take_date(&text, &days))
        return false;
    if (text.size != 0 && (!take(&text, "Tt ") || !take_clock(&text, &second, &ns) ||
                           !take_zone(&text, &zone) || text.size != 0))
        return false;
    int64_t seconds = (int64_t)days * DAY_S + second - zone;
    /* Before 1970 the fraction counts up from a second that 64 bits need not hold alone. */
    bool before = seconds < 0 && ns != 0;
    *ret_range = __builtin_mul_overflow(seconds + before, 1000000000, ret_ns) ||
                 __builtin_add_overflow(*ret_ns, before ? ns - 1000000000 : ns, ret_ns);
    return true;
}

char *wire_date_print(char *at, int32_t days)
{
    if (days < LEAST_DAY || days > MOST_DAY)
        return NULL;
    int shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int of_era = shifted - era * 146097;
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    int day = of_year - (153 * month + 2) / 5 + 1;

    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);
    at += sprintf(at, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
                  (unsigned)day % 100);
    return at;
}

char *wire_time_print(char *at, int64_t ns)
{
    int64_t second = ns / 1000000000 - (ns % 1000000000 < 0), fraction = ns - second * 1000000000;
    int64_t day = second / DAY_S - (second % DAY_S < 0), clock = second - day * DAY_S;

    at = wire_date_print(at, (int32_t)day);
    at += sprintf(at, "T%02d:%02d:%02d", (int)(clock / 3600), (int)(clock / 60 % 60),
                  (int)(clock % 60));
    if (fraction != 0) {
        at += sprintf(at, ".%09d", (int)fraction);
        while (at[-1] == '0')
            at--;
    }
    *at = 'Z';
    return at + 1;
}
