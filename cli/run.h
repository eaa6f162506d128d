/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - what the verbs that run a module share. */
#ifndef WEIR_CLI_RUN_H
#define WEIR_CLI_RUN_H

#include "cli/cli.h"

/* Called now and then while a module runs. */
typedef weir_status (*cli_beat)(const cli_arguments *arguments, weir_runtime *runtime,
                                weir_error **error);

/* Opens the module of the operands and runs it to its end: overrides, signals, summary, picture.
 * `progress` (NULL: none) is called five times a second. */
int cli_run_spec(const cli_arguments *arguments, const weir_runtime_config *config,
                 cli_beat progress);

/* Applies --set, --input and --sink. */
weir_status cli_apply_overrides(const cli_arguments *arguments, weir_runtime *runtime,
                                weir_error **error);

/* A weir_log_function; its arg is the cli_arguments. */
void cli_log(void *arg, weir_level level, const char *room, const char *name, const char *message);

/* Draws the module into a .svg or .dot file, or as dot on standard output (`path` NULL); with a
 * report coloured by its counts. */
weir_status cli_draw(const weir_module *module, weir_report *report, const char *path,
                     weir_error **error);

/* Sources, accumulators, reactors, graphs with their nodes and edges, and sinks. NULL: out of
 * memory. */
json_t *cli_topology(const weir_module *module);

/* What became of everything: text on standard error, not with --quiet; with --json a line on
 * standard output. */
void cli_summarise(const cli_arguments *arguments, weir_runtime *runtime, int64_t elapsed_ns);

/* Monotonic time, for durations. */
int64_t cli_now_ns(void);

#endif
