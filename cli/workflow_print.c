/* SPDX-License-Identifier: Apache-2.0 */
/* workflow_print.c - executions, tasks and events for people. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/workflow.h"

/* jansson's loops take no const. */
static json_t *loose(const json_t *value)
{
    return (json_t *)(uintptr_t)value;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* "2026-03-01 02:00:00.250", in UTC; "" where there is none. */
static const char *time_of(const json_t *object, const char *key, char *text, size_t size)
{
    long long time = number_of(object, key);
    time_t seconds = (time_t)(time / 1000000000);
    struct tm parts;

    text[0] = '\0';
    if (time == 0 || gmtime_r(&seconds, &parts) == NULL)
        return text;
    size_t length = strftime(text, size, "%Y-%m-%d %H:%M:%S", &parts);
    snprintf(text + length, size - length, ".%03d", (int)(time / 1000000 % 1000));
    return text;
}

static void print_head(const json_t *execution)
{
    const char *reason = text_of(execution, "reason");

    printf("%s, execution %lld of %s\n", text_of(execution, "status"), number_of(execution, "id"),
           text_of(execution, "workflow"));
    if (reason[0] != '\0')
        printf("%s\n", reason);
}

void workflow_print_execution(const json_t *execution)
{
    const char *name;
    json_t *task;

    print_head(execution);
    json_object_foreach(loose(json_object_get(execution, "tasks")), name, task)
    {
        const char *why = text_of(task, "reason");
        printf("  %-20s %-10s %lld%s%s\n", name, text_of(task, "state"),
               number_of(task, "attempts"), why[0] != '\0' ? "  " : "", why);
    }
}

/* --- The DAG --- */

static const char *mark_of(const char *state)
{
    static const struct {
        const char *state, *mark;
    } marks[] = {{"Completed", "+"}, {"Failed", "x"},    {"Running", ">"}, {"Ready", "."},
                 {"Skipped", "-"},   {"Cancelled", "-"}, {"Deferred", "~"}};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strcmp(marks[i].state, state) == 0)
            return marks[i].mark;
    return " ";
}

/* How many tasks one must pass to come to it; -1: not known yet. */
static int level_of(const json_t *after, const json_t *levels)
{
    int level = 0;
    json_t *name;
    size_t i;

    json_array_foreach(loose(after), i, name)
    {
        const json_t *first = json_object_get(levels, json_string_value(name));
        if (first == NULL)
            return -1;
        if (json_integer_value(first) >= level)
            level = (int)json_integer_value(first) + 1;
    }
    return level;
}

static void print_edges(const json_t *after)
{
    json_t *name;
    size_t i;

    json_array_foreach(loose(after), i, name)
        printf("%s%s", i == 0 ? "  <- " : ", ", json_string_value(name));
}

/* The tasks of one level, in the order of the spec; how many there are. */
static size_t print_level(const json_t *tasks, json_t *levels, int level)
{
    json_t *task, *found = json_object();
    const char *name;

    json_object_foreach(loose(tasks), name, task)
    {
        const json_t *after = json_object_get(task, "after");
        if (json_object_get(levels, name) != NULL || level_of(after, levels) != level)
            continue;
        printf("%*s%s %s  %s", 2 * level, "", mark_of(text_of(task, "state")), name,
               text_of(task, "state"));
        if (number_of(task, "attempts") > 1)
            printf(", run %lld", number_of(task, "attempts"));
        print_edges(after);
        printf("\n");
        json_object_set_new(found, name, json_integer(level));
    }
    size_t count = json_object_size(found);
    json_object_update(levels, found);
    json_decref(found);
    return count;
}

void workflow_print_dag(const json_t *execution)
{
    json_t *levels = json_object();

    print_head(execution);
    for (int level = 0; print_level(json_object_get(execution, "tasks"), levels, level) != 0;)
        level++;
    json_decref(levels);
}

/* --- Lists --- */

void workflow_print_list(const json_t *list)
{
    json_t *row;
    char begun[48];
    size_t i;

    json_array_foreach(loose(list), i, row)
    {
        const char *reason = text_of(row, "reason");
        printf("%6lld  %-10s %-20s %s", number_of(row, "id"), text_of(row, "status"),
               text_of(row, "workflow"), time_of(row, "created", begun, sizeof begun));
        if (json_object_get(row, "parent") != NULL)
            printf("  %s of %lld", text_of(row, "role"), number_of(row, "parent"));
        printf("%s%s\n", reason[0] != '\0' ? "  " : "", reason);
    }
}

void workflow_print_events(const json_t *events)
{
    json_t *event;
    char when[48];
    size_t i;

    json_array_foreach(loose(events), i, event)
    {
        const char *task = text_of(event, "task"), *reason = text_of(event, "reason");
        printf("%s  %-20s", time_of(event, "time", when, sizeof when),
               task[0] != '\0' ? task : "(the execution)");
        if (json_object_get(event, "to") != NULL)
            printf(" %s%s%s", text_of(event, "from"),
                   text_of(event, "from")[0] != '\0' ? " -> " : "", text_of(event, "to"));
        if (number_of(event, "attempt") != 0)
            printf(", run %lld", number_of(event, "attempt"));
        if (number_of(event, "runner") != 0)
            printf(", runner %lld", number_of(event, "runner"));
        printf("%s%s\n", reason[0] != '\0' ? ": " : "", reason);
    }
}

void workflow_print_reasons(const json_t *reasons)
{
    const json_t *tasks = json_object_get(reasons, "tasks");
    json_t *task;
    size_t i;

    print_head(reasons);
    json_array_foreach(loose(tasks), i, task) printf("  %-20s %-10s %s\n", text_of(task, "task"),
                                                     text_of(task, "state"), text_of(task, "why"));
    if (json_array_size(tasks) == 0)
        printf("  all tasks are Completed\n");
}

void workflow_print_schedules(const json_t *schedules)
{
    json_t *schedule, *slot;
    char when[48];
    size_t i, j;

    json_array_foreach(loose(schedules), i, schedule)
    {
        const char *next = json_object_get(schedule, "next") != NULL
                               ? time_of(schedule, "next", when, sizeof when)
                               : "never";
        printf("%s, next %s%s\n", text_of(schedule, "workflow"), next,
               number_of(schedule, "paused") != 0 ? ", paused" : "");
        json_array_foreach(json_object_get(schedule, "slots"), j, slot)
        {
            printf("  %s  %-8s", time_of(slot, "slot", when, sizeof when),
                   text_of(slot, "outcome"));
            if (number_of(slot, "execution") != 0)
                printf(" %lld", number_of(slot, "execution"));
            printf("%s%s\n", text_of(slot, "reason")[0] != '\0' ? "  " : "",
                   text_of(slot, "reason"));
        }
    }
}

static void print_trigger(const json_t *trigger)
{
    char when[48];

    printf("%s.%s, ", text_of(trigger, "workflow"), text_of(trigger, "trigger"));
    if (number_of(trigger, "paused") != 0)
        printf("paused");
    else if (number_of(trigger, "runner") != 0)
        printf("runner %lld looks", number_of(trigger, "runner"));
    else
        printf("next look %s", time_of(trigger, "due", when, sizeof when));
    if (number_of(trigger, "looked") != 0)
        printf(", last look %s", time_of(trigger, "looked", when, sizeof when));
    printf("\n");
    if (number_of(trigger, "failures") != 0)
        printf("  failed %lld times in succession, last %s: %s\n", number_of(trigger, "failures"),
               time_of(trigger, "failed", when, sizeof when), text_of(trigger, "reason"));
}

void workflow_print_triggers(const json_t *triggers)
{
    json_t *trigger, *firing;
    char when[48];
    size_t i, j;

    json_array_foreach(loose(triggers), i, trigger)
    {
        print_trigger(trigger);
        json_array_foreach(json_object_get(trigger, "firings"), j, firing)
        {
            printf("  %s  %-8s", time_of(firing, "time", when, sizeof when),
                   text_of(firing, "outcome"));
            if (number_of(firing, "execution") != 0)
                printf(" %lld", number_of(firing, "execution"));
            printf("  %s%s%s\n", text_of(firing, "key"),
                   text_of(firing, "reason")[0] != '\0' ? ": " : "", text_of(firing, "reason"));
        }
    }
}
