/* SPDX-License-Identifier: Apache-2.0 */
/* test_model.c - random specs and schedules: the engine against the naive model.
 *
 *     test_model [--seed N] [--count M] [--trace yes]     one seed is one schedule
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pipeline/model.h"
#include "tests/pipeline/rig_spec.h"

static bool trace; /* each word of the script, with what the model did */
static unsigned long first_seed = 1, seed_count = RIG_TIMES(5000);

/* --- Chance --- */

static uint64_t chance_state;

static uint64_t chance(void)
{
    chance_state += 0x9e3779b97f4a7c15u;
    uint64_t z = chance_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned below(unsigned limit)
{
    return (unsigned)(chance() % limit);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* --- A random case --- */

typedef struct random_case {
    rig_spec spec;
    char texts[96][200];
    int text_count;
    char script[16384];
    char false_ids[64], bad_ids[64];
    uint8_t fails[RIG_IDS];
    int id;
    unsigned sources, accumulators, reactors;
    bool keyed;
    bool roomy; /* no source is ever held: channels may have policies */
} random_case;

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

/* What a history holds: events, gaps, undecodable ones, and pauses in between. */
static const char *history(random_case *c)
{
    char *items = text(c);
    unsigned count = 1 + below(12);

    add(items, "items=");
    for (unsigned i = 0; i < count && strlen(items) < 150; i++) {
        if (one_in(5))
            add(items, "%s", one_in(3) ? "!," : one_in(2) ? "_," : "~,");
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
    static const char *const names[] = {"a", "b", "c"};

    for (unsigned i = 0; i < c->sources; i++) {
        bool log = i != 0 && one_in(4);
        c->spec.sources[i] = (rig_source){.name = names[i],
                                          .kind = log ? "log" : NULL,
                                          .settings = log ? history(c) : channel(c)};
    }
}

static const char *const reactor_names[] = {"r", "q", "p"};

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
            add(settings, " flush_with=%s", reactor_names[below(c->reactors)]);
    }
    made.settings = settings;
    return made;
}

/* x, y, z, u over any source each; f and g for feedback; p polls. All with keys or none, but p. */
static void make_accumulators(random_case *c)
{
    static const char *const names[] = {"x", "y", "z", "u"};
    unsigned count = 1 + below(4), n = 0;
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
    if (one_in(3))
        add(to, "f ");
    if (has_g && one_in(4))
        add(to, "g ");
    if (one_in(2))
        add(to, "out");
    c->spec.reactors[index] = (rig_reactor){
        .name = reactor_names[index],
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

static void say(random_case *c, const char *format, ...) WEIR_PRINTF(2, 3);
static void say(random_case *c, const char *format, ...)
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
    say(c, "%s%dk%u ", c->spec.sources[source].name, id, below(3));
    mark(c, id);
}

static void say_fire_with(random_case *c)
{
    const rig_reactor *r = &c->spec.reactors[below(c->reactors)];
    char inputs[200], *rest = NULL;

    say(c, "fire_with:%s", r->name);
    if (c->keyed || one_in(8))
        say(c, ",%u", below(4));
    snprintf(inputs, sizeof inputs, "%s", r->inputs);
    for (char *word = strtok_r(inputs, " ?", &rest); word != NULL;
         word = strtok_r(NULL, " ?", &rest))
        if (!one_in(6))
            say(c, ",%s=%d%s", one_in(30) ? "none" : word, ++c->id, one_in(8) ? "+7" : "");
    say(c, " ");
}

static void say_by_hand(random_case *c)
{
    const char *reactor = c->spec.reactors[below(c->reactors)].name;
    const char *accumulator = c->spec.accumulators[below(c->accumulators)].name;

    switch (below(6)) {
    case 0:
        say(c, "pause:%s ", reactor);
        break;
    case 1:
        say(c, "resume:%s ", reactor);
        break;
    case 2:
        say(c, "fire:%s", reactor);
        if (c->keyed && !one_in(8))
            say(c, ",%u", below(3));
        say(c, " ");
        break;
    case 3:
        say_fire_with(c);
        break;
    case 4:
        say(c, "flush:%s ", accumulator);
        break;
    default:
        say(c, "inject:%s,%dk%u ", accumulator, ++c->id, below(3));
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
            say(c, one_in(2) ? "shut " : "open ");
        if (one_in(4))
            say(c, "+%u00ms ", 1 + below(40));
        if (!one_in(5))
            say(c, "; ");
    }
    say(c, one_in(6) ? "stop ; " : "; ");
}

static void make_case(random_case *c)
{
    static const char *const outs[] = {"out", "gate:out", "gate1:out"};

    c->sources = 1 + below(3);
    c->reactors = 1 + below(3);
    c->keyed = one_in(2);
    c->roomy = one_in(6);
    c->spec.sinks[0] = "dead";
    c->spec.sinks[1] = outs[below(3)];
    c->spec.settings = "max_rounds=3";
    make_sources(c);
    make_accumulators(c);
    for (unsigned i = 0; i < c->reactors; i++)
        make_reactor(c, i);
    make_script(c);
}

/* --- Comparing --- */

static const char *or_none(const char *text)
{
    return text != NULL ? text : "-";
}

static void print_accumulator(const rig_accumulator *a)
{
    printf("  accumulator %s over %s: %s %s%s%s\n", a->name, or_none(a->source), or_none(a->kind),
           or_none(a->settings), a->keyed ? ", keyed" : "", a->where ? ", where" : "");
}

static void print_case(const random_case *c)
{
    for (int i = 0; c->spec.sources[i].name != NULL; i++)
        printf("  source %s %s %s\n", c->spec.sources[i].name, or_none(c->spec.sources[i].kind),
               or_none(c->spec.sources[i].settings));
    for (int i = 0; c->spec.accumulators[i].name != NULL; i++)
        print_accumulator(&c->spec.accumulators[i]);
    for (int i = 0; c->spec.reactors[i].name != NULL; i++) {
        const rig_reactor *r = &c->spec.reactors[i];
        printf("  reactor %s %s %s in: %s; %s; graphs: %s; to: %s%s%s\n", r->name,
               r->strategy == WEIR_LATEST ? "latest" : "sequential", r->criteria, r->inputs,
               r->settings, r->graphs, r->to, r->where ? "; where" : "", r->sums ? "; sums" : "");
    }
    printf("  sink %s\n  false: %s bad: %s fails:", or_none(c->spec.sinks[1]), c->false_ids,
           c->bad_ids);
    for (int i = 0; i < RIG_IDS; i++)
        if (c->fails[i] != 0)
            printf(" %dx%d", i, c->fails[i]);
    printf("\n  script: %s\n", c->script);
}

static void differ(unsigned long seed, const random_case *c, const char *what, const char *expected,
                   const char *came)
{
    size_t same = 0;

    while (expected[same] != '\0' && expected[same] == came[same])
        same++;
    while (same > 0 && expected[same - 1] != ' ')
        same--;
    print_case(c);
    printf("  %s\n  same:   %.*s\n  model:  %s\n  engine: %s\n", what, (int)same, expected,
           expected + same, came + same);
    fail_msg("seed %lu differs; test_model --seed %lu --count 1", seed, seed);
}

static void compare(unsigned long seed, const random_case *c, rig_world *rig, const oracle *model)
{
    const char *came = rig->record.data != NULL ? rig->record.data : "";

    if (strcmp(model_record(model), came) != 0)
        differ(seed, c, "the records", model_record(model), came);
    for (int i = 0; c->spec.sources[i].name != NULL; i++) {
        char expected[256], is[256];
        model_ledger(model, c->spec.sources[i].name, expected, sizeof expected);
        rig_ledger_of(rig, c->spec.sources[i].name, is, sizeof is);
        if (strcmp(expected, is) != 0)
            differ(seed, c, c->spec.sources[i].name, expected, is);
    }
    rig_check_ledgers(rig);
}

static void run_word(rig_world *rig, oracle *model, const char *word)
{
    size_t before = strlen(model_record(model));

    rig_run(rig, word);
    model_run(model, word);
    if (trace)
        printf("%s -> %s\n", word, model_record(model) + before);
}

/* Word by word, so that a difference shows where it began. */
static void run_both(unsigned long seed, random_case *c, rig_world *rig, oracle *model)
{
    char *rest = NULL, *copy = strdup(c->script);
    size_t done = 0;

    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        run_word(rig, model, word);
        done += strlen(word) + 1;
        const char *came = rig->record.data != NULL ? rig->record.data : "";
        if (strcmp(model_record(model), came) != 0)
            c->script[done] = '\0';
        if (strcmp(model_record(model), came) != 0 || strcmp(word, ";") == 0)
            compare(seed, c, rig, model);
    }
    free(copy);
}

/* Until it has ended. */
static void run_on(random_case *c, rig_world *rig, oracle *model, const char *words)
{
    char copy[64], *rest = NULL;

    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && !rig->ended;
         word = strtok_r(NULL, " ", &rest)) {
        run_word(rig, model, word);
        say(c, "%s ", word);
    }
}

/* The end waits for sinks that are shut, and for reactors that are paused. */
static void run_to_the_end(unsigned long seed, random_case *c, rig_world *rig, oracle *model)
{
    static const char *const words[] = {"close ; ; ;", "open ; ;", "resume:r ;", "resume:q ;",
                                        "resume:p ;"};
    bool stopped = strstr(c->script, "stop") != NULL;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        unsigned resumes = i >= 2 && i <= 4 ? (unsigned)i - 1 : 0;
        if (!stopped && resumes <= c->reactors)
            run_on(c, rig, model, words[i]);
        else if (i < 2)
            run_on(c, rig, model, i == 0 ? "; ;" : "open ; ;");
        compare(seed, c, rig, model);
    }
    /* What waits for a partner that does not come keeps a source from being read on, `wait:` long.
     */
    for (int i = 0; i < 20 && !rig->ended && !model_has_ended(model); i++)
        run_on(c, rig, model, "+5s ;");
    /* What needs its own result first warms for ever. */
    if (!rig->ended && !model_has_ended(model))
        run_on(c, rig, model, "stop ; ;");
    compare(seed, c, rig, model);
    if (!rig->ended || !model_has_ended(model))
        differ(seed, c, "the end", model_has_ended(model) ? "ended " : "goes on ",
               rig->ended ? "ended " : "goes on ");
}

static void run_seed(unsigned long seed)
{
    random_case *c = calloc(1, sizeof *c);
    rig_world rig = {.terse = true};

    assert_non_null(c);
    chance_state = seed * 0x9e3779b97f4a7c15u;
    make_case(c);
    rig_gate_shut = false;
    rig.false_ids = c->false_ids;
    rig.bad_ids = c->bad_ids;
    memcpy(rig.fails, c->fails, sizeof rig.fails);
    oracle *model = model_new(&c->spec, c->false_ids, c->bad_ids, c->fails);
    rig_open(&rig, &c->spec);
    run_both(seed, c, &rig, model);
    run_to_the_end(seed, c, &rig, model);
    rig_close(&rig);
    model_free(model);
    free(c);
}

static void the_engine_does_what_the_model_does(void **state)
{
    (void)state;
    for (unsigned long seed = first_seed; seed < first_seed + seed_count; seed++)
        run_seed(seed);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_engine_does_what_the_model_does)};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            first_seed = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0)
            seed_count = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--trace") == 0)
            trace = true;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
