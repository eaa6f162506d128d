/* SPDX-License-Identifier: Apache-2.0 */
/* peers.c - the quote pipeline of bench/peers.py in weir: peers EVENTS. Tells one JSON line of
 * events in a second and of what came out: {"events_per_second","sum","trades","skips"}. */
#include "bench/harness.h"
#include "peers.weir.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct peer_results {
    double sum;
    unsigned long long trades, skips;
} peer_results;

static void take_trade(const peers_signal *signal, void *results)
{
    ((peer_results *)results)->sum += signal->mid;
    ((peer_results *)results)->trades++;
}

static void take_skip(const peers_skip *skip, void *results)
{
    (void)skip;
    ((peer_results *)results)->skips++;
}

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

/* The same quotes as the other side's, to the bit. */
static void make_quote(peers_quote *quote, uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint64_t word = *state >> 24;
    quote->bid = (double)(word % 100000) / 100;
    quote->ask = quote->bid + ((double)(word >> 20 & 127) - 16) / 100;
}

static void push_all(weir_runtime *runtime, const peers_quote *quotes, size_t events)
{
    enum { BATCH = 8192 };
    weir_error *error = NULL;

    for (size_t i = 0; i < events; i += BATCH) {
        size_t count = events - i < BATCH ? events - i : BATCH;
        check(peers_push_quotes_n(runtime, quotes + i, count, &error), error);
        check(weir_runtime_poll(runtime, &error), error);
    }
}

int main(int count, char **arguments)
{
    size_t events = count == 2 ? strtoul(arguments[1], NULL, 10) : 0;
    peers_quote *quotes = calloc(events + 1, sizeof *quotes);
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;
    peer_results results = {0};
    uint64_t state = 1;

    if (events == 0 || quotes == NULL)
        bench_die("peers EVENTS");
    for (size_t i = 0; i < events; i++)
        make_quote(&quotes[i], &state);
    check(weir_runtime_new(NULL, &runtime, &error), error);
    check(weir_runtime_load(runtime, &peers_module, &error), error);
    check(peers_on_trades(runtime, take_trade, &results), error);
    check(peers_on_skips(runtime, take_skip, &results), error);
    int64_t began = bench_begin();
    push_all(runtime, quotes, events);
    double seconds = bench_end(began) / 1e9;
    printf("{\"events_per_second\":%.1f,\"sum\":%.17g,\"trades\":%llu,\"skips\":%llu}\n",
           (double)events / seconds, results.sum, results.trades, results.skips);
    weir_runtime_free(runtime);
    free(quotes);
    return 0;
}
