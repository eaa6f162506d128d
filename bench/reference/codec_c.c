/* SPDX-License-Identifier: Apache-2.0 */
/* codec_c.c - the reference side of the codec benchmark in C: msgpack-c and jansson. */
#include "bench/codec.h"

#include <jansson.h>
#include <msgpack.h>
#include <string.h>

/* --- msgpack-c: a kept zone, each key compared --- */

static double number_of(const msgpack_object *object)
{
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        return (double)object->via.u64;
    return object->via.f64;
}

static bool is_key(const msgpack_object *key, const char *name)
{
    return key->via.str.size == strlen(name) && memcmp(key->via.str.ptr, name, strlen(name)) == 0;
}

static void take_entry(const msgpack_object_kv *entry, sample_quote *quote)
{
    if (is_key(&entry->key, "symbol")) {
        memset(quote->symbol, 0, sizeof quote->symbol);
        memcpy(quote->symbol, entry->val.via.str.ptr, entry->val.via.str.size);
    } else if (is_key(&entry->key, "bid")) {
        quote->bid = number_of(&entry->val);
    } else if (is_key(&entry->key, "ask")) {
        quote->ask = number_of(&entry->val);
    } else if (is_key(&entry->key, "bid_size")) {
        quote->bid_size = number_of(&entry->val);
    } else if (is_key(&entry->key, "ask_size")) {
        quote->ask_size = number_of(&entry->val);
    } else if (is_key(&entry->key, "ts")) {
        quote->ts = (int64_t)entry->val.via.u64;
    }
}

void msgpack_c_decode(bench_data *data)
{
    msgpack_zone zone;

    msgpack_zone_init(&zone, 2048);
    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        msgpack_object object;
        size_t at = 0;
        msgpack_zone_clear(&zone);
        msgpack_unpack((const char *)data->messages[i].data, data->messages[i].size, &at, &zone,
                       &object);
        for (uint32_t j = 0; j < object.via.map.size; j++)
            take_entry(&object.via.map.ptr[j], &data->results[i]);
    }
    msgpack_zone_destroy(&zone);
}

static int append(void *arg, const char *bytes, size_t size)
{
    weir_buffer *out = arg;

    if (size > out->capacity - out->size)
        return -1;
    memcpy(out->data + out->size, bytes, size);
    out->size += size;
    return 0;
}

static void pack_key(msgpack_packer *packer, const char *key)
{
    msgpack_pack_str(packer, strlen(key));
    msgpack_pack_str_body(packer, key, strlen(key));
}

void msgpack_c_encode(bench_data *data)
{
    msgpack_packer packer;

    msgpack_packer_init(&packer, data->out, append);
    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        const sample_quote *quote = &data->quotes[i];
        msgpack_pack_map(&packer, 6);
        pack_key(&packer, "symbol");
        pack_key(&packer, quote->symbol);
        pack_key(&packer, "bid");
        msgpack_pack_double(&packer, quote->bid);
        pack_key(&packer, "ask");
        msgpack_pack_double(&packer, quote->ask);
        pack_key(&packer, "bid_size");
        msgpack_pack_double(&packer, quote->bid_size);
        pack_key(&packer, "ask_size");
        msgpack_pack_double(&packer, quote->ask_size);
        pack_key(&packer, "ts");
        msgpack_pack_int64(&packer, quote->ts);
    }
}

/* --- jansson --- */

void jansson_decode(bench_data *data)
{
    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        sample_quote *quote = &data->results[i];
        json_t *root =
            json_loadb((const char *)data->messages[i].data, data->messages[i].size, 0, NULL);
        memset(quote->symbol, 0, sizeof quote->symbol);
        strncpy(quote->symbol, json_string_value(json_object_get(root, "symbol")), 16);
        quote->bid = json_number_value(json_object_get(root, "bid"));
        quote->ask = json_number_value(json_object_get(root, "ask"));
        quote->bid_size = json_number_value(json_object_get(root, "bid_size"));
        quote->ask_size = json_number_value(json_object_get(root, "ask_size"));
        quote->ts = json_integer_value(json_object_get(root, "ts"));
        json_decref(root);
    }
}

void jansson_encode(bench_data *data)
{
    for (size_t i = 0; i < BENCH_RECORDS; i++) {
        const sample_quote *quote = &data->quotes[i];
        json_t *root = json_object();
        json_object_set_new(root, "symbol", json_string(quote->symbol));
        json_object_set_new(root, "bid", json_real(quote->bid));
        json_object_set_new(root, "ask", json_real(quote->ask));
        json_object_set_new(root, "bid_size", json_real(quote->bid_size));
        json_object_set_new(root, "ask_size", json_real(quote->ask_size));
        json_object_set_new(root, "ts", json_integer(quote->ts));
        data->out->size += json_dumpb(root, data->out->data + data->out->size, 1024, JSON_COMPACT);
        json_decref(root);
    }
}
