/* SPDX-License-Identifier: Apache-2.0 */
/* runner.c - runs executions: claims what is ready, gives it to threads, records what comes back.
 *
 * All store transactions are of the runner's own thread, one for each step, so that what another
 * process sees is always whole. Work is never done inside one.
 */
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
#include "workflow/context.h"
#include "workflow/isolate.h"
#include "workflow/json.h"

static const weir_option runner_options[] = {
    {.name = "slots",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "4",
     .min = 1,
     .max = 1024,
     .offset = offsetof(runner_config, slots),
     .help = "How many tasks run at once."},
    {.name = "poll",
     .type = WEIR_OPTION_DURATION,
     .fallback = "100ms",
     .min = 1000000,
     .max = 60000000000,
     .offset = offsetof(runner_config, poll),
     .help = "How often the store is looked at for what other runners did."},
    {.name = "busy",
     .type = WEIR_OPTION_DURATION,
     .fallback = "30s",
     .min = 1000000,
     .max = 3600000000000,
     .offset = offsetof(runner_config, busy),
     .help = "How long another process may hold the store before that is an error."},
    {.name = "grace",
     .type = WEIR_OPTION_DURATION,
     .fallback = "5s",
     .min = 0,
     .max = 3600000000000,
     .offset = offsetof(runner_config, grace),
     .help = "The time from SIGTERM to SIGKILL of a command that is ended."},
    {.name = "most_lost",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "3",
     .min = 0,
     .max = 1000,
     .offset = offsetof(runner_config, most_lost),
     .help = "How often a task runs again after its runner was lost with it."},
};

enum { OPTION_COUNT = sizeof runner_options / sizeof *runner_options };

const weir_option *weir_runner_options(size_t *ret_count)
{
    *ret_count = OPTION_COUNT;
    return runner_options;
}

/* --- Opening and closing --- */

static weir_status join(weir_runner *runner, weir_error **error)
{
    char name[320], host[256] = "";
    weir_store *store = runner->ledger.store;

    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s/%ld", host, (long)getpid());
    return store->kind->join(store, name, &runner->ledger.runner, error);
}

static weir_status open_runner(weir_runner *runner, const char *url, const weir_setting *settings,
                               size_t count, weir_error **error)
{
    weir_status status = weir_options_read(runner_options, OPTION_COUNT, "the runner", settings,
                                           count, &runner->config, error);

    if (status != WEIR_OK)
        return status;
    runner->ledger.grace = runner->config.grace;
    runner->ledger.most_lost = runner->config.most_lost;
    if ((runner->ledger.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        return weir_error_set(error, WEIR_IO, "cannot make a descriptor: %s", strerror(errno));
    status = store_open(url, runner->config.busy, &runner->ledger.store, error);
    if (status == WEIR_OK)
        status = join(runner, error);
    if (status == WEIR_OK && (runner->pool = pool_new((size_t)runner->config.slots)) == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (status == WEIR_OK && isolate_is_allowed() &&
        (runner->ledger.isolation = isolation_new()) == NULL)
        status = weir_error_set(error, WEIR_NOMEM, "out of memory");
    return status;
}

weir_status weir_runner_open(const char *store, const weir_setting *settings, size_t setting_count,
                             weir_runner **ret, weir_error **error)
{
    weir_runner *runner = weir_alloc(sizeof *runner);

    if (runner == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    runner->ledger.stop = -1;
    weir_status status = open_runner(runner, store, settings, setting_count, error);
    if (status == WEIR_OK)
        *ret = runner;
    else
        weir_runner_close(runner);
    return status;
}

void weir_runner_close(weir_runner *runner)
{
    if (runner == NULL)
        return;
    pool_free(runner->pool);
    isolation_free(runner->ledger.isolation);
    store_close(runner->ledger.store);
    if (runner->ledger.stop >= 0)
        close(runner->ledger.stop);
    for (size_t i = 0; i < runner->plan_count; i++)
        plan_free(runner->plans[i]);
    weir_free(runner->plans);
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
    ssize_t written = write(runner->ledger.stop, &one, sizeof one);
    (void)written;
    errno = before;
}

static bool is_stopped(const weir_runner *runner)
{
    struct pollfd ready = {.fd = runner->ledger.stop, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

void runner_use_virtual_time(weir_runner *runner, int64_t now)
{
    runner->ledger.now = now;
}

static void WEIR_PRINTF(4, 5)
    tell(const weir_runner *runner, weir_level level, const char *name, const char *format, ...)
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

static const plan *find_plan(const weir_runner *runner, const char *workflow)
{
    for (size_t i = 0; i < runner->plan_count; i++)
        if (strcmp(runner->plans[i]->workflow, workflow) == 0)
            return runner->plans[i];
    return NULL;
}

/* The processes that its functions need. */
static weir_status prepare(weir_runner *runner, const plan *p, weir_error **error)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; i < p->task_count && status == WEIR_OK; i++) {
        const plan_task *task = &p->tasks[i];
        if (runner->ledger.isolation != NULL && task->declared->call != NULL &&
            task->config.isolate == WEIR_ISOLATE_PROCESS)
            status = isolation_prepare(runner->ledger.isolation, task->declared->call, error);
    }
    return status;
}

static weir_status load(weir_runner *runner, const weir_module_workflow *workflow,
                        const char *folder, weir_error **error)
{
    plan *p = NULL;

    if (find_plan(runner, workflow->name) != NULL)
        return weir_error_set(error, WEIR_STATE, "the workflow '%s' is loaded already",
                              workflow->name);
    weir_status status = plan_new(workflow, folder, &p, error);
    if (status != WEIR_OK)
        return status;
    status = prepare(runner, p, error);
    plan **plans = NULL;
    if (status == WEIR_OK)
        plans = weir_realloc(runner->plans, (runner->plan_count + 1) * sizeof *plans);
    if (status != WEIR_OK) {
        plan_free(p);
        return status;
    }
    if (plans == NULL) {
        plan_free(p);
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    }
    runner->plans = plans;
    runner->plans[runner->plan_count++] = p;
    return WEIR_OK;
}

weir_status weir_runner_load(weir_runner *runner, const weir_module *module, const char *folder,
                             weir_error **error)
{
    weir_status status = WEIR_OK;

    if (module->generation != WEIR_GENERATION)
        return weir_error_set(
            error, WEIR_MISMATCH,
            "the module '%s' was generated for generation %u of weir; this is %d: "
            "generate it again",
            module->name, module->generation, WEIR_GENERATION);
    for (uint32_t i = 0; i < module->workflow_count && status == WEIR_OK; i++)
        status = load(runner, &module->workflows[i], folder, error);
    return status;
}

static weir_status need_plan(const weir_runner *runner, const char *workflow, const plan **ret,
                             weir_error **error)
{
    weir_nearest nearest = {.wanted = workflow};
    char hint[128];

    if ((*ret = find_plan(runner, workflow)) != NULL)
        return WEIR_OK;
    for (size_t i = 0; i < runner->plan_count; i++)
        weir_nearest_offer(&nearest, runner->plans[i]->workflow);
    return weir_error_set(error, WEIR_NOT_FOUND, "no workflow '%s' is loaded%s", workflow,
                          weir_nearest_hint(&nearest, hint, sizeof hint));
}

/* --- Starting --- */

static weir_status check_key(const char *key, weir_error **error)
{
    size_t size = key != NULL ? strlen(key) : 1;

    if (size >= 1 && size <= LEDGER_KEY_LIMIT)
        return WEIR_OK;
    return weir_error_set(error, WEIR_INVALID, "a key has 1 to %d bytes, not %zu", LEDGER_KEY_LIMIT,
                          size);
}

/* As it is stored: keys sorted, so that one input is one text. NULL: *error says why. */
static char *read_input(const char *input, weir_error **error)
{
    char reason[200] = "";
    json_t *value = json_from_text(input != NULL ? input : "{}", reason, sizeof reason);
    char *text = NULL;

    if (value == NULL)
        weir_error_set(error, WEIR_INVALID, "the input is no JSON: %s", reason);
    else if (!json_is_object(value))
        weir_error_set(error, WEIR_INVALID, "the input is to be a JSON object, as in {\"day\": 1}");
    else if (json_text_size(value) > CONTEXT_LIMIT)
        weir_error_set(error, WEIR_INVALID, "the input is longer than %d bytes", CONTEXT_LIMIT);
    else if ((text = json_to_text(value)) == NULL)
        weir_error_set(error, WEIR_NOMEM, "out of memory");
    json_decref(value);
    return text;
}

weir_status weir_workflow_start(weir_runner *runner, const char *workflow, const char *input,
                                const char *key, int64_t *ret_id, weir_error **error)
{
    const plan *p;
    weir_error *wrong = NULL;
    weir_status status = need_plan(runner, workflow, &p, error);

    if (status == WEIR_OK)
        status = check_key(key, error);
    if (status != WEIR_OK)
        return status;
    char *text = read_input(input, &wrong);
    if (text == NULL) {
        status = weir_error_set(error, weir_error_status(wrong), "%s", weir_error_message(wrong));
        weir_error_free(wrong);
        return status;
    }
    status = ledger_start(&runner->ledger, p, text, key, ret_id, error);
    weir_free(text);
    return status;
}

/* --- Running --- */

static void tell_result(const weir_runner *runner, const weir_task *job)
{
    const char *name = weir_task_name(job);

    if (job->answer == WEIR_TASK_DONE)
        tell(runner, WEIR_INFO, name, "run %lld is done", (long long)job->attempt);
    else if (job->handed_back)
        tell(runner, WEIR_INFO, name, "run %lld is handed back", (long long)job->attempt);
    else
        tell(runner, WEIR_WARNING, name, "run %lld failed: %s", (long long)job->attempt,
             job->reason);
}

/* A result is worth waiting for a store that others hold. */
static weir_status finish(weir_runner *runner, const plan *p, const weir_task *job,
                          weir_error **error)
{
    weir_error *busy = NULL;
    weir_status status;

    while ((status = ledger_finish(&runner->ledger, p, job, &busy)) == WEIR_AGAIN)
        tell(runner, WEIR_WARNING, weir_task_name(job), "its result waits: %s",
             weir_error_message(busy));
    if (status != WEIR_OK)
        weir_error_set(error, status, "%s", weir_error_message(busy));
    weir_error_free(busy);
    return status;
}

/* Records what has ended; waits for it for at most `wait_ns`. */
static weir_status take_results(weir_runner *runner, const plan *p, int64_t wait_ns,
                                weir_error **error)
{
    weir_status status = WEIR_OK;

    for (weir_task *job; status == WEIR_OK && (job = pool_take(runner->pool, wait_ns)) != NULL;
         wait_ns = 0) {
        status = finish(runner, p, job, error);
        if (status == WEIR_OK)
            tell_result(runner, job);
        job_free(job);
    }
    return status;
}

static weir_status give(weir_runner *runner, const plan *p, weir_task *job, weir_error **error)
{
    size_t size = json_text_size(job->context);

    tell(runner, WEIR_INFO, weir_task_name(job), "run %lld begins", (long long)job->attempt);
    if (size > CONTEXT_LIMIT)
        job_fail(job, WEIR_TASK_FAILED_GOOD, "its context is %zu bytes long; at most %d are kept",
                 size, CONTEXT_LIMIT);
    else if (pool_give(runner->pool, job))
        return WEIR_OK;
    else
        job_fail(job, WEIR_TASK_FAILED, "no thread could be started for it");
    weir_status status = finish(runner, p, job, error);
    job_free(job);
    return status;
}

/* Claims until the slots are full or nothing more is ready. */
static weir_status fill_slots(weir_runner *runner, const plan *p, int64_t id,
                              ledger_claimed *claimed, weir_error **error)
{
    weir_status status = WEIR_OK;

    do {
        status = ledger_claim(&runner->ledger, p, id, claimed, error);
        if (status == WEIR_OK && claimed->job != NULL)
            status = give(runner, p, claimed->job, error);
    } while (status == WEIR_OK && claimed->job != NULL && pool_has_room(runner->pool));
    return status;
}

/* Until something is due, ends, or may have been done by others. */
static int64_t wait_time(weir_runner *runner, const ledger_claimed *claimed)
{
    int64_t now = ledger_now(&runner->ledger), left = runner->config.poll;
    bool is_virtual = runner->ledger.now != 0;

    if (is_virtual && pool_running(runner->pool) == 0 && claimed->due != INT64_MAX) {
        runner->ledger.now = claimed->due;
        return 0;
    }
    if (!is_virtual && claimed->due != INT64_MAX && claimed->due - now < left)
        left = claimed->due > now ? claimed->due - now : 0;
    return left;
}

/* One round: what came back, what others lost, what is ready. */
static weir_status go_on(weir_runner *runner, const plan *p, int64_t id, int64_t wait_ns,
                         ledger_claimed *claimed, weir_error **error)
{
    size_t before = pool_running(runner->pool);
    weir_status status = take_results(runner, p, wait_ns, error);
    bool idle = pool_running(runner->pool) == before;

    if (status == WEIR_OK && idle)
        status = ledger_reclaim(&runner->ledger, p, id, error);
    if (status == WEIR_OK && pool_has_room(runner->pool) && !is_stopped(runner))
        status = fill_slots(runner, p, id, claimed, error);
    return status;
}

static weir_status run(weir_runner *runner, const plan *p, int64_t id, weir_error **error)
{
    ledger_claimed claimed = {.due = INT64_MAX};
    weir_status status = WEIR_OK;
    int64_t wait_ns = 0;

    while (status == WEIR_OK) {
        status = go_on(runner, p, id, wait_ns, &claimed, error);
        bool ended = store_state_is_end(claimed.state);
        if (status == WEIR_OK && pool_running(runner->pool) == 0 && !ended && is_stopped(runner))
            status = weir_error_set(error, WEIR_CLOSED,
                                    "execution %lld was stopped; it goes on when it is run again",
                                    (long long)id);
        if (status == WEIR_OK && pool_running(runner->pool) == 0 && ended)
            break;
        wait_ns = wait_time(runner, &claimed);
    }
    /* After a failure of the store: what still runs ends, and is run anew after a restart. */
    while (pool_running(runner->pool) != 0)
        job_free(pool_take(runner->pool, runner->config.poll));
    return status;
}

weir_status weir_workflow_run(weir_runner *runner, int64_t id, weir_error **error)
{
    ledger_view view;
    const plan *p;
    weir_status status = ledger_look(&runner->ledger, id, &view, error);

    if (status != WEIR_OK || store_state_is_end(view.state))
        return status;
    if (need_plan(runner, view.workflow, &p, NULL) != WEIR_OK)
        return weir_error_set(error, WEIR_MISMATCH,
                              "execution %lld is of the workflow '%s', which is not loaded",
                              (long long)id, view.workflow);
    if (strcmp(p->version, view.version) != 0)
        return weir_error_set(error, WEIR_MISMATCH,
                              "execution %lld began with version %.8s of the workflow '%s', and "
                              "ends with it; loaded is version %.8s",
                              (long long)id, view.version, view.workflow, p->version);
    return run(runner, p, id, error);
}
