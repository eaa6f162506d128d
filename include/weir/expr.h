/* SPDX-License-Identifier: Apache-2.0 */
/* expr.h - what generated expressions call: checked arithmetic, conversions, text.
 *
 * A function that can fail answers false and leaves its result as it was, or undefined where it
 * says so; the generated code then fails the firing with a sentence. Texts end in a NUL.
 *
 * Threads: functions here touch only what they are given.
 */
#ifndef WEIR_EXPR_H
#define WEIR_EXPR_H

#include <string.h>

#include <weir/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Values as they are ---
 *
 * For a condition that a compiler would call always true or false: it does not look through a
 * call.
 */

WEIR_API bool weir_as_bool(bool value);
WEIR_API int64_t weir_as_i64(int64_t value);
WEIR_API uint64_t weir_as_u64(uint64_t value);
WEIR_API double weir_as_f64(double value);
WEIR_API const char *weir_as_text(const char *text);

/* --- Arithmetic --- */

static inline bool weir_add_i64(int64_t a, int64_t b, int64_t *ret)
{
    return !__builtin_add_overflow(a, b, ret);
}

static inline bool weir_sub_i64(int64_t a, int64_t b, int64_t *ret)
{
    return !__builtin_sub_overflow(a, b, ret);
}

static inline bool weir_mul_i64(int64_t a, int64_t b, int64_t *ret)
{
    return !__builtin_mul_overflow(a, b, ret);
}

static inline bool weir_div_i64(int64_t a, int64_t b, int64_t *ret)
{
    if (b == 0 || (a == INT64_MIN && b == -1))
        return false;
    *ret = a / b;
    return true;
}

static inline bool weir_mod_i64(int64_t a, int64_t b, int64_t *ret)
{
    if (b == 0 || (a == INT64_MIN && b == -1))
        return false;
    *ret = a % b;
    return true;
}

static inline bool weir_neg_i64(int64_t a, int64_t *ret)
{
    return !__builtin_sub_overflow((int64_t)0, a, ret);
}

static inline bool weir_abs_i64(int64_t a, int64_t *ret)
{
    *ret = a;
    return a >= 0 || weir_neg_i64(a, ret);
}

/* Of a value that was a narrower integer: it cannot overflow. */
static inline int64_t weir_abs_small(int64_t a)
{
    return a < 0 ? -a : a;
}

static inline bool weir_add_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    return !__builtin_add_overflow(a, b, ret);
}

static inline bool weir_sub_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    return !__builtin_sub_overflow(a, b, ret);
}

static inline bool weir_mul_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    return !__builtin_mul_overflow(a, b, ret);
}

static inline bool weir_div_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    *ret = b != 0 ? a / b : 0;
    return b != 0;
}

static inline bool weir_mod_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    *ret = b != 0 ? a % b : 0;
    return b != 0;
}

static inline double weir_abs_f64(double a)
{
    return __builtin_fabs(a);
}

/* The first of equal values; with a NaN the other, or NaN where both are. */
static inline double weir_min_f64(double a, double b)
{
    return b < a || a != a ? b : a;
}

static inline double weir_max_f64(double a, double b)
{
    return b > a || a != a ? b : a;
}

static inline int64_t weir_min_i64(int64_t a, int64_t b)
{
    return b < a ? b : a;
}

static inline int64_t weir_max_i64(int64_t a, int64_t b)
{
    return b > a ? b : a;
}

static inline uint64_t weir_min_u64(uint64_t a, uint64_t b)
{
    return b < a ? b : a;
}

static inline uint64_t weir_max_u64(uint64_t a, uint64_t b)
{
    return b > a ? b : a;
}

/* --- Ranges --- */

static inline bool weir_index_i64(int64_t index, size_t count)
{
    return index >= 0 && (uint64_t)index < count;
}

static inline bool weir_index_u64(uint64_t index, size_t count)
{
    return index < count;
}

static inline bool weir_within(size_t count, size_t least, size_t most)
{
    return count >= least && count <= most;
}

/* weir_u8_from_i64(value, &result) and so on: false where the integer does not hold the value. A
 * double loses its fraction; `low` and `high` are the doubles next beyond what remains in range. */
#define WEIR_EXPR_INTEGERS(X)                                                                      \
    X(i8, int8_t, -129.0, 128.0)                                                                   \
    X(i16, int16_t, -32769.0, 32768.0)                                                             \
    X(i32, int32_t, -2147483649.0, 2147483648.0)                                                   \
    X(i64, int64_t, -0x1p63, 0x1p63)                                                               \
    X(u8, uint8_t, -1.0, 256.0)                                                                    \
    X(u16, uint16_t, -1.0, 65536.0)                                                                \
    X(u32, uint32_t, -1.0, 4294967296.0)                                                           \
    X(u64, uint64_t, -1.0, 0x1p64)

#define WEIR_EXPR_CONVERSIONS(name, type, low, high)                                               \
    static inline bool weir_##name##_from_i64(int64_t value, type *ret)                            \
    {                                                                                              \
        return !__builtin_add_overflow(value, (type)0, ret);                                       \
    }                                                                                              \
    static inline bool weir_##name##_from_u64(uint64_t value, type *ret)                           \
    {                                                                                              \
        return !__builtin_add_overflow(value, (type)0, ret);                                       \
    }                                                                                              \
    static inline bool weir_##name##_from_f64(double value, type *ret)                             \
    {                                                                                              \
        bool good = value > low && value < high;                                                   \
        *ret = good ? (type)value : (type)0;                                                       \
        return good;                                                                               \
    }
WEIR_EXPR_INTEGERS(WEIR_EXPR_CONVERSIONS)
#undef WEIR_EXPR_CONVERSIONS
#undef WEIR_EXPR_INTEGERS

/* Rounds to nearest; false where a finite value would become infinite. */
static inline bool weir_f32_from_f64(double value, float *ret)
{
    bool good = !(value >= 0x1.ffffffp127 || value <= -0x1.ffffffp127) || value - value != 0.0;
    *ret = good ? (float)value : 0.0f;
    return good;
}

/* The whole seconds since 1970 at or before `ns`. */
static inline int64_t weir_seconds(int64_t ns)
{
    return ns / 1000000000 - (ns % 1000000000 < 0);
}

static inline bool weir_timestamp_from_i64(int64_t seconds, int64_t *ret_ns)
{
    return weir_mul_i64(seconds, 1000000000, ret_ns);
}

/* --- Text --- */

static inline bool weir_text_starts_with(const char *text, const char *part)
{
    return strncmp(text, part, strlen(part)) == 0;
}

static inline bool weir_text_contains(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static inline bool weir_bytes_equal(const void *a, size_t a_size, const void *b, size_t b_size)
{
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

/* Below, at or above zero, as memcmp says; where one begins with the other, the shorter is less. */
WEIR_API int weir_bytes_compare(const void *a, size_t a_size, const void *b, size_t b_size);

WEIR_API bool weir_text_ends_with(const char *text, const char *part);
WEIR_API int64_t weir_text_length(const char *text); /* in characters */

/* Fill the `room` bytes of `out` with zeroes behind what they copy; false, and nothing copied: it
 * is too long. Room is for the NUL too. */
WEIR_API bool weir_text_copy(char *out, size_t room, const char *text);
WEIR_API bool weir_text_join(char *out, size_t room, const char *left, const char *right);
WEIR_API bool weir_bytes_copy(void *out, size_t room, const void *data, size_t size);

/* What string(..) writes. `room` suffices for the longest text of the type. */
WEIR_API void weir_text_from_bool(char *out, size_t room, bool value);
WEIR_API void weir_text_from_i64(char *out, size_t room, int64_t value);
WEIR_API void weir_text_from_u64(char *out, size_t room, uint64_t value);
WEIR_API void weir_text_from_f32(char *out, size_t room, float value);
WEIR_API void weir_text_from_f64(char *out, size_t room, double value);
WEIR_API void weir_text_from_timestamp(char *out, size_t room, int64_t ns);
WEIR_API void weir_text_from_duration(char *out, size_t room, int64_t ns);
/* False: the year has not four digits; the bytes are no UTF-8, or hold a NUL. */
WEIR_API bool weir_text_from_date(char *out, size_t room, int32_t days);
WEIR_API bool weir_text_from_bytes(char *out, size_t room, const void *data, size_t size);

/* What int(..) and its like read; false: the text is none, or out of range. */
WEIR_API bool weir_bool_from_text(const char *text, bool *ret);
WEIR_API bool weir_i64_from_text(const char *text, int64_t *ret);
WEIR_API bool weir_u64_from_text(const char *text, uint64_t *ret);
WEIR_API bool weir_f64_from_text(const char *text, double *ret);
WEIR_API bool weir_timestamp_from_text(const char *text, int64_t *ret_ns);
WEIR_API bool weir_duration_from_text(const char *text, int64_t *ret_ns);

#ifdef __cplusplus
}
#endif

#endif
