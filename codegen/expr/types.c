/* SPDX-License-Identifier: Apache-2.0 */
/* types.c - which types go together: widening, literals that adapt, the words for messages. */
#include <string.h>

#include "codegen/expr/tree.h"

bool expr_is_signed(const spec_type *type)
{
    return type != NULL && type->kind >= SPEC_I8 && type->kind <= SPEC_I64;
}

bool expr_is_unsigned(const spec_type *type)
{
    return type != NULL && type->kind >= SPEC_U8 && type->kind <= SPEC_U64;
}

bool expr_is_integer(const spec_type *type)
{
    return expr_is_signed(type) || expr_is_unsigned(type);
}

bool expr_is_float(const spec_type *type)
{
    return type != NULL && (type->kind == SPEC_F32 || type->kind == SPEC_F64);
}

bool expr_is_number(const spec_type *type)
{
    return expr_is_integer(type) || expr_is_float(type);
}

bool expr_is_scalar(const expr *tree)
{
    return tree->shape.type != NULL && tree->shape.type->kind != SPEC_STRUCT && !tree->shape.list &&
           !tree->window;
}

bool expr_is_of(const expr *tree, spec_type_kind kind)
{
    return expr_is_scalar(tree) && tree->shape.type->kind == kind;
}

const spec_type expr_dynamic = {.kind = SPEC_STRUCT, .name = "a JSON value", .builtin = true};

bool expr_is_dynamic(const expr *tree)
{
    return tree->shape.type == &expr_dynamic && !tree->shape.list;
}

static bool same_literal(const expr *left, const expr *right)
{
    if (expr_is_float(left->shape.type))
        return memcmp(&left->number, &right->number, sizeof left->number) == 0;
    if (left->string != NULL)
        return left->shape.size == right->shape.size &&
               memcmp(left->string, right->string, left->shape.size) == 0;
    return left->negative == right->negative && left->magnitude == right->magnitude;
}

static bool same_args(const expr *left, const expr *right)
{
    for (size_t i = 0; i < left->count; i++)
        if (!expr_same(left->args[i], right->args[i]))
            return false;
    return true;
}

/* As understood, not as written: brackets, spaces, 0x5 for 5 and `b + a` make no difference. */
bool expr_same(const expr *left, const expr *right)
{
    bool same = left->kind == right->kind && left->op == right->op &&
                left->function == right->function && left->count == right->count &&
                left->root == right->root && left->field == right->field &&
                left->enumerator == right->enumerator && left->shape.type == right->shape.type;

    if (!same || left->kind == EXPR_LITERAL)
        return same && same_literal(left, right);
    bool exchange = left->op == EXPR_ADD || left->op == EXPR_MUL;
    return same_args(left, right) || (exchange && expr_same(left->args[0], right->args[1]) &&
                                      expr_same(left->args[1], right->args[0]));
}

bool expr_is_simple(const expr *tree)
{
    return tree->kind <= EXPR_INDEX;
}

unsigned expr_type_bits(const spec_type *type)
{
    if (expr_is_signed(type))
        return (8u << (type->kind - SPEC_I8)) - 1;
    return expr_is_unsigned(type) ? 8u << (type->kind - SPEC_U8) : 0;
}

const spec_type *expr_wide(const spec_type *type)
{
    if (expr_is_signed(type))
        return spec_scalar(SPEC_I64);
    if (expr_is_unsigned(type))
        return spec_scalar(SPEC_U64);
    return expr_is_float(type) ? spec_scalar(SPEC_F64) : type;
}

void expr_set_type(expr *tree, spec_type_kind kind)
{
    tree->shape = (spec_shape){.type = spec_scalar(kind)};
    tree->bits = expr_type_bits(tree->shape.type);
    if (tree->kind != EXPR_LITERAL || tree->bits == 0)
        return;
    tree->bits = 0;
    while (tree->bits < 64 && tree->magnitude > (uint64_t)1 << tree->bits)
        tree->bits++;
}

void expr_set_dynamic(expr *tree)
{
    tree->shape = (spec_shape){.type = &expr_dynamic};
}

const char *expr_shape_text(expr_checker *checker, const spec_shape *shape, bool window)
{
    weir_arena *arena = checker->context->arena;
    const char *name = shape->type->name;

    if (shape->type->kind == SPEC_STRING || shape->type->kind == SPEC_BYTES)
        name = weir_arena_printf(arena, "%s(%u)", name, shape->size);
    if (window)
        name = weir_arena_printf(arena, "a window of %s", name);
    else if (shape->list)
        name = weir_arena_printf(arena, "a list of %s", name);
    return name != NULL ? name : "?";
}

const char *expr_type_text(expr_checker *checker, const expr *tree)
{
    bool literal = tree->kind == EXPR_LITERAL;

    return literal ? tree->shape.type->name : expr_shape_text(checker, &tree->shape, tree->window);
}

static bool is_integer_literal(const expr *tree)
{
    return tree->kind == EXPR_LITERAL && expr_is_of(tree, SPEC_I64);
}

/* An integer literal has no sign of its own kind yet: beside a u64 it is one, beside a double it is
 * the nearest double. Both branches of `c ? 0 : 1` adapt together. */
static bool adapts(const expr *tree)
{
    if (tree->kind == EXPR_CHOICE)
        return adapts(tree->args[1]) && adapts(tree->args[2]);
    return is_integer_literal(tree);
}

static bool adapt_literal(expr_checker *checker, expr *tree, const spec_type *wide)
{
    double sign = tree->negative ? -1.0 : 1.0;

    if (wide->kind == SPEC_U64 && tree->negative) {
        expr_error(checker, tree->where, "%s is negative, and the other side is unsigned",
                   tree->source);
        return false;
    }
    if (wide->kind == SPEC_F64)
        tree->number = sign * (double)tree->magnitude;
    expr_set_type(tree, wide->kind);
    return true;
}

bool expr_adapt(expr_checker *checker, expr *tree, const spec_type *type)
{
    const spec_type *wide = expr_wide(type);

    if (!expr_is_number(wide) || !adapts(tree) || wide->kind == SPEC_I64)
        return true;
    if (tree->kind != EXPR_CHOICE)
        return adapt_literal(checker, tree, wide);
    if (!expr_adapt(checker, tree->args[1], wide) || !expr_adapt(checker, tree->args[2], wide))
        return false;
    expr_set_type(tree, wide->kind);
    return true;
}

const spec_type *expr_unify(expr_checker *checker, expr *left, expr *right)
{
    if (!expr_is_scalar(left) || !expr_is_scalar(right))
        return NULL;
    if (!expr_adapt(checker, left, right->shape.type) ||
        !expr_adapt(checker, right, left->shape.type))
        return NULL;
    const spec_type *wide = expr_wide(left->shape.type);
    return wide == expr_wide(right->shape.type) ? wide : NULL;
}
