/* SPDX-License-Identifier: Apache-2.0 */
/* task_options.h - the options of a workflow's task: the generator checks by them what the engine
 * later reads. */
#ifndef WEIR_CORE_TASK_OPTIONS_H
#define WEIR_CORE_TASK_OPTIONS_H

#include <weir/catalog.h>

/* How deep workflows may begin others, themselves included. */
enum { WEIR_WORKFLOWS_DEEP = 16 };

/* When a task runs whose `after:` have all ended (rule F2); in the order of the option's words. */
typedef enum weir_run_if {
    WEIR_RUN_IF_ALL_SUCCESS,
    WEIR_RUN_IF_ALL_DONE,
    WEIR_RUN_IF_ANY_SUCCESS,
    WEIR_RUN_IF_ANY_FAILED,
    WEIR_RUN_IF_NONE_FAILED,
} weir_run_if;

/* Where a task's function runs (rule F10); in the order of the option's words. */
typedef enum weir_isolate { WEIR_ISOLATE_PROCESS, WEIR_ISOLATE_NONE } weir_isolate;

/* What becomes of a run that is lost with its runner. */
typedef enum weir_on_lost {
    WEIR_ON_LOST_RETRY,
    WEIR_ON_LOST_FAIL,
} weir_on_lost;

typedef struct weir_task_config {
    int run_if; /* weir_run_if */
    bool allow_failure;
    int64_t timeout; /* nanoseconds, INT64_MAX for none */
    int64_t priority;
    int on_lost;    /* weir_on_lost */
    int isolate;    /* weir_isolate */
    int64_t memory; /* bytes, INT64_MAX for no limit */
    int64_t max;    /* items of `for_each:` */
} weir_task_config;

typedef struct weir_defer_config {
    int64_t interval, limit, timeout; /* nanoseconds; limit INT64_MAX: none */
} weir_defer_config;

typedef struct weir_concurrency_config {
    char *tag; /* NULL: none */
    int64_t limit;
} weir_concurrency_config;

typedef struct weir_workflow_config {
    int64_t timeout; /* nanoseconds, INT64_MAX for none */
} weir_workflow_config;

/* Which slots run that nothing ran in time, and what a slot does while an execution of the schedule
 * runs (rule F14); in the order of the options' words. */
typedef enum weir_catchup { WEIR_CATCHUP_SKIP, WEIR_CATCHUP_LAST, WEIR_CATCHUP_ALL } weir_catchup;
typedef enum weir_overlap {
    WEIR_OVERLAP_SKIP,
    WEIR_OVERLAP_ALLOW,
    WEIR_OVERLAP_QUEUE,
    WEIR_OVERLAP_CANCEL_PREVIOUS,
} weir_overlap;

typedef struct weir_schedule_config {
    char *cron, *timezone;
    char *start, *end; /* times; NULL: none */
    int catchup;       /* weir_catchup */
    int64_t max_catchup;
    int64_t grace, jitter, max_age; /* nanoseconds; max_age INT64_MAX: none */
    int overlap;                    /* weir_overlap */
} weir_schedule_config;

/* What a runner looks at from time to time. */
typedef struct weir_trigger_config {
    int64_t every, timeout, settle; /* nanoseconds */
    int isolate;                    /* weir_isolate */
} weir_trigger_config;

typedef struct weir_retry_config {
    int64_t attempts; /* runs in all, the first included */
    int backoff;      /* weir_backoff */
    int64_t delay, max_delay;
    bool jitter;
} weir_retry_config;

WEIR_API extern const weir_option_list weir_task_options;
WEIR_API extern const weir_option_list weir_retry_options;       /* of `retry:` */
WEIR_API extern const weir_option_list weir_defer_options;       /* of `defer:` */
WEIR_API extern const weir_option_list weir_concurrency_options; /* of `concurrency:` */
WEIR_API extern const weir_option_list weir_workflow_options;
WEIR_API extern const weir_option_list weir_schedule_options; /* of `schedule:` */
WEIR_API extern const weir_option_list weir_trigger_options;  /* of one of `triggers:` */

#endif
