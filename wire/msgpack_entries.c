/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_entries.c - a map's entries in any order.
 *
 * No branch depends on which number comes: a key's words find a slot of the type's table, which
 * says where the member lies and what its value looks like. So an order that nobody can foresee
 * costs little more than one that is known.
 */
#include <weir/codec.h>

enum {
    WORD = 8,
    LONGEST = 16, /* of keys, with their heads */
    NUMBER = 9,
    STRING = 0xa0,
};

/* By the size of a str with its head: which bytes of its first word are its own, and where its last
 * word begins. */
static const struct {
    uint64_t own;
    uint64_t last;
} words[LONGEST + 1] = {
    {0, 0},          {0xff, 0},         {0xffff, 0},         {0xffffff, 0},
    {0xffffffff, 0}, {0xffffffffff, 0}, {0xffffffffffff, 0}, {0xffffffffffffff, 0},
    {UINT64_MAX, 0}, {UINT64_MAX, 1},   {UINT64_MAX, 2},     {UINT64_MAX, 3},
    {UINT64_MAX, 4}, {UINT64_MAX, 5},   {UINT64_MAX, 6},     {UINT64_MAX, 7},
    {UINT64_MAX, 8},
};

/* The field of the str at `at`, of which all its bytes and at least eight may be read; NULL: it is
 * none of the table. */
static inline const weir_key *find(const weir_keys *keys, const unsigned char *at, size_t size)
{
    uint64_t first = weir_load_le(at) & words[size].own;
    uint64_t last = weir_load_le(at + words[size].last) & words[size].own;
    uint64_t hash = (first ^ (last << 29 | last >> 35)) * keys->multiplier;
    const weir_key *key = &keys->slots[hash >> keys->shift];

    return ((key->first ^ first) | (key->last ^ last)) == 0 ? key : NULL;
}

/* NULL: something is written otherwise, or broken, and `value` is half written. */
static inline const unsigned char *take_map(const weir_reader *reader, const unsigned char *at,
                                            const weir_keys *keys, void *value)
{
    const unsigned char *end = reader->end;
    uint64_t seen = 0, faults = 0;

    if (reader->depth == 0 || at == end || *at != (0x80 | keys->count))
        return NULL;
    at++;
    for (uint32_t left = keys->count; left != 0; left--) {
        if (end - at < WORD)
            return NULL;
        size_t size = (*at & 0x1fu) + (size_t)1;
        if (size > LONGEST || (size_t)(end - at) < size)
            return NULL;
        const weir_key *key = find(keys, at, size);
        if (key == NULL || end - at < key->least)
            return NULL;
        at += size;
        seen |= 1u << key->field;
        if (WEIR_LIKELY(*at == 0xcb || *at == 0xcf)) {
            if (key->head != *at) /* else its eight bytes need not be there */
                return NULL;
            uint64_t word = weir_load_be(at + 1);
            memcpy((char *)value + key->offset, &word, sizeof word);
            faults |= word & key->refused;
            at += NUMBER;
        } else {
            if (key->head != STRING)
                return NULL;
            at = weir_msgpack_take_string(reader, at, (char *)value + key->offset, key->size);
            if (at == NULL)
                return NULL;
        }
    }
    return faults == 0 && seen == (1u << keys->count) - 1 ? at : NULL;
}

const unsigned char *weir_msgpack_read_map(weir_reader *reader, const unsigned char *at,
                                           const weir_keys *keys, void *value)
{
    const unsigned char *next = take_map(reader, at, keys, value);

    return WEIR_LIKELY(next != NULL) ? next : keys->read_any(reader, at, value);
}
