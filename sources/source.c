/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - decodes messages into spans, for every kind that reads bytes. */
#include "sources/source.h"

#include <stdio.h>
#include <string.h>

static void describe(const weir_wire_error *error, char *reason, size_t size)
{
    snprintf(reason, size, "%s%s%s at byte %zu", error->path, error->path[0] != '\0' ? ": " : "",
             error->message, error->offset);
}

static weir_status decode_csv(weir_source *source, weir_slice message, void *value, char *reason,
                              size_t reason_size)
{
    weir_wire_error error;
    weir_status status = weir_csv_decode(source->columns, message, value, &error);

    if (status != WEIR_OK)
        describe(&error, reason, reason_size);
    return status;
}

static weir_status decode_typed(weir_source *source, weir_slice message, void *value, char *reason,
                                size_t reason_size)
{
    weir_wire_error error;
    weir_status status = weir_decode(source->type, source->format, message, value, &error);

    if (status != WEIR_OK)
        describe(&error, reason, reason_size);
    return status;
}

static weir_status decode_raw(weir_source *source, weir_slice message, void *value, char *reason,
                              size_t reason_size)
{
    const char *why = source->failure.message;

    source->failure.message[0] = '\0';
    source->firing.failure = &source->failure;
    source->firing.now = source->host->now(source);
    weir_status status = source->module->decode(&source->firing, message.data, message.size, value);
    if (status != WEIR_OK && status != WEIR_SKIP)
        snprintf(reason, reason_size, "%s",
                 why[0] != '\0' ? why : "the decode function refused it");
    return status;
}

/* The format by its word, or by the ending of the path. */
static weir_status choose_decoder(weir_source *source, const char *word, weir_error **error)
{
    if (strcmp(word, "csv") == 0) {
        source->format = WEIR_FORMAT_CSV;
        source->decode = decode_csv;
    } else if (strcmp(word, "json") == 0) {
        source->format = WEIR_FORMAT_JSON;
        source->decode = decode_typed;
    } else if (strcmp(word, "msgpack") == 0) {
        source->format = WEIR_FORMAT_MSGPACK;
        source->decode = decode_typed;
    } else if (strcmp(word, "raw") == 0 && source->module->decode == NULL) {
        return weir_error_set_at(error, WEIR_SPEC, source->module->place,
                                 "source '%s': 'format: raw' needs a decode function; write it in "
                                 "the spec, not on the command line",
                                 source->module->name);
    } else if (strcmp(word, "raw") == 0) {
        source->format = WEIR_FORMAT_JSON; /* framed as JSON is: by lines */
        source->decode = decode_raw;
    } else {
        return weir_error_set_at(error, WEIR_SPEC, source->module->place,
                                 "source '%s': the format '%s' is not one of csv, json, msgpack, "
                                 "raw",
                                 source->module->name, word);
    }
    return WEIR_OK;
}

weir_status weir_source_prepare(weir_source *source, const char *format, weir_error **error)
{
    uint32_t size = source->type->size;

    source->capacity = WEIR_SPAN_BYTES / (size != 0 ? size : 1);
    if (source->capacity > WEIR_SPAN_EVENTS)
        source->capacity = WEIR_SPAN_EVENTS;
    if (source->capacity == 0)
        source->capacity = 1;
    source->values = weir_alloc_array(source->capacity, size);
    source->raw = weir_alloc_array(source->capacity, sizeof *source->raw);
    if (source->values == NULL || source->raw == NULL)
        return weir_error_set(error, WEIR_NOMEM, "source '%s': out of memory",
                              source->module->name);
    return format != NULL ? choose_decoder(source, format, error) : WEIR_OK;
}

void weir_source_release(weir_source *source)
{
    weir_csv_columns_free(source->columns);
    weir_free(source->values);
    weir_free(source->raw);
}

weir_status weir_source_header(weir_source *source, weir_slice header, const char *where,
                               weir_error **error)
{
    weir_wire_error wire;

    weir_csv_columns_free(source->columns);
    source->columns = NULL;
    if (weir_csv_columns_new(source->type, header, &source->columns, &wire) != WEIR_OK)
        return weir_error_set(error, wire.status, "source '%s': the header row of '%s': %s%s%s",
                              source->module->name, where, wire.path,
                              wire.path[0] != '\0' ? ": " : "", wire.message);
    return WEIR_OK;
}

void weir_source_begin(weir_source *source, int32_t partition)
{
    source->span =
        (weir_span){.values = source->values, .partition = partition, .raw = source->raw};
    source->taken = 0;
}

/* A refusal ends the span, so that its dead letter comes in its place. */
static bool has_place(weir_source *source, int64_t position)
{
    weir_span *span = &source->span;

    if (span->count == source->capacity || source->refusal.waiting)
        return false;
    if (span->count == 0)
        span->first_position = position;
    return position == span->first_position + (int64_t)span->count;
}

static void refuse(weir_source *source, weir_slice message, int64_t position)
{
    source->refusal.waiting = true;
    source->refusal.deletes = NULL;
    source->refusal.position = position;
    source->refusal.partition = source->span.partition;
    source->refusal.raw = message;
}

weir_status weir_source_refuse(weir_source *source, weir_slice bytes, int64_t position,
                               const char *reason)
{
    if (source->refusal.waiting)
        return WEIR_FULL;
    snprintf(source->refusal.reason, sizeof source->refusal.reason, "%s", reason);
    refuse(source, bytes, position);
    source->bytes += bytes.size;
    return WEIR_OK;
}

weir_status weir_source_delete(weir_source *source, const void *value, int64_t position,
                               int64_t time)
{
    if (source->refusal.waiting)
        return WEIR_FULL;
    refuse(source, (weir_slice){NULL, 0}, position);
    source->refusal.deletes = value;
    source->refusal.time = time;
    return WEIR_OK;
}

bool weir_source_put_first(weir_source *source, weir_slice bytes, int64_t position,
                           size_t *ret_size)
{
    weir_wire_error error;

    if (!has_place(source, position))
        return false;
    unsigned char *value = source->values + source->span.count * source->type->size;
    memset(value, 0, source->type->size);
    if (weir_decode_first(source->type, bytes, value, ret_size, &error) != WEIR_OK)
        return false;
    source->bytes += *ret_size;
    source->raw[source->span.count++] = (weir_slice){bytes.data, *ret_size};
    return true;
}

/* A decode function has no use for the message: it is done. Its position is committed with the next
 * event's: those before it, in the same span, may not be done yet. */
static void pass_over(weir_source *source)
{
    source->origin.ledger.received++;
    weir_ledger_add(&source->origin.ledger, WEIR_FILTERED, 1);
}

weir_status weir_source_put(weir_source *source, weir_slice message, int64_t position)
{
    if (!has_place(source, position))
        return WEIR_FULL;
    unsigned char *value = source->values + source->span.count * source->type->size;
    memset(value, 0, source->type->size);
    weir_status status = source->decode(source, message, value, source->refusal.reason,
                                        sizeof source->refusal.reason);
    source->bytes += message.size;
    if (status == WEIR_SKIP)
        pass_over(source);
    else if (status != WEIR_OK)
        refuse(source, message, position);
    else
        source->raw[source->span.count++] = message;
    return WEIR_OK;
}

void weir_source_take_back(weir_source *source, int32_t partition)
{
    if (source->taken < source->span.count && source->span.partition == partition) {
        source->origin.ledger.received -= source->span.count - source->taken;
        source->span.count = source->taken;
    }
    if (source->refusal.waiting && source->refusal.partition == partition) {
        source->origin.ledger.received--;
        source->refusal.waiting = false;
    }
}

bool weir_source_skip(weir_source *source, int32_t partition, int64_t position, uint64_t dropped)
{
    source->origin.ledger.received += dropped;
    source->origin.ledger.dropped += dropped;
    if (!source->origin.commits)
        return true;
    if (!weir_origin_enter(&source->origin, partition, position - (int64_t)dropped))
        return false;
    source->origin.partitions[source->origin.place].next = position;
    return true;
}
