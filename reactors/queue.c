/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c - the boundaries that wait: a queue per input (and key), over one pool of places.
 *
 * Three lists go through a place: its queue (first in, first out), the reactor's places by age (for
 * `wait:` and for a pool that is full), and the cells that wait, in the order in which they began
 * to.
 */
#include "reactors/reactor.h"

#include <string.h>

enum { KEYED_POOL = 16 << 20, KEYED_PLACES = 65536, WINDOW_POOL = 64 << 20 };

static uint32_t at_most(uint64_t places, uint64_t bytes, uint32_t place_size)
{
    uint64_t fitting = bytes / place_size;
    uint64_t least = places < fitting ? places : fitting;

    return least < 2 ? 2 : (uint32_t)least;
}

bool weir_queues_init(weir_reactor *reactor)
{
    uint64_t places = (uint64_t)__builtin_popcountll(reactor->criteria_mask);
    uint32_t value_size = (reactor->value_size + 15) & ~15u;

    reactor->place_size = (uint32_t)sizeof(weir_waiting) + value_size;
    if (reactor->key_words != 0)
        reactor->place_count = at_most(KEYED_PLACES, KEYED_POOL, reactor->place_size);
    else if (reactor->module->strategy == WEIR_LATEST)
        reactor->place_count = (uint32_t)places;
    else
        reactor->place_count =
            at_most(places * (uint64_t)reactor->config.capacity,
                    reactor->has_windows ? WINDOW_POOL : UINT64_MAX, reactor->place_size);
    reactor->backlog_size =
        (uint32_t)(sizeof(weir_backlog) + reactor->module->input_count * sizeof(weir_queue));
    uint32_t backlogs = reactor->key_words != 0 ? reactor->place_count : 1;
    /* Not zeroed: places are written before they are read, and many never are. */
    reactor->places = weir_realloc(NULL, (size_t)reactor->place_count * reactor->place_size);
    reactor->backlogs = weir_realloc(NULL, (size_t)backlogs * reactor->backlog_size);
    return reactor->places != NULL && reactor->backlogs != NULL;
}

void weir_queues_free(weir_reactor *reactor)
{
    weir_free(reactor->places);
    weir_free(reactor->backlogs);
}

int64_t weir_reactor_unheld(const weir_reactor *reactor)
{
    int64_t now = reactor->held ? reactor->held_since : reactor->host->now(reactor);
    return now - reactor->held_total;
}

/* The same for one cell, which can be held alone. */
static int64_t unheld(const weir_reactor *reactor, const weir_backlog *backlog)
{
    int64_t now = backlog->held ? backlog->held_since : weir_reactor_unheld(reactor);
    return now - backlog->held_total;
}

/* --- Cells that wait --- */

/* There is one for each cell that can have a place. */
static weir_backlog *take_backlog(weir_reactor *reactor)
{
    weir_backlog *backlog = reactor->free_backlogs;

    if (backlog != NULL) {
        reactor->free_backlogs = backlog->next_free;
    } else {
        void *fresh = reactor->backlogs + (size_t)reactor->backlog_fresh++ * reactor->backlog_size;
        backlog = fresh;
    }
    memset(backlog, 0, reactor->backlog_size);
    return backlog;
}

static void begin_to_wait(weir_reactor *reactor, weir_reactor_cell *cell)
{
    weir_backlog *backlog = take_backlog(reactor);

    cell->backlog = backlog;
    backlog->previous = reactor->last_waiting;
    if (reactor->last_waiting != NULL)
        reactor->last_waiting->backlog->next = cell;
    else
        reactor->first_waiting = cell;
    reactor->last_waiting = cell;
    reactor->blocked |= WEIR_BLOCKED_WAITING;
}

static void end_waiting(weir_reactor *reactor, weir_reactor_cell *cell)
{
    weir_backlog *backlog = cell->backlog;

    if (backlog->previous != NULL)
        backlog->previous->backlog->next = backlog->next;
    else
        reactor->first_waiting = backlog->next;
    if (backlog->next != NULL)
        backlog->next->backlog->previous = backlog->previous;
    else
        reactor->last_waiting = backlog->previous;
    cell->backlog = NULL;
    backlog->next_free = reactor->free_backlogs;
    reactor->free_backlogs = backlog;
    if (reactor->first_waiting == NULL)
        reactor->blocked &= ~(uint32_t)WEIR_BLOCKED_WAITING;
}

/* --- Places --- */

/* There is one: make_place came first. */
static weir_waiting *take_place(weir_reactor *reactor)
{
    weir_waiting *place = reactor->free_places;

    if (place != NULL) {
        reactor->free_places = place->next;
        return place;
    }
    void *fresh = reactor->places + (size_t)reactor->place_fresh++ * reactor->place_size;
    return fresh;
}

void weir_queue_recycle(weir_reactor *reactor, weir_waiting *waiting)
{
    waiting->next = reactor->free_places;
    reactor->free_places = waiting;
}

static void unlink_age(weir_reactor *reactor, weir_waiting *waiting)
{
    if (waiting->older != NULL)
        waiting->older->newer = waiting->newer;
    else
        reactor->oldest = waiting->newer;
    if (waiting->newer != NULL)
        waiting->newer->older = waiting->older;
    else
        reactor->newest = waiting->older;
}

static void link_age(weir_reactor *reactor, weir_waiting *waiting)
{
    waiting->older = reactor->newest;
    waiting->newer = NULL;
    if (reactor->newest != NULL)
        reactor->newest->newer = waiting;
    else
        reactor->oldest = waiting;
    reactor->newest = waiting;
}

weir_waiting *weir_queue_pop(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input)
{
    weir_backlog *backlog = cell->backlog;
    weir_queue *queue = &backlog->queues[input];
    weir_waiting *waiting = queue->first;

    queue->first = waiting->next;
    queue->count--;
    reactor->metrics.waiting--;
    unlink_age(reactor, waiting);
    if (queue->first == NULL) {
        queue->last = NULL;
        backlog->waiting &= ~(1ull << input);
        if (backlog->waiting == 0)
            end_waiting(reactor, cell);
    }
    return waiting;
}

static void bury(weir_reactor *reactor, weir_ticket *ticket, uint32_t input, const void *value,
                 const char *reason)
{
    weir_death death = {.burial = ++*reactor->burials,
                        .ticket = ticket,
                        .input = input,
                        .value = value,
                        .reason = reason,
                        .node = WEIR_NONE};

    reactor->host->dead(reactor, &death);
    weir_ticket_release(ticket, WEIR_DEAD);
}

/* The oldest of a queue ends as a dead letter. */
static void drop_first(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input,
                       const char *reason)
{
    weir_waiting *waiting = weir_queue_pop(reactor, cell, input);

    bury(reactor, waiting->ticket, input, waiting->value, reason);
    weir_queue_recycle(reactor, waiting);
}

void weir_queue_drop_all(weir_reactor *reactor, weir_reactor_cell *cell, const char *reason)
{
    for (uint32_t i = 0; i < reactor->module->input_count; i++)
        while (cell->backlog != NULL && cell->backlog->queues[i].first != NULL)
            drop_first(reactor, cell, i, reason);
}

void weir_queue_collapse_all(weir_reactor *reactor, weir_reactor_cell *cell)
{
    for (uint32_t i = 0; i < reactor->module->input_count; i++)
        while (cell->backlog != NULL && cell->backlog->queues[i].first != NULL) {
            weir_waiting *waiting = weir_queue_pop(reactor, cell, i);
            weir_ticket_release(waiting->ticket, WEIR_COLLAPSED);
            reactor->metrics.collapsed++;
            weir_queue_recycle(reactor, waiting);
        }
}

/* Under latest the one that waits is overwritten. */
bool weir_queue_is_full(const weir_reactor *reactor, const weir_reactor_cell *cell, uint32_t input)
{
    return reactor->module->strategy != WEIR_LATEST && cell != NULL && cell->backlog != NULL &&
           cell->backlog->queues[input].count >= reactor->config.capacity;
}

bool weir_queue_needs_place(const weir_reactor *reactor, const weir_reactor_cell *cell,
                            uint32_t input)
{
    bool overwrites = reactor->module->strategy == WEIR_LATEST && cell != NULL &&
                      cell->backlog != NULL && cell->backlog->queues[input].first != NULL;

    return !overwrites && reactor->free_places == NULL &&
           reactor->place_fresh == reactor->place_count;
}

weir_waiting *weir_queue_oldest_free(const weir_reactor *reactor)
{
    weir_waiting *waiting = reactor->held ? NULL : reactor->oldest;

    while (waiting != NULL && waiting->cell->backlog->held)
        waiting = waiting->newer;
    return waiting;
}

/* At the earliest time at which `oldest`, and so any that came later, may have waited too long. */
static void arm_for(weir_reactor *reactor, const weir_waiting *oldest)
{
    int64_t now = reactor->host->now(reactor), due;

    if (oldest == NULL || reactor->config.wait == INT64_MAX || reactor->held) {
        weir_timer_disarm(reactor->timers, &reactor->wait_timer);
        return;
    }
    /* What is overdue, because a hold has ended, keeps its place among what is due now. */
    due = weir_later(oldest->entered + reactor->held_total, reactor->config.wait);
    weir_timer_arm(reactor->timers, &reactor->wait_timer, due > now ? due : now);
}

static void arm_wait(weir_reactor *reactor)
{
    arm_for(reactor, reactor->oldest);
}

void weir_queues_note_hold(weir_reactor *reactor, weir_reactor_cell *cell, bool held)
{
    weir_backlog *backlog = cell->backlog;
    int64_t now = weir_reactor_unheld(reactor);

    if (backlog == NULL || backlog->held == held)
        return;
    if (!held)
        backlog->held_total += now - backlog->held_since;
    backlog->held_since = now;
    backlog->held = held;
    arm_wait(reactor);
}

static void fill(weir_reactor *reactor, weir_waiting *waiting, const void *value,
                 const weir_event *event, weir_ticket *ticket)
{
    waiting->ticket = ticket;
    waiting->event = event->number;
    waiting->rounds = event->rounds > ticket->rounds ? event->rounds : ticket->rounds;
    waiting->entered = weir_reactor_unheld(reactor);
    waiting->since = unheld(reactor, waiting->cell->backlog);
    weir_input_copy(&reactor->inputs[waiting->input], waiting->value, value);
}

/* Under latest a queue has one place, which the newest boundary overwrites. */
static bool overwrite(weir_reactor *reactor, weir_queue *queue, const void *value,
                      const weir_event *event, weir_ticket *ticket)
{
    weir_waiting *waiting = queue->first;

    if (reactor->module->strategy != WEIR_LATEST || waiting == NULL)
        return false;
    weir_ticket_release(waiting->ticket, WEIR_COLLAPSED);
    reactor->metrics.collapsed++;
    fill(reactor, waiting, value, event, ticket);
    unlink_age(reactor, waiting);
    link_age(reactor, waiting);
    arm_wait(reactor);
    return true;
}

static void append(weir_queue *queue, weir_waiting *waiting)
{
    waiting->next = NULL;
    if (queue->last != NULL)
        queue->last->next = waiting;
    else
        queue->first = waiting;
    queue->last = waiting;
    queue->count++;
}

static void make_place(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input)
{
    static const char reason[] = "unpaired: its queue is full";

    if (weir_queue_is_full(reactor, cell, input)) {
        reactor->metrics.unpaired++;
        drop_first(reactor, cell, input, reason);
    } else if (weir_queue_needs_place(reactor, cell, input)) {
        weir_waiting *oldest = weir_queue_oldest_free(reactor);
        reactor->metrics.unpaired++;
        oldest = oldest != NULL ? oldest : reactor->oldest;
        drop_first(reactor, oldest->cell, oldest->input, reason);
    }
}

void weir_queue_push(weir_reactor *reactor, weir_reactor_cell *cell, uint32_t input,
                     const void *value, weir_event *event, weir_ticket *ticket)
{
    if (cell->backlog != NULL &&
        overwrite(reactor, &cell->backlog->queues[input], value, event, ticket))
        return;
    make_place(reactor, cell, input);
    if (cell->backlog == NULL)
        begin_to_wait(reactor, cell);
    weir_waiting *waiting = take_place(reactor);
    waiting->cell = cell;
    waiting->input = input;
    fill(reactor, waiting, value, event, ticket);
    append(&cell->backlog->queues[input], waiting);
    cell->backlog->waiting |= 1ull << input;
    reactor->metrics.waiting++;
    link_age(reactor, waiting);
    /* While it is not armed all that came before is held. */
    if (reactor->wait_timer.slot == 0)
        arm_for(reactor, waiting);
}

/* The timer of `wait:`: boundaries that have waited too long become dead letters. Those whose cell
 * was held for a while are due later; while it still is, the end of the hold arms the timer. */
void weir_queue_expire(weir_timer *timer)
{
    weir_reactor *reactor = timer->arg;
    int64_t now = weir_reactor_unheld(reactor), wait = reactor->config.wait, next_due = INT64_MAX;
    weir_waiting *next;
    bool dropped = false;

    for (weir_waiting *waiting = reactor->oldest; waiting != NULL; waiting = next) {
        const weir_backlog *backlog = waiting->cell->backlog;
        int64_t left = weir_later(waiting->since, wait) - unheld(reactor, backlog);
        int64_t due = backlog->held ? INT64_MAX : weir_later(now, left);
        next = waiting->newer;
        if (now - waiting->entered < wait) {
            due = weir_later(waiting->entered, wait);
            next = NULL;
        } else if (left <= 0 && !backlog->held) {
            reactor->metrics.unpaired++;
            drop_first(reactor, waiting->cell, waiting->input,
                       "unpaired: it has waited longer than 'wait'");
            dropped = true;
            continue;
        }
        next_due = due < next_due ? due : next_due;
    }
    if (next_due != INT64_MAX)
        weir_timer_arm(reactor->timers, timer, weir_later(next_due, reactor->held_total));
    if (dropped)
        weir_reactor_look(reactor, NULL); /* what is left may be warming now */
}

void weir_queues_rearm(weir_reactor *reactor)
{
    arm_wait(reactor);
}
