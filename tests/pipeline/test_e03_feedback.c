/* SPDX-License-Identifier: Apache-2.0 */
/* test_e03_feedback.c - E3: results that become events. */
#include "tests/pipeline/rig.h"

static void feedback_comes_next(void **state)
{
    static const rig_case cases[] = {
        {.name = "before any other event, and it belongs to the one that caused it",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a)", "a", .to = "f"}, {"q", "any(f)", "f"}}},
         .script = "a1 a2 ;",
         .record = "r#1(a1) q#1(f101) r#2(a2) q#2(f102)",
         .ledgers = "a: 2 = 2 fired"},
        {.name = "into an accumulator that has a source of its own",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "any(a)", "a", .to = "b"}, {"q", "any(b)", "b"}}},
         .script = "a1 b2 ;",
         .record = "r#1(a1) q#1(b101) q#2(b2)",
         .ledgers = "a: 1 = 1 fired; b: 1 = 1 fired"},
        {.name = "several in the order of results, each to its end",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f"}, {"g"}, {"h"}},
                  .reactors = {{"r", "any(a)", "a", .to = "f g"},
                               {"q", "any(f)", "f", .to = "h"},
                               {"p", "any(g)", "g"},
                               {"o", "any(h)", "h"}}},
         .script = "a1 ;",
         .record = "r#1(a1) q#1(f101) o#1(h201) p#1(g101)"},
        {.name = "a cycle ends after max_rounds as a dead letter that names it",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a,f)", "a f?", .to = "f"}},
                  .sinks = {"dead"},
                  .settings = "max_rounds=3"},
         .script = "a1 ; a2 ;",
         .record = "r#1(a1) r#2(a1 f101) r#3(a1 f101) r#4(a1 f101) "
                   "dead(a101 the cycle r -> f -> r has gone round 3 times ('max_rounds')) "
                   "r#5(a2 f101) r#6(a2 f102) r#7(a2 f102) r#8(a2 f102) "
                   "dead(a102 the cycle r -> f -> r has gone round 3 times ('max_rounds'))",
         .ledgers = "a: 2 = 2 dead"},
        {.name = "a longer cycle is named whole, from where it ended",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f"}, {"g"}, {"x"}},
                  .reactors = {{"r", "any(a,f)", "a f?", .to = "g x"},
                               {"q", "any(g)", "g", .to = "f"},
                               {"p", "any(x)", "x"}},
                  .sinks = {"dead"},
                  .settings = "max_rounds=2"},
         .script = "a1 ;",
         .record = "r#1(a1) q#1(g101) r#2(a1 f201) "
                   "dead(a101 the cycle r -> g -> q -> f -> r has gone round 2 times "
                   "('max_rounds')) dead(a101 the chain r -> x has gone on 2 times "
                   "('max_rounds')) p#1(x101)",
         .ledgers = "a: 1 = 1 dead"},
        {.name = "what comes of a pair belongs to both of its events",
         .spec = {.sources = {{"a"}, {"b"}, {"c"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "all(a,b)", "a b", .to = "f"}, {"q", "all(f,c)", "f c"}},
                  .sinks = {"dead"}},
         .script = "a1 b2 ; c3 ; a4 b5 ; c6 ;",
         .fails = "104x1",
         .record =
             "r#1(a1 b2) q#1(f101 c3) r#2(a4 b5) q#2(f104 c6)! dead(a104 bad 104 in q.node#2) "
             "dead(b104 bad 104 in q.node#2) dead(c6 bad 104 in q.node#2)",
         .ledgers = "a: 2 = 1 fired, 1 dead; b: 2 = 1 fired, 1 dead; c: 2 = 1 fired, 1 dead"},
        {.name = "both are undone while it waits, also as a part of a batch",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"w", NULL, "batch", "max_size=2"}},
                  .reactors = {{"r", "all(a,b)", "a b", .to = "w"}, {"q", "any(w)", "w"}},
                  .sinks = {"dead"}},
         .script = "a1 b2 a3 ; flush:w a5 b6 ; ",
         .fails = "101x1",
         .record = "r#1(a1 b2) q#1(w[101])! dead(a101 bad 101 in q.node#1) "
                   "dead(b101 bad 101 in q.node#1) r#2(a3 b6)",
         .ledgers = "a: 3 = 1 dead, 2 waiting; b: 2 = 1 dead, 1 waiting"},
        {.name = "from a firing at the turn's end it belongs to that turn",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a)", "a", WEIR_LATEST, .to = "f"},
                               {"q", "any(f)", "f", WEIR_LATEST, .to = "out"}},
                  .sinks = {"out"}},
         .script = "a1 a2 ;",
         .record = "r#1(a2) q#1(f102) out=202"},
        {.name = "what waits keeps its cause undone",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"f"}},
                  .reactors = {{"r", "any(a)", "a", .to = "f"}, {"q", "all(f,b)", "f b"}}},
         .script = "a1 a2 ; b1 ;",
         .record = "r#1(a1) r#2(a2) q#1(f101 b1)",
         .ledgers = "a: 2 = 1 fired, 1 waiting; b: 1 = 1 fired"},
        {.name = "filtered or only kept on its second way: it has fired on its first",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"f", .where = true}},
                  .reactors = {{"r", "any(a)", "a f?", .to = "f"}}},
         .script = "a1 a2 ;",
         .record = "r#1(a1) r#2(a2 f101)",
         .false_ids = "102",
         .ledgers = "a: 2 = 2 fired"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(feedback_comes_next)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
