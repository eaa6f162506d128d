/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - what a running module counts. */
#ifndef WEIR_CLI_METRICS_H
#define WEIR_CLI_METRICS_H

#include "cli/cli.h"

/* How often --stats asks for counters; 10 s where only --metrics is given. */
weir_status cli_metrics_interval(const cli_arguments *arguments, int64_t *ret_ms,
                                 weir_error **error);

/* Prints the counters (--stats) and writes the file (--metrics). */
weir_status cli_metrics_beat(const cli_arguments *arguments, weir_runtime *runtime,
                             weir_error **error);

/* Writes all counters as Prometheus text, whole or not at all. */
weir_status cli_write_metrics(weir_runtime *runtime, const char *path, weir_error **error);

#endif
