/* SPDX-License-Identifier: Apache-2.0 */
/* configure.c - what librdkafka is told of a source, and what it tells from time to time. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "kafka/source.h"

/* Records behind what has been read, of all partitions; the ends are what the last fetches said. */
uint64_t kafka_lag(const kafka_source *state)
{
    uint64_t lag = 0;

    for (uint32_t i = 0; i < state->partition_count && state->client.rk != NULL; i++) {
        const kafka_partition *partition = &state->partitions[i];
        int64_t low, high;
        if (partition->next < 0)
            continue; /* nobody knows yet where it begins */
        rd_kafka_get_watermark_offsets(state->client.rk, state->topics[partition->topic],
                                       partition->partition, &low, &high);
        int64_t next = partition->next > low ? partition->next : low;
        lag += high > next ? (uint64_t)(high - next) : 0;
    }
    return lag;
}

/* Events a second since the last time. */
static void count_rate(kafka_source *state, int64_t now)
{
    uint64_t received = state->source->origin.ledger.received;
    double seconds = (double)(now - state->lag_at) / 1e9;
    bool known = state->lag_at != 0 && received > state->counted; /* some may be taken back */

    state->rate = known ? (uint64_t)((double)(received - state->counted) / seconds) : 0;
    state->counted = received;
}

/* Every few seconds: is the cluster there, and how fast is the lag going down? */
static int on_statistics(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
    kafka_client *client = opaque;
    kafka_source *state = client->owner;
    int64_t now = weir_monotonic_now();
    uint64_t lag = kafka_lag(state);

    (void)rk;
    (void)size;
    kafka_client_judge(client, json);
    state->catch_up =
        state->lag_at != 0 && lag != 0 && lag < state->lag
            ? (uint64_t)((double)lag * (double)(now - state->lag_at) / (double)(state->lag - lag))
            : 0;
    count_rate(state, now);
    state->lag = lag;
    state->lag_at = now;
    return 0;
}

/* What the promises of the kind stand on. */
static const char *const ours[] = {"bootstrap.servers",
                                   "metadata.broker.list",
                                   "group.id",
                                   "group.instance.id",
                                   "enable.auto.commit",
                                   "enable.auto.offset.store",
                                   "enable.partition.eof",
                                   "auto.offset.reset",
                                   "log.queue",
                                   "statistics.interval.ms",
                                   "queued.max.messages.kbytes",
                                   "queued.min.messages",
                                   NULL};

/* In a replay each partition has a queue, and the limits. */
int64_t kafka_ahead(const kafka_source *state)
{
    return state->replaying ? state->config->buffer / 16 : state->config->buffer;
}

static weir_status configure(const kafka_source *state, rd_kafka_conf_t *conf, weir_error **error)
{
    const kafka_source_config *config = state->config;
    const kafka_client *client = &state->client;
    bool bounded = state->until_end || state->until_time != INT64_MAX;
    const struct {
        const char *name, *value;
    } texts[] = {
        {"group.id", config->group != NULL ? config->group : "weir"},
        {"group.instance.id", state->source->origin.commits ? config->instance : NULL},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "earliest"},
        {"enable.partition.eof", bounded ? "true" : "false"},
        {"statistics.interval.ms", "5000"},
    };
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < sizeof texts / sizeof *texts && status == WEIR_OK; i++)
        if (texts[i].value != NULL)
            status = kafka_client_set(client, conf, texts[i].name, texts[i].value, error);
    int64_t ahead = kafka_ahead(state);

    if (status == WEIR_OK)
        status = kafka_client_set_number(client, conf, "queued.max.messages.kbytes", ahead / 1024,
                                         error);
    if (status == WEIR_OK)
        status = kafka_client_set_number(client, conf, "queued.min.messages", ahead / KAFKA_BESIDE,
                                         error);
    return status;
}

/* What the spec sets this property to, or NULL. */
static const char *given(const kafka_source *state, const char *name)
{
    const weir_pairs *pairs = &state->config->librdkafka;

    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0)
            return pairs->items[i].text;
    return NULL;
}

/* Since 2.2 librdkafka looks by itself, after `fetch.queue.backoff.ms`, whether a queue that was
 * full has room again. */
static bool looks_again(void)
{
    return rd_kafka_version() >= 0x02020000;
}

/* Before, its threads look when something wakes them, and else once a second: whoever handles
 * records faster than that refills the queue would wait for most of each second. This is the one
 * call that wakes them and does nothing else: what they log in with stays as it is. */
void kafka_wake_fetchers(const kafka_source *state)
{
    const char *user = given(state, "sasl.username"), *password = given(state, "sasl.password");

    if (!looks_again())
        rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(
            state->client.rk, user != NULL ? user : "", password != NULL ? password : ""));
}

/* What the spec may say otherwise: set before its own properties would be too late to override. */
static weir_status set_defaults(const kafka_source *state, rd_kafka_conf_t *conf,
                                weir_error **error)
{
    char fetch[32];
    const struct {
        const char *name, *value;
    } usual[] = {{"check.crcs", "true"},
                 {"fetch.max.bytes", fetch},
                 {"fetch.wait.max.ms", "100"},
                 {"fetch.queue.backoff.ms", looks_again() ? "20" : NULL},
                 {"partition.assignment.strategy",
                  rd_kafka_version() >= 0x020a0000 ? "cooperative-sticky" : "range"}};
    weir_status status = WEIR_OK;

    snprintf(
        fetch, sizeof fetch, "%lld",
        (long long)(state->config->buffer / 8 > 1 << 20 ? state->config->buffer / 8 : 1 << 20));
    for (size_t i = 0; i < sizeof usual / sizeof *usual && status == WEIR_OK; i++)
        if (usual[i].value != NULL && given(state, usual[i].name) == NULL)
            status = kafka_client_set(&state->client, conf, usual[i].name, usual[i].value, error);
    return status;
}

rd_kafka_conf_t *kafka_configure(kafka_source *state, weir_error **error)
{
    rd_kafka_conf_t *conf =
        kafka_client_configure(&state->client, &state->config->librdkafka, ours, error);

    if (conf == NULL)
        return NULL;
    rd_kafka_conf_set_offset_commit_cb(conf, kafka_on_commit);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    if (state->source->origin.commits)
        rd_kafka_conf_set_rebalance_cb(conf, kafka_on_rebalance);
    if (configure(state, conf, error) == WEIR_OK && set_defaults(state, conf, error) == WEIR_OK)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}
