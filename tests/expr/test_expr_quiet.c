/* SPDX-License-Identifier: Apache-2.0 */
/* test_expr_quiet.c - expressions that are hidden from compilers still mean what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quiet_cases.h"

/* What makes the conditions come out differently: around the constants of the cases. */
static const int64_t integers[] = {0, 1, 2, 3, 4, 5, 6, -1, -6, 127, -128, INT64_MAX, INT64_MIN};

static world_all values(size_t i, bool b)
{
    int64_t n = integers[i];

    return (world_all){
        .b = b,
        .b2 = !b,
        .i8 = (int8_t)n,
        .i64 = n,
        .j64 = n,
        .u8 = (uint8_t)n,
        .u32 = (uint32_t)n,
        .u64 = (uint64_t)n,
        .f32 = (float)n,
        .f64 = (double)n,
        .g64 = 1.0,
        .side = b ? WORLD_SIDE_SELL : WORLD_SIDE_BUY,
        .s = "a",
        .s2 = "a",
        .lv_count = 1,
        .us_count = 1,
    };
}

/* The answers are known by logic alone: `text` holds for all values. */
static const struct {
    const char *text;
    bool answer;
} tautologies[] = {
    {"a.i64 > 5 && a.i64 < 3", false},
    {"(a.i64) > 5 && a.i64 < 3", false},
    {"a.b || !a.b", true},
    {"a.b in [true, false]", true},
    {"a.u8 >= 0", true},
    {"a.u8 / 2 > 300", false},
    {"a.i8 + a.i16 == a.i16 + a.i8", true},
    {"a.i64 in [1, 2] && a.i64 == 3", false},
    {"a.side != Side.buy || a.side != Side.sell", true},
    {"i64(a.i64) > 5 && a.i64 < 3", false},
    {"size(a.lv) >= 0 || a.b", true},
};

static const char *const cases[] = {
#define QUIET(text) text,
#include "quiet_cases.inc"
#undef QUIET
};

static world_function function_of(const char *text)
{
    for (size_t i = 0; i < quiet_count; i++)
        if (strcmp(cases[i], text) == 0)
            return quiet_functions[i];
    fail_msg("%s is none of quiet_cases.inc", text);
    return NULL;
}

static void tautologies_come_out_so(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof tautologies / sizeof *tautologies; t++) {
        world_function function = function_of(tautologies[t].text);
        for (size_t i = 0; i < 2 * (sizeof integers / sizeof *integers); i++) {
            world_all a = values(i / 2, i % 2 != 0);
            world_value value = {0};
            const world_inputs in = {.a = &a};

            assert_int_equal(function(NULL, &in, &value), WEIR_OK);
            assert_int_equal(value.b, tautologies[t].answer);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tautologies_come_out_so)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
