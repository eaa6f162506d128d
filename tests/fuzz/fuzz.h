/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h - what the fuzz targets share.
 *
 * A target is one file with LLVMFuzzerTestOneInput. With WEIR_FUZZ libFuzzer drives it; else
 * replay.c does, over the committed corpus.
 */
#ifndef WEIR_TESTS_FUZZ_H
#define WEIR_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "core/buffer.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Holds a property in every build, with or without assertions. */
#define FUZZ_HOLD(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Takes a byte that steers the target off the input's front; 0 where there is none. */
static inline unsigned fuzz_choice(weir_slice *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

/* The same bytes in an allocation of exactly their size, so that a sanitizer sees every read beyond
 * them. */
static inline weir_slice fuzz_copy(weir_slice bytes)
{
    unsigned char *copy = malloc(bytes.size != 0 ? bytes.size : 1);

    FUZZ_HOLD(copy != NULL);
    if (bytes.size != 0)
        memcpy(copy, bytes.data, bytes.size);
    return (weir_slice){copy, bytes.size};
}

static inline bool fuzz_same(const weir_buffer *a, const weir_buffer *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static inline weir_slice fuzz_slice(const weir_buffer *bytes)
{
    return (weir_slice){(const unsigned char *)bytes->data, bytes->size};
}

#endif
