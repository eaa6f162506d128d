/* SPDX-License-Identifier: Apache-2.0 */
/* test_e18_commits.c - E18: when an event is done, and what a source commits; E7, E17, E20 of it.
 */
#include "tests/pipeline/rig_spec.h"

#include <string.h>

#define LOG(name, items)                                                                           \
    {                                                                                              \
        name, "items=" items, .kind = "log"                                                        \
    }

static void what_is_done_is_committed(void **state)
{
    static const rig_case cases[] = {
        {.name = "at the turn's end",
         .spec = {.sources = {LOG("a", "1,2,3,~,4")}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "; ;",
         .record = "r#1(a1) r#2(a2) r#3(a3) commit(a 3) r#4(a4) commit(a 4)"},
        {.name = "`turn` bounds what one of them takes",
         .spec = {.sources = {LOG("a", "1,2,3 turn=2")}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "; ;",
         .record = "r#1(a1) r#2(a2) commit(a 2) r#3(a3) commit(a 3)"},
        {.name = "filtered, collapsed, kept, dead and undecodable are done",
         .spec = {.sources = {LOG("a", "1,2,3,4,!,5"), {"b"}},
                  .accumulators = {{"x", "a", .where = true}},
                  .reactors = {{"r", "any(x)", "x", WEIR_LATEST}, {"q", "any(b)", "b x"}},
                  .sinks = {"dead"}},
         .script = ";",
         .false_ids = "2",
         .bad_ids = "3",
         .record = "dead(a3 bad 3) dead(a-1 undecodable) r#1(x5) commit(a 6)",
         .ledgers = "a: 6 = 1 fired, 1 filtered, 2 collapsed, 2 dead"},
        {.name = "each partition for itself, and positions may have gaps",
         .spec = {.sources = {LOG("a", "1,2/1,3/1,4,_,_,5")}, .reactors = {{"r", "any(a)", "a"}}},
         .script = ";",
         .record = "r#1(a1) r#2(a2) r#3(a3) r#4(a4) r#5(a5) commit(a 5) commit(a/1 2)"},
        {.name = "a failure is tried again",
         .spec = {.sources = {LOG("a", "1,~,2 fails=1")}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "; ;",
         .record = "r#1(a1) no-commit r#2(a2) commit(a 1) commit(a 2)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void what_waits_is_not(void **state)
{
    static const rig_case cases[] = {
        {.name = "for a partner",
         .spec = {.sources = {LOG("a", "1,2,3"), {"b"}}, .reactors = {{"r", "all(a,b)", "a b"}}},
         .script = "; b1 ; b2 ;",
         .record = "r#1(a1 b1) commit(a 1) r#2(a2 b2) commit(a 2)",
         .ledgers = "a: 3 = 2 fired, 1 waiting"},
        {.name = "what is done above it waits with it",
         .spec = {.sources = {LOG("a", "1,2,3"), {"b"}},
                  .accumulators = {{"x", "a", .where = true}},
                  .reactors = {{"r", "all(x,b)", "x b"}}},
         .script = "; b1 ;",
         .false_ids = "2,3",
         .record = "r#1(x1 b1) commit(a 3)"},
        {.name = "for a retry, and till it is given up",
         .spec = {.sources = {LOG("a", "1,2"), {"b"}},
                  .reactors = {{"r", "any(a)", "a",
                                .graphs = "on_error=retry attempts=2 delay=1s"}},
                  .sinks = {"dead"}},
         .script = "; +1s ;",
         .fails = "1x9",
         .record = "r#1(a1)! r#1(a1)! dead(a1 bad 1 in r.node#1) r#2(a2) commit(a 2)"},
        {.name = "in a batch",
         .spec = {.sources = {LOG("a", "1,2,3"), {"b"}},
                  .accumulators = {{"w", "a", "batch", "max_size=2"}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "; flush:w ;",
         .record = "r#1(w[1 2]) commit(a 2) r#2(w[3]) commit(a 3)"},
        {.name = "for what it was fed back into",
         .spec = {.sources = {LOG("a", "1,2"), {"b"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a)", "a", .to = "f"}, {"q", "all(f,b)", "f b"}}},
         .script = "; b1 ;",
         .record = "r#1(a1) r#2(a2) q#1(f101 b1) commit(a 1)"},
        {.name = "for the end of a pause",
         .spec = {.sources = {LOG("a", "1,2"), {"b"}}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "pause:r ; resume:r ;",
         .record = "r#1(a1) r#2(a2) commit(a 2)"},
        {.name = "for a sink that has not written",
         .spec = {.sources = {LOG("a", "1,~,2")},
                  .reactors = {{"r", "any(a)", "a", .to = "out"}},
                  .sinks = {"gate:out"}},
         .script = "shut ; ; open ;",
         .record = "r#1(a1) out=101 r#2(a2) out=102 commit(a 1) commit(a 2)"},
        {.name = "but not for a sink that it does not come to",
         .spec = {.sources = {LOG("a", "1"), LOG("b", "2")},
                  .reactors = {{"r", "any(a)", "a", .to = "out"}, {"q", "any(b)", "b"}},
                  .sinks = {"gate:out"}},
         .script = "shut ; open ;",
         .record = "r#1(a1) out=101 q#1(b2) commit(b 1) commit(a 1)"},
        {.name = "also for one that it comes to by what is fed back",
         .spec = {.sources = {LOG("a", "1"), LOG("b", "2")},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a)", "a", .to = "out"},
                               {"q", "any(b)", "b", .to = "f"},
                               {"s", "any(f)", "f", .to = "out"}},
                  .sinks = {"gate:out"}},
         .script = "shut ; open ;",
         .record = "r#1(a1) out=101 q#1(b2) s#1(f102) out=202 commit(a 1) commit(b 1)"},
        {.name = "and for that of its dead letters",
         .spec = {.sources = {LOG("a", "!"),
                              {"b", "items=2", .kind = "log", .dead_letters = "none"}},
                  .reactors = {{"r", "any(a)", "a"}, {"q", "any(b)", "b"}},
                  .sinks = {"gate:dead"}},
         .script = "shut ; open ;",
         .record = "dead(a-1 undecodable) q#1(b2) commit(b 1) commit(a 1)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void max_in_flight_bounds_what_comes_again(void **state)
{
    static const rig_case cases[] = {
        {.name = "above the oldest that is not done, whatever is done since",
         .spec = {.sources = {LOG("a", "1,2,3,4,5,6 max_in_flight=3"), {"b"}},
                  .accumulators = {{"x", "a", .where = true}},
                  .reactors = {{"r", "all(x,b)", "x b"}}},
         .script = "; b1 ; b2 ;",
         .false_ids = "2,3,5",
         .record = "r#1(x1 b1) commit(a 3) r#2(x4 b2) commit(a 5)",
         .ledgers = "a: 6 = 2 fired, 3 filtered, 1 waiting"},
        {.name = "an undecodable event too",
         .spec = {.sources = {LOG("a", "1,!,2 max_in_flight=1"), {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b"}},
                  .sinks = {"dead"}},
         .script = "; ; b1 ;",
         .record = "r#1(a1 b1) commit(a 1) dead(a-1 undecodable) commit(a 2)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void at_the_end(void **state)
{
    static const rig_case cases[] = {
        {.name = "when the sources have ended all is committed",
         .spec = {.sources = {LOG("a", "1,2"), {"b"}},
                  .accumulators = {{"w", "b", "batch", "max_size=9"}},
                  .reactors = {{"r", "all(a,w)", "a w"}},
                  .sinks = {"dead"}},
         .script = "b1 ; close ;",
         .record = "r#1(a1 w[1]) dead(a2 unpaired) commit(a 2)"},
        {.name = "on a stop what is done by then, and nothing that waits",
         .spec = {.sources = {LOG("a", "1,2,3,~,4"), {"b"}},
                  .accumulators = {{"w", "b", "batch", "max_size=9"}},
                  .reactors = {{"r", "all(a,w)", "a w"}}},
         .script = "b1 ; stop ;",
         .record = "r#1(a1 w[1]) commit(a 1)",
         .ledgers = "a: 3 = 1 fired, 2 waiting"},
        {.name = "the last commit is tried till it succeeds",
         .spec = {.sources = {LOG("a", "1,~ fails=3")}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "; stop ; ; ;",
         .record = "r#1(a1) no-commit no-commit no-commit commit(a 1)"},
        {.name = "also when all sources have ended",
         .spec = {.sources = {LOG("a", "1 fails=3")}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "; ; ;",
         .record = "r#1(a1) no-commit no-commit no-commit commit(a 1)",
         .then = RIG_ENDED},
        {.name = "and not given up before its time",
         .spec = {.sources = {LOG("a", "1 fails=1000")}, .reactors = {{"r", "any(a)", "a"}}},
         .script = ";",
         .record = "r#1(a1) no-commit no-commit",
         .then = RIG_RUNS},
        {.name = "a halt leaves its event undone",
         .spec = {.sources = {LOG("a", "1,2,3")},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=halt"}}},
         .script = "; ;",
         .fails = "2x1",
         .record = "r#1(a1) r#2(a2)! commit(a 1)",
         .ledgers = "a: 3 = 1 fired, 2 waiting"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

/* E20: the deadline of a stop; E18: what its sink has not taken comes again. */
static void a_sink_that_never_gets_ready(void **state)
{
    static const rig_spec spec = {.sources = {LOG("a", "1,2")},
                                  .reactors = {{"r", "any(a)", "a", .to = "out"}},
                                  .sinks = {"gate:out"}};
    rig_world rig = {.config.stop_within = 1};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "shut ; stop ; ;");
    rig_gate_shut = false;
    assert_true(rig.ended);
    assert_int_equal(rig.outcome, WEIR_IO);
    assert_non_null(strstr(rig.error, "the gate is shut"));
    rig_expect(&rig, "r#1(a1) out=101 r#2(a2) out=102");
    rig_close(&rig);
}

/* E20: not for ever, neither after a stop nor when all sources have ended. */
static void a_source_that_cannot_commit(void **state)
{
    static const struct {
        const char *items, *script, *error;
    } cases[] = {
        {"items=1,~,2 fails=1000", "; stop ; ;",
         "source 'a' could not commit within 1e-09 s of the stop: the log is away; its events from "
         "position 0 of partition 0 on will be read again"},
        {"items=1,2 fails=1000", "; ; ;",
         "source 'a' could not commit within 1e-09 s of the end of all sources: the log is away; "
         "its events from position 0 of partition 0 on will be read again"},
        {"items=_,_,1/1,2/1 fails=1000", "; ; ;",
         "source 'a' could not commit within 1e-09 s of the end of all sources: the log is away; "
         "its events from position 0 of partition 1 on will be read again"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_spec spec = {.sources = {{"a", cases[i].items, .kind = "log"}},
                         .reactors = {{"r", "any(a)", "a"}}};
        rig_world rig = {.config.stop_within = 1};
        rig_open(&rig, &spec);
        rig_run(&rig, cases[i].script);
        assert_true(rig.ended);
        assert_int_equal(rig.outcome, WEIR_IO);
        assert_string_equal(rig.error, cases[i].error);
        rig_close(&rig);
    }
}

static void nothing_is_committed_in_replay(void **state)
{
    static const rig_spec spec = {.sources = {LOG("a", "1,2")}, .reactors = {{"r", "any(a)", "a"}}};
    rig_world rig = {.config.mode = WEIR_MODE_REPLAY};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "; ;");
    assert_true(rig.ended);
    rig_expect(&rig, "r#1(a1) r#2(a2)");
    rig_close(&rig);
}

static void waiting_forever_is_refused(void **state)
{
    static const rig_spec spec = {
        .sources = {LOG("a", "1"), {"b"}},
        .reactors = {{"r", "all(a,b)", "a b", .settings = "wait=forever"}}};
    rig_world rig = {0};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, ";");
    assert_int_equal(rig.outcome, WEIR_SPEC);
    assert_string_equal(rig.error,
                        "reactor 'r' cannot wait forever: source 'a' commits, and nothing after "
                        "what waits could be committed; give 'wait' a time");
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_done_is_committed),
        cmocka_unit_test(what_waits_is_not),
        cmocka_unit_test(max_in_flight_bounds_what_comes_again),
        cmocka_unit_test(at_the_end),
        cmocka_unit_test(a_sink_that_never_gets_ready),
        cmocka_unit_test(a_source_that_cannot_commit),
        cmocka_unit_test(nothing_is_committed_in_replay),
        cmocka_unit_test(waiting_forever_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
