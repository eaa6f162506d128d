/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - what loop.c and watch.c share. */
#ifndef WEIR_RUNTIME_LOOP_H
#define WEIR_RUNTIME_LOOP_H

#include "runtime/runtime.h"

struct weir_loop {
    struct ev_loop *ev; /* the host's; NULL: it is polled, or runs on a loop of its own */
    bool own;
    bool in_turn;
    bool more;          /* the next turn is due at once */
    bool deaf;          /* a descriptor cannot be watched */
    bool busy;          /* the last turn took a span's worth of events, or more */
    atomic_bool parked; /* who wakes the runtime must write; false: it will look by itself */
    int wake_fd;
    int epoll_fd, timer_fd; /* without libev; -1: not made */
    int64_t armed;          /* of our own loop: when the timer rings, monotonic; INT64_MAX: never */
    ev_io wake;
    ev_timer due;
    ev_idle idle;
};

/* Takes a turn on the libev loop; what its watchers call. */
void weir_loop_take_turn(weir_runtime *runtime);

#endif
