/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.c - what runs once when a task or an execution has come to its end (rule F12). A hook is an
 * execution of its own, begun in the transaction that records the end: so it runs however that
 * came, and whatever dies; and what becomes of it changes nothing for what it is of. */
#include <stdio.h>
#include <string.h>

#include "workflow/json.h"
#include "workflow/ledger.h"

/* What a hook is told, as its input. */
typedef struct ending {
    const char *workflow;
    const char *task; /* NULL: the execution */
    store_state state;
    const char *reason;
    int64_t attempts;
    json_t *input; /* of the execution */
} ending;

static char *input_of(int64_t id, const ending *e)
{
    json_t *input = json_pack("{s:I, s:s, s:s, s:O}", "execution", (json_int_t)id, "workflow",
                              e->workflow, "state", store_state_text(e->state), "input", e->input);

    if (e->task != NULL) {
        json_object_set_new(input, "task", json_string(e->task));
        json_object_set_new(input, "attempts", json_integer(e->attempts));
    }
    if (e->reason != NULL)
        json_object_set_new(input, "reason", json_string(e->reason));
    char *text = json_to_text(input);
    json_decref(input);
    return text;
}

static weir_status note(ledger *l, int64_t id, int64_t position, const char *reason,
                        weir_error **error)
{
    store_event event = {
        .position = position, .time = l->now, .runner = l->runner, .reason = reason};

    return l->store->kind->note(l->store, id, &event, error);
}

weir_status ledger_parts(ledger *l, const plan *p, plan **ret, weir_error **error)
{
    store_plan row = {
        .version = p->parts_version, .workflow = p->parts_name, .text = p->parts_text};
    int64_t id = 0;
    weir_status status = l->store->kind->add_plan(l->store, &row, &id, error);

    return status == WEIR_OK ? ledger_plan(l, id, ret, error) : status;
}

static weir_status begin(ledger *l, const plan *p, uint32_t part, const ledger_parent *parent,
                         ending *e, weir_error **error)
{
    plan *parts = NULL;
    int64_t id = 0;
    char text[300], *input = NULL;
    weir_status status = ledger_parts(l, p, &parts, error);

    if (status == WEIR_OK)
        status = l->store->kind->find_execution(l->store, parent->execution, NULL, NULL, true,
                                                ledger_take_input, &e->input, error);
    if (status == WEIR_OK && (input = input_of(parent->execution, e)) == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = ledger_begin_child(l, parts, part, parent, input, &id, error);
    if (status == WEIR_OK) {
        snprintf(text, sizeof text, "its hook '%s' is execution %lld", parts->tasks[part].name,
                 (long long)id);
        status = note(l, parent->execution, parent->position, text, error);
    }
    json_decref(e->input);
    weir_free(input);
    return status;
}

static uint32_t hook_for(store_state state, uint32_t on_success, uint32_t on_failure)
{
    return state == STORE_COMPLETED ? on_success
           : state == STORE_FAILED  ? on_failure
                                    : PLAN_NO_PART;
}

/* --- Of a task --- */

typedef struct task_ending {
    store_state state;
    int64_t attempts, token;
    char *reason;
} task_ending;

static weir_status take_ending(void *arg, const store_task *row, weir_error **error)
{
    task_ending *e = arg;

    e->state = row->state;
    e->attempts = row->attempt;
    e->token = row->token;
    if (row->reason != NULL && (e->reason = weir_strdup(row->reason)) == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    return WEIR_OK;
}

weir_status ledger_begin_hook(ledger *l, const plan *p, int64_t id, uint32_t position,
                              weir_error **error)
{
    const plan_task *task = &p->tasks[position];
    task_ending ended = {.reason = NULL};
    ledger_view view;

    if (task->on_success == PLAN_NO_PART && task->on_failure == PLAN_NO_PART)
        return WEIR_OK;
    weir_status status =
        l->store->kind->find_task(l->store, id, position, false, take_ending, &ended, error);
    uint32_t part = hook_for(ended.state, task->on_success, task->on_failure);
    if (status == WEIR_OK && part != PLAN_NO_PART)
        status = ledger_look(l, id, &view, error);
    if (status == WEIR_OK && part != PLAN_NO_PART) {
        const ledger_parent parent = {.execution = id,
                                      .position = position,
                                      .token = ended.token,
                                      .root = view.root,
                                      .role = STORE_ROLE_HOOK};
        ending e = {.workflow = p->workflow,
                    .task = task->name,
                    .state = ended.state,
                    .reason = ended.reason,
                    .attempts = ended.attempts};
        status = begin(l, p, part, &parent, &e, error);
    }
    weir_free(ended.reason);
    return status;
}

/* --- Of an execution --- */

weir_status ledger_begin_last_hook(ledger *l, const plan *p, int64_t id, const ledger_view *view,
                                   store_state to, const char *reason, weir_error **error)
{
    uint32_t part = hook_for(to, p->on_success, p->on_failure);
    const ledger_parent parent = {
        .execution = id, .position = -1, .root = view->root, .role = STORE_ROLE_HOOK};
    ending e = {.workflow = p->workflow, .state = to, .reason = reason};

    return part != PLAN_NO_PART ? begin(l, p, part, &parent, &e, error) : WEIR_OK;
}

weir_status ledger_hook_ended(ledger *l, int64_t id, const ledger_view *view, store_state to,
                              const char *reason, weir_error **error)
{
    char text[JOB_REASON + 400];

    if (to == STORE_COMPLETED)
        return WEIR_OK;
    snprintf(text, sizeof text, "its hook, execution %lld of '%s', is %s: %s", (long long)id,
             view->workflow, store_state_text(to), reason != NULL ? reason : "");
    return note(l, view->parent, view->parent_position, text, error);
}
