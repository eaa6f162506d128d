/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - checks and joins up a workflow. The generator has found most mistakes before; a table
 * that was written by hand is told of here. */
#include "workflow/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "workflow/json.h"
#include "workflow/schedule.h"
#include "workflow/trigger.h"

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

/* --- Checks --- */

static weir_status check_task(const weir_module_workflow *workflow, uint32_t at, weir_error **error)
{
    const weir_module_task *task = &workflow->tasks[at];
    if (task->name == NULL || task->name[0] == '\0')
        return weir_error_set_at(error, WEIR_SPEC, task->place, "a task of '%s' has no name",
                                 workflow->name);
    for (uint32_t i = 0; i < task->after_count; i++)
        if (task->after[i] >= workflow->task_count)
            return weir_error_set_at(error, WEIR_SPEC, task->place,
                                     "the task '%s' comes after a task that is not there",
                                     task->name);
    return WEIR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static weir_status check_names(const weir_module_workflow *workflow, weir_error **error)
{
    const char **names = weir_alloc_array(workflow->task_count, sizeof *names), *twice = NULL;

    if (names == NULL)
        return no_memory(error);
    for (uint32_t i = 0; i < workflow->task_count; i++)
        names[i] = workflow->tasks[i].name;
    qsort(names, workflow->task_count, sizeof *names, by_name);
    for (uint32_t i = 1; i < workflow->task_count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            twice = names[i];
    weir_free(names);
    return twice == NULL
               ? WEIR_OK
               : weir_error_set_at(error, WEIR_SPEC, workflow->place,
                                   "the workflow '%s' has two tasks '%s'", workflow->name, twice);
}

/* What a plan that was read from a store does not have. */
static weir_status check_bodies(const weir_module_workflow *workflow, weir_error **error)
{
    for (uint32_t i = 0; i < workflow->task_count; i++) {
        const weir_module_task *task = &workflow->tasks[i];
        int bodies = (task->call != NULL) + (task->exec != NULL && task->exec[0] != NULL) +
                     (task->workflow != NULL);
        if (bodies != 1)
            return weir_error_set_at(error, WEIR_SPEC, task->place,
                                     "the task '%s' needs one of a function, a command and a "
                                     "workflow",
                                     task->name);
    }
    return WEIR_OK;
}

static weir_status check_tables(const weir_module_workflow *workflow, weir_error **error)
{
    if (workflow->task_count == 0 || workflow->task_count > PLAN_MOST_TASKS)
        return weir_error_set_at(error, WEIR_SPEC, workflow->place,
                                 "the workflow '%s' has %u tasks; it is to have 1 to %d",
                                 workflow->name, workflow->task_count, PLAN_MOST_TASKS);
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; i < workflow->task_count && status == WEIR_OK; i++)
        status = check_task(workflow, i, error);
    return status == WEIR_OK ? check_names(workflow, error) : status;
}

static weir_status read_options(const weir_module_task *task, plan_task *into, weir_error **error)
{
    char what[128];

    snprintf(what, sizeof what, "task '%.100s'", task->name);
    weir_status status =
        weir_options_read(weir_task_options.items, weir_task_options.count, what,
                          task->settings.items, task->settings.count, &into->config, error);
    if (status == WEIR_OK)
        status = weir_options_read(weir_retry_options.items, weir_retry_options.count, what,
                                   task->retry.items, task->retry.count, &into->retry, error);
    if (status == WEIR_OK)
        status = weir_options_read(weir_defer_options.items, weir_defer_options.count, what,
                                   task->defer.items, task->defer.count, &into->defer, error);
    if (status == WEIR_OK && task->concurrency.count != 0)
        status = weir_options_read(weir_concurrency_options.items, weir_concurrency_options.count,
                                   what, task->concurrency.items, task->concurrency.count,
                                   &into->concurrency, error);
    if (status == WEIR_OK && task->after_count == 0 &&
        (into->config.run_if == WEIR_RUN_IF_ANY_SUCCESS ||
         into->config.run_if == WEIR_RUN_IF_ANY_FAILED))
        status = weir_error_set_at(error, WEIR_SPEC, task->place,
                                   "%s has an any_* rule and nothing that it comes after", what);
    return status;
}

/* --- Expressions --- */

static weir_status read_tree(const weir_module_task *task, const char *text, json_t **ret,
                             weir_error **error)
{
    char reason[200] = "";

    if ((*ret = json_from_text(text, reason, sizeof reason)) != NULL)
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, task->place,
                             "an expression of the task '%s' cannot be read: %s", task->name,
                             reason);
}

static weir_status read_words(plan *p, const weir_module_task *task, plan_task *into,
                              weir_error **error)
{
    size_t count = 0;
    weir_status status = WEIR_OK;

    while (task->exec[count] != NULL)
        count++;
    into->words = weir_arena_alloc(&p->arena, (count + 1) * sizeof *into->words);
    if (into->words == NULL)
        return no_memory(error);
    for (size_t i = 0; i < count && status == WEIR_OK; i++)
        if (task->exec_trees[i] != NULL)
            status = read_tree(task, task->exec_trees[i], &into->words[i], error);
    return status;
}

static weir_status read_with(plan *p, const weir_module_task *task, plan_task *into,
                             weir_error **error)
{
    weir_status status = WEIR_OK;

    into->with = weir_arena_alloc(&p->arena, task->with_count * sizeof *into->with);
    if (into->with == NULL)
        return no_memory(error);
    for (uint32_t i = 0; i < task->with_count && status == WEIR_OK; i++)
        status = read_tree(task, task->with[i].tree, &into->with[i], error);
    return status;
}

static weir_status read_expressions(plan *p, const weir_module_task *task, plan_task *into,
                                    weir_error **error)
{
    weir_status status =
        task->rule.tree != NULL ? read_tree(task, task->rule.tree, &into->rule, error) : WEIR_OK;

    if (status == WEIR_OK && task->for_each.tree != NULL)
        status = read_tree(task, task->for_each.tree, &into->for_each, error);
    if (status == WEIR_OK && task->exec != NULL && task->exec_trees != NULL)
        status = read_words(p, task, into, error);
    if (status == WEIR_OK && task->with_count != 0)
        status = read_with(p, task, into, error);
    return status;
}

static void free_expressions(plan_task *task)
{
    json_decref(task->rule);
    json_decref(task->for_each);
    for (size_t i = 0; task->words != NULL && task->declared->exec[i] != NULL; i++)
        json_decref(task->words[i]);
    for (uint32_t i = 0; task->with != NULL && i < task->declared->with_count; i++)
        json_decref(task->with[i]);
}

/* --- Joining up --- */

static bool make_room(plan *p, const weir_module_workflow *workflow)
{
    uint32_t count = workflow->task_count;

    p->row_words = (count + 63) / 64;
    p->tasks = weir_arena_alloc(&p->arena, count * sizeof *p->tasks);
    p->order = weir_arena_alloc(&p->arena, count * sizeof *p->order);
    p->above = weir_arena_alloc(&p->arena, count * p->row_words * sizeof *p->above);
    return p->tasks != NULL && p->order != NULL && p->above != NULL;
}

static bool link_below(plan *p)
{
    for (uint32_t i = 0; i < p->task_count; i++)
        for (uint32_t j = 0; j < p->tasks[i].declared->after_count; j++)
            p->tasks[p->tasks[i].declared->after[j]].below_count++;
    for (uint32_t i = 0; i < p->task_count; i++) {
        plan_task *task = &p->tasks[i];
        task->below = weir_arena_alloc(&p->arena, (task->below_count + 1) * sizeof *task->below);
        if (task->below == NULL)
            return false;
        task->below_count = 0;
    }
    for (uint32_t i = 0; i < p->task_count; i++)
        for (uint32_t j = 0; j < p->tasks[i].declared->after_count; j++) {
            plan_task *first = &p->tasks[p->tasks[i].declared->after[j]];
            first->below[first->below_count++] = i;
        }
    return true;
}

/* Who is above a task is above all that come after it. */
static void mark_above(plan *p, uint32_t task)
{
    const uint64_t *own = &p->above[task * p->row_words];

    for (uint32_t i = 0; i < p->tasks[task].below_count; i++) {
        uint64_t *row = &p->above[p->tasks[task].below[i] * p->row_words];
        for (size_t w = 0; w < p->row_words; w++)
            row[w] |= own[w];
        row[task / 64] |= (uint64_t)1 << task % 64;
    }
}

/* False: there is a circle. */
static bool sort(plan *p, uint32_t *missing)
{
    uint32_t placed = 0;

    for (uint32_t i = 0; i < p->task_count; i++)
        if ((missing[i] = p->tasks[i].declared->after_count) == 0)
            p->order[placed++] = i;
    for (uint32_t at = 0; at < placed; at++) {
        const plan_task *task = &p->tasks[p->order[at]];
        mark_above(p, p->order[at]);
        for (uint32_t i = 0; i < task->below_count; i++)
            if (--missing[task->below[i]] == 0)
                p->order[placed++] = task->below[i];
    }
    return placed == p->task_count;
}

/* One that a task waits for, and which is on a circle or waits for one. */
static uint32_t waits_for(const plan *p, const uint32_t *missing, uint32_t task)
{
    const weir_module_task *declared = p->tasks[task].declared;
    uint32_t i = 0;

    while (missing[declared->after[i]] == 0)
        i++;
    return declared->after[i];
}

/* Going back from any that was not placed, as many steps as there are tasks, ends on a circle. */
static weir_status report_circle(const plan *p, const uint32_t *missing, weir_place place,
                                 weir_error **error)
{
    weir_buffer names = {0};
    uint32_t first = 0;

    while (missing[first] == 0)
        first++;
    for (uint32_t i = 0; i < p->task_count; i++)
        first = waits_for(p, missing, first);
    weir_buffer_text(&names, p->tasks[first].name);
    for (uint32_t at = waits_for(p, missing, first); at != first; at = waits_for(p, missing, at))
        weir_buffer_printf(&names, " <- %s", p->tasks[at].name);
    weir_status status =
        names.failed ? no_memory(error)
                     : weir_error_set_at(error, WEIR_SPEC, place,
                                         "tasks of '%s' wait for each other in a circle: %s <- %s",
                                         p->workflow, names.data, p->tasks[first].name);
    weir_buffer_free(&names);
    return status;
}

/* The tags that are there, beside none. */
static bool list_tags(plan *p)
{
    p->tags = weir_arena_alloc(&p->arena, (p->task_count + 1) * sizeof *p->tags);
    if (p->tags == NULL)
        return false;
    p->tags[p->tag_count++] = (plan_tag){0};
    for (uint32_t i = 0; i < p->task_count; i++) {
        const weir_concurrency_config *own = &p->tasks[i].concurrency;
        size_t at = 1;
        while (own->tag != NULL && at < p->tag_count && strcmp(p->tags[at].tag, own->tag) != 0)
            at++;
        if (own->tag == NULL)
            continue;
        if (at == p->tag_count)
            p->tags[p->tag_count++] = (plan_tag){own->tag, own->limit};
        else if (own->limit < p->tags[at].limit)
            p->tags[at].limit = own->limit;
    }
    return true;
}

static weir_status join_up(plan *p, const weir_module_workflow *workflow, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++) {
        p->tasks[i].declared = &workflow->tasks[i];
        p->tasks[i].name = workflow->tasks[i].name;
        status = read_options(&workflow->tasks[i], &p->tasks[i], error);
        if (status == WEIR_OK)
            status = read_expressions(p, &workflow->tasks[i], &p->tasks[i], error);
    }
    if (status == WEIR_OK)
        status = weir_options_read(weir_workflow_options.items, weir_workflow_options.count,
                                   workflow->name, workflow->settings.items,
                                   workflow->settings.count, &p->config, error);
    if (status != WEIR_OK)
        return status;
    uint32_t *missing = weir_arena_alloc(&p->arena, p->task_count * sizeof *missing);
    if (missing == NULL || !link_below(p) || !list_tags(p))
        return no_memory(error);
    return sort(p, missing) ? WEIR_OK : report_circle(p, missing, workflow->place, error);
}

bool plan_retries(const plan_task *task, const char *error_class)
{
    const char *const *listed = task->declared->retry_on;

    for (size_t i = 0; listed != NULL && listed[i] != NULL; i++)
        if (strcmp(listed[i], error_class) == 0 ||
            (strcmp(listed[i], "exit") == 0 && strncmp(error_class, "exit_", 5) == 0))
            return true;
    return listed == NULL;
}

/* --- What its tasks begin --- */

static const plan *find_known(const plan_list *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->items[i]->workflow, name) == 0)
            return known->items[i];
    return NULL;
}

static weir_status find_begun(const plan *p, const plan_list *known, weir_error **error)
{
    for (uint32_t i = 0; i < p->task_count; i++) {
        const weir_module_task *task = p->tasks[i].declared;
        const plan *begun = task->workflow != NULL ? find_known(known, task->workflow) : NULL;
        if (begun != NULL)
            p->tasks[i].begins_version = begun->version;
        else if (task->workflow != NULL)
            return weir_error_set_at(error, WEIR_SPEC, task->place,
                                     "the task '%s' begins the workflow '%s', which is not loaded",
                                     task->name, task->workflow);
    }
    return WEIR_OK;
}

/* --- The whole --- */

/* Takes `p`, also when it fails. `known` NULL: it was read. */
static weir_status build(plan *p, const weir_module_workflow *workflow, const plan_list *known,
                         plan **ret, weir_error **error)
{
    weir_status status = check_tables(workflow, error);

    if (status == WEIR_OK) {
        p->workflow = workflow->name;
        p->task_count = workflow->task_count;
        p->input = workflow->input;
        p->moments = workflow->moments;
        p->moment_count = workflow->moment_count;
        status = make_room(p, workflow) ? join_up(p, workflow, error) : no_memory(error);
    }
    if (status == WEIR_OK) {
        plan_number_parts(p, workflow);
        status = known != NULL ? find_begun(p, known, error) : WEIR_OK;
    }
    if (status == WEIR_OK && known != NULL)
        status = plan_make_parts(p, workflow, known, error);
    if (status == WEIR_OK && !plan_describe(p))
        status = no_memory(error);
    if (status == WEIR_OK)
        *ret = p;
    else
        plan_free(p);
    return status;
}

static bool is_moment(const weir_module_workflow *workflow, const weir_field *field)
{
    for (uint32_t i = 0; i < workflow->moment_count; i++)
        if (strcmp(workflow->moments[i].key, field->wire) == 0)
            return true;
    return false;
}

/* Nobody gives it an input. */
static weir_status check_scheduled_input(const weir_module_workflow *workflow, weir_error **error)
{
    const weir_type *input = workflow->input;

    for (uint32_t i = 0; input != NULL && i < input->field_count; i++)
        if (!input->fields[i].optional && !input->fields[i].fallback &&
            !is_moment(workflow, &input->fields[i]))
            return weir_error_set_at(error, WEIR_SPEC, workflow->place,
                                     "the workflow '%s' starts by its schedule, and '%s' of its "
                                     "input has no default",
                                     workflow->name, input->fields[i].name);
    return WEIR_OK;
}

weir_status plan_new(const weir_module_workflow *workflow, const char *folder,
                     const plan_list *known, plan **ret, weir_error **error)
{
    weir_status status = check_bodies(workflow, error);
    plan *p = status == WEIR_OK ? weir_alloc(sizeof *p) : NULL;

    if (p == NULL)
        return status != WEIR_OK ? status : no_memory(error);
    if (folder != NULL &&
        (p->folder = weir_arena_copy(&p->arena, folder, strlen(folder))) == NULL) {
        plan_free(p);
        return no_memory(error);
    }
    if (workflow->schedule.count != 0)
        status = schedule_new(workflow, &p->schedule, error);
    if (status == WEIR_OK)
        status = triggers_new(workflow, folder, &p->triggers, error);
    p->trigger_count = p->triggers != NULL ? workflow->trigger_count : 0;
    if (status == WEIR_OK && p->schedule != NULL)
        status = check_scheduled_input(workflow, error);
    if (status == WEIR_OK)
        return build(p, workflow, known, ret, error);
    plan_free(p);
    return status;
}

weir_status plan_read(const char *text, plan **ret, weir_error **error)
{
    weir_module_workflow workflow = {0};
    plan *p = weir_alloc(sizeof *p);

    if (p == NULL)
        return no_memory(error);
    weir_status status = plan_parse(text, p, &workflow, error);
    if (status == WEIR_OK)
        return build(p, &workflow, NULL, ret, error);
    plan_free(p);
    return status;
}

void plan_free(plan *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; p->tasks != NULL && i < p->task_count; i++) {
        weir_options_free(weir_concurrency_options.items, weir_concurrency_options.count,
                          &p->tasks[i].concurrency);
        free_expressions(&p->tasks[i]);
    }
    schedule_free(p->schedule);
    triggers_free(p->triggers, p->trigger_count);
    plan_free(p->parts);
    weir_free(p->text);
    weir_arena_free(&p->tables);
    weir_arena_free(&p->arena);
    weir_free(p);
}
