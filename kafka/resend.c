/* SPDX-License-Identifier: Apache-2.0 */
/* resend.c - records of dead letters go back to where they came from. */
#include "kafka/resend.h"

#include <inttypes.h>
#include <stdio.h>

#include "kafka/client.h"

enum { WAIT_MS = 20000 };

struct kafka_resend {
    rd_kafka_t *rk;
    size_t outstanding;
    rd_kafka_resp_err_t failure; /* the first of a delivery ... */
    char topic[256];             /* ... and where to */
};

/* --- Clients --- */

static weir_status set(rd_kafka_conf_t *conf, const char *name, const char *value,
                       weir_error **error)
{
    char reason[256];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK)
        return WEIR_OK;
    return weir_error_set(error, WEIR_SPEC, "the property '%s' of librdkafka %s is not accepted",
                          name, rd_kafka_version_str());
}

rd_kafka_conf_t *kafka_resend_configure(const char *brokers, const weir_pairs *properties,
                                        const char *const (*settings)[2], weir_error **error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    weir_status status = set(conf, "bootstrap.servers", brokers, error);

    for (size_t i = 0; i < properties->count && status == WEIR_OK; i++)
        status = set(conf, properties->items[i].name, properties->items[i].text, error);
    for (size_t i = 0; settings[i][0] != NULL && status == WEIR_OK; i++)
        status = set(conf, settings[i][0], settings[i][1], error);
    if (status == WEIR_OK)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

weir_status kafka_resend_start(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret,
                               weir_error **error)
{
    char reason[512];

    *ret = rd_kafka_new(type, conf, reason, sizeof reason);
    if (*ret != NULL)
        return WEIR_OK;
    rd_kafka_conf_destroy(conf);
    return weir_error_set(error, WEIR_SPEC, "%s", reason);
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    kafka_resend *resend = opaque;

    (void)rk;
    resend->outstanding--;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || resend->failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    resend->failure = message->err;
    snprintf(resend->topic, sizeof resend->topic, "%s", rd_kafka_topic_name(message->rkt));
}

weir_status kafka_resend_new(const char *brokers, const weir_pairs *properties, kafka_resend **ret,
                             weir_error **error)
{
    const char *const writes[][2] = {{"log_level", "2"},
                                     {"enable.idempotence", "true"},
                                     {"message.timeout.ms", "20000"},
                                     {NULL, NULL}};
    rd_kafka_conf_t *conf = kafka_resend_configure(brokers, properties, writes, error);

    if (conf == NULL)
        return WEIR_SPEC;
    *ret = weir_alloc(sizeof **ret);
    if (*ret == NULL) {
        rd_kafka_conf_destroy(conf);
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    **ret = (kafka_resend){.rk = NULL};
    rd_kafka_conf_set_opaque(conf, *ret);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    return kafka_resend_start(RD_KAFKA_PRODUCER, conf, &(*ret)->rk, error);
}

/* --- Sending --- */

static weir_status failed(const char *what, const char *topic, rd_kafka_resp_err_t code,
                          weir_error **error)
{
    char reason[320];

    kafka_explain(code, NULL, reason, sizeof reason);
    return weir_error_set(error, WEIR_IO, "topic '%s': %s: %s", topic, what, reason);
}

/* Takes the headers when it is done. */
static rd_kafka_resp_err_t produce(const kafka_resend *resend, const kafka_letter *letter,
                                   rd_kafka_headers_t *headers)
{
    rd_kafka_vu_t pieces[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = letter->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t)letter->from_partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)(uintptr_t)letter->key.data, letter->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(uintptr_t)letter->value.data, letter->value.size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = letter->time},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *failure =
        rd_kafka_produceva(resend->rk, pieces, sizeof pieces / sizeof *pieces);
    rd_kafka_resp_err_t code =
        failure != NULL ? rd_kafka_error_code(failure) : RD_KAFKA_RESP_ERR_NO_ERROR;

    rd_kafka_error_destroy(failure);
    return code;
}

weir_status kafka_resend_send(kafka_resend *resend, const kafka_letter *letter,
                              rd_kafka_headers_t *headers, weir_error **error)
{
    rd_kafka_resp_err_t code;
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, letter->retries + 1);
    rd_kafka_header_add(headers, "weir-retry", -1, text, -1);
    while ((code = produce(resend, letter, headers)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(resend->rk, 100);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
        return failed("a record cannot be sent back", letter->topic, code, error);
    }
    resend->outstanding++;
    rd_kafka_poll(resend->rk, 0);
    return WEIR_OK;
}

weir_status kafka_resend_finish(kafka_resend *resend, weir_error **error)
{
    rd_kafka_flush(resend->rk, WAIT_MS);
    if (resend->failure == RD_KAFKA_RESP_ERR_NO_ERROR && resend->outstanding != 0)
        return weir_error_set(error, WEIR_IO,
                              "the cluster has not taken all records in %d s, and all count as "
                              "not sent",
                              WAIT_MS / 1000);
    if (resend->failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed("records could not be sent back, and all count as not sent", resend->topic,
                      resend->failure, error);
    return WEIR_OK;
}

void kafka_resend_free(kafka_resend *resend)
{
    if (resend != NULL && resend->rk != NULL)
        rd_kafka_destroy(resend->rk);
    weir_free(resend);
}

/* --- Letters of a file --- */

static rd_kafka_headers_t *headers_of(const kafka_letter *letter)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(4);

    for (size_t i = 0; i < letter->header_count; i++) {
        const weir_header *header = &letter->headers[i];
        rd_kafka_header_add(headers, header->name, -1, header->value.data,
                            header->value.data != NULL ? (ssize_t)header->value.size : 0);
    }
    return headers;
}

weir_status weir_kafka_send_back(const char *brokers, const weir_pairs *properties,
                                 kafka_next_letter *next, void *arg, weir_error **error)
{
    kafka_resend *resend = NULL;
    kafka_letter letter;
    weir_status status = kafka_resend_new(brokers, properties, &resend, error);

    while (status == WEIR_OK && next(&letter, arg))
        status = kafka_resend_send(resend, &letter, headers_of(&letter), error);
    if (status == WEIR_OK)
        status = kafka_resend_finish(resend, error);
    kafka_resend_free(resend);
    return status;
}
