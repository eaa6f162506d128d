/* SPDX-License-Identifier: Apache-2.0 */
/* own_kinds.c - a source and a sink as a user writes them: by the public headers alone. */
#include "tests/conformance/own_kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- A source: lines of a named pipe --- */

enum { LONGEST = 256 }; /* bytes of a line */

typedef struct pipe_config {
    char *path;
    int format;
} pipe_config;

typedef struct pipe_state {
    int fd;
    char bytes[4 * LONGEST];
    size_t size, at;
    bool ended, skipping;
    int64_t position;
} pipe_state;

static const weir_option pipe_options[] = {
    {.name = "path",
     .type = WEIR_OPTION_PATH,
     .required = true,
     .offset = offsetof(pipe_config, path),
     .help = "The named pipe."},
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "json",
     .choices = "json|raw",
     .offset = offsetof(pipe_config, format),
     .help = "How the events are written."},
};

static weir_status pipe_open(weir_source *source, weir_error **error)
{
    const pipe_config *config = source->config;
    pipe_state *state = source->state;

    state->fd = open(config->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (state->fd < 0)
        return weir_error_set(error, WEIR_IO, "source '%s': cannot open '%s': %s",
                              source->module->name, config->path, strerror(errno));
    return source->host->watch(source, state->fd, error);
}

/* The buffer moves only here: the span of the last read is done with. */
static void fill(pipe_state *state)
{
    memmove(state->bytes, state->bytes + state->at, state->size - state->at);
    state->size -= state->at;
    state->at = 0;
    ssize_t size = read(state->fd, state->bytes + state->size, sizeof state->bytes - state->size);
    if (size > 0)
        state->size += (size_t)size;
    /* Before the first writer has come there is nothing to read, and no end either. */
    state->ended = state->ended || (size == 0 && state->position + (int64_t)state->size > 0);
}

/* The next line, or what there is of it. WEIR_LIMIT: it is too long. */
static weir_status next_line(const pipe_state *state, weir_slice *ret, bool *ret_whole)
{
    const void *data = state->bytes + state->at;
    size_t size = state->size - state->at;
    const char *end = size != 0 ? memchr(data, '\n', size) : NULL;

    *ret = (weir_slice){data, end != NULL ? (size_t)(end - (const char *)data) : size};
    *ret_whole = end != NULL;
    if (ret->size > LONGEST)
        return WEIR_LIMIT;
    return end != NULL || (state->ended && size != 0) ? WEIR_OK : WEIR_AGAIN;
}

/* One line. WEIR_FULL: the span takes no more; WEIR_AGAIN: more bytes are needed. */
static weir_status take_line(weir_source *source)
{
    pipe_state *state = source->state;
    weir_status status = WEIR_OK;
    weir_slice line;
    bool whole;

    weir_status found = next_line(state, &line, &whole);
    if (state->skipping && !whole) {
        state->at += line.size;
        return WEIR_AGAIN;
    }
    if (found == WEIR_AGAIN)
        return WEIR_AGAIN;
    if (found == WEIR_LIMIT)
        status = weir_source_refuse(source, line, state->position, "the line is too long");
    else if (!state->skipping)
        status = weir_source_put(source, line, state->position);
    if (status != WEIR_OK)
        return status;
    state->position += !state->skipping;
    state->skipping = found == WEIR_LIMIT && !whole;
    state->at += line.size + whole;
    return WEIR_OK;
}

static weir_status pipe_read(weir_source *source, size_t limit, weir_error **error)
{
    pipe_state *state = source->state;
    weir_status status = WEIR_OK;
    bool filled = false;

    (void)error;
    weir_source_begin(source, 0);
    while (status != WEIR_FULL && source->span.count < limit && !source->refusal.waiting) {
        status = take_line(source);
        if (status == WEIR_AGAIN && (filled || source->span.count != 0))
            break;
        if (status == WEIR_AGAIN)
            fill(state);
        filled = filled || status == WEIR_AGAIN;
    }
    if (source->span.count != 0 || source->refusal.waiting)
        return WEIR_OK;
    return state->ended && state->at == state->size ? WEIR_CLOSED : WEIR_AGAIN;
}

static void pipe_measure(weir_source *source, weir_source_gauges *ret)
{
    const pipe_state *state = source->state;

    ret->buffered = state->size - state->at;
    ret->buffer_limit = sizeof state->bytes;
}

static void pipe_close(weir_source *source)
{
    const pipe_state *state = source->state;

    if (state->fd >= 0)
        close(state->fd);
}

static const weir_source_kind pipe_kind = {
    .base = {.name = "pipe",
             .summary = "Reads lines from a named pipe.",
             .options = pipe_options,
             .option_count = sizeof pipe_options / sizeof *pipe_options,
             .config_size = sizeof(pipe_config)},
    .state_size = sizeof(pipe_state),
    .open = pipe_open,
    .read = pipe_read,
    .close = pipe_close,
    .measure = pipe_measure,
    .reads_bytes = true,
};

/* --- A sink: memory --- */

own_drum own_drum_here;

static weir_status drum_write(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                              weir_error **error)
{
    own_drum *drum = &own_drum_here;
    size_t size = bytes.size < 1000 ? bytes.size : 1000; /* some of it is enough */

    *fd = -1;
    if (drum->broken)
        return weir_error_set(error, WEIR_IO, "sink '%s': the drum leaks", sink->module->name);
    if (drum->shut)
        return weir_error_set(error, WEIR_AGAIN, "sink '%s': the drum is shut", sink->module->name);
    drum->bytes = realloc(drum->bytes, drum->size + size + 1);
    if (drum->bytes == NULL)
        return weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
    memcpy(drum->bytes + drum->size, bytes.data, size);
    drum->size += size;
    *ret_written = size;
    return WEIR_OK;
}

typedef struct drum_config {
    int64_t buffer, give_up;
} drum_config;

static const weir_option drum_options[] = {
    {.name = "buffer",
     .type = WEIR_OPTION_SIZE,
     .fallback = "64KiB",
     .min = 4096,
     .max = 1 << 30,
     .offset = offsetof(drum_config, buffer),
     .help = "How much waits."},
    {.name = "give_up",
     .type = WEIR_OPTION_DURATION,
     .fallback = "1m",
     .forever = "forever",
     .offset = offsetof(drum_config, give_up),
     .help = "How long writes that fail are tried again."},
};

static const weir_sink_kind drum_kind = {
    .base = {.name = "drum",
             .summary = "Keeps results in memory.",
             .options = drum_options,
             .option_count = sizeof drum_options / sizeof *drum_options,
             .config_size = sizeof(drum_config)},
    .write = drum_write,
};

static const weir_source_kind *const sources[] = {&pipe_kind};
static const weir_sink_kind *const sinks[] = {&drum_kind};

const weir_kinds own_kinds = {
    .generation = WEIR_GENERATION,
    .sources = sources,
    .source_count = 1,
    .sinks = sinks,
    .sink_count = 1,
};
