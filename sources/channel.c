/* SPDX-License-Identifier: Apache-2.0 */
/* channel.c - a bounded ring that any thread pushes into.
 *
 *     released        handed out          tail
 *        |   in a span    |    waiting      |      free ...
 *
 * Positions count pushes from 0, so that an event's slot is its position modulo the capacity. The
 * engine reads spans in place; their slots are free when it releases them. Only under `drop_oldest`
 * and `conflate`, which change events that wait, spans are copied out.
 */
#include "sources/channel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "sources/newest.h"
#include "sources/options.h"

typedef struct channel_state {
    pthread_mutex_t mutex;
    pthread_cond_t room;
    unsigned char *values;
    int64_t *stamps;
    int64_t *stamps_out; /* where spans are copied out: WEIR_SPAN_EVENTS */
    size_t capacity;
    uint64_t released, handed, tail; /* positions, growing for ever */
    size_t waiters;                  /* pushes that wait for room */
    bool asleep;                     /* the engine has seen all there is: the next push wakes it */
    bool closed;
    bool ready;                  /* mutex and condition are made */
    weir_newest newest;          /* under `conflate`: by key, what waits */
    uint64_t dropped, conflated; /* not yet in the ledger */
    uint64_t conflated_ever;
} channel_state;

static const weir_channel_config *config_of(const weir_source *source)
{
    return source->config;
}

static unsigned char *slot(const weir_source *source, uint64_t position)
{
    const channel_state *channel = source->state;

    return channel->values + (position % channel->capacity) * source->type->size;
}

static bool copies(const weir_source *source)
{
    int policy = config_of(source)->on_full;

    return policy == WEIR_ON_FULL_DROP_OLDEST || policy == WEIR_ON_FULL_CONFLATE;
}

static weir_status open_channel(weir_source *source, weir_error **error)
{
    channel_state *channel = source->state;

    channel->capacity = (size_t)config_of(source)->capacity;
    channel->values = weir_alloc_array(channel->capacity, source->type->size);
    channel->stamps = weir_alloc_array(channel->capacity, sizeof *channel->stamps);
    channel->asleep = true;
    channel->stamps_out = weir_alloc_array(WEIR_SPAN_EVENTS, sizeof *channel->stamps_out);
    bool good =
        config_of(source)->on_full != WEIR_ON_FULL_CONFLATE ||
        weir_newest_init(&channel->newest, channel->values, source->type->size, channel->capacity);
    if (channel->values == NULL || channel->stamps == NULL || channel->stamps_out == NULL || !good)
        return weir_error_set(error, WEIR_NOMEM, "channel '%s': no memory for %zu events",
                              source->module->name, channel->capacity);
    /* It is held for a copy: who finds it taken looks again for a moment before it sleeps. */
    pthread_mutexattr_t spins;
    pthread_mutexattr_init(&spins);
    pthread_mutexattr_settype(&spins, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&channel->mutex, &spins);
    pthread_mutexattr_destroy(&spins);
    pthread_cond_init(&channel->room, NULL);
    channel->ready = true;
    return WEIR_OK;
}

static void close_channel(weir_source *source)
{
    channel_state *channel = source->state;

    if (channel->ready) {
        pthread_cond_destroy(&channel->room);
        pthread_mutex_destroy(&channel->mutex);
    }
    weir_free(channel->values);
    weir_free(channel->stamps);
    weir_free(channel->stamps_out);
    weir_newest_free(&channel->newest);
}

/* --- Reading (the runtime's thread) --- */

/* How many of the next events have come by `until` and lie in one piece. */
static size_t in_one_piece(const weir_source *source, size_t limit)
{
    const channel_state *channel = source->state;
    uint64_t waiting = channel->tail - channel->handed;
    uint64_t to_end = channel->capacity - channel->handed % channel->capacity;
    size_t count = waiting < limit ? (size_t)waiting : limit;

    count = count < to_end ? count : (size_t)to_end;
    if (count != 0 &&
        channel->stamps[(channel->handed + count - 1) % channel->capacity] > source->until)
        for (size_t i = 0; i < count; i++)
            if (channel->stamps[(channel->handed + i) % channel->capacity] > source->until)
                return i;
    return count;
}

/* Brings the ledger up to date; the mutex is held. */
static void count_pushes(weir_source *source)
{
    channel_state *channel = source->state;

    source->origin.ledger.received = channel->tail + channel->conflated_ever;
    source->origin.ledger.dropped += channel->dropped;
    source->origin.ledger.collapsed += channel->conflated;
    channel->dropped = channel->conflated = 0;
}

static weir_status read_channel(weir_source *source, size_t limit, weir_error **error)
{
    channel_state *channel = source->state;

    (void)error;
    pthread_mutex_lock(&channel->mutex);
    count_pushes(source);
    bool copied = copies(source);
    if (copied && limit > source->capacity)
        limit = source->capacity;
    size_t count = in_one_piece(source, limit);
    bool over = channel->closed && channel->handed == channel->tail;
    weir_status status = count != 0 ? WEIR_OK : over ? WEIR_CLOSED : WEIR_AGAIN;
    source->span = (weir_span){.values = slot(source, channel->handed),
                               .count = count,
                               .first_position = (int64_t)channel->handed,
                               .stamps = &channel->stamps[channel->handed % channel->capacity]};
    source->taken = 0;
    if (copied && count != 0) {
        memcpy(source->values, source->span.values, count * source->type->size);
        memcpy(channel->stamps_out, source->span.stamps, count * sizeof *channel->stamps_out);
        source->span.values = source->values;
        source->span.stamps = channel->stamps_out;
    }
    channel->handed += count;
    bool later = count == 0 && channel->handed != channel->tail;
    channel->asleep = channel->handed == channel->tail;
    pthread_mutex_unlock(&channel->mutex);
    if (later)
        source->host->wake(source); /* what was pushed after the turn began is the next one's */
    return status;
}

static uint64_t used(const weir_source *source)
{
    const channel_state *channel = source->state;

    /* What was copied out does not take up room. */
    return channel->tail - (copies(source) ? channel->handed : channel->released);
}

static void release(weir_source *source, size_t count)
{
    channel_state *channel = source->state;

    pthread_mutex_lock(&channel->mutex);
    channel->released += count;
    /* A push that waits is not woken for each span: half of the ring is room for many pushes, and
     * less will have to do where the engine is held, or has caught up. */
    bool held = source->taken < source->span.count || channel->released == channel->tail;
    if (channel->waiters != 0 && (held || used(source) <= channel->capacity / 2))
        pthread_cond_broadcast(&channel->room);
    pthread_mutex_unlock(&channel->mutex);
}

/* --- Pushing (any thread; the mutex is held) --- */

static void put(weir_source *source, const void *values, size_t count, int64_t stamp)
{
    channel_state *channel = source->state;
    size_t size = source->type->size;
    const unsigned char *from = values;

    for (size_t done = 0; done < count;) {
        size_t at = channel->tail % channel->capacity;
        size_t piece =
            channel->capacity - at < count - done ? channel->capacity - at : count - done;
        memcpy(channel->values + at * size, from + done * size, piece * size);
        for (size_t i = 0; i < piece; i++)
            channel->stamps[at + i] = stamp;
        channel->tail += piece;
        done += piece;
    }
}

static weir_status full(const weir_source *source, weir_error **error)
{
    return weir_error_set(error, WEIR_FULL,
                          "channel '%s' is full: its %lld places are taken; push again later, or "
                          "raise 'capacity', or choose another 'on_full'",
                          source->module->name, (long long)config_of(source)->capacity);
}

static weir_status make_room(weir_source *source, size_t count, bool may_block, weir_error **error)
{
    channel_state *channel = source->state;
    int policy = config_of(source)->on_full;

    while (used(source) + count > channel->capacity) {
        if (policy == WEIR_ON_FULL_DROP_OLDEST) {
            channel->handed++;
            channel->dropped++;
            continue;
        }
        if (policy != WEIR_ON_FULL_BLOCK)
            return full(source, error);
        if (!may_block)
            return weir_error_set(error, WEIR_STATE,
                                  "channel '%s' is full and 'on_full: block' would stop the "
                                  "runtime's own thread for ever; push from another thread",
                                  source->module->name);
        if (channel->closed)
            break;
        channel->waiters++;
        pthread_cond_wait(&channel->room, &channel->mutex);
        channel->waiters--;
    }
    return channel->closed
               ? weir_error_set(error, WEIR_CLOSED, "channel '%s' is closed", source->module->name)
               : WEIR_OK;
}

/* --- ... by key --- */

static void put_newest(weir_source *source, const unsigned char *values, size_t count,
                       int64_t stamp)
{
    channel_state *channel = source->state;

    put(source, values, count, stamp);
    for (uint64_t position = channel->tail - count; position < channel->tail; position++)
        weir_newest_add(&channel->newest, position, channel->handed);
}

static void take_back(channel_state *channel, size_t count)
{
    for (; count > 0; count--)
        weir_newest_undo(&channel->newest, --channel->tail, channel->handed);
}

/* Overwrites the newest waiting event of the same key (without keys: the newest). */
static void conflate(weir_source *source, const unsigned char *value, int64_t stamp,
                     uint64_t position)
{
    channel_state *channel = source->state;

    memcpy(slot(source, position), value, source->type->size);
    if (position + 1 == channel->tail)
        channel->stamps[position % channel->capacity] = stamp;
    channel->conflated++;
    channel->conflated_ever++;
}

/* The first values take the places that are left; each of the others overwrites one of its key. */
static weir_status push_conflating(weir_source *source, const unsigned char *values, size_t count,
                                   int64_t stamp, weir_error **error)
{
    channel_state *channel = source->state;
    size_t size = source->type->size, room = channel->capacity - (size_t)used(source);
    uint64_t position;

    room = room < count ? room : count;
    put_newest(source, values, room, stamp);
    for (size_t i = room; i < count; i++)
        if (!weir_newest_find(&channel->newest, values + i * size, channel->handed, &position)) {
            take_back(channel, room);
            return full(source, error);
        }
    for (size_t i = room; i < count; i++)
        if (weir_newest_find(&channel->newest, values + i * size, channel->handed, &position))
            conflate(source, values + i * size, stamp, position);
    return WEIR_OK;
}

weir_status weir_channel_push(weir_source *source, const void *values, size_t count, int64_t stamp,
                              bool may_block, weir_error **error)
{
    channel_state *channel = source->state;
    bool conflates = config_of(source)->on_full == WEIR_ON_FULL_CONFLATE;

    if (count > channel->capacity && !conflates)
        return weir_error_set(error, WEIR_LIMIT,
                              "channel '%s' has %zu places and never takes %zu events at once",
                              source->module->name, channel->capacity, count);
    pthread_mutex_lock(&channel->mutex);
    weir_status status = WEIR_OK;
    if (channel->closed)
        status = weir_error_set(error, WEIR_CLOSED, "channel '%s' is closed", source->module->name);
    else if (conflates)
        status = push_conflating(source, values, count, stamp, error);
    else if ((status = make_room(source, count, may_block, error)) == WEIR_OK)
        put(source, values, count, stamp);
    bool wake = channel->asleep && channel->tail != channel->handed;
    if (wake)
        channel->asleep = false;
    pthread_mutex_unlock(&channel->mutex);
    if (wake)
        source->host->wake(source);
    return status;
}

void weir_channel_close(weir_source *source)
{
    channel_state *channel = source->state;

    pthread_mutex_lock(&channel->mutex);
    channel->closed = true;
    pthread_cond_broadcast(&channel->room);
    pthread_mutex_unlock(&channel->mutex);
    source->host->wake(source);
}

static void measure(weir_source *source, weir_source_gauges *ret)
{
    ret->buffered = weir_channel_count(source);
    ret->buffer_limit = (uint64_t)config_of(source)->capacity;
}

uint64_t weir_channel_count(weir_source *source)
{
    channel_state *channel = source->state;

    pthread_mutex_lock(&channel->mutex);
    count_pushes(source);
    uint64_t waiting = channel->tail - channel->handed;
    pthread_mutex_unlock(&channel->mutex);
    return waiting;
}

void weir_channel_set_key(weir_source *source, const weir_key_part *parts, uint32_t count)
{
    channel_state *channel = source->state;

    channel->newest.parts = parts;
    channel->newest.part_count = count;
}

const weir_source_kind weir_channel = {
    .base = {.name = "channel",
             .summary = "Events that the program itself pushes.",
             .options = weir_channel_options,
             .option_count = sizeof weir_channel_options / sizeof *weir_channel_options,
             .config_size = sizeof(weir_channel_config)},
    .state_size = sizeof(channel_state),
    .open = open_channel,
    .read = read_channel,
    .release = release,
    .close = close_channel,
    .measure = measure,
};
