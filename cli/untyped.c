/* SPDX-License-Identifier: Apache-2.0 */
/* untyped.c - payloads of no declared type, by msgpack-c and jansson.
 *
 * msgpack-c trusts the counts in a message: five bytes can make it ask for gigabytes. So the
 * message is walked first by weir_msgpack_size, which needs each announced item to be there.
 */
#include <jansson.h>
#include <math.h>
#include <msgpack.h>
#include <stdio.h>
#include <string.h>

#include "cli/convert.h"

static bool refuse(convert_error *error, size_t offset, const char *message)
{
    *error = (convert_error){.offset = offset};
    snprintf(error->message, sizeof error->message, "%s", message);
    return false;
}

/* --- MessagePack to JSON --- */

static bool put_json(const json_t *value, weir_buffer *out, convert_error *error)
{
    char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

    if (text == NULL)
        return refuse(error, 0, "text that is not UTF-8");
    weir_buffer_text(out, text);
    free(text);
    return true;
}

static bool put_text(const char *data, size_t size, weir_buffer *out, convert_error *error)
{
    json_t *text = json_stringn(data, size);
    bool good = put_json(text, out, error);

    json_decref(text);
    return good;
}

static void put_base64(const char *data, size_t size, weir_buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)data;

    weir_buffer_text(out, "\"");
    for (size_t i = 0; i < size; i += 3) {
        uint32_t word = (uint32_t)at[i] << 16 | (i + 1 < size ? (uint32_t)at[i + 1] << 8 : 0) |
                        (i + 2 < size ? at[i + 2] : 0);
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63],
                        i + 1 < size ? digits[word >> 6 & 63] : '=',
                        i + 2 < size ? digits[word & 63] : '='};
        weir_buffer_append(out, four, sizeof four);
    }
    weir_buffer_text(out, "\"");
}

static bool put_double(double value, weir_buffer *out, convert_error *error)
{
    if (!isfinite(value))
        return refuse(error, 0, "NaN or infinity cannot be in JSON");
    json_t *number = json_real(value);
    bool good = put_json(number, out, error);
    json_decref(number);
    return good;
}

static bool put_object(const msgpack_object *object, weir_buffer *out, convert_error *error);

static bool put_map(const msgpack_object_map *map, weir_buffer *out, convert_error *error)
{
    weir_buffer_text(out, "{");
    for (uint32_t i = 0; i < map->size; i++) {
        if (map->ptr[i].key.type != MSGPACK_OBJECT_STR)
            return refuse(error, 0, "a map key that is not text cannot be in JSON");
        if (i != 0)
            weir_buffer_text(out, ",");
        if (!put_object(&map->ptr[i].key, out, error))
            return false;
        weir_buffer_text(out, ":");
        if (!put_object(&map->ptr[i].val, out, error))
            return false;
    }
    weir_buffer_text(out, "}");
    return true;
}

static bool put_array(const msgpack_object_array *array, weir_buffer *out, convert_error *error)
{
    weir_buffer_text(out, "[");
    for (uint32_t i = 0; i < array->size; i++) {
        if (i != 0)
            weir_buffer_text(out, ",");
        if (!put_object(&array->ptr[i], out, error))
            return false;
    }
    weir_buffer_text(out, "]");
    return true;
}

/* bin is base64; ext is {"ext": type, "data": base64}. */
static bool put_object(const msgpack_object *object, weir_buffer *out, convert_error *error)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        weir_buffer_text(out, "null");
        return true;
    case MSGPACK_OBJECT_BOOLEAN:
        weir_buffer_text(out, object->via.boolean ? "true" : "false");
        return true;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        weir_buffer_printf(out, "%llu", (unsigned long long)object->via.u64);
        return true;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        weir_buffer_printf(out, "%lld", (long long)object->via.i64);
        return true;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return put_double(object->via.f64, out, error);
    case MSGPACK_OBJECT_STR:
        return put_text(object->via.str.ptr, object->via.str.size, out, error);
    case MSGPACK_OBJECT_BIN:
        put_base64(object->via.bin.ptr, object->via.bin.size, out);
        return true;
    case MSGPACK_OBJECT_EXT:
        weir_buffer_printf(out, "{\"ext\":%d,\"data\":", object->via.ext.type);
        put_base64(object->via.ext.ptr, object->via.ext.size, out);
        weir_buffer_text(out, "}");
        return true;
    case MSGPACK_OBJECT_ARRAY:
        return put_array(&object->via.array, out, error);
    case MSGPACK_OBJECT_MAP:
        return put_map(&object->via.map, out, error);
    }
    return refuse(error, 0, "a value of an unknown kind");
}

static bool check_msgpack(weir_slice message, convert_error *error)
{
    weir_wire_error wire = {0};
    size_t size = 0;

    weir_status status = weir_msgpack_size(message, &size, &wire);
    if (status == WEIR_AGAIN)
        return refuse(error, message.size, "the message is truncated");
    if (status != WEIR_OK)
        return refuse(error, wire.offset, wire.message);
    if (size != message.size)
        return refuse(error, size, "trailing bytes");
    return true;
}

static bool unpack(weir_slice message, msgpack_unpacked *result, convert_error *error)
{
    const char *data = (const char *)message.data;

    if (!check_msgpack(message, error))
        return false;
    msgpack_unpacked_init(result);
    if (msgpack_unpack_next(result, data, message.size, NULL) == MSGPACK_UNPACK_SUCCESS)
        return true;
    msgpack_unpacked_destroy(result);
    /* Its structure is good: what is left is msgpack-c's own limit of 32 levels. */
    return refuse(error, 0, "nested too deep: at most 32 levels");
}

/* --- JSON --- */

static json_t *parse(weir_slice message, convert_error *error)
{
    json_error_t why;
    const unsigned char *nul = message.size != 0 ? memchr(message.data, '\0', message.size) : NULL;

    /* jansson takes it for the end of the text. */
    if (nul != NULL) {
        refuse(error, (size_t)(nul - message.data), "a NUL in the text");
        return NULL;
    }
    json_t *value = json_loadb((const char *)message.data, message.size,
                               JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);

    if (value == NULL)
        refuse(error, why.position > 0 ? (size_t)why.position : 0, why.text);
    return value;
}

static bool pack(msgpack_packer *packer, const json_t *value, int depth);

static bool pack_members(msgpack_packer *packer, const json_t *value, int depth)
{
    json_t *object = (json_t *)(uintptr_t)value, *member;
    const char *key;
    size_t size;
    bool good = msgpack_pack_map(packer, json_object_size(value)) == 0;

    json_object_keylen_foreach(object, key, size, member)
    {
        good = good && msgpack_pack_str_with_body(packer, key, size) == 0 &&
               pack(packer, member, depth);
    }
    return good;
}

static bool pack(msgpack_packer *packer, const json_t *value, int depth)
{
    enum { DEEPEST = 64 };

    if (depth == DEEPEST)
        return false;
    switch (json_typeof(value)) {
    case JSON_NULL:
        return msgpack_pack_nil(packer) == 0;
    case JSON_TRUE:
        return msgpack_pack_true(packer) == 0;
    case JSON_FALSE:
        return msgpack_pack_false(packer) == 0;
    case JSON_INTEGER:
        return msgpack_pack_int64(packer, json_integer_value(value)) == 0;
    case JSON_REAL:
        return msgpack_pack_double(packer, json_real_value(value)) == 0;
    case JSON_STRING:
        return msgpack_pack_str_with_body(packer, json_string_value(value),
                                          json_string_length(value)) == 0;
    case JSON_OBJECT:
        return pack_members(packer, value, depth + 1);
    case JSON_ARRAY:
        break;
    }
    bool good = msgpack_pack_array(packer, json_array_size(value)) == 0;
    for (size_t i = 0; i < json_array_size(value); i++)
        good = good && pack(packer, json_array_get(value, i), depth + 1);
    return good;
}

static int write_packed(void *arg, const char *data, size_t size)
{
    weir_buffer *out = arg;

    weir_buffer_append(out, data, size);
    return out->failed ? -1 : 0;
}

/* --- Between the two --- */

static bool from_json(weir_format to, weir_slice message, weir_buffer *out, convert_error *error)
{
    json_t *value = parse(message, error);
    bool good = false;

    if (value == NULL)
        return false;
    if (to == WEIR_FORMAT_JSON) {
        good = put_json(value, out, error);
    } else {
        msgpack_packer packer;
        msgpack_packer_init(&packer, out, write_packed);
        good = pack(&packer, value, 0) || refuse(error, 0, "nested too deep: at most 64 levels");
    }
    json_decref(value);
    return good;
}

bool convert_untyped(weir_format from, weir_format to, weir_slice message, weir_buffer *out,
                     convert_error *error)
{
    enum { LARGEST = 64 << 20 };
    size_t before = out->size;
    bool good;

    if (message.size > LARGEST)
        return refuse(error, LARGEST, "the message is larger than 64 MiB");
    if (from == WEIR_FORMAT_JSON) {
        good = from_json(to, message, out, error);
    } else {
        msgpack_unpacked result;
        if (!unpack(message, &result, error))
            return false;
        if (to == WEIR_FORMAT_MSGPACK) {
            msgpack_packer packer;
            msgpack_packer_init(&packer, out, write_packed);
            good = msgpack_pack_object(&packer, result.data) == 0;
        } else {
            good = put_object(&result.data, out, error);
        }
        msgpack_unpacked_destroy(&result);
    }
    if (out->failed)
        good = refuse(error, 0, "out of memory");
    if (!good)
        out->size = before;
    return good;
}
