/* SPDX-License-Identifier: Apache-2.0 */
/* postgres.c - the store in a PostgreSQL database: opening, transactions.
 *
 * A commit whose answer was lost may have been one. So before its first change a transaction asks
 * the server for its number, and who has lost the answer asks on another connection what became of
 * that number. Only where no server is to be had for as long as others are waited for (`busy`) it
 * stays unknown.
 */
#include "store/postgres.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/clock.h"
#include "core/text.h"

static const int64_t MS = 1000000;
enum { POOL = 4, MOST_POOL = 1000, IDLE_MS = 10000 };

/* --- Transactions --- */

/* Gives the connection back. */
static void leave(postgres_store *store)
{
    if (store->link != NULL)
        postgres_pool_return(store->pool, &store->holder, store->link, store->lost);
    store->link = NULL;
    store->writing = false;
    postgres_reset(store);
}

static weir_status open_transaction(postgres_store *store, int64_t *ret_now, weir_error **error)
{
    char busy[24], idle[24];
    int64_t ms = store->busy / MS > 0 ? store->busy / MS : 1;

    snprintf(busy, sizeof busy, "%" PRId64, ms);
    snprintf(idle, sizeof idle, "%" PRId64, ms > IDLE_MS ? ms : IDLE_MS);
    weir_status status =
        postgres_post(store, store->writing ? PG_BEGIN_WRITE : PG_BEGIN_READ, NO_ARGUMENTS, error);
    return status == WEIR_OK
               ? postgres_ask_number(store, PG_OPEN, ARGUMENTS(TEXT(busy), TEXT(idle)), ret_now,
                                     error)
               : status;
}

static void rollback(weir_store *base)
{
    postgres_store *store = (postgres_store *)base;
    bool done;

    if (store->link != NULL)
        postgres_finish(store, PG_ROLLBACK, &done);
    leave(store);
}

static weir_status begin(weir_store *base, bool write, int64_t *ret_now, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    weir_status status =
        postgres_pool_borrow(store->pool, &store->holder, store->busy, &store->link, error);

    if (status != WEIR_OK)
        return status;
    store->writing = write;
    store->base.counts.transactions++;
    status = open_transaction(store, ret_now, error);
    if (status != WEIR_OK)
        rollback(base);
    return status;
}

/* --- Commit --- */

/* WEIR_OK: it was committed; WEIR_AGAIN: it was not; WEIR_CLOSED: it is not over yet. */
static weir_status read_fate(PGconn *connection, const char *number)
{
    const char *values[] = {number};
    PGresult *result = PQexecParams(connection, "SELECT pg_xact_status($1::text::xid8)", 1, NULL,
                                    values, NULL, NULL, 0);
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    weir_status status = WEIR_CLOSED;

    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        const char *fate = PQgetisnull(result, 0, 0) ? "" : PQgetvalue(result, 0, 0);
        status = strcmp(fate, "committed") == 0     ? WEIR_OK
                 : strcmp(fate, "in progress") == 0 ? WEIR_CLOSED
                                                    : WEIR_AGAIN;
    } else if (code != NULL && strcmp(code, "22023") == 0) {
        status = WEIR_AGAIN; /* a number of the future: the server was lost with it */
    }
    PQclear(result);
    return status;
}

static weir_status learn_fate(const postgres_store *store, const char *number)
{
    int64_t end = weir_later(weir_monotonic_now(), store->busy);
    struct timespec pause = {.tv_nsec = 20 * MS};
    weir_status status = WEIR_CLOSED;

    do {
        PGconn *connection = NULL;
        if (postgres_connect(store->pool, 0, &connection, NULL) == WEIR_OK) {
            status = read_fate(connection, number);
            PQfinish(connection);
        }
        if (status == WEIR_CLOSED)
            nanosleep(&pause, NULL);
        pause.tv_nsec = pause.tv_nsec < 500 * MS ? 2 * pause.tv_nsec : pause.tv_nsec;
    } while (status == WEIR_CLOSED && weir_monotonic_now() < end);
    return status;
}

static weir_status tell_fate(const postgres_store *store, weir_status fate, weir_error **error)
{
    if (fate == WEIR_AGAIN)
        weir_error_set(error, WEIR_AGAIN, "%s; nothing was changed",
                       weir_error_message(store->why));
    else if (fate == WEIR_CLOSED)
        weir_error_set(error, WEIR_CLOSED,
                       "%s, and for %" PRId64
                       " s no server would tell whether the last transaction "
                       "was recorded",
                       weir_error_message(store->why), store->busy / (1000 * MS));
    return fate;
}

/* Something that can be claimed is left, or was waited for. */
static weir_status tell_others(postgres_store *store, weir_error **error)
{
    if (!store->writing || (store->loose <= 0 && !store->told && !store->probes))
        return WEIR_OK;
    store->probes = false;
    return postgres_post(store, PG_TELL, ARGUMENTS(TEXT(store->tag)), error);
}

/* All that was sent has gone well, and the number is known. */
static weir_status settle(postgres_store *store, weir_error **error)
{
    int64_t now;

    if (store->count == 0 && store->failure == WEIR_OK)
        return WEIR_OK;
    return postgres_ask_number(store, PG_IS_THERE, NO_ARGUMENTS, &now, error);
}

static weir_status commit(weir_store *base, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    weir_status status = tell_others(store, error);
    bool done = false;

    if (status == WEIR_OK)
        status = settle(store, error);
    if (status != WEIR_OK) {
        rollback(base);
        return status;
    }
    bool answered = postgres_finish(store, PG_COMMIT, &done);
    if (!answered)
        status = tell_fate(
            store, store->number[0] != '\0' ? learn_fate(store, store->number) : WEIR_AGAIN, error);
    else if (!done)
        status =
            weir_error_set(error, store->failure != WEIR_OK ? store->failure : WEIR_IO,
                           "the store '%s' has not committed: %s", postgres_pool_name(store->pool),
                           store->failure != WEIR_OK ? weir_error_message(store->why)
                                                     : "the transaction was rolled back");
    leave(store);
    return status;
}

/* --- Opening --- */

static void close_store(weir_store *base)
{
    postgres_store *store = (postgres_store *)base;

    postgres_deafen(store);
    if (store->pool != NULL)
        postgres_pool_leave(store->pool);
    weir_free(store);
}

/* Takes `pool=N` out of the URL's parameters, which libpq does not know. */
static weir_status take_pool(char *url, int64_t *ret, weir_error **error)
{
    char *at = strchr(url, '?');

    *ret = POOL;
    while (at != NULL && strncmp(at + 1, "pool=", 5) != 0)
        at = strchr(at + 1, '&');
    if (at == NULL)
        return WEIR_OK;
    char *end = at + 1 + strcspn(at + 1, "&"), number[16];
    snprintf(number, sizeof number, "%.*s", (int)(end - at - 6), at + 6);
    if (!weir_text_integer(number, ret) || *ret < 1 || *ret > MOST_POOL)
        return weir_error_set(error, WEIR_INVALID,
                              "`pool=%s` of the store's URL is to be a number from 1 to %d", number,
                              MOST_POOL);
    if (*end == '&') /* what follows comes in its place */
        memmove(at + 1, end + 1, strlen(end + 1) + 1);
    else
        *at = '\0';
    return WEIR_OK;
}

static weir_status join_pool(postgres_store *store, const char *place, weir_error **error)
{
    size_t size = strlen(place) + sizeof "postgresql:";
    char *url = weir_alloc(size);
    int64_t connections = 0;

    if (url == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    snprintf(url, size, "postgresql:%s", place);
    weir_status status =
        strncmp(place, "//", 2) == 0
            ? take_pool(url, &connections, error)
            : weir_error_set(error, WEIR_INVALID,
                             "the URL of the store is to begin with postgresql://");
    if (status == WEIR_OK)
        status = postgres_pool_join(url, connections, &store->pool, error);
    weir_free(url);
    return status;
}

/* A server that is not there is an error here. */
static weir_status bring_up_to_date(postgres_store *store, weir_error **error)
{
    weir_error *reason = NULL;
    weir_status status =
        postgres_pool_borrow(store->pool, &store->holder, store->busy, &store->link, &reason);

    if (status != WEIR_OK) {
        weir_error_set(error, WEIR_IO, "%s", weir_error_message(reason));
        weir_error_free(reason);
        return WEIR_IO;
    }
    status = postgres_migrate(store, error);
    store->lost = status != WEIR_OK;
    leave(store);
    return status;
}

static weir_status open_store(const char *place, int64_t busy, weir_store **ret, weir_error **error)
{
    postgres_store *store = weir_alloc(sizeof *store);
    uint64_t tag = 0;

    if (store == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    *store = (postgres_store){.base = {.kind = &store_postgres}, .busy = busy};
    weir_status status = getrandom(&tag, sizeof tag, 0) == (ssize_t)sizeof tag
                             ? join_pool(store, place, error)
                             : weir_error_set(error, WEIR_IO, "no random number is to be had");
    snprintf(store->tag, sizeof store->tag, "%016" PRIx64, tag);
    if (status == WEIR_OK)
        status = bring_up_to_date(store, error);
    if (status == WEIR_OK)
        *ret = &store->base;
    else
        close_store(&store->base);
    return status;
}

const weir_store_kind store_postgres = {
    .name = "postgresql",
    .summary = "A PostgreSQL database, shared by any number of machines.",
    .open = open_store,
    .close = close_store,
    .descriptor = postgres_descriptor,
    .has_changed = postgres_has_changed,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .join = postgres_join,
    .beat = postgres_beat,
    .offer = postgres_offer,
    .end_runner = postgres_end_runner,
    .each_runner = postgres_each_runner,
    .is_alive = postgres_is_alive,
    .count_offers = postgres_count_offers,
    .add_plan = postgres_add_plan,
    .add_execution = postgres_add_execution,
    .add_task = postgres_add_task,
    .find_plan = postgres_find_plan,
    .find_execution = postgres_find_execution,
    .each_execution = postgres_each_execution,
    .each_child = postgres_each_child,
    .count_below = postgres_count_below,
    .find_task = postgres_find_task,
    .each_task = postgres_each_task,
    .each_event = postgres_each_event,
    .each_listed = postgres_each_listed,
    .next_due = postgres_next_due,
    .each_asked = postgres_each_asked,
    .each_overdue = postgres_each_overdue,
    .each_stuck = postgres_each_stuck,
    .each_unserved = postgres_each_unserved,
    .mark_unserved = postgres_mark_unserved,
    .each_schedule = postgres_each_schedule,
    .put_schedule = postgres_put_schedule,
    .each_slot = postgres_each_slot,
    .put_slot = postgres_put_slot,
    .each_trigger = postgres_each_trigger,
    .put_trigger = postgres_put_trigger,
    .has_fired = postgres_has_fired,
    .each_firing = postgres_each_firing,
    .put_firing = postgres_put_firing,
    .set_paused = postgres_set_paused,
    .claim = postgres_claim,
    .move_task = postgres_move_task,
    .move_tasks = postgres_move_tasks,
    .move_execution = postgres_move_execution,
    .ask_at = postgres_ask_at,
    .queue = postgres_queue,
    .adopt = postgres_adopt,
    .count_down = postgres_count_down,
    .hand_on = postgres_hand_on,
    .count_unfinished = postgres_count_unfinished,
    .note = postgres_note,
    .answer = postgres_answer,
    .prune = postgres_prune,
    .backup = postgres_backup,
    .vacuum = postgres_vacuum,
};
