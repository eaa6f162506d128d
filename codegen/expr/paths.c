/* SPDX-License-Identifier: Apache-2.0 */
/* paths.c - names, fields, indices: what an expression reads, and whether it is surely there. */
#include <string.h>

#include "codegen/expr/tree.h"
#include "core/text.h"

enum { MAX_HINT = 128 };

const char *expr_path(expr_checker *checker, const expr *tree)
{
    weir_arena *arena = checker->context->arena;

    if (tree->kind == EXPR_NAME)
        return tree->name;
    if (tree->kind != EXPR_FIELD && tree->kind != EXPR_INDEX)
        return tree->source;
    const char *operand = expr_path(checker, tree->args[0]);
    if (operand == NULL)
        return NULL;
    return tree->kind == EXPR_FIELD
               ? weir_arena_printf(arena, "%s.%s", operand, tree->name)
               : weir_arena_printf(arena, "%s[%s]", operand, tree->args[1]->source);
}

static expr_root *find_root(const expr_context *context, const char *name)
{
    for (size_t i = 0; i < context->root_count; i++)
        if (strcmp(context->roots[i].name, name) == 0)
            return &context->roots[i];
    return NULL;
}

static const spec_type *find_enum(const expr_context *context, const char *name)
{
    for (size_t i = 0; i < context->type_count; i++)
        if (context->types[i]->kind == SPEC_ENUM && strcmp(context->types[i]->name, name) == 0)
            return context->types[i];
    return NULL;
}

/* "Side.buy" for "buy"; NULL: there is none. */
static const char *enumerator_named(expr_checker *checker, const char *name)
{
    const expr_context *context = checker->context;

    for (size_t i = 0; i < context->type_count; i++)
        for (size_t j = 0; j < context->types[i]->enumerator_count; j++)
            if (strcmp(context->types[i]->enumerators[j].name, name) == 0)
                return weir_arena_printf(context->arena, "%s.%s", context->types[i]->name, name);
    return NULL;
}

static void report_unknown(expr_checker *checker, const expr *tree)
{
    const expr_context *context = checker->context;
    weir_nearest nearest = {.wanted = tree->name};
    char hint[MAX_HINT];

    for (size_t i = 0; i < context->root_count; i++)
        weir_nearest_offer(&nearest, context->roots[i].name);
    for (size_t i = 0; i < context->type_count; i++)
        if (context->types[i]->kind == SPEC_ENUM)
            weir_nearest_offer(&nearest, context->types[i]->name);
    const char *value = enumerator_named(checker, tree->name);
    if (value != NULL && nearest.distance != 1)
        nearest.name = value;
    expr_error(checker, tree->where, "nothing here is named '%s'%s", tree->name,
               weir_nearest_hint(&nearest, hint, sizeof hint));
}

/* Looks at one step of a path that may be absent. False: reported. */
static bool check_presence(expr_checker *checker, expr *tree, bool by_reading)
{
    const char *path = expr_path(checker, tree);

    if (path == NULL || expr_facts_hold(checker->facts, path))
        return true;
    if (checker->asked) {
        tree->tested = true;
        return true;
    }
    if (!by_reading)
        expr_error(checker, tree->where, "'%s' may be absent; guard it: has(%s) && ..", path, path);
    return by_reading;
}

void expr_check_name(expr_checker *checker, expr *tree)
{
    expr_root *root = find_root(checker->context, tree->name);

    if (root == NULL && find_enum(checker->context, tree->name) != NULL) {
        expr_error(checker, tree->where, "'%s' is a type; its values are written %s.NAME",
                   tree->name, tree->name);
        return;
    }
    if (root == NULL) {
        report_unknown(checker, tree);
        return;
    }
    root->read = true;
    tree->root = root;
    if (root->presence != EXPR_PRESENT) {
        if (!check_presence(checker, tree, root->presence == EXPR_BY_READING))
            return;
        bool guarded = checker->asked || expr_facts_hold(checker->facts, tree->name);
        root->unguarded |= !guarded;
    }
    tree->shape = root->shape;
    tree->shape.optional = false;
    tree->window = root->window;
    tree->bits = expr_type_bits(tree->shape.type);
}

static bool check_enumerator(expr_checker *checker, expr *tree)
{
    const expr *operand = tree->args[0];
    weir_nearest nearest = {.wanted = tree->name};
    char hint[MAX_HINT];

    if (operand->kind != EXPR_NAME || find_root(checker->context, operand->name) != NULL)
        return false;
    const spec_type *type = find_enum(checker->context, operand->name);
    if (type == NULL)
        return false;
    tree->kind = EXPR_ENUMERATOR;
    tree->count = 0;
    for (size_t i = 0; i < type->enumerator_count; i++) {
        if (strcmp(type->enumerators[i].name, tree->name) == 0) {
            tree->enumerator = &type->enumerators[i];
            tree->shape = (spec_shape){.type = type};
            return true;
        }
        weir_nearest_offer(&nearest, type->enumerators[i].name);
    }
    expr_error(checker, tree->where, "%s has no value '%s'%s", type->name, tree->name,
               weir_nearest_hint(&nearest, hint, sizeof hint));
    return true;
}

static const spec_field *find_field(expr_checker *checker, const expr *tree)
{
    const spec_fields *fields = &tree->args[0]->shape.type->fields;
    weir_nearest nearest = {.wanted = tree->name};
    char hint[MAX_HINT];

    for (size_t i = 0; i < fields->count; i++) {
        if (strcmp(fields->items[i].name, tree->name) == 0)
            return &fields->items[i];
        weir_nearest_offer(&nearest, fields->items[i].name);
    }
    expr_error(checker, tree->where, "%s has no field '%s'%s", tree->args[0]->shape.type->name,
               tree->name, weir_nearest_hint(&nearest, hint, sizeof hint));
    return NULL;
}

static bool has_fields(expr_checker *checker, const expr *tree)
{
    const expr *operand = tree->args[0];

    if (operand->shape.type == NULL)
        return false;
    if (operand->window || operand->shape.list)
        expr_error(checker, tree->where, "'%s' is %s; take one of it first: %s[0].%s",
                   operand->source, expr_type_text(checker, operand), operand->source, tree->name);
    else if (operand->shape.type->kind != SPEC_STRUCT)
        expr_error(checker, tree->where, "'%s' is %s and has no fields", operand->source,
                   expr_type_text(checker, operand));
    else
        return true;
    return false;
}

/* A root may have a dot in its name: an input that is a route, `decide.trade`. */
static bool is_dotted_root(expr_checker *checker, expr *tree)
{
    const expr *operand = tree->args[0];

    if (operand->kind != EXPR_NAME || find_root(checker->context, operand->name) != NULL)
        return false;
    const char *path = expr_path(checker, tree);
    if (path == NULL || find_root(checker->context, path) == NULL)
        return false;
    tree->kind = EXPR_NAME;
    tree->name = path;
    tree->count = 0;
    expr_check_name(checker, tree);
    return true;
}

void expr_check_field(expr_checker *checker, expr *tree)
{
    if (is_dotted_root(checker, tree) || check_enumerator(checker, tree))
        return;
    expr_check_tree(checker, tree->args[0]);
    if (expr_is_dynamic(tree->args[0])) {
        expr_set_dynamic(tree);
        return;
    }
    if (!has_fields(checker, tree))
        return;
    const spec_field *field = find_field(checker, tree);
    if (field == NULL || (field->shape.optional && !check_presence(checker, tree, false)))
        return;
    if (field->shape.type == NULL) { /* unknown, and told of where the field is declared */
        checker->errors++;
        return;
    }
    tree->field = field;
    tree->shape = field->shape;
    tree->shape.optional = false;
    if (!field->shape.list)
        tree->bits = expr_type_bits(field->shape.type);
}

/* A constant index into an array needs no check in C; one behind its end is wrong now. */
static bool check_range(expr_checker *checker, expr *tree)
{
    const expr *list = tree->args[0], *index = tree->args[1];

    tree->steps = true;
    if (index->kind != EXPR_LITERAL)
        return true;
    if (index->negative || (!list->window && index->magnitude >= list->shape.max)) {
        expr_error(checker, index->where, "the index %s is outside of '%s'%s", index->source,
                   list->source, index->negative ? "" : ", which is not that long");
        return false;
    }
    tree->steps = list->window || list->shape.min != list->shape.max;
    return true;
}

/* An item of a list by its number, or a member of an object by its name. */
static void check_dynamic_index(expr_checker *checker, expr *tree)
{
    const expr *index = tree->args[1];

    if (expr_is_dynamic(index) || expr_is_of(index, SPEC_STRING) ||
        (expr_is_scalar(index) && expr_is_integer(index->shape.type)))
        expr_set_dynamic(tree);
    else
        expr_error(checker, index->where,
                   "an index is an integer or, of an object, a string, and '%s' is %s",
                   index->source, expr_type_text(checker, index));
}

void expr_check_index(expr_checker *checker, expr *tree)
{
    expr *list = tree->args[0], *index = tree->args[1];
    bool asked = checker->asked;

    checker->asked = false; /* has(a[0].x) asks for x, not for a */
    expr_check_tree(checker, list);
    expr_check_tree(checker, index);
    checker->asked = asked;
    if (list->shape.type == NULL || index->shape.type == NULL)
        return;
    if (expr_is_dynamic(list)) {
        check_dynamic_index(checker, tree);
        return;
    }
    if (!list->window && !list->shape.list) {
        expr_error(checker, tree->where, "'%s' is %s, and only lists and windows have an index",
                   list->source, expr_type_text(checker, list));
        return;
    }
    if (!expr_is_scalar(index) || !expr_is_integer(index->shape.type)) {
        expr_error(checker, index->where, "an index is an integer, and '%s' is %s", index->source,
                   expr_type_text(checker, index));
        return;
    }
    if (!check_range(checker, tree))
        return;
    tree->shape = list->shape;
    tree->shape.list = false;
    tree->bits = expr_type_bits(tree->shape.type);
}

static bool any_tested(const expr *tree)
{
    bool optional =
        (tree->kind == EXPR_NAME && tree->root->presence != EXPR_PRESENT) ||
        (tree->kind == EXPR_FIELD && (tree->field == NULL || tree->field->shape.optional));

    return optional || (tree->kind == EXPR_FIELD && any_tested(tree->args[0]));
}

void expr_check_has(expr_checker *checker, expr *tree)
{
    expr *path = tree->args[0];

    if (path->kind != EXPR_NAME && path->kind != EXPR_FIELD) {
        expr_error(checker, path->where, "has() asks for an input or a field, as in has(a.b)");
        return;
    }
    checker->asked = true;
    expr_check_tree(checker, path);
    checker->asked = false;
    if (path->shape.type == NULL || path->kind == EXPR_ENUMERATOR)
        return;
    if (!any_tested(path))
        expr_error(checker, path->where, "'%s' is never absent", path->source);
    else
        expr_set_type(tree, SPEC_BOOL);
}
