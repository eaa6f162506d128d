/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - a checked tree as JSON: what the workflow engine evaluates over contexts and inputs,
 * also where the module's code is not loaded (workflow/evaluate.h).
 *
 *     value      1, 1.5, true, ["text", "abc"]
 *     path       ["context"], [".", PATH, "name"], ["[]", PATH, INDEX]
 *     operation  ["+", A, B], ["?", CONDITION, A, B], ["in", A, ["list", B, C]], ["size", A]
 *     task       ["failed", "name"]
 *
 * Times are integers of nanoseconds, dates and enums are texts, as codecs write them to JSON.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/expr/tree.h"

/* The first thing that cannot be written. */
typedef struct json_writer {
    const char *why;
    weir_place where;
} json_writer;

static json_t *write_tree(json_writer *writer, const expr *tree);

static json_t *refuse(json_writer *writer, const expr *tree, const char *why)
{
    if (writer->why == NULL) {
        writer->why = why;
        writer->where = tree->where;
    }
    return json_null();
}

static json_t *text(const char *data, size_t size)
{
    return json_pack("[s, s%]", "text", data, size);
}

/* [name, args..] */
static json_t *call(json_writer *writer, const char *name, const expr *tree)
{
    json_t *list = json_pack("[s]", name);

    for (size_t i = 0; i < tree->count; i++)
        json_array_append_new(list, write_tree(writer, tree->args[i]));
    return list;
}

static json_t *write_literal(json_writer *writer, const expr *tree)
{
    const spec_type *type = tree->shape.type;

    if (type->kind == SPEC_BOOL)
        return json_boolean(tree->magnitude != 0);
    if (type->kind == SPEC_STRING)
        return text(tree->string, tree->shape.size);
    if (type->kind == SPEC_BYTES)
        return refuse(writer, tree, "bytes cannot stand in an expression of a workflow");
    if (expr_is_float(type))
        return json_real(tree->number);
    if (tree->magnitude > (uint64_t)INT64_MAX + tree->negative)
        return refuse(writer, tree, "an integer of a workflow has 64 bits with a sign");
    return json_integer((json_int_t)(tree->negative ? -tree->magnitude : tree->magnitude));
}

/* --- Paths --- */

static json_t *write_step(json_writer *writer, const expr *tree)
{
    const char *name = tree->field != NULL ? tree->field->wire : tree->name;

    if (tree->kind == EXPR_NAME)
        return json_pack("[s]", tree->name);
    if (tree->kind == EXPR_FIELD)
        return json_pack("[s, o, s]", ".", write_tree(writer, tree->args[0]), name);
    return call(writer, "[]", tree);
}

/* JSON has a declared value in the form that its type has on the wire. */
static json_t *write_path(json_writer *writer, const expr *tree)
{
    static const int64_t units[] = {1, 1000, 1000000, 1000000000};
    const spec_shape *shape = &tree->shape;
    json_t *path = write_step(writer, tree);

    if (shape->type->kind == SPEC_BYTES) {
        json_decref(path);
        return refuse(writer, tree, "bytes cannot be read by an expression of a workflow");
    }
    if (shape->list)
        return path;
    if (tree->kind == EXPR_FIELD && tree->field != NULL && tree->field->text)
        return json_pack("[s, o]", expr_is_float(shape->type) ? "f64" : "i64", path);
    if (shape->type->kind != SPEC_TIMESTAMP || shape->time_form == SPEC_TIME_NS)
        return path;
    if (shape->time_form == SPEC_TIME_ISO)
        return json_pack("[s, o]", "timestamp", path);
    return json_pack("[s, o, I]", "*", path, (json_int_t)units[shape->time_form]);
}

/* --- Operations --- */

static json_t *write_binary(json_writer *writer, const expr *tree)
{
    const expr *right = tree->args[1];
    bool ordered = tree->op >= EXPR_LT && tree->op <= EXPR_GE;

    if (ordered && expr_is_of(right, SPEC_ENUM))
        return refuse(writer, tree, "the values of an enum have no order in a workflow");
    if (tree->op == EXPR_IN && right->shape.list && right->shape.type->kind == SPEC_TIMESTAMP &&
        right->shape.time_form != SPEC_TIME_NS)
        return refuse(writer, tree, "a workflow cannot look for a time in a list of this form");
    bool below = tree->op == EXPR_SUB && expr_is_unsigned(tree->shape.type);
    return call(writer, below ? "-u" : expr_operator_text(tree->op), tree);
}

static json_t *convert_integer(json_writer *writer, const expr *tree)
{
    const spec_type *type = tree->shape.type;
    unsigned bits = expr_type_bits(type);
    int64_t most = bits >= 63 ? INT64_MAX : ((int64_t)1 << bits) - 1;
    int64_t least = expr_is_signed(type) ? -most - 1 : 0;

    if (expr_is_of(tree->args[0], SPEC_ENUM))
        return refuse(writer, tree, "the values of an enum have no numbers in a workflow");
    bool time = expr_is_of(tree->args[0], SPEC_TIMESTAMP);
    return json_pack("[s, o, I, I]", time ? "seconds" : "int", write_tree(writer, tree->args[0]),
                     (json_int_t)least, (json_int_t)most);
}

static json_t *write_convert(json_writer *writer, const expr *tree)
{
    spec_type_kind to = tree->shape.type->kind, from = tree->args[0]->shape.type->kind;

    if (expr_is_integer(tree->shape.type))
        return convert_integer(writer, tree);
    if (to == SPEC_STRING && from == SPEC_TIMESTAMP)
        return call(writer, "time_text", tree);
    if (to == SPEC_STRING && from == SPEC_DURATION)
        return call(writer, "duration_text", tree);
    if (to == from && !expr_is_dynamic(tree->args[0]) && to != SPEC_BYTES)
        return write_tree(writer, tree->args[0]);
    if (to == SPEC_BYTES)
        return refuse(writer, tree, "bytes cannot stand in an expression of a workflow");
    return call(writer, tree->shape.type->name, tree);
}

static json_t *write_call(json_writer *writer, const expr *tree)
{
    if (tree->function == EXPR_HAS)
        return json_pack("[s, o]", "has", write_step(writer, tree->args[0]));
    if (tree->function == EXPR_CONVERT)
        return write_convert(writer, tree);
    if (tree->function >= EXPR_FAILED)
        return json_pack("[s, s]", tree->name, tree->string);
    return call(writer, tree->name, tree);
}

static json_t *write_tree(json_writer *writer, const expr *tree)
{
    switch (tree->kind) {
    case EXPR_LITERAL:
        return write_literal(writer, tree);
    case EXPR_NAME:
    case EXPR_FIELD:
    case EXPR_INDEX:
        return write_path(writer, tree);
    case EXPR_ENUMERATOR:
        return text(tree->enumerator->name, strlen(tree->enumerator->name));
    case EXPR_LIST:
        return call(writer, "list", tree);
    case EXPR_UNARY:
        return call(writer, tree->op == EXPR_NOT ? "!" : "neg", tree);
    case EXPR_BINARY:
        return write_binary(writer, tree);
    case EXPR_CHOICE:
        return call(writer, "?", tree);
    case EXPR_CALL:
        return write_call(writer, tree);
    }
    return NULL;
}

const char *expr_to_json(weir_arena *arena, const expr *tree, const char **ret_why,
                         weir_place *ret_where)
{
    json_writer writer = {.why = NULL};
    json_t *whole = write_tree(&writer, tree);
    char *dumped = json_dumps(whole, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    const char *kept = dumped != NULL ? weir_arena_copy(arena, dumped, strlen(dumped)) : NULL;

    json_decref(whole);
    free(dumped);
    *ret_why = writer.why;
    *ret_where = writer.where;
    return writer.why == NULL ? kept : NULL;
}
