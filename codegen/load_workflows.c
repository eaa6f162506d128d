/* SPDX-License-Identifier: Apache-2.0 */
/* load_workflows.c - workflows and their tasks as they are written. */
#include "codegen/load.h"

#include <string.h>

void load_own_settings(spec_front *front, const yaml_node *node, spec_settings *settings)
{
    if (!load_is_map(front, node, "a map of options") || !load_settings(front, node, settings))
        return;
    for (const yaml_node *value = node->first; value != NULL; value = value->next)
        if (value->kind != YAML_BAD)
            load_setting(front, value, settings);
}

/* One word: YAML's guess of its type is nobody's business, and it may be empty. */
static spec_word load_word(spec_front *front, const yaml_node *node)
{
    spec_word word = {.name = {.text = "", .where = node->where}};

    const yaml_node *secret =
        node->kind == YAML_MAP && node->count == 1 ? yaml_get(node, "secret") : NULL;

    if (node->kind == YAML_MAP && node->count == 1 && yaml_get(node, "expr") != NULL)
        word.value.expression = load_expression(front, node);
    else if (secret != NULL) {
        word.name = load_name(front, secret, "the name of a secret");
        word.secret = word.name.text != NULL;
    } else if (node->kind != YAML_SCALAR || (node->plain && yaml_is_empty(node)))
        load_expected(front, node, "a word, {expr: ..} or {secret: NAME}");
    else
        word.name.text = node->text;
    return word;
}

void load_words(spec_front *front, const yaml_node *node, spec_words *words)
{
    if (node->kind != YAML_LIST || node->count == 0) {
        load_expected(front, node, "a list of words, as in [./load.sh, --fast]");
        return;
    }
    words->items = front_array(front, node->count, sizeof *words->items, &words->count);
    const yaml_node *item = node->first;
    for (size_t i = 0; i < words->count; i++, item = item->next)
        words->items[i] = load_word(front, item);
}

/* A rule of one word is an option like others. */
static void load_rule(spec_front *front, const yaml_node *node, spec_task *task)
{
    const char *words = "abcdefghijklmnopqrstuvwxyz_";

    if (node != NULL && node->kind == YAML_SCALAR && node->text[strspn(node->text, words)] != '\0')
        task->rule.expression = load_expression(front, node);
}

/* True: there is something that a task may have, and a hook not. */
static bool refuse_keys(spec_front *front, const yaml_node *node)
{
    bool refused = false;

    for (const yaml_node *value = node->first; value != NULL; value = value->next) {
        if (spec_key_find(&spec_task_section, value->key) == NULL ||
            spec_key_find(&spec_hook_section, value->key) != NULL)
            continue;
        diagnostics_error(front->log, value->key_where, "`%s:` is of a task, and not of a hook",
                          value->key);
        refused = true;
    }
    return refused;
}

/* A name is that of a function. */
void load_hook(spec_front *front, const yaml_node *node, spec_task **ret)
{
    size_t room, errors = front->log->errors;
    spec_task *hook = front_array(front, 1, sizeof *hook, &room);

    if (room == 0)
        return;
    *hook = (spec_task){.name = node->key, .where = node->key_where, .hook = true};
    if (node->kind == YAML_SCALAR)
        hook->call = load_name(front, node, "the name of a C function, or {exec: [..]}");
    else if (load_is_map(front, node, "a C function, or a map as in {exec: [./tell.sh]}") &&
             !refuse_keys(front, node))
        load_keys(front, &spec_hook_section, node, hook, &hook->settings);
    hook->unread = front->log->errors != errors;
    *ret = hook;
}

/* What is called TASK/on_failure is TASK_on_failure in C. */
static void add_hook(spec_front *front, spec_workflow *workflow, const char *of, spec_task *hook)
{
    if (hook == NULL)
        return;
    hook->id = hook->name;
    if (of != NULL) {
        hook->id = weir_arena_printf(&front->spec->arena, "%s_%s", of, hook->name);
        hook->name = weir_arena_printf(&front->spec->arena, "%s/%s", of, hook->name);
    }
    workflow->bodies[workflow->body_count++] = hook;
}

static void gather_bodies(spec_front *front, spec_workflow *workflow)
{
    size_t room;

    workflow->bodies = front_array(front, 3 * workflow->task_count + 2, sizeof(spec_task *), &room);
    for (size_t i = 0; room != 0 && i < workflow->task_count; i++) {
        spec_task *task = &workflow->tasks[i];
        task->id = task->name;
        workflow->bodies[workflow->body_count++] = task;
        add_hook(front, workflow, task->name, task->on_success);
        add_hook(front, workflow, task->name, task->on_failure);
    }
    if (room == 0)
        return;
    add_hook(front, workflow, NULL, workflow->on_success);
    add_hook(front, workflow, NULL, workflow->on_failure);
    front->log->failed |= front->spec->arena.failed;
}

static void load_task(spec_front *front, const yaml_node *node, spec_task *task)
{
    size_t errors = front->log->errors;

    *task = (spec_task){.name = node->key, .where = node->key_where};
    front_check_name(front, node->key, node->key_where, "a task");
    if (load_is_map(front, node, "a map, as in {after: [extract], call: my_function}"))
        load_keys(front, &spec_task_section, node, task, &task->settings);
    if (node->kind == YAML_MAP)
        load_rule(front, yaml_get(node, "run_if"), task);
    for (const yaml_node *value = node->first; value != NULL; value = value->next)
        task->unread |= value->kind == YAML_BAD;
    task->unread |= front->log->errors != errors;
}

void load_tasks(spec_front *front, const yaml_node *node, spec_workflow *workflow)
{
    size_t room;

    if (!load_is_map(front, node, "a map of tasks"))
        return;
    if (node->count == 0)
        load_expected(front, node, "a map of tasks");
    workflow->tasks = front_array(front, node->count, sizeof *workflow->tasks, &room);
    for (const yaml_node *value = node->first; room != 0 && value != NULL; value = value->next)
        if (value->kind != YAML_BAD)
            load_task(front, value, &workflow->tasks[workflow->task_count++]);
}

static void load_trigger(spec_front *front, const yaml_node *node, spec_trigger *trigger)
{
    size_t errors = front->log->errors;

    *trigger = (spec_trigger){.name = node->key, .where = node->key_where};
    front_check_name(front, node->key, node->key_where, "a trigger");
    if (load_is_map(front, node,
                    "a map, as in {files: inbox/*.csv} or {call: my_look, every: 30s}"))
        load_keys(front, &spec_trigger_section, node, trigger, &trigger->settings);
    for (const yaml_node *value = node->first; value != NULL; value = value->next)
        trigger->unread |= value->kind == YAML_BAD;
    trigger->unread |= front->log->errors != errors;
}

void load_triggers(spec_front *front, const yaml_node *node, spec_workflow *workflow)
{
    size_t room;

    if (!load_is_map(front, node, "a map of triggers"))
        return;
    workflow->triggers = front_array(front, node->count, sizeof *workflow->triggers, &room);
    for (const yaml_node *value = node->first; room != 0 && value != NULL; value = value->next)
        if (value->kind != YAML_BAD)
            load_trigger(front, value, &workflow->triggers[workflow->trigger_count++]);
}

void load_workflows(spec_front *front, const yaml_node *node)
{
    spec *model = front->spec;
    size_t room;

    if (!load_is_map(front, node, "a map of workflows"))
        return;
    model->workflows = front_array(front, node->count, sizeof *model->workflows, &room);
    for (const yaml_node *value = node->first; room != 0 && value != NULL; value = value->next) {
        if (value->kind == YAML_BAD)
            continue;
        spec_workflow *workflow = &model->workflows[model->workflow_count++];
        *workflow = (spec_workflow){.name = value->key, .where = value->key_where};
        front_check_name(front, value->key, value->key_where, "a workflow");
        if (load_is_map(front, value, "a map with `tasks:`"))
            load_keys(front, &spec_workflow_section, value, workflow, &workflow->settings);
        gather_bodies(front, workflow);
        workflow->has_input = value->kind == YAML_MAP && yaml_get(value, "input") != NULL;
    }
}
