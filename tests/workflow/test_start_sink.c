/* SPDX-License-Identifier: Apache-2.0 */
/* test_start_sink.c - results of graphs that start executions (rule F15). */
#include "tests/workflow/flow.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "starts.weir.h"
#include <weir/weir.h>

static const char *const sinks[] = {"starts", "rounds", "batches", "keyed", "letters"};

enum { SINKS = sizeof sinks / sizeof *sinks };

typedef struct world {
    char url[256], other[256]; /* of all sinks; of all but the first, where it is not "" */
    weir_runtime *runtime;
    const char *give_up, *buffer; /* of all sinks */
    char log[2048];
} world;

/* --- Driving --- */

static void take_log(void *arg, weir_level level, const char *room, const char *name,
                     const char *message)
{
    world *w = arg;
    size_t size = strlen(w->log);

    (void)level;
    (void)room;
    snprintf(w->log + size, sizeof w->log - size, "%s: %s\n", name != NULL ? name : "", message);
}

static void begin_store(world *w)
{
    snprintf(w->url, sizeof w->url, "%s", flow_new_store());
}

static void set(world *w, const char *name, const char *option, const char *value)
{
    char full[128];

    snprintf(full, sizeof full, "%s.%s", name, option);
    FLOW_OK(weir_runtime_set(w->runtime, full, value, &error));
}

/* A runtime; `file` NULL: the source stays a channel. */
static void begin(world *w, const char *file)
{
    weir_runtime_config config = {
        .kinds = weir_workflow_kinds(), .log = take_log, .log_arg = w, .stop_within = 200000000};
    char sink[64];

    w->log[0] = '\0';
    FLOW_OK(weir_runtime_new(&config, &w->runtime, &error));
    for (size_t i = 0; i < SINKS; i++) {
        snprintf(sink, sizeof sink, "sinks.%s", sinks[i]);
        set(w, sink, "store", i != 0 && w->other[0] != '\0' ? w->other : w->url);
        if (w->give_up != NULL)
            set(w, sink, "give_up", w->give_up);
        if (w->buffer != NULL)
            set(w, sink, "buffer", w->buffer);
    }
    if (w->buffer != NULL)
        set(w, "sources.items", "capacity", "64");
    if (file != NULL) {
        set(w, "sources.items", "kind", "file");
        set(w, "sources.items", "path", file);
        set(w, "sources.items", "format", "json");
    }
    FLOW_OK(weir_runtime_load(w->runtime, &starts_module, &error));
}

static void end(world *w)
{
    weir_runtime_free(w->runtime);
    w->runtime = NULL;
}

static void run(world *w, const char *file)
{
    begin(w, file);
    FLOW_OK(weir_runtime_run(w->runtime, &error));
    end(w);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Turns until `condition`, for at most 20 seconds. */
static void turn_until(world *w, bool (*condition)(world *w), const char *what)
{
    struct pollfd ready = {.fd = weir_runtime_fd(w->runtime, NULL), .events = POLLIN};
    int64_t limit = weir_monotonic_now() + 20000000000;

    while (!condition(w)) {
        if (weir_monotonic_now() > limit)
            fail_msg("it was never so that %s", what);
        poll(&ready, 1, 20);
        FLOW_OK(weir_runtime_poll(w->runtime, &error));
    }
}

static void run_out(world *w)
{
    struct pollfd ready = {.fd = weir_runtime_fd(w->runtime, NULL), .events = POLLIN};
    weir_error *error = NULL;
    weir_status status;

    while ((status = weir_runtime_poll(w->runtime, &error)) == WEIR_OK)
        poll(&ready, 1, 20);
    flow_check(status == WEIR_CLOSED ? WEIR_OK : status, error, __FILE__, __LINE__);
}

/* --- Looking --- */

typedef struct found {
    const char *prefix; /* of the keys that count */
    size_t count;
    char newest_key[300], newest_input[300];
} found;

static weir_status take_execution(void *arg, const store_execution *row, weir_error **error)
{
    found *f = arg;

    (void)error;
    if (strncmp(row->key, f->prefix, strlen(f->prefix)) != 0)
        return WEIR_OK;
    if (f->count++ == 0)
        snprintf(f->newest_key, sizeof f->newest_key, "%s", row->key);
    if (row->input != NULL)
        snprintf(f->newest_input, sizeof f->newest_input, "%s", row->input);
    return WEIR_OK;
}

/* The executions whose keys begin so; the newest of them whole. */
static found look(const world *w, const char *prefix)
{
    found f = {.prefix = prefix}, whole = {.prefix = ""};
    store_filter all = {.most = 10000};
    weir_store *store = NULL;
    int64_t now;

    FLOW_OK(store_open(w->url, 10000000000, &store, &error));
    FLOW_OK(store->kind->begin(store, false, &now, &error));
    FLOW_OK(store->kind->each_execution(store, &all, take_execution, &f, &error));
    for (int i = 0; i < 3 && f.count != 0; i++) /* of whichever workflow */
        store->kind->find_execution(store, 0, (const char *[]){"count", "free", "dead"}[i],
                                    f.newest_key, true, take_execution, &whole, NULL);
    memcpy(f.newest_input, whole.newest_input, sizeof f.newest_input);
    store->kind->rollback(store);
    store_close(store);
    return f;
}

/* --- Cases --- */

static void each_result_starts_one(void **state)
{
    world w = {0};

    (void)state;
    begin_store(&w);
    write_file("starts.jsonl", "{\"n\":7}\n{\"n\":8,\"note\":\"x\"}\n{\"n\":9}\n");
    run(&w, "starts.jsonl");
    found f = look(&w, "starts/starts/pass.only/items:starts.jsonl@");
    assert_int_equal(f.count, 3);
    assert_string_equal(f.newest_input, "{\"by\":\"nobody\",\"number\":9}");
    assert_int_equal(look(&w, "starts/keyed/by_key.own/items:starts.jsonl@").count, 3);
    f = look(&w, "starts/batches/gather.sum/items:starts.jsonl@");
    assert_int_equal(f.count, 1);
    assert_non_null(strstr(f.newest_key, ":0 and 2 more "));
    assert_string_equal(f.newest_input, "{\"by\":\"nobody\",\"number\":3}");
}

/* The same events again, as after a crash. */
static void what_comes_again_is_not_started_twice(void **state)
{
    world w = {0};

    (void)state;
    begin_store(&w);
    write_file("again.jsonl", "{\"n\":1}\n{\"n\":1}\n{\"n\":-1}\n{\"n\":2}\n");
    run(&w, "again.jsonl");
    size_t all = look(&w, "").count;
    /* pass: 3 and a letter; loop: two events by two ways, each in three rounds; batches: 2 */
    assert_int_equal(look(&w, "starts/starts/").count, 3);
    assert_int_equal(look(&w, "starts/rounds/loop.told/").count, 12);
    assert_int_equal(look(&w, "starts/batches/").count, 2);
    assert_int_equal(look(&w, "starts/keyed/").count, 4);
    assert_int_equal(look(&w, "starts/letters/").count, 1);
    assert_int_equal(all, 22);
    run(&w, "again.jsonl");
    assert_int_equal(look(&w, "").count, all);
    assert_string_equal(w.log, "");
    /* Another file has other events, also under its name. */
    write_file("again.new", "{\"n\":5}\n");
    assert_int_equal(rename("again.new", "again.jsonl"), 0);
    run(&w, "again.jsonl");
    assert_int_equal(look(&w, "starts/starts/").count, 4);
}

static void a_channel_has_no_past(void **state)
{
    world w = {0};
    starts_item item = {.n = 5};

    (void)state;
    begin_store(&w);
    for (int i = 0; i < 2; i++) {
        begin(&w, NULL);
        FLOW_OK(starts_push_items(w.runtime, &item, &error));
        FLOW_OK(weir_runtime_close(w.runtime, &starts_module, 0, &error));
        FLOW_OK(weir_runtime_run(w.runtime, &error));
        end(&w);
    }
    assert_int_equal(look(&w, "starts/starts/pass.only/items:0:0 in run ").count, 2);
}

static void a_key_of_its_own(void **state)
{
    world w = {0};
    char line[700], text[1200];

    (void)state;
    begin_store(&w);
    memset(line, 'k', 256);
    line[256] = '\0';
    snprintf(text, sizeof text,
             "{\"n\":1,\"id\":\"one\"}\n{\"n\":1,\"id\":\"one\"}\n{\"n\":2,\"id\":\"one\"}\n"
             "{\"n\":3,\"id\":\"%s\"}\n{\"n\":4}\n",
             line);
    write_file("keys.jsonl", text);
    run(&w, "keys.jsonl");
    found f = look(&w, "one");
    assert_int_equal(f.count, 1);
    assert_string_equal(f.newest_input, "{\"by\":\"nobody\",\"number\":1}");
    /* That there was another input is told, and stands with the execution. */
    assert_non_null(strstr(w.log, "starts: 1 start was refused: the key 'one' was used for "
                                  "execution "));
    assert_int_equal(look(&w, "starts/starts/pass.only/").count, 1); /* the one without a key */
    f = look(&w, "starts/letters/dead letter.pass.only/");
    assert_int_equal(f.count, 1);
    assert_non_null(strstr(f.newest_input, "id: a key has 1 to 255 bytes, not 256"));
}

static void what_was_refused_stands_with_the_execution(void **state)
{
    world w = {0};
    weir_runner *runner = NULL;
    char *text = NULL;

    (void)state;
    begin_store(&w);
    write_file("refused.jsonl", "{\"n\":1,\"id\":\"one\"}\n{\"n\":2,\"id\":\"one\"}\n");
    run(&w, "refused.jsonl");
    FLOW_OK(weir_runner_open(w.url, NULL, 0, &runner, &error));
    for (int64_t id = 1; text == NULL || strstr(text, "a start by") == NULL; id++) {
        weir_free(text);
        FLOW_OK(weir_workflow_events(runner, id, &text, &error));
    }
    assert_non_null(strstr(text, "a start by sink 'starts' of 'starts' was refused: the key 'one' "
                                 "was used for execution"));
    weir_free(text);
    weir_runner_close(runner);
}

static void an_input_that_does_not_fit_is_a_dead_letter(void **state)
{
    world w = {0};

    (void)state;
    begin_store(&w);
    write_file("fit.jsonl", "{\"n\":-1}\n{\"n\":1}\n");
    run(&w, "fit.jsonl");
    assert_int_equal(look(&w, "starts/starts/").count, 1);
    found f = look(&w, "starts/letters/dead letter.pass.only/items:fit.jsonl@");
    assert_int_equal(f.count, 1);
    assert_non_null(strstr(f.newest_input, "sink 'starts' cannot write the result: the input of "
                                           "'count' is wrong at number"));
}

/* --- A store that is not to be had --- */

/* Somebody else writes, and does not end. */
static weir_store *hold(const world *w)
{
    weir_store *store = NULL;
    int64_t now;

    FLOW_OK(store_open(w->url, 10000000000, &store, &error));
    FLOW_OK(store->kind->begin(store, true, &now, &error));
    return store;
}

static void begin_two_stores(world *w)
{
    begin_store(w);
    snprintf(w->other, sizeof w->other, "%s", flow_new_store());
}

static void let_go(weir_store *store)
{
    store->kind->rollback(store);
    store_close(store);
}

static const weir_sink_report *report_of(const weir_report *report, const char *name)
{
    for (size_t i = 0; i < report->sink_count; i++)
        if (strcmp(report->sinks[i].name, name) == 0)
            return &report->sinks[i];
    fail_msg("there is no sink '%s'", name);
    return NULL;
}

static bool is_in_trouble(world *w)
{
    weir_report *report = NULL;

    FLOW_OK(weir_runtime_metrics(w->runtime, &report, &error));
    const weir_sink_report *sink = report_of(report, "starts");
    bool told = sink->trouble != NULL && strstr(sink->trouble, "has held the store") != NULL;
    weir_report_free(report);
    return told;
}

static bool is_held(world *w)
{
    starts_item item = {.n = 10};
    weir_report *report = NULL;
    bool full = false;

    while (!full) /* of a channel that is full */
        full = starts_push_items(w->runtime, &item, NULL) != WEIR_OK;
    FLOW_OK(weir_runtime_metrics(w->runtime, &report, &error));
    bool held = false;
    for (size_t i = 0; i < report->reactor_count; i++)
        held = held || (report->reactors[i].metrics.health & WEIR_REACTOR_HELD) != 0;
    weir_report_free(report);
    return held;
}

static size_t results_of(world *w, const char *sink)
{
    weir_report *report = NULL;

    FLOW_OK(weir_runtime_metrics(w->runtime, &report, &error));
    size_t count = report_of(report, sink)->metrics.results;
    weir_report_free(report);
    return count;
}

static void a_store_that_is_held_is_waited_for(void **state)
{
    world w = {.buffer = "4096"};
    starts_item item = {.n = 1};

    (void)state;
    if (flow_is_postgres())
        return; /* writers do not hold each other there */
    begin_two_stores(&w);
    begin(&w, NULL);
    weir_store *store = hold(&w);
    FLOW_OK(starts_push_items(w.runtime, &item, &error));
    turn_until(&w, is_in_trouble, "the sink says what it waits for");
    turn_until(&w, is_held, "its writers are held");
    let_go(store);
    FLOW_OK(weir_runtime_close(w.runtime, &starts_module, 0, &error));
    run_out(&w);
    size_t results = results_of(&w, "starts");
    end(&w);
    assert_int_equal(look(&w, "starts/starts/").count, results);
}

static void a_store_is_given_up(void **state)
{
    world w = {.give_up = "50ms"};
    starts_item item = {.n = 1};

    (void)state;
    if (flow_is_postgres())
        return;
    begin_two_stores(&w);
    begin(&w, NULL);
    weir_store *store = hold(&w);
    FLOW_OK(starts_push_items(w.runtime, &item, &error));
    FLOW_FAILS(WEIR_IO, "has held the store", weir_runtime_run(w.runtime, &error));
    let_go(store);
    end(&w);
    assert_int_equal(look(&w, "starts/starts/").count, 0);
}

/* --- Opening --- */

static void wrong_settings(void **state)
{
    static const struct {
        const char *option, *value, *text;
        weir_status status;
    } cases[] = {
        {"workflow", "cuont",
         "starts the workflow 'cuont', which its spec does not declare; did "
         "you mean 'count'?",
         WEIR_SPEC},
        {"input.number", "m", "'m' of option 'input' is no field of 'Item'", WEIR_SPEC},
        {"key", "m", "'m' of option 'key' is no field of 'Item'", WEIR_SPEC},
        {"store", "mysql:x", "'mysql' names no store", WEIR_INVALID},
        {"store", "sqlite:/no/such/folder/x.db", "/no/such/folder/x.db", WEIR_IO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world w = {0};
        begin_store(&w);
        weir_runtime_config config = {.kinds = weir_workflow_kinds()};
        FLOW_OK(weir_runtime_new(&config, &w.runtime, &error));
        for (size_t s = 0; s < SINKS; s++) {
            char sink[64];
            snprintf(sink, sizeof sink, "sinks.%s", sinks[s]);
            set(&w, sink, "store", w.url);
        }
        set(&w, "sinks.starts", cases[i].option, cases[i].value);
        FLOW_OK(weir_runtime_load(w.runtime, &starts_module, &error));
        FLOW_FAILS(cases[i].status, cases[i].text, weir_runtime_run(w.runtime, &error));
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_result_starts_one),
        cmocka_unit_test(what_comes_again_is_not_started_twice),
        cmocka_unit_test(a_channel_has_no_past),
        cmocka_unit_test(a_key_of_its_own),
        cmocka_unit_test(what_was_refused_stands_with_the_execution),
        cmocka_unit_test(an_input_that_does_not_fit_is_a_dead_letter),
        cmocka_unit_test(a_store_that_is_held_is_waited_for),
        cmocka_unit_test(a_store_is_given_up),
        cmocka_unit_test(wrong_settings),
    };

    return cmocka_run_group_tests_name("start_sink", tests, NULL, NULL);
}
