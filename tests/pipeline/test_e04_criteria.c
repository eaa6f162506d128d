/* SPDX-License-Identifier: Apache-2.0 */
/* test_e04_criteria.c - E4, E5: criteria and strategies; E6: warming; E8: `where:`. */
#include "tests/pipeline/rig.h"

static void the_four_corners(void **state)
{
    static const rig_case cases[] = {
        {.name = "when_any, sequential: combineLatest without loss",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .script = "a1 a2 b1 a3 ;",
         .record = "r#1(a1) r#2(a2) r#3(a2 b1) r#4(a3 b1)"},
        {.name = "when_any, latest: one firing a turn with the newest of each",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a,b)", "a? b?", WEIR_LATEST}}},
         .script = "a1 a2 b1 a3 ; b2 b3 ; ;",
         .record = "r#1(a3 b1) r#2(a3 b3)",
         .ledgers = "a: 3 = 1 fired, 2 collapsed; b: 3 = 2 fired, 1 collapsed"},
        {.name = "when_all, sequential: zip",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "all(a,b)", "a b"}}},
         .script = "a1 a2 a3 b1 ; b2 ; b3 b4 ;",
         .record = "r#1(a1 b1) r#2(a2 b2) r#3(a3 b3)",
         .ledgers = "a: 3 = 3 fired; b: 4 = 3 fired, 1 waiting"},
        {.name = "when_all, latest: newest with newest since the last firing",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "all(a,b)", "a b", WEIR_LATEST}}},
         .script = "a1 a2 ; b1 b2 ; b3 ; a3 a4 ;",
         .record = "r#1(a2 b2) r#2(a4 b3)",
         .ledgers = "a: 4 = 2 fired, 2 collapsed; b: 3 = 2 fired, 1 collapsed"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void nested_criteria(void **state)
{
    static const rig_case cases[] = {
        {.name = "all(f,any(b,c)): each f with the first of b and c that has come",
         .spec = {.sources = {{"f"}, {"b"}, {"c"}},
                  .reactors = {{"r", "all(f,any(b,c))", "f b? c?"}}},
         .script = "c1 b1 f1 f2 ; f3 ; b2 ;",
         .record = "r#1(f1 c1) r#2(f2 b1 c1) r#3(f3 b2 c1)",
         .ledgers = "f: 3 = 3 fired; b: 2 = 2 fired; c: 1 = 1 fired"},
        {.name = "any takes the child that has been true longest",
         .spec = {.sources = {{"a"}, {"b"}, {"c"}},
                  .reactors = {{"r", "any(all(a,b),c)", "a? b? c?"}}},
         .script = "pause:r a1 c1 b1 ; resume:r",
         .record = "r#1(c1) r#2(a1 b1 c1)"},
        {.name = "any takes with it those that are true since the same event",
         .spec = {.sources = {{"s"}, {"c"}},
                  .accumulators = {{"a", "s"}, {"b", "s"}},
                  .reactors = {{"r", "any(a,b,c)", "a? b? c?"}}},
         .script = "pause:r s1 c1 s2 ; resume:r",
         .record = "r#1(a1 b1) r#2(a1 b1 c1) r#3(a2 b2 c1)"},
        {.name = "under latest any takes every child that is true",
         .spec = {.sources = {{"a"}, {"b"}, {"c"}},
                  .reactors = {{"r", "any(all(a,b),c)", "a? b? c?", WEIR_LATEST}}},
         .script = "a1 c1 b1 ; a2 c2 ;",
         .record = "r#1(a1 b1 c1) r#2(a1 b1 c2)",
         .ledgers = "a: 2 = 1 fired, 1 waiting"},
        {.name = "a graph on each trade with the newest quote",
         .spec = {.sources = {{"t"}, {"q"}}, .reactors = {{"r", "any(t)", "t q"}}},
         .script = "q1 q2 t1 q3 t2 t3 ;",
         .record = "r#1(t1 q2) r#2(t2 q3) r#3(t3 q3)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void warming_takes_nothing(void **state)
{
    static const rig_case cases[] = {
        {.name = "boundaries wait for a required input outside the criteria",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a)", "a b"}}},
         .script = "a1 a2 ; b1 ; a3 ;",
         .record = "r#1(a1 b1) r#2(a2 b1) r#3(a3 b1)",
         .ledgers = "a: 3 = 3 fired; b: 1 = 1 kept"},
        {.name = "a required input of the criteria is taken along once",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a,b)", "a b"}}},
         .script = "a1 a2 b1 b2 ;",
         .record = "r#1(a1 b1) r#2(a2 b1) r#3(a2 b2)"},
        {.name = "an optional input stays absent until it is taken",
         .spec = {.sources = {{"a"}, {"b"}, {"c"}}, .reactors = {{"r", "any(a,b)", "a b? c"}}},
         .script = "a1 b1 ; c1 ;",
         .record = "r#1(a1 c1) r#2(a1 b1 c1)"},
        {.name = "under latest too",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a)", "a b", WEIR_LATEST}}},
         .script = "a1 ; a2 ; b1 ;",
         .record = "r#1(a2 b1)",
         .ledgers = "a: 2 = 1 fired, 1 collapsed"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void warming_is_per_key(void **state)
{
    static const rig_case cases[] = {
        {.name = "a key that has all of its own fires",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x y"}}},
         .script = "a1k1 a2k2 ; b3k2 ; a4k2 a5k1 ; b6k1 ;",
         .record = "r#1(x2 y3) r#2(x4 y3) r#3(x1 y6) r#4(x5 y6)"},
        {.name = "what all of them lack holds them all",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x b"}}},
         .script = "a1k1 a2k2 ; b3 ;",
         .record = "r#1(x1 b3) r#2(x2 b3)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void by_default_warming_takes_30_s(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a"}, {"b"}},
        .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
        .reactors = {{"r", "any(x)", "x y"}},
    };
    rig_world rig = {0};
    weir_report *report;

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "; +29s a1k1 ;");
    const weir_reactor_report *r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.health, WEIR_REACTOR_WARMING);
    weir_report_free(report);
    rig_run(&rig, "+2s");
    r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.health, WEIR_REACTOR_WARMING | WEIR_REACTOR_DEGRADED);
    assert_string_equal(r->missing, "y");
    weir_report_free(report);
    rig_run(&rig, "b1k9 ;"); /* under any key */
    r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.health, 0);
    weir_report_free(report);
    rig_expect(&rig, "");
    rig_close(&rig);
}

static void health_names_what_is_missing(void **state)
{
    static const rig_spec spec = {.sources = {{"a"}, {"b"}},
                                  .reactors = {{"r", "any(a)", "a b", .settings = "warming=2s"}}};
    rig_world rig = {0};
    weir_report *report;

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1 ; +1s");
    const weir_reactor_report *r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.health, WEIR_REACTOR_WARMING);
    assert_string_equal(r->missing, "b");
    weir_report_free(report);
    rig_run(&rig, "+2s");
    r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.health, WEIR_REACTOR_WARMING | WEIR_REACTOR_DEGRADED);
    weir_report_free(report);
    rig_run(&rig, "b1 ;");
    r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.health, 0);
    assert_null(r->missing);
    weir_report_free(report);
    rig_expect(&rig, "r#1(a1 b1)");
    rig_close(&rig);
}

static void where_of_a_reactor(void **state)
{
    static const rig_case cases[] = {
        {.name = "false: done without a firing, and the cache has it",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "any(a,b)", "a? b?", .where = true}}},
         .script = "a1 a2 b3 ;",
         .record = "r#1(a1)",
         .false_ids = "2",
         .ledgers = "a: 2 = 1 fired, 1 filtered; b: 1 = 1 filtered"},
        {.name = "under latest and by key",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}},
                  .reactors = {{"r", "any(x)", "x b?", WEIR_LATEST, .where = true},
                               {"q", "any(b)", "b"}}},
         .script = "a1k1 a2k2 a3k2 ; a4k2 ; a2k2 ; b5 ;",
         .record = "r#1(x1) r#2(x3) q#1(b5)",
         .false_ids = "2,4",
         .ledgers = "a: 5 = 2 fired, 2 filtered, 1 collapsed"},
        {.name = "an error in it buries what was taken",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "all(a,b)", "a b", .where = true}},
                  .sinks = {"dead"}},
         .script = "a1 a2 b1 b2 ;",
         .record = "dead(a1 bad 1 in r) dead(b1 bad 1 in r) r#1(a2 b2)",
         .bad_ids = "1",
         .ledgers = "a: 2 = 1 fired, 1 dead; b: 2 = 1 fired, 1 dead"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void what_where_refuses_is_counted(void **state)
{
    static const rig_spec spec = {.sources = {{"a"}},
                                  .reactors = {{"r", "any(a)", "a", .where = true}}};
    rig_world rig = {.false_ids = "2,3", .bad_ids = "4"};
    weir_report *report;

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1 a2 a3 a4 ; fire:r");
    const weir_reactor_report *r = rig_report(&rig, "r", &report);
    assert_int_equal(r->metrics.fired, 2);
    assert_int_equal(r->metrics.filtered, 2);
    assert_int_equal(r->metrics.failed, 1);
    weir_report_free(report);
    rig_expect(&rig, "r#1(a1) r#2(a4)");
    rig_close(&rig);
}

static void where_of_an_accumulator(void **state)
{
    static const rig_case cases[] = {
        {.name = "false: the event goes no further there",
         .spec = {.sources = {{"s"}},
                  .accumulators = {{"a", "s", .where = true}},
                  .reactors = {{"r", "any(a)", "a"}}},
         .script = "s1 s2 s3 ;",
         .record = "r#1(a1) r#2(a3)",
         .false_ids = "2",
         .ledgers = "s: 3 = 2 fired, 1 filtered"},
        {.name = "an error in it is a dead letter",
         .spec = {.sources = {{"s"}},
                  .accumulators = {{"a", "s", .where = true}, {"b", "s"}},
                  .reactors = {{"r", "any(a)", "a"}, {"q", "any(b)", "b"}},
                  .sinks = {"dead"}},
         .script = "s1 s2 ;",
         .record = "dead(s1 bad 1) q#1(b1) r#1(a2) q#2(b2)",
         .bad_ids = "1",
         .ledgers = "s: 2 = 1 fired, 1 dead"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_four_corners),
        cmocka_unit_test(nested_criteria),
        cmocka_unit_test(warming_takes_nothing),
        cmocka_unit_test(health_names_what_is_missing),
        cmocka_unit_test(where_of_a_reactor),
        cmocka_unit_test(where_of_an_accumulator),
        cmocka_unit_test(warming_is_per_key),
        cmocka_unit_test(by_default_warming_takes_30_s),
        cmocka_unit_test(what_where_refuses_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
