/* SPDX-License-Identifier: Apache-2.0 */
/* worker_crash.c - what a task's process tells of a fatal signal before it ends: where it was.
 *
 * It runs on a stack of its own, as the task's may be what is at its end. What it calls is no more
 * than a broken process allows, but for the look-up of names, which may stand still for ever: an
 * alarm ends it then.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workflow/worker.h"

enum { FRAMES = 32, STACK = 64 << 10, PATIENCE = 5 };

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
static int told_fd;
static char place[512], way[8192], stack[STACK];

/* "function+0x12 in nodes.so (0x1234)": the last is what addr2line takes. */
static void print_frame(char *at, size_t room, void *address)
{
    Dl_info info = {0};
    const char *slash;

    if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
        snprintf(at, room, "%p", address);
        return;
    }
    slash = strrchr(info.dli_fname, '/');
    size_t offset = (size_t)((char *)address - (char *)info.dli_fbase);
    if (info.dli_sname != NULL)
        snprintf(at, room, "%s+0x%zx in %s (0x%zx)", info.dli_sname,
                 (size_t)((char *)address - (char *)info.dli_saddr),
                 slash != NULL ? slash + 1 : info.dli_fname, offset);
    else
        snprintf(at, room, "%s (0x%zx)", slash != NULL ? slash + 1 : info.dli_fname, offset);
}

/* The library of the signal's own frames and of abort is not where the task was. */
static bool is_of_c(void *address)
{
    Dl_info info = {0};

    return dladdr(address, &info) != 0 && info.dli_fname != NULL &&
           (strstr(info.dli_fname, "libc.so") != NULL || strstr(info.dli_fname, "libc-") != NULL);
}

static void on_fatal(int number)
{
    void *frames[FRAMES];
    size_t size = 0;

    alarm(PATIENCE);
    int count = backtrace(frames, FRAMES);
    for (int i = 1; i < count && size < sizeof way - 200; i++) {
        print_frame(way + size, sizeof way - size - 2, frames[i]);
        if (place[0] == '\0' && !is_of_c(frames[i]))
            snprintf(place, sizeof place, "%s", way + size);
        size += strlen(way + size);
        way[size++] = '\n';
    }
    worker_socket to = {.fd = told_fd};
    worker_frame frame = {.kind = WORKER_CRASH,
                          .numbers = {number},
                          .texts = {[WORKER_PLACE] = place, [WORKER_WAY] = way}};
    worker_send(&to, &frame);
    signal(number, SIG_DFL);
    raise(number);
}

void worker_tell_crashes(int fd)
{
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK | SA_NODEFER};
    stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    void *first[1];

    told_fd = fd;
    backtrace(first, 1); /* loads what it needs while all is well */
    sigaltstack(&own, NULL);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &action, NULL);
}
