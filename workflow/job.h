/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - one run of a task: from its claim, through the thread that does it, to its outcome. */
#ifndef WEIR_WORKFLOW_JOB_H
#define WEIR_WORKFLOW_JOB_H

#include <jansson.h>

#include "core/arena.h"
#include "workflow/evaluate.h"
#include "workflow/plan.h"
#include <weir/task.h>

enum { JOB_REASON = 4096, JOB_LOG = 64 << 10, JOB_CLASS = 32, JOB_CONDITION = 128 };

/* Why a job is to end before it is done. */
typedef enum job_ending {
    JOB_GOES_ON,
    JOB_UNWANTED,    /* its execution has ended */
    JOB_LOST,        /* its claim was: what it came to counts only where it is done, and in time */
    JOB_HANDED_BACK, /* its runner stops: what it came to is no attempt, unless it is done */
} job_ending;

/* What an earlier run of a task has begun (earlier.c); id 0: nothing. */
typedef struct job_earlier {
    int64_t id;
    bool completed;
} job_earlier;

/* A weir_task is what the user sees of a job. */
struct weir_task {
    const plan *plan;
    uint32_t position;
    int64_t execution, attempt, token;
    int64_t spent; /* runs before this one that count as attempts */
    int64_t grace; /* nanoseconds from SIGTERM to SIGKILL */
    void *user;
    struct zygotes *zygotes;  /* NULL: functions run on threads */
    json_t *input, *context;  /* nobody else's */
    const char *const *words; /* of its command, where some are expressions; else NULL */
    const char **secrets;     /* among them; they end with NULL; NULL: none */
    char *seen;               /* whose writes it reads; NULL: nobody's */
    json_t *set, *gone;       /* what it has written: {key: value}, {key: true} */
    weir_arena texts;         /* that it was given */
    char key[160];
    char *draft;  /* what it has written before it waited; NULL: it has not */
    bool resumed; /* it goes on with that */
    const weir_task_condition *condition; /* that this run asks, instead of running the task */
    json_t *item;                         /* that it is for; NULL: none */
    int64_t index;                        /* of that; -1: none */
    json_t *items;                        /* for which it begins executions; NULL: none */
    const plan *begins;                   /* what it begins and waits for; NULL: nothing */
    char *begins_with;                    /* the input of that */
    job_earlier *earlier;                 /* by item: what this run goes on with; NULL: nothing */
    size_t kept_count;                    /* of those are Completed */
    int64_t slot, slot_day; /* of the schedule that started it, or what is above it; 0: none */
    int stop;               /* a descriptor that can be read when it is to end; -1: it has none */
    int ending;             /* a job_ending; by any thread */
    /* the outcome */
    weir_answer answer;
    int64_t delay;              /* of WEIR_TASK_RETRY, and how long it is to wait */
    int64_t until;              /* the moment that it waits for; 0: for `delay` */
    int64_t patience;           /* when it has waited for long enough; 0: not known yet, or never */
    bool defers;                /* it has said what it waits for */
    char awaits[JOB_CONDITION]; /* the condition that it waits for; "": a time */
    char reason[JOB_REASON];    /* why it failed; "": it did not */
    char error_class[JOB_CLASS]; /* what `retry_on:` goes by; "": nothing that the task did */
    bool refused;                /* something could not be written: it fails, whatever it answers */
    bool broken;                 /* ... for want of memory */
    char *log;                   /* of a command; NULL: none */
    char *writes;                /* as a row holds them; of one that is done */
    char *seen_after;            /* what it hands on; NULL: what it has seen itself */
    /* of a commit that was not answered */
    bool settled; /* its outcome is there: it is not run */
    bool sure;    /* its claim is in the store */
    bool doubted; /* its outcome may be */
    weir_task *next;
    weir_task *next_running; /* of its runner */
};

/* Without input and context yet. NULL: out of memory, or descriptors. */
weir_task *job_new(const plan *p, uint32_t position);
void job_free(weir_task *job); /* NULL allowed */

/* Says that it is to end; the first reason counts. By any thread, while the job runs. */
void job_end(weir_task *job, job_ending ending);
job_ending job_is_ending(const weir_task *job);
const char *job_why_ended(const weir_task *job); /* the reason of a run that was cut short */

/* Does it, on any thread: the function, or the command. */
void job_run(weir_task *job);

/* What runs: the task's function or the condition's; NULL: the command. */
weir_task_function job_function(const weir_task *job);
int64_t job_timeout(const weir_task *job);

/* Takes {"set", "delete"} that it has written before it waited. NULL allowed. False: out of memory,
 * or it is no such thing. */
bool job_take_draft(weir_task *job, const char *text);

/* What its expressions read. */
evaluate_scope job_scope(const weir_task *job);

/* Makes text of what a run has written that is done or waits; it may fail by that. */
void job_settle(weir_task *job);

/* The words of its command. */
const char *const *job_words(const weir_task *job);

/* Runs the command of its task and fills the outcome (exec.c). */
void job_run_command(weir_task *job);

/* Sets the outcome to a failure; `for good` where another run cannot help. */
void job_fail(weir_task *job, weir_answer answer, const char *format, ...) WEIR_PRINTF(3, 4);

/* Says of which class the failure is. */
void job_set_class(weir_task *job, const char *error_class);

/* Sets a key; takes `value`, where NULL is out of memory or, as jansson has it, a text that is no
 * UTF-8: `why`. Where it cannot be, the task fails; the first reason is the one that is told. */
weir_status job_set(weir_task *job, const char *key, json_t *value, const char *why);
weir_status job_refuse(weir_task *job, weir_status status, const char *key, const char *why);

/* Takes the {"set": {..}, "delete": [..], "defer": {..}} that a command left. */
void job_take_result(weir_task *job, const char *text);

#endif
