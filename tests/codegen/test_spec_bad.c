/* SPDX-License-Identifier: Apache-2.0 */
/* test_spec_bad.c - each file of bad/ says in comments what is wrong with it:
 *
 *     # expect: LINE:COLUMN: error: sentence
 *
 * All of that, in that order, and nothing else is to be found; a note follows its error. A place in
 * another file begins with its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "kafka/options.h"
#include "workflow/sink_options.h"
#include <weir/codegen.h>

#define EXPECT "# expect: "

/* The comments of `file`, each a line. */
/* As the command knows it: with the kinds of libweir-kafka and libweir-workflow. */
static const weir_catalog *whole_catalog(void)
{
    static const weir_kind kafka_source = KAFKA_SOURCE_HEAD, kafka_sink = KAFKA_SINK_HEAD;
    static const weir_kind workflow_sink = WORKFLOW_SINK_HEAD;
    static const weir_kind *sources[16], *sinks[16];
    static weir_catalog catalog;

    catalog = *weir_builtin_catalog();
    memcpy(sources, catalog.sources.items, catalog.sources.count * sizeof *sources);
    memcpy(sinks, catalog.sinks.items, catalog.sinks.count * sizeof *sinks);
    sources[catalog.sources.count++] = &kafka_source;
    sinks[catalog.sinks.count++] = &kafka_sink;
    sinks[catalog.sinks.count++] = &workflow_sink;
    catalog.sources.items = sources;
    catalog.sinks.items = sinks;
    return &catalog;
}

static void read_expected(const char *file, weir_buffer *expected)
{
    char line[1024];
    FILE *input = fopen(file, "rb");

    assert_non_null(input);
    weir_buffer_text(expected, "");
    while (fgets(line, sizeof line, input) != NULL)
        if (strncmp(line, EXPECT, strlen(EXPECT)) == 0)
            weir_buffer_text(expected, line + strlen(EXPECT));
    fclose(input);
}

static void write_place(const char *file, weir_place place, weir_buffer *found)
{
    if (strcmp(place.file, file) != 0)
        weir_buffer_printf(found, "%s:", place.file);
    weir_buffer_printf(found, "%u:%u: ", place.line, place.column);
}

static void write_found(const char *file, const weir_diagnostics *diagnostics, weir_buffer *found)
{
    weir_buffer_text(found, "");
    for (size_t i = 0; i < weir_diagnostics_count(diagnostics); i++) {
        const weir_diagnostic *diagnostic = weir_diagnostics_get(diagnostics, i);
        bool error = diagnostic->severity == WEIR_SEVERITY_ERROR;
        write_place(file, diagnostic->place, found);
        weir_buffer_printf(found, "%s: %s\n", error ? "error" : "warning", diagnostic->message);
        for (const weir_note *note = diagnostic->notes; note != NULL; note = note->next) {
            write_place(file, note->place, found);
            weir_buffer_printf(found, "note: %s\n", note->message);
        }
    }
}

static bool check_file(const char *file)
{
    weir_buffer expected = {0}, found = {0};
    weir_diagnostics *diagnostics = NULL;
    weir_error *error = NULL;
    weir_spec *spec = NULL;

    read_expected(file, &expected);
    weir_status status = weir_spec_load(file, whole_catalog(), &spec, &diagnostics, &error);
    assert_int_equal(status, WEIR_SPEC);
    assert_null(spec);
    assert_non_null(strstr(weir_error_message(error), file));
    write_found(file, diagnostics, &found);
    bool same = expected.size != 0 && strcmp(expected.data, found.data) == 0;
    if (!same)
        print_error("%s\nexpected:\n%sfound:\n%s\n", file, expected.data, found.data);
    weir_buffer_free(&expected);
    weir_buffer_free(&found);
    weir_diagnostics_free(diagnostics);
    weir_error_free(error);
    return same;
}

static void test_bad(void **state)
{
    (void)state;
    glob_t files;
    size_t wrong = 0;

    assert_int_equal(chdir(SPEC_FOLDER "/bad"), 0);
    assert_int_equal(glob("*.weir.yaml", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 100);
    for (size_t i = 0; i < files.gl_pathc; i++)
        wrong += !check_file(files.gl_pathv[i]);
    globfree(&files);
    assert_int_equal(wrong, 0);
}

/* As a person reads it: the line, a caret below the place, the note. */
static void test_text(void **state)
{
    (void)state;
    weir_diagnostics *diagnostics = NULL;
    weir_spec *spec = NULL;

    assert_int_equal(chdir(SPEC_FOLDER "/bad"), 0);
    assert_int_equal(
        weir_spec_load("dup_field.weir.yaml", whole_catalog(), &spec, &diagnostics, NULL),
        WEIR_SPEC);
    char *text = weir_diagnostics_text(diagnostics);
    assert_string_equal(text, "dup_field.weir.yaml:5:5: error: 'bid' is defined twice\n"
                              "        bid: f64\n"
                              "        ^\n"
                              "dup_field.weir.yaml:4:5: note: first defined here\n"
                              "        bid: f64\n"
                              "        ^\n");
    weir_free(text);
    weir_diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bad), cmocka_unit_test(test_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
