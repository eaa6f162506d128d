/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - a record on its way through a sink's buffer: topic, key, headers and value. */
#ifndef WEIR_KAFKA_MESSAGE_H
#define WEIR_KAFKA_MESSAGE_H

#include <librdkafka/rdkafka.h>

#include <weir/sinks.h>

#include "core/buffer.h"
#include "kafka/options.h"

#define KAFKA_ABSENT UINT32_MAX /* no key, no value */

/* Which fields of the type go where. */
typedef struct kafka_outline {
    const weir_field *key, *topic; /* NULL: none */
    const weir_field **headers;
    const char *const *header_names;
    size_t header_count;
    size_t max_size; /* bytes of a record */
} kafka_outline;

/* Appends `value` as a frame. */
weir_status kafka_frame_value(const kafka_outline *outline, const weir_sink *sink,
                              const void *value, weir_buffer *out, weir_wire_error *error);

/* Appends a dead letter: the record that it was, unchanged unless it is longer than `max_size`
 * allows, and headers that say what happened. */
weir_status kafka_frame_letter(const weir_dead_letter *letter, const weir_original *original,
                               size_t max_size, weir_buffer *out, weir_wire_error *error);

/* A frame, taken apart; it points into the buffer. */
typedef struct kafka_frame {
    size_t size; /* of all of it */
    weir_slice topic;
    weir_slice key;   /* data NULL: none */
    weir_slice value; /* data NULL: none */
    weir_slice headers;
    int64_t time; /* milliseconds; 0: now */
} kafka_frame;

void kafka_frame_read(weir_slice bytes, kafka_frame *ret);
/* NULL where there are none; taken by rd_kafka_producev. */
rd_kafka_headers_t *kafka_frame_headers(const kafka_frame *frame);

#endif
