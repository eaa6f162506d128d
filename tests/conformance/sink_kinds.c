/* SPDX-License-Identifier: Apache-2.0 */
/* sink_kinds.c - every kind of sink as the suite drives it. */
#include "tests/conformance/sink_kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conformance/own_kinds.h"

/* --- Files --- */

static void take_file(lab_world *lab, const char *name)
{
    size_t size = 0;
    char *text = lab_read_file(lab, name, &size);

    lab->bytes.size = 0;
    weir_buffer_append(&lab->bytes, text, text != NULL ? size : 0);
    weir_free(text);
}

static void take_json(lab_world *lab, size_t limit)
{
    (void)limit;
    take_file(lab, "out.jsonl");
}

static void take_csv(lab_world *lab, size_t limit)
{
    (void)limit;
    take_file(lab, "out.csv");
}

static void take_msgpack(lab_world *lab, size_t limit)
{
    (void)limit;
    take_file(lab, "out.msgpack");
}

/* As a full disk: files may grow by a hundred bytes more, which is no whole number of results. */
static void fill_disk(lab_world *lab, bool shut)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = shut ? lab->bytes.size + 100 : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* --- Pipes --- */

static void take_pipe(lab_world *lab, size_t limit)
{
    char piece[4096];
    ssize_t size = 1;

    while (lab->output >= 0 && !lab->deaf && limit != 0 && size > 0) {
        size = read(lab->output, piece, limit < sizeof piece ? limit : sizeof piece);
        if (size > 0) {
            weir_buffer_append(&lab->bytes, piece, (size_t)size);
            limit -= (size_t)size;
        }
    }
}

static void stop_reading(lab_world *lab, bool shut)
{
    lab->deaf = shut;
}

static void close_reader(lab_world *lab)
{
    close(lab->output);
    lab->output = -1;
}

static void make_pipe(lab_world *lab)
{
    assert_true(mkfifo(lab_path(lab, "out"), 0600) == 0 || errno == EEXIST);
    if (lab->output < 0)
        lab->output = open(lab_path(lab, "out"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(lab->output >= 0);
}

/* --- Standard output --- */

static int real_stdout = -1;

static void become_stdout(int fd)
{
    fflush(stdout);
    real_stdout = dup(STDOUT_FILENO);
    assert_true(real_stdout >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
    close(fd);
}

static void give_stdout_back(lab_world *lab)
{
    (void)lab;
    if (real_stdout < 0)
        return;
    dup2(real_stdout, STDOUT_FILENO);
    close(real_stdout);
    real_stdout = -1;
}

static void make_stdout_file(lab_world *lab)
{
    int fd = open(lab_path(lab, "out.jsonl"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    become_stdout(fd);
}

static void make_stdout_pipe(lab_world *lab)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    lab->output = ends[0];
    assert_int_equal(fcntl(lab->output, F_SETFL, O_NONBLOCK), 0);
    become_stdout(ends[1]);
}

/* --- A drum --- */

static void clear_drum(lab_world *lab)
{
    (void)lab;
    free(own_drum_here.bytes);
    own_drum_here = (own_drum){0};
}

static void take_drum(lab_world *lab, size_t limit)
{
    (void)limit;
    lab->bytes.size = 0;
    weir_buffer_append(&lab->bytes, own_drum_here.bytes, own_drum_here.size);
}

static void shut_drum(lab_world *lab, bool shut)
{
    (void)lab;
    own_drum_here.shut = shut;
}

static void break_drum(lab_world *lab, bool shut)
{
    (void)lab;
    own_drum_here.broken = shut;
}

/* --- The table --- */

static const char never_full[] = "it takes every value", no_reader[] = "it has no reader",
                  waits[] = "a reader who takes nothing is waited for",
                  no_file[] = "it is no file that stays",
                  no_codec[] = "it takes values as they are";

const sink_kind sink_kinds[] = {
    {.name = "callback",
     .settings = "kind=callback",
     .skips = {[SINK_NOT_READY] = never_full,
               [SINK_GIVES_UP] = never_full,
               [SINK_READER_GONE] = no_reader,
               [SINK_SLOW] = no_reader,
               [SINK_REFUSES] = no_codec,
               [SINK_APPENDS] = no_file,
               [SINK_STOP] = never_full}},
    {.name = "file, JSON lines",
     .settings = "kind=file path=%/out.jsonl buffer=4096",
     .format = WEIR_FORMAT_JSON,
     .take = take_json,
     .shut = fill_disk,
     .fails = true,
     .skips = {[SINK_READER_GONE] = no_reader, [SINK_SLOW] = no_reader}},
    {.name = "file, CSV",
     .settings = "kind=file path=%/out.csv buffer=4096 fsync=turn",
     .format = WEIR_FORMAT_CSV,
     .take = take_csv,
     .shut = fill_disk,
     .fails = true,
     .skips = {[SINK_READER_GONE] = no_reader, [SINK_SLOW] = no_reader}},
    {.name = "file, MessagePack",
     .settings = "kind=file path=%/out.msgpack buffer=4096 fsync=never",
     .format = WEIR_FORMAT_MSGPACK,
     .take = take_msgpack,
     .shut = fill_disk,
     .fails = true,
     .skips = {[SINK_READER_GONE] = no_reader, [SINK_SLOW] = no_reader}},
    {.name = "file, a pipe",
     .settings = "kind=file path=%/out buffer=4096",
     .format = WEIR_FORMAT_JSON,
     .prepare = make_pipe,
     .take = take_pipe,
     .shut = stop_reading,
     .hang_up = close_reader,
     .skips = {[SINK_GIVES_UP] = waits, [SINK_APPENDS] = no_file}},
    {.name = "stdout, a file",
     .settings = "kind=stdout buffer=4096",
     .format = WEIR_FORMAT_JSON,
     .prepare = make_stdout_file,
     .restore = give_stdout_back,
     .take = take_json,
     .shut = fill_disk,
     .fails = true,
     .skips = {[SINK_READER_GONE] = no_reader,
               [SINK_SLOW] = no_reader,
               [SINK_APPENDS] = "whoever opened it said so"}},
    {.name = "stdout, a pipe",
     .settings = "kind=stdout format=csv buffer=4096",
     .format = WEIR_FORMAT_CSV,
     .prepare = make_stdout_pipe,
     .restore = give_stdout_back,
     .take = take_pipe,
     .shut = stop_reading,
     .hang_up = close_reader,
     .skips = {[SINK_GIVES_UP] = waits, [SINK_APPENDS] = no_file}},
    {.name = "a user's own that is full",
     .settings = "kind=drum buffer=4096",
     .format = WEIR_FORMAT_JSON,
     .prepare = clear_drum,
     .take = take_drum,
     .shut = shut_drum,
     .skips = {[SINK_GIVES_UP] = waits,
               [SINK_READER_GONE] = no_reader,
               [SINK_SLOW] = no_reader,
               [SINK_APPENDS] = no_file}},
    {.name = "a user's own that fails",
     .settings = "kind=drum buffer=4096",
     .format = WEIR_FORMAT_JSON,
     .prepare = clear_drum,
     .restore = clear_drum,
     .take = take_drum,
     .shut = break_drum,
     .fails = true,
     .skips = {[SINK_READER_GONE] = no_reader, [SINK_SLOW] = no_reader, [SINK_APPENDS] = no_file}},
};
const size_t sink_kind_count = sizeof sink_kinds / sizeof *sink_kinds;

int sink_put_back(void **unused)
{
    (void)unused;
    fill_disk(NULL, false);
    give_stdout_back(NULL);
    return 0;
}

/* --- What came --- */

static int64_t id_of_line(const char *line)
{
    return strtoll(line + strcspn(line, "-0123456789"), NULL, 10);
}

static size_t next_line(const char *at, size_t size)
{
    const char *end = memchr(at, '\n', size);

    if (end == NULL)
        fail_msg("half a line is left: %.*s", (int)size, at);
    return (size_t)(end - at) + 1;
}

static size_t next_value(const char *at, size_t size, int64_t *ret_id)
{
    const void *data = at;
    weir_slice bytes = {data, size};
    weir_wire_error error;
    probe_item item;

    if (weir_msgpack_size(bytes, &bytes.size, &error) != WEIR_OK ||
        weir_decode(&probe_item_type, WEIR_FORMAT_MSGPACK, bytes, &item, &error) != WEIR_OK)
        fail_msg("half a value is left");
    *ret_id = item.id;
    return bytes.size;
}

void sink_ids(const lab_world *lab, const sink_kind *kind, int64_t *ret_first, int64_t *ret_last)
{
    static const char header[] = "id,value,text\n";
    const char *at = lab->bytes.data;
    size_t left = lab->bytes.size, size;

    if (kind->format == WEIR_FORMAT_CSV) {
        assert_true(left >= sizeof header - 1);
        assert_memory_equal(at, header, sizeof header - 1);
        at += sizeof header - 1;
        left -= sizeof header - 1;
    }
    *ret_first = *ret_last = 0;
    for (; left != 0; at += size, left -= size) {
        int64_t id = 0;
        if (kind->format == WEIR_FORMAT_MSGPACK) {
            size = next_value(at, left, &id);
        } else {
            size = next_line(at, left);
            id = id_of_line(at);
        }
        if (*ret_last != 0 && id != *ret_last + 1)
            fail_msg("item %lld follows %lld", (long long)id, (long long)*ret_last);
        *ret_first = *ret_last != 0 ? *ret_first : id;
        *ret_last = id;
    }
}

void sink_expect_ids(const lab_world *lab, const sink_kind *kind, int64_t first, int64_t last)
{
    int64_t found_first, found_last;

    sink_ids(lab, kind, &found_first, &found_last);
    assert_int_equal(found_first, first);
    assert_int_equal(found_last, last);
}
