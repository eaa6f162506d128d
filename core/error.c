/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - failures as values. */
#include <stdio.h>
#include <string.h>

#include <weir/core.h>

struct weir_error {
    weir_status status;
    weir_place place; /* its file name stands behind the message */
    char *message;
};

static char nomem_message[] = "out of memory";
static weir_error nomem = {.status = WEIR_NOMEM, .message = nomem_message};

const char *weir_status_text(weir_status status)
{
    switch (status) {
#define WEIR_STATUS_TEXT(name, number, text)                                                       \
    case WEIR_##name:                                                                              \
        return text;
        WEIR_STATUS_LIST(WEIR_STATUS_TEXT)
#undef WEIR_STATUS_TEXT
    }
    return "unknown status";
}

void weir_error_free(weir_error *error)
{
    if (error != &nomem)
        weir_free(error);
}

weir_status weir_error_status(const weir_error *error)
{
    return error->status;
}

const char *weir_error_message(const weir_error *error)
{
    return error->message;
}

weir_place weir_error_place(const weir_error *error)
{
    return error->place;
}

bool weir_error_retriable(const weir_error *error)
{
    return error->status == WEIR_AGAIN || error->status == WEIR_FULL;
}

/* One block holds the error, its message and its file name. */
WEIR_PRINTF(3, 0)
static weir_error *build(weir_status status, weir_place place, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return &nomem;

    size_t message_size = (size_t)length + 1;
    size_t file_size = place.file != NULL ? strlen(place.file) + 1 : 0;
    weir_error *error = weir_alloc(sizeof *error + message_size + file_size);
    if (error == NULL)
        return &nomem;
    error->status = status;
    error->place = place;
    error->message = (char *)(error + 1);
    vsnprintf(error->message, message_size, format, args);
    if (place.file != NULL)
        error->place.file = memcpy(error->message + message_size, place.file, file_size);
    return error;
}

WEIR_PRINTF(4, 0)
static weir_status set(weir_error **error, weir_status status, weir_place place, const char *format,
                       va_list args)
{
    if (error != NULL) {
        /* The old error may be an argument of the new message: free it last. */
        weir_error *old = *error;
        *error = build(status, place, format, args);
        weir_error_free(old);
    }
    return status;
}

weir_status weir_error_set(weir_error **error, weir_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(error, status, (weir_place){0}, format, args);
    va_end(args);
    return status;
}

weir_status weir_error_set_at(weir_error **error, weir_status status, weir_place place,
                              const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(error, status, place, format, args);
    va_end(args);
    return status;
}
