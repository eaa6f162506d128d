/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - reading the keys of a section by their table. */
#include "codegen/load.h"

#include <string.h>

#include "core/text.h"

void load_expected(spec_front *front, const yaml_node *node, const char *wanted)
{
    static const char *const found[] = {
        [YAML_SCALAR] = "a single value", [YAML_MAP] = "a map", [YAML_LIST] = "a list"};

    if (node->kind == YAML_BAD)
        return;
    front->lost = true; /* it may have been what uses the rest */
    if (yaml_is_empty(node) && node->key != NULL)
        diagnostics_error(front->log, node->where, "'%s' needs %s", node->key, wanted);
    else if (yaml_is_empty(node))
        diagnostics_error(front->log, node->where, "expected %s, found nothing", wanted);
    else
        diagnostics_error(front->log, node->where, "expected %s, found %s", wanted,
                          node->kind != YAML_SCALAR && node->count == 0 ? "an empty one"
                                                                        : found[node->kind]);
}

bool load_is_text(spec_front *front, const yaml_node *node, const char *wanted)
{
    if (node->kind == YAML_SCALAR && !yaml_is_empty(node))
        return true;
    load_expected(front, node, wanted);
    return false;
}

bool load_is_map(spec_front *front, const yaml_node *node, const char *wanted)
{
    if (node->kind == YAML_MAP)
        return true;
    load_expected(front, node, wanted);
    return false;
}

/* --- Values --- */

spec_name load_name(spec_front *front, const yaml_node *node, const char *wanted)
{
    if (!load_is_text(front, node, wanted))
        return (spec_name){0};
    return (spec_name){.text = node->text, .where = node->where};
}

static void load_names(spec_front *front, const yaml_node *node, spec_names *names)
{
    const yaml_node *item = node->kind == YAML_LIST ? node->first : node;

    if (node->kind == YAML_LIST && node->count == 0)
        load_expected(front, node, "a name, or a list that is not empty");
    names->items = front_array(front, node->kind == YAML_LIST ? node->count : 1,
                               sizeof *names->items, &names->count);
    for (size_t i = 0; i < names->count; i++, item = item->next)
        names->items[i] = load_name(front, item, "a name");
}

static void load_bool(spec_front *front, const yaml_node *node, bool *value)
{
    if (!load_is_text(front, node, "true or false"))
        return;
    *value = strcmp(node->text, "true") == 0;
    if (!*value && strcmp(node->text, "false") != 0)
        diagnostics_error(front->log, node->where, "'%s' is neither true nor false", node->text);
}

static void load_strategy(spec_front *front, const yaml_node *node, bool *latest)
{
    weir_nearest nearest = {.wanted = node->text};
    char hint[128];

    if (!load_is_text(front, node, "sequential or latest"))
        return;
    *latest = strcmp(node->text, "latest") == 0;
    if (*latest || strcmp(node->text, "sequential") == 0)
        return;
    weir_nearest_offer(&nearest, "sequential");
    weir_nearest_offer(&nearest, "latest");
    diagnostics_error(front->log, node->where, "'%s' is no strategy; it is sequential or latest%s",
                      node->text, weir_nearest_hint(&nearest, hint, sizeof hint));
}

/* In braces, a value that YAML cut at a comma leaves its rest as a key without a value. */
static bool is_rest(const yaml_node *map, const yaml_node *value)
{
    return map->flow && yaml_is_empty(value) &&
           value->key[strspn(value->key,
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] !=
               '\0';
}

/* An expression that was cut has been complained about already, since there were `errors`. */
static void complain_of_rest(spec_front *front, const yaml_node *before, const yaml_node *rest,
                             size_t errors)
{
    if (front->log->errors != errors)
        return;
    if (before != NULL)
        diagnostics_error(front->log, rest->key_where,
                          "the comma before '%s' ended the value of '%s:'; quote the whole value",
                          rest->key, before->key);
    else
        diagnostics_error(front->log, rest->key_where, "'%s' is no key", rest->key);
}

static void load_assignments(spec_front *front, const yaml_node *node,
                             spec_assignments *assignments)
{
    if (!load_is_map(front, node, "a map of fields and expressions"))
        return;
    size_t room;
    assignments->given = true;
    assignments->where = node->key_where;
    assignments->items = front_array(front, node->count, sizeof *assignments->items, &room);
    const yaml_node *before = NULL;
    size_t errors = front->log->errors;
    for (const yaml_node *value = node->first; room != 0 && value != NULL; value = value->next) {
        if (is_rest(node, value)) {
            complain_of_rest(front, before, value, errors);
            continue;
        }
        before = value;
        errors = front->log->errors;
        assignments->items[assignments->count++] = (spec_assignment){
            .field = value->key, .where = value->key_where, .value = load_expression(front, value)};
    }
}

/* --- Keys --- */

static void load_workflow_key(spec_front *front, const spec_key *key, const yaml_node *value,
                              void *into)
{
    void *member = (char *)into + key->offset;

    if (key->takes == TAKES_TASKS)
        load_tasks(front, value, into);
    else if (key->takes == TAKES_TRIGGERS)
        load_triggers(front, value, into);
    else if (key->takes == TAKES_HOOK)
        load_hook(front, value, member);
    else if (key->takes == TAKES_WORDS)
        load_words(front, value, member);
    else
        load_own_settings(front, value, member);
}

static void load_text(spec_front *front, const yaml_node *value, const char **member)
{
    if (yaml_is_empty(value) || load_is_text(front, value, "text"))
        *member = value->text;
}

void load_key(spec_front *front, const spec_key *key, const yaml_node *value, void *into)
{
    void *member = (char *)into + key->offset;

    switch (key->takes) {
    case TAKES_TEXT:
        load_text(front, value, member);
        break;
    case TAKES_DEFAULT:
        load_default(front, value, into);
        break;
    case TAKES_BOOL:
        load_bool(front, value, member);
        break;
    case TAKES_NAME:
        *(spec_name *)member = load_name(front, value, "a name");
        break;
    case TAKES_NAMES:
        load_names(front, value, member);
        break;
    case TAKES_STRATEGY:
        load_strategy(front, value, member);
        break;
    case TAKES_SHAPE:
        load_shape(front, value, member);
        break;
    case TAKES_FIELDS:
        load_fields(front, value, member, "a field");
        break;
    case TAKES_EXPRESSION:
        *(spec_expression *)member = load_expression(front, value);
        break;
    case TAKES_ASSIGNMENTS:
        load_assignments(front, value, member);
        break;
    case TAKES_CRITERIA:
        load_criteria(front, value, member);
        break;
    case TAKES_OPERANDS:
        load_operands(front, value, into);
        break;
    case TAKES_ROUTES:
        load_routes(front, value, into);
        break;
    case TAKES_TARGETS:
        load_targets(front, value, into);
        break;
    case TAKES_NODES:
        load_nodes(front, value, member);
        break;
    case TAKES_TASKS:
    case TAKES_TRIGGERS:
    case TAKES_HOOK:
    case TAKES_WORDS:
    case TAKES_SETTINGS:
        load_workflow_key(front, key, value, into);
        break;
    case TAKES_SECTION:
        break;
    }
}

static weir_nearest nearest_key(const spec_section *section, const char *name)
{
    weir_nearest nearest = {.wanted = name};

    for (size_t i = 0; i < section->count; i++)
        weir_nearest_offer(&nearest, section->keys[i].name);
    return nearest;
}

bool load_is_misspelt(const spec_section *section, const yaml_node *value)
{
    return spec_key_find(section, value->key) == NULL &&
           nearest_key(section, value->key).name != NULL;
}

static void unknown_key(spec_front *front, const spec_section *section, const yaml_node *value)
{
    weir_nearest nearest = nearest_key(section, value->key);
    char hint[128];

    diagnostics_error(front->log, value->key_where, "%s has no key '%s'%s", section->what,
                      value->key, weir_nearest_hint(&nearest, hint, sizeof hint));
    front->lost = true; /* it may have been a use of something */
}

static void add_setting(spec_settings *settings, const char *name, weir_place where,
                        const char *text, weir_place place)
{
    settings->names[settings->count] = where;
    settings->items[settings->count++] = (weir_setting){.name = name, .text = text, .place = place};
}

static bool holds_texts(const yaml_node *map)
{
    bool good = map->kind == YAML_MAP && map->count != 0;

    for (const yaml_node *value = map->first; value != NULL; value = value->next)
        good = good && (value->kind == YAML_SCALAR || value->kind == YAML_BAD);
    return good;
}

/* `headers: {trace: id}` stands for `headers.trace: id`. */
static void load_pairs(spec_front *front, const yaml_node *map, spec_settings *settings)
{
    for (const yaml_node *value = map->first; value != NULL; value = value->next) {
        if (value->kind == YAML_BAD || !load_is_text(front, value, "a single value"))
            continue;
        const char *name = weir_arena_printf(&front->spec->arena, "%s.%s", map->key, value->key);
        front->log->failed = front->log->failed || name == NULL;
        if (name != NULL)
            add_setting(settings, name, value->key_where, value->text, value->where);
    }
}

static bool is_option(spec_front *front, const yaml_node *value)
{
    if (value->kind == YAML_SCALAR)
        return load_is_text(front, value, "a single value");
    const char *wanted =
        weir_arena_printf(&front->spec->arena, "a single value for '%s'", value->key);
    front->log->failed = front->log->failed || wanted == NULL;
    return wanted != NULL && load_is_text(front, value, wanted);
}

/* The word that has more behind it; NULL: there is none. */
static const yaml_node *word_of(const yaml_node *value)
{
    bool one = value->kind == YAML_MAP && value->count == 1;

    return one && value->first->kind == YAML_MAP ? value->first : NULL;
}

/* Whether there may be an option that takes it. */
static bool may_be_option(const yaml_node *value)
{
    return value->kind == YAML_SCALAR || holds_texts(value) || word_of(value) != NULL;
}

/* `on_error: {retry: {attempts: 5}}` stands for `on_error: retry` and `attempts: 5`. */
void load_setting(spec_front *front, const yaml_node *value, spec_settings *settings)
{
    const yaml_node *word = word_of(value);

    if (holds_texts(value)) {
        load_pairs(front, value, settings);
        return;
    }
    if (word == NULL) {
        if (is_option(front, value))
            add_setting(settings, value->key, value->key_where, value->text, value->where);
        return;
    }
    add_setting(settings, value->key, value->key_where, word->key, word->key_where);
    for (const yaml_node *more = word->first; more != NULL; more = more->next)
        if (more->kind != YAML_BAD && is_option(front, more))
            add_setting(settings, more->key, more->key_where, more->text, more->where);
}

bool load_settings(spec_front *front, const yaml_node *map, spec_settings *settings)
{
    size_t room = map->count, got;

    for (const yaml_node *value = map->first; value != NULL; value = value->next)
        if (value->kind == YAML_MAP && value->first != NULL)
            room += value->count + value->first->count;
    settings->items = front_array(front, room, sizeof *settings->items, &got);
    settings->names = front_array(front, room, sizeof *settings->names, &got);
    return room == 0 || (settings->items != NULL && settings->names != NULL);
}

void load_keys(spec_front *front, const spec_section *section, const yaml_node *map, void *into,
               spec_settings *settings)
{
    size_t errors = front->log->errors, errors_before = errors;
    const yaml_node *before = NULL;
    bool unread = false;

    if (settings != NULL && !load_settings(front, map, settings))
        return;
    for (const yaml_node *value = map->first; value != NULL; value = value->next) {
        const spec_key *key = spec_key_find(section, value->key);
        unread |= value->kind == YAML_BAD;
        if (value->kind == YAML_BAD)
            continue;
        if (is_rest(map, value)) {
            complain_of_rest(front, before, value, errors_before);
            continue;
        }
        before = value;
        errors_before = front->log->errors;
        if (key != NULL)
            load_key(front, key, value, into);
        else if (spec_key_is_later(section, value->key))
            diagnostics_error(front->log, value->key_where,
                              "'%s' of %s is not part of this version of weir", value->key,
                              section->what);
        else if (settings != NULL && (may_be_option(value) || !load_is_misspelt(section, value)))
            load_setting(front, value, settings);
        else {
            unknown_key(front, section, value);
            unread = true;
        }
    }
    /* A key that was misspelt, or could not be read, is not missing, too. */
    bool sure = !unread && (settings != NULL || errors == front->log->errors);
    for (size_t i = 0; sure && i < section->count; i++)
        if (section->keys[i].required && yaml_get(map, section->keys[i].name) == NULL)
            diagnostics_error(front->log, map->key != NULL ? map->key_where : map->where,
                              "%s needs '%s:' (%s)", section->what, section->keys[i].name,
                              section->keys[i].help);
}
