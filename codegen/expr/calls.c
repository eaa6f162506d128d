/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c - the functions of expressions: what they take, what they give. */
#include <stdio.h>
#include <string.h>

#include "codegen/expr/tree.h"
#include "core/calendar.h"
#include "core/text.h"

enum { ANY_COUNT = 64, STATE_TEXT = 9 };

/* Lengths of what string(..) writes. */
enum { INTEGER_TEXT = 20, DOUBLE_TEXT = 24, BOOL_TEXT = 5, DURATION_TEXT = 22 };

typedef struct signature {
    const char *name;
    expr_function function;
    spec_type_kind kind; /* of a conversion */
    size_t min, max;     /* arguments, a method's receiver counted */
    bool method;         /* may be called as one */
} signature;

static const signature functions[] = {
    {"has", EXPR_HAS, SPEC_BOOL, 1, 1, false},
    {"size", EXPR_SIZE, SPEC_I64, 1, 1, true},
    {"startsWith", EXPR_STARTS_WITH, SPEC_BOOL, 2, 2, true},
    {"endsWith", EXPR_ENDS_WITH, SPEC_BOOL, 2, 2, true},
    {"contains", EXPR_CONTAINS, SPEC_BOOL, 2, 2, true},
    {"min", EXPR_MIN, SPEC_BOOL, 2, ANY_COUNT, false},
    {"max", EXPR_MAX, SPEC_BOOL, 2, ANY_COUNT, false},
    {"abs", EXPR_ABS, SPEC_BOOL, 1, 1, false},
    {"int", EXPR_CONVERT, SPEC_I64, 1, 1, false},
    {"uint", EXPR_CONVERT, SPEC_U64, 1, 1, false},
    {"double", EXPR_CONVERT, SPEC_F64, 1, 1, false},
    {"string", EXPR_CONVERT, SPEC_STRING, 1, 1, false},
    {"bytes", EXPR_CONVERT, SPEC_BYTES, 1, 1, false},
    {"bool", EXPR_CONVERT, SPEC_BOOL, 1, 1, false},
    {"timestamp", EXPR_CONVERT, SPEC_TIMESTAMP, 1, 1, false},
    {"duration", EXPR_CONVERT, SPEC_DURATION, 1, 1, false},
    {"i8", EXPR_CONVERT, SPEC_I8, 1, 1, false},
    {"i16", EXPR_CONVERT, SPEC_I16, 1, 1, false},
    {"i32", EXPR_CONVERT, SPEC_I32, 1, 1, false},
    {"i64", EXPR_CONVERT, SPEC_I64, 1, 1, false},
    {"u8", EXPR_CONVERT, SPEC_U8, 1, 1, false},
    {"u16", EXPR_CONVERT, SPEC_U16, 1, 1, false},
    {"u32", EXPR_CONVERT, SPEC_U32, 1, 1, false},
    {"u64", EXPR_CONVERT, SPEC_U64, 1, 1, false},
    {"f32", EXPR_CONVERT, SPEC_F32, 1, 1, false},
    {"f64", EXPR_CONVERT, SPEC_F64, 1, 1, false},
};

/* Where there are tasks to ask for. */
static const signature task_functions[] = {
    {"failed", EXPR_FAILED, SPEC_BOOL, 1, 1, false},
    {"succeeded", EXPR_SUCCEEDED, SPEC_BOOL, 1, 1, false},
    {"state", EXPR_STATE, SPEC_STRING, 1, 1, false},
};

/* What CEL has and weir refuses, with the reason. */
static const struct {
    const char *name, *why;
} refused[] = {
    {"all", "there are no macros; a node in C can walk through a list"},
    {"exists", "there are no macros; ask with 'in', or walk in a node in C"},
    {"exists_one", "there are no macros; a node in C can walk through a list"},
    {"map", "there are no macros; a node in C can walk through a list"},
    {"filter", "there are no macros; a node in C can walk through a list"},
    {"matches", "there are no regular expressions; startsWith, endsWith and contains compare text"},
    {"type", "types are known when the spec is read; there is nothing to ask"},
    {"dyn", "every value has one declared type; convert it, as in f64(x)"},
};

static const signature *find_among(const signature *list, size_t count, weir_nearest *nearest)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, nearest->wanted) == 0)
            return &list[i];
        weir_nearest_offer(nearest, list[i].name);
    }
    return NULL;
}

static const signature *find_function(expr_checker *checker, const expr *tree)
{
    weir_nearest nearest = {.wanted = tree->name};
    char hint[128];
    const signature *found = find_among(functions, sizeof functions / sizeof *functions, &nearest);

    if (found == NULL && checker->context->tasks != NULL)
        found =
            find_among(task_functions, sizeof task_functions / sizeof *task_functions, &nearest);
    if (found != NULL)
        return found;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(refused[i].name, tree->name) == 0) {
            expr_error(checker, tree->where, "'%s': %s", tree->name, refused[i].why);
            return NULL;
        }
    }
    expr_error(checker, tree->where, "there is no function '%s'%s", tree->name,
               weir_nearest_hint(&nearest, hint, sizeof hint));
    return NULL;
}

static bool check_count(expr_checker *checker, const expr *tree, const signature *called)
{
    if (tree->method && !called->method)
        expr_error(checker, tree->where, "'%s' is a function: %s(%s)", tree->name, tree->name,
                   tree->args[0]->source);
    else if (tree->count < called->min || tree->count > called->max)
        expr_error(checker, tree->where, "'%s' takes %s%zu value%s, not %zu", tree->name,
                   called->max == ANY_COUNT ? "at least " : "", called->min,
                   called->min == 1 ? "" : "s", tree->count);
    else
        return true;
    return false;
}

static void report_argument(expr_checker *checker, const expr *tree, const expr *arg,
                            const char *wanted)
{
    expr_error(checker, arg->where, "'%s' takes %s, and '%s' is %s", tree->name, wanted,
               arg->source, expr_type_text(checker, arg));
}

static void check_size(expr_checker *checker, expr *tree)
{
    const expr *arg = tree->args[0];

    if (arg->window || arg->shape.list || expr_is_of(arg, SPEC_STRING) ||
        expr_is_of(arg, SPEC_BYTES) || expr_is_dynamic(arg)) {
        expr_set_type(tree, SPEC_I64);
        tree->bits = 62; /* nothing is longer, so size(w) - 1 cannot overflow */
    } else {
        report_argument(checker, tree, arg, "a list, a window, a string or bytes");
    }
}

static void check_search(expr_checker *checker, expr *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        if (!expr_is_of(tree->args[i], SPEC_STRING) && !expr_is_dynamic(tree->args[i])) {
            report_argument(checker, tree, tree->args[i], "strings");
            return;
        }
    }
    expr_set_type(tree, SPEC_BOOL);
}

static bool is_ordered(const expr *tree)
{
    return expr_is_scalar(tree) &&
           (expr_is_number(tree->shape.type) || expr_is_of(tree, SPEC_TIMESTAMP) ||
            expr_is_of(tree, SPEC_DURATION) || expr_is_of(tree, SPEC_DATE));
}

static bool check_extreme_pair(expr_checker *checker, const expr *tree, expr *first, expr *arg)
{
    unsigned errors = checker->errors;

    if (!is_ordered(arg)) {
        report_argument(checker, tree, arg, "numbers or times");
        return false;
    }
    if (expr_unify(checker, first, arg) != NULL)
        return true;
    if (checker->errors == errors)
        expr_error(checker, arg->where, "'%s' is %s, and the values before it are %s; convert one",
                   arg->source, expr_type_text(checker, arg), expr_type_text(checker, first));
    return false;
}

static bool any_dynamic(const expr *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        if (expr_is_dynamic(tree->args[i]))
            return true;
    return false;
}

/* Literals adapt in both directions: min(1, x) and min(x, 1). */
static void check_extreme(expr_checker *checker, expr *tree)
{
    if (any_dynamic(tree)) {
        expr_set_dynamic(tree);
        return;
    }
    for (size_t i = 0; i < tree->count; i++)
        if (!check_extreme_pair(checker, tree, tree->args[i == 0 ? 0 : i - 1], tree->args[i]))
            return;
    for (size_t i = tree->count - 1; i > 0; i--)
        if (!expr_adapt(checker, tree->args[i - 1], tree->args[i]->shape.type))
            return;
    expr_set_type(tree, expr_wide(tree->args[0]->shape.type)->kind);
    tree->bits = 0;
    for (size_t i = 0; i < tree->count; i++)
        if (tree->args[i]->bits > tree->bits)
            tree->bits = tree->args[i]->bits;
}

static void check_abs(expr_checker *checker, expr *tree)
{
    const expr *arg = tree->args[0];

    if (expr_is_dynamic(arg)) {
        expr_set_dynamic(tree);
        return;
    }
    if (!expr_is_scalar(arg) || !expr_is_number(arg->shape.type)) {
        report_argument(checker, tree, arg, "a number");
        return;
    }
    expr_set_type(tree, expr_wide(arg->shape.type)->kind);
    tree->bits = arg->bits;
    tree->steps = expr_is_signed(tree->shape.type) && arg->bits > 62;
}

/* `timestamp("..")` and `duration("..")` of a literal are read now. */
static void fold_time(expr_checker *checker, expr *tree)
{
    const char *text = tree->args[0]->string;
    bool time = tree->shape.type->kind == SPEC_TIMESTAMP, range = false;
    int64_t ns = 0;

    bool good = time ? weir_calendar_read_time(text, strlen(text), &ns, &range)
                     : weir_text_duration(text, &ns);
    if (good && !range) {
        spec_type_kind kind = tree->shape.type->kind;
        tree->kind = EXPR_LITERAL;
        tree->count = 0;
        tree->string = NULL;
        tree->negative = ns < 0;
        tree->magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
        expr_set_type(tree, kind);
        tree->steps = false;
        return;
    }
    expr_error(checker, tree->args[0]->where, "%s is no %s%s", tree->args[0]->source, tree->name,
               range  ? " between the years 1678 and 2261"
               : time ? "; write it as in \"2024-03-01T12:00:00Z\""
                      : "; write it with units, as in \"250ms\" or \"1h30m\"");
    tree->shape.type = NULL;
}

static uint32_t text_size(const expr *arg)
{
    switch (arg->shape.type->kind) {
    case SPEC_BOOL:
        return BOOL_TEXT;
    case SPEC_F32:
    case SPEC_F64:
        return DOUBLE_TEXT;
    case SPEC_TIMESTAMP:
        return WEIR_CALENDAR_TIME;
    case SPEC_DATE:
        return WEIR_CALENDAR_DATE;
    case SPEC_DURATION:
        return DURATION_TEXT;
    case SPEC_STRING:
    case SPEC_BYTES:
        return arg->shape.size;
    case SPEC_I8:
    case SPEC_I16:
    case SPEC_I32:
    case SPEC_I64:
    case SPEC_U8:
    case SPEC_U16:
    case SPEC_U32:
    case SPEC_U64:
    case SPEC_ENUM:
    case SPEC_STRUCT:
        break;
    }
    return INTEGER_TEXT;
}

/* What `kind` is made of. */
static const char *conversion_sources(spec_type_kind kind, const expr *arg, bool *ret_good)
{
    const spec_type *from = arg->shape.type;
    bool number = expr_is_number(from), text = from->kind == SPEC_STRING;
    bool same = from->kind == kind;

    switch (kind) {
    case SPEC_BOOL:
        *ret_good = same || text;
        return "a bool or a string";
    case SPEC_STRING:
        *ret_good = from->kind != SPEC_ENUM;
        return "a number, a bool, a time, bytes or a string";
    case SPEC_BYTES:
        *ret_good = same || text;
        return "a string or bytes";
    case SPEC_TIMESTAMP:
        *ret_good = same || text || expr_is_signed(from);
        return "a string, a timestamp, or a signed integer of seconds";
    case SPEC_DURATION:
        *ret_good = same || text;
        return "a string with units, or a duration";
    case SPEC_I64:
        *ret_good = number || text || from->kind == SPEC_ENUM || from->kind == SPEC_TIMESTAMP;
        return "a number, a string, an enum or a timestamp";
    case SPEC_I8:
    case SPEC_I16:
    case SPEC_I32:
    case SPEC_U8:
    case SPEC_U16:
    case SPEC_U32:
    case SPEC_U64:
    case SPEC_F32:
    case SPEC_F64:
    case SPEC_DATE:
    case SPEC_ENUM:
    case SPEC_STRUCT:
        break;
    }
    *ret_good = number || text;
    return "a number or a string";
}

bool expr_fits(const expr *arg, const spec_type *type)
{
    const spec_type *from = arg->shape.type;

    if (expr_is_integer(from) && expr_is_integer(type)) {
        bool above = arg->kind == EXPR_LITERAL && !arg->negative;
        bool least = expr_is_signed(from) && !above;
        uint64_t most =
            expr_type_bits(type) == 64 ? UINT64_MAX : ((uint64_t)1 << expr_type_bits(type)) - 1;
        if (arg->kind == EXPR_LITERAL)
            return arg->magnitude <= most + (arg->negative && expr_is_signed(type)) &&
                   (!arg->negative || expr_is_signed(type));
        if (least && expr_is_unsigned(type))
            return false;
        return arg->bits < expr_type_bits(type) ||
               (arg->bits == expr_type_bits(type) && arg->bits == expr_type_bits(from) &&
                expr_is_signed(from) == expr_is_signed(type));
    }
    if (expr_is_float(type))
        return expr_is_integer(from) || from->kind == SPEC_F32 ||
               (from->kind == SPEC_F64 && type->kind == SPEC_F64);
    return from->kind == type->kind || from->kind == SPEC_ENUM || from->kind == SPEC_TIMESTAMP;
}

static void check_convert(expr_checker *checker, expr *tree, spec_type_kind kind)
{
    const expr *arg = tree->args[0];
    bool good = false, literal = arg->kind == EXPR_LITERAL;

    if (expr_is_dynamic(arg)) {
        expr_set_type(tree, kind);
        return;
    }
    const char *sources = expr_is_scalar(arg) ? conversion_sources(kind, arg, &good) : "one value";

    if (!good) {
        report_argument(checker, tree, arg, sources);
        return;
    }
    expr_set_type(tree, kind);
    tree->shape.size = kind == SPEC_STRING || kind == SPEC_BYTES ? text_size(arg) : 0;
    bool time = kind == SPEC_TIMESTAMP || kind == SPEC_DURATION;
    if (time && literal && expr_is_of(arg, SPEC_STRING)) {
        fold_time(checker, tree);
        return;
    }
    bool fits = kind == SPEC_BYTES    ? true
                : kind == SPEC_STRING ? expr_is_of(arg, SPEC_STRING)
                                      : expr_fits(arg, tree->shape.type);
    if (!fits && literal && expr_is_integer(arg->shape.type) && expr_is_integer(tree->shape.type)) {
        expr_error(checker, arg->where, "%s is out of the range of %s", arg->source, tree->name);
        tree->shape.type = NULL;
        return;
    }
    if (fits && expr_is_integer(arg->shape.type) && arg->bits < tree->bits)
        tree->bits = arg->bits;
    tree->steps = !fits;
}

static bool check_args(expr_checker *checker, expr *tree)
{
    bool good = true;

    for (size_t i = 0; i < tree->count; i++) {
        expr_check_tree(checker, tree->args[i]);
        good = good && tree->args[i]->shape.type != NULL;
    }
    return good;
}

/* failed(x): the name of a task, which is no value. */
static void check_task(expr_checker *checker, expr *tree, spec_type_kind kind)
{
    const expr_context *context = checker->context;
    const expr *task = tree->args[0];
    weir_nearest nearest = {.wanted = task->name};
    char hint[128];

    if (task->kind != EXPR_NAME) {
        expr_error(checker, task->where, "'%s' takes the name of a task", tree->name);
        return;
    }
    for (size_t i = 0; i < context->task_count; i++) {
        if (strcmp(context->tasks[i], task->name) == 0) {
            tree->string = task->name;
            tree->count = 0;
            expr_set_type(tree, kind);
            tree->shape.size = kind == SPEC_STRING ? STATE_TEXT : 0;
            return;
        }
        weir_nearest_offer(&nearest, context->tasks[i]);
    }
    expr_error(checker, task->where, "'%s' is not in `after:`, and only what is can be asked for%s",
               task->name, weir_nearest_hint(&nearest, hint, sizeof hint));
}

void expr_check_call(expr_checker *checker, expr *tree)
{
    const signature *called = find_function(checker, tree);

    if (called == NULL || !check_count(checker, tree, called))
        return;
    tree->function = called->function;
    if (tree->function == EXPR_HAS) {
        expr_check_has(checker, tree);
        return;
    }
    if (tree->function >= EXPR_FAILED) {
        check_task(checker, tree, called->kind);
        return;
    }
    if (!check_args(checker, tree))
        return;
    switch (tree->function) {
    case EXPR_SIZE:
        check_size(checker, tree);
        break;
    case EXPR_STARTS_WITH:
    case EXPR_ENDS_WITH:
    case EXPR_CONTAINS:
        check_search(checker, tree);
        break;
    case EXPR_MIN:
    case EXPR_MAX:
        check_extreme(checker, tree);
        break;
    case EXPR_ABS:
        check_abs(checker, tree);
        break;
    case EXPR_CONVERT:
        check_convert(checker, tree, called->kind);
        break;
    case EXPR_HAS:
    case EXPR_FAILED:
    case EXPR_SUCCEEDED:
    case EXPR_STATE:
        break;
    }
}
