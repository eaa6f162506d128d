/* SPDX-License-Identifier: Apache-2.0 */
/* test_arrivals.c - files that start workflows (F15). */
#include "tests/workflow/look_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"

static void begin_files(look_world *w)
{
    static int folders;

    look_begin_without_runner(w);
    snprintf(w->folder, sizeof w->folder, "drop-%ld-%d", (long)getpid(), ++folders);
    snprintf(w->files, sizeof w->files, "%s/*.csv", w->folder);
    w->settings[1] = (weir_setting){.name = "settle", .text = "4s"};
    w->triggers[0] =
        (weir_module_trigger){.name = "drop", .files = w->files, .settings = {w->settings, 2}};
    assert_int_equal(mkdir(w->folder, 0700), 0);
}

/* A file that was changed so many seconds ago. */
static void put_file(const look_world *w, const char *name, size_t size, int64_t ago)
{
    char path[160];
    int64_t changed = w->now - ago * LOOK_SECOND;
    const struct timespec times[] = {
        {.tv_sec = changed / LOOK_SECOND, .tv_nsec = changed % LOOK_SECOND},
        {.tv_sec = changed / LOOK_SECOND, .tv_nsec = changed % LOOK_SECOND}};

    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && ftruncate(fd, (off_t)size) == 0 && futimens(fd, times) == 0);
    close(fd);
}

static void end_files(look_world *w)
{
    char command[100];

    look_end(w);
    snprintf(command, sizeof command, "rm -rf ./%s", w->folder);
    assert_int_equal(system(command), 0);
}

static void a_file_fires_once_it_is_whole(void **state)
{
    look_world w = {0};
    char key[200], wanted[200];

    (void)state;
    begin_files(&w);
    put_file(&w, "old.csv", 3, 100); /* it came while nobody looked */
    put_file(&w, "other.txt", 3, 100);
    put_file(&w, ".hidden.csv", 3, 100);
    w.runner = look_open_runner(&w);
    look_settle(w.runner);
    assert_int_equal(look_firings(&w, "started", key, NULL, sizeof key), 1);
    snprintf(wanted, sizeof wanted, "%s/old.csv 3 %lld", w.folder,
             (long long)(w.now - 100 * LOOK_SECOND));
    assert_string_equal(key, wanted);
    /* One that is still written waits, and is looked for sooner than else. */
    put_file(&w, "new.csv", 1, -9);
    look_move(&w, 10);
    assert_int_equal(look_number_of(&w, "due"), w.now + 4 * LOOK_SECOND);
    put_file(&w, "new.csv", 2, -3);
    look_move(&w, 4);
    assert_int_equal(look_started(&w), 1);
    look_move(&w, 4);
    assert_int_equal(look_firings(&w, "started", key, NULL, sizeof key), 2);
    assert_non_null(strstr(key, "/new.csv 2 "));
    assert_int_equal(look_number_of(&w, "due"), w.now + 10 * LOOK_SECOND);
    end_files(&w);
}

/* Its time of change is of another clock: it is whole when it stays as it is. */
static void a_file_of_the_future_is_watched(void **state)
{
    look_world w = {0};

    (void)state;
    begin_files(&w);
    w.runner = look_open_runner(&w);
    look_settle(w.runner);
    put_file(&w, "new.csv", 1, -1000);
    look_move(&w, 10);
    assert_int_equal(look_started(&w), 0);
    assert_int_equal(look_number_of(&w, "due"), w.now + 4 * LOOK_SECOND);
    /* What has been seen is known to any runner. */
    weir_runner_close(w.runner);
    w.runner = look_open_runner(&w);
    look_move(&w, 4);
    assert_int_equal(look_started(&w), 1);
    end_files(&w);
}

static void files_fire_once(void **state)
{
    enum { MANY = 600 };
    look_world w = {0};
    char name[32];

    (void)state;
    begin_files(&w);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "%03d.csv", i);
        put_file(&w, name, 1, 100);
    }
    w.runner = look_open_runner(&w);
    look_settle(w.runner); /* at once, some at a time */
    look_settle(w.runner);
    assert_int_equal(look_started(&w), MANY);
    for (int i = 0; i < 3; i++)
        look_move(&w, 10);
    weir_runner_close(w.runner);
    w.runner = look_open_runner(&w);
    look_move(&w, 10);
    look_move(&w, 100000); /* a day later what is known is asked for again */
    assert_int_equal(look_started(&w), MANY);
    /* Another content is another file. */
    put_file(&w, "007.csv", 2, 100);
    look_move(&w, 10);
    assert_int_equal(look_started(&w), MANY + 1);
    assert_int_equal(look_executions(&w), MANY + 1);
    end_files(&w);
}

/* What a look found is not known as fired before that is recorded: its claim may be lost. */
static void a_look_that_was_refused_is_done_again(void **state)
{
    look_world w = {0};

    (void)state;
    begin_files(&w);
    put_file(&w, "new.csv", 3, 100);
    w.runner = look_open_runner(&w);
    FLOW_OK(runner_turn(w.runner, &error)); /* claims it */
    flow_execute(w.url, "UPDATE triggers SET token = token + 1, runner = NULL");
    look_settle(w.runner);
    look_move(&w, 10);
    assert_int_equal(look_started(&w), 1);
    end_files(&w);
}

static void keep_line(void *arg, weir_level level, const char *room, const char *name,
                      const char *message)
{
    (void)level;
    (void)room;
    (void)name;
    weir_buffer_printf(arg, "%s\n", message);
}

/* More of them than one look may fire on. */
static void names_that_are_no_text_are_told(void **state)
{
    enum { MANY = 300 };
    look_world w = {0};
    weir_buffer lines = {0};
    char name[32];

    (void)state;
    begin_files(&w);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "\xff%03d.csv", i);
        put_file(&w, name, 1, 100);
    }
    put_file(&w, "a.csv", 1, 100);
    w.runner = look_open_runner(&w);
    weir_runner_set_log(w.runner, keep_line, &lines);
    look_settle(w.runner);
    assert_int_equal(look_started(&w), 1);
    assert_non_null(
        strstr(lines.data, "300 files are passed over, as their names are no UTF-8, '"));
    assert_non_null(strstr(lines.data, ".csv' among them; rename them"));
    lines.size = 0;
    look_move(&w, 10);
    assert_int_equal(lines.size, 0);
    weir_buffer_free(&lines);
    end_files(&w);
}

static void a_folder_that_is_missing_is_told(void **state)
{
    look_world w = {0};
    char reason[300];

    (void)state;
    begin_files(&w);
    assert_int_equal(rmdir(w.folder), 0);
    w.runner = look_open_runner(&w);
    look_settle(w.runner);
    assert_int_equal(look_firings(&w, "failed", NULL, reason, sizeof reason), 1);
    assert_non_null(strstr(reason, "cannot read the folder 'drop-"));
    assert_non_null(strstr(reason, "No such file or directory"));
    assert_int_equal(mkdir(w.folder, 0700), 0);
    put_file(&w, "a.csv", 1, 100);
    look_move(&w, 20);
    assert_int_equal(look_started(&w), 1);
    end_files(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_fires_once_it_is_whole),
        cmocka_unit_test(a_file_of_the_future_is_watched),
        cmocka_unit_test(files_fire_once),
        cmocka_unit_test(a_look_that_was_refused_is_done_again),
        cmocka_unit_test(names_that_are_no_text_are_told),
        cmocka_unit_test(a_folder_that_is_missing_is_told),
    };

    return cmocka_run_group_tests_name("arrivals", tests, NULL, NULL);
}
