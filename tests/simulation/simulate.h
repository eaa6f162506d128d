/* SPDX-License-Identifier: Apache-2.0 */
/* simulate.h - one case, by the engine and by the model. */
#ifndef WEIR_TESTS_SIMULATE_H
#define WEIR_TESTS_SIMULATE_H

#include "tests/simulation/random_case.h"

extern bool simulate_trace; /* each word of the script, with what the model did */

/* Fails where the two differ, and tells how to see it again. `module`: generated from the case's
 * spec; NULL: its tables. */
void simulate(random_case *c, unsigned long seed, const weir_module *module);

/* How much of two records is the same, by whole words. */
size_t simulate_same(const char *a, const char *b);

#endif
