/* SPDX-License-Identifier: Apache-2.0 */
/* cel_cases.c - the table of CEL's conformance cases. */
#include "cel_cases.h"

const cel_case cel_cases[] = {
#define CEL(name, text, kind, value, variable, variable_kind, variable_value)                      \
    {name, text, CEL_##kind, value, variable, CEL_##variable_kind, variable_value},
#include "cel_cases.inc"
#undef CEL
};

const size_t cel_case_count = sizeof cel_cases / sizeof *cel_cases;
