/* SPDX-License-Identifier: Apache-2.0 */
/* check_types.c - types: their names, their order, their sizes, their defaults. */
#include "codegen/check.h"

#include <stdlib.h>
#include <string.h>

#include "codegen/values.h"
#include "core/text.h"

/* Wire values nest 64 levels at most, lists counted; a type of more structs could not be read. */
enum { NEST_LIMIT = 60, SIZE_LIMIT = 16 * 1024 * 1024, WIRE_LIMIT = 255 };

/* --- Names of types --- */

/* What other languages call them. */
static const char *own_word(const char *name)
{
    static const char *const words[][2] = {{"int", "i64"},
                                           {"integer", "i64"},
                                           {"long", "i64"},
                                           {"short", "i16"},
                                           {"byte", "u8"},
                                           {"char", "u8"},
                                           {"uint", "u64"},
                                           {"float", "f32"},
                                           {"double", "f64"},
                                           {"number", "f64"},
                                           {"decimal", "f64"},
                                           {"boolean", "bool"},
                                           {"str", "string(N)"},
                                           {"text", "string(N)"},
                                           {"blob", "bytes(N)"},
                                           {"binary", "bytes(N)"},
                                           {"datetime", "timestamp"},
                                           {"time", "timestamp"},
                                           {"timedelta", "duration"}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return NULL;
}

static void unknown_type(checker *check, const char *name, weir_place where)
{
    weir_nearest nearest = {.wanted = name};
    char hint[128];

    check->front->lost = true;
    if (check->front->types_lost || front_is_unread(check->front, name))
        return;
    if (name[strspn(name, "0123456789")] == '\0') {
        diagnostics_error(check->log, where,
                          "'%s' is no type; an enum is a list, as in [buy = 1, sell = 2]", name);
        return;
    }
    for (int kind = SPEC_BOOL; kind <= SPEC_BYTES; kind++)
        weir_nearest_offer(&nearest, spec_scalar((spec_type_kind)kind)->name);
    for (size_t i = 0; i < check->types.count && check_offers_names(check); i++)
        weir_nearest_offer(&nearest, check->types.items[i].name);
    if (own_word(name) != NULL)
        nearest.name = own_word(name);
    diagnostics_error(check->log, where, "there is no type '%s'%s", name,
                      weir_nearest_hint(&nearest, hint, sizeof hint));
}

bool check_shape(checker *check, spec_shape *shape)
{
    if (shape->type != NULL)
        return true;
    if (shape->type_name == NULL)
        return false;
    long index = check_find(&check->types, shape->type_name);
    if (index == CHECK_NONE) {
        unknown_type(check, shape->type_name, shape->where);
        return false;
    }
    check->front->types[index]->used = true;
    shape->type = check->front->types[index];
    return true;
}

const spec_type *check_struct(checker *check, const spec_name *name)
{
    if (name->text == NULL)
        return NULL;
    long index = check_find(&check->types, name->text);
    spec_type *type = index != CHECK_NONE ? check->front->types[index] : NULL;
    size_t word = strcspn(name->text, "( ");
    bool scalar = word != strlen(name->text);

    for (int kind = SPEC_BOOL; kind <= SPEC_BYTES && !scalar; kind++)
        scalar = strcmp(spec_scalar((spec_type_kind)kind)->name, name->text) == 0;
    if (type != NULL && type->kind == SPEC_STRUCT) {
        type->used = true;
        return type;
    }
    if (type != NULL || scalar)
        diagnostics_error(check->log, name->where,
                          "'%s' is no struct; what flows through a spec is a struct of `types:`",
                          name->text);
    else
        unknown_type(check, name->text, name->where);
    return NULL;
}

const spec_field *check_find_field(const spec_type *type, const char *name)
{
    for (size_t i = 0; i < type->fields.count; i++)
        if (strcmp(type->fields.items[i].name, name) == 0)
            return &type->fields.items[i];
    return NULL;
}

void check_unknown_field(checker *check, const spec_type *type, const char *name, weir_place where)
{
    weir_nearest nearest = {.wanted = name};
    char hint[128];

    for (size_t i = 0; i < type->fields.count; i++)
        weir_nearest_offer(&nearest, type->fields.items[i].name);
    diagnostics_error(check->log, where, "'%s' has no field '%s'%s", type->name, name,
                      weir_nearest_hint(&nearest, hint, sizeof hint));
}

bool check_shapes_equal(const spec_shape *a, const spec_shape *b)
{
    return a->type == b->type && a->size == b->size && a->optional == b->optional &&
           a->list == b->list && a->min == b->min && a->max == b->max;
}

/* --- Fields --- */

static bool is_number(const spec_type *type)
{
    return type->kind >= SPEC_I8 && type->kind <= SPEC_F64;
}

/* On the wire a bare number may be a duration; in a spec it says what it counts. */
static bool lacks_unit(const spec_shape *shape, const char *text)
{
    return shape->type->kind == SPEC_DURATION && weir_text_lacks_unit(text);
}

void check_default(checker *check, const spec_shape *shape, const char **text, weir_place where,
                   const char *name)
{
    weir_buffer json = {0};
    const char *wanted = NULL;

    if (*text == NULL || shape->type == NULL)
        return;
    if (shape->optional || shape->list || shape->type->kind == SPEC_STRUCT)
        diagnostics_error(check->log, where,
                          "'%s' cannot have a default: only single values have one", name);
    else if (strlen(*text) > CHECK_TEXT)
        diagnostics_error(check->log, where, "the default of '%s' has more than %d bytes", name,
                          CHECK_TEXT);
    else if (!values_scalar(shape, *text, &json, &wanted) || lacks_unit(shape, *text))
        diagnostics_error(check->log, where, "the default '%s' of '%s' is no %s: expected %s",
                          *text, name, front_shape_text(check->front, shape), wanted);
    else if (is_number(shape->type) && !json.failed)
        *text = weir_arena_copy(&check->model->arena, json.data, json.size);
    if (json.failed || *text == NULL)
        check->log->failed = true;
    weir_buffer_free(&json);
}

static int compare_wires(const void *first, const void *second)
{
    const spec_field *const *a = first, *const *b = second;
    int order = strcmp((*a)->wire, (*b)->wire);

    return order != 0 ? order : (*a > *b) - (*a < *b);
}

static void find_equal_wires(checker *check, const spec_fields *fields)
{
    size_t count;
    const spec_field **sorted =
        front_array(check->front, fields->count, sizeof(spec_field *), &count);

    for (size_t i = 0; i < count; i++)
        sorted[i] = &fields->items[i];
    if (count > 1)
        qsort(sorted, count, sizeof(spec_field *), compare_wires);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1]->wire, sorted[i]->wire) != 0 ||
            strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            continue;
        diagnostics_error(check->log, sorted[i]->where, "'%s' and '%s' are both '%s' on the wire",
                          sorted[i - 1]->name, sorted[i]->name, sorted[i]->wire);
        diagnostics_note(check->log, sorted[i - 1]->where, "the other field");
    }
}

/* Elsewhere nobody could say when it is. */
static void check_moment(checker *check, const spec_field *field, bool of_input)
{
    if (field->moment != NULL && !of_input)
        diagnostics_error(check->log, field->moment_where,
                          "only the input of a workflow takes a default from a schedule");
}

static void check_all(checker *check, spec_fields *fields, bool of_input)
{
    for (size_t i = 0; i < fields->count; i++) {
        spec_field *field = &fields->items[i];
        check_moment(check, field, of_input);
        if (!check_shape(check, &field->shape))
            continue;
        if (field->text && (!is_number(field->shape.type) || field->shape.list))
            diagnostics_error(check->log, field->where,
                              "`text: true` is for single numbers, and '%s' is %s", field->name,
                              front_shape_text(check->front, &field->shape));
        if (strlen(field->wire) > WIRE_LIMIT)
            diagnostics_error(check->log, field->where,
                              "the name of '%s' on the wire has more than %d bytes", field->name,
                              WIRE_LIMIT);
        check_default(check, &field->shape, &field->fallback, field->fallback_where, field->name);
    }
    find_equal_wires(check, fields);
}

void check_fields(checker *check, spec_fields *fields)
{
    check_all(check, fields, false);
}

void check_input_fields(checker *check, spec_workflow *workflow)
{
    check_all(check, &workflow->input, true);
}

/* --- Enums --- */

static int compare_names(const void *first, const void *second)
{
    const spec_enumerator *const *a = first, *const *b = second;
    int order = strcmp((*a)->name, (*b)->name);

    return order != 0 ? order : (*a > *b) - (*a < *b);
}

static int compare_numbers(const void *first, const void *second)
{
    const spec_enumerator *const *a = first, *const *b = second;
    int order = ((*a)->number > (*b)->number) - ((*a)->number < (*b)->number);

    return order != 0 ? order : (*a > *b) - (*a < *b);
}

static void check_enum(checker *check, const spec_type *type)
{
    size_t count;
    const spec_enumerator **sorted =
        front_array(check->front, type->enumerator_count, sizeof(spec_enumerator *), &count);

    for (size_t i = 0; i < count; i++)
        sorted[i] = &type->enumerators[i];
    if (count > 1)
        qsort(sorted, count, sizeof(spec_enumerator *), compare_names);
    for (size_t i = 1; i < count; i++)
        if (sorted[i]->name[0] != '\0' && strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            diagnostics_error(check->log, sorted[i]->where, "'%s' is in the enum twice",
                              sorted[i]->name);
            diagnostics_note(check->log, sorted[i - 1]->where, "first defined here");
        }
    if (count > 1)
        qsort(sorted, count, sizeof(spec_enumerator *), compare_numbers);
    for (size_t i = 1; i < count; i++)
        if (sorted[i - 1]->number == sorted[i]->number &&
            strcmp(sorted[i - 1]->name, sorted[i]->name) != 0) {
            diagnostics_error(check->log, sorted[i]->where, "'%s' and '%s' are both %d",
                              sorted[i - 1]->name, sorted[i]->name, sorted[i]->number);
            diagnostics_note(check->log, sorted[i - 1]->where, "first defined here");
        }
}

/* --- Order --- */

/* A walk over types that contain each other. */
typedef struct type_walk {
    checker *check;
    spec_type **sorted;
    size_t sorted_count;
    uint64_t *sizes;      /* in bytes, about */
    unsigned char *state; /* 0: not seen, 1: on the way, 2: done */
    const spec_type *way[NEST_LIMIT];
} type_walk;

static void report_circle(type_walk *walk, size_t index, size_t depth)
{
    spec_front *front = walk->check->front;
    const spec_type *type = front->types[index];
    weir_buffer names = {0};
    size_t begin = 0;

    while (begin < depth && walk->way[begin] != type)
        begin++;
    for (size_t i = begin; i < depth; i++)
        weir_buffer_printf(&names, "%s -> ", walk->way[i]->name);
    weir_buffer_text(&names, type->name);
    diagnostics_error(front->log, type->where,
                      "the struct '%s' contains itself (%s), and every value is flat", type->name,
                      names.data != NULL ? names.data : "");
    weir_buffer_free(&names);
}

static uint64_t scalar_size(const spec_shape *shape)
{
    if (shape->type->kind == SPEC_STRING || shape->type->kind == SPEC_BYTES)
        return shape->size + 5;
    return 8;
}

static void visit(type_walk *walk, size_t index, size_t depth);

static uint64_t visit_field(type_walk *walk, const spec_field *field, size_t depth)
{
    const spec_shape *shape = &field->shape;
    uint64_t size = 0;

    if (shape->type == NULL)
        return 0;
    if (shape->type->kind >= SPEC_ENUM) {
        size_t inner = (size_t)check_find(&walk->check->types, shape->type->name);
        visit(walk, inner, depth + 1);
        size = walk->sizes[inner];
    } else {
        size = scalar_size(shape);
    }
    return size * (shape->list ? shape->max : 1) + 8;
}

static void visit(type_walk *walk, size_t index, size_t depth)
{
    spec_front *front = walk->check->front;
    spec_type *type = front->types[index];

    if (walk->state[index] == 2)
        return;
    if (walk->state[index] == 1) {
        report_circle(walk, index, depth);
        return;
    }
    if (depth == NEST_LIMIT) {
        diagnostics_error(front->log, type->where, "structs nest deeper than %d here", NEST_LIMIT);
        walk->state[index] = 2;
        return;
    }
    walk->state[index] = 1;
    walk->way[depth] = type;
    uint64_t size = type->kind == SPEC_ENUM ? 4 : 0;
    for (size_t i = 0; i < type->fields.count && size <= SIZE_LIMIT; i++)
        size += visit_field(walk, &type->fields.items[i], depth);
    if (size > SIZE_LIMIT) {
        diagnostics_error(front->log, type->where,
                          "a value of '%s' would be larger than 16 MiB; every value is flat",
                          type->name);
        size = 8;
    }
    walk->sizes[index] = size;
    walk->state[index] = 2;
    walk->sorted[walk->sorted_count++] = type;
}

static void sort_types(checker *check)
{
    spec_front *front = check->front;
    size_t count = front->type_count, got;
    type_walk walk = {
        .check = check,
        .sorted = front_array(front, count, sizeof(spec_type *), &got),
        .sizes = front_array(front, count, sizeof *walk.sizes, &got),
        .state = front_array(front, count, sizeof *walk.state, &got),
    };

    if (walk.sorted == NULL || walk.sizes == NULL || walk.state == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        visit(&walk, i, 0);
    if (walk.sorted_count != count) /* some nest too deep */
        return;
    memcpy(front->types, walk.sorted, count * sizeof(spec_type *));
    check->types.count = 0;
    for (size_t i = 0; i < count; i++)
        check_names_add(&check->types, front->types[i]->name, i);
    check_names_sort(&check->types);
}

/* --- All --- */

static void find_duplicates(checker *check)
{
    for (size_t i = 1; i < check->types.count; i++) {
        const check_entry *a = &check->types.items[i - 1], *b = &check->types.items[i];
        const spec_type *first = check->front->types[a->index];
        const spec_type *second = check->front->types[b->index];
        if (strcmp(a->name, b->name) != 0)
            continue;
        if (first->builtin) {
            diagnostics_error(check->log, second->where, "the type '%s' is built in", b->name);
            continue;
        }
        diagnostics_error(check->log, second->where, "the type '%s' is defined twice", b->name);
        diagnostics_note(check->log, first->where, "first defined here");
    }
}

void check_types(checker *check)
{
    spec_front *front = check->front;

    find_duplicates(check);
    for (size_t i = 0; i < front->type_count; i++) {
        check_fields(check, &front->types[i]->fields);
        check_enum(check, front->types[i]);
    }
    sort_types(check);
    long tick = check_find(&check->types, "Tick");
    long dead_letter = check_find(&check->types, "DeadLetter");
    check->tick = tick != CHECK_NONE ? front->types[tick] : NULL;
    check->dead_letter = dead_letter != CHECK_NONE ? front->types[dead_letter] : NULL;
}

/* Built-in types that nobody uses are left out of the spec. */
static bool is_used(const spec *model, const spec_type *type)
{
    bool used = !type->builtin || type->used;

    for (size_t i = 0; i < model->source_count && !used; i++)
        used = model->sources[i].type == type;
    for (size_t i = 0; i < model->sink_count && !used; i++)
        used = model->sinks[i].type == type;
    return used;
}

void check_used_types(checker *check)
{
    spec_front *front = check->front;
    spec *model = check->model;
    size_t count;

    model->types = front_array(front, front->type_count, sizeof(spec_type *), &count);
    model->type_count = 0;
    for (size_t i = 0; i < count; i++)
        if (is_used(model, front->types[i]))
            model->types[model->type_count++] = front->types[i];
}
