/* SPDX-License-Identifier: Apache-2.0 */
/* own_kinds.h - kinds of a user's own, which the suite checks as it checks weir's. */
#ifndef WEIR_TESTS_OWN_KINDS_H
#define WEIR_TESTS_OWN_KINDS_H

#include <weir/weir.h>

/* The source `pipe` reads lines from a named pipe; the sink `drum` keeps what it takes. */
extern const weir_kinds own_kinds;

/* What the drum holds, and whether it takes more. */
typedef struct own_drum {
    char *bytes;
    size_t size;
    bool shut, broken;
} own_drum;

extern own_drum own_drum_here;

#endif
