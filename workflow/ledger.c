/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c - start, claim, finish, reclaim: one transaction each. */
#include "workflow/ledger.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "workflow/context.h"
#include "workflow/json.h"

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

int64_t ledger_now(const ledger *l)
{
    return l->now != 0 ? l->now : l->store->kind->now(l->store);
}

/* Ends a transaction as `status` says. */
static weir_status end(ledger *l, weir_status status, weir_error **error)
{
    if (status == WEIR_OK)
        return l->store->kind->commit(l->store, error);
    l->store->kind->rollback(l->store);
    return status;
}

/* --- Start --- */

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
    weir_status status =
        l->store->kind->find_execution(l->store, 0, p->workflow, key, take_key, &found, error);

    if (status == WEIR_NOT_FOUND)
        return WEIR_OK;
    if (status == WEIR_OK && !found.same)
        return weir_error_set(error, WEIR_INVALID,
                              "the key '%s' was used for execution %lld of '%s' with another input",
                              key, (long long)found.id, p->workflow);
    *ret_id = found.id;
    return status;
}

static weir_status add_tasks(ledger *l, const plan *p, int64_t id, int64_t now, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++) {
        store_task row = {
            .position = i, .name = p->tasks[i].name, .waiting = p->tasks[i].declared->after_count};
        status = kind->add_task(l->store, id, &row, now, error);
    }
    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++)
        if (p->tasks[i].declared->after_count == 0)
            status = kind->move_task(l->store,
                                     &(store_task_move){.execution = id,
                                                        .position = i,
                                                        .from = STORE_PENDING,
                                                        .to = STORE_READY,
                                                        .runner = l->runner,
                                                        .time = now,
                                                        .due = now},
                                     error);
    return status;
}

static weir_status add(ledger *l, const plan *p, const char *input, const char *key,
                       int64_t *ret_id, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    store_execution row = {.workflow = p->workflow,
                           .version = p->version,
                           .key = key,
                           .input = input,
                           .unfinished = p->task_count,
                           .created = ledger_now(l)};
    weir_status status = kind->add_plan(l->store, p->version, p->workflow, p->text, error);

    if (status == WEIR_OK)
        status = kind->add_execution(l->store, &row, ret_id, error);
    return status == WEIR_OK ? add_tasks(l, p, *ret_id, row.created, error) : status;
}

weir_status ledger_start(ledger *l, const plan *p, const char *input, const char *key,
                         int64_t *ret_id, weir_error **error)
{
    int64_t id = 0;
    weir_status status = l->store->kind->begin(l->store, error);

    if (status != WEIR_OK)
        return status;
    if (key != NULL)
        status = find_key(l, p, input, key, &id, error);
    if (status == WEIR_OK && id == 0)
        status = add(l, p, input, key, &id, error);
    status = end(l, status, error);
    if (status == WEIR_OK)
        *ret_id = id;
    return status;
}

/* --- Looking --- */

static weir_status take_view(void *arg, const store_execution *row, weir_error **error)
{
    ledger_view *view = arg;

    (void)error;
    view->state = row->state;
    snprintf(view->workflow, sizeof view->workflow, "%s", row->workflow);
    snprintf(view->version, sizeof view->version, "%s", row->version);
    return WEIR_OK;
}

weir_status ledger_look(ledger *l, int64_t id, ledger_view *ret, weir_error **error)
{
    weir_status status = l->store->kind->begin(l->store, error);

    if (status != WEIR_OK)
        return status;
    status = id > 0
                 ? l->store->kind->find_execution(l->store, id, NULL, NULL, take_view, ret, error)
                 : WEIR_NOT_FOUND;
    if (status == WEIR_NOT_FOUND)
        weir_error_set(error, WEIR_NOT_FOUND, "the store has no execution %lld", (long long)id);
    return end(l, status, error);
}

/* --- The context --- */

typedef struct gathering {
    ledger *ledger;
    const plan *plan;
    int64_t execution;
    uint32_t reader;
    int64_t now;
    context_writes writes;
} gathering;

static weir_status take_writes(void *arg, const store_task *row, weir_error **error)
{
    gathering *g = arg;
    uint32_t task = (uint32_t)row->position;

    if (row->writes == NULL ||
        (g->reader != g->plan->task_count && !plan_is_above(g->plan, task, g->reader)))
        return WEIR_OK;
    return context_writes_add(&g->writes, task, row->writes, error);
}

static weir_status note_clash(void *arg, const char *key, const char *sentence, weir_error **error)
{
    const gathering *g = arg;
    store_event event = {.position = g->reader == g->plan->task_count ? -1 : (int64_t)g->reader,
                         .time = g->now,
                         .runner = g->ledger->runner,
                         .reason = sentence};

    (void)key;
    return g->ledger->store->kind->note(g->ledger->store, g->execution, &event, error);
}

weir_status ledger_context(ledger *l, const plan *p, int64_t id, uint32_t reader, bool note_clashes,
                           json_t **ret, weir_error **error)
{
    gathering g = {.ledger = l, .plan = p, .execution = id, .reader = reader, .now = ledger_now(l)};
    weir_status status = context_writes_init(&g.writes, p, error);

    if (status == WEIR_OK)
        status = l->store->kind->each_task(l->store, id, STORE_COMPLETED, take_writes, &g, error);
    if (status == WEIR_OK)
        status = context_merge(&g.writes, reader, note_clashes ? note_clash : NULL, &g, ret, error);
    context_writes_free(&g.writes);
    return status;
}

/* --- Claim --- */

typedef struct ready_task {
    uint32_t position;
    int64_t attempt, token, spent, due;
} ready_task;

static weir_status take_ready(void *arg, const store_task *row, weir_error **error)
{
    (void)error;
    *(ready_task *)arg = (ready_task){.position = (uint32_t)row->position,
                                      .attempt = row->attempt,
                                      .token = row->token,
                                      .spent = row->spent,
                                      .due = row->due};
    return WEIR_OK;
}

typedef struct execution_head {
    store_state state;
    json_t *input;
} execution_head;

static weir_status take_head(void *arg, const store_execution *row, weir_error **error)
{
    execution_head *head = arg;
    char reason[200];

    head->state = row->state;
    head->input = json_from_text(row->input, reason, sizeof reason);
    return head->input != NULL
               ? WEIR_OK
               : weir_error_set(error, WEIR_IO, "the input of execution %lld cannot be read: %s",
                                (long long)row->id, reason);
}

static weir_status move_to_running(ledger *l, int64_t id, const ready_task *ready,
                                   store_state state, int64_t now, weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    weir_status status = WEIR_OK;

    if (state == STORE_PENDING)
        status = kind->move_execution(l->store,
                                      &(store_execution_move){.execution = id,
                                                              .from = STORE_PENDING,
                                                              .to = STORE_RUNNING,
                                                              .runner = l->runner,
                                                              .time = now},
                                      error);
    if (status != WEIR_OK)
        return status;
    return kind->move_task(l->store,
                           &(store_task_move){.execution = id,
                                              .position = ready->position,
                                              .from = STORE_READY,
                                              .to = STORE_RUNNING,
                                              .runner = l->runner,
                                              .time = now},
                           error);
}

/* Takes `input`, also when it fails. */
static weir_status make_job(ledger *l, const plan *p, int64_t id, const ready_task *ready,
                            json_t *input, weir_task **ret, weir_error **error)
{
    json_t *context = NULL;
    weir_status status =
        ledger_context(l, p, id, ready->position, ready->attempt == 0, &context, error);

    if (status != WEIR_OK) {
        json_decref(input);
        return status;
    }
    weir_task *job = job_new(p, ready->position, input, context);
    if (job == NULL)
        return no_memory(error);
    job->execution = id;
    job->attempt = ready->attempt + 1;
    job->token = ready->token + 1;
    job->spent = ready->spent;
    job->grace = l->grace;
    job->stop = l->stop;
    job->user = l->user;
    job->isolation = l->isolation;
    snprintf(job->key, sizeof job->key, "%lld/%s", (long long)id, p->tasks[ready->position].name);
    *ret = job;
    return WEIR_OK;
}

static weir_status claim_ready(ledger *l, const plan *p, int64_t id, const ready_task *ready,
                               execution_head *head, ledger_claimed *ret, weir_error **error)
{
    weir_status status = move_to_running(l, id, ready, head->state, ledger_now(l), error);

    if (status == WEIR_OK)
        status = make_job(l, p, id, ready, head->input, &ret->job, error);
    else
        json_decref(head->input);
    head->input = NULL;
    return status;
}

weir_status ledger_claim(ledger *l, const plan *p, int64_t id, ledger_claimed *ret,
                         weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    execution_head head = {0};
    ready_task ready;
    weir_status status = kind->begin(l->store, error);

    *ret = (ledger_claimed){.due = INT64_MAX};
    if (status != WEIR_OK)
        return status;
    status = kind->find_execution(l->store, id, NULL, NULL, take_head, &head, error);
    bool open = head.state == STORE_PENDING || head.state == STORE_RUNNING;
    ret->state = head.state;
    if (status == WEIR_OK && open) {
        status = kind->next_ready(l->store, id, take_ready, &ready, error);
        if (status == WEIR_OK && ready.due <= ledger_now(l))
            status = claim_ready(l, p, id, &ready, &head, ret, error);
        else if (status == WEIR_OK)
            ret->due = ready.due;
        status = status == WEIR_NOT_FOUND ? WEIR_OK : status;
    }
    json_decref(head.input);
    status = end(l, status, error);
    if (status != WEIR_OK) {
        job_free(ret->job);
        ret->job = NULL;
    }
    return status;
}

/* --- Finish --- */

static bool is_spent(const plan_task *task, const weir_task *job)
{
    return job->answer == WEIR_TASK_FAILED_GOOD || job->spent + 1 >= task->retry.attempts;
}

static uint64_t seed_of(const plan_task *task, const weir_task *job)
{
    weir_digest sum = WEIR_DIGEST_START;

    weir_digest_add_text(&sum, task->name);
    weir_digest_add(&sum, &job->execution, sizeof job->execution);
    weir_digest_add(&sum, &job->attempt, sizeof job->attempt);
    return sum.a;
}

static store_task_move outcome_of(ledger *l, const plan *p, const weir_task *job)
{
    const plan_task *task = &p->tasks[job->position];
    store_task_move move = {.execution = job->execution,
                            .position = job->position,
                            .from = STORE_RUNNING,
                            .token = job->token,
                            .runner = l->runner,
                            .time = ledger_now(l),
                            .spent = !job->handed_back,
                            .log = job->log};

    if (job->answer == WEIR_TASK_DONE) {
        move.to = STORE_COMPLETED;
        move.verdict = STORE_SUCCESS;
        move.writes = job->writes;
        return move;
    }
    move.reason = job->reason;
    if (job->handed_back) {
        move.to = STORE_READY;
        move.due = move.time;
        return move;
    }
    if (is_spent(task, job)) {
        move.to = STORE_FAILED;
        move.verdict = task->config.allow_failure ? STORE_SUCCESS : STORE_FAILURE;
        return move;
    }
    move.to = STORE_READY;
    move.due =
        weir_later(move.time, job->answer == WEIR_TASK_RETRY
                                  ? job->delay
                                  : retry_delay(&task->retry, job->spent + 1, seed_of(task, job)));
    return move;
}

/* Somebody else has the task now, or had it to its end. */
static weir_status note_late(ledger *l, const weir_task *job, weir_error **error)
{
    store_event event = {.position = job->position,
                         .time = ledger_now(l),
                         .runner = l->runner,
                         .attempt = job->attempt,
                         .reason = "a result came after the claim was lost, and was refused"};

    return l->store->kind->note(l->store, job->execution, &event, error);
}

weir_status ledger_finish(ledger *l, const plan *p, const weir_task *job, weir_error **error)
{
    store_task_move move = outcome_of(l, p, job);
    weir_error *refused = NULL;
    weir_status status = l->store->kind->begin(l->store, error);

    if (status != WEIR_OK)
        return status;
    status = l->store->kind->move_task(l->store, &move, &refused);
    if (status == WEIR_STATE)
        status = note_late(l, job, error);
    else if (status == WEIR_OK && store_state_is_end(move.to))
        status = ledger_task_ended(l, p, job->execution, job->position, error);
    else if (status != WEIR_OK)
        weir_error_set(error, status, "%s", weir_error_message(refused));
    weir_error_free(refused);
    return end(l, status, error);
}

/* --- Reclaim --- */

typedef struct lost_run {
    ledger *ledger;
    int64_t execution, token, runner, lost;
    int64_t position; /* -1: none found */
} lost_run;

static weir_status take_running(void *arg, const store_task *row, weir_error **error)
{
    lost_run *run = arg;
    bool alive = true;

    if (run->position >= 0 || row->runner == run->ledger->runner)
        return WEIR_OK;
    weir_status status =
        run->ledger->store->kind->is_alive(run->ledger->store, row->runner, &alive, error);
    if (status == WEIR_OK && !alive) {
        run->position = row->position;
        run->token = row->token;
        run->runner = row->runner;
        run->lost = row->lost;
    }
    return status;
}

static weir_status give_back(ledger *l, const plan *p, const lost_run *run, weir_error **error)
{
    bool failed = run->lost >= l->most_lost;
    char reason[160];

    if (failed)
        snprintf(reason, sizeof reason,
                 "it was lost with its runner %lld times, the last one being runner %lld",
                 (long long)run->lost + 1, (long long)run->runner);
    else
        snprintf(reason, sizeof reason, "it was lost with runner %lld", (long long)run->runner);
    bool allowed = p->tasks[run->position].config.allow_failure;
    int64_t now = ledger_now(l);
    store_task_move move = {.execution = run->execution,
                            .position = run->position,
                            .from = STORE_RUNNING,
                            .to = failed ? STORE_FAILED : STORE_READY,
                            .token = run->token,
                            .runner = l->runner,
                            .reason = reason,
                            .time = now,
                            .due = now,
                            .lost = true,
                            .verdict = !failed   ? STORE_OPEN
                                       : allowed ? STORE_SUCCESS
                                                 : STORE_FAILURE};
    weir_status status = l->store->kind->move_task(l->store, &move, error);
    return status == WEIR_OK && failed
               ? ledger_task_ended(l, p, run->execution, (uint32_t)run->position, error)
               : status;
}

/* One after the other: what a callback is given may not change. */
weir_status ledger_reclaim(ledger *l, const plan *p, int64_t id, weir_error **error)
{
    lost_run run;
    weir_status status = l->store->kind->begin(l->store, error);

    if (status != WEIR_OK)
        return status;
    do {
        run = (lost_run){.ledger = l, .execution = id, .position = -1};
        status = l->store->kind->each_task(l->store, id, STORE_RUNNING, take_running, &run, error);
        if (status == WEIR_OK && run.position >= 0)
            status = give_back(l, p, &run, error);
    } while (status == WEIR_OK && run.position >= 0);
    return end(l, status, error);
}
