/* SPDX-License-Identifier: Apache-2.0 */
/* input.h - what an execution is started with, checked against what its workflow declares (F6). */
#ifndef WEIR_WORKFLOW_INPUT_H
#define WEIR_WORKFLOW_INPUT_H

#include "workflow/plan.h"

/* The JSON object `input` (NULL: {}) as it is stored: of one input always the same text, with its
 * defaults. Freed by weir_free. Fails with WEIR_INVALID and a message that names what is wrong. */
weir_status input_read(const plan *p, const char *input, char **ret, weir_error **error);

#endif
