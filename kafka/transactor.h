/* SPDX-License-Identifier: Apache-2.0 */
/* transactor.h - a helper thread for librdkafka's transactional calls, which block.
 *
 * One call is under way at a time. Its end, and the time of wake_at, are written to the descriptor.
 * All functions are for the loop's thread.
 */
#ifndef WEIR_KAFKA_TRANSACTOR_H
#define WEIR_KAFKA_TRANSACTOR_H

#include <librdkafka/rdkafka.h>

#include <weir/core.h>

enum { KAFKA_MOST_GROUPS = 64 };

typedef struct kafka_transactor kafka_transactor;

typedef enum kafka_answer_result {
    KAFKA_ANSWER_DONE,  /* and the next transaction is open */
    KAFKA_ANSWER_ABORT, /* it is to be aborted */
    KAFKA_ANSWER_FATAL, /* no transaction is possible any more */
} kafka_answer_result;

typedef struct kafka_answer {
    kafka_answer_result result;
    rd_kafka_resp_err_t code;
    char reason[320];
} kafka_answer;

weir_status kafka_transactor_new(rd_kafka_t *rk, int wake_fd, kafka_transactor **ret,
                                 weir_error **error);
/* Takes over the transactional id, and opens the first transaction. */
void kafka_transactor_begin(kafka_transactor *transactor);
/* Positions for the next commit, of at most KAFKA_MOST_GROUPS; takes both. */
void kafka_transactor_add(kafka_transactor *transactor, rd_kafka_topic_partition_list_t *positions,
                          rd_kafka_consumer_group_metadata_t *group);
void kafka_transactor_commit(kafka_transactor *transactor);
/* Then waits for `pause` nanoseconds. */
void kafka_transactor_abort(kafka_transactor *transactor, int64_t pause);
/* True: what was asked for has ended; told once. */
bool kafka_transactor_answer(kafka_transactor *transactor, kafka_answer *ret);
void kafka_transactor_wake_at(kafka_transactor *transactor, int64_t time); /* monotonic */

/* No further calls but the one under way. */
void kafka_transactor_stop(kafka_transactor *transactor);
bool kafka_transactor_has_ended(kafka_transactor *transactor);
/* Only once it has. NULL allowed. */
void kafka_transactor_free(kafka_transactor *transactor);

#endif
