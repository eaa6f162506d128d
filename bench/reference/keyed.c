/* SPDX-License-Identifier: Apache-2.0 */
/* keyed.c - a state for each symbol by hand: an open table of (tag, entry) pairs, entries with key
 * and state side by side, both fetched some quotes ahead. */
#include "bench/fire.h"

#include <stdlib.h>

enum { FIND = 16, HASH = 32, RING = 64 };

typedef struct hand_entry {
    _Alignas(64) uint64_t key[2];
    fire_keyed_decide_state state;
} hand_entry;

struct hand_table {
    uint64_t *slots; /* tag << 32 | entry + 1; 0: free */
    uint32_t mask, used;
    hand_entry *entries;
    uint64_t firings, trades, skips;
};

hand_table *hand_table_new(size_t keys)
{
    hand_table *table = calloc(1, sizeof *table);
    size_t slots = 1;

    while (slots < 2 * keys)
        slots *= 2;
    if (table == NULL)
        return NULL;
    table->mask = (uint32_t)slots - 1;
    table->slots = calloc(slots, sizeof *table->slots);
    table->entries = aligned_alloc(64, keys * sizeof *table->entries);
    if (table->slots != NULL && table->entries != NULL) {
        memset(table->entries, 0, keys * sizeof *table->entries);
        return table;
    }
    hand_table_free(table);
    return NULL;
}

void hand_table_free(hand_table *table)
{
    free(table->slots);
    free(table->entries);
    free(table);
}

static uint64_t hash_of(const fire_quote *quote)
{
    uint64_t key[2], hash;

    memcpy(key, quote->symbol, sizeof key);
    hash = key[0] * 0x9e3779b97f4a7c15u;
    hash = ((hash ^ hash >> 32) ^ key[1]) * 0x9e3779b97f4a7c15u;
    return (hash ^ hash >> 32) * 0xd6e8feb86659fd93u;
}

static uint32_t home_of(const hand_table *table, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & table->mask;
}

static void fetch_entry(const hand_table *table, uint64_t hash)
{
    uint64_t slot = table->slots[home_of(table, hash)];
    const char *entry = (const char *)&table->entries[(uint32_t)slot - 1];

    if (slot == 0)
        return;
    __builtin_prefetch(entry, 1);
    __builtin_prefetch(entry + 64, 1);
}

static hand_entry *find_or_add(hand_table *table, const fire_quote *quote, uint64_t hash)
{
    uint64_t tag = (uint32_t)hash, key[2];
    uint32_t at = home_of(table, hash);

    memcpy(key, quote->symbol, sizeof key);
    for (;; at = (at + 1) & table->mask) {
        uint64_t slot = table->slots[at];
        hand_entry *entry = &table->entries[(uint32_t)slot - 1];
        if (slot == 0)
            break;
        if (slot >> 32 == tag && entry->key[0] == key[0] && entry->key[1] == key[1])
            return entry;
    }
    hand_entry *entry = &table->entries[table->used++];
    table->slots[at] = tag << 32 | table->used;
    memcpy(entry->key, key, sizeof key);
    return entry;
}

static void fire(hand_table *table, fire_results *results, const fire_quote *quote,
                 hand_entry *entry)
{
    weir_firing firing = {.key = entry->key};
    fire_signal signal = {0, 0};
    fire_keyed_decide_out decide;

    if (!(quote->ask > quote->bid))
        return;
    table->firings++;
    if (fire_keyed_signal(&firing, quote, &signal) != WEIR_OK ||
        fire_keyed_decide(&firing, quote, &signal, &entry->state, &decide) != WEIR_OK)
        return;
    if (decide.route == FIRE_KEYED_DECIDE_TRADE) {
        fire_order order;
        table->trades++;
        if (fire_keyed_round(&firing, &decide.trade, &order) == WEIR_OK)
            fire_take_order(&order, results);
    } else {
        fire_reason reason;
        table->skips++;
        if (fire_keyed_audit(&firing, &decide.skip, &reason) == WEIR_OK)
            fire_take_reason(&reason, results);
    }
}

void hand_keyed(hand_table *table, fire_results *results, const fire_quote *quotes, size_t count)
{
    uint64_t hashes[RING];

    for (size_t i = 0; i < count + HASH; i++) {
        if (i < count) {
            hashes[i % RING] = hash_of(&quotes[i]);
            __builtin_prefetch(&table->slots[home_of(table, hashes[i % RING])]);
        }
        if (i >= FIND && i - FIND < count)
            fetch_entry(table, hashes[(i - FIND) % RING]);
        if (i >= HASH) {
            const fire_quote *quote = &quotes[i - HASH];
            fire(table, results, quote, find_or_add(table, quote, hashes[(i - HASH) % RING]));
        }
    }
}
