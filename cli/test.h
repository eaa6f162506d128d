/* SPDX-License-Identifier: Apache-2.0 */
/* test.h - the tests of a spec: running them, and telling how they went. */
#ifndef WEIR_CLI_TEST_H
#define WEIR_CLI_TEST_H

#include <jansson.h>

#include "cli/cli.h"
#include "core/buffer.h"

/* How one test went. */
typedef struct test_result {
    const weir_module_test *test;
    bool passed;
    weir_buffer text; /* what differed */
} test_result;

/* Runs one test on a fresh runtime of virtual time. */
void test_run(const cli_module *module, const weir_module_test *test, test_result *result);

/* Reads JSON; integers beyond those of jansson become texts of their digits. NULL: out of memory.
 */
json_t *test_read_json(const char *text, size_t size);

/* True where `got` has what is `expected`: of objects only the named members are compared, numbers
 * by value. Else appends the first difference to `text`; `path` is where we are. */
bool test_matches(const json_t *expected, const json_t *got, const char *path, weir_buffer *text);

#endif
