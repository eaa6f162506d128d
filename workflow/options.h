/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of a runner, in one table. */
#ifndef WEIR_WORKFLOW_OPTIONS_H
#define WEIR_WORKFLOW_OPTIONS_H

#include <weir/core.h>

typedef struct runner_config {
    int64_t slots, conditions, most_lost;
    int64_t poll, busy, grace, drain, heartbeat, sweep, stale; /* nanoseconds */
    char *secrets;                                             /* NULL: none */
} runner_config;

/* Also WEIR_INVALID: options that do not fit each other. */
weir_status runner_options_read(const weir_setting *settings, size_t count, runner_config *config,
                                weir_error **error);

void runner_options_free(runner_config *config);

#endif
