/* SPDX-License-Identifier: Apache-2.0 */
/* mock.c - librdkafka's own cluster of three pretended brokers, which fails as it is told.
 *
 * Prints its address; then answers each line of standard input with "ok", or what is wrong:
 *
 *     topic NAME PARTITIONS
 *     errors BROKER API CODE COUNT the next COUNT requests of that API (its number) are so
 *     left BROKER API              how many of these no request has met yet: "N ok"
 *     topic_error NAME CODE        in its metadata; 0: none
 *     leader TOPIC PARTITION BROKER
 *     coordinator GROUP BROKER
 *     down BROKER | up BROKER
 *     delay BROKER MILLISECONDS
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BROKERS = 3, WORDS = 5, LONGEST = 128 };

static rd_kafka_mock_cluster_t *cluster;

static int number_of(const char *word)
{
    return (int)strtol(word, NULL, 10);
}

static rd_kafka_resp_err_t push(int broker, int16_t api, int code, int count)
{
    rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;

    for (int i = 0; i < count && failure == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        failure = rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, api, 1, code, 0);
    return failure;
}

static rd_kafka_resp_err_t obey(char words[WORDS][LONGEST])
{
    const char *verb = words[0], *name = words[1];
    int a = number_of(words[1]), b = number_of(words[2]), c = number_of(words[3]);
    size_t left;

    if (strcmp(verb, "topic") == 0)
        return rd_kafka_mock_topic_create(cluster, name, b, BROKERS);
    if (strcmp(verb, "errors") == 0)
        return push(a, (int16_t)b, c, number_of(words[4]));
    if (strcmp(verb, "left") == 0) {
        rd_kafka_resp_err_t code =
            rd_kafka_mock_broker_error_stack_cnt(cluster, a, (int16_t)b, &left);
        printf("%zu ", left);
        return code;
    }
    if (strcmp(verb, "leader") == 0)
        return rd_kafka_mock_partition_set_leader(cluster, name, b, c);
    if (strcmp(verb, "coordinator") == 0)
        return rd_kafka_mock_coordinator_set(cluster, "group", name, b);
    if (strcmp(verb, "down") == 0)
        return rd_kafka_mock_broker_set_down(cluster, a);
    if (strcmp(verb, "up") == 0)
        return rd_kafka_mock_broker_set_up(cluster, a);
    if (strcmp(verb, "delay") == 0)
        return rd_kafka_mock_broker_set_rtt(cluster, a, b);
    if (strcmp(verb, "topic_error") != 0)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    rd_kafka_mock_topic_set_error(cluster, name, (rd_kafka_resp_err_t)b);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int main(void)
{
    char reason[256], line[512];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason);

    cluster = rk != NULL ? rd_kafka_mock_cluster_new(rk, BROKERS) : NULL;
    if (cluster == NULL) {
        fprintf(stderr, "mock: %s\n", rk == NULL ? reason : "no cluster");
        return 1;
    }
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        char words[WORDS][LONGEST] = {""};
        sscanf(line, "%127s %127s %127s %127s %127s", words[0], words[1], words[2], words[3],
               words[4]);
        rd_kafka_resp_err_t code = obey(words);
        printf("%s\n", code == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2name(code));
        fflush(stdout);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(rk);
    return 0;
}
