/* SPDX-License-Identifier: Apache-2.0 */
/* check_order.c - the nodes of a graph in topological order; ties keep the order of the spec. */
#include "codegen/check.h"
#include "core/buffer.h"

enum { MOST_CIRCLES = 16 }; /* that are told */

/* Who waits for whom, as lists in one array: the readers of node i are
 * readers[first[i] .. first[i + 1]). */
typedef struct node_order {
    checker *check;
    const check_names *names;
    spec_graph *graph;
    size_t *first;
    size_t *readers;
    size_t *missing; /* inputs of each node that are not placed yet */
    bool *placed;
    spec_node *sorted; /* `sorted_count` of them are placed */
    size_t sorted_count;
} node_order;

static long find_input(const node_order *order, const spec_operand *operand)
{
    return check_find(order->names, operand->name);
}

static size_t count_edges(const node_order *order)
{
    size_t edges = 0;

    for (size_t i = 0; i < order->graph->node_count; i++)
        for (size_t j = 0; j < order->graph->nodes[i].in_count; j++) {
            long input = find_input(order, &order->graph->nodes[i].in[j]);
            if (input == CHECK_NONE)
                continue;
            order->missing[i]++;
            order->first[input + 1]++;
            edges++;
        }
    return edges;
}

static void fill_readers(node_order *order)
{
    for (size_t i = 0; i < order->graph->node_count; i++)
        order->first[i + 1] += order->first[i];
    /* Filled from the back, so that first[i] is the beginning again when all are in. */
    for (size_t i = order->graph->node_count; i-- > 0;)
        for (size_t j = order->graph->nodes[i].in_count; j-- > 0;) {
            long input = find_input(order, &order->graph->nodes[i].in[j]);
            if (input != CHECK_NONE)
                order->readers[--order->first[input + 1]] = i;
        }
}

/* The readers of node i lie from first[i + 1] on, once they are filled in. */
static bool prepare(node_order *order)
{
    spec_front *front = order->check->front;
    size_t count = order->graph->node_count, got;

    order->first = front_array(front, count + 2, sizeof *order->first, &got);
    order->missing = front_array(front, count + 1, sizeof *order->missing, &got);
    order->placed = front_array(front, count + 1, sizeof *order->placed, &got);
    if (order->first == NULL || order->missing == NULL || order->placed == NULL)
        return false;
    size_t edges = count_edges(order);
    order->readers = front_array(front, edges + 1, sizeof *order->readers, &got);
    if (order->readers == NULL)
        return false;
    fill_readers(order);
    order->first[count + 1] = edges;
    return true;
}

/* Places node `at`. The first of the nodes that can be placed now, or the node behind it. */
static size_t place(node_order *order, size_t at)
{
    size_t next = at + 1;

    order->placed[at] = true;
    order->sorted[order->sorted_count++] = order->graph->nodes[at];
    for (size_t i = order->first[at + 1]; i < order->first[at + 2]; i++) {
        size_t reader = order->readers[i];
        if (--order->missing[reader] == 0 && reader < next)
            next = reader;
    }
    return next;
}

/* Always places the first node of the spec that can be placed. */
static void place_all(node_order *order)
{
    for (size_t at = 0; at < order->graph->node_count;)
        at = order->placed[at] || order->missing[at] != 0 ? at + 1 : place(order, at);
}

static size_t unplaced_input(const node_order *order, size_t node)
{
    for (size_t j = 0; j < order->graph->nodes[node].in_count; j++) {
        long input = find_input(order, &order->graph->nodes[node].in[j]);
        if (input != CHECK_NONE && !order->placed[input])
            return (size_t)input;
    }
    return node;
}

/* Any node of a circle: each node that is left waits for another one that is left, so going back
 * along them from any, as many steps as there are nodes, ends on a circle. */
static size_t find_circle(const node_order *order)
{
    size_t at = 0;

    while (order->placed[at])
        at++;
    for (size_t i = 0; i < order->graph->node_count; i++)
        at = unplaced_input(order, at);
    return at;
}

/* Tells the circle from its first node in the spec, and places that one, so that the others can be
 * placed and further circles found. */
static void report_circle(node_order *order)
{
    const spec_node *nodes = order->graph->nodes;
    size_t begin = find_circle(order), first = begin;
    weir_buffer names = {0};

    for (size_t at = unplaced_input(order, begin); at != begin; at = unplaced_input(order, at))
        if (at < first)
            first = at;
    weir_buffer_text(&names, nodes[first].name);
    for (size_t at = unplaced_input(order, first); at != first; at = unplaced_input(order, at))
        weir_buffer_printf(&names, " <- %s", nodes[at].name);
    if (names.failed)
        order->check->log->failed = true;
    else
        diagnostics_error(order->check->log, nodes[first].where,
                          "nodes read each other in a circle: %s <- %s", names.data,
                          nodes[first].name);
    weir_buffer_free(&names);
    place(order, first);
}

bool check_order_nodes(checker *check, spec_graph *graph, check_names *names)
{
    node_order order = {.check = check, .names = names, .graph = graph};
    size_t room, circles = 0;

    order.sorted = front_array(check->front, graph->node_count, sizeof *order.sorted, &room);
    if (order.sorted == NULL || !prepare(&order))
        return graph->node_count == 0;
    place_all(&order);
    for (; order.sorted_count != graph->node_count && circles < MOST_CIRCLES; circles++) {
        report_circle(&order);
        place_all(&order);
    }
    if (circles != 0) {
        check->front->lost = true;
        return false;
    }
    graph->nodes = order.sorted;
    names->count = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        check_names_add(names, graph->nodes[i].name, i);
    check_names_sort(names);
    return true;
}
