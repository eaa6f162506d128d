/* SPDX-License-Identifier: Apache-2.0 */
/* sink.c - the kind `kafka` of sink: results become records, and are safe when the cluster says so.
 *
 * The producer retries for as long as it takes, idempotently; so a delivery report is either good,
 * or something that no retry mends, and then the run ends: the events come again after a restart.
 * Reports come in any order over partitions; what is safe goes on in the order of the results.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/client.h"
#include "kafka/kinds.h"
#include "kafka/message.h"

enum { OUTSTANDING = 1 << 17 }; /* records that the producer has */

static const uint64_t reported = (uint64_t)1 << 63;

typedef struct kafka_sink {
    kafka_client client;
    weir_sink *sink;
    const kafka_sink_config *config;
    rd_kafka_topic_t *topic; /* the fixed one, or NULL */
    kafka_outline outline;
    const char **header_names;
    uint64_t *ends;        /* of each outstanding record: where its bytes end; `reported` */
    uint64_t first, after; /* the outstanding ones, by number */
    uint64_t given, safe;  /* bytes */
} kafka_sink;

/* --- Opening --- */

static void log_line(void *owner, weir_level level, const char *message)
{
    const kafka_sink *state = owner;

    state->sink->host->log(state->sink, level, message);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    kafka_client *client = opaque;
    kafka_sink *state = client->owner;
    uint64_t number = (uint64_t)(uintptr_t)message->_private;

    (void)rk;
    if (message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return; /* given up, at the end */
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_client_note(client, message->err, NULL);
        client->fatal = true;
        return;
    }
    state->ends[number % OUTSTANDING] |= reported;
    if (!client->was_connected || client->down)
        kafka_client_alive(client);
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    (void)rk;
    (void)size;
    kafka_client_judge(opaque, json);
    return 0;
}

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

static const char *word_at(const weir_option *options, size_t count, const char *name, int index,
                           char *word, size_t size)
{
    const char *choices = "";

    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].name, name) == 0)
            choices = options[i].choices;
    for (; index > 0; index--)
        choices += strcspn(choices, "|") + 1;
    snprintf(word, size, "%.*s", (int)strcspn(choices, "|"), choices);
    return word;
}

static weir_status set_word(const kafka_sink *state, rd_kafka_conf_t *conf, const char *option,
                            const char *property, int index, weir_error **error)
{
    char word[32];

    word_at(kafka_sink_options, KAFKA_SINK_OPTIONS, option, index, word, sizeof word);
    return kafka_client_set(&state->client, conf, property, word, error);
}

static weir_status configure(const kafka_sink *state, rd_kafka_conf_t *conf, weir_error **error)
{
    const kafka_sink_config *config = state->config;
    const kafka_client *client = &state->client;
    char linger[32];

    snprintf(linger, sizeof linger, "%.3f", (double)config->linger / 1e6);
    weir_status status = set_word(state, conf, "acks", "acks", config->acks, error);
    if (status == WEIR_OK)
        status =
            set_word(state, conf, "compression", "compression.type", config->compression, error);
    if (status == WEIR_OK)
        status = set_word(state, conf, "partitioner", "partitioner", config->partitioner, error);
    if (status == WEIR_OK) /* acks: all */
        status = kafka_client_set(client, conf, "enable.idempotence",
                                  config->acks == 2 ? "true" : "false", error);
    if (status == WEIR_OK)
        status = kafka_client_set(client, conf, "linger.ms", linger, error);
    if (status == WEIR_OK)
        status = kafka_client_set_number(client, conf, "message.timeout.ms", 0, error);
    if (status == WEIR_OK)
        status = kafka_client_set_number(client, conf, "statistics.interval.ms", 5000, error);
    if (status == WEIR_OK)
        status = kafka_client_set_number(client, conf, "queue.buffering.max.messages", OUTSTANDING,
                                         error);
    if (status == WEIR_OK)
        status = kafka_client_set_number(client, conf, "queue.buffering.max.kbytes",
                                         config->buffer / 1024, error);
    return status;
}

static weir_status connect_client(kafka_sink *state, weir_error **error)
{
    rd_kafka_conf_t *conf =
        kafka_client_configure(&state->client, &state->config->librdkafka, ours, error);
    char max[32] = "1000000";
    size_t size = sizeof max;

    if (conf == NULL)
        return WEIR_SPEC;
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    weir_status status = configure(state, conf, error);
    if (status != WEIR_OK) {
        rd_kafka_conf_destroy(conf);
        return status;
    }
    status = kafka_client_start(&state->client, RD_KAFKA_PRODUCER, conf, error);
    if (status != WEIR_OK)
        return status;
    rd_kafka_conf_get(rd_kafka_conf(state->client.rk), "message.max.bytes", max, &size);
    state->outline.max_size = strtoul(max, NULL, 10);
    state->sink->host->watch(state->sink, state->client.wake_fd);
    if (state->config->topic != NULL)
        state->topic = rd_kafka_topic_new(state->client.rk, state->config->topic, NULL);
    return WEIR_OK;
}

/* --- The outline --- */

static weir_status find_field(const kafka_sink *state, const char *option, const char *name,
                              bool text, const weir_field **ret, weir_error **error)
{
    const weir_type *type = state->sink->type;
    const weir_field *found = NULL;

    if (name == NULL)
        return WEIR_OK;
    for (uint32_t i = 0; i < type->field_count && found == NULL; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            found = &type->fields[i];
    if (found == NULL)
        return weir_error_set_at(error, WEIR_SPEC, state->sink->module->place,
                                 "%s: '%s' of option '%s' is no field of '%s'", state->client.what,
                                 name, option, type->name);
    *ret = found;
    if (!found->list && found->kind != WEIR_VALUE_STRUCT && found->kind != WEIR_VALUE_F32 &&
        found->kind != WEIR_VALUE_F64 && (!text || found->kind == WEIR_VALUE_STRING))
        return WEIR_OK;
    return weir_error_set_at(
        error, WEIR_SPEC, state->sink->module->place, "%s: the field '%s' of option '%s' is not %s",
        state->client.what, name, option, text ? "a string" : "text, bytes, an integer or an enum");
}

static weir_status find_headers(kafka_sink *state, weir_error **error)
{
    const weir_pairs *pairs = &state->config->headers;
    weir_status status = WEIR_OK;

    state->outline.headers = weir_alloc_array(pairs->count, sizeof(const weir_field *));
    state->header_names = weir_alloc_array(pairs->count, sizeof(const char *));
    if (state->outline.headers == NULL || state->header_names == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->client.what);
    state->outline.header_names = state->header_names;
    state->outline.header_count = pairs->count;
    for (size_t i = 0; i < pairs->count && status == WEIR_OK; i++) {
        state->header_names[i] = pairs->items[i].name;
        status = find_field(state, "headers", pairs->items[i].text, false,
                            &state->outline.headers[i], error);
    }
    return status;
}

static weir_status find_outline(kafka_sink *state, weir_error **error)
{
    const kafka_sink_config *config = state->config;

    if (config->topic == NULL && config->topic_from == NULL)
        return weir_error_set_at(error, WEIR_SPEC, state->sink->module->place,
                                 "%s needs the option 'topic' or 'topic_from'", state->client.what);
    weir_status status = find_field(state, "key", config->key, false, &state->outline.key, error);
    if (status == WEIR_OK)
        status =
            find_field(state, "topic_from", config->topic_from, true, &state->outline.topic, error);
    return status == WEIR_OK ? find_headers(state, error) : status;
}

static weir_status open_sink(weir_sink *sink, weir_error **error)
{
    kafka_sink *state = sink->state;

    state->sink = sink;
    state->config = sink->config;
    state->client = (kafka_client){
        .wake_fd = -1, .owner = state, .log = log_line, .brokers = state->config->brokers};
    snprintf(state->client.what, sizeof state->client.what, "sink '%s'", sink->module->name);
    state->ends = weir_alloc_array(OUTSTANDING, sizeof *state->ends);
    if (state->ends == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->client.what);
    weir_status status = find_outline(state, error);
    return status == WEIR_OK ? connect_client(state, error) : status;
}

/* --- Writing --- */

static weir_status encode(weir_sink *sink, const void *value, struct weir_buffer *out,
                          weir_wire_error *error)
{
    const kafka_sink *state = sink->state;

    return kafka_frame_value(&state->outline, sink, value, out, error);
}

static weir_status bury(weir_sink *sink, const weir_dead_letter *letter,
                        const weir_original *original, struct weir_buffer *out,
                        weir_wire_error *error)
{
    const kafka_sink *state = sink->state;

    return kafka_frame_letter(letter, original, state->outline.max_size, out, error);
}

static rd_kafka_resp_err_t produce(const kafka_sink *state, const kafka_frame *frame)
{
    rd_kafka_vu_t pieces[8];
    size_t count = 0;
    char topic[256];

    pieces[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
    pieces[count++] =
        (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_VALUE,
                        .u.mem = {(void *)(uintptr_t)frame->value.data, frame->value.size}};
    pieces[count++] =
        (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)state->after};
    if (frame->topic.size != 0 && frame->topic.size < sizeof topic) {
        snprintf(topic, sizeof topic, "%.*s", (int)frame->topic.size,
                 (const char *)(const void *)frame->topic.data);
        pieces[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic};
    } else {
        pieces[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = state->topic};
    }
    if (frame->key.data != NULL)
        pieces[count++] =
            (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_KEY,
                            .u.mem = {(void *)(uintptr_t)frame->key.data, frame->key.size}};
    if (frame->time != 0)
        pieces[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = frame->time};
    rd_kafka_headers_t *headers = kafka_frame_headers(frame);
    if (headers != NULL)
        pieces[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};
    rd_kafka_error_t *failure = rd_kafka_produceva(state->client.rk, pieces, count);
    rd_kafka_resp_err_t code =
        failure != NULL ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (failure != NULL && headers != NULL)
        rd_kafka_headers_destroy(headers); /* they stay ours */
    rd_kafka_error_destroy(failure);
    return code;
}

static weir_status full(const kafka_sink *state, weir_error **error)
{
    return weir_error_set(error, WEIR_AGAIN, "%s: the producer's queue is full%s%s",
                          state->client.what, state->client.trouble[0] != '\0' ? ": " : "",
                          state->client.trouble);
}

static weir_status write_records(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                                 weir_error **error)
{
    kafka_sink *state = sink->state;
    kafka_frame frame;

    *fd = -1;
    while (*ret_written < bytes.size) {
        if (state->after - state->first == OUTSTANDING)
            return full(state, error);
        kafka_frame_read((weir_slice){bytes.data + *ret_written, bytes.size - *ret_written},
                         &frame);
        rd_kafka_resp_err_t code = frame.topic.size == 0 && state->topic == NULL
                                       ? RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
                                       : produce(state, &frame);
        if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return full(state, error);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            kafka_client_note(&state->client, code, NULL);
            return kafka_client_fail(&state->client, WEIR_CLOSED, error);
        }
        *ret_written += frame.size;
        state->given += frame.size;
        state->ends[state->after++ % OUTSTANDING] = state->given;
    }
    return WEIR_OK;
}

static void go_on(kafka_sink *state)
{
    for (; state->first != state->after; state->first++) {
        uint64_t end = state->ends[state->first % OUTSTANDING];
        if ((end & reported) == 0)
            return;
        state->safe = end & ~reported;
    }
}

static weir_status answered(weir_sink *sink, uint64_t *ret_safe, weir_error **error)
{
    kafka_sink *state = sink->state;

    kafka_client_heard(&state->client);
    rd_kafka_poll(state->client.rk, 0);
    go_on(state);
    *ret_safe = state->safe;
    if (state->client.fatal)
        return kafka_client_fail(&state->client, WEIR_CLOSED, error);
    if (state->client.down && state->safe != state->given)
        return kafka_client_fail(&state->client, WEIR_IO, error);
    return WEIR_OK;
}

/* What is still outstanding was given up. */
static void close_sink(weir_sink *sink)
{
    kafka_sink *state = sink->state;

    if (state->client.rk != NULL) {
        rd_kafka_purge(state->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(state->client.rk, 100);
    }
    if (state->topic != NULL)
        rd_kafka_topic_destroy(state->topic);
    kafka_client_close(&state->client);
    weir_free(state->ends);
    weir_free(state->outline.headers);
    weir_free(state->header_names);
}

const weir_sink_kind kafka_sink_kind = {
    .base = KAFKA_SINK_HEAD,
    .state_size = sizeof(kafka_sink),
    .open = open_sink,
    .write = write_records,
    .encode = encode,
    .bury = bury,
    .answered = answered,
    .close = close_sink,
};
