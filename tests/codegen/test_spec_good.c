/* SPDX-License-Identifier: Apache-2.0 */
/* test_spec_good.c - what is resolved in good specs: orders, inputs, implied things, values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codegen/model.h"
#include "workflow/sink_options.h"
#include <weir/codegen.h>

/* --- Kinds that only these tests have --- */

typedef struct log_config {
    char *group;
    int assign;
} log_config;

static const weir_option log_options[] = {
    {.name = "group",
     .type = WEIR_OPTION_TEXT,
     .offset = offsetof(log_config, group),
     .help = "Commits as a member of this group."},
    {.name = "assign",
     .type = WEIR_OPTION_CHOICE,
     .choices = "group|all",
     .fallback = "group",
     .offset = offsetof(log_config, assign),
     .help = "Which partitions are read."},
};

static const weir_option timer_options[] = {{.name = "every",
                                             .type = WEIR_OPTION_DURATION,
                                             .required = true,
                                             .help = "The time between two ticks."}};

static const weir_kind log_kind = {.name = "log",
                                   .summary = "A log that commits.",
                                   .options = log_options,
                                   .option_count = 2,
                                   .config_size = sizeof(log_config)};

static const weir_kind timer_kind = {
    .name = "timer", .summary = "Ticks.", .options = timer_options, .option_count = 1};

static const weir_kind workflow_sink = WORKFLOW_SINK_HEAD;

/* Loads a spec with weir's kinds and these. *diagnostics (NULL: none are expected). */
static weir_spec *load(const char *file, weir_diagnostics **ret_diagnostics)
{
    const weir_kind *sources[16] = {&timer_kind, &log_kind}, *sinks[16] = {&workflow_sink};
    weir_catalog catalog = *weir_builtin_catalog();
    weir_diagnostics *diagnostics = NULL;
    weir_error *error = NULL;
    weir_spec *model = NULL;

    for (size_t i = 0; i < catalog.sources.count; i++)
        sources[i + 2] = catalog.sources.items[i];
    catalog.sources = (weir_kind_list){sources, catalog.sources.count + 2};
    for (size_t i = 0; i < catalog.sinks.count; i++)
        sinks[i + 1] = catalog.sinks.items[i];
    catalog.sinks = (weir_kind_list){sinks, catalog.sinks.count + 1};
    assert_int_equal(chdir(SPEC_FOLDER "/good"), 0);
    weir_status status = weir_spec_load(file, &catalog, &model, &diagnostics, &error);
    if (status != WEIR_OK)
        print_error("%s: %s\n%s\n", file, weir_error_message(error),
                    weir_diagnostics_get(diagnostics, 0)->message);
    assert_int_equal(status, WEIR_OK);
    if (ret_diagnostics == NULL) {
        assert_int_equal(weir_diagnostics_count(diagnostics), 0);
        weir_diagnostics_free(diagnostics);
    } else {
        *ret_diagnostics = diagnostics;
    }
    return model;
}

static const spec_graph *graph_of(const spec *model, const char *name)
{
    for (size_t i = 0; i < model->graph_count; i++)
        if (strcmp(model->graphs[i].name, name) == 0)
            return &model->graphs[i];
    fail_msg("there is no graph %s", name);
    return NULL;
}

static const spec_accumulator *accumulator_of(const spec *model, const char *name)
{
    for (size_t i = 0; i < model->accumulator_count; i++)
        if (strcmp(model->accumulators[i]->name, name) == 0)
            return model->accumulators[i];
    fail_msg("there is no accumulator %s", name);
    return NULL;
}

/* --- Orders --- */

/* "a b c" of the names that `name_at` gives. */
static void assert_names(const spec *model, size_t count,
                         const char *(*name_at)(const spec *model, size_t index),
                         const char *expected)
{
    char found[512] = "";
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += (size_t)snprintf(found + size, sizeof found - size, "%s%s", i != 0 ? " " : "",
                                 name_at(model, i));
    assert_string_equal(found, expected);
}

static const char *type_at(const spec *model, size_t index)
{
    return model->types[index]->name;
}

static const char *accumulator_at(const spec *model, size_t index)
{
    assert_int_equal(model->accumulators[index]->index, index);
    return model->accumulators[index]->name;
}

static const char *reactor_at(const spec *model, size_t index)
{
    assert_int_equal(model->reactors[index]->index, index);
    return model->reactors[index]->name;
}

static const char *maker_node_at(const spec *model, size_t index)
{
    const spec_graph *graph = graph_of(model, "quote_maker");

    assert_int_equal(graph->nodes[index].index, index);
    assert_ptr_equal(graph->nodes[index].graph, graph);
    return graph->nodes[index].name;
}

static const char *later_input_at(const spec *model, size_t index)
{
    return graph_of(model, "later")->reactor->inputs[index].accumulator->name;
}

static void test_orders(void **state)
{
    (void)state;
    spec *model = load("everything.weir.yaml", NULL);

    /* A type stands after those that it contains; built-in ones only where they are used. */
    assert_names(model, model->type_count, type_at,
                 "DeadLetter Quote Inner Side Outer Policy Signal Order");
    /* An implied accumulator stands where its source stands. */
    assert_names(model, model->accumulator_count, accumulator_at,
                 "policies trades outers book newest mean custom limits recycled");
    /* `reactors:` first, then graphs with criteria of their own. */
    assert_names(model, model->reactor_count, reactor_at, "maker later windows");
    assert_names(model, 3, maker_node_at, "signal decide round");
    /* Criteria in their order, then `where:`, then the graphs as they read. */
    assert_int_equal(graph_of(model, "later")->reactor->input_count, 6);
    assert_names(model, 6, later_input_at, "trades mean custom recycled newest limits");
    weir_spec_free(model);
}

/* --- Resolved members --- */

static void test_inputs(void **state)
{
    (void)state;
    static const bool criteria[] = {true, true, true, false, false, false};
    static const bool required[] = {true, false, false, false, false, false};
    spec *model = load("everything.weir.yaml", NULL);
    const spec_reactor *reactor = graph_of(model, "later")->reactor;

    for (size_t i = 0; i < reactor->input_count; i++) {
        assert_int_equal(reactor->inputs[i].criteria, criteria[i]);
        assert_int_equal(reactor->inputs[i].required, required[i]);
    }
    assert_true(reactor->implied);
    assert_int_equal(reactor->graph_count, 1);
    assert_int_equal(reactor->criteria->kind, SPEC_ALL);
    assert_int_equal(reactor->criteria->children[1].children[1].input, 2);
    assert_null(reactor->keyed);
    weir_spec_free(model);
}

static void test_reactor(void **state)
{
    (void)state;
    spec *model = load("everything.weir.yaml", NULL);
    const spec_reactor *maker = model->reactors[0];

    assert_true(maker->latest);
    assert_false(maker->implied);
    assert_non_null(maker->filter.tree);
    assert_string_equal(maker->keyed->name, "book");
    assert_int_equal(maker->input_count, 2);
    assert_true(maker->inputs[0].required);
    assert_false(maker->inputs[1].required);
    assert_string_equal(maker->graphs[0]->name, "quote_maker");
    assert_ptr_equal(maker->graphs[0]->reactor, maker);
    weir_spec_free(model);
}

static void test_accumulators(void **state)
{
    (void)state;
    spec *model = load("everything.weir.yaml", NULL);
    const spec_accumulator *book = accumulator_of(model, "book");
    const spec_accumulator *newest = accumulator_of(model, "newest");
    const spec_accumulator *mean = accumulator_of(model, "mean");
    const spec_accumulator *limits = accumulator_of(model, "limits");
    const spec_accumulator *recycled = accumulator_of(model, "recycled");

    assert_string_equal(book->key[0]->name, "symbol");
    assert_non_null(book->filter.tree);
    assert_true(newest->window);
    assert_false(mean->calls);
    assert_string_equal(mean->update.items[1].target->name, "n");
    assert_string_equal(mean->boundary->name, "Signal");
    assert_string_equal(mean->type->name, "Quote");
    assert_true(accumulator_of(model, "custom")->calls);
    assert_true(limits->calls);
    assert_null(limits->source);
    assert_string_equal(limits->call.text, "read_limits");
    assert_null(recycled->source);
    assert_string_equal(recycled->type->name, "Signal");
    assert_true(accumulator_of(model, "trades")->implied);
    weir_spec_free(model);
}

static void test_nodes(void **state)
{
    (void)state;
    spec *model = load("everything.weir.yaml", NULL);
    const spec_node *maker = graph_of(model, "quote_maker")->nodes;
    const spec_node *windows = graph_of(model, "windows")->nodes;
    const spec_node *keep = graph_of(model, "later")->nodes;

    assert_int_equal(maker[0].form, SPEC_NODE_SET);
    assert_null(maker[0].copy_from);
    assert_false(maker[0].terminal);
    assert_int_equal(maker[1].form, SPEC_NODE_C);
    assert_null(maker[1].out);
    assert_null(maker[1].routes[1].type);
    assert_true(maker[1].in[2].optional);
    assert_int_equal(maker[2].in[0].kind, SPEC_FROM_ROUTE);
    assert_ptr_equal(maker[2].in[0].node, &maker[1]);
    assert_ptr_equal(maker[2].copy_from, &maker[2].in[0]);
    assert_string_equal(maker[2].set.items[0].target->name, "price");
    assert_true(maker[2].terminal);
    assert_int_equal(windows[0].form, SPEC_NODE_PASS);
    assert_true(windows[0].out_window);
    assert_true(windows[1].in[0].window);
    assert_ptr_equal(keep->to[0].accumulator, accumulator_of(model, "recycled"));
    assert_string_equal(keep->to[1].sink->name, "signals");
    weir_spec_free(model);
}

static void test_ends(void **state)
{
    (void)state;
    spec *model = load("everything.weir.yaml", NULL);

    assert_string_equal(model->sources[0].time_field->name, "ts");
    assert_true(model->sinks[2].dead_letters);
    assert_string_equal(model->sinks[2].type->name, "DeadLetter");
    assert_string_equal(graph_of(model, "price")->nodes[0].in[1].arg->name, "n");
    assert_int_equal(graph_of(model, "price")->nodes[0].in[1].kind, SPEC_FROM_ARG);
    assert_null(graph_of(model, "price")->reactor);
    assert_int_equal(model->file_count, 2);
    assert_string_equal(model->files[1], "shared.weir.yaml");
    assert_int_equal(model->types[3]->enumerators[2].number, 6);
    weir_spec_free(model);
}

static void assert_setting(const spec_settings *settings, size_t index, const char *name,
                           const char *text)
{
    assert_true(index < settings->count);
    assert_string_equal(settings->items[index].name, name);
    assert_string_equal(settings->items[index].text, text);
}

/* What stands in one map is divided between the graph and its reactor. */
static void test_settings(void **state)
{
    (void)state;
    spec *model = load("everything.weir.yaml", NULL);
    const spec_graph *later = graph_of(model, "later");

    assert_int_equal(later->settings.count, 4);
    assert_setting(&later->settings, 0, "on_error", "retry");
    assert_setting(&later->settings, 1, "attempts", "5");
    assert_setting(&later->settings, 2, "backoff", "linear");
    assert_setting(&later->settings, 3, "slow", "5ms");
    assert_int_equal(later->reactor->settings.count, 1);
    assert_setting(&later->reactor->settings, 0, "wait", "forever");
    assert_setting(&model->settings, 0, "max_rounds", "10");
    weir_spec_free(model);
}

/* --- Values of tests --- */

static void test_values(void **state)
{
    (void)state;
    static const struct {
        size_t step, value;
        const char *name, *json;
    } cases[] = {
        {0, 0, "quotes",
         "{\"symbol\":\"0700\",\"b\":\"9\",\"ask\":1e1,\"ts\":\"2024-01-31T12:00:00Z\"}"},
        {0, 1, "outers",
         "{\"inner\":{\"code\":\"a\\\"b\",\"long\":-9223372036854775808},\"list\":[],"
         "\"side\":null}"},
        {0, 2, "outers",
         "{\"inner\":{\"code\":\"\",\"long\":1},\"list\":[{\"code\":\"x\",\"long\":2}],"
         "\"side\":\"short\"}"},
        {2, 0, "orders", "[{\"price\":5}]"},
        {2, 1, "dead_letters", "[]"},
        {3, 0, "price", "{\"signal\":{\"symbol\":\"x\",\"mid\":0.5},\"n\":3}"},
        {4, 0, "price.order", "[{\"note\":\"n\"}]"},
    };
    spec *model = load("everything.weir.yaml", NULL);
    const spec_step *steps = model->tests[0].steps;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(cases[i].value < steps[cases[i].step].value_count);
        const spec_step_value *value = &steps[cases[i].step].values[cases[i].value];
        assert_string_equal(value->name.text, cases[i].name);
        assert_string_equal(value->json, cases[i].json);
    }
    assert_int_equal(model->tests[0].step_count, 5);
    assert_int_equal(steps[1].advance_ns, 90000000000);
    weir_spec_free(model);
}

/* --- Others --- */

static void test_types_only(void **state)
{
    (void)state;
    spec *model = load("types_only.weir.yaml", NULL);

    assert_null(model->module);
    assert_int_equal(model->type_count, 2);
    assert_string_equal(model->types[1]->fields.items[1].fallback, "18446744073709551615");
    weir_spec_free(model);
}

static void test_timer(void **state)
{
    (void)state;
    spec *model = load("timer.weir.yaml", NULL);

    assert_string_equal(model->sources[0].type->name, "Tick");
    assert_names(model, model->type_count, type_at, "Tick Beat");
    weir_spec_free(model);
}

/* No source and no sink has them: a route and an argument do. */
static void test_builtin_types(void **state)
{
    (void)state;
    spec *model = load("builtin_types.weir.yaml", NULL);

    assert_names(model, model->type_count, type_at, "Tick DeadLetter Quote");
    weir_spec_free(model);
}

typedef struct warning {
    uint32_t line;
    const char *part;
} warning;

static void expect_warnings(const char *file, const warning *expected, size_t count)
{
    weir_diagnostics *diagnostics = NULL;
    weir_spec *model = load(file, &diagnostics);

    assert_int_equal(weir_diagnostics_error_count(diagnostics), 0);
    assert_int_equal(weir_diagnostics_count(diagnostics), count);
    for (size_t i = 0; i < count; i++) {
        const weir_diagnostic *diagnostic = weir_diagnostics_get(diagnostics, i);
        assert_int_equal(diagnostic->severity, WEIR_SEVERITY_WARNING);
        assert_int_equal(diagnostic->place.line, expected[i].line);
        assert_non_null(strstr(diagnostic->message, expected[i].part));
    }
    weir_diagnostics_free(diagnostics);
    weir_spec_free(model);
}

static void test_warnings(void **state)
{
    static const warning unwise[] = {
        {5, "'a' is reference data"},
        {5, "commits and has no `dead_letters:`"},
        {9, "'kept' is state"},
        {13, "pairs by order of arrival"},
        {15, "keeps state of what the group"},
        {15, "has 265 bytes"},
    };
    static const warning words[] = {
        {4, "no expression can read the parameter 'in'"},
        {6, "no expression can read the enum 'import'"},
        {6, "no expression can read the enum value 'in'"},
        {7, "no expression can read the field 'in': CEL keeps the word for itself; choose another "
            "name, and keep this one on the wire with `wire: in`"},
        {9, "no expression can read the source 'for'"},
        {11, "no expression can read the accumulator 'while'"},
        {11, "no expression can read the state field 'in'"},
        {16, "no expression can read the node 'package'"},
        {17, "no expression can read the route 'in'"},
        {20, "no expression can read the argument 'function'"},
    };

    static const warning doubles[] = {
        {30, "'twice_by_time' may start again what it has started"},
        {33, "as 'by_more' flushes the batch 'others'; give it `key:`"},
        {34, "as 'newest' is `latest`; give it `key:`"},
    };

    (void)state;
    expect_warnings("doubles.weir.yaml", doubles, sizeof doubles / sizeof *doubles);
    expect_warnings("unwise.weir.yaml", unwise, sizeof unwise / sizeof *unwise);
    expect_warnings("words.weir.yaml", words, sizeof words / sizeof *words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_reactor),       cmocka_unit_test(test_accumulators),
        cmocka_unit_test(test_nodes),         cmocka_unit_test(test_ends),
        cmocka_unit_test(test_settings),      cmocka_unit_test(test_values),
        cmocka_unit_test(test_types_only),    cmocka_unit_test(test_timer),
        cmocka_unit_test(test_builtin_types), cmocka_unit_test(test_warnings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
