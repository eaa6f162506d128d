/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - what the processes that run tasks and the runner's own tell each other (rule F10).
 *
 *     runner ---- control ----> zygote --fork--> worker, worker, ...
 *        \------- a socket to each worker ------/
 *
 * The zygote has loaded the tasks' code, runs no thread and no task, and forks workers when it is
 * asked. A worker runs one task after the other. Each side trusts nothing that the other one sends:
 * a task may have written anywhere.
 */
#ifndef WEIR_WORKFLOW_WORKER_H
#define WEIR_WORKFLOW_WORKER_H

#include <sys/types.h>

#include "core/buffer.h"

/* The word behind a program's name that makes it a zygote, and the descriptor of its control. */
#define WORKER_WORD "--weir-worker"
enum { WORKER_CONTROL = 3 };

/* --- Control: one message each way --- */

typedef enum worker_order { WORKER_FORK, WORKER_REAP } worker_order;

/* FORK comes with the worker's end of a socket; its answer is the worker's number, and comes with a
 * pidfd. REAP waits for a worker that has ended and for all that it left behind. `code`: 0, or an
 * errno. The first answer, to nothing, tells whether the code could be loaded: `text` says why
 * not. */
typedef struct worker_control {
    int32_t order;
    int32_t pid;
    int32_t code;
    int32_t status; /* as waitpid has it */
    char text[400];
} worker_control;

/* Blocks; `fd` is -1 or goes with it. False: the other side is gone. */
bool worker_send_control(int control, const worker_control *message, int fd);
/* *ret_fd: what came with it, or -1. */
bool worker_receive_control(int control, worker_control *ret, int *ret_fd);

/* --- Frames: a task and its answer ---
 *
 * SIGTERM ends a worker that runs a function; one that runs a command ends that, and answers. */

typedef enum worker_frame_kind {
    WORKER_RUN = 1,
    WORKER_ANSWER,
    WORKER_CRASH, /* the last that is sent */
} worker_frame_kind;

/* Of RUN: a function by symbol or offset, or (exec is not "") the words of a command, as a JSON
 * array, with its folder ("": the working directory), timeout and grace. */
enum {
    WORKER_TASK,
    WORKER_SYMBOL,
    WORKER_EXEC,
    WORKER_FOLDER,
    WORKER_KEY,
    WORKER_INPUT,
    WORKER_CONTEXT,
    WORKER_ITEM, /* "": there is none */
    WORKER_TEXTS
};
enum {
    WORKER_EXECUTION,
    WORKER_ATTEMPT,
    WORKER_SLOT,
    WORKER_OFFSET,
    WORKER_MEMORY,
    WORKER_TIMEOUT,
    WORKER_GRACE,
    WORKER_RESUMED,
    WORKER_INDEX,
    WORKER_ASKS, /* it is a condition */
    WORKER_NUMBERS
};
/* Of ANSWER. */
enum { WORKER_REASON, WORKER_RESULT, WORKER_LOG, WORKER_CLASS, WORKER_AWAITS };
enum { WORKER_ANSWERED, WORKER_DELAY, WORKER_UNTIL };
/* Of CRASH: where, how it came there. */
enum { WORKER_PLACE, WORKER_WAY };

typedef struct worker_frame {
    worker_frame_kind kind;
    int64_t numbers[WORKER_NUMBERS];
    const char *texts[WORKER_TEXTS]; /* NUL behind each; NULL is sent as "" */
} worker_frame;

/* A socket to the other side. `wait` is asked before each part that would block; false from it
 * gives up. NULL: the socket blocks by itself. */
typedef struct worker_socket {
    int fd;
    bool (*wait)(void *arg, short events);
    void *arg;
} worker_socket;

/* False: the other side is gone, it was given up, or (receiving) what came is no frame. The texts
 * that are received lie in `store`. */
bool worker_send(const worker_socket *to, const worker_frame *frame);
bool worker_receive(const worker_socket *from, worker_frame *ret, weir_buffer *store);

/* --- worker_main.c --- */

/* Whether this program can be started as a zygote: its main has called weir_worker_main. */
bool worker_is_allowed(void);

/* --- worker_crash.c --- */

/* From now on a fatal signal sends a CRASH frame into `fd` before it ends the process. */
void worker_tell_crashes(int fd);

#endif
