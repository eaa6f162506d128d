/* SPDX-License-Identifier: Apache-2.0 */
/* test_files.c - what files hold and what becomes of it: framing, headers, globs, broken records.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conformance/lab.h"

#define HEAD    "id,value,text\n"
#define JSON(n) "{\"id\":" #n ",\"value\":1,\"text\":\"a\"}"
#define PACK(n)                                                                                    \
    "\x83\xa2id" n "\xa5value\x01\xa4text\xa1"                                                     \
    "a"
#define BYTES(text) text, sizeof(text) - 1

typedef struct file_case {
    const char *name;
    const char *settings;
    struct {
        const char *name, *bytes;
        size_t size;
    } files[3];
    const char *record; /* "1 dead@1 2"; then "!" and the error of the run */
    const char *says;   /* the first dead letter, the error or the log */
} file_case;

static const file_case cases[] = {
    {"CSV: quoted newlines, CRLF, no newline at the end",
     "path=%/a.csv",
     {{"a.csv", BYTES("id,value,text\r\n1,1,\"a\r\nb\"\r\n2,1,\"\"\"\"\r\n3,1,c")}},
     "1 2 3",
     NULL},
    {"CSV: columns in any order, unknown ones, blank lines",
     "path=%/a.csv",
     {{"a.csv", BYTES("\ntext,more,id,value\n\na,x,1,1\n  \nb,,2,1\n")}},
     "1 2",
     NULL},
    {"CSV: an empty file, and a header alone",
     "path=%/*.csv",
     {{"a.csv", BYTES("")}, {"b.csv", BYTES(HEAD)}, {"c.csv", BYTES(HEAD "1,1,a\n")}},
     "1",
     NULL},
    {"CSV: a byte order mark",
     "path=%/a.csv",
     {{"a.csv", BYTES("\xef\xbb\xbf" HEAD "1,1,a\n")}},
     "!",
     "a.csv': malformed CSV: it begins with a byte order mark"},
    {"CSV: no header row",
     "path=%/a.csv",
     {{"a.csv", BYTES("1,1,a\n2,1,b\n")}},
     "!",
     "a.csv': id: the required field 'id' of Item is missing"},
    {"CSV: a column twice, in the second file",
     "path=%/*.csv",
     {{"a.csv", BYTES(HEAD "1,1,a\n")}, {"b.csv", BYTES("id,id,value,text\n")}},
     "1 !",
     "b.csv': id: "},
    {"CSV: too few cells, too many",
     "path=%/a.csv",
     {{"a.csv", BYTES(HEAD "1,1,a\n2,1\n3,1,a\n4,1,a,a\n5,1,a\n")}},
     "1 dead@1 3 dead@3 5",
     "2 cells, the header has 3"},
    {"CSV: a quote within a cell takes nothing else along",
     "path=%/a.csv",
     {{"a.csv", BYTES(HEAD "1,1,5\" disk\n2,1,\"b\"c\n3,1,d\n")}},
     "dead@0 dead@1 3",
     "a quote within a cell that has none around it"},
    {"CSV: a quote that is open to the end",
     "path=%/a.csv",
     {{"a.csv", BYTES(HEAD "1,1,a\n2,1,\"b\n3,1,c\n")}},
     "1 dead@1 3",
     "a quote is open"},
    {"CSV: a quote that is open for too long",
     "path=%/a.csv max_size=32",
     {{"a.csv",
       BYTES(HEAD "1,1,\"a\n2,1,b\n3,1,c\n4,1,d\n5,1,e\n6,1,f\n7,1,g\n8,1,h\n9,1,\"i\"\n")}},
     "dead@0 2 3 4 5 6 7 8 9",
     NULL},
    {"CSV: bytes that are no text",
     "path=%/a.csv",
     {{"a.csv", BYTES(HEAD "1,1,\xff\n2,\xfe\xff,a\n3,1,c\n")}},
     "dead@0 dead@1 3",
     "bad UTF-8"},
    {"JSON: blank lines, CRLF, no newline at the end",
     "path=%/a.jsonl",
     {{"a.jsonl", BYTES("\n" JSON(1) "\r\n\r\n \t\n" JSON(2))}},
     "1 2",
     NULL},
    {"JSON: a byte order mark",
     "path=%/a.json",
     {{"a.json", BYTES("\xef\xbb\xbf" JSON(1) "\n" JSON(2) "\n")}},
     "dead@0 2",
     "it begins with a byte order mark"},
    {"JSON: two on a line, and what is no object",
     "path=%/a.ndjson",
     {{"a.ndjson", BYTES(JSON(1) JSON(2) "\n[]\n" JSON(3) "\n")}},
     "dead@0 dead@1 3",
     "trailing"},
    {"by the ending, whatever the folder is called",
     "path=%/a.csv/b.json",
     {{"a.csv/b.json", BYTES(JSON(1) "\n")}},
     "1",
     NULL},
    {"MessagePack: bytes that are none end their file, not the run",
     "path=%/*.msgpack",
     {{"a.msgpack", BYTES(PACK("\x01") "\x92\xc1" PACK("\x02"))},
      {"b.msgpack", BYTES(PACK("\x03"))}},
     "1 dead@1 3",
     "malformed MessagePack at byte 1: nothing behind it can be told apart"},
    {"MessagePack: cut off",
     "path=%/a.mpk",
     {{"a.mpk", BYTES(PACK("\x01") "\x83\xa2id")}},
     "1 dead@1",
     "the input ends within the message"},
    {"MessagePack: 70 levels deep",
     "path=%/a.mpk",
     {{"a.mpk",
       BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
             "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
             "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
             "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01" PACK("\x02"))}},
     "dead@0 2",
     NULL},
    {"MessagePack: a string of 2 GiB is announced",
     "path=%/a.mpk",
     {{"a.mpk", BYTES(PACK("\x01") "\xdb\x80\0\0\0abc")}},
     "1 dead@1",
     "longer than the 16777216"},
    {"lengths of one byte",
     "path=%/a framing=length length_bytes=1",
     {{"a", BYTES("\x21"
                  "{\"id\":1,\"value\":1,\"text\":\"lines\"}"
                  "\0"
                  "\x1d" JSON(2))}},
     "1 dead@1 2",
     "truncated"},
    {"lengths of eight bytes; the last is not whole",
     "path=%/a framing=length length_bytes=8",
     {{"a", BYTES("\0\0\0\0\0\0\0\x1d" JSON(1) "\0\0\0\0\0\0\0\x1d{\"id")}},
     "1 dead@1",
     "the input ends within the message"},
    {"records of one size",
     "path=%/a framing=fixed record_size=30",
     {{"a", BYTES(JSON(1) " " JSON(2) "\n" JSON(3))}},
     "1 2 dead@2",
     "the input ends within the message"},
    {"files in the order of their names, positions over all",
     "path=%/[a-c]*.csv",
     {{"c.csv", BYTES(HEAD "3,1,c\nx,1,c\n")},
      {"a.csv", BYTES(HEAD "1,1,a")},
      {"b1.csv", BYTES(HEAD "2,1,b\n")}},
     "1 2 3 dead@3",
     NULL},
};

/* --- Running one --- */

static void write_files(lab_world *lab, const file_case *test)
{
    for (size_t i = 0; i < 3 && test->files[i].name != NULL; i++) {
        char *slash = strrchr(test->files[i].name, '/');
        char folder[64];
        if (slash != NULL) {
            snprintf(folder, sizeof folder, "%.*s", (int)(slash - test->files[i].name),
                     test->files[i].name);
            assert_int_equal(mkdir(lab_path(lab, folder), 0755), 0);
        }
        FILE *file = fopen(lab_path(lab, test->files[i].name), "we");
        assert_non_null(file);
        assert_int_equal(fwrite(test->files[i].bytes, 1, test->files[i].size, file),
                         test->files[i].size);
        assert_int_equal(fclose(file), 0);
    }
}

/* Dead letters in the places that their positions give them. */
static void write_record(const lab_world *lab, weir_buffer *record)
{
    size_t letter = 0, result = 0;
    int64_t position = 0;

    for (; letter < lab->letter_count || result < lab->count; position++)
        if (letter < lab->letter_count && lab->letters[letter].position == position) {
            weir_buffer_printf(record, "dead@%lld ", (long long)position);
            letter++;
        } else if (result < lab->count) {
            weir_buffer_printf(record, "%lld ", (long long)lab->ids[result++]);
        }
    if (lab->outcome != WEIR_OK)
        weir_buffer_text(record, "! ");
}

static void run(const file_case *test)
{
    lab_world lab = {0};
    weir_buffer record = {0};

    print_message("  %s\n", test->name);
    lab_begin(&lab);
    write_files(&lab, test);
    lab_set(&lab, "sources.items", "kind=file");
    lab_set(&lab, "sources.items", test->settings);
    lab_start(&lab);
    lab_until(&lab, lab_has_ended, 0, "it ended");
    write_record(&lab, &record);
    weir_buffer_append(&record, "", 0);
    if (record.size != 0)
        record.data[record.size - 1] = '\0';
    if (strcmp(record.data, test->record) != 0)
        fail_msg("expected: %s | came: %s (%s)", test->record, record.data, lab.error);
    const char *said = lab.outcome != WEIR_OK ? lab.error : lab.letters[0].reason;
    if (test->says != NULL && strstr(said, test->says) == NULL)
        fail_msg("'%s' does not say: %s", said, test->says);
    assert_int_equal(lab.outcome, strchr(test->record, '!') != NULL ? WEIR_DECODE : WEIR_OK);
    weir_buffer_free(&record);
    lab_clean(&lab);
}

static void contents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run(&cases[i]);
}

/* --- While it is read --- */

enum { BIG = 30000 }; /* lines: several pieces */

static void write_big(lab_world *lab)
{
    FILE *file = fopen(lab_path(lab, "a.jsonl"), "we");

    assert_non_null(file);
    for (int i = 1; i <= BIG; i++)
        fprintf(file, "{\"id\":%d,\"value\":1,\"text\":\"a\"}\n", i);
    assert_int_equal(fclose(file), 0);
}

static void hold_while_reading(lab_world *lab)
{
    lab_begin(lab);
    write_big(lab);
    lab_set(lab, "sources.items", "kind=file path=%/a.jsonl");
    lab_start(lab);
    assert_int_equal(weir_runtime_pause(lab->runtime, "echo", NULL), WEIR_OK);
    lab_until(lab, lab_is_held, 0, "it was held");
}

/* What was read before is whole; the record that was cut is a dead letter. */
static void truncated(void **state)
{
    lab_world lab = {0};

    (void)state;
    hold_while_reading(&lab);
    assert_int_equal(truncate(lab_path(&lab, "a.jsonl"), 0), 0);
    assert_int_equal(weir_runtime_resume(lab.runtime, "echo", NULL), WEIR_OK);
    lab_expect_end(&lab, WEIR_OK);
    assert_in_range(lab.count, 1000, BIG - 1000);
    lab_expect_count_up(&lab, lab.count);
    assert_in_range(lab.letter_count, 0, 1);
    lab_clean(&lab);
}

static void removed(void **state)
{
    lab_world lab = {0};

    (void)state;
    hold_while_reading(&lab);
    assert_int_equal(unlink(lab_path(&lab, "a.jsonl")), 0);
    assert_int_equal(weir_runtime_resume(lab.runtime, "echo", NULL), WEIR_OK);
    lab_expect_end(&lab, WEIR_OK);
    lab_expect_count_up(&lab, BIG);
    lab_clean(&lab);
}

/* The next file is gone when its turn comes: the run ends in order, and says so. */
static void next_one_is_gone(void **state)
{
    lab_world lab = {0};

    (void)state;
    lab_begin(&lab);
    write_big(&lab);
    lab_write_file(&lab, "b.jsonl", JSON(1) "\n");
    lab_set(&lab, "sources.items", "kind=file path=%/*.jsonl");
    lab_start(&lab);
    assert_int_equal(unlink(lab_path(&lab, "b.jsonl")), 0);
    lab_expect_end(&lab, WEIR_IO);
    assert_non_null(strstr(lab.error, "b.jsonl': No such file or directory"));
    lab_expect_count_up(&lab, BIG);
    assert_int_equal(lab_source(&lab).waiting, 0);
    lab_clean(&lab);
}

/* A turn takes no more than it may, whatever there is. */
static void turns_are_limited(void **state)
{
    lab_world lab = {0};
    size_t before = 0;

    (void)state;
    lab_begin(&lab);
    write_big(&lab);
    lab_set(&lab, "sources.items", "kind=file path=%/a.jsonl turn=10");
    lab_start(&lab);
    for (int turn = 0; turn < 100; turn++) {
        lab_turn(&lab);
        assert_true(lab.count <= before + 10);
        before = lab.count;
    }
    assert_int_equal(lab.count, 1000);
    lab_clean(&lab);
}

/* --- What never ends --- */

static bool has_turned(lab_world *lab, size_t turns)
{
    weir_report *report = lab_report(lab);
    bool enough = report->turns >= turns;

    (void)lab;
    weir_report_free(report);
    return enough;
}

/* A line without an end takes no memory, and the loop keeps turning. */
static void endless_line(void **state)
{
    lab_world lab = {0};

    (void)state;
    lab_begin(&lab);
    lab_set(&lab, "sources.items", "kind=file path=/dev/zero format=json max_size=1MiB");
    lab_start(&lab);
    lab_until(&lab, lab_has_letters, 1, "it was refused");
    assert_int_equal(lab.letters[0].raw_size, LAB_RAW);
    lab_until(&lab, has_turned, 20, "the loop turned");
    assert_true(lab_source(&lab).gauges.buffered <= lab_source(&lab).gauges.buffer_limit);
    weir_runtime_stop(lab.runtime);
    lab_expect_end(&lab, WEIR_OK);
    lab_clean(&lab);
}

static int real_stdin;

static void become_stdin(int fd)
{
    real_stdin = dup(STDIN_FILENO);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
}

/* Standard input that brings nothing stops nobody. */
static void idle_stdin(void **state)
{
    lab_world lab = {0};
    int ends[2];

    (void)state;
    lab_begin(&lab);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    become_stdin(ends[0]);
    lab_set(&lab, "sources.items", "kind=file path=-");
    lab_start(&lab);
    assert_int_equal(write(ends[1], BYTES(JSON(1) "\n" JSON(2))), 2 * 29 + 1);
    lab_until(&lab, lab_has_results, 1, "the whole line came");
    lab_until(&lab, has_turned, 2, "the loop turned");
    weir_runtime_stop(lab.runtime);
    lab_expect_end(&lab, WEIR_OK);
    assert_int_equal(lab.count, 1);
    close(ends[1]);
    dup2(real_stdin, STDIN_FILENO);
    close(real_stdin);
    lab_clean(&lab);
}

static void terminal(void **state)
{
    lab_world lab = {0};
    char path[64], setting[128];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    (void)state;
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, path, sizeof path) != 0)
        skip();
    int keep = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC); /* so that it never hangs up */
    lab_begin(&lab);
    snprintf(setting, sizeof setting, "kind=file path=%s format=json", path);
    lab_set(&lab, "sources.items", setting);
    lab_start(&lab);
    assert_true(write(master, BYTES(JSON(1) "\n")) > 0);
    lab_until(&lab, lab_has_results, 1, "the line came");
    assert_true(write(master, BYTES(JSON(2) "\n\x04")) > 0);
    lab_expect_end(&lab, WEIR_OK);
    lab_expect_count_up(&lab, 2);
    close(master);
    close(keep);
    lab_clean(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents),          cmocka_unit_test(truncated),
        cmocka_unit_test(removed),           cmocka_unit_test(next_one_is_gone),
        cmocka_unit_test(turns_are_limited), cmocka_unit_test(endless_line),
        cmocka_unit_test(idle_stdin),        cmocka_unit_test(terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
