/* SPDX-License-Identifier: Apache-2.0 */
/* test_e01_order.c - E1: order within a turn; E2: one firing an event, reactors in their order. */
#include "tests/pipeline/rig.h"

#include <stdio.h>

static void events_go_in_the_order_of_their_stamps(void **state)
{
    static const rig_case cases[] = {
        {.name = "one source, one event a firing",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "a1 a2 a3 ;",
         .record = "r#1(a1) r#2(a2) r#3(a3)",
         .ledgers = "a: 3 = 3 fired"},
        {.name = "two sources are merged by stamp",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a,b)", "a? b?"}}},
         .script = "b1 a1 b2 b3 a2 ; a3 ;",
         .record = "r#1(b1) r#2(a1 b1) r#3(a1 b2) r#4(a1 b3) r#5(a2 b3) r#6(a3 b3)",
         .ledgers = "a: 3 = 3 fired; b: 3 = 3 fired"},
        {.name = "nothing is taken before its turn",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "a1 a2",
         .record = "",
         .ledgers = "a: 2 = 2 waiting"},
        {.name = "a small channel goes round",
         .spec = {.sources = {{"a", "capacity=2"}}, .reactors = {{"r", "any(a)", "a"}}},
         .script = "a1 a2 ; a3 ; a4 a5 ;",
         .record = "r#1(a1) r#2(a2) r#3(a3) r#4(a4) r#5(a5)"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void one_event_is_one_firing(void **state)
{
    static const rig_case cases[] = {
        {.name = "an event that reaches a reactor twice fires it once",
         .spec = {.sources = {{"s"}},
                  .accumulators = {{"a", "s"}, {"b", "s"}},
                  .reactors = {{"r", "any(a,b)", "a b"}}},
         .script = "s1 s2 ;",
         .record = "r#1(a1 b1) r#2(a2 b2)",
         .ledgers = "s: 2 = 2 fired"},
        {.name = "all accumulators have it before the first reactor is asked",
         .spec = {.sources = {{"s"}},
                  .accumulators = {{"a", "s"}, {"b", "s"}},
                  .reactors = {{"r", "any(a)", "a b"}}},
         .script = "s1 ; s2 ;",
         .record = "r#1(a1 b1) r#2(a2 b2)"},
        {.name = "reactors run in the order of the spec",
         .spec = {.sources = {{"s"}}, .reactors = {{"r", "any(s)", "s"}, {"q", "any(s)", "s"}}},
         .script = "s1 s2 ;",
         .record = "r#1(s1) q#1(s1) r#2(s2) q#2(s2)"},
        {.name = "graphs run in the order of the spec",
         .spec = {.sources = {{"s"}}, .reactors = {{"r", "any(s)", "s", .graphs = "|"}}},
         .script = "s1 s2 ;",
         .record = "r#1(s1) r.1#1(s1) r#2(s2) r.1#2(s2)"},
        {.name = "an event outside the criteria asks too, and fires nothing of itself",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a)", "a b"}}},
         .script = "b1 b2 a1 b3 ; a2 ;",
         .record = "r#1(a1 b2) r#2(a2 b3)",
         .ledgers = "a: 2 = 2 fired; b: 3 = 3 kept"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

/* Pushed at one moment of the virtual clock, so with one stamp. */
static void push_now(rig_world *rig, uint32_t source, int64_t id)
{
    rig_item item = {.id = id};

    assert_int_equal(weir_runtime_push(rig->runtime, &rig->tables->module, source, &item, 1, NULL),
                     WEIR_OK);
}

static void ties_go_by_the_order_of_the_spec(void **state)
{
    static const rig_spec spec = {.sources = {{"a"}, {"b"}, {"c"}},
                                  .reactors = {{"r", "any(a,b,c)", "a? b? c?"}}};
    rig_world rig = {0};

    (void)state;
    rig_open(&rig, &spec);
    push_now(&rig, 2, 1);
    push_now(&rig, 1, 2);
    push_now(&rig, 0, 3);
    push_now(&rig, 1, 4);
    rig_run(&rig, ";");
    rig_expect(&rig, "r#1(a3) r#2(a3 b2) r#3(a3 b4) r#4(a3 b4 c1)");
    rig_close(&rig);
}

/* The first item of a turn pushes another one. */
static void push_more(rig_world *rig, const char *reactor, int64_t id)
{
    (void)reactor;
    if (id == 1)
        rig_run(rig, "a3");
}

static void what_is_pushed_in_a_turn_is_the_next_ones(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a"}, {"b"}},
        .reactors = {{"r", "any(a)", "a"}, {"q", "any(a)", "a", WEIR_LATEST}}};
    rig_world rig = {.during = push_more, .live = true};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1 a2");
    assert_int_equal(weir_runtime_poll(rig.runtime, NULL), WEIR_OK);
    rig_expect(&rig, "r#1(a1) r#2(a2) q#1(a2)");
    assert_int_equal(weir_runtime_poll(rig.runtime, NULL), WEIR_OK);
    rig_expect(&rig, "r#3(a3) q#2(a3)");
    rig_close(&rig);
}

/* A span holds at most 256 events, or 64 KiB of them. */
static void spans_are_bounded(void **state)
{
    static const struct {
        size_t pad; /* of a value, beside the item */
        size_t most;
    } cases[] = {{0, 256}, {1000, 64}, {100000, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_limits seen = {.type = rig_item_type};
        seen.type.size += (uint32_t)cases[i].pad;
        rig_world rig = {.limits = &seen};
        static const rig_spec spec = {.sources = {{"a", .kind = "limits"}},
                                      .reactors = {{"r", "any(a)", "a"}}};
        rig_open(&rig, &spec);
        rig_run(&rig, ";");
        assert_int_equal(seen.most, cases[i].most);
        rig_close(&rig);
    }
}

/* More than a span, and more than fits in 64 KiB of values. */
static void spans_are_not_seen(void **state)
{
    static const rig_spec spec = {.sources = {{"a", "capacity=8192"}, {"b", "capacity=8192"}},
                                  .reactors = {{"r", "any(a,b)", "a? b?"}}};
    rig_world rig = {0};
    weir_buffer expected = {0};

    (void)state;
    rig_open(&rig, &spec);
    for (int i = 1; i <= 5000; i++) {
        char word[32];
        snprintf(word, sizeof word, "%s%d", i % 700 == 0 ? "b" : "a", i);
        rig_run(&rig, word);
        weir_buffer_printf(&expected, "%sr#%d(", i != 1 ? " " : "", i);
        int b = i / 700 * 700, a = i % 700 == 0 ? i - 1 : i;
        weir_buffer_printf(&expected, "a%d", a);
        if (b != 0)
            weir_buffer_printf(&expected, " b%d", b);
        weir_buffer_text(&expected, ")");
    }
    rig_run(&rig, ";");
    rig_expect(&rig, expected.data);
    rig_expect_ledger(&rig, "b", "7 = 7 fired");
    weir_buffer_free(&expected);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_go_in_the_order_of_their_stamps),
        cmocka_unit_test(ties_go_by_the_order_of_the_spec),
        cmocka_unit_test(what_is_pushed_in_a_turn_is_the_next_ones),
        cmocka_unit_test(one_event_is_one_firing),
        cmocka_unit_test(spans_are_bounded),
        cmocka_unit_test(spans_are_not_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
