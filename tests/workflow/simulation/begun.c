/* SPDX-License-Identifier: Apache-2.0 */
/* begun.c - what tasks begin, and wait for: executions of other workflows, and of their items; and
 * what follows them, hooks. */
#include "tests/workflow/simulation/history.h"

#include <stdio.h>
#include <string.h>

/* The state that it was in before the event of that number; "": it was not yet. */
static const char *state_before(const execution *e, int64_t number)
{
    const char *state = "";
    const json_t *event;
    size_t i;

    json_array_foreach(e->events, i, event) if (history_number(event, "number") < number &&
                                                history_text(event, "task")[0] == '\0' &&
                                                history_text(event, "to")[0] != '\0') state =
        history_text(event, "to");
    return state;
}

static bool is_end(const char *state)
{
    return state[0] != '\0' && strstr("Completed Failed Cancelled", state) != NULL;
}

/* The newest run of a task, and what it waits for. */
typedef struct waiting {
    int64_t attempt, begun;
} waiting;

/* `result`: what it wrote under its name, taken; NULL: it failed. */
static void add_run(const json_t *event, const waiting *of, json_t *result, const char *answer,
                    json_t *runs)
{
    json_t *run =
        json_pack("{s:s, s:I, s:s, s:s, s:[]}", "task", history_text(event, "task"), "attempt",
                  (json_int_t)of->attempt, "answer", answer, "class", "failed", "delete");

    if (result != NULL)
        json_object_set_new(run, "set", json_pack("{s:o}", history_text(event, "task"), result));
    json_array_append_new(runs, run);
}

static json_t *context_of(const history *h, const execution *e)
{
    json_t *result = flow_result(h->w->operator, e->id);
    json_t *context = json_incref(json_object_get(result, "context"));

    json_decref(result);
    return context;
}

/* --- A workflow --- */

/* What a note says that the task waits for; else `otherwise`. */
static int64_t begun_by(const json_t *event, int64_t otherwise)
{
    const char *words = history_text(event, "reason");
    long long id;

    if (history_text(event, "to")[0] == '\0' &&
        (sscanf(words, "it has begun execution %lld", &id) == 1 ||
         sscanf(words, "execution %lld of", &id) == 1))
        return id;
    return otherwise;
}

static bool add_workflow(history *h, const execution *e, const json_t *event, const waiting *of,
                         json_t *runs)
{
    const char *task = history_text(event, "task"), *to = history_text(event, "to"), *state = "";
    const execution *begun = history_find(h, of->begun);
    bool done = strcmp(to, "Completed") == 0;

    if (begun != NULL)
        state = state_before(begun, history_number(event, "number"));
    if (!is_end(state) || done != (strcmp(state, "Completed") == 0))
        return snprintf(h->wrong, h->size,
                        "execution %lld: '%s' is %s while execution %lld, which it waits for, is "
                        "'%s'",
                        (long long)e->id, task, to, (long long)of->begun, state) < 0;
    add_run(event, of, done ? context_of(h, begun) : NULL, done ? "done" : "failed", runs);
    return true;
}

/* --- Items --- */

/* Of an item of a task, before an event: what is Completed, else the newest; NULL: none was begun.
 */
static const execution *find_item(const history *h, const execution *e, const json_t *event,
                                  size_t item)
{
    const execution *found = NULL;
    char name[32];

    snprintf(name, sizeof name, "%s/%s", e->workflow, history_text(event, "task"));
    for (size_t i = 0; i < h->count; i++) {
        const execution *x = &h->all[i];
        const char *state = state_before(x, history_number(event, "number"));
        if (x->parent != e->id || x->item != (int64_t)item || strcmp(x->workflow, name) != 0 ||
            state[0] == '\0')
            continue;
        if (strcmp(state, "Completed") == 0)
            return x;
        found = found == NULL || x->id > found->id ? x : found;
    }
    return found;
}

/* What the item has set; where that is a workflow's context, it is not under its name once more. */
static json_t *result_of(const history *h, const execution *item, const char *task)
{
    json_t *context = context_of(h, item);
    bool begins = json_is_true(json_object_get(history_told(item, 0), "begins"));
    json_t *result = json_incref(begins ? json_object_get(context, task) : context);

    json_decref(context);
    return result;
}

static bool add_items(history *h, const execution *e, const json_t *event, const waiting *of,
                      size_t count, json_t *runs)
{
    const char *to = history_text(event, "to");
    json_t *list = json_array();
    bool ended = true;

    for (size_t i = 0; i < count; i++) {
        const execution *item = find_item(h, e, event, i);
        const char *state = item != NULL ? state_before(item, history_number(event, "number")) : "";
        ended &= is_end(state);
        if (strcmp(state, "Completed") == 0)
            json_array_append_new(list, result_of(h, item, history_text(event, "task")));
    }
    bool all = json_array_size(list) == count;
    add_run(event, of, all ? list : NULL, all ? "done" : "for good", runs);
    if (!all)
        json_decref(list);
    return (ended && all == (strcmp(to, "Completed") == 0)) ||
           snprintf(h->wrong, h->size, "execution %lld: '%s' is %s, and its items are not",
                    (long long)e->id, history_text(event, "task"), to) < 0;
}

/* --- Both --- */

/* A run that waited comes to what it has begun has come to; one without items waits for none. */
static bool add_end(history *h, const execution *e, const json_t *event, const waiting *of,
                    json_t *runs)
{
    const char *from = history_text(event, "from"), *to = history_text(event, "to");
    const json_t *items = json_object_get(history_told(e, history_task(e, event)), "items");
    bool none = items != NULL && json_array_size(items) == 0 && strcmp(to, "Completed") == 0;

    if (strcmp(from, none ? "Running" : "Deferred") != 0 || strcmp(to, "Cancelled") == 0)
        return true;
    return items != NULL ? add_items(h, e, event, of, json_array_size(items), runs)
                         : add_workflow(h, e, event, of, runs);
}

bool history_add_begun(history *h, const execution *e, json_t *runs)
{
    waiting tasks[HISTORY_TASKS + 1] = {0};
    const json_t *event;
    bool good = true;
    size_t i;

    json_array_foreach(e->events, i, event)
    {
        size_t t = history_task(e, event);
        if (!good || !json_is_true(json_object_get(history_told(e, t), "begins")))
            continue;
        tasks[t].begun = begun_by(event, tasks[t].begun);
        if (strcmp(history_text(event, "to"), "Running") == 0)
            tasks[t].attempt = history_number(event, "attempt");
        good = add_end(h, e, event, &tasks[t], runs);
    }
    return good;
}

/* --- Hooks --- */

/* How often an execution, or (not "") a task of it, has come to a state. */
static int count_ends(const execution *e, const char *task, const char *state)
{
    const json_t *event;
    int count = 0;
    size_t i;

    json_array_foreach(e->events, i, event) count +=
        strcmp(history_text(event, "task"), task) == 0 &&
        strcmp(history_text(event, "to"), state) == 0;
    return count;
}

static int count_begun(const history *h, const execution *e, const char *name)
{
    int count = 0;

    for (size_t i = 0; i < h->count; i++)
        count += h->all[i].parent == e->id && strcmp(h->all[i].workflow, name) == 0;
    return count;
}

/* `hook`: "w0/on_success", or "w0/a/on_success". */
static bool check_hook(history *h, const execution *e, const char *hook)
{
    const char *behind = strchr(hook, '/') + 1, *on = strrchr(hook, '/') + 1;
    const char *state = strcmp(on, "on_success") == 0   ? "Completed"
                        : strcmp(on, "on_failure") == 0 ? "Failed"
                                                        : NULL;
    char task[8];

    if (state == NULL)
        return true;
    snprintf(task, sizeof task, "%.*s", behind == on ? 0 : (int)(on - behind) - 1, behind);
    int ends = count_ends(e, task, state), begun = count_begun(h, e, hook);
    return ends == begun ||
           snprintf(h->wrong, h->size,
                    "execution %lld: '%s' was %s %d times, and '%s' begun %d times",
                    (long long)e->id, task, state, ends, hook, begun) < 0;
}

bool history_check_hooks(history *h)
{
    const char *name;
    json_t *told;
    bool good = true;

    for (size_t i = 0; i < h->count && good; i++)
        json_object_foreach(h->all[i].plan->parts, name,
                            told) if (good && h->all[i].told == h->all[i].plan->told) good =
            check_hook(h, &h->all[i], name);
    return good;
}
