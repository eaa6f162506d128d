/* SPDX-License-Identifier: Apache-2.0 */
/* workflow_view.c - what `weir workflow run` shows on a terminal while it runs: how far the
 * execution is, and a line for each task that runs or waits. A thread of its own looks at the store
 * as anybody may, so that what other runners do is there, too. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/live.h"
#include "cli/run.h"
#include "cli/workflow.h"
#include "core/buffer.h"

enum { LOOK_MS = 200, CHUNK = 4096, LONGEST_LINE = 1 << 18 };

struct workflow_view {
    const cli_arguments *arguments;
    int64_t id, began;
    weir_runner *runner; /* of the thread */
    json_t *since;       /* "NAME RUN": when it was first seen, of what is shown */
    weir_buffer words;   /* of a line that tasks have not ended yet */
    pthread_t thread;
    int stop, output, terminal; /* output: what tasks' processes write, -1: none */
};

/* --- What is shown --- */

typedef struct counted {
    size_t all, done, running, waiting, failed, ended;
} counted;

static bool is(const json_t *task, const char *state)
{
    return strcmp(json_string_value(json_object_get(task, "state")), state) == 0;
}

static counted count(const json_t *tasks)
{
    counted sum = {.all = json_object_size(tasks)};
    const char *name;
    json_t *task;

    json_object_foreach((json_t *)(uintptr_t)tasks, name, task)
    {
        sum.done += is(task, "Completed");
        sum.running += is(task, "Running");
        sum.waiting += is(task, "Deferred");
        sum.failed += is(task, "Failed");
        sum.ended += is(task, "Completed") || is(task, "Failed") || is(task, "Skipped") ||
                     is(task, "Cancelled");
    }
    return sum;
}

static void put_elapsed(weir_buffer *text, int64_t nanoseconds)
{
    long long s = nanoseconds / 1000000000;

    if (s >= 3600)
        weir_buffer_printf(text, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    else
        weir_buffer_printf(text, "%lld:%02lld", s / 60, s % 60);
}

static void put_counts(weir_buffer *text, const json_t *execution, const counted *sum,
                       int64_t began)
{
    const char *status = json_string_value(json_object_get(execution, "status"));
    char bar[LIVE_BAR];

    weir_buffer_printf(text, "%s%zu of %zu done", live_bar(sum->ended, sum->all, bar), sum->done,
                       sum->all);
    if (sum->running != 0)
        weir_buffer_printf(text, ", %zu running", sum->running);
    if (sum->waiting != 0)
        weir_buffer_printf(text, ", %zu waiting", sum->waiting);
    if (sum->failed != 0)
        weir_buffer_printf(text, ", %zu failed", sum->failed);
    if (strcmp(status, "Paused") == 0)
        weir_buffer_text(text, ", paused");
    weir_buffer_text(text, "  ");
    put_elapsed(text, cli_now_ns() - began);
}

/* When it was first seen so; what is not shown any more is forgotten. */
static int64_t since(const workflow_view *v, const char *name, const json_t *task, json_t *kept)
{
    char key[300];
    const long long run = json_integer_value(json_object_get(task, "attempts"));

    snprintf(key, sizeof key, "%.250s %lld", name, run);
    json_t *at = json_object_get(v->since, key);
    json_object_set_new(kept, key, at != NULL ? json_incref(at) : json_integer(cli_now_ns()));
    return json_integer_value(json_object_get(kept, key));
}

static void put_task(weir_buffer *text, const char *name, const json_t *task, int64_t began)
{
    const long long run = json_integer_value(json_object_get(task, "attempts"));
    const long long left = json_integer_value(json_object_get(task, "left"));
    const char *reason = json_string_value(json_object_get(task, "reason"));

    weir_buffer_printf(text, "\n  %-20s ", name);
    put_elapsed(text, cli_now_ns() - began);
    if (is(task, "Deferred"))
        weir_buffer_printf(text, "  %s", reason != NULL ? reason : "it waits");
    else if (run > 1)
        weir_buffer_printf(text, "  run %lld", run);
    if (left > 1)
        weir_buffer_printf(text, ", %lld left", left);
}

/* Those that run stand before those that wait, as many as fit. */
static void put_tasks(workflow_view *v, weir_buffer *text, const json_t *tasks, size_t room)
{
    static const char *const states[] = {"Running", "Deferred"};
    json_t *kept = json_object(), *task;
    const char *name;
    size_t more = 0;

    for (size_t s = 0; s < 2; s++)
        json_object_foreach((json_t *)(uintptr_t)tasks, name, task)
        {
            if (!is(task, states[s]))
                continue;
            int64_t began = since(v, name, task, kept);
            if (room > 1)
                put_task(text, name, task, began);
            more += room <= 1;
            room -= room > 1;
        }
    if (more != 0)
        weir_buffer_printf(text, "\n  and %zu more", more);
    json_decref(v->since);
    v->since = kept;
}

static void show(workflow_view *v, const json_t *execution)
{
    const json_t *tasks = json_object_get(execution, "tasks");
    const counted sum = count(tasks);
    const size_t room = live_room();
    weir_buffer text = {0};

    put_counts(&text, execution, &sum, v->began);
    if (room > 1)
        put_tasks(v, &text, tasks, room - 1);
    if (!text.failed)
        live_draw(text.data);
    weir_buffer_free(&text);
}

/* A store that is not to be had just now is looked at again. */
static void look(workflow_view *v)
{
    weir_error *error = NULL;
    char *text = NULL;

    if (v->runner == NULL && workflow_open(v->arguments, &v->runner, &error) != WEIR_OK)
        v->runner = NULL;
    if (v->runner != NULL && weir_workflow_result(v->runner, v->id, &text, &error) == WEIR_OK) {
        json_t *execution = json_loads(text, 0, NULL);
        cli_make_printable(execution);
        if (execution != NULL)
            show(v, execution);
        json_decref(execution);
    }
    weir_free(text);
    weir_error_free(error);
}

/* --- What tasks write --- */

/* Whole lines; at the end what there is. */
static void pass_on(workflow_view *v, bool all)
{
    size_t size = v->words.size;

    while (!all && size > 0 && v->words.data[size - 1] != '\n')
        size--;
    if (size == 0)
        return;
    live_make_way();
    fwrite(v->words.data, 1, size, stderr);
    if (v->words.data[size - 1] != '\n')
        fputc('\n', stderr);
    live_come_back();
    memmove(v->words.data, v->words.data + size, v->words.size - size);
    v->words.size -= size;
}

/* Whether there was something. */
static bool take_output(workflow_view *v)
{
    char chunk[CHUNK];
    ssize_t size = v->output >= 0 ? read(v->output, chunk, sizeof chunk) : -1;

    if (size <= 0)
        return false;
    weir_buffer_append(&v->words, chunk, (size_t)size);
    pass_on(v, v->words.size > LONGEST_LINE);
    return true;
}

/* --- The thread --- */

static void *run(void *arg)
{
    workflow_view *v = arg;
    struct pollfd fds[] = {{.fd = v->stop, .events = POLLIN}, {.fd = v->output, .events = POLLIN}};
    int64_t next = 0;

    while ((fds[0].revents & POLLIN) == 0) {
        int64_t now = cli_now_ns() / 1000000;
        if (now >= next) {
            look(v);
            /* A store that answers slowly is asked less often. */
            int64_t took = cli_now_ns() / 1000000 - now;
            next = now + took + (LOOK_MS > 10 * took ? LOOK_MS : 10 * took);
        }
        int64_t left = next - cli_now_ns() / 1000000;
        poll(fds, 2, left > 0 ? (int)left : 0);
        if ((fds[1].revents & POLLIN) != 0)
            take_output(v);
        if ((fds[1].revents & (POLLHUP | POLLERR)) != 0 && (fds[1].revents & POLLIN) == 0)
            fds[1].fd = -1;
    }
    weir_runner_close(v->runner);
    return NULL;
}

/* --- From outside --- */

/* What processes write that begin from now on goes into a pipe; this one goes on as before. */
static void redirect(workflow_view *v)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    v->terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    fcntl(ends[1], F_SETFL, 0);
    if (v->terminal < 0 || dup2(ends[1], STDERR_FILENO) < 0) {
        close(ends[0]);
        ends[0] = -1;
    }
    close(ends[1]);
    v->output = ends[0];
}

workflow_view *workflow_view_new(const cli_arguments *arguments)
{
    workflow_view *v = live_begin(arguments) ? weir_alloc(sizeof *v) : NULL;

    if (v == NULL)
        return NULL;
    *v = (workflow_view){
        .arguments = arguments, .stop = -1, .output = -1, .terminal = -1, .since = json_object()};
    redirect(v);
    return v;
}

void workflow_view_loaded(workflow_view *v)
{
    if (v == NULL || v->terminal < 0)
        return;
    dup2(v->terminal, STDERR_FILENO);
    close(v->terminal);
    v->terminal = -1;
}

/* Signals are for the thread that runs tasks. */
void workflow_view_begin(workflow_view *v, int64_t id)
{
    sigset_t all, before;

    if (v == NULL || (v->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        return;
    v->id = id;
    v->began = cli_now_ns();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&v->thread, NULL, run, v) != 0) {
        close(v->stop);
        v->stop = -1;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void workflow_view_end(workflow_view *v)
{
    uint64_t one = 1;

    if (v == NULL)
        return;
    workflow_view_loaded(v);
    if (v->stop >= 0 && write(v->stop, &one, sizeof one) == sizeof one)
        pthread_join(v->thread, NULL);
    if (v->stop >= 0)
        close(v->stop);
    live_end(false);
    while (take_output(v))
        ;
    pass_on(v, true);
    if (v->output >= 0)
        close(v->output);
    weir_buffer_free(&v->words);
    json_decref(v->since);
    weir_free(v);
}
