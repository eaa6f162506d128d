/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h - the keys of each section of a spec: what load reads, the schema says and the reference
 * lists. The options of kinds stand beside them and come from the kinds' own tables.
 */
#ifndef WEIR_CODEGEN_KEYS_H
#define WEIR_CODEGEN_KEYS_H

#include "codegen/model.h"

/* What stands behind a key, and so what its member in the model is. */
typedef enum spec_takes {
    TAKES_TEXT,        /* const char * */
    TAKES_DEFAULT,     /* `default` of a spec_field: a text, or {expr: ..} */
    TAKES_BOOL,        /* bool */
    TAKES_NAME,        /* spec_name */
    TAKES_NAMES,       /* spec_names: one name or a list */
    TAKES_STRATEGY,    /* bool: latest */
    TAKES_SHAPE,       /* spec_shape */
    TAKES_FIELDS,      /* spec_fields: {name: type} */
    TAKES_EXPRESSION,  /* spec_expression */
    TAKES_ASSIGNMENTS, /* spec_assignments: {field: expression} */
    TAKES_CRITERIA,    /* spec_criteria *: a list of names and criteria */
    TAKES_OPERANDS,    /* `in` of a spec_node */
    TAKES_ROUTES,      /* `routes` of a spec_node */
    TAKES_TARGETS,     /* `to` of a spec_node */
    TAKES_NODES,       /* spec_graph: its nodes */
    TAKES_TASKS,       /* spec_workflow: its tasks */
    TAKES_TRIGGERS,    /* spec_workflow: its triggers */
    TAKES_HOOK,        /* spec_task *: the name of a function, or what a task does */
    TAKES_WORDS,       /* spec_words: the words of a command */
    TAKES_SETTINGS,    /* spec_settings: options in a map of their own */
    TAKES_SECTION,     /* a section of the spec: {name: {...}} */
} spec_takes;

typedef struct spec_key {
    const char *name;
    spec_takes takes;
    bool required;
    bool of_reactor;  /* on a graph: belongs to the reactor that the graph makes for itself */
    size_t offset;    /* of its member */
    const char *only; /* the kinds that know it, "stream|polling"; NULL: all */
    const char *help; /* one sentence */
} spec_key;

typedef struct spec_section {
    const char *what; /* "source", for messages */
    const spec_key *keys;
    size_t count;
    const char *later; /* keys that are yet to come, "input|schedule"; NULL: none */
} spec_section;

/* A graph as it stands in the file: with the criteria of its own reactor, if it has any. */
typedef struct spec_graph_parts {
    spec_graph graph;
    spec_reactor reactor;
    bool own; /* a key of the reactor is there */
} spec_graph_parts;

extern const spec_section spec_top_section;
extern const spec_section spec_field_section; /* a field or parameter written long */
extern const spec_section spec_param_section;
extern const spec_section spec_source_section;
extern const spec_section spec_accumulator_section;
extern const spec_section spec_reactor_section;
extern const spec_section spec_graph_section;
extern const spec_section spec_node_section;
extern const spec_section spec_route_section; /* written long */
extern const spec_section spec_test_section;  /* written long */
extern const spec_section spec_sink_section;
extern const spec_section spec_workflow_section;
extern const spec_section spec_task_section;
extern const spec_section spec_trigger_section;
extern const spec_section spec_hook_section;

const spec_key *spec_key_find(const spec_section *section, const char *name);

/* Is `kind` one of "stream|polling"? */
bool spec_key_fits(const spec_key *key, const char *kind);

/* A key that will be known one day. */
bool spec_key_is_later(const spec_section *section, const char *name);

#endif
