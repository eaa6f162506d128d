/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - a workflow as the engine runs it: what a module declares, or what a store has kept of
 * it, checked and joined up. */
#ifndef WEIR_WORKFLOW_PLAN_H
#define WEIR_WORKFLOW_PLAN_H

#include <jansson.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/task_options.h"
#include <weir/graph.h>

#define PLAN_NO_PART UINT32_MAX
enum { PLAN_MOST_TASKS = 10000 };

typedef struct plan_task {
    const weir_module_task *declared; /* without a function or a command in a plan that was read */
    const char *name;
    json_t *for_each; /* the tree of a list; NULL: it is run once */
    json_t *rule;     /* the tree of `run_if:`; NULL: it is a word */
    json_t **words;   /* trees of the words of a command, NULL where one is plain; NULL: all are */
    weir_task_config config;
    weir_retry_config retry;
    weir_concurrency_config concurrency;
    weir_defer_config defer;
    json_t **with;                   /* trees of the input of a workflow that it begins */
    const char *begins_version;      /* of that, as it was when this was loaded */
    uint32_t on_success, on_failure; /* among the parts; PLAN_NO_PART: none */
    uint32_t item;                   /* the same: what runs for one */
    uint32_t *below;                 /* tasks that name it in their `after:` */
    uint32_t below_count;
} plan_task;

/* Tasks that have a limit together. */
typedef struct plan_tag {
    const char *tag; /* NULL: those without */
    int64_t limit;
} plan_tag;

typedef struct plan {
    weir_arena arena;
    weir_arena tables; /* that it was made of, where that is no module's */
    const char *workflow;
    const char *folder; /* where commands run; NULL: the working directory */
    weir_workflow_config config;
    struct schedule *schedule; /* NULL: it does not start by itself, or the plan was read */
    struct trigger **triggers; /* none in a plan that was read */
    uint32_t trigger_count;
    const weir_module_moment *moments; /* of its input, where a schedule gives it */
    uint32_t moment_count;
    const weir_type *input; /* NULL: any object, and in a plan that was read */
    plan_task *tasks;       /* in the order of the spec */
    uint32_t task_count;
    uint32_t *order; /* topological; ties: the spec's */
    uint64_t *above; /* a row of bits a task: who is above it, near or far */
    size_t row_words;
    uint32_t on_success, on_failure; /* as of a task */
    uint32_t part_count;
    struct plan *parts; /* what it begins one by one; NULL: they were taken, or read */
    const char *parts_name, *parts_text; /* of them; NULL: there are none */
    char parts_version[WEIR_DIGEST_TEXT];
    bool hidden; /* such parts: nobody starts it by its name */
    plan_tag *tags;
    size_t tag_count;
    char *text;                     /* as JSON: what is stored with an execution */
    char version[WEIR_DIGEST_TEXT]; /* its digest */
    int64_t id;                     /* in the store; 0: it has none yet */
    uint64_t turn;                  /* when this runner last claimed from it */
} plan;

/* Plans that others may begin. */
typedef struct plan_list {
    plan *const *items;
    size_t count;
} plan_list;

/* Texts are the module's, which outlives the plan; `known` has what its tasks begin. Fails with
 * WEIR_SPEC: the tables are wrong. */
weir_status plan_new(const weir_module_workflow *workflow, const char *folder,
                     const plan_list *known, plan **ret, weir_error **error);
/* From the text of another, which may be of another process: without functions and commands. */
weir_status plan_read(const char *text, plan **ret, weir_error **error);
void plan_free(plan *p); /* NULL allowed */

/* As JSON, the same on every machine; and its tables again, in the plan's arena. */
bool plan_describe(plan *p);
weir_status plan_parse(const char *text, plan *p, weir_module_workflow *ret, weir_error **error);

/* The hooks of a workflow (plan_parts.c): numbers them, makes a plan of them, or takes the text of
 * one. False: out of memory. */
void plan_number_parts(plan *p, const weir_module_workflow *workflow);
weir_status plan_make_parts(plan *p, const weir_module_workflow *workflow, const plan_list *known,
                            weir_error **error);
bool plan_keep_parts(plan *p, const char *text);
/* They are the caller's from now on. */
plan *plan_take_parts(plan *p);

/* Whether a failure of this class is tried again; "exit" stands for all of "exit_1" and so on. */
bool plan_retries(const plan_task *task, const char *error_class);

static inline const uint64_t *plan_above(const plan *p, uint32_t task)
{
    return &p->above[task * p->row_words];
}

static inline bool plan_is_above(const plan *p, uint32_t task, uint32_t of)
{
    return (plan_above(p, of)[task / 64] >> task % 64 & 1) != 0;
}

#endif
