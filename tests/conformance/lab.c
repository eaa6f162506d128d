/* SPDX-License-Identifier: Apache-2.0 */
/* lab.c - one runtime under test. */
#include "tests/conformance/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/conformance/own_kinds.h"

enum { DEADLINE_MS = 20000 };

int64_t lab_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* --- What comes out --- */

static void on_result(const void *value, void *arg)
{
    lab_world *lab = arg;

    if (lab->count == lab->room) {
        lab->room = lab->room != 0 ? 2 * lab->room : 1024;
        lab->ids = realloc(lab->ids, lab->room * sizeof *lab->ids);
        lab->values = realloc(lab->values, lab->room * sizeof *lab->values);
        assert_true(lab->ids != NULL && lab->values != NULL);
    }
    lab->values[lab->count] = ((const probe_item *)value)->value;
    lab->ids[lab->count++] = ((const probe_item *)value)->id;
}

static void on_letter(const void *value, void *arg)
{
    const weir_dead_letter *letter = value;
    lab_world *lab = arg;
    lab_letter *to = &lab->letters[lab->letter_count];

    assert_true(lab->letter_count < LAB_LETTERS);
    assert_string_equal(letter->source, "items");
    *to = (lab_letter){.position = letter->position, .raw_size = letter->raw_size};
    memcpy(to->reason, letter->reason, sizeof to->reason);
    memcpy(to->raw, letter->raw, letter->raw_size);
    lab->letter_count++;
}

static void on_log(void *arg, weir_level level, const char *room, const char *name,
                   const char *message)
{
    lab_world *lab = arg;
    size_t size = strlen(lab->log);

    (void)level;
    (void)room;
    snprintf(lab->log + size, sizeof lab->log - size, "%s: %s\n", name != NULL ? name : "",
             message);
}

/* --- Life --- */

void lab_begin(lab_world *lab)
{
    static char name[64];

    if (lab->folder == NULL) {
        snprintf(name, sizeof name, "/tmp/weir-lab-XXXXXX");
        lab->folder = mkdtemp(name);
        lab->input = lab->output = -1;
        assert_non_null(lab->folder);
    }
    if (lab->module == NULL)
        lab->module = &probe_module;
    lab->config.log = on_log;
    lab->config.log_arg = lab;
    lab->config.kinds = &own_kinds;
    lab->ended = false;
    lab->outcome = WEIR_OK;
    lab->count = lab->letter_count = 0;
    lab->log[0] = lab->error[0] = '\0';
    assert_int_equal(weir_runtime_new(&lab->config, &lab->runtime, NULL), WEIR_OK);
}

static void set_one(lab_world *lab, const char *room, char *setting)
{
    char name[128], value[256] = "", *equals = strchr(setting, '=');

    assert_non_null(equals);
    *equals = '\0';
    snprintf(name, sizeof name, "%s.%s", room, setting);
    if (equals[1] == '%')
        snprintf(value, sizeof value, "%s%s", lab->folder, equals + 2);
    else
        snprintf(value, sizeof value, "%s", equals + 1);
    assert_int_equal(weir_runtime_set(lab->runtime, name, value, NULL), WEIR_OK);
}

void lab_set(lab_world *lab, const char *room, const char *settings)
{
    char *copy = strdup(settings), *rest = NULL;

    assert_non_null(copy);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        set_one(lab, room, word);
    free(copy);
}

static void note(lab_world *lab, weir_status status, weir_error *error)
{
    lab->outcome = status;
    lab->ended = status != WEIR_OK;
    if (error == NULL)
        return;
    snprintf(lab->error, sizeof lab->error, "%s", weir_error_message(error));
    /* weir_runtime_poll says CLOSED when all is well, too. */
    if (strcmp(lab->error, "the runtime has ended") == 0)
        lab->outcome = WEIR_OK;
    weir_error_free(error);
}

weir_status lab_try(lab_world *lab)
{
    weir_error *error = NULL;
    weir_status status = weir_runtime_load(lab->runtime, lab->module, &error);

    if (status == WEIR_OK)
        status = weir_runtime_on(lab->runtime, lab->module, "out", on_result, lab, &error);
    if (status == WEIR_OK)
        status = weir_runtime_on(lab->runtime, lab->module, "dead", on_letter, lab, &error);
    if (status == WEIR_OK && weir_runtime_fd(lab->runtime, &error) < 0)
        status = error != NULL ? weir_error_status(error) : WEIR_STATE;
    note(lab, status, error);
    return status;
}

void lab_start(lab_world *lab)
{
    if (lab_try(lab) != WEIR_OK)
        fail_msg("it does not start: %s", lab->error);
}

void lab_turn(lab_world *lab)
{
    weir_error *error = NULL;

    if (lab->ended)
        return;
    weir_status status = weir_runtime_poll(lab->runtime, &error);
    note(lab, status, error);
}

void lab_end(lab_world *lab)
{
    weir_runtime_free(lab->runtime);
    lab->runtime = NULL;
}

static int remove_one(const char *path, const struct stat *found, int type, struct FTW *walk)
{
    (void)found;
    (void)type;
    (void)walk;
    return remove(path);
}

void lab_clean(lab_world *lab)
{
    lab_end(lab);
    if (lab->input >= 0)
        close(lab->input);
    if (lab->output >= 0)
        close(lab->output);
    assert_int_equal(nftw(lab->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(lab->ids);
    free(lab->values);
    weir_buffer_free(&lab->bytes);
    weir_buffer_free(&lab->pending);
}

/* --- Conditions --- */

void lab_until(lab_world *lab, lab_condition condition, size_t arg, const char *what)
{
    struct pollfd ready = {.events = POLLIN};
    int64_t end = lab_now() + DEADLINE_MS;

    while (!condition(lab, arg)) {
        ready.fd = weir_runtime_fd(lab->runtime, NULL);
        if (lab->ended)
            fail_msg("it ended before %s: %s", what, lab->error);
        if (lab_now() > end)
            fail_msg("it never came to pass that %s; %zu results, %zu letters, log: %s", what,
                     lab->count, lab->letter_count, lab->log);
        if (lab->each != NULL)
            lab->each(lab);
        poll(&ready, 1, lab->each != NULL ? 1 : 20);
        lab_turn(lab);
    }
}

bool lab_has_results(lab_world *lab, size_t count)
{
    return lab->count >= count;
}

bool lab_has_letters(lab_world *lab, size_t count)
{
    return lab->letter_count >= count;
}

bool lab_has_ended(lab_world *lab, size_t unused)
{
    (void)unused;
    return lab->ended;
}

bool lab_is_held(lab_world *lab, size_t unused)
{
    (void)unused;
    return lab_source(lab).held;
}

void lab_expect_end(lab_world *lab, weir_status outcome)
{
    lab_until(lab, lab_has_ended, 0, "it ended");
    if (lab->outcome != outcome)
        fail_msg("the end is %s (%s), expected %s", weir_status_text(lab->outcome), lab->error,
                 weir_status_text(outcome));
}

void lab_expect_count_up(const lab_world *lab, size_t count)
{
    assert_true(lab->count >= count);
    for (size_t i = 0; i < count; i++)
        if (lab->ids[i] != (int64_t)i + 1)
            fail_msg("result %zu is item %lld", i + 1, (long long)lab->ids[i]);
}

weir_report *lab_report(lab_world *lab)
{
    weir_report *report = NULL;

    assert_int_equal(weir_runtime_metrics(lab->runtime, &report, NULL), WEIR_OK);
    return report;
}

weir_source_report lab_source(lab_world *lab)
{
    weir_report *report = lab_report(lab);
    weir_source_report source = report->sources[0];

    weir_report_free(report);
    return source;
}

weir_sink_report lab_sink(lab_world *lab)
{
    weir_report *report = lab_report(lab);
    weir_sink_report sink = report->sinks[0];

    weir_report_free(report);
    return sink;
}

/* --- Files and items --- */

const char *lab_path(const lab_world *lab, const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", lab->folder, name);
    return path;
}

void lab_write_file(const lab_world *lab, const char *name, const char *text)
{
    FILE *file = fopen(lab_path(lab, name), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

char *lab_read_file(const lab_world *lab, const char *name, size_t *ret_size)
{
    FILE *file = fopen(lab_path(lab, name), "re");
    weir_buffer text = {0};
    char piece[4096];
    size_t size;

    if (file == NULL)
        return NULL;
    while ((size = fread(piece, 1, sizeof piece, file)) != 0)
        weir_buffer_append(&text, piece, size);
    fclose(file);
    weir_buffer_append(&text, "", 0);
    if (ret_size != NULL)
        *ret_size = text.size;
    return text.data;
}

void lab_encode(int64_t id, weir_format format, weir_buffer *to)
{
    probe_item item = {.id = id, .value = (double)id / 4, .text = "an item, \"quoted\""};
    weir_wire_error error;

    assert_int_equal(weir_encode(&probe_item_type, format, &item, to, &error), WEIR_OK);
    if (format != WEIR_FORMAT_MSGPACK)
        weir_buffer_text(to, "\n");
}
