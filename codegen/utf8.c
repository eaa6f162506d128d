/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - is a file UTF-8, and if not, where does it stop being so. */
#include "codegen/utf8.h"

/* Bytes of the character that begins here, 0 where none does. Overlong forms, surrogates and what
 * lies beyond U+10FFFF are ruled out by the range of the second byte. */
static size_t character_size(const unsigned char *text, size_t size)
{
    unsigned char first = text[0], low = 0x80, high = 0xbf;
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (length == 0 || first > 0xf4 || length > size)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf4)
        high = 0x8f;
    if (length > 1 && (text[1] < low || text[1] > high))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool utf8_check(const char *text, size_t size, weir_place *place)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length;

    place->line = place->column = 1;
    for (size_t i = 0; i < size; i += length) {
        length = character_size(bytes + i, size - i);
        if (length == 0)
            return false;
        place->column++;
        if (bytes[i] == '\n') {
            place->line++;
            place->column = 1;
        }
    }
    return true;
}
