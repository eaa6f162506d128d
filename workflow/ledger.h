/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h - what happens to executions and tasks, one store transaction for each step.
 *
 *     start     the execution and all its tasks; those that wait for nobody are Ready
 *     claim     Ready -> Running, with the next token, and what the task reads
 *     finish    the result, the tasks that it releases or skips, perhaps the end of it all
 *     reclaim   runs whose runner is gone: Running -> Ready, or Failed at the cap
 */
#ifndef WEIR_WORKFLOW_LEDGER_H
#define WEIR_WORKFLOW_LEDGER_H

#include "store/store.h"
#include "workflow/job.h"

enum { LEDGER_KEY_LIMIT = 255 };

typedef struct ledger {
    weir_store *store;
    int64_t runner;
    int64_t now;   /* of a virtual clock; 0: the store's clock is asked */
    int64_t grace; /* given to jobs, like these */
    int stop;
    int64_t most_lost;
    void *user;
    struct isolation *isolation; /* NULL: functions run on threads */
} ledger;

int64_t ledger_now(const ledger *l);

/* `input` is a JSON object. WEIR_INVALID: `key` was used with another input. */
weir_status ledger_start(ledger *l, const plan *p, const char *input, const char *key,
                         int64_t *ret_id, weir_error **error);

/* What the runner must know of an execution. */
typedef struct ledger_view {
    store_state state;
    char workflow[80];
    char version[WEIR_DIGEST_TEXT];
} ledger_view;

/* WEIR_NOT_FOUND: there is no such execution. */
weir_status ledger_look(ledger *l, int64_t id, ledger_view *ret, weir_error **error);

typedef struct ledger_claimed {
    weir_task *job;    /* NULL: nothing to do now */
    store_state state; /* of the execution */
    int64_t due;       /* when the next Ready task is due; INT64_MAX: there is none */
} ledger_claimed;

weir_status ledger_claim(ledger *l, const plan *p, int64_t id, ledger_claimed *ret,
                         weir_error **error);

/* Records the outcome; one that comes too late (the claim was lost) is refused and noted. */
weir_status ledger_finish(ledger *l, const plan *p, const weir_task *job, weir_error **error);

weir_status ledger_reclaim(ledger *l, const plan *p, int64_t id, weir_error **error);

/* --- Between the files of the ledger --- */

/* A task that has ended releases the tasks below it (release.c); within a transaction. */
weir_status ledger_task_ended(ledger *l, const plan *p, int64_t id, uint32_t position,
                              weir_error **error);

/* What `reader` sees (task_count: the end); clashes are noted where `note_clashes`. */
weir_status ledger_context(ledger *l, const plan *p, int64_t id, uint32_t reader, bool note_clashes,
                           json_t **ret, weir_error **error);

/* --- retry.c --- */

/* Nanoseconds before the run that follows the `spent`-th that counts (rule F9). `seed` chooses the
 * jitter: the same for the same task, execution and run. */
int64_t retry_delay(const weir_retry_config *retry, int64_t spent, uint64_t seed);

#endif
