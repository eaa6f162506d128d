/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - weir build: a spec and its node functions become a shared object. */
#include <stdio.h>

#include "cli/cli.h"

static int run_build(const cli_arguments *arguments)
{
    char *path = NULL;
    int code = cli_build_module(arguments, cli_value(arguments, "--output"), &path);

    if (code == CLI_DONE)
        printf("%s\n", path);
    weir_free(path);
    return code;
}

static const cli_option options[] = {
    {"--output|-o", "MODULE.so", "where the object goes (default: into the cache)"},
};

const cli_verb cli_build = {
    .name = "build",
    .summary = "Generates and compiles a module that 'weir run' loads.",
    .operands = "SPEC [FILE.c ...]",
    .details =
        "The compiler is CC, or cc; CFLAGS and LDFLAGS are given to it. Prints the object's path.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run_build,
};
