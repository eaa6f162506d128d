/* SPDX-License-Identifier: Apache-2.0 */
/* channel.c - by hand: a ring of one producer and one consumer; an eventfd that epoll waits for. */
#include "bench/channel.h"
#include "bench/harness.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- Many --- */

/* Each side's position on a line of its own; positions grow for ever. */
typedef struct hand_ring {
    _Alignas(64) _Atomic uint64_t head; /* taken so far */
    _Alignas(64) _Atomic uint64_t tail; /* put so far */
    _Alignas(64) channel_quote slots[CHANNEL_CAPACITY];
    const channel_quote *from;
} hand_ring;

static void *produce(void *arg)
{
    hand_ring *ring = arg;
    uint64_t tail = 0, head = 0, all = (uint64_t)CHANNEL_RECORDS * CHANNEL_ROUNDS;

    while (tail < all) {
        for (int tries = 0; tail + CHANNEL_BATCH - head > CHANNEL_CAPACITY; tries++) {
            head = atomic_load_explicit(&ring->head, memory_order_acquire);
            if (tries % 1000 == 999)
                sched_yield();
        }
        memcpy(&ring->slots[tail % CHANNEL_CAPACITY], &ring->from[tail % CHANNEL_RECORDS],
               CHANNEL_BATCH * sizeof *ring->from);
        tail += CHANNEL_BATCH;
        atomic_store_explicit(&ring->tail, tail, memory_order_release);
    }
    return NULL;
}

static void consume(hand_ring *ring, channel_results *results)
{
    uint64_t head = 0, all = (uint64_t)CHANNEL_RECORDS * CHANNEL_ROUNDS;
    weir_firing firing = {.number = 0};

    while (head < all) {
        uint64_t tail = head;
        for (int tries = 0; tail == head && tries < 1000; tries++)
            tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (head == tail)
            sched_yield();
        for (; head < tail; head++) {
            channel_mid mid;
            if (channel_mids_mid(&firing, &ring->slots[head % CHANNEL_CAPACITY], &mid) == WEIR_OK)
                channel_take(&mid, results);
            if (head % CHANNEL_BATCH == CHANNEL_BATCH - 1)
                atomic_store_explicit(&ring->head, head + 1, memory_order_release);
        }
    }
}

bool hand_channel(const channel_quote *quotes, channel_results *results)
{
    hand_ring *ring = aligned_alloc(64, sizeof *ring);
    pthread_t producer;

    if (ring == NULL)
        return false;
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, 0);
    ring->from = quotes;
    bool good = pthread_create(&producer, NULL, produce, ring) == 0;
    if (good) {
        consume(ring, results);
        pthread_join(producer, NULL);
    }
    free(ring);
    return good;
}

/* --- One --- */

typedef struct hand_parked {
    int wake, epoll;
    int64_t woken;
    _Atomic bool done;
} hand_parked;

static void *wait_parked(void *arg)
{
    hand_parked *parked = arg;
    struct epoll_event event;
    uint64_t count;

    channel_pin(0);
    while (!atomic_load(&parked->done)) {
        if (epoll_wait(parked->epoll, &event, 1, -1) != 1 ||
            read(parked->wake, &count, sizeof count) != sizeof count)
            continue;
        parked->woken = bench_now_ns();
    }
    return NULL;
}

static void wake(const hand_parked *parked)
{
    uint64_t one = 1;

    if (write(parked->wake, &one, sizeof one) != sizeof one)
        bench_die("the eventfd takes nothing");
}

bool hand_wakes(int64_t *ret_times, size_t count)
{
    hand_parked parked = {eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), epoll_create1(EPOLL_CLOEXEC), 0,
                          false};
    struct epoll_event event = {.events = EPOLLIN};
    pthread_t reader;
    bool good = parked.wake >= 0 && parked.epoll >= 0 &&
                epoll_ctl(parked.epoll, EPOLL_CTL_ADD, parked.wake, &event) == 0 &&
                pthread_create(&reader, NULL, wait_parked, &parked) == 0;

    for (size_t i = 0; good && i < count; i++) {
        channel_rest();
        int64_t began = bench_now_ns();
        wake(&parked);
        channel_rest();
        ret_times[i] = parked.woken - began;
    }
    if (good) {
        atomic_store(&parked.done, true);
        wake(&parked);
        pthread_join(reader, NULL);
    }
    close(parked.wake);
    close(parked.epoll);
    return good;
}
