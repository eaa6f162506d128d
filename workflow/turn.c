/* SPDX-License-Identifier: Apache-2.0 */
/* turn.c - the loop of a runner, turn by turn.
 *
 * All store transactions are of the runner's own thread, one for each turn: all that has ended
 * since the last one is recorded and released, and the slots are filled, by one commit. Work is
 * never done inside one.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"
#include "workflow/runner.h"

static int64_t own_now(const weir_runner *runner)
{
    const int64_t *clock = runner->own_clock != NULL ? runner->own_clock : runner->ledger.clock;

    return clock != NULL ? *clock : weir_monotonic_now();
}

bool runner_is_stopped(const weir_runner *runner)
{
    struct pollfd ready = {.fd = runner->stop, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

bool runner_is_idle(const weir_runner *runner)
{
    return pool_running(runner->pool) == 0 && runner->results == NULL && runner->doubtful == NULL &&
           runner_looks_running(runner) == 0 && runner->looks == NULL;
}

/* --- Room --- */

/* Conditions have room of their own, so that neither they nor tasks keep the others from going on.
 */
static size_t count_asked(const weir_runner *runner)
{
    size_t count = 0;

    for (const weir_task *job = runner->running; job != NULL; job = job->next_running)
        count += job->condition != NULL;
    return count;
}

static size_t room_for_tasks(const weir_runner *runner)
{
    size_t running = pool_running(runner->pool) - count_asked(runner);

    return (size_t)runner->ledger.config.slots - running;
}

static size_t room_for_conditions(const weir_runner *runner)
{
    return (size_t)runner->ledger.config.conditions - count_asked(runner);
}

/* --- Jobs --- */

static void tell_answer(const weir_runner *runner, const weir_task *job)
{
    const char *name = weir_task_name(job);

    if (job->answer == WEIR_TASK_DONE)
        runner_tell(runner, WEIR_INFO, name, "'%s' holds", job->condition->name);
    else if (job->answer == WEIR_TASK_NOT_YET)
        runner_tell(runner, WEIR_DEBUG, name, "'%s' does not hold yet", job->condition->name);
    else
        runner_tell(runner, WEIR_WARNING, name, "'%s' failed: %s", job->condition->name,
                    job->reason);
}

static void tell_result(const weir_runner *runner, const weir_task *job)
{
    const char *name = weir_task_name(job);

    if (job->condition != NULL)
        tell_answer(runner, job);
    else if (job->answer == WEIR_TASK_DEFERRED)
        runner_tell(runner, WEIR_INFO, name, "run %lld waits", (long long)job->attempt);
    else if (job->answer == WEIR_TASK_DONE)
        runner_tell(runner, WEIR_INFO, name, "run %lld is done", (long long)job->attempt);
    else if (job_is_ending(job) == JOB_HANDED_BACK)
        runner_tell(runner, WEIR_INFO, name, "run %lld is handed back", (long long)job->attempt);
    else
        runner_tell(runner, WEIR_WARNING, name, "run %lld failed: %s", (long long)job->attempt,
                    job->reason);
}

static void unlink_running(weir_runner *runner, const weir_task *job)
{
    weir_task **at = &runner->running;

    while (*at != NULL && *at != job)
        at = &(*at)->next_running;
    if (*at != NULL)
        *at = job->next_running;
}

/* In the order of their executions: two runners that record results of the same ones do not wait
 * for each other. */
static void take_result(weir_runner *runner, weir_task *job)
{
    weir_task **at = &runner->results;

    while (*at != NULL && (*at)->execution <= job->execution)
        at = &(*at)->next;
    job->next = *at;
    *at = job;
}

static void take_results(weir_runner *runner)
{
    for (weir_task *job = pool_take(runner->pool), *next; job != NULL; job = next) {
        next = job->next;
        unlink_running(runner, job);
        take_result(runner, job);
    }
}

static void give(weir_runner *runner, weir_task *job)
{
    if (job->answer == WEIR_TASK_DONE && !job->settled) {
        if (job->condition == NULL)
            runner_tell(runner, WEIR_INFO, weir_task_name(job), "run %lld %s",
                        (long long)job->attempt, job->resumed ? "goes on" : "begins");
        if (pool_give(runner->pool, job)) {
            job->next_running = runner->running;
            runner->running = job;
            return;
        }
        job_fail(job, WEIR_TASK_FAILED, "no thread could be started for it");
    }
    take_result(runner, job);
}

static void end_all(weir_runner *runner, job_ending ending)
{
    runner_end_looks(runner, ending);
    for (weir_task *job = runner->running; job != NULL; job = job->next_running)
        job_end(job, ending);
}

/* What still runs when the time to drain is over is handed back. */
static void drain(weir_runner *runner)
{
    if (!runner_is_stopped(runner))
        return;
    if (!runner->stopping)
        runner->drained = weir_later(weir_monotonic_now(), runner->ledger.config.drain);
    runner->stopping = true;
    if (weir_monotonic_now() >= runner->drained)
        end_all(runner, JOB_HANDED_BACK);
}

/* --- One transaction --- */

static weir_status join(weir_runner *runner, weir_error **error)
{
    char name[320], host[256] = "";

    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s/%ld", host, (long)getpid());
    return ledger_join(&runner->ledger, name, error);
}

/* Says that it is alive; one that was taken for gone has lost its claims, and begins anew. */
static weir_status beat(weir_runner *runner, weir_error **error)
{
    ledger *l = &runner->ledger;
    weir_error *gone = NULL;
    weir_status status =
        l->runner != 0 ? l->store->kind->beat(l->store, l->runner, l->now, &gone) : WEIR_STATE;

    if (status == WEIR_STATE) {
        if (l->runner != 0)
            runner_tell(runner, WEIR_WARNING, "runner",
                        "it was silent for too long, and its tasks were taken from it");
        end_all(runner, JOB_LOST);
        status = join(runner, error);
    } else if (status != WEIR_OK) {
        weir_error_set(error, status, "%s", weir_error_message(gone));
    }
    weir_error_free(gone);
    return status;
}

typedef struct doubted_claim {
    weir_task *job;
    int64_t runner;
} doubted_claim;

static weir_status take_doubtful(void *arg, const store_task *row, weir_error **error)
{
    const doubted_claim *claim = arg;

    (void)error;
    claim->job->sure = row->state == STORE_RUNNING && row->token == claim->job->token &&
                       row->runner == claim->runner;
    return WEIR_OK;
}

/* Claims whose commit was not answered: are they ours? What was started and claimed by one that was
 * none is not there at all. */
static weir_status clear_doubts(weir_runner *runner, weir_error **error)
{
    weir_store *store = runner->ledger.store;
    weir_status status = WEIR_OK;

    for (weir_task *job = runner->doubtful; job != NULL && status == WEIR_OK; job = job->next) {
        status = store->kind->find_task(store, job->execution, job->position, false, take_doubtful,
                                        &(doubted_claim){job, runner->ledger.runner}, error);
        status = status == WEIR_NOT_FOUND ? WEIR_OK : status;
    }
    return status;
}

static weir_status sweep(weir_runner *runner, bool *ret_more, weir_error **error)
{
    int64_t after = runner->stuck_after;
    weir_status status = ledger_sweep(&runner->ledger, ret_more, error);

    if (status == WEIR_OK)
        status = ledger_find_stuck(&runner->ledger, &runner->stuck_after, error);
    runner->unserved = (ledger_unserved){0};
    if (status == WEIR_OK && runner->stuck_after != 0)
        status = ledger_note_unserved(&runner->ledger, after, runner->stuck_after,
                                      &runner->unserved, error);
    *ret_more |= runner->stuck_after != 0;
    return status;
}

static weir_status look_after(weir_runner *runner, bool sweeps, bool *ret_more, weir_error **error)
{
    ledger *l = &runner->ledger;
    weir_status status = WEIR_OK;

    if (own_now(runner) >= runner->next_beat || l->runner == 0)
        status = beat(runner, error);
    if (status == WEIR_OK)
        status = clear_doubts(runner, error);
    /* Before all that is listed, which is what nobody else holds: who waits here holds nothing of
     * what others might want. */
    if (status == WEIR_OK)
        status = ledger_finish(l, runner->results, error);
    if (status == WEIR_OK && sweeps)
        status = sweep(runner, ret_more, error);
    if (status == WEIR_OK)
        status = ledger_wake(l, error);
    if (status == WEIR_OK && runner->running != NULL)
        status = ledger_end_doomed(l, runner->running, error);
    return status;
}

static weir_status next_times(weir_runner *runner, weir_error **error)
{
    const ledger *l = &runner->ledger;
    const store_asked which = {.runner = l->runner, .root = runner->root};

    return l->store->kind->next_due(l->store, &which, &runner->next_due, &runner->next_ask, error);
}

static weir_status step(weir_runner *runner, bool sweeps, bool *ret_more, weir_task **claimed,
                        weir_task **looks, weir_error **error)
{
    ledger *l = &runner->ledger;
    /* What is doubtful may take its place; what is left is claimed by the next turn. */
    bool takes = !runner->stopping && runner->doubtful == NULL;
    size_t room = takes ? room_for_tasks(runner) : 0;
    weir_status status = look_after(runner, sweeps, ret_more, error);

    if (status == WEIR_OK)
        status = runner_record_looks(runner, error);
    if (status == WEIR_OK && runner->only == 0 && !runner->stopping)
        status = ledger_start_slots(l, &runner->next_slot, error);
    if (status == WEIR_OK && runner->only == 0 && !runner->stopping)
        status = runner_claim_looks(runner, looks, error);
    if (status == WEIR_OK && room != 0)
        status = ledger_claim(l, runner->root, room, claimed, error);
    if (status == WEIR_OK && takes && l->now >= runner->next_ask)
        status = ledger_ask(l, runner->root, room_for_conditions(runner), claimed, error);
    if (status == WEIR_OK)
        status = next_times(runner, error);
    if (status == WEIR_OK && runner->only != 0) {
        ledger_view view;
        status = ledger_look(l, runner->only, &view, error);
        runner->state = view.state;
        if (status == WEIR_OK)
            status = ledger_count_below(l, runner->only, &view, &runner->below, error);
    }
    return status;
}

/* The claims that a transaction was to make, and has not. */
static void drop(weir_task *jobs)
{
    while (jobs != NULL) {
        weir_task *job = jobs;
        jobs = job->next;
        job_free(job);
    }
}

/* Those that are ours run; false: there were none in doubt. */
static bool settle_doubts(weir_runner *runner)
{
    weir_task *doubtful = runner->doubtful;
    bool any = doubtful != NULL;

    runner->doubtful = NULL;
    while (doubtful != NULL) {
        weir_task *job = doubtful;
        doubtful = job->next;
        if (job->sure)
            give(runner, job);
        else
            job_free(job);
    }
    return any;
}

/* Once: what was noted is not noted again. */
static void tell_unserved(weir_runner *runner)
{
    const ledger_unserved *told = &runner->unserved;

    if (told->count != 0)
        runner_tell(runner, WEIR_WARNING, told->workflow,
                    "execution %lld%s wait%s: no runner that lives has the workflow '%s' in "
                    "version %.8s",
                    (long long)told->first, told->count > 1 ? " and others" : "",
                    told->count > 1 ? "" : "s", told->workflow, told->version);
    runner->unserved.count = 0;
}

/* After the commit. */
static void settle(weir_runner *runner, bool swept, bool more, weir_task *claimed)
{
    const runner_config *config = &runner->ledger.config;
    int64_t now = own_now(runner);
    weir_task *recorded = runner->results;
    size_t room = room_for_tasks(runner), count = 0;

    runner->waits_for_store = false;
    runner->results = NULL;
    tell_unserved(runner);
    for (const weir_task *job = recorded; job != NULL; job = job->next)
        tell_result(runner, job);
    drop(recorded);
    bool doubted = settle_doubts(runner);
    while (claimed != NULL) {
        weir_task *job = claimed;
        claimed = job->next;
        count += job->condition == NULL;
        give(runner, job);
    }
    runner->hungry = count == room || doubted;
    if (now >= runner->next_beat)
        runner->next_beat = weir_later(now, config->heartbeat);
    if (swept)
        runner->next_sweep = more ? now : weir_later(now, config->sweep);
}

/* A store that is not to be had now is asked again; what was to be recorded waits. */
static weir_status put_off(weir_runner *runner, weir_status status, weir_error *failure,
                           weir_error **error)
{
    bool waits = status == WEIR_AGAIN || status == WEIR_CLOSED;

    if (waits && !runner->waits_for_store)
        runner_tell(runner, WEIR_WARNING, "store", "it is waited for: %s",
                    weir_error_message(failure));
    else if (!waits)
        weir_error_set(error, status, "%s", weir_error_message(failure));
    runner->waits_for_store = waits;
    weir_error_free(failure);
    return waits ? WEIR_OK : status;
}

/* It may have been committed: the claims are kept until the store says whether they are ours, and
 * whoever joined by it is asked whether it has. Conditions are asked again. */
static void doubt(weir_runner *runner, weir_task *claimed)
{
    weir_task **last = &runner->doubtful;

    while (*last != NULL)
        last = &(*last)->next;
    while (claimed != NULL) {
        weir_task *job = claimed;
        claimed = job->next;
        job->next = NULL;
        if (job->condition != NULL) {
            job_free(job);
            continue;
        }
        *last = job;
        last = &job->next;
    }
    for (weir_task *job = runner->results; job != NULL; job = job->next)
        job->doubted = true;
    runner->next_beat = own_now(runner);
}

static weir_status transact(weir_runner *runner, weir_error **error)
{
    ledger *l = &runner->ledger;
    int64_t before = l->runner, stuck_after = runner->stuck_after;
    bool sweeps = own_now(runner) >= runner->next_sweep || l->runner == 0, more = false;
    weir_task *claimed = NULL, *looks = NULL;
    weir_error *failure = NULL;
    weir_status status = ledger_begin(l, true, &failure);

    if (status == WEIR_OK) {
        runner->base = l->now - own_now(runner);
        status = ledger_end(l, step(runner, sweeps, &more, &claimed, &looks, &failure), &failure);
    }
    if (status == WEIR_OK) {
        settle(runner, sweeps, more, claimed);
        runner_settle_looks(runner, looks);
        return WEIR_OK;
    }
    runner_drop_looks(runner, looks);
    if (status == WEIR_CLOSED)
        doubt(runner, claimed);
    else
        drop(claimed);
    l->runner = status == WEIR_CLOSED ? l->runner : before;
    runner->stuck_after = stuck_after;
    runner->next_slot = 0;
    ledger_forget_slots(l);
    return put_off(runner, status, failure, error);
}

/* --- Turns --- */

static bool is_due(const weir_runner *runner)
{
    int64_t now = own_now(runner);

    return runner->results != NULL || runner->looks != NULL || runner->ledger.runner == 0 ||
           now >= runner->next_beat || now >= runner->next_sweep ||
           now + runner->base >= runner->next_due ||
           (runner->only == 0 && now + runner->base >= runner->next_slot) ||
           (!runner->stopping && now + runner->base >= runner->next_ask &&
            room_for_conditions(runner) != 0) ||
           (runner->hungry && !runner->stopping && room_for_tasks(runner) != 0);
}

weir_status runner_turn(weir_runner *runner, weir_error **error)
{
    weir_store *store = runner->ledger.store;

    drain(runner);
    take_results(runner);
    runner_take_looks(runner);
    bool due = is_due(runner);
    return due || store->kind->has_changed(store) ? transact(runner, error) : WEIR_OK;
}

/* Time that does not pass by itself jumps to what is due, where nothing else can happen. */
static bool jump(weir_runner *runner)
{
    int64_t *clock = runner->ledger.clock;

    int64_t next = runner->next_ask < runner->next_due ? runner->next_ask : runner->next_due;
    if (clock == NULL || !runner_is_idle(runner) || next == INT64_MAX || runner->stopping)
        return false;
    if (next > *clock)
        *clock = next;
    return true;
}

static int64_t time_left(const weir_runner *runner)
{
    int64_t now = own_now(runner), left = runner->ledger.config.poll;
    int64_t next = runner->only == 0 && runner->next_slot < runner->next_due ? runner->next_slot
                                                                             : runner->next_due;
    if (runner->next_ask < next && room_for_conditions(runner) != 0)
        next = runner->next_ask;
    int64_t due = next == INT64_MAX ? INT64_MAX : next - runner->base;
    const int64_t times[] = {runner->next_beat, runner->next_sweep, due};

    if (runner->ledger.clock != NULL)
        return left;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i] - now < left)
            left = times[i] > now ? times[i] - now : 0;
    if (runner->stopping && runner->drained - now < left && runner->drained > now)
        left = runner->drained - now;
    return left;
}

void runner_wait(weir_runner *runner)
{
    weir_store *store = runner->ledger.store;
    int stop = runner->stopping ? -1 : runner->stop;
    struct pollfd fds[] = {{.fd = pool_descriptor(runner->pool), .events = POLLIN},
                           {.fd = stop, .events = POLLIN},
                           {.fd = store->kind->descriptor(store), .events = POLLIN},
                           {.fd = runner_looks_descriptor(runner), .events = POLLIN}};
    int64_t left = runner->waits_for_store ? runner->ledger.config.poll : time_left(runner);

    if ((runner->results != NULL || runner->looks != NULL) && !runner->waits_for_store)
        return;
    if (!runner->waits_for_store && (jump(runner) || (runner->hungry && is_due(runner))))
        return;
    struct timespec most = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    ppoll(fds, sizeof fds / sizeof *fds, &most, NULL); /* interrupted is as good */
}
