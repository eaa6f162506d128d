/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - what libweir-kafka brings. */
#include "kafka/kinds.h"

#include <weir/kafka.h>

static const weir_source_kind *const sources[] = {&kafka_source_kind};
static const weir_sink_kind *const sinks[] = {&kafka_sink_kind};

static const weir_kinds kinds = {
    .generation = WEIR_GENERATION,
    .sources = sources,
    .source_count = 1,
    .sinks = sinks,
    .sink_count = 1,
};

const weir_kinds *weir_kafka_kinds(void)
{
    return &kinds;
}
