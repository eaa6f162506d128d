/* SPDX-License-Identifier: Apache-2.0 */
/* children.c - what a task begins and ends with (rule F16): an execution of another workflow, or
 * one for each of its items.
 *
 *     Running --begins it--> Deferred --it is Completed--> Completed, with its final context
 *                               \------- it is not ------> Ready or Failed, as after a failure
 *
 * The move to Deferred, which the token of the claim guards, and the new execution are one
 * transaction; so are the end of that and what follows for the task. The execution names the run
 * that began it, so that a later run of the task takes nothing from an earlier one's, but for what
 * it makes its own (earlier.c).
 */
#include <stdio.h>
#include <string.h>

#include "workflow/input.h"
#include "workflow/json.h"
#include "workflow/ledger.h"

enum { WHY = 500 };

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

/* --- Beginning --- */

/* The input as `with:` gives it, and the slot of a schedule. NULL: the job has failed. */
static char *input_of(weir_task *job, const plan *begun)
{
    const plan_task *task = &job->plan->tasks[job->position];
    const evaluate_scope scope = job_scope(job);
    json_t *input = json_object();
    char why[WHY] = "";

    for (uint32_t i = 0; i < task->declared->with_count; i++) {
        const char *name = task->declared->with[i].name;
        json_t *value = evaluate(task->with[i], &scope, why, sizeof why);
        if (value == NULL) {
            job_fail(job, WEIR_TASK_FAILED_GOOD, "'%s' of the input of '%s' cannot be had: %s",
                     name, task->declared->workflow, why);
            json_decref(input);
            return NULL;
        }
        json_object_set_new(input, name, value);
    }
    if (job->slot != 0)
        input_add_moments(begun, job->slot, job->slot_day, input);
    char *text = json_to_text(input);
    json_decref(input);
    if (text == NULL)
        job_fail(job, WEIR_TASK_FAILED, "out of memory");
    return text;
}

weir_status ledger_fill_begun(ledger *l, weir_task *job, weir_error **error)
{
    const char *name = job->plan->tasks[job->position].declared->workflow;
    const plan *begun = ledger_plan_named(l, name);
    char *given = begun != NULL ? input_of(job, begun) : NULL;
    weir_error *wrong = NULL;

    if (begun == NULL)
        job_fail(job, WEIR_TASK_FAILED_GOOD, "the workflow '%s' is not loaded", name);
    if (given == NULL)
        return WEIR_OK;
    weir_status status = input_read(begun, given, &job->begins_with, &wrong);
    weir_free(given);
    if (status == WEIR_OK) {
        job->begins = begun;
        job->answer = WEIR_TASK_DEFERRED;
        status = ledger_find_earlier(l, job, 1, error);
    } else if (status == WEIR_INVALID) {
        job_fail(job, WEIR_TASK_FAILED_GOOD, "%s", weir_error_message(wrong));
    }
    if (wrong != NULL && status != WEIR_INVALID)
        weir_error_set(error, status, "%s", weir_error_message(wrong));
    weir_error_free(wrong);
    return status == WEIR_INVALID ? WEIR_OK : status;
}

void ledger_wait_for_begun(const weir_task *job, char *reason, size_t size, store_task_move *move)
{
    size_t count = job->items != NULL ? json_array_size(job->items) : 1;
    size_t begun = count - job->kept_count;

    if (job->items != NULL && job->kept_count != 0)
        snprintf(reason, size,
                 "it waits for %zu of its %zu items; the others are Completed already", begun,
                 count);
    else if (job->items != NULL)
        snprintf(reason, size, "it waits for its %zu item%s", count, count == 1 ? "" : "s");
    else
        snprintf(reason, size, "it waits for an execution of '%.128s'", job->begins->workflow);
    move->to = STORE_DEFERRED;
    move->waiting = begun != 0 ? (int64_t)begun : 1; /* one of those that are kept tells it */
    move->reason = reason;
}

static weir_status note(ledger *l, int64_t id, int64_t position, const char *text,
                        weir_error **error)
{
    store_event event = {.position = position, .time = l->now, .runner = l->runner, .reason = text};

    return l->store->kind->note(l->store, id, &event, error);
}

static weir_status begin_another(ledger *l, const weir_task *job, const ledger_view *view,
                                 weir_error **error)
{
    const ledger_parent parent = {.execution = job->execution,
                                  .position = job->position,
                                  .token = job->token,
                                  .root = view->root,
                                  .slot = job->slot,
                                  .slot_day = job->slot_day,
                                  .role = STORE_ROLE_WORKFLOW};
    char text[200];
    int64_t id = 0;
    weir_status status =
        ledger_begin_child(l, job->begins, PLAN_NO_PART, &parent, job->begins_with, &id, error);

    snprintf(text, sizeof text, "it has begun execution %lld of '%.128s'", (long long)id,
             job->begins->workflow);
    if (status == WEIR_OK)
        status = note(l, job->execution, job->position, text, error);
    if (status == WEIR_OK && view->state == STORE_PAUSED)
        status = ledger_pause(l, id, "it was begun by one that is Paused", error);
    return status;
}

static weir_status note_earlier(ledger *l, const weir_task *job, const char *what,
                                weir_error **error)
{
    char text[200];

    snprintf(text, sizeof text, "execution %lld of '%.128s' %s", (long long)job->earlier->id,
             job->begins->workflow, what);
    return note(l, job->execution, job->position, text, error);
}

weir_status ledger_begin_begun(ledger *l, const weir_task *job, const ledger_view *view,
                               weir_error **error)
{
    bool there;

    if (job->kept_count != 0) {
        weir_status kept = note_earlier(l, job, "is Completed already, and is kept", error);
        return kept == WEIR_OK ? ledger_take_kept(l, job, 1, error) : kept;
    }
    weir_status status = ledger_go_on(l, job, 0, view->state == STORE_PAUSED, &there, error);
    if (status == WEIR_OK && there)
        return note_earlier(l, job, "goes on: what is Completed in it stays so", error);
    return status == WEIR_OK ? begin_another(l, job, view, error) : status;
}

/* --- Which there are --- */

typedef struct begun_list {
    ledger_begun *items;
    size_t count, room;
} begun_list;

static weir_status take_begun(void *arg, const store_execution *row, weir_error **error)
{
    begun_list *list = arg;

    if (list->count == list->room) {
        size_t room = list->room != 0 ? 2 * list->room : 16;
        ledger_begun *items = weir_realloc(list->items, room * sizeof *items);
        if (items == NULL)
            return no_memory(error);
        list->items = items;
        list->room = room;
    }
    ledger_begun *begun = &list->items[list->count++];
    *begun =
        (ledger_begun){.id = row->id, .parent_position = row->parent_position, .state = row->state};
    snprintf(begun->workflow, sizeof begun->workflow, "%s", row->workflow);
    return WEIR_OK;
}

weir_status ledger_list_begun(ledger *l, int64_t id, size_t most, ledger_begun **ret,
                              size_t *ret_count, weir_error **error)
{
    store_filter filter = {.parent = id, .most = most < INT32_MAX ? most : INT32_MAX};
    begun_list list = {.items = NULL};
    weir_status status =
        l->store->kind->each_execution(l->store, &filter, take_begun, &list, error);

    *ret = list.items;
    *ret_count = list.count;
    return status;
}

/* --- Its end --- */

/* The task that waits for it. */
typedef struct waiting_task {
    store_state state;
    int64_t token, attempt, spent;
    char *seen;
} waiting_task;

static weir_status take_waiting(void *arg, const store_task *row, weir_error **error)
{
    waiting_task *task = arg;

    task->state = row->state;
    task->token = row->token;
    task->attempt = row->attempt;
    task->spent = row->spent;
    if (row->seen != NULL && (task->seen = weir_strdup(row->seen)) == NULL)
        return no_memory(error);
    return WEIR_OK;
}

static weir_status take_context(void *arg, const store_execution *row, weir_error **error)
{
    char reason[200] = "";

    if (row->context == NULL)
        *(json_t **)arg = json_object();
    else if ((*(json_t **)arg = json_from_text(row->context, reason, sizeof reason)) == NULL)
        return weir_error_set(error, WEIR_IO, "the context of execution %lld cannot be read: %s",
                              (long long)row->id, reason);
    return WEIR_OK;
}

/* The result under the task's name; false and a reason: it is too long. */
static weir_status fill_result(const plan_task *task, const waiting_task *waiting, uint32_t at,
                               json_t *result, char *reason, size_t size, store_task_move *move,
                               char **ret_writes, char **ret_seen, weir_error **error)
{
    size_t length = json_text_size(result);

    if (length > CONTEXT_VALUE_LIMIT) {
        snprintf(reason, size, "its result is %zu bytes long; at most %d are kept", length,
                 CONTEXT_VALUE_LIMIT);
        move->to = STORE_FAILED;
        return WEIR_OK;
    }
    json_t *set = json_pack("{s:O}", task->name, result), *gone = json_object();
    json_t *writes = json_pack("{s:O, s:[]}", "set", set, "delete");
    *ret_writes = json_to_text(writes);
    *ret_seen = context_after(waiting->seen, at, set, gone);
    json_decref(writes);
    json_decref(gone);
    json_decref(set);
    move->to = STORE_COMPLETED;
    move->verdict = STORE_SUCCESS;
    move->writes = *ret_writes;
    move->seen = *ret_seen;
    return *ret_writes != NULL && *ret_seen != NULL ? WEIR_OK : no_memory(error);
}

/* Ends the run that waited: with a result (which is taken), or (NULL) as a failure with `reason`.
 */
static weir_status end_waiting(ledger *l, const plan *p, const ledger_view *view,
                               const waiting_task *waiting, json_t *result, char *reason,
                               size_t size, weir_error **error)
{
    uint32_t at = (uint32_t)view->parent_position;
    const plan_task *task = &p->tasks[at];
    char *writes = NULL, *seen = NULL;
    store_task_move move = {.execution = view->parent,
                            .position = at,
                            .from = STORE_DEFERRED,
                            .token = waiting->token,
                            .runner = l->runner,
                            .time = l->now,
                            .spent = true};
    ledger_failure failure = {.task = task,
                              .execution = view->parent,
                              .attempt = waiting->attempt,
                              .spent = waiting->spent,
                              .answer = view->role == STORE_ROLE_ITEM ? WEIR_TASK_FAILED_GOOD
                                                                      : WEIR_TASK_FAILED,
                              .error_class = "failed"};
    weir_status status = WEIR_OK;

    if (result != NULL)
        status = fill_result(task, waiting, at, result, reason, size, &move, &writes, &seen, error);
    if (move.to == STORE_FAILED)
        failure.answer = WEIR_TASK_FAILED_GOOD;
    if (move.to != STORE_COMPLETED) {
        ledger_fail(l, &failure, &move);
        move.reason = reason;
    }
    if (status == WEIR_OK)
        status = l->store->kind->move_task(l->store, &move, error);
    if (status == WEIR_OK && store_state_is_end(move.to))
        status = ledger_task_ended(l, p, view->parent, at, error);
    weir_free(writes);
    weir_free(seen);
    return status;
}

static weir_status end_workflow(ledger *l, const plan *p, int64_t id, const ledger_view *view,
                                const waiting_task *waiting, store_state to, const char *why,
                                weir_error **error)
{
    char reason[JOB_REASON];
    json_t *result = NULL;
    weir_status status = WEIR_OK;

    if (to == STORE_COMPLETED)
        status = l->store->kind->find_execution(l->store, id, NULL, NULL, true, take_context,
                                                &result, error);
    int size = snprintf(reason, sizeof reason, "execution %lld of '%s' %s: %s", (long long)id,
                        view->workflow, to == STORE_FAILED ? "has Failed" : "was cancelled",
                        why != NULL ? why : "");
    if (size >= (int)sizeof reason)
        json_cut(reason, sizeof reason);
    if (status == WEIR_OK)
        status = end_waiting(l, p, view, waiting, result, reason, sizeof reason, error);
    json_decref(result);
    return status;
}

/* One less to wait for; with the last one the task ends. */
static weir_status end_item(ledger *l, const plan *p, const ledger_view *view,
                            const waiting_task *waiting, weir_error **error)
{
    char reason[JOB_REASON] = "";
    json_t *result = NULL;
    int64_t left = 0;
    bool ended = false;
    weir_status status = l->store->kind->count_down(l->store, view->parent, view->parent_position,
                                                    &left, &ended, error);

    if (status != WEIR_OK || left != 0)
        return status;
    status = ledger_gather_items(l, p, view, &result, reason, sizeof reason, error);
    if (status == WEIR_OK)
        status = end_waiting(l, p, view, waiting, result, reason, sizeof reason, error);
    json_decref(result);
    return status;
}

weir_status ledger_is_waited_for(ledger *l, const ledger_view *view, bool *ret, weir_error **error)
{
    waiting_task waiting = {.seen = NULL};
    weir_status status =
        view->role == STORE_ROLE_ITEM || view->role == STORE_ROLE_WORKFLOW
            ? l->store->kind->find_task(l->store, view->parent, view->parent_position, false,
                                        take_waiting, &waiting, error)
            : WEIR_OK;

    *ret = waiting.state == STORE_DEFERRED && waiting.token == view->parent_token;
    weir_free(waiting.seen);
    return status;
}

weir_status ledger_tell_parent(ledger *l, int64_t id, const ledger_view *view, store_state to,
                               const char *reason, weir_error **error)
{
    ledger_view parent;
    waiting_task waiting = {.seen = NULL};
    plan *p = NULL;
    weir_status status = ledger_look(l, view->parent, &parent, error);

    if (status == WEIR_OK)
        status = l->store->kind->find_task(l->store, view->parent, view->parent_position, false,
                                           take_waiting, &waiting, error);
    bool waits = !store_state_is_end(parent.state) && waiting.state == STORE_DEFERRED &&
                 waiting.token == view->parent_token;
    if (status == WEIR_OK && waits)
        status = ledger_plan(l, parent.plan, &p, error);
    if (status == WEIR_OK && waits && view->role == STORE_ROLE_ITEM)
        status = end_item(l, p, view, &waiting, error);
    else if (status == WEIR_OK && waits)
        status = end_workflow(l, p, id, view, &waiting, to, reason, error);
    weir_free(waiting.seen);
    return status;
}

weir_status ledger_execution_ended(ledger *l, const plan *p, int64_t id, const ledger_view *view,
                                   store_state to, const char *reason, weir_error **error)
{
    if (view->role == STORE_ROLE_HOOK)
        return ledger_hook_ended(l, id, view, to, reason, error);
    weir_status status = ledger_begin_last_hook(l, p, id, view, to, reason, error);
    return status == WEIR_OK && view->role != STORE_ROLE_ITSELF
               ? ledger_tell_parent(l, id, view, to, reason, error)
               : status;
}
