/* SPDX-License-Identifier: Apache-2.0 */
/* workflow.h - durable workflows: a runner over a store starts executions and runs their tasks.
 *
 * Every transition of a task or an execution is a row in the store's event table, written in the
 * transaction that changes the state, so that a process may die at any moment: another run of the
 * same execution goes on where this one was. A task whose result was recorded does not run again.
 *
 * Threads: a runner belongs to the thread that opened it; tasks run on threads of its own.
 * Blocking: every call may wait for the disk, and for other processes that use the store.
 * Memory:  what is returned as `char *` is the caller's, freed by weir_free.
 * Errors:  WEIR_IO (disk, database), WEIR_AGAIN (the store was busy, or not to be had, for too
 * long; nothing was changed), WEIR_CLOSED (it was lost in a commit, and it is not known whether
 *          that was recorded: ask with the same key), WEIR_NOMEM, and what the functions say.
 *
 * Functions of libweir-workflow.
 */
#ifndef WEIR_WORKFLOW_H
#define WEIR_WORKFLOW_H

#include <weir/graph.h>
#include <weir/kinds.h>
#include <weir/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_runner weir_runner;

/* Called first in main by a program whose tasks are to run in processes of their own: a crash, an
 * exit or an endless loop then fails that task alone. The program is started once more for that, as
 * `PROGRAM --weir-worker ..`; there the call does not return. Without it tasks run on threads. */
WEIR_API void weir_worker_main(int argc, char **argv);

/* The options of a runner: slots, grace and so on. Static. */
WEIR_API const weir_option *weir_runner_options(size_t *ret_count);

/* Opens `store` ("sqlite:FILE", "postgresql://USER@HOST/DATABASE"), brings it up to this version,
 * and makes a runner over it. Fails with WEIR_INVALID (no such store or option), WEIR_MISMATCH (the
 * store is of a newer version, or belongs to another program), WEIR_IO. Settings are copied. */
WEIR_API WEIR_MUST_USE weir_status weir_runner_open(const char *store, const weir_setting *settings,
                                                    size_t setting_count, weir_runner **ret,
                                                    weir_error **error);
/* Tasks that still run are waited for. NULL allowed. */
WEIR_API void weir_runner_close(weir_runner *runner);

/* Given to task functions. */
WEIR_API void weir_runner_set_user(weir_runner *runner, void *user);

/* Where lines of log go (default: nowhere); called on the runner's thread. */
WEIR_API void weir_runner_set_log(weir_runner *runner, weir_log_function log, void *arg);

/* Makes the workflows of `module` known; it outlives the runner. Commands of `exec:` run in
 * `folder` (NULL: the working directory). Fails with WEIR_SPEC (a table that is wrong), WEIR_STATE
 * (a workflow of this name is known), WEIR_MISMATCH (generated for another weir). */
WEIR_API WEIR_MUST_USE weir_status weir_runner_load(weir_runner *runner, const weir_module *module,
                                                    const char *folder, weir_error **error);

/* A task of a workflow that is declared by a table instead of by a spec. */
typedef struct weir_workflow_task {
    const char *name;
    const char *const *after;    /* tasks that it comes after; a NULL ends them; NULL: none */
    weir_task_function call;     /* what it does: this, or */
    const char *const *exec;     /* the words of a command, which end with NULL */
    const weir_setting *options; /* as in a spec, those in `retry:` as "retry.attempts" */
    size_t option_count;
} weir_workflow_task;

typedef struct weir_workflow_table {
    const char *name;
    const weir_workflow_task *tasks;
    size_t task_count;
    const weir_setting *options; /* "timeout", "schedule.cron" and so on */
    size_t option_count;
    const char *folder; /* where commands run; NULL: the working directory */
} weir_workflow_table;

/* Makes a workflow known that is declared by a table, which is copied. `run_if` is one of the named
 * rules; expressions, inputs, graphs, hooks and what begins others need a spec. In its version a
 * function is known by its task's name. Fails as weir_runner_load does. */
WEIR_API WEIR_MUST_USE weir_status weir_runner_add(weir_runner *runner,
                                                   const weir_workflow_table *table,
                                                   weir_error **error);

/* Records an execution of `workflow`. `input` is a JSON object (NULL: {}), as the workflow declares
 * it; what is left out has its default. With a `key` (NULL: none; UTF-8, 1 to 255 bytes) the
 * execution that was started with it is given, if there is one. Fails with WEIR_NOT_FOUND (no such
 * workflow), WEIR_INVALID (an input that is none, or lacks, mistypes or misspells something; the
 * key was used with another input, or is none), before anything is written. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_start(weir_runner *runner, const char *workflow,
                                                       const char *input, const char *key,
                                                       int64_t *ret_id, weir_error **error);

/* Runs an execution, new or interrupted, until it has ended, and its hooks have; at once where that
 * is so. What its tasks begin is run with it. Tasks that another living runner has claimed are left
 * to it. Fails with WEIR_NOT_FOUND (no such execution) or WEIR_MISMATCH (its workflow is not loaded
 * in the version that it began with). WEIR_CLOSED: it was stopped. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_run(weir_runner *runner, int64_t id,
                                                     weir_error **error);

/* Runs tasks of all executions whose workflows are loaded, in the version that they began with,
 * until it is stopped. Other runners may share the store: tasks are claimed by one of them. */
WEIR_API WEIR_MUST_USE weir_status weir_runner_serve(weir_runner *runner, weir_error **error);

/* Ends weir_workflow_run and weir_runner_serve in order: nothing more is claimed; what runs has the
 * time of `drain` to end; then functions are told (weir_task_is_cancelled) and waited for, commands
 * get SIGTERM and after the grace SIGKILL. What was cut short is handed back, and is no attempt.
 * Later runs of this runner end at once, too. Any thread, and safe in a signal handler; does not
 * block. */
WEIR_API void weir_runner_stop(weir_runner *runner);

/* --- From a graph --- */

/* The sink of the kind `workflow`, which starts an execution with each result, for
 * weir_runtime_config.kinds (a program that brings other kinds too makes a list of all). Static. */
WEIR_API const weir_kinds *weir_workflow_kinds(void);

/* --- Control; by any process that has opened the store ---
 *
 * Each fails with WEIR_NOT_FOUND (no such execution) or WEIR_STATE (its state, which is named, does
 * not allow it; nothing has changed). `reason` (NULL: none; UTF-8, 1 to 4,095 bytes, else
 * WEIR_INVALID) is kept in the event. */

/* Nothing of it is begun any more; what runs goes on. Pausing, resuming and cancelling reach what
 * its tasks have begun, but for hooks. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_pause(weir_runner *runner, int64_t id,
                                                       const char *reason, weir_error **error);
WEIR_API WEIR_MUST_USE weir_status weir_workflow_resume(weir_runner *runner, int64_t id,
                                                        weir_error **error);
/* It is Cancelled, and so is all that has not begun; what runs is ended by its runner, as at
 * weir_runner_stop. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_cancel(weir_runner *runner, int64_t id,
                                                        const char *reason, weir_error **error);
/* One that has Failed or is Cancelled goes on: tasks that Failed, were Skipped or Cancelled begin
 * anew, with all their attempts; those that are Completed stay so. What they have begun goes on in
 * the same way. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_retry(weir_runner *runner, int64_t id,
                                                       weir_error **error);

/* From now on (`on`) the schedule of a workflow, or (not NULL) one of its triggers, starts nothing,
 * whoever runs it; or it goes on: a schedule with what `catchup:` makes of the slots that it has
 * missed, a trigger with a look. WEIR_NOT_FOUND: no runner has taken it up yet. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_pause_start(weir_runner *runner,
                                                             const char *workflow,
                                                             const char *trigger, bool on,
                                                             weir_error **error);

/* Waits until an execution and all of its tasks have ended, whoever runs it. WEIR_AGAIN: it has not
 * within `most_ns` nanoseconds, or the runner was stopped. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_wait(weir_runner *runner, int64_t id,
                                                      int64_t most_ns, weir_error **error);

/* --- Looking --- */

/* What is recorded of an execution, as one JSON object: {"id", "workflow", "status", "context",
 * "tasks": {NAME: {"state", "attempts", "left"?, "reason"?}}, "reason"?, "role"?, "parent"?,
 * "item"?}. `context` is that of the end, and null before; `left` is how many of what a Deferred
 * task has begun have not ended; `role` (workflow, item, hook) is what it is to the execution that
 * has begun it. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_result(weir_runner *runner, int64_t id,
                                                        char **ret_json, weir_error **error);

/* The same, each task also with "after", the names of those that it comes after. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_show(weir_runner *runner, int64_t id,
                                                      char **ret_json, weir_error **error);

/* Why each task that is not Completed is not: {"id", "workflow", "status", "tasks": [{"task",
 * "state", "why"}]}. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_explain(weir_runner *runner, int64_t id,
                                                         char **ret_json, weir_error **error);

/* At most `most` executions, newest first, as a JSON array of {"id", "workflow", "status",
 * "role"?, "parent"?, "item"?, "created", "key"?, "started"?, "ended"?, "unfinished", "reason"?},
 * times in nanoseconds since 1970. Items and hooks are listed by their own names: "NAME/TASK",
 * "NAME/on_failure", "NAME/TASK/on_failure". `workflow`, `state` (NULL: any) and `before` (0: all),
 * an id, choose. WEIR_INVALID: no such state. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_list(weir_runner *runner, const char *workflow,
                                                      const char *state, int64_t before,
                                                      size_t most, char **ret_json,
                                                      weir_error **error);

/* Schedules that a runner has taken up, of one workflow or (NULL) of all, with their newest `most`
 * slots, as a JSON array of {"workflow", "next"?, "due"?, "slots": [{"slot", "time", "outcome",
 * "execution"?, "missed"?, "reason"?}]}. `next` is the slot that comes, `due` when it is started
 * where that is later; `outcome` is started, queued, skipped or missed; "paused", since when, where
 * it is. Times are nanoseconds since 1970. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_schedules(weir_runner *runner,
                                                           const char *workflow, size_t most,
                                                           char **ret_json, weir_error **error);

/* The same of triggers: [{"workflow", "trigger", "due", "looked"?, "fired"?, "failed"?,
 * "failures"?, "reason"?, "runner"?, "paused"?, "firings": [{"key", "time", "outcome",
 * "execution"?, "reason"?}]}]. `looked`, `fired` and `failed` are when the newest look, firing and
 * failure were, `failures` how many looks failed in succession, `reason` why the newest of all did,
 * `runner` who looks just now; `outcome` is started, refused or failed. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_triggers(weir_runner *runner, const char *workflow,
                                                          size_t most, char **ret_json,
                                                          weir_error **error);

/* All events of an execution, oldest first, as a JSON array of {"number", "time", "task"?, "from"?,
 * "to"?, "runner"?, "attempt"?, "reason"?}. */
WEIR_API WEIR_MUST_USE weir_status weir_workflow_events(weir_runner *runner, int64_t id,
                                                        char **ret_json, weir_error **error);

#ifdef __cplusplus
}
#endif

#endif
