/* SPDX-License-Identifier: Apache-2.0 */
/* fire_keyed.c - the market maker with a state of 64 bytes for each symbol, quotes of symbols at
 * random. */
#include "bench/fire.h"

typedef struct keyed_side {
    weir_runtime *runtime; /* NULL: by hand */
    hand_table *table;
    fire_results results;
    uint64_t seed;
} keyed_side;

static keyed_side sides[2];
static fire_quote quotes[FIRE_RECORDS];
static uint32_t keys;
static size_t chunks;

static double run_quotes(keyed_side *side)
{
    weir_error *error = NULL;

    if (side->runtime != NULL) {
        if (fire_push_books_n(side->runtime, quotes, FIRE_RECORDS, &error) != WEIR_OK)
            bench_die("%s", weir_error_message(error));
        return fire_run(side->runtime);
    }
    int64_t began = bench_begin();
    hand_keyed(side->table, &side->results, quotes, FIRE_RECORDS);
    return bench_end(began);
}

static double chunk(keyed_side *side)
{
    for (size_t i = 0; i < FIRE_RECORDS; i++) {
        fire_fill(&quotes[i], &side->seed, FIRE_RANDOM);
        fire_name(&quotes[i], (uint32_t)(bench_random(&side->seed) % keys));
    }
    return run_quotes(side);
}

static double round_of(keyed_side *side)
{
    double sum = 0;

    for (size_t i = 0; i < chunks; i++)
        sum += chunk(side);
    return sum / (double)(chunks * FIRE_RECORDS);
}

static double ours(void *arg)
{
    (void)arg;
    return round_of(&sides[0]);
}

static double reference(void *arg)
{
    (void)arg;
    return round_of(&sides[1]);
}

/* Every key is there before the clock starts. */
static void add_keys(keyed_side *side)
{
    for (size_t key = 0; key < keys; key += FIRE_RECORDS) {
        for (size_t i = 0; i < FIRE_RECORDS; i++) {
            fire_fill(&quotes[i], &side->seed, FIRE_RANDOM);
            fire_name(&quotes[i], (uint32_t)((key + i) % keys));
        }
        run_quotes(side);
    }
}

static void run_case(const char *name, uint32_t key_count)
{
    keys = key_count;
    chunks = key_count / FIRE_RECORDS / 4 + 1;
    for (int s = 0; s < 2; s++)
        sides[s] = (keyed_side){.seed = 88172645463325252u};
    sides[0].runtime = fire_start(&sides[0].results);
    sides[1].table = hand_table_new(keys);
    if (sides[1].table == NULL)
        bench_die("fire %s: no memory", name);
    for (int s = 0; s < 2; s++)
        add_keys(&sides[s]);
    fire_compare(name, &sides[0].results, &sides[1].results);
    bench_run(&(bench_case){.bench = "fire",
                            .name = name,
                            .unit = "ns",
                            .ours = ours,
                            .reference = reference,
                            .operations = chunks * FIRE_RECORDS});
    fire_compare(name, &sides[0].results, &sides[1].results);
    weir_runtime_free(sides[0].runtime);
    hand_table_free(sides[1].table);
}

void fire_keyed_cases(void)
{
    run_case("keyed_100k", 100000);
    run_case("keyed_1m", 1000000);
}
