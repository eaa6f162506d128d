/* SPDX-License-Identifier: Apache-2.0 */
/* check_rooms.c - parameters, sources and sinks. */
#include <string.h>

#include "codegen/check.h"

/* "source 'quotes'", for messages. */
static const char *title(checker *check, const char *what, const char *name)
{
    const char *text = weir_arena_printf(&check->model->arena, "%s '%s'", what, name);

    if (text == NULL)
        check->log->failed = true;
    return text != NULL ? text : what;
}

void check_params(checker *check)
{
    spec *model = check->model;

    for (size_t i = 0; i < model->param_count; i++) {
        spec_param *param = &model->params[i];
        if (!check_shape(check, &param->shape))
            continue;
        if (param->shape.list || param->shape.optional || param->shape.type->kind == SPEC_STRUCT)
            diagnostics_error(check->log, param->shape.where,
                              "a parameter is a single value, and '%s' is %s", param->name,
                              front_shape_text(check->front, &param->shape));
        else
            check_default(check, &param->shape, &param->fallback, param->fallback_where,
                          param->name);
    }
    const check_options options = {
        .what = "the spec", .lists = &check->front->kinds->top, .list_count = 1};
    check_settings(check, &model->settings, &options);
}

/* --- Formats --- */

static const struct {
    const char *ending, *format;
} endings[] = {
    {".csv", "csv"},     {".json", "json"},       {".jsonl", "json"},
    {".ndjson", "json"}, {".msgpack", "msgpack"}, {".mpk", "msgpack"},
};

static const char *format_of_path(const char *path)
{
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i].ending) == 0)
            return endings[i].format;
    return NULL;
}

static const weir_option *find_option(const weir_kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->option_count; i++)
        if (strcmp(kind->options[i].name, name) == 0)
            return &kind->options[i];
    return NULL;
}

/* The format that is meant; NULL: the kind has none, or it is not known before load. */
static const char *find_format(const weir_kind *kind, const spec_settings *settings)
{
    const char *format = check_setting(settings, "format");
    const char *path = check_setting(settings, "path");

    if (find_option(kind, "format") == NULL || (format != NULL && strcmp(format, "auto") != 0))
        return format;
    return path != NULL && !check_has_variable(path) ? format_of_path(path) : NULL;
}

/* A row of CSV is flat. */
static void check_csv(checker *check, const char *format, const spec_type *type, const char *what,
                      weir_place where)
{
    if (format == NULL || type == NULL || strcmp(format, "csv") != 0)
        return;
    if (type->fields.count == 0)
        diagnostics_error(check->log, where, "%s cannot be CSV: '%s' has no fields", what,
                          type->name);
    for (size_t i = 0; i < type->fields.count; i++) {
        const spec_field *field = &type->fields.items[i];
        if (field->shape.type == NULL ||
            (!field->shape.list && field->shape.type->kind != SPEC_STRUCT))
            continue;
        diagnostics_error(check->log, where, "%s cannot be CSV: its field '%s' is a %s", what,
                          field->name, field->shape.list ? "list" : "struct");
        diagnostics_note(check->log, field->where, "the field");
        return;
    }
}

/* --- Sources --- */

static void check_time(checker *check, spec_source *source)
{
    if (source->time.text == NULL || source->type == NULL)
        return;
    const spec_field *field = check_find_field(source->type, source->time.text);
    if (field == NULL) {
        check_unknown_field(check, source->type, source->time.text, source->time.where);
    } else if (field->shape.type != NULL && (field->shape.type->kind != SPEC_TIMESTAMP ||
                                             field->shape.list || field->shape.optional)) {
        diagnostics_error(check->log, source->time.where,
                          "an event's time is a timestamp, and '%s' is %s", field->name,
                          front_shape_text(check->front, &field->shape));
        diagnostics_note(check->log, field->where, "the field");
    } else {
        source->time_field = field;
    }
}

static void check_source_type(checker *check, spec_source *source, const char *what)
{
    bool timer = source->kind_name.text != NULL && strcmp(source->kind_name.text, "timer") == 0;

    if (!timer && source->type_name.text == NULL && source->kind != NULL)
        diagnostics_error(check->log, source->where, "%s needs `type:`", what);
    else if (timer && source->type_name.text != NULL && strcmp(source->type_name.text, "Tick") != 0)
        diagnostics_error(check->log, source->type_name.where,
                          "a timer gives the built-in Tick {time, n}; leave `type:` out");
    else
        source->type = timer ? check->tick : check_struct(check, &source->type_name);
}

void check_sources(checker *check)
{
    const weir_catalog *kinds = check->front->kinds;

    for (size_t i = 0; i < check->model->source_count; i++) {
        spec_source *source = &check->model->sources[i];
        const char *what = title(check, "source", source->name);
        source->kind = check_kind(check, &kinds->sources, &source->kind_name, "source");
        check_source_type(check, source, what);
        check_time(check, source);
        if (source->kind == NULL)
            continue;
        const weir_option_list lists[] = {{source->kind->options, source->kind->option_count},
                                          kinds->every_source};
        check_settings(check, &source->settings,
                       &(check_options){.what = what,
                                        .where = source->where,
                                        .lists = lists,
                                        .list_count = 2,
                                        .section = &spec_source_section,
                                        .others = &kinds->sources,
                                        .type = source->type});
        const char *format = find_format(source->kind, &source->settings);
        check_csv(check, format, source->type, what, source->where);
    }
}

/* --- Sinks --- */

void check_sinks(checker *check)
{
    const weir_catalog *kinds = check->front->kinds;

    for (size_t i = 0; i < check->model->sink_count; i++) {
        spec_sink *sink = &check->model->sinks[i];
        const char *what = title(check, "sink", sink->name);
        sink->kind = check_kind(check, &kinds->sinks, &sink->kind_name, "sink");
        sink->type = check_struct(check, &sink->type_name);
        if (sink->kind == NULL)
            continue;
        const weir_option_list list = {sink->kind->options, sink->kind->option_count};
        check_settings(check, &sink->settings,
                       &(check_options){.what = what,
                                        .where = sink->where,
                                        .lists = &list,
                                        .list_count = 1,
                                        .section = &spec_sink_section,
                                        .others = &kinds->sinks,
                                        .type = sink->type});
        const char *format = find_format(sink->kind, &sink->settings);
        check_csv(check, format, sink->type, what, sink->where);
    }
}

static void resolve_dead_letters(checker *check, const spec_name *name)
{
    if (name->text == NULL || strcmp(name->text, "none") == 0)
        return;
    long index = check_resolve(check, &check->sinks, name, "sink");
    if (index == CHECK_NONE)
        return;
    spec_sink *sink = &check->model->sinks[index];
    check->sink_written[index] = true;
    sink->dead_letters = true;
    if (sink->type_name.text != NULL && sink->type != check->dead_letter) {
        diagnostics_error(check->log, name->where,
                          "the sink '%s' cannot take dead letters: it takes '%s'; leave its "
                          "`type:` out",
                          sink->name, sink->type_name.text);
        diagnostics_note(check->log, sink->type_name.where, "its type");
        return;
    }
    sink->type = check->dead_letter;
}

void check_dead_letters(checker *check)
{
    spec *model = check->model;

    resolve_dead_letters(check, &model->dead_letters);
    for (size_t i = 0; i < model->source_count; i++)
        resolve_dead_letters(check, &model->sources[i].dead_letters);
    for (size_t i = 0; i < model->graph_count; i++)
        resolve_dead_letters(check, &model->graphs[i].dead_letters);
    for (size_t i = 0; i < model->sink_count; i++)
        if (model->sinks[i].type_name.text == NULL && !model->sinks[i].dead_letters &&
            model->sinks[i].kind != NULL)
            diagnostics_error(check->log, model->sinks[i].where,
                              "sink '%s' needs `type:`; only a sink for dead letters has none",
                              model->sinks[i].name);
}
