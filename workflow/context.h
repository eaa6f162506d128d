/* SPDX-License-Identifier: Apache-2.0 */
/* context.h - what tasks wrote, and what a task reads of it (rule F4). */
#ifndef WEIR_WORKFLOW_CONTEXT_H
#define WEIR_WORKFLOW_CONTEXT_H

#include <jansson.h>

#include "workflow/plan.h"

enum { CONTEXT_VALUE_LIMIT = 1 << 20, CONTEXT_LIMIT = 8 << 20 };

/* The writes of the Completed tasks of one execution. */
typedef struct context_writes {
    const plan *plan;
    json_t **of; /* {"set": {..}, "delete": [..]}, one for each task; NULL: none */
} context_writes;

weir_status context_writes_init(context_writes *writes, const plan *p, weir_error **error);
void context_writes_free(context_writes *writes);
/* Takes what a task row holds. */
weir_status context_writes_add(context_writes *writes, uint32_t task, const char *text,
                               weir_error **error);

/* Told of each key that tasks side by side have written: the later in the spec wins. */
typedef weir_status (*context_clash)(void *arg, const char *key, const char *sentence,
                                     weir_error **error);

/* What `reader` sees (task_count: the end of the execution). */
weir_status context_merge(const context_writes *writes, uint32_t reader, context_clash clash,
                          void *arg, json_t **ret, weir_error **error);

#endif
