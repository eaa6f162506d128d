/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - the help of the command and of its verbs, from the tables that they go by. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void print_options(const cli_option *options, size_t count)
{
    char left[80];

    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(options[i].name, "|");
        const char *letter = options[i].name[length] == '|' ? options[i].name + length + 1 : "";
        snprintf(left, sizeof left, "%s%s%.*s%s%s", letter, letter[0] != '\0' ? ", " : "",
                 (int)length, options[i].name, options[i].value != NULL ? " " : "",
                 options[i].value != NULL ? options[i].value : "");
        printf("  %-26s %s\n", left, options[i].help);
    }
}

void cli_print_verb_help(const cli_verb *verb)
{
    printf("usage: weir %s [OPTION ...] %s\n\n%s\n", verb->name, verb->operands, verb->summary);
    if (verb->details != NULL)
        printf("\n%s\n", verb->details);
    printf("\noptions:\n");
    print_options(verb->options, verb->option_count);
    print_options(cli_common_options, cli_common_option_count);
}

void cli_print_help(FILE *to)
{
    fprintf(to,
            "usage: weir VERB [OPTION ...] [OPERAND ...]\n\n"
            "weir turns a spec of a reactive computation graph into C, and runs it.\n\nverbs:\n");
    for (size_t i = 0; i < cli_verb_count; i++)
        fprintf(to, "  %-10s %s\n", cli_verbs[i]->name, cli_verbs[i]->summary);
    fprintf(to,
            "\n'weir VERB --help' shows a verb's options. Exit codes: 0 done, 1 the work failed,\n"
            "2 wrong use or a bad spec, 3 the environment (disk, compiler, broker).\n");
}
