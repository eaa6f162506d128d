/* SPDX-License-Identifier: Apache-2.0 */
/* e23_sinks.c - the options of sinks that write bytes. */
#include "tests/pipeline/e23.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/conformance/sink_kinds.h"

static const sink_kind *kind_named(const char *name)
{
    for (size_t i = 0; i < sink_kind_count; i++)
        if (strcmp(sink_kinds[i].name, name) == 0)
            return &sink_kinds[i];
    fail_msg("there is no kind '%s'", name);
    return NULL;
}

/* Files, and standard output as one. */
static const sink_kind *kind_of(const e23_row *row)
{
    return kind_named(strcmp(row->room, "sink file") == 0 ? "file, JSON lines" : "stdout, a file");
}

/* --- Running --- */

static void begin(lab_world *lab, const e23_row *row, const char *value)
{
    lab_begin(lab);
    if (strcmp(row->room, "sink file") == 0)
        lab_set(lab, "sinks.out", "kind=file path=%/out.jsonl");
    else
        kind_of(row)->prepare(lab);
    lab_set(lab, "sinks.out", e23_put(row->settings, value));
    lab_start(lab);
}

/* A turn for each; until the channel is full, where nothing is taken out of it any more. */
static void give(lab_world *lab, int64_t count)
{
    weir_status status = WEIR_OK;

    for (int64_t id = 1; id <= count && status == WEIR_OK; id++) {
        status = probe_push_items(lab->runtime, &(probe_item){.id = id}, NULL);
        assert_true(status == WEIR_OK || status == WEIR_FULL);
        lab_turn(lab);
    }
}

static void restore(lab_world *lab, const e23_row *row)
{
    if (kind_of(row)->restore != NULL)
        kind_of(row)->restore(lab);
}

static void end(lab_world *lab, const e23_row *row)
{
    assert_int_equal(weir_runtime_close(lab->runtime, lab->module, 0, NULL), WEIR_OK);
    lab_expect_end(lab, WEIR_OK);
    restore(lab, row);
}

/* Which files there are. */
static void files(const e23_row *row, const char *value, weir_buffer *seen)
{
    static const char *const names[] = {"out.jsonl",   "out.jsonl.1", "out.jsonl.2",
                                        "out.jsonl.3", "out.jsonl.4", "other"};
    lab_world lab = {0};

    begin(&lab, row, value);
    give(&lab, 80);
    end(&lab, row);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (access(lab_path(&lab, names[i]), F_OK) == 0)
            weir_buffer_printf(seen, "%s%s", seen->size != 0 ? " " : "", names[i]);
    lab_clean(&lab);
}

/* How a file begins. */
static void form(const e23_row *row, const char *value, weir_buffer *seen)
{
    static const char *const names[] = {"out.jsonl", "out.csv"};
    lab_world lab = {0};
    char *text = NULL;

    begin(&lab, row, value);
    give(&lab, 1);
    end(&lab, row);
    for (size_t i = 0; i < 2 && text == NULL; i++)
        text = lab_read_file(&lab, names[i], NULL);
    assert_non_null(text);
    weir_buffer_text(seen, text[0] == '{'                  ? "JSON"
                           : strncmp(text, "id,", 3) == 0  ? "CSV"
                           : (unsigned char)*text == 0x83u ? "MessagePack"
                                                           : text);
    weir_free(text);
    lab_clean(&lab);
}

/* --- The disk, watched --- */

static size_t synced;

int fdatasync(int fd)
{
    synced++;
    return (int)syscall(SYS_fdatasync, fd);
}

static void syncs(const e23_row *row, const char *value, weir_buffer *seen)
{
    lab_world lab = {0};

    begin(&lab, row, value);
    synced = 0;
    give(&lab, 10);
    size_t before = synced;
    end(&lab, row);
    weir_buffer_text(seen, synced == 0 ? "none" : before == 0 ? "at the end" : "at each turn");
    lab_clean(&lab);
}

/* --- The disk, full --- */

static void held(const e23_row *row, const char *value, weir_buffer *seen)
{
    lab_world lab = {0};
    weir_report *report;

    begin(&lab, row, value);
    kind_of(row)->shut(&lab, true);
    give(&lab, 60 * 4);
    report = lab_report(&lab);
    bool is_held = (report->reactors[0].metrics.health & WEIR_REACTOR_HELD) != 0;
    weir_report_free(report);
    weir_buffer_text(seen, is_held ? "held" : "goes on");
    kind_of(row)->shut(&lab, false);
    restore(&lab, row);
    lab_clean(&lab);
}

/* Longer than the one time of the row, far shorter than the other. */
static bool time_is_up(lab_world *lab, size_t since)
{
    lab_turn(lab);
    return lab->ended || lab_now() - (int64_t)since > 100;
}

static void given_up(const e23_row *row, const char *value, weir_buffer *seen)
{
    lab_world lab = {0};

    begin(&lab, row, value);
    kind_of(row)->shut(&lab, true);
    give(&lab, 10);
    if (!lab.ended)
        lab_until(&lab, time_is_up, (size_t)lab_now(), "the time was up");
    weir_buffer_text(seen, lab.ended ? weir_status_text(lab.outcome) : "tries on");
    kind_of(row)->shut(&lab, false);
    restore(&lab, row);
    lab_clean(&lab);
}

/* --- The rows --- */

#define EVERY_SINK(room, kind)                                                                     \
    {room, "buffer", {"4KiB", "64KiB"}, {"held", "goes on"}, held, .settings = kind " buffer=$"},  \
    {                                                                                              \
        room, "give_up", {"1ms", "forever"}, {"input or output failed", "tries on"}, given_up,     \
            .settings = kind " give_up=$"                                                          \
    }

static const e23_row rows[] = {
    {"sink file",
     "path",
     {"%/out.jsonl", "%/other"},
     {"out.jsonl", "other"},
     files,
     .settings = "path=$"},
    {"sink file",
     "rotate",
     {"1KiB", "2KiB"},
     {"out.jsonl out.jsonl.1 out.jsonl.2", "out.jsonl out.jsonl.1"},
     files,
     .settings = "rotate=$"},
    {"sink file",
     "keep",
     {"1", "2"},
     {"out.jsonl out.jsonl.1", "out.jsonl out.jsonl.1 out.jsonl.2"},
     files,
     .settings = "rotate=1KiB keep=$"},
    {"sink file",
     "fsync",
     {"never", "turn", "end"},
     {"none", "at each turn", "at the end"},
     syncs,
     .settings = "fsync=$"},
    {"sink file",
     "format",
     {"auto", "json", "csv", "msgpack"},
     {"CSV", "JSON", "CSV", "MessagePack"},
     form,
     .settings = "path=%/out.csv format=$"},
    EVERY_SINK("sink file", "kind=file"),
    {"sink stdout",
     "format",
     {"json", "csv", "msgpack"},
     {"JSON", "CSV", "MessagePack"},
     form,
     .settings = "kind=stdout format=$"},
    EVERY_SINK("sink stdout", "kind=stdout"),
};

e23_rows e23_sinks(void)
{
    return (e23_rows){rows, sizeof rows / sizeof *rows};
}
