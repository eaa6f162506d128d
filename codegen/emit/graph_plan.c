/* SPDX-License-Identifier: Apache-2.0 */
/* graph_plan.c - which nodes depend on which, and what follows for the C of a graph.
 *
 * `needs` of a node: the nodes that must have given a value, and the routes that must have been
 * taken, for it to run; through all inputs that are not optional. Two nodes exclude each other when
 * they need different routes of one node.
 */
#include "codegen/emit/graph_plan.h"

#include <string.h>

#include "codegen/emit/prototypes.h"

typedef struct planner {
    const spec_graph *graph;
    graph_plan *plan;
} planner;

static graph_need *needs_of(const planner *p, size_t node)
{
    return p->plan->needs + node * p->graph->node_count;
}

static void collect_needs(planner *p)
{
    size_t count = p->graph->node_count;

    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < p->graph->nodes[n].in_count; i++) {
            const spec_operand *operand = &p->graph->nodes[n].in[i];
            if (operand->optional || operand->node == NULL)
                continue;
            size_t from = operand->node->index;
            for (size_t m = 0; m < count; m++)
                if (needs_of(p, from)[m] > needs_of(p, n)[m])
                    needs_of(p, n)[m] = needs_of(p, from)[m];
            graph_need own =
                (graph_need)(operand->kind == SPEC_FROM_ROUTE ? operand->route_index + 2 : 1);
            if (own > needs_of(p, n)[from])
                needs_of(p, n)[from] = own;
        }
}

bool graph_plan_exclude(const graph_plan *plan, size_t a, size_t b)
{
    for (size_t m = 0; m < plan->node_count; m++) {
        graph_need first = plan->needs[a * plan->node_count + m];
        graph_need second = plan->needs[b * plan->node_count + m];
        if (first > 1 && second > 1 && first != second)
            return true;
    }
    return false;
}

bool graph_plan_may_lack(const spec_operand *operand)
{
    return operand->optional || (operand->arg != NULL && operand->arg->shape.optional);
}

static bool exclude(const planner *p, size_t a, size_t b)
{
    return graph_plan_exclude(p->plan, a, b);
}

static bool has_optional_reader(const planner *p, size_t node)
{
    for (size_t n = 0; n < p->graph->node_count; n++)
        for (size_t i = 0; i < p->graph->nodes[n].in_count; i++) {
            const spec_operand *operand = &p->graph->nodes[n].in[i];
            if (operand->optional && operand->node != NULL && operand->node->index == node)
                return true;
        }
    return false;
}

static bool may_skip(const spec_node *node)
{
    return node->form == SPEC_NODE_C || node->filter.text != NULL;
}

static bool is_certain(const planner *p, size_t node);

/* True where what a node cannot do without has a value in every firing. */
static bool is_there(const planner *p, const spec_operand *operand)
{
    if (operand->node == NULL)
        return !graph_plan_may_lack(operand);
    return operand->kind != SPEC_FROM_ROUTE && is_certain(p, operand->node->index);
}

/* True where `node` runs in every firing and always gives a value. */
static bool is_certain(const planner *p, size_t node)
{
    if (may_skip(&p->graph->nodes[node]))
        return false;
    /* Of optional inputs alone one would have to be there. */
    bool needs = false;
    for (size_t i = 0; i < p->graph->nodes[node].in_count; i++) {
        const spec_operand *operand = &p->graph->nodes[node].in[i];
        if (!operand->optional && !is_there(p, operand))
            return false;
        needs = needs || !operand->optional;
    }
    return needs;
}

/* When `node` gives nothing, all that comes later depends on it or is of another branch; and no
 * result of this firing waits to leave. */
static bool leaves(const planner *p, size_t node)
{
    if (!may_skip(&p->graph->nodes[node]) || has_optional_reader(p, node))
        return false;
    for (size_t later = node + 1; later < p->graph->node_count; later++)
        if (needs_of(p, later)[node] == 0 && !exclude(p, later, node))
            return false;
    for (size_t before = 0; before < node; before++)
        if (emit_gives_result(&p->graph->nodes[before]) && !exclude(p, before, node))
            return false;
    return true;
}

/* A result may leave by itself when nothing can run after it; so for all, or for none. */
static bool is_direct(const planner *p)
{
    for (size_t n = 0; n < p->graph->node_count; n++) {
        if (!emit_gives_result(&p->graph->nodes[n]))
            continue;
        if (p->plan->nodes[n].outlets != 1)
            return false;
        for (size_t later = n + 1; later < p->graph->node_count; later++)
            if (!exclude(p, later, n))
                return false;
    }
    return true;
}

static bool is_read(const planner *p, size_t node)
{
    for (size_t n = node + 1; n < p->graph->node_count; n++)
        for (size_t i = 0; i < p->graph->nodes[n].in_count; i++)
            if (p->graph->nodes[n].in[i].node == &p->graph->nodes[node])
                return true;
    return false;
}

static void plan_presence(planner *p)
{
    for (size_t n = 0; n < p->graph->node_count; n++) {
        const spec_node *node = &p->graph->nodes[n];
        node_plan *own = &p->plan->nodes[n];
        own->leaves = leaves(p, n);
        /* A skip that ends the function, or a value that is always there, needs no flag; nor does
         * what nobody looks at. */
        own->flag = !own->leaves && !is_certain(p, n) &&
                    (is_read(p, n) ||
                     (may_skip(node) && (emit_gives_result(node) || node->route_count != 0)));
    }
}

/* The one node or route whose value `node` cannot do without, or NULL; *count: how many there are.
 */
static const spec_operand *only_need(const spec_node *node, size_t *count)
{
    const spec_operand *only = NULL;
    bool needs_outer = false;

    *count = 0;
    for (size_t i = 0; i < node->in_count; i++) {
        if (node->in[i].optional)
            continue;
        needs_outer = needs_outer || node->in[i].node == NULL;
        if (node->in[i].node == NULL)
            continue;
        only = &node->in[i];
        ++*count;
    }
    /* With optional inputs alone it runs when one of them is there. */
    if (only == NULL && !needs_outer)
        *count = 2;
    return only;
}

/* Runs follow from those of the one node or route that a node needs; else they are counted. */
static void plan_counts(planner *p)
{
    size_t next = p->graph->node_count; /* the skips stand first */

    for (size_t n = 0; n < p->graph->node_count; n++) {
        p->plan->nodes[n].first_route = next;
        next += p->graph->nodes[n].route_count;
    }
    for (size_t n = 0; n < p->graph->node_count; n++) {
        node_plan *own = &p->plan->nodes[n];
        size_t needs;
        const spec_operand *only = only_need(&p->graph->nodes[n], &needs);
        own->counter = own->after = SIZE_MAX;
        own->counts = needs > 1;
        if (own->counts)
            own->counter = next++;
        else if (needs == 1 && only->kind == SPEC_FROM_ROUTE)
            own->counter = p->plan->nodes[only->node->index].first_route + only->route_index;
        else if (needs == 1)
            own->after = only->node->index;
    }
    p->plan->count_size = next;
}

static void plan_outlets(planner *p)
{
    size_t next = 0;

    for (size_t n = 0; n < p->graph->node_count; n++) {
        const spec_node *node = &p->graph->nodes[n];
        if (!emit_gives_result(node))
            continue;
        p->plan->nodes[n].first_outlet = next;
        p->plan->nodes[n].outlets = node->to_count != 0 ? node->to_count : 1;
        next += p->plan->nodes[n].outlets;
        p->plan->result_count++;
    }
    p->plan->outlet_count = next;
}

bool graph_plan_make(const spec_graph *graph, weir_arena *arena, graph_plan *ret)
{
    size_t count = graph->node_count;
    planner p = {.graph = graph, .plan = ret};

    *ret = (graph_plan){.nodes = weir_arena_alloc(arena, count * sizeof *ret->nodes),
                        .needs = weir_arena_alloc(arena, count * count * sizeof *ret->needs),
                        .node_count = count};
    if (ret->nodes == NULL || ret->needs == NULL)
        return false;
    collect_needs(&p);
    plan_outlets(&p);
    plan_presence(&p);
    plan_counts(&p);
    ret->direct = is_direct(&p);
    return true;
}
