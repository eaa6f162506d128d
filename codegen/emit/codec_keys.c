/* SPDX-License-Identifier: Apache-2.0 */
/* codec_keys.c - writes the table by which a plain type's MessagePack keys are found in any order.
 *
 * Keys of up to 15 bytes are told apart by two words, their first and their last eight bytes with
 * the head among them. A multiplier is looked for that sends each to a slot of its own, so that one
 * look and one comparison find the field or none.
 */
#include "codegen/emit/codec.h"

#include <string.h>

enum { KEY_MOST = 15, TABLE_BITS = 7, TRIES = 512 };

typedef struct key_words {
    uint64_t first, last;
} key_words;

typedef struct key_table {
    uint64_t multiplier;
    unsigned bits;
    size_t fields[1 << TABLE_BITS]; /* one more than the field of a slot; 0: none */
} key_table;

/* Little-endian on every machine. */
static uint64_t load_word(const unsigned char *bytes, size_t size)
{
    uint64_t word = 0;

    for (size_t i = 0; i < size && i < 8; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static bool words_of(const spec_field *field, key_words *ret)
{
    unsigned char bytes[1 + KEY_MOST];
    size_t size = strlen(field->wire);

    if (size > KEY_MOST)
        return false;
    bytes[0] = (unsigned char)(0xa0 | size);
    memcpy(bytes + 1, field->wire, size);
    ret->first = load_word(bytes, size + 1);
    ret->last = size < 8 ? ret->first : load_word(bytes + size - 7, 8);
    return true;
}

static size_t slot_of(const key_table *table, const key_words *words)
{
    uint64_t turned = words->last << 29 | words->last >> 35;

    return ((words->first ^ turned) * table->multiplier) >> (64 - table->bits);
}

static bool fill_table(const spec_fields *fields, key_table *table)
{
    key_words words;

    memset(table->fields, 0, sizeof table->fields);
    for (size_t i = 0; i < fields->count; i++) {
        if (!words_of(&fields->items[i], &words))
            return false;
        size_t *slot = &table->fields[slot_of(table, &words)];
        if (*slot != 0)
            return false;
        *slot = i + 1;
    }
    return true;
}

/* The smallest table that some multiplier of a fixed row fills without a clash. */
static bool find_table(const spec_fields *fields, key_table *table)
{
    for (table->bits = 1; table->bits <= TABLE_BITS; table->bits++) {
        table->multiplier = 0x9e3779b97f4a7c15u;
        if (((size_t)1 << table->bits) < fields->count)
            continue;
        for (int i = 0; i < TRIES; i++) {
            if (fill_table(fields, table))
                return true;
            table->multiplier = (table->multiplier * 0xd1342543de82ef95u + 2) | 1;
        }
    }
    return false;
}

static void emit_slot(const spec_field *field, size_t index, c_name owner, size_t slot,
                      weir_buffer *out)
{
    unsigned head = codec_head(field);
    key_words words;

    words_of(field, &words);
    emit_line(out, 4,
              "[%zu] = {0x%llx, 0x%llx, 0x%llx, offsetof(%s, %s), 0x%x, %u, %zu, %zu}, /* %s */",
              slot, (unsigned long long)words.first, (unsigned long long)words.last,
              head == 0xcf ? 1ull << 63 : 0, owner.text, emit_member(field->name).text,
              head != 0 ? head : 0xa0, head == 0 ? field->shape.size + 1 : 0, index,
              1 + strlen(field->wire) + (head == 0 ? 1 : 9), field->wire);
}

bool codec_emit_keys(const spec *model, const spec_type *type, weir_buffer *out)
{
    c_name name = emit_type(model, type);
    key_table table;

    if (!find_table(&type->fields, &table))
        return false;
    emit_line(out, 0, "static const weir_key %s_slots[%zu] = {", name.text,
              (size_t)1 << table.bits);
    for (size_t slot = 0; slot < (size_t)1 << table.bits; slot++)
        if (table.fields[slot] != 0)
            emit_slot(&type->fields.items[table.fields[slot] - 1], table.fields[slot] - 1, name,
                      slot, out);
    emit_line(out, 0, "};");
    emit_blank(out);
    emit_line(out, 0,
              "static const weir_keys %s_keys = {%s_slots, 0x%llx, %u, %zu, %s_read_any_msgpack};",
              name.text, name.text, (unsigned long long)table.multiplier, 64 - table.bits,
              type->fields.count, name.text);
    emit_blank(out);
    return true;
}
