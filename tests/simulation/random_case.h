/* SPDX-License-Identifier: Apache-2.0 */
/* random_case.h - a random spec, and a random script that drives it. */
#ifndef WEIR_TESTS_RANDOM_CASE_H
#define WEIR_TESTS_RANDOM_CASE_H

#include "tests/pipeline/rig.h"

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
    bool generated; /* it can be written as a spec file */
    bool large;     /* up to 30 nodes: sources, accumulators, graphs and sinks */
    bool roomy;     /* no source is ever held: channels may have policies */
} random_case;

extern const char *const random_reactors[]; /* the names of reactors, in their order */

/* One seed is one case. */
void random_make(random_case *c, uint64_t seed);
/* One that generated code can do too: no kinds of the rig, nothing that nobody reads, and `where:`
 * of one kind. False: this seed gives none. */
bool random_make_generated(random_case *c, uint64_t seed);
void random_script(random_case *c, uint64_t seed); /* another script for the same spec */
uint64_t random_next(void);                        /* goes on where random_make has ended */
void random_say(random_case *c, const char *format, ...) WEIR_PRINTF(2, 3); /* to the script */

#endif
