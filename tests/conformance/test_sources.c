/* SPDX-License-Identifier: Apache-2.0 */
/* test_sources.c - what every kind of source must do: a table of kinds by a table of cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/conformance/source_kinds.h"

enum { MANY = 1000, BEATS = 20, ECHO_CAPACITY = 16, SPAN = 256, CHANNEL = 2000 };

static bool beats(const source_kind *kind)
{
    return kind->give == NULL && kind->push == NULL;
}

/* --- Checks --- */

/* A letter shows the bytes that came for that word, or their beginning. */
static void expect_letter(const lab_world *lab, const source_kind *kind, size_t index,
                          int64_t position, const char *word)
{
    const lab_letter *letter = &lab->letters[index];
    source_kind plain = *kind;
    weir_buffer sent = {0};

    plain.length = false;
    assert_int_equal(letter->position, position);
    assert_true(letter->reason[0] != '\0');
    if (kind->give == NULL) {
        assert_memory_equal(letter->raw, "re-encoded: {", 13);
        return;
    }
    source_message(&plain, word, &sent);
    assert_in_range(letter->raw_size, 1, sent.size);
    assert_memory_equal(letter->raw, sent.data, letter->raw_size);
    if (strcmp(word, "long") != 0 && strcmp(word, "half") != 0)
        assert_true(sent.size - letter->raw_size <= 1);
    weir_buffer_free(&sent);
}

static void expect_ledger(lab_world *lab, uint64_t received, uint64_t fired, uint64_t dead)
{
    weir_source_report source = lab_source(lab);

    assert_int_equal(source.ledger.received, received);
    assert_int_equal(source.ledger.fired, fired);
    assert_int_equal(source.ledger.dead, dead);
    assert_int_equal(source.waiting, 0);
    assert_true(source.gauges.buffered <= source.gauges.buffer_limit);
}

/* Ends a source that does not end by itself. */
static void expect_end(lab_world *lab, const source_kind *kind)
{
    if (kind->skips[SOURCE_ENDS] != NULL)
        weir_runtime_stop(lab->runtime);
    lab_expect_end(lab, WEIR_OK);
    assert_int_equal(lab_source(lab).health, WEIR_SOURCE_ENDED);
}

/* --- Cases --- */

static void order(lab_world *lab, const source_kind *kind)
{
    char script[8 * MANY] = "";
    size_t size = 0;

    for (int id = 1; id <= MANY; id++)
        size += (size_t)snprintf(script + size, sizeof script - size, "%d ", id);
    snprintf(script + size, sizeof script - size, "0 %d", MANY + 1);
    source_run(lab, kind, beats(kind) ? "" : script);
    lab_until(lab, lab_has_results, beats(kind) ? BEATS : MANY + 1, "all arrived");
    lab_expect_count_up(lab, beats(kind) ? BEATS : MANY + 1);
    if (beats(kind))
        return;
    expect_letter(lab, kind, 0, MANY, "0");
    expect_ledger(lab, MANY + 2, MANY + 1, 1);
    assert_true(kind->give == NULL || lab_source(lab).bytes > MANY);
}

static void bad(lab_world *lab, const source_kind *kind)
{
    source_run(lab, kind, "1 bad 2 0 3 bad bad 4");
    lab_until(lab, lab_has_results, 4, "the stream went on");
    lab_expect_count_up(lab, 4);
    assert_int_equal(lab->letter_count, 4);
    expect_letter(lab, kind, 0, 1, "bad");
    expect_letter(lab, kind, 1, 3, "0");
    expect_letter(lab, kind, 2, 5, "bad");
    expect_letter(lab, kind, 3, 6, "bad");
    expect_ledger(lab, 8, 4, 4);
}

static void too_long(lab_world *lab, const source_kind *kind)
{
    source_run(lab, kind, "1 long 2 long 3");
    lab_until(lab, lab_has_results, 3, "the stream went on");
    lab_expect_count_up(lab, 3);
    assert_int_equal(lab->letter_count, 2);
    expect_letter(lab, kind, 0, 1, "long");
    expect_letter(lab, kind, 1, 3, "long");
    assert_non_null(strstr(lab->letters[0].reason, "long"));
    assert_true(lab->letters[0].raw_size >= 256);
    expect_ledger(lab, 5, 3, 2);
}

static void ends(lab_world *lab, const source_kind *kind)
{
    source_run(lab, kind, "1 2");
    expect_end(lab, kind);
    lab_expect_count_up(lab, 2);
    expect_ledger(lab, 2, 2, 0);
}

typedef struct filling {
    const source_kind *kind;
    int64_t next, last;
} filling;

static filling filled;

static bool is_filled(lab_world *lab, size_t unused)
{
    filled.next = source_supply(lab, filled.kind, filled.next, filled.last);
    return lab_is_held(lab, unused) &&
           (filled.kind->whole || filled.next <= filled.last || beats(filled.kind));
}

static bool has_all(lab_world *lab, size_t count)
{
    filled.next = source_supply(lab, filled.kind, filled.next, filled.last);
    return lab->count >= count;
}

/* Pauses the reactor and gives the source more than it can hold. */
static void fill(lab_world *lab, const source_kind *kind)
{
    filled = (filling){kind, 1, kind->whole ? 5 * MANY : 100 * MANY};
    if (kind->whole) {
        filled.next = source_supply(lab, kind, 1, filled.last);
        source_supply(lab, kind, 1, 0);
        kind->finish(lab);
    }
    lab_start(lab);
    assert_int_equal(weir_runtime_pause(lab->runtime, "echo", NULL), WEIR_OK);
    if (kind->connect != NULL)
        kind->connect(lab);
    if (kind->whole)
        lab_until(lab, lab_is_held, 0, "it was held");
    else
        lab_until(lab, is_filled, 0, "it took no more");
}

static void expect_bounded(lab_world *lab)
{
    weir_report *report = lab_report(lab);
    const weir_source_report *source = &report->sources[0];

    assert_int_equal(lab->count, 0);
    assert_true(source->held);
    assert_int_equal(source->in_flight, ECHO_CAPACITY);
    assert_in_range(source->waiting, ECHO_CAPACITY + 1, ECHO_CAPACITY + SPAN + CHANNEL);
    assert_true(source->gauges.buffered <= source->gauges.buffer_limit);
    assert_true(source->in_flight <= source->max_in_flight);
    assert_true((report->reactors[0].metrics.health & WEIR_REACTOR_PAUSED) != 0);
    weir_report_free(report);
}

static void full(lab_world *lab, const source_kind *kind)
{
    fill(lab, kind);
    expect_bounded(lab);
    size_t all = beats(kind) ? 3 * BEATS : (size_t)filled.next - 1 + (kind->whole ? 0 : 50);
    filled.last = (int64_t)all;
    assert_int_equal(weir_runtime_resume(lab->runtime, "echo", NULL), WEIR_OK);
    lab_until(lab, has_all, all, "it went on");
    lab_expect_count_up(lab, all);
    assert_int_equal(lab->letter_count, 0);
    if (!beats(kind))
        expect_ledger(lab, all, all, 0);
}

static void slow(lab_world *lab, const source_kind *kind)
{
    weir_buffer bytes = {0};

    source_message(kind, "1", &bytes);
    source_message(kind, "bad", &bytes);
    source_message(kind, "2", &bytes);
    lab_start(lab);
    kind->connect(lab);
    for (size_t i = 0; i < bytes.size; i++) {
        assert_int_equal(kind->give(lab, bytes.data + i, 1), 1);
        lab_turn(lab);
    }
    lab_until(lab, lab_has_results, 2, "what came by bytes is whole");
    lab_expect_count_up(lab, 2);
    expect_letter(lab, kind, 0, 1, "bad");
    weir_buffer_free(&bytes);
}

static void gone(lab_world *lab, const source_kind *kind)
{
    source_run(lab, kind, "1 half");
    lab_until(lab, lab_has_letters, 1, "half a message is a dead letter");
    lab_expect_count_up(lab, 1);
    expect_letter(lab, kind, 0, 1, "half");
    if (kind->skips[SOURCE_ENDS] == NULL) {
        lab_expect_end(lab, WEIR_OK);
        return;
    }
    kind->connect(lab);
    source_supply(lab, kind, 2, 2);
    assert_int_equal(source_supply(lab, kind, 3, 2), 3);
    lab_until(lab, lab_has_results, 2, "the next sender was heard");
    lab_expect_count_up(lab, 2);
    expect_ledger(lab, 3, 2, 1);
}

/* As a process leaves it that was killed. */
static void leave_socket(const lab_world *lab)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const void *to = &address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", lab_path(lab, "in"));
    assert_int_equal(bind(fd, to, sizeof address), 0);
    close(fd);
}

static void restart(lab_world *lab, const source_kind *kind)
{
    bool is_socket = strncmp(kind->name, "unix", 4) == 0;

    for (int run = 0; run < 3; run++) {
        if (is_socket && run == 2)
            leave_socket(lab);
        if (run != 0)
            source_begin(lab, kind);
        source_run(lab, kind, beats(kind) ? "" : "1 2 3");
        lab_until(lab, lab_has_results, 3, "the run has done its work");
        expect_end(lab, kind);
        lab_expect_count_up(lab, 3);
        if (is_socket)
            assert_int_not_equal(access(lab_path(lab, "in"), F_OK), 0);
        lab_end(lab);
    }
}

static void stop(lab_world *lab, const source_kind *kind)
{
    fill(lab, kind);
    int64_t began = lab_now();
    weir_runtime_stop(lab->runtime);
    lab_expect_end(lab, WEIR_OK);
    assert_true(lab_now() - began < 5000);
    assert_int_equal(lab->count, 0);
    assert_int_equal(lab->letter_count, 0);
    assert_true(lab_source(lab).waiting > ECHO_CAPACITY);
    assert_int_equal(lab_source(lab).health, WEIR_SOURCE_ENDED);
    assert_true(kind->push == NULL || !kind->push(lab, 1));
}

/* --- The tables --- */

static const struct {
    const char *name;
    void (*run)(lab_world *lab, const source_kind *kind);
} cases[SOURCE_CASES] = {
    [SOURCE_ORDER] = {"order", order},      [SOURCE_BAD] = {"bad input", bad},
    [SOURCE_LONG] = {"too long", too_long}, [SOURCE_ENDS] = {"ends", ends},
    [SOURCE_FULL] = {"full", full},         [SOURCE_SLOW] = {"slow", slow},
    [SOURCE_GONE] = {"gone", gone},         [SOURCE_RESTART] = {"restart", restart},
    [SOURCE_STOP] = {"stop", stop},
};

static void every_source(void **state)
{
    const source_kind *kind = *state;

    for (size_t c = 0; c < SOURCE_CASES; c++) {
        if (kind->skips[c] != NULL) {
            print_message("  %s: not for it: %s\n", cases[c].name, kind->skips[c]);
            continue;
        }
        lab_world lab = {0};
        print_message("  %s\n", cases[c].name);
        source_begin(&lab, kind);
        cases[c].run(&lab, kind);
        lab_clean(&lab);
    }
}

int main(void)
{
    struct CMUnitTest *tests = calloc(source_kind_count, sizeof *tests);

    for (size_t i = 0; tests != NULL && i < source_kind_count; i++)
        tests[i] = (struct CMUnitTest){.name = source_kinds[i].name,
                                       .test_func = every_source,
                                       .initial_state = (void *)(uintptr_t)&source_kinds[i]};
    int failed = _cmocka_run_group_tests("sources", tests, source_kind_count, NULL, NULL);
    free(tests);
    return failed;
}
