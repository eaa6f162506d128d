/* SPDX-License-Identifier: Apache-2.0 */
/* channel.c - one thread pushes arrays and another fires, against a bare ring; and how long an idle
 * engine takes to wake, against an eventfd that epoll waits for. */
#include "bench/channel.h"
#include "bench/harness.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static channel_quote quotes[CHANNEL_RECORDS];

void channel_pin(size_t core)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    if (pthread_setaffinity_np(pthread_self(), sizeof cores, &cores) != 0)
        bench_die("cannot pin a thread to core %zu", core);
}

void channel_rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
}

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

static weir_runtime *load(channel_mids_function function, void *arg, const char *capacity)
{
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;

    check(weir_runtime_new(NULL, &runtime, &error), error);
    check(weir_runtime_set(runtime, "sources.quotes.capacity", capacity, &error), error);
    check(weir_runtime_load(runtime, &channel_module, &error), error);
    check(channel_on_mids(runtime, function, arg), error);
    return runtime;
}

/* --- Many --- */

static void *push_all(void *runtime)
{
    weir_error *error = NULL;

    for (int round = 0; round < CHANNEL_ROUNDS; round++)
        for (size_t i = 0; i < CHANNEL_RECORDS; i += CHANNEL_BATCH)
            check(channel_push_quotes_n(runtime, quotes + i, CHANNEL_BATCH, &error), error);
    check(channel_close_quotes(runtime, &error), error);
    return NULL;
}

/* Events in a second, from the first push to the last result. */
static double rate(int64_t began, const channel_results *results)
{
    if (results->count != (uint64_t)CHANNEL_RECORDS * CHANNEL_ROUNDS)
        bench_die("channel: %llu results", (unsigned long long)results->count);
    return (double)results->count * 1e9 / (double)(bench_now_ns() - began);
}

static double ours(void *arg)
{
    channel_results *results = arg;
    weir_error *error = NULL;
    pthread_t producer;

    *results = (channel_results){0};
    weir_runtime *runtime = load(channel_take, results, "16384");
    int64_t began = bench_now_ns();
    if (pthread_create(&producer, NULL, push_all, runtime) != 0)
        bench_die("there is no thread");
    check(weir_runtime_run(runtime, &error), error);
    double result = rate(began, results);
    pthread_join(producer, NULL);
    weir_runtime_free(runtime);
    return result;
}

static double reference(void *arg)
{
    channel_results *results = (channel_results *)arg + 1;
    int64_t began = bench_now_ns();

    *results = (channel_results){0};
    if (!hand_channel(quotes, results))
        bench_die("the ring by hand failed");
    return rate(began, results);
}

static void run_many(void)
{
    channel_results results[2];

    ours(results);
    reference(results);
    if (results[0].sum != results[1].sum)
        bench_die("channel: the two sides differ");
    bench_run(&(bench_case){.bench = "channel",
                            .name = "events_per_second",
                            .unit = "events/s",
                            .higher = true,
                            .ours = ours,
                            .reference = reference,
                            .arg = results,
                            .operations = (size_t)CHANNEL_RECORDS * CHANNEL_ROUNDS});
}

/* --- One --- */

enum { WAKES = 200 };

static void note_time(const channel_mid *mid, void *woken)
{
    (void)mid;
    *(int64_t *)woken = bench_now_ns();
}

static void our_wakes(weir_runtime *runtime, const int64_t *woken, int64_t *ret_times)
{
    weir_error *error = NULL;

    for (size_t i = 0; i < WAKES; i++) {
        channel_rest();
        int64_t began = bench_now_ns();
        check(channel_push_quotes(runtime, &quotes[i], &error), error);
        channel_rest();
        ret_times[i] = *(const volatile int64_t *)woken - began;
    }
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static double quantile(int64_t *times, size_t percent)
{
    qsort(times, WAKES, sizeof *times, compare);
    return (double)times[WAKES * percent / 100];
}

static void print_quantile(const char *name, double *mine, double *theirs)
{
    double ratios[BENCH_ROUNDS];

    for (int i = 0; i < BENCH_ROUNDS; i++)
        ratios[i] = mine[i] / theirs[i];
    bench_print(&(bench_case){.bench = "channel", .name = name, .unit = "ns"},
                bench_median(mine, BENCH_ROUNDS), bench_median(theirs, BENCH_ROUNDS),
                bench_median(ratios, BENCH_ROUNDS), BENCH_ROUNDS);
}

/* A thread that the engine has made inherits this one's core. */
static void run_one(void)
{
    double mine[2][BENCH_ROUNDS], theirs[2][BENCH_ROUNDS];
    int64_t times[WAKES], woken = 0;
    weir_error *error = NULL;

    channel_pin(0);
    weir_runtime *runtime = load(note_time, &woken, "1024");
    check(weir_runtime_start(runtime, &error), error);
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        our_wakes(runtime, &woken, times);
        mine[0][i] = quantile(times, 50);
        mine[1][i] = quantile(times, 99);
        if (!hand_wakes(times, WAKES))
            bench_die("the wake-up by hand failed");
        theirs[0][i] = quantile(times, 50);
        theirs[1][i] = quantile(times, 99);
    }
    print_quantile("latency_parked", mine[0], theirs[0]);
    print_quantile("latency_parked_p99", mine[1], theirs[1]);
    check(channel_close_quotes(runtime, &error), error);
    check(weir_runtime_join(runtime, &error), error);
    weir_runtime_free(runtime);
}

int main(void)
{
    uint64_t seed = 88172645463325252u;

    for (size_t i = 0; i < CHANNEL_RECORDS; i++) {
        quotes[i].symbol[0] = (char)('A' + bench_random(&seed) % 26);
        quotes[i].bid = (double)(bench_random(&seed) % 100000) / 100;
        quotes[i].ask = quotes[i].bid + (double)(bench_random(&seed) % 100) / 100;
        quotes[i].ts = (int64_t)i;
    }
    run_many();
    run_one();
    return 0;
}
