/* SPDX-License-Identifier: Apache-2.0 */
/* emitter.h - what the files that write an expression as C share.
 *
 * A value is a piece of C text without side effects, so it may be written more than once; whatever
 * can fail, or needs memory, becomes statements before it and a temporary.
 */
#ifndef WEIR_CODEGEN_EXPR_EMITTER_H
#define WEIR_CODEGEN_EXPR_EMITTER_H

#include "codegen/expr/tree.h"

/* How tightly C text binds. EMIT_NOT is a `!`, which gcc wants in brackets within a comparison. */
typedef enum expr_strength {
    EXPR_BINDS_CHOICE,
    EXPR_BINDS_OR,
    EXPR_BINDS_AND,
    EXPR_BINDS_NOT,
    EXPR_BINDS_EQUALITY,
    EXPR_BINDS_ORDER,
    EXPR_BINDS_SUM,
    EXPR_BINDS_PRODUCT,
    EXPR_BINDS_UNARY,
    EXPR_BINDS_PRIMARY,
} expr_strength;

typedef struct expr_text {
    const char *text; /* never NULL; "0" once memory has run out */
    expr_strength strength;
} expr_text;

typedef struct expr_emitter {
    expr_output *output;
    bool failed; /* out of memory */
} expr_emitter;

/* emit.c */
const char *expr_printf(expr_emitter *emitter, const char *format, ...) WEIR_PRINTF(2, 3);
expr_text expr_primary(const char *text);
const char *expr_bracket(expr_emitter *emitter, expr_text value, expr_strength least);
expr_text expr_emit_tree(expr_emitter *emitter, const expr *tree);
const char *expr_argument(expr_emitter *emitter, const expr *tree); /* of a function call */
expr_text expr_wide_text(expr_emitter *emitter, const expr *tree, expr_text value);
const char *expr_temporary(expr_emitter *emitter, const spec_shape *shape, bool wide,
                           const char *value); /* declares one; `value` NULL: not initialised */
void expr_statement(expr_emitter *emitter, const char *format, ...) WEIR_PRINTF(2, 3);
const char *expr_c_type(expr_emitter *emitter, const spec_type *type);
const char *expr_quote(expr_emitter *emitter, const char *text);
const char *expr_quote_bytes(expr_emitter *emitter, const char *data, size_t size);

/* `value` written so that the compiler does not see where it comes from. */
expr_text expr_hide(expr_emitter *emitter, const expr *tree, expr_text value);

/* The same for a constant that is computed: compilers compute it too, and find what it decides. */
expr_text expr_hide_constant(expr_emitter *emitter, const expr *tree, expr_text value);

/* `if (!CHECK) fail("FILE:LINE: WHAT in 'SOURCE'");` */
void expr_check_or_fail(expr_emitter *emitter, const expr *tree, const char *what,
                        const char *check);

/* emit_paths.c */

/* Where a path leads in C, with the checks of its indices before it. */
typedef struct expr_place_text {
    const char *text;  /* "book->levels[0]" */
    const char *count; /* of a list or window: its number of items */
    const char *size;  /* of bytes */
} expr_place_text;

expr_place_text expr_emit_place(expr_emitter *emitter, const expr *tree);
expr_text expr_emit_path(expr_emitter *emitter, const expr *tree);
expr_text expr_emit_presence(expr_emitter *emitter, const expr *path); /* of has() */

/* emit_compare.c */
expr_text expr_emit_comparison(expr_emitter *emitter, const expr *tree);
expr_text expr_emit_logic(expr_emitter *emitter, const expr *tree);
expr_text expr_emit_in(expr_emitter *emitter, const expr *tree);
bool expr_same_text(expr_text left, expr_text right);

/* emit_calls.c */
expr_text expr_emit_call(expr_emitter *emitter, const expr *tree);

#endif
