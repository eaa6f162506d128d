/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - bytes <-> values: MessagePack, JSON and CSV of declared types.
 *
 * A `weir_type` describes one type of a spec: how its struct is laid out, and the codecs that were
 * generated for it. Sources, sinks and the command know types by their descriptors alone.
 *
 * Threads: any; descriptors are constant and no call keeps state of its own.
 * Memory:  decoding allocates nothing and writes into the caller's struct; encoding appends to the
 *          caller's buffer. A value has no pointers: it may be copied and dropped like a number.
 */
#ifndef WEIR_WIRE_H
#define WEIR_WIRE_H

#include <weir/core.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_type weir_type;
struct weir_buffer;
struct weir_reader;
struct weir_writer;

typedef enum weir_format {
    WEIR_FORMAT_MSGPACK,
    WEIR_FORMAT_JSON,
    WEIR_FORMAT_CSV,
} weir_format;

/* --- What is wrong with bytes or values --- */

/* Every fault: name, text. */
#define WEIR_WIRE_FAULT_LIST(X)                                                                    \
    X(MALFORMED, "malformed")                                                                      \
    X(TRUNCATED, "truncated")                                                                      \
    X(TRAILING, "trailing bytes")                                                                  \
    X(DEEP, "nested too deep")                                                                     \
    X(MISSING, "a required field is missing")                                                      \
    X(DUPLICATE, "a field is given twice")                                                         \
    X(TYPE, "wrong type")                                                                          \
    X(RANGE, "out of range")                                                                       \
    X(LENGTH, "wrong length")                                                                      \
    X(UTF8, "bad UTF-8")                                                                           \
    X(NUL, "NUL in a string")                                                                      \
    X(NOT_FINITE, "NaN or infinity")                                                               \
    X(ENUM, "unknown enum value")                                                                  \
    X(NOMEM, "out of memory")

typedef enum weir_wire_fault {
#define WEIR_WIRE_FAULT_ENUM(name, text) WEIR_WIRE_##name,
    WEIR_WIRE_FAULT_LIST(WEIR_WIRE_FAULT_ENUM)
#undef WEIR_WIRE_FAULT_ENUM
} weir_wire_fault;

WEIR_API const char *weir_wire_fault_text(weir_wire_fault fault);

enum { WEIR_WIRE_PATH = 192, WEIR_WIRE_MESSAGE = 160, WEIR_WIRE_DEPTH = 64 };

/* Why bytes could not be read or a value not be written: a plain value on the caller's stack that
 * is only touched on failure. Decoding: `offset` is that of the value at fault (of the byte, where
 * the bytes themselves are bad; of their end where they are truncated; of the map or object that
 * lacks a field). Encoding: 0. */
typedef struct weir_wire_error {
    weir_status status; /* WEIR_DECODE, WEIR_ENCODE or WEIR_NOMEM */
    weir_wire_fault fault;
    size_t offset;
    char path[WEIR_WIRE_PATH];       /* "inner.levels[3].id"; "" is the message itself */
    char message[WEIR_WIRE_MESSAGE]; /* "expected a number, found text" */
} weir_wire_error;

/* --- Types --- */

typedef enum weir_value_kind {
    WEIR_VALUE_BOOL,
    WEIR_VALUE_I8,
    WEIR_VALUE_I16,
    WEIR_VALUE_I32,
    WEIR_VALUE_I64,
    WEIR_VALUE_U8,
    WEIR_VALUE_U16,
    WEIR_VALUE_U32,
    WEIR_VALUE_U64,
    WEIR_VALUE_F32,
    WEIR_VALUE_F64,
    WEIR_VALUE_TIMESTAMP, /* int64_t nanoseconds since 1970 */
    WEIR_VALUE_DURATION,  /* int64_t nanoseconds */
    WEIR_VALUE_DATE,      /* int32_t days since 1970 */
    WEIR_VALUE_STRING,    /* char[size + 1], zero-padded */
    WEIR_VALUE_BYTES,     /* uint32_t NAME_size; uint8_t[size] */
    WEIR_VALUE_ENUM,      /* int32_t, or the C enum of that width */
    WEIR_VALUE_STRUCT,
} weir_value_kind;

/* How a timestamp stands on the wire: an integer of this unit, or RFC 3339 text. */
typedef enum weir_time_form {
    WEIR_TIME_NS,
    WEIR_TIME_US,
    WEIR_TIME_MS,
    WEIR_TIME_S,
    WEIR_TIME_ISO,
} weir_time_form;

/* One field of a struct. Offsets count from the start of the struct. */
typedef struct weir_field {
    const char *name;      /* in the spec and in messages */
    const char *wire;      /* on the wire; mostly the same */
    const weir_type *type; /* of a struct or an enum, else NULL */
    weir_value_kind kind;
    weir_time_form time_form; /* of a timestamp */
    uint32_t offset;
    uint32_t has_offset;   /* of `bool has_NAME`, where optional */
    uint32_t count_offset; /* of `uint32_t NAME_count` of a list whose length varies */
    uint32_t size_offset;  /* of `uint32_t NAME_size` of bytes (an array of them in a list) */
    uint32_t size;         /* N of string(N) and bytes(N) */
    uint32_t item_size;    /* sizeof of the member, of one item of a list */
    uint32_t min, max;     /* of a list; equal: its length is fixed */
    bool optional;
    bool list;
    bool text;     /* a number that stands as text on the wire */
    bool fallback; /* has a default */
} weir_field;

typedef struct weir_enumerator {
    const char *name;
    uint32_t size; /* strlen(name) */
    int32_t number;
} weir_enumerator;

/* Reads one value at `at` into `value`. The byte after it, or NULL and the reader's error is set.
 */
typedef const unsigned char *(*weir_read_function)(struct weir_reader *reader,
                                                   const unsigned char *at, void *value);

/* Writes `value` at `at`, where there is room for the type's `_max` bytes and a bit more. The byte
 * after it, or NULL and the writer's error is set. */
typedef unsigned char *(*weir_write_function)(struct weir_writer *writer, unsigned char *at,
                                              const void *value);

/* The same, failing with `error`. */
typedef unsigned char *(*weir_put_function)(unsigned char *at, const void *value,
                                            weir_wire_error *error);

/* A declared type. Generated, constant, found in a module's header as MODULE_TYPE_type. */
struct weir_type {
    const char *name;
    weir_value_kind kind; /* WEIR_VALUE_STRUCT or WEIR_VALUE_ENUM */
    uint32_t size, align;
    const weir_field *fields;
    uint32_t field_count;
    uint32_t enumerator_count;
    const weir_enumerator *enumerators;
    size_t msgpack_max, json_max; /* no value of the type takes more bytes */
    weir_read_function read_msgpack, read_json;
    weir_write_function write_msgpack, write_json;
    bool (*equal)(const void *a, const void *b); /* field by field; NaN is equal to nothing */

    /* Gives every optional field and every field with a default whose bit in `seen` (bit i % 64 of
     * word i / 64) is not set the value of one that was not sent. NULL where there are none. */
    void (*fill)(void *value, const uint64_t *seen);

    weir_put_function put_msgpack; /* of the types that are written most quickly; else NULL */
};

/* The number of the enum value `name`; false: there is none. And its way back, NULL: none. */
WEIR_API bool weir_enum_number(const weir_type *type, const char *name, size_t size,
                               int32_t *ret_number);
WEIR_API const weir_enumerator *weir_enum_find(const weir_type *type, int32_t number);

/* --- Whole messages --- */

/* Reads the one value that `bytes` hold, MessagePack or JSON (CSV: weir_csv_decode), into `value`,
 * which on failure is left half written. Padding, items beyond a list's count and bytes beyond a
 * size are not written; an absent optional is zeroed. */
WEIR_API WEIR_MUST_USE weir_status weir_decode(const weir_type *type, weir_format format,
                                               weir_slice bytes, void *value,
                                               weir_wire_error *error);

/* As weir_decode of MessagePack, for a value that more bytes may follow: *ret_size is its own. Any
 * failure may also mean that it goes on beyond `bytes`. */
WEIR_API WEIR_MUST_USE weir_status weir_decode_first(const weir_type *type, weir_slice bytes,
                                                     void *value, size_t *ret_size,
                                                     weir_wire_error *error);

/* Appends `value` to `buffer`: in JSON and CSV without a line's end. On failure nothing is
 * appended. A buffer's `limit` must leave room for the type's largest value. */
WEIR_API WEIR_MUST_USE weir_status weir_encode(const weir_type *type, weir_format format,
                                               const void *value, struct weir_buffer *buffer,
                                               weir_wire_error *error);

/* Writes `value` for people, as JSON that may hold NaN, into `text`, cut at `size` and ended by a
 * NUL. Returns the length it would have whole, as snprintf does. */
WEIR_API size_t weir_value_print(const weir_type *type, const void *value, char *text, size_t size);

/* Copies `text` into a string member of `capacity` bytes and fills it up with zeros. WEIR_LIMIT:
 * longer than capacity - 1 bytes; the member is unchanged. */
WEIR_API WEIR_MUST_USE weir_status weir_string_set(char *member, size_t capacity, const char *text);

/* The format that a file's name ends in, as a spec writes it: "csv", "json" (.json, .jsonl,
 * .ndjson) or "msgpack" (.msgpack, .mpk). NULL: it says nothing. Static. */
WEIR_API const char *weir_format_of_path(const char *path);

/* --- Framing --- */

/* The size of the MessagePack value that `bytes` begin with. WEIR_AGAIN: it goes on beyond them;
 * WEIR_DECODE: it is malformed or nested too deep, at error->offset. */
WEIR_API WEIR_MUST_USE weir_status weir_msgpack_size(weir_slice bytes, size_t *ret_size,
                                                     weir_wire_error *error);

/* Where the search for a message's end stands; zeroed at the start of each. `at` is the offset up
 * to which the message is known to go, which may lie beyond the bytes that have come. */
typedef struct weir_msgpack_scan {
    uint64_t at;
    uint64_t items; /* values that are still to come */
    bool begun;
} weir_msgpack_scan;

/* As weir_msgpack_size for values that come in pieces and of any depth: call again with the same
 * bytes and more, and the same `scan`. WEIR_DECODE: no MessagePack, at scan->at. */
WEIR_API WEIR_MUST_USE weir_status weir_msgpack_record(weir_slice bytes, weir_msgpack_scan *scan,
                                                       size_t *ret_size);

typedef struct weir_csv_scan {
    size_t at;
    uint8_t state; /* of the cell at `at` */
} weir_csv_scan;

/* The first CSV record of `bytes`: *ret_size is its size without, *ret_next with its line's end.
 * `last`: no more bytes will come, so that what is left is a record. WEIR_AGAIN: it goes on beyond
 * `bytes`; call again with the same bytes and more, and the same `scan`. WEIR_DECODE: the file ends
 * within quotes. Quotes count where a cell begins with one; elsewhere they are refused later, by
 * weir_csv_decode, and never join one line to the next. */
WEIR_API WEIR_MUST_USE weir_status weir_csv_record(weir_slice bytes, bool last, weir_csv_scan *scan,
                                                   size_t *ret_size, size_t *ret_next);

/* Which field each column of a file holds. */
typedef struct weir_csv_columns weir_csv_columns;

/* Reads a header row. Columns that the type does not know are ignored; one that is given twice, or
 * that a required field needs and that is missing, is an error. Freed with weir_csv_columns_free.
 */
WEIR_API WEIR_MUST_USE weir_status weir_csv_columns_new(const weir_type *type, weir_slice header,
                                                        weir_csv_columns **ret,
                                                        weir_wire_error *error);
WEIR_API void weir_csv_columns_free(weir_csv_columns *columns); /* NULL allowed */

/* Reads one record, without its line's end. */
WEIR_API WEIR_MUST_USE weir_status weir_csv_decode(const weir_csv_columns *columns,
                                                   weir_slice record, void *value,
                                                   weir_wire_error *error);

/* Appends the header row of `type`, without a line's end. */
WEIR_API WEIR_MUST_USE weir_status weir_csv_header(const weir_type *type,
                                                   struct weir_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
