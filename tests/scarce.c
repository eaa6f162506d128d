/* SPDX-License-Identifier: Apache-2.0 */
/* scarce.c - an allocator that counts, and fails when it is told to. */
#include "tests/scarce.h"

#include <stdlib.h>

static bool may_allocate(scarce_memory *memory)
{
    unsigned long at = __atomic_add_fetch(&memory->allocations, 1, __ATOMIC_RELAXED);

    return at != memory->fails_at &&
           !(memory->for_good && memory->fails_at != 0 && at > memory->fails_at);
}

static void *allocate(void *arg, size_t size)
{
    return may_allocate(arg) ? malloc(size) : NULL;
}

static void *resize(void *arg, void *memory, size_t size)
{
    return may_allocate(arg) ? realloc(memory, size) : NULL;
}

static void release(void *arg, void *memory)
{
    (void)arg;
    free(memory);
}

weir_allocator scarce_allocator(scarce_memory *memory)
{
    return (weir_allocator){allocate, resize, release, memory};
}
