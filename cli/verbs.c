/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.c - the list of verbs, and what the command reads of its environment. */
#include "cli/cli.h"

extern const cli_verb cli_init, cli_check, cli_gen, cli_build, cli_run, cli_replay, cli_convert,
    cli_graph, cli_schema, cli_test, cli_workflow, cli_cron, cli_db, cli_dlq, cli_reference,
    cli_completion;

const cli_verb *const cli_verbs[] = {
    &cli_init,    &cli_check, &cli_gen,       &cli_build,      &cli_run,      &cli_replay,
    &cli_convert, &cli_test,  &cli_graph,     &cli_schema,     &cli_workflow, &cli_cron,
    &cli_db,      &cli_dlq,   &cli_reference, &cli_completion,
};
const size_t cli_verb_count = sizeof cli_verbs / sizeof *cli_verbs;

const cli_variable cli_variables[] = {
    {"CC", "the C compiler (default: cc)"},
    {"CFLAGS", "further words for the compiler"},
    {"LDFLAGS", "further words for the linker, such as -lfoo"},
    {"XDG_CACHE_HOME", "compiled modules go into weir/ there (default: ~/.cache)"},
    {"NO_COLOR", "no colours on a terminal"},
};
const size_t cli_variable_count = sizeof cli_variables / sizeof *cli_variables;
