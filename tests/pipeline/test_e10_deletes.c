/* SPDX-License-Identifier: Apache-2.0 */
/* test_e10_deletes.c - E10: a source deletes a key, with all that is kept under it. */
#include "tests/pipeline/rig.h"

#define LOG(name, items)                                                                           \
    {                                                                                              \
        name, "items=" items, .kind = "log"                                                        \
    }
#define DELETED "its key was deleted by a tombstone"

static void what_is_kept_goes(void **state)
{
    static const rig_case cases[] = {
        {.name = "cache and states, of that key alone",
         .spec = {.sources = {LOG("a", "1k1,2k2,x1,4k1,8k2,x3"), {"b"}},
                  .accumulators = {{"x", "a", "stream", .keyed = true}, {"y", "b", .keyed = true}},
                  .reactors = {{"r", "any(x,y)", "x? y?", .sums = true}}},
         .script = "b16k1 ; b32k1 ;",
         .record = "r#1(y16 =16) r#2(x1 y16 =17) r#3(x2 =2) r#4(x4 =4) r#5(x10 =12) commit(a 6) "
                   "r#6(x4 y32 =8)",
         .ledgers = "a: 6 = 4 fired, 2 dropped"},
        {.name = "also what the reactor has of other sources under it",
         .spec = {.sources = {LOG("a", "1k1,~,x1,2k1"), {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
                  .reactors = {{"r", "any(x,y)", "x? y?"}, {"q", "any(y)", "y"}}},
         .script = "b5k1 ; ; b6k1 ;",
         .record = "r#1(y5) q#1(y5) r#2(x1 y5) commit(a 1) r#3(x2) commit(a 3) r#4(x2 y6) q#2(y6)"},
        {.name = "accumulators without a key stay",
         .spec = {.sources = {LOG("a", "1k1,x1,2k1")},
                  .accumulators = {{"x", "a", "stream"}, {"y", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x"}, {"q", "any(y)", "y x"}}},
         .script = ";",
         .record = "r#1(x1) q#1(y1 x1) r#2(x3) q#2(y2 x3) commit(a 3)"},
        {.name = "it gives its place to another",
         .spec = {.sources = {LOG("a", "1k1,2k2,x1,3k2,x2,4k3")},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "max_keys=1"}},
                  .sinks = {"dead"}},
         .script = ";",
         .record = "r#1(x1) dead(a2 'max_keys' keys are there already) r#2(x3) r#3(x4) "
                   "commit(a 6)"},
        {.name = "`ttl` counts anew",
         .spec = {.sources = {LOG("a", "1k1,~,x1,2k1,~,3k1,~,~,4k1,~")},
                  .accumulators = {{"x", "a", "stream", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .settings = "ttl=10s"}}},
         .script = "; +6s ; +6s ; +6s ; +11s ;",
         .record = "r#1(x1) commit(a 1) r#2(x2) commit(a 3) r#3(x5) commit(a 4) r#4(x4) "
                   "commit(a 5)"},
        {.name = "keys are flushed in the order in which they came, also those that came again",
         .spec = {.sources = {LOG("a", "1k1,2k2,x1,3k3,4k1,~")},
                  .accumulators = {{"w", "a", "batch", "max_size=3", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "; flush:w",
         .record = "commit(a 1) r#1(w[2]) r#2(w[3]) r#3(w[4])"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void what_waits(void **state)
{
    static const rig_case cases[] = {
        {.name = "for a partner becomes dead letters",
         .spec = {.sources = {LOG("a", "1k1,2k2,x1,3k1,~"), {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
                  .reactors = {{"r", "all(x,y)", "x y"}},
                  .sinks = {"dead"}},
         .script = "; b1k1 b2k2 ;",
         .record = "dead(a1 " DELETED ") commit(a 1) r#1(x3 y1) r#2(x2 y2) commit(a 4)",
         .ledgers = "a: 4 = 2 fired, 1 dropped, 1 dead"},
        {.name = "for a required input too",
         .spec = {.sources = {LOG("a", "1k1,x1,~,2k1"), {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x b"}},
                  .sinks = {"dead"}},
         .script = "; b1 ; ;",
         .record = "dead(a1 " DELETED ") commit(a 2) r#1(x2 b1) commit(a 3)"},
        {.name = "in a batch too",
         .spec = {.sources = {LOG("a", "1k1,2k1,3k2,x1,4k1,5k2,6k1,7k1")},
                  .accumulators = {{"w", "a", "batch", "max_size=3", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w"}},
                  .sinks = {"dead"}},
         .script = ";",
         .record = "dead(a1 " DELETED ") dead(a2 " DELETED ") r#1(w[4 6 7]) commit(a 2) "
                   "r#2(w[3 5]) commit(a 8)",
         .ledgers = "a: 8 = 5 fired, 1 dropped, 2 dead"},
        {.name = "under latest is overwritten",
         .spec = {.sources = {LOG("a", "1k1,2k2,x1,3k3")},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", WEIR_LATEST}}},
         .script = ";",
         .record = "r#1(x2) r#2(x3) commit(a 4)",
         .ledgers = "a: 4 = 2 fired, 1 collapsed, 1 dropped"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void it_goes_in_its_turn(void **state)
{
    static const rig_case cases[] = {
        {.name = "after a firing that is tried again",
         .spec = {.sources = {LOG("a", "1k1,2k1,x1,4k1,8k2")},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .sums = true,
                                .graphs = "on_error=retry delay=2s attempts=2"}}},
         .script = "; +1s ; +1s ;",
         .fails = "1x1",
         .record = "r#1(x1 =1)! r#1(x1 =1) r#2(x2 =3) r#3(x4 =4) r#4(x8 =8) commit(a 5)"},
        {.name = "other keys are not held by a firing that is tried again",
         .spec = {.sources = {LOG("a", "1k1,x2,2k2,~,~")},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x",
                                .graphs = "on_error=retry delay=2s attempts=2"}}},
         .script = "; +2s ;",
         .fails = "1x1",
         .record = "r#1(x1)! r#2(x2) r#1(x1) commit(a 3)"},
        {.name = "after what waits for a reactor that is held",
         .spec = {.sources = {LOG("a", "~,1k1,2k1,x1,4k1,~")},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", .sums = true}}},
         .script = "; pause:r ; resume:r ;",
         .record = "r#1(x1 =1) r#2(x2 =3) r#3(x4 =4) commit(a 4)"},
        {.name = "under latest a held reactor does not hold it",
         .spec = {.sources = {LOG("a", "~,1k1,x1,2k2,~")},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x", WEIR_LATEST}}},
         .script = "; pause:r ; resume:r ;",
         .record = "commit(a 2) r#1(x2) commit(a 3)"},
        {.name = "after a batch that waits for a place",
         .spec = {.sources = {LOG("a", "~,1k1,2k1,3k1,x1,4k1,~")},
                  .accumulators = {{"w", "a", "batch", "max_size=1", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w", .settings = "capacity=1"}}},
         .script = "; pause:r ; resume:r ;",
         .record = "r#1(w[1]) r#2(w[2]) r#3(w[3]) r#4(w[4]) commit(a 5)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

/* In a replay it goes at its time, without one as soon as it comes. */
static void in_a_replay(void **state)
{
    static const struct {
        const char *items, *expected;
    } cases[] = {
        {"items=1k1@10,x1@30,2k1@40", "r#1(x1) r#2(x1 y20) r#3(y35) r#4(x2 y35)"},
        {"items=1k1@10,x1,2k1@40", "r#1(x1) r#2(y20) r#3(y35) r#4(x2 y35)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_spec spec = {
            .sources = {{"a", cases[i].items, .timed = true, .kind = "history"},
                        {"b", "items=20k1@20,35k1@35", .timed = true, .kind = "history"}},
            .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
            .reactors = {{"r", "any(x,y)", "x? y?"}}};
        rig_world rig = {.config.mode = WEIR_MODE_REPLAY};
        rig_open(&rig, &spec);
        rig_run(&rig, ";");
        rig_expect(&rig, cases[i].expected);
        rig_expect_ledger(&rig, "a", "3 = 2 fired, 1 dropped");
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_goes),
        cmocka_unit_test(what_waits),
        cmocka_unit_test(it_goes_in_its_turn),
        cmocka_unit_test(in_a_replay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
