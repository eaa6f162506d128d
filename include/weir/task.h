/* SPDX-License-Identifier: Apache-2.0 */
/* task.h - what a task function of a workflow is given, and what a module says of its workflows.
 *
 * A task function may block. It gets a `weir_task *` and answers WEIR_TASK_DONE or one of
 * weir_task_fail, weir_task_fail_for_good, weir_task_retry_after, weir_task_defer_until,
 * weir_task_defer_for, weir_task_defer_on. What it sets and deletes is kept only when it answers
 * done, or that it waits. Whoever runs it again after a crash runs it from its start, so it
 * should do no harm twice: weir_task_key tells two runs of one task as one.
 *
 * Threads: a task runs on a thread of the engine's, beside other tasks; a `weir_task` belongs to
 *          that thread until its function returns.
 * Memory:  texts that are given live until the function returns; texts that are taken are copied.
 *
 * The functions are libweir-workflow's; the tables at the end are written by the generator.
 */
#ifndef WEIR_TASK_H
#define WEIR_TASK_H

#include <weir/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_task weir_task;

typedef enum weir_answer {
    WEIR_TASK_DONE,
    WEIR_TASK_FAILED,      /* is tried again while attempts are left */
    WEIR_TASK_FAILED_GOOD, /* is not */
    WEIR_TASK_RETRY,       /* is tried again after a time of its own, while attempts are left */
    WEIR_TASK_DEFERRED,    /* waits: by one of the weir_task_defer_* */
    WEIR_TASK_NOT_YET,     /* a condition: it does not hold yet */
} weir_answer;

/* A task function: `call: nightly_extract`. */
typedef weir_answer (*weir_task_function)(weir_task *task);

/* Why it failed, up to 4,096 bytes: `return weir_task_fail(task, "no file for %s", day);` */
WEIR_API weir_answer weir_task_fail(weir_task *task, const char *format, ...) WEIR_PRINTF(2, 3);
WEIR_API weir_answer weir_task_fail_for_good(weir_task *task, const char *format, ...)
    WEIR_PRINTF(2, 3);
/* Not before `delay_ns` nanoseconds (0 or more) from now. */
WEIR_API weir_answer weir_task_retry_after(weir_task *task, int64_t delay_ns, const char *format,
                                           ...) WEIR_PRINTF(3, 4);

/* As weir_task_fail, with the class that `retry_on:` goes by: 1 to 31 letters, digits and '_', as
 * in "io"; else, and in the others, it is "failed". */
WEIR_API weir_answer weir_task_fail_class(weir_task *task, const char *error_class,
                                          const char *format, ...) WEIR_PRINTF(3, 4);

/* --- Waiting ---
 *
 * The task gives its place back, and no process waits for it. When the time has come or the
 * condition holds, its function is called again from its start, as the same attempt, with what it
 * has written so far; in between it may be another runner's. All waiting of one attempt ends with
 * the `limit` of the task's `defer:`: then the attempt has failed (class "deferred"). */

/* Until a moment, nanoseconds since 1970; one that has passed: it goes on at once. */
WEIR_API weir_answer weir_task_defer_until(weir_task *task, int64_t time_ns);
/* For `delay_ns` nanoseconds (0 or more). */
WEIR_API weir_answer weir_task_defer_for(weir_task *task, int64_t delay_ns);
/* Until a condition holds, one of the task's `conditions:`. */
WEIR_API weir_answer weir_task_defer_on(weir_task *task, const char *condition);

/* Whether this run goes on with an attempt that has waited. */
WEIR_API bool weir_task_resumed(const weir_task *task);

/* --- Reading --- */

/* The whole context that the task sees, what it has set itself included, and the input of the
 * execution, each a JSON object. NULL: out of memory (the task then fails). */
WEIR_API const char *weir_task_context(weir_task *task);
WEIR_API const char *weir_task_input(weir_task *task);

/* The JSON text of one key of the context; NULL: there is none. */
WEIR_API const char *weir_task_get(weir_task *task, const char *key);

/* A key as a value of C. False: it is missing or of another type, and *ret is left alone. A number
 * is any JSON number, an integer one without a fraction. */
WEIR_API bool weir_task_get_integer(weir_task *task, const char *key, int64_t *ret);
WEIR_API bool weir_task_get_number(weir_task *task, const char *key, double *ret);
WEIR_API bool weir_task_get_text(weir_task *task, const char *key, const char **ret);

/* Of a task with `for_each:`, the item that this run is for, as JSON text, and its index, counted
 * from 0. NULL and -1: it has none. */
WEIR_API const char *weir_task_item(weir_task *task);
WEIR_API int64_t weir_task_index(const weir_task *task);

WEIR_API const char *weir_task_name(const weir_task *task);
WEIR_API int64_t weir_task_execution(const weir_task *task);
WEIR_API int64_t weir_task_attempt(const weir_task *task); /* of this run, counted from 1 */
/* "17/extract": the same in all runs of this task of this execution; for idempotent effects. */
WEIR_API const char *weir_task_key(const weir_task *task);
/* The moment that a schedule meant, nanoseconds since 1970; 0: no schedule started it. */
WEIR_API int64_t weir_task_slot(const weir_task *task);
WEIR_API void *weir_task_user(const weir_task *task); /* what the host gave the runner */
/* Whether its result is not wanted any more: the execution was cancelled, the task's claim was
 * lost, or the runner stops. A function that takes long should look, and return when it is so. */
WEIR_API bool weir_task_is_cancelled(const weir_task *task);

/* --- Writing --- */

/* Sets a top-level key to a JSON value, or deletes it. Refused (WEIR_ENCODE, WEIR_LIMIT): what is
 * no JSON value or UTF-8, NaN and infinities, a value above 1 MiB, a context above 8 MiB. Then the
 * task fails, whatever it answers, and the message names task and key. */
WEIR_API weir_status weir_task_set(weir_task *task, const char *key, const char *json);
WEIR_API weir_status weir_task_set_integer(weir_task *task, const char *key, int64_t value);
WEIR_API weir_status weir_task_set_number(weir_task *task, const char *key, double value);
WEIR_API weir_status weir_task_set_text(weir_task *task, const char *key, const char *value);
WEIR_API weir_status weir_task_delete(weir_task *task, const char *key);

/* --- Of a trigger --- */

/* What a trigger's function (`triggers: {orders: {call: shop_look, every: 30s}}`) does beside
 * answering: an execution of its workflow is started with `input`, a JSON object as the workflow
 * declares it, once for each `key` (1 to 200 bytes) whatever else happens. Fires nothing: it just
 * answers WEIR_TASK_DONE. What it sets is there again at its next look, and counts with what it
 * fires: all of it, or nothing. At most 256 keys and 1 MiB a look; the rest at the next.
 * Refused (WEIR_ENCODE, WEIR_LIMIT; WEIR_STATE: of a task): then the look fails, whatever it
 * answers. */
WEIR_API weir_status weir_task_fire(weir_task *task, const char *key, const char *input);

/* --- Conditions ---
 *
 * A condition is a function like that of a task, and reads what the task would. It answers
 * WEIR_TASK_DONE (it holds), WEIR_TASK_NOT_YET, weir_task_fail (which is as good as not yet, with
 * a reason that is shown) or weir_task_fail_for_good (the task has failed, and is not tried
 * again). It is asked when the task begins to wait and every `interval` after, by one runner at a
 * time, in a process as the task's function is; what it writes is nobody's. */

/* --- The tables of a module --- */

typedef struct weir_task_condition {
    const char *name;
    weir_task_function ask;
} weir_task_condition;

typedef struct weir_task_settings {
    const weir_setting *items;
    size_t count;
} weir_task_settings;

/* An expression: as a spec has it, and as the generator has written its tree, in JSON. */
typedef struct weir_module_expression {
    const char *text;
    const char *tree; /* NULL: there is none */
} weir_module_expression;

/* An argument of a graph that a task calls, or a key of the input of a workflow that it begins: its
 * name, and the tree of an expression. */
typedef struct weir_task_argument {
    const char *name;
    const char *tree;
} weir_task_argument;

typedef struct weir_task_graph {
    const struct weir_module_graph *graph; /* one that can be called */
    const weir_type *params;               /* of its module, each with a default; NULL: none */
    const weir_task_argument *with;
    uint32_t with_count;
} weir_task_graph;

/* The function of a `graph:` task, called by the one that the generator writes for it. Calls the
 * graph with the arguments of `with`, else with keys of the context, and sets what comes out under
 * the task's name. */
WEIR_API weir_answer weir_task_call_graph(weir_task *task, const weir_task_graph *call);

typedef struct weir_module_task {
    const char *name;
    const char *doc;
    const uint32_t *after; /* indices in the workflow's tasks */
    uint32_t after_count;
    weir_task_function call; /* NULL: `exec` */
    const char *call_name;
    const weir_task_graph *graph;   /* what `call` calls; NULL: it is the user's function */
    const char *workflow;           /* that it begins instead; NULL: none */
    const weir_task_argument *with; /* the input of that */
    uint32_t with_count;
    const char *const *exec;         /* the words of a command; they end with NULL */
    const char *const *exec_trees;   /* of words that are expressions, else NULL; NULL: none is */
    weir_module_expression rule;     /* of `run_if:`, where it is one */
    weir_module_expression for_each; /* a list, whose items it runs for */
    const char *const *retry_on;     /* classes; they end with NULL; NULL: all are tried again */
    weir_task_settings settings;
    weir_task_settings retry;
    weir_task_settings concurrency;        /* empty: none */
    const weir_task_condition *conditions; /* that it may wait for */
    uint32_t condition_count;
    weir_task_settings defer;
    const struct weir_module_task *on_success, *on_failure; /* hooks; NULL: none */
    weir_place place;
} weir_module_task;

/* What a runner looks at from time to time: a function, or (`call` NULL) files. */
typedef struct weir_module_trigger {
    const char *name;
    const char *doc;
    weir_task_function call;
    const char *call_name;
    const char *files; /* FOLDER/PATTERN */
    weir_task_settings settings;
    weir_place place;
} weir_module_trigger;

/* What a schedule gives an input where it is left out. */
typedef enum weir_moment_kind { WEIR_MOMENT_TIME, WEIR_MOMENT_DATE } weir_moment_kind;

typedef struct weir_module_moment {
    const char *key; /* of the input, on the wire */
    weir_moment_kind kind;
} weir_module_moment;

typedef struct weir_module_workflow {
    const char *name;
    const char *doc;
    const weir_module_task *tasks; /* in the order of the spec */
    uint32_t task_count;
    const weir_type *input; /* what an execution is started with; NULL: any object */
    weir_task_settings settings;
    weir_task_settings schedule;                     /* empty: none */
    const weir_module_task *on_success, *on_failure; /* hooks; NULL: none */
    const weir_module_trigger *triggers;
    uint32_t trigger_count;
    const weir_module_moment *moments; /* of its input */
    uint32_t moment_count;
    weir_place place;
} weir_module_workflow;

#ifdef __cplusplus
}
#endif

#endif
