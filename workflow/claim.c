/* SPDX-License-Identifier: Apache-2.0 */
/* claim.c - tasks that are Ready become jobs, with what they read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workflow/json.h"
#include "workflow/ledger.h"

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

/* --- The context --- */

/* The keys of one writer are taken out of its row. */
typedef struct taking {
    const plan *plan;
    const context_key *keys;
    size_t count;
    json_t *into;
} taking;

static weir_status take_values(void *arg, const store_task *row, weir_error **error)
{
    taking *t = arg;
    char reason[200] = "it is not there";
    json_t *writes =
        row->writes != NULL ? json_from_text(row->writes, reason, sizeof reason) : NULL;
    json_t *set = json_object_get(writes, "set");
    weir_status status =
        json_is_object(set)
            ? WEIR_OK
            : weir_error_set(error, WEIR_IO, "what the store has of task '%s' cannot be read: %s",
                             row->name, reason);

    for (size_t i = 0; i < t->count && status == WEIR_OK; i++) {
        json_t *value = json_object_get(set, t->keys[i].name);
        if (value != NULL && json_object_set(t->into, t->keys[i].name, value) != 0)
            status = no_memory(error);
    }
    json_decref(writes);
    return status;
}

static weir_status note_clash(ledger *l, const plan *p, int64_t id, int64_t reader,
                              const context_key *key, weir_error **error)
{
    char *sentence = context_clash_text(p, key);
    store_event event = {
        .position = reader, .time = l->now, .runner = l->runner, .reason = sentence};
    weir_status status =
        sentence != NULL ? l->store->kind->note(l->store, id, &event, error) : no_memory(error);

    weir_free(sentence);
    return status;
}

static weir_status read_values(ledger *l, const plan *p, int64_t id, const context_key *keys,
                               size_t count, int64_t reader, json_t *into, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (size_t i = 0, next; i < count && status == WEIR_OK; i = next) {
        taking t = {.plan = p, .keys = &keys[i], .into = into};
        for (next = i; next < count && keys[next].writer == keys[i].writer; next++)
            t.count++;
        status =
            l->store->kind->find_task(l->store, id, keys[i].writer, true, take_values, &t, error);
    }
    for (size_t i = 0; i < count && status == WEIR_OK && reader >= -1; i++)
        if (json_array_size(keys[i].writers) > 1)
            status = note_clash(l, p, id, reader, &keys[i], error);
    return status;
}

weir_status ledger_context(ledger *l, const plan *p, int64_t id, const char *seen, int64_t reader,
                           json_t **ret, weir_error **error)
{
    char reason[200];
    size_t count = 0;
    json_t *view = seen != NULL ? json_from_text(seen, reason, sizeof reason) : json_object();
    json_t *into = json_object();
    context_key *keys = context_keys(view, &count);
    weir_status status = view != NULL && into != NULL && keys != NULL
                             ? read_values(l, p, id, keys, count, reader, into, error)
                             : no_memory(error);

    weir_free(keys);
    json_decref(view);
    if (status == WEIR_OK)
        *ret = into;
    else
        json_decref(into);
    return status;
}

/* --- Jobs --- */

typedef struct execution_head {
    int64_t id; /* 0: of none */
    store_state state;
    json_t *input, *context; /* `context`: of its end */
    int64_t slot, slot_day, plan;
    store_role role;
    int64_t parent, parent_position, item;
} execution_head;

static weir_status take_head(void *arg, const store_execution *row, weir_error **error)
{
    execution_head *head = arg;
    char reason[200];

    head->state = row->state;
    head->slot = row->slot;
    head->slot_day = row->slot_day;
    head->plan = row->plan;
    head->role = row->role;
    head->parent = row->parent;
    head->parent_position = row->parent_position;
    head->item = row->item;
    head->context =
        row->context != NULL ? json_from_text(row->context, reason, sizeof reason) : json_object();
    head->input = json_from_text(row->input, reason, sizeof reason);
    return head->input != NULL
               ? WEIR_OK
               : weir_error_set(error, WEIR_IO, "the input of execution %lld cannot be read: %s",
                                (long long)row->id, reason);
}

static void free_head(execution_head *head)
{
    json_decref(head->input);
    json_decref(head->context);
    *head = (execution_head){0};
}

/* The first claim of an execution begins it. Several in a row ask once. */
static weir_status open_execution(ledger *l, int64_t id, execution_head *head, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;

    if (head->id == id)
        return WEIR_OK;
    free_head(head);
    head->id = id;
    weir_status status =
        kind->find_execution(l->store, id, NULL, NULL, true, take_head, head, error);

    if (status == WEIR_OK && head->state == STORE_PENDING)
        status = kind->move_execution(l->store,
                                      &(store_execution_move){.execution = id,
                                                              .from = STORE_PENDING,
                                                              .to = STORE_RUNNING,
                                                              .runner = l->runner,
                                                              .time = l->now},
                                      error);
    return status;
}

static weir_status take_seen(void *arg, const store_task *row, weir_error **error)
{
    if (row->seen != NULL && (*(char **)arg = weir_strdup(row->seen)) == NULL)
        return no_memory(error);
    return WEIR_OK;
}

/* What one run of a task has for one of its items is the execution's own input; all else it has as
 * that task. */
static void take_item(const execution_head *head, json_t *input, weir_task *job)
{
    job->item = json_incref(json_object_get(job->input, "item"));
    job->index = head->item;
    json_decref(job->input);
    job->input = json_incref(input);
}

/* A hook sees what the task that it is of handed on, or the execution's end; an item what its task
 * sees. */
static weir_status read_parent(ledger *l, const execution_head *head, weir_task *job,
                               weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    execution_head parent = {0};
    char *seen = NULL;
    plan *p = NULL;
    weir_status status =
        kind->find_execution(l->store, head->parent, NULL, NULL, true, take_head, &parent, error);

    if (status == WEIR_OK && head->parent_position < 0) {
        job->context = json_incref(parent.context);
    } else if (status == WEIR_OK) {
        status = ledger_plan(l, parent.plan, &p, error);
        if (status == WEIR_OK)
            status = kind->find_task(l->store, head->parent, head->parent_position, false,
                                     take_seen, &seen, error);
        if (status == WEIR_OK)
            status = ledger_context(l, p, head->parent, seen, -2, &job->context, error);
    }
    job->slot = parent.slot;
    job->slot_day = parent.slot_day;
    if (status == WEIR_OK && head->role == STORE_ROLE_ITEM)
        take_item(head, parent.input, job);
    free_head(&parent);
    weir_free(seen);
    return status;
}

static weir_status fill_job(ledger *l, weir_task *job, execution_head *head, weir_error **error)
{
    const plan_task *task = &job->plan->tasks[job->position];
    weir_status status = open_execution(l, job->execution, head, error);

    if (status == WEIR_OK && (job->input = json_deep_copy(head->input)) == NULL)
        status = no_memory(error);
    job->slot = head->slot;
    job->slot_day = head->slot_day;
    if (status == WEIR_OK && head->role != STORE_ROLE_HOOK && head->role != STORE_ROLE_ITEM)
        status =
            ledger_context(l, job->plan, job->execution, job->seen,
                           job->attempt == 1 ? (int64_t)job->position : -2, &job->context, error);
    else if (status == WEIR_OK)
        status = read_parent(l, head, job, error);
    if (status == WEIR_OK && !job_take_draft(job, job->draft))
        status = no_memory(error);
    if (status != WEIR_OK)
        return status;
    job->grace = l->config.grace;
    job->user = l->user;
    job->zygotes = l->zygotes;
    snprintf(job->key, sizeof job->key, "%lld/%s", (long long)job->execution, task->name);
    size_t size = json_text_size(job->context);
    if (size > CONTEXT_LIMIT)
        job_fail(job, WEIR_TASK_FAILED_GOOD, "its context is %zu bytes long; at most %d are kept",
                 size, CONTEXT_LIMIT);
    if (job->answer == WEIR_TASK_DONE && task->for_each != NULL && job->condition == NULL)
        return ledger_fill_items(l, job, error);
    if (job->answer != WEIR_TASK_DONE || job_function(job) != NULL)
        return WEIR_OK;
    return task->declared->workflow != NULL ? ledger_fill_begun(l, job, error)
                                            : rule_fill_words(l, job, error);
}

weir_status ledger_fill_job(ledger *l, weir_task *job, weir_error **error)
{
    execution_head head = {0};
    weir_status status = fill_job(l, job, &head, error);

    free_head(&head);
    return status;
}

typedef struct claiming {
    ledger *ledger;
    weir_task *jobs;
} claiming;

static weir_status take_claimed(void *arg, const store_task *row, weir_error **error)
{
    claiming *c = arg;
    plan *p = NULL;

    for (size_t i = 0; i < c->ledger->plan_count; i++)
        if (c->ledger->plans[i]->id == row->plan)
            p = c->ledger->plans[i];
    weir_task *job = p != NULL ? job_new(p, (uint32_t)row->position) : NULL;
    if (job == NULL)
        return no_memory(error);
    p->turn = ++c->ledger->turn;
    job->execution = row->execution;
    job->attempt = row->attempt;
    job->token = row->token;
    job->spent = row->spent;
    job->patience = row->patience;
    job->next = c->jobs;
    c->jobs = job;
    if ((row->seen != NULL && (job->seen = weir_strdup(row->seen)) == NULL) ||
        (row->writes != NULL && (job->draft = weir_strdup(row->writes)) == NULL))
        return no_memory(error);
    return WEIR_OK;
}

/* --- The claim --- */

static int by_turn(const void *a, const void *b)
{
    const plan *left = *(plan *const *)a, *right = *(plan *const *)b;

    return left->turn != right->turn ? (left->turn < right->turn ? -1 : 1) : 0;
}

/* The plan that was served longest ago comes first. */
static store_lane *make_lanes(ledger *l, size_t *ret_count)
{
    size_t room = 1;

    for (size_t i = 0; i < l->plan_count; i++)
        room += l->plans[i]->tag_count;
    store_lane *lanes = weir_alloc_array(room, sizeof *lanes);
    *ret_count = 0;
    if (lanes == NULL)
        return NULL;
    if (l->plan_count > 1)
        qsort(l->plans, l->plan_count, sizeof *l->plans, by_turn);
    for (size_t i = 0; i < l->plan_count; i++)
        for (size_t t = 0; t < l->plans[i]->tag_count; t++)
            lanes[(*ret_count)++] = (store_lane){.plan = l->plans[i]->id,
                                                 .tag = l->plans[i]->tags[t].tag,
                                                 .limit = l->plans[i]->tags[t].limit};
    return lanes;
}

weir_status ledger_claim(ledger *l, int64_t root, size_t most, weir_task **jobs, weir_error **error)
{
    store_claim want = {.root = root, .runner = l->runner, .time = l->now, .most = most};
    claiming c = {.ledger = l};
    execution_head head = {0};
    store_lane *lanes = make_lanes(l, &want.lane_count);

    if (lanes == NULL)
        return no_memory(error);
    want.lanes = lanes;
    weir_status status = l->store->kind->claim(l->store, &want, take_claimed, &c, error);
    weir_free(lanes);
    for (weir_task *job = c.jobs; job != NULL && status == WEIR_OK; job = job->next)
        status = fill_job(l, job, &head, error);
    free_head(&head);
    while (c.jobs != NULL) {
        weir_task *job = c.jobs;
        c.jobs = job->next;
        if (status != WEIR_OK) {
            job_free(job);
            continue;
        }
        job->next = *jobs;
        *jobs = job;
    }
    return status;
}
