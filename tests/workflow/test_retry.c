/* SPDX-License-Identifier: Apache-2.0 */
/* test_retry.c - what tasks that run anew see of others that do, over tasks between them that had
 * ended (F4, F12): they wait for those, and read what they have written since. In virtual time. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <string.h>

static int fails_until; /* the attempt up to which "first" fails */
static int64_t runs;

/* Writes all the same; what a failed run has written is gone. */
static weir_answer first(weir_task *task)
{
    weir_task_set_integer(task, "late", weir_task_attempt(task));
    weir_task_set_integer(task, "both", 1);
    return weir_task_attempt(task) <= fails_until ? weir_task_fail_for_good(task, "not yet")
                                                  : WEIR_TASK_DONE;
}

static weir_answer first_waits(weir_task *task)
{
    if (weir_task_attempt(task) > fails_until && !weir_task_resumed(task))
        return weir_task_defer_for(task, 100LL * 1000000000);
    return first(task);
}

static weir_answer between(weir_task *task)
{
    runs++;
    weir_task_set_integer(task, "both", 2);
    return WEIR_TASK_DONE;
}

static weir_answer drops(weir_task *task)
{
    runs++;
    weir_task_delete(task, "late");
    return WEIR_TASK_DONE;
}

static weir_answer counts(weir_task *task)
{
    (void)task;
    runs++;
    return WEIR_TASK_DONE;
}

/* Needs what "first" has written. */
static weir_answer reads(weir_task *task)
{
    const char *late = weir_task_get(task, "late"), *both = weir_task_get(task, "both");

    if (late == NULL)
        return weir_task_fail_for_good(task, "there is no 'late'");
    weir_task_set(task, "read", late);
    return weir_task_set(task, "read_both", both != NULL ? both : "null") == WEIR_OK
               ? WEIR_TASK_DONE
               : WEIR_TASK_FAILED;
}

/* Fails as long as somebody above does. */
static weir_answer needs_nothing(weir_task *task)
{
    const char *late = weir_task_get(task, "late");

    weir_task_set(task, "saw", late != NULL ? late : "null");
    return weir_task_attempt(task) == 1 ? weir_task_fail_for_good(task, "at first")
                                        : WEIR_TASK_DONE;
}

#define NO_TASK                                                                                    \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL                                                               \
    }
#define ALWAYS "run_if=all_done"

static flow *begin(const flow_task *tasks, int until)
{
    runs = 0;
    fails_until = until;
    return flow_new(tasks);
}

static int64_t number_in(const json_t *result, const char *key)
{
    const json_t *value = json_object_get(json_object_get(result, "context"), key);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* What is expected of the end, after one retry. */
typedef struct shape {
    flow_task tasks[8];
    int64_t between;                          /* runs of tasks that had ended */
    int64_t late, both, read, read_both, saw; /* -1: it is not there */
} shape;

static const shape shapes[] = {
    /* near: nothing is between */
    {{{"f", NULL, first, NULL, NULL}, {"g", "f", reads, NULL, ALWAYS}, NO_TASK}, 0, 2, 1, 2, 1, -1},
    /* one between, and several, that had ended */
    {{{"f", NULL, first, NULL, NULL},
      {"b", "f", counts, NULL, ALWAYS},
      {"g", "b", reads, NULL, NULL},
      NO_TASK},
     1,
     2,
     1,
     2,
     1,
     -1},
    {{{"f", NULL, first, NULL, NULL},
      {"b", "f", counts, NULL, ALWAYS},
      {"c", "b", counts, NULL, NULL},
      {"d", "b", counts, NULL, NULL},
      {"e", "c d", counts, NULL, NULL},
      {"g", "e", reads, NULL, NULL},
      NO_TASK},
     4,
     2,
     1,
     2,
     1,
     -1},
    /* what one between has written is written last, and so is what it deleted */
    {{{"f", NULL, first, NULL, NULL},
      {"b", "f", between, NULL, ALWAYS},
      {"g", "b", reads, NULL, NULL},
      NO_TASK},
     1,
     2,
     2,
     2,
     2,
     -1},
    {{{"f", NULL, first, NULL, NULL},
      {"b", "f", drops, NULL, ALWAYS},
      {"g", "b", needs_nothing, NULL, NULL},
      NO_TASK},
     1,
     -1,
     1,
     -1,
     -1,
     -1},
    /* two begin anew above one that had ended, and one below it */
    {{{"f", NULL, first, NULL, NULL},
      {"o", NULL, needs_nothing, NULL, NULL},
      {"b", "f o", counts, NULL, ALWAYS},
      {"g", "b", reads, NULL, NULL},
      NO_TASK},
     1,
     2,
     1,
     2,
     1,
     -1},
    /* one way goes over what had ended, another one does not */
    {{{"f", NULL, first, NULL, NULL},
      {"b", "f", counts, NULL, ALWAYS},
      {"g", "b f", reads, NULL, ALWAYS},
      {"h", "g b", needs_nothing, NULL, ALWAYS},
      NO_TASK},
     1,
     2,
     1,
     2,
     1,
     2},
    /* nobody below begins anew: the end has it */
    {{{"f", NULL, first, NULL, NULL},
      {"b", "f", counts, NULL, ALWAYS},
      {"c", "b", counts, NULL, NULL},
      NO_TASK},
     2,
     2,
     1,
     -1,
     -1,
     -1},
};

static void it_sees_what_is_written_anew(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const shape *s = &shapes[i];
        flow *f = begin(s->tasks, 1);
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        json_t *result = flow_run(runner, NULL);
        print_message("shape %zu\n", i);
        assert_string_equal(flow_status(result), "Failed");
        json_decref(result);
        flow_retry(runner, 1);
        result = flow_result(runner, 1);
        assert_string_equal(flow_status(result), "Completed");
        assert_int_equal(runs, s->between);
        assert_int_equal(number_in(result, "late"), s->late);
        assert_int_equal(number_in(result, "both"), s->both);
        assert_int_equal(number_in(result, "read"), s->read);
        assert_int_equal(number_in(result, "read_both"), s->read_both);
        if (s->saw != -1)
            assert_int_equal(number_in(result, "saw"), s->saw);
        json_decref(result);
        weir_runner_close(runner);
        flow_free(f);
    }
}

static const flow_task far[] = {{"f", NULL, first_waits, NULL, NULL},
                                {"b", "f", counts, NULL, ALWAYS},
                                {"g", "b", reads, NULL, NULL},
                                NO_TASK};

/* While it waits for one further up it says so; what it has come after has ended. */
static void it_says_whom_it_waits_for(void **state)
{
    (void)state;
    flow *f = begin(far, 1);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    char *text = NULL;

    json_decref(flow_run(runner, NULL));
    FLOW_OK(weir_workflow_retry(runner, 1, &error));
    flow_turn_until(runner, 1, "f", "Deferred");
    FLOW_OK(weir_workflow_explain(runner, 1, &text, &error));
    assert_non_null(strstr(text, "it waits for 'f' (Deferred), further up"));
    weir_free(text);
    FLOW_OK(weir_workflow_run(runner, 1, &error));
    json_t *result = flow_result(runner, 1);
    assert_string_equal(flow_status(result), "Completed");
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* Ended in the middle of it, and tried again once more. */
static void it_can_be_cancelled_and_tried_again(void **state)
{
    (void)state;
    flow *f = begin(far, 1);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);

    json_decref(flow_run(runner, NULL));
    FLOW_OK(weir_workflow_retry(runner, 1, &error));
    flow_turn_until(runner, 1, "f", "Deferred");
    FLOW_OK(weir_workflow_cancel(runner, 1, NULL, &error));
    flow_retry(runner, 1);
    json_t *result = flow_result(runner, 1);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(number_in(result, "read"), 3);
    assert_int_equal(runs, 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* A result that comes when the execution has been cancelled is kept, and seen by the next retry. */
static void a_late_result_is_seen(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"f", NULL, first, NULL, NULL},
                               {"b", "f", counts, NULL, ALWAYS},
                               {"g", "b", reads, NULL, NULL},
                               NO_TASK};
    flow *f = begin(tasks, 1);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);

    json_decref(flow_run(runner, NULL));
    FLOW_OK(weir_workflow_retry(runner, 1, &error));
    runner->hungry = true;
    FLOW_OK(runner_turn(runner, &error)); /* claims it; what it comes to is recorded later */
    FLOW_OK(weir_workflow_cancel(runner, 1, NULL, &error));
    while (!runner_is_idle(runner)) {
        FLOW_OK(runner_turn(runner, &error));
        if (!runner_is_idle(runner))
            runner_wait(runner);
    }
    json_t *result = flow_result(runner, 1);
    assert_string_equal(flow_text(result, "f", "state"), "Completed");
    json_decref(result);
    flow_retry(runner, 1);
    result = flow_result(runner, 1);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(number_in(result, "read"), 2);
    assert_int_equal(flow_attempts(result, "f"), 2);
    assert_int_equal(runs, 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* One that has begun another workflow is one between, like others. */
static void a_workflow_may_be_between(void **state)
{
    (void)state;
    const flow_task tasks[] = {{"f", NULL, first, NULL, NULL},
                               {"w", "f", NULL, NULL, ALWAYS " begins=inner"},
                               {"g", "w", reads, NULL, NULL},
                               NO_TASK};
    const flow_task inner[] = {{"x", NULL, counts, NULL, NULL}, NO_TASK};
    flow *f = begin(tasks, 1);

    flow_add_workflow(f, "inner", inner);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_decref(flow_run(runner, NULL));
    flow_retry(runner, 1);
    json_t *result = flow_result(runner, 1);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(number_in(result, "read"), 2);
    assert_int_equal(runs, 1);
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sees_what_is_written_anew),
        cmocka_unit_test(it_says_whom_it_waits_for),
        cmocka_unit_test(it_can_be_cancelled_and_tried_again),
        cmocka_unit_test(a_late_result_is_seen),
        cmocka_unit_test(a_workflow_may_be_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
