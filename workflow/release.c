/* SPDX-License-Identifier: Apache-2.0 */
/* release.c - a task has ended: who runs now, who is skipped, and whether all is over (rules F2,
 * F3, F7). */
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "workflow/context.h"
#include "workflow/json.h"
#include "workflow/ledger.h"

enum { CAUSE = 600 };

/* --- The rule of a task --- */

/* What its `after:` came to. */
typedef struct upstream {
    uint32_t successes, failures, neither;
    char cause[CAUSE]; /* of the first failure, else of the first that is neither */
    bool cause_is_failure;
} upstream;

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

    (void)error;
    up->successes += row->verdict == STORE_SUCCESS;
    up->failures += row->verdict == STORE_FAILURE;
    up->neither += row->verdict == STORE_NEITHER;
    name_cause(up, row);
    return WEIR_OK;
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
static store_verdict verdict_of_skip(int rule, const upstream *up)
{
    return rule != WEIR_RUN_IF_ANY_FAILED && up->failures != 0 ? STORE_FAILURE : STORE_NEITHER;
}

/* *ret_skipped: it has ended, too. */
static weir_status decide(ledger *l, const plan *p, int64_t id, uint32_t position,
                          bool *ret_skipped, weir_error **error)
{
    static const char *const words[] = {"all_success", "all_done", "any_success", "any_failed",
                                        "none_failed"};
    const weir_store_kind *kind = l->store->kind;
    const plan_task *task = &p->tasks[position];
    upstream up = {0};
    char reason[CAUSE + 64];
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < task->declared->after_count && status == WEIR_OK; i++)
        status = kind->find_task(l->store, id, task->declared->after[i], take_upstream, &up, error);
    if (status != WEIR_OK)
        return status;
    *ret_skipped = !holds(task->config.run_if, &up);
    int64_t now = ledger_now(l);
    store_task_move move = {.execution = id,
                            .position = position,
                            .from = STORE_PENDING,
                            .to = *ret_skipped ? STORE_SKIPPED : STORE_READY,
                            .runner = l->runner,
                            .time = now,
                            .due = now};
    if (*ret_skipped) {
        move.verdict = verdict_of_skip(task->config.run_if, &up);
        snprintf(reason, sizeof reason, "%s is not so: %s", words[task->config.run_if],
                 up.cause[0] != '\0' ? up.cause : "nothing failed");
        move.reason = reason;
    }
    return kind->move_task(l->store, &move, error);
}

/* --- The end of an execution --- */

typedef struct failures {
    const plan *plan;
    size_t count;
    char first[JOB_REASON + 200];
} failures;

static weir_status take_failure(void *arg, const store_task *row, weir_error **error)
{
    failures *f = arg;

    (void)error;
    if (f->plan->tasks[row->position].config.allow_failure)
        return WEIR_OK;
    if (f->count++ == 0)
        snprintf(f->first, sizeof f->first, "'%s' failed: %s", row->name,
                 row->reason != NULL ? row->reason : "");
    return WEIR_OK;
}

static weir_status end_execution(ledger *l, const plan *p, int64_t id, weir_error **error)
{
    failures f = {.plan = p};
    json_t *context = NULL;
    weir_status status =
        l->store->kind->each_task(l->store, id, STORE_FAILED, take_failure, &f, error);

    if (status == WEIR_OK)
        status = ledger_context(l, p, id, p->task_count, true, &context, error);
    if (status != WEIR_OK)
        return status;
    char *text = json_to_text(context);
    bool large = text != NULL && strlen(text) > CONTEXT_LIMIT;
    json_decref(context);
    if (f.count > 1)
        snprintf(f.first + strlen(f.first), sizeof f.first - strlen(f.first),
                 " (and %zu more failed)", f.count - 1);
    if (large)
        snprintf(f.first, sizeof f.first, "the final context is longer than %d bytes",
                 CONTEXT_LIMIT);
    bool failed = f.count != 0 || large;
    store_execution_move move = {.execution = id,
                                 .from = STORE_RUNNING,
                                 .to = failed ? STORE_FAILED : STORE_COMPLETED,
                                 .runner = l->runner,
                                 .reason = failed ? f.first : NULL,
                                 .time = ledger_now(l),
                                 .context = large ? NULL : text};
    status = text != NULL ? l->store->kind->move_execution(l->store, &move, error)
                          : weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_free(text);
    return status;
}

/* --- The tasks below --- */

/* Counts down those that wait for `position`; who has nothing to wait for any more is decided, and
 * goes into `ended` when it is skipped. */
static weir_status release(ledger *l, const plan *p, int64_t id, uint32_t position, uint32_t *ended,
                           uint32_t *count, weir_error **error)
{
    const plan_task *task = &p->tasks[position];
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < task->below_count && status == WEIR_OK; i++) {
        int64_t waiting = 0;
        bool skipped = false;
        status = l->store->kind->count_down(l->store, id, task->below[i], &waiting, error);
        if (status == WEIR_OK && waiting == 0)
            status = decide(l, p, id, task->below[i], &skipped, error);
        if (status == WEIR_OK && skipped)
            ended[(*count)++] = task->below[i];
    }
    return status;
}

weir_status ledger_task_ended(ledger *l, const plan *p, int64_t id, uint32_t position,
                              weir_error **error)
{
    uint32_t *ended = weir_alloc_array(p->task_count, sizeof *ended), count = 1;
    weir_status status = WEIR_OK;
    int64_t unfinished = 1;

    if (ended == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    ended[0] = position;
    for (uint32_t i = 0; i < count && status == WEIR_OK; i++) {
        status = release(l, p, id, ended[i], ended, &count, error);
        if (status == WEIR_OK)
            status = l->store->kind->count_ended(l->store, id, &unfinished, error);
    }
    if (status == WEIR_OK && unfinished == 0)
        status = end_execution(l, p, id, error);
    weir_free(ended);
    return status;
}
