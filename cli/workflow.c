/* SPDX-License-Identifier: Apache-2.0 */
/* workflow.c - weir workflow run: an execution from its start, or from where it was, to its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "core/text.h"
#include <weir/workflow.h>

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

static weir_status open_runner(const cli_arguments *arguments, weir_runner **ret,
                               weir_error **error)
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

/* --- What is printed --- */

static void print_people(const json_t *result)
{
    const json_t *tasks = json_object_get(result, "tasks"), *task;
    const char *reason = json_string_value(json_object_get(result, "reason")), *name;

    printf("%s, execution %lld of %s\n", json_string_value(json_object_get(result, "status")),
           (long long)json_integer_value(json_object_get(result, "id")),
           json_string_value(json_object_get(result, "workflow")));
    if (reason != NULL)
        printf("%s\n", reason);
    void *at = json_object_iter((json_t *)(uintptr_t)tasks);
    for (; at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)tasks, at)) {
        name = json_object_iter_key(at);
        task = json_object_iter_value(at);
        const char *why = json_string_value(json_object_get(task, "reason"));
        printf("  %-20s %-10s %lld%s%s\n", name, json_string_value(json_object_get(task, "state")),
               (long long)json_integer_value(json_object_get(task, "attempts")),
               why != NULL ? "  " : "", why != NULL ? why : "");
    }
}

/* The exit code that the result means. */
static int print_result(const cli_arguments *arguments, weir_runner *runner, int64_t id)
{
    weir_error *error = NULL;
    char *text = NULL;

    if (weir_workflow_result(runner, id, &text, &error) != WEIR_OK)
        return cli_report_error(error);
    json_t *result = json_loads(text, 0, NULL);
    if (cli_has(arguments, "--json"))
        puts(text);
    else if (result != NULL)
        print_people(result);
    const char *status = json_string_value(json_object_get(result, "status"));
    int code = status != NULL && strcmp(status, "Completed") == 0 ? CLI_DONE : CLI_FAILED;
    json_decref(result);
    weir_free(text);
    return code;
}

/* --- Signals --- */

static void stop_runner(void *runner)
{
    weir_runner_stop(runner);
}

/* --- Running --- */

/* The execution that is to be resumed is one of this workflow. */
static weir_status check_resumed(weir_runner *runner, int64_t id, const char *name,
                                 weir_error **error)
{
    char *text = NULL;
    weir_status status = weir_workflow_result(runner, id, &text, error);

    if (status != WEIR_OK)
        return status;
    json_t *result = json_loads(text, 0, NULL);
    const char *workflow = json_string_value(json_object_get(result, "workflow"));
    if (workflow == NULL || strcmp(workflow, name) != 0)
        status = weir_error_set(error, WEIR_INVALID, "execution %lld is of the workflow '%s'",
                                (long long)id, workflow != NULL ? workflow : "");
    json_decref(result);
    weir_free(text);
    return status;
}

static weir_status start(const cli_arguments *arguments, weir_runner *runner, const char *name,
                         int64_t *ret_id, weir_error **error)
{
    const char *resume = cli_value(arguments, "--resume");

    if (resume == NULL)
        return weir_workflow_start(runner, name, cli_value(arguments, "--input"),
                                   cli_value(arguments, "--key"), ret_id, error);
    if (!weir_text_integer(resume, ret_id) || *ret_id < 1)
        return weir_error_set(error, WEIR_INVALID,
                              "--resume takes the number of an execution, not '%s'", resume);
    return check_resumed(runner, *ret_id, name, error);
}

static int run_execution(const cli_arguments *arguments, const cli_module *module, const char *name)
{
    weir_runner *runner = NULL;
    weir_error *error = NULL;
    int64_t id = 0;
    weir_status status = open_runner(arguments, &runner, &error);

    if (status == WEIR_OK) {
        weir_runner_set_log(runner, cli_log, (void *)(uintptr_t)arguments);
        status = weir_runner_load(runner, module->module, module->folder, &error);
    }
    if (status == WEIR_OK)
        status = start(arguments, runner, name, &id, &error);
    if (status == WEIR_OK) {
        cli_tell(arguments, "weir: execution %lld of %s\n", (long long)id, name);
        cli_catch_signals(stop_runner, runner);
        status = weir_workflow_run(runner, id, &error);
        cli_leave_signals();
    }
    int code = status == WEIR_OK ? print_result(arguments, runner, id) : cli_report_error(error);
    weir_runner_close(runner);
    return code;
}

static int check_words(const cli_arguments *arguments)
{
    if (strcmp(arguments->operands[0], "run") != 0)
        cli_complain("'weir workflow' can 'run' a workflow, not '%s'", arguments->operands[0]);
    else if (arguments->operand_count < 3)
        cli_complain("which workflow? weir workflow run SPEC NAME --store sqlite:FILE");
    else if (cli_value(arguments, "--store") == NULL)
        cli_complain("where is it recorded? give --store sqlite:FILE");
    else if (cli_has(arguments, "--resume") &&
             (cli_has(arguments, "--key") || cli_has(arguments, "--input")))
        cli_complain("--resume goes on with an execution; --key and --input are of a new one");
    else
        return CLI_DONE;
    return CLI_USAGE;
}

/* `run SPEC NAME FILE.c ...` as `SPEC FILE.c ...`. */
static int run(const cli_arguments *arguments)
{
    int code = check_words(arguments);

    if (code != CLI_DONE)
        return code;
    cli_arguments files = *arguments;
    cli_module module;
    files.operands = weir_alloc_array(arguments->operand_count, sizeof *files.operands);
    if (files.operands == NULL) {
        cli_complain("out of memory");
        return CLI_ENVIRONMENT;
    }
    files.operands[0] = arguments->operands[1];
    files.operand_count = arguments->operand_count - 2;
    for (size_t i = 3; i < arguments->operand_count; i++)
        files.operands[i - 2] = arguments->operands[i];
    if ((code = cli_open_module(&files, true, &module)) == CLI_DONE) {
        code = run_execution(arguments, &module, arguments->operands[2]);
        cli_close_module(&module);
    }
    weir_free(files.operands);
    return code;
}

static const cli_option options[] = {
    {"--store", "URL", "where it is recorded: sqlite:FILE or postgresql://USER@HOST/DATABASE"},
    {"--input", "JSON", "what every task can read, a JSON object (default: {})"},
    {"--key", "KEY", "the execution that was started with this key goes on, if there is one"},
    {"--resume", "ID", "goes on with this execution"},
    {"--set", "NAME=VALUE", "an option of the runner: slots=8, grace=10s"},
    {"--json", NULL, "the result as one line of JSON"},
};

const cli_verb cli_workflow = {
    .name = "workflow",
    .summary = "Runs a durable workflow to its end.",
    .operands = "run SPEC NAME [FILE.c ...]",
    .details =
        "What has been done is recorded in the store. When the command is interrupted, it goes on "
        "there with the same --key, or with --resume; no task that is Completed runs again. Exit "
        "code 0: Completed, 1: Failed, 3: stopped by a signal.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run,
};
