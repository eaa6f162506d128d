/* SPDX-License-Identifier: Apache-2.0 */
/* codec_write.c - writes the functions that write a type: key, value, key, value. */
#include "codegen/emit/codec.h"

#include <stdio.h>
#include <string.h>

/* --- Keys --- */

/* Text within a JSON string. */
static void put_json_text(weir_buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20)
            weir_buffer_printf(out, "\\u%04x", (unsigned)*text);
        else
            weir_buffer_printf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    }
}

static void put_msgpack_text(weir_buffer *out, const char *text)
{
    size_t size = strlen(text);
    unsigned char head[3] = {(unsigned char)(0xa0 | size)};
    size_t head_size = 1;

    if (size > UINT8_MAX) {
        head[0] = 0xda;
        head[1] = (unsigned char)(size >> 8);
        head[2] = (unsigned char)size;
        head_size = 3;
    } else if (size > 31) {
        head[0] = 0xd9;
        head[1] = (unsigned char)size;
        head_size = 2;
    }
    weir_buffer_append(out, head, head_size);
    weir_buffer_append(out, text, size);
}

void codec_key_bytes(const spec_field *field, codec_format format, weir_buffer *out)
{
    if (format == CODEC_MSGPACK) {
        put_msgpack_text(out, field->wire);
        return;
    }
    weir_buffer_text(out, "\"");
    put_json_text(out, field->wire);
    weir_buffer_text(out, "\":");
}

/* `at = weir_put(at, "...", N);` with `before` ahead of the key: a map's head, or a comma. */
static void emit_key(const spec_field *field, codec_format format, const char *before, int indent,
                     weir_buffer *out)
{
    weir_buffer key = {0}, literal = {0};

    weir_buffer_text(&key, before);
    codec_key_bytes(field, format, &key);
    if (!key.failed)
        emit_literal(&literal, key.data, key.size);
    if (key.failed || literal.failed)
        out->failed = true;
    else
        emit_line(out, indent, "at = weir_put(at, %s, %zu);", literal.data, key.size);
    weir_buffer_free(&key);
    weir_buffer_free(&literal);
}

/* --- One value --- */

/* Whether the primitive can fail, and so takes the writer. */
static bool can_fail(const spec_field *field, codec_format format)
{
    spec_type_kind kind = field->shape.type->kind;

    return field->text || kind >= SPEC_DATE ||
           (format == CODEC_JSON && (kind == SPEC_F32 || kind == SPEC_F64));
}

static c_name write_arguments(const spec_field *field, codec_format format, const char *index)
{
    spec_type_kind kind = field->shape.type->kind;
    c_name result, member = codec_member("value", field, index);

    if (field->text)
        snprintf(result.text, sizeof result.text, "%s, &%.200s", codec_kind(kind), member.text);
    else if (kind == SPEC_STRING)
        snprintf(result.text, sizeof result.text, "%.100s, sizeof %.100s", member.text,
                 member.text);
    else if (kind == SPEC_BYTES)
        snprintf(result.text, sizeof result.text, "%.100s, %.100s, %u", member.text,
                 codec_size_member("value", field, index).text, field->shape.size);
    else if (kind == SPEC_TIMESTAMP && format == CODEC_JSON)
        snprintf(result.text, sizeof result.text, "%s, %.200s",
                 codec_time_form(field->shape.time_form), member.text);
    else if (kind == SPEC_TIMESTAMP && field->shape.time_form != SPEC_TIME_NS &&
             field->shape.time_form != SPEC_TIME_ISO)
        snprintf(result.text, sizeof result.text, "weir_time_units(%s, %.200s)",
                 codec_time_form(field->shape.time_form), member.text);
    else
        snprintf(result.text, sizeof result.text, "%s%.200s", kind >= SPEC_ENUM ? "&" : "",
                 member.text);
    return result;
}

/* Integers of any width share two primitives; so do MessagePack's times. */
static const char *write_word(const spec_field *field, codec_format format)
{
    spec_type_kind kind = field->shape.type->kind;

    if (field->text)
        return "text_number";
    if (kind == SPEC_DURATION || (kind == SPEC_TIMESTAMP && format == CODEC_MSGPACK))
        return "i64";
    if (kind >= SPEC_I8 && kind <= SPEC_I64)
        return "i64";
    return kind >= SPEC_U8 && kind <= SPEC_U64 ? "u64" : codec_word(kind);
}

static void emit_write_value(const spec *model, const spec_field *field, codec_format format,
                             const char *index, int indent, weir_buffer *out)
{
    const spec_type *type = field->shape.type;
    c_name arguments = write_arguments(field, format, index);

    if (type->kind >= SPEC_ENUM)
        emit_line(out, indent, "at = %s_write_%s(writer, at, %s);", emit_type(model, type).text,
                  codec_name(format), arguments.text);
    else
        emit_line(out, indent, "at = weir_%s_write_%s(%sat, %s);", codec_name(format),
                  write_word(field, format), can_fail(field, format) ? "writer, " : "",
                  arguments.text);
}

/* --- Lists --- */

static void emit_count(const spec_field *field, weir_buffer *out)
{
    const spec_shape *shape = &field->shape;

    if (!codec_varies(shape)) {
        emit_line(out, 4, "const uint32_t count = %u;", shape->max);
        return;
    }
    emit_line(out, 4, "uint32_t count = value->%s_count;", field->name);
    emit_blank(out);
    if (shape->min == 0)
        emit_line(out, 4, "if (count > %u)", shape->max);
    else
        emit_line(out, 4, "if (count < %u || count > %u)", shape->min, shape->max);
    emit_line(out, 8,
              "return weir_write_fail(writer, WEIR_WIRE_LENGTH, \"%%u items, expected %u to %u\", "
              "count);",
              shape->min, shape->max);
}

static void emit_list_writer(const spec *model, const spec_type *type, const spec_field *field,
                             codec_format format, weir_buffer *out)
{
    c_name name = emit_type(model, type);
    bool json = format == CODEC_JSON, fails = can_fail(field, format);

    emit_line(out, 0,
              "static unsigned char *%s_write_%s_%s(weir_writer *writer, unsigned char *at, const "
              "%s *value)",
              name.text, codec_name(format), field->name, name.text);
    emit_line(out, 0, "{");
    if (json)
        emit_line(out, 4, "unsigned char *start = at;");
    emit_count(field, out);
    emit_blank(out);
    if (!fails && !codec_varies(&field->shape))
        emit_line(out, 4, "(void)writer;");
    if (!json)
        emit_line(out, 4, "at = weir_msgpack_write_array(at, count);");
    emit_line(out, 4, "for (uint32_t i = 0; i < count; i++) {");
    if (json)
        emit_line(out, 8, "*at++ = ',';");
    emit_write_value(model, field, format, "[i]", 8, out);
    if (fails) {
        emit_line(out, 8, "if (at == NULL)");
        emit_line(out, 12, "return weir_in_item(writer->error, i);");
    }
    emit_line(out, 4, "}");
    emit_line(out, 4, "return %s;", json ? "weir_json_end(start, at, '[', ']')" : "at");
    emit_line(out, 0, "}");
    emit_blank(out);
}

/* --- Structs --- */

/* A plain type in MessagePack: whether all is as usual is looked at when it is written, so that the
 * writer has no branch and calls nothing on its way. */
static void emit_put_field(const spec_type *type, size_t i, weir_buffer *out)
{
    const spec_field *field = &type->fields.items[i];
    c_name arguments = write_arguments(field, CODEC_MSGPACK, "");
    weir_buffer bytes = {0}, literal = {0};
    unsigned head = codec_head(field);

    if (i == 0)
        weir_buffer_append(&bytes, (char[]){(char)(0x80 | type->fields.count)}, 1);
    codec_key_bytes(field, CODEC_MSGPACK, &bytes);
    if (head != 0)
        weir_buffer_append(&bytes, (char[]){(char)head}, 1);
    size_t size = bytes.size, room = size <= 8 ? 8 : size <= 16 ? 16 : size;
    while (bytes.size < room && !bytes.failed)
        weir_buffer_append(&bytes, "", 1);
    if (!bytes.failed)
        emit_literal(&literal, bytes.data, bytes.size);
    if (bytes.failed || literal.failed)
        out->failed = true;
    else
        emit_line(out, 4, "at = weir_put_wide(at, %s, %zu, %zu);", literal.data, size, room);
    if (head == 0xcb)
        emit_line(out, 4, "at = weir_msgpack_put_f64(at, %s);", arguments.text);
    else
        emit_line(out, 4, "at = weir_msgpack_put_%s(at, %s, &odd);", head != 0 ? "time" : "string",
                  arguments.text);
    weir_buffer_free(&bytes);
    weir_buffer_free(&literal);
}

static void emit_plain_writer(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0,
              "static unsigned char *%s_put_msgpack(unsigned char *at, const void *source, "
              "weir_wire_error *error)",
              name.text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "const %s *value = source;", name.text);
    emit_line(out, 4, "unsigned char *start = at;");
    emit_line(out, 4, "uint64_t odd = 0;");
    emit_blank(out);
    for (size_t i = 0; i < type->fields.count; i++)
        emit_put_field(type, i, out);
    emit_line(out, 4, "if (WEIR_UNLIKELY(odd != 0))");
    emit_line(out, 8, "return weir_msgpack_write_plain(start, source, error, &%s_type);",
              name.text);
    emit_line(out, 4, "return at;");
    emit_line(out, 0, "}");
    emit_blank(out);
    emit_line(out, 0,
              "static unsigned char *%s_write_msgpack(weir_writer *writer, unsigned char *at, "
              "const void *source)",
              name.text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "return %s_put_msgpack(at, source, writer->error);", name.text);
    emit_line(out, 0, "}");
    emit_blank(out);
}

static void emit_write_field(const spec *model, const spec_type *type, const spec_field *field,
                             codec_format format, const char *before, weir_buffer *out)
{
    int indent = field->shape.optional ? 8 : 4;

    if (field->shape.optional)
        emit_line(out, 4, "if (value->has_%s) {", field->name);
    emit_key(field, format, before, indent, out);
    if (field->shape.list)
        emit_line(out, indent, "at = %s_write_%s_%s(writer, at, value);",
                  emit_type(model, type).text, codec_name(format), field->name);
    else
        emit_write_value(model, field, format, "", indent, out);
    if (field->shape.list || can_fail(field, format)) {
        emit_line(out, indent, "if (at == NULL)");
        emit_line(out, indent + 4, "return weir_in_field(writer->error, \"%s\");", field->name);
    }
    if (field->shape.optional)
        emit_line(out, 4, "}");
}

/* The head of a map whose size depends on what is there. */
static void emit_map(const spec_type *type, weir_buffer *out)
{
    size_t always = 0;

    for (size_t i = 0; i < type->fields.count; i++)
        always += !type->fields.items[i].shape.optional;
    emit_line(out, 4, "uint32_t count = %zu;", always);
    emit_blank(out);
    for (size_t i = 0; i < type->fields.count; i++)
        if (type->fields.items[i].shape.optional)
            emit_line(out, 4, "count += value->has_%s;", type->fields.items[i].name);
    emit_line(out, 4, "at = weir_msgpack_write_map(at, count);");
}

static bool needs_writer(const spec_type *type, codec_format format)
{
    for (size_t i = 0; i < type->fields.count; i++)
        if (type->fields.items[i].shape.list || can_fail(&type->fields.items[i], format))
            return true;
    return false;
}

static void emit_struct_writer(const spec *model, const spec_type *type, codec_format format,
                               weir_buffer *out)
{
    c_name name = emit_type(model, type);
    bool json = format == CODEC_JSON, optional = false;
    char head[2] = {(char)(0x80 | type->fields.count), '\0'};

    for (size_t i = 0; i < type->fields.count; i++)
        optional |= type->fields.items[i].shape.optional;
    bool constant = !json && !optional && type->fields.count < 16;
    emit_line(out, 0,
              "static unsigned char *%s_write_%s(weir_writer *writer, unsigned char *at, const "
              "void *source)",
              name.text, codec_name(format));
    emit_line(out, 0, "{");
    emit_line(out, 4, "const %s *value = source;", name.text);
    if (json)
        emit_line(out, 4, "unsigned char *start = at;");
    if (!json && !constant)
        emit_map(type, out);
    emit_blank(out);
    if (!needs_writer(type, format))
        emit_line(out, 4, "(void)writer;");
    for (size_t i = 0; i < type->fields.count; i++)
        emit_write_field(model, type, &type->fields.items[i], format,
                         json                 ? ","
                         : constant && i == 0 ? head
                                              : "",
                         out);
    emit_line(out, 4, "return %s;", json ? "weir_json_end(start, at, '{', '}')" : "at");
    emit_line(out, 0, "}");
    emit_blank(out);
}

static void emit_empty_writer(const spec *model, const spec_type *type, codec_format format,
                              weir_buffer *out)
{
    emit_line(out, 0,
              "static unsigned char *%s_write_%s(weir_writer *writer, unsigned char *at, const "
              "void *source)",
              emit_type(model, type).text, codec_name(format));
    emit_line(out, 0, "{");
    emit_line(out, 4, "(void)writer;");
    emit_line(out, 4, "(void)source;");
    emit_line(out, 4, "return weir_put(at, %s);",
              format == CODEC_JSON ? "\"{}\", 2" : "\"\\200\", 1");
    emit_line(out, 0, "}");
    emit_blank(out);
}

static void emit_enum_writer(const spec *model, const spec_type *type, codec_format format,
                             weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0,
              "static unsigned char *%s_write_%s(weir_writer *writer, unsigned char *at, const "
              "void *source)",
              name.text, codec_name(format));
    emit_line(out, 0, "{");
    emit_line(out, 4, "const %s *value = source;", name.text);
    emit_blank(out);
    emit_line(out, 4, "return weir_%s_write_enum(writer, at, &%s_type, (int32_t)*value);",
              codec_name(format), name.text);
    emit_line(out, 0, "}");
    emit_blank(out);
}

void codec_emit_writers(const spec *model, const spec_type *type, codec_format format,
                        weir_buffer *out)
{
    if (type->kind == SPEC_ENUM) {
        emit_enum_writer(model, type, format, out);
        return;
    }
    if (format == CODEC_MSGPACK && codec_is_plain(type)) {
        emit_plain_writer(model, type, out);
        return;
    }
    for (size_t i = 0; i < type->fields.count; i++)
        if (type->fields.items[i].shape.list)
            emit_list_writer(model, type, &type->fields.items[i], format, out);
    if (type->fields.count == 0)
        emit_empty_writer(model, type, format, out);
    else
        emit_struct_writer(model, type, format, out);
}
