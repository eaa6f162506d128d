/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - a module becomes a program: its rooms are made and joined, and nothing runs yet. */
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/expand.h"
#include "runtime/runtime.h"
#include "sources/channel.h"

/* --- Options --- */

static size_t count_overrides(const weir_runtime *runtime)
{
    size_t count = 0;

    for (const weir_override *override = runtime->overrides; override != NULL;
         override = override->next)
        count++;
    return count;
}

static bool holds_pairs(const weir_option *option)
{
    return option->type == WEIR_OPTION_PAIRS || option->type == WEIR_OPTION_FIELDS;
}

/* The spec's settings that belong to `table`, with the overrides of the command line: they stand
 * for a setting of the spec, or behind those of a map. */
static size_t select_settings(weir_runtime *runtime, const char *room, const char *name,
                              const weir_module_settings *written, weir_option_list table,
                              weir_setting *selected)
{
    size_t count = 0;

    for (size_t i = 0; i < table.count; i++) {
        const weir_option *option = &table.items[i];
        const char *override =
            holds_pairs(option) ? NULL : weir_override_of(runtime, room, name, option->name);
        for (size_t s = 0; s < written->count && override == NULL; s++)
            if (weir_option_is(option, written->items[s].name))
                selected[count++] = written->items[s];
        if (override != NULL)
            selected[count++] = (weir_setting){.name = option->name, .text = override};
        const weir_override *part = NULL;
        while (holds_pairs(option) &&
               (part = weir_override_next(runtime, part, room, name, option)) != NULL)
            selected[count++] = (weir_setting){.name = part->option, .text = part->value};
    }
    return count;
}

/* Replaces the variables of the spec's own settings; each text becomes the caller's to free. */
static weir_status expand_all(weir_setting *settings, size_t count, const char *folder,
                              weir_error **error)
{
    for (size_t i = 0; i < count; i++) {
        char *text;
        weir_status status = weir_expand(settings[i].text, folder, &text, error);
        settings[i].text = status == WEIR_OK ? text : NULL;
        if (status == WEIR_OK)
            continue;
        while (++i < count)
            settings[i].text = NULL;
        return status;
    }
    return WEIR_OK;
}

static weir_status load_options(const weir_program *program, const char *room, const char *name,
                                const weir_module_settings *written, weir_option_list table,
                                void *config, weir_error **error)
{
    size_t room_for = table.count + written->count + count_overrides(program->runtime);
    weir_setting *selected = weir_alloc_array(room_for + 1, sizeof *selected);
    char what[160];

    if (selected == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    snprintf(what, sizeof what, "%.*s '%s'", (int)strlen(room) - 1, room, name);
    size_t count = select_settings(program->runtime, room, name, written, table, selected);
    weir_status status = expand_all(selected, count, program->folder, error);
    if (status == WEIR_OK)
        status = weir_options_read(table.items, table.count, what, selected, count, config, error);
    for (size_t i = 0; i < count; i++)
        weir_free((char *)(uintptr_t)selected[i].text);
    weir_free(selected);
    return status;
}

static weir_option_list table_of(const weir_kind *kind)
{
    return (weir_option_list){kind->options, kind->option_count};
}

/* A kind's config struct, read. */
static weir_status read_config(const weir_program *program, const char *room, const char *name,
                               const weir_module_settings *written, const weir_kind *kind,
                               void **ret_config, weir_error **error)
{
    *ret_config = weir_alloc(kind->config_size);
    if (*ret_config == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    return load_options(program, room, name, written, table_of(kind), *ret_config, error);
}

static void free_config(const weir_kind *kind, void *config)
{
    if (config != NULL)
        weir_options_free(kind->options, kind->option_count, config);
    weir_free(config);
}

/* --- Rooms --- */

static weir_status unknown_kind(const char *room, const char *name, const char *kind,
                                weir_place place, weir_error **error)
{
    return weir_error_set_at(error, WEIR_SPEC, place, "%s '%s': there is no kind '%s' here", room,
                             name, kind);
}

static uint32_t key_words_of(const weir_module_accumulator *module)
{
    uint32_t words = 0;

    for (uint32_t i = 0; i < module->key_part_count; i++)
        words += (module->key_parts[i].size + 7) / 8;
    return words;
}

static weir_status load_accumulator(weir_program *program, uint32_t index, weir_error **error)
{
    weir_accumulator_work *work = &program->accumulators[index];
    weir_accumulator *accumulator = &work->accumulator;
    const weir_module_accumulator *module = &program->module->accumulators[index];
    weir_runtime *runtime = program->runtime;

    work->program = program;
    work->firing = (weir_firing){.params = program->params, .failure = &work->failure};
    work->key_words = key_words_of(module);
    accumulator->module = module;
    accumulator->host = &weir_runtime_accumulator_host;
    accumulator->host_arg = work;
    accumulator->kind = weir_accumulator_kind_find(runtime->config.kinds, module->kind);
    if (accumulator->kind == NULL)
        return unknown_kind("accumulator", module->name, module->kind, module->place, error);
    weir_status status = read_config(program, "accumulators", module->name, &module->settings,
                                     &accumulator->kind->base, &accumulator->config, error);
    if (status == WEIR_OK)
        status = weir_origin_init(&accumulator->origin, module->name, 65536, error);
    if (status == WEIR_OK && accumulator->kind->flush != NULL)
        status = weir_origin_init_inner(&accumulator->batches, module->name, 65536, error);
    work->cells = (weir_cells){.accumulator = accumulator,
                               .timers = &runtime->timers,
                               .key_words = work->key_words,
                               .rank = ++runtime->ranks,
                               .ttl = INT64_MAX,
                               .flush = weir_flush_timer,
                               .forget = weir_forget_timer};
    work->has_cells = accumulator->kind->cell_size != NULL;
    return status;
}

static const char *deletes_by(const weir_source *source)
{
    return source->kind->deletes_by != NULL ? source->kind->deletes_by(source) : NULL;
}

/* Its source deletes keys of it. */
static bool loses_keys(const weir_program *program, const weir_module_accumulator *module)
{
    return module->source != WEIR_NONE && module->key_part_count != 0 &&
           deletes_by(&program->sources[module->source].source) != NULL;
}

/* A key lives in an accumulator as long as in the reactor over it that keeps it longest. */
static weir_status load_cells(weir_program *program, uint32_t index, weir_error **error)
{
    weir_accumulator_work *work = &program->accumulators[index];
    int64_t ttl = 0;

    for (uint32_t r = 0; r < program->module->reactor_count; r++) {
        const weir_module_reactor *module = &program->module->reactors[r];
        const weir_reactor_config *config = &program->reactors[r].config;
        for (uint32_t i = 0; i < module->input_count; i++) {
            if (module->inputs[i].accumulator != index)
                continue;
            ttl = config->ttl > ttl ? config->ttl : ttl;
            if (config->max_keys > work->cells.max_keys)
                work->cells.max_keys = (uint32_t)config->max_keys;
        }
    }
    if (work->key_words != 0 && ttl != 0)
        work->cells.ttl = ttl;
    work->cells.mortal =
        work->cells.ttl != INT64_MAX || loses_keys(program, work->accumulator.module);
    return work->has_cells ? weir_cells_init(&work->cells,
                                             work->accumulator.kind->cell_size(&work->accumulator),
                                             program->runtime->config.seed, error)
                           : WEIR_OK;
}

static weir_status load_source(weir_program *program, uint32_t index, weir_error **error)
{
    weir_source_work *work = &program->sources[index];
    weir_source *source = &work->source;
    const weir_module_source *module = &program->module->sources[index];
    weir_runtime *runtime = program->runtime;
    const char *kind = weir_override_of(runtime, "sources", module->name, "kind");

    work->program = program;
    work->watch.fd = -1;
    work->rank = ++runtime->ranks;
    source->module = module;
    source->type = module->type;
    source->folder = kind != NULL ? NULL : program->folder;
    source->host = &weir_runtime_source_host;
    source->host_arg = work;
    source->kind = weir_source_kind_find(runtime->config.kinds, kind != NULL ? kind : module->kind);
    if (source->kind == NULL)
        return unknown_kind("source", module->name, kind != NULL ? kind : module->kind,
                            module->place, error);
    weir_status status = load_options(program, "sources", module->name, &module->settings,
                                      weir_builtin_catalog()->every_source, &work->config, error);
    if (status == WEIR_OK)
        status = read_config(program, "sources", module->name, &module->settings,
                             &source->kind->base, &source->config, error);
    if (status == WEIR_OK)
        status = weir_origin_init(&source->origin, module->name,
                                  (uint32_t)work->config.max_in_flight, error);
    source->origin.commits =
        source->kind->commit != NULL && runtime->config.mode != WEIR_MODE_REPLAY;
    /* A channel takes pushes from now on. */
    if (status == WEIR_OK && source->kind == &weir_channel)
        status = weir_source_open(work, error);
    return status;
}

static weir_status load_sink(weir_program *program, uint32_t index, weir_error **error)
{
    weir_sink_work *work = &program->sinks[index];
    weir_sink *sink = &work->sink;
    const weir_module_sink *module = &program->module->sinks[index];
    weir_runtime *runtime = program->runtime;
    const char *kind = weir_override_of(runtime, "sinks", module->name, "kind");

    work->relieve = weir_relieve_sink;
    work->owner = program;
    program->sink_watches[index].fd = program->answer_watches[index].fd = -1;
    sink->host = &weir_runtime_sink_host;
    sink->host_arg = work;
    sink->module = module;
    sink->type = module->type;
    sink->folder = kind != NULL ? NULL : program->folder;
    sink->fresh = runtime->config.mode != WEIR_MODE_LIVE;
    sink->kind = weir_sink_kind_find(runtime->config.kinds, kind != NULL ? kind : module->kind);
    if (sink->kind == NULL)
        return unknown_kind("sink", module->name, kind != NULL ? kind : module->kind, module->place,
                            error);
    return read_config(program, "sinks", module->name, &module->settings, &sink->kind->base,
                       &sink->config, error);
}

static weir_input_shape shape_of(const weir_program *program, const weir_module_input *input)
{
    const weir_accumulator_work *work = &program->accumulators[input->accumulator];
    const weir_module_accumulator *module = work->accumulator.module;
    weir_input_shape shape = {
        .name = module->name, .value_size = module->boundary->size, .key_words = work->key_words};

    if (module->window) {
        shape.item_size = module->boundary->size;
        shape.max_items = (uint32_t)work->accumulator.kind->window_items(&work->accumulator);
    }
    return shape;
}

static weir_status load_reactor(weir_program *program, uint32_t index, weir_error **error)
{
    weir_reactor *reactor = &program->reactors[index];
    const weir_module_reactor *module = &program->module->reactors[index];
    weir_runtime *runtime = program->runtime;
    weir_input_shape shapes[WEIR_INPUT_LIMIT];

    for (uint32_t i = 0; i < module->input_count && i < WEIR_INPUT_LIMIT; i++)
        shapes[i] = shape_of(program, &module->inputs[i]);
    reactor->host = &weir_runtime_reactor_host;
    reactor->host_arg = program;
    reactor->timers = &runtime->timers;
    reactor->burials = &runtime->burials;
    reactor->rank = ++runtime->ranks;
    weir_status status = load_options(program, "reactors", module->name, &module->settings,
                                      weir_builtin_catalog()->reactor, &reactor->config, error);
    reactor->mortal = reactor->config.ttl != INT64_MAX;
    for (uint32_t i = 0; i < module->input_count; i++)
        reactor->mortal =
            reactor->mortal ||
            loses_keys(program, &program->module->accumulators[module->inputs[i].accumulator]);
    if (status == WEIR_OK)
        status = weir_reactor_init(reactor, module, shapes, runtime->config.seed, error);
    reactor->firing.params = program->params;
    for (uint32_t g = 0; g < module->graph_count && status == WEIR_OK; g++) {
        const weir_module_graph *graph = &program->module->graphs[module->graphs[g]];
        reactor->graphs[g].module = graph;
        status = load_options(program, "graphs", graph->name, &graph->settings,
                              weir_builtin_catalog()->graph, &reactor->graphs[g].config, error);
        if (status == WEIR_OK && reactor->graphs[g].config.slow < runtime->slow)
            runtime->slow = reactor->graphs[g].config.slow;
    }
    return status;
}

/* A deletion names the key by one field. */
static bool is_key(const weir_module_accumulator *module, const char *name)
{
    const weir_key_part *last = &module->key_parts[module->key_part_count - 1];

    for (uint32_t i = 0; i < module->type->field_count; i++) {
        const weir_field *field = &module->type->fields[i];
        uint32_t parts = field->kind == WEIR_VALUE_BYTES ? 2 : 1;
        if (strcmp(field->name, name) == 0)
            return module->key_part_count == parts && last->offset == field->offset;
    }
    return false;
}

static weir_status check_deletes(weir_program *program, uint32_t index, weir_error **error)
{
    const weir_source *source = &program->sources[index].source;
    const char *name = deletes_by(source);
    bool keyed = false;

    for (uint32_t i = 0; i < program->module->accumulator_count && name != NULL; i++) {
        const weir_module_accumulator *module = &program->module->accumulators[i];
        if (module->source != index || module->key_part_count == 0)
            continue;
        keyed = true;
        if (!is_key(module, name))
            return weir_error_set_at(error, WEIR_SPEC, module->place,
                                     "source '%s' deletes keys by its field '%s', which is not the "
                                     "key of the accumulator '%s'",
                                     source->module->name, name, module->name);
    }
    if (keyed || name == NULL)
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, source->module->place,
                             "source '%s' deletes keys, and no accumulator that it feeds has one",
                             source->module->name);
}

/* --- Parameters --- */

static void put_cell(const char *text, weir_buffer *record)
{
    weir_buffer_text(record, "\"");
    for (; *text != '\0'; text++)
        weir_buffer_printf(record, "%c%s", *text, *text == '"' ? "\"" : "");
    weir_buffer_text(record, "\"");
}

/* The spec takes more forms of a number than the wire does: "+5", ".5". */
static weir_status put_param(const weir_field *field, const char *text, weir_buffer *record,
                             weir_error **error)
{
    bool number = (field->kind >= WEIR_VALUE_I8 && field->kind <= WEIR_VALUE_F64) ||
                  field->kind == WEIR_VALUE_TIMESTAMP;

    if (field->kind == WEIR_VALUE_DURATION && weir_text_lacks_unit(text))
        return weir_error_set(error, WEIR_SPEC,
                              "parameter '%s': '%s' is no duration: expected a duration with its "
                              "unit, like 250ms",
                              field->name, text);
    if (!number || !weir_text_decimal(text, record))
        put_cell(text, record);
    return WEIR_OK;
}

/* Parameters are texts, so they are read as the cells of one record, by the codec of CSV. */
static weir_status write_params(const weir_program *program, weir_buffer *record,
                                weir_error **error)
{
    const weir_module *module = program->module;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < module->param_count && status == WEIR_OK; i++) {
        const weir_module_param *param = &module->params[i];
        const char *text = weir_override_of(program->runtime, "params", param->name, NULL);
        text = text != NULL ? text : param->fallback;
        if (text == NULL)
            return weir_error_set(error, WEIR_SPEC,
                                  "parameter '%s' has no default and no value; give one with "
                                  "--set params.%s=VALUE",
                                  param->name, param->name);
        weir_buffer_text(record, i != 0 ? "," : "");
        status = put_param(&module->params_type->fields[i], text, record, error);
    }
    return status;
}

static weir_slice slice_of(const weir_buffer *buffer)
{
    return (weir_slice){(const unsigned char *)buffer->data, buffer->size};
}

static weir_status read_params(weir_program *program, const weir_buffer *record, weir_error **error)
{
    const weir_type *type = program->module->params_type;
    weir_csv_columns *columns = NULL;
    weir_buffer header = {0};
    weir_wire_error wire;

    weir_status status = weir_csv_header(type, &header);
    if (status != WEIR_OK)
        return weir_error_set(error, status, "out of memory");
    status = weir_csv_columns_new(type, slice_of(&header), &columns, &wire);
    if (status == WEIR_OK)
        status = weir_csv_decode(columns, slice_of(record), program->params, &wire);
    if (status != WEIR_OK)
        status = weir_error_set(error, status == WEIR_NOMEM ? WEIR_NOMEM : WEIR_SPEC,
                                "parameter '%s': %s", wire.path, wire.message);
    weir_csv_columns_free(columns);
    weir_buffer_free(&header);
    return status;
}

static weir_status load_params(weir_program *program, weir_error **error)
{
    const weir_module *module = program->module;
    weir_buffer record = {0};

    if (module->params_type == NULL)
        return WEIR_OK;
    program->params = weir_alloc(module->params_type->size);
    weir_status status = program->params != NULL
                             ? write_params(program, &record, error)
                             : weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK)
        status = record.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                               : read_params(program, &record, error);
    weir_buffer_free(&record);
    return status;
}

/* --- The whole --- */

static weir_status no_memory(const weir_module *module, weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "module '%s': out of memory", module->name);
}

static bool make_rooms(weir_program *program)
{
    const weir_module *module = program->module;

    program->sources = weir_alloc_array(module->source_count, sizeof *program->sources);
    program->accumulators =
        weir_alloc_array(module->accumulator_count, sizeof *program->accumulators);
    program->reactors = weir_alloc_array(module->reactor_count, sizeof *program->reactors);
    program->sinks = weir_alloc_array(module->sink_count, sizeof *program->sinks);
    program->sink_watches = weir_alloc_array(module->sink_count, sizeof *program->sink_watches);
    program->answer_watches = weir_alloc_array(module->sink_count, sizeof *program->answer_watches);
    return program->sources != NULL && program->accumulators != NULL && program->reactors != NULL &&
           program->sinks != NULL && program->sink_watches != NULL &&
           program->answer_watches != NULL;
}

static weir_status load_rooms(weir_program *program, weir_error **error)
{
    const weir_module *module = program->module;
    struct {
        uint32_t count;
        weir_status (*load)(weir_program *program, uint32_t index, weir_error **error);
    } rooms[] = {
        {module->source_count, load_source},   {module->accumulator_count, load_accumulator},
        {module->reactor_count, load_reactor}, {module->accumulator_count, load_cells},
        {module->sink_count, load_sink},       {module->source_count, check_deletes},
    };
    weir_status status = load_params(program, error);

    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++)
        for (uint32_t i = 0; i < rooms[r].count && status == WEIR_OK; i++)
            status = rooms[r].load(program, i, error);
    if (status == WEIR_OK)
        status = load_options(program, "modules", module->name, &module->settings,
                              weir_builtin_catalog()->top, &program->config, error);
    return status;
}

static weir_status reserve_asking(weir_runtime *runtime, const weir_program *program,
                                  weir_error **error)
{
    uint32_t routes = runtime->asking_room;

    for (uint32_t i = 0; i < program->module->accumulator_count; i++)
        routes += program->accumulators[i].route_count;
    weir_asking *asking = weir_realloc(runtime->asking, (routes + 1) * sizeof *asking);
    if (asking == NULL)
        return no_memory(program->module, error);
    runtime->asking = asking;
    runtime->asking_room = routes;
    return WEIR_OK;
}

weir_status weir_program_new(weir_runtime *runtime, const weir_module *module, const char *folder,
                             weir_program **ret, weir_error **error)
{
    weir_program *program = weir_alloc(sizeof *program);

    if (program == NULL)
        return no_memory(module, error);
    program->runtime = runtime;
    program->module = module;
    weir_status status = WEIR_OK;
    if (!make_rooms(program) || (folder != NULL && (program->folder = weir_strdup(folder)) == NULL))
        status = no_memory(module, error);
    if (status == WEIR_OK)
        status = load_rooms(program, error);
    if (status == WEIR_OK && !weir_program_join(program))
        status = no_memory(module, error);
    if (status == WEIR_OK)
        status = reserve_asking(runtime, program, error);
    if (status != WEIR_OK)
        weir_program_free(program);
    else
        *ret = program;
    return status;
}

static void close_source(weir_source_work *work)
{
    weir_source *source = &work->source;

    weir_source_stop(work);
    if (source->kind == &weir_channel && source->state != NULL) {
        source->kind->close(source);
        weir_free(source->state);
    }
    weir_source_release(source);
}

/* Any part may be missing: this also frees what a failed load had made. */
void weir_program_free(weir_program *program)
{
    const weir_module *module = program->module;

    for (uint32_t i = 0; program->sources != NULL && i < module->source_count; i++) {
        weir_source_work *work = &program->sources[i];
        if (work->source.kind != NULL)
            close_source(work);
        if (work->source.kind != NULL)
            free_config(&work->source.kind->base, work->source.config);
        weir_origin_free(&work->source.origin);
        weir_free(work->accumulators);
        weir_free(work->awaits);
    }
    for (uint32_t i = 0; program->reactors != NULL && i < module->reactor_count; i++)
        if (program->reactors[i].module != NULL)
            weir_reactor_release(&program->reactors[i]);
    for (uint32_t i = 0; program->accumulators != NULL && i < module->accumulator_count; i++) {
        weir_accumulator_work *work = &program->accumulators[i];
        weir_poller_free(work->poller);
        weir_cells_free(&work->cells);
        if (work->accumulator.kind != NULL)
            free_config(&work->accumulator.kind->base, work->accumulator.config);
        weir_origin_free(&work->accumulator.origin);
        weir_origin_free(&work->accumulator.batches);
        weir_free(work->routes);
    }
    for (uint32_t i = 0; program->sinks != NULL && i < module->sink_count; i++) {
        weir_sink_work *work = &program->sinks[i];
        weir_sink_release(work);
        if (work->sink.kind != NULL)
            free_config(&work->sink.kind->base, work->sink.config);
    }
    weir_free(program->sources);
    weir_free(program->accumulators);
    weir_free(program->reactors);
    weir_free(program->sinks);
    weir_free(program->sink_watches);
    weir_free(program->answer_watches);
    weir_free(program->outlets);
    weir_free(program->targets);
    weir_free(program->counts);
    weir_free(program->params);
    weir_free(program->folder);
    weir_free(program);
}
