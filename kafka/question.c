/* SPDX-License-Identifier: Apache-2.0 */
/* question.c - the thread that asks, and ends with the answer. */
#include "kafka/question.h"

#include <regex.h>
#include <signal.h>
#include <unistd.h>

/* --- The thread --- */

static void note(kafka_question *question, rd_kafka_resp_err_t code, const char *what)
{
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || question->code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    question->code = code;
    question->what = what;
}

/* One partition that says nothing is as bad as all. */
static void note_list(kafka_question *question, rd_kafka_resp_err_t code,
                      const rd_kafka_topic_partition_list_t *list, const char *what)
{
    note(question, code, what);
    for (int i = 0; i < list->cnt; i++)
        note(question, list->elems[i].err, what);
}

static void ask_offsets(kafka_question *question, rd_kafka_topic_partition_list_t *list)
{
    if (list == NULL || question->code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    note_list(question, rd_kafka_offsets_for_times(question->rk, list, question->wait_ms), list,
              "offsets");
}

static void add_partitions(rd_kafka_topic_partition_list_t *list,
                           const rd_kafka_metadata_topic_t *topic)
{
    for (int i = 0; i < topic->partition_cnt; i++)
        if (rd_kafka_topic_partition_list_find(list, topic->topic, topic->partitions[i].id) == NULL)
            rd_kafka_topic_partition_list_add(list, topic->topic, topic->partitions[i].id);
}

static void add_matching(kafka_question *question)
{
    regex_t pattern;

    if (question->pattern == NULL || question->topics == NULL ||
        regcomp(&pattern, question->pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return;
    for (int i = 0; i < question->topics->topic_cnt; i++)
        if (regexec(&pattern, question->topics->topics[i].topic, 0, NULL, 0) == 0)
            add_partitions(question->committed, &question->topics->topics[i]);
    regfree(&pattern);
}

static void ask_all(kafka_question *question)
{
    if (question->asks_topics || question->pattern != NULL)
        note(question,
             rd_kafka_metadata(question->rk, 1, NULL, &question->topics, question->wait_ms),
             "the topics");
    ask_offsets(question, question->starts);
    ask_offsets(question, question->ends);
    if (question->committed == NULL || question->code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    add_matching(question);
    note_list(question, rd_kafka_committed(question->rk, question->committed, question->wait_ms),
              question->committed, "the group's positions");
}

static void *work(void *arg)
{
    static const uint64_t one = 1;
    kafka_question *question = arg;

    ask_all(question);
    pthread_mutex_lock(&question->mutex);
    question->answered = true;
    /* It can only fail when the counter is full: then the loop is awake anyway. */
    if (question->wake_fd >= 0 && write(question->wake_fd, &one, sizeof one) < 0)
        question->wake_fd = -1;
    pthread_mutex_unlock(&question->mutex);
    return NULL;
}

/* --- The loop's side --- */

kafka_question *kafka_question_new(int wait_ms)
{
    kafka_question *question = weir_alloc(sizeof *question);

    if (question == NULL)
        return NULL;
    *question = (kafka_question){.wait_ms = wait_ms, .wake_fd = -1};
    pthread_mutex_init(&question->mutex, NULL); /* cannot fail */
    return question;
}

/* Signals are for the threads of the program that we live in. */
bool kafka_question_ask(kafka_question *question, rd_kafka_t *rk, int wake_fd)
{
    sigset_t all, before;

    question->rk = rk;
    question->wake_fd = wake_fd;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    question->asked = pthread_create(&question->thread, NULL, work, question) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return question->asked;
}

bool kafka_question_is_answered(kafka_question *question)
{
    pthread_mutex_lock(&question->mutex);
    bool answered = question->answered;
    pthread_mutex_unlock(&question->mutex);
    return answered;
}

void kafka_question_leave(kafka_question *question)
{
    pthread_mutex_lock(&question->mutex);
    question->wake_fd = -1;
    pthread_mutex_unlock(&question->mutex);
}

static void free_list(rd_kafka_topic_partition_list_t *list)
{
    if (list != NULL)
        rd_kafka_topic_partition_list_destroy(list);
}

void kafka_question_free(kafka_question *question)
{
    if (question == NULL)
        return;
    if (question->asked)
        pthread_join(question->thread, NULL);
    free_list(question->starts);
    free_list(question->ends);
    free_list(question->committed);
    if (question->topics != NULL)
        rd_kafka_metadata_destroy(question->topics);
    weir_free(question->pattern);
    pthread_mutex_destroy(&question->mutex);
    weir_free(question);
}
