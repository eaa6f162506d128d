/* SPDX-License-Identifier: Apache-2.0 */
/* module.c - puts a module's files together. */
#include "codegen/emit/module.h"

#include <stdio.h>
#include <string.h>

#include "codegen/emit/prototypes.h"
#include "codegen/emit/types.h"
#include "codegen/roots.h"

/* --- The model, with the structs that a module needs beside the spec's own --- */

static bool extend(emitter *e, const spec *model, spec *extended)
{
    size_t room = model->type_count + model->graph_count + model->workflow_count + 1;
    size_t count = model->type_count;
    const spec_type **types = weir_arena_alloc(&e->arena, room * sizeof *types);

    if (types == NULL)
        return false;
    *extended = *model;
    if (count != 0)
        memcpy(types, model->types, count * sizeof *types);
    e->params = spec_params_type(model, &e->arena);
    if (e->params != NULL)
        types[count++] = e->params;
    for (size_t i = 0; i < model->graph_count; i++)
        if ((types[count] = spec_args_type(&model->graphs[i], &e->arena)) != NULL)
            count++;
    for (size_t i = 0; i < model->workflow_count; i++)
        if ((types[count] = spec_input_type(&model->workflows[i], &e->arena)) != NULL)
            count++;
    extended->types = types;
    extended->type_count = count;
    e->model = extended;
    return !e->arena.failed;
}

const char *emit_module_name(const spec *model)
{
    return model->module != NULL ? model->module : "types";
}

static bool begin(emitter *e, const spec *model, spec *extended, weir_buffer *out)
{
    const char *module = emit_module_name(model);

    *e = (emitter){.out = out, .module = emit_snake(module), .upper = emit_upper(module)};
    return extend(e, model, extended);
}

static bool finish(emitter *e)
{
    weir_arena_free(&e->arena);
    return !e->out->failed && !e->arena.failed;
}

static void emit_banner(emitter *e, const char *what)
{
    const char *slash = strrchr(e->model->file, '/');

    EMIT(e, 0, "/* %s by weir " WEIR_VERSION " from %s. */", what,
         slash != NULL ? slash + 1 : e->model->file);
    if (e->model->doc != NULL)
        emit_comment(e->out, 0, e->model->doc, (weir_place){0});
    EMIT(e, 0, "/* clang-format off */");
}

/* --- Files --- */

bool emit_header(const spec *model, weir_buffer *out)
{
    emitter e;
    spec extended;

    if (!begin(&e, model, &extended, out))
        return finish(&e) && false;
    emit_banner(&e, "Generated");
    EMIT(&e, 0, "#ifndef %s_WEIR_H", e.upper.text);
    EMIT(&e, 0, "#define %s_WEIR_H", e.upper.text);
    emit_blank(out);
    EMIT(&e, 0, "#include <string.h>");
    emit_blank(out);
    EMIT(&e, 0, "#include <weir/weir.h>");
    emit_blank(out);
    EMIT(&e, 0, "#if WEIR_GENERATION != %d", WEIR_GENERATION);
    EMIT(&e, 0, "#error \"generated for another generation of weir: generate it again\"");
    EMIT(&e, 0, "#endif");
    emit_blank(out);
    EMIT(&e, 0, "#ifdef __cplusplus");
    EMIT(&e, 0, "extern \"C\" {");
    EMIT(&e, 0, "#endif");
    emit_blank(out);
    emit_types_header(e.model, out);
    emit_prototypes(&e);
    EMIT(&e, 0, "#ifdef __cplusplus");
    EMIT(&e, 0, "}");
    EMIT(&e, 0, "#endif");
    emit_blank(out);
    EMIT(&e, 0, "#endif");
    return finish(&e);
}

static void emit_program(emitter *e)
{
    const spec *model = e->model;
    const char *slash = strrchr(model->file, '/');

    EMIT(e, 0, "static const char %s_spec[] = \"%s\";", e->module.text,
         slash != NULL ? slash + 1 : model->file);
    emit_blank(e->out);
    emit_expressions_of_accumulators(e);
    for (size_t i = 0; i < model->graph_count; i++) {
        emit_expression_nodes(e, &model->graphs[i]);
        emit_graph_body(e, &model->graphs[i]);
        emit_graph_call(e, &model->graphs[i]);
    }
    for (size_t i = 0; i < model->reactor_count; i++)
        emit_reactor(e, model->reactors[i]);
    emit_tables(e);
}

bool emit_source(const spec *model, const char *header, weir_buffer *out)
{
    emitter e;
    spec extended;

    if (!begin(&e, model, &extended, out))
        return finish(&e) && false;
    emit_banner(&e, "Generated");
    EMIT(&e, 0, "#include \"%s\"", header);
    emit_blank(out);
    EMIT(&e, 0, "#include <weir/codec.h>");
    EMIT(&e, 0, "#include <weir/expr.h>");
    emit_blank(out);
    emit_codecs(e.model, out);
    emit_program(&e);
    return finish(&e);
}

/* --- Bodies to begin with --- */

static void emit_empty_body(emitter *e)
{
    EMIT(e, 0, "{");
    EMIT(e, 4, "return weir_fail(firing, \"not written yet\");");
    EMIT(e, 0, "}");
    emit_blank(e->out);
}

bool emit_scaffold(const spec *model, const char *header, weir_buffer *out)
{
    emitter e;
    spec extended;

    if (!begin(&e, model, &extended, out))
        return finish(&e) && false;
    const char *slash = strrchr(model->file, '/');
    EMIT(&e, 0, "/* The node functions of %s: fill them in. */",
         slash != NULL ? slash + 1 : model->file);
    EMIT(&e, 0, "#include \"%s\"", header);
    emit_blank(out);
    for (size_t i = 0; i < model->source_count; i++)
        if (emit_is_raw(&model->sources[i])) {
            emit_decode_prototype(&e, &model->sources[i], "");
            emit_empty_body(&e);
        }
    for (size_t i = 0; i < model->accumulator_count; i++)
        if (model->accumulators[i]->calls && emit_first_call(model, model->accumulators[i])) {
            emit_accumulator_prototype(&e, model->accumulators[i], "");
            emit_empty_body(&e);
        }
    for (size_t g = 0; g < model->graph_count; g++)
        for (size_t i = 0; i < model->graphs[g].node_count; i++) {
            const spec_node *node = &model->graphs[g].nodes[i];
            if (node->form != SPEC_NODE_C)
                continue;
            emit_node_comment(&e, node, 0);
            emit_node_prototype(&e, node, "", "");
            emit_empty_body(&e);
        }
    emit_task_functions(&e, true);
    return finish(&e);
}
