/* SPDX-License-Identifier: Apache-2.0 */
/* model_parts.h - the naive model's own data, and what its files ask of each other. */
#ifndef WEIR_TESTS_MODEL_PARTS_H
#define WEIR_TESTS_MODEL_PARTS_H

#include "tests/simulation/model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 2048, QUEUE = 8, CELLS = 8, WINDOW = 8, CAUSES = 128, FEEDBACK = 512, NONE = -1 };
enum { FLUSHES = 64, ASKS = 128 };
enum { PARTS = 2 }; /* partitions of a source */

static const int64_t never = INT64_MAX;

/* --- Events and what comes of them --- */

/* An event of a source (or, source NONE, one that accumulator `by` made), and what became of it on
 * each of its ways. */
typedef struct event {
    int source, by;
    rig_item item;
    int partition;
    int64_t position;
    bool read;
    int waits; /* in how many places it waits */
    bool dead, fired, collapsed, filtered, dropped;
} event;

/* The events that something belongs to, each once, and the id that its dead letter would show. */
typedef struct causes {
    struct {
        int event;
        int64_t id;
    } list[CAUSES];
    int count;
} causes;

/* A value of an input: one item, or a window of them. */
typedef struct value {
    bool there, window;
    rig_item items[WINDOW];
    int count;
} value;

typedef struct boundary {
    value value;
    causes of;
    bool batch;     /* each cause shows an item of its own */
    int64_t number; /* of the step that brought it */
    int rounds;
    int64_t waited;  /* time that counts */
    int64_t arrival; /* for the order of age */
} boundary;

/* --- Accumulators --- */

typedef enum kind { PASSTHROUGH, STREAM, STATE, BATCH, POLLING } kind;

/* What an accumulator keeps under a key. */
typedef struct pot {
    bool used;
    int64_t key, age, last_event;
    int64_t sum;           /* stream */
    rig_item kept[WINDOW]; /* state, batch */
    int count;
    causes of; /* batch: of all that is kept, and the most rounds */
    int rounds;
    int64_t due; /* batch, polling: to be flushed */
    bool asked;  /* to be flushed as soon as there is a place */
} pot;

typedef struct accumulator {
    char name[16];
    kind kind;
    int source; /* or NONE */
    bool keyed, where;
    int size, max_keys;
    int64_t every, ttl;
    const char *flush_with; /* a reactor, or NULL */
    pot pots[CELLS];
    int64_t ages;
} accumulator;

/* --- Reactors --- */

typedef struct cell {
    bool used;
    int64_t key, age, last_event;
    value cache[RIG_ROOM];
    boundary queue[RIG_ROOM][QUEUE];
    int count[RIG_ROOM];
    int64_t began; /* to wait; 0: nothing waits */
    int64_t sums[2];
    /* of the firing that is tried again */
    bool retrying, failed[2];
    bool overdue;             /* it was due while the reactor was held */
    boundary taken[RIG_ROOM]; /* without causes: not taken */
    value seen[RIG_ROOM];     /* its inputs */
    int64_t due, number;
    int attempts, rounds;
} cell;

typedef struct tree {
    char kind; /* 'i' input, 'n' any, 'l' all */
    int input;
    int children[8], count;
} tree;

typedef struct graph {
    char name[16];
    int attempts; /* 1: no retry */
    int64_t delay, max_delay;
    char backoff; /* f, l, e */
} graph;

typedef struct reactor {
    const rig_reactor *spec;
    int inputs[RIG_ROOM], input_count; /* accumulators */
    bool required[RIG_ROOM], criteria[RIG_ROOM];
    tree nodes[16];
    int node_count;
    graph graphs[2];
    int graph_count;
    bool keyed, latest, paused;
    bool sunk; /* its sink is not ready */
    int capacity, max_keys;
    int64_t wait, ttl;
    value shared[RIG_ROOM];
    cell cells[CELLS];
    int64_t ages, fired;
    int to[4], to_count; /* accumulators */
    bool to_sink;
} reactor;

/* --- The whole --- */

typedef struct feed {
    bool log;               /* it has a history and commits; else a channel */
    const char *next;       /* of the history */
    int pending[EVENTS];    /* events that are not handed on, in the order of their stamps */
    int64_t stamps[EVENTS]; /* of each */
    int head, tail;
    int received, capacity;
    char on_full; /* f, d, c */
    bool refusal; /* what cannot be decoded stands next; or what deletes a key */
    bool deletes;
    int64_t deleted_key;
    int64_t refused_at;
    int refused, deleted;
    bool stalled, dry, ended;
    bool committing, owed; /* what was noted; some results were unwritten then */
    int max_in_flight;
    struct {
        int64_t next, ready, committed; /* positions */
        int64_t coming;                 /* of the next event of the history */
        int order;                      /* in which partitions were met; 0: not yet */
    } parts[PARTS];
    int parts_met;
} feed;

typedef struct asking {
    int reactor;
    int64_t key;
    bool all;
} asking;

struct oracle {
    const rig_spec *spec;
    const char *false_ids, *bad_ids;
    uint8_t fails[RIG_IDS];
    event events[EVENTS];
    int event_count;
    feed sources[RIG_ROOM];
    int source_count;
    accumulator accumulators[2 * RIG_ROOM];
    int accumulator_count;
    reactor reactors[RIG_ROOM];
    int reactor_count;
    struct {
        int accumulator;
        boundary boundary;
    } feedback[FEEDBACK];
    int feedback_count, fresh; /* those from `fresh` on were just fed back */
    struct {
        int accumulator;
        int64_t key;
        bool all;
    } flushes[FLUSHES];
    int flush_count;
    asking asks[ASKS];
    int ask_count;
    int current; /* the event on its way, or NONE */
    bool gated, shut;
    bool sink_fills; /* with its first result */
    int unwritten;   /* results */
    int polls;
    int64_t now, steps, arrivals, began;
    bool closed, stopped, drains, ended;
    weir_buffer record;
};

/* --- model_spec.c --- */

bool model_in_list(const char *list, int64_t id);
int64_t model_number(const char *settings, const char *name, int64_t otherwise);

/* --- model_cells.c --- */

cell *model_find_cell(reactor *r, int64_t key);
cell *model_cell_of(oracle *m, reactor *r, int64_t key); /* made if need be; NULL: max_keys */
bool model_is_shared(const oracle *m, const reactor *r, int input);
const value *model_value(const oracle *m, const reactor *r, const cell *c, int input);
void model_put_value(const oracle *m, reactor *r, cell *c, int input, const value *v);
boundary model_pop(const reactor *r, cell *c, int input);
value model_one(rig_item item);
int64_t model_shown_id(const value *v);
causes model_cause(int index, int64_t id);
void model_add_causes(causes *to, const causes *more);
void model_show_id(causes *of, int64_t id);
void model_wait(oracle *m, const causes *of, int by);
/* `where`: " in r#1" or ""; `read`: bytes that were read in this step are shown. */
void model_bury(oracle *m, const causes *of, const char *reason, const char *where, bool read);
void model_bury_first(oracle *m, reactor *r, cell *c, int input, const char *reason);
void model_forget_cell(oracle *m, reactor *r, cell *c, const char *reason);
int model_made_event(oracle *m, int into, rig_item item);

/* --- model_fire.c --- */

bool model_is_held(const oracle *m, const reactor *r, const cell *c);
bool model_is_full(oracle *m, reactor *r, const cell *c, int input, int source);
bool model_ask(oracle *m, reactor *r, cell *c);
bool model_ask_all(oracle *m, reactor *r);
void model_ask_latest(oracle *m);
void model_try_again(oracle *m, reactor *r, cell *c);
/* The reactor is held no more: what was due is due now. */
void model_let_go(oracle *m, reactor *r);
/* NULL, or why a graph failed. */
const char *model_fire_by_hand(oracle *m, reactor *r, cell *c);

/* --- model_gather.c --- */

void model_gather(oracle *m, int into, rig_item item, boundary b);
bool model_has_place(oracle *m, int into, int64_t key);
void model_flush(oracle *m, int into, pot *p);
void model_flush_each(oracle *m, int into);
void model_flush_later(oracle *m, int into, int64_t key, bool all);
bool model_flush_next(oracle *m);
void model_forget_pot(oracle *m, int into, pot *p, const char *reason);
/* What a source deletes: it can go now; it goes. */
bool model_can_delete(oracle *m, int source, int64_t key);
void model_delete(oracle *m, int source, int64_t key);

/* --- model_turn.c --- */

void model_deliver(oracle *m, int into, boundary b, int64_t key, rig_item item);
void model_ask_asked(oracle *m);
void model_ask_later(oracle *m, int reactor, int64_t key, bool all);
void model_settle(oracle *m);
void model_take_turn(oracle *m);
bool model_could_go_on(oracle *m);
bool model_all_read(const oracle *m);
void model_write_sinks(oracle *m);
void model_commit(oracle *m);

/* --- model_time.c --- */

void model_run_timers(oracle *m, int64_t until);
void model_advance(oracle *m, int64_t by);
void model_drain(oracle *m);

#endif
