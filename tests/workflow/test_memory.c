/* SPDX-License-Identifier: Apache-2.0 */
/* test_memory.c - one allocation fails, each in turn: a call says so, or
 * the task that it hit does; nothing crashes, and the store can be used afterwards. */
#include "tests/scarce.h"
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static weir_answer works(weir_task *task)
{
    if (weir_task_input(task) == NULL)
        return weir_task_fail(task, "out of memory");
    weir_task_set_text(task, weir_task_name(task), "done");
    return WEIR_TASK_DONE;
}

static const char *const command[] = {"sh", "-c",
                                      "echo '{\"set\":{\"x\":1}}' >$WEIR_RESULT; echo a", NULL};
static const flow_task tasks[] = {{"a", NULL, works, NULL, "attempts=1"},
                                  {"b", "a", NULL, command, "attempts=2 delay=0s"},
                                  {"c", "a", works, NULL, "run_if=any_failed"},
                                  {"d", "b", works, NULL, NULL},
                                  {NULL, NULL, NULL, NULL, NULL}};

/* All calls of a run, until one fails. */
static weir_status run_all(const char *url, const flow *f, int64_t *id, char **result,
                           weir_error **error)
{
    weir_runner *runner = NULL;
    weir_status status = weir_runner_open(url, NULL, 0, &runner, error);

    if (status == WEIR_OK)
        status = weir_runner_load(runner, &f->module, NULL, error);
    if (status == WEIR_OK && *id == 0)
        status = weir_workflow_start(runner, "flow", "{\"day\":1}", NULL, id, error);
    if (status == WEIR_OK)
        status = weir_workflow_run(runner, *id, error);
    if (status == WEIR_OK)
        status = weir_workflow_result(runner, *id, result, error);
    weir_runner_close(runner);
    return status;
}

static void check_end(const char *text)
{
    json_t *result = json_loads(text, 0, NULL);

    assert_non_null(result);
    if (strcmp(flow_status(result), "Completed") != 0)
        assert_non_null(strstr(text, "out of memory"));
    json_decref(result);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    enum { STEP = 1 };
    flow *f = flow_new(tasks);
    bool failed = true;

    for (unsigned long at = 1; failed; at += STEP) {
        char url[256], *result = NULL;
        weir_error *lost = NULL;
        int64_t id = 0;
        snprintf(url, sizeof url, "%s", flow_new_store());
        scarce_memory memory = {.fails_at = at};
        weir_allocator scarce = scarce_allocator(&memory);
        weir_set_allocator(&scarce);
        weir_status status = run_all(url, f, &id, &result, &lost);
        failed = memory.allocations >= at;
        weir_set_allocator(NULL);
        if (status != WEIR_OK) {
            assert_int_equal(status, WEIR_NOMEM);
            assert_non_null(strstr(weir_error_message(lost), "out of memory"));
            weir_error_free(lost);
            FLOW_OK(run_all(url, f, &id, &result, &error));
        }
        check_end(result);
        weir_free(result);
    }
    flow_free(f);
}

int main(void)
{
    const struct CMUnitTest all[] = {cmocka_unit_test(every_allocation_may_fail)};

    return cmocka_run_group_tests(all, NULL, NULL);
}
