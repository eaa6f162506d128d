/* SPDX-License-Identifier: Apache-2.0 */
/* test_slots.c - how many tasks run at once (F10): as many as there are slots, and never more. */
#include "tests/workflow/flow.h"

#include <pthread.h>
#include <stdio.h>

enum { TASKS = 100, SLOTS = 4 };

static pthread_barrier_t meeting;
static int running, most; /* atomic */

/* Goes on once all slots are taken by such as itself. */
static weir_answer meets(weir_task *task)
{
    int now = __atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
    int seen = __atomic_load_n(&most, __ATOMIC_SEQ_CST);

    (void)task;
    while (now > seen && !__atomic_compare_exchange_n(&most, &seen, now, false, __ATOMIC_SEQ_CST,
                                                      __ATOMIC_SEQ_CST))
        ;
    pthread_barrier_wait(&meeting);
    __atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST);
    return WEIR_TASK_DONE;
}

/* By one runner, in the time of the clock on the wall. */
static void complete(const flow_task *tasks, const weir_setting *settings, size_t count)
{
    flow *f = flow_new(tasks);
    weir_runner *runner = NULL;
    int64_t id = 0;

    FLOW_OK(weir_runner_open(flow_new_store(), settings, count, &runner, &error));
    FLOW_OK(weir_runner_load(runner, &f->module, NULL, &error));
    FLOW_OK(weir_workflow_start(runner, "flow", NULL, NULL, &id, &error));
    FLOW_OK(weir_workflow_run(runner, id, &error));
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_status(result), "Completed");
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

static void all_slots_are_used_and_no_more(void **state)
{
    static flow_task tasks[TASKS + 1];
    static char names[TASKS][8];
    const weir_setting settings[] = {{.name = "slots", .text = "4"},
                                     {.name = "poll", .text = "5ms"}};

    (void)state;
    for (int i = 0; i < TASKS; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        tasks[i] = (flow_task){names[i], NULL, meets, NULL, NULL};
    }
    pthread_barrier_init(&meeting, NULL, SLOTS);
    complete(tasks, settings, 2);
    assert_int_equal(most, SLOTS);
    pthread_barrier_destroy(&meeting);
}

static weir_answer done(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

/* They begin when what they come after has ended: a look an hour later would be too late for the
 * test. */
static void what_is_released_waits_for_no_look(void **state)
{
    static const flow_task tasks[] = {
        {"a", NULL, done, NULL, NULL},  {"b", "a", done, NULL, NULL},
        {"c", "b", done, NULL, NULL},   {"d", "b", done, NULL, NULL},
        {"e", "c d", done, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
    const weir_setting rarely = {.name = "poll", .text = "1h"};

    (void)state;
    complete(tasks, &rarely, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_slots_are_used_and_no_more),
        cmocka_unit_test(what_is_released_waits_for_no_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
