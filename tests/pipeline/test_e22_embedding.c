/* SPDX-License-Identifier: Apache-2.0 */
/* test_e22_embedding.c - E22 and the ways into a host: threads, other loops, forks, limits. */
#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/pipeline/rig.h"

static const rig_spec pipe_spec = {
    .sources = {{"a", "capacity=64 on_full=block"}, {"b", "capacity=4096"}},
    .reactors = {{"r", "any(a,b)", "a? b?", .to = "out"}},
    .sinks = {"out"},
};

static rig_world live(void)
{
    return (rig_world){.live = true};
}

static void run_it(rig_world *rig)
{
    assert_int_equal(weir_runtime_run(rig->runtime, NULL), WEIR_OK);
}

/* Until so many events wait in the first source, at most 10 s. */
static void wait_for_waiting(rig_world *rig, uint64_t count)
{
    int64_t deadline = weir_monotonic_now() + 10000000000;
    uint64_t waiting;

    do {
        weir_report *report;
        assert_true(weir_monotonic_now() < deadline);
        rig_report(rig, "r", &report);
        waiting = report->sources[0].waiting;
        weir_report_free(report);
    } while (waiting != count);
}

enum { PUSHES = 20000 };

static void *push_many(void *arg)
{
    rig_world *rig = arg;
    uintptr_t failed = 0;

    for (int64_t i = 1; i <= PUSHES; i++) {
        rig_item item = {.id = i};
        if (weir_runtime_push(rig->runtime, &rig->tables->module, 0, &item, 1, NULL) != WEIR_OK)
            failed++;
    }
    if (weir_runtime_close(rig->runtime, &rig->tables->module, 0, NULL) != WEIR_OK)
        failed++;
    if (weir_runtime_close(rig->runtime, &rig->tables->module, 1, NULL) != WEIR_OK)
        failed++;
    return (void *)failed;
}

/* A thread pushes and blocks when the channel is full; the runtime is on the other. */
static void any_thread_pushes(void **state)
{
    rig_world rig = live();
    weir_error *error = NULL;
    pthread_t thread;
    void *failed;

    (void)state;
    rig_open(&rig, &pipe_spec);
    assert_int_equal(pthread_create(&thread, NULL, push_many, &rig), 0);
    assert_int_equal(weir_runtime_run(rig.runtime, &error), WEIR_OK);
    pthread_join(thread, &failed);
    assert_null(failed);
    rig_expect_ledger(&rig, "a", "20000 = 20000 fired");
    rig_check_ledgers(&rig);
    rig_close(&rig);
}

static void on_a_thread_of_its_own(void **state)
{
    rig_world rig = live();
    weir_error *error = NULL;

    (void)state;
    rig_open(&rig, &pipe_spec);
    assert_int_equal(weir_runtime_start(rig.runtime, &error), WEIR_OK);
    assert_null(push_many(&rig));
    assert_int_equal(weir_runtime_join(rig.runtime, &error), WEIR_OK);
    rig_expect_ledger(&rig, "a", "20000 = 20000 fired");
    assert_int_equal(weir_runtime_join(rig.runtime, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_run(rig.runtime, NULL), WEIR_STATE);
    rig_close(&rig);
}

static void stop_ends_a_run(void **state)
{
    rig_world rig = live();
    weir_error *error = NULL;

    (void)state;
    rig_open(&rig, &pipe_spec);
    assert_int_equal(weir_runtime_start(rig.runtime, &error), WEIR_OK);
    weir_runtime_stop(rig.runtime);
    assert_int_equal(weir_runtime_join(rig.runtime, &error), WEIR_OK);
    rig_close(&rig);
}

static void *push_one_too_many(void *arg)
{
    static const rig_item items[33];
    rig_world *rig = arg;

    for (int i = 0; i < 2; i++) {
        weir_status status =
            weir_runtime_push(rig->runtime, &rig->tables->module, 0, items, 33, NULL);
        if (status != WEIR_OK)
            return (void *)(uintptr_t)status;
    }
    return NULL;
}

/* A push that waits for room is told when none will come; so is one that comes later. */
static void a_stop_ends_what_is_blocked(void **state)
{
    rig_world rig = live();
    rig_item item = {.id = 1};
    pthread_t thread;
    void *result;

    (void)state;
    rig_open(&rig, &pipe_spec);
    assert_int_equal(pthread_create(&thread, NULL, push_one_too_many, &rig), 0);
    wait_for_waiting(&rig, 33);
    weir_runtime_stop(rig.runtime);
    run_it(&rig);
    pthread_join(thread, &result);
    assert_int_equal((uintptr_t)result, WEIR_CLOSED);
    assert_int_equal(weir_runtime_push(rig.runtime, &rig.tables->module, 0, &item, 1, NULL),
                     WEIR_CLOSED);
    rig_expect(&rig, "");
    rig_close(&rig);
}

/* --- Other people's loops --------------------------------------------------------------------- */

static void push_and_close(rig_world *rig)
{
    rig_run(rig, "a1 b2 a3");
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(weir_runtime_close(rig->runtime, &rig->tables->module, i, NULL), WEIR_OK);
}

static const char pushed[] = "r#1(a1) out=101 r#2(a1 b2) out=101 r#3(a3 b2) out=103";

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
    rig_expect(&rig, pushed);
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
    rig_expect(&rig, pushed);
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

/* --- Callbacks -------------------------------------------------------------------------------- */

static void push_once(rig_world *rig, const char *reactor, int64_t id)
{
    rig_item item = {.id = id + 1};
    weir_error *error = NULL;

    (void)reactor;
    if (id < 3)
        assert_int_equal(weir_runtime_push(rig->runtime, &rig->tables->module, 1, &item, 1, &error),
                         WEIR_OK);
    else
        weir_runtime_stop(rig->runtime);
    assert_int_equal(weir_runtime_fire(rig->runtime, "r", NULL, NULL), WEIR_STATE);
}

static void a_firing_pushes_and_stops(void **state)
{
    static const rig_spec spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(b)", "b"}}};
    rig_world rig = live();
    weir_error *error = NULL;

    (void)state;
    rig.during = push_once;
    rig_open(&rig, &spec);
    rig_run(&rig, "b1");
    assert_int_equal(weir_runtime_run(rig.runtime, &error), WEIR_OK);
    rig_expect(&rig, "r#1(b1) r#2(b2) r#3(b3)");
    rig_close(&rig);
}

/* Takes 3 ms of the thread for item 2. */
static void take_long(rig_world *rig, const char *reactor, int64_t id)
{
    int64_t until = weir_monotonic_now() + 3000000;

    (void)rig;
    (void)reactor;
    while (id == 2 && weir_monotonic_now() < until)
        ;
}

static void a_slow_reactor_is_named(void **state)
{
    static const rig_spec spec = {.sources = {{"a"}, {"b"}},
                                  .reactors = {{"r", "any(a)", "a", .graphs = "slow=2ms"},
                                               {"q", "any(b)", "b", .graphs = "slow=1s"}}};
    rig_world rig = live();
    weir_report *report;

    (void)state;
    rig.during = take_long;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1 b1 ; a2 b2 ;");
    assert_int_equal(rig_report(&rig, "r", &report)->metrics.slow, 1);
    weir_report_free(report);
    assert_int_equal(rig_report(&rig, "q", &report)->metrics.slow, 0);
    weir_report_free(report);
    rig_close(&rig);
}

/* --- Processes and numbers -------------------------------------------------------------------- */

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
        cmocka_unit_test(any_thread_pushes),
        cmocka_unit_test(on_a_thread_of_its_own),
        cmocka_unit_test(stop_ends_a_run),
        cmocka_unit_test(a_stop_ends_what_is_blocked),
        cmocka_unit_test(on_the_hosts_libev_loop),
        cmocka_unit_test(by_poll_and_epoll),
        cmocka_unit_test(what_is_pushed_before_the_start_is_there),
        cmocka_unit_test(a_stop_before_the_start_ends_it),
        cmocka_unit_test(the_descriptor_knows_timers),
        cmocka_unit_test(polls_are_made_on_a_helper_thread),
        cmocka_unit_test(a_firing_pushes_and_stops),
        cmocka_unit_test(a_slow_reactor_is_named),
        cmocka_unit_test(a_forked_child_is_refused),
        cmocka_unit_test(two_runtimes_share_nothing),
        cmocka_unit_test(ten_thousand_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
