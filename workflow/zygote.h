/* SPDX-License-Identifier: Apache-2.0 */
/* zygote.h - processes that wait for tasks, and those that make them. Any thread; calls block only
 * as long as it takes to make or to reap a process. */
#ifndef WEIR_WORKFLOW_ZYGOTE_H
#define WEIR_WORKFLOW_ZYGOTE_H

#include <sys/types.h>

#include <weir/core.h>

typedef struct zygote zygote;

/* A process that runs one task after the other, or waits for one. */
typedef struct worker {
    int socket; /* frames to and from it; it does not block */
    int pidfd;
    pid_t pid;
    zygote *zygote;
    pid_t parent;        /* the process that was the zygote when it was forked */
    struct worker *next; /* of those that are idle */
} worker;

/* One zygote for each object whose functions run: "", the program itself, or a shared object. */
typedef struct zygotes zygotes;

zygotes *zygotes_new(void); /* NULL: out of memory */
/* No worker is taken. Returns when all processes are gone. NULL allowed. */
void zygotes_free(zygotes *all);

/* Starts the zygote of an object, if need be. WEIR_IO: it cannot be loaded once more, and why. */
weir_status zygotes_prepare(zygotes *all, const char *path, weir_error **error);

/* An idle worker, or a new one; the caller's until it gives it back or reaps it. */
weir_status zygotes_take(zygotes *all, const char *path, worker **ret, weir_error **error);
void zygotes_give_back(zygotes *all, worker *w);
/* For one that has ended: frees it, and ends what it left behind. *ret_status: as waitpid has it.
 */
void zygotes_reap(zygotes *all, worker *w, int *ret_status);

#endif
