/* SPDX-License-Identifier: Apache-2.0 */
/* source_kinds.c - every kind of source as the suite drives it. */
#include "tests/conformance/source_kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "beat.weir.h"
#include "packed.weir.h"

/* --- Channels --- */

static bool push(lab_world *lab, int64_t id)
{
    probe_item item = {.id = id};

    return probe_push_items(lab->runtime, &item, NULL) == WEIR_OK;
}

static void close_channel(lab_world *lab)
{
    assert_int_equal(weir_runtime_close(lab->runtime, lab->module, 0, NULL), WEIR_OK);
}

/* --- Descriptors --- */

static size_t give(lab_world *lab, const void *bytes, size_t size)
{
    ssize_t written = send(lab->input, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (written < 0 && errno == ENOTSOCK)
        written = write(lab->input, bytes, size);
    if (written < 0 && errno != EAGAIN)
        fail_msg("cannot give anything: %s", strerror(errno));
    return written > 0 ? (size_t)written : 0;
}

static void hang_up(lab_world *lab)
{
    close(lab->input);
    lab->input = -1;
}

static void make_file(lab_world *lab)
{
    lab->input = open(lab_path(lab, "in"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(lab->input >= 0);
}

static void make_csv(lab_world *lab)
{
    static const char header[] = "text,id,more,value\n";

    make_file(lab);
    assert_int_equal(give(lab, header, sizeof header - 1), sizeof header - 1);
}

static void make_pipe(lab_world *lab)
{
    assert_int_equal(mkfifo(lab_path(lab, "in"), 0600) == 0 || errno == EEXIST, true);
}

static bool is_open(lab_world *lab, size_t unused)
{
    (void)unused;
    lab->input = open(lab_path(lab, "in"), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return lab->input >= 0;
}

static void open_pipe(lab_world *lab)
{
    lab_until(lab, is_open, 0, "somebody reads the pipe");
}

static void call_socket(lab_world *lab)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const void *to = &address;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", lab_path(lab, "in"));
    lab->input = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(lab->input >= 0);
    if (connect(lab->input, to, sizeof address) != 0)
        fail_msg("cannot connect: %s", strerror(errno));
}

/* --- The table --- */

static const char no_bytes[] = "it takes values, not bytes", no_input[] = "it has no input",
                  listens[] = "it listens until the runtime is stopped",
                  all_there[] = "a file has all its bytes at once",
                  one_size[] = "each message has its size";

const source_kind source_kinds[] = {
    {.name = "channel",
     .settings = "kind=channel capacity=2000",
     .push = push,
     .finish = close_channel,
     .skips = {[SOURCE_BAD] = no_bytes,
               [SOURCE_LONG] = no_bytes,
               [SOURCE_SLOW] = no_bytes,
               [SOURCE_GONE] = no_bytes}},
    {.name = "file, JSON lines",
     .settings = "kind=file path=%/in format=json max_size=300",
     .format = WEIR_FORMAT_JSON,
     .whole = true,
     .prepare = make_file,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_SLOW] = all_there}},
    {.name = "file, CSV",
     .settings = "kind=file path=%/in format=csv max_size=300",
     .format = WEIR_FORMAT_CSV,
     .whole = true,
     .prepare = make_csv,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_SLOW] = all_there}},
    {.name = "file, MessagePack",
     .settings = "kind=file path=%/in format=msgpack max_size=300",
     .format = WEIR_FORMAT_MSGPACK,
     .whole = true,
     .prepare = make_file,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_SLOW] = all_there}},
    {.name = "file, a pipe",
     .settings = "kind=file path=%/in format=json max_size=300",
     .format = WEIR_FORMAT_JSON,
     .prepare = make_pipe,
     .connect = open_pipe,
     .give = give,
     .finish = hang_up},
    {.name = "file, a pipe of MessagePack",
     .settings = "kind=file path=%/in format=msgpack max_size=300",
     .format = WEIR_FORMAT_MSGPACK,
     .prepare = make_pipe,
     .connect = open_pipe,
     .give = give,
     .finish = hang_up},
    {.name = "unix, lines",
     .settings = "kind=unix path=%/in max_size=300",
     .format = WEIR_FORMAT_JSON,
     .connect = call_socket,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_ENDS] = listens}},
    {.name = "unix, lengths",
     .settings = "kind=unix path=%/in max_size=300 framing=length length_bytes=2",
     .format = WEIR_FORMAT_JSON,
     .length = true,
     .connect = call_socket,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_ENDS] = listens}},
    {.name = "unix, MessagePack",
     .settings = "kind=unix path=%/in max_size=300 format=msgpack",
     .format = WEIR_FORMAT_MSGPACK,
     .connect = call_socket,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_ENDS] = listens}},
    {.name = "unix, records",
     .settings = "kind=unix path=%/in framing=fixed record_size=96",
     .format = WEIR_FORMAT_JSON,
     .fixed = 96,
     .connect = call_socket,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_LONG] = one_size, [SOURCE_ENDS] = listens}},
    {.name = "unix, raw lines",
     .settings = "path=%/in max_size=300",
     .module = &packed_module,
     .format = WEIR_FORMAT_JSON,
     .raw = true,
     .connect = call_socket,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_ENDS] = listens}},
    {.name = "unix, raw records",
     .settings = "path=%/in framing=fixed record_size=32",
     .module = &packed_module,
     .format = WEIR_FORMAT_JSON,
     .raw = true,
     .fixed = 32,
     .connect = call_socket,
     .give = give,
     .finish = hang_up,
     .skips = {[SOURCE_LONG] = one_size, [SOURCE_ENDS] = listens}},
    {.name = "timer",
     .settings = "kind=timer every=1ms",
     .module = &beat_module,
     .skips = {[SOURCE_BAD] = no_input,
               [SOURCE_LONG] = no_input,
               [SOURCE_ENDS] = "it beats until the runtime is stopped",
               [SOURCE_SLOW] = no_input,
               [SOURCE_GONE] = no_input}},
    {.name = "a user's own",
     .settings = "kind=pipe path=%/in",
     .format = WEIR_FORMAT_JSON,
     .prepare = make_pipe,
     .connect = open_pipe,
     .give = give,
     .finish = hang_up},
};
const size_t source_kind_count = sizeof source_kinds / sizeof *source_kinds;

/* --- Messages --- */

static void bad_message(weir_format format, weir_buffer *to)
{
    if (format == WEIR_FORMAT_JSON)
        weir_buffer_text(to, "{\"id\":\"x\"}\n");
    else if (format == WEIR_FORMAT_CSV)
        weir_buffer_text(to, "a,x,,1\n");
    else
        weir_buffer_append(to, "\x93\x01\x02\x03", 4);
}

/* Longer than any limit of the table, and than the reader's buffer. */
static void long_message(weir_format format, weir_buffer *to)
{
    static const unsigned char head[] = {0xdb, 0, 0x10, 0, 0}; /* a string of a mebibyte */

    if (format == WEIR_FORMAT_MSGPACK)
        weir_buffer_append(to, head, sizeof head);
    for (int i = 0; i < 1 << 16; i++)
        weir_buffer_text(to, "sixteen letters.");
    if (format != WEIR_FORMAT_MSGPACK)
        weir_buffer_text(to, "\n");
}

/* Columns in the order of make_csv. */
static void csv_item(int64_t id, weir_buffer *to)
{
    weir_buffer_printf(to, "\"an item, \"\"quoted\"\"\",%lld,,0.25\n", (long long)id);
}

static void plain_message(const source_kind *kind, const char *word, weir_buffer *to)
{
    if (strcmp(word, "bad") == 0 && kind->raw)
        weir_buffer_text(to, "no item\n");
    else if (strcmp(word, "bad") == 0)
        bad_message(kind->format, to);
    else if (strcmp(word, "long") == 0)
        long_message(kind->format, to);
    else if (kind->format == WEIR_FORMAT_CSV)
        csv_item(strtoll(word, NULL, 10), to);
    else if (kind->raw)
        weir_buffer_printf(to, "item %s\n", word);
    else
        lab_encode(strtoll(word, NULL, 10), kind->format, to);
}

void source_message(const source_kind *kind, const char *word, weir_buffer *to)
{
    weir_buffer message = {0};
    bool half = strcmp(word, "half") == 0;

    plain_message(kind, half ? "7" : word, &message);
    if (kind->fixed != 0)
        message.size--; /* without the end of a line */
    while (message.size < kind->fixed)
        weir_buffer_text(&message, " ");
    if (kind->length) {
        size_t size = message.size < 0xffff ? message.size : 0xffff;
        char head[2] = {(char)(size >> 8), (char)(size & 0xff)};
        weir_buffer_append(to, head, 2);
        message.size = size;
    }
    weir_buffer_append(to, message.data, half ? message.size / 2 : message.size);
    assert_false(to->failed);
    weir_buffer_free(&message);
}

/* --- Feeding --- */

/* Gives what is still to be given. True: nothing is left. */
static bool give_pending(lab_world *lab, const source_kind *kind)
{
    if (lab->pending_at < lab->pending.size)
        lab->pending_at += kind->give(lab, lab->pending.data + lab->pending_at,
                                      lab->pending.size - lab->pending_at);
    if (lab->pending_at < lab->pending.size)
        return false;
    lab->pending.size = lab->pending_at = 0;
    return true;
}

static const source_kind *giver;

static bool all_is_given(lab_world *lab, size_t unused)
{
    (void)unused;
    return give_pending(lab, giver);
}

void source_begin(lab_world *lab, const source_kind *kind)
{
    lab->module = kind->module != NULL ? kind->module : &probe_module;
    lab_begin(lab);
    lab_set(lab, "sources.items", kind->settings);
    if (kind->prepare != NULL)
        kind->prepare(lab);
}

static void feed_script(lab_world *lab, const source_kind *kind, const char *script)
{
    char *copy = strdup(script), *rest = NULL;

    assert_non_null(copy);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (kind->push != NULL)
            assert_true(kind->push(lab, strtoll(word, NULL, 10)));
        else
            source_message(kind, word, &lab->pending);
    }
    free(copy);
    giver = kind;
    if (kind->give != NULL)
        lab_until(lab, all_is_given, 0, "all bytes were taken");
}

void source_run(lab_world *lab, const source_kind *kind, const char *script)
{
    if (!kind->whole) {
        lab_start(lab);
        if (kind->connect != NULL)
            kind->connect(lab);
    }
    feed_script(lab, kind, script);
    if (kind->finish != NULL)
        kind->finish(lab);
    if (kind->whole)
        lab_start(lab);
}

static int64_t supply_bytes(lab_world *lab, const source_kind *kind, int64_t first, int64_t last)
{
    char word[24];

    while (give_pending(lab, kind) && first <= last) {
        snprintf(word, sizeof word, "%lld", (long long)first++);
        source_message(kind, word, &lab->pending);
    }
    return first;
}

int64_t source_supply(lab_world *lab, const source_kind *kind, int64_t first, int64_t last)
{
    if (kind->give != NULL)
        return supply_bytes(lab, kind, first, last);
    while (kind->push != NULL && first <= last && kind->push(lab, first))
        first++;
    return first;
}
