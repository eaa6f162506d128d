/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.c - the store in one SQLite file: opening, locks, transactions.
 *
 * SQLite before 3.51.3 can lose a write when two connections write and checkpoint a write-ahead log
 * at once. So writers, and whoever checkpoints, take a lock of ours in turn: byte 0 of FILE-lock.
 * Automatic checkpoints are off; who has committed checkpoints, if it is time, while it still holds
 * the lock. No process ever meets "database is locked", and nobody waits without an end.
 *
 * A runner holds the byte of its number in the same file. The kernel lets it go when the process
 * dies, and never before: so a runner that is gone is known at once, and a slow one is not robbed.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"

enum { CHECKPOINT_PAGES = 1000 };

static const int64_t SECOND_NS = 1000000000;

/* --- Errors and statements --- */

weir_status sqlite_fail(sqlite_store *store, const char *what, weir_error **error)
{
    int code = store->database != NULL ? sqlite3_errcode(store->database) : SQLITE_NOMEM;
    weir_status status = code == SQLITE_NOMEM                           ? WEIR_NOMEM
                         : code == SQLITE_BUSY || code == SQLITE_LOCKED ? WEIR_AGAIN
                                                                        : WEIR_IO;

    return weir_error_set(error, status, "the store '%s' cannot %s: %s", store->path, what,
                          store->database != NULL ? sqlite3_errmsg(store->database)
                                                  : "out of memory");
}

weir_status sqlite_end_rows(sqlite_store *store, sqlite3_stmt *statement, int code,
                            weir_status status, weir_error **error)
{
    if (status == WEIR_OK && code != SQLITE_DONE)
        status = sqlite_fail(store, "be read", error);
    sqlite3_reset(statement);
    return status;
}

sqlite3_stmt *sqlite_prepare(sqlite_store *store, sqlite_statement which, weir_error **error)
{
    sqlite3_stmt **statement = &store->statements[which];

    if (*statement == NULL &&
        sqlite3_prepare_v3(store->database, sqlite_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                           statement, NULL) != SQLITE_OK) {
        sqlite_fail(store, "prepare a statement", error);
        return NULL;
    }
    store->base.counts.statements++;
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    return *statement;
}

weir_status sqlite_do(sqlite_store *store, sqlite_statement which, const char *what,
                      weir_error **error)
{
    sqlite3_stmt *statement = store->statements[which];
    int code = sqlite3_step(statement);
    weir_status status = code == SQLITE_DONE ? WEIR_OK : sqlite_fail(store, what, error);

    sqlite3_reset(statement);
    return status;
}

/* --- Locks --- */

static int64_t clock_now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * SECOND_NS + time.tv_nsec;
}

int sqlite_lock_byte(const sqlite_store *store, int command, short type, int64_t byte)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    int code = fcntl(store->lock, command, &lock);
    return code == 0 && command == F_OFD_GETLK ? lock.l_type : code;
}

/* There is no lock with a deadline; it is asked for anew, at most 5 ms after it was let go. */
weir_status sqlite_lock(sqlite_store *store, weir_error **error)
{
    int64_t end = clock_now(CLOCK_MONOTONIC) + store->busy;
    struct timespec pause = {.tv_nsec = 50000};

    while (sqlite_lock_byte(store, F_OFD_SETLK, F_WRLCK, 0) != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return weir_error_set(error, WEIR_IO, "cannot lock '%s-lock': %s", store->path,
                                  strerror(errno));
        if (clock_now(CLOCK_MONOTONIC) > end)
            return weir_error_set(error, WEIR_AGAIN,
                                  "another process has held the store '%s' for more than %lld s; "
                                  "'fuser %s-lock' names it",
                                  store->path, (long long)(store->busy / SECOND_NS), store->path);
        nanosleep(&pause, NULL);
        pause.tv_nsec = pause.tv_nsec < 2500000 ? pause.tv_nsec * 2 : 5000000;
    }
    return WEIR_OK;
}

void sqlite_unlock(sqlite_store *store)
{
    sqlite_lock_byte(store, F_OFD_SETLK, F_UNLCK, 0);
}

/* --- Transactions --- */

static weir_status begin(weir_store *base, bool write, int64_t *ret_now, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    sqlite_statement which = write ? SQL_BEGIN_WRITE : SQL_BEGIN_READ;
    weir_status status = write ? sqlite_lock(store, error) : WEIR_OK;

    if (status != WEIR_OK)
        return status;
    status = sqlite_prepare(store, which, error) == NULL
                 ? WEIR_IO
                 : sqlite_do(store, which, "begin a transaction", error);
    if (status != WEIR_OK && write)
        sqlite_unlock(store);
    store->writing = write && status == WEIR_OK;
    store->base.counts.transactions++;
    *ret_now = clock_now(CLOCK_REALTIME);
    return status;
}

/* Lets go of what begin took. */
static void leave(sqlite_store *store)
{
    if (store->writing)
        sqlite_unlock(store);
    store->writing = store->joins = false;
}

static void rollback(weir_store *base)
{
    sqlite_store *store = (sqlite_store *)base;

    /* After some failures SQLite has rolled back by itself. */
    if (!sqlite3_get_autocommit(store->database) &&
        sqlite_prepare(store, SQL_ROLLBACK, NULL) != NULL)
        sqlite3_step(store->statements[SQL_ROLLBACK]),
            sqlite3_reset(store->statements[SQL_ROLLBACK]);
    /* The number of a runner that there is not may be another's next. */
    if (store->joins) {
        sqlite_lock_byte(store, F_OFD_SETLK, F_UNLCK, store->runner);
        store->runner = 0;
    }
    leave(store);
}

static int count_pages(void *arg, sqlite3 *database, const char *name, int pages)
{
    (void)database;
    (void)name;
    ((sqlite_store *)arg)->wal_pages = pages;
    return SQLITE_OK;
}

/* What cannot be checkpointed now can be later; a full disk shows at the next write. */
static void checkpoint(sqlite_store *store)
{
    sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    store->wal_pages = 0;
}

static weir_status commit(weir_store *base, weir_error **error)
{
    sqlite_store *store = (sqlite_store *)base;
    weir_status status = sqlite_prepare(store, SQL_COMMIT, error) == NULL
                             ? WEIR_IO
                             : sqlite_do(store, SQL_COMMIT, "commit", error);

    if (status != WEIR_OK) {
        rollback(base);
        return status;
    }
    if (store->writing && store->wal_pages > CHECKPOINT_PAGES)
        checkpoint(store);
    leave(store);
    return WEIR_OK;
}

/* --- Waking --- */

static int descriptor(weir_store *store)
{
    (void)store;
    return -1;
}

/* What cannot be asked may have changed. */
static bool has_changed(weir_store *base)
{
    sqlite_store *store = (sqlite_store *)base;
    int64_t version = 0;

    if (sqlite_prepare(store, SQL_DATA_VERSION, NULL) == NULL ||
        sqlite_ask(store, SQL_DATA_VERSION, &version, NULL) != WEIR_OK)
        return true;
    bool changed = version != store->version;
    store->version = version;
    return changed;
}

/* --- Opening --- */

static void close_store(weir_store *base)
{
    sqlite_store *store = (sqlite_store *)base;

    for (size_t i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    if (store->wal_pages > 0 && sqlite_lock(store, NULL) == WEIR_OK) {
        checkpoint(store);
        sqlite_unlock(store);
    }
    sqlite3_close(store->database);
    if (store->lock >= 0)
        close(store->lock);
    weir_free(store->path);
    weir_free(store);
}

static weir_status open_lock(sqlite_store *store, weir_error **error)
{
    weir_buffer path = {0};

    weir_buffer_printf(&path, "%s-lock", store->path);
    if (path.failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    store->lock = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    weir_status status = store->lock >= 0 ? WEIR_OK
                                          : weir_error_set(error, WEIR_IO, "cannot open '%s': %s",
                                                           path.data, strerror(errno));
    weir_buffer_free(&path);
    return status;
}

static int is_wal(void *arg, int count, char **values, char **names)
{
    (void)names;
    *(bool *)arg = count == 1 && values[0] != NULL && strcmp(values[0], "wal") == 0;
    return 0;
}

static weir_status set_up(sqlite_store *store, weir_error **error)
{
    bool wal = false;

    sqlite3_busy_timeout(store->database, (int)(store->busy / (SECOND_NS / 1000)));
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_wal_hook(store->database, count_pages, store); /* and no automatic checkpoint */
    if (sqlite3_exec(store->database, "PRAGMA journal_mode = WAL", is_wal, &wal, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(store->database, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", NULL,
                     NULL, NULL) != SQLITE_OK)
        return sqlite_fail(store, "be opened", error);
    if (!wal)
        return weir_error_set(error, WEIR_IO,
                              "the store '%s' cannot have a write-ahead log; is it on a network "
                              "file system?",
                              store->path);
    return WEIR_OK;
}

static weir_status open_database(sqlite_store *store, weir_error **error)
{
    int64_t now;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(store->path, &store->database, flags, NULL) != SQLITE_OK)
        return sqlite_fail(store, "be opened", error);
    weir_status status = sqlite_lock(store, error);
    if (status != WEIR_OK)
        return status;
    status = set_up(store, error);
    sqlite_unlock(store);
    if (status == WEIR_OK)
        status = begin(&store->base, true, &now, error);
    if (status != WEIR_OK)
        return status;
    status = sqlite_migrate(store, error);
    if (status == WEIR_OK)
        return commit(&store->base, error);
    rollback(&store->base);
    return status;
}

static weir_status open_store(const char *place, int64_t busy, weir_store **ret, weir_error **error)
{
    if (place[0] == '\0' || place[0] == ':' || strchr(place, '?') != NULL)
        return weir_error_set(error, WEIR_INVALID,
                              "'sqlite:%s' names no file: write sqlite:FILE, without parameters",
                              place);
    sqlite_store *store = weir_alloc(sizeof *store);
    if (store == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    *store = (sqlite_store){.base = {.kind = &store_sqlite}, .lock = -1, .busy = busy};
    store->path = weir_strdup(place);
    weir_status status = store->path != NULL ? open_lock(store, error)
                                             : weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = open_database(store, error);
    if (status == WEIR_OK)
        *ret = &store->base;
    else
        close_store(&store->base);
    return status;
}

const weir_store_kind store_sqlite = {
    .name = "sqlite",
    .summary = "One file on a local disk, shared by the processes of one machine.",
    .open = open_store,
    .close = close_store,
    .descriptor = descriptor,
    .has_changed = has_changed,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .join = sqlite_join,
    .beat = sqlite_beat,
    .offer = sqlite_offer,
    .end_runner = sqlite_end_runner,
    .each_runner = sqlite_each_runner,
    .is_alive = sqlite_is_alive,
    .count_offers = sqlite_count_offers,
    .add_plan = sqlite_add_plan,
    .add_execution = sqlite_add_execution,
    .add_task = sqlite_add_task,
    .find_plan = sqlite_find_plan,
    .find_execution = sqlite_find_execution,
    .each_execution = sqlite_each_execution,
    .each_child = sqlite_each_child,
    .count_below = sqlite_count_below,
    .find_task = sqlite_find_task,
    .each_task = sqlite_each_task,
    .each_event = sqlite_each_event,
    .each_listed = sqlite_each_listed,
    .next_due = sqlite_next_due,
    .each_asked = sqlite_each_asked,
    .each_overdue = sqlite_each_overdue,
    .each_stuck = sqlite_each_stuck,
    .each_unserved = sqlite_each_unserved,
    .mark_unserved = sqlite_mark_unserved,
    .each_schedule = sqlite_each_schedule,
    .put_schedule = sqlite_put_schedule,
    .each_slot = sqlite_each_slot,
    .put_slot = sqlite_put_slot,
    .each_trigger = sqlite_each_trigger,
    .put_trigger = sqlite_put_trigger,
    .has_fired = sqlite_has_fired,
    .each_firing = sqlite_each_firing,
    .put_firing = sqlite_put_firing,
    .set_paused = sqlite_set_paused,
    .claim = sqlite_claim,
    .move_task = sqlite_move_task,
    .move_tasks = sqlite_move_tasks,
    .move_execution = sqlite_move_execution,
    .ask_at = sqlite_ask_at,
    .queue = sqlite_queue,
    .adopt = sqlite_adopt,
    .count_down = sqlite_count_down,
    .hand_on = sqlite_hand_on,
    .count_unfinished = sqlite_count_unfinished,
    .note = sqlite_note,
    .is_there = sqlite_is_there,
    .answer = sqlite_answer,
    .prune = sqlite_prune,
    .backup = sqlite_backup,
    .vacuum = sqlite_vacuum,
};
