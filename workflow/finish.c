/* SPDX-License-Identifier: Apache-2.0 */
/* finish.c - what a job came to is recorded. */
#include "core/clock.h"
#include "workflow/ledger.h"

/* What weir itself could not do is tried again whatever the list says. */
static bool is_refused(const ledger_failure *f)
{
    return f->error_class[0] != '\0' && !plan_retries(f->task, f->error_class);
}

static bool is_spent(const ledger_failure *f)
{
    return f->answer == WEIR_TASK_FAILED_GOOD || f->spent + 1 >= f->task->retry.attempts ||
           is_refused(f);
}

static uint64_t seed_of(const ledger_failure *f)
{
    weir_digest sum = WEIR_DIGEST_START;

    weir_digest_add_text(&sum, f->task->name);
    weir_digest_add(&sum, &f->execution, sizeof f->execution);
    weir_digest_add(&sum, &f->attempt, sizeof f->attempt);
    return sum.a;
}

void ledger_fail(const ledger *l, const ledger_failure *f, store_task_move *move)
{
    if (is_spent(f)) {
        move->to = STORE_FAILED;
        move->verdict = f->task->config.allow_failure ? STORE_SUCCESS : STORE_FAILURE;
        return;
    }
    move->to = STORE_READY;
    move->due = weir_later(l->now, f->answer == WEIR_TASK_RETRY
                                       ? f->delay
                                       : retry_delay(&f->task->retry, f->spent + 1, seed_of(f)));
}

/* A run that failed, or was cut short: then the next one begins as this one did. */
static void fail(const ledger *l, const weir_task *job, store_task_move *move)
{
    const ledger_failure failure = {.task = &job->plan->tasks[job->position],
                                    .execution = job->execution,
                                    .attempt = job->attempt,
                                    .spent = job->spent,
                                    .answer = job->answer,
                                    .error_class = job->error_class,
                                    .delay = job->delay};

    move->reason = job->reason;
    move->spent = job->ending != JOB_HANDED_BACK;
    if (move->spent) {
        ledger_fail(l, &failure, move);
        return;
    }
    move->to = STORE_READY;
    move->due = l->now;
    move->keeps = true;
}

/* `over`: its execution has ended; nobody runs it again. */
static store_task_move outcome_of(const ledger *l, const weir_task *job, bool over, char *reason,
                                  size_t size)
{
    store_task_move move = {.execution = job->execution,
                            .position = job->position,
                            .from = STORE_RUNNING,
                            .token = job->token,
                            .runner = l->runner,
                            .time = l->now,
                            .log = job->log};

    if (job->answer == WEIR_TASK_DONE) {
        move.to = STORE_COMPLETED;
        move.verdict = STORE_SUCCESS;
        move.writes = job->writes;
        move.seen = job->seen_after;
        move.spent = true;
    } else if (over) {
        move.to = STORE_CANCELLED;
        move.verdict = STORE_NEITHER;
        move.reason = job->answer == WEIR_TASK_DEFERRED
                          ? "it would wait, and its execution has ended"
                          : job->reason;
        move.spent = job->ending != JOB_HANDED_BACK;
    } else if ((job->begins != NULL || job->items != NULL) && job->answer == WEIR_TASK_DEFERRED) {
        ledger_wait_for_begun(job, reason, size, &move);
    } else if (job->answer == WEIR_TASK_DEFERRED) {
        ledger_defer(l, job, reason, size, &move);
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

/* Its run was ended with its runner, and is counted as lost by whoever takes the task back. */
static bool is_cut_off(const weir_task *job)
{
    return job_is_ending(job) == JOB_LOST && job->answer != WEIR_TASK_DONE;
}

/* Somebody else has the task now, or had it to its end; unless it was us, by a commit that was not
 * answered, or nobody has taken it back so far. */
static weir_status note_late(ledger *l, const weir_task *job, weir_error **error)
{
    int64_t token = 0;
    weir_status status = job->doubted || is_cut_off(job)
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

typedef char finish_reason[300];

/* What is told of jobs of one execution; of each a move, and whether it was refused. */
typedef struct finishing {
    const weir_task *jobs;
    size_t count;
    store_task_move *moves;
    bool *refused;
    finish_reason *reasons;
    uint32_t *ended; /* positions of the tasks that have ended by it */
    size_t ended_count;
} finishing;

static weir_status move_all(ledger *l, finishing *f, const ledger_view *view, weir_error **error)
{
    bool over = store_state_is_end(view->state);
    const weir_task *job = f->jobs;

    for (size_t i = 0; i < f->count; i++, job = job->next)
        f->moves[i] = outcome_of(l, job, over, f->reasons[i], sizeof f->reasons[i]);
    weir_status status =
        l->store->kind->move_tasks(l->store, f->moves, f->count, f->refused, error);
    job = f->jobs;
    for (size_t i = 0; i < f->count && status == WEIR_OK; i++, job = job->next) {
        if (f->refused[i])
            status = note_late(l, job, error);
        else if (store_state_is_end(f->moves[i].to))
            f->ended[f->ended_count++] = job->position;
        else if (f->moves[i].to == STORE_DEFERRED && job->begins != NULL)
            status = ledger_begin_begun(l, job, view, error);
        else if (f->moves[i].to == STORE_DEFERRED && job->items != NULL)
            status = ledger_begin_items(l, job, view, error);
    }
    return status;
}

/* Their execution has ended before them. */
static weir_status end_late(ledger *l, const finishing *f, weir_error **error)
{
    int64_t id = f->jobs->execution, left;
    weir_status status =
        l->store->kind->count_unfinished(l->store, id, -(int64_t)f->ended_count, &left, error);

    for (size_t i = 0; i < f->ended_count && status == WEIR_OK; i++)
        status = ledger_begin_hook(l, f->jobs->plan, id, f->ended[i], error);
    return status;
}

/* What they release is looked at once. */
static weir_status finish(ledger *l, finishing *f, weir_error **error)
{
    ledger_view view;
    weir_status status = ledger_look(l, f->jobs->execution, &view, error);

    if (status == WEIR_OK)
        status = move_all(l, f, &view, error);
    if (status != WEIR_OK || f->ended_count == 0)
        return status;
    return store_state_is_end(view.state) ? end_late(l, f, error)
                                          : ledger_tasks_ended(l, f->jobs->plan, f->jobs->execution,
                                                               f->ended, f->ended_count, error);
}

static weir_status finish_some(ledger *l, const weir_task *jobs, size_t count, weir_error **error)
{
    finishing f = {.jobs = jobs,
                   .count = count,
                   .moves = weir_alloc_array(count, sizeof *f.moves),
                   .reasons = weir_alloc_array(count, sizeof *f.reasons),
                   .refused = weir_alloc_array(count, sizeof *f.refused),
                   .ended = weir_alloc_array(count, sizeof *f.ended)};
    weir_status status =
        f.moves != NULL && f.reasons != NULL && f.refused != NULL && f.ended != NULL
            ? finish(l, &f, error)
            : weir_error_set(error, WEIR_NOMEM, "out of memory");

    weir_free(f.moves);
    weir_free(f.reasons);
    weir_free(f.refused);
    weir_free(f.ended);
    return status;
}

/* Runs of one execution that count; a condition is no run. */
static bool is_together(const weir_task *first, const weir_task *job)
{
    return job != NULL && job->condition == NULL && !is_cut_off(job) &&
           job->execution == first->execution;
}

weir_status ledger_finish(ledger *l, const weir_task *jobs, weir_error **error)
{
    weir_status status = WEIR_OK;

    while (jobs != NULL && status == WEIR_OK) {
        const weir_task *next = jobs;
        size_t count = 0;
        for (; is_together(jobs, next); next = next->next)
            count++;
        if (count != 0)
            status = finish_some(l, jobs, count, error);
        else
            status =
                jobs->condition != NULL ? ledger_answer(l, jobs, error) : note_late(l, jobs, error);
        jobs = count != 0 ? next : jobs->next;
    }
    return status;
}
