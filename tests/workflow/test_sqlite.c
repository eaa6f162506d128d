/* SPDX-License-Identifier: Apache-2.0 */
/* test_sqlite.c - files that are empty, foreign, newer, changed or damaged; how SQLite is set. */
#include "tests/workflow/flow.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/sqlite.h"

/* What is done to a file that this version has made (or, `fresh`, to an empty one), and what
 * opening it says then; NULL: it opens. */
static const struct {
    bool fresh;
    const char *change, *text;
} files[] = {
    {true, "VACUUM", NULL},
    {true, "CREATE TABLE other (x)", "is a database of another program"},
    {true, "PRAGMA application_id = 1", "is a database of another program"},
    {false, "VACUUM", NULL},
    {false, "INSERT INTO migrations VALUES (99, '0099_future', 'x', '9.9.9')",
     "was brought to schema 99 by weir 9.9.9; this is weir " WEIR_VERSION},
    {false, "UPDATE migrations SET digest = 'changed', version = '0.0.1'", "of the schema of"},
};

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        weir_store *store = NULL;
        const char *url = flow_new_file();
        if (!files[i].fresh) {
            FLOW_OK(store_open(url, 1000000000, &store, &error));
            store_close(store);
        }
        flow_execute(url, files[i].change);
        if (files[i].text != NULL) {
            FLOW_FAILS(WEIR_MISMATCH, files[i].text, store_open(url, 1000000000, &store, &error));
            continue;
        }
        FLOW_OK(store_open(url, 1000000000, &store, &error));
        store_close(store);
    }
}

static int64_t ask(sqlite_store *store, const char *text)
{
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_prepare_v2(store->database, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void it_is_set_for_safety(void **state)
{
    (void)state;
    weir_store *base = NULL;

    FLOW_OK(store_open(flow_new_file(), 2000000000, &base, &error));
    sqlite_store *store = (sqlite_store *)base;
    assert_int_equal(ask(store, "PRAGMA synchronous"), 2); /* FULL */
    assert_int_equal(ask(store, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_int_equal(ask(store, "PRAGMA foreign_keys"), 1);
    assert_int_equal(ask(store, "PRAGMA busy_timeout"), 2000);
    store_close(base);
}

/* Nobody but us checkpoints, and we do: the log does not grow for ever. */
static void the_log_stays_small(void **state)
{
    (void)state;
    weir_store *store = NULL;
    char path[300], *text = weir_alloc(200001);
    const char *url = flow_new_file();
    struct stat file;
    int64_t now, id;

    memset(text, 'x', 200000);
    FLOW_OK(store_open(url, 1000000000, &store, &error));
    for (int i = 0; i < 200; i++) {
        char version[16];
        snprintf(version, sizeof version, "%d", i);
        store_plan w = {.version = version, .workflow = "w", .text = text};
        FLOW_OK(store->kind->begin(store, true, &now, &error));
        FLOW_OK(store->kind->add_plan(store, &w, &id, &error));
        FLOW_OK(store->kind->commit(store, &error));
    }
    snprintf(path, sizeof path, "%s-wal", strchr(url, ':') + 1);
    assert_int_equal(stat(path, &file), 0);
    assert_true(file.st_size < 6 * 1024 * 1024); /* of 40 MB */
    weir_free(text);
    store_close(store);
}

/* A runner holds the byte of its number in the lock file; one that there is not lets it go. */
static void a_runner_that_is_rolled_back_holds_nothing(void **state)
{
    (void)state;
    char url[256];
    weir_store *stores[2] = {NULL};
    int64_t now, ids[2];

    snprintf(url, sizeof url, "%s", flow_new_file());
    for (int i = 0; i < 2; i++) {
        FLOW_OK(store_open(url, 1000000000, &stores[i], &error));
        FLOW_OK(stores[i]->kind->begin(stores[i], true, &now, &error));
        FLOW_OK(stores[i]->kind->join(stores[i], "test", now, &ids[i], &error));
        stores[i]->kind->rollback(stores[i]);
    }
    assert_int_equal(ids[0], ids[1]);
    store_close(stores[0]);
    store_close(stores[1]);
}

static void urls(void **state)
{
    (void)state;
    weir_store *store = NULL;

    FLOW_FAILS(WEIR_INVALID, "did you mean 'sqlite'?", store_open("sqlite", 1, &store, &error));
    FLOW_FAILS(WEIR_INVALID, "names no store", store_open("postgres://x", 1, &store, &error));
    FLOW_FAILS(WEIR_INVALID, "names no file", store_open("sqlite::memory:", 1, &store, &error));
    FLOW_FAILS(WEIR_INVALID, "names no file", store_open("sqlite:", 1, &store, &error));
    FLOW_FAILS(WEIR_IO, "cannot open", store_open("sqlite:/nowhere/x.db", 1, &store, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(it_is_set_for_safety),
        cmocka_unit_test(the_log_stays_small),
        cmocka_unit_test(a_runner_that_is_rolled_back_holds_nothing),
        cmocka_unit_test(urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
