/* SPDX-License-Identifier: Apache-2.0 */
/* overrides.c - options and parameters that are set from outside the spec: ROOM.NAME.OPTION.
 *
 * Loading asks for each option that there is. What nobody asked for is misspelt, and the nearest
 * that was asked for is offered.
 */
#include <string.h>

#include "runtime/runtime.h"

void weir_overrides_free(weir_override *override)
{
    while (override != NULL) {
        weir_override *next = override->next;
        weir_free(override->name);
        weir_free(override->parts);
        weir_free(override->value);
        weir_free(override);
        override = next;
    }
}

/* "sources.quotes.path" as three texts; what is missing is empty. */
static void split(weir_override *override)
{
    static char none[] = "";
    char *dot = strchr(override->parts, '.');

    override->room = override->parts;
    override->owner = dot != NULL ? dot + 1 : none;
    if (dot != NULL)
        *dot = '\0';
    dot = strchr(override->owner, '.');
    override->option = dot != NULL ? dot + 1 : none;
    if (dot != NULL)
        *dot = '\0';
}

weir_status weir_runtime_set(weir_runtime *runtime, const char *name, const char *value,
                             weir_error **error)
{
    weir_override *override = weir_alloc(sizeof *override);

    if (override != NULL) {
        override->name = weir_strdup(name);
        override->parts = weir_strdup(name);
        override->value = weir_strdup(value);
        override->next = NULL;
    }
    if (override == NULL || override->name == NULL || override->parts == NULL ||
        override->value == NULL) {
        weir_overrides_free(override);
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    split(override);
    /* The last one given wins: it is found last. */
    weir_override **end = &runtime->overrides;
    while (*end != NULL)
        end = &(*end)->next;
    *end = override;
    return WEIR_OK;
}

/* Remembers what there is where `override` is about something of its room. */
static void offer(weir_override *override, const char *name, const char *option)
{
    bool known = strcmp(override->owner, name) == 0;

    if (known && !override->known) /* what was near its name does not matter any more */
        override->nearest = (weir_nearest){.wanted = override->option};
    else if (override->nearest.wanted == NULL)
        override->nearest.wanted = override->owner;
    override->known = override->known || known;
    if (override->known && !known)
        return;
    weir_nearest_offer(&override->nearest, known && option != NULL ? option : name);
}

const char *weir_override_of(weir_runtime *runtime, const char *room, const char *name,
                             const char *option)
{
    const char *found = NULL;

    for (weir_override *override = runtime->overrides; override != NULL;
         override = override->next) {
        if (strcmp(override->room, room) != 0)
            continue;
        override->room_known = true;
        if (strcmp(override->owner, name) == 0 &&
            strcmp(override->option, option != NULL ? option : "") == 0) {
            found = override->value;
            override->used = true;
        }
        offer(override, name, option);
    }
    return found;
}

const weir_override *weir_override_next(weir_runtime *runtime, const weir_override *before,
                                        const char *room, const char *name,
                                        const weir_option *option)
{
    weir_override *override = before != NULL ? before->next : runtime->overrides;

    for (; override != NULL; override = override->next)
        if (strcmp(override->room, room) == 0 && strcmp(override->owner, name) == 0 &&
            weir_option_is(option, override->option)) {
            override->used = true;
            return override;
        }
    return NULL;
}

static weir_status complain(const weir_override *override, weir_error **error)
{
    bool param = strcmp(override->room, "params") == 0;
    const char *room = param ? "parameter" : override->room;
    int size = (int)strlen(room) - !param; /* "sources" without its s */
    bool whole = override->owner[0] != '\0' && (param || override->option[0] != '\0');
    char hint[128];

    if (!override->room_known || !whole)
        return weir_error_set(error, WEIR_NOT_FOUND,
                              "'%s' names no option or parameter of what is loaded; it is "
                              "written as sources.NAME.OPTION or params.NAME",
                              override->name);
    weir_nearest_hint(&override->nearest, hint, sizeof hint);
    if (!override->known)
        return weir_error_set(error, WEIR_NOT_FOUND, "'%s': there is no %.*s '%s'%s",
                              override->name, size, room, override->owner, hint);
    return weir_error_set(error, WEIR_NOT_FOUND, "'%s': the %.*s '%s' has no option '%s'%s",
                          override->name, size, room, override->owner, override->option, hint);
}

weir_status weir_overrides_check(const weir_runtime *runtime, weir_error **error)
{
    for (const weir_override *override = runtime->overrides; override != NULL;
         override = override->next)
        if (!override->used)
            return complain(override, error);
    return WEIR_OK;
}
