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
    if (status == WEIR_OK && !found.same)
        return weir_error_set(error, WEIR_INVALID,
                              "the key '%s' was used for execution %lld of '%s' with another input",
                              key, (long long)found.id, p->workflow);
    *ret_id = found.id;
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

static weir_status add_tasks(ledger *l, const plan *p, int64_t id, int64_t plan_id, int64_t ready,
                             weir_error **error)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++) {
        const plan_task *task = &p->tasks[i];
        store_task row = {.position = i,
                          .name = task->name,
                          .state = begins_ready(p, i) ? STORE_READY : STORE_PENDING,
                          .waiting = task->declared->after_count,
                          .priority = task->config.priority,
                          .tag = task->concurrency.tag};
        if (row.state == STORE_READY)
            row.behind = --ready;
        status = l->store->kind->add_task(l->store, id, plan_id, &row, l->now, error);
    }
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
                                 .created = l->now};
    weir_status status = kind->add_plan(l->store, &row, &execution.plan, error);

    if (p->config.timeout != INT64_MAX)
        execution.deadline = weir_later(l->now, p->config.timeout);
    if (status == WEIR_OK)
        status = kind->add_execution(l->store, &execution, ret_id, error);
    return status == WEIR_OK ? add_tasks(l, p, *ret_id, execution.plan, execution.ready, error)
                             : status;
}

weir_status ledger_start(ledger *l, const plan *p, const char *input, const char *key,
                         int64_t *ret_id, weir_error **error)
{
    int64_t id = 0;
    weir_status status = key != NULL ? find_key(l, p, input, key, &id, error) : WEIR_OK;

    if (status == WEIR_OK && id == 0)
        status = add(l, p, input, key, &id, error);
    if (status == WEIR_OK)
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
