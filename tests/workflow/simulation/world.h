/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - a world of workflows, runners and disasters that one number makes.
 *
 * Tasks fail, wait, run for the items of a list, and begin others of the world's workflows; hooks
 * follow some of them. Several runners share one store and one clock in one thread: each step gives
 * one of them a turn, lets one task end, moves the clock, starts or controls an execution, or makes
 * something go wrong. After that nothing goes wrong any more, and all must end. What was done is
 * noted, and asked for by history.c.
 */
#ifndef WEIR_TESTS_WORLD_H
#define WEIR_TESTS_WORLD_H

#include "tests/workflow/faulty.h"
#include "tests/workflow/flow.h"

enum { WORLD_PLANS = 3, WORLD_RUNNERS = 4, WORLD_JOINED = 1000 };

/* One workflow, for the engine and for the checker. */
typedef struct world_plan {
    weir_arena arena;
    weir_module module;
    weir_module_workflow workflow;
    char name[8];
    json_t *told;       /* its tasks, as the checker has them */
    json_t *parts;      /* what it begins by the name of that, "NAME/TASK" or "..on_success": so */
    unsigned begins;    /* the plans that its tasks begin, near and far, a bit each */
    int64_t every, end; /* of its schedule: minutes; 0: it has none */
    const char *overlap;
    int64_t lateness; /* a slot is not started later, unless it is caught up; 0: any time */
    int64_t seen;     /* when its schedule was first looked at; 0: never */
} world_plan;

typedef struct world_runner {
    weir_runner *runner; /* NULL: there is none now */
    faulty store;
    unsigned code; /* the plans that it knows, a bit each */
    bool frozen, stopping;
} world_runner;

typedef struct world {
    uint64_t seed, random;
    world_plan plans[WORLD_PLANS];
    size_t plan_count;
    world_runner runners[WORLD_RUNNERS];
    size_t runner_count;
    weir_runner *operator; /* starts and controls, and runs nothing */
    char url[64];
    int64_t now, own;  /* the store's clock, and that of the machine, which never goes back */
    json_t *runs;      /* as the checker has them, and "execution" */
    int64_t disturbed; /* how often runners may have been taken for gone */
    bool loose_clock;  /* it was set back */
    unsigned code_of[WORLD_JOINED]; /* what the runners of the store know, by their ids */
    int next_key;
} world;

extern bool world_trace; /* say what is done */

world *world_new(uint64_t seed);
void world_free(world *w);
/* Disasters, then the calm in which all ends. False: `wrong` says what does not. */
bool world_live(world *w, char *wrong, size_t size);

uint64_t world_roll(world *w, uint64_t sides); /* 0 .. sides - 1 */

/* --- plans.c --- */

void world_make_plan(world *w, world_plan *made, size_t number);
void world_free_plan(world_plan *made);

/* --- history.c --- */

/* Whether all that is recorded could be. */
bool world_is_sound(world *w, char *wrong, size_t size);

#endif
