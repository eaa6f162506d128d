/* SPDX-License-Identifier: Apache-2.0 */
/* harness.c - rounds, medians, instruction counts, JSON lines. */
#include "bench/harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <valgrind/callgrind.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec time;

    clock_gettime(id, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t bench_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t bench_begin(void)
{
    CALLGRIND_START_INSTRUMENTATION;
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

double bench_end(int64_t began)
{
    int64_t ended = read_clock(CLOCK_THREAD_CPUTIME_ID);

    CALLGRIND_STOP_INSTRUMENTATION;
    return (double)(ended - began);
}

uint64_t bench_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

void bench_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

void bench_print(const bench_case *c, double ours, double reference, double ratio, int rounds)
{
    printf("{\"bench\":\"%s\",\"case\":\"%s\",\"ours\":%.2f,\"reference\":%.2f,\"ratio\":%.4f,"
           "\"better\":\"%s\",\"unit\":\"%s\",\"rounds\":%d}\n",
           c->bench, c->name, ours, reference, ratio, c->higher ? "higher" : "lower", c->unit,
           rounds);
    fflush(stdout);
}

/* Leaves a dump whose description names the side, for scripts/bench to read. */
static void count(const bench_case *c, const char *name, bench_side *side)
{
    char description[128];

    snprintf(description, sizeof description, "%s %s %s %zu", c->bench, c->name, name,
             c->operations);
    side(c->arg);
    CALLGRIND_ZERO_STATS;
    side(c->arg);
    CALLGRIND_DUMP_STATS_AT(description);
}

void bench_run(const bench_case *c)
{
    double ours[BENCH_ROUNDS], reference[BENCH_ROUNDS], ratios[BENCH_ROUNDS];

    if (RUNNING_ON_VALGRIND) {
        count(c, "ours", c->ours);
        count(c, "reference", c->reference);
        return;
    }
    c->ours(c->arg);
    c->reference(c->arg);
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        ours[i] = c->ours(c->arg);
        reference[i] = c->reference(c->arg);
        ratios[i] = ours[i] / reference[i];
    }
    bench_print(c, bench_median(ours, BENCH_ROUNDS), bench_median(reference, BENCH_ROUNDS),
                bench_median(ratios, BENCH_ROUNDS), BENCH_ROUNDS);
}
