/* SPDX-License-Identifier: Apache-2.0 */
/* plan_text.c - a plan as JSON and back: what is stored with executions, so that one process can
 * show and tidy up what another one runs. Options are written as a spec would, all of them, so that
 * a changed default is a changed version. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "workflow/json.h"
#include "workflow/plan.h"

/* A graph of a plan that was read: that one is called. */
static const weir_task_graph is_called;
/* A hook of a plan that was read: that there is one. */
static const weir_module_task is_there;

/* --- Writing --- */

/* The n-th of "a|b|c". */
static json_t *choice_text(const char *choices, int index)
{
    while (index-- > 0)
        choices = strchr(choices, '|') + 1;
    return json_stringn(choices, strcspn(choices, "|"));
}

static json_t *option_text(const weir_option *option, const void *config)
{
    const void *member = (const char *)config + option->offset;
    char text[64];
    int64_t number = 0;

    if (option->type == WEIR_OPTION_BOOL)
        return json_string(*(const bool *)member ? "true" : "false");
    if (option->type == WEIR_OPTION_CHOICE)
        return choice_text(option->choices, *(const int *)member);
    if (option->type == WEIR_OPTION_TEXT)
        return json_string(*(char *const *)member); /* NULL is left out */
    memcpy(&number, member, sizeof number);
    if (option->forever != NULL && number == INT64_MAX)
        return json_string(option->forever);
    snprintf(text, sizeof text, "%lld%s", (long long)number,
             option->type == WEIR_OPTION_DURATION ? "ns" : "");
    return json_string(text);
}

static json_t *options_text(const weir_option_list *list, const void *config)
{
    json_t *options = json_object();

    for (size_t i = 0; i < list->count; i++)
        json_object_set_new(options, list->items[i].name, option_text(&list->items[i], config));
    return options;
}

static json_t *names_of(const plan *p, const weir_module_task *task)
{
    json_t *names = json_array();

    for (uint32_t i = 0; i < task->after_count; i++)
        json_array_append_new(names, json_string(p->tasks[task->after[i]].name));
    return names;
}

/* {"expr": as it is written, "tree": as it is evaluated} */
static json_t *expression_of(const char *text, const json_t *tree)
{
    return json_pack("{s:s, s:O}", "expr", text, "tree", tree);
}

static json_t *arguments_of(const weir_task_argument *with, uint32_t count)
{
    json_t *arguments = json_object();

    for (uint32_t i = 0; i < count; i++)
        json_object_set_new(arguments, with[i].name, json_string(with[i].tree));
    return arguments;
}

static json_t *body_of(const plan_task *planned)
{
    const weir_module_task *task = planned->declared;
    json_t *words;

    if (task->graph != NULL)
        return json_pack("{s:s, s:s, s:o}", "call", task->call_name, "graph", task->call_name,
                         "with", arguments_of(task->graph->with, task->graph->with_count));
    if (task->call_name != NULL)
        return json_pack("{s:s}", "call", task->call_name);
    if (task->workflow != NULL)
        return json_pack("{s:s, s:s*, s:o}", "workflow", task->workflow, "version",
                         planned->begins_version, "with",
                         arguments_of(task->with, task->with_count));
    words = json_array();
    for (size_t i = 0; task->exec != NULL && task->exec[i] != NULL; i++)
        json_array_append_new(words, planned->words != NULL && planned->words[i] != NULL
                                         ? expression_of(task->exec[i], planned->words[i])
                                         : json_string(task->exec[i]));
    return json_pack("{s:o}", "exec", words);
}

static json_t *texts_of(const char *const *list)
{
    json_t *texts = json_array();

    for (size_t i = 0; list[i] != NULL; i++)
        json_array_append_new(texts, json_string(list[i]));
    return texts;
}

static json_t *conditions_of(const weir_module_task *task)
{
    json_t *names = json_array();

    for (uint32_t i = 0; i < task->condition_count; i++)
        json_array_append_new(names, json_string(task->conditions[i].name));
    return names;
}

/* That they are there; what they are is with the parts. */
static void put_hooks(json_t *whole, const weir_module_task *on_success,
                      const weir_module_task *on_failure)
{
    if (on_success != NULL)
        json_object_set_new(whole, "on_success", json_true());
    if (on_failure != NULL)
        json_object_set_new(whole, "on_failure", json_true());
}

static json_t *describe_task(const plan *p, const plan_task *task)
{
    json_t *whole = json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", task->name, "after",
                              names_of(p, task->declared), "body", body_of(task), "options",
                              options_text(&weir_task_options, &task->config), "retry",
                              options_text(&weir_retry_options, &task->retry));

    json_object_set_new(whole, "defer", options_text(&weir_defer_options, &task->defer));
    if (task->declared->condition_count != 0)
        json_object_set_new(whole, "conditions", conditions_of(task->declared));
    if (task->concurrency.tag != NULL)
        json_object_set_new(whole, "concurrency",
                            options_text(&weir_concurrency_options, &task->concurrency));
    put_hooks(whole, task->declared->on_success, task->declared->on_failure);
    if (task->declared->retry_on != NULL)
        json_object_set_new(whole, "retry_on", texts_of(task->declared->retry_on));
    if (task->for_each != NULL)
        json_object_set_new(whole, "for_each",
                            expression_of(task->declared->for_each.text, task->for_each));
    if (task->rule != NULL)
        json_object_set_new(whole, "rule", expression_of(task->declared->rule.text, task->rule));
    return whole;
}

/* What an input is to be, as far as a changed one is a changed version. */
static json_t *describe_input(const weir_type *type)
{
    json_t *fields = json_array();

    for (uint32_t i = 0; i < type->field_count; i++) {
        const weir_field *field = &type->fields[i];
        json_array_append_new(fields, json_pack("{s:s, s:i, s:i, s:b, s:b, s:[i,i]}", "name",
                                                field->wire, "kind", (int)field->kind, "size",
                                                (int)field->size, "optional", (int)field->optional,
                                                "default", (int)field->fallback, "items",
                                                (int)field->min, (int)field->max));
    }
    return fields;
}

bool plan_describe(plan *p)
{
    json_t *tasks = json_array();
    bool good = tasks != NULL;

    for (uint32_t i = 0; i < p->task_count && good; i++)
        good = json_array_append_new(tasks, describe_task(p, &p->tasks[i])) == 0;
    json_t *whole = json_pack("{s:s, s:o, s:o}", "workflow", p->workflow, "options",
                              options_text(&weir_workflow_options, &p->config), "tasks", tasks);
    if (p->input != NULL)
        json_object_set_new(whole, "input", describe_input(p->input));
    put_hooks(whole, p->on_success != PLAN_NO_PART ? &is_there : NULL,
              p->on_failure != PLAN_NO_PART ? &is_there : NULL);
    if (p->parts_text != NULL) {
        char reason[200];
        json_object_set_new(whole, "parts", json_from_text(p->parts_text, reason, sizeof reason));
    }
    p->text = good ? json_to_text(whole) : NULL;
    json_decref(whole);
    if (p->text == NULL)
        return false;
    weir_digest sum = WEIR_DIGEST_START;
    weir_digest_add_text(&sum, p->text);
    weir_digest_print(sum, p->version);
    return true;
}

/* --- Reading --- */

static const char *copy(weir_arena *arena, const json_t *value)
{
    return json_is_string(value)
               ? weir_arena_copy(arena, json_string_value(value), json_string_length(value))
               : NULL;
}

static weir_task_settings read_settings(weir_arena *arena, json_t *options)
{
    size_t count = json_object_size(options);
    weir_setting *items = weir_arena_alloc(arena, (count + 1) * sizeof *items);
    weir_task_settings list = {items, 0};
    const char *name;
    json_t *value;

    json_object_foreach(options, name, value) if (items != NULL) items[list.count++] =
        (weir_setting){.name = weir_arena_copy(arena, name, strlen(name)),
                       .text = copy(arena, value)};
    return list;
}

static const uint32_t *read_after(weir_arena *arena, json_t *after, const json_t *positions)
{
    uint32_t *list = weir_arena_alloc(arena, (json_array_size(after) + 1) * sizeof *list);
    json_t *name;
    size_t i;

    json_array_foreach(after, i, name)
    {
        const char *text = json_string_value(name);
        json_t *position = text != NULL ? json_object_get(positions, text) : NULL;
        if (list != NULL)
            list[i] =
                json_is_integer(position) ? (uint32_t)json_integer_value(position) : UINT32_MAX;
    }
    return list;
}

static weir_module_expression read_expression(weir_arena *arena, const json_t *expression)
{
    char *tree = json_to_text(json_object_get(expression, "tree"));
    const char *kept = tree != NULL ? weir_arena_copy(arena, tree, strlen(tree)) : NULL;

    weir_free(tree);
    return (weir_module_expression){copy(arena, json_object_get(expression, "expr")), kept};
}

static const char *const *read_texts(weir_arena *arena, const json_t *list)
{
    const char **texts =
        list != NULL ? weir_arena_alloc(arena, (json_array_size(list) + 1) * sizeof *texts) : NULL;

    for (size_t i = 0; texts != NULL && i < json_array_size(list); i++)
        texts[i] = copy(arena, json_array_get(list, i));
    return texts;
}

/* Their names alone. */
static const weir_task_condition *read_conditions(weir_arena *arena, const json_t *names)
{
    weir_task_condition *list =
        weir_arena_alloc(arena, (json_array_size(names) + 1) * sizeof *list);

    for (size_t i = 0; list != NULL && i < json_array_size(names); i++)
        list[i].name = copy(arena, json_array_get(names, i));
    return list;
}

static const weir_module_task *read_hook(const json_t *whole, const char *name)
{
    return json_object_get(whole, name) != NULL ? &is_there : NULL;
}

static weir_module_task read_task(weir_arena *arena, json_t *task, const json_t *positions)
{
    json_t *after = json_object_get(task, "after"), *body = json_object_get(task, "body"), *word;
    json_t *words = json_object_get(body, "exec");
    const char **exec = weir_arena_alloc(arena, (json_array_size(words) + 1) * sizeof *exec);
    const json_t *conditions = json_object_get(task, "conditions");
    size_t i;

    json_array_foreach(words, i, word) if (exec != NULL) exec[i] =
        copy(arena, json_is_object(word) ? json_object_get(word, "expr") : word);
    return (weir_module_task){.name = copy(arena, json_object_get(task, "name")),
                              .after = read_after(arena, after, positions),
                              .after_count = (uint32_t)json_array_size(after),
                              .call_name = copy(arena, json_object_get(body, "call")),
                              .workflow = copy(arena, json_object_get(body, "workflow")),
                              .graph = json_object_get(body, "graph") != NULL ? &is_called : NULL,
                              .exec = exec,
                              .retry_on = read_texts(arena, json_object_get(task, "retry_on")),
                              .rule = read_expression(arena, json_object_get(task, "rule")),
                              .for_each = read_expression(arena, json_object_get(task, "for_each")),
                              .settings = read_settings(arena, json_object_get(task, "options")),
                              .retry = read_settings(arena, json_object_get(task, "retry")),
                              .conditions = read_conditions(arena, conditions),
                              .condition_count = (uint32_t)json_array_size(conditions),
                              .on_success = read_hook(task, "on_success"),
                              .on_failure = read_hook(task, "on_failure"),
                              .defer = read_settings(arena, json_object_get(task, "defer")),
                              .concurrency =
                                  read_settings(arena, json_object_get(task, "concurrency"))};
}

static void read_tasks(weir_arena *arena, json_t *tasks, weir_module_workflow *ret)
{
    size_t count = json_array_size(tasks), i;
    weir_module_task *list = weir_arena_alloc(arena, (count + 1) * sizeof *list);
    json_t *positions = json_object(), *task;

    json_array_foreach(tasks, i, task)
    {
        const char *name = json_string_value(json_object_get(task, "name"));
        if (name != NULL)
            json_object_set_new(positions, name, json_integer((json_int_t)i));
    }
    json_array_foreach(tasks, i, task) if (list != NULL) list[i] =
        read_task(arena, task, positions);
    json_decref(positions);
    ret->tasks = list;
    ret->task_count = (uint32_t)count;
}

static void read_parts(plan *p, const json_t *parts)
{
    char *text = parts != NULL ? json_to_text(parts) : NULL;

    p->arena.failed |= parts != NULL && (text == NULL || !plan_keep_parts(p, text));
    weir_free(text);
}

weir_status plan_parse(const char *text, plan *p, weir_module_workflow *ret, weir_error **error)
{
    char reason[200] = "it names no workflow";
    json_t *whole = json_from_text(text, reason, sizeof reason);
    weir_arena *arena = &p->arena;

    ret->name = copy(arena, json_object_get(whole, "workflow"));
    ret->settings = read_settings(arena, json_object_get(whole, "options"));
    read_tasks(arena, json_object_get(whole, "tasks"), ret);
    ret->on_success = read_hook(whole, "on_success");
    ret->on_failure = read_hook(whole, "on_failure");
    p->workflow = ret->name;
    if (ret->name != NULL)
        read_parts(p, json_object_get(whole, "parts"));
    json_decref(whole);
    if (arena->failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    return ret->name != NULL
               ? WEIR_OK
               : weir_error_set(error, WEIR_IO, "a plan of the store cannot be read: %s", reason);
}
