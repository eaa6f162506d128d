/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate_values.c - operators and functions on JSON values. An integer and a float make floats;
 * integers stay within 64 bits with a sign, or the expression fails. */
#include "workflow/evaluate_values.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "workflow/json.h"
#include <weir/expr.h>

enum { SHOWN = 80 };

/* --- Failing --- */

json_t *evaluation_fail(evaluation *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(e->reason, e->size, format, args);
    va_end(args);
    json_clean(e->reason, strlen(e->reason));
    return NULL;
}

json_t *evaluation_fail_with(evaluation *e, const char *path, const json_t *value,
                             const char *wanted)
{
    char *text = json_to_text(value);
    const char *shown = text != NULL ? text : "";

    evaluation_fail(e, "'%s' is %.*s%s, and %s is wanted", path, SHOWN, shown,
                    strlen(shown) > SHOWN ? ".." : "", wanted);
    weir_free(text);
    return NULL;
}

static json_t *not_a(evaluation *e, const json_t *value, const char *wanted)
{
    e->wrong = value;
    e->wanted = wanted;
    return NULL;
}

/* --- Comparing --- */

/* 2^53 and beyond, doubles are integers: exact where both are. */
static int compare_numbers(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t left = json_integer_value(a), right = json_integer_value(b);
        return (left > right) - (left < right);
    }
    long double left =
        json_is_integer(a) ? (long double)json_integer_value(a) : (long double)json_real_value(a);
    long double right =
        json_is_integer(b) ? (long double)json_integer_value(b) : (long double)json_real_value(b);
    return (left > right) - (left < right);
}

bool evaluation_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return compare_numbers(a, b) == 0;
    return json_equal(a, b) == 1;
}

/* False: they have no order, and the one at fault is noted. */
static bool compare(evaluation *e, const json_t *a, const json_t *b, int *ret)
{
    if (json_is_number(a) && json_is_number(b))
        *ret = compare_numbers(a, b);
    else if (json_is_string(a) && json_is_string(b))
        *ret = weir_bytes_compare(json_string_value(a), json_string_length(a), json_string_value(b),
                                  json_string_length(b));
    else if (json_is_number(a) || json_is_string(a))
        return not_a(e, b, json_is_number(a) ? "a number" : "a text") != NULL;
    else
        return not_a(e, a, "a number or a text") != NULL;
    return true;
}

static json_t *compare_as(evaluation *e, const char *name, json_t *const *args)
{
    int order;

    if (strcmp(name, "==") == 0 || strcmp(name, "!=") == 0)
        return json_boolean(evaluation_equal(args[0], args[1]) == (name[0] == '='));
    if (!compare(e, args[0], args[1], &order))
        return NULL;
    bool or_equal = name[1] == '=';
    return json_boolean((or_equal && order == 0) || (name[0] == '<' ? order < 0 : order > 0));
}

/* --- Arithmetic --- */

static json_t *of_integers(evaluation *e, const char *name, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool over = false;

    if ((name[0] == '/' || name[0] == '%') && b == 0)
        return evaluation_fail(e, "an integer is divided by 0");
    switch (name[0]) {
    case '+':
        over = __builtin_add_overflow(a, b, &result);
        break;
    case '-':
        over = __builtin_sub_overflow(a, b, &result) || (name[1] == 'u' && result < 0);
        break;
    case '*':
        over = __builtin_mul_overflow(a, b, &result);
        break;
    default:
        over = a == INT64_MIN && b == -1;
        result = over ? 0 : name[0] == '/' ? a / b : a % b;
    }
    return over ? evaluation_fail(e, "%lld %.1s %lld is out of range", (long long)a, name,
                                  (long long)b)
                : json_integer(result);
}

static json_t *of_reals(evaluation *e, const char *name, double a, double b)
{
    double result = name[0] == '+'   ? a + b
                    : name[0] == '-' ? a - b
                    : name[0] == '*' ? a * b
                    : name[0] == '/' ? a / b
                                     : (double)NAN;

    return isfinite(result) ? json_real(result)
                            : evaluation_fail(e, "%g %.1s %g is no number", a, name, b);
}

static json_t *join(evaluation *e, const json_t *a, const json_t *b)
{
    if (!json_is_string(b))
        return not_a(e, b, "a text");
    return json_sprintf("%s%s", json_string_value(a), json_string_value(b));
}

static json_t *calculate(evaluation *e, const char *name, json_t *const *args)
{
    const json_t *a = args[0], *b = args[1];

    if (name[0] == '+' && json_is_string(a))
        return join(e, a, b);
    if (!json_is_number(a))
        return not_a(e, a, "a number");
    if (!json_is_number(b))
        return not_a(e, b, "a number");
    if (json_is_integer(a) && json_is_integer(b))
        return of_integers(e, name, json_integer_value(a), json_integer_value(b));
    if (name[0] == '%')
        return not_a(e, json_is_integer(a) ? b : a, "an integer");
    return of_reals(e, name, json_number_value(a), json_number_value(b));
}

static json_t *negate(evaluation *e, const char *name, json_t *const *args)
{
    (void)name;
    if (json_is_integer(args[0]))
        return of_integers(e, "-", 0, json_integer_value(args[0]));
    return json_is_real(args[0]) ? json_real(-json_real_value(args[0]))
                                 : not_a(e, args[0], "a number");
}

static json_t *absolute(evaluation *e, const char *name, json_t *const *args)
{
    bool below = json_is_number(args[0]) && json_number_value(args[0]) < 0;

    if (!json_is_number(args[0]))
        return not_a(e, args[0], "a number");
    return below ? negate(e, name, args) : json_incref(args[0]);
}

static json_t *extreme(evaluation *e, const char *name, json_t *const *args, size_t count)
{
    json_t *found = args[0];
    int order;

    for (size_t i = 1; i < count; i++) {
        if (!compare(e, found, args[i], &order))
            return NULL;
        if (strcmp(name, "min") == 0 ? order > 0 : order < 0)
            found = args[i];
    }
    return json_is_number(found) || json_is_string(found) ? json_incref(found)
                                                          : not_a(e, found, "a number or a text");
}

/* --- Text --- */

static json_t *size_of(evaluation *e, const char *name, json_t *const *args)
{
    (void)name;
    if (json_is_string(args[0]))
        return json_integer(weir_text_length(json_string_value(args[0])));
    if (json_is_array(args[0]))
        return json_integer((json_int_t)json_array_size(args[0]));
    return json_is_object(args[0]) ? json_integer((json_int_t)json_object_size(args[0]))
                                   : not_a(e, args[0], "a text, a list or an object");
}

static json_t *search(evaluation *e, const char *name, json_t *const *args)
{
    const char *text = json_string_value(args[0]), *part = json_string_value(args[1]);

    if (text == NULL || part == NULL)
        return not_a(e, args[text == NULL ? 0 : 1], "a text");
    return json_boolean(strcmp(name, "startsWith") == 0 ? weir_text_starts_with(text, part)
                        : strcmp(name, "endsWith") == 0 ? weir_text_ends_with(text, part)
                                                        : weir_text_contains(text, part));
}

/* --- Conversions --- */

/* ["int", x, least, most]; a float is cut, as in CEL. */
static json_t *to_integer(evaluation *e, const char *name, json_t *const *args)
{
    int64_t number = 0, least = json_integer_value(args[1]), most = json_integer_value(args[2]);
    double real = json_is_real(args[0]) ? trunc(json_real_value(args[0])) : 0;

    if (json_is_integer(args[0]))
        number = json_integer_value(args[0]);
    else if (json_is_real(args[0]) && real >= -0x1p63 && real < 0x1p63)
        number = (int64_t)real;
    else if (!json_is_string(args[0]) || !weir_i64_from_text(json_string_value(args[0]), &number))
        return not_a(e, args[0], "an integer");
    if (strcmp(name, "seconds") == 0)
        number = weir_seconds(number);
    if (number < least || number > most)
        return evaluation_fail(e, "%lld is not within %lld and %lld", (long long)number,
                               (long long)least, (long long)most);
    return json_integer(number);
}

static json_t *to_real(evaluation *e, const char *name, json_t *const *args)
{
    double number = json_number_value(args[0]);

    if (!json_is_number(args[0]) &&
        (!json_is_string(args[0]) || !weir_f64_from_text(json_string_value(args[0]), &number)))
        return not_a(e, args[0], "a number");
    if (strcmp(name, "f32") == 0)
        number = (double)(float)number;
    return isfinite(number) ? json_real(number) : not_a(e, args[0], "a finite number");
}

/* Of a declared number that is written as text. */
static json_t *read_integer(evaluation *e, const char *name, json_t *const *args)
{
    int64_t number;

    (void)name;
    return json_is_string(args[0]) && weir_i64_from_text(json_string_value(args[0]), &number)
               ? json_integer(number)
               : not_a(e, args[0], "an integer");
}

static json_t *to_text(evaluation *e, const char *name, json_t *const *args)
{
    char text[64];

    (void)name;
    if (json_is_string(args[0]))
        return json_incref(args[0]);
    if (json_is_integer(args[0]))
        weir_text_from_i64(text, sizeof text, json_integer_value(args[0]));
    else if (json_is_real(args[0]))
        weir_text_from_f64(text, sizeof text, json_real_value(args[0]));
    else if (json_is_boolean(args[0]))
        weir_text_from_bool(text, sizeof text, json_is_true(args[0]));
    else
        return not_a(e, args[0], "a text, a number, true or false");
    return json_string(text);
}

static json_t *to_truth(evaluation *e, const char *name, json_t *const *args)
{
    bool value;

    (void)name;
    if (json_is_boolean(args[0]))
        return json_incref(args[0]);
    return json_is_string(args[0]) && weir_bool_from_text(json_string_value(args[0]), &value)
               ? json_boolean(value)
               : not_a(e, args[0], "true or false");
}

/* An integer is one of seconds, as in CEL. */
static json_t *to_time(evaluation *e, const char *name, json_t *const *args)
{
    int64_t ns;

    (void)name;
    if (json_is_integer(args[0]) && weir_timestamp_from_i64(json_integer_value(args[0]), &ns))
        return json_integer(ns);
    return json_is_string(args[0]) && weir_timestamp_from_text(json_string_value(args[0]), &ns)
               ? json_integer(ns)
               : not_a(e, args[0], "a time as in \"2024-03-01T12:00:00Z\"");
}

static json_t *to_duration(evaluation *e, const char *name, json_t *const *args)
{
    int64_t ns;

    (void)name;
    return json_is_string(args[0]) && weir_duration_from_text(json_string_value(args[0]), &ns)
               ? json_integer(ns)
               : not_a(e, args[0], "a duration as in \"250ms\"");
}

static json_t *time_text(evaluation *e, const char *name, json_t *const *args)
{
    char text[64];

    if (!json_is_integer(args[0]))
        return not_a(e, args[0], "a time");
    if (strcmp(name, "time_text") == 0)
        weir_text_from_timestamp(text, sizeof text, json_integer_value(args[0]));
    else
        weir_text_from_duration(text, sizeof text, json_integer_value(args[0]));
    return json_string(text);
}

/* --- All --- */

static const struct {
    const char *name;
    size_t count;
    json_t *(*apply)(evaluation *e, const char *name, json_t *const *args);
} functions[] = {
    {"==", 2, compare_as},
    {"!=", 2, compare_as},
    {"<", 2, compare_as},
    {"<=", 2, compare_as},
    {">", 2, compare_as},
    {">=", 2, compare_as},
    {"+", 2, calculate},
    {"-", 2, calculate},
    {"-u", 2, calculate},
    {"*", 2, calculate},
    {"/", 2, calculate},
    {"%", 2, calculate},
    {"neg", 1, negate},
    {"abs", 1, absolute},
    {"size", 1, size_of},
    {"startsWith", 2, search},
    {"endsWith", 2, search},
    {"contains", 2, search},
    {"int", 3, to_integer},
    {"seconds", 3, to_integer},
    {"i64", 1, read_integer},
    {"f32", 1, to_real},
    {"f64", 1, to_real},
    {"string", 1, to_text},
    {"bool", 1, to_truth},
    {"timestamp", 1, to_time},
    {"duration", 1, to_duration},
    {"time_text", 1, time_text},
    {"duration_text", 1, time_text},
};

json_t *evaluation_apply(evaluation *e, const char *name, json_t *const *args, size_t count)
{
    if (count > 0 && (strcmp(name, "min") == 0 || strcmp(name, "max") == 0))
        return extreme(e, name, args, count);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, name) == 0 && functions[i].count == count)
            return functions[i].apply(e, name, args);
    return evaluation_fail(e, "it has '%.40s', which this version of weir does not know", name);
}
