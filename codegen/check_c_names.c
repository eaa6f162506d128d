/* SPDX-License-Identifier: Apache-2.0 */
/* check_c_names.c - names that are different in the spec must be different in C, too. */
#include <stdlib.h>
#include <string.h>

#include "codegen/check.h"
#include "codegen/emit/graph_plan.h"
#include "codegen/emit/prototypes.h"
#include "codegen/roots.h"

/* A name that the generated C declares, without the module's prefix, and what it stands for. */
typedef struct declared_name {
    const char *text;
    const char *what; /* "the graph 'a'" */
    weir_place where;
} declared_name;

typedef struct name_list {
    checker *check;
    declared_name *items;
    size_t count, capacity;
} name_list;

static void add(name_list *list, const char *text, const char *what, weir_place where)
{
    if (text == NULL || what == NULL)
        list->check->log->failed = true;
    else if (list->count < list->capacity)
        list->items[list->count++] = (declared_name){text, what, where};
}

/* Adds NAME with each of `endings`, "|_state|_in". */
static void add_all(name_list *list, const char *name, const char *endings, const char *what,
                    weir_place where)
{
    weir_arena *arena = &list->check->model->arena;

    for (const char *ending = endings;; ending++) {
        size_t length = strcspn(ending, "|");
        add(list, weir_arena_printf(arena, "%s%.*s", name, (int)length, ending), what, where);
        ending += length;
        if (*ending == '\0')
            return;
    }
}

/* Adds PREFIX NAME with each of `endings`; `kind` is "accumulator". */
static void add_thing(name_list *list, const char *prefix, const char *name, const char *endings,
                      const char *kind, weir_place where)
{
    weir_arena *arena = &list->check->model->arena;
    const char *full = weir_arena_printf(arena, "%s%s", prefix, emit_snake(name).text);
    const char *what = weir_arena_printf(arena, "the %s '%s'", kind, name);

    if (full == NULL || what == NULL)
        list->check->log->failed = true;
    else
        add_all(list, full, endings, what, where);
}

/* --- What is declared for each thing --- */

enum { MOST_ENDINGS = 20 };

static void add_node(name_list *list, const char *prefix, const spec_node *node)
{
    add_thing(list, prefix, node->name, node->route_count != 0 ? "|_route|_out" : "", "node",
              node->where);
    if (node->state.count != 0)
        add_thing(list, prefix, node->name, "_state", "node", node->where);
    if (node->filter.text != NULL)
        add_thing(list, prefix, node->name, "_where", "node", node->where);
}

static void add_graph(name_list *list, const spec_graph *graph)
{
    weir_arena *arena = &list->check->model->arena;
    const char *prefix = weir_arena_printf(arena, "%s_", emit_snake(graph->name).text);

    add_thing(list, "", graph->name,
              "_in|_out|_call|_run|_nodes|_node_table|_edge_table|_outlet_table|_output_table",
              "graph", graph->where);
    add_thing(list, "graph_", graph->name, "_settings", "graph", graph->where);
    if (graph->args.count != 0)
        add_thing(list, "", graph->name, "_call_args", "graph", graph->where);
    if (emit_graph_has_state(graph))
        add_thing(list, "", graph->name, "_state", "graph", graph->where);
    if (graph->node_count > GRAPH_PART)
        add_thing(list, "", graph->name, "_values", "graph", graph->where);
    for (size_t i = 0; graph->node_count > GRAPH_PART && i * GRAPH_PART < graph->node_count; i++)
        add(list, weir_arena_printf(arena, "%s_part%zu", emit_snake(graph->name).text, i + 1),
            weir_arena_printf(arena, "the graph '%s'", graph->name), graph->where);
    list->check->log->failed |= prefix == NULL;
    for (size_t i = 0; prefix != NULL && i < graph->node_count; i++)
        add_node(list, prefix, &graph->nodes[i]);
}

static void add_source(name_list *list, const spec_source *source)
{
    add_thing(list, "source_", source->name, "_settings", "source", source->where);
    if (source->kind_name.text != NULL && strcmp(source->kind_name.text, "channel") == 0) {
        add_thing(list, "push_", source->name, "|_n", "source", source->where);
        add_thing(list, "close_", source->name, "", "source", source->where);
    }
    if (emit_is_raw(source)) {
        add_thing(list, "decode_", source->name, "", "source", source->where);
        add_thing(list, "raw_", source->name, "", "source", source->where);
    }
}

static void add_accumulator(name_list *list, const spec_accumulator *accumulator)
{
    const struct {
        bool is;
        const char *ending;
    } parts[] = {{accumulator->calls && accumulator->call.text == NULL, ""},
                 {accumulator->state.count != 0, "_state"},
                 {accumulator->key_names.count != 0, "_key"},
                 {accumulator->filter.text != NULL, "_where"},
                 {accumulator->form == SPEC_STREAM, "_update"},
                 {accumulator->form == SPEC_POLLING, "_poll"}};

    add_thing(list, "accumulator_", accumulator->name, "_settings", "accumulator",
              accumulator->where);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].is)
            add_thing(list, "", accumulator->name, parts[i].ending, "accumulator",
                      accumulator->where);
}

static void add_reactor(name_list *list, const spec_reactor *reactor)
{
    const char *kind = reactor->implied ? "graph" : "reactor";

    add_thing(list, "", reactor->name, "_fire|_criteria|_graphs|_inputs", kind, reactor->where);
    add_thing(list, "reactor_", reactor->name, "_settings", kind, reactor->where);
    if (emit_reactor_has_state(reactor))
        add_thing(list, "", reactor->name, "_states", kind, reactor->where);
    if (reactor->filter.text != NULL)
        add_thing(list, "", reactor->name, "_where", kind, reactor->where);
}

static void add_sink(name_list *list, const spec_sink *sink)
{
    add_thing(list, "on_", sink->name, "", "sink", sink->where);
    add_thing(list, "", sink->name, "_function", "sink", sink->where);
    add_thing(list, "sink_", sink->name, "_settings", "sink", sink->where);
}

static void add_workflow(name_list *list, const spec_workflow *workflow)
{
    weir_arena *arena = &list->check->model->arena;
    const char *prefix = weir_arena_printf(arena, "workflow_%s_", emit_snake(workflow->name).text);

    add_thing(list, "workflow_", workflow->name,
              "_tasks|_settings|_schedule_settings|_triggers|_moments", "workflow",
              workflow->where);
    list->check->log->failed |= prefix == NULL;
    for (size_t i = 0; prefix != NULL && i < workflow->body_count; i++)
        add_thing(list, prefix, workflow->bodies[i]->id,
                  "_after|_exec|_exec_trees|_with|_graph|_run|_retry_on|_settings|_retry_settings|_"
                  "concurrency_settings|_conditions|_defer_settings|_hook",
                  workflow->bodies[i]->hook ? "hook" : "task", workflow->bodies[i]->where);
    prefix = weir_arena_printf(arena, "workflow_%s_trigger_", emit_snake(workflow->name).text);
    list->check->log->failed |= prefix == NULL;
    for (size_t i = 0; prefix != NULL && i < workflow->trigger_count; i++)
        add_thing(list, prefix, workflow->triggers[i].name, "_settings", "trigger",
                  workflow->triggers[i].where);
}

static void add_rooms(name_list *list)
{
    const spec *model = list->check->model;

    for (size_t i = 0; i < model->source_count; i++)
        add_source(list, &model->sources[i]);
    for (size_t i = 0; i < model->accumulator_count; i++)
        add_accumulator(list, model->accumulators[i]);
    for (size_t i = 0; i < model->reactor_count; i++)
        add_reactor(list, model->reactors[i]);
    for (size_t i = 0; i < model->graph_count; i++)
        add_graph(list, &model->graphs[i]);
    for (size_t i = 0; i < model->sink_count; i++)
        add_sink(list, &model->sinks[i]);
    for (size_t i = 0; i < model->workflow_count; i++)
        add_workflow(list, &model->workflows[i]);
    for (size_t i = 0; i < model->test_count; i++)
        add_thing(list, "test_", model->tests[i].name, "", "test", model->tests[i].where);
}

static size_t count_fields(const spec *model)
{
    size_t count = 0;

    for (size_t i = 0; i < model->type_count; i++)
        count += model->types[i]->fields.count;
    for (size_t i = 0; i < model->graph_count; i++)
        count += model->graphs[i].args.count;
    for (size_t i = 0; i < model->workflow_count; i++)
        count += model->workflows[i].input.count;
    return count + model->param_count;
}

static size_t count_names(const spec *model)
{
    size_t things = 2 + model->type_count + model->source_count + model->accumulator_count +
                    model->reactor_count + model->sink_count + model->test_count;

    for (size_t i = 0; i < model->graph_count; i++)
        things += 3 + model->graphs[i].node_count;
    for (size_t i = 0; i < model->workflow_count; i++)
        things += 2 + model->workflows[i].body_count + model->workflows[i].trigger_count;
    for (size_t i = 0; i < model->type_count; i++)
        things += model->types[i]->enumerator_count;
    return things * MOST_ENDINGS + count_fields(model) * MOST_ENDINGS;
}

static int compare(const void *first, const void *second)
{
    const declared_name *a = first, *b = second;
    int order = strcmp(a->text, b->text);

    if (order == 0 && a->where.line != b->where.line)
        order = a->where.line < b->where.line ? -1 : 1;
    if (order == 0)
        order = (a->where.column > b->where.column) - (a->where.column < b->where.column);
    return order;
}

static bool same_place(weir_place a, weir_place b)
{
    return a.line == b.line && a.column == b.column && a.file == b.file;
}

/* Two things can clash in several names; the sentence is the same, and is said once. */
static void report(name_list *list)
{
    qsort(list->items, list->count, sizeof *list->items, compare);
    for (size_t i = 1; i < list->count; i++) {
        const declared_name *a = &list->items[i - 1], *b = &list->items[i];
        /* What is defined twice by the same name was complained about as such. */
        if (strcmp(a->text, b->text) != 0 || same_place(a->where, b->where) ||
            strcmp(a->what, b->what) == 0)
            continue;
        diagnostics_error(list->check->log, b->where, "%s and %s would have the same name in C",
                          b->what, a->what);
        diagnostics_note(list->check->log, a->where, "the other one; in C it is '%s'", a->text);
    }
}

/* --- Inside a type --- */

/* A field has up to three members. */
static void add_field(name_list *list, const spec_field *field)
{
    const spec_shape *shape = &field->shape;
    weir_arena *arena = &list->check->model->arena;
    const char *what = weir_arena_printf(arena, "the field '%s'", field->name);

    add(list, weir_arena_printf(arena, "%s", emit_member(field->name).text), what, field->where);
    if (shape->optional)
        add(list, weir_arena_printf(arena, "has_%s", field->name), what, field->where);
    if (shape->list && shape->min != shape->max)
        add(list, weir_arena_printf(arena, "%s_count", field->name), what, field->where);
    if (shape->type != NULL && shape->type->kind == SPEC_BYTES)
        add(list, weir_arena_printf(arena, "%s_size", field->name), what, field->where);
}

enum { MOST_MEMBERS = 4 };

static void check_members(checker *check, const spec_fields *fields)
{
    name_list list = {.check = check};

    list.items =
        front_array(check->front, fields->count * MOST_MEMBERS, sizeof *list.items, &list.capacity);
    for (size_t i = 0; list.items != NULL && i < fields->count; i++)
        add_field(&list, &fields->items[i]);
    if (list.count > 1)
        report(&list);
}

/* Structs that have no name in the spec. */
static void check_unnamed_structs(checker *check)
{
    const spec *model = check->model;

    for (size_t i = 0; i < model->accumulator_count; i++)
        check_members(check, &model->accumulators[i]->state);
    for (size_t i = 0; i < model->workflow_count; i++)
        check_members(check, &model->workflows[i].input);
    for (size_t i = 0; i < model->graph_count; i++) {
        check_members(check, &model->graphs[i].args);
        for (size_t j = 0; j < model->graphs[i].node_count; j++)
            check_members(check, &model->graphs[i].nodes[j].state);
    }
}

static void add_enumerators(name_list *list, const spec_type *type)
{
    weir_arena *arena = &list->check->model->arena;
    c_name prefix = emit_upper(type->name);

    for (size_t i = 0; i < type->enumerator_count; i++) {
        const spec_enumerator *enumerator = &type->enumerators[i];
        const char *what = weir_arena_printf(arena, "'%s.%s'", type->name, enumerator->name);
        add(list, weir_arena_printf(arena, "%s_%s", prefix.text, emit_upper(enumerator->name).text),
            what, enumerator->where);
    }
}

/* --- Inside a function --- */

/* What stands for an input: itself, and of a window its count and what holds it. */
static void add_input(name_list *list, const char *text, const char *name, bool window,
                      weir_place where)
{
    weir_arena *arena = &list->check->model->arena;

    if (text != NULL)
        add_all(list, text, window ? "|_count|_window" : "",
                weir_arena_printf(arena, "the input '%s'", name), where);
}

static void add_operand(name_list *list, const spec_operand *operand)
{
    weir_arena *arena = &list->check->model->arena;
    const char *text = spec_operand_name(operand, arena);
    bool node = operand->kind == SPEC_FROM_NODE;

    if (operand->type == NULL || node)
        return;
    if (operand->kind == SPEC_FROM_ROUTE)
        add_input(list, text, spec_operand_path(operand, arena), false, operand->node->where);
    else
        add_input(list, text, operand->name, operand->window,
                  operand->accumulator != NULL ? operand->accumulator->where : operand->arg->where);
}

static void check_variables(checker *check, const spec_graph *graph)
{
    enum { OF_NODE = 3, OF_INPUT = 3 };
    name_list list = {.check = check};
    size_t most = graph->node_count * OF_NODE;

    for (size_t i = 0; i < graph->node_count; i++)
        most += graph->nodes[i].in_count * OF_INPUT;
    list.items = front_array(check->front, most, sizeof *list.items, &list.capacity);
    for (size_t i = 0; list.items != NULL && i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        weir_arena *arena = &check->model->arena;
        const char *what = weir_arena_printf(arena, "the node '%s'", node->name);
        add(&list, weir_arena_printf(arena, "%s", emit_variable(node->name).text), what,
            node->where);
        add(&list, weir_arena_printf(arena, "has_%s", node->name), what, node->where);
        if (node->out_window)
            add(&list, weir_arena_printf(arena, "%s_count", node->name), what, node->where);
        for (size_t j = 0; j < node->in_count; j++)
            add_operand(&list, &node->in[j]);
    }
    if (list.count > 1)
        report(&list);
}

/* A variable may not hide what `list` declares: it is sorted, and leaves the module's prefix out.
 */
static void check_hidden(const name_list *list, const char *name, const char *what,
                         weir_place where)
{
    const spec *model = list->check->model;
    const char *prefix = emit_snake(model->module != NULL ? model->module : "").text;
    size_t length = strlen(prefix);

    if (length == 0 || strncmp(name, prefix, length) != 0 || name[length] != '_')
        return;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].text, name + length + 1) == 0) {
            diagnostics_error(list->check->log, where, "'%s' cannot name %s: %s has this name in C",
                              name, what, list->items[i].what);
            diagnostics_note(list->check->log, list->items[i].where, "it is defined here");
            return;
        }
}

/* Who reads the route `skip` of `decide` calls it decide_skip. */
static void check_hidden_routes(const name_list *list, const spec_node *node)
{
    weir_arena *arena = &list->check->model->arena;

    for (size_t i = 0; i < node->route_count; i++) {
        const char *name = weir_arena_printf(arena, "%s_%s", node->name, node->routes[i].name);
        if (name != NULL)
            check_hidden(list, name, "what reads this route", node->routes[i].where);
    }
}

static void check_all_variables(const name_list *list)
{
    const spec *model = list->check->model;

    for (size_t i = 0; i < model->accumulator_count; i++) {
        const spec_accumulator *accumulator = model->accumulators[i];
        check_hidden(list, accumulator->name, "an accumulator or source", accumulator->where);
        if (accumulator->call.text != NULL)
            check_hidden(list, accumulator->call.text, "a C function", accumulator->call.where);
    }
    for (size_t i = 0; i < model->workflow_count; i++)
        for (size_t t = 0; t < model->workflows[i].body_count; t++) {
            const spec_task *task = model->workflows[i].bodies[t];
            if (task->call.text != NULL)
                check_hidden(list, task->call.text, "a C function", task->call.where);
            for (size_t c = 0; c < task->conditions.count; c++)
                if (task->conditions.items[c].text != NULL)
                    check_hidden(list, task->conditions.items[c].text, "a C function",
                                 task->conditions.items[c].where);
        }
    for (size_t i = 0; i < model->workflow_count; i++)
        for (size_t t = 0; t < model->workflows[i].trigger_count; t++) {
            const spec_name *call = &model->workflows[i].triggers[t].call;
            if (call->text != NULL)
                check_hidden(list, call->text, "a C function", call->where);
        }
    for (size_t i = 0; i < model->graph_count; i++) {
        const spec_graph *graph = &model->graphs[i];
        check_variables(list->check, graph);
        for (size_t j = 0; j < graph->node_count; j++) {
            check_hidden(list, graph->nodes[j].name, "a node", graph->nodes[j].where);
            check_hidden_routes(list, &graph->nodes[j]);
        }
        for (size_t j = 0; j < graph->args.count; j++)
            check_hidden(list, graph->args.items[j].name, "an argument",
                         graph->args.items[j].where);
    }
}

/* --- All --- */

/* The functions of a struct's fields: setters of strings, codecs of lists. */
static void add_field_functions(name_list *list, const char *name, const spec_fields *fields,
                                const char *what, weir_place where)
{
    weir_arena *arena = &list->check->model->arena;
    static const char *const codecs[] = {"read_json", "read_msgpack", "write_json",
                                         "write_msgpack"};

    for (size_t i = 0; i < fields->count; i++) {
        const spec_field *field = &fields->items[i];
        bool text = field->shape.type != NULL && field->shape.type->kind == SPEC_STRING;
        if (text && !field->shape.list)
            add(list, weir_arena_printf(arena, "%s_set_%s", name, field->name), what, where);
        for (size_t c = 0; field->shape.list && c < sizeof codecs / sizeof *codecs; c++)
            add(list, weir_arena_printf(arena, "%s_%s_%s", name, codecs[c], field->name), what,
                where);
    }
}

static void add_type(name_list *list, const char *name, const spec_fields *fields, bool is_enum,
                     const char *kind, weir_place where)
{
    weir_arena *arena = &list->check->model->arena;
    const char *what = weir_arena_printf(arena, "the %s '%s'", kind, name);
    const char *snake = weir_arena_printf(arena, "%s", emit_snake(name).text);

    add_thing(list, "", name,
              is_enum ? "|_type|_name|_names|_same|_read_json|_read_msgpack|_write_json|"
                        "_write_msgpack"
                      : "|_type|_equal|_print|_fields|_find|_same|_fill|_read_json|_read_msgpack|"
                        "_write_json|_write_msgpack|_put_msgpack",
              kind, where);
    if (what == NULL || snake == NULL)
        list->check->log->failed = true;
    else
        add_field_functions(list, snake, fields, what, where);
}

static void add_types(name_list *list)
{
    const spec *model = list->check->model;
    weir_arena *arena = &list->check->model->arena;

    for (size_t i = 0; i < model->type_count; i++) {
        const spec_type *type = model->types[i];
        add_type(list, type->name, &type->fields, type->kind == SPEC_ENUM, "type", type->where);
        add_enumerators(list, type);
        check_members(list->check, &type->fields);
    }
    for (size_t i = 0; i < model->graph_count; i++) {
        const spec_graph *graph = &model->graphs[i];
        const spec_type *args = spec_args_type(graph, arena);
        if (args != NULL)
            add_type(list, args->name, &args->fields, false, "struct of the arguments",
                     graph->where);
    }
    for (size_t i = 0; i < model->workflow_count; i++) {
        const spec_workflow *workflow = &model->workflows[i];
        const spec_type *input = spec_input_type(workflow, arena);
        if (input != NULL)
            add_type(list, input->name, &input->fields, false, "struct of the input",
                     workflow->where);
    }
    const spec_type *params = spec_params_type(model, arena);
    list->check->log->failed |= arena->failed;
    if (params != NULL)
        add_type(list, "params", &params->fields, false, "struct of the parameters", params->where);
}

void check_c_names(checker *check)
{
    spec *model = check->model;
    name_list list = {.check = check};

    list.items = front_array(check->front, count_names(model), sizeof *list.items, &list.capacity);
    if (list.items == NULL)
        return;
    add_all(&list, "",
            "module|module_own_settings|spec|tests|types|sources|sinks|accumulators|"
            "reactors|graphs|workflows|param_table",
            "what is generated for every module", (weir_place){model->file, 1, 1});
    add_types(&list);
    add_rooms(&list);
    report(&list);
    check_unnamed_structs(check);
    check_all_variables(&list);
}
