/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - the kind `kafka` of source: records become events. */
#include "kafka/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "kafka/kinds.h"

static const int64_t second = 1000000000;
enum { CLOSE_MS = 3000 };

/* --- Opening --- */

static void log_line(void *owner, weir_level level, const char *message)
{
    const kafka_source *state = owner;

    state->source->host->log(state->source, level, message);
}

/* librdkafka counts a member as dead that has not polled for so long. */
static int64_t poll_interval(const kafka_source *state)
{
    char value[32] = "300000";
    size_t size = sizeof value;
    long ms = 300000;

    if (rd_kafka_conf_get(rd_kafka_conf(state->client.rk), "max.poll.interval.ms", value, &size) ==
        RD_KAFKA_CONF_OK)
        ms = strtol(value, NULL, 10);
    return (int64_t)ms * 1000000 / 4;
}

static weir_status connect_client(kafka_source *state, weir_error **error)
{
    rd_kafka_conf_t *conf = kafka_configure(state, error);

    if (conf == NULL)
        return WEIR_SPEC;
    weir_status status = kafka_client_start(&state->client, RD_KAFKA_CONSUMER, conf, error);
    if (status != WEIR_OK)
        return status;
    state->messages = rd_kafka_queue_new(state->client.rk);
    kafka_client_listen(&state->client, state->messages);
    state->poll_every = poll_interval(state);
    status = state->source->host->watch(state->source, state->client.wake_fd, error);
    return status == WEIR_OK ? kafka_join(state, error) : status;
}

static weir_status check_options(const kafka_source *state, weir_error **error)
{
    const weir_source *source = state->source;

    if (state->config->tombstones == KAFKA_TOMBSTONES_DELETE_KEY && state->config->key_to == NULL)
        return weir_error_set_at(error, WEIR_SPEC, source->module->place,
                                 "%s: 'tombstones: delete_key' needs the option 'key_to'",
                                 state->client.what);
    if (!source->origin.commits || state->config->group != NULL)
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, source->module->place,
                             "%s needs the option 'group', or 'assign: all'", state->client.what);
}

static weir_status open_source(weir_source *source, weir_error **error)
{
    kafka_source *state = source->state;

    state->source = source;
    state->config = source->config;
    state->client = (kafka_client){
        .wake_fd = -1, .owner = state, .log = log_line, .brokers = state->config->brokers};
    snprintf(state->client.what, sizeof state->client.what, "source '%s'", source->module->name);
    state->replaying = !source->origin.commits;
    if (state->config->assign == KAFKA_ASSIGN_ALL)
        source->origin.commits = false;
    source->health = WEIR_SOURCE_CONNECTING;
    state->batch = weir_alloc_array(KAFKA_BATCH, sizeof(rd_kafka_message_t *));
    if (state->batch == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->client.what);
    kafka_read_bounds(state);
    weir_status status = check_options(state, error);
    if (status == WEIR_OK)
        status = kafka_find_targets(state, error);
    if (status == WEIR_OK)
        status = kafka_merge_begin(state, error);
    return status == WEIR_OK ? connect_client(state, error) : status;
}

/* --- What is no reading --- */

/* One of a topic comes with it; one without is the group's. */
static void note_error(kafka_source *state, const rd_kafka_message_t *message)
{
    kafka_client_note(&state->client, message->err, rd_kafka_message_errstr(message));
    if (message->rkt == NULL && state->assigned && state->source->origin.commits)
        state->again_at = state->source->host->now(state->source) + second;
}

static void serve(kafka_source *state)
{
    rd_kafka_message_t *message;

    kafka_client_heard(&state->client);
    while ((message = rd_kafka_consumer_poll(state->client.rk, 0)) != NULL) {
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            note_error(state, message);
        rd_kafka_message_destroy(message);
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void kafka_arm(kafka_source *state)
{
    int64_t now = state->source->host->now(state->source);
    int64_t next = now + state->poll_every;

    if (state->dirty && !state->source->joint)
        next = sooner(next, state->committing ? now + second : state->commit_at);
    if (state->revoking != NULL)
        next = sooner(next, state->revoke_until);
    if (!state->source->origin.commits && state->client.question == NULL)
        next = sooner(next, state->look_at);
    if (state->owners_at != 0 && state->client.question == NULL)
        next = sooner(next, state->owners_at);
    if (state->placing != NULL && state->client.question == NULL)
        next = sooner(next, state->ask_at);
    if (state->rate_at > now)
        next = sooner(next, state->rate_at);
    if (state->again_at != 0)
        next = sooner(next, state->again_at);
    if (state->until_time > now)
        next = sooner(next, state->until_time);
    state->source->host->wake_at(state->source, next);
}

static void show_health(const kafka_source *state)
{
    if (state->source->ended)
        return;
    state->source->health = state->client.down ? WEIR_SOURCE_DISCONNECTED
                            : state->assigned  ? WEIR_SOURCE_LIVE
                                               : WEIR_SOURCE_CONNECTING;
}

static weir_status attend(weir_source *source, weir_error **error)
{
    kafka_source *state = source->state;
    int64_t now = source->host->now(source);

    serve(state);
    kafka_hear(state);
    kafka_look(state);
    kafka_go_on_placing(state);
    kafka_ask_owners(state);
    kafka_finish_revoke(state);
    kafka_assign_again(state);
    if (state->dirty && now >= state->commit_at)
        kafka_commit(state);
    show_health(state);
    kafka_arm(state);
    return state->client.fatal ? kafka_client_fail(&state->client, WEIR_IO, error) : WEIR_OK;
}

static weir_status settle(weir_source *source, weir_error **error)
{
    kafka_source *state = source->state;

    kafka_commit(state);
    if (!state->dirty || source->joint)
        return WEIR_OK;
    return kafka_client_fail(&state->client, WEIR_AGAIN, error);
}

/* --- Reading --- */

/* All at once: the allocator's lock is shared with the thread that fetches, and each time the two
 * meet there costs more than to free a record. */
void kafka_free_batch(kafka_source *state)
{
    for (size_t i = 0; i < state->count; i++)
        rd_kafka_message_destroy(state->batch[i]);
    state->at = state->count = 0;
}

void kafka_discard(kafka_source *state, const char *topic, int32_t partition)
{
    size_t kept = state->at;

    for (size_t i = state->at; i < state->count; i++) {
        rd_kafka_message_t *message = state->batch[i];
        if (message->rkt != NULL && message->partition == partition &&
            strcmp(rd_kafka_topic_name(message->rkt), topic) == 0)
            rd_kafka_message_destroy(message);
        else
            state->batch[kept++] = message;
    }
    state->count = kept;
}

static bool fetch(kafka_source *state)
{
    kafka_free_batch(state);
    ssize_t count = rd_kafka_consume_batch_queue(state->messages, 0, state->batch, KAFKA_BATCH);
    state->count = count > 0 ? (size_t)count : 0;
    return count > 0;
}

/* Once a time has come, who has no more records has ended. */
static bool has_ended(const kafka_source *state)
{
    bool time_has_come = state->source->host->now(state->source) >= state->until_time;

    if (!state->assigned || (!state->until_end && state->until_time == INT64_MAX))
        return false;
    for (uint32_t i = 0; i < state->partition_count; i++)
        if (!state->partitions[i].ended && !(time_has_come && state->partitions[i].at_end))
            return false;
    return true;
}

/* How many events `max_rate` allows just now. */
static size_t allowed(kafka_source *state, size_t limit)
{
    int64_t now = state->source->host->now(state->source), rate = state->config->max_rate;

    if (rate == 0 || state->replaying)
        return limit;
    double fresh = state->allowed_at == 0
                       ? 1
                       : (double)(now - state->allowed_at) * (double)rate / (double)second;
    state->allowance += fresh > 0 ? fresh : 0;
    if (state->allowance > (double)rate)
        state->allowance = (double)rate;
    state->allowed_at = now;
    return state->allowance < (double)limit ? (size_t)state->allowance : limit;
}

/* Once half of what makes a queue full has been taken from it there is room for more. */
static void make_room(kafka_source *state)
{
    if (state->handled < kafka_ahead(state) / 2)
        return;
    state->handled = 0;
    kafka_wake_fetchers(state);
}

static weir_status fill_span(kafka_source *state, size_t limit)
{
    weir_source *source = state->source;
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && source->span.count < limit && !source->refusal.waiting) {
        if (state->at == state->count && (source->span.count != 0 || !fetch(state)))
            break;
        status = kafka_take(state, state->batch[state->at]);
        state->at += status == WEIR_OK;
    }
    return status == WEIR_NOMEM ? WEIR_NOMEM : WEIR_OK;
}

static weir_status read_records(weir_source *source, size_t limit, weir_error **error)
{
    kafka_source *state = source->state;

    weir_source_begin(source, 0);
    size_t most = allowed(state, limit);
    if (most == 0) { /* the next is allowed in so long */
        double wait = (1 - state->allowance) * (double)second / (double)state->config->max_rate;
        state->rate_at = source->host->now(source) + (int64_t)wait + 1000000;
        kafka_arm(state);
        return WEIR_AGAIN;
    }
    make_room(state);
    weir_status status = state->replaying ? kafka_merge(state, most) : fill_span(state, most);
    if (status != WEIR_OK)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->client.what);
    state->allowance -= (double)(source->span.count + source->refusal.waiting);
    if (source->span.count != 0 || source->refusal.waiting)
        return WEIR_OK;
    return has_ended(state) ? WEIR_CLOSED : WEIR_AGAIN;
}

/* --- The end --- */

/* Leaves the group, so that the others need not wait for a time out; a static member stays in it.
 * A cluster that does not answer is not waited for long. */
static void leave(kafka_source *state)
{
    rd_kafka_t *rk = state->client.rk;
    rd_kafka_queue_t *last = rd_kafka_queue_new(rk);
    int64_t deadline = weir_monotonic_now() + (int64_t)CLOSE_MS * 1000000;

    if (state->config->instance == NULL)
        rd_kafka_unsubscribe(rk);
    rd_kafka_error_t *failure = rd_kafka_consumer_close_queue(rk, last);
    if (failure != NULL)
        rd_kafka_error_destroy(failure);
    else
        while (!rd_kafka_consumer_closed(rk) && weir_monotonic_now() < deadline)
            rd_kafka_queue_poll_callback(last, 20);
    if (!rd_kafka_consumer_closed(rk) && state->source->origin.commits)
        log_line(state, WEIR_WARNING,
                 "the cluster did not answer; the group will notice by its session time out");
    rd_kafka_queue_destroy(last);
}

static void close_source(weir_source *source)
{
    kafka_source *state = source->state;

    state->closing = true;
    kafka_free_batch(state);
    if (state->revoking != NULL)
        rd_kafka_topic_partition_list_destroy(state->revoking);
    kafka_merge_end(state);
    kafka_end_placing(state);
    if (state->client.rk != NULL)
        leave(state);
    if (state->messages != NULL) {
        rd_kafka_queue_io_event_enable(state->messages, -1, NULL, 0);
        rd_kafka_queue_destroy(state->messages);
    }
    kafka_client_close(&state->client);
    kafka_forget(state);
    weir_free(state->batch);
    weir_free(state->headers);
    weir_free(state->scratch);
}

static void measure(weir_source *source, weir_source_gauges *ret)
{
    const kafka_source *state = source->state;

    ret->buffer_limit = (uint64_t)state->config->buffer;
    ret->partitions = state->partition_count;
    ret->lag = kafka_lag(state);
    ret->catch_up = state->catch_up;
    ret->rate = state->rate;
    ret->brokers = state->client.known;
    ret->brokers_up = state->client.up;
    ret->rebalances = state->rebalances;
    ret->handed_over = state->handed_back;
    ret->commits = state->commits;
    ret->commit_failures = state->commit_failures;
    ret->commit_time = (uint64_t)state->commit_time;
}

static const char *deletes_by(const weir_source *source)
{
    const kafka_source_config *config = source->config;

    return config->tombstones == KAFKA_TOMBSTONES_DELETE_KEY ? config->key_to : NULL;
}

const weir_source_kind kafka_source_kind = {
    .base = KAFKA_SOURCE_HEAD,
    .state_size = sizeof(kafka_source),
    .open = open_source,
    .read = read_records,
    .commit = kafka_note_commit,
    .attend = attend,
    .settle = settle,
    .original = kafka_original,
    .identify = kafka_identify,
    .close = close_source,
    .measure = measure,
    .deletes_by = deletes_by,
    .reads_bytes = true,
    .replays = true,
};
