/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - values in a spec (defaults, tests) read by their declared types, as JSON text. */
#include "codegen/values.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "core/text.h"

/* --- JSON --- */

static void write_string(weir_buffer *json, const char *text)
{
    weir_buffer_text(json, "\"");
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\')
            weir_buffer_printf(json, "\\%c", c);
        else if (c < 0x20)
            weir_buffer_printf(json, "\\u%04x", c);
        else
            weir_buffer_append(json, at, 1);
    }
    weir_buffer_text(json, "\"");
}

/* --- Scalars --- */

typedef struct integer_range {
    int64_t min;
    uint64_t max;
    const char *wanted;
} integer_range;

static const integer_range ranges[] = {
    [SPEC_I8] = {INT8_MIN, INT8_MAX, "an integer of -128 to 127"},
    [SPEC_I16] = {INT16_MIN, INT16_MAX, "an integer of -32768 to 32767"},
    [SPEC_I32] = {INT32_MIN, INT32_MAX, "an integer of 32 bits"},
    [SPEC_I64] = {INT64_MIN, INT64_MAX, "an integer of 64 bits"},
    [SPEC_U8] = {0, UINT8_MAX, "an integer of 0 to 255"},
    [SPEC_U16] = {0, UINT16_MAX, "an integer of 0 to 65535"},
    [SPEC_U32] = {0, UINT32_MAX, "an integer of 0 to 4294967295"},
    [SPEC_U64] = {0, UINT64_MAX, "an integer of 0 to 18446744073709551615"},
};

/* The magnitude of a decimal number in JSON's form, where it is whole: of 1e3 and 5.0 too. */
static bool whole_of(const char *decimal, uint64_t *ret)
{
    long zeros = 0, scale = 0; /* tens that are still to be multiplied with */
    const char *at = decimal + (*decimal == '-');
    bool fraction = false;

    *ret = 0;
    for (; *at == '.' || (*at >= '0' && *at <= '9'); at++) {
        fraction = fraction || *at == '.';
        if (*at == '.')
            continue;
        scale -= fraction;
        if (*at == '0') {
            zeros += *ret != 0;
            continue;
        }
        for (zeros++; zeros > 0; zeros--)
            if (__builtin_mul_overflow(*ret, 10, ret))
                return false;
        if (__builtin_add_overflow(*ret, (uint64_t)(*at - '0'), ret))
            return false;
    }
    long exponent = *at != '\0' ? strtol(at + 1, NULL, 10) : 0;
    if (*ret == 0)
        return true;
    if (__builtin_add_overflow(exponent, scale + zeros, &scale) || scale < 0)
        return false;
    for (; scale > 0; scale--)
        if (__builtin_mul_overflow(*ret, 10, ret))
            return false;
    return true;
}

/* Numbers go by value: 1e3 and 5.0 are integers. */
static bool scalar_integer(const integer_range *range, const char *text, weir_buffer *json)
{
    weir_buffer decimal = {0};
    uint64_t size = 0;

    bool good =
        weir_text_decimal(text, &decimal) && !decimal.failed && whole_of(decimal.data, &size);
    json->failed |= decimal.failed;
    weir_buffer_free(&decimal);
    if (*text == '-')
        good = good && size <= -(uint64_t)range->min;
    else
        good = good && size <= range->max;
    if (good)
        weir_buffer_printf(json, "%s%llu", *text == '-' && size != 0 ? "-" : "",
                           (unsigned long long)size);
    return good;
}

/* Whole ones that would seem to be integers beyond 64 bits get an exponent. */
static bool scalar_number(const char *text, double most, weir_buffer *json)
{
    double value;

    if (!weir_text_number(text, &value) || fabs(value) > most || !weir_text_decimal(text, json))
        return false;
    if (text[strcspn(text, ".eE")] == '\0' && fabs(value) >= 9223372036854775808.0)
        weir_buffer_text(json, "e0");
    return true;
}

static bool is_date(const char *text)
{
    int32_t days;

    return weir_calendar_read_date(text, strlen(text), &days);
}

/* Nanoseconds of a unit of a timestamp's form on the wire. */
static int64_t unit_of(const spec_shape *shape)
{
    static const int64_t units[] = {1, 1000, 1000000, 1000000000, 1};

    return units[shape->time_form];
}

/* An integer of the form's unit, or a time. */
static bool read_timestamp(const spec_shape *shape, const char *text, weir_buffer *json,
                           int64_t *ret_ns)
{
    static const integer_range whole = {INT64_MIN, INT64_MAX, NULL};
    weir_buffer number = {0};
    bool range = false;

    bool integer = scalar_integer(&whole, text, &number);
    bool good = integer && !number.failed && weir_text_integer(number.data, ret_ns) &&
                !__builtin_mul_overflow(*ret_ns, unit_of(shape), ret_ns);
    json->failed |= number.failed;
    weir_buffer_free(&number);
    return integer ? good : weir_calendar_read_time(text, strlen(text), ret_ns, &range) && !range;
}

static bool scalar_timestamp(const spec_shape *shape, const char *text, weir_buffer *json)
{
    static const integer_range whole = {INT64_MIN, INT64_MAX, NULL};
    int64_t ns;

    if (!read_timestamp(shape, text, json, &ns))
        return false;
    if (!scalar_integer(&whole, text, json))
        write_string(json, text);
    return true;
}

/* A time as results have it. */
static void written_timestamp(const spec_shape *shape, const char *text, weir_buffer *json)
{
    char time[WEIR_CALENDAR_TIME + 1] = "";
    int64_t ns = 0, unit = unit_of(shape);

    if (!read_timestamp(shape, text, json, &ns))
        return;
    if (shape->time_form == SPEC_TIME_ISO) {
        weir_calendar_print_time(time, ns);
        write_string(json, time);
    } else {
        weir_buffer_printf(json, "%lld", (long long)(ns / unit - (ns % unit < 0)));
    }
}

static bool scalar_duration(const char *text, weir_buffer *json)
{
    static const integer_range whole = {INT64_MIN, INT64_MAX, NULL};
    int64_t ns;

    if (scalar_integer(&whole, text, json))
        return true;
    if (!weir_text_duration(text, &ns))
        return false;
    weir_buffer_printf(json, "%lld", (long long)ns);
    return true;
}

static bool scalar_enum(const spec_type *type, const char *text, weir_buffer *json)
{
    for (size_t i = 0; i < type->enumerator_count; i++)
        if (strcmp(type->enumerators[i].name, text) == 0) {
            write_string(json, text);
            return true;
        }
    return false;
}

/* Base64, standard and padded: the size it stands for, or SIZE_MAX. */
static size_t base64_size(const char *text)
{
    size_t length = strlen(text);
    size_t digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789+/");
    size_t padding = strspn(text + digits, "=");

    if (length % 4 != 0 || digits + padding != length || padding > 2)
        return SIZE_MAX;
    return length / 4 * 3 - padding;
}

static bool scalar_text(const spec_shape *shape, const char *text, weir_buffer *json)
{
    size_t size = shape->type->kind == SPEC_BYTES ? base64_size(text) : strlen(text);

    if (size > shape->size)
        return false;
    write_string(json, text);
    return true;
}

bool values_scalar(const spec_shape *shape, const char *text, weir_buffer *json,
                   const char **wanted)
{
    switch (shape->type->kind) {
    case SPEC_BOOL:
        *wanted = "true or false";
        weir_buffer_text(json, text);
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case SPEC_I8:
    case SPEC_I16:
    case SPEC_I32:
    case SPEC_I64:
    case SPEC_U8:
    case SPEC_U16:
    case SPEC_U32:
    case SPEC_U64:
        *wanted = ranges[shape->type->kind].wanted;
        return scalar_integer(&ranges[shape->type->kind], text, json);
    case SPEC_F32:
        *wanted = "a number that a float can hold";
        return scalar_number(text, (double)FLT_MAX, json);
    case SPEC_F64:
        *wanted = "a number";
        return scalar_number(text, DBL_MAX, json);
    case SPEC_TIMESTAMP:
        *wanted = "an integer, or a time like 2024-01-31T12:00:00Z";
        return scalar_timestamp(shape, text, json);
    case SPEC_DURATION:
        *wanted = "a duration with its unit, like 250ms";
        return scalar_duration(text, json);
    case SPEC_DATE:
        *wanted = "a date like 2024-01-31";
        write_string(json, text);
        return is_date(text);
    case SPEC_STRING:
        *wanted = "text that is not longer";
        return scalar_text(shape, text, json);
    case SPEC_BYTES:
        *wanted = "bytes in base64, not more of them";
        return scalar_text(shape, text, json);
    case SPEC_ENUM:
        *wanted = "a name of the enum";
        return scalar_enum(shape->type, text, json);
    case SPEC_STRUCT:
        break;
    }
    *wanted = "a struct";
    return false;
}

/* --- Wholes --- */

static bool refuse_scalar(spec_front *front, const spec_shape *shape, const yaml_node *node,
                          const char *wanted)
{
    weir_nearest nearest = {.wanted = node->text};
    char hint[128];

    for (size_t i = 0; i < shape->type->enumerator_count; i++)
        weir_nearest_offer(&nearest, shape->type->enumerators[i].name);
    diagnostics_error(front->log, node->where, "'%s' is no value of type %s: expected %s%s",
                      node->text, front_shape_text(front, shape), wanted,
                      weir_nearest_hint(&nearest, hint, sizeof hint));
    return false;
}

/* One value, or one item of a list. */
static bool one(spec_front *front, const spec_shape *shape, bool text, const yaml_node *node,
                bool partial, weir_buffer *json)
{
    const char *wanted = NULL;

    if (shape->type->kind == SPEC_STRUCT)
        return values_struct(front, shape->type, node, partial, json);
    if (node->kind != YAML_SCALAR) {
        if (node->kind != YAML_BAD)
            diagnostics_error(front->log, node->where, "expected a value of type %s",
                              front_shape_text(front, shape));
        return false;
    }
    size_t begin = json->size;
    bool good = values_scalar(shape, node->text, json, &wanted);
    front->log->failed |= json->failed;
    if (!good)
        return refuse_scalar(front, shape, node, wanted);
    /* What is expected is compared with what is written. */
    if (partial && shape->type->kind == SPEC_TIMESTAMP) {
        json->size = begin;
        written_timestamp(shape, node->text, json);
    }
    if (text && !json->failed && json->data[begin] != '"') {
        weir_buffer_text(json, "\"");
        memmove(json->data + begin + 1, json->data + begin, json->size - 1 - begin);
        json->data[begin] = '"';
        weir_buffer_text(json, "\"");
    }
    return true;
}

static bool list(spec_front *front, const spec_shape *shape, bool text, const yaml_node *node,
                 bool partial, weir_buffer *json)
{
    bool good = node->kind == YAML_LIST && node->count >= shape->min && node->count <= shape->max;

    if (node->kind == YAML_BAD)
        return false;
    if (!good)
        diagnostics_error(front->log, node->where, "expected a list of type %s",
                          front_shape_text(front, shape));
    weir_buffer_text(json, "[");
    for (const yaml_node *item = node->first; good && item != NULL; item = item->next) {
        good = one(front, shape, text, item, partial, json);
        if (item->next != NULL)
            weir_buffer_text(json, ",");
    }
    weir_buffer_text(json, "]");
    return good;
}

bool values_shape(spec_front *front, const spec_shape *shape, bool text, const yaml_node *node,
                  bool partial, weir_buffer *json)
{
    if (shape->type == NULL) /* complained about already */
        return false;
    bool null = node->kind == YAML_SCALAR && node->plain &&
                (node->text[0] == '\0' || strcmp(node->text, "null") == 0);
    if (shape->optional && null) {
        weir_buffer_text(json, "null");
        return true;
    }
    return shape->list ? list(front, shape, text, node, partial, json)
                       : one(front, shape, text, node, partial, json);
}

static const spec_field *find_field(const spec_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->items[i].name, name) == 0)
            return &fields->items[i];
    return NULL;
}

static bool unknown_field(spec_front *front, const spec_fields *fields, const char *what,
                          const yaml_node *node)
{
    weir_nearest nearest = {.wanted = node->key};
    char hint[128];

    for (size_t i = 0; i < fields->count; i++)
        weir_nearest_offer(&nearest, fields->items[i].name);
    diagnostics_error(front->log, node->key_where, "'%s' has no field '%s'%s", what, node->key,
                      weir_nearest_hint(&nearest, hint, sizeof hint));
    return false;
}

static bool find_missing(spec_front *front, const spec_fields *fields, const char *what,
                         const yaml_node *node)
{
    bool good = true;

    for (size_t i = 0; i < fields->count; i++) {
        const spec_field *field = &fields->items[i];
        if (field->shape.optional || field->fallback != NULL || yaml_get(node, field->name) != NULL)
            continue;
        diagnostics_error(front->log, node->where, "the field '%s' of '%s' is missing", field->name,
                          what);
        good = false;
    }
    return good;
}

bool values_fields(spec_front *front, const spec_fields *fields, const char *what,
                   const yaml_node *node, bool partial, weir_buffer *json)
{
    bool good = node->kind == YAML_MAP;

    if (node->kind != YAML_MAP && node->kind != YAML_BAD)
        diagnostics_error(front->log, node->where, "expected the fields of '%s' in a map", what);
    weir_buffer_text(json, "{");
    for (const yaml_node *value = node->first; node->kind == YAML_MAP && value != NULL;
         value = value->next) {
        const spec_field *field = find_field(fields, value->key);
        if (field == NULL) {
            good = unknown_field(front, fields, what, value);
            continue;
        }
        if (value != node->first)
            weir_buffer_text(json, ",");
        write_string(json, field->wire);
        weir_buffer_text(json, ":");
        if (!values_shape(front, &field->shape, field->text, value, partial, json))
            good = false;
    }
    weir_buffer_text(json, "}");
    return (partial || node->kind != YAML_MAP || find_missing(front, fields, what, node)) && good;
}

bool values_struct(spec_front *front, const spec_type *type, const yaml_node *node, bool partial,
                   weir_buffer *json)
{
    return values_fields(front, &type->fields, type->name, node, partial, json);
}
