/* SPDX-License-Identifier: Apache-2.0 */
/* test_db.c - an operator looks at every kind of store, checks it, copies it and prunes it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite.h"
#include "tests/workflow/story.h"
#include <weir/db.h>

typedef struct used {
    char url[256];
    flow *flow;
    weir_runner *runner;
    int64_t ids[3];
} used;

/* Three executions: two have ended, one has not begun. */
static void open_used(used *u)
{
    snprintf(u->url, sizeof u->url, "%s", flow_new_store());
    story_begin();
    u->flow = flow_new(story_tasks);
    u->runner = flow_runner(u->url, u->flow, true);
    for (int i = 0; i < 3; i++) {
        FLOW_OK(weir_workflow_start(u->runner, "flow", NULL, NULL, &u->ids[i], &error));
        if (i < 2)
            FLOW_OK(weir_workflow_run(u->runner, u->ids[i], &error));
    }
}

static void close_used(used *u)
{
    weir_runner_close(u->runner);
    flow_free(u->flow);
}

static json_t *status_of(const char *url)
{
    char *text = NULL;

    FLOW_OK(weir_db_status(url, &text, &error));
    json_t *status = json_loads(text, 0, NULL);
    weir_free(text);
    assert_non_null(status);
    return status;
}

static int64_t number_of(const char *url, const char *name)
{
    json_t *status = status_of(url);
    int64_t number = json_integer_value(json_object_get(status, name));

    json_decref(status);
    return number;
}

static void it_is_looked_at(void **state)
{
    (void)state;
    used u;

    open_used(&u);
    json_t *status = status_of(u.url);
    assert_string_equal(json_string_value(json_object_get(status, "store")),
                        flow_is_postgres() ? "postgresql" : "sqlite");
    json_decref(status);
    assert_int_equal(number_of(u.url, "schema"), sqlite_migration_count);
    assert_int_equal(number_of(u.url, "executions.Completed"), 2);
    assert_int_equal(number_of(u.url, "executions.Pending"), 1);
    assert_int_equal(number_of(u.url, "tasks"), 3 * STORY_TASKS);
    assert_int_equal(number_of(u.url, "runners"), 1);
    assert_true(number_of(u.url, "bytes") > 1000);
    assert_true(number_of(u.url, "oldest_ended") > 0);
    close_used(&u);
}

/* --- Check --- */

static void expect_wrong(const char *url, const char *text)
{
    char *found = NULL;

    FLOW_OK(weir_db_check(url, &found, &error));
    if (text == NULL)
        assert_string_equal(found, "[]");
    else if (strstr(found, text) == NULL)
        fail_msg("'%s' is not in %s", text, found);
    weir_free(found);
}

/* What a hand does, and what is found. */
static const struct {
    const char *change, *text;
} damages[] = {
    {"UPDATE executions SET state = 'Failed' WHERE id = 1",
     "execution 1: its state is not that of its newest event"},
    {"UPDATE tasks SET state = 'Ready' WHERE execution = 2 AND name = 'f'",
     "execution 2: the state of its task f is not that of its newest event"},
    {"UPDATE executions SET unfinished = 3 WHERE id = 2",
     "execution 2: its count of unfinished tasks is wrong"},
    {"INSERT INTO events (execution, position, time, from_state, to_state) VALUES (1, 0, 1, "
     "'Running', 'Completed')",
     "execution 1: a result of its task 0 was recorded twice"},
    {"DELETE FROM payloads WHERE execution = 3", "execution 3: its input is missing"},
};

static void what_is_wrong_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        used u;
        open_used(&u);
        expect_wrong(u.url, NULL);
        flow_execute(u.url, damages[i].change);
        expect_wrong(u.url, damages[i].text);
        close_used(&u);
    }
}

/* --- Prune --- */

/* Only what has ended goes, and only when it is old. */
static void what_is_old_goes(void **state)
{
    (void)state;
    used u;
    weir_db_pruned gone;

    open_used(&u);
    FLOW_OK(weir_db_prune(u.url, 3600000000000, &gone, &error));
    assert_int_equal(gone.executions, 0);
    FLOW_OK(weir_db_prune(u.url, 0, &gone, &error));
    assert_int_equal(gone.executions, 2);
    assert_int_equal(number_of(u.url, "tasks"), STORY_TASKS);
    assert_int_equal(number_of(u.url, "executions.Completed"), 0);
    expect_wrong(u.url, NULL);
    FLOW_FAILS(WEIR_NOT_FOUND, "has no execution", weir_workflow_run(u.runner, u.ids[0], &error));
    story_begin();
    FLOW_OK(weir_workflow_run(u.runner, u.ids[2], &error));
    story_check(u.runner, u.ids[2]);
    FLOW_OK(weir_db_vacuum(u.url, &error));
    expect_wrong(u.url, NULL);
    close_used(&u);
}

/* More than one transaction takes. */
static void many_go_in_batches(void **state)
{
    (void)state;
    used u;
    weir_db_pruned gone;
    int64_t id;

    open_used(&u);
    for (int i = 0; i < 600; i++) {
        FLOW_OK(weir_workflow_start(u.runner, "flow", NULL, NULL, &id, &error));
        FLOW_OK(weir_workflow_cancel(u.runner, id, NULL, &error));
    }
    FLOW_OK(weir_db_prune(u.url, 0, &gone, &error));
    assert_int_equal(gone.executions, 602);
    assert_int_equal(number_of(u.url, "tasks"), STORY_TASKS);
    close_used(&u);
}

/* --- Plans --- */

static weir_answer does_nothing(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

/* Another version of "flow" for each number, with an execution that has ended (or not), and
 * nobody left that has its code. */
static void leave_version(const char *url, const char *number, bool ends)
{
    char options[40];
    const flow_task tasks[] = {{"a", NULL, does_nothing, NULL, options},
                               {NULL, NULL, NULL, NULL, NULL}};
    int64_t id = 0;

    snprintf(options, sizeof options, "priority=%s", number);
    flow *f = flow_new(tasks);
    weir_runner *runner = flow_runner(url, f, true);
    FLOW_OK(weir_workflow_start(runner, "flow", NULL, NULL, &id, &error));
    if (ends)
        FLOW_OK(weir_workflow_cancel(runner, id, NULL, &error));
    weir_runner_close(runner);
    flow_free(f);
}

static weir_db_pruned prune(const char *url)
{
    weir_db_pruned gone;

    FLOW_OK(weir_db_prune(url, 0, &gone, &error));
    return gone;
}

/* Of four versions one has an execution that goes on, and one is the newest. */
static void versions_that_nobody_needs_go(void **state)
{
    (void)state;
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    leave_version(url, "1", true);
    leave_version(url, "2", false);
    leave_version(url, "3", true);
    leave_version(url, "4", true);
    assert_int_equal(number_of(url, "plans"), 4);
    weir_db_pruned gone = prune(url);
    assert_int_equal(gone.executions, 3);
    assert_int_equal(gone.plans, 2);
    assert_int_equal(number_of(url, "plans"), 2);
    gone = prune(url);
    assert_int_equal(gone.plans, 0);
    /* It comes again where it is needed, and with a number of its own. */
    leave_version(url, "1", false);
    assert_int_equal(number_of(url, "plans"), 3);
    expect_wrong(url, NULL);
}

/* A runner that is alive has it, also while nothing of it is there; one that is gone does not. */
static void what_a_runner_offers_stays(void **state)
{
    (void)state;
    used u;

    open_used(&u);
    FLOW_OK(weir_workflow_cancel(u.runner, u.ids[2], NULL, &error));
    leave_version(u.url, "1", true);
    weir_db_pruned gone = prune(u.url);
    assert_int_equal(gone.executions, 4);
    assert_int_equal(gone.plans, 0);
    story_begin();
    FLOW_OK(weir_workflow_start(u.runner, "flow", NULL, NULL, &u.ids[0], &error));
    FLOW_OK(weir_workflow_run(u.runner, u.ids[0], &error));
    story_check(u.runner, u.ids[0]);
    close_used(&u);
    assert_int_equal(prune(u.url).plans, 1);
}

/* Who has asked for a plan may use it, until its transaction ends. SQLite has one writer. */
static void what_is_about_to_be_used_stays(void **state)
{
    (void)state;
    weir_store *store = NULL;
    const store_plan rows[] = {{.version = "v", .workflow = "w", .text = "{}"},
                               {.version = "z", .workflow = "z", .text = "{}"}};
    int64_t id = 0, now;
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    FLOW_OK(store_open(url, 30000000000, &store, &error));
    for (int i = 0; i < 3; i++) { /* both are there before the one is asked for again */
        FLOW_OK(store->kind->begin(store, true, &now, &error));
        FLOW_OK(store->kind->add_plan(store, &rows[i % 2], &id, &error));
        if (i == 2 && flow_is_postgres())
            assert_int_equal(prune(url).plans, 0);
        FLOW_OK(store->kind->commit(store, &error));
    }
    store_close(store);
    assert_int_equal(prune(url).plans, 1);
}

/* The newest version of what starts by itself stays, and older ones do not. */
static void what_starts_by_itself_stays(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "INSERT INTO plans (version, workflow, round) VALUES ('1', 's', 0), ('2', 't', 0), ('3', "
        "'u', 0), ('4', 's', 0), ('5', 't', 0), ('6', 'u', 0), ('7', 'w', 0)",
        "INSERT INTO schedules (workflow, digest) VALUES ('s', 'd')",
        "INSERT INTO triggers (workflow, name, digest, due, token, failures) VALUES ('t', 'n', "
        "'d', 0, 0, 0)"};
    weir_store *store = NULL;
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    FLOW_OK(store_open(url, 30000000000, &store, &error));
    store_close(store);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        flow_execute(url, changes[i]);
    assert_int_equal(prune(url).plans, 4);
    assert_int_equal(number_of(url, "plans"), 3);
    flow_execute(url, "DELETE FROM schedules");
    assert_int_equal(prune(url).plans, 1);
}

/* --- Backup --- */

static void a_copy_is_a_store(void **state)
{
    (void)state;
    used u;
    char path[64], url[80];

    open_used(&u);
    snprintf(path, sizeof path, "copy-%ld.db", (long)getpid());
    snprintf(url, sizeof url, "sqlite:%s", path);
    if (flow_is_postgres()) {
        FLOW_FAILS(WEIR_INVALID, "pg_dump", weir_db_backup(u.url, path, &error));
        close_used(&u);
        return;
    }
    FLOW_OK(weir_db_backup(u.url, path, &error));
    FLOW_FAILS(WEIR_STATE, "is there already", weir_db_backup(u.url, path, &error));
    FLOW_FAILS(WEIR_IO, "cannot make", weir_db_backup(u.url, "/nowhere/copy", &error));
    close_used(&u);
    u.flow = flow_new(story_tasks);
    u.runner = flow_runner(url, u.flow, true);
    story_begin();
    FLOW_OK(weir_workflow_run(u.runner, u.ids[2], &error));
    story_check(u.runner, u.ids[2]);
    close_used(&u);
    for (size_t i = 0; i < 4; i++) {
        static const char *const endings[] = {"", "-lock", "-wal", "-shm"};
        snprintf(url, sizeof url, "%s%s", path, endings[i]);
        unlink(url);
    }
}

static void what_is_not_there_is_not_made(void **state)
{
    (void)state;
    char *text = NULL;

    FLOW_FAILS(WEIR_NOT_FOUND, "there is no store 'nowhere.db'",
               weir_db_status("sqlite:nowhere.db", &text, &error));
    FLOW_FAILS(WEIR_INVALID, "names no store", weir_db_vacuum("nowhere.db", &error));
    assert_int_not_equal(access("nowhere.db", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_looked_at),
        cmocka_unit_test(what_is_wrong_is_found),
        cmocka_unit_test(what_is_old_goes),
        cmocka_unit_test(many_go_in_batches),
        cmocka_unit_test(versions_that_nobody_needs_go),
        cmocka_unit_test(what_a_runner_offers_stays),
        cmocka_unit_test(what_is_about_to_be_used_stays),
        cmocka_unit_test(what_starts_by_itself_stays),
        cmocka_unit_test(a_copy_is_a_store),
        cmocka_unit_test(what_is_not_there_is_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
