/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c - executions begin. */
#include "workflow/ledger.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"

typedef struct found_key {
    int64_t id;
    bool same;
    const char *input;
} found_key;

static weir_status take_key(void *arg, const store_execution *row, weir_error **error)
{
    found_key *found = arg;

    (void)error;
    found->id = row->id;
    found->same = strcmp(row->input, found->input) == 0;
    return WEIR_OK;
}

/* *ret_id 0: nobody has started one with this key. */
static weir_status find_key(ledger *l, const plan *p, const char *input, const char *key,
                            int64_t *ret_id, weir_error **error)
{
    found_key found = {.input = input};
    weir_status status = l->store->kind->find_execution(l->store, 0, p->workflow, key, true,
                                                        take_key, &found, error);

    if (status == WEIR_NOT_FOUND)
        return WEIR_OK;
    *ret_id = found.id;
    if (status == WEIR_OK && !found.same)
        return weir_error_set(error, WEIR_INVALID,
                              "the key '%s' was used for execution %lld of '%s' with another input",
                              key, (long long)found.id, p->workflow);
    return status;
}

/* It waits for nobody, and nobody is to be asked. */
static bool begins_ready(const plan *p, uint32_t position)
{
    return p->tasks[position].declared->after_count == 0 && p->tasks[position].rule == NULL;
}

static int64_t count_ready(const plan *p)
{
    int64_t count = 0;

    for (uint32_t i = 0; i < p->task_count; i++)
        count += begins_ready(p, i);
    return count;
}

/* `behind`: how many that begin as Ready come behind it; below 0: it does not. */
static weir_status add_task(ledger *l, const plan *p, int64_t id, const store_execution *of,
                            uint32_t position, int64_t behind, weir_error **error)
{
    const plan_task *task = &p->tasks[position];
    store_task row = {.position = position,
                      .root = of->root,
                      .name = task->name,
                      .state = behind >= 0 ? STORE_READY : STORE_PENDING,
                      .behind = behind,
                      .waiting = task->declared->after_count,
                      .priority = task->config.priority,
                      .tag = task->concurrency.tag};

    return l->store->kind->add_task(l->store, id, of->plan, &row, l->now, error);
}

static weir_status add_tasks(ledger *l, const plan *p, int64_t id, const store_execution *of,
                             weir_error **error)
{
    weir_status status = WEIR_OK;

    int64_t ready = of->ready;

    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++)
        status = add_task(l, p, id, of, i, begins_ready(p, i) ? --ready : -1, error);
    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++)
        if (p->tasks[i].declared->after_count == 0 && p->tasks[i].rule != NULL)
            status = ledger_decide(l, p, id, i, error);
    return status;
}

static weir_status add(ledger *l, const plan *p, const char *input, const char *key,
                       int64_t *ret_id, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    store_plan row = {.version = p->version, .workflow = p->workflow, .text = p->text};
    store_execution execution = {.workflow = p->workflow,
                                 .key = key,
                                 .input = input,
                                 .unfinished = p->task_count,
                                 .ready = count_ready(p),
                                 .slot = l->slot,
                                 .slot_day = l->slot_day,
                                 .created = l->now};
    weir_status status = kind->add_plan(l->store, &row, &execution.plan, error);

    if (p->config.timeout != INT64_MAX)
        execution.deadline = weir_later(l->now, p->config.timeout);
    if (status == WEIR_OK)
        status = kind->add_execution(l->store, &execution, ret_id, error);
    return status == WEIR_OK ? add_tasks(l, p, *ret_id, &execution, error) : status;
}

weir_status ledger_begin_child(ledger *l, const plan *p, uint32_t part, const ledger_parent *parent,
                               const char *input, int64_t *ret_id, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    bool whole = part == PLAN_NO_PART;
    char name[300];
    store_execution execution = {.workflow = name,
                                 .plan = p->id,
                                 .input = input,
                                 .unfinished = whole ? p->task_count : 1,
                                 .ready = whole ? count_ready(p) : 1,
                                 .slot = parent->slot,
                                 .slot_day = parent->slot_day,
                                 .created = l->now,
                                 .role = parent->role,
                                 .parent = parent->execution,
                                 .parent_position = parent->position,
                                 .parent_token = parent->token,
                                 .item = parent->item,
                                 .root = parent->root};

    snprintf(name, sizeof name, "%s%s", p->workflow, whole ? "" : p->tasks[part].name);
    if (whole && p->config.timeout != INT64_MAX)
        execution.deadline = weir_later(l->now, p->config.timeout);
    weir_status status = kind->add_execution(l->store, &execution, ret_id, error);
    if (status != WEIR_OK || whole)
        return status == WEIR_OK ? add_tasks(l, p, *ret_id, &execution, error) : status;
    return add_task(l, p, *ret_id, &execution, part, 0, error);
}

weir_status ledger_start(ledger *l, const plan *p, const char *input, const char *key,
                         int64_t *ret_id, weir_error **error)
{
    int64_t id = 0;
    weir_status status = key != NULL ? find_key(l, p, input, key, &id, error) : WEIR_OK;

    if (status == WEIR_OK && id == 0)
        status = add(l, p, input, key, &id, error);
    if (status == WEIR_OK || status == WEIR_INVALID)
        *ret_id = id;
    return status;
}

/* --- Looking --- */

static weir_status take_view(void *arg, const store_execution *row, weir_error **error)
{
    ledger_view *view = arg;

    (void)error;
    *view = (ledger_view){.plan = row->plan,
                          .unfinished = row->unfinished,
                          .created = row->created,
                          .root = row->root,
                          .parent = row->parent,
                          .parent_position = row->parent_position,
                          .parent_token = row->parent_token,
                          .item = row->item,
                          .role = row->role,
                          .state = row->state};
    snprintf(view->workflow, sizeof view->workflow, "%s", row->workflow);
    snprintf(view->version, sizeof view->version, "%s", row->version);
    return WEIR_OK;
}

weir_status ledger_look(ledger *l, int64_t id, ledger_view *ret, weir_error **error)
{
    weir_status status = id > 0 ? l->store->kind->find_execution(l->store, id, NULL, NULL, false,
                                                                 take_view, ret, error)
                                : WEIR_NOT_FOUND;

    return status == WEIR_NOT_FOUND
               ? weir_error_set(error, status, "the store has no execution %lld", (long long)id)
               : status;
}

weir_status ledger_count_below(ledger *l, int64_t id, const ledger_view *view, int64_t *ret,
                               weir_error **error)
{
    *ret = 0;
    return store_state_is_end(view->state) && view->root == id
               ? l->store->kind->count_below(l->store, id, ret, error)
               : WEIR_OK;
}
