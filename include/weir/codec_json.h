/* SPDX-License-Identifier: Apache-2.0 */
/* codec_json.h - the JSON pieces of generated codecs; included through codec.h. */
#ifndef WEIR_CODEC_JSON_H
#define WEIR_CODEC_JSON_H

#ifndef WEIR_CODEC_H
#error "include <weir/codec.h>"
#endif

/* --- Reading --- */

/* Checks that an object begins here, which takes a level of depth until weir_json_close. Its '{'
 * stays unread: it stands before the first key as a ',' stands before the others. */
WEIR_API const unsigned char *weir_json_open_object(weir_reader *reader, const unsigned char *at);

/* Goes past white space: a value is read from its first byte. */
WEIR_API const unsigned char *weir_json_space(const weir_reader *reader, const unsigned char *at);

static inline const unsigned char *weir_json_close(weir_reader *reader, const unsigned char *at)
{
    reader->depth++;
    return at;
}

/* Whether the expected key comes next, given with its '{' or ',', quotes and colon, behind which
 * there may be a space each; goes past it and the spaces behind it if so. */
WEIR_API const unsigned char *weir_json_slow_next(const weir_reader *reader,
                                                  const unsigned char *at, const char *key,
                                                  size_t size);

static inline bool weir_json_next(const weir_reader *reader, const unsigned char **at,
                                  const char *key, size_t size)
{
    if (WEIR_LIKELY((size_t)(reader->end - *at) > size && memcmp(*at, key, size) == 0 &&
                    (*at)[size] > ' ')) {
        *at += size;
        return true;
    }
    const unsigned char *next = weir_json_slow_next(reader, *at, key, size);
    if (next != NULL)
        *at = next;
    return next != NULL;
}

/* Reads whatever comes next: `before` and a key with its colon, or the object's end, a key without
 * data. */
WEIR_API const unsigned char *weir_json_read_key(weir_reader *reader, const unsigned char *at,
                                                 unsigned char before, weir_text *ret_key);

/* Opens an array of at most `max` items; before each item, whether there is one more (goes past the
 * comma or the closing bracket, *at is NULL on failure). weir_json_close_array checks the count. */
WEIR_API const unsigned char *weir_json_open_array(weir_reader *reader, const unsigned char *at);
WEIR_API bool weir_json_item(weir_reader *reader, const unsigned char **at, uint32_t count,
                             uint32_t max);
WEIR_API const unsigned char *weir_json_close_array(weir_reader *reader, const unsigned char *array,
                                                    const unsigned char *at, uint32_t count,
                                                    uint32_t min);

WEIR_API const unsigned char *weir_json_skip(weir_reader *reader, const unsigned char *at);

/* Goes past a null if there is one. */
static inline bool weir_json_null(const weir_reader *reader, const unsigned char **at)
{
    if (reader->end - *at < 4 || memcmp(*at, "null", 4) != 0)
        return false;
    *at += 4;
    return true;
}

WEIR_API const unsigned char *weir_json_read_bool(weir_reader *reader, const unsigned char *at,
                                                  bool *ret);
WEIR_API const unsigned char *weir_json_read_f64(weir_reader *reader, const unsigned char *at,
                                                 double *ret);
WEIR_API const unsigned char *weir_json_read_f32(weir_reader *reader, const unsigned char *at,
                                                 float *ret);
WEIR_API const unsigned char *weir_json_read_integer(weir_reader *reader, const unsigned char *at,
                                                     int64_t min, int64_t max, int64_t *ret);
WEIR_API const unsigned char *weir_json_read_u64(weir_reader *reader, const unsigned char *at,
                                                 uint64_t *ret);
WEIR_API const unsigned char *weir_json_read_string(weir_reader *reader, const unsigned char *at,
                                                    char *ret, size_t capacity);
WEIR_API const unsigned char *weir_json_read_bytes(weir_reader *reader, const unsigned char *at,
                                                   uint32_t *ret_size, uint8_t *ret,
                                                   uint32_t capacity);
WEIR_API const unsigned char *weir_json_read_timestamp(weir_reader *reader, const unsigned char *at,
                                                       weir_time_form form, int64_t *ret);
WEIR_API const unsigned char *weir_json_read_duration(weir_reader *reader, const unsigned char *at,
                                                      int64_t *ret);
WEIR_API const unsigned char *weir_json_read_date(weir_reader *reader, const unsigned char *at,
                                                  int32_t *ret);
WEIR_API const unsigned char *weir_json_read_enum(weir_reader *reader, const unsigned char *at,
                                                  const weir_type *type, int32_t *ret);
WEIR_API const unsigned char *weir_json_read_text_number(weir_reader *reader,
                                                         const unsigned char *at,
                                                         weir_value_kind kind, void *ret);

static inline const unsigned char *weir_json_read_i64(weir_reader *reader, const unsigned char *at,
                                                      int64_t *ret)
{
    return weir_json_read_integer(reader, at, INT64_MIN, INT64_MAX, ret);
}

/* Integers that are narrower than 64 bits. */
#define WEIR_JSON_READ_NARROW(NAME, TYPE, MIN, MAX)                                                \
    static inline const unsigned char *weir_json_read_##NAME(weir_reader *reader,                  \
                                                             const unsigned char *at, TYPE *ret)   \
    {                                                                                              \
        int64_t wide = 0;                                                                          \
        at = weir_json_read_integer(reader, at, MIN, MAX, &wide);                                  \
        *ret = (TYPE)wide;                                                                         \
        return at;                                                                                 \
    }
WEIR_JSON_READ_NARROW(i8, int8_t, INT8_MIN, INT8_MAX)
WEIR_JSON_READ_NARROW(i16, int16_t, INT16_MIN, INT16_MAX)
WEIR_JSON_READ_NARROW(i32, int32_t, INT32_MIN, INT32_MAX)
WEIR_JSON_READ_NARROW(u8, uint8_t, 0, UINT8_MAX)
WEIR_JSON_READ_NARROW(u16, uint16_t, 0, UINT16_MAX)
WEIR_JSON_READ_NARROW(u32, uint32_t, 0, UINT32_MAX)
#undef WEIR_JSON_READ_NARROW

/* --- Writing --- */

WEIR_API unsigned char *weir_json_write_bool(unsigned char *at, bool value);
WEIR_API unsigned char *weir_json_write_i64(unsigned char *at, int64_t value);
WEIR_API unsigned char *weir_json_write_u64(unsigned char *at, uint64_t value);
WEIR_API unsigned char *weir_json_write_f64(weir_writer *writer, unsigned char *at, double value);
WEIR_API unsigned char *weir_json_write_f32(weir_writer *writer, unsigned char *at, float value);
WEIR_API unsigned char *weir_json_write_string(weir_writer *writer, unsigned char *at,
                                               const char *text, size_t capacity);
WEIR_API unsigned char *weir_json_write_bytes(weir_writer *writer, unsigned char *at,
                                              const uint8_t *bytes, uint32_t size,
                                              uint32_t capacity);
WEIR_API unsigned char *weir_json_write_timestamp(unsigned char *at, weir_time_form form,
                                                  int64_t value);
WEIR_API unsigned char *weir_json_write_date(weir_writer *writer, unsigned char *at, int32_t value);
WEIR_API unsigned char *weir_json_write_enum(weir_writer *writer, unsigned char *at,
                                             const weir_type *type, int32_t value);
WEIR_API unsigned char *weir_json_write_text_number(weir_writer *writer, unsigned char *at,
                                                    weir_value_kind kind, const void *value);

/* Ends an object or array whose fields or items all began with a comma: the first one becomes
 * `open`. */
static inline unsigned char *weir_json_end(unsigned char *start, unsigned char *at, char open,
                                           char close)
{
    *start = (unsigned char)open;
    at += at == start;
    *at = (unsigned char)close;
    return at + 1;
}

#endif
