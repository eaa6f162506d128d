/* SPDX-License-Identifier: Apache-2.0 */
/* emit_paths.c - names, fields and items as C: where a value lies, and whether it is there. */
#include <string.h>

#include "codegen/emit/names.h"
#include "codegen/expr/emitter.h"

/* A root's struct as a whole: "book->" is "*book", "in." is "in". */
static const char *whole(expr_emitter *emitter, const expr_root *root)
{
    size_t size = strlen(root->members);

    if (size > 2 && strcmp(root->members + size - 2, "->") == 0)
        return expr_printf(emitter, "*%.*s", (int)size - 2, root->members);
    return expr_printf(emitter, "%.*s", (int)size - 1, root->members);
}

/* The text that a member's name follows: "book->", "book->levels[0].". */
static const char *members(expr_emitter *emitter, const expr *tree)
{
    if (tree->kind == EXPR_NAME)
        return tree->root->members;
    return expr_printf(emitter, "%s.", expr_emit_place(emitter, tree).text);
}

static expr_place_text place_of_name(expr_emitter *emitter, const expr_root *root)
{
    return (expr_place_text){
        .text = root->value != NULL ? root->value : whole(emitter, root),
        .count = root->count,
    };
}

static expr_place_text place_of_field(expr_emitter *emitter, const expr *tree)
{
    const char *before = members(emitter, tree->args[0]);

    return (expr_place_text){
        .text = expr_printf(emitter, "%s%s", before, emit_member(tree->name).text),
        .count = tree->shape.list && tree->shape.min == tree->shape.max
                     ? expr_printf(emitter, "%u", tree->shape.max)
                     : expr_printf(emitter, "%s%s_count", before, tree->name),
        .size = expr_printf(emitter, "%s%s_size", before, tree->name),
    };
}

static expr_place_text place_of_item(expr_emitter *emitter, const expr *tree)
{
    const expr *list = tree->args[0], *index = tree->args[1];
    expr_place_text place = expr_emit_place(emitter, list);
    const char *at = expr_hide_constant(emitter, index, expr_emit_tree(emitter, index)).text;
    bool array = !list->window && list->shape.min == list->shape.max;

    if (index->kind != EXPR_LITERAL || !array)
        expr_check_or_fail(emitter, tree, "index out of range",
                           expr_printf(emitter, "weir_index_%s(%s, %s)",
                                       expr_is_signed(index->shape.type) ? "i64" : "u64", at,
                                       place.count));
    return (expr_place_text){
        .text = expr_printf(emitter, "%s[%s]", place.text, at),
        .size = place.size == NULL ? NULL : expr_printf(emitter, "%s[%s]", place.size, at),
    };
}

static expr_place_text place_of_literal(expr_emitter *emitter, const expr *tree)
{
    return (expr_place_text){
        .text = expr_quote_bytes(emitter, tree->string, tree->shape.size),
        .size = expr_printf(emitter, "%uu", tree->shape.size),
    };
}

/* bytes(string): the string's characters. */
static expr_place_text place_of_text(expr_emitter *emitter, const expr *tree)
{
    const expr *arg = tree->args[0];

    if (!expr_is_of(arg, SPEC_STRING))
        return expr_emit_place(emitter, arg);
    const char *text = expr_argument(emitter, arg);
    return (expr_place_text){text, NULL, expr_printf(emitter, "(uint32_t)strlen(%s)", text)};
}

expr_place_text expr_emit_place(expr_emitter *emitter, const expr *tree)
{
    if (tree->kind == EXPR_LITERAL)
        return place_of_literal(emitter, tree);
    if (tree->kind == EXPR_CALL)
        return place_of_text(emitter, tree);
    if (tree->kind == EXPR_FIELD)
        return place_of_field(emitter, tree);
    if (tree->kind == EXPR_INDEX)
        return place_of_item(emitter, tree);
    return place_of_name(emitter, tree->root);
}

expr_text expr_emit_path(expr_emitter *emitter, const expr *tree)
{
    const char *text = expr_emit_place(emitter, tree).text;

    return (expr_text){text, *text == '*' ? EXPR_BINDS_UNARY : EXPR_BINDS_PRIMARY};
}

/* Gives the place of `tree` and puts the conditions of its way behind *conditions, root first. */
static const char *presence(expr_emitter *emitter, const expr *tree, const char **conditions)
{
    const char *condition = NULL, *before = NULL;

    if (tree->kind == EXPR_NAME) {
        condition = tree->tested ? tree->root->present : NULL;
    } else if (tree->kind == EXPR_FIELD) {
        before = presence(emitter, tree->args[0], conditions);
        condition = tree->tested ? expr_printf(emitter, "%shas_%s", before, tree->name) : NULL;
    }
    if (condition != NULL)
        *conditions = *conditions == NULL
                          ? condition
                          : expr_printf(emitter, "%s && %s", *conditions, condition);
    if (before != NULL)
        return expr_printf(emitter, "%s%s.", before, emit_member(tree->name).text);
    return members(emitter, tree);
}

expr_text expr_emit_presence(expr_emitter *emitter, const expr *tree)
{
    const char *text = NULL;

    presence(emitter, tree, &text);
    if (text == NULL)
        return expr_primary("true");
    if (strstr(text, "&&") != NULL)
        return (expr_text){text, EXPR_BINDS_AND};
    return (expr_text){text, strchr(text, ' ') != NULL ? EXPR_BINDS_EQUALITY : EXPR_BINDS_PRIMARY};
}
