/* SPDX-License-Identifier: Apache-2.0 */
/* long_day.h - a story that asks all of a store: schedules, triggers, items, workflows that are
 * begun, waiting, retries, pauses, a runner that is gone and one that is missing. It is told in
 * spite of whatever fails, and comes to the same end. */
#ifndef WEIR_TESTS_LONG_DAY_H
#define WEIR_TESTS_LONG_DAY_H

#include "tests/workflow/flow.h"

typedef struct long_day {
    char url[256];
    char direct[256]; /* the same store, for what is not to fail */
    /* A runner of the store, with what is to fail around it; NULL: none could be had just now. */
    weir_runner *(*open)(struct long_day *day);
    /* Whether a failure is one of those: a new runner is opened, and the step is done again. */
    bool (*passes)(const struct long_day *day, weir_status status);
    void *arg;
    /* the story's own */
    flow *flow, *other;
    weir_module_trigger triggers[2];
    weir_setting settings[8];
    char folder[64], files[80];
    weir_runner *runner;
    int64_t now;
    int runs; /* of tasks that are wanted; a runner that is gone may cost some more */
} long_day;

/* `url`, `direct`, `open`, `passes` and `arg` are there. Fails where it does not come to its end.
 */
void long_day_live(long_day *day);
/* What a runner of it is opened with: what is lost is tried again and again. */
weir_runner *long_day_runner(long_day *day, const char *busy, weir_error **ret_error);
int long_day_runs(void); /* of tasks that there were */

#endif
