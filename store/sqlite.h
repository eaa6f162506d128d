/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.h - between the files of the SQLite store. */
#ifndef WEIR_STORE_SQLITE_H
#define WEIR_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/store.h"

/* Each statement is prepared when it is first needed. */
typedef enum sqlite_statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_JOIN,
    SQL_ADD_PLAN,
    SQL_ADD_EXECUTION,
    SQL_ADD_TASK,
    SQL_EXECUTION_BY_ID,
    SQL_EXECUTION_BY_KEY,
    SQL_TASK,
    SQL_TASKS,
    SQL_TASKS_IN_STATE,
    SQL_NEXT_READY,
    SQL_EVENTS,
    SQL_MOVE_TASK,
    SQL_MOVE_EXECUTION,
    SQL_COUNT_DOWN,
    SQL_COUNT_ENDED,
    SQL_ADD_EVENT,
    SQL_STATEMENTS,
} sqlite_statement;

extern const char *const sqlite_texts[SQL_STATEMENTS];

typedef struct sqlite_store {
    weir_store base;
    sqlite3 *database;
    char *path;
    int lock;       /* the lock file: byte 0 is the writer's, byte N that of runner N */
    int64_t busy;   /* nanoseconds */
    int64_t runner; /* that this handle is; 0: none */
    int wal_pages;  /* since the last checkpoint, as of the newest commit */
    sqlite3_stmt *statements[SQL_STATEMENTS];
} sqlite_store;

/* One migration: forward only, told from a changed one by its digest. */
typedef struct sqlite_migration {
    int number;
    const char *name;
    const char *text;
} sqlite_migration;

extern const sqlite_migration sqlite_migrations[]; /* generated from migrations/; numbers 1.. */
extern const int sqlite_migration_count;

/* Sets the error that SQLite's newest failure means: "the store 'x.db' cannot WHAT: REASON". */
weir_status sqlite_fail(sqlite_store *store, const char *what, weir_error **error);

/* The statement, reset and ready to bind; NULL: failed. */
sqlite3_stmt *sqlite_prepare(sqlite_store *store, sqlite_statement which, weir_error **error);
/* Runs it to its end; it gives no rows. */
weir_status sqlite_do(sqlite_store *store, sqlite_statement which, const char *what,
                      weir_error **error);

/* The writer's lock of all processes. */
weir_status sqlite_lock(sqlite_store *store, weir_error **error);
void sqlite_unlock(sqlite_store *store);

/* Brings the schema up to date; the caller holds the lock and a transaction. */
weir_status sqlite_migrate(sqlite_store *store, weir_error **error);

/* The operations on rows. */
weir_status sqlite_add_plan(weir_store *base, const char *version, const char *workflow,
                            const char *plan, weir_error **error);
weir_status sqlite_add_execution(weir_store *base, const store_execution *row, int64_t *ret_id,
                                 weir_error **error);
weir_status sqlite_add_task(weir_store *base, int64_t execution, const store_task *row,
                            int64_t time, weir_error **error);
weir_status sqlite_find_execution(weir_store *base, int64_t id, const char *workflow,
                                  const char *key, store_take_execution take, void *arg,
                                  weir_error **error);
weir_status sqlite_find_task(weir_store *base, int64_t execution, int64_t position,
                             store_take_task take, void *arg, weir_error **error);
weir_status sqlite_next_ready(weir_store *base, int64_t execution, store_take_task take, void *arg,
                              weir_error **error);
weir_status sqlite_each_task(weir_store *base, int64_t execution, store_state state,
                             store_take_task take, void *arg, weir_error **error);
weir_status sqlite_each_event(weir_store *base, int64_t execution, store_take_event take, void *arg,
                              weir_error **error);
weir_status sqlite_move_task(weir_store *base, const store_task_move *move, weir_error **error);
weir_status sqlite_move_execution(weir_store *base, const store_execution_move *move,
                                  weir_error **error);
weir_status sqlite_count_down(weir_store *base, int64_t execution, int64_t position,
                              int64_t *ret_waiting, weir_error **error);
weir_status sqlite_count_ended(weir_store *base, int64_t execution, int64_t *ret_unfinished,
                               weir_error **error);
weir_status sqlite_note(weir_store *base, int64_t execution, const store_event *event,
                        weir_error **error);

#endif
