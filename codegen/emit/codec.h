/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - what the emitters of a type's codecs share. */
#ifndef WEIR_CODEGEN_EMIT_CODEC_H
#define WEIR_CODEGEN_EMIT_CODEC_H

#include "codegen/emit/names.h"
#include "codegen/emit/types.h"

/* A format as the names of its primitives have it. */
typedef enum codec_format { CODEC_MSGPACK, CODEC_JSON } codec_format;

const char *codec_name(codec_format format);

/* "WEIR_VALUE_F64"; the word in primitives' names ("f64"). */
const char *codec_kind(spec_type_kind kind);
const char *codec_word(spec_type_kind kind);
const char *codec_time_form(spec_time_form form);

/* "value->levels[i]" and "value->raw_size[i]" for one of `object`'s members; `index` is empty
 * where the field is no list. */
c_name codec_member(const char *object, const spec_field *field, const char *index);
c_name codec_size_member(const char *object, const spec_field *field, const char *index);

bool codec_varies(const spec_shape *shape);    /* a list that has a count */
bool codec_is_number(const spec_shape *shape); /* assigned with =, compared with == */
bool codec_required(const spec_field *field);
bool codec_fills(const spec_type *type); /* has fields that may be missing */

/* Statements that make a field absent, or give it its default. */
void codec_emit_clear(const spec_field *field, int indent, weir_buffer *out);
void codec_emit_fallback(const spec *model, const spec_field *field, int indent, weir_buffer *out);

void codec_emit_readers(const spec *model, const spec_type *type, codec_format format,
                        weir_buffer *out);
void codec_emit_writers(const spec *model, const spec_type *type, codec_format format,
                        weir_buffer *out);

/* The bytes of a field's key on the wire: a MessagePack str; JSON text, its quotes and colon. */
void codec_key_bytes(const spec_field *field, codec_format format, weir_buffer *out);

/* The head of the nine bytes that a sender of the type writes for a field: 0xcb of a float64, 0xcf
 * of a uint64; 0: it writes something else, or not always. */
unsigned codec_head(const spec_field *field);
bool codec_is_short(const spec_field *field); /* a string whose head is one byte, as a rule */

/* Before field `i`'s own statements: those that take it with the ones behind it, if they come so. A
 * run ends at the label after_N of its last field. */
void codec_emit_run(const spec_type *type, size_t i, weir_buffer *out);
bool codec_ends_run(const spec_type *type, size_t i);

/* Whether a map of the type is taken whole where it comes as expected; the reader that does so. */
bool codec_is_plain(const spec_type *type);
void codec_emit_plain_reader(const spec *model, const spec_type *type, weir_buffer *out);

/* MODULE_TYPE_keys, by which weir_msgpack_read_map finds a plain type's fields; false: there is no
 * such table, as with keys of more than 15 bytes. */
bool codec_emit_keys(const spec *model, const spec_type *type, weir_buffer *out);

/* The bytes of the largest value of a type. */
size_t codec_max(const spec_type *type, codec_format format);

#endif
