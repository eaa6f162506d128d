/* SPDX-License-Identifier: Apache-2.0 */
/* finish.c - what a job came to is recorded. */
#include "core/clock.h"
#include "workflow/ledger.h"

/* What weir itself could not do is tried again whatever the list says. */
static bool is_refused(const plan_task *task, const weir_task *job)
{
    return job->error_class[0] != '\0' && !plan_retries(task, job->error_class);
}

static bool is_spent(const plan_task *task, const weir_task *job)
{
    return job->answer == WEIR_TASK_FAILED_GOOD || job->spent + 1 >= task->retry.attempts ||
           is_refused(task, job);
}

static uint64_t seed_of(const plan_task *task, const weir_task *job)
{
    weir_digest sum = WEIR_DIGEST_START;

    weir_digest_add_text(&sum, task->name);
    weir_digest_add(&sum, &job->execution, sizeof job->execution);
    weir_digest_add(&sum, &job->attempt, sizeof job->attempt);
    return sum.a;
}

static void fail(const ledger *l, const weir_task *job, store_task_move *move)
{
    const plan_task *task = &job->plan->tasks[job->position];

    if (job->ending == JOB_HANDED_BACK) {
        move->to = STORE_READY;
        move->due = l->now;
    } else if (is_spent(task, job)) {
        move->to = STORE_FAILED;
        move->verdict = task->config.allow_failure ? STORE_SUCCESS : STORE_FAILURE;
    } else {
        move->to = STORE_READY;
        move->due =
            weir_later(l->now, job->answer == WEIR_TASK_RETRY
                                   ? job->delay
                                   : retry_delay(&task->retry, job->spent + 1, seed_of(task, job)));
    }
}

/* `over`: its execution has ended; nobody runs it again. */
static store_task_move outcome_of(const ledger *l, const weir_task *job, bool over)
{
    store_task_move move = {.execution = job->execution,
                            .position = job->position,
                            .from = STORE_RUNNING,
                            .token = job->token,
                            .runner = l->runner,
                            .time = l->now,
                            .spent =
                                job->ending != JOB_HANDED_BACK || job->answer == WEIR_TASK_DONE,
                            .log = job->log};

    if (job->answer == WEIR_TASK_DONE) {
        move.to = STORE_COMPLETED;
        move.verdict = STORE_SUCCESS;
        move.writes = job->writes;
        move.seen = job->seen_after;
        return move;
    }
    move.reason = job->reason;
    if (over) {
        move.to = STORE_CANCELLED;
        move.verdict = STORE_NEITHER;
    } else {
        fail(l, job, &move);
    }
    return move;
}

static weir_status take_token(void *arg, const store_task *row, weir_error **error)
{
    (void)error;
    *(int64_t *)arg = row->token;
    return WEIR_OK;
}

/* Somebody else has the task now, or had it to its end; unless it was us, by a commit that was not
 * answered. */
static weir_status note_late(ledger *l, const weir_task *job, weir_error **error)
{
    int64_t token = 0;
    weir_status status = job->doubted
                             ? l->store->kind->find_task(l->store, job->execution, job->position,
                                                         false, take_token, &token, error)
                             : WEIR_OK;
    store_event event = {.position = job->position,
                         .time = l->now,
                         .runner = l->runner,
                         .attempt = job->attempt,
                         .reason = "a result came after the claim was lost, and was refused"};

    return status == WEIR_OK && token != job->token
               ? l->store->kind->note(l->store, job->execution, &event, error)
               : status;
}

/* What is told of jobs of one execution; of each a move, and whether it was refused. */
typedef struct finishing {
    const weir_task *jobs;
    size_t count;
    store_task_move *moves;
    bool *refused;
    uint32_t *ended; /* positions of the tasks that have ended by it */
    size_t ended_count;
} finishing;

static weir_status move_all(ledger *l, finishing *f, bool over, weir_error **error)
{
    const weir_task *job = f->jobs;

    for (size_t i = 0; i < f->count; i++, job = job->next)
        f->moves[i] = outcome_of(l, job, over);
    weir_status status =
        l->store->kind->move_tasks(l->store, f->moves, f->count, f->refused, error);
    job = f->jobs;
    for (size_t i = 0; i < f->count && status == WEIR_OK; i++, job = job->next) {
        if (f->refused[i])
            status = note_late(l, job, error);
        else if (store_state_is_end(f->moves[i].to))
            f->ended[f->ended_count++] = job->position;
    }
    return status;
}

/* What they release is looked at once. */
static weir_status finish(ledger *l, finishing *f, weir_error **error)
{
    int64_t id = f->jobs->execution, left;
    const plan *p = f->jobs->plan;
    ledger_view view;
    weir_status status = ledger_look(l, id, &view, error);
    bool over = status == WEIR_OK && store_state_is_end(view.state);

    if (status == WEIR_OK)
        status = move_all(l, f, over, error);
    if (status != WEIR_OK || f->ended_count == 0)
        return status;
    return over ? l->store->kind->count_unfinished(l->store, id, -(int64_t)f->ended_count, &left,
                                                   error)
                : ledger_tasks_ended(l, p, id, f->ended, f->ended_count, error);
}

static weir_status finish_some(ledger *l, const weir_task *jobs, size_t count, weir_error **error)
{
    finishing f = {.jobs = jobs,
                   .count = count,
                   .moves = weir_alloc_array(count, sizeof *f.moves),
                   .refused = weir_alloc_array(count, sizeof *f.refused),
                   .ended = weir_alloc_array(count, sizeof *f.ended)};
    weir_status status = f.moves != NULL && f.refused != NULL && f.ended != NULL
                             ? finish(l, &f, error)
                             : weir_error_set(error, WEIR_NOMEM, "out of memory");

    weir_free(f.moves);
    weir_free(f.refused);
    weir_free(f.ended);
    return status;
}

weir_status ledger_finish(ledger *l, const weir_task *jobs, weir_error **error)
{
    weir_status status = WEIR_OK;

    while (jobs != NULL && status == WEIR_OK) {
        const weir_task *next = jobs;
        size_t count = 0;
        for (; next != NULL && next->execution == jobs->execution; next = next->next)
            count++;
        status = finish_some(l, jobs, count, error);
        jobs = next;
    }
    return status;
}
