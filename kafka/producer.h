/* SPDX-License-Identifier: Apache-2.0 */
/* producer.h - a producer of librdkafka, of all sinks of a module that want the same of a cluster:
 * each producer has threads and connections of its own, and one more costs what a sink of few
 * records is not worth. What waits for the cluster is bounded by each sink for itself, so that none
 * takes another's place.
 *
 * Delivery reports are events of its queue, not callbacks, so that librdkafka's blocking calls
 * (kafka/transaction.h) never run any of ours on another thread.
 */
#ifndef WEIR_KAFKA_PRODUCER_H
#define WEIR_KAFKA_PRODUCER_H

#include <weir/sinks.h>

#include "kafka/client.h"
#include "kafka/options.h"

#define KAFKA_REPORTED ((uint64_t)1 << 63)

typedef struct kafka_producer {
    kafka_client client;
    weir_sink *sink; /* the first of its users */
    const kafka_sink_config *config;
    uint32_t users;
    uint64_t unsafe; /* records that it was given and that are not safe, or void */
    size_t max_size; /* bytes of a record */
    struct kafka_transaction *transaction; /* NULL: at_least_once */
} kafka_producer;

/* The option that keeps the two from sharing a producer; NULL: none does. */
const char *kafka_sinks_differ(const kafka_sink_config *a, const kafka_sink_config *b);

/* A producer for the sink, and for all of its module that do not differ from it. On failure *ret
 * may be set all the same, and is released. */
weir_status kafka_producer_new(weir_sink *sink, kafka_producer **ret, weir_error **error);

/* Takes reports, errors and logs. The opaque of a record is a uint64_t, which gets KAFKA_REPORTED
 * when the record is safe, or void. */
void kafka_producer_serve(kafka_producer *producer);

/* With its last user it ends; what is outstanding then was given up. NULL allowed. */
void kafka_producer_release(kafka_producer *producer);

#endif
