/* SPDX-License-Identifier: Apache-2.0 */
/* test_numbers.c - reading and printing of floating-point numbers against the C library. */
#include "wire/decimal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Reads `text` both ways, as both floats, also with what the short way needs behind it. */
static void check_read(const char *text)
{
    char padded[1600];
    wire_decimal decimal;
    const char *fault, *end = text + strlen(text);
    double expected = strtod(text, NULL), found, quick;
    float narrow = strtof(text, NULL), narrow_found;

    if (wire_decimal_scan(text, end, &decimal, &fault) != end)
        fail_msg("%s is no number", text);
    found = wire_decimal_f64(&decimal);
    narrow_found = wire_decimal_f32(&decimal);
    if (memcmp(&found, &expected, sizeof found) != 0)
        fail_msg("%s: %.17g, expected %.17g", text, found, expected);
    if (memcmp(&narrow_found, &narrow, sizeof narrow) != 0)
        fail_msg("%s: %.9g, expected %.9g", text, (double)narrow_found, (double)narrow);
    int size = snprintf(padded, sizeof padded, "%s,                    ", text);
    const char *after = wire_decimal_short(padded, padded + size, &quick);
    if (after != NULL && (*after != ',' || memcmp(&quick, &expected, sizeof quick) != 0))
        fail_msg("%s: %.17g the short way", text, quick);
}

static void check_print(double value)
{
    char text[64], shorter[64];
    size_t digits = 0, zeros = 0;

    *wire_print_f64(text, value) = '\0';
    double back = strtod(text, NULL);
    if (memcmp(&back, &value, sizeof back) != 0)
        fail_msg("%.17g was printed as %s", value, text);
    check_read(text);
    for (const char *at = text; *at != '\0' && *at != 'e'; at++)
        if ((*at >= '1' && *at <= '9') || (*at == '0' && digits != 0)) {
            digits++;
            zeros = *at == '0' ? zeros + 1 : 0;
        }
    if (digits - zeros < 2)
        return;
    snprintf(shorter, sizeof shorter, "%.*e", (int)(digits - zeros) - 2, value);
    if (strtod(shorter, NULL) == value)
        fail_msg("%s is longer than %s", text, shorter);
}

static void test_random_bits(void **state)
{
    (void)state;
    for (int i = 0; i < 150000; i++) {
        uint64_t bits = next_random();
        uint32_t half = (uint32_t)bits;
        double value;
        float narrow;
        char text[64];
        memcpy(&value, &bits, sizeof value);
        memcpy(&narrow, &half, sizeof narrow);
        if (isfinite(value))
            check_print(value);
        check_print((double)(int64_t)(bits >> (30 + bits % 24)) / 100);
        check_print((double)(int64_t)bits);
        snprintf(text, sizeof text, "%.*e", (int)(bits % 25), isfinite(value) ? value : 1);
        check_read(text);
        if (!isfinite(narrow))
            continue;
        *wire_print_f32(text, narrow) = '\0';
        float back = strtof(text, NULL);
        assert_memory_equal(&back, &narrow, sizeof back);
    }
}

/* Ties, borders, and an f32 that a detour by double would round wrongly. */
static void test_hard_cases(void **state)
{
    static const char *const cases[] = {
        "0",
        "-0",
        "0.0",
        "-0e9",
        "1e-400",
        "1e400",
        "-1e400",
        "5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "9007199254740993",
        "9007199254740992.99999999999999999999",
        "9007199254740993.00000000000000000001",
        "0.000000000000000000000000000000000000000000000000000000000001",
        "1e23",
        "8.5e22",
        "1.00000017881393432617187499",
        "1.00000017881393432617187500",
        "1.00000017881393432617187501",
        "16777217",
        "16777217.0000001",
        "3.4028235677973366e38",
        "1e-46",
        "123456789012345678901234567890",
        "7.2057594037927933e16",
        "9e999999999999999999",
        "1e-999999999999999999999",
        "0e99999999999999999999",
        "1234567.1234567",
        "0.1234567",
        "12345678.5",
        "100000000000000016777215",
        "100000000000000016777216",
    };
    char tie[1200] = "9007199254740993.";

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_read(cases[i]);
    memset(tie + 17, '0', 1000);
    check_read(tie);
    tie[1016] = '1';
    check_read(tie);
}

static void test_printed_forms(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {100, "100"},
        {1e16, "10000000000000000"},
        {1e17, "1e17"},
        {0.000001, "0.000001"},
        {1.5e-7, "1.5e-7"},
        {5e-324, "5e-324"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {123.45, "123.45"},
        {0.01, "0.01"},
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        *wire_print_f64(text, cases[i].value) = '\0';
        assert_string_equal(text, cases[i].text);
    }
}

static void test_no_numbers(void **state)
{
    static const char *const cases[] = {"", "-", "+1", ".5", "1.", "1.e3", "1e", "1e+", "e1", "-a"};
    wire_decimal decimal;
    const char *fault;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_null(wire_decimal_scan(cases[i], cases[i] + strlen(cases[i]), &decimal, &fault));
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        wire_integer_result result;
        uint64_t value;
    } cases[] = {
        {"18446744073709551615", WIRE_INTEGER_OK, UINT64_MAX},
        {"18446744073709551616", WIRE_INTEGER_RANGE, 0},
        {"1.8446744073709551615e19", WIRE_INTEGER_OK, UINT64_MAX},
        {"184467440737095516150000e-4", WIRE_INTEGER_OK, UINT64_MAX},
        {"1.0", WIRE_INTEGER_OK, 1},
        {"1e3", WIRE_INTEGER_OK, 1000},
        {"1.5", WIRE_INTEGER_FRACTION, 0},
        {"15e-1", WIRE_INTEGER_FRACTION, 0},
        {"1e-1", WIRE_INTEGER_FRACTION, 0},
        {"0e999999999999", WIRE_INTEGER_OK, 0},
        {"0.000e5", WIRE_INTEGER_OK, 0},
        {"1e99999999999", WIRE_INTEGER_RANGE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wire_decimal decimal;
        const char *fault, *end = cases[i].text + strlen(cases[i].text);
        uint64_t value = 0;
        assert_ptr_equal(wire_decimal_scan(cases[i].text, end, &decimal, &fault), end);
        assert_int_equal(wire_decimal_integer(&decimal, &value), cases[i].result);
        if (cases[i].result == WIRE_INTEGER_OK)
            assert_int_equal(value, cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_bits),   cmocka_unit_test(test_hard_cases),
        cmocka_unit_test(test_printed_forms), cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
