/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - from file to graph to file, against hand-written C that reads, decodes and writes the
 * same bytes: events in a second of the thread's time, the runtime's start and end included. Run as
 * a live module is, and replayed, where each time of an event is a turn of its own. */
#include "bench/replay.h"
#include "bench/harness.h"
#include "core/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS = 400000 };

typedef struct tape_case {
    const char *format;
    weir_mode mode;
    bool (*by_hand)(const char *from, const char *to);
    char from[128], ours[128], reference[128];
} tape_case;

/* --- The tape --- */

static void make_quote(tape_quote *quote)
{
    static uint64_t seed = 88172645463325252u;
    double *const numbers[] = {&quote->bid, &quote->ask, &quote->bid_size, &quote->ask_size};

    memset(quote, 0, sizeof *quote);
    for (size_t i = 0, size = 3 + bench_random(&seed) % 6; i < size; i++)
        quote->symbol[i] = (char)('A' + bench_random(&seed) % 26);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = (double)(bench_random(&seed) % 100000 + 1) / 100;
}

static void put_row(weir_buffer *out, const tape_quote *quote)
{
    weir_buffer_printf(out, "%s,%.2f,%.2f,%.2f,%.2f,%lld\n", quote->symbol, quote->bid, quote->ask,
                       quote->bid_size, quote->ask_size, (long long)quote->ts);
}

static void make_tape(const tape_case *c)
{
    weir_buffer out = {0};
    weir_wire_error error;
    tape_quote quote;

    if (strcmp(c->format, "csv") == 0)
        weir_buffer_text(&out, "symbol,bid,ask,bid_size,ask_size,ts\n");
    for (int64_t i = 0; i < EVENTS; i++) {
        make_quote(&quote);
        quote.ts = INT64_C(1700000000000000000) + i * 1234567;
        if (strcmp(c->format, "csv") == 0)
            put_row(&out, &quote);
        else if (weir_encode(&tape_quote_type, WEIR_FORMAT_MSGPACK, &quote, &out, &error) !=
                 WEIR_OK)
            bench_die("%s", error.message);
    }
    FILE *file = fopen(c->from, "w");
    if (file == NULL || fwrite(out.data, 1, out.size, file) != out.size || fclose(file) != 0)
        bench_die("cannot write '%s'", c->from);
    weir_buffer_free(&out);
}

/* --- Both sides --- */

static void check(weir_status status, weir_error *error)
{
    if (status != WEIR_OK)
        bench_die("%s", weir_error_message(error));
}

static double ours(void *arg)
{
    const tape_case *c = arg;
    const char *const settings[][2] = {{"sources.quotes.path", c->from},
                                       {"sources.quotes.format", c->format},
                                       {"sinks.prices.path", c->ours},
                                       {"sinks.prices.format", c->format}};
    weir_runtime_config config = {.mode = c->mode};
    weir_runtime *runtime = NULL;
    weir_error *error = NULL;
    int64_t began = bench_begin();

    check(weir_runtime_new(&config, &runtime, &error), error);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        check(weir_runtime_set(runtime, settings[i][0], settings[i][1], &error), error);
    unlink(c->ours);
    check(weir_runtime_load(runtime, &tape_module, &error), error);
    check(weir_runtime_run(runtime, &error), error);
    weir_runtime_free(runtime);
    return EVENTS * 1e9 / bench_end(began);
}

static double reference(void *arg)
{
    const tape_case *c = arg;
    int64_t began = bench_begin();

    if (!c->by_hand(c->from, c->reference))
        bench_die("the tape by hand failed");
    return EVENTS * 1e9 / bench_end(began);
}

/* --- The same bytes --- */

static void read_whole(const char *path, weir_buffer *ret)
{
    char piece[65536];
    size_t size;
    FILE *file = fopen(path, "r");

    if (file == NULL)
        bench_die("cannot read '%s'", path);
    while ((size = fread(piece, 1, sizeof piece, file)) != 0)
        weir_buffer_append(ret, piece, size);
    fclose(file);
}

static void compare(tape_case *c)
{
    weir_buffer left = {0}, right = {0};

    ours(c);
    reference(c);
    read_whole(c->ours, &left);
    read_whole(c->reference, &right);
    if (left.size != right.size || memcmp(left.data, right.data, left.size) != 0)
        bench_die("replay %s: the two sides wrote different bytes", c->format);
    weir_buffer_free(&left);
    weir_buffer_free(&right);
}

static void run(const char *name, const char *folder, tape_case *c)
{
    snprintf(c->from, sizeof c->from, "%s/from.%s", folder, c->format);
    snprintf(c->ours, sizeof c->ours, "%s/ours.%s", folder, c->format);
    snprintf(c->reference, sizeof c->reference, "%s/reference.%s", folder, c->format);
    make_tape(c);
    compare(c);
    bench_run(&(bench_case){.bench = "replay",
                            .name = name,
                            .unit = "events/s",
                            .higher = true,
                            .ours = ours,
                            .reference = reference,
                            .arg = c,
                            .operations = EVENTS});
    unlink(c->from);
    unlink(c->ours);
    unlink(c->reference);
}

int main(void)
{
    char folder[] = "/tmp/weir-replay-XXXXXX";

    if (mkdtemp(folder) == NULL)
        bench_die("cannot make a folder in /tmp");
    run("csv_file", folder, &(tape_case){"csv", WEIR_MODE_LIVE, csv_by_hand, "", "", ""});
    run("msgpack_file", folder,
        &(tape_case){"msgpack", WEIR_MODE_LIVE, msgpack_by_hand, "", "", ""});
    run("csv_file_replayed", folder,
        &(tape_case){"csv", WEIR_MODE_REPLAY, csv_by_hand, "", "", ""});
    run("msgpack_file_replayed", folder,
        &(tape_case){"msgpack", WEIR_MODE_REPLAY, msgpack_by_hand, "", "", ""});
    rmdir(folder);
    return 0;
}
