/* SPDX-License-Identifier: Apache-2.0 */
/* test_e07_queues.c - E7: queues that are full, boundaries that wait too long. */
#include "tests/pipeline/rig.h"

#include <stdio.h>
#include <string.h>

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
        {.name = "a retry: reading stops, under its key alone",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .graphs = "on_error=retry delay=1s",
                                .settings = "capacity=1"}},
                  .sinks = {"dead"}},
         .script = "a1k1 a2k2 a3k1 a4k2 a5k1 a6k2 ; +1s ;",
         .fails = "1x1",
         .record = "r#1(x1)! r#2(x2) r#3(x4) r#1(x1) r#4(x3) r#5(x5) r#6(x6)"},
        {.name = "what a batch keeps stays there while there is no place for it",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", NULL, "batch", "max_size=9 every=1s"}},
                  .reactors = {{"r", "any(w)", "w", .settings = "capacity=1"},
                               {"q", "any(a)", "a", .to = "w"}},
                  .sinks = {"dead"}},
         .script = "pause:r a1 ; +1s a2 ; +5s a3 ; flush:w resume:r a4 ; +1s",
         .record = "q#1(a1) q#2(a2) q#3(a3) r#1(w[101]) r#2(w[102 103]) q#4(a4) r#3(w[104])"},
        {.name = "and is undone after a stop",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", NULL, "batch", "max_size=9 every=1s"}},
                  .reactors = {{"r", "any(w)", "w", .settings = "capacity=1"},
                               {"q", "any(a)", "a", .to = "w"}},
                  .sinks = {"dead"}},
         .script = "pause:r a1 ; +1s a2 ; +5s stop ; ;",
         .record = "q#1(a1) q#2(a2)",
         .ledgers = "a: 2 = 2 waiting"},
        {.name = "there is no poll while there is no place for its answer",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"p", NULL, "polling", "every=1s"}},
                  .reactors = {{"r", "any(p)", "p", .settings = "capacity=1"}},
                  .sinks = {"dead"}},
         .script = "pause:r +5s +500ms resume:r +500ms",
         .record = "r#1(p1) r#2(p2) r#3(p3)"},
        {.name = "by hand it is refused",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .settings = "capacity=1"}},
                  .sinks = {"dead"}},
         .script = "pause:r inject:a,1 inject:a,2 resume:r",
         .record = "inject:full r#1(a1)"},
        {.name = "what is fed back cannot stay: the oldest is a dead letter",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a)", "a", .to = "f"},
                               {"q", "any(f)", "f", .settings = "capacity=1"}},
                  .sinks = {"dead"}},
         .script = "pause:q a1 a2 ; resume:q",
         .record = "r#1(a1) r#2(a2) dead(a101 unpaired) q#1(f102)",
         .ledgers = "a: 2 = 1 fired, 1 dead"},
        {.name = "max_in_flight: reading stops until something is done",
         .spec = {.sources = {{"a", "max_in_flight=2"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b"}}},
         .script = "a1 a2 a3 a4 ; b1 ; b2 b3 b4 ;",
         .record = "r#1(a1 b1) r#2(a2 b2) r#3(a3 b3) r#4(a4 b4)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

/* --- By key --- */

enum { PLACES = 65536 };

static const rig_spec pool_spec = {
    .sources = {{"a", "capacity=70000 max_in_flight=70000"}, {"b"}},
    .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
    .reactors = {{"r", "all(x,y)", "x y", .graphs = "on_error=retry delay=1s"}},
    .sinks = {"dead"},
};

/* Items 1 to `count`, of a key each. */
static void push_keys(rig_world *rig, int count)
{
    rig_item *items = test_calloc((size_t)count, sizeof *items);

    for (int i = 0; i < count; i++)
        items[i] = (rig_item){.id = 1 + i, .key = 1 + i};
    assert_int_equal(
        weir_runtime_push(rig->runtime, &rig->tables->module, 0, items, (size_t)count, NULL),
        WEIR_OK);
    test_free(items);
    rig_run(rig, ";");
}

static void all_keys_share_a_pool(void **state)
{
    rig_world rig = {0};

    (void)state;
    rig_open(&rig, &pool_spec);
    push_keys(&rig, PLACES);
    rig_expect(&rig, "");
    rig_run(&rig, "a70001k70001 a70002k9 ; b1k9 ;");
    rig_expect(&rig, "dead(a1 unpaired) dead(a2 unpaired) dead(a3 unpaired) r#1(x9 y1)");
    rig_close(&rig);
}

/* The oldest whose key is not held makes room. */
static void what_is_held_is_not_dropped_for_others(void **state)
{
    rig_world rig = {.fails[4000] = 1};

    (void)state;
    rig_open(&rig, &pool_spec);
    rig_run(&rig, "a4000k1 b1k1 ; a4001k1 ;"); /* 4000 is tried again, 4001 waits behind it */
    rig_expect(&rig, "r#1(x4000 y1)!");
    push_keys(&rig, PLACES - 1);
    rig_expect(&rig, "");
    rig_run(&rig, "a70001k70001 ;");
    rig_expect(&rig, "dead(a2 unpaired)");
    rig_run(&rig, "+1s b5k1 ;");
    rig_expect(&rig, "r#1(x4000 y1) dead(a4001 unpaired) r#2(x1 y5)");
    rig_close(&rig);
}

/* All of it is held: reading stops. */
static void a_pool_that_is_held_stops_its_sources(void **state)
{
    static const char *const one[] = {"r#1(x1 b7)", "r#65536(x65536 b7) r#65537(x70001 b7)"};
    static const rig_spec spec = {
        .sources = {{"a", "capacity=70000 max_in_flight=70000"}, {"b"}},
        .accumulators = {{"x", "a", .keyed = true}},
        .reactors = {{"r", "any(x)", "x b"}},
        .sinks = {"dead"},
    };
    rig_world rig = {0};

    (void)state;
    rig_open(&rig, &spec);
    push_keys(&rig, PLACES);
    rig_run(&rig, "a70001k70001 ; ;");
    rig_expect(&rig, "");
    rig_expect_ledger(&rig, "a", "65537 = 65537 waiting");
    rig_run(&rig, "b7 ; ;");
    assert_memory_equal(rig.record.data, one[0], strlen(one[0]));
    rig.record.data[rig.record.size - 1] = '\0';
    assert_string_equal(rig.record.data + rig.record.size - 1 - strlen(one[1]), one[1]);
    rig_close(&rig);
}

static void by_default_64_wait_under_a_key(void **state)
{
    rig_world rig = {0};

    (void)state;
    rig_open(&rig, &pool_spec);
    for (int i = 1; i <= 65; i++) {
        char word[16];
        snprintf(word, sizeof word, "a%dk1", i);
        rig_run(&rig, word);
    }
    rig_run(&rig, "; b1k1 ;");
    rig_expect(&rig, "dead(a1 unpaired) r#1(x2 y1)");
    rig_close(&rig);
}

static void by_default_1024_wait_without_keys(void **state)
{
    static const rig_spec spec = {.sources = {{"a", "capacity=2000"}, {"b"}},
                                  .reactors = {{"r", "all(a,b)", "a b"}},
                                  .sinks = {"dead"}};
    rig_world rig = {0};

    (void)state;
    rig_open(&rig, &spec);
    push_keys(&rig, 1025);
    rig_run(&rig, "b1 ;");
    rig_expect(&rig, "dead(a1 unpaired) r#1(a2 b1)");
    rig_close(&rig);
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
        cmocka_unit_test(all_keys_share_a_pool),
        cmocka_unit_test(what_is_held_is_not_dropped_for_others),
        cmocka_unit_test(a_pool_that_is_held_stops_its_sources),
        cmocka_unit_test(by_default_64_wait_under_a_key),
        cmocka_unit_test(by_default_1024_wait_without_keys),
        cmocka_unit_test(channels_at_their_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
