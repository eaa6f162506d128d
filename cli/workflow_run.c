/* SPDX-License-Identifier: Apache-2.0 */
/* workflow_run.c - weir workflow run and serve: what runs tasks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "cli/workflow.h"

static void stop_runner(void *runner)
{
    weir_runner_stop(runner);
}

/* --- Modules --- */

/* What stands in front of each operand that is no source: `SPEC [FILE.c ...]` or `MODULE.so`. */
static size_t count_of_module(const cli_arguments *arguments, size_t at)
{
    size_t count = 1;

    for (; at + count < arguments->operand_count; count++) {
        const char *ending = strrchr(arguments->operands[at + count], '.');
        if (ending == NULL || strcmp(ending, ".so") == 0 || strcmp(ending, ".yaml") == 0 ||
            strcmp(ending, ".yml") == 0)
            break;
    }
    return count;
}

/* The `count` operands from `at` on become a module. */
static int open_module(const cli_arguments *arguments, size_t at, size_t count, cli_module *ret)
{
    cli_arguments own = *arguments;

    own.operands = weir_alloc_array(count + 1, sizeof *own.operands);
    if (own.operands == NULL) {
        cli_complain("out of memory");
        return CLI_ENVIRONMENT;
    }
    memcpy(own.operands, arguments->operands + at, count * sizeof *own.operands);
    own.operand_count = count;
    int code = cli_open_module(&own, true, ret);
    weir_free(own.operands);
    return code;
}

/* --- run --- */

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
    weir_status status = workflow_read_id(resume, ret_id, error);
    return status == WEIR_OK ? check_resumed(runner, *ret_id, name, error) : status;
}

static weir_status run_to_end(const cli_arguments *arguments, weir_runner *runner, int64_t id,
                              const char *name, workflow_view *view, weir_error **error)
{
    cli_tell(arguments, "weir: execution %lld of %s\n", (long long)id, name);
    workflow_view_begin(view, id);
    cli_catch_signals(stop_runner, runner);
    weir_status status = weir_workflow_run(runner, id, error);
    cli_leave_signals();
    return status;
}

static int run_execution(const cli_arguments *arguments, const cli_module *module, const char *name)
{
    workflow_view *view = cli_has(arguments, "--detach") ? NULL : workflow_view_new(arguments);
    weir_runner *runner = NULL;
    weir_error *error = NULL;
    int64_t id = 0;
    weir_status status = workflow_open(arguments, &runner, &error);

    if (status == WEIR_OK) {
        weir_runner_set_log(runner, cli_log, (void *)(uintptr_t)arguments);
        status = weir_runner_load(runner, module->module, module->folder, &error);
    }
    workflow_view_loaded(view);
    if (status == WEIR_OK)
        status = start(arguments, runner, name, &id, &error);
    if (status == WEIR_OK && cli_has(arguments, "--detach")) {
        printf("%lld\n", (long long)id);
        weir_runner_close(runner);
        return CLI_DONE;
    }
    if (status == WEIR_OK)
        status = run_to_end(arguments, runner, id, name, view, &error);
    workflow_view_end(view);
    int code = status == WEIR_OK ? workflow_end(arguments, runner, id) : cli_report_error(error);
    weir_runner_close(runner);
    return code;
}

/* `run SPEC NAME FILE.c ...` as `SPEC FILE.c ...`. */
int workflow_run(const cli_arguments *arguments)
{
    cli_arguments files = *arguments;
    cli_module module;

    if (cli_has(arguments, "--resume") &&
        (cli_has(arguments, "--key") || cli_has(arguments, "--input") ||
         cli_has(arguments, "--detach"))) {
        cli_complain("--resume goes on with an execution; --key, --input and --detach are of a new "
                     "one");
        return CLI_USAGE;
    }
    files.operands = weir_alloc_array(arguments->operand_count, sizeof *files.operands);
    if (files.operands == NULL) {
        cli_complain("out of memory");
        return CLI_ENVIRONMENT;
    }
    files.operands[0] = arguments->operands[1];
    files.operand_count = arguments->operand_count - 2;
    for (size_t i = 3; i < arguments->operand_count; i++)
        files.operands[i - 2] = arguments->operands[i];
    int code = open_module(&files, 0, files.operand_count, &module);
    if (code == CLI_DONE) {
        code = run_execution(arguments, &module, arguments->operands[2]);
        cli_close_module(&module);
    }
    weir_free(files.operands);
    return code;
}

/* --- serve --- */

/* Without user and parameters, which may hold a password. */
static void tell_store(const cli_arguments *arguments)
{
    const char *url = cli_value(arguments, "--store");
    bool is_file = strncmp(url, "sqlite:", 7) == 0;
    const char *at = is_file ? NULL : strrchr(url, '@');
    size_t size = is_file ? strlen(url) : strcspn(at != NULL ? at : url, "?");

    cli_tell(arguments, "weir: serving %s%.*s\n", at != NULL ? "postgresql://" : "",
             (int)size - (at != NULL), at != NULL ? at + 1 : url);
}

static weir_status serve(const cli_arguments *arguments, const cli_module *modules, size_t count,
                         weir_error **error)
{
    weir_runner *runner = NULL;
    weir_status status = workflow_open(arguments, &runner, error);

    if (status != WEIR_OK)
        return status;
    weir_runner_set_log(runner, cli_log, (void *)(uintptr_t)arguments);
    for (size_t i = 0; i < count && status == WEIR_OK; i++)
        status = weir_runner_load(runner, modules[i].module, modules[i].folder, error);
    if (status == WEIR_OK) {
        cli_catch_signals(stop_runner, runner);
        tell_store(arguments);
        status = weir_runner_serve(runner, error);
        cli_leave_signals();
    }
    weir_runner_close(runner);
    return status;
}

int workflow_serve(const cli_arguments *arguments)
{
    cli_module *modules = weir_alloc_array(arguments->operand_count, sizeof *modules);
    weir_error *error = NULL;
    size_t count = 0;
    int code = modules != NULL ? CLI_DONE : CLI_ENVIRONMENT;

    if (modules == NULL)
        cli_complain("out of memory");
    for (size_t at = 1, some; at < arguments->operand_count && code == CLI_DONE; at += some) {
        some = count_of_module(arguments, at);
        code = open_module(arguments, at, some, &modules[count]);
        count += code == CLI_DONE;
    }
    if (code == CLI_DONE && serve(arguments, modules, count, &error) != WEIR_OK)
        code = cli_report_error(error);
    while (count > 0)
        cli_close_module(&modules[--count]);
    weir_free(modules);
    return code;
}
