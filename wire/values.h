/* SPDX-License-Identifier: Apache-2.0 */
/* values.h - scalars as text, whatever format the text stands in; failing with an error. */
#ifndef WEIR_WIRE_VALUES_H
#define WEIR_WIRE_VALUES_H

#include <weir/codec.h>

/* The first byte that is not UTF-8 (no overlong forms, no surrogates), NULL when all are. */
const unsigned char *wire_utf8_fault(const unsigned char *at, const unsigned char *end);

/* The size of the sequence that begins at `at` (1 to 4), 0 when it is none or is cut off. */
size_t wire_utf8_size(const unsigned char *at, const unsigned char *end);

/* Whether the bytes up to `end` may be the beginning of a longer sequence. */
bool wire_utf8_cut(const unsigned char *at, const unsigned char *end);

/* Base64, standard alphabet, padded. Reading: one character at a time, so that each format can take
 * its own escapes away; `ret` holds `capacity` bytes. */
typedef struct wire_base64 {
    uint8_t *ret;
    uint32_t size, capacity;
    uint32_t bits;
    unsigned count;  /* characters of the group so far */
    unsigned padded; /* '=' seen */
} wire_base64;

typedef enum wire_base64_result {
    WIRE_BASE64_OK,
    WIRE_BASE64_MALFORMED,
    WIRE_BASE64_LONG,
} wire_base64_result;

wire_base64_result wire_base64_take(wire_base64 *base64, uint32_t character);
bool wire_base64_whole(const wire_base64 *base64);
char *wire_base64_print(char *at, const uint8_t *bytes, size_t size);

/* Text that means a value of `kind`, read into a member of that kind. `at` is where it stands, for
 * the error. */
bool wire_value_number(weir_reader *reader, const unsigned char *at, weir_text text,
                       weir_value_kind kind, void *ret);
bool wire_value_timestamp(weir_reader *reader, const unsigned char *at, weir_text text,
                          int64_t *ret);
bool wire_value_duration(weir_reader *reader, const unsigned char *at, weir_text text,
                         int64_t *ret);
bool wire_value_date(weir_reader *reader, const unsigned char *at, weir_text text, int32_t *ret);
bool wire_value_enum(weir_reader *reader, const unsigned char *at, weir_text text,
                     const weir_type *type, int32_t *ret);

/* The enum value of a number; an integer of a time's unit as nanoseconds. */
bool wire_value_enum_number(weir_reader *reader, const unsigned char *at, int64_t number,
                            const weir_type *type, int32_t *ret);
bool wire_value_time_units(weir_reader *reader, const unsigned char *at, int64_t units,
                           weir_time_form form, int64_t *ret);

/* Numbers that were scanned, into members of their kind; fail when they do not fit. */
struct wire_decimal;
bool wire_value_integer(weir_reader *reader, const unsigned char *at,
                        const struct wire_decimal *decimal, int64_t min, int64_t max, int64_t *ret);
bool wire_value_u64(weir_reader *reader, const unsigned char *at,
                    const struct wire_decimal *decimal, uint64_t *ret);
bool wire_value_f64(weir_reader *reader, const unsigned char *at,
                    const struct wire_decimal *decimal, double *ret);
bool wire_value_f32(weir_reader *reader, const unsigned char *at,
                    const struct wire_decimal *decimal, float *ret);

/* The range of an integer kind narrower than u64; and such a number stored in a member. */
void wire_value_bounds(weir_value_kind kind, int64_t *ret_min, int64_t *ret_max);
void wire_value_store(weir_value_kind kind, int64_t number, void *ret);
int64_t wire_value_load(weir_value_kind kind, const void *from);

/* Prints a number of `kind`, unquoted; NULL when it is a float that is not finite. */
char *wire_value_print_number(char *at, weir_value_kind kind, const void *value);

#endif
