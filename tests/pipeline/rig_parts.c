/* SPDX-License-Identifier: Apache-2.0 */
/* rig_parts.c - what a rig's pipeline does: its type and its functions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pipeline/rig_spec.h"
#include <weir/codec.h>

/* --- The type --- */

static unsigned char *write_item(weir_writer *writer, unsigned char *at, const void *value)
{
    const rig_item *item = value;

    (void)writer;
    at = weir_put(at, "{\"id\":", 6);
    at = weir_json_write_i64(at, item->id);
    at = weir_put(at, ",\"key\":", 7);
    at = weir_json_write_i64(at, item->key);
    *at = '}';
    return at + 1;
}

static const weir_field item_fields[] = {
    {.name = "id", .kind = WEIR_VALUE_I64, .offset = offsetof(rig_item, id)},
    {.name = "key", .kind = WEIR_VALUE_I64, .offset = offsetof(rig_item, key)},
    {.name = "time", .kind = WEIR_VALUE_I64, .offset = offsetof(rig_item, time)},
};

const weir_type rig_item_type = {
    .name = "Item",
    .kind = WEIR_VALUE_STRUCT,
    .size = sizeof(rig_item),
    .align = _Alignof(rig_item),
    .fields = item_fields,
    .field_count = sizeof item_fields / sizeof *item_fields,
    .json_max = 64,
    .write_json = write_item,
};

/* All that a test looks for in a sink of dead letters is its size. */
static unsigned char *write_dead(weir_writer *writer, unsigned char *at, const void *value)
{
    const weir_dead_letter *letter = value;

    return weir_json_write_string(writer, at, letter->reason, sizeof letter->reason);
}

const weir_type rig_dead_type = {
    .name = "DeadLetter",
    .kind = WEIR_VALUE_STRUCT,
    .size = sizeof(weir_dead_letter),
    .align = _Alignof(weir_dead_letter),
    .json_max = 6 * sizeof(((weir_dead_letter *)NULL)->reason) + 2,
    .write_json = write_dead,
};

/* --- Functions --- */

/* Whether "3,5,7" has `id`; "%10=3" has all that leave 3. */
static bool has_id(const char *list, int64_t id)
{
    long long by, rest;

    if (list != NULL && sscanf(list, "%%%lld=%lld", &by, &rest) == 2)
        return id % by == rest;
    while (list != NULL && *list != '\0') {
        char *end;
        if (strtoll(list, &end, 10) == id)
            return true;
        list = *end == ',' ? end + 1 : end;
    }
    return false;
}

static weir_status judge(weir_firing *firing, int64_t id)
{
    const rig_world *rig = firing->user;

    if (has_id(rig->bad_ids, id))
        return weir_fail(firing, "bad %lld", (long long)id);
    return has_id(rig->false_ids, id) ? WEIR_SKIP : WEIR_OK;
}

weir_status rig_where(weir_firing *firing, const void *event)
{
    return judge(firing, ((const rig_item *)event)->id);
}

weir_status rig_update(weir_firing *firing, const void *event, void *state, void *out)
{
    const rig_item *item = event;
    int64_t sum;

    memcpy(&sum, state, sizeof sum);
    sum = (sum + item->id) % RIG_SUMS;
    memcpy(state, &sum, sizeof sum);
    *(rig_item *)out = (rig_item){.id = sum, .key = item->key};
    return judge(firing, item->id);
}

weir_status rig_poll(weir_firing *firing, void *out)
{
    rig_world *rig = firing->user;

    rig->polled_aside = pthread_equal(rig->thread, pthread_self()) == 0;
    *(rig_item *)out = (rig_item){.id = ++rig->polls};
    return judge(firing, rig->polls);
}

/* --- Graphs --- */

static bool is_window(const rig_world *rig, uint32_t reactor, uint32_t input)
{
    const weir_module *module = &rig->tables->module;

    return module->accumulators[module->reactors[reactor].inputs[input].accumulator].window;
}

/* The items of an input, oldest first; none where it is absent. */
static const rig_item *items_of(const rig_world *rig, uint32_t reactor, uint32_t input,
                                const void *value, size_t *count)
{
    const weir_window *window = value;

    *count = value == NULL ? 0 : 1;
    if (value == NULL || !is_window(rig, reactor, input))
        return value;
    *count = window->count;
    return window->items;
}

static void record(rig_world *rig, uint32_t reactor, const weir_firing *firing, const char *name,
                   const void *const *inputs, int64_t sum, bool failed)
{
    const weir_module_reactor *module = &rig->tables->reactors[reactor];
    const char *space = "";

    if (rig->quiet)
        return;
    weir_buffer_printf(&rig->record, "%s#%llu(", name, (unsigned long long)firing->number);
    for (uint32_t i = 0; i < module->input_count; i++) {
        size_t count;
        const rig_item *items = items_of(rig, reactor, i, inputs[i], &count);
        bool window = is_window(rig, reactor, i);
        if (items == NULL)
            continue;
        weir_buffer_printf(&rig->record, "%s%s%s", space,
                           rig->tables->accumulators[module->inputs[i].accumulator].name,
                           window ? "[" : "");
        for (size_t k = 0; k < count; k++)
            weir_buffer_printf(&rig->record, "%s%lld", k != 0 ? " " : "", (long long)items[k].id);
        weir_buffer_text(&rig->record, window ? "]" : "");
        space = " ";
    }
    if (rig->spec->reactors[reactor].sums)
        weir_buffer_printf(&rig->record, "%s=%lld", space, (long long)sum);
    weir_buffer_text(&rig->record, failed ? ")! " : ") ");
}

/* An item that is to fail a firing, or NULL. */
static const rig_item *failing(rig_world *rig, uint32_t reactor, const char *name,
                               const void *const *inputs)
{
    if (rig->fails_in != NULL && strcmp(rig->fails_in, name) != 0)
        return NULL;
    for (uint32_t i = 0; i < rig->tables->reactors[reactor].input_count; i++) {
        size_t count;
        const rig_item *items = items_of(rig, reactor, i, inputs[i], &count);
        for (size_t k = 0; k < count; k++)
            if (items[k].id >= 0 && items[k].id < RIG_IDS && rig->fails[items[k].id] != 0) {
                rig->fails[items[k].id]--;
                return &items[k];
            }
    }
    return NULL;
}

static const rig_item *first_of(const rig_world *rig, uint32_t reactor, const void *const *inputs)
{
    for (uint32_t i = 0; i < rig->tables->reactors[reactor].input_count; i++) {
        size_t count;
        const rig_item *items = items_of(rig, reactor, i, inputs[i], &count);
        if (count != 0)
            return items;
    }
    return NULL;
}

weir_status rig_node(weir_firing *firing, uint32_t reactor, uint32_t graph,
                     const void *const *inputs, int64_t *sum, rig_item *out)
{
    rig_world *rig = firing->user;
    const rig_item *first = first_of(rig, reactor, inputs);
    char name[64];

    snprintf(name, sizeof name, graph == 0 ? "%s" : "%s.%u", rig->spec->reactors[reactor].name,
             graph);
    *out = (rig_item){.id = 100};
    if (first != NULL)
        *out = (rig_item){.id = first->id + 100, .key = first->key};
    int64_t added = (*sum + (first != NULL ? first->id : 0)) % RIG_SUMS;
    const rig_item *bad = failing(rig, reactor, name, inputs);
    record(rig, reactor, firing, name, inputs, added, bad != NULL);
    if (rig->during != NULL)
        rig->during(rig, name, first != NULL ? first->id : 0);
    if (bad != NULL && rig->odd_reason != NULL)
        return weir_fail(firing, "%s", rig->odd_reason);
    if (bad != NULL)
        return weir_fail(firing, "bad %lld", (long long)bad->id);
    *sum = added;
    return WEIR_OK;
}

static weir_status run(weir_firing *firing, const void *const *inputs, void *state,
                       const weir_graph_frame *frame, uint32_t reactor, uint32_t graph)
{
    const rig_world *rig = firing->user;
    rig_item result;
    int64_t sum;

    memcpy(&sum, state, sizeof sum);
    weir_status status = rig_node(firing, reactor, graph, inputs, &sum, &result);
    if (status != WEIR_OK)
        return weir_at_node(firing, frame, 0, status);
    memcpy(state, &sum, sizeof sum);
    uint32_t index = rig->tables->reactors[reactor].graphs[graph];
    weir_result results = {&result, 0, rig->tables->graphs[index].outlet_count};
    return weir_results_leave(firing, frame, &results, 1);
}

static weir_status fire(weir_firing *firing, const weir_series *series, uint32_t reactor)
{
    const rig_world *rig = firing->user;
    const weir_module_reactor *module = &rig->tables->reactors[reactor];
    weir_status outcome = WEIR_OK;

    for (uint32_t i = 0; i < module->input_count && module->where != NULL; i++) {
        size_t count;
        const rig_item *items = items_of(rig, reactor, i, series->inputs[i], &count);
        weir_status status = count != 0 ? judge(firing, items[0].id) : WEIR_OK;
        if (status != WEIR_OK)
            return status;
    }
    for (uint32_t g = 0; g < module->graph_count; g++)
        if (rig_graph_functions[2 * reactor + g](firing, series->inputs,
                                                 (int64_t *)series->states + g,
                                                 &series->frames[g]) != WEIR_OK)
            outcome = weir_graph_failed(firing, &series->frames[g], &series->failed[g]);
    return outcome;
}

#define REACTOR(n)                                                                                 \
    static weir_status run_##n##_0(weir_firing *firing, const void *const *inputs, void *state,    \
                                   const weir_graph_frame *frame)                                  \
    {                                                                                              \
        return run(firing, inputs, state, frame, n, 0);                                            \
    }                                                                                              \
    static weir_status run_##n##_1(weir_firing *firing, const void *const *inputs, void *state,    \
                                   const weir_graph_frame *frame)                                  \
    {                                                                                              \
        return run(firing, inputs, state, frame, n, 1);                                            \
    }                                                                                              \
    static weir_status fire_one_##n(weir_firing *firing, const weir_series *series)                \
    {                                                                                              \
        return fire(firing, series, n);                                                            \
    }                                                                                              \
    static weir_status fire_##n(weir_firing *firing, weir_series *series)                          \
    {                                                                                              \
        return weir_fire_each(firing, series, fire_one_##n);                                       \
    }
REACTOR(0)
REACTOR(1)
REACTOR(2)
REACTOR(3)
REACTOR(4)
REACTOR(5)
REACTOR(6)
REACTOR(7)
REACTOR(8)
REACTOR(9)
REACTOR(10)
REACTOR(11)

const weir_reactor_function rig_fire_functions[RIG_ROOM] = {
    fire_0, fire_1, fire_2, fire_3, fire_4,  fire_5,
    fire_6, fire_7, fire_8, fire_9, fire_10, fire_11,
};
const weir_graph_function rig_graph_functions[2 * RIG_ROOM] = {
    run_0_0, run_0_1, run_1_0, run_1_1, run_2_0,  run_2_1,  run_3_0,  run_3_1,
    run_4_0, run_4_1, run_5_0, run_5_1, run_6_0,  run_6_1,  run_7_0,  run_7_1,
    run_8_0, run_8_1, run_9_0, run_9_1, run_10_0, run_10_1, run_11_0, run_11_1,
};
