/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_faults.c - each call of a store fails in its turn: nothing is lost, nothing is
 * recorded twice (F17). WEIR_FAULTS=N takes every N-th call (7). Then every call of the interface
 * once and twice, in a story that needs them all. */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "store/sqlite.h"
#include "tests/workflow/faulty.h"
#include "tests/workflow/long_day.h"
#include "tests/workflow/story.h"

static void wrap(weir_runner *runner, faulty *store, int n, int every, weir_status with)
{
    if (runner->ledger.store->kind == &store_sqlite) /* no power is lost here */
        sqlite3_exec(((sqlite_store *)runner->ledger.store)->database, "PRAGMA synchronous = OFF",
                     NULL, NULL, NULL);
    faulty_wrap(store, runner->ledger.store, n, every, with);
    runner->ledger.store = &store->base;
}

/* A runner whose store is wrapped. */
static weir_runner *open_faulty(const char *url, const flow *f, faulty *store, int n, int every,
                                weir_status with)
{
    weir_runner *runner = flow_runner(url, f, false);

    wrap(runner, store, n, every, with);
    return runner;
}

static weir_status run(weir_runner *runner, const char *key, int64_t *ret_id, weir_error **error)
{
    weir_status status = weir_workflow_start(runner, "flow", "{}", key, ret_id, error);

    return status == WEIR_OK ? weir_workflow_run(runner, *ret_id, error) : status;
}

/* One life in which the n-th call fails; who fails with it is followed by another one. False: it
 * had fewer calls. */
static bool live(const char *url, const flow *f, int n, int every, weir_status with)
{
    char key[16];
    int64_t id = 0;
    faulty store;
    weir_error *failure = NULL;

    snprintf(key, sizeof key, "%d", n);
    story_begin();
    weir_runner *runner = open_faulty(url, f, &store, n, every, with);
    weir_status status = run(runner, key, &id, &failure);
    int struck = store.struck;
    store.left = store.every = 0;
    if (status != WEIR_OK) {
        assert_int_equal(status, with);
        assert_int_not_equal(status, WEIR_AGAIN); /* that is waited for */
        weir_error_free(failure);
        weir_runner_close(runner);
        runner = flow_runner(url, f, false);
        FLOW_OK(run(runner, key, &id, &error));
    }
    story_check(runner, id);
    if (struck == 0 || with == WEIR_AGAIN)
        assert_int_equal(story_runs(), STORY_TASKS);
    weir_runner_close(runner);
    return struck != 0;
}

static int stride(void)
{
    const char *text = getenv("WEIR_FAULTS");

    return text != NULL ? atoi(text) : 7;
}

static int fail_everywhere(weir_status with)
{
    flow *f = flow_new(story_tasks);
    int n = 1 + (int)with % stride();
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    while (live(url, f, n, 0, with))
        n += stride();
    flow_free(f);
    assert_true(n > 50);
    return n;
}

/* A store that is not to be had now is waited for: nobody notices, and no task runs twice. */
static void what_passes_is_not_noticed(void **state)
{
    (void)state;
    fail_everywhere(WEIR_AGAIN);
}

static void who_fails_is_followed(void **state)
{
    (void)state;
    fail_everywhere(WEIR_IO);
}

static void so_is_who_has_no_memory(void **state)
{
    (void)state;
    fail_everywhere(WEIR_NOMEM);
}

/* Again and again. */
static void a_bad_store_makes_progress(void **state)
{
    (void)state;
    flow *f = flow_new(story_tasks);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    /* more calls than one turn makes */
    for (int every = 97; every < 107; every += 3)
        assert_true(live(url, f, every, every, WEIR_AGAIN));
    flow_free(f);
}

static int64_t newest(weir_runner *runner)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_list(runner, NULL, NULL, 0, 1, &text, &error));
    json_t *list = json_loads(text, 0, NULL);
    int64_t id = json_integer_value(json_object_get(json_array_get(list, 0), "id"));
    json_decref(list);
    weir_free(text);
    return id;
}

/* A slot is started and claimed by one commit, which is not answered, and was none: the execution
 * of the claim that is in doubt is not there. */
static void a_slot_may_be_lost_with_its_claim(void **state)
{
    (void)state;
    static const weir_setting hourly[] = {{.name = "cron", .text = "0 * * * *"}};
    flow *f = flow_new(story_tasks);
    faulty store;

    f->workflow.schedule = (weir_task_settings){hourly, 1};
    story_begin();
    weir_runner *runner = open_faulty(flow_new_store(), f, &store, 0, 0, WEIR_CLOSED);
    FLOW_OK(runner_turn(runner, &error));
    runner->virtual_now = 3600 * INT64_C(1000000000);
    store.where = FAULTY_COMMIT;
    store.left = 1;
    FLOW_OK(runner_turn(runner, &error));
    assert_int_equal(store.struck, 1);
    FLOW_OK(runner_turn(runner, &error));
    int64_t id = newest(runner);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    story_check(runner, id);
    weir_runner_close(runner);
    flow_free(f);
}

/* --- Every call, through all that there is --- */

/* Each runner of a day has a store of its own around the same file or server. */
typedef struct tour {
    faulty_tour calls;
    faulty stores[2 * FAULTY_CALLS];
    size_t count;
    weir_status with;
} tour;

static weir_runner *open_tour(long_day *day)
{
    tour *t = day->arg;
    weir_runner *runner = long_day_runner(day, "30s", NULL);

    assert_true(runner != NULL && t->count < 2 * (size_t)FAULTY_CALLS);
    faulty *store = &t->stores[t->count++];
    wrap(runner, store, 0, 0, t->with);
    store->tour = &t->calls;
    return runner;
}

static bool tour_passes(const long_day *day, weir_status status)
{
    return status == ((const tour *)day->arg)->with;
}

static void expect_all_struck(const faulty_tour *calls)
{
    for (size_t i = 0; i < FAULTY_CALLS; i++)
        if (calls->reached[i] < calls->at)
            print_error("the call '%s' came %d times, and so has not failed\n", faulty_names[i],
                        calls->reached[i]);
    assert_int_equal(calls->struck, FAULTY_CALLS);
}

/* The first time that it comes; the second where there is one. */
static void tour_all(weir_status with)
{
    for (int at = 1; at <= 2; at++) {
        tour t = {.calls = {.at = at}, .with = with};
        long_day day = {.open = open_tour, .passes = tour_passes, .arg = &t};
        snprintf(day.url, sizeof day.url, "%s", flow_new_store());
        snprintf(day.direct, sizeof day.direct, "%s", day.url);
        long_day_live(&day);
        print_message("%d calls failed, by %zu runners\n", t.calls.struck, t.count);
        if (at == 1)
            expect_all_struck(&t.calls);
        if (with == WEIR_AGAIN)
            assert_int_equal(long_day_runs(), day.runs);
        assert_true(long_day_runs() >= day.runs);
    }
}

static void every_call_is_tried_again(void **state)
{
    (void)state;
    tour_all(WEIR_AGAIN);
}

static void every_call_may_end_its_runner(void **state)
{
    (void)state;
    tour_all(WEIR_IO);
}

/* --- Commits that are not answered, through all that there is --- */

typedef struct doubt {
    faulty store;
    faulty_where where;
} doubt;

static weir_runner *open_doubtful(long_day *day)
{
    doubt *d = day->arg;
    weir_runner *runner = long_day_runner(day, "30s", NULL);

    assert_non_null(runner);
    wrap(runner, &d->store, 5, 7, WEIR_CLOSED);
    d->store.where = d->where;
    return runner;
}

/* The runner goes on by itself; a call that is told so is made again. */
static bool is_doubt(const long_day *day, weir_status status)
{
    (void)day;
    return status == WEIR_CLOSED;
}

/* Every seventh is one all the same, or none. */
static void a_day_of_doubts_ends_well(void **state)
{
    static const faulty_where where[] = {FAULTY_COMMITTED, FAULTY_COMMIT};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        doubt d = {.where = where[i]};
        long_day day = {.open = open_doubtful, .passes = is_doubt, .arg = &d};
        snprintf(day.url, sizeof day.url, "%s", flow_new_store());
        snprintf(day.direct, sizeof day.direct, "%s", day.url);
        long_day_live(&day);
        assert_true(long_day_runs() >= day.runs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_passes_is_not_noticed),
        cmocka_unit_test(who_fails_is_followed),
        cmocka_unit_test(so_is_who_has_no_memory),
        cmocka_unit_test(a_bad_store_makes_progress),
        cmocka_unit_test(a_slot_may_be_lost_with_its_claim),
        cmocka_unit_test(every_call_is_tried_again),
        cmocka_unit_test(every_call_may_end_its_runner),
        cmocka_unit_test(a_day_of_doubts_ends_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
