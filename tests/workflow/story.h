/* SPDX-License-Identifier: Apache-2.0 */
/* story.h - whether the events of an execution tell a story that could be: only transitions that
 * may be, each one from where the last one led, each task's result once, no task before what it
 * comes after has ended, runs numbered one by one, and as many effects as runs at most. */
#ifndef WEIR_TESTS_STORY_H
#define WEIR_TESTS_STORY_H

#include "tests/workflow/flow.h"

/* The chain a, b, c and a fan of two, d and e, behind a, which come together in f; each counts its
 * runs. */
extern const flow_task story_tasks[];
enum { STORY_TASKS = 6 };

void story_begin(void); /* nobody has run */
int story_runs(void);   /* in all */

/* The execution is Completed, and so says its story. Fails the test if not. */
void story_check(weir_runner *runner, int64_t id);

#endif
