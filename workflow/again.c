/* SPDX-License-Identifier: Apache-2.0 */
/* again.c - an execution is tried again (rule F12): what Failed, was Skipped or Cancelled begins
 * anew, what is Completed stays so.
 *
 *     a  Failed      begins anew
 *     b  Completed   stays so, but waits for a: it hands on what that will have written
 *     c  Skipped     begins anew, behind b, and so behind a
 *
 * So the order of the plan holds for what begins anew, and a task below has what was written since,
 * though those between do not run (rule F4).
 */
#include "core/clock.h"
#include "workflow/ledger.h"

typedef struct old_task {
    store_state state;
    int64_t waiting;
    bool open; /* it begins anew, or waits for one that does */
} old_task;

typedef struct trying {
    ledger *ledger;
    const plan *plan;
    int64_t id;
    old_task *tasks; /* by position */
    int64_t anew;    /* how many begin anew */
} trying;

static bool begins_anew(store_state state)
{
    return state == STORE_FAILED || state == STORE_SKIPPED || state == STORE_CANCELLED;
}

static weir_status take_task(void *arg, const store_task *row, weir_error **error)
{
    trying *t = arg;

    if ((size_t)row->position >= t->plan->task_count)
        return weir_error_set(error, WEIR_IO, "the store has more tasks than its plan");
    t->tasks[row->position] = (old_task){.state = row->state, .waiting = row->waiting};
    t->anew += begins_anew(row->state);
    return WEIR_OK;
}

static int64_t count_open(const trying *t, uint32_t position)
{
    const weir_module_task *declared = t->plan->tasks[position].declared;
    int64_t open = 0;

    for (uint32_t i = 0; i < declared->after_count; i++)
        open += t->tasks[declared->after[i]].open;
    return open;
}

static weir_status begin_anew(const trying *t, uint32_t position, int64_t waiting,
                              weir_error **error)
{
    ledger *l = t->ledger;
    const store_task_move move = {.execution = t->id,
                                  .position = position,
                                  .from = t->tasks[position].state,
                                  .to = STORE_PENDING,
                                  .waiting = waiting,
                                  .runner = l->runner,
                                  .reason = "the execution is tried again",
                                  .time = l->now};

    return l->store->kind->move_task(l->store, &move, error);
}

/* Those above it have been here before. One that waited when the execution ended is not told of
 * what ended after that. */
static weir_status open_one(const trying *t, uint32_t position, weir_error **error)
{
    ledger *l = t->ledger;
    old_task *task = &t->tasks[position];
    int64_t waiting = count_open(t, position);

    task->open = waiting != 0 || begins_anew(task->state);
    if (begins_anew(task->state))
        return begin_anew(t, position, waiting, error);
    if (waiting != 0)
        return l->store->kind->hand_on(l->store, t->id, position, waiting, NULL, error);
    return task->waiting != 0 ? ledger_hand_on(l, t->plan, t->id, position, error) : WEIR_OK;
}

static weir_status open_all(const trying *t, weir_error **error)
{
    ledger *l = t->ledger;
    const plan *p = t->plan;
    int64_t left;
    weir_status status = l->store->kind->count_unfinished(l->store, t->id, t->anew, &left, error);

    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++)
        status = open_one(t, p->order[i], error);
    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++)
        if (begins_anew(t->tasks[i].state) && count_open(t, i) == 0)
            status = ledger_decide(l, p, t->id, i, error);
    /* nothing of it is left where all was done when its time was over */
    return status == WEIR_OK && t->anew == 0 ? ledger_complete(l, p, t->id, error) : status;
}

static weir_status try_again(ledger *l, const plan *p, int64_t id, weir_error **error)
{
    trying t = {.ledger = l,
                .plan = p,
                .id = id,
                .tasks = weir_alloc_array(p->task_count, sizeof *t.tasks)};
    weir_status status = t.tasks != NULL ? l->store->kind->each_task(l->store, id, STORE_NONE,
                                                                     false, take_task, &t, error)
                                         : weir_error_set(error, WEIR_NOMEM, "out of memory");

    if (status == WEIR_OK)
        status = open_all(&t, error);
    weir_free(t.tasks);
    return status;
}

static weir_status move(ledger *l, const plan *p, int64_t id, store_state from, const char *reason,
                        weir_error **error)
{
    int64_t timeout = p->config.timeout;
    const store_execution_move move = {
        .execution = id,
        .from = from,
        .to = STORE_RUNNING,
        .runner = l->runner,
        .reason = reason != NULL ? reason : "the execution is tried again",
        .time = l->now,
        .deadline = timeout != INT64_MAX ? weir_later(l->now, timeout) : 0};

    return l->store->kind->move_execution(l->store, &move, error);
}

weir_status ledger_try_again(ledger *l, int64_t id, const ledger_view *view, const char *reason,
                             weir_error **error)
{
    plan *p = NULL;
    weir_status status = ledger_plan(l, view->plan, &p, error);

    if (status == WEIR_OK)
        status = move(l, p, id, view->state, reason, error);
    return status == WEIR_OK ? try_again(l, p, id, error) : status;
}

weir_status ledger_retry(ledger *l, int64_t id, const char *reason, weir_error **error)
{
    static const char *const what = "tried again";
    ledger_view view;
    bool waited;
    weir_status status = ledger_look(l, id, &view, error);

    if (status != WEIR_OK)
        return status;
    if (view.state != STORE_FAILED && view.state != STORE_CANCELLED)
        return ledger_refuse(id, &view, what, "only what has Failed or is Cancelled can", error);
    if (view.unfinished != 0)
        return ledger_refuse(id, &view, what, "some of its tasks still run", error);
    if ((status = ledger_is_waited_for(l, &view, &waited, error)) != WEIR_OK)
        return status;
    if (waited) /* it has counted already */
        return ledger_refuse(id, &view, what,
                             "the execution that has begun it still waits for others like it",
                             error);
    return ledger_try_again(l, id, &view, reason, error);
}
