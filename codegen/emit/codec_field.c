/* SPDX-License-Identifier: Apache-2.0 */
/* codec_field.c - what codecs need to know of one field: its members, its default, its size. */
#include "codegen/emit/codec.h"
#include "core/calendar.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *codec_name(codec_format format)
{
    return format == CODEC_MSGPACK ? "msgpack" : "json";
}

const char *codec_word(spec_type_kind kind)
{
    static const char *const words[] = {
        "bool", "i8",  "i16",       "i32",      "i64",  "u8",     "u16",   "u32",  "u64",
        "f32",  "f64", "timestamp", "duration", "date", "string", "bytes", "enum", "struct",
    };
    return words[kind];
}

const char *codec_kind(spec_type_kind kind)
{
    static const char *const kinds[] = {
        "WEIR_VALUE_BOOL",     "WEIR_VALUE_I8",     "WEIR_VALUE_I16",    "WEIR_VALUE_I32",
        "WEIR_VALUE_I64",      "WEIR_VALUE_U8",     "WEIR_VALUE_U16",    "WEIR_VALUE_U32",
        "WEIR_VALUE_U64",      "WEIR_VALUE_F32",    "WEIR_VALUE_F64",    "WEIR_VALUE_TIMESTAMP",
        "WEIR_VALUE_DURATION", "WEIR_VALUE_DATE",   "WEIR_VALUE_STRING", "WEIR_VALUE_BYTES",
        "WEIR_VALUE_ENUM",     "WEIR_VALUE_STRUCT",
    };
    return kinds[kind];
}

const char *codec_time_form(spec_time_form form)
{
    static const char *const forms[] = {"WEIR_TIME_NS", "WEIR_TIME_US", "WEIR_TIME_MS",
                                        "WEIR_TIME_S", "WEIR_TIME_ISO"};
    return forms[form];
}

c_name codec_member(const char *object, const spec_field *field, const char *index)
{
    c_name result;

    snprintf(result.text, sizeof result.text, "%s->%.200s%s", object, emit_member(field->name).text,
             index);
    return result;
}

c_name codec_size_member(const char *object, const spec_field *field, const char *index)
{
    c_name result;

    snprintf(result.text, sizeof result.text, "%s->%.200s_size%s", object, field->name, index);
    return result;
}

bool codec_varies(const spec_shape *shape)
{
    return shape->list && shape->min != shape->max;
}

bool codec_is_number(const spec_shape *shape)
{
    return shape->type->kind <= SPEC_DATE;
}

bool codec_required(const spec_field *field)
{
    return !field->shape.optional && field->fallback == NULL;
}

bool codec_fills(const spec_type *type)
{
    for (size_t i = 0; i < type->fields.count; i++)
        if (!codec_required(&type->fields.items[i]))
            return true;
    return false;
}

/* --- Absence and defaults --- */

void codec_emit_clear(const spec_field *field, int indent, weir_buffer *out)
{
    c_name member = codec_member("value", field, "");

    if (codec_varies(&field->shape))
        emit_line(out, indent, "value->%s_count = 0;", field->name);
    if (field->shape.type->kind == SPEC_BYTES)
        emit_line(out, indent, "memset(&value->%s_size, 0, sizeof value->%s_size);", field->name,
                  field->name);
    if (codec_is_number(&field->shape) && !field->shape.list)
        emit_line(out, indent, "%s = 0;", member.text);
    else
        emit_line(out, indent, "memset(&%s, 0, sizeof %s);", member.text, member.text);
}

/* A whole number of 64 bits as C: the least one has no literal of its own. */
static c_name integer_literal(int64_t number)
{
    c_name result;

    if (number > INT32_MIN && number <= INT32_MAX)
        snprintf(result.text, sizeof result.text, "%d", (int)number);
    else if (number == INT64_MIN)
        snprintf(result.text, sizeof result.text, "INT64_MIN");
    else
        snprintf(result.text, sizeof result.text, "INT64_C(%" PRId64 ")", number);
    return result;
}

static c_name time_literal(const spec_field *field)
{
    const char *text = field->fallback;
    int64_t ns = 0;
    int32_t days = 0;
    bool range;

    if (field->shape.type->kind == SPEC_DATE) {
        weir_calendar_read_date(text, strlen(text), &days);
        return integer_literal(days);
    }
    bool plain = weir_text_integer(text, &ns);
    if (!plain && field->shape.type->kind == SPEC_DURATION)
        weir_text_duration(text, &ns);
    else if (!plain)
        weir_calendar_read_time(text, strlen(text), &ns, &range);
    else if (field->shape.type->kind == SPEC_TIMESTAMP) {
        static const int64_t units[] = {1, 1000, 1000000, 1000000000, 1};
        ns *= units[field->shape.time_form];
    }
    return integer_literal(ns);
}

/* A number as the spec has it, so that the compiler rounds it once. */
static c_name number_literal(const spec_field *field)
{
    const char *text = field->fallback;
    bool real = strpbrk(text, ".eE") != NULL;
    c_name result;
    int64_t integer;

    if (field->shape.type->kind == SPEC_F32 || field->shape.type->kind == SPEC_F64)
        snprintf(result.text, sizeof result.text, "%.200s%s%s", text, real ? "" : ".0",
                 field->shape.type->kind == SPEC_F32 ? "f" : "");
    else if (weir_text_integer(text, &integer))
        result = integer_literal(integer);
    else
        snprintf(result.text, sizeof result.text, "UINT64_C(%.200s)", text);
    return result;
}

/* Base64 that was checked, as the bytes that it stands for. */
static void put_base64(const char *text, weir_buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789+/";
    uint32_t bits = 0, count = 0;

    for (; *text != '\0' && *text != '='; text++) {
        bits = bits << 6 | (uint32_t)(strchr(digits, *text) - digits);
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        weir_buffer_append(out, (unsigned char[]){(unsigned char)(bits >> count)}, 1);
    }
}

/* A string, or bytes with their size, zeros behind. */
static void emit_text_fallback(const spec_field *field, int indent, weir_buffer *out)
{
    weir_buffer text = {0}, literal = {0};
    c_name member = codec_member("value", field, "");

    if (field->shape.type->kind == SPEC_BYTES)
        put_base64(field->fallback, &text);
    else
        weir_buffer_text(&text, field->fallback);
    emit_literal(&literal, text.data, text.size);
    emit_line(out, indent, "memset(%s, 0, sizeof %s);", member.text, member.text);
    if (text.failed || literal.failed)
        out->failed = true;
    else if (text.size != 0)
        emit_line(out, indent, "memcpy(%s, %s, %zu);", member.text, literal.data, text.size);
    if (field->shape.type->kind == SPEC_BYTES)
        emit_line(out, indent, "value->%s_size = %zu;", field->name, text.size);
    weir_buffer_free(&text);
    weir_buffer_free(&literal);
}

void codec_emit_fallback(const spec *model, const spec_field *field, int indent, weir_buffer *out)
{
    const spec_type *type = field->shape.type;
    c_name member = codec_member("value", field, ""), literal;

    if (type->kind == SPEC_STRING || type->kind == SPEC_BYTES) {
        emit_text_fallback(field, indent, out);
        return;
    }
    if (type->kind == SPEC_BOOL)
        snprintf(literal.text, sizeof literal.text, "%.200s", field->fallback);
    else if (type->kind == SPEC_ENUM)
        literal = emit_enumerator(model, type, field->fallback);
    else if (type->kind >= SPEC_TIMESTAMP)
        literal = time_literal(field);
    else
        literal = number_literal(field);
    emit_line(out, indent, "%s = %s;", member.text, literal.text);
}

/* --- Sizes --- */

static size_t longest_name(const spec_type *type)
{
    size_t most = 11; /* a number, when it is written for people */

    for (size_t i = 0; i < type->enumerator_count; i++)
        if (strlen(type->enumerators[i].name) > most)
            most = strlen(type->enumerators[i].name);
    return most;
}

static size_t scalar_max(const spec_field *field, codec_format format)
{
    const spec_shape *shape = &field->shape;
    bool json = format == CODEC_JSON;

    if (shape->type->kind >= SPEC_ENUM)
        return codec_max(shape->type, format);
    if (shape->type->kind == SPEC_STRING)
        return json ? 6 * (size_t)shape->size + 2 : (size_t)shape->size + 5;
    if (shape->type->kind == SPEC_BYTES)
        return json ? ((size_t)shape->size + 2) / 3 * 4 + 2 : (size_t)shape->size + 5;
    return json ? 32 : field->text ? 26 : 11;
}

static size_t field_max(const spec_field *field, codec_format format)
{
    size_t one = scalar_max(field, format), key = strlen(field->wire);

    if (field->shape.list)
        one = field->shape.max * (one + 1) + 5;
    return one + (format == CODEC_JSON ? 6 * key + 4 : key + 5);
}

size_t codec_max(const spec_type *type, codec_format format)
{
    size_t sum = 5;

    if (type->kind == SPEC_ENUM)
        return format == CODEC_JSON ? 6 * longest_name(type) + 2 : longest_name(type) + 5;
    for (size_t i = 0; i < type->fields.count; i++)
        sum += field_max(&type->fields.items[i], format);
    return sum;
}
