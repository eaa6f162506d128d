/* SPDX-License-Identifier: Apache-2.0 */
/* question.h - what a source asks the cluster, by a thread of its own: librdkafka's calls for it
 * block until there is an answer.
 *
 * All functions are for the loop's thread.
 */
#ifndef WEIR_KAFKA_QUESTION_H
#define WEIR_KAFKA_QUESTION_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include <weir/core.h>

typedef struct kafka_question {
    /* Filled before it is asked: */
    int wait_ms; /* for each answer, at the most */
    bool asks_topics;
    rd_kafka_topic_partition_list_t *starts, *ends; /* NULL: not asked; times, and then offsets */
    rd_kafka_topic_partition_list_t *committed;     /* NULL: not asked; then the group's offsets */
    char *pattern; /* NULL: none; partitions of all topics that match it are added to `committed` */
    char *group;   /* NULL: not asked; who of it has what */
    /* Once it is answered: */
    const struct rd_kafka_metadata *topics;
    rd_kafka_topic_partition_list_t *owned; /* of all members; NULL: not asked, or it rebalances */
    rd_kafka_resp_err_t code;               /* of what was not answered, and what that is */
    const char *what;
    /* Of question.c: */
    rd_kafka_t *rk;
    int wake_fd; /* -1: nobody waits any more */
    pthread_t thread;
    pthread_mutex_t mutex; /* over wake_fd and answered */
    bool asked, answered;
} kafka_question;

/* NULL: out of memory. */
kafka_question *kafka_question_new(int wait_ms);
/* The answer wakes `wake_fd`. False: there is no thread to be had. */
bool kafka_question_ask(kafka_question *question, rd_kafka_t *rk, int wake_fd);
bool kafka_question_is_answered(kafka_question *question);
/* Nobody waits for the answer any more. */
void kafka_question_leave(kafka_question *question);
/* Waits for its end, on any thread. NULL allowed. */
void kafka_question_free(kafka_question *question);

#endif
