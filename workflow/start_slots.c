/* SPDX-License-Identifier: Apache-2.0 */
/* start_slots.c - starts what a schedule says, and records it: slot, its row and the execution are
 * one transaction (rule F14). */
#include "workflow/ledger.h"

#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "core/clock.h"
#include "workflow/input.h"
#include "workflow/json.h"
#include "workflow/schedule.h"
#include "workflow/trigger.h"

static const int64_t SECOND = 1000000000;

static weir_status record(ledger *l, const plan *p, store_slot *row, weir_error **error)
{
    row->workflow = p->workflow;
    row->time = l->now;
    return l->store->kind->put_slot(l->store, row, error);
}

/* --- What runs already --- */

typedef struct running {
    int64_t ids[16]; /* the oldest; of the others only the number counts */
    size_t count;
} running;

static weir_status take_running(void *arg, const store_execution *row, weir_error **error)
{
    running *r = arg;

    (void)error;
    r->ids[r->count++] = row->id;
    return WEIR_OK;
}

/* Executions of the schedule that have not ended. */
static weir_status find_running(ledger *l, const plan *p, running *ret, weir_error **error)
{
    store_filter filter = {
        .workflow = p->workflow, .scheduled = true, .most = sizeof ret->ids / sizeof *ret->ids};

    ret->count = 0;
    return l->store->kind->each_execution(l->store, &filter, take_running, ret, error);
}

static weir_status cancel_running(ledger *l, const plan *p, weir_error **error)
{
    running r = {.count = 1};
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && r.count != 0) {
        status = find_running(l, p, &r, error);
        for (size_t i = 0; i < r.count && status == WEIR_OK; i++)
            status = ledger_cancel(l, r.ids[i], "the next slot of its schedule has come", error);
    }
    return status;
}

/* --- Starting --- */

static weir_status make_input(const plan *p, int64_t slot, char **ret, weir_error **error)
{
    json_t *moments = json_object();

    input_add_moments(p, slot, schedule_date(p->schedule, slot), moments);
    char *given = json_to_text(moments);
    json_decref(moments);
    weir_status status = given != NULL ? input_read(p, given, ret, error)
                                       : weir_error_set(error, WEIR_NOMEM, "out of memory");

    weir_free(given);
    return status;
}

/* The key names the slot, so that no two executions are of one. */
static weir_status start(ledger *l, const plan *p, int64_t slot, const char *reason,
                         weir_error **error)
{
    char key[64] = "slot ", *input = NULL;
    int64_t id = 0;
    weir_status status = make_input(p, slot, &input, error);

    if (status != WEIR_OK)
        return status;
    *weir_calendar_print_time(key + strlen(key), slot) = '\0';
    l->slot = slot;
    l->slot_day = schedule_date(p->schedule, slot);
    status = ledger_start(l, p, input, key, &id, error);
    l->slot = l->slot_day = 0;
    weir_free(input);
    if (status == WEIR_OK && reason != NULL)
        status = l->store->kind->note(
            l->store, id,
            &(store_event){.position = -1, .time = l->now, .runner = l->runner, .reason = reason},
            error);
    if (status != WEIR_OK)
        return status;
    store_slot row = {
        .slot = slot, .outcome = STORE_SLOT_STARTED, .execution = id, .reason = reason};
    return record(l, p, &row, error);
}

static weir_status take_queued(void *arg, const store_slot *row, weir_error **error)
{
    int64_t *slots = arg;

    (void)error;
    if (slots[0] == 0)
        slots[1] = row->slot;
    slots[0]++;
    return WEIR_OK;
}

/* How many slots wait, and (*ret_first) the oldest of them. */
static weir_status count_queued(ledger *l, const plan *p, int64_t *ret, int64_t *ret_first,
                                weir_error **error)
{
    int64_t slots[2] = {0};
    weir_status status = l->store->kind->each_slot(l->store, p->workflow, true,
                                                   (size_t)p->schedule->config.max_catchup,
                                                   take_queued, slots, error);

    *ret = slots[0];
    *ret_first = slots[1];
    return status;
}

static weir_status skip(ledger *l, const plan *p, int64_t slot, const char *reason,
                        weir_error **error)
{
    store_slot row = {.slot = slot, .outcome = STORE_SLOT_SKIPPED, .reason = reason};

    return record(l, p, &row, error);
}

static weir_status queue(ledger *l, const plan *p, int64_t slot, int64_t before, bool runs,
                         const char *reason, weir_error **error)
{
    char why[100];
    int64_t queued, first;
    weir_status status = count_queued(l, p, &queued, &first, error);

    if (status != WEIR_OK || (!runs && queued == 0))
        return status == WEIR_OK ? start(l, p, slot, reason, error) : status;
    p->schedule->queued = true;
    if (queued >= p->schedule->config.max_catchup) {
        snprintf(why, sizeof why, "%lld slots wait already", (long long)queued);
        return skip(l, p, slot, why, error);
    }
    snprintf(why, sizeof why, "it waits for execution %lld", (long long)before);
    store_slot row = {.slot = slot, .outcome = STORE_SLOT_QUEUED, .reason = why};
    return record(l, p, &row, error);
}

/* One slot, as `overlap:` says. */
static weir_status take_slot(ledger *l, const plan *p, int64_t slot, const char *reason,
                             weir_error **error)
{
    int overlap = p->schedule->config.overlap;
    running r = {.count = 0};
    char why[100];
    weir_status status = overlap != WEIR_OVERLAP_ALLOW ? find_running(l, p, &r, error) : WEIR_OK;

    if (status == WEIR_OK && overlap == WEIR_OVERLAP_QUEUE)
        return queue(l, p, slot, r.ids[0], r.count != 0, reason, error);
    if (status == WEIR_OK && overlap == WEIR_OVERLAP_CANCEL_PREVIOUS && r.count != 0)
        status = cancel_running(l, p, error);
    if (status != WEIR_OK)
        return status;
    if (overlap != WEIR_OVERLAP_SKIP || r.count == 0)
        return start(l, p, slot, reason, error);
    snprintf(why, sizeof why, "execution %lld of an earlier slot has not ended",
             (long long)r.ids[0]);
    return skip(l, p, slot, why, error);
}

/* --- Slots that were missed --- */

static weir_status record_missed(ledger *l, const plan *p, const schedule_missed *missed, char *why,
                                 size_t size, weir_error **error)
{
    int64_t dropped = missed->all - (int64_t)missed->count;
    store_slot row = {
        .slot = missed->last, .outcome = STORE_SLOT_MISSED, .missed = dropped, .reason = why};

    why[0] = '\0';
    if (dropped == 0)
        return WEIR_OK;
    snprintf(why, size, "%s%lld slot%s missed and dropped, as nothing started them in time",
             missed->uncounted ? "at least " : "", (long long)dropped,
             dropped != 1 ? "s were" : " was");
    return record(l, p, &row, error);
}

static weir_status catch_up(ledger *l, const plan *p, const schedule_missed *missed,
                            weir_error **error)
{
    char why[160];
    weir_status status = record_missed(l, p, missed, why, sizeof why, error);

    for (size_t i = 0; i < missed->count && status == WEIR_OK; i++)
        status =
            take_slot(l, p, missed->newest[i],
                      i == 0 && why[0] != '\0' ? why : "it was missed, and is caught up", error);
    return status;
}

/* --- The schedule itself --- */

typedef struct found_schedule {
    bool same; /* as it is declared here */
    bool paused;
    int64_t slot;
    const char *digest;
} found_schedule;

static weir_status take_schedule(void *arg, const store_schedule *row, weir_error **error)
{
    found_schedule *found = arg;

    (void)error;
    found->same = strcmp(row->digest, found->digest) == 0;
    found->slot = row->slot;
    found->paused = row->paused != 0;
    return WEIR_OK;
}

static weir_status put(ledger *l, const plan *p, int64_t slot, weir_error **error)
{
    store_schedule row = {.workflow = p->workflow, .digest = p->schedule->digest, .slot = slot};

    row.due = slot != 0 ? schedule_due(p->schedule, slot) : 0;
    p->schedule->due = slot != 0 ? row.due : INT64_MAX;
    return l->store->kind->put_schedule(l->store, &row, error);
}

/* What is due by now: what was missed, then one after the other. */
static weir_status take_due(ledger *l, const plan *p, int64_t slot, weir_error **error)
{
    schedule_missed missed;
    weir_status status = schedule_skip_missed(p->schedule, slot, l->now, &missed, &slot, error);

    if (status == WEIR_OK)
        status = catch_up(l, p, &missed, error);
    weir_free(missed.newest);
    for (; status == WEIR_OK && slot != 0 && schedule_due(p->schedule, slot) <= l->now;
         slot = schedule_next(p->schedule, slot))
        status = take_slot(l, p, slot, NULL, error);
    return status == WEIR_OK ? put(l, p, slot, error) : status;
}

static weir_status look_for_pause(ledger *l, const plan *p, weir_error **error)
{
    found_schedule found = {.digest = p->schedule->digest};
    weir_status status =
        l->store->kind->each_schedule(l->store, p->workflow, take_schedule, &found, error);

    p->schedule->paused = found.paused;
    return status;
}

/* The oldest slot that waits, once nothing of the schedule runs. */
static weir_status start_queued(ledger *l, const plan *p, weir_error **error)
{
    int64_t queued, first;
    running r;
    weir_status status = find_running(l, p, &r, error);

    if (status == WEIR_OK && r.count == 0)
        status = look_for_pause(l, p, error);
    if (status != WEIR_OK || r.count != 0 || p->schedule->paused)
        return status;
    status = count_queued(l, p, &queued, &first, error);
    p->schedule->queued = queued > 1;
    return status == WEIR_OK && queued != 0 ? start(l, p, first, NULL, error) : status;
}

static weir_status look_at(ledger *l, const plan *p, weir_error **error)
{
    schedule *s = p->schedule;
    found_schedule found = {.digest = s->digest};
    weir_status status =
        l->store->kind->each_schedule(l->store, p->workflow, take_schedule, &found, error);

    s->queued |= s->config.overlap == WEIR_OVERLAP_QUEUE; /* others may have queued one */
    if (status != WEIR_OK)
        return status;
    s->paused = found.paused;
    if (!found.same)
        return put(l, p, schedule_next(s, l->now), error);
    s->due = found.slot != 0 ? schedule_due(s, found.slot) : INT64_MAX;
    if (s->paused)
        return WEIR_OK; /* when it goes on, what was missed goes by `catchup:` */
    return found.slot != 0 && s->due <= l->now ? take_due(l, p, found.slot, error) : WEIR_OK;
}

weir_status ledger_start_slots(ledger *l, int64_t *ret_due, weir_error **error)
{
    weir_status status = WEIR_OK;

    *ret_due = INT64_MAX;
    for (size_t i = 0; i < l->plan_count && status == WEIR_OK; i++) {
        const plan *p = l->plans[i];
        if (p->schedule == NULL)
            continue;
        if (p->schedule->due <= l->now)
            status = look_at(l, p, error);
        if (status == WEIR_OK && p->schedule->queued)
            status = start_queued(l, p, error);
        /* What is paused is asked for again once somebody has changed something, or soon. */
        int64_t due = p->schedule->due;
        if (p->schedule->paused && due < weir_later(l->now, SECOND))
            due = weir_later(l->now, SECOND);
        *ret_due = due < *ret_due ? due : *ret_due;
    }
    return status;
}

void ledger_forget_slots(ledger *l)
{
    for (size_t i = 0; i < l->plan_count; i++) {
        if (l->plans[i]->schedule != NULL)
            l->plans[i]->schedule->due = 0;
        for (uint32_t k = 0; k < l->plans[i]->trigger_count; k++)
            l->plans[i]->triggers[k]->due = 0;
    }
}
