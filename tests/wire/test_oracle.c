/* SPDX-License-Identifier: Apache-2.0 */
/* test_oracle.c - generated codecs against msgpack-c and jansson: what one writes the other reads.
 */
#include "core/buffer.h"
#include "sample.h"

#include <jansson.h>
#include <msgpack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t seed = 20240301;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static double random_double(void)
{
    int64_t whole = (int64_t)next_random() >> (12 + next_random() % 50);
    return (double)whole / (double)(1 + next_random() % 1000);
}

static void random_level(sample_level *level)
{
    *level = (sample_level){.id = (uint32_t)next_random() >> (next_random() % 32),
                            .price = random_double(),
                            .tag = {(char)('a' + next_random() % 26)}};
}

static void random_scalars(sample_all_scalars *all)
{
    uint64_t bits = next_random();

    *all = (sample_all_scalars){.flag = bits & 1,
                                .i8 = (int8_t)bits,
                                .i16 = (int16_t)bits,
                                .i32 = (int32_t)bits,
                                .i64 = (int64_t)bits >> (bits % 64),
                                .u8 = (uint8_t)bits,
                                .u16 = (uint16_t)bits,
                                .u32 = (uint32_t)bits,
                                .u64 = bits >> 1 >> (bits % 63),
                                .f32 = (float)random_double(),
                                .f64 = random_double(),
                                .time = (int64_t)bits,
                                .span = (int64_t)bits >> 9,
                                .day = (int32_t)(bits % 40000),
                                .text = "t\"\\\n\xc3\xa9",
                                .raw_size = 4,
                                .raw = {1, 0, 255, 7},
                                .side = SAMPLE_SIDE_BUY,
                                .mood = SAMPLE_MOOD_WILD};
}

/* --- JSON --- */

/* Rewrites a tree: keys in another order, integers as reals where those hold them. */
static json_t *scrambled(const json_t *tree)
{
    if (json_is_integer(tree)) {
        json_int_t number = json_integer_value(tree);
        bool real = next_random() % 2 == 0 && number > -(1LL << 53) && number < (1LL << 53);
        return real ? json_real((double)number) : json_integer(number);
    }
    if (json_is_array(tree)) {
        json_t *array = json_array();
        for (size_t i = 0; i < json_array_size(tree); i++)
            json_array_append_new(array, scrambled(json_array_get(tree, i)));
        return array;
    }
    if (!json_is_object(tree))
        return json_deep_copy(tree);
    json_t *object = json_object();
    const char *keys[128];
    size_t count = 0;
    for (void *at = json_object_iter((json_t *)(uintptr_t)tree); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)tree, at))
        keys[count++] = json_object_iter_key(at);
    json_object_set_new(object, "unknown", json_pack("{s:[i,n,{s:b}]}", "x", 1, "y", 1));
    while (count != 0) {
        size_t pick = next_random() % count;
        json_object_set_new(object, keys[pick], scrambled(json_object_get(tree, keys[pick])));
        keys[pick] = keys[--count];
    }
    return object;
}

static void check_json(const weir_type *type, const void *value, void *back)
{
    weir_buffer out = {0};
    weir_wire_error error;
    json_error_t json_error;

    assert_int_equal(weir_encode(type, WEIR_FORMAT_JSON, value, &out, &error), WEIR_OK);
    json_t *tree = json_loadb(out.data, out.size, JSON_REJECT_DUPLICATES, &json_error);
    if (tree == NULL)
        fail_msg("%s in %s", json_error.text, out.data);
    json_t *other = scrambled(tree);
    char *text = json_dumps(other, next_random() % 2 == 0 ? JSON_INDENT(3) : JSON_ENSURE_ASCII);
    weir_slice bytes = {(const unsigned char *)text, strlen(text)};
    if (weir_decode(type, WEIR_FORMAT_JSON, bytes, back, &error) != WEIR_OK)
        fail_msg("%s: %s in %s", error.path, error.message, text);
    if (!type->equal(value, back))
        fail_msg("%s\nbecame\n%s", out.data, text);
    free(text);
    json_decref(other);
    json_decref(tree);
    weir_buffer_free(&out);
}

/* --- MessagePack --- */

/* Packs an object again: entries in another order, integers as floats where those hold them. */
static void pack_scrambled(msgpack_packer *packer, const msgpack_object *object)
{
    bool real = next_random() % 2 == 0;
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && real && object->via.u64 < 1ULL << 53) {
        msgpack_pack_double(packer, (double)object->via.u64);
    } else if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER && real &&
               object->via.i64 > -(1LL << 53)) {
        msgpack_pack_double(packer, (double)object->via.i64);
    } else if (object->type == MSGPACK_OBJECT_ARRAY) {
        msgpack_pack_array(packer, object->via.array.size);
        for (uint32_t i = 0; i < object->via.array.size; i++)
            pack_scrambled(packer, &object->via.array.ptr[i]);
    } else if (object->type == MSGPACK_OBJECT_MAP) {
        uint32_t count = object->via.map.size,
                 first = count == 0 ? 0 : (uint32_t)(next_random() % count);
        msgpack_pack_map(packer, count + 1);
        msgpack_pack_nil(packer);
        msgpack_pack_array(packer, 0);
        for (uint32_t i = 0; i < count; i++) {
            const msgpack_object_kv *entry =
                &object->via.map.ptr[(first + i * (count - 1)) % count];
            msgpack_pack_object(packer, entry->key);
            pack_scrambled(packer, &entry->val);
        }
    } else {
        msgpack_pack_object(packer, *object);
    }
}

static void check_msgpack(const weir_type *type, const void *value, void *back)
{
    weir_buffer out = {0};
    weir_wire_error error;
    msgpack_unpacked unpacked;
    msgpack_sbuffer scrambled_bytes;
    msgpack_packer packer;
    size_t at = 0;

    assert_int_equal(weir_encode(type, WEIR_FORMAT_MSGPACK, value, &out, &error), WEIR_OK);
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, out.data, out.size, &at),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(at, out.size);
    msgpack_sbuffer_init(&scrambled_bytes);
    msgpack_packer_init(&packer, &scrambled_bytes, msgpack_sbuffer_write);
    pack_scrambled(&packer, &unpacked.data);
    weir_slice bytes = {(const unsigned char *)scrambled_bytes.data, scrambled_bytes.size};
    if (weir_decode(type, WEIR_FORMAT_MSGPACK, bytes, back, &error) != WEIR_OK)
        fail_msg("%s: %s", error.path, error.message);
    assert_true(type->equal(value, back));
    msgpack_sbuffer_destroy(&scrambled_bytes);
    msgpack_unpacked_destroy(&unpacked);
    weir_buffer_free(&out);
}

static void test_both(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        sample_all_scalars all, all_back;
        sample_outer outer = {.inner = {.levels_count = (uint32_t)(next_random() % 11),
                                        .names_count = 1,
                                        .sides_count = 1,
                                        .sides = {SAMPLE_SIDE_BUY}},
                              .id = (int64_t)next_random()};
        sample_outer outer_back;
        random_scalars(&all);
        for (uint32_t j = 0; j < outer.inner.levels_count; j++)
            random_level(&outer.inner.levels[j]);
        check_json(&sample_all_scalars_type, &all, &all_back);
        check_msgpack(&sample_all_scalars_type, &all, &all_back);
        check_json(&sample_outer_type, &outer, &outer_back);
        check_msgpack(&sample_outer_type, &outer, &outer_back);
    }
}

/* Whatever bytes come: no crash, and what is accepted is written and read again. */
static void test_damaged(void **state)
{
    static const weir_format formats[] = {WEIR_FORMAT_MSGPACK, WEIR_FORMAT_JSON};
    weir_buffer out = {0};
    weir_wire_error error;
    sample_outer outer = {.inner = {.levels_count = 2, .names_count = 2}};

    (void)state;
    for (int i = 0; i < 40000; i++) {
        sample_outer back;
        memset(&back, 0, sizeof back);
        out.size = 0;
        assert_int_equal(weir_encode(&sample_outer_type, formats[i % 2], &outer, &out, &error),
                         WEIR_OK);
        for (uint64_t damage = next_random() % 3 + 1; damage != 0; damage--)
            out.data[next_random() % out.size] = (char)next_random();
        weir_slice bytes = {(const unsigned char *)out.data, out.size - next_random() % 3};
        if (weir_decode(&sample_outer_type, formats[i % 2], bytes, &back, &error) == WEIR_OK)
            assert_int_equal(
                weir_encode(&sample_outer_type, WEIR_FORMAT_MSGPACK, &back, &out, &error), WEIR_OK);
        else
            assert_true(error.offset <= bytes.size && error.message[0] != '\0');
    }
    weir_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both), cmocka_unit_test(test_damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
