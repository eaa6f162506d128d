/* SPDX-License-Identifier: Apache-2.0 */
/* live.c - the lines that are drawn over again. The cursor stands behind the last of them. */
#include "cli/live.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/buffer.h"

static struct {
    pthread_mutex_t mutex;
    bool begun;
    char *text;        /* what is to stand there; NULL: nothing yet */
    weir_buffer shown; /* what stands there; its lines are cut already */
} live = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static struct winsize window(void)
{
    struct winsize size = {0};

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    return size;
}

/* --- Drawing --- */

/* Bytes of the line that fit into so many columns; a character is never cut. */
static size_t fitting(const char *line, size_t length, size_t columns)
{
    size_t at = 0;

    for (; at < length; at++)
        if (((unsigned char)line[at] & 0xc0) != 0x80 && columns-- == 0)
            break;
    return at;
}

/* In a window that has become narrower, a line takes several rows. */
static size_t rows_of(const char *text, size_t columns)
{
    size_t rows = 0;

    for (const char *line = text, *end; line != NULL; line = end != NULL ? end + 1 : NULL) {
        size_t length = (end = strchr(line, '\n')) != NULL ? (size_t)(end - line) : strlen(line);
        size_t wide = 0;
        for (size_t i = 0; i < length; i++)
            wide += ((unsigned char)line[i] & 0xc0) != 0x80;
        rows += wide > columns ? (wide + columns - 1) / columns : 1;
    }
    return rows;
}

static void put_erasure(weir_buffer *out)
{
    const struct winsize size = window();

    if (live.shown.size == 0)
        return;
    size_t rows = rows_of(live.shown.data, size.ws_col);
    rows = rows < size.ws_row ? rows : size.ws_row;
    if (rows > 1)
        weir_buffer_printf(out, "\033[%zuA", rows - 1);
    weir_buffer_text(out, "\r\033[J");
    weir_buffer_free(&live.shown);
}

/* The last column stays empty: some terminals go to the next line when it is written. */
static void put_text(weir_buffer *out)
{
    const struct winsize size = window();
    size_t columns = size.ws_col > 1 ? size.ws_col - 1u : 1, left = live_room();

    for (const char *line = live.text, *end; line != NULL && left > 0; left--) {
        size_t length = (end = strchr(line, '\n')) != NULL ? (size_t)(end - line) : strlen(line);
        weir_buffer_printf(&live.shown, "%s%.*s", line != live.text ? "\n" : "",
                           (int)fitting(line, length, columns), line);
        line = end != NULL ? end + 1 : NULL;
    }
    if (live.shown.size != 0)
        weir_buffer_append(out, live.shown.data, live.shown.size);
}

/* In one piece, so that nobody sees it half done. What cannot be written is no reason to stop. */
static void put_out(weir_buffer *out)
{
    if (!out->failed && out->size != 0)
        fwrite(out->data, 1, out->size, stderr);
    weir_buffer_free(out);
}

size_t live_room(void)
{
    const struct winsize size = window();

    return size.ws_row > 2 ? size.ws_row - 1u : 1;
}

void live_draw(const char *text)
{
    weir_buffer out = {0};

    pthread_mutex_lock(&live.mutex);
    if (live.begun) {
        weir_free(live.text);
        live.text = weir_strdup(text);
        put_erasure(&out);
        put_text(&out);
        put_out(&out);
    }
    pthread_mutex_unlock(&live.mutex);
}

/* --- Beginning and end --- */

bool live_begin(const cli_arguments *arguments)
{
    const char *terminal = getenv("TERM");

    live.begun = isatty(STDERR_FILENO) && !cli_has(arguments, "--quiet") && terminal != NULL &&
                 terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
    return live.begun;
}

void live_end(bool stays)
{
    weir_buffer out = {0};

    pthread_mutex_lock(&live.mutex);
    if (stays && live.shown.size != 0)
        weir_buffer_text(&out, "\n");
    else
        put_erasure(&out);
    put_out(&out);
    weir_buffer_free(&live.shown);
    weir_free(live.text);
    live.text = NULL;
    live.begun = false;
    pthread_mutex_unlock(&live.mutex);
}

void live_make_way(void)
{
    weir_buffer out = {0};

    pthread_mutex_lock(&live.mutex);
    put_erasure(&out);
    put_out(&out);
}

void live_come_back(void)
{
    weir_buffer out = {0};

    put_text(&out);
    put_out(&out);
    pthread_mutex_unlock(&live.mutex);
}

/* --- The bar --- */

const char *live_bar(uint64_t done, uint64_t total, char text[LIVE_BAR])
{
    enum { MOST = 30, WIDE = 80 };
    const int columns = window().ws_col, width = columns >= WIDE ? MOST : columns / 6;
    bool whole = done >= total;
    char marks[MOST + 1] = "";

    text[0] = '\0';
    if (total == 0)
        return text;
    for (int i = 0; i < width; i++)
        marks[i] = i < (int)(whole ? (uint64_t)width : done * (uint64_t)width / total) ? '#' : '.';
    snprintf(text, LIVE_BAR, "[%s] %3d%%  ", marks, (int)(whole ? 100 : done * 100 / total));
    return text;
}
