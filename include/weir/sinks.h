/* SPDX-License-Identifier: Apache-2.0 */
/* sinks.h - results out: the contract of a sink kind.
 *
 * A sink encodes what it is given into its buffer at once, so that a result that cannot be encoded
 * fails its firing before anything has left; the kind writes the buffer out when the turn ends or
 * 64 KiB have come together. While the kind does not take it the buffer fills up to `buffer` bytes
 * and the results of one firing; then the reactors that write to the sink are held.
 *
 * An option of the kind's named `format` (a choice of json, csv, msgpack and auto), `path`,
 * `buffer` (a size) or `give_up` (a duration) is the engine's too: how results are encoded, by
 * which file name where that is auto; how much waits; how long writes that fail are tried again.
 * Without them: json, 1 MiB, a minute.
 *
 * Threads: the runtime's thread.
 */
#ifndef WEIR_SINKS_H
#define WEIR_SINKS_H

#include <weir/core.h>
#include <weir/graph.h>
#include <weir/sources.h>
#include <weir/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_sink weir_sink;

/* Where a result comes from. */
typedef struct weir_provenance {
    const char *graph, *node;
    uint32_t outlet; /* its place among all outlets of the module, over all graphs */
    weir_slice key;  /* of the firing, as the key table holds it; empty: none */
} weir_provenance;

/* An event that the firing took from its sources. */
typedef struct weir_taken {
    const char *source; /* or the accumulator that it was given to by hand, or that polled it */
    int32_t partition;
    int64_t position;
    const char *name; /* by `identify` of its source; NULL: it has none, and is of this run only */
} weir_taken;

typedef void (*weir_take_event)(void *arg, const weir_taken *event);

typedef struct weir_sink_kind {
    weir_kind base;
    size_t state_size; /* of weir_sink.state, zeroed before `open` */
    weir_status (*open)(weir_sink *sink, weir_error **error);
    /* NULL: a callback, which takes values, not bytes, and needs a function of the host's. Else it
     * writes some of `bytes` (whole results) and says how many. WEIR_AGAIN: it takes no more just
     * now (`*fd` to watch for output, or -1: it is asked again after a while). WEIR_IO: it failed,
     * and is tried again each second, until `give_up`. WEIR_CLOSED: nobody will ever read it; the
     * runtime stops. */
    weir_status (*write)(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                         weir_error **error);
    /* Makes safe what was written, as the sink's policy says: after each turn that wrote, and once
     * at the end (`last`). */
    weir_status (*sync)(weir_sink *sink, bool last, weir_error **error);
    /* Appends one result as `write` wants it, in place of the engine: its format, and a line's end.
     * On failure what was appended is taken off again, and the firing fails. */
    weir_status (*encode)(weir_sink *sink, const void *value, struct weir_buffer *out,
                          weir_wire_error *error);
    /* As `encode`, of a dead letter: with the message that its event was read from, or NULL where
     * that is not there any more. NULL: dead letters are encoded as results are. */
    weir_status (*bury)(weir_sink *sink, const weir_dead_letter *letter,
                        const weir_original *original, struct weir_buffer *out,
                        weir_wire_error *error);
    /* Of a kind whose results are safe only when an answer comes: how many of the bytes that it
     * took are, in their order. Asked once a turn; it leaves the descriptor that it watches
     * unready. Positions wait for it, and so does the end. WEIR_AGAIN: good so far; WEIR_IO:
     * answers fail to come, and `error` says why; WEIR_CLOSED: they never will; the runtime stops.
     */
    weir_status (*answered)(weir_sink *sink, uint64_t *ret_safe, weir_error **error);
    /* Of a sink that has set `joint` in `open`: its results become safe together with the positions
     * of the events that they came of, of all such sinks at once. Called at the end of each turn
     * for the module's first. `quiet`: nothing is under way; all sinks have all results, and
     * `commit` of the sources was told the positions that go with them. `now`: it is the end, or
     * reading must stop. WEIR_OK: nothing is due; WEIR_AGAIN: sources that commit are not read
     * until it is OK. Another status ends the runtime. */
    weir_status (*join)(weir_sink *sink, bool quiet, bool now, weir_error **error);
    void (*close)(weir_sink *sink);
    /* Its `encode` asks where a result comes from: then firings keep the tickets of what they take,
     * which is slower. */
    bool asks_provenance;
} weir_sink_kind;

/* What a kind may ask of the engine. */
typedef struct weir_sink_host {
    /* Watches one descriptor for input, all the while; -1: none. */
    void (*watch)(weir_sink *sink, int fd);
    /* The module's sinks and sources by their place in the spec; NULL: there are no more. Sinks are
     * opened in this order, then sources. */
    weir_sink *(*sink)(weir_sink *sink, uint32_t place);
    weir_source *(*source)(weir_sink *sink, uint32_t place);
    void (*log)(weir_sink *sink, weir_level level, const char *message);
    const weir_module *(*module)(weir_sink *sink); /* that the sink is of */
    /* In `encode` of a kind that asks_provenance. Gives `take` each event that the firing took,
     * once, in an order that is the same whenever it takes the same; none of a firing by hand. */
    void (*provenance)(weir_sink *sink, weir_provenance *ret, weir_take_event take, void *arg);
    /* The name for good of an event of a source, as in weir_taken; false: it has none. */
    bool (*identify)(weir_sink *sink, const char *source, int32_t partition, int64_t position,
                     char *ret, size_t size);
} weir_sink_host;

/* Counters since the start. */
typedef struct weir_sink_metrics {
    uint64_t results;
    uint64_t bytes;
    uint64_t failures; /* attempts to write that failed */
    uint64_t pending;  /* bytes that are not written yet */
    uint64_t limit;    /* of those; from then on the reactors that write to it are held */
    uint64_t lost;     /* bytes that were given up */
} weir_sink_metrics;

struct weir_sink {
    const weir_module_sink *module;
    const weir_sink_kind *kind;
    const weir_type *type;
    void *config; /* as the kind's option table says */
    void *state;
    const char *folder; /* what relative paths are relative to */
    bool fresh;         /* begin with an empty file (replay, test), do not append */
    bool joint;         /* it is safe together with positions: see `join` */
    weir_format format;
    weir_tap tap; /* the host's, of a sink of any kind */
    weir_sink_metrics metrics;
    const weir_sink_host *host;
    void *host_arg;
};

#ifdef __cplusplus
}
#endif

#endif
