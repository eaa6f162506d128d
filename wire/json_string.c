/* SPDX-License-Identifier: Apache-2.0 */
/* json_string.c - JSON's strings: escapes, text that is copied, base64. */
#include "wire/json.h"
#include "wire/values.h"

/* --- Escapes --- */

static const unsigned char *hex4(weir_reader *reader, const unsigned char *at, uint32_t *ret)
{
    *ret = 0;
    for (int i = 0; i < 4; i++, at++) {
        unsigned c = at < reader->end ? *at : 0, letter = c | 0x20;
        unsigned digit = c - '0' < 10 ? c - '0' : letter - 'a' < 6 ? letter - 'a' + 10 : 16;
        if (digit == 16)
            return wire_json_malformed(reader, at, "four hexadecimal digits");
        *ret = *ret << 4 | digit;
    }
    return at;
}

/* Reads an escape from its backslash on; a surrogate without its partner comes as it is. */
static const unsigned char *escape(weir_reader *reader, const unsigned char *at, uint32_t *ret)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const unsigned char *after = at + 1;
    uint32_t low;

    if (after == reader->end)
        return weir_read_truncated(reader);
    const char *plain = *after == '\0' ? NULL : strchr(from, *after);
    if (plain != NULL) {
        *ret = (uint32_t)to[plain - from];
        return after + 1;
    }
    if (*after != 'u')
        return wire_json_malformed(reader, at, "an escape");
    after = hex4(reader, after + 1, ret);
    if (after == NULL || *ret < 0xd800 || *ret > 0xdbff || reader->end - after < 2 ||
        memcmp(after, "\\u", 2) != 0)
        return after;
    const unsigned char *pair = hex4(reader, after + 2, &low);
    if (pair == NULL || low < 0xdc00 || low > 0xdfff)
        return pair == NULL ? NULL : after;
    *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
    return pair;
}

static size_t put_utf8(char *to, uint32_t point)
{
    size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    to[0] = (char)(leads[size] | point);
    return size;
}

/* --- Short texts: keys, enums, numbers, times --- */

/* Takes the escapes away, into the scratch; what does not fit there is no text that anybody knows.
 */
static const unsigned char *escaped_text(weir_reader *reader, const unsigned char *at,
                                         weir_text *ret)
{
    size_t size = 0;
    uint32_t point;

    while (at < reader->end && *at != '"') {
        bool room = size + 4 <= sizeof reader->scratch;
        if (*at < 0x20)
            return wire_json_malformed(reader, at, "no control character");
        if (*at == '\\') {
            at = escape(reader, at, &point);
            if (at == NULL)
                return NULL;
            size += room ? put_utf8(reader->scratch + size, point) : sizeof reader->scratch;
        } else if (room) {
            reader->scratch[size++] = (char)*at++;
        } else {
            size = sizeof reader->scratch;
            at++;
        }
    }
    if (at == reader->end)
        return weir_read_truncated(reader);
    bool fits = size + 4 <= sizeof reader->scratch;
    *ret = fits ? (weir_text){reader->scratch, size} : (weir_text){"", 0};
    return at + 1;
}

/* Reads a string from its quote on; without escapes the text is the input's. */
const unsigned char *wire_json_text(weir_reader *reader, const unsigned char *at, weir_text *ret)
{
    const unsigned char *start = ++at;

    while (at < reader->end && *at != '"' && *at != '\\' && *at >= 0x20)
        at++;
    if (at == reader->end)
        return weir_read_truncated(reader);
    if (*at != '"')
        return escaped_text(reader, start, ret);
    *ret = (weir_text){(const char *)start, (size_t)(at - start)};
    return at + 1;
}

const unsigned char *wire_json_skip_string(weir_reader *reader, const unsigned char *at)
{
    uint32_t point;

    for (at++; at != NULL && at < reader->end && *at != '"';) {
        if (*at < 0x20)
            return wire_json_malformed(reader, at, "no control character");
        at = *at == '\\' ? escape(reader, at, &point) : at + 1;
    }
    if (at == reader->end)
        return weir_read_truncated(reader);
    return at == NULL ? NULL : at + 1;
}

/* --- Strings that are copied --- */

/* The high bit of the bytes that a plain copy stops at: quote, backslash, control, not ASCII. Exact
 * up to the first. */
static uint64_t special_bytes(uint64_t word)
{
    return weir_zero_bytes(word ^ 0x2222222222222222u) |
           weir_zero_bytes(word ^ 0x5c5c5c5c5c5c5c5cu) |
           ((word - 0x2020202020202020u) & ~word & WEIR_BYTE_HIGHS) | (word & WEIR_BYTE_HIGHS);
}

/* Reads one character of a string as UTF-8 into `utf8`; *ret_size is 0 at the closing quote. */
static const unsigned char *next_character(weir_reader *reader, const unsigned char *at, char *utf8,
                                           size_t *ret_size)
{
    uint32_t point;

    *ret_size = 0;
    if (at == reader->end)
        return weir_read_truncated(reader);
    if (*at == '"')
        return at + 1;
    if (*at < 0x20)
        return wire_json_malformed(reader, at, "no control character");
    if (*at == '\\') {
        const unsigned char *next = escape(reader, at, &point);
        if (next != NULL && point == 0)
            return weir_read_fail(reader, at, WEIR_WIRE_NUL, "a NUL in a string");
        if (next != NULL && point >= 0xd800 && point < 0xe000 && next != reader->end)
            return weir_read_fail(reader, at, WEIR_WIRE_UTF8,
                                  "bad UTF-8: half of a surrogate pair");
        *ret_size = next != NULL ? put_utf8(utf8, point) : 0;
        return next;
    }
    *ret_size = wire_utf8_size(at, reader->end);
    if (*ret_size == 0 && *at >= 0xc2 && reader->end - at < 4 && wire_utf8_cut(at, reader->end))
        return weir_read_truncated(reader);
    if (*ret_size == 0)
        return weir_read_fail(reader, at, WEIR_WIRE_UTF8, "bad UTF-8");
    memcpy(utf8, at, *ret_size);
    return at + *ret_size;
}

/* Goes on with a string of which `size` bytes are copied. */
static const unsigned char *slow_string(weir_reader *reader, const unsigned char *quote,
                                        const unsigned char *at, char *ret, size_t size,
                                        size_t capacity)
{
    char utf8[4];
    size_t more;

    for (;;) {
        at = next_character(reader, at, utf8, &more);
        if (at == NULL)
            return NULL;
        if (more == 0) {
            memset(ret + size, 0, capacity - size);
            return at;
        }
        if (size + more >= capacity)
            return weir_read_fail(reader, quote, WEIR_WIRE_LENGTH,
                                  "the string has more than %zu bytes", capacity - 1);
        memcpy(ret + size, utf8, more);
        size += more;
    }
}

/* A member's rest: mostly short, so that a call would cost more. */
static void clear(char *member, size_t from, size_t capacity)
{
    for (; capacity - from >= 8; from += 8)
        weir_store_le(member + from, 0);
    for (; from < capacity; from++)
        member[from] = '\0';
}

const unsigned char *weir_json_read_string(weir_reader *reader, const unsigned char *at, char *ret,
                                           size_t capacity)
{
    const unsigned char *quote = at;
    size_t size = 0;

    if (at == reader->end || *at != '"')
        return wire_json_wrong_type(reader, at, "a string");
    for (at++; reader->end - at >= 8 && size + 8 <= capacity; at += 8, size += 8) {
        uint64_t word = weir_load_le(at), special = special_bytes(word);
        if (special != 0) {
            size_t plain = (size_t)__builtin_ctzll(special) / 8;
            weir_store_le(ret + size, word & weir_byte_mask(plain));
            if (at[plain] != '"')
                return slow_string(reader, quote, at + plain, ret, size + plain, capacity);
            clear(ret, size + 8, capacity);
            return at + plain + 1;
        }
        weir_store_le(ret + size, word);
    }
    return slow_string(reader, quote, at, ret, size, capacity);
}

const unsigned char *weir_json_read_bytes(weir_reader *reader, const unsigned char *at,
                                          uint32_t *ret_size, uint8_t *ret, uint32_t capacity)
{
    wire_base64 base64 = {.ret = ret, .capacity = capacity};
    const unsigned char *quote = at, *before;
    char utf8[4];
    size_t size;

    if (at == reader->end || *at != '"')
        return wire_json_wrong_type(reader, at, "base64 text");
    for (at++;;) {
        before = at;
        at = next_character(reader, at, utf8, &size);
        if (at == NULL)
            return NULL;
        if (size == 0)
            break;
        wire_base64_result result = wire_base64_take(&base64, size == 1 ? (uint32_t)utf8[0] : 0);
        if (result == WIRE_BASE64_MALFORMED)
            return weir_read_fail(reader, before, WEIR_WIRE_MALFORMED, "malformed base64");
        if (result == WIRE_BASE64_LONG)
            return weir_read_fail(reader, quote, WEIR_WIRE_LENGTH, "more than %u bytes", capacity);
    }
    if (!wire_base64_whole(&base64))
        return weir_read_fail(reader, before, WEIR_WIRE_MALFORMED,
                              "malformed base64: its end is missing");
    *ret_size = base64.size;
    return at;
}
