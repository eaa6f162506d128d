/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h - bytes in: events, where they come from, and what becomes of each.
 *
 * A source kind is a const weir_source_kind. A user registers kinds of their own by weir_kinds.
 *
 * Threads: everything here runs on the runtime's thread, except weir_source_wake (any thread).
 * Memory:  a span's values live until the kind's next `read`.
 */
#ifndef WEIR_SOURCES_H
#define WEIR_SOURCES_H

#include <weir/core.h>
#include <weir/graph.h>
#include <weir/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- The ledger --- */

/* What became of an event; of several ways the first that is true counts (rule E19). */
typedef enum weir_outcome {
    WEIR_DEAD = 1,
    WEIR_FIRED = 2,
    WEIR_COLLAPSED = 4,
    WEIR_FILTERED = 8,
    WEIR_KEPT = 16,
} weir_outcome;

/* received = fired + kept + filtered + collapsed + dropped + dead + waiting, at any time. */
typedef struct weir_ledger {
    uint64_t received;
    uint64_t fired;     /* took part in a firing */
    uint64_t kept;      /* only refreshed a cache or a state */
    uint64_t filtered;  /* a `where:` was false */
    uint64_t collapsed; /* overwritten under `latest`, or by `conflate` */
    uint64_t dropped;   /* by `drop_oldest`, or by a rule for tombstones */
    uint64_t dead;      /* became a dead letter */
} weir_ledger;

WEIR_API uint64_t weir_ledger_waiting(const weir_ledger *ledger);

typedef struct weir_origin weir_origin;
typedef struct weir_ticket weir_ticket;

/* An event that somebody still waits for. Held once by each who does; when the last lets go, the
 * event is done and enters the ledger. */
struct weir_ticket {
    weir_origin *origin;
    int64_t position;
    int64_t time;
    int32_t partition;
    uint32_t holds;
    uint32_t outcome;               /* weir_outcome bits so far */
    struct weir_ticket_part *parts; /* what it stands for: the events of a batch, oldest first */
    struct weir_ticket_part *last_part;
    weir_ticket *next;  /* in the free list; else the next undone one of its partition */
    weir_ticket *older; /* the undone one before it */
    uint32_t place;     /* of its partition in the origin's list; WEIR_NONE: it has left */
    uint32_t burial;    /* the newest failure that made a dead letter of it */
    uint32_t rounds;    /* of feedback: the most that a part has gone */
    struct weir_ticket_part *walk; /* where weir_ticket_walk goes on */
};

typedef struct weir_ticket_part {
    weir_ticket *ticket;
    struct weir_ticket_part *next;
} weir_ticket_part;

/* How far a source that commits has come in one of its partitions. */
typedef struct weir_partition {
    int32_t number;
    int64_t next;                 /* behind the newest event that was handed on */
    weir_ticket *oldest, *newest; /* its undone events, by position */
    int64_t ready;                /* to be committed once the sinks have written */
    int64_t committed;
    bool vacant; /* the source has left it: another one may take its place */
} weir_partition;

/* Where events come from: a source, or an accumulator that is fed by hand. */
struct weir_origin {
    const char *name;
    weir_ledger ledger;
    bool inner;           /* its tickets stand for several events: outside the ledger */
    weir_ticket *tickets; /* `limit` of them */
    weir_ticket *free;
    uint32_t fresh; /* tickets that were never used begin here */
    uint32_t limit; /* max_in_flight */
    uint32_t in_flight;
    weir_ticket_part *free_parts;
    struct weir_part_slab *part_slabs;
    bool commits; /* it keeps track of what is done in each partition */
    weir_partition *partitions;
    uint32_t partition_count, partition_room;
    uint32_t place; /* of the partition that is read just now */
};

WEIR_API WEIR_MUST_USE weir_status weir_origin_init(weir_origin *origin, const char *name,
                                                    uint32_t limit, weir_error **error);
/* One whose tickets stand for several events: they have parts. */
WEIR_API WEIR_MUST_USE weir_status weir_origin_init_inner(weir_origin *origin, const char *name,
                                                          uint32_t limit, weir_error **error);
WEIR_API void weir_origin_free(weir_origin *origin);

/* True while another event can be given a ticket. */
static inline bool weir_origin_has_room(const weir_origin *origin)
{
    return origin->in_flight < origin->limit;
}

/* Of a source that commits: the events that follow are of this partition, from `position` on.
 * False: out of memory. */
WEIR_API WEIR_MUST_USE bool weir_origin_enter(weir_origin *origin, int32_t partition,
                                              int64_t position);

/* The partition that the source has entered and not left, or NULL. Valid until it enters another.
 */
WEIR_API weir_partition *weir_origin_find(const weir_origin *origin, int32_t partition);

/* The partition is somebody else's now. What is undone of it goes its way, and is not committed by
 * this source any more, also when it enters the partition again. */
WEIR_API void weir_origin_leave(weir_origin *origin, int32_t partition);

/* The position below which all events of the partition are done. */
static inline int64_t weir_partition_done(const weir_partition *partition)
{
    return partition->oldest != NULL ? partition->oldest->position : partition->next;
}

/* True while `position` is less than `max_in_flight` above the oldest undone event. */
static inline bool weir_origin_reaches(const weir_origin *origin, int64_t position)
{
    const weir_partition *partition = &origin->partitions[origin->place];

    return !origin->commits || partition->oldest == NULL ||
           position - partition->oldest->position < (int64_t)origin->limit;
}

/* --- Events --- */

/* One input on its way through the rooms. */
typedef struct weir_event {
    const void *value; /* of the source's type */
    weir_origin *origin;
    weir_ticket *ticket; /* NULL until somebody has to wait */
    uint64_t number;     /* counts the runtime's events */
    int64_t position;    /* in its partition; of a channel the number of the push */
    int64_t time;        /* event time, nanoseconds; INT64_MIN: it has none */
    int32_t partition;
    uint32_t rounds;  /* of feedback so far */
    uint32_t outcome; /* weir_outcome bits so far */
    weir_slice raw;   /* the bytes it was decoded from; empty where there are none any more */
} weir_event;

/* Holds the event's ticket, made if need be. NULL only where weir_origin_has_room was not asked. */
WEIR_API weir_ticket *weir_event_hold(weir_event *event);
WEIR_API void weir_ticket_hold(weir_ticket *ticket);
WEIR_API void weir_ticket_release(weir_ticket *ticket, uint32_t outcome);

/* The ticket of what comes of all of `tickets` (`count`; NULL and the same one again are passed
 * over), held for it: the only one, or one of `groups` that they are parts of. NULL: no room. */
WEIR_API weir_ticket *weir_ticket_join(weir_origin *groups, weir_ticket *const *tickets,
                                       uint32_t count);

/* The event that a ticket stands for; of several the first. */
static inline const weir_ticket *weir_ticket_first(const weir_ticket *ticket)
{
    while (ticket->parts != NULL)
        ticket = ticket->parts->ticket;
    return ticket;
}

/* Makes the event a part of the batch: done when the batch is done. False: out of memory. */
WEIR_API WEIR_MUST_USE bool weir_ticket_add_event(weir_ticket *batch, weir_event *event);

/* Visits each event that the ticket stands for, but for those that `burial` has marked already. */
WEIR_API void weir_ticket_walk(weir_ticket *ticket, uint32_t burial,
                               void (*visit)(weir_ticket *ticket, void *arg), void *arg);

/* Ends the event's way: it enters the ledger, now or with its last holder. */
WEIR_API void weir_event_finish(weir_event *event);

/* Counts `outcome` for `count` events at once. */
WEIR_API void weir_ledger_add(weir_ledger *ledger, uint32_t outcome, uint64_t count);

/* --- Spans and source kinds --- */

enum { WEIR_SPAN_EVENTS = 256, WEIR_SPAN_BYTES = 64 * 1024 };

/* Values side by side, decoded ahead, of one partition at consecutive positions. */
typedef struct weir_span {
    const unsigned char *values;
    size_t count;
    int64_t first_position;
    int64_t ingest;        /* nanoseconds, one for all, where `stamps` is NULL */
    const int64_t *stamps; /* of each, ascending */
    int32_t partition;
    const weir_slice *raw; /* `count` of them, or NULL */
} weir_span;

/* The message that an event was read from, as its source had it. */
typedef struct weir_header {
    const char *name;
    weir_slice value;
} weir_header;

typedef struct weir_original {
    const char *topic; /* or what else the source reads; NULL: it has no name */
    int32_t partition;
    int64_t position;
    weir_slice key, value; /* data NULL: none */
    const weir_header *headers;
    size_t header_count;
    int64_t time; /* milliseconds since 1970; 0: unknown */
} weir_original;

typedef enum weir_source_health {
    WEIR_SOURCE_STARTING,
    WEIR_SOURCE_CONNECTING,
    WEIR_SOURCE_LIVE,
    WEIR_SOURCE_DISCONNECTED,
    WEIR_SOURCE_ENDED,
} weir_source_health;

typedef struct weir_source weir_source;

/* What a source holds back, and how much it may. */
typedef struct weir_source_gauges {
    uint64_t buffered, buffer_limit; /* bytes that are not handed on yet; of a channel events */
    uint64_t clients, client_limit;  /* connections; 0: it has none */
    uint64_t refused;                /* connections that were turned away */
    uint64_t read, total; /* bytes read, of so many; 0: nobody knows how many there are */
    /* Of a log with positions: how many of its partitions are read here, and how many messages of
     * them are not yet; how long, at the pace of the last seconds, until there are none (0:
     * unknown, or never at this pace). */
    uint64_t partitions, lag, catch_up; /* catch_up in nanoseconds */
    uint64_t rate;                      /* messages a second, over the last seconds */
    uint64_t brokers,
        brokers_up;       /* servers of its cluster that are known, and that are connected */
    uint64_t rebalances;  /* changes of the partitions that are read here */
    uint64_t handed_over; /* of those: with something still undone */
    uint64_t commits, commit_failures;
    uint64_t commit_time; /* nanoseconds that the newest commit took */
} weir_source_gauges;

/* Callbacks of a kind. All but `read` may be NULL. */
typedef struct weir_source_kind {
    weir_kind base;
    size_t state_size; /* of weir_source.state, zeroed before `open` */
    /* Makes ready to read. A peer that is away is no failure: it is connected to later, and until
     * then source->health says so; else the source is live when this returns. */
    weir_status (*open)(weir_source *source, weir_error **error);
    /* Fills source->span with at most `limit` events that are ready now. WEIR_OK: the span holds
     * some, or an event that cannot be decoded was refused by weir_source_put; WEIR_AGAIN: nothing
     * is ready; WEIR_CLOSED: there will be no more. */
    weir_status (*read)(weir_source *source, size_t limit, weir_error **error);
    /* The engine is done with so many more events of the span, and will ask for more; where it is
     * held it may be done with none, and will ask once it goes on. */
    void (*release)(weir_source *source, size_t count);
    /* All events of `partition` below `position` are done and their results written: they need not
     * come again. Called at the end of a turn in which that has moved, also of the last one; never
     * in replay. When it fails it is logged and called again, at the end for as long as
     * `stop_within` of the runtime. NULL: the kind does not commit; a source that does not although
     * its kind can clears source->origin.commits in `open`. */
    weir_status (*commit)(weir_source *source, int32_t partition, int64_t position,
                          weir_error **error);
    /* Does what is no reading: at the beginning of each turn, also while the source is held or
     * drained, so that what it watches is watched all the while; it leaves its descriptor unready.
     * An error ends the runtime in order. */
    weir_status (*attend)(weir_source *source, weir_error **error);
    /* At the end, once all that is done was told to `commit`: has it arrived? WEIR_AGAIN: not yet;
     * it is asked again within 20 ms, for as long as `stop_within`. */
    weir_status (*settle)(weir_source *source, weir_error **error);
    /* The message at this position, if it is still there; valid until the next `read`. */
    bool (*original)(weir_source *source, int32_t partition, int64_t position, weir_original *ret);
    /* Names the event at this position for good: no other event has that text, in this run or a
     * later one, and this one has it again when it is read again. False: it has no such name. NULL:
     * none of this kind has. */
    bool (*identify)(const weir_source *source, int32_t partition, int64_t position, char *ret,
                     size_t size);
    void (*close)(weir_source *source);
    void (*measure)(weir_source *source, weir_source_gauges *ret);
    /* The field by which it deletes keys (weir_source_delete): the key of all keyed accumulators of
     * the source. NULL: it deletes none. Asked before `open`. */
    const char *(*deletes_by)(const weir_source *source);
    bool reads_bytes; /* it calls weir_source_put, by the format of its spec */
    /* In replay too this source has events of its own (a file); others have ended at once. */
    bool replays;
    /* Its events come of wake_at alone (a timer): in virtual time each comes in its moment. */
    bool ticks;
} weir_source_kind;

/* An event that could not be decoded; or one that deletes its key. */
typedef struct weir_refusal {
    bool waiting;        /* stands behind the span's values */
    const void *deletes; /* NULL: it could not be decoded; else a value that holds the key */
    int64_t time;        /* of one that deletes, nanoseconds; INT64_MIN: it has none */
    int64_t position;
    int32_t partition;
    weir_slice raw;
    char reason[512];
} weir_refusal;

struct weir_source {
    const weir_module_source *module;
    const weir_source_kind *kind;
    const weir_type *type;
    void *config;       /* as the kind's option table says */
    void *state;        /* of the kind */
    const char *folder; /* what relative paths are relative to */
    weir_origin origin;
    weir_source_health health;
    /* By the source's format; fills `reason` when it fails. */
    weir_status (*decode)(weir_source *source, weir_slice message, void *value, char *reason,
                          size_t reason_size);
    weir_format format;        /* raw messages are framed as JSON is */
    weir_csv_columns *columns; /* of CSV: set from the header row by weir_source_header */
    weir_firing firing;        /* what a decode function of `format: raw` is given */
    weir_failure failure;
    uint64_t bytes; /* of all messages so far */
    weir_span span;
    size_t taken; /* events of the span that have been handed on */
    weir_refusal refusal;
    unsigned char *values; /* the buffer that weir_source_put fills */
    weir_slice *raw;
    size_t capacity; /* of values and raw */
    const struct weir_source_host *host;
    void *host_arg;
    bool ended;
    bool joint;    /* a sink makes its positions safe: `commit` only notes them */
    int64_t until; /* events with a later stamp stay for the next read (channel) */
};

/* What a kind may ask of the engine. */
typedef struct weir_source_host {
    /* Wakes the loop: the source has events. Any thread. */
    void (*wake)(weir_source *source);
    /* Watches one descriptor for input; -1: none. */
    weir_status (*watch)(weir_source *source, int fd, weir_error **error);
    /* Wakes the source at `time`, once; INT64_MAX: not. */
    void (*wake_at)(weir_source *source, int64_t time);
    int64_t (*now)(weir_source *source);
    void (*log)(weir_source *source, weir_level level, const char *message);
} weir_source_host;

/* Decodes one message into the span. WEIR_OK: it is in, or was refused and will be a dead letter,
 * or its decode function passed it over; WEIR_FULL: the span takes no more, and this message is to
 * be put again at the next read. Its bytes stay where they are until then. */
WEIR_API weir_status weir_source_put(weir_source *source, weir_slice message, int64_t position);

/* As weir_source_put for what is no message at all: it becomes a dead letter for this reason. */
WEIR_API weir_status weir_source_refuse(weir_source *source, weir_slice bytes, int64_t position,
                                        const char *reason);

/* As weir_source_put for a message that deletes a key: what is kept of it goes, in the keyed
 * accumulators of the source and in all reactors over them, and it is counted as dropped. `value`
 * is of the source's type, holds the key and stays until the next `read`; `time` as an event's. */
WEIR_API weir_status weir_source_delete(weir_source *source, const void *value, int64_t position,
                                        int64_t time);

/* A source that keeps no messages of `partition` any more takes back those of the span that were
 * not handed on: they were never received. In `attend`. */
WEIR_API void weir_source_take_back(weir_source *source, int32_t partition);

/* The messages of `partition` before `position` are of no concern: they are done as soon as those
 * before them are. In `read`, while the span is empty. `dropped` of them are received, and counted
 * as dropped. False: out of memory. */
WEIR_API WEIR_MUST_USE bool weir_source_skip(weir_source *source, int32_t partition,
                                             int64_t position, uint64_t dropped);

/* Reads the header row of a CSV source; `where` names what it stands in. */
WEIR_API WEIR_MUST_USE weir_status weir_source_header(weir_source *source, weir_slice header,
                                                      const char *where, weir_error **error);

/* Empties the span for the next read; a kind calls it first in `read`. */
WEIR_API void weir_source_begin(weir_source *source, int32_t partition);

#ifdef __cplusplus
}
#endif

#endif
