/* SPDX-License-Identifier: Apache-2.0 */
/* check_warnings.c - what is legal and unwise (E13, E24), and what a source that commits forbids.
 */
#include <string.h>

#include "codegen/check.h"

enum { STATE_LIMIT = 256 }; /* bytes of a node's state that is saved before each firing */

static bool has_dead_letters(const spec *model, const spec_source *source)
{
    return source->dead_letters.text != NULL || model->dead_letters.text != NULL;
}

/* A replay needs none. */
static void warn_of_no_group(checker *check, const spec_source *source)
{
    if (source->kind_name.text != NULL && strcmp(source->kind_name.text, "kafka") == 0 &&
        check_setting(&source->settings, "group") == NULL &&
        check_setting(&source->settings, "assign") == NULL)
        diagnostics_warning(check->log, source->where,
                            "the source '%s' has neither `group:` nor `assign: all`: `weir replay` "
                            "reads it, `weir run` does not",
                            source->name);
}

static void warn_of_sources(checker *check)
{
    for (size_t i = 0; i < check->model->source_count; i++) {
        const spec_source *source = &check->model->sources[i];
        warn_of_no_group(check, source);
        if (check_commits(source) && !has_dead_letters(check->model, source))
            diagnostics_warning(check->log, source->where,
                                "the source '%s' commits and has no `dead_letters:`: what cannot "
                                "be processed is only logged",
                                source->name);
    }
}

static void warn_of_lost_data(checker *check, const spec_accumulator *accumulator,
                              const char *kind_of_data)
{
    diagnostics_warning(check->log, accumulator->where,
                        "'%s' is %s, fed by the group of the source '%s': it is gone after a "
                        "restart, and where another process takes over its partitions; use "
                        "`assign: all` and `start: earliest`",
                        accumulator->name, kind_of_data, accumulator->source->name);
}

static void warn_of_state(checker *check)
{
    for (size_t i = 0; i < check->model->accumulator_count; i++) {
        const spec_accumulator *accumulator = check->model->accumulators[i];
        if (check_commits(accumulator->source) &&
            (accumulator->form == SPEC_STATE || accumulator->state.count != 0))
            warn_of_lost_data(check, accumulator, "state");
    }
}

/* --- Reactors --- */

static const spec_criteria *find_zip(const spec_criteria *criteria)
{
    const spec_criteria *found =
        criteria->kind == SPEC_ALL && criteria->child_count > 1 ? criteria : NULL;

    for (size_t i = 0; i < criteria->child_count && found == NULL; i++)
        found = find_zip(&criteria->children[i]);
    return found;
}

static void check_wait(checker *check, const spec_reactor *reactor,
                       const spec_accumulator *accumulator)
{
    for (size_t i = 0; i < reactor->settings.count; i++) {
        const weir_setting *setting = &reactor->settings.items[i];
        if (strcmp(setting->name, "wait") == 0 && strcmp(setting->text, "forever") == 0)
            diagnostics_error(check->log, setting->place,
                              "'%s' cannot wait forever for partners of '%s': its source commits, "
                              "and nothing after it could be committed",
                              reactor->name, accumulator->name);
    }
}

/* What nodes remember is in this process alone. */
static void warn_of_group_state(checker *check, const spec_reactor *reactor,
                                const spec_accumulator *committing)
{
    for (size_t g = 0; g < reactor->graph_count; g++)
        for (size_t i = 0; i < reactor->graphs[g]->node_count; i++) {
            const spec_node *node = &reactor->graphs[g]->nodes[i];
            if (node->state.count != 0)
                diagnostics_warning(check->log, node->where,
                                    "'%s' keeps state of what the group of the source '%s' reads: "
                                    "it begins anew after a restart, and where another process "
                                    "takes over its partitions",
                                    node->name, committing->source->name);
        }
}

static void warn_of_reactor(checker *check, const spec_reactor *reactor)
{
    const spec_accumulator *committing = NULL;

    for (size_t i = 0; i < reactor->input_count; i++) {
        const spec_reactor_input *input = &reactor->inputs[i];
        if (!check_commits(input->accumulator->source))
            continue;
        if (!input->criteria && input->accumulator->form == SPEC_PASSTHROUGH)
            warn_of_lost_data(check, input->accumulator, "reference data");
        if (input->criteria)
            committing = input->accumulator;
    }
    if (committing == NULL || reactor->criteria == NULL)
        return;
    check_wait(check, reactor, committing);
    warn_of_group_state(check, reactor, committing);
    const spec_criteria *zip = find_zip(reactor->criteria);
    if (zip != NULL && reactor->keyed == NULL && !reactor->latest)
        diagnostics_warning(check->log, zip->where,
                            "'%s' pairs by order of arrival, and a source that commits may deliver "
                            "an event twice: the pairs shift; give the accumulators a key",
                            reactor->name);
}

/* --- Node state --- */

static uint64_t size_of_fields(const spec_fields *fields);

static uint64_t size_of_shape(const spec_shape *shape)
{
    static const unsigned char sizes[] = {
        [SPEC_BOOL] = 1, [SPEC_I8] = 1,        [SPEC_I16] = 2,      [SPEC_I32] = 4, [SPEC_I64] = 8,
        [SPEC_U8] = 1,   [SPEC_U16] = 2,       [SPEC_U32] = 4,      [SPEC_U64] = 8, [SPEC_F32] = 4,
        [SPEC_F64] = 8,  [SPEC_TIMESTAMP] = 8, [SPEC_DURATION] = 8, [SPEC_DATE] = 4};
    uint64_t size = 4;

    if (shape->type == NULL)
        return 0;
    if (shape->type->kind <= SPEC_DATE)
        size = sizes[shape->type->kind];
    else if (shape->type->kind == SPEC_STRING)
        size = shape->size + 1;
    else if (shape->type->kind == SPEC_BYTES)
        size = shape->size + 4;
    else if (shape->type->kind == SPEC_STRUCT)
        size = size_of_fields(&shape->type->fields);
    return size * (shape->list ? shape->max : 1);
}

static uint64_t size_of_fields(const spec_fields *fields)
{
    uint64_t size = 0;

    for (size_t i = 0; i < fields->count; i++)
        size += size_of_shape(&fields->items[i].shape);
    return size;
}

static void warn_of_node_state(checker *check, const spec_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++) {
        const spec_node *node = &graph->nodes[i];
        uint64_t size = size_of_fields(&node->state);
        if (size > STATE_LIMIT)
            diagnostics_warning(check->log, node->where,
                                "the state of '%s' has %llu bytes, and is saved before each "
                                "firing; keep it below %d",
                                node->name, (unsigned long long)size, STATE_LIMIT);
    }
}

void check_warnings(checker *check)
{
    const spec *model = check->model;

    /* Sizes of types that contain themselves have no end. */
    if (weir_diagnostics_error_count(check->log) != 0)
        return;
    warn_of_sources(check);
    warn_of_state(check);
    for (size_t i = 0; i < model->reactor_count; i++)
        warn_of_reactor(check, model->reactors[i]);
    for (size_t i = 0; i < model->graph_count; i++)
        warn_of_node_state(check, &model->graphs[i]);
    check_exactly_once(check);
    check_doubles(check);
    check_words(check);
}
