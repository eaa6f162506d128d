/* SPDX-License-Identifier: Apache-2.0 */
/* emit_calls.c - the functions of expressions as C. */
#include "codegen/expr/emitter.h"

static const char *wide_name(const spec_type *type)
{
    if (expr_is_float(type))
        return "f64";
    return expr_is_unsigned(type) ? "u64" : "i64";
}

static expr_text cast(expr_emitter *emitter, const spec_type *type, expr_text value)
{
    return (expr_text){expr_printf(emitter, "(%s)%s", expr_c_type(emitter, type),
                                   expr_bracket(emitter, value, EXPR_BINDS_UNARY)),
                       EXPR_BINDS_UNARY};
}

static expr_text size(expr_emitter *emitter, const expr *tree)
{
    const expr *arg = tree->args[0];

    if (expr_is_of(arg, SPEC_STRING))
        return expr_primary(
            expr_printf(emitter, "weir_text_length(%s)", expr_argument(emitter, arg)));
    expr_place_text place = expr_emit_place(emitter, arg);
    return cast(emitter, tree->shape.type,
                expr_primary(expr_is_of(arg, SPEC_BYTES) ? place.size : place.count));
}

static expr_text search(expr_emitter *emitter, const expr *tree)
{
    const char *name = tree->function == EXPR_STARTS_WITH ? "starts_with"
                       : tree->function == EXPR_ENDS_WITH ? "ends_with"
                                                          : "contains";
    const char *text = expr_argument(emitter, tree->args[0]);
    expr_text part = expr_emit_tree(emitter, tree->args[1]);

    /* gcc knows that a short array does not hold a long literal. */
    if (tree->args[1]->kind == EXPR_LITERAL &&
        tree->args[1]->shape.size > tree->args[0]->shape.size)
        part = expr_hide(emitter, tree->args[1], part);
    return expr_primary(expr_printf(emitter, "weir_text_%s(%s, %s)", name, text, part.text));
}

static expr_text extreme(expr_emitter *emitter, const expr *tree)
{
    const char *name = tree->function == EXPR_MIN ? "min" : "max";
    const char *result = expr_argument(emitter, tree->args[0]);

    for (size_t i = 1; i < tree->count; i++)
        result = expr_printf(emitter, "weir_%s_%s(%s, %s)", name, wide_name(tree->shape.type),
                             result, expr_argument(emitter, tree->args[i]));
    if (expr_is_of(tree, SPEC_DATE))
        return cast(emitter, tree->shape.type, expr_primary(result));
    return expr_primary(result);
}

static expr_text absolute(expr_emitter *emitter, const expr *tree)
{
    const expr *arg = tree->args[0];
    const char *value = expr_argument(emitter, arg);

    if (expr_is_float(tree->shape.type))
        return expr_primary(expr_printf(emitter, "weir_abs_f64(%s)", value));
    if (expr_is_unsigned(tree->shape.type))
        return expr_primary(expr_printf(emitter, "weir_as_u64(%s)", value));
    if (arg->bits <= 62)
        return expr_primary(expr_printf(emitter, "weir_abs_small(%s)", value));
    const char *result = expr_temporary(emitter, &tree->shape, true, NULL);
    expr_check_or_fail(emitter, tree, "integer overflow",
                       expr_printf(emitter, "weir_abs_i64(%s, &%s)", value, result));
    return expr_primary(result);
}

/* --- Conversions --- */

/* string(bytes): they may not be a text. */
static expr_text bytes_to_string(expr_emitter *emitter, const expr *tree)
{
    expr_place_text place = expr_emit_place(emitter, tree->args[0]);
    const char *result = expr_temporary(emitter, &tree->shape, false, NULL);

    expr_check_or_fail(emitter, tree, "bytes that are no UTF-8 text",
                       expr_printf(emitter, "weir_text_from_bytes(%s, sizeof %s, %s, %s)", result,
                                   result, place.text, place.size));
    return expr_primary(result);
}

static expr_text to_string(expr_emitter *emitter, const expr *tree)
{
    static const char *const names[] = {
        [SPEC_BOOL] = "bool",         [SPEC_I8] = "i64",    [SPEC_I16] = "i64",
        [SPEC_I32] = "i64",           [SPEC_I64] = "i64",   [SPEC_U8] = "u64",
        [SPEC_U16] = "u64",           [SPEC_U32] = "u64",   [SPEC_U64] = "u64",
        [SPEC_F32] = "f32",           [SPEC_F64] = "f64",   [SPEC_TIMESTAMP] = "timestamp",
        [SPEC_DURATION] = "duration", [SPEC_DATE] = "date",
    };
    const expr *arg = tree->args[0];

    if (expr_is_of(arg, SPEC_STRING))
        return expr_emit_tree(emitter, arg);
    if (expr_is_of(arg, SPEC_BYTES))
        return bytes_to_string(emitter, tree);
    const char *value =
        expr_is_of(arg, SPEC_F32) ? expr_emit_tree(emitter, arg).text : expr_argument(emitter, arg);
    const char *result = expr_temporary(emitter, &tree->shape, false, NULL);
    const char *call = expr_printf(emitter, "weir_text_from_%s(%s, sizeof %s, %s)",
                                   names[arg->shape.type->kind], result, result, value);
    if (expr_is_of(arg, SPEC_DATE))
        expr_check_or_fail(emitter, tree, "a date beyond the years 0 to 9999", call);
    else
        expr_statement(emitter, "%s;", call);
    return expr_primary(result);
}

/* A conversion that may fail, into a temporary of `type`. */
static const char *convert(expr_emitter *emitter, const expr *tree, const spec_type *type,
                           const char *from, const char *value)
{
    spec_shape shape = {.type = type};
    const char *result = expr_temporary(emitter, &shape, false, NULL);
    bool text = expr_is_of(tree->args[0], SPEC_STRING);

    expr_check_or_fail(
        emitter, tree, text ? "text that does not convert" : "value out of range",
        expr_printf(emitter, "weir_%s_from_%s(%s, &%s)", type->name, from, value, result));
    return result;
}

static expr_text conversion(expr_emitter *emitter, const expr *tree)
{
    const expr *arg = tree->args[0];
    const spec_type *type = tree->shape.type, *wide = expr_wide(type);

    if (type->kind == SPEC_STRING)
        return to_string(emitter, tree);
    if (expr_is_of(arg, SPEC_TIMESTAMP) && type->kind == SPEC_I64)
        return expr_primary(expr_printf(emitter, "weir_seconds(%s)", expr_argument(emitter, arg)));
    if (expr_fits(arg, type)) {
        expr_text value = expr_emit_tree(emitter, arg);
        bool same =
            arg->shape.type == type && arg->kind != EXPR_CHOICE && arg->kind != EXPR_LITERAL;
        return same ? value : cast(emitter, type, value);
    }
    const char *value = expr_argument(emitter, arg);
    if (!expr_is_of(arg, SPEC_STRING))
        return expr_primary(convert(emitter, tree, type, wide_name(arg->shape.type), value));
    const char *read = convert(emitter, tree, wide, "text", value);
    return expr_primary(type == wide ? read : convert(emitter, tree, type, wide_name(wide), read));
}

expr_text expr_emit_call(expr_emitter *emitter, const expr *tree)
{
    switch (tree->function) {
    case EXPR_HAS:
        return expr_emit_presence(emitter, tree->args[0]);
    case EXPR_SIZE:
        return size(emitter, tree);
    case EXPR_STARTS_WITH:
    case EXPR_ENDS_WITH:
    case EXPR_CONTAINS:
        return search(emitter, tree);
    case EXPR_MIN:
    case EXPR_MAX:
        return extreme(emitter, tree);
    case EXPR_ABS:
        return absolute(emitter, tree);
    case EXPR_FAILED: /* these: evaluated by the workflow engine, never emitted */
    case EXPR_SUCCEEDED:
    case EXPR_STATE:
    case EXPR_CONVERT:
        break;
    }
    return conversion(emitter, tree);
}
