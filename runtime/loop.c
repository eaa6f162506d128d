/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - takes turns on a loop of our own, on the host's libev loop, or step by step for any
 * other.
 *
 * Four things cause a turn: a wake-up (an eventfd: pushes and stops from any thread), a descriptor
 * that a source watches, the next timer, and more work at once. Our own loop waits for an epoll in
 * which they lie, the timer as a timerfd; other people's loops wait for that epoll's descriptor; on
 * libev they are watchers.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/relax.h"
#include "runtime/loop.h"

static weir_status failed(const char *what, weir_error **error)
{
    return weir_error_set(error, WEIR_IO, "cannot make %s: %s", what, strerror(errno));
}

/* --- Turns --- */

static bool all_ended(const weir_runtime *runtime)
{
    size_t sources = 0;

    for (const weir_program *program = runtime->programs; program != NULL; program = program->next)
        for (uint32_t i = 0; i < program->module->source_count; i++) {
            const weir_source *source = &program->sources[i].source;
            /* In replay a timer goes on as long as something else does. */
            bool follows = source->kind->ticks && runtime->config.mode == WEIR_MODE_REPLAY;
            if ((!source->ended && !follows) || source->taken < source->span.count)
                return false;
            sources++;
        }
    /* Where there are none, timers alone drive the run, until it is stopped. */
    return sources != 0 || runtime->config.mode == WEIR_MODE_REPLAY ||
           weir_timers_next(&runtime->timers) == INT64_MAX;
}

static weir_status take_one(weir_runtime *runtime, bool *more, weir_error **error)
{
    if (!atomic_load(&runtime->stopping))
        return runtime->config.mode == WEIR_MODE_REPLAY ? weir_replay_turn(runtime, more, error)
                                                        : weir_turn(runtime, more, error);
    weir_run_timers(runtime, weir_clock_read(&runtime->clock));
    return WEIR_OK;
}

/* One turn, and the end when it has come. A source that fails ends the runtime as a stop does. */
static void step(weir_runtime *runtime)
{
    bool *more = &runtime->loop->more;
    weir_error *error = NULL;

    *more = false;
    atomic_store(&runtime->woken, false);
    uint64_t before = runtime->events;
    weir_status status = take_one(runtime, more, &error);
    runtime->loop->busy = runtime->events - before >= WEIR_SPAN_EVENTS;
    if (status != WEIR_OK)
        weir_runtime_fail(runtime, status, error);
    if (atomic_load(&runtime->stopping) || (!*more && all_ended(runtime)))
        weir_drain(runtime);
}

/* A callback that runs the host's loop must not start a turn within a turn. */
static void take_turn(weir_runtime *runtime)
{
    if (runtime->loop->in_turn || runtime->ended)
        return;
    runtime->loop->in_turn = true;
    step(runtime);
    runtime->loop->in_turn = false;
    runtime->loop->deaf = weir_watch_all(runtime);
}

/* A turn that somebody may have woken the runtime for. The eventfd is emptied behind it, so that
 * the events need not wait for that; who wakes meanwhile sets `woken` first, and has another turn.
 */
static void take_woken_turn(weir_runtime *runtime)
{
    uint64_t count;

    take_turn(runtime);
    /* Nothing to read only means that nobody woke it. */
    ssize_t size = read(runtime->loop->wake_fd, &count, sizeof count);
    (void)size;
    runtime->loop->more = runtime->loop->more || atomic_load(&runtime->woken);
}

bool weir_loop_in_callback(const weir_runtime *runtime)
{
    return runtime->loop != NULL && weir_loop_is_own(runtime) && runtime->loop->in_turn;
}

bool weir_loop_has_more(const weir_runtime *runtime)
{
    return runtime->loop->more && !runtime->ended;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Nanoseconds to the next turn; INT64_MAX: only an event causes it. Virtual time does not pass by
 * itself, but sinks and commits that are stuck are tried again in real time. */
static int64_t time_to_next(weir_runtime *runtime)
{
    const int64_t look_again = 20000000;
    int64_t due = weir_timers_next(&runtime->timers), wait = INT64_MAX;

    if (weir_loop_has_more(runtime))
        return 0;
    if (!runtime->clock.is_virtual && due != INT64_MAX)
        wait = due - weir_clock_read(&runtime->clock);
    if (runtime->wait_until != 0)
        wait = runtime->wait_until - weir_monotonic_now();
    if (runtime->sinks_due != 0)
        wait = sooner(wait, runtime->sinks_due - weir_monotonic_now());
    if (runtime->give_up_at != 0)
        wait = sooner(wait, runtime->give_up_at - weir_monotonic_now());
    if (runtime->loop->deaf || runtime->commits_stuck)
        wait = sooner(wait, look_again);
    return wait > 0 ? wait : 0;
}

/* --- On libev --- */

/* Arms what will cause the next turn. */
static void prepare_next(weir_runtime *runtime)
{
    struct weir_loop *loop = runtime->loop;
    int64_t wait = time_to_next(runtime);

    ev_timer_stop(loop->ev, &loop->due);
    ev_idle_stop(loop->ev, &loop->idle);
    if (runtime->ended) {
        ev_io_stop(loop->ev, &loop->wake);
    } else if (wait == 0) {
        ev_idle_start(loop->ev, &loop->idle);
    } else if (wait != INT64_MAX) {
        ev_now_update(loop->ev);
        ev_timer_set(&loop->due, (double)wait / 1e9, 0);
        ev_timer_start(loop->ev, &loop->due);
    }
}

void weir_loop_take_turn(weir_runtime *runtime)
{
    if (runtime->loop->in_turn)
        return;
    take_turn(runtime);
    prepare_next(runtime);
}

static void on_wake(struct ev_loop *ev, ev_io *watcher, int events)
{
    weir_runtime *runtime = watcher->data;

    (void)ev;
    (void)events;
    take_woken_turn(runtime);
    if (!runtime->loop->in_turn)
        prepare_next(runtime);
}

static void on_due(struct ev_loop *ev, ev_timer *watcher, int events)
{
    (void)ev;
    (void)events;
    weir_loop_take_turn(watcher->data);
}

static void on_idle(struct ev_loop *ev, ev_idle *watcher, int events)
{
    (void)ev;
    (void)events;
    weir_loop_take_turn(watcher->data);
}

/* --- Life --- */

weir_status weir_loop_new(weir_runtime *runtime, weir_error **error)
{
    struct weir_loop *loop = weir_alloc(sizeof *loop);

    if (loop == NULL)
        return weir_error_set(error, WEIR_NOMEM, "out of memory");
    runtime->loop = loop;
    loop->epoll_fd = loop->timer_fd = -1;
    loop->armed = INT64_MAX;
    atomic_init(&loop->parked, true);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return loop->wake_fd >= 0 ? WEIR_OK : failed("an eventfd", error);
}

static void join_loop(weir_runtime *runtime, struct ev_loop *ev)
{
    struct weir_loop *loop = runtime->loop;

    loop->ev = ev;
    ev_io_init(&loop->wake, on_wake, loop->wake_fd, EV_READ);
    ev_timer_init(&loop->due, on_due, 0, 0);
    ev_idle_init(&loop->idle, on_idle);
    loop->wake.data = loop->due.data = loop->idle.data = runtime;
    ev_io_start(ev, &loop->wake);
    ev_idle_start(ev, &loop->idle); /* the first turn */
}

void weir_loop_free(weir_runtime *runtime)
{
    struct weir_loop *loop = runtime->loop;

    if (loop == NULL)
        return;
    weir_watch_none(runtime);
    if (loop->ev != NULL) {
        ev_io_stop(loop->ev, &loop->wake);
        ev_timer_stop(loop->ev, &loop->due);
        ev_idle_stop(loop->ev, &loop->idle);
    }
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    weir_free(loop);
}

void weir_loop_wake(weir_runtime *runtime)
{
    uint64_t one = 1;

    if (atomic_exchange(&runtime->woken, true) || !atomic_load(&runtime->loop->parked))
        return;
    /* It can only fail when the counter is full: then the loop is awake anyway. */
    if (write(runtime->loop->wake_fd, &one, sizeof one) < 0)
        return;
}

static weir_status add_to_epoll(struct weir_loop *loop, int fd, weir_error **error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return WEIR_OK;
    return failed("an epoll entry", error);
}

/* --- Running --- */

static weir_status outcome(weir_runtime *runtime, weir_error **error)
{
    if (runtime->outcome != WEIR_OK && error != NULL) {
        weir_error_free(*error);
        *error = runtime->error;
        runtime->error = NULL;
    }
    return runtime->outcome;
}

static weir_status make_epoll(struct weir_loop *loop, weir_error **error)
{
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0)
        return failed("an epoll", error);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->timer_fd < 0)
        return failed("a timer", error);
    weir_status status = add_to_epoll(loop, loop->wake_fd, error);
    return status == WEIR_OK ? add_to_epoll(loop, loop->timer_fd, error) : status;
}

/* Makes the timer readable in `wait` nanoseconds; INT64_MAX: never. Cannot fail: the descriptor and
 * the time are good. What it told before is over. */
static void arm_timer(struct weir_loop *loop, int64_t wait)
{
    struct itimerspec at = {{0, 0}, {0, 0}};

    if (wait != INT64_MAX) {
        at.it_value.tv_sec = wait / 1000000000;
        at.it_value.tv_nsec = wait % 1000000000;
    }
    timerfd_settime(loop->timer_fd, 0, &at, NULL);
}

/* What run and start have in common: on a loop of our own, ready for the first turn. */
static weir_status begin_on_own_loop(weir_runtime *runtime, weir_error **error)
{
    struct weir_loop *loop = runtime->loop;
    weir_status status = weir_runtime_check(runtime, error);

    if (status == WEIR_OK && runtime->started)
        status = weir_error_set(error, WEIR_STATE, "the runtime has been started already");
    if (status == WEIR_OK && (loop->ev != NULL || loop->epoll_fd >= 0))
        status =
            weir_error_set(error, WEIR_STATE, "the runtime is on another loop already, or polled");
    if (status == WEIR_OK)
        status = make_epoll(loop, error);
    loop->own = loop->more = status == WEIR_OK;
    return status == WEIR_OK ? weir_runtime_begin(runtime, error) : status;
}

/* A runtime belongs to the thread that made it until another one runs it. */
void weir_loop_own(weir_runtime *runtime)
{
    atomic_store(&runtime->thread, pthread_self());
    atomic_store(&runtime->owned, true);
}

bool weir_loop_is_own(const weir_runtime *runtime)
{
    return atomic_load(&runtime->owned) &&
           pthread_equal(pthread_self(), atomic_load(&runtime->thread)) != 0;
}

/* Where much came in the last turn, the next push is near: nearer than sleeping and waking up. */
static bool is_woken_soon(const weir_runtime *runtime)
{
    for (int looks = 0; runtime->loop->busy && looks < WEIR_LOOKS; looks++) {
        if (atomic_load_explicit(&runtime->woken, memory_order_relaxed))
            return true;
        weir_relax();
    }
    return false;
}

/* A timer that rings too early costs a turn, and arming it costs each turn a call: it stays as it
 * is unless it would ring this much too late. */
#define SLACK 20000

static void arm_sooner(struct weir_loop *loop, int64_t wait)
{
    int64_t due = weir_later(weir_monotonic_now(), wait);

    if (due >= loop->armed - SLACK)
        return;
    arm_timer(loop, wait);
    loop->armed = due;
}

/* Who wakes a runtime that is not parked only sets `woken`; so it is parked first, and then asked
 * whether somebody did. */
static int park(weir_runtime *runtime, struct epoll_event *events, int room)
{
    struct weir_loop *loop = runtime->loop;
    int count = 0;

    atomic_store(&loop->parked, true);
    if (!atomic_load(&runtime->woken))
        count = epoll_wait(loop->epoll_fd, events, room, -1);
    atomic_store(&loop->parked, false);
    return count;
}

/* Waits until a turn is due. True: somebody woke the runtime for it by its eventfd. */
static bool await_turn(weir_runtime *runtime)
{
    struct weir_loop *loop = runtime->loop;
    struct epoll_event events[16];
    int64_t wait = time_to_next(runtime);
    bool written = false;

    if (wait == 0 || is_woken_soon(runtime))
        return false;
    arm_sooner(loop, wait);
    int count = park(runtime, events, 16);
    for (int i = 0; i < count; i++) {
        written = written || events[i].data.fd == loop->wake_fd;
        if (events[i].data.fd != loop->timer_fd)
            continue;
        arm_timer(loop, INT64_MAX);
        loop->armed = INT64_MAX;
    }
    return written;
}

static void run_to_the_end(weir_runtime *runtime)
{
    weir_loop_own(runtime);
    while (!runtime->ended)
        if (await_turn(runtime))
            take_woken_turn(runtime);
        else
            take_turn(runtime);
    atomic_store(&runtime->owned, false);
}

weir_status weir_runtime_run(weir_runtime *runtime, weir_error **error)
{
    weir_status status = begin_on_own_loop(runtime, error);

    if (status != WEIR_OK)
        return status;
    run_to_the_end(runtime);
    return outcome(runtime, error);
}

static void *thread_main(void *arg)
{
    run_to_the_end(arg);
    return NULL;
}

weir_status weir_runtime_start(weir_runtime *runtime, weir_error **error)
{
    weir_status status = begin_on_own_loop(runtime, error);

    if (status != WEIR_OK)
        return status;
    atomic_store(&runtime->owned, false);
    int code = pthread_create(&runtime->own, NULL, thread_main, runtime);
    if (code != 0)
        return weir_error_set(error, WEIR_IO, "cannot start a thread: %s", strerror(code));
    runtime->own_thread = true;
    return WEIR_OK;
}

weir_status weir_runtime_join(weir_runtime *runtime, weir_error **error)
{
    if (!runtime->own_thread)
        return weir_error_set(error, WEIR_STATE,
                              "the runtime does not run on a thread of its own; only "
                              "weir_runtime_start makes one");
    if (weir_loop_is_own(runtime))
        return weir_error_set(error, WEIR_STATE, "the runtime's own thread cannot wait for itself");
    pthread_join(runtime->own, NULL);
    runtime->own_thread = false;
    return outcome(runtime, error);
}

weir_status weir_runtime_attach(weir_runtime *runtime, struct ev_loop *loop, weir_error **error)
{
    weir_status status = weir_runtime_check(runtime, error);

    if (status != WEIR_OK)
        return status;
    if (runtime->loop->ev != NULL || runtime->loop->epoll_fd >= 0)
        return weir_error_set(error, WEIR_STATE, "the runtime is on a loop already, or polled");
    join_loop(runtime, loop);
    weir_loop_own(runtime);
    return weir_runtime_begin(runtime, error);
}

/* --- Any other loop --- */

static weir_status begin_polled(weir_runtime *runtime, weir_error **error)
{
    weir_status status = weir_runtime_check(runtime, error);

    if (status == WEIR_OK && (runtime->loop->ev != NULL || runtime->loop->own))
        status = weir_error_set(error, WEIR_STATE, "the runtime is on a loop already");
    if (status == WEIR_OK && weir_loop_in_callback(runtime))
        status = weir_error_set(error, WEIR_STATE, "a callback of the runtime cannot poll it");
    if (status == WEIR_OK && runtime->loop->epoll_fd < 0)
        status = make_epoll(runtime->loop, error);
    if (status == WEIR_OK && !runtime->started) {
        weir_loop_wake(runtime); /* the first turn */
        status = weir_runtime_begin(runtime, error);
    }
    return status;
}

int weir_runtime_fd(weir_runtime *runtime, weir_error **error)
{
    return begin_polled(runtime, error) == WEIR_OK ? runtime->loop->epoll_fd : -1;
}

/* Makes the descriptor readable when the next turn is due. Once the runtime has ended it stays
 * readable. */
static void arm_descriptor(weir_runtime *runtime)
{
    int64_t wait = runtime->ended ? 0 : time_to_next(runtime);

    arm_timer(runtime->loop, wait != 0 ? wait : 1);
}

weir_status weir_runtime_poll(weir_runtime *runtime, weir_error **error)
{
    weir_status status = begin_polled(runtime, error);
    if (status != WEIR_OK)
        return status;
    weir_loop_own(runtime);
    take_woken_turn(runtime);
    arm_descriptor(runtime);
    if (!runtime->ended)
        return WEIR_OK;
    status = outcome(runtime, error);
    return status != WEIR_OK ? status : weir_error_set(error, WEIR_CLOSED, "the runtime has ended");
}
