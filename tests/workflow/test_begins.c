/* SPDX-License-Identifier: Apache-2.0 */
/* test_begins.c - tasks that begin another workflow and end with it (F16): what goes in and comes
 * out, retries, pause and cancel, timeouts, runners that are gone. In virtual time. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

static int runs, fails_until, counted;

static weir_answer doubles(weir_task *task)
{
    json_t *input = json_loads(weir_task_input(task), 0, NULL);
    int run = __atomic_add_fetch(&runs, 1, __ATOMIC_RELAXED);

    weir_task_set_integer(task, "doubled", 2 * json_integer_value(json_object_get(input, "n")));
    json_decref(input);
    return run <= fails_until ? weir_task_fail_for_good(task, "no luck") : WEIR_TASK_DONE;
}

static weir_answer counts(weir_task *task)
{
    (void)task;
    __atomic_add_fetch(&counted, 1, __ATOMIC_RELAXED);
    return WEIR_TASK_DONE;
}

static weir_answer sets(weir_task *task)
{
    weir_task_set_integer(task, "n", 20);
    return WEIR_TASK_DONE;
}

static weir_answer sets_much(weir_task *task)
{
    char *text = malloc(700001);

    memset(text, 'x', 700000);
    text[700000] = '\0';
    weir_task_set_text(task, weir_task_name(task), text);
    free(text);
    return WEIR_TASK_DONE;
}

static weir_answer reads(weir_task *task)
{
    const char *result = weir_task_get(task, "b");

    return result != NULL && strcmp(result, "{\"doubled\":41}") != 0
               ? weir_task_set(task, "seen", result) == WEIR_OK ? WEIR_TASK_DONE : WEIR_TASK_FAILED
               : weir_task_fail(task, "there is no result");
}

static weir_answer waits(weir_task *task)
{
    __atomic_add_fetch(&runs, 1, __ATOMIC_RELAXED);
    return weir_task_resumed(task) ? WEIR_TASK_DONE : weir_task_defer_for(task, 100LL * 1000000000);
}

#define NO_TASK                                                                                    \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL                                                               \
    }
#define WITH_N "begins=inner attempts=2 delay=1s jitter=false with.n=[\".\",[\"context\"],\"n\"]"

static const flow_task outer[] = {{"a", NULL, sets, NULL, NULL},
                                  {"b", "a", NULL, NULL, WITH_N},
                                  {"c", "b", reads, NULL, NULL},
                                  NO_TASK};
static const flow_task inner[] = {{"x", NULL, doubles, NULL, NULL}, NO_TASK};
static const flow_task waiting[] = {
    {"x", NULL, waits, NULL, NULL}, {"y", "x", doubles, NULL, NULL}, NO_TASK};

static flow *begin(const flow_task *first, const flow_task *second)
{
    flow *f = flow_new(first);

    runs = fails_until = counted = 0;
    flow_add_workflow(f, "inner", second);
    return f;
}

static void expect_state(weir_runner *runner, int64_t id, const char *state)
{
    json_t *result = flow_result(runner, id);

    assert_string_equal(flow_status(result), state);
    json_decref(result);
}

static void its_result_is_under_the_task_s_name(void **state)
{
    (void)state;
    flow *f = begin(outer, inner);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL), *child = flow_result(runner, 2);
    char *context = json_dumps(json_object_get(result, "context"), JSON_SORT_KEYS | JSON_COMPACT);

    assert_string_equal(flow_status(result), "Completed");
    assert_string_equal(context, "{\"b\":{\"doubled\":40},\"n\":20,\"seen\":{\"doubled\":40}}");
    assert_string_equal(json_string_value(json_object_get(child, "role")), "workflow");
    assert_int_equal(json_integer_value(json_object_get(child, "parent")), 1);
    assert_int_equal(flow_count(runner, NULL, NULL), 2);
    free(context);
    json_decref(child);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* A later run of the task goes on with the same. */
static void its_failure_is_a_failed_run(void **state)
{
    (void)state;
    for (int bad = 1; bad <= 2; bad++) {
        flow *f = begin(outer, inner);
        fails_until = bad;
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        json_t *result = flow_run(runner, NULL);
        assert_string_equal(flow_status(result), bad == 1 ? "Completed" : "Failed");
        assert_int_equal(flow_attempts(result, "b"), 2);
        assert_int_equal(flow_count(runner, "inner", NULL), 1);
        assert_string_equal(flow_text(result, "b", "reason"),
                            bad == 1 ? ""
                                     : "execution 2 of 'inner' has Failed: 'x' failed: no luck");
        json_decref(result);
        weir_runner_close(runner);
        flow_free(f);
    }
}

/* What is Completed in it is not done again, neither by the next run nor when all is tried again.
 */
static void it_goes_on_where_it_was(void **state)
{
    (void)state;
    const flow_task two[] = {
        {"x", NULL, counts, NULL, NULL}, {"y", "x", doubles, NULL, NULL}, NO_TASK};
    flow *f = begin(outer, two);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    char *text = NULL;

    fails_until = 2;
    json_decref(flow_run(runner, NULL));
    expect_state(runner, 1, "Failed");
    assert_int_equal(runs, 2);
    flow_retry(runner, 1);
    expect_state(runner, 1, "Completed");
    expect_state(runner, 2, "Completed");
    assert_int_equal(runs, 3);
    assert_int_equal(counted, 1);
    assert_int_equal(flow_count(runner, "inner", NULL), 1);
    FLOW_OK(weir_workflow_events(runner, 1, &text, &error));
    assert_non_null(strstr(text, "execution 2 of 'inner' goes on: what is Completed in it stays"));
    weir_free(text);
    weir_runner_close(runner);
    flow_free(f);
}

/* By somebody, to its end or not, before the one that has begun it. */
static void it_may_have_been_tried_again(void **state)
{
    (void)state;
    const flow_task once[] = {{"b", NULL, NULL, NULL, "begins=inner attempts=1"}, NO_TASK};
    for (int ended = 0; ended < 2; ended++) {
        flow *f = begin(once, waiting);
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        int64_t id = flow_start(runner, NULL);
        flow_turn_until(runner, id, "b", "Deferred");
        flow_turn_until(runner, 2, "x", "Deferred");
        FLOW_OK(weir_workflow_cancel(runner, 2, "enough", &error));
        expect_state(runner, id, "Failed");
        FLOW_OK(weir_workflow_retry(runner, 2, &error));
        flow_turn_until(runner, 2, "x", "Deferred");
        if (ended)
            FLOW_OK(weir_workflow_run(runner, 2, &error));
        FLOW_OK(weir_workflow_retry(runner, id, &error));
        FLOW_OK(weir_workflow_run(runner, id, &error));
        expect_state(runner, id, "Completed");
        expect_state(runner, 2, "Completed");
        assert_int_equal(flow_count(runner, "inner", NULL), 1);
        weir_runner_close(runner);
        flow_free(f);
    }
}

static void a_wrong_input_begins_nothing(void **state)
{
    (void)state;
    const flow_task tasks[] = {
        {"b", NULL, NULL, NULL, "begins=inner with.n=[\".\",[\"context\"],\"n\"]"}, NO_TASK};
    flow *f = begin(tasks, inner);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);

    assert_string_equal(flow_text(result, "b", "reason"),
                        "'n' of the input of 'inner' cannot be had: there is no 'context.n'");
    assert_int_equal(flow_attempts(result, "b"), 1);
    assert_int_equal(flow_count(runner, "inner", NULL), 0);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static void a_result_can_be_too_long(void **state)
{
    (void)state;
    const flow_task much[] = {
        {"x", NULL, sets_much, NULL, NULL}, {"y", NULL, sets_much, NULL, NULL}, NO_TASK};
    flow *f = begin(outer, much);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);

    assert_string_equal(flow_status(result), "Failed");
    assert_non_null(strstr(flow_text(result, "b", "reason"),
                           "its result is 1400015 bytes long; at most 1048576 are kept"));
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static void pause_goes_down(void **state)
{
    (void)state;
    flow *f = begin(outer, waiting);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, NULL);
    char *text = NULL;

    flow_turn_until(runner, id, "b", "Deferred");
    flow_turn_until(runner, 2, "x", "Deferred");
    FLOW_OK(weir_workflow_explain(runner, id, &text, &error));
    assert_non_null(strstr(text, "it waits for an execution of 'inner': execution 2 of 'inner' is "
                                 "Running"));
    weir_free(text);
    FLOW_OK(weir_workflow_pause(runner, id, NULL, &error));
    expect_state(runner, 2, "Paused");
    runner->virtual_now += 200LL * 1000000000;
    for (int i = 0; i < 5; i++)
        FLOW_OK(runner_turn(runner, &error));
    assert_int_equal(runs, 1);
    FLOW_OK(weir_workflow_resume(runner, id, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
    expect_state(runner, id, "Completed");
    weir_runner_close(runner);
    flow_free(f);
}

/* By hand, or by the timeout of who began it. */
static void cancel_goes_down(void **state)
{
    (void)state;
    const weir_setting timeout = {.name = "timeout", .text = "50s"};
    for (int by_time = 0; by_time < 2; by_time++) {
        flow *f = begin(outer, waiting);
        if (by_time)
            f->others[0].settings = (weir_task_settings){&timeout, 1};
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        int64_t id = flow_start(runner, NULL);
        flow_turn_until(runner, id, "b", "Deferred");
        flow_turn_until(runner, 2, "x", "Deferred");
        if (by_time)
            FLOW_OK(weir_workflow_run(runner, id, &error));
        else
            FLOW_OK(weir_workflow_cancel(runner, id, "enough", &error));
        expect_state(runner, id, by_time ? "Failed" : "Cancelled");
        expect_state(runner, 2, "Cancelled");
        assert_int_equal(runs, 1);
        weir_runner_close(runner);
        flow_free(f);
    }
}

/* Nobody has looked for longer than either may take: the first that ends takes the other one with
 * it. */
static void both_may_be_overdue(void **state)
{
    (void)state;
    static const weir_setting timeouts[] = {{.name = "timeout", .text = "50s"},
                                            {.name = "timeout", .text = "70s"}};
    for (int first = 0; first < 2; first++) {
        flow *f = begin(outer, waiting);
        f->others[0].settings = (weir_task_settings){&timeouts[first], 1};
        f->others[1].settings = (weir_task_settings){&timeouts[!first], 1};
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        int64_t id = flow_start(runner, NULL);
        flow_turn_until(runner, id, "b", "Deferred");
        flow_turn_until(runner, 2, "x", "Deferred");
        runner->virtual_now += 1000LL * 1000000000;
        FLOW_OK(weir_workflow_run(runner, id, &error));
        expect_state(runner, id, "Failed");
        expect_state(runner, 2, first == 0 ? "Cancelled" : "Failed");
        weir_runner_close(runner);
        flow_free(f);
    }
}

/* Cancelled by itself it is a failed run of who began it. */
static void what_is_begun_can_be_cancelled(void **state)
{
    (void)state;
    const flow_task once[] = {{"b", NULL, NULL, NULL, "begins=inner attempts=1"}, NO_TASK};
    flow *f = begin(once, waiting);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, NULL);

    flow_turn_until(runner, 1, "b", "Deferred");
    FLOW_OK(weir_workflow_cancel(runner, 2, "enough", &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Failed");
    assert_string_equal(flow_text(result, "b", "reason"),
                        "execution 2 of 'inner' was cancelled: enough");
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* A runner dies when it has claimed the task, and another one when that waits: one is begun. */
static void it_is_begun_once(void **state)
{
    (void)state;
    flow *f = begin(outer, waiting);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, false);
    int64_t id = flow_start(runner, NULL);
    flow_turn_until(runner, id, "b", "Running");
    weir_runner_close(runner);
    runner = flow_runner(url, f, false);
    flow_turn_until(runner, id, "b", "Deferred");
    weir_runner_close(runner);
    runner = flow_runner(url, f, false);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(flow_attempts(result, "b"), 2);
    assert_int_equal(flow_count(runner, "inner", NULL), 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static void circles_are_no_workflows(void **state)
{
    (void)state;
    const flow_task round[] = {{"x", NULL, NULL, NULL, "begins=flow"}, NO_TASK};
    const flow_task none[] = {{"x", NULL, NULL, NULL, "begins=nothing"}, NO_TASK};
    weir_runner *runner = NULL;

    FLOW_OK(weir_runner_open(flow_new_store(), NULL, 0, &runner, &error));
    flow *f = begin(outer, round);
    FLOW_FAILS(WEIR_SPEC, "more than 16 deep or in a circle",
               weir_runner_load(runner, &f->module, NULL, &error));
    flow_free(f);
    f = flow_new(none);
    FLOW_FAILS(WEIR_SPEC, "begins the workflow 'nothing', which is not loaded",
               weir_runner_load(runner, &f->module, NULL, &error));
    flow_free(f);
    weir_runner_close(runner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_result_is_under_the_task_s_name),
        cmocka_unit_test(its_failure_is_a_failed_run),
        cmocka_unit_test(it_goes_on_where_it_was),
        cmocka_unit_test(it_may_have_been_tried_again),
        cmocka_unit_test(a_wrong_input_begins_nothing),
        cmocka_unit_test(a_result_can_be_too_long),
        cmocka_unit_test(pause_goes_down),
        cmocka_unit_test(cancel_goes_down),
        cmocka_unit_test(both_may_be_overdue),
        cmocka_unit_test(what_is_begun_can_be_cancelled),
        cmocka_unit_test(it_is_begun_once),
        cmocka_unit_test(circles_are_no_workflows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
