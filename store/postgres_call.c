/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_call.c - statements through the pipeline of a connection, and what failures mean. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "store/postgres.h"

static const int64_t MS = 1000000;

/* What a call that was sent is, beside the statements. */
enum { SENT_PREPARE = 1 << 8, SENT_SYNC = 1 << 9, SENT_WHICH = 0xff };

/* --- Failures --- */

/* What to do about a failure, by the first characters of its SQLSTATE. */
static const struct {
    const char *code;
    weir_status status;
    const char *what;
} failures[] = {
    {"55P03", WEIR_AGAIN,
     "another process has held a part of it for too long (pg_stat_activity names it)"},
    {"40", WEIR_AGAIN, "another transaction came first"},
    {"57P0", WEIR_AGAIN, "its server is not there"},
    {"08", WEIR_AGAIN, "the connection is lost"},
    {"25P03", WEIR_AGAIN, "a transaction took too long"},
    {"26000", WEIR_AGAIN, "prepared statements are forgotten"}, /* and not used from now on */
    {"42P05", WEIR_AGAIN, "prepared statements are mixed up"},
    {"53200", WEIR_NOMEM, "its server is out of memory"},
    {"53", WEIR_IO, "its server has no room"},
    {"", WEIR_IO, "a statement is refused"},
};

static size_t first_line(const char *text)
{
    return strcspn(text, "\n");
}

weir_status postgres_fail(const postgres_store *store, const PGconn *connection,
                          const PGresult *result, weir_error **error)
{
    const char *name = postgres_pool_name(store->pool);
    const char *code = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    size_t i = 0;

    if (code == NULL) {
        text = connection != NULL ? PQerrorMessage(connection) : "";
        return weir_error_set(error, WEIR_AGAIN, "the connection to the store '%s' is lost: %.*s",
                              name, (int)first_line(text), text);
    }
    while (strncmp(failures[i].code, code, strlen(failures[i].code)) != 0)
        i++;
    if (strcmp(code, "26000") == 0 || strcmp(code, "42P05") == 0)
        postgres_pool_set_plain(store->pool);
    return weir_error_set(error, failures[i].status, "the store '%s': %s: %s", name,
                          failures[i].what, text != NULL ? text : "");
}

/* The first failure is that of the transaction; what follows comes from it. */
static void note_failure(postgres_store *store, const PGresult *result)
{
    if (store->failure != WEIR_OK)
        return;
    store->failure = postgres_fail(store, store->link->connection, result, &store->why);
    for (size_t i = 0; i < PG_STATEMENTS; i++)
        if (store->link->prepared[i] == 1)
            store->link->prepared[i] = 0;
}

static void note_loss(postgres_store *store)
{
    note_failure(store, NULL);
    store->lost = true;
    store->count = 0;
}

static weir_status tell_failure(const postgres_store *store, weir_error **error)
{
    return weir_error_set(error, store->failure, "%s", weir_error_message(store->why));
}

/* --- Results --- */

int64_t postgres_number(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? 0
                                            : strtoimax(PQgetvalue(result, row, column), NULL, 10);
}

const char *postgres_text(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

/* Until a result can be had. A server that says nothing for that long is as good as gone; unless it
 * was asked for much. */
static bool wait_for_answer(postgres_store *store)
{
    PGconn *connection = store->link->connection;
    int64_t end =
        store->patient ? INT64_MAX : weir_later(weir_monotonic_now(), 2 * store->busy + 5000 * MS);

    for (;;) {
        int left = PQflush(connection);
        if (left < 0)
            return false;
        if (left == 0 && !PQisBusy(connection))
            return true;
        struct pollfd ready = {.fd = PQsocket(connection),
                               .events = (short)(POLLIN | (left == 1 ? POLLOUT : 0))};
        int64_t most = (end - weir_monotonic_now()) / MS;
        int code = most > 0 ? poll(&ready, 1, most > 60000 ? 60000 : (int)most) : 0;
        if ((code == 0 && most <= 60000) || (code < 0 && errno != EINTR))
            return false;
        if ((ready.revents & ~POLLOUT) != 0 && PQconsumeInput(connection) == 0)
            return false;
    }
}

static PGresult *next_result(postgres_store *store)
{
    return wait_for_answer(store) ? PQgetResult(store->link->connection) : NULL;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* The result of the oldest call that was sent; NULL: the connection is lost. */
static PGresult *take_result(postgres_store *store)
{
    unsigned sent = store->unanswered[store->first];
    PGresult *result = next_result(store);

    store->first = (store->first + 1) % POSTGRES_UNANSWERED;
    store->count--;
    if (result == NULL) {
        note_loss(store);
        return NULL;
    }
    if (sent == SENT_SYNC)
        return result;
    PQclear(next_result(store)); /* the end of the results of this call */
    if (!is_good(result)) {
        if (PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
            note_failure(store, result);
    } else if ((sent & SENT_PREPARE) != 0) {
        store->link->prepared[sent & SENT_WHICH] = 2;
    } else if (sent == PG_NUMBER) {
        snprintf(store->number, sizeof store->number, "%s", PQgetvalue(result, 0, 0));
    }
    return result;
}

/* The result of the newest call, once all before it have been taken. */
static PGresult *take_all(postgres_store *store)
{
    PGresult *result = NULL;

    while (store->count != 0) {
        PQclear(result);
        result = take_result(store);
    }
    return result;
}

/* --- Sending --- */

static void push(postgres_store *store, unsigned sent)
{
    store->unanswered[(store->first + store->count++) % POSTGRES_UNANSWERED] = (unsigned short)sent;
}

/* All that was sent is answered soon. */
static bool flush(postgres_store *store)
{
    return PQsendFlushRequest(store->link->connection) == 1;
}

static bool send_prepare(postgres_store *store, postgres_statement which)
{
    postgres_link *link = store->link;
    char name[16];

    if (link->prepared[which] != 0 || postgres_pool_is_plain(store->pool))
        return true;
    snprintf(name, sizeof name, "weir_%d", (int)which);
    if (PQsendPrepare(link->connection, name, postgres_texts[which], 0, NULL) != 1)
        return false;
    link->prepared[which] = 1;
    push(store, SENT_PREPARE | which);
    return true;
}

static bool send_call(postgres_store *store, postgres_statement which,
                      const store_argument *arguments, size_t count)
{
    enum { MOST = 32 };
    const char *values[MOST];
    char numbers[MOST][24], name[16];

    for (size_t i = 0; i < count && i < MOST; i++) {
        const store_argument *argument = &arguments[i];
        snprintf(numbers[i], sizeof numbers[i], "%" PRId64, argument->number);
        values[i] = argument->kind == STORE_TEXT                            ? argument->text
                    : argument->kind == STORE_SOME && argument->number == 0 ? NULL
                                                                            : numbers[i];
    }
    snprintf(name, sizeof name, "weir_%d", (int)which);
    if (!send_prepare(store, which))
        return false;
    int code =
        postgres_pool_is_plain(store->pool)
            ? PQsendQueryParams(store->link->connection, postgres_texts[which], (int)count, NULL,
                                values, NULL, NULL, 0)
            : PQsendQueryPrepared(store->link->connection, name, (int)count, values, NULL, NULL, 0);
    if (code == 1)
        push(store, which);
    return code == 1;
}

/* Asks for the transaction's number before its first change (see commit). */
static bool send_number(postgres_store *store)
{
    if (!store->writing || store->numbered)
        return true;
    store->numbered = true;
    return send_call(store, PG_NUMBER, NO_ARGUMENTS);
}

static bool is_change(postgres_statement which)
{
    return which >= PG_TELL && strncmp(postgres_texts[which], "SELECT", 6) != 0;
}

weir_status postgres_post(postgres_store *store, postgres_statement which,
                          const store_argument *arguments, size_t count, weir_error **error)
{
    store->base.counts.statements++;
    if (store->failure == WEIR_OK && store->count + 4 > POSTGRES_UNANSWERED) {
        if (!flush(store))
            note_loss(store);
        PQclear(take_all(store));
    }
    if (store->failure == WEIR_OK &&
        ((is_change(which) && !send_number(store)) || !send_call(store, which, arguments, count)))
        note_loss(store);
    return store->failure == WEIR_OK ? WEIR_OK : tell_failure(store, error);
}

weir_status postgres_ask(postgres_store *store, postgres_statement which,
                         const store_argument *arguments, size_t count, PGresult **ret,
                         weir_error **error)
{
    weir_status status = postgres_post(store, which, arguments, count, error);

    if (status != WEIR_OK)
        return status;
    if (!flush(store))
        note_loss(store);
    PGresult *result = take_all(store);
    if (store->failure != WEIR_OK) {
        PQclear(result);
        return tell_failure(store, error);
    }
    store->base.counts.rows += (uint64_t)PQntuples(result);
    *ret = result;
    return WEIR_OK;
}

weir_status postgres_take_series(postgres_store *store, size_t count, int64_t *ret_numbers,
                                 bool *ret_missing, weir_error **error)
{
    if (!flush(store))
        note_loss(store);
    while (store->count > count)
        PQclear(take_result(store));
    for (size_t i = 0; i < count && store->count != 0; i++) {
        PGresult *result = take_result(store);
        ret_missing[i] = PQntuples(result) == 0;
        ret_numbers[i] = ret_missing[i] ? 0 : postgres_number(result, 0, 0);
        PQclear(result);
    }
    return store->failure == WEIR_OK ? WEIR_OK : tell_failure(store, error);
}

weir_status postgres_ask_number(postgres_store *store, postgres_statement which,
                                const store_argument *arguments, size_t count, int64_t *ret,
                                weir_error **error)
{
    PGresult *result = NULL;
    weir_status status = postgres_ask(store, which, arguments, count, &result, error);

    if (status != WEIR_OK)
        return status;
    if (PQntuples(result) == 0)
        status = WEIR_NOT_FOUND;
    else
        *ret = postgres_number(result, 0, 0);
    PQclear(result);
    return status;
}

/* --- The end of a transaction --- */

static bool send_sync(postgres_store *store)
{
    if (PQpipelineSync(store->link->connection) != 1)
        return false;
    push(store, SENT_SYNC);
    return true;
}

bool postgres_finish(postgres_store *store, postgres_statement which, bool *ret_done)
{
    *ret_done = false;
    /* A pipeline that has failed goes on behind a sync. */
    if (store->lost || (store->failure != WEIR_OK && !send_sync(store)) ||
        PQsendQueryParams(store->link->connection, postgres_texts[which], 0, NULL, NULL, NULL, NULL,
                          0) != 1) {
        note_loss(store);
        return false;
    }
    push(store, which);
    if (!send_sync(store))
        note_loss(store);
    while (store->count != 0) {
        bool last = store->count == 2;
        PGresult *result = take_result(store);
        if (last && result != NULL)
            *ret_done = strcmp(PQcmdStatus(result), postgres_texts[which]) == 0;
        PQclear(result);
    }
    return !store->lost;
}

void postgres_reset(postgres_store *store)
{
    weir_error_free(store->why);
    store->why = NULL;
    store->failure = WEIR_OK;
    store->lost = store->numbered = store->told = store->patient = false;
    store->number[0] = '\0';
    store->first = store->count = 0;
    store->loose = 0;
}
