/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_triggers.c - triggers, their firings, and pauses. */
#include "store/postgres.h"

/* In the order of TRIGGER_COLUMNS. */
static store_trigger trigger_at(const PGresult *result, int row)
{
    return (store_trigger){.workflow = postgres_text(result, row, 0),
                           .name = postgres_text(result, row, 1),
                           .digest = postgres_text(result, row, 2),
                           .due = postgres_number(result, row, 3),
                           .runner = postgres_number(result, row, 4),
                           .until = postgres_number(result, row, 5),
                           .token = postgres_number(result, row, 6),
                           .looked = postgres_number(result, row, 7),
                           .fired = postgres_number(result, row, 8),
                           .failed = postgres_number(result, row, 9),
                           .failures = postgres_number(result, row, 10),
                           .reason = postgres_text(result, row, 11),
                           .kept = postgres_text(result, row, 12),
                           .paused = postgres_number(result, row, 13)};
}

/* Two that look at one trigger to go on with it come one after the other. */
weir_status postgres_each_trigger(weir_store *base, const char *workflow, const char *name,
                                  store_take_trigger take, void *arg, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    PGresult *result = NULL;
    weir_status status =
        store->writing && workflow != NULL && name != NULL
            ? postgres_post(store, PG_LOCK_TRIGGER, ARGUMENTS(TEXT(workflow), TEXT(name)), error)
            : WEIR_OK;

    if (status == WEIR_OK)
        status =
            postgres_ask(store, PG_TRIGGERS, ARGUMENTS(TEXT(workflow), TEXT(name)), &result, error);
    for (int i = 0; status == WEIR_OK && i < PQntuples(result); i++) {
        store_trigger row = trigger_at(result, i);
        status = take(arg, &row, error);
    }
    PQclear(result);
    return status;
}

weir_status postgres_put_trigger(weir_store *base, const store_trigger *row, weir_error **error)
{
    return postgres_post((postgres_store *)base, PG_PUT_TRIGGER,
                         ARGUMENTS(TEXT(row->workflow), TEXT(row->name), TEXT(row->digest),
                                   NUMBER(row->due), SOME(row->runner), SOME(row->until),
                                   NUMBER(row->token), SOME(row->looked), SOME(row->fired),
                                   SOME(row->failed), NUMBER(row->failures), TEXT(row->reason),
                                   TEXT(row->kept)),
                         error);
}

weir_status postgres_has_fired(weir_store *base, const char *workflow, const char *name,
                               const char *key, int64_t time, bool *ret, weir_error **error)
{
    int64_t one = 0;
    weir_status status = postgres_ask_number(
        (postgres_store *)base, PG_HAS_FIRED,
        ARGUMENTS(TEXT(workflow), TEXT(name), TEXT(key), NUMBER(time)), &one, error);

    *ret = status == WEIR_OK;
    return status == WEIR_NOT_FOUND ? WEIR_OK : status;
}

weir_status postgres_each_firing(weir_store *base, const char *workflow, const char *name,
                                 size_t most, store_take_firing take, void *arg, weir_error **error)
{
    PGresult *result = NULL;
    weir_status status =
        postgres_ask((postgres_store *)base, PG_FIRINGS,
                     ARGUMENTS(TEXT(workflow), TEXT(name), NUMBER(most)), &result, error);

    for (int i = 0; status == WEIR_OK && i < PQntuples(result); i++)
        status = take(arg,
                      &(store_firing){.workflow = postgres_text(result, i, 0),
                                      .name = postgres_text(result, i, 1),
                                      .key = postgres_text(result, i, 2),
                                      .time = postgres_number(result, i, 3),
                                      .outcome = store_outcome_read(postgres_text(result, i, 4)),
                                      .execution = postgres_number(result, i, 5),
                                      .reason = postgres_text(result, i, 6)},
                      error);
    PQclear(result);
    return status;
}

weir_status postgres_put_firing(weir_store *base, const store_firing *row, weir_error **error)
{
    return postgres_post((postgres_store *)base, PG_PUT_FIRING,
                         ARGUMENTS(TEXT(row->workflow), TEXT(row->name), TEXT(row->key),
                                   NUMBER(row->time), TEXT(store_outcome_text(row->outcome)),
                                   SOME(row->execution), TEXT(row->reason)),
                         error);
}

weir_status postgres_set_paused(weir_store *base, const char *workflow, const char *name,
                                int64_t since, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    int64_t one;

    return name != NULL ? postgres_ask_number(store, PG_PAUSE_TRIGGER,
                                              ARGUMENTS(TEXT(workflow), TEXT(name), SOME(since)),
                                              &one, error)
                        : postgres_ask_number(store, PG_PAUSE_SCHEDULE,
                                              ARGUMENTS(TEXT(workflow), SOME(since)), &one, error);
}
