/* SPDX-License-Identifier: Apache-2.0 */
/* needs.c - which routes must be taken for a node to run. */
#include "codegen/needs.h"

#include <string.h>

bool spec_needs_exclude(const node_needs *a, const node_needs *b)
{
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        const route_need *one = &a->items[i], *other = &b->items[j];
        if (one->router == other->router && one->route != other->route)
            return true;
        i += one->router <= other->router;
        j += other->router <= one->router;
    }
    return false;
}

/* What the node that an input comes from needs, and the route that it is. */
static bool needs_of_input(const node_needs *all, const spec_operand *operand, weir_arena *arena,
                           node_needs *ret)
{
    *ret = (node_needs){0};
    if (operand->node == NULL || operand->optional)
        return true;
    const node_needs *above = &all[operand->node->index];
    *ret = (node_needs){.items = above->items, .count = above->count};
    if (operand->kind != SPEC_FROM_ROUTE)
        return true;
    route_need *items = weir_arena_alloc(arena, (above->count + 1) * sizeof *items);
    if (items == NULL)
        return false;
    /* What stands above a node has smaller numbers than it. */
    if (above->count != 0)
        memcpy(items, above->items, above->count * sizeof *items);
    items[above->count] = (route_need){operand->node->index, operand->route_index};
    *ret = (node_needs){.items = items, .count = above->count + 1};
    return true;
}

/* Adds to `whole`; where they exclude each other it stays as it was. */
static bool merge(node_needs *whole, const node_needs *more, weir_arena *arena)
{
    const node_needs before = *whole;
    size_t count = 0;

    if (more->count == 0)
        return true;
    route_need *items = weir_arena_alloc(arena, (before.count + more->count) * sizeof *items);
    if (items == NULL)
        return false;
    for (size_t i = 0, j = 0; i < before.count || j < more->count; count++) {
        bool first = j == more->count ||
                     (i < before.count && before.items[i].router <= more->items[j].router);
        bool both = first && j < more->count && before.items[i].router == more->items[j].router;
        items[count] = first ? before.items[i] : more->items[j];
        i += first;
        j += !first || both;
    }
    whole->items = items;
    whole->count = count;
    return true;
}

static bool collect(const spec_graph *graph, size_t n, node_needs *all, weir_arena *arena)
{
    const spec_node *node = &graph->nodes[n];
    node_needs own, before;

    for (size_t i = 0; i < node->in_count; i++) {
        if (!needs_of_input(all, &node->in[i], arena, &own))
            return false;
        for (size_t j = 0; j < i && all[n].other == NULL && spec_needs_exclude(&all[n], &own);
             j++) {
            if (!needs_of_input(all, &node->in[j], arena, &before))
                return false;
            if (!spec_needs_exclude(&before, &own))
                continue;
            all[n].one = &node->in[j];
            all[n].other = &node->in[i];
        }
        if (!merge(&all[n], &own, arena))
            return false;
    }
    return true;
}

node_needs *spec_route_needs(const spec_graph *graph, weir_arena *arena)
{
    node_needs *all = weir_arena_alloc(arena, (graph->node_count + 1) * sizeof *all);

    for (size_t n = 0; all != NULL && n < graph->node_count; n++)
        if (!collect(graph, n, all, arena))
            return NULL;
    return all;
}
