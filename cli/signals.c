/* SPDX-License-Identifier: Apache-2.0 */
/* signals.c - SIGINT and SIGTERM stop in order. */
#include <signal.h>
#include <time.h>

#include "cli/cli.h"

/* A signal handler has no argument: this is the one thing of the process that it stops. */
static void (*volatile stop)(void *what);
static void *volatile stopped;
static volatile int64_t first_signal; /* when it came, monotonic seconds; 0: none has */

/* A signal that comes later ends the process, should the drain take too long for somebody. Some
 * programs (timeout) send theirs twice at once: that is one. */
static void on_signal(int number)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (first_signal == 0) {
        first_signal = now.tv_sec + 1;
    } else if (now.tv_sec > first_signal) {
        signal(number, SIG_DFL);
        raise(number);
    }
    stop(stopped);
}

void cli_catch_signals(void (*stop_it)(void *what), void *what)
{
    struct sigaction action = {.sa_handler = on_signal};

    stop = stop_it;
    stopped = what;
    first_signal = 0;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

void cli_leave_signals(void)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
}
