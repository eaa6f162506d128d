/* SPDX-License-Identifier: Apache-2.0 */
/* graph.c - a graph as one straight function: its nodes in topological order.
 *
 * A node runs when each input without `optional` has a value and at least one has. What may be
 * absent has a flag `has_NODE`; where everything that could still run depends on a node, its skip
 * ends the function at once and no flag is needed. Results leave after the last node: directly,
 * where a terminal is the last thing on its branch, else all together.
 */
#include <stdio.h>
#include <string.h>

#include "codegen/emit/body.h"
#include "codegen/emit/graph_plan.h"
#include "codegen/emit/prototypes.h"
#include "codegen/roots.h"

/* --- Presence ------------------------------------------------------------------------------------
 */

/* The C condition that an operand has a value; empty where it always has. */
static const char *presence(emitter *e, const graph_plan *plan, const spec_operand *operand)
{
    const spec_node *node = operand->node;
    const char *text = "";

    if (node == NULL) {
        if (graph_plan_may_lack(operand))
            text = weir_arena_printf(&e->arena, "%s != NULL", emit_variable(operand->name).text);
    } else if (operand->kind == SPEC_FROM_ROUTE) {
        bool flag = plan->nodes[node->index].flag;
        text = weir_arena_printf(
            &e->arena, "%s%s%s%s.route == %s", flag ? "has_" : "", flag ? node->name : "",
            flag ? " && " : "", emit_variable(node->name).text,
            emit_route_name(e, node, &node->routes[operand->route_index]).text);
    } else if (plan->nodes[node->index].flag) {
        text = weir_arena_printf(&e->arena, "has_%s", node->name);
    }
    e->out->failed = e->out->failed || text == NULL;
    return text != NULL ? text : "";
}

/* All that must be there; where only optional inputs remain, one of them. */
static void build_guard(emitter *e, const graph_plan *plan, const spec_node *node,
                        weir_buffer *guard)
{
    bool any_needed = false, always = false;

    for (size_t i = 0; i < node->in_count; i++) {
        if (node->in[i].optional)
            continue;
        const char *there = presence(e, plan, &node->in[i]);
        any_needed = true;
        if (there[0] != '\0')
            weir_buffer_printf(guard, "%s%s", guard->size != 0 ? " && " : "", there);
    }
    if (any_needed)
        return;
    for (size_t i = 0; i < node->in_count; i++) {
        const char *there = presence(e, plan, &node->in[i]);
        always = always || there[0] == '\0';
        bool both = strstr(there, "&&") != NULL;
        weir_buffer_printf(guard, "%s%s%s%s", i != 0 ? " || " : "", both ? "(" : "", there,
                           both ? ")" : "");
    }
    if (always)
        weir_buffer_free(guard);
}

/* --- One node ------------------------------------------------------------------------------------
 */

/* The C text of an operand's value as a pointer. */
static void put_argument(emitter *e, const graph_plan *plan, const spec_operand *operand,
                         weir_buffer *call)
{
    const spec_node *node = operand->node;

    if (operand->type == NULL)
        return;
    if (operand->kind == SPEC_FROM_ACCUMULATOR || operand->kind == SPEC_FROM_ARG) {
        weir_buffer_printf(call, ", %s", emit_variable(operand->name).text);
        if (operand->window)
            weir_buffer_printf(call, ", %s_count", emit_variable(operand->name).text);
        return;
    }
    const char *there = operand->optional ? presence(e, plan, operand) : "";
    weir_buffer_text(call, ", ");
    if (there[0] != '\0')
        weir_buffer_printf(call, "%s ? ", there);
    if (operand->kind == SPEC_FROM_ROUTE)
        weir_buffer_printf(call, "&%s.%s", emit_variable(node->name).text,
                           emit_variable(operand->route).text);
    else
        weir_buffer_printf(call, "%s%s", node->form == SPEC_NODE_PASS ? "" : "&",
                           emit_variable(node->name).text);
    if (there[0] != '\0')
        weir_buffer_text(call, " : NULL");
    if (operand->window)
        weir_buffer_printf(call, ", %s_count", emit_variable(node->name).text);
}

static void put_arguments(emitter *e, const graph_plan *plan, const spec_node *node,
                          weir_buffer *call)
{
    for (size_t i = 0; i < node->in_count; i++)
        put_argument(e, plan, &node->in[i], call);
}

/* `status = f(firing, ...);` for the node's condition and for the node itself. */
static void emit_call(emitter *e, const graph_plan *plan, const spec_node *node, const char *suffix,
                      int indent)
{
    weir_buffer call = {0};
    bool whole = suffix[0] == '\0';

    weir_buffer_printf(&call, "status = %s%s(firing", emit_node_name(e, node).text, suffix);
    put_arguments(e, plan, node, &call);
    if (whole && node->state.count != 0)
        weir_buffer_printf(&call, ", &state->%s", emit_member(node->name).text);
    if (whole)
        weir_buffer_printf(&call, ", &%s", emit_variable(node->name).text);
    weir_buffer_text(&call, ");");
    if (call.failed)
        e->out->failed = true;
    else
        EMIT(e, indent, "%s", call.data);
    weir_buffer_free(&call);
}

/* What follows a call that may have given nothing. */
static void emit_outcome(emitter *e, const graph_plan *plan, const spec_node *node, int indent)
{
    if (plan->nodes[node->index].leaves) {
        EMIT(e, indent, "if (status != WEIR_OK)");
        EMIT(e, indent + 4, "return weir_at_node(firing, frame, %zu, status);", node->index);
        return;
    }
    if (plan->nodes[node->index].flag)
        EMIT(e, indent, "has_%s = status == WEIR_OK;", node->name);
    EMIT(e, indent, "if (status != WEIR_OK && weir_at_node(firing, frame, %zu, status) != WEIR_OK)",
         node->index);
    EMIT(e, indent + 4, "return WEIR_FAILED;");
}

/* A value that is passed on is a pointer to it; a window its items and their count. */
static void emit_pass(emitter *e, const graph_plan *plan, const spec_node *node, int indent)
{
    spec_operand operand = node->in[0];
    c_name name = emit_variable(node->name);
    weir_buffer argument = {0};

    if (node->out_window)
        EMIT(e, indent, "%s_count = %s_count;", name.text, emit_variable(operand.name).text);
    operand.window = false;
    put_argument(e, plan, &operand, &argument);
    if (argument.failed)
        e->out->failed = true;
    else
        EMIT(e, indent, "%s = %s;", name.text, argument.data + 2);
    weir_buffer_free(&argument);
}

static void emit_route_counts(emitter *e, const graph_plan *plan, const spec_node *node, int indent)
{
    if (node->route_count == 0)
        return;
    EMIT(e, indent, "if ((unsigned int)%s.route - 1 >= %zu) {", emit_variable(node->name).text,
         node->route_count);
    EMIT(e, indent + 4, "status = weir_fail(firing, \"node '%s' set no route\");", node->name);
    EMIT(e, indent + 4, "return weir_at_node(firing, frame, %zu, status);", node->index);
    EMIT(e, indent, "}");
    EMIT(e, indent, "frame->counts[%zu + %s.route]++;", plan->nodes[node->index].first_route - 1,
         emit_variable(node->name).text);
}

static void emit_result(emitter *e, const graph_plan *plan, const spec_node *node, int indent)
{
    c_name value = emit_variable(node->name);
    const char *address = node->form == SPEC_NODE_PASS ? "" : "&";
    const node_plan *own = &plan->nodes[node->index];

    if (!emit_gives_result(node))
        return;
    if (plan->direct && own->outlets == 1)
        EMIT(e, indent, "return weir_outlet_take(&frame->outlets[%zu], firing, %zu, %s%s);",
             own->first_outlet, node->index, address, value.text);
    else
        EMIT(e, indent, "results[count++] = (weir_result){%s%s, %zu, %zu};", address, value.text,
             own->first_outlet, own->outlets);
}

static void emit_node(emitter *e, const graph_plan *plan, const spec_node *node, int indent)
{
    const node_plan *own = &plan->nodes[node->index];

    if (own->counts)
        EMIT(e, indent, "frame->counts[%zu]++;", own->counter);
    if (node->form == SPEC_NODE_PASS && node->filter.text == NULL) {
        emit_pass(e, plan, node, indent);
        if (own->flag)
            EMIT(e, indent, "has_%s = true;", node->name);
        emit_result(e, plan, node, indent);
        return;
    }
    /* Before the condition: compilers do not see that a value that is read was given. */
    if (node->form != SPEC_NODE_PASS)
        EMIT(e, indent, "memset(&%s, 0, sizeof %s);", emit_variable(node->name).text,
             emit_variable(node->name).text);
    if (node->filter.text != NULL) {
        emit_call(e, plan, node, "_where", indent);
        if (node->form == SPEC_NODE_PASS)
            emit_pass(e, plan, node, indent);
    }
    if (node->form != SPEC_NODE_PASS) {
        int inner = indent;
        if (node->filter.text != NULL) {
            EMIT(e, indent, "if (status == WEIR_OK) {");
            inner += 4;
        }
        emit_call(e, plan, node, "", inner);
        if (node->filter.text != NULL)
            EMIT(e, indent, "}");
    }
    emit_outcome(e, plan, node, indent);
    bool inner = own->flag && (node->route_count != 0 || emit_gives_result(node));
    if (inner)
        EMIT(e, indent, "if (has_%s) {", node->name);
    emit_route_counts(e, plan, node, indent + (inner ? 4 : 0));
    emit_result(e, plan, node, indent + (inner ? 4 : 0));
    if (inner)
        EMIT(e, indent, "}");
}

/* --- The function --------------------------------------------------------------------------------
 */

static void emit_inputs(const function_body *body, const spec_graph *graph)
{
    graph_input inputs[EMIT_INPUTS];
    size_t count = emit_graph_inputs(body->e, graph, inputs, EMIT_INPUTS);

    for (size_t i = 0; i < count; i++)
        body_input(body, &inputs[i]);
}

static void emit_passed(emitter *e, const spec_node *node, bool flag)
{
    c_name name = emit_variable(node->name);

    EMIT(e, 4, "const %s *%s%s;", emit_type(e->model, node->out).text, name.text,
         flag ? " = NULL" : "");
    if (node->out_window)
        EMIT(e, 4, "size_t %s_count%s;", name.text, flag ? " = 0" : "");
}

static void emit_locals(emitter *e, const graph_plan *plan, const spec_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        c_name name = emit_variable(node->name);
        if (node->route_count != 0)
            EMIT(e, 4, "%s_out %s;", emit_node_name(e, node).text, name.text);
        else if (node->form == SPEC_NODE_PASS)
            emit_passed(e, node, plan->nodes[i].flag);
        else
            EMIT(e, 4, "%s %s;", emit_type(e->model, node->out).text, name.text);
        if (plan->nodes[i].flag)
            EMIT(e, 4, "bool has_%s = false;", node->name);
    }
    if (!plan->direct && plan->result_count != 0) {
        EMIT(e, 4, "weir_result results[%zu];", plan->result_count);
        EMIT(e, 4, "size_t count = 0;");
    }
}

/* True where `node` can run after none of those from `first` on: it may be their `else`. */
static bool exclude_all(const graph_plan *plan, size_t first, size_t node)
{
    for (size_t i = first; i < node; i++)
        if (!graph_plan_exclude(plan, i, node))
            return false;
    return true;
}

/* True where the last statement returns already. */
static bool emit_nodes(emitter *e, const graph_plan *plan, const spec_graph *graph)
{
    const spec_node *last = &graph->nodes[graph->node_count - 1];
    weir_buffer open = {0};
    size_t chain = 0; /* the node that the if ... else if under way begins with */

    for (size_t i = 0; i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        weir_buffer guard = {0};
        build_guard(e, plan, node, &guard);
        bool same = guard.size != 0 && guard.size == open.size &&
                    memcmp(guard.data, open.data, guard.size) == 0;
        bool other = !same && open.size != 0 && guard.size != 0 && exclude_all(plan, chain, i);
        if (!same && !other)
            chain = i;
        if (!same && open.size != 0 && !other)
            EMIT(e, 4, "}");
        if (!same && guard.size != 0)
            EMIT(e, 4, "%sif (%s) {", other ? "} else " : "", guard.data);
        emit_comment(e->out, guard.size != 0 ? 8 : 4, NULL, node->where);
        emit_node(e, plan, node, guard.size != 0 ? 8 : 4);
        if (guard.failed)
            e->out->failed = true;
        weir_buffer_free(&open);
        open = guard;
    }
    bool guarded = open.size != 0 || plan->nodes[last->index].flag;
    if (open.size != 0)
        EMIT(e, 4, "}");
    weir_buffer_free(&open);
    return !guarded && plan->direct && emit_gives_result(last);
}

static void emit_plain_body(emitter *e, const graph_plan *plan, const spec_graph *graph)
{
    c_name name = emit_graph_name(e, graph);
    bool stateful = emit_graph_has_state(graph);
    function_body body;

    body_begin(&body, e);
    bool ends = emit_nodes(e, plan, graph);
    if (!plan->direct && plan->result_count != 0)
        EMIT(e, 4, "return weir_results_leave(firing, frame, results, count);");
    else if (!ends)
        EMIT(e, 4, "return WEIR_OK;");
    body_end(&body);
    EMIT(e, 0,
         "static inline weir_status %s_nodes(weir_firing *firing, const void *const *inputs, "
         "%s *state, const weir_graph_frame *frame)",
         name.text, stateful ? weir_arena_printf(&e->arena, "%s_state", name.text) : "void");
    EMIT(e, 0, "{");
    emit_inputs(&body, graph);
    emit_locals(e, plan, graph);
    if (body_names(&body, "status"))
        EMIT(e, 4, "weir_status status;");
    emit_blank(e->out);
    body_unused(&body, "state");
    body_unused(&body, "firing");
    body_unused(&body, "frame");
    body_put(&body);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* Node state is kept only after the last node succeeded. */
static void emit_run(emitter *e, const spec_graph *graph)
{
    c_name name = emit_graph_name(e, graph);

    EMIT(e, 0,
         "static weir_status %s_run(weir_firing *firing, const void *const *inputs, "
         "void *state, const weir_graph_frame *frame)",
         name.text);
    EMIT(e, 0, "{");
    if (!emit_graph_has_state(graph)) {
        EMIT(e, 4, "return %s_nodes(firing, inputs, state, frame);", name.text);
    } else {
        EMIT(e, 4, "%s_state saved = *(%s_state *)state;", name.text, name.text);
        EMIT(e, 4, "weir_status status = %s_nodes(firing, inputs, state, frame);", name.text);
        emit_blank(e->out);
        EMIT(e, 4, "if (status != WEIR_OK)");
        EMIT(e, 8, "*(%s_state *)state = saved;", name.text);
        EMIT(e, 4, "return status;");
    }
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

void emit_graph_body(emitter *e, const spec_graph *graph)
{
    graph_plan plan;

    if (!graph_plan_make(graph, &e->arena, &plan)) {
        e->out->failed = true;
        return;
    }
    emit_comment(e->out, 0, graph->doc != NULL ? graph->doc : graph->name, graph->where);
    emit_plain_body(e, &plan, graph);
    emit_run(e, graph);
}
