/* SPDX-License-Identifier: Apache-2.0 */
/* rig_kinds.c - the kinds of sources and sinks that only tests have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pipeline/rig_spec.h"

/* --- Sources with a history ---
 *
 *     1@10,2k7@20 events, with key and time      ~  nothing is ready just once
 *     3/1         of partition 1                _  a position that is not there
 *     !           what cannot be decoded
 *     x7@20       key 7 is deleted, at a time or without one
 *     1*          the same for ever
 */

typedef struct history_config {
    char *items;
    int64_t fails;
} history_config;

enum { PARTITIONS = 4 };

typedef struct history_state {
    const char *next;
    rig_item values[WEIR_SPAN_EVENTS];
    weir_slice raw[WEIR_SPAN_EVENTS];
    char text[WEIR_SPAN_EVENTS][32]; /* the raw bytes of an event */
    int64_t positions[PARTITIONS];
    int64_t fails;    /* commits that fail yet */
    rig_item deleted; /* holds the key */
} history_state;

static const weir_option history_options[] = {
    {.name = "items",
     .type = WEIR_OPTION_TEXT,
     .required = true,
     .offset = offsetof(history_config, items),
     .help = "The events."},
    {.name = "fails",
     .type = WEIR_OPTION_INTEGER,
     .fallback = "0",
     .max = 1000000,
     .offset = offsetof(history_config, fails),
     .help = "How many commits fail."},
};

static weir_status history_open(weir_source *source, weir_error **error)
{
    const history_config *config = source->config;
    history_state *history = source->state;

    (void)error;
    history->next = config->items;
    history->fails = config->fails;
    return WEIR_OK;
}

/* One event; false: it belongs to another span. */
static bool history_take(weir_source *source)
{
    history_state *history = source->state;
    weir_span *span = &source->span;
    char *end;
    rig_item item = {.id = strtoll(history->next, &end, 10)};
    int32_t partition = 0;

    if (*end == 'k')
        item.key = strtoll(end + 1, &end, 10);
    if (*end == '@')
        item.time = strtoll(end + 1, &end, 10);
    if (*end == '/')
        partition = (int32_t)strtol(end + 1, &end, 10);
    if (span->count != 0 && partition != span->partition)
        return false;
    if (span->count == 0) {
        span->partition = partition;
        span->first_position = history->positions[partition];
    }
    history->positions[partition]++;
    char *text = history->text[span->count];
    int size = snprintf(text, sizeof history->text[0], "{\"id\":%lld}", (long long)item.id);
    history->raw[span->count] = (weir_slice){(const unsigned char *)text, (size_t)size};
    history->values[span->count++] = item;
    if (*end != '*')
        history->next = end + (*end == ',');
    return true;
}

static void history_refuse(weir_source *source)
{
    history_state *history = source->state;

    source->refusal.waiting = true;
    source->refusal.position = history->positions[0]++;
    source->refusal.partition = 0;
    source->refusal.raw = (weir_slice){(const unsigned char *)"<!>", 3};
    snprintf(source->refusal.reason, sizeof source->refusal.reason, "undecodable: it is a !");
}

static const char *history_key(const weir_source *source)
{
    const history_config *config = source->config;

    return strchr(config->items, 'x') != NULL ? "key" : NULL;
}

static weir_status history_delete(weir_source *source)
{
    history_state *history = source->state;
    char *end;

    history->deleted = (rig_item){.key = strtoll(history->next + 1, &end, 10)};
    int64_t time = *end == '@' ? strtoll(end + 1, &end, 10) : INT64_MIN;
    history->next = end + (*end == ',');
    return weir_source_delete(source, &history->deleted, history->positions[0]++, time);
}

static weir_status history_read(weir_source *source, size_t limit, weir_error **error)
{
    history_state *history = source->state;
    const unsigned char *values = (const unsigned char *)history->values;

    (void)error;
    source->span = (weir_span){.values = values, .raw = history->raw};
    source->taken = 0;
    if (*history->next == '\0')
        return WEIR_CLOSED;
    char first = *history->next;
    if (first == 'x')
        return history_delete(source);
    if (first == '~' || first == '_' || first == '!') {
        history->next += 1 + (history->next[1] == ',');
        if (first == '~')
            return WEIR_AGAIN;
        if (first == '!')
            history_refuse(source);
        else
            history->positions[0]++;
        return first == '!' ? WEIR_OK : history_read(source, limit, error);
    }
    while (source->span.count < limit && *history->next >= '0' && *history->next <= '9' &&
           history_take(source))
        ;
    return WEIR_OK;
}

#define HISTORY(kind_name)                                                                         \
    .base = {.name = kind_name,                                                                    \
             .summary = "A list of events.",                                                       \
             .options = history_options,                                                           \
             .option_count = sizeof history_options / sizeof *history_options,                     \
             .config_size = sizeof(history_config)},                                               \
    .state_size = sizeof(history_state), .open = history_open, .read = history_read,               \
    .deletes_by = history_key, .replays = true

const weir_source_kind rig_history = {HISTORY("history")};

/* --- ... that commits --- */

weir_buffer *rig_commits;

static weir_status log_commit(weir_source *source, int32_t partition, int64_t position,
                              weir_error **error)
{
    history_state *history = source->state;

    if (history->fails > 0) {
        history->fails--;
        weir_buffer_text(rig_commits, "no-commit ");
        return weir_error_set(error, WEIR_IO, "the log is away");
    }
    weir_buffer_printf(rig_commits, "commit(%s", source->module->name);
    if (partition != 0)
        weir_buffer_printf(rig_commits, "/%d", (int)partition);
    weir_buffer_printf(rig_commits, " %lld) ", (long long)position);
    return WEIR_OK;
}

const weir_source_kind rig_log = {HISTORY("log"), .commit = log_commit};

/* --- A source that notes how much it is asked for --- */

static weir_status limits_read(weir_source *source, size_t limit, weir_error **error)
{
    (void)error;
    weir_source_begin(source, 0);
    if (limit > rig_limits_seen->most)
        rig_limits_seen->most = limit;
    return WEIR_CLOSED;
}

rig_limits *rig_limits_seen;

const weir_source_kind rig_limits_kind = {
    .base = {.name = "limits", .summary = "Notes how much it is asked for."},
    .read = limits_read,
};

/* --- A sink that can be shut --- */

bool rig_gate_shut;

static weir_status gate_write(weir_sink *sink, weir_slice bytes, size_t *ret_written, int *fd,
                              weir_error **error)
{
    (void)sink;
    *fd = -1;
    if (rig_gate_shut)
        return weir_error_set(error, WEIR_AGAIN, "the gate is shut");
    *ret_written = bytes.size;
    return WEIR_OK;
}

typedef struct gate_config {
    int64_t buffer;
} gate_config;

static const weir_option gate_options[] = {
    {.name = "buffer",
     .type = WEIR_OPTION_SIZE,
     .fallback = "1MiB",
     .min = 1,
     .max = 1 << 30,
     .offset = offsetof(gate_config, buffer),
     .help = "How much it holds back."},
};

const weir_sink_kind rig_gate = {
    .base = {.name = "gate",
             .summary = "Takes nothing while it is shut.",
             .options = gate_options,
             .option_count = 1,
             .config_size = sizeof(gate_config)},
    .write = gate_write,
};
