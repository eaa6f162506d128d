/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c - the JSON Schema of spec files, from the same tables that parsing uses.
 *
 * Jansson frees what it cannot add, and gives NULL when there is no memory; a NULL that is added is
 * passed over, so that one look at the root in the end would miss it: `broken` remembers.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "codegen/keys.h"
#include "core/task_options.h"
#include <weir/codegen.h>

typedef struct schema_writer {
    const weir_catalog *catalog;
    json_t *defs;
    bool broken;
} schema_writer;

static void put(schema_writer *schema, json_t *object, const char *key, json_t *value)
{
    if (value == NULL || json_object_set_new(object, key, value) != 0)
        schema->broken = true;
}

static void append(schema_writer *schema, json_t *array, json_t *value)
{
    if (value == NULL || json_array_append_new(array, value) != 0)
        schema->broken = true;
}

static json_t *of_type(const char *type)
{
    return json_pack("{s:s}", "type", type);
}

static json_t *one_or_list(json_t *one)
{
    return json_pack("{s:[O, {s:s, s:o}]}", "anyOf", one, "type", "array", "items", one);
}

static json_t *map_of(json_t *value)
{
    return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", value);
}

static json_t *reference(const char *name)
{
    return json_pack("{s:s+}", "$ref", "#/$defs/", name);
}

/* A scalar of any YAML form: a spec reads it by its place. */
static json_t *scalar(void)
{
    return json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
}

/* Written as a text it is one, too. */
static json_t *truth(void)
{
    return json_pack("{s:[b,b,s,s]}", "enum", 1, 0, "true", "false");
}

/* --- Keys --- */

static json_t *of_key(const spec_key *key)
{
    switch (key->takes) {
    case TAKES_BOOL:
        return truth();
    case TAKES_NAMES:
    case TAKES_OPERANDS:
    case TAKES_TARGETS:
        return one_or_list(of_type("string"));
    case TAKES_STRATEGY:
        return json_pack("{s:[s,s]}", "enum", "sequential", "latest");
    case TAKES_FIELDS:
        return map_of(reference("field"));
    case TAKES_DEFAULT:
    case TAKES_EXPRESSION:
        return reference("expression");
    case TAKES_ASSIGNMENTS:
        return map_of(reference("expression"));
    case TAKES_CRITERIA:
        return reference("criteria");
    case TAKES_ROUTES:
        return map_of(reference("route"));
    case TAKES_NODES:
        return map_of(reference("node"));
    case TAKES_TASKS:
        return map_of(reference("task"));
    case TAKES_TRIGGERS:
        return map_of(reference("trigger"));
    case TAKES_HOOK:
        return reference("hook");
    case TAKES_WORDS:
        return json_pack("{s:s, s:o}", "type", "array", "items", reference("word"));
    case TAKES_SETTINGS:
        return reference(key->name);
    case TAKES_NAME:
    case TAKES_SHAPE:
    case TAKES_SECTION:
        return of_type("string");
    case TAKES_TEXT:
        break;
    }
    return scalar();
}

static void describe(schema_writer *schema, json_t *value, const char *help)
{
    if (value != NULL && help != NULL)
        put(schema, value, "description", json_string(help));
}

/* The keys of `section` that a kind knows (NULL: all). */
static json_t *of_section(schema_writer *schema, const spec_section *section, const char *kind)
{
    json_t *properties = json_object(), *required = json_array();

    for (size_t i = 0; i < section->count; i++) {
        const spec_key *key = &section->keys[i];
        if (kind != NULL && !spec_key_fits(key, kind))
            continue;
        json_t *value = of_key(key);
        describe(schema, value, key->help);
        put(schema, properties, key->name, value);
        if (key->required)
            append(schema, required, json_string(key->name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}

/* --- Options --- */

/* As YAML reads it: a choice of digits is a number. */
static json_t *of_choice(const char *word, size_t length)
{
    return strspn(word, "0123456789") >= length && length < 10
               ? json_integer(strtol(word, NULL, 10))
               : json_stringn(word, length);
}

/* A word, or a word with options of its own: `on_error: {retry: {attempts: 5}}`; or an expression,
 * as `more` says. */
static json_t *of_choices(schema_writer *schema, const char *choices, const char *more)
{
    json_t *names = json_array();

    for (const char *at = choices; *at != '\0';) {
        size_t length = strcspn(at, "|");
        append(schema, names, of_choice(at, length));
        at += length + (at[length] == '|');
    }
    return json_pack("{s:[{s:o}, {s:s}]}", "anyOf", "enum", names, "type", more);
}

static json_t *of_option(schema_writer *schema, const weir_option *option)
{
    switch (option->type) {
    case WEIR_OPTION_BOOL:
        return truth();
    case WEIR_OPTION_CHOICE:
        return of_choices(schema, option->choices, option->expression ? "string" : "object");
    case WEIR_OPTION_PAIRS:
    case WEIR_OPTION_FIELDS:
        return map_of(scalar());
    case WEIR_OPTION_INTEGER:
    case WEIR_OPTION_SIZE:
    case WEIR_OPTION_NUMBER:
    case WEIR_OPTION_DURATION:
    case WEIR_OPTION_TEXT:
    case WEIR_OPTION_PATH:
    case WEIR_OPTION_FIELD:
        break;
    }
    return scalar();
}

static void add_options(schema_writer *schema, json_t *section, const weir_option *options,
                        size_t count)
{
    json_t *properties = json_object_get(section, "properties");
    json_t *required = json_object_get(section, "required");

    for (size_t i = 0; i < count; i++) {
        json_t *value = of_option(schema, &options[i]);
        describe(schema, value, options[i].help);
        if (value != NULL && options[i].fallback != NULL)
            put(schema, value, "default", json_string(options[i].fallback));
        put(schema, properties, options[i].name, value);
        if (options[i].required)
            append(schema, required, json_string(options[i].name));
    }
}

/* --- Sections --- */

/* One schema a kind, told apart by `kind:`. */
static json_t *of_kinds(schema_writer *schema, const spec_section *section,
                        const weir_kind_list *kinds, const weir_option_list *every)
{
    json_t *list = json_array();

    for (size_t i = 0; i < kinds->count; i++) {
        const weir_kind *kind = kinds->items[i];
        json_t *one = of_section(schema, section, kind->name);
        describe(schema, one, kind->summary);
        put(schema, json_object_get(one, "properties"), "kind",
            json_pack("{s:s}", "const", kind->name));
        add_options(schema, one, kind->options, kind->option_count);
        if (every != NULL)
            add_options(schema, one, every->items, every->count);
        append(schema, list, one);
    }
    return map_of(json_pack("{s:o}", "anyOf", list));
}

static json_t *with_options(schema_writer *schema, const spec_section *section,
                            const weir_option_list *first, const weir_option_list *second)
{
    json_t *one = of_section(schema, section, NULL);

    add_options(schema, one, first->items, first->count);
    if (second != NULL)
        add_options(schema, one, second->items, second->count);
    return one;
}

/* Options in a map of their own. */
static json_t *of_options(schema_writer *schema, const weir_option_list *options)
{
    json_t *one = json_pack("{s:s, s:{}, s:[], s:b}", "type", "object", "properties", "required",
                            "additionalProperties", 0);

    add_options(schema, one, options->items, options->count);
    return one;
}

static void add_defs(schema_writer *schema)
{
    put(schema, schema->defs, "expression",
        json_pack("{s:[o, {s:s, s:{s:o}}]}", "anyOf", scalar(), "type", "object", "properties",
                  "expr", scalar()));
    put(schema, schema->defs, "word",
        json_pack("{s:[o, {s:s, s:{s:{s:s}}}]}", "anyOf", reference("expression"), "type", "object",
                  "properties", "secret", "type", "string"));
    put(schema, schema->defs, "criteria",
        json_pack("{s:s, s:{s:[{s:s}, {s:s, s:o}]}}", "type", "array", "items", "anyOf", "type",
                  "string", "type", "object", "additionalProperties", reference("criteria")));
    put(schema, schema->defs, "field",
        json_pack("{s:[{s:s}, o]}", "anyOf", "type", "string",
                  of_section(schema, &spec_field_section, NULL)));
    put(schema, schema->defs, "route",
        json_pack("{s:[{s:s}, o]}", "anyOf", "type", "string",
                  of_section(schema, &spec_route_section, NULL)));
    put(schema, schema->defs, "node", of_section(schema, &spec_node_section, NULL));
    put(schema, schema->defs, "task",
        with_options(schema, &spec_task_section, &weir_task_options, NULL));
    put(schema, schema->defs, "trigger",
        with_options(schema, &spec_trigger_section, &weir_trigger_options, NULL));
    put(schema, schema->defs, "hook",
        json_pack("{s:[{s:s}, o]}", "anyOf", "type", "string",
                  with_options(schema, &spec_hook_section, &weir_task_options, NULL)));
    put(schema, schema->defs, "retry", of_options(schema, &weir_retry_options));
    put(schema, schema->defs, "defer", of_options(schema, &weir_defer_options));
    put(schema, schema->defs, "concurrency", of_options(schema, &weir_concurrency_options));
    put(schema, schema->defs, "schedule", of_options(schema, &weir_schedule_options));
}

/* A list of enumerators or a map of fields; with `doc:` beside it, written long. */
static json_t *of_types(void)
{
    json_t *fields = map_of(reference("field"));
    json_t *long_struct = json_pack("{s:s, s:{s:o, s:O}, s:[s,s], s:b}", "type", "object",
                                    "properties", "doc", scalar(), "fields", fields, "required",
                                    "doc", "fields", "additionalProperties", 0);
    json_t *long_enum = json_pack("{s:s, s:{s:o, s:o}, s:[s,s], s:b}", "type", "object",
                                  "properties", "doc", scalar(), "values", of_type("array"),
                                  "required", "doc", "values", "additionalProperties", 0);

    return map_of(
        json_pack("{s:[o, o, o, o]}", "anyOf", of_type("array"), fields, long_struct, long_enum));
}

static json_t *of_tests(schema_writer *schema)
{
    json_t *values = of_type("object");
    json_t *step = json_pack("{s:s, s:i, s:{s:O, s:O, s:O, s:{s:s}, s:{s:s}}, s:b}", "type",
                             "object", "maxProperties", 1, "properties", "send", values, "call",
                             values, "expect", values, "advance", "type", "string", "flush", "type",
                             "string", "additionalProperties", 0);
    json_t *steps = json_pack("{s:s, s:o}", "type", "array", "items", step);
    json_t *written_long = of_section(schema, &spec_test_section, NULL);

    json_decref(values);
    put(schema, json_object_get(written_long, "properties"), "steps", json_incref(steps));
    return map_of(json_pack("{s:[o, o]}", "anyOf", steps, written_long));
}

static void add_sections(schema_writer *schema, json_t *properties)
{
    const weir_catalog *catalog = schema->catalog;

    put(schema, properties, "import",
        json_pack("{s:s, s:o}", "type", "array", "items", of_type("string")));
    put(schema, properties, "types", of_types());
    put(schema, properties, "params", map_of(of_section(schema, &spec_param_section, NULL)));
    put(schema, properties, "sources",
        of_kinds(schema, &spec_source_section, &catalog->sources, &catalog->every_source));
    put(schema, properties, "accumulators",
        of_kinds(schema, &spec_accumulator_section, &catalog->accumulators, NULL));
    put(schema, properties, "reactors",
        map_of(with_options(schema, &spec_reactor_section, &catalog->reactor, NULL)));
    put(schema, properties, "graphs",
        map_of(with_options(schema, &spec_graph_section, &catalog->graph, &catalog->reactor)));
    put(schema, properties, "sinks", of_kinds(schema, &spec_sink_section, &catalog->sinks, NULL));
    put(schema, properties, "workflows",
        map_of(with_options(schema, &spec_workflow_section, &weir_workflow_options, NULL)));
    put(schema, properties, "tests", of_tests(schema));
}

char *weir_spec_schema(const weir_catalog *catalog)
{
    schema_writer schema = {.catalog = catalog, .defs = json_object()};
    json_t *root = with_options(&schema, &spec_top_section, &catalog->top, NULL);
    char *text = NULL;

    add_defs(&schema);
    add_sections(&schema, json_object_get(root, "properties"));
    put(&schema, root, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
    put(&schema, root, "title", json_string("weir spec"));
    put(&schema, root, "$defs", schema.defs);
    char *dumped = schema.broken ? NULL : json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    /* Jansson's text is the C library's to free; ours is the allocator's. */
    if (dumped != NULL)
        text = weir_strdup(dumped);
    free(dumped);
    return text;
}
