/* SPDX-License-Identifier: Apache-2.0 */
/* starter.h - starts executions on a thread of its own, many in one transaction: a store blocks,
 * and the loop of a runtime must not.
 *
 * What it is given it starts in that order. A store that is not to be had is tried again until it
 * is; each start has a key, so that one whose commit was not answered is not done twice.
 *
 * Threads: all functions are for one thread.
 */
#ifndef WEIR_WORKFLOW_STARTER_H
#define WEIR_WORKFLOW_STARTER_H

#include "workflow/plan.h"

typedef struct starter starter;

typedef struct starter_order {
    const char *key, *input; /* copied; of an input that the plan takes */
    uint64_t credit;         /* what `done` grows by once it is recorded */
} starter_order;

typedef struct starter_report {
    uint64_t done;      /* the credit of all that is recorded, or refused for good */
    weir_status status; /* WEIR_OK; WEIR_IO: it is tried again; WEIR_CLOSED: it never will be */
    char reason[320];   /* why */
    uint64_t refused;   /* keys that were used with another input, since the last report */
    char refusal[320];  /* the newest of them */
} starter_report;

/* Of one of the module's workflows; the module outlives the starter. `who` is told of in the events
 * of executions. `buffer` bytes wait at the most, or one order. Fails with WEIR_SPEC, WEIR_INVALID,
 * WEIR_MISMATCH, WEIR_IO, as a runner's opening does; a store that others hold is waited for. */
weir_status starter_new(const char *store, const weir_module *module, const char *workflow,
                        const char *who, size_t buffer, starter **ret, weir_error **error);
const plan *starter_plan(const starter *s); /* of the workflow */
/* Can be read when a report is worth a call. */
int starter_descriptor(const starter *s);
/* False: it is full. */
bool starter_give(starter *s, const starter_order *order);
/* Leaves the descriptor unready. */
void starter_ask(starter *s, starter_report *ret);
/* What is not recorded yet is given up; waits for the call under way. NULL allowed. */
void starter_free(starter *s);

#endif
