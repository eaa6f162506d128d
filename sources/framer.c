/* SPDX-License-Identifier: Apache-2.0 */
/* framer.c - where messages end: lines, CSV records, MessagePack values, lengths.
 *
 * What cannot be a message is shown once, as far as it has come, with the reason. Where reading
 * goes on behind it:
 *
 *     longer than the limit      lines and CSV: the next line; else behind the message
 *     CSV with an open quote     the next line
 *     no MessagePack (0xc1)      nowhere: nothing tells where the next value begins
 */
#include "sources/framer.h"
#include "sources/source.h"

#include <stdio.h>
#include <string.h>

/* --- Making --- */

static weir_status refuse(const weir_source *source, const char *why, weir_error **error)
{
    return weir_error_set_at(error, WEIR_SPEC, source->module->place, "source '%s': %s",
                             source->module->name, why);
}

static weir_status choose_form(weir_framer *framer, const weir_source *source, int framing,
                               weir_error **error)
{
    bool sized = framing == WEIR_FRAMING_LENGTH || framing == WEIR_FRAMING_FIXED;

    if (source->format == WEIR_FORMAT_CSV && framing != WEIR_FRAMING_AUTO)
        return refuse(source, "CSV has a framing of its own: leave 'framing' out", error);
    if (source->format == WEIR_FORMAT_MSGPACK && framing == WEIR_FRAMING_LINES)
        return refuse(source,
                      "MessagePack may hold newlines: choose 'framing: length', or leave it out",
                      error);
    if (sized)
        framer->form = WEIR_FRAMER_SIZED;
    else if (source->format == WEIR_FORMAT_CSV)
        framer->form = WEIR_FRAMER_CSV;
    else if (source->format == WEIR_FORMAT_MSGPACK)
        framer->form = WEIR_FRAMER_MSGPACK;
    else
        framer->form = WEIR_FRAMER_LINES;
    return WEIR_OK;
}

weir_status weir_framer_init(weir_framer *framer, const weir_source *source,
                             const weir_framing_config *config, weir_error **error)
{
    bool fixed = config->framing == WEIR_FRAMING_FIXED;

    *framer = (weir_framer){.limit = (size_t)config->max_size};
    if (fixed && config->record_size == 0)
        return refuse(source, "'framing: fixed' needs 'record_size'", error);
    if (!fixed && config->record_size != 0)
        return refuse(source, "'record_size' belongs to 'framing: fixed'", error);
    if (config->record_size > config->max_size)
        return refuse(source, "'record_size' is greater than 'max_size'", error);
    framer->fixed = (size_t)config->record_size;
    framer->head = config->framing == WEIR_FRAMING_LENGTH ? 1u << config->length_bytes : 0;
    return choose_form(framer, source, config->framing, error);
}

void weir_framer_free(weir_framer *framer)
{
    weir_buffer_free(&framer->bytes);
}

void weir_framer_reset(weir_framer *framer)
{
    *framer = (weir_framer){.form = framer->form,
                            .limit = framer->limit,
                            .head = framer->head,
                            .fixed = framer->fixed,
                            .bytes = framer->bytes};
    framer->bytes.size = 0;
}

/* --- Bytes --- */

unsigned char *weir_framer_room(weir_framer *framer, size_t size)
{
    weir_buffer *bytes = &framer->bytes;

    if (framer->at != 0) {
        memmove(bytes->data, bytes->data + framer->at, bytes->size - framer->at);
        bytes->size -= framer->at;
        framer->plain -= framer->at < framer->plain ? framer->at : framer->plain;
        framer->at = 0;
    }
    if (!weir_buffer_reserve(bytes, size))
        return NULL;
    return (unsigned char *)bytes->data + bytes->size;
}

void weir_framer_add(weir_framer *framer, size_t size)
{
    framer->bytes.size += size;
}

void weir_framer_end(weir_framer *framer, bool torn)
{
    framer->ended = true;
    framer->torn = torn;
}

static weir_slice rest_of(const weir_framer *framer)
{
    if (framer->bytes.size == framer->at)
        return (weir_slice){NULL, 0};
    const void *data = framer->bytes.data + framer->at;
    return (weir_slice){data, framer->bytes.size - framer->at};
}

static weir_status more(const weir_framer *framer)
{
    return framer->ended ? WEIR_CLOSED : WEIR_AGAIN;
}

/* --- What was found --- */

static weir_status bad(weir_framer *framer, size_t skip, size_t size, size_t next,
                       const char *reason)
{
    weir_slice rest = rest_of(framer);

    if (reason != framer->reason)
        snprintf(framer->reason, sizeof framer->reason, "%s", reason);
    framer->found = true;
    framer->next = next;
    framer->frame = (weir_frame){{rest.data + skip, size}, framer->reason};
    return WEIR_OK;
}

static const char *tell_too_long(weir_framer *framer)
{
    snprintf(framer->reason, sizeof framer->reason,
             "the message is longer than the %zu bytes of 'max_size'", framer->limit);
    return framer->reason;
}

static weir_status too_long(weir_framer *framer, size_t skip, size_t size, size_t next)
{
    return bad(framer, skip, size, next, tell_too_long(framer));
}

static weir_status good(weir_framer *framer, size_t skip, size_t size, size_t next)
{
    if (size > framer->limit)
        return too_long(framer, skip, size, next);
    framer->found = true;
    framer->next = next;
    framer->frame = (weir_frame){{rest_of(framer).data + skip, size}, NULL};
    return WEIR_OK;
}

/* What is left of a stream that has ended is no whole message. */
static weir_status cut_off(weir_framer *framer, size_t skip, const char *reason)
{
    size_t size = rest_of(framer).size;

    return bad(framer, skip < size ? skip : size, size - (skip < size ? skip : size), size, reason);
}

static const char torn_reason[] = "the sender broke off within the message";
static const char end_reason[] = "the input ends within the message";

/* --- Lines and CSV --- */

static bool is_blank(weir_slice line)
{
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    return true;
}

/* The return may have come without its newline yet. */
static size_t without_return(weir_slice line, size_t size)
{
    return size - (size != 0 && line.data[size - 1] == '\r');
}

static weir_status find_line(weir_framer *framer)
{
    weir_slice rest = rest_of(framer);
    const unsigned char *end = NULL;

    if (rest.size > framer->line)
        end = memchr(rest.data + framer->line, '\n', rest.size - framer->line);
    if (end != NULL) {
        size_t size = (size_t)(end - rest.data);
        return good(framer, 0, without_return(rest, size), size + 1);
    }
    framer->line = rest.size;
    if (without_return(rest, rest.size) > framer->limit) {
        framer->skip = WEIR_FRAMER_SKIP_LINE;
        return too_long(framer, 0, rest.size, rest.size);
    }
    if (rest.size == 0 || !framer->ended)
        return more(framer);
    return framer->torn ? cut_off(framer, 0, torn_reason)
                        : good(framer, 0, without_return(rest, rest.size), rest.size);
}

/* Shows the first line alone, where the record's own end is not known. */
static weir_status give_up_record(weir_framer *framer, const char *reason)
{
    weir_slice rest = rest_of(framer);
    const unsigned char *end = memchr(rest.data, '\n', rest.size);

    if (end != NULL)
        return bad(framer, 0, (size_t)(end - rest.data), (size_t)(end - rest.data) + 1, reason);
    if (!framer->ended)
        framer->skip = WEIR_FRAMER_SKIP_LINE;
    return bad(framer, 0, rest.size, rest.size, reason);
}

static weir_status find_csv(weir_framer *framer)
{
    weir_slice rest = rest_of(framer);
    size_t size, next;

    if (rest.size == 0)
        return more(framer);
    weir_status status = weir_csv_record(rest, framer->ended, &framer->csv, &size, &next);
    if (status == WEIR_OK && next == rest.size && framer->torn && rest.data[next - 1] != '\n')
        return cut_off(framer, 0, torn_reason);
    if (status == WEIR_OK && size <= framer->limit)
        return good(framer, 0, size, next);
    if (status == WEIR_DECODE)
        return give_up_record(framer, "a quote is open to the end of the input");
    if (status == WEIR_AGAIN && without_return(rest, rest.size) <= framer->limit)
        return WEIR_AGAIN;
    return give_up_record(framer, tell_too_long(framer));
}

/* --- MessagePack --- */

/* Drops what of a value has been looked at. */
static size_t looked_at(weir_framer *framer)
{
    size_t size = rest_of(framer).size;
    size_t drop = framer->value.at < size ? (size_t)framer->value.at : size;

    framer->value.at -= drop;
    return drop;
}

static weir_status find_value(weir_framer *framer)
{
    weir_slice rest = rest_of(framer);
    size_t size;

    if (rest.size == 0)
        return more(framer);
    weir_status status = weir_msgpack_record(rest, &framer->value, &size);
    if (status == WEIR_OK)
        return good(framer, 0, size, size);
    if (status == WEIR_DECODE) {
        framer->skip = WEIR_FRAMER_SKIP_ALL;
        snprintf(framer->reason, sizeof framer->reason,
                 "malformed MessagePack at byte %llu: nothing behind it can be told apart",
                 (unsigned long long)framer->value.at);
        return bad(framer, 0, rest.size, rest.size, framer->reason);
    }
    if (framer->value.at > framer->limit) {
        framer->skip = WEIR_FRAMER_SKIP_VALUE;
        return too_long(framer, 0, rest.size, looked_at(framer));
    }
    return framer->ended ? cut_off(framer, 0, framer->torn ? torn_reason : end_reason) : WEIR_AGAIN;
}

/* --- Lengths --- */

static weir_status find_sized(weir_framer *framer)
{
    weir_slice rest = rest_of(framer);
    uint64_t length = framer->head != 0 ? 0 : framer->fixed;

    if (rest.size == 0)
        return more(framer);
    for (uint32_t i = 0; i < framer->head && i < rest.size; i++)
        length = length << 8 | rest.data[i];
    size_t come = rest.size > framer->head ? rest.size - framer->head : 0;
    if (rest.size >= framer->head && length <= come && length <= framer->limit)
        return good(framer, framer->head, (size_t)length, framer->head + (size_t)length);
    if (rest.size >= framer->head && length > framer->limit) {
        size_t here = length < come ? (size_t)length : come;
        framer->owed = length - here;
        framer->skip = WEIR_FRAMER_SKIP_BYTES;
        return too_long(framer, framer->head, here, framer->head + here);
    }
    return framer->ended ? cut_off(framer, framer->head, framer->torn ? torn_reason : end_reason)
                         : WEIR_AGAIN;
}

/* --- Skipping --- */

/* How many of the bytes at hand are dropped; `*ret_done`: the next message begins behind them. */
static size_t skip_line(weir_slice rest, bool *ret_done)
{
    const unsigned char *end = rest.size != 0 ? memchr(rest.data, '\n', rest.size) : NULL;

    *ret_done = end != NULL;
    return end != NULL ? (size_t)(end - rest.data) + 1 : rest.size;
}

static size_t skip_bytes(weir_framer *framer, weir_slice rest, bool *ret_done)
{
    size_t drop = framer->owed < rest.size ? (size_t)framer->owed : rest.size;

    framer->owed -= drop;
    *ret_done = framer->owed == 0;
    return drop;
}

static size_t skip_value(weir_framer *framer, weir_slice rest, bool *ret_done)
{
    size_t size;
    weir_status status = weir_msgpack_record(rest, &framer->value, &size);

    *ret_done = status == WEIR_OK;
    if (status == WEIR_OK)
        return size;
    if (status == WEIR_DECODE)
        framer->skip = WEIR_FRAMER_SKIP_ALL;
    return looked_at(framer);
}

/* True: the next message begins at `at`. */
static bool skip(weir_framer *framer)
{
    weir_slice rest = rest_of(framer);
    bool done = false;

    switch (framer->skip) {
    case WEIR_FRAMER_SKIP_NOTHING:
        return true;
    case WEIR_FRAMER_SKIP_LINE:
        framer->at += skip_line(rest, &done);
        break;
    case WEIR_FRAMER_SKIP_BYTES:
        framer->at += skip_bytes(framer, rest, &done);
        break;
    case WEIR_FRAMER_SKIP_VALUE:
        framer->at += skip_value(framer, rest, &done);
        break;
    case WEIR_FRAMER_SKIP_ALL:
        framer->at += rest.size;
        framer->dropped += rest.size;
        break;
    }
    if (done) {
        framer->skip = WEIR_FRAMER_SKIP_NOTHING;
        framer->value = (weir_msgpack_scan){0};
    }
    return done;
}

/* --- The next message --- */

static weir_status find(weir_framer *framer)
{
    switch (framer->form) {
    case WEIR_FRAMER_LINES:
        return find_line(framer);
    case WEIR_FRAMER_CSV:
        return find_csv(framer);
    case WEIR_FRAMER_MSGPACK:
        return find_value(framer);
    case WEIR_FRAMER_SIZED:
        break;
    }
    return find_sized(framer);
}

void weir_framer_take(weir_framer *framer)
{
    framer->at += framer->next;
    framer->found = false;
    framer->line = 0;
    framer->csv = (weir_csv_scan){0};
    if (framer->skip != WEIR_FRAMER_SKIP_VALUE)
        framer->value = (weir_msgpack_scan){0};
}

weir_status weir_framer_next(weir_framer *framer, weir_frame *ret)
{
    bool lines = framer->form == WEIR_FRAMER_LINES || framer->form == WEIR_FRAMER_CSV;

    while (!framer->found) {
        weir_status status = skip(framer) ? find(framer) : more(framer);
        if (status != WEIR_OK)
            return status;
        /* Blank lines keep things apart for people and connections alive. */
        if (lines && framer->frame.fault == NULL && is_blank(framer->frame.message))
            weir_framer_take(framer);
    }
    *ret = framer->frame;
    return WEIR_OK;
}

/* MessagePack that is as it should be needs no look for its end first: decoding finds it. */
static bool put_value(weir_framer *framer, weir_source *source, int64_t position)
{
    weir_slice rest = rest_of(framer);
    size_t size;

    if (framer->form != WEIR_FRAMER_MSGPACK || framer->found || framer->value.begun ||
        framer->skip != WEIR_FRAMER_SKIP_NOTHING || rest.size == 0)
        return false;
    rest.size = rest.size < framer->limit ? rest.size : framer->limit;
    if (!weir_source_put_first(source, rest, position, &size))
        return false;
    framer->at += size;
    return true;
}

/* Whether a quote stands among the next `size` bytes; all that has come is searched at once. */
static bool has_quote(weir_framer *framer, size_t size)
{
    const weir_buffer *bytes = &framer->bytes;
    size_t end = framer->at + size, from = framer->plain > framer->at ? framer->plain : framer->at;

    if (framer->plain >= end)
        return false;
    const char *quote = memchr(bytes->data + from, '"', bytes->size - from);
    framer->plain = quote != NULL ? (size_t)(quote - bytes->data) : bytes->size;
    return framer->plain < end;
}

/* Nor does a line that is one message: its newline is its end, if no quote takes that away. */
static bool put_line(weir_framer *framer, weir_source *source, int64_t position)
{
    weir_slice rest = rest_of(framer);
    bool csv = framer->form == WEIR_FRAMER_CSV, lines = csv || framer->form == WEIR_FRAMER_LINES;

    if (!lines || framer->found || framer->line != 0 || framer->csv.at != 0 ||
        framer->skip != WEIR_FRAMER_SKIP_NOTHING || rest.size == 0 || *rest.data <= ' ')
        return false;
    const unsigned char *end = memchr(rest.data, '\n', rest.size);
    if (end == NULL)
        return false;
    size_t size = (size_t)(end - rest.data);
    if (size > framer->limit || (csv && has_quote(framer, size)))
        return false;
    rest.size = without_return(rest, size);
    if (weir_source_put(source, rest, position) != WEIR_OK)
        return false;
    framer->at += size + 1;
    return true;
}

weir_status weir_framer_put(weir_framer *framer, weir_source *source, size_t limit,
                            int64_t *position)
{
    weir_frame frame;

    while (source->span.count < limit && !source->refusal.waiting) {
        if (put_value(framer, source, *position) || put_line(framer, source, *position)) {
            ++*position;
            continue;
        }
        weir_status status = weir_framer_next(framer, &frame);
        if (status != WEIR_OK)
            return status;
        status = frame.fault == NULL
                     ? weir_source_put(source, frame.message, *position)
                     : weir_source_refuse(source, frame.message, *position, frame.fault);
        if (status != WEIR_OK)
            return status;
        ++*position;
        weir_framer_take(framer);
    }
    return WEIR_FULL;
}
