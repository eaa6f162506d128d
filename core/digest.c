/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - FNV-1a, twice over. */
#include "core/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void weir_digest_add(weir_digest *sum, const void *data, size_t size)
{
    const unsigned char *at = data;

    for (size_t i = 0; i < size; i++) {
        sum->a = (sum->a ^ at[i]) * 0x100000001b3u;
        sum->b = (sum->b ^ at[i]) * 0x100000001b3u + 1;
    }
    sum->a ^= size;
    sum->b += size;
}

void weir_digest_add_text(weir_digest *sum, const char *text)
{
    weir_digest_add(sum, text, strlen(text) + 1);
}

const char *weir_digest_print(weir_digest sum, char text[WEIR_DIGEST_TEXT])
{
    snprintf(text, WEIR_DIGEST_TEXT, "%016" PRIx64 "%016" PRIx64, sum.a, sum.b);
    return text;
}
