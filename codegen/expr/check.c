/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - gives every node of an expression its type, or says what is wrong with it.
 *
 * A node whose type stays NULL was reported; what stands above it says nothing more.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codegen/expr/tree.h"
#include "core/text.h"

/* C compilers need not take a literal of more than 4095 bytes. */
enum { MAX_SENTENCE = 512, MAX_STRING = 4096, MAX_LITERAL = 4095 };

const char *expr_operator_text(expr_operator op)
{
    static const char *const texts[] = {"",
#define OPERATOR_TEXT(name, text) text,
                                        EXPR_OPERATORS(OPERATOR_TEXT)
#undef OPERATOR_TEXT
    };
    return texts[op];
}

void expr_error(expr_checker *checker, weir_place where, const char *format, ...)
{
    char sentence[MAX_SENTENCE];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    checker->errors++;
    checker->context->report(checker->context->arg, where, sentence);
}

/* Columns count characters. */
weir_place expr_place(const expr_checker *checker, uint32_t offset)
{
    weir_place place = checker->where;

    if (checker->spots != NULL) {
        place.line = checker->spots[offset].line;
        place.column = checker->spots[offset].column;
        return place;
    }
    for (uint32_t i = 0; i < offset; i++)
        place.column += ((unsigned char)checker->text[i] & 0xc0) != 0x80;
    return place;
}

void *expr_alloc(expr_checker *checker, size_t size)
{
    void *memory = weir_arena_alloc(checker->context->arena, size);

    if (memory == NULL)
        expr_error(checker, checker->where, "out of memory");
    return memory;
}

static void check_literal(expr_checker *checker, expr *tree)
{
    uint32_t size = tree->shape.size;

    if (size > MAX_LITERAL) {
        expr_error(checker, tree->where, "the literal has %u bytes; at most %u", size,
                   (unsigned)MAX_LITERAL);
        tree->shape.type = NULL;
        return;
    }
    expr_set_type(tree, tree->shape.type->kind);
    tree->shape.size = size;
}

/* Asked at the end: a literal that takes the other side's type may be beyond i64. */
static void check_magnitudes(expr_checker *checker, const expr *tree)
{
    uint64_t most = (uint64_t)INT64_MAX + tree->negative;

    if (tree->kind == EXPR_LITERAL && expr_is_of(tree, SPEC_I64) && tree->magnitude > most)
        expr_error(checker, tree->where, "%s is beyond i64; an unsigned number ends in u",
                   tree->source);
    for (size_t i = 0; i < tree->count; i++)
        check_magnitudes(checker, tree->args[i]);
}

static bool check_bool(expr_checker *checker, expr *tree, const char *what)
{
    if (tree->shape.type == NULL)
        return false;
    if (expr_is_of(tree, SPEC_BOOL) || expr_is_dynamic(tree))
        return true;
    expr_error(checker, tree->where, "%s must be a bool, and '%s' is %s", what, tree->source,
               expr_type_text(checker, tree));
    return false;
}

/* Says that an operator's sides do not go together, and which conversion would help. */
static void report_mixture(expr_checker *checker, const expr *tree, const expr *left,
                           const expr *right)
{
    const char *op = tree->op != EXPR_NO_OPERATOR ? expr_operator_text(tree->op)
                     : tree->kind == EXPR_CHOICE  ? "?:"
                                                  : tree->name;
    const spec_type *l = left->shape.type, *r = right->shape.type;
    const expr *convert = NULL;
    const char *function = NULL;

    if (expr_is_scalar(left) && expr_is_scalar(right)) {
        if (expr_is_number(l) && expr_is_number(r)) {
            convert = expr_is_float(l) || (expr_is_signed(l) && !expr_is_float(r)) ? right : left;
            function = expr_is_float(l) || expr_is_float(r) ? "f64" : "i64";
        } else if ((l->kind == SPEC_ENUM && expr_is_integer(r)) ||
                   (r->kind == SPEC_ENUM && expr_is_integer(l))) {
            convert = l->kind == SPEC_ENUM ? left : right;
            function = "int";
        } else if (l->kind == SPEC_STRING && expr_is_number(r)) {
            convert = right;
            function = "string";
        } else if (r->kind == SPEC_STRING && expr_is_number(l)) {
            convert = left;
            function = "string";
        }
    }
    const char *left_text = expr_type_text(checker, left);
    const char *right_text = expr_type_text(checker, right);
    if (convert != NULL)
        expr_error(checker, tree->where, "'%s' between %s and %s needs a conversion: %s(%s)", op,
                   left_text, right_text, function, convert->source);
    else
        expr_error(checker, tree->where, "'%s' does not go between %s and %s", op, left_text,
                   right_text);
}

/* One that is known at run time alone, and one that it can be. */
static bool is_dynamic_pair(const expr *left, const expr *right)
{
    return (expr_is_dynamic(left) && (expr_is_scalar(right) || expr_is_dynamic(right))) ||
           (expr_is_dynamic(right) && expr_is_scalar(left));
}

/* Whether two scalars can be compared or chosen between: one wide type, or one kind of value. */
static bool same_values(expr_checker *checker, expr *left, expr *right)
{
    if (is_dynamic_pair(left, right))
        return true;
    if (!expr_is_scalar(left) || !expr_is_scalar(right))
        return false;
    if (expr_unify(checker, left, right) != NULL)
        return true;
    return left->shape.type->kind == right->shape.type->kind &&
           left->shape.type->kind != SPEC_ENUM && !expr_is_number(left->shape.type);
}

static bool check_same(expr_checker *checker, const expr *tree, expr *left, expr *right)
{
    unsigned errors = checker->errors;

    if (left->shape.type == NULL || right->shape.type == NULL)
        return false;
    if (same_values(checker, left, right))
        return true;
    if (checker->errors == errors)
        report_mixture(checker, tree, left, right);
    return false;
}

/* A state that no task ends in is misspelt. */
static bool check_state(expr_checker *checker, const expr *call, const expr *text)
{
    static const char *const states[] = {"Completed", "Failed", "Skipped", "Cancelled"};
    bool asks = call->kind == EXPR_CALL && call->function == EXPR_STATE;
    weir_nearest nearest = {.wanted = text->string};
    char hint[128];

    if (!asks || text->kind != EXPR_LITERAL)
        return true;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(states[i], text->string) == 0)
            return true;
        weir_nearest_offer(&nearest, states[i]);
    }
    expr_error(checker, text->where,
               "no task ends as %s; it is Completed, Failed, Skipped or Cancelled%s", text->source,
               weir_nearest_hint(&nearest, hint, sizeof hint));
    return false;
}

static void check_comparison(expr_checker *checker, expr *tree)
{
    expr *left = tree->args[0], *right = tree->args[1];

    if (check_same(checker, tree, left, right) && check_state(checker, left, right) &&
        check_state(checker, right, left))
        expr_set_type(tree, SPEC_BOOL);
}

static void check_logic(expr_checker *checker, expr *tree)
{
    const expr_facts *facts = checker->facts;
    expr *left = tree->args[0], *right = tree->args[1];
    const char *what = expr_operator_text(tree->op);
    char side[32];

    expr_check_tree(checker, left);
    if (left->shape.type != NULL)
        checker->facts = expr_facts_after(checker, left, tree->op == EXPR_AND, facts);
    expr_check_tree(checker, right);
    checker->facts = facts;
    snprintf(side, sizeof side, "each side of '%s'", what);
    bool good = check_bool(checker, left, side);
    if (check_bool(checker, right, side) && good)
        expr_set_type(tree, SPEC_BOOL);
}

static void check_in_literal(expr_checker *checker, expr *tree)
{
    expr *value = tree->args[0], *list = tree->args[1];
    bool good = value->shape.type != NULL;

    for (size_t i = 0; i < list->count; i++) {
        expr_check_tree(checker, list->args[i]);
        list->steps |= list->args[i]->steps;
        good = check_same(checker, tree, value, list->args[i]) && good;
    }
    if (good)
        expr_set_type(tree, SPEC_BOOL);
    /* The value is asked several times, so it becomes a temporary. */
    tree->steps = list->count > 1 && !expr_is_simple(value);
}

static void check_in(expr_checker *checker, expr *tree)
{
    expr *value = tree->args[0], *list = tree->args[1];

    expr_check_tree(checker, value);
    if (list->kind == EXPR_LIST) {
        check_in_literal(checker, tree);
        return;
    }
    expr_check_tree(checker, list);
    if (list->shape.type == NULL || value->shape.type == NULL)
        return;
    if (expr_is_dynamic(list) && (expr_is_scalar(value) || expr_is_dynamic(value))) {
        expr_set_type(tree, SPEC_BOOL);
        return;
    }
    if (!list->shape.list && !list->window) {
        expr_error(checker, list->where, "'in' asks a list, and '%s' is %s", list->source,
                   expr_type_text(checker, list));
        return;
    }
    expr *item = expr_alloc(checker, sizeof *item);
    if (item == NULL)
        return;
    *item = (expr){.kind = EXPR_INDEX, .shape = list->shape, .source = list->source};
    item->shape.list = false;
    if (check_same(checker, tree, value, item))
        expr_set_type(tree, SPEC_BOOL);
    tree->steps = true;
}

/* Whether an integer operation may leave 64 bits; `bits` of its result are set. */
static bool may_overflow(expr *tree)
{
    const expr *left = tree->args[0], *right = tree->args[1];
    bool is_signed = expr_is_signed(tree->shape.type);
    unsigned larger = left->bits > right->bits ? left->bits : right->bits, bits = larger;
    bool division = tree->op == EXPR_DIV || tree->op == EXPR_MOD;

    if (division) {
        bool plain = right->kind == EXPR_LITERAL && right->magnitude > (uint64_t)right->negative;
        bits = tree->op == EXPR_MOD && right->bits < left->bits ? right->bits : left->bits;
        tree->bits = bits;
        return !plain;
    }
    bits = tree->op == EXPR_MUL ? left->bits + right->bits : larger + 1;
    if (bits <= (is_signed ? 62u : 63u) && (is_signed || tree->op != EXPR_SUB)) {
        tree->bits = bits;
        return false;
    }
    return true;
}

static void check_numbers(expr_checker *checker, expr *tree, const spec_type *wide)
{
    if (tree->op == EXPR_MOD && wide->kind == SPEC_F64) {
        expr_error(checker, tree->where, "'%%' is for integers, and '%s' is %s",
                   tree->args[0]->source, expr_type_text(checker, tree->args[0]));
        return;
    }
    expr_set_type(tree, wide->kind);
    tree->checked = wide->kind != SPEC_F64 && may_overflow(tree);
    tree->steps = tree->checked;
}

static void check_join(expr_checker *checker, expr *tree)
{
    uint32_t size = tree->args[0]->shape.size + tree->args[1]->shape.size;

    if (size > MAX_STRING) {
        expr_error(checker, tree->where, "the joined string may have %u bytes; at most %u", size,
                   (unsigned)MAX_STRING);
        return;
    }
    expr_set_type(tree, SPEC_STRING);
    tree->shape.size = size;
    tree->steps = true;
}

/* The kind of timestamp and duration arithmetic's result; SPEC_STRUCT: there is none. */
static spec_type_kind time_result(const expr *tree)
{
    bool left_time = expr_is_of(tree->args[0], SPEC_TIMESTAMP);
    bool right_time = expr_is_of(tree->args[1], SPEC_TIMESTAMP);
    bool left_span = expr_is_of(tree->args[0], SPEC_DURATION);
    bool right_span = expr_is_of(tree->args[1], SPEC_DURATION);
    bool add = tree->op == EXPR_ADD, subtract = tree->op == EXPR_SUB;

    if ((add || subtract) && left_span && right_span)
        return SPEC_DURATION;
    if (subtract && left_time && right_time)
        return SPEC_DURATION;
    if ((add || subtract) && left_time && right_span)
        return SPEC_TIMESTAMP;
    return add && left_span && right_time ? SPEC_TIMESTAMP : SPEC_STRUCT;
}

static void check_arithmetic(expr_checker *checker, expr *tree)
{
    expr *left = tree->args[0], *right = tree->args[1];
    unsigned errors = checker->errors;
    spec_type_kind time = time_result(tree);

    if (left->shape.type == NULL || right->shape.type == NULL)
        return;
    if (time != SPEC_STRUCT) {
        expr_set_type(tree, time);
        tree->checked = true;
        tree->steps = true;
        return;
    }
    if (tree->op == EXPR_ADD && expr_is_of(left, SPEC_STRING) && expr_is_of(right, SPEC_STRING)) {
        check_join(checker, tree);
        return;
    }
    if (is_dynamic_pair(left, right)) {
        expr_set_dynamic(tree);
        return;
    }
    const spec_type *wide = expr_unify(checker, left, right);
    if (wide != NULL && expr_is_number(wide))
        check_numbers(checker, tree, wide);
    else if (checker->errors == errors)
        report_mixture(checker, tree, left, right);
}

static void check_binary(expr_checker *checker, expr *tree)
{
    if (tree->op == EXPR_AND || tree->op == EXPR_OR) {
        check_logic(checker, tree);
        return;
    }
    if (tree->op == EXPR_IN) {
        check_in(checker, tree);
        return;
    }
    expr_check_tree(checker, tree->args[0]);
    expr_check_tree(checker, tree->args[1]);
    if (tree->op <= EXPR_MOD)
        check_arithmetic(checker, tree);
    else
        check_comparison(checker, tree);
}

static void check_unary(expr_checker *checker, expr *tree)
{
    expr *operand = tree->args[0];

    expr_check_tree(checker, operand);
    if (operand->shape.type == NULL)
        return;
    if (tree->op == EXPR_NOT) {
        if (check_bool(checker, operand, "what '!' turns round"))
            expr_set_type(tree, SPEC_BOOL);
        return;
    }
    if (expr_is_dynamic(operand)) {
        expr_set_dynamic(tree);
        return;
    }
    const spec_type *wide = expr_is_scalar(operand) ? expr_wide(operand->shape.type) : NULL;
    if (!expr_is_signed(wide) && !expr_is_float(wide)) {
        expr_error(checker, tree->where, "'-' does not go before %s%s",
                   expr_type_text(checker, operand),
                   expr_is_unsigned(wide) ? "; convert it with i64(..)" : "");
        return;
    }
    expr_set_type(tree, wide->kind);
    tree->steps = wide->kind == SPEC_I64 && operand->bits > 62;
    tree->bits = operand->bits;
}

static void check_branches(expr_checker *checker, expr *tree)
{
    expr *yes = tree->args[1], *no = tree->args[2];

    if (!check_same(checker, tree, yes, no))
        return;
    if (is_dynamic_pair(yes, no)) {
        expr_set_dynamic(tree);
        return;
    }
    const spec_type *type = yes->shape.type;
    if (type->kind == SPEC_BYTES) {
        expr_error(checker, tree->where, "'?:' does not choose between bytes");
        return;
    }
    bool one = type == no->shape.type;
    tree->shape = yes->shape;
    tree->shape.type = one ? type : expr_wide(type);
    if (no->shape.size > yes->shape.size)
        tree->shape.size = no->shape.size;
    tree->bits = yes->bits > no->bits ? yes->bits : no->bits;
}

static void check_choice(expr_checker *checker, expr *tree)
{
    const expr_facts *facts = checker->facts;
    expr *condition = tree->args[0];

    expr_check_tree(checker, condition);
    bool good = check_bool(checker, condition, "what stands before '?'");
    for (size_t i = 1; i <= 2; i++) {
        if (good)
            checker->facts = expr_facts_after(checker, condition, i == 1, facts);
        expr_check_tree(checker, tree->args[i]);
        checker->facts = facts;
    }
    if (good)
        check_branches(checker, tree);
}

void expr_check_tree(expr_checker *checker, expr *tree)
{
    switch (tree->kind) {
    case EXPR_LITERAL:
        check_literal(checker, tree);
        break;
    case EXPR_NAME:
        expr_check_name(checker, tree);
        break;
    case EXPR_FIELD:
    case EXPR_ENUMERATOR:
        expr_check_field(checker, tree);
        break;
    case EXPR_INDEX:
        expr_check_index(checker, tree);
        break;
    case EXPR_LIST:
        expr_error(checker, tree->where, "a list stands only right of 'in'");
        break;
    case EXPR_UNARY:
        check_unary(checker, tree);
        break;
    case EXPR_BINARY:
        check_binary(checker, tree);
        break;
    case EXPR_CHOICE:
        check_choice(checker, tree);
        break;
    case EXPR_CALL:
        expr_check_call(checker, tree);
        break;
    }
    for (size_t i = 0; i < tree->count; i++)
        tree->steps |= tree->args[i]->steps;
}

const expr *expr_check(expr_context *context, const spec_expression *expression,
                       const spec_shape *target)
{
    expr_checker checker = {.context = context,
                            .text = expression->text,
                            .where = expression->where,
                            .spots = expression->spots};

    context->cut = false;
    expr *tree = expr_parse(&checker);
    if (tree == NULL)
        return NULL;
    /* An optional may be set from what may be absent. */
    checker.asked = target != NULL && target->optional && tree->kind <= EXPR_FIELD;
    expr_check_tree(&checker, tree);
    checker.asked = false;
    if (checker.errors == 0 && target != NULL)
        expr_check_target(&checker, tree, target);
    if (checker.errors == 0)
        check_magnitudes(&checker, tree);
    return checker.errors == 0 ? tree : NULL;
}

spec_shape expr_shape(const expr *tree)
{
    return tree->shape;
}

bool expr_is_constant(const expr *tree)
{
    if (tree->kind == EXPR_NAME || (tree->kind == EXPR_FIELD && tree->field != NULL))
        return false;
    /* An array is as long as it is, whatever it holds. */
    if (tree->kind == EXPR_CALL && tree->function == EXPR_SIZE && tree->args[0]->shape.list &&
        tree->args[0]->shape.min == tree->args[0]->shape.max)
        return true;
    for (size_t i = 0; i < tree->count; i++)
        if (!expr_is_constant(tree->args[i]))
            return false;
    return true;
}
