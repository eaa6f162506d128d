/* SPDX-License-Identifier: Apache-2.0 */
/* emit_assign.c - `set:` and `update:` as C: a value into a member, within its range and length. */
#include <string.h>

#include "codegen/emit/names.h"
#include "codegen/expr/emitter.h"

typedef struct assignment {
    expr_emitter *emitter;
    const expr *tree;
    const spec_field *field;
    const char *members; /* "out->" */
    const char *member;  /* "out->price" */
} assignment;

static void assign_number(assignment *a)
{
    const spec_type *type = a->field->shape.type;
    const expr *tree = a->tree;
    bool literal = tree->kind == EXPR_LITERAL;
    expr_text value = expr_emit_tree(a->emitter, tree);

    if (literal || expr_fits(tree, type)) {
        bool whole = type->kind == SPEC_F32 && literal;
        bool same = tree->shape.type == type || (literal && !whole);
        expr_statement(a->emitter, "%s = %s%s%s;", a->member, same ? "" : "(",
                       same ? "" : expr_c_type(a->emitter, type),
                       same ? value.text
                            : expr_printf(a->emitter, ")%s",
                                          expr_bracket(a->emitter, value, EXPR_BINDS_UNARY)));
        return;
    }
    expr_check_or_fail(a->emitter, tree, expr_printf(a->emitter, "a value beyond %s", type->name),
                       expr_printf(a->emitter, "weir_%s_from_%s(%s, &%s)", type->name,
                                   expr_wide(type)->name, value.text, a->member));
}

static void assign_string(assignment *a)
{
    const spec_shape *shape = &a->field->shape;
    bool path = a->tree->kind == EXPR_FIELD || a->tree->kind == EXPR_INDEX;
    const char *value = expr_emit_tree(a->emitter, a->tree).text;
    const char *copy =
        expr_printf(a->emitter, "weir_text_copy(%s, sizeof %s, %s)", a->member, a->member, value);

    if (path && a->tree->shape.size == shape->size)
        expr_statement(a->emitter, "memcpy(%s, %s, sizeof %s);", a->member, value, a->member);
    else if (a->tree->shape.size <= shape->size)
        expr_statement(a->emitter, "%s;", copy);
    else
        expr_check_or_fail(a->emitter, a->tree,
                           expr_printf(a->emitter, "a text of more than %u bytes", shape->size),
                           copy);
}

static void assign_bytes(assignment *a)
{
    expr_place_text place = expr_emit_place(a->emitter, a->tree);
    const char *copy = expr_printf(a->emitter, "weir_bytes_copy(%s, sizeof %s, %s, %s)", a->member,
                                   a->member, place.text, place.size);

    if (a->tree->shape.size <= a->field->shape.size)
        expr_statement(a->emitter, "%s;", copy);
    else
        expr_check_or_fail(a->emitter, a->tree,
                           expr_printf(a->emitter, "more than %u bytes", a->field->shape.size),
                           copy);
    expr_statement(a->emitter, "%s%s_size = %s;", a->members, a->field->name, place.size);
}

/* Whether every list that the source can hold is one that the target can hold. */
static bool surely_as_long(const expr *tree, const spec_shape *target)
{
    return !tree->window && tree->shape.min >= target->min && tree->shape.max <= target->max;
}

static void assign_list(assignment *a)
{
    const spec_shape *shape = &a->field->shape;
    expr_place_text place = expr_emit_place(a->emitter, a->tree);

    if (!surely_as_long(a->tree, shape))
        expr_check_or_fail(
            a->emitter, a->tree,
            expr_printf(a->emitter, "a list without %u..%u items", shape->min, shape->max),
            expr_printf(a->emitter, "weir_within(%s, %u, %u)", place.count, shape->min,
                        shape->max));
    if (shape->min != shape->max)
        expr_statement(a->emitter, "%s%s_count = %s%s;", a->members, a->field->name,
                       a->tree->window ? "(uint32_t)" : "", place.count);
    expr_statement(a->emitter, "memcpy(%s, %s, %s * sizeof *%s);", a->member, place.text,
                   place.count, a->member);
    if (shape->type->kind == SPEC_BYTES)
        expr_statement(a->emitter, "memcpy(%s%s_size, %s, %s * sizeof *%s);", a->members,
                       a->field->name, place.size, place.count, place.size);
}

static void assign_value(assignment *a)
{
    const spec_shape *shape = &a->field->shape;

    if (shape->list)
        assign_list(a);
    else if (shape->type->kind == SPEC_STRING)
        assign_string(a);
    else if (shape->type->kind == SPEC_BYTES)
        assign_bytes(a);
    else if (expr_is_number(shape->type))
        assign_number(a);
    else
        expr_statement(a->emitter, "%s = %s;", a->member, expr_emit_tree(a->emitter, a->tree).text);
}

/* An optional that is set from an optional is absent where that is. */
static bool may_be_absent(const expr *tree)
{
    return tree->tested || (tree->kind == EXPR_FIELD && may_be_absent(tree->args[0]));
}

static void assign_optional(assignment *a)
{
    const char *flag = expr_printf(a->emitter, "%shas_%s", a->members, a->field->name);

    if (!may_be_absent(a->tree)) {
        expr_statement(a->emitter, "%s = true;", flag);
        assign_value(a);
        return;
    }
    expr_statement(a->emitter, "%s = %s;", flag, expr_emit_presence(a->emitter, a->tree).text);
    expr_statement(a->emitter, "if (%s) {", flag);
    a->emitter->output->indent += 4;
    assign_value(a);
    a->emitter->output->indent -= 4;
    expr_statement(a->emitter, "}");
}

/* `update: {n: state.n}` leaves the member as it is; C would not copy it onto itself. */
static bool is_itself(const expr *tree, const spec_field *field, const char *members)
{
    const expr *owner = tree->kind == EXPR_FIELD && tree->field == field ? tree->args[0] : NULL;

    return owner != NULL && owner->kind == EXPR_NAME && owner->root->members != NULL &&
           strcmp(owner->root->members, members) == 0;
}

bool expr_emit_assign(expr_output *output, const expr *tree, const spec_field *field,
                      const char *members)
{
    expr_emitter emitter = {.output = output};
    assignment a = {&emitter, tree, field, members, NULL};

    if (is_itself(tree, field, members))
        return true;
    a.member = expr_printf(&emitter, "%s%s", members, emit_member(field->name).text);
    if (field->shape.optional)
        assign_optional(&a);
    else
        assign_value(&a);
    return !emitter.failed && !output->out->failed;
}
