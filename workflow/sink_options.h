/* SPDX-License-Identifier: Apache-2.0 */
/* sink_options.h - the options of the sink that starts workflows; of their own, for the generator's
 * tests. */
#ifndef WEIR_WORKFLOW_SINK_OPTIONS_H
#define WEIR_WORKFLOW_SINK_OPTIONS_H

#include <weir/core.h>

typedef struct workflow_sink_config {
    char *workflow;
    char *store;
    weir_pairs input; /* a key of the workflow's input, and the field that it is set from */
    char *key;        /* a field; NULL: the events that the result came of are the key */
    int64_t buffer;   /* bytes */
    int64_t give_up;  /* nanoseconds */
} workflow_sink_config;

enum { WORKFLOW_SINK_OPTIONS = 6 };
extern const weir_option workflow_sink_options[WORKFLOW_SINK_OPTIONS];

/* The head of the kind, for its table and the catalog. */
#define WORKFLOW_SINK_HEAD                                                                         \
    {                                                                                              \
        .name = "workflow", .summary = "Starts an execution of a workflow with each result.",      \
        .options = workflow_sink_options, .option_count = WORKFLOW_SINK_OPTIONS,                   \
        .config_size = sizeof(workflow_sink_config)                                                \
    }

#endif
