/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_listen.c - runners wake each other, by NOTIFY on the channel "weir.SCHEMA".
 *
 * Who listens has a connection for that alone, from the first time that it waits. Whether what is
 * said arrives is not taken for granted: a pooler between us and the server may hand LISTEN to
 * another session. So each listener has its next commit say something, and until it has heard
 * something it is called changed whenever it is asked: it polls.
 */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "store/postgres.h"

/* Also who hears looks by itself from time to time. */
static const int64_t SAFETY_NS = 1000000000;
static const int64_t FIRST_DELAY_NS = 100000000, LAST_DELAY_NS = 5000000000;

void postgres_deafen(postgres_store *store)
{
    if (store->listener != NULL)
        PQfinish(store->listener);
    store->listener = NULL;
    store->heard = store->probes = false;
}

static bool listen_to_channel(PGconn *connection)
{
    char text[200] = "";
    PGresult *result =
        PQexec(connection, "SELECT quote_ident('weir.' || left(current_schema(), 58))");

    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        snprintf(text, sizeof text, "LISTEN %s", PQgetvalue(result, 0, 0));
    PQclear(result);
    result = PQexec(connection, text);
    bool listens = text[0] != '\0' && PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return listens;
}

static void listen_now(postgres_store *store)
{
    int64_t now = weir_monotonic_now();

    if (store->listener != NULL || now < store->listen_at)
        return;
    store->delay = store->delay == 0 ? FIRST_DELAY_NS : 2 * store->delay;
    if (store->delay > LAST_DELAY_NS)
        store->delay = LAST_DELAY_NS;
    store->listen_at = now + store->delay * 3 / 4 + now % (store->delay / 2);
    if (postgres_connect(store->pool, 0, &store->listener, NULL) != WEIR_OK)
        return;
    if (listen_to_channel(store->listener))
        store->probes = true;
    else
        postgres_deafen(store);
}

int postgres_descriptor(weir_store *base)
{
    postgres_store *store = (postgres_store *)base;

    listen_now(store);
    return store->listener != NULL ? PQsocket(store->listener) : -1;
}

/* What others have said. */
static bool hear(postgres_store *store)
{
    PGnotify *said;
    bool others = false;

    if (PQconsumeInput(store->listener) == 0 || PQstatus(store->listener) != CONNECTION_OK) {
        postgres_deafen(store);
        return true;
    }
    while ((said = PQnotifies(store->listener)) != NULL) {
        others |= strcmp(said->extra, store->tag) != 0;
        store->heard = true;
        store->delay = 0;
        PQfreemem(said);
    }
    return others;
}

bool postgres_has_changed(weir_store *base)
{
    postgres_store *store = (postgres_store *)base;
    int64_t now = weir_monotonic_now();

    listen_now(store);
    bool others = store->listener != NULL && hear(store);
    if (!others && !store->left && store->heard && now - store->polled < SAFETY_NS)
        return false;
    store->left = false;
    store->polled = now;
    return true;
}
