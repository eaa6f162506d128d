/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - the module descriptor: what the runtime knows of the module. */
#include <stdio.h>
#include <string.h>

#include "codegen/emit/graph_plan.h"
#include "codegen/emit/prototypes.h"

/* --- Pieces --- */

enum { TEXT_LIMIT = 4095 }; /* bytes of a literal that every compiler takes */

/* A text as a C literal, or NULL. */
void emit_text(emitter *e, const char *member, const char *text)
{
    weir_buffer literal = {0};

    if (text == NULL)
        return;
    emit_literal(&literal, text, strlen(text));
    if (literal.failed)
        e->out->failed = true;
    else
        EMIT(e, 8, ".%s = %s,", member, literal.data);
    weir_buffer_free(&literal);
}

void emit_doc(emitter *e, const char *doc)
{
    size_t size = doc != NULL ? strlen(doc) : 0;

    if (size > TEXT_LIMIT) {
        for (size = TEXT_LIMIT - 3; ((unsigned char)doc[size] & 0xc0) == 0x80;)
            size--; /* a character is not cut in two */
        doc = weir_arena_printf(&e->arena, "%.*s...", (int)size, doc);
        e->out->failed |= doc == NULL;
    }
    emit_text(e, "doc", doc);
}

static void put_comment(emitter *e, const char *doc)
{
    if (doc != NULL)
        emit_comment(e->out, 4, doc, (weir_place){0});
}

void emit_place(emitter *e, weir_place where)
{
    EMIT(e, 8, ".place = {%s_spec, %u, %u},", e->module.text, where.line, where.column);
}

static void put_settings(emitter *e, const char *room, const char *owner)
{
    EMIT(e, 8, ".settings = {%s_%s_%s_settings, sizeof %s_%s_%s_settings / sizeof(weir_setting)},",
         e->module.text, room, owner, e->module.text, room, owner);
}

/* The options as the spec has them; the kind's table reads them at load. */
void emit_settings(emitter *e, const char *room, const char *owner, const spec_settings *settings)
{
    if (settings->count == 0)
        return;
    EMIT(e, 0, "static const weir_setting %s_%s_%s_settings[] = {", e->module.text, room, owner);
    for (size_t i = 0; i < settings->count; i++) {
        weir_buffer literal = {0};
        emit_literal(&literal, settings->items[i].name, strlen(settings->items[i].name));
        weir_buffer_text(&literal, ", ");
        emit_literal(&literal, settings->items[i].text, strlen(settings->items[i].text));
        if (literal.failed)
            e->out->failed = true;
        else
            EMIT(e, 4, "{%s, {%s_spec, %u, %u}},", literal.data, e->module.text,
                 settings->items[i].place.line, settings->items[i].place.column);
        weir_buffer_free(&literal);
    }
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static void begin_table(emitter *e, const char *type, const char *name)
{
    EMIT(e, 0, "static const %s %s_%s[] = {", type, e->module.text, name);
}

static void end_table(emitter *e)
{
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

/* --- Sources and sinks --- */

static void emit_sources(emitter *e)
{
    const spec *model = e->model;

    for (size_t i = 0; i < model->source_count; i++)
        emit_settings(e, "source", model->sources[i].name, &model->sources[i].settings);
    if (model->source_count == 0)
        return;
    begin_table(e, "weir_module_source", "sources");
    for (size_t i = 0; i < model->source_count; i++) {
        const spec_source *source = &model->sources[i];
        c_name type = emit_type(model, source->type);
        put_comment(e, source->doc);
        EMIT(e, 4, "{");
        emit_text(e, "name", source->name);
        emit_text(e, "kind", source->kind_name.text);
        EMIT(e, 8, ".type = &%s_type,", type.text);
        if (source->time_field != NULL)
            EMIT(e, 8, ".time_offset = offsetof(%s, %s),", type.text,
                 emit_member(source->time_field->name).text);
        else
            EMIT(e, 8, ".time_offset = WEIR_NONE,");
        emit_text(e, "dead_letters", source->dead_letters.text);
        if (emit_is_raw(source))
            EMIT(e, 8, ".decode = %s_raw_%s,", e->module.text, source->name);
        if (source->settings.count != 0)
            put_settings(e, "source", source->name);
        emit_place(e, source->where);
        EMIT(e, 4, "},");
    }
    end_table(e);
}

/* The decode function of `format: raw`, behind the runtime's type for it. */
static void emit_raw_decoders(emitter *e)
{
    for (size_t i = 0; i < e->model->source_count; i++) {
        const spec_source *source = &e->model->sources[i];
        if (!emit_is_raw(source))
            continue;
        EMIT(e, 0,
             "static weir_status %s_raw_%s(weir_firing *firing, const unsigned char *data, "
             "size_t size, void *value)",
             e->module.text, source->name);
        EMIT(e, 0, "{");
        EMIT(e, 4, "return %s_decode_%s(firing, data, size, value);", e->module.text, source->name);
        EMIT(e, 0, "}");
        emit_blank(e->out);
    }
}

static void emit_sinks(emitter *e)
{
    const spec *model = e->model;

    for (size_t i = 0; i < model->sink_count; i++)
        emit_settings(e, "sink", model->sinks[i].name, &model->sinks[i].settings);
    if (model->sink_count == 0)
        return;
    begin_table(e, "weir_module_sink", "sinks");
    for (size_t i = 0; i < model->sink_count; i++) {
        const spec_sink *sink = &model->sinks[i];
        put_comment(e, sink->doc);
        EMIT(e, 4, "{");
        emit_text(e, "name", sink->name);
        emit_text(e, "kind", sink->kind_name.text);
        EMIT(e, 8, ".type = &%s_type,", emit_type(model, sink->type).text);
        if (sink->settings.count != 0)
            put_settings(e, "sink", sink->name);
        emit_place(e, sink->where);
        EMIT(e, 4, "},");
    }
    end_table(e);
}

/* --- Accumulators --- */

static void emit_key(emitter *e, const spec_accumulator *accumulator)
{
    c_name type = emit_type(e->model, accumulator->type);

    if (accumulator->key_names.count == 0)
        return;
    EMIT(e, 0, "static const weir_key_part %s_key[] = {",
         emit_room_name(e, accumulator->name).text);
    for (size_t i = 0; i < accumulator->key_names.count; i++) {
        const spec_field *field = accumulator->key[i];
        c_name member = emit_member(field->name);
        if (field->shape.type->kind == SPEC_BYTES)
            EMIT(e, 4, "{offsetof(%s, %s_size), sizeof(uint32_t)},", type.text, field->name);
        if (field->shape.type->kind == SPEC_STRING)
            EMIT(e, 4, "{offsetof(%s, %s), %u},", type.text, member.text, field->shape.size);
        else
            EMIT(e, 4, "{offsetof(%s, %s), sizeof ((%s *)0)->%s},", type.text, member.text,
                 type.text, member.text);
    }
    end_table(e);
}

static void emit_accumulator_entry(emitter *e, const spec_accumulator *accumulator)
{
    const spec *model = e->model;
    c_name name = emit_room_name(e, accumulator->name);
    bool stream = accumulator->form == SPEC_STREAM;

    put_comment(e, accumulator->doc);
    EMIT(e, 4, "{");
    emit_text(e, "name", accumulator->name);
    emit_text(e, "kind", accumulator->kind->name);
    if (accumulator->source != NULL)
        EMIT(e, 8, ".source = %zu,", accumulator->source->index);
    else
        EMIT(e, 8, ".source = WEIR_NONE,");
    EMIT(e, 8, ".type = &%s_type,", emit_type(model, accumulator->type).text);
    EMIT(e, 8, ".boundary = &%s_type,", emit_type(model, accumulator->boundary).text);
    if (accumulator->window)
        EMIT(e, 8, ".window = true,");
    if (accumulator->key_names.count != 0)
        EMIT(e, 8, ".key_parts = %s_key, .key_part_count = sizeof %s_key / sizeof *%s_key,",
             name.text, name.text, name.text);
    if (accumulator->state.count != 0)
        EMIT(e, 8, ".state_size = sizeof(%s_state),", name.text);
    if (accumulator->filter.text != NULL && (!stream || accumulator->calls))
        EMIT(e, 8, ".where = %s_where,", name.text);
    if (stream)
        EMIT(e, 8, ".update = %s_update,", name.text);
    if (accumulator->form == SPEC_POLLING)
        EMIT(e, 8, ".poll = %s_poll,", name.text);
    if (accumulator->settings.count != 0)
        put_settings(e, "accumulator", accumulator->name);
    emit_place(e, accumulator->where);
    EMIT(e, 4, "},");
}

static void emit_accumulators(emitter *e)
{
    const spec *model = e->model;

    if (model->accumulator_count == 0)
        return;
    for (size_t i = 0; i < model->accumulator_count; i++) {
        emit_key(e, model->accumulators[i]);
        emit_settings(e, "accumulator", model->accumulators[i]->name,
                      &model->accumulators[i]->settings);
    }
    begin_table(e, "weir_module_accumulator", "accumulators");
    for (size_t i = 0; i < model->accumulator_count; i++)
        emit_accumulator_entry(e, model->accumulators[i]);
    end_table(e);
}

/* --- Reactors --- */

static void emit_criterion(emitter *e, const spec_criteria *criteria, size_t *count)
{
    ++*count;
    if (criteria->kind == SPEC_NAME)
        EMIT(e, 4, "{.kind = WEIR_CRITERION_INPUT, .input = %zu},", criteria->input);
    else
        EMIT(e, 4, "{.kind = %s, .count = %zu},",
             criteria->kind == SPEC_ANY ? "WEIR_CRITERION_ANY" : "WEIR_CRITERION_ALL",
             criteria->child_count);
    for (size_t i = 0; i < criteria->child_count; i++)
        emit_criterion(e, &criteria->children[i], count);
}

static void emit_reactor_parts(emitter *e, const spec_reactor *reactor, size_t *criteria)
{
    c_name name = emit_room_name(e, reactor->name);

    *criteria = 0;
    EMIT(e, 0, "static const weir_criterion %s_criteria[] = {", name.text);
    emit_criterion(e, reactor->criteria, criteria);
    end_table(e);
    EMIT(e, 0, "static const weir_module_input %s_inputs[] = {", name.text);
    for (size_t i = 0; i < reactor->input_count; i++)
        EMIT(e, 4, "{%zu, %s, %s}, /* %s */", reactor->inputs[i].accumulator->index,
             reactor->inputs[i].criteria ? "true" : "false",
             reactor->inputs[i].required ? "true" : "false", reactor->inputs[i].accumulator->name);
    end_table(e);
    if (reactor->graph_count != 0) {
        EMIT(e, 0, "static const uint32_t %s_graphs[] = {", name.text);
        for (size_t i = 0; i < reactor->graph_count; i++)
            EMIT(e, 4, "%zu, /* %s */", reactor->graphs[i]->index, reactor->graphs[i]->name);
        end_table(e);
    }
    emit_settings(e, "reactor", reactor->name, &reactor->settings);
}

static void emit_reactors(emitter *e)
{
    const spec *model = e->model;
    size_t *criteria = weir_arena_alloc(&e->arena, (model->reactor_count + 1) * sizeof *criteria);

    if (criteria == NULL)
        e->out->failed = true;
    if (model->reactor_count == 0 || criteria == NULL)
        return;
    for (size_t i = 0; i < model->reactor_count; i++)
        emit_reactor_parts(e, model->reactors[i], &criteria[i]);
    begin_table(e, "weir_module_reactor", "reactors");
    for (size_t i = 0; i < model->reactor_count; i++) {
        const spec_reactor *reactor = model->reactors[i];
        c_name name = emit_room_name(e, reactor->name);
        EMIT(e, 4, "{");
        emit_text(e, "name", reactor->name);
        EMIT(e, 8, ".strategy = %s,", reactor->latest ? "WEIR_LATEST" : "WEIR_SEQUENTIAL");
        EMIT(e, 8, ".criteria = %s_criteria, .criterion_count = %zu,", name.text, criteria[i]);
        EMIT(e, 8, ".inputs = %s_inputs, .input_count = %zu,", name.text, reactor->input_count);
        if (reactor->graph_count != 0)
            EMIT(e, 8, ".graphs = %s_graphs, .graph_count = %zu,", name.text, reactor->graph_count);
        if (emit_reactor_has_state(reactor))
            EMIT(e, 8, ".state_size = sizeof(%s_states),", name.text);
        if (reactor->filter.text != NULL)
            EMIT(e, 8, ".where = %s_where,", name.text);
        EMIT(e, 8, ".fire = %s_fire,", name.text);
        if (reactor->settings.count != 0)
            put_settings(e, "reactor", reactor->name);
        emit_place(e, reactor->where);
        EMIT(e, 4, "},");
    }
    end_table(e);
}

/* --- Parameters and tests --- */

static void emit_params(emitter *e)
{
    const spec *model = e->model;

    if (model->param_count == 0)
        return;
    begin_table(e, "weir_module_param", "param_table");
    for (size_t i = 0; i < model->param_count; i++) {
        EMIT(e, 4, "{");
        emit_text(e, "name", model->params[i].name);
        emit_text(e, "fallback", model->params[i].fallback);
        emit_doc(e, model->params[i].doc);
        EMIT(e, 4, "},");
    }
    end_table(e);
}

static const char *step_kind(spec_step_kind kind)
{
    static const char *const names[] = {"SEND", "ADVANCE", "FLUSH", "CALL", "EXPECT"};

    return names[kind];
}

/* What is longer than a literal may be is an array of characters. */
static void emit_long_json(emitter *e, const spec_test *test, const char *json, size_t number)
{
    const unsigned char *at = (const unsigned char *)json;
    size_t size = strlen(json) + 1;

    if (size <= TEXT_LIMIT)
        return;
    EMIT(e, 0, "static const char %s_test_%s_json%zu[] = {", e->module.text, test->name, number);
    for (size_t i = 0; i < size; i += 16) {
        weir_buffer line = {0};
        for (size_t j = i; j < size && j < i + 16; j++)
            weir_buffer_printf(&line, "%s'\\%o',", j != i ? " " : "", at[j]);
        e->out->failed |= line.failed;
        EMIT(e, 4, "%s", line.failed ? "" : line.data);
        weir_buffer_free(&line);
    }
    EMIT(e, 0, "};");
    emit_blank(e->out);
}

static void put_json(emitter *e, const spec_test *test, const spec_step_value *value, size_t number)
{
    if (value != NULL && strlen(value->json) + 1 > TEXT_LIMIT)
        EMIT(e, 8, ".json = %s_test_%s_json%zu,", e->module.text, test->name, number);
    else
        emit_text(e, "json", value != NULL ? value->json : NULL);
}

static void emit_step(emitter *e, const spec_test *test, const spec_step *step,
                      const spec_step_value *value, size_t number)
{
    bool first = value == NULL || value == step->values;

    EMIT(e, 4, "{");
    EMIT(e, 8, ".kind = WEIR_STEP_%s,", step_kind(step->kind));
    if (first)
        EMIT(e, 8, ".first = true,");
    emit_text(e, "name", value != NULL ? value->name.text : step->flush.text);
    put_json(e, test, value, number);
    if (step->kind == SPEC_ADVANCE)
        EMIT(e, 8, ".advance_ns = INT64_C(%lld),", (long long)step->advance_ns);
    emit_place(e, value != NULL ? value->where : step->where);
    EMIT(e, 4, "},");
}

static size_t emit_steps(emitter *e, const spec_test *test)
{
    size_t count = 0, number = 0;

    for (size_t i = 0; i < test->step_count; i++)
        for (size_t v = 0; v < test->steps[i].value_count; v++)
            emit_long_json(e, test, test->steps[i].values[v].json, ++number);
    number = 0;
    if (test->doc != NULL)
        emit_comment(e->out, 0, test->doc, test->where);
    EMIT(e, 0, "static const weir_module_step %s_test_%s[] = {", e->module.text, test->name);
    for (size_t i = 0; i < test->step_count; i++) {
        const spec_step *step = &test->steps[i];
        for (size_t v = 0; v < step->value_count; v++, count++)
            emit_step(e, test, step, &step->values[v], ++number);
        if (step->value_count == 0) {
            emit_step(e, test, step, NULL, 0);
            count++;
        }
    }
    end_table(e);
    return count;
}

static void emit_tests(emitter *e)
{
    const spec *model = e->model;
    size_t *counts = weir_arena_alloc(&e->arena, (model->test_count + 1) * sizeof *counts);

    if (counts == NULL)
        e->out->failed = true;
    if (model->test_count == 0 || counts == NULL)
        return;
    for (size_t i = 0; i < model->test_count; i++)
        counts[i] = emit_steps(e, &model->tests[i]);
    begin_table(e, "weir_module_test", "tests");
    for (size_t i = 0; i < model->test_count; i++)
        EMIT(e, 4, "{\"%s\", %s_test_%s, %zu, {%s_spec, %u, %u}},", model->tests[i].name,
             e->module.text, model->tests[i].name, counts[i], e->module.text,
             model->tests[i].where.line, model->tests[i].where.column);
    end_table(e);
}

/* --- The whole --- */

static void emit_types_table(emitter *e)
{
    const spec *model = e->model;

    if (model->type_count == 0)
        return;
    EMIT(e, 0, "static const weir_type *const %s_types[] = {", e->module.text);
    for (size_t i = 0; i < model->type_count; i++)
        EMIT(e, 4, "&%s_type,", emit_type(model, model->types[i]).text);
    end_table(e);
}

static void put_table(emitter *e, const char *member, const char *table, const char *count,
                      size_t number)
{
    if (number != 0)
        EMIT(e, 4, ".%s = %s_%s, .%s = %zu,", member, e->module.text, table, count, number);
}

void emit_tables(emitter *e)
{
    const spec *model = e->model;

    emit_raw_decoders(e);
    emit_types_table(e);
    emit_params(e);
    emit_sources(e);
    emit_accumulators(e);
    emit_reactors(e);
    emit_graph_tables(e);
    emit_sinks(e);
    emit_workflows(e);
    emit_tests(e);
    emit_settings(e, "module", "own", &model->settings);
    EMIT(e, 0, "const weir_module %s_module = {", e->module.text);
    EMIT(e, 4, ".generation = WEIR_GENERATION,");
    EMIT(e, 4, ".name = \"%s\",", emit_module_name(model));
    EMIT(e, 4, ".spec = %s_spec,", e->module.text);
    put_table(e, "types", "types", "type_count", model->type_count);
    if (e->params != NULL)
        EMIT(e, 4, ".params_type = &%s_params_type,", e->module.text);
    put_table(e, "params", "param_table", "param_count", model->param_count);
    put_table(e, "sources", "sources", "source_count", model->source_count);
    put_table(e, "accumulators", "accumulators", "accumulator_count", model->accumulator_count);
    put_table(e, "reactors", "reactors", "reactor_count", model->reactor_count);
    put_table(e, "graphs", "graphs", "graph_count", model->graph_count);
    put_table(e, "sinks", "sinks", "sink_count", model->sink_count);
    put_table(e, "workflows", "workflows", "workflow_count", model->workflow_count);
    put_table(e, "tests", "tests", "test_count", model->test_count);
    if (model->keeps != NULL)
        EMIT(e, 4, ".keeps = \"%s\",", model->keeps);
    if (model->dead_letters.text != NULL)
        EMIT(e, 4, ".dead_letters = \"%s\",", model->dead_letters.text);
    if (model->settings.count != 0)
        EMIT(e, 4, ".settings = {%s_module_own_settings, %zu},", e->module.text,
             model->settings.count);
    EMIT(e, 0, "};");
}
