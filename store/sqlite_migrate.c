/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_migrate.c - brings a file's schema up to this version: forward only, checked by digest. */
#include <stdio.h>

#include "store/sqlite.h"

enum { APPLICATION = 0x77656972 }; /* "weir", in the file's head */

static weir_status run(sqlite_store *store, const char *text, weir_error **error)
{
    if (sqlite3_exec(store->database, text, NULL, NULL, NULL) == SQLITE_OK)
        return WEIR_OK;
    return sqlite_fail(store, "be brought up to date", error);
}

/* The number in the first row of `text`. */
static weir_status ask(sqlite_store *store, const char *text, int64_t *ret, weir_error **error)
{
    sqlite3_stmt *statement = NULL;

    *ret = 0;
    int code = sqlite3_prepare_v2(store->database, text, -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    weir_status status =
        code == SQLITE_ROW || code == SQLITE_DONE ? WEIR_OK : sqlite_fail(store, "be read", error);
    sqlite3_finalize(statement);
    return status;
}

/* An empty file becomes ours; one with the tables of somebody else does not. */
static weir_status make_ours(sqlite_store *store, weir_error **error)
{
    int64_t owner, tables;
    char text[64];
    weir_status status = ask(store, "PRAGMA application_id", &owner, error);

    if (status == WEIR_OK)
        status = ask(store, "SELECT count(*) FROM sqlite_schema", &tables, error);
    if (status != WEIR_OK || owner == APPLICATION)
        return status;
    if (owner != 0 || tables != 0)
        return weir_error_set(error, WEIR_MISMATCH,
                              "'%s' is a database of another program; give the store a file of its "
                              "own",
                              store->path);
    snprintf(text, sizeof text, "PRAGMA application_id = %d", APPLICATION);
    status = run(store, text, error);
    if (status == WEIR_OK)
        status = run(store,
                     "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                     " digest TEXT NOT NULL, version TEXT NOT NULL) STRICT",
                     error);
    return status;
}

/* How many steps the file has; each is looked at. */
static weir_status check_applied(sqlite_store *store, int *ret_count, weir_error **error)
{
    sqlite3_stmt *row = NULL;
    weir_status status = WEIR_OK;
    int code;

    *ret_count = 0;
    code = sqlite3_prepare_v2(store->database,
                              "SELECT number, digest, version FROM migrations ORDER BY number DESC",
                              -1, &row, NULL);
    while (code == SQLITE_OK && status == WEIR_OK && sqlite3_step(row) == SQLITE_ROW) {
        status = store_check_migration(store->path, sqlite_migrations, sqlite_migration_count,
                                       sqlite3_column_int(row, 0),
                                       (const char *)sqlite3_column_text(row, 1),
                                       (const char *)sqlite3_column_text(row, 2), error);
        ++*ret_count;
    }
    if (status == WEIR_OK && sqlite3_errcode(store->database) != SQLITE_DONE)
        status = sqlite_fail(store, "be read", error);
    sqlite3_finalize(row);
    return status;
}

static weir_status apply(sqlite_store *store, const store_migration *migration, weir_error **error)
{
    char digest[WEIR_DIGEST_TEXT];
    weir_status status = run(store, migration->text, error);
    char *text =
        sqlite3_mprintf("INSERT INTO migrations VALUES (%d, %Q, %Q, %Q)", migration->number,
                        migration->name, store_migration_digest(migration, digest), WEIR_VERSION);

    if (status == WEIR_OK && text == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = run(store, text, error);
    sqlite3_free(text);
    return status;
}

weir_status sqlite_migrate(sqlite_store *store, weir_error **error)
{
    int count = 0;
    weir_status status = make_ours(store, error);

    if (status == WEIR_OK)
        status = check_applied(store, &count, error);
    for (int i = count; i < sqlite_migration_count && status == WEIR_OK; i++)
        status = apply(store, &sqlite_migrations[i], error);
    return status;
}
