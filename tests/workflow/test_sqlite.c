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

/* --- Files of older versions --- */

static weir_answer counts(weir_task *task)
{
    int64_t runs = 0;

    weir_task_get_integer(task, "runs", &runs);
    weir_task_set_integer(task, "runs", runs + 1);
    return WEIR_TASK_DONE;
}

static const flow_task two[] = {{"first", NULL, counts, NULL, NULL},
                                {"second", "first", counts, NULL, NULL},
                                {NULL, NULL, NULL, NULL, NULL}};

static void apply(const char *url, int step)
{
    const store_migration *migration = &sqlite_migrations[step];
    char digest[WEIR_DIGEST_TEXT];

    flow_execute(url, migration->text);
    char *text =
        sqlite3_mprintf("INSERT INTO migrations VALUES (%d, %Q, %Q, '0.0.1')", migration->number,
                        migration->name, store_migration_digest(migration, digest));
    flow_execute(url, text);
    sqlite3_free(text);
}

/* As the first version has recorded it. */
static void add_execution(const char *url, const plan *p)
{
    char *text = sqlite3_mprintf(
        "INSERT INTO plans VALUES (1, %Q, 'flow', 0); INSERT INTO plan_texts VALUES (1, %Q);"
        "INSERT INTO executions (id, plan, workflow, state, unfinished, round, created)"
        " VALUES (1, 1, 'flow', 'Pending', 2, 0, 5);"
        "INSERT INTO payloads (execution, input) VALUES (1, '{}');"
        "INSERT INTO tasks (execution, position, plan, name, state, waiting, attempt, spent, lost,"
        " due, queued, priority, round, token) VALUES"
        " (1, 0, 1, 'first', 'Ready', 0, 0, 0, 0, 0, 1, 0, 0, 0),"
        " (1, 1, 1, 'second', 'Pending', 1, 0, 0, 0, 0, NULL, 0, 0, 0)",
        p->version, p->text);

    flow_execute(url, text);
    sqlite3_free(text);
}

/* Each step that a file can have stopped at is brought up to this version, and what it holds goes
 * on. */
static void an_older_file_goes_on(void **state)
{
    (void)state;
    flow *f = flow_new(two);

    for (int steps = 1; steps <= sqlite_migration_count; steps++) {
        char url[256], *result = NULL;
        snprintf(url, sizeof url, "%s", flow_new_file());
        weir_runner *shown = flow_runner(flow_new_file(), f, true);
        flow_execute(url, "PRAGMA application_id = 0x77656972; CREATE TABLE migrations (number "
                          "INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, version "
                          "TEXT NOT NULL) STRICT");
        apply(url, 0);
        add_execution(url, shown->ledger.plans[0]);
        weir_runner_close(shown);
        for (int i = 1; i < steps; i++)
            apply(url, i);
        weir_runner *runner = flow_runner(url, f, true);
        FLOW_OK(weir_workflow_run(runner, 1, &error));
        FLOW_OK(weir_workflow_result(runner, 1, &result, &error));
        assert_non_null(strstr(result, "\"context\":{\"runs\":2}"));
        weir_free(result);
        weir_runner_close(runner);
    }
    flow_free(f);
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
        cmocka_unit_test(an_older_file_goes_on),
        cmocka_unit_test(it_is_set_for_safety),
        cmocka_unit_test(the_log_stays_small),
        cmocka_unit_test(a_runner_that_is_rolled_back_holds_nothing),
        cmocka_unit_test(urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
