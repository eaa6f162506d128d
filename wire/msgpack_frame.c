/* SPDX-License-Identifier: Apache-2.0 */
/* msgpack_frame.c - where a MessagePack value ends, found piece by piece and at any depth.
 *
 * A value is a head and what the head announces: bytes, or more values. It ends when no value is
 * left to come, so that a count of them is all that must be remembered between two pieces.
 */
#include <weir/wire.h>

typedef enum counted { NOTHING, BYTES, ITEMS, PAIRS, NEVER } counted;

/* 0xc0 to 0xdf: the bytes of the head's number, what it counts, and the bytes that follow anyway.
 */
static const struct {
    uint8_t number, what, more;
} heads[] = {
    {0, NOTHING, 0}, {0, NEVER, 0},   {0, NOTHING, 0}, {0, NOTHING, 0}, {1, BYTES, 0},
    {2, BYTES, 0},   {4, BYTES, 0},   {1, BYTES, 1},   {2, BYTES, 1},   {4, BYTES, 1},
    {0, NOTHING, 4}, {0, NOTHING, 8}, {0, NOTHING, 1}, {0, NOTHING, 2}, {0, NOTHING, 4},
    {0, NOTHING, 8}, {0, NOTHING, 1}, {0, NOTHING, 2}, {0, NOTHING, 4}, {0, NOTHING, 8},
    {0, NOTHING, 2}, {0, NOTHING, 3}, {0, NOTHING, 5}, {0, NOTHING, 9}, {0, NOTHING, 17},
    {1, BYTES, 0},   {2, BYTES, 0},   {4, BYTES, 0},   {2, ITEMS, 0},   {4, ITEMS, 0},
    {2, PAIRS, 0},   {4, PAIRS, 0},
};

static void count(weir_msgpack_scan *scan, counted what, uint64_t number)
{
    if (what == BYTES)
        scan->at += number;
    else if (what == ITEMS)
        scan->items += number;
    else if (what == PAIRS)
        scan->items += 2 * number;
}

/* Takes the head at scan->at, which is there as far as its first byte. */
static weir_status take_head(weir_slice bytes, weir_msgpack_scan *scan)
{
    const unsigned char *at = bytes.data + scan->at;
    uint64_t number = 0;

    if (*at < 0xc0 || *at > 0xdf) {
        scan->at++;
        scan->items--;
        if (*at >= 0xa0 && *at < 0xc0)
            count(scan, BYTES, *at & 0x1fu);
        else if (*at >= 0x80 && *at < 0xa0)
            count(scan, *at < 0x90 ? PAIRS : ITEMS, *at & 0x0fu);
        return WEIR_OK;
    }
    unsigned size = heads[*at - 0xc0].number;
    counted what = (counted)heads[*at - 0xc0].what;
    if (what == NEVER || scan->items > UINT64_MAX / 4)
        return WEIR_DECODE;
    if (bytes.size - scan->at <= size)
        return WEIR_AGAIN;
    for (unsigned i = 1; i <= size; i++)
        number = number << 8 | at[i];
    scan->at += 1 + size + heads[*at - 0xc0].more;
    scan->items--;
    count(scan, what, number);
    return WEIR_OK;
}

weir_status weir_msgpack_record(weir_slice bytes, weir_msgpack_scan *scan, size_t *ret_size)
{
    weir_status status = WEIR_OK;

    if (!scan->begun)
        *scan = (weir_msgpack_scan){.items = 1, .begun = true};
    while (scan->items != 0 && status == WEIR_OK)
        status = scan->at < bytes.size ? take_head(bytes, scan) : WEIR_AGAIN;
    if (status == WEIR_OK && scan->at > bytes.size)
        status = WEIR_AGAIN;
    *ret_size = (size_t)scan->at;
    return status;
}
