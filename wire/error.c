/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - what is wrong, and where: built only once something is. */
#include <weir/codec.h>

#include <stdarg.h>
#include <stdio.h>

const char *weir_wire_fault_text(weir_wire_fault fault)
{
    static const char *const texts[] = {
#define TEXT(name, text) text,
        WEIR_WIRE_FAULT_LIST(TEXT)
#undef TEXT
    };
    return (size_t)fault < sizeof texts / sizeof *texts ? texts[fault] : "unknown fault";
}

static void fill(weir_wire_error *error, weir_status status, weir_wire_fault fault, size_t offset)
{
    error->status = status;
    error->fault = fault;
    error->offset = offset;
    error->path[0] = '\0';
}

void *weir_read_fail(weir_reader *reader, const unsigned char *at, weir_wire_fault fault,
                     const char *format, ...)
{
    va_list args;

    fill(reader->error, WEIR_DECODE, fault, (size_t)(at - reader->start));
    va_start(args, format);
    vsnprintf(reader->error->message, sizeof reader->error->message, format, args);
    va_end(args);
    return NULL;
}

void *weir_read_truncated(weir_reader *reader)
{
    return weir_read_fail(reader, reader->end, WEIR_WIRE_TRUNCATED,
                          reader->end == reader->start ? "truncated: the message is empty"
                                                       : "truncated: the message ends too early");
}

void *weir_write_fail(weir_writer *writer, weir_wire_fault fault, const char *format, ...)
{
    va_list args;

    fill(writer->error, WEIR_ENCODE, fault, 0);
    va_start(args, format);
    vsnprintf(writer->error->message, sizeof writer->error->message, format, args);
    va_end(args);
    return NULL;
}

/* A path that grows too long loses its end: what is left names the place from the top. */
static void prepend(weir_wire_error *error, const char *text, const char *between)
{
    char path[WEIR_WIRE_PATH];
    size_t length = strlen(text) + strlen(between), rest = strlen(error->path);

    memcpy(path, error->path, rest + 1);
    snprintf(error->path, sizeof error->path, "%s%s", text, between);
    if (length + 1 < sizeof error->path)
        snprintf(error->path + length, sizeof error->path - length, "%s", path);
}

void *weir_in_field(weir_wire_error *error, const char *field)
{
    prepend(error, field, error->path[0] == '\0' || error->path[0] == '[' ? "" : ".");
    return NULL;
}

void *weir_in_item(weir_wire_error *error, uint32_t index)
{
    char text[16];

    snprintf(text, sizeof text, "[%u]", index);
    prepend(error, text, error->path[0] == '\0' || error->path[0] == '[' ? "" : ".");
    return NULL;
}

void *weir_read_twice(weir_reader *reader, const unsigned char *at)
{
    return weir_read_fail(reader, at, WEIR_WIRE_DUPLICATE, "the field is given twice");
}

void *weir_read_missing(weir_reader *reader, const unsigned char *at, const weir_type *type,
                        const uint64_t *seen)
{
    const weir_field *field = type->fields;

    for (uint32_t i = 0; i < type->field_count; i++, field++)
        if (!field->optional && !field->fallback && (seen[i / 64] >> (i % 64) & 1) == 0)
            break;
    weir_read_fail(reader, at, WEIR_WIRE_MISSING, "the required field '%s' of %s is missing",
                   field->wire, type->name);
    return weir_in_field(reader->error, field->name);
}

bool weir_enum_number(const weir_type *type, const char *name, size_t size, int32_t *ret_number)
{
    for (uint32_t i = 0; i < type->enumerator_count; i++) {
        const weir_enumerator *value = &type->enumerators[i];
        if (value->size == size && memcmp(value->name, name, size) == 0) {
            *ret_number = value->number;
            return true;
        }
    }
    return false;
}

const weir_enumerator *weir_enum_find(const weir_type *type, int32_t number)
{
    for (uint32_t i = 0; i < type->enumerator_count; i++)
        if (type->enumerators[i].number == number)
            return &type->enumerators[i];
    return NULL;
}
