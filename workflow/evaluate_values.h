/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate_values.h - between the files of the evaluator. */
#ifndef WEIR_WORKFLOW_EVALUATE_VALUES_H
#define WEIR_WORKFLOW_EVALUATE_VALUES_H

#include "workflow/evaluate.h"

typedef struct evaluation {
    const evaluate_scope *scope;
    char *reason; /* "" until something fails */
    size_t size;
    const json_t *wrong; /* the argument of evaluation_apply that is not `wanted` */
    const char *wanted;
} evaluation;

/* Both return NULL. The second says that `path` has `value`, where `wanted` should be. */
json_t *evaluation_fail(evaluation *e, const char *format, ...) WEIR_PRINTF(2, 3);
json_t *evaluation_fail_with(evaluation *e, const char *path, const json_t *value,
                             const char *wanted);

/* Numbers by value, whatever their form; all else as JSON. */
bool evaluation_equal(const json_t *a, const json_t *b);

/* Operators and functions. A new reference, or NULL: it failed, with a reason or with e->wrong. */
json_t *evaluation_apply(evaluation *e, const char *name, json_t *const *args, size_t count);

#endif
