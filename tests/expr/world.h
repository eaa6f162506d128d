/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - a spec's types and names for the tests of expressions. */
#ifndef TESTS_EXPR_WORLD_H
#define TESTS_EXPR_WORLD_H

#include "codegen/expr/expr.h"

typedef struct expr_world {
    weir_arena arena;
    expr_context context;
    expr_root roots[8];
    const spec_type *types[2];
    spec_expression expression;
    unsigned errors;
    weir_place where; /* of the first error */
    char sentence[512];
} expr_world;

extern const spec_type world_type_side, world_type_level;
extern spec_type world_type_all;

void world_begin(
    expr_world *world); /* `a`, `o` optional, `r` by reading, `w` a window, `now`, `side` */
void world_end(expr_world *world);
const expr *world_check(expr_world *world, const char *text, const spec_shape *target);
const spec_field *world_field(const char *name); /* of All */

/* Emits into `out`; false: out of memory. */
void world_output(expr_world *world, weir_buffer *out, expr_output *ret);

/* Writes one C function NAME that computes `tree` into a world_value. */
void world_emit_function(expr_world *world, weir_buffer *out, const char *name, const expr *tree,
                         const char *before);

#endif
