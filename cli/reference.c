/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - weir reference: the pages of docs/reference, printed from the tables that the
 * command itself goes by. */
#include <stdio.h>
#include <string.h>

#include "cli/metric_table.h"
#include "cli/reference.h"
#include "codegen/keys.h"
#include "core/task_options.h"
#include "core/text.h"
#include <weir/workflow.h>

/* --- options --- */

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
    case WEIR_OPTION_FIELD:
        return "field";
    case WEIR_OPTION_PAIRS:
        return "map of texts";
    case WEIR_OPTION_FIELDS:
        return "map of fields";
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

static void print_runner_options(void)
{
    size_t count;
    const weir_option *options = weir_runner_options(&count);

    puts("\n## The runner of workflows\n\n`weir workflow run --set NAME=VALUE`, or "
         "`weir_runner_open`.");
    print_options(options, count);
}

static void print_options_page(void)
{
    const weir_catalog *catalog = cli_catalog();

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
    print_section("Routes", &spec_route_section);
    print_section("Sinks", &spec_sink_section);
    print_kinds("Sink", catalog->sinks);
    print_section("Workflows", &spec_workflow_section);
    print_options(weir_workflow_options.items, weir_workflow_options.count);
    puts("\n`schedule:` takes");
    print_options(weir_schedule_options.items, weir_schedule_options.count);
    print_section("Triggers", &spec_trigger_section);
    print_options(weir_trigger_options.items, weir_trigger_options.count);
    print_section("Tasks", &spec_task_section);
    print_options(weir_task_options.items, weir_task_options.count);
    print_section("Hooks", &spec_hook_section);
    puts("\nand the options of a task, but for `run_if` and `allow_failure`.\n\n`retry:` takes");
    print_options(weir_retry_options.items, weir_retry_options.count);
    puts("\n`defer:` takes");
    print_options(weir_defer_options.items, weir_defer_options.count);
    puts("\n`concurrency:` takes");
    print_options(weir_concurrency_options.items, weir_concurrency_options.count);
    print_runner_options();
}

/* --- cli --- */

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
    puts("\n## The environment\n\n| | |\n| --- | --- |");
    for (size_t i = 0; i < cli_variable_count; i++)
        printf("| `%s` | %s |\n", cli_variables[i].name, cli_variables[i].help);
}

/* --- metrics --- */

static void print_metrics_page(void)
{
    puts("# Metrics\n\nWhat `--metrics FILE` writes as Prometheus text, and `--json` as JSON; "
         "printed by `weir reference\nmetrics`. Each has the labels `module` and its room's name; "
         "in a program `weir_runtime_metrics` gives\nthe same numbers.\n\n"
         "| metric | type | |\n| --- | --- | --- |\n"
         "| `weir_turns_total` | counter | Turns of the runtime. |\n"
         "| `weir_dead_letters_total` | counter | Dead letters. |");
    for (size_t r = 0; r < metric_room_count; r++)
        for (size_t m = 0; m < metric_rooms[r].metric_count; m++) {
            const cli_metric *metric = &metric_rooms[r].metrics[m];
            if (m != 0 && strcmp(metric->name, metric[-1].name) == 0)
                continue;
            printf("| `weir_%s_%s` | %s | %s |\n", metric_rooms[r].name, metric->name,
                   metric->kind == METRIC_COUNTER ? "counter" : "gauge", metric->help);
        }
    puts("| `weir_source_position` | gauge | By `partition`: behind the newest event that was "
         "handed "
         "on, of sources that commit. |\n"
         "| `weir_source_done_position` | gauge | By `partition`: below it all events are done. |\n"
         "| `weir_node_runs_total` | counter | Runs of a node. |");
}

/* --- errors --- */

static const struct {
    weir_status status;
    const char *cause, *remedy;
} remedies[] = {
    {WEIR_OK, "", ""},
    {WEIR_SKIP, "A node gives no value this time; never an error.", ""},
    {WEIR_FAILED,
     "A node function called `weir_fail`, or an expression overflowed or divided by zero.",
     "The dead letter names node, reason and inputs; see `on_error:` for retries."},
    {WEIR_NOMEM, "The system gave no memory.",
     "Lower `capacity`, `max_keys` or `size`, or give the process more; nothing was half done."},
    {WEIR_INVALID, "An argument that can never be right, or an option of the command line.",
     "The sentence names it; this is a mistake in the calling code or the command."},
    {WEIR_NOT_FOUND, "No source, reactor, accumulator or key of that name.",
     "The sentence offers the nearest name; with several modules loaded write `module.name`."},
    {WEIR_STATE,
     "The call does not fit the state: running already, paused, warming, another thread.",
     "The sentence names the state; wait for it, or call from the runtime's thread."},
    {WEIR_AGAIN, "Nothing could be done at the moment.", "Try again when the descriptor is ready."},
    {WEIR_FULL, "A channel has no room and its `on_full` is `fail`.",
     "Push again later, raise `capacity`, or choose `block`, `drop_oldest` or `conflate`."},
    {WEIR_CLOSED, "The runtime, the channel or the peer has ended.",
     "No retry can help: stop pushing, or start anew."},
    {WEIR_IO, "A file, socket, disk or program of the system failed.",
     "The sentence holds the system's reason and the path."},
    {WEIR_SPEC, "The spec, or an option in it, is wrong.",
     "`weir check` shows all findings with their places."},
    {WEIR_DECODE, "Bytes are no value of the type.",
     "Field path and byte offset are named; in a run it is a dead letter and the stream goes on."},
    {WEIR_ENCODE, "A value has no form in the format: NaN in JSON, a number that is no enum value.",
     "Guard it in the graph, or write MessagePack, which has NaN and infinities."},
    {WEIR_LIMIT, "Something is larger than its documented limit.",
     "The sentence names the limit and the option that moves it, where there is one."},
    {WEIR_FORKED, "A runtime was used in a child process that inherited it.",
     "Make a runtime of its own in the child."},
    {WEIR_MISMATCH,
     "The module was generated for another generation of weir, or a store or an execution "
     "belongs to another version.",
     "Run `weir gen` again and recompile."},
};

/* What users of workflows read: a part of the sentence. */
static const struct {
    const char *symptom, *cause, *remedy;
} of_workflows[] = {
    {"`the input of 'W' lacks 'day'`, `.. is wrong at day: ..`, `the input has no 'dya'`",
     "`--input` does not fit what the workflow declares; nothing was recorded.",
     "Give what the sentence names; `input:` of the spec says the types and defaults."},
    {"`the key 'K' was used for execution N .. with another input`",
     "One idempotency key is one execution.", "Take another key, or the same input."},
    {"`all_success is not so: 'x' failed`",
     "The task is Skipped: its rule went by that first failure.",
     "`weir workflow retry ID` after the cause is gone; or `run_if:`, `allow_failure:`."},
    {"`run_if '..' cannot be evaluated: there is no 'context.x'`",
     "A key is missing or of another type: the task failed without a run, and is not tried again.",
     "Guard it with `has(context.x) && ..`, or set it in the task before."},
    {"`the word '..' of its command cannot be had: ..`, `the argument '..' of the graph ..`",
     "The same, in `exec:` or `with:`.", "As above."},
    {"`the graph 'g' lacks 'x'`, `.. cannot take 'x': ..`",
     "An argument is in neither context nor `with:`, or does not fit its type.",
     "Set it before, or give it in `with:`."},
    {"`it was ended by signal N (..) at ..`", "The task crashed; it alone did. Class `crash`.",
     "`addr2line -e MODULE.so PLACE`; the way there is the task's `log`."},
    {"`its process ended with exit code N before it answered`",
     "A function called exit. Class `crash`.", "Return an answer instead."},
    {"`'cmd' ended with exit code N: ..`", "A command failed. Class `exit_N`.",
     "Its last lines on standard error follow; its output is the task's `log`."},
    {"`it ran longer than its timeout of ..`", "Class `timeout`: it was ended, then tried again.",
     "Raise `timeout:`, or make it faster."},
    {"`it waited for '..' longer than the limit of ..`, `it would wait until ..`",
     "Class `deferred`: what it waited for did not come.",
     "Raise `limit`, or find out why the condition does not hold: `weir workflow explain ID`."},
    {"`it waits for '..', which failed when it was asked: ..`",
     "A condition failed or crashed, and is asked again each `interval`.",
     "As for a task; the reason follows."},
    {"`execution N of 'w' has Failed: ..`, `.. was cancelled: ..`",
     "What the task began came to that; class `failed`.",
     "`weir workflow explain N`. `retry N`, and then `retry ID` of the first execution, which "
     "takes "
     "N as it is when it is Completed by then; else it begins another one."},
    {"`N of M items failed; the first: item I (execution E) failed: ..`",
     "A task with `for_each:` fails when one of its items has; the others went on.",
     "`weir workflow explain E`; `retry ID` of the first execution runs those that are not "
     "Completed."},
    {"`for_each '..' gives N items; ..`, `.. gives no list`", "Nothing of it ran.",
     "Raise `max:`, or set a list in the task before."},
    {"`its result is N bytes long; at most 1048576 are kept`",
     "The final context of what the task began is too long for one key.",
     "Delete in it what nobody reads, or keep large things elsewhere."},
    {"`the execution took longer than its timeout of ..`",
     "The workflow's `timeout:`, pauses included; what ran was ended.",
     "`weir workflow retry ID` gives it the time anew; or raise it."},
    {"`it was lost with runner N`",
     "The process that ran it died. It runs again, `most_lost` times at most, beside `attempts`.",
     "Look at why runners die; `on_lost: fail` for what may not run twice."},
    {"`a result came after the claim was lost, and was refused`",
     "A runner was silent for longer than `stale`, and another one has its task.",
     "Raise `stale`, or find what held the process up."},
    {"`.. cannot set 'x': ..`, `.. makes the context N bytes long`",
     "No JSON value, not UTF-8, above 1 MiB, or a context above 8 MiB.",
     "Keep large things elsewhere, and their names in the context."},
    {"`it cannot go on, since none of its tasks runs or will run`",
     "Nothing that weir does leaves an execution so: its rows were changed.",
     "`weir workflow events ID` shows by whom; `retry ID`."},
    {"`execution N began with version A ..; loaded is version B`",
     "Tasks, rules, commands, inputs or options have changed since it began.",
     "Run it with the spec that it began with, or cancel it and start anew."},
};

static void print_workflow_errors(void)
{
    puts("\n## Workflows\n\nWhat a task, an execution or an event has as its reason, or a command "
         "says.\n\n| symptom | cause | way out |\n| --- | --- | --- |");
    for (size_t i = 0; i < sizeof of_workflows / sizeof *of_workflows; i++)
        printf("| %s | %s | %s |\n", of_workflows[i].symptom, of_workflows[i].cause,
               of_workflows[i].remedy);
}

static void print_errors_page(void)
{
    puts("# Statuses\n\nEvery fallible call returns one of these; printed by `weir reference "
         "errors`. The sentence, the\nplace and whether a retry can help are in the "
         "`weir_error`.\n\n"
         "| status | number | exit code | cause | way out |\n| --- | --- | --- | --- | --- |");
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++) {
        static const char *const names[] = {
#define STATUS_NAME(name, number, text) [number] = #name,
            WEIR_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
        };
        weir_status status = remedies[i].status;
        printf("| `WEIR_%s` | %d | %d | %s | %s |\n", names[status], (int)status,
               status < WEIR_FAILED ? CLI_DONE : cli_exit_code(status), remedies[i].cause,
               remedies[i].remedy);
    }
    print_workflow_errors();
}

/* --- The verb --- */

static int run(const cli_arguments *arguments)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } pages[] = {
        {"options", print_options_page}, {"cli", print_cli_page},
        {"errors", print_errors_page},   {"metrics", print_metrics_page},
        {"man", reference_print_manual},
    };

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(arguments->operands[0], pages[i].name) == 0) {
            pages[i].print();
            return CLI_DONE;
        }
    cli_complain("there is no page '%s'; there are options, cli, errors, metrics and man",
                 arguments->operands[0]);
    return CLI_USAGE;
}

const cli_verb cli_reference = {
    .name = "reference",
    .summary = "Prints a page of the reference as Markdown, or the man page.",
    .operands = "options|cli|errors|metrics|man",
    .details =
        "All keys and options of a spec, all verbs, all statuses, as this command knows them.",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
