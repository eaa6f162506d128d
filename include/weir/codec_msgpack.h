/* SPDX-License-Identifier: Apache-2.0 */
/* codec_msgpack.h - the MessagePack pieces of generated codecs; included through codec.h. */
#ifndef WEIR_CODEC_MSGPACK_H
#define WEIR_CODEC_MSGPACK_H

#ifndef WEIR_CODEC_H
#error "include <weir/codec.h>"
#endif

/* --- Reading --- */

/* Opens a map of *ret_left entries, an array of min to max items; each takes a level of depth,
 * which weir_msgpack_close gives back. */
WEIR_API const unsigned char *weir_msgpack_slow_map(weir_reader *reader, const unsigned char *at,
                                                    uint32_t *ret_left);
WEIR_API const unsigned char *weir_msgpack_open_array(weir_reader *reader, const unsigned char *at,
                                                      uint32_t min, uint32_t max,
                                                      uint32_t *ret_count);

static inline const unsigned char *
weir_msgpack_open_map(weir_reader *reader, const unsigned char *at, uint32_t *ret_left)
{
    uint32_t left;

    if (WEIR_LIKELY(at != reader->end && (*at & 0xf0) == 0x80 && reader->depth != 0)) {
        *ret_left = *at & 0x0fu;
        reader->depth--;
        return at + 1;
    }
    at = weir_msgpack_slow_map(reader, at, &left);
    *ret_left = left;
    return at;
}

static inline const unsigned char *weir_msgpack_close(weir_reader *reader, const unsigned char *at)
{
    reader->depth++;
    return at;
}

/* Whether the next entry has the key that is expected, given as its bytes; goes past it if so. */
static inline bool weir_msgpack_next(const weir_reader *reader, const unsigned char **at,
                                     uint32_t *left, const char *key, size_t size)
{
    if (*left == 0 || (size_t)(reader->end - *at) < size || memcmp(*at, key, size) != 0)
        return false;
    *at += size;
    --*left;
    return true;
}

/* Reads whatever key comes next. */
WEIR_API const unsigned char *weir_msgpack_read_key(weir_reader *reader, const unsigned char *at,
                                                    weir_text *ret_key);

/* A field of a plain type by its key: the first and the last eight bytes of the key's str, as
 * little-endian words; in a str of fewer bytes both are all of it, zeros behind. */
typedef struct weir_key {
    uint64_t first, last;
    uint64_t refused; /* the bits that a number's eight bytes must not have */
    uint16_t offset;  /* of the member */
    uint8_t head;     /* of a number: 0xcb, 0xcf; of a string of any size: 0xa0 */
    uint8_t size;     /* of a string's member */
    uint8_t field;
    uint8_t least; /* bytes that key and value take */
} weir_key;

/* Keys of at most 15 bytes, each at a slot of its own: (first ^ last turned left by 29) *
 * multiplier, shifted right. */
typedef struct weir_keys {
    const weir_key *slots;
    uint64_t multiplier;
    uint32_t shift, count;
    const unsigned char *(*read_any)(weir_reader *reader, const unsigned char *at, void *value);
} weir_keys;

/* Reads a map: where all fields come, in whatever order and each in its usual form, by the table,
 * else by `read_any`. */
WEIR_API const unsigned char *weir_msgpack_read_map(weir_reader *reader, const unsigned char *at,
                                                    const weir_keys *keys, void *value);

/* Goes past a value of any kind. */
WEIR_API const unsigned char *weir_msgpack_skip(weir_reader *reader, const unsigned char *at);

/* Goes past a nil if there is one. */
static inline bool weir_msgpack_nil(const weir_reader *reader, const unsigned char **at)
{
    if (*at == reader->end || **at != 0xc0)
        return false;
    ++*at;
    return true;
}

WEIR_API const unsigned char *weir_msgpack_read_bool(weir_reader *reader, const unsigned char *at,
                                                     bool *ret);
WEIR_API const unsigned char *weir_msgpack_read_f32(weir_reader *reader, const unsigned char *at,
                                                    float *ret);
WEIR_API const unsigned char *weir_msgpack_slow_f64(weir_reader *reader, const unsigned char *at,
                                                    double *ret);
WEIR_API const unsigned char *weir_msgpack_read_integer(weir_reader *reader,
                                                        const unsigned char *at, int64_t min,
                                                        int64_t max, int64_t *ret);
WEIR_API const unsigned char *weir_msgpack_read_u64(weir_reader *reader, const unsigned char *at,
                                                    uint64_t *ret);
WEIR_API const unsigned char *weir_msgpack_slow_string(weir_reader *reader, const unsigned char *at,
                                                       char *ret, size_t capacity);
WEIR_API const unsigned char *weir_msgpack_read_bytes(weir_reader *reader, const unsigned char *at,
                                                      uint32_t *ret_size, uint8_t *ret,
                                                      uint32_t capacity);
WEIR_API const unsigned char *weir_msgpack_slow_timestamp(weir_reader *reader,
                                                          const unsigned char *at,
                                                          weir_time_form form, int64_t *ret);
WEIR_API const unsigned char *weir_msgpack_read_duration(weir_reader *reader,
                                                         const unsigned char *at, int64_t *ret);
WEIR_API const unsigned char *weir_msgpack_read_date(weir_reader *reader, const unsigned char *at,
                                                     int32_t *ret);
WEIR_API const unsigned char *weir_msgpack_read_enum(weir_reader *reader, const unsigned char *at,
                                                     const weir_type *type, int32_t *ret);

/* A number that may stand as text, of a kind from I8 to F64, into a member of that kind. */
WEIR_API const unsigned char *weir_msgpack_read_text_number(weir_reader *reader,
                                                            const unsigned char *at,
                                                            weir_value_kind kind, void *ret);

/* Eight bytes whose head was compared. */
static inline void weir_msgpack_take_f64(const unsigned char *at, double *ret)
{
    uint64_t bits = weir_load_be(at);
    memcpy(ret, &bits, sizeof bits);
}

static inline void weir_msgpack_take_i64(const unsigned char *at, int64_t *ret)
{
    *ret = (int64_t)weir_load_be(at);
}

static inline const unsigned char *weir_msgpack_read_f64(weir_reader *reader,
                                                         const unsigned char *at, double *ret)
{
    if (WEIR_LIKELY(reader->end - at >= 9 && *at == 0xcb)) {
        uint64_t bits = weir_load_be(at + 1);
        memcpy(ret, &bits, sizeof bits);
        return at + 9;
    }
    return weir_msgpack_slow_f64(reader, at, ret);
}

static inline const unsigned char *weir_msgpack_read_i64(weir_reader *reader,
                                                         const unsigned char *at, int64_t *ret)
{
    return weir_msgpack_read_integer(reader, at, INT64_MIN, INT64_MAX, ret);
}

/* Integers that are narrower than 64 bits. */
#define WEIR_MSGPACK_READ_NARROW(NAME, TYPE, MIN, MAX)                                             \
    static inline const unsigned char *weir_msgpack_read_##NAME(                                   \
        weir_reader *reader, const unsigned char *at, TYPE *ret)                                   \
    {                                                                                              \
        int64_t wide = 0;                                                                          \
        at = weir_msgpack_read_integer(reader, at, MIN, MAX, &wide);                               \
        *ret = (TYPE)wide;                                                                         \
        return at;                                                                                 \
    }
WEIR_MSGPACK_READ_NARROW(i8, int8_t, INT8_MIN, INT8_MAX)
WEIR_MSGPACK_READ_NARROW(i16, int16_t, INT16_MIN, INT16_MAX)
WEIR_MSGPACK_READ_NARROW(i32, int32_t, INT32_MIN, INT32_MAX)
WEIR_MSGPACK_READ_NARROW(u8, uint8_t, 0, UINT8_MAX)
WEIR_MSGPACK_READ_NARROW(u16, uint16_t, 0, UINT16_MAX)
WEIR_MSGPACK_READ_NARROW(u32, uint32_t, 0, UINT32_MAX)
#undef WEIR_MSGPACK_READ_NARROW

/* A short string of ASCII; NULL: it is another. */
static inline const unsigned char *weir_msgpack_take_string(const weir_reader *reader,
                                                            const unsigned char *at, char *ret,
                                                            size_t capacity)
{
    if (WEIR_UNLIKELY(at == reader->end || (*at & 0xe0) != 0xa0 || capacity > 64))
        return NULL;
    size_t size = *at & 0x1fu;
    if (WEIR_UNLIKELY(!weir_copy_ascii(at + 1, reader->end, size, ret, capacity)))
        return NULL;
    return at + 1 + size;
}

static inline const unsigned char *
weir_msgpack_read_string(weir_reader *reader, const unsigned char *at, char *ret, size_t capacity)
{
    const unsigned char *next = weir_msgpack_take_string(reader, at, ret, capacity);

    return WEIR_LIKELY(next != NULL) ? next : weir_msgpack_slow_string(reader, at, ret, capacity);
}

static inline const unsigned char *weir_msgpack_read_timestamp(weir_reader *reader,
                                                               const unsigned char *at,
                                                               weir_time_form form, int64_t *ret)
{
    bool plain = form == WEIR_TIME_NS || form == WEIR_TIME_ISO;
    if (WEIR_LIKELY(plain && reader->end - at >= 9 && *at == 0xcf && at[1] < 0x80)) {
        *ret = (int64_t)weir_load_be(at + 1);
        return at + 9;
    }
    return weir_msgpack_slow_timestamp(reader, at, form, ret);
}

/* --- Writing --- */

WEIR_API unsigned char *weir_msgpack_write_small(unsigned char *at, int64_t value);
WEIR_API unsigned char *weir_msgpack_write_map(unsigned char *at, uint32_t count);
WEIR_API unsigned char *weir_msgpack_write_array(unsigned char *at, uint32_t count);
WEIR_API unsigned char *weir_msgpack_write_text(unsigned char *at, const char *text, size_t size);
WEIR_API unsigned char *weir_msgpack_write_bytes(weir_writer *writer, unsigned char *at,
                                                 const uint8_t *bytes, uint32_t size,
                                                 uint32_t capacity);
WEIR_API unsigned char *weir_msgpack_write_date(weir_writer *writer, unsigned char *at,
                                                int32_t value);
WEIR_API unsigned char *weir_msgpack_write_enum(weir_writer *writer, unsigned char *at,
                                                const weir_type *type, int32_t value);
WEIR_API unsigned char *weir_msgpack_write_text_number(weir_writer *writer, unsigned char *at,
                                                       weir_value_kind kind, const void *value);

static inline unsigned char *weir_msgpack_write_bool(unsigned char *at, bool value)
{
    *at = value ? 0xc3 : 0xc2;
    return at + 1;
}

static inline unsigned char *weir_msgpack_write_f64(unsigned char *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    *at = 0xcb;
    weir_store_be(at + 1, bits);
    return at + 9;
}

static inline unsigned char *weir_msgpack_write_f32(unsigned char *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    *at = 0xca;
    weir_store_be(at + 1, (uint64_t)bits << 32);
    return at + 5;
}

static inline unsigned char *weir_msgpack_write_u64(unsigned char *at, uint64_t value)
{
    if (value <= UINT32_MAX)
        return weir_msgpack_write_small(at, (int64_t)value);
    *at = 0xcf;
    weir_store_be(at + 1, value);
    return at + 9;
}

static inline unsigned char *weir_msgpack_write_i64(unsigned char *at, int64_t value)
{
    return value >= 0 ? weir_msgpack_write_u64(at, (uint64_t)value)
                      : weir_msgpack_write_small(at, value);
}

static inline unsigned char *weir_msgpack_write_string(weir_writer *writer, unsigned char *at,
                                                       const char *text, size_t capacity)
{
    uint64_t odd;
    size_t size = weir_string_size(text, capacity, &odd);

    if (WEIR_UNLIKELY((odd != 0 || size == capacity) &&
                      !weir_check_string(writer, text, size, capacity)))
        return NULL;
    if (capacity > 32)
        return weir_msgpack_write_text(at, text, size);
    *at = (unsigned char)(0xa0 | size);
    memcpy(at + 1, text, capacity);
    return at + 1 + size;
}

/* A struct of fields that weir_msgpack_put_* writes, in whatever form they are. */
WEIR_API WEIR_APART unsigned char *weir_msgpack_write_plain(unsigned char *at, const void *value,
                                                            weir_wire_error *error,
                                                            const weir_type *type);

/* A string of less than 32 bytes, without a branch on its size; *odd is not 0 where it has no end
 * or may not be ASCII. The NUL at its end is not copied. */
static inline unsigned char *weir_msgpack_put_string(unsigned char *at, const char *text,
                                                     size_t capacity, uint64_t *odd)
{
    size_t size = weir_short_size(text, capacity, odd);

    *odd |= size == capacity;
    *at = (unsigned char)(0xa0 | size);
    memcpy(at + 1, text, capacity - 1);
    return at + 1 + size;
}

/* Eight bytes behind a head that stands there. */
static inline unsigned char *weir_msgpack_put_f64(unsigned char *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    weir_store_be(at, bits);
    return at + 8;
}

/* The same for a time that takes them, as all do but those before 1970 and in its first seconds;
 * else *odd is not 0. */
static inline unsigned char *weir_msgpack_put_time(unsigned char *at, int64_t value, uint64_t *odd)
{
    *odd |= value <= UINT32_MAX;
    weir_store_be(at, (uint64_t)value);
    return at + 8;
}

/* The count of a unit, rounded down; a time before 1970 as well. */
static inline int64_t weir_time_units(weir_time_form form, int64_t ns)
{
    static const int64_t units[] = {1, 1000, 1000000, 1000000000, 1};
    int64_t unit = units[form];
    return ns / unit - (ns % unit < 0);
}

#endif
