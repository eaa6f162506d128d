/* SPDX-License-Identifier: Apache-2.0 */
/* memory_cases.h - commands that lose an allocation. */
#ifndef WEIR_TESTS_MEMORY_CASES_H
#define WEIR_TESTS_MEMORY_CASES_H

#include <stddef.h>

typedef struct memory_case {
    const char *words; /* behind `weir`; they run in a folder of their own, `root` is the sources */
    int code;          /* what it ends with when nothing fails */
    const char *input; /* a file; NULL: nothing */
} memory_case;

/* Made ready by prepare.sh. */
static const memory_case memory_cases[] = {
    /* The front end. */
    {.words = "check --quiet root/tests/codegen/good/everything.weir.yaml "
              "root/examples/market/market.weir.yaml"},
    {.words = "check root/tests/codegen/bad/several.weir.yaml", .code = 2},
    {.words = "check --json root/tests/codegen/bad/test_steps.weir.yaml", .code = 2},
    {.words = "check root/tests/codegen/bad/yaml_syntax_expression.weir.yaml", .code = 2},
    {.words = "gen --scaffold --depfile made/d -o made root/tests/codegen/golden/shapes.weir.yaml"},
    {.words = "gen --check -o root/tests/codegen/golden root/tests/codegen/golden/maker.weir.yaml"},
    {.words =
         "gen --check -o root/tests/codegen/golden root/tests/codegen/golden/shapes.weir.yaml"},
    {.words = "graph root/examples/routing/routing.weir.yaml"},
    {.words = "graph --json root/examples/market/market.weir.yaml"},
    {.words = "schema"},
    {.words = "reference options"},
    {.words = "completion bash"},
    /* Modules: built by a compiler that only copies, found in the cache, loaded. */
    {.words = "build -o made/hello.so root/examples/hello/hello.weir.yaml"},
    {.words = "run --quiet root/examples/hello/hello.weir.yaml"},
    /* Convert. */
    {.words = "convert sample.weir.yaml Sample --from json --to csv", .input = "sample.jsonl"},
    {.words = "convert --hex --json sample.weir.yaml Sample --from json --to msgpack",
     .code = 1,
     .input = "sample.hex"},
    {.words = "convert --from json --to msgpack --hex", .code = 1, .input = "sample.hex"},
    /* Run and shutdown. */
    {.words = "run --stats 1h --metrics made/metrics --graph made/batch.dot batch.so"},
    {.words = "run keyed.so"},
    {.words = "run feedback.so"},
    {.words = "run routing.so"},
    {.words = "run raw.so"},
    {.words = "replay --set sources.days.path=root/tests/faults/days.csv --sink orders=stdout "
              "--sink swings=made/swings.csv --sink unpaired=made/unpaired.jsonl market.so"},
    {.words = "test small.so"},
    {.words = "test --json --junit made/junit.xml expected.so"},
    {.words = "test polling.so"},
};

static const size_t memory_case_count = sizeof memory_cases / sizeof *memory_cases;

#endif
