/* SPDX-License-Identifier: Apache-2.0 */
/* transaction.h - `delivery: exactly_once`: records and positions in one transaction after another.
 *
 * One transaction is open at a time, of all sinks of the module that share the producer. When it is
 * due the engine stops reading until nothing is under way; then positions and records are committed
 * as one. When it fails it is aborted, what is written until all is quiet is void, and the sources
 * go back to the positions before it.
 *
 * librdkafka's calls block, for as long as the cluster takes, and those that commit and abort want
 * no short timeout (it "risks internal state desynchronization"). So a helper thread makes them,
 * one at a time; the loop never waits for it.
 */
#ifndef WEIR_KAFKA_TRANSACTION_H
#define WEIR_KAFKA_TRANSACTION_H

#include "kafka/producer.h"

typedef struct kafka_transaction kafka_transaction;

weir_status kafka_transaction_configure(const kafka_producer *producer, rd_kafka_conf_t *conf,
                                        weir_error **error);
weir_status kafka_transaction_new(kafka_producer *producer, kafka_transaction **ret,
                                  weir_error **error);
/* Aborts what is open. False: the cluster does not answer, and the thread is left behind with the
 * producer. NULL allowed: true. */
bool kafka_transaction_free(kafka_transaction *transaction);

/* Records go into it now. */
bool kafka_transaction_may_write(kafka_transaction *transaction);
/* It has failed: what is written now comes again. */
bool kafka_transaction_is_void(const kafka_transaction *transaction);
/* A record could not be written. False: no other try will help, and the run ends. */
bool kafka_transaction_lost(kafka_transaction *transaction, rd_kafka_resp_err_t code);

/* As weir_sink_kind.join. */
weir_status kafka_transaction_join(kafka_transaction *transaction, bool quiet, bool now,
                                   weir_error **error);

#endif
