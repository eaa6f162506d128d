/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - the properties of generated codecs, over the sample types of tests/wire. */
#ifndef WEIR_TESTS_FUZZ_CODEC_H
#define WEIR_TESTS_FUZZ_CODEC_H

#include "sample.h"
#include "tests/fuzz/fuzz.h"

static inline const weir_type *fuzz_type(weir_slice *input)
{
    static const weir_type *const types[] = {
        &sample_all_scalars_type, &sample_outer_type, &sample_options_type,
        &sample_odd_type,         &sample_quote_type, &sample_wide_type,
    };

    return types[fuzz_choice(input) % (sizeof types / sizeof *types)];
}

/* An optional field with a default that is absent is left out, and gets the default when it is read
 * again: the only value that does not read back. */
static inline void fuzz_settle(const weir_type *type, void *value)
{
    sample_odd *odd = value;

    if (type == &sample_odd_type && !odd->has_maybe) {
        odd->has_maybe = true;
        odd->maybe = 9;
    }
}

static inline void fuzz_check_error(const weir_wire_error *error, weir_slice bytes)
{
    FUZZ_HOLD(error->status == WEIR_DECODE);
    FUZZ_HOLD(error->message[0] != '\0' && error->offset <= bytes.size);
}

/* What was read is written, and reads back as what was written. A form that cannot hold the value
 * (NaN in JSON, the year 20000 as text) says so. */
static inline void fuzz_read_back(const weir_type *type, weir_format format, const void *value)
{
    weir_buffer first = {0}, second = {0};
    weir_wire_error error;
    void *again = calloc(1, type->size);

    FUZZ_HOLD(again != NULL);
    weir_status status = weir_encode(type, format, value, &first, &error);
    FUZZ_HOLD(status == WEIR_OK || (status == WEIR_ENCODE && error.message[0] != '\0'));
    if (status == WEIR_OK) {
        weir_slice bytes = fuzz_copy(fuzz_slice(&first));
        FUZZ_HOLD(weir_decode(type, format, bytes, again, &error) == WEIR_OK);
        FUZZ_HOLD(weir_encode(type, format, again, &second, &error) == WEIR_OK);
        FUZZ_HOLD(fuzz_same(&first, &second));
        free((void *)(uintptr_t)bytes.data);
    }
    weir_buffer_free(&first);
    weir_buffer_free(&second);
    free(again);
}

static inline int fuzz_codec(weir_format format, const unsigned char *data, size_t size)
{
    weir_slice input = {data, size};
    const weir_type *type = fuzz_type(&input);
    weir_wire_error error;
    void *value = calloc(1, type->size);

    FUZZ_HOLD(value != NULL);
    weir_slice bytes = fuzz_copy(input);
    if (weir_decode(type, format, bytes, value, &error) != WEIR_OK) {
        fuzz_check_error(&error, bytes);
    } else {
        fuzz_settle(type, value);
        fuzz_read_back(type, WEIR_FORMAT_MSGPACK, value);
        fuzz_read_back(type, WEIR_FORMAT_JSON, value);
    }
    free((void *)(uintptr_t)bytes.data);
    free(value);
    return 0;
}

#endif
