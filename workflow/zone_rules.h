/* SPDX-License-Identifier: Apache-2.0 */
/* zone_rules.h - the rules at the end of a zone file, for the years behind its list of changes. */
#ifndef WEIR_WORKFLOW_ZONE_RULES_H
#define WEIR_WORKFLOW_ZONE_RULES_H

#include <weir/core.h>

/* When clocks change in each year: on a day of one of three forms, at a time of that day. */
typedef struct weir_zone_change {
    char form; /* 'M': month, week, weekday; 'J': day 1-365 without 29 February; 'N': 0-365 */
    int month, week, day; /* week 5: the last; day of 'J' and 'N': of the year */
    int32_t second;       /* local time of the day, may lie beyond it */
} weir_zone_change;

typedef struct weir_zone_rules {
    int32_t standard, summer; /* seconds ahead of UTC */
    bool has_summer;
    weir_zone_change to_summer, to_standard;
} weir_zone_rules;

/* Reads "CET-1CEST,M3.5.0,M10.5.0/3". */
bool weir_zone_rules_read(const char *text, weir_zone_rules *rules);

/* When summer time begins and ends in a year; only where there is one. */
int64_t weir_zone_summer_begins(const weir_zone_rules *rules, int year);
int64_t weir_zone_summer_ends(const weir_zone_rules *rules, int year);

#endif
