/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c - the keys of each section of a spec. */
#include "codegen/keys.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECTION(title, table)                                                                      \
    {                                                                                              \
        .what = title, .keys = table, .count = COUNT(table)                                        \
    }

#define KEY(name_, takes_, owner, member, help_)                                                   \
    {                                                                                              \
        .name = name_, .takes = TAKES_##takes_, .offset = offsetof(owner, member), .help = help_   \
    }
#define NEEDED(name_, takes_, owner, member, help_)                                                \
    {                                                                                              \
        .name = name_, .takes = TAKES_##takes_, .required = true,                                  \
        .offset = offsetof(owner, member), .help = help_                                           \
    }
#define ONLY(kinds, name_, takes_, owner, member, help_)                                           \
    {                                                                                              \
        .name = name_, .takes = TAKES_##takes_, .offset = offsetof(owner, member), .only = kinds,  \
        .help = help_                                                                              \
    }
#define OWN(name_, takes_, member, help_)                                                          \
    {                                                                                              \
        .name = name_, .takes = TAKES_##takes_, .of_reactor = true,                                \
        .offset = offsetof(spec_graph_parts, reactor.member), .help = help_                        \
    }
#define PART(name_, help_)                                                                         \
    {                                                                                              \
        .name = name_, .takes = TAKES_SECTION, .help = help_                                       \
    }

#define DOC(owner, member) KEY("doc", TEXT, owner, member, "What it is for; goes into the output.")

static const spec_key top_keys[] = {
    KEY("module", TEXT, spec, module, "The module's name: what all generated names begin with."),
    DOC(spec, doc),
    PART("import", "Spec files whose types are used here."),
    PART("types", "Structs and enums."),
    PART("params", "Values that are set when the module is loaded."),
    PART("sources", "Where events come from."),
    PART("accumulators", "What turns events into boundaries."),
    PART("reactors", "When graphs fire."),
    PART("graphs", "What happens in a firing."),
    PART("sinks", "Where results go."),
    PART("workflows", "Tasks that run durably, one after the other or side by side."),
    PART("tests", "What goes in, and what is to come out."),
    KEY("dead_letters", NAME, spec, dead_letters, "The sink for what failed for good, or `none`."),
};

static const spec_key field_keys[] = {
    NEEDED("type", SHAPE, spec_field, shape, "The type of the field."),
    KEY("wire", TEXT, spec_field, wire, "Its name on the wire, where that is another one."),
    KEY("text", BOOL, spec_field, text, "A number that is written as text."),
    KEY("default", DEFAULT, spec_field, fallback,
        "Its value where the wire has none; of a workflow's input also {expr: schedule.date} or "
        "schedule.time."),
    DOC(spec_field, doc),
};

static const spec_key param_keys[] = {
    NEEDED("type", SHAPE, spec_param, shape, "The type of the parameter."),
    KEY("default", TEXT, spec_param, fallback, "Its value; without one it must be set at load."),
    DOC(spec_param, doc),
};

static const spec_key source_keys[] = {
    NEEDED("kind", NAME, spec_source, kind_name, "The kind of source."),
    KEY("type", NAME, spec_source, type_name, "The struct type of its events."),
    KEY("time", NAME, spec_source, time, "The timestamp field that holds the event's time."),
    KEY("dead_letters", NAME, spec_source, dead_letters,
        "The sink for events that failed for good, or `none`."),
    DOC(spec_source, doc),
};

static const spec_key accumulator_keys[] = {
    KEY("kind", NAME, spec_accumulator, kind_name, "The kind of accumulator: passthrough."),
    KEY("source", NAME, spec_accumulator, source_name, "The source that feeds it."),
    KEY("type", NAME, spec_accumulator, type_name, "The type of its events, without a source."),
    KEY("key", NAMES, spec_accumulator, key_names,
        "A field or fields of the event: all behind it is kept once a key."),
    KEY("where", EXPRESSION, spec_accumulator, filter, "Which events go on; reads `event`."),
    ONLY("stream|polling", "out", NAME, spec_accumulator, out_name, "The type of its boundaries."),
    ONLY("stream", "state", FIELDS, spec_accumulator, state, "Its private state."),
    ONLY("stream", "update", ASSIGNMENTS, spec_accumulator, update,
         "New values of state fields, from `event` and `state`."),
    ONLY("stream", "set", ASSIGNMENTS, spec_accumulator, set,
         "The boundary's fields, from `event` and `state`."),
    ONLY("polling", "call", NAME, spec_accumulator, call, "The name of its C function."),
    DOC(spec_accumulator, doc),
};

static const spec_key reactor_keys[] = {
    KEY("when_any", CRITERIA, spec_reactor, criteria, "Fires when one of these has something."),
    KEY("when_all", CRITERIA, spec_reactor, criteria, "Fires when all of these have something."),
    KEY("strategy", STRATEGY, spec_reactor, latest, "sequential (default) or latest."),
    KEY("where", EXPRESSION, spec_reactor, filter, "Whether to fire; reads accumulators."),
    DOC(spec_reactor, doc),
};

static const spec_key graph_keys[] = {
    KEY("trigger", NAME, spec_graph_parts, graph.trigger, "The reactor that fires it."),
    OWN("when_any", CRITERIA, criteria, "Fires when one of these has something."),
    OWN("when_all", CRITERIA, criteria, "Fires when all of these have something."),
    OWN("strategy", STRATEGY, latest, "sequential (default) or latest."),
    OWN("where", EXPRESSION, filter, "Whether to fire; reads accumulators."),
    KEY("args", FIELDS, spec_graph_parts, graph.args, "The inputs of a graph that is only called."),
    NEEDED("nodes", NODES, spec_graph_parts, graph, "Its nodes."),
    KEY("dead_letters", NAME, spec_graph_parts, graph.dead_letters,
        "The sink for what failed for good, or `none`."),
    DOC(spec_graph_parts, graph.doc),
};

static const spec_key node_keys[] = {
    NEEDED("in", OPERANDS, spec_node, in, "Accumulators, earlier nodes or routes that it reads."),
    KEY("out", NAME, spec_node, out_name, "The struct type of its result."),
    KEY("routes", ROUTES, spec_node, routes, "Of these routes it takes one: {name: type or none}."),
    KEY("set", ASSIGNMENTS, spec_node, set, "The fields of its result, as expressions."),
    KEY("where", EXPRESSION, spec_node, filter, "Whether to go on here."),
    KEY("state", FIELDS, spec_node, state, "What a node in C keeps between firings."),
    KEY("to", TARGETS, spec_node, to, "The sink or accumulator that gets its result, or a list."),
    DOC(spec_node, doc),
};

static const spec_key route_keys[] = {
    NEEDED("type", NAME, spec_route, type_name, "The struct type that it carries, or `none`."),
    DOC(spec_route, doc),
};

static const spec_key test_keys[] = {
    DOC(spec_test, doc),
    {.name = "steps",
     .takes = TAKES_SECTION,
     .required = true,
     .help = "What is done and expected, one after the other."},
};

static const spec_key sink_keys[] = {
    NEEDED("kind", NAME, spec_sink, kind_name, "The kind of sink."),
    KEY("type", NAME, spec_sink, type_name, "The struct type of what it takes."),
    DOC(spec_sink, doc),
};

static const spec_key workflow_keys[] = {
    NEEDED("tasks", TASKS, spec_workflow, tasks, "Its tasks."),
    KEY("input", FIELDS, spec_workflow, input,
        "What an execution is given at its start; without it any JSON object."),
    KEY("schedule", SETTINGS, spec_workflow, schedule, "When it starts by itself."),
    KEY("triggers", TRIGGERS, spec_workflow, triggers,
        "What else it starts by: functions that are called, files that are looked for."),
    KEY("on_success", HOOK, spec_workflow, on_success,
        "What runs once when an execution is Completed: a C function, or {call: ..} or {exec: "
        "..}."),
    KEY("on_failure", HOOK, spec_workflow, on_failure, "The same when it has Failed."),
    DOC(spec_workflow, doc),
};

static const spec_key task_keys[] = {
    KEY("after", NAMES, spec_task, after, "The tasks that have ended before it is looked at."),
    KEY("call", NAME, spec_task, call, "The name of its C function."),
    KEY("exec", WORDS, spec_task, exec,
        "The command that it runs instead, a list of words; no shell sees them."),
    KEY("graph", NAME, spec_task, graph,
        "A graph with `args:` that it calls instead; the result is set under the task's name."),
    KEY("workflow", NAME, spec_task, workflow,
        "A workflow that it begins instead, and ends with; its final context is set under the "
        "task's name."),
    KEY("with", ASSIGNMENTS, spec_task, with,
        "Arguments of the graph, where the others are keys of the context; or the input of the "
        "workflow."),
    KEY("for_each", EXPRESSION, spec_task, for_each.expression,
        "A list of the context or the input: it runs once for each `item`, side by side, and the "
        "results are set as a list under its name."),
    KEY("retry", SETTINGS, spec_task, retry, "When it runs again after a failure."),
    KEY("retry_on", NAMES, spec_task, retry_on,
        "Only failures of these classes are tried again: crash, timeout, lost, failed, "
        "deferred, exit, exit_N "
        "(of one exit code), and those that weir_task_fail_class names."),
    KEY("concurrency", SETTINGS, spec_task, concurrency, "How many like it run at once."),
    KEY("conditions", NAMES, spec_task, conditions,
        "The C functions that are asked for it when it waits for one of them."),
    KEY("defer", SETTINGS, spec_task, defer, "How long it may wait, and how often that is asked."),
    KEY("on_success", HOOK, spec_task, on_success,
        "What runs once when it is Completed: a C function, or {call: ..} or {exec: ..}."),
    KEY("on_failure", HOOK, spec_task, on_failure,
        "The same when it has Failed, and is not tried again."),
    DOC(spec_task, doc),
};

static const spec_key hook_keys[] = {
    KEY("call", NAME, spec_task, call, "The name of its C function."),
    KEY("exec", WORDS, spec_task, exec, "The command that it runs instead, a list of words."),
    KEY("retry", SETTINGS, spec_task, retry, "When it runs again after a failure."),
    KEY("retry_on", NAMES, spec_task, retry_on, "As of a task."),
    KEY("concurrency", SETTINGS, spec_task, concurrency, "How many like it run at once."),
    DOC(spec_task, doc),
};

static const spec_key trigger_keys[] = {
    KEY("call", NAME, spec_trigger, call, "The name of its C function, which fires or does not."),
    KEY("files", NAME, spec_trigger, files,
        "Each file whose path is like that (FOLDER/PATTERN) starts an execution, once."),
    DOC(spec_trigger, doc),
};

const spec_section spec_top_section = SECTION("a spec", top_keys);
const spec_section spec_field_section = SECTION("a field", field_keys);
const spec_section spec_param_section = SECTION("a parameter", param_keys);
const spec_section spec_source_section = SECTION("a source", source_keys);
const spec_section spec_accumulator_section = SECTION("an accumulator", accumulator_keys);
const spec_section spec_reactor_section = SECTION("a reactor", reactor_keys);
const spec_section spec_graph_section = SECTION("a graph", graph_keys);
const spec_section spec_node_section = SECTION("a node", node_keys);
const spec_section spec_route_section = SECTION("a route", route_keys);
const spec_section spec_test_section = SECTION("a test", test_keys);
const spec_section spec_sink_section = SECTION("a sink", sink_keys);
const spec_section spec_trigger_section = SECTION("a trigger", trigger_keys);
const spec_section spec_workflow_section = {.what = "a workflow",
                                            .keys = workflow_keys,
                                            .count = COUNT(workflow_keys),
                                            .later = "concurrency|priority|deadline"};
const spec_section spec_task_section = SECTION("a task", task_keys);
const spec_section spec_hook_section = SECTION("a hook", hook_keys);

const spec_key *spec_key_find(const spec_section *section, const char *name)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcmp(section->keys[i].name, name) == 0)
            return &section->keys[i];
    return NULL;
}

/* Is `name` one of the words of "stream|polling"? */
static bool is_among(const char *word, const char *name)
{
    size_t length = strlen(name);

    while (word != NULL && *word != '\0') {
        size_t size = strcspn(word, "|");
        if (size == length && strncmp(word, name, size) == 0)
            return true;
        word += size + (word[size] == '|');
    }
    return false;
}

bool spec_key_fits(const spec_key *key, const char *kind)
{
    return key->only == NULL || is_among(key->only, kind);
}

bool spec_key_is_later(const spec_section *section, const char *name)
{
    return is_among(section->later, name);
}
