/* SPDX-License-Identifier: Apache-2.0 */
/* random_expr.h - random well-typed expressions, their text, and a naive interpreter of them. */
#ifndef TESTS_EXPR_RANDOM_EXPR_H
#define TESTS_EXPR_RANDOM_EXPR_H

#include "core/arena.h"
#include "core/buffer.h"
#include "world_types.h"

enum { RANDOM_COUNT = 500, RANDOM_INPUTS = 12, RANDOM_DEPTH = 5, RANDOM_SEED = 20240301 };

typedef struct random_node random_node;

typedef struct random_source {
    uint64_t state;
    weir_arena *arena;
} random_source;

uint64_t random_next(random_source *source, uint64_t below);

/* The n-th expression of the seed is the same wherever it is asked for. */
random_node *random_expression(weir_arena *arena, uint64_t seed, size_t n);
void random_print(const random_node *node, weir_buffer *out);

/* Computes left to right, with wide integers and plain loops; false: it fails. */
bool random_evaluate(const random_node *node, const world_inputs *in, world_value *ret);

/* Written by random_generate. */
extern const world_function random_functions[];

#endif
