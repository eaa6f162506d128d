/* SPDX-License-Identifier: Apache-2.0 */
/* test_e20_end.c - E20: the end of all sources, a stop, and what health says on the way. */
#include "tests/pipeline/rig_spec.h"

static void when_all_sources_have_ended(void **state)
{
    static const rig_case cases[] = {
        {.name = "it ends, and not before",
         .spec = {.sources = {{"a"}, {"b", "items=1,~,2", .kind = "history"}},
                  .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .script = "a1 close ; ;",
         .record = "r#1(a1) r#2(a1 b1) r#3(a1 b2)",
         .then = RIG_ENDED},
        {.name = "one that goes on keeps it",
         .spec = {.sources = {{"a"}, {"b", "items=1", .kind = "history"}},
                  .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .script = "; ; a2 ;",
         .record = "r#1(b1) r#2(a2 b1)",
         .then = RIG_RUNS},
        {.name = "what is paused is waited for, and is no dead letter",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}, .sinks = {"dead"}},
         .script = "pause:r a1 ; close ; ;",
         .record = "",
         .ledgers = "a: 1 = 1 waiting",
         .then = RIG_RUNS},
        {.name = "till it goes on",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}, .sinks = {"dead"}},
         .script = "pause:r a1 ; close ; ; resume:r ;",
         .record = "r#1(a1)",
         .then = RIG_ENDED},
        {.name = "a pause with nothing to fire is not",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "a1 ; pause:r close ;",
         .record = "r#1(a1)",
         .then = RIG_ENDED},
        {.name = "batches flush into batches, then what is unpaired is dead",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=9"},
                                   {"v", NULL, "batch", "max_size=9"}},
                  .reactors = {{"r", "any(w)", "w", .to = "v"}, {"q", "all(v,a)", "v a"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 ; close ;",
         .record = "r#1(w[1 2]) q#1(v[101] a1) dead(a2 unpaired)",
         .then = RIG_ENDED},
        {.name = "a sink is waited for",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .to = "out"}},
                  .sinks = {"gate:out"}},
         .script = "shut a1 ; close ; ;",
         .record = "r#1(a1) out=101",
         .then = RIG_RUNS},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void on_a_stop(void **state)
{
    static const rig_case cases[] = {
        {.name = "sources stop: nothing more is taken, and pushes are told",
         .spec = {.sources = {{"a"}, {"b", "items=7,~,8", .kind = "history"}},
                  .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .script = "a1 ; a2 stop ; a3",
         .record = "r#1(a1) r#2(a1 b7) a3:closed",
         .ledgers = "a: 2 = 1 fired, 1 waiting; b: 1 = 1 fired",
         .then = RIG_ENDED},
        {.name = "batches flush and fire, also reactors that are asked at the turn's end",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=9"}, {"f"}},
                  .reactors = {{"r", "any(w)", "w", WEIR_LATEST, .to = "f"},
                               {"q", "any(f)", "f", WEIR_LATEST, .to = "out"}},
                  .sinks = {"out"}},
         .script = "a1 a2 ; stop ;",
         .record = "r#1(w[1 2]) q#1(f101) out=201",
         .ledgers = "a: 2 = 2 fired",
         .then = RIG_ENDED},
        {.name = "what still waits stays undone: no dead letter",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 b1 ; stop ; ;",
         .record = "r#1(a1 b1)",
         .ledgers = "a: 2 = 1 fired, 1 waiting",
         .then = RIG_ENDED},
        {.name = "also what a pause holds",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}, .sinks = {"dead"}},
         .script = "pause:r a1 ; stop ;",
         .record = "",
         .ledgers = "a: 1 = 1 waiting",
         .then = RIG_ENDED},
        {.name = "sinks drain",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .to = "out"}},
                  .sinks = {"gate:out"}},
         .script = "shut a1 ; stop ; ;",
         .record = "r#1(a1) out=101",
         .then = RIG_RUNS},
        {.name = "till they have it all",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .to = "out"}},
                  .sinks = {"gate:out"}},
         .script = "shut a1 ; stop ; ; open ;",
         .record = "r#1(a1) out=101",
         .then = RIG_ENDED},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void stop_at_three(rig_world *rig, const char *reactor, int64_t id)
{
    weir_report *report;

    (void)id;
    if (rig_report(rig, reactor, &report)->metrics.fired == 3)
        weir_runtime_stop(rig->runtime);
    weir_report_free(report);
}

/* It is not asked again: at most the span that was under way is handed on. */
static void a_source_that_does_not_end(void **state)
{
    static const rig_spec spec = {.sources = {{"a", "items=1*", .kind = "history"}},
                                  .reactors = {{"r", "any(a)", "a"}}};
    rig_world rig = {.during = stop_at_three, .quiet = true};
    weir_report *report;

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, ";");
    assert_true(rig.ended);
    assert_int_equal(rig.outcome, WEIR_OK);
    assert_in_range(rig_report(&rig, "r", &report)->metrics.fired, 4, WEIR_SPAN_EVENTS);
    weir_report_free(report);
    rig_close(&rig);
}

/* --- Health --- */

static void expect_health(rig_world *rig, weir_source_health source, uint32_t reactor)
{
    weir_report *report;

    assert_int_equal(rig_report(rig, "r", &report)->metrics.health, reactor);
    assert_int_equal(report->sources[0].health, source);
    weir_report_free(report);
}

static void health_follows(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a", "capacity=9"}, {"b"}},
        .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s attempts=2"}},
    };
    rig_world rig = {.fails[2] = 1};

    (void)state;
    rig_open(&rig, &spec);
    expect_health(&rig, WEIR_SOURCE_STARTING, WEIR_REACTOR_WARMING);
    rig_run(&rig, ";");
    expect_health(&rig, WEIR_SOURCE_LIVE, WEIR_REACTOR_WARMING);
    rig_run(&rig, "a1 ;");
    expect_health(&rig, WEIR_SOURCE_LIVE, 0);
    rig_run(&rig, "a2 ; pause:r");
    expect_health(&rig, WEIR_SOURCE_LIVE, WEIR_REACTOR_HELD | WEIR_REACTOR_PAUSED);
    rig_run(&rig, "+1s resume:r");
    expect_health(&rig, WEIR_SOURCE_LIVE, 0);
    rig_run(&rig, "close ;");
    expect_health(&rig, WEIR_SOURCE_ENDED, 0);
    rig_close(&rig);
}

static void a_halt_is_told(void **state)
{
    static const rig_spec spec = {.sources = {{"a"}},
                                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=halt"}}};
    rig_world rig = {.fails[1] = 1};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1 ;");
    assert_int_equal(rig.outcome, WEIR_FAILED);
    expect_health(&rig, WEIR_SOURCE_ENDED, WEIR_REACTOR_HALTED);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_all_sources_have_ended),
        cmocka_unit_test(on_a_stop),
        cmocka_unit_test(a_source_that_does_not_end),
        cmocka_unit_test(health_follows),
        cmocka_unit_test(a_halt_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
