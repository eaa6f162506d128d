/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - what json_read.c and json_string.c share. */
#ifndef WEIR_WIRE_JSON_H
#define WEIR_WIRE_JSON_H

#include <weir/codec.h>

/* Fail: broken JSON at `at` (truncated, at the end); a value of another type (or broken JSON). */
void *wire_json_malformed(weir_reader *reader, const unsigned char *at, const char *expected);
void *wire_json_wrong_type(weir_reader *reader, const unsigned char *at, const char *expected);

/* Reads a short string from its quote on: the input's bytes, or without escapes in the scratch. */
const unsigned char *wire_json_text(weir_reader *reader, const unsigned char *at, weir_text *ret);

/* Goes past a string from its quote on. */
const unsigned char *wire_json_skip_string(weir_reader *reader, const unsigned char *at);

#endif
