/* SPDX-License-Identifier: Apache-2.0 */
/* fire.h - what both sides of the firing benchmark share. */
#ifndef WEIR_BENCH_FIRE_H
#define WEIR_BENCH_FIRE_H

#include "bench/harness.h"
#include "fire.weir.h"

enum { FIRE_RECORDS = 16384 };

/* Where the results of one side go; the sums are compared before timing counts. */
typedef struct fire_results {
    double sum;
    uint64_t count, reasons;
} fire_results;

/* fire_take.c: the callbacks, `results` is a fire_results. */
void fire_take_order(const fire_order *order, void *results);
void fire_take_reason(const fire_reason *reason, void *results);
void fire_take_price(const fire_price *price, void *results);

/* A runtime with the module `fire`, whose results go there. */
weir_runtime *fire_start(fire_results *results);

/* Nanoseconds that the runtime needs for what was pushed. */
double fire_run(weir_runtime *runtime);

/* Half of the quotes have a wide spread, one in eight a crossed one: by `turn` in a pattern that
 * branch predictors learn, or with FIRE_RANDOM at random. All else is random. */
#define FIRE_RANDOM UINT32_MAX
void fire_fill(fire_quote *quote, uint64_t *seed, uint32_t turn);
void fire_name(fire_quote *quote, uint32_t number);

/* Ends the program where the two sides differ. */
void fire_compare(const char *name, const fire_results *ours, const fire_results *reference);

/* --- The cases --- */

void fire_maker_cases(void);
void fire_keyed_cases(void);
void fire_chain_cases(void);

/* --- reference/: by hand --- */

typedef struct hand_maker {
    const fire_quote *newest;
    fire_quote kept;
    fire_maker_decide_state state;
    uint64_t firings, trades, skips;
    fire_results results;
} hand_maker;

void hand_make(hand_maker *maker, const fire_quote *quotes, size_t count);

void hand_chain(fire_results *results, const fire_price *prices, size_t count);

typedef struct hand_burst {
    fire_quote newest;
    uint64_t collapsed, firings;
    fire_results results;
} hand_burst;

/* All but the newest collapse. */
void hand_collapse(hand_burst *burst, const fire_quote *quotes, size_t count);

/* keyed.c: an open table with prefetch; NULL: no memory. */
typedef struct hand_table hand_table;
hand_table *hand_table_new(size_t keys);
void hand_table_free(hand_table *table);
void hand_keyed(hand_table *table, fire_results *results, const fire_quote *quotes, size_t count);

#endif
