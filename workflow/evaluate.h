/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.h - the expressions of workflows, over JSON values (rules F2, F5).
 *
 * The generator has checked them against what is declared and written each as a tree in JSON
 * (codegen/expr/json.c), which is stored with the plan: so a runner without the module's code can
 * decide what is released. What only a run can show - a key that is missing, a type - is told here.
 */
#ifndef WEIR_WORKFLOW_EVALUATE_H
#define WEIR_WORKFLOW_EVALUATE_H

#include <jansson.h>

#include "store/store.h"

/* A task that an expression may ask for. */
typedef struct evaluate_task {
    const char *name;
    store_state state;
    store_verdict verdict;
} evaluate_task;

typedef struct evaluate_scope {
    const json_t *context, *input;
    const json_t *item; /* NULL: there is none */
    int64_t index;
    const evaluate_task *tasks;
    size_t task_count;
} evaluate_scope;

/* A new reference. NULL: it cannot be evaluated, and `reason` is a sentence that names what was
 * read and the value that was found there. */
json_t *evaluate(const json_t *tree, const evaluate_scope *scope, char *reason, size_t size);

#endif
