/* SPDX-License-Identifier: Apache-2.0 */
/* sink.c - encodes results, keeps them until they are written, and calls the host's tap. */
#include "sinks/sink.h"

#include <stdio.h>
#include <string.h>

#include <weir/codec.h>

#include "sinks/letter.h"

/* --- Encoding --- */

static weir_status encode(weir_sink *sink, const void *value, weir_buffer *out,
                          weir_wire_error *error)
{
    if (sink->kind->encode != NULL)
        return sink->kind->encode(sink, value, out, error);
    weir_status status = weir_encode(sink->type, sink->format, value, out, error);
    if (status == WEIR_OK && sink->format != WEIR_FORMAT_MSGPACK && weir_buffer_room(out, 1))
        out->data[out->size++] = '\n';
    return status;
}

static weir_status refused(const weir_sink_work *work, weir_firing *firing,
                           const weir_wire_error *error)
{
    return weir_fail(firing, "sink '%s' cannot write the result: %s%s%s", work->sink.module->name,
                     error->path, error->path[0] != '\0' ? ": " : "", error->message);
}

static weir_status prepare(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    weir_sink_work *work = outlet->arg;
    weir_sink *sink = &work->sink;
    weir_wire_error error;

    if (sink->kind->write == NULL)
        return WEIR_OK;
    size_t before = work->out.size;
    work->outlet = outlet;
    work->firing = firing;
    if (encode(sink, value, &work->out, &error) != WEIR_OK) {
        work->out.failed = false;
        work->out.size = before;
        return refused(work, firing, &error);
    }
    return WEIR_OK;
}

static void cancel(const weir_outlet *outlet)
{
    weir_sink_work *work = outlet->arg;

    work->out.size = work->left;
}

static void commit(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    weir_sink_work *work = outlet->arg;

    (void)firing;
    work->left = work->out.size;
    work->sink.metrics.results++;
    if (work->sink.tap.function != NULL)
        work->sink.tap.function(value, work->sink.tap.arg);
    if (work->left - work->written >= work->enough)
        work->relieve(work);
}

static weir_status take(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    weir_status status = prepare(outlet, firing, value);

    if (status == WEIR_OK)
        commit(outlet, firing, value);
    else
        cancel(outlet);
    return status;
}

static bool keeps_records(const weir_sink *sink)
{
    const weir_sink_kind *kind = sink->kind;

    return kind->write != NULL && kind->bury == NULL && kind->encode == NULL &&
           sink->format == WEIR_FORMAT_JSON;
}

static weir_status bury_with_record(const weir_outlet *outlet, weir_firing *firing,
                                    const weir_dead_letter *letter, const weir_original *original)
{
    weir_sink_work *work = outlet->arg;
    weir_status status = prepare(outlet, firing, letter);

    if (status == WEIR_OK)
        weir_letter_add_record(&work->out, letter, original);
    if (work->out.failed)
        status = weir_fail(firing, "sink '%s': out of memory", work->sink.module->name);
    work->out.failed = false;
    if (status == WEIR_OK)
        commit(outlet, firing, letter);
    else
        cancel(outlet);
    return status;
}

weir_status weir_sink_bury(weir_sink_work *work, weir_firing *firing,
                           const weir_dead_letter *letter, const weir_original *original)
{
    weir_outlet outlet = weir_sink_outlet(work);
    weir_sink *sink = &work->sink;
    weir_wire_error error;

    if (original != NULL && keeps_records(sink))
        return bury_with_record(&outlet, firing, letter, original);
    if (sink->kind->bury == NULL)
        return weir_outlet_take(&outlet, firing, 0, letter);
    if (sink->kind->bury(sink, letter, original, &work->out, &error) == WEIR_OK) {
        commit(&outlet, firing, letter);
        return WEIR_OK;
    }
    work->out.failed = false;
    cancel(&outlet);
    return refused(work, firing, &error);
}

/* A callback sees the value itself: there is nothing to refuse, and nothing to write. */
static void call_tap(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    (void)firing;
    ++*outlet->results;
    outlet->tap->function(value, outlet->tap->arg);
}

weir_outlet weir_sink_outlet(weir_sink_work *work)
{
    if (work->sink.kind->write == NULL)
        return (weir_outlet){
            .commit = call_tap, .tap = &work->sink.tap, .results = &work->sink.metrics.results};
    return (weir_outlet){
        .take = take, .prepare = prepare, .commit = commit, .cancel = cancel, .arg = work};
}

/* --- Writing --- */

bool weir_sink_is_ready(const weir_sink_work *work)
{
    return !work->gone && (!work->stuck || work->left - work->written < work->buffer);
}

static void move_down(weir_sink_work *work)
{
    size_t rest = work->out.size - work->written;

    if (rest != 0)
        memmove(work->out.data, work->out.data + work->written, rest);
    work->out.size = rest;
    work->left -= work->written;
    work->written = 0;
    work->sink.metrics.pending = work->left;
}

weir_status weir_sink_flush(weir_sink_work *work, int *fd, weir_error **error)
{
    weir_sink *sink = &work->sink;
    weir_status status = WEIR_OK;

    while (work->written < work->left && status == WEIR_OK) {
        const void *data = work->out.data + work->written;
        weir_slice bytes = {data, work->left - work->written};
        size_t written = 0;
        status = sink->kind->write(sink, bytes, &written, fd, error);
        work->written += written;
        work->unsynced = work->unsynced || written != 0;
        sink->metrics.bytes += written;
    }
    if (sink->kind->sync == NULL && sink->kind->answered == NULL)
        work->safe = sink->metrics.bytes;
    work->stuck = status != WEIR_OK;
    if (status != WEIR_OK && status != WEIR_AGAIN)
        sink->metrics.failures++;
    move_down(work);
    return status;
}

weir_status weir_sink_sync(weir_sink_work *work, bool last, weir_error **error)
{
    weir_sink *sink = &work->sink;
    weir_status status = WEIR_OK;

    if (!work->started || sink->kind->sync == NULL || (!work->unsynced && !last))
        return WEIR_OK;
    status = sink->kind->sync(sink, last, error);
    work->unsynced = status != WEIR_OK;
    if (status == WEIR_OK)
        work->safe = sink->metrics.bytes;
    else
        sink->metrics.failures++;
    return status;
}

size_t weir_sink_drop(weir_sink_work *work)
{
    size_t lost = weir_sink_owed(work);

    work->gone = true;
    work->sink.metrics.lost += lost;
    work->written = work->left;
    move_down(work);
    return lost;
}

/* --- Life --- */

static weir_status choose_format(weir_sink *sink, const char *word, weir_error **error)
{
    static const struct {
        const char *word;
        weir_format format;
    } formats[] = {
        {"json", WEIR_FORMAT_JSON}, {"csv", WEIR_FORMAT_CSV}, {"msgpack", WEIR_FORMAT_MSGPACK}};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(word, formats[i].word) == 0) {
            sink->format = formats[i].format;
            return WEIR_OK;
        }
    return weir_error_set_at(error, WEIR_SPEC, sink->module->place,
                             "sink '%s': the format '%s' is not one of json, csv, msgpack",
                             sink->module->name, word);
}

/* What it can have to keep, and the longest result in any format. More than this is kept, where the
 * spec says so, as it comes. */
static bool reserve(weir_sink_work *work)
{
    const weir_type *type = work->sink.type;
    size_t longest = type->json_max > type->msgpack_max ? type->json_max : type->msgpack_max;

    if (work->sink.kind->write == NULL)
        return true;
    bool good = weir_buffer_reserve(
        &work->out, longest + WEIR_WRITE_SLACK +
                        (work->buffer < WEIR_SINK_AHEAD ? work->buffer : WEIR_SINK_AHEAD));
    work->out.failed = false;
    return good;
}

weir_status weir_sink_start(weir_sink_work *work, const char *format, weir_error **error)
{
    weir_sink *sink = &work->sink;

    if (sink->kind->write == NULL && sink->tap.function == NULL)
        return weir_error_set(error, WEIR_STATE,
                              "sink '%s' is a callback, but has no function; set one before the "
                              "start, or redirect it with --sink %s=stdout",
                              sink->module->name, sink->module->name);
    work->enough = work->buffer < WEIR_SINK_FLUSH ? work->buffer : WEIR_SINK_FLUSH;
    if (!reserve(work))
        return weir_error_set(error, WEIR_NOMEM, "sink '%s': no memory for its buffer",
                              sink->module->name);
    weir_status status = format != NULL ? choose_format(sink, format, error) : WEIR_OK;
    if (status == WEIR_OK && sink->kind->state_size != 0 &&
        (sink->state = weir_alloc(sink->kind->state_size)) == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
    if (status == WEIR_OK && sink->kind->open != NULL)
        status = sink->kind->open(sink, error);
    work->started = status == WEIR_OK;
    return status;
}

void weir_sink_release(weir_sink_work *work)
{
    if (work->sink.state != NULL && work->sink.kind->close != NULL)
        work->sink.kind->close(&work->sink);
    weir_free(work->sink.state);
    work->sink.state = NULL;
    work->started = false;
    weir_buffer_free(&work->out);
}
