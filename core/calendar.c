/* SPDX-License-Identifier: Apache-2.0 */
/* calendar.c - times and dates, also as text: the proleptic Gregorian calendar, in UTC. */
#include "core/calendar.h"

#include <stdio.h>
#include <string.h>

/* What is left to read. */
typedef struct span {
    const char *data;
    size_t size;
} span;

enum { DAY_S = 86400, LEAST_DAY = -719528, MOST_DAY = 2932896 }; /* 0000-01-01, 9999-12-31 */

/* Days since 1970 of a date; years begin in March, so that the leap day is their last. */
int32_t weir_calendar_days(int year, int month, int day)
{
    year -= month <= 2;
    int era = (year >= 0 ? year : year - 399) / 400;
    int of_era = year - era * 400, of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719468;
}

int weir_calendar_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Takes `count` digits from the text's front. */
static bool take_digits(span *text, int count, int *ret)
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

static bool take(span *text, const char *any)
{
    if (text->size == 0 || *text->data == '\0' || strchr(any, *text->data) == NULL)
        return false;
    text->data++;
    text->size--;
    return true;
}

static bool take_date(span *text, int32_t *ret_days)
{
    int year, month, day;

    if (!take_digits(text, 4, &year) || !take(text, "-") || !take_digits(text, 2, &month) ||
        !take(text, "-") || !take_digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > weir_calendar_month_days(year, month))
        return false;
    *ret_days = weir_calendar_days(year, month, day);
    return true;
}

bool weir_calendar_read_date(const char *data, size_t size, int32_t *ret_days)
{
    span text = {data, size};

    return take_date(&text, ret_days) && text.size == 0;
}

/* "12:34:56.789": seconds of the day, and nanoseconds; further digits do not count. A leap second
 * is the second after it. */
static bool take_clock(span *text, int *ret_s, int *ret_ns)
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

static bool take_zone(span *text, int *ret_s)
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

bool weir_calendar_read_time(const char *data, size_t size, int64_t *ret_ns, bool *ret_range)
{
    span text = {data, size};
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

void weir_calendar_civil(int32_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int of_era = shifted - era * 146097;
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

    *ret_day = of_year - (153 * month + 2) / 5 + 1;
    *ret_month = month < 10 ? month + 3 : month - 9;
    *ret_year = year + era * 400 + (*ret_month <= 2);
}

int weir_calendar_weekday(int32_t days)
{
    return (int)(((int64_t)days + 4) % 7 + 7) % 7; /* 1970 began with a Thursday */
}

char *weir_calendar_print_date(char *at, int32_t days)
{
    int year, month, day;

    if (days < LEAST_DAY || days > MOST_DAY)
        return NULL;
    weir_calendar_civil(days, &year, &month, &day);
    at += sprintf(at, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
                  (unsigned)day % 100);
    return at;
}

char *weir_calendar_print_time(char *at, int64_t ns)
{
    int64_t second = ns / 1000000000 - (ns % 1000000000 < 0), fraction = ns - second * 1000000000;
    int64_t day = second / DAY_S - (second % DAY_S < 0), clock = second - day * DAY_S;

    at = weir_calendar_print_date(at, (int32_t)day);
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
