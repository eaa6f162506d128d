/* SPDX-License-Identifier: Apache-2.0 */
/* input.c - the input of an execution: read by the codec of its type, after a look for keys that
 * the type does not have (which a codec passes over). */
#include "workflow/input.h"

#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "core/calendar.h"
#include "core/text.h"
#include "workflow/context.h"
#include "workflow/json.h"

/* --- Keys that are none --- */

static const weir_field *find_field(const weir_type *type, const char *key)
{
    for (uint32_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].wire, key) == 0)
            return &type->fields[i];
    return NULL;
}

static weir_status refuse_key(const weir_type *type, const char *path, const char *key,
                              weir_error **error)
{
    weir_nearest nearest = {.wanted = key};
    char hint[128];

    for (uint32_t i = 0; i < type->field_count; i++)
        weir_nearest_offer(&nearest, type->fields[i].wire);
    return weir_error_set(error, WEIR_INVALID, "the input has no '%s%.200s'%s", path, key,
                          weir_nearest_hint(&nearest, hint, sizeof hint));
}

/* `path` is what stands before the keys of `value`: "" or "range.". */
static weir_status check_keys(const weir_type *type, const char *path, json_t *value,
                              weir_error **error)
{
    const char *key;
    json_t *member, *item;
    weir_status status = WEIR_OK;

    json_object_foreach(value, key, member)
    {
        const weir_field *field = find_field(type, key);
        char below[WEIR_WIRE_PATH];
        size_t i;
        if (field == NULL)
            return refuse_key(type, path, key, error);
        if (field->kind != WEIR_VALUE_STRUCT)
            continue;
        snprintf(below, sizeof below, "%s%s.", path, key);
        status = check_keys(field->type, below, member, error);
        json_array_foreach(member, i, item)
        {
            snprintf(below, sizeof below, "%s%s[%zu].", path, key, i);
            if (status == WEIR_OK)
                status = check_keys(field->type, below, item, error);
        }
        if (status != WEIR_OK)
            break;
    }
    return status;
}

/* --- Values --- */

/* Whether a schedule gives the field of that name. */
static bool is_moment(const plan *p, const char *name)
{
    for (uint32_t i = 0; i < p->moment_count; i++) {
        const weir_field *field = find_field(p->input, p->moments[i].key);
        if (field != NULL && strcmp(field->name, name) == 0)
            return true;
    }
    return false;
}

static weir_status refuse_value(const plan *p, const weir_wire_error *wrong, weir_error **error)
{
    const weir_status status = wrong->status == WEIR_NOMEM ? WEIR_NOMEM : WEIR_INVALID;

    if (wrong->fault == WEIR_WIRE_MISSING)
        return weir_error_set(error, status, "the input of '%s' lacks '%s'%s", p->workflow,
                              wrong->path,
                              is_moment(p, wrong->path) ? ", which only a schedule gives it" : "");
    return weir_error_set(error, status, "the input of '%s' is wrong%s%s: %s", p->workflow,
                          wrong->path[0] != '\0' ? " at " : "", wrong->path, wrong->message);
}

/* As the codec writes it: with defaults, enums by name. */
static weir_status rewrite(const plan *p, const char *text, weir_buffer *ret, weir_error **error)
{
    const weir_type *type = p->input;
    weir_wire_error wrong = {.path = ""};
    void *value = weir_alloc(type->size);

    if (value == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    weir_status status = weir_decode(
        type, WEIR_FORMAT_JSON, (weir_slice){(const uint8_t *)text, strlen(text)}, value, &wrong);
    if (status == WEIR_OK)
        status = weir_encode(type, WEIR_FORMAT_JSON, value, ret, &wrong);
    weir_free(value);
    return status == WEIR_OK ? WEIR_OK : refuse_value(p, &wrong, error);
}

static weir_status read_typed(const plan *p, json_t *value, const char *text, char **ret,
                              weir_error **error)
{
    weir_buffer typed = {0};
    char reason[200] = "";
    weir_status status = check_keys(p->input, "", value, error);

    if (status == WEIR_OK)
        status = rewrite(p, text, &typed, error);
    if (status == WEIR_OK) {
        json_t *again = json_from_text(typed.data, reason, sizeof reason);
        if (again == NULL)
            status = weir_error_set(error, WEIR_INVALID, "the input of '%s' cannot be kept: %s",
                                    p->workflow, reason);
        else if ((*ret = json_to_text(again)) == NULL)
            status = weir_error_set(error, WEIR_NOMEM, "out of memory");
        json_decref(again);
    }
    weir_buffer_free(&typed);
    return status;
}

static weir_status keep(const plan *p, json_t *value, const char *text, char **ret,
                        weir_error **error)
{
    if (p->input != NULL)
        return read_typed(p, value, text, ret, error);
    *ret = json_to_text(value);
    return *ret != NULL ? WEIR_OK : weir_error_set(error, WEIR_NOMEM, "out of memory");
}

weir_status input_read(const plan *p, const char *input, char **ret, weir_error **error)
{
    char reason[200] = "";
    const char *text = input != NULL ? input : "{}";
    json_t *value = json_from_text(text, reason, sizeof reason);
    weir_status status;

    if (value == NULL)
        status = weir_error_set(error, WEIR_INVALID, "the input is no JSON: %s", reason);
    else if (!json_is_object(value))
        status = weir_error_set(error, WEIR_INVALID,
                                "the input is to be a JSON object, as in {\"day\": 1}");
    else if (json_text_size(value) > CONTEXT_LIMIT)
        status =
            weir_error_set(error, WEIR_INVALID, "the input is longer than %d bytes", CONTEXT_LIMIT);
    else
        status = keep(p, value, text, ret, error);
    json_decref(value);
    return status;
}

void input_add_moments(const plan *p, int64_t slot, int64_t day, json_t *input)
{
    char time[WEIR_CALENDAR_TIME + 1], date[WEIR_CALENDAR_DATE + 1];

    *weir_calendar_print_time(time, slot) = '\0';
    char *end = weir_calendar_print_date(date, (int32_t)day);
    date[end != NULL ? end - date : 0] = '\0';
    for (uint32_t i = 0; i < p->moment_count; i++)
        if (json_object_get(input, p->moments[i].key) == NULL)
            json_object_set_new(input, p->moments[i].key,
                                json_string(p->moments[i].kind == WEIR_MOMENT_DATE ? date : time));
}
