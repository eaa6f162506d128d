/* SPDX-License-Identifier: Apache-2.0 */
/* test_table.c - the key table against a naive one: adding, finding, removing, growing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/table.h"

enum { KEYS = 3000, STEPS = 200000, LIMIT = 2500 };

static uint64_t chance_state = 1;

static uint64_t chance(void)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state;
}

/* Keys of two words that share their first: equality must look at all of it. */
static void make_key(uint64_t *key, uint64_t number)
{
    key[0] = number % 7;
    key[1] = number;
}

static weir_entry *find(const weir_table *table, uint64_t number)
{
    uint64_t key[2];

    make_key(key, number);
    return weir_table_find(table, key, weir_table_hash(table, key));
}

static weir_entry *add(weir_table *table, uint64_t number, bool *full)
{
    uint64_t key[2];

    make_key(key, number);
    return weir_table_add(table, key, weir_table_hash(table, key), full);
}

static void it_does_what_a_naive_one_does(void **state)
{
    weir_table table;
    weir_entry **naive = calloc(KEYS, sizeof *naive);
    uint32_t count = 0;

    (void)state;
    assert_true(weir_table_init(&table, 2, sizeof(uint64_t), 8, LIMIT, 42));
    for (int i = 0; i < STEPS; i++) {
        uint64_t number = chance() % KEYS;
        bool full, removes = chance() % 8 < (i / 20000 % 2 != 0 ? 5 : 3);
        assert_ptr_equal(find(&table, number), naive[number]);
        if (removes && naive[number] != NULL) {
            weir_table_remove(&table, naive[number]);
            naive[number] = NULL;
            count--;
        } else if (!removes) {
            weir_entry *entry = add(&table, number, &full);
            assert_int_equal(full, naive[number] == NULL && count == LIMIT);
            assert_int_equal(entry == NULL, full);
            if (entry == NULL)
                continue;
            uint64_t *data = weir_entry_data(&table, entry);
            if (naive[number] == NULL) {
                assert_int_equal(*data, 0); /* zeroed, also when it was used before */
                *data = number + 1;
                count++;
            }
            assert_int_equal(*data, number + 1);
            naive[number] = entry;
        }
        assert_int_equal(table.count, count);
    }
    for (weir_entry *entry = weir_table_next(&table, 0); entry != NULL;
         entry = weir_table_next(&table, entry->number)) {
        assert_ptr_equal(naive[entry->key[1]], entry);
        count--;
    }
    assert_int_equal(count, 0);
    weir_table_free(&table);
    free(naive);
}

/* E10: however many keys there are, an insertion moves a few slots, and a removal none. */
static void no_step_takes_long(void **state)
{
    weir_table table;
    uint32_t moved = 0;
    bool full;

    (void)state;
    assert_true(weir_table_init(&table, 2, 8, 8, 1000000, 42));
    for (uint64_t i = 0; i < 100000; i++) {
        moved = table.old.slots != NULL ? table.moved : 0;
        assert_non_null(add(&table, i, &full));
        if (table.old.slots != NULL && moved != 0)
            assert_in_range(table.moved - moved, 0, 8);
        if (table.old.slots == NULL || i % 3 != 0)
            continue;
        moved = table.moved;
        weir_table_remove(&table, find(&table, i / 2));
        assert_non_null(table.old.slots);
        assert_int_equal(table.moved, moved);
        assert_null(find(&table, i / 2));
        assert_non_null(add(&table, i / 2, &full));
    }
    weir_table_free(&table);
}

/* A key that comes again is as young as it is. */
static void what_was_added_is_counted(void **state)
{
    weir_table table;
    bool full;

    (void)state;
    assert_true(weir_table_init(&table, 2, 8, 64, 10, 42));
    for (uint64_t i = 0; i < 3; i++) {
        weir_entry *entry = add(&table, i, &full);
        assert_int_equal(table.added, i + 1);
        assert_int_equal((uintptr_t)weir_entry_data(&table, entry) % 8, 0);
        assert_int_equal(table.data_offset % 64, 0);
    }
    add(&table, 1, &full);
    assert_int_equal(table.added, 3);
    weir_table_remove(&table, add(&table, 1, &full));
    add(&table, 1, &full);
    assert_int_equal(table.added, 4);
    weir_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_does_what_a_naive_one_does),
        cmocka_unit_test(no_step_takes_long),
        cmocka_unit_test(what_was_added_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
