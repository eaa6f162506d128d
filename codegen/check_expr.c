/* SPDX-License-Identifier: Apache-2.0 */
/* check_expr.c - all calls into the expression language: what each expression may read, and how. */
#include <ctype.h>
#include <string.h>

#include "codegen/check.h"
#include "codegen/roots.h"

static void report(void *arg, weir_place where, const char *sentence)
{
    checker *check = arg;

    diagnostics_error(check->log, where, "%s", sentence);
}

static expr_context context_of(checker *check, const spec_roots *roots)
{
    return (expr_context){.arena = &check->model->arena,
                          .roots = roots->items,
                          .root_count = roots->count,
                          .types = (const spec_type *const *)check->front->types,
                          .type_count = check->front->type_count,
                          .report = report,
                          .arg = check};
}

/* `sym: "abc"`: to YAML and to us a name, and a text was meant. */
static bool is_bare_text(const spec_expression *expression, const spec_shape *target)
{
    bool text = target != NULL && target->type->kind == SPEC_STRING && !target->list;

    return text && expression->quoted &&
           expression->text[strspn(expression->text, "abcdefghijklmnopqrstuvwxyz"
                                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ")] ==
               '\0';
}

static void check_expression(checker *check, expr_context *context, spec_expression *expression,
                             const spec_shape *target)
{
    if (expression->text == NULL || context->roots == NULL)
        return;
    expression->tree = expr_check(context, expression, target);
    if (expression->tree == NULL && is_bare_text(expression, target))
        diagnostics_note(check->log, expression->where,
                         "a text has quotes of its own inside those of YAML: '\"%s\"'",
                         expression->text);
    if (expression->tree == NULL && context->cut && !expression->quoted)
        diagnostics_note(check->log, expression->where,
                         "YAML may have cut the expression; quote the expression");
}

static void check_condition(checker *check, const spec_roots *roots, spec_expression *expression)
{
    const spec_shape condition = {.type = spec_scalar(SPEC_BOOL)};
    expr_context context = context_of(check, roots);

    check_expression(check, &context, expression, &condition);
}

static void check_values(checker *check, const spec_roots *roots, spec_assignments *assignments)
{
    expr_context context = context_of(check, roots);

    for (size_t i = 0; i < assignments->count; i++) {
        spec_assignment *assignment = &assignments->items[i];
        if (assignment->target != NULL && assignment->target->shape.type != NULL)
            check_expression(check, &context, &assignment->value, &assignment->target->shape);
    }
}

void check_accumulator_expressions(checker *check, spec_accumulator *accumulator)
{
    if (accumulator->type == NULL || accumulator->form == SPEC_POLLING)
        return;
    spec_roots roots = spec_roots_of_accumulator(check->model, accumulator, &check->model->arena);

    check_condition(check, &roots, &accumulator->filter);
    check_values(check, &roots, &accumulator->update);
    check_values(check, &roots, &accumulator->set);
}

void check_node_expressions(checker *check, spec_graph *graph, spec_node *node)
{
    (void)graph;
    /* An input that is unknown was told already; what reads it would be told again. */
    for (size_t i = 0; i < node->in_count; i++)
        if (node->in[i].type == NULL && node->in[i].kind != SPEC_FROM_ROUTE)
            return;
    spec_roots roots = spec_roots_of_node(check->model, node, &check->model->arena);

    check_condition(check, &roots, &node->filter);
    check_values(check, &roots, &node->set);
}

/* --- What a reactor's `where:` reads --- */

void check_reactor_expressions(checker *check, spec_reactor *reactor)
{
    if (reactor->filter.text == NULL)
        return;
    /* What could not be read was told already; who reads it would be told again. */
    for (size_t i = 0; i < check->model->accumulator_count; i++)
        if (check->model->accumulators[i]->boundary == NULL)
            return;
    if (check->front->section_unread)
        return;
    spec_roots roots = spec_roots_of_reactor(check->model, reactor, &check->model->arena);

    check_condition(check, &roots, &reactor->filter);
    reactor->filter_roots = roots.items;
    reactor->filter_root_count = roots.count;
}

/* --- Of tasks: evaluated by the engine, over JSON --- */

static void check_evaluated(checker *check, expr_context *context, spec_evaluated *value,
                            const spec_shape *target)
{
    spec_expression *expression = &value->expression;
    const char *why = NULL;
    weir_place where;

    if (expression->text == NULL || context->roots == NULL)
        return;
    check_expression(check, context, expression, target);
    if (expression->tree == NULL)
        return;
    value->json = expr_to_json(&check->model->arena, expression->tree, &why, &where);
    if (why != NULL)
        diagnostics_error(check->log, where, "%s", why);
    else if (value->json == NULL)
        check->log->failed = true;
}

/* A word is a text: lists and structs are none. */
static void check_word(checker *check, expr_context *context, spec_evaluated *value)
{
    size_t errors = weir_diagnostics_error_count(check->log);

    if (value->expression.text == NULL)
        return;
    check_evaluated(check, context, value, NULL);
    if (value->json == NULL || weir_diagnostics_error_count(check->log) != errors)
        return;
    spec_shape shape = expr_shape(value->expression.tree);
    bool single = !shape.list && (shape.type->kind != SPEC_STRUCT || shape.type == &expr_dynamic);
    const char *print = shape.type->kind == SPEC_TIMESTAMP  ? "time_text"
                        : shape.type->kind == SPEC_DURATION ? "duration_text"
                                                            : "string";
    if (!single)
        diagnostics_error(check->log, value->expression.where,
                          "a word is a single value, and this is %s",
                          front_shape_text(check->front, &shape));
    else
        value->json = weir_arena_printf(&check->model->arena, "[\"%s\",%s]", print, value->json);
}

static const spec_field *find_arg(checker *check, const spec_type *args,
                                  const spec_assignment *value)
{
    const spec_field *found = args != NULL ? check_find_field(args, value->field) : NULL;

    if (args != NULL && found == NULL)
        check_unknown_field(check, args, value->field, value->where);
    return found;
}

/* JSON has times of an argument in its unit; text is read in any. */
static const char *as_argument(checker *check, const spec_shape *shape, const spec_evaluated *value)
{
    bool time = value->json != NULL && shape->type->kind == SPEC_TIMESTAMP && !shape->list &&
                expr_shape(value->expression.tree).type != &expr_dynamic;

    return time ? weir_arena_printf(&check->model->arena, "[\"time_text\",%s]", value->json)
                : value->json;
}

static void check_with(checker *check, expr_context *context, spec_task *task)
{
    const spec *model = check->model;
    const spec_type *type = NULL;
    size_t room;

    task->with_json = front_array(check->front, task->with.count, sizeof(char *), &room);
    bool graph = task->graph.text != NULL && task->graph_index < model->graph_count;
    bool workflow = task->workflow.text != NULL && task->workflow_index < model->workflow_count;
    if (graph)
        type = spec_args_type(&model->graphs[task->graph_index], &check->model->arena);
    else if (workflow)
        type = spec_input_type(&model->workflows[task->workflow_index], &check->model->arena);
    for (size_t i = 0; i < room && (graph || workflow); i++) {
        const spec_field *field = type != NULL ? find_arg(check, type, &task->with.items[i]) : NULL;
        spec_evaluated value = {.expression = task->with.items[i].value};
        if (type != NULL && (field == NULL || field->shape.type == NULL))
            continue;
        check_evaluated(check, context, &value, field != NULL ? &field->shape : NULL);
        task->with_json[i] = field != NULL ? as_argument(check, &field->shape, &value) : value.json;
    }
}

/* An item as expressions read it: what has another form in JSON is read as that. */
static spec_shape item_of(const spec_shape *list)
{
    spec_type_kind kind = list->type->kind;
    bool plain = kind == SPEC_STRUCT || kind == SPEC_STRING || kind <= SPEC_F64;

    return (spec_shape){.type = plain ? list->type : &expr_dynamic, .size = plain ? list->size : 0};
}

/* NULL: it is not run for each of a list. */
static const spec_shape *check_for_each(checker *check, const spec_workflow *workflow,
                                        spec_task *task, spec_shape *item)
{
    spec_roots roots = spec_roots_of_task(workflow, NULL, &check->model->arena);
    expr_context context = context_of(check, &roots);
    spec_evaluated *list = &task->for_each;

    if (list->expression.text == NULL)
        return NULL;
    *item = (spec_shape){.type = &expr_dynamic};
    check_evaluated(check, &context, list, NULL);
    if (list->expression.tree == NULL)
        return item;
    spec_shape shape = expr_shape(list->expression.tree);
    if (shape.list)
        *item = item_of(&shape);
    else if (shape.type != &expr_dynamic)
        diagnostics_error(check->log, list->expression.where,
                          "`for_each:` wants a list, and this is %s",
                          front_shape_text(check->front, &shape));
    return item;
}

void check_task_expressions(checker *check, const spec_workflow *workflow, spec_task *task)
{
    const spec_shape condition = {.type = spec_scalar(SPEC_BOOL)};
    spec_shape item;
    spec_roots roots = spec_roots_of_task(workflow, check_for_each(check, workflow, task, &item),
                                          &check->model->arena);
    expr_context context = context_of(check, &roots);
    size_t room;

    for (size_t i = 0; i < task->exec.count; i++)
        check_word(check, &context, &task->exec.items[i].value);
    check_with(check, &context, task);
    /* Whether it runs at all is asked before. */
    roots = spec_roots_of_task(workflow, NULL, &check->model->arena);
    context = context_of(check, &roots);
    const char **after = front_array(check->front, task->after.count + 1, sizeof *after, &room);
    for (size_t i = 0; i + 1 < room; i++)
        after[i] = task->after.items[i].text != NULL ? task->after.items[i].text : "";
    context.tasks = after;
    context.task_count = task->after.count;
    check_evaluated(check, &context, &task->rule, &condition);
}

/* The end of the word or string that begins at `at`; *is_name: it is a name of its own. */
static const char *skip_word(const char *text, const char *at, bool *is_name)
{
    const char *end = at + 1;

    *is_name = false;
    if (*at == '"' || *at == '\'') {
        while (*end != '\0' && *end != *at)
            end += *end == '\\' && end[1] != '\0' ? 2 : 1;
        return *end == '\0' ? end : end + 1;
    }
    if (!isalnum((unsigned char)*at) && *at != '_')
        return end;
    while (isalnum((unsigned char)*end) || *end == '_')
        end++;
    *is_name = !isdigit((unsigned char)*at) && (at == text || at[-1] != '.');
    return end;
}

void check_filter_names(checker *check, const spec_reactor *reactor,
                        void (*take)(checker *check, void *arg, const char *name), void *arg)
{
    const char *text = reactor->filter.text;
    bool is_name;

    for (const char *at = text; at != NULL && *at != '\0';) {
        const char *end = skip_word(text, at, &is_name);
        const char *name =
            is_name ? weir_arena_copy(&check->model->arena, at, (size_t)(end - at)) : NULL;
        if (name != NULL)
            take(check, arg, name);
        at = end;
    }
}
