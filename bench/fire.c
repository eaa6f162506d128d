/* SPDX-License-Identifier: Apache-2.0 */
/* fire.c - the cost of a firing, against hand-written C: one JSON line a case.
 *
 * Each round runs both sides in turn over the same records, which are pushed before the clock
 * starts: what is measured is from the decoded quote to the callback.
 */
#include "bench/fire.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RECORDS = 16384, ROUNDS = 25, PASSES = 20 };

static maker_quote quotes[RECORDS];

static int64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static uint64_t random_word(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Prices wander; one quote in sixteen has a wide spread. `random`: at unforeseeable places, and in
 * each pass anew, so that no branch predictor learns them. */
static void fill(uint64_t *seed, bool random)
{
    double price = 100;

    for (size_t i = 0; i < RECORDS; i++) {
        uint64_t word = random_word(seed);
        bool wide = random ? (word & 1) != 0 : i % 16 == 15;
        price += (double)(word >> 40 & 255) / 1000 - 0.1275;
        snprintf(quotes[i].symbol, sizeof quotes[i].symbol, "SYM%u", (unsigned)(word >> 32 & 1023));
        quotes[i].bid = price;
        quotes[i].ask = price + (wide ? 1.0 : 0.1);
        quotes[i].bid_size = (double)(word & 1023) + 1;
        quotes[i].ask_size = (double)(word >> 10 & 1023) + 1;
        quotes[i].ts = (int64_t)i;
    }
}

static void check(weir_status status, weir_error *error)
{
    if (status == WEIR_OK)
        return;
    fprintf(stderr, "fire: %s\n", weir_error_message(error));
    exit(1);
}

static weir_runtime *start(fire_world *world)
{
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;

    check(weir_runtime_new(NULL, &runtime, &error), error);
    check(weir_runtime_load(runtime, &maker_module, &error), error);
    check(maker_on_orders(runtime, take_order, world), error);
    check(maker_on_skips(runtime, take_reason, world), error);
    check(weir_runtime_poll(runtime, &error), error);
    return runtime;
}

/* Nanoseconds of one pass over all records. */
static int64_t ours(weir_runtime *runtime)
{
    weir_error *error = NULL;

    check(maker_push_quotes_n(runtime, quotes, RECORDS, &error), error);
    int64_t began = now_ns();
    check(weir_runtime_poll(runtime, &error), error);
    return now_ns() - began;
}

static int64_t reference(fire_world *world)
{
    int64_t began = now_ns();

    by_hand(world, quotes, RECORDS);
    return now_ns() - began;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare_doubles);
    return values[ROUNDS / 2];
}

static void run_case(const char *name, bool random)
{
    fire_world left = {0}, right = {0};
    weir_runtime *runtime = start(&left);
    double mine[ROUNDS], theirs[ROUNDS], ratios[ROUNDS];
    uint64_t seed = 88172645463325252u;

    fill(&seed, random);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t own = 0, other = 0;
        for (int pass = 0; pass < PASSES; pass++) {
            if (random)
                fill(&seed, random);
            own += ours(runtime);
            other += reference(&right);
        }
        mine[round] = (double)own / (RECORDS * PASSES);
        theirs[round] = (double)other / (RECORDS * PASSES);
        ratios[round] = mine[round] / theirs[round];
    }
    if (left.sum != right.sum || left.reasons != right.reasons) {
        fprintf(stderr, "fire: the two sides differ: %.17g and %.17g\n", left.sum, right.sum);
        exit(1);
    }
    double ratio = median(ratios);
    printf("{\"bench\":\"fire\",\"case\":\"%s\",\"ours\":%.2f,\"reference\":%.2f,\"ratio\":%.3f,"
           "\"better\":\"lower\",\"unit\":\"ns\",\"rounds\":%d}\n",
           name, median(mine), median(theirs), ratio, ROUNDS);
    weir_runtime_free(runtime);
}

int main(void)
{
    run_case("market_maker", false);
    run_case("market_maker_random", true);
    return 0;
}
