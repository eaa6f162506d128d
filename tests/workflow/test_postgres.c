/* SPDX-License-Identifier: Apache-2.0 */
/* test_postgres.c - databases that are empty, foreign, newer or changed; URLs; the pool; poolers
 * that forget; triggers that are held; runners that wake each other (F7, F17). */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "store/postgres.h"
#include "tests/workflow/flow.h"

static const int64_t SECOND = 1000000000;

static const char *new_url(void)
{
    static char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    return url;
}

/* What is done to a schema that this version has made (or, `fresh`, to an empty one), and what
 * opening it says then; NULL: it opens. */
static const struct {
    bool fresh;
    const char *change, *text;
} schemas[] = {
    {true, "SELECT 1", NULL},
    {true, "CREATE TABLE other (x INTEGER)", "is a database of another program"},
    {false, "SELECT 1", NULL},
    {false, "INSERT INTO weir_migrations VALUES (99, '0099_future', 'x', '9.9.9')",
     "was brought to schema 99 by weir 9.9.9; this is weir " WEIR_VERSION},
    {false, "UPDATE weir_migrations SET digest = 'changed', version = '0.0.1'", "of the schema of"},
};

static void test_schemas(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        weir_store *store = NULL;
        const char *url = new_url();
        if (!schemas[i].fresh) {
            FLOW_OK(store_open(url, SECOND, &store, &error));
            store_close(store);
        }
        flow_execute(url, schemas[i].change);
        if (schemas[i].text != NULL) {
            FLOW_FAILS(WEIR_MISMATCH, schemas[i].text, store_open(url, SECOND, &store, &error));
            continue;
        }
        FLOW_OK(store_open(url, SECOND, &store, &error));
        store_close(store);
    }
}

/* All at once on an empty one: it is made once. */
static void *open_one(void *arg)
{
    weir_store *store = NULL;

    FLOW_OK(store_open(arg, 30 * SECOND, &store, &error));
    store_close(store);
    return NULL;
}

static void many_can_begin_at_once(void **state)
{
    (void)state;
    pthread_t threads[8];
    char url[300];

    snprintf(url, sizeof url, "%s&pool=8", new_url());
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_one, url), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void urls(void **state)
{
    (void)state;
    weir_store *store = NULL;

    FLOW_FAILS(WEIR_INVALID, "did you mean 'postgresql'?",
               store_open("postgresq://x", 1, &store, &error));
    FLOW_FAILS(WEIR_INVALID, "begin with postgresql://",
               store_open("postgresql:x", 1, &store, &error));
    FLOW_FAILS(WEIR_INVALID, "from 1 to 1000",
               store_open("postgresql://x/y?pool=0", 1, &store, &error));
    FLOW_FAILS(WEIR_INVALID, "from 1 to 1000",
               store_open("postgresql://x/y?connect_timeout=1&pool=many", 1, &store, &error));
    FLOW_FAILS(WEIR_INVALID, "cannot be read: invalid URI query parameter: \"poll\"",
               store_open("postgresql://x/y?poll=1", 1, &store, &error));
    /* a port that nobody has; and no password in the message */
    FLOW_FAILS(WEIR_IO, "'postgresql://127.0.0.1:1/y' cannot be reached",
               store_open("postgresql://me:secret@127.0.0.1:1/y", 1, &store, &error));
}

/* --- The pool --- */

static void who_finds_all_in_use_is_told_by_whom(void **state)
{
    (void)state;
    char url[300];
    weir_store *first = NULL, *second = NULL;
    int64_t now, runner;

    snprintf(url, sizeof url, "%s&pool=1", new_url());
    FLOW_OK(store_open(url, SECOND / 2, &first, &error));
    FLOW_OK(store_open(url, SECOND / 2, &second, &error));
    FLOW_OK(first->kind->begin(first, true, &now, &error));
    FLOW_OK(first->kind->join(first, "test", 1, &runner, &error));
    FLOW_FAILS(WEIR_AGAIN, "by runner 1 for", second->kind->begin(second, true, &now, &error));
    FLOW_OK(first->kind->commit(first, &error));
    FLOW_OK(second->kind->begin(second, true, &now, &error));
    FLOW_FAILS(WEIR_AGAIN, "by a handle that is no runner for",
               first->kind->begin(first, true, &now, &error));
    second->kind->rollback(second);
    store_close(first);
    store_close(second);
}

/* --- Poolers between us and the server --- */

/* What was prepared is gone: once, and then nothing is prepared any more. */
static void prepared_statements_can_be_forgotten(void **state)
{
    (void)state;
    weir_store *store = NULL;
    int64_t now, runner;

    FLOW_OK(store_open(new_url(), SECOND, &store, &error));
    FLOW_OK(store->kind->begin(store, true, &now, &error));
    FLOW_OK(store->kind->join(store, "test", 1, &runner, &error));
    postgres_link *link = ((postgres_store *)store)->link;
    FLOW_OK(store->kind->commit(store, &error));
    link->prepared[PG_BEAT] = 2; /* so we think */
    FLOW_OK(store->kind->begin(store, true, &now, &error));
    FLOW_FAILS(WEIR_AGAIN, "prepared statements are forgotten",
               store->kind->beat(store, runner, 2, &error));
    store->kind->rollback(store);
    FLOW_OK(store->kind->begin(store, true, &now, &error));
    FLOW_OK(store->kind->beat(store, runner, 2, &error));
    FLOW_OK(store->kind->commit(store, &error));
    assert_true(postgres_pool_is_plain(((postgres_store *)store)->pool));
    store_close(store);
}

/* Who does not hear takes the store for changed whenever it asks. */
static void who_does_not_hear_polls(void **state)
{
    (void)state;
    weir_store *store = NULL;

    FLOW_OK(store_open(new_url(), SECOND, &store, &error));
    assert_true(store->kind->descriptor(store) >= 0);
    for (int i = 0; i < 10; i++)
        assert_true(store->kind->has_changed(store));
    store_close(store);
}

/* --- Those that hold a trigger, and those that end its runner --- */

static weir_status take_nothing(void *arg, const store_trigger *row, weir_error **error)
{
    (void)arg;
    (void)row;
    (void)error;
    return WEIR_OK;
}

static void look(weir_store *store, int64_t runner)
{
    FLOW_OK(store->kind->each_trigger(store, "w", "t", take_nothing, NULL, &error));
    FLOW_OK(store->kind->put_trigger(
        store, &(store_trigger){.workflow = "w", .name = "t", .digest = "d", .runner = runner},
        &error));
}

/* Neither waits for the other, who may just want what it has. */
static void ending_a_runner_holds_no_trigger(void **state)
{
    (void)state;
    const char *url = new_url();
    weir_store *one = NULL, *other = NULL;
    int64_t now, runner;

    FLOW_OK(store_open(url, SECOND, &one, &error));
    FLOW_OK(store_open(url, SECOND, &other, &error));
    FLOW_OK(one->kind->begin(one, true, &now, &error));
    FLOW_OK(one->kind->join(one, "test", 1, &runner, &error));
    look(one, runner);
    FLOW_OK(one->kind->commit(one, &error));
    FLOW_OK(one->kind->begin(one, true, &now, &error));
    FLOW_OK(one->kind->end_runner(one, runner, 2, &error));
    FLOW_FAILS(WEIR_STATE, "was ended", one->kind->beat(one, runner, 3, &error));
    FLOW_OK(other->kind->begin(other, true, &now, &error));
    look(other, runner);
    FLOW_OK(other->kind->commit(other, &error));
    look(one, 0);
    FLOW_OK(one->kind->commit(one, &error));
    store_close(one);
    store_close(other);
}

/* --- Waking --- */

static weir_answer is_done(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

static void *serve(void *runner)
{
    FLOW_OK(weir_runner_serve(runner, &error));
    return NULL;
}

static bool is_heard(weir_runner *runner)
{
    return ((postgres_store *)runner->ledger.store)->heard;
}

/* A runner that polls once an hour learns of what others start long before it would look by
 * itself. */
static void runners_wake_each_other(void **state)
{
    (void)state;
    const flow_task one[] = {{"a", NULL, is_done, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
    const weir_setting poll = {.name = "poll", .text = "1h"};
    flow *f = flow_new(one);
    weir_runner *runner = NULL, *other = NULL;
    char url[300];
    pthread_t thread;
    int64_t id = 0, best = INT64_MAX;

    snprintf(url, sizeof url, "%s", new_url());
    FLOW_OK(weir_runner_open(url, &poll, 1, &runner, &error));
    FLOW_OK(weir_runner_load(runner, &f->module, NULL, &error));
    while (!is_heard(runner)) {
        FLOW_OK(runner_turn(runner, &error));
        runner->ledger.store->kind->descriptor(runner->ledger.store);
    }
    assert_int_equal(pthread_create(&thread, NULL, serve, runner), 0);
    FLOW_OK(weir_runner_open(url, NULL, 0, &other, &error));
    FLOW_OK(weir_runner_load(other, &f->module, NULL, &error));
    for (int i = 0; i < 5; i++) {
        int64_t begin = weir_monotonic_now();
        FLOW_OK(weir_workflow_start(other, "flow", NULL, NULL, &id, &error));
        FLOW_OK(weir_workflow_wait(other, id, 20 * SECOND, &error));
        int64_t took = weir_monotonic_now() - begin;
        best = took < best ? took : best;
    }
    assert_true(best < SECOND / 2);
    weir_runner_stop(runner);
    pthread_join(thread, NULL);
    weir_runner_close(runner);
    weir_runner_close(other);
    flow_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(many_can_begin_at_once),
        cmocka_unit_test(urls),
        cmocka_unit_test(who_finds_all_in_use_is_told_by_whom),
        cmocka_unit_test(prepared_statements_can_be_forgotten),
        cmocka_unit_test(who_does_not_hear_polls),
        cmocka_unit_test(ending_a_runner_holds_no_trigger),
        cmocka_unit_test(runners_wake_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
