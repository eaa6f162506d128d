/* SPDX-License-Identifier: Apache-2.0 */
/* test_generated.c - random specs that were generated and compiled: what they do under random
 * scripts, against the model.
 *
 *     test_generated [--seed N] [--count M] [--trace yes]     one seed is one script for each
 * module
 */
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/simulate.h"

static unsigned long first_seed = 1, seed_count = RIG_TIMES(300);

#define MODULE(number, seed) extern const weir_module sim##number##_module;
#include "seeds.inc"
#undef MODULE

/* What each module was made of. */
static const struct {
    const weir_module *module;
    uint64_t seed;
} modules[] = {
#define MODULE(number, seed) {&sim##number##_module, seed},
#include "seeds.inc"
#undef MODULE
};

static void run_module(const weir_module *module, uint64_t spec)
{
    random_case *c = calloc(1, sizeof *c);

    assert_non_null(c);
    print_message("  %s, of seed %llu\n", module->name, (unsigned long long)spec);
    for (unsigned long seed = first_seed; seed < first_seed + seed_count; seed++) {
        assert_true(random_make_generated(c, spec));
        random_script(c, seed);
        simulate(c, seed, module);
    }
    free(c);
}

static void compiled_specs_do_what_the_model_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        run_module(modules[i].module, modules[i].seed);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(compiled_specs_do_what_the_model_does)};

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
