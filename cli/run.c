/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - weir run: a spec runs until its sources end, or a signal stops it. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/live.h"
#include "cli/metrics.h"
#include "cli/run.h"

/* --- Overrides --- */

static weir_status set(weir_runtime *runtime, const char *room, const char *name, size_t size,
                       const char *option, const char *value, weir_error **error)
{
    char full[512];

    snprintf(full, sizeof full, "%s%s%.*s%s%s", room, room[0] != '\0' ? "." : "", (int)size, name,
             option[0] != '\0' ? "." : "", option);
    return weir_runtime_set(runtime, full, value, error);
}

/* --input quotes=FILE reads a source from a file, --sink orders=stdout sends results elsewhere. */
static weir_status redirect(weir_runtime *runtime, const char *option, const char *text,
                            weir_error **error)
{
    const char *equals = strchr(text, '='), *value = equals != NULL ? equals + 1 : NULL;
    bool input = strcmp(option, "--input") == 0;

    if (value == NULL || equals == text || *value == '\0')
        return weir_error_set(error, WEIR_INVALID, "%s takes NAME=%s, not '%s'", option,
                              input ? "FILE" : "stdout or NAME=FILE", text);
    size_t size = (size_t)(equals - text);
    /* What a file's name says of its format is more than what the spec says of another source. */
    const char *room = input ? "sources" : "sinks", *format = weir_format_of_path(value);
    bool standard = !input && (strcmp(value, "stdout") == 0 || strcmp(value, "-") == 0);
    weir_status status =
        set(runtime, room, text, size, "kind", standard ? "stdout" : "file", error);
    if (status == WEIR_OK && !standard)
        status = set(runtime, room, text, size, "path", value, error);
    if (status == WEIR_OK && !standard && format != NULL)
        status = set(runtime, room, text, size, "format", format, error);
    return status;
}

static weir_status set_option(weir_runtime *runtime, const char *text, weir_error **error)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL || equals == text)
        return weir_error_set(error, WEIR_INVALID, "--set takes NAME=VALUE, not '%s'", text);
    return set(runtime, "", text, (size_t)(equals - text), "", equals + 1, error);
}

/* --set comes last: it may also say how what was redirected is read. */
static bool is_redirected(const cli_arguments *arguments, const char *sink)
{
    size_t size = strlen(sink);

    for (size_t i = 0; i < arguments->given_count; i++) {
        const char *value = arguments->given[i].value;
        if (strcmp(arguments->given[i].option->name, "--sink") == 0 &&
            strncmp(value, sink, size) == 0 && value[size] == '=')
            return true;
    }
    return false;
}

/* A replay does not write where the live run does (rule E17): each such sink has a file instead. */
static weir_status spare_sinks(const cli_arguments *arguments, const weir_module *module,
                               weir_runtime *runtime, weir_error **error)
{
    weir_status status = WEIR_OK;
    char file[256];

    for (uint32_t i = 0; i < module->sink_count && status == WEIR_OK; i++) {
        const char *name = module->sinks[i].name;
        bool leaves = strcmp(module->sinks[i].kind, "kafka") == 0 ||
                      strcmp(module->sinks[i].kind, "workflow") == 0;
        if (!leaves || is_redirected(arguments, name))
            continue;
        if (mkdir("replay", 0777) != 0 && errno != EEXIST)
            return weir_error_set(error, WEIR_IO, "cannot make the folder 'replay': %s",
                                  strerror(errno));
        snprintf(file, sizeof file, "%s=replay/%s.jsonl", name, name);
        status = redirect(runtime, "--sink", file, error);
    }
    return status;
}

weir_status cli_apply_overrides(const cli_arguments *arguments, weir_runtime *runtime,
                                weir_error **error)
{
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < arguments->given_count && status == WEIR_OK; i++) {
        const char *name = arguments->given[i].option->name, *value = arguments->given[i].value;
        if (strcmp(name, "--input") == 0 || strcmp(name, "--sink") == 0)
            status = redirect(runtime, name, value, error);
    }
    for (size_t i = 0; i < arguments->given_count && status == WEIR_OK; i++)
        if (strcmp(arguments->given[i].option->name, "--set") == 0)
            status = set_option(runtime, arguments->given[i].value, error);
    return status;
}

/* --- Log --- */

void cli_log(void *arg, weir_level level, const char *room, const char *name, const char *message)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    const cli_arguments *arguments = arg;

    if (level < WEIR_WARNING && cli_has(arguments, "--quiet"))
        return;
    char *clean = cli_printable(message);
    live_make_way();
    fprintf(stderr, "weir: %s: %s%s%s: %s\n", levels[level], room, name != NULL ? " " : "",
            name != NULL ? name : "", clean != NULL ? clean : "out of memory");
    live_come_back();
    weir_free(clean);
}

/* --- weir run --- */

static void stop_runtime(void *runtime)
{
    weir_runtime_stop(runtime);
}

/* The command pushes nothing into channels: they have ended at the start. */
static void close_channels(const cli_arguments *arguments, const weir_module *module,
                           weir_runtime *runtime)
{
    for (uint32_t i = 0; i < module->source_count; i++)
        if (weir_runtime_close(runtime, module, i, NULL) == WEIR_OK)
            cli_tell(
                arguments,
                "weir: nothing comes from the channel '%s' here; --input %s=FILE reads it from "
                "a file\n",
                module->sources[i].name, module->sources[i].name);
}

/* --graph FILE: what was declared, coloured by what happened. How the command ends. */
static int draw(const cli_arguments *arguments, const weir_module *module, weir_runtime *runtime)
{
    const char *path = cli_value(arguments, "--graph");
    weir_report *report = NULL;
    weir_error *error = NULL;

    if (path == NULL)
        return CLI_DONE;
    weir_status status = weir_runtime_metrics(runtime, &report, &error);
    if (status == WEIR_OK)
        status = cli_draw(module, report, path, &error);
    weir_report_free(report);
    return status == WEIR_OK ? CLI_DONE : cli_report_error(error);
}

int64_t cli_now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Turns as they come, and between them a beat: the runtime is only ever touched on this thread. */
static weir_status run_with_beat(const cli_arguments *arguments, weir_runtime *runtime,
                                 int64_t interval_ms, cli_beat beat, weir_error **error)
{
    struct pollfd ready = {.fd = weir_runtime_fd(runtime, error), .events = POLLIN};
    weir_status status = ready.fd >= 0 ? WEIR_OK : WEIR_IO;
    int64_t next = cli_now_ns() / 1000000 + interval_ms;

    while (status == WEIR_OK) {
        int64_t left = next - cli_now_ns() / 1000000;
        if (left > 0)
            poll(&ready, 1, left < 60000 ? (int)left : 60000); /* a signal only wakes us */
        if (cli_now_ns() / 1000000 >= next) {
            next += interval_ms;
            status = beat(arguments, runtime, error);
        }
        if (status == WEIR_OK)
            status = weir_runtime_poll(runtime, error);
    }
    if (status != WEIR_CLOSED || weir_error_status(*error) != WEIR_CLOSED)
        return status;
    weir_error_free(*error);
    *error = NULL;
    return beat(arguments, runtime, error);
}

static weir_status run_to_end(const cli_arguments *arguments, weir_runtime *runtime,
                              cli_beat progress, weir_error **error)
{
    int64_t interval_ms = 200;

    if (cli_has(arguments, "--stats") || cli_has(arguments, "--metrics")) {
        weir_status status = cli_metrics_interval(arguments, &interval_ms, error);
        return status == WEIR_OK
                   ? run_with_beat(arguments, runtime, interval_ms, cli_metrics_beat, error)
                   : status;
    }
    if (progress == NULL)
        return weir_runtime_run(runtime, error);
    weir_status status = run_with_beat(arguments, runtime, interval_ms, progress, error);
    live_end(true);
    return status;
}

static int run_module(const cli_arguments *arguments, const cli_module *module,
                      const weir_runtime_config *config, cli_beat progress)
{
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;
    int64_t began = cli_now_ns();
    int drawn = CLI_DONE;
    bool loaded = false;

    weir_status status = weir_runtime_new(config, &runtime, &error);
    if (status == WEIR_OK && config->mode == WEIR_MODE_REPLAY &&
        !cli_has(arguments, "--live-sinks"))
        status = spare_sinks(arguments, module->module, runtime, &error);
    if (status == WEIR_OK)
        status = cli_apply_overrides(arguments, runtime, &error);
    if (status == WEIR_OK)
        status = weir_runtime_load_in(runtime, module->module, module->folder, &error);
    if (status == WEIR_OK) {
        loaded = true;
        cli_catch_signals(stop_runtime, runtime);
        close_channels(arguments, module->module, runtime);
        status = run_to_end(arguments, runtime, progress, &error);
        cli_leave_signals();
    }
    if (loaded && status != WEIR_SPEC) {
        cli_summarise(arguments, runtime, cli_now_ns() - began);
        drawn = draw(arguments, module->module, runtime);
    }
    weir_runtime_free(runtime);
    return status == WEIR_OK ? drawn : cli_report_error(error);
}

int cli_run_spec(const cli_arguments *arguments, const weir_runtime_config *config,
                 cli_beat progress)
{
    cli_module module;
    int code = cli_open_module(arguments, true, &module);

    if (code != CLI_DONE)
        return code;
    if (module.module->source_count == 0 && module.module->graph_count == 0) {
        cli_complain(module.module->workflow_count != 0
                         ? "%s declares workflows only: 'weir workflow run' runs one"
                         : "%s declares types only: there is nothing to run",
                     arguments->operands[0]);
        code = CLI_USAGE;
    } else {
        code = run_module(arguments, &module, config, progress);
    }
    cli_close_module(&module);
    return code;
}

static int run(const cli_arguments *arguments)
{
    weir_runtime_config config = {
        .kinds = cli_kinds(), .log = cli_log, .log_arg = (void *)(uintptr_t)arguments};

    return cli_run_spec(arguments, &config, NULL);
}

static const cli_option options[] = {
    {"--set", "NAME=VALUE", "overrides an option or parameter: sources.quotes.path=x.csv"},
    {"--input", "SOURCE=FILE", "reads a source from a file instead; - is standard input"},
    {"--sink", "SINK=stdout|FILE", "sends a sink's results there instead; - is stdout"},
    {"--json", NULL, "ends with the summary as one line of JSON on standard output"},
    {"--stats", "DURATION", "prints counters so often: 10s"},
    {"--metrics", "FILE",
     "writes all counters there as Prometheus text, so often as --stats, or "
     "each 10 s"},
    {"--graph", "FILE", "draws the graph into a .svg or .dot file, coloured by counts"},
};

const cli_verb cli_run = {
    .name = "run",
    .summary = "Runs a spec until its sources end, or a signal stops it.",
    .operands = "SPEC [FILE.c ...] | MODULE.so",
    .details = "Paths in the spec are relative to it, paths on the command line to the working\n"
               "directory. SIGTERM and SIGINT stop in order: what was taken is finished.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run,
};
