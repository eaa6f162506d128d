/* SPDX-License-Identifier: Apache-2.0 */
/* model_cells.c - the naive model: what the spec says, and what is kept under a key. */
#include "tests/pipeline/model_parts.h"

/* --- What the spec says --- */

int model_number_in(const char *settings, const char *name, int otherwise)
{
    const char *at = settings != NULL ? strstr(settings, name) : NULL;

    return at != NULL ? atoi(at + strlen(name)) : otherwise;
}

bool model_in_list(const char *list, int64_t id)
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
    r->wait = model_number_in(spec->settings, "wait=", 300) * INT64_C(1000000000);
    r->attempts = model_number_in(spec->graphs, "attempts=", 1);
    r->delay = model_number_in(spec->graphs, "delay=", 1) * INT64_C(1000000000);
    snprintf(inputs, sizeof inputs, "%s", spec->inputs);
    for (char *word = strtok_r(inputs, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        r->required[r->input_count] = strchr(word, '?') == NULL;
        word[strcspn(word, "?")] = '\0';
        r->inputs[r->input_count] = accumulator_named(m, word);
        r->keyed = r->keyed || m->accumulators[r->inputs[r->input_count]].keyed;
        r->input_count++;
    }
    r->capacity = model_number_in(spec->settings, "capacity=", r->keyed ? 64 : 1024);
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
            model_number_in(spec->sources[m->source_count].settings, "max_in_flight=", 65536);
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

/* --- Cells --- */

cell *model_cell_of(reactor *r, int64_t key)
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

bool model_is_shared(const oracle *m, const reactor *r, int input)
{
    return r->keyed && !m->accumulators[r->inputs[input]].keyed;
}

bool model_has_value(const oracle *m, const reactor *r, const cell *c, int input)
{
    return model_is_shared(m, r, input) ? r->shared_present[input] : c->present[input];
}

void model_put_value(const oracle *m, reactor *r, cell *c, int input, int64_t id)
{
    if (model_is_shared(m, r, input)) {
        r->shared[input] = id;
        r->shared_present[input] = true;
    } else {
        c->cache[input] = id;
        c->present[input] = true;
    }
}

int64_t model_value(const oracle *m, const reactor *r, const cell *c, int input)
{
    return model_is_shared(m, r, input) ? r->shared[input] : c->cache[input];
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

void model_add_causes(causes *to, const causes *more)
{
    for (int i = 0; i < more->count; i++) {
        bool there = false;
        for (int k = 0; k < to->count; k++)
            there = there || to->list[k] == more->list[i];
        assert_true(there || to->count < CAUSES);
        if (!there)
            to->list[to->count++] = more->list[i];
    }
}

/* The events wait in one place more, or less. */
void model_wait(oracle *m, const causes *of, int by)
{
    for (int i = 0; i < of->count; i++)
        m->events[of->list[i]].waits += by;
}

void model_bury(oracle *m, const causes *of, int64_t id, const char *reason, const char *where)
{
    for (int i = 0; i < of->count; i++) {
        event *e = &m->events[of->list[i]];
        e->dead = true;
        weir_buffer_printf(&m->record, "dead(%s%lld %s%s) ", m->spec->sources[e->source].name,
                           (long long)id, reason, where);
    }
}

void model_bury_first(oracle *m, reactor *r, cell *c, int input)
{
    boundary first = model_pop(r, c, input);

    model_bury(m, &first.of, first.id, "unpaired", "");
    model_wait(m, &first.of, -1);
}
