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

static void add_owned(kafka_question *question, const rd_kafka_ConsumerGroupDescription_t *group)
{
    question->owned = rd_kafka_topic_partition_list_new(16);
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); i++) {
        const rd_kafka_topic_partition_list_t *list =
            rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(
                rd_kafka_ConsumerGroupDescription_member(group, i)));
        for (int k = 0; list != NULL && k < list->cnt; k++)
            rd_kafka_topic_partition_list_add(question->owned, list->elems[k].topic,
                                              list->elems[k].partition);
    }
}

static void take_group(kafka_question *question, rd_kafka_event_t *event)
{
    size_t count = 0;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);

    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1)
        code = rd_kafka_error_code(rd_kafka_ConsumerGroupDescription_error(groups[0]));
    note(question, code, "the group's members");
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1 &&
        rd_kafka_ConsumerGroupDescription_state(groups[0]) == RD_KAFKA_CONSUMER_GROUP_STATE_STABLE)
        add_owned(question, groups[0]);
}

static void ask_owners(kafka_question *question)
{
    const char *names[] = {question->group};

    if (question->group == NULL || question->code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(question->rk);
    rd_kafka_DescribeConsumerGroups(question->rk, names, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, question->wait_ms);
    if (event != NULL)
        take_group(question, event);
    else
        note(question, RD_KAFKA_RESP_ERR__TIMED_OUT, "the group's members");
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

static void ask_all(kafka_question *question)
{
    if (question->asks_topics || question->pattern != NULL || question->group != NULL)
        note(question,
             rd_kafka_metadata(question->rk, 1, NULL, &question->topics, question->wait_ms),
             "the topics");
    ask_offsets(question, question->starts);
    ask_offsets(question, question->ends);
    ask_owners(question);
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
    free_list(question->owned);
    if (question->topics != NULL)
        rd_kafka_metadata_destroy(question->topics);
    weir_free(question->pattern);
    weir_free(question->group);
    pthread_mutex_destroy(&question->mutex);
    weir_free(question);
}
