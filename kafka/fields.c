/* SPDX-License-Identifier: Apache-2.0 */
/* fields.c - a record's key, timestamp and headers: as fields of the value, and for dead letters.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "kafka/source.h"

/* --- Finding the fields --- */

static const weir_field *find_field(const weir_type *type, const char *name)
{
    for (uint32_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    return NULL;
}

static bool takes_text(const weir_field *field)
{
    return !field->list && (field->kind == WEIR_VALUE_STRING || field->kind == WEIR_VALUE_BYTES ||
                            (field->kind >= WEIR_VALUE_I8 && field->kind <= WEIR_VALUE_U64));
}

static weir_status find_target(const kafka_source *state, const char *option, const char *name,
                               bool time, kafka_target *ret, weir_error **error)
{
    const weir_type *type = state->source->type;

    if (name == NULL)
        return WEIR_OK;
    ret->field = find_field(type, name);
    if (ret->field == NULL)
        return weir_error_set_at(error, WEIR_SPEC, state->source->module->place,
                                 "%s: '%s' of option '%s' is no field of '%s'", state->client.what,
                                 name, option, type->name);
    bool fits = time ? ret->field->kind == WEIR_VALUE_TIMESTAMP && !ret->field->list
                     : takes_text(ret->field);
    if (fits)
        return WEIR_OK;
    return weir_error_set_at(error, WEIR_SPEC, state->source->module->place,
                             "%s: the field '%s' of option '%s' is not %s", state->client.what,
                             name, option, time ? "a timestamp" : "a string, bytes or an integer");
}

weir_status kafka_find_targets(kafka_source *state, weir_error **error)
{
    const kafka_source_config *config = state->config;
    weir_status status = find_target(state, "key_to", config->key_to, false, &state->key, error);

    if (status == WEIR_OK)
        status = find_target(state, "time_to", config->time_to, true, &state->time, error);
    state->headers = weir_alloc_array(config->headers.count, sizeof *state->headers);
    if (state->headers == NULL)
        return weir_error_set(error, WEIR_NOMEM, "%s: out of memory", state->client.what);
    for (size_t i = 0; i < config->headers.count && status == WEIR_OK; i++) {
        const weir_pair *pair = &config->headers.items[i];
        state->headers[i].header = pair->name;
        status = find_target(state, "headers", pair->text, false, &state->headers[i], error);
        state->header_count = i + 1;
    }
    return status;
}

/* --- Filling them --- */

static bool fill_string(const weir_field *field, unsigned char *member, const void *data,
                        size_t size)
{
    if (size > field->size || memchr(data, '\0', size) != NULL)
        return false;
    memset(member, 0, field->size + 1);
    memcpy(member, data, size);
    return true;
}

static bool fill_bytes(const weir_field *field, unsigned char *value, const void *data, size_t size)
{
    uint32_t count = (uint32_t)size;

    if (size > field->size)
        return false;
    memcpy(value + field->size_offset, &count, sizeof count);
    memcpy(value + field->offset, data, size);
    return true;
}

/* Decimal text; as 64 bits, whose lower ones are a smaller kind's. */
static bool read_number(weir_value_kind kind, const char *text, uint64_t *ret)
{
    static const int widths[] = {[WEIR_VALUE_I8] = 8, [WEIR_VALUE_I16] = 16, [WEIR_VALUE_I32] = 32,
                                 [WEIR_VALUE_U8] = 8, [WEIR_VALUE_U16] = 16, [WEIR_VALUE_U32] = 32};
    int64_t number;
    char *end;

    errno = 0;
    *ret = strtoull(text, &end, 10);
    if (kind == WEIR_VALUE_U64)
        return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
    if (!weir_text_integer(text, &number))
        return false;
    *ret = (uint64_t)number;
    if (kind == WEIR_VALUE_I64)
        return true;
    int64_t most = ((int64_t)1 << (widths[kind] - (kind < WEIR_VALUE_U8))) - 1;
    return number <= most && number >= (kind < WEIR_VALUE_U8 ? -most - 1 : 0);
}

static bool fill_number(const weir_field *field, unsigned char *member, const void *data,
                        size_t size)
{
    bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    char text[24];
    uint64_t number;

    if (size == 0 || size >= sizeof text)
        return false;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!read_number(field->kind, text, &number))
        return false;
    const void *at = &number;
    const unsigned char *bytes = at;
    memcpy(member, little ? bytes : bytes + sizeof number - field->item_size, field->item_size);
    return true;
}

static bool fill(const weir_field *field, unsigned char *value, const void *data, size_t size)
{
    static const bool there = true;
    bool good;

    if (data == NULL)
        data = "";
    if (field->kind == WEIR_VALUE_STRING)
        good = fill_string(field, value + field->offset, data, size);
    else if (field->kind == WEIR_VALUE_BYTES)
        good = fill_bytes(field, value, data, size);
    else
        good = fill_number(field, value + field->offset, data, size);
    if (good && field->optional)
        memcpy(value + field->has_offset, &there, sizeof there);
    return good;
}

static void fill_time(const weir_field *field, unsigned char *value,
                      const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    static const bool there = true;
    int64_t time = rd_kafka_message_timestamp(message, &type);

    if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
        return;
    time *= 1000000;
    memcpy(value + field->offset, &time, sizeof time);
    if (field->optional)
        memcpy(value + field->has_offset, &there, sizeof there);
}

static bool misfit(const char *what, const char *name, const weir_field *field, char *reason,
                   size_t size)
{
    snprintf(reason, size, "the record's %s%s%s%s does not fit into the field '%s'", what,
             name != NULL ? " '" : "", name != NULL ? name : "", name != NULL ? "'" : "",
             field->name);
    return false;
}

bool kafka_fill(const kafka_source *state, const rd_kafka_message_t *message, unsigned char *value,
                char *reason, size_t size)
{
    rd_kafka_headers_t *headers;

    if (state->key.field != NULL && message->key != NULL &&
        !fill(state->key.field, value, message->key, message->key_len))
        return misfit("key", NULL, state->key.field, reason, size);
    if (state->time.field != NULL)
        fill_time(state->time.field, value, message);
    if (state->header_count == 0 ||
        rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    for (size_t i = 0; i < state->header_count; i++) {
        const kafka_target *target = &state->headers[i];
        const void *data;
        size_t length;
        if (rd_kafka_header_get_last(headers, target->header, &data, &length) ==
                RD_KAFKA_RESP_ERR_NO_ERROR &&
            !fill(target->field, value, data, length))
            return misfit("header", target->header, target->field, reason, size);
    }
    return true;
}

/* --- The record itself --- */

static const rd_kafka_message_t *find_record(kafka_source *state, const kafka_partition *partition,
                                             int64_t position)
{
    size_t after = state->at < state->count ? state->at + 1 : state->count;

    for (size_t i = after; i > 0; i--) {
        const rd_kafka_message_t *message = state->batch[i - 1];
        if (message->offset == position && message->partition == partition->partition &&
            message->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
            strcmp(rd_kafka_topic_name(message->rkt), state->topics[partition->topic]) == 0)
            return message;
    }
    return NULL;
}

static bool make_room(kafka_source *state, size_t count)
{
    if (count <= state->scratch_room)
        return true;
    weir_header *grown = weir_realloc(state->scratch, count * sizeof *grown);
    if (grown == NULL)
        return false;
    state->scratch = grown;
    state->scratch_room = count;
    return true;
}

static void list_headers(kafka_source *state, const rd_kafka_message_t *message, weir_original *ret)
{
    rd_kafka_headers_t *headers;
    const void *data;
    size_t count = 0;

    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        !make_room(state, rd_kafka_header_cnt(headers)))
        return;
    while (count < state->scratch_room &&
           rd_kafka_header_get_all(headers, count, &state->scratch[count].name, &data,
                                   &state->scratch[count].value.size) == RD_KAFKA_RESP_ERR_NO_ERROR)
        state->scratch[count++].value.data = data;
    ret->headers = state->scratch;
    ret->header_count = count;
}

bool kafka_identify(const weir_source *source, int32_t number, int64_t position, char *ret,
                    size_t size)
{
    const kafka_source *state = source->state;
    uint32_t topic = (uint32_t)number >> KAFKA_TOPIC_SHIFT;

    if (topic >= state->topic_count)
        return false;
    snprintf(ret, size, "%.200s:%d:%lld", state->topics[topic],
             (int)(number & ((1 << KAFKA_TOPIC_SHIFT) - 1)), (long long)position);
    return true;
}

bool kafka_original(weir_source *source, int32_t number, int64_t position, weir_original *ret)
{
    kafka_source *state = source->state;
    const kafka_partition *partition = kafka_partition_numbered(state, number);
    const rd_kafka_message_t *message =
        partition != NULL ? find_record(state, partition, position) : NULL;
    rd_kafka_timestamp_type_t type;

    if (message == NULL)
        return false;
    *ret = (weir_original){.topic = state->topics[partition->topic],
                           .partition = partition->partition,
                           .position = position,
                           .key = {message->key, message->key_len},
                           .value = {message->payload, message->len}};
    int64_t time = rd_kafka_message_timestamp(message, &type);
    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time > 0)
        ret->time = time;
    list_headers(state, message, ret);
    return true;
}
