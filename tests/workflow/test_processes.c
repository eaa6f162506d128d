/* SPDX-License-Identifier: Apache-2.0 */
/* test_processes.c - processes that hammer one SQLite file (F17): nobody is told that it is locked,
 * nothing that was committed is lost, and the log is written and checkpointed by all of them
 * without the fault that SQLite had until 3.51.3, which needs two that do so at once. */
#include "tests/workflow/flow.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite.h"

enum { PROCESSES = 32, COMMITS = 12, RUNNERS = 8, EXECUTIONS = 3 };

static const int64_t BUSY = 60000000000;

/* Forked without threads; 0: all was well. */
static pid_t begin_process(int (*work)(const char *url, int number), const char *url, int number)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(work(url, number));
    return child;
}

static void run_processes(int (*work)(const char *url, int number), const char *url, int count)
{
    pid_t children[PROCESSES];

    for (int i = 0; i < count; i++)
        children[i] = begin_process(work, url, i);
    for (int i = 0; i < count; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

static int64_t ask(const char *url, const char *text)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *row = NULL;

    assert_int_equal(sqlite3_open(strchr(url, ':') + 1, &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, text, -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(database);
    return value;
}

static int tell(weir_error *error)
{
    fprintf(stderr, "%d: %s\n", (int)getpid(), weir_error_message(error));
    weir_error_free(error);
    return 1;
}

/* A commit that fills most of the log, so that the next one, another process's, checkpoints it and
 * begins it anew. */
static weir_status commit_much(weir_store *store, int number, int commit, weir_error **error)
{
    static char text[400000];
    char version[32];
    int64_t now, id;
    weir_status status = store->kind->begin(store, true, &now, error);

    memset(text, 'x', sizeof text - 1);
    snprintf(version, sizeof version, "%d/%d", number, commit);
    store_plan row = {.version = version, .workflow = "w", .text = commit % 4 == 0 ? text : "{}"};
    if (status == WEIR_OK)
        status = store->kind->add_plan(store, &row, &id, error);
    return status == WEIR_OK ? store->kind->commit(store, error) : status;
}

static int hammer(const char *url, int number)
{
    weir_store *store = NULL;
    weir_error *error = NULL;
    int64_t now;
    weir_status status = store_open(url, BUSY, &store, &error);

    for (int i = 0; i < COMMITS && status == WEIR_OK; i++) {
        status = commit_much(store, number, i, &error);
        /* Readers come and go, and hold marks in the log. */
        if (status == WEIR_OK &&
            (status = store->kind->begin(store, false, &now, &error)) == WEIR_OK)
            store->kind->rollback(store);
    }
    store_close(store);
    return status == WEIR_OK ? 0 : tell(error);
}

static void nobody_meets_a_locked_file(void **state)
{
    (void)state;
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    run_processes(hammer, url, PROCESSES);
    assert_int_equal(ask(url, "SELECT count(*) FROM plans"), PROCESSES * COMMITS);
    assert_int_equal(ask(url, "SELECT sum(length(text) > 9) FROM plan_texts"),
                     PROCESSES * COMMITS / 4);
    assert_int_equal(ask(url, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

/* --- Runners in processes --- */

static weir_answer counts(weir_task *task)
{
    weir_task_set_integer(task, weir_task_name(task), weir_task_attempt(task));
    return WEIR_TASK_DONE;
}

static const flow_task diamond[] = {{"a", NULL, counts, NULL, NULL},
                                    {"b", "a", counts, NULL, NULL},
                                    {"c", "a", counts, NULL, NULL},
                                    {"d", "b c", counts, NULL, NULL},
                                    {NULL, NULL, NULL, NULL, NULL}};

static int run_some(const char *url, int number)
{
    flow *f = flow_new(diamond);
    weir_runner *runner = flow_runner(url, f, true);
    weir_error *error = NULL;
    weir_status status = WEIR_OK;

    (void)number;
    for (int i = 0; i < EXECUTIONS && status == WEIR_OK; i++) {
        int64_t id = 0;
        char key[16];
        snprintf(key, sizeof key, "%d", i); /* all of them run the same ones */
        status = weir_workflow_start(runner, "flow", NULL, key, &id, &error);
        if (status == WEIR_OK)
            status = weir_workflow_run(runner, id, &error);
    }
    weir_runner_close(runner);
    flow_free(f);
    return status == WEIR_OK ? 0 : tell(error);
}

static void each_task_is_one_runners(void **state)
{
    (void)state;
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    run_processes(run_some, url, RUNNERS);
    assert_int_equal(ask(url, "SELECT count(*) FROM executions WHERE state = 'Completed'"),
                     EXECUTIONS);
    assert_int_equal(
        ask(url, "SELECT count(*) FROM tasks WHERE state = 'Completed' AND attempt = 1"),
        4 * EXECUTIONS);
    assert_int_equal(ask(url, "SELECT count(*) FROM events WHERE to_state = 'Running' AND position "
                              "IS NOT NULL"),
                     4 * EXECUTIONS);
}

/* --- Statements --- */

/* None reads all rows of a table that grows, nor sorts them, but for an operator's. */
static void every_statement_has_its_index(void **state)
{
    (void)state;
    weir_store *store = NULL;

    FLOW_OK(store_open(flow_new_store(), BUSY, &store, &error));
    for (int i = 0; i < SQL_STATUS; i++) {
        char text[4096];
        sqlite3_stmt *row = NULL;
        snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sqlite_texts[i]);
        assert_int_equal(
            sqlite3_prepare_v2(((sqlite_store *)store)->database, text, -1, &row, NULL), SQLITE_OK);
        while (sqlite3_step(row) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(row, 3);
            bool small = strstr(step, "USING INDEX") != NULL || strstr(step, "CONSTANT") != NULL ||
                         strstr(step, "subquery") != NULL ||
                         strstr(step, "schedules") != NULL || /* as many as workflows */
                         strstr(step, "triggers") != NULL;
            if (strncmp(step, "SCAN", 4) == 0 && !small)
                fail_msg("%s: %s", sqlite_texts[i], step);
        }
        sqlite3_finalize(row);
    }
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_meets_a_locked_file),
        cmocka_unit_test(each_task_is_one_runners),
        cmocka_unit_test(every_statement_has_its_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
