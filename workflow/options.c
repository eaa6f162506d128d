/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of a runner. */
#include "workflow/options.h"

#include <weir/workflow.h>

#define DURATION(name_, fallback_, min_, help_)                                                    \
    {                                                                                              \
        .name = #name_, .type = WEIR_OPTION_DURATION, .fallback = fallback_, .min = min_,          \
        .max = 3600000000000, .offset = offsetof(runner_config, name_), .help = help_              \
    }

static const weir_option options[] = {
    {.name = "slots",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "4",
     .min = 1,
     .max = 1024,
     .offset = offsetof(runner_config, slots),
     .help = "How many tasks run at once."},
    {.name = "conditions",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "4",
     .min = 1,
     .max = 64,
     .offset = offsetof(runner_config, conditions),
     .help = "How many conditions of tasks that wait are asked at once, beside the slots."},
    DURATION(poll, "100ms", 1000000,
             "How often the store is asked whether others have changed something."),
    DURATION(busy, "30s", 1000000,
             "How long another process may hold the store before that is an error."),
    DURATION(grace, "5s", 0, "The time from SIGTERM to SIGKILL of a command that is ended."),
    DURATION(drain, "10s", 0,
             "How long a runner that was stopped waits for its tasks before it ends them and hands "
             "them back."),
    DURATION(heartbeat, "10s", 1000000, "How often a runner says that it is alive."),
    DURATION(sweep, "30s", 1000000,
             "How often runners that are gone and executions that are stuck are looked for."),
    DURATION(stale, "60s", 3000000,
             "How long a runner may be silent before its tasks are taken from it; at least three "
             "times `heartbeat`."),
    {.name = "most_lost",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "3",
     .min = 0,
     .max = 1000,
     .offset = offsetof(runner_config, most_lost),
     .help = "How often a task runs again after its runner was lost with it."},
    {.name = "secrets",
     .type = WEIR_OPTION_PATH,
     .offset = offsetof(runner_config, secrets),
     .help = "The folder with a file for each `{secret: NAME}` that no environment variable is "
             "named like."},
};

enum { COUNT = sizeof options / sizeof *options };

const weir_option *weir_runner_options(size_t *ret_count)
{
    *ret_count = COUNT;
    return options;
}

weir_status runner_options_read(const weir_setting *settings, size_t count, runner_config *config,
                                weir_error **error)
{
    weir_status status =
        weir_options_read(options, COUNT, "the runner", settings, count, config, error);

    if (status == WEIR_OK && config->stale / 3 < config->heartbeat)
        return weir_error_set(error, WEIR_INVALID,
                              "the runner's `stale` is to be at least three times its `heartbeat`, "
                              "so that one that is late is not taken for gone");
    return status;
}

void runner_options_free(runner_config *config)
{
    weir_options_free(options, COUNT, config);
}
