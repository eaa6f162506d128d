/* SPDX-License-Identifier: Apache-2.0 */
/* items.c - a task that runs once for each item of a list (rule F16). It begins an execution for
 * each, of one task out of the workflow's parts, and waits for them (children.c); what they came to
 * is its result, a list in the order of the items. */
#include <stdio.h>
#include <string.h>

#include "workflow/json.h"
#include "workflow/ledger.h"

enum { WHY = 500 };

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

/* --- Beginning --- */

/* NULL: the job has failed. */
static json_t *list_of(weir_task *job)
{
    const plan_task *task = &job->plan->tasks[job->position];
    const evaluate_scope scope = job_scope(job);
    const char *text = task->declared->for_each.text;
    char why[WHY] = "";
    json_t *list = evaluate(task->for_each, &scope, why, sizeof why);
    size_t count = json_array_size(list);

    if (list == NULL)
        job_fail(job, WEIR_TASK_FAILED_GOOD, "for_each '%.400s' cannot be evaluated: %s", text,
                 why);
    else if (!json_is_array(list))
        job_fail(job, WEIR_TASK_FAILED_GOOD, "for_each '%.400s' gives no list", text);
    else if (count > (size_t)task->config.max)
        job_fail(job, WEIR_TASK_FAILED_GOOD,
                 "for_each '%.400s' gives %zu items; `max:` allows %lld", text, count,
                 (long long)task->config.max);
    if (job->answer == WEIR_TASK_DONE)
        return list;
    json_decref(list);
    return NULL;
}

char *ledger_item_input(const weir_task *job, int64_t item)
{
    json_t *input = json_pack("{s:O}", "item", json_array_get(job->items, (size_t)item));
    char *text = json_to_text(input);

    json_decref(input);
    return text;
}

weir_status ledger_fill_items(ledger *l, weir_task *job, weir_error **error)
{
    json_t *list = list_of(job);

    if (list == NULL)
        return WEIR_OK;
    if (json_array_size(list) != 0) {
        job->items = list;
        job->answer = WEIR_TASK_DEFERRED;
        return ledger_find_earlier(l, job, json_array_size(list), error);
    }
    /* Nothing is to be waited for. */
    if (job_set(job, weir_task_name(job), list, "") != WEIR_OK)
        return no_memory(error);
    job->settled = true;
    job_settle(job);
    return WEIR_OK;
}

static weir_status begin_one(ledger *l, const weir_task *job, const plan *parts,
                             const ledger_parent *parent, bool paused, weir_error **error)
{
    char *text = ledger_item_input(job, parent->item);
    int64_t id = 0;
    weir_status status = text != NULL
                             ? ledger_begin_child(l, parts, job->plan->tasks[job->position].item,
                                                  parent, text, &id, error)
                             : no_memory(error);

    if (status == WEIR_OK && paused)
        status = ledger_pause(l, id, "it was begun by one that is Paused", error);
    weir_free(text);
    return status;
}

weir_status ledger_begin_items(ledger *l, const weir_task *job, const ledger_view *view,
                               weir_error **error)
{
    plan *parts = NULL;
    ledger_parent parent = {.execution = job->execution,
                            .position = job->position,
                            .token = job->token,
                            .root = view->root,
                            .slot = job->slot,
                            .slot_day = job->slot_day,
                            .role = STORE_ROLE_ITEM};
    size_t count = json_array_size(job->items);
    bool paused = view->state == STORE_PAUSED, there;
    weir_status status = ledger_parts(l, job->plan, &parts, error);

    if (status == WEIR_OK)
        status = ledger_take_kept(l, job, count, error);
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        parent.item = (int64_t)i;
        status = ledger_go_on(l, job, i, paused, &there, error);
        if (status == WEIR_OK && !there)
            status = begin_one(l, job, parts, &parent, paused, error);
    }
    return status;
}

/* --- What they came to --- */

typedef struct gathering {
    const char *key; /* of what an item has set; NULL: all of it */
    json_t *list;
    size_t failed;
    char first[WHY * 2]; /* of those that failed */
} gathering;

/* A graph and a workflow have one result, under the task's name. */
static const char *key_of(const plan_task *task)
{
    bool one = task->declared->graph != NULL || task->declared->workflow != NULL;

    return one ? task->name : NULL;
}

static weir_status take_item(void *arg, const store_execution *row, weir_error **error)
{
    gathering *g = arg;
    char reason[200];
    json_t *context = row->state == STORE_COMPLETED && row->context != NULL
                          ? json_from_text(row->context, reason, sizeof reason)
                          : NULL;
    json_t *value = g->key != NULL ? json_object_get(context, g->key) : context;

    if (row->state != STORE_COMPLETED && g->failed++ == 0)
        snprintf(g->first, sizeof g->first, "item %lld (execution %lld) %s: %s",
                 (long long)row->item, (long long)row->id,
                 row->state == STORE_CANCELLED ? "was cancelled" : "failed",
                 row->reason != NULL ? row->reason : "");
    bool good =
        json_array_append_new(g->list, value != NULL ? json_incref(value) : json_null()) == 0;
    json_decref(context);
    return good ? WEIR_OK : no_memory(error);
}

weir_status ledger_gather_items(ledger *l, const plan *p, const ledger_view *item, json_t **ret,
                                char *reason, size_t size, weir_error **error)
{
    gathering g = {.key = key_of(&p->tasks[item->parent_position]), .list = json_array()};
    weir_status status =
        g.list != NULL ? l->store->kind->each_child(l->store, item->parent, item->parent_position,
                                                    item->parent_token, take_item, &g, error)
                       : no_memory(error);

    json_clean(g.first, strlen(g.first));
    if (g.failed != 0)
        snprintf(reason, size, "%zu of %zu items failed; the first: %s", g.failed,
                 json_array_size(g.list), g.first);
    if (status == WEIR_OK && g.failed == 0)
        *ret = json_incref(g.list);
    json_decref(g.list);
    return status;
}
