/* SPDX-License-Identifier: Apache-2.0 */
/* partitions.c - which partitions this process reads: as a member of a group, or all of them.
 *
 * A revoke is answered when what is under way is done and committed, or `revoke_within` has passed;
 * until then the group waits, and nothing more of these partitions is handed on. What is still
 * undone then goes its way here and comes again at the new member; it is not committed from here.
 */
#include <stdio.h>
#include <string.h>

#include "kafka/source.h"
#include "kafka/texts.h"

static const int64_t second = 1000000000;
enum { SEEK_MS = 2000 };

/* --- The list --- */

/* The place of the name, or a new one. UINT32_MAX: out of memory. */
static uint32_t topic_place(kafka_source *state, const char *name)
{
    for (uint32_t i = 0; i < state->topic_count; i++)
        if (strcmp(state->topics[i], name) == 0)
            return i;
    char **grown = weir_realloc(state->topics, (state->topic_count + 1) * sizeof *grown);
    if (grown == NULL)
        return UINT32_MAX;
    state->topics = grown;
    grown[state->topic_count] = weir_strdup(name);
    return grown[state->topic_count] != NULL ? state->topic_count++ : UINT32_MAX;
}

kafka_partition *kafka_partition_of(kafka_source *state, const char *topic, int32_t number)
{
    for (uint32_t i = 0; i < state->partition_count; i++)
        if (state->partitions[i].partition == number &&
            strcmp(state->topics[state->partitions[i].topic], topic) == 0)
            return &state->partitions[i];
    return NULL;
}

void kafka_note_first(kafka_partition *partition, int64_t offset)
{
    if (partition->placed < 0)
        partition->placed = offset;
}

kafka_partition *kafka_partition_numbered(kafka_source *state, int32_t number)
{
    for (uint32_t i = 0; i < state->partition_count; i++)
        if (state->partitions[i].number == number)
            return &state->partitions[i];
    return NULL;
}

static bool add(kafka_source *state, const rd_kafka_topic_partition_t *one)
{
    uint32_t topic = topic_place(state, one->topic);

    if (topic == UINT32_MAX)
        return false;
    if (state->partition_count == state->partition_room) {
        uint32_t room = state->partition_room != 0 ? state->partition_room * 2 : 16;
        kafka_partition *grown = weir_realloc(state->partitions, room * sizeof *grown);
        if (grown == NULL)
            return false;
        state->partitions = grown;
        state->partition_room = room;
    }
    state->newest = NULL;
    state->partitions[state->partition_count++] =
        (kafka_partition){.number = (int32_t)(topic << KAFKA_TOPIC_SHIFT) + one->partition,
                          .partition = one->partition,
                          .topic = topic,
                          .next = -1,
                          .to_commit = -1,
                          .committed = -1,
                          .placed = RD_KAFKA_OFFSET_STORED,
                          .end = INT64_MAX};
    return true;
}

/* All that was handed on of it is done, and the cluster knows. */
static bool is_finished(const kafka_source *state, const kafka_partition *partition)
{
    const weir_partition *tracked = weir_origin_find(&state->source->origin, partition->number);

    if (tracked == NULL)
        return true;
    return tracked->oldest == NULL && tracked->committed == tracked->next &&
           kafka_is_committed(partition);
}

static void drop(kafka_source *state, const rd_kafka_topic_partition_t *one)
{
    kafka_partition *partition = kafka_partition_of(state, one->topic, one->partition);

    if (partition == NULL)
        return;
    state->spoilt = state->spoilt || (state->source->joint && !is_finished(state, partition));
    weir_source_take_back(state->source, partition->number);
    if (!state->closing) /* what is told at the end are those that it had */
        weir_origin_leave(&state->source->origin, partition->number);
    /* Should it come again they would go before what was taken back. */
    kafka_discard(state, one->topic, one->partition);
    *partition = state->partitions[--state->partition_count];
    state->newest = NULL;
}

void kafka_forget(kafka_source *state)
{
    for (uint32_t i = 0; i < state->topic_count; i++)
        weir_free(state->topics[i]);
    weir_free(state->topics);
    weir_free(state->partitions);
    if (state->pattern != NULL)
        regfree(&state->matcher);
    weir_free(state->pattern);
}

/* --- Taking over --- */

/* Their records come into the queue of ours, apart from everything else. */
static void forward(const kafka_source *state, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(
            state->client.rk, list->elems[i].topic, list->elems[i].partition);
        if (queue == NULL)
            continue;
        rd_kafka_queue_forward(queue, state->messages);
        rd_kafka_queue_destroy(queue);
    }
}

static bool take_over(kafka_source *state, rd_kafka_topic_partition_list_t *list,
                      const kafka_question *answer)
{
    for (int i = 0; i < list->cnt; i++)
        if (!add(state, &list->elems[i]))
            return false;
    kafka_place(state, list, answer);
    for (uint32_t i = 0; i < state->partition_count && state->replaying; i++)
        kafka_merge_forward(state, &state->partitions[i]);
    if (!state->replaying)
        forward(state, list);
    state->assigned = true;
    state->source->health = WEIR_SOURCE_LIVE;
    kafka_client_alive(&state->client);
    return true;
}

static void note_failure(kafka_source *state, rd_kafka_resp_err_t code, rd_kafka_error_t *failure)
{
    if (failure != NULL)
        kafka_client_note(&state->client, rd_kafka_error_code(failure),
                          rd_kafka_error_string(failure));
    else if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_client_note(&state->client, code, NULL);
    if (failure != NULL)
        rd_kafka_error_destroy(failure);
}

/* Under `assign: all` those that are new come to those that are read, which go on where they are.
 */
static void assign(kafka_source *state, rd_kafka_topic_partition_list_t *list,
                   const kafka_question *answer)
{
    rd_kafka_t *rk = state->client.rk;

    if (!take_over(state, list, answer)) {
        state->client.fatal = true;
        snprintf(state->client.trouble, sizeof state->client.trouble, "out of memory");
    }
    if (state->cooperative || !state->source->origin.commits)
        note_failure(state, RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_incremental_assign(rk, list));
    else
        note_failure(state, rd_kafka_assign(rk, list), NULL);
}

static void assign_again(kafka_source *state, rd_kafka_topic_partition_list_t *list,
                         const kafka_question *answer)
{
    rd_kafka_t *rk = state->client.rk;

    kafka_place(state, list, answer);
    if (!state->cooperative) {
        note_failure(state, rd_kafka_assign(rk, list), NULL);
        return;
    }
    note_failure(state, RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_incremental_unassign(rk, list));
    note_failure(state, RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_incremental_assign(rk, list));
}

/* --- Where they begin, which may have to be asked --- */

/* Takes what is to be assigned, and with `answer` does so. */
static void settle(kafka_source *state, const kafka_question *answer)
{
    rd_kafka_topic_partition_list_t *list = state->placing;

    state->placing = NULL;
    if (state->placing_again)
        assign_again(state, list, answer);
    else
        assign(state, list, answer);
    rd_kafka_topic_partition_list_destroy(list);
}

void kafka_begin_placing(kafka_source *state, const rd_kafka_topic_partition_list_t *list,
                         bool again)
{
    kafka_stop_placing(state);
    state->placing = rd_kafka_topic_partition_list_copy(list);
    state->placing_again = again;
    state->ask_at = 0;
    if (kafka_place_asks(state))
        kafka_go_on_placing(state);
    else
        settle(state, NULL);
}

/* An answer that is under way is of no use any more. */
void kafka_stop_placing(kafka_source *state)
{
    if (state->placing == NULL)
        return;
    rd_kafka_topic_partition_list_destroy(state->placing);
    state->placing = NULL;
    state->stale = state->client.question != NULL && !state->client.question->asks_topics &&
                   state->client.question->group == NULL;
}

/* librdkafka does not close while it waits for an assignment. */
void kafka_end_placing(kafka_source *state)
{
    if (state->placing == NULL)
        return;
    if (state->cooperative)
        rd_kafka_error_destroy(rd_kafka_incremental_assign(state->client.rk, state->placing));
    else
        rd_kafka_assign(state->client.rk, NULL);
    kafka_stop_placing(state);
}

/* Until it is answered nothing is assigned. */
void kafka_go_on_placing(kafka_source *state)
{
    int64_t now = state->source->host->now(state->source);

    if (state->placing == NULL || state->client.question != NULL || now < state->ask_at)
        return;
    state->ask_at = now + second;
    kafka_client_ask(&state->client, kafka_place_question(state, state->placing));
}

static void note_silence(kafka_source *state, const kafka_question *answer)
{
    char message[256], reason[128];

    kafka_explain(answer->code, NULL, reason, sizeof reason);
    snprintf(message, sizeof message, "cannot ask for %s: %s", answer->what, reason);
    kafka_client_note(&state->client, answer->code, message);
    state->client.fatal = state->client.fatal || state->replaying;
}

void kafka_hear(kafka_source *state)
{
    kafka_question *question = state->client.question;

    if (question == NULL || !kafka_question_is_answered(question))
        return;
    state->client.question = NULL;
    if (question->group != NULL)
        kafka_owners_told(state, question);
    else if (question->code != RD_KAFKA_RESP_ERR_NO_ERROR)
        note_silence(state, question);
    else if (question->asks_topics)
        kafka_looked(state, question->topics);
    else if (state->placing != NULL && !state->stale)
        settle(state, question);
    state->stale = false;
    kafka_question_free(question);
}

/* --- Letting go --- */

static void unassign(kafka_source *state, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_t *rk = state->client.rk;

    for (int i = 0; i < list->cnt; i++)
        drop(state, &list->elems[i]);
    if (state->cooperative)
        note_failure(state, RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_incremental_unassign(rk, list));
    else
        note_failure(state, rd_kafka_assign(rk, NULL), NULL);
}

static void begin_revoke(kafka_source *state, const rd_kafka_topic_partition_list_t *list)
{
    state->revoking = rd_kafka_topic_partition_list_copy(list);
    state->revoke_until = state->source->host->now(state->source) + state->config->revoke_within;
    for (int i = 0; i < list->cnt; i++) {
        kafka_partition *partition =
            kafka_partition_of(state, list->elems[i].topic, list->elems[i].partition);
        if (partition == NULL)
            continue;
        partition->revoked = true;
        weir_source_take_back(state->source, partition->number);
    }
}

void kafka_finish_revoke(kafka_source *state)
{
    rd_kafka_topic_partition_list_t *list = state->revoking;
    bool finished = true;

    if (list == NULL)
        return;
    kafka_commit(state);
    for (int i = 0; i < list->cnt; i++) {
        const kafka_partition *partition =
            kafka_partition_of(state, list->elems[i].topic, list->elems[i].partition);
        finished = finished && (partition == NULL || is_finished(state, partition));
    }
    if (!finished && state->source->host->now(state->source) < state->revoke_until)
        return;
    state->handed_back += !finished;
    state->revoking = NULL;
    unassign(state, list);
    rd_kafka_topic_partition_list_destroy(list);
}

/* --- Going back --- */

/* Records that were fetched and not handed on are fetched again, also of partitions of which none
 * was. */
static void drop_fetched(kafka_source *state)
{
    for (size_t i = state->at; i < state->count; i++) {
        const rd_kafka_message_t *message = state->batch[i];
        kafka_partition *partition =
            message->rkt == NULL
                ? NULL
                : kafka_partition_of(state, rd_kafka_topic_name(message->rkt), message->partition);
        if (partition != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            kafka_note_first(partition, message->offset);
    }
    kafka_free_batch(state);
}

/* Back to what is committed, or else to where it began; nothing was read of one that has neither.
 */
static rd_kafka_topic_partition_list_t *rewound(kafka_source *state)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)state->partition_count);

    for (uint32_t i = 0; i < state->partition_count; i++) {
        kafka_partition *partition = &state->partitions[i];
        int64_t begin = partition->committed >= 0 ? partition->committed : partition->placed;
        weir_source_take_back(state->source, partition->number);
        weir_origin_leave(&state->source->origin, partition->number);
        partition->to_commit = begin >= 0 ? begin : -1;
        if (begin < 0 || partition->revoked)
            continue;
        partition->next = begin;
        partition->ended = partition->at_end = false;
        state->dirty = state->dirty || !kafka_is_committed(partition);
        rd_kafka_topic_partition_list_add(list, state->topics[partition->topic],
                                          partition->partition)
            ->offset = begin;
    }
    return list;
}

/* A seek that is refused would lose records: then nothing goes on. It is answered by a thread of
 * librdkafka's, not by the cluster, and so at once. */
static void seek(kafka_source *state, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_error_t *failure = rd_kafka_seek_partitions(state->client.rk, list, SEEK_MS);
    bool good = failure == NULL;

    for (int i = 0; i < list->cnt && good; i++)
        good = list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_error_destroy(failure);
    if (good)
        return;
    state->client.fatal = true;
    snprintf(state->client.trouble, sizeof state->client.trouble,
             "cannot go back to the last commit; a new start will");
}

void kafka_rewind(kafka_source *state)
{
    drop_fetched(state);
    state->spoilt = state->dirty = false;
    rd_kafka_topic_partition_list_t *list = rewound(state);
    if (list->cnt != 0)
        seek(state, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (state->source->ended)
        state->source->health = WEIR_SOURCE_LIVE;
    state->source->ended = false;
}

/* Called while the queue is served. What is lost belongs to somebody else already. */
void kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                        rd_kafka_topic_partition_list_t *list, void *opaque)
{
    kafka_client *client = opaque;
    kafka_source *state = client->owner;
    const char *protocol = rd_kafka_rebalance_protocol(rk);

    state->cooperative = protocol != NULL && strcmp(protocol, "COOPERATIVE") == 0;
    state->rebalances++;
    kafka_stop_placing(state);
    state->owners_at = 0;
    if (state->config->instance != NULL && code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        state->owners_at = state->source->host->now(state->source) + second;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !state->closing)
        kafka_begin_placing(state, list, false);
    else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS && !state->closing &&
             !rd_kafka_assignment_lost(rk))
        begin_revoke(state, list);
    else
        unassign(state, list);
}

/* --- Again --- */

/* librdkafka gives up on partitions when the coordinator does not say where their group has been
 * (it has just moved, it still loads), tells so once, and would never read them. */
void kafka_assign_again(kafka_source *state)
{
    if (state->again_at == 0 || state->placing != NULL ||
        state->source->host->now(state->source) < state->again_at)
        return;
    state->again_at = 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (uint32_t i = 0; i < state->partition_count; i++)
        if (state->partitions[i].next < 0)
            rd_kafka_topic_partition_list_add(list, state->topics[state->partitions[i].topic],
                                              state->partitions[i].partition);
    bool all = (uint32_t)list->cnt == state->partition_count;
    if (list->cnt != 0 && state->revoking == NULL && (all || state->cooperative))
        kafka_begin_placing(state, list, true);
    rd_kafka_topic_partition_list_destroy(list);
}

/* --- A group --- */

static bool read_pattern(kafka_source *state, const char *pattern)
{
    if (regcomp(&state->matcher, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    state->pattern = weir_strdup(pattern);
    if (state->pattern == NULL)
        regfree(&state->matcher);
    return state->pattern != NULL;
}

/* The table of options has looked at the text. */
static rd_kafka_topic_partition_list_t *split_topics(const char *text)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    char name[KAFKA_TOPIC_ROOM];

    while (*text != '\0' && kafka_next_topic(&text, name, sizeof name))
        rd_kafka_topic_partition_list_add(list, name, RD_KAFKA_PARTITION_UA);
    return list;
}

weir_status kafka_join(kafka_source *state, weir_error **error)
{
    rd_kafka_topic_partition_list_t *topics = split_topics(state->config->topic);
    const char *first = topics->elems[0].topic;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

    if (first[0] == '^' && !read_pattern(state, first))
        code = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    else if (state->source->origin.commits)
        code = rd_kafka_subscribe(state->client.rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? WEIR_OK
               : weir_error_set_at(error, WEIR_IO, state->source->module->place,
                                   "%s: cannot subscribe to '%s': %s", state->client.what,
                                   state->config->topic, rd_kafka_err2str(code));
}

/* Where members keep what they have, the same subscription once more would change nothing. */
void kafka_join_again(kafka_source *state)
{
    rd_kafka_topic_partition_list_t *topics = split_topics(state->config->topic);

    if (state->cooperative)
        rd_kafka_unsubscribe(state->client.rk);
    note_failure(state, rd_kafka_subscribe(state->client.rk, topics), NULL);
    rd_kafka_topic_partition_list_destroy(topics);
}
