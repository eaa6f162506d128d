/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - threads, a queue towards them and one back. */
#include "workflow/pool.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct job_queue {
    weir_task *first, **last;
} job_queue;

struct job_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work;
    int done; /* an eventfd */
    job_queue waiting, ended;
    size_t slots, threads, given;
    bool closing;
    pthread_t ids[];
};

static void add(job_queue *queue, weir_task *job)
{
    job->next = NULL;
    *queue->last = job;
    queue->last = &job->next;
}

static weir_task *take(job_queue *queue)
{
    weir_task *job = queue->first;

    if (job != NULL && (queue->first = job->next) == NULL)
        queue->last = &queue->first;
    return job;
}

static void *work(void *arg)
{
    job_pool *pool = arg;

    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        weir_task *job = take(&pool->waiting);
        if (job == NULL && pool->closing)
            break;
        if (job == NULL) {
            pthread_cond_wait(&pool->work, &pool->mutex);
            continue;
        }
        pthread_mutex_unlock(&pool->mutex);
        job_run(job);
        pthread_mutex_lock(&pool->mutex);
        bool first = pool->ended.first == NULL;
        add(&pool->ended, job);
        if (first)
            eventfd_write(pool->done, 1);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

job_pool *pool_new(size_t slots)
{
    job_pool *pool = weir_alloc(sizeof *pool + slots * sizeof(pthread_t));

    if (pool == NULL)
        return NULL;
    if ((pool->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
        weir_free(pool);
        return NULL;
    }
    pool->slots = slots;
    pool->waiting.last = &pool->waiting.first;
    pool->ended.last = &pool->ended.first;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    return pool;
}

void pool_free(job_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->closing = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->threads; i++)
        pthread_join(pool->ids[i], NULL);
    for (weir_task *job; (job = take(&pool->ended)) != NULL;)
        job_free(job);
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->work);
    close(pool->done);
    weir_free(pool);
}

size_t pool_running(const job_pool *pool)
{
    return pool->given;
}

size_t pool_room(const job_pool *pool)
{
    return pool->slots - pool->given;
}

int pool_descriptor(const job_pool *pool)
{
    return pool->done;
}

/* Signals are the host's threads' to take. */
static bool start_thread(job_pool *pool)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool good = pthread_create(&pool->ids[pool->threads], NULL, work, pool) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pool->threads += good;
    return good;
}

/* Each job that was given has a thread: there are as many as were ever given at once. */
bool pool_give(job_pool *pool, weir_task *job)
{
    if (pool->given == pool->threads && !start_thread(pool))
        return false;
    pthread_mutex_lock(&pool->mutex);
    add(&pool->waiting, job);
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    pool->given++;
    return true;
}

weir_task *pool_take(job_pool *pool)
{
    eventfd_t count;

    pthread_mutex_lock(&pool->mutex);
    eventfd_read(pool->done, &count); /* empty is fine */
    weir_task *jobs = pool->ended.first;
    pool->ended = (job_queue){.last = &pool->ended.first};
    pthread_mutex_unlock(&pool->mutex);
    for (weir_task *job = jobs; job != NULL; job = job->next)
        pool->given--;
    return jobs;
}
