/* SPDX-License-Identifier: Apache-2.0 */
/* test.c - weir test: the spec's own tests, for people, as TAP and as JUnit. */
#include "cli/test.h"

#include <stdio.h>
#include <string.h>

static void print_plain(const test_result *result)
{
    printf("%s %s\n", result->passed ? "ok  " : "FAIL", result->test->name);
    if (!result->passed && result->text.size != 0)
        printf("%.*s", (int)result->text.size, result->text.data);
}

static void print_tap(const test_result *result, size_t number)
{
    printf("%sok %zu - %s\n", result->passed ? "" : "not ", number, result->test->name);
    if (result->passed || result->text.size == 0)
        return;
    for (char *line = strtok(result->text.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
        printf("# %s\n", line);
}

static void print_json(const test_result *result)
{
    cli_print_json(json_pack("{s:s, s:b, s:s, s:i, s:s}", "test", result->test->name, "passed",
                             result->passed, "file", result->test->place.file, "line",
                             (int)result->test->place.line, "text",
                             result->text.data != NULL ? result->text.data : ""));
}

static void put_xml(weir_buffer *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char *escape = text[i] == '<'   ? "&lt;"
                             : text[i] == '>' ? "&gt;"
                             : text[i] == '&' ? "&amp;"
                             : text[i] == '"' ? "&quot;"
                                              : NULL;
        if (escape != NULL)
            weir_buffer_text(out, escape);
        else
            weir_buffer_append(out, text + i, 1);
    }
}

static weir_status write_junit(const weir_module *module, const test_result *results, size_t count,
                               size_t failed, const char *path, weir_error **error)
{
    weir_buffer out = {0};
    bool changed;

    weir_buffer_printf(&out,
                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\">\n",
                       module->name, count, failed);
    for (size_t i = 0; i < count; i++) {
        weir_buffer_printf(&out, "  <testcase name=\"%s\" file=\"%s\" line=\"%u\"",
                           results[i].test->name, module->spec, results[i].test->place.line);
        if (results[i].passed) {
            weir_buffer_text(&out, "/>\n");
            continue;
        }
        weir_buffer_text(&out, ">\n    <failure>");
        put_xml(&out, results[i].text.data, results[i].text.size);
        weir_buffer_text(&out, "</failure>\n  </testcase>\n");
    }
    weir_buffer_text(&out, "</testsuite>\n");
    weir_status status = out.failed ? weir_error_set(error, WEIR_NOMEM, "out of memory")
                                    : cli_write_file(path, out.data, out.size, &changed, error);
    weir_buffer_free(&out);
    return status;
}

static int run_tests(const cli_arguments *arguments, const cli_module *module, test_result *results)
{
    size_t count = module->module->test_count, failed = 0;
    bool tap = cli_has(arguments, "--tap"), json = cli_has(arguments, "--json");
    const char *junit = cli_value(arguments, "--junit");
    weir_error *error = NULL;

    if (tap)
        printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        test_run(module, &module->module->tests[i], &results[i]);
        failed += !results[i].passed;
    }
    if (junit != NULL &&
        write_junit(module->module, results, count, failed, junit, &error) != WEIR_OK)
        return cli_report_error(error);
    for (size_t i = 0; i < count; i++) {
        if (tap)
            print_tap(&results[i], i + 1);
        else if (json)
            print_json(&results[i]);
        else if (!results[i].passed || !cli_has(arguments, "--quiet"))
            print_plain(&results[i]);
    }
    if (!tap && !json)
        printf("%zu passed, %zu failed\n", count - failed, failed);
    return failed == 0 ? CLI_DONE : CLI_FAILED;
}

static int run(const cli_arguments *arguments)
{
    cli_module module;
    int code = cli_open_module(arguments, true, &module);

    if (code != CLI_DONE)
        return code;
    size_t count = module.module->test_count;
    test_result *results = weir_alloc_array(count, sizeof *results);
    if (results == NULL) {
        cli_complain("out of memory");
        code = CLI_ENVIRONMENT;
    } else {
        code = run_tests(arguments, &module, results);
    }
    for (size_t i = 0; results != NULL && i < count; i++)
        weir_buffer_free(&results[i].text);
    weir_free(results);
    cli_close_module(&module);
    return code;
}

static const cli_option options[] = {
    {"--json", NULL, "answers each test by a line of JSON"},
    {"--tap", NULL, "answers in the Test Anything Protocol"},
    {"--junit", "FILE", "also writes a JUnit report"},
};

const cli_verb cli_test = {
    .name = "test",
    .summary = "Runs the tests that a spec holds.",
    .operands = "SPEC [FILE.c ...] | MODULE.so",
    .details = "Time is virtual; all sources and sinks are replaced. Exit code 1: a test failed.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run,
};
