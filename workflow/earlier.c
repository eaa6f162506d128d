/* SPDX-License-Identifier: Apache-2.0 */
/* earlier.c - what an earlier run of a task has begun and a later one goes on with: items and
 * executions of another workflow, as long as they would begin with the same input. A run that
 * follows a failure, or a retry of the whole, makes them its own.
 *
 *     Completed           is kept as it is
 *     Failed, Cancelled   is tried again (again.c): what is Completed in it is not done twice
 *     else                somebody has tried it again already, and it is waited for
 *
 * All of them are of one version: what a workflow begins is part of its own.
 */
#include <string.h>

#include "workflow/ledger.h"

typedef struct finding {
    weir_task *job;
    size_t count;
} finding;

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

/* What is Completed, else the newest: those of later runs come later. */
static weir_status take_child(void *arg, const store_execution *row, weir_error **error)
{
    const finding *f = arg;
    weir_task *job = f->job;
    bool same = false;

    if (row->item < 0 || (size_t)row->item >= f->count)
        return WEIR_OK;
    job_earlier *earlier = &job->earlier[row->item];
    if (earlier->completed)
        return WEIR_OK;
    weir_status status = is_the_same(job, row, &same, error);
    if (status != WEIR_OK || !same)
        return status;
    *earlier = (job_earlier){row->id, row->state == STORE_COMPLETED};
    job->kept_count += earlier->completed;
    return WEIR_OK;
}

weir_status ledger_find_earlier(ledger *l, weir_task *job, size_t count, weir_error **error)
{
    finding f = {job, count};

    if (job->attempt <= 1)
        return WEIR_OK; /* there was no run before */
    if ((job->earlier = weir_alloc_array(count, sizeof *job->earlier)) == NULL)
        return no_memory(error);
    return l->store->kind->each_child(l->store, job->execution, job->position, 0, take_child, &f,
                                      error);
}

/* --- Making it one's own --- */

/* The last one ends the task, as it would where it ended now. */
static weir_status tell(ledger *l, int64_t id, weir_error **error)
{
    ledger_view view;
    weir_status status = ledger_look(l, id, &view, error);

    return status == WEIR_OK ? ledger_tell_parent(l, id, &view, STORE_COMPLETED, NULL, error)
                             : status;
}

/* It may have moved since it was found. */
weir_status ledger_go_on(ledger *l, const weir_task *job, size_t item, bool paused, bool *ret,
                         weir_error **error)
{
    int64_t id = job->earlier != NULL ? job->earlier[item].id : 0;
    ledger_view view;

    *ret = id != 0 && job->earlier[item].completed; /* ledger_take_kept has seen to it */
    if (id == 0 || *ret)
        return WEIR_OK;
    weir_status status = ledger_look(l, id, &view, error);
    bool ended = status == WEIR_OK && store_state_is_end(view.state);
    *ret = status == WEIR_OK && !(ended && view.unfinished != 0); /* its tasks are being ended */
    if (!*ret)
        return status;
    status = l->store->kind->adopt(l->store, id, job->token, error);
    if (status == WEIR_OK && view.state == STORE_COMPLETED)
        return tell(l, id, error);
    if (status == WEIR_OK && ended)
        status = ledger_try_again(l, id, &view, "the task that has begun it runs again", error);
    return status == WEIR_OK && paused && view.state != STORE_PAUSED
               ? ledger_pause(l, id, "it was begun by one that is Paused", error)
               : status;
}

weir_status ledger_take_kept(ledger *l, const weir_task *job, size_t count, weir_error **error)
{
    weir_status status = WEIR_OK;
    int64_t last = 0;

    if (job->kept_count == 0)
        return WEIR_OK;
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        if (!job->earlier[i].completed)
            continue;
        last = job->earlier[i].id;
        status = l->store->kind->adopt(l->store, last, job->token, error);
    }
    return status == WEIR_OK && job->kept_count == count ? tell(l, last, error) : status;
}
