/* SPDX-License-Identifier: Apache-2.0 */
/* test_by_table.c - workflows that a program declares by a table (weir_runner_add). */
#include <string.h>

#include "tests/workflow/flow.h"

static weir_answer counts(weir_task *task)
{
    int64_t runs = 0;

    weir_task_get_integer(task, "runs", &runs);
    weir_task_set_integer(task, "runs", runs + 1);
    return WEIR_TASK_DONE;
}

static weir_answer fails(weir_task *task)
{
    return weir_task_fail(task, "as it was told");
}

static weir_runner *new_runner(void)
{
    weir_runner *runner = NULL;

    FLOW_OK(weir_runner_open(flow_new_store(), NULL, 0, &runner, &error));
    return runner;
}

static json_t *run(weir_runner *runner, const char *workflow)
{
    int64_t id = 0;
    char *text = NULL;

    FLOW_OK(weir_workflow_start(runner, workflow, NULL, NULL, &id, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
    FLOW_OK(weir_workflow_result(runner, id, &text, &error));
    json_t *result = json_loads(text, 0, NULL);
    weir_free(text);
    return result;
}

static const char *text_at(const json_t *result, const char *task, const char *key)
{
    const json_t *tasks = json_object_get(result, "tasks");

    return json_string_value(json_object_get(json_object_get(tasks, task), key));
}

static int64_t attempts_of(const json_t *result, const char *task)
{
    const json_t *tasks = json_object_get(result, "tasks");

    return json_integer_value(json_object_get(json_object_get(tasks, task), "attempts"));
}

/* Everything that the table points to is gone when the workflow runs. */
static void add_shop(weir_runner *runner)
{
    char charge[] = "charge", delay[] = "1ms";
    const char *const after_charge[] = {charge, NULL}, *const after_all[] = {"ship", charge, NULL};
    const char *const word[] = {"sh", "-c", "echo sent", NULL};
    const weir_setting twice[] = {{.name = "retry.attempts", .text = "2"},
                                  {.name = "retry.delay", .text = delay}};
    const weir_setting handles[] = {{.name = "run_if", .text = "any_failed"}};
    const weir_workflow_task tasks[] = {
        {.name = charge, .call = counts},
        {.name = "ship", .after = after_charge, .call = fails, .options = twice, .option_count = 2},
        {.name = "refund", .after = after_all, .exec = word, .options = handles, .option_count = 1},
    };
    const weir_setting hour[] = {{.name = "timeout", .text = "1h"}};
    const weir_workflow_table shop = {
        .name = "shop", .tasks = tasks, .task_count = 3, .options = hour, .option_count = 1};

    FLOW_OK(weir_runner_add(runner, &shop, &error));
    memset(charge, 'x', sizeof charge - 1);
    memset(delay, 'x', sizeof delay - 1);
}

static void a_table_is_a_workflow(void **state)
{
    (void)state;
    weir_runner *runner = new_runner();

    add_shop(runner);
    json_t *result = run(runner, "shop");
    assert_string_equal(json_string_value(json_object_get(result, "status")), "Failed");
    assert_string_equal(text_at(result, "charge", "state"), "Completed");
    assert_string_equal(text_at(result, "ship", "reason"), "as it was told");
    assert_int_equal(attempts_of(result, "ship"), 2);
    assert_string_equal(text_at(result, "refund", "log"), "sent\n");
    json_decref(result);
    FLOW_FAILS(WEIR_STATE, "before anything is run",
               weir_runner_add(runner,
                               &(weir_workflow_table){
                                   .name = "late",
                                   .tasks = &(weir_workflow_task){.name = "a", .call = counts},
                                   .task_count = 1},
                               &error));
    weir_runner_close(runner);
}

#define AFTER(...)            ((const char *const[]){__VA_ARGS__, NULL})
#define OPTION(option, value) (&(const weir_setting){.name = (option), .text = (value)}), 1

/* What is wrong is told as of a spec. */
static void mistakes_are_named(void **state)
{
    (void)state;
    const struct {
        weir_workflow_task tasks[4];
        const char *said;
    } cases[] = {
        {{{NULL, NULL, NULL, NULL, NULL, 0}}, "has 0 tasks"},
        {{{"a", NULL, NULL, NULL, NULL, 0}}, "'a' needs one of a function"},
        {{{"load", NULL, counts, NULL, NULL, 0}, {"b", AFTER("laod"), counts, NULL, NULL, 0}},
         "'b' of 'flow' comes after 'laod', which there is not; did you mean 'load'?"},
        {{{"a", NULL, counts, NULL, NULL, 0}, {"a", NULL, counts, NULL, NULL, 0}}, "two tasks 'a'"},
        {{{"a", AFTER("c"), counts, NULL, NULL, 0},
          {"b", AFTER("a"), counts, NULL, NULL, 0},
          {"c", AFTER("b"), counts, NULL, NULL, 0}},
         "in a circle: a <- c <- b <- a"},
        {{{"a", NULL, counts, NULL, OPTION("timeuot", "5m")}}, "did you mean 'timeout'?"},
        {{{"a", NULL, counts, NULL, OPTION("retry.attemps", "5")}}, "did you mean 'attempts'?"},
        {{{"a", NULL, counts, NULL, OPTION("rerty.attempts", "5")}},
         "has no option 'rerty.attempts'"},
        {{{"a", NULL, counts, NULL, OPTION("retry.attempts", "0")}}, "'0' of option 'attempts'"},
        {{{"a", NULL, counts, NULL, OPTION("run_if", "any_failed")}}, "an any_* rule"},
        {{{"a", NULL, counts, NULL, OPTION("run_if", "context.x > 1")}}, "option 'run_if'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_runner *runner = new_runner();
        weir_workflow_table table = {.name = "flow", .tasks = cases[i].tasks};
        while (table.task_count < 4 && cases[i].tasks[table.task_count].name != NULL)
            table.task_count++;
        FLOW_FAILS(WEIR_SPEC, cases[i].said, weir_runner_add(runner, &table, &error));
        weir_runner_close(runner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_a_workflow),
        cmocka_unit_test(mistakes_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
