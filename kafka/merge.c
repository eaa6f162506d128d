/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - a replay reads partitions in the order of time (rule E16): each has a queue of its own,
 * and the oldest of their next records comes first, once all have shown one or their end.
 *
 * Ties go by topic and partition. What cannot be decoded, and records without a time, come first.
 */
#include <string.h>

#include "kafka/source.h"

weir_status kafka_merge_begin(kafka_source *state, weir_error **error)
{
    state->scratch_value = weir_alloc(state->source->type->size);
    return state->scratch_value != NULL
               ? WEIR_OK
               : weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->client.what);
}

void kafka_merge_forward(kafka_source *state, kafka_partition *partition)
{
    rd_kafka_queue_t *fetched = rd_kafka_queue_get_partition(
        state->client.rk, state->topics[partition->topic], partition->partition);

    partition->queue = rd_kafka_queue_new(state->client.rk);
    kafka_client_listen(&state->client, partition->queue);
    if (fetched == NULL)
        return;
    rd_kafka_queue_forward(fetched, partition->queue);
    rd_kafka_queue_destroy(fetched);
}

void kafka_merge_end(kafka_source *state)
{
    for (uint32_t i = 0; i < state->partition_count; i++) {
        kafka_partition *partition = &state->partitions[i];
        if (partition->head != NULL)
            rd_kafka_message_destroy(partition->head);
        if (partition->queue == NULL)
            continue;
        rd_kafka_queue_io_event_enable(partition->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(partition->queue);
    }
    weir_free(state->scratch_value);
}

/* The event's time, or INT64_MIN. */
static int64_t time_of(kafka_source *state, const rd_kafka_message_t *message)
{
    weir_source *source = state->source;
    uint32_t offset = source->module->time_offset;
    int64_t time = INT64_MIN;
    char reason[320];

    if (message->payload == NULL && state->config->tombstones == KAFKA_TOMBSTONES_DELETE_KEY)
        return kafka_time_beside(state, message);
    if (offset == WEIR_NONE || message->payload == NULL)
        return time;
    memset(state->scratch_value, 0, source->type->size);
    if (source->decode(source, kafka_value_of(state, message), state->scratch_value, reason,
                       sizeof reason) == WEIR_OK &&
        kafka_fill(state, message, state->scratch_value, reason, sizeof reason))
        memcpy(&time, state->scratch_value + offset, sizeof time);
    return time;
}

/* Brings the partition's next record to the front. False: it has none just now. */
static bool show(kafka_source *state, kafka_partition *partition)
{
    rd_kafka_message_t *message;

    while (partition->head == NULL && !partition->ended) {
        if (rd_kafka_consume_batch_queue(partition->queue, 0, &message, 1) <= 0)
            return false;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset < partition->end) {
            partition->head = message;
            partition->head_time = time_of(state, message);
            return true;
        }
        kafka_take(state, message); /* it is at its end, or says what is wrong */
        rd_kafka_message_destroy(message);
    }
    return true;
}

static bool is_before(const kafka_partition *a, const kafka_partition *b)
{
    return a->head_time < b->head_time || (a->head_time == b->head_time && a->number < b->number);
}

/* The partition that comes next, and the one after it; NULL: none has more, or not all have shown
 * what they have. */
static kafka_partition *pick(kafka_source *state, const kafka_partition **ret_second)
{
    kafka_partition *first = NULL;
    bool known = true;

    *ret_second = NULL;
    for (uint32_t i = 0; i < state->partition_count; i++) {
        kafka_partition *partition = &state->partitions[i];
        known = show(state, partition) && known;
        if (partition->head == NULL)
            continue;
        if (first == NULL || is_before(partition, first)) {
            *ret_second = first;
            first = partition;
        } else if (*ret_second == NULL || is_before(partition, *ret_second)) {
            *ret_second = partition;
        }
    }
    return known ? first : NULL;
}

weir_status kafka_merge(kafka_source *state, size_t limit)
{
    weir_source *source = state->source;
    const kafka_partition *second;
    kafka_partition *first = pick(state, &second);

    kafka_free_batch(state);
    if (limit > KAFKA_BATCH)
        limit = KAFKA_BATCH;
    while (first != NULL && first->head != NULL && state->count < limit &&
           !source->refusal.waiting && (second == NULL || is_before(first, second))) {
        weir_status status = kafka_take(state, first->head);
        if (status != WEIR_OK)
            return status == WEIR_FULL ? WEIR_OK : status;
        state->batch[state->count++] = first->head;
        state->at = state->count;
        first->head = NULL;
        if (!show(state, first))
            break;
    }
    return WEIR_OK;
}
