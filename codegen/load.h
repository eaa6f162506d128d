/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - between the files that turn a YAML tree into the model. */
#ifndef WEIR_CODEGEN_LOAD_H
#define WEIR_CODEGEN_LOAD_H

#include "codegen/front.h"

/* Complains that `node` should have been what `wanted` says ("a list of names"). */
void load_expected(spec_front *front, const yaml_node *node, const char *wanted);

/* True: a scalar with text. Else it has complained. */
bool load_is_text(spec_front *front, const yaml_node *node, const char *wanted);
bool load_is_map(spec_front *front, const yaml_node *node, const char *wanted);

spec_name load_name(spec_front *front, const yaml_node *node, const char *wanted);
spec_expression load_expression(spec_front *front, const yaml_node *node);

void load_key(spec_front *front, const spec_key *key, const yaml_node *value, void *into);

/* Makes room for as many settings as the keys of `map` can make. False: there is no memory. */
bool load_settings(spec_front *front, const yaml_node *map, spec_settings *settings);

/* Adds the option `value`; there is room for it. */
void load_setting(spec_front *front, const yaml_node *value, spec_settings *settings);

/* True of a key that the section does not have, but for a letter or two. */
bool load_is_misspelt(const spec_section *section, const yaml_node *value);

/* Reads the keys of `map` into `into` by their table. Other keys become settings, or are complained
 * about where `settings` is NULL. */
void load_keys(spec_front *front, const spec_section *section, const yaml_node *map, void *into,
               spec_settings *settings);

void load_default(spec_front *front, const yaml_node *node, spec_field *field);
/* "optional Level x 0..10". */
bool load_shape(spec_front *front, const yaml_node *node, spec_shape *shape);
void load_fields(spec_front *front, const yaml_node *node, spec_fields *fields, const char *what);
void load_types(spec_front *front, const yaml_node *node);

void load_sources(spec_front *front, const yaml_node *node);
void load_accumulators(spec_front *front, const yaml_node *node);
void load_sinks(spec_front *front, const yaml_node *node);
void load_params(spec_front *front, const yaml_node *node);

void load_reactors(spec_front *front, const yaml_node *node, const yaml_node *graphs);
void load_graphs(spec_front *front, const yaml_node *node);
void load_criteria(spec_front *front, const yaml_node *node, spec_criteria **criteria);
void load_operands(spec_front *front, const yaml_node *node, spec_node *into);
void load_routes(spec_front *front, const yaml_node *node, spec_node *into);
void load_targets(spec_front *front, const yaml_node *node, spec_node *into);
void load_nodes(spec_front *front, const yaml_node *node, spec_graph *graph);

void load_workflows(spec_front *front, const yaml_node *node);
void load_tasks(spec_front *front, const yaml_node *node, spec_workflow *workflow);
void load_triggers(spec_front *front, const yaml_node *node, spec_workflow *workflow);
void load_hook(spec_front *front, const yaml_node *node, spec_task **ret);
void load_words(spec_front *front, const yaml_node *node, spec_words *words);
/* Options that stand in a map of their own. */
void load_own_settings(spec_front *front, const yaml_node *node, spec_settings *settings);

#endif
