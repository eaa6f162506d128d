/* SPDX-License-Identifier: Apache-2.0 */
/* isolate.h - runs tasks in processes that end with the runner (rule F10): the runner's side. */
#ifndef WEIR_WORKFLOW_ISOLATE_H
#define WEIR_WORKFLOW_ISOLATE_H

#include "workflow/job.h"
#include "workflow/zygote.h"

/* Makes the zygote for a function, or (NULL) for commands, ready, so that what is wrong is known
 * early. WEIR_IO: its object cannot be loaded once more, and why. */
weir_status isolate_prepare(zygotes *all, weir_task_function function, weir_error **error);

/* Runs the job's function or command in a worker and fills its outcome: what it wrote, or why it
 * failed. Any thread. Blocks until it has answered, its timeout is over, or it is stopped; then all
 * that it began is gone, as it is when this process is. */
void isolate_run(zygotes *all, weir_task *job);

#endif
