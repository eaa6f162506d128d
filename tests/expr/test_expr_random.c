/* SPDX-License-Identifier: Apache-2.0 */
/* test_expr_random.c - random expressions, compiled, against the naive interpreter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random_expr.h"

static const int64_t integers[] = {0,         1,         -1,           2, 5, 127, -128, 1000,
                                   INT64_MAX, INT64_MIN, INT64_MAX - 1};
static const double doubles[] = {0.0,  -0.0,  1.5,  -2.25,   1e300,           -1e300,
                                 1e19, 255.9, 4e38, -0x1p63, __builtin_inf(), __builtin_nan("")};
static const char *const texts[] = {"", "A", "AB", "B", "17", "-3", "\xc3\xa4"};

#define PICK(source, table) table[random_next(source, sizeof table / sizeof *table)]

static void fill_integers(random_source *source, world_all *a)
{
    a->i8 = (int8_t)PICK(source, integers);
    a->i16 = (int16_t)PICK(source, integers);
    a->i32 = (int32_t)PICK(source, integers);
    a->i64 = PICK(source, integers);
    a->j64 = PICK(source, integers);
    a->u8 = (uint8_t)PICK(source, integers);
    a->u16 = (uint16_t)PICK(source, integers);
    a->u32 = (uint32_t)PICK(source, integers);
    a->u64 = (uint64_t)PICK(source, integers);
    a->v64 = (uint64_t)PICK(source, integers);
    a->ts = PICK(source, integers);
    a->ts2 = PICK(source, integers);
    a->dur = PICK(source, integers);
    a->dur2 = PICK(source, integers);
    a->day = (int32_t)PICK(source, integers);
    a->day2 = (int32_t)PICK(source, integers);
    a->oi = PICK(source, integers);
    for (size_t i = 0; i < 3; i++)
        a->arr[i] = PICK(source, integers);
    for (size_t i = 0; i < 5; i++)
        a->us[i] = (uint8_t)PICK(source, integers);
}

static void fill(random_source *source, world_all *a)
{
    *a = (world_all){.b = random_next(source, 2), .b2 = random_next(source, 2)};
    fill_integers(source, a);
    a->f32 = (float)PICK(source, doubles);
    a->f64 = PICK(source, doubles);
    a->g64 = PICK(source, doubles);
    a->of = PICK(source, doubles);
    a->level.price = PICK(source, doubles);
    for (size_t i = 0; i < 4; i++)
        a->lv[i].price = PICK(source, doubles);
    weir_text_copy(a->s, sizeof a->s, PICK(source, texts));
    weir_text_copy(a->s2, sizeof a->s2, PICK(source, texts));
    for (size_t i = 0; i < 3; i++)
        weir_text_copy(a->ns[i], sizeof a->ns[i], PICK(source, texts));
    a->side = random_next(source, 2) != 0 ? WORLD_SIDE_SELL : WORLD_SIDE_BUY;
    a->has_of = random_next(source, 2);
    a->has_oi = random_next(source, 2);
    a->lv_count = (uint32_t)random_next(source, 5);
    a->ns_count = (uint32_t)random_next(source, 4);
    a->us_count = (uint32_t)random_next(source, 6);
    a->raw_size = (uint32_t)random_next(source, 3);
    a->raw2_size = (uint32_t)random_next(source, 3);
}

static bool same_double(double x, double y)
{
    return memcmp(&x, &y, sizeof x) == 0 || (x != x && y != y);
}

static bool same_value(const world_value *got, const world_value *wanted)
{
    switch (got->kind) {
    case 'b':
        return got->b == wanted->b;
    case 'i':
        return got->i == wanted->i;
    case 'u':
        return got->u == wanted->u;
    case 'd':
        return same_double(got->d, wanted->d);
    default:
        return strcmp(got->s, wanted->s) == 0;
    }
}

static void report(const random_node *node, const world_value *got, const world_value *wanted)
{
    weir_buffer text = {0};

    random_print(node, &text);
    print_error(
        "%s\n    %s %c b%d i%lld u%llu d%.17g '%s'; expected %s b%d i%lld u%llu d%.17g '%s'\n",
        text.data, weir_status_text(got->status), got->kind, got->b, (long long)got->i,
        (unsigned long long)got->u, got->d, got->s, weir_status_text(wanted->status), wanted->b,
        (long long)wanted->i, (unsigned long long)wanted->u, wanted->d, wanted->s);
    weir_buffer_free(&text);
}

static bool agrees(const random_node *node, size_t n, const world_inputs *in)
{
    static world_value got, wanted;
    weir_failure failure = {0};
    weir_firing firing = {.failure = &failure};

    got = wanted = (world_value){0};
    got.status = random_functions[n](&firing, in, &got);
    wanted.status = random_evaluate(node, in, &wanted) ? WEIR_OK : WEIR_FAILED;
    bool same = got.status == wanted.status && (got.status != WEIR_OK || same_value(&got, &wanted));
    if (!same)
        report(node, &got, &wanted);
    return same;
}

static void compiled_and_interpreted_agree(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t n = 0; n < RANDOM_COUNT; n++) {
        weir_arena arena = {0};
        random_node *node = random_expression(&arena, RANDOM_SEED, n);
        random_source source = {n * 7919 + 1, &arena};
        for (size_t i = 0; i < RANDOM_INPUTS; i++) {
            world_all a, o;
            world_level w[2] = {{.price = 1.25}, {.price = -3}};
            fill(&source, &a);
            fill(&source, &o);
            world_inputs in = {&a,
                               random_next(&source, 2) ? &o : NULL,
                               &a,
                               w,
                               random_next(&source, 3),
                               PICK(&source, integers)};
            wrong += !agrees(node, n, &in);
        }
        weir_arena_free(&arena);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(compiled_and_interpreted_agree)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
