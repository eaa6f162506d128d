/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - the tree of an expression, by recursive descent over CEL's grammar.
 *
 * What CEL has and weir has not (null, macros, maps, messages) is refused here with the reason.
 */
#include <string.h>

#include "codegen/expr/lex.h"

/* Checking and emitting recurse over the tree; MAX_NODES bounds that for chains, `a + a + ..`. */
enum { MAX_DEPTH = 100, MAX_ARGS = 64, MAX_NODES = 5000 };

typedef struct parser {
    expr_checker *checker;
    expr_token token; /* the one not taken yet */
    uint32_t end;     /* of the last one taken */
    unsigned depth, nodes;
} parser;

static expr *parse_choice(parser *p);

static bool is(const parser *p, const char *symbol)
{
    return expr_token_is(p->checker, &p->token, symbol);
}

static void take(parser *p)
{
    p->end = p->token.end;
    p->token = expr_lex(p->checker, p->token.end);
}

static bool accept(parser *p, const char *symbol)
{
    if (!is(p, symbol))
        return false;
    take(p);
    return true;
}

/* A hint for words that are operators elsewhere; or "". */
static const char *other_language(const parser *p)
{
    const char *word = p->token.kind == EXPR_IDENTIFIER ? p->token.string : "";
    const char *before = p->checker->text + p->end;
    bool negation = p->end >= 3 && strncmp(before - 3, "not", 3) == 0;

    return strcmp(word, "and") == 0  ? "; 'and' is written '&&'"
           : strcmp(word, "or") == 0 ? "; 'or' is written '||'"
           : negation                ? "; 'not' is written '!'"
                                     : "";
}

/* Reports what stands where `wanted` should; what the lexer refused is reported already. */
static void *unexpected(parser *p, const char *wanted)
{
    expr_checker *checker = p->checker;
    weir_place where = expr_place(checker, p->token.begin);
    int length = (int)(p->token.end - p->token.begin);

    if (p->token.kind == EXPR_END) {
        checker->context->cut = true;
        expr_error(checker, where, "the expression ends where %s should follow", wanted);
    } else if (p->token.kind != EXPR_BROKEN) {
        expr_error(checker, where, "expected %s, not '%.*s'%s", wanted, length,
                   checker->text + p->token.begin, other_language(p));
    }
    return NULL;
}

static void *refuse(parser *p, uint32_t at, const char *why)
{
    expr_error(p->checker, expr_place(p->checker, at), "%s", why);
    return NULL;
}

static expr *new_node(parser *p, expr_kind kind, uint32_t begin)
{
    if (++p->nodes > MAX_NODES)
        return refuse(p, begin, "the expression is too long; divide it into several nodes");
    expr *node = expr_alloc(p->checker, sizeof *node);
    if (node != NULL) {
        node->kind = kind;
        node->begin = begin;
        node->where = expr_place(p->checker, begin);
    }
    return node;
}

/* Closes a node: its text ends where the last token ended. */
static expr *finish(parser *p, expr *node)
{
    node->end = p->end;
    node->source = weir_arena_copy(p->checker->context->arena, p->checker->text + node->begin,
                                   node->end - node->begin);
    return node->source != NULL ? node : NULL;
}

static bool add_arg(parser *p, expr *node, expr *arg)
{
    if (arg == NULL)
        return false;
    if (node->count == MAX_ARGS)
        return refuse(p, arg->begin, "more than 64 values stand here") != NULL;
    if ((node->count & (node->count - 1)) == 0) {
        size_t room = node->count == 0 ? 1 : node->count * 2;
        expr **args = expr_alloc(p->checker, room * sizeof *args);
        if (args == NULL)
            return false;
        if (node->count != 0)
            memcpy(args, node->args, node->count * sizeof *args);
        node->args = args;
    }
    node->args[node->count++] = arg;
    return true;
}

/* `a, b)`: the opening bracket is taken. CEL allows a comma at the end of a list. */
static bool parse_args(parser *p, expr *node, const char *close)
{
    bool list = *close == ']';

    while (!is(p, close)) {
        if (!add_arg(p, node, parse_choice(p)))
            return false;
        if (!accept(p, ",") && !is(p, close))
            return unexpected(p, list ? "',' or ']'" : "',' or ')'") != NULL;
        if (!list && p->checker->text[p->end - 1] == ',' && is(p, close))
            return unexpected(p, "an argument") != NULL;
    }
    take(p);
    return true;
}

static expr *parse_literal(parser *p)
{
    expr *node = new_node(p, EXPR_LITERAL, p->token.begin);

    if (node == NULL)
        return NULL;
    node->magnitude = p->token.magnitude;
    node->number = p->token.number;
    node->string = p->token.string;
    switch (p->token.kind) {
    case EXPR_INTEGER:
        expr_set_type(node, SPEC_I64);
        break;
    case EXPR_UINT:
        expr_set_type(node, SPEC_U64);
        break;
    case EXPR_DOUBLE:
        expr_set_type(node, SPEC_F64);
        break;
    case EXPR_STRING:
        expr_set_type(node, SPEC_STRING);
        node->shape.size = p->token.size;
        break;
    case EXPR_BYTES:
        expr_set_type(node, SPEC_BYTES);
        node->shape.size = p->token.size;
        break;
    case EXPR_IDENTIFIER:
        expr_set_type(node, SPEC_BOOL);
        node->magnitude = strcmp(node->string, "true") == 0;
        break;
    case EXPR_END:
    case EXPR_SYMBOL:
    case EXPR_BROKEN:
        break;
    }
    take(p);
    return finish(p, node);
}

static expr *parse_identifier(parser *p)
{
    const char *name = p->token.string;

    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0)
        return parse_literal(p);
    if (strcmp(name, "null") == 0)
        return refuse(p, p->token.begin,
                      "there is no null; ask has(x) whether an optional is there");
    if (expr_is_word(name))
        return refuse(p, p->token.begin, "this word is reserved in CEL; no name can be it");
    expr *node = new_node(p, EXPR_NAME, p->token.begin);
    if (node == NULL)
        return NULL;
    node->name = name;
    take(p);
    if (accept(p, "(")) {
        node->kind = EXPR_CALL;
        if (!parse_args(p, node, ")"))
            return NULL;
    }
    return finish(p, node);
}

static expr *parse_brackets(parser *p)
{
    uint32_t begin = p->token.begin;

    if (accept(p, "[")) {
        expr *list = new_node(p, EXPR_LIST, begin);
        return list != NULL && parse_args(p, list, "]") ? finish(p, list) : NULL;
    }
    if (is(p, "{"))
        return refuse(p, begin, "there are no maps in expressions; compare with == or `in [..]`");
    take(p);
    expr *inner = parse_choice(p);
    if (inner == NULL)
        return NULL;
    if (!accept(p, ")"))
        return unexpected(p, "')'");
    inner->parenthesised = true;
    inner->begin = begin;
    return finish(p, inner);
}

static expr *parse_primary(parser *p)
{
    switch (p->token.kind) {
    case EXPR_INTEGER:
    case EXPR_UINT:
    case EXPR_DOUBLE:
    case EXPR_STRING:
    case EXPR_BYTES:
        return parse_literal(p);
    case EXPR_IDENTIFIER:
        return parse_identifier(p);
    case EXPR_SYMBOL:
        if (is(p, "(") || is(p, "[") || is(p, "{"))
            return parse_brackets(p);
        if (is(p, "."))
            return refuse(p, p->token.begin,
                          "a name does not begin with '.'; there are no "
                          "packages in a spec");
        break;
    case EXPR_END:
    case EXPR_BROKEN:
        break;
    }
    return unexpected(p, "a value");
}

/* Behind `operand.`: a field, or a method. */
static expr *parse_member(parser *p, expr *operand)
{
    if (p->token.kind != EXPR_IDENTIFIER)
        return unexpected(p, "a field's name");
    expr *node = new_node(p, EXPR_FIELD, operand->begin);
    if (node == NULL || !add_arg(p, node, operand))
        return NULL;
    node->name = p->token.string;
    node->where = expr_place(p->checker, p->token.begin);
    take(p);
    if (accept(p, "(")) {
        node->kind = EXPR_CALL;
        node->method = true;
        if (!parse_args(p, node, ")"))
            return NULL;
    }
    return finish(p, node);
}

static expr *parse_index(parser *p, expr *operand)
{
    expr *node = new_node(p, EXPR_INDEX, operand->begin);

    if (node == NULL || !add_arg(p, node, operand) || !add_arg(p, node, parse_choice(p)))
        return NULL;
    if (!accept(p, "]"))
        return unexpected(p, "']'");
    return finish(p, node);
}

static expr *parse_postfix(parser *p)
{
    expr *node = parse_primary(p);

    while (node != NULL) {
        if (accept(p, "."))
            node = parse_member(p, node);
        else if (accept(p, "["))
            node = parse_index(p, node);
        else if (is(p, "{"))
            return refuse(p, p->token.begin,
                          "there are no message literals; `set:` fills a struct field by field");
        else
            break;
    }
    return node;
}

/* `-5` is one literal, so that the least i64 can be written. */
static expr *negative_literal(parser *p, uint32_t begin)
{
    expr *node = parse_postfix(p);

    if (node == NULL || node->kind != EXPR_LITERAL || node->parenthesised || node->negative ||
        expr_is_of(node, SPEC_BOOL) || !expr_is_number(node->shape.type) ||
        expr_is_of(node, SPEC_U64))
        return node;
    node->begin = begin;
    node->where = expr_place(p->checker, begin);
    node->negative = expr_is_of(node, SPEC_I64) && node->magnitude != 0;
    node->number = -node->number;
    return finish(p, node);
}

static expr *parse_unary(parser *p)
{
    uint32_t begin = p->token.begin;
    expr_operator op = is(p, "!") ? EXPR_NOT : is(p, "-") ? EXPR_NEGATE : EXPR_NO_OPERATOR;

    if (op == EXPR_NO_OPERATOR)
        return parse_postfix(p);
    if (++p->depth > MAX_DEPTH)
        return refuse(p, begin, "the expression is nested too deep");
    take(p);
    bool literal =
        op == EXPR_NEGATE && (p->token.kind == EXPR_INTEGER || p->token.kind == EXPR_DOUBLE);
    expr *operand = literal ? negative_literal(p, begin) : parse_unary(p);
    p->depth--;
    if (operand == NULL || (literal && operand->kind == EXPR_LITERAL && operand->begin == begin))
        return operand;
    expr *node = new_node(p, EXPR_UNARY, begin);
    if (node == NULL || !add_arg(p, node, operand))
        return NULL;
    node->op = op;
    return finish(p, node);
}

/* Which binary operator comes next, and how tightly it binds. */
static expr_operator binary_operator(const parser *p, unsigned *ret_strength)
{
    static const struct {
        expr_operator op;
        unsigned strength;
    } table[] = {{EXPR_OR, 1},  {EXPR_AND, 2}, {EXPR_EQ, 3},  {EXPR_NE, 3}, {EXPR_LE, 3},
                 {EXPR_GE, 3},  {EXPR_LT, 3},  {EXPR_GT, 3},  {EXPR_IN, 3}, {EXPR_ADD, 4},
                 {EXPR_SUB, 4}, {EXPR_MUL, 5}, {EXPR_DIV, 5}, {EXPR_MOD, 5}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (is(p, expr_operator_text(table[i].op))) {
            *ret_strength = table[i].strength;
            return table[i].op;
        }
    }
    return EXPR_NO_OPERATOR;
}

static expr *parse_binary(parser *p, unsigned least)
{
    expr *left = parse_unary(p);
    unsigned strength = 0;
    expr_operator op;

    while (left != NULL && (op = binary_operator(p, &strength)) != EXPR_NO_OPERATOR &&
           strength >= least) {
        uint32_t at = p->token.begin;
        take(p);
        expr *right = parse_binary(p, strength + 1);
        expr *node = new_node(p, EXPR_BINARY, left->begin);
        if (node == NULL || !add_arg(p, node, left) || !add_arg(p, node, right))
            return NULL;
        node->op = op;
        node->where = expr_place(p->checker, at);
        left = finish(p, node);
    }
    return left;
}

static expr *parse_branches(parser *p, expr *condition)
{
    expr *node = new_node(p, EXPR_CHOICE, condition->begin);

    if (node == NULL || !add_arg(p, node, condition) || !add_arg(p, node, parse_binary(p, 1)))
        return NULL;
    if (!accept(p, ":"))
        return unexpected(p, "':' and what holds otherwise");
    if (!add_arg(p, node, parse_choice(p)))
        return NULL;
    return finish(p, node);
}

static expr *parse_choice(parser *p)
{
    if (++p->depth > MAX_DEPTH)
        return refuse(p, p->token.begin, "the expression is nested too deep");
    expr *node = parse_binary(p, 1);
    if (node != NULL && accept(p, "?"))
        node = parse_branches(p, node);
    p->depth--;
    return node;
}

expr *expr_parse(expr_checker *checker)
{
    parser p = {.checker = checker, .token = expr_lex(checker, 0)};
    expr *tree = parse_choice(&p);

    if (tree != NULL && p.token.kind != EXPR_END)
        return unexpected(&p, "an operator");
    return tree;
}
