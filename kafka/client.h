/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - what a source and a sink have in common: a client of librdkafka, on our loop.
 *
 * librdkafka's own threads only ever fill queues and write to `wake_fd`; logs, errors and all other
 * callbacks are served by kafka_client_serve, on the runtime's thread.
 */
#ifndef WEIR_KAFKA_CLIENT_H
#define WEIR_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>

#include "kafka/question.h"
#include <weir/core.h>

typedef struct kafka_client {
    rd_kafka_t *rk;
    kafka_question *question; /* the one under way, or NULL */
    rd_kafka_queue_t *queue;  /* logs, errors, rebalances, delivery reports */
    int wake_fd;              /* readable: some queue has something; -1: none */
    char what[96];            /* "source 'quotes'" */
    const char *brokers;
    void *owner;
    void (*log)(void *owner, weir_level level, const char *message);
    bool was_connected; /* once: what then fails may come back */
    bool down;          /* no broker can be reached */
    bool fatal;         /* it will never work again: `trouble` says why */
    char trouble[320];  /* the newest, while it lasts; empty: none */
    uint64_t errors;
    uint64_t known, up; /* brokers, as of the newest statistics */
    struct {            /* the newest log lines: each once a minute */
        uint32_t hash;
        int64_t time;
    } told[16];
} kafka_client;

/* A configuration with what both have, then the spec's own properties; those in `ours` (a NULL ends
 * it) are refused. NULL: `error` says why, without any value that may be a secret. */
rd_kafka_conf_t *kafka_client_configure(kafka_client *client, const weir_pairs *properties,
                                        const char *const *ours, weir_error **error);
/* Sets one; an error names the property. */
weir_status kafka_client_set(const kafka_client *client, rd_kafka_conf_t *conf, const char *name,
                             const char *value, weir_error **error);
weir_status kafka_client_set_number(const kafka_client *client, rd_kafka_conf_t *conf,
                                    const char *name, int64_t value, weir_error **error);

/* Takes `conf`, also when it fails. */
weir_status kafka_client_start(kafka_client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                               weir_error **error);

/* Another queue that is to wake the loop. */
void kafka_client_listen(const kafka_client *client, rd_kafka_queue_t *queue);

/* The descriptor is unready again; then all queues must be asked. */
void kafka_client_heard(const kafka_client *client);

/* Takes the question (NULL: there was no memory for it) and asks it, if that can be done now. */
void kafka_client_ask(kafka_client *client, kafka_question *question);

/* Notes an error of librdkafka's: logs it, and decides whether it is fatal. */
void kafka_client_note(kafka_client *client, rd_kafka_resp_err_t code, const char *reason);
/* Passes on a log line of librdkafka's, by syslog's levels. */
void kafka_client_log(kafka_client *client, int level, const char *facility, const char *line);
/* The peer has answered: it is there. */
void kafka_client_alive(kafka_client *client);

/* How many brokers are connected, by librdkafka's statistics? */
void kafka_client_judge(kafka_client *client, const char *statistics);

/* Sets `error` to "WHAT: the trouble" with `status`. */
weir_status kafka_client_fail(const kafka_client *client, weir_status status, weir_error **error);

/* A sentence on an error code, with what to do about it where that is known. */
void kafka_explain(rd_kafka_resp_err_t code, const char *reason, char *text, size_t size);

/* Frees everything; blocks for at most two seconds. Messages, lists and other queues are freed
 * before. */
void kafka_client_close(kafka_client *client);

#endif
