/* SPDX-License-Identifier: Apache-2.0 */
/* test_e22_threads.c - E22: who may call what, from which thread; callbacks; wake-ups. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "runtime/runtime.h"
#include "tests/pipeline/pipe.h"

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

/* --- Callbacks --- */

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

/* What would start, end or free the runtime from within itself. */
static void try_what_is_refused(rig_world *rig, const char *reactor, int64_t id)
{
    weir_runtime *runtime = rig->runtime;
    weir_report *report = NULL;

    (void)id;
    assert_int_equal(weir_runtime_run(runtime, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_start(runtime, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_join(runtime, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_poll(runtime, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_load(runtime, &rig->tables->module, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_fire(runtime, reactor, NULL, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_resume(runtime, reactor, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_on(runtime, &rig->tables->module, "out", NULL, NULL, NULL),
                     WEIR_STATE);
    weir_runtime_free(runtime); /* it goes on all the same */
    assert_int_equal(weir_runtime_metrics(runtime, &report, NULL), WEIR_OK);
    weir_report_free(report);
}

static void note_error(void *arg, weir_level level, const char *room, const char *name,
                       const char *message)
{
    (void)room;
    (void)name;
    if (level == WEIR_ERROR && strstr(message, "weir_runtime_free") != NULL)
        ++*(int *)arg;
}

static void a_callback_may_not_run_or_free(void **state)
{
    int errors = 0;
    rig_world rig = {.live = true,
                     .during = try_what_is_refused,
                     .config = {.log = note_error, .log_arg = &errors}};

    (void)state;
    rig_open(&rig, &pipe_spec);
    push_and_close(&rig);
    assert_int_equal(weir_runtime_run(rig.runtime, NULL), WEIR_OK);
    rig_expect(&rig, PUSHED);
    assert_int_equal(errors, 3);
    rig_close(&rig);
}

static void pause_at_one(rig_world *rig, const char *reactor, int64_t id)
{
    if (id == 1)
        assert_int_equal(weir_runtime_pause(rig->runtime, reactor, NULL), WEIR_OK);
}

static void a_callback_may_pause(void **state)
{
    static const rig_spec spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}};
    rig_world rig = {.during = pause_at_one};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1 a2 ;");
    rig_expect(&rig, "r#1(a1)");
    rig_run(&rig, "resume:r");
    rig_expect(&rig, "r#2(a2)");
    rig_close(&rig);
}

/* All but pushing, closing and stopping belongs to the thread that runs it. */
static void other_threads_are_refused(void **state)
{
    rig_world rig = live();
    weir_report *report = NULL;

    (void)state;
    rig_open(&rig, &pipe_spec);
    assert_int_equal(weir_runtime_start(rig.runtime, NULL), WEIR_OK);
    while (!atomic_load(&rig.runtime->owned))
        ;
    assert_int_equal(weir_runtime_pause(rig.runtime, "r", NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_resume(rig.runtime, "r", NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_fire(rig.runtime, "r", NULL, NULL), WEIR_STATE);
    assert_int_equal(weir_runtime_metrics(rig.runtime, &report, NULL), WEIR_STATE);
    weir_runtime_stop(rig.runtime);
    assert_int_equal(weir_runtime_join(rig.runtime, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_metrics(rig.runtime, &report, NULL), WEIR_OK);
    weir_report_free(report);
    rig_close(&rig);
}

/* --- Wake-ups --- */

/* Over all eventfds of the process; here there is one. */
static unsigned long wake_ups(void)
{
    DIR *folder = opendir("/proc/self/fdinfo");
    unsigned long all = 0;

    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[300], line[128];
        snprintf(path, sizeof path, "/proc/self/fdinfo/%s", entry->d_name);
        FILE *file = fopen(path, "r");
        while (file != NULL && fgets(line, sizeof line, file) != NULL)
            if (strncmp(line, "eventfd-count:", 14) == 0)
                all += strtoul(line + 14, NULL, 16);
        if (file != NULL)
            fclose(file);
    }
    closedir(folder);
    return all;
}

static void wake_ups_coalesce(void **state)
{
    rig_world rig = live();

    (void)state;
    rig_open(&rig, &pipe_spec);
    rig_run(&rig, ";");
    assert_int_equal(wake_ups(), 0);
    for (int64_t i = 0; i < 1000; i++) {
        rig_item item = {.id = i};
        assert_int_equal(weir_runtime_push(rig.runtime, &rig.tables->module, 1, &item, 1, NULL),
                         WEIR_OK);
    }
    assert_int_equal(wake_ups(), 1);
    weir_runtime_stop(rig.runtime);
    weir_runtime_stop(rig.runtime);
    assert_int_equal(wake_ups(), 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_thread_pushes),
        cmocka_unit_test(on_a_thread_of_its_own),
        cmocka_unit_test(stop_ends_a_run),
        cmocka_unit_test(a_stop_ends_what_is_blocked),
        cmocka_unit_test(a_firing_pushes_and_stops),
        cmocka_unit_test(a_callback_may_not_run_or_free),
        cmocka_unit_test(a_callback_may_pause),
        cmocka_unit_test(other_threads_are_refused),
        cmocka_unit_test(wake_ups_coalesce),
        cmocka_unit_test(a_slow_reactor_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
