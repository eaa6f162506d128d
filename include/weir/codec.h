/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - what generated codecs are made of; included by generated C alone.
 *
 * Reading: `at` goes from function to function, which return the byte after what they read, or NULL
 * once the reader's error is set. Nothing is read at or beyond reader->end. Writing: the caller has
 * reserved the type's largest size and WEIR_WRITE_SLACK, so that pieces are stored by whole words.
 * What a well-behaved sender sends is read inline; all else goes to wire/.
 */
#ifndef WEIR_CODEC_H
#define WEIR_CODEC_H

#include <string.h>
#include <weir/wire.h>

#define WEIR_LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define WEIR_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum {
    WEIR_READ_SCRATCH = 256, /* escaped texts that are not strings: keys, numbers, enums, times */
    WEIR_WRITE_SLACK = 64,
};

typedef struct weir_reader {
    const unsigned char *start;
    const unsigned char *end;
    weir_wire_error *error;
    uint32_t depth; /* levels that may still be opened */
    char scratch[WEIR_READ_SCRATCH];
} weir_reader;

typedef struct weir_writer {
    weir_wire_error *error;
    bool lenient; /* for people: NaN and bad values are written somehow */
} weir_writer;

/* A key or another short text; `data` is NULL for a key that is no string, and after the last. */
typedef struct weir_text {
    const char *data;
    size_t size;
} weir_text;

/* --- Failing (all return NULL) --- */

#define WEIR_COLD  __attribute__((cold, noinline))
#define WEIR_APART __attribute__((noinline)) /* keeps a caller's own way short */

WEIR_API WEIR_COLD void *weir_read_fail(weir_reader *reader, const unsigned char *at,
                                        weir_wire_fault fault, const char *format, ...)
    WEIR_PRINTF(4, 5);
WEIR_API WEIR_COLD void *weir_write_fail(weir_writer *writer, weir_wire_fault fault,
                                         const char *format, ...) WEIR_PRINTF(3, 4);
WEIR_API WEIR_COLD void *weir_read_truncated(weir_reader *reader);

/* Put `field` or the item's index before the error's path. */
WEIR_API WEIR_COLD void *weir_in_field(weir_wire_error *error, const char *field);
WEIR_API WEIR_COLD void *weir_in_item(weir_wire_error *error, uint32_t index);

/* A field came a second time; a required one not at all. */
WEIR_API WEIR_COLD void *weir_read_twice(weir_reader *reader, const unsigned char *at);
WEIR_API WEIR_COLD void *weir_read_missing(weir_reader *reader, const unsigned char *at,
                                           const weir_type *type, const uint64_t *seen);

/* --- Words --- */

static inline uint64_t weir_load_le(const void *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

static inline uint64_t weir_load_be(const void *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(word) : word;
}

static inline void weir_store_le(void *to, uint64_t word)
{
    word = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
    memcpy(to, &word, sizeof word);
}

static inline void weir_store_be(void *to, uint64_t word)
{
    word = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(word) : word;
    memcpy(to, &word, sizeof word);
}

#define WEIR_BYTE_ONES  0x0101010101010101u
#define WEIR_BYTE_HIGHS 0x8080808080808080u

/* The high bit of each byte of `word` that is zero; exact up to the first such byte. */
static inline uint64_t weir_zero_bytes(uint64_t word)
{
    return (word - WEIR_BYTE_ONES) & ~word & WEIR_BYTE_HIGHS;
}

/* The low `size` bytes of a word set. */
static inline uint64_t weir_byte_mask(size_t size)
{
    return size >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * size)) - 1;
}

/* --- Strings --- */

/* 64 bytes of ones, 64 of zeros: a mask of any size is a load from their border. */
WEIR_API extern const unsigned char weir_byte_masks[128];

/* Checks `size` bytes (UTF-8, no NUL) and copies them into a member of `capacity` bytes, zeros
 * behind. */
WEIR_API const unsigned char *weir_read_text(weir_reader *reader, const unsigned char *at,
                                             size_t size, char *ret, size_t capacity);

/* As weir_copy_ascii, for bytes behind which too little follows. */
WEIR_API bool weir_copy_last(const unsigned char *from, size_t size, char *ret, size_t capacity);

/* Copies `size` bytes that are ASCII without NUL by whole words, without a branch that depends on
 * them; capacity is at most 64. False: they are not, and `ret` is half written. */
static inline bool weir_copy_ascii(const unsigned char *from, const unsigned char *end, size_t size,
                                   char *ret, size_t capacity)
{
    uint64_t odd = 0;
    size_t i;

    if (WEIR_UNLIKELY(size >= capacity || size > (size_t)(end - from)))
        return false;
    if (WEIR_UNLIKELY((size_t)(end - from) < (capacity & ~(size_t)7)))
        return weir_copy_last(from, size, ret, capacity);
    for (i = 0; i + 8 <= capacity; i += 8) {
        uint64_t mask = weir_load_le(weir_byte_masks + 64 - size + i);
        uint64_t word = weir_load_le(from + i) & mask;
        /* A byte from 1 to 127 stays below 128 in both, and borrows from none. */
        odd |= (word - (WEIR_BYTE_ONES & mask)) | word;
        weir_store_le(ret + i, word);
    }
    odd &= WEIR_BYTE_HIGHS;
    for (; i < capacity; i++) {
        unsigned char byte = i < size ? from[i] : 0;
        odd |= i < size && (byte == 0 || byte >= 0x80);
        ret[i] = (char)byte;
    }
    return odd == 0;
}

/* The size of a zero-padded string, its capacity when it has no NUL; *odd is not 0 where it is not
 * all ASCII. */
static inline size_t weir_string_size(const char *text, size_t capacity, uint64_t *odd)
{
    size_t i = 0;

    *odd = 0;
    for (; i + 8 <= capacity; i += 8) {
        uint64_t word = weir_load_le(text + i), zeros = weir_zero_bytes(word);
        if (zeros != 0) {
            size_t size = (size_t)__builtin_ctzll(zeros) / 8;
            *odd |= word & weir_byte_mask(size) & WEIR_BYTE_HIGHS;
            return i + size;
        }
        *odd |= word & WEIR_BYTE_HIGHS;
    }
    for (; i < capacity && text[i] != '\0'; i++)
        *odd |= (unsigned char)text[i] & 0x80u;
    return i;
}

/* A bit for each NUL of 8 and of 16 bytes, exact up to the first; *odd is not 0 where one of them
 * is not ASCII. */
static inline uint64_t weir_nul_bits_8(const char *text, uint64_t *odd)
{
    uint64_t word = weir_load_le(text);

    *odd |= word & WEIR_BYTE_HIGHS;
    return (weir_zero_bytes(word) >> 7) * 0x0102040810204080u >> 56;
}

static inline uint64_t weir_nul_bits_16(const char *text, uint64_t *odd)
{
#ifdef __SSE2__
    typedef char bytes __attribute__((vector_size(16)));
    bytes all;

    memcpy(&all, text, sizeof all);
    *odd |= (unsigned)__builtin_ia32_pmovmskb128(all);
    return (unsigned)__builtin_ia32_pmovmskb128(all == 0);
#else
    return weir_nul_bits_8(text, odd) | weir_nul_bits_8(text + 8, odd) << 8;
#endif
}

/* As weir_string_size, of a capacity of 2 to 32 and without a branch on the size. */
static inline size_t weir_short_size(const char *text, size_t capacity, uint64_t *odd)
{
    uint64_t ends = (uint64_t)1 << capacity;

    if (capacity >= 16)
        ends |= weir_nul_bits_16(text, odd) | weir_nul_bits_16(text + capacity - 16, odd)
                                                  << (capacity - 16);
    else if (capacity >= 8)
        ends |= weir_nul_bits_8(text, odd) | weir_nul_bits_8(text + capacity - 8, odd)
                                                 << (capacity - 8);
    for (size_t i = 0; capacity < 8 && i < capacity; i++) {
        ends |= (uint64_t)(text[i] == '\0') << i;
        *odd |= (unsigned char)text[i] & 0x80u;
    }
    return (size_t)__builtin_ctzll(ends);
}

/* Fails unless the string of a member ends within it and is UTF-8. */
WEIR_API bool weir_check_string(weir_writer *writer, const char *text, size_t size,
                                size_t capacity);

/* Copies `size` known bytes: a key with what stands around it. */
static inline unsigned char *weir_put(unsigned char *at, const char *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

/* The same where they are followed by `room` - `size` that will be written over: a word or two are
 * one store, and stores are what a writer waits for. */
static inline unsigned char *weir_put_wide(unsigned char *at, const char *bytes, size_t size,
                                           size_t room)
{
    memcpy(at, bytes, room);
    return at + size;
}

/* Sets the bit of a field; true: it was set before. */
static inline bool weir_seen(uint64_t *seen, uint64_t bit)
{
    bool before = (*seen & bit) != 0;
    *seen |= bit;
    return before;
}

#include <weir/codec_json.h>
#include <weir/codec_msgpack.h>

#endif
