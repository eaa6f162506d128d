/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_spots.c - where each character of a text stands that YAML folded, or that has escapes. */
#include "codegen/yaml.h"

#include <string.h>

/* Goes along the text as it is written in the file. */
typedef struct spot_reader {
    const char *at;
    char style;
    spec_spot spot;
} spot_reader;

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void advance(spot_reader *reader)
{
    unsigned char c = (unsigned char)*reader->at++;

    if (c == '\n')
        reader->spot = (spec_spot){reader->spot.line + 1, 1};
    else if ((c & 0xc0) != 0x80)
        reader->spot.column++;
    while (((unsigned char)*reader->at & 0xc0) == 0x80) /* the rest of one character */
        reader->at++;
}

static void skip_space(spot_reader *reader)
{
    while (is_space(*reader->at))
        advance(reader);
}

/* The characters of the escape, or of the doubled quote, that begins here; 1: there is none. */
static int escape_length(const spot_reader *reader)
{
    const char *at = reader->at;

    if (reader->style == '\'')
        return at[0] == '\'' && at[1] == '\'' ? 2 : 1;
    if (reader->style != '"' || at[0] != '\\')
        return 1;
    return at[1] == 'x' ? 4 : at[1] == 'u' ? 6 : at[1] == 'U' ? 10 : 2;
}

/* Goes past the character that stands for `c`; *ret is where it begins. */
static void read_character(spot_reader *reader, char c, spec_spot *ret)
{
    int left = escape_length(reader);

    if (left == 2 && reader->at[0] == '\\' && (reader->at[1] == '\n' || reader->at[1] == '\r')) {
        advance(reader); /* the line's end is escaped, and what is indented behind it */
        skip_space(reader);
        left = escape_length(reader);
    }
    if (!is_space(c) && is_space(*reader->at)) { /* indented, or folded */
        skip_space(reader);
        left = escape_length(reader);
    }
    *ret = reader->spot;
    if (is_space(c) && !is_space(*reader->at) && left == 1)
        return; /* a line's end that is there by itself */
    for (; left > 0 && *reader->at != '\0'; left--)
        advance(reader);
}

/* The text stands in the file as it is, on one line. */
static bool is_written_so(const yaml_node *node)
{
    size_t size = strlen(node->text);

    return strncmp(node->raw, node->text, size) == 0 && memchr(node->text, '\n', size) == NULL;
}

bool yaml_spots(weir_arena *arena, const yaml_node *node, const spec_spot **ret)
{
    spot_reader reader = {node->raw, node->style, {node->where.line, node->where.column}};
    size_t size = strlen(node->text);

    *ret = NULL;
    if (is_written_so(node))
        return true;
    spec_spot *spots = weir_arena_alloc(arena, (size + 1) * sizeof *spots);
    if (spots == NULL)
        return false;
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)node->text[i] & 0xc0) == 0x80 && i > 0)
            spots[i] = spots[i - 1];
        else
            read_character(&reader, node->text[i], &spots[i]);
    spots[size] = reader.spot;
    *ret = spots;
    return true;
}
