/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of every source, and of the source kinds. */
#include "sources/options.h"

#define FRAMING_OPTIONS(config, max_size_default)                                                  \
    {.name = "framing",                                                                            \
     .type = WEIR_OPTION_CHOICE,                                                                   \
     .fallback = "auto",                                                                           \
     .choices = "auto|lines|length|fixed",                                                         \
     .offset = offsetof(config, framing.framing),                                                  \
     .help = "How messages are told apart: each is a line, stands behind its length, or has "      \
             "'record_size' bytes; auto is a line for JSON and raw, a record for CSV and a value " \
             "for MessagePack. Blank lines are passed over."},                                     \
        {.name = "length_bytes",                                                                   \
         .type = WEIR_OPTION_CHOICE,                                                               \
         .fallback = "4",                                                                          \
         .choices = "1|2|4|8",                                                                     \
         .offset = offsetof(config, framing.length_bytes),                                         \
         .help = "Of 'framing: length': the bytes of the length, the highest first; it does not "  \
                 "count itself."},                                                                 \
        {.name = "record_size",                                                                    \
         .type = WEIR_OPTION_SIZE,                                                                 \
         .min = 1,                                                                                 \
         .max = 1 << 30,                                                                           \
         .offset = offsetof(config, framing.record_size),                                          \
         .help = "Of 'framing: fixed': the bytes of each message."},                               \
    {                                                                                              \
        .name = "max_size", .type = WEIR_OPTION_SIZE, .fallback = max_size_default, .min = 1,      \
        .max = 1 << 30, .offset = offsetof(config, framing.max_size),                              \
        .help = "A longer message is a dead letter that shows its beginning; reading goes on "     \
                "behind it, of lines and CSV at the next line."                                    \
    }

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

const weir_option weir_file_source_options[6] = {
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
             ".ndjson, .msgpack, .mpk) and is JSON lines otherwise; of raw each message goes to a "
             "C function. CSV needs a header row; an empty file has no events."},
    FRAMING_OPTIONS(weir_file_source_config, "16MiB"),
};

const weir_option weir_timer_options[1] = {
    {.name = "every",
     .type = WEIR_OPTION_DURATION,
     .required = true,
     .min = 1000000,
     .max = 315360000000000000, /* ten years */
     .offset = offsetof(weir_timer_config, every),
     .help = "The time between two ticks; beats that were missed count as one. Ticks keep to the "
             "beat of the start: they do not drift."},
};

const weir_option weir_unix_options[7] = {
    {.name = "path",
     .type = WEIR_OPTION_PATH,
     .required = true,
     .offset = offsetof(weir_unix_config, path),
     .help = "The socket's file, of at most 107 bytes with its folder; made at the start, removed "
             "at the end. One that nobody listens on any more is replaced."},
    {.name = "format",
     .type = WEIR_OPTION_CHOICE,
     .fallback = "json",
     .choices = "json|msgpack|raw",
     .offset = offsetof(weir_unix_config, format),
     .help = "How the events are written."},
    FRAMING_OPTIONS(weir_unix_config, "1MiB"),
    {.name = "max_clients",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "64",
     .min = 1,
     .max = 4096,
     .offset = offsetof(weir_unix_config, max_clients),
     .help = "How many may be connected at once; one more is disconnected at once and counted."},
};
