/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - the descriptors that cause a turn: what sources read, what sinks wait to write to.
 *
 * Descriptors are level-triggered: one that nobody attends to would wake the loop again and again.
 * So a source that is held is not watched unless it attends to it all the same, and a sink's output
 * only while it is stuck.
 */
#include <string.h>
#include <sys/epoll.h>

#include "runtime/loop.h"

static void on_ready(struct ev_loop *ev, ev_io *io, int events)
{
    (void)ev;
    (void)events;
    weir_loop_take_turn(io->data);
}

static bool arm_in_epoll(const struct weir_loop *loop, const weir_watch *watch, bool on)
{
    struct epoll_event event = {.events = watch->events == EV_WRITE ? EPOLLOUT : EPOLLIN,
                                .data.fd = watch->fd};

    /* Two sinks may write to one descriptor, which epoll takes only once. */
    return epoll_ctl(loop->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, watch->fd, &event) == 0;
}

static void arm(const weir_runtime *runtime, weir_watch *watch, bool on)
{
    struct weir_loop *loop = runtime->loop;

    if (watch->armed == on || (loop->ev == NULL && loop->epoll_fd < 0))
        return;
    watch->deaf = false;
    watch->armed = on;
    if (loop->ev != NULL && on)
        ev_io_start(loop->ev, &watch->io);
    else if (loop->ev != NULL)
        ev_io_stop(loop->ev, &watch->io);
    else if (!arm_in_epoll(loop, watch, on) && on) {
        watch->armed = false;
        watch->deaf = true;
    }
}

void weir_watch_set(weir_runtime *runtime, weir_watch *watch, int fd, int events)
{
    if (watch->fd == fd)
        return;
    arm(runtime, watch, false);
    watch->fd = fd;
    watch->events = events;
    ev_io_init(&watch->io, on_ready, fd, events);
    watch->io.data = runtime;
}

static bool want(const weir_runtime *runtime, weir_watch *watch, bool wanted)
{
    wanted = wanted && watch->fd >= 0 && !runtime->ended;
    arm(runtime, watch, wanted);
    return wanted && watch->deaf;
}

bool weir_watch_all(weir_runtime *runtime)
{
    bool stopping = atomic_load(&runtime->stopping), deaf = false;

    for (weir_program *program = runtime->programs; program != NULL; program = program->next) {
        for (uint32_t i = 0; i < program->module->source_count; i++) {
            weir_source_work *work = &program->sources[i];
            bool heard = work->source.kind->attend != NULL || (!work->stalled && !stopping);
            deaf = want(runtime, &work->watch, heard) || deaf;
        }
        for (uint32_t i = 0; i < program->module->sink_count; i++) {
            deaf = want(runtime, &program->sink_watches[i], program->sinks[i].stuck) || deaf;
            deaf = want(runtime, &program->answer_watches[i], true) || deaf;
        }
    }
    return deaf;
}

void weir_watch_none(weir_runtime *runtime)
{
    for (weir_program *program = runtime->programs; program != NULL; program = program->next) {
        for (uint32_t i = 0; i < program->module->source_count; i++)
            weir_watch_set(runtime, &program->sources[i].watch, -1, EV_READ);
        for (uint32_t i = 0; i < program->module->sink_count; i++) {
            weir_watch_set(runtime, &program->sink_watches[i], -1, EV_WRITE);
            weir_watch_set(runtime, &program->answer_watches[i], -1, EV_READ);
        }
    }
}
