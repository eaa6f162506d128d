/* SPDX-License-Identifier: Apache-2.0 */
/* zone_rules.c - "CET-1CEST,M3.5.0,M10.5.0/3", as POSIX and RFC 8536 have it. */
#include "workflow/zone_rules.h"

#include <string.h>

#include "core/calendar.h"

enum { HOUR = 3600, DAY = 86400 };

/* --- Reading --- */

static bool take(const char **at, char wanted)
{
    if (**at != wanted)
        return false;
    ++*at;
    return true;
}

static bool take_number(const char **at, int most, int *ret)
{
    const char *begin = *at;

    for (*ret = 0; **at >= '0' && **at <= '9' && *ret <= most; ++*at)
        *ret = *ret * 10 + (**at - '0');
    return *at != begin && *ret <= most;
}

/* "<+03>" or letters. */
static bool skip_name(const char **at)
{
    const char *begin = *at;

    if (take(at, '<')) {
        *at += strcspn(*at, ">");
        return take(at, '>');
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return *at - begin >= 3;
}

/* "[+-]h[:m[:s]]", hours up to 167. */
static bool take_clock(const char **at, int32_t *ret)
{
    bool negative = take(at, '-');
    int hours, minutes = 0, seconds = 0;

    if (!negative)
        take(at, '+');
    if (!take_number(at, 167, &hours) || (take(at, ':') && !take_number(at, 59, &minutes)) ||
        (take(at, ':') && !take_number(at, 59, &seconds)))
        return false;
    *ret = hours * HOUR + minutes * 60 + seconds;
    *ret = negative ? -*ret : *ret;
    return true;
}

static bool take_day(const char **at, weir_zone_change *change)
{
    if (take(at, 'M')) {
        change->form = 'M';
        return take_number(at, 12, &change->month) && change->month >= 1 && take(at, '.') &&
               take_number(at, 5, &change->week) && change->week >= 1 && take(at, '.') &&
               take_number(at, 6, &change->day);
    }
    change->form = take(at, 'J') ? 'J' : 'N';
    return take_number(at, 365, &change->day) && (change->form == 'N' || change->day >= 1);
}

static bool take_change(const char **at, weir_zone_change *change)
{
    change->second = 2 * HOUR;
    return take(at, ',') && take_day(at, change) &&
           (!take(at, '/') || take_clock(at, &change->second));
}

bool weir_zone_rules_read(const char *text, weir_zone_rules *rules)
{
    *rules = (weir_zone_rules){0};
    if (!skip_name(&text) || !take_clock(&text, &rules->standard))
        return false;
    rules->standard = -rules->standard; /* POSIX counts what is missing to UTC */
    if (*text == '\0')
        return true;
    rules->has_summer = true;
    rules->summer = rules->standard + HOUR;
    if (!skip_name(&text))
        return false;
    if (*text != ',' && *text != '\0') {
        if (!take_clock(&text, &rules->summer))
            return false;
        rules->summer = -rules->summer;
    }
    return take_change(&text, &rules->to_summer) && take_change(&text, &rules->to_standard) &&
           *text == '\0';
}

/* --- Changes of a year --- */

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t day_of(const weir_zone_change *change, int year)
{
    if (change->form == 'N')
        return weir_calendar_days(year, 1, 1) + change->day;
    if (change->form == 'J')
        return weir_calendar_days(year, 1, 1) + change->day - 1 +
               (change->day >= 60 && is_leap(year));
    int32_t first = weir_calendar_days(year, change->month, 1);
    int last = weir_calendar_month_days(year, change->month);
    int day = 1 + (change->day - weir_calendar_weekday(first) + 7) % 7 + (change->week - 1) * 7;
    return first + (day > last ? day - 7 : day) - 1;
}

int64_t weir_zone_summer_begins(const weir_zone_rules *rules, int year)
{
    return (int64_t)day_of(&rules->to_summer, year) * DAY + rules->to_summer.second -
           rules->standard;
}

int64_t weir_zone_summer_ends(const weir_zone_rules *rules, int year)
{
    return (int64_t)day_of(&rules->to_standard, year) * DAY + rules->to_standard.second -
           rules->summer;
}
