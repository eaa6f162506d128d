/* SPDX-License-Identifier: Apache-2.0 */
/* by_table.c - a workflow that a program declares by a table, instead of by a spec: it becomes the
 * tables that the generator would write, which the runner owns. */
#include <string.h>

#include "core/arena.h"
#include "core/task_options.h"
#include "core/text.h"
#include "workflow/runner.h"

static const char *copy(weir_arena *arena, const char *text)
{
    return text != NULL ? weir_arena_copy(arena, text, strlen(text)) : NULL;
}

static size_t count_words(const char *const *words)
{
    size_t count = 0;

    while (words != NULL && words[count] != NULL)
        count++;
    return count;
}

/* The settings named `group`.X, as X; "": those without a dot. */
static weir_task_settings settings_of(weir_arena *arena, const weir_setting *options, size_t count,
                                      const char *group)
{
    weir_setting *list = weir_arena_alloc(arena, (count + 1) * sizeof *list);
    size_t size = strlen(group), found = 0;

    for (size_t i = 0; list != NULL && i < count; i++) {
        const char *dot = strchr(options[i].name, '.'), *name = options[i].name;
        size_t before = dot != NULL ? (size_t)(dot - name) : 0;
        if (before == size && strncmp(name, group, size) == 0)
            list[found++] = (weir_setting){.name = copy(arena, dot != NULL ? dot + 1 : name),
                                           .text = copy(arena, options[i].text)};
    }
    return (weir_task_settings){list, found};
}

/* A name with a dot whose first half is none of `groups`, which a NULL ends. */
static const char *stray(const weir_setting *options, size_t count, const char *const *groups)
{
    for (size_t i = 0; i < count; i++) {
        const char *dot = strchr(options[i].name, '.');
        bool known = dot == NULL;
        for (size_t g = 0; !known && groups[g] != NULL; g++)
            known = strlen(groups[g]) == (size_t)(dot - options[i].name) &&
                    strncmp(options[i].name, groups[g], strlen(groups[g])) == 0;
        if (!known)
            return options[i].name;
    }
    return NULL;
}

static weir_status link_after(weir_arena *arena, const weir_workflow_table *table, uint32_t at,
                              weir_module_task *into, weir_error **error)
{
    const weir_workflow_task *task = &table->tasks[at];
    size_t count = count_words(task->after);
    uint32_t *after = weir_arena_alloc(arena, (count + 1) * sizeof *after);

    if (after == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        weir_nearest nearest = {.wanted = task->after[i]};
        char hint[128];
        size_t first = 0;
        while (first < table->task_count && strcmp(table->tasks[first].name, task->after[i]) != 0)
            weir_nearest_offer(&nearest, table->tasks[first++].name);
        if (first == table->task_count)
            return weir_error_set(error, WEIR_SPEC,
                                  "the task '%s' of '%s' comes after '%s', which there is not%s",
                                  task->name, table->name, task->after[i],
                                  weir_nearest_hint(&nearest, hint, sizeof hint));
        after[i] = (uint32_t)first;
    }
    into->after = after;
    into->after_count = (uint32_t)count;
    return WEIR_OK;
}

static const char *const *copy_words(weir_arena *arena, const char *const *words)
{
    size_t count = count_words(words);
    const char **list = weir_arena_alloc(arena, (count + 1) * sizeof *list);

    for (size_t i = 0; list != NULL && i < count; i++)
        list[i] = copy(arena, words[i]);
    return words != NULL ? list : NULL;
}

/* A function is known by its task's name, in the version and to who reads the plan. */
static weir_status make_task(weir_arena *arena, const weir_workflow_table *table, uint32_t at,
                             weir_module_task *into, weir_error **error)
{
    static const char *const groups[] = {"retry", "defer", "concurrency", NULL};
    const weir_workflow_task *task = &table->tasks[at];
    const char *wrong = stray(task->options, task->option_count, groups);

    if (wrong != NULL)
        return weir_error_set(error, WEIR_SPEC,
                              "task '%s' of '%s' has no option '%s'; before a dot stands retry, "
                              "defer or concurrency",
                              task->name, table->name, wrong);
    into->name = copy(arena, task->name);
    into->call = task->call;
    into->call_name = task->call != NULL ? into->name : NULL;
    into->exec = copy_words(arena, task->exec);
    into->settings = settings_of(arena, task->options, task->option_count, "");
    into->retry = settings_of(arena, task->options, task->option_count, "retry");
    into->defer = settings_of(arena, task->options, task->option_count, "defer");
    into->concurrency = settings_of(arena, task->options, task->option_count, "concurrency");
    return link_after(arena, table, at, into, error);
}

static weir_status make_workflow(weir_arena *arena, const weir_workflow_table *table,
                                 weir_module_workflow *into, weir_error **error)
{
    static const char *const groups[] = {"schedule", NULL};
    const char *wrong = stray(table->options, table->option_count, groups);
    weir_module_task *tasks = weir_arena_alloc(arena, (table->task_count + 1) * sizeof *tasks);
    weir_status status = WEIR_OK;

    if (wrong != NULL)
        return weir_error_set(error, WEIR_SPEC,
                              "the workflow '%s' has no option '%s'; before a dot stands schedule",
                              table->name, wrong);
    for (uint32_t i = 0; tasks != NULL && i < table->task_count && status == WEIR_OK; i++)
        status = make_task(arena, table, i, &tasks[i], error);
    *into = (weir_module_workflow){
        .name = copy(arena, table->name),
        .tasks = tasks,
        .task_count = (uint32_t)table->task_count,
        .settings = settings_of(arena, table->options, table->option_count, ""),
        .schedule = settings_of(arena, table->options, table->option_count, "schedule")};
    return status == WEIR_OK && arena->failed ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                                              : status;
}

weir_status weir_runner_add(weir_runner *runner, const weir_workflow_table *table,
                            weir_error **error)
{
    weir_module_workflow *workflow = weir_arena_alloc(&runner->tables, sizeof *workflow);

    if (table->task_count > PLAN_MOST_TASKS)
        return weir_error_set(error, WEIR_SPEC,
                              "the workflow '%s' has %zu tasks; it is to have 1 to %d", table->name,
                              table->task_count, PLAN_MOST_TASKS);
    if (workflow == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_status status = make_workflow(&runner->tables, table, workflow, error);
    const weir_module module = {.generation = WEIR_GENERATION,
                                .name = table->name,
                                .workflows = workflow,
                                .workflow_count = 1};
    return status == WEIR_OK ? weir_runner_load(runner, &module, table->folder, error) : status;
}
