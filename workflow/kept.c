/* SPDX-License-Identifier: Apache-2.0 */
/* kept.c - what an earlier run of a task has begun and a later one need not begin again: items and
 * executions of another workflow that are Completed, as long as they would begin with the same
 * input. A run that follows a failure, or a retry of the whole, makes them its own. */
#include <string.h>

#include "workflow/ledger.h"

typedef struct keeping {
    weir_task *job;
    size_t count;
} keeping;

static weir_status no_memory(weir_error **error)
{
    return weir_error_set(error, WEIR_NOMEM, "out of memory");
}

static weir_status is_the_same(const weir_task *job, const store_execution *row, bool *ret,
                               weir_error **error)
{
    char *made = job->items != NULL ? ledger_item_input(job, row->item) : NULL;
    const char *input = made != NULL ? made : job->begins_with;

    *ret = input != NULL && strcmp(row->input, input) == 0;
    weir_free(made);
    return input != NULL ? WEIR_OK : no_memory(error);
}

/* Those of later runs come later. */
static weir_status take_child(void *arg, const store_execution *row, weir_error **error)
{
    const keeping *k = arg;
    weir_task *job = k->job;
    bool same = false;

    if (row->state != STORE_COMPLETED || row->item < 0 || (size_t)row->item >= k->count)
        return WEIR_OK;
    weir_status status = is_the_same(job, row, &same, error);
    if (status != WEIR_OK || !same)
        return status;
    job->kept_count += job->kept[row->item] == 0;
    job->kept[row->item] = row->id;
    return WEIR_OK;
}

weir_status ledger_find_kept(ledger *l, weir_task *job, size_t count, weir_error **error)
{
    keeping k = {job, count};

    if (job->attempt <= 1)
        return WEIR_OK; /* there was no run before */
    if ((job->kept = weir_alloc_array(count, sizeof *job->kept)) == NULL)
        return no_memory(error);
    return l->store->kind->each_child(l->store, job->execution, job->position, 0, take_child, &k,
                                      error);
}

/* The last one ends the task, as it would where it ended now. */
static weir_status tell(ledger *l, int64_t id, weir_error **error)
{
    ledger_view view;
    weir_status status = ledger_look(l, id, &view, error);

    return status == WEIR_OK ? ledger_tell_parent(l, id, &view, STORE_COMPLETED, NULL, error)
                             : status;
}

weir_status ledger_take_kept(ledger *l, const weir_task *job, size_t count, weir_error **error)
{
    weir_status status = WEIR_OK;
    int64_t last = 0;

    if (job->kept_count == 0)
        return WEIR_OK;
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        if (job->kept[i] == 0)
            continue;
        last = job->kept[i];
        status = l->store->kind->adopt(l->store, last, job->token, error);
    }
    return status == WEIR_OK && job->kept_count == count ? tell(l, last, error) : status;
}
