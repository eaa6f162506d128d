/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c - CSV (RFC 4180) of flat types, driven by their field tables. */
#include "wire/csv.h"
#include "core/calendar.h"
#include "wire/decimal.h"
#include "wire/values.h"

/* --- Framing --- */

/* Where in a cell a byte stands. */
enum { BEGIN, PLAIN, QUOTED, QUOTE }; /* QUOTE: behind one that may close the cell */

static uint8_t next_state(uint8_t state, unsigned char byte)
{
    if (state == QUOTED)
        return byte == '"' ? QUOTE : QUOTED;
    if (byte == ',')
        return BEGIN;
    if (byte == '"' && state != PLAIN)
        return QUOTED;
    return state == QUOTE && byte == '\r' ? QUOTE : PLAIN;
}

/* Goes on to the newline that ends the record, or to the end of `bytes`. */
static void scan_record(weir_slice bytes, weir_csv_scan *scan)
{
    while (scan->at < bytes.size) {
        unsigned char byte = bytes.data[scan->at];
        if (byte == '\n' && scan->state != QUOTED)
            return;
        scan->state = next_state(scan->state, byte);
        scan->at++;
    }
}

weir_status weir_csv_record(weir_slice bytes, bool last, weir_csv_scan *scan, size_t *ret_size,
                            size_t *ret_next)
{
    const unsigned char *line = NULL;

    /* Most records have no quotes: their end is the end of their line. */
    if (scan->at == 0 && bytes.size != 0)
        line = memchr(bytes.data, '\n', bytes.size);
    if (line != NULL && memchr(bytes.data, '"', (size_t)(line - bytes.data)) == NULL)
        scan->at = (size_t)(line - bytes.data);
    else
        scan_record(bytes, scan);
    bool ended = scan->at < bytes.size;
    if (!ended && (!last || bytes.size == 0))
        return WEIR_AGAIN;
    *ret_size = scan->at - (scan->at > 0 && bytes.data[scan->at - 1] == '\r');
    *ret_next = scan->at + ended;
    return scan->state == QUOTED ? WEIR_DECODE : WEIR_OK;
}

/* --- Cells --- */

/* One cell as it stands: between its quotes where it has some. */
typedef struct csv_cell {
    const unsigned char *start, *end;
    bool quoted;
    bool doubled; /* holds "" for a quote */
} csv_cell;

/* Reads a cell and goes to the comma behind it, or the record's end. */
static const unsigned char *read_cell(weir_reader *reader, const unsigned char *at, csv_cell *ret)
{
    *ret = (csv_cell){.start = at, .end = at};
    if (at == reader->end || *at != '"') {
        while (at < reader->end && *at != ',' && *at != '"')
            at++;
        ret->end = at;
        if (at < reader->end && *at == '"')
            return weir_read_fail(reader, at, WEIR_WIRE_MALFORMED,
                                  "malformed CSV: a quote within a cell that has none around it");
        return at;
    }
    ret->quoted = true;
    ret->start = ++at;
    for (;; at++) {
        const unsigned char *quote = memchr(at, '"', (size_t)(reader->end - at));
        if (quote == NULL)
            return weir_read_truncated(reader);
        ret->end = quote;
        at = quote + 1;
        if (at == reader->end || *at == ',')
            return at;
        if (*at != '"')
            return weir_read_fail(reader, at, WEIR_WIRE_MALFORMED,
                                  "malformed CSV: text behind a closing quote");
        ret->doubled = true;
    }
}

/* A cell of a record that has no quotes. */
static const unsigned char *read_plain_cell(const weir_reader *reader, const unsigned char *at,
                                            csv_cell *ret)
{
    const unsigned char *comma =
        at < reader->end ? memchr(at, ',', (size_t)(reader->end - at)) : NULL;

    *ret = (csv_cell){.start = at, .end = comma != NULL ? comma : reader->end};
    return ret->end;
}

/* A cell's text; doubled quotes are taken away into the scratch, as far as that goes. */
static weir_text cell_text(weir_reader *reader, const csv_cell *cell)
{
    size_t size = 0;

    if (!cell->doubled)
        return (weir_text){(const char *)cell->start, (size_t)(cell->end - cell->start)};
    for (const unsigned char *at = cell->start; at < cell->end; at++) {
        if (size == sizeof reader->scratch)
            return (weir_text){"", 0};
        reader->scratch[size++] = (char)*at;
        at += *at == '"';
    }
    return (weir_text){reader->scratch, size};
}

/* The cell's text without doubled quotes, as far as `room` goes; its size whole. */
static size_t copy_text(const csv_cell *cell, char *ret, size_t room)
{
    size_t whole = (size_t)(cell->end - cell->start), size = 0;

    if (!cell->doubled) {
        memcpy(ret, cell->start, whole < room ? whole : room);
        return whole;
    }
    for (const unsigned char *at = cell->start; at < cell->end; at++) {
        if (size < room)
            ret[size] = (char)*at;
        size++;
        at += *at == '"';
    }
    return size;
}

static bool read_string(weir_reader *reader, const csv_cell *cell, const weir_field *field,
                        char *ret)
{
    size_t size = copy_text(cell, ret, field->size);

    if (size > field->size)
        return weir_read_fail(reader, cell->start, WEIR_WIRE_LENGTH,
                              "the string has more than %u bytes", field->size) != NULL;
    memset(ret + size, 0, field->size + 1 - size);
    const unsigned char *text = (const unsigned char *)ret;
    if (memchr(ret, '\0', size) != NULL)
        return weir_read_fail(reader, cell->start, WEIR_WIRE_NUL, "a NUL in a string") != NULL;
    if (wire_utf8_fault(text, text + size) != NULL)
        return weir_read_fail(reader, cell->start, WEIR_WIRE_UTF8, "bad UTF-8") != NULL;
    return true;
}

static bool read_bytes(weir_reader *reader, const unsigned char *at, weir_text text,
                       const weir_field *field, uint8_t *ret, uint32_t *ret_size)
{
    wire_base64 base64 = {.ret = ret, .capacity = field->size};
    wire_base64_result result = WIRE_BASE64_OK;

    for (size_t i = 0; i < text.size && result == WIRE_BASE64_OK; i++)
        result = wire_base64_take(&base64, (unsigned char)text.data[i]);
    *ret_size = base64.size;
    if (result == WIRE_BASE64_LONG)
        return weir_read_fail(reader, at, WEIR_WIRE_LENGTH, "more than %u bytes", field->size) !=
               NULL;
    if (result == WIRE_BASE64_MALFORMED || !wire_base64_whole(&base64))
        return weir_read_fail(reader, at, WEIR_WIRE_MALFORMED, "malformed base64") != NULL;
    return true;
}

static bool read_bool(weir_reader *reader, const unsigned char *at, weir_text text, bool *ret)
{
    *ret = text.size == 4 && memcmp(text.data, "true", 4) == 0;
    if (*ret || (text.size == 5 && memcmp(text.data, "false", 5) == 0))
        return true;
    return weir_read_fail(reader, at, WEIR_WIRE_TYPE, "expected true or false, found other text") !=
           NULL;
}

static bool is_number(weir_text text)
{
    wire_decimal decimal;
    const char *end = text.data + text.size, *fault;

    return wire_decimal_scan(text.data, end, &decimal, &fault) == end;
}

static bool read_time(weir_reader *reader, const unsigned char *at, weir_text text,
                      const weir_field *field, int64_t *ret)
{
    int64_t units;
    const char *end = text.data + text.size;
    bool digits = text.size != 0 && wire_integer_short(text.data, end, &units) == end;

    if (!digits && !is_number(text))
        return field->kind == WEIR_VALUE_TIMESTAMP ? wire_value_timestamp(reader, at, text, ret)
                                                   : wire_value_duration(reader, at, text, ret);
    weir_time_form form = field->kind == WEIR_VALUE_TIMESTAMP ? field->time_form : WEIR_TIME_NS;
    return (digits || wire_value_number(reader, at, text, WEIR_VALUE_I64, &units)) &&
           wire_value_time_units(reader, at, units, form, ret);
}

static bool read_enum(weir_reader *reader, const unsigned char *at, weir_text text,
                      const weir_type *type, int32_t *ret)
{
    int64_t number;

    if (!is_number(text))
        return wire_value_enum(reader, at, text, type, ret);
    return wire_value_number(reader, at, text, WEIR_VALUE_I64, &number) &&
           wire_value_enum_number(reader, at, number, type, ret);
}

/* Most numbers are short and plain; they are read without a look at their form first. */
static bool read_short(const weir_reader *reader, const csv_cell *cell, double *ret)
{
    const char *start = (const char *)cell->start;

    return wire_decimal_short(start, (const char *)reader->end, ret) == (const char *)cell->end;
}

static bool read_value(weir_reader *reader, const csv_cell *cell, const weir_field *field,
                       unsigned char *value)
{
    void *member = value + field->offset;
    weir_text text;

    if (field->kind == WEIR_VALUE_STRING)
        return read_string(reader, cell, field, member);
    if (field->kind == WEIR_VALUE_F64 && read_short(reader, cell, member))
        return true;
    text = cell_text(reader, cell);
    if (field->kind == WEIR_VALUE_BOOL)
        return read_bool(reader, cell->start, text, member);
    if (field->kind == WEIR_VALUE_BYTES)
        return read_bytes(reader, cell->start, text, field, member,
                          (uint32_t *)(void *)(value + field->size_offset));
    if (field->kind == WEIR_VALUE_TIMESTAMP || field->kind == WEIR_VALUE_DURATION)
        return read_time(reader, cell->start, text, field, member);
    if (field->kind == WEIR_VALUE_DATE)
        return wire_value_date(reader, cell->start, text, member);
    if (field->kind == WEIR_VALUE_ENUM)
        return read_enum(reader, cell->start, text, field->type, member);
    return wire_value_number(reader, cell->start, text, field->kind, member);
}

/* An empty cell is an absent optional or an empty string. */
static bool read_field(weir_reader *reader, const csv_cell *cell, const weir_field *field,
                       unsigned char *value)
{
    bool empty = cell->start == cell->end && !cell->quoted;

    if (field->optional) {
        *(bool *)(value + field->has_offset) = !empty;
        if (empty) {
            memset(value + field->offset, 0, field->item_size);
            return true;
        }
    }
    if (empty && field->kind != WEIR_VALUE_STRING && field->kind != WEIR_VALUE_BYTES)
        return weir_read_fail(reader, cell->start, WEIR_WIRE_MISSING,
                              "the cell of a required field is empty") != NULL;
    return read_value(reader, cell, field, value);
}

/* --- Records --- */

struct weir_csv_columns {
    const weir_type *type;
    size_t count;
    uint64_t *seen;            /* which fields have a column */
    const weir_field *field[]; /* of each column, NULL: none */
};

static weir_reader reader_of(weir_slice bytes, weir_wire_error *error)
{
    return (weir_reader){bytes.data, bytes.data + bytes.size, error, WEIR_WIRE_DEPTH, ""};
}

static const weir_field *find_field(const weir_type *type, weir_text name)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const char *wire = type->fields[i].wire;
        if (strlen(wire) == name.size && memcmp(wire, name.data, name.size) == 0)
            return &type->fields[i];
    }
    return NULL;
}

static bool map_column(weir_reader *reader, weir_csv_columns *columns, const csv_cell *cell)
{
    const weir_field *field = find_field(columns->type, cell_text(reader, cell));

    columns->field[columns->count++] = field;
    if (field == NULL)
        return true;
    size_t i = (size_t)(field - columns->type->fields);
    if (!weir_seen(&columns->seen[i / 64], (uint64_t)1 << (i % 64)))
        return true;
    weir_read_twice(reader, cell->start);
    weir_in_field(reader->error, field->name);
    return false;
}

static bool map_columns(weir_reader *reader, weir_csv_columns *columns)
{
    const unsigned char *at = reader->start;
    csv_cell cell;

    for (;; at++) {
        at = read_cell(reader, at, &cell);
        if (at == NULL || !map_column(reader, columns, &cell))
            return false;
        if (at == reader->end)
            break;
    }
    for (uint32_t i = 0; i < columns->type->field_count; i++) {
        const weir_field *field = &columns->type->fields[i];
        bool seen = (columns->seen[i / 64] >> (i % 64) & 1) != 0;
        if (!seen && !field->optional && !field->fallback)
            return weir_read_missing(reader, reader->start, columns->type, columns->seen) != NULL;
    }
    return true;
}

static bool usable(weir_reader *reader)
{
    if (reader->start == reader->end)
        return weir_read_truncated(reader) != NULL;
    if (reader->end - reader->start >= 3 && memcmp(reader->start, "\xef\xbb\xbf", 3) == 0)
        return weir_read_fail(reader, reader->start, WEIR_WIRE_MALFORMED,
                              "malformed CSV: it begins with a byte order mark") != NULL;
    return true;
}

weir_status weir_csv_columns_new(const weir_type *type, weir_slice header, weir_csv_columns **ret,
                                 weir_wire_error *error)
{
    weir_reader reader = reader_of(header, error);
    size_t most = 1, words = (type->field_count + 63u) / 64;

    for (size_t i = 0; i < header.size; i++)
        most += header.data[i] == ',';
    if (!usable(&reader))
        return error->status;
    weir_csv_columns *columns =
        weir_alloc(sizeof *columns + most * sizeof columns->field[0] + words * sizeof(uint64_t));
    if (columns == NULL) {
        weir_read_fail(&reader, reader.start, WEIR_WIRE_NOMEM, "out of memory");
        return error->status = WEIR_NOMEM;
    }
    columns->type = type;
    columns->seen = (uint64_t *)(void *)(columns->field + most);
    if (!map_columns(&reader, columns)) {
        weir_csv_columns_free(columns);
        return error->status;
    }
    *ret = columns;
    return WEIR_OK;
}

void weir_csv_columns_free(weir_csv_columns *columns)
{
    weir_free(columns);
}

static void *wrong_count(weir_reader *reader, const unsigned char *at, size_t found, size_t columns)
{
    return weir_read_fail(reader, at, WEIR_WIRE_MALFORMED,
                          found < columns ? "%zu cells, the header has %zu"
                                          : "more than %zu cells, the header has %zu",
                          found, columns);
}

weir_status weir_csv_decode(const weir_csv_columns *columns, weir_slice record, void *value,
                            weir_wire_error *error)
{
    weir_reader reader = reader_of(record, error);
    const unsigned char *at = reader.start;
    bool plain = record.size == 0 || memchr(at, '"', record.size) == NULL;
    csv_cell cell;

    for (size_t i = 0; i < columns->count; i++) {
        at = plain ? read_plain_cell(&reader, at, &cell) : read_cell(&reader, at, &cell);
        if (at == NULL)
            return error->status;
        const weir_field *field = columns->field[i];
        if (field != NULL && !read_field(&reader, &cell, field, value)) {
            weir_in_field(error, field->name);
            return error->status;
        }
        bool last = i + 1 == columns->count;
        if ((at == reader.end) != last) {
            wrong_count(&reader, at, i + 1, columns->count);
            return error->status;
        }
        at += !last;
    }
    if (columns->type->fill != NULL)
        columns->type->fill(value, columns->seen);
    return WEIR_OK;
}

/* --- Writing --- */

static unsigned char *put_cell(unsigned char *at, const char *text, size_t size)
{
    bool quoted = false;

    for (size_t i = 0; i < size; i++)
        quoted |= text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    /* An empty text in quotes is told from an absent one, whose cell is empty. */
    if (!quoted) {
        memcpy(at, text, size);
        return at + size;
    }
    *at++ = '"';
    for (size_t i = 0; i < size; i++) {
        *at++ = (unsigned char)text[i];
        if (text[i] == '"')
            *at++ = '"';
    }
    *at = '"';
    return at + 1;
}

static unsigned char *put_string(weir_writer *writer, unsigned char *at, const weir_field *field,
                                 const char *text)
{
    uint64_t odd;
    size_t size = weir_string_size(text, field->size + 1, &odd);

    if (size > field->size || odd != 0)
        if (!weir_check_string(writer, text, size, field->size + 1))
            return NULL;
    if (size == 0 && field->optional)
        return weir_put(at, "\"\"", 2);
    return put_cell(at, text, size);
}

static unsigned char *put_bytes(weir_writer *writer, unsigned char *at, const weir_field *field,
                                const uint8_t *bytes, uint32_t size)
{
    if (size > field->size)
        return weir_write_fail(writer, WEIR_WIRE_LENGTH, "%u bytes, at most %u", size, field->size);
    if (size == 0 && field->optional)
        return weir_put(at, "\"\"", 2);
    return (unsigned char *)wire_base64_print((char *)at, bytes, size);
}

static unsigned char *put_enum(weir_writer *writer, unsigned char *at, const weir_type *type,
                               int32_t number)
{
    const weir_enumerator *found = weir_enum_find(type, number);

    if (found == NULL)
        return weir_write_fail(writer, WEIR_WIRE_ENUM, "%d is no value of %s", number, type->name);
    return put_cell(at, found->name, found->size);
}

static unsigned char *put_date(weir_writer *writer, unsigned char *at, int32_t days)
{
    at = (unsigned char *)weir_calendar_print_date((char *)at, days);
    return at != NULL ? at
                      : weir_write_fail(writer, WEIR_WIRE_RANGE,
                                        "the date is not within years 0 and 9999");
}

static unsigned char *put_timestamp(unsigned char *at, const weir_field *field, int64_t ns)
{
    return field->time_form == WEIR_TIME_ISO
               ? (unsigned char *)weir_calendar_print_time((char *)at, ns)
               : weir_json_write_i64(at, weir_time_units(field->time_form, ns));
}

static unsigned char *put_value(weir_writer *writer, unsigned char *at, const weir_field *field,
                                const unsigned char *value)
{
    const void *member = value + field->offset;
    const void *size = value + field->size_offset;
    unsigned char *end;

    if (field->kind == WEIR_VALUE_STRING)
        return put_string(writer, at, field, member);
    if (field->kind == WEIR_VALUE_BYTES)
        return put_bytes(writer, at, field, member, *(const uint32_t *)size);
    if (field->kind == WEIR_VALUE_BOOL)
        return weir_json_write_bool(at, *(const bool *)member);
    if (field->kind == WEIR_VALUE_TIMESTAMP)
        return put_timestamp(at, field, *(const int64_t *)member);
    if (field->kind == WEIR_VALUE_DURATION)
        return weir_json_write_i64(at, *(const int64_t *)member);
    if (field->kind == WEIR_VALUE_DATE)
        return put_date(writer, at, *(const int32_t *)member);
    if (field->kind == WEIR_VALUE_ENUM)
        return put_enum(writer, at, field->type, *(const int32_t *)member);
    end = (unsigned char *)wire_value_print_number((char *)at, field->kind, member);
    return end != NULL ? end
                       : weir_write_fail(writer, WEIR_WIRE_NOT_FINITE,
                                         "NaN and infinity cannot be written as text");
}

static unsigned char *put_record(weir_writer *writer, unsigned char *at, const weir_type *type,
                                 const unsigned char *value)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const weir_field *field = &type->fields[i];
        if (i != 0)
            *at++ = ',';
        if (field->optional && !*(const bool *)(value + field->has_offset))
            continue;
        at = put_value(writer, at, field, value);
        if (at == NULL)
            return weir_in_field(writer->error, field->name);
    }
    return at;
}

/* A record is never longer than the JSON object: doubled quotes against escapes, no keys. */
bool wire_csv_write(const weir_type *type, const void *value, weir_buffer *buffer,
                    weir_writer *writer)
{
    if (!weir_buffer_reserve(buffer, type->json_max + WEIR_WRITE_SLACK)) {
        weir_write_fail(writer, WEIR_WIRE_NOMEM, "no memory, or no room, for the record");
        writer->error->status = WEIR_NOMEM;
        return false;
    }
    unsigned char *at = (unsigned char *)buffer->data + buffer->size;
    at = put_record(writer, at, type, value);
    if (at != NULL)
        buffer->size = (size_t)((char *)at - buffer->data);
    buffer->data[buffer->size] = '\0';
    return at != NULL;
}

weir_status weir_csv_header(const weir_type *type, weir_buffer *buffer)
{
    size_t room = WEIR_WRITE_SLACK;

    for (uint32_t i = 0; i < type->field_count; i++)
        room += 2 * strlen(type->fields[i].wire) + 3;
    if (!weir_buffer_reserve(buffer, room))
        return WEIR_NOMEM;
    unsigned char *at = (unsigned char *)buffer->data + buffer->size;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i != 0)
            *at++ = ',';
        at = put_cell(at, type->fields[i].wire, strlen(type->fields[i].wire));
    }
    *at = '\0';
    buffer->size = (size_t)((char *)at - buffer->data);
    return WEIR_OK;
}
