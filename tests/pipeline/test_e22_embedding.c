/* SPDX-License-Identifier: Apache-2.0 */
/* test_e22_embedding.c - E22 and the ways into a host: threads, other loops, forks, limits. */
#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "runtime/runtime.h"
#include "tests/pipeline/pipe.h"

/* --- Other people's loops --- */

static void on_the_hosts_libev_loop(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    rig_world rig = live();
    weir_error *error = NULL;

    (void)state;
    rig_open(&rig, &pipe_spec);
    assert_int_equal(weir_runtime_attach(rig.runtime, loop, &error), WEIR_OK);
    push_and_close(&rig);
    ev_run(loop, 0); /* returns once the runtime has ended: nothing else is on the loop */
    rig_expect(&rig, PUSHED);
    rig_close(&rig);
    ev_loop_destroy(loop);
}

static bool wait_by_poll(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    return poll(&wait, 1, 10000) == 1;
}

static bool wait_by_epoll(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(0);
    bool ready =
        epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0 && epoll_wait(set, &event, 1, 10000) == 1;

    close(set);
    return ready;
}

static void by_descriptor(bool (*wait)(int fd))
{
    rig_world rig = live();
    weir_error *error = NULL;
    weir_status status;

    rig_open(&rig, &pipe_spec);
    int fd = weir_runtime_fd(rig.runtime, &error);
    assert_true(fd >= 0);
    assert_true(wait(fd)); /* the first turn is due */
    assert_int_equal(weir_runtime_poll(rig.runtime, &error), WEIR_OK);
    assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0), 0);
    push_and_close(&rig);
    do {
        assert_true(wait(fd));
        status = weir_runtime_poll(rig.runtime, &error);
    } while (status == WEIR_OK);
    assert_int_equal(status, WEIR_CLOSED);
    weir_error_free(error);
    rig_expect(&rig, PUSHED);
    rig_close(&rig);
}

static void by_poll_and_epoll(void **state)
{
    (void)state;
    by_descriptor(wait_by_poll);
    by_descriptor(wait_by_epoll);
}

static void start_it(rig_world *rig)
{
    assert_int_equal(weir_runtime_start(rig->runtime, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_join(rig->runtime, NULL), WEIR_OK);
}

static void attach_it(rig_world *rig)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);

    assert_int_equal(weir_runtime_attach(rig->runtime, loop, NULL), WEIR_OK);
    ev_run(loop, 0);
    weir_runtime_free(rig->runtime); /* before the loop that it is on */
    rig->runtime = NULL;
    ev_loop_destroy(loop);
}

static void poll_it(rig_world *rig)
{
    int fd = weir_runtime_fd(rig->runtime, NULL);
    weir_status status;

    do {
        assert_true(wait_by_poll(fd));
        status = weir_runtime_poll(rig->runtime, NULL);
    } while (status == WEIR_OK);
    assert_int_equal(status, WEIR_CLOSED);
}

/* A channel takes events from the load on; a push that would block its own runtime is refused then
 * too. */
static void what_is_pushed_before_the_start_is_there(void **state)
{
    static void (*const ways[])(rig_world *) = {run_it, start_it, attach_it, poll_it};
    static const rig_item many[65];

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        rig_world rig = live();
        rig_open(&rig, &pipe_spec);
        push_and_close(&rig);
        ways[i](&rig);
        assert_string_equal(rig.record.data, "r#1(a1) out=101 r#2(a1 b2) out=101 "
                                             "r#3(a3 b2) out=103 ");
        rig_close(&rig);
    }
    rig_world rig = live();
    rig_open(&rig, &pipe_spec);
    assert_int_equal(weir_runtime_push(rig.runtime, &rig.tables->module, 0, many, 64, NULL),
                     WEIR_OK);
    assert_int_equal(weir_runtime_push(rig.runtime, &rig.tables->module, 0, many, 1, NULL),
                     WEIR_STATE);
    rig_close(&rig);
}

static void a_stop_before_the_start_ends_it(void **state)
{
    rig_world rig = live();

    (void)state;
    rig_open(&rig, &pipe_spec);
    rig_run(&rig, "a1");
    weir_runtime_stop(rig.runtime);
    run_it(&rig);
    rig_expect(&rig, "");
    rig_expect_ledger(&rig, "a", "1 = 1 waiting");
    rig_close(&rig);
}

/* A timer of real time wakes the descriptor. */
static void the_descriptor_knows_timers(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a"}},
        .accumulators = {{"p", NULL, "polling", "every=1ms inline=true"}},
        .reactors = {{"r", "any(p)", "p"}},
    };
    rig_world rig = live();

    (void)state;
    rig_open(&rig, &spec);
    int fd = weir_runtime_fd(rig.runtime, NULL);
    while (rig.polls < 3) {
        assert_true(wait_by_poll(fd));
        assert_int_equal(weir_runtime_poll(rig.runtime, NULL), WEIR_OK);
    }
    rig_close(&rig);
}

static void polls_are_made_on_a_helper_thread(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a"}},
        .accumulators = {{"p", NULL, "polling", "every=1ms"}},
        .reactors = {{"r", "any(p)", "p"}},
    };
    rig_world rig = live();
    const char *came;

    (void)state;
    rig_open(&rig, &spec);
    int fd = weir_runtime_fd(rig.runtime, NULL);
    do {
        assert_true(wait_by_poll(fd));
        assert_int_equal(weir_runtime_poll(rig.runtime, NULL), WEIR_OK);
        came = rig.record.data != NULL ? rig.record.data : "";
    } while (strstr(came, "r#3(p3)") == NULL);
    assert_true(rig.polled_aside);
    rig_close(&rig);
}

/* --- Processes and numbers --- */

static void a_forked_child_is_refused(void **state)
{
    rig_world rig = live();
    int result;

    (void)state;
    rig_open(&rig, &pipe_spec);
    assert_int_equal(weir_runtime_start(rig.runtime, NULL), WEIR_OK);
    pid_t child = fork();
    if (child == 0) {
        rig_item item = {0};
        bool good =
            weir_runtime_push(rig.runtime, &rig.tables->module, 0, &item, 1, NULL) == WEIR_FORKED &&
            weir_runtime_run(rig.runtime, NULL) == WEIR_FORKED &&
            weir_runtime_poll(rig.runtime, NULL) == WEIR_FORKED;
        weir_runtime_stop(rig.runtime);
        weir_runtime_free(rig.runtime);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    assert_null(push_many(&rig));
    assert_int_equal(weir_runtime_join(rig.runtime, NULL), WEIR_OK);
    rig_close(&rig);
}

static void two_runtimes_share_nothing(void **state)
{
    rig_world one = live(), two = live();

    (void)state;
    rig_open(&one, &pipe_spec);
    rig_open(&two, &pipe_spec);
    assert_int_equal(weir_runtime_start(one.runtime, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_start(two.runtime, NULL), WEIR_OK);
    assert_null(push_many(&one));
    assert_null(push_many(&two));
    assert_int_equal(weir_runtime_join(one.runtime, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_join(two.runtime, NULL), WEIR_OK);
    rig_expect_ledger(&one, "a", "20000 = 20000 fired");
    rig_expect_ledger(&two, "a", "20000 = 20000 fired");
    rig_close(&one);
    rig_close(&two);
}

static void ten_thousand_come_and_go(void **state)
{
    (void)state;
    for (int i = 0; i < RIG_TIMES(10000); i++) {
        rig_world rig = {0};
        rig_open(&rig, &pipe_spec);
        if (i % 100 == 0)
            rig_run(&rig, "a1 ; stop ;");
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_the_hosts_libev_loop),
        cmocka_unit_test(by_poll_and_epoll),
        cmocka_unit_test(what_is_pushed_before_the_start_is_there),
        cmocka_unit_test(a_stop_before_the_start_ends_it),
        cmocka_unit_test(the_descriptor_knows_timers),
        cmocka_unit_test(polls_are_made_on_a_helper_thread),
        cmocka_unit_test(a_forked_child_is_refused),
        cmocka_unit_test(two_runtimes_share_nothing),
        cmocka_unit_test(ten_thousand_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
