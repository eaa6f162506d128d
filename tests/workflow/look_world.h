/* SPDX-License-Identifier: Apache-2.0 */
/* look_world.h - a workflow with triggers, and a runner that is driven turn by turn, on a clock
 * that the test moves. */
#ifndef WEIR_TESTS_LOOK_WORLD_H
#define WEIR_TESTS_LOOK_WORLD_H

#include "tests/workflow/flow.h"

static const int64_t LOOK_SECOND = 1000000000;

typedef struct look_world {
    flow *flow;
    char url[256];
    weir_runner *runner;
    int64_t now;
    weir_module_trigger triggers[2];
    weir_setting settings[2];
    char folder[64], files[80];
} look_world;

/* The clock stands at the beginning of 2026; the trigger is still to be declared. */
void look_begin_without_runner(look_world *w);
weir_runner *look_open_runner(look_world *w);
/* With a trigger `orders` that calls `look`, and a runner. */
void look_begin(look_world *w, weir_task_function look);
void look_end(look_world *w);

/* Turns until nothing is left to do at this time. */
void look_settle(weir_runner *runner);
void look_move(look_world *w, int64_t seconds); /* the clock, and then that */

/* A number that the listing says of the first trigger; 0: it does not. */
int64_t look_number_of(const look_world *w, const char *name);
/* How many rows of that outcome it has; of the newest the key and the reason (NULL: not wanted). */
size_t look_firings(const look_world *w, const char *outcome, char *key, char *reason, size_t size);
size_t look_started(const look_world *w);
size_t look_executions(const look_world *w);

#endif
