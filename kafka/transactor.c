/* SPDX-License-Identifier: Apache-2.0 */
/* transactor.c - the thread, its one order and its answer.
 *
 * What can be retried is retried here, for as long as it takes or until it is stopped. Errors that
 * are neither retriable nor abortable count as fatal, as librdkafka advises.
 */
#include "kafka/transactor.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CALL_MS = 1000, ALL_IT_TAKES = -1 };

typedef enum task { NOTHING, BEGIN, COMMIT, ABORT } task;

struct kafka_transactor {
    rd_kafka_t *rk;
    int wake_fd;
    pthread_t thread;
    pthread_mutex_t mutex; /* over all below */
    pthread_cond_t changed;
    task order;
    bool answered, stopping, ended;
    kafka_answer answer;
    int64_t wake_at; /* monotonic; 0: none */
    int64_t pause;
    struct { /* the loop's, while no order is under way */
        rd_kafka_topic_partition_list_t *positions;
        rd_kafka_consumer_group_metadata_t *group;
    } groups[KAFKA_MOST_GROUPS];
    size_t group_count;
};

/* --- The thread --- */

static struct timespec in_time(int64_t time)
{
    return (struct timespec){time / 1000000000, time % 1000000000};
}

static void wake(const kafka_transactor *transactor)
{
    static const uint64_t one = 1;

    /* It can only fail when the counter is full: then the loop is awake anyway. */
    if (write(transactor->wake_fd, &one, sizeof one) < 0)
        return;
}

/* Waits so long, unless it is stopped. True: it is. */
static bool rest(kafka_transactor *transactor, int64_t nanoseconds)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until = in_time((int64_t)until.tv_sec * 1000000000 + until.tv_nsec + nanoseconds);
    pthread_mutex_lock(&transactor->mutex);
    while (!transactor->stopping &&
           pthread_cond_timedwait(&transactor->changed, &transactor->mutex, &until) == 0)
        ;
    bool stopping = transactor->stopping;
    pthread_mutex_unlock(&transactor->mutex);
    return stopping;
}

/* Fills `answer`, and frees the failure. True: it is to be tried again. */
static bool judge(rd_kafka_error_t *failure, kafka_answer *answer)
{
    answer->result = KAFKA_ANSWER_DONE;
    if (failure == NULL)
        return false;
    bool fatal = rd_kafka_error_is_fatal(failure);
    bool abort = !fatal && rd_kafka_error_txn_requires_abort(failure);
    bool again = !fatal && !abort && rd_kafka_error_is_retriable(failure);
    answer->code = rd_kafka_error_code(failure);
    snprintf(answer->reason, sizeof answer->reason, "%s", rd_kafka_error_string(failure));
    if (!again)
        answer->result = abort ? KAFKA_ANSWER_ABORT : KAFKA_ANSWER_FATAL;
    rd_kafka_error_destroy(failure);
    return again;
}

static rd_kafka_error_t *send_positions(const kafka_transactor *transactor)
{
    rd_kafka_error_t *failure = NULL;

    for (size_t i = 0; i < transactor->group_count && failure == NULL; i++)
        failure = rd_kafka_send_offsets_to_transaction(
            transactor->rk, transactor->groups[i].positions, transactor->groups[i].group, CALL_MS);
    return failure;
}

static rd_kafka_error_t *call(const kafka_transactor *transactor, task order, bool *sent)
{
    rd_kafka_error_t *failure = NULL;

    if (order == BEGIN)
        return rd_kafka_init_transactions(transactor->rk, CALL_MS);
    if (order == ABORT)
        return rd_kafka_abort_transaction(transactor->rk, ALL_IT_TAKES);
    if (!*sent)
        failure = send_positions(transactor);
    *sent = failure == NULL;
    return *sent ? rd_kafka_commit_transaction(transactor->rk, ALL_IT_TAKES) : failure;
}

static void carry_out(kafka_transactor *transactor, task order, kafka_answer *answer)
{
    bool sent = false;

    while (judge(call(transactor, order, &sent), answer))
        if (rest(transactor, 100000000))
            return;
    if (answer->result != KAFKA_ANSWER_DONE)
        return;
    if (order == ABORT && transactor->pause != 0)
        rest(transactor, transactor->pause);
    judge(rd_kafka_begin_transaction(transactor->rk), answer);
}

/* Waits for the next order; NOTHING: it is to end. */
static task await_order(kafka_transactor *transactor)
{
    pthread_mutex_lock(&transactor->mutex);
    while (transactor->order == NOTHING && !transactor->stopping) {
        struct timespec until = in_time(transactor->wake_at);
        if (transactor->wake_at == 0) {
            pthread_cond_wait(&transactor->changed, &transactor->mutex);
        } else if (pthread_cond_timedwait(&transactor->changed, &transactor->mutex, &until) ==
                   ETIMEDOUT) {
            transactor->wake_at = 0;
            wake(transactor);
        }
    }
    task order = transactor->order;
    pthread_mutex_unlock(&transactor->mutex);
    return order;
}

static void *work(void *arg)
{
    kafka_transactor *transactor = arg;
    task order;

    while ((order = await_order(transactor)) != NOTHING) {
        kafka_answer answer = {0};
        carry_out(transactor, order, &answer);
        pthread_mutex_lock(&transactor->mutex);
        transactor->answer = answer;
        transactor->answered = true;
        transactor->order = NOTHING;
        pthread_mutex_unlock(&transactor->mutex);
        wake(transactor);
    }
    pthread_mutex_lock(&transactor->mutex);
    transactor->ended = true;
    pthread_mutex_unlock(&transactor->mutex);
    return NULL;
}

/* --- The loop --- */

static void forget_groups(kafka_transactor *transactor)
{
    for (size_t i = 0; i < transactor->group_count; i++) {
        rd_kafka_topic_partition_list_destroy(transactor->groups[i].positions);
        rd_kafka_consumer_group_metadata_destroy(transactor->groups[i].group);
    }
    transactor->group_count = 0;
}

static void give(kafka_transactor *transactor, task order, int64_t pause)
{
    pthread_mutex_lock(&transactor->mutex);
    transactor->order = order;
    transactor->pause = pause;
    transactor->wake_at = 0;
    pthread_cond_signal(&transactor->changed);
    pthread_mutex_unlock(&transactor->mutex);
}

void kafka_transactor_begin(kafka_transactor *transactor)
{
    give(transactor, BEGIN, 0);
}

void kafka_transactor_add(kafka_transactor *transactor, rd_kafka_topic_partition_list_t *positions,
                          rd_kafka_consumer_group_metadata_t *group)
{
    size_t at = transactor->group_count++;

    transactor->groups[at].positions = positions;
    transactor->groups[at].group = group;
}

void kafka_transactor_commit(kafka_transactor *transactor)
{
    give(transactor, COMMIT, 0);
}

void kafka_transactor_abort(kafka_transactor *transactor, int64_t pause)
{
    give(transactor, ABORT, pause);
}

bool kafka_transactor_answer(kafka_transactor *transactor, kafka_answer *ret)
{
    pthread_mutex_lock(&transactor->mutex);
    bool answered = transactor->answered;
    *ret = transactor->answer;
    transactor->answered = false;
    pthread_mutex_unlock(&transactor->mutex);
    if (answered)
        forget_groups(transactor);
    return answered;
}

void kafka_transactor_wake_at(kafka_transactor *transactor, int64_t time)
{
    pthread_mutex_lock(&transactor->mutex);
    transactor->wake_at = time;
    pthread_cond_signal(&transactor->changed);
    pthread_mutex_unlock(&transactor->mutex);
}

/* --- Life --- */

static bool make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(condition, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return good;
}

weir_status kafka_transactor_new(rd_kafka_t *rk, int wake_fd, kafka_transactor **ret,
                                 weir_error **error)
{
    kafka_transactor *transactor = weir_alloc(sizeof *transactor);

    if (transactor == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    *transactor = (kafka_transactor){.rk = rk, .wake_fd = wake_fd};
    pthread_mutex_init(&transactor->mutex, NULL); /* cannot fail */
    int code = make_condition(&transactor->changed) ? 0 : EAGAIN;
    if (code == 0)
        code = pthread_create(&transactor->thread, NULL, work, transactor);
    if (code == 0) {
        *ret = transactor;
        return WEIR_OK;
    }
    pthread_mutex_destroy(&transactor->mutex);
    weir_free(transactor);
    return weir_error_set(error, WEIR_IO, "cannot start a thread: %s", strerror(code));
}

void kafka_transactor_stop(kafka_transactor *transactor)
{
    pthread_mutex_lock(&transactor->mutex);
    transactor->stopping = true;
    pthread_cond_signal(&transactor->changed);
    pthread_mutex_unlock(&transactor->mutex);
}

bool kafka_transactor_has_ended(kafka_transactor *transactor)
{
    pthread_mutex_lock(&transactor->mutex);
    bool ended = transactor->ended;
    pthread_mutex_unlock(&transactor->mutex);
    return ended;
}

void kafka_transactor_free(kafka_transactor *transactor)
{
    if (transactor == NULL)
        return;
    pthread_join(transactor->thread, NULL);
    forget_groups(transactor);
    pthread_cond_destroy(&transactor->changed);
    pthread_mutex_destroy(&transactor->mutex);
    weir_free(transactor);
}
