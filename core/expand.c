/* SPDX-License-Identifier: Apache-2.0 */
/* expand.c - ${VAR}, ${VAR:-default} and ${file:PATH} in the options of a spec, read at load. */
#include "core/expand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"

enum { NAME_LIMIT = 4096 };

/* One `${...}`: its name or path, and its default. */
typedef struct variable {
    char name[NAME_LIMIT];
    bool file;
    const char *fallback; /* NULL: none; `fallback_size` bytes */
    size_t fallback_size;
} variable;

static bool is_variable_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789_");

    return length != 0 && name[length] == '\0' && (name[0] < '0' || name[0] > '9');
}

/* Reads the variable that begins at *text, behind its `${`, and moves *text behind its `}`. */
static bool take_variable(const char **text, variable *found)
{
    const char *begin = *text, *end = strchr(begin, '}');

    if (end == NULL)
        return false;
    found->file = strncmp(begin, "file:", 5) == 0;
    begin += found->file ? 5 : 0;
    const char *dash = found->file ? NULL : memmem(begin, (size_t)(end - begin), ":-", 2);
    size_t length = (size_t)((dash != NULL ? dash : end) - begin);
    if (length == 0 || length >= NAME_LIMIT)
        return false;
    memcpy(found->name, begin, length);
    found->name[length] = '\0';
    found->fallback = dash != NULL ? dash + 2 : NULL;
    found->fallback_size = dash != NULL ? (size_t)(end - dash - 2) : 0;
    *text = end + 1;
    return found->file || is_variable_name(found->name);
}

static weir_status malformed(const char *text, weir_error **error)
{
    return weir_error_set(error, WEIR_SPEC,
                          "'%s' has a '${' that is none of ${VAR}, ${VAR:-default}, ${file:PATH}",
                          text);
}

weir_status weir_expand_check(const char *text, weir_error **error)
{
    const char *at = text;
    variable found;

    while ((at = strstr(at, "${")) != NULL) {
        at += 2;
        if (!take_variable(&at, &found))
            return malformed(text, error);
    }
    return WEIR_OK;
}

static weir_status read_file(const char *path, weir_buffer *result, weir_error **error)
{
    char chunk[4096];
    size_t got, begin = result->size;
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return weir_error_set(error, WEIR_IO, "cannot open %s: %s", path, strerror(errno));
    while (!result->failed && (got = fread(chunk, 1, sizeof chunk, file)) != 0)
        weir_buffer_append(result, chunk, got);
    bool bad = ferror(file) != 0;
    fclose(file);
    if (bad)
        return weir_error_set(error, WEIR_IO, "cannot read %s", path);
    if (result->size > begin && result->data[result->size - 1] == '\n')
        result->data[--result->size] = '\0';
    if (!result->failed && memchr(result->data + begin, '\0', result->size - begin) != NULL)
        return weir_error_set(error, WEIR_SPEC, "%s holds a NUL byte", path);
    return WEIR_OK;
}

static weir_status put_file(const char *folder, const char *name, weir_buffer *result,
                            weir_error **error)
{
    weir_buffer path = {0};
    weir_status status = WEIR_NOMEM;

    if (folder != NULL && name[0] != '/')
        weir_buffer_printf(&path, "%s/", folder);
    weir_buffer_text(&path, name);
    if (path.failed)
        weir_error_set(error, WEIR_NOMEM, "out of memory");
    else
        status = read_file(path.data, result, error);
    weir_buffer_free(&path);
    return status;
}

static weir_status put_variable(const variable *found, const char *folder, weir_buffer *result,
                                weir_error **error)
{
    if (found->file)
        return put_file(folder, found->name, result, error);
    const char *value = getenv(found->name);
    /* As in a shell, `:-` also stands in for a variable that is set to nothing. */
    if (found->fallback != NULL && (value == NULL || value[0] == '\0'))
        weir_buffer_append(result, found->fallback, found->fallback_size);
    else if (value != NULL)
        weir_buffer_text(result, value);
    else
        return weir_error_set(error, WEIR_NOT_FOUND,
                              "the environment variable %s is not set; set it, or give a default: "
                              "${%s:-default}",
                              found->name, found->name);
    return WEIR_OK;
}

static weir_status put_all(const char *text, const char *folder, weir_buffer *result,
                           weir_error **error)
{
    const char *at = text, *next;
    variable found;

    weir_buffer_text(result, "");
    while ((next = strstr(at, "${")) != NULL) {
        weir_buffer_append(result, at, (size_t)(next - at));
        at = next + 2;
        if (!take_variable(&at, &found))
            return malformed(text, error);
        weir_status status = put_variable(&found, folder, result, error);
        if (status != WEIR_OK)
            return status;
    }
    weir_buffer_text(result, at);
    if (!result->failed)
        return WEIR_OK;
    if (!result->full)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    return weir_error_set(error, WEIR_LIMIT, "'%s' stands for more than %d bytes", text,
                          WEIR_EXPAND_LIMIT);
}

weir_status weir_expand(const char *text, const char *folder, char **ret, weir_error **error)
{
    weir_buffer result = {.limit = WEIR_EXPAND_LIMIT};
    weir_status status = put_all(text, folder, &result, error);

    if (status != WEIR_OK)
        weir_buffer_free(&result);
    *ret = result.data;
    return status;
}
