/* SPDX-License-Identifier: Apache-2.0 */
/* check_begins.c - workflows that begin others: which there are, and that it comes to an end. */
#include <string.h>

#include "codegen/check.h"
#include "core/buffer.h"
#include "core/task_options.h"

/* --- Slots --- */

/* Whether it made another one known. */
static bool pass_slot_on(checker *check, const spec_workflow *by)
{
    bool more = false;

    for (size_t i = 0; i < by->task_count && by->has_slot; i++) {
        const char *name = by->tasks[i].workflow.text;
        long index = name != NULL ? check_find(&check->workflows, name) : CHECK_NONE;
        if (index == CHECK_NONE || check->model->workflows[index].has_slot)
            continue;
        check->model->workflows[index].has_slot = more = true;
    }
    return more;
}

void check_slots(checker *check)
{
    spec *model = check->model;
    bool more = true;

    for (size_t i = 0; i < model->workflow_count; i++)
        model->workflows[i].has_slot = model->workflows[i].schedule.count != 0;
    while (more) {
        more = false;
        for (size_t i = 0; i < model->workflow_count; i++)
            more |= pass_slot_on(check, &model->workflows[i]);
    }
}

/* --- Inputs --- */

void check_begun(checker *check, const spec_workflow *by, spec_task *task)
{
    long index = check_resolve(check, &check->workflows, &task->workflow, "workflow");
    const spec_workflow *begun = index != CHECK_NONE ? &check->model->workflows[index] : NULL;

    task->workflow_index = (size_t)index;
    for (size_t i = 0; begun != NULL && i < begun->input.count; i++) {
        const spec_field *field = &begun->input.items[i];
        bool given = field->shape.optional || field->fallback != NULL ||
                     (field->moment != NULL && by->has_slot);
        for (size_t w = 0; w < task->with.count && !given; w++)
            given = strcmp(task->with.items[w].field, field->name) == 0;
        if (!given)
            diagnostics_error(check->log, task->workflow.where,
                              "the input of '%s' needs '%s', which has no default: give it in "
                              "`with:`",
                              begun->name, field->name);
    }
}

/* --- Circles, and how deep it goes --- */

typedef struct begins {
    checker *check;
    size_t *path; /* workflows, each begun by the one before it */
    size_t depth;
    size_t *deepest; /* how many are below one, itself included; 0: not known yet */
    bool told;
} begins;

static bool is_on_path(const begins *b, size_t workflow, size_t *ret_at)
{
    for (size_t i = 0; i < b->depth; i++)
        if (b->path[i] == workflow) {
            *ret_at = i;
            return true;
        }
    return false;
}

static void report_circle(begins *b, const spec_task *task, size_t at)
{
    const spec_workflow *workflows = b->check->model->workflows;
    weir_buffer names = {0};

    for (size_t i = at; i < b->depth; i++)
        weir_buffer_printf(&names, "%s -> ", workflows[b->path[i]].name);
    if (names.failed)
        b->check->log->failed = true;
    else
        diagnostics_error(b->check->log, task->workflow.where,
                          "workflows begin each other in a circle: %s%s", names.data,
                          workflows[b->path[at]].name);
    weir_buffer_free(&names);
    b->told = true;
}

static size_t descend(begins *b, size_t workflow)
{
    const spec_workflow *w = &b->check->model->workflows[workflow];
    size_t deepest = 1, at;

    if (b->deepest[workflow] != 0)
        return b->deepest[workflow];
    b->path[b->depth++] = workflow;
    for (size_t i = 0; i < w->task_count; i++) {
        const spec_task *task = &w->tasks[i];
        if (task->workflow.text == NULL || task->workflow_index >= b->check->model->workflow_count)
            continue;
        if (is_on_path(b, task->workflow_index, &at)) {
            report_circle(b, task, at);
            continue;
        }
        size_t below = descend(b, task->workflow_index) + 1;
        deepest = below > deepest ? below : deepest;
    }
    b->depth--;
    return b->deepest[workflow] = deepest;
}

void check_begins(checker *check)
{
    size_t count = check->model->workflow_count, room;
    begins b = {.check = check, .path = front_array(check->front, count, sizeof(size_t), &room)};

    b.deepest = front_array(check->front, count, sizeof(size_t), &room);
    for (size_t i = 0; i < room; i++) {
        size_t deepest = descend(&b, i);
        if (deepest > WEIR_WORKFLOWS_DEEP && !b.told)
            diagnostics_error(check->log, check->model->workflows[i].where,
                              "the workflow '%s' begins others that begin others, %zu deep; at "
                              "most %d",
                              check->model->workflows[i].name, deepest, WEIR_WORKFLOWS_DEEP);
        b.told = b.told || deepest > WEIR_WORKFLOWS_DEEP;
    }
}
