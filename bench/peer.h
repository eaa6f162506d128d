/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - the other side of a benchmark, where that is a program: it is asked line by line. */
#ifndef WEIR_BENCH_PEER_H
#define WEIR_BENCH_PEER_H

#include <stdio.h>
#include <sys/types.h>

typedef struct peer {
    FILE *to, *from;
    pid_t pid;
} peer;

/* The words end with NULL. Dies where there is no such program. */
peer peer_begin(char *const *words);
/* Sends a number, and gives the number that it answers. */
double peer_ask(const peer *p, int number);
void peer_end(peer *p);

#endif
