/* SPDX-License-Identifier: Apache-2.0 */
/* test_compare.c - what was expected against what came. */
#include <stdio.h>

#include "cli/test.h"

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
    bool numbers = json_is_number(expected) && json_is_number(got);
    bool exact = json_is_integer(expected) && json_is_integer(got);
    if (numbers && !exact ? json_number_value(expected) == json_number_value(got)
                          : json_equal(expected, got) != 0)
        return true;
    return differs(expected, got, path, text);
}
