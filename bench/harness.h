/* SPDX-License-Identifier: Apache-2.0 */
/* harness.h - what the benchmarks share: both sides in turn, round by round, and one JSON line a
 * case.
 *
 * The result of a case is the median of its rounds' ratios. Under valgrind a case is run once, and
 * scripts/bench counts the instructions of each side.
 */
#ifndef WEIR_BENCH_HARNESS_H
#define WEIR_BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_ROUNDS = 21 };

/* One round of one side: its figure, in the case's unit. */
typedef double bench_side(void *arg);

typedef struct bench_case {
    const char *bench, *name, *unit;
    bool higher; /* whether more is better */
    bench_side *ours, *reference;
    void *arg;
    size_t operations; /* of one round, for the instructions of one */
} bench_case;

void bench_run(const bench_case *c);

/* A figure with nothing beside it but an aim; `ratio` is to that. */
void bench_print(const bench_case *c, double ours, double reference, double ratio, int rounds);

int64_t bench_now_ns(void); /* the monotonic clock */

/* Around what is measured of work that never waits: the nanoseconds that this thread had a core, so
 * that what else the machine does falls on neither side; and what callgrind counts. */
int64_t bench_begin(void);
double bench_end(int64_t began);

double bench_median(double *values, size_t count);
uint64_t bench_random(uint64_t *seed);

/* Ends the program with a sentence on standard error. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
