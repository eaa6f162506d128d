/* SPDX-License-Identifier: Apache-2.0 */
/* test_csv.c - CSV (RFC 4180): framing at every chunk boundary, cells, headers, records. */
#include "core/buffer.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static weir_slice slice_of(const char *text)
{
    return (weir_slice){(const unsigned char *)text, strlen(text)};
}

/* Splits `text`, of which `first` bytes come before the others, and joins the records by '|'. */
static void split(const char *text, size_t first, char *joined)
{
    size_t size = strlen(text), at = 0, seen = first;
    weir_csv_scan scan = {0};

    *joined = '\0';
    while (at < size || seen < size) {
        weir_slice rest = {(const unsigned char *)text + at, seen - at};
        size_t record, next;
        weir_status status = weir_csv_record(rest, seen == size, &scan, &record, &next);
        if (status == WEIR_AGAIN) {
            assert_true(seen < size);
            seen = size;
            continue;
        }
        assert_int_equal(status, WEIR_OK);
        joined += sprintf(joined, "%.*s|", (int)record, text + at);
        at += next;
        scan = (weir_csv_scan){0};
    }
}

static void test_records(void **state)
{
    static const struct {
        const char *text, *records;
    } cases[] = {
        {"a,b\nc,d\n", "a,b|c,d|"},
        {"a,b\r\nc,d\r\n", "a,b|c,d|"},
        {"a,b\r\nc,d", "a,b|c,d|"},
        {"\"a\nb\",c\nd,e\n", "\"a\nb\",c|d,e|"},
        {"\"a\r\n\"\"b\r\n\"\r\nx\r\n", "\"a\r\n\"\"b\r\n\"|x|"},
        {"\n\na\n", "||a|"},
        {"5\" disk,1\nb,2\n", "5\" disk,1|b,2|"},
        {"\"a\"x\",1\nb,2\n", "\"a\"x\",1|b,2|"},
        {"\"a\"\r\n,\"\"\r\n", "\"a\"|,\"\"|"},
    };
    char joined[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t first = 0; first <= strlen(cases[i].text); first++) {
            split(cases[i].text, first, joined);
            assert_string_equal(joined, cases[i].records);
        }
}

static void test_open_quote(void **state)
{
    weir_csv_scan scan = {0};
    size_t size, next;

    (void)state;
    assert_int_equal(weir_csv_record(slice_of("\"a\n"), true, &scan, &size, &next), WEIR_DECODE);
}

static weir_csv_columns *columns_of(const weir_type *type, const char *header)
{
    weir_csv_columns *columns = NULL;
    weir_wire_error error;

    if (weir_csv_columns_new(type, slice_of(header), &columns, &error) != WEIR_OK)
        fail_msg("%s: %s", error.path, error.message);
    return columns;
}

static void test_decode(void **state)
{
    weir_csv_columns *columns =
        columns_of(&sample_quote_type, "note,ts,\"symbol\",bid,ask,bid_size,ask_size");
    weir_wire_error error;
    sample_quote quote;

    (void)state;
    assert_int_equal(
        weir_csv_decode(columns, slice_of("\"a,\"\"b\"\"\n\",2024-03-01,\"A\"\"\",1.5,2,3e0,\"4\""),
                        &quote, &error),
        WEIR_OK);
    assert_string_equal(quote.symbol, "A\"");
    assert_true(quote.bid == 1.5 && quote.ask_size == 4);
    assert_int_equal(quote.ts, INT64_C(1709251200000000000));
    weir_csv_columns_free(columns);
}

static void test_header_refusals(void **state)
{
    static const struct {
        const char *header;
        weir_wire_fault fault;
        const char *path;
    } cases[] = {
        {"", WEIR_WIRE_TRUNCATED, ""},
        {"symbol,bid", WEIR_WIRE_MISSING, "ask"},
        {"symbol,bid,ask,bid_size,ask_size,ts,bid", WEIR_WIRE_DUPLICATE, "bid"},
        {"\xef\xbb\xbfsymbol,bid,ask,bid_size,ask_size,ts", WEIR_WIRE_MALFORMED, ""},
        {"sym\"bol", WEIR_WIRE_MALFORMED, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_csv_columns *columns = NULL;
        weir_wire_error error;
        assert_int_equal(
            weir_csv_columns_new(&sample_quote_type, slice_of(cases[i].header), &columns, &error),
            WEIR_DECODE);
        assert_int_equal(error.fault, cases[i].fault);
        assert_string_equal(error.path, cases[i].path);
    }
}

static void test_record_refusals(void **state)
{
    static const struct {
        const char *record;
        weir_wire_fault fault;
        const char *path;
        size_t offset;
    } cases[] = {
        {"A,1,2,3,4", WEIR_WIRE_MALFORMED, "", 9},
        {"A,1,2,3,4,5,6", WEIR_WIRE_MALFORMED, "", 11},
        {"A,,2,3,4,5", WEIR_WIRE_MISSING, "bid", 2},
        {"A,x,2,3,4,5", WEIR_WIRE_TYPE, "bid", 2},
        {"A,1,2,3,4,5.5", WEIR_WIRE_TYPE, "ts", 10},
        {"A,1,2,3,4,soon", WEIR_WIRE_TYPE, "ts", 10},
        {"12345678901234567,1,2,3,4,5", WEIR_WIRE_LENGTH, "symbol", 0},
        {"\"A\"x,1,2,3,4,5", WEIR_WIRE_MALFORMED, "", 3},
        {"\"A", WEIR_WIRE_TRUNCATED, "", 2},
        {"\xff,1,2,3,4,5", WEIR_WIRE_UTF8, "symbol", 0},
    };
    weir_csv_columns *columns =
        columns_of(&sample_quote_type, "symbol,bid,ask,bid_size,ask_size,ts");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_wire_error error;
        sample_quote quote;
        assert_int_equal(weir_csv_decode(columns, slice_of(cases[i].record), &quote, &error),
                         WEIR_DECODE);
        if (error.fault != cases[i].fault || strcmp(error.path, cases[i].path) != 0 ||
            error.offset != cases[i].offset)
            fail_msg("%s: %s, path '%s', offset %zu", cases[i].record, error.message, error.path,
                     error.offset);
    }
    weir_csv_columns_free(columns);
}

/* Every scalar, out and back; missing columns take defaults. */
static void test_round_trip(void **state)
{
    sample_all_scalars all = {.flag = true,
                              .i8 = -8,
                              .i64 = INT64_MIN,
                              .u64 = UINT64_MAX,
                              .f32 = 0.1f,
                              .f64 = -1e300,
                              .time = -1,
                              .span = 5,
                              .day = -1,
                              .text = "a,\"b\n\r",
                              .raw_size = 5,
                              .raw = {0, 1, 2, 254, 255},
                              .side = SAMPLE_SIDE_SELL,
                              .mood = SAMPLE_MOOD_CALM};
    sample_all_scalars back;
    weir_buffer header = {0}, record = {0};
    weir_wire_error error;

    (void)state;
    assert_int_equal(weir_csv_header(&sample_all_scalars_type, &header), WEIR_OK);
    weir_csv_columns *columns = columns_of(&sample_all_scalars_type, header.data);
    assert_int_equal(weir_encode(&sample_all_scalars_type, WEIR_FORMAT_CSV, &all, &record, &error),
                     WEIR_OK);
    assert_int_equal(weir_csv_decode(columns, slice_of(record.data), &back, &error), WEIR_OK);
    assert_true(sample_all_scalars_equal(&all, &back));
    weir_csv_columns_free(columns);
    weir_buffer_free(&header);
    weir_buffer_free(&record);
}

/* Strings of each size, plain or with what asks for a closer look at their end, before numbers of
 * each length, of which one ends the record. */
static void test_sizes(void **state)
{
    static const char *const headers[] = {"symbol,bid,ask,bid_size,ask_size,ts",
                                          "ts,bid_size,ask_size,ask,symbol,bid"};
    static const char ends[] = "x,\"\n\r\x01\x7f ";
    weir_csv_columns *columns = columns_of(&sample_quote_type, headers[0]);
    weir_buffer record = {0};
    weir_wire_error error;

    (void)state;
    for (size_t size = 0; size <= 16; size++)
        for (size_t end = 0; end < sizeof ends - 1; end++) {
            sample_quote quote = {.bid = 0.25, .ask = 100, .bid_size = 1e300, .ask_size = -2.5},
                         back;
            memset(quote.symbol, 'A', size);
            if (size != 0)
                quote.symbol[size - 1] = ends[end];
            for (quote.ts = INT64_C(1234567890123456789); quote.ts != 0; quote.ts /= 10) {
                record.size = 0;
                assert_int_equal(
                    weir_encode(&sample_quote_type, WEIR_FORMAT_CSV, &quote, &record, &error),
                    WEIR_OK);
                memset(&back, 0xa5, sizeof back);
                assert_int_equal(weir_csv_decode(columns, slice_of(record.data), &back, &error),
                                 WEIR_OK);
                assert_true(sample_quote_equal(&back, &quote));
                assert_memory_equal(back.symbol, quote.symbol, sizeof back.symbol);
            }
        }
    weir_csv_columns_free(columns);
    columns = columns_of(&sample_quote_type, headers[1]);
    for (int cents = 1; cents < 200000; cents += 7) {
        sample_quote quote;
        char text[64];
        snprintf(text, sizeof text, "7,1,-2.5,3e2,ABCDEFGH,%d.%02d", cents / 100, cents % 100);
        assert_int_equal(weir_csv_decode(columns, slice_of(text), &quote, &error), WEIR_OK);
        assert_true(quote.bid == cents / 100.0 && quote.ts == 7 && quote.ask_size == -2.5);
        assert_string_equal(quote.symbol, "ABCDEFGH");
    }
    weir_csv_columns_free(columns);
    weir_buffer_free(&record);
}

static void test_defaults(void **state)
{
    weir_csv_columns *columns =
        columns_of(&sample_odd_type, "p,\"class \"\"x\"\"\",count,ratio,at_us,at_s,at,maybe");
    weir_wire_error error;
    sample_odd odd;

    (void)state;
    assert_int_equal(
        weir_csv_decode(columns, slice_of("1.5,2,3,4,5,6,1970-01-01T00:00:00Z,"), &odd, &error),
        WEIR_OK);
    assert_int_equal(odd.class_, 2);
    assert_int_equal(odd.at_us, 5000);
    assert_int_equal(odd.given, 7);
    assert_string_equal(odd.word, "caf\xc3\xa9");
    assert_false(odd.has_maybe);
    weir_csv_columns_free(columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),         cmocka_unit_test(test_open_quote),
        cmocka_unit_test(test_decode),          cmocka_unit_test(test_header_refusals),
        cmocka_unit_test(test_record_refusals), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_defaults),        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
