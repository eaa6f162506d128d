/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - what a running module counts. */
#ifndef WEIR_CLI_METRICS_H
#define WEIR_CLI_METRICS_H

#include "cli/cli.h"

/* Runs to the end; each --stats interval prints counters and writes the --metrics file. */
weir_status cli_run_with_metrics(const cli_arguments *arguments, weir_runtime *runtime,
                                 weir_error **error);

/* Writes all counters as Prometheus text, whole or not at all. */
weir_status cli_write_metrics(weir_runtime *runtime, const char *path, weir_error **error);

#endif
