/* SPDX-License-Identifier: Apache-2.0 */
/* test_refused.c - what is refused, with fault, path and offset. */
#include "tests/wire/codec.h"

#include "wire/values.h"

/* --- What is refused --- */

typedef struct refusal {
    const char *bytes;
    size_t size; /* 0: up to the NUL */
    weir_wire_fault fault;
    const char *path;
    size_t offset;
} refusal;

static void check_refusals(const weir_type *type, weir_format format, const refusal *cases,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        union {
            sample_quote quote;
            sample_all_scalars all;
            sample_outer outer;
            sample_options options;
        } value;
        weir_wire_error error;
        size_t size = cases[i].size != 0 ? cases[i].size : strlen(cases[i].bytes);
        weir_status status = decode(type, format, cases[i].bytes, size, &value, &error);
        if (status != WEIR_DECODE || error.fault != cases[i].fault ||
            strcmp(error.path, cases[i].path) != 0 || error.offset != cases[i].offset)
            fail_msg("case %zu (%s): %s, path '%s', offset %zu, status %d", i, cases[i].bytes,
                     error.message, error.path, error.offset, (int)status);
        const unsigned char *message = (const unsigned char *)error.message;
        if (wire_utf8_fault(message, message + strlen(error.message)) != NULL)
            fail_msg("case %zu (%s): the message is not UTF-8: %s", i, cases[i].bytes,
                     error.message);
    }
}

#define REFUSE(type, format, cases)                                                                \
    check_refusals(&(type), format, cases, sizeof(cases) / sizeof *(cases))

static void test_json_refusals(void **state)
{
    static const refusal cases[] = {
        {"", 0, WEIR_WIRE_TRUNCATED, "", 0},
        {" \n", 0, WEIR_WIRE_TRUNCATED, "", 2},
        {"\xef\xbb\xbf{}", 0, WEIR_WIRE_MALFORMED, "", 0},
        {"[1]", 0, WEIR_WIRE_TYPE, "", 0},
        {"nul1", 0, WEIR_WIRE_MALFORMED, "", 3},
        {"{}", 0, WEIR_WIRE_MISSING, "symbol", 0},
        {"{" QUOTE_REST "}", 0, WEIR_WIRE_MISSING, "symbol", 0},
        {"{\"symbol\":\"A\"," QUOTE_REST "} x", 0, WEIR_WIRE_TRAILING, "", 64},
        {"{\"symbol\":\"A\"," QUOTE_REST ",}", 0, WEIR_WIRE_MALFORMED, "", 63},
        {"{\"symbol\":\"A\",\"s\\u0079mbol\":\"B\"," QUOTE_REST "}", 0, WEIR_WIRE_DUPLICATE,
         "symbol", 28},
        {"{\"bid\":1,\"bid\":1}", 0, WEIR_WIRE_DUPLICATE, "bid", 15},
        {"{\"symbol\":7}", 0, WEIR_WIRE_TYPE, "symbol", 10},
        {"{\"symbol\":null}", 0, WEIR_WIRE_TYPE, "symbol", 10},
        {"{\"symbol\":\"12345678901234567\"}", 0, WEIR_WIRE_LENGTH, "symbol", 10},
        {"{\"symbol\":\"a\\u0000\"}", 0, WEIR_WIRE_NUL, "symbol", 12},
        {"{\"symbol\":\"a\\ud800\"}", 0, WEIR_WIRE_UTF8, "symbol", 12},
        {"{\"symbol\":\"a\xc0\x80\"}", 0, WEIR_WIRE_UTF8, "symbol", 12},
        {"{\"symbol\":\"a\xed\xa0\x80 \"}", 0, WEIR_WIRE_UTF8, "symbol", 12},
        {"{\"symbol\":\"a\nb\"}", 0, WEIR_WIRE_MALFORMED, "symbol", 12},
        {"{\"symbol\":\"a\\x\"}", 0, WEIR_WIRE_MALFORMED, "symbol", 12},
        {"{\"bid\":1e999}", 0, WEIR_WIRE_RANGE, "bid", 7},
        {"{\"bid\":NaN}", 0, WEIR_WIRE_MALFORMED, "bid", 7},
        {"{\"bid\":01}", 0, WEIR_WIRE_MALFORMED, "", 8},
        {"{\"bid\":1.}", 0, WEIR_WIRE_MALFORMED, "bid", 9},
        {"{\"bid\":\"1\"}", 0, WEIR_WIRE_TYPE, "bid", 7},
        {"{\"ts\":1.5}", 0, WEIR_WIRE_TYPE, "ts", 6},
        {"{\"ts\":9223372036854775808}", 0, WEIR_WIRE_RANGE, "ts", 6},
        {"{\"ts\":\"2024-02-30\"}", 0, WEIR_WIRE_TYPE, "ts", 6},
        {"{\"ts\":\"9999-01-01\"}", 0, WEIR_WIRE_RANGE, "ts", 6},
        {"{\"x\":[1,]}", 0, WEIR_WIRE_MALFORMED, "", 8},
        {"{\"x\":{\"y\" 1}}", 0, WEIR_WIRE_MALFORMED, "", 10},
    };

    (void)state;
    REFUSE(sample_quote_type, WEIR_FORMAT_JSON, cases);
}

/* 33 bytes, so that no limit of a power of two falls between characters. */
#define EUROS "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac"

static void test_json_nested_refusals(void **state)
{
    static const refusal outer[] = {
        {"{\"inner\":{\"levels\":[{\"id\":1,\"price\":2,\"tag\":\"\"},{\"id\":-1}]}}", 0,
         WEIR_WIRE_RANGE, "inner.levels[1].id", 54},
        {"{\"inner\":{\"levels\":[{\"id\":1}]}}", 0, WEIR_WIRE_MISSING, "inner.levels[0].price",
         20},
        {"{\"inner\":{\"grid\":[1,2]}}", 0, WEIR_WIRE_LENGTH, "inner.grid", 17},
        {"{\"inner\":{\"grid\":[1,2,3,4]}}", 0, WEIR_WIRE_LENGTH, "inner.grid", 24},
        {"{\"inner\":{\"names\":[]}}", 0, WEIR_WIRE_LENGTH, "inner.names", 18},
        {"{\"inner\":{\"names\":[\"a\",\"12345\"]}}", 0, WEIR_WIRE_LENGTH, "inner.names[1]", 23},
        {"{\"inner\":{\"sides\":[\"buy\",\"hold\"]}}", 0, WEIR_WIRE_ENUM, "inner.sides[1]", 25},
        {"{\"inner\":{\"sides\":[\"b\xff\"]}}", 0, WEIR_WIRE_UTF8, "inner.sides[0]", 19},
        {"{\"inner\":{\"sides\":[\"" EUROS EUROS "\"]}}", 0, WEIR_WIRE_ENUM, "inner.sides[0]", 19},
        {"{\"inner\":{\"sides\":[1,3]}}", 0, WEIR_WIRE_ENUM, "inner.sides[1]", 21},
        {"{\"inner\":{\"blobs\":[\"AA==\",\"AB==\"]}}", 0, WEIR_WIRE_MALFORMED, "inner.blobs[1]",
         30},
        {"{\"inner\":{\"blobs\":[\"AAAA\"]}}", 0, WEIR_WIRE_LENGTH, "inner.blobs[0]", 19},
        {"{\"inner\":{\"blobs\":[\"AA\"]}}", 0, WEIR_WIRE_MALFORMED, "inner.blobs[0]", 22},
        {"{\"inner\":{\"blobs\":[\"AA===\"]}}", 0, WEIR_WIRE_MALFORMED, "inner.blobs[0]", 24},
        {"{\"level\":7}", 0, WEIR_WIRE_TYPE, "level", 9},
        {"{\"inner\":null}", 0, WEIR_WIRE_TYPE, "inner", 9},
    };

    (void)state;
    REFUSE(sample_outer_type, WEIR_FORMAT_JSON, outer);
}

#define BYTES(text) text, sizeof(text) - 1

static void test_msgpack_refusals(void **state)
{
    static const refusal cases[] = {
        {BYTES("\x90"), WEIR_WIRE_TYPE, "", 0},
        {BYTES("\x80"), WEIR_WIRE_MISSING, "symbol", 0},
        {BYTES("\xc1"), WEIR_WIRE_MALFORMED, "", 0},
        {BYTES("\x81\xa6symbol\xa1\x00"), WEIR_WIRE_NUL, "symbol", 9},
        {BYTES("\x81\xa6symbol\xa2"
               "a\xff"),
         WEIR_WIRE_UTF8, "symbol", 10},
        {BYTES("\x81\xa6symbol\xc4\x01"
               "a"),
         WEIR_WIRE_TYPE, "symbol", 8},
        {BYTES("\x81\xa6symbol\xb1"
               "12345678901234567"),
         WEIR_WIRE_LENGTH, "symbol", 8},
        {BYTES("\x82\xa3"
               "bid\x01\xd9\x03"
               "bid\x01"),
         WEIR_WIRE_DUPLICATE, "bid", 11},
        {BYTES("\x81\xa3"
               "bid\xa1"
               "1"),
         WEIR_WIRE_TYPE, "bid", 5},
        {BYTES("\x81\xa3"
               "bid\xc0"),
         WEIR_WIRE_TYPE, "bid", 5},
        {BYTES("\x81\xa2ts\xaa"
               "2024-01-01"),
         WEIR_WIRE_TYPE, "ts", 4},
        {BYTES("\x81\xa2ts\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), WEIR_WIRE_RANGE, "ts", 4},
        {BYTES("\x81\xa2ts\xcb\x3f\xf8\0\0\0\0\0\0"), WEIR_WIRE_TYPE, "ts", 4},
        {BYTES("\x81\xa2ts\xc7\x0c\xff\x3b\x9a\xca\x00\0\0\0\0\0\0\0\0"), WEIR_WIRE_MALFORMED, "ts",
         4},
        {BYTES("\x81\xa2ts\xd6\x01\0\0\0\0"), WEIR_WIRE_TYPE, "ts", 4},
    };

    (void)state;
    REFUSE(sample_quote_type, WEIR_FORMAT_MSGPACK, cases);
}

static void test_msgpack_forms(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        int64_t ts;
    } cases[] = {
        {BYTES("\xcb\x41\xf0\0\0\0\0\0\0"), INT64_C(4294967296)}, /* a float that holds one */
        {BYTES("\xd6\xff\0\0\0\x02"), INT64_C(2000000000)},
        {BYTES("\xd7\xff\0\0\0\x04\0\0\0\x01"), INT64_C(1000000001)},
        {BYTES("\xc7\x0c\xff\x3b\x9a\xc9\xff\xff\xff\xff\xff\xff\xff\xff\xff"), -1},
        {BYTES("\xe0"), -32},
        {BYTES("\xd0\x80"), -128},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_buffer bytes = {0};
        sample_quote quote;
        weir_buffer_append(&bytes, BYTES("\x88\xa6symbol\xd9\x01"
                                         "A\x01\xc0\xa1z\x92\xc0\x81\x02\xc3"
                                         "\xa3"
                                         "bid\x01\xa3"
                                         "ask\x02\xa8"
                                         "bid_size\x03\xa8"
                                         "ask_size\x04"
                                         "\xa2ts"));
        weir_buffer_append(&bytes, cases[i].bytes, cases[i].size);
        decode_ok(&sample_quote_type, WEIR_FORMAT_MSGPACK, bytes.data, bytes.size, &quote);
        assert_int_equal(quote.ts, cases[i].ts);
        assert_string_equal(quote.symbol, "A");
        assert_true(quote.ask_size == 4);
        weir_buffer_free(&bytes);
    }
}

/* 64 levels, the message's own counted; one more is too deep (W3). */
static void test_depth(void **state)
{
    (void)state;
    for (size_t levels = 63; levels <= 64; levels++) {
        weir_buffer json = {0}, msgpack = {0};
        weir_wire_error error;
        sample_options options;
        weir_buffer_text(&json, "{\"x\":");
        weir_buffer_append(&msgpack, "\x81\xa1x", 3);
        for (size_t i = 0; i < levels; i++) {
            weir_buffer_text(&json, "[");
            weir_buffer_text(&msgpack, i + 1 < levels ? "\x91" : "\x90");
        }
        for (size_t i = 0; i < levels; i++)
            weir_buffer_text(&json, "]");
        weir_buffer_text(&json, "}");
        weir_status expected = levels == 63 ? WEIR_OK : WEIR_DECODE;
        assert_int_equal(
            decode(&sample_options_type, WEIR_FORMAT_JSON, json.data, json.size, &options, &error),
            expected);
        if (levels == 64)
            assert_int_equal(error.fault, WEIR_WIRE_DEEP);
        assert_int_equal(decode(&sample_options_type, WEIR_FORMAT_MSGPACK, msgpack.data,
                                msgpack.size, &options, &error),
                         expected);
        if (levels == 64)
            assert_int_equal(error.fault, WEIR_WIRE_DEEP);
        weir_buffer_free(&json);
        weir_buffer_free(&msgpack);
    }
}

static void test_encode_refusals(void **state)
{
    sample_quote quote = {.symbol = "A", .bid = (double)NAN};
    sample_all_scalars all = {.side = (sample_side)9};
    sample_outer outer = {.inner = {.levels_count = 11}};
    weir_buffer out = {0};
    weir_wire_error error;
    char text[32];

    (void)state;
    assert_int_equal(weir_encode(&sample_quote_type, WEIR_FORMAT_JSON, &quote, &out, &error),
                     WEIR_ENCODE);
    assert_int_equal(error.fault, WEIR_WIRE_NOT_FINITE);
    assert_string_equal(error.path, "bid");
    assert_int_equal(out.size, 0);
    assert_int_equal(weir_encode(&sample_quote_type, WEIR_FORMAT_MSGPACK, &quote, &out, &error),
                     WEIR_OK);
    assert_int_equal(sample_quote_print(&quote, text, sizeof text), 65);
    assert_string_equal(text, "{\"symbol\":\"A\",\"bid\":NaN,\"ask\":0");
    memset(quote.symbol, 'x', sizeof quote.symbol);
    assert_int_equal(weir_encode(&sample_quote_type, WEIR_FORMAT_MSGPACK, &quote, &out, &error),
                     WEIR_ENCODE);
    assert_int_equal(error.fault, WEIR_WIRE_LENGTH);
    assert_int_equal(weir_encode(&sample_all_scalars_type, WEIR_FORMAT_JSON, &all, &out, &error),
                     WEIR_ENCODE);
    assert_int_equal(error.fault, WEIR_WIRE_ENUM);
    assert_string_equal(error.path, "side");
    assert_int_equal(weir_encode(&sample_outer_type, WEIR_FORMAT_JSON, &outer, &out, &error),
                     WEIR_ENCODE);
    assert_string_equal(error.path, "inner.levels");
    weir_buffer_free(&out);
}

static void test_helpers(void **state)
{
    sample_quote a = {.symbol = "A"}, b = a;

    (void)state;
    assert_true(sample_quote_equal(&a, &b));
    assert_int_equal(sample_quote_set_symbol(&b, "12345678901234567"), WEIR_LIMIT);
    assert_true(sample_quote_equal(&a, &b));
    assert_int_equal(sample_quote_set_symbol(&b, "1234567890123456"), WEIR_OK);
    assert_false(sample_quote_equal(&a, &b));
    assert_string_equal(sample_side_name(SAMPLE_SIDE_SELL), "sell");
    assert_null(sample_side_name((sample_side)0));
}

static void test_msgpack_size(void **state)
{
    static const char bytes[] = "\x82\xa1x\x91\xc0\xa1y\xcb\0\0\0\0\0\0\0\0\x01";
    weir_wire_error error;
    size_t size = 0;

    (void)state;
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(weir_msgpack_size(slice_of(bytes, i), &size, &error), WEIR_AGAIN);
    assert_int_equal(weir_msgpack_size(slice_of(bytes, 17), &size, &error), WEIR_OK);
    assert_int_equal(size, 16);
    assert_int_equal(weir_msgpack_size(slice_of("\x91\xc1", 2), &size, &error), WEIR_DECODE);
    assert_int_equal(error.offset, 1);
}

/* Heads more often than payload, so that most values are deep and many are broken. */
static size_t random_value(uint64_t *seed, char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        uint8_t byte = (uint8_t)(*seed >> 56);
        bytes[i] = (char)((*seed >> 40 & 3) == 0   ? byte
                          : (*seed >> 42 & 1) != 0 ? byte % 3
                                                   : 0x80 | byte % 0x63);
    }
    return size;
}

/* Whole or piece by piece, the same end is found as by the walk over whole messages. */
static void test_msgpack_record(void **state)
{
    char bytes[48];
    uint64_t seed = 7;
    size_t whole = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t all = random_value(&seed, bytes, sizeof bytes), size = 0, found = 0;
        weir_msgpack_scan scan = {0};
        weir_wire_error error = {0};
        weir_status status = WEIR_AGAIN;
        for (size_t seen = 0; seen <= all && status == WEIR_AGAIN; seen++) {
            weir_status expected = weir_msgpack_size(slice_of(bytes, seen), &size, &error);
            status = weir_msgpack_record(slice_of(bytes, seen), &scan, &found);
            if (expected == WEIR_DECODE && error.fault == WEIR_WIRE_DEEP)
                break;
            assert_int_equal(status, expected);
        }
        whole += status == WEIR_OK;
        if (status == WEIR_OK)
            assert_int_equal(found, size);
    }
    assert_true(whole > 1000);
}

static void test_msgpack_record_deep(void **state)
{
    char bytes[101];
    weir_msgpack_scan scan = {0};
    size_t size;

    (void)state;
    memset(bytes, '\x91', sizeof bytes);
    bytes[100] = 1;
    assert_int_equal(weir_msgpack_record(slice_of(bytes, 100), &scan, &size), WEIR_AGAIN);
    assert_int_equal(weir_msgpack_record(slice_of(bytes, 101), &scan, &size), WEIR_OK);
    assert_int_equal(size, 101);
    /* What has not come yet is known: a string of 2 GiB. */
    scan = (weir_msgpack_scan){0};
    assert_int_equal(weir_msgpack_record(slice_of("\xdb\x80\0\0\0", 5), &scan, &size), WEIR_AGAIN);
    assert_true(scan.at == 5 + (1ull << 31));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_refusals),
        cmocka_unit_test(test_json_nested_refusals),
        cmocka_unit_test(test_msgpack_refusals),
        cmocka_unit_test(test_msgpack_forms),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_encode_refusals),
        cmocka_unit_test(test_helpers),
        cmocka_unit_test(test_msgpack_size),
        cmocka_unit_test(test_msgpack_record),
        cmocka_unit_test(test_msgpack_record_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
