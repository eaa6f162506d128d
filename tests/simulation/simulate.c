/* SPDX-License-Identifier: Apache-2.0 */
/* simulate.c - one case, by the engine and by the model: what both record, after each word. */
#include "tests/simulation/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pipeline/rig_spec.h"
#include "tests/simulation/model.h"

bool simulate_trace;

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

size_t simulate_same(const char *a, const char *b)
{
    size_t same = 0;

    while (a[same] != '\0' && a[same] == b[same])
        same++;
    while (same > 0 && a[same - 1] != ' ')
        same--;
    return same;
}

static void differ(unsigned long seed, const random_case *c, const char *what, const char *expected,
                   const char *came)
{
    size_t same = simulate_same(expected, came);

    print_case(c);
    printf("  %s\n  same:   %.*s\n  model:  %s\n  engine: %s\n", what, (int)same, expected,
           expected + same, came + same);
    fail_msg("seed %lu differs; %s --seed %lu --count 1", seed,
             c->generated ? "test_generated" : "test_simulation", seed);
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
    if (simulate_trace)
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
        random_say(c, "%s ", word);
    }
}

/* The end waits for sinks that are shut, and for reactors that are paused. */
static void run_to_the_end(unsigned long seed, random_case *c, rig_world *rig, oracle *model)
{
    bool stopped = strstr(c->script, "stop") != NULL;

    run_on(c, rig, model, stopped ? "; ;" : "close ; ; ;");
    compare(seed, c, rig, model);
    run_on(c, rig, model, "open ; ;");
    compare(seed, c, rig, model);
    for (unsigned i = 0; i < c->reactors && !stopped; i++) {
        char words[32];
        snprintf(words, sizeof words, "resume:%s ;", random_reactors[i]);
        run_on(c, rig, model, words);
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

void simulate(random_case *c, unsigned long seed, const weir_module *module)
{
    rig_world rig = {.terse = true, .module = module};

    rig_gate_shut = false;
    rig.false_ids = c->false_ids;
    rig.bad_ids = c->bad_ids;
    rig.config.seed = random_next(); /* keys lie in another order, and nobody may see it */
    memcpy(rig.fails, c->fails, sizeof rig.fails);
    oracle *model = model_new(&c->spec, c->false_ids, c->bad_ids, c->fails);
    rig_open(&rig, &c->spec);
    run_both(seed, c, &rig, model);
    run_to_the_end(seed, c, &rig, model);
    rig_close(&rig);
    model_free(model);
}
