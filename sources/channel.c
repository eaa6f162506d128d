/* SPDX-License-Identifier: Apache-2.0 */
/* channel.c - a bounded ring that any thread pushes into.
 *
 *     released        handed out          tail
 *        |   in a span    |    waiting      |      free ...
 *
 * Positions count pushes from 0, so that an event's slot is its position modulo the capacity. The
 * engine reads spans in place, and their slots are free when it releases them: it never takes the
 * mutex, which makes pushes take turns. Only under `drop_oldest` and `conflate`, where pushes
 * change what waits, it takes the mutex too, and spans are copied out.
 *
 * Either side announces that it will sleep and then looks once more; the other one writes its
 * position and then looks for the announcement. Both do so in one order for all
 * (memory_order_seq_cst), so one of them sees the other.
 */
#include "sources/channel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "core/relax.h"
#include "sources/newest.h"
#include "sources/options.h"

/* What one side writes lies on other cache lines than what the other side does. */
#define APART char apart[128]

typedef struct channel_state {
    unsigned char *values;
    int64_t *stamps;
    int64_t *stamps_out; /* where spans are copied out: WEIR_SPAN_EVENTS */
    size_t capacity;
    bool ready; /* mutex and condition are made */
    struct {    /* seldom written, by either */
        APART;
        atomic_size_t waiters; /* pushes that wait for room */
        atomic_bool asleep;    /* the engine has seen all there is: the next push wakes it */
        atomic_bool closed;
    } signs;
    struct { /* written by the engine */
        APART;
        _Atomic uint64_t released;
        uint64_t handed; /* `drop_oldest` moves it too, with the mutex */
    } engine;
    struct { /* written by pushes, with the mutex */
        APART;
        _Atomic uint64_t tail;
        uint64_t released; /* as last looked up */
        pthread_mutex_t mutex;
        pthread_cond_t room;
        weir_newest newest;          /* under `conflate`: by key, what waits */
        uint64_t dropped, conflated; /* not yet in the ledger */
        uint64_t conflated_ever;
    } pushes;
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
    channel->signs.asleep = true;
    channel->stamps_out = weir_alloc_array(WEIR_SPAN_EVENTS, sizeof *channel->stamps_out);
    bool good = config_of(source)->on_full != WEIR_ON_FULL_CONFLATE ||
                weir_newest_init(&channel->pushes.newest, channel->values, source->type->size,
                                 channel->capacity);
    if (channel->values == NULL || channel->stamps == NULL || channel->stamps_out == NULL || !good)
        return weir_error_set(error, WEIR_NOMEM, "channel '%s': no memory for %zu events",
                              source->module->name, channel->capacity);
    /* It is held for a copy: who finds it taken looks again for a moment before it sleeps. */
    pthread_mutexattr_t spins;
    pthread_mutexattr_init(&spins);
    pthread_mutexattr_settype(&spins, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&channel->pushes.mutex, &spins);
    pthread_mutexattr_destroy(&spins);
    pthread_cond_init(&channel->pushes.room, NULL);
    channel->ready = true;
    return WEIR_OK;
}

static void close_channel(weir_source *source)
{
    channel_state *channel = source->state;

    if (channel->ready) {
        pthread_cond_destroy(&channel->pushes.room);
        pthread_mutex_destroy(&channel->pushes.mutex);
    }
    weir_free(channel->values);
    weir_free(channel->stamps);
    weir_free(channel->stamps_out);
    weir_newest_free(&channel->pushes.newest);
}

/* --- Reading (the runtime's thread) --- */

/* How many of the next events have come by `until` and lie in one piece. */
static size_t in_one_piece(const weir_source *source, uint64_t tail, size_t limit)
{
    const channel_state *channel = source->state;
    uint64_t waiting = tail - channel->engine.handed;
    size_t first = channel->engine.handed % channel->capacity;
    size_t count = waiting < limit ? (size_t)waiting : limit;

    count = count < channel->capacity - first ? count : channel->capacity - first;
    if (count != 0 && channel->stamps[first + count - 1] > source->until)
        for (size_t i = 0; i < count; i++)
            if (channel->stamps[first + i] > source->until)
                return i;
    return count;
}

/* Brings the ledger up to date; the mutex is held where pushes change what waits. */
static void count_pushes(weir_source *source, uint64_t tail)
{
    channel_state *channel = source->state;

    source->origin.ledger.received = tail + channel->pushes.conflated_ever;
    if (!copies(source))
        return;
    source->origin.ledger.dropped += channel->pushes.dropped;
    source->origin.ledger.collapsed += channel->pushes.conflated;
    channel->pushes.dropped = channel->pushes.conflated = 0;
}

static void hand_out(weir_source *source, size_t count)
{
    channel_state *channel = source->state;
    size_t first = channel->engine.handed % channel->capacity;

    source->span = (weir_span){.values = channel->values + first * source->type->size,
                               .count = count,
                               .first_position = (int64_t)channel->engine.handed,
                               .stamps = channel->stamps + first};
    source->taken = 0;
    if (copies(source) && count != 0) {
        memcpy(source->values, source->span.values, count * source->type->size);
        memcpy(channel->stamps_out, source->span.stamps, count * sizeof *channel->stamps_out);
        source->span.values = source->values;
        source->span.stamps = channel->stamps_out;
    }
    channel->engine.handed += count;
}

/* The tail, for an engine that has seen all: unless there is more now, the next push wakes it. */
static uint64_t fall_asleep(channel_state *channel)
{
    channel->signs.asleep = true;
    uint64_t tail = channel->pushes.tail;
    if (tail != channel->engine.handed)
        channel->signs.asleep = false;
    return tail;
}

static weir_status take(weir_source *source, size_t limit)
{
    channel_state *channel = source->state;
    bool closed = channel->signs.closed; /* before the tail: then nothing comes behind that */
    uint64_t tail = atomic_load_explicit(&channel->pushes.tail, memory_order_acquire);

    if (tail == channel->engine.handed)
        tail = fall_asleep(channel);
    size_t count = in_one_piece(source, tail, limit);
    bool is_empty = tail == channel->engine.handed;
    count_pushes(source, tail);
    hand_out(source, count);
    if (count == 0 && !is_empty)
        source->host->wake(source); /* what was pushed after the turn began is the next one's */
    return count != 0 ? WEIR_OK : is_empty && closed ? WEIR_CLOSED : WEIR_AGAIN;
}

static weir_status read_channel(weir_source *source, size_t limit, weir_error **error)
{
    channel_state *channel = source->state;

    (void)error;
    if (!copies(source))
        return take(source, limit);
    pthread_mutex_lock(&channel->pushes.mutex);
    weir_status status = take(source, limit < source->capacity ? limit : source->capacity);
    pthread_mutex_unlock(&channel->pushes.mutex);
    return status;
}

static void wake_pushes(channel_state *channel)
{
    pthread_mutex_lock(&channel->pushes.mutex);
    pthread_cond_broadcast(&channel->pushes.room);
    pthread_mutex_unlock(&channel->pushes.mutex);
}

/* A push that waits is not woken for each span: half of the ring is room for many pushes, and less
 * will have to do where the engine is held, or has caught up. */
static void release(weir_source *source, size_t count)
{
    channel_state *channel = source->state;
    uint64_t released = channel->engine.released + count;

    channel->engine.released = released;
    if (channel->signs.waiters == 0)
        return;
    uint64_t tail = channel->pushes.tail;
    bool held = source->taken < source->span.count || released == tail;
    if (held || tail - released <= channel->capacity / 2)
        wake_pushes(channel);
}

/* --- Pushing (any thread; the mutex is held) --- */

static void put(weir_source *source, const void *values, size_t count, int64_t stamp)
{
    channel_state *channel = source->state;
    size_t size = source->type->size;
    const unsigned char *from = values;
    uint64_t tail = channel->pushes.tail;

    for (size_t done = 0; done < count;) {
        size_t at = (tail + done) % channel->capacity;
        size_t piece =
            channel->capacity - at < count - done ? channel->capacity - at : count - done;
        memcpy(channel->values + at * size, from + done * size, piece * size);
        for (size_t i = 0; i < piece; i++)
            channel->stamps[at + i] = stamp;
        done += piece;
    }
    channel->pushes.tail = tail + count;
}

static weir_status full(const weir_source *source, weir_error **error)
{
    return weir_error_set(error, WEIR_FULL,
                          "channel '%s' is full: its %lld places are taken; push again later, or "
                          "raise 'capacity', or choose another 'on_full'",
                          source->module->name, (long long)config_of(source)->capacity);
}

/* What was copied out does not take up room. */
static uint64_t used(const weir_source *source)
{
    const channel_state *channel = source->state;

    return channel->pushes.tail -
           (copies(source) ? channel->engine.handed : channel->pushes.released);
}

static bool has_room(weir_source *source, size_t count)
{
    channel_state *channel = source->state;

    if (used(source) + count > channel->capacity)
        channel->pushes.released = channel->engine.released;
    return used(source) + count <= channel->capacity;
}

static void await_room(weir_source *source, size_t count)
{
    channel_state *channel = source->state;

    for (int looks = 0; looks < WEIR_LOOKS; looks++) {
        if (has_room(source, count))
            return;
        weir_relax();
    }
    channel->signs.waiters++;
    if (!has_room(source, count))
        pthread_cond_wait(&channel->pushes.room, &channel->pushes.mutex);
    channel->signs.waiters--;
}

static weir_status make_room(weir_source *source, size_t count, bool may_block, weir_error **error)
{
    channel_state *channel = source->state;
    int policy = config_of(source)->on_full;

    while (!has_room(source, count)) {
        if (policy == WEIR_ON_FULL_DROP_OLDEST) {
            channel->engine.handed++;
            channel->pushes.dropped++;
            continue;
        }
        if (policy != WEIR_ON_FULL_BLOCK)
            return full(source, error);
        if (!may_block)
            return weir_error_set(error, WEIR_STATE,
                                  "channel '%s' is full and 'on_full: block' would stop the "
                                  "runtime's own thread for ever; push from another thread",
                                  source->module->name);
        if (channel->signs.closed)
            break;
        await_room(source, count);
    }
    return channel->signs.closed
               ? weir_error_set(error, WEIR_CLOSED, "channel '%s' is closed", source->module->name)
               : WEIR_OK;
}

/* --- ... by key --- */

static void put_newest(weir_source *source, const unsigned char *values, size_t count,
                       int64_t stamp)
{
    channel_state *channel = source->state;

    put(source, values, count, stamp);
    for (uint64_t position = channel->pushes.tail - count; position < channel->pushes.tail;
         position++)
        weir_newest_add(&channel->pushes.newest, position, channel->engine.handed);
}

static void take_back(channel_state *channel, size_t count)
{
    for (; count > 0; count--)
        weir_newest_undo(&channel->pushes.newest, --channel->pushes.tail, channel->engine.handed);
}

/* Overwrites the newest waiting event of the same key (without keys: the newest). */
static void conflate(weir_source *source, const unsigned char *value, int64_t stamp,
                     uint64_t position)
{
    channel_state *channel = source->state;

    memcpy(slot(source, position), value, source->type->size);
    if (position + 1 == channel->pushes.tail)
        channel->stamps[position % channel->capacity] = stamp;
    channel->pushes.conflated++;
    channel->pushes.conflated_ever++;
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
        if (!weir_newest_find(&channel->pushes.newest, values + i * size, channel->engine.handed,
                              &position)) {
            take_back(channel, room);
            return full(source, error);
        }
    for (size_t i = room; i < count; i++)
        if (weir_newest_find(&channel->pushes.newest, values + i * size, channel->engine.handed,
                             &position))
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
    pthread_mutex_lock(&channel->pushes.mutex);
    weir_status status = WEIR_OK;
    if (channel->signs.closed)
        status = weir_error_set(error, WEIR_CLOSED, "channel '%s' is closed", source->module->name);
    else if (conflates)
        status = push_conflating(source, values, count, stamp, error);
    else if ((status = make_room(source, count, may_block, error)) == WEIR_OK)
        put(source, values, count, stamp);
    bool wake = status == WEIR_OK && channel->signs.asleep;
    if (wake)
        channel->signs.asleep = false;
    pthread_mutex_unlock(&channel->pushes.mutex);
    if (wake)
        source->host->wake(source);
    return status;
}

void weir_channel_close(weir_source *source)
{
    channel_state *channel = source->state;

    pthread_mutex_lock(&channel->pushes.mutex);
    channel->signs.closed = true;
    pthread_cond_broadcast(&channel->pushes.room);
    pthread_mutex_unlock(&channel->pushes.mutex);
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

    pthread_mutex_lock(&channel->pushes.mutex);
    uint64_t tail = channel->pushes.tail;
    uint64_t waiting = tail - channel->engine.handed;
    count_pushes(source, tail);
    pthread_mutex_unlock(&channel->pushes.mutex);
    return waiting;
}

void weir_channel_set_key(weir_source *source, const weir_key_part *parts, uint32_t count)
{
    channel_state *channel = source->state;

    channel->pushes.newest.parts = parts;
    channel->pushes.newest.part_count = count;
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
