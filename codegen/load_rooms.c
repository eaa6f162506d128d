/* SPDX-License-Identifier: Apache-2.0 */
/* load_rooms.c - parameters, sources, accumulators and sinks as they are written. */
#include <string.h>

#include "codegen/load.h"

/* How many values of a section can be read at all. */
static size_t count_good(const yaml_node *section)
{
    size_t count = 0;

    for (const yaml_node *value = section->first; value != NULL; value = value->next)
        count += value->kind != YAML_BAD;
    return count;
}

/* The next value that can be read, from `value` on. */
static const yaml_node *good(const yaml_node *value)
{
    while (value != NULL && value->kind == YAML_BAD)
        value = value->next;
    return value;
}

/* A kind's or a room's `format` is an option like others; the model shows it by itself too. */
static spec_name find_format(const spec_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->items[i].name, "format") == 0)
            return (spec_name){.text = settings->items[i].text, .where = settings->items[i].place};
    return (spec_name){0};
}

static void load_source(spec_front *front, const yaml_node *node, spec_source *source)
{
    *source = (spec_source){.name = node->key, .where = node->key_where};
    front_check_free_name(front, node->key, node->key_where, "a source");
    if (load_is_map(front, node, "a map, as in {kind: channel, type: Quote}"))
        load_keys(front, &spec_source_section, node, source, &source->settings);
    source->format = find_format(&source->settings);
}

void load_sources(spec_front *front, const yaml_node *node)
{
    spec *model = front->spec;

    if (!load_is_map(front, node, "a map of sources"))
        return;
    model->sources =
        front_array(front, count_good(node), sizeof *model->sources, &model->source_count);
    const yaml_node *value = good(node->first);
    for (size_t i = 0; i < model->source_count; i++, value = good(value->next)) {
        load_source(front, value, &model->sources[i]);
        model->sources[i].index = i;
    }
}

static void load_accumulator(spec_front *front, const yaml_node *node,
                             spec_accumulator *accumulator)
{
    *accumulator = (spec_accumulator){.name = node->key, .where = node->key_where};
    front_check_free_name(front, node->key, node->key_where, "an accumulator");
    if (load_is_map(front, node, "a map, as in {source: quotes, key: symbol}"))
        load_keys(front, &spec_accumulator_section, node, accumulator, &accumulator->settings);
}

void load_accumulators(spec_front *front, const yaml_node *node)
{
    spec *model = front->spec;
    size_t count;

    if (!load_is_map(front, node, "a map of accumulators"))
        return;
    spec_accumulator *items = front_array(front, count_good(node), sizeof *items, &count);
    model->accumulators =
        front_array(front, count, sizeof *model->accumulators, &model->accumulator_count);
    const yaml_node *value = good(node->first);
    for (size_t i = 0; i < model->accumulator_count; i++, value = good(value->next)) {
        load_accumulator(front, value, &items[i]);
        model->accumulators[i] = &items[i];
    }
}

static void load_sink(spec_front *front, const yaml_node *node, spec_sink *sink)
{
    *sink = (spec_sink){.name = node->key, .where = node->key_where};
    front_check_name(front, node->key, node->key_where, "a sink");
    if (load_is_map(front, node, "a map, as in {kind: stdout, type: Order}"))
        load_keys(front, &spec_sink_section, node, sink, &sink->settings);
    sink->format = find_format(&sink->settings);
}

void load_sinks(spec_front *front, const yaml_node *node)
{
    spec *model = front->spec;

    if (!load_is_map(front, node, "a map of sinks"))
        return;
    model->sinks = front_array(front, count_good(node), sizeof *model->sinks, &model->sink_count);
    const yaml_node *value = good(node->first);
    for (size_t i = 0; i < model->sink_count; i++, value = good(value->next)) {
        load_sink(front, value, &model->sinks[i]);
        model->sinks[i].index = i;
    }
}

static void load_param(spec_front *front, const yaml_node *node, spec_param *param)
{
    *param = (spec_param){.name = node->key, .where = node->key_where};
    param->shape.where = node->where;
    front_check_name(front, node->key, node->key_where, "a parameter");
    if (load_is_map(front, node, "a map, as in {type: f64, default: 0.05}"))
        load_keys(front, &spec_param_section, node, param, NULL);
    if (param->fallback != NULL)
        param->fallback_where = yaml_get(node, "default")->where;
}

void load_params(spec_front *front, const yaml_node *node)
{
    spec *model = front->spec;

    if (!load_is_map(front, node, "a map of parameters"))
        return;
    model->params =
        front_array(front, count_good(node), sizeof *model->params, &model->param_count);
    const yaml_node *value = good(node->first);
    for (size_t i = 0; i < model->param_count; i++, value = good(value->next))
        load_param(front, value, &model->params[i]);
}
