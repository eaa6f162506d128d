/* SPDX-License-Identifier: Apache-2.0 */
/* check_doubles.c - sinks that start workflows, by keys that need not be the same after a crash.
 *
 * Such a key is made of the events that a firing took. What is read again after a crash comes to
 * the same keys where firings take the same events again: under `latest`, and out of a batch that
 * time or another reactor flushes, they need not, and what was started may be started again.
 */
#include <string.h>

#include "codegen/check.h"

/* Of the kinds of source, those whose events a later run reads again and knows again. */
static bool comes_again(const spec_source *source)
{
    return source->kind_name.text != NULL && (strcmp(source->kind_name.text, "file") == 0 ||
                                              strcmp(source->kind_name.text, "kafka") == 0);
}

/* What feedback brings comes of any source. */
static bool is_read_again(const checker *check, const spec_accumulator *accumulator)
{
    if (accumulator->source != NULL)
        return comes_again(accumulator->source);
    for (size_t i = 0; i < check->model->source_count; i++)
        if (comes_again(&check->model->sources[i]))
            return true;
    return false;
}

/* Whether other events than those of the batch's own source decide where it ends. */
static bool is_flushed_by_others(const checker *check, const spec_accumulator *batch)
{
    const char *name = check_setting(&batch->settings, "flush_with");
    long index = name != NULL ? check_find(&check->reactors, name) : CHECK_NONE;

    if (index == CHECK_NONE)
        return false;
    const spec_reactor *reactor = check->model->reactors[index];
    for (size_t i = 0; i < reactor->input_count; i++)
        if (reactor->inputs[i].criteria && reactor->inputs[i].accumulator->source != batch->source)
            return true;
    return false;
}

/* Why the reactor need not take the same events again, as a clause; NULL: it does. */
static const char *reason_of(checker *check, const spec_reactor *reactor)
{
    bool again = false;

    for (size_t i = 0; i < reactor->input_count; i++) {
        const spec_accumulator *input = reactor->inputs[i].accumulator;
        if (!reactor->inputs[i].criteria || !is_read_again(check, input))
            continue;
        again = true;
        if (input->form != SPEC_BATCH)
            continue;
        if (check_setting(&input->settings, "every") != NULL)
            return weir_arena_printf(&check->model->arena, "time flushes the batch '%s'",
                                     input->name);
        if (is_flushed_by_others(check, input))
            return weir_arena_printf(&check->model->arena, "'%s' flushes the batch '%s'",
                                     check_setting(&input->settings, "flush_with"), input->name);
    }
    return again && reactor->latest
               ? weir_arena_printf(&check->model->arena, "'%s' is `latest`", reactor->name)
               : NULL;
}

static bool leads_to(const spec_reactor *reactor, const spec_sink *sink)
{
    for (size_t g = 0; g < reactor->graph_count; g++)
        for (size_t n = 0; n < reactor->graphs[g]->node_count; n++) {
            const spec_node *node = &reactor->graphs[g]->nodes[n];
            for (size_t t = 0; t < node->to_count; t++)
                if (node->to[t].sink == sink)
                    return true;
        }
    return false;
}

static void warn_of_sink(checker *check, const spec_sink *sink)
{
    for (size_t i = 0; i < check->model->reactor_count; i++) {
        const spec_reactor *reactor = check->model->reactors[i];
        const char *reason = leads_to(reactor, sink) ? reason_of(check, reactor) : NULL;
        if (reason == NULL)
            continue;
        diagnostics_warning(check->log, sink->where,
                            "after a crash the sink '%s' may start again what it has started: its "
                            "keys are made of the events that a firing took, and those may be "
                            "others then, as %s; give it `key:`, a field that names what is to be "
                            "done once",
                            sink->name, reason);
        return;
    }
}

void check_doubles(checker *check)
{
    for (size_t i = 0; i < check->model->sink_count; i++) {
        const spec_sink *sink = &check->model->sinks[i];
        if (check_starts_workflows(sink) && check_setting(&sink->settings, "key") == NULL)
            warn_of_sink(check, sink);
    }
}
