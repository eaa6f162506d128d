/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - the key of an event, read and hashed in one go. */
#ifndef WEIR_RUNTIME_KEY_H
#define WEIR_RUNTIME_KEY_H

#include <string.h>

#include "core/table.h"
#include <weir/graph.h>

/* What is left behind whole words, as if zeros followed in memory. */
static inline uint64_t weir_key_rest(const unsigned char *from, uint32_t size)
{
    uint64_t rest = 0;

    for (uint32_t i = 0; i < size; i++)
        rest |= (uint64_t)from[i] << (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? i : 7 - i) * 8;
    return rest;
}

/* Reads a value's key into `room` (the accumulator's key_words). Returns its hash in a table with
 * that seed. */
static inline uint64_t weir_key_read(const weir_module_accumulator *module, const void *value,
                                     uint64_t seed, uint64_t *room)
{
    const weir_key_part *part = module->key_parts, *end = part + module->key_part_count;
    uint64_t hash = seed;

    for (; part < end; part++) {
        const unsigned char *from = (const unsigned char *)value + part->offset;
        uint32_t size = part->size;
        for (; size >= 8; size -= 8, from += 8) {
            memcpy(room, from, 8);
            hash = weir_hash_word(hash, *room++);
        }
        if (size != 0) {
            *room = weir_key_rest(from, size);
            hash = weir_hash_word(hash, *room++);
        }
    }
    return weir_hash_end(hash);
}

#endif
