/* SPDX-License-Identifier: Apache-2.0 */
/* graph_plan.c - which nodes depend on which, and what follows for the C of a graph. */
#include "codegen/emit/graph_plan.h"

#include "codegen/emit/prototypes.h"

typedef struct planner {
    const spec_graph *graph;
    graph_plan *plan;
    /* Of each node: */
    bool *read, *read_optionally;
    size_t *last_reader;
} planner;

bool graph_plan_exclude(const graph_plan *plan, size_t a, size_t b)
{
    return spec_needs_exclude(&plan->needs[a], &plan->needs[b]);
}

bool graph_plan_may_lack(const spec_operand *operand)
{
    return operand->optional || (operand->arg != NULL && operand->arg->shape.optional);
}

static void collect_readers(planner *p)
{
    for (size_t n = 0; n < p->graph->node_count; n++)
        for (size_t i = 0; i < p->graph->nodes[n].in_count; i++) {
            const spec_operand *operand = &p->graph->nodes[n].in[i];
            if (operand->node == NULL)
                continue;
            size_t from = operand->node->index;
            p->read[from] = true;
            p->read_optionally[from] |= operand->optional;
            p->last_reader[from] = n;
        }
}

static bool may_skip(const spec_node *node)
{
    return node->form == SPEC_NODE_C || node->filter.text != NULL;
}

/* --- Presence --- */

/* Marks all that cannot run without `node`. */
static void mark_dependents(const planner *p, size_t node, bool *dependent)
{
    dependent[node] = true;
    for (size_t n = node + 1; n < p->graph->node_count; n++) {
        dependent[n] = false;
        for (size_t i = 0; i < p->graph->nodes[n].in_count && !dependent[n]; i++) {
            const spec_operand *operand = &p->graph->nodes[n].in[i];
            dependent[n] = !operand->optional && operand->node != NULL &&
                           operand->node->index >= node && dependent[operand->node->index];
        }
    }
}

/* When `node` gives nothing, all that comes later depends on it or is of another branch; and no
 * result of this firing waits to leave. */
static bool leaves(const planner *p, size_t node)
{
    bool dependent[GRAPH_PART];

    if (p->plan->parts > 1 || !may_skip(&p->graph->nodes[node]) || p->read_optionally[node])
        return false;
    mark_dependents(p, node, dependent);
    for (size_t later = node + 1; later < p->graph->node_count; later++)
        if (!dependent[later] && !graph_plan_exclude(p->plan, later, node))
            return false;
    for (size_t before = 0; before < node; before++)
        if (emit_gives_result(&p->graph->nodes[before]) &&
            !graph_plan_exclude(p->plan, before, node))
            return false;
    return true;
}

/* True where what a node cannot do without is there whenever the function gets to it. */
static bool is_there(const planner *p, const spec_operand *operand)
{
    if (operand->node == NULL)
        return !graph_plan_may_lack(operand);
    return operand->kind != SPEC_FROM_ROUTE && p->plan->nodes[operand->node->index].present;
}

static bool is_present(const planner *p, size_t node)
{
    bool needs = false;

    if (may_skip(&p->graph->nodes[node]) && !p->plan->nodes[node].leaves)
        return false;
    /* Of optional inputs alone one would have to be there. */
    for (size_t i = 0; i < p->graph->nodes[node].in_count; i++) {
        const spec_operand *operand = &p->graph->nodes[node].in[i];
        if (!operand->optional && !is_there(p, operand))
            return false;
        needs = needs || !operand->optional;
    }
    return needs;
}

/* A result may leave by itself when nothing can run after it; so for all, or for none. */
static bool is_direct(const planner *p)
{
    if (p->plan->parts > 1)
        return false;
    for (size_t n = 0; n < p->graph->node_count; n++) {
        if (!emit_gives_result(&p->graph->nodes[n]))
            continue;
        if (p->plan->nodes[n].outlets != 1)
            return false;
        for (size_t later = n + 1; later < p->graph->node_count; later++)
            if (!graph_plan_exclude(p->plan, later, n))
                return false;
    }
    return true;
}

static void plan_presence(planner *p)
{
    for (size_t n = 0; n < p->graph->node_count; n++) {
        const spec_node *node = &p->graph->nodes[n];
        node_plan *own = &p->plan->nodes[n];
        bool ends = may_skip(node) && (emit_gives_result(node) || node->route_count != 0);
        own->leaves = leaves(p, n);
        own->present = is_present(p, n);
        /* What nobody looks at needs no flag. */
        own->flag = !own->present && (p->read[n] || (ends && !own->leaves));
    }
}

/* --- Parts --- */

static void plan_parts(planner *p)
{
    graph_plan *plan = p->plan;

    plan->parts = (plan->node_count + GRAPH_PART - 1) / GRAPH_PART;
    plan->part_size = plan->parts != 0 ? (plan->node_count + plan->parts - 1) / plan->parts : 1;
}

/* What a node passes on lives as long as its own pointer to it. */
static void plan_shared(planner *p)
{
    for (size_t n = p->graph->node_count; p->plan->parts > 1 && n-- > 0;) {
        const spec_node *node = &p->graph->nodes[n];
        node_plan *own = &p->plan->nodes[n];
        own->shared =
            own->shared || emit_gives_result(node) ||
            (p->read[n] && p->last_reader[n] / p->plan->part_size != n / p->plan->part_size);
        if (own->shared && node->form == SPEC_NODE_PASS && node->in[0].node != NULL)
            p->plan->nodes[node->in[0].node->index].shared = true;
    }
}

/* --- Counts and outlets --- */

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
    planner p = {.graph = graph,
                 .plan = ret,
                 .read = weir_arena_alloc(arena, count * sizeof *p.read),
                 .read_optionally = weir_arena_alloc(arena, count * sizeof *p.read_optionally),
                 .last_reader = weir_arena_alloc(arena, count * sizeof *p.last_reader)};

    *ret = (graph_plan){.nodes = weir_arena_alloc(arena, count * sizeof *ret->nodes),
                        .needs = spec_route_needs(graph, arena),
                        .node_count = count};
    if (p.read == NULL || p.read_optionally == NULL || p.last_reader == NULL ||
        ret->nodes == NULL || ret->needs == NULL)
        return false;
    collect_readers(&p);
    plan_parts(&p);
    plan_outlets(&p);
    plan_presence(&p);
    plan_shared(&p);
    plan_counts(&p);
    ret->direct = is_direct(&p);
    return true;
}
