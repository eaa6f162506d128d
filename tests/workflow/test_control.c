/* SPDX-License-Identifier: Apache-2.0 */
/* test_control.c - many executions in one runner, and what is done to them from outside: pause,
 * resume, cancel, retry, deadlines, executions that are stuck (F7, F8, F12, F13). A runner is
 * driven turn by turn; what is done from outside comes over a handle of its own. */
#include "tests/workflow/flow.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"

static int runs, fails_until;

static weir_answer counts(weir_task *task)
{
    __atomic_add_fetch(&runs, 1, __ATOMIC_RELAXED);
    weir_task_set_integer(task, weir_task_name(task), weir_task_attempt(task));
    return WEIR_TASK_DONE;
}

static weir_answer fails_at_first(weir_task *task)
{
    return weir_task_attempt(task) <= fails_until ? weir_task_fail(task, "not yet")
                                                  : WEIR_TASK_DONE;
}

static weir_answer writes_in_the_end(weir_task *task)
{
    weir_task_set_integer(task, "late", 1);
    return fails_at_first(task);
}

static const char *const sleeps[] = {"sh", "-c", "exec sleep 600", NULL};

static const flow_task chain[] = {{"a", NULL, counts, NULL, NULL},
                                  {"b", "a", counts, NULL, NULL},
                                  {"c", "b", counts, NULL, NULL},
                                  {NULL, NULL, NULL, NULL, NULL}};
static const flow_task slow[] = {{"s", NULL, NULL, sleeps, "attempts=3"},
                                 {"t", "s", counts, NULL, NULL},
                                 {NULL, NULL, NULL, NULL, NULL}};

/* A runner, and another handle on its store. */
typedef struct pair {
    flow *flow;
    char url[256];
    weir_runner *runner, *outside;
} pair;

static void open_pair(pair *p, const flow_task *tasks, bool real)
{
    runs = 0;
    p->flow = flow_new(tasks);
    snprintf(p->url, sizeof p->url, "%s", flow_new_store());
    p->runner = flow_runner(p->url, p->flow, real);
    p->outside = flow_runner(p->url, p->flow, real);
}

static void close_pair(pair *p)
{
    weir_runner_close(p->runner);
    weir_runner_close(p->outside);
    flow_free(p->flow);
}

static int64_t start(const pair *p)
{
    int64_t id = 0;

    FLOW_OK(weir_workflow_start(p->outside, "flow", NULL, NULL, &id, &error));
    return id;
}

/* Turns until the task is in that state, or the deadline of the test comes. */
static void turn_until(pair *p, int64_t id, const char *task, const char *state)
{
    int64_t end = weir_monotonic_now() + 20000000000;
    bool there = false;

    while (!there) {
        assert_true(weir_monotonic_now() < end);
        p->runner->hungry =
            true; /* what others have done is seen, though word of it may come later */
        FLOW_OK(runner_turn(p->runner, &error));
        json_t *result = flow_result(p->outside, id);
        there = task != NULL ? strcmp(flow_text(result, task, "state"), state) == 0
                             : strcmp(flow_status(result), state) == 0;
        json_decref(result);
        if (!there)
            runner_wait(p->runner);
    }
}

static void turn_some(pair *p, int count)
{
    for (int i = 0; i < count; i++) {
        struct pollfd ended = {.fd = pool_descriptor(p->runner->pool), .events = POLLIN};
        FLOW_OK(runner_turn(p->runner, &error));
        if (pool_running(p->runner->pool) != 0)
            assert_int_equal(poll(&ended, 1, 20000), 1);
    }
}

static const char *reason_of(json_t *result)
{
    const char *reason = json_string_value(json_object_get(result, "reason"));

    return reason != NULL ? reason : "";
}

/* --- Many --- */

static void it_serves_all_until_it_is_stopped(void **state)
{
    (void)state;
    pair p;
    int64_t ids[20];

    open_pair(&p, chain, false);
    for (size_t i = 0; i < 20; i++)
        ids[i] = start(&p);
    turn_until(&p, ids[19], NULL, "Completed");
    turn_until(&p, ids[0], NULL, "Completed");
    assert_int_equal(runs, 60);
    weir_runner_stop(p.runner);
    FLOW_OK(weir_runner_serve(p.runner, &error));
    close_pair(&p);
}

/* What it has no code for it leaves to one that has it. */
static void it_leaves_what_it_has_no_code_for(void **state)
{
    (void)state;
    pair p, other;
    char *text = NULL;

    open_pair(&other, slow, false);
    open_pair(&p, chain, false);
    weir_runner_close(other.runner);
    other.runner = flow_runner(p.url, other.flow, false); /* of another version */
    int64_t id = start(&p);
    turn_some(&other, 3);
    assert_int_equal(runs, 0);
    FLOW_OK(weir_workflow_explain(p.outside, id, &text, &error));
    assert_non_null(strstr(text, "no runner that lives has the workflow 'flow' in version"));
    assert_non_null(strstr(text, "it waits for 'a' (Ready)"));
    weir_free(text);
    turn_until(&p, id, NULL, "Completed");
    close_pair(&p);
    close_pair(&other);
}

/* --- Pause and resume --- */

static void what_is_paused_begins_nothing(void **state)
{
    (void)state;
    pair p;
    char *text = NULL;

    open_pair(&p, chain, false);
    int64_t id = start(&p);
    FLOW_OK(weir_workflow_pause(p.outside, id, "lunch", &error));
    turn_some(&p, 3);
    assert_int_equal(runs, 0);
    FLOW_OK(weir_workflow_explain(p.outside, id, &text, &error));
    assert_non_null(strstr(text, "its execution is Paused"));
    weir_free(text);
    FLOW_FAILS(WEIR_STATE, "is Paused and cannot be paused",
               weir_workflow_pause(p.outside, id, NULL, &error));
    FLOW_OK(weir_workflow_resume(p.outside, id, &error));
    FLOW_FAILS(WEIR_STATE, "is Running and cannot be resumed",
               weir_workflow_resume(p.outside, id, &error));
    turn_until(&p, id, NULL, "Completed");
    FLOW_FAILS(WEIR_STATE, "is Completed and cannot be cancelled",
               weir_workflow_cancel(p.outside, id, NULL, &error));
    FLOW_FAILS(WEIR_STATE, "is Completed and cannot be tried again",
               weir_workflow_retry(p.outside, id, &error));
    assert_int_equal(runs, 3);
    close_pair(&p);
}

/* What runs ends, and its dependents wait; one whose last task ends so ends when it is resumed. */
static void what_runs_ends_while_it_is_paused(void **state)
{
    (void)state;
    const flow_task one[] = {{"a", NULL, counts, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
    pair p;

    for (int i = 0; i < 2; i++) {
        open_pair(&p, i == 0 ? chain : one, false);
        int64_t id = start(&p);
        FLOW_OK(runner_turn(p.runner, &error));
        FLOW_OK(weir_workflow_pause(p.outside, id, NULL, &error));
        turn_until(&p, id, "a", "Completed");
        turn_some(&p, 2);
        assert_int_equal(runs, 1);
        FLOW_OK(weir_workflow_resume(p.outside, id, &error));
        turn_until(&p, id, NULL, "Completed");
        close_pair(&p);
    }
}

/* --- Cancel --- */

static void what_is_cancelled_is_stopped(void **state)
{
    (void)state;
    pair p;

    open_pair(&p, slow, true);
    int64_t id = start(&p);
    turn_until(&p, id, "s", "Running");
    FLOW_FAILS(WEIR_AGAIN, "is still Running", weir_workflow_wait(p.outside, id, 1000000, &error));
    FLOW_OK(weir_workflow_cancel(p.outside, id, "not needed", &error));
    turn_until(&p, id, "s", "Cancelled");
    FLOW_OK(weir_workflow_wait(p.outside, id, INT64_MAX, &error));
    json_t *result = flow_result(p.outside, id);
    assert_string_equal(flow_status(result), "Cancelled");
    assert_string_equal(reason_of(result), "not needed");
    assert_string_equal(flow_text(result, "s", "reason"),
                        "it was ended, since its result is not wanted any more");
    assert_string_equal(flow_text(result, "t", "state"), "Cancelled");
    assert_string_equal(flow_text(result, "t", "reason"), "not needed");
    json_decref(result);
    close_pair(&p);
}

/* --- Retry --- */

static void a_retry_keeps_what_is_done(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, counts, NULL, NULL},
                               {"f", "a", fails_at_first, NULL, "attempts=2 delay=0s"},
                               {"b", "f", counts, NULL, NULL},
                               {"h", "f", counts, NULL, "run_if=any_failed"},
                               {NULL, NULL, NULL, NULL, NULL}};
    pair p;

    open_pair(&p, tasks, false);
    fails_until = 3;
    int64_t id = start(&p);
    turn_until(&p, id, NULL, "Failed");
    assert_int_equal(runs, 2); /* a and h */
    FLOW_OK(weir_workflow_retry(p.outside, id, &error));
    turn_until(&p, id, NULL, "Completed");
    json_t *result = flow_result(p.outside, id);
    assert_int_equal(flow_attempts(result, "f"), 4);
    assert_int_equal(flow_attempts(result, "a"), 1);
    assert_string_equal(flow_text(result, "b", "state"), "Completed");
    assert_int_equal(runs, 3);
    json_t *context = json_object_get(result, "context");
    assert_int_equal(json_object_size(context), 3);
    json_decref(result);
    close_pair(&p);
}

/* What was cancelled goes on, too. */
static void a_cancelled_one_can_be_tried_again(void **state)
{
    (void)state;
    pair p;

    open_pair(&p, chain, false);
    int64_t id = start(&p);
    FLOW_OK(weir_workflow_cancel(p.outside, id, NULL, &error));
    turn_some(&p, 2);
    assert_int_equal(runs, 0);
    FLOW_OK(weir_workflow_retry(p.outside, id, &error));
    turn_until(&p, id, NULL, "Completed");
    assert_int_equal(runs, 3);
    close_pair(&p);
}

/* All was done when it was cancelled: there is nothing to begin anew. */
static void a_retry_may_find_all_done(void **state)
{
    (void)state;
    static const flow_task one[] = {{"a", NULL, counts, NULL, NULL},
                                    {NULL, NULL, NULL, NULL, NULL}};
    pair p;

    open_pair(&p, one, false);
    int64_t id = start(&p);
    turn_some(&p, 1);
    FLOW_OK(weir_workflow_cancel(p.outside, id, NULL, &error));
    turn_until(&p, id, "a", "Completed");
    FLOW_OK(weir_workflow_retry(p.outside, id, &error));
    json_t *result = flow_result(p.outside, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(json_object_size(json_object_get(result, "context")), 1);
    json_decref(result);
    close_pair(&p);
}

/* A task that ran anew has written behind one below it, which had ended before. */
static void what_a_retry_writes_is_kept(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"f", NULL, writes_in_the_end, NULL, "attempts=1"},
                               {"h", "f", counts, NULL, "run_if=all_done"},
                               {NULL, NULL, NULL, NULL, NULL}};
    pair p;

    open_pair(&p, tasks, false);
    fails_until = 1;
    int64_t id = start(&p);
    turn_until(&p, id, NULL, "Failed");
    FLOW_OK(weir_workflow_retry(p.outside, id, &error));
    turn_until(&p, id, NULL, "Completed");
    json_t *result = flow_result(p.outside, id), *context = json_object_get(result, "context");
    assert_int_equal(json_integer_value(json_object_get(context, "late")), 1);
    assert_int_equal(json_object_size(context), 2);
    json_decref(result);
    close_pair(&p);
}

/* --- What takes too long, and what cannot go on --- */

static void an_execution_has_a_timeout(void **state)
{
    (void)state;
    const weir_setting limit = {.name = "timeout", .text = "200ms"};
    pair p;

    open_pair(&p, slow, true);
    close_pair(&p);
    p.flow = flow_new(slow);
    p.flow->workflow.settings = (weir_task_settings){&limit, 1};
    p.runner = flow_runner(p.url, p.flow, true);
    p.outside = flow_runner(p.url, p.flow, true);
    int64_t id = start(&p);
    turn_until(&p, id, "s", "Cancelled");
    json_t *result = flow_result(p.outside, id);
    assert_string_equal(flow_status(result), "Failed");
    assert_string_equal(reason_of(result), "the execution took longer than its timeout of 200ms");
    json_decref(result);
    close_pair(&p);
}

/* Nothing that the engine does leaves one stuck; a hand does. */
static void a_stuck_execution_is_failed(void **state)
{
    (void)state;
    pair p;

    open_pair(&p, chain, false);
    int64_t id = start(&p);
    flow_execute(p.url, "UPDATE tasks SET waiting = 2 WHERE name = 'b'");
    turn_until(&p, id, "a", "Completed");
    p.runner->virtual_now += 31000000000;
    turn_until(&p, id, NULL, "Failed");
    json_t *result = flow_result(p.outside, id);
    assert_string_equal(reason_of(result),
                        "it cannot go on, since none of its tasks runs or will run: 'b' waits for "
                        "1 more, 'c' waits for 1 more");
    assert_string_equal(flow_text(result, "b", "state"), "Cancelled");
    json_decref(result);
    close_pair(&p);
}

/* One that was silent for too long learns that it is no runner any more, and begins anew. */
static void a_runner_that_was_taken_for_gone_begins_anew(void **state)
{
    (void)state;
    pair p;

    open_pair(&p, chain, false);
    int64_t id = start(&p);
    FLOW_OK(runner_turn(p.runner, &error));
    int64_t before = p.runner->ledger.runner;
    flow_execute(p.url, "UPDATE runners SET ended = 1");
    p.runner->virtual_now += 11000000000;
    turn_until(&p, id, NULL, "Completed");
    assert_true(p.runner->ledger.runner > before);
    close_pair(&p);
}

static void lost_once_is_once_too_often(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"a", NULL, counts, NULL, "on_lost=fail"},
                               {NULL, NULL, NULL, NULL, NULL}};
    pair p;

    open_pair(&p, tasks, false);
    int64_t id = start(&p);
    FLOW_OK(ledger_begin(&p.outside->ledger, true, &error));
    weir_task *job = NULL;
    FLOW_OK(ledger_join(&p.outside->ledger, "test", &error));
    FLOW_OK(ledger_claim(&p.outside->ledger, id, 1, &job, &error));
    FLOW_OK(ledger_end(&p.outside->ledger, WEIR_OK, &error));
    job_free(job);
    weir_runner_close(p.outside);
    p.outside = flow_runner(p.url, p.flow, false);
    turn_until(&p, id, NULL, "Failed");
    json_t *result = flow_result(p.outside, id);
    assert_non_null(strstr(reason_of(result), "'a' failed: it was lost with runner"));
    assert_int_equal(runs, 0);
    json_decref(result);
    close_pair(&p);
}

/* What cannot be recorded now is kept, and no task fails for it. */
static void a_store_that_is_held_is_waited_for(void **state)
{
    (void)state;
    const weir_setting settings[] = {{.name = "busy", .text = "1ms"},
                                     {.name = "poll", .text = "1ms"}};
    pair p;
    ledger_view view;
    int64_t now;

    open_pair(&p, chain, true);
    weir_runner_close(p.runner);
    FLOW_OK(weir_runner_open(p.url, settings, 2, &p.runner, &error));
    FLOW_OK(weir_runner_load(p.runner, &p.flow->module, NULL, &error));
    int64_t id = start(&p);
    FLOW_OK(runner_turn(p.runner, &error));
    weir_store *other = p.outside->ledger.store;
    FLOW_OK(other->kind->begin(other, true, &now, &error));
    FLOW_OK(ledger_look(&p.outside->ledger, id, &view, &error));
    turn_some(&p, 1);
    for (int i = 0; i < 5; i++) {
        FLOW_OK(runner_turn(p.runner, &error));
        runner_wait(p.runner);
    }
    assert_true(p.runner->waits_for_store);
    assert_non_null(p.runner->results);
    other->kind->rollback(other);
    turn_until(&p, id, NULL, "Completed");
    json_t *result = flow_result(p.outside, id);
    assert_int_equal(flow_attempts(result, "a"), 1);
    assert_int_equal(runs, 3);
    json_decref(result);
    close_pair(&p);
}

/* A store that does not come back keeps nobody from stopping; what was not recorded runs again. */
static void it_stops_without_its_store(void **state)
{
    (void)state;
    const weir_setting settings[] = {{.name = "busy", .text = "300ms"},
                                     {.name = "poll", .text = "1ms"},
                                     {.name = "drain", .text = "10ms"}};
    pair p;
    ledger_view view;
    int64_t now;

    open_pair(&p, chain, true);
    weir_runner_close(p.runner);
    FLOW_OK(weir_runner_open(p.url, settings, 3, &p.runner, &error));
    FLOW_OK(weir_runner_load(p.runner, &p.flow->module, NULL, &error));
    int64_t id = start(&p);
    FLOW_OK(runner_turn(p.runner, &error));
    weir_store *other = p.outside->ledger.store;
    FLOW_OK(other->kind->begin(other, true, &now, &error));
    FLOW_OK(ledger_look(&p.outside->ledger, id, &view, &error));
    weir_runner_stop(p.runner);
    FLOW_FAILS(WEIR_AGAIN, "what it could not record runs again",
               weir_runner_serve(p.runner, &error));
    other->kind->rollback(other);
    weir_runner_close(p.runner);
    p.runner = flow_runner(p.url, p.flow, true);
    turn_until(&p, id, NULL, "Completed");
    assert_int_equal(runs, 4);
    close_pair(&p);
}

/* What is Deferred until a time can be claimed then. */
static void what_is_deferred_comes_again(void **state)
{
    (void)state;
    pair p;
    weir_task *job = NULL;

    open_pair(&p, chain, false);
    int64_t id = start(&p);
    ledger *l = &p.outside->ledger;
    FLOW_OK(ledger_begin(l, true, &error));
    FLOW_OK(ledger_join(l, "test", &error));
    FLOW_OK(ledger_claim(l, id, 1, &job, &error));
    FLOW_OK(l->store->kind->move_task(l->store,
                                      &(store_task_move){.execution = id,
                                                         .from = STORE_RUNNING,
                                                         .to = STORE_DEFERRED,
                                                         .token = job->token,
                                                         .time = l->now,
                                                         .due = l->now + 5000000000},
                                      &error));
    FLOW_OK(ledger_end(l, WEIR_OK, &error));
    job_free(job);
    turn_until(&p, id, NULL, "Completed");
    assert_int_equal(p.runner->virtual_now, FLOW_START + 5000000000);
    assert_int_equal(runs, 3);
    close_pair(&p);
}

static void options_are_to_fit(void **state)
{
    (void)state;
    const weir_setting settings[] = {{.name = "stale", .text = "20s"}};
    weir_runner *runner = NULL;

    FLOW_FAILS(WEIR_INVALID, "at least three times its `heartbeat`",
               weir_runner_open(flow_new_store(), settings, 1, &runner, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_serves_all_until_it_is_stopped),
        cmocka_unit_test(it_leaves_what_it_has_no_code_for),
        cmocka_unit_test(what_is_paused_begins_nothing),
        cmocka_unit_test(what_runs_ends_while_it_is_paused),
        cmocka_unit_test(what_is_cancelled_is_stopped),
        cmocka_unit_test(a_retry_keeps_what_is_done),
        cmocka_unit_test(a_cancelled_one_can_be_tried_again),
        cmocka_unit_test(a_retry_may_find_all_done),
        cmocka_unit_test(what_a_retry_writes_is_kept),
        cmocka_unit_test(an_execution_has_a_timeout),
        cmocka_unit_test(a_stuck_execution_is_failed),
        cmocka_unit_test(a_runner_that_was_taken_for_gone_begins_anew),
        cmocka_unit_test(lost_once_is_once_too_often),
        cmocka_unit_test(a_store_that_is_held_is_waited_for),
        cmocka_unit_test(it_stops_without_its_store),
        cmocka_unit_test(what_is_deferred_comes_again),
        cmocka_unit_test(options_are_to_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
