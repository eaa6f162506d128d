/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.h - between the files of the SQLite store. */
#ifndef WEIR_STORE_SQLITE_H
#define WEIR_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/argument.h"
#include "store/migration.h"
#include "store/store.h"

/* Each statement is prepared when it is first needed. */
typedef enum sqlite_statement {
    SQL_BEGIN_READ,
    SQL_BEGIN_WRITE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_DATA_VERSION,
    SQL_JOIN,
    SQL_BEAT,
    SQL_OFFER,
    SQL_END_RUNNER,
    SQL_DROP_OFFERS,
    SQL_RUNNERS,
    SQL_COUNT_OFFERS,
    SQL_ADD_PLAN,
    SQL_ADD_PLAN_TEXT,
    SQL_PLAN_ID,
    SQL_ADD_EXECUTION,
    SQL_ADD_PAYLOAD,
    SQL_ADD_TASK,
    SQL_PLAN_BY_ID,
    SQL_EXECUTION_BRIEF,
    SQL_EXECUTION_BY_ID,
    SQL_EXECUTION_BY_KEY,
    SQL_EXECUTIONS,
    SQL_EXECUTIONS_OF_PARENT,
    SQL_CHILDREN,
    SQL_ADOPT,
    SQL_COUNT_BELOW,
    SQL_TASK_BRIEF,
    SQL_TASK_WHOLE,
    SQL_TASKS_BRIEF,
    SQL_TASKS_WHOLE,
    SQL_EVENTS,
    SQL_DUE,
    SQL_LOST,
    SQL_DOOMED,
    SQL_NEXT_DUE,
    SQL_UNSERVED,
    SQL_MARK_UNSERVED,
    SQL_UNMARK_UNSERVED,
    SQL_ASKED,
    SQL_ASK_AT,
    SQL_OVERDUE,
    SQL_STUCK,
    SQL_LAST_LIVE,
    SQL_HEAD,
    SQL_HEAD_OF_ONE,
    SQL_COUNT_TAG,
    SQL_CLAIM,
    SQL_ROUND_OF_PLAN,
    SQL_NEXT_ROUND,
    SQL_MOVE_TASK,
    SQL_MOVE_EXECUTION,
    SQL_SET_CONTEXT,
    SQL_HOLD,
    SQL_QUEUE,
    SQL_COUNT_DOWN,
    SQL_HAND_ON,
    SQL_COUNT_UNFINISHED,
    SQL_ADD_EVENT,
    SQL_EXECUTIONS_SCHEDULED,
    SQL_SCHEDULES,
    SQL_PUT_SCHEDULE,
    SQL_SLOTS,
    SQL_SLOTS_QUEUED,
    SQL_PUT_SLOT,
    SQL_TRIGGERS,
    SQL_PUT_TRIGGER,
    SQL_HAS_FIRED,
    SQL_FIRINGS,
    SQL_PUT_FIRING,
    SQL_PAUSE_TRIGGER,
    SQL_PAUSE_SCHEDULE,
    SQL_STATUS, /* from here on an operator's */
    SQL_CHECK,
    SQL_PRUNE_EVENTS,
    SQL_PRUNE_TASKS,
    SQL_PRUNE_PAYLOADS,
    SQL_PRUNE_EXECUTIONS,
    SQL_PRUNE_RUNNERS,
    SQL_PRUNE_PLAN_TEXTS,
    SQL_PRUNE_PLANS,
    SQL_PRUNE_SLOTS,
    SQL_PRUNE_FIRINGS,
    SQL_STATEMENTS,
} sqlite_statement;

extern const char *const sqlite_texts[SQL_STATEMENTS];

typedef struct sqlite_store {
    weir_store base;
    sqlite3 *database;
    char *path;
    int lock;        /* the lock file: byte 0 is the writer's, byte N that of runner N */
    int64_t busy;    /* nanoseconds */
    int64_t runner;  /* that this handle is; 0: none */
    bool joins;      /* .. by the transaction under way */
    int64_t version; /* of the file, as others last changed it */
    bool writing;    /* a transaction that holds the lock */
    int wal_pages;   /* since the last checkpoint, as of the newest commit */
    sqlite3_stmt *statements[SQL_STATEMENTS];
} sqlite_store;

extern const store_migration sqlite_migrations[]; /* generated from migrations/sqlite */
extern const int sqlite_migration_count;

/* Sets the error that SQLite's newest failure means: "the store 'x.db' cannot WHAT: REASON". */
weir_status sqlite_fail(sqlite_store *store, const char *what, weir_error **error);
/* After the last row: `code` is what stepping gave, `status` what was made of the rows. */
weir_status sqlite_end_rows(sqlite_store *store, sqlite3_stmt *statement, int code,
                            weir_status status, weir_error **error);

/* The statement, reset and ready to bind; NULL: failed. */
sqlite3_stmt *sqlite_prepare(sqlite_store *store, sqlite_statement which, weir_error **error);
/* Runs it to its end; it gives no rows. */
weir_status sqlite_do(sqlite_store *store, sqlite_statement which, const char *what,
                      weir_error **error);

/* The writer's lock of all processes. */
weir_status sqlite_lock(sqlite_store *store, weir_error **error);
void sqlite_unlock(sqlite_store *store);
/* fcntl on one byte of the lock file; of F_OFD_GETLK the type of the lock that is there. */
int sqlite_lock_byte(const sqlite_store *store, int command, short type, int64_t byte);

/* Brings the schema up to date; the caller holds the lock and a transaction. */
weir_status sqlite_migrate(sqlite_store *store, weir_error **error);

/* --- sqlite_rows.c: what the other files read rows with --- */

/* The statement, with what it is given, which outlives its use; NULL: failed. */
sqlite3_stmt *sqlite_bind(sqlite_store *store, sqlite_statement which,
                          const store_argument *arguments, size_t count, weir_error **error);
store_task sqlite_read_task(sqlite3_stmt *row);

/* Whoever is given rows: one of these. */
typedef struct sqlite_query {
    sqlite_statement which;
    store_take_execution execution;
    store_take_task task;
    store_take_event event;
    store_take_plan plan;
    store_take_runner runner;
    void *arg;
} sqlite_query;

/* Gives each row; WEIR_NOT_FOUND: there was none. */
weir_status sqlite_give_rows(sqlite_store *store, const sqlite_query *q,
                             const store_argument *arguments, size_t argument_count,
                             weir_error **error);
/* What gives no rows, as sqlite_do. */
weir_status sqlite_put(sqlite_store *store, sqlite_statement which, const char *what,
                       const store_argument *arguments, size_t count, weir_error **error);
/* At most one number; WEIR_NOT_FOUND: none. */
weir_status sqlite_ask_number(sqlite_store *store, sqlite_statement which,
                              const store_argument *arguments, size_t count, int64_t *ret,
                              weir_error **error);
/* The same of a statement that is bound. */
weir_status sqlite_ask(sqlite_store *store, sqlite_statement which, int64_t *ret,
                       weir_error **error);

/* --- The operations --- */

weir_status sqlite_join(weir_store *store, const char *name, int64_t time, int64_t *ret_runner,
                        weir_error **error);
weir_status sqlite_beat(weir_store *store, int64_t runner, int64_t time, weir_error **error);
weir_status sqlite_offer(weir_store *store, int64_t runner, int64_t plan, weir_error **error);
weir_status sqlite_end_runner(weir_store *store, int64_t runner, int64_t time, weir_error **error);
weir_status sqlite_is_alive(weir_store *store, int64_t runner, bool *ret, weir_error **error);
weir_status sqlite_each_runner(weir_store *store, store_take_runner take, void *arg,
                               weir_error **error);
weir_status sqlite_count_offers(weir_store *store, int64_t plan, int64_t *ret, weir_error **error);
weir_status sqlite_add_plan(weir_store *store, const store_plan *row, int64_t *ret_id,
                            weir_error **error);
weir_status sqlite_add_execution(weir_store *store, const store_execution *row, int64_t *ret_id,
                                 weir_error **error);
weir_status sqlite_add_task(weir_store *store, int64_t execution, int64_t plan,
                            const store_task *row, int64_t time, weir_error **error);
weir_status sqlite_find_plan(weir_store *store, int64_t id, store_take_plan take, void *arg,
                             weir_error **error);
weir_status sqlite_find_execution(weir_store *store, int64_t id, const char *workflow,
                                  const char *key, bool whole, store_take_execution take, void *arg,
                                  weir_error **error);
weir_status sqlite_each_execution(weir_store *store, const store_filter *filter,
                                  store_take_execution take, void *arg, weir_error **error);
weir_status sqlite_each_child(weir_store *store, int64_t parent, int64_t position, int64_t token,
                              store_take_execution take, void *arg, weir_error **error);
weir_status sqlite_count_below(weir_store *store, int64_t root, int64_t *ret, weir_error **error);
weir_status sqlite_find_task(weir_store *store, int64_t execution, int64_t position, bool whole,
                             store_take_task take, void *arg, weir_error **error);
weir_status sqlite_each_task(weir_store *store, int64_t execution, store_state state, bool whole,
                             store_take_task take, void *arg, weir_error **error);
weir_status sqlite_each_event(weir_store *store, int64_t execution, int64_t after,
                              store_take_event take, void *arg, weir_error **error);
weir_status sqlite_each_listed(weir_store *store, store_list list, int64_t number, size_t most,
                               store_take_task take, void *arg, weir_error **error);
weir_status sqlite_next_due(weir_store *store, const store_asked *which, int64_t *ret_due,
                            int64_t *ret_ask, weir_error **error);
weir_status sqlite_each_asked(weir_store *store, const store_asked *which, store_take_task take,
                              void *arg, weir_error **error);
weir_status sqlite_each_unserved(weir_store *base, int64_t after, int64_t last, int64_t time,
                                 store_take_execution take, void *arg, weir_error **error);
weir_status sqlite_mark_unserved(weir_store *base, int64_t execution, int64_t time,
                                 weir_error **error);
weir_status sqlite_each_overdue(weir_store *store, int64_t time, size_t most,
                                store_take_execution take, void *arg, weir_error **error);
weir_status sqlite_each_stuck(weir_store *store, int64_t after, size_t most,
                              store_take_execution take, void *arg, int64_t *ret_last,
                              weir_error **error);
weir_status sqlite_each_schedule(weir_store *store, const char *workflow, store_take_schedule take,
                                 void *arg, weir_error **error);
weir_status sqlite_put_schedule(weir_store *store, const store_schedule *row, weir_error **error);
weir_status sqlite_each_slot(weir_store *store, const char *workflow, bool queued, size_t most,
                             store_take_slot take, void *arg, weir_error **error);
weir_status sqlite_put_slot(weir_store *store, const store_slot *row, weir_error **error);
weir_status sqlite_each_trigger(weir_store *base, const char *workflow, const char *name,
                                store_take_trigger take, void *arg, weir_error **error);
weir_status sqlite_put_trigger(weir_store *base, const store_trigger *row, weir_error **error);
weir_status sqlite_has_fired(weir_store *base, const char *workflow, const char *name,
                             const char *key, int64_t time, bool *ret, weir_error **error);
weir_status sqlite_each_firing(weir_store *base, const char *workflow, const char *name,
                               size_t most, store_take_firing take, void *arg, weir_error **error);
weir_status sqlite_put_firing(weir_store *base, const store_firing *row, weir_error **error);
weir_status sqlite_set_paused(weir_store *base, const char *workflow, const char *name,
                              int64_t since, weir_error **error);
weir_status sqlite_claim(weir_store *store, const store_claim *want, store_take_task take,
                         void *arg, weir_error **error);
weir_status sqlite_move_task(weir_store *store, const store_task_move *move, weir_error **error);
weir_status sqlite_move_tasks(weir_store *store, const store_task_move *moves, size_t count,
                              bool *ret_refused, weir_error **error);
weir_status sqlite_move_execution(weir_store *store, const store_execution_move *move,
                                  weir_error **error);
weir_status sqlite_ask_at(weir_store *store, const store_asking *asking, weir_error **error);
weir_status sqlite_queue(weir_store *store, int64_t execution, int64_t position,
                         weir_error **error);
weir_status sqlite_adopt(weir_store *store, int64_t execution, int64_t token, weir_error **error);
weir_status sqlite_count_down(weir_store *store, int64_t execution, int64_t position,
                              int64_t *ret_waiting, bool *ret_ended, weir_error **error);
weir_status sqlite_hand_on(weir_store *store, int64_t execution, int64_t position, int64_t waiting,
                           const char *seen, weir_error **error);
weir_status sqlite_count_unfinished(weir_store *store, int64_t execution, int64_t by,
                                    int64_t *ret_unfinished, weir_error **error);
weir_status sqlite_note(weir_store *store, int64_t execution, const store_event *event,
                        weir_error **error);

/* --- sqlite_operator.c --- */

bool sqlite_is_there(const char *place);
weir_status sqlite_answer(weir_store *base, store_question question, store_take_answer take,
                          void *arg, weir_error **error);
weir_status sqlite_prune(weir_store *base, int64_t time, size_t most, store_pruned *ret,
                         weir_error **error);
weir_status sqlite_backup(weir_store *base, const char *path, weir_error **error);
weir_status sqlite_vacuum(weir_store *base, weir_error **error);

#endif
