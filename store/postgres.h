/* SPDX-License-Identifier: Apache-2.0 */
/* postgres.h - between the files of the PostgreSQL store.
 *
 * Many write at once. What keeps them apart: whoever changes a task, or decides by what an
 * execution is, holds the row of that execution until the end of the transaction. Who looks for
 * work takes only rows that nobody holds (SKIP LOCKED); who comes with a result waits for its turn.
 * Two that wait for each other are found by the server; one of them is told WEIR_AGAIN and begins
 * anew.
 *
 * Within a transaction calls go through libpq's pipeline: what gives no answer that is needed is
 * sent and not waited for, and its failure is the failure of the next call that waits.
 */
#ifndef WEIR_STORE_POSTGRES_H
#define WEIR_STORE_POSTGRES_H

#include <libpq-fe.h>

#include "store/argument.h"
#include "store/store.h"

/* Each statement is prepared when a connection first needs it. */
typedef enum postgres_statement {
    PG_BEGIN_READ,
    PG_BEGIN_WRITE,
    PG_OPEN,
    PG_NUMBER,
    PG_COMMIT,
    PG_ROLLBACK,
    PG_IS_THERE,
    PG_TELL,
    PG_JOIN,
    PG_BEAT,
    PG_OFFER,
    PG_END_RUNNER,
    PG_RUNNERS,
    PG_COUNT_OFFERS,
    PG_ADD_PLAN,
    PG_PLAN_ID,
    PG_ADD_PLAN_TEXT,
    PG_ADD_EXECUTION,
    PG_ADD_TASK,
    PG_PLAN_BY_ID,
    PG_LOCK_KEY,
    PG_EXECUTION_BRIEF,
    PG_EXECUTION_BRIEF_HELD,
    PG_EXECUTION_BY_ID,
    PG_EXECUTION_BY_KEY,
    PG_EXECUTIONS,
    PG_EXECUTIONS_OF_PARENT,
    PG_CHILDREN,
    PG_ADOPT,
    PG_COUNT_BELOW,
    PG_TASK_BRIEF,
    PG_TASK_WHOLE,
    PG_TASKS_BRIEF,
    PG_TASKS_WHOLE,
    PG_EVENTS,
    PG_DUE,
    PG_LOST,
    PG_DOOMED,
    PG_NEXT_DUE,
    PG_UNSERVED,
    PG_MARK_UNSERVED,
    PG_UNMARK_UNSERVED,
    PG_ASKED,
    PG_ASK_AT,
    PG_OVERDUE,
    PG_LAST_LIVE,
    PG_STUCK,
    PG_HEADS,
    PG_HEADS_OF_ONE,
    PG_LOCK_TAGS,
    PG_COUNT_TAG,
    PG_CLAIM,
    PG_PASS_ROUND,
    PG_IS_LEFT,
    PG_MOVE_TASK,
    PG_MOVE_TASK_FOR_SURE, /* it fails the transaction where it is refused */
    PG_MOVE_EXECUTION,
    PG_HOLD,
    PG_QUEUE,
    PG_COUNT_DOWN,
    PG_HAND_ON,
    PG_COUNT_UNFINISHED,
    PG_ADD_EVENT,
    PG_EXECUTIONS_SCHEDULED,
    PG_LOCK_SCHEDULE,
    PG_SCHEDULES,
    PG_PUT_SCHEDULE,
    PG_SLOTS,
    PG_SLOTS_QUEUED,
    PG_PUT_SLOT,
    PG_LOCK_TRIGGER,
    PG_TRIGGERS,
    PG_PUT_TRIGGER,
    PG_HAS_FIRED,
    PG_FIRINGS,
    PG_PUT_FIRING,
    PG_PAUSE_TRIGGER,
    PG_PAUSE_SCHEDULE,
    PG_STATUS,
    PG_CHECK,
    PG_PRUNE,
    PG_PRUNE_RUNNERS,
    PG_HOLD_UNUSED_PLANS,
    PG_PRUNE_PLANS,
    PG_PRUNE_SLOTS,
    PG_PRUNE_FIRINGS,
    PG_STATEMENTS,
} postgres_statement;

extern const char *const postgres_texts[PG_STATEMENTS];

/* --- Connections (postgres_pool.c) --- */

typedef struct postgres_pool postgres_pool; /* of one URL, shared by the handles of a process */

/* A connection, in pipeline mode. */
typedef struct postgres_link {
    PGconn *connection;
    unsigned char prepared[PG_STATEMENTS]; /* 0: not; 1: sent; 2: it is there */
    struct postgres_link *next;
} postgres_link;

/* The pool of `url`; one that is new has `size` connections at most. */
weir_status postgres_pool_join(const char *url, int64_t size, postgres_pool **ret,
                               weir_error **error);
void postgres_pool_leave(postgres_pool *pool);
/* What it is called in messages: without a password. */
const char *postgres_pool_name(const postgres_pool *pool);

/* Who wants a connection; until it gives it back it is named to others. */
typedef struct postgres_holder {
    int64_t runner; /* 0: none */
    int64_t since;  /* of weir_monotonic_now */
    struct postgres_holder *next;
} postgres_holder;

/* Waits for one of the pool, and for a server that has no room, for at most `most` nanoseconds
 * each; WEIR_AGAIN also where there is no server (which is tried again not before some time has
 * passed). */
weir_status postgres_pool_borrow(postgres_pool *pool, postgres_holder *holder, int64_t most,
                                 postgres_link **ret, weir_error **error);
/* One that is `broken` is closed. */
void postgres_pool_return(postgres_pool *pool, postgres_holder *holder, postgres_link *link,
                          bool broken);
/* One more that is nobody's; where it is refused for now (too many, or the server only begins) it
 * is tried again until `most` has passed. Also of the listener. */
weir_status postgres_connect(const postgres_pool *pool, int64_t most, PGconn **ret,
                             weir_error **error);
/* Whether statements are to be sent without a name: something between us and the server forgets
 * them. */
bool postgres_pool_is_plain(const postgres_pool *pool);
void postgres_pool_set_plain(postgres_pool *pool);

/* --- A handle --- */

enum {
    POSTGRES_UNANSWERED = 256, /* calls under way at most */
    POSTGRES_SERIES = 64,      /* of them that are answered together */
};

typedef struct postgres_store {
    weir_store base;
    postgres_pool *pool;
    int64_t busy; /* nanoseconds */
    postgres_holder holder;
    char tag[20]; /* by which it knows what it has said itself */
    /* of the transaction under way */
    postgres_link *link;
    bool writing;
    bool numbered;       /* its number was asked for */
    char number[24];     /* by which the server knows whether it was committed; "": not known */
    weir_status failure; /* WEIR_OK: it can go on */
    weir_error *why;     /* of the failure */
    bool lost;           /* the connection is */
    bool patient;        /* answers take as long as they take */
    unsigned short unanswered[POSTGRES_UNANSWERED]; /* a ring: what was sent */
    size_t first, count;
    int64_t loose; /* tasks that can be claimed since, and were not by this transaction */
    bool told;     /* something has happened that others wait for */
    /* the listener (postgres_listen.c) */
    PGconn *listener;
    bool heard;        /* what others say does arrive */
    bool probes;       /* the next commit says something, to hear whether it does */
    bool left;         /* a claim had to leave something behind */
    int64_t listen_at; /* not before this it is tried again */
    int64_t delay;
    int64_t polled; /* when it was last taken for changed */
} postgres_store;

/* --- Calls (postgres_call.c) --- */

/* Sends it; whether it went well is known when the next answer is waited for. */
weir_status postgres_post(postgres_store *store, postgres_statement which,
                          const store_argument *arguments, size_t count, weir_error **error);
/* Sends it and waits; the caller clears *ret. */
weir_status postgres_ask(postgres_store *store, postgres_statement which,
                         const store_argument *arguments, size_t count, PGresult **ret,
                         weir_error **error);
/* The number that it gives; WEIR_NOT_FOUND: none. */
weir_status postgres_ask_number(postgres_store *store, postgres_statement which,
                                const store_argument *arguments, size_t count, int64_t *ret,
                                weir_error **error);
/* What the `count` newest calls, which were posted and are of one statement, answer: a number each,
 * or no row. For more than POSTGRES_SERIES there may be no room. */
weir_status postgres_take_series(postgres_store *store, size_t count, int64_t *ret_numbers,
                                 bool *ret_missing, weir_error **error);
/* Ends the transaction by COMMIT or ROLLBACK, and waits; false: the connection is lost. */
bool postgres_finish(postgres_store *store, postgres_statement which, bool *ret_done);
/* Forgets the transaction that was under way on the link. */
void postgres_reset(postgres_store *store);
/* The error that a result (NULL: the connection) means. */
weir_status postgres_fail(const postgres_store *store, const PGconn *connection,
                          const PGresult *result, weir_error **error);

int64_t postgres_number(const PGresult *result, int row, int column);   /* null: 0 */
const char *postgres_text(const PGresult *result, int row, int column); /* null: NULL */

/* --- Listening (postgres_listen.c) --- */

int postgres_descriptor(weir_store *store);
bool postgres_has_changed(weir_store *store);
void postgres_deafen(postgres_store *store); /* ends the connection */

/* --- Migrations (postgres_migrate.c) --- */

/* Brings the schema up to date, under a lock of all processes. */
weir_status postgres_migrate(postgres_store *store, weir_error **error);

/* --- Rows (postgres_rows.c) --- */

store_task postgres_read_task(const PGresult *result, int row);

weir_status postgres_add_plan(weir_store *base, const store_plan *row, int64_t *ret_id,
                              weir_error **error);
weir_status postgres_add_execution(weir_store *base, const store_execution *row, int64_t *ret_id,
                                   weir_error **error);
weir_status postgres_add_task(weir_store *base, int64_t execution, int64_t plan,
                              const store_task *row, int64_t time, weir_error **error);
weir_status postgres_find_plan(weir_store *base, int64_t id, store_take_plan take, void *arg,
                               weir_error **error);
weir_status postgres_find_execution(weir_store *base, int64_t id, const char *workflow,
                                    const char *key, bool whole, store_take_execution take,
                                    void *arg, weir_error **error);
weir_status postgres_each_execution(weir_store *base, const store_filter *filter,
                                    store_take_execution take, void *arg, weir_error **error);
weir_status postgres_each_child(weir_store *base, int64_t parent, int64_t position, int64_t token,
                                store_take_execution take, void *arg, weir_error **error);
weir_status postgres_count_below(weir_store *base, int64_t root, int64_t *ret, weir_error **error);
weir_status postgres_find_task(weir_store *base, int64_t execution, int64_t position, bool whole,
                               store_take_task take, void *arg, weir_error **error);
weir_status postgres_each_task(weir_store *base, int64_t execution, store_state state, bool whole,
                               store_take_task take, void *arg, weir_error **error);
weir_status postgres_each_event(weir_store *base, int64_t execution, int64_t after,
                                store_take_event take, void *arg, weir_error **error);
weir_status postgres_each_listed(weir_store *base, store_list list, int64_t number, size_t most,
                                 store_take_task take, void *arg, weir_error **error);
weir_status postgres_next_due(weir_store *store, const store_asked *which, int64_t *ret_due,
                              int64_t *ret_ask, weir_error **error);
weir_status postgres_each_asked(weir_store *store, const store_asked *which, store_take_task take,
                                void *arg, weir_error **error);
weir_status postgres_each_unserved(weir_store *base, int64_t after, int64_t last, int64_t time,
                                   store_take_execution take, void *arg, weir_error **error);
weir_status postgres_mark_unserved(weir_store *base, int64_t execution, int64_t time,
                                   weir_error **error);
weir_status postgres_each_overdue(weir_store *base, int64_t time, size_t most,
                                  store_take_execution take, void *arg, weir_error **error);
weir_status postgres_each_stuck(weir_store *base, int64_t after, size_t most,
                                store_take_execution take, void *arg, int64_t *ret_last,
                                weir_error **error);

/* --- Runners (postgres_runners.c) --- */

weir_status postgres_join(weir_store *base, const char *name, int64_t time, int64_t *ret_runner,
                          weir_error **error);
weir_status postgres_beat(weir_store *base, int64_t runner, int64_t time, weir_error **error);
weir_status postgres_offer(weir_store *base, int64_t runner, int64_t plan, weir_error **error);
weir_status postgres_end_runner(weir_store *base, int64_t runner, int64_t time, weir_error **error);
weir_status postgres_is_alive(weir_store *base, int64_t runner, bool *ret, weir_error **error);
weir_status postgres_each_runner(weir_store *base, store_take_runner take, void *arg,
                                 weir_error **error);
weir_status postgres_count_offers(weir_store *base, int64_t plan, int64_t *ret, weir_error **error);

/* --- Changes (postgres_moves.c) --- */

weir_status postgres_each_trigger(weir_store *base, const char *workflow, const char *name,
                                  store_take_trigger take, void *arg, weir_error **error);
weir_status postgres_put_trigger(weir_store *base, const store_trigger *row, weir_error **error);
weir_status postgres_has_fired(weir_store *base, const char *workflow, const char *name,
                               const char *key, int64_t time, bool *ret, weir_error **error);
weir_status postgres_each_firing(weir_store *base, const char *workflow, const char *name,
                                 size_t most, store_take_firing take, void *arg,
                                 weir_error **error);
weir_status postgres_put_firing(weir_store *base, const store_firing *row, weir_error **error);
weir_status postgres_set_paused(weir_store *base, const char *workflow, const char *name,
                                int64_t since, weir_error **error);
weir_status postgres_claim(weir_store *base, const store_claim *want, store_take_task take,
                           void *arg, weir_error **error);
weir_status postgres_move_task(weir_store *base, const store_task_move *move, weir_error **error);
weir_status postgres_move_tasks(weir_store *store, const store_task_move *moves, size_t count,
                                bool *ret_refused, weir_error **error);
weir_status postgres_move_execution(weir_store *base, const store_execution_move *move,
                                    weir_error **error);
weir_status postgres_ask_at(weir_store *base, const store_asking *asking, weir_error **error);
weir_status postgres_queue(weir_store *base, int64_t execution, int64_t position,
                           weir_error **error);
weir_status postgres_adopt(weir_store *store, int64_t execution, int64_t token, weir_error **error);
weir_status postgres_count_down(weir_store *base, int64_t execution, int64_t position,
                                int64_t *ret_waiting, bool *ret_ended, weir_error **error);
weir_status postgres_hand_on(weir_store *base, int64_t execution, int64_t position, int64_t waiting,
                             const char *seen, weir_error **error);
weir_status postgres_count_unfinished(weir_store *base, int64_t execution, int64_t by,
                                      int64_t *ret_unfinished, weir_error **error);
weir_status postgres_note(weir_store *base, int64_t execution, const store_event *event,
                          weir_error **error);

/* --- Schedules (postgres_schedules.c) --- */

weir_status postgres_each_schedule(weir_store *base, const char *workflow, store_take_schedule take,
                                   void *arg, weir_error **error);
weir_status postgres_put_schedule(weir_store *base, const store_schedule *row, weir_error **error);
weir_status postgres_each_slot(weir_store *base, const char *workflow, bool queued, size_t most,
                               store_take_slot take, void *arg, weir_error **error);
weir_status postgres_put_slot(weir_store *base, const store_slot *row, weir_error **error);

/* --- postgres_operator.c --- */

weir_status postgres_answer(weir_store *base, store_question question, store_take_answer take,
                            void *arg, weir_error **error);
weir_status postgres_prune(weir_store *base, int64_t time, size_t most, store_pruned *ret,
                           weir_error **error);
weir_status postgres_backup(weir_store *base, const char *path, weir_error **error);
weir_status postgres_vacuum(weir_store *base, weir_error **error);

#endif
