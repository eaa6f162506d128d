/* SPDX-License-Identifier: Apache-2.0 */
/* test_compare.c - what was expected against what came. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/test.h"

/* --- Reading --- */

/* The end of the string or number that begins at `at`; what is neither is one character. */
static const char *skip_token(const char *at, const char *end)
{
    if (*at == '"') {
        for (at++; at < end && *at != '"'; at++)
            at += *at == '\\';
        return at < end ? at + 1 : end;
    }
    const char *first = at;
    while (at < end && (isalnum((unsigned char)*at) || strchr("+-.", *at) != NULL))
        at++;
    return at > first ? at : at + 1;
}

static bool is_large(const char *token, size_t size)
{
    static const char most[] = "9223372036854775807";

    for (size_t i = 0; i < size; i++)
        if (!isdigit((unsigned char)token[i]))
            return false;
    return size > sizeof most - 1 || (size == sizeof most - 1 && strncmp(token, most, size) > 0);
}

json_t *test_read_json(const char *text, size_t size)
{
    weir_buffer quoted = {0};
    json_t *json = NULL;

    for (const char *at = text, *end = text + size; at < end;) {
        const char *next = skip_token(at, end);
        const char *quote = is_large(at, (size_t)(next - at)) ? "\"" : "";
        weir_buffer_printf(&quoted, "%s%.*s%s", quote, (int)(next - at), at, quote);
        at = next;
    }
    if (!quoted.failed)
        json = json_loadb(quoted.data, quoted.size, JSON_DECODE_ANY, NULL);
    weir_buffer_free(&quoted);
    return json;
}

/* --- Comparing --- */

static void put_value(const json_t *value, weir_buffer *text)
{
    char *json = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    weir_buffer_text(text, json != NULL ? json : "?");
    free(json);
}

static bool differs(const json_t *expected, const json_t *got, const char *path, weir_buffer *text)
{
    weir_buffer_printf(text, "  %s: expected ", path);
    put_value(expected, text);
    weir_buffer_text(text, ", got ");
    put_value(got, text);
    weir_buffer_text(text, "\n");
    return false;
}

/* NaN: it is none. A large integer is a text. */
static double number_of(const json_t *value)
{
    const char *text = json_string_value(value);

    if (json_is_number(value))
        return json_number_value(value);
    return text != NULL && is_large(text, strlen(text)) ? strtod(text, NULL) : (double)NAN;
}

static bool match_lists(const json_t *expected, const json_t *got, const char *path,
                        weir_buffer *text)
{
    size_t wanted = json_array_size(expected), came = json_array_size(got);
    bool same = true;
    char inner[512];

    for (size_t i = 0; i < wanted && i < came && same; i++) {
        snprintf(inner, sizeof inner, "%s[%zu]", path, i);
        same = test_matches(json_array_get(expected, i), json_array_get(got, i), inner, text);
    }
    if (same && wanted == came)
        return true;
    if (same && wanted > came) {
        weir_buffer_printf(text, "  %s: expected %zu, got %zu; missing: ", path, wanted, came);
        put_value(json_array_get(expected, came), text);
        weir_buffer_text(text, "\n");
    } else if (same) {
        weir_buffer_printf(text, "  %s: expected %zu, got %zu; not expected: ", path, wanted, came);
        put_value(json_array_get(got, wanted), text);
        weir_buffer_text(text, "\n");
    }
    return false;
}

static bool match_objects(const json_t *expected, const json_t *got, const char *path,
                          weir_buffer *text)
{
    json_t *object = (json_t *)(uintptr_t)expected, *member;
    const char *key;
    bool same = true;
    char inner[512];

    json_object_foreach(object, key, member)
    {
        const json_t *other = json_object_get(got, key);
        snprintf(inner, sizeof inner, "%s.%s", path, key);
        if (other == NULL && json_is_null(member))
            continue; /* an absent optional is left out */
        same = same && (other != NULL ? test_matches(member, other, inner, text)
                                      : differs(member, NULL, inner, text));
    }
    return same;
}

bool test_matches(const json_t *expected, const json_t *got, const char *path, weir_buffer *text)
{
    if (json_is_object(expected) && json_is_object(got))
        return match_objects(expected, got, path, text);
    if (json_is_array(expected) && json_is_array(got))
        return match_lists(expected, got, path, text);
    bool real = json_is_real(expected) || json_is_real(got);
    if (real ? number_of(expected) == number_of(got) : json_equal(expected, got) != 0)
        return true;
    return differs(expected, got, path, text);
}
