/* SPDX-License-Identifier: Apache-2.0 */
/* scarce.h - memory that is counted and runs out, for weir_set_allocator. */
#ifndef WEIR_TESTS_SCARCE_H
#define WEIR_TESTS_SCARCE_H

#include <weir/core.h>

typedef struct scarce_memory {
    unsigned long allocations; /* that were asked for, by all threads */
    unsigned long fails_at;    /* the one of them that fails, from 1 on; 0: none */
    bool for_good;             /* and all after it */
} scarce_memory;

/* `memory` must outlive its use; it may be shared with a child process. */
weir_allocator scarce_allocator(scarce_memory *memory);

#endif
