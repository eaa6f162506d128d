/* SPDX-License-Identifier: Apache-2.0 */
/* graph_plan.h - what the C of a graph needs to know of each node before it is written.
 *
 * A graph of up to GRAPH_PART nodes is one function. Compilers take longer than linear for longer
 * ones, so a larger graph is cut into parts of about as many, each a function of its own; what one
 * part gives to another lies in a struct that all of them are given.
 */
#ifndef WEIR_CODEGEN_EMIT_GRAPH_PLAN_H
#define WEIR_CODEGEN_EMIT_GRAPH_PLAN_H

#include "codegen/model.h"
#include "codegen/needs.h"

enum { GRAPH_PART = 100 }; /* nodes */

typedef struct node_plan {
    bool present;       /* it has a value wherever the function gets beyond it */
    bool flag;          /* its presence is kept in has_NODE */
    bool leaves;        /* when it gives nothing, nothing after it can run: the function ends */
    bool shared;        /* its value outlives its part: it is read by another one, or a result */
    bool counts;        /* it counts its runs itself */
    size_t counter;     /* of its runs (or its route's), in the frame's counts; SIZE_MAX: derived */
    size_t after;       /* ... from the runs of this node, less its skips; SIZE_MAX: the graph's */
    size_t first_route; /* counter of its first route */
    size_t first_outlet, outlets;
} node_plan;

typedef struct graph_plan {
    node_plan *nodes;
    const node_needs *needs;
    size_t node_count;
    size_t parts, part_size; /* the last part may be smaller */
    bool direct;             /* each result leaves by itself: it is the last thing on its branch */
    size_t result_count;     /* at the most in one firing */
    size_t outlet_count;
    size_t count_size;
} graph_plan;

/* True where an input of the graph itself may be missing: the node asks for it as optional, or the
 * argument is declared so. */
bool graph_plan_may_lack(const spec_operand *operand);

/* True where two nodes can never both run: they need different routes of one node. */
bool graph_plan_exclude(const graph_plan *plan, size_t a, size_t b);

/* False: out of memory. */
bool graph_plan_make(const spec_graph *graph, weir_arena *arena, graph_plan *ret);

#endif
