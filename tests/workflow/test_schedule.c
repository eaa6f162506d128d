/* SPDX-License-Identifier: Apache-2.0 */
/* test_schedule.c - workflows that start by themselves (F14): which slots are started, when, and
 * what becomes of the others. A runner is driven turn by turn, on a clock that a script moves.
 *
 *     +90s   the clock moves, and the runner has its turns     hold go   the task waits, or ends
 *     off on the runner is gone, and a new one comes           other     one with another schedule
 */
#include "tests/workflow/flow.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "core/clock.h"
#include "core/text.h"

static const char *const beginning = "2026-03-28T22:00:00Z"; /* a day before clocks go forward */

/* --- A world with one schedule --- */

typedef struct world {
    flow *flow;
    char url[256];
    weir_runner *runner;
    int64_t now;
    weir_setting settings[10];
    char texts[400];
} world;

static int held; /* atomic */

static weir_answer waits(weir_task *task)
{
    while (__atomic_load_n(&held, __ATOMIC_SEQ_CST) != 0 && !weir_task_is_cancelled(task))
        sched_yield();
    weir_task_set_integer(task, "slot", weir_task_slot(task));
    return WEIR_TASK_DONE;
}

/* "cron=@hourly;overlap=skip" */
static void declare(world *w, const char *options)
{
    size_t count = 0;

    snprintf(w->texts, sizeof w->texts, "%s", options);
    for (char *next, *word = strtok_r(w->texts, ";", &next); word != NULL;
         word = strtok_r(NULL, ";", &next)) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        w->settings[count++] = (weir_setting){.name = word, .text = equals + 1};
    }
    w->flow->workflow.schedule = (weir_task_settings){w->settings, count};
}

static void open_runner(world *w)
{
    w->runner = flow_runner(w->url, w->flow, true);
    runner_use_clock(w->runner, &w->now);
}

/* Until nothing is left to do at this time. */
static void settle(world *w)
{
    for (int i = 0; i < 3; i++) {
        do {
            FLOW_OK(runner_turn(w->runner, &error));
        } while (!runner_is_idle(w->runner) && __atomic_load_n(&held, __ATOMIC_SEQ_CST) == 0);
    }
}

static void move(world *w, const char *by)
{
    int64_t step;

    assert_true(weir_text_duration(by, &step));
    w->now += step;
    if (w->runner != NULL)
        settle(w);
}

static void obey(world *w, const char *word)
{
    if (word[0] == '+') {
        move(w, word + 1);
    } else if (strcmp(word, "off") == 0) {
        weir_runner_close(w->runner);
        w->runner = NULL;
    } else if (strcmp(word, "hold") == 0 || strcmp(word, "go") == 0) {
        __atomic_store_n(&held, word[0] == 'h', __ATOMIC_SEQ_CST);
        settle(w);
    } else {
        if (strcmp(word, "other") == 0)
            declare(w, "cron=30 * * * *");
        open_runner(w);
        settle(w);
    }
}

/* --- What came of it --- */

typedef struct record {
    char text[4096];
    size_t size;
} record;

/* "started 01:00:00, " in front of what is there: the newest come first. */
static weir_status take_slot(void *arg, const store_slot *row, weir_error **error)
{
    record *r = arg;
    char time[WEIR_CALENDAR_TIME + 1], line[200];

    (void)error;
    *weir_calendar_print_time(time, row->slot) = '\0';
    int size =
        snprintf(line, sizeof line, "%s %.8s, ", store_outcome_text(row->outcome), time + 11);
    if (row->missed != 0)
        size += snprintf(line + size - 2, sizeof line - (size_t)size, " of %lld, ",
                         (long long)row->missed) -
                2;
    memmove(r->text + size, r->text, r->size + 1);
    memcpy(r->text, line, (size_t)size);
    r->size += (size_t)size;
    return WEIR_OK;
}

static void check_slots(world *w, const char *expected)
{
    weir_store *store = w->runner->ledger.store;
    record r = {.size = 0};
    int64_t now;

    FLOW_OK(store->kind->begin(store, false, &now, &error));
    FLOW_OK(store->kind->each_slot(store, "flow", false, 100, take_slot, &r, &error));
    store->kind->rollback(store);
    if (r.size >= 2)
        r.text[r.size - 2] = '\0';
    assert_string_equal(r.text, expected);
}

/* Each slot that was started has one execution, which knows it. */
static void check_executions(world *w)
{
    char *text = NULL;
    json_t *list, *row;
    size_t i;

    FLOW_OK(weir_workflow_list(w->runner, NULL, NULL, 0, 1000, &text, &error));
    list = json_loads(text, 0, NULL);
    weir_free(text);
    json_array_foreach(list, i, row)
    {
        int64_t id = json_integer_value(json_object_get(row, "id"));
        json_t *result = flow_result(w->runner, id);
        const json_t *slot = json_object_get(json_object_get(result, "context"), "slot");
        if (strcmp(flow_status(result), "Completed") == 0)
            assert_true(json_integer_value(slot) != 0);
        json_decref(result);
    }
    json_decref(list);
}

static const struct {
    const char *schedule, *script, *slots;
} cases[] = {
    /* One after the other; the first is behind the beginning. */
    {"cron=0 * * * *", "on +59m +1m +1h", "started 23:00:00, started 00:00:00"},
    {"cron=*/10 * * * * *", "on +10s +10s +10s",
     "started 22:00:10, started 22:00:20, started 22:00:30"},
    {"cron=0 3 * * *;timezone=Europe/Berlin", "on +3h +10h +14h",
     "started 01:00:00, started 01:00:00"}, /* in summer */
    /* Several that are due in one turn, none of them late. */
    {"cron=* * * * * *;overlap=allow", "on +1s +3s",
     "started 22:00:01, started 22:00:02, started 22:00:03, started 22:00:04"},
    /* Missed ones. */
    {"cron=0 * * * *", "on off +5h +1m on +1h",
     "missed 02:00:00 of 4, started 03:00:00, started 04:00:00"},
    {"cron=0 * * * *;grace=10s", "on off +5h +1m on", "missed 03:00:00 of 5"},
    {"cron=0 * * * *;grace=10s;catchup=last", "on off +5h +1m on",
     "missed 02:00:00 of 4, started 03:00:00"},
    {"cron=0 * * * *;grace=10s;catchup=all;max_catchup=2;overlap=allow", "on off +5h +1m on",
     "missed 01:00:00 of 3, started 02:00:00, started 03:00:00"},
    {"cron=0 * * * *;grace=10s;catchup=all;max_age=90m;overlap=allow", "on off +5h +1m on",
     "missed 01:00:00 of 3, started 02:00:00, started 03:00:00"},
    {"cron=0 * * * *;grace=10s;catchup=last", "hold on +1h off +5h +1m on go",
     "started 23:00:00, missed 03:00:00 of 4, skipped 04:00:00"},
    {"cron=0 * * * *;grace=2h", "on off +5h +1m on",
     "missed 01:00:00 of 3, started 02:00:00, skipped 03:00:00"},
    /* A bound on each side. */
    {"cron=0 * * * *;start=2026-03-29T00:30:00Z;end=2026-03-29T02:00:00Z", "on +1h +1h +1h +1h +1h",
     "started 01:00:00"},
    {"cron=0 * * * *;end=2026-03-28", "on +10h", ""},
    /* An earlier one has not ended. */
    {"cron=0 * * * *", "hold on +1h +1h go +1h",
     "started 23:00:00, skipped 00:00:00, started 01:00:00"},
    {"cron=0 * * * *;overlap=allow", "hold on +1h +1h go", "started 23:00:00, started 00:00:00"},
    {"cron=0 * * * *;overlap=queue", "hold on +1h +1h +1h go",
     "started 23:00:00, started 00:00:00, started 01:00:00"},
    {"cron=0 * * * *;overlap=queue;max_catchup=1", "hold on +1h +1h +1h go +1h",
     "started 23:00:00, started 00:00:00, skipped 01:00:00, started 02:00:00"},
    {"cron=0 * * * *;overlap=cancel_previous", "hold on +1h +1h go",
     "started 23:00:00, started 00:00:00"},
    /* A schedule that has changed begins anew; one that has not goes on. */
    {"cron=0 * * * *", "on +1h off other +30m +1h",
     "started 23:00:00, started 23:30:00, started 00:30:00"},
    {"cron=0 * * * *", "on +30m off on +30m", "started 23:00:00"},
    /* Later by the same on every machine. */
    {"cron=0 * * * *;jitter=30m;grace=1h", "on +1h +30m", "started 23:00:00"},
};

static void open_world(world *w, const char *schedule)
{
    static const flow_task tasks[] = {{"x", NULL, waits, NULL, NULL},
                                      {NULL, NULL, NULL, NULL, NULL}};
    static const weir_setting patient = {.name = "timeout", .text = "none"};
    bool range;

    *w = (world){.flow = flow_new(tasks)};
    w->flow->workflow.settings = (weir_task_settings){&patient, 1};
    snprintf(w->url, sizeof w->url, "%s", flow_new_store());
    assert_true(weir_calendar_read_time(beginning, strlen(beginning), &w->now, &range));
    declare(w, schedule);
    __atomic_store_n(&held, 0, __ATOMIC_SEQ_CST);
}

static void close_world(world *w)
{
    __atomic_store_n(&held, 0, __ATOMIC_SEQ_CST);
    weir_runner_close(w->runner);
    flow_free(w->flow);
}

static void run_script(world *w, const char *script)
{
    char words[200], *next;

    snprintf(words, sizeof words, "%s", script);
    /* `hold` may come before there is a runner. */
    for (char *word = strtok_r(words, " ", &next); word != NULL; word = strtok_r(NULL, " ", &next))
        if (w->runner == NULL && strcmp(word, "hold") == 0)
            __atomic_store_n(&held, 1, __ATOMIC_SEQ_CST);
        else
            obey(w, word);
}

static void slots_are_started(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world w;
        print_message("  %s: %s\n", cases[i].schedule, cases[i].script);
        open_world(&w, cases[i].schedule);
        run_script(&w, cases[i].script);
        check_slots(&w, cases[i].slots);
        check_executions(&w);
        close_world(&w);
    }
}

/* --- What it costs --- */

/* Statements would not do: a runner also looks at its store when real time has passed. */
static weir_store_kind counting;
static const weir_store_kind *counted;
static int asked; /* for a schedule's row */

static weir_status count_asked(weir_store *store, const char *workflow, store_take_schedule take,
                               void *arg, weir_error **error)
{
    asked++;
    return counted->each_schedule(store, workflow, take, arg, error);
}

static int asked_in_hours(const char *schedule)
{
    world w;

    open_world(&w, schedule);
    obey(&w, "on");
    weir_store *store = w.runner->ledger.store;
    counted = store->kind;
    counting = *counted;
    counting.each_schedule = count_asked;
    store->kind = &counting;
    asked = 0;
    for (int hour = 0; hour < 5; hour++)
        move(&w, "1h");
    store->kind = counted;
    close_world(&w);
    return asked;
}

/* Before its first slot and behind its last one it is not asked for. */
static void what_is_not_due_costs_nothing(void **state)
{
    (void)state;
    assert_int_equal(asked_in_hours("cron=* * * * *;start=2026-04-01"), 0);
    assert_int_equal(asked_in_hours("cron=* * * * *;end=2026-03-28"), 0);
    assert_int_equal(asked_in_hours("cron=0 * * * *"), 5);
}

/* --- Two runners; mistakes --- */

static void each_slot_is_started_once(void **state)
{
    world a, b;

    (void)state;
    open_world(&a, "cron=0 * * * *");
    open_world(&b, "cron=0 * * * *");
    snprintf(b.url, sizeof b.url, "%s", a.url);
    open_runner(&a);
    open_runner(&b);
    settle(&a);
    settle(&b);
    for (int hour = 0; hour < 5; hour++) {
        move(hour % 2 == 0 ? &a : &b, "1h");
        move(hour % 2 == 0 ? &b : &a, "1h");
    }
    check_slots(&a, "started 23:00:00, started 00:00:00, started 01:00:00, started 02:00:00, "
                    "started 03:00:00");
    close_world(&a);
    close_world(&b);
}

/* A slot that one runner has queued is started by another one, when the first is gone. */
static void who_is_left_starts_what_is_queued(void **state)
{
    world a, b;

    (void)state;
    open_world(&a, "cron=*/10 * * * * *;overlap=queue");
    open_world(&b, "cron=*/10 * * * * *;overlap=queue");
    snprintf(b.url, sizeof b.url, "%s", a.url);
    obey(&a, "on");
    obey(&b, "on");
    obey(&a, "hold");
    move(&a, "10s");
    move(&b, "10s");
    move(&b, "10s");
    move(&a, "10s");
    obey(&b, "off");
    obey(&a, "go");
    check_slots(&a, "started 22:00:10, started 22:00:20");
    close_world(&a);
    close_world(&b);
}

static void mistakes_are_named(void **state)
{
    static const char *const wrong[][2] = {
        {"cron=60 * * * *", "minute"},
        {"cron=0 0 30 2 *", "no day of any year matches"},
        {"cron=@daily;timezone=Europe/Berlun", "Europe/Berlun"},
        {"cron=@daily;start=soon", "'soon' of option 'start' is no time"},
        {"timezone=UTC", "needs the option 'cron'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        world w;
        open_world(&w, wrong[i][0]);
        FLOW_OK(weir_runner_open(w.url, NULL, 0, &w.runner, &error));
        FLOW_FAILS(WEIR_SPEC, wrong[i][1],
                   weir_runner_load(w.runner, &w.flow->module, NULL, &error));
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_started),
        cmocka_unit_test(what_is_not_due_costs_nothing),
        cmocka_unit_test(each_slot_is_started_once),
        cmocka_unit_test(who_is_left_starts_what_is_queued),
        cmocka_unit_test(mistakes_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
