/* SPDX-License-Identifier: Apache-2.0 */
/* cron.h - schedules: which moments an expression means (rule F14).
 *
 *     [second] minute hour day-of-month month day-of-week, or @yearly @monthly @weekly @daily
 * @hourly
 *
 * A day matches where both day fields do, if one of them begins with `*`; else where one does. In
 * local time some moments come twice or not at all. Where second, minute or hour is `*` or has a
 * step, each moment that clocks do show is meant; else one that they skip is meant at the end of
 * the gap, and one that they show twice the first time.
 */
#ifndef WEIR_WORKFLOW_CRON_H
#define WEIR_WORKFLOW_CRON_H

#include "workflow/zone.h"

/* Bits by value, as read. */
typedef struct weir_cron {
    uint64_t seconds, minutes;
    uint32_t hours, days, months, weekdays;
    uint32_t nearest;          /* 15W: the weekday nearest to the day, in its month */
    uint32_t before_last;      /* bit n: L-n; bit 0: L */
    bool last_workday;         /* LW */
    uint8_t nth[7];            /* of a weekday, bit n: MON#n; bit 0: MONL */
    bool any_day, any_weekday; /* the field begins with `*` */
    bool every;                /* second, minute or hour is `*` or has a step */
} weir_cron;

/* WEIR_INVALID: the error names the field and what is wrong with it. */
WEIR_API WEIR_MUST_USE weir_status weir_cron_read(const char *text, weir_cron *ret,
                                                  weir_error **error);

/* The first moment after `after` (seconds since 1970). False: there is none within 400 years. */
WEIR_API bool weir_cron_next(const weir_cron *cron, const weir_zone *zone, int64_t after,
                             int64_t *ret);

/* Whether there is a day that matches. */
bool weir_cron_has_day(const weir_cron *cron);

#endif
