/* SPDX-License-Identifier: Apache-2.0 */
/* test_e11_accumulators.c - E11: what each kind of accumulator makes of its events. */
#include "tests/pipeline/rig.h"

static void streams(void **state)
{
    static const rig_case cases[] = {
        {.name = "a boundary of each event and the state",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream"}},
                  .reactors = {{"r", "any(x)", "x"}}},
         .script = "a1 a2 a3 ;",
         .record = "r#1(x1) r#2(x3) r#3(x6)"},
        {.name = "no boundary: filtered, and the state has it",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream"}},
                  .reactors = {{"r", "any(x)", "x"}}},
         .script = "a1 a2 a3 ;",
         .false_ids = "2",
         .record = "r#1(x1) r#2(x6)",
         .ledgers = "a: 3 = 2 fired, 1 filtered"},
        {.name = "an error: a dead letter, and the state has it not",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream"}},
                  .reactors = {{"r", "any(x)", "x"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 a3 ;",
         .bad_ids = "2",
         .record = "r#1(x1) dead(a2 bad 2) r#2(x4)",
         .ledgers = "a: 3 = 2 fired, 1 dead"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void batches(void **state)
{
    static const rig_case cases[] = {
        {.name = "flushed when full",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=2"}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "a1 a2 a3 a4 a5 ;",
         .record = "r#1(w[1 2]) r#2(w[3 4])",
         .ledgers = "a: 5 = 4 fired, 1 waiting"},
        {.name = "flushed by time from its first event, never empty",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=9 every=5s"}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "+3s a1 ; +4s a2 ; +1s +30s a3 ; +5s",
         .record = "r#1(w[1 2]) r#2(w[3])"},
        {.name = "flushed by hand",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=9"}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "flush:w a1 a2 ; flush:w flush:w flush:a flush:r",
         .record = "r#1(w[1 2]) flush:not found flush:not found"},
        {.name = "flushed with each firing of a reactor",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"w", "a", "batch", "max_size=9 flush_with=q"}},
                  .reactors = {{"r", "any(w)", "w"}, {"q", "any(b)", "b"}}},
         .script = "a1 a2 b1 b2 a3 b3 ;",
         .record = "q#1(b1) r#1(w[1 2]) q#2(b2) q#3(b3) r#2(w[3])"},
        {.name = "what the firing feeds back is in it",
         .spec = {.sources = {{"b"}},
                  .accumulators = {{"w", NULL, "batch", "max_size=9 flush_with=q"}},
                  .reactors = {{"r", "any(w)", "w"}, {"q", "any(b)", "b", .to = "w"}}},
         .script = "b1 b2 ;",
         .record = "q#1(b1) r#1(w[101]) q#2(b2) r#2(w[102])",
         .ledgers = "b: 2 = 2 fired"},
        {.name = "flushed at the end",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=9"}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "a1 a2 ; close ;",
         .record = "r#1(w[1 2])",
         .ledgers = "a: 2 = 2 fired"},
        {.name = "and on a stop",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=9"}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "a1 a2 ; stop ;",
         .record = "r#1(w[1 2])",
         .ledgers = "a: 2 = 2 fired"},
        {.name = "keyed: a batch a key",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=2", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "a1k1 a2k2 a3k1 a4k1 a5k2 ; flush:w",
         .record = "r#1(w[1 3]) r#2(w[2 5]) r#3(w[4])"},
        {.name = "keyed, with a firing of the same key",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"w", "a", "batch", "max_size=9 flush_with=q", .keyed = true},
                                   {"x", "b", .keyed = true}},
                  .reactors = {{"r", "any(w)", "w"}, {"q", "any(x)", "x"}}},
         .script = "a1k1 a2k2 b1k2 b2k3 ;",
         .record = "q#1(x1) r#1(w[2]) q#2(x2)"},
        {.name = "a failed batch is a dead letter of each event",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "batch", "max_size=3"}},
                  .reactors = {{"r", "any(w)", "w"}},
                  .sinks = {"dead"}},
         .script = "a1 a2 a3 ;",
         .fails = "2x1",
         .record = "r#1(w[1 2 3])! dead(a1 bad 2 in r.node#1) dead(a2 bad 2 in r.node#1) "
                   "dead(a3 bad 2 in r.node#1)",
         .ledgers = "a: 3 = 3 dead"},
        {.name = "a batch that waits is copied, and its ring goes on",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"w", "a", "batch", "max_size=2"}},
                  .reactors = {{"r", "all(w,b)", "w b"}}},
         .script = "a1 a2 a3 a4 a5 a6 a7 a8 ; b1 b2 b3 b4 ;",
         .record = "r#1(w[1 2] b1) r#2(w[3 4] b2) r#3(w[5 6] b3) r#4(w[7 8] b4)"},
        {.name = "only kept: outside the criteria",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"w", "a", "batch", "max_size=2"}},
                  .reactors = {{"r", "any(b)", "w b"}}},
         .script = "a1 a2 a3 ; b1 ; a4 ; b2 ;",
         .record = "r#1(w[1 2] b1) r#2(w[3 4] b2)",
         .ledgers = "a: 4 = 4 kept"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void states(void **state)
{
    static const rig_case cases[] = {
        {.name = "the last values at each write",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "state", "size=3"}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "a1 a2 a3 a4 a5 a6 a7 ;",
         .record = "r#1(w[1]) r#2(w[1 2]) r#3(w[1 2 3]) r#4(w[2 3 4]) r#5(w[3 4 5]) "
                   "r#6(w[4 5 6]) r#7(w[5 6 7])"},
        {.name = "written by feedback",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", NULL, "state", "size=2"}},
                  .reactors = {{"r", "any(a)", "a w?", .to = "w"}}},
         .script = "a1 a2 a3 a4 ;",
         .record = "r#1(a1) r#2(a2 w[101]) r#3(a3 w[101 102]) r#4(a4 w[102 103])",
         .ledgers = "a: 4 = 4 fired"},
        {.name = "what waits is as it was",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"w", "a", "state", "size=2"}},
                  .reactors = {{"r", "any(w)", "w"}}},
         .script = "pause:r a1 a2 a3 a4 a5 ; resume:r",
         .record = "r#1(w[1]) r#2(w[1 2]) r#3(w[2 3]) r#4(w[3 4]) r#5(w[4 5])"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void polls(void **state)
{
    static const rig_case cases[] = {
        {.name = "at its beat; no change gives nothing",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"p", NULL, "polling", "every=2s"}},
                  .reactors = {{"r", "any(p)", "p"}}},
         .script = "+1s +1s +2s +2s",
         .false_ids = "2",
         .record = "r#1(p1) r#2(p3)"},
        {.name = "a jump of the clock gives every beat of virtual time",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"p", NULL, "polling", "every=2s"}},
                  .reactors = {{"r", "any(p)", "p"}}},
         .script = "+7s",
         .record = "r#1(p1) r#2(p2) r#3(p3)"},
        {.name = "injected",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"p", NULL, "polling", "every=2s"}},
                  .reactors = {{"r", "any(p)", "p"}}},
         .script = "inject:p,50 +2s",
         .record = "r#1(p50) r#2(p1)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams),
        cmocka_unit_test(batches),
        cmocka_unit_test(states),
        cmocka_unit_test(polls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
