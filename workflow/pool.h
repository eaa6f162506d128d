/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - the threads that run jobs.
 *
 * Threads: all functions by the runner's thread.
 */
#ifndef WEIR_WORKFLOW_POOL_H
#define WEIR_WORKFLOW_POOL_H

#include "workflow/job.h"

typedef struct job_pool job_pool;

/* At most `slots` jobs at once; a thread is started when it is first needed. NULL: none. */
job_pool *pool_new(size_t slots);
void pool_free(job_pool *pool); /* waits for jobs that run; frees all that are left. NULL allowed */

size_t pool_running(const job_pool *pool); /* jobs that were given and not taken back */
size_t pool_room(const job_pool *pool);    /* jobs that can be given */

/* Can be read when a job may have ended; pool_take empties it. */
int pool_descriptor(const job_pool *pool);

/* Takes the job. False: no thread could be started, and the job is still the caller's. */
bool pool_give(job_pool *pool, weir_task *job);

/* Jobs that have ended, the caller's from now on, linked by `next`; NULL: none has. */
weir_task *pool_take(job_pool *pool);

#endif
