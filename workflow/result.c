/* SPDX-License-Identifier: Apache-2.0 */
/* result.c - executions and events as JSON. */
#include <stdio.h>

#include "workflow/json.h"
#include "workflow/runner.h"

typedef struct report {
    json_t *whole, *tasks; /* `tasks` belongs to `whole`; of events it is a list of names */
    const plan *plan;      /* of what is shown with its edges */
    const store_filter *filter;
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

/* Who has begun it. */
static void put_parent(report *r, json_t *object, const store_execution *row)
{
    if (row->role == STORE_ROLE_ITSELF)
        return;
    put(r, object, "role", json_string(store_role_text(row->role)));
    put(r, object, "parent", json_integer(row->parent));
    if (row->role == STORE_ROLE_ITEM)
        put(r, object, "item", json_integer(row->item));
}

/* --- An execution --- */

static weir_status take_execution(void *arg, const store_execution *row, weir_error **error)
{
    report *r = arg;

    (void)error;
    put(r, r->whole, "id", json_integer(row->id));
    put(r, r->whole, "workflow", json_string(row->workflow));
    put(r, r->whole, "status", json_string(store_state_text(row->state)));
    put_parent(r, r->whole, row);
    if (row->reason != NULL)
        put(r, r->whole, "reason", json_string(row->reason));
    put(r, r->whole, "context", value_of(row->context));
    return WEIR_OK;
}

static json_t *names_of(const plan *p, size_t position)
{
    json_t *names = json_array();
    const weir_module_task *task = p->tasks[position].declared;

    for (uint32_t i = 0; position < p->task_count && i < task->after_count; i++)
        json_array_append_new(names, json_string(p->tasks[task->after[i]].name));
    return names;
}

static weir_status take_task(void *arg, const store_task *row, weir_error **error)
{
    report *r = arg;
    json_t *task = json_object();

    (void)error;
    put(r, task, "state", json_string(store_state_text(row->state)));
    put(r, task, "attempts", json_integer(row->attempt));
    if (row->state == STORE_DEFERRED && row->waiting != 0)
        put(r, task, "left", json_integer(row->waiting));
    if (r->plan != NULL)
        put(r, task, "after", names_of(r->plan, (size_t)row->position));
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
    /* Where one begins one task of a plan, there are none before it. */
    while (json_array_size(r->tasks) < (size_t)row->position && !r->broken)
        r->broken |= json_array_append_new(r->tasks, json_null()) != 0;
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

static weir_status read_result(ledger *l, int64_t id, report *r, weir_error **error)
{
    weir_store *store = l->store;
    weir_status status =
        store->kind->find_execution(store, id, NULL, NULL, true, take_execution, r, error);

    put(r, r->whole, "tasks", json_incref(r->tasks));
    if (status == WEIR_OK)
        status = store->kind->each_task(store, id, STORE_NONE, true, take_task, r, error);
    return status;
}

/* The same, with what each task comes after. */
static weir_status read_shown(ledger *l, int64_t id, report *r, weir_error **error)
{
    ledger_view view;
    plan *p = NULL;
    weir_status status = ledger_look(l, id, &view, error);

    if (status == WEIR_OK)
        status = ledger_plan(l, view.plan, &p, error);
    r->plan = p;
    return status == WEIR_OK ? read_result(l, id, r, error) : status;
}

static weir_status take_listed(void *arg, const store_execution *row, weir_error **error)
{
    report *r = arg;
    json_t *execution = json_object();

    (void)error;
    put(r, execution, "id", json_integer(row->id));
    put(r, execution, "workflow", json_string(row->workflow));
    put(r, execution, "status", json_string(store_state_text(row->state)));
    put_parent(r, execution, row);
    put(r, execution, "created", json_integer(row->created));
    if (row->key != NULL)
        put(r, execution, "key", json_string(row->key));
    if (row->started != 0)
        put(r, execution, "started", json_integer(row->started));
    if (row->ended != 0)
        put(r, execution, "ended", json_integer(row->ended));
    put(r, execution, "unfinished", json_integer(row->unfinished));
    if (row->reason != NULL)
        put(r, execution, "reason", json_string(row->reason));
    r->broken |= json_array_append_new(r->whole, execution) != 0;
    return WEIR_OK;
}

static weir_status read_list(ledger *l, int64_t id, report *r, weir_error **error)
{
    (void)id;
    return l->store->kind->each_execution(l->store, r->filter, take_listed, r, error);
}

static weir_status read_events(ledger *l, int64_t id, report *r, weir_error **error)
{
    weir_store *store = l->store;
    weir_status status = store->kind->each_task(store, id, STORE_NONE, false, take_name, r, error);

    if (status == WEIR_OK)
        status = store->kind->each_event(store, id, 0, take_event, r, error);
    return status;
}

typedef weir_status (*reading)(ledger *l, int64_t id, report *r, weir_error **error);

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
    return a->read(l, a->id, a->report, error);
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

weir_status weir_workflow_show(weir_runner *runner, int64_t id, char **ret_json, weir_error **error)
{
    report r = {.whole = json_object(), .tasks = json_object()};

    return give(runner, id, read_shown, &r, ret_json, error);
}

weir_status weir_workflow_list(weir_runner *runner, const char *workflow, const char *state,
                               int64_t before, size_t most, char **ret_json, weir_error **error)
{
    store_filter filter = {.workflow = workflow,
                           .state = state != NULL ? store_state_read(state) : STORE_NONE,
                           .before = before,
                           .most = most};

    if (state != NULL && !store_may_be(false, filter.state))
        return weir_error_set(error, WEIR_INVALID,
                              "an execution is never '%s'; it is Pending, Running, Paused, "
                              "Completed, Failed or Cancelled",
                              state);
    report r = {.whole = json_array(), .tasks = json_array(), .filter = &filter};
    return give(runner, 1, read_list, &r, ret_json, error);
}

/* --- Schedules --- */

static weir_status take_schedule(void *arg, const store_schedule *row, weir_error **error)
{
    report *r = arg;
    json_t *schedule = json_pack("{s:s}", "workflow", row->workflow);

    (void)error;
    if (row->slot != 0)
        put(r, schedule, "next", json_integer(row->slot));
    if (row->due != row->slot)
        put(r, schedule, "due", json_integer(row->due));
    if (row->paused != 0)
        put(r, schedule, "paused", json_integer(row->paused));
    put(r, schedule, "slots", json_array());
    r->broken |= json_array_append_new(r->whole, schedule) != 0;
    return WEIR_OK;
}

static weir_status take_slot(void *arg, const store_slot *row, weir_error **error)
{
    report *r = arg;
    json_t *slot = json_pack("{s:I, s:I, s:s}", "slot", (json_int_t)row->slot, "time",
                             (json_int_t)row->time, "outcome", store_outcome_text(row->outcome));

    (void)error;
    if (row->execution != 0)
        put(r, slot, "execution", json_integer(row->execution));
    if (row->missed != 0)
        put(r, slot, "missed", json_integer(row->missed));
    if (row->reason != NULL)
        put(r, slot, "reason", json_string(row->reason));
    r->broken |= json_array_append_new(r->tasks, slot) != 0;
    return WEIR_OK;
}

static weir_status read_schedules(ledger *l, int64_t id, report *r, weir_error **error)
{
    weir_store *store = l->store;
    weir_status status =
        store->kind->each_schedule(store, r->filter->workflow, take_schedule, r, error);
    json_t *schedule;
    size_t i;

    (void)id;
    json_array_foreach(r->whole, i, schedule)
    {
        const char *name = json_string_value(json_object_get(schedule, "workflow"));
        json_array_clear(r->tasks);
        if (status == WEIR_OK)
            status =
                store->kind->each_slot(store, name, false, r->filter->most, take_slot, r, error);
        put(r, schedule, "slots", json_copy(r->tasks));
    }
    return status;
}

weir_status weir_workflow_schedules(weir_runner *runner, const char *workflow, size_t most,
                                    char **ret_json, weir_error **error)
{
    store_filter filter = {.workflow = workflow, .most = most};
    report r = {.whole = json_array(), .tasks = json_array(), .filter = &filter};

    return give(runner, 1, read_schedules, &r, ret_json, error);
}

/* --- Triggers --- */

static weir_status take_trigger(void *arg, const store_trigger *row, weir_error **error)
{
    report *r = arg;
    json_t *trigger = json_pack("{s:s, s:s, s:I}", "workflow", row->workflow, "trigger", row->name,
                                "due", (json_int_t)row->due);
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {{"looked", row->looked},     {"fired", row->fired},   {"failed", row->failed},
                   {"failures", row->failures}, {"runner", row->runner}, {"paused", row->paused}};

    (void)error;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].number != 0)
            put(r, trigger, numbers[i].name, json_integer(numbers[i].number));
    if (row->reason != NULL)
        put(r, trigger, "reason", json_string(row->reason));
    r->broken |= json_array_append_new(r->whole, trigger) != 0;
    return WEIR_OK;
}

static weir_status take_firing(void *arg, const store_firing *row, weir_error **error)
{
    report *r = arg;
    json_t *firing = json_pack("{s:s, s:I, s:s}", "key", row->key, "time", (json_int_t)row->time,
                               "outcome", store_outcome_text(row->outcome));

    (void)error;
    if (row->execution != 0)
        put(r, firing, "execution", json_integer(row->execution));
    if (row->reason != NULL)
        put(r, firing, "reason", json_string(row->reason));
    r->broken |= json_array_append_new(r->tasks, firing) != 0;
    return WEIR_OK;
}

static weir_status read_triggers(ledger *l, int64_t id, report *r, weir_error **error)
{
    weir_store *store = l->store;
    weir_status status =
        store->kind->each_trigger(store, r->filter->workflow, NULL, take_trigger, r, error);
    json_t *trigger;
    size_t i;

    (void)id;
    json_array_foreach(r->whole, i, trigger)
    {
        const char *workflow = json_string_value(json_object_get(trigger, "workflow"));
        const char *name = json_string_value(json_object_get(trigger, "trigger"));
        json_array_clear(r->tasks);
        if (status == WEIR_OK)
            status = store->kind->each_firing(store, workflow, name, r->filter->most, take_firing,
                                              r, error);
        put(r, trigger, "firings", json_copy(r->tasks));
    }
    return status;
}

weir_status weir_workflow_triggers(weir_runner *runner, const char *workflow, size_t most,
                                   char **ret_json, weir_error **error)
{
    store_filter filter = {.workflow = workflow, .most = most};
    report r = {.whole = json_array(), .tasks = json_array(), .filter = &filter};

    return give(runner, 1, read_triggers, &r, ret_json, error);
}
