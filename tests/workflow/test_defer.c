/* SPDX-License-Identifier: Apache-2.0 */
/* test_defer.c - tasks that wait (F11): for a time, for a condition, for too long; what they have
 * written before; other runners, pause, cancel and crashes in between. In virtual time. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

enum { SECOND = 1000000000 };

/* What the functions of a test do, and did. */
static struct {
    int runs, resumed, asked, others;
    int holds_at;     /* the condition holds when it is asked for the n-th time */
    int64_t until;    /* of `waits_until` */
    weir_answer says; /* what the condition answers before; WEIR_TASK_DONE: not yet */
    const char *awaits;
} seen;

static weir_answer note(weir_task *task)
{
    seen.runs++;
    seen.resumed += weir_task_resumed(task);
    return WEIR_TASK_DONE;
}

/* Its first part is written before it waits, and replaced after. */
static weir_answer waits_until(weir_task *task)
{
    int64_t before = 0;

    note(task);
    if (!weir_task_resumed(task)) {
        weir_task_set_integer(task, "before", 7);
        weir_task_set_integer(task, "gone", 8);
        return weir_task_defer_until(task, seen.until);
    }
    if (!weir_task_get_integer(task, "before", &before) || weir_task_get(task, "gone") == NULL)
        return weir_task_fail_for_good(task, "what it wrote before is gone");
    weir_task_delete(task, "gone");
    weir_task_set_integer(task, "after", before + 1);
    return WEIR_TASK_DONE;
}

static weir_answer waits_on(weir_task *task)
{
    note(task);
    return weir_task_resumed(task) ? WEIR_TASK_DONE : weir_task_defer_on(task, seen.awaits);
}

static weir_answer waits_again_and_again(weir_task *task)
{
    note(task);
    return weir_task_defer_for(task, 4LL * SECOND);
}

/* The first attempt fails behind its waiting. */
static weir_answer fails_behind(weir_task *task)
{
    note(task);
    if (weir_task_resumed(task))
        return weir_task_attempt(task) == 1 ? weir_task_fail(task, "not yet") : WEIR_TASK_DONE;
    if (weir_task_get(task, "draft") != NULL)
        return weir_task_fail_for_good(task, "a failed attempt left something");
    weir_task_set_integer(task, "draft", 1);
    return weir_task_defer_for(task, SECOND);
}

static weir_answer counts(weir_task *task)
{
    (void)task;
    seen.others++;
    return WEIR_TASK_DONE;
}

static weir_answer holds(weir_task *task)
{
    if (__atomic_add_fetch(&seen.asked, 1, __ATOMIC_SEQ_CST) >=
        __atomic_load_n(&seen.holds_at, __ATOMIC_SEQ_CST))
        return WEIR_TASK_DONE;
    if (seen.says == WEIR_TASK_FAILED)
        return weir_task_fail(task, "no network");
    return seen.says == WEIR_TASK_FAILED_GOOD ? weir_task_fail_for_good(task, "it never will")
                                              : WEIR_TASK_NOT_YET;
}

static int times_asked(void)
{
    return __atomic_load_n(&seen.asked, __ATOMIC_SEQ_CST);
}

static const weir_task_condition conditions[] = {{"holds", holds}};

static const flow_task until_tasks[] = {{"w", NULL, waits_until, NULL, NULL},
                                        {"x", "w", counts, NULL, NULL},
                                        {NULL, NULL, NULL, NULL, NULL}};
static const flow_task on_tasks[] = {
    {"w", NULL, waits_on, NULL, "attempts=2 delay=1s jitter=false defer.limit=60s"},
    {"x", "w", counts, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static flow *begin(const flow_task *tasks)
{
    memset(&seen, 0, sizeof seen);
    __atomic_store_n(&seen.holds_at, 1, __ATOMIC_SEQ_CST);
    seen.awaits = "holds";
    seen.until = FLOW_START + 20LL * SECOND;
    flow *f = flow_new(tasks);
    flow_add_conditions(f, "w", conditions, 1);
    return f;
}

static size_t count_events(weir_runner *runner, int64_t id, const char *words)
{
    json_t *events = flow_events(runner, id), *event;
    size_t i, count = 0;

    json_array_foreach(events, i, event)
    {
        const char *reason = json_string_value(json_object_get(event, "reason"));
        count += reason != NULL && strstr(reason, words) != NULL;
    }
    json_decref(events);
    return count;
}

/* --- For a time --- */

static void it_goes_on_at_its_time_with_what_it_wrote(void **state)
{
    (void)state;
    flow *f = begin(until_tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);
    char *context = json_dumps(json_object_get(result, "context"), JSON_SORT_KEYS | JSON_COMPACT);

    assert_string_equal(flow_status(result), "Completed");
    assert_string_equal(context, "{\"after\":8,\"before\":7}");
    assert_int_equal(flow_attempts(result, "w"), 1);
    assert_int_equal(seen.runs, 2);
    assert_int_equal(seen.resumed, 1);
    assert_true(runner->virtual_now >= seen.until);
    assert_int_equal(count_events(runner, 1, "it waits until 1970-01-01T00:00:21Z"), 1);
    assert_int_equal(count_events(runner, 1, "its time has come"), 1);
    free(context);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* The slot is free meanwhile (A45), and it is not stuck (F13). */
static void it_gives_its_slot_back(void **state)
{
    (void)state;
    const weir_setting one[] = {{.name = "slots", .text = "1"}, {.name = "poll", .text = "5ms"}};
    const flow_task tasks[] = {{"w", NULL, waits_until, NULL, "priority=1"},
                               {"x", NULL, counts, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = begin(tasks);
    weir_runner *runner = NULL;
    char *text = NULL;

    FLOW_OK(weir_runner_open(flow_new_store(), one, 2, &runner, &error));
    runner_use_virtual_time(runner, FLOW_START);
    FLOW_OK(weir_runner_load(runner, &f->module, NULL, &error));
    int64_t id = flow_start(runner, NULL);
    flow_turn_until(runner, id, "w", "Deferred");
    flow_turn_until(runner, id, "x", "Completed");
    runner->next_sweep = 0;
    FLOW_OK(runner_turn(runner, &error));
    FLOW_OK(weir_workflow_explain(runner, id, &text, &error));
    assert_non_null(strstr(text, "it waits until 1970-01-01T00:00:21Z; at most until "
                                 "1970-01-01T00:30:01Z"));
    weir_free(text);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* Its runner is gone; another one has what it wrote. */
static void another_runner_goes_on(void **state)
{
    (void)state;
    flow *f = begin(until_tasks);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *first = flow_runner(url, f, false);
    int64_t id = flow_start(first, NULL);
    flow_turn_until(first, id, "w", "Deferred");
    weir_runner_close(first);
    weir_runner *second = flow_runner(url, f, false);
    FLOW_OK(weir_workflow_run(second, id, &error));
    json_t *result = flow_result(second, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(flow_attempts(result, "w"), 1);
    assert_int_equal(seen.runs, 2);
    json_decref(result);
    weir_runner_close(second);
    flow_free(f);
}

/* The run that went on is lost: the next one goes on, too, with a number of its own. */
static void a_resumed_run_that_is_lost_goes_on_anew(void **state)
{
    (void)state;
    flow *f = begin(until_tasks);
    char url[256], text[200];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, false);
    int64_t id = flow_start(runner, NULL);
    flow_turn_until(runner, id, "w", "Deferred");
    runner->virtual_now = seen.until;
    flow_turn_until(runner, id, "w", "Completed");
    weir_runner_close(runner);
    /* As if its runner had died before the result was recorded: time is turned back. */
    snprintf(
        text, sizeof text,
        "UPDATE tasks SET state = 'Running', verdict = NULL, ended = NULL, runner = 1, writes = "
        "'{\"set\":{\"before\":7,\"gone\":8},\"delete\":[]}' WHERE position = 0");
    flow_execute(url, text);
    flow_execute(url, "UPDATE tasks SET state = 'Pending', verdict = NULL, ended = NULL, waiting = "
                      "1 WHERE position = 1");
    flow_execute(url, "UPDATE executions SET state = 'Running', unfinished = 2, ended = NULL");
    runner = flow_runner(url, f, false);
    runner->virtual_now = seen.until;
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(flow_attempts(result, "w"), 2);
    assert_int_equal(seen.resumed, 2);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* --- For a condition --- */

typedef struct asking_case {
    int holds_at;
    weir_answer says;
    const char *awaits;
    const char *status, *reason; /* of the task */
    int runs, asked;
} asking_case;

/* 60 s of patience, asked every 10 s; two attempts. */
static const asking_case asking_cases[] = {
    {1, WEIR_TASK_DONE, "holds", "Completed", "", 2, 1},
    {4, WEIR_TASK_DONE, "holds", "Completed", "", 2, 4},
    {4, WEIR_TASK_FAILED, "holds", "Completed", "", 2, 4},
    {9, WEIR_TASK_FAILED_GOOD, "holds", "Failed",
     "it waited for 'holds', which failed for good: it never will", 1, 1},
    {1000, WEIR_TASK_DONE, "holds", "Failed",
     "it waited for 'holds' longer than the limit of its `defer:`, 1m", 2, 12},
    {1, WEIR_TASK_DONE, "hold", "Failed",
     "it waits for 'hold', which is none of its `conditions:`; did you mean 'holds'?", 1, 0},
};

static void it_waits_until_a_condition_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof asking_cases / sizeof *asking_cases; i++) {
        const asking_case *c = &asking_cases[i];
        flow *f = begin(on_tasks);
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        __atomic_store_n(&seen.holds_at, c->holds_at, __ATOMIC_SEQ_CST);
        seen.says = c->says;
        seen.awaits = c->awaits;
        json_t *result = flow_run(runner, NULL);
        assert_string_equal(flow_status(result), c->status);
        assert_string_equal(flow_text(result, "w", "reason"), c->reason);
        assert_int_equal(seen.runs, c->runs);
        assert_int_equal(times_asked(), c->asked);
        /* An event where it begins to fail, none where it is asked. */
        assert_int_equal(count_events(runner, 1, "no network"), c->says == WEIR_TASK_FAILED);
        json_t *events = flow_events(runner, 1);
        assert_true(json_array_size(events) < 24);
        json_decref(events);
        json_decref(result);
        weir_runner_close(runner);
        flow_free(f);
    }
}

/* --- For too long --- */

static void all_waiting_of_an_attempt_has_one_limit(void **state)
{
    (void)state;
    const flow_task tasks[] = {
        {"w", NULL, waits_again_and_again, NULL, "attempts=1 defer.limit=10s"},
        {NULL, NULL, NULL, NULL, NULL}};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);

    assert_string_equal(flow_status(result), "Failed");
    assert_string_equal(flow_text(result, "w", "reason"),
                        "it would wait until 1970-01-01T00:00:13Z, beyond the limit of its "
                        "`defer:`, 10s");
    assert_int_equal(seen.runs, 3); /* at 0, 4 and 8 s */
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static void what_failed_behind_its_waiting_begins_anew(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"w", NULL, fails_behind, NULL, NULL},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);

    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(flow_attempts(result, "w"), 2);
    assert_int_equal(seen.runs, 4);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* `retry_on:` goes by the class "deferred". */
static void its_limit_is_a_class_of_failures(void **state)
{
    (void)state;
    const flow_task tasks[] = {
        {"w", NULL, waits_again_and_again, NULL, "attempts=3 retry_on=io defer.limit=3s"},
        {NULL, NULL, NULL, NULL, NULL}};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);

    assert_string_equal(flow_status(result), "Failed");
    assert_int_equal(seen.runs, 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* --- Pause, cancel, the timeout of the execution, retry --- */

static void nothing_is_asked_while_it_is_paused(void **state)
{
    (void)state;
    flow *f = begin(on_tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, NULL);

    __atomic_store_n(&seen.holds_at, 3, __ATOMIC_SEQ_CST);
    flow_turn_until(runner, id, "w", "Deferred");
    while (times_asked() == 0 || !runner_is_idle(runner))
        FLOW_OK(runner_turn(runner, &error));
    FLOW_OK(weir_workflow_pause(runner, id, NULL, &error));
    runner->virtual_now += 20LL * SECOND;
    for (int i = 0; i < 5; i++)
        FLOW_OK(runner_turn(runner, &error));
    assert_int_equal(times_asked(), 1);
    FLOW_OK(weir_workflow_resume(runner, id, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(times_asked(), 3);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static void what_waits_can_be_cancelled_and_tried_again(void **state)
{
    (void)state;
    flow *f = begin(on_tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, NULL);

    __atomic_store_n(&seen.holds_at, 1000, __ATOMIC_SEQ_CST);
    flow_turn_until(runner, id, "w", "Deferred");
    FLOW_OK(weir_workflow_cancel(runner, id, NULL, &error));
    int asked = times_asked();
    runner->virtual_now += 20LL * SECOND;
    for (int i = 0; i < 5; i++)
        FLOW_OK(runner_turn(runner, &error));
    assert_true(times_asked() <= asked + 1); /* one was under way */
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Cancelled");
    assert_string_equal(flow_text(result, "w", "state"), "Cancelled");
    json_decref(result);
    __atomic_store_n(&seen.holds_at, 0, __ATOMIC_SEQ_CST);
    seen.resumed = 0;
    FLOW_OK(weir_workflow_retry(runner, id, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
    result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(seen.resumed, 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static void the_execution_s_timeout_ends_what_waits(void **state)
{
    (void)state;
    const weir_setting own[] = {{.name = "timeout", .text = "10s"}};
    flow *f = begin(until_tasks);
    f->workflow.settings = (weir_task_settings){own, 1};
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);

    assert_string_equal(flow_status(result), "Failed");
    assert_string_equal(flow_text(result, "w", "state"), "Cancelled");
    assert_int_equal(seen.runs, 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* A runner that died while it asked: another one asks when the answer is overdue, and what the
 * first one comes to after that means nothing. */
static void a_condition_is_asked_again_where_no_answer_came(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"w", NULL, waits_on, NULL, "defer.timeout=5s defer.limit=600s"},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = begin(tasks);
    char url[256];
    weir_task *lost = NULL;

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, false), *other = flow_runner(url, f, false);
    __atomic_store_n(&seen.holds_at, 2, __ATOMIC_SEQ_CST);
    int64_t id = flow_start(runner, NULL);
    flow_turn_until(runner, id, "w", "Deferred");
    while (times_asked() == 0 || !runner_is_idle(runner))
        FLOW_OK(runner_turn(runner, &error));
    other->virtual_now = runner->virtual_now + 10LL * SECOND;
    FLOW_OK(ledger_begin(&other->ledger, true, &error));
    FLOW_OK(ledger_join(&other->ledger, "other", &error));
    FLOW_OK(ledger_ask(&other->ledger, 0, 4, &lost, &error));
    FLOW_OK(ledger_end(&other->ledger, WEIR_OK, &error));
    assert_non_null(lost);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    assert_true(runner->virtual_now >= other->virtual_now + 35LL * SECOND);
    assert_int_equal(times_asked(), 2);
    FLOW_OK(ledger_begin(&other->ledger, true, &error));
    FLOW_OK(ledger_answer(&other->ledger, lost, &error));
    FLOW_OK(ledger_end(&other->ledger, WEIR_OK, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(count_events(runner, id, "'holds' holds"), 1);
    json_decref(result);
    job_free(lost);
    weir_runner_close(runner);
    weir_runner_close(other);
    flow_free(f);
}

/* --- Commands --- */

static void a_command_can_wait_too(void **state)
{
    (void)state;
    static const char *const waits[] = {
        "sh", "-c",
        "if [ -z \"$WEIR_RESUMED\" ]; then echo '{\"set\":{\"a\":1},\"defer\":{\"for\":\"5s\"}}' "
        ">$WEIR_RESULT; else grep -q '\"a\":1' $WEIR_CONTEXT && echo '{\"set\":{\"b\":2}}' "
        ">$WEIR_RESULT; fi",
        NULL};
    static const char *const asks[] = {
        "sh", "-c",
        "[ -n \"$WEIR_RESUMED\" ] || echo '{\"defer\":{\"condition\":\"holds\"}}' >$WEIR_RESULT",
        NULL};
    static const char *const bad[] = {"sh", "-c",
                                      "echo '{\"defer\":{\"for\":\"soon\"}}' >$WEIR_RESULT", NULL};
    const flow_task tasks[] = {{"c", NULL, NULL, waits, NULL},
                               {"w", NULL, NULL, asks, NULL},
                               {"b", NULL, NULL, bad, "allow_failure=true"},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = begin(tasks);
    __atomic_store_n(&seen.holds_at, 2, __ATOMIC_SEQ_CST);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);
    char *context = json_dumps(json_object_get(result, "context"), JSON_SORT_KEYS | JSON_COMPACT);

    assert_string_equal(flow_status(result), "Completed");
    assert_string_equal(context, "{\"a\":1,\"b\":2}");
    assert_int_equal(times_asked(), 2);
    assert_non_null(strstr(flow_text(result, "b", "reason"), "what it left in WEIR_RESULT is not"));
    free(context);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on_at_its_time_with_what_it_wrote),
        cmocka_unit_test(it_gives_its_slot_back),
        cmocka_unit_test(another_runner_goes_on),
        cmocka_unit_test(a_resumed_run_that_is_lost_goes_on_anew),
        cmocka_unit_test(it_waits_until_a_condition_holds),
        cmocka_unit_test(all_waiting_of_an_attempt_has_one_limit),
        cmocka_unit_test(what_failed_behind_its_waiting_begins_anew),
        cmocka_unit_test(its_limit_is_a_class_of_failures),
        cmocka_unit_test(nothing_is_asked_while_it_is_paused),
        cmocka_unit_test(what_waits_can_be_cancelled_and_tried_again),
        cmocka_unit_test(the_execution_s_timeout_ends_what_waits),
        cmocka_unit_test(a_condition_is_asked_again_where_no_answer_came),
        cmocka_unit_test(a_command_can_wait_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
