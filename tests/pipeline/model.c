/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - the rules, naively: lists are arrays, everything is looked at each time. */

#include "tests/pipeline/model_parts.h"

/* --- Events --- */

static void enqueue(oracle *m, reactor *r, cell *c, int input, boundary b)
{
    if (r->latest && c->count[input] != 0) {
        const causes *old = &c->queue[input][0].of;
        for (int i = 0; i < old->count; i++)
            m->events[old->list[i]].collapsed = true;
        model_wait(m, old, -1);
        c->queue[input][0] = b;
        model_wait(m, &b.of, 1);
        return;
    }
    if (c->count[input] >= r->capacity)
        model_bury_first(m, r, c, input);
    if (c->began == 0)
        c->began = ++m->began;
    assert_true(c->count[input] < QUEUE);
    c->queue[input][c->count[input]++] = b;
    model_wait(m, &b.of, 1);
}

static void ask_later(oracle *m, int index, int64_t key, bool all)
{
    int at = m->ask_count;

    for (int i = 0; i < m->ask_count; i++)
        if (m->asks[i].reactor == index && m->asks[i].all == all && (all || m->asks[i].key == key))
            return;
    for (; at > 0 && m->asks[at - 1].reactor > index; at--)
        m->asks[at] = m->asks[at - 1];
    m->asks[at] = (asking){index, key, all};
    m->ask_count++;
}

static void deliver(oracle *m, int accumulator_index, boundary b)
{
    const accumulator *a = &m->accumulators[accumulator_index];
    char reason[64];

    if (a->where && model_in_list(m->bad_ids, b.id)) {
        snprintf(reason, sizeof reason, "bad %lld", (long long)b.id);
        model_bury(m, &b.of, b.id, reason, "");
        return;
    }
    if (a->where && model_in_list(m->false_ids, b.id)) {
        for (int i = 0; i < b.of.count; i++)
            m->events[b.of.list[i]].filtered = true;
        return;
    }
    for (int i = 0; i < m->reactor_count; i++) {
        reactor *r = &m->reactors[i];
        for (int k = 0; k < r->input_count; k++) {
            if (r->inputs[k] != accumulator_index)
                continue;
            bool shared = model_is_shared(m, r, k);
            cell *c = shared ? NULL : model_cell_of(r, r->keyed ? b.key : 0);
            b.arrival = ++m->arrivals;
            if (c != NULL && c->age == 0)
                c->age = b.arrival;
            if (r->criteria[k])
                enqueue(m, r, c, k, b);
            else
                model_put_value(m, r, c, k, b.id);
            ask_later(m, i, c != NULL ? c->key : 0, shared);
        }
    }
}

static void ask_asked(oracle *m)
{
    for (int i = 0; i < m->ask_count; i++) {
        reactor *r = &m->reactors[m->asks[i].reactor];
        if (r->latest)
            continue;
        if (m->asks[i].all)
            model_ask_all(m, r);
        else
            model_ask(m, r, model_cell_of(r, m->asks[i].key));
    }
    m->ask_count = 0;
}

/* What is fed back comes next: what a step has fed back goes before what waited already. */
void model_settle(oracle *m)
{
    for (;;) {
        int before = m->fresh;
        ask_asked(m);
        int added = m->feedback_count - before;
        if (m->feedback_count == 0)
            break;
        /* Rotate the new ones to the front. */
        for (int i = 0; i < added; i++) {
            __typeof__(m->feedback[0]) moved = m->feedback[before + i];
            memmove(&m->feedback[i + 1], &m->feedback[i], (size_t)(before) * sizeof m->feedback[0]);
            m->feedback[i] = moved;
        }
        __typeof__(m->feedback[0]) next = m->feedback[0];
        m->feedback_count--;
        memmove(&m->feedback[0], &m->feedback[1],
                (size_t)m->feedback_count * sizeof m->feedback[0]);
        m->fresh = m->feedback_count;
        next.boundary.number = ++m->steps;
        deliver(m, next.accumulator, next.boundary);
        model_wait(m, &next.boundary.of, -1);
    }
    m->fresh = 0;
}

static int in_flight(const oracle *m, int source_index)
{
    int count = 0;

    for (int i = 0; i < m->event_count; i++)
        count += m->events[i].source == source_index && m->events[i].waits != 0;
    return count;
}

/* An event stays where it is while a queue that it would enter is full and firing is held; unless
 * its own source may bring what is missing. */
static bool finds_place(oracle *m, int source_index, const event *e)
{
    if (in_flight(m, source_index) >= m->sources[source_index].max_in_flight)
        return false;
    for (int a = 0; a < m->accumulator_count; a++)
        for (int i = 0; i < m->reactor_count && m->accumulators[a].source == source_index; i++) {
            reactor *r = &m->reactors[i];
            for (int k = 0; k < r->input_count; k++) {
                if (r->inputs[k] != a || !r->criteria[k])
                    continue;
                cell *c = model_cell_of(r, r->keyed ? e->item.key : 0);
                bool full = !r->latest && c->count[k] >= r->capacity, fed = false;
                for (int n = 0; n < r->input_count; n++)
                    if (r->required[n] && !model_has_value(m, r, c, n) && c->count[n] == 0)
                        fed = fed || m->accumulators[r->inputs[n]].source == source_index;
                if (full && model_is_held(m, r, c) && (r->paused || c->retrying || !fed))
                    return false;
            }
        }
    return true;
}

static void step(oracle *m, int event_index)
{
    const event *e = &m->events[event_index];
    boundary b = {
        .of = {{event_index}, 1}, .id = e->item.id, .key = e->item.key, .number = ++m->steps};

    m->events[event_index].waits++;
    for (int a = 0; a < m->accumulator_count; a++)
        if (m->accumulators[a].source == e->source)
            deliver(m, a, b);
    model_settle(m);
    m->events[event_index].waits--;
}

static void take_turn(oracle *m)
{
    for (int s = 0; s < m->source_count; s++)
        m->sources[s].stalled = false;
    for (;;) {
        int first = NONE;
        for (int s = 0; s < m->source_count; s++) {
            const feed *source = &m->sources[s];
            if (source->stalled || source->head == source->tail)
                continue;
            /* Events are numbered as they are pushed. */
            if (first == NONE ||
                source->pending[source->head] < m->sources[first].pending[m->sources[first].head])
                first = s;
        }
        if (first == NONE)
            break;
        feed *source = &m->sources[first];
        source->stalled = !finds_place(m, first, &m->events[source->pending[source->head]]);
        if (!source->stalled)
            step(m, source->pending[source->head++]);
    }
    model_ask_latest(m);
}

static bool could_go_on(oracle *m)
{
    for (int s = 0; s < m->source_count; s++) {
        const feed *source = &m->sources[s];
        if (source->head != source->tail &&
            finds_place(m, s, &m->events[source->pending[source->head]]))
            return true;
    }
    return false;
}

/* --- Time --- */

static void run_retry(oracle *m, reactor *r, cell *c)
{
    char reason[64], where[64];
    int64_t bad = 0;

    c->attempts++;
    if (!model_run_graph(m, r, c, c->number, &bad)) {
        if (c->attempts < r->attempts) {
            c->due = m->now + (r->delay << (c->attempts - 1));
            return;
        }
        snprintf(reason, sizeof reason, "bad %lld", (long long)bad);
        snprintf(where, sizeof where, " in %s.node#%lld", r->spec->name, (long long)c->number);
        model_finish(m, r, c, true, false, reason, where);
    } else {
        model_finish(m, r, c, true, false, NULL, "");
    }
    c->retrying = false;
    if (!r->latest)
        model_ask(m, r, c);
}

/* The oldest boundary that has waited too long; false: none has. */
static bool expire_one(oracle *m, reactor *r)
{
    cell *oldest = NULL;
    int input = 0;

    for (int i = 0; i < CELLS; i++)
        for (int k = 0; k < r->input_count; k++) {
            cell *c = &r->cells[i];
            if (c->count[k] == 0 || c->queue[k][0].waited < r->wait)
                continue;
            if (oldest == NULL || c->queue[k][0].arrival < oldest->queue[input][0].arrival) {
                oldest = c;
                input = k;
            }
        }
    if (oldest != NULL)
        model_bury_first(m, r, oldest, input);
    return oldest != NULL;
}

static cell *due_retry(oracle *m, reactor *r)
{
    cell *first = NULL;

    for (int i = 0; i < CELLS; i++) {
        cell *c = &r->cells[i];
        if (c->retrying && c->due <= m->now &&
            (first == NULL || c->due < first->due || (c->due == first->due && c->age < first->age)))
            first = c;
    }
    return first;
}

/* When something is due next: a retry, or a boundary that waits too long if nothing changes. */
static int64_t next_due(const oracle *m)
{
    int64_t due = INT64_MAX;

    for (int i = 0; i < m->reactor_count; i++)
        for (int n = 0; n < CELLS; n++) {
            const reactor *r = &m->reactors[i];
            const cell *c = &r->cells[n];
            if (c->retrying && c->due < due)
                due = c->due;
            for (int k = 0; k < r->input_count && !m->drain; k++) {
                if (c->count[k] == 0 || model_is_held(m, r, c))
                    continue;
                int64_t at = m->now + r->wait - c->queue[k][0].waited;
                due = at < due ? at : due;
            }
        }
    return due;
}

static void pass(oracle *m, int64_t until)
{
    for (int i = 0; i < m->reactor_count; i++)
        for (int n = 0; n < CELLS; n++) {
            reactor *r = &m->reactors[i];
            cell *c = &r->cells[n];
            bool held = model_is_held(m, r, c);
            for (int k = 0; k < r->input_count && !held; k++)
                for (int q = 0; q < c->count[k]; q++)
                    c->queue[k][q].waited += until - m->now;
        }
    m->now = until;
}

/* All that is due at this moment, reactor by reactor. */
static void happen(oracle *m)
{
    for (bool something = true; something;) {
        something = false;
        for (int i = 0; i < m->reactor_count && !something; i++) {
            reactor *r = &m->reactors[i];
            while (!m->drain && !r->paused && expire_one(m, r))
                something = true;
            cell *c = something ? NULL : due_retry(m, r);
            if (c != NULL) {
                run_retry(m, r, c);
                something = true;
            }
        }
        model_settle(m);
    }
    model_ask_latest(m);
}

static void advance(oracle *m, int64_t by)
{
    int64_t end = m->now + by;

    while (next_due(m) <= end) {
        pass(m, next_due(m));
        happen(m);
    }
    pass(m, end);
    model_ask_latest(m);
}

/* --- The script --- */

static void push(oracle *m, const char *word)
{
    size_t size = strcspn(word, "0123456789");
    char *end;
    event e = {.item.id = strtoll(word + size, &end, 10)};

    if (*end == 'k')
        e.item.key = strtoll(end + 1, NULL, 10);
    for (int s = 0; s < m->source_count; s++)
        if (strlen(m->spec->sources[s].name) == size &&
            strncmp(m->spec->sources[s].name, word, size) == 0) {
            e.source = s;
            m->events[m->event_count] = e;
            m->sources[s].pending[m->sources[s].tail++] = m->event_count++;
        }
    advance(m, 1);
}

static bool something_is_paused(const oracle *m)
{
    for (int i = 0; i < m->reactor_count; i++)
        for (int n = 0; n < CELLS; n++)
            if (m->reactors[i].paused && m->reactors[i].cells[n].began != 0)
                return true;
    return false;
}

/* No more events: retries run out, the rest has no partner. What is paused goes on later. */
static void drain(oracle *m)
{
    m->drain = true;
    while (next_due(m) != INT64_MAX) {
        pass(m, next_due(m));
        happen(m);
    }
    if (something_is_paused(m))
        return;
    for (int i = 0; i < m->reactor_count; i++)
        for (;;) {
            cell *first = NULL;
            for (int n = 0; n < CELLS; n++) {
                cell *c = &m->reactors[i].cells[n];
                if (c->began != 0 && (first == NULL || c->began < first->began))
                    first = c;
            }
            if (first == NULL)
                break;
            for (int k = 0; k < m->reactors[i].input_count; k++)
                while (first->count[k] != 0)
                    model_bury_first(m, &m->reactors[i], first, k);
        }
    m->ended = true;
}

static bool all_read(const oracle *m)
{
    for (int s = 0; s < m->source_count; s++)
        if (m->sources[s].head != m->sources[s].tail)
            return false;
    return true;
}

static void hold(oracle *m, const char *name, bool paused)
{
    for (int i = 0; i < m->reactor_count; i++) {
        reactor *r = &m->reactors[i];
        if (strcmp(r->spec->name, name) != 0)
            continue;
        r->paused = paused;
        if (paused)
            continue;
        model_ask_all(m, r);
        model_settle(m);
        model_ask_latest(m);
    }
}

void model_run(oracle *m, const char *script)
{
    char *copy = strdup(script), *rest = NULL;

    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, ";") == 0 && !m->ended) {
            do
                take_turn(m);
            while (could_go_on(m));
            if (m->closed && all_read(m))
                drain(m);
        } else if (strcmp(word, "close") == 0) {
            m->closed = true;
        } else if (word[0] == '+') {
            advance(m, atoll(word + 1) * (strstr(word, "ms") != NULL ? 1000000 : 1000000000));
        } else if (strncmp(word, "pause:", 6) == 0) {
            hold(m, word + 6, true);
        } else if (strncmp(word, "resume:", 7) == 0) {
            hold(m, word + 7, false);
        } else if (word[0] != ';') {
            push(m, word);
        }
    }
    free(copy);
}

/* --- The ledger --- */

void model_ledger(const oracle *m, const char *name, char *text, size_t size)
{
    weir_ledger ledger = {0};

    for (int i = 0; i < m->event_count; i++) {
        const event *e = &m->events[i];
        const feed *source = &m->sources[e->source];
        bool read = false;
        if (strcmp(m->spec->sources[e->source].name, name) != 0)
            continue;
        for (int p = 0; p < source->head; p++)
            read = read || source->pending[p] == i;
        ledger.received++;
        if (!read || e->waits != 0)
            continue;
        if (e->dead)
            ledger.dead++;
        else if (e->fired)
            ledger.fired++;
        else if (e->collapsed)
            ledger.collapsed++;
        else if (e->filtered)
            ledger.filtered++;
        else
            ledger.kept++;
    }
    rig_ledger_text(&ledger, text, size);
}
