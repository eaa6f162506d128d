/* SPDX-License-Identifier: Apache-2.0 */
/* isolate.c - the talk with a worker that runs a task. */
#include "workflow/isolate.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/text.h"
#include "workflow/json.h"
#include "workflow/worker.h"

static const int64_t MS_NS = 1000000;
static const int64_t ANSWER_NS = 5000000000; /* of a worker whose command has been ended */

/* Where a function is, so that another process finds it. */
typedef struct function_place {
    const char *path, *symbol; /* "": not by name, but `offset` behind where the object lies */
    int64_t offset;
} function_place;

/* --- Finding functions --- */

static bool is_program(const struct link_map *map)
{
    return map->l_name == NULL || map->l_name[0] == '\0';
}

/* A command is the program's own. */
static bool find_place(weir_task_function function, function_place *ret)
{
    union {
        weir_task_function function;
        void *data;
    } address = {.function = function};
    struct link_map *map = NULL;
    Dl_info info;

    *ret = (function_place){.path = "", .symbol = ""};
    if (function == NULL)
        return true;
    if (dladdr1(address.data, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL)
        return false;
    bool named = !is_program(map) && info.dli_sname != NULL && info.dli_saddr == address.data;
    ret->path = is_program(map) ? "" : map->l_name;
    ret->symbol = named ? info.dli_sname : "";
    ret->offset = (int64_t)((uintptr_t)address.data - map->l_addr);
    return true;
}

weir_status isolate_prepare(zygotes *all, weir_task_function function, weir_error **error)
{
    function_place place;

    if (find_place(function, &place))
        return zygotes_prepare(all, place.path, error);
    return weir_error_set(error, WEIR_STATE, "its function is in no object that is loaded");
}

/* --- Running a task --- */

typedef struct talk {
    weir_task *job;
    worker *worker;
    int64_t deadline; /* monotonic; a command's timeout is the worker's to watch */
    bool is_command, timed_out, stopped;
} talk;

static void send_signal(const worker *w, int number)
{
    syscall(SYS_pidfd_send_signal, w->pidfd, number, NULL, 0);
}

/* Until the socket can go on. False: the time is over, or the job is to end. */
static bool wait_for_worker(void *arg, short events)
{
    talk *t = arg;

    for (;;) {
        int64_t left = t->deadline - weir_monotonic_now();
        struct pollfd fds[2] = {{.fd = t->worker->socket, .events = events},
                                {.fd = t->stopped ? -1 : t->job->stop, .events = POLLIN}};
        t->timed_out = left <= 0;
        if (t->timed_out)
            return false;
        int wait_ms = left / MS_NS > 60000 ? 60000 : (int)(left / MS_NS) + 1;
        if (poll(fds, 2, wait_ms) < 0 && errno != EINTR)
            return false;
        if (fds[0].revents != 0)
            return true;
        if (fds[1].revents == 0)
            continue;
        t->stopped = true;
        if (!t->is_command)
            return false;
        send_signal(t->worker, SIGTERM);
        t->deadline = weir_later(weir_monotonic_now(), weir_later(t->job->grace, ANSWER_NS));
    }
}

static bool wait_for_end(const worker *w, int64_t wait_ns)
{
    int64_t deadline = weir_later(weir_monotonic_now(), wait_ns);

    for (;;) {
        int64_t left = deadline - weir_monotonic_now();
        struct pollfd ready = {.fd = w->pidfd, .events = POLLIN};
        int wait_ms = left / MS_NS > 60000 ? 60000 : (int)(left / MS_NS) + 1;
        if (poll(&ready, 1, left > 0 ? wait_ms : 0) == 1)
            return true;
        if (left <= 0)
            return false;
    }
}

/* Its process ends: of itself where it crashed, else by signals. */
static void end_worker(zygotes *all, const talk *t, bool crashed, int *ret_status)
{
    if (!crashed || !wait_for_end(t->worker, t->job->grace)) {
        send_signal(t->worker, SIGTERM);
        if (!wait_for_end(t->worker, t->job->grace))
            send_signal(t->worker, SIGKILL);
        wait_for_end(t->worker, INT64_MAX);
    }
    zygotes_reap(all, t->worker, ret_status);
}

/* The outcome of a process that ended instead of answering. */
static void judge(weir_task *job, const talk *t, const worker_frame *crash, int status)
{
    const weir_task_config *config = &job->plan->tasks[job->position].config;
    char limit[32], amount[64] = "";

    if (config->memory != INT64_MAX)
        snprintf(amount, sizeof amount, "; its memory is limited to %s",
                 weir_text_amount(WEIR_OPTION_SIZE, config->memory, limit, sizeof limit));
    if (t->stopped) {
        job_fail(job, WEIR_TASK_FAILED, "%s", job_why_ended(job));
    } else if (t->timed_out) {
        job_fail(job, WEIR_TASK_FAILED, "it ran longer than its timeout of %s",
                 weir_text_amount(WEIR_OPTION_DURATION, job_timeout(job), limit, sizeof limit));
        job_set_class(job, "timeout");
    } else if (WIFSIGNALED(status)) {
        job_fail(job, WEIR_TASK_FAILED, "it was ended by signal %d (%s)%s%s%s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)), crash->texts[0] != NULL ? " at " : "",
                 crash->texts[0] != NULL ? crash->texts[WORKER_PLACE] : "", amount);
        job_set_class(job, "crash");
    } else {
        job_fail(job, WEIR_TASK_FAILED, "its process ended with exit code %d before it answered%s",
                 WEXITSTATUS(status), amount);
        job_set_class(job, "crash");
    }
}

static void keep_text(weir_task *job, const char *text)
{
    job->log = text[0] != '\0' ? weir_strdup(text) : NULL;
    job->broken |= text[0] != '\0' && job->log == NULL;
    if (job->log != NULL)
        json_clean(job->log, strlen(job->log));
}

static bool take_deferral(weir_task *job, const worker_frame *answer)
{
    if (job->answer != WEIR_TASK_DONE)
        return true; /* what it wrote was refused */
    snprintf(job->awaits, sizeof job->awaits, "%s", answer->texts[WORKER_AWAITS]);
    json_clean(job->awaits, strlen(job->awaits));
    job->until = answer->numbers[WORKER_UNTIL];
    job->delay = answer->numbers[WORKER_DELAY];
    job->answer = WEIR_TASK_DEFERRED;
    return job->condition == NULL && job->until >= 0 && job->delay >= 0;
}

/* False: it sent what means nothing. */
static bool take_answer(weir_task *job, const worker_frame *answer)
{
    int64_t answered = answer->numbers[WORKER_ANSWERED];

    keep_text(job, answer->texts[WORKER_LOG]);

    if (answered == WEIR_TASK_DONE || answered == WEIR_TASK_DEFERRED) {
        job_take_result(job, answer->texts[WORKER_RESULT]);
        return answered == WEIR_TASK_DONE || take_deferral(job, answer);
    }
    if (answered == WEIR_TASK_NOT_YET && job->condition != NULL) {
        job->answer = WEIR_TASK_NOT_YET;
        return true;
    }
    if (answered < WEIR_TASK_FAILED || answered > WEIR_TASK_RETRY)
        return false;
    job_fail(job, (weir_answer)answered, "%s", answer->texts[WORKER_REASON]);
    job_set_class(job, answer->texts[WORKER_CLASS]);
    job->delay = answer->numbers[WORKER_DELAY];
    return true;
}

/* The words of a command as a JSON array; "": it is a function. NULL: out of memory. */
static char *exec_text(const weir_task *job)
{
    if (job_function(job) != NULL)
        return weir_strdup("");
    const char *const *words = job_words(job);
    json_t *list = json_array();
    for (size_t i = 0; words[i] != NULL; i++)
        json_array_append_new(list, json_string(words[i]));
    char *text = json_to_text(list);
    json_decref(list);
    return text;
}

static bool send_job(const worker_socket *to, const weir_task *job, const function_place *place)
{
    const plan_task *task = &job->plan->tasks[job->position];
    char *input = json_to_text(job->input), *context = json_to_text(job->context);
    char *exec = exec_text(job), *item = json_to_text(job->item);
    worker_frame frame = {.kind = WORKER_RUN,
                          .numbers = {[WORKER_EXECUTION] = job->execution,
                                      [WORKER_ATTEMPT] = job->attempt,
                                      [WORKER_SLOT] = job->slot,
                                      [WORKER_RESUMED] = job->resumed,
                                      [WORKER_INDEX] = job->index,
                                      [WORKER_ASKS] = job->condition != NULL,
                                      [WORKER_OFFSET] = place->offset,
                                      [WORKER_MEMORY] = task->config.memory,
                                      [WORKER_TIMEOUT] = job_timeout(job),
                                      [WORKER_GRACE] = job->grace},
                          .texts = {[WORKER_TASK] = task->name,
                                    [WORKER_SYMBOL] = place->symbol,
                                    [WORKER_EXEC] = exec,
                                    [WORKER_FOLDER] = job->plan->folder,
                                    [WORKER_KEY] = job->key,
                                    [WORKER_INPUT] = input,
                                    [WORKER_CONTEXT] = context,
                                    [WORKER_ITEM] = item}};
    bool good = input != NULL && context != NULL && exec != NULL &&
                (item != NULL) == (job->item != NULL) && worker_send(to, &frame);

    weir_free(input);
    weir_free(context);
    weir_free(exec);
    weir_free(item);
    return good;
}

/* It did not answer, or with what means nothing. */
static void end_talk(zygotes *all, const talk *t, worker_frame *crash, bool came)
{
    bool crashed = came && crash->kind == WORKER_CRASH;
    int status;

    if (crashed)
        keep_text(t->job, crash->texts[WORKER_WAY]);
    else
        crash->texts[WORKER_PLACE] = NULL;
    end_worker(all, t, crashed || (!t->timed_out && !t->stopped), &status);
    judge(t->job, t, crash, status);
}

/* A command that was ended has answered; its worker got the signal, too, and is of no more use. */
static void end_stopped(zygotes *all, const talk *t)
{
    int status;

    if (t->job->answer != WEIR_TASK_DONE)
        job_fail(t->job, WEIR_TASK_FAILED, "%s", job_why_ended(t->job));
    end_worker(all, t, false, &status);
}

static void talk_with(zygotes *all, worker *w, weir_task *job, const function_place *place)
{
    bool is_command = job_function(job) == NULL;
    talk t = {.job = job,
              .worker = w,
              .is_command = is_command,
              .deadline =
                  is_command ? INT64_MAX : weir_later(weir_monotonic_now(), job_timeout(job))};
    worker_socket to = {.fd = w->socket, .wait = wait_for_worker, .arg = &t};
    worker_frame frame = {.kind = 0};
    weir_buffer store = {0};
    bool came = send_job(&to, job, place) && worker_receive(&to, &frame, &store);

    if (!came || frame.kind != WORKER_ANSWER || !take_answer(job, &frame))
        end_talk(all, &t, &frame, came);
    else if (t.stopped)
        end_stopped(all, &t);
    else
        zygotes_give_back(all, w);
    weir_buffer_free(&store);
}

void isolate_run(zygotes *all, weir_task *job)
{
    function_place place;
    weir_error *error = NULL;
    worker *w;

    if (!find_place(job_function(job), &place)) {
        job_fail(job, WEIR_TASK_FAILED_GOOD, "its function is in no object that is loaded");
        return;
    }
    if (zygotes_take(all, place.path, &w, &error) == WEIR_OK)
        talk_with(all, w, job, &place);
    else
        job_fail(job, WEIR_TASK_FAILED, "%s", weir_error_message(error));
    weir_error_free(error);
}
