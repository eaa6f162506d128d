/* SPDX-License-Identifier: Apache-2.0 */
/* expr.h - the expression language of a spec: CEL over declared fields, compiled to C.
 *
 *     text --parse--> tree --check--> typed tree --emit--> C statements and the C text of the value
 *
 * The caller says which names an expression may read (expr_root) and how C reaches them. Checking
 * reports every error it finds and gives a tree only when there is none; emitting a checked tree
 * can fail for want of memory alone.
 *
 * Memory: trees and texts live in the arena they are made in.
 */
#ifndef WEIR_CODEGEN_EXPR_H
#define WEIR_CODEGEN_EXPR_H

#include "codegen/model.h"
#include "core/buffer.h"

typedef struct expr expr;

/* --- What an expression may read --- */

typedef enum expr_presence {
    EXPR_PRESENT,    /* always there */
    EXPR_OPTIONAL,   /* may be absent: every read must be guarded by has() */
    EXPR_BY_READING, /* unguarded reads are allowed and make it required (E6) */
} expr_presence;

/* A name: an input, an argument, `event`, `state`, `params`, `now`. A struct is reached through
 * `members`, a scalar by `value`, a window by both its items and its count. */
typedef struct expr_root {
    const char *name;
    spec_shape shape; /* of the value; of an item, where it is a window; its type is resolved */
    bool window;
    expr_presence presence;
    const char *members; /* C text that a member's name follows: "orderbook->" */
    const char *value;   /* C text of a scalar: "firing->now"; of a window's items: "trades" */
    const char *count;   /* C text of a window's number of items: "trades_count" */
    const char *present; /* C condition that it is there, unless EXPR_PRESENT: "policies != NULL" */
    /* Set by expr_check, never cleared, so that several expressions add up: */
    bool read;      /* some expression names it, if only in has() */
    bool unguarded; /* some expression reads it without a guard: it is required */
} expr_root;

/* Takes one error: where, and a sentence without a full stop. */
typedef void (*expr_report)(void *arg, weir_place where, const char *sentence);

typedef struct expr_context {
    weir_arena *arena;
    expr_root *roots;
    size_t root_count;
    const char *const *tasks; /* that failed(), succeeded() and state() may ask for; NULL: there are
                                 no such functions here */
    size_t task_count;
    const spec_type *const *types; /* where enums are found by name */
    size_t type_count;
    expr_report report;
    void *arg;
    bool cut; /* set by expr_check: the text ends in an open string or after an operator, as it does
                 where YAML took a `#` for a comment */
} expr_context;

/* The type of a value that is known at run time alone, as JSON: it goes with every other one, its
 * fields and items are of the same type, and what does not fit fails then. */
extern const spec_type expr_dynamic;

/* Words that CEL keeps: a name that an expression begins with can be none of them. One that is an
 * operator ("in") cannot stand behind a '.' either. */
bool expr_is_word(const char *name);
bool expr_is_operator_word(const char *name);

/* Parses and checks `expression`. With a `target` (optional or not) the value must fit it: integer
 * literals take its type, constants are checked against its range. NULL: errors were reported, or
 * there is no memory (reported too). */
const expr *expr_check(expr_context *context, const spec_expression *expression,
                       const spec_shape *target);

/* The type of the value. `optional` is never set; narrow types stay as they were declared. */
spec_shape expr_shape(const expr *tree);

/* Whether the value is the same in every firing (`where: true`). */
bool expr_is_constant(const expr *tree);

/* --- Writing it down as JSON, for the workflow engine (json.c says how) --- */

/* NULL: out of memory, or it holds what cannot be written so; then *ret_why is a sentence about
 * *ret_where. Live in the arena. */
const char *expr_to_json(weir_arena *arena, const expr *tree, const char **ret_why,
                         weir_place *ret_where);

/* --- Writing it down as C --- */

typedef struct expr_output {
    weir_arena *arena;
    weir_buffer *out;
    int indent;       /* of the lines, in columns */
    const char *fail; /* how the C function fails; a message follows: "return weir_fail(firing, " */
    /* C names: "MARKET_SIDE_BUY"; "market_side". */
    const char *(*enumerator)(void *arg, const spec_type *type, const spec_enumerator *enumerator);
    const char *(*type_name)(void *arg, const spec_type *type);
    void *arg;
    unsigned temporaries; /* used so far in this C function; their names are t1, t2 ... */
} expr_output;

/* Appends the statements that `tree` needs (none, for most expressions that cannot fail) and gives
 * the C text of its value: a C expression that may stand as a whole right-hand side, argument or
 * condition. NULL: out of memory; out->failed tells about the buffer.
 *
 * Generated code includes <weir/expr.h> and <string.h>. */
const char *expr_emit(expr_output *output, const expr *tree);

/* Appends the statements that assign `tree`, checked against the shape of `field`, to that member:
 * `members` is "out->" or "state->". Ranges and lengths are checked; has_, _count and _size are
 * set. False: out of memory. */
bool expr_emit_assign(expr_output *output, const expr *tree, const spec_field *field,
                      const char *members);

#endif
