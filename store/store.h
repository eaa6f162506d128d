/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - where durable state lives: one interface for all kinds of stores.
 *
 * A store keeps rows and holds rules that no caller can get around: only the transitions of
 * store_may_move happen, from the state that the caller names and (for a claimed task) with the
 * token of the newest claim, and each is an event row of the same transaction. What a transition
 * means is the workflow room's business.
 *
 * Threads: one store by one thread at a time. All but open, close, descriptor and has_changed
 *          happen between begin and commit (or rollback).
 * Memory:  rows that a callback is given live until it returns; a callback calls nothing of the
 *          store.
 * Errors:  WEIR_IO, WEIR_AGAIN (not now: another process held the store for too long, a connection
 *          was lost; nothing was changed, and the transaction can be tried anew), WEIR_NOMEM; moves
 *          also WEIR_STATE (refused; nothing was changed, the transaction goes on); commit also
 *          WEIR_CLOSED (the store was lost in it, and it is not known whether all or nothing was
 *          changed).
 * Writers: a transaction that is to write holds what it has found, claimed or been listed until it
 *          ends: others wait, or are not given it.
 */
#ifndef WEIR_STORE_STORE_H
#define WEIR_STORE_STORE_H

#include <weir/core.h>

/* Of tasks and of executions (rule F1): name, text. */
#define STORE_STATES(X)                                                                            \
    X(NONE, "")                                                                                    \
    X(PENDING, "Pending")                                                                          \
    X(READY, "Ready")                                                                              \
    X(RUNNING, "Running")                                                                          \
    X(DEFERRED, "Deferred")                                                                        \
    X(PAUSED, "Paused")                                                                            \
    X(COMPLETED, "Completed")                                                                      \
    X(FAILED, "Failed")                                                                            \
    X(SKIPPED, "Skipped")                                                                          \
    X(CANCELLED, "Cancelled")

typedef enum store_state {
#define STORE_STATE_ENUM(name, text) STORE_##name,
    STORE_STATES(STORE_STATE_ENUM)
#undef STORE_STATE_ENUM
} store_state;

const char *store_state_text(store_state state);
store_state store_state_read(const char *text); /* STORE_NONE: no state */
bool store_state_is_end(store_state state);

/* Whether a task (or an execution) may go from one state to another; from NONE where it begins. */
bool store_may_move(bool task, store_state from, store_state to);
bool store_may_be(bool task, store_state state);

/* What an ended task counts as in the rules of others (rule F2). */
typedef enum store_verdict {
    STORE_OPEN, /* it has not ended */
    STORE_SUCCESS,
    STORE_FAILURE,
    STORE_NEITHER,
} store_verdict;

const char *store_verdict_text(store_verdict verdict); /* NULL: it has not ended */
store_verdict store_verdict_read(const char *text);

/* What an execution is to the one that has begun it: name, text. */
#define STORE_ROLES(X)                                                                             \
    X(ITSELF, "") /* nobody has */                                                                 \
    X(WORKFLOW, "workflow")                                                                        \
    X(ITEM, "item")                                                                                \
    X(HOOK, "hook")

typedef enum store_role {
#define STORE_ROLE_ENUM(name, text) STORE_ROLE_##name,
    STORE_ROLES(STORE_ROLE_ENUM)
#undef STORE_ROLE_ENUM
} store_role;

const char *store_role_text(store_role role);
store_role store_role_read(const char *text); /* NULL: itself */

/* What became of a slot of a schedule, or of a firing of a trigger: name, text. */
#define STORE_OUTCOMES(X)                                                                          \
    X(STARTED, "started")                                                                          \
    X(QUEUED, "queued")                                                                            \
    X(SKIPPED, "skipped")                                                                          \
    X(MISSED, "missed")                                                                            \
    X(REFUSED, "refused")                                                                          \
    X(FAILED, "failed")

typedef enum store_outcome {
#define STORE_OUTCOME_ENUM(name, text) STORE_SLOT_##name,
    STORE_OUTCOMES(STORE_OUTCOME_ENUM)
#undef STORE_OUTCOME_ENUM
} store_outcome;

const char *store_outcome_text(store_outcome outcome);
store_outcome store_outcome_read(const char *text);

/* What was asked of a store, for tests and metrics. */
typedef struct store_counts {
    uint64_t transactions, statements, rows;
} store_counts;

typedef struct weir_store weir_store; /* each kind begins its own with one */

typedef struct store_execution {
    int64_t id;
    int64_t plan; /* of add_plan */
    const char *workflow, *version;
    const char *key; /* NULL: none */
    store_state state;
    const char *input;   /* NULL in a brief row */
    const char *context; /* NULL: it has not ended, and in a brief row */
    const char *reason;
    int64_t unfinished;
    int64_t ready;                   /* to add_execution: how many of its tasks begin as Ready */
    int64_t deadline;                /* 0: none */
    int64_t slot;                    /* of a schedule, that it was started for; 0: none */
    int64_t slot_day;                /* that the schedule's clocks show then, since 1970 */
    int64_t created, started, ended; /* 0: not yet */
    store_role role;
    int64_t parent;                        /* 0: none */
    int64_t parent_position, parent_token; /* its task, -1: itself; of the run that began it */
    int64_t item;                          /* its index */
    int64_t root; /* of all that began it; itself where nobody has, and 0 in a new row */
} store_execution;

typedef struct store_task {
    int64_t execution, position, plan;
    int64_t root; /* of its execution; in a new row */
    const char *name;
    store_state state;
    store_verdict verdict;
    int64_t waiting, attempt, spent, lost, due, token;
    int64_t runner; /* 0: none */
    int64_t priority;
    int64_t behind;   /* to add_task, of one that begins as Ready: how many come behind it */
    const char *tag;  /* of its concurrency; NULL: none */
    const char *seen; /* whose writes a task below sees through it; NULL: nobody's */
    const char *reason;
    const char *awaits;    /* the condition that a Deferred one waits for; NULL: a time */
    int64_t ask, patience; /* when that is asked next; when this attempt has waited for long enough;
                              0: it is not, never */
    const char *writes, *log; /* NULL in a brief row */
    int64_t started, ended;   /* of its newest run; 0: not yet */
} store_task;

typedef struct store_event {
    int64_t number;
    int64_t position; /* -1: the execution itself */
    int64_t time;
    store_state from, to; /* both NONE: a note */
    int64_t runner;       /* 0: none */
    int64_t attempt;      /* 0: none */
    const char *reason;
} store_event;

typedef struct store_plan {
    int64_t id;
    const char *version, *workflow, *text;
} store_plan;

/* The next slot of a workflow's schedule, and when it is to be started (0: there is none). */
typedef struct store_schedule {
    const char *workflow, *digest;
    int64_t slot, due;
    int64_t paused; /* since; 0: it is not. Changed by set_paused alone */
} store_schedule;

typedef struct store_slot {
    const char *workflow;
    int64_t slot, time; /* what it means; when that was found */
    store_outcome outcome;
    int64_t execution; /* 0: none */
    int64_t missed;    /* slots up to this one that are not started any more */
    const char *reason;
} store_slot;

/* What a runner looks at from time to time. */
typedef struct store_trigger {
    const char *workflow, *name, *digest;
    int64_t due;                   /* when it is looked at next */
    int64_t runner, until;         /* who looks just now (0: nobody), and holds it for so long */
    int64_t token;                 /* of the newest look */
    int64_t looked, fired, failed; /* when the newest look, firing and failure were; 0: never */
    int64_t failures;              /* looks that failed, in succession */
    const char *reason;            /* of the newest failure; NULL: there was none */
    const char *kept;              /* what its function keeps from look to look; NULL: nothing */
    int64_t paused;                /* as of a schedule */
} store_trigger;

/* What a trigger has fired on, or failed to. */
typedef struct store_firing {
    const char *workflow, *name, *key;
    int64_t time;
    store_outcome outcome; /* started, refused, failed */
    int64_t execution;     /* 0: none */
    const char *reason;
} store_firing;

typedef struct store_runner {
    int64_t id;
    const char *name;
    int64_t started, beat;
} store_runner;

/* A transition of a task, but for a claim. The members below `time` change with it; a token is
 * compared unless it is 0. To Pending: the task begins anew, and waits for `waiting` others. */
typedef struct store_task_move {
    int64_t execution, position;
    store_state from, to;
    int64_t token;
    int64_t runner;
    const char *reason;
    int64_t time;
    int64_t due;           /* to Ready, to Deferred (0: no time) */
    int64_t waiting;       /* to Pending; to Deferred: executions that it has begun */
    bool spent, lost;      /* the run that ends by it counts as an attempt, as lost */
    bool sure;             /* it cannot be refused, and need not be answered now */
    bool keeps;            /* to Ready: its writes and its patience stay as they were */
    bool resumes;          /* to Ready: its next run has the number of the last one */
    const char *awaits;    /* to Deferred; NULL: a time */
    int64_t ask, patience; /* to Deferred; 0: none */
    store_verdict verdict; /* to an end */
    const char *writes, *log;
    const char *seen; /* NULL: as it was */
} store_task_move;

/* The condition of a Deferred task is asked at another time; the token is compared, and is another
 * one then. */
typedef struct store_asking {
    int64_t execution, position, token;
    int64_t runner, ask;
    const char *reason; /* NULL: as it was */
} store_asking;

/* Whether it may be at all: its states, and a verdict where it ends. */
bool store_is_move(const store_task_move *move);
/* WEIR_STATE: "task 3 cannot go from Pending to Completed". */
weir_status store_refuse(const char *what, int64_t number, store_state from, store_state to,
                         weir_error **error);
/* What a store answers to count_down in one number, below 0 where the task has ended. */
static inline int64_t store_waiting(int64_t answer, bool *ret_ended)
{
    *ret_ended = answer < 0;
    return answer < 0 ? -2 - answer : answer;
}

/* WEIR_STATE: "nobody has begun execution 3". */
weir_status store_refuse_adoption(int64_t execution, weir_error **error);
/* WEIR_STATE: "task 3 has not ended, and has nothing to hand on". */
weir_status store_refuse_handing(int64_t position, weir_error **error);
/* WEIR_STATE: "task 3 does not wait for a condition that could be asked". */
weir_status store_refuse_asking(const store_asking *asking, weir_error **error);

typedef struct store_execution_move {
    int64_t execution;
    store_state from, to;
    int64_t runner;
    const char *reason;
    int64_t time;
    const char *context; /* to an end */
    int64_t deadline;    /* to Running; 0: as it was */
} store_execution_move;

/* Tasks of one plan with one tag. */
typedef struct store_lane {
    int64_t plan;
    const char *tag; /* NULL: those without */
    int64_t limit;   /* how many with that tag, of whatever plan, may be Running at once */
} store_lane;

/* Ready tasks become Running (rule F7): those of the highest priority first; among equals one of
 * each plan in turn, in the order of `lanes`; within a plan one of each execution in turn; then by
 * position. Only of executions that are Pending or Running, and what is due. */
typedef struct store_claim {
    const store_lane *lanes;
    size_t lane_count;
    int64_t root; /* of executions below this one; 0: of any */
    int64_t runner, time;
    size_t most;
} store_claim;

/* Deferred tasks whose condition is to be asked by `time`, and that `runner` has the code of. */
typedef struct store_asked {
    int64_t runner;
    int64_t root; /* as of a claim */
    int64_t time;
    size_t most;
} store_asked;

/* Newest first, but where it says otherwise. */
typedef struct store_filter {
    const char *workflow; /* NULL: of any, but for items and hooks */
    store_state state;    /* NONE: in any */
    bool scheduled;       /* only those that a schedule has started and that have not
                            ended; oldest first */
    int64_t parent; /* only what it has begun and has not ended, but for hooks; oldest first */
    int64_t before; /* an id; 0: from the newest on */
    size_t most;
} store_filter;

typedef weir_status (*store_take_execution)(void *arg, const store_execution *row,
                                            weir_error **error);
typedef weir_status (*store_take_task)(void *arg, const store_task *row, weir_error **error);
typedef weir_status (*store_take_event)(void *arg, const store_event *row, weir_error **error);
typedef weir_status (*store_take_plan)(void *arg, const store_plan *row, weir_error **error);
typedef weir_status (*store_take_schedule)(void *arg, const store_schedule *row,
                                           weir_error **error);
typedef weir_status (*store_take_slot)(void *arg, const store_slot *row, weir_error **error);
typedef weir_status (*store_take_trigger)(void *arg, const store_trigger *row, weir_error **error);
typedef weir_status (*store_take_firing)(void *arg, const store_firing *row, weir_error **error);
typedef weir_status (*store_take_runner)(void *arg, const store_runner *row, weir_error **error);

/* Lists of tasks that the engine asks for. */
typedef enum store_list {
    STORE_DUE,    /* Ready, but not to be claimed, or Deferred, whose time has come by `number` */
    STORE_LOST,   /* Running, claimed by a runner that has ended */
    STORE_DOOMED, /* Running, claimed by runner `number`, of an execution that has ended */
} store_list;

/* What was removed. */
typedef struct store_pruned {
    int64_t executions, plans;
} store_pruned;

/* What an operator asks. */
typedef enum store_question {
    STORE_STATUS, /* names and values */
    STORE_CHECK,  /* what is wrong, and where */
} store_question;

typedef weir_status (*store_take_answer)(void *arg, const char *name, const char *value,
                                         weir_error **error);

typedef struct weir_store_kind {
    const char *name;    /* "sqlite": what its URL begins with */
    const char *summary; /* one sentence */

    /* Opens what the URL names behind the kind's name, and brings it up to date; waits for other
     * processes for at most `busy` nanoseconds, here and later. Also WEIR_MISMATCH. */
    weir_status (*open)(const char *place, int64_t busy, weir_store **ret, weir_error **error);
    void (*close)(weir_store *store);

    /* --- Waking --- */

    /* A descriptor that can be read when has_changed is worth a call; -1: it is to be called from
     * time to time. */
    int (*descriptor)(weir_store *store);
    /* Whether another handle may have changed something since the last call. */
    bool (*has_changed)(weir_store *store);

    /* --- Transactions --- */

    /* *ret_now is the store's clock, nanoseconds since 1970. One that is to `write` waits for its
     * turn; one that is not sees one state of the store. */
    weir_status (*begin)(weir_store *store, bool write, int64_t *ret_now, weir_error **error);
    weir_status (*commit)(weir_store *store, weir_error **error); /* ends it also when it fails */
    void (*rollback)(weir_store *store);

    /* --- Runners --- */

    /* The handle becomes a runner. */
    weir_status (*join)(weir_store *store, const char *name, int64_t time, int64_t *ret_runner,
                        weir_error **error);
    /* It says that it is alive. WEIR_STATE: it was ended. */
    weir_status (*beat)(weir_store *store, int64_t runner, int64_t time, weir_error **error);
    /* It has the code of a plan. */
    weir_status (*offer)(weir_store *store, int64_t runner, int64_t plan, weir_error **error);
    /* From now on its claims and looks are nobody's. One that has ended stays so. */
    weir_status (*end_runner)(weir_store *store, int64_t runner, int64_t time, weir_error **error);
    /* Those that have not ended. */
    weir_status (*each_runner)(weir_store *store, store_take_runner take, void *arg,
                               weir_error **error);
    /* False where the store knows without a beat that it is gone. */
    weir_status (*is_alive)(weir_store *store, int64_t runner, bool *ret, weir_error **error);
    /* How many that have not ended have the code of a plan. */
    weir_status (*count_offers)(weir_store *store, int64_t plan, int64_t *ret, weir_error **error);

    /* --- New rows --- */

    weir_status (*add_plan)(weir_store *store, const store_plan *row, int64_t *ret_id,
                            weir_error **error); /* one of that version may be there already */
    /* The execution begins as Pending with `row`'s plan, workflow, key, input, unfinished, ready,
     * deadline, slot (with its day) and created; a task with its position, name, waiting, priority,
     * tag, and as Ready (state, behind: the places in the queue are those of the execution) or as
     * Pending. */
    weir_status (*add_execution)(weir_store *store, const store_execution *row, int64_t *ret_id,
                                 weir_error **error);
    weir_status (*add_task)(weir_store *store, int64_t execution, int64_t plan,
                            const store_task *row, int64_t time, weir_error **error);

    /* --- Reading. WEIR_NOT_FOUND comes without a message; lists are of brief rows. --- */

    weir_status (*find_plan)(weir_store *store, int64_t id, store_take_plan take, void *arg,
                             weir_error **error);
    /* One execution by its id, or (id 0) by workflow and key. */
    weir_status (*find_execution)(weir_store *store, int64_t id, const char *workflow,
                                  const char *key, bool whole, store_take_execution take, void *arg,
                                  weir_error **error);
    weir_status (*each_execution)(weir_store *store, const store_filter *filter,
                                  store_take_execution take, void *arg, weir_error **error);
    /* Whole rows of what a run of a task has begun, or (token 0) all its runs, one after the other;
     * by item; not hooks. */
    weir_status (*each_child)(weir_store *store, int64_t parent, int64_t position, int64_t token,
                              store_take_execution take, void *arg, weir_error **error);
    /* How many below a root have not ended, itself aside. */
    weir_status (*count_below)(weir_store *store, int64_t root, int64_t *ret, weir_error **error);
    weir_status (*find_task)(weir_store *store, int64_t execution, int64_t position, bool whole,
                             store_take_task take, void *arg, weir_error **error);
    /* All tasks in `state` (NONE: in any), by position. */
    weir_status (*each_task)(weir_store *store, int64_t execution, store_state state, bool whole,
                             store_take_task take, void *arg, weir_error **error);
    /* Events behind number `after`, oldest first. */
    weir_status (*each_event)(weir_store *store, int64_t execution, int64_t after,
                              store_take_event take, void *arg, weir_error **error);
    /* At most `most` brief rows. */
    weir_status (*each_listed)(weir_store *store, store_list list, int64_t number, size_t most,
                               store_take_task take, void *arg, weir_error **error);
    /* The time at which something is next due: a task (as STORE_DUE), or the deadline of an
     * execution; and when a condition is to be asked. INT64_MAX: nothing is. */
    weir_status (*next_due)(weir_store *store, const store_asked *which, int64_t *ret_due,
                            int64_t *ret_ask, weir_error **error);
    /* Brief rows of tasks whose condition is to be asked; those that have waited longest first. */
    weir_status (*each_asked)(weir_store *store, const store_asked *which, store_take_task take,
                              void *arg, weir_error **error);
    /* Executions that have not ended, whose deadline has come. */
    weir_status (*each_overdue)(weir_store *store, int64_t time, size_t most,
                                store_take_execution take, void *arg, weir_error **error);
    /* Of the Pending and Running executions behind id `after`, in order of their ids and at most
     * `most` of them, gives those without a task that is Ready, Running or Deferred. *ret_last: the
     * last that was looked at; 0: there were none. */
    weir_status (*each_stuck)(weir_store *store, int64_t after, size_t most,
                              store_take_execution take, void *arg, int64_t *ret_last,
                              weir_error **error);

    /* Of the Pending and Running executions behind id `after`, up to `last`, those that were made
     * before `time` and have a task to be claimed, where no runner that has not ended has the code
     * of their plan: those that are not marked yet. A runner that offers the plan takes the marks
     * away. */
    weir_status (*each_unserved)(weir_store *store, int64_t after, int64_t last, int64_t time,
                                 store_take_execution take, void *arg, weir_error **error);
    weir_status (*mark_unserved)(weir_store *store, int64_t execution, int64_t time,
                                 weir_error **error);

    /* --- Schedules --- */

    /* Of one workflow, or (NULL) of all. */
    weir_status (*each_schedule)(weir_store *store, const char *workflow, store_take_schedule take,
                                 void *arg, weir_error **error);
    /* Makes it, or changes it. */
    weir_status (*put_schedule)(weir_store *store, const store_schedule *row, weir_error **error);
    /* Newest first; those that are `queued`: oldest first. */
    weir_status (*each_slot)(weir_store *store, const char *workflow, bool queued, size_t most,
                             store_take_slot take, void *arg, weir_error **error);
    /* Records it, or what has become of it since. */
    weir_status (*put_slot)(weir_store *store, const store_slot *row, weir_error **error);

    /* --- Triggers --- */

    /* Of one workflow, or (NULL) of all; of one name, or (NULL) of all. Who asks for one to write
     * comes after others that do. */
    weir_status (*each_trigger)(weir_store *store, const char *workflow, const char *name,
                                store_take_trigger take, void *arg, weir_error **error);
    /* Makes it, or changes all of it but `paused`. */
    weir_status (*put_trigger)(weir_store *store, const store_trigger *row, weir_error **error);
    /* Whether it has fired on the key, which is noted to have been asked for at `time`. */
    weir_status (*has_fired)(weir_store *store, const char *workflow, const char *name,
                             const char *key, int64_t time, bool *ret, weir_error **error);
    /* Newest first. */
    weir_status (*each_firing)(weir_store *store, const char *workflow, const char *name,
                               size_t most, store_take_firing take, void *arg, weir_error **error);
    weir_status (*put_firing)(weir_store *store, const store_firing *row, weir_error **error);
    /* Of a trigger, or (`name` NULL) of the schedule of a workflow: since when it is paused; 0: it
     * is not any more. WEIR_NOT_FOUND comes without a message. */
    weir_status (*set_paused)(weir_store *store, const char *workflow, const char *name,
                              int64_t since, weir_error **error);

    /* --- Changes --- */

    /* Gives each task that was claimed, whole. */
    weir_status (*claim)(weir_store *store, const store_claim *want, store_take_task take,
                         void *arg, weir_error **error);
    weir_status (*move_task)(weir_store *store, const store_task_move *move, weir_error **error);
    /* The same for several; which of them were refused (WEIR_STATE of move_task) is told one by
     * one, and is no failure. */
    weir_status (*move_tasks)(weir_store *store, const store_task_move *moves, size_t count,
                              bool *ret_refused, weir_error **error);
    weir_status (*move_execution)(weir_store *store, const store_execution_move *move,
                                  weir_error **error);
    /* What an earlier run of a task has begun is of the one with `token` now. WEIR_STATE: nobody
     * has begun it. */
    weir_status (*adopt)(weir_store *store, int64_t execution, int64_t token, weir_error **error);
    /* WEIR_STATE: it does not wait any more, is held, or another is at it. */
    weir_status (*ask_at)(weir_store *store, const store_asking *asking, weir_error **error);
    /* A Ready task that is due can be claimed. */
    weir_status (*queue)(weir_store *store, int64_t execution, int64_t position,
                         weir_error **error);
    /* One less to wait for; *ret_waiting is what is left, below 0: it did not wait. *ret_ended: it
     * has ended, and waits to hand on what others write anew. WEIR_STATE: it has not, and does not
     * wait. */
    weir_status (*count_down)(weir_store *store, int64_t execution, int64_t position,
                              int64_t *ret_waiting, bool *ret_ended, weir_error **error);
    /* A task that has ended hands on `seen` (NULL: as it was), once `waiting` others that begin
     * anew have ended, too. WEIR_STATE: it has not ended. */
    weir_status (*hand_on)(weir_store *store, int64_t execution, int64_t position, int64_t waiting,
                           const char *seen, weir_error **error);
    /* `by` tasks more that have not ended (below 0: less); *ret_unfinished is what is left. */
    weir_status (*count_unfinished)(weir_store *store, int64_t execution, int64_t by,
                                    int64_t *ret_unfinished, weir_error **error);
    /* An event without a transition. */
    weir_status (*note)(weir_store *store, int64_t execution, const store_event *event,
                        weir_error **error);

    /* --- An operator's --- */

    /* False where the URL names nothing yet, and opening it would make it. */
    bool (*is_there)(const char *place);
    /* In a transaction. */
    weir_status (*answer)(weir_store *store, store_question question, store_take_answer take,
                          void *arg, weir_error **error);
    /* Removes at most `most` executions that ended before `time`, with all that is theirs; runners
     * that ended before it; and at most `most` plans that no execution has, no runner that has not
     * ended offers, and that are not the newest of a workflow with a schedule or a trigger. */
    weir_status (*prune)(weir_store *store, int64_t time, size_t most, store_pruned *ret,
                         weir_error **error);
    /* Outside of transactions. WEIR_INVALID: with other tools; WEIR_STATE: `path` is there. */
    weir_status (*backup)(weir_store *store, const char *path, weir_error **error);
    weir_status (*vacuum)(weir_store *store, weir_error **error);
} weir_store_kind;

struct weir_store {
    const weir_store_kind *kind;
    store_counts counts;
};

extern const weir_store_kind store_sqlite, store_postgres;

/* Opens the store that `url` ("sqlite:FILE", "postgresql://USER@HOST/DATABASE") names. Also
 * WEIR_INVALID: no such kind, or one that this weir was built without. */
weir_status store_open(const char *url, int64_t busy, weir_store **ret, weir_error **error);
/* The same, of one that is there: WEIR_NOT_FOUND. */
weir_status store_open_old(const char *url, int64_t busy, weir_store **ret, weir_error **error);
void store_close(weir_store *store); /* NULL allowed */

#endif
