/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_schedules.c - schedules and their slots. */
#include "store/postgres.h"

/* --- Reading --- */

/* Two that look at one schedule to go on with it come one after the other. */
weir_status postgres_each_schedule(weir_store *base, const char *workflow, store_take_schedule take,
                                   void *arg, weir_error **error)
{
    postgres_store *store = (postgres_store *)base;
    PGresult *result = NULL;
    weir_status status =
        store->writing && workflow != NULL
            ? postgres_post(store, PG_LOCK_SCHEDULE, ARGUMENTS(TEXT(workflow)), error)
            : WEIR_OK;

    if (status == WEIR_OK)
        status = postgres_ask(store, PG_SCHEDULES, ARGUMENTS(TEXT(workflow)), &result, error);
    for (int i = 0; status == WEIR_OK && i < PQntuples(result); i++)
        status = take(arg,
                      &(store_schedule){.workflow = postgres_text(result, i, 0),
                                        .digest = postgres_text(result, i, 1),
                                        .slot = postgres_number(result, i, 2),
                                        .due = postgres_number(result, i, 3),
                                        .paused = postgres_number(result, i, 4)},
                      error);
    PQclear(result);
    return status;
}

weir_status postgres_each_slot(weir_store *base, const char *workflow, bool queued, size_t most,
                               store_take_slot take, void *arg, weir_error **error)
{
    PGresult *result = NULL;
    weir_status status = postgres_ask((postgres_store *)base, queued ? PG_SLOTS_QUEUED : PG_SLOTS,
                                      ARGUMENTS(TEXT(workflow), NUMBER(most)), &result, error);

    for (int i = 0; status == WEIR_OK && i < PQntuples(result); i++)
        status = take(arg,
                      &(store_slot){.workflow = postgres_text(result, i, 0),
                                    .slot = postgres_number(result, i, 1),
                                    .time = postgres_number(result, i, 2),
                                    .outcome = store_outcome_read(postgres_text(result, i, 3)),
                                    .execution = postgres_number(result, i, 4),
                                    .missed = postgres_number(result, i, 5),
                                    .reason = postgres_text(result, i, 6)},
                      error);
    PQclear(result);
    return status;
}

/* --- Writing --- */

weir_status postgres_put_schedule(weir_store *base, const store_schedule *row, weir_error **error)
{
    return postgres_post(
        (postgres_store *)base, PG_PUT_SCHEDULE,
        ARGUMENTS(TEXT(row->workflow), TEXT(row->digest), SOME(row->slot), SOME(row->due)), error);
}

weir_status postgres_put_slot(weir_store *base, const store_slot *row, weir_error **error)
{
    return postgres_post((postgres_store *)base, PG_PUT_SLOT,
                         ARGUMENTS(TEXT(row->workflow), NUMBER(row->slot), NUMBER(row->time),
                                   TEXT(store_outcome_text(row->outcome)), SOME(row->execution),
                                   NUMBER(row->missed), TEXT(row->reason)),
                         error);
}
