/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - weir replay: the same module over history, with the events' own time. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/live.h"
#include "cli/run.h"
#include "core/calendar.h"
#include "core/text.h"

/* A time as RFC 3339 or a date, or as whole nanoseconds. */
static bool read_bound(const char *option, const char *text, int64_t *ret)
{
    bool range = false;

    if (text == NULL || weir_calendar_read_time(text, strlen(text), ret, &range) ||
        weir_text_integer(text, ret))
        return true;
    cli_complain("%s takes a time such as 2024-03-01 or 2024-03-01T12:00:00Z, not '%s'", option,
                 text);
    return false;
}

/* "10x" or "max". */
static bool read_speed(const char *text, double *ret)
{
    char number[32];
    size_t length = text != NULL ? strlen(text) : 0;

    *ret = 0;
    if (text == NULL || strcmp(text, "max") == 0)
        return true;
    if (length > 1 && length < sizeof number && text[length - 1] == 'x') {
        memcpy(number, text, length - 1);
        number[length - 1] = '\0';
        if (weir_text_number(number, ret) && *ret > 0)
            return true;
    }
    cli_complain("--speed takes a factor such as 10x, or max, not '%s'", text);
    return false;
}

/* One line, which stays at the end. */
static weir_status show_progress(const cli_arguments *arguments, weir_runtime *runtime,
                                 weir_error **error)
{
    weir_report *report = NULL;
    uint64_t received = 0, done = 0, total = 0;
    char bar[LIVE_BAR], line[LIVE_BAR + 80];

    (void)arguments;
    weir_status status = weir_runtime_metrics(runtime, &report, error);
    if (status != WEIR_OK)
        return status;
    for (size_t i = 0; i < report->source_count; i++) {
        const weir_source_report *source = &report->sources[i];
        received += source->ledger.received;
        done += source->gauges.total != 0 ? source->gauges.read : 0;
        total += source->gauges.total;
    }
    snprintf(line, sizeof line, "%s%" PRIu64 " events, %" PRIu64 " dead letters",
             live_bar(done, total, bar), received, report->dead_letters);
    live_draw(line);
    weir_report_free(report);
    return WEIR_OK;
}

static int run(const cli_arguments *arguments)
{
    weir_runtime_config config = {.mode = WEIR_MODE_REPLAY,
                                  .kinds = cli_kinds(),
                                  .log = cli_log,
                                  .log_arg = (void *)(uintptr_t)arguments};

    if (!read_bound("--from", cli_value(arguments, "--from"), &config.from) ||
        !read_bound("--until", cli_value(arguments, "--until"), &config.until) ||
        !read_speed(cli_value(arguments, "--speed"), &config.speed))
        return CLI_USAGE;
    return cli_run_spec(arguments, &config, live_begin(arguments) ? show_progress : NULL);
}

static const cli_option options[] = {
    {"--from", "TIME", "leaves out what is older: 2024-03-01 or 2024-03-01T12:00:00Z"},
    {"--until", "TIME", "leaves out what is as old or newer"},
    {"--speed", "10x|max", "how fast time passes (default: max)"},
    {"--set", "NAME=VALUE", "overrides an option or parameter: sources.quotes.path=x.csv"},
    {"--input", "SOURCE=FILE", "reads a source from a file instead; - is standard input"},
    {"--sink", "SINK=stdout|FILE", "sends a sink's results there instead; - is stdout"},
    {"--live-sinks", NULL, "writes to Kafka as the live run does, not to replay/SINK.jsonl"},
    {"--json", NULL, "ends with the summary as one line of JSON on standard output"},
    {"--stats", "DURATION", "prints counters so often: 10s"},
    {"--metrics", "FILE", "writes all counters there as Prometheus text"},
    {"--graph", "FILE", "draws the graph into a .svg or .dot file, coloured by counts"},
};

const cli_verb cli_replay = {
    .name = "replay",
    .summary = "Runs a spec over history: time is the events' own.",
    .operands = "SPEC [FILE.c ...] | MODULE.so",
    .details = "Sources merge by the field that `time:` names; files are begun anew. Two replays\n"
               "give the same bytes.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .run = run,
};
