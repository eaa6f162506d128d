/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - the naive model: the script, and the ledger. */
#include "tests/simulation/model_parts.h"

/* --- Pushing --- */

static rig_item read_item(const char *text)
{
    char *end;
    rig_item item = {.id = strtoll(text, &end, 10)};

    if (*end == 'k')
        item.key = strtoll(end + 1, NULL, 10);
    return item;
}

static void put(oracle *m, int s, rig_item item)
{
    feed *source = &m->sources[s];

    assert_true(m->event_count < EVENTS);
    m->events[m->event_count] = (event){.source = s, .item = item};
    source->stamps[source->tail] = m->now;
    source->pending[source->tail++] = m->event_count++;
}

static bool has_keys(const oracle *m, int s)
{
    for (int a = 0; a < m->accumulator_count; a++)
        if (m->accumulators[a].source == s && m->accumulators[a].keyed)
            return true;
    return false;
}

/* Takes the place of the newest one of its key; false: there is none. */
static bool conflate(oracle *m, int s, rig_item item)
{
    feed *source = &m->sources[s];

    for (int i = source->tail - 1; i >= source->head; i--) {
        event *old = &m->events[source->pending[i]];
        if (has_keys(m, s) && old->item.key != item.key)
            continue;
        old->read = old->collapsed = true;
        m->events[m->event_count] = (event){.source = s, .item = item};
        source->pending[i] = m->event_count++;
        if (i == source->tail - 1)
            source->stamps[i] = m->now; /* so that stamps ascend */
        return true;
    }
    return false;
}

/* False: there is no room. */
static bool push(oracle *m, int s, rig_item item)
{
    feed *source = &m->sources[s];

    if (source->tail - source->head < source->capacity) {
        put(m, s, item);
        return true;
    }
    if (source->on_full == 'c')
        return conflate(m, s, item);
    if (source->on_full != 'd')
        return false;
    m->events[source->pending[source->head++]].dropped = true;
    put(m, s, item);
    return true;
}

static void push_word(oracle *m, const char *word)
{
    size_t size = strcspn(word, "0123456789");

    for (int s = 0; s < m->source_count; s++)
        if (strlen(m->spec->sources[s].name) == size &&
            strncmp(m->spec->sources[s].name, word, size) == 0 &&
            !push(m, s, read_item(word + size)))
            weir_buffer_printf(&m->record, "%s:full ", word);
    model_advance(m, 1);
}

/* --- By hand --- */

static reactor *reactor_named(oracle *m, const char *name)
{
    for (int i = 0; i < m->reactor_count; i++)
        if (strcmp(m->reactors[i].spec->name, name) == 0)
            return &m->reactors[i];
    fail_msg("the script names a reactor '%s' that is not there", name);
    return &m->reactors[0];
}

static int accumulator_named(const oracle *m, const char *name)
{
    for (int a = 0; a < m->accumulator_count; a++)
        if (strcmp(m->accumulators[a].name, name) == 0)
            return a;
    return NONE;
}

static void finish_call(oracle *m)
{
    model_settle(m);
    model_ask_latest(m);
    model_write_sinks(m);
}

static const char *resume(oracle *m, reactor *r)
{
    r->paused = false;
    model_let_go(m, r);
    model_ask_all(m, r);
    model_settle(m);
    model_run_timers(m, m->now);
    finish_call(m);
    return NULL;
}

/* Which cell a call means; NULL with *why: it is refused. */
static cell *choose_cell(oracle *m, reactor *r, const int64_t *key, bool make, const char **why)
{
    cell *c = NULL;

    *why = r->paused ? "not possible in this state" : r->sunk ? "not now" : NULL;
    if (*why == NULL && r->keyed && key == NULL)
        *why = "invalid argument";
    if (*why != NULL)
        return NULL;
    int64_t own = r->keyed ? *key : 0;
    c = make || !r->keyed ? model_cell_of(m, r, own) : model_find_cell(r, own);
    if (c == NULL)
        *why = make ? "over a limit" : "not found";
    else if (c->retrying)
        *why = "not now";
    return *why == NULL ? c : NULL;
}

static const char *fire_cell(oracle *m, reactor *r, cell *c)
{
    for (int i = 0; i < r->input_count; i++)
        if (r->required[i] && !model_value(m, r, c, i)->there)
            return "not possible in this state";
    return model_fire_by_hand(m, r, c);
}

static const char *fire(oracle *m, char *name)
{
    char *comma = strchr(name, ',');
    int64_t key = comma != NULL ? strtoll(comma + 1, NULL, 10) : 0;
    const char *why;

    if (comma != NULL)
        *comma = '\0';
    reactor *r = reactor_named(m, name);
    cell *c = choose_cell(m, r, comma != NULL ? &key : NULL, false, &why);
    if (c == NULL)
        return why;
    why = fire_cell(m, r, c);
    finish_call(m);
    return why;
}

typedef struct gift {
    int input;
    value value;
} gift;

static value read_value(const oracle *m, const reactor *r, int input, char *text)
{
    kind of = m->accumulators[r->inputs[input]].kind;
    value v = {.there = true, .window = of == BATCH || of == STATE};
    char *rest = NULL;

    for (char *one = strtok_r(text, "+", &rest); one != NULL; one = strtok_r(NULL, "+", &rest))
        v.items[v.count++] = read_item(one);
    if (!v.window)
        v.count = 1;
    return v;
}

/* r,7,a=1,w=2+3; NULL, or why it is refused. */
static const char *read_gifts(const oracle *m, const reactor *r, char *rest, gift *gifts,
                              int *count, int64_t *key, bool *has_key)
{
    bool given[RIG_ROOM] = {false};

    for (char *part; (part = strtok_r(NULL, ",", &rest)) != NULL;) {
        char *equals = strchr(part, '=');
        if (equals == NULL) {
            *has_key = true;
            *key = strtoll(part, NULL, 10);
            continue;
        }
        *equals = '\0';
        int input = NONE;
        for (int i = 0; i < r->input_count; i++)
            if (strcmp(m->accumulators[r->inputs[i]].name, part) == 0)
                input = i;
        if (input == NONE)
            return "not found";
        if (given[input])
            return "invalid argument";
        given[input] = true;
        gifts[*count] = (gift){input, read_value(m, r, input, equals + 1)};
        const value *v = &gifts[(*count)++].value;
        if (v->window && v->count > m->accumulators[r->inputs[input]].size)
            return "over a limit";
    }
    for (int i = 0; i < r->input_count; i++)
        if (r->required[i] && !given[i] && !model_is_shared(m, r, i))
            return "invalid argument";
    return *count == 0 ? "invalid argument" : NULL;
}

static const char *fire_with(oracle *m, char *text)
{
    gift gifts[RIG_ROOM];
    int count = 0;
    int64_t key = 0;
    bool has_key = false;
    char *rest = NULL;

    reactor *r = reactor_named(m, strtok_r(text, ",", &rest));
    const char *why = read_gifts(m, r, rest, gifts, &count, &key, &has_key);
    cell *c = why == NULL ? choose_cell(m, r, has_key ? &key : NULL, true, &why) : NULL;
    if (c == NULL)
        return why;
    memset(c->cache, 0, sizeof c->cache);
    for (int i = 0; i < count; i++)
        model_put_value(m, r, c, gifts[i].input, &gifts[i].value);
    why = fire_cell(m, r, c);
    model_ask_later(m, (int)(r - m->reactors), 0, true);
    finish_call(m);
    return why;
}

static const char *flush(oracle *m, const char *name)
{
    int a = accumulator_named(m, name);

    if (a == NONE)
        return "not found";
    if (m->accumulators[a].kind != BATCH && m->accumulators[a].kind != POLLING)
        return "invalid argument";
    model_flush_each(m, a);
    finish_call(m);
    return NULL;
}

static const char *inject(oracle *m, char *text)
{
    char *comma = strchr(text, ',');
    rig_item item = read_item(comma + 1);

    *comma = '\0';
    int a = accumulator_named(m, text);
    if (a == NONE)
        return "not found";
    if (!model_has_place(m, a, m->accumulators[a].keyed ? item.key : 0))
        return "full";
    int made = model_made_event(m, a, item);
    boundary b = {.value = model_one(item), .of = model_cause(made, item.id), .number = ++m->steps};
    m->events[made].waits++;
    model_gather(m, a, item, b);
    model_settle(m);
    m->events[made].waits--;
    finish_call(m);
    return NULL;
}

static void command(oracle *m, char *word)
{
    char *argument = strchr(word, ':') + 1;
    const char *why = NULL;

    argument[-1] = '\0';
    if (strcmp(word, "pause") == 0)
        reactor_named(m, argument)->paused = true;
    else if (strcmp(word, "resume") == 0)
        why = resume(m, reactor_named(m, argument));
    else if (strcmp(word, "fire") == 0)
        why = fire(m, argument);
    else if (strcmp(word, "fire_with") == 0)
        why = fire_with(m, argument);
    else if (strcmp(word, "flush") == 0)
        why = flush(m, argument);
    else if (strcmp(word, "inject") == 0)
        why = inject(m, argument);
    if (why != NULL)
        weir_buffer_printf(&m->record, "%s:%s ", word, why);
}

/* --- The script --- */

static void turn(oracle *m)
{
    if (m->ended)
        return;
    do {
        if (!m->stopped)
            model_take_turn(m);
    } while (!m->stopped && model_could_go_on(m));
    if (m->stopped)
        model_run_timers(m, m->now);
    if (m->stopped || model_all_read(m))
        model_drain(m);
}

void model_run(oracle *m, const char *script)
{
    char *copy = strdup(script), *rest = NULL;

    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, ";") == 0)
            turn(m);
        else if (strcmp(word, "close") == 0)
            m->closed = true;
        else if (strcmp(word, "stop") == 0)
            m->stopped = true;
        else if (strcmp(word, "shut") == 0 || strcmp(word, "open") == 0)
            m->shut = strcmp(word, "shut") == 0;
        else if (word[0] == '+')
            model_advance(m, atoll(word + 1) * (strstr(word, "ms") != NULL ? 1000000 : 1000000000));
        else if (strchr(word, ':') != NULL)
            command(m, word);
        else
            push_word(m, word);
    }
    free(copy);
}

/* --- The ledger --- */

static void count(weir_ledger *ledger, const event *e)
{
    ledger->received++;
    if (e->dropped)
        ledger->dropped++;
    else if (!e->read || e->waits != 0)
        return;
    else if (e->dead)
        ledger->dead++;
    else if (e->fired)
        ledger->fired++;
    else if (e->collapsed)
        ledger->collapsed++;
    else if (e->filtered)
        ledger->filtered++;
    else
        ledger->kept++;
}

void model_ledger(const oracle *m, const char *name, char *text, size_t size)
{
    weir_ledger ledger = {0};

    for (int i = 0; i < m->event_count; i++)
        if (m->events[i].source != NONE &&
            strcmp(m->spec->sources[m->events[i].source].name, name) == 0)
            count(&ledger, &m->events[i]);
    for (int s = 0; s < m->source_count; s++)
        if (strcmp(m->spec->sources[s].name, name) == 0) {
            ledger.dead += (uint64_t)m->sources[s].refused;
            ledger.dropped += (uint64_t)m->sources[s].deleted;
            ledger.received +=
                (uint64_t)(m->sources[s].refused + m->sources[s].deleted + m->sources[s].refusal);
        }
    rig_ledger_text(&ledger, text, size);
}
