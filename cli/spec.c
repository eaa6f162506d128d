/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - loads a spec and shows what was found wrong with it. */
#include <stdio.h>

#include "cli/cli.h"

weir_spec *cli_load_spec(const char *path, const weir_catalog *catalog, int *exit_code)
{
    weir_spec *spec = NULL;
    weir_diagnostics *diagnostics = NULL;
    weir_error *error = NULL;

    weir_status status = weir_spec_load(path, catalog, &spec, &diagnostics, &error);
    char *text = diagnostics != NULL && weir_diagnostics_count(diagnostics) != 0
                     ? weir_diagnostics_text(diagnostics)
                     : NULL;
    if (text != NULL)
        fputs(text, stderr);
    size_t errors = diagnostics != NULL ? weir_diagnostics_error_count(diagnostics) : 0;
    weir_free(text);
    weir_diagnostics_free(diagnostics);
    *exit_code = CLI_DONE;
    if (status == WEIR_OK)
        return spec;
    *exit_code = cli_exit_code(status);
    if (errors != 0) {
        fprintf(stderr, "%zu error%s in %s\n", errors, errors != 1 ? "s" : "", path);
        weir_error_free(error);
    } else {
        cli_report_error(error);
    }
    return NULL;
}
