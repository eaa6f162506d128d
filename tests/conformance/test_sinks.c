/* SPDX-License-Identifier: Apache-2.0 */
/* test_sinks.c - what every kind of sink must do: a table of kinds by a table of cases. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/conformance/sink_kinds.h"

enum { MANY = 1000, RESULT = 128, BUFFER = 4096 };

static const sink_kind *under_test;

/* --- Driving --- */

static weir_status push(lab_world *lab, int64_t id)
{
    probe_item item = {.id = id, .value = 0.5, .text = "a, \"b\""};

    return probe_push_items(lab->runtime, &item, NULL);
}

static int64_t next, last; /* what is still to be pushed */

static void push_some(lab_world *lab)
{
    while (next <= last && push(lab, next) == WEIR_OK)
        next++;
}

static bool all_pushed(lab_world *lab, size_t results)
{
    push_some(lab);
    return next > last && lab->count >= results;
}

static void push_all(lab_world *lab, int64_t first, int64_t to)
{
    next = first;
    last = to;
    lab_until(lab, all_pushed, (size_t)to, "all were taken");
}

static bool has_bytes(lab_world *lab, size_t unused)
{
    (void)unused;
    under_test->take(lab, SIZE_MAX);
    return lab_sink(lab).metrics.pending == 0;
}

/* Every result is written and read. */
static void take_all(lab_world *lab)
{
    if (under_test->take == NULL)
        return;
    lab_until(lab, has_bytes, 0, "all was written");
    under_test->take(lab, SIZE_MAX);
}

static void expect_ids(const lab_world *lab, int64_t to)
{
    if (under_test->take != NULL)
        sink_expect_ids(lab, under_test, 1, to);
    lab_expect_count_up(lab, (size_t)to);
    assert_int_equal(lab->count, to);
}

static void close_input(lab_world *lab)
{
    assert_int_equal(weir_runtime_close(lab->runtime, lab->module, 0, NULL), WEIR_OK);
}

static void begin(lab_world *lab, const char *more)
{
    if (under_test->prepare != NULL)
        under_test->prepare(lab);
    lab_set(lab, "sinks.out", under_test->settings);
    lab_set(lab, "sinks.out", more);
    lab_start(lab);
}

/* --- Cases --- */

static void order(lab_world *lab)
{
    begin(lab, "");
    push_all(lab, 1, MANY);
    take_all(lab);
    push_all(lab, MANY + 1, MANY + 3);
    close_input(lab);
    lab_expect_end(lab, WEIR_OK);
    if (under_test->take != NULL)
        under_test->take(lab, SIZE_MAX);
    expect_ids(lab, MANY + 3);
    assert_int_equal(lab_sink(lab).metrics.results, MANY + 3);
    assert_int_equal(lab_sink(lab).health, WEIR_SOURCE_ENDED);
    assert_int_equal(lab_sink(lab).metrics.lost, 0);
}

static bool is_held(lab_world *lab, size_t unused)
{
    weir_report *report = lab_report(lab);
    bool held = (report->reactors[0].metrics.health & WEIR_REACTOR_HELD) != 0;

    (void)unused;
    weir_report_free(report);
    push_some(lab);
    return held && next <= last;
}

static void shut_and_fill(lab_world *lab)
{
    push_all(lab, 1, 10);
    take_all(lab);
    under_test->shut(lab, true);
    next = 11;
    last = 100 * MANY;
    lab_until(lab, is_held, 0, "it held and took no more");
}

static void expect_named(lab_world *lab)
{
    weir_report *report = lab_report(lab);
    const weir_sink_report *sink = &report->sinks[0];

    assert_string_equal(report->reactors[0].awaited, "out");
    assert_non_null(sink->trouble);
    assert_true(sink->trouble[0] != '\0');
    assert_int_equal(sink->metrics.limit, BUFFER);
    assert_in_range(sink->metrics.pending, BUFFER, BUFFER + RESULT);
    assert_int_equal(sink->health, under_test->fails ? WEIR_SOURCE_DISCONNECTED : WEIR_SOURCE_LIVE);
    assert_true(!under_test->fails || sink->metrics.failures != 0);
    weir_report_free(report);
}

static void take_more(lab_world *lab)
{
    under_test->take(lab, SIZE_MAX);
}

static void not_ready(lab_world *lab)
{
    begin(lab, "");
    shut_and_fill(lab);
    expect_named(lab);
    if (under_test->fails && strcmp(under_test->settings, "kind=drum buffer=4096") != 0) {
        under_test->take(lab, SIZE_MAX);
        sink_expect_ids(lab, under_test, 1, 10); /* nothing half */
    }
    under_test->shut(lab, false);
    last = next + 20;
    lab->each = take_more;
    lab_until(lab, all_pushed, (size_t)last, "it went on");
    take_all(lab);
    expect_ids(lab, last);
    assert_int_equal(lab->letter_count, 0);
    assert_null(lab_sink(lab).trouble);
}

static void gives_up(lab_world *lab)
{
    begin(lab, "give_up=30ms");
    push_all(lab, 1, 10);
    take_all(lab);
    under_test->shut(lab, true);
    push_all(lab, 11, 20);
    lab_expect_end(lab, WEIR_IO);
    assert_non_null(strstr(lab->error, "sink 'out'"));
    assert_non_null(strstr(lab->error, "bytes of results are not written"));
    assert_non_null(strstr(lab->log, "trying again"));
    assert_true(lab_sink(lab).metrics.lost > 0);
    under_test->shut(lab, false);
    under_test->take(lab, SIZE_MAX);
    sink_expect_ids(lab, under_test, 1, 10);
}

static void reader_gone(lab_world *lab)
{
    begin(lab, "");
    push_all(lab, 1, 10);
    take_all(lab);
    under_test->hang_up(lab);
    push_all(lab, 11, 20);
    lab_expect_end(lab, WEIR_IO);
    assert_non_null(strstr(lab->error, "nobody reads"));
    sink_expect_ids(lab, under_test, 1, 10);
}

static void take_little(lab_world *lab)
{
    under_test->take(lab, 509);
}

static void slow(lab_world *lab)
{
    begin(lab, "");
    lab->each = take_little;
    push_all(lab, 1, 4 * MANY);
    take_all(lab);
    expect_ids(lab, 4 * MANY);
}

/* The members of a struct that C let somebody fill wrongly, and a number that JSON does not have.
 */
static void refuses(lab_world *lab)
{
    bool json = under_test->format == WEIR_FORMAT_JSON;
    probe_item endless = {.id = 2}, nan = {.id = 3, .value = (double)NAN};

    begin(lab, "");
    memset(endless.text, 'x', sizeof endless.text);
    push_all(lab, 1, 1);
    assert_int_equal(probe_push_items(lab->runtime, &endless, NULL), WEIR_OK);
    if (json)
        assert_int_equal(probe_push_items(lab->runtime, &nan, NULL), WEIR_OK);
    assert_int_equal(push(lab, 2), WEIR_OK);
    lab_until(lab, lab_has_results, 2, "the others came");
    take_all(lab);
    expect_ids(lab, 2);
    assert_int_equal(lab->letter_count, json ? 2 : 1);
    assert_int_equal(lab->letters[0].position, 1);
    assert_non_null(strstr(lab->letters[0].reason, "sink 'out' cannot write the result: text"));
    if (json)
        assert_non_null(strstr(lab->letters[1].reason, "value: "));
}

static void run_again(lab_world *lab, weir_mode mode, int64_t first, int64_t to)
{
    lab_end(lab);
    lab->config.mode = mode;
    lab_begin(lab);
    begin(lab, "");
    for (; first <= to; first++)
        assert_int_equal(push(lab, first), WEIR_OK);
    close_input(lab);
    lab_expect_end(lab, WEIR_OK);
    under_test->take(lab, SIZE_MAX);
}

static void appends(lab_world *lab)
{
    run_again(lab, WEIR_MODE_LIVE, 1, 3);
    run_again(lab, WEIR_MODE_LIVE, 4, 6);
    sink_expect_ids(lab, under_test, 1, 6);
    run_again(lab, WEIR_MODE_TEST, 1, 2);
    sink_expect_ids(lab, under_test, 1, 2);
}

static void stop(lab_world *lab)
{
    begin(lab, "");
    shut_and_fill(lab);
    int64_t began = lab_now();
    weir_runtime_stop(lab->runtime);
    lab_expect_end(lab, WEIR_IO);
    assert_true(lab_now() - began < 5000);
    assert_non_null(strstr(lab->error, "within 0.05 s of the stop"));
    assert_true(lab_sink(lab).metrics.lost > 0);
    assert_true(lab_source(lab).waiting > 0);
    under_test->shut(lab, false);
}

/* --- The tables --- */

static const struct {
    const char *name;
    void (*run)(lab_world *lab);
} cases[SINK_CASES] = {
    [SINK_ORDER] = {"order", order},          [SINK_NOT_READY] = {"not ready", not_ready},
    [SINK_GIVES_UP] = {"gives up", gives_up}, [SINK_READER_GONE] = {"reader gone", reader_gone},
    [SINK_SLOW] = {"slow reader", slow},      [SINK_REFUSES] = {"cannot be encoded", refuses},
    [SINK_APPENDS] = {"appends", appends},    [SINK_STOP] = {"stop", stop},
};

static void every_sink(void **state)
{
    under_test = *state;
    for (size_t c = 0; c < SINK_CASES; c++) {
        if (under_test->skips[c] != NULL) {
            print_message("  %s: not for it: %s\n", cases[c].name, under_test->skips[c]);
            continue;
        }
        lab_world lab = {.config.stop_within = 50000000};
        print_message("  %s\n", cases[c].name);
        lab_begin(&lab);
        cases[c].run(&lab);
        lab_end(&lab);
        if (under_test->restore != NULL)
            under_test->restore(&lab);
        lab_clean(&lab);
    }
}

int main(void)
{
    struct CMUnitTest *tests = calloc(sink_kind_count, sizeof *tests);

    signal(SIGXFSZ, SIG_IGN); /* a full disk is an error of the write */
    for (size_t i = 0; tests != NULL && i < sink_kind_count; i++)
        tests[i] = (struct CMUnitTest){.name = sink_kinds[i].name,
                                       .test_func = every_sink,
                                       .teardown_func = sink_put_back,
                                       .initial_state = (void *)(uintptr_t)&sink_kinds[i]};
    int failed = _cmocka_run_group_tests("sinks", tests, sink_kind_count, NULL, NULL);
    free(tests);
    return failed;
}
