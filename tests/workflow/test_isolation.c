/* SPDX-License-Identifier: Apache-2.0 */
/* test_isolation.c - tasks in processes of their own (F10): how they end, what dies with them. */
#include "tests/workflow/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- Tasks --- */

static weir_answer crash(weir_task *task)
{
    (void)task;
    raise(SIGSEGV);
    return WEIR_TASK_DONE;
}

/* Uses up the stack: there is no task without an attempt. */
static int deeper(weir_task *task, int depth)
{
    volatile char room[65536];

    room[0] = (char)depth;
    return weir_task_attempt(task) == 0 ? 0 : deeper(task, depth + 1) + room[0];
}

static weir_answer overflow(weir_task *task)
{
    return deeper(task, 0) == 0 ? WEIR_TASK_DONE : WEIR_TASK_FAILED;
}

static weir_answer give_up(weir_task *task)
{
    (void)task;
    abort();
}

static weir_answer leave(weir_task *task)
{
    (void)task;
    exit(3);
}

static weir_answer loop(weir_task *task)
{
    (void)task;
    for (;;)
        pause();
    return WEIR_TASK_DONE;
}

static weir_answer deaf(weir_task *task)
{
    signal(SIGTERM, SIG_IGN);
    return loop(task);
}

static weir_answer eat(weir_task *task)
{
    static char *volatile eaten; /* a compiler drops what nobody can see */

    for (size_t i = 0; i < 64; i++)
        if ((eaten = malloc(4 << 20)) == NULL)
            return weir_task_fail(task, "no more after %zu pieces", i);
    return weir_task_fail(task, "there is no limit");
}

static weir_answer scribble(weir_task *task)
{
    (void)task;
    for (int fd = 3; fd < 64; fd++)
        if (write(fd, "nonsense, and more of it than a head is long, so that it is read", 64) < 0)
            continue;
    return WEIR_TASK_DONE;
}

static weir_answer work(weir_task *task)
{
    int64_t n = 0;

    weir_task_get_integer(task, "n", &n);
    weir_task_set_integer(task, "n", n + 1);
    weir_task_set_integer(task, "pid", getpid());
    weir_task_delete(task, "gone");
    return strcmp(weir_task_input(task), "{\"day\":1}") == 0 ? WEIR_TASK_DONE
                                                             : weir_task_fail(task, "which day?");
}

static weir_answer refuse(weir_task *task)
{
    weir_task_set_number(task, "x", 1.0 / 0.0);
    return WEIR_TASK_DONE;
}

static weir_answer later(weir_task *task)
{
    return weir_task_attempt(task) == 1 ? weir_task_retry_after(task, 1000000, "not yet")
                                        : WEIR_TASK_DONE;
}

/* Takes along what it was forked from, and all that was forked beside it. */
static weir_answer end_all(weir_task *task)
{
    if (weir_task_attempt(task) == 1)
        kill(getppid(), SIGKILL);
    while (weir_task_attempt(task) == 1)
        pause();
    return WEIR_TASK_DONE;
}

/* A descendant in a session of its own, which holds the writing end of a fifo as long as it lives.
 */
static const char *fifo;

static void begin_descendant(void)
{
    if (fork() != 0)
        return;
    setsid();
    if (fork() != 0)
        _exit(0);
    if (open(fifo, O_WRONLY) < 0)
        _exit(1);
    for (;;)
        pause();
}

static weir_answer leave_descendant(weir_task *task)
{
    begin_descendant();
    weir_task_set_integer(task, "pid", getpid());
    return WEIR_TASK_DONE;
}

static void *begin_and_stay(void *started)
{
    begin_descendant();
    __atomic_store_n((int *)started, 1, __ATOMIC_SEQ_CST);
    for (;;)
        pause();
    return NULL;
}

/* By a thread that goes on. */
static weir_answer leave_by_thread(weir_task *task)
{
    static int started;
    pthread_t thread;

    if (pthread_create(&thread, NULL, begin_and_stay, &started) != 0)
        return weir_task_fail(task, "no thread");
    while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) == 0)
        sched_yield();
    return WEIR_TASK_DONE;
}

static weir_answer crash_with_descendant(weir_task *task)
{
    begin_descendant();
    return crash(task);
}

/* --- One task, and what is recorded of it --- */

static const struct {
    weir_task_function call;
    const char *options, *state, *reason, *log;
} cases[] = {
    {work, "", "Completed", "", ""},
    {crash, "attempts=1", "Failed", "it was ended by signal 11 (Segmentation fault) at ",
     "test_workflow_isolation"},
    {crash, "attempts=2 delay=0s", "Failed", "signal 11", "test_workflow_isolation"},
    {overflow, "attempts=1", "Failed", "signal 11 (Segmentation fault) at ",
     "test_workflow_isolation"},
    {give_up, "attempts=1", "Failed", "signal 6 (Aborted) at ", "test_workflow_isolation"},
    {leave, "attempts=1", "Failed", "its process ended with exit code 3 before it answered", ""},
    {loop, "attempts=1 timeout=100ms", "Failed", "it ran longer than its timeout of 100ms", ""},
    {deaf, "attempts=1 timeout=100ms", "Failed", "it ran longer than its timeout of 100ms", ""},
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ /* they end a process instead */
    {eat, "attempts=1 memory=64MiB", "Failed", "no more after ", ""},
#endif
    {eat, "attempts=1", "Failed", "there is no limit", ""},
    {scribble, "attempts=1", "Failed", "", ""},
    {refuse, "", "Failed", "cannot set 'x': an infinity is no JSON value", ""},
    {later, "", "Completed", "", ""},
    {end_all, "attempts=2 delay=0s", "Completed", "", ""},
    {end_all, "attempts=1", "Failed", "it was ended by signal 9 (Killed)", ""},
};

static json_t *run_tasks(const flow_task *tasks)
{
    flow *f = flow_new(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, "{\"day\": 1}");

    weir_runner_close(runner);
    flow_free(f);
    return result;
}

static void a_task_fails_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const flow_task tasks[] = {{"x", NULL, cases[i].call, NULL, cases[i].options},
                                   {"y", NULL, work, NULL, ""},
                                   {NULL, NULL, NULL, NULL, NULL}};
        json_t *result = run_tasks(tasks);
        const char *reason = flow_text(result, "x", "reason"), *log = flow_text(result, "x", "log");
        if (strcmp(flow_text(result, "x", "state"), cases[i].state) != 0 ||
            strstr(reason, cases[i].reason) == NULL || strstr(log, cases[i].log) == NULL)
            fail_msg("case %zu: %s, %s, %s", i, flow_text(result, "x", "state"), reason, log);
        assert_string_equal(flow_text(result, "y", "state"), "Completed");
        json_decref(result);
    }
}

static weir_answer fail_io(weir_task *task)
{
    return weir_task_fail_class(task, "io", "no disk");
}

static const struct {
    weir_task_function call;
    const char *options;
    int64_t attempts;
} classes[] = {
    {crash, "attempts=2 delay=0s retry_on=crash", 2},
    {leave, "attempts=2 delay=0s retry_on=crash", 2},
    {crash, "attempts=2 delay=0s retry_on=timeout|failed|io", 1},
    {loop, "attempts=2 delay=0s timeout=50ms retry_on=timeout", 2},
    {loop, "attempts=2 delay=0s timeout=50ms retry_on=crash|failed", 1},
    {fail_io, "attempts=2 delay=0s retry_on=io", 2},
    {fail_io, "attempts=2 delay=0s retry_on=failed", 1},
};

static void only_listed_classes_are_tried_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const flow_task tasks[] = {{"x", NULL, classes[i].call, NULL, classes[i].options},
                                   {NULL, NULL, NULL, NULL, NULL}};
        json_t *result = run_tasks(tasks);
        if (flow_attempts(result, "x") != classes[i].attempts)
            fail_msg("case %zu: %lld attempts", i, (long long)flow_attempts(result, "x"));
        json_decref(result);
    }
}

static int64_t context_integer(const json_t *result, const char *key)
{
    return json_integer_value(json_object_get(json_object_get(result, "context"), key));
}

static void a_worker_runs_one_after_the_other(void **state)
{
    const flow_task tasks[] = {{"x", NULL, work, NULL, ""},
                               {"y", "x", work, NULL, ""},
                               {"z", "y", work, NULL, "isolate=none"},
                               {NULL, NULL, NULL, NULL, NULL}};

    (void)state;
    json_t *result = run_tasks(tasks);
    assert_string_equal(flow_status(result), "Completed");
    assert_int_equal(context_integer(result, "n"), 3);
    assert_int_equal(context_integer(result, "pid"), getpid());
    json_decref(result);
}

/* The fifo's reader sees its end once the last that holds the other one is gone. */
static void await_end(int fd)
{
    struct timespec beginning, now;
    char byte;

    clock_gettime(CLOCK_MONOTONIC, &beginning);
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    assert_int_equal(read(fd, &byte, 1), 0);
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_true(now.tv_sec - beginning.tv_sec < 60);
}

static void descendants_die_with_the_task(void **state)
{
    const weir_task_function calls[] = {leave_descendant, leave_by_thread, crash_with_descendant};

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const flow_task tasks[] = {{"x", NULL, calls[i], NULL, "attempts=1"},
                                   {NULL, NULL, NULL, NULL, NULL}};
        unlink(fifo);
        assert_int_equal(mkfifo(fifo, 0600), 0);
        int fd = open(fifo, O_RDONLY | O_NONBLOCK);
        assert_true(fd >= 0);
        flow *f = flow_new(tasks);
        weir_runner *runner = flow_runner(flow_new_store(), f, false);
        json_decref(flow_run(runner, NULL));
        await_end(fd); /* while the runner and its zygote live */
        weir_runner_close(runner);
        flow_free(f);
        close(fd);
    }
    unlink(fifo);
}

/* --- When the runner is killed, or stops --- */

static void run_holder(void)
{
    const flow_task tasks[] = {
        {"x", NULL, NULL,
         (const char *const[]){"sh", "-c", "exec 5>isolation.fifo; sleep 1000", NULL}, ""},
        {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);

    json_decref(flow_run(flow_runner(flow_new_store(), f, true), NULL));
    _exit(1);
}

static void a_command_dies_with_its_runner(void **state)
{
    (void)state;
    unlink(fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    pid_t runner = fork();
    if (runner == 0)
        run_holder();
    int fd = open(fifo, O_RDONLY); /* until the command writes */
    assert_true(fd >= 0);
    kill(runner, SIGKILL);
    assert_int_equal(waitpid(runner, NULL, 0), runner);
    await_end(fd);
    close(fd);
    unlink(fifo);
}

static void *stop_soon(void *runner)
{
    weir_runner_stop(runner);
    return NULL;
}

static void a_stop_hands_back_what_does_not_end(void **state)
{
    const flow_task tasks[] = {{"x", NULL, loop, NULL, "timeout=none"},
                               {NULL, NULL, NULL, NULL, NULL}};
    flow *f = flow_new(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, true);
    pthread_t thread;
    int64_t id = 0;

    (void)state;
    FLOW_OK(weir_workflow_start(runner, "flow", NULL, NULL, &id, &error));
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, runner), 0);
    FLOW_FAILS(WEIR_CLOSED, "was stopped", weir_workflow_run(runner, id, &error));
    pthread_join(thread, NULL);
    json_t *result = flow_result(runner, id);
    assert_string_equal(flow_text(result, "x", "state"), "Ready");
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_fails_alone),
        cmocka_unit_test(only_listed_classes_are_tried_again),
        cmocka_unit_test(a_worker_runs_one_after_the_other),
        cmocka_unit_test(descendants_die_with_the_task),
        cmocka_unit_test(a_command_dies_with_its_runner),
        cmocka_unit_test(a_stop_hands_back_what_does_not_end),
    };

    fifo = "isolation.fifo";
    weir_worker_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
