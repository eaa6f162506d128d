/* SPDX-License-Identifier: Apache-2.0 */
/* packed.c - decodes "item 7", with blanks behind it where a record is longer. */
#include <stdlib.h>
#include <string.h>

#include "packed.weir.h"

weir_status packed_decode_items(weir_firing *firing, const unsigned char *data, size_t size,
                                packed_item *event)
{
    char text[128] = "", *end;

    memcpy(text, data, size < sizeof text ? size : sizeof text - 1);
    if (strncmp(text, "item ", 5) != 0)
        return weir_fail(firing, "no item");
    event->id = strtoll(text + 5, &end, 10);
    return end[strspn(end, " ")] == '\0' ? WEIR_OK : weir_fail(firing, "an item with a tail");
}
