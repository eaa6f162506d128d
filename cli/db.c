/* SPDX-License-Identifier: Apache-2.0 */
/* db.c - weir db: a store of workflows as its operator sees it. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "core/text.h"
#include <jansson.h>
#include <weir/db.h>

/* "executions.Completed  12", a line each. */
static int print_status(const cli_arguments *arguments, const char *text)
{
    json_t *status = json_loads(text, 0, NULL), *value;
    const char *name;

    if (cli_has(arguments, "--json")) {
        puts(text);
    } else {
        json_object_foreach(status, name, value)
        {
            if (json_is_integer(value))
                printf("%-24s %lld\n", name, (long long)json_integer_value(value));
            else
                printf("%-24s %s\n", name, json_string_value(value));
        }
    }
    json_decref(status);
    return CLI_DONE;
}

static int print_wrong(const cli_arguments *arguments, const char *text)
{
    json_t *wrong = json_loads(text, 0, NULL), *sentence;
    size_t i;

    if (cli_has(arguments, "--json")) {
        puts(text);
    } else {
        json_array_foreach(wrong, i, sentence) puts(json_string_value(sentence));
        cli_tell(arguments, "weir: %zu things are wrong\n", json_array_size(wrong));
    }
    int code = json_array_size(wrong) == 0 ? CLI_DONE : CLI_FAILED;
    json_decref(wrong);
    return code;
}

typedef weir_status (*asking)(const char *store, char **ret_json, weir_error **error);
typedef int (*printing)(const cli_arguments *arguments, const char *text);

static int ask(const cli_arguments *arguments, asking question, printing print)
{
    weir_error *error = NULL;
    char *text = NULL;

    if (question(cli_value(arguments, "--store"), &text, &error) != WEIR_OK)
        return cli_report_error(error);
    int code = print(arguments, text);
    weir_free(text);
    return code;
}

static int do_status(const cli_arguments *arguments)
{
    return ask(arguments, weir_db_status, print_status);
}

static int do_check(const cli_arguments *arguments)
{
    return ask(arguments, weir_db_check, print_wrong);
}

static int do_backup(const cli_arguments *arguments)
{
    const char *path = cli_value(arguments, "--to");
    weir_error *error = NULL;

    if (path == NULL) {
        cli_complain("where does the copy go? give --to FILE");
        return CLI_USAGE;
    }
    if (weir_db_backup(cli_value(arguments, "--store"), path, &error) != WEIR_OK)
        return cli_report_error(error);
    if (cli_has(arguments, "--json"))
        puts("{}");
    cli_tell(arguments, "weir: the copy is '%s'\n", path);
    return CLI_DONE;
}

static int do_vacuum(const cli_arguments *arguments)
{
    weir_error *error = NULL;

    if (weir_db_vacuum(cli_value(arguments, "--store"), &error) != WEIR_OK)
        return cli_report_error(error);
    if (cli_has(arguments, "--json"))
        puts("{}");
    return CLI_DONE;
}

static int do_prune(const cli_arguments *arguments)
{
    const char *text = cli_value(arguments, "--older-than");
    weir_error *error = NULL;
    weir_db_pruned gone;
    int64_t age;

    if (text == NULL || !weir_text_duration(text, &age) || age < 0) {
        cli_complain("how old are those that go? give --older-than with a unit, as 30d");
        return CLI_USAGE;
    }
    if (weir_db_prune(cli_value(arguments, "--store"), age, &gone, &error) != WEIR_OK)
        return cli_report_error(error);
    if (cli_has(arguments, "--json"))
        printf("{\"executions\":%lld,\"plans\":%lld}\n", (long long)gone.executions,
               (long long)gone.plans);
    cli_tell(arguments, "weir: %lld executions are gone, and %lld plans\n",
             (long long)gone.executions, (long long)gone.plans);
    return CLI_DONE;
}

static const struct {
    const char *name;
    int (*run)(const cli_arguments *arguments);
    const char *option; /* that is its own; NULL: none */
} words[] = {
    {"status", do_status, NULL}, {"check", do_check, NULL},           {"backup", do_backup, "--to"},
    {"vacuum", do_vacuum, NULL}, {"prune", do_prune, "--older-than"},
};

enum { WORDS = sizeof words / sizeof *words };

static bool has_foreign_option(const cli_arguments *arguments, size_t word)
{
    for (size_t i = 0; i < WORDS; i++)
        if (i != word && words[i].option != NULL && cli_has(arguments, words[i].option)) {
            cli_complain("%s is an option of 'weir db %s'", words[i].option, words[i].name);
            return true;
        }
    return false;
}

static int run(const cli_arguments *arguments)
{
    weir_nearest nearest = {.wanted = arguments->operands[0]};
    char hint[128];

    for (size_t i = 0; i < WORDS; i++) {
        weir_nearest_offer(&nearest, words[i].name);
        if (strcmp(words[i].name, arguments->operands[0]) != 0)
            continue;
        if (has_foreign_option(arguments, i))
            return CLI_USAGE;
        if (cli_has(arguments, "--store"))
            return words[i].run(arguments);
        cli_complain("which store? give --store sqlite:FILE or "
                     "postgresql://USER@HOST/DATABASE");
        return CLI_USAGE;
    }
    cli_complain("there is no 'weir db %s'%s; there are status, check, backup, vacuum and prune",
                 arguments->operands[0], weir_nearest_hint(&nearest, hint, sizeof hint));
    return CLI_USAGE;
}

static const cli_option options[] = {
    {"--store", "URL", "the store: sqlite:FILE or postgresql://USER@HOST/DATABASE"},
    {"--to", "FILE", "backup: the copy, a new file"},
    {"--older-than", "DURATION", "prune: executions that ended longer ago, as 30d"},
    {"--json", NULL, "one line of JSON"},
};

const cli_verb cli_db = {
    .name = "db",
    .summary = "Looks at a store of workflows, checks it, copies it and tidies it up.",
    .operands = "status|check|backup|vacuum|prune",
    .details =
        "Runners may use the store meanwhile. `check` holds all rows against the events; exit "
        "code 1: something is wrong. `backup` copies a file as it is at one moment; a server "
        "has pg_dump. `prune` removes executions that have ended, with their tasks, contexts "
        "and events, 500 in one transaction; their keys can be used anew. With them go the plans "
        "of "
        "versions of workflows that nobody needs any more.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
