/* SPDX-License-Identifier: Apache-2.0 */
/* runner.c - a runner and its workflows: opening, loading, starting, running, controlling. */
#include "workflow/runner.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/text.h"
#include "workflow/input.h"
#include "workflow/isolate.h"
#include "workflow/json.h"
#include "workflow/trigger.h"
#include "workflow/worker.h"

/* --- Opening and closing --- */

static weir_status open_runner(weir_runner *runner, const char *url, const weir_setting *settings,
                               size_t count, weir_error **error)
{
    runner_config *config = &runner->ledger.config;
    weir_status status = runner_options_read(settings, count, config, error);

    if (status != WEIR_OK)
        return status;
    if ((runner->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        return weir_error_set(error, WEIR_IO, "cannot make a descriptor: %s", strerror(errno));
    status = store_open(url, config->busy, &runner->ledger.store, error);
    if (status == WEIR_OK &&
        (runner->pool = pool_new((size_t)(config->slots + config->conditions))) == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK && worker_is_allowed() &&
        (runner->ledger.zygotes = zygotes_new()) == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    return status;
}

weir_status weir_runner_open(const char *store, const weir_setting *settings, size_t setting_count,
                             weir_runner **ret, weir_error **error)
{
    weir_runner *runner = weir_alloc(sizeof *runner);

    if (runner == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    runner->stop = -1;
    weir_status status = open_runner(runner, store, settings, setting_count, error);
    if (status == WEIR_OK)
        *ret = runner;
    else
        weir_runner_close(runner);
    return status;
}

/* What it has claimed is others' from now on. Where the store cannot be told, a sweep finds it. */
static void leave(weir_runner *runner)
{
    ledger *l = &runner->ledger;

    if (l->runner == 0 || ledger_begin(l, true, NULL) != WEIR_OK)
        return;
    ledger_end(l, l->store->kind->end_runner(l->store, l->runner, l->now, NULL), NULL);
}

static void free_jobs(weir_task *jobs)
{
    while (jobs != NULL) {
        weir_task *job = jobs;
        jobs = job->next;
        job_free(job);
    }
}

void weir_runner_close(weir_runner *runner)
{
    if (runner == NULL)
        return;
    for (weir_task *job = runner->running; job != NULL; job = job->next_running)
        job_end(job, JOB_HANDED_BACK);
    runner_free_looks(runner);
    pool_free(runner->pool);
    zygotes_free(runner->ledger.zygotes);
    free_jobs(runner->results);
    free_jobs(runner->doubtful);
    if (runner->ledger.store != NULL)
        leave(runner);
    store_close(runner->ledger.store);
    if (runner->stop >= 0)
        close(runner->stop);
    ledger_free(&runner->ledger);
    runner_options_free(&runner->ledger.config);
    weir_arena_free(&runner->tables);
    weir_free(runner);
}

void weir_runner_set_user(weir_runner *runner, void *user)
{
    runner->ledger.user = user;
}

void weir_runner_set_log(weir_runner *runner, weir_log_function log, void *arg)
{
    runner->log = log;
    runner->log_arg = arg;
}

/* It can be read from now on. */
void weir_runner_stop(weir_runner *runner)
{
    int before = errno;
    uint64_t one = 1;

    /* It cannot fail but for being full, and then it can be read, too. */
    ssize_t written = write(runner->stop, &one, sizeof one);
    (void)written;
    errno = before;
}

void runner_use_virtual_time(weir_runner *runner, int64_t now)
{
    runner->virtual_now = now;
    runner_use_clock(runner, &runner->virtual_now);
}

void runner_use_clock(weir_runner *runner, int64_t *now)
{
    runner->ledger.clock = now;
}

void runner_tell(const weir_runner *runner, weir_level level, const char *name, const char *format,
                 ...)
{
    char text[JOB_REASON + 200];
    va_list args;

    if (runner->log == NULL)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    runner->log(runner->log_arg, level, "workflow", name, text);
}

/* --- Workflows --- */

static weir_status prepare_task(zygotes *all, const weir_module_task *task, weir_error **error)
{
    weir_status status = isolate_prepare(all, task->call, error);

    for (uint32_t i = 0; i < task->condition_count && status == WEIR_OK; i++)
        status = isolate_prepare(all, task->conditions[i].ask, error);
    return status;
}

/* The processes that its functions need. */
static weir_status prepare(weir_runner *runner, const plan *p, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++) {
        const plan_task *task = &p->tasks[i];
        if (runner->ledger.zygotes != NULL && task->declared->workflow == NULL &&
            task->config.isolate == WEIR_ISOLATE_PROCESS)
            status = prepare_task(runner->ledger.zygotes, task->declared, error);
    }
    for (uint32_t i = 0; i < p->trigger_count && status == WEIR_OK; i++)
        status = prepare(runner, p->triggers[i]->plan, error);
    return status;
}

weir_status weir_runner_load(weir_runner *runner, const weir_module *module, const char *folder,
                             weir_error **error)
{
    size_t before = runner->ledger.plan_count;

    if (module->generation != WEIR_GENERATION)
        return weir_error_set(
            error, WEIR_MISMATCH,
            "the module '%s' was generated for generation %u of weir; this is %d: "
            "generate it again",
            module->name, module->generation, WEIR_GENERATION);
    if (runner->ledger.runner != 0)
        return weir_error_set(error, WEIR_STATE,
                              "the runner runs already: load '%s' before anything is run",
                              module->name);
    weir_status status = ledger_load(&runner->ledger, module, folder, error);
    for (size_t i = before; i < runner->ledger.plan_count && status == WEIR_OK; i++)
        status = prepare(runner, runner->ledger.plans[i], error);
    return status;
}

static weir_status need_plan(const weir_runner *runner, const char *workflow, const plan **ret,
                             weir_error **error)
{
    weir_nearest nearest = {.wanted = workflow};
    char hint[128];

    if ((*ret = ledger_plan_named(&runner->ledger, workflow)) != NULL && !(*ret)->hidden)
        return WEIR_OK;
    for (size_t i = 0; i < runner->ledger.plan_count; i++)
        if (!runner->ledger.plans[i]->hidden)
            weir_nearest_offer(&nearest, runner->ledger.plans[i]->workflow);
    return weir_error_set(error, WEIR_NOT_FOUND, "no workflow '%s' is loaded%s", workflow,
                          weir_nearest_hint(&nearest, hint, sizeof hint));
}

/* --- Starting --- */

/* What somebody says, as it is recorded. */
static weir_status check_text(const char *what, const char *text, size_t most, weir_error **error)
{
    size_t size = text != NULL ? strlen(text) : 1;

    if (size < 1 || size > most)
        return weir_error_set(error, WEIR_INVALID, "a %s has 1 to %zu bytes, not %zu", what, most,
                              size);
    if (text != NULL && !json_is_clean(text))
        return weir_error_set(error, WEIR_INVALID, "a %s is UTF-8, and this one is not", what);
    return WEIR_OK;
}

typedef struct new_execution {
    const plan *plan;
    const char *input, *key;
    int64_t id;
} new_execution;

static weir_status start(ledger *l, void *arg, weir_error **error)
{
    new_execution *new = arg;

    return ledger_start(l, new->plan, new->input, new->key, &new->id, error);
}

weir_status weir_workflow_start(weir_runner *runner, const char *workflow, const char *input,
                                const char *key, int64_t *ret_id, weir_error **error)
{
    const plan *p;
    char *text = NULL;
    weir_status status = need_plan(runner, workflow, &p, error);

    if (status == WEIR_OK)
        status = check_text("key", key, LEDGER_KEY_LIMIT, error);
    if (status == WEIR_OK)
        status = input_read(p, input, &text, error);
    if (status != WEIR_OK)
        return status;
    new_execution new = {.plan = p, .input = text, .key = key};
    status = ledger_do(&runner->ledger, true, start, &new, error);
    if (status == WEIR_OK)
        *ret_id = new.id;
    weir_free(text);
    return status;
}

/* --- Running --- */

static weir_status run(weir_runner *runner, weir_error **error)
{
    weir_status status = WEIR_OK;

    runner->hungry = true;
    while (status == WEIR_OK && (status = runner_turn(runner, error)) == WEIR_OK) {
        bool over = runner->only != 0 && store_state_is_end(runner->state) && runner->below == 0;
        if (runner_is_idle(runner) && (over || runner_is_stopped(runner)))
            break;
        if (runner->stopping && runner->waits_for_store &&
            weir_monotonic_now() >= runner->drained && pool_running(runner->pool) == 0)
            return weir_error_set(error, WEIR_AGAIN,
                                  "the runner was stopped while its store was not to be had: what "
                                  "it could not record runs again");
        runner_wait(runner);
    }
    return status;
}

weir_status weir_runner_serve(weir_runner *runner, weir_error **error)
{
    runner->only = runner->root = 0;
    return run(runner, error);
}

typedef struct looking {
    int64_t id;
    ledger_view *view;
    int64_t *below;
} looking;

static weir_status look_at(ledger *l, void *arg, weir_error **error)
{
    const looking *at = arg;
    weir_status status = ledger_look(l, at->id, at->view, error);

    return status == WEIR_OK ? ledger_count_below(l, at->id, at->view, at->below, error) : status;
}

static weir_status look(weir_runner *runner, int64_t id, ledger_view *view, int64_t *below,
                        weir_error **error)
{
    return ledger_do(&runner->ledger, false, look_at, &(looking){id, view, below}, error);
}

static weir_status check_version(weir_runner *runner, int64_t id, const ledger_view *view,
                                 weir_error **error)
{
    const plan *p = NULL;

    for (size_t i = 0; i < runner->ledger.plan_count; i++)
        if (strcmp(runner->ledger.plans[i]->version, view->version) == 0)
            return WEIR_OK;
    if ((p = ledger_plan_named(&runner->ledger, view->workflow)) == NULL)
        return weir_error_set(error, WEIR_MISMATCH,
                              "execution %lld is of the workflow '%s', which is not loaded",
                              (long long)id, view->workflow);
    return weir_error_set(error, WEIR_MISMATCH,
                          "execution %lld began with version %.8s of the workflow '%s', and "
                          "ends with it; loaded is version %.8s",
                          (long long)id, view->version, view->workflow, p->version);
}

weir_status weir_workflow_run(weir_runner *runner, int64_t id, weir_error **error)
{
    ledger_view view;
    weir_status status = look(runner, id, &view, &runner->below, error);

    if (status != WEIR_OK || (store_state_is_end(view.state) && runner->below == 0))
        return status;
    status = check_version(runner, id, &view, error);
    if (status != WEIR_OK)
        return status;
    runner->only = id;
    runner->root = view.root;
    runner->state = view.state;
    status = run(runner, error);
    if (status == WEIR_OK && !store_state_is_end(runner->state))
        return weir_error_set(error, WEIR_CLOSED,
                              "execution %lld was stopped; it goes on when it is run again",
                              (long long)id);
    return status;
}

/* --- Control --- */

typedef weir_status (*ledger_change)(ledger *l, int64_t id, const char *reason, weir_error **error);

typedef struct controlling {
    ledger_change change;
    int64_t id;
    const char *reason;
} controlling;

static weir_status do_change(ledger *l, void *arg, weir_error **error)
{
    const controlling *c = arg;

    return c->change(l, c->id, c->reason, error);
}

static weir_status control(weir_runner *runner, int64_t id, const char *reason,
                           ledger_change change, weir_error **error)
{
    weir_status status = check_text("reason", reason, JOB_REASON - 1, error);

    return status == WEIR_OK ? ledger_do(&runner->ledger, true, do_change,
                                         &(controlling){change, id, reason}, error)
                             : status;
}

weir_status weir_workflow_pause(weir_runner *runner, int64_t id, const char *reason,
                                weir_error **error)
{
    return control(runner, id, reason, ledger_pause, error);
}

weir_status weir_workflow_cancel(weir_runner *runner, int64_t id, const char *reason,
                                 weir_error **error)
{
    return control(runner, id, reason, ledger_cancel, error);
}

weir_status weir_workflow_resume(weir_runner *runner, int64_t id, weir_error **error)
{
    return control(runner, id, NULL, ledger_resume, error);
}

weir_status weir_workflow_retry(weir_runner *runner, int64_t id, weir_error **error)
{
    return control(runner, id, NULL, ledger_retry, error);
}

/* --- Schedules and triggers --- */

typedef struct pausing {
    const char *workflow, *trigger;
    bool on;
} pausing;

static weir_status pause_start(ledger *l, void *arg, weir_error **error)
{
    const pausing *p = arg;
    weir_status status =
        l->store->kind->set_paused(l->store, p->workflow, p->trigger, p->on ? l->now : 0, error);

    if (status == WEIR_NOT_FOUND && p->trigger != NULL)
        return weir_error_set(error, status, "no runner has taken up a trigger '%s' of '%s' yet",
                              p->trigger, p->workflow);
    if (status == WEIR_NOT_FOUND)
        return weir_error_set(error, status, "no runner has taken up a schedule of '%s' yet",
                              p->workflow);
    return status;
}

weir_status weir_workflow_pause_start(weir_runner *runner, const char *workflow, const char *name,
                                      bool on, weir_error **error)
{
    return ledger_do(&runner->ledger, true, pause_start, &(pausing){workflow, name, on}, error);
}

/* --- Waiting --- */

static void wait_for_change(const weir_runner *runner, int64_t most_ns)
{
    weir_store *store = runner->ledger.store;
    int64_t ms =
        (most_ns < runner->ledger.config.poll ? most_ns : runner->ledger.config.poll) / 1000000 + 1;
    struct pollfd fds[] = {{.fd = runner->stop, .events = POLLIN},
                           {.fd = store->kind->descriptor(store), .events = POLLIN}};

    poll(fds, 2, (int)ms);
}

weir_status weir_workflow_wait(weir_runner *runner, int64_t id, int64_t most_ns, weir_error **error)
{
    weir_store *store = runner->ledger.store;
    int64_t end = weir_later(weir_monotonic_now(), most_ns);
    ledger_view view;
    int64_t below;

    for (;;) {
        store->kind->has_changed(store);
        weir_status status = look(runner, id, &view, &below, error);
        if (status != WEIR_OK || (store_state_is_end(view.state) && view.unfinished == 0))
            return status;
        if (weir_monotonic_now() >= end || runner_is_stopped(runner))
            return weir_error_set(error, WEIR_AGAIN, "execution %lld of '%s' is still %s",
                                  (long long)id, view.workflow, store_state_text(view.state));
        do
            wait_for_change(runner, end - weir_monotonic_now());
        while (weir_monotonic_now() < end && !runner_is_stopped(runner) &&
               !store->kind->has_changed(store));
    }
}
