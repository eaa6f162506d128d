/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.c - reads numbers exactly.
 *
 * Three ways, each for what the one before cannot do. (1) Up to 2^53 times or by a power of ten
 * that a double holds exactly: one operation, which rounds once (Clinger 1990). (2) The product of
 * the mantissa and the 128 leading bits of the power decides the rounding unless it lies too near
 * to a tie (Eisel and Lemire 2021). (3) The C library reads the digits, at most as many as can
 * matter.
 */
#include "wire/decimal.h"

#include <weir/codec.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum {
    EXPONENT_LIMIT = 100000000, /* no message is long enough to make up for more */
    MANTISSA_DIGITS = 19,
    DECIDING_DIGITS = 800, /* a tie between doubles has at most 767 */
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* --- Scanning --- */

/* The value of eight digits, the first in the low byte. */
static uint64_t eight_digits(uint64_t digits)
{
    digits = digits * 10 + (digits >> 8);
    return (((digits & 0x000000ff000000ffu) * 0x000f424000000064u) +
            (((digits >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u)) >>
           32;
}

static const uint64_t small_powers[] = {1,      10,      100,      1000,     10000,
                                        100000, 1000000, 10000000, 100000000};

/* The high bit of each byte of `digits` (a word ^ '0's) that is no digit; exact up to the first,
 * and beyond it up to the next where that is a point. */
static inline uint64_t other_bytes(uint64_t digits)
{
    return ((digits + 0x7676767676767676u) | digits) & WEIR_BYTE_HIGHS;
}

/* The digits among the eight bytes of `word`, up to the first other byte: their number and value.
 * No branch depends on how many there are. */
static inline unsigned digits_of(uint64_t word, uint64_t *ret_value)
{
    uint64_t digits = word ^ 0x3030303030303030u, others = other_bytes(digits);
    unsigned count = others != 0 ? (unsigned)__builtin_ctzll(others) / 8 : 8;

    *ret_value = count != 0 ? eight_digits(digits << (64 - 8 * count)) : 0;
    return count;
}

static inline unsigned leading_digits(const char *at, uint64_t *ret_value)
{
    return digits_of(weir_load_le(at), ret_value);
}

/* Goes on with a run of digits; the mantissa may overflow, which `recount` puts right. */
static const char *scan_digits(const char *at, const char *end, uint64_t *mantissa)
{
    while (end - at >= 8) {
        uint64_t value;
        unsigned count = leading_digits(at, &value);
        *mantissa = *mantissa * small_powers[count] + value;
        at += count;
        if (count < 8)
            return at;
    }
    for (; at < end && is_digit(*at); at++)
        *mantissa = *mantissa * 10 + (uint64_t)(*at - '0');
    return at;
}

/* The same for all of a run. Its last few bytes at the end are those of a word that ends there. */
static inline const char *scan_integer(const char *at, const char *end, uint64_t *ret)
{
    uint64_t value;
    unsigned count = 8;

    *ret = 0;
    if (end - at < 8)
        return scan_digits(at, end, ret);
    for (; end - at >= 8 && count == 8; at += count) {
        count = leading_digits(at, &value);
        *ret = *ret * small_powers[count] + value;
    }
    if (count < 8 || at == end)
        return at;
    count = digits_of(weir_load_le(end - 8) >> (8 * (8 - (end - at))), &value);
    *ret = *ret * small_powers[count] + value;
    return at + count;
}

const char *wire_integer_short(const char *at, const char *end, int64_t *ret)
{
    const char *start = at;
    uint64_t value = 0;

    at = scan_integer(at, end, &value);
    if (at == start)
        return NULL;
    *ret = (int64_t)value;
    bool fits = at - start <= 19 && value <= INT64_MAX && (*start != '0' || at - start == 1);
    return fits ? at : NULL;
}

static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* The first eight bytes, zeros behind the end. */
static inline uint64_t first_word(const char *at, const char *end)
{
    uint64_t word = 0;

    if (end - at >= 8)
        return weir_load_le(at);
    for (unsigned i = 0; at < end; at++, i += 8)
        word |= (uint64_t)(unsigned char)*at << i;
    return word;
}

/* Up to seven digits in a word, the point among them, which is taken out; how many bytes they are,
 * 0: it is another number, or none. */
static inline unsigned within_a_word(uint64_t word, double *ret)
{
    uint64_t digits = word ^ 0x3030303030303030u, others = other_bytes(digits);

    if (others == 0)
        return 0;
    unsigned whole = (unsigned)__builtin_ctzll(others) / 8, all = whole, point = 0;
    if (whole == 0 || ((word & 0xff) == '0' && whole > 1))
        return 0;
    if (WEIR_LIKELY((word >> (8 * whole) & 0xff) == '.')) {
        uint64_t behind = others & (others - 1), before = weir_byte_mask(whole);
        if (behind == 0)
            return 0;
        all = (unsigned)__builtin_ctzll(behind) / 8 - 1;
        digits = (digits & before) | ((digits >> 8) & ~before);
        point = 1;
        if (all == whole)
            return 0;
    }
    if ((word >> (8 * (all + point)) & 0xdf) == 'E')
        return 0;
    *ret = (double)(int64_t)eight_digits(digits << (64 - 8 * all)) / exact[all - whole];
    return all + point;
}

static const char *within_two_words(const char *at, double *ret)
{
    uint64_t whole, fraction = 0;
    unsigned places = 0;

    unsigned count = leading_digits(at, &whole);
    if (count == 0 || count == 8 || (*at == '0' && count > 1))
        return NULL;
    at += count;
    if (*at == '.') {
        places = leading_digits(at + 1, &fraction);
        if (places == 0 || places == 8)
            return NULL;
        at += 1 + places;
    }
    if ((*at | 0x20) == 'e')
        return NULL;
    *ret = (double)(int64_t)(whole * small_powers[places] + fraction) / exact[places];
    return at;
}

/* With a sign, at the end of the bytes, or longer than a word. */
static WEIR_APART const char *short_otherwise(const char *at, const char *end, double *ret)
{
    bool negative = at < end && *at == '-';

    at += negative;
    unsigned size = within_a_word(first_word(at, end), ret);
    const char *next = at + size;
    if (size == 0)
        next = end - at >= 20 ? within_two_words(at, ret) : NULL;
    if (negative && next != NULL)
        *ret = -*ret;
    return next;
}

const char *wire_decimal_short(const char *at, const char *end, double *ret)
{
    unsigned size = WEIR_LIKELY(end - at >= 8) ? within_a_word(weir_load_le(at), ret) : 0;

    return WEIR_LIKELY(size != 0) ? at + size : short_otherwise(at, end, ret);
}

/* The mantissa of more than 19 digits: leading zeros do not count, what is cut off does. */
static void recount(wire_decimal *decimal)
{
    const char *at = decimal->digits;
    int count = 0;
    bool point = false;

    decimal->mantissa = 0;
    decimal->exponent = decimal->written_exponent;
    for (; at < decimal->digits_end; at++) {
        if (*at == '.') {
            point = true;
        } else if (count < MANTISSA_DIGITS) {
            decimal->mantissa = decimal->mantissa * 10 + (uint64_t)(*at - '0');
            count += decimal->mantissa != 0;
            decimal->exponent -= point;
        } else {
            decimal->cut |= *at != '0';
            decimal->exponent += !point;
        }
    }
}

static const char *scan_exponent(const char *at, const char *end, int64_t *ret, const char **fault)
{
    bool negative = false;
    int64_t exponent = 0;

    if (at < end && (*at == '+' || *at == '-'))
        negative = *at++ == '-';
    *fault = at;
    if (at == end || !is_digit(*at))
        return NULL;
    for (; at < end && is_digit(*at); at++)
        if (exponent < EXPONENT_LIMIT)
            exponent = exponent * 10 + (*at - '0');
    *ret = negative ? -exponent : exponent;
    return at;
}

const char *wire_decimal_scan(const char *at, const char *end, wire_decimal *ret,
                              const char **at_fault)
{
    uint64_t mantissa = 0;
    ptrdiff_t fraction = 0, count;

    ret->negative = at < end && *at == '-';
    at += ret->negative;
    *at_fault = ret->digits = at;
    if (at == end || !is_digit(*at))
        return NULL;
    at = *at == '0' ? at + 1 : scan_digits(at, end, &mantissa);
    count = at - ret->digits;
    if (at < end && *at == '.') {
        const char *point = ++at;
        at = scan_digits(at, end, &mantissa);
        *at_fault = at;
        if (at == point)
            return NULL;
        fraction = at - point;
        count += fraction;
    }
    ret->digits_end = at;
    ret->written_exponent = 0;
    if (at < end && (*at | 0x20) == 'e') {
        at = scan_exponent(at + 1, end, &ret->written_exponent, at_fault);
        if (at == NULL)
            return NULL;
    }
    ret->mantissa = mantissa;
    ret->exponent = ret->written_exponent - fraction;
    ret->cut = false;
    if (count > MANTISSA_DIGITS)
        recount(ret);
    return at;
}

/* --- To integers --- */

static wire_integer_result add_digit(uint64_t *sum, unsigned digit)
{
    return __builtin_mul_overflow(*sum, 10, sum) || __builtin_add_overflow(*sum, digit, sum)
               ? WIRE_INTEGER_RANGE
               : WIRE_INTEGER_OK;
}

/* Digit by digit, each at its place: 10^place. */
static wire_integer_result integer_slowly(const wire_decimal *decimal, uint64_t *sum)
{
    const char *point =
        memchr(decimal->digits, '.', (size_t)(decimal->digits_end - decimal->digits));
    int64_t place = (point != NULL ? point : decimal->digits_end) - decimal->digits - 1 +
                    decimal->written_exponent;

    *sum = 0;
    for (const char *at = decimal->digits; at < decimal->digits_end; at++) {
        if (at == point)
            continue;
        if (place < 0 && *at != '0')
            return WIRE_INTEGER_FRACTION;
        if (place >= 0 && add_digit(sum, (unsigned)(*at - '0')) != WIRE_INTEGER_OK)
            return WIRE_INTEGER_RANGE;
        place--;
    }
    for (; place >= 0 && *sum != 0; place--)
        if (add_digit(sum, 0) != WIRE_INTEGER_OK)
            return WIRE_INTEGER_RANGE;
    return WIRE_INTEGER_OK;
}

wire_integer_result wire_decimal_integer(const wire_decimal *decimal, uint64_t *ret_magnitude)
{
    if (decimal->exponent != 0 || decimal->cut)
        return integer_slowly(decimal, ret_magnitude);
    *ret_magnitude = decimal->mantissa;
    return WIRE_INTEGER_OK;
}

/* --- To floats --- */

/* What tells a float from a double. */
typedef struct float_shape {
    int mantissa_bits; /* stored ones */
    int bias;
    int max_exponent; /* the field of infinity */
} float_shape;

static const float_shape shape_f64 = {52, 1023, 0x7ff};
static const float_shape shape_f32 = {23, 127, 0xff};

/* Way 2. False: too near to a tie, subnormal or beyond the largest. */
static bool by_product(const float_shape *shape, uint64_t mantissa, int64_t exponent,
                       uint64_t *ret_bits)
{
    if (exponent < WIRE_POWER_FIRST || exponent > WIRE_POWER_LAST)
        return false;
    wire_power power = wire_powers[exponent - WIRE_POWER_FIRST];
    int zeros = __builtin_clzll(mantissa), drop = 61 - shape->mantissa_bits;
    uint64_t scaled = mantissa << zeros, rest = ((uint64_t)1 << drop) - 1;
    wide product = (wide)scaled * power.high;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;

    if ((high & rest) == rest && low + scaled < scaled) {
        wide more = (wide)scaled * power.low;
        wide merged = product + (uint64_t)(more >> 64);
        high = (uint64_t)(merged >> 64);
        low = (uint64_t)merged;
        if ((high & rest) == rest && low + 1 == 0 && (uint64_t)more + scaled < scaled)
            return false;
    }
    int top = (int)(high >> 63);
    uint64_t rounded = high >> (top + drop);
    int64_t field = ((217706 * exponent) >> 16) + 64 + shape->bias - zeros - (1 ^ top);
    if (low == 0 && (high & rest) == 0 && (rounded & 3) == 1)
        return false;
    rounded = (rounded + (rounded & 1)) >> 1;
    if (rounded >> (shape->mantissa_bits + 1) != 0) {
        rounded >>= 1;
        field++;
    }
    if (field < 1 || field >= shape->max_exponent)
        return false;
    *ret_bits = (uint64_t)field << shape->mantissa_bits |
                (rounded & (((uint64_t)1 << shape->mantissa_bits) - 1));
    return true;
}

/* Way 2 for a mantissa that was cut: both of its neighbours must come out the same. */
static bool by_products(const float_shape *shape, const wire_decimal *decimal, uint64_t *ret_bits)
{
    uint64_t above;

    return by_product(shape, decimal->mantissa, decimal->exponent, ret_bits) &&
           (!decimal->cut || (by_product(shape, decimal->mantissa + 1, decimal->exponent, &above) &&
                              above == *ret_bits));
}

/* Way 3's text: the significant digits, one more for all that are cut off, and an exponent. */
static void normal_text(const wire_decimal *decimal, char *text, size_t size)
{
    char *to = text;
    int64_t exponent = decimal->written_exponent;
    bool point = false, sticky = false;

    for (const char *at = decimal->digits; at < decimal->digits_end; at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        if (to - text < DECIDING_DIGITS) {
            if (*at != '0' || to != text)
                *to++ = *at;
            exponent -= point;
        } else {
            sticky |= *at != '0';
            exponent += !point;
        }
    }
    if (sticky) {
        *to++ = '1';
        exponent--;
    }
    snprintf(to, size - (size_t)(to - text), "e%lld", (long long)exponent);
}

/* Way 3. The locale "C" is a static object of the C library's: taking it allocates nothing. */
static void by_library(const wire_decimal *decimal, double *ret_f64, float *ret_f32)
{
    char text[DECIDING_DIGITS + 32];
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    normal_text(decimal, text, sizeof text);
    if (ret_f64 != NULL)
        *ret_f64 = strtod_l(text, NULL, plain);
    else
        *ret_f32 = strtof_l(text, NULL, plain);
    freelocale(plain);
}

double wire_decimal_f64(const wire_decimal *decimal)
{
    double value;
    uint64_t bits;

    if (decimal->mantissa <= (uint64_t)1 << 53 && decimal->exponent >= -22 &&
        decimal->exponent <= 22 && !decimal->cut) {
        value = (double)decimal->mantissa;
        if (decimal->exponent < 0)
            value /= exact[-decimal->exponent];
        else
            value *= exact[decimal->exponent];
    } else if (decimal->mantissa == 0) {
        value = 0;
    } else if (by_products(&shape_f64, decimal, &bits)) {
        memcpy(&value, &bits, sizeof value);
    } else {
        by_library(decimal, &value, NULL);
    }
    return decimal->negative ? -value : value;
}

float wire_decimal_f32(const wire_decimal *decimal)
{
    float value;
    uint64_t bits;

    if (decimal->mantissa == 0) {
        value = 0;
    } else if (by_products(&shape_f32, decimal, &bits)) {
        uint32_t half = (uint32_t)bits;
        memcpy(&value, &half, sizeof value);
    } else {
        by_library(decimal, NULL, &value);
    }
    return decimal->negative ? -value : value;
}
