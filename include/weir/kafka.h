/* SPDX-License-Identifier: Apache-2.0 */
/* kafka.h - Kafka in and out: the kinds of libweir-kafka, which stands on librdkafka.
 *
 *     weir_runtime_config config = {.kinds = weir_kafka_kinds()};
 *
 * The command loads them by itself when a spec names the kind. Threads: any.
 */
#ifndef WEIR_KAFKA_H
#define WEIR_KAFKA_H

#include <weir/kinds.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The source and the sink of the kind `kafka`. Static. */
WEIR_API const weir_kinds *weir_kafka_kinds(void);

#ifdef __cplusplus
}
#endif

#endif
