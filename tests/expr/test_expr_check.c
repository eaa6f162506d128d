/* SPDX-License-Identifier: Apache-2.0 */
/* test_expr_check.c - the types of expressions, what is refused and where, guards, cut text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

enum { FIRST_COLUMN = 11 };

static void types_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *type;
    } cases[] = {
        {"1", "i64"},
        {"0x1F", "i64"},
        {"1u", "u64"},
        {"b'\\x00\\377'", "bytes"},
        {"bytes(a.s)", "bytes"},
        {"string(a.raw)", "string"},
        {"a.raw < br'x' && a.raw in [b'x', a.raw2]", "bool"},
        {"1.5", "f64"},
        {"a.u8", "u8"},
        {"a.u8 + 1", "u64"},
        {"a.u64 + 18446744073709551615", "u64"},
        {"18446744073709551616.0 > 18446744073709551615", "bool"},
        {"a.i8 + a.i32", "i64"},
        {"a.f32 * 2", "f64"},
        {"1 + a.u64", "u64"},
        {"a.f64 < 1", "bool"},
        {"a.b ? 1 : a.f64", "f64"},
        {"a.b ? a.i8 : a.i8", "i8"},
        {"a.b ? a.i8 : a.i16", "i64"},
        {"-a.i8", "i64"},
        {"a.s + 'x'", "string"},
        {"now - a.ts", "duration"},
        {"now + a.dur", "timestamp"},
        {"a.day < a.day2", "bool"},
        {"a.side", "Side"},
        {"Side.buy", "Side"},
        {"size(w)", "i64"},
        {"w[0].price", "f64"},
        {"a.lv[0]", "Level"},
        {"u8(a.i64)", "u8"},
        {"f32(a.f64)", "f32"},
        {"min(1, a.f64, 2)", "f64"},
        {"max(a.u8, 1)", "u64"},
        {"abs(-3)", "i64"},
        {"timestamp('2024-03-01T12:00:00Z')", "timestamp"},
        {"duration('250ms') < a.dur", "bool"},
        {"int(a.side)", "i64"},
        {"a.s in ['a', 'b'] && !(a.i64 in a.arr)", "bool"},
        {"a.s.contains('x') || startsWith(a.s, 'y')", "bool"},
        {"[1, 2,][0] in [1]", NULL},
        {"a.ts + a.ts", NULL},
        {"1 // a comment", "i64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expr_world world;

        world_begin(&world);
        const expr *tree = world_check(&world, cases[i].text, NULL);
        const char *type = tree != NULL ? expr_shape(tree).type->name : NULL;
        bool good = type == cases[i].type ||
                    (type != NULL && cases[i].type != NULL && strcmp(type, cases[i].type) == 0);
        if (!good)
            print_error("%s: %s %s\n", cases[i].text, type != NULL ? type : "-", world.sentence);
        assert_true(good);
        world_end(&world);
    }
}

/* `at` counts characters from 0; the sentence is the first one reported. */
static const struct {
    const char *text;
    unsigned at;
    const char *sentence;
} refusals[] = {
    {"a.bid > 1", 2, "All has no field 'bid'"},
    {"a.f65 > 1", 2, "All has no field 'f65'; did you mean 'f64'?"},
    {"b.f64 > 1", 0, "nothing here is named 'b'"},
    {"a.f64 > a.i64", 6, "'>' between f64 and i64 needs a conversion: f64(a.i64)"},
    {"a.u64 + a.i64", 6, "'+' between u64 and i64 needs a conversion: i64(a.u64)"},
    {"a.side == 1", 7, "'==' between Side and i64 needs a conversion: int(a.side)"},
    {"a.s + 1", 4, "'+' between string(8) and i64 needs a conversion: string(1)"},
    {"a.u8 > -1", 7, "-1 is negative, and the other side is unsigned"},
    {"Side.sel", 5, "Side has no value 'sel'; did you mean 'sell'?"},
    {"Side", 0, "'Side' is a type; its values are written Side.NAME"},
    {"a.f64 % 2.0", 6, "'%' is for integers, and 'a.f64' is f64"},
    {"a.i64 && a.b", 2, "each side of '&&' must be a bool, and 'a.i64' is i64"},
    {"a.i64 ? 1 : 2", 2, "what stands before '?' must be a bool, and 'a.i64' is i64"},
    {"-a.u64", 0, "'-' does not go before u64; convert it with i64(..)"},
    {"a == a", 2, "'==' does not go between All and All"},
    {"a.arr == a.arr", 6, "'==' does not go between a list of i64 and a list of i64"},
    {"a.raw + a.raw2", 6, "'+' does not go between bytes(4) and bytes(8)"},
    {"b'\\u00e9'", 2, "bytes have no Unicode escapes; a byte is written \\xff"},
    {"b'x", 0, "the string is not closed"},
    {"bytes(1)", 6, "'bytes' takes a string or bytes, and '1' is i64"},
    {"w.price", 2, "'w' is a window of Level; take one of it first: w[0].price"},
    {"a.f64.x", 6, "'a.f64' is f64 and has no fields"},
    {"a.arr[3]", 6, "the index 3 is outside of 'a.arr', which is not that long"},
    {"a.lv[-1]", 5, "the index -1 is outside of 'a.lv'"},
    {"a.lv['x']", 5, "an index is an integer, and ''x'' is string"},
    {"a.f64[0]", 0, "'a.f64' is f64, and only lists and windows have an index"},
    {"null == a", 0, "there is no null; ask has(x) whether an optional is there"},
    {"{'a': 1}", 0, "there are no maps in expressions; compare with == or `in [..]`"},
    {"Level{price: 1}", 5, "there are no message literals; `set:` fills a struct field by field"},
    {"a.lv.all(x, true)", 5, "'all': there are no macros; a node in C can walk through a list"},
    {"a.s.matches('x')", 4,
     "'matches': there are no regular expressions; startsWith, endsWith and contains compare text"},
    {"sise(w)", 0, "there is no function 'sise'; did you mean 'size'?"},
    {"size(1)", 5, "'size' takes a list, a window, a string or bytes, and '1' is i64"},
    {"min(1)", 0, "'min' takes at least 2 values, not 1"},
    {"a.f64.abs()", 6, "'abs' is a function: abs(a.f64)"},
    {"a.i64 = 1", 6, "'=' is no operator; equality is written '=='"},
    {"a.b & a.b2", 4, "'&' is no operator; 'and' is written '&&'"},
    {"a.b a.b2", 4, "expected an operator, not 'a'"},
    {"(a.b", 4, "the expression ends where ')' should follow"},
    {"a.i64 +", 7, "the expression ends where a value should follow"},
    {"a.s == 'x", 7, "the string is not closed"},
    {"'\\q'", 1, "unknown escape; a backslash is written '\\\\', or r'..' takes all as it stands"},
    {"9223372036854775808", 0, "9223372036854775808 is beyond i64; an unsigned number ends in u"},
    {"a.i64 + 9223372036854775808", 8,
     "9223372036854775808 is beyond i64; an unsigned number ends in u"},
    {"99999999999999999999", 0, "the number is beyond 64 bits"},
    {"12ab", 0, "this is no number; hexadecimal ones are written 0x1f, unsigned 1u"},
    {"u8(300)", 3, "300 is out of the range of u8"},
    {"duration('250')", 9,
     "'250' is no duration; write it with units, as in \"250ms\" or \"1h30m\""},
    {"timestamp('yesterday')", 10,
     "'yesterday' is no timestamp; write it as in \"2024-03-01T12:00:00Z\""},
    {"timestamp('0001-01-01T00:00:00Z')", 10,
     "'0001-01-01T00:00:00Z' is no timestamp between the years 1678 and 2261"},
    {"'\xc3\xa4\xc3\xb6' == 1", 5, "'==' between string and i64 needs a conversion: string(1)"},
    {"[1, 2] == [1, 2]", 0, "a list stands only right of 'in'"},
    {"1 in a.b", 7, "'in' asks a list, and 'a.b' is bool"},
    /* optionals */
    {"o.f64 > 1", 0, "'o' may be absent; guard it: has(o) && .."},
    {"a.of > 1", 2, "'a.of' may be absent; guard it: has(a.of) && .."},
    {"has(a.of) || a.of > 1", 15, "'a.of' may be absent; guard it: has(a.of) && .."},
    {"a.of > 1 && has(a.of)", 2, "'a.of' may be absent; guard it: has(a.of) && .."},
    {"has(a.of) ? a.b : a.of > 1", 20, "'a.of' may be absent; guard it: has(a.of) && .."},
    {"(has(a.of) || a.b) && a.of > 1", 24, "'a.of' may be absent; guard it: has(a.of) && .."},
    {"!(has(a.of) && a.b) || has(o) && a.oi > 1", 35,
     "'a.oi' may be absent; guard it: has(a.oi) && .."},
    {"has(w[0].note) && w[1].note == 'x'", 23,
     "'w[1].note' may be absent; guard it: has(w[1].note) && .."},
    {"has(a.f64)", 6, "'a.f64' is never absent"},
    {"has(1)", 4, "has() asks for an input or a field, as in has(a.b)"},
};

static void refusals_name_the_thing_and_the_place(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        expr_world world;

        world_begin(&world);
        const expr *tree = world_check(&world, refusals[i].text, NULL);
        unsigned at = world.where.column - FIRST_COLUMN;
        if (tree != NULL || at != refusals[i].at || world.where.line != 7 ||
            strcmp(world.sentence, refusals[i].sentence) != 0) {
            wrong++;
            print_error("%s: %u \"%s\"\n", refusals[i].text, at, world.sentence);
        }
        world_end(&world);
    }
    assert_int_equal(wrong, 0);
}

static void guards_hold_on_their_way(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "has(a.of) && a.of > 1",
        "!has(a.of) || a.of > 1",
        "has(a.of) ? a.of > 1 : false",
        "!has(a.of) ? false : a.of > 1",
        "!(!has(a.of)) && a.of > 1",
        "has(a.of) && has(a.oi) && a.of > 1 && a.oi > 1",
        "!(!has(a.of) || !has(a.oi)) && a.of > 1 && a.oi > 1",
        "(has(a.of) && a.b || has(a.of) && a.b2) && a.of > 1",
        "(a.b ? has(a.of) : false) && a.of > 1",
        "(a.b ? has(a.of) && a.b2 : has(a.of)) && a.of > 1",
        "has(o.ol.note) && o.ol.note == 'x' && o.i64 > 1",
        "has(o) && has(o.of) && o.of > o.f64",
        "has(w[0].note) && w[0].note == 'x'",
        "has(o) ? o.b : !has(a.oi) || a.oi == 1",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        expr_world world;

        world_begin(&world);
        if (world_check(&world, texts[i], NULL) == NULL)
            fail_msg("%s: %s", texts[i], world.sentence);
        world_end(&world);
    }
}

static void strings_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t size; /* in bytes of UTF-8; 0: refused */
    } cases[] = {
        {"'a\\n\\t\\\\\\''", 5}, {"'\\x41\\101\\u00e4'", 4}, {"'\\U0001F600'", 4}, {"r'\\n'", 2},
        {"\"\"\"a\"b\"\"\"", 3}, {"'''a\n'b'''", 4},         {"'\\x00'", 0},       {"'\\000'", 0},
        {"'\\ud800'", 0},        {"'\\U00110000'", 0},       {"'\\x4'", 0},        {"'\\9'", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expr_world world;

        world_begin(&world);
        const expr *tree = world_check(&world, cases[i].text, NULL);
        assert_int_equal(tree != NULL ? expr_shape(tree).size : 0, cases[i].size);
        world_end(&world);
    }
}

/* E6: what is read without a guard is required. */
static void unguarded_reads_make_an_input_required(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool read, unguarded;
    } cases[] = {
        {"r.b", true, true},           {"has(r) && r.b", true, false},
        {"a.b", false, false},         {"has(r.of) && r.of > 1", true, false},
        {"has(r) || r.b", true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expr_world world;

        world_begin(&world);
        assert_non_null(world_check(&world, cases[i].text, NULL));
        assert_int_equal(world.roots[2].read, cases[i].read);
        assert_int_equal(world.roots[2].unguarded, cases[i].unguarded);
        world_end(&world);
    }
}

/* YAML takes " #" for a comment; the caller says so where the rest looks cut. */
static void cut_text_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool cut;
    } cases[] = {{"a.s == 'x", true}, {"a.i64 +", true}, {"(a.b", true},   {"a.b ?", true},
                 {"a.b && ", true},   {"a.x", false},    {"a.b b", false}, {"size(w", true}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expr_world world;

        world_begin(&world);
        assert_null(world_check(&world, cases[i].text, NULL));
        assert_int_equal(world.context.cut, cases[i].cut);
        world_end(&world);
    }
}

static void targets_take_what_fits(void **state)
{
    (void)state;
    static const struct {
        const char *field, *text, *sentence; /* NULL: it fits */
    } cases[] = {
        {"f64", "1", NULL},
        {"f64", "a.b ? 0 : 1", NULL},
        {"f32", "a.f64", NULL},
        {"u8", "255", NULL},
        {"u8", "256", "256 is out of the range of u8"},
        {"u8", "-1", "-1 is negative, and the other side is unsigned"},
        {"i8", "-128", NULL},
        {"i8", "128", "128 is out of the range of i8"},
        {"f32", "1e39", "1e39 is out of the range of f32"},
        {"u8", "a.b ? 1 : 999", "999 is out of the range of u8"},
        {"f64", "a.i64", "the value is i64, and f64 is wanted: f64(a.i64)"},
        {"u64", "a.i64", "the value is i64, and u64 is wanted: u64(a.i64)"},
        {"i64", "a.f64", "the value is f64, and i64 is wanted: i64(a.f64)"},
        {"s", "'ABCDEFGH'", NULL},
        {"s", "'ABCDEFGHI'", "'ABCDEFGHI' has 9 bytes, and string(8) holds 8"},
        {"raw", "b'ABCDE'", "b'ABCDE' has 5 bytes, and bytes(4) holds 4"},
        {"s", "a.i64", "the value is i64, and string(8) is wanted: string(a.i64)"},
        {"side", "Side.buy", NULL},
        {"side", "0", "the value is i64, and Side is wanted"},
        {"of", "a.of", NULL},
        {"of", "o.of", NULL},
        {"f64", "a.of", "'a.of' may be absent; guard it: has(a.of) && .."},
        {"level", "a.lv[0]", NULL},
        {"level", "w", "the value is a window of Level, and Level is wanted"},
        {"lv", "w", NULL},
        {"arr", "a.lv", "the value is a list of Level, and a list of i64 is wanted"},
        {"b", "a.i64", "the value is i64, and bool is wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expr_world world;

        world_begin(&world);
        const expr *tree = world_check(&world, cases[i].text, &world_field(cases[i].field)->shape);
        const char *wanted = cases[i].sentence != NULL ? cases[i].sentence : "";
        if (strcmp(world.sentence, wanted) != 0)
            print_error("%s = %s: %s\n", cases[i].field, cases[i].text, world.sentence);
        assert_string_equal(world.sentence, wanted);
        assert_int_equal(tree == NULL, cases[i].sentence != NULL);
        world_end(&world);
    }
}

/* What checking says to `what` n times, joined; NULL: nothing. */
static void assert_sentence(const char *what, const char *joint, size_t n, const char *sentence)
{
    weir_buffer text = {0};
    expr_world world;

    for (size_t i = 0; i < n; i++)
        weir_buffer_printf(&text, "%s%s", i != 0 ? joint : "", what);
    world_begin(&world);
    const expr *tree = world_check(&world, text.data, NULL);
    if (sentence == NULL)
        assert_non_null(tree);
    else
        assert_string_equal(world.sentence, sentence);
    world_end(&world);
    weir_buffer_free(&text);
}

static void size_has_limits(void **state)
{
    (void)state;
    static const char long_text[] = "the expression is too long; divide it into several nodes";

    assert_sentence("a.b", " && ", 1000, NULL);
    assert_sentence("a.b", " && ", 100000, long_text);
    assert_sentence("a", ".", 100000, long_text);
    assert_sentence("-", "", 1000, "the expression is nested too deep");
    assert_sentence("(", "", 1000, "the expression is nested too deep");
    char body[4097] = "";
    memset(body, 'x', sizeof body - 1);
    assert_sentence("'", body + 1, 2, NULL);
    assert_sentence("'", body, 2, "the literal has 4096 bytes; at most 4095");
    assert_sentence("a.s + 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'", " + ", 90,
                    "the joined string may have 4128 bytes; at most 4096");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_found),
        cmocka_unit_test(refusals_name_the_thing_and_the_place),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(guards_hold_on_their_way),
        cmocka_unit_test(unguarded_reads_make_an_input_required),
        cmocka_unit_test(cut_text_is_known),
        cmocka_unit_test(targets_take_what_fits),
        cmocka_unit_test(size_has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
