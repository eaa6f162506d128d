/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - reads settings into a kind's config struct, as its option table says. */
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include <weir/core.h>

static const char *expected(const weir_option *option)
{
    switch (option->type) {
    case WEIR_OPTION_BOOL:
        return "true or false";
    case WEIR_OPTION_INTEGER:
        return "a whole number";
    case WEIR_OPTION_SIZE:
        return "a size such as 4096, 64KiB or 16MiB";
    case WEIR_OPTION_DURATION:
        return "a duration with its unit, such as 250ms, 5s or 1h30m";
    case WEIR_OPTION_NUMBER:
        return "a number";
    case WEIR_OPTION_TEXT:
        return option->wanted;
    case WEIR_OPTION_PATH:
        return "text";
    case WEIR_OPTION_FIELD:
        return "the name of a field";
    case WEIR_OPTION_PAIRS:
    case WEIR_OPTION_FIELDS:
        return "a map";
    case WEIR_OPTION_CHOICE:
        return "one of its words";
    }
    return "another value";
}

static weir_status refuse(const weir_option *option, const char *what, const weir_setting *setting,
                          weir_error **error)
{
    bool choice = option->type == WEIR_OPTION_CHOICE;
    weir_nearest nearest = {.wanted = setting->text};
    char word[64], hint[128];

    for (const char *rest = option->choices; choice && rest != NULL && *rest != '\0';) {
        size_t length = strcspn(rest, "|");
        snprintf(word, sizeof word, "%.*s", (int)length, rest);
        if (nearest.name == NULL)
            weir_nearest_offer(&nearest, word);
        rest += length + (rest[length] == '|');
        if (nearest.name != NULL)
            break;
    }
    return weir_error_set_at(
        error, WEIR_SPEC, setting->place, "%s: '%s' of option '%s' is not %s%s%s", what,
        setting->text, option->name, choice ? "one of " : expected(option),
        choice ? option->choices : "", weir_nearest_hint(&nearest, hint, sizeof hint));
}

static weir_status out_of_range(const weir_option *option, const char *what,
                                const weir_setting *setting, weir_error **error)
{
    char min[32], max[32];

    if (option->max == INT64_MAX)
        return weir_error_set_at(error, WEIR_SPEC, setting->place,
                                 "%s: '%s' of option '%s' is out of range; it is at least %s", what,
                                 setting->text, option->name,
                                 weir_text_amount(option->type, option->min, min, sizeof min));
    return weir_error_set_at(error, WEIR_SPEC, setting->place,
                             "%s: '%s' of option '%s' is out of range; it goes from %s to %s", what,
                             setting->text, option->name,
                             weir_text_amount(option->type, option->min, min, sizeof min),
                             weir_text_amount(option->type, option->max, max, sizeof max));
}

static bool in_range(const weir_option *option, int64_t value)
{
    if (option->min == 0 && option->max == 0)
        return value >= 0;
    return value >= option->min && value <= option->max;
}

static bool read_choice(const char *choices, const char *text, int *ret)
{
    size_t wanted = strlen(text);

    for (int index = 0;; index++) {
        size_t length = strcspn(choices, "|");
        if (length == wanted && strncmp(choices, text, length) == 0) {
            *ret = index;
            return true;
        }
        if (choices[length] == '\0')
            return false;
        choices += length + 1;
    }
}

static bool read_integer(const weir_option *option, const char *text, int64_t *ret)
{
    if (option->type == WEIR_OPTION_SIZE)
        return weir_text_size(text, ret);
    if (option->type == WEIR_OPTION_DURATION)
        return weir_text_duration(text, ret);
    return weir_text_integer(text, ret);
}

static weir_status read_bounded(const weir_option *option, const char *what,
                                const weir_setting *setting, int64_t *value, weir_error **error)
{
    if (option->forever != NULL && strcmp(setting->text, option->forever) == 0) {
        *value = INT64_MAX;
        return WEIR_OK;
    }
    if (!read_integer(option, setting->text, value))
        return refuse(option, what, setting, error);
    if (!in_range(option, *value))
        return out_of_range(option, what, setting, error);
    return WEIR_OK;
}

static weir_status read_text(const char *text, char **value, weir_error **error)
{
    char *copy = weir_strdup(text);

    if (copy == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_free(*value);
    *value = copy;
    return WEIR_OK;
}

static bool holds_pairs(const weir_option *option)
{
    return option->type == WEIR_OPTION_PAIRS || option->type == WEIR_OPTION_FIELDS;
}

bool weir_option_is(const weir_option *option, const char *setting)
{
    size_t size = strlen(option->name);

    if (!holds_pairs(option))
        return strcmp(option->name, setting) == 0;
    return strncmp(option->name, setting, size) == 0 && setting[size] == '.' &&
           setting[size + 1] != '\0';
}

/* The pair of that name, or a new one at the end. */
static weir_pair *pair_named(weir_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0)
            return &pairs->items[i];
    weir_pair *grown = weir_realloc(pairs->items, (pairs->count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    pairs->items = grown;
    grown[pairs->count] = (weir_pair){.name = weir_strdup(name)};
    return grown[pairs->count].name != NULL ? &grown[pairs->count++] : NULL;
}

static weir_status read_pair(const weir_option *option, const weir_setting *setting,
                             weir_pairs *pairs, weir_error **error)
{
    weir_pair *pair = pair_named(pairs, setting->name + strlen(option->name) + 1);
    char *text = weir_strdup(setting->text);

    if (pair == NULL || text == NULL) {
        weir_free(text);
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    weir_free(pair->text);
    pair->text = text;
    return WEIR_OK;
}

static void free_pairs(weir_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        weir_free(pairs->items[i].name);
        weir_free(pairs->items[i].text);
    }
    weir_free(pairs->items);
    *pairs = (weir_pairs){0};
}

weir_status weir_option_read(const weir_option *option, const char *what,
                             const weir_setting *setting, void *value, weir_error **error)
{
    const char *text = setting->text;
    bool good = true;

    switch (option->type) {
    case WEIR_OPTION_BOOL:
        *(bool *)value = strcmp(text, "true") == 0;
        good = *(bool *)value || strcmp(text, "false") == 0;
        break;
    case WEIR_OPTION_INTEGER:
    case WEIR_OPTION_SIZE:
    case WEIR_OPTION_DURATION:
        return read_bounded(option, what, setting, value, error);
    case WEIR_OPTION_NUMBER:
        good = weir_text_number(text, value);
        break;
    case WEIR_OPTION_TEXT:
        if (option->accepts != NULL && !option->accepts(text))
            return refuse(option, what, setting, error);
        return read_text(text, value, error);
    case WEIR_OPTION_PATH:
    case WEIR_OPTION_FIELD:
        return read_text(text, value, error);
    case WEIR_OPTION_PAIRS:
    case WEIR_OPTION_FIELDS:
        return read_pair(option, setting, value, error);
    case WEIR_OPTION_CHOICE:
        good = read_choice(option->choices, text, value);
        break;
    }
    return good ? WEIR_OK : refuse(option, what, setting, error);
}

static const weir_option *find_option(const weir_option *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (weir_option_is(&options[i], name))
            return &options[i];
    return NULL;
}

static weir_status unknown(const weir_option *options, size_t count, const char *what,
                           const weir_setting *setting, weir_error **error)
{
    weir_nearest nearest = {.wanted = setting->name};
    char hint[128];

    for (size_t i = 0; i < count; i++)
        weir_nearest_offer(&nearest, options[i].name);
    return weir_error_set_at(error, WEIR_SPEC, setting->place, "%s has no option '%s'%s", what,
                             setting->name, weir_nearest_hint(&nearest, hint, sizeof hint));
}

static bool is_set(const weir_option *option, const weir_setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (weir_option_is(option, settings[i].name))
            return true;
    return false;
}

static weir_status read_defaults(const weir_option *options, size_t option_count, const char *what,
                                 const weir_setting *settings, size_t setting_count, void *config,
                                 weir_error **error)
{
    for (size_t i = 0; i < option_count; i++) {
        const weir_option *option = &options[i];
        weir_setting fallback = {.name = option->name, .text = option->fallback};

        if (option->required && !is_set(option, settings, setting_count))
            return weir_error_set(error, WEIR_SPEC, "%s needs the option '%s' (%s)", what,
                                  option->name, option->help);
        if (option->fallback == NULL)
            continue;
        weir_status status =
            weir_option_read(option, what, &fallback, (char *)config + option->offset, error);
        if (status != WEIR_OK)
            return status;
    }
    return WEIR_OK;
}

weir_status weir_options_read(const weir_option *options, size_t option_count, const char *what,
                              const weir_setting *settings, size_t setting_count, void *config,
                              weir_error **error)
{
    weir_status status =
        read_defaults(options, option_count, what, settings, setting_count, config, error);

    for (size_t i = 0; i < setting_count && status == WEIR_OK; i++) {
        const weir_option *option = find_option(options, option_count, settings[i].name);
        status = option == NULL ? unknown(options, option_count, what, &settings[i], error)
                                : weir_option_read(option, what, &settings[i],
                                                   (char *)config + option->offset, error);
    }
    if (status != WEIR_OK)
        weir_options_free(options, option_count, config);
    return status;
}

void weir_option_free(const weir_option *option, void *value)
{
    char **text = value;

    if (holds_pairs(option))
        free_pairs(value);
    if (option->type != WEIR_OPTION_TEXT && option->type != WEIR_OPTION_PATH &&
        option->type != WEIR_OPTION_FIELD)
        return;
    weir_free(*text);
    *text = NULL;
}

void weir_options_free(const weir_option *options, size_t option_count, void *config)
{
    for (size_t i = 0; i < option_count; i++)
        weir_option_free(&options[i], (char *)config + options[i].offset);
}
