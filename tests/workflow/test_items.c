/* SPDX-License-Identifier: Apache-2.0 */
/* test_items.c - tasks that run once for each item of a list (F16): results in order, retries of
 * one, limits, failures, control from outside, runners that are gone, what it costs. In virtual
 * time. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/clock.h"
#include <weir/db.h>

static int runs, at_once, most_at_once;
static int64_t bad; /* the item that fails, for good unless it is tried again */
static bool for_good;

static weir_answer squares(weir_task *task)
{
    int64_t item = strtoll(weir_task_item(task), NULL, 10);
    int now = __atomic_add_fetch(&at_once, 1, __ATOMIC_SEQ_CST);

    __atomic_add_fetch(&runs, 1, __ATOMIC_SEQ_CST);
    if (now > __atomic_load_n(&most_at_once, __ATOMIC_SEQ_CST))
        __atomic_store_n(&most_at_once, now, __ATOMIC_SEQ_CST);
    weir_task_set_integer(task, "square", item * item);
    weir_task_set_integer(task, "index", weir_task_index(task));
    __atomic_sub_fetch(&at_once, 1, __ATOMIC_SEQ_CST);
    if (item != bad || (!for_good && weir_task_attempt(task) > 1))
        return WEIR_TASK_DONE;
    return weir_task_fail(task, "%lld is bad", (long long)item);
}

static weir_answer waits(weir_task *task)
{
    __atomic_add_fetch(&runs, 1, __ATOMIC_SEQ_CST);
    return weir_task_resumed(task) ? WEIR_TASK_DONE : weir_task_defer_for(task, 100LL * 1000000000);
}

/* Reads what the task above has set, as the items do. */
static weir_answer adds(weir_task *task)
{
    json_t *context = json_loads(weir_task_context(task), 0, NULL), *input, *value;

    input = json_loads(weir_task_input(task), 0, NULL);
    value = json_loads(weir_task_item(task), JSON_DECODE_ANY, NULL);
    int64_t sum = json_integer_value(json_object_get(context, "base")) +
                  json_integer_value(json_object_get(input, "more")) + json_integer_value(value);
    weir_task_set_integer(task, "sum", sum);
    json_decref(context);
    json_decref(input);
    json_decref(value);
    return WEIR_TASK_DONE;
}

static weir_answer sets_base(weir_task *task)
{
    weir_task_set_integer(task, "base", 100);
    return WEIR_TASK_DONE;
}

static weir_answer done(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

#define NO_TASK                                                                                    \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL                                                               \
    }
#define EACH "each=[\".\",[\"input\"],\"list\"] jitter=false delay=1s"

static flow *begin(const flow_task *tasks)
{
    runs = at_once = most_at_once = 0;
    bad = -1;
    for_good = true;
    return flow_new(tasks);
}

static char *text_of(const json_t *result, const char *key)
{
    return json_dumps(json_object_get(json_object_get(result, "context"), key),
                      JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
}

typedef struct list_case {
    const char *input, *options;
    int64_t bad;
    bool for_good;
    const char *status, *reason; /* of the task */
    const char *result;
    int runs;
} list_case;

static const list_case cases[] = {
    {"{\"list\":[3,1,2]}", EACH, -1, true, "Completed", "",
     "[{\"index\":0,\"square\":9},{\"index\":1,\"square\":1},{\"index\":2,\"square\":4}]", 3},
    {"{\"list\":[]}", EACH, -1, true, "Completed", "", "[]", 0},
    {"{\"list\":[1,2,3]}", EACH " max=2", -1, true, "Failed",
     "for_each '[\".\",[\"input\"],\"list\"]' gives 3 items; `max:` allows 2", "null", 0},
    {"{\"list\":7}", EACH, -1, true, "Failed",
     "for_each '[\".\",[\"input\"],\"list\"]' gives no list", "null", 0},
    {"{}", EACH, -1, true, "Failed",
     "for_each '[\".\",[\"input\"],\"list\"]' cannot be evaluated: there is no 'input.list'",
     "null", 0},
    {"{\"list\":[5,6]}", EACH " attempts=2", 6, false, "Completed", "",
     "[{\"index\":0,\"square\":25},{\"index\":1,\"square\":36}]", 3},
    {"{\"list\":[5,6,7]}", EACH " attempts=2", 6, true, "Failed",
     "1 of 3 items failed; the first: item 1 (execution 3) failed: 'e' failed: 6 is bad", "null",
     4},
};

static void it_runs_for_each_item(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const list_case *c = &cases[i];
        const flow_task tasks[] = {
            {"e", NULL, squares, NULL, c->options}, {"after", "e", done, NULL, NULL}, NO_TASK};
        flow *f = begin(tasks);
        bad = c->bad;
        for_good = c->for_good;
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        json_t *result = flow_run(runner, c->input);
        char *text = text_of(result, "e");
        assert_string_equal(flow_status(result), c->status);
        assert_string_equal(flow_text(result, "e", "reason"), c->reason);
        assert_string_equal(text != NULL ? text : "null", c->result);
        assert_int_equal(runs, c->runs);
        assert_int_equal(flow_attempts(result, "e"), 1);
        assert_string_equal(flow_text(result, "after", "state"),
                            strcmp(c->status, "Failed") == 0 ? "Skipped" : "Completed");
        free(text);
        json_decref(result);
        weir_runner_close(runner);
        flow_free(f);
    }
}

/* A failure that is allowed counts for all of them. */
static void its_failure_can_be_allowed(void **state)
{
    (void)state;
    const flow_task tasks[] = {
        {"e", NULL, squares, NULL, EACH " attempts=1 allow_failure=true priority=3"}, NO_TASK};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);

    bad = 2;
    json_t *result = flow_run(runner, "{\"list\":[1,2]}");
    assert_string_equal(flow_status(result), "Completed");
    assert_string_equal(flow_text(result, "e", "state"), "Failed");
    assert_int_equal(flow_count(runner, "flow/e", "Failed"), 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* A function, a command, and another workflow, each with what its task sees. */
static void all_kinds_have_items(void **state)
{
    (void)state;
    static const char *const words[] = {"sh", "-c",
                                        "echo \"{\\\"set\\\":{\\\"n\\\":$(cat $WEIR_ITEM),"
                                        "\\\"i\\\":$WEIR_INDEX,\\\"w\\\":\\\"$0\\\"}}\" "
                                        ">$WEIR_RESULT",
                                        "[\".\",[\"item\"]]", NULL};
    static const char *const trees[] = {NULL, NULL, NULL, "[\"string\",[\"item\"]]"};
    const flow_task tasks[] = {
        {"b", NULL, sets_base, NULL, NULL},
        {"f", "b", adds, NULL, EACH},
        {"c", "b", NULL, words, EACH},
        {"w", "b", NULL, NULL, EACH " begins=inner with.more=[\"+\",[\"item\"],[\"index\"]]"},
        NO_TASK};
    const flow_task inner[] = {
        {"e", NULL, adds, NULL, "each=[\"list\",[\".\",[\"input\"],\"more\"]]"}, NO_TASK};
    flow *f = begin(tasks);
    flow_add_workflow(f, "inner", inner);
    ((weir_module_task *)(uintptr_t)f->workflow.tasks)[2].exec_trees = trees;
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, "{\"list\":[1,2],\"more\":10}");
    const char *const keys[] = {"f", "c", "w"};
    const char *const wanted[] = {
        "[{\"sum\":111},{\"sum\":112}]",
        "[{\"i\":0,\"n\":1,\"w\":\"1\"},{\"i\":1,\"n\":2,\"w\":\"2\"}]",
        "[{\"e\":[{\"sum\":2}]},{\"e\":[{\"sum\":6}]}]",
    };

    assert_string_equal(flow_status(result), "Completed");
    for (size_t i = 0; i < 3; i++) {
        char *text = text_of(result, keys[i]);
        assert_string_equal(text, wanted[i]);
        free(text);
    }
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* --- From outside --- */

static void control_reaches_the_items(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"e", NULL, waits, NULL, EACH}, NO_TASK};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, "{\"list\":[1,2,3]}");
    char *text = NULL;

    flow_turn_until(runner, id, "e", "Deferred");
    FLOW_OK(weir_workflow_explain(runner, id, &text, &error));
    assert_non_null(strstr(text, "it waits for its 3 items: execution 2 of 'flow/e' is "));
    assert_non_null(strstr(text, "; 3 have not ended"));
    weir_free(text);
    json_t *result = flow_result(runner, id);
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(json_object_get(result, "tasks"), "e"), "left")),
                     3);
    json_decref(result);
    FLOW_OK(weir_workflow_pause(runner, id, NULL, &error));
    assert_int_equal(flow_count(runner, "flow/e", "Paused"), 3);
    FLOW_OK(weir_workflow_resume(runner, id, &error));
    assert_int_equal(flow_count(runner, "flow/e", "Paused"), 0);
    FLOW_OK(weir_workflow_cancel(runner, id, NULL, &error));
    assert_int_equal(flow_count(runner, "flow/e", "Cancelled"), 3);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    FLOW_OK(weir_workflow_retry(runner, id, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
    assert_int_equal(flow_count(runner, "flow/e", "Completed"), 3);
    assert_int_equal(flow_count(runner, "flow/e", NULL), 3);
    weir_runner_close(runner);
    flow_free(f);
}

static void expect_result(weir_runner *runner, int64_t id, const char *wanted)
{
    json_t *result = flow_result(runner, id);
    char *text = text_of(result, "e");

    assert_string_equal(text != NULL ? text : "null", wanted);
    free(text);
    json_decref(result);
}

#define RESULT                                                                                     \
    "[{\"index\":0,\"square\":25},{\"index\":1,\"square\":36},{\"index\":2,\"square\":49}]"

/* Again and again: what is Completed stays so, whatever the runs between came to. */
static void a_retry_runs_what_is_not_done(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"e", NULL, squares, NULL, EACH " attempts=1"}, NO_TASK};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, "{\"list\":[5,6,7]}");

    bad = 6;
    FLOW_OK(weir_workflow_run(runner, id, &error));
    assert_int_equal(runs, 3);
    flow_retry(runner, id);
    assert_int_equal(runs, 4);
    expect_result(runner, id, "null");
    bad = -1;
    FLOW_OK(weir_workflow_retry(runner, id, &error));
    flow_turn_until(runner, id, "e", "Deferred");
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_text(result, "e", "reason"),
                        "it waits for 1 of its 3 items; the others are Completed already");
    json_decref(result);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    assert_int_equal(runs, 5);
    expect_result(runner, id, RESULT);
    assert_int_equal(flow_count(runner, "flow/e", "Completed"), 3);
    assert_int_equal(flow_count(runner, "flow/e", NULL), 3);
    weir_runner_close(runner);
    flow_free(f);
}

/* Somebody has dealt with the item that failed: nothing is left to be run. */
static void a_retry_may_find_all_items_done(void **state)
{
    (void)state;
    const flow_task tasks[] = {
        {"e", NULL, squares, NULL, EACH " attempts=1"}, {"after", "e", done, NULL, NULL}, NO_TASK};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, "{\"list\":[5,6,7]}");

    bad = 6;
    FLOW_OK(weir_workflow_run(runner, id, &error));
    bad = -1;
    flow_retry(runner, 3); /* the second item */
    assert_int_equal(runs, 4);
    flow_retry(runner, id);
    assert_int_equal(runs, 4);
    expect_result(runner, id, RESULT);
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_string_equal(flow_text(result, "after", "state"), "Completed");
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* Somebody deals with it while the task is claimed: those that were done before count all the same.
 */
static void an_item_may_be_done_meanwhile(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"e", NULL, squares, NULL, EACH " attempts=1"}, NO_TASK};
    flow *f = begin(tasks);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, false), *other = flow_runner(url, f, false);
    int64_t id = flow_start(runner, "{\"list\":[5,6,7]}");
    bad = 6;
    FLOW_OK(weir_workflow_run(runner, id, &error));
    bad = -1;
    FLOW_OK(weir_workflow_retry(runner, id, &error));
    flow_turn_until(runner, id, "e", "Running");
    flow_retry(other, 3); /* the second item */
    FLOW_OK(weir_workflow_run(runner, id, &error));
    expect_result(runner, id, RESULT);
    assert_int_equal(runs, 4);
    weir_runner_close(other);
    weir_runner_close(runner);
    flow_free(f);
}

static weir_answer lists(weir_task *task)
{
    return weir_task_set(task, "list", "[5,6,7]") == WEIR_OK ? WEIR_TASK_DONE : WEIR_TASK_FAILED;
}

static weir_answer lists_anew(weir_task *task)
{
    return weir_task_attempt(task) > 1 && weir_task_set(task, "list", "[5,8,7,6]") == WEIR_OK
               ? WEIR_TASK_DONE
               : weir_task_fail(task, "not yet");
}

/* An item is the same where its place and its value are. */
static void a_list_may_be_another_one_by_then(void **state)
{
    (void)state;
    const flow_task tasks[] = {
        {"l", NULL, lists, NULL, NULL},
        {"m", "l", lists_anew, NULL, "attempts=1"},
        {"e", "m", squares, NULL, "run_if=all_done each=[\".\",[\"context\"],\"list\"] attempts=1"},
        NO_TASK};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    int64_t id = flow_start(runner, NULL);

    bad = 7;
    FLOW_OK(weir_workflow_run(runner, id, &error));
    assert_int_equal(runs, 3);
    bad = -1;
    flow_retry(runner, id);
    assert_int_equal(runs, 6);
    expect_result(runner, id,
                  "[{\"index\":0,\"square\":25},{\"index\":1,\"square\":64},"
                  "{\"index\":2,\"square\":49},{\"index\":3,\"square\":36}]");
    weir_runner_close(runner);
    flow_free(f);
}

/* Cancelled by hand one is a failure like others. */
static void one_item_can_be_cancelled(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"e", NULL, waits, NULL, EACH}, NO_TASK};
    flow *f = begin(tasks);
    char url[256];

    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, false);
    int64_t id = flow_start(runner, "{\"list\":[1,2]}");
    weir_db_pruned pruned;

    flow_turn_until(runner, id, "e", "Deferred");
    flow_turn_until(runner, 2, "e", "Deferred");
    FLOW_OK(weir_workflow_cancel(runner, 2, "not this one", &error));
    FLOW_FAILS(WEIR_STATE, "still waits for others like it",
               weir_workflow_retry(runner, 2, &error));
    FLOW_OK(weir_db_prune(url, 0, &pruned, &error));
    assert_int_equal(pruned.executions, 0); /* it is still read */
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_text(result, "e", "reason"),
                        "1 of 2 items failed; the first: item 0 (execution 2) was cancelled: not "
                        "this one");
    assert_int_equal(flow_count(runner, "flow/e", "Completed"), 1);
    /* Now it may, and nobody is told. */
    FLOW_OK(weir_workflow_retry(runner, 2, &error));
    FLOW_OK(weir_workflow_run(runner, 2, &error));
    assert_int_equal(flow_count(runner, "flow/e", "Completed"), 2);
    FLOW_OK(weir_db_prune(url, 0, &pruned, &error));
    assert_int_equal(pruned.executions, 3);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* A tag bounds how many run at once, a runner that is gone costs nothing. */
static void limits_hold_and_runners_may_go(void **state)
{
    (void)state;
    const weir_setting tag[] = {{.name = "tag", .text = "t"}, {.name = "limit", .text = "1"}};
    const flow_task tasks[] = {{"e", NULL, squares, NULL, EACH}, NO_TASK};
    flow *f = begin(tasks);
    char url[256];

    ((weir_module_task *)(uintptr_t)f->workflow.tasks)[0].concurrency =
        (weir_task_settings){tag, 2};
    snprintf(url, sizeof url, "%s", flow_new_store());
    weir_runner *runner = flow_runner(url, f, false);
    int64_t id = flow_start(runner, "{\"list\":[0,1,2,3,4,5,6,7]}");
    flow_turn_until(runner, id, "e", "Deferred");
    for (int i = 0; i < 4; i++)
        FLOW_OK(runner_turn(runner, &error));
    weir_runner_close(runner);
    runner = flow_runner(url, f, false);
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(most_at_once, 1);
    assert_int_equal(flow_count(runner, "flow/e", NULL), 8);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* --- What it costs --- */

static uint64_t statements_for(size_t count)
{
    const flow_task tasks[] = {{"e", NULL, squares, NULL, EACH}, NO_TASK};
    flow *f = begin(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    weir_buffer input = {0};

    weir_buffer_text(&input, "{\"list\":[0");
    for (size_t i = 1; i < count; i++)
        weir_buffer_printf(&input, ",%zu", i);
    weir_buffer_text(&input, "]}");
    json_decref(flow_run(runner, input.data));
    assert_int_equal(runs, count);
    uint64_t statements = runner->ledger.store->counts.statements;
    weir_buffer_free(&input);
    weir_runner_close(runner);
    flow_free(f);
    return statements;
}

static void an_item_of_many_costs_what_one_of_few_does(void **state)
{
    (void)state;
    uint64_t few = statements_for(20), many = statements_for(200);

    print_message("%.1f statements an item of 20, %.1f of 200\n", (double)few / 20,
                  (double)many / 200);
    assert_true(many < 11 * few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_for_each_item),
        cmocka_unit_test(its_failure_can_be_allowed),
        cmocka_unit_test(all_kinds_have_items),
        cmocka_unit_test(control_reaches_the_items),
        cmocka_unit_test(a_retry_runs_what_is_not_done),
        cmocka_unit_test(a_retry_may_find_all_items_done),
        cmocka_unit_test(an_item_may_be_done_meanwhile),
        cmocka_unit_test(a_list_may_be_another_one_by_then),
        cmocka_unit_test(one_item_can_be_cancelled),
        cmocka_unit_test(limits_hold_and_runners_may_go),
        cmocka_unit_test(an_item_of_many_costs_what_one_of_few_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
