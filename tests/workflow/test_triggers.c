/* SPDX-License-Identifier: Apache-2.0 */
/* test_triggers.c - functions that start workflows, and pauses of what starts them (F15). */
#include "tests/workflow/look_world.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"

/* --- Functions --- */

/* Fires on each third look, by what it keeps. */
static weir_answer each_third(weir_task *task)
{
    int64_t n = 0;
    char key[32];

    weir_task_get_integer(task, "n", &n);
    weir_task_set_integer(task, "n", ++n);
    snprintf(key, sizeof key, "n%d", (int)n);
    if (n % 3 == 0)
        weir_task_fire(task, key, "{\"n\": 1}");
    return WEIR_TASK_DONE;
}

static void a_function_fires_or_not(void **state)
{
    look_world w = {0};
    char key[64];

    (void)state;
    look_begin(&w, each_third);
    look_settle(w.runner); /* it is due at once */
    assert_int_equal(look_number_of(&w, "looked"), w.now);
    assert_int_equal(look_number_of(&w, "due"), w.now + 10 * LOOK_SECOND);
    look_move(&w, 9);
    assert_int_equal(look_number_of(&w, "looked"), w.now - 9 * LOOK_SECOND);
    for (int i = 0; i < 8; i++)
        look_move(&w, 10);
    assert_int_equal(look_firings(&w, "started", key, NULL, sizeof key), 3);
    assert_string_equal(key, "n9");
    assert_int_equal(look_executions(&w), 3);
    assert_int_equal(look_number_of(&w, "fired"), w.now);
    /* What it keeps is in the store, and so is when it looks next. */
    weir_runner_close(w.runner);
    w.runner = look_open_runner(&w);
    look_settle(w.runner);
    look_move(&w, 30);
    look_move(&w, 30);
    look_move(&w, 30);
    assert_int_equal(look_started(&w), 4);
    look_end(&w);
}

static weir_answer the_same(weir_task *task)
{
    weir_task_fire(task, "a", "{\"n\": 1}");
    weir_task_fire(task, "b", NULL);
    return WEIR_TASK_DONE;
}

static void a_key_fires_once(void **state)
{
    look_world w = {0};

    (void)state;
    look_begin(&w, the_same);
    look_settle(w.runner);
    for (int i = 0; i < 3; i++)
        look_move(&w, 10);
    assert_int_equal(look_started(&w), 2);
    assert_int_equal(look_executions(&w), 2);
    /* Also when the execution has gone, and for another runner. */
    weir_runner_close(w.runner);
    w.runner = look_open_runner(&w);
    look_move(&w, 60);
    assert_int_equal(look_executions(&w), 2);
    look_end(&w);
}

static int fails; /* so many looks */

static weir_answer fails_first(weir_task *task)
{
    weir_task_set(task, "lost", "true");
    weir_task_fire(task, "k", NULL);
    return fails-- > 0 ? weir_task_fail(task, "no answer from %s", "peer") : WEIR_TASK_DONE;
}

static void what_fails_backs_off(void **state)
{
    look_world w = {0};
    char key[64], reason[64];

    (void)state;
    look_begin(&w, fails_first);
    fails = 11;
    look_settle(w.runner);
    int64_t pause = 20;
    for (int i = 1; i < 11; i++) {
        assert_int_equal(look_number_of(&w, "failures"), i);
        assert_int_equal(look_number_of(&w, "due"), w.now + pause * LOOK_SECOND);
        look_move(&w, pause);
        pause = 2 * pause < 3600 ? 2 * pause : 3600;
    }
    assert_int_equal(look_started(&w), 0);
    /* The first is a row; the newest stands with the trigger. */
    assert_int_equal(look_firings(&w, "failed", key, reason, sizeof key), 1);
    assert_string_equal(key, "look 2026-01-01T00:00:00Z");
    assert_string_equal(reason, "no answer from peer");
    look_move(&w, 3600);
    assert_int_equal(look_number_of(&w, "failures"), 0);
    assert_int_equal(look_number_of(&w, "due"), w.now + 10 * LOOK_SECOND);
    assert_int_equal(look_started(&w), 1);
    look_end(&w);
}

/* What it does wrong, one look after the other. */
static int wrong;

static weir_answer fires_wrongly(weir_task *task)
{
    static const struct {
        const char *key, *input;
    } cases[] = {
        {"", "{}"}, {"k", "[]"}, {"k", "{"}, {"k", "{\"a\": 1, \"a\": 2}"}, {"\xff", "{}"}};

    if (wrong < 5)
        weir_task_fire(task, cases[wrong].key, cases[wrong].input);
    for (int i = 0; wrong == 5 && i < 257; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        weir_task_fire(task, key, NULL);
    }
    return WEIR_TASK_DONE;
}

static void what_cannot_be_fired_fails_the_look(void **state)
{
    static const char *const reasons[] = {"a key has 1 to 200 bytes",
                                          "its input is no object",
                                          "cannot fire",
                                          "duplicate",
                                          "a key is UTF-8",
                                          "256 keys"};
    look_world w = {0};

    (void)state;
    for (wrong = 0; wrong < 6; wrong++) {
        char reason[200];
        look_begin(&w, fires_wrongly);
        look_settle(w.runner);
        assert_int_equal(look_firings(&w, "failed", NULL, reason, sizeof reason), 1);
        if (strstr(reason, reasons[wrong]) == NULL)
            fail_msg("%d: %s", wrong, reason);
        assert_int_equal(look_started(&w), 0);
        look_end(&w);
    }
}

static weir_answer fires_as_a_task(weir_task *task)
{
    weir_task_fire(task, "k", NULL);
    return WEIR_TASK_DONE;
}

static void a_task_cannot_fire(void **state)
{
    const flow_task tasks[] = {
        {.name = "t", .call = fires_as_a_task, .options = "isolate=none attempts=1"}, {0}};
    flow *f = flow_new(tasks);
    weir_runner *runner = flow_runner(flow_new_store(), f, false);
    json_t *result = flow_run(runner, NULL);

    (void)state;
    assert_string_equal(flow_text(result, "t", "reason"),
                        "'t' cannot fire: it is no trigger's function");
    json_decref(result);
    weir_runner_close(runner);
    flow_free(f);
}

/* --- Several runners --- */

static int looking, most_looking, looks; /* atomic */

static weir_answer counts(weir_task *task)
{
    int now = __atomic_add_fetch(&looking, 1, __ATOMIC_SEQ_CST);
    char key[16];

    if (now > most_looking)
        most_looking = now;
    snprintf(key, sizeof key, "%d", __atomic_add_fetch(&looks, 1, __ATOMIC_SEQ_CST));
    sched_yield();
    weir_task_fire(task, key, NULL);
    __atomic_sub_fetch(&looking, 1, __ATOMIC_SEQ_CST);
    return WEIR_TASK_DONE;
}

static void one_of_all_runners_looks(void **state)
{
    enum { RUNNERS = 3, TIMES = 20 };
    look_world w = {0};
    weir_runner *runners[RUNNERS];

    (void)state;
    looking = most_looking = looks = 0;
    look_begin(&w, counts);
    runners[0] = w.runner;
    for (int i = 1; i < RUNNERS; i++)
        runners[i] = look_open_runner(&w);
    for (int t = 0; t < TIMES; t++) {
        bool idle = false;
        while (!idle) {
            idle = true;
            for (int i = 0; i < RUNNERS; i++)
                FLOW_OK(runner_turn(runners[i], &error));
            for (int i = 0; i < RUNNERS; i++)
                idle = idle && runner_is_idle(runners[i]);
        }
        w.now += 10 * LOOK_SECOND;
    }
    assert_int_equal(most_looking, 1);
    assert_int_equal(looks, TIMES);
    assert_int_equal(look_started(&w), TIMES);
    for (int i = 1; i < RUNNERS; i++)
        weir_runner_close(runners[i]);
    look_end(&w);
}

static int held; /* atomic */

static weir_answer waits(weir_task *task)
{
    while (__atomic_load_n(&held, __ATOMIC_SEQ_CST) != 0)
        sched_yield();
    weir_task_fire(task, "late", NULL);
    return WEIR_TASK_DONE;
}

static void begin_look(look_world *w)
{
    __atomic_store_n(&held, 1, __ATOMIC_SEQ_CST);
    while (runner_looks_running(w->runner) == 0)
        FLOW_OK(runner_turn(w->runner, &error));
}

/* Another runner leaves the look to the one that has begun it. */
static weir_runner *begin_look_beside(look_world *w)
{
    look_begin(w, waits);
    begin_look(w);
    weir_runner *other = look_open_runner(w);
    look_settle(other);
    assert_int_equal(runner_looks_running(other), 0);
    return other;
}

static void a_look_that_is_lost_is_anybodys(void **state)
{
    look_world w = {0};

    (void)state;
    weir_runner *other = begin_look_beside(&w);
    assert_true(look_number_of(&w, "runner") != 0);
    /* Longer than it can take: the timeout, the grace and ten seconds. */
    w.now += 41 * LOOK_SECOND;
    while (runner_looks_running(other) == 0)
        FLOW_OK(runner_turn(other, &error));
    __atomic_store_n(&held, 0, __ATOMIC_SEQ_CST);
    look_settle(other);
    look_settle(w.runner); /* its own comes too late, and is dropped */
    assert_int_equal(look_started(&w), 1);
    assert_int_equal(look_executions(&w), 1);
    weir_runner_close(other);
    look_end(&w);
}

static void a_look_of_a_runner_that_was_ended_is_anybodys(void **state)
{
    look_world w = {0};

    (void)state;
    weir_runner *other = begin_look_beside(&w);
    /* As a sweep does with one that is silent. */
    ledger *l = &other->ledger;
    FLOW_OK(ledger_begin(l, true, &error));
    FLOW_OK(ledger_end(
        l, l->store->kind->end_runner(l->store, w.runner->ledger.runner, w.now, NULL), &error));
    w.now += 10 * LOOK_SECOND; /* the heartbeat, when it is asked again */
    while (runner_looks_running(other) == 0)
        FLOW_OK(runner_turn(other, &error));
    __atomic_store_n(&held, 0, __ATOMIC_SEQ_CST);
    look_settle(other);
    assert_int_equal(look_executions(&w), 1);
    weir_runner_close(other);
    look_end(&w);
}

static void a_look_holds_up_no_task(void **state)
{
    look_world w = {0};
    int64_t id = 0, limit = weir_monotonic_now() + 20 * LOOK_SECOND;
    json_t *result = NULL;

    (void)state;
    look_begin(&w, waits);
    begin_look(&w);
    FLOW_OK(weir_workflow_start(w.runner, "flow", NULL, NULL, &id, &error));
    do {
        json_decref(result);
        FLOW_OK(runner_turn(w.runner, &error));
        result = flow_result(w.runner, id);
        w.now += LOOK_SECOND / 10;
    } while (strcmp(flow_status(result), "Completed") != 0 && weir_monotonic_now() < limit);
    assert_string_equal(flow_status(result), "Completed");
    json_decref(result);
    assert_int_equal(runner_looks_running(w.runner), 1);
    __atomic_store_n(&held, 0, __ATOMIC_SEQ_CST);
    look_settle(w.runner);
    look_end(&w);
}

/* --- Pauses --- */

static void a_trigger_is_paused(void **state)
{
    look_world w = {0};

    (void)state;
    look_begin(&w, counts);
    FLOW_FAILS(WEIR_NOT_FOUND, "no runner has taken up a trigger 'orders' of 'flow' yet",
               weir_workflow_pause_start(w.runner, "flow", "orders", true, &error));
    look_settle(w.runner);
    looks = 0;
    FLOW_OK(weir_workflow_pause_start(w.runner, "flow", "orders", true, &error));
    for (int i = 0; i < 5; i++)
        look_move(&w, 10);
    assert_int_equal(looks, 0);
    assert_true(look_number_of(&w, "paused") != 0);
    /* Durably. */
    weir_runner_close(w.runner);
    w.runner = look_open_runner(&w);
    look_move(&w, 10);
    assert_int_equal(looks, 0);
    FLOW_OK(weir_workflow_pause_start(w.runner, "flow", "orders", false, &error));
    look_move(&w, 2);
    assert_int_equal(looks, 1);
    assert_int_equal(look_number_of(&w, "paused"), 0);
    look_end(&w);
}

static size_t slots_of(const look_world *w)
{
    char *text = NULL;

    FLOW_OK(weir_workflow_schedules(w->runner, "flow", 100, &text, &error));
    json_t *all = json_loads(text, 0, NULL), *slot;
    size_t count = 0, i;
    json_array_foreach(json_object_get(json_array_get(all, 0), "slots"), i, slot) count +=
        strcmp(json_string_value(json_object_get(slot, "outcome")), "started") == 0;
    json_decref(all);
    weir_free(text);
    return count;
}

/* What was missed goes by `catchup:`. */
static void a_schedule_is_paused(void **state)
{
    static const struct {
        const char *catchup;
        size_t started;
    } cases[] = {{"skip", 0}, {"last", 1}, {"all", 3}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        look_world w = {0};
        look_begin_without_runner(&w);
        weir_setting settings[] = {{.name = "cron", .text = "0 * * * *"},
                                   {.name = "catchup", .text = cases[i].catchup},
                                   {.name = "overlap", .text = "allow"}};
        w.flow->workflow.trigger_count = 0;
        w.flow->workflow.schedule = (weir_task_settings){settings, 3};
        w.runner = look_open_runner(&w);
        FLOW_FAILS(WEIR_NOT_FOUND, "no runner has taken up a schedule of 'flow' yet",
                   weir_workflow_pause_start(w.runner, "flow", NULL, true, &error));
        look_settle(w.runner);
        FLOW_OK(weir_workflow_pause_start(w.runner, "flow", NULL, true, &error));
        look_move(&w, 3 * 3600);
        weir_runner_close(w.runner);
        w.runner = look_open_runner(&w);
        look_move(&w, 600);
        assert_int_equal(slots_of(&w), 0);
        FLOW_OK(weir_workflow_pause_start(w.runner, "flow", NULL, false, &error));
        look_move(&w, 2);
        assert_int_equal(slots_of(&w), cases[i].started);
        look_move(&w, 3600 - 602); /* the next slot */
        assert_int_equal(slots_of(&w), cases[i].started + 1);
        look_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_fires_or_not),
        cmocka_unit_test(a_key_fires_once),
        cmocka_unit_test(what_fails_backs_off),
        cmocka_unit_test(what_cannot_be_fired_fails_the_look),
        cmocka_unit_test(a_task_cannot_fire),
        cmocka_unit_test(one_of_all_runners_looks),
        cmocka_unit_test(a_look_that_is_lost_is_anybodys),
        cmocka_unit_test(a_look_of_a_runner_that_was_ended_is_anybodys),
        cmocka_unit_test(a_look_holds_up_no_task),
        cmocka_unit_test(a_trigger_is_paused),
        cmocka_unit_test(a_schedule_is_paused),
    };

    return cmocka_run_group_tests_name("triggers", tests, NULL, NULL);
}
