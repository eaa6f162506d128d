/* SPDX-License-Identifier: Apache-2.0 */
/* test_expr_emit.c - the C that expressions and assignments come out as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

typedef struct emit_case {
    const char *text, *lines, *value;
} emit_case;

static const emit_case cases[] = {
    {"a.f64 > a.g64", "", "in->a->f64 > in->a->g64"},
    {"(a.f64 + a.g64) / 2", "", "(in->a->f64 + in->a->g64) / 2.0"},
    {"a.f64 - a.g64 * -a.f64", "", "in->a->f64 - in->a->g64 * -in->a->f64"},
    {"a.f32 * 2.0 >= 1", "", "(double)in->a->f32 * 2.0 >= 1.0"},
    {"!(a.b || a.b2 && a.i64 == 3)", "", "!(in->a->b || (in->a->b2 && in->a->i64 == 3))"},
    {"a.u8 >= 0", "", "in->a->u8 >= weir_as_u64(0u)"},
    {"a.i64 == a.i64", "", "in->a->i64 == weir_as_i64(in->a->i64)"},
    {"a.i64 > 1 && a.i64 < 9", "", "in->a->i64 > 1 && in->a->i64 < 9"},
    {"a.i64 > 9 && a.i64 < 1", "", "in->a->i64 > 9 && weir_as_bool(in->a->i64 < 1)"},
    {"a.side == Side.buy", "", "in->a->side == WORLD_SIDE_BUY"},
    {"a.s == 'ABC'", "", "strcmp(in->a->s, \"ABC\") == 0"},
    {"a.s == 'longer than eight'", "",
     "strcmp(in->a->s, weir_as_text(\"longer than eight\")) == 0"},
    {"a.s.startsWith('A') && a.s.size() > 2", "",
     "weir_text_starts_with(in->a->s, \"A\") && weir_text_length(in->a->s) > 2"},
    {"a.i32 + a.i32 * 2", "", "in->a->i32 + (int64_t)in->a->i32 * 2"},
    {"a.i64 / 2 % 10", "", "in->a->i64 / 2 % 10"},
    {"a.i64 + 1",
     "int64_t t1;\n"
     "if (!weir_add_i64(in->a->i64, 1, &t1))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: integer overflow in 'a.i64 + 1'\");\n",
     "t1"},
    {"a.b && 10 / a.i64 > 2",
     "bool t1 = in->a->b;\n"
     "if (t1) {\n"
     "    int64_t t2;\n"
     "    if (!weir_div_i64(10, in->a->i64, &t2))\n"
     "        return weir_fail(firing,\n"
     "                         \"test.weir.yaml:7: division by zero or integer overflow in '10 / "
     "a.i64'\");\n"
     "    t1 = t2 > 2;\n"
     "}\n",
     "t1"},
    {"a.b ? a.i64 + 1 : 0",
     "int64_t t1;\n"
     "if (in->a->b) {\n"
     "    int64_t t2;\n"
     "    if (!weir_add_i64(in->a->i64, 1, &t2))\n"
     "        return weir_fail(firing, \"test.weir.yaml:7: integer overflow in 'a.i64 + 1'\");\n"
     "    t1 = t2;\n"
     "} else {\n"
     "    t1 = 0;\n"
     "}\n",
     "t1"},
    {"a.b ? a.f64 : a.g64", "", "in->a->b ? in->a->f64 : in->a->g64"},
    {"a.b ? a.f64 : a.f64", "", "in->a->f64"},
    {"has(o) && o.i64 > 1", "", "in->o != NULL && in->o->i64 > 1"},
    {"has(o.of) && o.of > 1", "", "in->o != NULL && in->o->has_of && in->o->of > 1.0"},
    {"has(o) && (has(o.ol.note) ? o.ol.note == 'x' : true)", "",
     "in->o != NULL && (in->o->has_ol && in->o->ol.has_note ? strcmp(in->o->ol.note, \"x\") == 0 : "
     "true)"},
    {"size(w) > 0 && w[0].price > 1.5",
     "bool t1 = (int64_t)in->w_count > 0;\n"
     "if (t1) {\n"
     "    if (!weir_index_i64(0, in->w_count))\n"
     "        return weir_fail(firing, \"test.weir.yaml:7: index out of range in 'w[0]'\");\n"
     "    t1 = in->w[0].price > 1.5;\n"
     "}\n",
     "t1"},
    {"a.arr[2] == 5 && a.lv[a.i64].size == 1",
     "bool t1 = in->a->arr[2] == 5;\n"
     "if (t1) {\n"
     "    if (!weir_index_i64(in->a->i64, in->a->lv_count))\n"
     "        return weir_fail(firing, \"test.weir.yaml:7: index out of range in "
     "'a.lv[a.i64]'\");\n"
     "    t1 = in->a->lv[in->a->i64].size == 1u;\n"
     "}\n",
     "t1"},
    {"a.i64 in [1, 2, 3]", "", "in->a->i64 == 1 || in->a->i64 == 2 || in->a->i64 == 3"},
    {"(a.i64 + 1) in [1, 2]",
     "int64_t t1;\n"
     "if (!weir_add_i64(in->a->i64, 1, &t1))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: integer overflow in '(a.i64 + 1)'\");\n",
     "t1 == 1 || t1 == 2"},
    {"a.s in a.ns",
     "bool t1 = false;\n"
     "for (size_t i1 = 0; i1 < in->a->ns_count && !t1; i1++)\n"
     "    t1 = strcmp(in->a->ns[i1], in->a->s) == 0;\n",
     "t1"},
    {"a.s + '-' + string(a.i64) == a.s2",
     "char t1[10];\n"
     "weir_text_join(t1, sizeof t1, in->a->s, \"-\");\n"
     "char t2[21];\n"
     "weir_text_from_i64(t2, sizeof t2, in->a->i64);\n"
     "char t3[30];\n"
     "weir_text_join(t3, sizeof t3, t1, t2);\n",
     "strcmp(t3, in->a->s2) == 0"},
    {"now - a.ts > duration('5m')",
     "int64_t t1;\n"
     "if (!weir_sub_i64(in->now, in->a->ts, &t1))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: duration out of range in 'now - a.ts'\");\n",
     "t1 > 300000000000"},
    {"u8(a.i64) == 3u",
     "uint8_t t1;\n"
     "if (!weir_u8_from_i64(in->a->i64, &t1))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: value out of range in 'u8(a.i64)'\");\n",
     "t1 == 3u"},
    {"min(a.f64, a.g64, 1)", "", "weir_min_f64(weir_min_f64(in->a->f64, in->a->g64), 1.0)"},
    {"a.raw == a.raw2", "",
     "weir_bytes_equal(in->a->raw, in->a->raw_size, in->a->raw2, in->a->raw2_size)"},
    {"a.raw < b'\\x00a'", "",
     "weir_bytes_compare(in->a->raw, in->a->raw_size, \"\\000a\", 2u) < 0"},
    {"a.raw in [b'ABCDE', a.raw2]", "",
     "weir_bytes_compare(in->a->raw, in->a->raw_size, \"ABCDE\", 5u) == 0 || "
     "weir_bytes_equal(in->a->raw, in->a->raw_size, in->a->raw2, in->a->raw2_size)"},
    {"string(a.raw) == 'x'",
     "char t1[5];\n"
     "if (!weir_text_from_bytes(t1, sizeof t1, in->a->raw, in->a->raw_size))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: bytes that are no UTF-8 text in "
     "'string(a.raw)'\");\n",
     "strcmp(t1, \"x\") == 0"},
};

static void emit(const char *text, weir_buffer *out, const char **ret_value, expr_world *world)
{
    expr_output output;

    world_begin(world);
    const expr *tree = world_check(world, text, NULL);
    if (tree == NULL)
        print_error("%s: %s\n", text, world->sentence);
    assert_non_null(tree);
    world_output(world, out, &output);
    output.indent = 0;
    *ret_value = expr_emit(&output, tree);
    assert_non_null(*ret_value);
}

static void expressions_come_out_as_one_would_write_them(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_buffer out = {0};
        const char *value = NULL;
        expr_world world;

        emit(cases[i].text, &out, &value, &world);
        const char *lines = out.data != NULL ? out.data : "";
        if (strcmp(value, cases[i].value) != 0 || strcmp(lines, cases[i].lines) != 0) {
            wrong++;
            print_error("%s\n%s=> %s\n", cases[i].text, lines, value);
        }
        weir_buffer_free(&out);
        world_end(&world);
    }
    assert_int_equal(wrong, 0);
}

static const struct {
    const char *field, *text, *lines;
} assignments[] = {
    {"f64", "a.f64 + 1", "out->f64 = in->a->f64 + 1.0;\n"},
    {"f64", "1", "out->f64 = 1.0;\n"},
    {"f32", "a.f64",
     "if (!weir_f32_from_f64(in->a->f64, &out->f32))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: a value beyond f32 in 'a.f64'\");\n"},
    {"f32", "a.f32", "out->f32 = in->a->f32;\n"},
    {"f32", "0.1", "out->f32 = (float)0.1;\n"},
    {"u8", "a.u64",
     "if (!weir_u8_from_u64(in->a->u64, &out->u8))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: a value beyond u8 in 'a.u64'\");\n"},
    {"u8", "200", "out->u8 = 200u;\n"},
    {"i64", "a.i8", "out->i64 = (int64_t)in->a->i8;\n"},
    {"i16", "a.i64 % 100", "out->i16 = (int16_t)(in->a->i64 % 100);\n"},
    {"s", "a.s", "memcpy(out->s, in->a->s, sizeof out->s);\n"},
    {"s", "a.s2",
     "if (!weir_text_copy(out->s, sizeof out->s, in->a->s2))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: a text of more than 8 bytes in "
     "'a.s2'\");\n"},
    {"s2", "a.s", "weir_text_copy(out->s2, sizeof out->s2, in->a->s);\n"},
    {"s", "'ABC'", "weir_text_copy(out->s, sizeof out->s, \"ABC\");\n"},
    {"side", "Side.sell", "out->side = WORLD_SIDE_SELL;\n"},
    {"of", "a.of",
     "out->has_of = in->a->has_of;\n"
     "if (out->has_of) {\n"
     "    out->of = in->a->of;\n"
     "}\n"},
    {"of", "a.f64",
     "out->has_of = true;\n"
     "out->of = in->a->f64;\n"},
    {"of", "o.of",
     "out->has_of = in->o != NULL && in->o->has_of;\n"
     "if (out->has_of) {\n"
     "    out->of = in->o->of;\n"
     "}\n"},
    {"raw", "a.raw2",
     "if (!weir_bytes_copy(out->raw, sizeof out->raw, in->a->raw2, in->a->raw2_size))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: more than 4 bytes in 'a.raw2'\");\n"
     "out->raw_size = in->a->raw2_size;\n"},
    {"raw2", "bytes(a.s)",
     "weir_bytes_copy(out->raw2, sizeof out->raw2, in->a->s, (uint32_t)strlen(in->a->s));\n"
     "out->raw2_size = (uint32_t)strlen(in->a->s);\n"},
    {"lv", "w",
     "if (!weir_within(in->w_count, 0, 4))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: a list without 0..4 items in 'w'\");\n"
     "out->lv_count = (uint32_t)in->w_count;\n"
     "memcpy(out->lv, in->w, in->w_count * sizeof *out->lv);\n"},
    {"lv", "a.lv",
     "out->lv_count = in->a->lv_count;\n"
     "memcpy(out->lv, in->a->lv, in->a->lv_count * sizeof *out->lv);\n"},
    {"arr", "a.arr", "memcpy(out->arr, in->a->arr, 3 * sizeof *out->arr);\n"},
    {"level", "a.lv[0]",
     "if (!weir_index_i64(0, in->a->lv_count))\n"
     "    return weir_fail(firing, \"test.weir.yaml:7: index out of range in 'a.lv[0]'\");\n"
     "out->level = in->a->lv[0];\n"},
    {"level", "a.level", "out->level = in->a->level;\n"},
    {"b", "a.i64 > 5", "out->b = in->a->i64 > 5;\n"},
};

static void assignments_check_what_does_not_fit(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < sizeof assignments / sizeof *assignments; i++) {
        const spec_field *field = world_field(assignments[i].field);
        weir_buffer out = {0};
        expr_output output;
        expr_world world;

        world_begin(&world);
        const expr *tree = world_check(&world, assignments[i].text, &field->shape);
        if (tree == NULL)
            print_error("%s: %s\n", assignments[i].text, world.sentence);
        assert_non_null(tree);
        world_output(&world, &out, &output);
        output.indent = 0;
        assert_true(expr_emit_assign(&output, tree, field, "out->"));
        if (strcmp(out.data, assignments[i].lines) != 0) {
            wrong++;
            print_error("%s = %s\n%s", field->name, assignments[i].text, out.data);
        }
        weir_buffer_free(&out);
        world_end(&world);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_come_out_as_one_would_write_them),
        cmocka_unit_test(assignments_check_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
