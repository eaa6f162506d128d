/* SPDX-License-Identifier: Apache-2.0 */
/* random_expr.c - random well-typed expressions and their text.
 *
 * A template says what an expression of a type may look like: its text, where a letter in braces
 * stands for a part of that type: b bool, i i64, u u64, d f64, s string, t timestamp, D duration.
 */
#include "random_expr.h"

#include <string.h>

#include "random_tree.h"

static const random_template templates[] = {
#define TEMPLATE(type, operation, text) {type, OP_##operation, text},
#include "random_templates.inc"
#undef TEMPLATE
};

enum { TEMPLATES = sizeof templates / sizeof *templates };

uint64_t random_next(random_source *source, uint64_t below)
{
    source->state ^= source->state << 13;
    source->state ^= source->state >> 7;
    source->state ^= source->state << 17;
    return (source->state >> 11) % below;
}

static bool is_leaf(const random_template *template)
{
    return strchr(template->text, '{') == NULL;
}

/* Leaves once the depth is used up. */
static const random_template *choose(random_source *source, char type, unsigned depth)
{
    for (;;) {
        const random_template *template = &templates[random_next(source, TEMPLATES)];
        if (template->type == type && (is_leaf(template) || depth > 0))
            return template;
    }
}

static random_node *make(random_source *source, char type, unsigned depth)
{
    random_node *node = weir_arena_alloc(source->arena, sizeof *node);

    if (node == NULL)
        return NULL;
    node->template = choose(source, type, depth);
    for (const char *at = node->template->text; (at = strchr(at, '{')) != NULL; at++)
        node->parts[node->count++] = make(source, at[1], depth - 1);
    return node;
}

random_node *random_expression(weir_arena *arena, uint64_t seed, size_t n)
{
    static const char types[] = "bbbbiudstD";
    random_source source = {(seed + n) * 0x9e3779b97f4a7c15 | 1, arena};

    for (int i = 0; i < 8; i++)
        random_next(&source, 2);
    return make(&source, types[random_next(&source, sizeof types - 1)], RANDOM_DEPTH);
}

void random_print(const random_node *node, weir_buffer *out)
{
    const char *at = node->template->text;

    for (size_t i = 0; *at != '\0'; at++) {
        if (*at == '{') {
            random_print(node->parts[i++], out);
            at += 2;
        } else {
            weir_buffer_append(out, at, 1);
        }
    }
}
