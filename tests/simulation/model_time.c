/* SPDX-License-Identifier: Apache-2.0 */
/* model_time.c - the naive model: what happens in its time, and the end. */
#include "tests/simulation/model_parts.h"

/* --- What is due --- */

/* Something that is due: at one time by place in the spec, then by the age of the key, then a key
 * that goes last. */
typedef struct moment {
    int64_t due;
    int place;
    int64_t age;
    bool late;
    enum { NOTHING, FLUSH, FORGET_POT, EXPIRE, RETRY, FORGET_CELL } what;
    int index;
    pot *pot;
    cell *cell;
} moment;

static bool before(const moment *a, const moment *b)
{
    if (b->what == NOTHING || a->due != b->due)
        return b->what == NOTHING || a->due < b->due;
    if (a->place != b->place)
        return a->place < b->place;
    return a->age != b->age ? a->age < b->age : !a->late && b->late;
}

static void consider(moment *first, moment one)
{
    if (before(&one, first))
        *first = one;
}

static int64_t later(int64_t time, int64_t by)
{
    return by == never ? never : time + by;
}

static void consider_pots(oracle *m, int index, moment *first)
{
    accumulator *a = &m->accumulators[index];

    for (int i = 0; i < CELLS && !m->drains; i++) {
        pot *p = &a->pots[i];
        moment one = {.place = index, .age = p->age, .index = index, .pot = p};
        if (!p->used)
            continue;
        one.what = FLUSH;
        one.due = p->due;
        if (p->due != 0 && !p->asked)
            consider(first, one);
        one.what = FORGET_POT;
        one.due = later(p->last_event, a->ttl);
        one.late = true;
        if (one.due != never)
            consider(first, one);
    }
}

static void consider_waiting(oracle *m, int index, moment *first)
{
    const reactor *r = &m->reactors[index];

    for (int n = 0; n < CELLS && !m->drains; n++)
        for (int k = 0; k < r->input_count; k++) {
            const cell *c = &r->cells[n];
            if (!c->used || c->count[k] == 0 || model_is_held(m, r, c))
                continue;
            consider(first, (moment){.due = m->now + r->wait - c->queue[k][0].waited,
                                     .place = 1000 + index,
                                     .what = EXPIRE,
                                     .index = index});
        }
}

static void consider_cells(oracle *m, int index, moment *first)
{
    reactor *r = &m->reactors[index];

    for (int n = 0; n < CELLS; n++) {
        cell *c = &r->cells[n];
        moment one = {
            .place = 1000 + index, .age = r->keyed ? c->age : 0, .index = index, .cell = c};
        if (!c->used)
            continue;
        one.what = RETRY;
        one.due = c->due;
        if (c->retrying && !c->overdue)
            consider(first, one);
        one.what = FORGET_CELL;
        one.due = later(c->last_event, r->ttl);
        one.due = one.due < m->now ? m->now : one.due;
        one.late = true;
        if (r->keyed && r->ttl != never && !c->retrying && !m->drains)
            consider(first, one);
    }
}

static moment first_due(oracle *m)
{
    moment first = {.what = NOTHING, .due = never};

    for (int a = 0; a < m->accumulator_count; a++)
        consider_pots(m, a, &first);
    for (int i = 0; i < m->reactor_count; i++) {
        consider_waiting(m, i, &first);
        consider_cells(m, i, &first);
    }
    return first;
}

/* --- What happens then --- */

/* The oldest boundary that has waited too long, of the cells that were not held before; false: none
 * has. */
static bool expire_one(oracle *m, reactor *r, const bool *held)
{
    cell *oldest = NULL;
    int input = 0;

    for (int i = 0; i < CELLS; i++)
        for (int k = 0; k < r->input_count; k++) {
            cell *c = &r->cells[i];
            if (!c->used || c->count[k] == 0 || c->queue[k][0].waited < r->wait || held[i])
                continue;
            if (oldest == NULL || c->queue[k][0].arrival < oldest->queue[input][0].arrival) {
                oldest = c;
                input = k;
            }
        }
    if (oldest != NULL)
        model_bury_first(m, r, oldest, input, "unpaired");
    return oldest != NULL;
}

static void expire(oracle *m, reactor *r)
{
    bool held[CELLS];

    for (int i = 0; i < CELLS; i++)
        held[i] = r->cells[i].used && model_is_held(m, r, &r->cells[i]);
    while (expire_one(m, r, held))
        ;
}

static void happen(oracle *m, const moment *one)
{
    static const char old[] = "its key had no event for the time of 'ttl'";
    reactor *r = &m->reactors[one->index];

    if (one->what == FLUSH) {
        if (m->accumulators[one->index].kind == BATCH)
            one->pot->due = 0;
        model_flush(m, one->index, one->pot);
    } else if (one->what == FORGET_POT) {
        model_forget_pot(m, one->index, one->pot, old);
    } else if (one->what == EXPIRE) {
        expire(m, r);
    } else if (one->what == RETRY) {
        model_try_again(m, r, one->cell);
    } else {
        model_forget_cell(m, r, one->cell, old);
    }
}

/* Time in which a cell is held does not count for `wait:`. */
static void pass(oracle *m, int64_t until)
{
    for (int i = 0; i < m->reactor_count; i++)
        for (int n = 0; n < CELLS; n++) {
            reactor *r = &m->reactors[i];
            cell *c = &r->cells[n];
            bool held = !c->used || model_is_held(m, r, c);
            for (int k = 0; k < r->input_count && !held; k++)
                for (int q = 0; q < c->count[k]; q++)
                    c->queue[k][q].waited += until - m->now;
        }
    m->now = until;
}

/* All that is due until then; what is due at one moment is a turn. */
void model_run_timers(oracle *m, int64_t until)
{
    for (moment one = first_due(m); one.what != NOTHING && one.due <= until; one = first_due(m)) {
        if (one.due > m->now)
            pass(m, one.due);
        for (; one.what != NOTHING && one.due <= m->now; one = first_due(m)) {
            happen(m, &one);
            model_settle(m);
        }
        model_ask_latest(m);
    }
}

void model_advance(oracle *m, int64_t by)
{
    int64_t until = m->now + by;

    model_run_timers(m, until);
    pass(m, until);
    model_settle(m);
    model_ask_latest(m);
    model_write_sinks(m);
}

/* --- The end --- */

static void flush_all(oracle *m)
{
    for (int a = 0; a < m->accumulator_count; a++)
        if (m->accumulators[a].kind == BATCH) {
            model_flush_each(m, a);
            model_settle(m);
        }
    model_ask_latest(m);
}

/* What waits for the end of a pause, or for a sink, is not lost. */
static bool something_is_stopped(const oracle *m)
{
    for (int i = 0; i < m->reactor_count; i++)
        for (int n = 0; n < CELLS; n++) {
            const reactor *r = &m->reactors[i];
            if ((r->paused || r->sunk) && r->cells[n].used &&
                (r->cells[n].began != 0 || r->cells[n].retrying))
                return true;
        }
    return false;
}

static bool bury_unpaired(oracle *m)
{
    bool found = false;

    for (int i = 0; i < m->reactor_count; i++)
        for (;;) {
            cell *first = NULL;
            for (int n = 0; n < CELLS; n++) {
                cell *c = &m->reactors[i].cells[n];
                if (c->used && c->began != 0 && (first == NULL || c->began < first->began))
                    first = c;
            }
            if (first == NULL)
                break;
            found = true;
            for (int k = 0; k < m->reactors[i].input_count; k++)
                while (first->count[k] != 0)
                    model_bury_first(m, &m->reactors[i], first, k, "unpaired");
        }
    model_settle(m);
    return found;
}

static void settle_the_rest(oracle *m)
{
    model_write_sinks(m);
    model_commit(m);
    m->ended = m->unwritten == 0;
    for (int s = 0; s < m->source_count; s++)
        m->ended = m->ended && !m->sources[s].committing;
}

/* No more events: on a stop batches flush, and the rest stays undone; else retries run out, batches
 * flush, and what is left has no partner. */
void model_drain(oracle *m)
{
    bool first = !m->drains;

    m->drains = true;
    if (m->stopped) {
        if (first)
            flush_all(m);
        settle_the_rest(m);
        return;
    }
    model_run_timers(m, never - 1);
    if (something_is_stopped(m))
        return;
    flush_all(m);
    model_run_timers(m, never - 1);
    if (something_is_stopped(m))
        return;
    while (bury_unpaired(m))
        ;
    settle_the_rest(m);
}
