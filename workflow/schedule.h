/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.h - when a workflow starts by itself (rule F14): its slots, one after the other. */
#ifndef WEIR_WORKFLOW_SCHEDULE_H
#define WEIR_WORKFLOW_SCHEDULE_H

#include "core/digest.h"
#include "core/task_options.h"
#include "workflow/cron.h"
#include <weir/task.h>

/* What a workflow declares, read. Times are nanoseconds since 1970. */
typedef struct schedule {
    weir_schedule_config config;
    weir_cron cron;
    weir_zone *zone;
    int64_t start, end; /* slots lie within [start, end) */
    char digest[WEIR_DIGEST_TEXT];
    /* what this runner knows: when the next slot is due; 0: it has not asked yet */
    int64_t due;
    bool queued; /* slots wait for an earlier execution to end */
    bool paused;
} schedule;

/* WEIR_SPEC: what is wrong, and where. */
WEIR_API WEIR_MUST_USE weir_status schedule_new(const weir_module_workflow *workflow,
                                                schedule **ret, weir_error **error);
/* Whether it can be made; a weir_schedule_check. */
WEIR_API WEIR_MUST_USE weir_status schedule_check(const char *workflow,
                                                  const weir_setting *settings, size_t count,
                                                  weir_place place, weir_error **error);
WEIR_API void schedule_free(schedule *s); /* NULL allowed */

/* The first slot behind `after`; 0: there is none. */
int64_t schedule_next(const schedule *s, int64_t after);
/* When it is to be started: later by its share of the jitter. */
int64_t schedule_due(const schedule *s, int64_t slot);

/* The day that the schedule's clocks show at a slot, in days since 1970. */
int32_t schedule_date(const schedule *s, int64_t slot);

/* Slots that were not started in time, of which some are started now. */
typedef struct schedule_missed {
    int64_t *newest; /* the last `count` of them, oldest first; config.max_catchup fit in */
    size_t count;
    int64_t all, last; /* how many there were; the newest that is not among `newest`, 0: none */
    bool uncounted;    /* there were more */
} schedule_missed;

/* Goes from `slot` on over those that are missed at `now`. *ret_slot: the first that is not, or 0.
 */
weir_status schedule_skip_missed(const schedule *s, int64_t slot, int64_t now, schedule_missed *ret,
                                 int64_t *ret_slot, weir_error **error);

#endif
