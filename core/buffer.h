/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.h - bytes that grow, up to a limit.
 *
 * Memory: weir_buffer_free frees the content; a zeroed buffer is empty and valid. After a failed
 *         append `failed` is set and later appends do nothing, so that a writer of many pieces
 *         checks once at its end.
 */
#ifndef WEIR_CORE_BUFFER_H
#define WEIR_CORE_BUFFER_H

#include <weir/core.h>

typedef struct weir_buffer {
    char *data; /* ends with a NUL that is not counted, once anything was appended */
    size_t size;
    size_t capacity; /* one more than the limit at most */
    size_t limit;    /* 0: none */
    bool failed;     /* out of memory, or ... */
    bool full;       /* ... over the limit */
} weir_buffer;

WEIR_API void weir_buffer_free(weir_buffer *buffer);
WEIR_API bool weir_buffer_reserve(weir_buffer *buffer, size_t more); /* room for `more` bytes */

/* The same, where there mostly is room. */
static inline bool weir_buffer_room(weir_buffer *buffer, size_t more)
{
    return (!buffer->failed && more < buffer->capacity - buffer->size) ||
           weir_buffer_reserve(buffer, more);
}

WEIR_API void weir_buffer_append(weir_buffer *buffer, const void *data, size_t size);
WEIR_API void weir_buffer_text(weir_buffer *buffer, const char *text);
WEIR_API void weir_buffer_printf(weir_buffer *buffer, const char *format, ...) WEIR_PRINTF(2, 3);
WEIR_API void weir_buffer_vprintf(weir_buffer *buffer, const char *format, va_list args)
    WEIR_PRINTF(2, 0);

#endif
