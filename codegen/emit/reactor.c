/* SPDX-License-Identifier: Apache-2.0 */
/* reactor.c - a reactor's fused function: its `where:`, then its graphs; and graphs as calls. */
#include <stdio.h>
#include <string.h>

#include "codegen/emit/body.h"
#include "codegen/emit/graph_plan.h"
#include "codegen/emit/prototypes.h"
#include "codegen/roots.h"

/* --- Calls --- */

static void emit_call_inputs(emitter *e, const spec_graph *graph, size_t slots)
{
    graph_input inputs[EMIT_INPUTS];
    size_t count = emit_graph_inputs(e, graph, inputs, EMIT_INPUTS);

    for (size_t i = 0; i < count; i++)
        if (inputs[i].window)
            EMIT(e, 4, "weir_window %s_window = {in->%s, in->%s_count};", inputs[i].name,
                 inputs[i].name, inputs[i].name);
    EMIT(e, 4, "const void *inputs[%zu] = {NULL};", slots != 0 ? slots : 1);
    emit_blank(e->out);
    for (size_t i = 0; i < count; i++)
        if (inputs[i].window)
            EMIT(e, 4, "inputs[%zu] = in->%s != NULL ? &%s_window : NULL;", inputs[i].index,
                 inputs[i].name, inputs[i].name);
        else
            EMIT(e, 4, "inputs[%zu] = in->%s;", inputs[i].index, inputs[i].name);
}

/* A required input that is missing is the caller's mistake, and is named. */
static void emit_required(emitter *e, const spec_graph *graph)
{
    graph_input inputs[EMIT_INPUTS];
    size_t count = emit_graph_inputs(e, graph, inputs, EMIT_INPUTS);

    for (size_t i = 0; i < count; i++) {
        if (inputs[i].optional)
            continue;
        EMIT(e, 4, "if (in->%s == NULL)", inputs[i].name);
        EMIT(e, 8,
             "return weir_error_set(error, WEIR_INVALID, \"graph '%s' needs its input "
             "'%s'\");",
             graph->name, inputs[i].name);
    }
}

static void emit_captures(emitter *e, const graph_plan *plan, const spec_graph *graph)
{
    if (plan->result_count == 0) {
        EMIT(e, 4, "(void)out;");
        return;
    }
    EMIT(e, 4, "weir_capture captures[] = {");
    for (size_t i = 0; i < graph->node_count; i++) {
        c_name name = emit_member(graph->nodes[i].name);
        if (emit_gives_result(&graph->nodes[i]))
            EMIT(e, 8, "{&out->%s, &out->has_%s, sizeof out->%s, %zu},", name.text,
                 graph->nodes[i].name, name.text, plan->nodes[i].outlets);
    }
    EMIT(e, 4, "};");
    EMIT(e, 4, "memset(out, 0, sizeof *out);");
}

void emit_graph_call(emitter *e, const spec_graph *graph)
{
    c_name name = emit_graph_name(e, graph);
    graph_plan plan;
    size_t slots = graph->reactor != NULL ? graph->reactor->input_count : graph->args.count;

    if (!graph_plan_make(graph, &e->arena, &plan)) {
        e->out->failed = true;
        return;
    }
    emit_call_prototype(e, graph, "");
    EMIT(e, 0, "{");
    EMIT(e, 4, "uint64_t counts[%zu] = {0};", plan.count_size != 0 ? plan.count_size : 1);
    EMIT(e, 4, "weir_outlet outlets[%zu];", plan.outlet_count != 0 ? plan.outlet_count : 1);
    EMIT(e, 4, "weir_firing firing = {.now = in->now_, .user = in->user_};");
    emit_call_inputs(e, graph, slots);
    if (e->params != NULL)
        EMIT(e, 4, "firing.params = in->params_;");
    emit_required(e, graph);
    emit_captures(e, &plan, graph);
    EMIT(e, 4,
         "return weir_graph_call(\"%s\", %s_run, &firing, inputs, state, %s, %zu, outlets, "
         "counts, error);",
         graph->name, name.text, plan.result_count != 0 ? "captures" : "NULL", plan.result_count);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* --- The fused function --- */

/* `const market_quote *orderbook = inputs[0];` of what the condition reads. */
static bool emit_filter_inputs(const function_body *body, const spec_reactor *reactor)
{
    bool any = false;

    for (size_t i = 0; i < reactor->input_count; i++) {
        const spec_accumulator *accumulator = reactor->inputs[i].accumulator;
        c_name name = emit_variable(accumulator->name);
        graph_input input = {.name = name.text,
                             .type = accumulator->boundary,
                             .window = accumulator->window,
                             .index = i};
        any = body_input(body, &input) || any;
    }
    return any;
}

static void emit_where(emitter *e, const spec_reactor *reactor)
{
    function_body body;

    body_begin(&body, e);
    expr_output output = emit_output(e, 4);
    emit_condition(e, &reactor->filter, &output);
    EMIT(e, 4, "return WEIR_OK;");
    body_end(&body);
    EMIT(e, 0, "static weir_status %s_where(weir_firing *firing, const void *const *inputs)",
         emit_room_name(e, reactor->name).text);
    EMIT(e, 0, "{");
    bool inputs = emit_filter_inputs(&body, reactor);
    body_declared(&body, inputs);
    if (!inputs)
        EMIT(e, 4, "(void)inputs;");
    body_put(&body);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* The states of all its graphs, one behind the other. */
static void emit_states(emitter *e, const spec_reactor *reactor)
{
    c_name name = emit_room_name(e, reactor->name);

    EMIT(e, 0, "typedef struct %s_states {", name.text);
    for (size_t i = 0; i < reactor->graph_count; i++)
        if (emit_graph_has_state(reactor->graphs[i]))
            EMIT(e, 4, "%s_state %s;", emit_graph_name(e, reactor->graphs[i]).text,
                 emit_member(reactor->graphs[i]->name).text);
    EMIT(e, 0, "} %s_states;", name.text);
    emit_blank(e->out);
}

static void emit_run_graph(emitter *e, const spec_reactor *reactor, size_t index)
{
    const spec_graph *graph = reactor->graphs[index];
    weir_buffer state = {0};

    if (emit_graph_has_state(graph))
        weir_buffer_printf(&state, "&((%s_states *)series->states)->%s",
                           emit_room_name(e, reactor->name).text, emit_member(graph->name).text);
    EMIT(e, 4, "if (%s_run(firing, series->inputs, %s, &series->frames[%zu]) != WEIR_OK)",
         emit_graph_name(e, graph).text, state.size != 0 ? state.data : "NULL", index);
    EMIT(e, 8, "status = weir_graph_failed(firing, &series->frames[%zu], &series->failed[%zu]);",
         index, index);
    e->out->failed = e->out->failed || state.failed;
    weir_buffer_free(&state);
}

/* The condition, then the graphs, for one value. */
static void emit_fire_one(emitter *e, const spec_reactor *reactor)
{
    c_name name = emit_room_name(e, reactor->name);
    bool filters = reactor->filter.text != NULL;

    EMIT(e, 0,
         "static inline weir_status %s_fire_one(weir_firing *firing, const weir_series *series)",
         name.text);
    EMIT(e, 0, "{");
    if (filters)
        EMIT(e, 4, "weir_status status = %s_where(firing, series->inputs);", name.text);
    else
        EMIT(e, 4, "weir_status status = WEIR_OK;");
    emit_blank(e->out);
    if (filters) {
        EMIT(e, 4, "if (status != WEIR_OK)");
        EMIT(e, 8, "return status;");
    } else if (reactor->graph_count == 0) {
        EMIT(e, 4, "(void)firing;");
        EMIT(e, 4, "(void)series;");
    }
    for (size_t i = 0; i < reactor->graph_count; i++)
        emit_run_graph(e, reactor, i);
    EMIT(e, 4, "return status;");
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

void emit_reactor(emitter *e, const spec_reactor *reactor)
{
    c_name name = emit_room_name(e, reactor->name);

    if (reactor->filter.text != NULL)
        emit_where(e, reactor);
    if (emit_reactor_has_state(reactor))
        emit_states(e, reactor);
    emit_comment(e->out, 0, reactor->doc != NULL ? reactor->doc : reactor->name, reactor->where);
    emit_fire_one(e, reactor);
    EMIT(e, 0, "static weir_status %s_fire(weir_firing *firing, weir_series *series)", name.text);
    EMIT(e, 0, "{");
    EMIT(e, 4, "return weir_fire_each(firing, series, %s_fire_one);", name.text);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}
