/* SPDX-License-Identifier: Apache-2.0 */
/* shortest.c - prints floating-point numbers in the fewest digits that read back the same.
 *
 * The algorithm is Schubfach (Giulietti 2020): of the multiples of 10^k and of 10^(k+1) that lie
 * within half a unit of the number, with 10^k just below that unit, the shorter and then the nearer
 * one. All are compared on four times the number, scaled by 10^-k and rounded to odd.
 */
#include "wire/decimal.h"

#include <weir/codec.h>

#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

typedef struct digits {
    uint64_t digits;
    int exponent;
} digits;

/* 10^e rounded up to 128 bits; what is exact stays as it is. */
static wire_power power_above(int e)
{
    wire_power power = wire_powers[e - WIRE_POWER_FIRST];

    if (e < 0 || e > 55) {
        power.low++;
        power.high += power.low == 0;
    }
    return power;
}

static uint64_t round_to_odd(wire_power power, uint64_t x)
{
    wide low = (wide)power.low * x;
    wide sum = (wide)power.high * x + (uint64_t)(low >> 64);

    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* The shortest decimal for c * 2^q. `closer`: the float below is only half as far as the one
 * above. */
static digits shortest(uint64_t c, int q, bool closer)
{
    bool odd = (c & 1) != 0;
    int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
    int shift = q + ((-k * 1741647) >> 19) + 1;
    wire_power power = power_above(-k);
    uint64_t lower = round_to_odd(power, (4 * c - 2 + closer) << shift) + odd;
    uint64_t middle = round_to_odd(power, (4 * c) << shift);
    uint64_t upper = round_to_odd(power, (4 * c + 2) << shift) - odd;
    uint64_t s = middle / 4, ten = s / 10;

    if (s >= 10) {
        bool below = lower <= 40 * ten, above = 40 * ten + 40 <= upper;
        if (below != above)
            return (digits){ten + above, k + 1};
    }
    bool below = lower <= 4 * s, above = 4 * s + 4 <= upper;
    if (below != above)
        return (digits){s + above, k};
    uint64_t half = 4 * s + 2;
    bool up = middle > half || (middle == half && (s & 1) != 0);
    return (digits){s + up, k};
}

/* --- Digits to text --- */

static const char pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

static const uint64_t zeros = 0x3030303030303030;

static int count_digits(uint64_t value)
{
    static const uint64_t powers[] = {0,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000,
                                      100000000000000000,
                                      1000000000000000000,
                                      10000000000000000000u};
    int guess = (64 - __builtin_clzll(value | 1)) * 1233 >> 12;
    return guess + (value >= powers[guess]);
}

/* Writes the last `count` digits of `value` so that they end before `end`. */
static void put_digits(char *end, uint64_t value, int count)
{
    for (; count >= 2; count -= 2) {
        end -= 2;
        memcpy(end, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (count == 1)
        end[-1] = (char)('0' + value % 10);
}

/* Eight digits in a word, the first in its low byte: by halves, quarters, and then all at once. */
static uint64_t eight_digits(uint64_t value)
{
    uint64_t halves = value / 10000 | value % 10000 << 32;
    uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007f0000007fu;
    uint64_t quarters = hundreds | (halves - 100 * hundreds) << 16;
    uint64_t tens = (quarters * 103 >> 10) & 0x000f000f000f000fu;

    return tens | (quarters - 10 * tens) << 8;
}

static char *put_eight(char *at, uint64_t value)
{
    weir_store_le(at, eight_digits(value) | zeros);
    return at + 8;
}

/* Without the zeros before it, and without a branch on how many they are; below 10^8. */
static inline char *put_small(char *at, uint64_t value)
{
    uint64_t word = eight_digits(value);
    unsigned skip = (unsigned)__builtin_ctzll(word | (uint64_t)1 << 56) / 8;

    weir_store_le(at, (word | zeros) >> (8 * skip));
    return at + 8 - skip;
}

char *wire_print_u64(char *at, uint64_t value)
{
    enum { EIGHT = 100000000 };

    if (value < EIGHT)
        return put_small(at, value);
    uint64_t high = value / EIGHT;
    if (high < EIGHT)
        return put_eight(put_small(at, high), value % EIGHT);
    at = put_eight(put_small(at, high / EIGHT), high % EIGHT);
    return put_eight(at, value % EIGHT);
}

static digits strip_zeros(digits value)
{
    if (value.digits % 100000000 == 0) {
        value.digits /= 100000000;
        value.exponent += 8;
    }
    while (value.digits % 10 == 0) {
        value.digits /= 10;
        value.exponent++;
    }
    return value;
}

/* 1.5e-7: one digit, the others behind a point. */
static char *put_scientific(char *at, digits value, int count, int exponent)
{
    put_digits(at + 1 + count, value.digits, count);
    at[0] = at[1];
    at[1] = '.';
    at += count > 1 ? count + 1 : 1;
    *at++ = 'e';
    if (exponent < 0)
        *at++ = '-';
    return wire_print_u64(at, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

enum { LEAST_PLAIN = -6, MOST_PLAIN = 17 }; /* places of the point where no exponent is needed */

/* Writes `value` (not zero) as people would: plainly unless it is very small or large. */
static char *put_decimal(char *at, digits value)
{
    value = strip_zeros(value);
    int count = count_digits(value.digits), point = count + value.exponent;

    if (point <= LEAST_PLAIN || point > MOST_PLAIN)
        return put_scientific(at, value, count, point - 1);
    if (point <= 0) { /* 0.0015 */
        memcpy(at, "0.000000", 8);
        put_digits(at + 2 - point + count, value.digits, count);
        return at + 2 - point + count;
    }
    if (value.exponent >= 0) { /* 1500 */
        put_digits(at + count, value.digits, count);
        memset(at + count, '0', MOST_PLAIN);
        return at + point;
    }
    put_digits(at + count + 1, value.digits, count); /* 15.25 */
    memmove(at, at + 1, (size_t)point);
    at[point] = '.';
    return at + count + 1;
}

/* Hundredths that are no whole number. Below 10^8 all eight digits are taken at once, and the last
 * two go behind the point. */
static char *put_cents(char *at, uint64_t cents)
{
    if (cents < 100000000) {
        uint64_t word = eight_digits(cents);
        unsigned skip = (unsigned)__builtin_ctzll(word | (uint64_t)1 << 40) / 8;
        weir_store_le(at, (word | zeros) >> (8 * skip));
        at += 6 - skip;
        at[0] = '.';
        at[1] = (char)('0' + (word >> 48 & 0xff));
        at[2] = (char)('0' + (word >> 56));
        return at + 2 + (word >> 56 != 0);
    }
    unsigned rest = (unsigned)(cents % 100);

    at = wire_print_u64(at, cents / 100);
    at[0] = '.';
    at[1] = (char)('0' + rest / 10);
    at[2] = (char)('0' + rest % 10);
    return at + 2 + (rest % 10 != 0);
}

char *wire_print_f64(char *at, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int field = (int)(bits >> 52) & 0x7ff;
    *at = '-';
    at += bits >> 63;
    if (fraction == 0 && field == 0) {
        *at = '0';
        return at + 1;
    }
    value = fabs(value);
    /* Through signed integers, as machines convert those. */
    if (value < 0x1p53 && value == (double)(int64_t)value)
        return wire_print_u64(at, (uint64_t)(int64_t)value);
    /* Two decimals, as prices have: a decimal of up to 15 digits that reads back is the shortest.
     */
    double cents = value * 100;
    if (cents < 1e15 && cents >= 1) {
        int64_t near = (int64_t)(cents + 0.5);
        if ((double)near / 100 == value)
            return put_cents(at, (uint64_t)near);
    }
    uint64_t c = field != 0 ? fraction | (uint64_t)1 << 52 : fraction;
    int q = (field != 0 ? field : 1) - 1075;
    return put_decimal(at, shortest(c, q, fraction == 0 && field > 1));
}

char *wire_print_f32(char *at, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    uint32_t fraction = bits & ((1u << 23) - 1);
    int field = (int)(bits >> 23) & 0xff;
    *at = '-';
    at += bits >> 31;
    if (fraction == 0 && field == 0) {
        *at = '0';
        return at + 1;
    }
    value = fabsf(value);
    if (value < 0x1p24f && value == (float)(uint32_t)value)
        return wire_print_u64(at, (uint64_t)value);
    uint64_t c = field != 0 ? fraction | 1u << 23 : fraction;
    int q = (field != 0 ? field : 1) - 150;
    return put_decimal(at, shortest(c, q, fraction == 0 && field > 1));
}
