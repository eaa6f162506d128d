/* SPDX-License-Identifier: Apache-2.0 */
/* task_options.h - the options of a workflow's task: the generator checks by them what the engine
 * later reads. */
#ifndef WEIR_CORE_TASK_OPTIONS_H
#define WEIR_CORE_TASK_OPTIONS_H

#include <weir/catalog.h>

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

typedef struct weir_task_config {
    int run_if; /* weir_run_if */
    bool allow_failure;
    int64_t timeout; /* nanoseconds, INT64_MAX for none */
    int isolate;     /* weir_isolate */
    int64_t memory;  /* bytes, INT64_MAX for no limit */
} weir_task_config;

typedef struct weir_retry_config {
    int64_t attempts; /* runs in all, the first included */
    int backoff;      /* weir_backoff */
    int64_t delay, max_delay;
    bool jitter;
} weir_retry_config;

WEIR_API extern const weir_option_list weir_task_options;
WEIR_API extern const weir_option_list weir_retry_options; /* of `retry:` */

#endif
