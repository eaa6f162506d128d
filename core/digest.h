/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h - 128 bits that tell contents apart, on every machine the same; not for safety. */
#ifndef WEIR_CORE_DIGEST_H
#define WEIR_CORE_DIGEST_H

#include <weir/core.h>

/* FNV-1a twice over, from two starts. */
typedef struct weir_digest {
    uint64_t a, b;
} weir_digest;

#define WEIR_DIGEST_START                                                                          \
    {                                                                                              \
        0xcbf29ce484222325u, 0x84222325cbf29ce4u                                                   \
    }

enum { WEIR_DIGEST_TEXT = 33 }; /* bytes of its text, with the NUL */

WEIR_API void weir_digest_add(weir_digest *sum, const void *data, size_t size);
/* With the NUL, so that two texts are not one. */
WEIR_API void weir_digest_add_text(weir_digest *sum, const char *text);
/* 32 hexadecimal digits; returns `text`. */
WEIR_API const char *weir_digest_print(weir_digest sum, char text[WEIR_DIGEST_TEXT]);

#endif
