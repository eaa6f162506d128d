/* SPDX-License-Identifier: Apache-2.0 */
/* isolate.h - runs task functions in processes of their own (rule F10): the runner's side. */
#ifndef WEIR_WORKFLOW_ISOLATE_H
#define WEIR_WORKFLOW_ISOLATE_H

#include "workflow/job.h"

/* The program can be its own zygote: its main has called weir_worker_main. */
void isolate_allow(void);
bool isolate_is_allowed(void);

/* Where the workers for a function come from: one zygote for each object (the program, a shared
 * object) whose functions run. Any thread. */
typedef struct isolation isolation;

isolation *isolation_new(void); /* NULL: out of memory */
/* No job runs. Blocks until all its processes are gone. NULL allowed. */
void isolation_free(isolation *all);

/* Makes the zygote for a function ready, so that what is wrong is known early. WEIR_IO: its object
 * cannot be loaded once more, and why. */
weir_status isolation_prepare(isolation *all, weir_task_function function, weir_error **error);

/* Runs the job's function in a worker and fills its outcome: what it wrote, or why it failed.
 * Blocks until it has answered, its timeout is over, or it is stopped; then the worker and all that
 * it began are gone. */
void isolation_run(isolation *all, weir_task *job);

#endif
