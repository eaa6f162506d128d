/* SPDX-License-Identifier: Apache-2.0 */
/* test_e16_replay.c - E16: history again, in the order of its times. */
#include "core/clock.h"
#include "runtime/runtime.h"
#include "tests/pipeline/rig.h"

typedef struct replay_case {
    const char *name;
    rig_spec spec;
    const char *record;
    const char *ledgers;
    const char *fails;
    const char *bad_ids;
    int64_t from, until;
} replay_case;

#define HISTORY(name, items)                                                                       \
    {                                                                                              \
        name, "items=" items, true, "history"                                                      \
    }
#define UNTIMED(name, items)                                                                       \
    {                                                                                              \
        name, "items=" items, false, "history"                                                     \
    }

static void replay(const replay_case *test)
{
    rig_world rig = {
        .config = {.mode = WEIR_MODE_REPLAY, .from = test->from, .until = test->until},
        .bad_ids = test->bad_ids,
    };

    print_message("  %s\n", test->name);
    if (test->fails != NULL)
        rig.fails[test->fails[0] - '0'] = (uint8_t)(test->fails[2] - '0');
    rig_open(&rig, &test->spec);
    rig_run(&rig, "; ; ; ;");
    assert_true(rig.ended);
    rig_expect(&rig, test->record);
    if (test->ledgers != NULL)
        rig_expect_ledger(&rig, "a", test->ledgers);
    rig_close(&rig);
}

static void time_is_the_events_own(void **state)
{
    static const replay_case cases[] = {
        {.name = "sources merge by time, then by their order in the spec",
         .spec = {.sources = {HISTORY("a", "1@10,2@30,3@30"), HISTORY("b", "4@10,5@20,6@30")},
                  .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .record = "r#1(a1) r#2(a1 b4) r#3(a1 b5) r#4(a2 b5) r#5(a3 b5) r#6(a3 b6)"},
        {.name = "it waits until each has shown its next event",
         .spec = {.sources = {HISTORY("a", "1@10,~,2@20,3@40"), HISTORY("b", "~,4@15,~,5@30")},
                  .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .record = "r#1(a1) r#2(a1 b4) r#3(a2 b4) r#4(a2 b5) r#5(a3 b5)"},
        {.name = "the events of one time form a turn",
         .spec = {.sources = {HISTORY("a", "1@10,2@10,3@20"), HISTORY("b", "4@10,5@20,6@30")},
                  .reactors = {{"r", "any(a,b)", "a? b?", WEIR_LATEST}}},
         .record = "r#1(a2 b4) r#2(a3 b5) r#3(a3 b6)",
         .ledgers = "3 = 2 fired, 1 collapsed"},
        {.name = "events without a time come first, one a turn",
         .spec = {.sources = {HISTORY("a", "1@10,2@20"), UNTIMED("b", "4,5")},
                  .reactors = {{"r", "any(a,b)", "a? b?", WEIR_LATEST}}},
         .record = "r#1(b4) r#2(b5) r#3(a1 b5) r#4(a2 b5)"},
        {.name = "an older event is taken at the clock's time",
         .spec = {.sources = {HISTORY("a", "1@10,2@30,3@5,4@40"), HISTORY("b", "6@20,7@35")},
                  .reactors = {{"r", "any(a,b)", "a? b?", WEIR_LATEST}}},
         .record = "r#1(a1) r#2(a1 b6) r#3(a3 b6) r#4(a3 b7) r#5(a4 b7)",
         .ledgers = "4 = 3 fired, 1 collapsed"},
        {.name = "from and until bound it",
         .spec = {.sources = {HISTORY("a", "1@10,2@20,3@30,4@25,5@40")},
                  .reactors = {{"r", "any(a)", "a"}}},
         .record = "r#1(a2) r#2(a3) r#3(a4)",
         .ledgers = "3 = 3 fired",
         .from = 20,
         .until = 40},
        {.name = "a channel has ended at once",
         .spec = {.sources = {HISTORY("a", "1@10"), {"b"}},
                  .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .record = "r#1(a1)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        replay(&cases[i]);
}

static void timers_and_the_end(void **state)
{
    static const replay_case cases[] = {
        {.name = "a timer that is due then fires before the events of that time",
         .spec = {.sources = {HISTORY("a", "1@1000,2@3000,3@6000,4@6500")},
                  .accumulators = {{"w", "a", "batch", "max_size=9 every=5us"}},
                  .reactors = {{"r", "any(w)", "w"}, {"q", "any(a)", "a"}}},
         .record = "q#1(a1) q#2(a2) r#1(w[1 2]) q#3(a3) q#4(a4) r#2(w[3 4])"},
        {.name = "at one time they fire by their place in the spec, then by the age of the key",
         .spec = {.sources = {HISTORY("a", "1k2@1000,2k1@1000,3k3@1000,4k3@9000")},
                  .accumulators = {{"v", "a", "batch", "max_size=9 every=5us"},
                                   {"w", "a", "batch", "max_size=9 every=5us", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w"}, {"q", "any(v)", "v"}}},
         .record = "q#1(v[1 2 3]) r#1(w[1]) r#2(w[2]) r#3(w[3]) q#2(v[4]) r#4(w[4])"},
        {.name = "those that are due earlier come earlier, each at its time",
         .spec = {.sources = {HISTORY("a", "1@1000,2@9000")},
                  .accumulators = {{"v", "a", "batch", "max_size=9 every=5us"},
                                   {"w", "a", "batch", "max_size=9 every=3us"}},
                  .reactors = {{"r", "any(w)", "w"},
                               {"q", "any(v)", "v"},
                               {"p", "any(v,w)", "v? w?", WEIR_LATEST}}},
         .record = "r#1(w[1]) p#1(w[1]) q#1(v[1]) p#2(v[1] w[1]) q#2(v[2]) r#2(w[2]) "
                   "p#3(v[2] w[2])"},
        {.name = "a source without data has ended at once",
         .spec = {.sources = {HISTORY("a", "1@10"), HISTORY("b", "")},
                  .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .record = "r#1(a1)"},
        {.name = "beats begin with the first event and end with the last source",
         .spec = {.sources = {HISTORY("a", "1@5000000000,2@5000005000")},
                  .accumulators = {{"p", NULL, "polling", "every=2us"}},
                  .reactors = {{"r", "any(p)", "p"}, {"q", "any(a)", "a"}}},
         .record = "q#1(a1) r#1(p1) r#2(p2) q#2(a2)"},
        {.name = "retries run out, batches flush, then what is unpaired is dead",
         .spec = {.sources = {HISTORY("a", "1@10,2@20")},
                  .accumulators = {{"w", "a", "batch", "max_size=9"}, {"f"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s attempts=2"},
                               {"q", "any(w)", "w"},
                               {"z", "all(a,f)", "a f"}},
                  .sinks = {"dead"}},
         .fails = "1x2",
         .record = "r#1(a1)! r#1(a1)! dead(a1 bad 1 in r.node#1) r#2(a2) q#1(w[1 2]) "
                   "dead(a1 unpaired) dead(a2 unpaired)",
         .ledgers = "2 = 2 dead"},
        {.name = "a source that is held goes on when the retry has run out",
         .spec = {.sources = {HISTORY("a", "1@10,2@20,3@30,4@40")},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s",
                                .settings = "capacity=1"}}},
         .fails = "1x1",
         .record = "r#1(a1)! r#1(a1) r#2(a2) r#3(a3) r#4(a4)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        replay(&cases[i]);
}

/* Each source has a reactor of its own, which needs nothing else: spans are handed over whole. */
static void spans_of_many_turns(void **state)
{
    static const replay_case cases[] = {
        {.name = "others come between, by time and then by their order in the spec",
         .spec = {.sources = {HISTORY("a", "1@10,2@20,3@20,4@40"),
                              HISTORY("b", "5@15,6@20,7@30,8@40,9@50")},
                  .reactors = {{"r", "any(a)", "a"}, {"q", "any(b)", "b"}}},
         .record = "r#1(a1) q#1(b5) r#2(a2) r#3(a3) q#2(b6) q#3(b7) r#4(a4) q#4(b8) q#5(b9)"},
        {.name = "an older event does not go ahead of those that come at the clock's time",
         .spec = {.sources = {HISTORY("a", "1@10,2@30,3@40"), HISTORY("b", "5@20,6@30,7@5,8@35")},
                  .reactors = {{"r", "any(a)", "a"}, {"q", "any(b)", "b"}}},
         .record = "r#1(a1) q#1(b5) r#2(a2) q#2(b6) q#3(b7) q#4(b8) r#3(a3)"},
        {.name = "what others are asked at a turn's end comes before the next turn",
         .spec = {.sources = {HISTORY("a", "1@10,2@20"), HISTORY("b", "5@10,6@15,7@20,8@30")},
                  .reactors = {{"r", "any(a)", "a", WEIR_LATEST}, {"q", "any(b)", "b"}}},
         .record = "q#1(b5) r#1(a1) q#2(b6) q#3(b7) r#2(a2) q#4(b8)"},
        {.name = "timers come between",
         .spec = {.sources = {HISTORY("a", "1@1000,2@3000,3@6000,4@7000,5@9000,6@9500"),
                              HISTORY("b", "7@2000")},
                  .accumulators = {{"w", "b", "batch", "max_size=9 every=5us"}},
                  .reactors = {{"r", "any(a)", "a"}, {"q", "any(w)", "w"}}},
         .record = "r#1(a1) r#2(a2) r#3(a3) q#1(w[7]) r#4(a4) r#5(a5) r#6(a6)"},
        {.name = "a retry comes between, at its time",
         .spec = {.sources = {HISTORY("a", "1@1000000000,2@1100000000,3@2000000000,4@9000000000"),
                              HISTORY("b", "5@1500000000,6@3500000000,7@3600000000")},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s"},
                               {"q", "any(b)", "b"}}},
         .fails = "2x1",
         .record = "r#1(a1) r#2(a2)! q#1(b5) r#2(a2) r#3(a3) q#2(b6) q#3(b7) r#4(a4)"},
        {.name = "from and until bound it, and what is not in order",
         .spec = {.sources = {HISTORY("a", "1@10,2@20,3@60,4@30,5@70,6@25,7@40")},
                  .reactors = {{"r", "any(a)", "a"}}},
         .record = "r#1(a2) r#2(a4) r#3(a6) r#4(a7)",
         .ledgers = "4 = 4 fired",
         .from = 20,
         .until = 50},
        {.name = "what cannot be decoded ends in its place",
         .spec = {.sources = {HISTORY("a", "1@10,2@20,!,4@40,5@50")},
                  .reactors = {{"r", "any(a)", "a"}},
                  .sinks = {"dead"}},
         .record = "r#1(a1) r#2(a2) dead(a-1 undecodable) r#3(a4) r#4(a5)"},
        {.name = "keys live by the times of their events",
         .spec = {.sources = {HISTORY("a", "1k1@1000000000,2k2@2000000000,4k1@5000000000,"
                                           "8k2@9000000000,16k1@9500000000")},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "ttl=5s", .sums = true}}},
         .record = "r#1(x1 =1) r#2(x2 =2) r#3(x4 =5) r#4(x8 =8) r#5(x16 =21)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        replay(&cases[i]);
}

static void expect_time(rig_world *rig, const char *reactor, int64_t id)
{
    (void)reactor;
    assert_int_equal(rig->runtime->clock.now, id * 10);
    assert_int_equal(rig->runtime->programs->reactors[0].firing.now, id * 10);
}

/* Whoever asks for the time while an event is on its way is told that event's, and turns are
 * counted, though a span is handed over whole; and who stops the runtime has no other event. */
static void each_event_has_its_time(void **state)
{
    static const rig_spec specs[] = {
        {.sources = {HISTORY("a", "1@10,2@20,3@30,3@30,5@50")}, .reactors = {{"r", "any(a)", "a"}}},
        {.sources = {HISTORY("a", "1k1@10,2k2@20,3k1@30,3k1@30,5k1@50")},
         .accumulators = {{"x", "a", .keyed = true}},
         .reactors = {{"r", "any(x)", "x"}}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        rig_world rig = {.config = {.mode = WEIR_MODE_REPLAY}, .during = expect_time};
        rig_open(&rig, &specs[i]);
        rig_run(&rig, "; ; ;");
        assert_true(rig.ended);
        assert_int_equal(rig.runtime->programs->reactors[0].firing.number, 6);
        rig_close(&rig);
    }
}

static void stop_at_two(rig_world *rig, const char *reactor, int64_t id)
{
    (void)reactor;
    if (id == 2)
        weir_runtime_stop(rig->runtime);
}

static void a_stop_comes_before_the_next_turn(void **state)
{
    static const rig_spec spec = {.sources = {HISTORY("a", "1@10,2@20,3@30,4@40")},
                                  .reactors = {{"r", "any(a)", "a"}}};
    rig_world rig = {.config = {.mode = WEIR_MODE_REPLAY}, .during = stop_at_two};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "; ; ;");
    assert_true(rig.ended);
    rig_expect(&rig, "r#1(a1) r#2(a2)");
    rig_close(&rig);
}

static void pushes_are_refused(void **state)
{
    static const rig_spec spec = {.sources = {HISTORY("a", "1@10"), {"b"}},
                                  .reactors = {{"r", "any(a,b)", "a? b?"}}};
    rig_world rig = {.config = {.mode = WEIR_MODE_REPLAY}, .live = true};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "b1 ; ;");
    rig_expect(&rig, "b1:closed r#1(a1)");
    rig_close(&rig);
}

/* Ten times as fast as it was: 50 ms of history take 5 ms. */
static void at_a_speed(void **state)
{
    static const rig_spec spec = {.sources = {HISTORY("a", "1@1000000000,2@1050000000")},
                                  .reactors = {{"r", "any(a)", "a"}}};
    rig_world rig = {.config = {.mode = WEIR_MODE_REPLAY, .speed = 10}};
    weir_error *error = NULL;

    (void)state;
    rig_open(&rig, &spec);
    int64_t began = weir_monotonic_now();
    assert_int_equal(weir_runtime_run(rig.runtime, &error), WEIR_OK);
    assert_in_range(weir_monotonic_now() - began, 5000000, 5000000000);
    rig_expect(&rig, "r#1(a1) r#2(a2)");
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_the_events_own),
        cmocka_unit_test(timers_and_the_end),
        cmocka_unit_test(spans_of_many_turns),
        cmocka_unit_test(each_event_has_its_time),
        cmocka_unit_test(a_stop_comes_before_the_next_turn),
        cmocka_unit_test(pushes_are_refused),
        cmocka_unit_test(at_a_speed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
