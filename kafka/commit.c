/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - positions to the cluster: asynchronously, at an interval, before partitions go and at
 * the end. One commit is on its way at a time. */
#include <stdio.h>

#include "core/clock.h"
#include "kafka/source.h"

weir_status kafka_note_commit(weir_source *source, int32_t number, int64_t position,
                              weir_error **error)
{
    kafka_source *state = source->state;
    kafka_partition *partition = kafka_partition_numbered(state, number);

    (void)error;
    /* One that has gone is not this process's to commit. */
    if (partition == NULL)
        return WEIR_OK;
    partition->to_commit = position;
    if (source->joint) {
        state->dirty = true;
    } else if (!state->dirty) {
        state->dirty = true;
        state->commit_at = source->host->now(source) + state->config->commit_every;
        kafka_arm(state);
    }
    return WEIR_OK;
}

bool kafka_is_committed(const kafka_partition *partition)
{
    return partition->to_commit < 0 || partition->committed == partition->to_commit;
}

rd_kafka_topic_partition_list_t *kafka_uncommitted(const kafka_source *state)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)state->partition_count);

    for (uint32_t i = 0; i < state->partition_count; i++) {
        const kafka_partition *partition = &state->partitions[i];
        if (!kafka_is_committed(partition))
            rd_kafka_topic_partition_list_add(list, state->topics[partition->topic],
                                              partition->partition)
                ->offset = partition->to_commit;
    }
    if (list->cnt != 0)
        return list;
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

void kafka_committed(kafka_source *state, int64_t took)
{
    for (uint32_t i = 0; i < state->partition_count && state->dirty; i++)
        state->partitions[i].committed = state->partitions[i].to_commit;
    state->commits += state->dirty;
    state->commit_time = took;
    state->dirty = state->spoilt = false;
}

/* A coordinator that has gone may keep a commit for a minute; then another one goes. Should the old
 * one arrive behind it, its answer says so, and the newest position goes again. */
static bool is_on_its_way(kafka_source *state)
{
    const int64_t patience = 3000000000;

    if (state->committing && weir_monotonic_now() - state->commit_began > patience) {
        state->committing = false;
        state->commit_failures++;
    }
    return state->committing;
}

void kafka_commit(kafka_source *state)
{
    if (state->source->joint || is_on_its_way(state) || !state->dirty)
        return;
    rd_kafka_topic_partition_list_t *list = kafka_uncommitted(state);
    state->dirty = list != NULL;
    if (list == NULL)
        return;
    rd_kafka_resp_err_t code = rd_kafka_commit(state->client.rk, list, 1);
    state->commit_began = weir_monotonic_now();
    state->committing = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    state->commit_at = state->source->host->now(state->source) + state->config->commit_every;
    state->commit_failures += !state->committing;
    if (!state->committing)
        kafka_client_note(&state->client, code, "positions could not be committed");
    rd_kafka_topic_partition_list_destroy(list);
}

/* Between two generations of a group commits are refused, which is no trouble: the same positions
 * go with the next. */
static bool is_usual(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS ||
           code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || code == RD_KAFKA_RESP_ERR__NO_OFFSET ||
           code == RD_KAFKA_RESP_ERR__WAIT_COORD;
}

void kafka_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                     rd_kafka_topic_partition_list_t *list, void *opaque)
{
    kafka_client *client = opaque;
    kafka_source *state = client->owner;

    (void)rk;
    state->committing = false;
    state->commit_time = weir_monotonic_now() - state->commit_began;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && client->down)
        kafka_client_alive(client);
    state->commits += code == RD_KAFKA_RESP_ERR_NO_ERROR;
    state->commit_failures += code != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !is_usual(code))
        kafka_client_note(client, code, "positions could not be committed");
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        kafka_partition *partition = kafka_partition_of(state, one->topic, one->partition);
        if (partition != NULL && code == RD_KAFKA_RESP_ERR_NO_ERROR &&
            one->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            partition->committed = one->offset;
        /* One that was late has put an older position in place of a newer. */
        state->dirty = state->dirty || (partition != NULL && !kafka_is_committed(partition));
    }
    kafka_arm(state);
}
