/* SPDX-License-Identifier: Apache-2.0 */
/* context.h - whose writes a task sees (rule F4).
 *
 * What a task sees is kept with it as {key: [writers]}: for each key the Completed tasks above that
 * wrote it and have no other writer of it below them. It follows from what the tasks of its
 * `after:` have, so that a task costs what it reads and not what there is above it.
 */
#ifndef WEIR_WORKFLOW_CONTEXT_H
#define WEIR_WORKFLOW_CONTEXT_H

#include <jansson.h>

#include "workflow/plan.h"

enum { CONTEXT_VALUE_LIMIT = 1 << 20, CONTEXT_LIMIT = 8 << 20 };

/* Gathers what several tasks hand on. Zeroed, it has seen nothing. */
typedef struct context_view {
    char *only;  /* what all have handed on so far, while that is the same; NULL: nothing */
    json_t *all; /* else: the union */
} context_view;

void context_view_free(context_view *view);
/* Takes what one task hands on; NULL: nothing. */
weir_status context_view_add(context_view *view, const char *seen, weir_error **error);
/* What somebody below all of them sees; freed by weir_free; *ret NULL: nothing. Empties the view.
 */
weir_status context_view_end(context_view *view, const plan *p, char **ret, weir_error **error);

/* What a task hands on that saw `seen` (NULL: nothing) and wrote the keys of `set` and `gone`.
 * NULL: out of memory. */
char *context_after(const char *seen, uint32_t task, const json_t *set, const json_t *gone);

/* What the same task hands on that handed on `before`, where it would see `seen` now (each may be
 * NULL: nothing); freed by weir_free. */
weir_status context_renew(const char *seen, const char *before, uint32_t task, char **ret,
                          weir_error **error);

/* One key of a view and the writer that holds: the latest in the spec. */
typedef struct context_key {
    const char *name;
    uint32_t writer;
    const json_t *writers; /* more than one: they clash */
} context_key;

/* The keys of a view that was read as JSON, those of one writer together. NULL: out of memory. */
context_key *context_keys(const json_t *seen, size_t *ret_count);

/* A sentence about a clash; freed by weir_free. NULL: out of memory. */
char *context_clash_text(const plan *p, const context_key *key);

#endif
