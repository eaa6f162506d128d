/* SPDX-License-Identifier: Apache-2.0 */
/* tool.c - what the tests need of a broker, by plain librdkafka: topics, records in and out,
 * positions.
 *
 *     tool BROKERS topic NAME PARTITIONS
 *     tool BROKERS grow NAME PARTITIONS
 *     tool BROKERS allow group|topic NAME       the user weir may read it
 *     tool BROKERS produce TOPIC [PARTITION]    lines of KEY<tab>VALUE; "-" is no key, no value
 *     tool BROKERS hex TOPIC                    values in hexadecimal, a header h=1, an old time
 *     tool BROKERS number TOPIC FROM COUNT KEYS {"k":"K3","n":7,"s":1}: n counts, s within the key
 *     tool BROKERS consume TOPIC                PARTITION OFFSET KEY VALUE [HEADER=VALUE ..]
 *     tool BROKERS committed GROUP TOPIC        PARTITION POSITION END
 *     tool BROKERS await GROUP TOPIC SECONDS    until all positions are at the end
 *     tool BROKERS past GROUP TOPIC COUNT       does it: are the positions COUNT or more together?
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT = 20000 };

static const char *brokers;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "tool: %s: %s\n", what, why);
    exit(1);
}

static void check(const char *what, rd_kafka_resp_err_t code)
{
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        die(what, rd_kafka_err2str(code));
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[256];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK)
        die(name, reason);
}

static rd_kafka_conf_t *new_conf(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    set(conf, "bootstrap.servers", brokers);
    return conf;
}

static rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char reason[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, reason, sizeof reason);

    if (rk == NULL)
        die("client", reason);
    return rk;
}

/* --- Topics --- */

static void admin(const char *name, const char *count, bool grow)
{
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, new_conf());
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_ANY);
    const rd_kafka_topic_result_t **results;
    char reason[256];
    size_t size;

    check("timeout",
          rd_kafka_AdminOptions_set_operation_timeout(options, WAIT, reason, sizeof reason));
    check("timeout",
          rd_kafka_AdminOptions_set_request_timeout(options, WAIT, reason, sizeof reason));
    if (grow) {
        rd_kafka_NewPartitions_t *new =
            rd_kafka_NewPartitions_new(name, strtoul(count, NULL, 10), reason, sizeof reason);
        rd_kafka_CreatePartitions(rk, &new, 1, options, queue);
        rd_kafka_NewPartitions_destroy(new);
    } else {
        rd_kafka_NewTopic_t *new =
            rd_kafka_NewTopic_new(name, (int)strtol(count, NULL, 10), -1, reason, sizeof reason);
        rd_kafka_CreateTopics(rk, &new, 1, options, queue);
        rd_kafka_NewTopic_destroy(new);
    }
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT);
    if (event == NULL)
        die(name, "no answer");
    check(name, rd_kafka_event_error(event));
    results =
        grow
            ? rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event),
                                                      &size)
            : rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &size);
    for (size_t i = 0; i < size; i++)
        if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            check(name, rd_kafka_topic_result_error(results[i]));
    rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
}

/* --- Permissions --- */

static void allow(const char *what, const char *name)
{
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, new_conf());
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    char reason[256];
    size_t size;

    rd_kafka_AclBinding_t *one = rd_kafka_AclBinding_new(
        strcmp(what, "group") == 0 ? RD_KAFKA_RESOURCE_GROUP : RD_KAFKA_RESOURCE_TOPIC, name,
        RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:weir", "*", RD_KAFKA_ACL_OPERATION_READ,
        RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, reason, sizeof reason);
    if (one == NULL)
        die(name, reason);
    rd_kafka_CreateAcls(rk, &one, 1, NULL, queue);
    rd_kafka_AclBinding_destroy(one);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT);
    if (event == NULL)
        die(name, "no answer");
    check(name, rd_kafka_event_error(event));
    const rd_kafka_acl_result_t **results =
        rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &size);
    for (size_t i = 0; i < size; i++)
        if (rd_kafka_acl_result_error(results[i]) != NULL)
            die(name, rd_kafka_error_string(rd_kafka_acl_result_error(results[i])));
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
}

/* --- Producing --- */

static uint64_t unsent;

static void report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    check("delivery", message->err);
    unsent--;
}

static rd_kafka_t *producer(void)
{
    rd_kafka_conf_t *conf = new_conf();

    set(conf, "partitioner", "murmur2_random");
    set(conf, "enable.idempotence", "true");
    rd_kafka_conf_set_dr_msg_cb(conf, report);
    return client(RD_KAFKA_PRODUCER, conf);
}

typedef struct record {
    const char *key, *value; /* NULL: none */
    size_t size;
    int32_t partition;
    const char *header; /* of the name h, or NULL */
    int64_t time;       /* milliseconds; 0: now */
} record;

static void *bytes(const char *text)
{
    return (void *)(uintptr_t)text;
}

static void send_one(rd_kafka_t *rk, const char *topic, const record *one)
{
    rd_kafka_error_t *failure;
    rd_kafka_vu_t pieces[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = one->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {bytes(one->key), one->key != NULL ? strlen(one->key) : 0}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {bytes(one->value), one->size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = one->time},
        {.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {"h", bytes(one->header), 1}},
    };
    size_t count = sizeof pieces / sizeof *pieces - (one->header == NULL);

    while ((failure = rd_kafka_produceva(rk, pieces, count)) != NULL) {
        if (rd_kafka_error_code(failure) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            die(topic, rd_kafka_error_string(failure));
        rd_kafka_error_destroy(failure);
        rd_kafka_poll(rk, 100);
    }
    unsent++;
    rd_kafka_poll(rk, 0);
}

static void finish(rd_kafka_t *rk)
{
    check("flush", rd_kafka_flush(rk, WAIT));
    if (unsent != 0)
        die("flush", "records are not delivered");
    rd_kafka_destroy(rk);
}

static size_t from_hex(char *text)
{
    size_t size = strlen(text) / 2;

    for (size_t i = 0; i < size; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        text[i] = (char)strtoul(digits, NULL, 16);
    }
    return size;
}

/* Lines of KEY<tab>VALUE; "-" is none. */
static void produce(const char *topic, int32_t partition, bool hex)
{
    rd_kafka_t *rk = producer();
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *value = strchr(line, '\t');
        if (value == NULL)
            die(line, "no tab");
        *value++ = '\0';
        record one = {.key = strcmp(line, "-") != 0 ? line : NULL,
                      .partition = partition,
                      .header = hex ? "1" : NULL,
                      .time = hex ? 1600000000000 : 0};
        if (strcmp(value, "-") != 0) {
            one.size = hex ? from_hex(value) : strlen(value);
            one.value = value;
        }
        send_one(rk, topic, &one);
    }
    free(line);
    finish(rk);
}

static void number(const char *topic, long from, long count, long keys)
{
    rd_kafka_t *rk = producer();
    char key[32], value[128];

    for (long i = from; i < from + count; i++) {
        snprintf(key, sizeof key, "K%ld", i % keys);
        int size =
            snprintf(value, sizeof value, "{\"k\":\"%s\",\"n\":%ld,\"s\":%ld}", key, i, i / keys);
        send_one(rk, topic,
                 &(record){.key = key,
                           .value = value,
                           .size = (size_t)size,
                           .partition = RD_KAFKA_PARTITION_UA});
    }
    finish(rk);
}

/* --- Consuming --- */

static rd_kafka_topic_partition_list_t *partitions_of(rd_kafka_t *rk, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);

    check(topic, rd_kafka_metadata(rk, 0, handle, &metadata, WAIT));
    check(topic, metadata->topics[0].err);
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return list;
}

static void print_text(const void *data, size_t size)
{
    if (data == NULL)
        printf("-");
    else
        fwrite(data, 1, size, stdout);
}

/* HEX=1: values in hexadecimal, and their times. */
static void print_value(const rd_kafka_message_t *message)
{
    const unsigned char *bytes = message->payload;

    if (getenv("HEX") == NULL || bytes == NULL) {
        print_text(bytes, message->len);
        return;
    }
    for (size_t i = 0; i < message->len; i++)
        printf("%02x", bytes[i]);
    printf("\t%" PRId64, rd_kafka_message_timestamp(message, NULL));
}

static void print_record(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t size;

    printf("%" PRId32 "\t%" PRId64 "\t", message->partition, message->offset);
    print_text(message->key, message->key_len);
    printf("\t");
    print_value(message);
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
                           RD_KAFKA_RESP_ERR_NO_ERROR;
             i++) {
            printf("\t%s=", name);
            print_text(value, size);
        }
    printf("\n");
}

static void consume(const char *topic)
{
    rd_kafka_conf_t *conf = new_conf();

    set(conf, "group.id", "tool");
    set(conf, "enable.partition.eof", "true");
    set(conf, "enable.auto.commit", "false");
    set(conf, "isolation.level", getenv("ALL") != NULL ? "read_uncommitted" : "read_committed");
    set(conf, "fetch.wait.max.ms", "10");
    rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(rk);
    rd_kafka_topic_partition_list_t *list = partitions_of(rk, topic);
    check("assign", rd_kafka_assign(rk, list));
    for (int left = list->cnt; left > 0;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, WAIT);
        if (message == NULL)
            die(topic, "no record and no end");
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            left--;
        else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            print_record(message);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
}

/* --- Positions --- */

static rd_kafka_t *member(const char *group)
{
    rd_kafka_conf_t *conf = new_conf();

    set(conf, "group.id", group);
    return client(RD_KAFKA_CONSUMER, conf);
}

/* How far the group is behind; `print` shows each partition. */
static int64_t lag(rd_kafka_t *rk, const char *topic, bool print)
{
    rd_kafka_topic_partition_list_t *list = partitions_of(rk, topic);
    int64_t total = 0, low, high;

    check("committed", rd_kafka_committed(rk, list, WAIT));
    for (int i = 0; i < list->cnt; i++) {
        check("end", rd_kafka_query_watermark_offsets(rk, topic, i, &low, &high, WAIT));
        if (print)
            printf("%d %" PRId64 " %" PRId64 "\n", i, list->elems[i].offset, high);
        total += high - (list->elems[i].offset >= 0 ? list->elems[i].offset : low);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return total;
}

static void await(const char *group, const char *topic, int seconds)
{
    rd_kafka_t *rk = member(group);
    int64_t left;

    for (int tries = seconds * 20; (left = lag(rk, topic, false)) != 0; tries--) {
        if (tries == 0)
            die(group, "it does not reach the end");
        usleep(50000);
    }
    rd_kafka_destroy(rk);
}

static void past(const char *group, const char *topic, long count)
{
    rd_kafka_t *rk = member(group);
    rd_kafka_topic_partition_list_t *list = partitions_of(rk, topic);
    int64_t total = 0;

    check("committed", rd_kafka_committed(rk, list, WAIT));
    for (int i = 0; i < list->cnt; i++)
        total += list->elems[i].offset >= 0 ? list->elems[i].offset : 0;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
    if (total < count)
        die(group, "not yet");
}

int main(int argc, char **argv)
{
    const char *verb = argc > 3 ? argv[2] : "";

    brokers = argc > 3 ? argv[1] : "";
    if (strcmp(verb, "topic") == 0 && argc == 5)
        admin(argv[3], argv[4], false);
    else if (strcmp(verb, "grow") == 0 && argc == 5)
        admin(argv[3], argv[4], true);
    else if (strcmp(verb, "allow") == 0 && argc == 5)
        allow(argv[3], argv[4]);
    else if (strcmp(verb, "produce") == 0)
        produce(argv[3], argc > 4 ? (int32_t)strtol(argv[4], NULL, 10) : RD_KAFKA_PARTITION_UA,
                false);
    else if (strcmp(verb, "hex") == 0)
        produce(argv[3], RD_KAFKA_PARTITION_UA, true);
    else if (strcmp(verb, "number") == 0 && argc == 7)
        number(argv[3], strtol(argv[4], NULL, 10), strtol(argv[5], NULL, 10),
               strtol(argv[6], NULL, 10));
    else if (strcmp(verb, "consume") == 0)
        consume(argv[3]);
    else if (strcmp(verb, "committed") == 0 && argc == 5) {
        rd_kafka_t *rk = member(argv[3]);
        lag(rk, argv[4], true);
        rd_kafka_destroy(rk);
    } else if (strcmp(verb, "await") == 0 && argc == 6)
        await(argv[3], argv[4], (int)strtol(argv[5], NULL, 10));
    else if (strcmp(verb, "past") == 0 && argc == 6)
        past(argv[3], argv[4], strtol(argv[5], NULL, 10));
    else
        die("usage", "see the head of tool.c");
    return 0;
}
