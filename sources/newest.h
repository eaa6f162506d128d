/* SPDX-License-Identifier: Apache-2.0 */
/* newest.h - finds the newest event of a key among those that wait in a channel's ring.
 *
 *     heads    by hash: the newest position that was added
 *     links    by slot: how far back the next older one of the same hash stands
 *
 * Each key that waits stands once in a chain, and chains go from newer to older. So what has been
 * read needs no removing: a walk ends at the first position that does not wait any more.
 *
 * Memory:  made at once, 16 to 24 bytes for each event of the capacity; adding never fails.
 * Threads: the ring's mutex is held.
 */
#ifndef WEIR_SOURCES_NEWEST_H
#define WEIR_SOURCES_NEWEST_H

#include <weir/sources.h>

/* Places are positions + 1, so that 0 is none. */
typedef struct weir_newest_link {
    uint32_t next;  /* places back to the next in the chain; 0: none that waits */
    uint32_t older; /* ... to the one of the same key that it took out of the chain; 0: none */
} weir_newest_link;

typedef struct weir_newest {
    const unsigned char *values; /* the ring */
    size_t size;                 /* of a value */
    uint64_t capacity;
    const weir_key_part *parts; /* none: all events have one key */
    uint32_t part_count;
    uint64_t *heads;
    uint64_t mask;
    weir_newest_link *links;
} weir_newest;

/* False: out of memory. */
WEIR_MUST_USE bool weir_newest_init(weir_newest *newest, const unsigned char *values, size_t size,
                                    size_t capacity);
void weir_newest_free(weir_newest *newest);

/* The event at `position` waits from now on. Those before `oldest` do not wait any more. */
void weir_newest_add(weir_newest *newest, uint64_t position, uint64_t oldest);

/* Takes the one back that was added last, with the same `oldest`. */
void weir_newest_undo(weir_newest *newest, uint64_t position, uint64_t oldest);

/* Where the newest waiting event of the value's key stands; false: none waits. */
bool weir_newest_find(const weir_newest *newest, const unsigned char *value, uint64_t oldest,
                      uint64_t *ret_position);

#endif
