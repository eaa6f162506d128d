/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - what loop.c and watch.c share. */
#ifndef WEIR_RUNTIME_LOOP_H
#define WEIR_RUNTIME_LOOP_H

#include "runtime/runtime.h"

struct weir_loop {
    struct ev_loop *ev; /* NULL: it is polled */
    bool own;
    bool in_turn;
    bool more; /* the next turn is due at once */
    bool deaf; /* a descriptor cannot be watched */
    int wake_fd;
    int epoll_fd, timer_fd; /* for loops that are not libev's; -1: not asked for */
    ev_io wake;
    ev_timer due;
    ev_idle idle;
};

/* Takes a turn on the libev loop; what its watchers call. */
void weir_loop_take_turn(weir_runtime *runtime);

#endif
