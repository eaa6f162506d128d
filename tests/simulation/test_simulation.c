/* SPDX-License-Identifier: Apache-2.0 */
/* test_simulation.c - random specs and schedules: the engine against the naive model.
 *
 *     test_simulation [--seed N] [--count M] [--trace yes]     one seed is one schedule
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/simulate.h"

static unsigned long first_seed = 1, seed_count = RIG_TIMES(5000);

static void run_seed(unsigned long seed)
{
    random_case *c = calloc(1, sizeof *c);

    assert_non_null(c);
    random_make(c, seed);
    simulate(c, seed, NULL);
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
            simulate_trace = true;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
