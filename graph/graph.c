/* SPDX-License-Identifier: Apache-2.0 */
/* graph.c - what generated graphs call: failing, skipping, and letting results leave. */
#include <weir/graph.h>

#include <stdio.h>
#include <string.h>

weir_status weir_fail(weir_firing *firing, const char *format, ...)
{
    weir_failure *failure = firing->failure;
    va_list args;

    va_start(args, format);
    vsnprintf(failure->message, sizeof failure->message, format, args);
    va_end(args);
    return WEIR_FAILED;
}

weir_status weir_at_node(weir_firing *firing, const weir_graph_frame *frame, uint32_t node,
                         weir_status status)
{
    if (status == WEIR_OK)
        return WEIR_OK;
    if (status == WEIR_SKIP) {
        frame->counts[node]++;
        return WEIR_OK;
    }
    firing->failure->node = node;
    /* A node may answer any status; only weir_fail leaves a sentence of its own. */
    if (status != WEIR_FAILED)
        weir_fail(firing, "the node answered '%s'", weir_status_text(status));
    return WEIR_FAILED;
}

weir_status weir_graph_failed(const weir_firing *firing, const weir_graph_frame *frame,
                              bool *failed)
{
    *frame->failure = *firing->failure;
    *failed = true;
    return WEIR_FAILED;
}

static void cancel(const weir_graph_frame *frame, const weir_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t o = 0; o < results[i].outlet_count; o++) {
            const weir_outlet *outlet = &frame->outlets[results[i].outlet + o];
            if (outlet->cancel != NULL)
                outlet->cancel(outlet);
        }
}

/* Encodes everything; the outlets without `prepare` cannot refuse. */
static weir_status prepare(weir_firing *firing, const weir_graph_frame *frame,
                           const weir_result *result)
{
    for (uint32_t o = 0; o < result->outlet_count; o++) {
        const weir_outlet *outlet = &frame->outlets[result->outlet + o];
        if (outlet->prepare == NULL)
            continue;
        if (outlet->prepare(outlet, firing, result->value) != WEIR_OK) {
            firing->failure->node = outlet->node;
            return WEIR_FAILED;
        }
    }
    return WEIR_OK;
}

static void send(weir_firing *firing, const weir_graph_frame *frame, const weir_result *result)
{
    for (uint32_t o = 0; o < result->outlet_count; o++) {
        const weir_outlet *outlet = &frame->outlets[result->outlet + o];
        outlet->commit(outlet, firing, result->value);
    }
}

weir_status weir_results_leave(weir_firing *firing, const weir_graph_frame *frame,
                               const weir_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        weir_status status = prepare(firing, frame, &results[i]);
        if (status != WEIR_OK) {
            cancel(frame, results, i + 1);
            return status;
        }
    }
    for (size_t i = 0; i < count; i++)
        send(firing, frame, &results[i]);
    return WEIR_OK;
}

/* --- Calls --- */

static weir_status capture(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    const weir_capture *to = outlet->arg;

    (void)firing;
    memcpy(to->value, value, to->size);
    *to->flag = true;
    return WEIR_OK;
}

static void capture_later(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    (void)capture(outlet, firing, value);
}

weir_status weir_graph_call(const char *graph, weir_graph_function run, weir_firing *firing,
                            const void *const *inputs, void *state, weir_capture *captures,
                            size_t capture_count, weir_outlet *outlets, uint64_t *counts,
                            weir_error **error)
{
    weir_failure failure = {0};
    weir_graph_frame frame = {.outlets = outlets, .counts = counts, .failure = &failure};
    size_t next = 0;

    for (size_t i = 0; i < capture_count; i++)
        for (uint32_t o = 0; o < captures[i].outlet_count; o++)
            outlets[next++] =
                (weir_outlet){.take = capture, .commit = capture_later, .arg = &captures[i]};
    firing->failure = &failure;
    firing->number = 1;
    weir_status status = run(firing, inputs, state, &frame);
    if (status != WEIR_OK)
        return weir_error_set(error, status, "graph '%s' failed: %s", graph, failure.message);
    return WEIR_OK;
}
