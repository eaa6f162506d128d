/* SPDX-License-Identifier: Apache-2.0 */
/* e23_sources.c - the options of sources that read bytes, and of the timer. */
#include "tests/pipeline/e23.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "beat.weir.h"
#include "packed.weir.h"

/* --- What is seen --- */

/* "1 2, 1 dead" */
static void results(const lab_world *lab, weir_buffer *seen)
{
    for (size_t i = 0; i < lab->count; i++)
        weir_buffer_printf(seen, "%s%lld", i != 0 ? " " : "", (long long)lab->ids[i]);
    if (lab->letter_count != 0)
        weir_buffer_printf(seen, "%s%zu dead", lab->count != 0 ? ", " : "", lab->letter_count);
}

/* False: it was refused; what it was told of is seen. */
static bool start(lab_world *lab, const e23_row *row, const char *value, weir_buffer *seen)
{
    const char *settings = e23_put(row->settings, value);

    if (strstr(settings, "format=raw") != NULL)
        lab->module = &packed_module;
    lab_begin(lab);
    lab_set(lab, "sources.items", "path=%/in");
    lab_set(lab, "sources.items", settings);
    if (lab_try(lab) == WEIR_OK)
        return true;
    weir_buffer_text(seen, lab->error);
    return false;
}

static void write_input(lab_world *lab, const e23_row *row, const char *name)
{
    int fd = open(lab_path(lab, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    size_t size = row->input_size != 0 ? row->input_size : strlen(row->input);

    assert_int_equal(write(fd, row->input, size), size);
    close(fd);
}

/* --- Files --- */

static void file(const e23_row *row, const char *value, weir_buffer *seen)
{
    lab_world lab = {0};

    lab_begin(&lab);
    write_input(&lab, row, "in");
    write_input(&lab, row, "in.csv");
    lab_write_file(&lab, "other", "{\"id\":9,\"value\":0,\"text\":\"\"}\n");
    lab_end(&lab);
    if (start(&lab, row, value, seen)) {
        lab_expect_end(&lab, WEIR_OK);
        results(&lab, seen);
    }
    lab_clean(&lab);
}

/* --- Sockets --- */

static int call(const lab_world *lab, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const void *to = &address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", lab_path(lab, name));
    if (connect(fd, to, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool has_read_all(lab_world *lab, size_t unused)
{
    (void)unused;
    return lab_source(lab).gauges.clients == 0 && lab_source(lab).waiting == 0 &&
           lab->count + lab->letter_count != 0;
}

static void client(const e23_row *row, const char *value, weir_buffer *seen)
{
    size_t size = row->input_size != 0 ? row->input_size : strlen(row->input);
    lab_world lab = {0};

    if (start(&lab, row, value, seen)) {
        int fd = call(&lab, "in");
        assert_int_equal(send(fd, row->input, size, MSG_NOSIGNAL), size);
        close(fd);
        lab_until(&lab, has_read_all, 0, "all was read");
        results(&lab, seen);
    }
    lab_clean(&lab);
}

static void listens(const e23_row *row, const char *value, weir_buffer *seen)
{
    static const char *const names[] = {"in", "other"};
    lab_world lab = {0};

    assert_true(start(&lab, row, value, seen));
    for (size_t i = 0; i < 2; i++) {
        int fd = call(&lab, names[i]);
        weir_buffer_text(seen, fd >= 0 ? names[i] : "");
        if (fd >= 0)
            close(fd);
    }
    lab_clean(&lab);
}

static bool both_were_met(lab_world *lab, size_t unused)
{
    weir_source_gauges gauges = lab_source(lab).gauges;

    (void)unused;
    return gauges.clients + gauges.refused == 2;
}

static void two_clients(const e23_row *row, const char *value, weir_buffer *seen)
{
    lab_world lab = {0};

    assert_true(start(&lab, row, value, seen));
    int a = call(&lab, "in"), b = call(&lab, "in");
    lab_until(&lab, both_were_met, 0, "both were met");
    weir_buffer_printf(seen, "%u connected", (unsigned)lab_source(&lab).gauges.clients);
    close(a);
    close(b);
    lab_clean(&lab);
}

/* --- The timer --- */

static void ten_seconds(const e23_row *row, const char *value, weir_buffer *seen)
{
    lab_world lab = {.module = &beat_module, .config.mode = WEIR_MODE_TEST};

    lab_begin(&lab);
    lab_set(&lab, "sources.items", e23_put(row->settings, value));
    lab_start(&lab);
    lab_turn(&lab);
    assert_int_equal(weir_runtime_advance(lab.runtime, 10000000000, NULL), WEIR_OK);
    results(&lab, seen);
    lab_clean(&lab);
}

/* --- The rows --- */

#define ITEM(id)   "{\"id\":" id ",\"value\":0,\"text\":\"\"}"
#define RECORD(id) ITEM(id) "    "
#define ONE        ITEM("1") "\n"

/* After a length of 8 bytes stands one item; what stands there of a shorter one is nothing. */
#define LENGTHS "\0\0\0\0\0\0\0\x1c" ITEM("1")

static const char no_size[] = "source 'items': 'framing: fixed' needs 'record_size'";

/* Of files and of sockets. */
#define FRAMING(room, kind, observe)                                                               \
    {room,                                                                                         \
     "framing",                                                                                    \
     {"auto", "lines", "length", "fixed"},                                                         \
     {"1", "1", "1 dead", no_size},                                                                \
     observe,                                                                                      \
     .settings = kind " format=json framing=$",                                                    \
     .input = ONE},                                                                                \
        {room,                                                                                     \
         "length_bytes",                                                                           \
         {"1", "2", "4", "8"},                                                                     \
         {"1, 7 dead", "1, 3 dead", "1, 1 dead", "1"},                                             \
         observe,                                                                                  \
         .settings = kind " format=json framing=length length_bytes=$",                            \
         .input = LENGTHS,                                                                         \
         .input_size = sizeof LENGTHS - 1},                                                        \
        {room,                                                                                     \
         "record_size",                                                                            \
         {"32", "64"},                                                                             \
         {"1 2", "1 dead"},                                                                        \
         observe,                                                                                  \
         .settings = kind " format=json framing=fixed record_size=$",                              \
         .input = RECORD("1") RECORD("2")},                                                        \
    {                                                                                              \
        room, "max_size", {"20", "1KiB"}, {"1 dead", "1"}, observe,                                \
            .settings = kind " format=json max_size=$", .input = ONE                               \
    }

static const e23_row rows[] = {
    {"source file",
     "path",
     {"%/in", "%/other", "%/*"},
     {"1", "9", "1 1 9"},
     file,
     .settings = "kind=file format=json path=$",
     .input = ONE},
    {"source file",
     "format",
     {"auto", "csv", "json", "msgpack", "raw"},
     {"1", "1", "2 dead", "20 dead", "2 dead"},
     file,
     .settings = "kind=file path=%/in.csv format=$",
     .input = "id,value,text\n1,0,a\n"},
    FRAMING("source file", "kind=file", file),
    {"source unix",
     "path",
     {"%/in", "%/other"},
     {"in", "other"},
     listens,
     .settings = "kind=unix path=$"},
    {"source unix",
     "format",
     {"json", "msgpack", "raw"},
     {"2, 1 dead", "36 dead", "1, 1 dead"},
     client,
     .settings = "kind=unix format=$",
     .input = "item 1\n" ITEM("2") "\n"},
    FRAMING("source unix", "kind=unix", client),
    {"source unix",
     "max_clients",
     {"1", "2"},
     {"1 connected", "2 connected"},
     two_clients,
     .settings = "kind=unix max_clients=$"},
    {"source timer", "every", {"3s", "5s"}, {"1 2 3", "1 2"}, ten_seconds, .settings = "every=$"},
};

e23_rows e23_sources(void)
{
    return (e23_rows){rows, sizeof rows / sizeof *rows};
}
