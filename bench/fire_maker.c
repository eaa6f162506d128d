/* SPDX-License-Identifier: Apache-2.0 */
/* fire_maker.c - the market maker: which way a quote goes follows a pattern that branch predictors
 * learn, or is random and new in each pass. */
#include "bench/fire.h"

#include <string.h>

enum { PASSES = 20 };

typedef struct maker_side {
    weir_runtime *runtime; /* NULL: by hand */
    fire_results results;
    hand_maker hand;
    bool shuffled;
    uint64_t seed;
    fire_quote quotes[FIRE_RECORDS];
} maker_side;

static void shuffle(maker_side *side)
{
    for (size_t i = FIRE_RECORDS - 1; i > 0; i--) {
        size_t other = bench_random(&side->seed) % (i + 1);
        fire_quote quote = side->quotes[i];
        side->quotes[i] = side->quotes[other];
        side->quotes[other] = quote;
    }
}

static double pass(maker_side *side)
{
    weir_error *error = NULL;

    if (side->shuffled)
        shuffle(side);
    if (side->runtime != NULL) {
        if (fire_push_quotes_n(side->runtime, side->quotes, FIRE_RECORDS, &error) != WEIR_OK)
            bench_die("%s", weir_error_message(error));
        return fire_run(side->runtime);
    }
    int64_t began = bench_begin();
    hand_make(&side->hand, side->quotes, FIRE_RECORDS);
    return bench_end(began);
}

static double round_of(maker_side *side)
{
    double sum = 0;

    for (int i = 0; i < PASSES; i++)
        sum += pass(side);
    return sum / PASSES / FIRE_RECORDS;
}

static maker_side sides[2];

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

static void run_case(const char *name, bool shuffled)
{
    memset(sides, 0, sizeof sides);
    for (int s = 0; s < 2; s++) {
        uint64_t seed = 88172645463325252u;
        for (size_t i = 0; i < FIRE_RECORDS; i++)
            fire_fill(&sides[s].quotes[i], &seed, shuffled ? FIRE_RANDOM : (uint32_t)i);
        sides[s].seed = seed;
        sides[s].shuffled = shuffled;
    }
    sides[0].runtime = fire_start(&sides[0].results);
    pass(&sides[0]);
    pass(&sides[1]);
    fire_compare(name, &sides[0].results, &sides[1].hand.results);
    bench_run(&(bench_case){.bench = "fire",
                            .name = name,
                            .unit = "ns",
                            .ours = ours,
                            .reference = reference,
                            .operations = PASSES * FIRE_RECORDS});
    weir_runtime_free(sides[0].runtime);
}

void fire_maker_cases(void)
{
    run_case("market_maker", false);
    run_case("market_maker_random", true);
}
