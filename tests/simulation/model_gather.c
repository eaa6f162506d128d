/* SPDX-License-Identifier: Apache-2.0 */
/* model_gather.c - the naive model: what accumulators make of their events, and when they give what
 * they keep. */
#include "tests/simulation/model_parts.h"

static pot *find_pot(accumulator *a, int64_t key)
{
    for (int i = 0; i < CELLS; i++)
        if (a->pots[i].used && a->pots[i].key == key)
            return &a->pots[i];
    return NULL;
}

/* NULL: there are `max_keys`. */
static pot *pot_of(const oracle *m, accumulator *a, int64_t key)
{
    pot *found = find_pot(a, key), *free = NULL;
    int used = 0;

    for (int i = 0; i < CELLS; i++) {
        used += a->pots[i].used;
        free = a->pots[i].used || free != NULL ? free : &a->pots[i];
    }
    if (found == NULL && a->keyed && used >= a->max_keys)
        return NULL;
    if (found == NULL) {
        assert_non_null(free);
        memset(free, 0, sizeof *free);
        *free = (pot){.used = true, .key = key, .age = ++a->ages};
        found = free;
    }
    found->last_event = m->now;
    return found;
}

/* --- Giving --- */

bool model_has_place(oracle *m, int into, int64_t key)
{
    for (int i = 0; i < m->reactor_count; i++) {
        reactor *r = &m->reactors[i];
        const cell *c = model_find_cell(r, r->keyed ? key : 0);
        for (int k = 0; k < r->input_count; k++)
            if (r->inputs[k] == into && c != NULL &&
                model_is_full(m, r, c, k, m->accumulators[into].source))
                return false;
    }
    return true;
}

void model_flush_later(oracle *m, int into, int64_t key, bool all)
{
    accumulator *a = &m->accumulators[into];

    /* A firing under a key makes it there, too. */
    if (!all && pot_of(m, a, a->keyed ? key : 0) == NULL)
        return;
    for (int i = 0; i < m->flush_count; i++)
        if (m->flushes[i].accumulator == into && m->flushes[i].all == all &&
            (all || m->flushes[i].key == key))
            return;
    assert_true(m->flush_count < FLUSHES);
    m->flushes[m->flush_count].accumulator = into;
    m->flushes[m->flush_count].key = key;
    m->flushes[m->flush_count++].all = all;
}

static void later(oracle *m, int into, const pot *p)
{
    for (int i = 0; i < m->flush_count; i++)
        if (m->flushes[i].accumulator == into && !m->flushes[i].all && m->flushes[i].key == p->key)
            return;
    assert_true(m->flush_count < FLUSHES);
    m->flushes[m->flush_count].accumulator = into;
    m->flushes[m->flush_count].key = p->key;
    m->flushes[m->flush_count++].all = false;
}

static void give_batch(oracle *m, int into, pot *p, int64_t number, int rounds)
{
    boundary b = {.value = {.there = true, .window = true, .count = p->count},
                  .of = p->of,
                  .batch = true,
                  .number = number,
                  .rounds = rounds > p->rounds ? rounds : p->rounds};

    memcpy(b.value.items, p->kept, sizeof p->kept);
    p->count = 0;
    p->due = 0;
    p->of.count = 0;
    p->rounds = 0;
    model_deliver(m, into, b, p->key, b.value.items[0]);
    model_wait(m, &b.of, -1);
}

/* Asks the poll function once. */
static void give_poll(oracle *m, int into, pot *p)
{
    const accumulator *a = &m->accumulators[into];
    rig_item item = {.id = ++m->polls};

    p->asked = false;
    if (m->now >= p->due)
        p->due +=
            m->now < p->due + a->every ? a->every : ((m->now - p->due) / a->every + 1) * a->every;
    if (model_in_list(m->bad_ids, item.id) || model_in_list(m->false_ids, item.id))
        return;
    boundary b = {.value = model_one(item), .number = ++m->steps};
    b.of = model_cause(model_made_event(m, into, item), item.id);
    model_wait(m, &b.of, 1);
    model_deliver(m, into, b, 0, item);
    model_wait(m, &b.of, -1);
}

/* What would find no place stays where it is. */
void model_flush(oracle *m, int into, pot *p)
{
    p->asked = !model_has_place(m, into, p->key);
    if (p->asked)
        later(m, into, p);
    else if (m->accumulators[into].kind == POLLING)
        give_poll(m, into, p);
    else if (p->count != 0)
        give_batch(m, into, p, ++m->steps, 0);
}

/* All keys, in the order in which they came. */
void model_flush_each(oracle *m, int into)
{
    accumulator *a = &m->accumulators[into];
    int64_t after = -1;

    for (;;) {
        pot *next = NULL;
        for (int i = 0; i < CELLS; i++)
            if (a->pots[i].used && a->pots[i].age > after &&
                (next == NULL || a->pots[i].age < next->age))
                next = &a->pots[i];
        if (next == NULL)
            return;
        after = next->age;
        model_flush(m, into, next);
        model_ask_asked(m);
    }
}

bool model_flush_next(oracle *m)
{
    for (int i = 0; i < m->flush_count; i++) {
        int into = m->flushes[i].accumulator;
        int64_t key = m->flushes[i].key;
        bool all = m->flushes[i].all;
        if (!all && !model_has_place(m, into, key))
            continue;
        m->flush_count--;
        memmove(&m->flushes[i], &m->flushes[i + 1],
                (size_t)(m->flush_count - i) * sizeof m->flushes[0]);
        if (all)
            model_flush_each(m, into);
        else
            model_flush(m, into, find_pot(&m->accumulators[into], key));
        return true;
    }
    return false;
}

/* The key goes; what waits in a batch becomes dead letters. */
void model_forget_pot(oracle *m, int into, pot *p, const char *reason)
{
    model_bury(m, &p->of, reason, "", false);
    model_wait(m, &p->of, -1);
    for (int i = 0; i < m->flush_count; i++)
        if (m->flushes[i].accumulator == into && !m->flushes[i].all &&
            m->flushes[i].key == p->key) {
            m->flush_count--;
            memmove(&m->flushes[i], &m->flushes[i + 1],
                    (size_t)(m->flush_count - i) * sizeof m->flushes[0]);
            break;
        }
    p->used = false;
}

/* --- Deleting --- */

/* A firing that is tried again and what is held are finished first, and a batch that is to be
 * flushed. */
static bool is_needed(const reactor *r, const cell *c)
{
    return c->retrying || (!r->latest && c->began != 0 && (r->paused || r->sunk));
}

bool model_can_delete(oracle *m, int source, int64_t key)
{
    for (int i = 0; i < m->flush_count; i++)
        if (m->accumulators[m->flushes[i].accumulator].source == source && !m->flushes[i].all &&
            m->flushes[i].key == key)
            return false;
    for (int i = 0; i < m->reactor_count; i++)
        for (int k = 0; k < m->reactors[i].input_count; k++) {
            const accumulator *a = &m->accumulators[m->reactors[i].inputs[k]];
            const cell *c = model_find_cell(&m->reactors[i], key);
            if (a->source == source && a->keyed && c != NULL && is_needed(&m->reactors[i], c))
                return false;
        }
    return true;
}

/* Under latest it is newer than what waits. */
static void collapse(oracle *m, const reactor *r, cell *c)
{
    for (int k = 0; k < r->input_count && r->latest; k++)
        while (c->count[k] != 0) {
            boundary first = model_pop(r, c, k);
            for (int i = 0; i < first.of.count; i++)
                m->events[first.of.list[i].event].collapsed = true;
            model_wait(m, &first.of, -1);
        }
}

void model_delete(oracle *m, int source, int64_t key)
{
    static const char reason[] = "its key was deleted by a tombstone";

    for (int a = 0; a < m->accumulator_count; a++) {
        pot *p = find_pot(&m->accumulators[a], key);
        if (m->accumulators[a].source != source || !m->accumulators[a].keyed)
            continue;
        if (p != NULL)
            model_forget_pot(m, a, p, reason);
        for (int i = 0; i < m->reactor_count; i++)
            for (int k = 0; k < m->reactors[i].input_count; k++) {
                cell *c = model_find_cell(&m->reactors[i], key);
                if (m->reactors[i].inputs[k] != a || c == NULL)
                    continue;
                collapse(m, &m->reactors[i], c);
                model_forget_cell(m, &m->reactors[i], c, reason);
            }
    }
}

/* --- Taking --- */

static void filter(oracle *m, const causes *of)
{
    for (int i = 0; i < of->count; i++)
        m->events[of->list[i].event].filtered = true;
}

static void refuse(oracle *m, causes *of, rig_item item, const char *reason)
{
    model_show_id(of, item.id);
    model_bury(m, of, reason, "", false);
}

/* An event that gives nothing keeps its key alive in the reactors, where the accumulator has keys
 * of its own. */
static void keep_keys(oracle *m, int into, int64_t key)
{
    for (int i = 0; i < m->reactor_count; i++)
        for (int k = 0; k < m->reactors[i].input_count; k++) {
            reactor *r = &m->reactors[i];
            cell *c = r->inputs[k] == into && r->keyed ? model_find_cell(r, key) : NULL;
            if (c != NULL)
                c->last_event = m->now;
        }
}

/* False: `where` was, or could not be asked. */
static bool judge(oracle *m, rig_item item, causes *of)
{
    char reason[64];

    if (model_in_list(m->bad_ids, item.id)) {
        snprintf(reason, sizeof reason, "bad %lld", (long long)item.id);
        refuse(m, of, item, reason);
        return false;
    }
    if (model_in_list(m->false_ids, item.id)) {
        filter(m, of);
        return false;
    }
    return true;
}

/* What the kind makes of it; false: nothing goes on now. */
static bool take(oracle *m, int into, pot *p, rig_item item, boundary *b)
{
    const accumulator *a = &m->accumulators[into];

    if (a->kind == STREAM) {
        bool bad = model_in_list(m->bad_ids, item.id);
        p->sum = (p->sum + (bad ? 0 : item.id)) % RIG_SUMS;
        if (!judge(m, item, &b->of))
            return false;
        b->value = model_one((rig_item){.id = p->sum, .key = item.key});
    } else if (a->kind == STATE) {
        if (p->count == a->size)
            memmove(&p->kept[0], &p->kept[1], (size_t)--p->count * sizeof p->kept[0]);
        p->kept[p->count++] = item;
        b->value = (value){.there = true, .window = true, .count = p->count};
        memcpy(b->value.items, p->kept, sizeof p->kept);
    } else if (a->kind == BATCH) {
        causes of = b->of;
        model_show_id(&of, item.id);
        if (p->count == 0 && a->every != 0)
            p->due = m->now + a->every;
        p->kept[p->count++] = item;
        p->rounds = b->rounds > p->rounds ? b->rounds : p->rounds;
        for (int i = 0; i < of.count; i++) {
            causes one = {.list = {of.list[i]}, .count = 1};
            int before = p->of.count;
            model_add_causes(&p->of, &one);
            if (p->of.count != before)
                model_wait(m, &one, 1);
        }
        return false;
    } else {
        b->value = model_one(item);
    }
    model_show_id(&b->of, model_shown_id(&b->value));
    return true;
}

/* An event comes into an accumulator. */
void model_gather(oracle *m, int into, rig_item item, boundary b)
{
    accumulator *a = &m->accumulators[into];
    int64_t key = a->keyed ? item.key : 0;
    bool keeps = a->kind == STREAM || a->kind == STATE || a->kind == BATCH;
    pot *p = NULL;

    if ((a->where && !judge(m, item, &b.of)) ||
        (keeps && (p = pot_of(m, a, key)) == NULL &&
         (refuse(m, &b.of, item, "'max_keys' keys are there already"), true))) {
        if (keeps && a->keyed)
            keep_keys(m, into, key);
        return;
    }
    if (take(m, into, p, item, &b)) {
        model_deliver(m, into, b, key, item);
        return;
    }
    if (keeps && a->keyed && a->kind != BATCH)
        keep_keys(m, into, key);
    if (a->kind != BATCH)
        return;
    if (p->count == a->size)
        give_batch(m, into, p, b.number, b.rounds);
    else if (a->keyed)
        keep_keys(m, into, key);
}
