/* SPDX-License-Identifier: Apache-2.0 */
/* story.h - one workflow for tests that disturb it, and the checker's word on what came of it. */
#ifndef WEIR_TESTS_STORY_H
#define WEIR_TESTS_STORY_H

#include "tests/workflow/flow.h"

/* The chain a, b, c and a fan of two, d and e, behind a, which come together in f; each notes its
 * runs. */
extern const flow_task story_tasks[];
enum { STORY_TASKS = 6 };

void story_begin(void); /* nobody has run */
int story_runs(void);   /* in all */

/* The execution is Completed, and its story could be (checker.h). Fails the test if not. */
void story_check(weir_runner *runner, int64_t id);

#endif
