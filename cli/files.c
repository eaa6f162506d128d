/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - whole files: read with a limit, written by rename and only when they differ. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/buffer.h"

char *cli_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = weir_strdup(slash != NULL ? path : ".");

    if (folder != NULL && slash != NULL)
        folder[slash != path ? slash - path : 1] = '\0';
    return folder;
}

weir_status cli_read_file(const char *path, size_t limit, char **ret_data, size_t *ret_size,
                          weir_error **error)
{
    weir_buffer bytes = {.limit = limit};
    char piece[16384];
    size_t size;
    FILE *file = fopen(path, "rbe");

    if (file == NULL)
        return weir_error_set(error, WEIR_IO, "cannot open '%s': %s", path, strerror(errno));
    while ((size = fread(piece, 1, sizeof piece, file)) != 0)
        weir_buffer_append(&bytes, piece, size);
    weir_buffer_append(&bytes, "", 0);
    int failed = ferror(file);
    fclose(file);
    if (!failed && !bytes.failed) {
        *ret_data = bytes.data;
        *ret_size = bytes.size;
        return WEIR_OK;
    }
    bool scarce = bytes.failed && !bytes.full;
    weir_buffer_free(&bytes);
    if (scarce)
        return weir_error_set(error, WEIR_NOMEM, "out of memory while reading '%s'", path);
    return weir_error_set(error, WEIR_IO, failed ? "cannot read '%s'" : "'%s' is too large", path);
}

static bool is_same(const char *path, const void *data, size_t size)
{
    char *old;
    size_t old_size;

    if (cli_read_file(path, size, &old, &old_size, NULL) != WEIR_OK)
        return false;
    bool same = old_size == size && memcmp(old, data, size) == 0;
    weir_free(old);
    return same;
}

weir_status cli_write_file(const char *path, const void *data, size_t size, bool *ret_changed,
                           weir_error **error)
{
    weir_buffer temporary = {0};

    *ret_changed = !is_same(path, data, size);
    if (!*ret_changed)
        return WEIR_OK;
    weir_buffer_printf(&temporary, "%s.%ld.new", path, (long)getpid());
    if (temporary.failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory while writing '%s'", path);
    FILE *file = fopen(temporary.data, "wbe");
    bool good = file != NULL && fwrite(data, 1, size, file) == size;
    good = file != NULL && fclose(file) == 0 && good;
    good = good && rename(temporary.data, path) == 0;
    int code = errno;
    if (!good && file != NULL)
        unlink(temporary.data);
    weir_buffer_free(&temporary);
    return good ? WEIR_OK
                : weir_error_set(error, WEIR_IO, "cannot write '%s': %s", path, strerror(code));
}
