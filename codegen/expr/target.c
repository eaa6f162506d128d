/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - whether a value fits the member or the condition that it is for. */
#include <float.h>
#include <math.h>

#include "codegen/expr/tree.h"

static bool report_target(expr_checker *checker, const expr *tree, const spec_shape *target)
{
    const char *wanted = expr_shape_text(checker, target, false);
    const char *given = expr_type_text(checker, tree);
    const spec_type *from = tree->shape.type, *to = target->type;
    bool numbers = expr_is_scalar(tree) && !target->list && expr_is_number(to);
    bool text = expr_is_scalar(tree) && !target->list && to->kind == SPEC_STRING;

    if (numbers && (expr_is_number(from) || from->kind == SPEC_STRING))
        expr_error(checker, tree->where, "the value is %s, and %s is wanted: %s(%s)", given, wanted,
                   to->name, tree->source);
    else if (numbers && from->kind == SPEC_ENUM)
        expr_error(checker, tree->where, "the value is %s, and %s is wanted: int(%s)", given,
                   wanted, tree->source);
    else if (text && expr_is_number(from))
        expr_error(checker, tree->where, "the value is %s, and %s is wanted: string(%s)", given,
                   wanted, tree->source);
    else
        expr_error(checker, tree->where, "the value is %s, and %s is wanted", given, wanted);
    return false;
}

static bool literal_fits(const expr *tree, const spec_type *type)
{
    unsigned bits = expr_type_bits(type);

    if (expr_is_float(type))
        return type->kind == SPEC_F64 || fabs(tree->number) <= (double)FLT_MAX;
    uint64_t most = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    return tree->magnitude <= most + tree->negative;
}

static bool check_number(expr_checker *checker, expr *tree, const spec_shape *target)
{
    if (!expr_adapt(checker, tree, target->type))
        return false;
    if (expr_wide(tree->shape.type) != expr_wide(target->type))
        return report_target(checker, tree, target);
    if (tree->kind == EXPR_CHOICE)
        return check_number(checker, tree->args[1], target) &&
               check_number(checker, tree->args[2], target);
    if (tree->kind != EXPR_LITERAL || literal_fits(tree, target->type))
        return true;
    expr_error(checker, tree->where, "%s is out of the range of %s", tree->source,
               target->type->name);
    return false;
}

/* A literal string or bytes must not be too long. */
static bool check_text(expr_checker *checker, expr *tree, const spec_shape *target)
{
    if (tree->kind == EXPR_CHOICE)
        return check_text(checker, tree->args[1], target) &&
               check_text(checker, tree->args[2], target);
    if (tree->kind != EXPR_LITERAL || tree->shape.size <= target->size)
        return true;
    expr_error(checker, tree->where, "%s has %u bytes, and %s holds %u", tree->source,
               tree->shape.size, expr_shape_text(checker, target, false), target->size);
    return false;
}

/* Lists are copied whole, so their items must be the same in C. */
static bool check_list(expr_checker *checker, const expr *tree, const spec_shape *target)
{
    bool list = tree->shape.list || tree->window;
    bool same = tree->shape.type == target->type && tree->shape.size == target->size;

    if (!list || !same)
        return report_target(checker, tree, target);
    if (tree->window || (tree->shape.max >= target->min && tree->shape.min <= target->max))
        return true;
    expr_error(checker, tree->where, "'%s' holds %u..%u items, and %u..%u are wanted", tree->source,
               tree->shape.min, tree->shape.max, target->min, target->max);
    return false;
}

bool expr_check_target(expr_checker *checker, expr *tree, const spec_shape *target)
{
    if (expr_is_dynamic(tree))
        return true;
    if (target->list)
        return check_list(checker, tree, target);
    if (tree->shape.list || tree->window)
        return report_target(checker, tree, target);
    if (expr_is_number(target->type) && expr_is_number(tree->shape.type))
        return check_number(checker, tree, target);
    bool plain = target->type->kind != SPEC_ENUM && target->type->kind != SPEC_STRUCT;
    if (plain ? tree->shape.type->kind != target->type->kind : tree->shape.type != target->type)
        return report_target(checker, tree, target);
    bool text = target->type->kind == SPEC_STRING || target->type->kind == SPEC_BYTES;
    return !text || check_text(checker, tree, target);
}
