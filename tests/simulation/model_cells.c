/* SPDX-License-Identifier: Apache-2.0 */
/* model_cells.c - the naive model: what is kept under a key, and whom a dead letter belongs to. */
#include "tests/simulation/model_parts.h"

/* --- Values --- */

value model_one(rig_item item)
{
    return (value){.there = true, .items = {item}, .count = 1};
}

/* What a dead letter shows: a window is not shown. */
int64_t model_shown_id(const value *v)
{
    return v->window ? -1 : v->items[0].id;
}

/* --- Causes --- */

causes model_cause(int index, int64_t id)
{
    return (causes){.list = {{index, id}}, .count = 1};
}

void model_add_causes(causes *to, const causes *more)
{
    for (int i = 0; i < more->count; i++) {
        bool there = false;
        for (int k = 0; k < to->count; k++)
            there = there || to->list[k].event == more->list[i].event;
        assert_true(there || to->count < CAUSES);
        if (!there)
            to->list[to->count++] = more->list[i];
    }
}

void model_show_id(causes *of, int64_t id)
{
    for (int i = 0; i < of->count; i++)
        of->list[i].id = id;
}

/* The events wait in one place more, or less. */
void model_wait(oracle *m, const causes *of, int by)
{
    for (int i = 0; i < of->count; i++)
        m->events[of->list[i].event].waits += by;
}

static const char *name_of(const oracle *m, const event *e)
{
    return e->source != NONE ? m->spec->sources[e->source].name : m->accumulators[e->by].name;
}

void model_bury(oracle *m, const causes *of, const char *reason, const char *where, bool read)
{
    for (int i = 0; i < of->count; i++) {
        event *e = &m->events[of->list[i].event];
        bool has_bytes = e->source != NONE && m->sources[e->source].log;
        bool own = read && has_bytes && of->list[i].event == m->current;
        e->dead = true;
        weir_buffer_printf(&m->record, "dead(%s%lld %s%s) ", name_of(m, e),
                           (long long)(own ? e->item.id : of->list[i].id), reason, where);
    }
}

/* An event that no source gave. */
int model_made_event(oracle *m, int into, rig_item item)
{
    assert_true(m->event_count < EVENTS);
    m->events[m->event_count] = (event){.source = NONE, .by = into, .item = item, .read = true};
    return m->event_count++;
}

/* --- Cells --- */

cell *model_find_cell(reactor *r, int64_t key)
{
    for (int i = 0; i < CELLS; i++)
        if (r->cells[i].used && r->cells[i].key == key)
            return &r->cells[i];
    return NULL;
}

cell *model_cell_of(oracle *m, reactor *r, int64_t key)
{
    cell *found = model_find_cell(r, key), *free = NULL;
    int used = 0;

    if (found != NULL)
        return found;
    for (int i = 0; i < CELLS; i++) {
        used += r->cells[i].used;
        free = r->cells[i].used || free != NULL ? free : &r->cells[i];
    }
    if (r->keyed && used >= r->max_keys)
        return NULL;
    assert_non_null(free);
    memset(free, 0, sizeof *free);
    free->used = true;
    free->key = key;
    free->age = ++r->ages;
    free->last_event = m->now;
    return free;
}

bool model_is_shared(const oracle *m, const reactor *r, int input)
{
    return r->keyed && !m->accumulators[r->inputs[input]].keyed;
}

const value *model_value(const oracle *m, const reactor *r, const cell *c, int input)
{
    return model_is_shared(m, r, input) ? &r->shared[input] : &c->cache[input];
}

void model_put_value(const oracle *m, reactor *r, cell *c, int input, const value *v)
{
    if (model_is_shared(m, r, input))
        r->shared[input] = *v;
    else
        c->cache[input] = *v;
}

static bool anything_waits(const reactor *r, const cell *c)
{
    for (int i = 0; i < r->input_count; i++)
        if (c->count[i] != 0)
            return true;
    return false;
}

boundary model_pop(const reactor *r, cell *c, int input)
{
    boundary first = c->queue[input][0];

    c->count[input]--;
    memmove(&c->queue[input][0], &c->queue[input][1], (size_t)c->count[input] * sizeof(boundary));
    if (!anything_waits(r, c))
        c->began = 0;
    return first;
}

void model_bury_first(oracle *m, reactor *r, cell *c, int input, const char *reason)
{
    boundary first = model_pop(r, c, input);

    model_bury(m, &first.of, reason, "", true);
    model_wait(m, &first.of, -1);
}

void model_forget_cell(oracle *m, reactor *r, cell *c, const char *reason)
{
    for (int k = 0; k < r->input_count; k++)
        while (c->count[k] != 0)
            model_bury_first(m, r, c, k, reason);
    c->used = false;
}
