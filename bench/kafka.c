/* SPDX-License-Identifier: Apache-2.0 */
/* kafka.c - Kafka in, and Kafka to Kafka, against librdkafka by hand: kafka BROKERS [CASE].
 *
 *     consume_fire_N          processor nanoseconds of the whole process for a message,
 * librdkafka's threads, start and end included, against a loop that only counts
 *     consume_fire_produce    messages a second from the first to the last acknowledgement
 *     exactly_once            the same in transactions, one each 100 ms
 *     poison                  messages a second where a record in ten is garbage, which goes to a
 * topic of dead letters with its key, value, time and what became of it
 *     poison_rare             the same where it is one in a hundred
 *     poison_cost             of ours with one in a hundred, against ours with none
 *     poison_cost_by_hand     of the one by hand with one in a hundred, against it with none
 *
 * Messages a second of the first come on standard error.
 */
#include "bench/kafka.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <weir/kafka.h>

#include "core/buffer.h"
#include "poison.weir.h"

#define POISON_CASES "poison poison_rare poison_cost poison_cost_by_hand"
enum { CONSUMED = 2000000, RELAYED = 2000000, POISONED = 1000000, WAIT_MS = 30000 };

/* --- Topics --- */

static void check_code(const char *what, rd_kafka_resp_err_t code)
{
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_die("%s: %s", what, rd_kafka_err2str(code));
}

static void make_topic(rd_kafka_t *rk, const char *name, int partitions)
{
    char reason[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partitions, 1, reason, sizeof reason);

    rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
    if (event == NULL)
        bench_die("no answer from the cluster");
    check_code(name, rd_kafka_event_error(event));
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_queue_destroy(queue);
}

/* Half of the quotes are wide, one in eight is crossed. */
static void make_quote(kafka_quote *quote, uint64_t *seed)
{
    uint64_t word = bench_random(seed);
    double mid = 100 + (double)(word >> 40 & 1023) / 1000, spread = (word & 1) != 0 ? 1.0 : 0.1;

    if ((word & 7) == 4)
        spread = -spread;
    memset(quote, 0, sizeof *quote);
    snprintf(quote->symbol, sizeof quote->symbol, "SYM%u", (unsigned)(word >> 32 & 255));
    quote->bid = mid - spread / 2 + 1e-9; /* never a short float */
    quote->ask = mid + spread / 2 + 1e-9;
    quote->bid_size = (double)(word >> 4 & 1023) + 0.1;
    quote->ask_size = (double)(word >> 14 & 1023) + 0.1;
    quote->ts = (int64_t)(word >> 2 | (uint64_t)1 << 61);
}

/* Random bytes, a value that is cut, one of a wrong type. */
static void spoil(weir_buffer *out, uint64_t *seed)
{
    uint64_t word = bench_random(seed);

    switch (word >> 32 & 3) {
    case 0:
        for (size_t i = 0; i < out->size; i++)
            out->data[i] = (char)(bench_random(seed) >> 24);
        out->data[0] = (char)0xc1; /* no value begins so */
        break;
    case 1:
        out->size = 1 + (size_t)(word >> 8) % (out->size - 1);
        break;
    default:
        out->data[8] = (char)0x01; /* the symbol: a number, and then something else */
        break;
    }
}

/* One in so many is garbage; 0: none. */
static void fill_topic(rd_kafka_t *rk, const char *name, size_t count, unsigned poison)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
    weir_buffer out = {0};
    uint64_t seed = 88172645463325252u, chance = 1;

    for (size_t i = 0; i < count; i++) {
        kafka_quote quote;
        weir_wire_error error;
        make_quote(&quote, &seed);
        out.size = 0;
        if (weir_encode(kafka_module.sources[0].type, WEIR_FORMAT_MSGPACK, &quote, &out, &error) !=
            WEIR_OK)
            bench_die("%s", error.message);
        if (poison != 0 && bench_random(&chance) % poison == 0)
            spoil(&out, &chance);
        while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, out.data,
                                out.size, quote.symbol, strlen(quote.symbol), NULL) != 0)
            rd_kafka_poll(rk, 10);
        rd_kafka_poll(rk, 0);
    }
    fprintf(stderr, "%s: %zu messages, the last of %zu bytes\n", name, count, out.size);
    check_code(name, rd_kafka_flush(rk, WAIT_MS));
    weir_buffer_free(&out);
    rd_kafka_topic_destroy(topic);
}

/* `only`: what this case needs; NULL: all. */
static void prepare(const char *brokers, const char *only)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[256];

    if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, reason, sizeof reason) !=
        RD_KAFKA_CONF_OK)
        bench_die("%s", reason);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (rk == NULL)
        bench_die("%s", reason);
    const struct {
        const char *topic, *cases;
        int partitions;
        size_t count;
        unsigned poison;
    } topics[] = {{"quotes16", "consume_fire_16", 16, CONSUMED, 0},
                  {"quotes64", "consume_fire_64", 64, CONSUMED, 0},
                  {"quotes", "consume_fire_produce exactly_once", 4, RELAYED, 0},
                  {"orders", "consume_fire_produce exactly_once " POISON_CASES, 4, 0, 0},
                  {"poison", "poison", 4, POISONED, 10},
                  {"rare", "poison_rare poison_cost poison_cost_by_hand", 4, POISONED, 100},
                  {"clean", "poison_cost poison_cost_by_hand", 4, POISONED, 0},
                  {"dead", POISON_CASES, 4, 0, 0}};
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        if (only != NULL && strstr(topics[i].cases, only) == NULL)
            continue;
        make_topic(rk, topics[i].topic, topics[i].partitions);
        if (topics[i].count != 0)
            fill_topic(rk, topics[i].topic, topics[i].count, topics[i].poison);
    }
    rd_kafka_destroy(rk);
}

/* --- Ours --- */

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

static weir_runtime *new_runtime(const kafka_job *job)
{
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;

    setenv("BENCH_BROKERS", job->brokers, 1);
    setenv("BENCH_TOPIC", job->topic, 1);
    setenv("BENCH_GROUP", job->group, 1);
    check(weir_runtime_new(&(weir_runtime_config){.kinds = weir_kafka_kinds()}, &runtime, &error),
          error);
    return runtime;
}

static void run_out(weir_runtime *runtime, kafka_results *results)
{
    weir_error *error = NULL;

    check(weir_runtime_run(runtime, &error), error);
    results->first = bench_now_ns() - results->first;
    weir_runtime_free(runtime);
}

static void run_ours(const kafka_job *job, kafka_results *results, bool produces)
{
    weir_runtime *runtime = new_runtime(job);
    weir_error *error = NULL;

    if (!produces) {
        check(weir_runtime_set(runtime, "sources.quotes.assign", "all", &error), error);
        check(weir_runtime_set(runtime, "sinks.orders.kind", "callback", &error), error);
    }
    if (job->transactions) {
        check(weir_runtime_set(runtime, "sinks.orders.delivery", "exactly_once", &error), error);
        check(weir_runtime_set(runtime, "sinks.orders.transactional_id", "ours", &error), error);
        check(weir_runtime_set(runtime, "sources.quotes.commit_every", "100ms", &error), error);
    }
    check(weir_runtime_load(runtime, &kafka_module, &error), error);
    check(kafka_on_orders(runtime, kafka_take_order, results), error);
    check(kafka_on_skips(runtime, kafka_take_skip, results), error);
    run_out(runtime, results);
}

static void take_poison_order(const poison_order *order, void *results)
{
    kafka_order same = {.price = order->price, .qty = order->qty};

    kafka_take_order(&same, results);
}

static void take_dead(const poison_dead_letter *letter, void *results)
{
    (void)letter;
    kafka_take_skip(NULL, results);
}

static void run_poison(const kafka_job *job, kafka_results *results)
{
    weir_runtime *runtime = new_runtime(job);
    weir_error *error = NULL;

    check(weir_runtime_load(runtime, &poison_module, &error), error);
    check(poison_on_orders(runtime, take_poison_order, results), error);
    check(poison_on_dead(runtime, take_dead, results), error);
    run_out(runtime, results);
}

/* --- The cases --- */

static double total[2]; /* seconds of each side's rounds */
static int rounds[2];

static double process_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double consume_round(const kafka_job *job, int side)
{
    kafka_results results = {0};
    int64_t wall = bench_now_ns();
    double began = process_ns();

    if (side == 0)
        run_ours(job, &results, false);
    else
        hand_consume(job);
    double cpu = process_ns() - began;
    total[side] += (double)(bench_now_ns() - wall) / 1e9;
    rounds[side]++;
    if (side == 0 && (results.orders == 0 || results.orders + results.skips > job->count))
        bench_die("%llu orders and %llu skips", (unsigned long long)results.orders,
                  (unsigned long long)results.skips);
    return cpu / (double)job->count;
}

static double consume_ours(void *arg)
{
    return consume_round(arg, 0);
}

static double consume_bare(void *arg)
{
    return consume_round(arg, 1);
}

static void consume_case(const char *brokers, const char *name, const char *topic, int partitions)
{
    kafka_job job = {.brokers = brokers,
                     .topic = topic,
                     .group = "bare",
                     .partitions = partitions,
                     .count = CONSUMED};

    memset(total, 0, sizeof total);
    memset(rounds, 0, sizeof rounds);
    bench_run(&(bench_case){.bench = "kafka",
                            .name = name,
                            .unit = "ns",
                            .ours = consume_ours,
                            .reference = consume_bare,
                            .arg = &job});
    fprintf(stderr, "%s: %.0f messages/s, by hand %.0f, from start to end\n", name,
            CONSUMED * rounds[0] / total[0], CONSUMED * rounds[1] / total[1]);
}

/* Each round is a group of its own, which begins at the beginning. Messages a second. */
static double relay(kafka_job job, bool ours, kafka_results *ret)
{
    static int number;
    char group[32];

    snprintf(group, sizeof group, "relay%d", number++);
    job.group = group;
    *ret = (kafka_results){0};
    if (ours && job.poison)
        run_poison(&job, ret);
    else if (ours)
        run_ours(&job, ret, true);
    else
        hand_relay(&job, ret);
    return (double)job.count / ((double)ret->first / 1e9);
}

/* Both sides of a case find the same. */
typedef struct relay_pair {
    kafka_job job;
    kafka_results found[2];
} relay_pair;

static double relay_round(relay_pair *pair, bool ours)
{
    const kafka_results *found = pair->found;
    double rate = relay(pair->job, ours, &pair->found[ours]);

    if (found[!ours].orders != 0 &&
        (found[0].orders != found[1].orders || found[0].skips != found[1].skips ||
         found[0].qty != found[1].qty))
        bench_die("the two sides differ: %llu and %llu orders, %llu and %llu others",
                  (unsigned long long)found[0].orders, (unsigned long long)found[1].orders,
                  (unsigned long long)found[0].skips, (unsigned long long)found[1].skips);
    return rate;
}

static double relay_ours(void *arg)
{
    return relay_round(arg, true);
}

static double relay_by_hand(void *arg)
{
    return relay_round(arg, false);
}

static void rates(const char *name, double (*ours)(void *), double (*reference)(void *), void *arg)
{
    bench_run(&(bench_case){.bench = "kafka",
                            .name = name,
                            .unit = "messages/s",
                            .higher = true,
                            .ours = ours,
                            .reference = reference,
                            .arg = arg});
}

static void relay_case(const char *name, kafka_job job)
{
    relay_pair pair = {.job = job};

    rates(name, relay_ours, relay_by_hand, &pair);
}

/* What a little garbage costs one side: of the same load with it and without. */
typedef struct poison_cost {
    kafka_job rare, clean;
    bool ours;
} poison_cost;

static double cost_rare(void *arg)
{
    const poison_cost *cost = arg;
    kafka_results found;

    return relay(cost->rare, cost->ours, &found);
}

static double cost_none(void *arg)
{
    const poison_cost *cost = arg;
    kafka_results found;

    return relay(cost->clean, cost->ours, &found);
}

static void cost_case(const char *name, kafka_job rare, bool ours)
{
    poison_cost cost = {.rare = rare, .clean = rare, .ours = ours};

    cost.clean.topic = "clean";
    rates(name, cost_rare, cost_none, &cost);
}

static bool is_wanted(const char *only, const char *name)
{
    return only == NULL || strcmp(only, name) == 0;
}

int main(int count, char **arguments)
{
    if (count != 2 && count != 3)
        bench_die("kafka BROKERS [CASE]");
    const char *brokers = arguments[1], *only = arguments[2]; /* NULL: all */
    kafka_job plain = {.brokers = brokers,
                       .topic = "quotes",
                       .partitions = 4,
                       .count = RELAYED,
                       .commit_each = 1000000000};
    kafka_job whole = plain, poison = plain, rare;
    whole.transactions = true;
    whole.commit_each = 100000000;
    poison.topic = "poison";
    poison.count = POISONED;
    poison.poison = true;
    rare = poison;
    rare.topic = "rare";
    prepare(brokers, only);
    if (is_wanted(only, "consume_fire_16"))
        consume_case(brokers, "consume_fire_16", "quotes16", 16);
    if (is_wanted(only, "consume_fire_64"))
        consume_case(brokers, "consume_fire_64", "quotes64", 64);
    if (is_wanted(only, "consume_fire_produce"))
        relay_case("consume_fire_produce", plain);
    if (is_wanted(only, "exactly_once"))
        relay_case("exactly_once", whole);
    if (is_wanted(only, "poison"))
        relay_case("poison", poison);
    if (is_wanted(only, "poison_rare"))
        relay_case("poison_rare", rare);
    if (is_wanted(only, "poison_cost"))
        cost_case("poison_cost", rare, true);
    if (is_wanted(only, "poison_cost_by_hand"))
        cost_case("poison_cost_by_hand", rare, false);
    return 0;
}
