/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - a run of a task, and what its function may do: the functions of <weir/task.h>. */
#include "workflow/job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "workflow/context.h"
#include "workflow/isolate.h"
#include "workflow/json.h"
#include "workflow/secret.h"

/* --- Beginning and end --- */

weir_task *job_new(const plan *p, uint32_t position)
{
    weir_task *job = weir_alloc(sizeof *job);

    if (job == NULL)
        return NULL;
    job->plan = p;
    job->position = position;
    job->index = -1;
    job->set = json_object();
    job->gone = json_object();
    /* A function on a thread asks; only what is waited for needs to be woken. */
    const plan_task *task = &p->tasks[position];
    bool needs_stop = task->declared->call == NULL || task->config.isolate == WEIR_ISOLATE_PROCESS;
    job->stop = needs_stop ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (job->set != NULL && job->gone != NULL && (job->stop >= 0 || !needs_stop))
        return job;
    job_free(job);
    return NULL;
}

void job_free(weir_task *job)
{
    if (job == NULL)
        return;
    json_decref(job->input);
    json_decref(job->context);
    json_decref(job->set);
    json_decref(job->gone);
    json_decref(job->item);
    json_decref(job->items);
    weir_arena_free(&job->texts);
    if (job->stop >= 0)
        close(job->stop);
    weir_free(job->seen);
    weir_free(job->draft);
    weir_free(job->begins_with);
    weir_free(job->earlier);
    weir_free(job->log);
    weir_free(job->writes);
    weir_free(job->seen_after);
    weir_free(job);
}

weir_task_function job_function(const weir_task *job)
{
    return job->condition != NULL ? job->condition->ask
                                  : job->plan->tasks[job->position].declared->call;
}

int64_t job_timeout(const weir_task *job)
{
    const plan_task *task = &job->plan->tasks[job->position];

    return job->condition != NULL ? task->defer.timeout : task->config.timeout;
}

evaluate_scope job_scope(const weir_task *job)
{
    return (evaluate_scope){
        .context = job->context, .input = job->input, .item = job->item, .index = job->index};
}

const char *const *job_words(const weir_task *job)
{
    return job->words != NULL ? job->words : job->plan->tasks[job->position].declared->exec;
}

void job_end(weir_task *job, job_ending ending)
{
    int goes_on = JOB_GOES_ON;
    uint64_t one = 1;

    if (!__atomic_compare_exchange_n(&job->ending, &goes_on, (int)ending, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST) ||
        job->stop < 0)
        return;
    /* It cannot fail but for being full, and then it can be read, too. */
    ssize_t written = write(job->stop, &one, sizeof one);
    (void)written;
}

job_ending job_is_ending(const weir_task *job)
{
    return (job_ending)__atomic_load_n(&job->ending, __ATOMIC_SEQ_CST);
}

const char *job_why_ended(const weir_task *job)
{
    return job_is_ending(job) == JOB_HANDED_BACK
               ? "it was handed back, since its runner was stopped"
               : "it was ended, since its result is not wanted any more";
}

bool weir_task_is_cancelled(const weir_task *task)
{
    return job_is_ending(task) != JOB_GOES_ON;
}

static void WEIR_PRINTF(3, 0)
    fail_with(weir_task *job, weir_answer answer, const char *format, va_list args)
{
    int size = vsnprintf(job->reason, sizeof job->reason, format, args);

    if (size >= (int)sizeof job->reason)
        json_cut(job->reason, sizeof job->reason);
    json_clean(job->reason, strlen(job->reason));
    if (job->reason[0] == '\0')
        strcpy(job->reason, "it failed without a reason");
    job->answer = answer;
}

void job_set_class(weir_task *job, const char *error_class)
{
    snprintf(job->error_class, sizeof job->error_class, "%s", error_class);
    json_clean(job->error_class, strlen(job->error_class));
}

void job_fail(weir_task *job, weir_answer answer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fail_with(job, answer, format, args);
    va_end(args);
}

static json_t *keys_of(json_t *object)
{
    json_t *keys = json_array(), *value;
    const char *key;

    json_object_foreach(object, key, value) json_array_append_new(keys, json_string(key));
    return keys;
}

/* What was written becomes text, or the task has failed. */
void job_settle(weir_task *job)
{
    size_t size = json_text_size(job->context);

    if (job->broken) {
        job_fail(job, WEIR_TASK_FAILED, "out of memory");
    } else if (size > CONTEXT_LIMIT) {
        job_fail(job, WEIR_TASK_FAILED_GOOD,
                 "the task '%s' makes the context %zu bytes long; at most %d are kept",
                 job->plan->tasks[job->position].name, size, CONTEXT_LIMIT);
    } else {
        json_t *writes = json_pack("{s:O, s:o}", "set", job->set, "delete", keys_of(job->gone));
        job->writes = json_to_text(writes);
        json_decref(writes);
        bool hands_on = job->answer == WEIR_TASK_DONE;
        bool wrote = hands_on && json_object_size(job->set) + json_object_size(job->gone) != 0;
        if (wrote)
            job->seen_after = context_after(job->seen, job->position, job->set, job->gone);
        if (job->writes == NULL || (wrote && job->seen_after == NULL))
            job_fail(job, WEIR_TASK_FAILED, "out of memory");
    }
}

static bool is_failure(weir_answer answer)
{
    return answer == WEIR_TASK_FAILED || answer == WEIR_TASK_FAILED_GOOD ||
           answer == WEIR_TASK_RETRY;
}

static void take_answer(weir_task *job, weir_answer answer)
{
    bool asked = job->condition != NULL;

    if (job->refused)
        return; /* the reason is there */
    if (is_failure(answer) && job->reason[0] == '\0')
        job_fail(job, answer, "it failed without a reason");
    else if (answer == WEIR_TASK_DONE || is_failure(answer) ||
             (answer == WEIR_TASK_NOT_YET && asked) ||
             (answer == WEIR_TASK_DEFERRED && !asked && job->defers))
        job->answer = answer;
    else
        job_fail(job, WEIR_TASK_FAILED_GOOD, "it answered %d, which means nothing", (int)answer);
    if (is_failure(job->answer) && job->error_class[0] == '\0')
        job_set_class(job, "failed");
}

void job_run(weir_task *job)
{
    const plan_task *task = &job->plan->tasks[job->position];
    weir_task_function function = job_function(job);

    if (job->zygotes != NULL && task->config.isolate == WEIR_ISOLATE_PROCESS)
        isolate_run(job->zygotes, job);
    else if (function == NULL)
        job_run_command(job);
    else
        take_answer(job, function(job));
    for (size_t i = 0; job->secrets != NULL && job->secrets[i] != NULL; i++) {
        secret_hide(job->reason, job->secrets[i]);
        secret_hide(job->log, job->secrets[i]);
    }
    if (job->answer == WEIR_TASK_DONE || job->answer == WEIR_TASK_DEFERRED)
        job_settle(job);
}

/* --- Answers --- */

weir_answer weir_task_fail(weir_task *task, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!task->refused)
        fail_with(task, WEIR_TASK_FAILED, format, args);
    va_end(args);
    job_set_class(task, "failed");
    return WEIR_TASK_FAILED;
}

weir_answer weir_task_fail_class(weir_task *task, const char *error_class, const char *format, ...)
{
    const char *good = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t size = strlen(error_class);
    bool is_class = size > 0 && size < JOB_CLASS && error_class[strspn(error_class, good)] == '\0';
    va_list args;

    va_start(args, format);
    if (!task->refused)
        fail_with(task, WEIR_TASK_FAILED, format, args);
    va_end(args);
    job_set_class(task, is_class ? error_class : "failed");
    return WEIR_TASK_FAILED;
}

weir_answer weir_task_fail_for_good(weir_task *task, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!task->refused)
        fail_with(task, WEIR_TASK_FAILED_GOOD, format, args);
    va_end(args);
    return WEIR_TASK_FAILED_GOOD;
}

weir_answer weir_task_retry_after(weir_task *task, int64_t delay_ns, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!task->refused)
        fail_with(task, WEIR_TASK_RETRY, format, args);
    va_end(args);
    job_set_class(task, "failed");
    task->delay = delay_ns > 0 ? delay_ns : 0;
    return WEIR_TASK_RETRY;
}

/* --- Waiting --- */

static weir_answer defer(weir_task *task, int64_t until, int64_t delay, const char *condition)
{
    task->defers = true;
    task->until = until;
    task->delay = delay > 0 ? delay : 0;
    snprintf(task->awaits, sizeof task->awaits, "%s", condition);
    json_clean(task->awaits, strlen(task->awaits));
    return WEIR_TASK_DEFERRED;
}

weir_answer weir_task_defer_until(weir_task *task, int64_t time_ns)
{
    return defer(task, time_ns > 0 ? time_ns : 1, 0, "");
}

weir_answer weir_task_defer_for(weir_task *task, int64_t delay_ns)
{
    return defer(task, 0, delay_ns, "");
}

weir_answer weir_task_defer_on(weir_task *task, const char *condition)
{
    return defer(task, 0, 0, condition[0] != '\0' ? condition : "?");
}

bool weir_task_resumed(const weir_task *task)
{
    return task->resumed;
}

/* --- Reading --- */

/* The text lives as long as the job. */
static const char *lend(weir_task *task, const json_t *value)
{
    char *text = json_to_text(value);
    const char *kept = text != NULL ? weir_arena_copy(&task->texts, text, strlen(text)) : NULL;

    weir_free(text);
    task->broken |= kept == NULL;
    return kept;
}

const char *weir_task_context(weir_task *task)
{
    return lend(task, task->context);
}

const char *weir_task_input(weir_task *task)
{
    return lend(task, task->input);
}

const char *weir_task_get(weir_task *task, const char *key)
{
    const json_t *value = json_object_get(task->context, key);

    return value != NULL ? lend(task, value) : NULL;
}

/* 2^63 is the first double beyond the integers. */
bool weir_task_get_integer(weir_task *task, const char *key, int64_t *ret)
{
    const json_t *value = json_object_get(task->context, key);
    double number = json_is_real(value) ? json_real_value(value) : 0.5;

    if (json_is_integer(value))
        *ret = json_integer_value(value);
    else if (number == trunc(number) && number >= -0x1p63 && number < 0x1p63)
        *ret = (int64_t)number;
    else
        return false;
    return true;
}

bool weir_task_get_number(weir_task *task, const char *key, double *ret)
{
    const json_t *value = json_object_get(task->context, key);

    if (json_is_number(value))
        *ret = json_number_value(value);
    return json_is_number(value);
}

bool weir_task_get_text(weir_task *task, const char *key, const char **ret)
{
    const json_t *value = json_object_get(task->context, key);

    if (!json_is_string(value))
        return false;
    const char *text =
        weir_arena_copy(&task->texts, json_string_value(value), json_string_length(value));
    task->broken |= text == NULL;
    if (text != NULL)
        *ret = text;
    return text != NULL;
}

const char *weir_task_item(weir_task *task)
{
    return task->item != NULL ? lend(task, task->item) : NULL;
}

int64_t weir_task_index(const weir_task *task)
{
    return task->index;
}

const char *weir_task_name(const weir_task *task)
{
    return task->plan->tasks[task->position].name;
}

int64_t weir_task_execution(const weir_task *task)
{
    return task->execution;
}

int64_t weir_task_attempt(const weir_task *task)
{
    return task->attempt;
}

const char *weir_task_key(const weir_task *task)
{
    return task->key;
}

int64_t weir_task_slot(const weir_task *task)
{
    return task->slot;
}

void *weir_task_user(const weir_task *task)
{
    return task->user;
}

/* --- Writing --- */

weir_status job_refuse(weir_task *task, weir_status status, const char *key, const char *why)
{
    char shown[100];

    snprintf(shown, sizeof shown, "%s", key);
    if (!task->refused)
        job_fail(task, WEIR_TASK_FAILED_GOOD, "the task '%s' cannot set '%s': %s",
                 weir_task_name(task), shown, why);
    task->refused = true;
    return status;
}

weir_status job_set(weir_task *task, const char *key, json_t *value, const char *why)
{
    char reason[120];

    if (value == NULL)
        return job_refuse(task, WEIR_ENCODE, key, why);
    size_t size = json_text_size(value);
    if (size > CONTEXT_VALUE_LIMIT) {
        json_decref(value);
        snprintf(reason, sizeof reason, "it is %zu bytes long; at most %d are kept", size,
                 CONTEXT_VALUE_LIMIT);
        return job_refuse(task, WEIR_LIMIT, key, reason);
    }
    bool good = json_object_set(task->set, key, value) == 0 &&
                json_object_set(task->context, key, value) == 0;
    json_decref(value);
    json_object_del(task->gone, key);
    return good ? WEIR_OK : job_refuse(task, WEIR_ENCODE, key, "the key is no UTF-8");
}

weir_status weir_task_set(weir_task *task, const char *key, const char *json)
{
    char reason[200] = "";
    json_t *value = json_from_text(json, reason, sizeof reason);

    return job_set(task, key, value, reason);
}

weir_status weir_task_set_integer(weir_task *task, const char *key, int64_t value)
{
    return job_set(task, key, json_integer(value), "out of memory");
}

weir_status weir_task_set_number(weir_task *task, const char *key, double value)
{
    return job_set(task, key, isfinite(value) ? json_real(value) : NULL,
                   isnan(value) ? "NaN is no JSON value" : "an infinity is no JSON value");
}

weir_status weir_task_set_text(weir_task *task, const char *key, const char *value)
{
    return job_set(task, key, json_string(value), "the text is no UTF-8");
}

weir_status weir_task_delete(weir_task *task, const char *key)
{
    json_object_del(task->set, key);
    json_object_del(task->context, key);
    return json_object_set_new(task->gone, key, json_true()) == 0
               ? WEIR_OK
               : job_refuse(task, WEIR_ENCODE, key, "the key is no UTF-8");
}
