/* SPDX-License-Identifier: Apache-2.0 */
/* codec_run.c - writes what takes several fields of a MessagePack map at once.
 *
 * A sender of the same type writes the fields in its order and each in one form, so that keys and
 * heads are constants that are compared side by side. Whatever is written otherwise is read field
 * by field, which also tells what is wrong.
 */
#include "codegen/emit/codec.h"

#include <string.h>

enum { CASE = 12 }; /* columns before a case's statements */

/* --- Runs: fields of nine bytes within a reader --- */

enum { RUN_LEAST = 2, RUN_MOST = 16 };

unsigned codec_head(const spec_field *field)
{
    const spec_shape *shape = &field->shape;
    bool plain = shape->time_form == SPEC_TIME_NS || shape->time_form == SPEC_TIME_ISO;

    if (shape->optional || shape->list || field->text || field->fallback != NULL)
        return 0;
    if (shape->type->kind == SPEC_TIMESTAMP && plain)
        return 0xcf;
    return shape->type->kind == SPEC_F64 ? 0xcb : 0;
}

/* The field behind the run that begins at `i`; `i` itself where none does. */
static size_t run_end(const spec_type *type, size_t i)
{
    size_t end = i;

    if (codec_is_plain(type))
        return i;
    if (i % RUN_MOST != 0 && codec_head(&type->fields.items[i - 1]) != 0)
        return i;
    while (end < type->fields.count && end - i < RUN_MOST && (end == i || end % RUN_MOST != 0) &&
           codec_head(&type->fields.items[end]) != 0)
        end++;
    return end - i >= RUN_LEAST ? end : i;
}

/* One field of a run, whose key (if `keyed`) and head stand `offset` behind `at`: the condition
 * that it is there, and the statement that takes it. */
static size_t put_run_field(const spec_field *field, bool keyed, size_t offset, int indent,
                            weir_buffer *test, weir_buffer *take)
{
    weir_buffer key = {0};
    unsigned head = codec_head(field);
    bool time = head == 0xcf;

    if (keyed)
        codec_key_bytes(field, CODEC_MSGPACK, &key);
    weir_buffer_append(&key, (char[]){(char)head}, 1);
    weir_buffer_printf(test, " && memcmp(at + %zu, ", offset);
    if (key.failed)
        test->failed = true;
    else
        emit_literal(test, key.data, key.size);
    offset += key.size;
    weir_buffer_printf(test, ", %zu) == 0", key.size);
    if (time)
        weir_buffer_printf(test, " && at[%zu] < 0x80", offset);
    emit_line(take, indent, "weir_msgpack_take_%s(at + %zu, &%s);", time ? "i64" : "f64", offset,
              codec_member("value", field, "").text);
    weir_buffer_free(&key);
    return offset + 8;
}

void codec_emit_run(const spec_type *type, size_t i, weir_buffer *out)
{
    const spec_field *fields = type->fields.items;
    size_t end = run_end(type, i);
    weir_buffer test = {0}, take = {0};
    unsigned long long others = 0;
    size_t size = 0;

    if (end == i)
        return;
    for (size_t j = i; j < end; j++) {
        size = put_run_field(&fields[j], j != i, size, CASE + 4, &test, &take);
        others |= j > i ? (unsigned long long)1 << (j % 64) : 0;
    }
    if (test.failed || take.failed) {
        out->failed = true;
    } else {
        emit_line(out, CASE, "/* To %s in one, as a sender of the same type has them. */",
                  fields[end - 1].name);
        emit_line(out, CASE,
                  "if (left >= %zu && (seen%zu & 0x%llx) == 0 && reader->end - at >= %zu%s) {",
                  end - i - 1, i / 64, others, size, test.data);
        weir_buffer_text(out, take.data);
        emit_line(out, CASE + 4, "at += %zu;", size);
        emit_line(out, CASE + 4, "left -= %zu;", end - i - 1);
        emit_line(out, CASE + 4, "seen%zu |= 0x%llx;", i / 64, others);
        emit_line(out, CASE + 4, "goto after_%zu;", end - 1);
        emit_line(out, CASE, "}");
    }
    weir_buffer_free(&test);
    weir_buffer_free(&take);
}

bool codec_ends_run(const spec_type *type, size_t i)
{
    for (size_t j = i >= RUN_MOST ? i - RUN_MOST : 0; j < i; j++)
        if (run_end(type, j) == i + 1)
            return true;
    return false;
}

/* --- Plain types: the whole map --- */

enum {
    PLAIN_FIELDS = 15, /* a map whose head is one byte */
    PLAIN_STRING = 31, /* a string whose head is one byte, as a sender of the type has it */
};

bool codec_is_short(const spec_field *field)
{
    const spec_shape *shape = &field->shape;

    return shape->type->kind == SPEC_STRING && shape->size <= PLAIN_STRING && !shape->list &&
           codec_required(field);
}

bool codec_is_plain(const spec_type *type)
{
    const spec_fields *fields = &type->fields;

    if (type->kind != SPEC_STRUCT || fields->count == 0 || fields->count > PLAIN_FIELDS)
        return false;
    for (size_t i = 0; i < fields->count; i++)
        if (codec_head(&fields->items[i]) == 0 && !codec_is_short(&fields->items[i]))
            return false;
    return true;
}

/* What is compared and taken before `at` moves on. */
typedef struct segment {
    weir_buffer test, take;
    size_t size;
} segment;

static void put_bytes(segment *part, const weir_buffer *bytes)
{
    weir_buffer_printf(&part->test, " && memcmp(at + %zu, ", part->size);
    emit_literal(&part->test, bytes->data, bytes->size);
    weir_buffer_printf(&part->test, ", %zu) == 0", bytes->size);
    part->size += bytes->size;
}

static void emit_segment(segment *part, weir_buffer *out)
{
    if (part->test.failed || part->take.failed) {
        out->failed = true;
    } else {
        emit_line(out, 4, "if (!(reader->end - at >= %zu%s))", part->size, part->test.data);
        emit_line(out, 8, "return NULL;");
        if (part->take.size != 0)
            weir_buffer_text(out, part->take.data);
        emit_line(out, 4, "at += %zu;", part->size);
    }
    weir_buffer_free(&part->test);
    weir_buffer_free(&part->take);
    part->size = 0;
}

/* The key of a string ends a segment: how far its text goes is told by its head. */
static void emit_plain_string(const spec_field *field, segment *part, weir_buffer *out)
{
    weir_buffer key = {0};
    c_name member = codec_member("value", field, "");

    codec_key_bytes(field, CODEC_MSGPACK, &key);
    if (key.failed)
        out->failed = true;
    else
        put_bytes(part, &key);
    emit_segment(part, out);
    emit_line(out, 4, "at = weir_msgpack_take_string(reader, at, %s, sizeof %s);", member.text,
              member.text);
    emit_line(out, 4, "if (at == NULL)");
    emit_line(out, 8, "return NULL;");
    weir_buffer_free(&key);
}

static void emit_plain_fields(const spec_type *type, weir_buffer *out)
{
    const spec_fields *fields = &type->fields;
    segment part = {.size = 0};

    put_bytes(&part, &(weir_buffer){.data = (char[]){(char)(0x80 | fields->count)}, .size = 1});
    for (size_t i = 0; i < fields->count; i++) {
        if (codec_head(&fields->items[i]) == 0)
            emit_plain_string(&fields->items[i], &part, out);
        else
            part.size =
                put_run_field(&fields->items[i], true, part.size, 4, &part.test, &part.take);
    }
    if (part.size != 0)
        emit_segment(&part, out);
}

void codec_emit_plain_reader(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);
    bool table = codec_emit_keys(model, type, out);

    emit_line(
        out, 0,
        "/* All fields in order, each in its usual form; NULL: written otherwise, or broken. */");
    emit_line(out, 0,
              "static inline const unsigned char *%s_read_plain_msgpack(const weir_reader *reader, "
              "const unsigned char *at, %s *value)",
              name.text, name.text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "if (reader->depth == 0)");
    emit_line(out, 8, "return NULL;");
    emit_plain_fields(type, out);
    emit_line(out, 4, "return at;");
    emit_line(out, 0, "}");
    emit_blank(out);
    emit_line(out, 0,
              "static const unsigned char *%s_read_msgpack(weir_reader *reader, const unsigned "
              "char *at, void *target)",
              name.text);
    emit_line(out, 0, "{");
    emit_line(out, 4, "const unsigned char *next = %s_read_plain_msgpack(reader, at, target);",
              name.text);
    emit_blank(out);
    emit_line(out, 4, "if (WEIR_LIKELY(next != NULL))");
    emit_line(out, 8, "return next;");
    if (table)
        emit_line(out, 4, "return weir_msgpack_read_map(reader, at, &%s_keys, target);", name.text);
    else
        emit_line(out, 4, "return %s_read_any_msgpack(reader, at, target);", name.text);
    emit_line(out, 0, "}");
    emit_blank(out);
}
