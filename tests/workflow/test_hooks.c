/* SPDX-License-Identifier: Apache-2.0 */
/* test_hooks.c - what runs once when a task or an execution has come to its end (F12): after which
 * ends, with what it is told and reads, and that nothing of it comes back. In virtual time. */
#include "tests/workflow/flow.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

/* What the hooks were told, one line each. */
static char told[4096];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool hook_fails;

static weir_answer sets(weir_task *task)
{
    weir_task_set_integer(task, weir_task_name(task), weir_task_attempt(task));
    return WEIR_TASK_DONE;
}

static weir_answer fails(weir_task *task)
{
    weir_task_set_integer(task, "gone", 1);
    return weir_task_fail(task, "no luck");
}

static weir_answer fails_at_first(weir_task *task)
{
    return weir_task_attempt(task) == 1 ? weir_task_fail(task, "not yet") : sets(task);
}

/* Its name, what it was told, but for the input, and what it reads. */
static weir_answer tells(weir_task *task)
{
    json_t *input = json_loads(weir_task_input(task), 0, NULL);
    const char *reason = json_string_value(json_object_get(input, "reason"));

    pthread_mutex_lock(&mutex);
    size_t size = strlen(told);
    snprintf(told + size, sizeof told - size, "%s %s %s %lld %s\n", weir_task_name(task),
             json_string_value(json_object_get(input, "state")), reason != NULL ? reason : "-",
             (long long)json_integer_value(json_object_get(input, "attempts")),
             weir_task_context(task));
    pthread_mutex_unlock(&mutex);
    json_decref(input);
    weir_task_set_integer(task, "of_hook", 1);
    return hook_fails ? weir_task_fail_for_good(task, "it has no voice") : WEIR_TASK_DONE;
}

static bool was_told(const char *what)
{
    pthread_mutex_lock(&mutex);
    bool found = strstr(told, what) != NULL;
    pthread_mutex_unlock(&mutex);
    return found;
}

static const weir_module_task hook = {.name = "hook", .call = tells, .call_name = "tells"};

typedef struct hook_case {
    const char *what;
    flow_task first, second;
    const char *timeout; /* of the workflow */
    const char *status;
    const char *of_task, *of_whole; /* what its hooks are told, in any order; NULL: nothing */
} hook_case;

#define NO_TASK                                                                                    \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL                                                               \
    }
static const char *const sleeps[] = {"sh", "-c", "exec sleep 600", NULL};
static const char *const exits[] = {"sh", "-c", "echo broken >&2; exit 3", NULL};

static const hook_case cases[] = {
    {"success, of the task and of the whole",
     {"a", NULL, sets, NULL, NULL},
     NO_TASK,
     "1h",
     "Completed",
     "a/on_success Completed - 1 {\"a\":1}\n",
     "on_success Completed - 0 {\"a\":1}\n"},
    {"once, behind the last attempt",
     {"a", NULL, fails_at_first, NULL, "delay=1s"},
     NO_TASK,
     "1h",
     "Completed",
     "a/on_success Completed - 2 {\"a\":2}\n",
     "on_success Completed - 0 {\"a\":2}\n"},
    {"failure, and what it wrote is gone",
     {"a", NULL, fails, NULL, "attempts=2 delay=1s"},
     {"b", "a", sets, NULL, NULL},
     "1h",
     "Failed",
     "a/on_failure Failed no luck 2 {}\n",
     "on_failure Failed 'a' failed: no luck 0 {}\n"},
    {"a failure that is allowed is one of the task",
     {"a", NULL, fails, NULL, "attempts=1 allow_failure=true"},
     NO_TASK,
     "1h",
     "Completed",
     "a/on_failure Failed no luck 1 {}\n",
     "on_success Completed - 0 {}\n"},
    {"a command that fails",
     {"a", NULL, NULL, exits, "attempts=1"},
     NO_TASK,
     "1h",
     "Failed",
     "a/on_failure Failed 'sh' ended with exit code 3: broken 1 {}\n",
     "on_failure Failed 'a' failed: 'sh' ended with exit code 3: broken 0 {}\n"},
    {"a timeout",
     {"a", NULL, NULL, sleeps, "attempts=1 timeout=50ms"},
     NO_TASK,
     "1h",
     "Failed",
     "a/on_failure Failed 'sh' ran longer than its timeout of 50ms 1 {}\n",
     "on_failure Failed 'a' failed: 'sh' ran longer than its timeout of 50ms 0 {}\n"},
    {"a rule that cannot be evaluated",
     {"a", NULL, sets, NULL, "rule=[\">\",[\"context\",\"none\"],1]"},
     NO_TASK,
     "1h",
     "Failed",
     "a/on_failure Failed run_if '",
     "on_failure Failed 'a' failed: run_if '"},
    {"the execution's timeout, which is no end of the task's own",
     {"a", NULL, fails, NULL, "attempts=5 delay=10s jitter=false"},
     NO_TASK,
     "5s",
     "Failed",
     NULL,
     "on_failure Failed the execution took longer than its timeout of 5s 0 {}\n"},
};

static flow *begin(const flow_task *tasks)
{
    flow *f = flow_new(tasks);

    told[0] = '\0';
    hook_fails = false;
    flow_add_hooks(f, NULL, &hook, &hook);
    flow_add_hooks(f, tasks[0].name, &hook, &hook);
    return f;
}

static size_t count_lines(void)
{
    size_t count = 0;

    for (const char *at = told; *at != '\0'; at++)
        count += *at == '\n';
    return count;
}

static bool has_event(weir_runner *runner, int64_t id, const char *words)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_events(runner, id, &text, &error));
    bool found = strstr(text, words) != NULL;
    weir_free(text);
    return found;
}

static void hooks_run_once_behind_each_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hook_case *c = &cases[i];
        const flow_task tasks[] = {c->first, c->second, NO_TASK};
        const weir_setting timeout = {.name = "timeout", .text = c->timeout};
        flow *f = begin(tasks);
        f->workflow.settings = (weir_task_settings){&timeout, 1};
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        json_t *result = flow_run(runner, NULL);
        assert_string_equal(flow_status(result), c->status);
        if (c->of_task != NULL && strstr(told, c->of_task) == NULL)
            fail_msg("%s: %s", c->what, told);
        assert_true(c->of_task == NULL || strstr(told, c->of_task) != NULL);
        assert_non_null(strstr(told, c->of_whole));
        assert_int_equal(count_lines(), 1 + (c->of_task != NULL));
        assert_null(json_object_get(json_object_get(result, "context"), "of_hook"));
        json_decref(result);
        weir_runner_close(runner);
        flow_free(f);
    }
}

/* What fails in it is an event of what it is of, and no more. */
static void a_hook_that_fails_changes_nothing(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, sets, NULL, NULL}, NO_TASK};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);

    hook_fails = true;
    json_t *result = flow_run(runner, NULL);
    assert_string_equal(flow_status(result), "Completed");
    assert_string_equal(flow_text(result, "a", "state"), "Completed");
    assert_true(has_event(runner, 1, "its hook 'a/on_success' is execution 2"));
    assert_true(has_event(runner, 1,
                          "its hook, execution 2 of 'flow/a/on_success', is Failed: "
                          "'a/on_success' failed: it has no voice"));
    assert_true(has_event(runner, 1, "its hook, execution 3 of 'flow/on_success', is Failed"));
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* The runner is gone when the end is saved; one without the code ends another by its timeout. */
static void hooks_outlive_runners(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, sets, NULL, NULL}, NO_TASK};
    const flow_task others[] = {{"z", NULL, sets, NULL, NULL}, NO_TASK};
    flow *f = begin(tasks), *other = flow_new(others);
    char url[256], wanted[64];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, false);
    int64_t first = flow_start(runner, "{\"n\":5}"), second;
    flow_turn_until(runner, first, NULL, "Completed");
    second = flow_start(runner, "{\"n\":5}");
    weir_runner_close(runner);
    told[0] = '\0'; /* what ran so far may run again, and what did not runs */
    runner = flow_runner(url, other, false);
    runner->virtual_now = FLOW_START + 7200LL * 1000000000;
    flow_turn_until(runner, second, NULL, "Failed");
    assert_true(has_event(runner, second, "its hook 'on_failure' is execution "));
    weir_runner_close(runner);
    assert_int_equal(count_lines(), 0);
    runner = flow_runner(url, f, false);
    while (!was_told("on_failure Failed the execution took longer"))
        flow_turn_until(runner, second, NULL, "Failed");
    json_t *list;
    char *text = NULL;
    FLOW_OK(weir_workflow_list(runner, NULL, NULL, 0, 20, &text, &error));
    list = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(list), 2); /* hooks are found by their own names */
    json_decref(list);
    weir_free(text);
    FLOW_OK(weir_workflow_list(runner, "flow/on_failure", NULL, 0, 20, &text, &error));
    snprintf(wanted, sizeof wanted, "\"role\":\"hook\",\"parent\":%lld", (long long)second);
    assert_non_null(strstr(text, wanted));
    weir_free(text);
    weir_runner_close(runner);
    flow_free(f);
    flow_free(other);
}

/* Cancelled is neither; tried again it has another end. */
static void an_end_that_is_tried_again_has_hooks_again(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, fails, NULL, "attempts=1"}, NO_TASK};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, "{\"n\":5}");

    FLOW_OK(weir_workflow_cancel(runner, id, NULL, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
    assert_int_equal(count_lines(), 0);
    for (size_t n = 1; n <= 2; n++) {
        FLOW_OK(weir_workflow_retry(runner, id, &error));
        FLOW_OK(weir_workflow_run(runner, id, &error));
        assert_int_equal(count_lines(), 2 * n);
    }
    weir_runner_close(runner);
    flow_free(f);
}

/* What a command is told, and that nobody starts a hook by its name. */
static void a_command_can_be_a_hook(void **state)
{
    (void)state;
    static const char *const words[] = {
        "sh", "-c",
        "grep -q '\"n\":5' $WEIR_INPUT && grep -q '\"state\":\"Failed\"' $WEIR_INPUT && echo "
        "$WEIR_TASK_KEY",
        NULL};
    static const weir_module_task command = {.name = "hook", .exec = words};
    const flow_task tasks[] = {{"a", NULL, fails, NULL, "attempts=1"}, NO_TASK};
    flow *f = begin(tasks);
    int64_t id = 0;

    flow_add_hooks(f, "a", NULL, &command);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    id = flow_start(runner, "{\"n\":5}");
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, 2);
    assert_string_equal(flow_text(result, "a/on_failure", "log"), "2/a/on_failure\n");
    json_decref(result);
    FLOW_FAILS(WEIR_NOT_FOUND, "no workflow 'flow/' is loaded; did you mean 'flow'?",
               weir_workflow_start(runner, "flow/", NULL, NULL, &id, &error));
    weir_runner_close(runner);
    flow_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hooks_run_once_behind_each_end),
        cmocka_unit_test(a_hook_that_fails_changes_nothing),
        cmocka_unit_test(hooks_outlive_runners),
        cmocka_unit_test(an_end_that_is_tried_again_has_hooks_again),
        cmocka_unit_test(a_command_can_be_a_hook),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
