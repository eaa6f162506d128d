/* SPDX-License-Identifier: Apache-2.0 */
/* checker_parts.h - between the files of the checker. */
#ifndef WEIR_TESTS_CHECKER_PARTS_H
#define WEIR_TESTS_CHECKER_PARTS_H

#include <stdint.h>

#include "tests/workflow/checker.h"

enum { CHECK_TASKS = 64 };

typedef enum check_state {
    CHECK_NONE,
    CHECK_PENDING,
    CHECK_READY,
    CHECK_RUNNING,
    CHECK_DEFERRED,
    CHECK_PAUSED,
    CHECK_COMPLETED,
    CHECK_FAILED,
    CHECK_SKIPPED,
    CHECK_CANCELLED,
} check_state;

typedef enum check_verdict {
    CHECK_OPEN,
    CHECK_SUCCESS,
    CHECK_FAILURE,
    CHECK_NEITHER
} check_verdict;

typedef struct check_task {
    const json_t *declared;
    const char *name;
    uint64_t after, above; /* a bit a task; near, and near or far */
    check_state state;
    check_verdict verdict;
    int64_t attempt, spent, lost;
    int64_t due;          /* not before it the next run begins, or it goes on */
    bool goes_on;         /* its next run is of the attempt that waited */
    int completed;        /* how often */
    const json_t *writes; /* the run whose writes count; NULL: none do */
} check_task;

typedef struct check {
    const json_t *story;
    check_task tasks[CHECK_TASKS];
    size_t count;
    check_state state; /* of the execution */
    bool cut_short;    /* it ended before all of its tasks had */
    char *wrong;
    size_t size;
    bool failed;
} check;

/* Sets what is wrong, the first time; false. */
bool check_wrong(check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *check_text(const json_t *object, const char *member); /* "": there is none */
int64_t check_number(const json_t *object, const char *member, int64_t otherwise);
const char *check_state_text(check_state state);
bool check_is_end(check_state state);

/* --- checker_rules.c: F2, F4 and F9, naively --- */

/* What is to become of a task whose `after:` have ended: Ready, Skipped or Failed; false: the rule
 * is none that is understood. */
bool check_rule(check *c, const check_task *task, check_state *ret);
/* What a task that has ended counts as. */
check_verdict check_verdict_of(const check *c, const check_task *task);
/* What the tasks of `among`, a bit each, have written for a reader below them all. */
json_t *check_context(const check *c, uint64_t among);
/* Whether a failure of this class is tried again. */
bool check_retries(const check_task *task, const char *error_class);
/* The least time before the next run, `spent` of them being counted. */
int64_t check_delay(const check_task *task, int64_t spent);

#endif
