/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - weir reference: the pages of docs/reference, printed from the tables that the
 * command itself goes by. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "codegen/keys.h"
#include "core/text.h"

/* --- options ------------------------------------------------------------------------------------
 */

/* A cell of a table: a bar would end it. */
static void print_cell(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '|')
            fputs("\\|", stdout);
        else
            putchar(*text);
}

static const char *type_word(const weir_option *option)
{
    switch (option->type) {
    case WEIR_OPTION_BOOL:
        return "true or false";
    case WEIR_OPTION_INTEGER:
        return "integer";
    case WEIR_OPTION_SIZE:
        return "size";
    case WEIR_OPTION_DURATION:
        return "duration";
    case WEIR_OPTION_NUMBER:
        return "number";
    case WEIR_OPTION_TEXT:
        return "text";
    case WEIR_OPTION_PATH:
        return "path";
    case WEIR_OPTION_CHOICE:
        return option->choices;
    }
    return "";
}

/* ", 1 to 1024", ", 1ms or more" */
static void print_range(const weir_option *option)
{
    char min[32], max[32];

    if (option->min == 0 && option->max == 0)
        return;
    weir_text_amount(option->type, option->min, min, sizeof min);
    weir_text_amount(option->type, option->max, max, sizeof max);
    if (option->max == INT64_MAX)
        printf(", %s or more", min);
    else
        printf(", %s to %s", min, max);
}

static void print_option(const weir_option *option)
{
    printf("| `%s` | ", option->name);
    print_cell(type_word(option));
    print_range(option);
    if (option->forever != NULL)
        printf(", or `%s`", option->forever);
    if (option->required)
        fputs(" | required | ", stdout);
    else if (option->fallback != NULL)
        printf(" | `%s` | ", option->fallback);
    else
        fputs(" | | ", stdout);
    print_cell(option->help);
    puts(" |");
}

static void print_options(const weir_option *options, size_t count)
{
    if (count == 0)
        return;
    puts("\n| option | value | default | |\n| --- | --- | --- | --- |");
    for (size_t i = 0; i < count; i++)
        print_option(&options[i]);
}

static void print_kinds(const char *what, weir_kind_list kinds)
{
    for (size_t i = 0; i < kinds.count; i++) {
        printf("\n### %s `%s`\n\n%s\n", what, kinds.items[i]->name, kinds.items[i]->summary);
        print_options(kinds.items[i]->options, kinds.items[i]->option_count);
    }
}

static void print_section(const char *title, const spec_section *section)
{
    printf("\n## %s\n\n| key | | |\n| --- | --- | --- |\n", title);
    for (size_t i = 0; i < section->count; i++) {
        const spec_key *key = &section->keys[i];
        printf("| `%s` | %s", key->name, key->required ? "required" : "");
        if (key->only != NULL) {
            printf("%sof ", key->required ? ", " : "");
            print_cell(key->only);
        }
        fputs(" | ", stdout);
        print_cell(key->help);
        puts(" |");
    }
}

static void print_options_page(void)
{
    const weir_catalog *catalog = weir_builtin_catalog();

    puts("# Options\n\nAll keys and options of a spec; printed by `weir reference options`.");
    print_section("The spec", &spec_top_section);
    print_options(catalog->top.items, catalog->top.count);
    print_section("Fields", &spec_field_section);
    print_section("Parameters", &spec_param_section);
    print_section("Sources", &spec_source_section);
    print_options(catalog->every_source.items, catalog->every_source.count);
    print_kinds("Source", catalog->sources);
    print_section("Accumulators", &spec_accumulator_section);
    print_kinds("Accumulator", catalog->accumulators);
    print_section("Reactors", &spec_reactor_section);
    print_options(catalog->reactor.items, catalog->reactor.count);
    print_section("Graphs", &spec_graph_section);
    print_options(catalog->graph.items, catalog->graph.count);
    print_section("Nodes", &spec_node_section);
    print_section("Sinks", &spec_sink_section);
    print_kinds("Sink", catalog->sinks);
}

/* --- cli ----------------------------------------------------------------------------------------
 */

/* "--output|-o" and "FOLDER" as `-o`, `--output FOLDER`. */
static void print_switches(const cli_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = options[i].name, *bar = strchr(name, '|');
        fputs("| ", stdout);
        if (bar != NULL)
            printf("`%s`, ", bar + 1);
        printf("`%.*s", (int)strcspn(name, "|"), name);
        if (options[i].value != NULL) {
            putchar(' ');
            print_cell(options[i].value);
        }
        fputs("` | ", stdout);
        print_cell(options[i].help);
        puts(" |");
    }
}

static void print_cli_page(void)
{
    puts(
        "# The command\n\nPrinted by `weir reference cli`. Exit codes: 0 done, 1 the work failed, "
        "2 "
        "wrong use or a bad\nspec, 3 the environment.\n\nEvery verb takes\n\n| | |\n| --- | --- |");
    print_switches(cli_common_options, cli_common_option_count);
    for (size_t i = 0; i < cli_verb_count; i++) {
        const cli_verb *verb = cli_verbs[i];
        printf("\n## weir %s\n\n`weir %s%s%s%s`\n\n%s\n", verb->name, verb->name,
               verb->option_count != 0 ? " [OPTION ...]" : "", verb->operands[0] != '\0' ? " " : "",
               verb->operands, verb->summary);
        if (verb->details != NULL)
            printf("%s\n", verb->details);
        if (verb->option_count != 0)
            puts("\n| | |\n| --- | --- |");
        print_switches(verb->options, verb->option_count);
    }
}

/* --- errors -------------------------------------------------------------------------------------
 */

static void print_errors_page(void)
{
    puts("# Statuses\n\nEvery fallible call returns one of these; printed by `weir reference "
         "errors`. The sentence, the\nplace and whether a retry can help are in the "
         "`weir_error`.\n\n"
         "| status | number | text | exit code of the command |\n| --- | --- | --- | --- |");
#define PRINT_STATUS(name, number, text)                                                           \
    printf("| `WEIR_" #name "` | %d | %s | %d |\n", number, text,                                  \
           (number) < 2 ? CLI_DONE : cli_exit_code(WEIR_##name));
    WEIR_STATUS_LIST(PRINT_STATUS)
#undef PRINT_STATUS
}

/* --- The verb ----------------------------------------------------------------------------------
 */

static int run(const cli_arguments *arguments)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } pages[] = {
        {"options", print_options_page},
        {"cli", print_cli_page},
        {"errors", print_errors_page},
    };

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(arguments->operands[0], pages[i].name) == 0) {
            pages[i].print();
            return CLI_DONE;
        }
    cli_complain("there is no page '%s'; there are options, cli and errors",
                 arguments->operands[0]);
    return CLI_USAGE;
}

const cli_verb cli_reference = {
    .name = "reference",
    .summary = "Prints a page of the reference as Markdown.",
    .operands = "options|cli|errors",
    .details =
        "All keys and options of a spec, all verbs, all statuses, as this command knows them.",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
