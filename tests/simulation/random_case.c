/* SPDX-License-Identifier: Apache-2.0 */
/* random_case.c - a random spec, and a random script that drives it. */
#include "tests/simulation/random_case.h"

#include <stdio.h>
#include <string.h>

/* --- Chance --- */

static uint64_t chance_state;

uint64_t random_next(void)
{
    chance_state += 0x9e3779b97f4a7c15u;
    uint64_t z = chance_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned below(unsigned limit)
{
    return (unsigned)(random_next() % limit);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* --- A random case --- */

/* A text of the case, empty. */
static char *text(random_case *c)
{
    return c->texts[c->text_count++];
}

static void add(char *to, const char *format, ...) WEIR_PRINTF(2, 3);
static void add(char *to, const char *format, ...)
{
    size_t size = strlen(to);
    va_list args;

    va_start(args, format);
    vsnprintf(to + size, sizeof((random_case *)NULL)->texts[0] - size, format, args);
    va_end(args);
}

/* What a history holds: events, gaps, undecodable ones, keys that are deleted, and pauses in
 * between. */
static const char *history(random_case *c)
{
    char *items = text(c);
    unsigned count = 1 + below(12);

    add(items, "items=");
    for (unsigned i = 0; i < count && strlen(items) < 150; i++) {
        if (one_in(5))
            add(items, "%s", one_in(3) ? "!," : one_in(2) ? "_," : "~,");
        if (c->keyed && one_in(4))
            add(items, "x%u,", below(3));
        add(items, "%dk%u%s,", ++c->id, below(3), one_in(4) ? "/1" : "");
    }
    if (one_in(3))
        add(items, "~ max_in_flight=%u", 1 + below(4));
    else
        items[strlen(items) - 1] = '\0';
    return items;
}

static const char *channel(random_case *c)
{
    static const char *const policies[] = {"fail", "drop_oldest", "conflate"};
    char *settings = text(c);

    if (c->roomy && one_in(2))
        add(settings, "capacity=%u on_full=%s", 2 + below(4), policies[below(3)]);
    else if (!c->roomy && one_in(6))
        add(settings, "max_in_flight=%u", 1 + below(4));
    else if (!c->roomy && one_in(6))
        add(settings, "capacity=%u", 2 + below(6));
    return settings;
}

/* The first is a channel, so that there is always one to push into. */
static void make_sources(random_case *c)
{
    static const char *const names[] = {"a", "b", "c", "d"};

    for (unsigned i = 0; i < c->sources; i++) {
        bool log = !c->generated && i != 0 && one_in(4);
        c->spec.sources[i] = (rig_source){.name = names[i],
                                          .kind = log ? "log" : NULL,
                                          .settings = log ? history(c) : channel(c)};
    }
}

const char *const random_reactors[] = {"r", "q", "p", "s", "t", "m", "n", "o", "v"};

static rig_accumulator make_accumulator(random_case *c, const char *name, const char *source)
{
    static const char *const kinds[] = {NULL, NULL, "stream", "state", "batch"};
    rig_accumulator made = {.name = name,
                            .source = source,
                            .kind = kinds[below(5)],
                            .keyed = c->keyed,
                            .where = one_in(4)};
    char *settings = text(c);

    if (made.kind != NULL && strcmp(made.kind, "state") == 0)
        add(settings, "size=%u", 1 + below(3));
    if (made.kind != NULL && strcmp(made.kind, "batch") == 0) {
        add(settings, "max_size=%u", 1 + below(4));
        if (one_in(2))
            add(settings, " every=%us", 1 + below(3));
        if (one_in(3))
            add(settings, " flush_with=%s", random_reactors[below(c->reactors)]);
    }
    if (c->generated && made.kind != NULL && strcmp(made.kind, "stream") == 0)
        made.where = false; /* it stands behind `update:`, where the rig asks it anyway */
    made.settings = settings;
    return made;
}

/* Up to seven over any source each; f and g for feedback; p polls. All with keys or none, but p. */
static void make_accumulators(random_case *c)
{
    static const char *const names[] = {"x", "y", "z", "u", "h", "i", "j"};
    unsigned count = 1 + below(c->large ? 7 : 4), n = 0;
    rig_accumulator *made = c->spec.accumulators;

    for (; n < count; n++)
        made[n] = make_accumulator(c, names[n], c->spec.sources[below(c->sources)].name);
    made[n] = make_accumulator(c, "f", NULL);
    made[n++].where = false;
    if (one_in(2))
        made[n++] = make_accumulator(c, "g", NULL);
    if (!c->keyed && one_in(4))
        made[n++] = (rig_accumulator){
            .name = "p", .kind = "polling", .settings = one_in(2) ? "every=1s" : "every=700ms"};
    c->accumulators = n;
}

static void make_tree(char *out, const char *const *names, unsigned count, unsigned depth)
{
    if (count == 1) {
        add(out, "%s", names[0]);
        return;
    }
    unsigned split = 1 + below(count - 1);
    add(out, one_in(2) ? "any(" : "all(");
    if (depth > 0 && one_in(2)) {
        make_tree(out, names, split, depth - 1);
        add(out, ",");
        make_tree(out, names + split, count - split, depth - 1);
    } else {
        for (unsigned i = 0; i < count; i++)
            add(out, "%s%s", i != 0 ? "," : "", names[i]);
    }
    add(out, ")");
}

static const char *graphs(random_case *c)
{
    static const char *const backoffs[] = {"fixed", "linear", "exponential"};
    char *options = text(c);

    for (unsigned g = one_in(4) ? 2 : 1; g > 0; g--) {
        if (!c->roomy && one_in(2))
            add(options, "on_error=retry delay=%us attempts=%u backoff=%s", 1 + below(2),
                2 + below(3), backoffs[below(3)]);
        if (one_in(4) && options[0] != '\0')
            add(options, " max_delay=%us", 1 + below(3));
        if (g == 2)
            add(options, "|");
    }
    return options;
}

static const char *reactor_settings(random_case *c)
{
    char *settings = text(c);

    if (!c->roomy)
        add(settings, "capacity=%u ", 1 + below(4));
    else
        add(settings, "capacity=8 ");
    add(settings, "wait=%us ", 2 + below(3));
    if (c->keyed && one_in(3))
        add(settings, "ttl=%us ", 1 + below(4));
    if (c->keyed && one_in(3))
        add(settings, "max_keys=%u ", 1 + below(3));
    return settings;
}

/* Some accumulators in any order. */
static unsigned choose(const random_case *c, const char **chosen)
{
    unsigned count = 0;

    for (unsigned i = 0; i < c->accumulators; i++)
        if (one_in(2) && count < 5)
            chosen[count++] = c->spec.accumulators[i].name;
    if (count == 0)
        chosen[count++] = c->spec.accumulators[below(c->accumulators)].name;
    for (unsigned i = 0; i < count; i++) {
        unsigned other = below(count);
        const char *swapped = chosen[i];
        chosen[i] = chosen[other];
        chosen[other] = swapped;
    }
    return count;
}

static void make_reactor(random_case *c, unsigned index)
{
    const char *chosen[RIG_ROOM];
    unsigned count = choose(c, chosen);
    char *inputs = text(c), *criteria = text(c), *to = text(c);
    bool has_g = strcmp(c->spec.accumulators[c->accumulators - 1].name, "g") == 0;

    make_tree(criteria, chosen, 1 + below(count), 2);
    /* A reactor with keys may also read a source without. */
    if (c->keyed && one_in(3))
        chosen[count++] = c->spec.sources[below(c->sources)].name;
    for (unsigned i = 0; i < count; i++)
        add(inputs, "%s%s ", chosen[i], c->roomy || one_in(2) ? "?" : "");
    /* Few of many, or their results would never end. */
    if (one_in(3) && index < 3)
        add(to, "f ");
    if (has_g && one_in(4) && index < 3)
        add(to, "g ");
    if (one_in(2))
        add(to, "out");
    c->spec.reactors[index] = (rig_reactor){
        .name = random_reactors[index],
        .criteria = criteria,
        .inputs = inputs,
        .strategy = one_in(3) ? WEIR_LATEST : WEIR_SEQUENTIAL,
        .settings = reactor_settings(c),
        .to = to,
        .graphs = graphs(c),
        .where = one_in(3),
        .sums = one_in(3),
    };
}

/* --- A random script --- */

void random_say(random_case *c, const char *format, ...)
{
    size_t size = strlen(c->script);
    va_list args;

    va_start(args, format);
    vsnprintf(c->script + size, sizeof c->script - size, format, args);
    va_end(args);
}

/* What becomes of an item on its way. */
static void mark(random_case *c, int id)
{
    if (one_in(8))
        c->fails[id] = (uint8_t)(1 + below(3));
    if (c->generated)
        return;
    if (one_in(10) && strlen(c->false_ids) < 50)
        sprintf(c->false_ids + strlen(c->false_ids), "%d,", id);
    if (one_in(20) && strlen(c->bad_ids) < 50)
        sprintf(c->bad_ids + strlen(c->bad_ids), "%d,", id);
}

static void say_push(random_case *c)
{
    unsigned source = below(c->sources);
    int id = ++c->id;

    if (c->spec.sources[source].kind != NULL)
        source = 0;
    random_say(c, "%s%dk%u ", c->spec.sources[source].name, id, below(3));
    mark(c, id);
}

static void say_fire_with(random_case *c)
{
    const rig_reactor *r = &c->spec.reactors[below(c->reactors)];
    char inputs[200], *rest = NULL;

    random_say(c, "fire_with:%s", r->name);
    if (c->keyed || one_in(8))
        random_say(c, ",%u", below(4));
    snprintf(inputs, sizeof inputs, "%s", r->inputs);
    for (char *word = strtok_r(inputs, " ?", &rest); word != NULL;
         word = strtok_r(NULL, " ?", &rest))
        if (!one_in(6))
            random_say(c, ",%s=%d%s", one_in(30) ? "none" : word, ++c->id, one_in(8) ? "+7" : "");
    random_say(c, " ");
}

static void say_fire(random_case *c)
{
    random_say(c, "fire:%s", c->spec.reactors[below(c->reactors)].name);
    if (c->keyed && !one_in(8))
        random_say(c, ",%u", below(3));
    random_say(c, " ");
}

static void say_by_hand(random_case *c)
{
    const char *reactor = c->spec.reactors[below(c->reactors)].name;
    const char *accumulator = c->spec.accumulators[below(c->accumulators)].name;
    /* A node of a spec does not run without any input, one of the rig does. */
    unsigned what = below(c->generated ? 4 : 6);

    switch (what) {
    case 0:
        random_say(c, "pause:%s ", reactor);
        break;
    case 1:
        random_say(c, "resume:%s ", reactor);
        break;
    case 4:
        say_fire(c);
        break;
    case 5:
        say_fire_with(c);
        break;
    case 2:
        random_say(c, "flush:%s ", accumulator);
        break;
    default:
        random_say(c, "inject:%s,%dk%u ", accumulator, ++c->id, below(3));
        mark(c, c->id);
    }
}

static void make_script(random_case *c)
{
    unsigned steps = 3 + below(25);
    bool gated = c->spec.sinks[1] != NULL && strchr(c->spec.sinks[1], ':') != NULL;

    for (unsigned i = 0; i < steps; i++) {
        for (unsigned pushes = below(8); pushes > 0; pushes--)
            say_push(c);
        if (!c->roomy && one_in(5))
            say_by_hand(c);
        if (gated && !c->roomy && one_in(5))
            random_say(c, one_in(2) ? "shut " : "open ");
        if (one_in(4))
            random_say(c, "+%u00ms ", 1 + below(40));
        if (!one_in(5))
            random_say(c, "; ");
    }
    random_say(c, one_in(6) ? "stop ; " : "; ");
}

/* The next "x1", or NULL. */
static char *find_delete(char *items)
{
    while ((items = strchr(items, 'x')) != NULL && (items[1] < '0' || items[1] > '9'))
        items++;
    return items;
}

/* A source that deletes keys feeds some accumulator that has them; else it leaves gaps. */
static void feed_deletes(random_case *c)
{
    unsigned fed = 0;

    for (unsigned s = 0; s < c->sources; s++) {
        char *items = (char *)(uintptr_t)c->spec.sources[s].settings;
        if (c->spec.sources[s].kind == NULL || find_delete(items) == NULL)
            continue;
        while (fed < c->accumulators && c->spec.accumulators[fed].source == NULL)
            fed++;
        if (fed < c->accumulators)
            c->spec.accumulators[fed++].source = c->spec.sources[s].name;
        else
            for (char *x = items; (x = find_delete(x)) != NULL;)
                x[0] = x[1] = '_';
    }
}

static void make_spec(random_case *c, uint64_t seed)
{
    static const char *const outs[] = {"out", "gate:out", "gate1:out"};

    chance_state = seed * 0x9e3779b97f4a7c15u;
    c->large = one_in(6);
    c->sources = 1 + below(c->large ? 4 : 3);
    c->reactors = 1 + below(c->large ? 9 : 3);
    c->keyed = one_in(2);
    c->roomy = one_in(6);
    c->spec.sinks[0] = "dead";
    c->spec.sinks[1] = outs[c->generated ? 0 : below(3)];
    c->spec.settings = "max_rounds=3";
    make_sources(c);
    make_accumulators(c);
    feed_deletes(c);
    for (unsigned i = 0; i < c->reactors; i++)
        make_reactor(c, i);
}

void random_make(random_case *c, uint64_t seed)
{
    *c = (random_case){.generated = false};
    make_spec(c, seed);
    make_script(c);
}

/* --- What can be generated --- */

static bool has_word(const char *list, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at++)
        if ((at == list || at[-1] == ' ') && strchr(" ?", at[size]) != NULL)
            return true;
    return false;
}

static bool is_read(const random_case *c, const char *name)
{
    for (unsigned i = 0; i < c->reactors; i++)
        if (has_word(c->spec.reactors[i].inputs, name))
            return true;
    return false;
}

/* Without the accumulators that nobody reads. */
static void drop_unread(random_case *c)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < c->accumulators; i++)
        if (is_read(c, c->spec.accumulators[i].name))
            c->spec.accumulators[kept++] = c->spec.accumulators[i];
    for (unsigned i = kept; i < c->accumulators; i++)
        c->spec.accumulators[i] = (rig_accumulator){.name = NULL};
    c->accumulators = kept;
    for (unsigned i = 0; i < c->reactors; i++) {
        rig_reactor *r = &c->spec.reactors[i];
        char *to = text(c);
        for (const char *const *word = (const char *const[]){"f", "g", NULL}; *word != NULL; word++)
            if (has_word(r->to, *word) && is_read(c, *word))
                add(to, "%s ", *word);
        if (has_word(r->to, "out") || to[0] == '\0' || i == 0)
            add(to, "out");
        r->to = to;
    }
}

static bool all_sources_read(const random_case *c)
{
    for (unsigned s = 0; s < c->sources; s++) {
        const char *name = c->spec.sources[s].name;
        bool read = is_read(c, name);
        for (unsigned i = 0; i < c->accumulators; i++) {
            const char *source = c->spec.accumulators[i].source;
            read = read || (source != NULL && strcmp(source, name) == 0);
        }
        if (!read)
            return false;
    }
    return true;
}

/* In a generated module sources that stand for themselves come before the accumulators. */
static void put_sources_first(random_case *c)
{
    rig_accumulator *all = c->spec.accumulators;
    unsigned count = 0;

    for (unsigned s = 0; s < c->sources; s++) {
        if (!is_read(c, c->spec.sources[s].name))
            continue;
        memmove(all + count + 1, all + count, (c->accumulators++ - count) * sizeof *all);
        all[count++] =
            (rig_accumulator){.name = c->spec.sources[s].name, .source = c->spec.sources[s].name};
    }
}

bool random_make_generated(random_case *c, uint64_t seed)
{
    *c = (random_case){.generated = true};
    make_spec(c, seed);
    drop_unread(c);
    bool some = c->accumulators != 0;
    put_sources_first(c);
    snprintf(c->false_ids, sizeof c->false_ids, "%%10=3");
    return some && all_sources_read(c);
}

void random_script(random_case *c, uint64_t seed)
{
    chance_state = seed * 0x9e3779b97f4a7c15u;
    c->id = 0;
    c->script[0] = '\0';
    memset(c->fails, 0, sizeof c->fails);
    make_script(c);
}
