/* SPDX-License-Identifier: Apache-2.0 */
/* producer.h - a producer of librdkafka: of one sink, or of all that share a transaction.
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
    size_t max_size;                       /* bytes of a record */
    struct kafka_transaction *transaction; /* NULL: at_least_once */
} kafka_producer;

/* A producer of the sink's own, or under exactly_once the one that `other` (NULL: nobody) has. */
weir_status kafka_producer_get(weir_sink *sink, kafka_producer *other, kafka_producer **ret,
                               weir_error **error);

/* Takes reports, errors and logs. The opaque of a record is a uint64_t, which gets KAFKA_REPORTED
 * when the record is safe, or void. */
void kafka_producer_serve(kafka_producer *producer);

/* With its last user it ends; what is outstanding then was given up. NULL allowed. */
void kafka_producer_release(kafka_producer *producer);

#endif
