/* SPDX-License-Identifier: Apache-2.0 */
/* channel.h - what both sides of the channel benchmark share. */
#ifndef WEIR_BENCH_CHANNEL_H
#define WEIR_BENCH_CHANNEL_H

#include "maker.weir.h"

enum { CHANNEL_RECORDS = 16384, CHANNEL_BATCH = 128, CHANNEL_CAPACITY = 16384 };

typedef struct channel_tape {
    const maker_quote *quotes; /* CHANNEL_RECORDS of them, pushed again and again */
    uint64_t events;
    void *world; /* of fire.h */
} channel_tape;

/* A bare ring for one producer, on a thread of its own, and one consumer, which calls `by_hand`. */
void ring_by_hand(const channel_tape *tape);

/* From a write to an eventfd until its reader, which epoll had parked, has read the clock. */
typedef struct parked_reader parked_reader;
parked_reader *parked_start(void);
void parked_stop(parked_reader *reader);
int64_t parked_wake(parked_reader *reader); /* nanoseconds */

#endif
