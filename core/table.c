/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - an open-addressing index over entries in slabs.
 *
 * Linear probing; removal shifts the following slots back, so that no tombstones pile up. While the
 * index grows, entries are in one of two indices: `index` is asked first, then `old`. Each
 * insertion moves MOVE slots, which empties the old index before the new one can fill up. The old
 * one must not shift, since slots would pass the point up to which it has been moved: there a
 * removal leaves a tombstone.
 *
 * A free entry has hash chained to the next free one and number 0.
 */
#include "core/table.h"

#include <string.h>
#include <sys/mman.h>

enum { FIRST_SLOTS = 64, MOVE = 8, SLAB_BYTES = 1 << 16, LINE = 64, HUGE_PAGE = 1 << 21 };

static const uint64_t tombstone = 1ull << 32; /* a slot of no entry that probing goes on after */

/* Zeroed memory that begins with a cache line and, where it is large, with a huge page: keys at
 * random places miss the TLB more often than the cache. `*ret_memory` is what is to be freed. */
static void *make_block(size_t count, size_t size, void **ret_memory)
{
    size_t alignment = count >= HUGE_PAGE / size ? HUGE_PAGE : LINE, bytes;

    *ret_memory = NULL;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, alignment, &bytes))
        return NULL;
    *ret_memory = weir_alloc(bytes);
    if (*ret_memory == NULL)
        return NULL;
    unsigned char *block = *ret_memory;
    block += -(uintptr_t)block & (alignment - 1);
    if (alignment == HUGE_PAGE) /* where the kernel has none it stays as it is */
        (void)madvise(block, (bytes - HUGE_PAGE) & ~(size_t)(HUGE_PAGE - 1), MADV_HUGEPAGE);
    return block;
}

static bool make_index(weir_index *index, uint32_t slots)
{
    *index = (weir_index){.mask = slots - 1};
    index->slots = make_block(slots, sizeof *index->slots, &index->memory);
    return index->slots != NULL;
}

bool weir_table_init(weir_table *table, uint32_t key_words, uint32_t size, uint32_t alignment,
                     uint32_t limit, uint64_t seed)
{
    uint32_t head = (uint32_t)sizeof(weir_entry) + key_words * (uint32_t)sizeof(uint64_t);
    uint32_t data = (head + alignment - 1) & ~(alignment - 1);
    uint32_t bytes = data + size;
    uint32_t shift = 0;

    /* Whole cache lines, so that the lines of one entry are no other's. */
    bytes = (bytes + 63) & ~63u;
    while (shift < 12 && ((uint64_t)bytes << (shift + 1)) <= SLAB_BYTES)
        shift++;
    *table = (weir_table){.key_words = key_words,
                          .data_offset = data,
                          .entry_size = bytes,
                          .slab_shift = shift,
                          .limit = limit,
                          .seed = seed};
    return make_index(&table->index, FIRST_SLOTS);
}

void weir_table_free(weir_table *table)
{
    for (uint32_t i = 0; i < table->slab_count; i++)
        weir_free(table->slab_memory[i]);
    weir_free(table->index.memory);
    weir_free(table->old.memory);
    *table = (weir_table){0};
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)hash;
}

static uint32_t home_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static weir_entry *find_in(const weir_table *table, const weir_index *index, const uint64_t *key,
                           uint64_t hash)
{
    for (uint32_t at = home_of(hash) & index->mask;; at = (at + 1) & index->mask) {
        uint64_t slot = index->slots[at];
        if (slot == 0)
            return NULL;
        if ((uint32_t)(slot >> 32) != tag_of(hash) || slot == tombstone)
            continue;
        weir_entry *entry = weir_table_entry(table, (uint32_t)slot);
        if (weir_entry_is(table, entry, key))
            return entry;
    }
}

weir_entry *weir_table_find(const weir_table *table, const uint64_t *key, uint64_t hash)
{
    weir_entry *entry = find_in(table, &table->index, key, hash);

    if (entry == NULL && table->old.slots != NULL)
        entry = find_in(table, &table->old, key, hash);
    return entry;
}

weir_entry *weir_table_guess(const weir_table *table, uint64_t hash)
{
    const weir_index *index = &table->index;
    uint32_t at = home_of(hash) & index->mask;

    for (uint64_t slot; (slot = index->slots[at]) != 0; at = (at + 1) & index->mask) {
        if ((uint32_t)(slot >> 32) != tag_of(hash))
            continue;
        weir_entry *entry = weir_table_entry(table, (uint32_t)slot);
        for (uint32_t line = 0; line < table->entry_size && line < 256; line += 64)
            __builtin_prefetch((const char *)entry + line, 1);
        return entry;
    }
    return NULL;
}

static void insert_slot(weir_index *index, uint32_t home, uint64_t slot)
{
    uint32_t at = home & index->mask;

    while (index->slots[at] != 0)
        at = (at + 1) & index->mask;
    index->slots[at] = slot;
    index->used++;
}

static uint32_t home_of_slot(const weir_table *table, uint64_t slot)
{
    return weir_table_entry(table, (uint32_t)slot)->hash;
}

/* Moves a few slots of the old index. Its slots stay, so that probing it still works; the entry is
 * found in the new index first. */
static void move_some(weir_table *table)
{
    for (int i = 0; i < MOVE && table->moved <= table->old.mask; i++) {
        uint64_t slot = table->old.slots[table->moved++];
        if (slot != 0 && slot != tombstone)
            insert_slot(&table->index, home_of_slot(table, slot), slot);
    }
    if (table->moved > table->old.mask) {
        weir_free(table->old.memory);
        table->old = (weir_index){0};
    }
}

/* Starts to grow when three quarters are used; until there is memory, goes on with what it has. */
static bool make_room(weir_table *table)
{
    uint32_t slots = table->index.mask + 1;

    if (table->old.slots != NULL || table->index.used < slots / 4 * 3)
        return true;
    weir_index grown;
    if (slots > UINT32_MAX / 4 || !make_index(&grown, slots * 2))
        return table->index.used < slots - 1;
    table->old = table->index;
    table->index = grown;
    table->moved = 0;
    return true;
}

/* The entries that all slabs together have. */
static uint64_t room_of(const weir_table *table)
{
    return (((uint64_t)1 << table->slab_count) - 1) << table->slab_shift;
}

static bool add_slab(weir_table *table)
{
    size_t entries = (size_t)1 << (table->slab_shift + table->slab_count);
    uint32_t slab = table->slab_count;

    table->slabs[slab] = make_block(entries, table->entry_size, &table->slab_memory[slab]);
    if (table->slabs[slab] == NULL)
        return false;
    table->slab_count++;
    return true;
}

static weir_entry *take_entry(weir_table *table)
{
    uint32_t number = table->free;

    if (number != 0) {
        weir_entry *entry = weir_table_entry(table, number);
        table->free = entry->hash;
        memset(entry, 0, table->entry_size);
        entry->number = number;
        return entry;
    }
    if (table->fresh == room_of(table) && !add_slab(table))
        return NULL;
    weir_entry *entry = weir_table_entry(table, ++table->fresh);
    entry->number = table->fresh;
    return entry;
}

weir_entry *weir_table_add(weir_table *table, const uint64_t *key, uint64_t hash, bool *full)
{
    weir_entry *entry = weir_table_find(table, key, hash);

    *full = false;
    if (__builtin_expect(table->old.slots != NULL, 0))
        move_some(table);
    if (entry != NULL)
        return entry;
    *full = table->count >= table->limit;
    if (*full || !make_room(table) || (entry = take_entry(table)) == NULL)
        return NULL;
    entry->hash = home_of(hash);
    table->added++;
    memcpy(entry->key, key, table->key_words * sizeof *key);
    insert_slot(&table->index, entry->hash, (uint64_t)tag_of(hash) << 32 | entry->number);
    table->count++;
    return entry;
}

/* Takes a slot out and shifts back those that had to step over it. */
static void close_gap(const weir_table *table, weir_index *index, uint32_t gap)
{
    uint32_t mask = index->mask;

    for (uint32_t at = (gap + 1) & mask; index->slots[at] != 0; at = (at + 1) & mask) {
        uint32_t home = home_of_slot(table, index->slots[at]) & mask;
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        index->slots[gap] = index->slots[at];
        gap = at;
    }
    index->slots[gap] = 0;
    index->used--;
}

/* The slot of the entry, or a free one. */
static uint32_t slot_of(const weir_index *index, const weir_entry *entry)
{
    uint32_t at = entry->hash & index->mask;

    while (index->slots[at] != 0 && (uint32_t)index->slots[at] != entry->number)
        at = (at + 1) & index->mask;
    return at;
}

void weir_table_remove(weir_table *table, weir_entry *entry)
{
    uint32_t at = slot_of(&table->index, entry);

    if (table->index.slots[at] != 0)
        close_gap(table, &table->index, at);
    if (table->old.slots != NULL && table->old.slots[at = slot_of(&table->old, entry)] != 0)
        table->old.slots[at] = tombstone;
    entry->hash = table->free;
    table->free = entry->number;
    entry->number = 0;
    table->count--;
}

weir_entry *weir_table_next(const weir_table *table, uint32_t after)
{
    for (uint32_t number = after + 1; number <= table->fresh; number++) {
        weir_entry *entry = weir_table_entry(table, number);
        if (entry->number != 0)
            return entry;
    }
    return NULL;
}
