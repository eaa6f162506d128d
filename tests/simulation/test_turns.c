/* SPDX-License-Identifier: Apache-2.0 */
/* test_turns.c - under `sequential` nobody sees how events are spread over turns and spans: random
 * specs, the same events in a turn each, in turns as long as can be, and in arrays.
 *
 *     test_turns [--seed N] [--count M]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pipeline/rig_spec.h"
#include "tests/simulation/random_case.h"
#include "tests/simulation/simulate.h"

static unsigned long first_seed = 1, seed_count = RIG_TIMES(1000);

enum { ROOM = 32768, SHAPES = 3 };

/* Hours for seconds: a `wait:` that ran out under a hold is due when that ends, in the next turn.
 */
static void wait_for_long(random_case *c)
{
    for (int t = 0; t < c->text_count; t++) {
        char *wait = strstr(c->texts[t], "wait=");
        if (wait != NULL)
            wait[strlen("wait=2")] = 'h';
    }
}

/* One channel without a limit that could be met, and sequential reactors. False: another seed. */
static bool make(random_case *c, uint64_t seed)
{
    if (!random_make_generated(c, seed) || c->sources != 1)
        return false;
    c->spec.sources[0].settings = NULL;
    for (unsigned i = 0; i < c->reactors; i++)
        c->spec.reactors[i].strategy = WEIR_SEQUENTIAL;
    wait_for_long(c);
    random_script(c, seed);
    return true;
}

static bool is_push(const char *word)
{
    return word[0] == 'a' && word[1] >= '0' && word[1] <= '9';
}

/* All that was pushed is taken before anything else happens; in between the shape decides. */
static void shape_script(const random_case *c, int shape, char *script)
{
    char copy[ROOM], *rest = NULL;
    bool pushed = false;
    int together = 0, size = 0;

    snprintf(copy, sizeof copy, "%s", c->script);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, ";") == 0)
            continue;
        bool push = is_push(word);
        bool joins = push && pushed && shape == 2 && together < 60;
        if (pushed && (!push || shape == 0))
            size += snprintf(script + size, ROOM - (size_t)size, " ;");
        size += snprintf(script + size, ROOM - (size_t)size, "%s%s", joins ? "," : " ",
                         joins ? word + 1 : word);
        together = joins ? together + 1 : 1;
        pushed = push;
    }
    snprintf(script + size, ROOM - (size_t)size, " ; close ; ;");
}

static char *run(const random_case *c, int shape)
{
    static char script[ROOM];
    rig_world rig = {.terse = true, .still = true, .false_ids = c->false_ids};

    memcpy(rig.fails, c->fails, sizeof rig.fails);
    shape_script(c, shape, script);
    rig_open(&rig, &c->spec);
    rig_run(&rig, script);
    rig_check_ledgers(&rig);
    char *record = strdup(rig.record.data != NULL ? rig.record.data : "");
    rig_close(&rig);
    assert_non_null(record);
    return record;
}

static void compare_shapes(const random_case *c, unsigned long seed)
{
    static const char *const names[SHAPES] = {"a turn each", "long turns", "arrays"};
    char *first = run(c, 0);

    for (int shape = 1; shape < SHAPES; shape++) {
        char *other = run(c, shape);
        size_t same = simulate_same(first, other);
        if (strcmp(first, other) != 0) {
            printf("  %s\n  same:   %.*s\n  %s: %s\n  %s: %s\n", c->script, (int)same, first,
                   names[0], first + same, names[shape], other + same);
            fail_msg("seed %lu differs; test_turns --seed %lu --count 1", seed, seed);
        }
        free(other);
    }
    free(first);
}

static void nobody_sees_turns_and_spans(void **state)
{
    random_case *c = calloc(1, sizeof *c);
    unsigned long compared = 0;

    (void)state;
    assert_non_null(c);
    for (unsigned long seed = first_seed; seed < first_seed + seed_count; seed++)
        if (make(c, seed)) {
            compare_shapes(c, seed);
            compared++;
        }
    print_message("  %lu of %lu seeds\n", compared, seed_count);
    free(c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nobody_sees_turns_and_spans)};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            first_seed = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0)
            seed_count = strtoul(argv[i + 1], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
