/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - one process, watched until it and all that it began are gone. */
#ifndef WEIR_WORKFLOW_COMMAND_H
#define WEIR_WORKFLOW_COMMAND_H

#include <spawn.h>

#include <weir/core.h>

/* The newest bytes of an output. */
typedef struct command_tail {
    char *bytes; /* `limit` of them and a NUL */
    size_t size, limit;
    bool cut; /* there was more before */
} command_tail;

typedef struct command {
    char *const *words;
    char *const *environment;
    const char *folder; /* NULL: the working directory */
    int64_t timeout;    /* nanoseconds, INT64_MAX for none */
    int64_t grace;      /* from SIGTERM to SIGKILL */
    int stop;           /* a descriptor that can be read when it is to be ended; -1: none */
    command_tail output, errors;
    /* the outcome */
    int status; /* as waitid has it: an exit code, or with `signalled` a signal */
    bool signalled, timed_out, stopped;
} command;

/* Runs it in a process group of its own, which is killed when the command has ended: nothing that
 * it began outlives it. Blocks. WEIR_IO: it could not be started, and why; WEIR_NOMEM. */
weir_status command_run(command *c, weir_error **error);

/* For a process that is begun: the signals as a program expects them, and a group or a session of
 * its own (`apart`: POSIX_SPAWN_SETPGROUP, POSIX_SPAWN_SETSID). An errno, or 0. */
int command_set_attributes(posix_spawnattr_t *attributes, int apart);

bool command_tail_init(command_tail *tail, size_t limit);

#endif
