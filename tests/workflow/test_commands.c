/* SPDX-License-Identifier: Apache-2.0 */
/* test_commands.c - tasks that are commands (F5): what they are given, how they end, what dies with
 * them. */
#include "tests/workflow/flow.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHELL(text)                                                                                \
    (const char *const[])                                                                          \
    {                                                                                              \
        "sh", "-c", text, NULL                                                                     \
    }

/* One command, and what is recorded of it; `reason` and `log` are parts of the texts. */
static const struct {
    const char *const *exec;
    const char *options, *state, *reason, *log;
} cases[] = {
    {SHELL("exit 0"), "", "Completed", "", ""},
    {SHELL("printf '%s|' a\\ b; cat $WEIR_CONTEXT $WEIR_INPUT"), "", "Completed", "",
     "a b|{}{\"day\":1}"},
    {SHELL("echo $WEIR_TASK $WEIR_ATTEMPT $WEIR_TASK_KEY $WEIR_EXECUTION"), "", "Completed", "",
     "x 1 1/x 1\n"},
    {SHELL("read line; echo \"<$line>\""), "", "Completed", "", "<>"}, /* nothing to read */
    {SHELL("echo one >&2; echo two >&2; exit 7"), "attempts=1", "Failed",
     "'sh' ended with exit code 7: one\ntwo", ""},
    {SHELL("kill -SEGV $$"), "attempts=1", "Failed", "'sh' was ended by signal 11 (Segmentation",
     ""},
    {SHELL("printf '\\377\\000x' >&2; exit 1"), "attempts=1", "Failed", "??x", ""},
    {SHELL("head -c 100000 /dev/zero | tr '\\0' y; echo end"), "", "Completed", "", "yyend\n"},
    {SHELL("echo '{' >$WEIR_RESULT"), "", "Failed", "is not {\"set\": {..}, \"delete\": [..]}", ""},
    {SHELL("echo '{\"sat\": {}}' >$WEIR_RESULT"), "", "Failed", "is not {\"set\"", ""},
    {SHELL("echo '{\"delete\": [1]}' >$WEIR_RESULT"), "", "Failed", "it is to list keys", ""},
    {SHELL("echo '{\"set\": {\"n\": 1e999}}' >$WEIR_RESULT"), "", "Failed", "a number is too large",
     ""},
    {(const char *const[]){"./no-such-program", NULL}, "attempts=2 delay=0s", "Failed",
     "cannot run './no-such-program': No such file or directory", ""},
    {SHELL("echo up; sleep 600"), "timeout=100ms attempts=1", "Failed",
     "'sh' ran longer than its timeout of 100ms", "up"},
    {SHELL("trap '' TERM; echo deaf >&2; while :; do sleep 600; done"), "timeout=100ms attempts=1",
     "Failed", "timeout of 100ms: deaf", ""},
    {SHELL("exit 0"), "timeout=none", "Completed", "", ""},
};

static json_t *run_command(const char *const *exec, const char *options)
{
    const flow_task tasks[] = {{"x", NULL, NULL, exec, options}, {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, "{\"day\": 1}");

    weir_runner_close(runner);
    flow_free(f);
    return result;
}

static const struct {
    const char *const *exec;
    const char *options;
    int64_t attempts;
} classes[] = {
    {SHELL("exit 7"), "attempts=2 delay=0s retry_on=exit_7", 2},
    {SHELL("exit 7"), "attempts=2 delay=0s retry_on=exit", 2},
    {SHELL("exit 7"), "attempts=2 delay=0s retry_on=exit_70|crash|failed|timeout", 1},
    {SHELL("kill -SEGV $$"), "attempts=2 delay=0s retry_on=crash", 2},
    {SHELL("kill -SEGV $$"), "attempts=2 delay=0s retry_on=exit", 1},
    {SHELL("sleep 600"), "attempts=2 delay=0s timeout=50ms retry_on=timeout", 2},
    {SHELL("sleep 600"), "attempts=2 delay=0s timeout=50ms retry_on=crash", 1},
};

static void only_listed_classes_are_tried_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        json_t *result = run_command(classes[i].exec, classes[i].options);
        if (flow_attempts(result, "x") != classes[i].attempts)
            fail_msg("case %zu: %lld attempts", i, (long long)flow_attempts(result, "x"));
        json_decref(result);
    }
}

static void test_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *result = run_command(cases[i].exec, cases[i].options);
        const char *reason = flow_text(result, "x", "reason"), *log = flow_text(result, "x", "log");
        if (strcmp(flow_text(result, "x", "state"), cases[i].state) != 0 ||
            strstr(reason, cases[i].reason) == NULL || strstr(log, cases[i].log) == NULL)
            fail_msg("case %zu: %s, %s, %s", i, flow_text(result, "x", "state"), reason, log);
        assert_true(strlen(log) <= JOB_LOG + 10);
        json_decref(result);
    }
}

static void what_it_leaves_is_its_result(void **state)
{
    (void)state;
    json_t *result = run_command(
        SHELL("echo '{\"set\": {\"a\": [1, 2.5], \"b\": 1}, \"delete\": [\"b\"]}' >$WEIR_RESULT"),
        "");
    char *context = json_to_text(json_object_get(result, "context"));

    assert_string_equal(context, "{\"a\":[1,2.5]}");
    weir_free(context);
    json_decref(result);
}

/* Waits, with an end, until the process is dead. */
static void expect_gone(pid_t pid)
{
    for (int i = 0; i < 20000 && kill(pid, 0) == 0; i++) {
        char path[64], line[512] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *file = fopen(path, "r");
        if (file == NULL || fgets(line, sizeof line, file) == NULL)
            line[0] = '\0';
        if (file != NULL)
            fclose(file);
        const char *end = strrchr(line, ')');
        if (end != NULL && end[2] == 'Z')
            return; /* dead; nobody reaps it here */
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

/* A child that the command leaves behind dies with it, and does not keep the task waiting. */
static void descendants_die_with_it(void **state)
{
    (void)state;
    const char *const options[] = {"", "timeout=100ms attempts=1"};
    const char *const *scripts[] = {SHELL("sleep 600 & echo $!"),
                                    SHELL("sleep 600 & echo $!; wait")};

    for (size_t i = 0; i < 2; i++) {
        json_t *result = run_command(scripts[i], options[i]);
        pid_t pid = (pid_t)atoi(flow_text(result, "x", "log"));
        assert_true(pid > 1);
        expect_gone(pid);
        json_decref(result);
    }
}

/* With --in-workers the commands are run by workers, as those of `weir` are. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(only_listed_classes_are_tried_again),
        cmocka_unit_test(what_it_leaves_is_its_result),
        cmocka_unit_test(descendants_die_with_it),
    };

    if (argc > 1)
        weir_worker_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
