/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - a workflow as the engine runs it: what a module declares, checked and joined up. */
#ifndef WEIR_WORKFLOW_PLAN_H
#define WEIR_WORKFLOW_PLAN_H

#include "core/arena.h"
#include "core/digest.h"
#include "core/task_options.h"
#include <weir/graph.h>

enum { PLAN_MOST_TASKS = 10000 };

typedef struct plan_task {
    const weir_module_task *declared;
    const char *name;
    weir_task_config config;
    weir_retry_config retry;
    uint32_t *below; /* tasks that name it in their `after:` */
    uint32_t below_count;
} plan_task;

typedef struct plan {
    weir_arena arena;
    const char *workflow;
    const char *folder; /* where commands run; NULL: the working directory */
    plan_task *tasks;   /* in the order of the spec */
    uint32_t task_count;
    uint32_t *order; /* topological; ties: the spec's */
    uint64_t *above; /* a row of bits a task: who is above it, near or far */
    size_t row_words;
    char *text;                     /* as JSON: what is stored with an execution */
    char version[WEIR_DIGEST_TEXT]; /* its digest */
} plan;

/* Texts are the module's, which outlives the plan. Fails with WEIR_SPEC: the tables are wrong. */
weir_status plan_new(const weir_module_workflow *workflow, const char *folder, plan **ret,
                     weir_error **error);
void plan_free(plan *p); /* NULL allowed */

static inline bool plan_is_above(const plan *p, uint32_t task, uint32_t of)
{
    return (p->above[of * p->row_words + task / 64] >> task % 64 & 1) != 0;
}

#endif
