/* SPDX-License-Identifier: Apache-2.0 */
/* fire_chain.c - twenty nodes in a row, and bursts that collapse under `latest`. */
#include "bench/fire.h"

enum { PASSES = 10 };

static weir_runtime *runtime;
static fire_results results, hand_results;
static hand_burst burst;
static fire_price prices[FIRE_RECORDS];
static fire_quote quotes[FIRE_RECORDS];

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

static double chain(void *arg)
{
    double sum = 0;
    weir_error *error = NULL;

    (void)arg;
    for (int i = 0; i < PASSES; i++) {
        check(fire_push_prices_n(runtime, prices, FIRE_RECORDS, &error), error);
        sum += fire_run(runtime);
    }
    return sum / PASSES / FIRE_RECORDS;
}

static double chain_by_hand(void *arg)
{
    int64_t began = bench_begin();

    (void)arg;
    for (int i = 0; i < PASSES; i++)
        hand_chain(&hand_results, prices, FIRE_RECORDS);
    return bench_end(began) / PASSES / FIRE_RECORDS;
}

/* The whole array is one burst: its turn fires once, on the newest. */
static double collapse(void *arg)
{
    double sum = 0;
    weir_error *error = NULL;

    (void)arg;
    for (int i = 0; i < PASSES; i++) {
        check(fire_push_bursts_n(runtime, quotes, FIRE_RECORDS, &error), error);
        sum += fire_run(runtime);
    }
    return sum / PASSES / FIRE_RECORDS;
}

static double collapse_by_hand(void *arg)
{
    int64_t began = bench_begin();

    (void)arg;
    for (int i = 0; i < PASSES; i++)
        hand_collapse(&burst, quotes, FIRE_RECORDS);
    return bench_end(began) / PASSES / FIRE_RECORDS;
}

static void run_case(const char *name, bench_side *ours, bench_side *reference,
                     const fire_results *by_hand)
{
    results = (fire_results){0};
    runtime = fire_start(&results);
    ours(NULL);
    reference(NULL);
    fire_compare(name, &results, by_hand);
    bench_run(&(bench_case){.bench = "fire",
                            .name = name,
                            .unit = "ns",
                            .ours = ours,
                            .reference = reference,
                            .operations = PASSES * FIRE_RECORDS});
    weir_runtime_free(runtime);
}

void fire_chain_cases(void)
{
    uint64_t seed = 88172645463325252u;

    for (size_t i = 0; i < FIRE_RECORDS; i++) {
        fire_fill(&quotes[i], &seed, FIRE_RANDOM);
        prices[i].value = quotes[i].bid;
    }
    run_case("chain_20", chain, chain_by_hand, &hand_results);
    run_case("latest_burst", collapse, collapse_by_hand, &burst.results);
}
