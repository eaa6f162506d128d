/* SPDX-License-Identifier: Apache-2.0 */
/* check_starts.c - sinks that start workflows: what they give must be what the workflow takes. */
#include <string.h>

#include "codegen/check.h"
#include "core/text.h"

static const char prefix[] = "input.";

static const spec_workflow *find_workflow(checker *check, const weir_setting *named)
{
    const spec *model = check->model;
    weir_nearest nearest = {.wanted = named->text};
    char hint[128];

    for (size_t i = 0; i < model->workflow_count; i++) {
        if (strcmp(model->workflows[i].name, named->text) == 0)
            return &model->workflows[i];
        weir_nearest_offer(&nearest, model->workflows[i].name);
    }
    diagnostics_error(check->log, named->place,
                      "there is no workflow '%s' in this spec, and a sink starts one of its own%s",
                      named->text, weir_nearest_hint(&nearest, hint, sizeof hint));
    return NULL;
}

static const spec_field *find_field(const spec_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->items[i].name, name) == 0)
            return &fields->items[i];
    return NULL;
}

/* --- Types --- */

static bool is_integer(const spec_type *type)
{
    return type->kind >= SPEC_I8 && type->kind <= SPEC_U64;
}

static bool is_float(const spec_type *type)
{
    return type->kind == SPEC_F32 || type->kind == SPEC_F64;
}

/* A range, or a length, is a matter of the value. */
static bool fits(const spec_shape *from, const spec_shape *to)
{
    const spec_type *type = from->type;

    if (from->list != to->list)
        return false;
    if (is_integer(type))
        return is_integer(to->type) || is_float(to->type);
    if (is_float(type))
        return is_float(to->type);
    if (type->kind == SPEC_ENUM && to->type->kind == SPEC_STRING)
        return true;
    return type == to->type;
}

static void check_pair(checker *check, const spec_workflow *workflow, const spec_field *from,
                       const spec_field *to, weir_place where)
{
    if (from->shape.type == NULL || to->shape.type == NULL)
        return;
    if (from->shape.type == to->shape.type && from->shape.time_form != to->shape.time_form)
        diagnostics_error(check->log, where,
                          "'%s' of the input of workflow '%s' is written in another unit of time "
                          "than '%s'",
                          to->name, workflow->name, from->name);
    else if (!fits(&from->shape, &to->shape))
        diagnostics_error(check->log, where,
                          "'%s' of the input of workflow '%s' is %s, and '%s' is %s", to->name,
                          workflow->name, front_shape_text(check->front, &to->shape), from->name,
                          front_shape_text(check->front, &from->shape));
    else if (from->shape.optional && !to->shape.optional && to->fallback == NULL)
        diagnostics_error(check->log, where,
                          "'%s' may be absent, and '%s' of the input of workflow '%s' has no "
                          "default",
                          from->name, to->name, workflow->name);
    else
        return;
    diagnostics_note(check->log, to->where, "the input's");
}

/* --- The mapping --- */

static void unknown_key(checker *check, const spec_workflow *workflow, const char *key,
                        weir_place where)
{
    weir_nearest nearest = {.wanted = key};
    char hint[128];

    for (size_t i = 0; i < workflow->input.count; i++)
        weir_nearest_offer(&nearest, workflow->input.items[i].name);
    diagnostics_error(check->log, where, "the input of workflow '%s' has no '%s'%s", workflow->name,
                      key, weir_nearest_hint(&nearest, hint, sizeof hint));
}

/* The setting of the sink that gives a key of the input; NULL: none does. */
static const weir_setting *find_pair(const spec_sink *sink, const char *key)
{
    for (size_t i = 0; i < sink->settings.count; i++)
        if (strncmp(sink->settings.items[i].name, prefix, strlen(prefix)) == 0 &&
            strcmp(sink->settings.items[i].name + strlen(prefix), key) == 0)
            return &sink->settings.items[i];
    return NULL;
}

static bool has_pairs(const spec_sink *sink)
{
    for (size_t i = 0; i < sink->settings.count; i++)
        if (strncmp(sink->settings.items[i].name, prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

static void check_pairs(checker *check, const spec_sink *sink, const spec_workflow *workflow)
{
    for (size_t i = 0; i < sink->settings.count; i++) {
        const weir_setting *setting = &sink->settings.items[i];
        const char *key = setting->name + strlen(prefix);
        if (strncmp(setting->name, prefix, strlen(prefix)) != 0)
            continue;
        const spec_field *from = find_field(&sink->type->fields, setting->text);
        const spec_field *to = find_field(&workflow->input, key);
        if (to == NULL)
            unknown_key(check, workflow, key, sink->settings.names[i]);
        else if (from != NULL)
            check_pair(check, workflow, from, to, setting->place);
    }
}

/* Without a mapping the fields are the input. */
static void check_whole(checker *check, const spec_sink *sink, const spec_workflow *workflow)
{
    for (size_t i = 0; i < sink->type->fields.count; i++) {
        const spec_field *from = &sink->type->fields.items[i];
        const spec_field *to = find_field(&workflow->input, from->name);
        if (to != NULL) {
            check_pair(check, workflow, from, to, sink->where);
            continue;
        }
        diagnostics_error(check->log, sink->where,
                          "the input of workflow '%s' has no '%s', which '%s' has; choose what it "
                          "is given by `input: {..}`",
                          workflow->name, from->name, sink->type->name);
        return;
    }
}

static void check_complete(checker *check, const spec_sink *sink, const spec_workflow *workflow)
{
    bool pairs = has_pairs(sink);

    for (size_t i = 0; i < workflow->input.count; i++) {
        const spec_field *to = &workflow->input.items[i];
        bool given = pairs ? find_pair(sink, to->name) != NULL
                           : find_field(&sink->type->fields, to->name) != NULL;
        if (given || to->shape.optional || to->fallback != NULL)
            continue;
        diagnostics_error(check->log, sink->where,
                          "the sink '%s' gives the workflow '%s' no '%s', which has no default",
                          sink->name, workflow->name, to->name);
        diagnostics_note(check->log, to->where, "the input's");
    }
}

/* --- All --- */

/* Text, an integer or an enum tells two apart. */
static bool is_key(const spec_shape *shape)
{
    return !shape->list && (shape->type->kind == SPEC_STRING || shape->type->kind == SPEC_ENUM ||
                            is_integer(shape->type));
}

static void check_key(checker *check, const spec_sink *sink)
{
    for (size_t i = 0; i < sink->settings.count; i++) {
        const weir_setting *setting = &sink->settings.items[i];
        const spec_field *field = strcmp(setting->name, "key") == 0
                                      ? find_field(&sink->type->fields, setting->text)
                                      : NULL;
        if (field != NULL && field->shape.type != NULL && !is_key(&field->shape))
            diagnostics_error(check->log, setting->place,
                              "a key is a text, an integer or an enum, and '%s' is %s", field->name,
                              front_shape_text(check->front, &field->shape));
    }
}

static void check_start(checker *check, const spec_sink *sink)
{
    const spec_workflow *workflow = NULL;

    for (size_t i = 0; i < sink->settings.count; i++)
        if (strcmp(sink->settings.items[i].name, "workflow") == 0 &&
            !check_has_variable(sink->settings.items[i].text))
            workflow = find_workflow(check, &sink->settings.items[i]);
    if (sink->type == NULL)
        return;
    check_key(check, sink);
    if (workflow == NULL || !workflow->has_input)
        return;
    if (has_pairs(sink))
        check_pairs(check, sink, workflow);
    else
        check_whole(check, sink, workflow);
    check_complete(check, sink, workflow);
}

bool check_starts_workflows(const spec_sink *sink)
{
    return sink->kind_name.text != NULL && strcmp(sink->kind_name.text, "workflow") == 0;
}

void check_starts(checker *check)
{
    for (size_t i = 0; i < check->model->sink_count; i++)
        if (check->model->sinks[i].kind != NULL && check_starts_workflows(&check->model->sinks[i]))
            check_start(check, &check->model->sinks[i]);
}
