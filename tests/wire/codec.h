/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - what the tests of codecs share: decoding and encoding that must go well. */
#ifndef WEIR_TESTS_WIRE_CODEC_H
#define WEIR_TESTS_WIRE_CODEC_H

#include "core/buffer.h"
#include "sample.h"
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define QUOTE_REST "\"bid\":1,\"ask\":2,\"bid_size\":3,\"ask_size\":4,\"ts\":5"

static inline weir_slice slice_of(const void *data, size_t size)
{
    return (weir_slice){data, size};
}

/* Decodes from a copy of exactly that size, so that a sanitizer sees every read beyond it. */
static inline weir_status decode(const weir_type *type, weir_format format, const void *data,
                                 size_t size, void *value, weir_wire_error *error)
{
    unsigned char *copy = malloc(size + (size == 0));
    weir_status status;

    assert_non_null(copy);
    memcpy(copy, data, size);
    status = weir_decode(type, format, slice_of(copy, size), value, error);
    free(copy);
    return status;
}

static inline void decode_ok(const weir_type *type, weir_format format, const void *data,
                             size_t size, void *value)
{
    weir_wire_error error;

    if (decode(type, format, data, size, value, &error) != WEIR_OK)
        fail_msg("%s: %s (at %zu)\n%.*s", error.path, error.message, error.offset, (int)size,
                 (const char *)data);
}

static inline void encode_ok(const weir_type *type, weir_format format, const void *value,
                             weir_buffer *out)
{
    weir_wire_error error;

    out->size = 0;
    if (weir_encode(type, format, value, out, &error) != WEIR_OK)
        fail_msg("%s: %s", error.path, error.message);
    assert_true(out->size <= (format == WEIR_FORMAT_JSON ? type->json_max : type->msgpack_max));
}

#endif
