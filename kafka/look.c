/* SPDX-License-Identifier: Apache-2.0 */
/* look.c - which partitions there are: looked for from time to time under `assign: all` and in a
 * replay; and once after static members have joined, for such as nobody reads. */
#include <stdio.h>
#include <string.h>

#include "kafka/source.h"

static const int64_t look_each = 60000000000, look_soon = 1000000000, ask_owners_each = 5000000000;
enum { WAIT_MS = 5000, REPLAY_WAIT_MS = 20000 };

static bool is_wanted(const kafka_source *state, const char *topic)
{
    const char *text = state->config->topic;

    if (state->pattern != NULL)
        return regexec(&state->matcher, topic, 0, NULL, 0) == 0;
    for (;;) {
        text += strspn(text, " ,");
        size_t size = strcspn(text, ", ");
        if (size == 0)
            return false;
        if (strlen(topic) == size && strncmp(text, topic, size) == 0)
            return true;
        text += size;
    }
}

static void add_topic(kafka_source *state, const rd_kafka_metadata_topic_t *topic,
                      rd_kafka_topic_partition_list_t *found)
{
    if (!is_wanted(state, topic->topic))
        return;
    for (int i = 0; i < topic->partition_cnt; i++)
        if (kafka_partition_of(state, topic->topic, topic->partitions[i].id) == NULL)
            rd_kafka_topic_partition_list_add(found, topic->topic, topic->partitions[i].id);
}

/* A topic that is not there (yet) may come; it is named. */
static void complain_of_topics(kafka_source *state)
{
    char message[320];

    snprintf(message, sizeof message, "there is no topic '%s' yet, or no permission to see it",
             state->config->topic);
    kafka_client_note(&state->client, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, message);
}

void kafka_look(kafka_source *state)
{
    int64_t now = state->source->host->now(state->source);

    if (state->source->origin.commits || now < state->look_at || state->client.fatal ||
        state->placing != NULL || state->client.question != NULL ||
        (state->replaying && state->assigned))
        return;
    state->look_at = now + look_soon;
    kafka_question *question = kafka_question_new(state->replaying ? REPLAY_WAIT_MS : WAIT_MS);
    if (question != NULL)
        question->asks_topics = true;
    kafka_client_ask(&state->client, question);
}

void kafka_looked(kafka_source *state, const struct rd_kafka_metadata *topics)
{
    rd_kafka_topic_partition_list_t *found = rd_kafka_topic_partition_list_new(16);

    for (int i = 0; i < topics->topic_cnt; i++)
        add_topic(state, &topics->topics[i], found);
    if (found->cnt == 0 && state->partition_count == 0) {
        complain_of_topics(state);
        state->client.fatal = state->client.fatal || state->replaying;
    } else {
        state->look_at = state->source->host->now(state->source) + look_each;
    }
    if (found->cnt != 0)
        kafka_begin_placing(state, found, false);
    rd_kafka_topic_partition_list_destroy(found);
}

/* --- Static members --- */

/* A static member that comes again takes its partitions without a rebalance, and so nobody assigns
 * what was added to a topic while all were away. librdkafka tells only what changes while it looks.
 * So a member that has joined asks, until the group is stable, who has what; where a partition is
 * nobody's it joins once more, and if it is the group's leader, that assigns anew. */
void kafka_ask_owners(kafka_source *state)
{
    int64_t now = state->source->host->now(state->source);

    if (state->owners_at == 0 || now < state->owners_at || state->client.question != NULL ||
        state->placing != NULL || state->revoking != NULL)
        return;
    state->owners_at = now + ask_owners_each;
    state->owners_asked = state->rebalances;
    kafka_question *question = kafka_question_new(WAIT_MS);
    if (question != NULL)
        question->group = weir_strdup(state->config->group);
    if (question != NULL && question->group == NULL) {
        kafka_question_free(question);
        question = NULL;
    }
    kafka_client_ask(&state->client, question);
}

static size_t count_unowned(const kafka_source *state, const kafka_question *answer)
{
    size_t count = 0;

    for (int i = 0; i < answer->topics->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *topic = &answer->topics->topics[i];
        for (int k = 0; k < topic->partition_cnt && is_wanted(state, topic->topic); k++)
            count += rd_kafka_topic_partition_list_find(answer->owned, topic->topic,
                                                        topic->partitions[k].id) == NULL;
    }
    return count;
}

/* The cluster may tell another time; else there is no permission, or it cannot. */
static bool may_ask_again(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           code == RD_KAFKA_RESP_ERR__TRANSPORT ||
           code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS ||
           code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
}

/* Where a second time did not help it stays as it is. */
void kafka_owners_told(kafka_source *state, const kafka_question *answer)
{
    char message[160];

    if (!may_ask_again(answer->code))
        state->owners_at = 0;
    bool late = state->owners_asked != state->rebalances;
    if (answer->owned == NULL || state->owners_at == 0 || late)
        return;
    size_t unowned = count_unowned(state, answer);
    state->owners_at = 0;
    bool more = unowned > state->unowned;
    state->unowned = unowned;
    if (!more)
        return;
    snprintf(message, sizeof message,
             "%zu partitions are nobody's in the group, as after some were added while all static "
             "members were away; joining again",
             unowned);
    state->client.log(state->client.owner, WEIR_INFO, message);
    kafka_join_again(state);
}
