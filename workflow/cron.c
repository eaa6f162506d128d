/* SPDX-License-Identifier: Apache-2.0 */
/* cron.c - the moments of a schedule: days that match, times of the day, and what clocks show. */
#include "workflow/cron.h"

#include "core/calendar.h"

enum { DAY = 86400, CYCLE = 146097, LAST_DAY = 2932896 }; /* days of 400 years; 9999-12-31 */

/* --- Days --- */

/* A day, and its month. */
typedef struct civil_day {
    int month, day, last, weekday; /* `last` of the month */
} civil_day;

static civil_day date_of(int32_t day)
{
    civil_day date;
    int year;

    weir_calendar_civil(day, &year, &date.month, &date.day);
    date.last = weir_calendar_month_days(year, date.month);
    date.weekday = weir_calendar_weekday(day);
    return date;
}

static bool is_workday(int weekday)
{
    return weekday != 0 && weekday != 6;
}

/* The weekday that is nearest to a day of the month, without leaving it. */
static int nearest_workday(const civil_day *date, int day)
{
    int weekday = ((date->weekday + day - date->day) % 7 + 7) % 7;

    if (weekday == 6)
        return day > 1 ? day - 1 : day + 2;
    if (weekday == 0)
        return day < date->last ? day + 1 : day - 2;
    return day;
}

static bool day_of_month_matches(const weir_cron *cron, const civil_day *date)
{
    if ((cron->days >> date->day & 1) != 0 ||
        (cron->before_last >> (date->last - date->day) & 1) != 0)
        return true;
    if (!is_workday(date->weekday))
        return false;
    if (cron->last_workday && nearest_workday(date, date->last) == date->day)
        return true;
    for (int day = date->day - 2; day <= date->day + 2; day++)
        if (day >= 1 && day <= date->last && (cron->nearest >> day & 1) != 0 &&
            nearest_workday(date, day) == date->day)
            return true;
    return false;
}

static bool weekday_matches(const weir_cron *cron, const civil_day *date)
{
    uint8_t nth = cron->nth[date->weekday];

    return (cron->weekdays >> date->weekday & 1) != 0 || (nth >> ((date->day + 6) / 7) & 1) != 0 ||
           ((nth & 1) != 0 && date->day + 7 > date->last);
}

static bool day_matches(const weir_cron *cron, int32_t day)
{
    civil_day date = date_of(day);

    if ((cron->months >> date.month & 1) == 0)
        return false;
    bool month = day_of_month_matches(cron, &date), week = weekday_matches(cron, &date);
    return cron->any_day || cron->any_weekday ? month && week : month || week;
}

/* The first day from `day` on that matches; false: the calendar repeats before there is one. */
static bool find_day(const weir_cron *cron, int32_t day, int32_t *ret)
{
    for (int32_t i = 0; i < CYCLE && day + i <= LAST_DAY; i++)
        if (day_matches(cron, day + i)) {
            *ret = day + i;
            return true;
        }
    return false;
}

bool weir_cron_has_day(const weir_cron *cron)
{
    int32_t day;

    return find_day(cron, weir_calendar_days(2000, 1, 1), &day);
}

/* --- Times of the day --- */

/* The lowest bit from `from` on, or -1. */
static int lowest(uint64_t bits, int from)
{
    bits = from < 64 ? bits >> from << from : 0;
    return bits != 0 ? __builtin_ctzll(bits) : -1;
}

/* The first second of the day from `second` on that matches, or -1. */
static int find_second(const weir_cron *cron, int second)
{
    int hour = second / 3600, minute = second / 60 % 60, s = lowest(cron->seconds, second % 60);

    if (s < 0)
        minute++;
    int m = (cron->hours >> hour & 1) != 0 ? lowest(cron->minutes, minute) : -1;
    if (m >= 0 && m == second / 60 % 60 && s >= 0)
        return hour * 3600 + m * 60 + s;
    s = lowest(cron->seconds, 0);
    if (m >= 0)
        return hour * 3600 + m * 60 + s;
    hour = lowest(cron->hours, hour + 1);
    return hour >= 0 ? hour * 3600 + lowest(cron->minutes, 0) * 60 + s : -1;
}

/* The first local time from `local` on that matches. */
static bool find_local(const weir_cron *cron, int64_t local, int64_t *ret)
{
    int second = (int)((local % DAY + DAY) % DAY);
    int64_t today = (local - second) / DAY;
    int32_t day;

    if (today > LAST_DAY || !find_day(cron, (int32_t)today, &day))
        return false;
    int found = find_second(cron, day == today ? second : 0);
    if (found < 0) {
        if (!find_day(cron, day + 1, &day))
            return false;
        found = find_second(cron, 0);
    }
    *ret = (int64_t)day * DAY + found;
    return true;
}

/* --- Moments --- */

/* Each that clocks show: within a period they only count on. */
static bool next_shown(const weir_cron *cron, const weir_zone *zone, int64_t from, int64_t *ret)
{
    int64_t local;

    for (;;) {
        weir_period period = weir_zone_period(zone, from);
        if (!find_local(cron, from + period.offset, &local))
            return false;
        *ret = local - period.offset;
        if (*ret < period.end)
            return true;
        from = period.end;
    }
}

bool weir_cron_next(const weir_cron *cron, const weir_zone *zone, int64_t after, int64_t *ret)
{
    if (cron->every)
        return next_shown(cron, zone, after + 1, ret);
    int64_t local = after + weir_zone_period(zone, after).offset;
    do {
        if (!find_local(cron, local + 1, &local))
            return false;
        *ret = weir_zone_time_of(zone, local);
    } while (*ret <= after);
    return true;
}
