/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.h - numbers as text: exact reading, shortest printing. */
#ifndef WEIR_WIRE_DECIMAL_H
#define WEIR_WIRE_DECIMAL_H

#include <weir/core.h>

/* The leading 128 bits of 10^e, rounded down, for e from WIRE_POWER_FIRST to WIRE_POWER_LAST. */
typedef struct wire_power {
    uint64_t high, low;
} wire_power;

enum { WIRE_POWER_FIRST = -348, WIRE_POWER_LAST = 347 };

extern const wire_power wire_powers[WIRE_POWER_LAST - WIRE_POWER_FIRST + 1];

/* A number in JSON's grammar: its value is about mantissa * 10^exponent. */
typedef struct wire_decimal {
    uint64_t mantissa; /* the first 19 significant digits */
    int64_t exponent;  /* clamped to what can matter */
    bool negative;
    bool cut;           /* there are more digits; the value lies below (mantissa + 1) */
    const char *digits; /* digits and point as they stand, up to `digits_end` */
    const char *digits_end;
    int64_t written_exponent;
} wire_decimal;

/* Reads the number at `at`. The byte after it; NULL where there is none, and *at_fault is the byte
 * that should have been a digit (`end` where the text stops too early). */
const char *wire_decimal_scan(const char *at, const char *end, wire_decimal *ret,
                              const char **at_fault);

/* Reads a number of up to seven digits before and behind the point, as most are; NULL: it is
 * another, none, or so near to the end that it is not read. */
const char *wire_decimal_short(const char *at, const char *end, double *ret);

/* Reads up to 19 digits without a leading zero, as most integers are written; what follows them may
 * belong to the number. NULL: it is another, or none. */
const char *wire_integer_short(const char *at, const char *end, int64_t *ret);

/* The nearest float, rounded once, ties to even; beyond the largest it is infinite. */
double wire_decimal_f64(const wire_decimal *decimal);
float wire_decimal_f32(const wire_decimal *decimal);

typedef enum wire_integer_result {
    WIRE_INTEGER_OK,
    WIRE_INTEGER_FRACTION,
    WIRE_INTEGER_RANGE
} wire_integer_result;

/* The magnitude of a number whose value is an integer. */
wire_integer_result wire_decimal_integer(const wire_decimal *decimal, uint64_t *ret_magnitude);

/* Write the shortest text that reads back the same, of a finite number; at most 25 bytes, but up to
 * 32 may be touched. */
char *wire_print_f64(char *at, double value);
char *wire_print_f32(char *at, float value);
char *wire_print_u64(char *at, uint64_t value); /* at most 20 bytes, of 24 touched */

enum { WIRE_FLOAT_TEXT = 25, WIRE_INTEGER_TEXT = 20 };

#endif
