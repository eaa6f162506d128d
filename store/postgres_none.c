/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_none.c - the PostgreSQL store of a weir that was built without libpq: it says so. */
#include "store/store.h"

static weir_status open_store(const char *place, int64_t busy, weir_store **ret, weir_error **error)
{
    (void)place;
    (void)busy;
    (void)ret;
    return weir_error_set(error, WEIR_INVALID,
                          "this weir was built without libpq and has no store 'postgresql:': "
                          "install libpq-dev and build it again, or write sqlite:FILE");
}

const weir_store_kind store_postgres = {
    .name = "postgresql",
    .summary = "A PostgreSQL database; this weir was built without it.",
    .open = open_store,
};
