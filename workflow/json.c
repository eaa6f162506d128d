/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - JSON values to text and back. */
#include "workflow/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLAGS = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY };

/* Jansson's text is the C library's to free; ours is the allocator's. */
static char *dump(const json_t *value, size_t flags)
{
    char *dumped = value != NULL ? json_dumps(value, flags) : NULL;
    char *text = dumped != NULL ? weir_strdup(dumped) : NULL;

    free(dumped);
    return text;
}

char *json_to_text(const json_t *value)
{
    return dump(value, FLAGS);
}

char *json_to_ordered_text(const json_t *value)
{
    return dump(value, FLAGS & ~(size_t)JSON_SORT_KEYS);
}

/* Where the library speaks of itself. */
static const char *what_is_wrong(const json_error_t *wrong)
{
    switch ((int)json_error_code(wrong)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a text holds \\u0000";
    case json_error_stack_overflow:
        return "it is nested deeper than 2,048 levels";
    case json_error_numeric_overflow:
        return "a number is too large: an integer has 64 bits and a sign";
    default:
        return wrong->text;
    }
}

json_t *json_from_text(const char *text, char *reason, size_t size)
{
    json_error_t wrong;
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &wrong);

    if (value == NULL)
        snprintf(reason, size, "%s at byte %d", what_is_wrong(&wrong), wrong.position);
    return value;
}

size_t json_text_size(const json_t *value)
{
    return json_dumpb(value, NULL, 0, FLAGS);
}

/* Bytes of the character that begins at `at`; 0: it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

    if (at[0] == 0 || at[0] > 0xf4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool odd = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
               (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f);
    return odd ? 0 : size;
}

void json_clean(char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t length = character((const unsigned char *)text + i, size - i);
        if (length == 0)
            text[i++] = '?';
        else
            i += length;
    }
}

bool json_is_clean(const char *text)
{
    size_t size = strlen(text), length;

    for (size_t i = 0; i < size; i += length)
        if ((length = character((const unsigned char *)text + i, size - i)) == 0)
            return false;
    return true;
}

void json_cut(char *text, size_t size)
{
    size_t at = size - sizeof "...";

    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    memcpy(text + at, "...", sizeof "...");
}
