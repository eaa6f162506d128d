/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - the types that every spec knows. */
#include "codegen/model.h"

static const spec_type scalars[] = {
    {.kind = SPEC_BOOL, .name = "bool", .builtin = true},
    {.kind = SPEC_I8, .name = "i8", .builtin = true},
    {.kind = SPEC_I16, .name = "i16", .builtin = true},
    {.kind = SPEC_I32, .name = "i32", .builtin = true},
    {.kind = SPEC_I64, .name = "i64", .builtin = true},
    {.kind = SPEC_U8, .name = "u8", .builtin = true},
    {.kind = SPEC_U16, .name = "u16", .builtin = true},
    {.kind = SPEC_U32, .name = "u32", .builtin = true},
    {.kind = SPEC_U64, .name = "u64", .builtin = true},
    {.kind = SPEC_F32, .name = "f32", .builtin = true},
    {.kind = SPEC_F64, .name = "f64", .builtin = true},
    {.kind = SPEC_TIMESTAMP, .name = "timestamp", .builtin = true},
    {.kind = SPEC_DURATION, .name = "duration", .builtin = true},
    {.kind = SPEC_DATE, .name = "date", .builtin = true},
    {.kind = SPEC_STRING, .name = "string", .builtin = true},
    {.kind = SPEC_BYTES, .name = "bytes", .builtin = true},
};

const spec_type *spec_scalar(spec_type_kind kind)
{
    return kind <= SPEC_BYTES ? &scalars[kind] : NULL;
}
