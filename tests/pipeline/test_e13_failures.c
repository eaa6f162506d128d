/* SPDX-License-Identifier: Apache-2.0 */
/* test_e13_failures.c - E13: all or nothing; E14: on_error; E15: sinks that are not ready. */
#include "tests/pipeline/rig.h"

#include <string.h>

static void all_or_nothing(void **state)
{
    static const rig_case cases[] = {
        {.name = "a failed graph leaves no result and its state as it was",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .to = "out", .sums = true}},
                  .sinks = {"out", "dead"}},
         .script = "a1 a2 a4 ;",
         .fails = "2x1",
         .record = "r#1(a1 =1) out=101 r#2(a2 =3)! dead(a2 bad 2 in r.node#2) r#3(a4 =5) out=104",
         .ledgers = "a: 3 = 2 fired, 1 dead"},
        {.name = "the other graphs of its reactor have run",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "|", .sums = true}},
                  .sinks = {"dead"}},
         .script = "a1 a2 ;",
         .fails = "1x1",
         .fails_in = "r",
         .record = "r#1(a1 =1)! r.1#1(a1 =1) dead(a1 bad 1 in r.node#1) r#2(a2 =2) r.1#2(a2 =3)",
         .ledgers = "a: 2 = 1 fired, 1 dead"},
        {.name = "all that the firing took are dead letters, joined by its number",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b"}},
                  .sinks = {"dead"}},
         .script = "a1 b2 a3 b4 ;",
         .fails = "3x1",
         .record = "r#1(a1 b2) r#2(a3 b4)! dead(a3 bad 3 in r.node#2) dead(b4 bad 3 in r.node#2)",
         .ledgers = "a: 2 = 1 fired, 1 dead; b: 2 = 1 fired, 1 dead"},
        {.name = "a graph has a sink of its own for them",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .dead_letters = "dead2"}, {"q", "any(a)", "a"}},
                  .sinks = {"dead", "dead2"}},
         .script = "a1 ;",
         .fails = "1x2",
         .record = "r#1(a1)! dead2(a1 bad 1 in r.node#1) q#1(a1)! dead(a1 bad 1 in q.node#1)",
         .ledgers = "a: 1 = 1 dead"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void retries(void **state)
{
    static const rig_case cases[] = {
        {.name = "the same inputs, state and number; what comes waits",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s",
                                .to = "out", .sums = true}},
                  .sinks = {"out", "dead"}},
         .script = "a1 a2 a3 ; +1s a4 ;",
         .fails = "1x1",
         .record = "r#1(a1 =1)! r#1(a1 =1) out=101 r#2(a2 =3) out=102 r#3(a3 =6) out=103 "
                   "r#4(a4 =10) out=104",
         .ledgers = "a: 4 = 4 fired"},
        {.name = "exponential delays, then a dead letter",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a",
                                .graphs = "on_error=retry delay=1s attempts=3"}},
                  .sinks = {"dead"}},
         .script = "a1 ; +1s +1s a2 ; +1s",
         .fails = "1x9",
         .record = "r#1(a1)! r#1(a1)! r#1(a1)! dead(a1 bad 1 in r.node#1) r#2(a2)",
         .ledgers = "a: 2 = 1 fired, 1 dead"},
        {.name = "linear delays",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a",
                                .graphs = "on_error=retry delay=1s attempts=4 backoff=linear"}}},
         .script = "a1 ; +1s +1s +1s a2 ; +2s inject:a,3 +1s",
         .fails = "1x3",
         .record = "r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1) r#2(a2) r#3(a3)"},
        {.name = "fixed delays",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a",
                                .graphs = "on_error=retry delay=2s attempts=4 backoff=fixed"}}},
         .script = "a1 ; +1s inject:a,2 +1s inject:a,3 +1s inject:a,4 +1s inject:a,5 +2s",
         .fails = "1x3",
         .record = "r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1) r#2(a2) r#3(a3) r#4(a4) r#5(a5)"},
        {.name = "max_delay bounds them",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a",
                                .graphs = "on_error=retry delay=1s max_delay=2s attempts=5"}}},
         .script = "a1 ; +1s +2s +2s +2s",
         .fails = "1x4",
         .record = "r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1)"},
        {.name = "one attempt is none more",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry attempts=1"}},
                  .sinks = {"dead"}},
         .script = "a1 ; +60s",
         .fails = "1x9",
         .record = "r#1(a1)! dead(a1 bad 1 in r.node#1)"},
        {.name = "three attempts by default, the first after a second",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry"}},
                  .sinks = {"dead"}},
         .script = "a1 ; +999ms +1ms +1s +1s",
         .fails = "1x9",
         .record = "r#1(a1)! r#1(a1)! r#1(a1)! dead(a1 bad 1 in r.node#1)"},
        {.name = "a graph that gives up does not stop the other one's tries",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a",
                                .graphs = "on_error=dead_letter|on_error=retry delay=1s"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 ; +1s",
         .fails = "1x2",
         .record = "r#1(a1)! r.1#1(a1)! dead(a1 bad 1 in r.node#1) r.1#1(a1) r#2(a2) r.1#2(a2)",
         .ledgers = "a: 2 = 1 fired, 1 dead"},
        {.name = "the failed graph alone runs again",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s|",
                                .sums = true}}},
         .script = "a1 ; +1s",
         .fails = "1x1",
         .fails_in = "r",
         .record = "r#1(a1 =1)! r.1#1(a1 =1) r#1(a1 =1)"},
        {.name = "a key alone is held",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .graphs = "on_error=retry delay=1s"}}},
         .script = "a1k1 a2k1 a3k2 ; +1s",
         .fails = "1x1",
         .record = "r#1(x1)! r#2(x3) r#1(x1) r#3(x2)"},
        {.name = "a pair is tried again as a pair, and is dead as one",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b",
                                .graphs = "on_error=retry delay=1s attempts=2"}},
                  .sinks = {"dead"}},
         .script = "a1 b2 a3 b4 ; +1s",
         .fails = "2x2",
         .record = "r#1(a1 b2)! r#1(a1 b2)! dead(a1 bad 2 in r.node#1) "
                   "dead(b2 bad 2 in r.node#1) r#2(a3 b4)",
         .ledgers = "a: 2 = 1 fired, 1 dead; b: 2 = 1 fired, 1 dead"},
        {.name = "under latest what comes meanwhile collapses",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", WEIR_LATEST,
                                .graphs = "on_error=retry delay=1s"}}},
         .script = "a1 ; a2 ; a3 ; +1s",
         .fails = "1x1",
         .record = "r#1(a1)! r#1(a1) r#2(a3)",
         .ledgers = "a: 3 = 2 fired, 1 collapsed"},
        {.name = "what a retry gives is fed back",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s", .to = "f"},
                               {"q", "any(f)", "f"}}},
         .script = "a1 ; +1s",
         .fails = "1x1",
         .record = "r#1(a1)! r#1(a1) q#1(f101)",
         .ledgers = "a: 1 = 1 fired"},
        {.name = "they run out at the end",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a",
                                .graphs = "on_error=retry delay=1s attempts=3"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 ; close ;",
         .fails = "1x9",
         .record = "r#1(a1)! r#1(a1)! r#1(a1)! dead(a1 bad 1 in r.node#1) r#2(a2)"},
        {.name = "on a stop they stay undone",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 ; stop ;",
         .fails = "1x9",
         .record = "r#1(a1)!",
         .ledgers = "a: 2 = 2 waiting"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void halt_stops_in_order(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a"}, {"b"}},
        .accumulators = {{"w", "b", "batch", "max_size=9"}},
        .reactors = {{"r", "any(a)", "a", .graphs = "on_error=halt"}, {"q", "any(w)", "w"}},
    };
    rig_world rig = {.fails[2] = 1};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "b7 a1 a2 a3 ; ;");
    rig_expect(&rig, "r#1(a1) r#2(a2)! q#1(w[7])");
    assert_int_equal(rig.outcome, WEIR_FAILED);
    assert_non_null(strstr(rig.error, "graph 'r' failed and its 'on_error' is halt: bad 2"));
    rig_close(&rig);
}

static void writers_are_held(void **state)
{
    static const rig_case cases[] = {
        {.name = "from the firing on that fills the sink",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .to = "out"}, {"q", "any(a)", "a"}},
                  .sinks = {"gate1:out"}},
         .script = "shut a1 a2 a3 ; open ;",
         .record = "r#1(a1) out=101 q#1(a1) q#2(a2) q#3(a3) r#2(a2) out=102 r#3(a3) out=103"},
        {.name = "under latest too, and what came meanwhile is fired in the turn that lets it go",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", WEIR_LATEST, .to = "out"}},
                  .sinks = {"gate1:out"}},
         .script = "shut a1 ; a2 ; a3 ; open ;",
         .record = "r#1(a1) out=101 r#2(a3) out=103",
         .ledgers = "a: 3 = 2 fired, 1 collapsed"},
        {.name = "a key as the others",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .to = "out", .settings = "capacity=1"}},
                  .sinks = {"gate1:out"}},
         .script = "shut a1k1 a2k2 a3k1 a4k2 ; open ; ;",
         .record = "r#1(x1) out=101 r#2(x2) out=102 r#3(x3) out=103 r#4(x4) out=104"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void sinks_that_are_not_ready(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a", "capacity=60000"}, {"b"}},
        .reactors = {{"r", "any(a)", "a", .to = "out", .settings = "capacity=4"},
                     {"q", "any(b)", "b"}},
        .sinks = {"gate:out"},
    };
    rig_world rig = {0};
    rig_item *items = test_calloc(60000, sizeof *items);
    weir_report *report;

    (void)state;
    for (int i = 0; i < 60000; i++)
        items[i] = (rig_item){.id = 1000000 + i};
    rig_open(&rig, &spec);
    rig_run(&rig, "shut");
    assert_int_equal(weir_runtime_push(rig.runtime, &rig.tables->module, 0, items, 60000, NULL),
                     WEIR_OK);
    rig_run(&rig, "; b1 ;");
    const weir_reactor_report *r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.health, WEIR_REACTOR_HELD);
    assert_string_equal(report->sinks[0].trouble, "the gate is shut");
    assert_true(report->sources[0].held);
    assert_true(r->metrics.fired > 40000 && r->metrics.fired < 60000);
    assert_int_equal(r->metrics.waiting, 4);
    weir_report_free(report);
    rig_run(&rig, "open ; ;");
    r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.health, 0);
    assert_int_equal(r->metrics.fired, 60000);
    assert_int_equal(report->sinks[0].metrics.results, 60000);
    weir_report_free(report);
    rig_check_ledgers(&rig);
    test_free(items);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_or_nothing),           cmocka_unit_test(retries),
        cmocka_unit_test(halt_stops_in_order),      cmocka_unit_test(writers_are_held),
        cmocka_unit_test(sinks_that_are_not_ready),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
