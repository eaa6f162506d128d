/* SPDX-License-Identifier: Apache-2.0 */
/* needs.h - which routes must be taken for a node to run.
 *
 * Through all inputs that are not optional, each node collects the routes that it, or what stands
 * above it, reads. Two nodes that need different routes of one node never run in one firing; a node
 * that needs two such routes never runs at all.
 */
#ifndef WEIR_CODEGEN_NEEDS_H
#define WEIR_CODEGEN_NEEDS_H

#include "codegen/model.h"

/* Route `route` of the node `router`, by their places in the graph. */
typedef struct route_need {
    size_t router, route;
} route_need;

typedef struct node_needs {
    const route_need *items; /* by router, each once */
    size_t count;
    /* Inputs of the node, of which no firing has both; NULL: there are none. */
    const spec_operand *one, *other;
} node_needs;

/* One for each node of a graph in topological order; NULL: out of memory. */
node_needs *spec_route_needs(const spec_graph *graph, weir_arena *arena);

/* True where no firing can meet both. */
bool spec_needs_exclude(const node_needs *a, const node_needs *b);

#endif
