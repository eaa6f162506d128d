/* SPDX-License-Identifier: Apache-2.0 */
/* load_types.c - types as they are written: "optional Level x 0..10", {fields}, [enumerators]. */
#include <stdio.h>
#include <string.h>

#include "codegen/load.h"
#include "core/text.h"

enum { SIZE_LIMIT = 1024 * 1024, LIST_LIMIT = 65536 };

/* Where in the text of a shape the reader is. */
typedef struct shape_cursor {
    spec_front *front;
    const yaml_node *node;
    const char *at;
} shape_cursor;

static bool fail(shape_cursor *cursor, const char *wanted)
{
    weir_place place = cursor->node->where;

    place.column += (uint32_t)(cursor->at - cursor->node->text);
    diagnostics_error(cursor->front->log, place, "'%s' is not a type: expected %s",
                      cursor->node->text, wanted);
    return false;
}

static void skip_spaces(shape_cursor *cursor)
{
    cursor->at += strspn(cursor->at, " ");
}

static bool accept(shape_cursor *cursor, char c)
{
    skip_spaces(cursor);
    if (*cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

/* A word by itself: "optional", "x". */
static bool accept_word(shape_cursor *cursor, const char *word)
{
    size_t length = strlen(word);

    skip_spaces(cursor);
    if (strncmp(cursor->at, word, length) != 0 ||
        (cursor->at[length] != ' ' && cursor->at[length] != '\0'))
        return false;
    cursor->at += length;
    return true;
}

static char *take_word(shape_cursor *cursor)
{
    skip_spaces(cursor);
    size_t length = strspn(cursor->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_");
    char *word = weir_arena_copy(&cursor->front->spec->arena, cursor->at, length);
    if (word == NULL)
        cursor->front->log->failed = true;
    cursor->at += length;
    return word;
}

static bool take_number(shape_cursor *cursor, uint32_t limit, uint32_t *number)
{
    uint64_t value = 0;

    skip_spaces(cursor);
    const char *begin = cursor->at;
    for (; *cursor->at >= '0' && *cursor->at <= '9' && value <= limit; cursor->at++)
        value = value * 10 + (uint64_t)(*cursor->at - '0');
    *number = (uint32_t)value;
    if (cursor->at != begin && value <= limit)
        return true;
    cursor->at = begin;
    return fail(cursor, limit == SIZE_LIMIT ? "a size of 1 to 1048576" : "a count of up to 65536");
}

static const spec_type *find_scalar(const char *name)
{
    for (int kind = SPEC_BOOL; kind <= SPEC_BYTES; kind++)
        if (strcmp(spec_scalar((spec_type_kind)kind)->name, name) == 0)
            return spec_scalar((spec_type_kind)kind);
    return NULL;
}

static bool take_size(shape_cursor *cursor, spec_shape *shape)
{
    if (!accept(cursor, '('))
        return fail(cursor, "its largest size in bytes, as in string(16)");
    if (!take_number(cursor, SIZE_LIMIT, &shape->size))
        return false;
    if (shape->size == 0)
        return fail(cursor, "a size of 1 to 1048576");
    return accept(cursor, ')') || fail(cursor, "')'");
}

static bool take_time_form(shape_cursor *cursor, spec_shape *shape)
{
    static const char *const forms[] = {"ns", "us", "ms", "s", "iso"};

    if (!accept(cursor, '('))
        return true;
    const char *form = take_word(cursor);
    for (size_t i = 0; form != NULL && i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(forms[i], form) != 0)
            continue;
        shape->time_form = (spec_time_form)i;
        return accept(cursor, ')') || fail(cursor, "')'");
    }
    return fail(cursor, "one of ns, us, ms, s, iso");
}

static bool fail_size(shape_cursor *cursor, const char *name)
{
    weir_nearest nearest = {.wanted = name};
    char hint[128], wanted[256];

    weir_nearest_offer(&nearest, "string");
    weir_nearest_offer(&nearest, "bytes");
    weir_nearest_offer(&nearest, "timestamp");
    if (strcmp(name, "str") == 0 || strcmp(name, "text") == 0)
        nearest.name = "string";
    snprintf(wanted, sizeof wanted, "no '(' here; string, bytes and timestamp take one%s",
             weir_nearest_hint(&nearest, hint, sizeof hint));
    return fail(cursor, wanted);
}

static bool take_base(shape_cursor *cursor, spec_shape *shape)
{
    shape->type_name = take_word(cursor);
    if (shape->type_name == NULL)
        return false;
    if (shape->type_name[0] == '\0')
        return fail(cursor, "the name of a type");
    shape->type = find_scalar(shape->type_name);
    if (shape->type != NULL &&
        (shape->type->kind == SPEC_STRING || shape->type->kind == SPEC_BYTES))
        return take_size(cursor, shape);
    if (shape->type != NULL && shape->type->kind == SPEC_TIMESTAMP)
        return take_time_form(cursor, shape);
    return *cursor->at != '(' || fail_size(cursor, shape->type_name);
}

static bool take_count(shape_cursor *cursor, spec_shape *shape)
{
    shape->list = true;
    if (!take_number(cursor, LIST_LIMIT, &shape->min))
        return false;
    shape->max = shape->min;
    skip_spaces(cursor);
    if (strncmp(cursor->at, "..", 2) == 0) {
        cursor->at += 2;
        if (!take_number(cursor, LIST_LIMIT, &shape->max))
            return false;
    }
    if (shape->max == 0 || shape->min > shape->max)
        return fail(cursor, "a count of at least 1, or a range like 0..10");
    return true;
}

bool load_shape(spec_front *front, const yaml_node *node, spec_shape *shape)
{
    shape_cursor cursor = {.front = front, .node = node};

    *shape = (spec_shape){.where = node->where};
    if (!load_is_text(front, node, "a type, as in f64, string(16), optional Quote, f64 x 10"))
        return false;
    cursor.at = node->text;
    shape->optional = accept_word(&cursor, "optional");
    bool good =
        take_base(&cursor, shape) && (!accept_word(&cursor, "x") || take_count(&cursor, shape));
    skip_spaces(&cursor);
    if (good && *cursor.at != '\0')
        good = fail(&cursor, "its end here, or `x COUNT` of a list");
    if (!good) { /* unknown from here on, and nobody complains again */
        shape->type = NULL;
        shape->type_name = NULL;
    }
    return good;
}

void load_default(spec_front *front, const yaml_node *node, spec_field *field)
{
    bool is_expression =
        node->kind == YAML_MAP && node->count == 1 && yaml_get(node, "expr") != NULL;

    if (is_expression) {
        spec_name name = load_name(front, yaml_get(node, "expr"), "schedule.date or schedule.time");
        field->moment = name.text;
        field->moment_where = name.where;
    } else if (yaml_is_empty(node) || load_is_text(front, node, "text")) {
        field->fallback = node->text;
    }
}

static void load_field(spec_front *front, const yaml_node *node, spec_field *field,
                       const char *what)
{
    *field = (spec_field){.name = node->key, .wire = node->key, .where = node->key_where};
    field->shape.where = node->where;
    front_check_name(front, node->key, node->key_where, what);
    if (node->kind == YAML_MAP)
        load_keys(front, &spec_field_section, node, field, NULL);
    else
        load_shape(front, node, &field->shape);
    if (field->fallback != NULL)
        field->fallback_where = yaml_get(node, "default")->where;
}

void load_fields(spec_front *front, const yaml_node *node, spec_fields *fields, const char *what)
{
    if (!load_is_map(front, node, "a map of names and types"))
        return;
    fields->items = front_array(front, node->count, sizeof *fields->items, &fields->count);
    const yaml_node *value = node->first;
    for (size_t i = 0; i < fields->count; i++, value = value->next)
        load_field(front, value, &fields->items[i], what);
}

/* --- Enums --- */

/* "buy" or "buy = 1". */
static void load_enumerator(spec_front *front, const yaml_node *node, spec_enumerator *enumerator,
                            int32_t next)
{
    int64_t number = next;

    *enumerator = (spec_enumerator){.name = "", .number = next, .where = node->where};
    if (!load_is_text(front, node, "a name, as in buy or buy = 1"))
        return;
    size_t length = strcspn(node->text, " =");
    const char *rest = node->text + length;
    char *name = weir_arena_copy(&front->spec->arena, node->text, length);
    if (name == NULL) {
        front->log->failed = true;
        return;
    }
    enumerator->name = name;
    front_check_name(front, name, node->where, "an enumerator");
    rest += strspn(rest, " ");
    if (*rest == '\0')
        return;
    bool assigned = *rest++ == '=';
    rest += strspn(rest, " ");
    if (!assigned || !weir_text_integer(rest, &number) || number < INT32_MIN || number > INT32_MAX)
        diagnostics_error(front->log, node->where,
                          "'%s' is no enumerator: expected a name, or NAME = NUMBER of 32 bits",
                          node->text);
    else
        enumerator->number = (int32_t)number;
}

static void load_enum(spec_front *front, const yaml_node *node, spec_type *type)
{
    int32_t next = 0;

    type->kind = SPEC_ENUM;
    if (node->count == 0)
        diagnostics_error(front->log, node->where, "the enum '%s' has no names", type->name);
    type->enumerators =
        front_array(front, node->count, sizeof *type->enumerators, &type->enumerator_count);
    const yaml_node *value = node->first;
    for (size_t i = 0; i < type->enumerator_count; i++, value = value->next) {
        load_enumerator(front, value, &type->enumerators[i], next);
        if (type->enumerators[i].number < INT32_MAX)
            next = type->enumerators[i].number + 1;
    }
}

/* --- Types --- */

/* Words that mean something else where a type is named. */
static bool is_type_word(const char *name)
{
    return find_scalar(name) != NULL || strcmp(name, "optional") == 0 || strcmp(name, "none") == 0;
}

/* Is `fields:` one field called so, written long, and not the fields of a type? */
static bool is_field(const yaml_node *node)
{
    for (const yaml_node *value = node->first; value != NULL; value = value->next)
        if (spec_key_find(&spec_field_section, value->key) == NULL)
            return false;
    return yaml_get(node, "type") != NULL;
}

/* `{doc: .., fields: {..}}` and `{doc: .., values: [..]}`: what the type is made of; a type that is
 * not written so is made of itself. */
static const yaml_node *find_body(const yaml_node *node, const char **doc)
{
    bool two = node->kind == YAML_MAP && node->count == 2;
    const yaml_node *text = two ? yaml_get(node, "doc") : NULL;
    const yaml_node *fields = two ? yaml_get(node, "fields") : NULL;
    const yaml_node *values = two ? yaml_get(node, "values") : NULL;
    bool is_struct = fields != NULL && fields->kind == YAML_MAP && !is_field(fields);
    bool is_enum = values != NULL && values->kind == YAML_LIST;

    if (text == NULL || text->kind != YAML_SCALAR || (!is_struct && !is_enum))
        return node;
    *doc = text->text;
    return is_enum ? values : fields;
}

static void load_type(spec_front *front, const yaml_node *node, spec_type *type)
{
    *type = (spec_type){.kind = SPEC_STRUCT, .name = node->key, .where = node->key_where};
    if (is_type_word(node->key))
        diagnostics_error(front->log, node->key_where, "'%s' cannot name a type: the word is taken",
                          node->key);
    else
        front_check_name(front, node->key, node->key_where, "a type");
    node = find_body(node, &type->doc);
    if (node->kind == YAML_LIST)
        load_enum(front, node, type);
    else if (node->kind == YAML_MAP)
        load_fields(front, node, &type->fields, "a field");
    else
        load_expected(front, node, "a map of fields, or the list of an enum's names");
}

/* Adds to the types that are there: imports come first. */
void load_types(spec_front *front, const yaml_node *node)
{
    size_t count, all_count, old = front->type_count;

    if (!load_is_map(front, node, "a map of types"))
        return;
    spec_type *types = front_array(front, node->count, sizeof *types, &count);
    spec_type **all = front_array(front, old + node->count, sizeof(spec_type *), &all_count);
    if (types == NULL || all == NULL)
        return;
    if (old != 0)
        memcpy(all, front->types, old * sizeof(spec_type *));
    for (const yaml_node *value = node->first; value != NULL; value = value->next) {
        if (value->kind == YAML_BAD)
            continue;
        load_type(front, value, types);
        all[old++] = types++;
    }
    front->types = all;
    front->type_count = old;
}
