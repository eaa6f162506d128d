/* SPDX-License-Identifier: Apache-2.0 */
/* roots.c - what each expression of a spec may read, and how C reaches it. */
#include "codegen/roots.h"

#include <string.h>

#include "codegen/emit/names.h"

const char *spec_operand_path(const spec_operand *operand, weir_arena *arena)
{
    if (operand->route == NULL)
        return operand->name;
    return weir_arena_printf(arena, "%s.%s", operand->name, operand->route);
}

const char *spec_operand_name(const spec_operand *operand, weir_arena *arena)
{
    if (operand->route == NULL)
        return weir_arena_printf(arena, "%s", emit_variable(operand->name).text);
    const char *name = weir_arena_printf(arena, "%s_%s", operand->name, operand->route);
    return name != NULL ? weir_arena_printf(arena, "%s", emit_variable(name).text) : NULL;
}

const spec_type *spec_params_type(const spec *model, weir_arena *arena)
{
    spec_type *type = model->param_count != 0 ? weir_arena_alloc(arena, sizeof *type) : NULL;
    spec_field *fields =
        type != NULL ? weir_arena_alloc(arena, model->param_count * sizeof *fields) : NULL;

    if (fields == NULL)
        return NULL;
    for (size_t i = 0; i < model->param_count; i++)
        fields[i] = (spec_field){.name = model->params[i].name,
                                 .wire = model->params[i].name,
                                 .shape = model->params[i].shape,
                                 .fallback = model->params[i].fallback,
                                 .doc = model->params[i].doc,
                                 .where = model->params[i].where};
    *type = (spec_type){.kind = SPEC_STRUCT,
                        .name = "params",
                        .doc = "The parameters.",
                        .where = model->params[0].where,
                        .fields = {fields, model->param_count}};
    return type;
}

static const spec_type *own_type(const char *owner, const char *ending, const char *doc,
                                 const spec_fields *fields, weir_place where, weir_arena *arena)
{
    spec_type *type = weir_arena_alloc(arena, sizeof *type);

    if (type != NULL)
        *type = (spec_type){.kind = SPEC_STRUCT,
                            .name = weir_arena_printf(arena, "%s_%s", owner, ending),
                            .doc = weir_arena_printf(arena, "%s %s.", doc, owner),
                            .fields = *fields,
                            .where = where};
    return type != NULL && type->name != NULL ? type : NULL;
}

const spec_type *spec_args_type(const spec_graph *graph, weir_arena *arena)
{
    return graph->args.count != 0 ? own_type(graph->name, "args", "The arguments of", &graph->args,
                                             graph->where, arena)
                                  : NULL;
}

const spec_type *spec_input_type(const spec_workflow *workflow, weir_arena *arena)
{
    return workflow->has_input ? own_type(workflow->name, "input", "What is given to",
                                          &workflow->input, workflow->where, arena)
                               : NULL;
}

static spec_roots make(size_t count, weir_arena *arena)
{
    /* Two more: now and params. */
    return (spec_roots){weir_arena_alloc(arena, (count + 2) * sizeof(expr_root)), 0};
}

static expr_root *add(spec_roots *roots, const char *name, const spec_type *type)
{
    expr_root *root = &roots->items[roots->count++];

    *root = (expr_root){.name = name, .shape = {.type = type}};
    return root;
}

/* Adds a value that C reaches through the pointer `c_text`; a window has `c_text` items. */
static void add_value(spec_roots *roots, const char *name, const char *c_text,
                      const spec_type *type, bool window, weir_arena *arena)
{
    expr_root *root = add(roots, name, type);

    root->window = window;
    root->present = weir_arena_printf(arena, "%s != NULL", c_text);
    if (type->kind == SPEC_STRING) {
        root->value = c_text;
    } else if (window) {
        root->value = c_text;
        root->count = weir_arena_printf(arena, "%s_count", c_text);
    } else if (type->kind == SPEC_STRUCT) {
        root->members = weir_arena_printf(arena, "%s->", c_text);
    } else {
        root->value = weir_arena_printf(arena, "*%s", c_text);
    }
}

static void add_common(spec_roots *roots, const spec *model, weir_arena *arena)
{
    const spec_type *params = spec_params_type(model, arena);

    add(roots, "now", spec_scalar(SPEC_TIMESTAMP))->value = "firing->now";
    if (params != NULL)
        add(roots, "params", params)->members = "params->";
}

spec_roots spec_roots_of_accumulator(const spec *model, const spec_accumulator *accumulator,
                                     weir_arena *arena)
{
    spec_roots roots = make(2, arena);

    if (roots.items == NULL)
        return roots;
    add_value(&roots, "event", "event", accumulator->type, false, arena);
    if (accumulator->state.count != 0) {
        spec_type *state = weir_arena_alloc(arena, sizeof *state);
        if (state == NULL)
            return (spec_roots){NULL, 0};
        *state = (spec_type){.kind = SPEC_STRUCT, .name = "state", .fields = accumulator->state};
        add_value(&roots, "state", "state", state, false, arena);
    }
    add_common(&roots, model, arena);
    return roots;
}

spec_roots spec_roots_of_reactor(const spec *model, const spec_reactor *reactor, weir_arena *arena)
{
    spec_roots roots = make(model->accumulator_count, arena);

    if (roots.items == NULL)
        return roots;
    for (size_t i = 0; i < model->accumulator_count; i++) {
        const spec_accumulator *accumulator = model->accumulators[i];
        const char *name = weir_arena_printf(arena, "%s", emit_variable(accumulator->name).text);
        if (name == NULL || accumulator->boundary == NULL)
            continue;
        add_value(&roots, accumulator->name, name, accumulator->boundary, accumulator->window,
                  arena);
        roots.items[roots.count - 1].presence = EXPR_BY_READING;
    }
    (void)reactor;
    add_common(&roots, model, arena);
    return roots;
}

/* Evaluated, and so never reached by C. */
spec_roots spec_roots_of_task(const spec_workflow *workflow, const spec_shape *item,
                              weir_arena *arena)
{
    spec_roots roots = make(4, arena);
    const spec_type *input = spec_input_type(workflow, arena);

    if (roots.items == NULL)
        return roots;
    add(&roots, "context", &expr_dynamic);
    add(&roots, "input", input != NULL ? input : &expr_dynamic);
    if (item != NULL) {
        add(&roots, "item", item->type)->shape.size = item->size;
        add(&roots, "index", spec_scalar(SPEC_I64));
    }
    return roots;
}

spec_roots spec_roots_of_node(const spec *model, const spec_node *node, weir_arena *arena)
{
    spec_roots roots = make(node->in_count, arena);

    if (roots.items == NULL)
        return roots;
    for (size_t i = 0; i < node->in_count; i++) {
        const spec_operand *operand = &node->in[i];
        const char *name = spec_operand_name(operand, arena);
        const char *path = spec_operand_path(operand, arena);
        if (name == NULL || path == NULL || operand->type == NULL)
            continue;
        add_value(&roots, path, name, operand->type, operand->window, arena);
        expr_root *root = &roots.items[roots.count - 1];
        if (operand->optional)
            root->presence = EXPR_OPTIONAL;
        if (operand->arg != NULL)
            root->shape.size = operand->arg->shape.size;
    }
    add_common(&roots, model, arena);
    return roots;
}
