/* SPDX-License-Identifier: Apache-2.0 */
/* kafka.c - the same by hand: a loop that counts, and the smallest relay that loses nothing. Both
 * stop the program at the first error, which a program of use would not. */
#include "bench/kafka.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>

enum { BATCH = 1024, BATCH_MS = 10, WAIT_MS = 20000 }; /* a batch waits to be full */
enum { AHEAD = 32768 };                                /* records in the consumer's queue */

/* --- What both have --- */

static rd_kafka_conf_t *new_conf(const kafka_job *job, const char *const settings[][2],
                                 size_t count)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[256];

    if (rd_kafka_conf_set(conf, "bootstrap.servers", job->brokers, reason, sizeof reason) !=
        RD_KAFKA_CONF_OK)
        bench_die("%s", reason);
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], reason, sizeof reason) !=
            RD_KAFKA_CONF_OK)
            bench_die("%s", reason);
    return conf;
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char reason[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, reason, sizeof reason);

    if (rk == NULL)
        bench_die("%s", reason);
    return rk;
}

static rd_kafka_t *new_consumer(const kafka_job *job)
{
    const char *const settings[][2] = {
        {"group.id", job->group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "earliest"},
        {"partition.assignment.strategy", "range"},
        {"queued.max.messages.kbytes", "16384"},
        {"queued.min.messages", "32768"},
        {"fetch.max.bytes", "2097152"},
        {"fetch.wait.max.ms", "100"},
        {"check.crcs", "true"},
        {"statistics.interval.ms", "5000"},
        {"reconnect.backoff.ms", "100"},
    };
    rd_kafka_t *rk =
        new_client(RD_KAFKA_CONSUMER, new_conf(job, settings, sizeof settings / sizeof *settings));

    rd_kafka_poll_set_consumer(rk);
    return rk;
}

static void check(const char *what, rd_kafka_resp_err_t code)
{
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_die("%s: %s", what, rd_kafka_err2str(code));
}

static void check_error(const char *what, rd_kafka_error_t *error)
{
    if (error != NULL)
        bench_die("%s: %s", what, rd_kafka_error_string(error));
}

/* librdkafka 2.0 sleeps a second when its queue is full, unless it is woken: as in
 * kafka/configure.c, so that neither side sleeps. */
static ssize_t consume(rd_kafka_t *rk, rd_kafka_queue_t *queue, rd_kafka_message_t **batch)
{
    static ssize_t taken;
    ssize_t some = rd_kafka_consume_batch_queue(queue, BATCH_MS, batch, BATCH);

    taken += some;
    if (taken >= AHEAD / 2) {
        taken = 0;
        rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(rk, "", ""));
    }
    return some;
}

/* --- Counting --- */

void hand_consume(const kafka_job *job)
{
    rd_kafka_t *rk = new_consumer(job);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(job->partitions);
    rd_kafka_message_t *batch[BATCH];
    int64_t deadline = bench_now_ns() + WAIT_MS * (int64_t)1000000;
    size_t count = 0;

    for (int i = 0; i < job->partitions; i++)
        rd_kafka_topic_partition_list_add(list, job->topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    check("assign", rd_kafka_assign(rk, list));
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
    while (count < job->count) {
        ssize_t some = consume(rk, queue, batch);
        if (some < 0 || bench_now_ns() > deadline)
            bench_die("nothing more comes");
        for (ssize_t i = 0; i < some; i++) {
            count += batch[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
            rd_kafka_message_destroy(batch[i]);
        }
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
}

/* --- The relay --- */

typedef struct relay {
    const kafka_job *job;
    rd_kafka_t *consumer, *producer;
    rd_kafka_topic_t *orders, *dead; /* made at once, so that they are known when they are needed */
    kafka_results *results;
    int64_t commit_at;
} relay;

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    check("delivery", message->err);
}

static rd_kafka_t *new_producer(const kafka_job *job)
{
    const char *const settings[][2] = {
        {"enable.idempotence", "true"},          {"linger.ms", "5"},
        {"partitioner", "murmur2_random"},       {"queue.buffering.max.messages", "131072"},
        {"queue.buffering.max.kbytes", "16384"}, {"transactional.id", "hand"},
    };
    rd_kafka_conf_t *conf = new_conf(job, settings, 5 + (size_t)job->transactions);

    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    return new_client(RD_KAFKA_PRODUCER, conf);
}

/* What is left of a value, and why it is none: NULL. */
typedef struct cursor {
    const unsigned char *at, *end;
    const char *fault;
} cursor;

static uint64_t read_word(cursor *in, unsigned char head)
{
    uint64_t word = 0;

    if (in->fault != NULL || in->end - in->at < 9 || *in->at != head) {
        in->fault = in->fault != NULL      ? in->fault
                    : in->end - in->at < 9 ? "the value is cut off"
                                           : "a value of another type";
        return 0;
    }
    memcpy(&word, in->at + 1, sizeof word);
    in->at += 9;
    return __builtin_bswap64(word);
}

static double read_double(cursor *in)
{
    uint64_t word = read_word(in, 0xcb);
    double value;

    memcpy(&value, &word, sizeof value);
    return value;
}

static void skip_key(cursor *in, const char *key)
{
    size_t size = strlen(key);

    if (in->fault != NULL)
        return;
    if ((size_t)(in->end - in->at) <= size)
        in->fault = "the value is cut off";
    else if (*in->at != (0xa0 | size) || memcmp(in->at + 1, key, size) != 0)
        in->fault = "not the field that is expected";
    else
        in->at += 1 + size;
}

static void read_symbol(cursor *in, kafka_quote *quote)
{
    size_t size = in->fault == NULL && in->at < in->end ? *in->at & 31u : 0;

    memset(quote->symbol, 0, sizeof quote->symbol);
    if (in->fault != NULL)
        return;
    if (in->at >= in->end || (size_t)(in->end - in->at) <= size)
        in->fault = "the value is cut off";
    else if (*in->at >> 5 != 5 || size >= sizeof quote->symbol)
        in->fault = "the symbol is no short text";
    else
        memcpy(quote->symbol, in->at + 1, size);
    in->at += 1 + size;
}

/* Of the one layout that there is. NULL: it is a quote; else why not. */
static const char *decode(const unsigned char *bytes, size_t size, kafka_quote *quote)
{
    cursor in = {.at = bytes + 1, .end = bytes + size};

    if (size == 0 || *bytes != 0x86)
        return "not a map of six";
    skip_key(&in, "symbol");
    read_symbol(&in, quote);
    skip_key(&in, "bid");
    quote->bid = read_double(&in);
    skip_key(&in, "ask");
    quote->ask = read_double(&in);
    skip_key(&in, "bid_size");
    quote->bid_size = read_double(&in);
    skip_key(&in, "ask_size");
    quote->ask_size = read_double(&in);
    skip_key(&in, "ts");
    quote->ts = (int64_t)read_word(&in, 0xcf);
    return in.fault == NULL && in.at != in.end ? "more than a quote" : in.fault;
}

static unsigned char *put_key(unsigned char *at, const char *key)
{
    size_t size = strlen(key);

    *at = (unsigned char)(0xa0 | size);
    memcpy(at + 1, key, size);
    return at + 1 + size;
}

static unsigned char *put_double(unsigned char *at, double value)
{
    uint64_t word;

    *at = 0xcb;
    memcpy(&word, &value, sizeof word);
    word = __builtin_bswap64(word);
    memcpy(at + 1, &word, sizeof word);
    return at + 9;
}

static void send_order(const relay *one, kafka_order *order)
{
    unsigned char bytes[80], *at = bytes;
    char *symbol = order->symbol;

    *at++ = 0x83;
    at = put_key(put_key(at, "symbol"), symbol);
    at = put_double(put_key(at, "price"), order->price);
    at = put_double(put_key(at, "qty"), order->qty);
    while (rd_kafka_produce(one->orders, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, bytes,
                            (size_t)(at - bytes), symbol, strlen(symbol), NULL) != 0) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            check("produce", rd_kafka_last_error());
        rd_kafka_poll(one->producer, 10);
    }
}

static void add_number(rd_kafka_headers_t *headers, const char *name, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)number);
    rd_kafka_header_add(headers, name, -1, text, -1);
}

/* The record as it was, and what weir says of one. */
static void bury(relay *one, const rd_kafka_message_t *message, const char *reason)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(8);
    rd_kafka_resp_err_t code;

    rd_kafka_header_add(headers, "weir-source", -1, "quotes", -1);
    rd_kafka_header_add(headers, "weir-topic", -1, one->job->topic, -1);
    add_number(headers, "weir-partition", message->partition);
    add_number(headers, "weir-offset", message->offset);
    rd_kafka_header_add(headers, "weir-reason", -1, reason, -1);
    rd_kafka_header_add(headers, "weir-version", -1, "by hand", -1);
    while ((code = rd_kafka_producev(
                one->producer, RD_KAFKA_V_RKT(one->dead), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                RD_KAFKA_V_KEY(message->key, message->key_len),
                RD_KAFKA_V_VALUE(message->payload, message->len),
                RD_KAFKA_V_TIMESTAMP(rd_kafka_message_timestamp(message, NULL)),
                RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(one->producer, 10);
    check("produce", code);
    kafka_take_skip(NULL, one->results);
}

static void make(relay *one, const rd_kafka_message_t *message)
{
    weir_firing firing = {.number = 0};
    kafka_maker_decide_out decide;
    kafka_signal signal;
    kafka_quote quote;
    kafka_order order;

    const char *reason = decode(message->payload, message->len, &quote);
    if (reason != NULL && !one->job->poison)
        bench_die("%s", reason);
    if (reason != NULL) {
        bury(one, message, reason);
        return;
    }
    if (!(quote.ask > quote.bid) || kafka_maker_signal(&firing, &quote, &signal) != WEIR_OK ||
        kafka_maker_decide(&firing, &quote, &signal, &decide) != WEIR_OK)
        return;
    if (decide.route == KAFKA_MAKER_DECIDE_SKIP) {
        if (!one->job->poison)
            kafka_take_skip(&decide.skip, one->results);
    } else if (kafka_maker_round(&firing, &decide.trade, &order) == WEIR_OK) {
        send_order(one, &order);
        kafka_take_order(&order, one->results);
    }
}

/* What was read is done once what came of it is written. */
static void commit(const relay *one)
{
    rd_kafka_topic_partition_list_t *list;

    check("assignment", rd_kafka_assignment(one->consumer, &list));
    check("position", rd_kafka_position(one->consumer, list));
    if (!one->job->transactions) {
        check("flush", rd_kafka_flush(one->producer, WAIT_MS));
        check("commit", rd_kafka_commit(one->consumer, list, 0));
    } else {
        rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(one->consumer);
        check_error("offsets",
                    rd_kafka_send_offsets_to_transaction(one->producer, list, group, WAIT_MS));
        check_error("transaction", rd_kafka_commit_transaction(one->producer, WAIT_MS));
        check_error("transaction", rd_kafka_begin_transaction(one->producer));
        rd_kafka_consumer_group_metadata_destroy(group);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void begin(relay *one)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);

    one->consumer = new_consumer(one->job);
    one->producer = new_producer(one->job);
    one->orders = rd_kafka_topic_new(one->producer, "orders", NULL);
    one->dead = one->job->poison ? rd_kafka_topic_new(one->producer, "dead", NULL) : NULL;
    one->commit_at = bench_now_ns() + one->job->commit_each;
    if (one->job->transactions) {
        check_error("transactions", rd_kafka_init_transactions(one->producer, WAIT_MS));
        check_error("transaction", rd_kafka_begin_transaction(one->producer));
    }
    rd_kafka_topic_partition_list_add(topics, one->job->topic, RD_KAFKA_PARTITION_UA);
    check("subscribe", rd_kafka_subscribe(one->consumer, topics));
    rd_kafka_topic_partition_list_destroy(topics);
}

static size_t take_batch(relay *one, rd_kafka_queue_t *queue)
{
    rd_kafka_message_t *batch[BATCH];
    ssize_t some = consume(one->consumer, queue, batch);
    size_t count = 0;

    for (ssize_t i = 0; i < some; i++) {
        if (batch[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            make(one, batch[i]);
            count++;
        }
        rd_kafka_message_destroy(batch[i]);
    }
    rd_kafka_poll(one->producer, 0);
    return count;
}

void hand_relay(const kafka_job *job, kafka_results *results)
{
    relay one = {.job = job, .results = results};

    begin(&one);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(one.consumer);
    for (size_t count = 0, done = 0; count < job->count;) {
        count += take_batch(&one, queue);
        if (count != done && (bench_now_ns() >= one.commit_at || count == job->count)) {
            commit(&one);
            done = count;
            one.commit_at = bench_now_ns() + job->commit_each;
        }
    }
    results->first = bench_now_ns() - results->first;
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(one.orders);
    if (one.dead != NULL)
        rd_kafka_topic_destroy(one.dead);
    rd_kafka_consumer_close(one.consumer);
    rd_kafka_destroy(one.consumer);
    rd_kafka_destroy(one.producer);
}
