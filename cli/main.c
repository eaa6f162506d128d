/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the `weir` command: finds the verb and sorts its words. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/text.h"
#include <weir/workflow.h>

const cli_option cli_common_options[] = {
    {"--kinds", "LIB.so", "knows the sources, accumulators and sinks of this library too"},
    {"--quiet|-q", NULL, "says nothing but errors and results"},
    {"--help|-h", NULL, "shows the help of the verb"},
};
const size_t cli_common_option_count = sizeof cli_common_options / sizeof *cli_common_options;

/* --- Options --- */

/* "--output|-o" is both --output and -o. */
static bool is_named(const cli_option *option, const char *word)
{
    size_t length = strcspn(option->name, "|");

    if (strncmp(option->name, word, length) == 0 && word[length] == '\0')
        return true;
    return option->name[length] == '|' && strcmp(option->name + length + 1, word) == 0;
}

static const cli_option *find_option(const cli_verb *verb, const char *word)
{
    for (size_t i = 0; i < verb->option_count; i++)
        if (is_named(&verb->options[i], word))
            return &verb->options[i];
    for (size_t i = 0; i < cli_common_option_count; i++)
        if (is_named(&cli_common_options[i], word))
            return &cli_common_options[i];
    return NULL;
}

const char *cli_value(const cli_arguments *arguments, const char *option)
{
    const char *value = NULL;

    for (size_t i = 0; i < arguments->given_count; i++)
        if (is_named(arguments->given[i].option, option))
            value = arguments->given[i].value;
    return value;
}

bool cli_has(const cli_arguments *arguments, const char *option)
{
    for (size_t i = 0; i < arguments->given_count; i++)
        if (is_named(arguments->given[i].option, option))
            return true;
    return false;
}

/* --- Sorting the words --- */

static int unknown_option(const cli_verb *verb, const char *word)
{
    weir_nearest nearest = {.wanted = word};
    char hint[128], names[64][32];
    size_t count = 0;

    for (size_t i = 0; i < verb->option_count && count < 64; i++, count++) {
        snprintf(names[count], sizeof names[count], "%.*s",
                 (int)strcspn(verb->options[i].name, "|"), verb->options[i].name);
        weir_nearest_offer(&nearest, names[count]);
    }
    cli_complain("'weir %s' has no option '%s'%s", verb->name, word,
                 weir_nearest_hint(&nearest, hint, sizeof hint));
    return CLI_USAGE;
}

/* Takes "--set x=y" and "--set=x=y". */
static int sort_option(const cli_verb *verb, char **words, int count, int *at,
                       cli_arguments *arguments)
{
    char *word = words[*at], *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;

    if (equals != NULL)
        *equals = '\0';
    const cli_option *option = find_option(verb, word);
    if (option == NULL)
        return unknown_option(verb, word);
    const char *value = equals != NULL ? equals + 1 : NULL;
    if (option->value == NULL && value != NULL) {
        cli_complain("option '%s' of 'weir %s' takes no value", word, verb->name);
        return CLI_USAGE;
    }
    if (option->value != NULL && value == NULL) {
        if (*at + 1 == count) {
            cli_complain("option '%s' of 'weir %s' needs a value: %s %s", word, verb->name, word,
                         option->value);
            return CLI_USAGE;
        }
        value = words[++*at];
    }
    arguments->given[arguments->given_count++] = (struct cli_given){option, value};
    return CLI_DONE;
}

static int sort_words(const cli_verb *verb, char **words, int count, cli_arguments *arguments)
{
    bool only_operands = false;
    int code = CLI_DONE;

    for (int i = 0; i < count && code == CLI_DONE; i++) {
        bool option = !only_operands && words[i][0] == '-' && words[i][1] != '\0';
        if (option && strcmp(words[i], "--") == 0)
            only_operands = true;
        else if (option)
            code = sort_option(verb, words, count, &i, arguments);
        else
            arguments->operands[arguments->operand_count++] = words[i];
    }
    if (code != CLI_DONE || cli_has(arguments, "--help"))
        return code;
    if (arguments->operand_count < verb->min_operands ||
        arguments->operand_count > verb->max_operands) {
        cli_complain("usage: weir %s [OPTION ...] %s; 'weir %s --help' says more", verb->name,
                     verb->operands, verb->name);
        return CLI_USAGE;
    }
    return CLI_DONE;
}

static int run_verb(const cli_verb *verb, char **words, int count)
{
    size_t room = (size_t)count + 1;
    cli_arguments arguments = {.operands = weir_alloc_array(room, sizeof(char *)),
                               .given = weir_alloc_array(room, sizeof(struct cli_given))};
    int code = CLI_ENVIRONMENT;

    if (arguments.operands == NULL || arguments.given == NULL) {
        cli_complain("out of memory");
    } else if ((code = sort_words(verb, words, count, &arguments)) == CLI_DONE) {
        if (cli_has(&arguments, "--help"))
            cli_print_verb_help(verb);
        else if ((code = cli_load_kinds(&arguments)) == CLI_DONE)
            code = verb->run(&arguments);
    }
    weir_free(arguments.operands);
    weir_free(arguments.given);
    return code;
}

static const cli_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < cli_verb_count; i++)
        if (strcmp(cli_verbs[i]->name, name) == 0)
            return cli_verbs[i];
    return NULL;
}

static int unknown_verb(const char *name)
{
    weir_nearest nearest = {.wanted = name};
    char hint[128];

    for (size_t i = 0; i < cli_verb_count; i++)
        weir_nearest_offer(&nearest, cli_verbs[i]->name);
    cli_complain("there is no verb '%s'%s; 'weir --help' lists them", name,
                 weir_nearest_hint(&nearest, hint, sizeof hint));
    return CLI_USAGE;
}

/* Results may still be in stdio's buffer: a full disk is told, not lost. */
static int finish(int code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    cli_complain("cannot write to standard output");
    return code == CLI_DONE ? CLI_ENVIRONMENT : code;
}

/* A standard descriptor that is closed would be the next thing that is opened. It is taken the
 * wrong way round, so that whoever uses it is told. */
static void occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(CLI_ENVIRONMENT);
}

int main(int argc, char **argv)
{
    occupy_standard_descriptors();
    weir_worker_main(argc, argv);
    /* A reader of our output that goes away, and a file that may grow no further, are errors of the
     * write, not deaths. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        cli_print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        cli_print_help(stdout);
        return finish(CLI_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("weir " WEIR_VERSION "\n");
        return finish(CLI_DONE);
    }
    const cli_verb *verb = find_verb(argv[1]);
    return finish(verb != NULL ? run_verb(verb, argv + 2, argc - 2) : unknown_verb(argv[1]));
}
