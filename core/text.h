/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - small readings of text: durations, sizes, numbers, and names that were nearly right. */
#ifndef WEIR_CORE_TEXT_H
#define WEIR_CORE_TEXT_H

#include "core/buffer.h"
#include <weir/core.h>

/* Reads "250ms", "1h30m", "-5s": terms of a number (with a fraction, exact to the nanosecond) and a
 * unit of ns us ms s m h d. False: not a duration, or beyond 64 bits. */
WEIR_API bool weir_text_duration(const char *text, int64_t *ret_ns);

/* True of "5", "1e3": a duration in a spec says what it counts. */
WEIR_API bool weir_text_lacks_unit(const char *text);

/* Reads "4096", "64KiB", "16MiB", "1GiB" as bytes. */
WEIR_API bool weir_text_size(const char *text, int64_t *ret_bytes);

/* Writes a number as an option of that type is written: "64KiB", "250ms", "12". Returns `text`. */
WEIR_API const char *weir_text_amount(weir_option_type type, int64_t value, char *text,
                                      size_t size);

/* Reads a whole decimal integer. */
WEIR_API bool weir_text_integer(const char *text, int64_t *ret);

/* Reads a whole finite number, independent of the locale. */
WEIR_API bool weir_text_number(const char *text, double *ret);

/* Appends a decimal number as JSON writes it, digit by digit, so that nothing is rounded: "+5",
 * ".5", "1." and "007" become 5, 0.5, 1 and 7. False: it is none, and nothing is appended. */
WEIR_API bool weir_text_decimal(const char *text, weir_buffer *to);

/* Collects candidates and keeps the one nearest to `wanted`: start with {.wanted = ...}. */
typedef struct weir_nearest {
    const char *wanted;
    const char *name; /* the nearest so far, NULL when none is near enough */
    size_t distance;
} weir_nearest;

WEIR_API void weir_nearest_offer(weir_nearest *nearest, const char *candidate);

/* Writes "; did you mean 'x'?" or "" into `text`, and returns it. */
WEIR_API const char *weir_nearest_hint(const weir_nearest *nearest, char *text, size_t size);

#endif
