/* SPDX-License-Identifier: Apache-2.0 */
/* The decode function of raw.weir.yaml: add-order messages of ITCH 5.0, all numbers big-endian.
 *
 *     0 'A'   1 stock 2   3 tracking 2   5 time 6   11 reference 8   19 side 1   20 shares 4
 *     24 symbol 8, padded with spaces   32 price 4, in ten-thousandths
 *
 * What it refuses becomes a dead letter, with the bytes and the reason. */
#include "raw.weir.h"

#include <string.h>

enum { ADD_ORDER = 36, HEAD = 11 };

static uint64_t number(const unsigned char *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

static weir_status read_symbol(weir_firing *firing, const unsigned char *at, raw_order *order)
{
    char symbol[9] = {0};

    memcpy(symbol, at, 8);
    for (size_t size = 8; size > 0 && symbol[size - 1] == ' '; size--)
        symbol[size - 1] = '\0';
    return symbol[0] != '\0' ? raw_order_set_symbol(order, symbol)
                             : weir_fail(firing, "it names no symbol");
}

weir_status raw_decode_messages(weir_firing *firing, const unsigned char *data, size_t size,
                                raw_order *event)
{
    if (size < HEAD)
        return weir_fail(firing, "%zu bytes are no message", size);
    if (data[0] != 'A')
        return WEIR_SKIP; /* of the other messages nobody here has any use */
    if (size != ADD_ORDER)
        return weir_fail(firing, "an add order has %d bytes, not %zu", ADD_ORDER, size);
    if (data[19] != 'B' && data[19] != 'S')
        return weir_fail(firing, "'%c' is no side", data[19]);
    event->at = (int64_t)number(data + 5, 6);
    event->reference = number(data + 11, 8);
    event->side = data[19] == 'B' ? RAW_SIDE_BUY : RAW_SIDE_SELL;
    event->shares = (uint32_t)number(data + 20, 4);
    event->price = (double)number(data + 32, 4) / 10000;
    return read_symbol(firing, data + 24, event);
}
