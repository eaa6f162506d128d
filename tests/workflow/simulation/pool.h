/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - a pool of jobs without threads, in the place of the engine's own (workflow/pool.h): a
 * job is done when somebody says so. */
#ifndef WEIR_TESTS_SIMULATION_POOL_H
#define WEIR_TESTS_SIMULATION_POOL_H

#include "workflow/pool.h"

size_t pool_waiting(const job_pool *pool); /* jobs that are not done yet */
void pool_do(job_pool *pool, size_t which);
void pool_kill(job_pool *pool); /* those are never done */

#endif
