/* SPDX-License-Identifier: Apache-2.0 */
/* kafka.h - what both sides of the Kafka benchmarks share. */
#ifndef WEIR_BENCH_KAFKA_H
#define WEIR_BENCH_KAFKA_H

#include "bench/harness.h"
#include "kafka.weir.h"

/* What came out: independent of the order in which partitions come. */
typedef struct kafka_results {
    uint64_t orders, skips;
    double qty;
    int64_t first; /* when the first came, by bench_now_ns */
} kafka_results;

void kafka_take_order(const kafka_order *order, void *results);
void kafka_take_skip(const kafka_reason *skip, void *results);

typedef struct kafka_job {
    const char *brokers, *topic, *group;
    int partitions;
    size_t count;      /* records in the topic */
    bool transactions; /* the relay */
    bool poison;       /* a record in ten is garbage, and becomes a dead letter, counted as skip */
    int64_t commit_each; /* nanoseconds */
} kafka_job;

/* --- reference/kafka.c: by hand --- */

/* Only counts; the settings of the kind `kafka`. */
void hand_consume(const kafka_job *job);
/* The same job, at least once: flush, then commit; or in transactions. */
void hand_relay(const kafka_job *job, kafka_results *results);

#endif
