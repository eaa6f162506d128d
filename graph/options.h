/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the options of a graph; they fill a weir_graph_config. */
#ifndef WEIR_GRAPH_OPTIONS_H
#define WEIR_GRAPH_OPTIONS_H

#include <weir/graph.h>

extern const weir_option weir_graph_options[6];

#endif
