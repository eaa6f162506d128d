/* SPDX-License-Identifier: Apache-2.0 */
/* zone.h - time zones: what the clocks of a place show.
 *
 * Read from the system's zone files (TZDIR, else /usr/share/zoneinfo). Times are seconds since 1970
 * in UTC; local ones are those that a clock shows, counted the same way. A zone never changes once
 * it is open: any thread may ask it.
 */
#ifndef WEIR_WORKFLOW_ZONE_H
#define WEIR_WORKFLOW_ZONE_H

#include <weir/core.h>

typedef struct weir_zone weir_zone;

/* "Europe/Berlin", "UTC". WEIR_NOT_FOUND: there is no such zone; WEIR_INVALID: its file is broken.
 */
WEIR_API WEIR_MUST_USE weir_status weir_zone_open(const char *name, weir_zone **ret,
                                                  weir_error **error);
WEIR_API void weir_zone_free(weir_zone *zone); /* NULL allowed */

/* A time during which clocks are ahead of UTC by `offset` seconds: [begin, end). */
typedef struct weir_period {
    int64_t begin, end; /* INT64_MIN, INT64_MAX: for ever */
    int32_t offset;
} weir_period;

WEIR_API weir_period weir_zone_period(const weir_zone *zone, int64_t time);

/* The time at which clocks show `local`: where they do so twice the first, where they are set
 * forward over it the moment at which they are. */
int64_t weir_zone_time_of(const weir_zone *zone, int64_t local);

#endif
