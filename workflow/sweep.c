/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c - what nobody does by itself: time that has come, runners that are gone, executions that
 * are stuck. Any runner does it for all of them. */
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/text.h"
#include "workflow/ledger.h"

/* --- Tasks that are listed: what is done to them changes the list --- */

typedef struct marked_task {
    int64_t execution, position, plan, token, runner, lost, attempt, spent;
    store_state state;
    char awaits[JOB_CONDITION];
} marked_task;

typedef struct marks {
    marked_task items[LEDGER_BATCH];
    size_t count;
} marks;

static weir_status take_mark(void *arg, const store_task *row, weir_error **error)
{
    marks *list = arg;
    marked_task *task = &list->items[list->count++];

    (void)error;
    *task = (marked_task){.execution = row->execution,
                          .position = row->position,
                          .plan = row->plan,
                          .token = row->token,
                          .runner = row->runner,
                          .lost = row->lost,
                          .attempt = row->attempt,
                          .spent = row->spent,
                          .state = row->state};
    snprintf(task->awaits, sizeof task->awaits, "%s", row->awaits != NULL ? row->awaits : "");
    return WEIR_OK;
}

static weir_status list(ledger *l, store_list which, int64_t number, marks *ret, weir_error **error)
{
    ret->count = 0;
    return l->store->kind->each_listed(l->store, which, number, LEDGER_BATCH, take_mark, ret,
                                       error);
}

/* --- What is due --- */

typedef struct ids {
    int64_t items[LEDGER_BATCH];
    size_t count;
} ids;

static weir_status take_id(void *arg, const store_execution *row, weir_error **error)
{
    ids *found = arg;

    (void)error;
    found->items[found->count++] = row->id;
    return WEIR_OK;
}

static weir_status look_for_end(ledger *l, int64_t id, ledger_view *view, bool *ret,
                                weir_error **error)
{
    weir_status status = ledger_look(l, id, view, error);

    *ret = status == WEIR_OK && store_state_is_end(view->state);
    return status;
}

/* It may have ended with one that was listed before it, and had begun it. */
static weir_status end_one(ledger *l, int64_t id, weir_error **error)
{
    char reason[128], limit[32];
    ledger_view view;
    plan *p = NULL;
    bool ended;
    weir_status status = look_for_end(l, id, &view, &ended, error);

    if (status == WEIR_OK && !ended)
        status = ledger_plan(l, view.plan, &p, error);
    if (status != WEIR_OK || ended)
        return status;
    snprintf(reason, sizeof reason, "the execution took longer than its timeout of %s",
             weir_text_amount(WEIR_OPTION_DURATION, p->config.timeout, limit, sizeof limit));
    return ledger_cut_short(l, id, view.state, STORE_FAILED, reason, error);
}

static weir_status end_overdue(ledger *l, weir_error **error)
{
    ids found = {0};
    weir_status status =
        l->store->kind->each_overdue(l->store, l->now, LEDGER_BATCH, take_id, &found, error);

    for (size_t i = 0; i < found.count && status == WEIR_OK; i++)
        status = end_one(l, found.items[i], error);
    return status;
}

static weir_status wake_one(ledger *l, const marked_task *task, weir_error **error)
{
    if (task->state == STORE_READY)
        return l->store->kind->queue(l->store, task->execution, task->position, error);
    ledger_deferred deferred = {.execution = task->execution,
                                .position = task->position,
                                .plan = task->plan,
                                .token = task->token,
                                .attempt = task->attempt,
                                .spent = task->spent};
    memcpy(deferred.awaits, task->awaits, sizeof deferred.awaits);
    return ledger_wake_deferred(l, &deferred, error);
}

weir_status ledger_wake(ledger *l, weir_error **error)
{
    marks due;
    weir_status status = list(l, STORE_DUE, l->now, &due, error);

    for (size_t i = 0; i < due.count && status == WEIR_OK; i++)
        status = wake_one(l, &due.items[i], error);
    return status == WEIR_OK ? end_overdue(l, error) : status;
}

/* --- Runners that are gone --- */

typedef struct seen_runner {
    int64_t id;
    bool silent;
} seen_runner;

typedef struct seen_runners {
    int64_t stale; /* who has beaten since is there, unless the store knows better */
    seen_runner *items;
    size_t count, room;
} seen_runners;

static weir_status take_runner(void *arg, const store_runner *row, weir_error **error)
{
    seen_runners *all = arg;

    if (all->count == all->room) {
        size_t room = all->room != 0 ? 2 * all->room : 16;
        seen_runner *items = weir_realloc(all->items, room * sizeof *items);
        if (items == NULL)
            return weir_error_set(error, WEIR_NOMEM, "out of memory");
        all->items = items;
        all->room = room;
    }
    all->items[all->count++] = (seen_runner){row->id, row->beat < all->stale};
    return WEIR_OK;
}

static weir_status end_silent(ledger *l, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    seen_runners all = {.stale = l->now - l->config.stale};
    weir_status status = kind->each_runner(l->store, take_runner, &all, error);

    for (size_t i = 0; i < all.count && status == WEIR_OK; i++) {
        bool alive = !all.items[i].silent;
        if (alive)
            status = kind->is_alive(l->store, all.items[i].id, &alive, error);
        if (status == WEIR_OK && !alive && all.items[i].id != l->runner)
            status = kind->end_runner(l->store, all.items[i].id, l->now, error);
    }
    weir_free(all.items);
    return status;
}

static weir_status take_back(ledger *l, const plan *p, const marked_task *run, bool over,
                             weir_error **error)
{
    const weir_task_config *config = &p->tasks[run->position].config;
    bool failed = run->lost >= l->config.most_lost || config->on_lost == WEIR_ON_LOST_FAIL ||
                  !plan_retries(&p->tasks[run->position], "lost");
    char reason[160];

    if (run->lost == 0)
        snprintf(reason, sizeof reason, "it was lost with runner %lld", (long long)run->runner);
    else
        snprintf(reason, sizeof reason,
                 "it was lost with its runner %lld times, the last one being runner %lld",
                 (long long)run->lost + 1, (long long)run->runner);
    store_task_move move = {.execution = run->execution,
                            .position = run->position,
                            .from = STORE_RUNNING,
                            .to = over     ? STORE_CANCELLED
                                  : failed ? STORE_FAILED
                                           : STORE_READY,
                            .token = run->token,
                            .runner = l->runner,
                            .reason = reason,
                            .time = l->now,
                            .due = l->now,
                            .lost = true,
                            .keeps = !over && !failed,
                            .verdict = over                    ? STORE_NEITHER
                                       : !failed               ? STORE_OPEN
                                       : config->allow_failure ? STORE_SUCCESS
                                                               : STORE_FAILURE};
    int64_t left;
    weir_status status = l->store->kind->move_task(l->store, &move, error);
    if (status != WEIR_OK || move.to == STORE_READY)
        return status;
    return over ? l->store->kind->count_unfinished(l->store, run->execution, -1, &left, error)
                : ledger_task_ended(l, p, run->execution, (uint32_t)run->position, error);
}

weir_status ledger_sweep(ledger *l, bool *ret_more, weir_error **error)
{
    marks lost = {.count = 0};
    ledger_view view;
    plan *p = NULL;
    weir_status status = end_silent(l, error);

    if (status == WEIR_OK)
        status = list(l, STORE_LOST, 0, &lost, error);
    for (size_t i = 0; i < lost.count && status == WEIR_OK; i++) {
        status = ledger_look(l, lost.items[i].execution, &view, error);
        if (status == WEIR_OK)
            status = ledger_plan(l, lost.items[i].plan, &p, error);
        if (status == WEIR_OK)
            status = take_back(l, p, &lost.items[i], store_state_is_end(view.state), error);
    }
    *ret_more = lost.count == LEDGER_BATCH;
    return status;
}

/* --- Executions that nobody has the code of --- */

typedef struct unserved {
    int64_t ids[LEDGER_BATCH];
    size_t count;
    ledger_unserved *told;
} unserved;

static weir_status take_unserved(void *arg, const store_execution *row, weir_error **error)
{
    unserved *u = arg;
    ledger_unserved *told = u->told;

    (void)error;
    u->ids[u->count++] = row->id;
    if (told->count++ != 0)
        return WEIR_OK;
    told->first = row->id;
    snprintf(told->workflow, sizeof told->workflow, "%s", row->workflow);
    snprintf(told->version, sizeof told->version, "%s", row->version);
    return WEIR_OK;
}

/* One that was just made may be of a runner that is about to begin. */
weir_status ledger_note_unserved(ledger *l, int64_t after, int64_t last, ledger_unserved *ret,
                                 weir_error **error)
{
    unserved u = {.told = ret};
    weir_status status = l->store->kind->each_unserved(
        l->store, after, last, l->now - l->config.heartbeat, take_unserved, &u, error);
    store_event event = {.position = -1,
                         .time = l->now,
                         .runner = l->runner,
                         .reason = "it waits: no runner that lives has its workflow in its "
                                   "version"};

    for (size_t i = 0; i < u.count && status == WEIR_OK; i++) {
        status = l->store->kind->note(l->store, u.ids[i], &event, error);
        if (status == WEIR_OK)
            status = l->store->kind->mark_unserved(l->store, u.ids[i], l->now, error);
    }
    return status;
}

/* --- Stuck executions --- */

typedef struct causes {
    weir_buffer text;
    size_t count;
} causes;

static weir_status take_cause(void *arg, const store_task *row, weir_error **error)
{
    causes *c = arg;

    (void)error;
    if (c->count++ < 5)
        weir_buffer_printf(&c->text, "%s'%s' waits for %lld more", c->count > 1 ? ", " : "",
                           row->name, (long long)row->waiting);
    return WEIR_OK;
}

static weir_status fail_stuck(ledger *l, int64_t id, weir_error **error)
{
    causes c = {0};
    ledger_view view;
    bool ended;
    weir_status status = look_for_end(l, id, &view, &ended, error); /* as in end_one */

    if (status != WEIR_OK || ended)
        return status;
    status = l->store->kind->each_task(l->store, id, STORE_PENDING, false, take_cause, &c, error);

    if (c.count > 5)
        weir_buffer_printf(&c.text, " and %zu others wait", c.count - 5);
    char *reason = weir_alloc(c.text.size + 128);
    if (status == WEIR_OK && (reason == NULL || c.text.failed))
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK) {
        sprintf(reason, "it cannot go on, since none of its tasks runs or will run: %s",
                c.count != 0 ? c.text.data : "all have ended, and it was not told");
        status = ledger_cut_short(l, id, view.state, STORE_FAILED, reason, error);
    }
    weir_buffer_free(&c.text);
    weir_free(reason);
    return status;
}

weir_status ledger_find_stuck(ledger *l, int64_t *after, weir_error **error)
{
    ids found = {0};
    int64_t last = 0;
    weir_status status =
        l->store->kind->each_stuck(l->store, *after, LEDGER_BATCH, take_id, &found, &last, error);

    for (size_t i = 0; i < found.count && status == WEIR_OK; i++)
        status = fail_stuck(l, found.items[i], error);
    *after = last;
    return status;
}

/* --- Jobs that nobody wants any more --- */

weir_status ledger_end_doomed(ledger *l, weir_task *running, weir_error **error)
{
    marks doomed;
    weir_status status = list(l, STORE_DOOMED, l->runner, &doomed, error);

    for (weir_task *job = running; job != NULL && status == WEIR_OK; job = job->next_running) {
        ledger_view view;
        bool ended = false;
        if (job->condition != NULL) /* it runs for a task that does not */
            status = look_for_end(l, job->execution, &view, &ended, error);
        for (size_t i = 0; i < doomed.count && job->condition == NULL && !ended; i++)
            ended = job->execution == doomed.items[i].execution &&
                    job->position == doomed.items[i].position;
        if (ended)
            job_end(job, JOB_UNWANTED);
    }
    return status;
}
