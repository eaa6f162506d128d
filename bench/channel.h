/* SPDX-License-Identifier: Apache-2.0 */
/* channel.h - what both sides of the channel benchmark share. */
#ifndef WEIR_BENCH_CHANNEL_H
#define WEIR_BENCH_CHANNEL_H

#include "channel.weir.h"

enum {
    CHANNEL_RECORDS = 16384,
    CHANNEL_ROUNDS = 48,      /* how often all records are pushed */
    CHANNEL_BATCH = 128,      /* values of one push */
    CHANNEL_CAPACITY = 16384, /* of the ring, as of the channel */
};

typedef struct channel_results {
    double sum;
    uint64_t count;
} channel_results;

void channel_take(const channel_mid *mid, void *results);

/* reference/channel.c: a bare ring of one producer, on a thread of its own, and one consumer, the
 * caller; false: there is no thread or memory. */
bool hand_channel(const channel_quote *quotes, channel_results *results);

/* Reads an eventfd that epoll waits for, on a thread pinned to the caller's core: the times between
 * a write and the reader's look at the clock. */
bool hand_wakes(int64_t *ret_times, size_t count);

/* Pins the calling thread to `core`; the pause in which a woken thread parks again. */
void channel_pin(size_t core);
void channel_rest(void);

#endif
