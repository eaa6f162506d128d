/* SPDX-License-Identifier: Apache-2.0 */
/* graph.h - firings: what a node function is given, and what a module says of itself.
 *
 * A node function gets a `weir_firing *`, one const pointer per input, its state and its result. It
 * answers WEIR_OK, WEIR_SKIP (no value this time) or weir_fail(firing, "why"). It runs on the
 * runtime's thread, must not block, and keeps no pointer that it was given.
 *
 * The module descriptor at the end is written by the code generator; a user only passes its address
 * to weir_runtime_load.
 */
#ifndef WEIR_GRAPH_H
#define WEIR_GRAPH_H

#include <weir/core.h>
#include <weir/task.h>
#include <weir/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- For node functions --- */

/* The reason of the newest failure. */
typedef struct weir_failure {
    uint32_t node;     /* index in the graph's nodes */
    char message[252]; /* cut to fit */
} weir_failure;

/* One firing. Read it; only the engine writes it. */
typedef struct weir_firing {
    int64_t now;     /* the firing's time, nanoseconds since 1970 (virtual in replay and tests) */
    uint64_t number; /* counts from 1 in its reactor; a retry keeps its number */
    const void *key; /* the key's bytes as the key table holds them, NULL without keys */
    const void *params; /* the module's MODULE_params */
    void *user;         /* what the host gave weir_runtime_set_user */
    weir_failure *failure;
} weir_firing;

/* Fails the firing: `return weir_fail(firing, "negative price %g", price);` */
WEIR_API weir_status weir_fail(weir_firing *firing, const char *format, ...) WEIR_PRINTF(2, 3);

/* --- Between generated code and the engine --- */

/* Called with each result that has left through a sink; `value` lives until it returns. May push
 * and stop, not run or free. */
typedef void (*weir_result_function)(const void *value, void *arg);

typedef struct weir_tap {
    weir_result_function function; /* NULL: none */
    void *arg;
} weir_tap;

/* Where one result goes: a sink, an accumulator (feedback), or a member of a call's out struct.
 * With `prepare` a result can be refused (it cannot be encoded) before any result of the firing has
 * left; then either `commit` follows for all, or `cancel` for all that were prepared. */
typedef struct weir_outlet weir_outlet;
struct weir_outlet {
    weir_status (*take)(const weir_outlet *outlet, weir_firing *firing, const void *value);
    weir_status (*prepare)(const weir_outlet *outlet, weir_firing *firing, const void *value);
    void (*commit)(const weir_outlet *outlet, weir_firing *firing, const void *value);
    void (*cancel)(const weir_outlet *outlet);
    void *arg;
    const weir_tap *tap; /* all there is to do but for counting, or NULL: as the functions do */
    uint64_t *results;   /* where those of a tap are counted */
    uint32_t node;       /* whose results it takes */
};

/* One result on its way: the index of its first outlet, and the value. */
typedef struct weir_result {
    const void *value;
    uint32_t outlet;
    uint32_t outlet_count;
} weir_result;

/* What a graph's run function works with, beside its inputs and state. `counts` has a place for
 * each node's skips, then one for each counter that the nodes' tables name. */
typedef struct weir_graph_frame {
    const weir_outlet *outlets;
    uint64_t *counts;
    weir_failure *failure; /* of this graph, where it failed */
} weir_graph_frame;

/* Lets all results leave, or none: all are prepared before any is committed. */
WEIR_API weir_status weir_results_leave(weir_firing *firing, const weir_graph_frame *frame,
                                        const weir_result *results, size_t count);

/* Notes that `node` gave no value or failed. Returns WEIR_OK after a skip (the rest of its branch
 * is absent), else the failure. */
WEIR_API weir_status weir_at_node(weir_firing *firing, const weir_graph_frame *frame, uint32_t node,
                                  weir_status status);

/* Marks a graph of a reactor as failed and keeps why. Returns WEIR_FAILED. */
WEIR_API weir_status weir_graph_failed(const weir_firing *firing, const weir_graph_frame *frame,
                                       bool *failed);

/* Lets the only result of a branch leave, straight away. */
static inline weir_status weir_outlet_take(const weir_outlet *outlet, weir_firing *firing,
                                           uint32_t node, const void *value)
{
    if (outlet->tap != NULL) {
        ++*outlet->results;
        outlet->tap->function(value, outlet->tap->arg);
        return WEIR_OK;
    }
    weir_status status = outlet->take(outlet, firing, value);
    if (status != WEIR_OK)
        firing->failure->node = node;
    return status;
}

/* A window: the boundary of batch and state accumulators, oldest item first. */
typedef struct weir_window {
    const void *items;
    size_t count;
} weir_window;

/* Inputs stand in the order of the reactor's inputs; absent ones are NULL, windows point to a
 * weir_window. */
typedef weir_status (*weir_graph_function)(weir_firing *firing, const void *const *inputs,
                                           void *state, const weir_graph_frame *frame);

/* A member of a call's out struct: where a result goes instead of its outlets. */
typedef struct weir_capture {
    void *value;
    bool *flag;
    size_t size;
    uint32_t outlet_count; /* how many outlets the result has in the graph */
} weir_capture;

/* Runs a graph without a runtime: results go into the captures, in the order of the graph's
 * outlets. `counts` has the graph's count_size places. Any thread. */
WEIR_API weir_status weir_graph_call(const char *graph, weir_graph_function run,
                                     weir_firing *firing, const void *const *inputs, void *state,
                                     weir_capture *captures, size_t capture_count,
                                     weir_outlet *outlets, uint64_t *counts, weir_error **error);

typedef struct weir_series_key {
    const void *key;
    void *states;
} weir_series_key;

/* What a reactor fires on: the values that one of its inputs has in turn, while the other inputs
 * stay as they are. Many at once, so that a span costs one call into the module. */
typedef struct weir_series {
    const void **inputs;            /* in the order of the reactor's inputs */
    uint32_t input;                 /* whose values they are */
    const unsigned char *values;    /* the next of them */
    size_t size;                    /* bytes from one to the next */
    size_t count;                   /* at least 1 */
    const uint32_t *held;           /* no further once it is not 0 */
    void *states;                   /* of the reactor's graphs */
    const weir_series_key *keys;    /* with keys, of each value: its own states; else NULL */
    const weir_graph_frame *frames; /* of its graphs, in their order */
    bool *failed;                   /* of its graphs: those that failed are marked */
    size_t done;                    /* fired, or filtered */
    size_t filtered;                /* `where` was false */
} weir_series;

/* A reactor's fused function: for each value its `where`, then its graphs. `firing` has the number
 * of the first firing, and then of the next. A failure ends the series: its value is not among
 * those done, its input holds it, its failed graphs are marked, and the others have run. */
typedef weir_status (*weir_reactor_function)(weir_firing *firing, weir_series *series);

/* One value of a series. WEIR_SKIP: `where` was false. */
typedef weir_status (*weir_fire_function)(weir_firing *firing, const weir_series *series);

/* The body of every weir_reactor_function, into which the compiler puts `fire`. */
static inline __attribute__((always_inline)) weir_status
weir_fire_each(weir_firing *firing, weir_series *series, weir_fire_function fire)
{
    weir_series own = *series; /* no node function can change it: it stays in registers */
    weir_status status;

    do {
        own.inputs[own.input] = own.values;
        if (own.keys != NULL) {
            firing->key = own.keys[own.done].key;
            own.states = own.keys[own.done].states;
        }
        status = fire(firing, &own);
        if (__builtin_expect(status == WEIR_OK, 1))
            firing->number++;
        else if (status == WEIR_SKIP)
            own.filtered++;
        else
            break;
        own.values += own.size;
    } while (++own.done < own.count && *own.held == 0);
    series->done = own.done;
    series->filtered = own.filtered;
    return status == WEIR_SKIP ? WEIR_OK : status;
}

typedef weir_status (*weir_condition_function)(weir_firing *firing, const void *const *inputs);

/* The built-in type DeadLetter: what could not be decoded, found no place or failed for good. */
typedef struct weir_dead_letter {
    char source[65];
    int32_t partition;
    int64_t position;
    int64_t time;
    char reason[257];
    char node[65];   /* GRAPH.node, or empty */
    uint64_t firing; /* its number in its reactor; 0: none */
    uint32_t raw_size;
    uint8_t raw[4096];
    char inputs[4097]; /* a JSON object, cut to fit */
} weir_dead_letter;

/* The options of a graph (rule E14). */
typedef enum weir_on_error {
    WEIR_ON_ERROR_DEAD_LETTER,
    WEIR_ON_ERROR_RETRY,
    WEIR_ON_ERROR_HALT,
} weir_on_error;

typedef enum weir_backoff {
    WEIR_BACKOFF_FIXED,
    WEIR_BACKOFF_LINEAR,
    WEIR_BACKOFF_EXPONENTIAL,
} weir_backoff;

typedef struct weir_graph_config {
    int on_error;      /* weir_on_error */
    int64_t attempts;  /* runs in all, the first included */
    int64_t delay;     /* nanoseconds before the second run */
    int64_t max_delay; /* nanoseconds */
    int backoff;       /* weir_backoff */
    int64_t slow;      /* nanoseconds; a longer run is named */
} weir_graph_config;

/* --- The module descriptor --- */

#define WEIR_NONE UINT32_MAX /* no index, no offset */

typedef struct weir_module_settings {
    const weir_setting *items;
    size_t count;
} weir_module_settings;

/* Fills `value` from the raw bytes of a `format: raw` source. */
typedef weir_status (*weir_raw_function)(weir_firing *firing, const unsigned char *data,
                                         size_t size, void *value);

typedef struct weir_module_source {
    const char *name;
    const char *kind;
    const weir_type *type;
    uint32_t time_offset;     /* of the event time (int64_t) in a value, or WEIR_NONE */
    const char *dead_letters; /* a sink, "none", or NULL: the module's */
    weir_raw_function decode; /* of `format: raw` */
    weir_module_settings settings;
    weir_place place;
} weir_module_source;

/* A key's bytes are its fields' bytes, each padded with zeros to a multiple of eight. */
typedef struct weir_key_part {
    uint32_t offset;
    uint32_t size;
} weir_key_part;

typedef struct weir_module_accumulator {
    const char *name;
    const char *kind;
    uint32_t source;           /* index, or WEIR_NONE */
    const weir_type *type;     /* of its events */
    const weir_type *boundary; /* of its boundaries; where `window`, of their items */
    bool window;
    const weir_key_part *key_parts;
    uint32_t key_part_count; /* 0: no key */
    uint32_t state_size;     /* of a stream's private state */
    /* `where:`; WEIR_SKIP: go no further. */
    weir_status (*where)(weir_firing *firing, const void *event);
    /* stream: updates the state and fills `out`; WEIR_SKIP: no boundary. */
    weir_status (*update)(weir_firing *firing, const void *event, void *state, void *out);
    /* polling: fills `out`; WEIR_SKIP: no change. On a helper thread unless `inline: true`. */
    weir_status (*poll)(weir_firing *firing, void *out);
    weir_module_settings settings;
    weir_place place;
} weir_module_accumulator;

/* A criteria tree in prefix order: ANY and ALL are followed by their `count` children. */
typedef enum weir_criterion_kind {
    WEIR_CRITERION_INPUT,
    WEIR_CRITERION_ANY,
    WEIR_CRITERION_ALL,
} weir_criterion_kind;

typedef struct weir_criterion {
    weir_criterion_kind kind;
    uint32_t input; /* of INPUT: index in the reactor's inputs */
    uint32_t count; /* of ANY and ALL: children */
} weir_criterion;

typedef struct weir_module_input {
    uint32_t accumulator;
    bool criteria; /* the criteria name it */
    bool required; /* somebody reads it without `optional` or has() */
} weir_module_input;

typedef enum weir_strategy { WEIR_SEQUENTIAL, WEIR_LATEST } weir_strategy;

typedef struct weir_module_reactor {
    const char *name;
    weir_strategy strategy;
    const weir_criterion *criteria;
    uint32_t criterion_count;
    const weir_module_input *inputs;
    uint32_t input_count;
    const uint32_t *graphs; /* indices in the module's graphs, in the order of the spec */
    uint32_t graph_count;
    uint32_t state_size;           /* of all its graphs' states together */
    weir_condition_function where; /* NULL: none */
    weir_reactor_function fire;
    weir_module_settings settings;
    weir_place place;
} weir_module_reactor;

/* How often a node ran: counts[counter], or where that is WEIR_NONE the runs of `after` less its
 * skips; `after` WEIR_NONE stands for the graph's own runs. */
typedef struct weir_module_node {
    const char *name;
    const char *doc;
    uint32_t counter;
    uint32_t after;
    weir_place place;
} weir_module_node;

/* An arrow of the picture: from an input of the reactor (or an argument), or a node, into a node.
 */
typedef struct weir_module_edge {
    const char *label; /* the route, or NULL */
    uint32_t from_input;
    uint32_t from_node;
    uint32_t to_node;
    uint32_t counter; /* of a route, or WEIR_NONE */
    bool optional;
} weir_module_edge;

/* A result of `node` leaves through this outlet to a sink or an accumulator; both WEIR_NONE where
 * only a call gives it. */
typedef struct weir_module_outlet {
    uint32_t node;
    uint32_t sink;
    uint32_t accumulator;
    const weir_type *type;
} weir_module_outlet;

/* A graph that is only called: `args` is a value of its args type, `out` its generated struct. */
typedef weir_status (*weir_call_function)(const void *args, int64_t now, const void *params,
                                          void *state, void *out, weir_error **error);

/* One result in a graph's generated out struct. */
typedef struct weir_module_member {
    const char *name;
    const weir_type *type;
    uint32_t offset;
    uint32_t flag_offset; /* of the bool that says it is there */
} weir_module_member;

typedef struct weir_module_graph {
    const char *name;
    const char *doc;
    uint32_t reactor; /* index, or WEIR_NONE: only called */
    weir_graph_function run;
    uint32_t state_offset; /* in the reactor's states */
    uint32_t state_size;
    const weir_module_node *nodes;
    uint32_t node_count;
    const weir_module_edge *edges;
    uint32_t edge_count;
    const weir_module_outlet *outlets;
    uint32_t outlet_count;
    uint32_t count_size;     /* length of a frame's `counts` */
    weir_call_function call; /* NULL: it has a reactor */
    const weir_type *args;   /* of what `call` takes */
    uint32_t out_size;
    const weir_module_member *outputs;
    uint32_t output_count;
    const char *dead_letters;
    weir_module_settings settings;
    weir_place place;
} weir_module_graph;

typedef struct weir_module_sink {
    const char *name;
    const char *kind;
    const weir_type *type;
    weir_module_settings settings;
    weir_place place;
} weir_module_sink;

/* A parameter lies in MODULE_params; its text is read by the type's field table. */
typedef struct weir_module_param {
    const char *name;
    const char *fallback; /* NULL: must be given at load */
    const char *doc;
} weir_module_param;

typedef enum weir_step_kind {
    WEIR_STEP_SEND,
    WEIR_STEP_ADVANCE,
    WEIR_STEP_FLUSH,
    WEIR_STEP_CALL,
    WEIR_STEP_EXPECT,
} weir_step_kind;

/* One line of a test; values of one step follow each other (`first` marks where a step begins). */
typedef struct weir_module_step {
    weir_step_kind kind;
    bool first;
    const char *name; /* a source, accumulator, graph, sink or GRAPH.node */
    const char *json; /* send: a value; call: an object of arguments; expect: a list */
    int64_t advance_ns;
    weir_place place;
} weir_module_step;

typedef struct weir_module_test {
    const char *name;
    const weir_module_step *steps;
    uint32_t step_count;
    weir_place place;
} weir_module_test;

typedef struct weir_module {
    uint32_t generation; /* WEIR_GENERATION of the generator */
    const char *name;
    const char *spec; /* the file it came from, as given to the generator */
    const weir_type *const *types;
    uint32_t type_count;
    const weir_type *params_type; /* MODULE_params as a struct type, or NULL */
    const weir_module_param *params;
    uint32_t param_count;
    const weir_module_source *sources;
    uint32_t source_count;
    const weir_module_accumulator *accumulators;
    uint32_t accumulator_count;
    const weir_module_reactor *reactors;
    uint32_t reactor_count;
    const weir_module_graph *graphs;
    uint32_t graph_count;
    const weir_module_sink *sinks;
    uint32_t sink_count;
    const weir_module_test *tests;
    uint32_t test_count;
    const weir_module_workflow *workflows;
    uint32_t workflow_count;
    const char *dead_letters;
    const char *keeps; /* what it keeps beyond a firing, so that no sink of it can be safe together
                        * with positions (weir_sink.joint); NULL: nothing */
    weir_module_settings settings; /* max_rounds */
} weir_module;

#ifdef __cplusplus
}
#endif

#endif
