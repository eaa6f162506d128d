/* SPDX-License-Identifier: Apache-2.0 */
/* check_tests.c - the tests of a spec: their steps, their values as JSON by the declared types. */
#include <string.h>

#include "codegen/check.h"
#include "codegen/load.h"
#include "codegen/values.h"
#include "core/text.h"

/* Adds one value; false: it was complained about. */
static bool keep(checker *check, spec_step *step, const yaml_node *node, weir_buffer *json,
                 bool good)
{
    if (good && json->failed)
        check->log->failed = true;
    if (good && !json->failed && json->data != NULL) {
        char *text = weir_arena_copy(&check->model->arena, json->data, json->size);
        if (text == NULL)
            check->log->failed = true;
        else
            step->values[step->value_count++] = (spec_step_value){
                .name = {node->key, node->key_where}, .json = text, .where = node->where};
    }
    weir_buffer_free(json);
    return good;
}

static void wrong_name(checker *check, const yaml_node *node, const char *what,
                       const check_names *names)
{
    check_unknown(check, &(spec_name){node->key, node->key_where}, what, &names, 1);
}

/* --- send --- */

/* One value, or a list of them: each is an event. */
static void send_to(checker *check, spec_step *step, const yaml_node *node)
{
    long index = check_find(&check->sources, node->key);
    const spec_type *type = index != CHECK_NONE ? check->model->sources[index].type : NULL;

    if (index == CHECK_NONE)
        wrong_name(check, node, "source", &check->sources);
    if (type == NULL)
        return;
    bool list = node->kind == YAML_LIST;
    for (const yaml_node *item = list ? node->first : node; item != NULL;
         item = list ? item->next : NULL) {
        weir_buffer json = {0};
        bool good = values_struct(check->front, type, item, false, &json);
        keep(check, step, node, &json, good);
    }
}

/* --- call --- */

static void call_graph(checker *check, spec_step *step, const yaml_node *node)
{
    long index = check_find(&check->graphs, node->key);
    const spec_graph *graph = index != CHECK_NONE ? &check->model->graphs[index] : NULL;
    weir_buffer json = {0};

    if (graph == NULL) {
        wrong_name(check, node, "graph", &check->graphs);
        return;
    }
    if (graph->args.count == 0) {
        diagnostics_error(check->log, node->key_where,
                          "'%s' has no `args:`: a reactor fires it; send events to its sources",
                          graph->name);
        return;
    }
    bool good = values_fields(check->front, &graph->args, graph->name, node, false, &json);
    keep(check, step, node, &json, good);
}

/* --- expect --- */

static const spec_node *find_node(const spec_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return &graph->nodes[i];
    return NULL;
}

/* GRAPH.node of a graph that is only called; NULL: complained. */
static const spec_type *expected_of_call(checker *check, const yaml_node *node, const char *dot)
{
    char *name = weir_arena_copy(&check->model->arena, node->key, (size_t)(dot - node->key));
    long index = name != NULL ? check_find(&check->graphs, name) : CHECK_NONE;
    const spec_graph *graph = index != CHECK_NONE ? &check->model->graphs[index] : NULL;
    const spec_node *found = graph != NULL ? find_node(graph, dot + 1) : NULL;
    const check_names *graphs = &check->graphs;

    if (graph == NULL)
        check_unknown(check, &(spec_name){name != NULL ? name : "", node->key_where}, "graph",
                      &graphs, 1);
    else if (found == NULL)
        diagnostics_error(check->log, node->key_where, "the graph '%s' has no node '%s'",
                          graph->name, dot + 1);
    else if (graph->args.count == 0 || !found->terminal || found->route_count != 0)
        diagnostics_error(check->log, node->key_where,
                          "'%s' is not the result of a call: a graph that is only called gives "
                          "what its last nodes give",
                          node->key);
    else
        return found->out;
    return NULL;
}

static const spec_type *expected_type(checker *check, const yaml_node *node)
{
    const char *dot = strchr(node->key, '.');
    long sink = check_find(&check->sinks, node->key);

    if (sink != CHECK_NONE)
        return check->model->sinks[sink].type;
    if (strcmp(node->key, "dead_letters") == 0)
        return check->dead_letter;
    if (dot != NULL)
        return expected_of_call(check, node, dot);
    wrong_name(check, node, "sink", &check->sinks);
    return NULL;
}

static void expect_from(checker *check, spec_step *step, const yaml_node *node)
{
    const spec_type *type = expected_type(check, node);
    weir_buffer json = {0};
    bool good = type != NULL && node->kind == YAML_LIST;

    if (type != NULL && node->kind != YAML_LIST)
        diagnostics_error(check->log, node->where,
                          "expected the list of all that came to '%s', [] for nothing", node->key);
    weir_buffer_text(&json, "[");
    for (const yaml_node *item = node->first; good && item != NULL; item = item->next) {
        const spec_shape shape = {.type = type, .type_name = type->name};
        if (item != node->first)
            weir_buffer_text(&json, ",");
        good = values_shape(check->front, &shape, false, item, true, &json);
    }
    weir_buffer_text(&json, "]");
    keep(check, step, node, &json, good);
}

/* --- Steps --- */

static void advance(checker *check, spec_step *step, const yaml_node *node)
{
    if (node->kind != YAML_SCALAR || !weir_text_duration(node->text, &step->advance_ns) ||
        step->advance_ns <= 0)
        diagnostics_error(check->log, node->where,
                          "`advance:` takes a time with its unit, like 5s or 250ms");
}

static void flush(checker *check, spec_step *step, const yaml_node *node)
{
    if (node->kind != YAML_SCALAR) {
        diagnostics_error(check->log, node->where, "`flush:` takes the name of an accumulator");
        return;
    }
    step->flush = (spec_name){node->text, node->where};
    long index = check_resolve(check, &check->accumulators, &step->flush, "accumulator");
    if (index != CHECK_NONE && check->model->accumulators[index]->form != SPEC_BATCH &&
        check->model->accumulators[index]->kind != NULL)
        diagnostics_error(check->log, node->where, "'%s' is no batch, and only a batch is flushed",
                          node->text);
}

/* A step over several names: {quotes: ..., trades: ...}. */
static void each_value(checker *check, spec_step *step, const yaml_node *node,
                       void (*take)(checker *check, spec_step *step, const yaml_node *node))
{
    size_t values = 0, room;

    if (node->kind != YAML_MAP) {
        if (node->kind != YAML_BAD)
            diagnostics_error(check->log, node->where, "`%s:` takes a map of names and values",
                              node->key);
        return;
    }
    for (const yaml_node *value = node->first; value != NULL; value = value->next)
        values += value->kind == YAML_LIST ? value->count + 1 : 1;
    step->values = front_array(check->front, values, sizeof *step->values, &room);
    for (const yaml_node *value = node->first; room != 0 && value != NULL; value = value->next)
        if (value->kind != YAML_BAD)
            take(check, step, value);
}

static const struct {
    const char *word;
    spec_step_kind kind;
    void (*read)(checker *check, spec_step *step, const yaml_node *node);
    bool names; /* read is called for each name */
} words[] = {
    {"send", SPEC_SEND, send_to, true},         {"advance", SPEC_ADVANCE, advance, false},
    {"flush", SPEC_FLUSH, flush, false},        {"call", SPEC_CALL, call_graph, true},
    {"expect", SPEC_EXPECT, expect_from, true},
};

static void unknown_step(checker *check, const yaml_node *node)
{
    weir_nearest nearest = {.wanted = node->key};
    char hint[128];

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        weir_nearest_offer(&nearest, words[i].word);
    diagnostics_error(check->log, node->key_where,
                      "a test has no step '%s'; it has send, advance, flush, call and expect%s",
                      node->key, weir_nearest_hint(&nearest, hint, sizeof hint));
}

static void check_step(checker *check, spec_step *step, const yaml_node *node)
{
    const yaml_node *word = node->first;

    step->where = node->where;
    if (node->kind == YAML_BAD)
        return;
    if (node->kind != YAML_MAP || node->count != 1) {
        diagnostics_error(check->log, node->where, "a step is one thing, like `send: {...}`");
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word->key) != 0)
            continue;
        step->kind = words[i].kind;
        if (words[i].names)
            each_value(check, step, word, words[i].read);
        else if (word->kind != YAML_BAD)
            words[i].read(check, step, word);
        return;
    }
    unknown_step(check, word);
}

static void check_test(checker *check, spec_test *test, const yaml_node *node)
{
    *test = (spec_test){.name = node->key, .where = node->key_where};
    front_check_name(check->front, node->key, node->key_where, "a test");
    if (node->kind == YAML_MAP) { /* written long */
        load_keys(check->front, &spec_test_section, node, test, NULL);
        node = yaml_get(node, "steps");
        if (node == NULL)
            return;
    }
    if (node->kind != YAML_LIST || node->count == 0) {
        if (node->kind != YAML_BAD)
            diagnostics_error(check->log, node->where,
                              "a test is a list of steps: send, advance, flush, call, expect");
        return;
    }
    test->steps = front_array(check->front, node->count, sizeof *test->steps, &test->step_count);
    const yaml_node *item = node->first;
    for (size_t i = 0; i < test->step_count; i++, item = item->next)
        check_step(check, &test->steps[i], item);
}

void check_tests(checker *check)
{
    const yaml_node *tests = check->front->tests;
    spec *model = check->model;

    if (tests == NULL)
        return;
    if (tests->kind != YAML_MAP) {
        diagnostics_error(check->log, tests->where, "expected a map of tests");
        return;
    }
    model->tests =
        front_array(check->front, tests->count, sizeof *model->tests, &model->test_count);
    const yaml_node *node = tests->first;
    for (size_t i = 0; i < model->test_count; i++, node = node->next)
        check_test(check, &model->tests[i], node);
}
