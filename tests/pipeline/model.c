/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - the rules, naively: lists are arrays, everything is looked at each time. */
#include "tests/pipeline/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 1024, QUEUE = 8, CELLS = 4, NONE = -1 };

/* An event of a source, and what became of it on each of its ways. */
typedef struct event {
    int source;
    rig_item item;
    int waits; /* in how many places it waits */
    bool dead, fired, collapsed, filtered;
} event;

/* A boundary: a value that belongs to an event. */
typedef struct boundary {
    int event;
    int64_t id, key;
    int64_t number; /* of the step that brought it */
    int rounds;
    int64_t waited;  /* time that counts */
    int64_t arrival; /* for the order of age */
} boundary;

typedef struct cell {
    bool used;
    int64_t key;
    bool present[RIG_ROOM];
    int64_t cache[RIG_ROOM];
    boundary queue[RIG_ROOM][QUEUE];
    int count[RIG_ROOM];
    int64_t began; /* to wait; 0: nothing waits */
    bool retrying;
    boundary taken[RIG_ROOM]; /* of the retry; event NONE: not taken */
    int64_t seen[RIG_ROOM];   /* its inputs */
    bool saw[RIG_ROOM];
    int64_t due, number;
    int attempts, rounds;
} cell;

typedef struct tree {
    char kind; /* 'i' input, 'n' any, 'l' all */
    int input;
    int children[8], count;
} tree;

typedef struct reactor {
    const rig_reactor *spec;
    int inputs[RIG_ROOM], input_count; /* accumulators */
    bool required[RIG_ROOM], criteria[RIG_ROOM];
    tree nodes[16];
    int node_count;
    bool keyed, paused, latest;
    int capacity, attempts;
    int64_t wait, delay;
    int64_t shared[RIG_ROOM];
    bool shared_present[RIG_ROOM];
    cell cells[CELLS];
    int64_t fired;
    int to[4], to_count;
} reactor;

typedef struct accumulator {
    char name[16];
    int source; /* or NONE */
    bool keyed, where;
} accumulator;

typedef struct feed {
    int pending[EVENTS], head, tail; /* events, in the order of their stamps */
    bool stalled;
    int max_in_flight;
} feed;

typedef struct asking {
    int reactor;
    int64_t key;
    bool all;
} asking;

struct oracle {
    const rig_spec *spec;
    const char *false_ids, *bad_ids;
    uint8_t fails[RIG_IDS];
    event events[EVENTS];
    int event_count;
    feed sources[RIG_ROOM];
    int source_count;
    accumulator accumulators[RIG_ROOM];
    int accumulator_count;
    reactor reactors[RIG_ROOM];
    int reactor_count;
    struct {
        int accumulator;
        boundary boundary;
    } feedback[EVENTS];
    int feedback_count, fresh; /* those from `fresh` on were just fed back */
    asking asks[64];
    int ask_count;
    int64_t now, steps, arrivals, began;
    bool closed, ended, drain;
    weir_buffer record;
};

static void settle(oracle *m);

/* --- What the spec says ----------------------------------------------------------------------- */

static int number_in(const char *settings, const char *name, int otherwise)
{
    const char *at = settings != NULL ? strstr(settings, name) : NULL;

    return at != NULL ? atoi(at + strlen(name)) : otherwise;
}

static bool in_list(const char *list, int64_t id)
{
    char text[32], padded[512];

    snprintf(text, sizeof text, ",%lld,", (long long)id);
    snprintf(padded, sizeof padded, ",%s,", list != NULL ? list : "");
    return strstr(padded, text) != NULL;
}

static int accumulator_named(oracle *m, const char *name)
{
    for (int i = 0; i < m->accumulator_count; i++)
        if (strcmp(m->accumulators[i].name, name) == 0)
            return i;
    accumulator *made = &m->accumulators[m->accumulator_count];
    snprintf(made->name, sizeof made->name, "%s", name);
    made->source = NONE;
    for (int i = 0; i < m->source_count; i++)
        if (strcmp(m->spec->sources[i].name, name) == 0)
            made->source = i;
    return m->accumulator_count++;
}

/* Reads a tree; its root is the last node made. */
static int read_tree(oracle *m, reactor *r, const char **text)
{
    tree node = {.kind = 'i', .input = NONE};
    char name[16];
    size_t size = strcspn(*text, "(,)");

    snprintf(name, sizeof name, "%.*s", (int)size, *text);
    *text += size;
    if (**text == '(') {
        node.kind = name[1];
        while (**text != ')') {
            (*text)++;
            node.children[node.count++] = read_tree(m, r, text);
        }
        (*text)++;
    } else {
        for (int i = 0; i < r->input_count; i++)
            if (strcmp(m->accumulators[r->inputs[i]].name, name) == 0)
                node.input = i;
        r->criteria[node.input] = true;
    }
    r->nodes[r->node_count] = node;
    return r->node_count++;
}

static void read_reactor(oracle *m, const rig_reactor *spec)
{
    reactor *r = &m->reactors[m->reactor_count++];
    char inputs[64], to[64], *rest = NULL;
    const char *criteria = spec->criteria;

    r->spec = spec;
    r->latest = spec->strategy == WEIR_LATEST;
    r->wait = number_in(spec->settings, "wait=", 300) * INT64_C(1000000000);
    r->attempts = number_in(spec->graphs, "attempts=", 1);
    r->delay = number_in(spec->graphs, "delay=", 1) * INT64_C(1000000000);
    snprintf(inputs, sizeof inputs, "%s", spec->inputs);
    for (char *word = strtok_r(inputs, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        r->required[r->input_count] = strchr(word, '?') == NULL;
        word[strcspn(word, "?")] = '\0';
        r->inputs[r->input_count] = accumulator_named(m, word);
        r->keyed = r->keyed || m->accumulators[r->inputs[r->input_count]].keyed;
        r->input_count++;
    }
    r->capacity = number_in(spec->settings, "capacity=", r->keyed ? 64 : 1024);
    read_tree(m, r, &criteria);
    snprintf(to, sizeof to, "%s", spec->to != NULL ? spec->to : "");
    for (char *word = strtok_r(to, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        r->to[r->to_count++] = accumulator_named(m, word);
}

oracle *model_new(const rig_spec *spec, const char *false_ids, const char *bad_ids,
                 const uint8_t *fails)
{
    oracle *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->spec = spec;
    m->false_ids = false_ids;
    m->bad_ids = bad_ids;
    memcpy(m->fails, fails, sizeof m->fails);
    for (; spec->sources[m->source_count].name != NULL; m->source_count++)
        m->sources[m->source_count].max_in_flight =
            number_in(spec->sources[m->source_count].settings, "max_in_flight=", 65536);
    for (int i = 0; spec->accumulators[i].name != NULL; i++) {
        const rig_accumulator *a = &spec->accumulators[i];
        accumulator *made = &m->accumulators[m->accumulator_count++];
        snprintf(made->name, sizeof made->name, "%s", a->name);
        made->source = NONE;
        made->keyed = a->keyed;
        made->where = a->where;
        for (int s = 0; s < m->source_count && a->source != NULL; s++)
            if (strcmp(spec->sources[s].name, a->source) == 0)
                made->source = s;
    }
    for (int i = 0; spec->reactors[i].name != NULL; i++)
        read_reactor(m, &spec->reactors[i]);
    return m;
}

void model_free(oracle *m)
{
    weir_buffer_free(&m->record);
    free(m);
}

const char *model_record(const oracle *m)
{
    return m->record.data != NULL ? m->record.data : "";
}

/* --- Cells ------------------------------------------------------------------------------------ */

static cell *cell_of(reactor *r, int64_t key)
{
    cell *found = NULL;

    for (int i = 0; i < CELLS; i++) {
        if (r->cells[i].used && r->cells[i].key == key)
            return &r->cells[i];
        if (!r->cells[i].used && found == NULL)
            found = &r->cells[i];
    }
    assert_non_null(found);
    found->used = true;
    found->key = key;
    return found;
}

static bool is_shared(const oracle *m, const reactor *r, int input)
{
    return r->keyed && !m->accumulators[r->inputs[input]].keyed;
}

static bool has_value(const oracle *m, const reactor *r, const cell *c, int input)
{
    return is_shared(m, r, input) ? r->shared_present[input] : c->present[input];
}

static void put_value(const oracle *m, reactor *r, cell *c, int input, int64_t id)
{
    if (is_shared(m, r, input)) {
        r->shared[input] = id;
        r->shared_present[input] = true;
    } else {
        c->cache[input] = id;
        c->present[input] = true;
    }
}

static int64_t value(const oracle *m, const reactor *r, const cell *c, int input)
{
    return is_shared(m, r, input) ? r->shared[input] : c->cache[input];
}

static bool anything_waits(const reactor *r, const cell *c)
{
    for (int i = 0; i < r->input_count; i++)
        if (c->count[i] != 0)
            return true;
    return false;
}

static boundary pop(const reactor *r, cell *c, int input)
{
    boundary first = c->queue[input][0];

    c->count[input]--;
    memmove(&c->queue[input][0], &c->queue[input][1],
            (size_t)c->count[input] * sizeof(boundary));
    if (!anything_waits(r, c))
        c->began = 0;
    return first;
}

static void bury(oracle *m, int event_index, int64_t id, const char *reason, const char *where)
{
    event *e = &m->events[event_index];

    e->dead = true;
    weir_buffer_printf(&m->record, "dead(%s%lld %s%s) ", m->spec->sources[e->source].name,
                       (long long)id, reason, where);
}

static void bury_first(oracle *m, reactor *r, cell *c, int input)
{
    boundary first = pop(r, c, input);

    bury(m, first.event, first.id, "unpaired", "");
    m->events[first.event].waits--;
}

/* --- Criteria --------------------------------------------------------------------------------- */

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
        if (r->required[i] && !has_value(m, r, c, i) && c->count[i] == 0)
            return false;
    return true;
}

/* A firing is due and cannot be: for want of a value, for a retry, for a pause. */
static bool is_held(const oracle *m, const reactor *r, const cell *c)
{
    bool take[RIG_ROOM];

    return r->paused || c->retrying || (criteria_hold(r, c, take) && !is_warm(m, r, c));
}

/* --- Firing ----------------------------------------------------------------------------------- */

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
static bool run_graph(oracle *m, reactor *r, cell *c, int64_t number, int64_t *bad)
{
    int64_t first = 0;
    int cause = NONE;
    bool found = false;

    for (int i = r->input_count - 1; i >= 0; i--) {
        if (c->saw[i])
            first = c->seen[i];
        if (c->taken[i].event != NONE)
            cause = c->taken[i].event;
    }
    for (int i = 0; i < r->input_count && !found; i++)
        if (c->saw[i] && c->seen[i] < RIG_IDS && m->fails[c->seen[i]] != 0) {
            m->fails[c->seen[i]]--;
            *bad = c->seen[i];
            found = true;
        }
    print_inputs(m, r, c, number);
    weir_buffer_text(&m->record, found ? ")! " : ") ");
    for (int t = 0; t < r->to_count && !found; t++) {
        if (c->rounds >= number_in(m->spec->settings, "max_rounds=", 1000)) {
            char reason[128];
            snprintf(reason, sizeof reason,
                     "the cycle %s -> %s -> %s has gone round %d times ('max_rounds')",
                     r->spec->name, m->accumulators[r->to[t]].name, r->spec->name, c->rounds);
            bury(m, cause, first + 100, reason, "");
            continue;
        }
        m->feedback[m->feedback_count].accumulator = r->to[t];
        m->feedback[m->feedback_count++].boundary =
            (boundary){.event = cause, .id = first + 100, .key = c->key, .rounds = c->rounds + 1};
        m->events[cause].waits++;
    }
    return !found;
}

/* What was taken is done; `dead` why it is a dead letter, or NULL. */
static void finish(oracle *m, reactor *r, cell *c, bool fired, bool filtered, const char *dead,
                   const char *where)
{
    for (int i = 0; i < r->input_count; i++) {
        if (c->taken[i].event == NONE)
            continue;
        event *e = &m->events[c->taken[i].event];
        if (dead != NULL)
            bury(m, c->taken[i].event, c->taken[i].id, dead, where);
        e->fired = e->fired || fired;
        e->filtered = e->filtered || filtered;
        e->waits--;
    }
}

static void fire(oracle *m, reactor *r, cell *c)
{
    char reason[64], where[64];
    int64_t bad = 0;

    for (int i = 0; i < r->input_count; i++) {
        c->saw[i] = has_value(m, r, c, i);
        c->seen[i] = value(m, r, c, i);
    }
    for (int i = 0; i < r->input_count && r->spec->where; i++) {
        if (!c->saw[i])
            continue;
        if (in_list(m->bad_ids, c->seen[i])) {
            snprintf(reason, sizeof reason, "bad %lld", (long long)c->seen[i]);
            snprintf(where, sizeof where, " in %s", r->spec->name);
            finish(m, r, c, false, false, reason, where);
            return;
        }
        if (in_list(m->false_ids, c->seen[i])) {
            finish(m, r, c, false, true, NULL, "");
            return;
        }
    }
    c->number = ++r->fired;
    if (run_graph(m, r, c, c->number, &bad)) {
        finish(m, r, c, true, false, NULL, "");
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
    finish(m, r, c, true, false, reason, where);
}

static bool ask(oracle *m, reactor *r, cell *c)
{
    bool take[RIG_ROOM], fired = false;

    while (criteria_hold(r, c, take) && !r->paused && !c->retrying && is_warm(m, r, c)) {
        c->rounds = 0;
        for (int i = 0; i < r->input_count; i++) {
            bool along = r->required[i] && !has_value(m, r, c, i) && c->count[i] != 0;
            c->taken[i].event = NONE;
            if (!take[i] && !along)
                continue;
            c->taken[i] = pop(r, c, i);
            c->rounds = c->taken[i].rounds > c->rounds ? c->taken[i].rounds : c->rounds;
            put_value(m, r, c, i, c->taken[i].id);
        }
        fire(m, r, c);
        fired = true;
    }
    return fired;
}

/* Every cell in the order in which they began to wait. */
static bool ask_all(oracle *m, reactor *r)
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
        fired = ask(m, r, next) || fired;
    }
}

static void ask_latest(oracle *m)
{
    bool fired = true;

    while (fired) {
        fired = false;
        for (int i = 0; i < m->reactor_count; i++)
            if (m->reactors[i].latest && ask_all(m, &m->reactors[i])) {
                fired = true;
                settle(m);
            }
    }
}

/* --- Events ----------------------------------------------------------------------------------- */

static void enqueue(oracle *m, reactor *r, cell *c, int input, boundary b)
{
    if (r->latest && c->count[input] != 0) {
        event *old = &m->events[c->queue[input][0].event];
        old->collapsed = true;
        old->waits--;
        c->queue[input][0] = b;
        m->events[b.event].waits++;
        return;
    }
    if (c->count[input] >= r->capacity)
        bury_first(m, r, c, input);
    if (c->began == 0)
        c->began = ++m->began;
    assert_true(c->count[input] < QUEUE);
    c->queue[input][c->count[input]++] = b;
    m->events[b.event].waits++;
}

static void ask_later(oracle *m, int index, int64_t key, bool all)
{
    int at = m->ask_count;

    for (int i = 0; i < m->ask_count; i++)
        if (m->asks[i].reactor == index && m->asks[i].all == all &&
            (all || m->asks[i].key == key))
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

    if (a->where && in_list(m->bad_ids, b.id)) {
        snprintf(reason, sizeof reason, "bad %lld", (long long)b.id);
        bury(m, b.event, b.id, reason, "");
        return;
    }
    if (a->where && in_list(m->false_ids, b.id)) {
        m->events[b.event].filtered = true;
        return;
    }
    for (int i = 0; i < m->reactor_count; i++) {
        reactor *r = &m->reactors[i];
        for (int k = 0; k < r->input_count; k++) {
            if (r->inputs[k] != accumulator_index)
                continue;
            bool shared = is_shared(m, r, k);
            cell *c = shared ? NULL : cell_of(r, r->keyed ? b.key : 0);
            b.arrival = ++m->arrivals;
            if (r->criteria[k])
                enqueue(m, r, c, k, b);
            else
                put_value(m, r, c, k, b.id);
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
            ask_all(m, r);
        else
            ask(m, r, cell_of(r, m->asks[i].key));
    }
    m->ask_count = 0;
}

/* What is fed back comes next: what a step has fed back goes before what waited already. */
static void settle(oracle *m)
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
            memmove(&m->feedback[i + 1], &m->feedback[i],
                    (size_t)(before) * sizeof m->feedback[0]);
            m->feedback[i] = moved;
        }
        __typeof__(m->feedback[0]) next = m->feedback[0];
        m->feedback_count--;
        memmove(&m->feedback[0], &m->feedback[1],
                (size_t)m->feedback_count * sizeof m->feedback[0]);
        m->fresh = m->feedback_count;
        next.boundary.number = ++m->steps;
        deliver(m, next.accumulator, next.boundary);
        m->events[next.boundary.event].waits--;
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
                cell *c = cell_of(r, r->keyed ? e->item.key : 0);
                bool full = !r->latest && c->count[k] >= r->capacity, fed = false;
                for (int n = 0; n < r->input_count; n++)
                    if (r->required[n] && !has_value(m, r, c, n) && c->count[n] == 0)
                        fed = fed || m->accumulators[r->inputs[n]].source == source_index;
                if (full && is_held(m, r, c) && (r->paused || c->retrying || !fed))
                    return false;
            }
        }
    return true;
}

static void step(oracle *m, int event_index)
{
    const event *e = &m->events[event_index];
    boundary b = {.event = event_index,
                  .id = e->item.id,
                  .key = e->item.key,
                  .number = ++m->steps};

    m->events[event_index].waits++;
    for (int a = 0; a < m->accumulator_count; a++)
        if (m->accumulators[a].source == e->source)
            deliver(m, a, b);
    settle(m);
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
            if (first == NONE || source->pending[source->head] <
                                     m->sources[first].pending[m->sources[first].head])
                first = s;
        }
        if (first == NONE)
            break;
        feed *source = &m->sources[first];
        source->stalled = !finds_place(m, first, &m->events[source->pending[source->head]]);
        if (!source->stalled)
            step(m, source->pending[source->head++]);
    }
    ask_latest(m);
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

/* --- Time ------------------------------------------------------------------------------------- */

static void run_retry(oracle *m, reactor *r, cell *c)
{
    char reason[64], where[64];
    int64_t bad = 0;

    c->attempts++;
    if (!run_graph(m, r, c, c->number, &bad)) {
        if (c->attempts < r->attempts) {
            c->due = m->now + (r->delay << (c->attempts - 1));
            return;
        }
        snprintf(reason, sizeof reason, "bad %lld", (long long)bad);
        snprintf(where, sizeof where, " in %s.node#%lld", r->spec->name, (long long)c->number);
        finish(m, r, c, true, false, reason, where);
    } else {
        finish(m, r, c, true, false, NULL, "");
    }
    c->retrying = false;
    if (!r->latest)
        ask(m, r, c);
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
        bury_first(m, r, oldest, input);
    return oldest != NULL;
}

static cell *due_retry(oracle *m, reactor *r)
{
    cell *first = NULL;

    for (int i = 0; i < CELLS; i++) {
        cell *c = &r->cells[i];
        if (c->retrying && c->due <= m->now &&
            (first == NULL || c->due < first->due ||
             (c->due == first->due && c->number < first->number)))
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
                if (c->count[k] == 0 || is_held(m, r, c))
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
            bool held = is_held(m, r, c);
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
        settle(m);
    }
    ask_latest(m);
}

static void advance(oracle *m, int64_t by)
{
    int64_t end = m->now + by;

    while (next_due(m) <= end) {
        pass(m, next_due(m));
        happen(m);
    }
    pass(m, end);
    ask_latest(m);
}

/* --- The script ------------------------------------------------------------------------------- */

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

/* No more events: retries run out, the rest has no partner. */
static void drain(oracle *m)
{
    m->drain = true;
    while (next_due(m) != INT64_MAX) {
        pass(m, next_due(m));
        happen(m);
    }
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
                    bury_first(m, &m->reactors[i], first, k);
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
        ask_all(m, r);
        settle(m);
        ask_latest(m);
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

/* --- The ledger ------------------------------------------------------------------------------- */

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
