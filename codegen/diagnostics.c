/* SPDX-License-Identifier: Apache-2.0 */
/* diagnostics.c - findings about a spec: collected, sorted, and written with their source line. */
#include "codegen/diagnostics.h"

#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"

weir_diagnostics *diagnostics_new(void)
{
    return weir_alloc(sizeof(weir_diagnostics));
}

void weir_diagnostics_free(weir_diagnostics *diagnostics)
{
    if (diagnostics == NULL)
        return;
    weir_arena_free(&diagnostics->arena);
    weir_free(diagnostics->entries);
    weir_free(diagnostics);
}

size_t weir_diagnostics_count(const weir_diagnostics *diagnostics)
{
    return diagnostics->count;
}

size_t weir_diagnostics_error_count(const weir_diagnostics *diagnostics)
{
    return diagnostics->errors;
}

const weir_diagnostic *weir_diagnostics_get(const weir_diagnostics *diagnostics, size_t index)
{
    return &diagnostics->entries[index].diagnostic;
}

static bool index_lines(weir_diagnostics *diagnostics, diagnostics_file *file)
{
    size_t count = 1;

    for (size_t i = 0; i < file->size; i++)
        count += file->text[i] == '\n';
    file->lines = weir_arena_alloc(&diagnostics->arena, count * sizeof(const char *));
    if (file->lines == NULL)
        return false;
    file->lines[file->line_count++] = file->text;
    for (size_t i = 0; i < file->size; i++)
        if (file->text[i] == '\n')
            file->lines[file->line_count++] = file->text + i + 1;
    return true;
}

const diagnostics_file *diagnostics_add_file(weir_diagnostics *diagnostics, const char *name,
                                             const char *text, size_t size)
{
    diagnostics_file *file = weir_arena_alloc(&diagnostics->arena, sizeof *file);
    diagnostics_file **last = &diagnostics->files;

    if (file == NULL)
        return NULL;
    *file = (diagnostics_file){
        .name = weir_arena_copy(&diagnostics->arena, name, strlen(name)),
        .text = weir_arena_copy(&diagnostics->arena, text, size),
        .size = size,
    };
    if (file->name == NULL || file->text == NULL || !index_lines(diagnostics, file))
        return NULL;
    while (*last != NULL)
        last = &(*last)->next;
    *last = file;
    return file;
}

/* --- Collecting --- */

static WEIR_PRINTF(2, 0) const
    char *vformat(weir_diagnostics *diagnostics, const char *format, va_list args)
{
    weir_buffer buffer = {0};
    char *message = NULL;

    weir_buffer_vprintf(&buffer, format, args);
    if (!buffer.failed && buffer.data != NULL)
        message = weir_arena_copy(&diagnostics->arena, buffer.data, buffer.size);
    weir_buffer_free(&buffer);
    if (message == NULL)
        diagnostics->failed = true;
    return message;
}

static bool grow(weir_diagnostics *diagnostics)
{
    if (diagnostics->count < diagnostics->capacity)
        return true;
    size_t capacity = diagnostics->capacity == 0 ? 16 : diagnostics->capacity * 2;
    diagnostics_entry *entries =
        weir_realloc(diagnostics->entries, capacity * sizeof *diagnostics->entries);
    if (entries == NULL) {
        diagnostics->failed = true;
        return false;
    }
    diagnostics->entries = entries;
    diagnostics->capacity = capacity;
    return true;
}

/* The place with a file name of our own: findings outlive the spec that they are about. */
static weir_place keep_place(weir_diagnostics *diagnostics, weir_place place, size_t *order)
{
    *order = 0;
    for (const diagnostics_file *file = diagnostics->files; file != NULL; file = file->next) {
        if (place.file != NULL && strcmp(file->name, place.file) == 0) {
            place.file = file->name;
            return place;
        }
        ++*order;
    }
    if (place.file != NULL)
        place.file = weir_arena_copy(&diagnostics->arena, place.file, strlen(place.file));
    return place;
}

static void add(weir_diagnostics *diagnostics, weir_severity severity, weir_place place,
                const char *message)
{
    /* Errors count even when there is no memory to keep them: a bad spec is never let through. */
    if (severity == WEIR_SEVERITY_ERROR)
        diagnostics->errors++;
    if (message == NULL || !grow(diagnostics))
        return;
    size_t order;
    place = keep_place(diagnostics, place, &order);
    diagnostics->entries[diagnostics->count++] = (diagnostics_entry){
        .diagnostic = {.severity = severity, .place = place, .message = message},
        .order = order,
    };
}

void diagnostics_error(weir_diagnostics *diagnostics, weir_place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diagnostics, WEIR_SEVERITY_ERROR, place, vformat(diagnostics, format, args));
    va_end(args);
}

void diagnostics_warning(weir_diagnostics *diagnostics, weir_place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diagnostics, WEIR_SEVERITY_WARNING, place, vformat(diagnostics, format, args));
    va_end(args);
}

void diagnostics_note(weir_diagnostics *diagnostics, weir_place place, const char *format, ...)
{
    weir_note *note = weir_arena_alloc(&diagnostics->arena, sizeof *note);
    va_list args;

    if (note == NULL || diagnostics->count == 0) {
        diagnostics->failed = true;
        return;
    }
    va_start(args, format);
    note->message = vformat(diagnostics, format, args);
    va_end(args);
    if (note->message == NULL)
        return;
    size_t order;
    note->place = keep_place(diagnostics, place, &order);
    diagnostics_entry *entry = &diagnostics->entries[diagnostics->count - 1];
    if (entry->last_note == NULL)
        entry->diagnostic.notes = note;
    else
        entry->last_note->next = note;
    entry->last_note = note;
}

void diagnostics_forget(weir_diagnostics *diagnostics, size_t count)
{
    for (; diagnostics->count > count; diagnostics->count--)
        if (diagnostics->entries[diagnostics->count - 1].diagnostic.severity == WEIR_SEVERITY_ERROR)
            diagnostics->errors--;
}

/* --- Sorting --- */

static int compare_numbers(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int compare(const void *first, const void *second)
{
    const diagnostics_entry *a = first, *b = second;
    int order = compare_numbers(a->order, b->order);

    if (order == 0)
        order = compare_numbers(a->diagnostic.place.line, b->diagnostic.place.line);
    if (order == 0)
        order = compare_numbers(a->diagnostic.place.column, b->diagnostic.place.column);
    if (order == 0)
        order = compare_numbers(a->diagnostic.severity, b->diagnostic.severity);
    return order != 0 ? order : strcmp(a->diagnostic.message, b->diagnostic.message);
}

void diagnostics_sort(weir_diagnostics *diagnostics)
{
    diagnostics_entry *entries = diagnostics->entries;
    size_t kept = 0;

    if (diagnostics->count == 0)
        return;
    qsort(entries, diagnostics->count, sizeof *entries, compare);
    for (size_t i = 0; i < diagnostics->count; i++) {
        if (kept == 0 || compare(&entries[kept - 1], &entries[i]) != 0)
            entries[kept++] = entries[i];
        else if (entries[i].diagnostic.severity == WEIR_SEVERITY_ERROR)
            diagnostics->errors--;
    }
    diagnostics->count = kept;
}

/* --- Writing --- */

static const char *find_line(const weir_diagnostics *diagnostics, weir_place place, size_t *length)
{
    const diagnostics_file *file = diagnostics->files;

    while (file != NULL && (place.file == NULL || strcmp(file->name, place.file) != 0))
        file = file->next;
    if (file == NULL || place.line == 0 || place.line > file->line_count)
        return NULL;
    *length = strcspn(file->lines[place.line - 1], "\r\n");
    return file->lines[place.line - 1];
}

/* The caret stands below the column-th character: tabs stay tabs, so that it meets its character
 * however wide they are. */
static void write_source(weir_buffer *buffer, const weir_diagnostics *diagnostics, weir_place place)
{
    size_t length = 0;
    const char *line = find_line(diagnostics, place, &length);
    uint32_t column = 1;

    if (line == NULL || length > 400)
        return;
    weir_buffer_printf(buffer, "    %.*s\n    ", (int)length, line);
    for (size_t i = 0; i < length && column < place.column; i++) {
        if (((unsigned char)line[i] & 0xc0) == 0x80)
            continue;
        weir_buffer_text(buffer, line[i] == '\t' ? "\t" : " ");
        column++;
    }
    weir_buffer_text(buffer, "^\n");
}

static void write_place(weir_buffer *buffer, weir_place place)
{
    weir_buffer_printf(buffer, "%s:", place.file != NULL ? place.file : "spec");
    if (place.line != 0)
        weir_buffer_printf(buffer, "%u:%u:", place.line, place.column);
}

char *weir_diagnostics_text(const weir_diagnostics *diagnostics)
{
    weir_buffer buffer = {0};

    weir_buffer_text(&buffer, "");
    for (size_t i = 0; i < diagnostics->count; i++) {
        const weir_diagnostic *diagnostic = &diagnostics->entries[i].diagnostic;
        bool warning = diagnostic->severity == WEIR_SEVERITY_WARNING;

        write_place(&buffer, diagnostic->place);
        weir_buffer_printf(&buffer, " %s: %s\n", warning ? "warning" : "error",
                           diagnostic->message);
        write_source(&buffer, diagnostics, diagnostic->place);
        for (const weir_note *note = diagnostic->notes; note != NULL; note = note->next) {
            write_place(&buffer, note->place);
            weir_buffer_printf(&buffer, " note: %s\n", note->message);
            write_source(&buffer, diagnostics, note->place);
        }
    }
    if (buffer.failed)
        weir_buffer_free(&buffer);
    return buffer.data;
}
