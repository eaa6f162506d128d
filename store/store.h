/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - where durable state lives: one interface for all kinds of stores.
 *
 * A store keeps rows and holds rules that no caller can get around: only the transitions of
 * store_may_move happen, from the state that the caller names and (for a claimed task) with the
 * token of the newest claim, and each is an event row of the same transaction. What a transition
 * means is the workflow room's business.
 *
 * Threads: one store by one thread at a time. All but open, close, now, join and is_alive happen
 *          between begin and commit (or rollback).
 * Memory:  rows that a callback is given live until it returns.
 * Errors:  WEIR_IO, WEIR_AGAIN (another process held the store for too long), WEIR_NOMEM; moves
 *          also WEIR_STATE (refused; nothing was changed).
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

/* What an ended task counts as in the rules of others (rule F2). */
typedef enum store_verdict {
    STORE_OPEN, /* it has not ended */
    STORE_SUCCESS,
    STORE_FAILURE,
    STORE_NEITHER,
} store_verdict;

typedef struct weir_store weir_store; /* each kind begins its own with one */

typedef struct store_execution {
    int64_t id;
    const char *workflow, *version;
    const char *key; /* NULL: none */
    store_state state;
    const char *input;
    const char *context; /* NULL: it has not ended */
    const char *reason;
    int64_t unfinished;
    int64_t created;
} store_execution;

typedef struct store_task {
    int64_t position;
    const char *name;
    store_state state;
    store_verdict verdict;
    int64_t waiting, attempt, spent, lost, due, token;
    int64_t runner; /* 0: none */
    const char *writes, *log, *reason;
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

/* A transition of a task. The members below `time` change with it; a token is compared unless it
 * is 0, and a claim (Ready -> Running) happens only in an execution that is Pending or Running. */
typedef struct store_task_move {
    int64_t execution, position;
    store_state from, to;
    int64_t token;
    int64_t runner;
    const char *reason;
    int64_t time;
    int64_t due;           /* to Ready */
    bool spent, lost;      /* the run that ends by it counts as an attempt, as lost */
    store_verdict verdict; /* to an end */
    const char *writes, *log;
} store_task_move;

typedef struct store_execution_move {
    int64_t execution;
    store_state from, to;
    int64_t runner;
    const char *reason;
    int64_t time;
    const char *context; /* to an end */
} store_execution_move;

typedef weir_status (*store_take_execution)(void *arg, const store_execution *row,
                                            weir_error **error);
typedef weir_status (*store_take_task)(void *arg, const store_task *row, weir_error **error);
typedef weir_status (*store_take_event)(void *arg, const store_event *row, weir_error **error);

typedef struct weir_store_kind {
    const char *name;    /* "sqlite": what its URL begins with */
    const char *summary; /* one sentence */

    /* Opens what the URL names behind the kind's name, and brings it up to date; waits for other
     * processes for at most `busy` nanoseconds, here and later. Also WEIR_MISMATCH. */
    weir_status (*open)(const char *place, int64_t busy, weir_store **ret, weir_error **error);
    void (*close)(weir_store *store);

    int64_t (*now)(weir_store *store); /* the store's clock */
    /* The store's handle becomes a runner, which is alive until the handle is closed or the process
     * dies. */
    weir_status (*join)(weir_store *store, const char *name, int64_t *ret_runner,
                        weir_error **error);
    weir_status (*is_alive)(weir_store *store, int64_t runner, bool *ret, weir_error **error);

    weir_status (*begin)(weir_store *store, weir_error **error);
    weir_status (*commit)(weir_store *store, weir_error **error); /* ends it also when it fails */
    void (*rollback)(weir_store *store);

    weir_status (*add_plan)(weir_store *store, const char *version, const char *workflow,
                            const char *plan, weir_error **error);
    /* The execution begins as Pending with `row`'s workflow, version, key, input, unfinished and
     * created; a task with its position, name and waiting. */
    weir_status (*add_execution)(weir_store *store, const store_execution *row, int64_t *ret_id,
                                 weir_error **error);
    weir_status (*add_task)(weir_store *store, int64_t execution, const store_task *row,
                            int64_t time, weir_error **error);

    /* One execution by its id, or (id 0) by workflow and key. WEIR_NOT_FOUND: without a message. */
    weir_status (*find_execution)(weir_store *store, int64_t id, const char *workflow,
                                  const char *key, store_take_execution take, void *arg,
                                  weir_error **error);
    weir_status (*find_task)(weir_store *store, int64_t execution, int64_t position,
                             store_take_task take, void *arg, weir_error **error);
    /* The Ready task that is due first (ties: by position); WEIR_NOT_FOUND: there is none. */
    weir_status (*next_ready)(weir_store *store, int64_t execution, store_take_task take, void *arg,
                              weir_error **error);
    /* All tasks in `state` (NONE: in any), by position. The callback changes no task. */
    weir_status (*each_task)(weir_store *store, int64_t execution, store_state state,
                             store_take_task take, void *arg, weir_error **error);
    weir_status (*each_event)(weir_store *store, int64_t execution, store_take_event take,
                              void *arg, weir_error **error);

    weir_status (*move_task)(weir_store *store, const store_task_move *move, weir_error **error);
    weir_status (*move_execution)(weir_store *store, const store_execution_move *move,
                                  weir_error **error);
    /* One less to wait for; *ret_waiting is what is left. */
    weir_status (*count_down)(weir_store *store, int64_t execution, int64_t position,
                              int64_t *ret_waiting, weir_error **error);
    /* One task less to end; *ret_unfinished is what is left. */
    weir_status (*count_ended)(weir_store *store, int64_t execution, int64_t *ret_unfinished,
                               weir_error **error);
    /* An event without a transition. */
    weir_status (*note)(weir_store *store, int64_t execution, const store_event *event,
                        weir_error **error);
} weir_store_kind;

struct weir_store {
    const weir_store_kind *kind;
};

extern const weir_store_kind store_sqlite;

/* Opens the store that `url` ("sqlite:FILE") names. Also WEIR_INVALID: no such kind. */
weir_status store_open(const char *url, int64_t busy, weir_store **ret, weir_error **error);
void store_close(weir_store *store); /* NULL allowed */

#endif
