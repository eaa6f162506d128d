/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - keys and what is kept under them.
 *
 * Entries lie in slabs and never move, so pointers to them hold until they are removed. The index
 * holds (tag, entry number) pairs; it grows by moving a few slots each time a key is asked for, so
 * that none of it takes long. Keys are whole 64-bit words, zero-padded: hash and equality are word
 * operations.
 *
 *     entry:  | header | key words | the owner's bytes ... |
 */
#ifndef WEIR_CORE_TABLE_H
#define WEIR_CORE_TABLE_H

#include <weir/core.h>

typedef struct weir_entry {
    uint32_t number; /* of the entry, counted from 1 */
    uint32_t hash;   /* the part of the hash that its slot is found by */
    uint64_t key[];
} weir_entry;

typedef struct weir_index {
    uint64_t *slots; /* tag << 32 | entry number; 0: free */
    void *memory;    /* that they lie in */
    uint32_t mask;
    uint32_t used;
} weir_index;

enum { WEIR_SLABS = 32 };

typedef struct weir_table {
    uint32_t key_words;
    uint32_t data_offset; /* of the owner's bytes in an entry */
    uint32_t entry_size;
    uint32_t slab_shift; /* the first slab has 1 << slab_shift entries, each other twice as many */
    uint32_t slab_count;
    unsigned char *slabs[WEIR_SLABS];
    void *slab_memory[WEIR_SLABS]; /* that they lie in */
    uint32_t fresh;                /* entries that were never used begin here */
    uint32_t free;                 /* the first freed entry; they are chained through `hash` */
    uint32_t count;
    uint32_t limit;
    uint64_t added; /* insertions so far: the age of the newest entry, counted from 1 */
    uint64_t seed;
    weir_index index;
    weir_index old; /* is being moved into `index`; slots == NULL: nothing is */
    uint32_t moved; /* slots of `old` that have been moved */
} weir_table;

/* `size` bytes are the owner's, behind the key, aligned to `alignment` (8 to 64); zeroed when an
 * entry is added. */
WEIR_MUST_USE bool weir_table_init(weir_table *table, uint32_t key_words, uint32_t size,
                                   uint32_t alignment, uint32_t limit, uint64_t seed);
void weir_table_free(weir_table *table);

static inline void *weir_entry_data(const weir_table *table, weir_entry *entry)
{
    return (unsigned char *)entry + table->data_offset;
}

/* A hash begins with a seed, takes words, and ends: then its upper half is the best part of it. */
static inline uint64_t weir_hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static inline uint64_t weir_hash_end(uint64_t hash)
{
    return hash * 0xd6e8feb86659fd93u;
}

static inline uint64_t weir_table_hash(const weir_table *table, const uint64_t *key)
{
    uint64_t hash = table->seed;

    for (uint32_t i = 0; i < table->key_words; i++)
        hash = weir_hash_word(hash, key[i]);
    return weir_hash_end(hash);
}

static inline weir_entry *weir_table_entry(const weir_table *table, uint32_t number)
{
    uint64_t place = (uint64_t)number - 1 + (1u << table->slab_shift);
    uint32_t slab = 63 - (uint32_t)__builtin_clzll(place) - table->slab_shift;
    uint64_t before = (uint64_t)1 << (slab + table->slab_shift);
    void *entry = table->slabs[slab] + (place - before) * table->entry_size;

    return (weir_entry *)entry;
}

/* Touches the slot that `hash` begins at, some events before it is needed. */
static inline void weir_table_prefetch_slot(const weir_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->index.slots[(hash >> 32) & table->index.mask]);
}

/* The entry that `hash` probably leads to, and touches it; NULL: none at hand. Its owner may have
 * gone when it is needed: ask weir_entry_is then. */
weir_entry *weir_table_guess(const weir_table *table, uint64_t hash);

/* True where a guessed entry is that of the key. */
static inline bool weir_entry_is(const weir_table *table, const weir_entry *entry,
                                 const uint64_t *key)
{
    uint64_t differ = 0;

    for (uint32_t i = 0; i < table->key_words; i++)
        differ |= entry->key[i] ^ key[i];
    return differ == 0 && entry->number != 0;
}

weir_entry *weir_table_find(const weir_table *table, const uint64_t *key, uint64_t hash);

/* Finds or adds. NULL with *full: the limit is reached; NULL without: out of memory. */
weir_entry *weir_table_add(weir_table *table, const uint64_t *key, uint64_t hash, bool *full);
void weir_table_remove(weir_table *table, weir_entry *entry);

/* The live entry with the smallest number above `after`; NULL: none. For walks over all keys. */
weir_entry *weir_table_next(const weir_table *table, uint32_t after);

#endif
