/* SPDX-License-Identifier: Apache-2.0 */
/* codec_table.c - writes a type's tables: fields, names, look-up, equality, descriptor. */
#include "codegen/emit/codec.h"

#include <stdio.h>
#include <string.h>

/* --- Tables --- */

static void emit_enumerators(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0, "static const weir_enumerator %s_names[] = {", name.text);
    for (size_t i = 0; i < type->enumerator_count; i++)
        emit_line(out, 4, "{\"%s\", %zu, %s},", type->enumerators[i].name,
                  strlen(type->enumerators[i].name),
                  emit_enumerator(model, type, type->enumerators[i].name).text);
    emit_line(out, 0, "};");
    emit_blank(out);
}

static void emit_flags(const spec_field *field, weir_buffer *out)
{
    if (field->shape.optional)
        emit_line(out, 5, ".optional = true,");
    if (field->shape.list)
        emit_line(out, 5, ".list = true, .min = %u, .max = %u,", field->shape.min,
                  field->shape.max);
    if (field->text)
        emit_line(out, 5, ".text = true,");
    if (field->fallback != NULL)
        emit_line(out, 5, ".fallback = true,");
}

static void emit_field_entry(const spec *model, const spec_field *field, c_name owner,
                             weir_buffer *out)
{
    const spec_shape *shape = &field->shape;
    c_name member = emit_member(field->name);
    weir_buffer wire = {0};

    emit_literal(&wire, field->wire, strlen(field->wire));
    if (wire.failed) {
        out->failed = true;
        return;
    }
    emit_line(out, 4, "{.name = \"%s\", .wire = %s, .kind = %s,", field->name, wire.data,
              codec_kind(shape->type->kind));
    if (shape->type->kind >= SPEC_ENUM)
        emit_line(out, 5, ".type = &%s_type,", emit_type(model, shape->type).text);
    if (shape->type->kind == SPEC_TIMESTAMP && shape->time_form != SPEC_TIME_NS)
        emit_line(out, 5, ".time_form = %s,", codec_time_form(shape->time_form));
    if (shape->optional)
        emit_line(out, 5, ".has_offset = offsetof(%s, has_%s),", owner.text, field->name);
    if (codec_varies(shape))
        emit_line(out, 5, ".count_offset = offsetof(%s, %s_count),", owner.text, field->name);
    if (shape->type->kind == SPEC_BYTES)
        emit_line(out, 5, ".size_offset = offsetof(%s, %s_size),", owner.text, field->name);
    if (shape->size != 0)
        emit_line(out, 5, ".size = %u,", shape->size);
    emit_flags(field, out);
    emit_line(out, 5, ".offset = offsetof(%s, %s),", owner.text, member.text);
    emit_line(out, 5, ".item_size = sizeof ((%s *)0)->%s%s},", owner.text, member.text,
              shape->list ? "[0]" : "");
    weir_buffer_free(&wire);
}

static void emit_fields(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0, "static const weir_field %s_fields[] = {", name.text);
    for (size_t i = 0; i < type->fields.count; i++)
        emit_field_entry(model, &type->fields.items[i], name, out);
    emit_line(out, 0, "};");
    emit_blank(out);
}

/* --- Look-up --- */

static size_t distinct_bytes(const spec_fields *fields, size_t length, size_t position)
{
    bool seen[256] = {false};
    size_t count = 0;

    for (size_t i = 0; i < fields->count; i++) {
        const char *wire = fields->items[i].wire;
        if (strlen(wire) != length || seen[(unsigned char)wire[position]])
            continue;
        seen[(unsigned char)wire[position]] = true;
        count++;
    }
    return count;
}

/* The byte of the keys of one length that tells most of them apart. */
static size_t telling_byte(const spec_fields *fields, size_t length)
{
    size_t best = 0;

    for (size_t i = 1; i < length; i++)
        if (distinct_bytes(fields, length, i) > distinct_bytes(fields, length, best))
            best = i;
    return best;
}

static void emit_compare(const spec_fields *fields, size_t i, int indent, weir_buffer *out)
{
    weir_buffer literal = {0};
    size_t size = strlen(fields->items[i].wire);

    emit_literal(&literal, fields->items[i].wire, size);
    if (literal.failed)
        out->failed = true;
    else
        emit_line(out, indent, "if (memcmp(key.data, %s, %zu) == 0)", literal.data, size);
    emit_line(out, indent + 4, "return %zu;", i);
    weir_buffer_free(&literal);
}

/* The keys of one length: by their telling byte, then whole. */
static void emit_length(const spec_fields *fields, size_t length, weir_buffer *out)
{
    size_t position = telling_byte(fields, length);
    bool done[256] = {false};

    emit_line(out, 4, "case %zu:", length);
    if (distinct_bytes(fields, length, position) == 1) {
        for (size_t i = 0; i < fields->count; i++)
            if (strlen(fields->items[i].wire) == length)
                emit_compare(fields, i, 8, out);
        emit_line(out, 8, "break;");
        return;
    }
    emit_line(out, 8, "switch ((unsigned char)key.data[%zu]) {", position);
    for (size_t i = 0; i < fields->count; i++) {
        if (strlen(fields->items[i].wire) != length)
            continue;
        unsigned char byte = (unsigned char)fields->items[i].wire[position];
        if (done[byte])
            continue;
        done[byte] = true;
        emit_line(out, 8, "case 0x%02x:", byte);
        for (size_t j = i; j < fields->count; j++)
            if (strlen(fields->items[j].wire) == length &&
                (unsigned char)fields->items[j].wire[position] == byte)
                emit_compare(fields, j, 12, out);
        emit_line(out, 12, "break;");
    }
    emit_line(out, 8, "default:");
    emit_line(out, 12, "break;");
    emit_line(out, 8, "}");
    emit_line(out, 8, "break;");
}

static void emit_find(const spec *model, const spec_type *type, weir_buffer *out)
{
    const spec_fields *fields = &type->fields;
    size_t longest = 0;

    for (size_t i = 0; i < fields->count; i++)
        if (strlen(fields->items[i].wire) > longest)
            longest = strlen(fields->items[i].wire);
    emit_line(out, 0, "/* The field of a key; none: UINT32_MAX. */");
    emit_line(out, 0, "static uint32_t %s_find(weir_text key)", emit_type(model, type).text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "switch (key.size) {");
    for (size_t length = 1; length <= longest; length++)
        for (size_t i = 0; i < fields->count; i++)
            if (strlen(fields->items[i].wire) == length) {
                emit_length(fields, length, out);
                break;
            }
    emit_line(out, 4, "default:");
    emit_line(out, 8, "break;");
    emit_line(out, 4, "}");
    emit_line(out, 4, "return UINT32_MAX;");
    emit_line(out, 0, "}");
    emit_blank(out);
}

/* --- Missing fields --- */

static void emit_fill(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0, "static void %s_fill(void *target, const uint64_t *seen)", name.text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "%s *value = target;", name.text);
    emit_blank(out);
    for (size_t i = 0; i < type->fields.count; i++) {
        const spec_field *field = &type->fields.items[i];
        if (codec_required(field))
            continue;
        emit_line(out, 4, "if ((seen[%zu] & 0x%llx) == 0) {", i / 64,
                  (unsigned long long)1 << (i % 64));
        if (field->shape.optional)
            emit_line(out, 8, "value->has_%s = %s;", field->name,
                      field->fallback != NULL ? "true" : "false");
        if (field->fallback != NULL)
            codec_emit_fallback(model, field, 8, out);
        else
            codec_emit_clear(field, 8, out);
        emit_line(out, 4, "}");
    }
    emit_line(out, 0, "}");
    emit_blank(out);
}

/* --- Equality --- */

/* The condition that two values of a field differ. */
static void emit_difference(const spec *model, const spec_field *field, const char *index,
                            int indent, weir_buffer *out)
{
    c_name a = codec_member("a", field, index), b = codec_member("b", field, index);
    spec_type_kind kind = field->shape.type->kind;
    c_name size = codec_size_member("a", field, index);

    if (kind == SPEC_STRUCT)
        emit_line(out, indent, "if (!%s_same(&%s, &%s))", emit_type(model, field->shape.type).text,
                  a.text, b.text);
    else if (kind == SPEC_STRING)
        emit_line(out, indent, "if (memcmp(%s, %s, sizeof %s) != 0)", a.text, b.text, a.text);
    else if (kind == SPEC_BYTES)
        emit_line(out, indent, "if (%s != %s || memcmp(%s, %s, %s) != 0)", size.text,
                  codec_size_member("b", field, index).text, a.text, b.text, size.text);
    else
        emit_line(out, indent, "if (%s != %s)", a.text, b.text);
    emit_line(out, indent + 4, "return false;");
}

static void emit_same_field(const spec *model, const spec_field *field, weir_buffer *out)
{
    int indent = field->shape.optional ? 8 : 4;

    if (field->shape.optional) {
        emit_line(out, 4, "if (a->has_%s != b->has_%s)", field->name, field->name);
        emit_line(out, 8, "return false;");
        emit_line(out, 4, "if (a->has_%s) {", field->name);
    }
    if (!field->shape.list) {
        emit_difference(model, field, "", indent, out);
    } else {
        if (codec_varies(&field->shape)) {
            emit_line(out, indent, "if (a->%s_count != b->%s_count)", field->name, field->name);
            emit_line(out, indent + 4, "return false;");
            emit_line(out, indent, "for (uint32_t i = 0; i < a->%s_count; i++)", field->name);
        } else {
            emit_line(out, indent, "for (uint32_t i = 0; i < %u; i++)", field->shape.max);
        }
        emit_difference(model, field, "[i]", indent + 4, out);
    }
    if (field->shape.optional)
        emit_line(out, 4, "}");
}

static void emit_same(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0, "static bool %s_same(const void *left, const void *right)", name.text);
    emit_line(out, 0, "{");
    if (type->kind == SPEC_STRUCT && type->fields.count == 0) {
        emit_line(out, 4, "(void)left;");
        emit_line(out, 4, "(void)right;");
    } else {
        emit_line(out, 4, "const %s *a = left, *b = right;", name.text);
        emit_blank(out);
    }
    if (type->kind == SPEC_ENUM)
        emit_line(out, 4, "return *a == *b;");
    for (size_t i = 0; i < type->fields.count; i++)
        emit_same_field(model, &type->fields.items[i], out);
    if (type->kind == SPEC_STRUCT)
        emit_line(out, 4, "return true;");
    emit_line(out, 0, "}");
    emit_blank(out);
}

/* --- The descriptor --- */

static void emit_descriptor(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_line(out, 0, "const weir_type %s_type = {", name.text);
    emit_line(out, 4, ".name = \"%s\",", type->name);
    emit_line(out, 4, ".kind = %s,", codec_kind(type->kind));
    emit_line(out, 4, ".size = sizeof(%s),", name.text);
    emit_line(out, 4, ".align = _Alignof(%s),", name.text);
    if (type->fields.count != 0) {
        emit_line(out, 4, ".fields = %s_fields,", name.text);
        emit_line(out, 4, ".field_count = %zu,", type->fields.count);
    }
    if (type->kind == SPEC_ENUM) {
        emit_line(out, 4, ".enumerators = %s_names,", name.text);
        emit_line(out, 4, ".enumerator_count = %zu,", type->enumerator_count);
    }
    emit_line(out, 4, ".msgpack_max = %zu,", codec_max(type, CODEC_MSGPACK));
    emit_line(out, 4, ".json_max = %zu,", codec_max(type, CODEC_JSON));
    emit_line(out, 4, ".read_msgpack = %s_read_msgpack,", name.text);
    emit_line(out, 4, ".read_json = %s_read_json,", name.text);
    emit_line(out, 4, ".write_msgpack = %s_write_msgpack,", name.text);
    emit_line(out, 4, ".write_json = %s_write_json,", name.text);
    emit_line(out, 4, ".equal = %s_same,", name.text);
    if (codec_fills(type))
        emit_line(out, 4, ".fill = %s_fill,", name.text);
    if (codec_is_plain(type))
        emit_line(out, 4, ".put_msgpack = %s_put_msgpack,", name.text);
    emit_line(out, 0, "};");
    emit_blank(out);
}

static void emit_type_codecs(const spec *model, const spec_type *type, weir_buffer *out)
{
    emit_line(out, 0, "/* %s */", type->name);
    emit_blank(out);
    if (type->kind == SPEC_ENUM) {
        emit_enumerators(model, type, out);
    } else if (type->fields.count != 0) {
        emit_fields(model, type, out);
        emit_find(model, type, out);
    }
    if (codec_fills(type))
        emit_fill(model, type, out);
    codec_emit_readers(model, type, CODEC_MSGPACK, out);
    codec_emit_readers(model, type, CODEC_JSON, out);
    codec_emit_writers(model, type, CODEC_MSGPACK, out);
    codec_emit_writers(model, type, CODEC_JSON, out);
    emit_same(model, type, out);
    emit_descriptor(model, type, out);
}

void emit_codecs(const spec *model, weir_buffer *out)
{
    for (size_t i = 0; i < model->type_count; i++)
        if (model->types[i]->kind >= SPEC_ENUM)
            emit_type_codecs(model, model->types[i], out);
}
