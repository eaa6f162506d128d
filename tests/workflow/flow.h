/* SPDX-License-Identifier: Apache-2.0 */
/* flow.h - what the tests of workflows share: stores in files of their own, modules by hand. */
#ifndef WEIR_TESTS_FLOW_H
#define WEIR_TESTS_FLOW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "workflow/json.h"
#include "workflow/runner.h"

enum { FLOW_START = 1000000000 }; /* the virtual time at which runners begin */

/* FLOW_OK(weir_x(..., &error)): fails with the error's message. */
#define FLOW_OK(call)                                                                              \
    do {                                                                                           \
        weir_error *error = NULL;                                                                  \
        weir_status status_ = (call);                                                              \
        flow_check(status_, error, __FILE__, __LINE__);                                            \
    } while (0)

/* FLOW_FAILS(WEIR_STATE, "words of the message", weir_x(..., &error)) */
#define FLOW_FAILS(wanted, text, call)                                                             \
    do {                                                                                           \
        weir_error *error = NULL;                                                                  \
        weir_status status_ = (call);                                                              \
        flow_check_failure(wanted, text, status_, error, __FILE__, __LINE__);                      \
    } while (0)

void flow_check(weir_status status, weir_error *error, const char *file, int line);
void flow_check_failure(weir_status expected, const char *text, weir_status status,
                        weir_error *error, const char *file, int line);

/* The URL of a store that is not there yet, of the kind under test: WEIR_TEST_STORE=postgresql,
 * with WEIR_POSTGRES=FOLDER of `scripts/postgres --dir FOLDER start`, else a file. Lives until the
 * next call. */
const char *flow_new_store(void);
const char *flow_new_file(void); /* always a file */
bool flow_is_postgres(void);

/* What somebody does to a store by hand: one statement. */
void flow_execute(const char *url, const char *text);

/* One task of a workflow by hand. */
typedef struct flow_task {
    const char *name;
    const char *after; /* "a b" */
    weir_task_function call;
    const char *const *exec;
    const char *options; /* "run_if=any_failed attempts=1 retry_on=io|crash defer.limit=5s";
                            "rule=", "each=" and a tree */
} flow_task;

/* The module with the one workflow "flow"; freed by flow_free. The tasks end with one without a
 * name. */
typedef struct flow {
    weir_module module;
    weir_module_workflow workflow;
    weir_module_workflow others[4]; /* `workflow`, and what was added */
    weir_arena arena;
} flow;

flow *flow_new(const flow_task *tasks);
/* One more workflow of that module; where tasks have "begins=NAME" they begin it, with an input of
 * "with.KEY=" and a tree. */
void flow_add_workflow(flow *f, const char *name, const flow_task *tasks);
/* What the task may wait for, which outlives the flow. */
void flow_add_conditions(flow *f, const char *task, const weir_task_condition *conditions,
                         uint32_t count);
/* The hooks of a task, or (NULL) of the workflow; NULL: none. */
void flow_add_hooks(flow *f, const char *task, const weir_module_task *on_success,
                    const weir_module_task *on_failure);
void flow_free(flow *f);

/* A runner on `url` that knows the workflow, in virtual time unless `real`. */
weir_runner *flow_runner(const char *url, const flow *f, bool real);

/* A new execution of "flow"; `input` may be NULL. */
int64_t flow_start(weir_runner *runner, const char *input);
/* Turns, without time going on, until an execution, or (not NULL) a task of it, is in a state. */
void flow_turn_until(weir_runner *runner, int64_t id, const char *task, const char *state);
/* Tries an execution again, to its end. */
void flow_retry(weir_runner *runner, int64_t id);
/* How many executions of a workflow there are, in a state or (NULL) in any. */
size_t flow_count(weir_runner *runner, const char *workflow, const char *state);

/* Runs a new execution to its end; the result as JSON, freed by the caller. */
json_t *flow_run(weir_runner *runner, const char *input);
json_t *flow_result(weir_runner *runner, int64_t id);
json_t *flow_events(weir_runner *runner, int64_t id);

/* "state" or "reason" of a task in a result. */
const char *flow_text(const json_t *result, const char *task, const char *member);
int64_t flow_attempts(const json_t *result, const char *task);
const char *flow_status(const json_t *result);

#endif
