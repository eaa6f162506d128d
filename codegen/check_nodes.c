/* SPDX-License-Identifier: Apache-2.0 */
/* check_nodes.c - the nodes of a graph: what they read, what they give, and to whom. */
#include <string.h>

#include "codegen/check.h"
#include "core/text.h"

/* --- Inputs --- */

static void resolve_route(checker *check, spec_operand *operand)
{
    const spec_node *node = operand->node;
    weir_nearest nearest = {.wanted = operand->route};
    char hint[128];

    for (size_t i = 0; i < node->route_count; i++) {
        weir_nearest_offer(&nearest, node->routes[i].name);
        if (strcmp(node->routes[i].name, operand->route) != 0)
            continue;
        operand->kind = SPEC_FROM_ROUTE;
        operand->route_index = i;
        operand->type = node->routes[i].type;
        if (node->routes[i].type_name.text != NULL &&
            strcmp(node->routes[i].type_name.text, "none") == 0)
            diagnostics_error(check->log, operand->where,
                              "the route '%s.%s' is `none`: there is nothing to read", node->name,
                              operand->route);
        return;
    }
    diagnostics_error(check->log, operand->where, "'%s' has no route '%s'%s", node->name,
                      operand->route, weir_nearest_hint(&nearest, hint, sizeof hint));
    check->front->lost = true;
}

static void resolve_node(checker *check, const spec_graph *graph, spec_operand *operand,
                         size_t index)
{
    const spec_node *node = operand->node = &graph->nodes[index];

    operand->kind = SPEC_FROM_NODE;
    operand->type = node->out;
    operand->window = node->out_window;
    if (node->in_count == 0) /* it was complained about, and what it gives is not known */
        return;
    if (node->route_count != 0 && operand->route == NULL) {
        diagnostics_error(check->log, operand->where, "'%s' gives routes: read one, as in '%s.%s'",
                          node->name, node->name, node->routes[0].name);
        check->front->lost = true;
    } else if (node->route_count == 0 && operand->route != NULL) {
        diagnostics_error(check->log, operand->where, "'%s' has no routes: read it as '%s'",
                          node->name, node->name);
        operand->type = NULL;
    } else if (operand->route != NULL) {
        resolve_route(check, operand);
    }
}

static void resolve_accumulator(checker *check, const spec_graph *graph, spec_operand *operand,
                                size_t index)
{
    operand->kind = SPEC_FROM_ACCUMULATOR;
    operand->accumulator = check->model->accumulators[index];
    operand->type = operand->accumulator->boundary;
    operand->window = operand->accumulator->window;
    if (operand->route != NULL) {
        diagnostics_error(check->log, operand->where, "'%s' has no routes: read it as '%s'",
                          operand->name, operand->name);
        operand->type = NULL;
    } else if (graph->unfired) {
        check->front->lost = true;
    } else if (graph->reactor == NULL && graph->trigger.text == NULL) {
        diagnostics_error(check->log, operand->where,
                          "the graph '%s' is only called and cannot read the accumulator '%s': "
                          "give it `trigger:` or `when_any:`, or make it one of its `args:`",
                          graph->name, operand->name);
        check->front->lost = true;
    }
}

/* The names that a node of this graph may read. */
typedef struct node_scope {
    const spec_graph *graph;
    check_names nodes, args;
} node_scope;

static void resolve_operand(checker *check, const node_scope *scope, spec_operand *operand)
{
    long node = check_find(&scope->nodes, operand->name);
    long arg = check_find(&scope->args, operand->name);
    long accumulator = check_find(&check->accumulators, operand->name);

    if (operand->name[0] == '\0')
        return;
    if (node != CHECK_NONE) {
        resolve_node(check, scope->graph, operand, (size_t)node);
    } else if (arg != CHECK_NONE) {
        operand->kind = SPEC_FROM_ARG;
        operand->arg = &scope->graph->args.items[arg];
        operand->type = operand->arg->shape.type;
        operand->window = operand->arg->shape.list;
    } else if (accumulator != CHECK_NONE) {
        resolve_accumulator(check, scope->graph, operand, (size_t)accumulator);
    } else {
        const check_names *tables[] = {&scope->nodes, &scope->args, &check->accumulators,
                                       &check->sources};
        check_unknown(check, &(spec_name){operand->name, operand->where},
                      "accumulator, source or node", tables, 4);
    }
}

static bool same_operand(const spec_operand *a, const spec_operand *b)
{
    return strcmp(a->name, b->name) == 0 && (a->route == NULL) == (b->route == NULL) &&
           (a->route == NULL || strcmp(a->route, b->route) == 0);
}

static void resolve_operands(checker *check, const node_scope *scope, spec_node *node)
{
    for (size_t i = 0; i < node->in_count; i++) {
        resolve_operand(check, scope, &node->in[i]);
        for (size_t j = 0; j < i; j++)
            if (node->in[i].name[0] != '\0' && same_operand(&node->in[i], &node->in[j]))
                diagnostics_error(check->log, node->in[i].where, "'%s' reads '%s' twice",
                                  node->name, node->in[i].name);
    }
}

/* --- Results --- */

static void resolve_routes(checker *check, spec_node *node)
{
    for (size_t i = 0; i < node->route_count; i++) {
        spec_route *route = &node->routes[i];
        if (route->type_name.text != NULL && strcmp(route->type_name.text, "none") != 0)
            route->type = check_struct(check, &route->type_name);
    }
    if (node->out_name.text != NULL)
        diagnostics_error(check->log, node->out_name.where,
                          "'%s' gives either one value (`out:`) or one of its `routes:`",
                          node->name);
    if (node->set.given)
        diagnostics_error(check->log, node->set.where,
                          "'%s' has routes, and those a C function chooses: `set:` cannot",
                          node->name);
    if (node->to_count != 0)
        diagnostics_error(check->log, node->to[0].name.where,
                          "'%s' gives routes: send one by a node, as in {in: %s.%s, to: %s}",
                          node->name, node->name, node->routes[0].name,
                          node->to[0].name.text != NULL ? node->to[0].name.text : "SINK");
}

static void resolve_pass(checker *check, spec_node *node)
{
    if (node->in_count > 1)
        diagnostics_error(check->log, node->where,
                          "'%s' has neither `out:` nor `routes:`, so it passes its input on; but "
                          "it has %zu inputs",
                          node->name, node->in_count);
    else if (node->in_count == 1 && node->in[0].type != NULL &&
             node->in[0].type->kind != SPEC_STRUCT)
        diagnostics_error(check->log, node->in[0].where,
                          "'%s' passes its input on, and '%s' is no struct; give it `out:` and "
                          "`set:`",
                          node->name, node->in[0].name);
    else if (node->in_count == 1) {
        node->out = node->in[0].type;
        node->out_window = node->in[0].window;
    }
}

/* With `set:` fields that are not set come from the input of the same type. */
static void find_copied(spec_node *node)
{
    for (size_t i = 0; i < node->in_count; i++) {
        const spec_operand *operand = &node->in[i];
        if (operand->type == NULL || operand->type != node->out || operand->window ||
            operand->optional)
            continue;
        node->copy_from = operand;
        return;
    }
}

static void resolve_form(checker *check, spec_node *node)
{
    if (node->route_count != 0) {
        node->form = SPEC_NODE_C;
        resolve_routes(check, node);
    } else if (node->set.given) {
        node->form = SPEC_NODE_SET;
        if (node->out_name.text == NULL)
            diagnostics_error(check->log, node->where, "'%s' has `set:` and needs `out:`",
                              node->name);
        node->out = check_struct(check, &node->out_name);
        find_copied(node);
        check_assignments(check, &node->set, node->out != NULL ? &node->out->fields : NULL,
                          node->out_name.text, node->copy_from == NULL ? &node->where : NULL);
    } else if (node->out_name.text != NULL) {
        node->form = SPEC_NODE_C;
        node->out = check_struct(check, &node->out_name);
    } else {
        node->form = SPEC_NODE_PASS;
        resolve_pass(check, node);
    }
    if (node->state.count != 0 && node->form != SPEC_NODE_C)
        diagnostics_error(check->log, node->state.items[0].where,
                          "only a node in C has `state:`; '%s' is written in the spec", node->name);
}

/* `missing`: where to complain of required fields that are not set; NULL: nobody must. */
void check_assignments(checker *check, spec_assignments *assignments, const spec_fields *fields,
                       const char *type, const weir_place *missing)
{
    if (fields == NULL || !assignments->given)
        return;
    const spec_type owner = {.name = type, .fields = *fields};
    for (size_t i = 0; i < assignments->count; i++) {
        spec_assignment *assignment = &assignments->items[i];
        assignment->target = check_find_field(&owner, assignment->field);
        if (assignment->target == NULL)
            check_unknown_field(check, &owner, assignment->field, assignment->where);
        if (assignment->target == NULL)
            missing = NULL; /* the misspelt one is missing too: once is enough */
    }
    for (size_t i = 0; missing != NULL && i < fields->count; i++) {
        const spec_field *field = &fields->items[i];
        bool set = field->shape.optional || field->fallback != NULL;
        for (size_t j = 0; j < assignments->count && !set; j++)
            set = assignments->items[j].target == field;
        if (!set)
            diagnostics_error(check->log, *missing, "`set:` leaves the field '%s' of '%s' open",
                              field->name, type);
    }
}

/* --- Targets --- */

static void check_target_type(checker *check, const spec_node *node, const spec_target *target)
{
    const spec_type *type = target->sink != NULL ? target->sink->type : target->accumulator->type;
    const char *what = target->sink != NULL ? "sink" : "accumulator";

    if (node->out == NULL || type == NULL)
        return;
    if (node->out_window)
        diagnostics_error(check->log, target->name.where,
                          "'%s' gives a window, and the %s '%s' takes single values", node->name,
                          what, target->name.text);
    else if (node->out != type)
        diagnostics_error(check->log, target->name.where, "'%s' gives %s, and the %s '%s' takes %s",
                          node->name, node->out->name, what, target->name.text, type->name);
}

static void resolve_target(checker *check, const spec_graph *graph, const spec_node *node,
                           spec_target *target)
{
    if (target->name.text == NULL)
        return;
    long sink = check_find(&check->sinks, target->name.text);
    long accumulator = check_find(&check->accumulators, target->name.text);

    if (sink != CHECK_NONE) {
        target->sink = &check->model->sinks[sink];
        check->sink_written[sink] = true;
    } else if (accumulator != CHECK_NONE) {
        target->accumulator = check->model->accumulators[accumulator];
    } else {
        const check_names *tables[] = {&check->sinks, &check->accumulators};
        check_unknown(check, &target->name, "sink or accumulator", tables, 2);
        return;
    }
    if (graph->reactor == NULL && graph->trigger.text == NULL && !graph->unfired)
        diagnostics_error(check->log, target->name.where,
                          "the graph '%s' is only called: what it gives is the call's result, and "
                          "cannot go to '%s'",
                          graph->name, target->name.text);
    else if (accumulator != CHECK_NONE && sink == CHECK_NONE &&
             target->accumulator->form == SPEC_POLLING)
        diagnostics_error(check->log, target->name.where,
                          "the accumulator '%s' polls and takes no results", target->name.text);
    else if (node->route_count == 0)
        check_target_type(check, node, target);
}

static void resolve_targets(checker *check, const spec_graph *graph, spec_node *node)
{
    for (size_t i = 0; i < node->to_count; i++) {
        resolve_target(check, graph, node, &node->to[i]);
        for (size_t j = 0; j < i; j++)
            if (node->to[i].name.text != NULL && node->to[j].name.text != NULL &&
                strcmp(node->to[i].name.text, node->to[j].name.text) == 0)
                diagnostics_error(check->log, node->to[i].name.where, "'%s' sends to '%s' twice",
                                  node->name, node->to[i].name.text);
    }
}

/* --- A graph's nodes --- */

static void report_clash(checker *check, const char *name, weir_place where, const char *what,
                         weir_place other)
{
    diagnostics_error(check->log, where, "'%s' is %s, and a node reads both by their names", name,
                      what);
    diagnostics_note(check->log, other, "first defined here");
    check->front->lost = true;
}

/* Accumulators, arguments and nodes share one name space. */
static void find_clashes(checker *check, const node_scope *scope)
{
    const spec_graph *graph = scope->graph;

    for (size_t i = 0; i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        long accumulator = check_find(&check->accumulators, node->name);
        long arg = check_find(&scope->args, node->name);
        if (arg != CHECK_NONE)
            report_clash(check, node->name, node->where, "an argument of this graph too",
                         graph->args.items[arg].where);
        else if (accumulator != CHECK_NONE)
            report_clash(check, node->name, node->where, "the name of an accumulator or source too",
                         check->model->accumulators[accumulator]->where);
    }
    size_t errors = check->log->errors;
    for (size_t i = 0; i < graph->args.count; i++)
        front_check_free_name(check->front, graph->args.items[i].name, graph->args.items[i].where,
                              "an argument");
    if (errors != check->log->errors)
        check->front->lost = true;
}

static bool open_scope(checker *check, node_scope *scope)
{
    const spec_graph *graph = scope->graph;

    if (!check_names_init(check, &scope->nodes, graph->node_count) ||
        !check_names_init(check, &scope->args, graph->args.count))
        return false;
    for (size_t i = 0; i < graph->node_count; i++)
        check_names_add(&scope->nodes, graph->nodes[i].name, i);
    for (size_t i = 0; i < graph->args.count; i++)
        check_names_add(&scope->args, graph->args.items[i].name, i);
    check_names_sort(&scope->nodes);
    check_names_sort(&scope->args);
    return true;
}

/* An argument is a pointer in C: to a struct or a single value, or to the items of a list. */
static void check_args(checker *check, spec_graph *graph)
{
    enum { MOST_ARGS = 64 };

    check_fields(check, &graph->args);
    if (graph->args.count > MOST_ARGS)
        diagnostics_error(check->log, graph->args.items[MOST_ARGS].where,
                          "'%s' has more than %d arguments; put some into a struct", graph->name,
                          MOST_ARGS);
    for (size_t i = 0; i < graph->args.count; i++) {
        const spec_field *arg = &graph->args.items[i];
        const spec_type *type = arg->shape.type;
        if (type != NULL &&
            (type->kind == SPEC_BYTES || (type->kind == SPEC_STRING && arg->shape.list)))
            diagnostics_error(check->log, arg->shape.where,
                              "an argument cannot be %s; make it a field of a struct",
                              front_shape_text(check->front, &arg->shape));
    }
}

void check_nodes(checker *check, spec_graph *graph)
{
    node_scope scope = {.graph = graph};

    check_args(check, graph);
    if (!open_scope(check, &scope))
        return;
    size_t errors = check->log->errors;
    find_clashes(check, &scope);
    if (errors != check->log->errors || !check_order_nodes(check, graph, &scope.nodes))
        return;
    for (size_t i = 0; i < graph->node_count; i++) {
        spec_node *node = &graph->nodes[i];
        node->graph = graph;
        node->index = i;
        resolve_operands(check, &scope, node);
        resolve_form(check, node);
        resolve_targets(check, graph, node);
        check_fields(check, &node->state);
        check_node_expressions(check, graph, node);
    }
}
