/* SPDX-License-Identifier: Apache-2.0 */
/* input.h - what an execution is started with, checked against what its workflow declares (F6). */
#ifndef WEIR_WORKFLOW_INPUT_H
#define WEIR_WORKFLOW_INPUT_H

#include "workflow/plan.h"

/* The JSON object `input` (NULL: {}) as it is stored: of one input always the same text, with its
 * defaults. Freed by weir_free. Fails with WEIR_INVALID and a message that names what is wrong. */
weir_status input_read(const plan *p, const char *input, char **ret, weir_error **error);

/* Adds to an input what a schedule gives it by a slot, where it is not there; `day`, since 1970, is
 * what the schedule's clocks show then. */
void input_add_moments(const plan *p, int64_t slot, int64_t day, json_t *input);

#endif
