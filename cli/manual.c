/* SPDX-License-Identifier: Apache-2.0 */
/* manual.c - the man page, from the tables that the command goes by. */
#include <stdio.h>
#include <string.h>

#include "cli/reference.h"

/* Text of a man page: a line may not begin with a dot or an apostrophe, and '-' is not a minus. */
static void put(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
        if (*text == '\n' && (text[1] == '.' || text[1] == '\''))
            fputs("\\&", stdout);
    }
}

static void put_options(const cli_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(options[i].name, "|");
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)length, options[i].name);
        fputs(".TP\n\\fB", stdout);
        if (options[i].name[length] == '|') {
            put(options[i].name + length + 1);
            fputs("\\fR, \\fB", stdout);
        }
        put(name);
        fputs("\\fR", stdout);
        if (options[i].value != NULL) {
            fputs(" \\fI", stdout);
            put(options[i].value);
            fputs("\\fR", stdout);
        }
        putchar('\n');
        put(options[i].help);
        putchar('\n');
    }
}

static void put_verb(const cli_verb *verb)
{
    printf(".SS weir %s", verb->name);
    if (verb->option_count != 0)
        fputs(" [OPTION ...]", stdout);
    putchar(' ');
    put(verb->operands);
    putchar('\n');
    put(verb->summary);
    putchar('\n');
    if (verb->details != NULL) {
        put(verb->details);
        putchar('\n');
    }
    put_options(verb->options, verb->option_count);
}

void reference_print_manual(void)
{
    puts(".TH WEIR 1 \"\" \"weir " WEIR_VERSION "\" \"User Commands\"\n"
         ".SH NAME\nweir \\- reactive computation graphs: from a spec to C, run, replayed, tested\n"
         ".SH SYNOPSIS\n.B weir\n\\fIVERB\\fR [\\fIOPTION\\fR ...] [\\fIOPERAND\\fR ...]\n"
         ".SH DESCRIPTION\nA spec file (YAML) declares types, sources, accumulators, reactors, "
         "graphs and sinks.\nweir checks it, turns it into C, and runs it.\n"
         ".SH OPTIONS OF EVERY VERB");
    put_options(cli_common_options, cli_common_option_count);
    puts(".SH VERBS");
    for (size_t i = 0; i < cli_verb_count; i++)
        put_verb(cli_verbs[i]);
    puts(".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nthe work failed\n.TP\n2\nwrong use or a bad "
         "spec\n.TP\n3\nthe environment: a disk, a compiler, a broker\n.SH ENVIRONMENT");
    for (size_t i = 0; i < cli_variable_count; i++) {
        printf(".TP\n.B %s\n", cli_variables[i].name);
        put(cli_variables[i].help);
        putchar('\n');
    }
}
