/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_migrate.c - brings a database's schema up to this version: forward only, checked by
 * digest, under a lock of all processes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/migration.h"
#include "store/postgres.h"

extern const store_migration postgres_migrations[]; /* generated from migrations/postgres */
extern const int postgres_migration_count;

static weir_status run(const postgres_store *store, const char *text, PGresult **ret,
                       weir_error **error)
{
    PGconn *connection = store->link->connection;
    PGresult *result = PQexec(connection, text);
    ExecStatusType code = PQresultStatus(result);
    weir_status status = code == PGRES_COMMAND_OK || code == PGRES_TUPLES_OK
                             ? WEIR_OK
                             : postgres_fail(store, connection, result, error);

    if (status == WEIR_OK && ret != NULL)
        *ret = result;
    else
        PQclear(result);
    return status;
}

/* An empty database becomes ours; one with the tables of somebody else in our way does not. */
static weir_status make_ours(const postgres_store *store, weir_error **error)
{
    PGresult *result = NULL;
    weir_status status =
        run(store,
            "SELECT to_regclass('weir_migrations') IS NOT NULL, (SELECT count(*) FROM pg_class "
            "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p'))",
            &result, error);

    if (status != WEIR_OK)
        return status;
    bool ours = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    int64_t tables = postgres_number(result, 0, 1);
    PQclear(result);
    if (ours)
        return WEIR_OK;
    if (tables != 0)
        return weir_error_set(
            error, WEIR_MISMATCH,
            "'%s' is a database of another program; give the store a database, or "
            "a schema (search_path), of its own",
            postgres_pool_name(store->pool));
    return run(store,
               "CREATE TABLE weir_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
               "digest TEXT NOT NULL, version TEXT NOT NULL)",
               NULL, error);
}

/* How many steps the database has; each is looked at. */
static weir_status check_applied(const postgres_store *store, int *ret_count, weir_error **error)
{
    PGresult *result = NULL;
    weir_status status =
        run(store, "SELECT number, digest, version FROM weir_migrations ORDER BY number DESC",
            &result, error);

    if (status != WEIR_OK)
        return status;
    *ret_count = PQntuples(result);
    for (int i = 0; i < *ret_count && status == WEIR_OK; i++)
        status = store_check_migration(postgres_pool_name(store->pool), postgres_migrations,
                                       postgres_migration_count, (int)postgres_number(result, i, 0),
                                       PQgetvalue(result, i, 1), PQgetvalue(result, i, 2), error);
    PQclear(result);
    return status;
}

static weir_status apply(const postgres_store *store, const store_migration *migration,
                         weir_error **error)
{
    char digest[WEIR_DIGEST_TEXT], text[400];
    weir_status status = run(store, migration->text, NULL, error);

    snprintf(text, sizeof text, "INSERT INTO weir_migrations VALUES (%d, '%s', '%s', '%s')",
             migration->number, migration->name, store_migration_digest(migration, digest),
             WEIR_VERSION);
    return status == WEIR_OK ? run(store, text, NULL, error) : status;
}

static weir_status apply_all(const postgres_store *store, weir_error **error)
{
    int count = 0;
    weir_status status = make_ours(store, error);

    if (status == WEIR_OK)
        status = check_applied(store, &count, error);
    for (int i = count; i < postgres_migration_count && status == WEIR_OK; i++)
        status = apply(store, &postgres_migrations[i], error);
    return status;
}

static weir_status migrate(const postgres_store *store, weir_error **error)
{
    char text[64];
    weir_status status = run(store, "BEGIN", NULL, error);

    snprintf(text, sizeof text, "SET LOCAL lock_timeout = %" PRId64, store->busy / 1000000 + 1);
    if (status == WEIR_OK)
        status = run(store, text, NULL, error);
    /* Held until the end of the transaction; a pooler between us and the server allows no other. */
    if (status == WEIR_OK)
        status = run(store, "SELECT pg_advisory_xact_lock(hashtextextended('weir migrations', 7))",
                     NULL, error);
    if (status == WEIR_OK)
        status = apply_all(store, error);
    if (status == WEIR_OK)
        return run(store, "COMMIT", NULL, error);
    PQclear(PQexec(store->link->connection, "ROLLBACK"));
    return status;
}

weir_status postgres_migrate(postgres_store *store, weir_error **error)
{
    PGconn *connection = store->link->connection;

    if (PQexitPipelineMode(connection) != 1 || PQsetnonblocking(connection, 0) != 0)
        return postgres_fail(store, connection, NULL, error);
    weir_status status = migrate(store, error);
    if (PQstatus(connection) == CONNECTION_OK &&
        (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1))
        return postgres_fail(store, connection, NULL, error);
    return status;
}
