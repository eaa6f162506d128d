/* SPDX-License-Identifier: Apache-2.0 */
/* history.h - between history.c and begun.c: all that is recorded of a world. */
#ifndef WEIR_TESTS_HISTORY_H
#define WEIR_TESTS_HISTORY_H

#include "tests/workflow/simulation/world.h"

enum { HISTORY_TASKS = 16, HISTORY_EXECUTIONS = 4000 };

/* One execution, as its events have told it so far. */
typedef struct execution {
    int64_t id, slot, parent, item;
    const char *workflow; /* or the part of one */
    const world_plan *plan;
    const json_t *told; /* its tasks */
    json_t *events;
    char state; /* of it: the first letter of Pending, Running, .. ; 'P' is Pending, 'Z' Paused */
    char tasks[HISTORY_TASKS];  /* of its tasks */
    bool queued[HISTORY_TASKS]; /* it can be claimed for sure, being Ready */
} execution;

typedef struct history {
    world *w;
    execution all[HISTORY_EXECUTIONS];
    size_t count;
    char *wrong;
    size_t size;
} history;

const char *history_text(const json_t *object, const char *member); /* "": there is none */
int64_t history_number(const json_t *object, const char *member);   /* 0: there is none */

const execution *history_find(const history *h, int64_t id); /* NULL: there is none */

/* Of the task that an event is of; HISTORY_TASKS: it is of the execution. */
size_t history_task(const execution *e, const json_t *event);
const json_t *history_told(const execution *e, size_t task);

/* --- begun.c --- */

/* Adds what runs came to that wait for what they have begun. False: they did not wait for it. */
bool history_add_begun(history *h, const execution *e, json_t *runs);
/* Each hook is begun once, where there is something to follow. */
bool history_check_hooks(history *h);

#endif
