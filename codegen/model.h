/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - a spec as data: what load builds, check completes, and emit writes down as C.
 *
 * Everything lives in the spec's arena and is frozen once spec_check has passed. Lists keep the
 * order of the file, which the engine's rules refer to. Members under "resolved" are NULL or zero
 * until check has run; emit relies on them. `where` is the place of the name, for messages.
 */
#ifndef WEIR_CODEGEN_MODEL_H
#define WEIR_CODEGEN_MODEL_H

#include "core/arena.h"
#include <weir/core.h>

typedef struct spec spec;
typedef struct spec_type spec_type;
typedef struct spec_accumulator spec_accumulator;
typedef struct spec_reactor spec_reactor;
typedef struct spec_graph spec_graph;
typedef struct spec_node spec_node;
typedef struct spec_sink spec_sink;
typedef struct spec_source spec_source;

/* --- Types --- */

typedef enum spec_type_kind {
    SPEC_BOOL,
    SPEC_I8,
    SPEC_I16,
    SPEC_I32,
    SPEC_I64,
    SPEC_U8,
    SPEC_U16,
    SPEC_U32,
    SPEC_U64,
    SPEC_F32,
    SPEC_F64,
    SPEC_TIMESTAMP, /* int64_t nanoseconds since 1970 */
    SPEC_DURATION,  /* int64_t nanoseconds */
    SPEC_DATE,      /* int32_t days since 1970 */
    SPEC_STRING,    /* char[size + 1], zero-padded */
    SPEC_BYTES,     /* uint32_t NAME_size; uint8_t NAME[size] */
    SPEC_ENUM,
    SPEC_STRUCT,
} spec_type_kind;

typedef enum spec_time_form {
    SPEC_TIME_NS,
    SPEC_TIME_US,
    SPEC_TIME_MS,
    SPEC_TIME_S,
    SPEC_TIME_ISO
} spec_time_form;

/* How a type is used at one place: `optional Level x 0..10`. In C an optional adds `bool has_NAME`,
 * a list of varying length `uint32_t NAME_count`, both before the member itself. */
typedef struct spec_shape {
    const spec_type *type;    /* resolved */
    uint32_t size;            /* N of string(N), bytes(N) */
    spec_time_form time_form; /* of a timestamp, on the wire */
    bool optional;
    bool list; /* `x 10`: min == max; `x 0..10` */
    uint32_t min, max;
    const char *type_name; /* as written, for check to resolve */
    weir_place where;
} spec_shape;

typedef struct spec_field {
    const char *name;
    const char *wire; /* its name on the wire; never NULL */
    spec_shape shape;
    bool text;            /* a number that is written as text */
    const char *fallback; /* default as written, NULL: none; checked against the shape */
    const char *moment;   /* what a schedule gives it instead: "schedule.date"; NULL: none */
    const char *doc;      /* NULL: none; so everywhere */
    weir_place where, fallback_where, moment_where;
} spec_field;

typedef struct spec_fields {
    spec_field *items;
    size_t count;
} spec_fields;

typedef struct spec_enumerator {
    const char *name;
    int32_t number;
    weir_place where;
} spec_enumerator;

struct spec_type {
    spec_type_kind kind;
    const char *name; /* "Quote"; a scalar's own word ("f64") */
    spec_fields fields;
    spec_enumerator *enumerators;
    size_t enumerator_count;
    const char *doc;
    weir_place where;
    bool builtin; /* scalars, Tick, DeadLetter */
    bool used;    /* resolved: the spec names it */
};

/* --- Expressions --- */

typedef struct spec_spot {
    uint32_t line, column;
} spec_spot;

/* An expression of the user's; `where` is the place of its first character. */
typedef struct spec_expression {
    const char *text; /* NULL: there is none */
    weir_place where;
    const spec_spot *spots; /* of each byte and the end; NULL: they follow each other on one line */
    bool quoted;            /* YAML cannot have cut it */
    const struct expr *tree; /* resolved: typed, ready for expr_emit */
} spec_expression;

/* `mid: (a.bid + a.ask) / 2` */
typedef struct spec_assignment {
    const char *field;
    spec_expression value;
    const spec_field *target; /* resolved */
    weir_place where;
} spec_assignment;

typedef struct spec_assignments {
    spec_assignment *items;
    size_t count;
    bool given; /* perhaps as {} */
    weir_place where;
} spec_assignments;

/* --- Names that refer to something --- */

typedef struct spec_name {
    const char *text;
    weir_place where;
} spec_name;

typedef struct spec_names {
    spec_name *items;
    size_t count;
} spec_names;

/* The options of a kind, as written; read through the kind's table at check and again at load. */
typedef struct spec_settings {
    weir_setting *items;
    weir_place *names; /* where each name stands */
    size_t count;
} spec_settings;

/* --- The rooms, in the order of the data --- */

typedef struct spec_param {
    const char *name;
    spec_shape shape;
    const char *fallback; /* NULL: required at load */
    const char *doc;
    weir_place where, fallback_where, moment_where;
} spec_param;

struct spec_source {
    const char *name;
    spec_name kind_name;
    const weir_kind *kind; /* resolved */
    spec_name type_name;
    const spec_type *type; /* resolved; Tick for a timer */
    spec_name format;      /* text NULL: from the path's ending, or the kind's own default */
    spec_name time;        /* the field that holds the event time; text NULL: none */
    const spec_field *time_field;
    spec_name dead_letters; /* a sink, "none", or NULL: the spec's */
    spec_settings settings;
    const char *doc;
    weir_place where;
    size_t index; /* resolved: in spec.sources */
};

typedef enum spec_accumulator_kind {
    SPEC_PASSTHROUGH,
    SPEC_STREAM,
    SPEC_POLLING,
    SPEC_BATCH,
    SPEC_STATE,
    SPEC_CUSTOM, /* a kind that the user registered */
} spec_accumulator_kind;

struct spec_accumulator {
    const char *name;
    bool implied; /* a source used as its own passthrough */
    spec_name kind_name;
    const weir_kind *kind; /* resolved */
    spec_accumulator_kind form;
    spec_name source_name; /* text NULL: fed by feedback, polling or inject only */
    const spec_source *source;
    spec_name type_name;   /* `type:` of one without a source */
    const spec_type *type; /* resolved: of its events */
    spec_name out_name;    /* `out:` of a stream or polling accumulator */
    const spec_type
        *boundary; /* resolved: type of a boundary, or of its items where it is a window */
    bool window;   /* resolved: batch and state emit `const T *items, size_t n` */
    spec_names key_names;
    const spec_field *const *key; /* resolved; key_names.count of them */
    spec_fields state;            /* stream: private state */
    spec_assignments update;      /* stream: {state fields} */
    spec_expression filter;       /* `where:` */
    spec_assignments set;         /* stream: {fields of out} */
    bool calls;     /* resolved: a C function of the user's does it (stream, polling) */
    spec_name call; /* polling: the C function's name; NULL: MODULE_NAME */
    spec_settings settings;
    const char *doc;
    weir_place where;
    size_t index;
};

/* The tree of `when_any: [a, {when_all: [b, c]}]`. */
typedef enum spec_criteria_kind { SPEC_NAME, SPEC_ANY, SPEC_ALL } spec_criteria_kind;

typedef struct spec_criteria {
    spec_criteria_kind kind;
    spec_name name; /* of SPEC_NAME */
    size_t input;   /* resolved: index in the reactor's inputs */
    struct spec_criteria *children;
    size_t child_count;
    weir_place where;
} spec_criteria;

/* An input of a reactor: an accumulator that its criteria, its `where:` or one of its graphs reads.
 */
typedef struct spec_reactor_input {
    const spec_accumulator *accumulator;
    bool criteria; /* the criteria name it */
    bool required; /* somebody reads it without `optional` or has() */
} spec_reactor_input;

struct spec_reactor {
    const char *name;
    bool implied; /* made for a graph with criteria of its own; has its name */
    spec_criteria *criteria;
    bool latest;
    spec_expression filter; /* `where:` */
    spec_settings settings;
    const char *doc;
    weir_place where;
    size_t index;
    /* resolved */
    spec_reactor_input *inputs; /* criteria in their order, then the others as first read */
    size_t input_count;
    const spec_graph **graphs;
    size_t graph_count;
    const spec_accumulator *keyed;        /* one of its keyed criteria accumulators, or NULL */
    const struct expr_root *filter_roots; /* what `where:` may read, and reads */
    size_t filter_root_count;
};

typedef enum spec_operand_kind {
    SPEC_FROM_ACCUMULATOR,
    SPEC_FROM_ARG,
    SPEC_FROM_NODE,
    SPEC_FROM_ROUTE,
} spec_operand_kind;

/* One name of a node's `in:`. */
typedef struct spec_operand {
    const char *name;  /* `decide` of decide.trade */
    const char *route; /* `trade`; NULL: none */
    bool optional;
    weir_place where;
    /* resolved */
    spec_operand_kind kind;
    const spec_accumulator *accumulator;
    const spec_field *arg;
    const spec_node *node;
    size_t route_index;
    const spec_type *type;
    bool window;
} spec_operand;

typedef struct spec_route {
    const char *name;
    spec_name type_name; /* "none": without payload */
    const spec_type *type;
    const char *doc;
    weir_place where;
} spec_route;

/* A `to:` name. */
typedef struct spec_target {
    spec_name name;
    const spec_sink *sink;               /* resolved: one of the two */
    const spec_accumulator *accumulator; /* feedback */
} spec_target;

typedef enum spec_node_form {
    SPEC_NODE_C,    /* a prototype for the user to fill */
    SPEC_NODE_SET,  /* written whole in the spec */
    SPEC_NODE_PASS, /* neither `out:` nor `routes:`: its input passes on */
} spec_node_form;

struct spec_node {
    const char *name;
    spec_operand *in;
    size_t in_count;
    spec_name out_name;
    const spec_type *out; /* resolved; NULL for a routing node */
    bool out_window;      /* resolved: it passes a window on */
    spec_route *routes;
    size_t route_count;
    spec_fields state;
    spec_expression filter; /* `where:` */
    spec_assignments set;
    const spec_operand *copy_from; /* resolved: `set:` copies the other fields from this input */
    spec_target *to;
    size_t to_count;
    const char *doc;
    weir_place where;
    /* resolved */
    spec_node_form form;
    const spec_graph *graph;
    size_t index;  /* in the graph's nodes, topological order (ties: the spec's) */
    bool terminal; /* its result is read by no node: an output of a call, or sent */
};

struct spec_graph {
    const char *name;
    spec_name trigger; /* text NULL: own criteria, or only called */
    const spec_reactor *reactor;
    spec_fields args; /* of a graph that is only called */
    bool unfired;     /* nothing fires it and nobody can call it; that was told */
    spec_node *nodes; /* after check: in topological order */
    size_t node_count;
    spec_name dead_letters;
    spec_settings settings; /* on_error, slow */
    const char *doc;
    weir_place where;
    size_t index;
};

struct spec_sink {
    const char *name;
    spec_name kind_name;
    const weir_kind *kind; /* resolved */
    spec_name type_name;
    const spec_type *type; /* resolved; DeadLetter where dead letters go */
    spec_name format;
    bool dead_letters; /* resolved: dead letters go here */
    spec_settings settings;
    const char *doc;
    weir_place where;
    size_t index;
};

/* --- Workflows --- */

/* An expression that the workflow engine evaluates. */
typedef struct spec_evaluated {
    spec_expression expression; /* text NULL: there is none */
    const char *json;           /* resolved: its tree */
} spec_evaluated;

/* One word of a command: `name`, what an expression gives, or a secret of that name. */
typedef struct spec_word {
    spec_name name;
    spec_evaluated value;
    bool secret;
} spec_word;

typedef struct spec_words {
    spec_word *items;
    size_t count;
} spec_words;

typedef struct spec_task {
    const char *name; /* of a hook "extract/on_failure" */
    const char *id;   /* the same in C */
    spec_names after;
    const size_t *after_index; /* resolved; after.count of them */
    spec_name call;            /* a C function; text NULL: a command */
    spec_words exec;
    spec_name graph;
    size_t graph_index; /* resolved */
    spec_name workflow; /* that it begins */
    size_t workflow_index;
    spec_assignments with;   /* arguments of the graph, the input of the workflow */
    const char **with_json;  /* resolved: their trees */
    spec_evaluated for_each; /* a list: the task is run for each item */
    spec_evaluated rule;     /* `run_if:` that is no word */
    spec_names retry_on;     /* classes of errors */
    spec_settings settings;
    spec_names conditions; /* C functions */
    spec_settings retry, concurrency, defer;
    struct spec_task *on_success, *on_failure; /* hooks; NULL: none */
    bool hook;                                 /* it is one */
    bool unread;                               /* some of it could not be read, and was told of */
    const char *doc;
    weir_place where;
} spec_task;

/* What starts a workflow beside a schedule: a function that is called, or files that are looked
 * for.
 */
typedef struct spec_trigger {
    const char *name;
    spec_name call, files; /* text NULL: it has none */
    spec_settings settings;
    bool unread; /* some of it could not be read, and was told of */
    const char *doc;
    weir_place where;
} spec_trigger;

typedef struct spec_workflow {
    const char *name;
    spec_task *tasks;
    size_t task_count;
    spec_task *on_success, *on_failure; /* hooks; NULL: none */
    spec_task **bodies;                 /* all that runs: the tasks, and hooks behind theirs */
    size_t body_count;
    spec_fields input;
    bool has_input; /* perhaps {}; else any object will do */
    bool has_slot;  /* may have one: it has a schedule, or is begun by one that may */
    spec_trigger *triggers;
    size_t trigger_count;
    spec_settings settings, schedule;
    const char *doc;
    weir_place where;
} spec_workflow;

/* --- Tests of the spec --- */

typedef enum spec_step_kind {
    SPEC_SEND,
    SPEC_ADVANCE,
    SPEC_FLUSH,
    SPEC_CALL,
    SPEC_EXPECT,
} spec_step_kind;

/* One value of a test: what it goes to or is expected of, and the value as JSON text. */
typedef struct spec_step_value {
    spec_name name;   /* a source, a graph, a sink, or GRAPH.node */
    const char *json; /* send: one value; call: the args' object; expect: a list */
    weir_place where;
} spec_step_value;

typedef struct spec_step {
    spec_step_kind kind;
    int64_t advance_ns;
    spec_name flush;
    spec_step_value *values;
    size_t value_count;
    weir_place where;
} spec_step;

typedef struct spec_test {
    const char *name;
    const char *doc;
    spec_step *steps;
    size_t step_count;
    weir_place where;
} spec_test;

/* --- The whole --- */

struct spec {
    weir_arena arena;
    const char *file;   /* as given, for messages */
    const char *module; /* NULL: a spec of types only */
    const char *doc;
    const spec_type **types; /* the spec's and its imports', in order; after check sorted so that
                                a type stands after those it contains */
    size_t type_count;
    spec_param *params;
    size_t param_count;
    spec_source *sources;
    size_t source_count;
    spec_accumulator **accumulators; /* implied ones stand where their source stands */
    size_t accumulator_count;
    spec_reactor **reactors; /* `reactors:` first, then graphs with criteria of their own */
    size_t reactor_count;
    spec_graph *graphs;
    size_t graph_count;
    spec_sink *sinks;
    size_t sink_count;
    spec_workflow *workflows;
    size_t workflow_count;
    spec_test *tests;
    size_t test_count;
    spec_settings settings; /* max_rounds */
    spec_name dead_letters;
    const char *keeps;  /* resolved: why no sink can be exactly_once; NULL: one can */
    const char **files; /* the spec and what it imports, for the depfile */
    size_t file_count;
};

/* The built-in type of a scalar's word (SPEC_BOOL ... SPEC_DATE); static. */
const spec_type *spec_scalar(spec_type_kind kind);

#endif
