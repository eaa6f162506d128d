/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c - reading secrets, and hiding them in what a command says. */
#include "workflow/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

enum { SECRET_LIMIT = 64 << 10 };

/* The size of what the file holds; -1: `why` says what is wrong. */
static ssize_t read_file(const char *path, char *text, size_t room, char *why, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = 0, whole = 0;

    while (fd >= 0 && (size_t)whole < room &&
           (got = read(fd, text + whole, room - (size_t)whole)) > 0)
        whole += got;
    if (fd < 0 || got < 0) {
        snprintf(why, size, "cannot read '%s': %s", path, strerror(errno));
        whole = -1;
    } else if ((size_t)whole == room) {
        snprintf(why, size, "'%s' is longer than %d bytes", path, SECRET_LIMIT);
        whole = -1;
    }
    if (fd >= 0)
        close(fd);
    return whole;
}

static const char *from_file(const char *folder, const char *name, weir_arena *arena, char *why,
                             size_t size)
{
    static const size_t room = SECRET_LIMIT + 1;
    const char *path = weir_arena_printf(arena, "%s/%s", folder, name);
    char *text = weir_arena_alloc(arena, room + 1);

    if (path == NULL || text == NULL) {
        snprintf(why, size, "out of memory");
        return NULL;
    }
    ssize_t got = read_file(path, text, room, why, size);
    if (got > 0 && text[got - 1] == '\n')
        got--;
    if (got < 0)
        return NULL;
    text[got] = '\0';
    return text;
}

const char *secret_read(const char *folder, const char *name, weir_arena *arena, char *why,
                        size_t size)
{
    const char *text = getenv(name);

    if (text != NULL)
        text = weir_arena_copy(arena, text, strlen(text));
    else if (folder != NULL)
        text = from_file(folder, name, arena, why, size);
    else
        snprintf(why, size,
                 "no environment variable has this name, and the runner's `secrets` "
                 "names no folder");
    json_t *value = text != NULL ? json_string(text) : NULL;
    bool good = value != NULL && json_string_length(value) != 0;
    if (text != NULL && !good)
        snprintf(why, size, "it is empty, or no UTF-8 text");
    json_decref(value);
    return good ? text : NULL;
}

void secret_hide(char *text, const char *secret)
{
    size_t size = strlen(secret);

    for (char *at = text; at != NULL && (at = strstr(at, secret)) != NULL; at += size)
        memset(at, '*', size);
}
