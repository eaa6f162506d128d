/* SPDX-License-Identifier: Apache-2.0 */
/* test_cron.c - schedules by tables: what they mean, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/calendar.h"
#include "workflow/cron.h"

static int64_t time_of(const char *text)
{
    int64_t ns;
    bool range;

    assert_true(weir_calendar_read_time(text, strlen(text), &ns, &range));
    return ns / 1000000000;
}

static void expect_next(const weir_cron *cron, const weir_zone *zone, const char *from,
                        const char *expected, const char *text)
{
    char printed[32];
    int64_t at = time_of(from);

    for (const char *word = expected; *word != '\0'; word += strcspn(word, " ")) {
        word += strspn(word, " ");
        if (!weir_cron_next(cron, zone, at, &at))
            strcpy(printed, "none");
        else
            *weir_calendar_print_time(printed, at * 1000000000) = '\0';
        if (strncmp(word, printed, strcspn(word, " ")) != 0)
            fail_msg("'%s' after %s: %s, not %s", text, from, printed, word);
    }
}

static void moments(void **state)
{
    static const struct {
        const char *text, *zone, *from, *expected; /* in UTC */
    } cases[] = {
        {"0 2 * * *", "UTC", "2026-01-01T02:00:00Z", "2026-01-02T02:00:00Z"},
        {"30 5 2 * * *", "UTC", "2026-01-01", "2026-01-01T02:05:30Z 2026-01-02T02:05:30Z"},
        {"5/15 * * * *", "UTC", "2026-01-01",
         "2026-01-01T00:05:00Z 2026-01-01T00:20:00Z 2026-01-01T00:35:00Z 2026-01-01T00:50:00Z "
         "2026-01-01T01:05:00Z"},
        {"0 0 1,15 * MON", "UTC", "2026-01-01",
         "2026-01-05T00:00:00Z 2026-01-12T00:00:00Z 2026-01-15T00:00:00Z"},
        {"0 0 */2 * mon", "UTC", "2026-01-01", "2026-01-05T00:00:00Z 2026-01-19T00:00:00Z"},
        {"0 0 * * 0", "UTC", "2026-01-01", "2026-01-04T00:00:00Z"},
        {"0 0 * * 7", "UTC", "2026-01-01", "2026-01-04T00:00:00Z"},
        {"0 0 * * 5-7", "UTC", "2026-01-01",
         "2026-01-02T00:00:00Z 2026-01-03T00:00:00Z 2026-01-04T00:00:00Z 2026-01-09T00:00:00Z"},
        {"0 0 L * *", "UTC", "2026-02-01", "2026-02-28T00:00:00Z 2026-03-31T00:00:00Z"},
        {"0 0 L-2 * *", "UTC", "2026-02-01", "2026-02-26T00:00:00Z 2026-03-29T00:00:00Z"},
        {"0 0 LW * *", "UTC", "2026-01-01", "2026-01-30T00:00:00Z 2026-02-27T00:00:00Z"},
        {"0 0 15w * *", "UTC", "2026-02-01", "2026-02-16T00:00:00Z 2026-03-16T00:00:00Z"},
        {"0 0 1W * *", "UTC", "2026-07-31T00:00:00Z", "2026-08-03T00:00:00Z"},
        {"0 0 31W * *", "UTC", "2026-01-01", "2026-01-30T00:00:00Z 2026-03-31T00:00:00Z"},
        {"0 0 * * FRI#5", "UTC", "2026-01-01", "2026-01-30T00:00:00Z 2026-05-29T00:00:00Z"},
        {"0 0 * * 5L", "UTC", "2026-01-01", "2026-01-30T00:00:00Z 2026-02-27T00:00:00Z"},
        {"0 0 29 2 *", "UTC", "2096-03-01", "2104-02-29T00:00:00Z"},
        {"0 0 29 FEB */7", "UTC", "2026-01-01", "2032-02-29T00:00:00Z 2060-02-29T00:00:00Z"},
        {"@Hourly", "UTC", "2026-01-01", "2026-01-01T01:00:00Z"},
        {"@weekly", "UTC", "2026-01-01", "2026-01-04T00:00:00Z"},
        /* In Berlin clocks skip 02:00 to 03:00 on 2026-03-29 and repeat it on 2026-10-25. */
        {"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
         "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z"},
        {"0,30 2,3 29 3 *", "Europe/Berlin", "2026-03-28T12:00:00Z",
         "2026-03-29T01:00:00Z 2026-03-29T01:30:00Z 2027-03-29T00:00:00Z"},
        {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
         "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
        {"*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
         "2026-03-30T00:00:00Z 2026-03-30T00:30:00Z"},
        {"*/30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
         "2026-10-25T00:00:00Z 2026-10-25T00:30:00Z 2026-10-25T01:00:00Z 2026-10-25T01:30:00Z"},
        {"0 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
        /* Lord Howe shifts by half an hour, in the southern summer. */
        {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z",
         "2026-10-03T15:30:00Z 2026-10-04T15:15:00Z"},
        /* A day that never was: Samoa left out 2011-12-30. */
        {"0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z",
         "2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z"},
        /* By the rules behind the list of changes. */
        {"30 2 * * *", "America/New_York", "2099-03-07T12:00:00Z",
         "2099-03-08T07:00:00Z 2099-03-09T06:30:00Z"},
        {"0 0 1 1 *", "Asia/Kolkata", "2026-06-01", "2026-12-31T18:30:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_zone *zone = NULL;
        weir_error *error = NULL;
        weir_cron cron;
        if (weir_cron_read(cases[i].text, &cron, &error) != WEIR_OK ||
            weir_zone_open(cases[i].zone, &zone, &error) != WEIR_OK)
            fail_msg("%s", weir_error_message(error));
        expect_next(&cron, zone, cases[i].from, cases[i].expected, cases[i].text);
        weir_zone_free(zone);
    }
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "'' has 0 fields; there are five"},
        {"* * * *", "has 4 fields; there are five"},
        {"* * * * * * *", "has 7 fields or more"},
        {"60 * * * *", "minute '60': a value is 0 to 59"},
        {"* 24 * * *", "hour '24': a value is 0 to 23"},
        {"* * 0 * *", "day of month '0': a value is 1 to 31"},
        {"* * * 13 *", "month '13': a value is 1 to 12, or JAN to DEC"},
        {"* * * * 8", "day of week '8': a value is 0 to 7, or SUN to SAT"},
        {"* * * FOO *", "month 'FOO': a value is 1 to 12, or JAN to DEC"},
        {"10-5 * * * *", "minute '10-5': the range runs backwards"},
        {"* * * * FRI-MON", "day of week 'FRI-MON': the range runs backwards"},
        {"*/0 * * * *", "minute '*/0': a step is a number from 1 on"},
        {"*/60 * * * *", "minute '*/60': the step is beyond the field"},
        {"1,,2 * * * *", "minute '': a value is 0 to 59"},
        {"1x * * * *", "minute '1x': it is not a value, a range, a list or a step"},
        {"* * ? * *", "day of month '?': write *"},
        {"* * L-31 * *", "L-1 to L-30 count back"},
        {"* * 5W-7 * *", "nothing goes behind W"},
        {"* * * * L", "of which day? 5L or FRIL is the last Friday"},
        {"* * * * MON#6", "behind # goes 1 to 5"},
        {"0 0 31 2 *", "no day of any year matches '0 0 31 2 *'"},
        {"0 0 30W 2 *", "no day of any year matches"},
        {"@reboot", "there is no '@reboot'; there are @yearly"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_error *error = NULL;
        weir_cron cron;
        if (weir_cron_read(cases[i].text, &cron, &error) != WEIR_INVALID ||
            strstr(weir_error_message(error), cases[i].why) == NULL)
            fail_msg("'%s': %s", cases[i].text,
                     error != NULL ? weir_error_message(error) : "taken");
        weir_error_free(error);
    }
}

static void zones_that_are_not(void **state)
{
    static const char *const names[] = {
        "", "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "Europe", "zone.tab", "UTC "};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        weir_error *error = NULL;
        weir_zone *zone = NULL;
        assert_int_not_equal(weir_zone_open(names[i], &zone, &error), WEIR_OK);
        assert_non_null(strstr(weir_error_message(error), "time zone"));
        assert_null(zone);
        weir_error_free(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(zones_that_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
