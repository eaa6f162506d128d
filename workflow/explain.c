/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - why a task is not done: asked of the rows that decide it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buffer.h"
#include "core/text.h"
#include "workflow/json.h"
#include "workflow/runner.h"

enum { BEGUN = 5 }; /* that are named */

typedef struct brief_task {
    char *name, *reason, *tag;
    store_state state;
    int64_t due, started, runner, ask, patience, waiting;
} brief_task;

typedef struct explaining {
    ledger *ledger;
    const plan *plan;
    ledger_view view;
    brief_task *tasks;   /* by position */
    ledger_begun *begun; /* some of what its tasks have begun */
    size_t begun_count;
    int64_t offers;   /* living runners that have the code */
    weir_buffer text; /* the sentence in the making */
    bool broken;
} explaining;

static char *copy(explaining *e, const char *text)
{
    char *copied = text != NULL ? weir_strdup(text) : NULL;

    e->broken |= text != NULL && copied == NULL;
    return copied;
}

static weir_status take_task(void *arg, const store_task *row, weir_error **error)
{
    explaining *e = arg;

    if ((size_t)row->position >= e->plan->task_count)
        return weir_error_set(error, WEIR_IO, "the store has more tasks than its plan");
    e->tasks[row->position] = (brief_task){.name = copy(e, row->name),
                                           .reason = copy(e, row->reason),
                                           .tag = copy(e, row->tag),
                                           .state = row->state,
                                           .due = row->due,
                                           .started = row->started,
                                           .runner = row->runner,
                                           .ask = row->ask,
                                           .patience = row->patience,
                                           .waiting = row->waiting};
    return WEIR_OK;
}

/* --- Sentences --- */

static void say_time(explaining *e, int64_t time)
{
    time_t seconds = (time_t)(time / 1000000000);
    struct tm parts;
    char text[40] = "";

    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    weir_buffer_text(&e->text, text);
}

static bool comes_after(const explaining *e, uint32_t position, uint32_t other)
{
    const weir_module_task *declared = e->plan->tasks[position].declared;

    for (uint32_t i = 0; i < declared->after_count; i++)
        if (declared->after[i] == other)
            return true;
    return false;
}

/* Those that it comes after, or those `far` above it; how many. */
static size_t say_open(explaining *e, uint32_t position, bool far)
{
    size_t open = 0;

    for (uint32_t i = 0; i < e->plan->task_count; i++) {
        const brief_task *first = &e->tasks[i];
        if (!plan_is_above(e->plan, i, position) || store_state_is_end(first->state) ||
            (!far && !comes_after(e, position, i)))
            continue;
        if (open++ < 5)
            weir_buffer_printf(&e->text, "%s'%s' (%s)", open == 1 ? "it waits for " : ", ",
                               first->name, store_state_text(first->state));
    }
    if (open > 5)
        weir_buffer_printf(&e->text, " and %zu more", open - 5);
    return open;
}

/* In a retry those between may have ended long ago. */
static void say_upstream(explaining *e, uint32_t position)
{
    if (say_open(e, position, false) != 0)
        return;
    weir_buffer_text(&e->text, say_open(e, position, true) != 0
                                   ? ", further up"
                                   : "what it comes after has ended, and it was not told");
}

static size_t running_with(const explaining *e, const char *tag)
{
    size_t count = 0;

    for (size_t i = 0; i < e->plan->task_count; i++)
        count += e->tasks[i].state == STORE_RUNNING && e->tasks[i].tag != NULL &&
                 strcmp(e->tasks[i].tag, tag) == 0;
    return count;
}

static void say_ready(explaining *e, uint32_t position)
{
    const brief_task *task = &e->tasks[position];
    const weir_concurrency_config *limit = &e->plan->tasks[position].concurrency;

    if (e->view.state == STORE_PAUSED) {
        weir_buffer_text(&e->text, "its execution is Paused");
    } else if (task->due > e->ledger->now) {
        weir_buffer_text(&e->text, "it is not due before ");
        say_time(e, task->due);
        if (task->reason != NULL)
            weir_buffer_printf(&e->text, "; its last run failed: %s", task->reason);
    } else if (e->offers == 0) {
        weir_buffer_printf(&e->text, "no runner that lives has the workflow '%s' in version %.8s",
                           e->view.workflow, e->view.version);
    } else if (task->tag != NULL && (int64_t)running_with(e, task->tag) >= limit->limit) {
        weir_buffer_printf(&e->text, "as many tasks with the tag '%s' run as may: %lld", task->tag,
                           (long long)limit->limit);
    } else {
        weir_buffer_text(&e->text, "it waits for a free slot of a runner");
    }
}

/* Its reason is what it waits for. */
static void say_deferred(explaining *e, uint32_t position)
{
    const brief_task *task = &e->tasks[position];
    bool first = true;

    weir_buffer_text(&e->text, task->reason != NULL ? task->reason : "it waits");
    for (size_t i = 0; i < e->begun_count; i++) {
        if (e->begun[i].parent_position != position)
            continue;
        weir_buffer_printf(&e->text, "%s execution %lld of '%s' is %s", first ? ":" : ",",
                           (long long)e->begun[i].id, e->begun[i].workflow,
                           store_state_text(e->begun[i].state));
        first = false;
    }
    if (task->waiting > 1)
        weir_buffer_printf(&e->text, "; %lld have not ended", (long long)task->waiting);
    if (task->ask != 0) {
        weir_buffer_text(&e->text, "; that is asked next at ");
        say_time(e, task->ask);
    }
    if (task->patience != 0) {
        weir_buffer_text(&e->text, "; at most until ");
        say_time(e, task->patience);
    }
    if (task->ask != 0 && e->offers == 0)
        weir_buffer_printf(&e->text, "; no runner that lives has the workflow '%s' in version %.8s",
                           e->view.workflow, e->view.version);
    if (e->view.state == STORE_PAUSED)
        weir_buffer_text(&e->text, "; its execution is Paused");
}

static void say(explaining *e, uint32_t position)
{
    const brief_task *task = &e->tasks[position];

    e->text.size = 0;
    if (task->state == STORE_PENDING) {
        say_upstream(e, position);
    } else if (task->state == STORE_READY) {
        say_ready(e, position);
    } else if (task->state == STORE_RUNNING) {
        weir_buffer_printf(&e->text, "runner %lld has run it since ", (long long)task->runner);
        say_time(e, task->started);
    } else if (task->state == STORE_DEFERRED) {
        say_deferred(e, position);
    } else {
        weir_buffer_text(&e->text, task->reason != NULL ? task->reason : "no reason was recorded");
    }
    e->broken |= e->text.failed;
}

static json_t *explain_tasks(explaining *e)
{
    json_t *tasks = json_array();

    for (uint32_t i = 0; i < e->plan->task_count; i++) {
        if (e->tasks[i].state == STORE_COMPLETED || e->tasks[i].name == NULL)
            continue;
        say(e, i);
        if (e->broken ||
            json_array_append_new(tasks, json_pack("{s:s, s:s, s:s}", "task", e->tasks[i].name,
                                                   "state", store_state_text(e->tasks[i].state),
                                                   "why", e->text.data)) != 0)
            e->broken = true;
    }
    return tasks;
}

/* --- The whole --- */

static weir_status gather(explaining *e, int64_t id, weir_error **error)
{
    ledger *l = e->ledger;
    plan *p = NULL;
    weir_status status = ledger_look(l, id, &e->view, error);

    if (status == WEIR_OK)
        status = ledger_plan(l, e->view.plan, &p, error);
    if (status != WEIR_OK)
        return status;
    e->plan = p;
    if ((e->tasks = weir_alloc_array(p->task_count, sizeof *e->tasks)) == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    status = l->store->kind->each_task(l->store, id, STORE_NONE, false, take_task, e, error);
    if (status == WEIR_OK)
        status = ledger_list_begun(l, id, BEGUN, &e->begun, &e->begun_count, error);
    return status == WEIR_OK
               ? l->store->kind->count_offers(l->store, e->view.plan, &e->offers, error)
               : status;
}

static void free_all(explaining *e)
{
    for (size_t i = 0; e->tasks != NULL && i < e->plan->task_count; i++) {
        weir_free(e->tasks[i].name);
        weir_free(e->tasks[i].reason);
        weir_free(e->tasks[i].tag);
    }
    weir_free(e->tasks);
    weir_free(e->begun);
    weir_buffer_free(&e->text);
}

weir_status weir_workflow_explain(weir_runner *runner, int64_t id, char **ret_json,
                                  weir_error **error)
{
    explaining e = {.ledger = &runner->ledger};
    weir_status status = ledger_begin(e.ledger, false, error);

    if (status != WEIR_OK)
        return status;
    status = ledger_end(e.ledger, gather(&e, id, error), error);
    if (status == WEIR_OK) {
        json_t *tasks = explain_tasks(&e);
        json_t *whole =
            json_pack("{s:I, s:s, s:s, s:o}", "id", (json_int_t)id, "workflow", e.view.workflow,
                      "status", store_state_text(e.view.state), "tasks", tasks);
        *ret_json = e.broken ? NULL : json_to_ordered_text(whole);
        json_decref(whole);
        if (*ret_json == NULL)
            status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    free_all(&e);
    return status;
}
