/* SPDX-License-Identifier: Apache-2.0 */
/* dlq.h - dead letters on the command line: of a topic, or of a file. */
#ifndef WEIR_CLI_DLQ_H
#define WEIR_CLI_DLQ_H

#include "cli/cli.h"
#include "kafka/letters.h"

/* Which letters are meant. */
typedef struct dlq_selection {
    const char *reason; /* a part of it; NULL: any */
    int64_t partition;  /* of the letters; -1: any */
    int64_t from, to;   /* offsets, or lines of a file */
    int64_t most;
    int64_t count;
    bool json;
} dlq_selection;

/* Prints the letter, or counts it as one that may go back; `arg` is a dlq_selection. False: it is
 * not meant. */
bool dlq_show(const kafka_letter *letter, void *arg);
bool dlq_choose(const kafka_letter *letter, void *arg);
void dlq_tell(const cli_arguments *arguments, const kafka_letters_result *result, bool retry,
              bool dry);
/* Those of --property; dlq_free_properties also where it fails. */
weir_status dlq_read_properties(const cli_arguments *arguments, weir_pairs *ret,
                                weir_error **error);
void dlq_free_properties(weir_pairs *properties);

/* --- dlq_file.c: JSON lines, as the sinks `file` and `stdout` write them --- */

int dlq_show_file(const char *path, dlq_selection *choice);
int dlq_retry_file(const cli_arguments *arguments, const char *path, dlq_selection *choice);

#endif
