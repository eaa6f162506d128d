/* SPDX-License-Identifier: Apache-2.0 */
/* test_run.c - one test of a spec: all sources are channels, all sinks are read, time is virtual.
 */
#include <stdio.h>
#include <string.h>

#include "cli/test.h"

typedef struct runner runner;

/* What came out of one sink since the last `expect`. */
typedef struct collector {
    runner *owner;
    const char *name;
    const weir_type *type;
    json_t *values;
} collector;

struct runner {
    const cli_module *module;
    weir_runtime *runtime;
    collector *collectors; /* per sink, then per called graph's result */
    size_t count;
    json_t *dead_letters;
    json_t *calls; /* "GRAPH.node": [...] */
    int64_t now;
    weir_buffer *text; /* what went wrong */
    bool failed;
};

static const char no_memory[] = "out of memory";

static bool fail(runner *r, const char *format, const char *detail)
{
    weir_buffer_text(r->text, "  ");
    weir_buffer_printf(r->text, "%s: %s\n", format, detail);
    r->failed = true;
    return false;
}

static bool fail_with(runner *r, const char *what, weir_error *error)
{
    fail(r, what, error != NULL ? weir_error_message(error) : "failed");
    weir_error_free(error);
    return false;
}

/* --- Collecting --- */

/* NULL: out of memory. */
static json_t *value_as_json(const weir_type *type, const void *value)
{
    weir_buffer text = {0};
    weir_wire_error error;
    json_t *json = NULL;

    if (weir_encode(type, WEIR_FORMAT_JSON, value, &text, &error) == WEIR_OK)
        json = test_read_json(text.data, text.size);
    else if (error.status != WEIR_NOMEM)
        json = json_pack("{s:s,s:s}", "error", error.message, "path", error.path);
    weir_buffer_free(&text);
    return json;
}

static void collect(const void *value, void *arg)
{
    collector *into = arg;

    if (json_array_append_new(into->values, value_as_json(into->type, value)) != 0)
        fail(into->owner, into->name, no_memory);
}

static void collect_dead(const weir_dead_letter *letter, void *arg)
{
    runner *r = arg;
    json_t *inputs = json_loads(letter->inputs, JSON_DECODE_ANY, NULL);
    json_t *json =
        json_pack("{s:s,s:i,s:I,s:I,s:s,s:s,s:I,s:s}", "source", letter->source, "partition",
                  (int)letter->partition, "position", (json_int_t)letter->position, "time",
                  (json_int_t)letter->time, "reason", letter->reason, "node", letter->node,
                  "firing", (json_int_t)letter->firing, "inputs", letter->inputs);

    json_decref(inputs);
    if (json_array_append_new(r->dead_letters, json) != 0)
        fail(r, "dead_letters", no_memory);
}

static void forget(runner *r)
{
    for (size_t i = 0; i < r->count; i++)
        json_array_clear(r->collectors[i].values);
    json_array_clear(r->dead_letters);
    json_object_clear(r->calls);
}

/* --- Starting --- */

static weir_status override_kind(weir_runtime *runtime, const char *room, const char *name,
                                 const char *kind, weir_error **error)
{
    char option[400];

    snprintf(option, sizeof option, "%s.%s.kind", room, name);
    return weir_runtime_set(runtime, option, kind, error);
}

static weir_status replace_all(const weir_module *module, weir_runtime *runtime, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < module->source_count && status == WEIR_OK; i++)
        status = override_kind(runtime, "sources", module->sources[i].name, "channel", error);
    for (uint32_t i = 0; i < module->sink_count && status == WEIR_OK; i++)
        status = override_kind(runtime, "sinks", module->sinks[i].name, "callback", error);
    return status;
}

static weir_status tap_all(runner *r, weir_error **error)
{
    const weir_module *module = r->module->module;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < module->sink_count && status == WEIR_OK; i++) {
        r->collectors[i] = (collector){.owner = r,
                                       .name = module->sinks[i].name,
                                       .type = module->sinks[i].type,
                                       .values = json_array()};
        r->count++;
        status = weir_runtime_on(r->runtime, module, module->sinks[i].name, collect,
                                 &r->collectors[i], error);
    }
    return status;
}

static void *decode(runner *r, const weir_type *type, const weir_module_step *step)
{
    weir_wire_error error;
    void *value = weir_alloc(type->size);
    weir_slice json = {(const unsigned char *)step->json, strlen(step->json)};

    if (value != NULL && weir_decode(type, WEIR_FORMAT_JSON, json, value, &error) == WEIR_OK)
        return value;
    fail(r, step->name, value != NULL ? error.message : no_memory);
    weir_free(value);
    return NULL;
}

static uint32_t find_source(const weir_module *module, const char *name)
{
    uint32_t source = 0;

    while (source < module->source_count && strcmp(module->sources[source].name, name) != 0)
        source++;
    return source;
}

/* INT64_MIN: it has none. */
static int64_t time_of(const weir_module_source *source, const void *value)
{
    int64_t time = INT64_MIN;

    if (source->time_offset != WEIR_NONE)
        memcpy(&time, (const char *)value + source->time_offset, sizeof time);
    return time;
}

/* The clock begins so that it shows the time of the first event that has one when that is sent:
 * timers do not run through all the years before. */
static int64_t begin_of(runner *r, const weir_module_test *test)
{
    const weir_module *module = r->module->module;
    int64_t advanced = 0, time = INT64_MIN;

    for (uint32_t i = 0; i < test->step_count && time == INT64_MIN; i++) {
        const weir_module_step *step = &test->steps[i];
        uint32_t source =
            step->kind == WEIR_STEP_SEND ? find_source(module, step->name) : module->source_count;
        void *value =
            source != module->source_count && module->sources[source].time_offset != WEIR_NONE
                ? decode(r, module->sources[source].type, step)
                : NULL;
        if (step->kind == WEIR_STEP_ADVANCE)
            advanced += step->advance_ns;
        if (value != NULL)
            time = time_of(&module->sources[source], value);
        weir_free(value);
    }
    return time > advanced ? time - advanced : 0;
}

static bool start(runner *r, const weir_module_test *test)
{
    const weir_module *module = r->module->module;
    r->now = begin_of(r, test);
    weir_runtime_config config = {.mode = WEIR_MODE_TEST,
                                  .from = r->now,
                                  .kinds = cli_kinds(),
                                  .dead_letter = collect_dead,
                                  .dead_letter_arg = r};
    weir_error *error = NULL;

    r->dead_letters = json_array();
    r->calls = json_object();
    r->collectors = weir_alloc_array(module->sink_count, sizeof *r->collectors);
    if (r->collectors == NULL || r->dead_letters == NULL || r->calls == NULL)
        return fail(r, "test", no_memory);
    weir_status status = weir_runtime_new(&config, &r->runtime, &error);
    if (status == WEIR_OK)
        status = replace_all(module, r->runtime, &error);
    if (status == WEIR_OK)
        status = weir_runtime_load_in(r->runtime, module, r->module->folder, &error);
    if (status == WEIR_OK)
        status = tap_all(r, &error);
    if (status == WEIR_OK)
        status = weir_runtime_poll(r->runtime, &error);
    return status == WEIR_OK || fail_with(r, "the module does not start", error);
}

static void stop(runner *r)
{
    weir_runtime_free(r->runtime);
    for (size_t i = 0; i < r->count; i++)
        json_decref(r->collectors[i].values);
    weir_free(r->collectors);
    json_decref(r->dead_letters);
    json_decref(r->calls);
}

/* --- Steps --- */

static bool turn(runner *r)
{
    weir_error *error = NULL;

    return weir_runtime_poll(r->runtime, &error) == WEIR_OK ||
           fail_with(r, "the turn failed", error);
}

static bool move_clock(runner *r, int64_t time)
{
    weir_error *error = NULL;

    if (time <= r->now)
        return true;
    r->now = time;
    return weir_runtime_advance(r->runtime, time, &error) == WEIR_OK ||
           fail_with(r, "advance", error);
}

static bool send(runner *r, const weir_module_step *step)
{
    const weir_module *module = r->module->module;
    weir_error *error = NULL;
    uint32_t source = find_source(module, step->name);

    if (source == module->source_count)
        return fail(r, step->name, "there is no such source");
    void *value = decode(r, module->sources[source].type, step);
    if (value == NULL)
        return false;
    bool good = move_clock(r, time_of(&module->sources[source], value)) &&
                (weir_runtime_push(r->runtime, module, source, value, 1, &error) == WEIR_OK ||
                 fail_with(r, step->name, error));
    weir_free(value);
    return good;
}

static bool keep_results(runner *r, const weir_module_graph *graph, const char *out)
{
    for (uint32_t i = 0; i < graph->output_count; i++) {
        const weir_module_member *member = &graph->outputs[i];
        char name[400];
        snprintf(name, sizeof name, "%s.%s", graph->name, member->name);
        json_t *values = json_object_get(r->calls, name);
        if (values == NULL) {
            values = json_array();
            json_object_set_new(r->calls, name, values);
        }
        if (*(const bool *)(out + member->flag_offset) &&
            json_array_append_new(values, value_as_json(member->type, out + member->offset)) != 0)
            return fail(r, name, no_memory);
    }
    return true;
}

static bool call(runner *r, const weir_module_step *step)
{
    const weir_module *module = r->module->module;
    const weir_module_graph *graph = NULL;
    weir_error *error = NULL;

    for (uint32_t i = 0; i < module->graph_count; i++)
        if (strcmp(module->graphs[i].name, step->name) == 0)
            graph = &module->graphs[i];
    if (graph == NULL || graph->call == NULL)
        return fail(r, step->name, "there is no graph of that name that can be called");
    void *args = decode(r, graph->args, step);
    void *state = weir_alloc(graph->state_size), *out = weir_alloc(graph->out_size);
    const void *params = weir_runtime_params(r->runtime, module);
    bool good = args != NULL && ((state != NULL && out != NULL) || fail(r, step->name, no_memory));
    if (good && graph->call(args, r->now, params, state, out, &error) != WEIR_OK)
        good = fail_with(r, step->name, error);
    good = good && keep_results(r, graph, out);
    weir_free(args);
    weir_free(state);
    weir_free(out);
    return good;
}

static const json_t *find_values(const runner *r, const char *name)
{
    if (strcmp(name, "dead_letters") == 0)
        return r->dead_letters;
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->collectors[i].name, name) == 0)
            return r->collectors[i].values;
    return json_object_get(r->calls, name);
}

static void expect(runner *r, const weir_module_step *step)
{
    json_t *expected = test_read_json(step->json, strlen(step->json)), *nothing = json_array();
    const json_t *got = find_values(r, step->name);
    size_t before = r->text->size;

    if (expected == NULL) {
        fail(r, step->name, no_memory);
    } else if (!test_matches(expected, got != NULL ? got : nothing, step->name, r->text)) {
        r->failed = true;
        weir_buffer_printf(r->text, "    at %s:%u\n", step->place.file, step->place.line);
    } else {
        r->text->size = before;
    }
    json_decref(expected);
    json_decref(nothing);
}

static bool flush(runner *r, const weir_module_step *step)
{
    weir_error *error = NULL;

    return (weir_runtime_flush(r->runtime, step->name, &error) == WEIR_OK ||
            fail_with(r, step->name, error)) &&
           turn(r);
}

/* All values of one step, from `first` on. Returns the first line of the next step. */
static uint32_t run_step(runner *r, const weir_module_test *test, uint32_t first)
{
    weir_step_kind kind = test->steps[first].kind;
    uint32_t at = first;

    do {
        const weir_module_step *step = &test->steps[at];
        if (kind == WEIR_STEP_SEND)
            send(r, step);
        else if (kind == WEIR_STEP_CALL)
            call(r, step);
        else if (kind == WEIR_STEP_EXPECT)
            expect(r, step);
        else if (kind == WEIR_STEP_FLUSH)
            flush(r, step);
        else if (move_clock(r, r->now + step->advance_ns))
            turn(r);
        at++;
    } while (at < test->step_count && !test->steps[at].first);
    if (kind == WEIR_STEP_SEND && !r->failed)
        turn(r);
    if (kind == WEIR_STEP_EXPECT)
        forget(r);
    return at;
}

void test_run(const cli_module *module, const weir_module_test *test, test_result *result)
{
    runner r = {.module = module, .text = &result->text};

    result->test = test;
    if (start(&r, test))
        for (uint32_t at = 0; at < test->step_count && !r.failed;)
            at = run_step(&r, test, at);
    stop(&r);
    result->passed = !r.failed && !result->text.failed;
}
