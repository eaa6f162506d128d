/* SPDX-License-Identifier: Apache-2.0 */
/* test_limits.c - memory stays as it is while events go through each policy at its limit.
 *
 *     test_limits [--count N]     N events through each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/pipeline/rig.h"
#include "tests/pipeline/rig_spec.h"

static uint64_t count = RIG_TIMES(200000);

enum { TOGETHER = 16, ROUND = 256, MAY_GROW = 1 << 20 };

typedef struct limit_case {
    const char *name;
    rig_spec spec;
    int64_t keys;     /* that come in turn; 0: always another one */
    bool shut;        /* the gate */
    int64_t step;     /* of the clock, a round */
    const char *ends; /* what the ledger of `a` must count: it was at the limit */
} limit_case;

static const limit_case cases[] = {
    {"a channel that fails",
     {.sources = {{"a", "capacity=64"}}, .reactors = {{"r", "any(a)", "a"}}},
     1},
    {"a channel that drops the oldest",
     {.sources = {{"a", "capacity=64 on_full=drop_oldest"}}, .reactors = {{"r", "any(a)", "a"}}},
     1,
     .ends = "dropped"},
    {"a channel that conflates by key",
     {.sources = {{"a", "capacity=64 on_full=conflate"}},
      .accumulators = {{"x", "a", .keyed = true}},
      .reactors = {{"r", "any(x)", "x"}}},
     32,
     .ends = "collapsed"},
    {"a reactor that waits for a partner",
     {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "all(a,b)", "a b"}}},
     1,
     .ends = "dead"},
    {"... under each of many keys",
     {.sources = {{"a"}, {"b"}},
      .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
      .reactors = {{"r", "all(x,y)", "x y"}}},
     300,
     .ends = "dead"},
    {"... until no more may be in flight",
     {.sources = {{"a"}, {"b"}},
      .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
      .reactors = {{"r", "all(x,y)", "x y"}}},
     3000,
     .ends = "waiting"},
    {"a reactor that takes the newest",
     {.sources = {{"a"}}, .reactors = {{"r", "any(a)", "a", WEIR_LATEST}}},
     1,
     .ends = "collapsed"},
    {"more keys than may be",
     {.sources = {{"a"}},
      .accumulators = {{"x", "a", .keyed = true}},
      .reactors = {{"r", "any(x)", "x", .settings = "max_keys=100"}}},
     .ends = "dead"},
    {"keys that come and go",
     {.sources = {{"a"}},
      .accumulators = {{"x", "a", "stream", .keyed = true}},
      .reactors = {{"r", "any(x)", "x", .settings = "ttl=1s"}}},
     .step = 100000000,
     .ends = "fired"},
    {"windows and batches",
     {.sources = {{"a"}},
      .accumulators = {{"s", "a", "state", "size=100"},
                       {"w", "a", "batch", "max_size=50 every=1s"}},
      .reactors = {{"r", "any(s,w)", "s? w?"}}},
     1,
     .step = 1000000,
     .ends = "fired"},
    {"results that go round",
     {.sources = {{"a"}},
      .accumulators = {{"f"}},
      .reactors = {{"r", "any(a,f)", "a? f?", .to = "f"}},
      .settings = "max_rounds=4"},
     1,
     .ends = "dead"},
    {"a firing that is tried again",
     {.sources = {{"a", "capacity=64"}},
      .reactors = {{"r", "any(a)", "a", .graphs = "on_error=retry delay=1s attempts=3"}}},
     1,
     .step = 500000000,
     .ends = "fired"},
    {"a sink that is shut",
     {.sources = {{"a", "capacity=64"}},
      .reactors = {{"r", "any(a)", "a", .to = "out"}},
      .sinks = {"gate:out"}},
     1,
     .shut = true},
};

static size_t resident(void)
{
    unsigned long size, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &pages), 2);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Refused pushes are events, too. */
static void push_round(rig_world *rig, const limit_case *test, int64_t *next)
{
    rig_item items[TOGETHER];

    for (int i = 0; i < ROUND; i += TOGETHER) {
        for (int k = 0; k < TOGETHER; k++, ++*next)
            items[k] = (rig_item){.id = 1 + *next % 1000,
                                  .key = test->keys != 0 ? *next % test->keys : *next};
        weir_status status =
            weir_runtime_push(rig->runtime, &rig->tables->module, 0, items, TOGETHER, NULL);
        assert_true(status == WEIR_OK || status == WEIR_FULL);
    }
    if (test->step != 0)
        assert_int_equal(weir_runtime_advance(rig->runtime, *next / ROUND * test->step, NULL), 0);
    rig_turn(rig);
    rig->record.size = 0;
}

static void go_through(const limit_case *test, rig_world *rig)
{
    int64_t next = 0;
    size_t before = 0;

    while ((uint64_t)next < count) {
        push_round(rig, test, &next);
        rig->fails[1] = 1;
        /* By then pools and slabs have been filled. */
        if (before == 0 && (uint64_t)next >= count / 2)
            before = resident();
    }
    size_t after = resident();
    rig_check_ledgers(rig);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    if (after > before + MAY_GROW)
        fail_msg("%s: %zu KiB became %zu KiB", test->name, before / 1024, after / 1024);
#endif
    print_message("  %s: %zu KiB, then %zu KiB\n", test->name, before / 1024, after / 1024);
}

static void memory_stays_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_world rig = {.quiet = true};
        char ledger[256];
        rig_gate_shut = cases[i].shut;
        rig_open(&rig, &cases[i].spec);
        go_through(&cases[i], &rig);
        rig_ledger_of(&rig, "a", ledger, sizeof ledger);
        if (cases[i].ends != NULL && strstr(ledger, cases[i].ends) == NULL)
            fail_msg("%s: never at its limit: %s", cases[i].name, ledger);
        rig_close(&rig);
        rig_gate_shut = false;
    }
}

/* --- A channel that makes its pusher wait --- */

static void *push_all(void *arg)
{
    rig_world *rig = arg;
    rig_item items[TOGETHER] = {{.id = 1}};

    for (uint64_t i = 0; i < count; i += TOGETHER)
        if (weir_runtime_push(rig->runtime, &rig->tables->module, 0, items, TOGETHER, NULL) !=
            WEIR_OK)
            return arg;
    return weir_runtime_close(rig->runtime, &rig->tables->module, 0, NULL) == WEIR_OK ? NULL : arg;
}

static void a_pusher_waits(void **state)
{
    static const rig_spec spec = {.sources = {{"a", "capacity=64 on_full=block"}},
                                  .reactors = {{"r", "any(a)", "a"}}};
    rig_world rig = {.quiet = true, .live = true};
    pthread_t pusher;
    void *failed;

    (void)state;
    rig_open(&rig, &spec);
    size_t before = resident();
    assert_int_equal(pthread_create(&pusher, NULL, push_all, &rig), 0);
    assert_int_equal(weir_runtime_run(rig.runtime, NULL), WEIR_OK);
    assert_int_equal(pthread_join(pusher, &failed), 0);
    assert_null(failed);
    size_t after = resident();
    print_message("  %zu KiB, then %zu KiB\n", before / 1024, after / 1024);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    assert_true(after <= before + MAY_GROW);
#endif
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_stays_as_it_is),
        cmocka_unit_test(a_pusher_waits),
    };

    if (argc == 3 && strcmp(argv[1], "--count") == 0)
        count = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
