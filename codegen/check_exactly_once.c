/* SPDX-License-Identifier: Apache-2.0 */
/* check_exactly_once.c - what a module keeps beyond a firing, which `delivery: exactly_once` cannot
 * give back after a restart.
 *
 * A transaction holds results and positions. So all that an event leads to must come of it alone:
 * its reactor has one input, an accumulator that keeps nothing but the event itself, fed by a group
 * of Kafka (or by results of such events). What is read beside it must be there again after a
 * start: reference data of `assign: all` or of a file, a poll.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codegen/check.h"

typedef struct finding {
    spec_front *front;
    const char *reason; /* NULL: nothing yet */
} finding;

static bool is_word(const spec_settings *settings, const char *name, const char *word)
{
    const char *text = check_setting(settings, name);

    return text != NULL && strcmp(text, word) == 0;
}

bool check_commits(const spec_source *source)
{
    return source != NULL && check_setting(&source->settings, "group") != NULL &&
           !is_word(&source->settings, "assign", "all");
}

static bool is_kind(const spec_source *source, const char *kind)
{
    return source->kind_name.text != NULL && strcmp(source->kind_name.text, kind) == 0;
}

/* It is read from its beginning at each start. */
static bool is_reference(const spec_accumulator *accumulator)
{
    const spec_source *source = accumulator->source;

    if (accumulator->form == SPEC_POLLING)
        return true;
    return source != NULL && !check_commits(source) &&
           (is_word(&source->settings, "assign", "all") || is_kind(source, "file"));
}

static void find(finding *found, const char *format, ...) WEIR_PRINTF(2, 3);

static void find(finding *found, const char *format, ...)
{
    char text[512];
    va_list arguments;

    if (found->reason != NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    found->reason = weir_arena_copy(&found->front->spec->arena, text, strlen(text));
}

static void look_at_accumulator(finding *found, const spec_accumulator *accumulator)
{
    if (is_reference(accumulator))
        return;
    if (accumulator->form == SPEC_BATCH)
        find(found, "the batch '%s' keeps events", accumulator->name);
    else if (accumulator->form == SPEC_STATE || accumulator->state.count != 0)
        find(found, "the accumulator '%s' keeps state", accumulator->name);
    else if (accumulator->form == SPEC_CUSTOM)
        find(found, "the accumulator '%s' is of the kind '%s', which may keep state",
             accumulator->name, accumulator->kind_name.text);
}

static void look_at_nodes(finding *found, const spec_graph *graph)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i].state.count != 0)
            find(found, "the node '%s' of '%s' keeps state", graph->nodes[i].name, graph->name);
}

static void look_at_reactor(finding *found, const spec_reactor *reactor)
{
    const spec_accumulator *first = NULL;

    for (size_t i = 0; i < reactor->input_count; i++) {
        const spec_accumulator *accumulator = reactor->inputs[i].accumulator;
        bool reference = is_reference(accumulator);
        if (reference && !reactor->inputs[i].criteria)
            continue;
        if (reference)
            find(found, "'%s' would fire '%s' again for all that it reads again after a start",
                 accumulator->name, reactor->name);
        else if (accumulator->source != NULL && !check_commits(accumulator->source))
            find(found, "the events of the source '%s' cannot be read again",
                 accumulator->source->name);
        else if (first != NULL)
            find(found,
                 "of '%s' and '%s' one is kept while the other fires; give each a reactor of its "
                 "own, or make one reference data (assign: all)",
                 first->name, accumulator->name);
        first = accumulator;
    }
}

static const char *what_it_keeps(spec_front *front, const spec *model)
{
    finding found = {.front = front};

    for (size_t i = 0; i < model->accumulator_count; i++)
        look_at_accumulator(&found, model->accumulators[i]);
    for (size_t i = 0; i < model->graph_count; i++)
        look_at_nodes(&found, &model->graphs[i]);
    for (size_t i = 0; i < model->reactor_count; i++)
        look_at_reactor(&found, model->reactors[i]);
    return found.reason;
}

static void need_identity(checker *check, const spec_sink *sink)
{
    if (check_setting(&sink->settings, "transactional_id") == NULL)
        diagnostics_error(
            check->log, sink->where,
            "'%s' is exactly_once, and needs the option 'transactional_id', a name of "
            "this process that stays over restarts",
            sink->name);
}

void check_exactly_once(checker *check)
{
    const spec_sink *joint = NULL;

    check->model->keeps = what_it_keeps(check->front, check->model);
    for (size_t i = 0; i < check->model->sink_count && joint == NULL; i++)
        if (is_word(&check->model->sinks[i].settings, "delivery", "exactly_once"))
            joint = &check->model->sinks[i];
    if (joint == NULL)
        return;
    if (check->model->keeps != NULL)
        diagnostics_error(check->log, joint->where, "'%s' cannot be exactly_once: %s", joint->name,
                          check->model->keeps);
    for (size_t i = 0; i < check->model->sink_count; i++) {
        const spec_sink *sink = &check->model->sinks[i];
        bool joins = is_word(&sink->settings, "delivery", "exactly_once");
        if (joins)
            need_identity(check, sink);
        if (!joins && !check_starts_workflows(sink))
            diagnostics_warning(check->log, sink->where,
                                "'%s' takes no part in the transactions of '%s': after a failure "
                                "some of its results come twice",
                                sink->name, joint->name);
    }
}
