/* SPDX-License-Identifier: Apache-2.0 */
/* model_turn.c - the naive model: events through the pipeline, turn by turn. */
#include "tests/simulation/model_parts.h"

/* --- From an accumulator to the reactors --- */

static void enqueue(oracle *m, reactor *r, cell *c, int input, const boundary *b)
{
    if (r->latest && c->count[input] != 0) {
        causes *old = &c->queue[input][0].of;
        for (int i = 0; i < old->count; i++)
            m->events[old->list[i].event].collapsed = true;
        model_wait(m, old, -1);
        c->queue[input][0] = *b;
        model_wait(m, &b->of, 1);
        return;
    }
    if (c->count[input] >= r->capacity)
        model_bury_first(m, r, c, input, "unpaired");
    if (c->began == 0)
        c->began = ++m->began;
    assert_true(c->count[input] < QUEUE);
    c->queue[input][c->count[input]++] = *b;
    model_wait(m, &b->of, 1);
}

void model_ask_later(oracle *m, int index, int64_t key, bool all)
{
    int at = 0;

    for (int i = 0; i < m->ask_count; i++) {
        const asking *other = &m->asks[i];
        if (other->reactor == index && (other->all || (!all && other->key == key)))
            return;
        if (other->reactor != index || !all)
            m->asks[at++] = *other;
    }
    m->ask_count = at;
    assert_true(m->ask_count < ASKS);
    for (; at > 0 && m->asks[at - 1].reactor > index; at--)
        m->asks[at] = m->asks[at - 1];
    m->asks[at] = (asking){index, key, all};
    m->ask_count++;
}

/* The reactor has no place for the key. */
static void refuse(oracle *m, const boundary *b, rig_item item)
{
    causes of = b->of;

    if (!b->batch)
        model_show_id(&of, item.id);
    model_bury(m, &of, "'max_keys' keys are there already", "", false);
}

/* `item`: the event that it came of. */
void model_deliver(oracle *m, int accumulator_index, boundary b, int64_t key, rig_item item)
{
    for (int i = 0; i < m->reactor_count; i++) {
        reactor *r = &m->reactors[i];
        for (int k = 0; k < r->input_count; k++) {
            if (r->inputs[k] != accumulator_index)
                continue;
            bool shared = model_is_shared(m, r, k);
            cell *c = shared ? NULL : model_cell_of(m, r, r->keyed ? key : 0);
            if (!shared && c == NULL) {
                refuse(m, &b, item);
                continue;
            }
            if (c != NULL)
                c->last_event = m->now;
            b.arrival = ++m->arrivals;
            if (r->criteria[k])
                enqueue(m, r, c, k, &b);
            else
                model_put_value(m, r, c, k, &b.value);
            model_ask_later(m, i, c != NULL ? c->key : 0, shared);
        }
    }
}

void model_ask_asked(oracle *m)
{
    for (int i = 0; i < m->ask_count; i++) {
        reactor *r = &m->reactors[m->asks[i].reactor];
        if (r->latest)
            continue;
        if (m->asks[i].all)
            model_ask_all(m, r);
        else
            model_ask(m, r, model_find_cell(r, m->asks[i].key));
    }
    m->ask_count = 0;
}

/* --- Feedback --- */

/* What was just fed back goes before what waited already. */
static void bring_forward(oracle *m)
{
    for (int i = m->fresh; i < m->feedback_count; i++) {
        __typeof__(m->feedback[0]) moved = m->feedback[i];
        int to = i - m->fresh;
        memmove(&m->feedback[to + 1], &m->feedback[to], (size_t)(i - to) * sizeof moved);
        m->feedback[to] = moved;
    }
    m->fresh = m->feedback_count;
}

static bool feedback_next(oracle *m)
{
    bring_forward(m);
    if (m->feedback_count == 0)
        return false;
    __typeof__(m->feedback[0]) next = m->feedback[0];
    m->fresh = --m->feedback_count;
    memmove(&m->feedback[0], &m->feedback[1], (size_t)m->feedback_count * sizeof next);
    next.boundary.number = ++m->steps;
    model_gather(m, next.accumulator, next.boundary.value.items[0], next.boundary);
    model_wait(m, &next.boundary.of, -1);
    return true;
}

void model_settle(oracle *m)
{
    do {
        model_ask_asked(m);
    } while (feedback_next(m) || model_flush_next(m));
}

/* --- Sources --- */

static void enter(feed *source, int partition, int64_t position)
{
    if (source->parts[partition].order != 0)
        return;
    source->parts[partition].order = ++source->parts_met;
    source->parts[partition].next = position;
    source->parts[partition].ready = position;
    source->parts[partition].committed = position;
}

static rig_item read_item(const char **text, int *partition)
{
    char *end;
    rig_item item = {.id = strtoll(*text, &end, 10)};

    if (*end == 'k')
        item.key = strtoll(end + 1, &end, 10);
    *partition = *end == '/' ? (int)strtol(end + 1, &end, 10) : 0;
    *text = end + (*end == ',');
    return item;
}

/* Events that follow each other in one partition are read at once. */
static void read_run(oracle *m, int s)
{
    feed *source = &m->sources[s];
    int partition = NONE;

    while (*source->next >= '0' && *source->next <= '9') {
        const char *after = source->next;
        int own;
        rig_item item = read_item(&after, &own);
        if (partition != NONE && own != partition)
            break;
        partition = own;
        source->next = after;
        int64_t position = source->parts[own].coming++;
        enter(source, own, position);
        m->events[m->event_count] =
            (event){.source = s, .item = item, .partition = own, .position = position};
        source->stamps[source->tail] = m->now;
        source->pending[source->tail++] = m->event_count++;
    }
}

static void step_over(feed *source)
{
    source->next += 1 + (source->next[1] == ',');
}

/* Brings what comes next of a history. */
static void read_history(oracle *m, int s)
{
    feed *source = &m->sources[s];

    for (; *source->next == '_'; step_over(source))
        source->parts[0].coming++;
    if (*source->next == '\0' || *source->next == ' ') {
        source->ended = true;
    } else if (*source->next == '~') {
        source->dry = true;
        step_over(source);
    } else if (*source->next == '!' || *source->next == 'x') {
        source->refusal = true;
        source->deletes = *source->next == 'x';
        if (source->deletes)
            source->deleted_key = *++source->next - '0';
        source->refused_at = source->parts[0].coming++;
        source->stamps[source->tail] = m->now;
        enter(source, 0, source->refused_at);
        step_over(source);
    } else {
        read_run(m, s);
    }
}

static bool has_rest(const feed *source)
{
    return source->head != source->tail || source->refusal;
}

/* Whether something stands at the source's front. */
static bool shows(oracle *m, int s)
{
    feed *source = &m->sources[s];

    if (has_rest(source))
        return true;
    if (source->ended || source->dry)
        return false;
    if (source->log)
        read_history(m, s);
    else if (m->closed)
        source->ended = true;
    else
        source->dry = true;
    return has_rest(source);
}

/* --- Whether an event finds its places --- */

static int in_flight(const oracle *m, int s)
{
    int count = 0;

    for (int i = 0; i < m->event_count; i++)
        count += m->events[i].source == s && m->events[i].waits != 0;
    return count;
}

/* The position below which all of a partition is done. */
static int64_t done_below(const oracle *m, int s, int partition)
{
    int64_t done = m->sources[s].parts[partition].next;

    for (int i = 0; i < m->event_count; i++) {
        const event *e = &m->events[i];
        if (e->source == s && e->partition == partition && e->waits != 0 && e->position < done)
            done = e->position;
    }
    return done;
}

static bool reaches(const oracle *m, int s, int partition, int64_t position)
{
    int64_t done = done_below(m, s, partition);

    return !m->sources[s].log || done == m->sources[s].parts[partition].next ||
           position - done < m->sources[s].max_in_flight;
}

static bool finds_place(oracle *m, int s)
{
    const feed *source = &m->sources[s];

    if (source->head == source->tail)
        return reaches(m, s, 0, source->refused_at) &&
               (!source->deletes || model_can_delete(m, s, source->deleted_key));
    const event *e = &m->events[source->pending[source->head]];
    if (in_flight(m, s) >= source->max_in_flight || !reaches(m, s, e->partition, e->position))
        return false;
    for (int a = 0; a < m->accumulator_count; a++)
        if (m->accumulators[a].source == s &&
            !model_has_place(m, a, m->accumulators[a].keyed ? e->item.key : 0))
            return false;
    return true;
}

/* --- Turns --- */

static void step(oracle *m, int s)
{
    feed *source = &m->sources[s];
    int index = source->pending[source->head++];
    event *e = &m->events[index];
    boundary b = {
        .value = model_one(e->item), .of = model_cause(index, e->item.id), .number = ++m->steps};

    e->read = true;
    e->waits++;
    source->parts[e->partition].next = e->position + 1;
    m->current = index;
    for (int a = 0; a < m->accumulator_count; a++)
        if (m->accumulators[a].source == s)
            model_gather(m, a, e->item, b);
    model_settle(m);
    m->current = NONE;
    e->waits--;
}

static void refuse_next(oracle *m, int s)
{
    feed *source = &m->sources[s];

    source->refusal = false;
    source->refused += !source->deletes;
    source->deleted += source->deletes;
    source->parts[0].next = source->refused_at + 1;
    if (source->deletes)
        model_delete(m, s, source->deleted_key);
    else
        weir_buffer_printf(&m->record, "dead(%s-1 undecodable) ", m->spec->sources[s].name);
}

/* The source whose next event is the oldest, ties by the order of the spec. */
static int oldest(oracle *m)
{
    int first = NONE;

    for (int s = 0; s < m->source_count; s++) {
        const feed *source = &m->sources[s];
        if (source->stalled || !shows(m, s))
            continue;
        if (first == NONE ||
            source->stamps[source->head] < m->sources[first].stamps[m->sources[first].head])
            first = s;
    }
    return first;
}

void model_take_turn(oracle *m)
{
    model_run_timers(m, m->now);
    for (int s = 0; s < m->source_count; s++)
        m->sources[s].stalled = m->sources[s].dry = false;
    for (int s; (s = oldest(m)) != NONE;) {
        feed *source = &m->sources[s];
        source->stalled = !finds_place(m, s);
        if (source->head != source->tail) {
            const event *e = &m->events[source->pending[source->head]];
            source->parts[e->partition].next = e->position; /* positions may have gaps */
        }
        if (!source->stalled && source->head != source->tail)
            step(m, s);
        else if (!source->stalled)
            refuse_next(m, s);
    }
    model_ask_latest(m);
    model_write_sinks(m);
    model_commit(m);
}

bool model_could_go_on(oracle *m)
{
    for (int s = 0; s < m->source_count; s++)
        if (has_rest(&m->sources[s]) && finds_place(m, s))
            return true;
    return false;
}

bool model_all_read(const oracle *m)
{
    for (int s = 0; s < m->source_count; s++)
        if (!m->sources[s].ended || has_rest(&m->sources[s]))
            return false;
    return true;
}

/* --- What has left --- */

void model_write_sinks(oracle *m)
{
    bool let_go = !m->shut && m->unwritten != 0;

    while (let_go) {
        m->unwritten = 0;
        for (int i = 0; i < m->source_count; i++)
            m->sources[i].owed = false;
        let_go = false;
        for (int i = 0; i < m->reactor_count; i++) {
            reactor *r = &m->reactors[i];
            if (!r->sunk)
                continue;
            r->sunk = false;
            let_go = true;
            model_let_go(m, r);
            if (!r->latest)
                model_ask_all(m, r);
        }
        if (let_go) {
            model_settle(m);
            model_ask_latest(m);
        }
    }
}

/* Can what comes into this accumulator come out? */
static bool leads_out(const oracle *m, int into, bool *seen)
{
    bool found = false;

    if (seen[into])
        return false;
    seen[into] = true;
    for (int i = 0; i < m->reactor_count && !found; i++) {
        const reactor *r = &m->reactors[i];
        bool reads = false;
        for (int k = 0; k < r->input_count; k++)
            reads = reads || r->inputs[k] == into;
        found = reads && r->to_sink;
        for (int t = 0; t < r->to_count && reads && !found; t++)
            found = leads_out(m, r->to[t], seen);
    }
    return found;
}

static bool may_owe(const oracle *m, int source)
{
    bool seen[2 * RIG_ROOM] = {false}, found = false;

    for (int a = 0; a < m->accumulator_count && !found; a++)
        found = m->accumulators[a].source == source && leads_out(m, a, seen);
    return found;
}

/* Notes how far a source is done; true: there is something new. */
static bool note_done(oracle *m, int s)
{
    feed *source = &m->sources[s];
    bool found = false;

    for (int p = 0; p < PARTS && source->log; p++) {
        if (source->parts[p].order == 0)
            continue;
        source->parts[p].ready = done_below(m, s, p);
        found = found || source->parts[p].ready != source->parts[p].committed;
    }
    if (found)
        source->owed = m->unwritten != 0 && may_owe(m, s);
    return found;
}

static void tell(oracle *m, int s, int p)
{
    feed *source = &m->sources[s];

    if (source->parts[p].ready == source->parts[p].committed)
        return;
    source->parts[p].committed = source->parts[p].ready;
    weir_buffer_printf(&m->record, "commit(%s", m->spec->sources[s].name);
    if (p != 0)
        weir_buffer_printf(&m->record, "/%d", p);
    weir_buffer_printf(&m->record, " %lld) ", (long long)source->parts[p].ready);
}

static void commit_source(oracle *m, int s)
{
    feed *source = &m->sources[s];

    for (int round = 0; round < 2 && !(source->committing && source->owed); round++) {
        for (int order = 1; order <= source->parts_met && source->committing; order++)
            for (int p = 0; p < PARTS; p++)
                if (source->parts[p].order == order)
                    tell(m, s, p);
        source->committing = round == 0 && note_done(m, s);
    }
}

/* What was noted is committed once all results that were there then, and may be of the source, are
 * written: the gate takes all or nothing. */
void model_commit(oracle *m)
{
    for (int s = 0; s < m->source_count; s++)
        commit_source(m, s);
}
