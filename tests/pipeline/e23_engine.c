/* SPDX-License-Identifier: Apache-2.0 */
/* e23_engine.c - the options of sources, channels, accumulators, reactors, graphs and the whole. */
#include "tests/pipeline/e23.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"

static void put_spec(rig_spec *spec, const char *value)
{
    spec->settings = e23_put(spec->settings, value);
    spec->dead_letters = e23_put(spec->dead_letters, value);
    for (size_t i = 0; i < RIG_ROOM; i++) {
        spec->sources[i].settings = e23_put(spec->sources[i].settings, value);
        spec->accumulators[i].settings = e23_put(spec->accumulators[i].settings, value);
        spec->reactors[i].settings = e23_put(spec->reactors[i].settings, value);
        spec->reactors[i].graphs = e23_put(spec->reactors[i].graphs, value);
    }
}

static void open_rig(rig_world *rig, rig_spec *spec, const e23_row *row, const char *value)
{
    int id, times;

    *spec = row->spec;
    put_spec(spec, value);
    if (row->fails != NULL && sscanf(row->fails, "%dx%d", &id, &times) == 2)
        rig->fails[id] = (uint8_t)times;
    rig_open(rig, spec);
}

static void take_record(rig_world *rig, weir_buffer *seen)
{
    size_t size = rig->record.size;

    weir_buffer_append(seen, rig->record.data, size != 0 ? size - 1 : 0);
    rig_close(rig);
}

/* What the script does. */
static void record(const e23_row *row, const char *value, weir_buffer *seen)
{
    rig_world rig = {.terse = true};
    rig_spec spec;

    open_rig(&rig, &spec, row, value);
    rig_run(&rig, row->script);
    take_record(&rig, seen);
}

/* ... and what the runtime reports of it. */
static void report(const e23_row *row, const char *value, weir_buffer *seen)
{
    rig_world rig = {.quiet = true};
    rig_spec spec;
    weir_report *found;

    open_rig(&rig, &spec, row, value);
    rig_run(&rig, row->script);
    bool degraded = (rig_report(&rig, "r", &found)->metrics.health & WEIR_REACTOR_DEGRADED) != 0;
    weir_buffer_printf(seen, "%llu in flight%s", (unsigned long long)found->sources[0].in_flight,
                       degraded ? ", degraded" : "");
    weir_report_free(found);
    rig_close(&rig);
}

/* --- In real time --- */

static void take_3_ms(rig_world *rig, const char *reactor, int64_t id)
{
    int64_t until = weir_monotonic_now() + 3000000;

    (void)rig;
    (void)reactor;
    (void)id;
    while (weir_monotonic_now() < until)
        ;
}

static void slow(const e23_row *row, const char *value, weir_buffer *seen)
{
    rig_world rig = {.live = true, .quiet = true, .during = take_3_ms};
    rig_spec spec;
    weir_report *found;

    open_rig(&rig, &spec, row, value);
    rig_run(&rig, row->script);
    weir_buffer_printf(seen, "%llu slow",
                       (unsigned long long)rig_report(&rig, "r", &found)->metrics.slow);
    weir_report_free(found);
    rig_close(&rig);
}

static void polled(const e23_row *row, const char *value, weir_buffer *seen)
{
    rig_world rig = {.live = true};
    rig_spec spec;
    int64_t end = weir_monotonic_now() + 20000000000;

    open_rig(&rig, &spec, row, value);
    while (rig.record.size == 0 && weir_monotonic_now() < end) {
        struct pollfd ready = {weir_runtime_fd(rig.runtime, NULL), POLLIN, 0};
        poll(&ready, 1, 20);
        rig_turn(&rig);
    }
    weir_buffer_text(seen, rig.polled_aside ? "on a helper thread" : "on the runtime's thread");
    rig_close(&rig);
}

/* --- The rows --- */

#define ANY(name, from)                                                                            \
    {                                                                                              \
        name, "any(" from ")", from                                                                \
    }
#define FAILING(options) .sources = {{"a"}}, .reactors = {{"r", "any(a)", "a", .graphs = options}}

static const e23_row rows[] = {
    {"source",
     "turn",
     {"2", "3"},
     {"r#1(a1) r#2(a2) commit(a 2) r#3(a3) commit(a 3)", "r#1(a1) r#2(a2) r#3(a3) commit(a 3)"},
     record,
     {.sources = {{"a", "items=1,2,3 turn=$", .kind = "log"}}, .reactors = {ANY("r", "a")}},
     ";"},
    {"source",
     "max_in_flight",
     {"1", "3"},
     {"1 in flight", "3 in flight"},
     report,
     {.sources = {{"a", "max_in_flight=$"}, {"b"}}, .reactors = {{"r", "all(a,b)", "a b"}}},
     "a1 a2 a3 a4 ;"},
    {"source channel",
     "capacity",
     {"1", "2"},
     {"a2:full a3:full r#1(a1)", "a3:full r#1(a1) r#2(a2)"},
     record,
     {.sources = {{"a", "capacity=$"}}, .reactors = {ANY("r", "a")}},
     "a1 a2 a3 ;"},
    {"source channel",
     "on_full",
     {"fail", "block", "drop_oldest", "conflate"},
     {"a3:full r#1(a1) r#2(a2)", "a3:not possible in this state r#1(a1) r#2(a2)", "r#1(a2) r#2(a3)",
      "r#1(a1) r#2(a3)"},
     record,
     {.sources = {{"a", "capacity=2 on_full=$"}}, .reactors = {ANY("r", "a")}},
     "a1 a2 a3 ;"},
    {"accumulator polling",
     "every",
     {"1s", "2s"},
     {"r#1(p1) r#2(p2)", "r#1(p1)"},
     record,
     {.sources = {{"a"}},
      .accumulators = {{"p", NULL, "polling", "every=$"}},
      .reactors = {ANY("r", "p")}},
     "; +1s +1s ;"},
    {"accumulator polling",
     "inline",
     {"false", "true"},
     {"on a helper thread", "on the runtime's thread"},
     polled,
     {.sources = {{"a"}},
      .accumulators = {{"p", NULL, "polling", "every=1ms inline=$"}},
      .reactors = {ANY("r", "p")}}},
    {"accumulator batch",
     "max_size",
     {"1", "2"},
     {"r#1(w[1]) r#2(w[2])", "r#1(w[1 2])"},
     record,
     {.sources = {{"a"}},
      .accumulators = {{"w", "a", "batch", "max_size=$"}},
      .reactors = {ANY("r", "w")}},
     "a1 a2 ;"},
    {"accumulator batch",
     "every",
     {"1s", "3s"},
     {"r#1(w[1])", ""},
     record,
     {.sources = {{"a"}},
      .accumulators = {{"w", "a", "batch", "max_size=9 every=$"}},
      .reactors = {ANY("r", "w")}},
     "a1 ; +2s ;"},
    {"accumulator batch",
     "flush_with",
     {"r", "q"},
     {"r#1(b2) s#1(w[1])", "r#1(b2)"},
     record,
     {.sources = {{"a"}, {"b"}, {"c"}},
      .accumulators = {{"w", "a", "batch", "max_size=9 flush_with=$"}},
      .reactors = {ANY("r", "b"), ANY("q", "c"), ANY("s", "w")}},
     "a1 b2 ;"},
    {"accumulator state",
     "size",
     {"1", "2"},
     {"r#1(s[1]) r#2(s[2])", "r#1(s[1]) r#2(s[1 2])"},
     record,
     {.sources = {{"a"}},
      .accumulators = {{"s", "a", "state", "size=$"}},
      .reactors = {ANY("r", "s")}},
     "a1 a2 ;"},
    {"reactor",
     "capacity",
     {"1", "2"},
     {"dead(a1 unpaired) dead(a2 unpaired) r#1(a3 b1)", "dead(a1 unpaired) r#1(a2 b1)"},
     record,
     {.sources = {{"a"}, {"b"}},
      .reactors = {{"r", "all(a,b)", "a b", .settings = "capacity=$"}},
      .sinks = {"dead"}},
     "a1 a2 a3 ; b1 ;"},
    {"reactor",
     "wait",
     {"1s", "forever"},
     {"dead(a1 unpaired)", "r#1(a1 b1)"},
     record,
     {.sources = {{"a"}, {"b"}},
      .reactors = {{"r", "all(a,b)", "a b", .settings = "wait=$"}},
      .sinks = {"dead"}},
     "a1 ; +2s b1 ;"},
    {"reactor",
     "warming",
     {"1s", "3s"},
     {"1 in flight, degraded", "1 in flight"},
     report,
     {.sources = {{"a"}, {"b"}}, .reactors = {{"r", "any(a)", "a b", .settings = "warming=$"}}},
     "a1 ; +2s ;"},
    {"reactor",
     "max_keys",
     {"1", "2"},
     {"r#1(x1) dead(a2 'max_keys' keys are there already)", "r#1(x1) r#2(x2)"},
     record,
     {.sources = {{"a"}},
      .accumulators = {{"x", "a", .keyed = true}},
      .reactors = {{"r", "any(x)", "x", .settings = "max_keys=$"}},
      .sinks = {"dead"}},
     "a1k1 a2k2 ;"},
    {"reactor",
     "ttl",
     {"1s", "forever"},
     {"r#1(x1 =1) r#2(x2 =2)", "r#1(x1 =1) r#2(x2 =3)"},
     record,
     {.sources = {{"a"}},
      .accumulators = {{"x", "a", .keyed = true}},
      .reactors = {{"r", "any(x)", "x", .settings = "ttl=$", .sums = true}}},
     "a1k1 ; +2s a2k1 ;"},
    {"graph",
     "on_error",
     {"dead_letter", "retry", "halt"},
     {"r#1(a1)! dead(a1 bad 1 in r.node#1) r#2(a2)", "r#1(a1)! r#1(a1) r#2(a2)", "r#1(a1)!"},
     record,
     {FAILING("on_error=$ delay=0s"), .sinks = {"dead"}},
     "a1 a2 ; ;",
     "1x1"},
    {"graph",
     "attempts",
     {"1", "2"},
     {"r#1(a1)!", "r#1(a1)! r#1(a1)"},
     record,
     {FAILING("on_error=retry attempts=$")},
     "a1 ; +1s ;",
     "1x1"},
    {"graph",
     "delay",
     {"1s", "3s"},
     {"r#1(a1)! r#1(a1)", "r#1(a1)!"},
     record,
     {FAILING("on_error=retry delay=$")},
     "a1 ; +2s ;",
     "1x1"},
    {"graph",
     "max_delay",
     {"1s", "60s"},
     {"r#1(a1)! r#1(a1)! r#1(a1)", "r#1(a1)! r#1(a1)!"},
     record,
     {FAILING("on_error=retry max_delay=$")},
     "a1 ; +1s +1s ;",
     "1x2"},
    {"graph",
     "backoff",
     {"fixed", "linear", "exponential"},
     {"r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1)!",
      "r#1(a1)! r#1(a1)! r#1(a1)! r#1(a1)!", "r#1(a1)! r#1(a1)! r#1(a1)!"},
     record,
     {FAILING("on_error=retry attempts=9 backoff=$")},
     "a1 ; +1s +1s +1s +1s +1s +1s",
     "1x9"},
    {"graph", "slow", {"1ms", "10s"}, {"1 slow", "0 slow"}, slow, {FAILING("slow=$")}, "a1 ;"},
    {"top",
     "max_rounds",
     {"1", "2"},
     {"r#1(a1) r#2(f101 a1) dead(a201 the)", "r#1(a1) r#2(f101 a1) r#3(f201 a1) dead(a301 the)"},
     record,
     {.settings = "max_rounds=$",
      .sources = {{"a"}},
      .accumulators = {{"f"}},
      .reactors = {{"r", "any(a,f)", "f? a?", .to = "f"}},
      .sinks = {"dead"}},
     "a1 ;"},
    /* No option of the table, but one of E23. */
    {"top",
     "dead_letters",
     {"dead", "dead2", "none"},
     {"r#1(a1)! dead(a1 bad 1 in r.node#1)", "r#1(a1)! dead2(a1 bad 1 in r.node#1)", "r#1(a1)!"},
     record,
     {FAILING(NULL), .sinks = {"dead", "dead2"}, .dead_letters = "$"},
     "a1 ;",
     "1x1"},
};

e23_rows e23_engine(void)
{
    return (e23_rows){rows, sizeof rows / sizeof *rows};
}
