/* SPDX-License-Identifier: Apache-2.0 */
/* letter.c - dead letters as JSON lines keep the record that they are of, so that it can go back:
 *
 *     {"source": .., .., "raw": .., "inputs": .., "record": {"topic": .., "partition": N,
 *      "time": MS, "key": .., "headers": [["name", ..]], "value": ..}}
 *
 * Bytes are base64, or null; a value that is the letter's `raw`, byte for byte, is not repeated.
 */
#include <inttypes.h>
#include <string.h>

#include "sinks/letter.h"
#include "wire/values.h"

static bool put_text(weir_buffer *out, const char *text, weir_wire_error *error)
{
    weir_writer writer = {.error = error};
    size_t size = strlen(text);

    if (!weir_buffer_room(out, 6 * size + 2))
        return true; /* `out` has failed, which is seen at the end */
    unsigned char *at = (unsigned char *)out->data + out->size;
    unsigned char *end = weir_json_write_string(&writer, at, text, size + 1);
    if (end != NULL)
        out->size += (size_t)(end - at);
    return end != NULL;
}

static void put_bytes(weir_buffer *out, const char *name, weir_slice bytes)
{
    weir_buffer_text(out, name);
    if (bytes.data == NULL) {
        weir_buffer_text(out, "null");
    } else if (weir_buffer_room(out, bytes.size / 3 * 4 + 6)) {
        char *at = out->data + out->size;
        *at = '"';
        at = wire_base64_print(at + 1, bytes.data, bytes.size);
        *at = '"';
        out->size = (size_t)(at + 1 - out->data);
    }
}

static bool put_headers(weir_buffer *out, const weir_original *original, weir_wire_error *error)
{
    for (size_t i = 0; i < original->header_count; i++) {
        weir_buffer_text(out, i == 0 ? ",\"headers\":[[" : ",[");
        if (!put_text(out, original->headers[i].name, error))
            return false;
        put_bytes(out, ",", original->headers[i].value);
        weir_buffer_text(out, i + 1 == original->header_count ? "]]" : "]");
    }
    return true;
}

static bool put_record(weir_buffer *out, const weir_dead_letter *letter,
                       const weir_original *original, weir_wire_error *error)
{
    weir_slice value = original->value;
    bool shown = value.data != NULL && value.size == letter->raw_size &&
                 memcmp(value.data, letter->raw, value.size) == 0;

    weir_buffer_text(out, ",\"record\":{\"topic\":");
    if (!put_text(out, original->topic, error))
        return false;
    weir_buffer_printf(out, ",\"partition\":%" PRId32 ",\"time\":%" PRId64, original->partition,
                       original->time);
    put_bytes(out, ",\"key\":", original->key);
    if (!put_headers(out, original, error))
        return false;
    if (!shown)
        put_bytes(out, ",\"value\":", value);
    weir_buffer_text(out, "}");
    return true;
}

/* What has names that are no text stays without its record: the letter itself is worth more. */
void weir_letter_add_record(weir_buffer *out, const weir_dead_letter *letter,
                            const weir_original *original)
{
    weir_wire_error error;
    size_t before = out->size;

    if (original->topic == NULL || before < 2 || memcmp(out->data + before - 2, "}\n", 2) != 0)
        return;
    out->size -= 2;
    if (!put_record(out, letter, original, &error))
        out->size = before - 2;
    weir_buffer_text(out, "}\n");
}
