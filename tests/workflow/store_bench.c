/* SPDX-License-Identifier: Apache-2.0 */
/* store_bench.c - stores to be tested. */
#include "tests/workflow/store_bench.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"

static const int64_t BUSY = 30000000000;

void bench_begin(weir_store *store)
{
    int64_t now = 0;

    FLOW_OK(store->kind->begin(store, true, &now, &error));
    assert_true(now > 0);
}

void bench_commit(weir_store *store)
{
    FLOW_OK(store->kind->commit(store, &error));
}

weir_status bench_add_all(bench *b, const char *version, const char *key, weir_error **error)
{
    const weir_store_kind *kind = b->store->kind;
    store_plan w = {.version = version, .workflow = "w", .text = "{}"};
    store_execution row = {
        .workflow = "w", .key = key, .input = "{}", .unfinished = 2, .created = 5};
    store_task first = {.position = 0, .name = "a"};
    store_task second = {.position = 1, .name = "b", .waiting = 1};
    weir_status status = kind->add_plan(b->store, &w, &b->plan, error);

    row.plan = b->plan;
    if (status == WEIR_OK)
        status = kind->add_execution(b->store, &row, &b->execution, error);
    if (status == WEIR_OK)
        status = kind->add_task(b->store, b->execution, b->plan, &first, 5, error);
    if (status == WEIR_OK)
        status = kind->add_task(b->store, b->execution, b->plan, &second, 5, error);
    return status;
}

weir_store *bench_open(const char *url)
{
    weir_store *store = NULL;

    FLOW_OK(store_open(url, BUSY, &store, &error));
    return store;
}

static void open_bench(bench *b)
{
    snprintf(b->url, sizeof b->url, "%s", flow_new_store());
    b->store = bench_open(b->url);
    bench_begin(b->store);
    FLOW_OK(b->store->kind->join(b->store, "test", 5, &b->runner, &error));
    FLOW_OK(bench_add_all(b, "v", "key", &error));
    bench_commit(b->store);
}

static weir_status end(bench *b, weir_status status, weir_error **error)
{
    if (status == WEIR_OK)
        return b->store->kind->commit(b->store, error);
    b->store->kind->rollback(b->store);
    return status;
}

weir_status bench_move(bench *b, store_task_move what, weir_error **error)
{
    bench_begin(b->store);
    what.execution = what.execution != 0 ? what.execution : b->execution;
    what.time = what.time != 0 ? what.time : 9;
    return end(b, b->store->kind->move_task(b->store, &what, error), error);
}

weir_status bench_move_whole(bench *b, store_execution_move what, weir_error **error)
{
    bench_begin(b->store);
    what.execution = b->execution;
    what.time = 9;
    return end(b, b->store->kind->move_execution(b->store, &what, error), error);
}

/* --- Claims --- */

static weir_status take_claim(void *arg, const store_task *row, weir_error **error)
{
    claims *all = arg;

    (void)error;
    assert_true(all->count < BENCH_CLAIMS);
    assert_int_equal(row->state, STORE_RUNNING);
    all->items[all->count].execution = row->execution;
    all->items[all->count].position = row->position;
    all->items[all->count].attempt = row->attempt;
    all->items[all->count++].token = row->token;
    return WEIR_OK;
}

size_t bench_claim(bench *b, const store_lane *lanes, size_t lane_count, int64_t execution,
                   size_t most, claims *ret)
{
    store_claim want = {.lanes = lanes,
                        .lane_count = lane_count,
                        .root = execution,
                        .runner = b->runner,
                        .time = 9,
                        .most = most};

    ret->count = 0;
    ALONE(b, b->store->kind->claim(b->store, &want, take_claim, ret, &error));
    return ret->count;
}

int64_t bench_claim_one(bench *b)
{
    store_lane lane = {.plan = b->plan};
    claims got;

    return bench_claim(b, &lane, 1, 0, 1, &got) == 1 ? got.items[0].position : -1;
}

/* --- Reading --- */

static weir_status take_task(void *arg, const store_task *row, weir_error **error)
{
    task_copy *copy = arg;

    (void)error;
    copy->row = *row;
    snprintf(copy->writes, sizeof copy->writes, "%s", row->writes != NULL ? row->writes : "");
    snprintf(copy->reason, sizeof copy->reason, "%s", row->reason != NULL ? row->reason : "");
    return WEIR_OK;
}

task_copy bench_read_task(bench *b, int64_t position)
{
    task_copy copy = {0};

    bench_begin(b->store);
    FLOW_OK(b->store->kind->find_task(b->store, b->execution, position, true, take_task, &copy,
                                      &error));
    b->store->kind->rollback(b->store);
    return copy;
}

static weir_status count_event(void *arg, const store_event *row, weir_error **error)
{
    (void)row;
    (void)error;
    ++*(size_t *)arg;
    return WEIR_OK;
}

size_t bench_count_events(bench *b)
{
    size_t count = 0;

    bench_begin(b->store);
    FLOW_OK(b->store->kind->each_event(b->store, b->execution, 0, count_event, &count, &error));
    b->store->kind->rollback(b->store);
    return count;
}

/* --- Waking --- */

static void await(bench *b, bool change)
{
    const weir_store_kind *kind = b->store->kind;
    int64_t end = weir_monotonic_now() + BUSY;

    while (kind->has_changed(b->store) != change) {
        struct pollfd ready = {.fd = kind->descriptor(b->store), .events = POLLIN};
        assert_true(weir_monotonic_now() < end);
        poll(&ready, 1, 5);
    }
}

void bench_await_change(bench *b)
{
    await(b, true);
}

void bench_await_silence(bench *b)
{
    await(b, false);
}

/* --- Suites --- */

void bench_run_all(const bench_test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bench b = {0};
        open_bench(&b);
        tests[i](&b);
        store_close(b.store);
    }
}
