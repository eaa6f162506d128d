/* SPDX-License-Identifier: Apache-2.0 */
/* worker_main.c - a program that runs tasks for another one: the zygote, and the workers it forks.
 *
 * What a task begins and leaves behind is the worker's to end, what a worker leaves behind the
 * zygote's: each is given its descendants' orphans by the kernel. When the runner is gone, however
 * it went, its end of the control socket closes, and all of them end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workflow/job.h"
#include "workflow/json.h"
#include "workflow/worker.h"
#include <weir/workflow.h>

/* --- Children --- */

/* What the kernel writes there, as far as there is room; "": nothing. */
static void read_kernel(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, room - 1) : -1;

    text[size > 0 ? size : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

/* The next number of a list; 0: there is no other. */
static long next_number(char **at)
{
    char *begin = *at;
    long number = strtol(begin, at, 10);

    return *at != begin ? number : 0;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* Kills those of one thread's children that `is_kept` does not know. True: there was one. */
static bool end_some(const char *path, bool (*is_kept)(pid_t pid))
{
    static char list[64 << 10];
    char *at = list;
    bool found = false;

    read_kernel(path, list, sizeof list);
    for (pid_t pid; (pid = (pid_t)next_number(&at)) != 0;)
        if (is_kept == NULL || !is_kept(pid)) {
            end_child(pid);
            found = true;
        }
    return found;
}

/* The same for all threads, as a task may have begun some; then those that these leave behind. */
static void end_children(bool (*is_kept)(pid_t pid))
{
    for (bool found = true; found;) {
        glob_t lists;
        found = false;
        if (glob("/proc/self/task/*/children", GLOB_NOSORT, NULL, &lists) != 0)
            return;
        for (size_t i = 0; i < lists.gl_pathc; i++)
            found = end_some(lists.gl_pathv[i], is_kept) || found;
        globfree(&lists);
    }
}

static bool has_children(void)
{
    siginfo_t info = {0};

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* --- A worker --- */

static weir_task_function find_function(void *object, const worker_frame *frame)
{
    union {
        void *data;
        weir_task_function function;
        uintptr_t number;
    } found = {.data = NULL};
    const struct link_map *map = NULL;

    if (frame->texts[WORKER_SYMBOL][0] != '\0') {
        found.data = dlsym(object, frame->texts[WORKER_SYMBOL]);
        return found.function;
    }
    if (dlinfo(object, RTLD_DI_LINKMAP, &map) != 0)
        return NULL;
    found.number = map->l_addr + (uintptr_t)frame->numbers[WORKER_OFFSET];
    return found.function;
}

/* Bytes of memory that this process may write and shares with nobody. */
static rlim_t data_size(void)
{
    enum { DATA = 6 }; /* its place among the numbers */
    char text[200], *at = text;
    long pages = 0;

    read_kernel("/proc/self/statm", text, sizeof text);
    for (int i = 0; i < DATA; i++)
        pages = next_number(&at);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* `memory` more than there is now; INT64_MAX: as much as the process may anyway. */
static void limit_memory(int64_t memory)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_DATA, &limit) != 0)
        return;
    limit.rlim_cur = memory == INT64_MAX ? limit.rlim_max : data_size() + (rlim_t)memory;
    setrlimit(RLIMIT_DATA, &limit);
}

static json_t *read_object(const char *text)
{
    char reason[200];

    return json_from_text(text, reason, sizeof reason);
}

static bool answer(const worker_socket *to, const weir_task *job)
{
    worker_frame frame = {.kind = WORKER_ANSWER,
                          .numbers = {[WORKER_ANSWERED] = job->answer,
                                      [WORKER_DELAY] = job->delay,
                                      [WORKER_UNTIL] = job->until},
                          .texts = {[WORKER_REASON] = job->reason,
                                    [WORKER_RESULT] = job->writes,
                                    [WORKER_LOG] = job->log,
                                    [WORKER_CLASS] = job->error_class,
                                    [WORKER_AWAITS] = job->awaits}};

    return worker_send(to, &frame);
}

/* The words of a command; NULL: there is none, or no memory. */
static const char *const *read_words(const char *text, json_t **ret_list)
{
    size_t i;
    json_t *word;

    *ret_list = read_object(text);
    const char **words = weir_alloc_array(json_array_size(*ret_list) + 1, sizeof *words);
    json_array_foreach(*ret_list, i, word) if (words != NULL) words[i] = json_string_value(word);
    return words;
}

static int command_stop = -1;

/* It cannot fail, and so leaves errno as it is. */
static void on_term(int number)
{
    uint64_t one = 1;
    ssize_t written = write(command_stop, &one, sizeof one);

    (void)number;
    (void)written;
}

/* A command is ended in order; a function cannot be. */
static void run_job(weir_task *job, const worker_frame *frame)
{
    if (job_function(job) != NULL) {
        limit_memory(frame->numbers[WORKER_MEMORY]);
        job_run(job);
        limit_memory(INT64_MAX);
        return;
    }
    command_stop = job->stop;
    signal(SIGTERM, on_term);
    job_run(job);
    signal(SIGTERM, SIG_DFL);
}

static bool run_alone(const worker_socket *to, const plan *alone, const worker_frame *frame)
{
    weir_task *job = job_new(alone, 0);

    if (job == NULL)
        return false;
    job->grace = frame->numbers[WORKER_GRACE];
    job->input = read_object(frame->texts[WORKER_INPUT]);
    job->context = read_object(frame->texts[WORKER_CONTEXT]);
    if (frame->texts[WORKER_ITEM][0] != '\0')
        job->item = read_object(frame->texts[WORKER_ITEM]);
    job->index = frame->numbers[WORKER_INDEX];
    job->execution = frame->numbers[WORKER_EXECUTION];
    job->attempt = frame->numbers[WORKER_ATTEMPT];
    job->slot = frame->numbers[WORKER_SLOT];
    job->resumed = frame->numbers[WORKER_RESUMED] != 0;
    job->condition = alone->tasks[0].declared->conditions;
    snprintf(job->key, sizeof job->key, "%s", frame->texts[WORKER_KEY]);
    run_job(job, frame);
    if (has_children())
        end_children(NULL);
    bool good = answer(to, job);
    job_free(job);
    return good;
}

/* Runs one task. False: the process is of no more use. */
static bool run(const worker_socket *to, void *object, const worker_frame *frame)
{
    bool is_command = frame->texts[WORKER_EXEC][0] != '\0';
    json_t *list = NULL;
    weir_task_condition condition = {frame->texts[WORKER_TASK], NULL};
    weir_module_task declared = {.name = frame->texts[WORKER_TASK],
                                 .call = is_command ? NULL : find_function(object, frame),
                                 .exec = is_command ? read_words(frame->texts[WORKER_EXEC], &list)
                                                    : NULL};
    if (frame->numbers[WORKER_ASKS] != 0) {
        condition.ask = declared.call;
        declared.conditions = &condition;
    }
    plan_task task = {
        .declared = &declared,
        .name = declared.name,
        .config = {.isolate = WEIR_ISOLATE_NONE, .timeout = frame->numbers[WORKER_TIMEOUT]}};
    const char *folder = frame->texts[WORKER_FOLDER];
    plan alone = {.tasks = &task, .task_count = 1, .folder = folder[0] != '\0' ? folder : NULL};
    bool good = (declared.call != NULL || declared.exec != NULL) && run_alone(to, &alone, frame);

    weir_free((void *)(uintptr_t)declared.exec);
    json_decref(list);
    return good;
}

static void work(int fd, void *object)
{
    worker_socket to = {.fd = fd};
    worker_frame frame;
    weir_buffer store = {0};

    worker_tell_crashes(fd);
    while (worker_receive(&to, &frame, &store) && frame.kind == WORKER_RUN &&
           run(&to, object, &frame)) {
    }
    _exit(0);
}

/* --- The zygote --- */

enum { WORKERS = 1024 + 64 }; /* as many as a runner has slots, and conditions */

static pid_t workers[WORKERS];

static bool is_worker(pid_t pid)
{
    for (size_t i = 0; i < WORKERS; i++)
        if (workers[i] == pid)
            return true;
    return false;
}

static void replace(pid_t old, pid_t new)
{
    for (size_t i = 0; i < WORKERS; i++)
        if (workers[i] == old) {
            workers[i] = new;
            return;
        }
}

static void begin_worker(int fd, void *object, pid_t zygote)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    close(WORKER_CONTROL);
    if (getppid() == zygote)
        work(fd, object);
    _exit(0);
}

/* -1 and errno: there is none. */
static pid_t fork_one(void *object, int fd)
{
    pid_t zygote = getpid(), pid = -1;

    errno = EAGAIN;
    if (is_worker(0))
        pid = fork();
    if (pid == 0)
        begin_worker(fd, object, zygote);
    return pid;
}

static bool fork_worker(void *object, int fd)
{
    worker_control reply = {.order = WORKER_FORK, .pid = fork_one(object, fd)};
    int pidfd = reply.pid > 0 ? (int)syscall(SYS_pidfd_open, reply.pid, 0) : -1;

    reply.code = pidfd < 0 ? errno : 0;
    if (pidfd >= 0)
        replace(0, reply.pid);
    else if (reply.pid > 0)
        end_child(reply.pid);
    if (fd >= 0)
        close(fd);
    bool good = worker_send_control(WORKER_CONTROL, &reply, pidfd);
    if (pidfd >= 0)
        close(pidfd);
    return good;
}

static bool reap(pid_t pid)
{
    worker_control reply = {.order = WORKER_REAP, .pid = pid};
    pid_t ended = -1;

    if (is_worker(pid))
        while ((ended = waitpid(pid, &reply.status, 0)) < 0 && errno == EINTR) {
        }
    reply.code = ended == pid ? 0 : ECHILD;
    replace(pid, 0);
    end_children(is_worker);
    return worker_send_control(WORKER_CONTROL, &reply, -1);
}

static bool obey(void *object)
{
    worker_control order;
    int fd;

    if (!worker_receive_control(WORKER_CONTROL, &order, &fd))
        return false;
    return order.order == WORKER_FORK ? fork_worker(object, fd) : reap(order.pid);
}

static void be_zygote(const char *path)
{
    worker_control hello = {.order = WORKER_FORK};

    prctl(PR_SET_NAME, "weir-worker");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    void *object = dlopen(path[0] != '\0' ? path : NULL, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL)
        snprintf(hello.text, sizeof hello.text, "%s", dlerror());
    hello.code = object != NULL ? 0 : ENOENT;
    if (worker_send_control(WORKER_CONTROL, &hello, -1) && object != NULL)
        while (obey(object)) {
        }
    end_children(NULL);
    _exit(0);
}

/* --- */

static atomic_bool is_allowed;

bool worker_is_allowed(void)
{
    return atomic_load(&is_allowed);
}

void weir_worker_main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], WORKER_WORD) == 0)
        be_zygote(argv[2]);
    atomic_store(&is_allowed, true);
}
