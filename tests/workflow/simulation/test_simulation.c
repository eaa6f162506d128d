/* SPDX-License-Identifier: Apache-2.0 */
/* test_simulation.c - worlds of workflows: runners that crash, freeze and meet faults, clocks that
 * jump, people that interfere; and in the end all has ended, as the rules say (F1..F9, F12..F14).
 *
 *     test_workflow_simulation [--seed S] [--count N] [--trace yes]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/workflow/simulation/world.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { COUNT = 50 };
#else
enum { COUNT = 1000 };
#endif

static unsigned long first_seed = 1, seed_count = COUNT;

static void every_world_ends_well(void **state)
{
    char wrong[1000];
    int bad = 0;

    (void)state;
    for (unsigned long seed = first_seed; seed < first_seed + seed_count; seed++) {
        world *w = world_new(seed);
        if (!world_live(w, wrong, sizeof wrong) || !world_is_sound(w, wrong, sizeof wrong)) {
            print_error("seed %lu: %s\n", seed, wrong);
            bad++;
        }
        world_free(w);
    }
    assert_int_equal(bad, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_world_ends_well)};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            first_seed = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0)
            seed_count = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--trace") == 0)
            world_trace = strcmp(argv[i + 1], "yes") == 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
