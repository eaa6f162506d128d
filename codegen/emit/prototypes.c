/* SPDX-License-Identifier: Apache-2.0 */
/* prototypes.c - MODULE.weir.h: types, states, node prototypes, and the typed functions of a host.
 */
#include <string.h>

#include "codegen/emit/module.h"
#include "codegen/emit/prototypes.h"
#include "codegen/emit/types.h"
#include "codegen/roots.h"

/* --- Nodes --- */

static void emit_node_state(emitter *e, const spec_node *node)
{
    c_name name = emit_node_name(e, node);

    if (node->state.count == 0)
        return;
    EMIT(e, 0, "/* Zeroed at first; kept when the firing succeeds. */");
    EMIT(e, 0, "typedef struct %s_state {", name.text);
    emit_members(e->model, &node->state, e->out);
    EMIT(e, 0, "} %s_state;", name.text);
    emit_blank(e->out);
}

/* A routing node sets `route` and the member of that route. */
static void emit_node_out(emitter *e, const spec_node *node)
{
    c_name name = emit_node_name(e, node);
    bool payload = false;

    if (node->route_count == 0)
        return;
    EMIT(e, 0, "typedef enum %s_route {", name.text);
    for (size_t i = 0; i < node->route_count; i++) {
        if (node->routes[i].doc != NULL)
            emit_comment(e->out, 4, node->routes[i].doc, (weir_place){0});
        EMIT(e, 4, "%s = %zu,", emit_route_name(e, node, &node->routes[i]).text, i + 1);
        payload = payload || node->routes[i].type != NULL;
    }
    EMIT(e, 0, "} %s_route;", name.text);
    emit_blank(e->out);
    EMIT(e, 0, "/* Set `route`, and the member of that name. */");
    EMIT(e, 0, "typedef struct %s_out {", name.text);
    EMIT(e, 4, "%s_route route;", name.text);
    if (payload)
        EMIT(e, 4, "union {");
    for (size_t i = 0; i < node->route_count; i++)
        if (node->routes[i].type != NULL)
            EMIT(e, 8, "%s %s;", emit_type(e->model, node->routes[i].type).text,
                 emit_variable(node->routes[i].name).text);
    if (payload)
        EMIT(e, 4, "};");
    EMIT(e, 0, "} %s_out;", name.text);
    emit_blank(e->out);
}

static void append_names(const spec_node *node, weir_buffer *text)
{
    weir_buffer_text(text, "in:");
    for (size_t i = 0; i < node->in_count; i++) {
        const spec_operand *operand = &node->in[i];
        weir_buffer_printf(text, "%s %s%s%s%s", i != 0 ? "," : "", operand->name,
                           operand->route != NULL ? "." : "",
                           operand->route != NULL ? operand->route : "",
                           operand->optional ? " (optional)" : "");
    }
    for (size_t i = 0; i < node->route_count; i++)
        weir_buffer_printf(text, "%s %s", i != 0 ? "," : "; routes:", node->routes[i].name);
    weir_buffer_text(text, ".");
}

void emit_node_comment(emitter *e, const spec_node *node, int indent)
{
    weir_buffer text = {0};

    if (node->doc != NULL)
        weir_buffer_printf(&text, "%s ", node->doc);
    append_names(node, &text);
    if (text.failed)
        e->out->failed = true;
    else
        emit_comment(e->out, indent, text.data, node->where);
    weir_buffer_free(&text);
}

static void emit_graph_state(emitter *e, const spec_graph *graph)
{
    c_name name = emit_graph_name(e, graph);

    if (!emit_graph_has_state(graph))
        return;
    EMIT(e, 0, "/* The states of all nodes of %s. */", graph->name);
    EMIT(e, 0, "typedef struct %s_state {", name.text);
    for (size_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i].state.count != 0)
            EMIT(e, 4, "%s_state %s;", emit_node_name(e, &graph->nodes[i]).text,
                 emit_member(graph->nodes[i].name).text);
    EMIT(e, 0, "} %s_state;", name.text);
    emit_blank(e->out);
}

/* --- Calls --- */

static void emit_in_struct(emitter *e, const spec_graph *graph)
{
    graph_input inputs[EMIT_INPUTS];
    size_t count = emit_graph_inputs(e, graph, inputs, EMIT_INPUTS);
    c_name name = emit_graph_name(e, graph);

    EMIT(e, 0, "/* What %s reads; what is optional may be NULL. */", graph->name);
    EMIT(e, 0, "typedef struct %s_in {", name.text);
    for (size_t i = 0; i < count; i++) {
        EMIT(e, 4, "const %s *%s;", emit_type(e->model, inputs[i].type).text, inputs[i].name);
        if (inputs[i].window)
            EMIT(e, 4, "size_t %s_count;", inputs[i].name);
    }
    EMIT(e, 4, "int64_t now_; /* the firing's time */");
    if (e->params != NULL)
        EMIT(e, 4, "const %s_params *params_;", e->module.text);
    EMIT(e, 4, "void *user_;");
    EMIT(e, 0, "} %s_in;", name.text);
    emit_blank(e->out);
}

static void emit_out_struct(emitter *e, const spec_graph *graph)
{
    c_name name = emit_graph_name(e, graph);

    EMIT(e, 0, "/* The results of %s, each with the flag that it is there. */", graph->name);
    EMIT(e, 0, "typedef struct %s_out {", name.text);
    for (size_t i = 0; i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        if (!emit_gives_result(node))
            continue;
        EMIT(e, 4, "bool has_%s;", node->name);
        EMIT(e, 4, "%s %s;", emit_type(e->model, node->out).text, emit_member(node->name).text);
    }
    EMIT(e, 0, "} %s_out;", name.text);
    emit_blank(e->out);
}

bool emit_gives_result(const spec_node *node)
{
    return node->route_count == 0 && !node->out_window && (node->terminal || node->to_count != 0);
}

bool emit_has_results(const spec_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (emit_gives_result(&graph->nodes[i]))
            return true;
    return false;
}

void emit_call_prototype(emitter *e, const spec_graph *graph, const char *end)
{
    c_name name = emit_graph_name(e, graph);

    EMIT(e, 0, "weir_status %s_call(const %s_in *in, %s%s, %s%s, weir_error **error)%s", name.text,
         name.text, emit_graph_has_state(graph) ? name.text : "void",
         emit_graph_has_state(graph) ? "_state *state" : " *state",
         emit_has_results(graph) ? name.text : "void",
         emit_has_results(graph) ? "_out *out" : " *out", end);
}

static void emit_graph_prototypes(emitter *e, const spec_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        emit_node_state(e, &graph->nodes[i]);
        emit_node_out(e, &graph->nodes[i]);
    }
    for (size_t i = 0; i < graph->node_count; i++) {
        if (graph->nodes[i].form != SPEC_NODE_C)
            continue;
        emit_node_comment(e, &graph->nodes[i], 0);
        emit_node_prototype(e, &graph->nodes[i], "", ";");
        emit_blank(e->out);
    }
    emit_graph_state(e, graph);
    emit_in_struct(e, graph);
    if (emit_has_results(graph))
        emit_out_struct(e, graph);
    EMIT(e, 0, "/* %s as a plain function: no runtime, any thread. */", graph->name);
    emit_call_prototype(e, graph, ";");
    emit_blank(e->out);
}

/* --- Accumulators, sources, sinks --- */

void emit_accumulator_prototype(emitter *e, const spec_accumulator *accumulator, const char *end)
{
    c_name name = emit_room_name(e, accumulator->name);
    const char *out = emit_type(e->model, accumulator->boundary).text;
    c_name boundary = emit_type(e->model, accumulator->boundary);

    (void)out;
    if (accumulator->form == SPEC_POLLING)
        EMIT(e, 0, "weir_status %s(weir_firing *firing, %s *out)%s",
             emit_poll_name(e, accumulator).text, boundary.text, end);
    else if (accumulator->state.count != 0)
        EMIT(e, 0,
             "weir_status %s(weir_firing *firing, const %s *event, %s_state *state, %s *out)%s",
             name.text, emit_type(e->model, accumulator->type).text, name.text, boundary.text, end);
    else
        EMIT(e, 0, "weir_status %s(weir_firing *firing, const %s *event, %s *out)%s", name.text,
             emit_type(e->model, accumulator->type).text, boundary.text, end);
}

bool emit_first_call(const spec *model, const spec_accumulator *accumulator)
{
    const char *name = accumulator->call.text;

    for (size_t i = 0; name != NULL && model->accumulators[i] != accumulator; i++)
        if (model->accumulators[i]->call.text != NULL &&
            strcmp(model->accumulators[i]->call.text, name) == 0)
            return false;
    return true;
}

c_name emit_poll_name(const emitter *e, const spec_accumulator *accumulator)
{
    if (accumulator->call.text == NULL)
        return emit_room_name(e, accumulator->name);
    c_name name = {""};
    strncat(name.text, accumulator->call.text, sizeof name.text - 1);
    return name;
}

static void emit_accumulator_prototypes(emitter *e, const spec_accumulator *accumulator)
{
    c_name name = emit_room_name(e, accumulator->name);

    if (accumulator->state.count != 0) {
        EMIT(e, 0, "/* The private state of %s, zeroed at first. */", accumulator->name);
        EMIT(e, 0, "typedef struct %s_state {", name.text);
        emit_members(e->model, &accumulator->state, e->out);
        EMIT(e, 0, "} %s_state;", name.text);
        emit_blank(e->out);
    }
    if (!accumulator->calls || !emit_first_call(e->model, accumulator))
        return;
    emit_comment(e->out, 0, accumulator->doc != NULL ? accumulator->doc : accumulator->name,
                 accumulator->where);
    emit_accumulator_prototype(e, accumulator, ";");
    emit_blank(e->out);
}

static bool is_kind(const spec_name *kind, const char *name)
{
    return kind->text != NULL && strcmp(kind->text, name) == 0;
}

bool emit_is_raw(const spec_source *source)
{
    for (size_t i = 0; i < source->settings.count; i++)
        if (strcmp(source->settings.items[i].name, "format") == 0)
            return strcmp(source->settings.items[i].text, "raw") == 0;
    return false;
}

void emit_decode_prototype(emitter *e, const spec_source *source, const char *end)
{
    EMIT(e, 0, "/* Reads one message of the source %s. */", source->name);
    EMIT(e, 0,
         "weir_status %s_decode_%s(weir_firing *firing, const unsigned char *data, size_t size, "
         "%s *event)%s",
         e->module.text, source->name, emit_type(e->model, source->type).text, end);
}

static void emit_source_functions(emitter *e, const spec_source *source)
{
    c_name type = emit_type(e->model, source->type);
    const char *module = e->module.text;

    if (emit_is_raw(source)) {
        emit_decode_prototype(e, source, ";");
        emit_blank(e->out);
    }
    if (!is_kind(&source->kind_name, "channel"))
        return;
    EMIT(e, 0, "/* Pushes into the channel %s; any thread. */", source->name);
    EMIT(e, 0,
         "static inline weir_status %s_push_%s_n(weir_runtime *runtime, const %s *values, "
         "size_t count, weir_error **error)",
         module, source->name, type.text);
    EMIT(e, 0, "{");
    EMIT(e, 4, "return weir_runtime_push(runtime, &%s_module, %zu, values, count, error);", module,
         source->index);
    EMIT(e, 0, "}");
    emit_blank(e->out);
    EMIT(e, 0,
         "static inline weir_status %s_push_%s(weir_runtime *runtime, const %s *value, "
         "weir_error **error)",
         module, source->name, type.text);
    EMIT(e, 0, "{");
    EMIT(e, 4, "return %s_push_%s_n(runtime, value, 1, error);", module, source->name);
    EMIT(e, 0, "}");
    emit_blank(e->out);
    EMIT(e, 0, "/* No more will be pushed into %s. */", source->name);
    EMIT(e, 0, "static inline weir_status %s_close_%s(weir_runtime *runtime, weir_error **error)",
         module, source->name);
    EMIT(e, 0, "{");
    EMIT(e, 4, "return weir_runtime_close(runtime, &%s_module, %zu, error);", module,
         source->index);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

static void emit_sink_functions(emitter *e, const spec_sink *sink)
{
    const char *module = e->module.text;
    c_name type = emit_type(e->model, sink->type);

    EMIT(e, 0, "typedef void (*%s_%s_function)(const %s *value, void *arg);", module, sink->name,
         type.text);
    emit_blank(e->out);
    EMIT(e, 0, "/* `function` sees each result of the sink %s after it has left. */", sink->name);
    EMIT(e, 0,
         "static inline weir_status %s_on_%s(weir_runtime *runtime, %s_%s_function function, "
         "void *arg)",
         module, sink->name, module, sink->name);
    EMIT(e, 0, "{");
    EMIT(e, 4,
         "return weir_runtime_on(runtime, &%s_module, \"%s\", "
         "(weir_result_function)function, arg, NULL);",
         module, sink->name);
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

/* --- The file --- */

void emit_prototypes(emitter *e)
{
    const spec *model = e->model;

    for (size_t i = 0; i < model->accumulator_count; i++)
        emit_accumulator_prototypes(e, model->accumulators[i]);
    for (size_t i = 0; i < model->graph_count; i++)
        emit_graph_prototypes(e, &model->graphs[i]);
    emit_task_functions(e, false);
    EMIT(e, 0, "extern const weir_module %s_module;", e->module.text);
    emit_blank(e->out);
    for (size_t i = 0; i < model->source_count; i++)
        emit_source_functions(e, &model->sources[i]);
    for (size_t i = 0; i < model->sink_count; i++)
        emit_sink_functions(e, &model->sinks[i]);
}
