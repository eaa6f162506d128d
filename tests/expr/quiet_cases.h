/* SPDX-License-Identifier: Apache-2.0 */
/* quiet_cases.h - the expressions of quiet_cases.inc, compiled by quiet_generate. */
#ifndef TESTS_EXPR_QUIET_CASES_H
#define TESTS_EXPR_QUIET_CASES_H

#include "world_types.h"

extern const world_function quiet_functions[];
extern const size_t quiet_count;

#endif
