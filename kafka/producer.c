/* SPDX-License-Identifier: Apache-2.0 */
/* producer.c - how a producer is configured, and what it reports. */
#include "kafka/producer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "kafka/kinds.h"
#include "kafka/transaction.h"

/* What librdkafka allows. */
enum { MOST_MESSAGES = 10000000, MOST_KBYTES = 2097151 };

/* --- Reports --- */

static void note_refusal(kafka_producer *producer, const rd_kafka_message_t *message)
{
    char reason[256];

    snprintf(reason, sizeof reason, "%s, topic '%s'", rd_kafka_err2str(message->err),
             rd_kafka_topic_name(message->rkt));
    kafka_client_note(&producer->client, message->err, reason);
    producer->client.fatal = true;
}

static void take_report(kafka_producer *producer, const rd_kafka_message_t *message)
{
    uint64_t *end = message->_private;

    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && producer->transaction != NULL)
        kafka_transaction_lost(producer->transaction, message->err);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || producer->transaction != NULL) {
        *end |= KAFKA_REPORTED;
        producer->unsafe--;
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (!producer->client.was_connected || producer->client.down)
            kafka_client_alive(&producer->client);
    } else if (message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE && /* given up, at the end */
               message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT && producer->transaction == NULL) {
        note_refusal(producer, message);
    }
}

static void take_event(kafka_producer *producer, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *message;
    const char *facility, *line;
    int level;

    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
        while ((message = rd_kafka_event_message_next(event)) != NULL)
            take_report(producer, message);
        break;
    case RD_KAFKA_EVENT_ERROR:
        kafka_client_note(&producer->client, rd_kafka_event_error(event),
                          rd_kafka_event_error_string(event));
        break;
    case RD_KAFKA_EVENT_LOG:
        if (rd_kafka_event_log(event, &facility, &line, &level) == 0)
            kafka_client_log(&producer->client, level, facility, line);
        break;
    case RD_KAFKA_EVENT_STATS:
        kafka_client_judge(&producer->client, rd_kafka_event_stats(event));
        break;
    default:
        break;
    }
}

void kafka_producer_serve(kafka_producer *producer)
{
    rd_kafka_event_t *event;

    kafka_client_heard(&producer->client);
    while ((event = rd_kafka_queue_poll(producer->client.queue, 0)) != NULL) {
        take_event(producer, event);
        rd_kafka_event_destroy(event);
    }
}

/* --- Users --- */

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool have_equal_pairs(const weir_pairs *a, const weir_pairs *b)
{
    for (size_t i = 0; i < a->count && a->count == b->count; i++)
        if (strcmp(a->items[i].name, b->items[i].name) != 0 ||
            strcmp(a->items[i].text, b->items[i].text) != 0)
            return false;
    return a->count == b->count;
}

const char *kafka_sinks_differ(const kafka_sink_config *a, const kafka_sink_config *b)
{
    const struct {
        bool same;
        const char *option;
    } asked[] = {
        {strcmp(a->brokers, b->brokers) == 0, "brokers"},
        {a->delivery == b->delivery, "delivery"},
        {is_same_text(a->transactional_id, b->transactional_id), "transactional_id"},
        {a->acks == b->acks, "acks"},
        {a->linger == b->linger, "linger"},
        {a->compression == b->compression, "compression"},
        {a->partitioner == b->partitioner, "partitioner"},
        {have_equal_pairs(&a->librdkafka, &b->librdkafka), "librdkafka"},
    };

    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        if (!asked[i].same)
            return asked[i].option;
    return NULL;
}

/* The module's next one that has or will have this producer; NULL: the first, or no more. */
static weir_sink *next_user(const kafka_producer *producer, const weir_sink *after)
{
    weir_sink *first = producer->sink, *sink;
    bool found = after == NULL;

    for (uint32_t i = 0; (sink = first->host->sink(first, i)) != NULL; i++)
        if (sink == after)
            found = true;
        else if (found && sink->kind == &kafka_sink_kind &&
                 kafka_sinks_differ(producer->config, sink->config) == NULL)
            return sink;
    return NULL;
}

/* "sink 'orders'", "sinks 'orders', 'dead'": as many as find room. */
static void name_users(kafka_producer *producer)
{
    char *what = producer->client.what;
    size_t size = sizeof producer->client.what, at = 0;
    weir_sink *user = next_user(producer, NULL);
    bool more = next_user(producer, user) != NULL;

    for (const char *before = more ? "sinks '" : "sink '"; user != NULL && at < size;
         user = next_user(producer, user), before = ", '")
        at += (size_t)snprintf(what + at, size - at, "%s%s'", before, user->module->name);
}

/* --- Configuration --- */

static const char *const ours[] = {"bootstrap.servers",
                                   "metadata.broker.list",
                                   "acks",
                                   "request.required.acks",
                                   "enable.idempotence",
                                   "message.timeout.ms",
                                   "delivery.timeout.ms",
                                   "linger.ms",
                                   "queue.buffering.max.ms",
                                   "compression.type",
                                   "compression.codec",
                                   "partitioner",
                                   "transactional.id",
                                   "log.queue",
                                   "statistics.interval.ms",
                                   "queue.buffering.max.messages",
                                   "queue.buffering.max.kbytes",
                                   NULL};

static weir_status set_word(const kafka_producer *producer, rd_kafka_conf_t *conf,
                            const char *option, const char *property, int index, weir_error **error)
{
    const char *choices = "";
    char word[32];

    for (size_t i = 0; i < KAFKA_SINK_OPTIONS; i++)
        if (strcmp(kafka_sink_options[i].name, option) == 0)
            choices = kafka_sink_options[i].choices;
    for (; index > 0; index--)
        choices += strcspn(choices, "|") + 1;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(choices, "|"), choices);
    return kafka_client_set(&producer->client, conf, property, word, error);
}

/* A transaction bounds how long a record may take; else there is no bound. */
static weir_status set_delivery(const kafka_producer *producer, rd_kafka_conf_t *conf,
                                weir_error **error)
{
    const kafka_sink_config *config = producer->config;
    const kafka_client *client = &producer->client;

    if (producer->sink->joint)
        return kafka_transaction_configure(producer, conf, error);
    weir_status status = kafka_client_set(client, conf, "enable.idempotence",
                                          config->acks == KAFKA_ACKS_ALL ? "true" : "false", error);
    return status == WEIR_OK ? kafka_client_set_number(client, conf, "message.timeout.ms", 0, error)
                             : status;
}

/* Room for all that its users may give it: each stops at its own limit, with the record that
 * reaches it. */
static weir_status set_limits(const kafka_producer *producer, rd_kafka_conf_t *conf,
                              weir_error **error)
{
    int64_t messages = 0, bytes = 0;
    weir_sink *user = NULL;

    while ((user = next_user(producer, user)) != NULL) {
        const kafka_sink_config *config = user->config;
        messages += KAFKA_OUTSTANDING;
        bytes += config->buffer + (int64_t)producer->max_size;
    }
    const struct {
        const char *name;
        int64_t value, most;
    } numbers[] = {
        {"statistics.interval.ms", 5000, 5000},
        {"queue.buffering.max.messages", messages, MOST_MESSAGES},
        {"queue.buffering.max.kbytes", bytes / 1024 + 1, MOST_KBYTES},
    };
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && status == WEIR_OK; i++)
        status = kafka_client_set_number(
            &producer->client, conf, numbers[i].name,
            numbers[i].value < numbers[i].most ? numbers[i].value : numbers[i].most, error);
    return status;
}

static weir_status configure(const kafka_producer *producer, rd_kafka_conf_t *conf,
                             weir_error **error)
{
    const kafka_sink_config *config = producer->config;
    char linger[32];

    snprintf(linger, sizeof linger, "%.3f", (double)config->linger / 1e6);
    weir_status status = set_word(producer, conf, "acks", "acks", config->acks, error);
    if (status == WEIR_OK)
        status =
            set_word(producer, conf, "compression", "compression.type", config->compression, error);
    if (status == WEIR_OK)
        status = set_word(producer, conf, "partitioner", "partitioner", config->partitioner, error);
    if (status == WEIR_OK)
        status = kafka_client_set(&producer->client, conf, "linger.ms", linger, error);
    if (status == WEIR_OK)
        status = set_limits(producer, conf, error);
    return status == WEIR_OK ? set_delivery(producer, conf, error) : status;
}

/* --- Life --- */

static void log_line(void *owner, weir_level level, const char *message)
{
    const kafka_producer *producer = owner;

    producer->sink->host->log(producer->sink, level, message);
}

static weir_status start(kafka_producer *producer, weir_error **error)
{
    rd_kafka_conf_t *conf =
        kafka_client_configure(&producer->client, &producer->config->librdkafka, ours, error);
    char max[32] = "1000000";
    size_t size = sizeof max;

    if (conf == NULL)
        return WEIR_SPEC;
    rd_kafka_conf_get(conf, "message.max.bytes", max, &size);
    producer->max_size = strtoul(max, NULL, 10);
    weir_status status = configure(producer, conf, error);
    if (status != WEIR_OK) {
        rd_kafka_conf_destroy(conf);
        return status;
    }
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG |
                                       RD_KAFKA_EVENT_STATS);
    status = kafka_client_start(&producer->client, RD_KAFKA_PRODUCER, conf, error);
    if (status != WEIR_OK)
        return status;
    producer->sink->host->watch(producer->sink, producer->client.wake_fd);
    return producer->sink->joint ? kafka_transaction_new(producer, &producer->transaction, error)
                                 : WEIR_OK;
}

weir_status kafka_producer_new(weir_sink *sink, kafka_producer **ret, weir_error **error)
{
    kafka_producer *producer = weir_alloc(sizeof *producer);

    if (producer == NULL)
        return weir_error_set(error, WEIR_NOMEM, "sink '%s': out of memory", sink->module->name);
    *ret = producer;
    *producer = (kafka_producer){.sink = sink, .config = sink->config, .users = 1};
    producer->client = (kafka_client){
        .wake_fd = -1, .owner = producer, .log = log_line, .brokers = producer->config->brokers};
    name_users(producer);
    return start(producer, error);
}

/* Reports of what was purged come at once. */
static void purge(kafka_producer *producer)
{
    int64_t deadline = weir_monotonic_now() + 100000000;

    rd_kafka_purge(producer->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (rd_kafka_outq_len(producer->client.rk) != 0 && weir_monotonic_now() < deadline) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(producer->client.queue, 10);
        if (event != NULL)
            rd_kafka_event_destroy(event);
    }
}

void kafka_producer_release(kafka_producer *producer)
{
    if (producer == NULL || --producer->users != 0)
        return;
    /* A call that does not come back holds the client. */
    bool free = kafka_transaction_free(producer->transaction);
    if (free && producer->client.rk != NULL)
        purge(producer);
    if (free)
        kafka_client_close(&producer->client);
    if (free)
        weir_free(producer);
}
