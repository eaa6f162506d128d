/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - the one seam that every allocation goes through. */
#include <stdlib.h>
#include <string.h>

#include <weir/core.h>

static void *plain_allocate(void *arg, size_t size)
{
    (void)arg;
    return calloc(1, size);
}

static void *plain_resize(void *arg, void *memory, size_t size)
{
    (void)arg;
    return realloc(memory, size);
}

static void plain_release(void *arg, void *memory)
{
    (void)arg;
    free(memory);
}

static const weir_allocator plain = {plain_allocate, plain_resize, plain_release, NULL};

static weir_allocator current = {plain_allocate, plain_resize, plain_release, NULL};

void weir_set_allocator(const weir_allocator *allocator)
{
    current = allocator != NULL ? *allocator : plain;
}

void *weir_alloc(size_t size)
{
    void *memory = current.allocate(current.arg, size != 0 ? size : 1);

    /* calloc has zeroed it already, lazily; another allocator promises nothing. */
    if (memory != NULL && current.allocate != plain_allocate)
        memset(memory, 0, size);
    return memory;
}

void *weir_alloc_array(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return weir_alloc(bytes);
}

void *weir_realloc(void *memory, size_t size)
{
    return current.resize(current.arg, memory, size != 0 ? size : 1);
}

char *weir_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = weir_alloc(size);

    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void weir_free(void *memory)
{
    if (memory != NULL)
        current.release(current.arg, memory);
}
