/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - one record after the other becomes an event, a dead letter, or nothing. */
#include <stdio.h>
#include <string.h>

#include "kafka/source.h"

enum { FRAME = 5 }; /* bytes of a schema registry's frame: a zero and an id */

static kafka_partition *partition_of(kafka_source *state, const rd_kafka_message_t *message)
{
    kafka_partition *newest = state->newest;

    /* A topic has one handle for as long as partitions of it are assigned. */
    if (newest != NULL && newest->partition == message->partition &&
        state->newest_topic == message->rkt)
        return newest;
    state->newest_topic = message->rkt;
    state->newest =
        kafka_partition_of(state, rd_kafka_topic_name(message->rkt), message->partition);
    return state->newest;
}

/* The end of a partition, or why it cannot be read just now. */
static void take_event(kafka_source *state, const rd_kafka_message_t *message)
{
    kafka_partition *partition = message->rkt != NULL ? partition_of(state, message) : NULL;

    if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        kafka_client_note(&state->client, message->err, rd_kafka_message_errstr(message));
        return;
    }
    if (partition == NULL)
        return;
    partition->at_end = true;
    if (message->offset >= partition->end || (partition->end == INT64_MAX && state->replaying))
        partition->ended = true;
}

static bool has_frame(const rd_kafka_message_t *message)
{
    const unsigned char *bytes = message->payload;

    return bytes != NULL && message->len >= FRAME && bytes[0] == 0;
}

weir_slice kafka_value_of(const kafka_source *state, const rd_kafka_message_t *message)
{
    size_t head =
        state->config->framing == KAFKA_FRAMING_CONFLUENT && has_frame(message) ? FRAME : 0;

    return (weir_slice){(const unsigned char *)message->payload + head, message->len - head};
}

/* Bytes for a schema registry are no JSON, and nobody sees why. */
static void explain_frame(kafka_source *state, const rd_kafka_message_t *message)
{
    const unsigned char *bytes = message->payload;

    if (!has_frame(message) || state->source->module->decode != NULL ||
        state->config->framing == KAFKA_FRAMING_CONFLUENT)
        return;
    unsigned id =
        (unsigned)bytes[1] << 24 | (unsigned)bytes[2] << 16 | (unsigned)bytes[3] << 8 | bytes[4];
    snprintf(state->source->refusal.reason, sizeof state->source->refusal.reason,
             "a schema-registry frame, id %u: 'framing: confluent' strips it from JSON and "
             "MessagePack; Avro and Protobuf need 'format: raw'",
             id);
}

static weir_status refuse(kafka_source *state, const rd_kafka_message_t *message,
                          const char *reason)
{
    return weir_source_refuse(state->source, kafka_value_of(state, message), message->offset,
                              reason);
}

/* Decodes the record; what stands beside its value goes into fields. */
static weir_status put(kafka_source *state, const rd_kafka_message_t *message)
{
    weir_source *source = state->source;
    size_t before = source->span.count;
    char reason[320];

    if (state->config->framing == KAFKA_FRAMING_CONFLUENT && !has_frame(message))
        return refuse(state, message,
                      "no schema-registry frame (a zero byte and an id), although 'framing' is "
                      "confluent");
    weir_status status = weir_source_put(source, kafka_value_of(state, message), message->offset);
    if (status == WEIR_OK && source->refusal.waiting)
        explain_frame(state, message);
    if (status != WEIR_OK || source->span.count == before)
        return status;
    unsigned char *value = source->values + before * source->type->size;
    if (kafka_fill(state, message, value, reason, sizeof reason))
        return WEIR_OK;
    source->span.count = before;
    return refuse(state, message, reason);
}

/* The event's time that the record tells beside its value; INT64_MIN: none. */
int64_t kafka_time_beside(const kafka_source *state, const rd_kafka_message_t *message)
{
    const weir_field *field = state->time.field;
    rd_kafka_timestamp_type_t type;
    int64_t time = rd_kafka_message_timestamp(message, &type);

    if (field == NULL || field->offset != state->source->module->time_offset ||
        type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
        return INT64_MIN;
    return time * 1000000;
}

/* The key goes by the place behind the span's values. */
static weir_status delete_key(kafka_source *state, const rd_kafka_message_t *message)
{
    weir_source *source = state->source;
    unsigned char *value = source->values + source->span.count * source->type->size;
    char reason[320];

    if (source->span.count == source->capacity || source->refusal.waiting)
        return WEIR_FULL;
    if (message->key == NULL)
        return refuse(state, message, "a tombstone without a key: there is nothing to delete");
    memset(value, 0, source->type->size);
    if (!kafka_fill(state, message, value, reason, sizeof reason))
        return refuse(state, message, reason);
    return weir_source_delete(source, value, message->offset, kafka_time_beside(state, message));
}

/* A record without a value. What is dropped is done once all before it is, so it waits until the
 * span is empty. */
static weir_status take_tombstone(kafka_source *state, const kafka_partition *partition,
                                  const rd_kafka_message_t *message)
{
    weir_source *source = state->source;

    if (state->config->tombstones == KAFKA_TOMBSTONES_DEAD_LETTER)
        return refuse(state, message, "a tombstone: the record has no value");
    if (state->config->tombstones == KAFKA_TOMBSTONES_DELETE_KEY)
        return delete_key(state, message);
    if (source->span.count != 0)
        return WEIR_FULL;
    return weir_source_skip(source, partition->number, message->offset + 1, 1) ? WEIR_OK
                                                                               : WEIR_NOMEM;
}

/* Of a time that was not there yet when its offset was asked for. */
static bool is_too_late(const kafka_source *state, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;

    return state->until_time != INT64_MAX &&
           rd_kafka_message_timestamp(message, &type) * 1000000 >= state->until_time &&
           type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
}

static weir_status take(kafka_source *state, const rd_kafka_message_t *message)
{
    weir_source *source = state->source;

    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        take_event(state, message);
        return WEIR_OK;
    }
    kafka_partition *partition = partition_of(state, message);
    if (partition == NULL || partition->revoked || partition->ended)
        return WEIR_OK;
    kafka_note_first(partition, message->offset);
    partition->at_end = false;
    if (message->offset >= partition->end || is_too_late(state, message)) {
        partition->ended = true;
        return WEIR_OK;
    }
    if (source->span.count != 0 && source->span.partition != partition->number)
        return WEIR_FULL;
    source->span.partition = partition->number;
    weir_status status =
        message->payload == NULL ? take_tombstone(state, partition, message) : put(state, message);
    if (status == WEIR_OK) {
        partition->next = message->offset + 1;
        partition->ended = partition->next >= partition->end;
    }
    return status;
}

weir_status kafka_take(kafka_source *state, const rd_kafka_message_t *message)
{
    weir_status status = take(state, message);

    if (status == WEIR_OK)
        state->handled += KAFKA_BESIDE + (int64_t)(message->len + message->key_len);
    return status;
}
