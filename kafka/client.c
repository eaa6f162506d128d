/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - a client of librdkafka: its configuration, its wake-ups, its errors as sentences. */
#include "kafka/client.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

static const int64_t tell_again = 60000000000;

/* --- Errors --- */

void kafka_explain(rd_kafka_resp_err_t code, const char *reason, char *text, size_t size)
{
    static const struct {
        rd_kafka_resp_err_t code;
        const char *sentence;
    } known[] = {
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
         "the topic is not there; create it, or check its name"},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "the topic is not there; create it, or check its name"},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, "the partition is not there"},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
         "no permission for the topic; the user needs READ to consume, WRITE to produce"},
        {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
         "no permission for the consumer group; the user needs READ on it"},
        {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
         "no permission for the cluster; an idempotent producer needs IDEMPOTENT_WRITE"},
        {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
         "no permission for the transactional id; the user needs WRITE and DESCRIBE on it"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "the cluster refuses the login; check the sasl properties"},
        {RD_KAFKA_RESP_ERR__SSL, "TLS failed; check security.protocol and the ssl properties"},
        {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "no broker can be reached"},
        {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM,
         "the cluster does not know this sasl.mechanism"},
        {RD_KAFKA_RESP_ERR__FENCED,
         "another producer with the same transactional id has taken over"},
        {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
         "another process has taken over this member: each needs an 'instance' of its own"},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
         "a record is larger than the topic takes; raise its max.message.bytes"},
    };

    snprintf(text, size, "%s", reason != NULL && *reason != '\0' ? reason : rd_kafka_err2str(code));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].code == code && reason != NULL && *reason != '\0')
            snprintf(text, size, "%s (%s)", known[i].sentence, reason);
        else if (known[i].code == code)
            snprintf(text, size, "%s", known[i].sentence);
}

/* What no waiting mends, at least as long as it has never worked. */
static bool is_hopeless(const kafka_client *client, rd_kafka_resp_err_t code)
{
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        return true;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        return !client->was_connected;
    default:
        return false;
    }
}

/* librdkafka guesses so, also of a broker that has died. */
static bool is_other_protocol(const kafka_client *client, rd_kafka_resp_err_t code,
                              const char *reason)
{
    return code == RD_KAFKA_RESP_ERR__TRANSPORT && !client->was_connected && reason != NULL &&
           strstr(reason, "security.protocol") != NULL;
}

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;

    /* Numbers differ from time to time, and how often it was: ports, milliseconds. */
    for (; *text != '\0' && strncmp(text, " (after", 7) != 0; text++)
        if (*text < '0' || *text > '9')
            hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static bool may_tell(kafka_client *client, const char *message)
{
    int64_t now = weir_monotonic_now();
    uint32_t hash = hash_of(message);
    size_t oldest = 0;

    for (size_t i = 0; i < sizeof client->told / sizeof *client->told; i++) {
        if (client->told[i].time != 0 && client->told[i].hash == hash &&
            now - client->told[i].time < tell_again)
            return false;
        if (client->told[i].time < client->told[oldest].time)
            oldest = i;
    }
    client->told[oldest].hash = hash;
    client->told[oldest].time = now;
    return true;
}

static void tell(kafka_client *client, weir_level level, const char *message)
{
    if (may_tell(client, message))
        client->log(client->owner, level, message);
}

void kafka_client_note(kafka_client *client, rd_kafka_resp_err_t code, const char *reason)
{
    char fatal[256];

    client->errors++;
    if (client->fatal)
        return; /* the first reason counts */
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        code = rd_kafka_fatal_error(client->rk, fatal, sizeof fatal);
        reason = fatal;
        client->fatal = true;
    }
    if (is_other_protocol(client, code, reason))
        snprintf(client->trouble, sizeof client->trouble,
                 "the cluster does not answer this protocol; check security.protocol (%.200s)",
                 reason);
    else
        kafka_explain(code, reason, client->trouble, sizeof client->trouble);
    client->down = client->down || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    client->fatal = client->fatal || is_hopeless(client, code);
    if (!client->fatal)
        tell(client, WEIR_WARNING, client->trouble);
}

void kafka_client_alive(kafka_client *client)
{
    if (client->down)
        client->log(client->owner, WEIR_INFO, "connected again");
    client->was_connected = true;
    client->down = false;
    if (!client->fatal)
        client->trouble[0] = '\0';
}

static bool is_next(const char *text, const char *name, const char *value)
{
    const char *found = strstr(text, name);

    return found != NULL && strncmp(found + strlen(name), value, strlen(value)) == 0;
}

/* In the order in which librdkafka prints them. Addresses of `brokers:` have numbers below 0 there,
 * and a group's coordinator is once more itself. */
static void count_brokers(kafka_client *client, const char *statistics)
{
    static const char number[] = "\"nodeid\":";

    client->known = client->up = 0;
    while ((statistics = strstr(statistics, number)) != NULL) {
        statistics += sizeof number - 1;
        bool known = *statistics != '-' && !is_next(statistics, "\"source\":\"", "logical");
        client->known += known;
        client->up += known && is_next(statistics, "\"state\":\"", "UP");
    }
}

/* An error for all of them is not always raised, and none when they are there again. */
void kafka_client_judge(kafka_client *client, const char *statistics)
{
    count_brokers(client, statistics);
    if (strstr(statistics, "\"state\":\"UP\"") != NULL)
        kafka_client_alive(client);
    else if (client->was_connected && !client->down)
        kafka_client_note(client, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, NULL);
}

weir_status kafka_client_fail(const kafka_client *client, weir_status status, weir_error **error)
{
    return weir_error_set(error, status, "%s: %s", client->what,
                          client->trouble[0] != '\0' ? client->trouble
                                                     : "no answer from the cluster");
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    kafka_client *client = opaque;

    (void)rk;
    kafka_client_note(client, (rd_kafka_resp_err_t)code, reason);
}

/* syslog's levels: up to 3 errors, 4 a warning. What a connection suffers comes as an error, too.
 */
void kafka_client_log(kafka_client *client, int level, const char *facility, const char *line)
{
    char message[512];

    if (strcmp(facility, "FAIL") == 0)
        return;
    if (level == 4 && strstr(line, "retrying") != NULL)
        level = 7;
    snprintf(message, sizeof message, "librdkafka, %s: %s", facility, line);
    tell(client, level <= 2 ? WEIR_ERROR : level <= 4 ? WEIR_WARNING : WEIR_DEBUG, message);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
    kafka_client_log(rd_kafka_opaque(rk), level, facility, line);
}

/* --- Configuration --- */

static bool is_secret(const char *name)
{
    static const char *const words[] = {"password", "secret", "pem", "oauthbearer.config", "token"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(name, words[i]) != NULL)
            return true;
    return false;
}

weir_status kafka_client_set(const kafka_client *client, rd_kafka_conf_t *conf, const char *name,
                             const char *value, weir_error **error)
{
    char reason[256];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK)
        return WEIR_OK;
    return weir_error_set(error, WEIR_SPEC, "%s: the property '%s' of librdkafka %s: %s",
                          client->what, name, rd_kafka_version_str(),
                          is_secret(name) ? "its value is not accepted" : reason);
}

weir_status kafka_client_set_number(const kafka_client *client, rd_kafka_conf_t *conf,
                                    const char *name, int64_t value, weir_error **error)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)value);
    return kafka_client_set(client, conf, name, text, error);
}

/* What an option says, or what weir's promises stand on. */
static weir_status check_property(const kafka_client *client, const char *name, const char *value,
                                  const char *const *ours, weir_error **error)
{
    for (; *ours != NULL; ours++)
        if (strcmp(*ours, name) == 0)
            return weir_error_set(error, WEIR_SPEC,
                                  "%s: the property '%s' is weir's own to set; see the options of "
                                  "the kind kafka",
                                  client->what, name);
    if (strcmp(name, "partition.assignment.strategy") == 0 &&
        strstr(value, "cooperative") != NULL && rd_kafka_version() < 0x020a0000)
        return weir_error_set(error, WEIR_SPEC,
                              "%s: cooperative-sticky loses partitions after commits in librdkafka "
                              "%s; it needs 2.10 or newer, use range or roundrobin",
                              client->what, rd_kafka_version_str());
    return WEIR_OK;
}

static weir_status set_all(kafka_client *client, rd_kafka_conf_t *conf,
                           const weir_pairs *properties, const char *const *ours,
                           weir_error **error)
{
    static const char *const usual[][2] = {
        {"client.id", "weir"},
        {"client.software.name", "weir"},
        {"client.software.version", WEIR_VERSION},
        {"log.queue", "true"},
        {"log_level", "4"},
        {"socket.keepalive.enable", "true"},
        {"reconnect.backoff.ms", "100"},
        {"reconnect.backoff.max.ms", "5000"},
    };
    weir_status status =
        kafka_client_set(client, conf, "bootstrap.servers", client->brokers, error);

    for (size_t i = 0; i < sizeof usual / sizeof *usual && status == WEIR_OK; i++)
        status = kafka_client_set(client, conf, usual[i][0], usual[i][1], error);
    for (size_t i = 0; i < properties->count && status == WEIR_OK; i++) {
        const weir_pair *property = &properties->items[i];
        status = check_property(client, property->name, property->text, ours, error);
        if (status == WEIR_OK)
            status = kafka_client_set(client, conf, property->name, property->text, error);
    }
    return status;
}

rd_kafka_conf_t *kafka_client_configure(kafka_client *client, const weir_pairs *properties,
                                        const char *const *ours, weir_error **error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    client->wake_fd = -1;
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (set_all(client, conf, properties, ours, error) == WEIR_OK)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

/* --- Life --- */

weir_status kafka_client_start(kafka_client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                               weir_error **error)
{
    char reason[512];

    client->rk = rd_kafka_new(type, conf, reason, sizeof reason);
    if (client->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return weir_error_set(error, WEIR_SPEC, "%s: %s", client->what, reason);
    }
    client->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (client->wake_fd < 0)
        return weir_error_set(error, WEIR_IO, "%s: cannot make an eventfd: %s", client->what,
                              strerror(errno));
    if (type == RD_KAFKA_CONSUMER)
        rd_kafka_poll_set_consumer(client->rk);
    client->queue = type == RD_KAFKA_CONSUMER ? rd_kafka_queue_get_consumer(client->rk)
                                              : rd_kafka_queue_get_main(client->rk);
    rd_kafka_set_log_queue(client->rk, client->queue);
    kafka_client_listen(client, client->queue);
    return WEIR_OK;
}

void kafka_client_listen(const kafka_client *client, rd_kafka_queue_t *queue)
{
    static const uint64_t one = 1; /* what an eventfd takes */

    rd_kafka_queue_io_event_enable(queue, client->wake_fd, &one, sizeof one);
}

void kafka_client_heard(const kafka_client *client)
{
    uint64_t count;

    /* Nothing to read: it was another reason that woke the loop. */
    if (read(client->wake_fd, &count, sizeof count) < 0)
        return;
}

void kafka_client_ask(kafka_client *client, kafka_question *question)
{
    if (question != NULL && kafka_question_ask(question, client->rk, client->wake_fd)) {
        client->question = question;
        return;
    }
    kafka_question_free(question);
    tell(client, WEIR_WARNING, "no memory or no thread to ask the cluster; trying again");
}

typedef struct ending {
    rd_kafka_t *rk;
    kafka_question *question;
} ending;

static void *destroy(void *arg)
{
    ending *one = arg;

    kafka_question_free(one->question); /* it still uses the handle */
    rd_kafka_destroy_flags(one->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    weir_free(one);
    return NULL;
}

/* librdkafka may wait for ever for a cluster that has gone. So somebody else waits, and is left
 * behind after a while: the handle stays, silent, until the process ends. */
static void destroy_within(kafka_client *client, int64_t seconds)
{
    struct timespec deadline;
    pthread_t thread;
    ending *one = weir_alloc(sizeof *one);

    rd_kafka_set_log_level(client->rk, 0);
    if (one == NULL)
        return; /* it is left behind */
    *one = (ending){client->rk, client->question};
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += seconds;
    if (pthread_create(&thread, NULL, destroy, one) != 0) {
        destroy(one);
    } else if (pthread_timedjoin_np(thread, NULL, &deadline) != 0) {
        pthread_detach(thread);
        client->log(client->owner, WEIR_WARNING,
                    "librdkafka does not end while the cluster is away; it is left behind");
    }
}

void kafka_client_close(kafka_client *client)
{
    if (client->question != NULL)
        kafka_question_leave(client->question);
    if (client->queue != NULL) {
        rd_kafka_queue_io_event_enable(client->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(client->queue);
    }
    if (client->rk != NULL)
        destroy_within(client, 2);
    if (client->wake_fd >= 0)
        close(client->wake_fd);
    *client = (kafka_client){.wake_fd = -1};
}
