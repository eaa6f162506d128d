/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c - digests of files, folders for what was made of them, and lists of their headers. */
#include "cli/cache.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_FILE = 64 << 20 };

/* --- Digests --- */

weir_status cache_digest_file(weir_digest *sum, const char *path, weir_error **error)
{
    char *data;
    size_t size;
    weir_status status = cli_read_file(path, LARGEST_FILE, &data, &size, error);

    if (status != WEIR_OK)
        return status;
    weir_digest_add_text(sum, path);
    weir_digest_add(sum, data, size);
    weir_free(data);
    return WEIR_OK;
}

/* --- Folders --- */

weir_status cache_folder(const char *name, weir_digest sum, weir_buffer *folder, weir_error **error)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (cache != NULL && cache[0] == '/')
        weir_buffer_printf(folder, "%s/weir", cache);
    else if (home != NULL && home[0] != '\0')
        weir_buffer_printf(folder, "%s/.cache/weir", home);
    else
        return weir_error_set(error, WEIR_IO,
                              "there is no cache folder: set HOME or XDG_CACHE_HOME");
    weir_buffer_printf(folder, "/%s-%016" PRIx64 "%016" PRIx64, name, sum.a, sum.b);
    return folder->failed ? weir_error_set(error, WEIR_NOMEM, "out of memory") : WEIR_OK;
}

weir_status cache_make_folder(char *path, weir_error **error)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        bool good = mkdir(path, 0777) == 0 || errno == EEXIST;
        int code = errno;
        if (slash != NULL)
            *slash = '/';
        if (!good)
            return weir_error_set(error, WEIR_IO,
                                  "cannot make the cache folder '%s': %s; set XDG_CACHE_HOME to a "
                                  "folder that can be written",
                                  path, strerror(code));
        if (slash == NULL)
            return WEIR_OK;
    }
}

/* --- Lists of headers: a line each, its digest and its path --- */

/* The next word of a make rule, unescaped in place; NULL at the end. */
static char *next_word(char **at)
{
    char *word, *end;

    *at += strspn(*at, " \n");
    while (strncmp(*at, "\\\n", 2) == 0)
        *at += 2 + strspn(*at + 2, " \n");
    for (word = end = *at; **at != '\0' && **at != ' ' && **at != '\n'; (*at)++) {
        if ((**at == '\\' && ((*at)[1] == ' ' || (*at)[1] == '#')) ||
            (**at == '$' && (*at)[1] == '$'))
            (*at)++;
        *end++ = **at;
    }
    if (**at != '\0')
        (*at)++;
    *end = '\0';
    return end != word ? word : NULL;
}

static weir_status add_header(weir_buffer *list, const char *path, weir_error **error)
{
    weir_digest sum = WEIR_DIGEST_START;
    weir_status status = cache_digest_file(&sum, path, error);

    weir_buffer_printf(list, "%016" PRIx64 "%016" PRIx64 " %s\n", sum.a, sum.b, path);
    return status;
}

weir_status cache_write_headers(const char *rules, const char *own, const char *list,
                                weir_error **error)
{
    weir_buffer text = {0};
    char *data, *word;
    size_t size;
    bool changed;
    weir_status status = cli_read_file(rules, LARGEST_FILE, &data, &size, error);

    if (status != WEIR_OK)
        return status;
    for (char *at = data; status == WEIR_OK && (word = next_word(&at)) != NULL;) {
        size_t length = strlen(word);
        if (word[length - 1] != ':' && strncmp(word, own, strlen(own)) != 0)
            status = add_header(&text, word, error);
    }
    if (status == WEIR_OK && text.failed)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = cli_write_file(list, text.size != 0 ? text.data : "", text.size, &changed, error);
    weir_buffer_free(&text);
    weir_free(data);
    return status;
}

static bool header_fits(const char *line)
{
    weir_digest sum = WEIR_DIGEST_START;
    char now[33];

    if (strlen(line) < 34 || cache_digest_file(&sum, line + 33, NULL) != WEIR_OK)
        return false;
    snprintf(now, sizeof now, "%016" PRIx64 "%016" PRIx64, sum.a, sum.b);
    return strncmp(now, line, 32) == 0;
}

bool cache_headers_fit(const char *list)
{
    char *data, *rest = NULL;
    size_t size;
    bool fit = true;

    if (cli_read_file(list, LARGEST_FILE, &data, &size, NULL) != WEIR_OK)
        return false;
    for (char *line = strtok_r(data, "\n", &rest); line != NULL && fit;
         line = strtok_r(NULL, "\n", &rest))
        fit = header_fits(line);
    weir_free(data);
    return fit;
}
