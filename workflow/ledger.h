/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h - what happens to executions and tasks: the rules F over the rows of a store.
 *
 *     start     the execution and all its tasks; those that wait for nobody are Ready
 *     claim     Ready -> Running, with the next token, and what the task reads
 *     finish    the result, the tasks that it releases or skips, perhaps the end of it all
 *     wake      what is due; executions that took too long
 *     sweep     runs whose runner is gone: Running -> Ready, or Failed at the cap; what is stuck
 *
 * All of them happen between ledger_begin and ledger_end, so that several can be one transaction.
 */
#ifndef WEIR_WORKFLOW_LEDGER_H
#define WEIR_WORKFLOW_LEDGER_H

#include "store/store.h"
#include "workflow/context.h"
#include "workflow/evaluate.h"
#include "workflow/job.h"
#include "workflow/options.h"

enum {
    LEDGER_KEY_LIMIT = 255,
    LEDGER_BATCH = 256,  /* rows that one step of tidying up takes at most */
    LEDGER_FOREIGN = 64, /* plans without code here that are kept */
};

typedef struct ledger {
    weir_store *store;
    runner_config config;
    int64_t runner; /* 0: it has not joined */
    int64_t *clock; /* a virtual one; NULL: the store's is asked */
    int64_t now;    /* of the transaction under way, or of the last one */
    plan **plans;   /* that this process has the code of */
    size_t plan_count;
    plan *foreign[LEDGER_FOREIGN]; /* read from the store; the next to go is at `oldest` */
    size_t oldest;
    uint64_t turn;
    int64_t slot, slot_day; /* that ledger_start is for; 0: none */
    void *user;
    struct zygotes *zygotes; /* NULL: functions run on threads */
} ledger;

void ledger_free(ledger *l); /* what it has, but for the store */

weir_status ledger_begin(ledger *l, bool write, weir_error **error);
/* Commits where `status` is WEIR_OK; else rolls back, and gives it back. */
weir_status ledger_end(ledger *l, weir_status status, weir_error **error);

/* One transaction of `work`. Where the store was not to be had, or somebody else came first, it is
 * done anew, for at most `busy` in all. WEIR_CLOSED: it is not known whether it was recorded. */
typedef weir_status (*ledger_work)(ledger *l, void *arg, weir_error **error);
weir_status ledger_do(ledger *l, bool write, ledger_work work, void *arg, weir_error **error);

/* --- Plans (plans.c) --- */

const plan *ledger_plan_named(const ledger *l, const char *workflow); /* NULL: none is loaded */
/* Makes the workflows of a module known; it outlives the ledger. WEIR_SPEC (a table that is wrong),
 * WEIR_STATE (a workflow of that name is known). */
weir_status ledger_load(ledger *l, const weir_module *module, const char *folder,
                        weir_error **error);
/* The plan with an id of the store, with its code or without; lives until LEDGER_FOREIGN more were
 * asked for. */
weir_status ledger_plan(ledger *l, int64_t id, plan **ret, weir_error **error);
/* Becomes a runner of the store, and says what it has the code of. */
weir_status ledger_join(ledger *l, const char *name, weir_error **error);

/* --- Start (ledger.c) --- */

/* `input` is a JSON object. WEIR_INVALID: `key` was used with another input, by *ret_id. */
weir_status ledger_start(ledger *l, const plan *p, const char *input, const char *key,
                         int64_t *ret_id, weir_error **error);

/* Starts what the schedules of loaded workflows say by now (start_slots.c); *ret_due: when there is
 * more, INT64_MAX: never. */
weir_status ledger_start_slots(ledger *l, int64_t *ret_due, weir_error **error);
/* What it has noted of schedules and triggers was rolled back: the store is asked anew. */
void ledger_forget_slots(ledger *l);

/* --- Triggers (look.c) --- */

/* Claims the looks that are due, of triggers of loaded workflows, one of all runners each; puts
 * their jobs in front of *jobs. *ret_due: when there is more, INT64_MAX: never. */
weir_status ledger_claim_looks(ledger *l, weir_task **jobs, int64_t *ret_due, weir_error **error);
/* Records a look that has ended, and starts what it fired. One that comes too late is dropped. */
weir_status ledger_finish_look(ledger *l, const weir_task *job, weir_error **error);
/* It is recorded, or was never begun: the trigger can be looked at again, at the time that is
 * given.
 */
int64_t ledger_settle_look(const ledger *l, const weir_task *job);

/* --- Claim (claim.c) --- */

/* Claims at most `most` tasks, of a root and all below it or (0) of any; puts jobs in front of
 * *jobs. A job that has failed already is not to be run. */
weir_status ledger_claim(ledger *l, int64_t root, size_t most, weir_task **jobs,
                         weir_error **error);

/* --- Finish (finish.c) --- */

/* Records the outcomes of jobs, those of one execution after the other; one that comes too late
 * (the claim was lost) is refused and noted. */
weir_status ledger_finish(ledger *l, const weir_task *jobs, weir_error **error);

/* --- Waiting (defer.c) --- */

/* Fills the move of a run that is to wait, or that fails because it cannot; `reason` lives as long
 * as the move. */
void ledger_defer(const ledger *l, const weir_task *job, char *reason, size_t size,
                  store_task_move *move);
/* Conditions that are to be asked, at most `most`, as for ledger_claim; puts jobs in
 * front of *jobs, as ledger_claim. */
weir_status ledger_ask(ledger *l, int64_t root, size_t most, weir_task **jobs, weir_error **error);
/* What such a job came to; nothing where the task does not wait for it any more. */
weir_status ledger_answer(ledger *l, const weir_task *job, weir_error **error);

/* A task that waits. */
typedef struct ledger_deferred {
    int64_t execution, position, plan, token, attempt, spent;
    char awaits[JOB_CONDITION]; /* "": a time */
} ledger_deferred;

typedef struct ledger_deferred_list {
    ledger_deferred items[LEDGER_BATCH];
    size_t count;
} ledger_deferred_list;

/* Its `due` has come: it goes on, or has waited for too long. */
weir_status ledger_wake_deferred(ledger *l, const ledger_deferred *task, weir_error **error);

/* --- Tidying up (sweep.c) --- */

/* What has become due can be claimed. */
weir_status ledger_wake(ledger *l, weir_error **error);
/* Ends runners that are gone, and takes at most LEDGER_BATCH tasks from them; *ret_more: there are
 * more. */
weir_status ledger_sweep(ledger *l, bool *ret_more, weir_error **error);
/* Executions that wait for a runner with the code of their plan, of those that were noted now. */
typedef struct ledger_unserved {
    int64_t count, first; /* `first`: an id */
    char workflow[128];   /* of that */
    char version[WEIR_DIGEST_TEXT];
} ledger_unserved;

/* Notes it in their events, once until a runner comes that has it, of those behind id `after`, up
 * to `last`: of as many as ledger_find_stuck has looked at. */
weir_status ledger_note_unserved(ledger *l, int64_t after, int64_t last, ledger_unserved *ret,
                                 weir_error **error);
/* Looks at the next executions behind *after, and fails those that are stuck (rule F13); *after is
 * 0 when all were looked at. */
weir_status ledger_find_stuck(ledger *l, int64_t *after, weir_error **error);
/* Tells the jobs whose execution has ended that they are not wanted any more. */
weir_status ledger_end_doomed(ledger *l, weir_task *running, weir_error **error);

/* --- Control (control.c); WEIR_STATE: the execution's state does not allow it; `reason` may be
 * NULL --- */

weir_status ledger_pause(ledger *l, int64_t id, const char *reason, weir_error **error);
weir_status ledger_resume(ledger *l, int64_t id, const char *reason, weir_error **error);
weir_status ledger_cancel(ledger *l, int64_t id, const char *reason, weir_error **error);
weir_status ledger_retry(ledger *l, int64_t id, const char *reason,
                         weir_error **error); /* (again.c) */

/* What one must know of an execution. */
typedef struct ledger_view {
    int64_t plan, unfinished, created;
    int64_t root, parent, parent_position, parent_token, item;
    store_role role;
    store_state state;
    char workflow[128];
    char version[WEIR_DIGEST_TEXT];
} ledger_view;

/* What `ledger_retry` does with one that may be tried again; `view` is of it. (again.c) */
weir_status ledger_try_again(ledger *l, int64_t id, const ledger_view *view, const char *reason,
                             weir_error **error);

/* WEIR_NOT_FOUND: there is no such execution, and a message says so. */
weir_status ledger_look(ledger *l, int64_t id, ledger_view *ret, weir_error **error);
/* Executions below one that has ended, which have not: hooks. 0 for one that others have begun. */
weir_status ledger_count_below(ledger *l, int64_t id, const ledger_view *view, int64_t *ret,
                               weir_error **error);

/* --- Executions that others begin --- */

/* Who begins one: an execution (position -1), or a run of its task. */
typedef struct ledger_parent {
    int64_t execution, position, token, item, root;
    int64_t slot, slot_day; /* of a schedule, which what it begins has, too */
    store_role role;
} ledger_parent;

/* Begins one of a whole plan, or (part not PLAN_NO_PART) of one of its tasks (ledger.c). */
weir_status ledger_begin_child(ledger *l, const plan *p, uint32_t part, const ledger_parent *parent,
                               const char *input, int64_t *ret_id, weir_error **error);
/* One has ended: whoever began it is told, and its hook begins (children.c). */
weir_status ledger_execution_ended(ledger *l, const plan *p, int64_t id, const ledger_view *view,
                                   store_state to, const char *reason, weir_error **error);

/* What a task begins and waits for (children.c): a job that has what it begins is not run, but
 * recorded by ledger_finish, which calls the others. */
weir_status ledger_fill_begun(ledger *l, weir_task *job, weir_error **error);
weir_status ledger_fill_items(ledger *l, weir_task *job, weir_error **error); /* (items.c) */
/* What earlier runs of the task have begun and this one need not begin again (earlier.c): notes it
 * in `job->earlier`, of the `count` that it begins. */
weir_status ledger_find_earlier(ledger *l, weir_task *job, size_t count, weir_error **error);
/* Those that are Completed are of this run from now on. Where nothing else is waited for, it ends.
 * Before any other one, as the last that ends gathers them all. */
weir_status ledger_take_kept(ledger *l, const weir_task *job, size_t count, weir_error **error);
/* So is the one of an item (0 where there are none), which goes on. *ret false: there is none that
 * could, and one is to be begun. */
weir_status ledger_go_on(ledger *l, const weir_task *job, size_t item, bool paused, bool *ret,
                         weir_error **error);
/* What the execution of an item begins with; freed by weir_free. NULL: out of memory. */
char *ledger_item_input(const weir_task *job, int64_t item);
void ledger_wait_for_begun(const weir_task *job, char *reason, size_t size, store_task_move *move);
weir_status ledger_begin_items(ledger *l, const weir_task *job, const ledger_view *view,
                               weir_error **error);
/* What all items of a task came to that have ended: a list, or (*ret NULL) why there is none. */
weir_status ledger_gather_items(ledger *l, const plan *p, const ledger_view *item, json_t **ret,
                                char *reason, size_t size, weir_error **error);
weir_status ledger_begin_begun(ledger *l, const weir_task *job, const ledger_view *view,
                               weir_error **error);

/* One that has ended tells the task that has begun it; nothing where that does not wait for it any
 * more. */
weir_status ledger_tell_parent(ledger *l, int64_t id, const ledger_view *view, store_state to,
                               const char *reason, weir_error **error);

/* Whether the run of a task that has begun it still waits for it. */
weir_status ledger_is_waited_for(ledger *l, const ledger_view *view, bool *ret, weir_error **error);

/* Those that an execution has begun and that have not ended, hooks aside: the caller frees *ret. */
typedef struct ledger_begun {
    int64_t id, parent_position;
    store_state state;
    char workflow[128];
} ledger_begun;
weir_status ledger_list_begun(ledger *l, int64_t id, size_t most, ledger_begun **ret,
                              size_t *ret_count, weir_error **error);

/* The plan of what one begins one by one; another process may have the code of it. */
weir_status ledger_parts(ledger *l, const plan *p, plan **ret, weir_error **error);

/* The hooks of a task that has ended (hooks.c); none of one that was Skipped or Cancelled. */
weir_status ledger_begin_hook(ledger *l, const plan *p, int64_t id, uint32_t position,
                              weir_error **error);
/* The same of an execution. */
weir_status ledger_begin_last_hook(ledger *l, const plan *p, int64_t id, const ledger_view *view,
                                   store_state to, const char *reason, weir_error **error);
/* A hook has failed: whoever began it has an event of that, and nothing else. */
weir_status ledger_hook_ended(ledger *l, int64_t id, const ledger_view *view, store_state to,
                              const char *reason, weir_error **error);

/* --- Between the files of the ledger --- */

/* An attempt that failed, as far as it decides what follows. */
typedef struct ledger_failure {
    const plan_task *task;
    int64_t execution, attempt;
    int64_t spent; /* attempts before it */
    weir_answer answer;
    const char *error_class; /* "": nothing that the task did, and so tried again */
    int64_t delay;           /* of WEIR_TASK_RETRY */
} ledger_failure;

/* Fills where it moves, when it is due and its verdict (finish.c). */
void ledger_fail(const ledger *l, const ledger_failure *failure, store_task_move *move);
/* What a job reads, whose `seen` and `draft` are there (claim.c). */
weir_status ledger_fill_job(ledger *l, weir_task *job, weir_error **error);

/* Tasks of an execution that have ended release those below them (release.c). */
weir_status ledger_tasks_ended(ledger *l, const plan *p, int64_t id, const uint32_t *positions,
                               size_t count, weir_error **error);
weir_status ledger_task_ended(ledger *l, const plan *p, int64_t id, uint32_t position,
                              weir_error **error);
/* A Pending task that waits for nobody becomes Ready or Skipped, and what follows from that. */
weir_status ledger_decide(ledger *l, const plan *p, int64_t id, uint32_t position,
                          weir_error **error);
/* A task that ended before its execution was tried again hands on what those above it hand on now.
 */
weir_status ledger_hand_on(ledger *l, const plan *p, int64_t id, uint32_t position,
                           weir_error **error);
/* All tasks have ended, and so does the execution; one that is Paused does when it is resumed. */
weir_status ledger_complete(ledger *l, const plan *p, int64_t id, weir_error **error);
/* WEIR_STATE: "execution 3 of 'w' is Completed and cannot be cancelled: it has ended" (control.c).
 */
weir_status ledger_refuse(int64_t id, const ledger_view *view, const char *what, const char *why,
                          weir_error **error);
/* Ends an execution before its time: what does not run is Cancelled (control.c). */
weir_status ledger_cut_short(ledger *l, int64_t id, store_state from, store_state to,
                             const char *reason, weir_error **error);
/* The context of a view; clashes are noted for `reader` (-1: the end; -2: nobody) (claim.c). */
weir_status ledger_context(ledger *l, const plan *p, int64_t id, const char *seen, int64_t reader,
                           json_t **ret, weir_error **error);

/* --- rule.c --- */

/* What a `run_if:` expression of a task comes to that sees `seen`; `tasks` are those of its
 * `after:`. *ret_holds false and `reason` not "": it could not be evaluated. */
weir_status ledger_ask_rule(ledger *l, const plan *p, int64_t id, uint32_t position,
                            const char *seen, const evaluate_task *tasks, bool *ret_holds,
                            char *reason, size_t size, weir_error **error);
/* Reads the input of a row into the json_t * that `arg` points to; the caller has the reference. */
weir_status ledger_take_input(void *arg, const store_execution *row, weir_error **error);
/* Evaluates the words of a job's command; the job has failed where that cannot be. */
weir_status rule_fill_words(const ledger *l, weir_task *job, weir_error **error);

/* --- retry.c --- */

/* Nanoseconds before the run that follows the `spent`-th that counts (rule F9). `seed` chooses the
 * jitter: the same for the same task, execution and run. */
int64_t retry_delay(const weir_retry_config *retry, int64_t spent, uint64_t seed);

#endif
