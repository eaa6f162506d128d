/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of the kind `kafka`, source and sink; of their own, without librdkafka.
 */
#ifndef WEIR_KAFKA_OPTIONS_H
#define WEIR_KAFKA_OPTIONS_H

#include <weir/core.h>

enum { KAFKA_OUTSTANDING = 1 << 17 }; /* records that a producer has */
enum { KAFKA_FRAMING_NONE, KAFKA_FRAMING_CONFLUENT };
enum { KAFKA_ASSIGN_GROUP, KAFKA_ASSIGN_ALL };
enum { KAFKA_TOMBSTONES_DROP, KAFKA_TOMBSTONES_DEAD_LETTER, KAFKA_TOMBSTONES_DELETE_KEY };
enum { KAFKA_ACKS_NONE, KAFKA_ACKS_LEADER, KAFKA_ACKS_ALL };
enum { KAFKA_DELIVERY_AT_LEAST_ONCE, KAFKA_DELIVERY_EXACTLY_ONCE };

typedef struct kafka_source_config {
    char *brokers;
    char *topic;
    char *group;
    int format;
    int framing; /* KAFKA_FRAMING_... */
    char *key_to, *time_to;
    weir_pairs headers;
    char *start, *until;
    int assign; /* KAFKA_ASSIGN_... */
    char *instance;
    int tombstones;       /* KAFKA_TOMBSTONES_... */
    int64_t max_rate;     /* events a second; 0: no limit */
    int64_t commit_every; /* nanoseconds */
    int64_t revoke_within;
    int64_t buffer; /* bytes */
    weir_pairs librdkafka;
} kafka_source_config;

typedef struct kafka_sink_config {
    char *brokers;
    char *topic;
    char *topic_from;
    char *key;
    weir_pairs headers;
    int partitioner;
    int format;
    int acks;     /* KAFKA_ACKS_... */
    int delivery; /* KAFKA_DELIVERY_... */
    char *transactional_id;
    int compression;
    int64_t linger; /* nanoseconds */
    int64_t buffer; /* bytes */
    int64_t give_up;
    weir_pairs librdkafka;
} kafka_sink_config;

enum { KAFKA_SOURCE_OPTIONS = 18, KAFKA_SINK_OPTIONS = 15 };
extern const weir_option kafka_source_options[KAFKA_SOURCE_OPTIONS];
extern const weir_option kafka_sink_options[KAFKA_SINK_OPTIONS];

/* The heads of the kinds, for their tables and the catalog. */
#define KAFKA_SOURCE_HEAD                                                                          \
    {                                                                                              \
        .name = "kafka", .summary = "Reads the records of Kafka topics.",                          \
        .options = kafka_source_options, .option_count = KAFKA_SOURCE_OPTIONS,                     \
        .config_size = sizeof(kafka_source_config)                                                 \
    }
#define KAFKA_SINK_HEAD                                                                            \
    {                                                                                              \
        .name = "kafka", .summary = "Writes each result as a record of a Kafka topic.",            \
        .options = kafka_sink_options, .option_count = KAFKA_SINK_OPTIONS,                         \
        .config_size = sizeof(kafka_sink_config)                                                   \
    }

#endif
