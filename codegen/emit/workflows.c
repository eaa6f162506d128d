/* SPDX-License-Identifier: Apache-2.0 */
/* workflows.c - prototypes of task functions, and the tables of workflows. */
#include <stdio.h>
#include <string.h>

#include "codegen/emit/prototypes.h"
#include "codegen/roots.h"

/* A C function that the user writes: what a task or a trigger calls, or a condition that a task
 * waits for. */
typedef struct user_function {
    const char *name;
    const spec_workflow *workflow;
    const char *owner, *doc; /* the task's or the trigger's */
    bool condition;
    weir_place where;
} user_function;

/* The n-th function of a task: what it calls, then its conditions. False: there are no more. */
static bool function_of_task(const spec_task *task, size_t at, user_function *ret)
{
    size_t calls = task->call.text != NULL;

    if (at >= calls + task->conditions.count)
        return false;
    ret->name = task->call.text;
    ret->owner = task->name;
    ret->doc = task->doc;
    ret->where = task->where;
    if (at < calls)
        return true;
    ret->condition = true;
    ret->name = task->conditions.items[at - calls].text;
    ret->where = task->conditions.items[at - calls].where;
    return true;
}

/* The same of the n-th body of a workflow: the tasks and hooks, then the triggers. */
static bool function_of(const spec_workflow *workflow, size_t body, size_t at, user_function *ret)
{
    *ret = (user_function){.workflow = workflow};
    if (body < workflow->body_count)
        return function_of_task(workflow->bodies[body], at, ret);
    const spec_trigger *trigger = &workflow->triggers[body - workflow->body_count];
    ret->name = trigger->call.text;
    ret->owner = trigger->name;
    ret->doc = trigger->doc;
    ret->where = trigger->where;
    return at == 0 && trigger->call.text != NULL;
}

static size_t count_bodies(const spec_workflow *workflow)
{
    return workflow->body_count + workflow->trigger_count;
}

/* Several may have one function: it is declared at the first. */
static bool is_first(const spec *model, const user_function *function)
{
    user_function other;

    for (size_t i = 0; i < model->workflow_count; i++)
        for (size_t t = 0; t < count_bodies(&model->workflows[i]); t++)
            for (size_t f = 0; function_of(&model->workflows[i], t, f, &other); f++) {
                if (other.owner == function->owner && other.name == function->name)
                    return true;
                if (strcmp(other.name, function->name) == 0)
                    return false;
            }
    return true;
}

static void emit_task_prototype(emitter *e, const user_function *function, const char *end)
{
    const char *doc = function->doc;
    weir_buffer text = {0};

    if (function->condition)
        weir_buffer_printf(&text, "Whether %s of %s, which waits for it, can go on.",
                           function->owner, function->workflow->name);
    else
        weir_buffer_printf(&text, "%s%s%s: %s.", doc != NULL ? doc : "", doc != NULL ? " " : "",
                           function->workflow->name, function->owner);
    if (text.failed)
        e->out->failed = true;
    else
        emit_comment(e->out, 0, text.data, function->where);
    weir_buffer_free(&text);
    EMIT(e, 0, "weir_answer %s(weir_task *task)%s", function->name, end);
}

static void emit_task_function(emitter *e, const user_function *function, bool body)
{
    if (!is_first(e->model, function))
        return;
    emit_task_prototype(e, function, body ? "" : ";");
    if (body) {
        EMIT(e, 0, "{");
        EMIT(e, 4, "return weir_task_fail_for_good(task, \"not written yet\");");
        EMIT(e, 0, "}");
    }
    emit_blank(e->out);
}

void emit_task_functions(emitter *e, bool bodies)
{
    const spec *model = e->model;
    user_function function;

    for (size_t i = 0; i < model->workflow_count; i++)
        for (size_t t = 0; t < count_bodies(&model->workflows[i]); t++)
            for (size_t f = 0; function_of(&model->workflows[i], t, f, &function); f++)
                emit_task_function(e, &function, bodies);
}

/* --- Tables --- */

static void emit_after(emitter *e, const char *owner, const spec_task *task)
{
    weir_buffer list = {0};

    if (task->after.count == 0)
        return;
    for (size_t i = 0; i < task->after.count; i++)
        weir_buffer_printf(&list, "%s%zu", i != 0 ? ", " : "", task->after_index[i]);
    e->out->failed |= list.failed;
    EMIT(e, 0, "static const uint32_t %s_%s_after[] = {%s};", owner, task->id,
         list.failed ? "" : list.data);
    emit_blank(e->out);
    weir_buffer_free(&list);
}

/* A long text becomes several literals, one a line. */
static void emit_text_item(emitter *e, int indent, const char *text)
{
    enum { CHUNK = 60 };
    size_t left = text != NULL ? strlen(text) : 0;

    if (text == NULL)
        EMIT(e, indent, "NULL,");
    for (bool first = true; text != NULL && (first || left != 0); first = false) {
        size_t size = left > CHUNK ? CHUNK : left;
        weir_buffer literal = {0};
        emit_literal(&literal, text, size);
        e->out->failed |= literal.failed;
        EMIT(e, indent, "%s%s", literal.failed ? "" : literal.data, left > size ? "" : ",");
        weir_buffer_free(&literal);
        text += size;
        left -= size;
    }
}

static bool has_expressions(const spec_task *task)
{
    for (size_t i = 0; i < task->exec.count; i++)
        if (task->exec.items[i].value.json != NULL)
            return true;
    return false;
}

/* The words, an expression as it is written; beside them its tree. */
static void emit_exec(emitter *e, const char *owner, const spec_task *task)
{
    if (task->exec.count == 0)
        return;
    EMIT(e, 0, "static const char *const %s_%s_exec[] = {", owner, task->id);
    for (size_t i = 0; i < task->exec.count; i++) {
        const spec_word *word = &task->exec.items[i];
        bool is_expression = word->value.json != NULL && !word->secret;
        emit_text_item(e, 4, is_expression ? word->value.expression.text : word->name.text);
    }
    EMIT(e, 4, "NULL,");
    EMIT(e, 0, "};");
    emit_blank(e->out);
    if (!has_expressions(task))
        return;
    EMIT(e, 0, "static const char *const %s_%s_exec_trees[] = {", owner, task->id);
    for (size_t i = 0; i < task->exec.count; i++)
        emit_text_item(e, 4, task->exec.items[i].value.json);
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static void emit_with(emitter *e, const char *owner, const spec_task *task)
{
    if (task->with.count == 0)
        return;
    EMIT(e, 0, "static const weir_task_argument %s_%s_with[] = {", owner, task->id);
    for (size_t i = 0; i < task->with.count; i++) {
        EMIT(e, 4, "{");
        emit_text_item(e, 8, task->with.items[i].field);
        emit_text_item(e, 8, task->with_json[i]);
        EMIT(e, 4, "},");
    }
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

/* A function like any other: it calls the graph by its table. */
static void emit_graph_task(emitter *e, const char *owner, const spec_task *task)
{
    if (task->graph.text == NULL)
        return;
    EMIT(e, 0, "static const weir_task_graph %s_%s_graph = {", owner, task->id);
    EMIT(e, 4, ".graph = &%s_graphs[%zu],", e->module.text, task->graph_index);
    if (e->params != NULL)
        EMIT(e, 4, ".params = &%s_params_type,", e->module.text);
    if (task->with.count != 0)
        EMIT(e, 4, ".with = %s_%s_with, .with_count = %zu,", owner, task->id, task->with.count);
    EMIT(e, 0, "};");
    emit_blank(e->out);
    EMIT(e, 0, "static weir_answer %s_%s_run(weir_task *task)", owner, task->id);
    EMIT(e, 0, "{");
    EMIT(e, 4, "return weir_task_call_graph(task, &%s_%s_graph);", owner, task->id);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

static void emit_retry_on(emitter *e, const char *owner, const spec_task *task)
{
    if (task->retry_on.count == 0)
        return;
    EMIT(e, 0, "static const char *const %s_%s_retry_on[] = {", owner, task->id);
    for (size_t i = 0; i < task->retry_on.count; i++)
        emit_text_item(e, 4, task->retry_on.items[i].text);
    EMIT(e, 4, "NULL,");
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static void emit_conditions(emitter *e, const char *owner, const spec_task *task)
{
    if (task->conditions.count == 0)
        return;
    EMIT(e, 0, "static const weir_task_condition %s_%s_conditions[] = {", owner, task->id);
    for (size_t i = 0; i < task->conditions.count; i++)
        EMIT(e, 4, "{\"%s\", %s},", task->conditions.items[i].text, task->conditions.items[i].text);
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static void emit_parts(emitter *e, const char *room, const char *owner, const spec_task *task)
{
    char retry[128], concurrency[128], defer[128];

    snprintf(retry, sizeof retry, "%.100s_retry", task->id);
    snprintf(defer, sizeof defer, "%.100s_defer", task->id);
    snprintf(concurrency, sizeof concurrency, "%.100s_concurrency", task->id);
    emit_after(e, owner, task);
    emit_exec(e, owner, task);
    emit_with(e, owner, task);
    emit_graph_task(e, owner, task);
    emit_retry_on(e, owner, task);
    emit_settings(e, room, task->id, &task->settings);
    emit_settings(e, room, retry, &task->retry);
    emit_settings(e, room, concurrency, &task->concurrency);
    emit_conditions(e, owner, task);
    emit_settings(e, room, defer, &task->defer);
}

static void emit_expression(emitter *e, const char *member, const spec_evaluated *value)
{
    if (value->json == NULL)
        return;
    EMIT(e, 8, ".%s = {", member);
    emit_text_item(e, 12, value->expression.text);
    emit_text_item(e, 12, value->json);
    EMIT(e, 8, "},");
}

static void emit_hooks(emitter *e, const char *owner, const spec_task *on_success,
                       const spec_task *on_failure)
{
    if (on_success != NULL)
        EMIT(e, 8, ".on_success = %s_%s_hook,", owner, on_success->id);
    if (on_failure != NULL)
        EMIT(e, 8, ".on_failure = %s_%s_hook,", owner, on_failure->id);
}

static void emit_task(emitter *e, const char *owner, const spec_task *task)
{
    EMIT(e, 4, "{");
    emit_text(e, "name", task->name);
    emit_doc(e, task->doc);
    if (task->after.count != 0)
        EMIT(e, 8, ".after = %s_%s_after, .after_count = %zu,", owner, task->id, task->after.count);
    if (task->call.text != NULL) {
        EMIT(e, 8, ".call = %s,", task->call.text);
        emit_text(e, "call_name", task->call.text);
    } else if (task->graph.text != NULL) {
        EMIT(e, 8, ".call = %s_%s_run,", owner, task->id);
        emit_text(e, "call_name", task->graph.text);
        EMIT(e, 8, ".graph = &%s_%s_graph,", owner, task->id);
    } else if (task->workflow.text != NULL) {
        emit_text(e, "workflow", task->workflow.text);
        if (task->with.count != 0)
            EMIT(e, 8, ".with = %s_%s_with, .with_count = %zu,", owner, task->id, task->with.count);
    } else {
        EMIT(e, 8, ".exec = %s_%s_exec,", owner, task->id);
        if (has_expressions(task))
            EMIT(e, 8, ".exec_trees = %s_%s_exec_trees,", owner, task->id);
    }
    emit_expression(e, "rule", &task->rule);
    emit_expression(e, "for_each", &task->for_each);
    if (task->retry_on.count != 0)
        EMIT(e, 8, ".retry_on = %s_%s_retry_on,", owner, task->id);
    if (task->settings.count != 0)
        EMIT(e, 8, ".settings = {%s_%s_settings, %zu},", owner, task->id, task->settings.count);
    if (task->retry.count != 0)
        EMIT(e, 8, ".retry = {%s_%s_retry_settings, %zu},", owner, task->id, task->retry.count);
    if (task->concurrency.count != 0)
        EMIT(e, 8, ".concurrency = {%s_%s_concurrency_settings, %zu},", owner, task->id,
             task->concurrency.count);
    if (task->conditions.count != 0)
        EMIT(e, 8, ".conditions = %s_%s_conditions, .condition_count = %zu,", owner, task->id,
             task->conditions.count);
    if (task->defer.count != 0)
        EMIT(e, 8, ".defer = {%s_%s_defer_settings, %zu},", owner, task->id, task->defer.count);
    emit_hooks(e, owner, task->on_success, task->on_failure);
    emit_place(e, task->where);
    EMIT(e, 4, "},");
}

/* A table of one. */
static void emit_hook(emitter *e, const char *owner, const spec_task *hook)
{
    EMIT(e, 0, "static const weir_module_task %s_%s_hook[] = {", owner, hook->id);
    emit_task(e, owner, hook);
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static void emit_tasks(emitter *e, const spec_workflow *workflow)
{
    char room[128], owner[256], schedule[128];

    snprintf(room, sizeof room, "workflow_%.100s", workflow->name);
    snprintf(owner, sizeof owner, "%.120s_%.120s", e->module.text, room);
    for (size_t i = 0; i < workflow->body_count; i++) {
        emit_parts(e, room, owner, workflow->bodies[i]);
        if (workflow->bodies[i]->hook)
            emit_hook(e, owner, workflow->bodies[i]);
    }
    snprintf(schedule, sizeof schedule, "%.100s_schedule", workflow->name);
    emit_settings(e, "workflow", workflow->name, &workflow->settings);
    emit_settings(e, "workflow", schedule, &workflow->schedule);
    EMIT(e, 0, "static const weir_module_task %s_tasks[] = {", owner);
    for (size_t i = 0; i < workflow->task_count; i++)
        emit_task(e, owner, &workflow->tasks[i]);
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static size_t count_moments(const spec_workflow *workflow)
{
    size_t count = 0;

    for (size_t i = 0; i < workflow->input.count; i++)
        count += workflow->input.items[i].moment != NULL;
    return count;
}

static void emit_moments(emitter *e, const spec_workflow *workflow)
{
    if (count_moments(workflow) == 0)
        return;
    EMIT(e, 0, "static const weir_module_moment %s_workflow_%s_moments[] = {", e->module.text,
         workflow->name);
    for (size_t i = 0; i < workflow->input.count; i++) {
        const spec_field *field = &workflow->input.items[i];
        if (field->moment == NULL)
            continue;
        EMIT(e, 4, "{");
        emit_text_item(e, 8, field->wire);
        EMIT(e, 8, "%s,",
             strcmp(field->moment, "schedule.date") == 0 ? "WEIR_MOMENT_DATE" : "WEIR_MOMENT_TIME");
        EMIT(e, 4, "},");
    }
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static void emit_trigger(emitter *e, const spec_workflow *workflow, const spec_trigger *trigger)
{
    EMIT(e, 4, "{");
    emit_text(e, "name", trigger->name);
    emit_doc(e, trigger->doc);
    if (trigger->call.text != NULL) {
        EMIT(e, 8, ".call = %s,", trigger->call.text);
        emit_text(e, "call_name", trigger->call.text);
    } else {
        emit_text(e, "files", trigger->files.text);
    }
    if (trigger->settings.count != 0)
        EMIT(e, 8, ".settings = {%s_workflow_%s_trigger_%s_settings, %zu},", e->module.text,
             workflow->name, trigger->name, trigger->settings.count);
    emit_place(e, trigger->where);
    EMIT(e, 4, "},");
}

static void emit_triggers(emitter *e, const spec_workflow *workflow)
{
    char room[160];

    if (workflow->trigger_count == 0)
        return;
    snprintf(room, sizeof room, "workflow_%.100s_trigger", workflow->name);
    for (size_t i = 0; i < workflow->trigger_count; i++)
        emit_settings(e, room, workflow->triggers[i].name, &workflow->triggers[i].settings);
    EMIT(e, 0, "static const weir_module_trigger %s_workflow_%s_triggers[] = {", e->module.text,
         workflow->name);
    for (size_t i = 0; i < workflow->trigger_count; i++)
        emit_trigger(e, workflow, &workflow->triggers[i]);
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

void emit_workflows(emitter *e)
{
    const spec *model = e->model;

    if (model->workflow_count == 0)
        return;
    for (size_t i = 0; i < model->workflow_count; i++)
        emit_tasks(e, &model->workflows[i]);
    for (size_t i = 0; i < model->workflow_count; i++)
        emit_triggers(e, &model->workflows[i]);
    for (size_t i = 0; i < model->workflow_count; i++)
        emit_moments(e, &model->workflows[i]);
    EMIT(e, 0, "static const weir_module_workflow %s_workflows[] = {", e->module.text);
    for (size_t i = 0; i < model->workflow_count; i++) {
        const spec_workflow *workflow = &model->workflows[i];
        EMIT(e, 4, "{");
        emit_text(e, "name", workflow->name);
        emit_doc(e, workflow->doc);
        EMIT(e, 8, ".tasks = %s_workflow_%s_tasks, .task_count = %zu,", e->module.text,
             workflow->name, workflow->task_count);
        if (workflow->settings.count != 0)
            EMIT(e, 8, ".settings = {%s_workflow_%s_settings, %zu},", e->module.text,
                 workflow->name, workflow->settings.count);
        if (workflow->has_input)
            EMIT(e, 8, ".input = &%s_type,",
                 emit_type(model, spec_input_type(workflow, &e->arena)).text);
        if (workflow->schedule.count != 0)
            EMIT(e, 8, ".schedule = {%s_workflow_%s_schedule_settings, %zu},", e->module.text,
                 workflow->name, workflow->schedule.count);
        if (workflow->trigger_count != 0)
            EMIT(e, 8, ".triggers = %s_workflow_%s_triggers, .trigger_count = %zu,", e->module.text,
                 workflow->name, workflow->trigger_count);
        if (count_moments(workflow) != 0)
            EMIT(e, 8, ".moments = %s_workflow_%s_moments, .moment_count = %zu,", e->module.text,
                 workflow->name, count_moments(workflow));
        char owner[256];
        snprintf(owner, sizeof owner, "%.120s_workflow_%.120s", e->module.text, workflow->name);
        emit_hooks(e, owner, workflow->on_success, workflow->on_failure);
        emit_place(e, workflow->where);
        EMIT(e, 4, "},");
    }
    EMIT(e, 0, "};");
    emit_blank(e->out);
}
