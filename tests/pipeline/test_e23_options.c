/* SPDX-License-Identifier: Apache-2.0 */
/* test_e23_options.c - E23: each option does what it says; none is read and ignored.
 *
 * The rows of e23_*.c are held against the one table of options, weir_builtin_catalog(), that the
 * spec, the help and the reference are read from: an option without a row fails, and so does a word
 * of a choice that no row tries.
 */
#include "tests/pipeline/e23.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/conformance/sink_kinds.h"

const char *e23_put(const char *text, const char *value)
{
    static char places[64][128];
    static unsigned turn;
    char *to = places[turn++ % 64];
    size_t at = 0;

    if (text == NULL)
        return NULL;
    for (; *text != '\0'; text++)
        at += (size_t)snprintf(to + at, sizeof *places - at, *text == '$' ? "%s" : "%.1s",
                               *text == '$' ? value : text);
    to[at] = '\0';
    assert_true(at < sizeof *places);
    return to;
}

/* --- Each row --- */

static size_t count_of(const char *const *texts)
{
    size_t count = 0;

    while (count < E23_VALUES && texts[count] != NULL)
        count++;
    return count;
}

/* At least two values are to be told apart, or nothing is shown. */
static void expect_difference(const e23_row *row)
{
    size_t count = count_of(row->values), unlike = 0;

    assert_int_equal(count, count_of(row->seen));
    for (size_t i = 1; i < count; i++)
        unlike += strcmp(row->seen[i], row->seen[0]) != 0;
    if (unlike == 0)
        fail_msg("%s '%s': all its values show the same", row->room, row->option);
}

static void check_row(const e23_row *row)
{
    expect_difference(row);
    for (size_t i = 0; i < count_of(row->values); i++) {
        weir_buffer seen = {0};
        row->observe(row, row->values[i], &seen);
        if (strcmp(seen.data != NULL ? seen.data : "", row->seen[i]) != 0)
            fail_msg("%s '%s' of %s: expected: %s | seen: %s", row->option, row->values[i],
                     row->room, row->seen[i], seen.data != NULL ? seen.data : "");
        weir_buffer_free(&seen);
    }
}

static void check_rows(e23_rows rows)
{
    for (size_t i = 0; i < rows.count; i++) {
        print_message("  %s: %s\n", rows.items[i].room, rows.items[i].option);
        check_row(&rows.items[i]);
    }
}

static void e23_the_engine(void **state)
{
    (void)state;
    check_rows(e23_engine());
}

static void e23_sources_of_bytes(void **state)
{
    (void)state;
    check_rows(e23_sources());
}

static void e23_sinks_of_bytes(void **state)
{
    (void)state;
    check_rows(e23_sinks());
}

/* --- The table --- */

static const e23_row *find_in(e23_rows rows, const char *room, const char *option)
{
    for (size_t i = 0; i < rows.count; i++)
        if (strcmp(rows.items[i].room, room) == 0 && strcmp(rows.items[i].option, option) == 0)
            return &rows.items[i];
    return NULL;
}

static const e23_row *find(const char *room, const char *option)
{
    const e23_row *row = find_in(e23_engine(), room, option);

    row = row != NULL ? row : find_in(e23_sources(), room, option);
    return row != NULL ? row : find_in(e23_sinks(), room, option);
}

static bool tries(const e23_row *row, const char *word, size_t size)
{
    for (size_t i = 0; i < count_of(row->values); i++)
        if (strlen(row->values[i]) == size && memcmp(row->values[i], word, size) == 0)
            return true;
    return false;
}

static void expect_choices(const e23_row *row, const char *choices)
{
    for (size_t size; *choices != '\0'; choices += size + (choices[size] == '|')) {
        size = strcspn(choices, "|");
        if (!tries(row, choices, size))
            fail_msg("%s '%s': its word '%.*s' is never tried", row->room, row->option, (int)size,
                     choices);
    }
}

static size_t expect_rows(const char *room, const weir_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const e23_row *row = find(room, options[i].name);
        if (row == NULL)
            fail_msg("no row shows what the option '%s' of %s does", options[i].name, room);
        if (options[i].type == WEIR_OPTION_CHOICE)
            expect_choices(row, options[i].choices);
        if (options[i].forever != NULL && !tries(row, options[i].forever, strlen("forever")))
            fail_msg("%s '%s': 'forever' is never tried", room, options[i].name);
    }
    return count;
}

static size_t expect_kinds(const char *what, weir_kind_list kinds)
{
    size_t count = 0;

    for (size_t i = 0; i < kinds.count; i++) {
        char room[64];
        snprintf(room, sizeof room, "%s %s", what, kinds.items[i]->name);
        count += expect_rows(room, kinds.items[i]->options, kinds.items[i]->option_count);
    }
    return count;
}

static void e23_every_option_has_a_row(void **state)
{
    const weir_catalog *catalog = weir_builtin_catalog();
    size_t options =
        expect_rows("source", catalog->every_source.items, catalog->every_source.count);

    (void)state;
    options += expect_kinds("source", catalog->sources);
    options += expect_kinds("accumulator", catalog->accumulators);
    options += expect_kinds("sink", catalog->sinks);
    options += expect_rows("reactor", catalog->reactor.items, catalog->reactor.count);
    options += expect_rows("graph", catalog->graph.items, catalog->graph.count);
    options += expect_rows("top", catalog->top.items, catalog->top.count);
    assert_non_null(find("top", "dead_letters"));
    /* No row is of an option that is there no more. */
    assert_int_equal(options + 1, e23_engine().count + e23_sources().count + e23_sinks().count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e23_every_option_has_a_row),
        cmocka_unit_test(e23_the_engine),
        cmocka_unit_test(e23_sources_of_bytes),
        cmocka_unit_test_teardown(e23_sinks_of_bytes, sink_put_back),
    };

    signal(SIGXFSZ, SIG_IGN); /* a full disk is an error of the write */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
