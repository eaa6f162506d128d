/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of the sink kinds. */
#include "sinks/options.h"

const weir_option weir_file_sink_options[5] = {
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
     .help = "Once the file has grown to this size it is renamed to PATH.1 and a new one begins; "
             "without it, never."},
    {.name = "keep",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "5",
     .min = 1,
     .max = 1000,
     .offset = offsetof(weir_file_sink_config, keep),
     .help = "How many rotated files are kept: PATH.1 is the newest; older ones are deleted."},
    {.name = "fsync",
     .type = WEIR_OPTION_CHOICE,
     .choices = "never|turn|end",
     .fallback = "end",
     .offset = offsetof(weir_file_sink_config, fsync),
     .help = "When the file is forced to the disk: never, after each turn that wrote, or at the "
             "end."},
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "auto",
     .choices = "auto|json|csv|msgpack",
     .offset = offsetof(weir_file_sink_config, format),
     .help = "How results are written; auto goes by the path's ending (.csv, .json, .jsonl, "
             ".ndjson, .msgpack, .mpk) and is JSON lines otherwise."},
};

const weir_option weir_stdout_options[1] = {
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "json",
     .choices = "json|csv|msgpack",
     .offset = offsetof(weir_stdout_config, format),
     .help = "How results are written."},
};
