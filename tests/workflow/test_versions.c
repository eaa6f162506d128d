/* SPDX-License-Identifier: Apache-2.0 */
/* test_versions.c - the version of a workflow (F3): the same on every machine and by every
 * compiler, another one whenever something else would be done. */
#include "tests/workflow/flow.h"

#include <stdio.h>
#include <string.h>

static weir_answer done(weir_task *task)
{
    (void)task;
    return WEIR_TASK_DONE;
}

static const char *const echo[] = {"echo", "a", NULL}, *const echo_b[] = {"echo", "b", NULL};

/* Found with gcc and with clang. */
static const char same[] = "9d42e80af9dc51e9d470938504fa3682";

static const struct {
    const char *name;
    flow_task tasks[4];
    weir_setting option;   /* of the workflow */
    weir_setting schedule; /* when it begins is no part of what it does */
    const char *version;   /* NULL: another one than all before */
} cases[] = {
    {"as it is",
     {{"a", NULL, done, NULL, NULL}, {"b", "a", NULL, echo, NULL}},
     {.name = NULL},
     {.name = NULL},
     same},
    {"a default that is written down",
     {{"a", NULL, done, NULL, "attempts=3"}, {"b", "a", NULL, echo, "run_if=all_success"}},
     {.name = NULL},
     {.name = NULL},
     same},
    {"with a schedule",
     {{"a", NULL, done, NULL, NULL}, {"b", "a", NULL, echo, NULL}},
     {.name = NULL},
     {.name = "cron", .text = "@daily"},
     same},
    {"a retry",
     {{"a", NULL, done, NULL, "attempts=4"}, {"b", "a", NULL, echo, NULL}},
     {.name = NULL},
     {.name = NULL},
     NULL},
    {"a rule",
     {{"a", NULL, done, NULL, NULL}, {"b", "a", NULL, echo, "run_if=any_failed"}},
     {.name = NULL},
     {.name = NULL},
     NULL},
    {"an expression",
     {{"a", NULL, done, NULL, NULL}, {"b", "a", NULL, echo, "rule=[\"failed\",\"a\"]"}},
     {.name = NULL},
     {.name = NULL},
     NULL},
    {"a dependency",
     {{"a", NULL, done, NULL, NULL}, {"b", NULL, NULL, echo, NULL}},
     {.name = NULL},
     {.name = NULL},
     NULL},
    {"a word of a command",
     {{"a", NULL, done, NULL, NULL}, {"b", "a", NULL, echo_b, NULL}},
     {.name = NULL},
     {.name = NULL},
     NULL},
    {"a timeout",
     {{"a", NULL, done, NULL, "timeout=7s"}, {"b", "a", NULL, echo, NULL}},
     {.name = NULL},
     {.name = NULL},
     NULL},
    {"a task more",
     {{"a", NULL, done, NULL, NULL}, {"b", "a", NULL, echo, NULL}, {"c", "b", done, NULL, NULL}},
     {.name = NULL},
     {.name = NULL},
     NULL},
    {"the workflow's own timeout",
     {{"a", NULL, done, NULL, NULL}, {"b", "a", NULL, echo, NULL}},
     {.name = "timeout", .text = "2h"},
     {.name = NULL},
     NULL},
};
enum { CASES = sizeof cases / sizeof *cases };

static void version_of(size_t at, char *ret, size_t size)
{
    flow *f = flow_new(cases[at].tasks);

    if (cases[at].option.name != NULL)
        f->workflow.settings = (weir_task_settings){&cases[at].option, 1};
    if (cases[at].schedule.name != NULL)
        f->workflow.schedule = (weir_task_settings){&cases[at].schedule, 1};
    weir_runner *runner = flow_runner(flow_new_file(), f, false);
    assert_true(snprintf(ret, size, "%s", runner->ledger.plans[0]->version) < (int)size);
    weir_runner_close(runner);
    flow_free(f);
}

static void a_version_is_what_is_done(void **state)
{
    static char versions[CASES][64];

    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        version_of(i, versions[i], sizeof versions[i]);
        print_message("  %s: %s\n", cases[i].name, versions[i]);
        if (cases[i].version != NULL)
            assert_string_equal(versions[i], cases[i].version);
        for (size_t j = 0; cases[i].version == NULL && j < i; j++)
            assert_string_not_equal(versions[i], versions[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_version_is_what_is_done)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
