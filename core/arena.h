/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory that is freed all at once; what a code generator's run lives in. */
#ifndef WEIR_CORE_ARENA_H
#define WEIR_CORE_ARENA_H

#include <weir/core.h>

typedef struct weir_arena {
    struct weir_arena_block *blocks;
    size_t used; /* of the newest block */
    bool failed; /* some of what was asked for could not be had */
} weir_arena;

WEIR_API void *weir_arena_alloc(weir_arena *arena, size_t size); /* zeroed, aligned; NULL: none */
WEIR_API char *weir_arena_copy(weir_arena *arena, const char *text, size_t size); /* adds a NUL */
WEIR_API char *weir_arena_printf(weir_arena *arena, const char *format, ...) WEIR_PRINTF(2, 3);
WEIR_API void weir_arena_free(weir_arena *arena);

#endif
