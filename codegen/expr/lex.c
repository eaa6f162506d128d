/* SPDX-License-Identifier: Apache-2.0 */
/* lex.c - the words of an expression: names, numbers, symbols. */
#include "codegen/expr/lex.h"

#include <string.h>

#include "core/text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* White space, and CEL's comments to the end of the line. */
static uint32_t skip_space(const char *text, uint32_t at)
{
    for (;;) {
        at += (uint32_t)strspn(text + at, " \t\r\n\f");
        if (strncmp(text + at, "//", 2) != 0)
            return at;
        at += (uint32_t)strcspn(text + at, "\n");
    }
}

static void broken(expr_checker *checker, expr_token *token, const char *why)
{
    expr_error(checker, expr_place(checker, token->begin), "%s", why);
    token->kind = EXPR_BROKEN;
}

/* Digits of base 10 or 16; a letter behind them belongs to no number. */
static void lex_integer(expr_checker *checker, expr_token *token)
{
    const char *at = checker->text + token->begin;
    unsigned base = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') ? 16 : 10;
    bool overflow = false;

    token->kind = EXPR_INTEGER;
    if (base == 16)
        at += 2;
    const char *digits = at;
    for (int digit; (digit = hex_value(*at)) >= 0 && (unsigned)digit < base; at++) {
        overflow |= __builtin_mul_overflow(token->magnitude, base, &token->magnitude);
        overflow |= __builtin_add_overflow(token->magnitude, (uint64_t)digit, &token->magnitude);
    }
    bool empty = at == digits;
    if (*at == 'u' || *at == 'U') {
        token->kind = EXPR_UINT;
        at++;
    }
    token->end = (uint32_t)(at - checker->text);
    if (empty || is_letter(*at) || is_digit(*at))
        broken(checker, token, "this is no number; hexadecimal ones are written 0x1f, unsigned 1u");
    else if (overflow)
        broken(checker, token, "the number is beyond 64 bits");
}

/* How many characters at `at` are a double ("1.5", ".5", "1e3"); 0: it is none. */
static size_t double_length(const char *at)
{
    size_t whole = strspn(at, "0123456789"), length = whole;
    bool fraction = false, exponent = false;

    if (at[length] == '.' && is_digit(at[length + 1])) {
        length += 1 + strspn(at + length + 1, "0123456789");
        fraction = true;
    }
    if (length != 0 && (at[length] == 'e' || at[length] == 'E')) {
        size_t sign = at[length + 1] == '+' || at[length + 1] == '-';
        size_t digits = strspn(at + length + 1 + sign, "0123456789");
        exponent = digits != 0;
        length += exponent ? 1 + sign + digits : 0;
    }
    return fraction || exponent ? length : 0;
}

static void lex_number(expr_checker *checker, expr_token *token)
{
    const char *at = checker->text + token->begin;
    size_t length = double_length(at);

    if (length == 0) {
        lex_integer(checker, token);
        return;
    }
    token->kind = EXPR_DOUBLE;
    token->end = token->begin + (uint32_t)length;
    const char *copy = weir_arena_copy(checker->context->arena, at, length);
    if (copy == NULL || is_letter(at[length]) || !weir_text_number(copy, &token->number))
        broken(checker, token, "this is no number that a double can hold");
}

bool expr_is_operator_word(const char *name)
{
    return strcmp(name, "in") == 0;
}

bool expr_is_word(const char *name)
{
    static const char *const words[] = {
        "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
        "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return expr_is_operator_word(name);
}

static void lex_identifier(expr_checker *checker, expr_token *token)
{
    const char *at = checker->text + token->begin;
    uint32_t length = 0;

    while (is_letter(at[length]) || is_digit(at[length]))
        length++;
    token->end = token->begin + length;
    token->string = weir_arena_copy(checker->context->arena, at, length);
    if (token->string == NULL)
        broken(checker, token, "out of memory");
    else
        token->kind = expr_is_operator_word(token->string) ? EXPR_SYMBOL : EXPR_IDENTIFIER;
}

static void lex_symbol(expr_checker *checker, expr_token *token)
{
    static const char *const symbols[] = {"&&", "||", "==", "!=", "<=", ">=", "<", ">",
                                          "+",  "-",  "*",  "/",  "%",  "!",  "?", ":",
                                          "(",  ")",  "[",  "]",  ",",  ".",  "{", "}"};
    const char *at = checker->text + token->begin;

    token->kind = EXPR_SYMBOL;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        if (strncmp(at, symbols[i], strlen(symbols[i])) == 0) {
            token->end = token->begin + (uint32_t)strlen(symbols[i]);
            return;
        }
    }
    token->end = token->begin + 1;
    token->kind = EXPR_BROKEN;
    expr_error(checker, expr_place(checker, token->begin),
               *at == '='   ? "'=' is no operator; equality is written '=='"
               : *at == '&' ? "'&' is no operator; 'and' is written '&&'"
               : *at == '|' ? "'|' is no operator; 'or' is written '||'"
                            : "this character has no meaning in an expression");
}

/* `"..."`, `'...'`, and both after r: a raw string. Before all that, b makes it bytes. */
static bool starts_string(const char *at)
{
    if (*at == 'r' || *at == 'R')
        at++;
    return *at == '"' || *at == '\'';
}

expr_token expr_lex(expr_checker *checker, uint32_t offset)
{
    expr_token token = {.begin = skip_space(checker->text, offset)};
    const char *at = checker->text + token.begin;

    token.end = token.begin;
    if (*at == '\0')
        return token;
    bool bytes = (*at == 'b' || *at == 'B') && starts_string(at + 1);
    if (bytes || starts_string(at)) {
        expr_token_kind kind = bytes ? EXPR_BYTES : EXPR_STRING;
        token.kind = expr_lex_string(checker, &token) ? kind : EXPR_BROKEN;
    } else if (is_digit(*at) || (*at == '.' && is_digit(at[1]))) {
        lex_number(checker, &token);
    } else if (is_letter(*at)) {
        lex_identifier(checker, &token);
    } else {
        lex_symbol(checker, &token);
    }
    return token;
}

bool expr_token_is(const expr_checker *checker, const expr_token *token, const char *symbol)
{
    size_t length = strlen(symbol);

    return token->kind == EXPR_SYMBOL && token->end - token->begin == length &&
           memcmp(checker->text + token->begin, symbol, length) == 0;
}
