/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - pause, resume, cancel, retry (rule F12): each asks for the state that it changes in
 * the statement that changes it. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "workflow/ledger.h"

static weir_status refuse(int64_t id, const ledger_view *view, const char *what, const char *why,
                          weir_error **error)
{
    return weir_error_set(error, WEIR_STATE, "execution %lld of '%s' is %s and cannot be %s: %s",
                          (long long)id, view->workflow, store_state_text(view->state), what, why);
}

static weir_status move(ledger *l, int64_t id, store_state from, store_state to, const char *reason,
                        int64_t deadline, weir_error **error)
{
    return l->store->kind->move_execution(l->store,
                                          &(store_execution_move){.execution = id,
                                                                  .from = from,
                                                                  .to = to,
                                                                  .runner = l->runner,
                                                                  .reason = reason,
                                                                  .time = l->now,
                                                                  .deadline = deadline},
                                          error);
}

/* --- What it has begun goes with it, but for hooks --- */

typedef weir_status (*change_one)(ledger *l, const ledger_begun *begun, const char *reason,
                                  weir_error **error);

static weir_status change_begun(ledger *l, int64_t id, change_one change, const char *reason,
                                weir_error **error)
{
    ledger_begun *list = NULL;
    size_t count = 0;
    weir_status status = ledger_list_begun(l, id, SIZE_MAX, &list, &count, error);

    for (size_t i = 0; i < count && status == WEIR_OK; i++)
        status = change(l, &list[i], reason, error);
    weir_free(list);
    return status;
}

static weir_status pause_one(ledger *l, const ledger_begun *begun, const char *reason,
                             weir_error **error)
{
    return begun->state != STORE_PAUSED ? ledger_pause(l, begun->id, reason, error) : WEIR_OK;
}

static weir_status resume_one(ledger *l, const ledger_begun *begun, const char *reason,
                              weir_error **error)
{
    return begun->state == STORE_PAUSED ? ledger_resume(l, begun->id, reason, error) : WEIR_OK;
}

static weir_status cancel_one(ledger *l, const ledger_begun *begun, const char *reason,
                              weir_error **error)
{
    return ledger_cut_short(l, begun->id, begun->state, STORE_CANCELLED, reason, error);
}

/* --- Pause and resume --- */

weir_status ledger_pause(ledger *l, int64_t id, const char *reason, weir_error **error)
{
    ledger_view view;
    weir_status status = ledger_look(l, id, &view, error);

    if (status != WEIR_OK)
        return status;
    if (view.state != STORE_PENDING && view.state != STORE_RUNNING)
        return refuse(id, &view, "paused", "only what is Pending or Running can", error);
    status = move(l, id, view.state, STORE_PAUSED, reason, 0, error);
    return status == WEIR_OK ? change_begun(l, id, pause_one, reason, error) : status;
}

weir_status ledger_resume(ledger *l, int64_t id, const char *reason, weir_error **error)
{
    ledger_view view;
    plan *p;
    weir_status status = ledger_look(l, id, &view, error);

    if (status != WEIR_OK)
        return status;
    if (view.state != STORE_PAUSED)
        return refuse(id, &view, "resumed", "only what is Paused can", error);
    status = move(l, id, STORE_PAUSED, STORE_RUNNING, reason, 0, error);
    if (status == WEIR_OK)
        status = change_begun(l, id, resume_one, reason, error);
    if (status != WEIR_OK || view.unfinished != 0)
        return status;
    status = ledger_plan(l, view.plan, &p, error);
    return status == WEIR_OK ? ledger_complete(l, p, id, error) : status;
}

/* --- Cancel --- */

/* Positions, and the states that they are in. */
typedef struct task_list {
    struct task_mark {
        uint32_t position;
        store_state state;
    } * items;
    size_t count, room;
    bool ended; /* those that have ended in vain, else those that wait */
} task_list;

static bool is_wanted(const task_list *list, store_state state)
{
    if (list->ended)
        return state == STORE_FAILED || state == STORE_SKIPPED || state == STORE_CANCELLED;
    return state == STORE_PENDING || state == STORE_READY || state == STORE_DEFERRED;
}

static weir_status take_task(void *arg, const store_task *row, weir_error **error)
{
    task_list *list = arg;

    if (!is_wanted(list, row->state))
        return WEIR_OK;
    if (list->count == list->room) {
        size_t room = list->room != 0 ? 2 * list->room : 16;
        struct task_mark *items = weir_realloc(list->items, room * sizeof *items);
        if (items == NULL)
            return weir_error_set(error, WEIR_NOMEM, "out of memory");
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = (struct task_mark){(uint32_t)row->position, row->state};
    return WEIR_OK;
}

static weir_status cancel_tasks(ledger *l, int64_t id, const char *reason, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    task_list list = {0};
    int64_t left;
    weir_status status = kind->each_task(l->store, id, STORE_NONE, false, take_task, &list, error);

    for (size_t i = 0; i < list.count && status == WEIR_OK; i++)
        status = kind->move_task(l->store,
                                 &(store_task_move){.execution = id,
                                                    .position = list.items[i].position,
                                                    .from = list.items[i].state,
                                                    .to = STORE_CANCELLED,
                                                    .verdict = STORE_NEITHER,
                                                    .runner = l->runner,
                                                    .reason = reason,
                                                    .time = l->now},
                                 error);
    if (status == WEIR_OK && list.count != 0)
        status = kind->count_unfinished(l->store, id, -(int64_t)list.count, &left, error);
    weir_free(list.items);
    return status;
}

/* What runs is ended by its runner, which sees that nobody wants it any more. */
weir_status ledger_cut_short(ledger *l, int64_t id, store_state from, store_state to,
                             const char *reason, weir_error **error)
{
    ledger_view view;
    plan *p = NULL;
    weir_status status = move(l, id, from, to, reason, 0, error);

    if (status == WEIR_OK)
        status = cancel_tasks(l, id, reason, error);
    if (status == WEIR_OK)
        status = change_begun(l, id, cancel_one, reason, error);
    if (status == WEIR_OK)
        status = ledger_look(l, id, &view, error);
    if (status == WEIR_OK)
        status = ledger_plan(l, view.plan, &p, error);
    return status == WEIR_OK ? ledger_execution_ended(l, p, id, &view, to, reason, error) : status;
}

weir_status ledger_cancel(ledger *l, int64_t id, const char *reason, weir_error **error)
{
    ledger_view view;
    weir_status status = ledger_look(l, id, &view, error);

    if (status != WEIR_OK)
        return status;
    if (store_state_is_end(view.state))
        return refuse(id, &view, "cancelled", "it has ended", error);
    return ledger_cut_short(l, id, view.state, STORE_CANCELLED,
                            reason != NULL ? reason : "the execution was cancelled", error);
}

/* --- Retry --- */

/* How many of its `after:` begin anew, too. */
static int64_t count_waiting(const plan *p, uint32_t position, const bool *anew)
{
    const weir_module_task *declared = p->tasks[position].declared;
    int64_t waiting = 0;

    for (uint32_t i = 0; i < declared->after_count; i++)
        waiting += anew[declared->after[i]];
    return waiting;
}

static weir_status begin_anew(ledger *l, const plan *p, int64_t id, const task_list *list,
                              const bool *anew, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < list->count && status == WEIR_OK; i++)
        status = kind->move_task(
            l->store,
            &(store_task_move){.execution = id,
                               .position = list->items[i].position,
                               .from = list->items[i].state,
                               .to = STORE_PENDING,
                               .waiting = count_waiting(p, list->items[i].position, anew),
                               .runner = l->runner,
                               .reason = "the execution is tried again",
                               .time = l->now},
            error);
    for (size_t i = 0; i < list->count && status == WEIR_OK; i++)
        if (count_waiting(p, list->items[i].position, anew) == 0)
            status = ledger_decide(l, p, id, list->items[i].position, error);
    return status;
}

static weir_status retry_tasks(ledger *l, const plan *p, int64_t id, const task_list *list,
                               weir_error **error)
{
    int64_t left;
    bool *anew = weir_alloc_array(p->task_count, sizeof *anew);
    weir_status status =
        anew != NULL
            ? l->store->kind->count_unfinished(l->store, id, (int64_t)list->count, &left, error)
            : weir_error_set(error, WEIR_NOMEM, "out of memory");

    for (size_t i = 0; i < list->count && anew != NULL; i++)
        anew[list->items[i].position] = true;
    if (status == WEIR_OK)
        status = begin_anew(l, p, id, list, anew, error);
    weir_free(anew);
    return status;
}

weir_status ledger_retry(ledger *l, int64_t id, const char *reason, weir_error **error)
{
    ledger_view view;
    task_list list = {.ended = true};
    plan *p = NULL;
    bool waited;
    weir_status status = ledger_look(l, id, &view, error);

    if (status != WEIR_OK)
        return status;
    if (view.state != STORE_FAILED && view.state != STORE_CANCELLED)
        return refuse(id, &view, "tried again", "only what has Failed or is Cancelled can", error);
    if (view.unfinished != 0)
        return refuse(id, &view, "tried again", "some of its tasks still run", error);
    if ((status = ledger_is_waited_for(l, &view, &waited, error)) != WEIR_OK)
        return status;
    if (waited) /* it has counted already */
        return refuse(id, &view, "tried again",
                      "the execution that has begun it still waits for others like it", error);
    status = ledger_plan(l, view.plan, &p, error);
    if (status == WEIR_OK)
        status =
            l->store->kind->each_task(l->store, id, STORE_NONE, false, take_task, &list, error);
    if (status == WEIR_OK)
        status =
            move(l, id, view.state, STORE_RUNNING,
                 reason != NULL ? reason : "the execution is tried again",
                 p->config.timeout != INT64_MAX ? weir_later(l->now, p->config.timeout) : 0, error);
    if (status == WEIR_OK) /* nothing of it is left where all was done when its time was over */
        status = list.count != 0 ? retry_tasks(l, p, id, &list, error)
                                 : ledger_complete(l, p, id, error);
    weir_free(list.items);
    return status;
}
