/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - workflow/pool.h without threads. */
#include "tests/workflow/simulation/pool.h"

struct job_pool {
    size_t slots, given;
    bool dead;
    weir_task *waiting, *ended;
};

job_pool *pool_new(size_t slots)
{
    job_pool *pool = weir_alloc(sizeof *pool);

    if (pool != NULL)
        pool->slots = slots;
    return pool;
}

static void free_all(weir_task *jobs)
{
    while (jobs != NULL) {
        weir_task *job = jobs;
        jobs = job->next;
        job_free(job);
    }
}

/* As threads are waited for: what runs is done, unless all is dead; and nobody records it. */
void pool_free(job_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->waiting != NULL && !pool->dead)
        pool_do(pool, 0);
    free_all(pool->waiting);
    free_all(pool->ended);
    weir_free(pool);
}

void pool_kill(job_pool *pool)
{
    pool->dead = true;
}

size_t pool_running(const job_pool *pool)
{
    return pool->given;
}

size_t pool_room(const job_pool *pool)
{
    return pool->slots - pool->given;
}

/* Nobody waits for it. */
int pool_descriptor(const job_pool *pool)
{
    (void)pool;
    return -1;
}

bool pool_give(job_pool *pool, weir_task *job)
{
    job->next = pool->waiting;
    pool->waiting = job;
    pool->given++;
    return true;
}

weir_task *pool_take(job_pool *pool)
{
    weir_task *jobs = pool->ended;

    for (const weir_task *job = jobs; job != NULL; job = job->next)
        pool->given--;
    pool->ended = NULL;
    return jobs;
}

size_t pool_waiting(const job_pool *pool)
{
    size_t count = 0;

    for (const weir_task *job = pool->waiting; job != NULL; job = job->next)
        count++;
    return count;
}

void pool_do(job_pool *pool, size_t which)
{
    weir_task **at = &pool->waiting;

    while (which-- > 0)
        at = &(*at)->next;
    weir_task *job = *at;
    *at = job->next;
    job_run(job);
    job->next = pool->ended;
    pool->ended = job;
}
