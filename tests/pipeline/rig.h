/* SPDX-License-Identifier: Apache-2.0 */
/* rig.h - a whole pipeline in memory: described in a few words, driven by a script, seen as text.
 *
 * Every value is an item {id, key, time}. Channels are the sources; time is virtual. Each reactor
 * writes what its firings saw into the rig's record.
 *
 *     spec     a table of names; criteria as text: "all(a,any(b,c))"; inputs: "a b? c"
 *     script   a1 a2k7 b3@50  pushes item 1 into a, item 2 of key 7, item 3 with event time 50
 *              a1,2k7         pushes an array
 *              ;              takes turns until nothing is left to do at once
 *              +5s +10ms      moves the clock
 *              pause:r resume:r fire:r fire:r,7 fire_with:r,a=1 flush:x inject:x,9k2
 *              shut open      the gate, a sink
 *              close stop     all channels; the runtime
 *     record   r#1(a1 b2)     the first firing of r saw items 1 and 2; of a window w[1 2]
 *              out=7          a sink was given item 7
 *              dead(a2 why)   a dead letter of source a
 *              commit(a 3)    source a, of kind log, need not bring again what stands below 3
 */
#ifndef WEIR_TESTS_RIG_H
#define WEIR_TESTS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "core/buffer.h"
#include <weir/weir.h>

/* Repetitions, fewer of them under a sanitizer, which takes ten times as long. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define RIG_TIMES(count) ((count) / 10)
#else
#define RIG_TIMES(count) (count)
#endif

enum { RIG_SUMS = 1000000007 }; /* sums go round there, so that none overflows */
enum { RIG_ROOM = 12, RIG_IDS = 4096, RIG_SETTINGS = 8 };

typedef struct rig_item {
    int64_t id;
    int64_t key;
    int64_t time;
} rig_item;

typedef struct rig_source {
    const char *name;
    const char *settings; /* "capacity=4 on_full=conflate" */
    bool timed;           /* item.time is the event time */
    const char *kind;     /* NULL: channel */
    const char *dead_letters;
} rig_source;

typedef struct rig_accumulator {
    const char *name;
    const char *source; /* NULL: none */
    const char *kind;   /* NULL: passthrough */
    const char *settings;
    bool keyed;
    bool where; /* asks rig.false_ids */
} rig_accumulator;

typedef struct rig_reactor {
    const char *name;
    const char *criteria;
    const char *inputs;
    weir_strategy strategy;
    const char *settings;
    const char *to;           /* sinks and accumulators that take the result of its first graph */
    const char *graphs;       /* of each its settings, '|' between: "on_error=retry attempts=2|" */
    const char *dead_letters; /* of its first graph */
    bool where;               /* asks rig.false_ids */
    bool sums;                /* its graphs record the sum that they keep as their state */
} rig_reactor;

typedef struct rig_spec {
    rig_source sources[RIG_ROOM];
    rig_accumulator accumulators[RIG_ROOM + 5]; /* beside those of sources that stand for
                                                   themselves */
    rig_reactor reactors[RIG_ROOM];
    const char *sinks[RIG_ROOM]; /* callbacks; "dead" takes all dead letters where it is named */
    const char *settings;
    const char *dead_letters; /* NULL: the first sink called dead... */
} rig_spec;

/* Everything that the spec's texts become. */
typedef struct rig_tables {
    weir_module module;
    weir_module_source sources[RIG_ROOM];
    weir_module_accumulator accumulators[2 * RIG_ROOM];
    weir_module_reactor reactors[RIG_ROOM];
    weir_module_graph graphs[2 * RIG_ROOM];
    weir_module_sink sinks[RIG_ROOM];
    weir_criterion criteria[RIG_ROOM][16];
    weir_module_input inputs[RIG_ROOM][RIG_ROOM];
    uint32_t graph_indices[2 * RIG_ROOM];
    weir_module_outlet outlets[RIG_ROOM][4];
    weir_setting settings[4 * RIG_ROOM][RIG_SETTINGS];
    size_t setting_lists;
    char text[32768];
    size_t text_size;
} rig_tables;

/* What a source of kind "limits" was asked for, and the type of its events. */
typedef struct rig_limits {
    size_t most;
    weir_type type;
} rig_limits;

typedef struct rig_tap {
    struct rig_world *rig;
    const char *name;
} rig_tap;

typedef struct rig_world {
    const rig_spec *spec;
    rig_tables *tables;
    const weir_module *module; /* what is loaded: the tables', or one that was generated alike */
    weir_runtime *runtime;
    weir_buffer record;
    const char *false_ids;  /* `where:` is false for these: "3,5" */
    const char *bad_ids;    /* ... and an error for these */
    uint8_t fails[RIG_IDS]; /* how often a firing that sees this id fails yet */
    rig_limits *limits;
    const char *odd_reason; /* they fail for, instead of "bad N" */
    const char *fails_in;   /* only this graph ("r" or "r.1"); NULL: all */
    void (*during)(struct rig_world *rig, const char *reactor,
                   int64_t id); /* called in each firing */
    int polls;
    rig_tap taps[RIG_ROOM];
    weir_runtime_config config;
    bool live;         /* real time */
    bool still;        /* a push does not move the clock */
    bool quiet;        /* firings are not recorded */
    bool terse;        /* the way of a cycle is not */
    bool polled_aside; /* by another thread than the one that made the rig */
    pthread_t thread;
    bool ended;
    weir_status outcome;
    char error[256];
} rig_world;

extern const weir_type rig_item_type, rig_dead_type;

/* Loads the spec. `rig` is zeroed but for config and what the firings ask. */
void rig_open(rig_world *rig, const rig_spec *spec);
void rig_run(rig_world *rig, const char *script);
void rig_turn(rig_world *rig);
void rig_close(rig_world *rig);

/* Checks the record so far, and empties it; and that all ledgers agree with what really waits. */
void rig_expect(rig_world *rig, const char *expected);
/* "5 = 2 fired, 1 kept, 2 waiting" */
void rig_expect_ledger(rig_world *rig, const char *source, const char *expected);
void rig_check_ledgers(rig_world *rig);
void rig_ledger_of(rig_world *rig, const char *source, char *text, size_t size);
void rig_ledger_text(const weir_ledger *ledger, char *text, size_t size);
const weir_reactor_report *rig_report(rig_world *rig, const char *reactor, weir_report **ret);

/* One spec, one script, one record. */
typedef struct rig_case {
    const char *name;
    rig_spec spec;
    const char *script;
    const char *record;
    const char *ledgers; /* "a: 3 = 3 fired; b: ..." or NULL */
    const char *false_ids, *bad_ids;
    const char *fails; /* "5x2": a firing that sees 5 fails twice; NULL: none */
    const char *fails_in;
    enum { RIG_ANY, RIG_RUNS, RIG_ENDED } then; /* what has become of the runtime */
} rig_case;

void rig_check(const rig_case *test);
#define RIG_CHECK_ALL(cases)                                                                       \
    for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++)                                   \
    rig_check(&(cases)[i])

#endif
