/* SPDX-License-Identifier: Apache-2.0 */
/* position.c - where the partitions of a source begin and end: `start` and `until`.
 *
 * Asked for each assignment where `start` or `until` need it, by a thread of its own and until
 * there is an answer: what is not known yet is not read.
 */
#include <string.h>

#include "kafka/source.h"
#include "kafka/texts.h"

enum { WAIT_MS = 5000 };

/* --- Reading the options --- */

void kafka_read_bounds(kafka_source *state)
{
    const char *until = state->config->until;
    kafka_start start;

    kafka_read_start(state->config->start, &start);
    state->start_time = start.form == KAFKA_START_TIME ? start.value : INT64_MIN;
    if (start.form == KAFKA_START_BACK)
        state->start_time = state->source->host->now(state->source) - start.value;
    state->start_offset = start.form == KAFKA_START_OFFSET   ? start.value
                          : start.form == KAFKA_START_LATEST ? RD_KAFKA_OFFSET_END
                                                             : RD_KAFKA_OFFSET_BEGINNING;
    state->until_time = INT64_MAX;
    state->until_end = until == NULL && state->replaying; /* a replay has an end */
    if (until != NULL) {
        kafka_read_until(until, &state->until_time);
        state->until_end = state->until_time == INT64_MAX;
    }
}

/* --- Asking the cluster --- */

static bool is_bounded(const kafka_source *state)
{
    return state->until_end || state->until_time != INT64_MAX;
}

/* The group's positions are librdkafka's to ask, unless something else than the beginning stands
 * for those that there are none of. */
static bool asks_group(const kafka_source *state)
{
    bool usual = state->start_time == INT64_MIN && state->start_offset == RD_KAFKA_OFFSET_BEGINNING;

    return state->source->origin.commits && !usual;
}

static bool asks_start(const kafka_source *state)
{
    return state->start_time != INT64_MIN || state->start_offset == RD_KAFKA_OFFSET_END;
}

bool kafka_place_asks(const kafka_source *state)
{
    return asks_group(state) || asks_start(state) || is_bounded(state);
}

static rd_kafka_topic_partition_list_t *at_time(const rd_kafka_topic_partition_list_t *list,
                                                int64_t time)
{
    rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(list);

    for (int i = 0; i < asked->cnt; i++)
        asked->elems[i].offset = time;
    return asked;
}

/* All partitions of the topics: one that the group knows may have got new partitions. */
static rd_kafka_topic_partition_list_t *of_group(const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(list);

    for (int i = 0; i < list->cnt; i++) {
        int32_t partition = 0;
        const char *topic = list->elems[i].topic;
        for (; partition < list->elems[i].partition; partition++)
            if (rd_kafka_topic_partition_list_find(asked, topic, partition) == NULL)
                rd_kafka_topic_partition_list_add(asked, topic, partition);
    }
    return asked;
}

static int64_t millis(int64_t nanoseconds)
{
    return nanoseconds / 1000000;
}

kafka_question *kafka_place_question(const kafka_source *state,
                                     const rd_kafka_topic_partition_list_t *list)
{
    kafka_question *question = kafka_question_new(WAIT_MS);

    if (question == NULL)
        return NULL;
    if (asks_start(state))
        question->starts = at_time(list, state->start_time != INT64_MIN ? millis(state->start_time)
                                                                        : RD_KAFKA_OFFSET_END);
    if (is_bounded(state))
        question->ends =
            at_time(list, state->until_end ? RD_KAFKA_OFFSET_END : millis(state->until_time));
    if (asks_group(state))
        question->committed = of_group(list);
    if (!asks_group(state) || state->pattern == NULL)
        return question;
    question->pattern = weir_strdup(state->pattern);
    if (question->pattern != NULL)
        return question;
    kafka_question_free(question);
    return NULL;
}

/* --- Placing --- */

/* The group has been in the topic; or, where a pattern chooses topics, in any of them. */
static bool knows_topic(const kafka_source *state, const rd_kafka_topic_partition_list_t *committed,
                        const char *topic)
{
    for (int i = 0; i < committed->cnt; i++)
        if (committed->elems[i].offset >= 0 &&
            (state->pattern != NULL || strcmp(committed->elems[i].topic, topic) == 0))
            return true;
    return false;
}

/* The offset that is found in an answer; below 0: none. */
static int64_t found_in(const rd_kafka_topic_partition_list_t *answer,
                        const rd_kafka_topic_partition_t *one)
{
    const rd_kafka_topic_partition_t *found =
        answer != NULL ? rd_kafka_topic_partition_list_find(answer, one->topic, one->partition)
                       : NULL;

    return found != NULL ? found->offset : RD_KAFKA_OFFSET_INVALID;
}

/* Where `start` says. */
static int64_t start_of(const kafka_source *state, const kafka_question *answer,
                        const rd_kafka_topic_partition_t *one)
{
    int64_t found = answer != NULL ? found_in(answer->starts, one) : RD_KAFKA_OFFSET_INVALID;

    if (found >= 0)
        return found;
    return state->start_time != INT64_MIN ? RD_KAFKA_OFFSET_END /* no record is as new */
                                          : state->start_offset;
}

/* Where the group has been; where it has not, at `start`, or at the beginning in a topic that it
 * knows, and in one that has come to match its pattern: what is new has nothing that anybody could
 * have skipped. */
static int64_t place_of(const kafka_source *state, const kafka_question *answer,
                        const rd_kafka_topic_partition_t *one)
{
    const rd_kafka_topic_partition_list_t *committed = answer != NULL ? answer->committed : NULL;

    if (committed == NULL)
        return start_of(state, answer, one);
    int64_t found = found_in(committed, one);
    if (found >= 0)
        return found;
    return knows_topic(state, committed, one->topic) ? RD_KAFKA_OFFSET_BEGINNING
                                                     : start_of(state, answer, one);
}

/* A partition that nobody wrote to since begins at its end, which is committed at once: else a
 * restart would begin at a later one. */
static void note_begin(kafka_source *state, const rd_kafka_topic_partition_t *one)
{
    kafka_partition *partition = kafka_partition_of(state, one->topic, one->partition);

    if (partition == NULL || one->offset < 0)
        return;
    partition->next = partition->placed = one->offset;
    if (partition->to_commit < 0 && state->source->origin.commits) {
        partition->to_commit = one->offset;
        state->dirty = true;
    }
}

static void note_end(kafka_source *state, const kafka_question *answer,
                     const rd_kafka_topic_partition_t *one)
{
    kafka_partition *partition = kafka_partition_of(state, one->topic, one->partition);
    int64_t found = answer != NULL ? found_in(answer->ends, one) : RD_KAFKA_OFFSET_INVALID;

    if (partition != NULL && found >= 0)
        partition->end = found;
}

void kafka_place(kafka_source *state, rd_kafka_topic_partition_list_t *list,
                 const kafka_question *answer)
{
    bool by_librdkafka = state->source->origin.commits && !asks_group(state);

    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *one = &list->elems[i];
        if (!by_librdkafka) /* it asks itself, and goes to the beginning where there is none */
            one->offset = place_of(state, answer, one);
        note_begin(state, one);
        note_end(state, answer, one);
    }
}
