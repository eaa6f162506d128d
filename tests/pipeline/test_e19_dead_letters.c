/* SPDX-License-Identifier: Apache-2.0 */
/* test_e19_dead_letters.c - E19: what a dead letter says, where it goes, and the ledger. */
#include "tests/pipeline/rig_spec.h"

#include <stdlib.h>
#include <string.h>

/* --- What it says --- */

enum { LETTERS = 8 };

typedef struct letters {
    weir_dead_letter list[LETTERS];
    size_t count;
} letters;

static void keep_letter(const weir_dead_letter *letter, void *arg)
{
    letters *kept = arg;

    assert_true(kept->count < LETTERS);
    kept->list[kept->count++] = *letter;
}

static void assert_raw(const weir_dead_letter *letter, const char *expected)
{
    assert_int_equal(letter->raw_size, strlen(expected));
    assert_memory_equal(letter->raw, expected, letter->raw_size);
}

static void a_letter_tells_all_that_is_known(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a", .timed = true}, {"b"}},
        .reactors = {{"r", "all(a,b)", "a b", .settings = "wait=5s"}},
    };
    letters kept = {.count = 0};
    rig_world rig = {.config = {.dead_letter = keep_letter, .dead_letter_arg = &kept},
                     .fails[2] = 1};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1@70 b1 a2@80 b3 a4@90 ; +9s");
    assert_int_equal(kept.count, 3);
    const weir_dead_letter *a = &kept.list[0], *b = &kept.list[1], *waited = &kept.list[2];
    assert_string_equal(a->source, "a");
    assert_int_equal(a->position, 1);
    assert_int_equal(a->partition, 0);
    assert_int_equal(a->time, 80);
    assert_string_equal(a->reason, "bad 2");
    assert_string_equal(a->node, "r.node");
    assert_int_equal(a->firing, 2);
    assert_string_equal(a->inputs, "{\"a\":{\"id\":2,\"key\":0},\"b\":{\"id\":3,\"key\":0}}");
    assert_raw(a, "re-encoded: {\"id\":2,\"key\":0}");
    assert_string_equal(b->source, "b");
    assert_int_equal(b->time, 0); /* it has none */
    assert_int_equal(b->firing, a->firing);
    assert_string_equal(b->inputs, a->inputs);
    assert_string_equal(waited->reason, "unpaired: it has waited longer than 'wait'");
    assert_string_equal(waited->node, "");
    assert_int_equal(waited->firing, 0);
    assert_string_equal(waited->inputs, "");
    rig_close(&rig);
}

/* What is read from bytes keeps them, as long as they are there. */
static void the_raw_bytes_of_this_turn(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a", "items=1,2,!,3", .kind = "log"}, {"b"}},
        .reactors = {{"r", "any(a)", "a"}},
    };
    letters kept = {.count = 0};
    rig_world rig = {.config = {.dead_letter = keep_letter, .dead_letter_arg = &kept},
                     .fails[2] = 1};

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, ";");
    assert_int_equal(kept.count, 2);
    assert_raw(&kept.list[0], "{\"id\":2}");
    assert_raw(&kept.list[1], "<!>");
    assert_string_equal(kept.list[1].reason, "undecodable: it is a !");
    assert_int_equal(kept.list[1].position, 2);
    rig_close(&rig);
}

static void fail_oddly(rig_world *rig, const char *reactor, int64_t id)
{
    (void)reactor;
    (void)id;
    rig->odd_reason = "bad \xff \xc3\xa4 \xc3";
}

/* A reason with bytes that are no UTF-8 is written all the same. */
static void any_reason_can_be_written(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a"}},
        .reactors = {{"r", "any(a)", "a"}},
        .sinks = {"gate:dead"},
    };
    letters kept = {.count = 0};
    rig_world rig = {.config = {.dead_letter = keep_letter, .dead_letter_arg = &kept},
                     .fails[1] = 1,
                     .during = fail_oddly};
    weir_report *report;

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1 ;");
    assert_int_equal(kept.count, 1);
    assert_string_equal(kept.list[0].reason, "bad ? \xc3\xa4 ?");
    rig_report(&rig, "r", &report);
    assert_int_equal(report->sinks[0].metrics.results, 1);
    weir_report_free(report);
    rig_close(&rig);
}

/* --- Where it goes --- */

static void the_nearest_place_that_is_named(void **state)
{
    static const rig_case cases[] = {
        {.name = "its graph's, else its source's, else that of all",
         .spec = {.sources = {{"a", .dead_letters = "dead2"}, {"b"}},
                  .reactors = {{"r", "any(a)", "a"},
                               {"q", "any(b)", "b"},
                               {"p", "any(b)", "b", .dead_letters = "dead3"}},
                  .sinks = {"dead", "dead2", "dead3"}},
         .script = "a1 b2 ;",
         .fails = "1x1 2x2",
         .record = "r#1(a1)! dead2(a1 bad 1 in r.node#1) q#1(b2)! dead(b2 bad 2 in q.node#1) "
                   "p#1(b2)! dead3(b2 bad 2 in p.node#1)"},
        {.name = "none: nowhere, but counted",
         .spec = {.sources = {{"a", .dead_letters = "none"}, {"b"}},
                  .reactors = {{"r", "any(a)", "a"}, {"q", "any(b)", "b", .dead_letters = "none"}},
                  .sinks = {"dead"}},
         .script = "a1 b2 ;",
         .fails = "1x1 2x1",
         .record = "r#1(a1)! q#1(b2)!",
         .ledgers = "a: 1 = 1 dead; b: 1 = 1 dead"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void note_line(void *arg, weir_level level, const char *room, const char *name,
                      const char *message)
{
    weir_buffer *lines = arg;

    (void)level;
    (void)room;
    weir_buffer_printf(lines, "%s: %.*s|", name, (int)strcspn(message, "("), message);
}

static void each_event_once_a_failure(void **state)
{
    static const rig_case cases[] = {
        {.name = "an event that came in two ways",
         .spec = {.sources = {{"s"}},
                  .accumulators = {{"a", "s"}, {"b", "s"}},
                  .reactors = {{"r", "all(a,b)", "a b"}},
                  .sinks = {"dead"}},
         .script = "s1 ;",
         .fails = "1x1",
         .record = "r#1(a1 b1)! dead(s1 bad 1 in r.node#1)"},
        {.name = "also when it was fed back with a partner",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"f"}, {"x", "a"}},
                  .reactors = {{"r", "all(a,b)", "a b", .to = "f"}, {"q", "all(x,f)", "x f"}},
                  .sinks = {"dead"}},
         .script = "a1 b2 ;",
         .fails = "101x1",
         .record = "r#1(a1 b2) q#1(x1 f101)! dead(a1 bad 101 in q.node#1) "
                   "dead(b101 bad 101 in q.node#1)"},
        {.name = "but once for each graph that failed",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a", .graphs = "|"}},
                  .sinks = {"dead"}},
         .script = "a1 ;",
         .fails = "1x2",
         .record = "r#1(a1)! r.1#1(a1)! dead(a1 bad 1 in r.node#1) dead(a1 bad 1 in r.1.node#1)",
         .ledgers = "a: 1 = 1 dead"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

static void without_a_sink_it_is_logged(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a"}, {"b", .dead_letters = "none"}},
        .accumulators = {{"x", "a", .where = true}, {"y", "b", .where = true}},
        .reactors = {{"r", "any(x)", "x"}, {"q", "any(y)", "y"}},
    };
    weir_buffer lines = {0};
    rig_world rig = {.config = {.log = note_line, .log_arg = &lines},
                     .bad_ids = "1,2,5",
                     .fails = {[3] = 1, [4] = 1}};
    weir_report *report;

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "a1 a2 a3 a4 b5 ;");
    assert_string_equal(lines.data, "a: an event at position 0 became a dead letter: bad 1 |"
                                    "a: an event at position 2 became a dead letter in graph r: "
                                    "bad 3 |");
    rig_report(&rig, "r", &report);
    assert_int_equal(report->dead_letters, 5);
    weir_report_free(report);
    weir_buffer_free(&lines);
    rig_close(&rig);
}

/* --- What metrics tell --- */

static void failures_are_told(void **state)
{
    static const rig_spec spec = {
        .sources = {{"a", "items=1,!,2,!,~,3", .kind = "log"}, {"b"}},
        .reactors = {{"r", "any(a)", "a"}, {"q", "any(b)", "b", .where = true}},
    };
    rig_world rig = {.fails[2] = 1, .bad_ids = "4"};
    weir_report *report;

    (void)state;
    rig_open(&rig, &spec);
    rig_run(&rig, "+5s ;");
    const weir_reactor_report *r = rig_report(&rig, "r", &report);
    assert_int_equal(report->sources[0].undecodable, 2);
    assert_int_equal(report->sources[0].last_event, 5000000000);
    assert_int_equal(report->sources[1].last_event, 0);
    assert_int_equal(r->metrics.last_fired, 5000000000);
    assert_int_equal(r->failure.time, 5000000000);
    assert_int_equal(r->failure.firing, 2);
    assert_string_equal(r->failure.graph, "r");
    assert_string_equal(r->failure.node, "node");
    assert_string_equal(r->failure.message, "bad 2");
    weir_report_free(report);
    rig_run(&rig, "+1s b4 ;");
    const weir_reactor_report *q = rig_report(&rig, "q", &report);
    assert_int_equal(q->metrics.last_fired, 0);
    assert_int_equal(q->failure.firing, 0);
    assert_null(q->failure.graph);
    assert_string_equal(q->failure.message, "bad 4");
    weir_report_free(report);
    rig_close(&rig);
}

/* --- What cannot be written --- */

/* One source fills the sink; then none that would write to it is read, and the other one is. */
static void its_source_is_read_no_further(void **state)
{
    enum { COUNT = 30000 };
    static const rig_spec spec = {
        .sources = {{"a", "capacity=30000"}, {"b", .dead_letters = "none"}, {"c"}},
        .accumulators = {{"x", "a", .where = true}},
        .reactors = {{"r", "any(x)", "x"}, {"q", "any(b)", "b"}, {"p", "any(c)", "c"}},
        .sinks = {"gate:dead"},
    };
    rig_world rig = {.bad_ids = "1"};
    rig_item *items = test_calloc(COUNT, sizeof *items);
    weir_report *report;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        items[i].id = 1;
    rig_open(&rig, &spec);
    rig_run(&rig, "shut");
    /* Until 1 MiB of letters wait. */
    for (int i = 0;
         weir_runtime_push(rig.runtime, &rig.tables->module, 0, items, COUNT, NULL) == WEIR_OK;
         i++) {
        assert_true(i < 10);
        rig_run(&rig, ";");
    }
    rig_report(&rig, "r", &report);
    assert_true(report->sources[0].held);
    weir_report_free(report);
    rig.record.size = 0;
    rig_run(&rig, "b2 c3 ;");
    rig_expect(&rig, "q#1(b2)");
    rig_run(&rig, "open ; ;");
    rig_report(&rig, "r", &report);
    assert_false(report->sources[0].held);
    assert_int_equal(report->sources[0].waiting, 0);
    assert_int_equal(report->sinks[0].metrics.results, report->sources[0].ledger.dead);
    weir_report_free(report);
    rig_gate_shut = false;
    test_free(items);
    rig_close(&rig);
}

/* --- The ledger --- */

/* Each event counts once, under the first of dead, fired, collapsed, filtered, kept that is true on
 * one of its ways. */
static void the_first_that_is_true_counts(void **state)
{
    static const rig_case cases[] = {
        {.name = "dead before fired",
         .spec = {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a"}, {"q", "any(a)", "a"}}},
         .script = "a1 ;",
         .fails = "1x1",
         .fails_in = "q",
         .record = "r#1(a1) q#1(a1)!",
         .ledgers = "a: 1 = 1 dead"},
        {.name = "waiting before dead",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "any(a)", "a"}, {"q", "all(a,b)", "a b"}}},
         .script = "a1 ;",
         .fails = "1x1",
         .record = "r#1(a1)!",
         .ledgers = "a: 1 = 1 waiting"},
        {.name = "fired before collapsed",
         .spec = {.sources = {{"a"}},
                  .reactors = {{"r", "any(a)", "a"}, {"q", "any(a)", "a", WEIR_LATEST}}},
         .script = "a1 a2 ;",
         .record = "r#1(a1) r#2(a2) q#1(a2)",
         .ledgers = "a: 2 = 2 fired"},
        {.name = "collapsed before filtered",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", .where = true}},
                  .reactors = {{"r", "any(x)", "x"}, {"q", "any(a)", "a", WEIR_LATEST}}},
         .script = "a1 a2 ;",
         .false_ids = "1",
         .record = "r#1(x2) q#1(a2)",
         .ledgers = "a: 2 = 1 fired, 1 collapsed"},
        {.name = "filtered before kept",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .where = true}},
                  .reactors = {{"r", "any(x)", "x"}, {"q", "any(b)", "b a"}}},
         .script = "a1 ;",
         .false_ids = "1",
         .record = "",
         .ledgers = "a: 1 = 1 filtered"},
        {.name = "nobody reads it: kept",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(b)", "b"}}},
         .script = "a1 ;",
         .record = "",
         .ledgers = "a: 1 = 1 kept"},
    };

    (void)state;
    RIG_CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_tells_all_that_is_known),
        cmocka_unit_test(the_raw_bytes_of_this_turn),
        cmocka_unit_test(any_reason_can_be_written),
        cmocka_unit_test(the_nearest_place_that_is_named),
        cmocka_unit_test(each_event_once_a_failure),
        cmocka_unit_test(without_a_sink_it_is_logged),
        cmocka_unit_test(failures_are_told),
        cmocka_unit_test(its_source_is_read_no_further),
        cmocka_unit_test(the_first_that_is_true_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
