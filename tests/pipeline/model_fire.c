/* SPDX-License-Identifier: Apache-2.0 */
/* model_fire.c - the naive model: criteria and firings. */
#include "tests/pipeline/model_parts.h"

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

/* Every required input has a value, or has one waiting that would be taken along. */
static bool is_warm(const oracle *m, const reactor *r, const cell *c)
{
    for (int i = 0; i < r->input_count; i++)
        if (r->required[i] && !model_has_value(m, r, c, i) && c->count[i] == 0)
            return false;
    return true;
}

/* A firing is due and cannot be: for want of a value, for a retry, for a pause. */
bool model_is_held(const oracle *m, const reactor *r, const cell *c)
{
    bool take[RIG_ROOM];

    return r->paused || c->retrying || (criteria_hold(r, c, take) && !is_warm(m, r, c));
}

/* --- Firing --- */

static void print_inputs(oracle *m, const reactor *r, const cell *c, int64_t number)
{
    const char *space = "";

    weir_buffer_printf(&m->record, "%s#%lld(", r->spec->name, (long long)number);
    for (int i = 0; i < r->input_count; i++) {
        if (!c->saw[i])
            continue;
        weir_buffer_printf(&m->record, "%s%s%lld", space, m->accumulators[r->inputs[i]].name,
                           (long long)c->seen[i]);
        space = " ";
    }
}

/* Runs the graph on what the cell saw; false: it failed because of *bad. */
bool model_run_graph(oracle *m, reactor *r, cell *c, int64_t number, int64_t *bad)
{
    int64_t first = 0;
    causes of = {.count = 0};
    bool found = false;

    for (int i = r->input_count - 1; i >= 0; i--)
        if (c->saw[i])
            first = c->seen[i];
    for (int i = 0; i < r->input_count; i++)
        model_add_causes(&of, &c->taken[i].of);
    for (int i = 0; i < r->input_count && !found; i++)
        if (c->saw[i] && c->seen[i] < RIG_IDS && m->fails[c->seen[i]] != 0) {
            m->fails[c->seen[i]]--;
            *bad = c->seen[i];
            found = true;
        }
    print_inputs(m, r, c, number);
    weir_buffer_text(&m->record, found ? ")! " : ") ");
    for (int t = 0; t < r->to_count && !found; t++) {
        if (c->rounds >= model_number_in(m->spec->settings, "max_rounds=", 1000)) {
            char reason[128];
            snprintf(reason, sizeof reason,
                     "the cycle %s -> %s -> %s has gone round %d times ('max_rounds')",
                     r->spec->name, m->accumulators[r->to[t]].name, r->spec->name, c->rounds);
            model_bury(m, &of, first + 100, reason, "");
            continue;
        }
        m->feedback[m->feedback_count].accumulator = r->to[t];
        m->feedback[m->feedback_count++].boundary =
            (boundary){.of = of, .id = first + 100, .key = c->key, .rounds = c->rounds + 1};
        model_wait(m, &of, 1);
    }
    return !found;
}

/* What was taken is done; `dead` why it is a dead letter, or NULL. */
void model_finish(oracle *m, reactor *r, cell *c, bool fired, bool filtered, const char *dead,
                  const char *where)
{
    causes buried = {.count = 0};

    for (int i = 0; i < r->input_count; i++) {
        const causes *of = &c->taken[i].of;
        for (int k = 0; k < of->count; k++) {
            causes one = {{of->list[k]}, 1};
            event *e = &m->events[of->list[k]];
            int before = buried.count;
            model_add_causes(&buried, &one);
            if (dead != NULL && buried.count != before)
                model_bury(m, &one, c->taken[i].id, dead, where);
            e->fired = e->fired || fired;
            e->filtered = e->filtered || filtered;
            e->waits--;
        }
    }
}

static void fire(oracle *m, reactor *r, cell *c)
{
    char reason[64], where[64];
    int64_t bad = 0;

    for (int i = 0; i < r->input_count; i++) {
        c->saw[i] = model_has_value(m, r, c, i);
        c->seen[i] = model_value(m, r, c, i);
    }
    for (int i = 0; i < r->input_count && r->spec->where; i++) {
        if (!c->saw[i])
            continue;
        if (model_in_list(m->bad_ids, c->seen[i])) {
            snprintf(reason, sizeof reason, "bad %lld", (long long)c->seen[i]);
            snprintf(where, sizeof where, " in %s", r->spec->name);
            model_finish(m, r, c, false, false, reason, where);
            return;
        }
        if (model_in_list(m->false_ids, c->seen[i])) {
            model_finish(m, r, c, false, true, NULL, "");
            return;
        }
    }
    c->number = ++r->fired;
    if (model_run_graph(m, r, c, c->number, &bad)) {
        model_finish(m, r, c, true, false, NULL, "");
        return;
    }
    if (r->attempts > 1) {
        c->retrying = true;
        c->attempts = 1;
        c->due = m->now + r->delay;
        return;
    }
    snprintf(reason, sizeof reason, "bad %lld", (long long)bad);
    snprintf(where, sizeof where, " in %s.node#%lld", r->spec->name, (long long)c->number);
    model_finish(m, r, c, true, false, reason, where);
}

bool model_ask(oracle *m, reactor *r, cell *c)
{
    bool take[RIG_ROOM], fired = false;

    while (criteria_hold(r, c, take) && !r->paused && !c->retrying && is_warm(m, r, c)) {
        c->rounds = 0;
        for (int i = 0; i < r->input_count; i++) {
            bool along = r->required[i] && !model_has_value(m, r, c, i) && c->count[i] != 0;
            c->taken[i].of.count = 0;
            if (!take[i] && !along)
                continue;
            c->taken[i] = model_pop(r, c, i);
            c->rounds = c->taken[i].rounds > c->rounds ? c->taken[i].rounds : c->rounds;
            model_put_value(m, r, c, i, c->taken[i].id);
        }
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
            if (r->cells[i].began > after && (next == NULL || r->cells[i].began < next->began))
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
