/* SPDX-License-Identifier: Apache-2.0 */
/* zygote.c - starts the program once more for each object, and asks it for workers. */
#include "workflow/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workflow/command.h"
#include "workflow/worker.h"

/* The processes of one object. */
struct zygote {
    char *path; /* "": the program itself */
    pid_t pid;
    int control; /* -1: it is gone */
    worker *idle;
    struct zygote *next;
};

struct zygotes {
    pthread_mutex_t mutex; /* guards all below, and who talks with a zygote */
    zygote *first;
};

/* --- Zygotes --- */

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
        /* A session of its own: the terminal's signals are for the runner. */
        if ((code = set_files(&files, control)) == 0 &&
            (code = command_set_attributes(&attributes, POSIX_SPAWN_SETSID)) == 0)
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

/* A worker that has ended; *ret_status: as waitpid has it. Where its zygote has gone before it, the
 * kernel has killed it, and one that was begun since does not know it. */
static void reap_worker(worker *w, int *ret_status)
{
    worker_control reply = {.status = 0};
    int fd = -1;

    bool told =
        w->parent == w->zygote->pid &&
        ask(w->zygote, &(worker_control){.order = WORKER_REAP, .pid = w->pid}, -1, &reply, &fd);
    *ret_status = told ? reply.status : SIGKILL;
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
    *made = (worker){
        .socket = ends[0], .pidfd = pidfd, .pid = reply.pid, .zygote = z, .parent = z->pid};
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

static zygote *find_zygote(zygotes *all, const char *path)
{
    zygote *z = all->first;

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
    z->next = all->first;
    all->first = z;
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
static weir_status need_zygote(zygotes *all, const char *path, zygote **ret, weir_error **error)
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

/* An idle one that still lives, or a new one. */
static weir_status take_worker(zygote *z, worker **ret, weir_error **error)
{
    int ended;

    for (worker *w; (w = z->idle) != NULL;) {
        z->idle = w->next;
        if (!is_readable(w->pidfd) && !is_readable(w->socket)) {
            *ret = w;
            return WEIR_OK;
        }
        if (is_readable(w->pidfd))
            reap_worker(w, &ended);
        else
            free_worker(w); /* it sees that nobody is there, and ends */
    }
    return fork_worker(z, ret, error);
}

/* --- For all threads --- */

zygotes *zygotes_new(void)
{
    zygotes *all = weir_alloc(sizeof *all);

    if (all != NULL)
        pthread_mutex_init(&all->mutex, NULL);
    return all;
}

void zygotes_free(zygotes *all)
{
    if (all == NULL)
        return;
    for (zygote *z; (z = all->first) != NULL;) {
        all->first = z->next;
        drop_idle(z);
        end_zygote(z);
        weir_free(z->path);
        weir_free(z);
    }
    pthread_mutex_destroy(&all->mutex);
    weir_free(all);
}

weir_status zygotes_prepare(zygotes *all, const char *path, weir_error **error)
{
    zygote *z;

    pthread_mutex_lock(&all->mutex);
    weir_status status = need_zygote(all, path, &z, error);
    pthread_mutex_unlock(&all->mutex);
    return status;
}

static weir_status need_worker(zygotes *all, const char *path, worker **ret, weir_error **error)
{
    zygote *z;
    weir_status status = need_zygote(all, path, &z, error);

    return status == WEIR_OK ? take_worker(z, ret, error) : status;
}

/* A zygote that goes just while it is asked is no fault of the task. */
weir_status zygotes_take(zygotes *all, const char *path, worker **ret, weir_error **error)
{
    weir_error *why = NULL;

    pthread_mutex_lock(&all->mutex);
    const zygote *z = find_zygote(all, path);
    weir_status status = need_worker(all, path, ret, &why);
    if (status == WEIR_IO && z != NULL && z->control >= 0 && is_readable(z->control)) {
        weir_error_free(why);
        why = NULL;
        status = need_worker(all, path, ret, &why);
    }
    pthread_mutex_unlock(&all->mutex);
    if (status != WEIR_OK && error != NULL)
        *error = why;
    else
        weir_error_free(why);
    return status;
}

void zygotes_give_back(zygotes *all, worker *w)
{
    pthread_mutex_lock(&all->mutex);
    w->next = w->zygote->idle;
    w->zygote->idle = w;
    pthread_mutex_unlock(&all->mutex);
}

void zygotes_reap(zygotes *all, worker *w, int *ret_status)
{
    pthread_mutex_lock(&all->mutex);
    reap_worker(w, ret_status);
    pthread_mutex_unlock(&all->mutex);
}
