/* SPDX-License-Identifier: Apache-2.0 */
/* letters.h - dead letters, for `weir dlq`: a topic of them read from its beginning to its end, and
 * records sent back.
 *
 * What was sent back is remembered by a consumer group of its own: its position in a partition is
 * the first letter that was not, and the position's metadata names those behind it that were, as
 * "7-9,12". Blocks; for a thread of the command's.
 */
#ifndef WEIR_KAFKA_LETTERS_H
#define WEIR_KAFKA_LETTERS_H

#include <weir/sources.h>

typedef struct kafka_letter {
    int32_t partition; /* of the dead-letter topic; of a file: 0, and the line is the offset */
    int64_t offset;
    int64_t time;               /* milliseconds since 1970 */
    weir_slice key, value;      /* data NULL: none */
    const weir_header *headers; /* of the record, where it comes of a file */
    size_t header_count;
    const char *source, *topic;          /* where it came from; NULL: it does not say */
    const char *reason, *node;           /* NULL: it does not say */
    int64_t from_partition, from_offset; /* -1: it does not say */
    int64_t retries;                     /* how often it was sent back before */
    bool whole;                          /* value and key are those of the record */
    bool done;                           /* it was sent back by an earlier retry */
} kafka_letter;

typedef struct kafka_letters_request {
    const char *brokers, *topic;
    const char *group; /* NULL: weir-dlq-TOPIC */
    weir_pairs properties;
    /* True: the letter is wanted. With `retry` it is sent back unless it is not whole, or done. */
    bool (*wants)(const kafka_letter *letter, void *arg);
    void *arg;
    bool retry, again; /* again: also what is done */
} kafka_letters_request;

typedef struct kafka_letters_result {
    uint64_t read, wanted, sent, done, broken; /* broken: not whole, and so not sent */
} kafka_letters_result;

typedef weir_status kafka_letters_function(const kafka_letters_request *request,
                                           kafka_letters_result *ret, weir_error **error);
WEIR_API kafka_letters_function weir_kafka_letters;

/* False: there are no more. What it points to lives until the next call. */
typedef bool kafka_next_letter(kafka_letter *ret, void *arg);
/* Sends back the records of letters that are kept elsewhere; WEIR_OK: the cluster has all. */
typedef weir_status kafka_send_back_function(const char *brokers, const weir_pairs *properties,
                                             kafka_next_letter *next, void *arg,
                                             weir_error **error);
WEIR_API kafka_send_back_function weir_kafka_send_back;

#endif
