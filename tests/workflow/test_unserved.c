/* SPDX-License-Identifier: Apache-2.0 */
/* test_unserved.c - executions whose code no runner has (F8, F18): it is told, once. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <string.h>

static const int64_t MINUTE = 60000000000;

static char told[4096];

static void take_log(void *arg, weir_level level, const char *room, const char *name,
                     const char *message)
{
    size_t size = strlen(told);

    (void)arg;
    (void)room;
    if (level == WEIR_WARNING)
        snprintf(told + size, sizeof told - size, "%s: %s\n", name, message);
}

static weir_answer done(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

static weir_runner *open_runner(const char *url, const flow *f, int64_t *now)
{
    weir_runner *runner = flow_runner(url, f, true);

    runner_use_clock(runner, now);
    weir_runner_set_log(runner, take_log, NULL);
    return runner;
}

/* Sweeps come each half minute. */
static void serve(weir_runner *runner, int64_t *now)
{
    for (int i = 0; i < 5; i++) {
        do
            FLOW_OK(runner_turn(runner, &error));
        while (!runner_is_idle(runner));
        *now += MINUTE;
    }
}

static size_t notes_of(weir_runner *runner, int64_t id)
{
    json_t *events = flow_events(runner, id), *event;
    size_t count = 0, i;

    json_array_foreach(events, i, event)
    {
        const char *reason = json_string_value(json_object_get(event, "reason"));
        count += reason != NULL && strstr(reason, "it waits: no runner that lives has") != NULL;
    }
    json_decref(events);
    return count;
}

static void it_is_told_once(void **state)
{
    const flow_task tasks[] = {{.name = "t", .call = done, .options = "isolate=none"}, {0}};
    flow *f = flow_new(tasks), *other = flow_new(tasks);
    int64_t now = FLOW_START, first = 0, second = 0;
    char url[256];

    (void)state;
    told[0] = '\0';
    other->workflow.name = "other";
    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = open_runner(url, f, &now);
    FLOW_OK(weir_workflow_start(runner, "flow", NULL, NULL, &first, &error));
    FLOW_OK(weir_workflow_start(runner, "flow", NULL, NULL, &second, &error));
    weir_runner_close(runner);
    now += MINUTE;
    runner = open_runner(url, other, &now);
    serve(runner, &now);
    assert_int_equal(notes_of(runner, first), 1);
    assert_int_equal(notes_of(runner, second), 1);
    assert_non_null(strstr(told, "flow: execution 1 and others wait: no runner that lives has the "
                                 "workflow 'flow' in version "));
    assert_null(strchr(strchr(told, '\n') + 1, '\n'));
    weir_runner_close(runner);
    /* It comes, and goes again before it could do all. */
    told[0] = '\0';
    runner = open_runner(url, f, &now);
    FLOW_OK(weir_workflow_pause(runner, second, NULL, &error));
    serve(runner, &now);
    json_t *result = flow_result(runner, first);
    assert_string_equal(flow_status(result), "Completed");
    json_decref(result);
    FLOW_OK(weir_workflow_resume(runner, second, &error));
    weir_runner_close(runner);
    assert_string_equal(told, "");
    runner = open_runner(url, other, &now);
    serve(runner, &now);
    assert_int_equal(notes_of(runner, first), 1);
    assert_int_equal(notes_of(runner, second), 2);
    assert_non_null(strstr(told, "flow: execution 2 waits: "));
    weir_runner_close(runner);
    flow_free(f);
    flow_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_told_once)};

    return cmocka_run_group_tests_name("unserved", tests, NULL, NULL);
}
