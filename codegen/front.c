/* SPDX-License-Identifier: Apache-2.0 */
/* front.c - from a spec file to a checked spec. */
#include "codegen/front.h"

#include <stdio.h>
#include <string.h>

void *front_alloc(spec_front *front, size_t size)
{
    void *memory = weir_arena_alloc(&front->spec->arena, size);

    if (memory == NULL)
        front->log->failed = true;
    return memory;
}

void *front_array(spec_front *front, size_t count, size_t size, size_t *ret_count)
{
    size_t bytes = 0;
    void *memory = NULL;

    *ret_count = 0;
    if (count == 0)
        return NULL;
    if (__builtin_mul_overflow(count, size, &bytes))
        front->log->failed = true;
    else
        memory = front_alloc(front, bytes);
    if (memory != NULL)
        *ret_count = count;
    return memory;
}

const char *front_shape_text(spec_front *front, const spec_shape *shape)
{
    const spec_type *type = shape->type;
    bool sized = type != NULL && (type->kind == SPEC_STRING || type->kind == SPEC_BYTES);
    char size[16] = "", count[40] = "";

    if (sized)
        snprintf(size, sizeof size, "(%u)", shape->size);
    if (shape->list && shape->min == shape->max)
        snprintf(count, sizeof count, " x %u", shape->max);
    else if (shape->list)
        snprintf(count, sizeof count, " x %u..%u", shape->min, shape->max);
    const char *text =
        weir_arena_printf(&front->spec->arena, "%s%s%s%s", shape->optional ? "optional " : "",
                          shape->type_name != NULL ? shape->type_name : type->name, size, count);
    if (text == NULL)
        front->log->failed = true;
    return text != NULL ? text : "";
}

/* --- What could not be read --- */

void front_note_unread(spec_front *front, const yaml_node *node)
{
    for (const yaml_node *value = node->first; value != NULL; value = value->next) {
        front_note_unread(front, value);
        if (value->kind != YAML_BAD || value->key == NULL)
            continue;
        front_unread *unread = front_alloc(front, sizeof *unread);
        if (unread == NULL)
            return;
        *unread = (front_unread){.name = value->key, .next = front->unread};
        front->unread = unread;
    }
}

bool front_is_unread(const spec_front *front, const char *name)
{
    bool found = front->section_unread;

    for (const front_unread *unread = front->unread; unread != NULL && !found;
         unread = unread->next)
        found = strcmp(unread->name, name) == 0;
    return found;
}

/* --- Names --- */

/* Words that expressions use for something else. */
static const char *const reserved[] = {"event", "state",   "key", "params",   "args",
                                       "input", "context", "now", "schedule", "true",
                                       "false", "null",    "in"};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(reserved[i], name) == 0)
            return true;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum { NAME_LIMIT = 64 };

static bool is_name(const char *name)
{
    size_t length = strlen(name);

    if (!is_letter(name[0]) || length > NAME_LIMIT)
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_letter(name[i]) && !is_digit(name[i]) && name[i] != '_')
            return false;
    return strstr(name, "__") == NULL;
}

/* "market-data" with '_' for what cannot be, if that makes a name. */
static bool suggest(const char *name, char *text, size_t size)
{
    size_t length = strlen(name);

    if (length >= size)
        return false;
    for (size_t i = 0; i <= length; i++)
        text[i] = name[i] == '-' || name[i] == ' ' || name[i] == '.' ? '_' : name[i];
    return is_name(text);
}

void front_check_name(spec_front *front, const char *name, weir_place where, const char *what)
{
    char better[NAME_LIMIT + 1];

    /* An empty one was told of when the YAML was read. */
    if (name[0] != '\0' && !is_name(name)) {
        bool close = suggest(name, better, sizeof better);
        diagnostics_error(front->log, where,
                          "'%s' cannot name %s: a name is a letter, then letters, digits and "
                          "single '_', %d at most%s%s%s",
                          name, what, NAME_LIMIT, close ? "; '" : "", close ? better : "",
                          close ? "' would do" : "");
    }
}

void front_check_free_name(spec_front *front, const char *name, weir_place where, const char *what)
{
    size_t length = strlen(name);

    if (is_reserved(name))
        diagnostics_error(front->log, where,
                          "'%s' cannot name %s: expressions use the word for something else", name,
                          what);
    else if (length > 1 && name[length - 1] == '_')
        diagnostics_error(front->log, where,
                          "'%s' cannot name %s: names that end with '_' are kept for words of C",
                          name, what);
    else
        front_check_name(front, name, where, what);
}

/* --- The run --- */

static weir_status finish(spec_front *front, const char *file, weir_error **error)
{
    diagnostics_sort(front->log);
    size_t errors = weir_diagnostics_error_count(front->log);
    if (front->log->failed || front->spec->arena.failed)
        return weir_error_set(error, WEIR_NOMEM, "out of memory while reading %s", file);
    if (errors != 0)
        return weir_error_set(error, WEIR_SPEC, "%s has %zu error%s", file, errors,
                              errors == 1 ? "" : "s");
    return WEIR_OK;
}

static weir_status run(spec_front *front, const char *file, weir_error **error)
{
    weir_status status = front_load(front, file, error);

    if (status != WEIR_OK && status != WEIR_SPEC)
        return status;
    if (status == WEIR_OK && !front->log->failed && !front->spec->arena.failed)
        front_check(front);
    return finish(front, file, error);
}

weir_status weir_spec_load(const char *file, const weir_catalog *kinds, weir_spec **ret,
                           weir_diagnostics **diagnostics, weir_error **error)
{
    spec_front front = {.spec = weir_alloc(sizeof *front.spec), .kinds = kinds};
    weir_status status;

    *ret = NULL;
    front.log = diagnostics_new();
    if (front.spec == NULL || front.log == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory while reading %s", file);
    else
        status = run(&front, file, error);
    if (status == WEIR_OK)
        *ret = front.spec;
    else
        weir_spec_free(front.spec);
    if (diagnostics != NULL)
        *diagnostics = front.log;
    else
        weir_diagnostics_free(front.log);
    return status;
}

void weir_spec_free(weir_spec *model)
{
    if (model == NULL)
        return;
    /* The arena holds everything but its own head. */
    weir_arena_free(&model->arena);
    weir_free(model);
}
