/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_operator.c - looking at a PostgreSQL store, and making room in it. */
#include "store/postgres.h"

weir_status postgres_answer(weir_store *base, store_question question, store_take_answer take,
                            void *arg, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    PGresult *result = NULL;

    store->patient = true;
    weir_status status = postgres_ask(store, question == STORE_STATUS ? PG_STATUS : PG_CHECK,
                                      NO_ARGUMENTS, &result, error);

    for (int i = 0; status == WEIR_OK && i < PQntuples(result); i++)
        status = take(arg, PQgetvalue(result, i, 0), PQgetvalue(result, i, 1), error);
    PQclear(result);
    return status;
}

static weir_status prune_plans(postgres_store *store, size_t most, int64_t *ret_count,
                               weir_error **error)
{
    PGresult *held = NULL;
    weir_status status =
        postgres_ask(store, PG_HOLD_UNUSED_PLANS, ARGUMENTS(NUMBER(most)), &held, error);

    *ret_count = 0;
    if (status == WEIR_OK && !PQgetisnull(held, 0, 0))
        status = postgres_ask_number(store, PG_PRUNE_PLANS, ARGUMENTS(TEXT(PQgetvalue(held, 0, 0))),
                                     ret_count, error);
    PQclear(held);
    return status;
}

weir_status postgres_prune(weir_store *base, int64_t time, size_t most, store_pruned *ret,
                           weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    weir_status status =
        postgres_post(store, PG_PRUNE_RUNNERS, ARGUMENTS(NUMBER(time), NUMBER(most)), error);

    if (status == WEIR_OK)
        status = postgres_post(store, PG_PRUNE_SLOTS, ARGUMENTS(NUMBER(time), NUMBER(most)), error);
    if (status == WEIR_OK)
        status =
            postgres_post(store, PG_PRUNE_FIRINGS, ARGUMENTS(NUMBER(time), NUMBER(most)), error);
    if (status == WEIR_OK)
        status = postgres_ask_number(store, PG_PRUNE, ARGUMENTS(NUMBER(time), NUMBER(most)),
                                     &ret->executions, error);
    return status == WEIR_OK ? prune_plans(store, most, &ret->plans, error) : status;
}

weir_status postgres_backup(weir_store *base, const char *path, weir_error **error)
{
    return weir_error_set(error, WEIR_INVALID,
                          "the store '%s' is copied by its server's tools: pg_dump --format=custom "
                          "--file=%s URL, and pg_restore",
                          postgres_pool_name(((const postgres_store *)base)->pool), path);
}

weir_status postgres_vacuum(weir_store *base, weir_error **error)
{
    const postgres_store *store = (const postgres_store *)base;
    PGconn *connection = NULL;
    weir_status status = postgres_connect(store->pool, store->busy, &connection, error);

    if (status != WEIR_OK)
        return status;
    PGresult *result = PQexec(connection, "VACUUM (ANALYZE) runners, plans, plan_texts, offers, "
                                          "executions, payloads, tasks, events, schedules, slots, "
                                          "triggers, firings");
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        status = postgres_fail(store, connection, result, error);
    PQclear(result);
    PQfinish(connection);
    return status;
}
