/* SPDX-License-Identifier: Apache-2.0 */
/* lex.h - the words of an expression. */
#ifndef WEIR_CODEGEN_EXPR_LEX_H
#define WEIR_CODEGEN_EXPR_LEX_H

#include "codegen/expr/tree.h"

typedef enum expr_token_kind {
    EXPR_END,
    EXPR_IDENTIFIER,
    EXPR_INTEGER,
    EXPR_UINT,
    EXPR_DOUBLE,
    EXPR_STRING,
    EXPR_BYTES,
    EXPR_SYMBOL, /* operators and brackets; `in` too */
    EXPR_BROKEN, /* an error was reported */
} expr_token_kind;

typedef struct expr_token {
    expr_token_kind kind;
    uint32_t begin, end;
    uint64_t magnitude; /* of an integer */
    double number;
    const char *string; /* decoded; of an identifier: its name */
    uint32_t size;      /* of a decoded string or bytes */
} expr_token;

/* Reads the token at or after `offset`. */
expr_token expr_lex(expr_checker *checker, uint32_t offset);

/* Whether the token is this symbol. */
bool expr_token_is(const expr_checker *checker, const expr_token *token, const char *symbol);

/* strings.c: decodes the string or bytes literal at token->begin and sets its end. */
bool expr_lex_string(expr_checker *checker, expr_token *token);

#endif
