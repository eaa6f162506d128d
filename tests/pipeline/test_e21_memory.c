/* SPDX-License-Identifier: Apache-2.0 */
/* test_e21_memory.c - E21: memory that runs out at any allocation; nothing allocated once it fires.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "tests/pipeline/rig_spec.h"
#include "tests/scarce.h"

static scarce_memory memory;

/* --- Memory that runs out --- */

static const rig_spec all_of_it = {
    .sources = {{"a", "capacity=64"},
                {"b", "capacity=64"},
                {"c", "items=1,2/1,3,!", .kind = "log"}},
    .accumulators = {{"x", "a", "stream", .keyed = true},
                     {"y", "b", .keyed = true},
                     {"w", "c", "batch", "max_size=2 every=1s"},
                     {"p", NULL, "polling", "every=1s"},
                     {"s", NULL, "state", "size=3"},
                     {"f"}},
    .reactors = {{"r", "all(x,y)", "x y", .settings = "ttl=2s", .to = "f s",
                  .graphs = "on_error=retry delay=1s"},
                 {"q", "any(f,w)", "f? w? s?", .to = "out"},
                 {"t", "any(p)", "p w?", WEIR_LATEST}},
    .sinks = {"gate:out", "gate:dead"},
};

static bool note(bool *failed, weir_status status)
{
    *failed = *failed || status != WEIR_OK;
    return status == WEIR_OK;
}

static void push_all(rig_world *rig, bool *failed)
{
    for (int64_t i = 1; i <= 40; i++) {
        rig_item item = {.id = i, .key = i % 7};
        note(failed,
             weir_runtime_push(rig->runtime, &rig->tables->module, i % 2 == 0, &item, 1, NULL));
    }
}

/* True: something has answered that it failed. `dead`: the dead letters of a life without failure;
 * more of them is an answer too. */
static bool live_once(rig_world *rig, uint64_t *dead)
{
    weir_runtime_config config = {.mode = WEIR_MODE_TEST, .kinds = rig_kinds};
    rig_item item = {.id = 100, .key = 1};
    weir_named_value values[] = {{"x", &item, 1}, {"y", &item, 1}};
    weir_report *report;
    bool failed = false;

    if (!note(&failed, weir_runtime_new(&config, &rig->runtime, NULL)))
        return failed;
    weir_runtime_set_user(rig->runtime, rig);
    if (note(&failed, weir_runtime_load(rig->runtime, &rig->tables->module, NULL))) {
        push_all(rig, &failed);
        note(&failed, weir_runtime_poll(rig->runtime, NULL));
        note(&failed, weir_runtime_fire_with(rig->runtime, "r", &item, values, 2, NULL));
        note(&failed, weir_runtime_inject(rig->runtime, "y", &item, NULL));
        note(&failed, weir_runtime_advance(rig->runtime, 5000000000, NULL));
        if (note(&failed, weir_runtime_metrics(rig->runtime, &report, NULL))) {
            failed = failed || (memory.fails_at != 0 && report->dead_letters != *dead);
            *dead = memory.fails_at == 0 ? report->dead_letters : *dead;
            weir_report_free(report);
        }
        rig_check_ledgers(rig);
    }
    weir_runtime_free(rig->runtime);
    return failed;
}

/* The n-th allocation fails (0: none). */
static bool live_with(size_t n, uint64_t *dead)
{
    rig_world rig = {.quiet = true, .spec = &all_of_it, .fails[14] = 1};
    weir_buffer commits = {0};

    rig.tables = calloc(1, sizeof *rig.tables);
    assert_non_null(rig.tables);
    rig_fill_tables(rig.tables, &all_of_it);
    rig_commits = &commits;
    weir_buffer_printf(&commits, "%200s", ""); /* the rig's own memory is not what is tested */
    commits.size = 0;
    memory = (scarce_memory){.fails_at = n};
    bool failed = live_once(&rig, dead);
    memory.fails_at = 0;
    weir_buffer_free(&commits);
    free(rig.tables);
    return failed;
}

static void out_of_memory_is_an_error(void **state)
{
    weir_allocator scarce = scarce_allocator(&memory);
    uint64_t dead = 0;

    (void)state;
    weir_set_allocator(&scarce);
    assert_false(live_with(0, &dead));
    size_t all = memory.allocations, told = 0;
    for (size_t n = 1; n <= all; n++)
        told += live_with(n, &dead);
    assert_false(live_with(all + 1, &dead));
    weir_set_allocator(NULL);
    print_message("  %zu allocations, the failure of %zu was told\n", all, told);
}

/* --- Nothing is allocated once it fires --- */

typedef struct quiet_case {
    const char *name;
    rig_spec spec;
    const char
        *before; /* what makes the keys that are met later: slabs and index steps are theirs */
    const char *round;
} quiet_case;

/* From the start on, not only from the second round. */
static void expect_quiet(const quiet_case *test)
{
    weir_allocator counting = scarce_allocator(&memory);
    rig_world rig = {.quiet = true};

    print_message("  %s\n", test->name);
    weir_set_allocator(&counting);
    rig_open(&rig, &test->spec);
    weir_buffer_printf(&rig.record, "%4000s", ""); /* the rig's own memory is not what is tested */
    rig_run(&rig, ";");
    if (test->before != NULL)
        rig_run(&rig, test->before);
    size_t before = memory.allocations;
    for (int i = 0; i < 20; i++) {
        rig.record.size = 0;
        rig_run(&rig, test->round);
    }
    if (memory.allocations != before)
        fail_msg("%zu allocations in 20 rounds", memory.allocations - before);
    rig_check_ledgers(&rig);
    rig_close(&rig);
    weir_set_allocator(NULL);
}

/* Three events a turn. */
#define TEN "1,2,3,~,1,2,3,~,1,2,3,~,1,2,3,~,1,2,3,~,1,2,3,~,1,2,3,~,1,2,3,~,1,2,3,~,1,2,3,~,"

static void firing_allocates_nothing(void **state)
{
    static const quiet_case cases[] = {
        {.name = "when_any",
         .spec = {.sources = {{"a"}, {"b"}},
                  .reactors = {{"r", "any(a,b)", "a? b?", .where = true}}},
         .round = "a1 a2 b1 ; a3 ;"},
        {.name = "when_all",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "all(a,b)", "a b"}}},
         .round = "a1 a2 b1 ; b2 b3 ; a3 ;"},
        {.name = "latest",
         .spec = {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "all(a,b)", "a b", WEIR_LATEST}}},
         .round = "a1 a2 b1 ; b2 ; a3 ;"},
        {.name = "one or the other of three",
         .spec = {.sources = {{"a"}, {"b"}, {"c"}},
                  .reactors = {{"r", "all(a,any(b,c))", "a b? c?"}, {"q", "any(a)", "a c"}}},
         .round = "a1 b1 a2 c2 ;"},
        {.name = "by key",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"x", "a", .keyed = true}, {"y", "b", .keyed = true}},
                  .reactors = {{"r", "all(x,y)", "x y", .settings = "ttl=60s"},
                               {"q", "any(x)", "x b"}}},
         .before = "a1k1 a1k2 a1k3 b1k1 b1k2 b1k3 ;",
         .round = "a1k1 a2k2 a3k3 ; b1k3 b2k1 b3k2 ; a1k1 b1k1 ;"},
        {.name = "stream and state, by key",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"x", "a", "stream", .keyed = true},
                                   {"s", "a", "state", "size=3", .keyed = true}},
                  .reactors = {{"r", "any(x,s)", "x s"}}},
         .before = "a1k1 a1k2 ;",
         .round = "a1k1 a2k2 a3k1 ;"},
        {.name = "batches, flushed by size, time, hand and a firing",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"w", "a", "batch", "max_size=3 every=1s"},
                                   {"v", "a", "batch", "max_size=9 flush_with=q"}},
                  .reactors = {{"r", "any(w,v)", "w? v?"}, {"q", "any(b)", "b"}}},
         .round = "a1 a2 a3 a4 ; +1s a5 ; flush:w b1 ;"},
        {.name = "feedback, also of a pair",
         .spec = {.sources = {{"a"}, {"b"}},
                  .accumulators = {{"f"}, {"w", NULL, "batch", "max_size=2"}},
                  .reactors = {{"r", "all(a,b)", "a b", .to = "f w"},
                               {"q", "any(f)", "f", .to = "w"},
                               {"p", "any(w)", "w"}}},
         .round = "a1 b1 a2 b2 ;"},
        {.name = "polling",
         .spec = {.sources = {{"a"}},
                  .accumulators = {{"p", NULL, "polling", "every=1s"}},
                  .reactors = {{"r", "any(p)", "p"}}},
         .round = "+1s +1s"},
        {.name = "a source that commits, and a sink that writes",
         .spec = {.sources = {{"a", "items=" TEN TEN "1", .kind = "log"}, {"b"}},
                  .reactors = {{"r", "any(a)", "a", .to = "out"}, {"q", "all(a,b)", "a b"}},
                  .sinks = {"gate:out"}},
         .round = "; b1 b2 b3 ;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_quiet(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(out_of_memory_is_an_error),
        cmocka_unit_test(firing_allocates_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
