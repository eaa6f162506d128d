/* SPDX-License-Identifier: Apache-2.0 */
/* trigger.h - what a workflow starts by beside its schedule: a function that is called, or a folder
 * that is read, from time to time. A look is a job like that of a task, of a plan of its own. */
#ifndef WEIR_WORKFLOW_TRIGGER_H
#define WEIR_WORKFLOW_TRIGGER_H

#include "core/digest.h"
#include "core/task_options.h"
#include "workflow/plan.h"
#include <weir/task.h>

enum { TRIGGER_FIRES = 256 }; /* in one look */

/* The key under which a job's writes hold what it fired: [[key, input], ..]. */
#define TRIGGER_FIRED " fired"

/* Files that have been fired on, sorted, so that the store is asked once for each. */
typedef struct known_files {
    uint64_t *items;
    size_t count, room;
} known_files;

typedef struct trigger {
    const weir_module_trigger *declared;
    weir_trigger_config config;
    char digest[WEIR_DIGEST_TEXT];
    /* the one task of its plan */
    weir_module_task task;
    weir_module_workflow workflow;
    weir_setting settings[2];
    char timeout[32];
    plan *plan;
    const weir_type *input; /* of its workflow; NULL: any object */
    /* what this runner knows: when it is due; 0: it has not asked yet */
    int64_t due;
    bool paused;
    bool looks; /* a job of it is under way, or not recorded */
    /* of the look under way */
    int64_t now; /* the store's time when it began */
    bool more;   /* there was more to fire */
    bool ours;   /* it was so when that was recorded; else nothing was */
    known_files known;
    int64_t known_since; /* they are asked for again once a day */
} trigger;

/* All of a workflow; NULL: it has none. WEIR_SPEC: what is wrong, and where. */
weir_status triggers_new(const weir_module_workflow *workflow, const char *folder, trigger ***ret,
                         weir_error **error);
void triggers_free(trigger **all, uint32_t count);

/* --- arrivals.c --- */

/* A look at files: weir_task_user is the trigger. */
weir_answer arrivals_look(weir_task *task);
/* The firing of `key` is recorded: it is not given again. */
void arrivals_note(trigger *t, const char *key);

#endif
