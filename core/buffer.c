/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.c - bytes that grow, up to a limit. */
#include "core/buffer.h"

#include <stdio.h>
#include <string.h>

void weir_buffer_free(weir_buffer *buffer)
{
    weir_free(buffer->data);
    *buffer = (weir_buffer){.limit = buffer->limit};
}

bool weir_buffer_reserve(weir_buffer *buffer, size_t more)
{
    size_t needed = buffer->size + more + 1;
    bool over = buffer->limit != 0 && buffer->size + more > buffer->limit;

    if (buffer->failed)
        return false;
    if (needed <= buffer->capacity && !over)
        return true;
    size_t capacity = buffer->capacity * 2 > needed ? buffer->capacity * 2 : needed + 64;
    if (buffer->limit != 0 && capacity > buffer->limit)
        capacity = buffer->limit + 1;
    char *data = over ? NULL : weir_realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        buffer->full = over;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void weir_buffer_append(weir_buffer *buffer, const void *data, size_t size)
{
    if (!weir_buffer_reserve(buffer, size))
        return;
    if (size != 0)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void weir_buffer_text(weir_buffer *buffer, const char *text)
{
    weir_buffer_append(buffer, text, strlen(text));
}

void weir_buffer_vprintf(weir_buffer *buffer, const char *format, va_list args)
{
    size_t room = buffer->capacity - buffer->size;
    char *end = room != 0 ? buffer->data + buffer->size : NULL;
    va_list again;

    /* Most texts fit into what is there. */
    va_copy(again, args);
    int length = vsnprintf(end, room, format, again);
    va_end(again);
    if (length < 0 || !weir_buffer_reserve(buffer, (size_t)length)) {
        if (end != NULL)
            *end = '\0';
        buffer->failed = true;
        return;
    }
    if ((size_t)length >= room)
        vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, args);
    buffer->size += (size_t)length;
}

void weir_buffer_printf(weir_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir_buffer_vprintf(buffer, format, args);
    va_end(args);
}
