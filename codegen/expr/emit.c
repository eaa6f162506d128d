/* SPDX-License-Identifier: Apache-2.0 */
/* emit.c - writes a checked expression as C: the value's text, and the statements it needs. */
#include "codegen/expr/emitter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/emit/names.h"

enum { EXCERPT = 60 };

/* --- Text --- */

const char *expr_printf(expr_emitter *emitter, const char *format, ...)
{
    weir_buffer buffer = {0};
    va_list args;

    va_start(args, format);
    weir_buffer_vprintf(&buffer, format, args);
    va_end(args);
    const char *text =
        buffer.failed ? NULL : weir_arena_copy(emitter->output->arena, buffer.data, buffer.size);
    weir_buffer_free(&buffer);
    emitter->failed |= text == NULL;
    return text != NULL ? text : "0";
}

expr_text expr_primary(const char *text)
{
    return (expr_text){text, EXPR_BINDS_PRIMARY};
}

const char *expr_bracket(expr_emitter *emitter, expr_text value, expr_strength least)
{
    return value.strength < least ? expr_printf(emitter, "(%s)", value.text) : value.text;
}

const char *expr_quote_bytes(expr_emitter *emitter, const char *data, size_t size)
{
    weir_buffer buffer = {0};

    emit_literal(&buffer, data, size);
    const char *quoted = buffer.failed ? "\"\"" : expr_printf(emitter, "%s", buffer.data);
    emitter->failed |= buffer.failed;
    weir_buffer_free(&buffer);
    return quoted;
}

const char *expr_quote(expr_emitter *emitter, const char *text)
{
    return expr_quote_bytes(emitter, text, strlen(text));
}

void expr_statement(expr_emitter *emitter, const char *format, ...)
{
    weir_buffer text = {0};
    va_list args;

    va_start(args, format);
    weir_buffer_vprintf(&text, format, args);
    va_end(args);
    emitter->failed |= text.failed;
    if (!text.failed)
        emit_line(emitter->output->out, emitter->output->indent, "%s", text.data);
    weir_buffer_free(&text);
}

/* --- Hiding --- */

static const char *family(const expr *tree)
{
    if (expr_is_of(tree, SPEC_BOOL))
        return "bool";
    if (expr_is_of(tree, SPEC_STRING))
        return "text";
    if (expr_is_float(tree->shape.type))
        return "f64";
    return expr_is_unsigned(tree->shape.type) ? "u64" : "i64";
}

expr_text expr_hide(expr_emitter *emitter, const expr *tree, expr_text value)
{
    const spec_type *type = tree->shape.type;

    if (type->kind == SPEC_F32)
        value = expr_wide_text(emitter, tree, value);
    const char *hidden = expr_printf(emitter, "weir_as_%s(%s)", family(tree), value.text);

    if (type == expr_wide(type) && type->kind != SPEC_ENUM)
        return expr_primary(hidden);
    return (expr_text){expr_printf(emitter, "(%s)%s", expr_c_type(emitter, type), hidden),
                       EXPR_BINDS_UNARY};
}

/* A constant that is computed: compilers compute it too, and find what it decides. */
static bool is_computed_constant(const expr *tree)
{
    return expr_is_constant(tree) && !expr_is_simple(tree) && !tree->steps;
}

expr_text expr_hide_constant(expr_emitter *emitter, const expr *tree, expr_text value)
{
    return is_computed_constant(tree) ? expr_hide(emitter, tree, value) : value;
}

/* --- Failing --- */

/* The sentence as a format: `%` doubled, the excerpt on one line and cut. */
static const char *sentence(expr_emitter *emitter, const expr *tree, const char *what)
{
    const char *slash = tree->where.file != NULL ? strrchr(tree->where.file, '/') : NULL;
    const char *file = slash != NULL ? slash + 1 : tree->where.file;
    char excerpt[2 * EXCERPT + 8] = "";
    size_t used = 0, size = strlen(tree->source), i = 0;

    for (; i < size && i < EXCERPT; i++) {
        char c = tree->source[i];
        if (c == '%')
            excerpt[used++] = '%';
        excerpt[used++] = (unsigned char)c < ' ' ? ' ' : c;
    }
    while (i < size && used > 0 && ((unsigned char)tree->source[i] & 0xc0) == 0x80) {
        used--; /* a character is not cut in two */
        i--;
    }
    if (i < size)
        memcpy(excerpt + used, "..", 3);
    if (file == NULL)
        return expr_printf(emitter, "%s in '%s'", what, excerpt);
    return expr_printf(emitter, "%s:%u: %s in '%s'", file, tree->where.line, what, excerpt);
}

void expr_check_or_fail(expr_emitter *emitter, const expr *tree, const char *what,
                        const char *check)
{
    expr_statement(emitter, "if (!%s)", check);
    emitter->output->indent += 4;
    expr_statement(emitter, "%s%s);", emitter->output->fail,
                   expr_quote(emitter, sentence(emitter, tree, what)));
    emitter->output->indent -= 4;
}

/* --- Temporaries --- */

const char *expr_c_type(expr_emitter *emitter, const spec_type *type)
{
    static const char *const names[] = {"bool",    "int8_t",   "int16_t",  "int32_t",  "int64_t",
                                        "uint8_t", "uint16_t", "uint32_t", "uint64_t", "float",
                                        "double",  "int64_t",  "int64_t",  "int32_t"};
    expr_output *output = emitter->output;

    if (type->kind <= SPEC_DATE)
        return names[type->kind];
    return output->type_name(output->arg, type);
}

const char *expr_temporary(expr_emitter *emitter, const spec_shape *shape, bool wide,
                           const char *value)
{
    const char *name = expr_printf(emitter, "t%u", ++emitter->output->temporaries);
    const char *type = NULL;

    if (shape->type->kind == SPEC_STRING) {
        if (value != NULL)
            expr_statement(emitter, "const char *%s = %s;", name, value);
        else
            expr_statement(emitter, "char %s[%u];", name, shape->size + 1);
        return name;
    }
    type = expr_c_type(emitter, wide ? expr_wide(shape->type) : shape->type);
    if (value != NULL)
        expr_statement(emitter, "%s %s = %s;", type, name, value);
    else
        expr_statement(emitter, "%s %s;", type, name);
    return name;
}

/* --- Literals --- */

/* The shortest text that reads back the same; always a double's, never an integer's. */
static expr_text double_literal(expr_emitter *emitter, double number)
{
    char text[40];

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    bool whole = text[strcspn(text, ".e")] == '\0';
    return (expr_text){expr_printf(emitter, "%s%s", text, whole ? ".0" : ""),
                       signbit(number) ? EXPR_BINDS_UNARY : EXPR_BINDS_PRIMARY};
}

static expr_text signed_literal(expr_emitter *emitter, const expr *tree)
{
    unsigned long long magnitude = tree->magnitude;

    if (tree->negative && tree->magnitude > (uint64_t)INT64_MAX)
        return expr_primary("INT64_MIN");
    if (tree->negative)
        return (expr_text){expr_printf(emitter, "-%llu", magnitude), EXPR_BINDS_UNARY};
    return expr_primary(expr_printf(emitter, "%llu", magnitude));
}

static expr_text literal(expr_emitter *emitter, const expr *tree)
{
    if (expr_is_of(tree, SPEC_BOOL))
        return expr_primary(tree->magnitude != 0 ? "true" : "false");
    if (expr_is_of(tree, SPEC_STRING))
        return expr_primary(expr_quote(emitter, tree->string));
    if (expr_is_of(tree, SPEC_F64))
        return double_literal(emitter, tree->number);
    if (expr_is_of(tree, SPEC_U64))
        return expr_primary(expr_printf(emitter, "%lluu", (unsigned long long)tree->magnitude));
    return signed_literal(emitter, tree);
}

/* --- Arithmetic --- */

/* Whether C computes with the text in the width of its type, without a cast. */
static bool is_wide_in_c(const expr *tree)
{
    if (tree->kind == EXPR_LITERAL)
        return expr_is_of(tree, SPEC_F64) || tree->magnitude > INT32_MAX;
    if (tree->kind == EXPR_CHOICE && !tree->steps)
        return is_wide_in_c(tree->args[1]) || is_wide_in_c(tree->args[2]);
    return tree->shape.type == expr_wide(tree->shape.type);
}

expr_text expr_wide_text(expr_emitter *emitter, const expr *tree, expr_text value)
{
    if (!expr_is_number(tree->shape.type) || is_wide_in_c(tree))
        return value;
    return (expr_text){expr_printf(emitter, "(%s)%s",
                                   expr_c_type(emitter, expr_wide(tree->shape.type)),
                                   expr_bracket(emitter, value, EXPR_BINDS_UNARY)),
                       EXPR_BINDS_UNARY};
}

const char *expr_argument(expr_emitter *emitter, const expr *tree)
{
    expr_text value = expr_emit_tree(emitter, tree);

    if (tree->shape.type->kind == SPEC_F32)
        value = expr_wide_text(emitter, tree, value);
    return value.text;
}

static expr_text plain_arithmetic(expr_emitter *emitter, const expr *tree)
{
    const expr *left = tree->args[0], *right = tree->args[1];
    expr_strength strength =
        tree->op == EXPR_ADD || tree->op == EXPR_SUB ? EXPR_BINDS_SUM : EXPR_BINDS_PRODUCT;
    expr_text l = expr_emit_tree(emitter, left), r = expr_emit_tree(emitter, right);

    if (expr_is_float(tree->shape.type) || !is_wide_in_c(right))
        l = expr_wide_text(emitter, left, l);
    if (expr_is_float(tree->shape.type))
        r = expr_wide_text(emitter, right, r);
    return (expr_text){expr_printf(emitter, "%s %s %s", expr_bracket(emitter, l, strength),
                                   expr_operator_text(tree->op),
                                   expr_bracket(emitter, r, strength + 1)),
                       strength};
}

static const char *arithmetic_failure(const expr *tree)
{
    if (expr_is_of(tree, SPEC_TIMESTAMP))
        return "timestamp out of range";
    if (expr_is_of(tree, SPEC_DURATION))
        return "duration out of range";
    if (tree->op == EXPR_DIV && expr_is_unsigned(tree->shape.type))
        return "division by zero";
    if (tree->op == EXPR_MOD && expr_is_unsigned(tree->shape.type))
        return "modulo by zero";
    if (tree->op == EXPR_DIV)
        return "division by zero or integer overflow";
    return tree->op == EXPR_MOD ? "modulo by zero or integer overflow" : "integer overflow";
}

static expr_text checked_arithmetic(expr_emitter *emitter, const expr *tree)
{
    static const char *const names[] = {
        [EXPR_ADD] = "add", [EXPR_SUB] = "sub", [EXPR_MUL] = "mul",
        [EXPR_DIV] = "div", [EXPR_MOD] = "mod",
    };
    const char *left = expr_argument(emitter, tree->args[0]);
    const char *right = expr_argument(emitter, tree->args[1]);
    const char *result = expr_temporary(emitter, &tree->shape, true, NULL);
    bool is_unsigned = expr_is_unsigned(tree->shape.type);

    expr_check_or_fail(emitter, tree, arithmetic_failure(tree),
                       expr_printf(emitter, "weir_%s_%s(%s, %s, &%s)", names[tree->op],
                                   is_unsigned ? "u64" : "i64", left, right, result));
    return expr_primary(result);
}

static expr_text join(expr_emitter *emitter, const expr *tree)
{
    const char *left = expr_argument(emitter, tree->args[0]);
    const char *right = expr_argument(emitter, tree->args[1]);
    const char *result = expr_temporary(emitter, &tree->shape, false, NULL);

    expr_statement(emitter, "weir_text_join(%s, sizeof %s, %s, %s);", result, result, left, right);
    return expr_primary(result);
}

static expr_text arithmetic(expr_emitter *emitter, const expr *tree)
{
    if (expr_is_of(tree, SPEC_STRING))
        return join(emitter, tree);
    return tree->checked ? checked_arithmetic(emitter, tree) : plain_arithmetic(emitter, tree);
}

static expr_text unary(expr_emitter *emitter, const expr *tree)
{
    const expr *operand = tree->args[0];
    expr_text value = expr_emit_tree(emitter, operand);

    if (tree->op == EXPR_NOT)
        return (expr_text){
            expr_printf(emitter, "!%s", expr_bracket(emitter, value, EXPR_BINDS_UNARY)),
            EXPR_BINDS_NOT};
    if (expr_is_float(tree->shape.type) || tree->bits <= 62) {
        value = expr_wide_text(emitter, operand, value);
        const char *text = expr_bracket(emitter, value, EXPR_BINDS_UNARY);
        return (expr_text){expr_printf(emitter, *text == '-' ? "-(%s)" : "-%s", text),
                           EXPR_BINDS_UNARY};
    }
    const char *result = expr_temporary(emitter, &tree->shape, true, NULL);
    expr_check_or_fail(emitter, tree, "integer overflow",
                       expr_printf(emitter, "weir_neg_i64(%s, &%s)", value.text, result));
    return expr_primary(result);
}

/* --- Choices --- */

static expr_text branch(expr_emitter *emitter, const expr *tree, const expr *arm)
{
    expr_text value = expr_emit_tree(emitter, arm);

    bool same = arm->shape.type == tree->shape.type || arm->kind == EXPR_LITERAL;
    if (!same)
        value = expr_wide_text(emitter, arm, value);
    return value;
}

static void choose(expr_emitter *emitter, const expr *tree, const expr *arm, const char *result)
{
    emitter->output->indent += 4;
    expr_text value = branch(emitter, tree, arm);
    if (is_computed_constant(arm))
        value = expr_hide(emitter, tree, value);
    if (expr_is_of(tree, SPEC_STRING))
        expr_statement(emitter, "weir_text_copy(%s, sizeof %s, %s);", result, result, value.text);
    else
        expr_statement(emitter, "%s = %s;", result, value.text);
    emitter->output->indent -= 4;
}

/* Both branches are the same C: the condition decides nothing, and gcc would say so. */
static void only_branch(expr_emitter *emitter, const expr *tree, expr_text condition,
                        const char *result, size_t start)
{
    weir_buffer *out = emitter->output->out;

    out->size = start;
    expr_statement(emitter, "(void)%s;", expr_bracket(emitter, condition, EXPR_BINDS_UNARY));
    emitter->output->indent -= 4;
    choose(emitter, tree, tree->args[1], result);
    emitter->output->indent += 4;
}

static expr_text choose_by_steps(expr_emitter *emitter, const expr *tree, expr_text condition)
{
    weir_buffer *out = emitter->output->out;
    const char *result = expr_temporary(emitter, &tree->shape, false, NULL);
    size_t start = out->size;

    expr_statement(emitter, "if (%s) {", condition.text);
    size_t yes = out->size;
    choose(emitter, tree, tree->args[1], result);
    size_t yes_size = out->size - yes;
    expr_statement(emitter, "} else {");
    size_t no = out->size;
    choose(emitter, tree, tree->args[2], result);
    if (!out->failed && out->size - no == yes_size &&
        memcmp(out->data + yes, out->data + no, yes_size) == 0)
        only_branch(emitter, tree, condition, result, start);
    else
        expr_statement(emitter, "}");
    return expr_primary(result);
}

static expr_text choice(expr_emitter *emitter, const expr *tree)
{
    const expr *yes = tree->args[1], *no = tree->args[2];

    if (tree->args[0]->kind == EXPR_LITERAL) /* `true ? a : b`, which compilers fold */
        return branch(emitter, tree, tree->args[0]->magnitude != 0 ? yes : no);
    expr_text condition = expr_emit_tree(emitter, tree->args[0]);
    if (is_computed_constant(tree->args[0])) /* else one branch alone is what compilers see */
        condition = expr_hide(emitter, tree->args[0], condition);
    if (yes->steps || no->steps)
        return choose_by_steps(emitter, tree, condition);
    expr_text l = branch(emitter, tree, yes), r = branch(emitter, tree, no);
    if (expr_same(yes, no) || expr_same_text(l, r)) {
        if (tree->args[0]->steps)
            expr_statement(emitter, "(void)%s;",
                           expr_bracket(emitter, condition, EXPR_BINDS_UNARY));
        return expr_is_constant(yes) && tree->shape.type->kind != SPEC_ENUM
                   ? expr_hide(emitter, tree, l)
                   : l;
    }
    /* Two constants that come out alike must not both be hidden: calls alike are alike too. */
    if (is_computed_constant(yes))
        l = expr_hide(emitter, tree, l);
    else if (is_computed_constant(no))
        r = expr_hide(emitter, tree, r);
    return (expr_text){expr_printf(emitter, "%s ? %s : %s",
                                   expr_bracket(emitter, condition, EXPR_BINDS_OR),
                                   expr_bracket(emitter, l, EXPR_BINDS_OR),
                                   expr_bracket(emitter, r, EXPR_BINDS_OR)),
                       EXPR_BINDS_CHOICE};
}

/* --- The whole --- */

static expr_text binary(expr_emitter *emitter, const expr *tree)
{
    if (tree->op <= EXPR_MOD)
        return arithmetic(emitter, tree);
    if (tree->op == EXPR_IN)
        return expr_emit_in(emitter, tree);
    if (tree->op == EXPR_AND || tree->op == EXPR_OR)
        return expr_emit_logic(emitter, tree);
    return expr_emit_comparison(emitter, tree);
}

expr_text expr_emit_tree(expr_emitter *emitter, const expr *tree)
{
    expr_output *output = emitter->output;

    switch (tree->kind) {
    case EXPR_LITERAL:
        return literal(emitter, tree);
    case EXPR_NAME:
    case EXPR_FIELD:
    case EXPR_INDEX:
        return expr_emit_path(emitter, tree);
    case EXPR_ENUMERATOR:
        return expr_primary(output->enumerator(output->arg, tree->shape.type, tree->enumerator));
    case EXPR_UNARY:
        return unary(emitter, tree);
    case EXPR_BINARY:
        return binary(emitter, tree);
    case EXPR_CHOICE:
        return choice(emitter, tree);
    case EXPR_CALL:
        return expr_emit_call(emitter, tree);
    case EXPR_LIST: /* stands under `in`, which writes its items */
        break;
    }
    return expr_primary("0");
}

const char *expr_emit(expr_output *output, const expr *tree)
{
    expr_emitter emitter = {.output = output};
    const char *text = expr_emit_tree(&emitter, tree).text;

    return emitter.failed ? NULL : text;
}
