/* SPDX-License-Identifier: Apache-2.0 */
/* check_options.c - kinds, and options against the tables of their kind. */
#include <stdio.h>
#include <string.h>

#include "codegen/check.h"
#include "core/expand.h"
#include "core/text.h"
#include <weir/wire.h>

/* --- Kinds --- */

/* Kinds that people will look for, and why they are not here. */
static const struct {
    const char *what, *name, *why;
} missing_kinds[] = {
    {"accumulator", "window", "event-time windows are not part of this version of weir"},
    {"accumulator", "join", "event-time joins are not part of this version of weir"},
};

static const weir_kind *find_kind(const weir_kind_list *kinds, const char *name)
{
    for (size_t i = 0; i < kinds->count; i++)
        if (strcmp(kinds->items[i]->name, name) == 0)
            return kinds->items[i];
    return NULL;
}

static void unknown_kind(checker *check, const weir_kind_list *kinds, const spec_name *name,
                         const char *what)
{
    weir_nearest nearest = {.wanted = name->text};
    char hint[128];

    for (size_t i = 0; i < sizeof missing_kinds / sizeof *missing_kinds; i++)
        if (strcmp(missing_kinds[i].what, what) == 0 &&
            strcmp(missing_kinds[i].name, name->text) == 0) {
            diagnostics_error(check->log, name->where, "%s", missing_kinds[i].why);
            return;
        }
    for (size_t i = 0; i < kinds->count; i++)
        weir_nearest_offer(&nearest, kinds->items[i]->name);
    diagnostics_error(check->log, name->where, "there is no kind of %s '%s'%s", what, name->text,
                      weir_nearest_hint(&nearest, hint, sizeof hint));
}

const weir_kind *check_kind(checker *check, const weir_kind_list *kinds, const spec_name *name,
                            const char *what)
{
    const weir_kind *kind = name->text != NULL ? find_kind(kinds, name->text) : NULL;

    if (kind == NULL && name->text != NULL)
        unknown_kind(check, kinds, name, what);
    return kind;
}

/* --- Options --- */

static const weir_option *find_in(const weir_option *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (weir_option_is(&options[i], name))
            return &options[i];
    return NULL;
}

static const weir_option *find_option(const check_options *options, const char *name)
{
    const weir_option *found = NULL;

    for (size_t i = 0; i < options->list_count && found == NULL; i++)
        found = find_in(options->lists[i].items, options->lists[i].count, name);
    return found;
}

/* "format.json": an option that is no map, written as one. */
static bool is_no_map(const check_options *options, const char *name)
{
    for (size_t i = 0; i < options->list_count; i++)
        for (size_t j = 0; j < options->lists[i].count; j++) {
            const char *known = options->lists[i].items[j].name;
            if (strncmp(known, name, strlen(known)) == 0 && name[strlen(known)] == '.')
                return true;
        }
    return false;
}

static void unknown_option(checker *check, const check_options *options,
                           const weir_setting *setting, weir_place where)
{
    char hint[128], map[64]; /* the name, or of `headers.trace` what is a map */
    weir_nearest nearest = {.wanted = map};

    snprintf(map, sizeof map, "%.*s", (int)strcspn(setting->name, "."), setting->name);
    if (is_no_map(options, setting->name)) {
        diagnostics_error(check->log, where, "expected a single value for '%s', found a map", map);
        return;
    }
    for (size_t i = 0; options->others != NULL && i < options->others->count; i++) {
        const weir_kind *kind = options->others->items[i];
        if (find_in(kind->options, kind->option_count, setting->name) == NULL)
            continue;
        diagnostics_error(check->log, where, "%s has no option '%s'; it belongs to the kind '%s'",
                          options->what, setting->name, kind->name);
        return;
    }
    for (size_t i = 0; i < options->list_count; i++)
        for (size_t j = 0; j < options->lists[i].count; j++)
            weir_nearest_offer(&nearest, options->lists[i].items[j].name);
    for (size_t i = 0; options->near != NULL && i < options->near->count; i++)
        weir_nearest_offer(&nearest, options->near->items[i].name);
    for (size_t i = 0; options->section != NULL && i < options->section->count; i++)
        weir_nearest_offer(&nearest, options->section->keys[i].name);
    diagnostics_error(check->log, where, "%s has no option '%s'%s", options->what, setting->name,
                      weir_nearest_hint(&nearest, hint, sizeof hint));
    check->front->lost = true; /* a key that was misspelt may have been a use of something */
}

/* Takes the message of an error that a check of core gave. */
static void report(checker *check, weir_place where, weir_error *error)
{
    if (error != NULL && weir_error_status(error) == WEIR_NOMEM)
        check->log->failed = true;
    else if (error != NULL)
        diagnostics_error(check->log, where, "%s", weir_error_message(error));
    weir_error_free(error);
}

/* Both name the kinds in one order. */
_Static_assert((int)SPEC_BOOL == (int)WEIR_VALUE_BOOL &&
                   (int)SPEC_TIMESTAMP == (int)WEIR_VALUE_TIMESTAMP &&
                   (int)SPEC_STRUCT == (int)WEIR_VALUE_STRUCT,
               "weir_option.kinds");

static bool is_of(const spec_field *field, uint32_t kinds)
{
    return !field->shape.list && (kinds & 1u << field->shape.type->kind) != 0;
}

/* A text of `headers: {trace: id}`, or the whole of `key_to: id`. */
static void check_field(checker *check, const weir_option *option, const spec_type *type,
                        const weir_setting *setting)
{
    bool names = option->type == WEIR_OPTION_FIELD || option->type == WEIR_OPTION_FIELDS;

    if (!names || type == NULL)
        return;
    const spec_field *field = check_find_field(type, setting->text);
    if (field == NULL)
        check_unknown_field(check, type, setting->text, setting->place);
    else if (field->shape.type != NULL && option->kinds != 0 && !is_of(field, option->kinds))
        diagnostics_error(check->log, setting->place, "the field '%s' of option '%s' is not %s",
                          field->name, option->name, option->wanted);
}

static void check_value(checker *check, const weir_option *option, const check_options *options,
                        const weir_setting *setting)
{
    union {
        bool truth;
        int choice;
        int64_t integer;
        double number;
        char *text;
        weir_pairs pairs;
    } value = {0};
    weir_error *error = NULL;

    /* What a variable will stand for is known at load only. */
    if (check_has_variable(setting->text)) {
        if (weir_expand_check(setting->text, &error) != WEIR_OK)
            report(check, setting->place, error);
        return;
    }
    if (weir_option_read(option, options->what, setting, &value, &error) != WEIR_OK)
        report(check, setting->place, error);
    else
        check_field(check, option, options->type, setting);
    weir_option_free(option, &value);
}

/* Written by itself and inside another option, as in `on_error: {retry: {attempts: 5}}`. */
static bool is_repeated(const spec_settings *settings, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(settings->items[i].name, settings->items[index].name) == 0)
            return true;
    return false;
}

/* Of a map that is no option, as in `heders: {trace: id, span: id}`, one is told. */
static bool is_of_same_map(const spec_settings *settings, size_t index)
{
    const char *name = settings->items[index].name;
    size_t size = strcspn(name, ".");

    return index > 0 && name[size] == '.' &&
           strncmp(settings->items[index - 1].name, name, size + 1) == 0;
}

static bool is_given(const spec_settings *settings, const weir_option *option)
{
    for (size_t i = 0; i < settings->count; i++)
        if (weir_option_is(option, settings->items[i].name))
            return true;
    return false;
}

void check_settings(checker *check, const spec_settings *settings, const check_options *options)
{
    for (size_t i = 0; i < settings->count; i++) {
        const weir_option *option = find_option(options, settings->items[i].name);
        if (is_repeated(settings, i))
            diagnostics_error(check->log, settings->names[i], "%s has '%s' twice", options->what,
                              settings->items[i].name);
        else if (strlen(settings->items[i].text) > CHECK_TEXT)
            diagnostics_error(check->log, settings->items[i].place,
                              "%s: the option '%s' has more than %d bytes", options->what,
                              settings->items[i].name, CHECK_TEXT);
        else if (option == NULL && is_of_same_map(settings, i))
            continue;
        else if (option == NULL)
            unknown_option(check, options, &settings->items[i], settings->names[i]);
        else
            check_value(check, option, options, &settings->items[i]);
    }
    for (size_t i = 0; i < options->list_count; i++)
        for (size_t j = 0; j < options->lists[i].count; j++) {
            const weir_option *option = &options->lists[i].items[j];
            if (option->required && !is_given(settings, option))
                diagnostics_error(check->log, options->where, "%s needs the option '%s' (%s)",
                                  options->what, option->name, option->help);
        }
}

const char *check_setting(const spec_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->items[i].name, name) == 0)
            return settings->items[i].text;
    return NULL;
}

bool check_has_variable(const char *text)
{
    return strstr(text, "${") != NULL;
}
