/* SPDX-License-Identifier: Apache-2.0 */
/* history.c - what is asked of all that is recorded: of each execution its story (checker.h), of
 * all events together the limits of tags, priorities and schedules. */
#include "tests/workflow/simulation/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "tests/workflow/checker.h"

static const int64_t MINUTE = 60 * INT64_C(1000000000);

const char *history_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

int64_t history_number(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

const execution *history_find(const history *h, int64_t id)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->all[i].id == id)
            return &h->all[i];
    return NULL;
}

size_t history_task(const execution *e, const json_t *event)
{
    const json_t *task;
    size_t i;

    json_array_foreach(e->told, i, task) if (strcmp(history_text(task, "name"),
                                                    history_text(event, "task")) == 0) return i;
    return HISTORY_TASKS;
}

const json_t *history_told(const execution *e, size_t task)
{
    return json_array_get(e->told, task);
}

/* --- Each execution --- */

static bool hear(history *h, const execution *e)
{
    json_t *runs = json_array(), *run, *result = flow_result(h->w->operator, e->id);
    char why[500];
    size_t i;

    json_array_foreach(h->w->runs, i, run) if (history_number(run, "execution") == e->id)
        json_array_append(runs, run);
    json_t *story = json_pack("{s:O, s:o, s:O, s:o, s:b}", "tasks", e->told, "runs", runs, "events",
                              e->events, "result", result, "loose_clock", (int)h->w->loose_clock);
    bool good = history_add_begun(h, e, runs);
    if (!good)
        snprintf(why, sizeof why, "%s", h->wrong);
    good = good && checker_hear(story, why, sizeof why);
    if (world_trace) {
        char *text = json_dumps(story, JSON_COMPACT);
        printf("%s\n", text);
        free(text);
    }
    if (!good)
        snprintf(h->wrong, h->size, "execution %lld of %s: %s", (long long)e->id, e->workflow, why);
    json_decref(story);
    return good;
}

/* A run is lost when something happens to its runner, and then only once. */
static bool check_losses(history *h, const execution *e)
{
    int64_t lost[HISTORY_TASKS + 1] = {0};
    const json_t *event;
    size_t i;

    json_array_foreach(e->events, i, event) if (
        strncmp(history_text(event, "reason"), "it was lost with ", 17) == 0 &&
        ++lost[history_task(e, event)] >
            h->w->disturbed) return snprintf(h->wrong, h->size,
                                             "execution %lld: '%s' was lost for no reason",
                                             (long long)e->id, history_text(event, "task")) < 0;
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
        for (size_t t = 0; t < json_array_size(h->all[i].told); t++)
            count += h->all[i].tasks[t] == 'U' &&
                     strcmp(history_text(history_told(&h->all[i], t), "tag"), tag) == 0;
    return count;
}

/* A task that might have been claimed in the place of another. */
static bool was_free(const history *h, const execution *e, size_t t, unsigned code)
{
    const json_t *task = history_told(e, t);
    const char *tag = history_text(task, "tag");
    bool known = (code >> (e->plan - h->w->plans) & 1) != 0;

    return known && e->tasks[t] == 'R' && e->queued[t] && (e->state == 'P' || e->state == 'U') &&
           (tag[0] == '\0' || running_with(h, tag) < history_number(task, "limit"));
}

/* Rule F7: no task of a higher priority waits; and no more run than a tag allows. */
static bool check_claim(history *h, const moment *m, size_t task)
{
    const json_t *claimed = history_told(m->execution, task);
    const char *tag = history_text(claimed, "tag");
    unsigned code = h->w->code_of[history_number(m->event, "runner")];

    if (tag[0] != '\0' && running_with(h, tag) >= history_number(claimed, "limit"))
        return snprintf(h->wrong, h->size, "event %lld: too many run with the tag '%s'",
                        (long long)m->number, tag) < 0;
    for (size_t i = 0; i < h->count; i++)
        for (size_t t = 0; t < json_array_size(h->all[i].told); t++)
            if (!h->w->loose_clock && was_free(h, &h->all[i], t, code) &&
                history_number(history_told(&h->all[i], t), "priority") >
                    history_number(claimed, "priority"))
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
    const char *from = history_text(m->event, "from"), *to = history_text(m->event, "to");
    size_t task = history_task(e, m->event);
    bool good = true;

    if (to[0] == '\0')
        return true;
    if (task == HISTORY_TASKS) {
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
            (moment){&h->all[e], event, history_number(event, "number")};
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
    const char *outcome = history_text(slot, "outcome");
    int64_t id = history_number(slot, "execution"), time = history_number(slot, "slot");
    const execution *e = history_find(h, id);

    if (strcmp(outcome, "queued") == 0)
        return snprintf(h->wrong, h->size, "%s: a slot waits for ever", made->name) < 0;
    if ((strcmp(outcome, "started") == 0) != (e != NULL) || (e != NULL && e->slot != time))
        return snprintf(h->wrong, h->size, "%s: the slot %lld is %s with execution %lld",
                        made->name, (long long)time, outcome, (long long)id) < 0;
    if (e != NULL && made->lateness != 0 && history_number(slot, "time") - time > made->lateness &&
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
        bool missed = strcmp(history_text(slot, "outcome"), "missed") == 0;
        started += strcmp(history_text(slot, "outcome"), "started") == 0;
        known += !missed + history_number(slot, "missed");
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
        if (strcmp(h->w->plans[p].name, history_text(told, "workflow")) == 0)
            good = check_schedule(h, &h->w->plans[p], told);
    }
    json_decref(list);
    weir_free(text);
    return good;
}

/* --- The whole --- */

static void take_row(history *h, const world_plan *made, const char *name, const json_t *told,
                     json_t *row)
{
    assert_in_range(h->count, 0, HISTORY_EXECUTIONS - 1);
    execution *e = &h->all[h->count++];
    const char *key = history_text(row, "key");
    int64_t time = 0;
    bool range;

    *e = (execution){.id = history_number(row, "id"),
                     .parent = history_number(row, "parent"),
                     .item = history_number(row, "item"),
                     .workflow = name,
                     .plan = made,
                     .told = told};
    e->events = flow_events(h->w->operator, e->id);
    if (strncmp(key, "slot ", 5) == 0 &&
        weir_calendar_read_time(key + 5, strlen(key + 5), &time, &range))
        e->slot = time;
}

static void read_named(history *h, const world_plan *made, const char *name, const json_t *told)
{
    char *text = NULL;
    json_t *list, *row;
    size_t i;

    FLOW_OK(weir_workflow_list(h->w->operator, name, NULL, 0, HISTORY_EXECUTIONS, &text, &error));
    list = json_loads(text, 0, NULL);
    weir_free(text);
    json_array_foreach(list, i, row) take_row(h, made, name, told, row);
    json_decref(list);
}

static void read_all(history *h)
{
    const char *name;
    json_t *told;

    for (size_t p = 0; p < h->w->plan_count; p++) {
        const world_plan *made = &h->w->plans[p];
        read_named(h, made, made->name, made->told);
        json_object_foreach(made->parts, name, told) read_named(h, made, name, told);
    }
}

bool world_is_sound(world *w, char *wrong, size_t size)
{
    history *h = weir_alloc(sizeof *h);
    bool good = true;

    *h = (history){.w = w, .wrong = wrong, .size = size};
    read_all(h);
    for (size_t i = 0; i < h->count && good; i++)
        good = hear(h, &h->all[i]) && check_losses(h, &h->all[i]);
    good = good && history_check_hooks(h) && check_together(h) && check_schedules(h);
    for (size_t i = 0; i < h->count; i++)
        json_decref(h->all[i].events);
    weir_free(h);
    return good;
}
