/* SPDX-License-Identifier: Apache-2.0 */
/* test_expr_cel.c - CEL's own conformance cases, checked, compiled to C and run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cel_cases.h"

static double read_double(const char *text)
{
    if (strcmp(text, "Infinity") == 0)
        return strtod("inf", NULL);
    if (strcmp(text, "-Infinity") == 0)
        return -strtod("inf", NULL);
    return strtod(text, NULL);
}

static bool is_hex(const char *hex, const uint8_t *data, size_t size)
{
    char byte[3];

    for (size_t i = 0; i < size; i++) {
        snprintf(byte, sizeof byte, "%02x", data[i]);
        if (strncmp(hex + 2 * i, byte, 2) != 0)
            return false;
    }
    return strlen(hex) == 2 * size;
}

static bool is_expected(const cel_case *item, const world_value *value)
{
    static const char kinds[] = {[CEL_BOOL] = 'b',   [CEL_INT] = 'i',    [CEL_UINT] = 'u',
                                 [CEL_DOUBLE] = 'd', [CEL_STRING] = 's', [CEL_BYTES] = 'y'};
    double number = 0;

    if (value->status != WEIR_OK || item->kind == CEL_ERROR)
        return value->status != WEIR_OK && item->kind == CEL_ERROR;
    if (value->kind != kinds[item->kind])
        return false;
    switch (item->kind) {
    case CEL_BOOL:
        return value->b == (strcmp(item->value, "true") == 0);
    case CEL_INT:
        return value->i == strtoll(item->value, NULL, 10);
    case CEL_UINT:
        return value->u == strtoull(item->value, NULL, 10);
    case CEL_DOUBLE:
        number = read_double(item->value);
        return value->d == number || (value->d != value->d && number != number);
    case CEL_STRING:
        return strcmp(value->s, item->value) == 0;
    case CEL_BYTES:
        return is_hex(item->value, value->y, value->y_size);
    case CEL_ERROR:
        break;
    }
    return false;
}

static void run_case(size_t i, world_value *value)
{
    weir_failure failure = {0};
    weir_firing firing = {.failure = &failure};
    world_inputs inputs = {0};

    *value = (world_value){.status = WEIR_SPEC};
    if (cel_functions[i] != NULL)
        value->status = cel_functions[i](&firing, &inputs, value);
}

static void every_case_comes_out_as_cel_says(void **state)
{
    (void)state;
    static world_value value;
    size_t wrong = 0;

    for (size_t i = 0; i < cel_case_count; i++) {
        run_case(i, &value);
        if (is_expected(&cel_cases[i], &value))
            continue;
        wrong++;
        print_error("%s: %s\n    expected %s, came out as %c b%d i%lld u%llu d%.17g '%s' %s\n",
                    cel_cases[i].name, cel_cases[i].text, cel_cases[i].value,
                    value.kind != '\0' ? value.kind : '-', value.b, (long long)value.i,
                    (unsigned long long)value.u, value.d, value.s, cel_refusals[i]);
    }
    assert_int_equal(wrong, 0);
    assert_true(cel_case_count > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_comes_out_as_cel_says)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
