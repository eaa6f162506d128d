/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.h - the kinds of this room. */
#ifndef WEIR_KAFKA_KINDS_H
#define WEIR_KAFKA_KINDS_H

#include <weir/sinks.h>
#include <weir/sources.h>

extern const weir_source_kind kafka_source_kind;
extern const weir_sink_kind kafka_sink_kind;

#endif
