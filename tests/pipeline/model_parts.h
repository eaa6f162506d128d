/* SPDX-License-Identifier: Apache-2.0 */
/* model_parts.h - the naive model's own data, and what its files ask of each other. */
#ifndef WEIR_TESTS_MODEL_PARTS_H
#define WEIR_TESTS_MODEL_PARTS_H

#include "tests/pipeline/model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 1024, QUEUE = 8, CELLS = 4, NONE = -1 };

/* An event of a source, and what became of it on each of its ways. */
typedef struct event {
    int source;
    rig_item item;
    int waits; /* in how many places it waits */
    bool dead, fired, collapsed, filtered;
} event;

enum { CAUSES = 16 };

/* The events that something belongs to, each once. */
typedef struct causes {
    int list[CAUSES], count;
} causes;

/* A boundary: a value that belongs to an event, or to all that the firing took that gave it. */
typedef struct boundary {
    causes of;
    int64_t id, key;
    int64_t number; /* of the step that brought it */
    int rounds;
    int64_t waited;  /* time that counts */
    int64_t arrival; /* for the order of age */
} boundary;

typedef struct cell {
    bool used;
    int64_t key;
    bool present[RIG_ROOM];
    int64_t cache[RIG_ROOM];
    boundary queue[RIG_ROOM][QUEUE];
    int count[RIG_ROOM];
    int64_t age;   /* when the key came */
    int64_t began; /* to wait; 0: nothing waits */
    bool retrying;
    boundary taken[RIG_ROOM]; /* of the retry; without causes: not taken */
    int64_t seen[RIG_ROOM];   /* its inputs */
    bool saw[RIG_ROOM];
    int64_t due, number;
    int attempts, rounds;
} cell;

typedef struct tree {
    char kind; /* 'i' input, 'n' any, 'l' all */
    int input;
    int children[8], count;
} tree;

typedef struct reactor {
    const rig_reactor *spec;
    int inputs[RIG_ROOM], input_count; /* accumulators */
    bool required[RIG_ROOM], criteria[RIG_ROOM];
    tree nodes[16];
    int node_count;
    bool keyed, paused, latest;
    int capacity, attempts;
    int64_t wait, delay;
    int64_t shared[RIG_ROOM];
    bool shared_present[RIG_ROOM];
    cell cells[CELLS];
    int64_t fired;
    int to[4], to_count;
} reactor;

typedef struct accumulator {
    char name[16];
    int source; /* or NONE */
    bool keyed, where;
} accumulator;

typedef struct feed {
    int pending[EVENTS], head, tail; /* events, in the order of their stamps */
    bool stalled;
    int max_in_flight;
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
    accumulator accumulators[RIG_ROOM];
    int accumulator_count;
    reactor reactors[RIG_ROOM];
    int reactor_count;
    struct {
        int accumulator;
        boundary boundary;
    } feedback[EVENTS];
    int feedback_count, fresh; /* those from `fresh` on were just fed back */
    asking asks[64];
    int ask_count;
    int64_t now, steps, arrivals, began;
    bool closed, ended, drain;
    weir_buffer record;
};

int model_number_in(const char *settings, const char *name, int otherwise);
bool model_in_list(const char *list, int64_t id);
cell *model_cell_of(reactor *r, int64_t key);
bool model_is_shared(const oracle *m, const reactor *r, int input);
bool model_has_value(const oracle *m, const reactor *r, const cell *c, int input);
void model_put_value(const oracle *m, reactor *r, cell *c, int input, int64_t id);
int64_t model_value(const oracle *m, const reactor *r, const cell *c, int input);
boundary model_pop(const reactor *r, cell *c, int input);
void model_add_causes(causes *to, const causes *more);
void model_wait(oracle *m, const causes *of, int by);
void model_bury(oracle *m, const causes *of, int64_t id, const char *reason, const char *where);
void model_bury_first(oracle *m, reactor *r, cell *c, int input);
bool model_is_held(const oracle *m, const reactor *r, const cell *c);
bool model_run_graph(oracle *m, reactor *r, cell *c, int64_t number, int64_t *bad);
void model_finish(oracle *m, reactor *r, cell *c, bool fired, bool filtered, const char *dead,
                  const char *where);
bool model_ask(oracle *m, reactor *r, cell *c);
bool model_ask_all(oracle *m, reactor *r);
void model_ask_latest(oracle *m);
void model_settle(oracle *m);

#endif
