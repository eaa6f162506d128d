/* SPDX-License-Identifier: Apache-2.0 */
/* random_tree.h - the nodes that random_expr.c makes and random_evaluate.c computes. */
#ifndef TESTS_EXPR_RANDOM_TREE_H
#define TESTS_EXPR_RANDOM_TREE_H

#include <stddef.h>

typedef enum random_operation {
#define TEMPLATE(type, operation, text) OP_##operation,
#include "random_templates.inc"
#undef TEMPLATE
} random_operation;

typedef struct random_template {
    char type;
    random_operation operation;
    const char *text;
} random_template;

struct random_node {
    const random_template *template;
    struct random_node *parts[3];
    size_t count;
};

#endif
