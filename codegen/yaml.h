/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.h - a YAML document as a small tree with places. yaml.c alone knows the YAML library. */
#ifndef WEIR_CODEGEN_YAML_H
#define WEIR_CODEGEN_YAML_H

#include "codegen/diagnostics.h"
#include "codegen/model.h"

typedef enum yaml_kind {
    YAML_SCALAR,
    YAML_MAP,
    YAML_LIST,
    YAML_BAD, /* already complained about: say no more */
} yaml_kind;

typedef struct yaml_node yaml_node;
struct yaml_node {
    yaml_kind kind;
    weir_place where; /* of its first character, inside the quotes of a quoted one */
    const char *text; /* of a scalar; its type is nobody's guess */
    bool plain;       /* a scalar without quotes */
    char style;       /* of a scalar: its quote, or '|' for a block; ' ' for none */
    const char *raw;  /* of a scalar: where its text begins in the file */
    bool flow;        /* stands inside braces or brackets */
    const char *key;  /* of a value in a map */
    weir_place key_where;
    yaml_node *first; /* of its `count` children, in the order of the file */
    yaml_node *next;
    size_t count;
};

enum { YAML_SIZE_LIMIT = 1024 * 1024, YAML_DEPTH_LIMIT = 64 };

/* Reads the one document in `text`. The tree's places point to `file`. NULL: it cannot be read at
 * all, `diagnostics` says why. */
yaml_node *yaml_parse(weir_arena *arena, const char *file, const char *text, size_t size,
                      weir_diagnostics *diagnostics);

/* Where each byte of a scalar's text and its end stand in the file. *ret is NULL where they follow
 * each other on one line. False: out of memory. */
bool yaml_spots(weir_arena *arena, const yaml_node *node, const spec_spot **ret);

/* The value under `key`, or NULL. */
const yaml_node *yaml_get(const yaml_node *map, const char *key);

/* `key:` with nothing behind it. */
bool yaml_is_empty(const yaml_node *node);

#endif
