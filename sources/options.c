/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of every source, and of the source kinds. */
#include "sources/options.h"

const weir_option weir_source_options[2] = {
    {.name = "turn",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "4096",
     .min = 1,
     .max = 1000000,
     .offset = offsetof(weir_source_config, turn),
     .help = "At most so many events are taken in one turn; of a channel all that wait."},
    {.name = "max_in_flight",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "65536",
     .min = 1,
     .max = 16777216,
     .offset = offsetof(weir_source_config, max_in_flight),
     .help = "At most so many events are waiting or unfinished; beyond that the source is read no "
             "further."},
};

const weir_option weir_channel_options[2] = {
    {.name = "capacity",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "1024",
     .min = 1,
     .max = 16777216,
     .offset = offsetof(weir_channel_config, capacity),
     .help = "How many pushed events wait for the next turn."},
    {.name = "on_full",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "fail",
     .choices = "fail|block|drop_oldest|conflate",
     .offset = offsetof(weir_channel_config, on_full),
     .help = "What a push into a full channel does: it fails, waits, drops the oldest event, or "
             "overwrites the waiting event of the same key."},
};

const weir_option weir_file_source_options[2] = {
    {.name = "path",
     .type = WEIR_OPTION_PATH,
     .required = true,
     .offset = offsetof(weir_file_source_config, path),
     .help = "The file to read; with * ? [..] all that match, in the order of their names; - is "
             "standard input."},
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "auto",
     .choices = "auto|csv|json|msgpack|raw",
     .offset = offsetof(weir_file_source_config, format),
     .help = "How the events are written; auto goes by the path's ending (.csv, .json, .jsonl, "
             ".ndjson, .msgpack, .mpk) and is JSON lines otherwise; of raw each line goes to a C "
             "function."},
};

const weir_option weir_timer_options[1] = {
    {.name = "every",
     .type = WEIR_OPTION_DURATION,
     .required = true,
     .min = 1000000,
     .max = INT64_MAX,
     .offset = offsetof(weir_timer_config, every),
     .help = "The time between two ticks; beats that were missed count as one."},
};

const weir_option weir_unix_options[4] = {
    {.name = "path",
     .type = WEIR_OPTION_PATH,
     .required = true,
     .offset = offsetof(weir_unix_config, path),
     .help = "The socket's file; made at the start, removed at the end."},
    {.name = "framing",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "lines",
     .choices = "lines|length",
     .offset = offsetof(weir_unix_config, framing),
     .help = "How messages are told apart: each ends with a newline, or begins with its size in "
             "four bytes, the highest first."},
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "json",
     .choices = "json|msgpack|raw",
     .offset = offsetof(weir_unix_config, format),
     .help = "How the events are written."},
    {.name = "max_size",
     .type = WEIR_OPTION_SIZE,
     .fallback = "1MiB",
     .min = 1,
     .max = 1 << 30,
     .offset = offsetof(weir_unix_config, max_size),
     .help = "A longer message is a dead letter, and its sender is disconnected."},
};
