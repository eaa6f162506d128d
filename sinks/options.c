/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of the sink kinds. */
#include "sinks/options.h"

/* What the engine does for every sink that writes bytes. */
#define BUFFER_OPTIONS(config)                                                                     \
    {.name = "buffer",                                                                             \
     .type = WEIR_OPTION_SIZE,                                                                     \
     .fallback = "1MiB",                                                                           \
     .min = 4096,                                                                                  \
     .max = 1 << 30,                                                                               \
     .offset = offsetof(config, buffer),                                                           \
     .help = "So much waits while the results cannot be written; then the reactors that write to " \
             "the sink are held."},                                                                \
    {                                                                                              \
        .name = "give_up", .type = WEIR_OPTION_DURATION, .fallback = "1m", .min = 1000000,         \
        .max = INT64_MAX, .forever = "forever", .offset = offsetof(config, give_up),               \
        .help = "Writes that fail (a full disk) are tried again each second; after so long the "   \
                "run ends with the error. A reader who takes nothing is waited for."               \
    }

const weir_option weir_file_sink_options[7] = {
    {.name = "path",
     .type = WEIR_OPTION_PATH,
     .required = true,
     .offset = offsetof(weir_file_sink_config, path),
     .help = "The file to write; 'run' appends, 'replay' and 'test' begin anew."},
    {.name = "rotate",
     .type = WEIR_OPTION_SIZE,
     .min = 1024,
     .max = INT64_MAX,
     .offset = offsetof(weir_file_sink_config, rotate),
     .help = "Once a write has brought the file to this size it is renamed to PATH.1, what was "
             "PATH.1 to PATH.2, and a new one begins; without it, never."},
    {.name = "keep",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "5",
     .min = 1,
     .max = 1000,
     .offset = offsetof(weir_file_sink_config, keep),
     .help = "How many rotated files are kept: PATH.1 is the newest; the oldest is overwritten."},
    {.name = "fsync",
     .type = WEIR_OPTION_CHOICE,
     .choices = "never|turn|end",
     .fallback = "end",
     .offset = offsetof(weir_file_sink_config, fsync),
     .help = "When the file is forced to the disk: never, after each turn that wrote, or at the "
             "end; the last two also before a rotation."},
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "auto",
     .choices = "auto|json|csv|msgpack",
     .offset = offsetof(weir_file_sink_config, format),
     .help = "How results are written; auto goes by the path's ending (.csv, .json, .jsonl, "
             ".ndjson, .msgpack, .mpk) and is JSON lines otherwise. CSV begins with a header row."},
    BUFFER_OPTIONS(weir_file_sink_config),
};

const weir_option weir_stdout_options[3] = {
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "json",
     .choices = "json|csv|msgpack",
     .offset = offsetof(weir_stdout_config, format),
     .help = "How results are written; CSV begins with a header row."},
    BUFFER_OPTIONS(weir_stdout_config),
};
