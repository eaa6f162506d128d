/* SPDX-License-Identifier: Apache-2.0 */
/* e23.h - every option as a row: its values, and what each of them makes to be seen.
 *
 * A row is run once for each value, which stands for `$` in its settings. What is seen is written
 * as text. An option that is ignored shows the same for all values, and fails its row.
 */
#ifndef WEIR_TESTS_E23_H
#define WEIR_TESTS_E23_H

#include "tests/conformance/lab.h"
#include "tests/pipeline/rig.h"

enum { E23_VALUES = 5 };

typedef struct e23_row {
    const char *room;   /* "source", "source file", "reactor", "top" */
    const char *option; /* as the table of options has it */
    const char *values[E23_VALUES];
    const char *seen[E23_VALUES];
    void (*observe)(const struct e23_row *row, const char *value, weir_buffer *seen);
    /* A pipeline in memory; its script and its failures as in a rig_case. */
    rig_spec spec;
    const char *script, *fails;
    /* A source or a sink with bytes. */
    const char *settings;
    const char *input; /* what its file holds, or its client sends */
    size_t input_size; /* 0: of the text */
} e23_row;

typedef struct e23_rows {
    const e23_row *items;
    size_t count;
} e23_rows;

/* The rows, by room. */
e23_rows e23_engine(void);
e23_rows e23_sources(void);
e23_rows e23_sinks(void);

/* `text` with `value` for each '$'. Static: until the 64th call after this one. NULL: NULL. */
const char *e23_put(const char *text, const char *value);

#endif
