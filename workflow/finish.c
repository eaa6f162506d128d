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

/* Its execution has ended before it. */
static weir_status end_late(ledger *l, const weir_task *job, weir_error **error)
{
    int64_t left;
    weir_status status =
        l->store->kind->count_unfinished(l->store, job->execution, -1, &left, error);

    return status == WEIR_OK ? ledger_begin_hook(l, job->plan, job->execution, job->position, error)
                             : status;
}

weir_status ledger_finish(ledger *l, const weir_task *job, weir_error **error)
{
    ledger_view view;
    char reason[300];
    weir_error *refused = NULL;
    weir_status status = ledger_look(l, job->execution, &view, error);

    if (status != WEIR_OK)
        return status;
    bool over = store_state_is_end(view.state);
    store_task_move move = outcome_of(l, job, over, reason, sizeof reason);
    status = l->store->kind->move_task(l->store, &move, &refused);
    if (status == WEIR_STATE)
        status = note_late(l, job, error);
    else if (status != WEIR_OK)
        weir_error_set(error, status, "%s", weir_error_message(refused));
    else if (store_state_is_end(move.to) && over)
        status = end_late(l, job, error);
    else if (move.to == STORE_DEFERRED && job->begins != NULL)
        status = ledger_begin_begun(l, job, &view, error);
    else if (move.to == STORE_DEFERRED && job->items != NULL)
        status = ledger_begin_items(l, job, &view, error);
    else if (store_state_is_end(move.to))
        status = ledger_task_ended(l, job->plan, job->execution, job->position, error);
    weir_error_free(refused);
    return status;
}
