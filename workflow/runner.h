/* SPDX-License-Identifier: Apache-2.0 */
/* runner.h - a runner's inside, and how a test gives it another clock. */
#ifndef WEIR_WORKFLOW_RUNNER_H
#define WEIR_WORKFLOW_RUNNER_H

#include "workflow/ledger.h"
#include "workflow/pool.h"
#include <weir/workflow.h>

typedef struct runner_config {
    int64_t slots, poll, busy, grace, most_lost;
} runner_config;

struct weir_runner {
    runner_config config;
    ledger ledger;
    job_pool *pool;
    plan **plans;
    size_t plan_count;
    weir_log_function log;
    void *log_arg;
};

/* From now on time is `now` (nanoseconds since 1970), and where nothing runs it jumps to what is
 * due next. */
void runner_use_virtual_time(weir_runner *runner, int64_t now);

#endif
