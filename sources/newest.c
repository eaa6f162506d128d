/* SPDX-License-Identifier: Apache-2.0 */
/* newest.c - finds the newest event of a key among those that wait in a channel's ring. */
#include "sources/newest.h"

#include <string.h>

#include "core/table.h"

bool weir_newest_init(weir_newest *newest, const unsigned char *values, size_t size,
                      size_t capacity)
{
    size_t heads = 1;

    while (heads < capacity)
        heads *= 2;
    newest->values = values;
    newest->size = size;
    newest->capacity = capacity;
    newest->mask = heads - 1;
    newest->heads = weir_alloc_array(heads, sizeof *newest->heads);
    newest->links = weir_alloc_array(capacity, sizeof *newest->links);
    return newest->heads != NULL && newest->links != NULL;
}

void weir_newest_free(weir_newest *newest)
{
    weir_free(newest->heads);
    weir_free(newest->links);
}

/* --- Keys --- */

static const unsigned char *value_at(const weir_newest *newest, uint64_t place)
{
    return newest->values + (place - 1) % newest->capacity * newest->size;
}

static bool same_key(const weir_newest *newest, const unsigned char *a, const unsigned char *b)
{
    for (uint32_t i = 0; i < newest->part_count; i++) {
        const weir_key_part *part = &newest->parts[i];
        if (memcmp(a + part->offset, b + part->offset, part->size) != 0)
            return false;
    }
    return true;
}

/* Begins with an address, so that nobody can choose keys that meet. */
static uint64_t *head_of(const weir_newest *newest, const unsigned char *value)
{
    uint64_t hash = (uintptr_t)newest->heads;

    for (uint32_t i = 0; i < newest->part_count; i++) {
        const weir_key_part *part = &newest->parts[i];
        for (uint32_t at = 0; at < part->size; at += sizeof(uint64_t)) {
            uint32_t left = part->size - at;
            uint64_t word = 0;
            memcpy(&word, value + part->offset + at, left < sizeof word ? left : sizeof word);
            hash = weir_hash_word(hash, word);
        }
    }
    return &newest->heads[weir_hash_end(hash) >> 32 & newest->mask];
}

/* --- Chains --- */

static weir_newest_link *link_of(const weir_newest *newest, uint64_t place)
{
    return &newest->links[(place - 1) % newest->capacity];
}

static uint64_t next_of(const weir_newest *newest, uint64_t place)
{
    uint32_t back = link_of(newest, place)->next;

    return back != 0 ? place - back : 0;
}

/* Joins `place`, or the chain's head where it is 0, to `next`. What does not wait any more is left
 * out, so that no way back is longer than the ring. */
static void join(weir_newest *newest, uint64_t *head, uint64_t place, uint64_t next,
                 uint64_t oldest)
{
    if (next <= oldest)
        next = 0;
    if (place == 0)
        *head = next;
    else
        link_of(newest, place)->next = next != 0 ? (uint32_t)(place - next) : 0;
}

/* The place of that key in the chain, or 0; *ret_before: the one before it. */
static uint64_t find(const weir_newest *newest, uint64_t head, const unsigned char *value,
                     uint64_t oldest, uint64_t *ret_before)
{
    *ret_before = 0;
    for (uint64_t at = head; at > oldest; at = next_of(newest, at)) {
        if (same_key(newest, value_at(newest, at), value))
            return at;
        *ret_before = at;
    }
    return 0;
}

void weir_newest_add(weir_newest *newest, uint64_t position, uint64_t oldest)
{
    uint64_t place = position + 1, before;
    const unsigned char *value = value_at(newest, place);
    uint64_t *head = head_of(newest, value);
    uint64_t older = find(newest, *head, value, oldest, &before);

    if (older != 0)
        join(newest, head, before, next_of(newest, older), oldest);
    link_of(newest, place)->older = older != 0 ? (uint32_t)(place - older) : 0;
    join(newest, head, place, *head, oldest);
    *head = place;
}

void weir_newest_undo(weir_newest *newest, uint64_t position, uint64_t oldest)
{
    uint64_t place = position + 1, before = 0;
    uint64_t *head = head_of(newest, value_at(newest, place));
    uint32_t back = link_of(newest, place)->older;

    *head = next_of(newest, place);
    if (back == 0)
        return;
    for (uint64_t at = *head; at > place - back; at = next_of(newest, at))
        before = at;
    join(newest, head, before, place - back, oldest);
}

bool weir_newest_find(const weir_newest *newest, const unsigned char *value, uint64_t oldest,
                      uint64_t *ret_position)
{
    uint64_t before, place = find(newest, *head_of(newest, value), value, oldest, &before);

    *ret_position = place - 1;
    return place != 0;
}
