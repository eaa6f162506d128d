/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - pause, resume, cancel (rule F12): each asks for the state that it changes in the
 * statement that changes it. Retry is in again.c. */
#include <stdio.h>
#include <string.h>

#include "workflow/ledger.h"

weir_status ledger_refuse(int64_t id, const ledger_view *view, const char *what, const char *why,
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
        return ledger_refuse(id, &view, "paused", "only what is Pending or Running can", error);
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
        return ledger_refuse(id, &view, "resumed", "only what is Paused can", error);
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
} task_list;

static bool waits(store_state state)
{
    return state == STORE_PENDING || state == STORE_READY || state == STORE_DEFERRED;
}

static weir_status take_task(void *arg, const store_task *row, weir_error **error)
{
    task_list *list = arg;

    if (!waits(row->state))
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
        return ledger_refuse(id, &view, "cancelled", "it has ended", error);
    return ledger_cut_short(l, id, view.state, STORE_CANCELLED,
                            reason != NULL ? reason : "the execution was cancelled", error);
}
