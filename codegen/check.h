/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - between the files that resolve and check a model.
 *
 * A name that cannot be resolved stays NULL in the model, and what hangs on it is passed over: one
 * mistake, one message.
 */
#ifndef WEIR_CODEGEN_CHECK_H
#define WEIR_CODEGEN_CHECK_H

#include "codegen/front.h"

/* Names of one name space, to be found fast. */
typedef struct check_entry {
    const char *name;
    size_t index; /* of what it names, in its list */
} check_entry;

typedef struct check_names {
    check_entry *items; /* sorted */
    size_t count;
} check_names;

enum { CHECK_NONE = -1 };

enum { CHECK_TEXT = 4095 }; /* bytes of a text in C that every compiler takes */

typedef struct checker {
    spec_front *front;
    spec *model;
    weir_diagnostics *log;
    check_names types, sources, accumulators, reactors, graphs, sinks, workflows;
    const spec_type *tick, *dead_letter;
    bool *source_read; /* by an accumulator, one for each source */
    bool *sink_written;
} checker;

/* Room for `count` names, to be filled by check_names_add and ended by check_names_sort. */
bool check_names_init(checker *check, check_names *names, size_t count);
void check_names_add(check_names *names, const char *name, size_t index);
void check_names_sort(check_names *names);

/* The index of what `name` names, or CHECK_NONE. */
long check_find(const check_names *names, const char *name);

/* The same; complains about an unknown one ("there is no sink 'x'; did you mean 'y'?"). */
long check_resolve(checker *check, const check_names *names, const spec_name *name,
                   const char *what);

/* Complains that `name` is unknown; offers names of the `count` tables. */
void check_unknown(checker *check, const spec_name *name, const char *what,
                   const check_names *const *tables, size_t count);

bool check_offers_names(const checker *check);

/* types */
void check_types(checker *check);
bool check_shape(checker *check, spec_shape *shape);
void check_fields(checker *check, spec_fields *fields);
/* The same, of the input of a workflow. */
void check_input_fields(checker *check, spec_workflow *workflow);
const spec_type *check_struct(checker *check, const spec_name *name); /* NULL: complained */
const spec_field *check_find_field(const spec_type *type, const char *name);
void check_unknown_field(checker *check, const spec_type *type, const char *name, weir_place where);
/* Checks a default, and writes a number as JSON and C have it: 7 for 007, 0.5 for .5. */
void check_default(checker *check, const spec_shape *shape, const char **text, weir_place where,
                   const char *name);
bool check_shapes_equal(const spec_shape *a, const spec_shape *b);
void check_used_types(checker *check);

/* Which options an owner knows, and what to say of others. */
typedef struct check_options {
    const char *what; /* "source 'quotes'" */
    weir_place where;
    const weir_option_list *lists;
    size_t list_count;
    const spec_section *section;  /* whose keys were meant, perhaps */
    const weir_kind_list *others; /* kinds that know the option, perhaps */
    const weir_option_list *near; /* options that were meant, perhaps */
    const spec_type *type;        /* whose fields an option may name, or NULL */
} check_options;

/* options */
void check_settings(checker *check, const spec_settings *settings, const check_options *options);
const char *check_setting(const spec_settings *settings, const char *name); /* NULL: not set */
bool check_has_variable(const char *text);                                  /* `${...}` */
const weir_kind *check_kind(checker *check, const weir_kind_list *kinds, const spec_name *name,
                            const char *what);

/* rooms */
void check_params(checker *check);
void check_sources(checker *check);
void check_accumulators(checker *check);
void check_sinks(checker *check);
void check_dead_letters(checker *check);
/* Whether it can be the name of a C function of the user's. */
void check_c_function(checker *check, const spec_name *call);
void check_imply_accumulators(checker *check);
void check_conflation(checker *check);

/* graphs */
void check_graphs(checker *check);
void check_nodes(checker *check, spec_graph *graph);
void check_assignments(checker *check, spec_assignments *assignments, const spec_fields *fields,
                       const char *type, const weir_place *missing);
bool check_order_nodes(checker *check, spec_graph *graph, check_names *nodes);
void check_reactors(checker *check);

/* expressions; all calls into the expression language are in check_expr.c */
void check_accumulator_expressions(checker *check, spec_accumulator *accumulator);
void check_node_expressions(checker *check, spec_graph *graph, spec_node *node);
void check_reactor_expressions(checker *check, spec_reactor *reactor);
void check_task_expressions(checker *check, const spec_workflow *workflow, spec_task *task);

/* Gives `take` each word of the reactor's `where:` that may be a name. */
void check_filter_names(checker *check, const spec_reactor *reactor,
                        void (*take)(checker *check, void *arg, const char *name), void *arg);

/* the rest */
void check_unused(checker *check);
void check_c_names(checker *check);
void check_deletes(checker *check);
void check_warnings(checker *check);
void check_exactly_once(checker *check);
/* It reads as a member of a group, and so what it has delivered does not come again after a
 * restart: its kind has an option `group`, and it is set. NULL: no. */
bool check_commits(const spec_source *source);
void check_words(checker *check);
void check_tests(checker *check);
/* begins */
/* Which workflows may have a slot of a schedule. */
void check_slots(checker *check);
/* The workflow that a task of `by` begins. */
void check_begun(checker *check, const spec_workflow *by, spec_task *task);
void check_begins(checker *check);
void check_workflows(checker *check);
void check_starts(checker *check);
void check_doubles(checker *check);
void check_moments(checker *check, const spec_workflow *workflow);
void check_triggers(checker *check, const spec_workflow *workflow);
/* A function that a task or a trigger calls. */
void check_engine_call(checker *check, const spec_name *call);
void check_own_settings(checker *check, const spec_settings *settings,
                        const check_options *options);
bool check_starts_workflows(const spec_sink *sink);

#endif
