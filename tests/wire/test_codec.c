/* SPDX-License-Identifier: Apache-2.0 */
/* test_codec.c - values that come back the same, and what is accepted. */
#include "tests/wire/codec.h"

/* --- Values that go through both formats and come back --- */

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

/* --- What is accepted --- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_optionals),
        cmocka_unit_test(test_hundred_fields),
        cmocka_unit_test(test_json_forms),
        cmocka_unit_test(test_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
