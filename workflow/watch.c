/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - a runner's looks of triggers: they run on threads of their own, so that none waits for
 * a task, nor a task for it. */
#include "workflow/runner.h"
#include "workflow/trigger.h"

/* As many threads as there are triggers: no look waits for another one. */
static weir_status make_pool(weir_runner *runner, weir_error **error)
{
    const ledger *l = &runner->ledger;
    size_t count = 0;

    for (size_t i = 0; i < l->plan_count; i++)
        count += l->plans[i]->trigger_count;
    if (count == 0 || runner->look_pool != NULL)
        return WEIR_OK;
    runner->look_pool = pool_new(count);
    return runner->look_pool != NULL ? WEIR_OK : weir_error_set(error, WEIR_NOMEM, "out of memory");
}

static void free_jobs(weir_task **jobs)
{
    while (*jobs != NULL) {
        weir_task *job = *jobs;
        *jobs = job->next;
        job_free(job);
    }
}

void runner_free_looks(weir_runner *runner)
{
    runner_end_looks(runner, JOB_HANDED_BACK);
    pool_free(runner->look_pool);
    free_jobs(&runner->looks);
}

size_t runner_looks_running(const weir_runner *runner)
{
    return runner->look_pool != NULL ? pool_running(runner->look_pool) : 0;
}

int runner_looks_descriptor(const weir_runner *runner)
{
    return runner->look_pool != NULL ? pool_descriptor(runner->look_pool) : -1;
}

static void unlink_looking(weir_runner *runner, const weir_task *job)
{
    weir_task **at = &runner->looking;

    while (*at != NULL && *at != job)
        at = &(*at)->next_running;
    if (*at != NULL)
        *at = job->next_running;
}

static void keep(weir_runner *runner, weir_task *job)
{
    job->next = runner->looks;
    runner->looks = job;
}

void runner_take_looks(weir_runner *runner)
{
    weir_task *next;

    if (runner->look_pool == NULL)
        return;
    for (weir_task *job = pool_take(runner->look_pool); job != NULL; job = next) {
        next = job->next;
        unlink_looking(runner, job);
        keep(runner, job);
    }
}

void runner_end_looks(weir_runner *runner, job_ending ending)
{
    for (weir_task *job = runner->looking; job != NULL; job = job->next_running)
        job_end(job, ending);
}

weir_status runner_record_looks(weir_runner *runner, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (weir_task *job = runner->looks; job != NULL && status == WEIR_OK; job = job->next)
        status = ledger_finish_look(&runner->ledger, job, error);
    return status;
}

weir_status runner_claim_looks(weir_runner *runner, weir_task **claimed, weir_error **error)
{
    int64_t due = INT64_MAX;
    weir_status status = make_pool(runner, error);

    if (status == WEIR_OK)
        status = ledger_claim_looks(&runner->ledger, claimed, &due, error);
    if (status == WEIR_OK && due < runner->next_slot)
        runner->next_slot = due;
    return status;
}

static void tell(const weir_runner *runner, const weir_task *job)
{
    if (job->log != NULL)
        runner_tell(runner, WEIR_WARNING, job->key, "%s", job->log);
    if (job->answer == WEIR_TASK_DONE || job_is_ending(job) == JOB_HANDED_BACK)
        return;
    runner_tell(runner, WEIR_WARNING, job->key, "look %lld failed: %s", (long long)job->attempt,
                job->reason);
}

static void give(weir_runner *runner, weir_task *job)
{
    if (pool_give(runner->look_pool, job)) {
        job->next_running = runner->looking;
        runner->looking = job;
        return;
    }
    job_fail(job, WEIR_TASK_FAILED, "no thread could be started for it");
    keep(runner, job);
}

void runner_settle_looks(weir_runner *runner, weir_task *claimed)
{
    while (runner->looks != NULL) {
        weir_task *job = runner->looks;
        runner->looks = job->next;
        tell(runner, job);
        int64_t due = ledger_settle_look(&runner->ledger, job);
        runner->next_slot = due < runner->next_slot ? due : runner->next_slot;
        job_free(job);
    }
    while (claimed != NULL) {
        weir_task *job = claimed;
        claimed = job->next;
        give(runner, job);
    }
}

void runner_drop_looks(weir_runner *runner, weir_task *claimed)
{
    while (claimed != NULL) {
        weir_task *job = claimed;
        claimed = job->next;
        ledger_settle_look(&runner->ledger, job);
        job_free(job);
    }
}
