/* SPDX-License-Identifier: Apache-2.0 */
/* csv.c - reads CSV (RFC 4180) of flat types, driven by their field tables. */
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

static bool read_value(weir_reader *reader, const csv_cell *cell, const weir_field *field,
                       unsigned char *value)
{
    void *member = value + field->offset;
    weir_text text;

    if (field->kind == WEIR_VALUE_STRING)
        return read_string(reader, cell, field, member);
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

/* --- Cells as they mostly are: no quotes, short numbers, ASCII --- */

/* The high bit of the bytes that a plain copy stops at: comma, quote, NUL, not ASCII. Exact up to
 * the first. */
static uint64_t special_bytes(uint64_t word)
{
    return weir_zero_bytes(word ^ 0x2c2c2c2c2c2c2c2cu) |
           weir_zero_bytes(word ^ 0x2222222222222222u) | weir_zero_bytes(word) |
           (word & WEIR_BYTE_HIGHS);
}

/* Up to seven bytes, or words of them that lie within the record. */
static const unsigned char *quick_string(const weir_reader *reader, const unsigned char *at,
                                         char *ret, size_t size)
{
    size_t done = 0;

    for (; reader->end - at >= 8 && done + 8 <= size; at += 8, done += 8) {
        uint64_t word = weir_load_le(at), special = special_bytes(word);
        if (special != 0) {
            size_t plain = (size_t)__builtin_ctzll(special) / 8;
            for (size_t i = done + 8; i < size; i += 8)
                weir_store_le(ret + (i + 8 <= size ? i : size - 8), 0);
            weir_store_le(ret + done, word & weir_byte_mask(plain));
            return done + plain != 0 ? at + plain : NULL;
        }
        weir_store_le(ret + done, word);
    }
    return NULL;
}

/* What a column's cells mostly are, if that is read at once. */
typedef enum csv_usual { CSV_OTHER, CSV_F64, CSV_STRING, CSV_INTEGER } csv_usual;

typedef struct csv_column {
    const weir_field *field; /* NULL: none, the cells are passed over */
    csv_usual usual;
    uint32_t offset, size; /* of the member */
} csv_column;

static csv_column make_column(const weir_field *field)
{
    csv_column column = {.field = field};

    if (field == NULL)
        return column;
    bool ns = field->time_form == WEIR_TIME_NS || field->time_form == WEIR_TIME_ISO;
    column.offset = field->offset;
    column.size = field->size + 1;
    if (field->kind == WEIR_VALUE_F64)
        column.usual = CSV_F64;
    else if (field->kind == WEIR_VALUE_STRING)
        column.usual = CSV_STRING;
    else if (field->kind == WEIR_VALUE_I64 || (field->kind == WEIR_VALUE_TIMESTAMP && ns))
        column.usual = CSV_INTEGER;
    return column;
}

/* The byte behind what was read at once; NULL: it takes a closer look. */
static inline const unsigned char *read_quickly(const weir_reader *reader, const unsigned char *at,
                                                const csv_column *column, unsigned char *value)
{
    const char *start = (const char *)at, *end = (const char *)reader->end;
    void *member = value + column->offset;

    if (column->usual == CSV_F64)
        return (const unsigned char *)wire_decimal_short(start, end, member);
    if (column->usual == CSV_INTEGER)
        return (const unsigned char *)wire_integer_short(start, end, member);
    return column->usual == CSV_STRING ? quick_string(reader, at, member, column->size) : NULL;
}

/* --- Records --- */

struct weir_csv_columns {
    const weir_type *type;
    size_t count;
    uint64_t *seen; /* which fields have a column */
    csv_column column[];
};

/* The scratch needs no value. */
static void begin(weir_reader *reader, weir_slice bytes, weir_wire_error *error)
{
    reader->start = bytes.data;
    reader->end = bytes.data + bytes.size;
    reader->error = error;
    reader->depth = WEIR_WIRE_DEPTH;
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

    columns->column[columns->count++] = make_column(field);
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
    weir_reader reader;
    size_t most = 1, words = (type->field_count + 63u) / 64;

    begin(&reader, header, error);
    for (size_t i = 0; i < header.size; i++)
        most += header.data[i] == ',';
    if (!usable(&reader))
        return error->status;
    weir_csv_columns *columns =
        weir_alloc(sizeof *columns + most * sizeof columns->column[0] + words * sizeof(uint64_t));
    if (columns == NULL) {
        weir_read_fail(&reader, reader.start, WEIR_WIRE_NOMEM, "out of memory");
        return error->status = WEIR_NOMEM;
    }
    columns->type = type;
    columns->seen = (uint64_t *)(void *)(columns->column + most);
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

/* Any cell; `field` is NULL where nobody asks for it. */
static const unsigned char *read_slowly(weir_reader *reader, const unsigned char *at,
                                        const weir_field *field, void *value)
{
    csv_cell cell;

    at = read_cell(reader, at, &cell);
    if (at == NULL || field == NULL || read_field(reader, &cell, field, value))
        return at;
    return weir_in_field(reader->error, field->name);
}

/* What was read at once was a whole cell. */
static void note_presence(const csv_column *column, unsigned char *value)
{
    if (column->field->optional)
        *(bool *)(value + column->field->has_offset) = true;
}

/* The cell of column `i`, closely, up to the comma behind it, or for the last one the end. */
static WEIR_APART const unsigned char *read_closely(weir_reader *reader, const unsigned char *at,
                                                    const weir_csv_columns *columns, size_t i,
                                                    void *value)
{
    at = read_slowly(reader, at, columns->column[i].field, value);
    if (at != NULL && (at == reader->end) != (i + 1 == columns->count))
        return wrong_count(reader, at, i + 1, columns->count);
    return at;
}

weir_status weir_csv_decode(const weir_csv_columns *columns, weir_slice record, void *value,
                            weir_wire_error *error)
{
    weir_reader reader;
    const unsigned char *at = record.data;

    begin(&reader, record, error);
    for (size_t i = 0, last = columns->count - 1; i <= last; i++) {
        const csv_column *column = &columns->column[i];
        const unsigned char *next = read_quickly(&reader, at, column, value);
        if (WEIR_LIKELY(next != NULL &&
                        (i == last ? next == reader.end : next != reader.end && *next == ',')))
            note_presence(column, value);
        else
            next = read_closely(&reader, at, columns, i, value);
        if (WEIR_UNLIKELY(next == NULL))
            return error->status;
        at = next + (i != last);
    }
    if (columns->type->fill != NULL)
        columns->type->fill(value, columns->seen);
    return WEIR_OK;
}
