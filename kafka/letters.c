/* SPDX-License-Identifier: Apache-2.0 */
/* letters.c - reads a dead-letter topic, and sends records back to where they came from.
 *
 * A record goes back as it was, into the partition it was in, with the header `weir-retry`, which
 * counts. Only once the cluster has all of them is it remembered that they went; a retry that is
 * killed in between sends some of them again.
 */
#include "kafka/letters.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "kafka/client.h"
#include "kafka/resend.h"

enum { WAIT_MS = 20000, MOST_METADATA = 4000 };

typedef struct partition_state {
    int64_t end;              /* read up to here */
    int64_t first;            /* the first that has not gone back; later ones are in `gone` */
    char *gone;               /* of the commit's metadata: "7-9,12"; NULL: none */
    weir_buffer now;          /* the same, as it is to be */
    int64_t run_from, run_to; /* the range that is being written; run_from -1: none */
    bool open;                /* some letter was not sent: the position stays */
    bool ended;
} partition_state;

typedef struct letters {
    const kafka_letters_request *request;
    kafka_letters_result *result;
    rd_kafka_t *consumer;
    kafka_resend *resend;
    rd_kafka_topic_partition_list_t *list;
    partition_state *partitions;
    char group[300];
} letters;

/* --- Clients --- */

static weir_status failed(const letters *l, const char *what, rd_kafka_resp_err_t code,
                          weir_error **error)
{
    char reason[320];

    kafka_explain(code, NULL, reason, sizeof reason);
    return weir_error_set(error, WEIR_IO, "topic '%s': %s: %s", l->request->topic, what, reason);
}

static weir_status start_both(letters *l, weir_error **error)
{
    const char *const reads[][2] = {{"log_level", "2"},
                                    {"group.id", l->group},
                                    {"enable.auto.commit", "false"},
                                    {"enable.partition.eof", "true"},
                                    {"enable.auto.offset.store", "false"},
                                    {NULL, NULL}};
    rd_kafka_conf_t *conf =
        kafka_resend_configure(l->request->brokers, &l->request->properties, reads, error);

    if (conf == NULL)
        return WEIR_SPEC;
    weir_status status = kafka_resend_start(RD_KAFKA_CONSUMER, conf, &l->consumer, error);
    if (status != WEIR_OK)
        return status;
    rd_kafka_poll_set_consumer(l->consumer);
    return l->request->retry
               ? kafka_resend_new(l->request->brokers, &l->request->properties, &l->resend, error)
               : WEIR_OK;
}

/* --- What has gone back --- */

static bool has_gone(const partition_state *partition, int64_t offset)
{
    const char *at = partition->gone;

    if (offset < partition->first)
        return true;
    while (at != NULL && *at != '\0') {
        char *end;
        int64_t from = strtoll(at, &end, 10), to = from;
        if (*end == '-')
            to = strtoll(end + 1, &end, 10);
        if (offset >= from && offset <= to)
            return true;
        at = *end == ',' ? end + 1 : NULL;
    }
    return false;
}

static void end_run(partition_state *partition)
{
    if (partition->run_from >= 0)
        weir_buffer_printf(&partition->now, "%s%" PRId64 "-%" PRId64,
                           partition->now.size != 0 ? "," : "", partition->run_from,
                           partition->run_to);
    partition->run_from = -1;
}

/* Of the letters in their order: this one has gone back, or has not. */
static void note(partition_state *partition, int64_t offset, bool gone)
{
    if (!gone) {
        partition->open = true;
        end_run(partition);
    } else if (!partition->open) {
        partition->first = partition->first > offset ? partition->first : offset + 1;
    } else {
        partition->run_from = partition->run_from >= 0 ? partition->run_from : offset;
        partition->run_to = offset;
    }
}

static weir_status remember(letters *l, weir_error **error)
{
    for (int i = 0; i < l->list->cnt; i++) {
        partition_state *partition = &l->partitions[i];
        rd_kafka_topic_partition_t *one = &l->list->elems[i];
        end_run(partition);
        if (partition->now.size > MOST_METADATA)
            return weir_error_set(error, WEIR_FULL,
                                  "partition %d: too many letters between those that went back "
                                  "have not; what was sent just now is not remembered",
                                  (int)one->partition);
        free(one->metadata);
        one->metadata = partition->now.size != 0
                            ? strdup((const char *)(const void *)partition->now.data)
                            : NULL;
        one->metadata_size = one->metadata != NULL ? partition->now.size : 0;
        one->offset = partition->first;
    }
    rd_kafka_resp_err_t code = rd_kafka_commit(l->consumer, l->list, 0);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET
               ? WEIR_OK
               : failed(l, "what was sent cannot be remembered", code, error);
}

/* --- Finding --- */

static weir_status list_partitions(letters *l, weir_error **error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(l->consumer, l->request->topic, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(l->consumer, 0, topic, &metadata, WAIT_MS);

    rd_kafka_topic_destroy(topic);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(l, "it cannot be read", code, error);
    code = metadata->topics[0].err;
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
        rd_kafka_topic_partition_list_add(l->list, l->request->topic, i);
    rd_kafka_metadata_destroy(metadata);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? WEIR_OK
                                              : failed(l, "it cannot be read", code, error);
}

static weir_status find_bounds(letters *l, weir_error **error)
{
    int64_t low;

    l->partitions = weir_alloc_array((size_t)l->list->cnt, sizeof *l->partitions);
    if (l->partitions == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    rd_kafka_resp_err_t code = rd_kafka_committed(l->consumer, l->list, WAIT_MS);
    for (int i = 0; i < l->list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        partition_state *partition = &l->partitions[i];
        rd_kafka_topic_partition_t *one = &l->list->elems[i];
        code = rd_kafka_query_watermark_offsets(l->consumer, l->request->topic, one->partition,
                                                &low, &partition->end, WAIT_MS);
        partition->first = one->offset > low ? one->offset : low;
        partition->run_from = -1;
        partition->ended = low == partition->end;
        if (one->metadata_size != 0)
            partition->gone = strndup(one->metadata, one->metadata_size);
        one->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = rd_kafka_assign(l->consumer, l->list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? WEIR_OK
                                              : failed(l, "it cannot be read", code, error);
}

/* --- One letter --- */

typedef struct story {
    char source[64], topic[256], reason[512], node[160];
    kafka_letter letter;
} story;

static void copy(char *room, size_t size, const char **member, const void *value, size_t length)
{
    snprintf(room, size, "%.*s", (int)length, (const char *)value);
    *member = room;
}

static int64_t number_of(const void *value, size_t size)
{
    char text[24];

    snprintf(text, sizeof text, "%.*s", (int)size, (const char *)value);
    return strtoll(text, NULL, 10);
}

static void read_header(story *s, const char *name, const void *value, size_t size)
{
    kafka_letter *letter = &s->letter;

    if (value == NULL)
        return;
    if (strcmp(name, "weir-source") == 0)
        copy(s->source, sizeof s->source, &letter->source, value, size);
    else if (strcmp(name, "weir-topic") == 0)
        copy(s->topic, sizeof s->topic, &letter->topic, value, size);
    else if (strcmp(name, "weir-reason") == 0)
        copy(s->reason, sizeof s->reason, &letter->reason, value, size);
    else if (strcmp(name, "weir-node") == 0)
        copy(s->node, sizeof s->node, &letter->node, value, size);
    else if (strcmp(name, "weir-partition") == 0)
        letter->from_partition = number_of(value, size);
    else if (strcmp(name, "weir-offset") == 0)
        letter->from_offset = number_of(value, size);
    else if (strcmp(name, "weir-retry") == 0)
        letter->retries = number_of(value, size);
    else if (strcmp(name, "weir-reencoded") == 0 || strcmp(name, "weir-cut-from") == 0)
        letter->whole = false;
}

static void read_story(const rd_kafka_message_t *message, story *s)
{
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t size;

    *s = (story){.letter = {.partition = message->partition,
                            .offset = message->offset,
                            .time = rd_kafka_message_timestamp(message, NULL),
                            .key = {message->key, message->key_len},
                            .value = {message->payload, message->len},
                            .from_partition = -1,
                            .from_offset = -1,
                            .whole = true}};
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
                           RD_KAFKA_RESP_ERR_NO_ERROR;
             i++)
            read_header(s, name, value, size);
    s->letter.whole = s->letter.whole && s->letter.topic != NULL && s->letter.from_partition >= 0;
}

/* Those that the record had. */
static rd_kafka_headers_t *headers_of(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers, *ret = rd_kafka_headers_new(4);
    const char *name;
    const void *value;
    size_t size;

    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
                           RD_KAFKA_RESP_ERR_NO_ERROR;
             i++)
            if (strncmp(name, "weir-", 5) != 0)
                rd_kafka_header_add(ret, name, -1, value, (ssize_t)size);
    return ret;
}

static weir_status send_back(letters *l, const rd_kafka_message_t *message,
                             const kafka_letter *letter, weir_error **error)
{
    weir_status status = kafka_resend_send(l->resend, letter, headers_of(message), error);

    l->result->sent += status == WEIR_OK;
    return status;
}

static weir_status take(letters *l, const rd_kafka_message_t *message, weir_error **error)
{
    partition_state *partition = &l->partitions[message->partition];
    weir_status status = WEIR_OK;
    story s;

    partition->ended = message->offset + 1 >= partition->end;
    if (message->offset >= partition->end)
        return WEIR_OK;
    read_story(message, &s);
    s.letter.done = has_gone(partition, message->offset);
    l->result->read++;
    bool wanted = l->request->wants(&s.letter, l->request->arg);
    bool due = wanted && (!s.letter.done || l->request->again);
    l->result->wanted += wanted;
    l->result->done += wanted && s.letter.done;
    l->result->broken += due && !s.letter.whole;
    if (l->request->retry && due && s.letter.whole)
        status = send_back(l, message, &s.letter, error);
    note(partition, message->offset, s.letter.done || (due && s.letter.whole));
    return status;
}

/* --- All of them --- */

static bool all_ended(const letters *l)
{
    for (int i = 0; i < l->list->cnt; i++)
        if (!l->partitions[i].ended)
            return false;
    return true;
}

static weir_status read_all(letters *l, weir_error **error)
{
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && !all_ended(l)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(l->consumer, WAIT_MS);
        if (message == NULL)
            return failed(l, "it cannot be read", RD_KAFKA_RESP_ERR__TIMED_OUT, error);
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            status = take(l, message, error);
        else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            l->partitions[message->partition].ended = true;
        else
            status = failed(l, "it cannot be read", message->err, error);
        rd_kafka_message_destroy(message);
    }
    return status;
}

static weir_status finish(letters *l, weir_error **error)
{
    weir_status status = kafka_resend_finish(l->resend, error);

    return status == WEIR_OK ? remember(l, error) : status;
}

static void free_all(letters *l)
{
    for (int i = 0; i < l->list->cnt && l->partitions != NULL; i++) {
        free(l->partitions[i].gone);
        weir_buffer_free(&l->partitions[i].now);
    }
    weir_free(l->partitions);
    rd_kafka_topic_partition_list_destroy(l->list);
    if (l->consumer != NULL)
        rd_kafka_consumer_close(l->consumer);
    if (l->consumer != NULL)
        rd_kafka_destroy(l->consumer);
    kafka_resend_free(l->resend);
}

weir_status weir_kafka_letters(const kafka_letters_request *request, kafka_letters_result *ret,
                               weir_error **error)
{
    letters l = {.request = request, .result = ret, .list = rd_kafka_topic_partition_list_new(4)};

    *ret = (kafka_letters_result){0};
    if (request->group != NULL)
        snprintf(l.group, sizeof l.group, "%s", request->group);
    else
        snprintf(l.group, sizeof l.group, "weir-dlq-%s", request->topic);
    weir_status status = start_both(&l, error);
    if (status == WEIR_OK)
        status = list_partitions(&l, error);
    if (status == WEIR_OK)
        status = find_bounds(&l, error);
    if (status == WEIR_OK)
        status = read_all(&l, error);
    if (status == WEIR_OK && request->retry)
        status = finish(&l, error);
    free_all(&l);
    return status;
}
