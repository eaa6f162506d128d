/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.c - the list of verbs. */
#include "cli/cli.h"

extern const cli_verb cli_init, cli_check, cli_gen, cli_build, cli_run, cli_replay, cli_convert,
    cli_graph, cli_schema, cli_test, cli_reference;

const cli_verb *const cli_verbs[] = {
    &cli_init,    &cli_check, &cli_gen,   &cli_build,  &cli_run,       &cli_replay,
    &cli_convert, &cli_test,  &cli_graph, &cli_schema, &cli_reference,
};
const size_t cli_verb_count = sizeof cli_verbs / sizeof *cli_verbs;
