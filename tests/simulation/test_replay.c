/* SPDX-License-Identifier: Apache-2.0 */
/* test_replay.c - a backtest is the live run: random specs, the same events live, each time a turn,
 * and replayed from a history (rule E16).
 *
 *     test_replay [--seed N] [--count M]
 *
 * No queue is ever full: a replay waits for what holds it, which takes virtual time, where a live
 * source is read on later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pipeline/rig_spec.h"
#include "tests/simulation/random_case.h"
#include "tests/simulation/simulate.h"

static unsigned long first_seed = 1, seed_count = RIG_TIMES(2000);

/* PLACES: of a queue; a source whose firing is held brings no more than that. */
enum { ROOM = 65536, PLACES = 8, MANY = 60 };

/* What is told to the runtime that lives, and what each source of the other one holds. */
typedef struct tape {
    char script[ROOM], items[RIG_ROOM][ROOM];
    int size, sizes[RIG_ROOM];
} tape;

static unsigned below(unsigned limit)
{
    return (unsigned)(random_next() % limit);
}

/* Nothing is dropped before the reactors, and nothing is held for want of a place. */
static bool make(random_case *c, unsigned long seed)
{
    if (!random_make_generated(c, seed))
        return false;
    for (unsigned i = 0; i < c->sources; i++)
        c->spec.sources[i] = (rig_source){.name = c->spec.sources[i].name, .timed = true};
    for (unsigned i = 0; i < c->reactors; i++)
        for (int t = 0; t < c->text_count; t++)
            if (c->spec.reactors[i].settings == c->texts[t])
                strchr(c->texts[t], '=')[1] = (char)('0' + PLACES);
    return true;
}

static void add_event(tape *t, const random_case *c, unsigned source, int id, int64_t time)
{
    unsigned key = below(3);

    t->size += snprintf(t->script + t->size, ROOM - (size_t)t->size, "%s%dk%u@%lld ",
                        c->spec.sources[source].name, id, key, (long long)time);
    t->sizes[source] +=
        snprintf(t->items[source] + t->sizes[source], ROOM - (size_t)t->sizes[source],
                 "%s%dk%u@%lld", t->sizes[source] != 0 ? "," : "", id, key, (long long)time);
}

/* Times that stand still, go on a little, or skip what timers are there for. None is a timer's own,
 * which is a turn by itself where the clock is moved by hand. */
static void make_tape(tape *t, const random_case *c)
{
    static const int64_t steps[] = {0, 0, 100000000, 300000000, 1000000000, 2500000000};
    int count = 1 + (int)below(c->roomy ? MANY : PLACES);
    int64_t time = 0;

    *t = (tape){.size = 0};
    for (int id = 1; id <= count; id++) {
        int64_t step = id == 1 ? 0 : steps[below(6)];
        if (step != 0) {
            step += 1 + below(9999999);
            t->size += snprintf(t->script + t->size, ROOM - (size_t)t->size, "; +%lldns ",
                                (long long)step);
        }
        time += step;
        add_event(t, c, below(c->sources), id, time);
    }
    snprintf(t->script + t->size, ROOM - (size_t)t->size, "; close ; ; ;");
}

/* --- Both --- */

static void mark(rig_world *rig, const random_case *c, unsigned long seed)
{
    for (int id = 1; id <= MANY; id++)
        if ((seed + (unsigned long)id) % 8 == 0)
            rig->fails[id] = (uint8_t)(1 + (seed + (unsigned long)id) % 3);
    rig->terse = rig->still = true;
    rig->false_ids = c->false_ids;
}

/* Without what a dead letter shows: a history has the event's bytes, a channel only its value. */
static int copy_record(const char *from, char *ret)
{
    int size = 0;

    for (bool dead = false; *from != '\0' && size < ROOM - 1; from++) {
        dead = strncmp(from, "dead(", 5) == 0 || (dead && *from != ' ');
        if (!dead || strchr("-0123456789", *from) == NULL)
            ret[size++] = *from;
    }
    ret[size] = '\0';
    return size;
}

/* The record, and each source's ledger. */
static void tell(rig_world *rig, const random_case *c, char *ret)
{
    int size = copy_record(rig->record.data != NULL ? rig->record.data : "", ret);

    for (unsigned i = 0; i < c->sources; i++) {
        char ledger[256];
        rig_ledger_of(rig, c->spec.sources[i].name, ledger, sizeof ledger);
        size +=
            snprintf(ret + size, ROOM - (size_t)size, "%s: %s; ", c->spec.sources[i].name, ledger);
    }
    rig_check_ledgers(rig);
}

static void run_live(const random_case *c, const tape *t, unsigned long seed, char *ret)
{
    rig_world rig = {.live = false};

    mark(&rig, c, seed);
    rig_open(&rig, &c->spec);
    rig_run(&rig, t->script);
    for (int i = 0; i < 40 && !rig.ended; i++)
        rig_run(&rig, "+5s ;");
    assert_true(rig.ended);
    tell(&rig, c, ret);
    rig_close(&rig);
}

static void replay(const random_case *c, const tape *t, unsigned long seed, char *ret)
{
    static char settings[RIG_ROOM][ROOM + 8];
    rig_world rig = {.config = {.mode = WEIR_MODE_REPLAY}};
    rig_spec spec = c->spec;

    for (unsigned i = 0; i < c->sources; i++) {
        snprintf(settings[i], sizeof settings[i], "items=%s", t->items[i]);
        spec.sources[i].kind = "history";
        spec.sources[i].settings = settings[i];
    }
    mark(&rig, c, seed);
    rig_open(&rig, &spec);
    for (int i = 0; i < 10 && !rig.ended; i++)
        rig_run(&rig, "; ;");
    assert_true(rig.ended);
    tell(&rig, c, ret);
    rig_close(&rig);
}

static void compare(const random_case *c, unsigned long seed)
{
    static char live[ROOM], replayed[ROOM];
    static tape t;

    make_tape(&t, c);
    run_live(c, &t, seed, live);
    replay(c, &t, seed, replayed);
    size_t same = simulate_same(live, replayed);
    if (strcmp(live, replayed) == 0)
        return;
    printf("  %s\n  same:   %.*s\n  live:   %s\n  replay: %s\n", t.script, (int)same, live,
           live + same, replayed + same);
    fail_msg("seed %lu differs; test_replay --seed %lu --count 1", seed, seed);
}

static void a_backtest_is_the_live_run(void **state)
{
    random_case *c = calloc(1, sizeof *c);
    unsigned long compared = 0;

    (void)state;
    assert_non_null(c);
    for (unsigned long seed = first_seed; seed < first_seed + seed_count; seed++)
        if (make(c, seed)) {
            compare(c, seed);
            compared++;
        }
    print_message("  %lu of %lu seeds\n", compared, seed_count);
    free(c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_backtest_is_the_live_run)};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            first_seed = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0)
            seed_count = strtoul(argv[i + 1], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
