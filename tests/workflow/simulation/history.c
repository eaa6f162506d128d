/* SPDX-License-Identifier: Apache-2.0 */
/* history.c - what is asked of all that is recorded: of each execution its story (checker.h), of
 * all events together the limits of tags, priorities and schedules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "tests/workflow/checker.h"
#include "tests/workflow/simulation/world.h"

static const int64_t MINUTE = 60 * INT64_C(1000000000);

enum { MOST_EXECUTIONS = 2000 };

/* One execution, as its events have told it so far. */
typedef struct execution {
    int64_t id, slot;
    const world_plan *plan;
    json_t *events;
    char state; /* of it: the first letter of Pending, Running, .. ; 'P' is Pending, 'Z' Paused */
    char tasks[16];  /* of its tasks */
    bool queued[16]; /* it can be claimed for sure, being Ready */
} execution;

typedef struct history {
    world *w;
    execution all[MOST_EXECUTIONS];
    size_t count;
    char *wrong;
    size_t size;
} history;

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static const json_t *task_of(const execution *e, size_t task)
{
    return json_array_get(e->plan->told, task);
}

/* --- What others begin --- */

static const execution *find(const history *h, int64_t id)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->all[i].id == id)
            return &h->all[i];
    return NULL;
}

/* The state that it was in before the event of that number. */
static const char *state_before(const execution *e, int64_t number)
{
    const char *state = "";
    const json_t *event;
    size_t i;

    json_array_foreach(e->events, i, event) if (number_of(event, "number") < number &&
                                                text_of(event, "task")[0] == '\0' &&
                                                text_of(event, "to")[0] != '\0') state =
        text_of(event, "to");
    return state;
}

/* What a note says that the task waits for; else `otherwise`. */
static int64_t begun_by(const json_t *event, int64_t otherwise)
{
    const char *words = text_of(event, "reason");
    long long id;

    if (text_of(event, "to")[0] == '\0' &&
        (sscanf(words, "it has begun execution %lld", &id) == 1 ||
         sscanf(words, "execution %lld of", &id) == 1))
        return id;
    return otherwise;
}

/* Its newest run, and what that waits for. */
typedef struct waiting {
    int64_t attempt, begun;
} waiting;

/* A run that waited comes to what the execution has come to; what that wrote is its result. */
static json_t *run_of(const history *h, const char *task, const waiting *of, bool done)
{
    json_t *run =
        json_pack("{s:s, s:I, s:s, s:s, s:[]}", "task", task, "attempt", (json_int_t)of->attempt,
                  "answer", done ? "done" : "failed", "class", "failed", "delete");

    if (done) {
        json_t *result = flow_result(h->w->operator, of->begun);
        json_object_set_new(run, "set",
                            json_pack("{s:O}", task, json_object_get(result, "context")));
        json_decref(result);
    }
    return run;
}

/* False: it did not wait until the execution had ended so. */
static bool add_run(history *h, const execution *e, const json_t *event, const waiting *of,
                    json_t *runs)
{
    const execution *begun = find(h, of->begun);
    const char *task = text_of(event, "task"), *to = text_of(event, "to");
    const char *state = begun != NULL ? state_before(begun, number_of(event, "number")) : "";
    bool done = strcmp(to, "Completed") == 0;

    if (done ? strcmp(state, "Completed") != 0
             : strcmp(state, "Failed") != 0 && strcmp(state, "Cancelled") != 0)
        return snprintf(h->wrong, h->size,
                        "execution %lld: '%s' is %s while execution %lld, which it waits for, is "
                        "'%s'",
                        (long long)e->id, task, to, (long long)of->begun, state) < 0;
    json_array_append_new(runs, run_of(h, task, of, done));
    return true;
}

/* The runs of tasks that begin others. */
static bool add_begun(history *h, const execution *e, json_t *runs)
{
    waiting tasks[16] = {0};
    const json_t *event;
    bool good = true;
    size_t i;

    json_array_foreach(e->events, i, event)
    {
        size_t t = (size_t)(text_of(event, "task")[0] - 'a');
        const char *to = text_of(event, "to");
        if (t >= 16 || !good || !json_is_true(json_object_get(task_of(e, t), "begins")))
            continue;
        tasks[t].begun = begun_by(event, tasks[t].begun);
        if (strcmp(to, "Running") == 0)
            tasks[t].attempt = number_of(event, "attempt");
        if (strcmp(text_of(event, "from"), "Deferred") == 0 && strcmp(to, "Cancelled") != 0)
            good = add_run(h, e, event, &tasks[t], runs);
    }
    return good;
}

/* --- Each execution --- */

static bool hear(history *h, const execution *e)
{
    json_t *runs = json_array(), *run, *result = flow_result(h->w->operator, e->id);
    char why[500];
    size_t i;

    json_array_foreach(h->w->runs, i, run) if (number_of(run, "execution") == e->id)
        json_array_append(runs, run);
    json_t *story =
        json_pack("{s:O, s:o, s:O, s:o, s:b}", "tasks", e->plan->told, "runs", runs, "events",
                  e->events, "result", result, "loose_clock", (int)h->w->loose_clock);
    bool good = add_begun(h, e, runs);
    if (!good)
        snprintf(why, sizeof why, "%s", h->wrong);
    good = good && checker_hear(story, why, sizeof why);
    if (world_trace) {
        char *text = json_dumps(story, JSON_COMPACT);
        printf("%s\n", text);
        free(text);
    }
    if (!good)
        snprintf(h->wrong, h->size, "execution %lld of %s: %s", (long long)e->id, e->plan->name,
                 why);
    json_decref(story);
    return good;
}

/* A run is lost when something happens to its runner, and then only once. */
static bool check_losses(history *h, const execution *e)
{
    int64_t lost[16] = {0};
    const json_t *event;
    size_t i;

    json_array_foreach(e->events, i, event) if (
        strncmp(text_of(event, "reason"), "it was lost with ", 17) == 0 &&
        ++lost[text_of(event, "task")[0] - 'a'] >
            h->w->disturbed) return snprintf(h->wrong, h->size,
                                             "execution %lld: '%s' was lost for no reason",
                                             (long long)e->id, text_of(event, "task")) < 0;
    return true;
}

/* --- All together --- */

typedef struct moment {
    execution *execution;
    const json_t *event;
    int64_t number;
} moment;

static int by_number(const void *a, const void *b)
{
    const moment *left = a, *right = b;

    return (left->number > right->number) - (left->number < right->number);
}

static int running_with(const history *h, const char *tag)
{
    int count = 0;

    for (size_t i = 0; i < h->count; i++)
        for (size_t t = 0; t < json_array_size(h->all[i].plan->told); t++)
            count += h->all[i].tasks[t] == 'U' &&
                     strcmp(text_of(task_of(&h->all[i], t), "tag"), tag) == 0;
    return count;
}

/* A task that might have been claimed in the place of another. */
static bool was_free(const history *h, const execution *e, size_t t, unsigned code)
{
    const json_t *task = task_of(e, t);
    const char *tag = text_of(task, "tag");
    bool known = (code >> (e->plan - h->w->plans) & 1) != 0;

    return known && e->tasks[t] == 'R' && e->queued[t] && (e->state == 'P' || e->state == 'U') &&
           (tag[0] == '\0' || running_with(h, tag) < number_of(task, "limit"));
}

/* Rule F7: no task of a higher priority waits; and no more run than a tag allows. */
static bool check_claim(history *h, const moment *m, size_t task)
{
    const json_t *claimed = task_of(m->execution, task);
    const char *tag = text_of(claimed, "tag");
    unsigned code = h->w->code_of[number_of(m->event, "runner")];

    if (tag[0] != '\0' && running_with(h, tag) >= number_of(claimed, "limit"))
        return snprintf(h->wrong, h->size, "event %lld: too many run with the tag '%s'",
                        (long long)m->number, tag) < 0;
    for (size_t i = 0; i < h->count; i++)
        for (size_t t = 0; t < json_array_size(h->all[i].plan->told); t++)
            if (!h->w->loose_clock && was_free(h, &h->all[i], t, code) &&
                number_of(task_of(&h->all[i], t), "priority") > number_of(claimed, "priority"))
                return snprintf(h->wrong, h->size,
                                "event %lld: task %zu of execution %lld is of a higher priority",
                                (long long)m->number, t, (long long)h->all[i].id) < 0;
    return true;
}

/* At most one of a schedule, but for `overlap: allow`. */
static bool check_overlap(history *h, const execution *new)
{
    if (new->slot == 0 || strcmp(new->plan->overlap, "allow") == 0)
        return true;
    for (size_t i = 0; i < h->count; i++)
        if (&h->all[i] != new && h->all[i].plan == new->plan && h->all[i].slot != 0 &&
            strchr("PUZ", h->all[i].state) != NULL && h->all[i].state != '\0')
            return snprintf(h->wrong, h->size,
                            "execution %lld is started while %lld of its schedule runs",
                            (long long)new->id, (long long)h->all[i].id) < 0;
    return true;
}

static char letter_of(const char *state)
{
    return strcmp(state, "Running") == 0 ? 'U' : strcmp(state, "Paused") == 0 ? 'Z' : state[0];
}

/* Resumed: what is Ready can be claimed again. */
static bool take_moment(history *h, const moment *m)
{
    execution *e = m->execution;
    const char *name = text_of(m->event, "task"), *to = text_of(m->event, "to");
    const char *from = text_of(m->event, "from");
    size_t task = (size_t)(name[0] - 'a');
    bool good = true;

    if (to[0] == '\0')
        return true;
    if (name[0] == '\0') {
        good = from[0] != '\0' || check_overlap(h, e);
        e->state = letter_of(to);
        return good;
    }
    if (strcmp(to, "Running") == 0)
        good = check_claim(h, m, task);
    e->tasks[task] = letter_of(to);
    e->queued[task] = strcmp(to, "Ready") == 0 && strcmp(from, "Pending") == 0;
    return good;
}

static bool check_together(history *h)
{
    size_t count = 0, at = 0, i;
    const json_t *event;
    bool good = true;

    for (size_t e = 0; e < h->count; e++)
        count += json_array_size(h->all[e].events);
    moment *moments = calloc(count + 1, sizeof *moments);
    for (size_t e = 0; e < h->count; e++)
        json_array_foreach(h->all[e].events, i, event) moments[at++] =
            (moment){&h->all[e], event, number_of(event, "number")};
    qsort(moments, count, sizeof *moments, by_number);
    for (at = 0; at < count && good; at++)
        good = take_moment(h, &moments[at]);
    free(moments);
    return good;
}

/* --- Schedules --- */

/* Slots behind `from`, before `end`. */
static int64_t count_slots(const world_plan *made, int64_t from, int64_t end)
{
    int64_t count = 0;

    for (int64_t minute = from / MINUTE + 1; minute * MINUTE < end; minute++)
        count += minute % 60 % made->every == 0;
    return count;
}

static bool check_slot(history *h, const world_plan *made, const json_t *slot)
{
    const char *outcome = text_of(slot, "outcome");
    int64_t id = number_of(slot, "execution"), time = number_of(slot, "slot");
    const execution *e = find(h, id);

    if (strcmp(outcome, "queued") == 0)
        return snprintf(h->wrong, h->size, "%s: a slot waits for ever", made->name) < 0;
    if ((strcmp(outcome, "started") == 0) != (e != NULL) || (e != NULL && e->slot != time))
        return snprintf(h->wrong, h->size, "%s: the slot %lld is %s with execution %lld",
                        made->name, (long long)time, outcome, (long long)id) < 0;
    if (e != NULL && made->lateness != 0 && number_of(slot, "time") - time > made->lateness &&
        !h->w->loose_clock)
        return snprintf(h->wrong, h->size, "%s: the slot %lld is started too late", made->name,
                        (long long)time) < 0;
    return true;
}

/* Each slot is started once, skipped, or counted among those that were missed. */
static bool check_schedule(history *h, const world_plan *made, const json_t *told)
{
    int64_t known = 0, started = 0, executions = 0, all;
    json_t *slot;
    size_t i;

    json_array_foreach(json_object_get(told, "slots"), i, slot)
    {
        if (!check_slot(h, made, slot))
            return false;
        bool missed = strcmp(text_of(slot, "outcome"), "missed") == 0;
        started += strcmp(text_of(slot, "outcome"), "started") == 0;
        known += !missed + number_of(slot, "missed");
    }
    for (i = 0; i < h->count; i++)
        executions += h->all[i].plan == made && h->all[i].slot != 0;
    all = made->seen != 0 ? count_slots(made, made->seen, made->end) : 0;
    if (executions != started || all != known || json_object_get(told, "next") != NULL)
        return snprintf(
                   h->wrong, h->size,
                   "%s: of %lld slots %lld are recorded; %lld were started, by %lld executions",
                   made->name, (long long)all, (long long)known, (long long)started,
                   (long long)executions) < 0;
    return true;
}

static bool check_schedules(history *h)
{
    char *text = NULL;
    json_t *list, *told;
    bool good = true;
    size_t i;

    FLOW_OK(weir_workflow_schedules(h->w->operator, NULL, 10000, &text, &error));
    list = json_loads(text, 0, NULL);
    json_array_foreach(list, i, told) for (size_t p = 0; p < h->w->plan_count && good; p++)
    {
        if (strcmp(h->w->plans[p].name, text_of(told, "workflow")) == 0)
            good = check_schedule(h, &h->w->plans[p], told);
    }
    json_decref(list);
    weir_free(text);
    return good;
}

/* --- The whole --- */

static void read_all(history *h)
{
    char *text = NULL;
    json_t *list, *row;
    size_t i;

    FLOW_OK(weir_workflow_list(h->w->operator, NULL, NULL, 0, MOST_EXECUTIONS, &text, &error));
    list = json_loads(text, 0, NULL);
    weir_free(text);
    json_array_foreach(list, i, row)
    {
        execution *e = &h->all[h->count++];
        e->id = number_of(row, "id");
        e->events = flow_events(h->w->operator, e->id);
        for (size_t p = 0; p < h->w->plan_count; p++)
            if (strcmp(h->w->plans[p].name, text_of(row, "workflow")) == 0)
                e->plan = &h->w->plans[p];
        int64_t time = 0;
        bool range;
        const char *key = text_of(row, "key");
        if (strncmp(key, "slot ", 5) == 0 &&
            weir_calendar_read_time(key + 5, strlen(key + 5), &time, &range))
            e->slot = time;
    }
    json_decref(list);
}

bool world_is_sound(world *w, char *wrong, size_t size)
{
    history *h = weir_alloc(sizeof *h);
    bool good = true;

    *h = (history){.w = w, .wrong = wrong, .size = size};
    read_all(h);
    for (size_t i = 0; i < h->count && good; i++)
        good = hear(h, &h->all[i]) && check_losses(h, &h->all[i]);
    good = good && check_together(h) && check_schedules(h);
    for (size_t i = 0; i < h->count; i++)
        json_decref(h->all[i].events);
    weir_free(h);
    return good;
}
