/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.c - a YAML document as a small tree with places.
 *
 * The tree is built from the parser's events, not from its documents: so duplicate keys, anchors,
 * aliases and tags are ours to find, all of them in one run and each with its place.
 */
#include "codegen/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "codegen/utf8.h"

typedef struct yaml_reader {
    weir_arena *arena;
    weir_diagnostics *diagnostics;
    const char *name; /* of the file; lives with the tree */
    const diagnostics_file *file;
    struct fy_parser *parser;
    struct fy_event *event; /* the newest */
    weir_place last;        /* of the newest node that stands somewhere */
    bool failed;            /* a syntax error, or out of memory */
} yaml_reader;

/* What was left out has no mark: it stands where the one before it does. */
static weir_place mark_place(const yaml_reader *reader, const struct fy_mark *mark)
{
    if (mark == NULL)
        return reader->last;
    return (weir_place){.file = reader->name,
                        .line = (uint32_t)mark->line + 1,
                        .column = (uint32_t)mark->column + 1};
}

static enum fy_event_type next(yaml_reader *reader)
{
    fy_parser_event_free(reader->parser, reader->event);
    reader->event = fy_parser_parse(reader->parser);
    if (reader->event == NULL)
        reader->failed = true;
    return reader->event != NULL ? reader->event->type : FYET_NONE;
}

static yaml_node *new_node(yaml_reader *reader, yaml_kind kind)
{
    yaml_node *node = weir_arena_alloc(reader->arena, sizeof *node);

    if (node == NULL) {
        reader->failed = reader->diagnostics->failed = true;
        return NULL;
    }
    node->kind = kind;
    node->where = reader->last = mark_place(reader, fy_event_start_mark(reader->event));
    return node;
}

/* --- What a spec may not use --- */

/* The parser's place of an anchor or alias is that of its name, behind the sign. */
static weir_place sign_place(const yaml_reader *reader, struct fy_token *token)
{
    weir_place place = mark_place(reader, fy_token_start_mark(token));

    if (place.column > 1)
        place.column--;
    return place;
}

/* An expression that begins with `!`, `&` or `*` is what people mean by these. */
static bool refuse_properties(yaml_reader *reader, yaml_node *node)
{
    struct fy_token *tag = fy_event_get_tag_token(reader->event);
    struct fy_token *anchor = fy_event_get_anchor_token(reader->event);

    if (tag != NULL)
        diagnostics_error(reader->diagnostics, mark_place(reader, fy_token_start_mark(tag)),
                          "YAML reads '!' as a tag, and a spec has none; quote the expression");
    else if (anchor != NULL)
        diagnostics_error(reader->diagnostics, sign_place(reader, anchor),
                          "YAML reads '&' as an anchor, and a spec has none; %s",
                          node->kind == YAML_SCALAR ? "quote the text"
                                                    : "write it out where it is used");
    if (tag != NULL || anchor != NULL)
        node->kind = YAML_BAD;
    return node->kind == YAML_BAD;
}

static yaml_node *refuse_alias(yaml_reader *reader)
{
    yaml_node *node = new_node(reader, YAML_BAD);

    if (node == NULL)
        return NULL;
    node->where = sign_place(reader, fy_event_get_token(reader->event));
    diagnostics_error(reader->diagnostics, node->where,
                      "YAML reads '*' as an alias, and a spec has none; quote the text");
    return node;
}

/* --- Building --- */

static yaml_node *read_scalar(yaml_reader *reader)
{
    yaml_node *node = new_node(reader, YAML_SCALAR);
    struct fy_token *token = fy_event_get_token(reader->event);
    size_t size = 0;
    const char *text = token != NULL ? fy_token_get_text(token, &size) : "";

    if (node == NULL)
        return NULL;
    enum fy_scalar_style style = token != NULL ? fy_token_scalar_style(token) : FYSS_PLAIN;
    node->plain = style == FYSS_PLAIN;
    const struct fy_mark *mark = fy_event_start_mark(reader->event);
    node->style = style == FYSS_SINGLE_QUOTED   ? '\''
                  : style == FYSS_DOUBLE_QUOTED ? '"'
                  : style == FYSS_PLAIN         ? ' '
                                                : '|';
    node->raw = reader->file->text + (mark != NULL ? mark->input_pos : 0);
    node->text = weir_arena_copy(reader->arena, text != NULL ? text : "", size);
    if (node->text == NULL) {
        reader->failed = reader->diagnostics->failed = true;
        return NULL;
    }
    if (!refuse_properties(reader, node) && strlen(node->text) != size) {
        diagnostics_error(reader->diagnostics, node->where, "the text holds a NUL character");
        node->kind = YAML_BAD;
    }
    return node;
}

static yaml_node *read_node(yaml_reader *reader, int depth);

static yaml_node *read_list(yaml_reader *reader, int depth)
{
    yaml_node *list = new_node(reader, YAML_LIST), **last = list != NULL ? &list->first : NULL;

    if (list == NULL)
        return NULL;
    refuse_properties(reader, list);
    while (next(reader) != FYET_SEQUENCE_END) {
        *last = read_node(reader, depth + 1);
        if (*last == NULL)
            return NULL;
        last = &(*last)->next;
        list->count++;
    }
    return list;
}

/* The value takes its key with it. A key that is no name makes its value bad. */
static yaml_node *read_pair(yaml_reader *reader, int depth)
{
    yaml_node *key = read_node(reader, depth + 1);

    if (key == NULL || next(reader) == FYET_NONE)
        return NULL;
    yaml_node *value = read_node(reader, depth + 1);
    if (value == NULL)
        return NULL;
    bool named = key->kind == YAML_SCALAR && key->text[0] != '\0';
    if (yaml_is_empty(key)) /* nothing stands there */
        key->where = value->where;
    if (!named && key->kind != YAML_BAD)
        diagnostics_error(reader->diagnostics, key->where, "a key must be a name");
    if (!named)
        value->kind = YAML_BAD;
    value->key = named ? key->text : "";
    value->key_where = key->where;
    return value;
}

static int compare_keys(const void *first, const void *second)
{
    const yaml_node *const *a = first, *const *b = second;
    int order = strcmp((*a)->key, (*b)->key);

    if (order == 0 && (*a)->key_where.line != (*b)->key_where.line)
        order = (*a)->key_where.line < (*b)->key_where.line ? -1 : 1;
    if (order == 0)
        order = (*a)->key_where.column < (*b)->key_where.column ? -1 : 1;
    return order;
}

/* Duplicates stay in the tree as bad ones. */
static void find_duplicates(yaml_reader *reader, yaml_node *map)
{
    yaml_node **sorted = weir_alloc_array(map->count, sizeof(yaml_node *));
    size_t count = 0, first = 0;

    if (sorted == NULL) {
        reader->failed = reader->diagnostics->failed = true;
        return;
    }
    for (yaml_node *value = map->first; value != NULL; value = value->next)
        sorted[count++] = value;
    qsort(sorted, count, sizeof(yaml_node *), compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (sorted[i]->key[0] == '\0' || strcmp(sorted[first]->key, sorted[i]->key) != 0) {
            first = i;
            continue;
        }
        diagnostics_error(reader->diagnostics, sorted[i]->key_where, "'%s' is defined twice",
                          sorted[i]->key);
        diagnostics_note(reader->diagnostics, sorted[first]->key_where, "first defined here");
        sorted[i]->kind = YAML_BAD;
    }
    weir_free(sorted);
}

static yaml_node *read_map(yaml_reader *reader, int depth)
{
    yaml_node *map = new_node(reader, YAML_MAP), **last = map != NULL ? &map->first : NULL;

    if (map == NULL)
        return NULL;
    map->flow = fy_event_get_node_style(reader->event) == FYNS_FLOW;
    refuse_properties(reader, map);
    while (next(reader) != FYET_MAPPING_END) {
        *last = read_pair(reader, depth);
        if (*last == NULL)
            return NULL;
        last = &(*last)->next;
        map->count++;
    }
    if (map->count > 1)
        find_duplicates(reader, map);
    return map;
}

static yaml_node *read_node(yaml_reader *reader, int depth)
{
    if (reader->event == NULL)
        return NULL;
    if (depth > YAML_DEPTH_LIMIT) {
        diagnostics_error(reader->diagnostics,
                          mark_place(reader, fy_event_start_mark(reader->event)),
                          "nested deeper than %d levels", YAML_DEPTH_LIMIT);
        return NULL;
    }
    switch ((int)reader->event->type) {
    case FYET_SCALAR:
        return read_scalar(reader);
    case FYET_SEQUENCE_START:
        return read_list(reader, depth);
    case FYET_MAPPING_START:
        return read_map(reader, depth);
    case FYET_ALIAS:
        return refuse_alias(reader);
    default:
        return NULL;
    }
}

/* --- Syntax errors --- */

static bool line_has(const char *line, size_t length, const char *word)
{
    return memmem(line, length, word, strlen(word)) != NULL;
}

/* Is the line part of an expression? Its own key says so, or `set:` above it, less indented. */
static bool in_expression(const diagnostics_file *file, int line_number)
{
    static const char *const words[] = {"where:", "set:", "update:", "run_if:", "expr:"};
    const char *line = file->text, *parent = "", *end = file->text + file->size;

    for (int i = 0; i < line_number && line != NULL; i++) {
        size_t length = strcspn(line, "\n");
        if (line_has(line, length, "set:") || line_has(line, length, "update:"))
            parent = line;
        line = line + length < end ? line + length + 1 : NULL;
    }
    if (line == NULL)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (line_has(line, strcspn(line, "\n"), words[i]))
            return true;
    return *parent != '\0' && strspn(line, " ") > strspn(parent, " ");
}

/* The line that an error on `line_number` may come from: the one before it that is not blank. */
static int line_before(const diagnostics_file *file, int line_number)
{
    const char *line = NULL;

    do {
        line_number--;
        line = line_number >= 0 ? file->lines[line_number] : NULL;
    } while (line != NULL && line[strspn(line, " \t\r")] == '\n');
    return line_number;
}

/* In braces, what a `#` cuts away goes unnoticed until the next line. */
static void note_comment(yaml_reader *reader, int line_number)
{
    const diagnostics_file *file = reader->file;
    int before = line_number < (int)file->line_count ? line_before(file, line_number) : -1;
    const char *line = before >= 0 ? file->lines[before] : NULL;
    const char *sign = line != NULL ? memmem(line, strcspn(line, "\n"), " #", 2) : NULL;

    weir_place place = {.file = reader->name};

    if (sign == NULL || !in_expression(file, before) ||
        !utf8_check(line, (size_t)(sign + 1 - line), &place))
        return;
    place.line = (uint32_t)before + 1;
    diagnostics_note(reader->diagnostics, place,
                     "YAML takes what stands behind this '#' for a comment; quote the "
                     "expression");
}

static void report_syntax(yaml_reader *reader, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *found = fy_diag_errors_iterate(diag, &iterator);
    weir_place place = {.file = reader->name};

    if (found == NULL) {
        diagnostics_error(reader->diagnostics, reader->last,
                          "this is not YAML, from somewhere behind this place on");
        return;
    }
    place.line = (uint32_t)found->line;
    place.column = (uint32_t)found->column;
    bool expression = in_expression(reader->file, found->line - 1);
    diagnostics_error(reader->diagnostics, place, "this is not YAML: %s%s", found->msg,
                      expression ? "; quote the expression" : "");
    if (!expression)
        note_comment(reader, found->line - 1);
}

/* --- The document --- */

static yaml_node *read_document(yaml_reader *reader)
{
    if (next(reader) != FYET_STREAM_START)
        return NULL;
    if (next(reader) == FYET_STREAM_END) {
        diagnostics_error(reader->diagnostics, (weir_place){reader->name, 1, 1},
                          "the file is empty; a spec begins with `module: NAME`");
        return NULL;
    }
    next(reader);
    yaml_node *root = read_node(reader, 1);
    if (root == NULL || next(reader) != FYET_DOCUMENT_END)
        return NULL;
    if (next(reader) == FYET_DOCUMENT_START) {
        diagnostics_error(reader->diagnostics,
                          mark_place(reader, fy_event_start_mark(reader->event)),
                          "a spec is one YAML document; a second one begins here");
        return NULL;
    }
    return reader->failed ? NULL : root;
}

static struct fy_diag *new_diag(void)
{
    struct fy_diag_cfg config;

    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = NULL;
    struct fy_diag *diag = fy_diag_create(&config);
    if (diag != NULL)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

static yaml_node *parse(yaml_reader *reader, struct fy_diag *diag)
{
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET, .diag = diag};
    size_t count = weir_diagnostics_count(reader->diagnostics);

    reader->parser = fy_parser_create(&config);
    if (reader->parser == NULL ||
        fy_parser_set_string(reader->parser, reader->file->text, reader->file->size) != 0) {
        fy_parser_destroy(reader->parser);
        reader->diagnostics->failed = true;
        return NULL;
    }
    yaml_node *root = read_document(reader);
    if (reader->failed && !reader->diagnostics->failed) {
        diagnostics_forget(reader->diagnostics, count);
        report_syntax(reader, diag);
        root = NULL;
    }
    fy_parser_event_free(reader->parser, reader->event);
    fy_parser_destroy(reader->parser);
    return root;
}

yaml_node *yaml_parse(weir_arena *arena, const char *file, const char *text, size_t size,
                      weir_diagnostics *diagnostics)
{
    yaml_reader reader = {
        .arena = arena, .diagnostics = diagnostics, .name = file, .last = {file, 1, 1}};
    weir_place place = {.file = file};

    if (!utf8_check(text, size, &place)) {
        diagnostics_error(diagnostics, place, "the file is not UTF-8");
        return NULL;
    }
    reader.file = diagnostics_add_file(diagnostics, file, text, size);
    struct fy_diag *diag = reader.file != NULL ? new_diag() : NULL;
    if (diag == NULL) {
        diagnostics->failed = true;
        return NULL;
    }
    yaml_node *root = parse(&reader, diag);
    fy_diag_destroy(diag);
    return root;
}

const yaml_node *yaml_get(const yaml_node *map, const char *key)
{
    for (const yaml_node *value = map->first; value != NULL; value = value->next)
        if (strcmp(value->key, key) == 0)
            return value;
    return NULL;
}

bool yaml_is_empty(const yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->plain && node->text[0] == '\0';
}
