/* SPDX-License-Identifier: Apache-2.0 */
/* emit_compare.c - comparisons, `in`, && and || as C.
 *
 * Compilers warn where a comparison or a condition is always true or false. In a spec that is no
 * mistake of the generated code, so such a constant or side is written weir_as_...(x), which gives
 * x and hides from the compiler's eye where it comes from. All others stand as one writes them.
 */
#include <string.h>

#include "codegen/expr/emitter.h"

bool expr_same_text(expr_text left, expr_text right)
{
    return strcmp(left.text, right.text) == 0;
}

static bool is_constant(const expr *tree)
{
    return tree->kind == EXPR_LITERAL || tree->kind == EXPR_ENUMERATOR;
}

/* The operator of the same comparison with its sides exchanged. */
static expr_operator turned(expr_operator op)
{
    static const expr_operator operators[] = {
        [EXPR_EQ] = EXPR_EQ, [EXPR_NE] = EXPR_NE, [EXPR_LT] = EXPR_GT,
        [EXPR_LE] = EXPR_GE, [EXPR_GT] = EXPR_LT, [EXPR_GE] = EXPR_LE,
    };
    return operators[op];
}

/* Whether `other op literal` lies at or beyond an end of what compilers know of the other side.
 * They look through casts and plain arithmetic at the types below; a checked operation's result is
 * a variable, of which they know nothing. */
static bool at_an_end(expr_operator op, const expr *other, const expr *literal)
{
    const spec_type *type = other->shape.type;
    unsigned bits = other->kind <= EXPR_INDEX ? expr_type_bits(type) : other->bits;
    bool call = other->kind == EXPR_CALL;

    if (!expr_is_integer(type) || !expr_is_constant(literal) || other->checked)
        return false;
    if (literal->kind != EXPR_LITERAL)
        return true;
    if (call && other->function == EXPR_CONVERT && expr_fits(other->args[0], type))
        return true;
    if (literal->magnitude == 0) {
        bool known = expr_is_unsigned(type) || other->kind > EXPR_INDEX;
        return known && (op == EXPR_GE || op == EXPR_LT);
    }
    if (call && other->function == EXPR_SIZE)
        return literal->negative || literal->magnitude > INT32_MAX;
    uint64_t most = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    return literal->magnitude >= most;
}

static bool is_comparison(const expr *tree)
{
    return tree->kind == EXPR_BINARY && tree->op >= EXPR_EQ && tree->op <= EXPR_GE;
}

static bool is_order(expr_operator op)
{
    return op >= EXPR_LT && op <= EXPR_GE;
}

/* Whether a compiler would see through the comparison. */
static bool is_suspicious(expr_operator op, const expr *left, expr_text l, const expr *right,
                          expr_text r)
{
    if (expr_is_of(left, SPEC_BOOL) && is_order(op))
        return true;
    if (expr_is_float(left->shape.type))
        return false;
    return expr_same(left, right) || expr_same_text(l, r) || at_an_end(op, left, right) ||
           at_an_end(turned(op), right, left);
}

static expr_text compare_text(expr_emitter *emitter, expr_operator op, const expr *left,
                              expr_text l, const expr *right, expr_text r)
{
    /* gcc knows that a short array never equals a long literal. */
    if (left->kind == EXPR_LITERAL && left->shape.size > right->shape.size)
        l = expr_hide(emitter, left, l);
    if (right->kind == EXPR_LITERAL && right->shape.size > left->shape.size)
        r = expr_hide(emitter, right, r);
    return (expr_text){
        expr_printf(emitter, "strcmp(%s, %s) %s 0", l.text, r.text, expr_operator_text(op)),
        is_order(op) ? EXPR_BINDS_ORDER : EXPR_BINDS_EQUALITY};
}

/* `b == true` is b. */
static expr_text compare_with_bool(expr_emitter *emitter, expr_operator op, expr_text value,
                                   bool constant)
{
    if ((op == EXPR_EQ) == constant)
        return value;
    return (expr_text){expr_printf(emitter, "!%s", expr_bracket(emitter, value, EXPR_BINDS_UNARY)),
                       EXPR_BINDS_NOT};
}

/* Sides of different widths, and a double beside a float, compare as what they widen to. */
static expr_text side(expr_emitter *emitter, const expr *tree, const expr *other, expr_text value)
{
    bool one = tree->shape.type == other->shape.type || is_constant(tree) ||
               (is_constant(other) && expr_is_integer(tree->shape.type));

    return one || !expr_is_number(tree->shape.type) ? value : expr_wide_text(emitter, tree, value);
}

static expr_text compare(expr_emitter *emitter, expr_operator op, const expr *left, expr_text l,
                         const expr *right, expr_text r)
{
    bool equality = !is_order(op);

    if (expr_is_of(left, SPEC_STRING))
        return compare_text(emitter, op, left, l, right, r);
    if (expr_is_of(left, SPEC_BOOL) && equality && right->kind == EXPR_LITERAL)
        return compare_with_bool(emitter, op, l, right->magnitude != 0);
    if (expr_is_of(left, SPEC_BOOL) && equality && left->kind == EXPR_LITERAL)
        return compare_with_bool(emitter, op, r, left->magnitude != 0);
    if (is_suspicious(op, left, l, right, r)) {
        if (expr_is_constant(left))
            l = expr_hide(emitter, left, l);
        if (expr_is_constant(right) || !expr_is_constant(left))
            r = expr_hide(emitter, right, r);
    }
    l = side(emitter, left, right, l);
    r = side(emitter, right, left, r);
    return (expr_text){expr_printf(emitter, "%s %s %s", expr_bracket(emitter, l, EXPR_BINDS_SUM),
                                   expr_operator_text(op),
                                   expr_bracket(emitter, r, EXPR_BINDS_SUM)),
                       equality ? EXPR_BINDS_EQUALITY : EXPR_BINDS_ORDER};
}

/* gcc knows that a short array has no room for a `longer` literal's bytes, and warns; a call hides
 * the comparison. */
static expr_text compare_places(expr_emitter *emitter, expr_operator op, expr_place_text left,
                                expr_place_text right, bool longer)
{
    const char *args =
        expr_printf(emitter, "(%s, %s, %s, %s)", left.text, left.size, right.text, right.size);

    if (is_order(op) || longer)
        return (expr_text){
            expr_printf(emitter, "weir_bytes_compare%s %s 0", args, expr_operator_text(op)),
            is_order(op) ? EXPR_BINDS_ORDER : EXPR_BINDS_EQUALITY};
    bool not_equal = op == EXPR_NE;
    return (expr_text){expr_printf(emitter, "%sweir_bytes_equal%s", not_equal ? "!" : "", args),
                       not_equal ? EXPR_BINDS_NOT : EXPR_BINDS_PRIMARY};
}

static expr_text compare_bytes(expr_emitter *emitter, expr_operator op, const expr *left,
                               const expr *right)
{
    bool longer = (left->kind == EXPR_LITERAL && left->shape.size > right->shape.size) ||
                  (right->kind == EXPR_LITERAL && right->shape.size > left->shape.size);
    expr_place_text l = expr_emit_place(emitter, left), r = expr_emit_place(emitter, right);

    return compare_places(emitter, op, l, r, longer);
}

expr_text expr_emit_comparison(expr_emitter *emitter, const expr *tree)
{
    const expr *left = tree->args[0], *right = tree->args[1];

    if (expr_is_of(left, SPEC_BYTES))
        return compare_bytes(emitter, tree->op, left, right);
    expr_text l = expr_emit_tree(emitter, left), r = expr_emit_tree(emitter, right);
    return compare(emitter, tree->op, left, l, right, r);
}

/* --- in --- */

/* Whether the items before the n-th decide its comparison: one is the same, or both are bools. */
static bool is_decided(const expr *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (expr_is_of(list->args[n], SPEC_BOOL) || expr_same(list->args[i], list->args[n]))
            return true;
    return false;
}

static expr_text equals_item(expr_emitter *emitter, const expr *value, expr_text v,
                             const expr *item)
{
    if (expr_is_of(item, SPEC_BYTES))
        return compare_bytes(emitter, EXPR_EQ, value, item);
    return compare(emitter, EXPR_EQ, value, v, item, expr_emit_tree(emitter, item));
}

static expr_text in_literal(expr_emitter *emitter, const expr *value, expr_text v, const expr *list)
{
    expr_text result = {"false", EXPR_BINDS_PRIMARY};

    if (list->count > 1 && !expr_is_simple(value) && strpbrk(v.text, " (") != NULL)
        v = expr_primary(
            expr_temporary(emitter, &value->shape, true, expr_wide_text(emitter, value, v).text));
    for (size_t i = 0; i < list->count; i++) {
        expr_text equal = equals_item(emitter, value, v, list->args[i]);
        if (is_decided(list, i))
            equal = expr_primary(expr_printf(emitter, "weir_as_bool(%s)", equal.text));
        result = i == 0 ? equal
                        : (expr_text){expr_printf(emitter, "%s || %s", result.text,
                                                  expr_bracket(emitter, equal, EXPR_BINDS_NOT)),
                                      EXPR_BINDS_OR};
    }
    return result;
}

static expr_text in_list(expr_emitter *emitter, const expr *value, expr_text v, const expr *list)
{
    expr_place_text place = expr_emit_place(emitter, list);
    spec_shape truth = {.type = spec_scalar(SPEC_BOOL)};
    expr item = {.kind = EXPR_INDEX, .shape = list->shape};

    item.shape.list = false;
    const char *found = expr_temporary(emitter, &truth, false, "false");
    const char *i = expr_printf(emitter, "i%u", emitter->output->temporaries);
    expr_text at = expr_primary(expr_printf(emitter, "%s[%s]", place.text, i)), equal;
    if (expr_is_of(value, SPEC_BYTES)) {
        expr_place_text bytes = {at.text, NULL, expr_printf(emitter, "%s[%s]", place.size, i)};
        equal = compare_places(emitter, EXPR_EQ, bytes, expr_emit_place(emitter, value), true);
    } else {
        equal = compare(emitter, EXPR_EQ, &item, at, value, v);
    }
    expr_statement(emitter, "for (size_t %s = 0; %s < %s && !%s; %s++)", i, i, place.count, found,
                   i);
    emitter->output->indent += 4;
    expr_statement(emitter, "%s = %s;", found, equal.text);
    emitter->output->indent -= 4;
    return expr_primary(found);
}

expr_text expr_emit_in(expr_emitter *emitter, const expr *tree)
{
    const expr *value = tree->args[0], *list = tree->args[1];
    expr_text v = {"", EXPR_BINDS_PRIMARY};

    if (!expr_is_of(value, SPEC_BYTES))
        v = expr_emit_tree(emitter, value);
    return list->kind == EXPR_LIST ? in_literal(emitter, value, v, list)
                                   : in_list(emitter, value, v, list);
}

/* --- Logic --- */

/* A comparison with a constant, turned so that the constant is right. */
typedef struct bound {
    const expr *value, *constant;
    expr_operator op;
} bound;

static bool as_bound(const expr *tree, bound *ret)
{
    if (!is_comparison(tree))
        return false;
    const expr *left = tree->args[0], *right = tree->args[1];
    if (!is_constant(left) && !is_constant(right))
        return false;
    bool turn = is_constant(left);
    *ret = (bound){turn ? right : left, turn ? left : right, turn ? turned(tree->op) : tree->op};
    return true;
}

static int64_t order_of(const expr *constant)
{
    if (constant->kind == EXPR_ENUMERATOR)
        return constant->enumerator->number;
    if (constant->magnitude > (uint64_t)INT64_MAX)
        return constant->negative ? INT64_MIN : INT64_MAX;
    return constant->negative ? -(int64_t)constant->magnitude : (int64_t)constant->magnitude;
}

/* The usual pairs over one value leave both outcomes possible: `x > 1 && x < 9`, `x < 1 || x > 9`,
 * `x == 1 || x == 2`, `x != 1 && x != 2`. */
static bool is_usual_pair(expr_operator logic, bound first, bound second)
{
    bool conjunction = logic == EXPR_AND;
    int64_t a = order_of(first.constant), b = order_of(second.constant);
    bool first_above = first.op == EXPR_GT || first.op == EXPR_GE;
    bool first_below = first.op == EXPR_LT || first.op == EXPR_LE;
    bool second_above = second.op == EXPR_GT || second.op == EXPR_GE;
    bool second_below = second.op == EXPR_LT || second.op == EXPR_LE;

    if (expr_is_of(first.value, SPEC_BOOL))
        return false;
    if (first.op == second.op && first.op == (conjunction ? EXPR_NE : EXPR_EQ))
        return a != b;
    int64_t low = conjunction == first_above ? a : b, high = conjunction == first_above ? b : a;
    bool range = (first_above && second_below) || (first_below && second_above);
    return range && low < high - 1 && high > INT64_MIN + 1;
}

/* What a compiler sees of a value once it has moved casts, signs and constants to the other side of
 * a comparison: x of `i64(x)`, `-x` and `x + 1`. */
static const expr *core(const expr *tree)
{
    bool convert = tree->kind == EXPR_CALL && tree->function == EXPR_CONVERT;
    bool negated = tree->kind == EXPR_UNARY && tree->op == EXPR_NEGATE;
    bool arithmetic = tree->kind == EXPR_BINARY && tree->op <= EXPR_MOD;

    if (tree->checked)
        return tree;
    if (convert || negated || (arithmetic && expr_is_constant(tree->args[1])))
        return core(tree->args[0]);
    return arithmetic && expr_is_constant(tree->args[0]) ? core(tree->args[1]) : tree;
}

/* Whether both compare the same two values, in whichever way. */
static bool compare_the_same(const expr *left, const expr *right)
{
    if (!is_comparison(left) || !is_comparison(right))
        return false;
    return (expr_same(left->args[0], right->args[0]) && expr_same(left->args[1], right->args[1])) ||
           (expr_same(left->args[0], right->args[1]) && expr_same(left->args[1], right->args[0]));
}

/* Whether `in [..]`, which stands for a row of comparisons, asks for a value of the other's. */
static bool asks_for_the_same(const expr *in, const expr *other)
{
    if (in->kind != EXPR_BINARY || in->op != EXPR_IN || other->kind != EXPR_BINARY)
        return false;
    const expr *value = core(in->args[0]);
    return expr_same(value, core(other->args[0])) || expr_same(value, core(other->args[1]));
}

static bool are_related_bounds(expr_operator logic, const expr *left, const expr *right)
{
    bound first, second;

    if (!as_bound(left, &first) || !as_bound(right, &second))
        return false;
    if (expr_same(first.value, second.value))
        return !is_usual_pair(logic, first, second);
    return expr_same(core(first.value), core(second.value));
}

/* `true ? a : b` is written as a alone. */
static const expr *taken(const expr *tree)
{
    while (tree->kind == EXPR_CHOICE && tree->args[0]->kind == EXPR_LITERAL)
        tree = tree->args[tree->args[0]->magnitude != 0 ? 1 : 2];
    return tree;
}

/* Whether a compiler could see that one side decides the other. */
static bool is_related(expr_operator logic, const expr *left, const expr *right)
{
    left = taken(left);
    right = taken(right);
    bool split = left->kind == EXPR_UNARY || (left->kind == EXPR_BINARY && left->op >= EXPR_AND);

    if (expr_same(left, right) || compare_the_same(left, right) || asks_for_the_same(left, right) ||
        asks_for_the_same(right, left))
        return true;
    if (split) {
        for (size_t i = 0; i < left->count; i++)
            if (is_related(logic, left->args[i], right))
                return true;
        return false;
    }
    if (right->kind == EXPR_UNARY || (right->kind == EXPR_BINARY && right->op >= EXPR_AND)) {
        for (size_t i = 0; i < right->count; i++)
            if (is_related(logic, left, right->args[i]))
                return true;
        return false;
    }
    return are_related_bounds(logic, left, right);
}

/* The right side can fail or needs memory: it is computed only where it is asked. */
static expr_text stepwise(expr_emitter *emitter, const expr *tree, expr_text left)
{
    spec_shape truth = {.type = spec_scalar(SPEC_BOOL)};
    const char *result = expr_temporary(emitter, &truth, false, left.text);

    expr_statement(emitter, tree->op == EXPR_AND ? "if (%s) {" : "if (!%s) {", result);
    emitter->output->indent += 4;
    expr_text right = expr_emit_tree(emitter, tree->args[1]);
    expr_statement(emitter, "%s = %s;", result, right.text);
    emitter->output->indent -= 4;
    expr_statement(emitter, "}");
    return expr_primary(result);
}

expr_text expr_emit_logic(expr_emitter *emitter, const expr *tree)
{
    const expr *left = tree->args[0], *right = tree->args[1];
    bool conjunction = tree->op == EXPR_AND;
    expr_text l = expr_emit_tree(emitter, left);

    if (right->steps)
        return stepwise(emitter, tree, l);
    expr_text r = expr_emit_tree(emitter, right);
    if (is_related(tree->op, left, right) || expr_same_text(l, r))
        r = expr_primary(expr_printf(emitter, "weir_as_bool(%s)", r.text));
    expr_strength strength = conjunction ? EXPR_BINDS_AND : EXPR_BINDS_OR;
    /* gcc wants brackets around && within ||. */
    expr_strength least_left = l.strength == strength ? strength : EXPR_BINDS_NOT;
    return (expr_text){expr_printf(emitter, "%s %s %s", expr_bracket(emitter, l, least_left),
                                   expr_operator_text(tree->op),
                                   expr_bracket(emitter, r, EXPR_BINDS_NOT)),
                       strength};
}
