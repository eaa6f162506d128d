/* SPDX-License-Identifier: Apache-2.0 */
/* test_outputs.c - what is particular to files that are written: rotation, safety, torn ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/conformance/sink_kinds.h"

/* --- The disk, watched --- */

static size_t synced, synced_folders;
static bool disk_is_broken;

int fdatasync(int fd)
{
    synced++;
    errno = EIO;
    return disk_is_broken ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    synced_folders++;
    return (int)syscall(SYS_fsync, fd);
}

/* --- Running --- */

static void begin(lab_world *lab, const char *settings)
{
    lab_begin(lab);
    lab_set(lab, "sinks.out", "kind=file");
    lab_set(lab, "sinks.out", settings);
    lab_start(lab);
    synced = synced_folders = 0;
}

/* A turn for each. */
static void give(lab_world *lab, int64_t first, int64_t last)
{
    for (; first <= last; first++) {
        assert_int_equal(probe_push_items(lab->runtime, &(probe_item){.id = first}, NULL), WEIR_OK);
        lab_turn(lab);
    }
}

static void end(lab_world *lab)
{
    assert_int_equal(weir_runtime_close(lab->runtime, lab->module, 0, NULL), WEIR_OK);
    lab_until(lab, lab_has_ended, 0, "it ended");
}

/* --- Rotation --- */

static void read_file(lab_world *lab, const char *name)
{
    size_t size = 0;
    char *text = lab_read_file(lab, name, &size);

    assert_non_null(text);
    lab->bytes.size = 0;
    weir_buffer_append(&lab->bytes, text, size);
    weir_free(text);
}

/* The files, the oldest first, go on from one another; all but the newest are full. */
static void expect_files(lab_world *lab, const sink_kind *kind, const char *const *names,
                         int64_t last)
{
    int64_t first, newest = 0;

    for (; *names != NULL; names++) {
        int64_t before = newest;
        read_file(lab, *names);
        sink_ids(lab, kind, &first, &newest);
        assert_true(before == 0 || first == before + 1);
        assert_true(names[1] == NULL || lab->bytes.size >= 1024);
        assert_true(lab->bytes.size < 1024 + 128);
    }
    assert_int_equal(newest, last);
}

static void rotation(void **state)
{
    static const struct {
        const char *settings;
        sink_kind kind;
        const char *names[4], *beyond;
    } cases[] = {
        {"path=%/out.jsonl rotate=1KiB keep=2",
         {.format = WEIR_FORMAT_JSON},
         {"out.jsonl.2", "out.jsonl.1", "out.jsonl"},
         "out.jsonl.3"},
        {"path=%/out.csv rotate=1KiB keep=1",
         {.format = WEIR_FORMAT_CSV},
         {"out.csv.1", "out.csv"},
         "out.csv.2"},
        {"path=%/out.mpk rotate=1KiB keep=3",
         {.format = WEIR_FORMAT_MSGPACK},
         {"out.mpk.2", "out.mpk.1", "out.mpk"},
         "out.mpk.4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lab_world lab = {0};
        print_message("  %s\n", cases[i].settings);
        /* A restart goes on where the last run stopped. */
        for (int64_t first = 1; first <= 201; first += 100) {
            begin(&lab, cases[i].settings);
            give(&lab, first, first + 99);
            end(&lab);
            assert_int_equal(lab.outcome, WEIR_OK);
            lab_end(&lab);
        }
        expect_files(&lab, &cases[i].kind, cases[i].names, 300);
        assert_int_not_equal(access(lab_path(&lab, cases[i].beyond), F_OK), 0);
        lab_clean(&lab);
    }
}

/* What cannot be renamed grows on: nothing is lost, and it is told. */
static void rotation_that_fails(void **state)
{
    const sink_kind json = {.format = WEIR_FORMAT_JSON};
    lab_world lab = {0};

    (void)state;
    lab_begin(&lab);
    assert_int_equal(mkdir(lab_path(&lab, "out.jsonl.1"), 0755), 0);
    lab_end(&lab);
    begin(&lab, "path=%/out.jsonl rotate=1KiB keep=1 give_up=1ms");
    give(&lab, 1, 100);
    assert_true(lab_sink(&lab).metrics.failures > 0);
    end(&lab);
    assert_int_equal(lab.outcome, WEIR_OK);
    assert_non_null(strstr(lab.log, "cannot rotate"));
    read_file(&lab, "out.jsonl");
    sink_expect_ids(&lab, &json, 1, 100);
    lab_clean(&lab);
}

/* --- Safety --- */

static void fsync_policies(void **state)
{
    static const struct {
        const char *policy;
        size_t least, most;
    } cases[] = {{"never", 0, 0}, {"end", 1, 1}, {"turn", 10, 11}};
    char settings[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lab_world lab = {0};
        snprintf(settings, sizeof settings, "path=%%/out.jsonl fsync=%s", cases[i].policy);
        begin(&lab, settings);
        give(&lab, 1, 10);
        end(&lab);
        assert_int_equal(lab.outcome, WEIR_OK);
        assert_in_range(synced, cases[i].least, cases[i].most);
        assert_int_equal(synced_folders, cases[i].most != 0); /* the new file's name lasts too */
        lab_clean(&lab);
    }
}

/* What was promised to be on the disk and is not ends the run with an error. */
static void a_sync_that_fails(void **state)
{
    lab_world lab = {0};

    (void)state;
    begin(&lab, "path=%/out.jsonl");
    give(&lab, 1, 3);
    disk_is_broken = true;
    end(&lab);
    disk_is_broken = false;
    assert_int_equal(lab.outcome, WEIR_IO);
    assert_non_null(strstr(lab.error, "sink 'out': cannot force to the disk '"));
    lab_clean(&lab);
}

/* --- Ends --- */

/* A writer that was killed left half a line: the next one's first line is its own. */
static void torn_end(void **state)
{
    lab_world lab = {0};
    char *text;

    (void)state;
    lab_begin(&lab);
    lab_write_file(&lab, "out.jsonl", "{\"id\":1}\n{\"id\":");
    lab_end(&lab);
    begin(&lab, "path=%/out.jsonl");
    give(&lab, 2, 2);
    end(&lab);
    text = lab_read_file(&lab, "out.jsonl", NULL);
    assert_string_equal(text, "{\"id\":1}\n{\"id\":\n{\"id\":2,\"value\":0,\"text\":\"\"}\n");
    weir_free(text);
    lab_clean(&lab);
}

/* Two sinks on one file keep each other's lines whole. */
static void dead_letters_in_the_same_file(void **state)
{
    lab_world lab = {.config.mode = WEIR_MODE_TEST};
    char *text;

    (void)state;
    lab_begin(&lab);
    lab_set(&lab, "sinks.out", "kind=file path=%/all.jsonl");
    lab_set(&lab, "sinks.dead", "kind=file path=%/all.jsonl");
    lab_start(&lab);
    give(&lab, 1, 1);
    give(&lab, 0, 0);
    give(&lab, 2, 2);
    end(&lab);
    text = lab_read_file(&lab, "all.jsonl", NULL);
    const char *one = strstr(text, "{\"id\":1,"), *letter = strstr(text, "\n{\"source\":\"items\""),
               *two = strstr(text, "\n{\"id\":2,");
    assert_true(one == text && letter > one && two > letter);
    weir_free(text);
    lab_clean(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotation),       cmocka_unit_test(rotation_that_fails),
        cmocka_unit_test(fsync_policies), cmocka_unit_test(a_sync_that_fails),
        cmocka_unit_test(torn_end),       cmocka_unit_test(dead_letters_in_the_same_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
