/* SPDX-License-Identifier: Apache-2.0 */
/* test_recovery.c - runners that are gone, results that come too late, two at once (F6, F8, F9,
 * F18). A runner is lost by claiming through its ledger and closing it. */
#include "tests/workflow/flow.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static int runs[4];
static pthread_mutex_t runs_mutex = PTHREAD_MUTEX_INITIALIZER;

/* The task's name is its place in `runs`. */
static weir_answer counts(weir_task *task)
{
    pthread_mutex_lock(&runs_mutex);
    runs[weir_task_name(task)[0] - 'a']++;
    pthread_mutex_unlock(&runs_mutex);
    weir_task_set_integer(task, weir_task_name(task), weir_task_attempt(task));
    return WEIR_TASK_DONE;
}

static const flow_task chain[] = {{"a", NULL, counts, NULL, NULL},
                                  {"b", "a", counts, NULL, NULL},
                                  {"c", "b", counts, NULL, NULL},
                                  {NULL, NULL, NULL, NULL, NULL}};

static int64_t start(weir_runner *runner, const char *key)
{
    int64_t id = 0;

    memset(runs, 0, sizeof runs);
    FLOW_OK(weir_workflow_start(runner, "flow", NULL, key, &id, &error));
    return id;
}

static void begin(weir_runner *runner)
{
    FLOW_OK(ledger_begin(&runner->ledger, true, &error));
    if (runner->ledger.runner == 0)
        FLOW_OK(ledger_join(&runner->ledger, "test", &error));
}

static void commit(weir_runner *runner)
{
    FLOW_OK(ledger_end(&runner->ledger, WEIR_OK, &error));
}

/* The next task; NULL: there is none. */
static weir_task *try_claim(weir_runner *runner, int64_t id)
{
    weir_task *job = NULL;

    begin(runner);
    FLOW_OK(ledger_claim(&runner->ledger, id, 1, &job, &error));
    commit(runner);
    return job;
}

static void finish(weir_runner *runner, weir_task *job)
{
    job_run(job);
    begin(runner);
    FLOW_OK(ledger_finish(&runner->ledger, job, &error));
    commit(runner);
    job_free(job);
}

static weir_task *claim(weir_runner *runner, int64_t id)
{
    weir_task *job = try_claim(runner, id);

    assert_non_null(job);
    return job;
}

/* How many more sweeps there are to be. */
static bool sweep(weir_runner *runner)
{
    bool more = false;

    begin(runner);
    FLOW_OK(ledger_sweep(&runner->ledger, &more, &error));
    commit(runner);
    return more;
}

static bool says(json_t *events, const char *text)
{
    json_t *event;
    size_t i;

    json_array_foreach(events, i, event)
    {
        const char *reason = json_string_value(json_object_get(event, "reason"));
        if (reason != NULL && strstr(reason, text) != NULL)
            return true;
    }
    return false;
}

/* What releases a task may have none of its code: the rule is in the plan. */
static void a_rule_is_decided_without_the_code(void **state)
{
    (void)state;
    static const flow_task tasks[] = {
        {"a", NULL, counts, NULL, "retry_on=failed"},
        {"b", "a", counts, NULL, "rule=[\"failed\",\"a\"]"},
        {"c", "a", counts, NULL, "rule=[\"==\",[\"state\",\"a\"],[\"text\",\"Completed\"]]"},
        {"d", "a", counts, NULL, "rule=[\">\",[\".\",[\"context\"],\"a\"],1]"},
        {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks), none = {.module = {.generation = WEIR_GENERATION, .name = "none"}};
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *first = flow_runner(url, f, false), *second = flow_runner(url, &none, false);
    int64_t id = start(first, NULL);
    job_free(claim(first, id));
    weir_runner_close(first);
    sweep(second);
    json_t *result = flow_result(second, id);
    assert_string_equal(flow_text(result, "a", "state"), "Failed");
    assert_string_equal(flow_text(result, "b", "state"), "Ready");
    assert_string_equal(flow_text(result, "c", "state"), "Skipped");
    assert_string_equal(flow_text(result, "c", "reason"),
                        "run_if '[\"==\",[\"state\",\"a\"],[\"text\",\"Completed\"]]' is not so");
    assert_string_equal(flow_text(result, "d", "state"), "Failed");
    assert_non_null(strstr(flow_text(result, "d", "reason"), "there is no 'context.a'"));
    json_decref(result);
    weir_runner_close(second);
    flow_free(f);
}

/* Wherever the first runner stops, the second one ends it, and nothing that was done is done
 * again. */
static void a_lost_runner_is_followed(void **state)
{
    (void)state;
    flow *f = flow_new(chain);

    for (int done = 0; done < 3; done++)
        for (int claimed = 0; claimed < 2; claimed++) {
            char url[256];
            snprintf(url, sizeof url, "%s", flow_new_store());
            weir_runner *first = flow_runner(url, f, false);
            int64_t id = start(first, "key");
            for (int i = 0; i < done; i++)
                finish(first, claim(first, id));
            if (claimed)
                job_free(claim(first, id));
            int64_t lost = first->ledger.runner;
            weir_runner_close(first);
            weir_runner *second = flow_runner(url, f, false);
            int64_t same = 0;
            FLOW_OK(weir_workflow_start(second, "flow", NULL, "key", &same, &error));
            assert_int_equal(same, id);
            FLOW_OK(weir_workflow_run(second, id, &error));
            json_t *result = flow_result(second, id), *events = flow_events(second, id);
            assert_string_equal(flow_status(result), "Completed");
            for (int i = 0; i < 3; i++) {
                char name[2] = {(char)('a' + i), '\0'};
                assert_int_equal(runs[i], 1);
                assert_int_equal(flow_attempts(result, name), i == done && claimed ? 2 : 1);
            }
            assert_int_equal(says(events, "it was lost with runner"), claimed);
            assert_int_equal(lost, done + claimed > 0);
            json_decref(events);
            json_decref(result);
            weir_runner_close(second);
        }
    flow_free(f);
}

static void lost_too_often_it_fails(void **state)
{
    (void)state;
    flow *f = flow_new(chain);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, false);
    int64_t id = start(runner, NULL);
    for (int i = 0; i < 4; i++) {
        job_free(claim(runner, id));
        weir_runner_close(runner);
        runner = flow_runner(url, f, false);
        assert_false(sweep(runner));
    }
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Failed");
    assert_string_equal(flow_text(result, "a", "reason"),
                        "it was lost with its runner 4 times, the last one being runner 4");
    assert_int_equal(flow_attempts(result, "a"), 4);
    assert_string_equal(flow_text(result, "c", "state"), "Skipped");
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* The task is taken from the first runner, which comes with a result all the same. */
static void a_late_result_is_refused(void **state)
{
    (void)state;
    flow *f = flow_new(chain);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *first = flow_runner(url, f, false), *second = flow_runner(url, f, false);
    int64_t id = start(first, NULL);
    weir_task *late = claim(first, id);
    job_run(late);
    /* It is alive: nothing is taken from it. */
    sweep(second);
    assert_null(try_claim(second, id));
    /* It was silent for too long: how it stands is another matter. */
    second->virtual_now += 61000000000;
    sweep(second);
    weir_task *other = claim(second, id);
    assert_int_equal(other->attempt, 2);
    begin(first);
    FLOW_FAILS(WEIR_STATE, "was ended",
               first->ledger.store->kind->beat(first->ledger.store, first->ledger.runner,
                                               FLOW_START, &error));
    FLOW_OK(ledger_finish(&first->ledger, late, &error));
    commit(first);
    finish(second, other);
    FLOW_OK(weir_workflow_run(second, id, &error));
    json_t *result = flow_result(second, id), *events = flow_events(second, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(result, "context"), "a")),
                     2);
    assert_true(says(events, "came after the claim was lost, and was refused"));
    json_decref(events);
    json_decref(result);
    job_free(late);
    weir_runner_close(first);
    weir_runner_close(second);
    flow_free(f);
}

static weir_answer gives_up(weir_task *task)
{
    return weir_task_is_cancelled(task) ? weir_task_fail(task, "it was told to end")
                                        : WEIR_TASK_DONE;
}

/* A runner that was taken for gone ends what it runs, before anybody has taken that back: such a
 * run is one more that is lost, and no attempt. */
static void what_is_cut_off_is_lost(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, gives_up, NULL, "attempts=1"},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *first = flow_runner(url, f, false), *second = flow_runner(url, f, false);
    ledger *l = &second->ledger;
    int64_t id = start(first, NULL);
    weir_task *job = claim(first, id);
    begin(second);
    FLOW_OK(l->store->kind->end_runner(l->store, first->ledger.runner, l->now, &error));
    commit(second);
    job_end(job, JOB_LOST);
    finish(first, job);
    flow_turn_until(second, id, "a", "Completed");
    json_t *result = flow_result(second, id), *events = flow_events(second, id);
    assert_int_equal(flow_attempts(result, "a"), 2);
    assert_true(says(events, "it was lost with runner"));
    assert_false(says(events, "was refused"));
    json_decref(events);
    json_decref(result);
    weir_runner_close(first);
    weir_runner_close(second);
    flow_free(f);
}

/* --- Two runners on one execution --- */

typedef struct racer {
    const char *url;
    const flow *flow;
    int64_t id;
} racer;

static void *race(void *arg)
{
    racer *r = arg;
    weir_runner *runner = flow_runner(r->url, r->flow, true);

    FLOW_OK(weir_workflow_start(runner, "flow", NULL, "one", &r->id, &error));
    FLOW_OK(weir_workflow_run(runner, r->id, &error));
    weir_runner_close(runner);
    return NULL;
}

static void two_runners_share_an_execution(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, counts, NULL, NULL},
                               {"b", NULL, counts, NULL, NULL},
                               {"c", "a b", counts, NULL, NULL},
                               {"d", "c", counts, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);
    const char *url = flow_new_store();
    racer racers[2] = {{.url = url, .flow = f}, {.url = url, .flow = f}};
    pthread_t threads[2];

    memset(runs, 0, sizeof runs);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(racers[0].id, racers[1].id);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(runs[i], 1);
    flow_free(f);
}

/* --- Stop --- */

static weir_answer stops(weir_task *task)
{
    weir_runner_stop(weir_task_user(task));
    return WEIR_TASK_DONE;
}

/* Functions are waited for and recorded, commands are ended and handed back, nothing more begins.
 */
static void a_stop_hands_back(void **state)
{
    (void)state;
    static const char *const sleeps[] = {"sh", "-c", "[ $WEIR_ATTEMPT = 2 ] || exec sleep 600",
                                         NULL};
    const flow_task tasks[] = {{"x", NULL, NULL, sleeps, "attempts=1"},
                               {"s", NULL, stops, NULL, NULL},
                               {"b", "s", counts, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, true);
    weir_runner_set_user(runner, runner);
    int64_t id = start(runner, NULL);
    FLOW_FAILS(WEIR_CLOSED, "was stopped", weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id), *events = flow_events(runner, id);
    assert_string_equal(flow_text(result, "s", "state"), "Completed");
    assert_string_equal(flow_text(result, "x", "state"), "Ready");
    assert_string_equal(flow_text(result, "b", "state"), "Ready");
    assert_true(says(events, "it was handed back"));
    json_decref(events);
    json_decref(result);
    weir_runner_close(runner);
    runner = flow_runner(url, f, true);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(flow_attempts(result, "x"), 2);
    assert_int_equal(runs[1], 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static weir_answer fails_once(weir_task *task)
{
    return weir_task_attempt(task) == 1 ? weir_task_fail(task, "not yet") : WEIR_TASK_DONE;
}

/* It is due when it was due, whoever runs it then. */
static void a_retry_outlives_its_runner(void **state)
{
    (void)state;
    static const flow_task tasks[] = {{"a", NULL, fails_once, NULL, "delay=60s jitter=false"},
                                      {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *first = flow_runner(url, f, false);
    int64_t id = start(first, NULL), failed = first->virtual_now;
    finish(first, claim(first, id));
    weir_runner_close(first);
    weir_runner *second = flow_runner(url, f, false);
    second->virtual_now = failed + 30LL * 1000000000;
    assert_null(try_claim(second, id));
    FLOW_OK(weir_workflow_run(second, id, &error));
    json_t *result = flow_result(second, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(flow_attempts(result, "a"), 2);
    assert_int_equal(second->virtual_now, failed + 60LL * 1000000000);
    json_decref(result);
    weir_runner_close(second);
    flow_free(f);
}

/* --- Versions --- */

static void a_version_ends_what_it_began(void **state)
{
    (void)state;
    const flow_task changed[] = {{"a", NULL, counts, NULL, "attempts=4"},
                                 {"b", "a", counts, NULL, NULL},
                                 {"c", "b", counts, NULL, NULL},
                                 {NULL, NULL, NULL, NULL, NULL}};
    flow *before = flow_new(chain), *after = flow_new(changed), *equal = flow_new(chain);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, before, false);
    int64_t id = start(runner, NULL);
    weir_runner_close(runner);
    runner = flow_runner(url, after, false);
    FLOW_FAILS(WEIR_MISMATCH, "and ends with it; loaded is version",
               weir_workflow_run(runner, id, &error));
    weir_runner_close(runner);
    runner = flow_runner(url, equal, false);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    weir_runner_close(runner);
    flow_free(before);
    flow_free(after);
    flow_free(equal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_decided_without_the_code),
        cmocka_unit_test(a_lost_runner_is_followed),
        cmocka_unit_test(lost_too_often_it_fails),
        cmocka_unit_test(a_late_result_is_refused),
        cmocka_unit_test(what_is_cut_off_is_lost),
        cmocka_unit_test(two_runners_share_an_execution),
        cmocka_unit_test(a_stop_hands_back),
        cmocka_unit_test(a_retry_outlives_its_runner),
        cmocka_unit_test(a_version_ends_what_it_began),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
