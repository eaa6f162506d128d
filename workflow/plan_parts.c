/* SPDX-License-Identifier: Apache-2.0 */
/* plan_parts.c - what a workflow begins one by one: its hooks, and the items of its tasks. They are
 * the tasks of a plan of their own, "NAME/", of which an execution has one. */
#include <stdio.h>
#include <string.h>

#include "workflow/json.h"
#include "workflow/plan.h"

/* --- Numbers: in the order of the tasks; the same wherever the plan was read --- */

static uint32_t number(plan *p, const void *declared)
{
    return declared != NULL ? p->part_count++ : PLAN_NO_PART;
}

void plan_number_parts(plan *p, const weir_module_workflow *workflow)
{
    for (uint32_t i = 0; i < p->task_count; i++) {
        p->tasks[i].on_success = number(p, workflow->tasks[i].on_success);
        p->tasks[i].on_failure = number(p, workflow->tasks[i].on_failure);
        p->tasks[i].item = number(p, workflow->tasks[i].for_each.tree);
    }
    p->on_success = number(p, workflow->on_success);
    p->on_failure = number(p, workflow->on_failure);
}

/* --- Tasks --- */

static void add_hook(weir_arena *tables, weir_module_task *parts, uint32_t at,
                     const weir_module_task *hook, const char *of, const char *name)
{
    if (at == PLAN_NO_PART)
        return;
    parts[at] = *hook;
    parts[at].name = of != NULL ? weir_arena_printf(tables, "%s/%s", of, name) : name;
}

/* Whether it runs at all, and what becomes of that, is of all items together. */
static bool is_of_all(const char *option)
{
    return strcmp(option, "run_if") == 0 || strcmp(option, "allow_failure") == 0 ||
           strcmp(option, "max") == 0;
}

static void add_item(weir_arena *tables, weir_module_task *parts, uint32_t at,
                     const weir_module_task *task)
{
    if (at == PLAN_NO_PART)
        return;
    weir_setting *own = weir_arena_alloc(tables, (task->settings.count + 1) * sizeof *own);
    parts[at] = *task;
    parts[at].after_count = 0;
    parts[at].rule = parts[at].for_each = (weir_module_expression){NULL, NULL};
    parts[at].on_success = parts[at].on_failure = NULL;
    parts[at].settings = (weir_task_settings){own, 0};
    for (size_t i = 0; own != NULL && i < task->settings.count; i++)
        if (!is_of_all(task->settings.items[i].name))
            own[parts[at].settings.count++] = task->settings.items[i];
}

/* NULL: out of memory. */
static const weir_module_workflow *make_tables(const plan *p, const weir_module_workflow *workflow,
                                               weir_arena *tables)
{
    static const weir_setting none = {.name = "timeout", .text = "none"};
    weir_module_task *parts = weir_arena_alloc(tables, p->part_count * sizeof *parts);
    weir_module_workflow *whole = weir_arena_alloc(tables, sizeof *whole);

    if (parts == NULL || whole == NULL)
        return NULL;
    for (uint32_t i = 0; i < p->task_count; i++) {
        const weir_module_task *task = &workflow->tasks[i];
        add_hook(tables, parts, p->tasks[i].on_success, task->on_success, task->name, "on_success");
        add_hook(tables, parts, p->tasks[i].on_failure, task->on_failure, task->name, "on_failure");
        add_item(tables, parts, p->tasks[i].item, task);
    }
    add_hook(tables, parts, p->on_success, workflow->on_success, NULL, "on_success");
    add_hook(tables, parts, p->on_failure, workflow->on_failure, NULL, "on_failure");
    *whole = (weir_module_workflow){.name = weir_arena_printf(tables, "%s/", workflow->name),
                                    .tasks = parts,
                                    .task_count = p->part_count,
                                    .settings = {&none, 1},
                                    .place = workflow->place};
    return tables->failed ? NULL : whole;
}

weir_status plan_make_parts(plan *p, const weir_module_workflow *workflow, const plan_list *known,
                            weir_error **error)
{
    weir_arena tables = {0};

    if (p->part_count == 0)
        return WEIR_OK;
    const weir_module_workflow *whole = make_tables(p, workflow, &tables);
    weir_status status = whole != NULL ? plan_new(whole, p->folder, known, &p->parts, error)
                                       : weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status != WEIR_OK) {
        weir_arena_free(&tables);
        return status;
    }
    p->parts->tables = tables;
    p->parts->hidden = true;
    return plan_keep_parts(p, p->parts->text) ? WEIR_OK
                                              : weir_error_set(error, WEIR_NOMEM, "out of memory");
}

bool plan_keep_parts(plan *p, const char *text)
{
    weir_digest sum = WEIR_DIGEST_START;

    weir_digest_add_text(&sum, text);
    weir_digest_print(sum, p->parts_version);
    p->parts_name = weir_arena_printf(&p->arena, "%s/", p->workflow);
    p->parts_text = weir_arena_copy(&p->arena, text, strlen(text));
    return !p->arena.failed;
}

plan *plan_take_parts(plan *p)
{
    plan *parts = p->parts;

    p->parts = NULL;
    return parts;
}
