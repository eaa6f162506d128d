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

#include "kafka/kinds.h"
#include "kafka/message.h"
#include "kafka/producer.h"
#include "kafka/transaction.h"

typedef struct kafka_sink {
    kafka_producer *producer;
    char what[96]; /* "sink 'orders'" */
    weir_sink *sink;
    const kafka_sink_config *config;
    rd_kafka_topic_t *topic; /* the fixed one, or NULL */
    kafka_outline outline;
    const char **header_names;
    uint64_t *ends;        /* of each outstanding record: where its bytes end; KAFKA_REPORTED */
    uint64_t first, after; /* the outstanding ones, by number */
    uint64_t given, safe;  /* bytes */
} kafka_sink;

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
                                 "%s: '%s' of option '%s' is no field of '%s'", state->what, name,
                                 option, type->name);
    *ret = found;
    if (!found->list && found->kind != WEIR_VALUE_STRUCT && found->kind != WEIR_VALUE_F32 &&
        found->kind != WEIR_VALUE_F64 && (!text || found->kind == WEIR_VALUE_STRING))
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, state->sink->module->place,
                             "%s: the field '%s' of option '%s' is not %s", state->what, name,
                             option, text ? "a string" : "text, bytes, an integer or an enum");
}

static weir_status find_headers(kafka_sink *state, weir_error **error)
{
    const weir_pairs *pairs = &state->config->headers;
    weir_status status = WEIR_OK;

    state->outline.headers = weir_alloc_array(pairs->count, sizeof(const weir_field *));
    state->header_names = weir_alloc_array(pairs->count, sizeof(const char *));
    if (state->outline.headers == NULL || state->header_names == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->what);
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
                                 "%s needs the option 'topic' or 'topic_from'", state->what);
    weir_status status = find_field(state, "key", config->key, false, &state->outline.key, error);
    if (status == WEIR_OK)
        status =
            find_field(state, "topic_from", config->topic_from, true, &state->outline.topic, error);
    return status == WEIR_OK ? find_headers(state, error) : status;
}

/* In a replay there are no positions: each record is written by itself. */
static weir_status choose_delivery(const kafka_sink *state, weir_error **error)
{
    const kafka_sink_config *config = state->config;
    const char *wrong = NULL;

    if (config->delivery != KAFKA_DELIVERY_EXACTLY_ONCE)
        return WEIR_OK;
    if (config->transactional_id == NULL)
        wrong = "needs the option 'transactional_id', a name of this process that stays over "
                "restarts";
    else if (config->acks != KAFKA_ACKS_ALL)
        wrong = "needs 'acks: all'";
    if (wrong != NULL)
        return weir_error_set_at(error, WEIR_SPEC, state->sink->module->place,
                                 "%s is exactly_once, and %s", state->what, wrong);
    state->sink->joint = !state->sink->fresh;
    return WEIR_OK;
}

/* That of a sink before this one which wants the same. Those of one transaction have to. */
static weir_status share_producer(kafka_sink *state, weir_error **error)
{
    weir_sink *sink = state->sink, *other;

    for (uint32_t i = 0; (other = sink->host->sink(sink, i)) != sink && other != NULL; i++) {
        if (other->kind != &kafka_sink_kind)
            continue;
        const kafka_sink *like = other->state;
        const char *option = kafka_sinks_differ(like->config, state->config);
        if (option == NULL) {
            state->producer = like->producer;
            state->producer->users++;
            return WEIR_OK;
        }
        if (other->joint && sink->joint)
            return weir_error_set_at(error, WEIR_SPEC, sink->module->place,
                                     "sinks '%s' and '%s' share one transaction, and so '%s' must "
                                     "be the same in both",
                                     other->module->name, sink->module->name, option);
    }
    return WEIR_OK;
}

static weir_status connect_producer(kafka_sink *state, weir_error **error)
{
    weir_status status = choose_delivery(state, error);

    if (status == WEIR_OK)
        status = share_producer(state, error);
    if (status == WEIR_OK && state->producer == NULL)
        status = kafka_producer_new(state->sink, &state->producer, error);
    if (status != WEIR_OK)
        return status;
    state->outline.max_size = state->producer->max_size;
    if (state->config->topic != NULL)
        state->topic = rd_kafka_topic_new(state->producer->client.rk, state->config->topic, NULL);
    return WEIR_OK;
}

static weir_status open_sink(weir_sink *sink, weir_error **error)
{
    kafka_sink *state = sink->state;

    state->sink = sink;
    state->config = sink->config;
    snprintf(state->what, sizeof state->what, "sink '%s'", sink->module->name);
    state->ends = weir_alloc_array(KAFKA_OUTSTANDING, sizeof *state->ends);
    if (state->ends == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->what);
    weir_status status = find_outline(state, error);
    return status == WEIR_OK ? connect_producer(state, error) : status;
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

/* Most records: the shorter call does for them. */
static bool is_plain(const kafka_sink *state, const kafka_frame *frame)
{
    return state->topic != NULL && frame->topic.size == 0 && frame->headers.size == 0 &&
           frame->time == 0;
}

static rd_kafka_resp_err_t produce_plain(const kafka_sink *state, const kafka_frame *frame)
{
    int result =
        rd_kafka_produce(state->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                         (void *)(uintptr_t)frame->value.data, frame->value.size, frame->key.data,
                         frame->key.size, &state->ends[state->after % KAFKA_OUTSTANDING]);

    return result == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

static rd_kafka_resp_err_t produce(const kafka_sink *state, const kafka_frame *frame)
{
    rd_kafka_vu_t pieces[8];
    size_t count = 0;
    char topic[256];

    if (is_plain(state, frame))
        return produce_plain(state, frame);
    pieces[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
    pieces[count++] =
        (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_VALUE,
                        .u.mem = {(void *)(uintptr_t)frame->value.data, frame->value.size}};
    pieces[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_OPAQUE,
                                      .u.ptr = &state->ends[state->after % KAFKA_OUTSTANDING]};
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
    rd_kafka_error_t *failure = rd_kafka_produceva(state->producer->client.rk, pieces, count);
    rd_kafka_resp_err_t code =
        failure != NULL ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (failure != NULL && headers != NULL)
        rd_kafka_headers_destroy(headers); /* they stay ours */
    rd_kafka_error_destroy(failure);
    return code;
}

static weir_status full(const kafka_sink *state, weir_error **error)
{
    return weir_error_set(error, WEIR_AGAIN, "%s: the producer's queue is full%s%s", state->what,
                          state->producer->client.trouble[0] != '\0' ? ": " : "",
                          state->producer->client.trouble);
}

static void note_given(kafka_sink *state, size_t size, uint64_t mark)
{
    state->given += size;
    state->ends[state->after++ % KAFKA_OUTSTANDING] = state->given | mark;
}

static weir_status give(kafka_sink *state, const kafka_frame *frame, weir_error **error)
{
    kafka_client *client = &state->producer->client;
    rd_kafka_resp_err_t code = frame->topic.size == 0 && state->topic == NULL
                                   ? RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
                                   : produce(state, frame);

    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return full(state, error);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && state->producer->transaction != NULL &&
        kafka_transaction_lost(state->producer->transaction, code))
        return WEIR_OK; /* it comes again */
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_client_note(client, code, NULL);
        return kafka_client_fail(client, WEIR_CLOSED, error);
    }
    note_given(state, frame->size, 0);
    state->producer->unsafe++;
    return WEIR_OK;
}

static void go_on(kafka_sink *state)
{
    for (; state->first != state->after; state->first++) {
        uint64_t end = state->ends[state->first % KAFKA_OUTSTANDING];
        if ((end & KAFKA_REPORTED) == 0)
            return;
        state->safe = end & ~KAFKA_REPORTED;
    }
}

static void take_reports(kafka_sink *state)
{
    kafka_producer_serve(state->producer);
    go_on(state);
}

/* The record that reaches the limit still goes, however long it is. */
static bool is_full(const kafka_sink *state)
{
    return state->after - state->first == KAFKA_OUTSTANDING ||
           state->given - state->safe >= (uint64_t)state->config->buffer;
}

static weir_status write_records(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                                 weir_error **error)
{
    kafka_sink *state = sink->state;
    kafka_transaction *transaction = state->producer->transaction;
    weir_status status = WEIR_OK;
    kafka_frame frame;

    *fd = -1;
    while (*ret_written < bytes.size && status == WEIR_OK) {
        if (is_full(state))
            take_reports(state);
        if (is_full(state))
            return full(state, error);
        kafka_frame_read((weir_slice){bytes.data + *ret_written, bytes.size - *ret_written},
                         &frame);
        uint64_t before = state->given;
        if (transaction != NULL && kafka_transaction_is_void(transaction))
            note_given(state, frame.size, KAFKA_REPORTED);
        else if (transaction != NULL && !kafka_transaction_may_write(transaction))
            return weir_error_set(error, WEIR_AGAIN, "%s: %s", state->what,
                                  "it waits for its transaction");
        else
            status = give(state, &frame, error);
        *ret_written += state->given - before;
    }
    return status;
}

/* What ends the run is told by a sink that loses something by it, where there is one. */
static bool is_to_tell(const kafka_sink *state)
{
    return state->safe != state->given || state->producer->unsafe == 0;
}

static weir_status answered(weir_sink *sink, uint64_t *ret_safe, weir_error **error)
{
    kafka_sink *state = sink->state;

    take_reports(state);
    *ret_safe = state->safe;
    if (state->producer->client.fatal && is_to_tell(state))
        return kafka_client_fail(&state->producer->client, WEIR_CLOSED, error);
    if (state->producer->client.down && state->safe != state->given)
        return kafka_client_fail(&state->producer->client, WEIR_IO, error);
    return WEIR_OK;
}

static weir_status join(weir_sink *sink, bool quiet, bool now, weir_error **error)
{
    const kafka_sink *state = sink->state;

    return kafka_transaction_join(state->producer->transaction, quiet, now, error);
}

static void close_sink(weir_sink *sink)
{
    kafka_sink *state = sink->state;

    if (state->topic != NULL)
        rd_kafka_topic_destroy(state->topic);
    kafka_producer_release(state->producer);
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
    .join = join,
    .close = close_sink,
};
