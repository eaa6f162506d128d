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
    {"check --quiet root/tests/codegen/good/everything.weir.yaml "
     "root/examples/market/market.weir.yaml"},
    {"check root/tests/codegen/bad/several.weir.yaml", 2},
    {"check --json root/tests/codegen/bad/test_steps.weir.yaml", 2},
    {"check root/tests/codegen/bad/yaml_syntax_expression.weir.yaml", 2},
    {"gen --scaffold --depfile made/d -o made root/tests/codegen/golden/shapes.weir.yaml"},
    {"gen --check -o root/tests/codegen/golden root/tests/codegen/golden/maker.weir.yaml"},
    {"gen --check -o root/tests/codegen/golden root/tests/codegen/golden/shapes.weir.yaml"},
    {"graph root/examples/routing/routing.weir.yaml"},
    {"graph --json root/examples/market/market.weir.yaml"},
    {"schema"},
    {"reference options"},
    {"completion bash"},
    /* Modules: built by a compiler that only copies, found in the cache, loaded. */
    {"build -o made/hello.so root/examples/hello/hello.weir.yaml"},
    {"run --quiet root/examples/hello/hello.weir.yaml"},
    /* Convert. */
    {"convert sample.weir.yaml Sample --from json --to csv", 0, "sample.jsonl"},
    {"convert --hex --json sample.weir.yaml Sample --from json --to msgpack", 1, "sample.hex"},
    {"convert --from json --to msgpack --hex", 1, "sample.hex"},
    /* Run and shutdown. */
    {"run --stats 1h --metrics made/metrics --graph made/batch.dot batch.so"},
    {"run keyed.so"},
    {"run feedback.so"},
    {"run routing.so"},
    {"run raw.so"},
    {"replay --set sources.days.path=root/tests/faults/days.csv --sink orders=stdout "
     "--sink swings=made/swings.csv --sink unpaired=made/unpaired.jsonl market.so"},
    {"test small.so"},
    {"test --json --junit made/junit.xml expected.so", 0},
    {"test polling.so"},
};

static const size_t memory_case_count = sizeof memory_cases / sizeof *memory_cases;

#endif
