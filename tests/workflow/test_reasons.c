/* SPDX-License-Identifier: Apache-2.0 */
/* test_reasons.c - why a task failed is told alike by everything that tells it, to its last byte.
 */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 4095 }; /* bytes of it; what is cut ends in three dots */

static const char *text;

static weir_answer fails(weir_task *task)
{
    return weir_task_fail(task, "%s", text);
}

/* Of the event with which the task's only run ended. */
static const char *reason_of(const json_t *events)
{
    const json_t *event;
    const char *reason = NULL;
    size_t i;

    json_array_foreach(events, i, event)
    {
        const char *to = json_string_value(json_object_get(event, "to"));
        if (json_is_string(json_object_get(event, "task")) && to != NULL &&
            strcmp(to, "Failed") == 0)
            reason = json_string_value(json_object_get(event, "reason"));
    }
    return reason;
}

/* All of `whole`, or as much as there is room for. */
static void check_text(const char *told, const char *whole)
{
    size_t size = strlen(told);

    if (strlen(whole) <= MOST) {
        assert_string_equal(told, whole);
        return;
    }
    assert_in_range(size, MOST - 3, MOST);
    assert_string_equal(told + size - 3, "...");
    assert_memory_equal(told, whole, size - 3);
}

static void check_reason(const char *why)
{
    static const flow_task tasks[] = {{"a", NULL, fails, NULL, "attempts=1"},
                                      {NULL, NULL, NULL, NULL, NULL}};
    static const flow_task above[] = {{"b", NULL, NULL, NULL, "attempts=1 begins=flow"},
                                      {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);
    char line[10000];
    int64_t id = 0;

    text = why;
    flow_add_workflow(f, "above", above);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    FLOW_OK(weir_workflow_start(runner, "above", NULL, NULL, &id, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *outer = flow_result(runner, id), *inner = flow_result(runner, id + 1);
    json_t *events = flow_events(runner, id + 1);
    const char *told = flow_text(inner, "a", "reason");
    check_text(told, why);
    assert_non_null(reason_of(events));
    assert_string_equal(reason_of(events), told);
    snprintf(line, sizeof line, "'a' failed: %s", told);
    assert_string_equal(json_string_value(json_object_get(inner, "reason")), line);
    snprintf(line, sizeof line, "execution %d of 'flow' has Failed: 'a' failed: %s", (int)id + 1,
             told);
    check_text(flow_text(outer, "b", "reason"), line);
    json_decref(events);
    json_decref(inner);
    json_decref(outer);
    weir_runner_close(runner);
    flow_free(f);
}

static void a_reason_is_one_text(void **state)
{
    static const char *const pieces[] = {"no luck ", "a \"quote\", a \\ and a\nnew line ",
                                         "\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82"};

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        for (size_t size = 1000; size <= 9000; size += 8000) {
            char why[9100] = "";
            for (size_t at = 0; at < size; at += strlen(pieces[i]))
                memcpy(why + at, pieces[i], strlen(pieces[i]) + 1);
            check_reason(why);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_reason_is_one_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
