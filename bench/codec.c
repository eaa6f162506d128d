/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c - generated codecs against msgpack-c, jansson and simdjson, on quotes of about 90 bytes.
 *
 * Both sides run in turn, round by round, in one process; each round gives a ratio, and the median
 * of those is the result. What both give is compared before anything is timed.
 */
#include "bench/codec.h"
#include "bench/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES = 8, MESSAGE = 512 };

/* --- Records --- */

static uint64_t next_random(void)
{
    static uint64_t seed = 88172645463325252u;

    return bench_random(&seed);
}

static double price(void)
{
    return (double)(next_random() % 100000 + 1) / 100;
}

static void make_quote(sample_quote *quote)
{
    memset(quote, 0, sizeof *quote);
    for (size_t i = 0, size = 3 + next_random() % 6; i < size; i++)
        quote->symbol[i] = (char)('A' + next_random() % 26);
    quote->bid = price();
    quote->ask = quote->bid + price() / 100;
    quote->ask = (double)(int64_t)(quote->ask * 100) / 100;
    quote->bid_size = price();
    quote->ask_size = price();
    quote->ts = INT64_C(1700000000000000000) + (int64_t)(next_random() % 1000000000000000);
}

/* --- Our side --- */

static void decode_all(bench_data *data, weir_format format)
{
    weir_wire_error error;

    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        if (weir_decode(&sample_quote_type, format, data->messages[i], &data->results[i], &error) !=
            WEIR_OK)
            bench_die("%s: %s", error.path, error.message);
    }
}

static void encode_all(bench_data *data, weir_format format)
{
    weir_wire_error error;

    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        if (weir_encode(&sample_quote_type, format, &data->quotes[i], data->out, &error) != WEIR_OK)
            bench_die("%s: %s", error.path, error.message);
    }
}

static void our_msgpack_decode(bench_data *data)
{
    decode_all(data, WEIR_FORMAT_MSGPACK);
}

static void our_json_decode(bench_data *data)
{
    decode_all(data, WEIR_FORMAT_JSON);
}

static void our_msgpack_encode(bench_data *data)
{
    encode_all(data, WEIR_FORMAT_MSGPACK);
}

static void our_json_encode(bench_data *data)
{
    encode_all(data, WEIR_FORMAT_JSON);
}

/* --- Messages --- */

/* Where a message of MessagePack stands after its keys are put in another order. */
static size_t shuffle_keys(const weir_buffer *plain, char *to)
{
    static const size_t key_sizes[] = {7, 4, 4, 9, 9, 3};
    const char *entries[6], *at = plain->data + 1;
    size_t sizes[6], size = 1;

    for (size_t i = 0; i < 6; i++) {
        entries[i] = at;
        sizes[i] = key_sizes[i] + (i == 0 ? 1 + ((unsigned char)at[7] & 0x1fu) : 9);
        at += sizes[i];
    }
    to[0] = plain->data[0];
    for (size_t i = 6; i-- > 0;) {
        size_t pick = next_random() % (i + 1);
        memcpy(to + size, entries[pick], sizes[pick]);
        size += sizes[pick];
        entries[pick] = entries[i];
        sizes[pick] = sizes[i];
    }
    return size;
}

/* One behind the other, as a reader's chunk has them. */
static void make_messages(bench_data *data, weir_format format, bool shuffled, char *to)
{
    weir_buffer one = {0};
    weir_wire_error error;

    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        size_t size;
        one.size = 0;
        if (weir_encode(&sample_quote_type, format, &data->quotes[i], &one, &error) != WEIR_OK)
            exit(1);
        memcpy(to, one.data, one.size);
        size = shuffled ? shuffle_keys(&one, to) : one.size;
        data->messages[i] = (weir_slice){(unsigned char *)to, size};
        to += size;
    }
    weir_buffer_free(&one);
}

/* --- Measuring --- */

typedef struct sides {
    bench_pass ours, reference;
    bench_data *data;
} sides;

/* Nanoseconds a record. */
static double measure(bench_pass pass, bench_data *data)
{
    int64_t began = bench_begin();

    for (int i = 0; i < PASSES; i++) {
        data->out->size = 0;
        pass(data);
    }
    return bench_end(began) / PASSES / BENCH_RECORDS;
}

static double measure_ours(void *arg)
{
    return measure(((sides *)arg)->ours, ((sides *)arg)->data);
}

static double measure_reference(void *arg)
{
    return measure(((sides *)arg)->reference, ((sides *)arg)->data);
}

static void check_results(const char *name, bench_pass pass, bench_data *data)
{
    memset(data->results, 0, BENCH_RECORDS * sizeof *data->results);
    pass(data);
    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        if (!sample_quote_equal(&data->results[i], &data->quotes[i]))
            bench_die("%s: record %zu differs", name, i);
    }
}

static void run(const char *name, bench_pass ours, bench_pass reference, bench_data *data)
{
    sides both = {ours, reference, data};

    bench_run(&(bench_case){.bench = "codec",
                            .name = name,
                            .unit = "ns",
                            .ours = measure_ours,
                            .reference = measure_reference,
                            .arg = &both,
                            .operations = (size_t)PASSES * BENCH_RECORDS});
}

static void run_decode(const char *name, bench_pass ours, bench_pass reference, bench_data *data)
{
    check_results(name, ours, data);
    check_results(name, reference, data);
    run(name, ours, reference, data);
}

/* MessagePack's bytes must be the same; JSON's numbers may be written in other ways. */
static void run_encode(const char *name, bench_pass ours, bench_pass reference, bench_data *data)
{
    weir_buffer expected = {0};

    data->out->size = 0;
    reference(data);
    weir_buffer_append(&expected, data->out->data, data->out->size);
    data->out->size = 0;
    ours(data);
    if (reference == msgpack_c_encode &&
        (expected.size != data->out->size ||
         memcmp(expected.data, data->out->data, expected.size) != 0)) {
        bench_die("%s: the messages differ", name);
    }
    weir_buffer_free(&expected);
    run(name, ours, reference, data);
}

int main(void)
{
    weir_buffer out = {0};
    bench_data data = {.quotes = calloc(BENCH_RECORDS, sizeof(sample_quote)),
                       .messages = calloc(BENCH_RECORDS, sizeof(weir_slice)),
                       .results = calloc(BENCH_RECORDS, sizeof(sample_quote)),
                       .out = &out};
    char *memory = calloc(BENCH_RECORDS + 1, MESSAGE);

    if (data.quotes == NULL || data.messages == NULL || data.results == NULL || memory == NULL ||
        !weir_buffer_reserve(&out, (size_t)BENCH_RECORDS * MESSAGE * 4))
        return 1;
    for (size_t i = 0; i < BENCH_RECORDS; i++)
        make_quote(&data.quotes[i]);
    make_messages(&data, WEIR_FORMAT_MSGPACK, false, memory);
    run_decode("msgpack_decode", our_msgpack_decode, msgpack_c_decode, &data);
    run_encode("msgpack_encode", our_msgpack_encode, msgpack_c_encode, &data);
    make_messages(&data, WEIR_FORMAT_MSGPACK, true, memory);
    run_decode("msgpack_decode_shuffled", our_msgpack_decode, msgpack_c_decode, &data);
    make_messages(&data, WEIR_FORMAT_JSON, false, memory);
    run_decode("json_decode", our_json_decode, jansson_decode, &data);
    run_decode("json_decode_simdjson", our_json_decode, simdjson_decode, &data);
    run_encode("json_encode", our_json_encode, jansson_encode, &data);
    weir_buffer_free(&out);
    free(data.quotes);
    free(data.messages);
    free(data.results);
    free(memory);
    return 0;
}
