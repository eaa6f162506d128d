/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.h - a runtime: modules loaded, their sources turned into firings, until they end.
 *
 *     weir_runtime *runtime = NULL;
 *     weir_error *error = NULL;
 *     if (weir_runtime_new(NULL, &runtime, &error) != WEIR_OK ||
 *         weir_runtime_load(runtime, &market_module, &error) != WEIR_OK)
 *         ...
 *     market_on_orders(runtime, on_order, arg);
 *     weir_runtime_run(runtime, &error);
 *     weir_runtime_free(runtime);
 *
 * Threads: a runtime belongs to one thread at a time: the one that runs it, or until then the one
 *          that made it; other threads get WEIR_STATE. weir_runtime_push, weir_runtime_close and
 *          weir_runtime_stop are safe from any thread. From within a callback nothing can be run,
 *          loaded or fired (WEIR_STATE): push, pause, stop and ask for the metrics there.
 *          Runtimes share nothing.
 * Fork:    in a forked child every call returns WEIR_FORKED; free does nothing but give up memory.
 */
#ifndef WEIR_RUNTIME_H
#define WEIR_RUNTIME_H

#include <weir/core.h>
#include <weir/graph.h>
#include <weir/kinds.h>
#include <weir/reactors.h>
#include <weir/sinks.h>
#include <weir/sources.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_runtime weir_runtime;
struct ev_loop;

typedef enum weir_mode {
    WEIR_MODE_LIVE,
    WEIR_MODE_REPLAY, /* time is the events' own (rule E16) */
    WEIR_MODE_TEST,   /* time moves by weir_runtime_advance alone; weir_runtime_poll takes a turn */
} weir_mode;

typedef struct weir_runtime_config {
    weir_mode mode;
    const weir_kinds *kinds; /* besides weir's own; NULL: none */
    weir_log_function log;   /* NULL: nothing is logged */
    void *log_arg;
    /* Sees each dead letter, wherever else it goes; NULL: nobody. */
    void (*dead_letter)(const weir_dead_letter *letter, void *arg);
    void *dead_letter_arg;
    uint64_t seed; /* of the hash of keys; results never depend on it */
    /* Of a replay: events before `from` or at `until` and later are left out (0: no bound), and
     * time passes so many times faster than it did (0: as fast as possible). In WEIR_MODE_TEST the
     * clock begins at `from`. */
    int64_t from, until;
    double speed;
    /* Nanoseconds that a stop waits for sinks and commits, and the end of all sources for commits;
     * 0: 10 s. Then the run ends with WEIR_IO. */
    int64_t stop_within;
} weir_runtime_config;

/* --- Life --- */

/* `config` is copied; NULL: live, without a log. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_new(const weir_runtime_config *config,
                                                    weir_runtime **ret, weir_error **error);
/* NULL allowed. Stops and awaits a thread that weir_runtime_start made. Not from a callback: there
 * it does nothing but log an error. */
WEIR_API void weir_runtime_free(weir_runtime *runtime);

/* Overrides one option or parameter of modules loaded later: "sources.quotes.path", "params.x". */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_set(weir_runtime *runtime, const char *name,
                                                    const char *value, weir_error **error);

/* Loads a module; it must outlive the runtime. Relative paths in it are relative to `folder`
 * (NULL: the working directory). */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_load(weir_runtime *runtime,
                                                     const weir_module *module, weir_error **error);
WEIR_API WEIR_MUST_USE weir_status weir_runtime_load_in(weir_runtime *runtime,
                                                        const weir_module *module,
                                                        const char *folder, weir_error **error);

/* What node functions find in firing->user. Before the start. */
WEIR_API void weir_runtime_set_user(weir_runtime *runtime, void *user);

/* The parameters of a loaded module, its MODULE_params; NULL: it has none, or is not loaded. */
WEIR_API const void *weir_runtime_params(const weir_runtime *runtime, const weir_module *module);

/* Sets the function that is given each result of a sink, after it has left. Before the start. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_on(weir_runtime *runtime, const weir_module *module,
                                                   const char *sink, weir_result_function function,
                                                   void *arg, weir_error **error);

/* --- Running --- */

/* Runs until all sources have ended or weir_runtime_stop; blocks. WEIR_FAILED: a graph with
 * `on_error: halt` failed. WEIR_IO and WEIR_DECODE: a source could not be read or a sink not be
 * written; it ended as a stop does. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_run(weir_runtime *runtime, weir_error **error);

/* Runs on a thread of its own; weir_runtime_join waits for its end and gives its outcome. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_start(weir_runtime *runtime, weir_error **error);
WEIR_API WEIR_MUST_USE weir_status weir_runtime_join(weir_runtime *runtime, weir_error **error);

/* Runs on the host's libev loop, from its thread; the host runs the loop. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_attach(weir_runtime *runtime, struct ev_loop *loop,
                                                       weir_error **error);

/* For any other loop: does what is due without blocking. When the descriptor (one for the
 * runtime's life, owned by it) is readable, call weir_runtime_poll. WEIR_CLOSED: it has ended,
 * well; another status: it has ended as weir_runtime_run says. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_poll(weir_runtime *runtime, weir_error **error);
WEIR_API int weir_runtime_fd(weir_runtime *runtime, weir_error **error); /* -1: error */

/* Ends in order: sources stop, pushes are refused (WEIR_CLOSED, also those that wait for a place),
 * batches flush and fire, sinks are written out. Any thread, also from a callback or a signal
 * handler. Does not wait. */
WEIR_API void weir_runtime_stop(weir_runtime *runtime);

/* --- Events from the program --- */

/* Pushes `count` values of the channel's type; they get one stamp. All or none: when there is no
 * room, what the channel's `on_full` says. From the load on; blocks only under `on_full: block`,
 * and never on the thread that the runtime belongs to (WEIR_STATE). Any thread. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_push(weir_runtime *runtime,
                                                     const weir_module *module, uint32_t source,
                                                     const void *values, size_t count,
                                                     weir_error **error);

/* No more will be pushed into the channel; when all sources have ended the runtime ends. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_close(weir_runtime *runtime,
                                                      const weir_module *module, uint32_t source,
                                                      weir_error **error);

/* --- By hand (the runtime's thread) --- */

/* `reactor` as "name", or "module.name" where several modules are loaded; so everywhere below. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_pause(weir_runtime *runtime, const char *reactor,
                                                      weir_error **error);
WEIR_API WEIR_MUST_USE weir_status weir_runtime_resume(weir_runtime *runtime, const char *reactor,
                                                       weir_error **error);

/* Fires on the cache, whatever criteria and `where:` say. `key`: a value of the keyed accumulator's
 * type whose key fields are set, or NULL. The firing's outcome. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_fire(weir_runtime *runtime, const char *reactor,
                                                     const void *key, weir_error **error);

/* Replaces the whole cache (of a key) and fires: one value per named input, at least one; others
 * are absent. An input without key in a reactor with keys is seen by all of them: where it is given
 * it replaces what they see, else it stays. */
typedef struct weir_named_value {
    const char *input;
    const void *value;
    size_t count; /* of a window's items */
} weir_named_value;
WEIR_API WEIR_MUST_USE weir_status weir_runtime_fire_with(weir_runtime *runtime,
                                                          const char *reactor, const void *key,
                                                          const weir_named_value *values,
                                                          size_t count, weir_error **error);

/* Flushes an accumulator that keeps something (batch), under all keys. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_flush(weir_runtime *runtime,
                                                      const char *accumulator, weir_error **error);

/* One event by hand, of the accumulator's type. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_inject(weir_runtime *runtime,
                                                       const char *accumulator, const void *value,
                                                       weir_error **error);

/* Moves the virtual clock of WEIR_MODE_TEST, firing the timers that come due on the way. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_advance(weir_runtime *runtime, int64_t time,
                                                        weir_error **error);

/* --- What it tells --- */

typedef struct weir_source_report {
    const char *module;
    const char *name;
    weir_source_health health;
    weir_ledger ledger;
    uint64_t waiting;
    bool held;            /* reading has stopped: a queue is full while firing is held */
    uint64_t undecodable; /* events that became dead letters for their bytes */
    uint64_t last_event;  /* when the newest one was taken, nanoseconds since 1970; 0: none was */
    uint64_t bytes;       /* of all messages; 0 of a kind that has none */
    uint64_t in_flight, max_in_flight;
    weir_source_gauges gauges;
} weir_source_report;

/* How far a source that commits has come in a partition that it reads. */
typedef struct weir_partition_report {
    const char *module;
    const char *source;
    int32_t partition;
    int64_t next; /* behind the newest event that was handed on */
    int64_t done; /* below it all are, and their results are safe: told to the source's `commit` */
} weir_partition_report;

typedef struct weir_accumulator_report {
    const char *module;
    const char *name;
    uint64_t events, boundaries, filtered, failed;
    weir_ledger ledger; /* of what was injected */
} weir_accumulator_report;

/* The newest firing, or condition of a reactor, that failed. */
typedef struct weir_failure_report {
    int64_t time;      /* of the firing, nanoseconds since 1970; 0: none has failed */
    uint64_t firing;   /* its number; 0: the reactor's `where:` could not be asked */
    const char *graph; /* NULL: the `where:` */
    const char *node;  /* or NULL */
    char message[252];
} weir_failure_report;

typedef struct weir_reactor_report {
    const char *module;
    const char *name;
    weir_reactor_metrics metrics;
    weir_failure_report failure;
    const char *missing;          /* the first required input without a value, or NULL */
    const char *criteria_missing; /* the first input of the criteria that never had one, or NULL */
    const char *awaited;          /* a sink that it writes to and that is not ready, or NULL */
} weir_reactor_report;

typedef struct weir_graph_report {
    const char *module;
    const char *name;
    const weir_module_graph *graph;
    uint64_t runs, failures;
    const uint64_t *counts; /* graph->count_size of them: skips, then counters */
} weir_graph_report;

typedef struct weir_sink_report {
    const char *module;
    const char *name;
    weir_source_health health; /* as of a source; disconnected: writing fails */
    weir_sink_metrics metrics;
    const char *trouble; /* why it takes no more, or NULL */
} weir_sink_report;

/* "live", "disconnected" ... Static. */
WEIR_API const char *weir_source_health_text(weir_source_health health);

/* All counters and health, a copy at one moment; freed with weir_report_free. */
typedef struct weir_report {
    uint64_t turns;
    uint64_t dead_letters;
    weir_source_report *sources;
    size_t source_count;
    weir_partition_report *partitions; /* of all sources, by source */
    size_t partition_count;
    weir_accumulator_report *accumulators;
    size_t accumulator_count;
    weir_reactor_report *reactors;
    size_t reactor_count;
    weir_graph_report *graphs;
    size_t graph_count;
    weir_sink_report *sinks;
    size_t sink_count;
} weir_report;

/* The runtime's thread, also from a callback; and anybody before its start and after its end. */
WEIR_API WEIR_MUST_USE weir_status weir_runtime_metrics(weir_runtime *runtime, weir_report **ret,
                                                        weir_error **error);
WEIR_API void weir_report_free(weir_report *report);

/* How often a node has run, from its graph's report. */
WEIR_API uint64_t weir_graph_report_runs(const weir_graph_report *report, uint32_t node);

#ifdef __cplusplus
}
#endif

#endif
