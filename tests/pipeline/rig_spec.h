/* SPDX-License-Identifier: Apache-2.0 */
/* rig_spec.h - how a rig's few words become a module's tables, and the kinds that only tests have.
 */
#ifndef WEIR_TESTS_RIG_SPEC_H
#define WEIR_TESTS_RIG_SPEC_H

#include "tests/pipeline/rig.h"

void rig_fill_tables(rig_tables *tables, const rig_spec *spec);

/* All of the kinds below. */
extern const weir_kinds *const rig_kinds;

/* A source with a history, "items=1@10,2@20,~,3@30", and one that commits besides. */
extern const weir_source_kind rig_history, rig_log;
extern weir_buffer *rig_commits; /* where commits are recorded */

/* A source without events that notes how many it is asked for at once. */
extern const weir_source_kind rig_limits_kind;
extern rig_limits *rig_limits_seen;

/* A sink that takes nothing while it is shut. */
extern const weir_sink_kind rig_gate;
extern bool rig_gate_shut;

/* What reactor `index` does; graph 0 or 1 of it. */
extern const weir_reactor_function rig_fire_functions[RIG_ROOM];
extern const weir_graph_function rig_graph_functions[2 * RIG_ROOM];
/* What the node of a graph does: records what it sees, fails where it is to, adds up. */
weir_status rig_node(weir_firing *firing, uint32_t reactor, uint32_t graph,
                     const void *const *inputs, int64_t *sum, rig_item *out);
weir_status rig_where(weir_firing *firing, const void *event);
weir_status rig_update(weir_firing *firing, const void *event, void *state, void *out);
weir_status rig_poll(weir_firing *firing, void *out);

#endif
