/* SPDX-License-Identifier: Apache-2.0 */
/* runner.h - a runner's inside: its loop turn by turn, and how a test gives it another clock. */
#ifndef WEIR_WORKFLOW_RUNNER_H
#define WEIR_WORKFLOW_RUNNER_H

#include "core/arena.h"
#include "workflow/ledger.h"
#include "workflow/pool.h"
#include <weir/workflow.h>

struct weir_runner {
    ledger ledger;
    weir_arena tables; /* of workflows that were declared by a table */
    job_pool *pool;
    weir_task *running;  /* given to the pool; linked by `next_running` */
    weir_task *results;  /* ended, and not recorded yet, by execution; linked by `next` */
    job_pool *look_pool; /* triggers have threads of their own: they hold up no task */
    weir_task *looking;  /* given to it; linked by `next_running` */
    weir_task *looks;    /* ended, and not recorded yet; linked by `next` */
    weir_task *doubtful; /* claimed by a commit that was not answered; linked by `next` */
    int stop;            /* can be read when the runner is to stop */
    bool stopping;
    bool waits_for_store;     /* and has said so */
    bool hungry;              /* something may be there to be claimed */
    int64_t only;             /* the execution that is run; 0: all */
    int64_t root;             /* of `only`; what is below it is run, too */
    store_state state;        /* of `only` */
    int64_t below;            /* executions that have not ended, of one that has */
    ledger_unserved unserved; /* that the sweep under way has noted */
    int64_t stuck_after;      /* where looking for what is stuck goes on; 0: at the beginning */
    /* times of the runner's own clock, which goes on without the store */
    int64_t next_beat, next_sweep, drained;
    /* times of the store's */
    int64_t next_slot;      /* of a schedule */
    int64_t next_ask;       /* of a condition that it has the code of */
    int64_t next_due, base; /* `base`: how far it is ahead of the runner's */
    int64_t *own_clock;     /* a virtual one in the place of the runner's own; NULL: the store's */
    int64_t virtual_now;    /* what runner_use_virtual_time has the clock at */
    weir_log_function log;
    void *log_arg;
};

/* From now on time is `now` (nanoseconds since 1970), and where nothing runs it jumps to what is
 * due next. */
void runner_use_virtual_time(weir_runner *runner, int64_t now);
/* The same with a clock that several runners share; it outlives them. */
void runner_use_clock(weir_runner *runner, int64_t *now);

void WEIR_PRINTF(4, 5) runner_tell(const weir_runner *runner, weir_level level, const char *name,
                                   const char *format, ...);

/* --- watch.c --- */

void runner_free_looks(weir_runner *runner);
size_t runner_looks_running(const weir_runner *runner);
int runner_looks_descriptor(const weir_runner *runner); /* -1: none */
void runner_take_looks(weir_runner *runner);            /* those that have ended */
void runner_end_looks(weir_runner *runner, job_ending ending);
/* In a transaction: records what has ended, claims what is due. */
weir_status runner_record_looks(weir_runner *runner, weir_error **error);
weir_status runner_claim_looks(weir_runner *runner, weir_task **claimed, weir_error **error);
/* After it: what was recorded is over, what was claimed begins. */
void runner_settle_looks(weir_runner *runner, weir_task *claimed);
/* After one that failed: what was claimed was not. */
void runner_drop_looks(weir_runner *runner, weir_task *claimed);

/* --- turn.c --- */

/* What there is to do now, in one transaction: results, what is due, claims. Does not wait for
 * jobs. WEIR_OK also where the store was not to be had; what was to be recorded is kept. */
weir_status runner_turn(weir_runner *runner, weir_error **error);
/* Until there may be something to do. */
void runner_wait(weir_runner *runner);
bool runner_is_stopped(const weir_runner *runner);
/* No job is under way, and all results are recorded. */
bool runner_is_idle(const weir_runner *runner);

#endif
