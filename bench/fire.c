/* SPDX-License-Identifier: Apache-2.0 */
/* fire.c - the cost of a firing, against hand-written C.
 *
 * Records are pushed before the clock starts: what is measured is from the decoded value to the
 * callback.
 */
#include "bench/fire.h"

#include <stdio.h>

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

weir_runtime *fire_start(fire_results *results)
{
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;

    check(weir_runtime_new(NULL, &runtime, &error), error);
    check(weir_runtime_load(runtime, &fire_module, &error), error);
    check(fire_on_orders(runtime, fire_take_order, results), error);
    check(fire_on_skips(runtime, fire_take_reason, results), error);
    check(fire_on_results(runtime, fire_take_price, results), error);
    check(weir_runtime_poll(runtime, &error), error);
    return runtime;
}

double fire_run(weir_runtime *runtime)
{
    weir_error *error = NULL;
    int64_t began = bench_begin();

    check(weir_runtime_poll(runtime, &error), error);
    return bench_end(began);
}

void fire_name(fire_quote *quote, uint32_t number)
{
    memset(quote->symbol, 0, sizeof quote->symbol);
    snprintf(quote->symbol, sizeof quote->symbol, "SYM%u", number);
}

void fire_fill(fire_quote *quote, uint64_t *seed, uint32_t turn)
{
    uint64_t word = bench_random(seed);
    uint32_t fate = turn == FIRE_RANDOM ? (uint32_t)word & 15 : turn & 15;
    double mid = 100 + (double)(word >> 40 & 1023) / 1000;
    double spread = (fate & 1) != 0 ? 1.0 : 0.1;

    if (fate == 4 || fate == 7)
        spread = -spread;
    fire_name(quote, word >> 32 & 255);
    quote->bid = mid - spread / 2;
    quote->ask = mid + spread / 2;
    quote->bid_size = (double)(word >> 4 & 1023) + 1;
    quote->ask_size = (double)(word >> 14 & 1023) + 1;
    quote->ts = (int64_t)(word >> 24);
}

void fire_compare(const char *name, const fire_results *ours, const fire_results *reference)
{
    if (ours->sum != reference->sum || ours->count != reference->count ||
        ours->reasons != reference->reasons || ours->count == 0)
        bench_die("fire %s: the two sides differ: %.17g and %.17g", name, ours->sum,
                  reference->sum);
}

int main(void)
{
    fire_maker_cases();
    fire_keyed_cases();
    fire_chain_cases();
    return 0;
}
