/* SPDX-License-Identifier: Apache-2.0 */
/* graph.c - a graph as one straight function: its nodes in topological order; in parts, where it is
 * large.
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

/* A graph under way. */
typedef struct graph_writer {
    emitter *e;
    const spec_graph *graph;
    const graph_plan *plan;
} graph_writer;

static const node_plan *plan_of(const graph_writer *g, const spec_node *node)
{
    return &g->plan->nodes[node->index];
}

/* --- Names --- */

/* Parts share values in a struct. */
static const char *shared_name(const graph_writer *g, const spec_node *node, const char *before,
                               const char *name)
{
    const char *text = weir_arena_printf(&g->e->arena, "%s%s%s",
                                         plan_of(g, node)->shared ? "values->" : "", before, name);

    g->e->out->failed |= text == NULL;
    return text != NULL ? text : "";
}

static const char *value_of(const graph_writer *g, const spec_node *node)
{
    return shared_name(g, node, "", emit_variable(node->name).text);
}

static const char *flag_of(const graph_writer *g, const spec_node *node)
{
    return shared_name(g, node, "has_", node->name);
}

/* What is passed on is a pointer already. */
static const char *address_of(const graph_writer *g, const spec_node *node)
{
    const char *text = weir_arena_printf(
        &g->e->arena, "%s%s", node->form == SPEC_NODE_PASS ? "" : "&", value_of(g, node));

    g->e->out->failed |= text == NULL;
    return text != NULL ? text : "";
}

/* --- Presence --- */

/* The C condition that an operand has a value; empty where it always has. */
static const char *presence(const graph_writer *g, const spec_operand *operand)
{
    const spec_node *node = operand->node;
    const char *text = "";

    if (node == NULL) {
        if (graph_plan_may_lack(operand))
            text = weir_arena_printf(&g->e->arena, "%s != NULL", emit_variable(operand->name).text);
    } else if (operand->kind == SPEC_FROM_ROUTE) {
        bool flag = plan_of(g, node)->flag;
        text = weir_arena_printf(
            &g->e->arena, "%s%s%s.route == %s", flag ? flag_of(g, node) : "", flag ? " && " : "",
            value_of(g, node),
            emit_route_name(g->e, node, &node->routes[operand->route_index]).text);
    } else if (plan_of(g, node)->flag) {
        text = flag_of(g, node);
    }
    g->e->out->failed |= text == NULL;
    return text != NULL ? text : "";
}

/* All that must be there; where only optional inputs remain, one of them. */
static void build_guard(const graph_writer *g, const spec_node *node, weir_buffer *guard)
{
    bool any_needed = false, always = false;

    for (size_t i = 0; i < node->in_count; i++) {
        if (node->in[i].optional)
            continue;
        const char *there = presence(g, &node->in[i]);
        any_needed = true;
        if (there[0] != '\0')
            weir_buffer_printf(guard, "%s%s", guard->size != 0 ? " && " : "", there);
    }
    if (any_needed)
        return;
    for (size_t i = 0; i < node->in_count; i++) {
        const char *there = presence(g, &node->in[i]);
        always = always || there[0] == '\0';
        bool both = strstr(there, "&&") != NULL;
        weir_buffer_printf(guard, "%s%s%s%s", i != 0 ? " || " : "", both ? "(" : "", there,
                           both ? ")" : "");
    }
    if (always)
        weir_buffer_free(guard);
}

/* --- One node --- */

/* The C text of an operand's value as a pointer. */
static void put_argument(const graph_writer *g, const spec_operand *operand, weir_buffer *call)
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
    const char *there = operand->optional ? presence(g, operand) : "";
    weir_buffer_text(call, ", ");
    if (there[0] != '\0')
        weir_buffer_printf(call, "%s ? ", there);
    if (operand->kind == SPEC_FROM_ROUTE)
        weir_buffer_printf(call, "&%s.%s", value_of(g, node), emit_variable(operand->route).text);
    else
        weir_buffer_text(call, address_of(g, node));
    if (there[0] != '\0')
        weir_buffer_text(call, " : NULL");
    if (operand->window)
        weir_buffer_printf(call, ", %s_count", value_of(g, node));
}

static void put_arguments(const graph_writer *g, const spec_node *node, weir_buffer *call)
{
    for (size_t i = 0; i < node->in_count; i++)
        put_argument(g, &node->in[i], call);
}

/* `status = f(firing, ...);` for the node's condition and for the node itself. */
static void emit_call(const graph_writer *g, const spec_node *node, const char *suffix, int indent)
{
    weir_buffer call = {0};
    bool whole = suffix[0] == '\0';

    weir_buffer_printf(&call, "status = %s%s(firing", emit_node_name(g->e, node).text, suffix);
    put_arguments(g, node, &call);
    if (whole && node->state.count != 0)
        weir_buffer_printf(&call, ", &state->%s", emit_member(node->name).text);
    if (whole)
        weir_buffer_printf(&call, ", &%s", value_of(g, node));
    weir_buffer_text(&call, ");");
    if (call.failed)
        g->e->out->failed = true;
    else
        EMIT(g->e, indent, "%s", call.data);
    weir_buffer_free(&call);
}

/* What follows a call that may have given nothing. */
static void emit_outcome(const graph_writer *g, const spec_node *node, int indent)
{
    if (plan_of(g, node)->leaves) {
        EMIT(g->e, indent, "if (status != WEIR_OK)");
        EMIT(g->e, indent + 4, "return weir_at_node(firing, frame, %zu, status);", node->index);
        if (plan_of(g, node)->flag)
            EMIT(g->e, indent, "%s = true;", flag_of(g, node));
        return;
    }
    if (plan_of(g, node)->flag)
        EMIT(g->e, indent, "%s = status == WEIR_OK;", flag_of(g, node));
    EMIT(g->e, indent,
         "if (status != WEIR_OK && weir_at_node(firing, frame, %zu, status) != WEIR_OK)",
         node->index);
    EMIT(g->e, indent + 4, "return WEIR_FAILED;");
}

/* A value that is passed on is a pointer to it; a window its items and their count. */
static void emit_pass(const graph_writer *g, const spec_node *node, int indent)
{
    spec_operand operand = node->in[0];
    const spec_node *from = operand.node;
    const char *name = value_of(g, node);
    weir_buffer argument = {0};

    if (node->out_window)
        EMIT(g->e, indent, "%s_count = %s_count;", name,
             from != NULL ? value_of(g, from) : emit_variable(operand.name).text);
    operand.window = false;
    put_argument(g, &operand, &argument);
    if (argument.failed)
        g->e->out->failed = true;
    else
        EMIT(g->e, indent, "%s = %s;", name, argument.data + 2);
    weir_buffer_free(&argument);
}

static void emit_route_counts(const graph_writer *g, const spec_node *node, int indent)
{
    const char *name = value_of(g, node);

    if (node->route_count == 0)
        return;
    EMIT(g->e, indent, "if ((unsigned int)%s.route - 1 >= %zu) {", name, node->route_count);
    EMIT(g->e, indent + 4, "status = weir_fail(firing, \"node '%s' set no route\");", node->name);
    EMIT(g->e, indent + 4, "return weir_at_node(firing, frame, %zu, status);", node->index);
    EMIT(g->e, indent, "}");
    EMIT(g->e, indent, "frame->counts[%zu + %s.route]++;", plan_of(g, node)->first_route - 1, name);
}

static void emit_result(const graph_writer *g, const spec_node *node, int indent)
{
    const node_plan *own = plan_of(g, node);
    const char *values = g->plan->parts > 1 ? "values->" : "";

    if (!emit_gives_result(node))
        return;
    if (g->plan->direct)
        EMIT(g->e, indent, "return weir_outlet_take(&frame->outlets[%zu], firing, %zu, %s);",
             own->first_outlet, node->index, address_of(g, node));
    else
        EMIT(g->e, indent, "%sresults[%scount++] = (weir_result){%s, %zu, %zu};", values, values,
             address_of(g, node), own->first_outlet, own->outlets);
}

/* The node's function, behind its condition where it has one. */
static void emit_value(const graph_writer *g, const spec_node *node, int indent)
{
    bool filter = node->filter.text != NULL, pass = node->form == SPEC_NODE_PASS;

    if (filter)
        emit_call(g, node, "_where", indent);
    if (pass)
        emit_pass(g, node, indent);
    if (pass)
        return;
    if (filter)
        EMIT(g->e, indent, "if (status == WEIR_OK) {");
    emit_call(g, node, "", filter ? indent + 4 : indent);
    if (filter)
        EMIT(g->e, indent, "}");
}

/* Compilers do not see that a value is read only where its flag says that it was given. What they
 * see whole, because it stands in the spec, is zeroed even where it is not given. */
static bool is_zeroed_first(const graph_writer *g, const spec_node *node, bool guarded)
{
    return guarded && node->form == SPEC_NODE_SET && plan_of(g, node)->flag;
}

static void emit_node(const graph_writer *g, const spec_node *node, bool guarded)
{
    const node_plan *own = plan_of(g, node);
    int indent = guarded ? 8 : 4;

    emit_comment(g->e->out, indent, NULL, node->where);
    if (own->counts)
        EMIT(g->e, indent, "frame->counts[%zu]++;", own->counter);
    if (node->form != SPEC_NODE_PASS && !is_zeroed_first(g, node, guarded))
        EMIT(g->e, indent, "memset(%s, 0, sizeof %s);", address_of(g, node), value_of(g, node));
    emit_value(g, node, indent);
    bool asks = node->form != SPEC_NODE_PASS || node->filter.text != NULL;
    if (asks)
        emit_outcome(g, node, indent);
    else if (own->flag)
        EMIT(g->e, indent, "%s = true;", flag_of(g, node));
    bool inner =
        asks && own->flag && !own->leaves && (node->route_count != 0 || emit_gives_result(node));
    if (inner)
        EMIT(g->e, indent, "if (%s) {", flag_of(g, node));
    emit_route_counts(g, node, indent + (inner ? 4 : 0));
    emit_result(g, node, indent + (inner ? 4 : 0));
    if (inner)
        EMIT(g->e, indent, "}");
}

/* --- Some nodes --- */

/* True where `node` can run after none of those from `first` on: it may be their `else`. */
static bool exclude_all(const graph_plan *plan, size_t first, size_t node)
{
    for (size_t i = first; i < node; i++)
        if (!graph_plan_exclude(plan, i, node))
            return false;
    return true;
}

/* Nodes first..end; those with one guard share its block. True where the last statement returns. */
static bool emit_nodes(const graph_writer *g, size_t first, size_t end)
{
    const spec_node *last = &g->graph->nodes[end - 1];
    weir_buffer open = {0};
    size_t chain = first; /* the node that the if ... else if under way begins with */

    for (size_t i = first; i < end; i++) {
        const spec_node *node = &g->graph->nodes[i];
        weir_buffer guard = {0};
        build_guard(g, node, &guard);
        bool same = guard.size != 0 && guard.size == open.size &&
                    memcmp(guard.data, open.data, guard.size) == 0;
        bool other = !same && open.size != 0 && guard.size != 0 && exclude_all(g->plan, chain, i);
        if (!same && !other)
            chain = i;
        if (!same && open.size != 0 && !other)
            EMIT(g->e, 4, "}");
        if (!same && guard.size != 0)
            EMIT(g->e, 4, "%sif (%s) {", other ? "} else " : "", guard.data);
        emit_node(g, node, guard.size != 0);
        g->e->out->failed |= guard.failed;
        weir_buffer_free(&open);
        open = guard;
    }
    bool guarded = open.size != 0 || plan_of(g, last)->flag;
    if (open.size != 0)
        EMIT(g->e, 4, "}");
    weir_buffer_free(&open);
    return !guarded && g->plan->direct && emit_gives_result(last);
}

static void emit_passed(const graph_writer *g, const spec_node *node, bool local)
{
    c_name name = emit_variable(node->name);
    bool flag = local && plan_of(g, node)->flag;

    EMIT(g->e, 4, "const %s *%s%s;", emit_type(g->e->model, node->out).text, name.text,
         flag ? " = NULL" : "");
    if (node->out_window)
        EMIT(g->e, 4, "size_t %s_count%s;", name.text, flag ? " = 0" : "");
}

/* What holds a node's value, as a variable of a function or a member of the shared ones. */
static void emit_holder(const graph_writer *g, const spec_node *node, bool local)
{
    c_name name = emit_variable(node->name);

    if (node->route_count != 0)
        EMIT(g->e, 4, "%s_out %s;", emit_node_name(g->e, node).text, name.text);
    else if (node->form == SPEC_NODE_PASS)
        emit_passed(g, node, local);
    else
        EMIT(g->e, 4, "%s %s;", emit_type(g->e->model, node->out).text, name.text);
    if (plan_of(g, node)->flag)
        EMIT(g->e, 4, "bool has_%s%s;", node->name, local ? " = false" : "");
}

static bool is_guarded(const graph_writer *g, const spec_node *node)
{
    weir_buffer guard = {0};

    build_guard(g, node, &guard);
    bool guarded = guard.size != 0;
    g->e->out->failed |= guard.failed;
    weir_buffer_free(&guard);
    return guarded;
}

/* The variables of the nodes first..end, and what must be set before they run. */
static void emit_locals(const graph_writer *g, const function_body *body, size_t first, size_t end)
{
    graph_input inputs[EMIT_INPUTS];
    size_t count = emit_graph_inputs(g->e, g->graph, inputs, EMIT_INPUTS);

    for (size_t i = 0; i < count; i++)
        body_input(body, &inputs[i]);
    for (size_t i = first; i < end; i++)
        if (!g->plan->nodes[i].shared)
            emit_holder(g, &g->graph->nodes[i], true);
    if (body_names(body, "status"))
        EMIT(g->e, 4, "weir_status status;");
    if (body_names(body, "results")) {
        EMIT(g->e, 4, "weir_result results[%zu];", g->plan->result_count);
        EMIT(g->e, 4, "size_t count = 0;");
    }
    emit_blank(g->e->out);
    for (size_t i = first; i < end; i++) {
        const spec_node *node = &g->graph->nodes[i];
        if (plan_of(g, node)->shared && plan_of(g, node)->flag)
            EMIT(g->e, 4, "%s = false;", flag_of(g, node));
        if (is_zeroed_first(g, node, is_guarded(g, node)))
            EMIT(g->e, 4, "memset(&%s, 0, sizeof %s);", value_of(g, node), value_of(g, node));
    }
}

static const char *state_type(const graph_writer *g)
{
    return emit_graph_has_state(g->graph)
               ? weir_arena_printf(&g->e->arena, "%s_state", emit_graph_name(g->e, g->graph).text)
               : "void";
}

/* --- One function --- */

/* A result comes of every firing that gets to the end. */
static bool gives_always(const graph_writer *g)
{
    for (size_t i = 0; i < g->plan->node_count; i++)
        if (g->plan->nodes[i].present && emit_gives_result(&g->graph->nodes[i]))
            return true;
    return false;
}

static void emit_whole(const graph_writer *g)
{
    emitter *e = g->e;
    function_body body;

    body_begin(&body, e);
    bool ends = emit_nodes(g, 0, g->plan->node_count);
    if (!g->plan->direct && g->plan->result_count != 0)
        EMIT(e, 4, "return %sweir_results_leave(firing, frame, results, count)%s;",
             gives_always(g) ? "" : "count != 0 ? ", gives_always(g) ? "" : " : WEIR_OK");
    else if (!ends)
        EMIT(e, 4, "return WEIR_OK;");
    body_end(&body);
    EMIT(e, 0,
         "static inline weir_status %s_nodes(weir_firing *firing, const void *const *inputs, "
         "%s *state, const weir_graph_frame *frame)",
         emit_graph_name(e, g->graph).text, state_type(g));
    EMIT(e, 0, "{");
    emit_locals(g, &body, 0, g->plan->node_count);
    body_unused(&body, "firing");
    body_unused(&body, "state");
    body_unused(&body, "frame");
    body_put(&body);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* --- Parts --- */

/* What one part gives to another, and what leaves at the end. */
static void emit_shared_values(const graph_writer *g)
{
    c_name name = emit_graph_name(g->e, g->graph);

    EMIT(g->e, 0, "typedef struct %s_values {", name.text);
    if (g->plan->result_count != 0)
        EMIT(g->e, 4, "weir_result results[%zu];", g->plan->result_count);
    EMIT(g->e, 4, "size_t count;");
    for (size_t i = 0; i < g->plan->node_count; i++)
        if (g->plan->nodes[i].shared)
            emit_holder(g, &g->graph->nodes[i], false);
    EMIT(g->e, 0, "} %s_values;", name.text);
    emit_blank(g->e->out);
}

static void emit_part(const graph_writer *g, size_t part)
{
    size_t first = part * g->plan->part_size, end = first + g->plan->part_size;
    c_name name = emit_graph_name(g->e, g->graph);
    emitter *e = g->e;
    function_body body;

    if (end > g->plan->node_count)
        end = g->plan->node_count;
    body_begin(&body, e);
    emit_nodes(g, first, end);
    EMIT(e, 4, "return WEIR_OK;");
    body_end(&body);
    EMIT(e, 0,
         "__attribute__((noinline)) static weir_status %s_part%zu(weir_firing *firing, const void "
         "*const *inputs, %s *state, const weir_graph_frame *frame, %s_values *values)",
         name.text, part + 1, state_type(g), name.text);
    EMIT(e, 0, "{");
    emit_locals(g, &body, first, end);
    body_unused(&body, "firing");
    body_unused(&body, "state");
    body_unused(&body, "frame");
    body_put(&body);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* Calls the parts one after the other. */
static void emit_parts(const graph_writer *g)
{
    c_name name = emit_graph_name(g->e, g->graph);
    emitter *e = g->e;

    emit_shared_values(g);
    for (size_t i = 0; i < g->plan->parts; i++)
        emit_part(g, i);
    EMIT(e, 0,
         "static weir_status %s_nodes(weir_firing *firing, const void *const *inputs, %s *state, "
         "const weir_graph_frame *frame)",
         name.text, state_type(g));
    EMIT(e, 0, "{");
    EMIT(e, 4, "%s_values values;", name.text);
    emit_blank(e->out);
    EMIT(e, 4, "values.count = 0;");
    for (size_t i = 0; i < g->plan->parts; i++) {
        EMIT(e, 4, "if (%s_part%zu(firing, inputs, state, frame, &values) != WEIR_OK)", name.text,
             i + 1);
        EMIT(e, 8, "return WEIR_FAILED;");
    }
    if (g->plan->result_count != 0)
        EMIT(e, 4, "return weir_results_leave(firing, frame, values.results, values.count);");
    else
        EMIT(e, 4, "return WEIR_OK;");
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* --- The graph --- */

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
    const graph_writer writer = {e, graph, &plan};

    if (!graph_plan_make(graph, &e->arena, &plan)) {
        e->out->failed = true;
        return;
    }
    emit_comment(e->out, 0, graph->doc != NULL ? graph->doc : graph->name, graph->where);
    if (plan.parts > 1)
        emit_parts(&writer);
    else
        emit_whole(&writer);
    emit_run(e, graph);
}
