/* SPDX-License-Identifier: Apache-2.0 */
/* resend.h - records of dead letters go back to the topic and partition that they came from, for
 * `weir dlq`, with the header `weir-retry`, which counts. Blocks. */
#ifndef WEIR_KAFKA_RESEND_H
#define WEIR_KAFKA_RESEND_H

#include <librdkafka/rdkafka.h>

#include "kafka/letters.h"

/* A configuration of these brokers, then the properties, then `settings` (a NULL ends them). NULL:
 * `error` says why. */
rd_kafka_conf_t *kafka_resend_configure(const char *brokers, const weir_pairs *properties,
                                        const char *const (*settings)[2], weir_error **error);
/* Takes `conf`, also when it fails. */
weir_status kafka_resend_start(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret,
                               weir_error **error);

typedef struct kafka_resend kafka_resend;

weir_status kafka_resend_new(const char *brokers, const weir_pairs *properties, kafka_resend **ret,
                             weir_error **error);
/* Sends one on its way; takes the headers, which are the record's own. */
weir_status kafka_resend_send(kafka_resend *resend, const kafka_letter *letter,
                              rd_kafka_headers_t *headers, weir_error **error);
/* Waits until the cluster has all of them. */
weir_status kafka_resend_finish(kafka_resend *resend, weir_error **error);
/* NULL allowed. */
void kafka_resend_free(kafka_resend *resend);

#endif
