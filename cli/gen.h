/* SPDX-License-Identifier: Apache-2.0 */
/* gen.h - the files that a spec becomes. */
#ifndef WEIR_CLI_GEN_H
#define WEIR_CLI_GEN_H

#include "cli/cli.h"

/* Writes the generated files into `folder`; with `check_only` only says which are stale. */
weir_status cli_generate(const cli_arguments *arguments, const weir_spec *spec, const char *folder,
                         bool check_only, bool *stale, weir_error **error);

#endif
