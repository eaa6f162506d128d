/* SPDX-License-Identifier: Apache-2.0 */
/* model_spec.c - the naive model: what the spec says. */
#include "tests/simulation/model_parts.h"

/* The number behind `name`, durations in nanoseconds. */
int64_t model_number(const char *settings, const char *name, int64_t otherwise)
{
    const char *at = settings != NULL ? strstr(settings, name) : NULL;
    char *end;

    if (at == NULL)
        return otherwise;
    int64_t number = strtoll(at + strlen(name), &end, 10);
    if (end[0] == 'm' && end[1] == 's')
        return number * 1000000;
    return end[0] == 's' ? number * 1000000000 : number;
}

bool model_in_list(const char *list, int64_t id)
{
    char text[32], padded[512];
    long long by, rest;

    if (list != NULL && sscanf(list, "%%%lld=%lld", &by, &rest) == 2)
        return id % by == rest;
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
    made->ttl = never;
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

static void read_inputs(oracle *m, reactor *r, const char *text)
{
    char inputs[96], *rest = NULL;

    snprintf(inputs, sizeof inputs, "%s", text);
    for (char *word = strtok_r(inputs, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        r->required[r->input_count] = strchr(word, '?') == NULL;
        word[strcspn(word, "?")] = '\0';
        r->inputs[r->input_count] = accumulator_named(m, word);
        r->keyed = r->keyed || m->accumulators[r->inputs[r->input_count]].keyed;
        r->input_count++;
    }
}

static void read_graph(reactor *r, const char *options)
{
    graph *g = &r->graphs[r->graph_count];
    const char *backoff = strstr(options, "backoff=");
    bool retry = strstr(options, "on_error=retry") != NULL;

    snprintf(g->name, sizeof g->name, r->graph_count == 0 ? "%s" : "%s.%d", r->spec->name,
             r->graph_count);
    g->attempts = retry ? (int)model_number(options, "attempts=", 3) : 1;
    g->delay = model_number(options, " delay=", 1000000000);
    g->max_delay = model_number(options, "max_delay=", 60000000000);
    g->backoff = backoff != NULL ? backoff[8] : 'e';
    r->graph_count++;
}

static void read_graphs(reactor *r, const char *options)
{
    char text[192], *next;

    snprintf(text, sizeof text, "%s", options != NULL ? options : "");
    for (char *one = text; one != NULL; one = next) {
        next = strchr(one, '|');
        if (next != NULL)
            *next++ = '\0';
        read_graph(r, one);
    }
}

static void read_outlets(oracle *m, reactor *r, const char *text)
{
    char to[64], *rest = NULL;

    snprintf(to, sizeof to, "%s", text != NULL ? text : "");
    for (char *word = strtok_r(to, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, "out") == 0)
            r->to_sink = true;
        else
            r->to[r->to_count++] = accumulator_named(m, word);
    }
}

static void read_reactor(oracle *m, const rig_reactor *spec)
{
    reactor *r = &m->reactors[m->reactor_count++];
    const char *criteria = spec->criteria;

    r->spec = spec;
    r->latest = spec->strategy == WEIR_LATEST;
    r->wait = model_number(spec->settings, "wait=", 300000000000);
    r->ttl = model_number(spec->settings, "ttl=", never);
    r->max_keys = (int)model_number(spec->settings, "max_keys=", 1000000);
    read_inputs(m, r, spec->inputs);
    r->capacity = (int)model_number(spec->settings, "capacity=", r->keyed ? 64 : 1024);
    read_tree(m, r, &criteria);
    read_graphs(r, spec->graphs);
    read_outlets(m, r, spec->to);
}

static void read_source(oracle *m, const rig_source *spec)
{
    feed *source = &m->sources[m->source_count++];
    const char *policy = spec->settings != NULL ? strstr(spec->settings, "on_full=") : NULL;
    const char *items = spec->settings != NULL ? strstr(spec->settings, "items=") : NULL;

    source->log = spec->kind != NULL;
    source->next = items != NULL ? items + 6 : "";
    source->max_in_flight = (int)model_number(spec->settings, "max_in_flight=", 65536);
    source->capacity = (int)model_number(spec->settings, "capacity=", 1024);
    source->on_full = policy != NULL ? policy[8] : 'f';
}

static void read_accumulator(oracle *m, const rig_accumulator *spec)
{
    static const char *const kinds[] = {"passthrough", "stream", "state", "batch", "polling"};
    accumulator *made = &m->accumulators[m->accumulator_count++];
    const char *with = spec->settings != NULL ? strstr(spec->settings, "flush_with=") : NULL;

    snprintf(made->name, sizeof made->name, "%s", spec->name);
    for (int i = 0; i < 5 && spec->kind != NULL; i++)
        if (strcmp(kinds[i], spec->kind) == 0)
            made->kind = (kind)i;
    made->source = NONE;
    made->keyed = spec->keyed;
    made->where = spec->where;
    made->size = (int)model_number(spec->settings, "size=", 0);
    made->every = model_number(spec->settings, "every=", 0);
    made->flush_with = with != NULL ? with + 11 : NULL;
    for (int s = 0; s < m->source_count && spec->source != NULL; s++)
        if (strcmp(m->spec->sources[s].name, spec->source) == 0)
            made->source = s;
}

/* A key lives in an accumulator as long as in the reactor over it that keeps it longest. */
static void limit_accumulators(oracle *m)
{
    for (int a = 0; a < m->accumulator_count; a++) {
        accumulator *made = &m->accumulators[a];
        made->ttl = 0;
        for (int i = 0; i < m->reactor_count; i++)
            for (int k = 0; k < m->reactors[i].input_count; k++) {
                const reactor *r = &m->reactors[i];
                if (r->inputs[k] != a)
                    continue;
                made->ttl = r->ttl > made->ttl ? r->ttl : made->ttl;
                made->max_keys = r->max_keys > made->max_keys ? r->max_keys : made->max_keys;
            }
        if (made->ttl == 0 || !made->keyed)
            made->ttl = never;
        if (made->kind == POLLING) {
            made->pots[0] = (pot){.used = true, .due = made->every};
            made->ages = 1;
        }
    }
}

oracle *model_new(const rig_spec *spec, const char *false_ids, const char *bad_ids,
                  const uint8_t *fails)
{
    oracle *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->spec = spec;
    m->false_ids = false_ids;
    m->bad_ids = bad_ids;
    m->current = NONE;
    memcpy(m->fails, fails, sizeof m->fails);
    for (int i = 0; i < RIG_ROOM && spec->sinks[i] != NULL; i++) {
        m->gated = m->gated || strstr(spec->sinks[i], "gate") != NULL;
        m->sink_fills = m->sink_fills || strstr(spec->sinks[i], "gate1:out") != NULL;
    }
    for (int i = 0; spec->sources[i].name != NULL; i++)
        read_source(m, &spec->sources[i]);
    for (int i = 0; spec->accumulators[i].name != NULL; i++)
        read_accumulator(m, &spec->accumulators[i]);
    for (int i = 0; spec->reactors[i].name != NULL; i++)
        read_reactor(m, &spec->reactors[i]);
    limit_accumulators(m);
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

bool model_has_ended(const oracle *m)
{
    return m->ended;
}
