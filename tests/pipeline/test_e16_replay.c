/* SPDX-License-Identifier: Apache-2.0 */
/* test_e16_replay.c - E16: history again, in the order of its times. */
#include "core/clock.h"
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
        cmocka_unit_test(pushes_are_refused),
        cmocka_unit_test(at_a_speed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
