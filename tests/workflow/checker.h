/* SPDX-License-Identifier: Apache-2.0 */
/* checker.h - whether what is recorded of an execution tells a story that could be.
 *
 * It knows the rules F1..F4, F8 and F9 in a naive way of its own, and nothing of the engine: a
 * story is JSON, what is wrong with it a sentence. The simulation, the tests with faults and the
 * runs that are killed (by `story_checker`) all ask it. A story is
 *
 *     {"tasks": [{"name", "after"?: [NAME], "run_if"?: WORD, "rule"?: TREE, "allow_failure"?,
 *                 "attempts"?: 3, "delay"?: ns, "max_delay"?: ns, "backoff"?: WORD, "jitter"?,
 *                 "retry_on"?: [CLASS], "on_lost"?: "fail",
 *                 "begins"?}],     it waits for what it has begun, whose results its runs tell
 *      "most_lost": N,     how often a run may be lost with its runner
 *      "loose_clock"?,     it was set back, or is that of several: nothing is said of delays
 *      "runs": [{"task", "attempt", "answer": "done" | "failed" | "for good" | "retry" |
 *                "deferred", "class"?, "delay"?: ns, "set"?: {..}, "delete"?: [..], "saw"?: {..},
 *                "handed_back"?}],  one for each effect
 *      "events": [..],     as weir_workflow_events has them
 *      "result": {..}}     as weir_workflow_result has it
 *
 * Of TREE it understands failed, succeeded, and `>` of a key of the context and a number.
 */
#ifndef WEIR_TESTS_CHECKER_H
#define WEIR_TESTS_CHECKER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* False: `wrong` says why. The execution has ended, all of its tasks have, and events, result and
 * runs agree: only transitions that may be, each from where the last one led; no task before what
 * it comes after; its rule as the rules have it; runs numbered one by one, each with one effect at
 * most, and one more before it where it waited; attempts and losses within their limits; each
 * result once, and of a run that there was; each run saw, and the end has, the context that the
 * writes above make. */
bool checker_hear(const json_t *story, char *wrong, size_t size);

#endif
