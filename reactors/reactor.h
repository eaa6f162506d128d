/* SPDX-License-Identifier: Apache-2.0 */
/* reactor.h - boundaries to firings: one mechanism for every strategy, criteria and key.
 *
 * A reactor has one cell, or one a key. A cell holds for each input the newest taken value (the
 * cache) and, for the inputs that the criteria name, a queue of boundaries that wait.
 *
 *     offer:  a boundary enters its queue, or (outside the criteria) the cache
 *     ask:    while the criteria are true and nothing holds the cell: take, then fire
 *
 * A queue's places come from a pool that all queues of the reactor share and that is made at the
 * start. What a firing takes is copied into the cache before it runs, except on the fast path of
 * the runtime, where the cache points into the span until the span's end (`settle`).
 */
#ifndef WEIR_REACTORS_REACTOR_H
#define WEIR_REACTORS_REACTOR_H

#include "core/clock.h"
#include "core/table.h"
#include "core/timers.h"
#include "reactors/options.h"
#include <weir/reactors.h>

enum { WEIR_INPUT_LIMIT = 64 }; /* inputs of a reactor: one bit each */

typedef struct weir_reactor weir_reactor;

/* A boundary that waits; its value follows. */
typedef struct weir_waiting {
    struct weir_waiting *next;          /* in its queue, or the free list */
    struct weir_waiting *older, *newer; /* over all queues of the reactor, by arrival */
    struct weir_reactor_cell *cell;
    weir_ticket *ticket;
    uint64_t event;  /* number of the event it came with */
    int64_t entered; /* by the reactor's time that counts for `wait:` */
    int64_t since;   /* by its cell's */
    uint32_t input;
    uint32_t rounds; /* of feedback, of its event */
    _Alignas(16) unsigned char value[];
} weir_waiting;

typedef struct weir_queue {
    weir_waiting *first, *last;
    uint32_t count;
} weir_queue;

/* A failed firing that will be tried again; it keeps its inputs, number and tickets. */
typedef struct weir_retry {
    weir_reactor *reactor;
    struct weir_reactor_cell *cell;
    weir_timer timer;
    struct weir_retry *next_overdue;
    int64_t attempts; /* runs that ended so far */
    uint64_t number;
    int64_t now;
    uint32_t rounds;
    bool ready;             /* all of it could be allocated */
    bool dead;              /* one of its graphs has failed for good */
    bool *failed;           /* per graph of the reactor: to be run again */
    weir_ticket **tickets;  /* per input, NULL: not taken */
    unsigned char **inputs; /* copies, NULL: absent */
} weir_retry;

/* What a cell needs only while something waits in it. */
typedef struct weir_backlog {
    struct weir_backlog *next_free;
    struct weir_reactor_cell *previous, *next; /* cells that wait, in the order they began to */
    uint64_t waiting;                          /* bit per input: its queue is not empty */
    bool held;                                 /* the cell alone: by a retry, or warming */
    int64_t held_since, held_total;            /* by the reactor's time that counts for `wait:` */
    weir_queue queues[];                       /* per input */
} weir_backlog;

/* As small as can be: there may be millions, and each of its lines is one to be fetched. */
typedef struct weir_reactor_cell {
    uint64_t present; /* bit per input: its cache has a value */
    weir_backlog *backlog;
    weir_retry *retry;
    /* cached values at the offsets of the inputs, then the states, then its life if it is mortal */
} weir_reactor_cell;

typedef struct weir_reactor_life {
    weir_reactor *reactor; /* NULL: the cell is new */
    int64_t last_event;
    weir_timer timer;
} weir_reactor_life;

typedef struct weir_reactor_input {
    const weir_module_input *module;
    const char *name;
    uint32_t value_size;   /* of a value; of a window: its head and all its items */
    uint32_t item_size;    /* of a window's items; 0: not a window */
    uint32_t cell_offset;  /* of the cached value in a cell; shared inputs are cached in `shared` */
    bool keyed;            /* its accumulator has a key, so its value is the cell's */
    unsigned char *shared; /* cache of an input without key */
} weir_reactor_input;

/* Why a reactor must go the slow way, as bits of one word. */
enum {
    WEIR_BLOCKED_PAUSED = 1,
    WEIR_BLOCKED_WARMING = 2,
    WEIR_BLOCKED_WAITING = 4, /* some queue is not empty */
    WEIR_BLOCKED_RETRY = 8,
    WEIR_BLOCKED_SINK = 16,
    WEIR_BLOCKED_HALTED = 32,
};

/* A boundary that ends as a dead letter: taken by a firing that failed, or never taken. */
typedef struct weir_death {
    uint32_t burial; /* of all deaths of one failure; each event has one letter of it */
    weir_ticket *ticket;
    uint32_t input;
    const void *value;
    const char *reason;
    const weir_module_graph *graph; /* that failed, or NULL */
    uint32_t node;                  /* of the graph, or WEIR_NONE */
    const weir_firing *firing;      /* NULL: none came of it */
    const void *const *inputs; /* as the graphs or the condition saw them; NULL: they did not */
} weir_death;

/* What a reactor asks of the runtime. */
typedef struct weir_reactor_host {
    int64_t (*now)(const weir_reactor *reactor); /* the newest reading of the runtime's clock */
    void (*dead)(weir_reactor *reactor, const weir_death *death);
    /* A firing of a reactor that `tells` has ended, for good or to be tried again. */
    void (*fired)(weir_reactor *reactor, weir_reactor_cell *cell);
    /* A graph with `on_error: halt` failed: the runtime stops in order. */
    void (*halt)(weir_reactor *reactor, const char *graph, const char *reason);
} weir_reactor_host;

typedef struct weir_reactor_graph {
    const weir_module_graph *module;
    weir_graph_config config;
    uint64_t reruns, failures; /* reruns: beside one run a firing */
} weir_reactor_graph;

struct weir_reactor {
    const weir_module_reactor *module;
    weir_reactor_config config;
    const weir_reactor_host *host;
    void *host_arg;
    weir_timers *timers;
    uint32_t *burials;  /* numbers them, for all reactors */
    weir_firing firing; /* params and user are filled once; the number is the next firing's */
    weir_failure failure;

    weir_reactor_input *inputs;
    uint64_t criteria_mask, required_mask, keyed_mask; /* bit per input */
    const void **current;    /* value per input that is not keyed; NULL: absent */
    uint64_t shared_present; /* bit per input that is not keyed */
    uint64_t ever_present;   /* bit per input: had a value under some key */
    uint64_t ever_offered;   /* bit per input: a boundary has come */
    uint32_t value_size;     /* the largest of all criteria inputs */
    uint32_t rank;           /* place in the spec */
    bool has_windows;
    bool tells;             /* the host wants to know of each firing */
    bool mortal;            /* keys go: by `ttl:`, or because a source deletes them */
    uint32_t key_words;     /* 0: no keys */
    uint32_t states_offset; /* in a cell */
    uint32_t life_offset;   /* where it is mortal */
    uint32_t cell_size;

    weir_reactor_cell *single; /* without keys */
    weir_table keys;

    weir_reactor_graph *graphs; /* module->graph_count of them, as the next two */
    weir_graph_frame *frames;
    bool *failed;
    weir_failure *failures; /* of the frames */

    unsigned char *places; /* the pool of weir_waiting */
    uint32_t place_size, place_count, place_fresh;
    weir_waiting *free_places;
    weir_waiting *oldest, *newest;
    unsigned char *backlogs; /* the pool of weir_backlog: a place each, at the most */
    uint32_t backlog_size, backlog_fresh;
    weir_backlog *free_backlogs;
    weir_reactor_cell *first_waiting, *last_waiting;
    weir_timer wait_timer;

    weir_ticket *const *tickets; /* per input: what the firing under way took; NULL: by hand */
    uint32_t rounds;             /* of feedback, the most of what it took */

    uint32_t blocked;    /* WEIR_BLOCKED_ bits */
    uint32_t retries;    /* cells that hold a retry */
    weir_retry *overdue; /* those that were due while the reactor was held */
    bool held;           /* paused, halted, or by a sink */
    int64_t slow_logged; /* when it was last named for being slow, monotonic */
    int64_t started, held_since, held_total;
    weir_failure newest_failure;
    const weir_module_graph *failed_graph; /* NULL: the condition */
    uint64_t failed_firing;
    int64_t failed_at;
    weir_reactor_metrics metrics; /* but for `fired`, which the firing's number tells */
};

/* --- reactor.c --- */

/* What the runtime knows of an input: its accumulator's types and whether it has a key. */
typedef struct weir_input_shape {
    const char *name;
    uint32_t value_size;
    uint32_t item_size; /* of a window's items, 0: not a window */
    uint32_t max_items;
    uint32_t key_words; /* 0: no key */
} weir_input_shape;

/* `reactor` is zeroed but for host, host_arg, timers, burials, rank, mortal and config; the runtime
 * then fills the graphs' configs and frames. After a failure weir_reactor_release frees what was
 * made.
 */
WEIR_MUST_USE weir_status weir_reactor_init(weir_reactor *reactor,
                                            const weir_module_reactor *module,
                                            const weir_input_shape *shapes, uint64_t seed,
                                            weir_error **error);
void weir_reactor_release(weir_reactor *reactor);

/* A boundary for `input` has come with `event`. `cell`: of the event's key, or `single`. Does not
 * fire. `ticket` (may be NULL) is one that the boundary stands for instead of the event's own; its
 * hold passes on. Adds to event->outcome what is known already. */
void weir_reactor_offer(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input,
                        const void *value, weir_event *event, weir_ticket *ticket);

/* Fires `cell` while its criteria are true and nothing holds it. True: it has fired. */
bool weir_reactor_ask(weir_reactor *reactor, weir_reactor_cell *cell);

/* Asks each cell that waits, in the order in which they began to. True: something was fired. */
bool weir_reactor_ask_all(weir_reactor *reactor);

/* Brings up to date what depends on which values are there, after some came without an ask. `cell`:
 * the one they came to; NULL: all. */
void weir_reactor_look(weir_reactor *reactor, weir_reactor_cell *cell);

/* True where a boundary for `input` must not come now: its queue is full while firing is held.
 * `sources` has a bit for each input that the boundary's own source feeds. */
bool weir_reactor_is_full(const weir_reactor *reactor, const weir_reactor_cell *cell,
                          uint32_t input, uint64_t sources);

/* Holds or lets go for one of the reasons (WEIR_BLOCKED_PAUSED, _SINK, _HALTED). */
void weir_reactor_hold(weir_reactor *reactor, uint32_t reason, bool on);

/* --- cell.c --- */

weir_reactor_cell *weir_reactor_find(const weir_reactor *reactor, const uint64_t *key,
                                     uint64_t hash);
/* Finds or adds; NULL: `max_keys` is reached (*full) or there is no memory. */
weir_reactor_cell *weir_reactor_cell_for(weir_reactor *reactor, const uint64_t *key, uint64_t hash,
                                         bool *full);
static inline const void *weir_cell_key(const weir_reactor *reactor, const weir_reactor_cell *cell)
{
    return reactor->key_words != 0 ? (const uint64_t *)(const void *)cell - reactor->key_words
                                   : NULL;
}
static inline void *weir_cell_states(const weir_reactor *reactor, weir_reactor_cell *cell)
{
    return (unsigned char *)cell + reactor->states_offset;
}

/* Only where it is mortal. */
static inline weir_reactor_life *weir_reactor_life_of(const weir_reactor *reactor,
                                                      weir_reactor_cell *cell)
{
    return (weir_reactor_life *)(void *)((unsigned char *)cell + reactor->life_offset);
}

/* Its key has an event: it lives on. */
static inline void weir_cell_live(const weir_reactor *reactor, weir_reactor_cell *cell, int64_t now)
{
    if (reactor->config.ttl != INT64_MAX)
        weir_reactor_life_of(reactor, cell)->last_event = now;
}

/* Counts the keys as they came; 0 without keys. */
uint64_t weir_cell_age(const weir_reactor *reactor, weir_reactor_cell *cell);
/* The key goes `ttl` after its last event, where there is one. */
void weir_cell_arm_ttl(weir_reactor *reactor, weir_reactor_cell *cell);

/* True while the key of the cell cannot go: a firing of it is tried again, or boundaries wait in
 * it that the reactor would have taken if it were not held. */
bool weir_cell_is_needed(const weir_reactor *reactor, const weir_reactor_cell *cell);
/* The key goes, of a reactor that is mortal: what waits under it becomes dead letters; under latest
 * it collapses, where a later event of its source `overwrites` it. */
void weir_cell_forget(weir_reactor *reactor, weir_reactor_cell *cell, const char *reason,
                      bool overwrites);

/* Puts a value into the cache of `input`. */
void weir_cell_keep(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input,
                    const void *value);
/* The inputs as a firing sees them; `room` is used where the reactor has keys. */
const void **weir_cell_inputs(const weir_reactor *reactor, weir_reactor_cell *cell,
                              const void **room);
static inline uint64_t weir_cell_present(const weir_reactor *reactor, const weir_reactor_cell *cell)
{
    return cell->present | reactor->shared_present;
}

/* Forgets the cache; of a reactor with keys what is cached under the cell's. */
void weir_cell_clear(weir_reactor *reactor, weir_reactor_cell *cell);

/* How many items a window of this input has at the most. */
static inline size_t weir_input_max_items(const weir_reactor_input *input)
{
    return (input->value_size - sizeof(weir_window)) / input->item_size;
}

/* Copies a value, a window with its items, into `to` (value_size bytes). */
void weir_input_copy(const weir_reactor_input *input, void *to, const void *value);

/* Values that caches only point to are copied: their memory is used again. */
void weir_reactor_settle(weir_reactor *reactor, const void *from, size_t size);

/* --- queue.c --- */

bool weir_queues_init(weir_reactor *reactor);
void weir_queues_free(weir_reactor *reactor);
/* Appends to the queue of `input`; the hold of `ticket` passes on. What has no place there makes
 * it. */
void weir_queue_push(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input,
                     const void *value, weir_event *event, weir_ticket *ticket);
/* Takes the first out of its queue; its place is the caller's until weir_queue_recycle. */
weir_waiting *weir_queue_pop(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input);
void weir_queue_recycle(weir_reactor *reactor, weir_waiting *waiting);
void weir_queue_drop_all(weir_reactor *reactor, weir_reactor_cell *cell, const char *reason);
/* All that waits in the cell counts as collapsed. */
void weir_queue_collapse_all(weir_reactor *reactor, weir_reactor_cell *cell);
/* The cell's own queue has `capacity`. */
bool weir_queue_is_full(const weir_reactor *reactor, const weir_reactor_cell *cell, uint32_t input);
/* Another boundary takes a place of the pool that all queues share, and it has none. */
bool weir_queue_needs_place(const weir_reactor *reactor, const weir_reactor_cell *cell,
                            uint32_t input);
/* The oldest that waits for a partner, not because its cell is held; NULL: there is none. */
weir_waiting *weir_queue_oldest_free(const weir_reactor *reactor);
void weir_queue_expire(weir_timer *timer); /* of `wait:` */
void weir_queues_rearm(weir_reactor *reactor);
/* Notes whether the cell alone is held: such time does not count for `wait:`. */
void weir_queues_note_hold(weir_reactor *reactor, weir_reactor_cell *cell, bool held);
/* Time that counts for `wait:`: the clock less what the reactor was held. */
int64_t weir_reactor_unheld(const weir_reactor *reactor);

/* --- criteria.c --- */

/* True where the criteria hold; then *take has a bit for each input that a firing takes. */
bool weir_criteria_ask(const weir_reactor *reactor, const weir_backlog *backlog, uint64_t *take);

/* --- fire.c --- */

/* A series of one: the cell's cache as it is. `room` as for weir_cell_inputs. */
weir_series weir_reactor_series(const weir_reactor *reactor, weir_reactor_cell *cell,
                                const void **room);
/* Fires on the cell's cache. `tickets` per input (NULL: not taken) are held for the firing. */
weir_status weir_reactor_fire(weir_reactor *reactor, weir_reactor_cell *cell,
                              weir_ticket *const *tickets);
/* The second half, for a firing that answered `status` other than WEIR_OK. */
weir_status weir_reactor_not_ok(weir_reactor *reactor, weir_reactor_cell *cell, weir_status status,
                                const void *const *inputs, weir_ticket *const *tickets);
/* Runs all graphs on the cell's cache, without `where:`, retries or dead letters. NULL, or why one
 * of them failed. */
const weir_failure *weir_reactor_fire_by_hand(weir_reactor *reactor, weir_reactor_cell *cell);
void weir_retry_free(weir_reactor *reactor, weir_retry *retry);
/* The reactor is held no more: what was due is due now. */
void weir_retries_resume(weir_reactor *reactor);

#endif
