/* SPDX-License-Identifier: Apache-2.0 */
/* workflow.c - weir workflow: its words, and those that only ask or tell the store. */
#include "cli/workflow.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

/* --- Opening --- */

/* `--set slots=8`, as the runner's table reads it. */
static weir_status read_settings(const cli_arguments *arguments, weir_setting *settings,
                                 char **texts, size_t *ret_count, weir_error **error)
{
    *ret_count = 0;
    for (size_t i = 0; i < arguments->given_count; i++) {
        if (strcmp(arguments->given[i].option->name, "--set") != 0)
            continue;
        const char *text = arguments->given[i].value, *equals = strchr(text, '=');
        if (equals == NULL || equals == text)
            return weir_error_set(error, WEIR_INVALID, "--set takes NAME=VALUE, not '%s'", text);
        char *name = weir_strdup(text);
        if (name == NULL)
            return weir_error_set(error, WEIR_NOMEM, "out of memory");
        name[equals - text] = '\0';
        texts[*ret_count] = name;
        settings[(*ret_count)++] = (weir_setting){.name = name, .text = equals + 1};
    }
    return WEIR_OK;
}

weir_status workflow_open(const cli_arguments *arguments, weir_runner **ret, weir_error **error)
{
    size_t room = arguments->given_count + 1, count = 0;
    weir_setting *settings = weir_alloc_array(room, sizeof *settings);
    char **texts = weir_alloc_array(room, sizeof *texts);
    weir_status status = settings != NULL && texts != NULL
                             ? read_settings(arguments, settings, texts, &count, error)
                             : weir_error_set(error, WEIR_NOMEM, "out of memory");

    if (status == WEIR_OK)
        status = weir_runner_open(cli_value(arguments, "--store"), settings, count, ret, error);
    for (size_t i = 0; i < count; i++)
        weir_free(texts[i]);
    weir_free(texts);
    weir_free(settings);
    return status;
}

weir_status workflow_read_id(const char *text, int64_t *ret, weir_error **error)
{
    if (weir_text_integer(text, ret) && *ret >= 1)
        return WEIR_OK;
    return weir_error_set(error, WEIR_INVALID, "'%s' is not the number of an execution", text);
}

/* --- Printing --- */

int workflow_give(const cli_arguments *arguments, char *text, workflow_print print)
{
    json_t *value = cli_has(arguments, "--json") ? NULL : json_loads(text, 0, NULL);

    cli_make_printable(value);
    if (value != NULL)
        print(value);
    else
        puts(text);
    json_decref(value);
    weir_free(text);
    return CLI_DONE;
}

int workflow_end(const cli_arguments *arguments, weir_runner *runner, int64_t id)
{
    weir_error *error = NULL;
    char *text = NULL;

    if (weir_workflow_result(runner, id, &text, &error) != WEIR_OK)
        return cli_report_error(error);
    json_t *result = json_loads(text, 0, NULL);
    const char *status = json_string_value(json_object_get(result, "status"));
    int code = status != NULL && strcmp(status, "Completed") == 0 ? CLI_DONE : CLI_FAILED;
    json_decref(result);
    workflow_give(arguments, text, workflow_print_execution);
    return code;
}

/* --- Words over one execution --- */

typedef weir_status (*asking)(weir_runner *runner, int64_t id, char **ret, weir_error **error);
typedef weir_status (*telling)(weir_runner *runner, int64_t id, const char *reason,
                               weir_error **error);

static weir_status resume(weir_runner *runner, int64_t id, const char *reason, weir_error **error)
{
    (void)reason;
    return weir_workflow_resume(runner, id, error);
}

static weir_status retry(weir_runner *runner, int64_t id, const char *reason, weir_error **error)
{
    (void)reason;
    return weir_workflow_retry(runner, id, error);
}

typedef struct word {
    const char *name, *operands;
    size_t min_operands; /* behind the word */
    asking ask;
    workflow_print print;
    telling tell;
    const char *told; /* what it then is */
    int (*run)(const cli_arguments *arguments);
} word;

static int ask(const cli_arguments *arguments, const word *what, weir_runner *runner, int64_t id)
{
    weir_error *error = NULL;
    char *text = NULL;

    if (what->ask(runner, id, &text, &error) != WEIR_OK)
        return cli_report_error(error);
    return workflow_give(arguments, text, what->print);
}

static int tell(const cli_arguments *arguments, const word *what, weir_runner *runner, int64_t id)
{
    weir_error *error = NULL;

    if (what->tell(runner, id, cli_value(arguments, "--reason"), &error) != WEIR_OK)
        return cli_report_error(error);
    if (cli_has(arguments, "--json"))
        return ask(arguments, &(word){.ask = weir_workflow_result}, runner, id);
    cli_tell(arguments, "weir: execution %lld %s\n", (long long)id, what->told);
    return CLI_DONE;
}

static int over_one(const cli_arguments *arguments, const word *what)
{
    weir_runner *runner = NULL;
    weir_error *error = NULL;
    int64_t id = 0;
    weir_status status = workflow_read_id(arguments->operands[1], &id, &error);

    if (status == WEIR_OK)
        status = workflow_open(arguments, &runner, &error);
    if (status != WEIR_OK)
        return cli_report_error(error);
    int code =
        what->ask != NULL ? ask(arguments, what, runner, id) : tell(arguments, what, runner, id);
    weir_runner_close(runner);
    return code;
}

/* --- wait and list --- */

static void stop_waiting(void *runner)
{
    weir_runner_stop(runner);
}

static weir_status wait_for(const cli_arguments *arguments, weir_runner *runner, int64_t id,
                            weir_error **error)
{
    const char *text = cli_value(arguments, "--timeout");
    int64_t most = INT64_MAX;

    if (text != NULL && (!weir_text_duration(text, &most) || most < 0))
        return weir_error_set(error, WEIR_INVALID, "--timeout takes a duration as 30s, not '%s'",
                              text);
    cli_catch_signals(stop_waiting, runner);
    weir_status status = weir_workflow_wait(runner, id, most, error);
    cli_leave_signals();
    return status;
}

static int wait_word(const cli_arguments *arguments)
{
    weir_runner *runner = NULL;
    weir_error *error = NULL;
    int64_t id = 0;
    weir_status status = workflow_read_id(arguments->operands[1], &id, &error);

    if (status == WEIR_OK)
        status = workflow_open(arguments, &runner, &error);
    if (status == WEIR_OK)
        status = wait_for(arguments, runner, id, &error);
    int code = status == WEIR_OK ? workflow_end(arguments, runner, id) : cli_report_error(error);
    weir_runner_close(runner);
    return code;
}

static weir_status read_most(const cli_arguments *arguments, int64_t *count, weir_error **error)
{
    const char *most = cli_value(arguments, "--most");

    if (most == NULL || (weir_text_integer(most, count) && *count >= 1 && *count <= 1000000))
        return WEIR_OK;
    return weir_error_set(error, WEIR_INVALID, "--most takes a number from 1 on, not '%s'", most);
}

static weir_status list(const cli_arguments *arguments, weir_runner *runner, char **ret,
                        weir_error **error)
{
    const char *before = cli_value(arguments, "--before");
    int64_t count = 100, id = 0;
    weir_status status = read_most(arguments, &count, error);

    if (status == WEIR_OK && before != NULL)
        status = workflow_read_id(before, &id, error);
    if (status != WEIR_OK)
        return status;
    return weir_workflow_list(runner, arguments->operand_count > 1 ? arguments->operands[1] : NULL,
                              cli_value(arguments, "--state"), id, (size_t)count, ret, error);
}

typedef weir_status (*listing)(const cli_arguments *arguments, weir_runner *runner, char **ret,
                               weir_error **error);

static int give_list(const cli_arguments *arguments, listing lists, workflow_print print)
{
    weir_runner *runner = NULL;
    weir_error *error = NULL;
    char *text = NULL;
    weir_status status = workflow_open(arguments, &runner, &error);

    if (status == WEIR_OK)
        status = lists(arguments, runner, &text, &error);
    int code = status == WEIR_OK ? workflow_give(arguments, text, print) : cli_report_error(error);
    weir_runner_close(runner);
    return code;
}

static int list_word(const cli_arguments *arguments)
{
    return give_list(arguments, list, workflow_print_list);
}

/* schedules pause NAME, triggers resume WORKFLOW.NAME. */
static weir_status pause_one(weir_runner *runner, const char *name, bool trigger, bool on,
                             weir_error **error)
{
    const char *dot = strchr(name, '.');
    char workflow[256];

    if (!trigger)
        return weir_workflow_pause_start(runner, name, NULL, on, error);
    if (dot == NULL || dot[1] == '\0' || (size_t)(dot - name) >= sizeof workflow)
        return weir_error_set(error, WEIR_INVALID, "'%s' names no trigger: write WORKFLOW.TRIGGER",
                              name);
    snprintf(workflow, sizeof workflow, "%.*s", (int)(dot - name), name);
    return weir_workflow_pause_start(runner, workflow, dot + 1, on, error);
}

static int pause_word(const cli_arguments *arguments, bool trigger)
{
    const char *name = arguments->operands[2];
    bool on = strcmp(arguments->operands[1], "pause") == 0;
    weir_runner *runner = NULL;
    weir_error *error = NULL;
    weir_status status = workflow_open(arguments, &runner, &error);

    if (status == WEIR_OK)
        status = pause_one(runner, name, trigger, on, &error);
    weir_runner_close(runner);
    if (status != WEIR_OK)
        return cli_report_error(error);
    cli_tell(arguments, "weir: the %s %s %s\n", trigger ? "trigger" : "schedule of", name,
             on ? "is paused" : "goes on");
    return CLI_DONE;
}

/* Whether what follows the word is `pause NAME` or `resume NAME`. */
static bool is_pause(const cli_arguments *arguments)
{
    const char *second = arguments->operand_count > 1 ? arguments->operands[1] : "";

    return arguments->operand_count == 3 &&
           (strcmp(second, "pause") == 0 || strcmp(second, "resume") == 0);
}

static weir_status list_schedules(const cli_arguments *arguments, weir_runner *runner, char **ret,
                                  weir_error **error)
{
    int64_t count = 5;
    weir_status status = read_most(arguments, &count, error);

    return status == WEIR_OK
               ? weir_workflow_schedules(
                     runner, arguments->operand_count > 1 ? arguments->operands[1] : NULL,
                     (size_t)count, ret, error)
               : status;
}

static weir_status list_triggers(const cli_arguments *arguments, weir_runner *runner, char **ret,
                                 weir_error **error)
{
    int64_t count = 5;
    weir_status status = read_most(arguments, &count, error);

    return status == WEIR_OK
               ? weir_workflow_triggers(
                     runner, arguments->operand_count > 1 ? arguments->operands[1] : NULL,
                     (size_t)count, ret, error)
               : status;
}

static int schedules_word(const cli_arguments *arguments)
{
    return is_pause(arguments) ? pause_word(arguments, false)
                               : give_list(arguments, list_schedules, workflow_print_schedules);
}

static int triggers_word(const cli_arguments *arguments)
{
    return is_pause(arguments) ? pause_word(arguments, true)
                               : give_list(arguments, list_triggers, workflow_print_triggers);
}

/* --- All words --- */

static const word words[] = {
    {.name = "run", .operands = "SPEC NAME [FILE.c ...]", .min_operands = 2, .run = workflow_run},
    {.name = "serve",
     .operands = "SPEC [FILE.c ...] ...",
     .min_operands = 1,
     .run = workflow_serve},
    {.name = "list", .operands = "[NAME]", .run = list_word},
    {.name = "schedules", .operands = "[NAME | pause NAME | resume NAME]", .run = schedules_word},
    {.name = "triggers",
     .operands = "[NAME | pause NAME.TRIGGER | resume NAME.TRIGGER]",
     .run = triggers_word},
    {.name = "show",
     .operands = "ID",
     .min_operands = 1,
     .ask = weir_workflow_show,
     .print = workflow_print_dag},
    {.name = "events",
     .operands = "ID",
     .min_operands = 1,
     .ask = weir_workflow_events,
     .print = workflow_print_events},
    {.name = "explain",
     .operands = "ID",
     .min_operands = 1,
     .ask = weir_workflow_explain,
     .print = workflow_print_reasons},
    {.name = "pause",
     .operands = "ID",
     .min_operands = 1,
     .tell = weir_workflow_pause,
     .told = "is Paused"},
    {.name = "resume", .operands = "ID", .min_operands = 1, .tell = resume, .told = "goes on"},
    {.name = "cancel",
     .operands = "ID",
     .min_operands = 1,
     .tell = weir_workflow_cancel,
     .told = "is Cancelled"},
    {.name = "retry", .operands = "ID", .min_operands = 1, .tell = retry, .told = "is tried again"},
    {.name = "wait", .operands = "ID", .min_operands = 1, .run = wait_word},
};

static const word *find_word(const char *name)
{
    weir_nearest nearest = {.wanted = name};
    char hint[128];

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
        weir_nearest_offer(&nearest, words[i].name);
    }
    cli_complain("'weir workflow' has no '%s'%s", name,
                 weir_nearest_hint(&nearest, hint, sizeof hint));
    return NULL;
}

static int run(const cli_arguments *arguments)
{
    const word *what = find_word(arguments->operands[0]);
    size_t given = arguments->operand_count - 1;

    if (what == NULL)
        return CLI_USAGE;
    bool many = strstr(what->operands, "...") != NULL;
    size_t most = strchr(what->operands, '|') != NULL && is_pause(arguments) ? 2 : 1;
    if (given < what->min_operands || (!many && given > most)) {
        cli_complain("weir workflow %s %s --store sqlite:FILE", what->name, what->operands);
        return CLI_USAGE;
    }
    if (cli_value(arguments, "--store") == NULL) {
        cli_complain("where is it recorded? give --store sqlite:FILE");
        return CLI_USAGE;
    }
    return what->run != NULL ? what->run(arguments) : over_one(arguments, what);
}

static const cli_option options[] = {
    {"--store", "URL", "where it is recorded: sqlite:FILE or postgresql://USER@HOST/DATABASE"},
    {"--input", "JSON", "run: what every task can read, a JSON object (default: {})"},
    {"--key", "KEY", "run: the execution that was started with this key goes on, if there is one"},
    {"--resume", "ID", "run: goes on with this execution"},
    {"--detach", NULL, "run: starts it, prints its number and leaves it to those that serve"},
    {"--reason", "TEXT", "pause, cancel: why; it is kept in the event"},
    {"--state", "STATE", "list: only executions in this state"},
    {"--most", "N", "list, schedules, triggers: so many, the newest (default: 100; 5 slots)"},
    {"--before", "ID", "list: those before this one"},
    {"--timeout", "DURATION", "wait: for so long (default: for ever)"},
    {"--set", "NAME=VALUE", "an option of the runner: slots=8, grace=10s"},
    {"--json", NULL, "one line of JSON"},
};

const cli_verb cli_workflow = {
    .name = "workflow",
    .summary = "Runs durable workflows, and shows and steers their executions.",
    .operands = "run SPEC NAME [FILE.c ...] | serve SPEC [FILE.c ...] ... | list [NAME] | "
                "schedules|triggers [NAME | pause NAME | resume NAME] | "
                "show|events|explain|pause|resume|cancel|retry|wait ID",
    .details =
        "What has been done is recorded in the store. When a run is interrupted, it goes on there "
        "with the same --key, or with --resume, or by one that serves; no task that is Completed "
        "runs again. `serve` runs tasks of all executions until a signal stops it; any number of "
        "them may share a store. Exit codes of run and wait: 0 Completed, 1 Failed or Cancelled, 3 "
        "stopped by a signal, or not ended in time.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run,
};
