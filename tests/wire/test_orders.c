/* SPDX-License-Identifier: Apache-2.0 */
/* test_orders.c - a plain type's maps in every order of their keys, whole and damaged.
 *
 * Such a map is taken at once, or by a table of keys, or field by field. A further, unknown entry
 * at its end leaves only the last way, so that each map is read twice and must come out the same.
 */
#include "tests/wire/codec.h"

enum { FIELDS = 6, MOST = 256 };

typedef struct entry {
    unsigned char bytes[48];
    size_t size;
} entry;

typedef struct message {
    unsigned char bytes[MOST];
    size_t size;
} message;

static void put_entry(entry *one, const char *key, const void *value, size_t size)
{
    size_t length = strlen(key);

    one->bytes[0] = (unsigned char)(0xa0 | length);
    memcpy(one->bytes + 1, key, length);
    memcpy(one->bytes + 1 + length, value, size);
    one->size = 1 + length + size;
}

static void make_entries(entry *entries, const char *symbol)
{
    static const char *const keys[] = {"symbol", "bid", "ask", "bid_size", "ask_size", "ts"};
    char text[32];

    text[0] = (char)(0xa0 | strlen(symbol));
    memcpy(text + 1, symbol, strlen(symbol));
    put_entry(&entries[0], keys[0], text, 1 + strlen(symbol));
    for (int i = 1; i < FIELDS; i++) {
        unsigned char number[9] = {0xcb, 0x40, (unsigned char)i, 1, 2, 3, 4, 5, 6};
        number[0] = i == 5 ? 0xcf : 0xcb;
        put_entry(&entries[i], keys[i], number, sizeof number);
    }
}

/* The `number`-th order of the entries. */
static void make_message(const entry *entries, unsigned number, message *ret)
{
    int left[FIELDS] = {0, 1, 2, 3, 4, 5};

    ret->bytes[0] = 0x80 | FIELDS;
    ret->size = 1;
    for (unsigned count = FIELDS; count > 0; count--) {
        unsigned pick = number % count;
        const entry *one = &entries[left[pick]];
        number /= count;
        left[pick] = left[count - 1];
        memcpy(ret->bytes + ret->size, one->bytes, one->size);
        ret->size += one->size;
    }
}

typedef struct outcome {
    weir_status status;
    weir_wire_error error;
    sample_quote quote;
} outcome;

static outcome read_message(const message *from)
{
    outcome result;

    memset(&result, 0, sizeof result);
    result.status = decode(&sample_quote_type, WEIR_FORMAT_MSGPACK, from->bytes, from->size,
                           &result.quote, &result.error);
    return result;
}

/* The same map field by field, where its head can be told to hold one entry more. */
static outcome read_slowly(const message *from)
{
    message longer = *from;

    longer.bytes[0]++;
    memcpy(longer.bytes + longer.size, "\xa1z\xc0", 3);
    longer.size += 3;
    return read_message(&longer);
}

static void check_both_ways(const message *from)
{
    outcome quick = read_message(from), slow = read_slowly(from);

    /* What runs into the end, or ends too early, meets the further entry there. */
    if (quick.status != WEIR_OK &&
        (quick.error.fault == WEIR_WIRE_TRUNCATED || quick.error.fault == WEIR_WIRE_TRAILING ||
         quick.error.fault == WEIR_WIRE_MISSING))
        return;
    if (quick.status == WEIR_OK && slow.status == WEIR_OK) {
        assert_memory_equal(&quick.quote, &slow.quote, sizeof quick.quote);
        return;
    }
    assert_int_equal(quick.status, slow.status);
    assert_int_equal(quick.error.fault, slow.error.fault);
    assert_int_equal(quick.error.offset, slow.error.offset);
    assert_string_equal(quick.error.path, slow.error.path);
}

static void every_order_is_read(void **state)
{
    static const char *const symbols[] = {"", "A", "ABCDEFGH", "ABCDEFGHIJKLMNOP", "\xc3\xa9"};
    entry entries[FIELDS];
    message one;

    (void)state;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        make_entries(entries, symbols[i]);
        make_message(entries, 0, &one);
        outcome first = read_message(&one);
        assert_int_equal(first.status, WEIR_OK);
        assert_string_equal(first.quote.symbol, symbols[i]);
        for (unsigned order = 0; order < 720; order++) {
            make_message(entries, order, &one);
            outcome found = read_message(&one);
            assert_int_equal(found.status, WEIR_OK);
            assert_memory_equal(&found.quote, &first.quote, sizeof found.quote);
            check_both_ways(&one);
        }
    }
}

static void what_is_cut_off_is_truncated(void **state)
{
    entry entries[FIELDS];
    message one;

    (void)state;
    make_entries(entries, "ABC");
    for (unsigned order = 0; order < 720; order += 7) {
        make_message(entries, order, &one);
        for (size_t size = one.size; size-- > 0;) {
            one.size = size;
            outcome found = read_message(&one);
            assert_int_equal(found.error.fault, WEIR_WIRE_TRUNCATED);
            assert_int_equal(found.error.offset, size);
        }
    }
}

/* Each byte behind the head becomes others: another key, form, size, or the same field twice. */
static void damage_is_told_the_same_way(void **state)
{
    static const unsigned char others[] = {0x00, 0x61, 0x7f, 0x80, 0xa0, 0xa3, 0xa8,
                                           0xbf, 0xc0, 0xc1, 0xca, 0xcb, 0xcf, 0xff};
    entry entries[FIELDS];
    message one;

    (void)state;
    make_entries(entries, "ABC");
    for (unsigned order = 0; order < 720; order += 7) {
        make_message(entries, order, &one);
        for (size_t at = 1; at < one.size; at++) {
            unsigned char before = one.bytes[at];
            for (size_t i = 0; i < sizeof others; i++) {
                one.bytes[at] = others[i];
                check_both_ways(&one);
            }
            one.bytes[at] = before;
        }
    }
}

static void a_field_that_comes_twice_is_refused(void **state)
{
    entry entries[FIELDS];
    message one;

    (void)state;
    make_entries(entries, "ABC");
    for (int twice = 0; twice < FIELDS; twice++)
        for (unsigned order = 0; order < 720; order += 5) {
            entry changed[FIELDS];
            memcpy(changed, entries, sizeof changed);
            changed[(twice + 1) % FIELDS] = entries[twice];
            make_message(changed, order, &one);
            assert_int_equal(read_message(&one).error.fault, WEIR_WIRE_DUPLICATE);
            check_both_ways(&one);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_is_read),
        cmocka_unit_test(what_is_cut_off_is_truncated),
        cmocka_unit_test(damage_is_told_the_same_way),
        cmocka_unit_test(a_field_that_comes_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
