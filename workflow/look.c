/* SPDX-License-Identifier: Apache-2.0 */
/* look.c - looks of triggers: which runner looks, and what a look leads to.
 *
 * A trigger's row says when it is due, and who looks. Who claims a look holds it, by the store's
 * clock, for longer than it can take; then it is anybody's again. What a look fires, its rows, the
 * executions and what its function keeps are one transaction; that a key has a row is why it does
 * not fire twice.
 */
#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "core/clock.h"
#include "workflow/input.h"
#include "workflow/json.h"
#include "workflow/ledger.h"
#include "workflow/trigger.h"

static const int64_t SECOND = 1000000000, MOST_BACKOFF = 3600000000000;

/* --- The row --- */

/* A row as it was found: its texts are copies. */
typedef struct found_trigger {
    bool found, same; /* `same`: as it is declared here */
    store_trigger row;
    const char *digest;
    char reason[JOB_REASON];
    char *kept;
} found_trigger;

static weir_status take_row(void *arg, const store_trigger *row, weir_error **error)
{
    found_trigger *f = arg;

    f->found = true;
    f->same = strcmp(row->digest, f->digest) == 0;
    f->row = *row;
    if (row->reason != NULL)
        snprintf(f->reason, sizeof f->reason, "%s", row->reason);
    f->row.reason = row->reason != NULL ? f->reason : NULL;
    f->kept = row->kept != NULL ? weir_strdup(row->kept) : NULL;
    f->row.kept = f->kept;
    return row->kept != NULL && f->kept == NULL ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                                                : WEIR_OK;
}

/* *ret's `kept` is the caller's also when it fails. A trigger that is new is due at once; one that
 * has changed not later than by its new interval. */
static weir_status find_row(ledger *l, const plan *p, const trigger *t, found_trigger *ret,
                            weir_error **error)
{
    *ret = (found_trigger){.digest = t->digest};
    weir_status status = l->store->kind->each_trigger(l->store, p->workflow, t->declared->name,
                                                      take_row, ret, error);
    ret->row.workflow = p->workflow;
    ret->row.name = t->declared->name;
    ret->row.digest = t->digest;
    if (!ret->found)
        ret->row.due = l->now;
    else if (!ret->same && ret->row.due > weir_later(l->now, t->config.every))
        ret->row.due = weir_later(l->now, t->config.every);
    return status;
}

static weir_status put_row(ledger *l, const store_trigger *row, weir_error **error)
{
    return l->store->kind->put_trigger(l->store, row, error);
}

/* --- Claiming --- */

static weir_task *make_job(const ledger *l, const plan *p, trigger *t, const found_trigger *f)
{
    char reason[200] = "";
    weir_task *job = job_new(t->plan, 0);

    if (job == NULL)
        return NULL;
    job->token = f->row.token;
    job->attempt = f->row.failures + 1;
    job->grace = l->config.grace;
    job->zygotes = l->zygotes;
    job->user = t->declared->call == NULL ? t : l->user;
    job->input = json_object();
    job->context = f->kept != NULL ? json_from_text(f->kept, reason, sizeof reason) : json_object();
    snprintf(job->key, sizeof job->key, "trigger %.70s.%.70s", p->workflow, t->declared->name);
    if (job->input != NULL && job->context != NULL)
        return job;
    job_free(job);
    return NULL;
}

static weir_status claim(ledger *l, const plan *p, trigger *t, found_trigger *f, weir_task **jobs,
                         weir_error **error)
{
    int64_t most = weir_later(weir_later(t->config.timeout, l->config.grace), 10 * SECOND);

    f->row.runner = l->runner;
    f->row.until = weir_later(l->now, most);
    f->row.token++;
    weir_status status = put_row(l, &f->row, error);
    weir_task *job = status == WEIR_OK ? make_job(l, p, t, f) : NULL;
    if (status == WEIR_OK && job == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status != WEIR_OK)
        return status;
    t->looks = true;
    t->now = l->now;
    t->more = false;
    job->next = *jobs;
    *jobs = job;
    return WEIR_OK;
}

static weir_status look_at(ledger *l, const plan *p, trigger *t, weir_task **jobs,
                           weir_error **error)
{
    found_trigger f;
    bool others = false;
    weir_status status = find_row(l, p, t, &f, error);

    if (status == WEIR_OK && f.row.runner != 0 && f.row.runner != l->runner && f.row.until > l->now)
        status = l->store->kind->is_alive(l->store, f.row.runner, &others, error);
    t->paused = f.row.paused != 0;
    if (status == WEIR_OK && !t->paused && !others && f.row.due <= l->now)
        status = claim(l, p, t, &f, jobs, error);
    else if (status == WEIR_OK && (!f.found || !f.same))
        status = put_row(l, &f.row, error);
    t->due = f.row.due;
    if (others) { /* its runner may go before that */
        int64_t soon = weir_later(l->now, l->config.heartbeat);
        t->due = f.row.until < soon ? f.row.until : soon;
    }
    weir_free(f.kept);
    return status;
}

weir_status ledger_claim_looks(ledger *l, weir_task **jobs, int64_t *ret_due, weir_error **error)
{
    weir_status status = WEIR_OK;

    *ret_due = INT64_MAX;
    for (size_t i = 0; i < l->plan_count && status == WEIR_OK; i++)
        for (uint32_t k = 0; k < l->plans[i]->trigger_count && status == WEIR_OK; k++) {
            trigger *t = l->plans[i]->triggers[k];
            if (t->looks)
                continue;
            if (t->due <= l->now)
                status = look_at(l, l->plans[i], t, jobs, error);
            /* What is paused is asked for again once somebody has changed something, or soon. */
            int64_t due = t->paused ? weir_later(l->now, SECOND) : t->due;
            if (!t->looks && due < *ret_due)
                *ret_due = due;
        }
    return status;
}

/* --- Firing --- */

/* The key of the execution: one that is long ends in its digest. */
static void write_key(const trigger *t, const char *key, char *ret, size_t size)
{
    weir_digest sum = WEIR_DIGEST_START;
    char digest[WEIR_DIGEST_TEXT];
    int length = snprintf(ret, size, "trigger %.64s %s", t->declared->name, key);

    if (length <= LEDGER_KEY_LIMIT)
        return;
    weir_digest_add_text(&sum, key);
    size_t at = LEDGER_KEY_LIMIT - WEIR_DIGEST_TEXT - 2;
    while (((unsigned char)ret[at] & 0xc0) == 0x80) /* no character is torn */
        at--;
    snprintf(ret + at, size - at, "..%s", weir_digest_print(sum, digest));
}

static weir_status start(ledger *l, const plan *p, const trigger *t, const char *key,
                         const json_t *input, int64_t *ret_id, weir_error **error)
{
    char own[LEDGER_KEY_LIMIT + 1], *text = json_to_text(input), *whole = NULL;

    if (text == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    write_key(t, key, own, sizeof own);
    weir_status status = input_read(p, text, &whole, error);
    if (status == WEIR_OK)
        status = ledger_start(l, p, whole, own, ret_id, error);
    weir_free(text);
    weir_free(whole);
    return status;
}

/* What the workflow refuses has a row that says so. */
static weir_status fire(ledger *l, const plan *p, const trigger *t, const char *key,
                        const json_t *input, store_trigger *row, weir_error **error)
{
    store_firing firing = {.workflow = p->workflow,
                           .name = t->declared->name,
                           .key = key,
                           .time = l->now,
                           .outcome = STORE_SLOT_STARTED};
    weir_error *why = NULL;
    bool fired = false;
    weir_status status = l->store->kind->has_fired(l->store, p->workflow, t->declared->name, key,
                                                   l->now, &fired, error);

    if (status != WEIR_OK || fired)
        return status;
    status = start(l, p, t, key, input, &firing.execution, &why);
    if (status == WEIR_INVALID) {
        firing.outcome = STORE_SLOT_REFUSED;
        firing.reason = weir_error_message(why);
        firing.execution = 0;
        status = WEIR_OK;
    } else if (status != WEIR_OK) {
        weir_error_set(error, status, "%s", weir_error_message(why));
    }
    if (status == WEIR_OK)
        status = l->store->kind->put_firing(l->store, &firing, error);
    if (status == WEIR_OK && firing.outcome == STORE_SLOT_STARTED)
        row->fired = l->now;
    weir_error_free(why);
    return status;
}

static weir_status fire_all(ledger *l, const plan *p, const trigger *t, const weir_task *job,
                            store_trigger *row, weir_error **error)
{
    const json_t *fired = json_object_get(job->set, TRIGGER_FIRED), *one;
    weir_status status = WEIR_OK;
    size_t i;

    json_array_foreach(fired, i, one)
    {
        const char *key = json_string_value(json_array_get(one, 0));
        if (key == NULL || status != WEIR_OK)
            break;
        status = fire(l, p, t, key, json_array_get(one, 1), row, error);
    }
    return status;
}

/* --- Recording --- */

static trigger *trigger_of(const ledger *l, const weir_task *job, const plan **ret_plan)
{
    for (size_t i = 0; i < l->plan_count; i++)
        for (uint32_t k = 0; k < l->plans[i]->trigger_count; k++)
            if (l->plans[i]->triggers[k]->plan == job->plan) {
                *ret_plan = l->plans[i];
                return l->plans[i]->triggers[k];
            }
    return NULL;
}

/* The first failure of several is a row, too; the newest stands in the trigger's. */
static weir_status note_failure(ledger *l, const trigger *t, const weir_task *job,
                                store_trigger *row, weir_error **error)
{
    int64_t pause = t->config.every;
    char key[64] = "look ";

    for (int64_t i = 0; i <= row->failures && pause < MOST_BACKOFF; i++)
        pause = 2 * pause < MOST_BACKOFF ? 2 * pause : MOST_BACKOFF;
    if (job->answer == WEIR_TASK_RETRY)
        pause = job->delay;
    row->failures++;
    row->failed = l->now;
    row->reason = job->reason;
    row->due = weir_later(l->now, pause);
    if (row->failures != 1)
        return WEIR_OK;
    *weir_calendar_print_time(key + strlen(key), l->now) = '\0';
    return l->store->kind->put_firing(l->store,
                                      &(store_firing){.workflow = row->workflow,
                                                      .name = row->name,
                                                      .key = key,
                                                      .time = l->now,
                                                      .outcome = STORE_SLOT_FAILED,
                                                      .reason = job->reason},
                                      error);
}

/* What it keeps: all that it reads at the next look but what it fired. NULL: out of memory. */
static char *kept_text(const weir_task *job)
{
    json_t *kept = json_copy(job->context);
    char *text = NULL;

    json_object_del(kept, TRIGGER_FIRED);
    text = json_to_text(kept);
    json_decref(kept);
    return text;
}

static weir_status note_success(ledger *l, const plan *p, const trigger *t, const weir_task *job,
                                store_trigger *row, char **kept, weir_error **error)
{
    int64_t pause = t->more ? 0 : job->delay != 0 ? job->delay : t->config.every;

    row->failures = 0;
    row->due = weir_later(l->now, pause);
    if ((*kept = kept_text(job)) == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    row->kept = *kept;
    return fire_all(l, p, t, job, row, error);
}

weir_status ledger_finish_look(ledger *l, const weir_task *job, weir_error **error)
{
    const plan *p = NULL;
    trigger *t = trigger_of(l, job, &p);
    found_trigger f;
    char *kept = NULL;

    if (t == NULL) /* a look is always of a trigger that is loaded */
        return weir_error_set(error, WEIR_STATE, "a look at a trigger that is not loaded");
    weir_status status = find_row(l, p, t, &f, error);
    bool ours = f.row.token == job->token && f.row.runner == l->runner;

    if (status == WEIR_OK && ours) {
        f.row.runner = f.row.until = 0;
        f.row.looked = l->now;
        if (job->answer == WEIR_TASK_DONE)
            status = note_success(l, p, t, job, &f.row, &kept, error);
        else if (job_is_ending(job) == JOB_HANDED_BACK)
            f.row.due = l->now;
        else
            status = note_failure(l, t, job, &f.row, error);
        if (status == WEIR_OK)
            status = put_row(l, &f.row, error);
    }
    t->ours = ours;
    t->due = ours ? f.row.due : 0;
    weir_free(kept);
    weir_free(f.kept);
    return status;
}

int64_t ledger_settle_look(const ledger *l, const weir_task *job)
{
    const plan *p = NULL;
    trigger *t = trigger_of(l, job, &p);
    const json_t *fired = json_object_get(job->set, TRIGGER_FIRED), *one;
    size_t i;

    json_array_foreach(fired, i, one) if (t->declared->call == NULL && t->ours)
        arrivals_note(t, json_string_value(json_array_get(one, 0)));
    t->looks = false;
    return t->due;
}
