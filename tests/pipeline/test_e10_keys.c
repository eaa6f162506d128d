/* SPDX-License-Identifier: Apache-2.0 */
/* test_e10_keys.c - E10: everything per key; E9: by hand. */
#include "tests/pipeline/rig.h"

static void each_key_for_itself(void **state)
{
    static const rig_case cases[] = {
        {.name = "cache, queues and state",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
                  .reactors = {{"r", "all(x,y)", "x y", .sums = true}}},
         .script = "a1k1 a2k2 b3k2 b4k1 a5k1 b6k1 ;",
         .record = "r#1(x2 y3 =2) r#2(x1 y4 =1) r#3(x5 y6 =6)",
         .ledgers = "a: 3 = 3 fired"},
        {.name = "keys come in the order in which they began to wait",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", WEIR_LATEST}}},
         .script = "a1k2 a2k1 a3k2 a4k3 ;",
         .record = "r#1(x3) r#2(x2) r#3(x4)",
         .ledgers = "a: 4 = 3 fired, 1 collapsed"},
        {.name = "... also where one event ends what some wait for",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x a"}}},
         .script = "inject:x,7k1 a1k0 ;",
         .record = "r#1(x7 a1) r#2(x1 a1)"},
        {.name = "an accumulator without a key is seen by all of them",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x b"}}},
         .script = "a1k1 a2k2 a3k1 ; b1 ; a4k2 ;",
         .record = "r#1(x1 b1) r#2(x3 b1) r#3(x2 b1) r#4(x4 b1)"},
        {.name = "max_keys: an event that is held has no key yet",
         .spec = {.sources = {{"a", "max_in_flight=2"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "max_keys=2",
                                .graphs = "on_error=retry delay=1s attempts=2"}},
                  .sinks = {"dead"}},
         .script = "a1k1 ; a2k1 a3k1 a4k9 ; inject:x,5k2 +1s ;",
         .fails = "2x1",
         .record = "r#1(x1) r#2(x2)! r#3(x5) r#2(x2) r#4(x3) "
                   "dead(a4 'max_keys' keys are there already)"},
        {.name = "max_keys: an event of another key is a dead letter",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "max_keys=2"}},
                  .sinks = {"dead"}},
         .script = "a1k1 a2k2 a3k3 a4k1 ;",
         .record = "r#1(x1) r#2(x2) dead(a3 'max_keys' keys are there already) r#3(x4)",
         .ledgers = "a: 4 = 3 fired, 1 dead"},
        {.name = "ttl: a key without events goes, with what waits under it",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
                  .reactors = {{"r", "all(x,y)", "x y", .settings = "ttl=10s max_keys=2"}},
                  .sinks = {"dead"}},
         .script = "a1k1 a2k2 ; +6s b2k2 ; +5s a3k3 ; b1k1 ; +20s",
         .record = "r#1(x2 y2) dead(a1 its key had no event for the time of 'ttl') "
                   "dead(b1 'max_keys' keys are there already) "
                   "dead(a3 its key had no event for the time of 'ttl')"},
        {.name = "capacity is per key",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
                  .reactors = {{"r", "all(x,y)", "x y", .settings = "capacity=1"}},
                  .sinks = {"dead"}},
         .script = "a1k1 a2k2 a3k1 b1k1 b2k2 ;",
         .record = "dead(a1 unpaired) r#1(x3 y1) r#2(x2 y2)"},
        {.name = "a keyed stream keeps its sum per key",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x"}}},
         .script = "a1k1 a10k2 a2k1 a20k2 ;",
         .record = "r#1(x1) r#2(x10) r#3(x3) r#4(x30)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void accumulators_forget_with_their_reactors(void **state)
{
    static const rig_case cases[] = {
        {.name = "a state goes with its key",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "ttl=10s"}}},
         .script = "a1k1 a1k2 ; +6s a2k1 ; +6s a4k1 a4k2 ; +11s a8k1 ;",
         .record = "r#1(x1) r#2(x1) r#3(x3) r#4(x7) r#5(x4) r#6(x8)"},
        {.name = "the reactor that keeps it longest counts",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "ttl=5s", .sums = true},
                               {"q", "any(x)", "x", .settings = "ttl=20s", .sums = true}}},
         .script = "a1k1 ; +6s a2k1 ; +21s a4k1 ;",
         .record = "r#1(x1 =1) q#1(x1 =1) r#2(x3 =3) q#2(x3 =4) r#3(x4 =4) q#3(x4 =4)"},
        {.name = "an event that gives no boundary keeps the key",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "ttl=10s", .sums = true}}},
         .script = "a1k1 ; +6s a2k1 ; +6s a4k1 ;",
         .false_ids = "2",
         .record = "r#1(x1 =1) r#2(x7 =8)"},
        {.name = "what waits in a batch under it becomes dead letters",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=3", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w", .settings = "ttl=10s"}},
                  .sinks = {"dead"}},
         .script = "a1k1 a2k1 a3k2 ; +6s a4k2 ; +5s a5k1 a6k1 a7k1 ;",
         .record = "dead(a1 its key had no event for the time of 'ttl') "
                   "dead(a2 its key had no event for the time of 'ttl') r#1(w[5 6 7])",
         .ledgers = "a: 7 = 3 fired, 2 dead, 2 waiting"},
        {.name = "keys are flushed in the order in which they came, also those that came again",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=3", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w", .settings = "ttl=10s"}}},
         .script = "a1k1 a2k2 ; +6s a3k2 ; +5s a4k3 a5k1 ; flush:w",
         .record = "r#1(w[2 3]) r#2(w[4]) r#3(w[5])"},
        {.name = "a retry keeps its key till its end",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "ttl=1s", .sums = true,
                                .graphs = "on_error=retry delay=2s attempts=2"}},
                  .sinks = {"dead"}},
         .script = "a1k1 a2k1 ; +1s +1s a4k1 ; a3k2 ; +500ms a5k2 ; +1s +1s a7k2 ;",
         .fails = "1x1 3x1",
         .record = "r#1(x1 =1)! r#1(x1 =1) r#2(x2 =3) r#3(x4 =4) r#4(x3 =3)! r#4(x3 =3) "
                   "r#5(x5 =8) r#6(x7 =7)"},
        {.name = "at one moment it is tried, then its key goes",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "ttl=1s", .sums = true,
                                .graphs = "on_error=retry delay=1s"}}},
         .script = "a1k1 ; +1s a2k1 ;",
         .fails = "1x1",
         .record = "r#1(x1 =1)! r#1(x1 =1) r#2(x2 =2)"},
        {.name = "a batch that one reactor refuses",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=2", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w", .settings = "max_keys=1"},
                               {"q", "any(w)", "w"}},
                  .sinks = {"dead"}},
         .script = "a1k1 a2k2 a3k1 a4k2 ;",
         .record = "r#1(w[1 3]) q#1(w[1 3]) dead(a2 'max_keys' keys are there already) "
                   "dead(a4 'max_keys' keys are there already) q#2(w[2 4])",
         .ledgers = "a: 4 = 2 fired, 2 dead"},
        {.name = "max_keys is theirs too",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "max_keys=2"}},
                  .sinks = {"dead"}},
         .script = "a1k1 a2k2 a3k3 a4k1 ;",
         .record = "r#1(x1) r#2(x2) dead(a3 'max_keys' keys are there already) r#3(x5)",
         .ledgers = "a: 4 = 3 fired, 1 dead"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

/* Many more than the look-ahead of the shortcut, and than one span. */
static void many_keys_in_one_turn(void **state)
{
    enum { COUNT = 4000, KEYS = 701 };
    static const rig_spec spec = {.sources = {{"a", "capacity=4096"}},
                                  .accumulators = {{"x", "a", .keyed = true}},
                                  .reactors = {{"r", "any(x)", "x", .sums = true}}};
    rig_world rig = {.fails[17] = 1};
    weir_buffer expected = {0};
    int64_t sums[KEYS] = {0};

    (void)state;
    rig_open(&rig, &spec);
    for (int64_t i = 1; i <= COUNT; i++) {
        rig_item item = {.id = i, .key = i * 7919 % KEYS};
        assert_int_equal(weir_runtime_push(rig.runtime, &rig.tables->module, 0, &item, 1, NULL),
                         WEIR_OK);
        sums[item.key] += i;
        weir_buffer_printf(&expected, "%sr#%d(x%d =%d)%s", i != 1 ? " " : "", (int)i, (int)i,
                           (int)sums[item.key], i == 17 ? "!" : "");
        sums[item.key] -= i == 17 ? i : 0;
    }
    rig_run(&rig, ";");
    rig_expect(&rig, expected.data);
    rig_expect_ledger(&rig, "a", "4000 = 3999 fired, 1 dead");
    weir_buffer_free(&expected);
    rig_close(&rig);
}

static void by_hand(void **state)
{
    static const rig_case cases[] = {
        {.name = "fire: on the cache, whatever the criteria say",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "all(a,b)", "a b"}}},
         .script = "fire:r a1 b1 a2 ; fire:r b2 ;",
         .record = "fire:not possible in this state r#1(a1 b1) r#2(a1 b1) r#3(a2 b2)",
         .ledgers = "a: 2 = 2 fired"},
        {.name = "fire: whatever `where:` says, and it answers with the outcome",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .where = true}},
                  .sinks = {"dead"}},
         .script = "a1 ; fire:r",
         .false_ids = "1",
         .fails = "1x1",
         .record = "r#1(a1)! fire:a node failed"},
        {.name = "fire with: replaces the whole cache",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a,b)", "a b?"}}},
         .script = "a1 b1 ; fire_with:r,a=7 ; fire:r fire_with:r,b=3 fire_with:r,c=1,a=1",
         .record = "r#1(a1) r#2(a1 b1) r#3(a7) r#4(a7) fire_with:invalid argument "
                   "fire_with:not found"},
        {.name = "fire on an empty cache, where no input is required",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .script = "fire:r a1 ;",
         .record = "r#1() r#2(a1)"},
        {.name =
             "fire with nothing, or with what is unknown, twice there or too much: refused, and "
             "the cache is as it was",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"w", "b", "state", "size=2"}},
                  .reactors = {{"r", "any(a,w)", "a? w?"}}},
         .script = "a1 b2 ; fire_with:r fire_with:r,a=3,c=4 fire_with:r,a=3,a=4 "
                   "fire_with:r,a=3,w=1+2+3 fire:r fire_with:r,w=5+6",
         .record = "r#1(a1) r#2(a1 w[2]) fire_with:invalid argument fire_with:not found "
                   "fire_with:invalid argument fire_with:over a limit r#3(a1 w[2]) r#4(w[5 6])"},
        {.name = "fire with: what waited for a value is asked then",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a)", "a b"}}},
         .script = "a1 a2 ; fire_with:r,a=7,b=8",
         .record = "r#1(a7 b8) r#2(a1 b8) r#3(a2 b8)"},
        {.name = "nothing is taken from the queues",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "all(a,b)", "a b"}}},
         .script = "a1 ; fire_with:r,a=7,b=8 fire:r b2 ;",
         .record = "r#1(a7 b8) r#2(a7 b8) r#3(a1 b2)",
         .ledgers = "a: 1 = 1 fired"},
        {.name = "not while a failed firing is to be tried again; a retry keeps its own inputs",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s"}}},
         .script = "a1 ; fire:r fire_with:r,a=2 +1s fire:r",
         .fails = "1x1",
         .record = "r#1(a1)! fire:not now fire_with:not now r#1(a1) r#2(a1)"},
        {.name = "a key that a refused call names is not made",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "max_keys=1"}}},
         .script = "pause:r fire_with:r,1,x=1 resume:r fire_with:r,2,x=2 fire_with:r,3,x=3",
         .record = "fire_with:not possible in this state r#1(x2) fire_with:over a limit"},
        {.name = "fire under a key",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x"}}},
         .script = "a1k1 a2k2 ; fire:r,1 fire:r,3 fire:r fire_with:r,3,x=9 fire:r,3",
         .record = "r#1(x1) r#2(x2) r#3(x1) fire:not found fire:invalid argument r#4(x9) r#5(x9)"},
        {.name = "refused while paused; resume asks at once",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "a1 ; pause:r a2 ; fire:r fire_with:r,a=1 resume:r fire:r",
         .record = "r#1(a1) fire:not possible in this state fire_with:not possible in this state "
                   "r#2(a2) r#3(a2)"},
        {.name = "resume asks a latest reactor at once too",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a", WEIR_LATEST}}},
         .script = "pause:r a1 a2 ; resume:r",
         .record = "r#1(a2)"},
        {.name = "what is fired by hand is fed back",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a)", "a", .to = "f"}, {"q", "any(f)", "f"}}},
         .script = "a1 ; fire:r",
         .record = "r#1(a1) q#1(f101) r#2(a1) q#2(f101)"},
        {.name = "inject: an event by hand",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "inject:a,7 a1 ; inject:x,1",
         .record = "r#1(a7) r#2(a1) inject:not found",
         .ledgers = "a: 1 = 1 fired"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_for_itself),
        cmocka_unit_test(accumulators_forget_with_their_reactors),
        cmocka_unit_test(many_keys_in_one_turn),
        cmocka_unit_test(by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
