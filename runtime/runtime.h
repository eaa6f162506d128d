/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.h - the one object that owns everything: programs (loaded modules), clock, timers, loop.
 *
 *     turn.c      what each source has ready, merged, span by span
 *     route.c     one event through accumulators and reactors; shortcut.c whole spans at once
 *     feedback.c  results that become events
 *     flush.c     accumulators give what they keep: by time, with a firing, by hand, at the end
 *     forget.c    keys that go
 *     commit.c    which events a source need not bring again
 *     drain.c     the end: what still waits when no more events can come
 *     hand.c      pausing, firing, injecting by hand
 *     dead.c      dead letters
 *     sinks.c     results written out, writers held, what is given up
 *     provenance.c  where a result comes from
 *     load.c      a module becomes a program, which join.c joins and start.c starts
 *     loop.c      our own loop, threads, other people's; watch.c the descriptors
 */
#ifndef WEIR_RUNTIME_RUNTIME_H
#define WEIR_RUNTIME_RUNTIME_H

#include <ev.h>
#include <pthread.h>
#include <stdatomic.h>

#include "accumulators/accumulator.h"
#include "core/clock.h"
#include "core/text.h"
#include "core/timers.h"
#include "reactors/reactor.h"
#include "sinks/sink.h"
#include "sources/options.h"
#include "sources/source.h"
#include <weir/runtime.h>

typedef struct weir_program weir_program;
typedef struct weir_feedback weir_feedback;
typedef struct weir_poller weir_poller;

/* From an accumulator to one input of one reactor. */
typedef struct weir_route {
    weir_reactor *reactor;
    uint32_t input;
    uint64_t same_source; /* the reactor's inputs that this accumulator's source feeds */
} weir_route;

typedef struct weir_accumulator_work {
    weir_accumulator accumulator;
    weir_program *program;
    weir_cells cells;
    weir_route *routes;
    uint32_t route_count;
    uint32_t key_words;
    bool has_cells;
    weir_firing firing;
    weir_failure failure;
    weir_flush flush;
    weir_poller *poller;            /* its helper thread, or NULL */
    const weir_reactor *flush_with; /* it is flushed after each firing of this one, or NULL */
    uint64_t events, boundaries, filtered, failed;
} weir_accumulator_work;

/* A descriptor that causes a turn. */
typedef struct weir_watch {
    int fd;     /* -1: none */
    int events; /* EV_READ or EV_WRITE */
    bool armed;
    bool deaf; /* it cannot be watched: it is looked at after a while */
    ev_io io;
} weir_watch;

/* What the events of a source may give goes there. */
typedef struct weir_awaited {
    weir_sink_work *sink;
    uint64_t until; /* its `safe` must reach this before the source commits */
} weir_awaited;

typedef struct weir_source_work {
    weir_source source;
    weir_program *program;
    weir_source_config config;
    weir_accumulator_work **accumulators;
    uint32_t accumulator_count;
    size_t budget;  /* events it may still bring in this turn */
    bool stalled;   /* an event could not be taken: reading has stopped */
    int64_t pace;   /* nanoseconds an event, in the newest span */
    bool dry;       /* it has shown in this turn that it has no more */
    bool quick;     /* one accumulator, one reactor: spans may take the shortcut */
    bool collapses; /* the same for bursts */
    int sink;       /* where its dead letters go: index, WEIR_NO_SINK or WEIR_SILENT */
    uint32_t rank;  /* place in the spec */
    weir_timer timer;
    weir_awaited *awaits;
    uint32_t await_count;
    bool committing;                  /* what is ready in its partitions waits for them */
    char commit_reason[160];          /* why its newest commit failed; empty: it did not */
    uint64_t undecodable, last_event; /* as in its report */
    weir_source_gauges last_gauges;   /* what its kind told when it was closed */
    weir_watch watch;
} weir_source_work;

/* The outlet's argument for feedback. */
typedef struct weir_feedback_target {
    weir_reactor *reactor;
    weir_accumulator_work *accumulator;
} weir_feedback_target;

/* The options at a spec's top. */
typedef struct weir_module_config {
    int64_t max_rounds;
} weir_module_config;

struct weir_program {
    weir_runtime *runtime;
    const weir_module *module;
    char *folder;
    void *params;
    weir_source_work *sources;
    weir_accumulator_work *accumulators;
    weir_reactor *reactors;
    weir_sink_work *sinks;
    weir_watch *sink_watches;   /* of each: while it takes no more */
    weir_watch *answer_watches; /* of each: what its kind watches all the while */
    weir_outlet *outlets;       /* of all graphs */
    weir_feedback_target *targets;
    uint64_t *counts;      /* of all graphs */
    int dead_sink;         /* index, WEIR_NO_SINK or WEIR_SILENT */
    weir_sink_work *joint; /* the first sink that is safe together with positions, or NULL */
    bool barred;           /* it asks that sources that commit are not read */
    weir_module_config config;
    weir_program *next;
};

#define FOR_EACH_SOURCE(runtime, work)                                                             \
    for (weir_program *program = (runtime)->programs; program != NULL; program = program->next)    \
        for (weir_source_work *work = program->sources;                                            \
             work < program->sources + program->module->source_count; work++)

#define FOR_EACH_SINK(runtime, work)                                                               \
    for (weir_program *program = (runtime)->programs; program != NULL; program = program->next)    \
        for (weir_sink_work *work = program->sinks;                                                \
             work < program->sinks + program->module->sink_count; work++)

#define FOR_EACH_REACTOR(runtime, reactor)                                                         \
    for (weir_program *program = (runtime)->programs; program != NULL; program = program->next)    \
        for (weir_reactor *reactor = program->reactors;                                            \
             reactor < program->reactors + program->module->reactor_count; reactor++)

/* A reactor and cell to be asked at the end of an event; `cell` NULL: all that wait. */
typedef struct weir_asking {
    weir_reactor *reactor;
    weir_reactor_cell *cell;
} weir_asking;

enum { WEIR_KEY_WORDS = 64 }; /* of a key, at the most: 512 bytes */

typedef struct weir_override {
    struct weir_override *next;
    char *name;
    char *parts; /* the name, cut into: */
    char *room, *owner, *option;
    char *value;
    bool used;              /* something of a loaded module has that name */
    bool room_known, known; /* there is such a room, and such an owner in it */
    weir_nearest nearest;   /* of what there is, to the owner's name or to the option */
} weir_override;

/* When a cause of dead letters was last logged: monotonic, 0 never. */
typedef struct weir_logged {
    uint64_t cause;
    int64_t time;
} weir_logged;

struct weir_runtime {
    weir_runtime_config config;
    weir_clock clock;
    weir_timers timers;
    weir_program *programs, **last_program;
    weir_override *overrides;
    void *user;
    uint64_t events; /* numbers them */
    uint64_t turns;
    uint64_t dead_letters;
    uint32_t burials;    /* failures that made dead letters */
    uint32_t ranks;      /* places in the spec given out */
    weir_asking *asking; /* in the order of the spec; a place for each route */
    uint32_t asking_count, asking_room;
    weir_feedback *feedback; /* NULL: nothing to be fed back */
    weir_feedback *fresh, **last_fresh;
    weir_feedback *free_feedback;
    unsigned char *feedback_pool; /* made at the start */
    size_t feedback_size;         /* of one of its places */
    uint32_t feedback_limit, feedback_fresh;
    weir_origin groups;                /* its tickets stand for all that a firing took */
    weir_flush *flushes, **last_flush; /* what is flushed next */
    weir_event *event;                 /* the one on its way, or NULL */
    bool started, time_started, ended;
    bool sinks_stuck;             /* a sink has not taken all it was given */
    bool commits_stuck;           /* a source could not yet commit what is done: try again soon */
    int64_t sinks_due;            /* monotonic: they are asked again then; 0: not by time */
    bool draining;                /* no more events can come: only lasting timers fire */
    bool stop_begun;              /* channels are closed, and batches flushed */
    int64_t give_up_at;           /* monotonic: what is stuck at the end; 0: it is waited for */
    _Atomic int64_t newest_stamp; /* of what was pushed */
    weir_status outcome;
    weir_error *error; /* why it halts */
    atomic_bool stopping;
    atomic_bool woken;
    int64_t slow;                      /* nanoseconds: the least of all graphs' `slow:` */
    int64_t replay_began, replay_from; /* monotonic, virtual: when a replay at some speed began */
    int64_t wait_until; /* monotonic: a replay at some speed goes on then; 0: at once */
    struct weir_loop *loop;
    _Atomic pthread_t thread; /* that it belongs to, while `owned` */
    pthread_t own;            /* that weir_runtime_start made */
    atomic_bool owned;
    bool own_thread;
    unsigned char *fork_mark; /* a page that a forked child sees wiped */
    weir_logged logged[32];   /* dead letters without a sink */
};

/* --- overrides.c --- */

/* The newest override of ROOM.NAME.OPTION; of ROOM.NAME where `option` is NULL. */
const char *weir_override_of(weir_runtime *runtime, const char *room, const char *name,
                             const char *option);

/* The first, or the one behind `before`, that sets the option or a part of it; NULL: none. */
const weir_override *weir_override_next(weir_runtime *runtime, const weir_override *before,
                                        const char *room, const char *name,
                                        const weir_option *option);

/* An override that nothing asked for is misspelt. */
weir_status weir_overrides_check(const weir_runtime *runtime, weir_error **error);
void weir_overrides_free(weir_override *override);

/* --- load.c, join.c, start.c --- */

WEIR_MUST_USE weir_status weir_program_new(weir_runtime *runtime, const weir_module *module,
                                           const char *folder, weir_program **ret,
                                           weir_error **error);
void weir_program_free(weir_program *program);
bool weir_program_join(weir_program *program);
/* Fills `awaits` of its sources (reach.c); false: out of memory. */
bool weir_reach_find(weir_program *program);

/* Opens sinks, then sources. */
WEIR_MUST_USE weir_status weir_program_start(weir_program *program, weir_error **error);
/* From now on time is known: beats begin, warming is measured. */
WEIR_MUST_USE weir_status weir_program_start_time(weir_program *program, weir_error **error);
WEIR_MUST_USE weir_status weir_source_open(weir_source_work *work, weir_error **error);
/* Closes what the kind has open; reports still know the source. */
void weir_source_stop(weir_source_work *work);
extern const weir_accumulator_host weir_runtime_accumulator_host;
extern const weir_source_host weir_runtime_source_host;
extern const weir_sink_host weir_runtime_sink_host;

/* --- turn.c --- */

/* Takes what is ready. True: there is more at once. An error stops the runtime. */
weir_status weir_turn(weir_runtime *runtime, bool *ret_more, weir_error **error);

/* Lets sources do what is no reading. */
weir_status weir_attend_sources(weir_runtime *runtime, weir_error **error);

/* --- drain.c --- */

bool weir_has_retries(weir_runtime *runtime);

/* No more events will come: everything that waits ends as rules E16 and E20 say, and sinks are
 * written out. Sets runtime->ended once nothing is left to wait for. */
void weir_drain(weir_runtime *runtime);

/* Nothing more is taken: who pushes, or waits for room to push, is told so. */
void weir_close_channels(weir_runtime *runtime);

/* Fires the timers that are due, in order. */
void weir_run_timers(weir_runtime *runtime, int64_t now);

/* Fires the timers that are due at `due`, at one moment. */
void weir_fire_timers(weir_runtime *runtime, int64_t due);

/* The pieces of a turn: what each source may bring; its next span (false: nothing is ready); its
 * span's events up to `end`; whether another turn would find something at once. */
void weir_turn_begin(weir_runtime *runtime);
bool weir_source_refill(weir_source_work *work, weir_error **error, weir_status *ret_status);
void weir_source_hand_on(weir_source_work *work, size_t end);
/* What comes of the clock alone, in its moment of virtual time. */
void weir_source_tick(weir_source_work *work);
bool weir_turn_has_more(weir_runtime *runtime);

/* Fires `latest` reactors until none has anything more to fire. */
void weir_ask_latest(weir_runtime *runtime);

/* --- commit.c --- */

/* Commits what is done and written. Sets runtime->commits_stuck. */
void weir_commit(weir_runtime *runtime);

/* At the end: what was committed has arrived. False: not yet. */
bool weir_commit_settled(weir_runtime *runtime);

/* Says which source could not commit `within` some time, why, and what will be read again. */
weir_status weir_commit_given_up(const weir_runtime *runtime, const char *within,
                                 weir_error **error);

/* Commits what is done in the partitions, whatever sinks have; false: to be tried again. */
bool weir_commit_now(weir_program *program);
/* Results that nobody has read are lost: then nothing more is committed. */
bool weir_commit_is_off(const weir_program *program);

/* --- joint.c --- */

/* Looks for sinks that are safe together with positions. */
WEIR_MUST_USE weir_status weir_joint_begin(weir_program *program, weir_error **error);
/* Asks them. False: they are not done yet. */
bool weir_joint_settle(weir_program *program);

/* The source is not read just now, so that what is under way can become safe. */
static inline bool weir_joint_bars(const weir_source_work *work)
{
    return work->program->barred && work->source.origin.commits;
}

/* --- replay.c --- */

/* Takes what is ready in the order of time (rule E16). */
weir_status weir_replay_turn(weir_runtime *runtime, bool *ret_more, weir_error **error);

/* In a replay: what the source deletes next has a later time than this turn's. */
bool weir_replay_is_ahead(const weir_source_work *work);

/* The turns that one source alone has events for. */
typedef struct weir_turns {
    int64_t until; /* the time of the last that can be one */
    bool ask;      /* whether some reactor may have to be asked at the end of each */
} weir_turns;

/* Begins the turn of the source's event at `index`, where it is not open yet. False: something else
 * comes first. */
bool weir_replay_goes_on(weir_source_work *work, size_t index, const weir_turns *turns);

/* --- slow.c --- */

/* Names the reactors of a span in which a run took too long. */
void weir_judge_span(weir_source_work *work, size_t count, int64_t elapsed);

/* --- route.c --- */

/* Hands on the span's events from source->taken to `end`. Stops before one that cannot be taken. */
void weir_route_span(weir_source_work *work, size_t end);

/* True while the source's next event, a span's or a refusal, finds its places. */
bool weir_route_can_take(const weir_source_work *work);

/* One event through one accumulator, without asking the reactors. */
void weir_route_into(weir_accumulator_work *work, weir_event *event);

/* A boundary that comes of no event just now (a timer, a flush). */
void weir_route_boundary(weir_accumulator_work *work, weir_cell *cell, const void *boundary,
                         weir_ticket *ticket);

/* Notes that a cell (NULL: all that wait) is to be asked once all accumulators have had the event,
 * by the reactors' places in the spec. */
void weir_route_ask_later(weir_runtime *runtime, weir_reactor *reactor, weir_reactor_cell *cell);

/* Asks the reactors that were offered something; what comes of one event has a place for each. */
void weir_route_ask(weir_runtime *runtime);

/* Asks the reactors that were offered something, then feeds back until nothing is left. */
void weir_route_settle(weir_runtime *runtime);

/* The event that the span's value at `index` is; it gets its number. */
void weir_route_fill(weir_source_work *work, size_t index, weir_event *event);

/* Without places for its dead letters a source is not read. */
bool weir_route_can_bury(const weir_source_work *work);

/* The key of a value. `room` has the accumulator's key_words. */
const uint64_t *weir_key_of(const weir_accumulator_work *work, const void *value, uint64_t *room);

/* The event found no place: it ends as a dead letter. */
void weir_route_refuse(weir_accumulator_work *work, weir_event *event, const char *reason);

/* True while a boundary of this key (NULL without keys) finds its places: no queue that it would
 * enter is full because firing is held. */
bool weir_route_has_place(const weir_accumulator_work *work, const uint64_t *key);

/* One event of the program's own; false: it finds no place. */
bool weir_route_inject(weir_accumulator_work *work, const void *value);

/* --- shortcut.c --- */

/* True while nothing keeps the span from the shortcut. */
bool weir_shortcut_is_open(const weir_source_work *work);

/* Hands on the span's events up to `end`, or until the shortcut closes. False: it stopped at an
 * event that must go the general way. */
bool weir_shortcut_take(weir_source_work *work, size_t end);

/* In a replay: hands on the span's events up to `end`, each in the turn of its time, as long as
 * weir_replay_goes_on and the shortcut is open. */
void weir_shortcut_take_turns(weir_source_work *work, size_t end, const weir_turns *turns);

/* --- flush.c --- */

/* A firing has ended: the accumulators that it flushes are flushed once its results are fed back.
 */
void weir_flush_with(weir_reactor *reactor, weir_reactor_cell *cell);
/* Flushes the next of those; false: there is none. */
bool weir_flush_next(weir_runtime *runtime);
/* All cells of an accumulator. */
void weir_flush_cells(weir_accumulator_work *work);

/* Flushes one cell of an accumulator. */
void weir_flush_cell(weir_accumulator_work *work, weir_cell *cell);
void weir_flush_timer(weir_timer *timer);

/* --- forget.c --- */

/* A key of an accumulator has had no event for its ttl. */
void weir_forget_timer(weir_timer *timer);
/* What the source deletes next: nothing of the key is under way that comes before it. */
bool weir_forget_can(const weir_source_work *work);
/* ... goes. */
void weir_forget_key(weir_source_work *work);

/* --- poller.c --- */

weir_status weir_poll_aside(weir_accumulator *accumulator, weir_firing *firing, void *value);
void weir_collect_polls(weir_runtime *runtime);
void weir_poller_free(weir_poller *poller); /* NULL allowed; waits for a poll under way */

/* --- feedback.c --- */

weir_outlet weir_feedback_outlet(weir_feedback_target *target);
/* So many results can be fed back at once, or as many as fit into so many bytes. */
enum { WEIR_FEEDBACK_LIMIT = 65536, WEIR_FEEDBACK_BYTES = 16 << 20, WEIR_FEEDBACK_LEAST = 64 };
WEIR_MUST_USE weir_status weir_feedback_init(weir_runtime *runtime, weir_error **error);
/* Takes the next event that was fed back and routes it; false: there is none. */
bool weir_feedback_next(weir_runtime *runtime);
void weir_feedback_free(weir_runtime *runtime);

/* --- cycle.c --- */

/* Writes the shortest way that a result of `reactor` takes through the accumulator and back, "r ->
 * f
 * -> q -> g -> r"; false: there is none, and only its beginning is written. */
bool weir_cycle_name(const weir_program *program, const weir_reactor *reactor,
                     const weir_accumulator_work *first, char *text, size_t size);

/* --- dead.c --- */

/* What is known of something that ends as a dead letter. */
typedef struct weir_dead {
    weir_program *program;
    const char *source;
    int32_t partition;
    int64_t position;
    int64_t time;
    const char *reason;
    const char *graph; /* NULL: none */
    const char *node;
    uint64_t firing;
    weir_slice raw;
    const weir_type *type; /* of `value`, where there are no raw bytes */
    const void *value;
    const char *inputs; /* JSON */
    const char *own;    /* what the failed graph says of its dead letters, or NULL */
    bool taken;         /* by a firing: raw bytes are those of the event on its way */
    int sink;           /* index in the program, WEIR_NO_SINK or WEIR_SILENT */
} weir_dead;

/* Dead letters without a sink are logged, or under `dead_letters: none` only counted. */
enum { WEIR_NO_SINK = -1, WEIR_SILENT = -2 };

/* The sink of that name, or what "none" means; NULL: `otherwise`. */
int weir_dead_sink(const weir_program *program, const char *name, int otherwise);

void weir_dead_letter_send(weir_runtime *runtime, const weir_dead *dead);
/* One letter for each event that the ticket stands for, but for those that this burial has named;
 * fills in which. */
void weir_dead_of_ticket(weir_dead *dead, weir_ticket *ticket, uint32_t burial);
void weir_dead_of_event(weir_accumulator_work *work, const weir_event *event, const char *reason);
/* Each event of what an accumulator kept. */
void weir_dead_of_kept(weir_accumulator_work *work, const void *boundary, weir_ticket *ticket,
                       const char *reason);
void weir_dead_of_refusal(weir_source_work *work);
extern const weir_reactor_host weir_runtime_reactor_host;

/* --- sinks.c --- */

/* Writes out all sinks, or what they take, and lets go whom they held: at the end of a turn. */
void weir_flush_sinks(weir_runtime *runtime);

/* A weir_sink_work's `relieve`; its owner is the program. */
void weir_relieve_sink(weir_sink_work *work);

/* Makes all safe that was written; the first failure becomes the outcome. */
void weir_finish_sinks(weir_runtime *runtime);

/* provenance.c: as in weir_sink_host. */
void weir_sink_provenance(weir_sink *sink, weir_provenance *ret, weir_take_event take, void *arg);
bool weir_sink_identify(weir_sink *sink, const char *source, int32_t partition, int64_t position,
                        char *ret, size_t size);

/* A sink that the reactor writes to and that is not ready, or NULL. */
const char *weir_sink_awaited(const weir_program *program, const weir_reactor *reactor);

/* --- loop.c, watch.c --- */

weir_status weir_loop_new(weir_runtime *runtime, weir_error **error);
void weir_loop_free(weir_runtime *runtime);
void weir_loop_wake(weir_runtime *runtime);         /* any thread */
void weir_loop_own(weir_runtime *runtime);          /* the calling thread is the runtime's now */
bool weir_loop_is_own(const weir_runtime *runtime); /* the calling thread is the runtime's */
bool weir_loop_in_callback(const weir_runtime *runtime); /* it is, and in the middle of a turn */
bool weir_loop_has_more(const weir_runtime *runtime);    /* the next turn is due at once */

/* Watches `fd` from the next weir_watch_all on; -1: none any more. */
void weir_watch_set(weir_runtime *runtime, weir_watch *watch, int fd, int events);

/* Between two turns: watches what can bring something, and nothing that would wake in vain. True:
 * something cannot be watched and must be looked at after a while. */
bool weir_watch_all(weir_runtime *runtime);
void weir_watch_none(weir_runtime *runtime);

/* The runtime ends in order, with this outcome; `error` becomes the runtime's. */
void weir_runtime_fail(weir_runtime *runtime, weir_status status, weir_error *error);

/* Begins what must be ready before the first turn. Once. */
weir_status weir_runtime_begin(weir_runtime *runtime, weir_error **error);
weir_status weir_runtime_start_time(weir_runtime *runtime, weir_error **error);

void weir_runtime_log(weir_runtime *runtime, weir_level level, const char *room, const char *name,
                      const char *format, ...) WEIR_PRINTF(5, 6);

/* WEIR_FORKED in a child of the process that made the runtime. */
weir_status weir_runtime_check(const weir_runtime *runtime, weir_error **error);

/* That, and WEIR_STATE on another thread than the one that the runtime belongs to. */
weir_status weir_runtime_check_thread(const weir_runtime *runtime, weir_error **error);

#endif
