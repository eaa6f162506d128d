/* SPDX-License-Identifier: Apache-2.0 */
/* test_e12_nodes.c - E12: which nodes run; E13: a failed graph leaves nothing; in generated code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buffer.h"
#include "nodes.weir.h"
#include "tests/scarce.h"

/* A result that is there, or NONE. */
enum { NONE = INT32_MIN };

static void expect_result(const char *name, bool has, int64_t n, int64_t expected)
{
    if (has != (expected != NONE) || (has && n != expected))
        fail_msg("%s: expected %lld, came %lld%s", name, (long long)expected, (long long)n,
                 has ? "" : " (absent)");
}

/* A48: a graph is run from literals, without a runtime. */
static void a_node_runs_when_it_has_what_it_needs(void **state)
{
    static const struct {
        int64_t a, low, high, meet, both, behind, perhaps, deep, one_of;
    } cases[] = {
        /* nothing but what hangs on `a` and the skip; meet has no input that is there */
        {0, NONE, NONE, NONE, NONE, NONE, 0, NONE, NONE},
        /* a branch, and a skip that leaves what is behind it out */
        {4, 5, NONE, 5, NONE, NONE, 0, 5, NONE},
        {5, 6, NONE, 6, NONE, 10, 1, 1006, 1},
        {20, NONE, 22, 22, NONE, NONE, 0, 22, NONE},
        {21, NONE, 23, 23, NONE, 42, 1, 1023, 1},
        /* a `where:` that is true */
        {200, NONE, 202, 202, NONE, NONE, 0, 10202, 2},
        {201, NONE, 203, 203, 402, 402, 1, 11203, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nodes_v a = {cases[i].a};
        nodes_branches_in in = {.a = &a};
        nodes_branches_out out = {0};
        assert_int_equal(nodes_branches_call(&in, NULL, &out, NULL), WEIR_OK);
#define EXPECT(name) expect_result(#name, out.has_##name, out.name.n, cases[i].name)
        EXPECT(low);
        EXPECT(high);
        EXPECT(meet);
        EXPECT(both);
        EXPECT(behind);
        EXPECT(perhaps);
        EXPECT(deep);
        EXPECT(one_of);
#undef EXPECT
    }
}

/* --- In a runtime --- */

typedef struct world {
    weir_runtime *runtime;
    weir_buffer record;
    char folder[64];
} world;

static void on_total(const nodes_v *value, void *arg)
{
    weir_buffer_printf(arg, "total=%lld ", (long long)value->n);
}

static void on_ratio(const nodes_ratio *value, void *arg)
{
    weir_buffer_printf(arg, "ratio=%g ", value->value);
}

static void on_out(const nodes_v *value, void *arg)
{
    weir_buffer_printf(arg, "%lld ", (long long)value->n);
}

static void on_dead(const weir_dead_letter *letter, void *arg)
{
    world *w = arg;

    weir_buffer_printf(&w->record, "dead(%s in %s) ", letter->reason, letter->node);
}

static void open_world(world *w)
{
    weir_runtime_config config = {
        .mode = WEIR_MODE_TEST, .dead_letter = on_dead, .dead_letter_arg = w};

    snprintf(w->folder, sizeof w->folder, "/tmp/weir-nodes-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    assert_int_equal(weir_runtime_new(&config, &w->runtime, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_load_in(w->runtime, &nodes_module, w->folder, NULL), WEIR_OK);
    assert_int_equal(nodes_on_totals(w->runtime, on_total, &w->record), WEIR_OK);
    assert_int_equal(nodes_on_ratios(w->runtime, on_ratio, &w->record), WEIR_OK);
    assert_int_equal(nodes_on_out(w->runtime, on_out, &w->record), WEIR_OK);
}

static void expect_file(const world *w, const char *expected)
{
    char path[128], text[256] = "";
    snprintf(path, sizeof path, "%s/ratios.jsonl", w->folder);
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
    assert_int_equal(unlink(path), 0);
}

static void close_world(world *w)
{
    weir_runtime_free(w->runtime);
    assert_int_equal(rmdir(w->folder), 0);
    weir_buffer_free(&w->record);
}

static void push_b(world *w, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nodes_v b = {numbers[i]};
        assert_int_equal(nodes_push_b(w->runtime, &b, NULL), WEIR_OK);
    }
    assert_int_equal(weir_runtime_poll(w->runtime, NULL), WEIR_OK);
}

/* The sum goes to 13, which fails: neither its state nor its results are kept. To 0: 1/0 is no
 * JSON, and nothing of that firing leaves, not even what went to callbacks. */
static void a_failed_graph_leaves_nothing(void **state)
{
    world w = {0};

    (void)state;
    open_world(&w);
    push_b(&w, (const int64_t[]){10, 3, 3, 2, -12, 3}, 6);
    assert_string_equal(w.record.data,
                        "ratio=0.1 total=10 "
                        "dead(13 after 2 runs in sums.check) "
                        "dead(13 after 2 runs in sums.check) "
                        "ratio=0.0833333 total=12 "
                        "dead(sink 'file' cannot write the result: value: infinity cannot "
                        "be written as text in sums.ratio) "
                        "ratio=0.0666667 total=15 ");
    expect_file(&w, "{\"value\":0.1}\n{\"value\":0.08333333333333333}\n"
                    "{\"value\":0.06666666666666667}\n");
    close_world(&w);
}

/* E21: from the event to the line in the file. */
static void a_file_sink_allocates_nothing(void **state)
{
    scarce_memory memory = {0};
    weir_allocator counting = scarce_allocator(&memory);
    static const int64_t numbers[] = {2, 4, 6}; /* 13 is never met */
    world w = {0};

    (void)state;
    weir_set_allocator(&counting);
    open_world(&w);
    push_b(&w, NULL, 0);
    weir_buffer_printf(&w.record, "%4000s", "");
    size_t before = memory.allocations;
    for (int i = 0; i < 20; i++) {
        w.record.size = 0;
        push_b(&w, numbers, 3);
    }
    assert_int_equal(memory.allocations, before);
    char path[128];
    snprintf(path, sizeof path, "%s/ratios.jsonl", w.folder);
    assert_int_equal(unlink(path), 0);
    close_world(&w);
    weir_set_allocator(NULL);
}

/* Results leave in the order of the nodes, once, whichever branch was taken. */
static void results_leave_in_the_order_of_the_spec(void **state)
{
    world w = {0};
    nodes_v a = {5};

    (void)state;
    open_world(&w);
    assert_int_equal(nodes_push_a(w.runtime, &a, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_poll(w.runtime, NULL), WEIR_OK);
    assert_string_equal(w.record.data, "6 6 10 1 1006 1 ");
    expect_file(&w, "");
    close_world(&w);
}

/* E2: `reactors:` first, then graphs with criteria of their own, whose names they have. */
static void reactors_stand_in_the_order_of_the_rules(void **state)
{
    static const char *const names[] = {"first", "branches", "sums"};

    (void)state;
    assert_int_equal(nodes_module.reactor_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_string_equal(nodes_module.reactors[i].name, names[i]);
    const weir_module_reactor *first = &nodes_module.reactors[0];
    assert_int_equal(first->graph_count, 2);
    assert_string_equal(nodes_module.graphs[first->graphs[0]].name, "behind");
    assert_string_equal(nodes_module.graphs[first->graphs[1]].name, "again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_runs_when_it_has_what_it_needs),
        cmocka_unit_test(a_failed_graph_leaves_nothing),
        cmocka_unit_test(a_file_sink_allocates_nothing),
        cmocka_unit_test(results_leave_in_the_order_of_the_spec),
        cmocka_unit_test(reactors_stand_in_the_order_of_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
