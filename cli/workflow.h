/* SPDX-License-Identifier: Apache-2.0 */
/* workflow.h - between the files of `weir workflow`. */
#ifndef WEIR_CLI_WORKFLOW_H
#define WEIR_CLI_WORKFLOW_H

#include "cli/cli.h"
#include <weir/workflow.h>

/* Opens --store with the options of --set. */
weir_status workflow_open(const cli_arguments *arguments, weir_runner **ret, weir_error **error);

/* What an operand or an option names. */
weir_status workflow_read_id(const char *text, int64_t *ret, weir_error **error);

/* Takes `text`, one of what the library gives as JSON: prints it as it is, or for people. */
typedef void (*workflow_print)(const json_t *value);
int workflow_give(const cli_arguments *arguments, char *text, workflow_print print);

void workflow_print_execution(const json_t *execution);
void workflow_print_dag(const json_t *execution);
void workflow_print_list(const json_t *list);
void workflow_print_schedules(const json_t *schedules);
void workflow_print_triggers(const json_t *triggers);
void workflow_print_events(const json_t *events);
void workflow_print_reasons(const json_t *reasons);

/* --- workflow_view.c: how far an execution is, on a terminal; NULL elsewhere, and that is allowed
 * --- */

typedef struct workflow_view workflow_view;

/* What processes write that begin before workflow_view_loaded comes above what is shown. */
workflow_view *workflow_view_new(const cli_arguments *arguments);
void workflow_view_loaded(workflow_view *view);
void workflow_view_begin(workflow_view *view, int64_t id);
/* It is erased. */
void workflow_view_end(workflow_view *view);

/* The verbs that run tasks. */
int workflow_run(const cli_arguments *arguments);
int workflow_serve(const cli_arguments *arguments);

/* Prints the result of an execution; the exit code that it means. */
int workflow_end(const cli_arguments *arguments, weir_runner *runner, int64_t id);

#endif
