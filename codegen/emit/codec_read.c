/* SPDX-License-Identifier: Apache-2.0 */
/* codec_read.c - writes the functions that read a type.
 *
 * A struct's reader is one loop over its keys. Each field is a case that, once read, asks whether
 * the field declared next comes next, and falls into its case; keys in the declared order thus run
 * straight through (codec_run.c takes several of them at once). Any other key is looked up by
 * length and bytes.
 */
#include "codegen/emit/codec.h"

#include <stdio.h>
#include <string.h>

enum { CASE = 12 }; /* columns before a case's statements */

/* --- One value --- */

/* What stands behind `reader, at, ` in the call that reads a value. */
static c_name read_arguments(const spec_field *field, const char *index)
{
    spec_type_kind kind = field->shape.type->kind;
    c_name result, member = codec_member("value", field, index);

    if (field->text)
        snprintf(result.text, sizeof result.text, "%s, &%.200s", codec_kind(kind), member.text);
    else if (kind == SPEC_STRING)
        snprintf(result.text, sizeof result.text, "%.100s, sizeof %.100s", member.text,
                 member.text);
    else if (kind == SPEC_BYTES)
        snprintf(result.text, sizeof result.text, "&%.100s, %.100s, %u",
                 codec_size_member("value", field, index).text, member.text, field->shape.size);
    else if (kind == SPEC_TIMESTAMP)
        snprintf(result.text, sizeof result.text, "%s, &%.200s",
                 codec_time_form(field->shape.time_form), member.text);
    else
        snprintf(result.text, sizeof result.text, "&%.200s", member.text);
    return result;
}

static void emit_read_value(const spec *model, const spec_field *field, codec_format format,
                            const char *index, int indent, weir_buffer *out)
{
    const spec_type *type = field->shape.type;
    c_name arguments = read_arguments(field, index);

    if (type->kind >= SPEC_ENUM)
        emit_line(out, indent, "at = %s_read_%s(reader, at, %s);", emit_type(model, type).text,
                  codec_name(format), arguments.text);
    else
        emit_line(out, indent, "at = weir_%s_read_%s(reader, at, %s);", codec_name(format),
                  field->text ? "text_number" : codec_word(type->kind), arguments.text);
}

/* --- Lists --- */

static void emit_msgpack_items(const spec *model, const spec_field *field, weir_buffer *out)
{
    emit_line(out, 4, "uint32_t count;");
    emit_blank(out);
    emit_line(out, 4, "at = weir_msgpack_open_array(reader, at, %u, %u, &count);", field->shape.min,
              field->shape.max);
    emit_line(out, 4, "for (uint32_t i = 0; at != NULL && i < count; i++) {");
    emit_read_value(model, field, CODEC_MSGPACK, "[i]", 8, out);
    emit_line(out, 8, "if (at == NULL)");
    emit_line(out, 12, "weir_in_item(reader->error, i);");
    emit_line(out, 4, "}");
    if (codec_varies(&field->shape))
        emit_line(out, 4, "value->%s_count = count;", field->name);
    emit_line(out, 4, "return at != NULL ? weir_msgpack_close(reader, at) : NULL;");
}

static void emit_json_items(const spec *model, const spec_field *field, weir_buffer *out)
{
    emit_line(out, 4, "const unsigned char *array = at;");
    emit_line(out, 4, "uint32_t i;");
    emit_blank(out);
    emit_line(out, 4, "at = weir_json_open_array(reader, at);");
    emit_line(out, 4, "for (i = 0; at != NULL && weir_json_item(reader, &at, i, %u); i++) {",
              field->shape.max);
    emit_read_value(model, field, CODEC_JSON, "[i]", 8, out);
    emit_line(out, 8, "if (at == NULL)");
    emit_line(out, 12, "weir_in_item(reader->error, i);");
    emit_line(out, 4, "}");
    if (codec_varies(&field->shape))
        emit_line(out, 4, "value->%s_count = i;", field->name);
    emit_line(out, 4, "return at != NULL ? weir_json_close_array(reader, array, at, i, %u) : NULL;",
              field->shape.min);
}

static void emit_list_reader(const spec *model, const spec_type *type, const spec_field *field,
                             codec_format format, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0,
              "static const unsigned char *%s_read_%s_%s(weir_reader *reader, const unsigned char "
              "*at, %s *value)",
              name.text, codec_name(format), field->name, name.text);
    emit_line(out, 0, "{");
    if (format == CODEC_MSGPACK)
        emit_msgpack_items(model, field, out);
    else
        emit_json_items(model, field, out);
    emit_line(out, 0, "}");
    emit_blank(out);
}

/* --- Structs --- */

/* `if (KEY comes next)`: in JSON with what stands before it. */
static void emit_next(const spec_field *field, codec_format format, bool first, weir_buffer *out)
{
    weir_buffer key = {0}, literal = {0};

    if (format == CODEC_JSON)
        weir_buffer_text(&key, first ? "{" : ",");
    codec_key_bytes(field, format, &key);
    if (!key.failed)
        emit_literal(&literal, key.data, key.size);
    if (key.failed || literal.failed)
        out->failed = true;
    else
        emit_line(out, first ? 8 : CASE, "if (%sweir_%s_next(reader, &at, %s%s, %zu))%s",
                  first ? "" : "!", codec_name(format), format == CODEC_MSGPACK ? "&left, " : "",
                  literal.data, key.size, first ? " {" : "");
    weir_buffer_free(&key);
    weir_buffer_free(&literal);
}

static void emit_read_field(const spec *model, const spec_type *type, const spec_field *field,
                            codec_format format, int indent, weir_buffer *out)
{
    if (field->shape.list)
        emit_line(out, indent, "at = %s_read_%s_%s(reader, at, value);",
                  emit_type(model, type).text, codec_name(format), field->name);
    else
        emit_read_value(model, field, format, "", indent, out);
}

/* --- Structs, case by case --- */

static void emit_case(const spec *model, const spec_type *type, size_t i, codec_format format,
                      weir_buffer *out)
{
    const spec_field *field = &type->fields.items[i];

    emit_line(out, 8, "case %zu: /* %s */", i, field->name);
    emit_line(out, CASE, "if (weir_seen(&seen%zu, 0x%llx))", i / 64,
              (unsigned long long)1 << (i % 64));
    emit_line(out, CASE + 4, "goto twice;");
    if (format == CODEC_MSGPACK)
        codec_emit_run(type, i, out);
    if (field->shape.optional) {
        emit_line(out, CASE, "value->has_%s = !weir_%s(reader, &at);", field->name,
                  format == CODEC_MSGPACK ? "msgpack_nil" : "json_null");
        emit_line(out, CASE, "if (value->has_%s) {", field->name);
        emit_read_field(model, type, field, format, CASE + 4, out);
        emit_line(out, CASE, "} else {");
        codec_emit_clear(field, CASE + 4, out);
        emit_line(out, CASE, "}");
    } else {
        emit_read_field(model, type, field, format, CASE, out);
    }
    emit_line(out, CASE, "if (at == NULL)");
    emit_line(out, CASE + 4, "goto failed;");
    if (format == CODEC_MSGPACK && codec_ends_run(type, i))
        emit_line(out, 8, "after_%zu:", i);
    if (i + 1 < type->fields.count) {
        emit_next(field + 1, format, false, out);
        emit_line(out, CASE + 4, "continue;");
        emit_line(out, CASE, "field = %zu;", i + 1);
        emit_line(out, CASE, "__attribute__((fallthrough));");
    } else {
        emit_line(out, CASE, "continue;");
    }
}

/* The head of the loop: which field comes. */
static void emit_loop_head(const spec_type *type, c_name name, codec_format format,
                           weir_buffer *out)
{
    bool json = format == CODEC_JSON;

    if (json)
        emit_line(out, 4, "for (unsigned char before = '{';; before = ',') {");
    else
        emit_line(out, 4, "for (;;) {");
    emit_next(&type->fields.items[0], format, true, out);
    emit_line(out, 12, "field = 0;");
    if (!json) {
        emit_line(out, 8, "} else if (left == 0) {");
        emit_line(out, 12, "break;");
    }
    emit_line(out, 8, "} else {");
    emit_line(out, 12, "at = weir_%s_read_key(reader, at, %s);", codec_name(format),
              json ? "before, &key" : "&key");
    if (!json)
        emit_line(out, 12, "left--;");
    emit_line(out, 12, "if (at == NULL)");
    emit_line(out, 16, "return NULL;");
    if (json) {
        emit_line(out, 12, "if (key.data == NULL)");
        emit_line(out, 16, "break;");
    }
    emit_line(out, 12, "field = %s_find(key);", name.text);
    emit_line(out, 8, "}");
}

/* Which bits of a word of `seen` are set when every field, or every required one, was there. */
static unsigned long long seen_bits(const spec_type *type, size_t word, bool required)
{
    unsigned long long bits = 0;

    for (size_t i = word * 64; i < type->fields.count && i < word * 64 + 64; i++)
        if (!required || codec_required(&type->fields.items[i]))
            bits |= (unsigned long long)1 << (i % 64);
    return bits;
}

static bool has_required(const spec_type *type)
{
    for (size_t i = 0; i < type->fields.count; i++)
        if (codec_required(&type->fields.items[i]))
            return true;
    return false;
}

/* `seen0, seen1`: scalars, of which only copies are handed out, so that they stay in registers. */
static void put_words(const spec_type *type, const char *behind, weir_buffer *out)
{
    for (size_t i = 0; i < (type->fields.count + 63) / 64; i++)
        weir_buffer_printf(out, "%sseen%zu%s", i != 0 ? ", " : "", i, behind);
}

static void emit_missing(const spec_type *type, c_name name, weir_buffer *out)
{
    size_t words = (type->fields.count + 63) / 64;
    weir_buffer some = {0}, all = {0};

    put_words(type, "", &all);
    for (size_t i = 0; i < words; i++) {
        unsigned long long required = seen_bits(type, i, true), every = seen_bits(type, i, false);
        if (required != every)
            weir_buffer_printf(&some, "%sseen%zu != 0x%llx", some.size != 0 ? " || " : "", i,
                               every);
        if (required == 0)
            continue;
        emit_line(out, 4, "if ((seen%zu & 0x%llx) != 0x%llx)", i, required, required);
        emit_line(out, 8,
                  "return weir_read_missing(reader, start, &%s_type, (const uint64_t[]){%s});",
                  name.text, all.failed ? "" : all.data);
    }
    if (some.size != 0 && !some.failed) {
        emit_line(out, 4, "if (%s)", some.data);
        emit_line(out, 8, "%s_fill(value, (const uint64_t[]){%s});", name.text,
                  all.failed ? "" : all.data);
    }
    out->failed |= some.failed || all.failed;
    weir_buffer_free(&some);
    weir_buffer_free(&all);
}

static void emit_declarations(const spec_type *type, c_name name, codec_format format,
                              weir_buffer *out)
{
    weir_buffer words = {0};

    put_words(type, " = 0", &words);
    emit_line(out, 4, "%s *value = target;", name.text);
    if (has_required(type))
        emit_line(out, 4, "const unsigned char *start = at;");
    emit_line(out, 4, "uint64_t %s;", words.failed ? "" : words.data);
    emit_line(out, 4, "uint32_t %sfield;", format == CODEC_MSGPACK ? "left, " : "");
    emit_line(out, 4, "weir_text key;");
    emit_blank(out);
    out->failed |= words.failed;
    weir_buffer_free(&words);
}

static void emit_struct_reader(const spec *model, const spec_type *type, codec_format format,
                               weir_buffer *out)
{
    c_name name = emit_type(model, type);
    const char *word = codec_name(format);
    bool apart = format == CODEC_MSGPACK && codec_is_plain(type);

    emit_line(out, 0,
              "static %sconst unsigned char *%s_read_%s%s(weir_reader *reader, const unsigned char "
              "*at, void *target)",
              apart ? "WEIR_APART " : "", name.text, apart ? "any_" : "", word);
    emit_line(out, 0, "{");
    emit_declarations(type, name, format, out);
    emit_line(out, 4, "at = weir_%s;",
              format == CODEC_MSGPACK ? "msgpack_open_map(reader, at, &left)"
                                      : "json_open_object(reader, at)");
    emit_line(out, 4, "if (at == NULL)");
    emit_line(out, 8, "return NULL;");
    emit_loop_head(type, name, format, out);
    emit_line(out, 8, "switch (field) {");
    for (size_t i = 0; i < type->fields.count; i++)
        emit_case(model, type, i, format, out);
    emit_line(out, 8, "default:");
    emit_line(out, CASE, "at = weir_%s_skip(reader, at);", word);
    emit_line(out, CASE, "if (at == NULL)");
    emit_line(out, CASE + 4, "return NULL;");
    emit_line(out, 8, "}");
    emit_line(out, 4, "}");
    emit_missing(type, name, out);
    emit_line(out, 4, "return weir_%s_close(reader, at);", word);
    emit_line(out, 0, "twice:");
    emit_line(out, 4, "weir_read_twice(reader, at);");
    emit_line(out, 0, "failed:");
    emit_line(out, 4, "return weir_in_field(reader->error, %s_fields[field].name);", name.text);
    emit_line(out, 0, "}");
    emit_blank(out);
}

/* Without fields every key is an unknown one: that it is a map is all that matters. */
static void emit_empty_reader(const spec *model, const spec_type *type, codec_format format,
                              weir_buffer *out)
{
    bool json = format == CODEC_JSON;

    emit_line(out, 0,
              "static const unsigned char *%s_read_%s(weir_reader *reader, const unsigned char "
              "*at, void *target)",
              emit_type(model, type).text, codec_name(format));
    emit_line(out, 0, "{");
    if (!json) {
        emit_line(out, 4, "uint32_t left;");
        emit_blank(out);
    }
    emit_line(out, 4, "(void)target;");
    emit_line(out, 4, "if (weir_%s == NULL)",
              json ? "json_open_object(reader, at)" : "msgpack_open_map(reader, at, &left)");
    emit_line(out, 8, "return NULL;");
    emit_line(out, 4, "return weir_%s_skip(reader, weir_%s_close(reader, at));", codec_name(format),
              codec_name(format));
    emit_line(out, 0, "}");
    emit_blank(out);
}

static void emit_enum_reader(const spec *model, const spec_type *type, codec_format format,
                             weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0,
              "static const unsigned char *%s_read_%s(weir_reader *reader, const unsigned char "
              "*at, void *target)",
              name.text, codec_name(format));
    emit_line(out, 0, "{");
    emit_line(out, 4, "%s *value = target;", name.text);
    emit_line(out, 4, "int32_t number = 0;");
    emit_blank(out);
    emit_line(out, 4, "at = weir_%s_read_enum(reader, at, &%s_type, &number);", codec_name(format),
              name.text);
    emit_line(out, 4, "*value = (%s)number;", name.text);
    emit_line(out, 4, "return at;");
    emit_line(out, 0, "}");
    emit_blank(out);
}

void codec_emit_readers(const spec *model, const spec_type *type, codec_format format,
                        weir_buffer *out)
{
    if (type->kind == SPEC_ENUM) {
        emit_enum_reader(model, type, format, out);
        return;
    }
    for (size_t i = 0; i < type->fields.count; i++)
        if (type->fields.items[i].shape.list)
            emit_list_reader(model, type, &type->fields.items[i], format, out);
    if (type->fields.count == 0) {
        emit_empty_reader(model, type, format, out);
        return;
    }
    emit_struct_reader(model, type, format, out);
    if (format == CODEC_MSGPACK && codec_is_plain(type))
        codec_emit_plain_reader(model, type, out);
}
