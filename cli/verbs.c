/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.c - the list of verbs. */
#include "cli/cli.h"

extern const cli_verb cli_check, cli_gen, cli_build, cli_run, cli_convert;

const cli_verb *const cli_verbs[] = {&cli_check, &cli_gen, &cli_build, &cli_run, &cli_convert};
const size_t cli_verb_count = sizeof cli_verbs / sizeof *cli_verbs;
