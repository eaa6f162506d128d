/* SPDX-License-Identifier: Apache-2.0 */
/* texts.h - options that are more than a word: `start`, `until`, `topic`; without librdkafka, so
 * that `weir check` knows them where it is missing. */
#ifndef WEIR_KAFKA_TEXTS_H
#define WEIR_KAFKA_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum kafka_start_form {
    KAFKA_START_EARLIEST,
    KAFKA_START_LATEST,
    KAFKA_START_OFFSET,
    KAFKA_START_TIME,
    KAFKA_START_BACK, /* so long ago */
} kafka_start_form;

typedef struct kafka_start {
    kafka_start_form form;
    int64_t value; /* an offset, nanoseconds since 1970, or nanoseconds */
} kafka_start;

bool kafka_read_start(const char *text, kafka_start *ret);

/* *ret: nanoseconds since 1970, or INT64_MAX: what there is when it starts. */
bool kafka_read_until(const char *text, int64_t *ret);

enum { KAFKA_TOPIC_ROOM = 320 }; /* a topic's name has at most 249 bytes, a pattern 256 */

/* The next of the names between commas, or the one pattern; moves *text behind it, to its NUL at
 * last. A pattern is made one of whole names: "^(...)$". False: it is neither. */
bool kafka_next_topic(const char **text, char *ret, size_t size);

/* For the tables of options. */
bool kafka_is_start(const char *text);
bool kafka_is_until(const char *text);
bool kafka_is_topics(const char *text);
bool kafka_is_topic(const char *text); /* one name */
bool kafka_is_word(const char *text);  /* not empty */

#endif
