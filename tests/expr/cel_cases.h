/* SPDX-License-Identifier: Apache-2.0 */
/* cel_cases.h - CEL's conformance cases, and what the generated file gives for each. */
#ifndef TESTS_EXPR_CEL_CASES_H
#define TESTS_EXPR_CEL_CASES_H

#include "world_types.h"

typedef enum cel_kind {
    CEL_ERROR,
    CEL_BOOL,
    CEL_INT,
    CEL_UINT,
    CEL_DOUBLE,
    CEL_STRING,
    CEL_BYTES
} cel_kind;

typedef struct cel_case {
    const char *name, *text;
    cel_kind kind;
    const char *value;    /* of bytes: in hexadecimal */
    const char *variable; /* "": none */
    cel_kind variable_kind;
    const char *variable_value;
} cel_case;

extern const cel_case cel_cases[];
extern const size_t cel_case_count;

/* Written by cel_generate: the functions, NULL where checking refused the expression. */
extern const world_function cel_functions[];
extern const char *const cel_refusals[];

#endif
