/* SPDX-License-Identifier: Apache-2.0 */
/* rig_spec.c - a rig's few words become a module's tables. */
#include "tests/pipeline/rig_spec.h"

#include <stdio.h>
#include <string.h>

/* --- Texts --- */

static const char *keep(rig_tables *tables, const char *text, size_t size)
{
    char *copy = tables->text + tables->text_size;

    assert_true(tables->text_size + size + 1 <= sizeof tables->text);
    memcpy(copy, text, size);
    copy[size] = '\0';
    tables->text_size += size + 1;
    return copy;
}

/* "capacity=4 wait=5s" */
static weir_module_settings settings(rig_tables *tables, const char *text)
{
    weir_setting *list = tables->settings[tables->setting_lists++];
    size_t count = 0;

    while (text != NULL && *text != '\0') {
        size_t name = strcspn(text, "="), value = strcspn(text + name + 1, " ");
        assert_true(count < RIG_SETTINGS);
        list[count++] = (weir_setting){.name = keep(tables, text, name),
                                       .text = keep(tables, text + name + 1, value)};
        text += name + 1 + value;
        text += *text == ' ';
    }
    return (weir_module_settings){list, count};
}

/* The next word of a list; NULL at its end. */
static const char *next_word(rig_tables *tables, const char **text)
{
    const char *start = *text + strspn(*text, " ");
    size_t size = strcspn(start, " ");

    *text = start + size;
    return size != 0 ? keep(tables, start, size) : NULL;
}

/* --- Sources and accumulators --- */

static uint32_t source_of(const rig_tables *tables, const char *name)
{
    for (uint32_t i = 0; i < tables->module.source_count; i++)
        if (strcmp(tables->sources[i].name, name) == 0)
            return i;
    return WEIR_NONE;
}

static void add_source(rig_tables *tables, const rig_source *source)
{
    tables->sources[tables->module.source_count++] = (weir_module_source){
        .name = source->name,
        .kind = source->kind != NULL ? source->kind : "channel",
        .type = &rig_item_type,
        .dead_letters = source->dead_letters,
        .time_offset = source->timed ? (uint32_t)offsetof(rig_item, time) : WEIR_NONE,
        .settings = settings(tables, source->settings),
    };
}

static const weir_key_part key_part = {offsetof(rig_item, key), sizeof(int64_t)};

static void add_accumulator(rig_tables *tables, const rig_accumulator *accumulator)
{
    const char *kind = accumulator->kind != NULL ? accumulator->kind : "passthrough";
    bool stream = strcmp(kind, "stream") == 0, polling = strcmp(kind, "polling") == 0;

    tables->accumulators[tables->module.accumulator_count++] = (weir_module_accumulator){
        .name = accumulator->name,
        .kind = kind,
        .source = accumulator->source != NULL ? source_of(tables, accumulator->source) : WEIR_NONE,
        .type = &rig_item_type,
        .boundary = &rig_item_type,
        .window = strcmp(kind, "batch") == 0 || strcmp(kind, "state") == 0,
        .key_parts = &key_part,
        .key_part_count = accumulator->keyed,
        .state_size = stream ? sizeof(int64_t) : 0,
        .where = accumulator->where ? rig_where : NULL,
        .update = stream ? rig_update : NULL,
        .poll = polling ? rig_poll : NULL,
        .settings = settings(tables, accumulator->settings),
    };
}

/* A source that is named like an accumulator is its own passthrough. */
static uint32_t accumulator_of(rig_tables *tables, const char *name)
{
    for (uint32_t i = 0; i < tables->module.accumulator_count; i++)
        if (strcmp(tables->accumulators[i].name, name) == 0)
            return i;
    if (source_of(tables, name) == WEIR_NONE)
        fail_msg("there is nothing called '%s'", name);
    add_accumulator(tables, &(rig_accumulator){.name = name, .source = name});
    return tables->module.accumulator_count - 1;
}

/* --- Reactors --- */

/* all(a,any(b,c)) in prefix order; returns what follows. */
static const char *add_criteria(rig_tables *tables, uint32_t reactor, const char *text)
{
    weir_module_reactor *module = &tables->reactors[reactor];
    weir_criterion *criterion = &tables->criteria[reactor][module->criterion_count++];
    size_t size = strcspn(text, "(,)");

    if (text[size] != '(') {
        const char *name = keep(tables, text, size);
        criterion->kind = WEIR_CRITERION_INPUT;
        criterion->input = WEIR_NONE;
        for (uint32_t i = 0; i < module->input_count; i++)
            if (strcmp(tables->accumulators[module->inputs[i].accumulator].name, name) == 0)
                criterion->input = i;
        assert_true(criterion->input != WEIR_NONE);
        tables->inputs[reactor][criterion->input].criteria = true;
        return text + size;
    }
    criterion->kind = text[1] == 'n' ? WEIR_CRITERION_ANY : WEIR_CRITERION_ALL;
    for (text += size; *text != ')'; criterion->count++)
        text = add_criteria(tables, reactor, text + 1);
    return text + 1;
}

static void add_inputs(rig_tables *tables, uint32_t reactor, const char *text)
{
    weir_module_reactor *module = &tables->reactors[reactor];
    const char *word;

    module->inputs = tables->inputs[reactor];
    while ((word = next_word(tables, &text)) != NULL) {
        size_t size = strcspn(word, "?");
        tables->inputs[reactor][module->input_count++] =
            (weir_module_input){.accumulator = accumulator_of(tables, keep(tables, word, size)),
                                .required = word[size] == '\0'};
    }
}

static uint32_t add_outlets(rig_tables *tables, uint32_t reactor, const char *text)
{
    uint32_t count = 0;
    const char *word;

    while (text != NULL && (word = next_word(tables, &text)) != NULL) {
        weir_module_outlet *outlet = &tables->outlets[reactor][count++];
        *outlet = (weir_module_outlet){.sink = WEIR_NONE, .accumulator = WEIR_NONE};
        for (uint32_t i = 0; i < tables->module.sink_count; i++)
            if (strcmp(tables->sinks[i].name, word) == 0)
                outlet->sink = i;
        if (outlet->sink == WEIR_NONE)
            outlet->accumulator = accumulator_of(tables, word);
        outlet->type = &rig_item_type;
    }
    return count;
}

static const weir_module_node nodes[] = {
    {.name = "node", .counter = WEIR_NONE, .after = WEIR_NONE}};

static void add_graph(rig_tables *tables, uint32_t reactor, const rig_reactor *spec, uint32_t index,
                      const char *options)
{
    uint32_t number = tables->module.graph_count++;
    char name[64];

    snprintf(name, sizeof name, index == 0 ? "%s" : "%s.%u", spec->name, index);
    tables->graph_indices[number] = number;
    tables->graphs[number] = (weir_module_graph){
        .name = keep(tables, name, strlen(name)),
        .reactor = reactor,
        .run = rig_graph_functions[2 * reactor + index],
        .state_offset = index * (uint32_t)sizeof(int64_t),
        .state_size = sizeof(int64_t),
        .nodes = nodes,
        .node_count = 1,
        .count_size = 1,
        .outlets = tables->outlets[reactor],
        .outlet_count = index == 0 ? add_outlets(tables, reactor, spec->to) : 0,
        .dead_letters = index == 0 ? spec->dead_letters : NULL,
        .settings = settings(tables, options),
    };
    tables->reactors[reactor].graph_count++;
}

static weir_status where_of_reactor(weir_firing *firing, const void *const *inputs)
{
    (void)firing;
    (void)inputs;
    return WEIR_OK;
}

static void add_reactor(rig_tables *tables, const rig_reactor *spec)
{
    uint32_t reactor = tables->module.reactor_count++;
    const char *options = spec->graphs != NULL ? spec->graphs : "";
    weir_module_reactor *module = &tables->reactors[reactor];

    *module = (weir_module_reactor){
        .name = spec->name,
        .strategy = spec->strategy,
        .criteria = tables->criteria[reactor],
        .graphs = &tables->graph_indices[tables->module.graph_count],
        .state_size = 2 * sizeof(int64_t),
        .where = spec->where ? where_of_reactor : NULL,
        .fire = rig_fire_functions[reactor],
        .settings = settings(tables, spec->settings),
    };
    add_inputs(tables, reactor, spec->inputs);
    add_criteria(tables, reactor, spec->criteria);
    for (uint32_t graph = 0;; graph++) {
        size_t size = strcspn(options, "|");
        add_graph(tables, reactor, spec, graph, keep(tables, options, size));
        if (options[size] == '\0')
            break;
        options += size + 1;
    }
}

/* --- The whole --- */

/* "out" is a callback; "gate:out" a sink that the script can shut, "gate1:out" one that is full
 * with its first result. */
static void add_sink(rig_tables *tables, const char *name)
{
    const char *colon = strchr(name, ':');
    bool dead = strncmp(colon != NULL ? colon + 1 : name, "dead", 4) == 0;

    tables->sinks[tables->module.sink_count++] = (weir_module_sink){
        .name = colon != NULL ? colon + 1 : name,
        .kind = colon != NULL ? "gate" : "callback",
        .settings = settings(tables, strncmp(name, "gate1:", 6) == 0 ? "buffer=1" : NULL),
        .type = dead ? &rig_dead_type : &rig_item_type,
    };
    if (dead && tables->module.dead_letters == NULL)
        tables->module.dead_letters = tables->sinks[tables->module.sink_count - 1].name;
}

void rig_fill_tables(rig_tables *tables, const rig_spec *spec)
{
    weir_module *module = &tables->module;

    *module = (weir_module){.generation = WEIR_GENERATION,
                            .name = "rig",
                            .spec = "rig.weir.yaml",
                            .sources = tables->sources,
                            .accumulators = tables->accumulators,
                            .reactors = tables->reactors,
                            .graphs = tables->graphs,
                            .sinks = tables->sinks};
    module->settings = settings(tables, spec->settings);
    module->dead_letters = spec->dead_letters;
    for (size_t i = 0; i < RIG_ROOM && spec->sinks[i] != NULL; i++)
        add_sink(tables, spec->sinks[i]);
    for (size_t i = 0; i < RIG_ROOM && spec->sources[i].name != NULL; i++)
        add_source(tables, &spec->sources[i]);
    for (size_t i = 0; spec->accumulators[i].name != NULL; i++)
        add_accumulator(tables, &spec->accumulators[i]);
    for (size_t i = 0; i < RIG_ROOM && spec->reactors[i].name != NULL; i++)
        add_reactor(tables, &spec->reactors[i]);
}
