/* SPDX-License-Identifier: Apache-2.0 */
/* picture.h - a module as a picture, in graphviz' dot language. */
#ifndef WEIR_GRAPH_PICTURE_H
#define WEIR_GRAPH_PICTURE_H

#include "core/buffer.h"
#include <weir/graph.h>

/* How often things happened, for a picture after a run; answers UINT64_MAX where it is unknown. */
typedef struct weir_picture_counts {
    uint64_t (*node)(void *arg, const weir_module_graph *graph, uint32_t node);
    uint64_t (*route)(void *arg, const weir_module_graph *graph, uint32_t counter);
    uint64_t (*source)(void *arg, uint32_t source);
    void *arg;
} weir_picture_counts;

/* Appends the picture of the whole module; with `counts` (NULL: none) it is coloured by them. */
WEIR_API void weir_module_dot(const weir_module *module, const weir_picture_counts *counts,
                              weir_buffer *out);

#endif
