/* SPDX-License-Identifier: Apache-2.0 */
/* isolate.c - zygotes, idle workers, and the talk with one that runs a task. */
#include "workflow/isolate.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/text.h"
#include "workflow/json.h"
#include "workflow/worker.h"

static const int64_t MS_NS = 1000000;

/* A fact of the process: whether its main lets it be started as a zygote. */
static atomic_bool is_allowed;

void isolate_allow(void)
{
    atomic_store(&is_allowed, true);
}

bool isolate_is_allowed(void)
{
    return atomic_load(&is_allowed);
}

typedef struct worker {
    int socket, pidfd;
    pid_t pid;
    struct worker *next; /* of those that are idle */
} worker;

/* The processes of one object. */
typedef struct zygote {
    char *path; /* "": the program itself */
    pid_t pid;
    int control; /* -1: it is gone */
    worker *idle;
    struct zygote *next;
} zygote;

struct isolation {
    pthread_mutex_t mutex; /* guards the zygotes, their controls and idle workers */
    zygote *zygotes;
};

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

static bool find_place(weir_task_function function, function_place *ret)
{
    union {
        weir_task_function function;
        void *data;
    } address = {.function = function};
    struct link_map *map = NULL;
    Dl_info info;

    if (dladdr1(address.data, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL)
        return false;
    bool named = !is_program(map) && info.dli_sname != NULL && info.dli_saddr == address.data;
    ret->path = is_program(map) ? "" : map->l_name;
    ret->symbol = named ? info.dli_sname : "";
    ret->offset = (int64_t)((uintptr_t)address.data - map->l_addr);
    return true;
}

/* --- Zygotes --- */

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    int code;

    sigfillset(&all);
    sigemptyset(&none);
    if ((code = posix_spawnattr_setsigdefault(attributes, &all)) == 0 &&
        (code = posix_spawnattr_setsigmask(attributes, &none)) == 0)
        /* A session of its own: the terminal's signals are for the runner. */
        code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                        POSIX_SPAWN_SETSIGMASK);
    return code;
}

/* What a task prints goes to standard error: standard output is the program's. */
static int set_files(posix_spawn_file_actions_t *files, int control)
{
    int code = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (code == 0)
        code = posix_spawn_file_actions_adddup2(files, STDERR_FILENO, STDOUT_FILENO);
    return code == 0 ? posix_spawn_file_actions_adddup2(files, control, WORKER_CONTROL) : code;
}

static int spawn(zygote *z, int control)
{
    char word[] = WORKER_WORD;
    char *const words[] = {program_invocation_name, word, z->path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&files);

    if (code != 0)
        return code;
    if ((code = posix_spawnattr_init(&attributes)) == 0) {
        if ((code = set_files(&files, control)) == 0 && (code = set_attributes(&attributes)) == 0)
            code = posix_spawn(&z->pid, "/proc/self/exe", &files, &attributes, words, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return code;
}

/* Its end of the socket closes, and it ends with all its workers. The host may have reaped it. */
static void end_zygote(zygote *z)
{
    if (z->control < 0)
        return;
    close(z->control);
    z->control = -1;
    while (waitpid(z->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* An end above the descriptors that the other side gets as its own. */
static int move_up(int fd)
{
    int moved = fd <= WORKER_CONTROL ? fcntl(fd, F_DUPFD_CLOEXEC, WORKER_CONTROL + 1) : fd;

    if (moved != fd)
        close(fd);
    return moved;
}

static weir_status begin_zygote(zygote *z, weir_error **error)
{
    worker_control hello = {.code = EPIPE};
    int ends[2], fd = -1;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return weir_error_set(error, WEIR_IO, "cannot make a socket: %s", strerror(errno));
    ends[1] = move_up(ends[1]);
    int code = ends[1] >= 0 ? spawn(z, ends[1]) : errno;
    if (ends[1] >= 0)
        close(ends[1]);
    z->control = ends[0];
    if (code == 0 && worker_receive_control(z->control, &hello, &fd) && hello.code == 0)
        return WEIR_OK;
    weir_error_set(error, WEIR_IO, "cannot start a process for tasks: %s",
                   code != 0               ? strerror(code)
                   : hello.text[0] != '\0' ? hello.text
                                           : "it ended at once");
    if (code == 0)
        end_zygote(z);
    else
        close(z->control);
    z->control = -1;
    return WEIR_IO;
}

/* --- Workers --- */

static bool is_readable(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

static void free_worker(worker *w)
{
    close(w->socket);
    close(w->pidfd);
    weir_free(w);
}

/* One order and its answer. */
static bool ask(zygote *z, const worker_control *order, int fd, worker_control *ret, int *ret_fd)
{
    return z->control >= 0 && worker_send_control(z->control, order, fd) &&
           worker_receive_control(z->control, ret, ret_fd);
}

/* A worker that has ended; *ret_status: as waitpid has it. */
static void reap_worker(zygote *z, worker *w, int *ret_status)
{
    worker_control reply = {.status = 0};
    int fd = -1;

    if (ask(z, &(worker_control){.order = WORKER_REAP, .pid = w->pid}, -1, &reply, &fd))
        *ret_status = reply.status;
    free_worker(w);
}

static weir_status fork_worker(zygote *z, worker **ret, weir_error **error)
{
    worker_control reply = {.code = EPIPE};
    worker *made = weir_alloc(sizeof *made);
    int ends[2], pidfd = -1;

    if (made == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        weir_free(made);
        return weir_error_set(error, WEIR_IO, "cannot make a socket: %s", strerror(errno));
    }
    bool told = ask(z, &(worker_control){.order = WORKER_FORK}, ends[1], &reply, &pidfd);
    close(ends[1]);
    *made = (worker){.socket = ends[0], .pidfd = pidfd, .pid = reply.pid};
    if (told && pidfd >= 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) {
        *ret = made;
        return WEIR_OK;
    }
    weir_error_set(error, WEIR_IO, "no process could be made for it: %s",
                   strerror(reply.code != 0 ? reply.code : EIO));
    close(ends[0]);
    if (pidfd >= 0)
        close(pidfd);
    weir_free(made);
    return WEIR_IO;
}

static zygote *find_zygote(isolation *all, const char *path)
{
    zygote *z = all->zygotes;

    while (z != NULL && strcmp(z->path, path) != 0)
        z = z->next;
    if (z != NULL)
        return z;
    z = weir_alloc(sizeof *z);
    if (z == NULL || (z->path = weir_strdup(path)) == NULL) {
        weir_free(z);
        return NULL;
    }
    z->control = -1;
    z->next = all->zygotes;
    all->zygotes = z;
    return z;
}

static void drop_idle(zygote *z)
{
    for (worker *w; (w = z->idle) != NULL;) {
        z->idle = w->next;
        free_worker(w);
    }
}

/* A zygote that is gone, with its workers, is begun anew. */
static weir_status need_zygote(isolation *all, const char *path, zygote **ret, weir_error **error)
{
    zygote *z = find_zygote(all, path);

    *ret = z;
    if (z == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    if (z->control >= 0 && !is_readable(z->control))
        return WEIR_OK;
    drop_idle(z);
    end_zygote(z);
    return begin_zygote(z, error);
}

/* An idle one that still lives, or a new one. The mutex is held. */
static weir_status take_worker(isolation *all, const char *path, zygote **ret_zygote, worker **ret,
                               weir_error **error)
{
    weir_status status = need_zygote(all, path, ret_zygote, error);
    int ended;

    if (status != WEIR_OK)
        return status;
    for (worker *w; (w = (*ret_zygote)->idle) != NULL;) {
        (*ret_zygote)->idle = w->next;
        if (!is_readable(w->pidfd) && !is_readable(w->socket)) {
            *ret = w;
            return WEIR_OK;
        }
        if (is_readable(w->pidfd))
            reap_worker(*ret_zygote, w, &ended);
        else
            free_worker(w); /* it sees that nobody is there, and ends */
    }
    return fork_worker(*ret_zygote, ret, error);
}

/* --- Life --- */

isolation *isolation_new(void)
{
    isolation *all = weir_alloc(sizeof *all);

    if (all != NULL)
        pthread_mutex_init(&all->mutex, NULL);
    return all;
}

void isolation_free(isolation *all)
{
    if (all == NULL)
        return;
    for (zygote *z; (z = all->zygotes) != NULL;) {
        all->zygotes = z->next;
        drop_idle(z);
        end_zygote(z);
        weir_free(z->path);
        weir_free(z);
    }
    pthread_mutex_destroy(&all->mutex);
    weir_free(all);
}

weir_status isolation_prepare(isolation *all, weir_task_function function, weir_error **error)
{
    function_place place;
    zygote *z;

    if (!find_place(function, &place))
        return weir_error_set(error, WEIR_STATE, "its function is in no object that is loaded");
    pthread_mutex_lock(&all->mutex);
    weir_status status = need_zygote(all, place.path, &z, error);
    pthread_mutex_unlock(&all->mutex);
    return status;
}

/* --- Running a task --- */

typedef struct talk {
    weir_task *job;
    worker *worker;
    int64_t deadline; /* monotonic */
    int64_t give_up;  /* once it is stopped: when the grace is over; else INT64_MAX */
    bool timed_out, stopped;
} talk;

/* Until the socket can go on. False: the time is over, or the runner's grace is. */
static bool wait_for_worker(void *arg, short events)
{
    talk *t = arg;

    for (;;) {
        int64_t now = weir_monotonic_now();
        t->timed_out = now >= t->deadline;
        t->stopped = now >= t->give_up;
        if (t->timed_out || t->stopped)
            return false;
        int64_t left = (t->deadline < t->give_up ? t->deadline : t->give_up) - now;
        struct pollfd fds[2] = {
            {.fd = t->worker->socket, .events = events},
            {.fd = t->give_up == INT64_MAX ? t->job->stop : -1, .events = POLLIN}};
        int wait_ms = left / MS_NS > 60000 ? 60000 : (int)(left / MS_NS) + 1;
        if (poll(fds, 2, wait_ms) < 0 && errno != EINTR)
            return false;
        if (fds[0].revents != 0)
            return true;
        if (fds[1].revents != 0)
            t->give_up = weir_later(weir_monotonic_now(), t->job->grace);
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

static void send_signal(const worker *w, int number)
{
    syscall(SYS_pidfd_send_signal, w->pidfd, number, NULL, 0);
}

/* Its process ends: of itself where it crashed, else by signals. */
static void end_worker(isolation *all, zygote *z, const talk *t, bool crashed, int *ret_status)
{
    if (!crashed || !wait_for_end(t->worker, t->job->grace)) {
        send_signal(t->worker, t->timed_out ? SIGTERM : SIGKILL);
        if (!wait_for_end(t->worker, t->job->grace))
            send_signal(t->worker, SIGKILL);
        wait_for_end(t->worker, INT64_MAX);
    }
    pthread_mutex_lock(&all->mutex);
    reap_worker(z, t->worker, ret_status);
    pthread_mutex_unlock(&all->mutex);
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
        job->handed_back = true;
        job_fail(job, WEIR_TASK_FAILED, "it was handed back, since its runner was stopped");
    } else if (t->timed_out) {
        job_fail(job, WEIR_TASK_FAILED, "it ran longer than its timeout of %s",
                 weir_text_amount(WEIR_OPTION_DURATION, config->timeout, limit, sizeof limit));
    } else if (WIFSIGNALED(status)) {
        job_fail(job, WEIR_TASK_FAILED, "it was ended by signal %d (%s)%s%s%s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)), crash->texts[0] != NULL ? " at " : "",
                 crash->texts[0] != NULL ? crash->texts[WORKER_PLACE] : "", amount);
    } else {
        job_fail(job, WEIR_TASK_FAILED, "its process ended with exit code %d before it answered%s",
                 WEXITSTATUS(status), amount);
    }
}

static void keep_way(weir_task *job, const worker_frame *crash)
{
    char *way = weir_strdup(crash->texts[WORKER_WAY]);

    job->broken |= way == NULL;
    if (way != NULL)
        json_clean(way, strlen(way));
    job->log = way;
}

/* False: it sent what means nothing. */
static bool take_answer(weir_task *job, const worker_frame *answer)
{
    int64_t answered = answer->numbers[WORKER_ANSWERED];

    if (answered == WEIR_TASK_DONE) {
        job_take_result(job, answer->texts[WORKER_RESULT]);
        return true;
    }
    if (answered < WEIR_TASK_FAILED || answered > WEIR_TASK_RETRY)
        return false;
    job_fail(job, (weir_answer)answered, "%s", answer->texts[WORKER_REASON]);
    job->delay = answer->numbers[WORKER_DELAY];
    return true;
}

static bool send_job(const worker_socket *to, const weir_task *job, const function_place *place)
{
    const plan_task *task = &job->plan->tasks[job->position];
    char *input = json_to_text(job->input), *context = json_to_text(job->context);
    worker_frame frame = {.kind = WORKER_RUN,
                          .numbers = {[WORKER_EXECUTION] = job->execution,
                                      [WORKER_ATTEMPT] = job->attempt,
                                      [WORKER_OFFSET] = place->offset,
                                      [WORKER_MEMORY] = task->config.memory},
                          .texts = {[WORKER_TASK] = task->name,
                                    [WORKER_SYMBOL] = place->symbol,
                                    [WORKER_KEY] = job->key,
                                    [WORKER_INPUT] = input,
                                    [WORKER_CONTEXT] = context}};
    bool good = input != NULL && context != NULL && worker_send(to, &frame);

    weir_free(input);
    weir_free(context);
    return good;
}

static void talk_with(isolation *all, zygote *z, worker *w, weir_task *job,
                      const function_place *place)
{
    int64_t timeout = job->plan->tasks[job->position].config.timeout;
    talk t = {.job = job,
              .worker = w,
              .deadline = weir_later(weir_monotonic_now(), timeout),
              .give_up = INT64_MAX};
    worker_socket to = {.fd = w->socket, .wait = wait_for_worker, .arg = &t};
    worker_frame frame = {.kind = 0};
    weir_buffer store = {0};
    int status = 0;
    bool came = send_job(&to, job, place) && worker_receive(&to, &frame, &store);

    if (came && frame.kind == WORKER_ANSWER && take_answer(job, &frame)) {
        pthread_mutex_lock(&all->mutex);
        w->next = z->idle;
        z->idle = w;
        pthread_mutex_unlock(&all->mutex);
    } else {
        bool crashed = came && frame.kind == WORKER_CRASH;
        if (crashed)
            keep_way(job, &frame);
        else
            frame.texts[WORKER_PLACE] = NULL;
        end_worker(all, z, &t, crashed || (!t.timed_out && !t.stopped), &status);
        judge(job, &t, &frame, status);
    }
    weir_buffer_free(&store);
}

void isolation_run(isolation *all, weir_task *job)
{
    function_place place;
    weir_error *error = NULL;
    zygote *z;
    worker *w;

    if (!find_place(job->plan->tasks[job->position].declared->call, &place)) {
        job_fail(job, WEIR_TASK_FAILED_GOOD, "its function is in no object that is loaded");
        return;
    }
    pthread_mutex_lock(&all->mutex);
    weir_status status = take_worker(all, place.path, &z, &w, &error);
    pthread_mutex_unlock(&all->mutex);
    if (status == WEIR_OK)
        talk_with(all, z, w, job, &place);
    else
        job_fail(job, WEIR_TASK_FAILED, "%s", weir_error_message(error));
    weir_error_free(error);
}
