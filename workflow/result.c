/* SPDX-License-Identifier: Apache-2.0 */
/* result.c - executions and events as JSON. */
#include <stdio.h>

#include "workflow/json.h"
#include "workflow/runner.h"

typedef struct report {
    json_t *whole, *tasks; /* `tasks` belongs to `whole`; of events it is a list of names */
    bool broken;
} report;

static void put(report *r, json_t *object, const char *key, json_t *value)
{
    if (value == NULL || json_object_set_new(object, key, value) != 0)
        r->broken = true;
}

static json_t *value_of(const char *text)
{
    char reason[200];

    return text != NULL ? json_from_text(text, reason, sizeof reason) : json_null();
}

/* --- An execution --- */

static weir_status take_execution(void *arg, const store_execution *row, weir_error **error)
{
    report *r = arg;

    (void)error;
    put(r, r->whole, "id", json_integer(row->id));
    put(r, r->whole, "workflow", json_string(row->workflow));
    put(r, r->whole, "status", json_string(store_state_text(row->state)));
    if (row->reason != NULL)
        put(r, r->whole, "reason", json_string(row->reason));
    put(r, r->whole, "context", value_of(row->context));
    return WEIR_OK;
}

static weir_status take_task(void *arg, const store_task *row, weir_error **error)
{
    report *r = arg;
    json_t *task = json_object();

    (void)error;
    put(r, task, "state", json_string(store_state_text(row->state)));
    put(r, task, "attempts", json_integer(row->attempt));
    if (row->reason != NULL)
        put(r, task, "reason", json_string(row->reason));
    if (row->log != NULL)
        put(r, task, "log", json_string(row->log));
    put(r, r->tasks, row->name, task);
    return WEIR_OK;
}

/* --- Events --- */

static weir_status take_name(void *arg, const store_task *row, weir_error **error)
{
    report *r = arg;

    (void)error;
    r->broken |= json_array_append_new(r->tasks, json_string(row->name)) != 0;
    return WEIR_OK;
}

static weir_status take_event(void *arg, const store_event *row, weir_error **error)
{
    report *r = arg;
    json_t *event = json_object();

    (void)error;
    put(r, event, "number", json_integer(row->number));
    put(r, event, "time", json_integer(row->time));
    if (row->position >= 0)
        put(r, event, "task", json_incref(json_array_get(r->tasks, (size_t)row->position)));
    if (row->from != STORE_NONE)
        put(r, event, "from", json_string(store_state_text(row->from)));
    if (row->to != STORE_NONE)
        put(r, event, "to", json_string(store_state_text(row->to)));
    if (row->runner != 0)
        put(r, event, "runner", json_integer(row->runner));
    if (row->attempt != 0)
        put(r, event, "attempt", json_integer(row->attempt));
    if (row->reason != NULL)
        put(r, event, "reason", json_string(row->reason));
    r->broken |= json_array_append_new(r->whole, event) != 0;
    return WEIR_OK;
}

/* --- The whole --- */

static weir_status read_result(weir_store *store, int64_t id, report *r, weir_error **error)
{
    weir_status status =
        store->kind->find_execution(store, id, NULL, NULL, true, take_execution, r, error);

    put(r, r->whole, "tasks", json_incref(r->tasks));
    if (status == WEIR_OK)
        status = store->kind->each_task(store, id, STORE_NONE, true, take_task, r, error);
    return status;
}

static weir_status read_events(weir_store *store, int64_t id, report *r, weir_error **error)
{
    weir_status status = store->kind->each_task(store, id, STORE_NONE, false, take_name, r, error);

    if (status == WEIR_OK)
        status = store->kind->each_event(store, id, 0, take_event, r, error);
    return status;
}

typedef weir_status (*reading)(weir_store *store, int64_t id, report *r, weir_error **error);

typedef struct asking {
    int64_t id;
    reading read;
    report *report;
} asking;

static weir_status do_read(ledger *l, void *arg, weir_error **error)
{
    const asking *a = arg;

    json_object_clear(a->report->whole); /* it may be read anew */
    json_array_clear(a->report->whole);
    json_object_clear(a->report->tasks);
    json_array_clear(a->report->tasks);
    return a->read(l->store, a->id, a->report, error);
}

static weir_status give(weir_runner *runner, int64_t id, reading read, report *r, char **ret,
                        weir_error **error)
{
    weir_status status =
        id > 0 ? ledger_do(&runner->ledger, false, do_read, &(asking){id, read, r}, error)
               : WEIR_NOT_FOUND;
    char *text = NULL;
    if (status == WEIR_NOT_FOUND)
        weir_error_set(error, status, "the store has no execution %lld", (long long)id);
    else if (status == WEIR_OK && (r->broken || (text = json_to_ordered_text(r->whole)) == NULL))
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    json_decref(r->whole);
    json_decref(r->tasks);
    if (status == WEIR_OK)
        *ret = text;
    return status;
}

weir_status weir_workflow_result(weir_runner *runner, int64_t id, char **ret_json,
                                 weir_error **error)
{
    report r = {.whole = json_object(), .tasks = json_object()};

    return give(runner, id, read_result, &r, ret_json, error);
}

weir_status weir_workflow_events(weir_runner *runner, int64_t id, char **ret_json,
                                 weir_error **error)
{
    report r = {.whole = json_array(), .tasks = json_array()};

    return give(runner, id, read_events, &r, ret_json, error);
}
