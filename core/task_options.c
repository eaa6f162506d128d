/* SPDX-License-Identifier: Apache-2.0 */
/* task_options.c - the options of a workflow's task. */
#include "core/task_options.h"

static const weir_option task_options[] = {
    {.name = "run_if",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "all_success",
     .choices = "all_success|all_done|any_success|any_failed|none_failed",
     .offset = offsetof(weir_task_config, run_if),
     .help = "Whether it runs when all of its `after:` have ended; else it is Skipped."},
    {.name = "allow_failure",
     .type = WEIR_OPTION_BOOL,
     .fallback = "false",
     .offset = offsetof(weir_task_config, allow_failure),
     .help = "Its failure does not fail the execution and counts as a success for others."},
    {.name = "timeout",
     .type = WEIR_OPTION_DURATION,
     .fallback = "300s",
     .min = 1000000,
     .max = INT64_MAX,
     .forever = "none",
     .offset = offsetof(weir_task_config, timeout),
     .help = "How long a run of a command may take; then it gets SIGTERM, and SIGKILL after the "
             "grace."},
    {.name = "priority",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "0",
     .min = -1000000,
     .max = 1000000,
     .offset = offsetof(weir_task_config, priority),
     .help = "Of the tasks that are Ready, those of the highest run first."},
    {.name = "on_lost",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "retry",
     .choices = "retry|fail",
     .offset = offsetof(weir_task_config, on_lost),
     .help = "Whether a run that was lost with its runner is followed by another one."},
};

static const weir_option concurrency_options[] = {
    {.name = "tag",
     .type = WEIR_OPTION_TEXT,
     .required = true,
     .offset = offsetof(weir_concurrency_config, tag),
     .help = "What tasks of any workflow share."},
    {.name = "limit",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 1000000,
     .offset = offsetof(weir_concurrency_config, limit),
     .help = "How many tasks with this tag may run at once, over all runners of a store."},
};

static const weir_option workflow_options[] = {
    {.name = "timeout",
     .type = WEIR_OPTION_DURATION,
     .fallback = "3600s",
     .min = 1000000,
     .max = INT64_MAX,
     .forever = "none",
     .offset = offsetof(weir_workflow_config, timeout),
     .help = "How long an execution may take; then it has Failed, and its tasks are cancelled."},
};

static const weir_option retry_options[] = {
    {.name = "attempts",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "3",
     .min = 1,
     .max = 1000,
     .offset = offsetof(weir_retry_config, attempts),
     .help = "How often the task runs in all before it has failed."},
    {.name = "backoff",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "exponential",
     .choices = "fixed|linear|exponential",
     .offset = offsetof(weir_retry_config, backoff),
     .help = "How the delay grows from attempt to attempt: d, d x n, or d x 2^(n-1)."},
    {.name = "delay",
     .type = WEIR_OPTION_DURATION,
     .fallback = "1s",
     .min = 0,
     .max = INT64_MAX,
     .offset = offsetof(weir_retry_config, delay),
     .help = "The time before the second attempt."},
    {.name = "max_delay",
     .type = WEIR_OPTION_DURATION,
     .fallback = "60s",
     .min = 0,
     .max = INT64_MAX,
     .offset = offsetof(weir_retry_config, max_delay),
     .help = "The longest time between two attempts."},
    {.name = "jitter",
     .type = WEIR_OPTION_BOOL,
     .fallback = "true",
     .offset = offsetof(weir_retry_config, jitter),
     .help = "Each delay is moved by up to a quarter either way, never beyond `max_delay`."},
};

const weir_option_list weir_task_options = {task_options,
                                            sizeof task_options / sizeof *task_options};
const weir_option_list weir_retry_options = {retry_options,
                                             sizeof retry_options / sizeof *retry_options};
const weir_option_list weir_concurrency_options = {
    concurrency_options, sizeof concurrency_options / sizeof *concurrency_options};
const weir_option_list weir_workflow_options = {workflow_options,
                                                sizeof workflow_options / sizeof *workflow_options};
