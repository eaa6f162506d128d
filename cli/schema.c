/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c - weir schema: the JSON Schema of spec files, for editors. */
#include <stdio.h>

#include "cli/cli.h"

static int run(const cli_arguments *arguments)
{
    char *schema = weir_spec_schema(cli_catalog());

    (void)arguments;
    if (schema == NULL) {
        cli_complain("out of memory");
        return CLI_ENVIRONMENT;
    }
    puts(schema);
    weir_free(schema);
    return CLI_DONE;
}

const cli_verb cli_schema = {
    .name = "schema",
    .summary = "Prints the JSON Schema of spec files, for editors.",
    .operands = "",
    .details = "In VS Code with the YAML extension: \"yaml.schemas\": {\"weir.schema.json\": "
               "\"*.weir.yaml\"}",
    .max_operands = 0,
    .run = run,
};
