/* SPDX-License-Identifier: Apache-2.0 */
/* type_header.c - the types of a spec as C declarations, with their helpers. */
#include "codegen/emit/names.h"
#include "codegen/emit/types.h"

#include <stdio.h>

static void emit_enum(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_comment(out, 0, type->doc, type->where);
    emit_line(out, 0, "typedef enum %s {", name.text);
    for (size_t i = 0; i < type->enumerator_count; i++)
        emit_line(out, 4, "%s = %d,", emit_enumerator(model, type, type->enumerators[i].name).text,
                  type->enumerators[i].number);
    emit_line(out, 0, "} %s;", name.text);
    emit_blank(out);
    emit_line(out, 0, "extern const weir_type %s_type;", name.text);
    emit_blank(out);
    emit_line(out, 0, "/* The name of `value`; NULL: it has none. */");
    emit_line(out, 0, "static inline const char *%s_name(%s value)", name.text, name.text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "const weir_enumerator *found = weir_enum_find(&%s_type, (int32_t)value);",
              name.text);
    emit_line(out, 4, "return found != NULL ? found->name : NULL;");
    emit_line(out, 0, "}");
    emit_blank(out);
}

static void emit_field(const spec *model, const spec_field *field, weir_buffer *out)
{
    const spec_shape *shape = &field->shape;
    c_name name = emit_member(field->name), items = {""}, size = {""};

    if (shape->list)
        snprintf(items.text, sizeof items.text, "[%u]", shape->max);
    if (shape->type->kind == SPEC_STRING)
        snprintf(size.text, sizeof size.text, "[%u + 1]", shape->size);
    if (shape->type->kind == SPEC_BYTES)
        snprintf(size.text, sizeof size.text, "[%u]", shape->size);
    if (field->doc != NULL)
        emit_comment(out, 4, field->doc, (weir_place){0});
    if (shape->optional)
        emit_line(out, 4, "bool has_%s;", field->name);
    if (shape->list && shape->min != shape->max)
        emit_line(out, 4, "uint32_t %s_count;", field->name);
    if (shape->type->kind == SPEC_BYTES)
        emit_line(out, 4, "uint32_t %s_size%s;", field->name, items.text);
    emit_line(out, 4, "%s %s%s%s;", emit_type(model, shape->type).text, name.text, items.text,
              size.text);
}

void emit_members(const spec *model, const spec_fields *fields, weir_buffer *out)
{
    for (size_t i = 0; i < fields->count; i++)
        emit_field(model, &fields->items[i], out);
}

static void emit_setter(c_name type, const spec_field *field, weir_buffer *out)
{
    c_name member = emit_member(field->name);

    emit_line(out, 0, "/* WEIR_LIMIT: `text` has more than %u bytes. */", field->shape.size);
    emit_line(out, 0, "static inline weir_status %s_set_%s(%s *value, const char *text)", type.text,
              field->name, type.text);
    emit_line(out, 0, "{");
    if (field->shape.optional)
        emit_line(out, 4, "value->has_%s = true;", field->name);
    emit_line(out, 4, "return weir_string_set(value->%s, sizeof value->%s, text);", member.text,
              member.text);
    emit_line(out, 0, "}");
    emit_blank(out);
}

static void emit_helpers(const spec_type *type, c_name name, weir_buffer *out)
{
    emit_line(out, 0, "extern const weir_type %s_type;", name.text);
    emit_blank(out);
    emit_line(out, 0, "static inline bool %s_equal(const %s *a, const %s *b)", name.text, name.text,
              name.text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "return %s_type.equal(a, b);", name.text);
    emit_line(out, 0, "}");
    emit_blank(out);
    emit_line(out, 0, "/* As snprintf: the length of the whole text, which may be cut. */");
    emit_line(out, 0, "static inline size_t %s_print(const %s *value, char *text, size_t size)",
              name.text, name.text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "return weir_value_print(&%s_type, value, text, size);", name.text);
    emit_line(out, 0, "}");
    emit_blank(out);
    for (size_t i = 0; i < type->fields.count; i++) {
        const spec_field *field = &type->fields.items[i];
        if (field->shape.type->kind == SPEC_STRING && !field->shape.list)
            emit_setter(name, field, out);
    }
}

static void emit_struct(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);

    emit_comment(out, 0, type->doc, type->where);
    emit_line(out, 0, "typedef struct %s {", name.text);
    emit_members(model, &type->fields, out);
    if (type->fields.count == 0)
        emit_line(out, 4, "char none_; /* C has no struct without members */");
    emit_line(out, 0, "} %s;", name.text);
    emit_blank(out);
    emit_helpers(type, name, out);
}

void emit_types_header(const spec *model, weir_buffer *out)
{
    for (size_t i = 0; i < model->type_count; i++) {
        if (model->types[i]->kind == SPEC_ENUM)
            emit_enum(model, model->types[i], out);
        else if (model->types[i]->kind == SPEC_STRUCT)
            emit_struct(model, model->types[i], out);
    }
}
