/* SPDX-License-Identifier: Apache-2.0 */
/* store_bench.h - what the suites of stores share: a store of the kind under test, and one
 * execution of two tasks in it, of which the second waits for the first. */
#ifndef WEIR_TESTS_STORE_BENCH_H
#define WEIR_TESTS_STORE_BENCH_H

#include "tests/workflow/flow.h"

enum { BENCH_CLAIMS = 16 };

typedef struct bench {
    char url[256];
    weir_store *store;
    int64_t runner, plan, execution;
} bench;

/* Runs each test on a store of its own, of the kind under test. */
typedef void (*bench_test)(bench *b);
void bench_run_all(const bench_test *tests, size_t count);

/* A handle that waits long for others. */
weir_store *bench_open(const char *url);
void bench_begin(weir_store *store);
void bench_commit(weir_store *store);

/* Until the store is said to have changed, or not to have. */
void bench_await_change(bench *b);
void bench_await_silence(bench *b);

/* One call in a transaction. */
#define ALONE(b, call)                                                                             \
    do {                                                                                           \
        bench_begin((b)->store);                                                                   \
        FLOW_OK(call);                                                                             \
        bench_commit((b)->store);                                                                  \
    } while (0)

#define READY(position_)                                                                           \
    (store_task_move)                                                                              \
    {                                                                                              \
        .position = position_, .from = STORE_PENDING, .to = STORE_READY, .due = 7                  \
    }

weir_status bench_add_all(bench *b, const char *version, const char *key, weir_error **error);
weir_status bench_move(bench *b, store_task_move what, weir_error **error);
weir_status bench_move_whole(bench *b, store_execution_move what, weir_error **error);

typedef struct claims {
    struct {
        int64_t execution, position, attempt, token;
    } items[BENCH_CLAIMS];
    size_t count;
} claims;

/* How many were claimed, of at most `most`. */
size_t bench_claim(bench *b, const store_lane *lanes, size_t lane_count, int64_t execution,
                   size_t most, claims *ret);
/* The next task of the bench's plan; -1: there is none. */
int64_t bench_claim_one(bench *b);

typedef struct task_copy {
    store_task row;
    char writes[64], reason[64];
} task_copy;

task_copy bench_read_task(bench *b, int64_t position);
size_t bench_count_events(bench *b);

#endif
