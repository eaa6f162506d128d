/* SPDX-License-Identifier: Apache-2.0 */
/* release.c - a task has ended: who runs now, who is skipped, and whether all is over (rules F2,
 * F3, F7). */
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "workflow/context.h"
#include "workflow/json.h"
#include "workflow/ledger.h"

enum { CAUSE = 600, RULE_TEXT = 1200 };

/* --- The rule of a task --- */

/* What its `after:` came to. */
typedef struct upstream {
    uint32_t successes, failures, neither;
    char cause[CAUSE]; /* of the first failure, else of the first that is neither */
    bool cause_is_failure;
    context_view view; /* what they hand on */
    const plan *plan;
    evaluate_task *tasks; /* for a rule that is an expression; else NULL */
    size_t task_count;
} upstream;

/* What the rule of a task comes to. */
typedef struct decision {
    store_state to;
    char reason[RULE_TEXT];
} decision;

/* A skipped task hands on why, so that the cause is the first one. */
static void name_cause(upstream *up, const store_task *row)
{
    bool failure = row->verdict == STORE_FAILURE;

    if (row->verdict == STORE_SUCCESS || up->cause_is_failure || (up->cause[0] != '\0' && !failure))
        return;
    const char *root = failure && row->state == STORE_SKIPPED && row->reason != NULL
                           ? strstr(row->reason, ": ")
                           : NULL;
    if (root != NULL)
        snprintf(up->cause, sizeof up->cause, "%s", root + 2);
    else
        snprintf(up->cause, sizeof up->cause, "'%s' %s", row->name,
                 row->state == STORE_FAILED    ? "failed"
                 : row->state == STORE_SKIPPED ? "was skipped"
                                               : "was cancelled");
    up->cause_is_failure = failure;
}

static weir_status take_upstream(void *arg, const store_task *row, weir_error **error)
{
    upstream *up = arg;

    up->successes += row->verdict == STORE_SUCCESS;
    up->failures += row->verdict == STORE_FAILURE;
    up->neither += row->verdict == STORE_NEITHER;
    name_cause(up, row);
    if (up->tasks != NULL)
        up->tasks[up->task_count++] =
            (evaluate_task){up->plan->tasks[row->position].name, row->state, row->verdict};
    return context_view_add(&up->view, row->seen, error);
}

static bool holds(int rule, const upstream *up)
{
    switch ((weir_run_if)rule) {
    case WEIR_RUN_IF_ALL_SUCCESS:
        return up->failures + up->neither == 0;
    case WEIR_RUN_IF_ALL_DONE:
        return true;
    case WEIR_RUN_IF_ANY_SUCCESS:
        return up->successes != 0;
    case WEIR_RUN_IF_ANY_FAILED:
        return up->failures != 0;
    case WEIR_RUN_IF_NONE_FAILED:
        return up->failures == 0;
    }
    return false;
}

/* A failure above goes on through those that it keeps from running. */
static store_verdict verdict_of_skip(const plan_task *task, const upstream *up)
{
    bool follows = task->rule == NULL && task->config.run_if != WEIR_RUN_IF_ANY_FAILED;

    return follows && up->failures != 0 ? STORE_FAILURE : STORE_NEITHER;
}

static weir_status ask(ledger *l, const plan *p, int64_t id, uint32_t position, upstream *up,
                       weir_error **error)
{
    const weir_module_task *declared = p->tasks[position].declared;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < declared->after_count && status == WEIR_OK; i++)
        status = l->store->kind->find_task(l->store, id, declared->after[i], false, take_upstream,
                                           up, error);
    return status;
}

static void judge_word(const plan_task *task, const upstream *up, decision *ret)
{
    static const char *const words[] = {"all_success", "all_done", "any_success", "any_failed",
                                        "none_failed"};
    int rule = task->config.run_if;

    ret->to = holds(rule, up) ? STORE_READY : STORE_SKIPPED;
    snprintf(ret->reason, sizeof ret->reason, "%s is not so: %s", words[rule],
             up->cause[0] != '\0' ? up->cause : "nothing failed");
}

static weir_status judge_expression(ledger *l, const plan *p, int64_t id, uint32_t position,
                                    const upstream *up, const char *seen, decision *ret,
                                    weir_error **error)
{
    bool so = false;
    weir_status status = ledger_ask_rule(l, p, id, position, seen, up->tasks, &so, ret->reason,
                                         sizeof ret->reason, error);

    ret->to = so ? STORE_READY : ret->reason[0] != '\0' ? STORE_FAILED : STORE_SKIPPED;
    if (ret->to == STORE_SKIPPED)
        snprintf(ret->reason, sizeof ret->reason, "run_if '%.900s' is not so",
                 p->tasks[position].declared->rule.text);
    return status;
}

static weir_status move_decided(ledger *l, const plan *p, int64_t id, uint32_t position,
                                const upstream *up, const char *seen, const decision *what,
                                weir_error **error)
{
    const plan_task *task = &p->tasks[position];
    store_task_move move = {.execution = id,
                            .position = position,
                            .from = STORE_PENDING,
                            .to = what->to,
                            .runner = l->runner,
                            .time = l->now,
                            .due = l->now,
                            .reason = what->to != STORE_READY ? what->reason : NULL,
                            .seen = seen,
                            .sure = true};

    if (what->to == STORE_SKIPPED)
        move.verdict = verdict_of_skip(task, up);
    else if (what->to == STORE_FAILED)
        move.verdict = task->config.allow_failure ? STORE_SUCCESS : STORE_FAILURE;
    return l->store->kind->move_task(l->store, &move, error);
}

static weir_status weigh(ledger *l, const plan *p, int64_t id, uint32_t position, upstream *up,
                         decision *ret, weir_error **error)
{
    const plan_task *task = &p->tasks[position];
    char *seen = NULL;
    weir_status status = ask(l, p, id, position, up, error);

    if (status == WEIR_OK)
        status = context_view_end(&up->view, p, &seen, error);
    if (status == WEIR_OK && task->rule != NULL)
        status = judge_expression(l, p, id, position, up, seen, ret, error);
    else if (status == WEIR_OK)
        judge_word(task, up, ret);
    if (status == WEIR_OK)
        status = move_decided(l, p, id, position, up, seen, ret, error);
    weir_free(seen);
    return status;
}

/* *ret_ended: it has ended, too. */
static weir_status decide(ledger *l, const plan *p, int64_t id, uint32_t position, bool *ret_ended,
                          weir_error **error)
{
    const plan_task *task = &p->tasks[position];
    upstream up = {.plan = p};
    decision what = {.to = STORE_READY};

    if (task->rule != NULL &&
        (up.tasks = weir_alloc_array(task->declared->after_count + 1, sizeof *up.tasks)) == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_status status = weigh(l, p, id, position, &up, &what, error);
    *ret_ended = what.to != STORE_READY;
    context_view_free(&up.view);
    weir_free(up.tasks);
    return status;
}

/* --- The end of an execution --- */

/* All of its tasks, once. */
typedef struct outcome {
    const plan *plan;
    size_t failures;
    char first[JOB_REASON + 200];
    context_view view; /* of the tasks that nobody comes after */
} outcome;

static weir_status take_outcome(void *arg, const store_task *row, weir_error **error)
{
    outcome *o = arg;
    const plan_task *task = &o->plan->tasks[row->position];

    if (row->state == STORE_FAILED && !task->config.allow_failure && o->failures++ == 0)
        snprintf(o->first, sizeof o->first, "'%s' failed: %s", row->name,
                 row->reason != NULL ? row->reason : "");
    return task->below_count == 0 ? context_view_add(&o->view, row->seen, error) : WEIR_OK;
}

static weir_status final_context(ledger *l, const plan *p, int64_t id, outcome *o, char **ret,
                                 weir_error **error)
{
    char *seen = NULL;
    json_t *context = NULL;
    weir_status status = context_view_end(&o->view, p, &seen, error);

    if (status == WEIR_OK)
        status = ledger_context(l, p, id, seen, -1, &context, error);
    if (status == WEIR_OK && (*ret = json_to_text(context)) == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    json_decref(context);
    weir_free(seen);
    return status;
}

static weir_status move_to_end(ledger *l, int64_t id, const ledger_view *view, outcome *o,
                               const char *context, weir_error **error)
{
    bool large = strlen(context) > CONTEXT_LIMIT, failed = o->failures != 0 || large;

    if (o->failures > 1)
        snprintf(o->first + strlen(o->first), sizeof o->first - strlen(o->first),
                 " (and %zu more failed)", o->failures - 1);
    if (large)
        snprintf(o->first, sizeof o->first, "the final context is longer than %d bytes",
                 CONTEXT_LIMIT);
    store_execution_move move = {.execution = id,
                                 .from = STORE_RUNNING,
                                 .to = failed ? STORE_FAILED : STORE_COMPLETED,
                                 .runner = l->runner,
                                 .reason = failed ? o->first : NULL,
                                 .time = l->now,
                                 .context = large ? NULL : context};
    weir_status status = l->store->kind->move_execution(l->store, &move, error);
    return status == WEIR_OK
               ? ledger_execution_ended(l, o->plan, id, view, move.to, move.reason, error)
               : status;
}

static weir_status begin_execution(ledger *l, int64_t id, ledger_view *view, weir_error **error)
{
    store_execution_move move = {.execution = id,
                                 .from = STORE_PENDING,
                                 .to = STORE_RUNNING,
                                 .runner = l->runner,
                                 .time = l->now};

    view->state = STORE_RUNNING;
    return l->store->kind->move_execution(l->store, &move, error);
}

weir_status ledger_complete(ledger *l, const plan *p, int64_t id, weir_error **error)
{
    outcome o = {.plan = p};
    char *context = NULL;
    ledger_view view;
    weir_status status = ledger_look(l, id, &view, error);

    if (status == WEIR_OK && view.state == STORE_PENDING) /* nothing of it has run */
        status = begin_execution(l, id, &view, error);
    if (status != WEIR_OK || view.state != STORE_RUNNING)
        return status;
    status = l->store->kind->each_task(l->store, id, STORE_NONE, false, take_outcome, &o, error);
    if (status == WEIR_OK)
        status = final_context(l, p, id, &o, &context, error);
    if (status == WEIR_OK)
        status = move_to_end(l, id, &view, &o, context, error);
    context_view_free(&o.view);
    weir_free(context);
    return status;
}

/* --- The tasks below --- */

/* Tasks that have ended and whose dependents are still to be told. */
typedef struct ended_list {
    struct ended_task {
        uint32_t position;
        bool again; /* it had ended before the execution was tried again */
    } * items;
    size_t count, room;
    size_t again; /* how many of them */
} ended_list;

static weir_status add_ended(ended_list *list, uint32_t position, bool again, weir_error **error)
{
    if (list->count == list->room) {
        size_t room = list->room != 0 ? 2 * list->room : 16;
        struct ended_task *items = weir_realloc(list->items, room * sizeof *items);
        if (items == NULL)
            return weir_error_set(error, WEIR_NOMEM, "out of memory");
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = (struct ended_task){position, again};
    list->again += again;
    return WEIR_OK;
}

/* Decides what waits for nobody any more; it goes into `ended` when it does not run. */
static weir_status decide_and_list(ledger *l, const plan *p, int64_t id, uint32_t position,
                                   ended_list *ended, weir_error **error)
{
    bool over = false;
    weir_status status = decide(l, p, id, position, &over, error);

    return status == WEIR_OK && over ? add_ended(ended, position, false, error) : status;
}

static weir_status take_seen(void *arg, const store_task *row, weir_error **error)
{
    char **ret = arg;

    return row->seen == NULL || (*ret = weir_strdup(row->seen)) != NULL
               ? WEIR_OK
               : weir_error_set(error, WEIR_NOMEM, "out of memory");
}

/* What it has written itself stays what it hands on. */
weir_status ledger_hand_on(ledger *l, const plan *p, int64_t id, uint32_t position,
                           weir_error **error)
{
    const weir_store_kind *kind = l->store->kind;
    upstream up = {.plan = p};
    char *above = NULL, *before = NULL, *seen = NULL;
    weir_status status = ask(l, p, id, position, &up, error);

    if (status == WEIR_OK)
        status = context_view_end(&up.view, p, &above, error);
    if (status == WEIR_OK)
        status = kind->find_task(l->store, id, position, false, take_seen, &before, error);
    if (status == WEIR_OK)
        status = context_renew(above, before, position, &seen, error);
    if (status == WEIR_OK)
        status = kind->hand_on(l->store, id, position, 0, seen, error);
    context_view_free(&up.view);
    weir_free(above);
    weir_free(before);
    weir_free(seen);
    return status;
}

/* One less for one that comes after what has ended. */
static weir_status release_one(ledger *l, const plan *p, int64_t id, uint32_t position,
                               ended_list *ended, weir_error **error)
{
    int64_t waiting = 0;
    bool again = false;
    weir_status status =
        l->store->kind->count_down(l->store, id, position, &waiting, &again, error);

    if (status != WEIR_OK || waiting != 0)
        return status;
    if (!again)
        return decide_and_list(l, p, id, position, ended, error);
    status = ledger_hand_on(l, p, id, position, error);
    return status == WEIR_OK ? add_ended(ended, position, true, error) : status;
}

/* Its hook begins, and those that wait for it are counted down. */
static weir_status release(ledger *l, const plan *p, int64_t id, struct ended_task which,
                           ended_list *ended, weir_error **error)
{
    const plan_task *task = &p->tasks[which.position];
    weir_status status = which.again ? WEIR_OK : ledger_begin_hook(l, p, id, which.position, error);

    for (uint32_t i = 0; i < task->below_count && status == WEIR_OK; i++)
        status = release_one(l, p, id, task->below[i], ended, error);
    return status;
}

/* Takes the list. */
static weir_status release_all(ledger *l, const plan *p, int64_t id, ended_list *ended,
                               weir_error **error)
{
    weir_status status = WEIR_OK;
    int64_t unfinished = 1;

    for (size_t i = 0; i < ended->count && status == WEIR_OK; i++)
        status = release(l, p, id, ended->items[i], ended, error);
    if (status == WEIR_OK && ended->count != 0)
        status = l->store->kind->count_unfinished(
            l->store, id, -(int64_t)(ended->count - ended->again), &unfinished, error);
    if (status == WEIR_OK && unfinished == 0)
        status = ledger_complete(l, p, id, error);
    weir_free(ended->items);
    return status;
}

weir_status ledger_tasks_ended(ledger *l, const plan *p, int64_t id, const uint32_t *positions,
                               size_t count, weir_error **error)
{
    ended_list ended = {0};
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < count && status == WEIR_OK; i++)
        status = add_ended(&ended, positions[i], false, error);
    if (status == WEIR_OK)
        return release_all(l, p, id, &ended, error);
    weir_free(ended.items);
    return status;
}

weir_status ledger_task_ended(ledger *l, const plan *p, int64_t id, uint32_t position,
                              weir_error **error)
{
    return ledger_tasks_ended(l, p, id, &position, 1, error);
}

weir_status ledger_decide(ledger *l, const plan *p, int64_t id, uint32_t position,
                          weir_error **error)
{
    ended_list ended = {0};
    weir_status status = decide_and_list(l, p, id, position, &ended, error);

    if (status == WEIR_OK)
        return release_all(l, p, id, &ended, error);
    weir_free(ended.items);
    return status;
}
