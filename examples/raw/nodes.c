/* SPDX-License-Identifier: Apache-2.0 */
/* The decode function of raw.weir.yaml: $WIMWV,ANGLE,R,SPEED,N,A*CHECKSUM
 *
 * What it refuses becomes a dead letter, with the bytes and the reason. */
#include <stdio.h>
#include <string.h>

#include "raw.weir.h"

enum { LONGEST = 82 }; /* of a sentence, says the standard */

static unsigned checksum(const char *from, const char *to)
{
    unsigned sum = 0;

    for (; from < to; from++)
        sum ^= (unsigned char)*from;
    return sum;
}

weir_status raw_decode_sentences(weir_firing *firing, const unsigned char *data, size_t size,
                                 raw_wind *event)
{
    char text[LONGEST + 1] = {0};
    unsigned sum;

    if (size > LONGEST)
        return weir_fail(firing, "%zu bytes are more than a sentence has", size);
    memcpy(text, data, size);
    const char *star = strchr(text, '*');
    if (text[0] != '$' || star == NULL || sscanf(star, "*%2x", &sum) != 1)
        return weir_fail(firing, "not a sentence");
    if (sum != checksum(text + 1, star))
        return weir_fail(firing, "its checksum is %02X", checksum(text + 1, star));
    if (sscanf(text, "$WIMWV,%lf,R,%lf,N,A", &event->degrees, &event->knots) != 2)
        return weir_fail(firing, "not a valid wind in knots");
    return WEIR_OK;
}
