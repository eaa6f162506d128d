/* SPDX-License-Identifier: Apache-2.0 */
/* transaction.c - the states of a transaction, on the loop.
 *
 *     BEGINNING -> OPEN -> COMMITTING -> OPEN ..
 *                   |          |
 *                   v          v           all is quiet
 *                 FAILED -> ABORTING -> ABORTED -> OPEN
 *
 * BEGINNING takes over the transactional id: what an earlier process has left open is aborted, and
 * that process, should it live, is fenced.
 */
#include "kafka/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "kafka/kinds.h"
#include "kafka/source.h"
#include "kafka/transactor.h"

static const int64_t second = 1000000000;

typedef enum transaction_state {
    BEGINNING,
    OPEN,
    COMMITTING,
    FAILED, /* to be aborted */
    ABORTING,
    ABORTED,
} transaction_state;

struct kafka_transaction {
    kafka_producer *producer;
    kafka_transactor *transactor;
    transaction_state state;
    int64_t timeout;   /* nanoseconds that the cluster allows it */
    int64_t began;     /* monotonic: the first record or position of the open one; 0: none yet */
    int64_t calls_at;  /* monotonic: what is under way on the helper thread; 0: nothing */
    int64_t every;     /* commits; 0: not known yet */
    bool written;      /* it has a record */
    bool broken;       /* librdkafka wants it aborted: what is outstanding will not be delivered */
    bool alarmed;      /* it is looked at again before it times out */
    uint32_t failures; /* one after another */
};

/* --- Life --- */

static int64_t timeout_of(const rd_kafka_conf_t *conf)
{
    char value[32] = "60000";
    size_t size = sizeof value;

    rd_kafka_conf_get(conf, "transaction.timeout.ms", value, &size);
    return strtoll(value, NULL, 10) * 1000000;
}

static bool is_set(const weir_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0)
            return true;
    return false;
}

/* A process that dies keeps readers waiting for so long, unless it comes again before. */
weir_status kafka_transaction_configure(const kafka_producer *producer, rd_kafka_conf_t *conf,
                                        weir_error **error)
{
    const kafka_sink_config *config = producer->config;
    weir_status status = kafka_client_set(&producer->client, conf, "transactional.id",
                                          config->transactional_id, error);

    if (status == WEIR_OK && !is_set(&config->librdkafka, "transaction.timeout.ms"))
        status =
            kafka_client_set(&producer->client, conf, "transaction.timeout.ms", "30000", error);
    return status;
}

weir_status kafka_transaction_new(kafka_producer *producer, kafka_transaction **ret,
                                  weir_error **error)
{
    kafka_transaction *transaction = weir_alloc(sizeof *transaction);

    if (transaction == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", producer->client.what);
    *ret = transaction;
    transaction->producer = producer;
    transaction->timeout = timeout_of(rd_kafka_conf(producer->client.rk));
    weir_status status = kafka_transactor_new(producer->client.rk, producer->client.wake_fd,
                                              &transaction->transactor, error);
    if (status == WEIR_OK)
        kafka_transactor_begin(transaction->transactor);
    transaction->calls_at = weir_monotonic_now();
    return status;
}

static void drop_events(const kafka_producer *producer)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(producer->client.queue, 10);

    if (event != NULL)
        rd_kafka_event_destroy(event);
}

bool kafka_transaction_free(kafka_transaction *transaction)
{
    int64_t deadline = weir_monotonic_now() + 3 * second;

    if (transaction == NULL)
        return true;
    kafka_transactor *transactor = transaction->transactor;
    bool open = transaction->state == OPEN || transaction->state == FAILED;
    if (transactor != NULL && open && transaction->began != 0)
        kafka_transactor_abort(transactor, 0);
    if (transactor != NULL)
        kafka_transactor_stop(transactor);
    /* An abort waits until the reports of what it has purged are taken. */
    while (transactor != NULL && !kafka_transactor_has_ended(transactor) &&
           weir_monotonic_now() < deadline)
        drop_events(transaction->producer);
    bool ended = transactor == NULL || kafka_transactor_has_ended(transactor);
    if (ended)
        kafka_transactor_free(transactor);
    weir_free(transaction);
    return ended;
}

/* --- What sinks ask --- */

static void note_begin(kafka_transaction *transaction)
{
    if (transaction->began != 0)
        return;
    transaction->began = weir_monotonic_now();
    kafka_transactor_wake_at(transaction->transactor, transaction->began + transaction->every);
}

bool kafka_transaction_may_write(kafka_transaction *transaction)
{
    if (transaction->state != OPEN)
        return false;
    note_begin(transaction);
    transaction->written = true;
    return true;
}

bool kafka_transaction_is_void(const kafka_transaction *transaction)
{
    return transaction->state >= FAILED;
}

/* What the same record would meet again. */
static bool is_lasting(rd_kafka_resp_err_t code)
{
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR__FATAL:
        return true;
    default:
        return false;
    }
}

static void fail(kafka_transaction *transaction, const char *reason)
{
    kafka_client *client = &transaction->producer->client;
    char message[512];

    if (transaction->state >= FAILED)
        return;
    snprintf(message, sizeof message, "the transaction is aborted and done again: %s", reason);
    client->log(client->owner, WEIR_WARNING, message);
    transaction->state = FAILED;
}

bool kafka_transaction_lost(kafka_transaction *transaction, rd_kafka_resp_err_t code)
{
    kafka_client *client = &transaction->producer->client;
    char reason[320];

    if (code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return true;
    /* A fatal error is told with the next events; here it only looks like a wrong call. */
    if (rd_kafka_fatal_error(client->rk, reason, sizeof reason) != RD_KAFKA_RESP_ERR_NO_ERROR)
        code = RD_KAFKA_RESP_ERR__FATAL;
    if (is_lasting(code)) {
        kafka_client_note(client, code, NULL);
        client->fatal = true;
        return false;
    }
    if (transaction->state == COMMITTING)
        return true; /* the commit will say so */
    kafka_explain(code, NULL, reason, sizeof reason);
    fail(transaction, reason);
    transaction->broken = true;
    return true;
}

/* --- The sources --- */

/* The n-th source that commits, or NULL; `*place` goes on behind it. */
static kafka_source *next_source(const kafka_transaction *transaction, uint32_t *place)
{
    weir_sink *sink = transaction->producer->sink;
    weir_source *source;

    while ((source = sink->host->source(sink, (*place)++)) != NULL)
        if (source->origin.commits && source->kind == &kafka_source_kind && source->state != NULL)
            return source->state;
    return NULL;
}

/* Once all sources are there: can their positions be part of it, and how often? */
static weir_status learn_sources(kafka_transaction *transaction, weir_error **error)
{
    weir_sink *sink = transaction->producer->sink;
    weir_source *source;

    uint32_t groups = 0;

    for (uint32_t i = 0; (source = sink->host->source(sink, i)) != NULL; i++) {
        const kafka_source_config *config = source->config;
        if (!source->origin.commits)
            continue;
        if (source->kind != &kafka_source_kind ||
            strcmp(config->brokers, transaction->producer->config->brokers) != 0)
            return weir_error_set_at(error, WEIR_SPEC, source->module->place,
                                     "source '%s' is not of the cluster of sink '%s', and so its "
                                     "positions cannot be part of its transactions",
                                     source->module->name, sink->module->name);
        if (groups++ == 0 || config->commit_every < transaction->every)
            transaction->every = config->commit_every;
    }
    if (groups == 0) /* what comes of files or channels has no positions */
        transaction->every = second;
    if (groups > KAFKA_MOST_GROUPS)
        return weir_error_set_at(error, WEIR_SPEC, sink->module->place,
                                 "sink '%s': the positions of %u sources are too many for one "
                                 "transaction; it takes %d",
                                 sink->module->name, groups, KAFKA_MOST_GROUPS);
    if (transaction->every * 2 <= transaction->timeout)
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, sink->module->place,
                             "sink '%s': a transaction may take %.3g s ('transaction.timeout.ms'); "
                             "'commit_every' of the sources must be at most half of that",
                             sink->module->name, (double)transaction->timeout / 1e9);
}

typedef struct survey {
    bool dirty;  /* positions have moved */
    bool urgent; /* partitions are to be given back */
    bool spoilt; /* some have gone with results in the open transaction */
} survey;

static survey look_at_sources(const kafka_transaction *transaction)
{
    survey found = {0};
    kafka_source *source;

    for (uint32_t i = 0; (source = next_source(transaction, &i)) != NULL;) {
        found.dirty = found.dirty || source->dirty;
        found.urgent = found.urgent || source->revoking != NULL;
        found.spoilt = found.spoilt || source->spoilt;
    }
    return found;
}

static void end_commit(kafka_transaction *transaction)
{
    kafka_source *source;

    for (uint32_t i = 0; (source = next_source(transaction, &i)) != NULL;)
        kafka_committed(source, weir_monotonic_now() - transaction->calls_at);
    transaction->failures = 0;
}

static void go_back(kafka_transaction *transaction)
{
    kafka_source *source;

    for (uint32_t i = 0; (source = next_source(transaction, &i)) != NULL;)
        kafka_rewind(source);
}

/* --- Steps --- */

static void begin_commit(kafka_transaction *transaction)
{
    kafka_source *source;

    for (uint32_t i = 0; (source = next_source(transaction, &i)) != NULL;) {
        rd_kafka_topic_partition_list_t *list = kafka_uncommitted(source);
        if (list != NULL)
            kafka_transactor_add(transaction->transactor, list,
                                 rd_kafka_consumer_group_metadata(source->client.rk));
    }
    transaction->state = COMMITTING;
    transaction->calls_at = weir_monotonic_now();
    kafka_transactor_commit(transaction->transactor);
}

/* Tries one after another keep a distance. */
static void begin_abort(kafka_transaction *transaction)
{
    int64_t pause =
        transaction->failures < 6 ? (int64_t)100000000 << transaction->failures : 5 * second;

    transaction->failures++;
    transaction->state = ABORTING;
    transaction->calls_at = weir_monotonic_now();
    kafka_transactor_abort(transaction->transactor, transaction->failures > 1 ? pause : 0);
}

/* librdkafka takes it for fatal when the cluster does not know yet of what it aborts. */
static bool may_abort(const kafka_transaction *transaction)
{
    return transaction->broken || rd_kafka_outq_len(transaction->producer->client.rk) == 0;
}

/* The helper thread has come back. */
static void take_answer(kafka_transaction *transaction, const kafka_answer *answer)
{
    kafka_client *client = &transaction->producer->client;

    if (answer->result == KAFKA_ANSWER_FATAL) {
        kafka_client_note(client, answer->code, answer->reason);
        client->fatal = true;
    } else if (answer->result == KAFKA_ANSWER_ABORT) {
        fail(transaction, answer->reason);
        transaction->state = FAILED;
        transaction->broken = transaction->written = true;
        transaction->calls_at = 0;
        return;
    } else if (transaction->state == COMMITTING) {
        end_commit(transaction);
        transaction->state = OPEN;
    } else {
        transaction->state = transaction->state == ABORTING ? ABORTED : OPEN;
    }
    transaction->began = transaction->calls_at = 0;
    transaction->alarmed = transaction->written = transaction->broken = false;
    if (answer->result == KAFKA_ANSWER_DONE)
        kafka_client_alive(client);
}

static bool is_due(const kafka_transaction *transaction, bool now, const survey *found)
{
    return transaction->began != 0 &&
           (now || found->urgent ||
            weir_monotonic_now() >= transaction->began + transaction->every);
}

/* Nothing else may wake the loop while something is under way for long. */
static void watch_time(kafka_transaction *transaction)
{
    if (transaction->alarmed)
        return;
    transaction->alarmed = true;
    kafka_transactor_wake_at(transaction->transactor,
                             transaction->began + transaction->timeout / 2 + 1000000);
}

static weir_status waits(const kafka_transaction *transaction, weir_error **error)
{
    const kafka_client *client = &transaction->producer->client;
    int64_t patience = transaction->producer->config->give_up;
    bool gone = patience != INT64_MAX && transaction->calls_at != 0 &&
                weir_monotonic_now() - transaction->calls_at > patience;

    return weir_error_set(error, gone ? WEIR_IO : WEIR_AGAIN,
                          "%s: the transaction is not %s yet%s%s", client->what,
                          transaction->state == BEGINNING ? "begun" : "ended",
                          client->trouble[0] != '\0' ? ": " : "", client->trouble);
}

/* A retry, a pause: the cluster would end it. Done again it may go well, or not. */
static bool takes_too_long(const kafka_transaction *transaction, bool quiet)
{
    return transaction->state == OPEN && transaction->began != 0 && !quiet &&
           weir_monotonic_now() - transaction->began > transaction->timeout / 2;
}

static const char too_long[] = "something is under way for longer than half of the time that a "
                               "transaction may be open";

weir_status kafka_transaction_join(kafka_transaction *transaction, bool quiet, bool now,
                                   weir_error **error)
{
    kafka_answer answer;
    weir_status status = transaction->every == 0 ? learn_sources(transaction, error) : WEIR_OK;

    if (status != WEIR_OK)
        return status;
    if (kafka_transactor_answer(transaction->transactor, &answer))
        take_answer(transaction, &answer);
    if (transaction->producer->client.fatal)
        return kafka_client_fail(&transaction->producer->client, WEIR_IO, error);
    survey found = look_at_sources(transaction);
    if (transaction->state == OPEN && found.dirty)
        note_begin(transaction);
    if (found.spoilt && transaction->state == OPEN)
        fail(transaction, "partitions went to another member before it was committed");
    if (takes_too_long(transaction, quiet) && transaction->failures != 0)
        return weir_error_set(error, WEIR_FAILED,
                              "%s: %s, again; shorten the retry, or raise 'transaction.timeout.ms'",
                              transaction->producer->client.what, too_long);
    if (takes_too_long(transaction, quiet))
        fail(transaction, too_long);
    if (transaction->state == FAILED && !transaction->written)
        transaction->state = ABORTED;
    else if (transaction->state == FAILED && may_abort(transaction))
        begin_abort(transaction);
    if (transaction->state == ABORTED && quiet) {
        go_back(transaction);
        transaction->state = OPEN;
        transaction->began = 0;
    }
    bool due = transaction->state == OPEN && is_due(transaction, now, &found);
    if (due && quiet)
        begin_commit(transaction);
    else if (due)
        watch_time(transaction);
    return due || transaction->state != OPEN ? waits(transaction, error) : WEIR_OK;
}
