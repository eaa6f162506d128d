/* SPDX-License-Identifier: Apache-2.0 */
/* model_fire.c - the naive model: criteria and firings. */
#include "tests/simulation/model_parts.h"

/* --- Criteria --- */

/* Whether a subtree is true, since when, and what it would take. */
static bool holds(const reactor *r, const cell *c, int node, int64_t *since, bool *take)
{
    const tree *t = &r->nodes[node];
    bool result = t->kind == 'l';

    if (t->kind == 'i') {
        if (c->count[t->input] == 0)
            return false;
        *since = c->queue[t->input][0].number;
        take[t->input] = true;
        return true;
    }
    *since = t->kind == 'l' ? 0 : INT64_MAX;
    for (int i = 0; i < t->count; i++) {
        bool child_take[RIG_ROOM] = {false};
        int64_t child_since = 0;
        bool is = holds(r, c, t->children[i], &child_since, child_take);
        if (t->kind == 'n' && !is)
            continue;
        if (t->kind == 'l') {
            result = result && is;
            *since = is && child_since > *since ? child_since : *since;
        } else {
            result = true;
            if (!r->latest && child_since < *since)
                memset(take, 0, RIG_ROOM * sizeof *take); /* the others have been true less long */
            if (!r->latest && child_since > *since)
                continue;
            *since = child_since < *since ? child_since : *since;
        }
        for (int k = 0; k < RIG_ROOM; k++)
            take[k] = take[k] || child_take[k];
    }
    return result;
}

static bool criteria_hold(const reactor *r, const cell *c, bool *take)
{
    int64_t since = 0;

    memset(take, 0, RIG_ROOM * sizeof *take);
    return holds(r, c, r->node_count - 1, &since, take);
}

static bool lacks(const oracle *m, const reactor *r, const cell *c, int input)
{
    return r->required[input] && !model_value(m, r, c, input)->there && c->count[input] == 0;
}

/* Every required input has a value, or has one waiting that would be taken along. */
static bool is_warm(const oracle *m, const reactor *r, const cell *c)
{
    for (int i = 0; i < r->input_count; i++)
        if (lacks(m, r, c, i))
            return false;
    return true;
}

static bool is_stopped(const reactor *r, const cell *c)
{
    return r->paused || r->sunk || c->retrying;
}

/* A firing is due and cannot be: for want of a value, for a retry, for a pause, for a sink. */
bool model_is_held(const oracle *m, const reactor *r, const cell *c)
{
    bool take[RIG_ROOM];

    return is_stopped(r, c) || (criteria_hold(r, c, take) && !is_warm(m, r, c));
}

/* The queue is full because firing is held, and `source` would not bring what is missing. */
bool model_is_full(oracle *m, reactor *r, const cell *c, int input, int source)
{
    if (!r->criteria[input] || r->latest || c->count[input] < r->capacity ||
        !model_is_held(m, r, c))
        return false;
    for (int i = 0; i < r->input_count && !is_stopped(r, c) && source != NONE; i++)
        if (lacks(m, r, c, i) && m->accumulators[r->inputs[i]].source == source)
            return false;
    return true;
}

/* --- One run of a graph --- */

static const rig_item *first_of(const reactor *r, const cell *c)
{
    for (int i = 0; i < r->input_count; i++)
        if (c->seen[i].there && c->seen[i].count != 0)
            return &c->seen[i].items[0];
    return NULL;
}

static void print_firing(oracle *m, const reactor *r, const cell *c, const graph *g, int64_t number)
{
    const char *space = "";

    weir_buffer_printf(&m->record, "%s#%lld(", g->name, (long long)number);
    for (int i = 0; i < r->input_count; i++) {
        const value *v = &c->seen[i];
        if (!v->there)
            continue;
        weir_buffer_printf(&m->record, "%s%s%s", space, m->accumulators[r->inputs[i]].name,
                           v->window ? "[" : "");
        for (int k = 0; k < v->count; k++)
            weir_buffer_printf(&m->record, "%s%lld", k != 0 ? " " : "", (long long)v->items[k].id);
        weir_buffer_text(&m->record, v->window ? "]" : "");
        space = " ";
    }
}

/* The id that is to fail a firing which sees it; -1: none. */
static int64_t failing_id(oracle *m, const reactor *r, const cell *c)
{
    for (int i = 0; i < r->input_count; i++)
        for (int k = 0; c->seen[i].there && k < c->seen[i].count; k++) {
            int64_t id = c->seen[i].items[k].id;
            if (id < 0 || id >= RIG_IDS || m->fails[id] == 0)
                continue;
            m->fails[id]--;
            return id;
        }
    return -1;
}

static causes taken_by(const reactor *r, const cell *c)
{
    causes of = {.count = 0};

    for (int i = 0; i < r->input_count; i++)
        model_add_causes(&of, &c->taken[i].of);
    return of;
}

/* Into an accumulator: it comes next, and belongs to all that the firing took. */
static void feed_back(oracle *m, const reactor *r, cell *c, int into, rig_item result)
{
    causes of = taken_by(r, c);

    model_show_id(&of, result.id);
    if (c->rounds >= model_number(m->spec->settings, "max_rounds=", 1000)) {
        if (of.count == 0)
            weir_buffer_printf(&m->record, "dead(%s%lld the) ", r->spec->name,
                               (long long)result.id);
        model_bury(m, &of, "the", "", false);
        return;
    }
    if (of.count == 0)
        of = model_cause(model_made_event(m, into, result), result.id);
    assert_true(m->feedback_count < FEEDBACK);
    m->feedback[m->feedback_count].accumulator = into;
    m->feedback[m->feedback_count++].boundary =
        (boundary){.value = model_one(result), .of = of, .rounds = c->rounds + 1};
    model_wait(m, &of, 1);
}

static void send_result(oracle *m, reactor *r, cell *c, rig_item result)
{
    for (int t = 0; t < r->to_count; t++)
        feed_back(m, r, c, r->to[t], result);
    if (!r->to_sink)
        return;
    weir_buffer_printf(&m->record, "out=%lld ", (long long)result.id);
    m->unwritten += m->gated;
    if (m->sink_fills && !m->shut && m->unwritten == 1)
        m->unwritten = 0; /* written at once */
    for (int i = 0; m->sink_fills && m->shut && i < m->reactor_count; i++)
        m->reactors[i].sunk = m->reactors[i].sunk || m->reactors[i].to_sink;
}

/* Runs a graph on what the cell saw. The id that it failed for, or -1. */
static int64_t run_graph(oracle *m, reactor *r, cell *c, int index, int64_t number)
{
    const rig_item *first = first_of(r, c);
    rig_item result = {.id = first != NULL ? first->id + 100 : 100,
                       .key = first != NULL ? first->key : 0};
    int64_t sum = (c->sums[index] + (first != NULL ? first->id : 0)) % RIG_SUMS;
    int64_t bad = failing_id(m, r, c);

    print_firing(m, r, c, &r->graphs[index], number);
    if (r->spec->sums) {
        bool empty = m->record.data[m->record.size - 1] == '(';
        weir_buffer_printf(&m->record, "%s=%lld", empty ? "" : " ", (long long)sum);
    }
    weir_buffer_text(&m->record, bad >= 0 ? ")! " : ") ");
    if (bad >= 0)
        return bad;
    c->sums[index] = sum;
    if (index == 0)
        send_result(m, r, c, result);
    return -1;
}

/* --- Firings --- */

static void bury_taken(oracle *m, const reactor *r, const cell *c, int64_t bad, const char *where)
{
    causes of = taken_by(r, c);
    char reason[32];

    snprintf(reason, sizeof reason, "bad %lld", (long long)bad);
    model_bury(m, &of, reason, where, true);
}

static void bury_graph(oracle *m, const reactor *r, const cell *c, int index, int64_t bad)
{
    char where[64];

    snprintf(where, sizeof where, " in %s.node#%lld", r->graphs[index].name, (long long)c->number);
    bury_taken(m, r, c, bad, where);
}

/* What was taken is done. */
static void finish(oracle *m, const reactor *r, const cell *c, bool fired, bool filtered)
{
    for (int i = 0; i < r->input_count; i++)
        for (int k = 0; k < c->taken[i].of.count; k++) {
            event *e = &m->events[c->taken[i].of.list[k].event];
            e->fired = e->fired || fired;
            e->filtered = e->filtered || filtered;
            e->waits--;
        }
}

/* Accumulators that are flushed with this reactor's firings. */
static void flush_with(oracle *m, const reactor *r, const cell *c)
{
    for (int a = 0; a < m->accumulator_count; a++) {
        const accumulator *made = &m->accumulators[a];
        if (made->flush_with != NULL && strcmp(made->flush_with, r->spec->name) == 0)
            model_flush_later(m, a, c->key, !(r->keyed && made->keyed));
    }
}

static int64_t delay_after(const graph *g, int attempts)
{
    int64_t delay = g->delay;

    if (g->backoff == 'l')
        delay = g->delay * attempts;
    for (int i = 1; g->backoff == 'e' && i < attempts; i++)
        delay *= 2;
    return delay < g->max_delay ? delay : g->max_delay;
}

static void plan_retry(const oracle *m, const reactor *r, cell *c)
{
    int64_t longest = 0;

    for (int g = 0; g < r->graph_count; g++) {
        int64_t delay = c->failed[g] ? delay_after(&r->graphs[g], c->attempts) : 0;
        longest = delay > longest ? delay : longest;
    }
    c->due = m->now + longest;
}

static void see(const oracle *m, const reactor *r, cell *c)
{
    for (int i = 0; i < r->input_count; i++)
        c->seen[i] = *model_value(m, r, c, i);
}

/* False: the reactor's `where:` was, or could not be asked. */
static bool passes_where(oracle *m, reactor *r, cell *c)
{
    char where[32];

    for (int i = 0; i < r->input_count && r->spec->where; i++) {
        if (!c->seen[i].there || c->seen[i].count == 0)
            continue;
        int64_t id = c->seen[i].items[0].id;
        if (model_in_list(m->bad_ids, id)) {
            snprintf(where, sizeof where, " in %s", r->spec->name);
            bury_taken(m, r, c, id, where);
            finish(m, r, c, false, false);
            return false;
        }
        if (model_in_list(m->false_ids, id)) {
            finish(m, r, c, false, true);
            return false;
        }
    }
    return true;
}

static void fire(oracle *m, reactor *r, cell *c)
{
    int64_t bad[2];

    see(m, r, c);
    if (!passes_where(m, r, c))
        return;
    c->number = ++r->fired;
    c->attempts = 1;
    for (int g = 0; g < r->graph_count; g++)
        bad[g] = run_graph(m, r, c, g, c->number);
    for (int g = 0; g < r->graph_count; g++) {
        c->failed[g] = bad[g] >= 0 && r->graphs[g].attempts > 1;
        c->retrying = c->retrying || c->failed[g];
        if (bad[g] >= 0 && !c->failed[g])
            bury_graph(m, r, c, g, bad[g]);
    }
    if (c->retrying)
        plan_retry(m, r, c);
    flush_with(m, r, c);
    if (!c->retrying)
        finish(m, r, c, true, false);
}

/* The graphs that failed run again, on the same inputs. */
void model_try_again(oracle *m, reactor *r, cell *c)
{
    bool again = false;

    c->overdue = r->paused || r->sunk;
    if (c->overdue)
        return;
    c->attempts++;
    for (int g = 0; g < r->graph_count; g++) {
        if (!c->failed[g])
            continue;
        int64_t bad = run_graph(m, r, c, g, c->number);
        c->failed[g] = bad >= 0 && c->attempts < r->graphs[g].attempts;
        again = again || c->failed[g];
        if (bad >= 0 && !c->failed[g])
            bury_graph(m, r, c, g, bad);
    }
    if (again) {
        plan_retry(m, r, c);
        return;
    }
    finish(m, r, c, true, false);
    c->retrying = false;
    if (!r->latest)
        model_ask(m, r, c);
}

void model_let_go(oracle *m, reactor *r)
{
    for (int i = 0; i < CELLS && !r->paused && !r->sunk; i++)
        if (r->cells[i].overdue) {
            r->cells[i].overdue = false;
            r->cells[i].due = m->now;
        }
}

const char *model_fire_by_hand(oracle *m, reactor *r, cell *c)
{
    const char *failed = NULL;

    see(m, r, c);
    for (int i = 0; i < r->input_count; i++)
        c->taken[i].of.count = 0;
    c->rounds = 0;
    int64_t number = ++r->fired;
    for (int g = 0; g < r->graph_count; g++)
        if (run_graph(m, r, c, g, number) >= 0)
            failed = "a node failed";
    flush_with(m, r, c);
    return failed;
}

/* --- Asking --- */

static void take(oracle *m, reactor *r, cell *c, const bool *which)
{
    c->rounds = 0;
    for (int i = 0; i < r->input_count; i++) {
        bool along = r->required[i] && !model_value(m, r, c, i)->there && c->count[i] != 0;
        c->taken[i].of.count = 0;
        if (!which[i] && !along)
            continue;
        c->taken[i] = model_pop(r, c, i);
        c->rounds = c->taken[i].rounds > c->rounds ? c->taken[i].rounds : c->rounds;
        model_put_value(m, r, c, i, &c->taken[i].value);
    }
}

bool model_ask(oracle *m, reactor *r, cell *c)
{
    bool which[RIG_ROOM], fired = false;

    while (criteria_hold(r, c, which) && !is_stopped(r, c) && is_warm(m, r, c)) {
        take(m, r, c, which);
        fire(m, r, c);
        fired = true;
    }
    return fired;
}

/* Every cell in the order in which they began to wait. */
bool model_ask_all(oracle *m, reactor *r)
{
    int64_t after = 0;
    bool fired = false;

    for (;;) {
        cell *next = NULL;
        for (int i = 0; i < CELLS; i++)
            if (r->cells[i].used && r->cells[i].began > after &&
                (next == NULL || r->cells[i].began < next->began))
                next = &r->cells[i];
        if (next == NULL)
            return fired;
        after = next->began;
        fired = model_ask(m, r, next) || fired;
    }
}

void model_ask_latest(oracle *m)
{
    bool fired = true;

    while (fired) {
        fired = false;
        for (int i = 0; i < m->reactor_count; i++)
            if (m->reactors[i].latest && model_ask_all(m, &m->reactors[i])) {
                fired = true;
                model_settle(m);
            }
    }
}
