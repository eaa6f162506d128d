/* SPDX-License-Identifier: Apache-2.0 */
/* test_e07_queues.c - E7: queues that are full, boundaries that wait too long. */
#include "tests/pipeline/rig.h"

static void a_partner_does_not_come(void **state)
{
    static const rig_case cases[] = {
        {.name = "the oldest becomes a dead letter",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b", .settings = "capacity=2"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 a3 b1 ;",
         .record = "dead(a1 unpaired) r#1(a2 b1)",
         .ledgers = "a: 3 = 1 fired, 1 dead, 1 waiting"},
        {.name = "also by time, counted from when it came",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b", .settings = "wait=5s"}},
                  .sinks = {"dead"}},
         .script = "a1 ; +3s a2 ; +1s +1s b1 ; +10s b2 ;",
         .record = "dead(a1 unpaired) r#1(a2 b1)",
         .ledgers = "a: 2 = 1 fired, 1 dead; b: 2 = 1 fired, 1 waiting"},
        {.name = "of several each in its time",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b", .settings = "wait=5s"}},
                  .sinks = {"dead"}},
         .script = "a1 ; +1s a2 ; +1s a3 ; +3s +500ms b1 ; +1s b2 ;",
         .record = "dead(a1 unpaired) r#1(a2 b1) r#2(a3 b2)"},
        {.name = "what is overwritten under latest waits from then on",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b", WEIR_LATEST, .settings = "wait=5s"}},
                  .sinks = {"dead"}},
         .script = "a1 ; +3s a2 ; +3s b1 ; a3 ; +5s b2 ;",
         .record = "r#1(a2 b1) dead(a3 unpaired)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void firing_is_held(void **state)
{
    static const rig_case cases[] = {
        {.name = "paused: reading stops, nothing is lost",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .settings = "capacity=2"}},
                  .sinks = {"dead"}},
         .script = "pause:r a1 a2 a3 a4 ; a5 ; resume:r ;",
         .record = "r#1(a1) r#2(a2) r#3(a3) r#4(a4) r#5(a5)",
         .ledgers = "a: 5 = 5 fired"},
        {.name = "other sources are read on",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "any(a)", "a", .settings = "capacity=1"},
                               {"q", "any(b)", "b"}}},
         .script = "pause:r a1 a2 b1 a3 b2 ; resume:r ;",
         .record = "q#1(b1) q#2(b2) r#1(a1) r#2(a2) r#3(a3)"},
        {.name = "warming: reading stops",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "any(a)", "a b", .settings = "capacity=2"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 a3 ; b1 ; ;",
         .record = "r#1(a1 b1) r#2(a2 b1) r#3(a3 b1)",
         .ledgers = "a: 3 = 3 fired"},
        {.name = "but not where the same source feeds what is missing",
         .spec = {.sources = {{"s"}},
                  .accumulators = {{"a", "s"}, {"b", "s", .where = true}},
                  .reactors = {{"r", "any(a)", "a b", .settings = "capacity=2"}},
                  .sinks = {"dead"}},
         .script = "s1 s2 s3 s4 ;",
         .record = "dead(s1 unpaired) dead(s2 unpaired) r#1(a3 b4) r#2(a4 b4)",
         .false_ids = "1,2,3",
         .ledgers = "s: 4 = 2 fired, 2 dead"},
        {.name = "time in which it is held does not count for wait",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b", .settings = "wait=5s"}},
                  .sinks = {"dead"}},
         .script = "a1 ; +3s pause:r +60s resume:r +1s b1 ; a2 ; pause:r +9s resume:r +5s",
         .record = "r#1(a1 b1) dead(a2 unpaired)"},
        {.name = "nor does warming",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "any(a)", "a b", .settings = "wait=5s"}},
                  .sinks = {"dead"}},
         .script = "a1 ; +60s b1 ;",
         .record = "r#1(a1 b1)"},
        {.name = "max_in_flight: reading stops until something is done",
         .spec = {.sources = {{"a", "max_in_flight=2"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b"}}},
         .script = "a1 a2 a3 a4 ; b1 ; b2 b3 b4 ;",
         .record = "r#1(a1 b1) r#2(a2 b2) r#3(a3 b3) r#4(a4 b4)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void channels_at_their_limit(void **state)
{
    static const rig_case cases[] = {
        {.name = "fail",
         .spec = {.sources = {{"a", "capacity=2"}}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "a1 a2 a3 ; a4 ;",
         .record = "a3:full r#1(a1) r#2(a2) r#3(a4)",
         .ledgers = "a: 3 = 3 fired"},
        {.name = "drop_oldest",
         .spec = {.sources = {{"a", "capacity=2 on_full=drop_oldest"}},
                  .reactors = {{"r", "any(a)", "a"}}},
         .script = "a1 a2 a3 a4 ; a5 ;",
         .record = "r#1(a3) r#2(a4) r#3(a5)",
         .ledgers = "a: 5 = 3 fired, 2 dropped"},
        {.name = "conflate by key",
         .spec = {.sources = {{"a", "capacity=2 on_full=conflate"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x"}}},
         .script = "a1k1 a2k2 a3k1 a4k3 a5k2 ;",
         .record = "a4k3:full r#1(x3) r#2(x5)",
         .ledgers = "a: 4 = 2 fired, 2 collapsed"},
        {.name = "block is refused on the runtime's own thread",
         .spec = {.sources = {{"a", "capacity=1 on_full=block"}},
                  .reactors = {{"r", "any(a)", "a"}}},
         .script = "a1 ; a2 a3 ;",
         .record = "r#1(a1) a3:not possible in this state r#2(a2)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partner_does_not_come),
        cmocka_unit_test(firing_is_held),
        cmocka_unit_test(channels_at_their_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
