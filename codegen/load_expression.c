/* SPDX-License-Identifier: Apache-2.0 */
/* load_expression.c - the text of an expression, unless YAML cut it.
 *
 * YAML ends a plain value at ` #`, `: `, and in braces at commas and brackets. What is left then
 * has an unclosed string or bracket, or ends with an operator.
 */
#include <string.h>

#include "codegen/load.h"

/* The end of the string that begins at `text`, or NULL: it is not closed. */
static const char *skip_string(const char *text)
{
    char quote = *text++;

    while (*text != '\0' && *text != quote)
        text += *text == '\\' && text[1] != '\0' ? 2 : 1;
    return *text == quote ? text + 1 : NULL;
}

static bool ends_with_operator(const char *text)
{
    size_t length = strlen(text);

    while (length != 0 && text[length - 1] == ' ')
        length--;
    return length == 0 || strchr("+-*/%<>=!&|?:.,", text[length - 1]) != NULL ||
           (length > 3 && memcmp(text + length - 3, " in", 3) == 0);
}

/* What is unclosed, for a message; NULL: the expression is whole. */
static const char *find_cut(const char *text)
{
    int parentheses = 0, brackets = 0, questions = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\'') {
            at = skip_string(at);
            if (at == NULL)
                return "inside a string";
            at--;
        }
        parentheses += (*at == '(') - (*at == ')');
        brackets += (*at == '[') - (*at == ']');
        questions += (*at == '?') - (*at == ':');
    }
    if (parentheses > 0)
        return "before a ')'";
    if (brackets > 0)
        return "before a ']'";
    if (ends_with_operator(text))
        return "after an operator";
    return questions > 0 ? "before the ':' of '?:'" : NULL;
}

/* `{expr: ...}` is the long form. */
spec_expression load_expression(spec_front *front, const yaml_node *node)
{
    const yaml_node *inner =
        node->kind == YAML_MAP && node->count == 1 ? yaml_get(node, "expr") : NULL;

    if (inner != NULL)
        node = inner;
    if (node->kind == YAML_MAP || node->kind == YAML_LIST) {
        diagnostics_error(front->log, node->where,
                          "expected an expression, found a %s; quote the expression",
                          node->kind == YAML_MAP ? "map" : "list");
        return (spec_expression){0};
    }
    if (!load_is_text(front, node, "an expression"))
        return (spec_expression){0};
    const char *cut = node->plain ? find_cut(node->text) : NULL;
    if (cut != NULL) {
        diagnostics_error(front->log, node->where,
                          "the expression ends %s: YAML cut it; quote the expression", cut);
        return (spec_expression){0};
    }
    spec_expression expression = {.text = node->text, .where = node->where, .quoted = !node->plain};
    if (!yaml_spots(&front->spec->arena, node, &expression.spots))
        front->log->failed = true;
    return expression;
}
