/* SPDX-License-Identifier: Apache-2.0 */
/* test_codec.c - generated codecs: what they accept, what they refuse and where, W1 to W8. */
#include "core/buffer.h"
#include "sample.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static weir_slice slice_of(const void *data, size_t size)
{
    return (weir_slice){data, size};
}

/* Decodes from a copy of exactly that size, so that a sanitizer sees every read beyond it. */
static weir_status decode(const weir_type *type, weir_format format, const void *data, size_t size,
                          void *value, weir_wire_error *error)
{
    unsigned char *copy = malloc(size + (size == 0));
    weir_status status;

    assert_non_null(copy);
    memcpy(copy, data, size);
    status = weir_decode(type, format, slice_of(copy, size), value, error);
    free(copy);
    return status;
}

static void decode_ok(const weir_type *type, weir_format format, const void *data, size_t size,
                      void *value)
{
    weir_wire_error error;

    if (decode(type, format, data, size, value, &error) != WEIR_OK)
        fail_msg("%s: %s (at %zu)\n%.*s", error.path, error.message, error.offset, (int)size,
                 (const char *)data);
}

static void encode_ok(const weir_type *type, weir_format format, const void *value,
                      weir_buffer *out)
{
    weir_wire_error error;

    out->size = 0;
    if (weir_encode(type, format, value, out, &error) != WEIR_OK)
        fail_msg("%s: %s", error.path, error.message);
    assert_true(out->size <= (format == WEIR_FORMAT_JSON ? type->json_max : type->msgpack_max));
}

/* --- Values that go through both formats and come back -----------------------------------------
 */

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static double random_double(void)
{
    uint64_t bits = next_random();
    double value;

    if (bits % 3 == 0)
        return (double)(int64_t)(bits >> 40) / 100;
    memcpy(&value, &bits, sizeof value);
    return isfinite(value) ? value : 0.1;
}

static void random_text(char *text, size_t size)
{
    static const char *const pieces[] = {
        "a", "Z", "\"",  "\\", "\n", "\x01", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "/", "0", "\x7f"};
    size_t wanted = next_random() % (size + 1), used = 0;

    memset(text, 0, size + 1);
    while (used < wanted) {
        const char *piece = pieces[next_random() % (sizeof pieces / sizeof *pieces)];
        if (used + strlen(piece) > wanted)
            break;
        memcpy(text + used, piece, strlen(piece));
        used += strlen(piece);
    }
}

static void random_quote(sample_quote *quote)
{
    random_text(quote->symbol, 16);
    quote->bid = random_double();
    quote->ask = random_double();
    quote->bid_size = random_double();
    quote->ask_size = random_double();
    quote->ts = (int64_t)next_random() >> (next_random() % 64);
}

static void random_scalars(sample_all_scalars *all)
{
    uint64_t bits = next_random();
    uint32_t half = (uint32_t)next_random();

    memset(all, 0, sizeof *all);
    all->flag = bits & 1;
    all->i8 = (int8_t)bits;
    all->i16 = (int16_t)(bits >> 3);
    all->i32 = (int32_t)next_random() >> (bits % 32);
    all->i64 = (int64_t)next_random() >> (bits % 64);
    all->u8 = (uint8_t)(bits >> 5);
    all->u16 = (uint16_t)(bits >> 7);
    all->u32 = (uint32_t)next_random() >> (bits % 32);
    all->u64 = next_random() >> (bits % 64);
    memcpy(&all->f32, &half, sizeof half);
    all->f32 = isfinite(all->f32) ? all->f32 : 0.1f;
    all->f64 = random_double();
    all->time = (int64_t)next_random();
    all->span = (int64_t)next_random() >> 20;
    all->day = (int32_t)(next_random() % 3652425) - 719528;
    random_text(all->text, 9);
    all->raw_size = (uint32_t)(next_random() % 6);
    memcpy(all->raw, &bits, all->raw_size);
    all->side = bits & 2 ? SAMPLE_SIDE_BUY : SAMPLE_SIDE_SELL;
    all->mood = bits & 4 ? SAMPLE_MOOD_CALM : SAMPLE_MOOD_WILD;
}

static void random_level(sample_level *level)
{
    level->id = (uint32_t)next_random();
    level->price = random_double();
    random_text(level->tag, 3);
}

static void random_outer(sample_outer *outer)
{
    sample_book *book = &outer->inner;

    memset(outer, 0, sizeof *outer);
    book->levels_count = (uint32_t)(next_random() % 11);
    for (uint32_t i = 0; i < book->levels_count; i++)
        random_level(&book->levels[i]);
    for (int i = 0; i < 3; i++)
        book->grid[i] = random_double();
    book->names_count = 1 + (uint32_t)(next_random() % 3);
    for (uint32_t i = 0; i < book->names_count; i++)
        random_text(book->names[i], 4);
    book->blobs_count = (uint32_t)(next_random() % 3);
    for (uint32_t i = 0; i < book->blobs_count; i++)
        book->blobs_size[i] = (uint32_t)(next_random() % 3);
    book->sides_count = (uint32_t)(next_random() % 5);
    for (uint32_t i = 0; i < book->sides_count; i++)
        book->sides[i] = SAMPLE_SIDE_SELL;
    outer->has_level = next_random() & 1;
    if (outer->has_level)
        random_level(&outer->level);
    outer->id = (int64_t)next_random();
}

/* Every shorter message is truncated, and says so at its end. */
static void check_truncation(const weir_type *type, weir_format format, const weir_buffer *bytes,
                             void *value)
{
    weir_wire_error error;

    for (size_t size = 0; size < bytes->size; size++) {
        assert_int_equal(decode(type, format, bytes->data, size, value, &error), WEIR_DECODE);
        if (error.fault != WEIR_WIRE_TRUNCATED || error.offset != size)
            fail_msg("cut at %zu: %s at %zu: %.*s", size, error.message, error.offset, (int)size,
                     bytes->data);
    }
}

static void check_round(const weir_type *type, const void *value, void *back, bool cut)
{
    static const weir_format formats[] = {WEIR_FORMAT_MSGPACK, WEIR_FORMAT_JSON};
    weir_buffer bytes = {0};

    for (size_t i = 0; i < 2; i++) {
        encode_ok(type, formats[i], value, &bytes);
        memset(back, 0xa5, type->size);
        decode_ok(type, formats[i], bytes.data, bytes.size, back);
        if (!type->equal(value, back))
            fail_msg("%s did not come back: %.*s", type->name, (int)bytes.size, bytes.data);
        if (cut)
            check_truncation(type, formats[i], &bytes, back);
    }
    weir_buffer_free(&bytes);
}

static void test_round_trip(void **state)
{
    (void)state;
    seed = 20240301;
    for (int i = 0; i < 3000; i++) {
        sample_quote quote, quote_back;
        sample_all_scalars all, all_back;
        sample_outer outer, outer_back;
        bool cut = i % 100 == 0;
        random_quote(&quote);
        check_round(&sample_quote_type, &quote, &quote_back, cut);
        random_scalars(&all);
        check_round(&sample_all_scalars_type, &all, &all_back, cut);
        random_outer(&outer);
        check_round(&sample_outer_type, &outer, &outer_back, cut);
    }
}

/* Absent and present optionals, in every combination. */
static void test_optionals(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        sample_options options = {.has_number = i & 1,
                                  .has_text = i & 2,
                                  .has_items = i & 4,
                                  .has_raw = i & 8,
                                  .has_side = i & 16};
        sample_options back;
        if (options.has_items) {
            options.items_count = 2;
            options.items[1] = -7;
        }
        if (options.has_side)
            options.side = SAMPLE_SIDE_BUY;
        if (options.has_text)
            assert_int_equal(sample_options_set_text(&options, "x"), WEIR_OK);
        check_round(&sample_options_type, &options, &back, true);
        assert_int_equal(back.side, options.side);
    }
}

static void test_hundred_fields(void **state)
{
    sample_wide wide = {0}, back;
    int32_t *numbers = &wide.field_01;

    (void)state;
    *numbers = 5;
    wide.has_field_99 = true;
    wide.field_99 = INT32_MIN;
    wide.field_64 = INT32_MAX;
    check_round(&sample_wide_type, &wide, &back, false);
    assert_false(back.has_field_00);
    assert_int_equal(back.field_99, INT32_MIN);
}

/* --- What is accepted --------------------------------------------------------------------------
 */

#define QUOTE_REST "\"bid\":1,\"ask\":2,\"bid_size\":3,\"ask_size\":4,\"ts\":5"

static void test_json_forms(void **state)
{
    static const struct {
        const char *text;
        double bid;
        int64_t ts;
        const char *symbol;
    } cases[] = {
        {" { \"symbol\" : \"A\" , \"bid\" : 1.5 , \"ask\":2,\"bid_size\":3,\"ask_size\":4,\"ts\":5 "
         "} \n",
         1.5, 5, "A"},
        {"{\"ts\":5e0,\"ask_size\":4,\"bid_size\":3,\"ask\":2,\"bid\":15e-1,\"symbol\":\"B\"}", 1.5,
         5, "B"},
        {"{\"symbol\":\"\\u00e9\\ud83d\\ude00\\/"
         "\",\"x\":{\"y\":[1,{\"z\":null}]},\"b\\u0069d\":-0.5,"
         "\"ask\":2,\"bid_size\":3,\"ask_size\":4,\"ts\":1.0e3}",
         -0.5, 1000, "\xc3\xa9\xf0\x9f\x98\x80/"},
        {"{\"symbol\":\"1234567890123456\",\"bid\":1e-400,\"ask\":2,\"bid_size\":3,\"ask_size\":4,"
         "\"ts\":\"1970-01-01T00:00:01.5Z\"}",
         0, 1500000000, "1234567890123456"},
        {"{\"symbol\":\"\",\"bid\":1,\"ask\":2,\"bid_size\":3,\"ask_size\":4,\"ts\":\"1970-01-"
         "02\"}",
         1, 86400000000000, ""},
        {"{\"symbol\":\"t\",\"bid\":1,\"ask\":2,\"bid_size\":3,\"ask_size\":4,"
         "\"ts\":\"1969-12-31t22:59:59.25-01:00\"}",
         1, -750000000, "t"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sample_quote quote;
        decode_ok(&sample_quote_type, WEIR_FORMAT_JSON, cases[i].text, strlen(cases[i].text),
                  &quote);
        assert_true(quote.bid == cases[i].bid);
        assert_int_equal(quote.ts, cases[i].ts);
        assert_string_equal(quote.symbol, cases[i].symbol);
    }
}

/* Wire names, text numbers, forms of times, defaults. */
static void test_odd(void **state)
{
    static const char least[] =
        "{\"class \\\"x\\\"\":3,\"p\":\"1.25\",\"count\":18446744073709551615,"
        "\"ratio\":\"16777217.0000001\",\"at_us\":5,\"at_s\":-2,"
        "\"at\":\"2024-02-29T23:59:60Z\"}";
    static const char written[] =
        "{\"class \\\"x\\\"\":3,\"p\":\"1.25\",\"count\":\"18446744073709551615\","
        "\"ratio\":\"16777218\",\"at_us\":5,\"at_s\":-2,\"at\":\"2024-03-01T00:00:00Z\",\"given\":"
        "7,"
        "\"least\":-9223372036854775808,\"half\":0.1,\"word\":\"caf\xc3\xa9\",\"side\":\"sell\","
        "\"since\":1709294400500000000,\"wait\":90000000000,\"day\":\"1969-12-31\",\"maybe\":9}";
    sample_odd odd, back;
    weir_buffer out = {0};

    (void)state;
    decode_ok(&sample_odd_type, WEIR_FORMAT_JSON, least, sizeof least - 1, &odd);
    assert_int_equal(odd.class_, 3);
    assert_true(odd.half == 0.1f);
    encode_ok(&sample_odd_type, WEIR_FORMAT_JSON, &odd, &out);
    assert_string_equal(out.data, written);
    check_round(&sample_odd_type, &odd, &back, true);
    weir_buffer_free(&out);
}

/* --- What is refused ---------------------------------------------------------------------------
 */

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
        {"{\"inner\":{\"sides\":[1,3]}}", 0, WEIR_WIRE_ENUM, "inner.sides[1]", 21},
        {"{\"inner\":{\"blobs\":[\"AA==\",\"AB==\"]}}", 0, WEIR_WIRE_MALFORMED, "inner.blobs[1]",
         30},
        {"{\"inner\":{\"blobs\":[\"AAAA\"]}}", 0, WEIR_WIRE_LENGTH, "inner.blobs[0]", 19},
        {"{\"inner\":{\"blobs\":[\"AA\"]}}", 0, WEIR_WIRE_MALFORMED, "inner.blobs[0]", 22},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_optionals),
        cmocka_unit_test(test_hundred_fields),
        cmocka_unit_test(test_json_forms),
        cmocka_unit_test(test_odd),
        cmocka_unit_test(test_json_refusals),
        cmocka_unit_test(test_json_nested_refusals),
        cmocka_unit_test(test_msgpack_refusals),
        cmocka_unit_test(test_msgpack_forms),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_encode_refusals),
        cmocka_unit_test(test_helpers),
        cmocka_unit_test(test_msgpack_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
