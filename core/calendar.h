/* SPDX-License-Identifier: Apache-2.0 */
/* calendar.h - times and dates, also as text: the proleptic Gregorian calendar, in UTC. */
#ifndef WEIR_CORE_CALENDAR_H
#define WEIR_CORE_CALENDAR_H

#include <weir/core.h>

enum { WEIR_CALENDAR_TIME = 30, WEIR_CALENDAR_DATE = 10 }; /* the longest texts */

/* Reads RFC 3339 ("2024-03-01T12:00:00.5+01:00") or a date, its midnight. False: it is neither.
 * *ret_range: it is, beyond what 64 bits of nanoseconds hold. */
WEIR_API bool weir_calendar_read_time(const char *data, size_t size, int64_t *ret_ns,
                                      bool *ret_range);

/* Reads "2024-03-01" as days since 1970. */
WEIR_API bool weir_calendar_read_date(const char *data, size_t size, int32_t *ret_days);

/* Write a time as "2024-03-01T12:00:00.5Z", a date as "2024-03-01", without a NUL; return what is
 * behind, NULL for a date beyond the years 0 to 9999. */
WEIR_API char *weir_calendar_print_time(char *at, int64_t ns);
WEIR_API char *weir_calendar_print_date(char *at, int32_t days);

/* Days since 1970 of a date, and back; the weekday of a day (0: Sunday); the days of a month. */
WEIR_API int32_t weir_calendar_days(int year, int month, int day);
WEIR_API void weir_calendar_civil(int32_t days, int *ret_year, int *ret_month, int *ret_day);
WEIR_API int weir_calendar_weekday(int32_t days);
WEIR_API int weir_calendar_month_days(int year, int month);

#endif
