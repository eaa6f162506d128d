/* SPDX-License-Identifier: Apache-2.0 */
/* completion.c - weir completion: verbs and options for bash, zsh and fish, from the tables that
 * the command goes by. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* Runs `print` over a verb's options, then over those of every verb. */
static void each_option(const cli_verb *verb,
                        void (*print)(const cli_verb *verb, const cli_option *option))
{
    for (size_t i = 0; i < verb->option_count; i++)
        print(verb, &verb->options[i]);
    for (size_t i = 0; i < cli_common_option_count; i++)
        print(verb, &cli_common_options[i]);
}

static int name_length(const cli_option *option)
{
    return (int)strcspn(option->name, "|");
}

/* "-o" of "--output|-o", or NULL. */
static const char *letter_of(const cli_option *option)
{
    const char *bar = strchr(option->name, '|');

    return bar != NULL ? bar + 1 : NULL;
}

/* Within single quotes of any shell; `forbidden` are characters that the shell's own completion
 * gives a meaning. */
static void put_quoted(const char *text, const char *forbidden)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr(forbidden, *text) != NULL)
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

/* --- bash --- */

static void put_bash_option(const cli_verb *verb, const cli_option *option)
{
    (void)verb;
    printf(" %.*s", name_length(option), option->name);
}

static void print_bash(void)
{
    fputs("# bash completion of weir\n_weir() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          stdout);
    for (size_t i = 0; i < cli_verb_count; i++)
        printf("%s%s", i != 0 ? " " : "", cli_verbs[i]->name);
    fputs("\" -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", stdout);
    for (size_t i = 0; i < cli_verb_count; i++) {
        printf("    %s) words=\"", cli_verbs[i]->name);
        each_option(cli_verbs[i], put_bash_option);
        puts("\" ;;");
    }
    puts("    esac\n    case $word in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
         "    esac\n}\ncomplete -o filenames -F _weir weir");
}

/* --- zsh --- */

static void put_zsh_option(const cli_verb *verb, const cli_option *option)
{
    (void)verb;
    printf(" \\\n            '*%.*s[", name_length(option), option->name);
    put_quoted(option->help, "[]:");
    fputs("]", stdout);
    if (option->value != NULL) {
        putchar(':');
        put_quoted(option->value, "[]:");
        fputs(":_files", stdout);
    }
    putchar('\'');
}

static void print_zsh(void)
{
    puts("#compdef weir\nlocal -a verbs=(");
    for (size_t i = 0; i < cli_verb_count; i++) {
        printf("    '%s:", cli_verbs[i]->name);
        put_quoted(cli_verbs[i]->summary, ":");
        puts("'");
    }
    puts(")\nif (( CURRENT == 2 )); then\n    _describe verb verbs\n    return\nfi\n"
         "local verb=$words[2]\nshift words\n(( CURRENT-- ))\ncase $verb in");
    for (size_t i = 0; i < cli_verb_count; i++) {
        printf("    %s)\n        _arguments", cli_verbs[i]->name);
        each_option(cli_verbs[i], put_zsh_option);
        puts(" \\\n            '*:file:_files'\n        ;;");
    }
    puts("esac");
}

/* --- fish --- */

static void put_fish_option(const cli_verb *verb, const cli_option *option)
{
    const char *letter = letter_of(option);

    printf("complete -c weir -n '__fish_seen_subcommand_from %s' -l %.*s", verb->name,
           name_length(option) - 2, option->name + 2);
    if (letter != NULL)
        printf(" -s %s", letter + 1);
    fputs(option->value != NULL ? " -r -d '" : " -d '", stdout);
    put_quoted(option->help, "");
    puts("'");
}

static void print_fish(void)
{
    for (size_t i = 0; i < cli_verb_count; i++) {
        printf("complete -c weir -f -n '__fish_use_subcommand' -a %s -d '", cli_verbs[i]->name);
        put_quoted(cli_verbs[i]->summary, "");
        puts("'");
        each_option(cli_verbs[i], put_fish_option);
    }
}

/* --- The verb --- */

static int run(const cli_arguments *arguments)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(arguments->operands[0], shells[i].shell) == 0) {
            shells[i].print();
            return CLI_DONE;
        }
    cli_complain("there is no completion for '%s'; there are bash, zsh and fish",
                 arguments->operands[0]);
    return CLI_USAGE;
}

const cli_verb cli_completion = {
    .name = "completion",
    .summary = "Prints the completion script of a shell.",
    .operands = "bash|zsh|fish",
    .details = "In bash: source <(weir completion bash)",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
