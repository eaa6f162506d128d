/* SPDX-License-Identifier: Apache-2.0 */
/* plan_order.c - the workflows of a module, each after those that it begins. */
#include <string.h>

#include "core/task_options.h"
#include "workflow/plan.h"

typedef struct order {
    const weir_module *module;
    plan_visitor visit;
    void *arg;
    bool *visited;
} order;

static weir_status visit_from(const order *list, uint32_t at, uint32_t deep, weir_error **error);

static weir_status visit_begun(const order *list, const weir_module_task *task, uint32_t deep,
                               weir_error **error)
{
    for (uint32_t i = 0; i < list->module->workflow_count; i++)
        if (strcmp(list->module->workflows[i].name, task->workflow) == 0 && !list->visited[i])
            return visit_from(list, i, deep + 1, error);
    return WEIR_OK; /* it was visited, or will be missed */
}

static weir_status visit_from(const order *list, uint32_t at, uint32_t deep, weir_error **error)
{
    const weir_module_workflow *workflow = &list->module->workflows[at];
    weir_status status = WEIR_OK;

    if (deep > WEIR_WORKFLOWS_DEEP)
        return weir_error_set_at(error, WEIR_SPEC, workflow->place,
                                 "the workflow '%s' is begun by others, more than %d deep or in a "
                                 "circle",
                                 workflow->name, WEIR_WORKFLOWS_DEEP);
    for (uint32_t i = 0; i < workflow->task_count && status == WEIR_OK; i++)
        if (workflow->tasks[i].workflow != NULL)
            status = visit_begun(list, &workflow->tasks[i], deep, error);
    if (status == WEIR_OK)
        status = list->visit(list->arg, workflow, error);
    list->visited[at] = true;
    return status;
}

weir_status plan_visit_module(const weir_module *module, plan_visitor visit, void *arg,
                              weir_error **error)
{
    const order list = {module, visit, arg,
                        weir_alloc_array(module->workflow_count + 1, sizeof(bool))};
    weir_status status = WEIR_OK;

    if (list.visited == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < module->workflow_count && status == WEIR_OK; i++)
        if (!list.visited[i])
            status = visit_from(&list, i, 1, error);
    weir_free(list.visited);
    return status;
}
