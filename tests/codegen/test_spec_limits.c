/* SPDX-License-Identifier: Apache-2.0 */
/* test_spec_limits.c - files that are no specs at all, want of memory, variables, the schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/expand.h"
#include "tests/scarce.h"
#include <weir/codegen.h>

/* --- Files --- */

/* Loads `text` as a file; the first finding as "LINE:COLUMN: sentence", "" for none. */
static weir_status load_text(const char *text, size_t size, char *found, size_t found_size)
{
    char path[] = "/tmp/weir-spec-XXXXXX";
    weir_diagnostics *diagnostics = NULL;
    weir_spec *spec = NULL;
    int file = mkstemp(path);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, size), size);
    close(file);
    weir_status status = weir_spec_load(path, weir_builtin_catalog(), &spec, &diagnostics, NULL);
    unlink(path);
    found[0] = '\0';
    if (weir_diagnostics_count(diagnostics) != 0) {
        const weir_diagnostic *first = weir_diagnostics_get(diagnostics, 0);
        snprintf(found, found_size, "%u:%u: %s", first->place.line, first->place.column,
                 first->message);
    }
    char *all = weir_diagnostics_text(diagnostics);
    assert_non_null(all);
    weir_free(all);
    weir_diagnostics_free(diagnostics);
    weir_spec_free(spec);
    return status;
}

static void test_no_specs(void **state)
{
    (void)state;
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"", "1:1: the file is empty; a spec begins with `module: NAME`"},
        {"\xef\xbb", "1:1: the file is not UTF-8"},
        {"types: {A: {x: f64}}\n# \xc3\xa9 \xff\n", "2:5: the file is not UTF-8"},
        {"# \xc0\xaf\n", "1:3: the file is not UTF-8"},     /* overlong */
        {"# \xed\xa0\x80\n", "1:3: the file is not UTF-8"}, /* a surrogate */
        {"# \xf4\x90\x80\x80\n", "1:3: the file is not UTF-8"},
        {"text", "1:1: expected a map that begins with `module: NAME`, found a single value"},
        {"types: {A: {x: f64}}\n", ""},
        {"{\"types\": {\"A\": {\"x\": \"f64\"}}}", ""}, /* JSON is YAML */
        {"types: {A: {\xc3\xa9t\xc3\xa9: f64}}\n",
         "1:13: '\xc3\xa9t\xc3\xa9' cannot name a field: a name is a letter, then letters, digits "
         "and single '_', 64 at most"},
    };
    char found[512];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_status status = load_text(cases[i].text, strlen(cases[i].text), found, sizeof found);
        assert_string_equal(found, cases[i].found);
        assert_int_equal(status, cases[i].found[0] == '\0' ? WEIR_OK : WEIR_SPEC);
    }
}

static void test_size(void **state)
{
    (void)state;
    static const char begin[] = "types: {A: {x: f64}}\n#";
    size_t limit = 1024 * 1024;
    char *text = malloc(limit + 1), found[256];

    assert_non_null(text);
    memset(text, 'x', limit + 1);
    memcpy(text, begin, strlen(begin));
    assert_int_equal(load_text(text, limit, found, sizeof found), WEIR_OK);
    assert_int_equal(load_text(text, limit + 1, found, sizeof found), WEIR_SPEC);
    assert_string_equal(found, "1:1: the file is larger than 1 MiB");
    free(text);
}

/* Nested as deep as it can be, in each bracket. */
static void test_depth(void **state)
{
    (void)state;
    static const char *const openings[] = {"[", "{a: ", "- ", "? "};
    char found[256];

    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        size_t size = strlen(openings[i]), count = 100000 / size;
        char *text = malloc(size * count);
        assert_non_null(text);
        for (size_t at = 0; at < count; at++)
            memcpy(text + at * size, openings[i], size);
        assert_int_equal(load_text(text, size * count, found, sizeof found), WEIR_SPEC);
        assert_string_not_equal(found, "");
        free(text);
    }
}

static void test_missing_file(void **state)
{
    (void)state;
    weir_diagnostics *diagnostics = NULL;
    weir_error *error = NULL;
    weir_spec *spec = NULL;

    assert_int_equal(
        weir_spec_load("/nowhere/x.weir.yaml", weir_builtin_catalog(), &spec, &diagnostics, &error),
        WEIR_IO);
    assert_string_equal(weir_error_message(error),
                        "cannot open /nowhere/x.weir.yaml: No such file or directory");
    assert_int_equal(weir_diagnostics_count(diagnostics), 0);
    assert_null(spec);
    weir_error_free(error);
    weir_diagnostics_free(diagnostics);
}

/* --- Want of memory --- */

static void load_scarcely(const char *file, weir_status good)
{
    scarce_memory memory = {.for_good = true};
    weir_allocator scarce = scarce_allocator(&memory);
    weir_status status = WEIR_NOMEM;

    weir_set_allocator(&scarce);
    for (size_t count = 0; status == WEIR_NOMEM && count < 100000; count++) {
        weir_diagnostics *diagnostics = NULL;
        weir_error *error = NULL;
        weir_spec *spec = NULL;
        memory.allocations = 0;
        memory.fails_at = count + 1;
        status = weir_spec_load(file, weir_builtin_catalog(), &spec, &diagnostics, &error);
        weir_spec_free(spec);
        weir_diagnostics_free(diagnostics);
        weir_error_free(error);
    }
    weir_set_allocator(NULL);
    assert_int_equal(status, good);
}

static void test_no_memory(void **state)
{
    (void)state;
    load_scarcely(SPEC_FOLDER "/good/everything.weir.yaml", WEIR_OK);
    load_scarcely(SPEC_FOLDER "/bad/test_steps.weir.yaml", WEIR_SPEC);
}

/* --- Variables --- */

static void test_expand(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expanded;
        weir_status status;
    } cases[] = {
        {"plain $x {y}", "plain $x {y}", WEIR_OK},
        {"a${WEIR_T}b${WEIR_T}", "avaluebvalue", WEIR_OK},
        {"${WEIR_T:-other}", "value", WEIR_OK},
        {"${WEIR_NONE:-other}", "other", WEIR_OK},
        {"${WEIR_NONE:-}", "", WEIR_OK},
        {"${WEIR_EMPTY:-other}", "other", WEIR_OK},
        {"${WEIR_EMPTY}", "", WEIR_OK},
        {"${WEIR_NESTED}", "${WEIR_T}", WEIR_OK},
        {"${file:secret}!", "hush!", WEIR_OK},
        {"${file:nowhere}", NULL, WEIR_IO},
        {"${WEIR_NONE}", NULL, WEIR_NOT_FOUND},
        {"${WEIR_T", NULL, WEIR_SPEC},
        {"${}", NULL, WEIR_SPEC},
        {"${1X}", NULL, WEIR_SPEC},
        {"${a b}", NULL, WEIR_SPEC},
        {"${file:}", NULL, WEIR_SPEC},
    };
    char folder[] = "/tmp/weir-expand-XXXXXX", path[64];

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/secret", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("hush\n", file);
    fclose(file);
    setenv("WEIR_T", "value", 1);
    setenv("WEIR_EMPTY", "", 1);
    setenv("WEIR_NESTED", "${WEIR_T}", 1);
    unsetenv("WEIR_NONE");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weir_error *error = NULL;
        char *expanded = NULL;
        assert_int_equal(weir_expand(cases[i].text, folder, &expanded, &error), cases[i].status);
        if (cases[i].expanded != NULL)
            assert_string_equal(expanded, cases[i].expanded);
        assert_int_equal(weir_expand_check(cases[i].text, NULL),
                         cases[i].status == WEIR_SPEC ? WEIR_SPEC : WEIR_OK);
        assert_int_equal(error == NULL, cases[i].status == WEIR_OK);
        weir_free(expanded);
        weir_error_free(error);
    }
    unlink(path);
    rmdir(folder);
}

static void test_expand_limit(void **state)
{
    (void)state;
    size_t size = WEIR_EXPAND_LIMIT + 2;
    char *text = malloc(size), *expanded = NULL;
    weir_error *error = NULL;

    assert_non_null(text);
    memset(text, 'x', size - 1);
    text[size - 1] = '\0';
    assert_int_equal(weir_expand(text, NULL, &expanded, &error), WEIR_LIMIT);
    assert_null(expanded);
    weir_error_free(error);
    text[size - 2] = '\0';
    assert_int_equal(weir_expand(text, NULL, &expanded, NULL), WEIR_OK);
    weir_free(expanded);
    free(text);
}

/* --- The schema --- */

static void test_schema(void **state)
{
    (void)state;
    char *text = weir_spec_schema(weir_builtin_catalog());
    assert_non_null(text);
    json_t *schema = json_loads(text, 0, NULL);
    assert_non_null(schema);
    json_t *properties = json_object_get(schema, "properties");
    static const char *const sections[] = {"module", "types", "params", "sources",  "accumulators",
                                           "graphs", "sinks", "tests",  "reactors", "max_rounds"};

    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        assert_non_null(json_object_get(properties, sections[i]));
    json_t *sources = json_object_get(properties, "sources");
    json_t *kinds = json_object_get(json_object_get(sources, "additionalProperties"), "anyOf");
    assert_int_equal(json_array_size(kinds), weir_builtin_catalog()->sources.count);
    json_t *channel = json_object_get(json_array_get(kinds, 0), "properties");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(channel, "kind"), "const")), "channel");
    assert_non_null(json_object_get(channel, "capacity"));
    assert_non_null(json_object_get(channel, "turn"));
    json_decref(schema);
    weir_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_specs),     cmocka_unit_test(test_size),
        cmocka_unit_test(test_depth),        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_expand),
        cmocka_unit_test(test_expand_limit), cmocka_unit_test(test_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
