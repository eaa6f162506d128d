/* SPDX-License-Identifier: Apache-2.0 */
/* workflow.h - what both sides of the benchmarks of workflows share. */
#ifndef WEIR_BENCH_WORKFLOW_H
#define WEIR_BENCH_WORKFLOW_H

#include "bench/harness.h"
#include <weir/core.h>

/* So many tasks of one execution, of which at most `slots` are in flight. */
typedef struct flow_job {
    const char *store; /* its URL: a file that is not there yet, or a schema that is empty */
    int count, slots;
    bool chain;    /* each after the one before, else all side by side */
    bool isolated; /* in processes */
} flow_job;

typedef struct flow_run {
    double seconds; /* from the start of the execution to its end */
    double group;   /* tasks that shared a commit */
    double hop; /* of a chain: median nanoseconds from the end of a task to the next one's begin */
} flow_run;

/* --- workflow_run.c: in weir --- */

flow_run flow_job_run(const flow_job *job);

/* --- reference/workflow.c: by hand --- */

/* A new file of SQLite with the tables of a store of weir's, and no rows. */
void hand_make_store(const char *path);
/* The rows that `count` tasks leave there, in commits of `group` tasks; seconds. */
double hand_write_tasks(const char *path, int count, int group);
/* Median nanoseconds of a commit that changes one row. */
double hand_commit(const char *path, int count);
/* `count` words to children that were forked before, and back, `most` at once; seconds. */
double hand_ask_children(int count, int most);

#endif
