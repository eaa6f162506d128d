/* SPDX-License-Identifier: Apache-2.0 */
/* types.h - writes the C of a spec's types: declarations for the header, codecs for the source.
 *
 * Both go over the spec's types in their order (a type stands after those it contains), builtin
 * scalars left out. A buffer that failed says so itself.
 */
#ifndef WEIR_CODEGEN_EMIT_TYPES_H
#define WEIR_CODEGEN_EMIT_TYPES_H

#include "codegen/model.h"
#include "core/buffer.h"

/* For MODULE.weir.h, after <weir/wire.h>, <string.h> and within extern "C": enums, structs,
 * helpers (MODULE_TYPE_equal, _print, _set_FIELD; MODULE_ENUM_name) and MODULE_TYPE_type. */
void emit_types_header(const spec *model, weir_buffer *out);

/* For MODULE.weir.c, after its own header and <weir/codec.h>: codecs and type descriptors. */
void emit_codecs(const spec *model, weir_buffer *out);

/* The members of a struct with `fields`, indented by four; for node states and inputs as well. */
void emit_members(const spec *model, const spec_fields *fields, weir_buffer *out);

#endif
