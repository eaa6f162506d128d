/* SPDX-License-Identifier: Apache-2.0 */
/* test_model.c - random specs and schedules: the engine against the naive model.
 *
 *     test_model [--seed N] [--count M]     one seed is one schedule
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pipeline/model.h"

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
    char names[RIG_ROOM][8], texts[64][96];
    int text_count;
    char script[8192];
    char false_ids[64], bad_ids[64];
    uint8_t fails[RIG_IDS];
    int id;
    bool keyed;
} random_case;

static char *text(random_case *c)
{
    return c->texts[c->text_count++];
}

static const char *setting(random_case *c, const char *name, unsigned number)
{
    char *made = text(c);

    snprintf(made, sizeof c->texts[0], "%s=%u", name, number);
    return made;
}

static void make_sources(random_case *c, unsigned count)
{
    static const char *const names[] = {"a", "b", "c"};

    for (unsigned i = 0; i < count; i++)
        c->spec.sources[i] =
            (rig_source){.name = names[i],
                         .settings = one_in(6) ? setting(c, "max_in_flight", 1 + below(4)) : NULL};
}

/* x, y, z over any source each, f for feedback; all with keys or none. */
static unsigned make_accumulators(random_case *c, unsigned sources)
{
    static const char *const names[] = {"x", "y", "z", "u"};
    unsigned count = 1 + below(4);

    for (unsigned i = 0; i < count; i++)
        c->spec.accumulators[i] = (rig_accumulator){
            .name = names[i],
            .source = c->spec.sources[below(sources)].name,
            .keyed = c->keyed,
            .where = one_in(4),
        };
    c->spec.accumulators[count] = (rig_accumulator){.name = "f", .keyed = c->keyed};
    return count + 1;
}

static void make_tree(random_case *c, char *out, const char *const *names, unsigned count,
                      unsigned depth)
{
    if (count == 1) {
        strcat(out, names[0]);
        return;
    }
    unsigned split = 1 + below(count - 1);
    strcat(out, one_in(2) ? "any(" : "all(");
    if (depth > 0 && one_in(2)) {
        make_tree(c, out, names, split, depth - 1);
        strcat(out, ",");
        make_tree(c, out, names + split, count - split, depth - 1);
    } else {
        for (unsigned i = 0; i < count; i++) {
            strcat(out, i != 0 ? "," : "");
            strcat(out, names[i]);
        }
    }
    strcat(out, ")");
}

static void make_reactor(random_case *c, unsigned index, unsigned accumulators, unsigned sources)
{
    static const char *const names[] = {"r", "q", "p"};
    const char *chosen[RIG_ROOM];
    unsigned count = 0, named;
    char *inputs = text(c), *criteria = text(c), *settings = text(c);

    for (unsigned i = 0; i < accumulators; i++)
        if (one_in(2))
            chosen[count++] = c->spec.accumulators[i].name;
    if (count == 0)
        chosen[count++] = c->spec.accumulators[below(accumulators)].name;
    for (unsigned i = 0; i < count; i++) {
        unsigned other = below(count);
        const char *swapped = chosen[i];
        chosen[i] = chosen[other];
        chosen[other] = swapped;
    }
    named = 1 + below(count);
    make_tree(c, criteria, chosen, named, 2);
    /* A reactor with keys may also read a source without. */
    if (c->keyed && one_in(3))
        chosen[count++] = c->spec.sources[below(sources)].name;
    for (unsigned i = 0; i < count; i++)
        snprintf(inputs + strlen(inputs), sizeof c->texts[0] - strlen(inputs), "%s%s ", chosen[i],
                 one_in(2) ? "?" : "");
    snprintf(settings, sizeof c->texts[0], "capacity=%u%s", 1 + below(4),
             one_in(2) ? " wait=3s" : "");
    c->spec.reactors[index] = (rig_reactor){
        .name = names[index],
        .criteria = criteria,
        .inputs = inputs,
        .strategy = one_in(3) ? WEIR_LATEST : WEIR_SEQUENTIAL,
        .settings = settings,
        .to = one_in(3) ? "f" : NULL,
        .graphs = one_in(2) ? setting(c, "on_error=retry delay=2s attempts", 2 + below(2)) : NULL,
        .where = one_in(3),
    };
}

static void say(random_case *c, const char *format, ...) WEIR_PRINTF(2, 3);
static void say(random_case *c, const char *format, ...)
{
    size_t size = strlen(c->script);
    va_list args;

    va_start(args, format);
    vsnprintf(c->script + size, sizeof c->script - size, format, args);
    va_end(args);
}

static void make_script(random_case *c, unsigned sources, unsigned reactors)
{
    unsigned steps = 3 + below(25);

    for (unsigned i = 0; i < steps; i++) {
        unsigned pushes = below(8);
        for (unsigned p = 0; p < pushes; p++) {
            int id = ++c->id;
            const char *source = c->spec.sources[below(sources)].name;
            say(c, "%s%dk%u ", source, id, below(3));
            if (one_in(8))
                c->fails[id] = (uint8_t)(1 + below(3));
            if (one_in(10) && strlen(c->false_ids) < 50)
                sprintf(c->false_ids + strlen(c->false_ids), "%d,", id);
            if (one_in(20) && strlen(c->bad_ids) < 50)
                sprintf(c->bad_ids + strlen(c->bad_ids), "%d,", id);
        }
        if (one_in(6))
            say(c, "%s:%s ", one_in(2) ? "pause" : "resume",
                c->spec.reactors[below(reactors)].name);
        if (one_in(4))
            say(c, "+%u00ms ", 1 + below(40));
        if (!one_in(5))
            say(c, "; ");
    }
    say(c, "; ");
}

static void make_case(random_case *c)
{
    unsigned sources = 1 + below(3), reactors = 1 + below(3);

    c->keyed = one_in(2);
    c->spec.sinks[0] = "dead";
    c->spec.settings = "max_rounds=3";
    make_sources(c, sources);
    unsigned accumulators = make_accumulators(c, sources);
    for (unsigned i = 0; i < reactors; i++)
        make_reactor(c, i, accumulators, sources);
    make_script(c, sources, reactors);
}

/* --- Comparing --- */

static void print_case(const random_case *c)
{
    for (int i = 0; c->spec.sources[i].name != NULL; i++)
        printf("  source %s %s\n", c->spec.sources[i].name,
               c->spec.sources[i].settings != NULL ? c->spec.sources[i].settings : "");
    for (int i = 0; c->spec.accumulators[i].name != NULL; i++)
        printf("  accumulator %s over %s%s%s\n", c->spec.accumulators[i].name,
               c->spec.accumulators[i].source != NULL ? c->spec.accumulators[i].source : "-",
               c->spec.accumulators[i].keyed ? ", keyed" : "",
               c->spec.accumulators[i].where ? ", where" : "");
    for (int i = 0; c->spec.reactors[i].name != NULL; i++) {
        const rig_reactor *r = &c->spec.reactors[i];
        printf("  reactor %s %s %s in: %s; %s; graph: %s; to %s%s\n", r->name,
               r->strategy == WEIR_LATEST ? "latest" : "sequential", r->criteria, r->inputs,
               r->settings, r->graphs != NULL ? r->graphs : "", r->to != NULL ? r->to : "-",
               r->where ? "; where" : "");
    }
    printf("  false: %s bad: %s fails:", c->false_ids, c->bad_ids);
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

/* Word by word, so that a difference shows where it began. */
static void run_both(unsigned long seed, random_case *c, rig_world *rig, oracle *model)
{
    char *rest = NULL, *copy = strdup(c->script);
    size_t done = 0;

    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        rig_run(rig, word);
        model_run(model, word);
        done += strlen(word) + 1;
        const char *came = rig->record.data != NULL ? rig->record.data : "";
        if (strcmp(model_record(model), came) != 0)
            c->script[done] = '\0';
        if (strcmp(model_record(model), came) != 0 || strcmp(word, ";") == 0)
            compare(seed, c, rig, model);
    }
    free(copy);
}

/* The end waits for those who are paused. */
static void end_pauses(const random_case *c, rig_world *rig, oracle *model)
{
    for (int i = 0; c->spec.reactors[i].name != NULL && !rig->ended; i++) {
        char word[32];
        snprintf(word, sizeof word, "resume:%s ;", c->spec.reactors[i].name);
        rig_run(rig, word);
        model_run(model, word);
    }
}

static void run_seed(unsigned long seed)
{
    random_case *c = calloc(1, sizeof *c);
    rig_world rig = {0};

    assert_non_null(c);
    chance_state = seed * 0x9e3779b97f4a7c15u;
    make_case(c);
    rig.false_ids = c->false_ids;
    rig.bad_ids = c->bad_ids;
    memcpy(rig.fails, c->fails, sizeof rig.fails);
    oracle *model = model_new(&c->spec, c->false_ids, c->bad_ids, c->fails);
    rig_open(&rig, &c->spec);
    run_both(seed, c, &rig, model);
    rig_run(&rig, "close ; ; ;");
    model_run(model, "close ; ; ;");
    compare(seed, c, &rig, model);
    end_pauses(c, &rig, model);
    compare(seed, c, &rig, model);
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
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
