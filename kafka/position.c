/* SPDX-License-Identifier: Apache-2.0 */
/* position.c - where the partitions of a source begin and end: `start` and `until`.
 *
 * Asked once for each assignment, with answers from the cluster that are waited for: at most five
 * seconds a question, and only where `start` or `until` need one.
 */
#include <string.h>

#include "core/calendar.h"
#include "core/text.h"
#include "kafka/source.h"

enum { WAIT_MS = 5000 };

/* --- Reading the options --- */

static weir_status refuse(const kafka_source *state, const char *option, const char *text,
                          const char *wanted, weir_error **error)
{
    return weir_error_set_at(error, WEIR_SPEC, state->source->module->place,
                             "%s: '%s' of option '%s' is not %s", state->client.what, text, option,
                             wanted);
}

static bool read_time(const char *text, int64_t *ret)
{
    bool range = false;

    return weir_calendar_read_time(text, strlen(text), ret, &range) && !range;
}

static weir_status read_start(kafka_source *state, weir_error **error)
{
    const char *text = state->config->start;
    int64_t back;

    state->start_time = INT64_MIN;
    state->start_offset = RD_KAFKA_OFFSET_BEGINNING;
    if (strcmp(text, "earliest") == 0)
        return WEIR_OK;
    if (strcmp(text, "latest") == 0) {
        state->start_offset = RD_KAFKA_OFFSET_END;
        return WEIR_OK;
    }
    if (strncmp(text, "offset ", 7) == 0 && weir_text_integer(text + 7, &state->start_offset) &&
        state->start_offset >= 0)
        return WEIR_OK;
    if (text[0] == '-' && weir_text_duration(text + 1, &back)) {
        state->start_time = state->source->host->now(state->source) - back;
        return WEIR_OK;
    }
    if (read_time(text, &state->start_time))
        return WEIR_OK;
    return refuse(
        state, "start", text,
        "earliest, latest, 'offset N', a time such as 2024-03-01T12:00:00Z, or a duration "
        "back from now such as -15m",
        error);
}

weir_status kafka_read_bounds(kafka_source *state, weir_error **error)
{
    const char *until = state->config->until;

    state->until_time = INT64_MAX;
    state->until_end =
        until != NULL ? strcmp(until, "end") == 0 : state->replaying; /* a replay has an end */
    if (until != NULL && !state->until_end && !read_time(until, &state->until_time))
        return refuse(state, "until", until, "'end' or a time such as 2024-03-01T12:00:00Z", error);
    return read_start(state, error);
}

/* --- Asking the cluster --- */

static void failed(kafka_source *state, rd_kafka_resp_err_t code, const char *what)
{
    char message[256], reason[128];

    kafka_explain(code, NULL, reason, sizeof reason);
    snprintf(message, sizeof message, "cannot ask for %s: %s", what, reason);
    kafka_client_note(&state->client, code, message);
}

/* The offset of the first record at `time` (or of its end, RD_KAFKA_OFFSET_END) in each partition;
 * NULL: the cluster did not say. The caller frees it. */
static rd_kafka_topic_partition_list_t *
offsets_at(kafka_source *state, const rd_kafka_topic_partition_list_t *list, int64_t time)
{
    rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(list);

    for (int i = 0; i < asked->cnt; i++)
        asked->elems[i].offset = time;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(state->client.rk, asked, WAIT_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return asked;
    failed(state, code, "offsets");
    rd_kafka_topic_partition_list_destroy(asked);
    return NULL;
}

static int64_t millis(int64_t nanoseconds)
{
    return nanoseconds / 1000000;
}

/* Those of the group, in all partitions of the topics: a topic that the group knows may have got
 * new partitions. NULL: the cluster did not say. */
static rd_kafka_topic_partition_list_t *ask_committed(kafka_source *state,
                                                      const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(list);

    for (int i = 0; i < list->cnt; i++) {
        int32_t partition = 0;
        const char *topic = list->elems[i].topic;
        for (; partition < list->elems[i].partition; partition++)
            if (rd_kafka_topic_partition_list_find(asked, topic, partition) == NULL)
                rd_kafka_topic_partition_list_add(asked, topic, partition);
    }
    rd_kafka_resp_err_t code = rd_kafka_committed(state->client.rk, asked, WAIT_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return asked;
    failed(state, code, "the group's positions");
    rd_kafka_topic_partition_list_destroy(asked);
    return NULL;
}

static bool knows_topic(const rd_kafka_topic_partition_list_t *committed, const char *topic)
{
    for (int i = 0; i < committed->cnt; i++)
        if (committed->elems[i].offset >= 0 && strcmp(committed->elems[i].topic, topic) == 0)
            return true;
    return false;
}

/* --- Placing --- */

/* Where `start` says; RD_KAFKA_OFFSET_INVALID: it could not be asked. */
static void place_at_start(kafka_source *state, rd_kafka_topic_partition_list_t *list)
{
    bool asks = state->start_time != INT64_MIN || state->start_offset == RD_KAFKA_OFFSET_END;
    int64_t time = state->start_time != INT64_MIN ? millis(state->start_time) : RD_KAFKA_OFFSET_END;
    rd_kafka_topic_partition_list_t *found = asks ? offsets_at(state, list, time) : NULL;

    for (int i = 0; i < list->cnt; i++) {
        list->elems[i].offset = state->start_offset;
        if (state->start_time != INT64_MIN)
            list->elems[i].offset = RD_KAFKA_OFFSET_END; /* no record is as new */
        if (found != NULL && found->elems[i].offset >= 0)
            list->elems[i].offset = found->elems[i].offset;
    }
    if (found != NULL)
        rd_kafka_topic_partition_list_destroy(found);
}

/* Where the group has been; where it has not, at `start`, or in a topic that it knows at the
 * beginning: a partition that is new has nothing that anybody could have skipped. */
static void place_in_group(kafka_source *state, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *committed = ask_committed(state, list);

    if (committed == NULL)
        return; /* librdkafka asks again, and goes to the beginning where there is none */
    place_at_start(state, list);
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *one = &list->elems[i];
        const rd_kafka_topic_partition_t *found =
            rd_kafka_topic_partition_list_find(committed, one->topic, one->partition);
        if (found != NULL && found->offset >= 0)
            one->offset = found->offset;
        else if (knows_topic(committed, one->topic))
            one->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_topic_partition_list_destroy(committed);
}

/* A partition that nobody wrote to since begins at its end, which is committed at once: else a
 * restart would begin at a later one. */
static void note_begin(kafka_source *state, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        kafka_partition *partition = kafka_partition_of(state, one->topic, one->partition);
        if (partition == NULL || one->offset < 0)
            continue;
        partition->next = partition->placed = one->offset;
        if (partition->to_commit < 0 && state->source->origin.commits) {
            partition->to_commit = one->offset;
            state->dirty = true;
        }
    }
}

static void place_ends(kafka_source *state, const rd_kafka_topic_partition_list_t *list)
{
    int64_t time = state->until_end ? RD_KAFKA_OFFSET_END : millis(state->until_time);
    rd_kafka_topic_partition_list_t *ends = offsets_at(state, list, time);

    for (int i = 0; ends != NULL && i < ends->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &ends->elems[i];
        kafka_partition *partition = kafka_partition_of(state, one->topic, one->partition);
        if (partition != NULL && one->offset >= 0)
            partition->end = one->offset;
    }
    if (ends != NULL)
        rd_kafka_topic_partition_list_destroy(ends);
}

void kafka_place(kafka_source *state, rd_kafka_topic_partition_list_t *list)
{
    bool usual = state->start_time == INT64_MIN && state->start_offset == RD_KAFKA_OFFSET_BEGINNING;

    if (!state->source->origin.commits)
        place_at_start(state, list);
    else if (!usual)
        place_in_group(state, list); /* else librdkafka asks itself, without anybody waiting */
    note_begin(state, list);
    if (state->until_end || state->until_time != INT64_MAX)
        place_ends(state, list);
}
