/* SPDX-License-Identifier: Apache-2.0 */
/* test_conflate.c - a full channel that conflates by key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyed.weir.h"
#include "tests/conformance/lab.h"

/* Fewer under a sanitizer, which takes ten times as long. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SMALLER(count) ((count) / 10)
#else
#define SMALLER(count) (count)
#endif

/* An array is pushed whole or not at all, also where some of its keys wait. */
static void conflate_all_or_none(void **state)
{
    static const keyed_item some[] = {{.id = 2, .value = 2}, {.id = 9}},
                            all[] = {{.id = 2, .value = 3}, {.id = 3}, {.id = 2, .value = 4}};
    static const keyed_item three[] = {{.id = 1}, {.id = 2, .value = 1}, {.id = 3}};
    weir_runtime *runtime = NULL;
    weir_report *report = NULL;

    (void)state;
    assert_int_equal(weir_runtime_new(NULL, &runtime, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_load(runtime, &keyed_module, NULL), WEIR_OK);
    assert_int_equal(keyed_push_items_n(runtime, three, 3, NULL), WEIR_OK);
    assert_int_equal(keyed_push_items_n(runtime, some, 2, NULL), WEIR_FULL);
    assert_int_equal(weir_runtime_metrics(runtime, &report, NULL), WEIR_OK);
    assert_int_equal(report->sources[0].ledger.received, 3);
    assert_int_equal(report->sources[0].ledger.collapsed, 0);
    weir_report_free(report);
    assert_int_equal(keyed_push_items_n(runtime, all, 3, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_metrics(runtime, &report, NULL), WEIR_OK);
    assert_int_equal(report->sources[0].ledger.received, 6);
    assert_int_equal(report->sources[0].ledger.collapsed, 3);
    assert_int_equal(report->sources[0].gauges.buffered, 3);
    weir_report_free(report);
    weir_runtime_free(runtime);
}

enum { RING = 64, KEYS = 40, LARGE = SMALLER(1000000) };

/* What is right, by a search from the end. */
typedef struct what_waits {
    keyed_item *items; /* what waits */
    size_t count, capacity, taken;
} what_waits;

static weir_runtime *open_keyed(what_waits *ring, size_t capacity)
{
    weir_runtime *runtime = NULL;
    char text[24];

    *ring = (what_waits){.items = calloc(capacity, sizeof(keyed_item)), .capacity = capacity};
    assert_non_null(ring->items);
    snprintf(text, sizeof text, "%zu", capacity);
    assert_int_equal(weir_runtime_new(NULL, &runtime, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_set(runtime, "sources.items.capacity", text, NULL), WEIR_OK);
    assert_int_equal(weir_runtime_load(runtime, &keyed_module, NULL), WEIR_OK);
    return runtime;
}

static bool overwrite(what_waits *ring, size_t count, const keyed_item *item, bool really)
{
    while (count-- > 0)
        if (ring->items[count].id == item->id) {
            if (really)
                ring->items[count] = *item;
            return true;
        }
    return false;
}

/* False: the push is to be refused. */
static bool push_into_ring(what_waits *ring, const keyed_item *items, size_t count)
{
    size_t room = ring->capacity - ring->count;

    room = room < count ? room : count;
    memcpy(ring->items + ring->count, items, room * sizeof *items);
    for (size_t i = room; i < count; i++)
        if (!overwrite(ring, ring->count + room, &items[i], false))
            return false;
    ring->count += room;
    for (size_t i = room; i < count; i++)
        overwrite(ring, ring->count, &items[i], true);
    return true;
}

static void expect_next(const keyed_item *item, void *arg)
{
    what_waits *ring = arg;

    assert_true(ring->taken < ring->count);
    assert_int_equal(item->id, ring->items[ring->taken].id);
    assert_true(item->value == ring->items[ring->taken].value);
    ring->taken++;
}

static void take_all(weir_runtime *runtime, what_waits *ring)
{
    while (ring->taken < ring->count)
        assert_int_equal(weir_runtime_poll(runtime, NULL), WEIR_OK);
    ring->count = ring->taken = 0;
}

static void conflation_as_a_search_would(void **state)
{
    what_waits ring;
    weir_runtime *runtime = open_keyed(&ring, RING);
    unsigned seed = 1, refused = 0;

    (void)state;
    assert_int_equal(keyed_on_out(runtime, expect_next, &ring), WEIR_OK);
    for (int step = 1; step <= 20000; step++) {
        keyed_item items[8];
        size_t count = 1 + (size_t)rand_r(&seed) % 8;
        for (size_t i = 0; i < count; i++)
            items[i] = (keyed_item){.id = rand_r(&seed) % KEYS, .value = step + (double)i / 8};
        bool good = push_into_ring(&ring, items, count);
        assert_int_equal(keyed_push_items_n(runtime, items, count, NULL),
                         good ? WEIR_OK : WEIR_FULL);
        refused += !good;
        if (rand_r(&seed) % 40 == 0)
            take_all(runtime, &ring);
    }
    assert_in_range(refused, 100, 15000);
    take_all(runtime, &ring);
    weir_runtime_free(runtime);
    free(ring.items);
}

/* A push into a full channel takes no longer for its size: a search would take hours here. */
static void a_large_channel_conflates(void **state)
{
    what_waits ring;
    weir_runtime *runtime = open_keyed(&ring, LARGE);

    (void)state;
    assert_int_equal(keyed_on_out(runtime, expect_next, &ring), WEIR_OK);
    for (ring.count = 0; ring.count < LARGE; ring.count++) {
        ring.items[ring.count] = (keyed_item){.id = (int64_t)ring.count};
        assert_int_equal(keyed_push_items(runtime, &ring.items[ring.count], NULL), WEIR_OK);
    }
    for (size_t i = 0; i < LARGE; i++) {
        keyed_item *item = &ring.items[i * 7919 % LARGE];
        item->value = (double)i;
        assert_int_equal(keyed_push_items(runtime, item, NULL), WEIR_OK);
    }
    assert_int_equal(keyed_push_items(runtime, &(keyed_item){.id = -1}, NULL), WEIR_FULL);
    take_all(runtime, &ring);
    weir_runtime_free(runtime);
    free(ring.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conflate_all_or_none),
        cmocka_unit_test(conflation_as_a_search_would),
        cmocka_unit_test(a_large_channel_conflates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
