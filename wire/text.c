/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - UTF-8 and base64. */
#include "wire/values.h"

/* --- UTF-8 --- */

size_t wire_utf8_size(const unsigned char *at, const unsigned char *end)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = *at < 0x80   ? 1
                  : *at < 0xc2 ? 0
                  : *at < 0xe0 ? 2
                  : *at < 0xf0 ? 3
                  : *at < 0xf5 ? 4
                               : 0;

    if (size <= 1)
        return size;
    if ((size_t)(end - at) < size)
        return 0;
    uint32_t point = *at & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (at[i] & 0x3fu);
    }
    return point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? 0
                                                                                          : size;
}

bool wire_utf8_cut(const unsigned char *at, const unsigned char *end)
{
    unsigned char whole[4] = {0x80, 0x80, 0x80, 0x80};
    size_t size = (size_t)(end - at);

    if (size == 0 || size >= sizeof whole)
        return false;
    memcpy(whole, at, size);
    /* After these two the least continuation bytes would make an overlong form. */
    if (size == 1 && (whole[0] == 0xe0 || whole[0] == 0xf0))
        whole[1] = 0xb0;
    return wire_utf8_size(whole, whole + sizeof whole) > size;
}

const unsigned char *wire_utf8_fault(const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        if (end - at >= 8 && (weir_load_le(at) & WEIR_BYTE_HIGHS) == 0) {
            at += 8;
            continue;
        }
        size_t size = wire_utf8_size(at, end);
        if (size == 0)
            return at;
        at += size;
    }
    return NULL;
}

/* --- Base64 --- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (int)c - 'A';
    if (c >= 'a' && c <= 'z')
        return (int)c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return (int)c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

wire_base64_result wire_base64_take(wire_base64 *base64, uint32_t character)
{
    int value = base64_value(character);

    if (character == '=' && base64->count >= 2 && base64->count < 4) {
        base64->padded++;
        value = 0;
    } else if (value < 0 || base64->padded != 0) {
        return WIRE_BASE64_MALFORMED;
    }
    base64->bits = base64->bits << 6 | (uint32_t)value;
    if (++base64->count < 4)
        return WIRE_BASE64_OK;
    /* What the padding cuts off must be zero: one way only to write the same bytes. */
    uint32_t whole = 3 - base64->padded;
    if ((base64->bits & ((1u << (8 * base64->padded)) - 1)) != 0)
        return WIRE_BASE64_MALFORMED;
    if (base64->capacity - base64->size < whole)
        return WIRE_BASE64_LONG;
    for (uint32_t i = 0; i < whole; i++)
        base64->ret[base64->size++] = (uint8_t)(base64->bits >> (16 - 8 * i));
    base64->count = base64->padded != 0 ? 5 : 0; /* nothing may follow padding */
    base64->bits = 0;
    return WIRE_BASE64_OK;
}

bool wire_base64_whole(const wire_base64 *base64)
{
    return base64->count == 0 || base64->count == 5;
}

char *wire_base64_print(char *at, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;
        if (i + 1 < size)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < size)
            bits |= bytes[i + 2];
        *at++ = alphabet[bits >> 18];
        *at++ = alphabet[bits >> 12 & 63];
        *at++ = i + 1 < size ? alphabet[bits >> 6 & 63] : '=';
        *at++ = i + 2 < size ? alphabet[bits & 63] : '=';
    }
    return at;
}
