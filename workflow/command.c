/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - posix_spawn, a pidfd, two pipes and a deadline. */
#include "workflow/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

static const int64_t MS_NS = 1000000;

/* --- Output --- */

bool command_tail_init(command_tail *tail, size_t limit)
{
    *tail = (command_tail){.bytes = weir_alloc(limit + 1), .limit = limit};
    return tail->bytes != NULL;
}

static void tail_add(command_tail *tail, const char *bytes, size_t size)
{
    if (size > tail->limit) {
        bytes += size - tail->limit;
        size = tail->limit;
        tail->cut = true;
    }
    if (tail->size + size > tail->limit) {
        size_t keep = tail->limit - size;
        memmove(tail->bytes, tail->bytes + tail->size - keep, keep);
        tail->size = keep;
        tail->cut = true;
    }
    memcpy(tail->bytes + tail->size, bytes, size);
    tail->size += size;
    tail->bytes[tail->size] = '\0';
}

/* Reads what is there. False: the other end is closed. */
static bool tail_read(command_tail *tail, int fd)
{
    char bytes[16384];

    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got > 0)
            tail_add(tail, bytes, (size_t)got);
        else if (got == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
        else if (errno == EAGAIN)
            return true;
    }
}

/* --- Starting --- */

/* A process that is being watched. */
typedef struct watch {
    pid_t group;
    int pid;        /* a descriptor */
    int outputs[2]; /* read ends: standard output, standard error; -1: closed */
    int inner[2];   /* their write ends */
} watch;

static void close_some(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

static int set_actions(const command *c, const watch *w, posix_spawn_file_actions_t *actions)
{
    int code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    for (int i = 0; i < 2 && code == 0; i++)
        code = posix_spawn_file_actions_adddup2(actions, w->inner[i], STDOUT_FILENO + i);
    if (code == 0 && c->folder != NULL)
        code = posix_spawn_file_actions_addchdir_np(actions, c->folder);
    return code;
}

int command_set_attributes(posix_spawnattr_t *attributes, int apart)
{
    sigset_t all, none;
    int code;

    sigfillset(&all);
    sigemptyset(&none);
    if ((code = posix_spawnattr_setsigdefault(attributes, &all)) == 0 &&
        (code = posix_spawnattr_setsigmask(attributes, &none)) == 0)
        code = posix_spawnattr_setflags(
            attributes, (short)(apart | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
    return code;
}

static int spawn(const command *c, watch *w)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code != 0)
        return code;
    if ((code = posix_spawnattr_init(&attributes)) == 0) {
        if ((code = set_actions(c, w, &actions)) == 0 &&
            (code = command_set_attributes(&attributes, POSIX_SPAWN_SETPGROUP)) == 0)
            code = posix_spawnp(&w->group, c->words[0], &actions, &attributes, c->words,
                                c->environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static weir_status cannot_run(const command *c, int code, weir_error **error)
{
    return weir_error_set(error, WEIR_IO, "cannot run '%s': %s", c->words[0], strerror(code));
}

static int open_pipes(watch *w)
{
    for (int i = 0; i < 2; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            return errno;
        w->outputs[i] = ends[0];
        w->inner[i] = ends[1];
        if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
            return errno;
    }
    return 0;
}

static weir_status start(const command *c, watch *w, weir_error **error)
{
    int code = open_pipes(w);

    if (code == 0)
        code = spawn(c, w);
    close_some(w->inner, 2);
    if (code != 0)
        return cannot_run(c, code, error);
    w->pid = (int)syscall(SYS_pidfd_open, w->group, 0);
    if (w->pid >= 0)
        return WEIR_OK;
    code = errno;
    kill(-w->group, SIGKILL);
    while (waitpid(w->group, NULL, 0) < 0 && errno == EINTR) {
    }
    return cannot_run(c, code, error);
}

/* --- Watching --- */

/* Waits until the process has ended, reading its output; not beyond `deadline`, nor (`may_stop`) a
 * stop. */
static bool wait_until(command *c, watch *w, int64_t deadline, bool may_stop)
{
    for (;;) {
        int64_t left = deadline == INT64_MAX ? INT64_MAX : deadline - weir_monotonic_now();
        struct pollfd fds[4] = {{.fd = w->pid, .events = POLLIN},
                                {.fd = w->outputs[0], .events = POLLIN},
                                {.fd = w->outputs[1], .events = POLLIN},
                                {.fd = may_stop ? c->stop : -1, .events = POLLIN}};
        if (left < 0)
            return false;
        int wait_ms = left / MS_NS > 60000 ? 60000 : (int)(left / MS_NS) + 1;
        if (poll(fds, 4, wait_ms) < 0 && errno != EINTR)
            return false;
        command_tail *tails[] = {&c->output, &c->errors};
        for (int i = 0; i < 2; i++)
            if (fds[i + 1].revents != 0 && !tail_read(tails[i], w->outputs[i]))
                close_some(&w->outputs[i], 1);
        if (fds[0].revents != 0)
            return true;
        if (fds[3].revents != 0) {
            c->stopped = true;
            return false;
        }
    }
}

/* The leader has ended and is not yet reaped, so its group's number is still its own. */
static void reap(command *c, watch *w)
{
    siginfo_t info = {0};

    kill(-w->group, SIGKILL);
    while (waitid(P_PID, (id_t)w->group, &info, WEXITED) < 0 && errno == EINTR) {
    }
    c->signalled = info.si_code != CLD_EXITED;
    c->status = info.si_status;
}

weir_status command_run(command *c, weir_error **error)
{
    watch w = {.pid = -1, .outputs = {-1, -1}, .inner = {-1, -1}};
    weir_status status = start(c, &w, error);

    if (status == WEIR_OK) {
        bool ended = wait_until(c, &w, weir_later(weir_monotonic_now(), c->timeout), true);
        c->timed_out = !ended && !c->stopped;
        if (!ended) {
            kill(-w.group, SIGTERM);
            if (!wait_until(c, &w, weir_later(weir_monotonic_now(), c->grace), false))
                kill(-w.group, SIGKILL);
            wait_until(c, &w, INT64_MAX, false);
        }
        reap(c, &w);
        for (int i = 0; i < 2; i++)
            if (w.outputs[i] >= 0)
                tail_read(i == 0 ? &c->output : &c->errors, w.outputs[i]);
    }
    close_some(w.outputs, 2);
    close_some(&w.pid, 1);
    return status;
}
