/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - JSON values as the engine reads and writes them. */
#ifndef WEIR_WORKFLOW_JSON_H
#define WEIR_WORKFLOW_JSON_H

#include <jansson.h>

#include <weir/core.h>

/* Compact, keys sorted; freed by weir_free. NULL: out of memory (also where `value` is NULL). */
char *json_to_text(const json_t *value);
/* The same, keys in the order in which they were put. */
char *json_to_ordered_text(const json_t *value);

/* Any JSON value, without a key twice in one object; NULL: it is none, and `reason` says why. */
json_t *json_from_text(const char *text, char *reason, size_t size);

/* Bytes of its text. */
size_t json_text_size(const json_t *value);

/* Makes valid UTF-8 without NUL of any bytes, in place, so that they can be a JSON text. */
void json_clean(char *text, size_t size);

/* Whether it is valid UTF-8 as it is. */
bool json_is_clean(const char *text);

/* Ends a text that did not fit into these `size` bytes in three dots, behind a whole character. */
void json_cut(char *text, size_t size);

#endif
