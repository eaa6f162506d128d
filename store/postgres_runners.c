/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_runners.c - who runs tasks, and whether it is still there. */
#include "store/postgres.h"

weir_status postgres_join(weir_store *base, const char *name, int64_t time, int64_t *ret_runner,
                          weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    weir_status status = postgres_ask_number(store, PG_JOIN, ARGUMENTS(TEXT(name), NUMBER(time)),
                                             &store->holder.runner, error);

    if (status == WEIR_OK)
        *ret_runner = store->holder.runner;
    return status;
}

weir_status postgres_beat(weir_store *base, int64_t runner, int64_t time, weir_error **error)
{
    int64_t id;
    weir_status status = postgres_ask_number((postgres_store *)base, PG_BEAT,
                                             ARGUMENTS(NUMBER(runner), NUMBER(time)), &id, error);

    return status == WEIR_NOT_FOUND
               ? weir_error_set(error, WEIR_STATE, "runner %lld was ended", (long long)runner)
               : status;
}

weir_status postgres_offer(weir_store *base, int64_t runner, int64_t plan, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    weir_status status =
        postgres_post(store, PG_OFFER, ARGUMENTS(NUMBER(plan), NUMBER(runner)), error);

    return status == WEIR_OK
               ? postgres_post(store, PG_UNMARK_UNSERVED, ARGUMENTS(NUMBER(plan)), error)
               : status;
}

/* Others take what it had. */
weir_status postgres_end_runner(weir_store *base, int64_t runner, int64_t time, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;

    store->told = true;
    return postgres_post(store, PG_END_RUNNER, ARGUMENTS(NUMBER(runner), NUMBER(time)), error);
}

weir_status postgres_each_runner(weir_store *base, store_take_runner take, void *arg,
                                 weir_error **error)
{
    PGresult *result = NULL;
    weir_status status =
        postgres_ask((postgres_store *)base, PG_RUNNERS, NO_ARGUMENTS, &result, error);

    for (int i = 0; status == WEIR_OK && i < PQntuples(result); i++) {
        store_runner row = {.id = postgres_number(result, i, 0),
                            .name = postgres_text(result, i, 1),
                            .started = postgres_number(result, i, 2),
                            .beat = postgres_number(result, i, 3)};
        status = take(arg, &row, error);
    }
    PQclear(result);
    return status;
}

weir_status postgres_count_offers(weir_store *base, int64_t plan, int64_t *ret, weir_error **error)
{
    return postgres_ask_number((postgres_store *)base, PG_COUNT_OFFERS, ARGUMENTS(NUMBER(plan)),
                               ret, error);
}

/* Only its beats tell: a connection that is cut is not a runner that is gone. */
weir_status postgres_is_alive(weir_store *base, int64_t runner, bool *ret, weir_error **error)
{
    (void)base;
    (void)runner;
    (void)error;
    *ret = true;
    return WEIR_OK;
}
