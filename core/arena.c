/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - memory that is freed all at once. */
#include "core/arena.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 16384, ALIGN = 16 };

struct weir_arena_block {
    struct weir_arena_block *next;
    size_t size;
    _Alignas(16) unsigned char data[];
};

void *weir_arena_alloc(weir_arena *arena, size_t size)
{
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (arena->blocks == NULL || arena->blocks->size - arena->used < size) {
        size_t room = size > BLOCK ? size : BLOCK;
        struct weir_arena_block *block = weir_alloc(sizeof *block + room);
        if (block == NULL) {
            arena->failed = true;
            return NULL;
        }
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->used = 0;
    }
    void *memory = arena->blocks->data + arena->used;
    arena->used += size;
    return memory;
}

char *weir_arena_copy(weir_arena *arena, const char *text, size_t size)
{
    char *copy = weir_arena_alloc(arena, size + 1);

    if (copy != NULL && size != 0)
        memcpy(copy, text, size);
    return copy;
}

char *weir_arena_printf(weir_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : weir_arena_alloc(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void weir_arena_free(weir_arena *arena)
{
    while (arena->blocks != NULL) {
        struct weir_arena_block *next = arena->blocks->next;
        weir_free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
}
