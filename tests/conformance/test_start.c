/* SPDX-License-Identifier: Apache-2.0 */
/* test_start.c - what cannot work is told at the start, in one sentence: name, place, way out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/conformance/lab.h"

typedef struct start_case {
    const char *room;
    const char *settings; /* % is a folder with what make_things puts there */
    weir_status status;
    const char *says[3];
} start_case;

#define LONG_NAME "a_name_of_forty_bytes_that_is_far_too_long"

static const start_case cases[] = {
    {"sources",
     "kind=file path=%/none.csv",
     WEIR_IO,
     {"source 'items': cannot read '", "/none.csv': No such file or directory"}},
    {"sources",
     "kind=file path=%/*.nothing",
     WEIR_IO,
     {"cannot read '", "*.nothing': no file has a name like that"}},
    {"sources",
     "kind=file path=%/folder",
     WEIR_IO,
     {"/folder': it is a folder; name its files, such as FOLDER/*.csv"}},
    {"sources", "kind=file path=%/locked.csv", WEIR_IO, {"/locked.csv': Permission denied"}},
    {"sources",
     "kind=file",
     WEIR_SPEC,
     {"source 'items' needs the option 'path' (The file to read"}},
    {"sources",
     "kind=file path=%/a.csv format=yaml",
     WEIR_SPEC,
     {"'yaml' of option 'format' is not one of auto|csv|json|msgpack|raw"}},
    {"sources",
     "kind=file path=%/a.csv format=raw",
     WEIR_SPEC,
     {"source 'items': 'format: raw' needs a decode function"}},
    {"sources",
     "kind=file path=%/a.csv framing=lines",
     WEIR_SPEC,
     {"source 'items': CSV has a framing of its own"}},
    {"sources",
     "kind=file path=%/a.mpk framing=lines",
     WEIR_SPEC,
     {"MessagePack may hold newlines: choose 'framing: length'"}},
    {"sources",
     "kind=file path=%/a.json framing=fixed",
     WEIR_SPEC,
     {"'framing: fixed' needs 'record_size'"}},
    {"sources",
     "kind=file path=%/a.json record_size=8",
     WEIR_SPEC,
     {"'record_size' belongs to 'framing: fixed'"}},
    {"sources",
     "kind=file path=%/a.json framing=fixed record_size=9 max_size=8",
     WEIR_SPEC,
     {"'record_size' is greater than 'max_size'"}},
    {"sources",
     "kind=file path=%/a.json max_size=2GiB",
     WEIR_SPEC,
     {"'2GiB' of option 'max_size' is out of range; it goes from 1 to 1GiB"}},
    {"sources",
     "kind=unix path=%/" LONG_NAME LONG_NAME LONG_NAME,
     WEIR_SPEC,
     {"the path of a socket has at most 107 bytes", "choose a shorter one"}},
    {"sources",
     "kind=unix path=%/a.csv",
     WEIR_IO,
     {"cannot listen on '", "/a.csv': there is something else of that name; choose another path"}},
    {"sources",
     "kind=unix path=%/live",
     WEIR_IO,
     {"/live': another process listens there; stop it, or choose another path"}},
    {"sources", "kind=unix path=%/none/x", WEIR_IO, {"/none/x': No such file or directory"}},
    {"sources",
     "kind=unix path=%/x max_clients=0",
     WEIR_SPEC,
     {"'max_clients' is out of range; it goes from 1 to 4096"}},
    {"sources",
     "kind=unix path=%/x max_size=1 framing=length length_bytes=3",
     WEIR_SPEC,
     {"'3' of option 'length_bytes' is not one of 1|2|4|8"}},
    {"sources",
     "kind=timer every=10us",
     WEIR_SPEC,
     {"'10us' of option 'every' is out of range; it goes from 1ms to 3650d"}},
    {"sources", "kind=timer every=1s", WEIR_SPEC, {"source 'items': a timer gives Tick, not Item"}},
    {"sources", "kind=channel capacity=0", WEIR_SPEC, {"'capacity' is out of range"}},
    {"sources", "kind=channel on_full=blok", WEIR_SPEC, {"did you mean 'block'?"}},
    {"sources",
     "kind=channel turn=0",
     WEIR_SPEC,
     {"'turn' is out of range; it goes from 1 to 1000000"}},
    {"sources", "kind=channel max_in_flight=0", WEIR_SPEC, {"'max_in_flight' is out of range"}},
    {"sources",
     "kind=carrier_pigeon",
     WEIR_SPEC,
     {"source 'items': there is no kind 'carrier_pigeon' here"}},
    {"sources", "kind=pipe path=%/none", WEIR_IO, {"source 'items': cannot open '"}},
    {"sinks",
     "kind=file path=%/none/out.csv",
     WEIR_IO,
     {"sink 'out': cannot open '",
      "/none/out.csv': No such file or directory; make its folder first"}},
    {"sinks", "kind=file path=%/folder", WEIR_IO, {"/folder': Is a directory"}},
    {"sinks", "kind=file path=%/locked/out.csv", WEIR_IO, {"/locked/out.csv': Permission denied"}},
    {"sinks",
     "kind=file path=%/pipe",
     WEIR_IO,
     {"sink 'out': nobody reads the pipe '", "/pipe'; start its reader first"}},
    {"sinks", "kind=file", WEIR_SPEC, {"sink 'out' needs the option 'path'"}},
    {"sinks",
     "kind=file path=%/x rotate=10",
     WEIR_SPEC,
     {"'10' of option 'rotate' is out of range; it is at least 1KiB"}},
    {"sinks",
     "kind=file path=%/x keep=0",
     WEIR_SPEC,
     {"'keep' is out of range; it goes from 1 to 1000"}},
    {"sinks",
     "kind=file path=%/x fsync=always",
     WEIR_SPEC,
     {"'always' of option 'fsync' is not one of"}},
    {"sinks",
     "kind=file path=%/x buffer=1",
     WEIR_SPEC,
     {"'buffer' is out of range; it goes from 4KiB"}},
    {"sinks",
     "kind=stdout give_up=0s",
     WEIR_SPEC,
     {"'give_up' is out of range; it is at least 1ms"}},
    {"sinks", "kind=stdout format=auto", WEIR_SPEC, {"is not one of json|csv|msgpack"}},
};

static int live = -1;

static void listen_there(const lab_world *lab)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const void *to = &address;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", lab_path(lab, "live"));
    live = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(live, to, sizeof address), 0);
    assert_int_equal(listen(live, 1), 0);
}

static void make_things(const lab_world *lab)
{
    lab_write_file(lab, "a.csv", "id,value,text\n");
    lab_write_file(lab, "a.mpk", "");
    lab_write_file(lab, "a.json", "");
    lab_write_file(lab, "locked.csv", "id,value,text\n");
    assert_int_equal(chmod(lab_path(lab, "locked.csv"), 0), 0);
    assert_int_equal(mkdir(lab_path(lab, "folder"), 0755), 0);
    assert_int_equal(mkdir(lab_path(lab, "locked"), 0555), 0);
    assert_int_equal(mkfifo(lab_path(lab, "pipe"), 0666), 0);
    assert_int_equal(chmod(lab_path(lab, "pipe"), 0666), 0);
    assert_int_equal(chmod(lab->folder, 0777), 0);
    listen_there(lab);
    assert_int_equal(chmod(lab_path(lab, "live"), 0777), 0);
}

static void refuse(lab_world *lab, const start_case *test)
{
    char name[32];

    snprintf(name, sizeof name, "%s.%s", test->room,
             strcmp(test->room, "sinks") == 0 ? "out" : "items");
    lab_begin(lab);
    lab_set(lab, name, test->settings);
    weir_status status = lab_try(lab);
    if (status != test->status)
        fail_msg("%s: %s (%s)", test->settings, weir_status_text(status), lab->error);
    for (size_t i = 0; i < 3 && test->says[i] != NULL; i++)
        if (strstr(lab->error, test->says[i]) == NULL)
            fail_msg("%s: '%s' does not say: %s", test->settings, lab->error, test->says[i]);
    lab_end(lab);
}

/* Root may read and write everything: the cases run as somebody else. */
static void bad_options(void **state)
{
    lab_world lab = {0};
    bool root = geteuid() == 0;

    (void)state;
    lab_begin(&lab);
    make_things(&lab);
    lab_end(&lab);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(&lab, &cases[i]);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(access(lab_path(&lab, "a.csv"), F_OK), 0); /* what stood there stays */
    close(live);
    lab_begin(&lab);
    lab_clean(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bad_options)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
