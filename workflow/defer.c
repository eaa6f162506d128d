/* SPDX-License-Identifier: Apache-2.0 */
/* defer.c - tasks that wait (rule F11): for a time, or for a condition, which is asked.
 *
 *     Running --defers--> Deferred --its time, its condition--> Ready --> Running, the same attempt
 *                            \-------- its limit --------------> Ready or Failed, as after a
 * failure
 *
 * A condition is asked without a transition, so that one that is asked for days leaves no trail.
 * Who asks moves the next time of asking on, beyond what an answer may take, and makes the token
 * another one: if it dies, the condition is asked again then, and its answer is refused.
 */
#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "core/clock.h"
#include "core/text.h"
#include "workflow/ledger.h"

/* Behind what an answer may take at most: to start the process, to record the answer. */
static const int64_t SPARE_NS = 30000000000;

static const char *time_text(int64_t time, char text[WEIR_CALENDAR_TIME + 1])
{
    *weir_calendar_print_time(text, time) = '\0';
    return text;
}

/* --- It begins to wait --- */

static const weir_task_condition *condition_of(const plan_task *task, const char *name, char *hint,
                                               size_t size)
{
    weir_nearest nearest = {.wanted = name};

    for (uint32_t i = 0; i < task->declared->condition_count; i++) {
        if (strcmp(task->declared->conditions[i].name, name) == 0)
            return &task->declared->conditions[i];
        weir_nearest_offer(&nearest, task->declared->conditions[i].name);
    }
    weir_nearest_hint(&nearest, hint, size);
    return NULL;
}

/* WEIR_TASK_DEFERRED, or the failure that it is instead. */
static weir_answer judge(const ledger *l, const weir_task *job, int64_t until, char *reason,
                         size_t size)
{
    const plan_task *task = &job->plan->tasks[job->position];
    char hint[128] = "", when[WEIR_CALENDAR_TIME + 1], limit[32];
    int64_t patience = job->patience != 0 ? job->patience : weir_later(l->now, task->defer.limit);

    if (job->awaits[0] != '\0') {
        if (condition_of(task, job->awaits, hint, sizeof hint) != NULL)
            return WEIR_TASK_DEFERRED;
        snprintf(reason, size, "it waits for '%s', which is none of its `conditions:`%s",
                 job->awaits, hint);
        return WEIR_TASK_FAILED_GOOD;
    }
    if (until <= patience)
        return WEIR_TASK_DEFERRED;
    snprintf(reason, size, "it would wait until %s, beyond the limit of its `defer:`, %s",
             time_text(until, when),
             weir_text_amount(WEIR_OPTION_DURATION, task->defer.limit, limit, sizeof limit));
    return WEIR_TASK_FAILED;
}

void ledger_defer(const ledger *l, const weir_task *job, char *reason, size_t size,
                  store_task_move *move)
{
    const plan_task *task = &job->plan->tasks[job->position];
    bool asks = job->awaits[0] != '\0';
    int64_t until = job->until != 0 ? job->until : weir_later(l->now, job->delay);
    char when[WEIR_CALENDAR_TIME + 1];
    weir_answer answer = judge(l, job, until, reason, size);

    if (answer != WEIR_TASK_DEFERRED) {
        ledger_fail(l,
                    &(ledger_failure){.task = task,
                                      .execution = job->execution,
                                      .attempt = job->attempt,
                                      .spent = job->spent,
                                      .answer = answer,
                                      .error_class = "deferred"},
                    move);
        move->reason = reason;
        move->spent = true;
        return;
    }
    move->to = STORE_DEFERRED;
    move->writes = job->writes;
    move->patience = job->patience != 0               ? job->patience
                     : task->defer.limit == INT64_MAX ? 0
                                                      : weir_later(l->now, task->defer.limit);
    move->due = asks ? move->patience : until;
    move->awaits = asks ? job->awaits : NULL;
    move->ask = asks ? l->now : 0;
    if (asks)
        snprintf(reason, size, "it waits for '%s'", job->awaits);
    else
        snprintf(reason, size, "it waits until %s", time_text(until, when));
    move->reason = reason;
}

/* --- It goes on --- */

static weir_status go_on(ledger *l, int64_t id, int64_t position, int64_t token, const char *reason,
                         weir_error **error)
{
    return l->store->kind->move_task(l->store,
                                     &(store_task_move){.execution = id,
                                                        .position = position,
                                                        .from = STORE_DEFERRED,
                                                        .to = STORE_READY,
                                                        .token = token,
                                                        .runner = l->runner,
                                                        .reason = reason,
                                                        .time = l->now,
                                                        .due = l->now,
                                                        .keeps = true,
                                                        .resumes = true},
                                     error);
}

/* The attempt has failed by its waiting. */
static weir_status give_up(ledger *l, const plan *p, const ledger_deferred *task,
                           weir_answer answer, const char *reason, weir_error **error)
{
    store_task_move move = {.execution = task->execution,
                            .position = task->position,
                            .from = STORE_DEFERRED,
                            .token = task->token,
                            .runner = l->runner,
                            .reason = reason,
                            .time = l->now,
                            .spent = true};

    ledger_fail(l,
                &(ledger_failure){.task = &p->tasks[task->position],
                                  .execution = task->execution,
                                  .attempt = task->attempt,
                                  .spent = task->spent,
                                  .answer = answer,
                                  .error_class = "deferred"},
                &move);
    weir_status status = l->store->kind->move_task(l->store, &move, error);
    return status == WEIR_OK && move.to == STORE_FAILED
               ? ledger_task_ended(l, p, task->execution, (uint32_t)task->position, error)
               : status;
}

weir_status ledger_wake_deferred(ledger *l, const ledger_deferred *task, weir_error **error)
{
    char reason[JOB_REASON], limit[32];
    plan *p = NULL;

    if (task->awaits[0] == '\0')
        return go_on(l, task->execution, task->position, task->token, "its time has come", error);
    weir_status status = ledger_plan(l, task->plan, &p, error);
    if (status != WEIR_OK)
        return status;
    weir_text_amount(WEIR_OPTION_DURATION, p->tasks[task->position].defer.limit, limit,
                     sizeof limit);
    snprintf(reason, sizeof reason, "it waited for '%s' longer than the limit of its `defer:`, %s",
             task->awaits, limit);
    return give_up(l, p, task, WEIR_TASK_FAILED, reason, error);
}

/* --- Asking --- */

static weir_status take_deferred(void *arg, const store_task *row, weir_error **error)
{
    ledger_deferred_list *list = arg;

    (void)error;
    list->items[list->count] = (ledger_deferred){.execution = row->execution,
                                                 .position = row->position,
                                                 .plan = row->plan,
                                                 .token = row->token,
                                                 .attempt = row->attempt,
                                                 .spent = row->spent};
    snprintf(list->items[list->count].awaits, sizeof list->items->awaits, "%s",
             row->awaits != NULL ? row->awaits : "");
    list->count++;
    return WEIR_OK;
}

static weir_status take_seen(void *arg, const store_task *row, weir_error **error)
{
    weir_task *job = arg;

    if ((row->seen != NULL && (job->seen = weir_strdup(row->seen)) == NULL) ||
        (row->writes != NULL && (job->draft = weir_strdup(row->writes)) == NULL))
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    return WEIR_OK;
}

/* *ret NULL: it cannot be asked. */
static weir_status make_asking(ledger *l, const ledger_deferred *task, plan *p, weir_task **ret,
                               weir_error **error)
{
    const plan_task *planned = &p->tasks[task->position];
    char hint[128];
    const weir_task_condition *condition = condition_of(planned, task->awaits, hint, sizeof hint);
    store_asking asking = {
        .execution = task->execution,
        .position = task->position,
        .token = task->token,
        .runner = l->runner,
        .ask = weir_later(l->now, weir_later(planned->defer.timeout, l->config.grace + SPARE_NS))};

    if (condition == NULL)
        return WEIR_OK;
    weir_status status = l->store->kind->ask_at(l->store, &asking, error);
    if (status != WEIR_OK)
        return status;
    weir_task *job = job_new(p, (uint32_t)task->position);
    if (job == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    *ret = job;
    job->condition = condition;
    job->execution = task->execution;
    job->attempt = task->attempt;
    job->spent = task->spent;
    job->token = task->token + 1;
    status = l->store->kind->find_task(l->store, task->execution, task->position, true, take_seen,
                                       job, error);
    return status == WEIR_OK ? ledger_fill_job(l, job, error) : status;
}

weir_status ledger_ask(ledger *l, int64_t root, size_t most, weir_task **jobs, weir_error **error)
{
    store_asked which = {.runner = l->runner,
                         .root = root,
                         .time = l->now,
                         .most = most < LEDGER_BATCH ? most : LEDGER_BATCH};
    ledger_deferred_list list = {.count = 0};
    weir_task *made = NULL;
    weir_status status = l->store->kind->each_asked(l->store, &which, take_deferred, &list, error);

    for (size_t i = 0; i < list.count && status == WEIR_OK; i++) {
        weir_task *job = NULL;
        plan *p = NULL;
        status = ledger_plan(l, list.items[i].plan, &p, error);
        if (status == WEIR_OK)
            status = make_asking(l, &list.items[i], p, &job, error);
        if (job != NULL) {
            job->next = made;
            made = job;
        }
    }
    while (made != NULL) {
        weir_task *job = made;
        made = job->next;
        if (status != WEIR_OK) {
            job_free(job);
            continue;
        }
        job->next = *jobs;
        *jobs = job;
    }
    return status;
}

/* --- Its answer --- */

static weir_status take_reason(void *arg, const store_task *row, weir_error **error)
{
    char *reason = arg;

    (void)error;
    snprintf(reason, JOB_REASON + 200, "%s", row->reason != NULL ? row->reason : "");
    return WEIR_OK;
}

/* A condition that fails is as good as one that does not hold; the first time that it fails so is
 * an event. */
static weir_status ask_again(ledger *l, const weir_task *job, const char *name, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    const weir_defer_config *config = &job->plan->tasks[job->position].defer;
    char before[JOB_REASON + 200] = "", now[JOB_REASON + 200];
    bool cut_short = job_is_ending(job) != JOB_GOES_ON;
    bool failed = job->answer != WEIR_TASK_NOT_YET && !cut_short;

    if (failed)
        snprintf(now, sizeof now, "it waits for '%s', which failed when it was asked: %s", name,
                 job->reason);
    else
        snprintf(now, sizeof now, "it waits for '%s'", name);
    weir_status status =
        kind->find_task(l->store, job->execution, job->position, false, take_reason, before, error);
    if (status == WEIR_OK)
        status = kind->ask_at(
            l->store,
            &(store_asking){.execution = job->execution,
                            .position = job->position,
                            .token = job->token,
                            .runner = l->runner,
                            .ask = cut_short ? l->now : weir_later(l->now, config->interval),
                            .reason = now},
            error);
    if (status != WEIR_OK || !failed || strcmp(before, now) == 0)
        return status;
    store_event event = {.position = job->position,
                         .time = l->now,
                         .runner = l->runner,
                         .attempt = job->attempt,
                         .reason = now};
    return kind->note(l->store, job->execution, &event, error);
}

weir_status ledger_answer(ledger *l, const weir_task *job, weir_error **error)
{
    const char *name = job->condition->name;
    char reason[JOB_REASON + 200];
    ledger_deferred task = {.execution = job->execution,
                            .position = job->position,
                            .token = job->token,
                            .attempt = job->attempt,
                            .spent = job->spent};
    ledger_view view;
    weir_error *refused = NULL;
    weir_status status = ledger_look(l, job->execution, &view, error);

    if (status != WEIR_OK)
        return status;
    if (job->answer == WEIR_TASK_DONE) {
        snprintf(reason, sizeof reason, "'%s' holds", name);
        status = go_on(l, job->execution, job->position, job->token, reason, &refused);
    } else if (job->answer == WEIR_TASK_FAILED_GOOD) {
        snprintf(reason, sizeof reason, "it waited for '%s', which failed for good: %s", name,
                 job->reason);
        status = give_up(l, job->plan, &task, WEIR_TASK_FAILED_GOOD, reason, &refused);
    } else {
        status = ask_again(l, job, name, &refused);
    }
    /* It does not wait any more, is held, or was asked by another meanwhile. */
    if (status != WEIR_OK && status != WEIR_STATE)
        weir_error_set(error, status, "%s", weir_error_message(refused));
    weir_error_free(refused);
    return status == WEIR_STATE ? WEIR_OK : status;
}
