/* SPDX-License-Identifier: Apache-2.0 */
/* test_channels.c - what is particular to channels, sockets and timers. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "beat.weir.h"
#include "tests/conformance/lab.h"

/* --- A full channel --- */

static const struct {
    const char *on_full;
    const char *pushes;  /* an 'x': the push is refused */
    const char *results; /* of 1, 2 .. 6 into four places */
    uint64_t dropped, collapsed;
} full_cases[] = {
    {"fail", "....xx", "1 2 3 4 ", 0, 0},
    {"drop_oldest", "......", "3 4 5 6 ", 2, 0},
    {"conflate", "......", "1 2 3 6 ", 0, 2},
};

static void write_results(const lab_world *lab, char *text, size_t size)
{
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < lab->count; i++)
        at += (size_t)snprintf(text + at, size - at, "%lld ", (long long)lab->ids[i]);
}

static void push_six(lab_world *lab, const char *pushes)
{
    for (int64_t id = 1; id <= 6; id++) {
        probe_item item = {.id = id};
        weir_error *error = NULL;
        weir_status status = probe_push_items(lab->runtime, &item, &error);
        assert_int_equal(status, pushes[id - 1] == 'x' ? WEIR_FULL : WEIR_OK);
        if (status == WEIR_FULL) {
            assert_true(weir_error_retriable(error));
            assert_non_null(strstr(weir_error_message(error), "'items' is full"));
        }
        weir_error_free(error);
    }
}

static void on_full(void **state)
{
    char setting[64], results[64];

    (void)state;
    for (size_t i = 0; i < sizeof full_cases / sizeof *full_cases; i++) {
        lab_world lab = {0};
        print_message("  %s\n", full_cases[i].on_full);
        lab_begin(&lab);
        snprintf(setting, sizeof setting, "capacity=4 on_full=%s", full_cases[i].on_full);
        lab_set(&lab, "sources.items", setting);
        lab_start(&lab);
        push_six(&lab, full_cases[i].pushes);
        assert_int_equal(lab_source(&lab).gauges.buffered, 4);
        assert_int_equal(lab_source(&lab).gauges.buffer_limit, 4);
        assert_int_equal(lab_source(&lab).waiting, 4);
        lab_until(&lab, lab_has_results, 4, "they came");
        write_results(&lab, results, sizeof results);
        assert_string_equal(results, full_cases[i].results);
        weir_ledger ledger = lab_source(&lab).ledger;
        assert_int_equal(ledger.received, 4 + full_cases[i].dropped + full_cases[i].collapsed);
        assert_int_equal(ledger.dropped, full_cases[i].dropped);
        assert_int_equal(ledger.collapsed, full_cases[i].collapsed);
        assert_int_equal(lab_source(&lab).waiting, 0);
        lab_clean(&lab);
    }
}

/* --- A push that waits --- */

typedef struct pusher {
    lab_world *lab;
    atomic_int pushed;
    _Atomic weir_status last;
    pthread_t thread;
} pusher;

static void *push_on(void *arg)
{
    pusher *p = arg;

    for (int64_t id = 1; id <= 1000 && atomic_load(&p->last) == WEIR_OK; id++) {
        probe_item item = {.id = id};
        weir_status status = probe_push_items(p->lab->runtime, &item, NULL);
        if (status == WEIR_OK)
            atomic_fetch_add(&p->pushed, 1);
        else
            atomic_store(&p->last, status);
    }
    return NULL;
}

static pusher waiting;

static bool it_waits(lab_world *lab, size_t unused)
{
    (void)unused;
    weir_source_report source = lab_source(lab);
    return source.held && source.gauges.buffered + source.in_flight >= 4 &&
           atomic_load(&waiting.pushed) >= 4;
}

static void begin_blocking(lab_world *lab)
{
    lab_begin(lab);
    lab_set(lab, "sources.items", "capacity=4 on_full=block");
    lab_start(lab);
    assert_int_equal(weir_runtime_pause(lab->runtime, "echo", NULL), WEIR_OK);
    waiting = (pusher){.lab = lab};
    assert_int_equal(pthread_create(&waiting.thread, NULL, push_on, &waiting), 0);
    lab_until(lab, it_waits, 0, "the push waited");
}

static void block_goes_on(void **state)
{
    lab_world lab = {0};

    (void)state;
    begin_blocking(&lab);
    assert_int_equal(weir_runtime_resume(lab.runtime, "echo", NULL), WEIR_OK);
    lab_until(&lab, lab_has_results, 1000, "all came");
    pthread_join(waiting.thread, NULL);
    lab_expect_count_up(&lab, 1000);
    lab_clean(&lab);
}

/* A stop wakes who waits for a place that will never come. */
static void block_is_woken_by_a_stop(void **state)
{
    lab_world lab = {0};

    (void)state;
    begin_blocking(&lab);
    weir_runtime_stop(lab.runtime);
    lab_expect_end(&lab, WEIR_OK);
    pthread_join(waiting.thread, NULL);
    assert_int_equal(atomic_load(&waiting.last), WEIR_CLOSED);
    assert_true(atomic_load(&waiting.pushed) < 1000);
    lab_clean(&lab);
}

static void in_flight_is_limited(void **state)
{
    lab_world lab = {0};

    (void)state;
    lab_begin(&lab);
    lab_set(&lab, "sources.items", "max_in_flight=5 turn=3");
    lab_start(&lab);
    assert_int_equal(weir_runtime_pause(lab.runtime, "echo", NULL), WEIR_OK);
    for (int64_t id = 1; id <= 20; id++)
        assert_int_equal(probe_push_items(lab.runtime, &(probe_item){.id = id}, NULL), WEIR_OK);
    lab_until(&lab, lab_is_held, 0, "it was held");
    assert_int_equal(lab_source(&lab).in_flight, 5);
    assert_int_equal(lab_source(&lab).max_in_flight, 5);
    assert_int_equal(lab_source(&lab).waiting, 20);
    assert_int_equal(weir_runtime_resume(lab.runtime, "echo", NULL), WEIR_OK);
    lab_until(&lab, lab_has_results, 20, "all came");
    lab_expect_count_up(&lab, 20);
    lab_clean(&lab);
}

/* --- Timers --- */

/* Each tick is due a whole number of beats after the first, however late it comes: its time within
 * the beat, the item's value, stays the same. */
static void a_timer_does_not_drift(void **state)
{
    lab_world lab = {.module = &beat_module};

    (void)state;
    lab_begin(&lab);
    lab_start(&lab);
    lab_until(&lab, lab_has_results, 5, "it beats");
    assert_int_equal(weir_runtime_pause(lab.runtime, "echo", NULL), WEIR_OK);
    lab_until(&lab, lab_is_held, 0, "it was held");
    assert_int_equal(weir_runtime_resume(lab.runtime, "echo", NULL), WEIR_OK);
    lab_until(&lab, lab_has_results, 50, "it beats again");
    lab_expect_count_up(&lab, 50);
    for (size_t i = 1; i < 50; i++)
        assert_true(lab.values[i] >= lab.values[0] && lab.values[i] <= lab.values[0]);
    lab_clean(&lab);
}

/* --- Sockets --- */

static int call(const lab_world *lab)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const void *to = &address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", lab_path(lab, "in"));
    assert_int_equal(connect(fd, to, sizeof address), 0);
    return fd;
}

static void say(int fd, int64_t id)
{
    weir_buffer line = {0};

    lab_encode(id, WEIR_FORMAT_JSON, &line);
    assert_int_equal(send(fd, line.data, line.size, MSG_NOSIGNAL), line.size);
    weir_buffer_free(&line);
}

static void listen_with(lab_world *lab, const char *settings)
{
    lab_begin(lab);
    lab_set(lab, "sources.items", "kind=unix path=%/in");
    lab_set(lab, "sources.items", settings);
    lab_start(lab);
}

/* Each keeps its own order; who comes when is nobody's promise. */
static void many_clients(void **state)
{
    enum { CLIENTS = 3, EACH = 500 };
    lab_world lab = {0};
    int clients[CLIENTS], newest[CLIENTS] = {0};

    (void)state;
    listen_with(&lab, "");
    for (int c = 0; c < CLIENTS; c++)
        clients[c] = call(&lab);
    for (int64_t i = 1; i <= EACH; i++)
        for (int c = 0; c < CLIENTS; c++) {
            say(clients[c], c * 1000 + i);
            lab_turn(&lab);
        }
    lab_until(&lab, lab_has_results, (size_t)CLIENTS * EACH, "all came");
    assert_int_equal(lab_source(&lab).gauges.clients, CLIENTS);
    for (size_t i = 0; i < lab.count; i++) {
        int64_t c = lab.ids[i] / 1000, n = lab.ids[i] % 1000;
        assert_int_equal(n, ++newest[c]);
    }
    for (int c = 0; c < CLIENTS; c++)
        close(clients[c]);
    lab_clean(&lab);
}

static bool one_was_refused(lab_world *lab, size_t unused)
{
    (void)unused;
    return lab_source(lab).gauges.refused == 1;
}

static void clients_are_limited(void **state)
{
    lab_world lab = {0};
    char byte;

    (void)state;
    listen_with(&lab, "max_clients=2");
    int a = call(&lab), b = call(&lab), c = call(&lab);
    lab_until(&lab, one_was_refused, 0, "the third was refused");
    assert_int_equal(recv(c, &byte, 1, 0), 0);
    assert_int_equal(lab_source(&lab).gauges.clients, 2);
    assert_int_equal(lab_source(&lab).gauges.client_limit, 2);
    assert_non_null(strstr(lab.log, "'max_clients' are connected already"));
    /* Their places are free again once they have gone. */
    say(a, 1);
    close(a);
    close(c);
    lab_until(&lab, lab_has_results, 1, "it came");
    c = call(&lab);
    say(c, 2);
    lab_until(&lab, lab_has_results, 2, "the new one was heard");
    close(b);
    close(c);
    lab_clean(&lab);
}

/* Events of a client that has gone still have their bytes when they fail. */
static void letters_outlive_their_client(void **state)
{
    lab_world lab = {0};

    (void)state;
    listen_with(&lab, "");
    int fd = call(&lab);
    weir_buffer lines = {0};
    for (int64_t i = 1; i <= 1000; i++)
        lab_encode(i, WEIR_FORMAT_JSON, &lines);
    lab_encode(0, WEIR_FORMAT_JSON, &lines);
    assert_int_equal(send(fd, lines.data, lines.size, MSG_NOSIGNAL), lines.size);
    weir_buffer_free(&lines);
    close(fd);
    lab_until(&lab, lab_has_letters, 1, "the last one failed");
    assert_int_equal(lab.letters[0].position, 1000);
    assert_memory_equal(lab.letters[0].raw, "{\"id\":0,", 8);
    lab_clean(&lab);
}

/* --- A client that resets the connection --- */

/* The runtime's end of the only client's connection. */
static int other_end(const lab_world *lab)
{
    struct sockaddr_un address;
    void *to = &address;

    for (int fd = 3; fd < 1024; fd++) {
        socklen_t size = sizeof address, length = sizeof(int);
        int listens = 1;
        if (getsockname(fd, to, &size) == 0 && size > sizeof(sa_family_t) &&
            getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && !listens &&
            strcmp(address.sun_path, lab_path(lab, "in")) == 0)
            return fd;
    }
    return -1;
}

static bool has_clients(lab_world *lab, size_t count)
{
    return lab_source(lab).gauges.clients == count;
}

/* A Unix socket is reset where its peer closes it with bytes that it has not read. The source sends
 * none, so they are sent for it here. */
static int call_to_reset(lab_world *lab, const char *settings)
{
    listen_with(lab, settings);
    int fd = call(lab);
    lab_until(lab, has_clients, 1, "it was accepted");
    assert_int_equal(send(other_end(lab), "unread", 6, MSG_NOSIGNAL), 6);
    return fd;
}

static void reset_after(const char *settings, const char *rest, size_t results, size_t letters)
{
    lab_world lab = {0};
    int fd = call_to_reset(&lab, settings);
    weir_buffer bytes = {0};

    lab_encode(1, WEIR_FORMAT_JSON, &bytes);
    bytes.size--;
    weir_buffer_text(&bytes, rest);
    assert_int_equal(send(fd, bytes.data, bytes.size, MSG_NOSIGNAL), bytes.size);
    weir_buffer_free(&bytes);
    close(fd);
    lab_until(&lab, has_clients, 0, "it was let go");
    assert_int_equal(lab.count, results);
    assert_int_equal(lab.letter_count, letters);
    if (letters != 0)
        assert_string_equal(lab.letters[0].reason, "the sender broke off within the message");
    /* The next one is heard as ever. */
    fd = call(&lab);
    say(fd, 2);
    lab_until(&lab, lab_has_results, results + 1, "the next one was heard");
    close(fd);
    lab_clean(&lab);
}

/* What came before is taken; what is not known to be whole is a dead letter, a last line too. */
static void clients_reset(void **state)
{
    (void)state;
    reset_after("", "\n", 1, 0);
    reset_after("", "\n{\"id\":", 1, 1);
    reset_after("", "", 0, 1);
}

/* --- No descriptors left --- */

static bool is_deaf(lab_world *lab, size_t unused)
{
    (void)unused;
    return strstr(lab->log, "cannot accept a client: Too many open files") != NULL;
}

static void descriptors_run_out(void **state)
{
    lab_world lab = {0};
    struct rlimit limit, less;

    (void)state;
    listen_with(&lab, "");
    int fd = call(&lab);
    say(fd, 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    less = limit;
    less.rlim_cur = (rlim_t)fd + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    lab_until(&lab, is_deaf, 0, "it could not accept");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    lab_until(&lab, lab_has_results, 1, "it was accepted after all");
    close(fd);
    lab_clean(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_full),
        cmocka_unit_test(block_goes_on),
        cmocka_unit_test(block_is_woken_by_a_stop),
        cmocka_unit_test(in_flight_is_limited),
        cmocka_unit_test(a_timer_does_not_drift),
        cmocka_unit_test(many_clients),
        cmocka_unit_test(clients_are_limited),
        cmocka_unit_test(letters_outlive_their_client),
        cmocka_unit_test(clients_reset),
        cmocka_unit_test(descriptors_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
