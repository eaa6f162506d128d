/* SPDX-License-Identifier: Apache-2.0 */
/* reactors.h - boundaries to firings: what a reactor tells of itself. */
#ifndef WEIR_REACTORS_H
#define WEIR_REACTORS_H

#include <weir/core.h>
#include <weir/graph.h>
#include <weir/sources.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reasons, as bits: a reactor can be held for several at once. 0: live. */
typedef enum weir_reactor_health {
    WEIR_REACTOR_PAUSED = 1,  /* by weir_runtime_pause */
    WEIR_REACTOR_WARMING = 2, /* a required input has no value yet (of a keyed one: under no key) */
    WEIR_REACTOR_DEGRADED = 4, /* warming for longer than `warming:` */
    WEIR_REACTOR_HELD = 8,     /* a failed firing is to be tried again, or a sink is not ready */
    WEIR_REACTOR_HALTED = 16,  /* a graph with `on_error: halt` failed */
} weir_reactor_health;

/* Counters since the start. */
typedef struct weir_reactor_metrics {
    uint64_t fired;      /* firings, numbered from 1 */
    uint64_t filtered;   /* `where:` was false */
    uint64_t failed;     /* firings in which a graph failed for good, or `where:` did */
    uint64_t retried;    /* runs of a graph after its first in a firing */
    uint64_t collapsed;  /* boundaries overwritten under `latest` */
    uint64_t unpaired;   /* boundaries that waited too long, or were too many */
    uint64_t slow;       /* spans of events in which a graph took longer than its `slow:` */
    uint64_t last_fired; /* the newest firing's time, nanoseconds since 1970; 0: none */
    uint64_t keys;       /* at present; 0 without keys */
    uint64_t waiting;    /* boundaries that wait at present */
    uint32_t health;     /* weir_reactor_health bits */
    uint64_t missing;    /* bit per input without a value under any key, while warming */
} weir_reactor_metrics;

#ifdef __cplusplus
}
#endif

#endif
