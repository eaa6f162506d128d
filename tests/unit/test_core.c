/* SPDX-License-Identifier: Apache-2.0 */
/* test_core.c - errors, buffers, readings of text, option tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/text.h"
#include <weir/core.h>

static void an_error_keeps_status_message_and_place(void **state)
{
    (void)state;
    weir_error *error = NULL;
    weir_place place = {"a.weir.yaml", 3, 7};

    assert_int_equal(weir_error_set_at(&error, WEIR_FULL, place, "channel '%s' is full", "quotes"),
                     WEIR_FULL);
    assert_int_equal(weir_error_status(error), WEIR_FULL);
    assert_string_equal(weir_error_message(error), "channel 'quotes' is full");
    assert_string_equal(weir_error_place(error).file, "a.weir.yaml");
    assert_int_equal(weir_error_place(error).line, 3);
    assert_true(weir_error_retriable(error));
    weir_error_free(error);
    assert_int_equal(weir_error_set(NULL, WEIR_IO, "nobody asks"), WEIR_IO);
}

static void an_error_may_quote_the_one_it_replaces(void **state)
{
    (void)state;
    weir_error *error = NULL;

    weir_error_set(&error, WEIR_IO, "inner");
    weir_error_set(&error, WEIR_SPEC, "outer: %s", weir_error_message(error));
    assert_string_equal(weir_error_message(error), "outer: inner");
    weir_error_free(error);
}

static void durations_are_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t ns;
    } cases[] = {
        {"250ms", true, 250000000},
        {"1h30m", true, 5400000000000},
        {"1.5s", true, 1500000000},
        {"-5s", true, -5000000000},
        {"0.5ns", false, 0},
        {"5", false, 0},
        {"", false, 0},
        {"s", false, 0},
        {"1e3s", false, 0},
        {"300000d", false, 0},
        {"5 s", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ns = 0;
        assert_int_equal(weir_text_duration(cases[i].text, &ns), cases[i].good);
        if (cases[i].good)
            assert_int_equal(ns, cases[i].ns);
    }
}

static void what_is_written_can_be_read(void **state)
{
    static const int64_t durations[] = {0, 1, 1500000, 1000000000, 5400000000000, INT64_MAX};
    char text[32];
    int64_t ns;

    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        weir_text_amount(WEIR_OPTION_DURATION, durations[i], text, sizeof text);
        assert_true(weir_text_duration(text, &ns));
        assert_int_equal(ns, durations[i]);
    }
}

static void a_near_name_is_offered(void **state)
{
    (void)state;
    weir_nearest nearest = {.wanted = "market-data"};
    char hint[128];

    weir_nearest_offer(&nearest, "orders");
    assert_string_equal(weir_nearest_hint(&nearest, hint, sizeof hint), "");
    weir_nearest_offer(&nearest, "market_data");
    assert_string_equal(weir_nearest_hint(&nearest, hint, sizeof hint),
                        "; did you mean 'market_data'?");
    /* Two letters that changed places are one slip, and nearer than two that are missing. */
    nearest = (weir_nearest){.wanted = "Qoute"};
    weir_nearest_offer(&nearest, "Out");
    weir_nearest_offer(&nearest, "Quote");
    assert_string_equal(nearest.name, "Quote");
    /* The lengths alone rule it out. */
    nearest = (weir_nearest){.wanted = "ask"};
    weir_nearest_offer(&nearest, "basket");
    assert_null(nearest.name);
}

struct config {
    int64_t capacity;
    int64_t wait;
    int on_full;
    char *path;
    bool strict;
};

static const weir_option options[] = {
    {.name = "capacity",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "64",
     .min = 1,
     .max = 1024,
     .offset = offsetof(struct config, capacity)},
    {.name = "wait",
     .type = WEIR_OPTION_DURATION,
     .fallback = "5m",
     .forever = "forever",
     .offset = offsetof(struct config, wait)},
    {.name = "on_full",
     .type = WEIR_OPTION_CHOICE,
     .choices = "fail|block",
     .fallback = "fail",
     .offset = offsetof(struct config, on_full)},
    {.name = "path",
     .type = WEIR_OPTION_PATH,
     .required = true,
     .help = "the file to read",
     .offset = offsetof(struct config, path)},
    {.name = "strict", .type = WEIR_OPTION_BOOL, .offset = offsetof(struct config, strict)},
};
enum { OPTIONS = sizeof options / sizeof *options };

static void options_have_defaults(void **state)
{
    (void)state;
    struct config config = {0};
    weir_setting settings[] = {{.name = "path", .text = "a.csv"},
                               {.name = "wait", .text = "forever"},
                               {.name = "on_full", .text = "block"}};

    assert_int_equal(weir_options_read(options, OPTIONS, "source 'q'", settings, 3, &config, NULL),
                     WEIR_OK);
    assert_int_equal(config.capacity, 64);
    assert_true(config.wait == INT64_MAX);
    assert_int_equal(config.on_full, 1);
    assert_string_equal(config.path, "a.csv");
    weir_options_free(options, OPTIONS, &config);
}

static void a_bad_option_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *message;
    } cases[] = {
        {"capcity", "1", "source 'q' has no option 'capcity'; did you mean 'capacity'?"},
        {"capacity", "x", "source 'q': 'x' of option 'capacity' is not a whole number"},
        {"capacity", "2000",
         "source 'q': '2000' of option 'capacity' is out of range; it goes from 1 to 1024"},
        {"capacity", "9223372036854775807",
         "source 'q': '9223372036854775807' of option 'capacity' is out of range; it goes from 1 "
         "to "
         "1024"},
        {"wait", "5",
         "source 'q': '5' of option 'wait' is not a duration with its unit, such as 250ms, 5s or "
         "1h30m"},
        {"on_full", "fial",
         "source 'q': 'fial' of option 'on_full' is not one of fail|block; did you mean 'fail'?"},
        {"strict", "yes", "source 'q': 'yes' of option 'strict' is not true or false"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config = {0};
        weir_error *error = NULL;
        weir_setting settings[] = {{.name = "path", .text = "a"},
                                   {.name = cases[i].name, .text = cases[i].text}};
        assert_int_equal(
            weir_options_read(options, OPTIONS, "source 'q'", settings, 2, &config, &error),
            WEIR_SPEC);
        assert_string_equal(weir_error_message(error), cases[i].message);
        weir_error_free(error);
    }
    struct config config = {0};
    weir_error *error = NULL;
    assert_int_equal(weir_options_read(options, OPTIONS, "source 'q'", NULL, 0, &config, &error),
                     WEIR_SPEC);
    assert_string_equal(weir_error_message(error),
                        "source 'q' needs the option 'path' (the file to read)");
    weir_error_free(error);
}

static void a_buffer_stops_at_its_limit(void **state)
{
    (void)state;
    weir_buffer buffer = {.limit = 100};

    for (int i = 0; i < 20; i++)
        weir_buffer_printf(&buffer, "%09d", i);
    assert_true(buffer.failed);
    assert_int_equal(buffer.size, 99);
    weir_buffer_free(&buffer);
}

static void a_clock_that_is_set_back_goes_on(void **state)
{
    static const struct {
        int64_t machine, now;
    } readings[] = {{100, 100}, {130, 130}, {50, 130}, {60, 140}, {40, 140}, {45, 145}, {300, 400}};
    weir_clock clock = {0};

    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        weir_clock_follow(&clock, readings[i].machine);
        assert_int_equal(clock.now, readings[i].now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_is_set_back_goes_on),
        cmocka_unit_test(an_error_keeps_status_message_and_place),
        cmocka_unit_test(an_error_may_quote_the_one_it_replaces),
        cmocka_unit_test(durations_are_read_exactly),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(a_near_name_is_offered),
        cmocka_unit_test(options_have_defaults),
        cmocka_unit_test(a_bad_option_is_named),
        cmocka_unit_test(a_buffer_stops_at_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
